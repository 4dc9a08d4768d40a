//! Which part of the instance serves a path, and for whom.

use bytes::Bytes;
use http::header::{COOKIE, HeaderName, SET_COOKIE, STRICT_TRANSPORT_SECURITY};
use http::request::Parts;
use http::{Response, StatusCode};

use super::engine::{Act, State};
use super::table_api::Target;
use super::{attachments, errors, oauth, surfaces, table_api};
use crate::answer;
use crate::digest::derived_id;
use crate::gate::Moment;

pub(crate) fn serve(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let path: Vec<&str> = parts
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    if path == ["oauth_token.do"] {
        return oauth::serve(state, moment.at, parts, body);
    }
    if path.first() != Some(&"api") {
        return answer::typed(
            StatusCode::NOT_FOUND,
            "text/html;charset=UTF-8",
            "<html><body>Not found</body></html>",
        );
    }
    if parts.headers.contains_key(COOKIE) {
        state
            .ignored
            .push("a cookie was sent: requests of one session wait for each other".to_owned());
    }
    let user = state.tokens.user_of(parts, moment);
    let user = user.or_else(|| surfaces::guest(state, &path, parts));
    let mut response = match &user {
        None => errors::unauthenticated(&state.guesses),
        Some(user) => {
            let act = Act {
                at: moment.at,
                by: user,
                is_script: false,
            };
            api(state, act, &path, parts, body)
        }
    };
    decorate(state, &mut response, user.is_some_and(|user| user != surfaces::GUEST));
    response
}

fn api(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    if let Some(response) = surfaces::serve(state, act, path, parts, body) {
        return response;
    }
    let (version, rest) = match path {
        ["api", "now", version @ ("v1" | "v2"), rest @ ..] => (*version, rest),
        ["api", "now", rest @ ..] => ("v2", rest),
        _ => ("v2", [].as_slice()),
    };
    let is_version_1 = version == "v1";
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
        _ => attachments::unknown_uri().answer(&state.guesses),
    }
}

/// The headers of every answer of the API.
fn decorate(state: &mut State, response: &mut Response<Bytes>, is_logged_in: bool) {
    state.transactions += 1;
    let id = derived_id("transaction", state.transactions);
    answer::set(response, HeaderName::from_static("x-transaction-id"), &id[..12]);
    answer::set(
        response,
        HeaderName::from_static("x-is-logged-in"),
        if is_logged_in { "true" } else { "false" },
    );
    answer::set(
        response,
        STRICT_TRANSPORT_SECURITY,
        "max-age=63072000; includeSubDomains",
    );
    let session = derived_id("session", state.transactions);
    answer::set(
        response,
        SET_COOKIE,
        &format!("JSESSIONID={session}; Path=/; HttpOnly; SameSite=None; Secure"),
    );
}
