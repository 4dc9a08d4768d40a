//! One call of the contract: what it asks for, who asks, and what the contract says of its form.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::contract::Body;
use crate::answer;
use crate::digest::sha256_hex;
use crate::trading_grid::community::Members;
use crate::trading_grid::problems::{Kind, Problem};

/// The largest JSON body.
const MAX_JSON_BYTES: usize = 2 * 1024 * 1024;
const MAX_PAGE: usize = 50;

pub(crate) struct Call<'a> {
    pub(crate) members: Arc<Members>,
    pub(crate) client: &'a str,
    pub(crate) now: OffsetDateTime,
    pub(crate) method: &'a str,
    /// Decoded, below the base of the contract.
    pub(crate) path: Vec<String>,
    query: BTreeMap<String, String>,
    headers: &'a HeaderMap,
    pub(crate) bytes: &'a Bytes,
}

/// What a call is answered with.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn ok(body: &impl Serialize) -> Reply {
        Reply {
            status: StatusCode::OK,
            body: super::wire::to_json(body),
        }
    }

    pub(crate) fn created(body: &impl Serialize) -> Reply {
        Reply {
            status: StatusCode::CREATED,
            ..Reply::ok(body)
        }
    }

    pub(crate) fn answer(&self) -> Response<Bytes> {
        answer::typed(self.status, "application/json", self.body.to_string())
    }
}

impl<'a> Call<'a> {
    pub(crate) fn new(
        members: Arc<Members>,
        client: &'a str,
        now: OffsetDateTime,
        path: &[&str],
        parts: &'a Parts,
        bytes: &'a Bytes,
    ) -> Result<Call<'a>, Problem> {
        let decoded: Option<Vec<String>> = path
            .iter()
            .map(|segment| percent_decode_str(segment).decode_utf8().ok().map(String::from))
            .collect();
        let query = parts.uri.query().unwrap_or_default();
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if parameters.insert(name.to_string(), value.into_owned()).is_some() {
                return Err(Problem::malformed(&name, "stands there twice"));
            }
        }
        Ok(Call {
            members,
            client,
            now,
            method: match parts.method.as_str() {
                "HEAD" => "GET",
                other => other,
            },
            path: decoded.ok_or_else(|| Problem::malformed("path", "is not UTF-8"))?,
            query: parameters,
            headers: &parts.headers,
            bytes,
        })
    }

    /// The id at a place of the path.
    pub(crate) fn id(&self, place: usize) -> &str {
        self.path.get(place).map_or("", String::as_str)
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    pub(crate) fn idempotency_key(&self) -> Result<&str, Problem> {
        let key = self.header("idempotency-key").unwrap_or_default();
        if key.is_empty() {
            let detail = "Every write needs an Idempotency-Key.";
            return Err(Problem::new(Kind::IdempotencyKeyMissing, detail));
        }
        let is_good = key.len() <= 128 && key.chars().all(|c| c.is_ascii_alphanumeric() || "._:-".contains(c));
        if is_good {
            Ok(key)
        } else {
            Err(Problem::malformed("Idempotency-Key", "has a form that no key has"))
        }
    }

    /// Tells requests apart: method, path, query, and the body, as JSON where it is, or the digest of an upload.
    pub(crate) fn fingerprint(&self) -> String {
        let body = match (self.is_json(), self.header("repr-digest")) {
            (true, _) => match serde_json::from_slice::<Value>(self.bytes) {
                Ok(json) => json.to_string(),
                Err(_) => sha256_hex(self.bytes),
            },
            (false, Some(digest)) => digest.to_owned(),
            (false, None) => sha256_hex(self.bytes),
        };
        sha256_hex(json!([self.method, self.path, self.query, body]).to_string().as_bytes())
    }

    /// The body, which must be JSON of that schema.
    pub(crate) fn json<T: DeserializeOwned>(&self, schema: Body) -> Result<T, Problem> {
        if !self.is_json() {
            let detail = "The body must be application/json.";
            return Err(Problem::new(Kind::UnsupportedMediaType, detail));
        }
        if self.bytes.len() > MAX_JSON_BYTES {
            return Err(too_large(MAX_JSON_BYTES as u64));
        }
        let value: Value = serde_json::from_slice(self.bytes)
            .map_err(|error| Problem::malformed("", &format!("is no JSON: {error}")))?;
        schema.check(&value)?;
        // The schema names every member that the type needs.
        serde_json::from_value(with_whole_numbers(value)).map_err(|error| Problem::malformed("", &error.to_string()))
    }

    /// The announced length of the body.
    pub(crate) fn content_length(&self) -> Option<u64> {
        self.headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
    }

    pub(crate) fn content_type(&self) -> Option<&str> {
        self.headers.get(CONTENT_TYPE)?.to_str().ok()
    }

    /// A page of a list that is there as a whole.
    pub(crate) fn page<T: Serialize>(&self, list: &str, items: &[T]) -> Result<Value, Problem> {
        let start = match self.position(list)? {
            None => 0,
            Some(position) => usize::try_from(position)
                .ok()
                .filter(|position| *position <= items.len())
                .ok_or_else(cursor_malformed)?,
        };
        let end = items.len().min(start + self.limit()?);
        Ok(json!({
            "items": items.get(start..end).unwrap_or_default(),
            "next": format!("{list}.{end}"),
            "hasMore": end < items.len(),
        }))
    }

    /// Where `after` says to go on.
    pub(crate) fn position(&self, list: &str) -> Result<Option<u64>, Problem> {
        let Some(after) = self.parameter("after") else {
            return Ok(None);
        };
        let number = after.strip_prefix(list).and_then(|rest| rest.strip_prefix('.'));
        // Only what we give: no sign, no leading zeros.
        let number = number.and_then(|number| number.parse::<u64>().ok().filter(|parsed| parsed.to_string() == number));
        number.map(Some).ok_or_else(cursor_malformed)
    }

    pub(crate) fn limit(&self) -> Result<usize, Problem> {
        match self.parameter("limit") {
            None => Ok(MAX_PAGE),
            Some(text) => text
                .parse()
                .ok()
                .filter(|limit| (1..=MAX_PAGE).contains(limit))
                .ok_or_else(|| Problem::malformed("limit", "must be a number from 1 to 50")),
        }
    }

    fn is_json(&self) -> bool {
        let media_type = self.content_type().and_then(|value| value.split(';').next());
        media_type.is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"))
    }
}

/// `7.0` as `7`: to JSON Schema both are integers.
fn with_whole_numbers(value: Value) -> Value {
    /// Above it not every integer is a float, so nobody can tell which one was meant.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() <= LARGEST => json!(float as i64),
            _ => Value::Number(number),
        },
        Value::Array(items) => items.into_iter().map(with_whole_numbers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, member)| (name, with_whole_numbers(member)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// Whether a text is an id of the contract.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && !text.starts_with('.')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

pub(crate) fn too_large(limit: u64) -> Problem {
    let detail = format!("At most {limit} bytes are taken.");
    Problem::new(Kind::ContentTooLarge, detail).with("limit", json!(limit))
}

pub(crate) fn cursor_malformed() -> Problem {
    Problem::new(Kind::CursorMalformed, "`after` is no cursor of this list.")
}
