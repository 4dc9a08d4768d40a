//! `…/attachment/{sys_id}/attributes`: what else is known of a file, for example its alternative text.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::answer;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::{Refusal, failure};
use crate::servicenow::guards::acl::{self, Operation};
use crate::servicenow::parameters;
use crate::servicenow::{owned, table_api};

const TABLE: &str = "sys_attachment_attribute";

/// Serves the path after `attributes` of an attachment.
pub(super) fn serve(
    state: &mut State,
    act: Act<'_>,
    attachment: &str,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let operation = match parameters::method(parts) {
        Method::GET => Operation::Read,
        _ => Operation::Write,
    };
    acl::attachment(state, act, operation, attachment)?;
    let script = act.as_script();
    match (parameters::method(parts), path) {
        (Method::GET, []) => {
            let all: Vec<Value> = of(state, attachment).into_iter().map(described).collect();
            Ok(answer::json(StatusCode::OK, &json!({ "result": all })))
        }
        (Method::GET, [key]) => described_one(state, attachment, &decoded(key), StatusCode::OK),
        (Method::POST, []) => add(state, script, attachment, body),
        (Method::PUT, [key]) => {
            let key = decoded(key);
            let sys_id = find(state, attachment, &key)?.get("sys_id").to_owned();
            let value = member(state, body, "value")?;
            state.update(script, TABLE, &sys_id, &owned(&[("value", &value)]))?;
            described_one(state, attachment, &key, StatusCode::OK)
        }
        (Method::DELETE, []) => {
            remove_all(state, attachment);
            Ok(answer::empty(StatusCode::NO_CONTENT))
        }
        (Method::DELETE, [key]) => {
            let sys_id = find(state, attachment, &decoded(key))?.get("sys_id").to_owned();
            state.remove(TABLE, &sys_id);
            Ok(answer::empty(StatusCode::NO_CONTENT))
        }
        (_, [] | [_]) => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => Err(super::unknown_uri()),
    }
}

/// Takes away what is known of a file that goes.
pub(super) fn remove_all(state: &mut State, attachment: &str) {
    let ids: Vec<String> = of(state, attachment)
        .into_iter()
        .map(|row| row.get("sys_id").to_owned())
        .collect();
    for sys_id in ids {
        state.remove(TABLE, &sys_id);
    }
}

/// Adds an attribute; one of that key must not be there yet.
fn add(state: &mut State, script: Act<'_>, attachment: &str, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
    let (key, value) = (member(state, body, "key")?, member(state, body, "value")?);
    if find(state, attachment, &key).is_ok() {
        return Err(refused(&format!("The attribute {key} exists")));
    }
    let fields = owned(&[("attachment", attachment), ("key", &key), ("value", &value)]);
    state.insert(script, TABLE, &fields)?;
    described_one(state, attachment, &key, StatusCode::CREATED)
}

fn described_one(state: &State, attachment: &str, key: &str, status: StatusCode) -> Result<Response<Bytes>, Refusal> {
    let row = find(state, attachment, key)?;
    Ok(answer::json(status, &json!({ "result": described(row) })))
}

fn described(row: &Row) -> Value {
    json!({ "key": row.get("key"), "value": row.get("value") })
}

/// The attributes of a file in the order in which they were added.
fn of<'a>(state: &'a State, attachment: &str) -> Vec<&'a Row> {
    let mut rows = state.rows(TABLE);
    rows.retain(|row| row.get("attachment").eq_ignore_ascii_case(attachment));
    rows.sort_by_key(|row| row.inserted);
    rows
}

fn find<'a>(state: &'a State, attachment: &str, key: &str) -> Result<&'a Row, Refusal> {
    let found = of(state, attachment).into_iter().find(|row| row.get("key") == key);
    found.ok_or(Refusal::NoRecord)
}

fn member(state: &State, body: &Bytes, name: &str) -> Result<String, Refusal> {
    let fields = table_api::fields(state, body)?;
    let value = fields.get(name).filter(|value| !value.is_empty()).cloned();
    value.ok_or_else(|| refused(&format!("The member {name} is required")))
}

/// A key as it stands in a path.
fn decoded(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment)
        .decode_utf8_lossy()
        .into_owned()
}

fn refused(detail: &str) -> Refusal {
    Refusal::bad_request("Invalid attribute", detail)
}
