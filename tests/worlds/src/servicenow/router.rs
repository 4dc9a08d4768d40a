//! Which part of the instance serves a path, and for whom.

use bytes::Bytes;
use http::header::{COOKIE, HeaderName, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{Response, StatusCode};
use time::OffsetDateTime;

use super::engine::{Act, State};
use super::guards::{self, rate_limits};
use super::identity::{self, Stranger};
use super::route::{Route, segments};
use super::table_api::Target;
use super::{
    app, attachments, batch, email, import_sets, log_in, oauth, parameters, statistics, surfaces, table_api, tiny_urls,
};
use crate::answer;
use crate::digest::derived_id;
use crate::gate::Moment;

pub(crate) fn serve(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if url_length(parts) > state.guesses.longest_url {
        return too_long(state);
    }
    match segments(parts).as_slice() {
        ["oauth_token.do"] => return oauth::serve(state, moment.at, parts, body),
        ["angular.do"] => return log_in::serve(state, moment, parts, body),
        ["sn_appclient_upload_processor.do"] => return app::receive(state, moment, parts, body),
        ["api", ..] => {}
        _ => return no_such_page(),
    }
    if parts.headers.contains_key(COOKIE) {
        state
            .ignored
            .push("a cookie was sent: requests of one session wait for each other".to_owned());
    }
    let caller = identity::of(state, parts, moment);
    let caller = caller.or_else(|stranger| surfaces::guest(state, &segments(parts), parts).ok_or(stranger));
    let mut response = match &caller {
        Ok(user) => {
            let act = Act::caller(moment.at, user);
            let path = segments(parts);
            let mut response = rate_limits::limited(state, act, Route::of(&path), parts, |state| {
                api(state, act, &path, parts, body)
            });
            finish(state, parts, &mut response, user != surfaces::GUEST);
            response
        }
        Err(stranger) => {
            let mut response = log_in::refused(state, stranger);
            decorate(state, &mut response, matches!(stranger, Stranger::WithoutUserToken(_)));
            response
        }
    };
    keep_session(state, moment.at, parts, caller.ok().as_deref(), &mut response);
    response
}

/// One transaction of the API: a request with its own effect and its own answer.
pub(crate) fn transaction(state: &mut State, act: Act<'_>, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let mut response = api(state, act, &segments(parts), parts, body);
    finish(state, parts, &mut response, true);
    response
}

fn finish(state: &mut State, parts: &Parts, response: &mut Response<Bytes>, is_logged_in: bool) {
    if parameters::is_head(parts) {
        *response.body_mut() = Bytes::new();
    }
    decorate(state, response, is_logged_in);
}

fn api(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let route = Route::of(path);
    if let Err(refusal) = guards::check_api(state, act, route, parts, body) {
        return refusal.answer(&state.guesses);
    }
    if !matches!(route.version, None | Some("v1" | "v2")) {
        return attachments::unknown_uri().answer(&state.guesses);
    }
    if let Some(response) = surfaces::serve(state, act, route, parts, body) {
        return response;
    }
    if let Some(response) = app::serve(state, act, route, parts, body) {
        return response;
    }
    if let ("sn_cicd", ["progress", id]) = (route.space, route.rest) {
        return app::progress(id);
    }
    let is_version_1 = route.version == Some("v1");
    let rest = if route.space == "now" { route.rest } else { &[] };
    match rest {
        ["table", table] => table_api::serve(
            state,
            act,
            Target {
                table,
                sys_id: None,
                is_version_1,
            },
            parts,
            body,
        ),
        ["table", table, sys_id] => table_api::serve(
            state,
            act,
            Target {
                table,
                sys_id: Some(sys_id),
                is_version_1,
            },
            parts,
            body,
        ),
        ["attachment", rest @ ..] => attachments::serve(state, act, rest, parts, body),
        ["attachment_csm", rest @ ..] => attachments::csm::serve(state, act, rest, parts, body),
        ["batch"] if is_version_1 || (route.version.is_some() && state.guesses.batch_has_version_2) => {
            batch::serve(state, act, parts, body)
        }
        ["stats", table] => statistics::serve(state, act, table, parts),
        ["tinyurl", rest @ ..] => tiny_urls::serve(state, act, rest, parts, body),
        ["email", rest @ ..] => email::serve(state, act, rest, parts, body),
        ["import", rest @ ..] => import_sets::serve(state, act, rest, parts, body),
        _ => attachments::unknown_uri().answer(&state.guesses),
    }
}

/// The headers of every answer of the API.
pub(crate) fn decorate(state: &mut State, response: &mut Response<Bytes>, is_logged_in: bool) {
    state.transactions += 1;
    let id = derived_id("transaction", state.transactions);
    let mut set = |name, value: &str| answer::set(response, HeaderName::from_static(name), value);
    set("x-transaction-id", &id[..12]);
    set("x-is-logged-in", if is_logged_in { "true" } else { "false" });
    // The world takes no time.
    set("server-timing", "wall;dur=0");
    answer::set(
        response,
        STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    );
}

/// Keeps the session of a request alive, or gives it one.
pub(crate) fn keep_session(
    state: &mut State,
    now: OffsetDateTime,
    parts: &Parts,
    user: Option<&str>,
    response: &mut Response<Bytes>,
) {
    match state.sessions.id_of(parts, now) {
        Some(session) => state.sessions.keep(session, user, now),
        None => {
            let session = state.sessions.open(user, now);
            set_session(state, response, &session);
        }
    }
}

pub(crate) fn set_session(state: &State, response: &mut Response<Bytes>, session: &str) {
    // A browser would not send a secure cookie back to a plain world.
    let secure = if state.base_url.starts_with("https:") {
        "; SameSite=None; Secure"
    } else {
        ""
    };
    let cookie = format!("JSESSIONID={session}; Path=/; HttpOnly{secure}");
    answer::set(response, SET_COOKIE, &cookie);
}

/// What is no API and no page of this world.
pub(crate) fn no_such_page() -> Response<Bytes> {
    page(StatusCode::NOT_FOUND, "Not found")
}

/// The web server before the platform refuses it, so there is no JSON.
fn too_long(state: &State) -> Response<Bytes> {
    let status = StatusCode::from_u16(state.guesses.long_url_status).unwrap_or(StatusCode::URI_TOO_LONG);
    page(status, "URI Too Long")
}

fn page(status: StatusCode, text: &str) -> Response<Bytes> {
    let html = format!("<html><body>{text}</body></html>");
    answer::typed(status, "text/html;charset=UTF-8", html)
}

fn url_length(parts: &Parts) -> usize {
    parts.uri.path().len() + parts.uri.query().map_or(0, |query| query.len() + 1)
}
