//! What a batch asks for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, Request, Uri};
use serde_json::Value;

use super::malformed;
use crate::servicenow::attachments::unknown_uri;
use crate::servicenow::errors::Refusal;
use crate::servicenow::guesses::Guesses;
use crate::servicenow::parameters::QueryBesideUri;

pub(super) struct Batch {
    /// As a string, also where a number was sent.
    pub(super) id: String,
    pub(super) items: Vec<Item>,
}

/// One request of a batch, not yet looked at.
pub(super) struct Item {
    pub(super) id: String,
    pub(super) excludes_response_headers: bool,
    method: String,
    /// Path and query.
    url: String,
    headers: Vec<(String, String)>,
    /// Base64, without white space.
    body: String,
}

impl Batch {
    pub(super) fn parse(body: &Bytes) -> Result<Batch, Refusal> {
        let sent: Value = serde_json::from_slice(body).map_err(|_| malformed("The payload is not valid JSON."))?;
        let items = sent.get("rest_requests").and_then(Value::as_array);
        let items = items.ok_or_else(|| malformed("rest_requests must be an array"))?;
        Ok(Batch {
            id: sent.get("batch_request_id").and_then(text).unwrap_or_default(),
            items: items.iter().map(Item::parse).collect::<Result<_, _>>()?,
        })
    }
}

impl Item {
    fn parse(sent: &Value) -> Result<Item, Refusal> {
        let need = |name: &str| {
            let value = sent.get(name).and_then(text);
            value.ok_or_else(|| malformed(&format!("rest_requests.{name} is required")))
        };
        let headers = sent.get("headers").and_then(Value::as_array);
        let body = sent.get("body").and_then(Value::as_str).unwrap_or_default();
        Ok(Item {
            id: need("id")?,
            excludes_response_headers: sent.get("exclude_response_headers").is_some_and(is_true),
            method: need("method")?,
            url: need("url")?,
            headers: headers.into_iter().flatten().filter_map(header).collect(),
            body: body.split_ascii_whitespace().collect(),
        })
    }

    /// How many bytes the body has, decoded.
    pub(super) fn input_size(&self) -> usize {
        self.body.len() / 4 * 3
    }

    /// The request that it stands for, or why it is none.
    pub(super) fn request(&self, guesses: &Guesses) -> Result<(Parts, Bytes), Refusal> {
        let (path, query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let path = if path.contains("://") {
            return Err(unknown_uri());
        } else {
            format!("/{}", path.trim_start_matches('/'))
        };
        if is_batch(&path) {
            return Err(malformed("A batch cannot be an item of a batch"));
        }
        let uri: Uri = path.parse().map_err(|_| unknown_uri())?;
        let method: Method = self.method.to_ascii_uppercase().parse().map_err(|_| unknown_uri())?;
        let body = STANDARD
            .decode(&self.body)
            .map_err(|_| malformed("The body is not base64"))?;
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.method = method;
        parts.uri = uri;
        parts.extensions.insert(QueryBesideUri(query.to_owned()));
        if !guesses.batch_items_need_accept {
            parts.headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        }
        for (name, value) in &self.headers {
            let name: HeaderName = name.parse().map_err(|_| malformed("A header has no valid name"))?;
            let value = HeaderValue::from_str(value).map_err(|_| malformed("A header has no valid value"))?;
            parts.headers.insert(name, value);
        }
        Ok((parts, body.into()))
    }
}

fn is_batch(path: &str) -> bool {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    matches!(
        segments.as_slice(),
        ["api", "now", "batch"] | ["api", "now", _, "batch"]
    )
}

fn header(sent: &Value) -> Option<(String, String)> {
    Some((text(sent.get("name")?)?, text(sent.get("value")?)?))
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true) || value.as_str() == Some("true")
}
