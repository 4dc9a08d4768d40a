//! Why ServiceNow refuses, and the answers that say so.

use bytes::Bytes;
use http::header::WWW_AUTHENTICATE;
use http::{Response, StatusCode};
use serde_json::json;

use super::guesses::Guesses;
use crate::answer;

/// Why an operation has no effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    InvalidTable(String),
    NoRecord,
    /// An access rule forbids it; the word is `Insert`, `Update` or `Delete`.
    Denied(&'static str),
    /// The key or a unique value is taken.
    Taken,
    /// The labels of what is missing.
    Mandatory(Vec<String>),
    BadRequest {
        message: String,
        detail: String,
    },
    Status {
        status: u16,
        message: String,
        detail: String,
    },
}

impl Refusal {
    pub(crate) fn bad_request(message: &str, detail: &str) -> Refusal {
        Refusal::BadRequest {
            message: message.to_owned(),
            detail: detail.to_owned(),
        }
    }

    pub(crate) fn status(status: u16, message: &str, detail: &str) -> Refusal {
        Refusal::Status {
            status,
            message: message.to_owned(),
            detail: detail.to_owned(),
        }
    }

    pub(crate) fn answer(&self, guesses: &Guesses) -> Response<Bytes> {
        let code = |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
        match self {
            Refusal::InvalidTable(table) => {
                let message = format!("{} {table}", guesses.invalid_table_message);
                failure(StatusCode::BAD_REQUEST, &message, None)
            }
            Refusal::NoRecord => failure(
                StatusCode::NOT_FOUND,
                "No Record found",
                Some("Record doesn't exist or ACL restricts the record retrieval"),
            ),
            Refusal::Denied(operation) => {
                let detail = format!("ACL Exception {operation} Failed due to security constraints");
                failure(StatusCode::FORBIDDEN, "Operation Failed", Some(&detail))
            }
            Refusal::Taken => {
                let detail = Some(guesses.unique_violation_detail.as_str());
                failure(code(guesses.unique_violation_status), "Operation Failed", detail)
            }
            Refusal::Mandatory(labels) => {
                let detail = format!(
                    "Data Policy Exception: The following fields are mandatory: {}",
                    labels.join(", ")
                );
                failure(StatusCode::FORBIDDEN, "Operation Failed", Some(&detail))
            }
            Refusal::BadRequest { message, detail } => failure(StatusCode::BAD_REQUEST, message, Some(detail)),
            Refusal::Status {
                status,
                message,
                detail,
            } => failure(code(*status), message, Some(detail)),
        }
    }
}

/// What the log of the platform says of it.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::InvalidTable(table) => write!(f, "Invalid table {table}"),
            Refusal::NoRecord => f.write_str("No Record found"),
            Refusal::Denied(operation) => write!(f, "{operation} failed due to security constraints"),
            Refusal::Taken => f.write_str("Unique Key violation"),
            Refusal::Mandatory(labels) => write!(f, "The following fields are mandatory: {}", labels.join(", ")),
            Refusal::BadRequest { detail, .. } | Refusal::Status { detail, .. } => f.write_str(detail),
        }
    }
}

pub(crate) fn failure(status: StatusCode, message: &str, detail: Option<&str>) -> Response<Bytes> {
    answer::json(
        status,
        &json!({ "error": { "message": message, "detail": detail }, "status": "failure" }),
    )
}

pub(crate) fn unauthenticated(guesses: &Guesses) -> Response<Bytes> {
    let mut response = failure(
        StatusCode::UNAUTHORIZED,
        "User Not Authenticated",
        Some("Required to provide Auth information"),
    );
    answer::set(
        &mut response,
        WWW_AUTHENTICATE,
        &format!("BASIC realm=\"{}\"", guesses.realm),
    );
    response
}
