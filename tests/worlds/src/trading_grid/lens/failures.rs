//! What is told of a failure. OpenText publishes no list of codes ("I don't have a list"): codes, types and messages
//! are ours. The codes -1, -2 and -3, which say nothing, are known.

use serde::{Deserialize, Serialize};

use super::standards::category;
use super::vocabulary::{Acknowledgement, Status};

/// What an entry says of its failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryError {
    pub code: String,
    /// The `errortype`.
    pub kind: String,
    /// The `externalerrormessage`.
    pub message: String,
}

pub(super) fn usual_error(status: Status, document_type: &str) -> Option<EntryError> {
    let (code, kind, message) = match status {
        Status::ValidationError => match category(document_type) {
            "Shipment" => (
                "1015",
                "Validation",
                "Mandatory segment N1 (ship to) is missing in document 0001",
            ),
            "Finance" => (
                "1042",
                "Validation",
                "Missing tax data: no tax identification of the seller (REF 01 = GT)",
            ),
            _ => (
                "1007",
                "Validation",
                "Data element 1001 has a value that is not in the code list",
            ),
        },
        Status::Failed => (
            "3072",
            "Delivery",
            "AS2: no MDN came from the receiver within 300 seconds",
        ),
        Status::OnHold => ("3090", "Delivery", "Delivery was tried five times and is on hold"),
        Status::Duplicate => (
            "1201",
            "Duplicate",
            "An interchange with this control number was received before",
        ),
        Status::Batched
        | Status::Completed
        | Status::Delivered
        | Status::DeliveryDisabled
        | Status::DeliveryInProgress
        | Status::Processing
        | Status::ReadyForPickup
        | Status::Unknown => return None,
    };
    Some(EntryError::new(code, kind, message))
}

pub(super) fn refused_by(acknowledgement: Acknowledgement) -> Option<EntryError> {
    let message = match acknowledgement {
        Acknowledgement::Rejected => "The acknowledgment says AK501 R: AK304 code 3, a mandatory segment is missing",
        Acknowledgement::AcceptedWithErrors => "The acknowledgment says AK501 E: AK403 code 7, an invalid code value",
        Acknowledgement::PartiallyAccepted => "The acknowledgment says AK901 P: one of two documents was rejected",
        Acknowledgement::Accepted
        | Acknowledgement::Received
        | Acknowledgement::ManuallyAccepted
        | Acknowledgement::NotExpected
        | Acknowledgement::Suppressed
        | Acknowledgement::TimedOut
        | Acknowledgement::Waiting => return None,
    };
    Some(EntryError::new("5010", "Acknowledgment", message))
}

impl EntryError {
    fn new(code: &str, kind: &str, message: &str) -> EntryError {
        EntryError {
            code: code.to_owned(),
            kind: kind.to_owned(),
            message: message.to_owned(),
        }
    }
}
