//! Who a request comes from: a bearer token, Basic, an API key or a session.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::{AUTHORIZATION, HeaderName};
use http::request::Parts;

use super::engine::{Row, State};
use super::guards;
use super::sessions;
use super::values::same_text;
use crate::gate::{Credentials, Moment};

/// Why a request comes from nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stranger {
    Unknown,
    /// The session is somebody's, but its user token is missing; this one is right.
    WithoutUserToken(String),
    /// The password is right, but a second factor is demanded.
    WithoutSecondFactor,
}

/// The `user_name` behind a request.
pub(crate) fn of(state: &State, parts: &Parts, moment: Moment) -> Result<String, Stranger> {
    let user = match parts.headers.get(AUTHORIZATION) {
        Some(header) => authorized(state, header, moment)?,
        None => match state.api_keys.user_of(parts, moment) {
            Some(user) => user.to_owned(),
            None => of_session(state, parts, moment)?,
        },
    };
    match moment.credentials {
        Credentials::Judge if !is_admitted(state, &user) => Err(Stranger::Unknown),
        Credentials::Judge | Credentials::WereGood => Ok(user),
    }
}

/// The user of that name and password, whoever may log in.
pub(crate) fn with_password(state: &State, user_name: &str, password: &str) -> Option<String> {
    let user = find(state, user_name)?;
    let is_right = !password.is_empty() && user.get("user_password") == password;
    (is_right && is_admitted(state, user_name)).then(|| user.get("user_name").to_owned())
}

/// Whether a user is no person, and so kept from everything that is no API.
pub(crate) fn is_machine(state: &State, user_name: &str) -> bool {
    find(state, user_name).is_some_and(|user| user.get("identity_type") == "machine")
}

/// Whether a user may call web services, but not log in.
pub(crate) fn is_for_web_services_only(state: &State, user_name: &str) -> bool {
    find(state, user_name).is_some_and(|user| user.get("web_service_access_only") == "true")
}

/// Whether a user exists and is neither inactive nor locked out.
pub(crate) fn is_admitted(state: &State, user_name: &str) -> bool {
    find(state, user_name).is_some_and(|user| user.get("active") == "true" && user.get("locked_out") != "true")
}

fn authorized(state: &State, header: &HeaderValue, moment: Moment) -> Result<String, Stranger> {
    let header = header.to_str().map_err(|_| Stranger::Unknown)?;
    let (scheme, credentials) = header.split_once(' ').ok_or(Stranger::Unknown)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        let user = state.tokens.user_of(credentials.trim(), moment);
        return user.map(str::to_owned).ok_or(Stranger::Unknown);
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Stranger::Unknown);
    }
    let (user, password) = basic(credentials).ok_or(Stranger::Unknown)?;
    let user = with_password(state, &user, &password).ok_or(Stranger::Unknown)?;
    if state.guesses.basic_needs_mfa {
        return Err(Stranger::WithoutSecondFactor);
    }
    if is_kept_from_basic(state, &user) {
        return Err(Stranger::Unknown);
    }
    Ok(user)
}

/// Name and password, or client id and secret, of a Basic header.
pub(crate) fn basic(credentials: &str) -> Option<(String, String)> {
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (name, password) = decoded.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

/// The restriction of Basic, which an administrator enforces: only who has no other way may still use it.
fn is_kept_from_basic(state: &State, user_name: &str) -> bool {
    let is_enforced = state.property("glide.authenticate.basic_auth.restriction.enforce", "false") == "true";
    is_enforced
        && !is_for_web_services_only(state, user_name)
        && !guards::has_role(state, user_name, "snc_basic_auth_api_access")
}

fn of_session(state: &State, parts: &Parts, moment: Moment) -> Result<String, Stranger> {
    let session = state.sessions.id_of(parts, moment.at).ok_or(Stranger::Unknown)?;
    let user = state.sessions.user_of(parts, moment.at).ok_or(Stranger::Unknown)?;
    let right = sessions::user_token(session);
    let sent = parts.headers.get(HeaderName::from_static("x-usertoken"));
    if sent.is_some_and(|sent| sent.as_bytes() == right.as_bytes()) {
        Ok(user.to_owned())
    } else {
        Err(Stranger::WithoutUserToken(right))
    }
}

/// A user by name, in other letters too if nobody has that very name.
fn find<'a>(state: &'a State, user_name: &str) -> Option<&'a Row> {
    let users = state.rows("sys_user");
    let exact = users.iter().find(|user| user.get("user_name") == user_name);
    let same = || {
        let ignores_case = state.guesses.text_ignores_case;
        let is_same = |user: &&&Row| same_text(user.get("user_name"), user_name, ignores_case);
        users.iter().find(is_same)
    };
    exact.or_else(same).copied()
}
