//! `/api/now/email`: an email to send, and what became of it.
//!
//! It becomes a row of `sys_email` that is ready to be sent; the world sends nothing.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::engine::{Act, Fields, Row, State};
use super::errors::{Refusal, failure};
use super::guards::acl;
use super::parameters::{self, Parameters};
use super::{attachments, owned, roles};
use crate::answer;

const TABLE: &str = "sys_email";

/// How many addresses one list may hold.
const MOST_ADDRESSES: usize = 100;

/// Serves the path after `/api/now/email`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let answered = match (parameters::method(parts), path) {
        (Method::POST, []) => send(state, act, parts, body),
        (Method::GET, [id]) => look_up(state, act, id, parts),
        (_, [] | [_]) => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => Err(attachments::unknown_uri()),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn send(state: &mut State, act: Act<'_>, parts: &Parts, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    roles::require_role(state, act, "email_api_send")?;
    let sent: Value = serde_json::from_slice(body).map_err(|_| refused("The payload is not valid JSON."))?;
    let fields = fields(state, act, &sent)?;
    let id = state.insert(act.as_script(), TABLE, &fields)?;
    let href = format!("/now/v1/email/{id}");
    let links = json!([
        { "rel": "self", "href": href },
        { "rel": "status", "href": format!("{href}?sysparm_fields=id,type,state,error") },
    ]);
    Ok(answer::json(
        StatusCode::OK,
        &json!({ "result": { "id": id, "links": links } }),
    ))
}

fn fields(state: &State, act: Act<'_>, sent: &Value) -> Result<Fields, Refusal> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default();
    let to = addresses(sent, "to")?;
    if to.is_empty() {
        return Err(refused("The list to is required"));
    }
    let (table, record) = (text("table_name"), text("table_record_id"));
    match (table.is_empty(), record.is_empty()) {
        (true, true) => {}
        (false, false) if state.dictionary.table(table).is_none() => {
            return Err(Refusal::InvalidTable(table.to_owned()));
        }
        (false, false) => {
            acl::visible(state, act, table, record).map_err(|_| no_access())?;
        }
        (true, false) | (false, true) => return Err(refused("table_name and table_record_id need each other")),
    }
    let headers = sent.get("headers").filter(|headers| headers.is_object());
    Ok(owned(&[
        ("type", "send-ready"),
        ("state", "ready"),
        ("recipients", &to),
        ("copied", &addresses(sent, "cc")?),
        ("blind_copied", &addresses(sent, "bcc")?),
        ("subject", text("subject")),
        ("body_text", text("text")),
        ("body", text("html")),
        ("importance", text("importance")),
        ("headers", &headers.map_or_else(String::new, Value::to_string)),
        ("target_table", table),
        ("instance", record),
    ]))
}

/// A list of addresses, joined by commas.
fn addresses(sent: &Value, name: &str) -> Result<String, Refusal> {
    let list = match sent.get(name) {
        None | Some(Value::Null) => return Ok(String::new()),
        Some(list) => list
            .as_array()
            .ok_or_else(|| refused(&format!("{name} must be an array")))?,
    };
    if list.len() > MOST_ADDRESSES {
        return Err(refused(&format!("{name} holds more than {MOST_ADDRESSES} addresses")));
    }
    let addresses: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    let addresses = addresses.ok_or_else(|| refused(&format!("{name} must hold strings")))?;
    Ok(addresses.join(","))
}

fn look_up(state: &State, act: Act<'_>, id: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    // The documentation answers what is not there like what may not be seen.
    let row = acl::visible(state, act, TABLE, id).map_err(|_| no_access())?;
    let parameters = Parameters::of(parts);
    let wanted = parameters.get("sysparm_fields").filter(|fields| !fields.is_empty());
    let mut result = described(row);
    if let Some(wanted) = wanted {
        result.retain(|name, _| wanted.split(',').any(|one| one.trim() == name));
    } else {
        result.remove("error");
    }
    Ok(answer::json(StatusCode::OK, &json!({ "result": result })))
}

fn described(row: &Row) -> Map<String, Value> {
    let mut object = Map::new();
    let mut add = |name: &str, value: Value| object.insert(name.to_owned(), value);
    for (name, column) in [("to", "recipients"), ("cc", "copied"), ("bcc", "blind_copied")] {
        // Nobody is a list with an empty address, as the documentation shows it.
        add(name, row.get(column).split(',').collect());
    }
    for (name, column) in [
        ("id", "sys_id"),
        ("type", "type"),
        ("state", "state"),
        ("subject", "subject"),
        ("text", "body_text"),
        ("html", "body"),
        ("importance", "importance"),
        ("error", "error_string"),
    ] {
        add(name, row.get(column).into());
    }
    add(
        "headers",
        serde_json::from_str(row.get("headers")).unwrap_or_else(|_| json!({})),
    );
    object
}

fn refused(detail: &str) -> Refusal {
    Refusal::bad_request("Invalid email", detail)
}

fn no_access() -> Refusal {
    Refusal::status(
        403,
        "Operation Failed",
        "The record is not found or the user has no access to it",
    )
}
