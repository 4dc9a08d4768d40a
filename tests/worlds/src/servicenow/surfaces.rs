//! Which business surface serves a path: cases, accounts and contacts, the service catalog, knowledge.
//!
//! Each of them also answers under a version, as in `/api/sn_sc/v1/servicecatalog/items`.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::request::Parts;
use http::{Method, Response};

use super::engine::{Act, State};
use super::errors::Refusal;
use super::guards;
use super::guesses::Guesses;
use super::parameters;
use super::route::Route;
use super::{cases, catalog, knowledge};

/// Who asks without credentials, where that is allowed.
pub(crate) const GUEST: &str = "guest";

/// Serves the route if it belongs to one of the surfaces.
pub(crate) fn serve(
    state: &mut State,
    act: Act<'_>,
    route: Route<'_>,
    parts: &Parts,
    body: &Bytes,
) -> Option<Response<Bytes>> {
    match (route.space, route.rest) {
        ("sn_customerservice", ["case", rest @ ..]) => Some(cases::serve(state, act, rest, parts, body)),
        ("now", ["account", rest @ ..]) => Some(cases::serve_accounts(state, act, rest, parts)),
        ("now", ["contact", rest @ ..]) => Some(cases::serve_contacts(state, act, rest, parts)),
        ("sn_sc", ["servicecatalog", rest @ ..]) => Some(catalog::serve(state, act, rest, parts, body)),
        ("sn_km_api", ["knowledge", "articles", rest @ ..]) => Some(knowledge::serve(state, act, rest, parts)),
        _ => None,
    }
}

/// The guest, for a request without credentials to what is public.
pub(crate) fn guest(state: &State, path: &[&str], parts: &Parts) -> Option<String> {
    let is_anonymous = !parts.headers.contains_key(AUTHORIZATION);
    let is_knowledge = path.starts_with(&["api", "sn_km_api"]);
    (is_anonymous && is_knowledge && state.guesses.knowledge.is_public).then(|| GUEST.to_owned())
}

/// As for every API, but a write without a body needs no `Content-Type`.
pub(crate) fn check_headers(parts: &Parts, body: &Bytes, guesses: &Guesses) -> Result<(), Refusal> {
    if body.is_empty() && parameters::method(parts) != Method::GET {
        return match parameters::header(parts, &ACCEPT) {
            "" => Err(Refusal::bad_request("Missing header", "The header Accept is required")),
            _ => Ok(()),
        };
    }
    parameters::check_headers(parts, guesses)
}

/// Whether a user has one of the roles, given with commas between; `admin` has all.
pub(crate) fn has_role(state: &State, user_name: &str, roles: &str) -> bool {
    let mut roles = roles.split(',').map(str::trim);
    roles.any(|role| guards::has_role(state, user_name, role))
}
