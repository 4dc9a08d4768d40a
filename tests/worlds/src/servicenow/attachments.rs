//! `/api/now/attachment/…`: files on records.

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, LINK, LOCATION};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::engine::{Act, Fields, Row, State};
use super::errors::{Refusal, failure};
use super::parameters::{self, Parameters};
use super::render::{self, Display, View};
use super::table_api;
use crate::answer;
use crate::digest::sha256_hex;

/// A file on a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub sys_id: String,
    pub file_name: String,
    pub content_type: String,
    /// Lower-case hexadecimal.
    pub sha256: String,
    pub size: u64,
    pub bytes: Bytes,
}

/// Serves the path after `/api/now/attachment`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let answered = match (parameters::method(parts), path) {
        (Method::POST, ["file"]) => upload(state, act, parts, body),
        (Method::GET, []) => list(state, act, parts),
        (Method::GET, [sys_id]) => metadata(state, sys_id, parts),
        (Method::GET, [sys_id, "file"]) => file(state, sys_id, parts),
        (Method::DELETE, [sys_id]) => delete(state, act, sys_id, parts),
        (_, [] | ["file"] | [_] | [_, "file"]) => {
            Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None))
        }
        _ => Err(unknown_uri()),
    };
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

/// All files of a record in the order of upload.
pub(crate) fn of_record(state: &State, sys_id: &str) -> Vec<Attachment> {
    let ids = state.attachments_of(sys_id);
    let rows = ids.iter().filter_map(|id| state.find("sys_attachment", id));
    rows.map(|row| Attachment {
        sys_id: row.get("sys_id").to_owned(),
        file_name: row.get("file_name").to_owned(),
        content_type: row.get("content_type").to_owned(),
        sha256: row.get("hash").to_owned(),
        size: row.get("size_bytes").parse().unwrap_or_default(),
        bytes: bytes_of(state, row),
    })
    .collect()
}

/// Stores a file; the caller has checked everything.
pub(crate) fn store(
    state: &mut State,
    act: Act<'_>,
    record: (&str, &str),
    file_name: &str,
    content_type: &str,
    bytes: &Bytes,
) -> Result<String, Refusal> {
    let (table, record) = record;
    let size = bytes.len().to_string();
    let hash = sha256_hex(bytes);
    let fields: Fields = [
        ("table_name", table),
        ("table_sys_id", record),
        ("file_name", file_name),
        ("content_type", content_type),
        ("size_bytes", &size),
        // The world does not compress.
        ("size_compressed", &size),
        ("compressed", "true"),
        ("hash", &hash),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    let sys_id = state.insert(Act { is_script: true, ..act }, "sys_attachment", &fields)?;
    state.files.insert(sys_id.to_ascii_lowercase(), bytes.clone());
    if state.guesses.attachment_touches_record {
        state.touch(act, table, record);
    }
    Ok(sys_id)
}

fn upload(state: &mut State, act: Act<'_>, parts: &Parts, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    demand(parts, &CONTENT_TYPE)?;
    let parameters = Parameters::of(parts);
    let need = |name: &str| match parameters.get(name) {
        Some(value) if !value.is_empty() => Ok(value.to_owned()),
        _ => Err(Refusal::bad_request(
            "Missing parameter",
            &format!("The parameter {name} is required"),
        )),
    };
    let (table, record, file_name) = (need("table_name")?, need("table_sys_id")?, need("file_name")?);
    if state.dictionary.table(&table).is_none() {
        return Err(Refusal::InvalidTable(table));
    }
    state.find(&table, &record).ok_or(Refusal::NoRecord)?;
    check_size(state, body.len())?;
    check_extension(state, &file_name)?;
    let content_type = parameters::header(parts, &CONTENT_TYPE);
    let sys_id = store(state, act, (&table, &record), &file_name, content_type, body)?;
    let row = state.find("sys_attachment", &sys_id).ok_or(Refusal::NoRecord)?;
    let mut response = answer::json(StatusCode::CREATED, &json!({ "result": described(state, row) }));
    answer::set(
        &mut response,
        LOCATION,
        &format!("{}/api/now/attachment/{sys_id}", state.base_url),
    );
    Ok(response)
}

fn list(state: &mut State, act: Act<'_>, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    let parameters = Parameters::of(parts);
    let limit = parameters.number("sysparm_limit", 1000)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let query = table_api::query(state, act, "sys_attachment", &parameters);
    let found = state.select("sys_attachment", &query);
    let total = found.len();
    let rows: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(limit)
        .map(|row| described(state, row))
        .collect();
    let mut response = answer::json(StatusCode::OK, &json!({ "result": rows }));
    answer::set(
        &mut response,
        HeaderName::from_static("x-total-count"),
        &total.to_string(),
    );
    if limit > 0 {
        let url = format!("{}{}", state.base_url, parts.uri.path());
        answer::set(
            &mut response,
            LINK,
            &table_api::links(&url, &parameters, limit, offset, total),
        );
    }
    Ok(response)
}

fn metadata(state: &State, sys_id: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    let row = state.find("sys_attachment", sys_id).ok_or(Refusal::NoRecord)?;
    Ok(answer::json(
        StatusCode::OK,
        &json!({ "result": described(state, row) }),
    ))
}

fn file(state: &State, sys_id: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    let row = state.find("sys_attachment", sys_id).ok_or(Refusal::NoRecord)?;
    let mut response = answer::typed(StatusCode::OK, row.get("content_type"), bytes_of(state, row));
    let metadata = described(state, row).to_string();
    answer::set(
        &mut response,
        HeaderName::from_static("x-attachment-metadata"),
        &metadata,
    );
    Ok(response)
}

fn delete(state: &mut State, act: Act<'_>, sys_id: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    let script = Act { is_script: true, ..act };
    state.delete(script, "sys_attachment", sys_id)?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

/// Every member is a string, numbers too.
fn described(state: &State, row: &Row) -> Value {
    let view = View {
        fields: None,
        display: Display::Values,
        exclude_reference_link: true,
    };
    let mut object = match render::row(state, "sys_attachment", row, &view) {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    let link = format!("{}/api/now/attachment/{}/file", state.base_url, row.get("sys_id"));
    object.insert("download_link".to_owned(), Value::String(link));
    Value::Object(object)
}

fn bytes_of(state: &State, row: &Row) -> Bytes {
    state
        .files
        .get(&row.get("sys_id").to_ascii_lowercase())
        .cloned()
        .unwrap_or_default()
}

fn check_size(state: &State, size: usize) -> Result<(), Refusal> {
    let megabytes: usize = state
        .property("com.glide.attachment.max_size", "1024")
        .parse()
        .unwrap_or(1024);
    if size <= megabytes * 1024 * 1024 {
        return Ok(());
    }
    let status = state.guesses.oversized_attachment_status;
    Err(Refusal::status(
        status,
        "Operation Failed",
        "The file is larger than com.glide.attachment.max_size",
    ))
}

fn check_extension(state: &State, file_name: &str) -> Result<(), Refusal> {
    let allowed = state.property("glide.attachment.extensions", "");
    let extension = file_name.rsplit_once('.').map_or("", |(_, extension)| extension);
    let is_allowed = allowed.split(',').any(|one| one.trim().eq_ignore_ascii_case(extension));
    if allowed.trim().is_empty() || is_allowed {
        return Ok(());
    }
    let status = state.guesses.refused_extension_status;
    Err(Refusal::status(
        status,
        "Operation Failed",
        "The file type is not allowed by glide.attachment.extensions",
    ))
}

fn demand(parts: &Parts, name: &HeaderName) -> Result<(), Refusal> {
    if parameters::header(parts, name).is_empty() {
        return Err(Refusal::bad_request(
            "Missing header",
            &format!("The header {name} is required"),
        ));
    }
    Ok(())
}

pub(crate) fn unknown_uri() -> Refusal {
    Refusal::BadRequest {
        message: "Requested URI does not represent any resource".to_owned(),
        detail: "Requested URI does not represent any resource".to_owned(),
    }
}
