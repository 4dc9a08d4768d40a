//! `/api/now/import/{staging}`: a row for a staging table, transformed at once by the maps of that table.
//!
//! A staging table extends `sys_import_set_row`; its maps are rows of `sys_transform_map` with their fields in
//! `sys_transform_entry`. Scripts of maps do not run. The answer has no `result` around it.

mod transform;
mod values;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::attachments::unknown_uri;
use super::engine::{Act, Fields, State};
use super::errors::{Refusal, failure};
use super::guards::{self, acl};
use super::{owned, parameters};
use crate::answer;
use transform::Outcome;

const ROWS: &str = "sys_import_set_row";
const SETS: &str = "sys_import_set";

/// Serves the path after `/api/now/import`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let answered = match (parameters::method(parts), path) {
        (Method::POST, [staging]) => import(state, act, staging, parts, body),
        (Method::GET, [staging, sys_id]) => look_up(state, act, staging, sys_id, parts),
        (_, [_] | [_, _]) => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => Err(unknown_uri()),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn import(
    state: &mut State,
    act: Act<'_>,
    staging: &str,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    demand_staging(state, staging)?;
    let mut fields = fields(state, body)?;
    let script = act.as_script();
    let import_set = import_set(state, script, staging)?;
    fields.insert("sys_import_set".to_owned(), import_set.clone());
    fields.insert("sys_import_state".to_owned(), "pending".to_owned());
    let row = state.insert(act, staging, &fields)?;
    let mut results = Vec::new();
    for map in transform::maps(state, staging) {
        let outcome = transform::run(state, script, staging, &row, &map);
        let said = owned(&[
            ("sys_import_state", outcome.status.name()),
            ("sys_transform_map", &map),
            ("sys_target_table", &outcome.table),
            ("sys_target_sys_id", &outcome.sys_id),
            ("sys_import_state_comment", &outcome.comment),
        ]);
        state.update(script, staging, &row, &said)?;
        results.push(described(state, &map, &outcome));
    }
    Ok(answer::json(
        StatusCode::CREATED,
        &imported(state, staging, &import_set, results),
    ))
}

/// What became of a staging row; of several maps, the last one.
fn look_up(
    state: &State,
    act: Act<'_>,
    staging: &str,
    sys_id: &str,
    parts: &Parts,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    demand_staging(state, staging)?;
    let row = acl::visible(state, act, staging, sys_id)?;
    let map = row.get("sys_transform_map");
    let results = if map.is_empty() {
        Vec::new()
    } else {
        vec![described(state, map, &Outcome::of_row(row))]
    };
    Ok(answer::json(
        StatusCode::OK,
        &imported(state, staging, row.get("sys_import_set"), results),
    ))
}

fn imported(state: &State, staging: &str, import_set: &str, results: Vec<Value>) -> Value {
    let number = state.find(SETS, import_set).map_or("", |set| set.get("number"));
    json!({ "import_set": number, "staging_table": staging, "result": results })
}

fn described(state: &State, map: &str, outcome: &Outcome) -> Value {
    let map = state.find(transform::MAPS, map).map_or("", |map| map.get("name"));
    let table = outcome.table.as_str();
    let display = state.dictionary.table(table).map_or("", |table| table.display.as_str());
    let target = state.find(table, &outcome.sys_id);
    let mut result = Map::new();
    let mut add = |name: &str, value: &str| result.insert(name.to_owned(), value.into());
    add("transform_map", map);
    add("table", table);
    add("status", outcome.status.name());
    if let Some(target) = target {
        let link = format!("{}/api/now/table/{table}/{}", state.base_url, outcome.sys_id);
        add("display_name", display);
        add("display_value", target.get(display));
        add("record_link", &link);
        add("sys_id", &outcome.sys_id);
    }
    if !outcome.comment.is_empty() {
        add(outcome.status.comment_name(), &outcome.comment);
    }
    Value::Object(result)
}

fn demand_staging(state: &State, staging: &str) -> Result<(), Refusal> {
    if staging == ROWS || !state.dictionary.is_a(staging, ROWS) {
        return Err(Refusal::InvalidTable(staging.to_owned()));
    }
    guards::check_table(state, staging)
}

/// The import set of the request.
fn import_set(state: &mut State, script: Act<'_>, staging: &str) -> Result<String, Refusal> {
    let sets = state.rows(SETS);
    let open = sets.iter().find(|set| set.get("table_name") == staging);
    match open.map(|set| set.get("sys_id").to_owned()) {
        Some(open) if state.guesses.import_set_is_reused => Ok(open),
        Some(_) | None => state.insert(script, SETS, &owned(&[("table_name", staging), ("state", "loaded")])),
    }
}

fn fields(state: &State, body: &Bytes) -> Result<Fields, Refusal> {
    let sent = serde_json::from_slice(body).ok();
    let Some(Value::Object(sent)) = sent else {
        return Err(Refusal::bad_request(
            &state.guesses.invalid_json_message,
            "The payload is not valid JSON.",
        ));
    };
    let fields = sent.into_iter().map(|(name, value)| (name, text(&value)));
    Ok(fields.filter(|(name, _)| !name.starts_with("sys_")).collect())
}

/// Nested values become text of another kind than JSON, as the documentation warns.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("{name}={}", text(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(", "))
        }
    }
}
