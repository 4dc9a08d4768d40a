//! `POST /v1/oauth2/tokens?grant_type=client_credentials` with basic authentication and an empty body; and who may
//! call: with the token everywhere, and on the collaboration contract, which is ours, also with an API key, basic
//! authentication or a client certificate.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::guesses::Guesses;
use super::problems;
use super::state::State;
use crate::answer;
use crate::digest::sha256_hex;
use crate::gate::Moment;
use crate::server::Identified;

/// The client whose certificate the server trusts: all of them are one.
const CERTIFIED: &str = "gridlink";

#[derive(Debug)]
pub(crate) struct Tokens {
    /// Secrets by client id.
    clients: BTreeMap<String, String>,
    /// API keys by themselves, for the collaboration contract only.
    api_keys: BTreeMap<String, String>,
    /// Client and end of life by token.
    issued: BTreeMap<String, (String, OffsetDateTime)>,
    /// The last token of each client.
    last: BTreeMap<String, String>,
}

impl Default for Tokens {
    fn default() -> Tokens {
        let clients = [("gridlink".to_owned(), "gridlink".to_owned())].into();
        let api_keys = [("gridlink-api-key".to_owned(), "gridlink".to_owned())].into();
        Tokens {
            clients,
            api_keys,
            issued: BTreeMap::new(),
            last: BTreeMap::new(),
        }
    }
}

/// Whose credentials a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Access {
    Client(String),
    Expired,
    Unknown,
}

impl Tokens {
    pub(crate) fn add_client(&mut self, id: &str, secret: &str) {
        self.clients.insert(id.to_owned(), secret.to_owned());
    }

    pub(crate) fn expire(&mut self, now: OffsetDateTime) {
        for (_, expires) in self.issued.values_mut() {
            *expires = (*expires).min(now);
        }
    }

    pub(crate) fn access(&self, guesses: &Guesses, parts: &Parts, moment: Moment) -> Access {
        let is_ours = parts.uri.path().starts_with("/collaboration/");
        let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let Some((scheme, credentials)) = header("authorization").and_then(|header| header.split_once(' ')) else {
            let key = header("x-api-key").filter(|_| is_ours);
            let by_key = key.and_then(|key| self.api_keys.get(key)).cloned();
            let is_heard = is_ours || guesses.published_services_take_certificates;
            let is_identified = is_heard && key.is_none() && parts.extensions.get::<Identified>().is_some();
            let client = by_key.or_else(|| is_identified.then(|| CERTIFIED.to_owned()));
            return client.map_or(Access::Unknown, Access::Client);
        };
        if is_ours && scheme.eq_ignore_ascii_case("basic") {
            return self.client(credentials).map_or(Access::Unknown, Access::Client);
        }
        match self.issued.get(credentials.trim()).filter(|_| scheme == "Bearer") {
            None => Access::Unknown,
            Some((client, expires)) if moment.accepts(*expires) => Access::Client(client.clone()),
            Some(_) => Access::Expired,
        }
    }

    /// The client of basic credentials.
    fn client(&self, credentials: &str) -> Option<String> {
        let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        (self.clients.get(id)? == secret).then(|| id.to_owned())
    }

    fn issue(&mut self, client: &str, life: i64, is_reused: bool, now: OffsetDateTime) -> (String, i64) {
        let last = self
            .last
            .get(client)
            .and_then(|token| Some((token, self.issued.get(token)?)));
        let is_alive = |expires: OffsetDateTime| is_reused && now + Duration::SECOND <= expires;
        if let Some((token, (_, expires))) = last.filter(|(_, (_, expires))| is_alive(*expires)) {
            return (token.clone(), (*expires - now).whole_seconds());
        }
        let token = sha256_hex(format!("trading grid token {client} {}", self.issued.len()).as_bytes());
        let issued = (client.to_owned(), now + Duration::seconds(life));
        self.issued.insert(token.clone(), issued);
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
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| state.tokens.client(credentials))?
}
