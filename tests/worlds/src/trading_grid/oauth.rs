//! `POST /v1/oauth2/tokens?grant_type=client_credentials` with basic authentication and an empty body.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::problems;
use super::state::State;
use crate::answer;
use crate::digest::sha256_hex;
use crate::gate::Moment;

#[derive(Debug)]
pub(crate) struct Tokens {
    /// Secrets by client id.
    clients: BTreeMap<String, String>,
    /// End of life by token.
    issued: BTreeMap<String, OffsetDateTime>,
    /// The last token of each client.
    last: BTreeMap<String, String>,
}

impl Default for Tokens {
    fn default() -> Tokens {
        let clients = [("gridlink".to_owned(), "gridlink".to_owned())].into();
        Tokens {
            clients,
            issued: BTreeMap::new(),
            last: BTreeMap::new(),
        }
    }
}

/// What a bearer token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bearer {
    Good,
    Expired,
    Unknown,
}

impl Tokens {
    pub(crate) fn add_client(&mut self, id: &str, secret: &str) {
        self.clients.insert(id.to_owned(), secret.to_owned());
    }

    pub(crate) fn expire(&mut self, now: OffsetDateTime) {
        for expires in self.issued.values_mut() {
            *expires = (*expires).min(now);
        }
    }

    pub(crate) fn bearer(&self, parts: &Parts, moment: Moment) -> Bearer {
        let header = parts
            .headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let Some(("Bearer", token)) = header.split_once(' ') else {
            return Bearer::Unknown;
        };
        match self.issued.get(token.trim()) {
            None => Bearer::Unknown,
            Some(expires) if moment.accepts(*expires) => Bearer::Good,
            Some(_) => Bearer::Expired,
        }
    }

    fn issue(&mut self, client: &str, life: i64, is_reused: bool, now: OffsetDateTime) -> (String, i64) {
        let last = self
            .last
            .get(client)
            .and_then(|token| Some((token, self.issued.get(token)?)));
        if let Some((token, expires)) = last.filter(|(_, expires)| is_reused && now + Duration::SECOND <= **expires) {
            return (token.clone(), (*expires - now).whole_seconds());
        }
        let token = sha256_hex(format!("trading grid token {client} {}", self.issued.len()).as_bytes());
        self.issued.insert(token.clone(), now + Duration::seconds(life));
        self.last.insert(client.to_owned(), token.clone());
        (token, life)
    }
}

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if parts.method != Method::POST {
        return problems::gateway_fault(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method Not Allowed",
            "protocol.http.Method",
        );
    }
    let Some(client) = client(state, parts) else {
        return problems::gateway_fault(
            StatusCode::UNAUTHORIZED,
            "Invalid client identifier",
            "oauth.v2.InvalidClientIdentifier",
        );
    };
    let query = parts.uri.query().unwrap_or_default();
    let grant = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "grant_type");
    if grant.is_none_or(|(_, grant)| grant != "client_credentials") || !body.is_empty() {
        let error = "unsupported grant_type, or a body where none is expected";
        return problems::gateway_fault(StatusCode::BAD_REQUEST, error, "oauth.v2.UnsupportedGrantType");
    }
    let (life, is_reused) = (state.guesses.token_life_seconds, state.guesses.token_is_reused);
    let (token, remaining) = state.tokens.issue(&client, life, is_reused, now);
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": remaining });
    answer::json(StatusCode::OK, &body)
}

/// The client whose id and secret the request carries.
fn client(state: &State, parts: &Parts) -> Option<String> {
    let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    (state.tokens.clients.get(id)? == secret).then(|| id.to_owned())
}
