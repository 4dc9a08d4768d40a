//! Answers, and the marks on an answer that only the transport can carry out.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, Response, StatusCode};
use serde_json::Value;

/// The answer is lost on its way: whoever called must see a cut connection, not this response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped;

/// The body is cut: its `Content-Length` promises `announced` bytes, then the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncated {
    pub announced: usize,
}

/// The body must be sent in small pieces with a pause between them. Only the program's server does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowDrip {
    pub chunk_bytes: usize,
    pub pause: Duration,
}

pub(crate) fn json(status: StatusCode, value: &Value) -> Response<Bytes> {
    typed(status, "application/json;charset=UTF-8", value.to_string())
}

pub(crate) fn empty(status: StatusCode) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = status;
    response
}

pub(crate) fn typed(status: StatusCode, content_type: &str, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    set(&mut response, CONTENT_TYPE, content_type);
    response
}

/// A response that nobody may look at; its status is one that no system sends.
pub(crate) fn dropped() -> Response<Bytes> {
    let mut response = empty(StatusCode::from_u16(599).expect("599 is a possible status"));
    response.extensions_mut().insert(Dropped);
    response
}

/// Sets a header; characters that a header cannot hold become `?`.
pub(crate) fn set(response: &mut Response<Bytes>, name: HeaderName, value: &str) {
    let visible: String = value
        .chars()
        .map(|c| if (' '..='~').contains(&c) { c } else { '?' })
        .collect();
    let value = HeaderValue::from_str(&visible).expect("visible ASCII is a header value");
    response.headers_mut().insert(name, value);
}

#[cfg(test)]
pub(crate) fn body_json(response: &Response<Bytes>) -> Value {
    serde_json::from_slice(response.body()).expect("the body is JSON")
}
