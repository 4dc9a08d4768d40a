//! The seed is believable: companies, people and exchanges fit together.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::trading_grid::lens::{Acknowledgement, Entry, Status};
use crate::trading_grid::seed;

fn by_exchange() -> BTreeMap<String, Vec<&'static Entry>> {
    let mut exchanges: BTreeMap<String, Vec<&Entry>> = BTreeMap::new();
    for entry in seed::exchanges::all().all() {
        exchanges
            .entry(entry.correlation_id().to_owned())
            .or_default()
            .push(entry);
    }
    exchanges
}

#[test]
fn two_sponsors_have_a_dozen_partners_with_people() {
    let state = seed::state(true);
    let sponsors: Vec<&str> = state
        .members
        .companies
        .values()
        .filter(|company| company.is_sponsor)
        .map(|company| company.company_id.as_str())
        .collect();
    assert_eq!(sponsors, [MERIDIAN, HALVORSEN]);
    assert_eq!(state.members.companies.len(), 14);
    for company in state.members.companies.values() {
        assert!(state.members.users_of(&company.company_id).count() >= 3);
        assert!(company.trading_addresses.iter().all(|address| address.contains(':')));
        assert!(!state.members.partners[&company.company_id].is_empty());
    }
    let addresses: Vec<&String> = state
        .members
        .companies
        .values()
        .flat_map(|company| &company.trading_addresses)
        .collect();
    assert_eq!(addresses.iter().collect::<BTreeSet<_>>().len(), addresses.len());
}

#[test]
fn hundreds_of_exchanges_are_in_every_status_and_acknowledgement_and_of_every_kind() {
    let exchanges = by_exchange();
    assert!(exchanges.len() > 400, "{}", exchanges.len());
    let entries: Vec<_> = seed::exchanges::all().all().collect();
    for status in Status::ALL {
        assert!(
            entries.iter().filter(|entry| entry.status == status).count() >= 5,
            "{status:?}"
        );
    }
    for acknowledgement in Acknowledgement::ALL {
        let count = entries
            .iter()
            .filter(|entry| entry.acknowledgement == Some(acknowledgement))
            .count();
        assert!(count >= 1, "{acknowledgement:?}");
    }
    let kinds: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.value("type")).collect();
    for kind in [
        "850", "855", "856", "810", "860", "997", "824", "ORDERS", "ORDRSP", "DESADV", "INVOIC", "CONTRL", "APERAK",
    ] {
        assert!(kinds.contains(kind), "{kind}");
    }
    let codes: BTreeSet<&str> = entries.iter().filter_map(|entry| entry.value("errorcode")).collect();
    assert!(["-1", "-2", "-3"].iter().all(|noise| codes.contains(noise)));
}

#[test]
fn the_entries_of_an_exchange_belong_together() {
    let mut ids = BTreeSet::new();
    for (correlation, entries) in by_exchange() {
        assert!(matches!(entries.len(), 2 | 4), "{correlation}");
        let files: Vec<&&Entry> = entries
            .iter()
            .filter(|entry| entry.value("transactionlevel") == Some("File"))
            .collect();
        assert_eq!(files.len() * 2, entries.len());
        for entry in &entries {
            assert!(ids.insert(entry.id().to_owned()), "{} twice", entry.id());
            assert_eq!(entry.value("senderaddress"), entries[0].value("senderaddress"));
            assert_eq!(entry.value("type"), entries[0].value("type"));
            let is_source = entry.value("senderreference").is_some();
            assert_eq!(
                is_source,
                entry.id() == entries[0].id(),
                "only the source file has the control number"
            );
            if entry.acknowledgement.is_some() {
                assert!(
                    entry.is_outgoing && entry.value("standardversion").is_some(),
                    "{correlation}"
                );
            }
            assert!(entry.value("processingtime").is_none() && entry.value("servicetype").is_none());
        }
        // The reason of a failure stands on a file, beside a document that says nothing.
        let told = entries
            .iter()
            .filter(|entry| entry.value("externalerrormessage").is_some());
        for file in told {
            assert_eq!(file.value("transactionlevel"), Some("File"));
            let document = entries
                .iter()
                .find(|entry| entry.is_outgoing == file.is_outgoing && entry.id() != file.id());
            assert_eq!(document.unwrap().value("errorcode"), Some("-2"), "{correlation}");
        }
    }
}

#[test]
fn every_field_of_every_entry_is_one_of_the_schema() {
    let schema = include_str!("../lens/schema.graphql");
    let known: BTreeSet<&str> = schema
        .split("enum TransactionField {")
        .nth(1)
        .unwrap()
        .split_whitespace()
        .collect();
    for entry in seed::exchanges::all().all() {
        for field in entry.values.keys() {
            assert!(known.contains(field), "{field}");
        }
    }
    assert_eq!(known.len(), 65, "64 fields and the closing brace");
}

#[test]
fn nothing_but_the_two_samples_happened_in_the_week_before_tests_begin() {
    let recent: BTreeSet<&str> = seed::exchanges::all()
        .all()
        .filter(|entry| entry.value("arrivaltime") > Some("2026-11-01"))
        .map(|entry| entry.correlation_id())
        .collect();
    assert_eq!(recent.len(), 2);
}

#[test]
fn two_worlds_are_the_same() {
    let one = seed::state(true);
    let other = seed::state(true);
    let users = |state: &crate::trading_grid::state::State| format!("{:?}", state.members.users);
    assert_eq!(users(&one), users(&other));
    assert_eq!(one.lens.entries().all().count(), other.lens.entries().all().count());
}
