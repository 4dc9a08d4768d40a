//! Which surface serves a path, and for whom.

use bytes::Bytes;
use http::header::HeaderName;
use http::request::Parts;
use http::{Response, StatusCode};

use super::lens::{self, Searcher};
use super::oauth::{self, Access};
use super::problems::{Kind, Problem, gateway_fault};
use super::state::State;
use super::{collaboration, community};
use crate::answer;
use crate::digest::derived_id;
use crate::gate::Moment;

pub(crate) fn serve(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    state.requests += 1;
    let request_id = derived_id("trading grid request", state.requests);
    let path: Vec<&str> = parts.uri.path().split('/').skip(1).collect();
    let mut response = match path.as_slice() {
        ["v1", "oauth2", "tokens"] => oauth::serve(state, moment.at, parts, body),
        _ => match state.tokens.access(&state.guesses, parts, moment) {
            Access::Client(client) => surface(state, moment, &client, &path, parts, body, &request_id),
            denied @ (Access::Expired | Access::Unknown) => unauthorized(state, &denied, &request_id),
        },
    };
    state.rename_after(parts.uri.path());
    answer::set(&mut response, HeaderName::from_static("x-request-id"), &request_id);
    response
}

fn surface(
    state: &mut State,
    moment: Moment,
    client: &str,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
    request_id: &str,
) -> Response<Bytes> {
    match path {
        ["TGCommunityServices", "v1", rest @ ..] => {
            community::serve(&mut state.members, &state.guesses, rest, parts, body)
        }
        ["visibility_transaction_search"] => {
            let searcher = Searcher {
                client,
                now: moment.at,
                guesses: &state.guesses,
            };
            lens::serve(&mut state.lens, &searcher, parts, body)
        }
        ["collaboration", "v1", rest @ ..] => {
            let world = &mut state.collaboration;
            world.tells_own_writes = state.guesses.feed_tells_own_writes;
            collaboration::serve(world, &state.members, client, moment.at, rest, parts, body)
                .unwrap_or_else(|problem| problem.answer(request_id))
        }
        _ => Problem::new(Kind::NotFound, "There is no such resource.").answer(request_id),
    }
}

fn unauthorized(state: &State, denied: &Access, request_id: &str) -> Response<Bytes> {
    let (text, code) = match denied {
        Access::Expired => ("Access Token expired", "keymanagement.service.access_token_expired"),
        Access::Client(_) | Access::Unknown => ("Invalid Access Token", "keymanagement.service.invalid_access_token"),
    };
    if state.guesses.unauthorized_is_a_gateway_fault {
        gateway_fault(StatusCode::UNAUTHORIZED, text, code)
    } else {
        Problem::new(Kind::Unauthorized, text).answer(request_id)
    }
}
