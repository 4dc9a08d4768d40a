//! The status words of Lens: the codes that queries use, and the texts that answers hold.
//!
//! Codes, meanings and the acknowledgement texts are OpenText's. Of the status texts that answers hold, four are
//! known (`ReadyForPickup`, `Completed`, `Delivered`, `Failed`); the others are formed like them.

use serde::{Deserialize, Serialize};

/// How far a Lens entry has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Waiting for the next scheduled send.
    Batched,
    /// Reached the end of its flow.
    Completed,
    /// Delivered and retrieved.
    Delivered,
    /// Canceled; it will not be delivered.
    DeliveryDisabled,
    /// Being pushed; tried again every five minutes.
    DeliveryInProgress,
    /// Halted as a duplicate.
    Duplicate,
    Processing,
    /// Received, and not delivered after five attempts.
    OnHold,
    /// Waiting for the receiver.
    ReadyForPickup,
    /// No status was detected.
    Unknown,
    /// A validation step failed.
    ValidationError,
    /// Processed, and could not be delivered.
    Failed,
}

impl Status {
    pub const ALL: [Status; 12] = [
        Status::Batched,
        Status::Completed,
        Status::Delivered,
        Status::DeliveryDisabled,
        Status::DeliveryInProgress,
        Status::Duplicate,
        Status::Processing,
        Status::OnHold,
        Status::ReadyForPickup,
        Status::Unknown,
        Status::ValidationError,
        Status::Failed,
    ];

    /// What `status:` takes in a query.
    pub fn code(self) -> &'static str {
        match self {
            Status::Batched => "B",
            Status::Completed => "C",
            Status::Delivered => "S",
            Status::DeliveryDisabled => "N",
            Status::DeliveryInProgress => "D",
            Status::Duplicate => "U",
            Status::Processing => "P",
            Status::OnHold => "H",
            Status::ReadyForPickup => "R",
            Status::Unknown => "Unknown",
            Status::ValidationError => "V",
            Status::Failed => "F",
        }
    }

    /// The name in OpenText's cheat sheet.
    pub fn words(self) -> &'static str {
        match self {
            Status::Batched => "Batched",
            Status::Completed => "Completed",
            Status::Delivered => "Delivered",
            Status::DeliveryDisabled => "Delivery disabled",
            Status::DeliveryInProgress => "Delivery in progress",
            Status::Duplicate => "Duplicate",
            Status::Processing => "Processing",
            Status::OnHold => "On Hold",
            Status::ReadyForPickup => "Ready for pickup",
            Status::Unknown => "Unknown",
            Status::ValidationError => "Validation error",
            Status::Failed => "Delivery failed",
        }
    }

    /// Whether somebody saw the text in an answer.
    pub(crate) fn was_seen(self) -> bool {
        matches!(
            self,
            Status::ReadyForPickup | Status::Completed | Status::Delivered | Status::Failed
        )
    }

    /// What an answer holds, and a query may use too.
    pub fn text(self) -> &'static str {
        match self {
            Status::Batched => "Batched",
            Status::Completed => "Completed",
            Status::Delivered => "Delivered",
            Status::DeliveryDisabled => "DeliveryDisabled",
            Status::DeliveryInProgress => "DeliveryInProgress",
            Status::Duplicate => "Duplicate",
            Status::Processing => "Processing",
            Status::OnHold => "OnHold",
            Status::ReadyForPickup => "ReadyForPickup",
            Status::Unknown => "Unknown",
            Status::ValidationError => "ValidationError",
            Status::Failed => "Failed",
        }
    }
}

/// What came back for an outbound EDI document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Acknowledgement {
    Accepted,
    /// Can be asked for, and is answered with null and a warning.
    Received,
    AcceptedWithErrors,
    ManuallyAccepted,
    NotExpected,
    PartiallyAccepted,
    Rejected,
    Suppressed,
    TimedOut,
    Waiting,
}

impl Acknowledgement {
    pub const ALL: [Acknowledgement; 10] = [
        Acknowledgement::Accepted,
        Acknowledgement::Received,
        Acknowledgement::AcceptedWithErrors,
        Acknowledgement::ManuallyAccepted,
        Acknowledgement::NotExpected,
        Acknowledgement::PartiallyAccepted,
        Acknowledgement::Rejected,
        Acknowledgement::Suppressed,
        Acknowledgement::TimedOut,
        Acknowledgement::Waiting,
    ];

    /// What `fastatus:` takes in a query.
    pub fn code(self) -> &'static str {
        match self {
            Acknowledgement::Accepted => "A",
            Acknowledgement::Received => "C",
            Acknowledgement::AcceptedWithErrors => "E",
            Acknowledgement::ManuallyAccepted => "M",
            Acknowledgement::NotExpected => "N",
            Acknowledgement::PartiallyAccepted => "P",
            Acknowledgement::Rejected => "R",
            Acknowledgement::Suppressed => "S",
            Acknowledgement::TimedOut => "T",
            Acknowledgement::Waiting => "W",
        }
    }

    /// What an answer holds; none where it holds null and a warning.
    pub fn text(self) -> Option<&'static str> {
        match self {
            Acknowledgement::Accepted => Some("Accepted/Received"),
            Acknowledgement::Received => None,
            Acknowledgement::AcceptedWithErrors => Some("Accepted with errors"),
            Acknowledgement::ManuallyAccepted => Some("Manually accepted"),
            Acknowledgement::NotExpected => Some("No FA expected"),
            Acknowledgement::PartiallyAccepted => Some("Partially accepted"),
            Acknowledgement::Rejected => Some("Rejected"),
            Acknowledgement::Suppressed => Some("Suppressed"),
            Acknowledgement::TimedOut => Some("Timed Out (late FA)"),
            Acknowledgement::Waiting => Some("Waiting for FA"),
        }
    }

    /// Whether the acknowledgement has a date: it came, or somebody accepted by hand.
    ///
    /// A late one has none: the field is the time at which the acknowledgement was received.
    pub(crate) fn has_date(self) -> bool {
        match self {
            Acknowledgement::Accepted
            | Acknowledgement::Received
            | Acknowledgement::AcceptedWithErrors
            | Acknowledgement::ManuallyAccepted
            | Acknowledgement::PartiallyAccepted
            | Acknowledgement::Rejected => true,
            Acknowledgement::NotExpected
            | Acknowledgement::Suppressed
            | Acknowledgement::TimedOut
            | Acknowledgement::Waiting => false,
        }
    }
}
