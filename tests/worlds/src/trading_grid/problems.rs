//! The two forms of an error: the contract's problem+json and the gateway's fault.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use crate::answer;

/// RFC 9457 with the request's id.
pub(crate) fn problem(status: StatusCode, kind: &str, detail: &str, request_id: &str) -> Response<Bytes> {
    let title = status.canonical_reason().unwrap_or("Error");
    let body = json!({
        "type": format!("urn:gridlink:problem:{kind}"),
        "title": title,
        "status": status.as_u16(),
        "detail": detail,
        "requestId": request_id,
    });
    answer::typed(status, "application/problem+json", body.to_string())
}

/// The form of the API gateway in front of Trading Grid.
pub(crate) fn gateway_fault(status: StatusCode, text: &str, code: &str) -> Response<Bytes> {
    answer::json(
        status,
        &json!({ "fault": { "faultstring": text, "detail": { "errorcode": code } } }),
    )
}
