//! What an answer says about a file.

use bytes::Bytes;
use http::header::{HeaderName, LINK};
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::answer;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::guards::acl::{self, Operation};
use crate::servicenow::locale::Locale;
use crate::servicenow::parameters::Parameters;
use crate::servicenow::render::{self, Display, View};
use crate::servicenow::table_api;

use super::Interface;

/// All members are strings, numbers too.
pub(super) fn described(state: &State, act: Act<'_>, interface: Interface, row: &Row) -> Value {
    let view = View {
        fields: None,
        display: Display::Values,
        exclude_reference_link: true,
        locale: Locale::internal(),
    };
    let mut object = match render::row(state, act, "sys_attachment", row, &view) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let link = format!("{}/file", interface.link(state, row.get("sys_id")));
    object.insert("download_link".to_owned(), Value::String(link));
    for (member, column) in [
        ("created_by_name", "sys_created_by"),
        ("updated_by_name", "sys_updated_by"),
    ] {
        object.insert(member.to_owned(), Value::String(full_name(state, row.get(column))));
    }
    Value::Object(object)
}

/// The files that a query finds.
pub(super) fn list(
    state: &mut State,
    act: Act<'_>,
    interface: Interface,
    parts: &Parts,
) -> Result<Response<Bytes>, Refusal> {
    let parameters = Parameters::of(parts);
    let limit = parameters.number("sysparm_limit", interface.default_limit())?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let query = table_api::query(state, act, "sys_attachment", &parameters)?;
    let mut found = state.select("sys_attachment", &query);
    found.retain(|row| interface.allows(state, row.get("table_name")));
    let total = found.len();
    let page = found.into_iter().skip(offset).take(limit);
    let readable = page.filter(|row| acl::attachment(state, act, Operation::Read, row.get("sys_id")).is_ok());
    let rows: Vec<Value> = readable.map(|row| described(state, act, interface, row)).collect();
    let mut response = answer::json(StatusCode::OK, &json!({ "result": rows }));
    if !parameters.is_true("sysparm_no_count") {
        let name = HeaderName::from_static("x-total-count");
        answer::set(&mut response, name, &total.to_string());
    }
    if !parameters.is_true("sysparm_suppress_pagination_header") && limit > 0 {
        let url = format!("{}{}", state.base_url, parts.uri.path());
        let links = table_api::links(&url, &parameters, limit, offset, total);
        answer::set(&mut response, LINK, &links);
    }
    Ok(response)
}

pub(super) fn metadata(
    state: &State,
    act: Act<'_>,
    interface: Interface,
    sys_id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let row = interface.find(state, act, Operation::Read, sys_id)?;
    let described = described(state, act, interface, row);
    Ok(answer::json(StatusCode::OK, &json!({ "result": described })))
}

/// The bytes, whatever type is accepted: the official Python client asks for JSON and expects them.
pub(super) fn file(
    state: &State,
    act: Act<'_>,
    interface: Interface,
    sys_id: &str,
) -> Result<Response<Bytes>, Refusal> {
    let row = interface.find(state, act, Operation::Read, sys_id)?;
    let mut response = answer::typed(StatusCode::OK, row.get("content_type"), super::bytes_of(state, row));
    let metadata = ascii(&described(state, act, interface, row));
    let name = HeaderName::from_static("x-attachment-metadata");
    answer::set(&mut response, name, &metadata);
    Ok(response)
}

fn full_name(state: &State, user_name: &str) -> String {
    let users = state.rows("sys_user");
    let user = users.into_iter().find(|user| user.get("user_name") == user_name);
    user.map_or_else(String::new, |user| user.get("name").to_owned())
}

/// JSON that a header can hold.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
