//! Hundreds of exchanges between the sponsors and their partners, in every status and with every acknowledgement.
//!
//! Their times are fixed. The bulk is of October 2026, some are older, because OpenText's request collections ask
//! for February and March 2023, October 2024 and January 2025. None is of the days before 22 November 2026, at which
//! tests begin, but for the two that the sample events speak of: a poll must not find a crowd that nobody expects.

use std::sync::LazyLock;

use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::business_numbers::with_numbers;
use super::companies::{self, HALVORSEN, MERIDIAN};
use crate::trading_grid::community::{Company, Members};
use crate::trading_grid::lens::{Acknowledgement, Entries, EntryError, ExchangeSeed, Parties, Status};

/// Every seeded entry, in order of arrival.
pub(crate) fn all() -> &'static Entries {
    static ENTRIES: LazyLock<Entries> = LazyLock::new(make);
    &ENTRIES
}

/// How many exchanges, from when, over how long.
const PERIODS: [(u64, OffsetDateTime, Duration); 5] = [
    (12, datetime!(2023-02-22 06:10 UTC), Duration::hours(40)),
    (14, datetime!(2023-03-02 07:00 UTC), Duration::days(26)),
    (24, datetime!(2024-10-01 00:20 UTC), Duration::hours(23)),
    (90, datetime!(2025-01-02 05:30 UTC), Duration::days(28)),
    (300, datetime!(2026-10-01 04:05 UTC), Duration::days(30)),
];

/// X12 type, EDIFACT type, whether the sponsor sends it.
const KINDS: [(&str, &str, bool); 10] = [
    ("850", "ORDERS", true),
    ("997", "CONTRL", false),
    ("855", "ORDRSP", false),
    ("856", "DESADV", false),
    ("997", "CONTRL", true),
    ("810", "INVOIC", false),
    ("860", "ORDCHG", true),
    ("214", "IFTSTA", false),
    ("820", "REMADV", true),
    ("824", "APERAK", true),
];

/// Most exchanges go well.
const STATUSES: [Status; 23] = [
    Status::Delivered,
    Status::Delivered,
    Status::Completed,
    Status::Delivered,
    Status::Failed,
    Status::Delivered,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::ValidationError,
    Status::Delivered,
    Status::Completed,
    Status::Batched,
    Status::Delivered,
    Status::OnHold,
    Status::Delivered,
    Status::Processing,
    Status::Delivered,
    Status::Duplicate,
    Status::Delivered,
    Status::DeliveryInProgress,
    Status::Unknown,
    Status::Delivered,
    Status::DeliveryDisabled,
];

const ACKNOWLEDGEMENTS: [Acknowledgement; 11] = [
    Acknowledgement::Accepted,
    Acknowledgement::Rejected,
    Acknowledgement::Accepted,
    Acknowledgement::Waiting,
    Acknowledgement::AcceptedWithErrors,
    Acknowledgement::Accepted,
    Acknowledgement::TimedOut,
    Acknowledgement::NotExpected,
    Acknowledgement::PartiallyAccepted,
    Acknowledgement::ManuallyAccepted,
    Acknowledgement::Suppressed,
];

/// What validation finds in a document of a kind; the wording is ours.
const FINDINGS: [(&str, &str, &str); 8] = [
    (
        "856",
        "1021",
        "Quantity shipped 96 differs from quantity ordered 90 in line 1",
    ),
    (
        "856",
        "1015",
        "Mandatory segment N1 (ship to) is missing in document 0001",
    ),
    (
        "DESADV",
        "1021",
        "Quantity despatched 240 differs from quantity ordered 200 in line 2",
    ),
    (
        "810",
        "1042",
        "Missing tax data: no tax identification of the seller (REF 01 = GT)",
    ),
    (
        "810",
        "1044",
        "Invoice total 1817.40 differs from the sum of its lines 1771.20",
    ),
    ("INVOIC", "1042", "Missing tax data: no RFF+VA for the supplier"),
    (
        "850",
        "1033",
        "Buyer part number MM-20418 is not in the cross-reference table of the receiver",
    ),
    (
        "ORDERS",
        "1033",
        "GTIN 4006381333931 is not in the cross-reference table of the receiver",
    ),
];

fn make() -> Entries {
    let mut members = Members::default();
    companies::add(&mut members);
    let mut entries = Entries::default();
    let mut number = 0;
    for (count, start, span) in PERIODS {
        for place in 0..count {
            let at = start + span * u32::try_from(place).unwrap_or(0) / u32::try_from(count).unwrap_or(1);
            let seed = usual(&members, number);
            add(&mut entries, &members, &seed, number, at);
            number += 1;
        }
    }
    for (seed, at) in named(number) {
        add(&mut entries, &members, &seed, number, at);
        number += 1;
    }
    entries
}

fn add(entries: &mut Entries, members: &Members, seed: &ExchangeSeed, number: u64, at: OffsetDateTime) {
    let parties = Parties::of(members, &seed.sender_address, &seed.receiver_address);
    for entry in seed.entries(&parties, number, at) {
        entries.add(entry);
    }
}

/// The exchange of a number: its partner, kind, status and numbers follow from it.
fn usual(members: &Members, number: u64) -> ExchangeSeed {
    let pick = |length: usize, number: u64| usize::try_from(number).unwrap_or(0) % length;
    let relations = relations(members);
    let relation = pick(relations.len(), number) as u64;
    let (sponsor, partner) = relations[pick(relations.len(), number)];
    let round = number / relations.len() as u64;
    let (x12, edifact, is_sent) = KINDS[pick(KINDS.len(), round + relation)];
    let own = &sponsor.trading_addresses[pick(sponsor.trading_addresses.len(), number / 3)];
    let other = &partner.trading_addresses[pick(partner.trading_addresses.len(), number / 2)];
    let kind = if other.starts_with("14:") { edifact } else { x12 };
    let (sender, receiver) = if is_sent { (own, other) } else { (other, own) };
    let mut seed = ExchangeSeed::new(sender, receiver, kind);
    seed.status = STATUSES[pick(STATUSES.len(), number)];
    if is_sent && !matches!(x12, "997" | "824") {
        seed.acknowledgement = Some(ACKNOWLEDGEMENTS[pick(ACKNOWLEDGEMENTS.len(), number / 2)]);
    }
    // The one that is answered with null is rare, and not among the newest.
    if seed.acknowledgement.is_some() && (60..70).contains(&number) {
        seed.acknowledgement = Some(Acknowledgement::Received);
    }
    seed.noise_code = match number % 17 {
        3 => Some("-2".to_owned()),
        9 => Some("-1".to_owned()),
        14 => Some("-3".to_owned()),
        _ => None,
    };
    seed.delivery_status = match (seed.status, number % 4) {
        (Status::Delivered, 0) if number % 7 == 3 => Some("PartiallyDelivered".to_owned()),
        (Status::Failed, 1) => Some("PartiallyFailed".to_owned()),
        _ => None,
    };
    if seed.status == Status::ValidationError {
        let known = FINDINGS.iter().filter(|(of, _, _)| *of == kind);
        let known: Vec<_> = known.collect();
        seed.error = (!known.is_empty()).then(|| {
            let (_, code, message) = known[pick(known.len(), number / 23)];
            EntryError {
                code: (*code).to_owned(),
                kind: "Validation".to_owned(),
                message: (*message).to_owned(),
            }
        });
    }
    with_numbers(seed, sponsor, x12, relation, round / KINDS.len() as u64, number)
}

/// Sponsors with each of their partners, in a fixed order.
fn relations(members: &Members) -> Vec<(&Company, &Company)> {
    [MERIDIAN, HALVORSEN]
        .into_iter()
        .filter_map(|sponsor| Some((members.company(sponsor)?, members.partners.get(sponsor)?)))
        .flat_map(|(sponsor, partners)| {
            partners
                .iter()
                .filter_map(move |partner| Some((sponsor, members.company(partner)?)))
        })
        .collect()
}

/// Exchanges that somebody knows by name: OpenText's request collections, and our sample events.
fn named(first: u64) -> Vec<(ExchangeSeed, OffsetDateTime)> {
    let failed = |sender: &str, receiver: &str, kind: &str, correlation: &str| ExchangeSeed {
        status: Status::Failed,
        correlation_id: Some(correlation.to_owned()),
        ..ExchangeSeed::new(sender, receiver, kind)
    };
    let sample = ExchangeSeed {
        acknowledgement: Some(Acknowledgement::Rejected),
        correlation_id: Some("60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f".to_owned()),
        transaction_id: Some("TG16-PROD-0c9a6f3e-7d0b-4a55-9d5e-2f6f3f0a1b11".to_owned()),
        interchange_control_number: Some("000004711".to_owned()),
        ..ExchangeSeed::new("ZZ:NORTHWIND", "01:147678796", "856")
    };
    let invoice = ExchangeSeed {
        interchange_control_number: Some("000000815".to_owned()),
        ..ExchangeSeed::new("ZZ:CONTOSO", "01:147678796", "810")
    };
    vec![
        (
            failed(
                "01:147678796",
                "ZZ:DEMORETAILER",
                "810",
                "60e20a6e-c1bb-48d4-98c3-90cb8823fc8a",
            )
            .key("invoice number", "INV-60001")
            .key("internal number", "938512"),
            datetime!(2026-10-31 09:12 UTC),
        ),
        (
            failed(
                "ZZ:HALVORSEN",
                "ZZ:DEMOAUTO",
                "850",
                "7766ea83-f272-4289-b154-70ba31ebe039",
            )
            .key("purchase order number", &format!("SYS{}", 90_000 + first)),
            datetime!(2026-10-31 10:40 UTC),
        ),
        (
            sample
                .key("purchase order number", "4500012345")
                .key("shipment identification", "SHP-88120"),
            datetime!(2026-11-20 08:15 UTC),
        ),
        (
            invoice
                .key("invoice number", "90071")
                .key("purchase order number", "4500012377"),
            datetime!(2026-11-20 08:15 UTC),
        ),
    ]
}
