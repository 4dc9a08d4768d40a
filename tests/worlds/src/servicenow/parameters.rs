//! The parameters and headers that Table and Attachment API share.

use http::header::{ACCEPT, CONTENT_TYPE, HeaderName};
use http::request::Parts;
use http::{Method, StatusCode};

use super::engine::{Act, State};
use super::errors::Refusal;
use super::guesses::Guesses;
use super::locale::Locale;
use super::render::{Display, View};

/// The query of a request, decoded, in order.
#[derive(Debug, Clone)]
pub(crate) struct Parameters {
    asked: Vec<(String, String)>,
    /// What a tiny URL stands for; what was asked beside it counts first.
    stored: Vec<(String, String)>,
}

/// An extension of a request: its query, where the URI cannot hold one of that length or with those characters.
#[derive(Debug, Clone)]
pub(crate) struct QueryBesideUri(pub(crate) String);

impl Parameters {
    pub(crate) fn of(parts: &Parts) -> Parameters {
        let beside = parts.extensions.get::<QueryBesideUri>();
        let query = beside.map_or_else(|| parts.uri.query().unwrap_or_default(), |query| query.0.as_str());
        Parameters {
            asked: pairs(query),
            stored: Vec::new(),
        }
    }

    /// The same, with what a stored query says beside it.
    pub(crate) fn and_stored(self, query: &str) -> Parameters {
        Parameters {
            stored: pairs(query),
            ..self
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Every value of a parameter that may come several times.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let same = self.pairs().filter(move |(known, _)| *known == name);
        same.map(|(_, value)| value)
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
        let renamed =
            |pairs: Vec<(String, String)>| pairs.into_iter().map(|(name, value)| (full(name), value)).collect();
        Parameters {
            asked: renamed(self.asked),
            stored: renamed(self.stored),
        }
    }

    pub(crate) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The plain filters: everything that is no `sysparm_` and no credential.
    pub(crate) fn filters(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_filter = |name: &str| !name.starts_with("sysparm_") && name != API_KEY_PARAMETER;
        self.pairs().filter(move |(name, _)| is_filter(name))
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

    /// What the answer looks like to whoever asks. `sysparm_view` has no effect: this world has no forms.
    pub(crate) fn view(&self, state: &State, act: Act<'_>) -> View {
        let fields = self.get("sysparm_fields").filter(|fields| !fields.is_empty());
        let display = match self
            .get("sysparm_display_value")
            .map(str::to_ascii_lowercase)
            .as_deref()
        {
            Some("true") => Display::Labels,
            Some("all") => Display::Both,
            _ => Display::Values,
        };
        View {
            fields: fields.map(|fields| fields.split(',').map(|path| path.trim().to_owned()).collect()),
            display,
            exclude_reference_link: self.is_true("sysparm_exclude_reference_link"),
            locale: match display {
                Display::Values => Locale::internal(),
                Display::Labels | Display::Both => Locale::of(state, act.by),
            },
        }
    }

    /// The query string again, with another limit and offset.
    pub(crate) fn page(&self, limit: usize, offset: usize) -> String {
        let kept = self
            .asked
            .iter()
            .filter(|(name, _)| name != "sysparm_limit" && name != "sysparm_offset");
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(kept)
            .append_pair("sysparm_limit", &limit.to_string())
            .append_pair("sysparm_offset", &offset.to_string())
            .finish()
    }

    /// All parameters, in order.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.asked.iter().chain(&self.stored);
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The name of the header and the parameter that an API key comes in.
pub(crate) const API_KEY_PARAMETER: &str = "x-sn-apikey";

fn pairs(query: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// A header as text; empty when it is missing.
pub(crate) fn header<'a>(parts: &'a Parts, name: &HeaderName) -> &'a str {
    parts
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

/// The method that counts: HEAD is GET, whose body the router leaves out.
pub(crate) fn method(parts: &Parts) -> Method {
    match wanted_method(parts) {
        Method::HEAD => Method::GET,
        method => method,
    }
}

/// Whether only the headers are wanted.
pub(crate) fn is_head(parts: &Parts) -> bool {
    wanted_method(parts) == Method::HEAD
}

/// The method of the request, or of `X-HTTP-Method-Override`, which is heard on every method.
fn wanted_method(parts: &Parts) -> Method {
    let name = HeaderName::from_static("x-http-method-override");
    match header(parts, &name).trim().to_ascii_uppercase().parse() {
        Ok(method) if !header(parts, &name).is_empty() => method,
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
