//! `/api/now/tinyurl`: a short name for a long query, which the Table API takes as `sysparm_tiny`.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::engine::{Act, Row, State};
use super::errors::{Refusal, failure};
use super::parameters::{self, Parameters};
use super::{attachments, owned, table_api};
use crate::answer;
use crate::digest::derived_id;

const TABLE: &str = "sys_tiny_url";

/// Serves the path after `/api/now/tinyurl`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let answered = match (parameters::method(parts), path) {
        (Method::POST, []) => shorten(state, act, parts, body),
        (Method::GET, [tiny]) => look_up(state, tiny, parts),
        (_, [] | [_]) => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => Err(attachments::unknown_uri()),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

/// The parameters, with those that their `sysparm_tiny` stands for.
pub(crate) fn expand(state: &mut State, parameters: Parameters) -> Parameters {
    let Some(tiny) = parameters.get("sysparm_tiny").map(str::to_owned) else {
        return parameters;
    };
    match find(state, &tiny).map(|row| row.get("data").to_owned()) {
        Some(stored) => parameters.and_stored(&stored),
        None => {
            state.ignored.push(format!("there is no tiny URL {tiny:?}"));
            parameters
        }
    }
}

fn shorten(state: &mut State, act: Act<'_>, parts: &Parts, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let fields = table_api::fields(state, body)?;
    let url = fields.get("url").filter(|url| !url.is_empty());
    let url = url.ok_or_else(|| Refusal::bad_request("Missing parameter", "The member url is required"))?;
    let shortest = state.property("glide.tiny_url_min_length", "1024");
    let is_short = url.len() < shortest.parse().unwrap_or(1024) && state.guesses.short_url_stays_long;
    let result = match url.split_once('?') {
        Some((page, data)) if !is_short => {
            let tiny = derived_id("tiny url", data);
            if find(state, &tiny).is_none() {
                let script = act.as_script();
                state.insert(script, TABLE, &owned(&[("tiny_url", &tiny), ("data", data)]))?;
            }
            format!("{page}?sysparm_tiny={tiny}")
        }
        _ => url.clone(),
    };
    let status = StatusCode::from_u16(state.guesses.tiny_url_status).unwrap_or(StatusCode::OK);
    Ok(answer::json(status, &json!({ "result": result })))
}

/// The parameters that a tiny URL stands for.
fn look_up(state: &State, tiny: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let row = find(state, tiny).ok_or(Refusal::NoRecord)?;
    let stored = url::form_urlencoded::parse(row.get("data").as_bytes());
    let stored: Map<String, Value> = stored
        .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
        .collect();
    Ok(answer::json(StatusCode::OK, &json!({ "result": stored })))
}

fn find<'a>(state: &'a State, tiny: &str) -> Option<&'a Row> {
    state.rows(TABLE).into_iter().find(|row| row.get("tiny_url") == tiny)
}
