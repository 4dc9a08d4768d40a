//! Why SQS refuses a request, in the words of AWS.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoSuchQueue,
    MissingParameter(&'static str),
    InvalidParameter(String),
    InvalidContents(String),
    InvalidReceipt(String),
    /// Bytes of all bodies together.
    BatchTooLong(usize),
    BatchEmpty,
    BatchTooLarge(usize),
    BatchIdTwice(String),
    BatchIdInvalid,
    NotInFlight,
    Throttled,
    ServerError,
}

impl Refusal {
    pub(crate) fn answer(&self) -> Answer {
        let (shape, code) = self.names();
        let status = match self {
            Refusal::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::BAD_REQUEST,
        };
        let body = json!({
            "__type": format!("com.amazonaws.sqs#{shape}"),
            "message": self.message(),
        });
        Answer {
            query_error: Some(code),
            ..Answer::new(status, body)
        }
    }

    /// The same as an entry of `Failed` in a batch's answer.
    pub(crate) fn entry(&self, id: &str) -> Value {
        json!({
            "Id": id,
            "Code": self.entry_code(),
            "Message": self.message(),
            "SenderFault": !matches!(self, Refusal::ServerError),
        })
    }

    /// In a batch an expired receipt is called invalid: <https://github.com/smaskalik/sqsmover/issues/54>.
    fn entry_code(&self) -> &'static str {
        match self {
            Refusal::InvalidParameter(reason) if reason.contains("receipt handle has expired") => {
                "ReceiptHandleIsInvalid"
            }
            Refusal::ServerError => "InternalError",
            _ => self.names().1,
        }
    }

    /// The shape in `__type`, and the older code in `x-amzn-query-error`.
    fn names(&self) -> (&'static str, &'static str) {
        match self {
            Refusal::NoSuchQueue => ("QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"),
            Refusal::MissingParameter(_) => ("MissingParameter", "MissingParameter"),
            Refusal::InvalidParameter(_) => ("InvalidParameterValueException", "InvalidParameterValue"),
            Refusal::InvalidContents(_) => ("InvalidMessageContents", "InvalidMessageContents"),
            Refusal::InvalidReceipt(_) => ("ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid"),
            Refusal::BatchTooLong(_) => ("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"),
            Refusal::BatchEmpty => ("EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"),
            Refusal::BatchTooLarge(_) => (
                "TooManyEntriesInBatchRequest",
                "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            ),
            Refusal::BatchIdTwice(_) => (
                "BatchEntryIdsNotDistinct",
                "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            ),
            Refusal::BatchIdInvalid => ("InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"),
            Refusal::NotInFlight => ("MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"),
            Refusal::Throttled => ("RequestThrottled", "RequestThrottled"),
            Refusal::ServerError => ("InternalFailure", "InternalFailure"),
        }
    }

    fn message(&self) -> String {
        match self {
            Refusal::NoSuchQueue => "The specified queue does not exist.".to_owned(),
            Refusal::MissingParameter(name) => {
                format!("The request must contain the parameter {name}.")
            }
            Refusal::InvalidParameter(reason) | Refusal::InvalidContents(reason) => reason.clone(),
            Refusal::InvalidReceipt(receipt) => {
                format!("The input receipt handle \"{receipt}\" is not a valid receipt handle.")
            }
            Refusal::BatchTooLong(bytes) => format!(
                "Batch requests cannot be longer than {} bytes. You have sent {bytes} bytes.",
                super::contents::LONGEST
            ),
            Refusal::BatchEmpty => {
                "There should be at least one SendMessageBatchRequestEntry in the request.".to_owned()
            }
            Refusal::BatchTooLarge(entries) => {
                format!("Maximum number of entries per request are 10. You have sent {entries}.")
            }
            Refusal::BatchIdTwice(id) => format!("Id {id} repeated."),
            Refusal::BatchIdInvalid => "A batch entry id can only contain alphanumeric characters, \
                 hyphens and underscores. It can be at most 80 letters long."
                .to_owned(),
            Refusal::NotInFlight => "The specified message isn't in flight (it is visible).".to_owned(),
            Refusal::Throttled => "The request was denied due to request throttling.".to_owned(),
            Refusal::ServerError => "We encountered an internal error. Please try again.".to_owned(),
        }
    }
}

/// The receipt is not the newest one, or its visibility timeout has passed.
pub(crate) fn expired(receipt: &str) -> Refusal {
    Refusal::InvalidParameter(format!(
        "Value {receipt} for parameter ReceiptHandle is invalid. \
         Reason: The receipt handle has expired."
    ))
}
