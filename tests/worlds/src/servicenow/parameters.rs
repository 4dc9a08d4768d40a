//! The parameters and headers that Table and Attachment API share.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{Method, StatusCode};

use super::errors::Refusal;
use super::guesses::Guesses;
use super::render::{Display, View};

/// The query of a request, decoded, in order.
#[derive(Debug, Clone)]
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn of(parts: &Parts) -> Parameters {
        let query = parts.uri.query().unwrap_or_default();
        Parameters(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that may come several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let same = self.0.iter().filter(move |(known, _)| known == name);
        same.map(|(_, value)| value.as_str())
    }

    /// The parameters again, `sysparm_` before each of these names that came without it.
    pub(crate) fn with_prefix(self, names: &[&str]) -> Parameters {
        let full = |name: String| {
            if names.contains(&name.as_str()) {
                format!("sysparm_{name}")
            } else {
                name
            }
        };
        Parameters(self.0.into_iter().map(|(name, value)| (full(name), value)).collect())
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The plain filters: everything that is no `sysparm_`.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let filters = self.0.iter().filter(|(name, _)| !name.starts_with("sysparm_"));
        filters.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The number behind a parameter, or the default.
    pub(crate) fn number(&self, name: &str, default: usize) -> Result<usize, Refusal> {
        match self.get(name).filter(|text| !text.is_empty()) {
            None => Ok(default),
            Some(text) => text.parse().map_err(|_| {
                Refusal::bad_request(
                    "Pagination not supported",
                    &format!("{name} must be a number from 0 up"),
                )
            }),
        }
    }

    pub(crate) fn view(&self) -> View {
        let fields = self.get("sysparm_fields").filter(|fields| !fields.is_empty());
        let display = match self.get("sysparm_display_value") {
            Some("true") => Display::Labels,
            Some("all") => Display::Both,
            _ => Display::Values,
        };
        View {
            fields: fields.map(|fields| fields.split(',').map(|path| path.trim().to_owned()).collect()),
            display,
            exclude_reference_link: self.is_true("sysparm_exclude_reference_link"),
        }
    }

    /// The query string again, with another limit and offset.
    pub(crate) fn page(&self, limit: usize, offset: usize) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| name != "sysparm_limit" && name != "sysparm_offset");
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("sysparm_limit", &limit.to_string())
            .append_pair("sysparm_offset", &offset.to_string())
            .finish()
    }
}

/// A header as text; empty when it is missing.
pub(crate) fn header<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The method that counts, with `X-HTTP-Method-Override` heard on POST.
pub(crate) fn method(parts: &Parts) -> Method {
    let name = HeaderName::from_static("x-http-method-override");
    match header(parts, &name).to_ascii_uppercase().parse() {
        Ok(method) if parts.method == Method::POST && !header(parts, &name).is_empty() => method,
        _ => parts.method.clone(),
    }
}

/// Demands `Accept`, and `Content-Type` where something is sent.
pub(crate) fn check_headers(parts: &Parts, guesses: &Guesses) -> Result<(), Refusal> {
    let accept = header(parts, &ACCEPT);
    if accept.is_empty() {
        return Err(Refusal::bad_request("Missing header", "The header Accept is required"));
    }
    let kinds = accept
        .split(',')
        .map(|kind| kind.split(';').next().unwrap_or_default().trim());
    if !kinds
        .into_iter()
        .any(|kind| matches!(kind, "application/json" | "text/json" | "application/*" | "*/*"))
    {
        let status = StatusCode::NOT_ACCEPTABLE.as_u16();
        return Err(Refusal::status(
            status,
            "Not Acceptable",
            "Only application/json can be answered",
        ));
    }
    let method = method(parts);
    let sends = matches!(method, Method::POST | Method::PUT | Method::PATCH);
    let deletes = method == Method::DELETE && guesses.delete_needs_content_type;
    if !sends && !deletes {
        return Ok(());
    }
    let content_type = header(parts, &CONTENT_TYPE);
    if content_type.is_empty() {
        return Err(Refusal::bad_request(
            "Missing header",
            "The header Content-Type is required",
        ));
    }
    if sends && !content_type.starts_with("application/json") && !content_type.starts_with("text/json") {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE.as_u16();
        return Err(Refusal::status(
            status,
            "Unsupported Media Type",
            "Only application/json can be read",
        ));
    }
    Ok(())
}
