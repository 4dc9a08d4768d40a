//! `POST /oauth_token.do`, and who a request comes from.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;
use time::{Duration, OffsetDateTime};

use super::engine::State;
use super::errors;
use crate::answer;
use crate::digest::sha256_hex;
use crate::gate::Moment;

/// Tokens, clients and passwords of an instance.
#[derive(Debug, Clone)]
pub(crate) struct Tokens {
    /// Secret and user name by client id.
    clients: BTreeMap<String, (String, String)>,
    /// Passwords by user name.
    passwords: BTreeMap<String, String>,
    issued: BTreeMap<String, Token>,
}

#[derive(Debug, Clone)]
struct Token {
    client: String,
    user: String,
    expires: OffsetDateTime,
}

impl Default for Tokens {
    fn default() -> Tokens {
        let client = ("gridlink".to_owned(), INTEGRATION_USER.to_owned());
        Tokens {
            clients: [("gridlink".to_owned(), client)].into(),
            passwords: [("admin".to_owned(), "admin".to_owned())].into(),
            issued: BTreeMap::new(),
        }
    }
}

/// Off on a new instance; the documentation says to create it.
pub(crate) const GRANT_PROPERTY: &str = "glide.oauth.inbound.client.credential.grant_type.enabled";

/// The user that the OAuth client acts as.
pub const INTEGRATION_USER: &str = "gridlink.integration";

impl Tokens {
    pub(crate) fn add_client(&mut self, id: &str, secret: &str, user: &str) {
        self.clients.insert(id.to_owned(), (secret.to_owned(), user.to_owned()));
    }

    /// Ends the life of all tokens.
    pub(crate) fn expire(&mut self, now: OffsetDateTime) {
        for token in self.issued.values_mut() {
            token.expires = token.expires.min(now);
        }
    }

    /// The user name behind a request.
    pub(crate) fn user_of(&self, parts: &Parts, moment: Moment) -> Option<String> {
        let header = parts.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, credentials) = header.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            let token = self.issued.get(credentials.trim())?;
            return moment.accepts(token.expires).then(|| token.user.clone());
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        (self.passwords.get(user)? == password).then(|| user.to_owned())
    }

    /// The living token of a client, or a new one; with its remaining seconds.
    fn issue(&mut self, client: &str, user: &str, life: i64, now: OffsetDateTime) -> (String, i64) {
        let living = self
            .issued
            .iter()
            .find(|(_, token)| token.client == client && token.user == user && now + Duration::SECOND <= token.expires);
        if let Some((text, token)) = living {
            return (text.clone(), (token.expires - now).whole_seconds());
        }
        let text = sha256_hex(format!("servicenow token {client} {}", self.issued.len()).as_bytes());
        let expires = now + Duration::seconds(life);
        self.issued.insert(
            text.clone(),
            Token {
                client: client.to_owned(),
                user: user.to_owned(),
                expires,
            },
        );
        (text, life)
    }
}

/// The token endpoint: client credentials, in a form only.
pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if parts.method != Method::POST {
        return errors::failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None);
    }
    let content_type = parts
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return denied();
    }
    let form: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
    let get = |name: &str| form.get(name).map_or("", String::as_str);
    let client = get("client_id");
    let user = match state.tokens.clients.get(client) {
        Some((secret, user)) if secret == get("client_secret") => user.clone(),
        _ => return denied(),
    };
    let is_enabled = state.property(GRANT_PROPERTY, "false") == "true";
    if get("grant_type") != "client_credentials" || !is_enabled {
        return denied();
    }
    let life = state.guesses.token_life_seconds;
    let (token, remaining) = state.tokens.issue(client, &user, life, now);
    answer::json(
        StatusCode::OK,
        &json!({ "access_token": token, "scope": "useraccount", "token_type": "Bearer", "expires_in": remaining }),
    )
}

/// The one answer for almost every misconfiguration.
fn denied() -> Response<Bytes> {
    let body = json!({ "error": "server_error", "error_description": "access_denied" });
    answer::json(StatusCode::UNAUTHORIZED, &body)
}
