//! The collaboration contract, served under `/collaboration/v1`.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HeaderName};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::json;

use super::oauth::{self, Bearer};
use super::problems::{gateway_fault, problem};
use super::state::{State, key};
use crate::answer;
use crate::digest::{derived_id, repr_digest};
use crate::gate::Moment;

pub(crate) fn serve(state: &mut State, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
    state.requests += 1;
    let request_id = derived_id("trading grid request", state.requests);
    let path: Vec<&str> = parts
        .uri
        .path()
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let mut response = match path.as_slice() {
        ["v1", "oauth2", "tokens"] => oauth::serve(state, moment.at, parts, body),
        ["collaboration", "v1", rest @ ..] => resource(state, moment, rest, parts, &request_id),
        _ => problem(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such resource.",
            &request_id,
        ),
    };
    answer::set(&mut response, HeaderName::from_static("x-request-id"), &request_id);
    response
}

fn resource(state: &State, moment: Moment, path: &[&str], parts: &Parts, request_id: &str) -> Response<Bytes> {
    let bearer = state.tokens.bearer(parts, moment);
    if bearer != Bearer::Good {
        return unauthorized(state, bearer, request_id);
    }
    let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
    let found = match path {
        ["issues", company, issue] if is_read => issue_of(state, company, issue),
        ["documents", company, document, "content"] if is_read => content_of(state, company, document),
        ["issues", _, _] | ["documents", _, _, "content"] => {
            let detail = "This resource can only be read.";
            return problem(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", detail, request_id);
        }
        _ => None,
    };
    found.unwrap_or_else(|| {
        problem(
            StatusCode::NOT_FOUND,
            "not-found",
            "There is no such resource for this company.",
            request_id,
        )
    })
}

fn issue_of(state: &State, company: &str, issue: &str) -> Option<Response<Bytes>> {
    let issue = state.issues.get(&key(company, issue))?;
    Some(answer::json(StatusCode::OK, &json!(issue)))
}

fn content_of(state: &State, company: &str, document: &str) -> Option<Response<Bytes>> {
    let document = state.documents.get(&key(company, document))?;
    let mut response = answer::typed(StatusCode::OK, &document.reference.media_type, document.bytes.clone());
    answer::set(&mut response, CONTENT_LENGTH, &document.bytes.len().to_string());
    // Of the bytes that are sent: a source that changed its document says so honestly.
    answer::set(
        &mut response,
        HeaderName::from_static("repr-digest"),
        &repr_digest(&document.bytes),
    );
    Some(response)
}

fn unauthorized(state: &State, bearer: Bearer, request_id: &str) -> Response<Bytes> {
    let (text, code) = match bearer {
        Bearer::Expired => ("Access Token expired", "keymanagement.service.access_token_expired"),
        Bearer::Good | Bearer::Unknown => ("Invalid Access Token", "keymanagement.service.invalid_access_token"),
    };
    if state.guesses.unauthorized_is_a_gateway_fault {
        gateway_fault(StatusCode::UNAUTHORIZED, text, code)
    } else {
        problem(StatusCode::UNAUTHORIZED, "unauthorized", text, request_id)
    }
}
