//! `POST /oauth_token.do`: client credentials, password and refresh token.
//!
//! Almost every mistake has the same answer: the reason stands in the instance's log only. Other grants (an
//! authorization code, a JWT) need registrations that this instance does not have, and are refused in the same way.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;
use time::OffsetDateTime;

use super::engine::State;
use super::errors;
use super::identity;
use super::parameters::header;
use super::tokens::Holder;
use crate::answer;

/// Off on a new instance; the documentation says to create it.
pub(crate) const GRANT_PROPERTY: &str = "glide.oauth.inbound.client.credential.grant_type.enabled";

/// The user that the OAuth client acts as.
pub const INTEGRATION_USER: &str = "gridlink.integration";

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if parts.method != Method::POST {
        return errors::failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None);
    }
    granted(state, now, parts, body).unwrap_or_else(denied)
}

fn granted(state: &mut State, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let form = Form::of(state, parts, body)?;
    let (client, secret) = form.client(parts);
    let application_user = state.tokens.application_user(&client, &secret)?.to_owned();
    let (user, is_refreshable) = match form.get("grant_type") {
        "client_credentials" if state.property(GRANT_PROPERTY, "false") == "true" => (application_user, false),
        "password" => {
            let user = identity::with_password(state, form.get("username"), form.get("password"))?;
            (user, true)
        }
        "refresh_token" => {
            let token = form.get("refresh_token");
            let user = state.tokens.refreshed_user(&client, token, now)?;
            (user.to_owned(), true)
        }
        _ => return None,
    };
    if !identity::is_admitted(state, &user) {
        return None;
    }
    let holder = Holder {
        client: &client,
        user: &user,
    };
    let (token, remaining) = state.tokens.access(holder, state.guesses.token_life_seconds, now);
    let mut answered = json!({
        "access_token": token, "scope": "useraccount", "token_type": "Bearer", "expires_in": remaining,
    });
    if is_refreshable {
        let life = state.guesses.refresh_token_life_seconds;
        answered["refresh_token"] = json!(state.tokens.refresh(holder, life, now));
    }
    Some(answer::json(StatusCode::OK, &answered))
}

/// The parameters of a token request; the first of a name counts.
struct Form(Vec<(String, String)>);

impl Form {
    /// None if the body is no form. The query is heard only where a property allows it.
    fn of(state: &State, parts: &Parts, body: &Bytes) -> Option<Form> {
        if !header(parts, &CONTENT_TYPE).starts_with("application/x-www-form-urlencoded") {
            return None;
        }
        let mut parameters: Vec<(String, String)> = url::form_urlencoded::parse(body).into_owned().collect();
        // New instances have the property and it is true.
        if state.property("glide.oauth.allow.parameters.in.post.body.only", "true") != "true" {
            let query = parts.uri.query().unwrap_or_default();
            parameters.extend(url::form_urlencoded::parse(query.as_bytes()).into_owned());
        }
        Some(Form(parameters))
    }

    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// Id and secret of the client: in the form, or else in a Basic header.
    fn client(&self, parts: &Parts) -> (String, String) {
        let in_form = (self.get("client_id").to_owned(), self.get("client_secret").to_owned());
        if !in_form.0.is_empty() && !in_form.1.is_empty() {
            return in_form;
        }
        let header = header(parts, &AUTHORIZATION).split_once(' ');
        header
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, credentials)| identity::basic(credentials))
            .unwrap_or(in_form)
    }
}

/// The one answer for almost every misconfiguration.
fn denied() -> Response<Bytes> {
    let body = json!({ "error": "server_error", "error_description": "access_denied" });
    answer::json(StatusCode::UNAUTHORIZED, &body)
}
