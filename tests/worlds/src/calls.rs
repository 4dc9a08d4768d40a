//! What a world was asked, in order of arrival.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HeaderName};
use serde::Serialize;

use crate::body::Received;
use crate::secrets::{hide_secrets, without_secrets};

/// One call of a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// When it arrived on the world's clock: `2026-11-22T10:00:00.000Z`.
    pub at: String,
    pub method: String,
    pub path: String,
    /// The raw query, without the question mark and without credentials.
    pub query: String,
    /// All but credentials; a repeated header appears once.
    pub headers: BTreeMap<String, String>,
    pub request_bytes: usize,
    /// False when the body was broken off.
    pub request_is_complete: bool,
    /// The body, if it is JSON.
    pub request_json: Option<serde_json::Value>,
    /// None while the call is under way, and for ever when the caller gave up.
    pub status: Option<u16>,
    pub answer_lost: bool,
    /// The fault that a rule asked for.
    pub fault: Option<String>,
}

/// A record of what arrived, without credentials.
pub(crate) fn arrived(
    at: String,
    parts: &http::request::Parts,
    received: &Received,
    fault: Option<String>,
) -> CallRecord {
    let mut request_json = serde_json::from_slice(&received.bytes).ok();
    request_json.iter_mut().for_each(hide_secrets);
    CallRecord {
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: without_secrets(parts.uri.query().unwrap_or_default()),
        headers: without_credentials(&parts.headers),
        request_bytes: received.bytes.len(),
        request_is_complete: received.is_complete,
        request_json,
        status: None,
        answer_lost: false,
        fault,
    }
}

fn without_credentials(headers: &HeaderMap) -> BTreeMap<String, String> {
    let is_credential = |name: &HeaderName| {
        let is_key = name.as_str().contains("apikey") || name.as_str().contains("api-key");
        *name == AUTHORIZATION || *name == COOKIE || *name == "x-usertoken" || is_key
    };
    headers
        .iter()
        .filter(|(name, _)| !is_credential(name))
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}
