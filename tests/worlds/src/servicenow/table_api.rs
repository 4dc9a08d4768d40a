//! `/api/now/table/…`: one record, many records, insert, update, delete.

use bytes::Bytes;
use http::header::{HeaderName, LINK, LOCATION};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::engine::{Act, Fields, State};
use super::errors::{Refusal, failure};
use super::guards::acl::{self, Access, Operation};
use super::guards::{self, business_rules};
use super::input;
use super::locale::Asker;
use super::parameters::{self, Parameters};
use super::query::Query;
use super::{render, tiny_urls};
use crate::answer;

/// What the path of a Table API request names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target<'a> {
    pub(crate) table: &'a str,
    pub(crate) sys_id: Option<&'a str>,
    /// `/api/now/v1/…`, which answers 404 where newer versions answer an empty list.
    pub(crate) is_version_1: bool,
}

pub(crate) fn serve(
    state: &mut State,
    act: Act<'_>,
    target: Target<'_>,
    parts: &Parts,
    body: &Bytes,
) -> Response<Bytes> {
    let answered = answer_to(state, act, target, parts, body);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn answer_to(
    state: &mut State,
    act: Act<'_>,
    target: Target<'_>,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let table = target.table;
    if state.dictionary.table(table).is_none() {
        return Err(Refusal::InvalidTable(table.to_owned()));
    }
    guards::check_table(state, table)?;
    let parameters = tiny_urls::expand(state, Parameters::of(parts));
    match (parameters::method(parts), target.sys_id) {
        (Method::GET, None) => list(state, act, target, parts, &parameters),
        (Method::GET, Some(sys_id)) => {
            acl::visible(state, act, table, sys_id)?;
            Ok(one(state, act, table, sys_id, StatusCode::OK, &parameters).ok_or(Refusal::NoRecord)?)
        }
        (Method::POST, None) => {
            let fields = sent(state, act, table, &parameters, body)?;
            let sys_id = state.insert(act, table, &fields)?;
            let mut response = written(state, act, target, &sys_id, StatusCode::CREATED, parts, &parameters);
            let location = format!("{}/api/now/table/{table}/{sys_id}", state.base_url);
            answer::set(&mut response, LOCATION, &location);
            Ok(response)
        }
        (Method::PATCH | Method::PUT, Some(sys_id)) => {
            let class = state.find(table, sys_id).ok_or(Refusal::NoRecord)?.class.clone();
            let fields = sent(state, act, &class, &parameters, body)?;
            state.update(act, table, sys_id, &fields)?;
            Ok(written(state, act, target, sys_id, StatusCode::OK, parts, &parameters))
        }
        (Method::DELETE, Some(sys_id)) => {
            state.delete(act, table, sys_id)?;
            Ok(answer::empty(StatusCode::NO_CONTENT))
        }
        _ => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
    }
}

fn list(
    state: &mut State,
    act: Act<'_>,
    target: Target<'_>,
    parts: &Parts,
    parameters: &Parameters,
) -> Result<Response<Bytes>, Refusal> {
    let limit = parameters.number("sysparm_limit", 10_000)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let query = query(state, act, target.table, parameters)?;
    business_rules::before_query(state, act, target.table);
    let view = parameters.view(state, act);
    let found = state.select(target.table, &query);
    let total = found.len();
    if total == 0 && target.is_version_1 {
        return Err(Refusal::NoRecord);
    }
    let page = found.into_iter().skip(offset).take(limit);
    let access = Access::of(state, act);
    let page = page.filter(|row| access.row(Operation::Read, row));
    let rows: Vec<Value> = page
        .map(|row| render::row(state, act, target.table, row, &view))
        .collect();
    let mut response = answer::json(StatusCode::OK, &json!({ "result": rows }));
    if !parameters.is_true("sysparm_no_count") {
        answer::set(
            &mut response,
            HeaderName::from_static("x-total-count"),
            &total.to_string(),
        );
    }
    if !parameters.is_true("sysparm_suppress_pagination_header") && limit > 0 {
        let url = format!("{}{}", state.base_url, parts.uri.path());
        answer::set(&mut response, LINK, &links(&url, parameters, limit, offset, total));
    }
    Ok(response)
}

/// The query of the parameters, if the user may ask it; notes what it ignores.
pub(crate) fn query(state: &mut State, act: Act<'_>, table: &str, parameters: &Parameters) -> Result<Query, Refusal> {
    if let Some(text) = parameters.get("sysparm_query") {
        return encoded_query(state, act, table, text);
    }
    let asker = Asker::of(state, act);
    let mut query = Query::parse(state, table, "", &asker);
    for (field, value) in parameters.filters() {
        query.and_equals(state, &asker, field, value);
    }
    asked_by(state, act, table, query)
}

/// An encoded query, if the user may ask it; notes what it ignores.
pub(crate) fn encoded_query(state: &mut State, act: Act<'_>, table: &str, text: &str) -> Result<Query, Refusal> {
    let query = Query::parse(state, table, text, &Asker::of(state, act));
    asked_by(state, act, table, query)
}

fn asked_by(state: &mut State, act: Act<'_>, table: &str, query: Query) -> Result<Query, Refusal> {
    acl::check_query(state, act, &query)?;
    let invalid = query.invalid.iter();
    let notes = invalid.map(|part| format!("{table} cannot be asked for {part:?}"));
    state.ignored.extend(notes);
    Ok(query.read_by(state, act))
}

pub(crate) fn links(url: &str, parameters: &Parameters, limit: usize, offset: usize, total: usize) -> String {
    let link = |offset, rel| format!("<{url}?{}>;rel=\"{rel}\"", parameters.page(limit, offset));
    let mut links = vec![link(0, "first")];
    if offset > 0 {
        links.push(link(offset.saturating_sub(limit), "prev"));
    }
    let next = offset.saturating_add(limit);
    if next < total {
        links.push(link(next, "next"));
    }
    links.push(link(total.saturating_sub(1) / limit * limit, "last"));
    links.join(",")
}

fn one(
    state: &State,
    act: Act<'_>,
    table: &str,
    sys_id: &str,
    status: StatusCode,
    parameters: &Parameters,
) -> Option<Response<Bytes>> {
    let row = state.find(table, sys_id)?;
    let result = render::row(state, act, table, row, &parameters.view(state, act));
    Some(answer::json(status, &json!({ "result": result })))
}

fn written(
    state: &State,
    act: Act<'_>,
    target: Target<'_>,
    sys_id: &str,
    status: StatusCode,
    parts: &Parts,
    parameters: &Parameters,
) -> Response<Bytes> {
    let without_body = HeaderName::from_static("x-no-response-body");
    if parameters::header(parts, &without_body) == "true" {
        return answer::empty(status);
    }
    one(state, act, target.table, sys_id, status, parameters).expect("what was written is there")
}

/// The fields of a JSON body as they are to be stored in a row of the class.
fn sent(
    state: &mut State,
    act: Act<'_>,
    class: &str,
    parameters: &Parameters,
    body: &Bytes,
) -> Result<Fields, Refusal> {
    let fields = fields(state, body)?;
    if !parameters.is_true("sysparm_input_display_value") {
        return Ok(fields);
    }
    let asker = Asker::of(state, act);
    Ok(input::stored_fields(state, &asker, class, fields))
}

/// The fields of a JSON body; of a list the first object counts.
pub(crate) fn fields(state: &State, body: &Bytes) -> Result<Fields, Refusal> {
    let not_json = || Refusal::bad_request(&state.guesses.invalid_json_message, "The payload is not valid JSON.");
    let sent: Value = serde_json::from_slice(body).map_err(|_| not_json())?;
    let first = match sent {
        Value::Array(items) => items.into_iter().next().ok_or_else(not_json)?,
        other => other,
    };
    let Value::Object(object) = first else {
        return Err(not_json());
    };
    Ok(object
        .into_iter()
        .filter_map(|(name, value)| Some((name, text(value)?)))
        .collect())
}

/// What a JSON value stores; nested values store nothing.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Number(value) => Some(value.to_string()),
        Value::String(value) => Some(value),
        Value::Array(_) | Value::Object(_) => None,
    }
}
