//! The two forms of an error: the contract's problem+json and the gateway's fault.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, RETRY_AFTER};
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::answer;

const PROBLEM: &str = "application/problem+json";

/// What can be wrong, in the words of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    IdempotencyKeyMissing,
    CursorMalformed,
    Unauthorized,
    NotFound,
    MethodNotAllowed,
    VersionSuperseded,
    ClosureAnswered,
    OwnedByPartner,
    ResourceClosed,
    Gone,
    CursorExpired,
    LengthRequired,
    ContentTooLarge,
    UnsupportedMediaType,
    IdempotencyKeyReused,
    DigestMismatch,
    DocumentRefused,
    UnknownReference,
    TooManyRequests,
    Forbidden,
    Failed,
    Unavailable,
}

/// A refusal after RFC 9457.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) kind: Kind,
    pub(crate) detail: String,
    /// Where the kind says nothing of the status: a fault rule chose it.
    status: Option<StatusCode>,
    /// Further members.
    members: Vec<(&'static str, Value)>,
    headers: Vec<(HeaderName, String)>,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Malformed => "malformed",
            Kind::IdempotencyKeyMissing => "idempotency-key-missing",
            Kind::CursorMalformed => "cursor-malformed",
            Kind::Unauthorized => "unauthorized",
            Kind::NotFound => "not-found",
            Kind::MethodNotAllowed => "method-not-allowed",
            Kind::VersionSuperseded => "version-superseded",
            Kind::ClosureAnswered => "closure-answered",
            Kind::OwnedByPartner => "owned-by-partner",
            Kind::ResourceClosed => "resource-closed",
            Kind::Gone => "gone",
            Kind::CursorExpired => "cursor-expired",
            Kind::LengthRequired => "length-required",
            Kind::ContentTooLarge => "content-too-large",
            Kind::UnsupportedMediaType => "unsupported-media-type",
            Kind::IdempotencyKeyReused => "idempotency-key-reused",
            Kind::DigestMismatch => "digest-mismatch",
            Kind::DocumentRefused => "document-refused",
            Kind::UnknownReference => "unknown-reference",
            Kind::TooManyRequests => "too-many-requests",
            Kind::Forbidden => "forbidden",
            Kind::Failed => "failed",
            Kind::Unavailable => "unavailable",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Kind::Malformed | Kind::IdempotencyKeyMissing | Kind::CursorMalformed => StatusCode::BAD_REQUEST,
            Kind::Unauthorized => StatusCode::UNAUTHORIZED,
            Kind::Forbidden => StatusCode::FORBIDDEN,
            Kind::NotFound => StatusCode::NOT_FOUND,
            Kind::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Kind::VersionSuperseded | Kind::ClosureAnswered | Kind::OwnedByPartner | Kind::ResourceClosed => {
                StatusCode::CONFLICT
            }
            Kind::Gone | Kind::CursorExpired => StatusCode::GONE,
            Kind::LengthRequired => StatusCode::LENGTH_REQUIRED,
            Kind::ContentTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Kind::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Kind::IdempotencyKeyReused | Kind::DigestMismatch | Kind::DocumentRefused | Kind::UnknownReference => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Kind::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            Kind::Failed => StatusCode::INTERNAL_SERVER_ERROR,
            Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// What comes nearest to a status that a fault rule chose.
    fn of(status: StatusCode) -> Kind {
        match status.as_u16() {
            401 => Kind::Unauthorized,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            405 => Kind::MethodNotAllowed,
            410 => Kind::Gone,
            411 => Kind::LengthRequired,
            413 => Kind::ContentTooLarge,
            415 => Kind::UnsupportedMediaType,
            429 => Kind::TooManyRequests,
            503 => Kind::Unavailable,
            500..=599 => Kind::Failed,
            _ => Kind::Malformed,
        }
    }
}

impl Problem {
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Problem {
        Problem {
            kind,
            detail: detail.into(),
            status: None,
            members: Vec::new(),
            headers: Vec::new(),
        }
    }

    /// A problem with the status that a fault rule chose.
    pub(crate) fn with_status(status: StatusCode, detail: impl Into<String>) -> Problem {
        let mut problem = Problem::new(Kind::of(status), detail);
        problem.status = Some(status);
        if problem.kind == Kind::TooManyRequests {
            problem.headers.push((RETRY_AFTER, "1".to_owned()));
        }
        problem
    }

    pub(crate) fn not_found() -> Problem {
        Problem::new(Kind::NotFound, "There is no such resource for this company.")
    }

    /// One thing that is wrong with the request, by JSON pointer or parameter name.
    pub(crate) fn malformed(pointer: &str, detail: &str) -> Problem {
        let errors = json!([{ "pointer": pointer, "detail": detail }]);
        Problem::new(Kind::Malformed, "The request is not as the contract says.").with("errors", errors)
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Problem {
        let mut problem = Problem::new(Kind::MethodNotAllowed, "This resource has no such method.");
        problem.headers.push((ALLOW, allowed.to_owned()));
        problem
    }

    pub(crate) fn with(mut self, member: &'static str, value: Value) -> Problem {
        self.members.push((member, value));
        self
    }

    pub(crate) fn answer(&self, request_id: &str) -> Response<Bytes> {
        let status = self.status.unwrap_or_else(|| self.kind.status());
        let mut body = json!({
            "type": format!("urn:gridlink:problem:{}", self.kind.word()),
            "title": status.canonical_reason().unwrap_or("Error"),
            "status": status.as_u16(),
            "detail": self.detail,
            "requestId": request_id,
        });
        for (member, value) in &self.members {
            body[*member] = value.clone();
        }
        let mut response = answer::typed(status, PROBLEM, body.to_string());
        for (name, value) in &self.headers {
            answer::set(&mut response, name.clone(), value);
        }
        response
    }
}

/// The form of the API gateway in front of Trading Grid.
pub(crate) fn gateway_fault(status: StatusCode, text: &str, code: &str) -> Response<Bytes> {
    answer::json(
        status,
        &json!({ "fault": { "faultstring": text, "detail": { "errorcode": code } } }),
    )
}

/// The same refusal in the gateway's form: what a fault rule asks for on a path that is not of the contract.
pub(crate) fn as_gateway_fault(response: Response<Bytes>) -> Response<Bytes> {
    let is_problem = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == PROBLEM);
    if !is_problem {
        return response;
    }
    let problem: Value = serde_json::from_slice(response.body()).unwrap_or_default();
    let text = problem["detail"].as_str().unwrap_or("Failure");
    let fault = gateway_fault(response.status(), text, "messaging.runtime.RouteFailed");
    let (mut parts, _) = response.into_parts();
    let (told, body) = fault.into_parts();
    parts.headers.extend(told.headers);
    Response::from_parts(parts, body)
}
