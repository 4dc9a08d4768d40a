//! What a world was asked, in order of arrival.

use std::collections::BTreeMap;

use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE};
use serde::Serialize;

use crate::body::Received;

/// One call of a world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallRecord {
    /// When it arrived on the world's clock: `2026-11-22T10:00:00.000Z`.
    pub at: String,
    pub method: String,
    pub path: String,
    /// The raw query, without the question mark.
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
    CallRecord {
        at,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: without_credentials(&parts.headers),
        request_bytes: received.bytes.len(),
        request_is_complete: received.is_complete,
        request_json: serde_json::from_slice(&received.bytes).ok().map(without_secrets),
        status: None,
        answer_lost: false,
        fault,
    }
}

fn without_credentials(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .filter(|(name, _)| {
            let is_key = name.as_str().contains("apikey") || name.as_str().contains("api-key");
            *name != AUTHORIZATION && *name != COOKIE && !is_key
        })
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

/// Passwords, and what helps to guess them, do not belong into a log.
fn without_secrets(mut body: serde_json::Value) -> serde_json::Value {
    if let Some(members) = body.as_object_mut() {
        for secret in ["loginPassword", "userPasswordHint"] {
            if let Some(value) = members.get_mut(secret) {
                *value = "(not logged)".into();
            }
        }
    }
    body
}
