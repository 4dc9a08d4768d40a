//! Refusals of TGCommunityServices, in the form that a guess chooses.

use bytes::Bytes;
use http::header::ALLOW;
use http::{Response, StatusCode};
use serde_json::json;

use crate::answer;
use crate::trading_grid::guesses::{ErrorForm, Guesses};
use crate::trading_grid::problems::gateway_fault;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    status: StatusCode,
    /// A short word of our own: no list of codes is published.
    code: &'static str,
    message: String,
    allow: Option<String>,
}

impl Refusal {
    pub(crate) fn bad_request(message: &str) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", message)
    }

    pub(crate) fn not_found(message: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "NOT_FOUND", message)
    }

    pub(crate) fn conflict(message: &str) -> Refusal {
        Refusal::new(StatusCode::CONFLICT, "ALREADY_EXISTS", message)
    }

    pub(crate) fn unsupported_media_type() -> Refusal {
        let message = "Content-Type must be application/json";
        Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Refusal {
        Refusal {
            allow: Some(allowed.to_owned()),
            ..Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "METHOD_NOT_ALLOWED",
                "Method not allowed",
            )
        }
    }

    fn new(status: StatusCode, code: &'static str, message: &str) -> Refusal {
        Refusal {
            status,
            code,
            message: message.to_owned(),
            allow: None,
        }
    }

    pub(crate) fn answer(&self, guesses: &Guesses) -> Response<Bytes> {
        let Refusal {
            status,
            code,
            message,
            allow,
        } = self;
        let mut response = match guesses.community_error_form {
            ErrorForm::Service => answer::json(
                *status,
                &json!({ "status": status.as_u16().to_string(), "message": message, "error-code": code }),
            ),
            ErrorForm::Authorization => answer::json(
                *status,
                &json!({
                    "errorCode": code,
                    "errorMessage": message,
                    "httpStatus": status.canonical_reason(),
                    "status": "ERROR",
                    "statusCode": status.as_u16(),
                }),
            ),
            ErrorForm::Gateway => gateway_fault(*status, message, code),
            ErrorForm::PlainText => answer::typed(*status, "text/plain;charset=UTF-8", message.clone()),
        };
        if let Some(allow) = allow {
            answer::set(&mut response, ALLOW, allow);
        }
        response
    }
}
