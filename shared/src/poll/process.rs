//! What the Lens entries of one process say together: pure.
//!
//! A process has up to four entries, and what is useful stands on different ones: the status on the entry that went
//! out, the reason of a failure on a file, the business numbers on a document, the control number on the file that came
//! in. The answer is a function of all of them, in whatever order they come.

use std::cmp::Reverse;

use crate::domain::{CorrelationId, Timestamp};
use crate::event::{Exchange, TransactionRef, Turn};
use crate::mapping::PollRule;
use crate::messages;
use crate::trading_grid::lens::{Acknowledgement, DeliveryStatus, Entry, Field, Status};

/// The fields that are read of each entry.
pub(super) const FIELDS: [Field; 19] = [
    Field::TransactionId,
    Field::CorrelationId,
    Field::TransactionLevel,
    Field::Status,
    Field::StatusDate,
    Field::Acknowledgement,
    Field::AcknowledgementDate,
    Field::DeliveryStatus,
    Field::ErrorType,
    Field::ErrorCode,
    Field::ExternalErrorMessage,
    Field::ArrivalTime,
    Field::SenderAddress,
    Field::SenderName,
    Field::SenderReference,
    Field::ReceiverAddress,
    Field::ReceiverName,
    Field::EdiType,
    Field::Type,
];

/// The longest message that is told, in characters.
const MESSAGE: usize = 8_000;
/// Codes that say nothing: OpenText's own query for errors leaves them out.
const NOISE: [&str; 4] = ["0", "-1", "-2", "-3"];

/// How one entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It went well, as far as it tells.
    Well,
    /// Neither well nor badly: something is still to come.
    UnderWay,
    /// It waits for somebody.
    Delayed,
    /// It failed.
    Failed,
}

/// How the process of some entries is.
pub(super) fn turn(entries: &[Entry]) -> Option<Turn> {
    let is = |wanted: Standing| entries.iter().any(|entry| standing(entry) == wanted);
    if is(Standing::Failed) {
        return Some(Turn::Failed);
    }
    let is_delivered = entries.iter().any(|entry| entry.status() == Some(Status::Delivered));
    if !is_delivered && entries.iter().any(has_error) {
        return Some(Turn::Failed);
    }
    if is(Standing::Delayed) {
        return Some(Turn::Delayed);
    }
    let is_over = !entries.is_empty() && !is(Standing::UnderWay);
    is_over.then_some(Turn::Recovered)
}

/// How an entry is, whatever its siblings say: what is worse counts.
pub(super) fn standing(entry: &Entry) -> Standing {
    let acknowledged = match entry.acknowledgement() {
        Some(Acknowledgement::Rejected | Acknowledgement::PartiallyAccepted | Acknowledgement::TimedOut) => {
            Standing::Failed
        }
        Some(Acknowledgement::Waiting) => Standing::Delayed,
        Some(
            Acknowledgement::Accepted
            | Acknowledgement::Received
            | Acknowledgement::AcceptedWithErrors
            | Acknowledgement::ManuallyAccepted
            | Acknowledgement::NotExpected
            | Acknowledgement::Suppressed
            | Acknowledgement::Other(_),
        )
        | None => Standing::Well,
    };
    let processed = match entry.status() {
        Some(Status::ValidationError | Status::DeliveryFailed | Status::OnHold | Status::Duplicate) => Standing::Failed,
        Some(Status::Delivered) if is_partial(entry) => Standing::Failed,
        Some(Status::Delivered | Status::Completed) => Standing::Well,
        Some(Status::Processing | Status::ReadyForPickup | Status::Unknown) => Standing::Delayed,
        Some(Status::Batched | Status::DeliveryInProgress | Status::DeliveryDisabled | Status::Other(_)) | None => {
            Standing::UnderWay
        }
    };
    acknowledged.max(processed)
}

fn is_partial(entry: &Entry) -> bool {
    matches!(
        entry.delivery_status(),
        Some(DeliveryStatus::PartiallyFailed | DeliveryStatus::PartiallyDelivered)
    )
}

/// Whether an entry tells of an error beside its status.
pub(super) fn has_error(entry: &Entry) -> bool {
    let has_code = entry.text(Field::ErrorCode).is_some_and(|code| !NOISE.contains(&code));
    has_code || entry.text(Field::ExternalErrorMessage).is_some()
}

/// Since when an entry is as it is.
pub(super) fn at(entry: &Entry) -> Option<Timestamp> {
    let time = |field| Timestamp::parse_rfc3339(entry.text(field)?).ok();
    time(Field::StatusDate).max(time(Field::AcknowledgementDate))
}

/// The exchange that the entries show; `None` when they tell too little to name it. The rule knows which way it went.
pub(super) fn exchange(entries: &[Entry], rule: &PollRule) -> Option<Exchange> {
    let shown = shown(entries)?;
    let is_document = |entry: &&Entry| entry.text(Field::TransactionLevel) == Some("Document");
    let first = |field: Field| {
        let others = entries.iter().filter(is_document).chain(entries);
        let mut values = std::iter::once(shown)
            .chain(others)
            .filter_map(|entry| entry.text(field));
        values.next().unwrap_or_default().to_owned()
    };
    // The entry with the longest message tells most; the smallest id makes the choice the same every time.
    let telling = entries.iter().filter(|entry| has_error(entry)).min_by_key(|entry| {
        let message = entry.text(Field::ExternalErrorMessage).map_or(0, str::len);
        (
            Reverse(message),
            entry.text(Field::TransactionId).unwrap_or_default().to_owned(),
        )
    });
    let told = |field| {
        telling
            .and_then(|entry| entry.text(field))
            .unwrap_or_default()
            .to_owned()
    };
    let time = |field| Timestamp::parse_rfc3339(shown.text(field)?).ok();
    let (sender_address, receiver_address) = (first(Field::SenderAddress), first(Field::ReceiverAddress));
    let direction = rule.direction(&sender_address, &receiver_address);
    // A sponsor's end is an IDoc: the document's own type stands beside it.
    let kinds = [first(Field::Type), first(Field::EdiType)];
    let document_type = kinds.into_iter().find(|kind| !kind.is_empty());
    let keys = entries.iter().filter(is_document).flat_map(|entry| &entry.content_keys);
    // What is beyond the bounds of an event must not keep the rest of it from being told.
    let keys = keys.filter(|(name, value)| name.len() <= 100 && value.len() <= 200);
    let keys = keys.map(|(name, value)| (name.clone(), value.clone()));
    Some(Exchange {
        correlation_id: first(Field::CorrelationId).parse::<CorrelationId>().ok()?,
        transaction_id: shown.text(Field::TransactionId)?.to_owned(),
        company_id: None,
        status: shown.text(Field::Status)?.to_owned(),
        status_at: time(Field::StatusDate).or_else(|| time(Field::ArrivalTime))?,
        acknowledgement: shown.text(Field::Acknowledgement).unwrap_or_default().to_owned(),
        acknowledgement_at: time(Field::AcknowledgementDate),
        delivery_status: shown.text(Field::DeliveryStatus).unwrap_or_default().to_owned(),
        error_type: told(Field::ErrorType),
        error_code: told(Field::ErrorCode),
        message: messages::cut(&told(Field::ExternalErrorMessage), MESSAGE),
        sender_name: first(Field::SenderName),
        receiver_name: first(Field::ReceiverName),
        transaction_ref: TransactionRef {
            transaction_id: shown.text(Field::TransactionId)?.to_owned(),
            correlation_id: first(Field::CorrelationId),
            document_type: document_type.unwrap_or_default(),
            direction: direction.to_owned(),
            sender_address,
            receiver_address,
            interchange_control_number: first(Field::SenderReference),
            business_keys: keys.take(50).collect(),
        },
    })
}

/// The address at the partner's end, when one end is our own.
pub(super) fn partner_address(exchange: &Exchange) -> Option<&str> {
    match exchange.transaction_ref.direction.as_str() {
        "inbound" => Some(&exchange.transaction_ref.sender_address),
        "outbound" => Some(&exchange.transaction_ref.receiver_address),
        _ => None,
    }
}

/// The entry that shows the process best: the worst one, rather a document, the one that was acknowledged, the last
/// one; the id makes the choice the same every time.
fn shown(entries: &[Entry]) -> Option<&Entry> {
    entries.iter().max_by_key(|entry| {
        (
            standing(entry),
            entry.text(Field::TransactionLevel) == Some("Document"),
            entry.acknowledgement().is_some(),
            entry.status() == Some(Status::Delivered),
            at(entry),
            entry.text(Field::TransactionId).map(str::to_owned),
        )
    })
}
