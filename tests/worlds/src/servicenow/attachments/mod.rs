//! `/api/now/attachment/…`: files on records.

mod attributes;
pub(crate) mod csm;
mod describe;
mod multipart;
mod upload;

use bytes::Bytes;
use http::header::{ACCEPT, HeaderName};
use http::request::Parts;
use http::{Method, Response, StatusCode};

use super::engine::{Act, Fields, Row, State};
use super::errors::{Refusal, failure};
use super::guards::acl::{self, Operation};
use super::guards::business_rules::{Change, Event};
use super::outbox;
use super::parameters;
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

/// Through which of the two interfaces a file is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Interface {
    Platform,
    /// Sees the files of allowed tables only.
    Csm,
}

/// Serves the path after `/api/now/attachment`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    serve_as(Interface::Platform, state, act, path, parts, body)
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
    let sys_id = state.insert(act.as_script(), "sys_attachment", &fields)?;
    state.files.insert(sys_id.to_ascii_lowercase(), bytes.clone());
    if state.guesses.attachment_touches_record {
        state.touch(act, table, record);
    }
    Ok(sys_id)
}

/// Takes a file away, with what else is known of it.
pub(crate) fn remove(state: &mut State, sys_id: &str) {
    attributes::remove_all(state, sys_id);
    state.remove("sys_attachment", sys_id);
}

pub(crate) fn unknown_uri() -> Refusal {
    Refusal::BadRequest {
        message: "Requested URI does not represent any resource".to_owned(),
        detail: "Requested URI does not represent any resource".to_owned(),
    }
}

fn serve_as(
    interface: Interface,
    state: &mut State,
    act: Act<'_>,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Response<Bytes> {
    let answered = answer_to(interface, state, act, path, parts, body);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn answer_to(
    interface: Interface,
    state: &mut State,
    act: Act<'_>,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &ACCEPT)?;
    match (parameters::method(parts), path) {
        (Method::POST, ["file"]) => upload::file(state, act, interface, parts, body),
        (Method::POST, ["upload"]) => upload::form(state, act, interface, parts, body),
        (Method::GET, []) => describe::list(state, act, interface, parts),
        (Method::GET, [sys_id]) => describe::metadata(state, act, interface, sys_id),
        (Method::GET, [sys_id, "file"]) => describe::file(state, act, interface, sys_id),
        (Method::DELETE, [sys_id]) => delete(state, act, interface, sys_id),
        (Method::PATCH, [sys_id]) if interface == Interface::Platform => {
            parameters::check_headers(parts, &state.guesses)?;
            let sent = table_api::fields(state, body)?;
            upload::rename(state, act, interface, sys_id, &sent)
        }
        (_, [sys_id, "attributes", rest @ ..]) if interface == Interface::Platform => {
            attributes::serve(state, act, sys_id, rest, parts, body)
        }
        (_, [] | [_] | [_, "file"]) => Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => Err(unknown_uri()),
    }
}

fn delete(state: &mut State, act: Act<'_>, interface: Interface, sys_id: &str) -> Result<Response<Bytes>, Refusal> {
    let row = interface.find(state, act, Operation::Delete, sys_id)?.clone();
    remove(state, sys_id);
    let change = Change {
        event: Event::Delete,
        class: &row.class,
        old: Some(&row),
    };
    outbox::note(state, act, change, sys_id, &[]);
    Ok(answer::empty(StatusCode::NO_CONTENT))
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

fn bytes_of(state: &State, row: &Row) -> Bytes {
    state
        .files
        .get(&row.get("sys_id").to_ascii_lowercase())
        .cloned()
        .unwrap_or_default()
}

impl Interface {
    /// A file to which the user may do that.
    fn find<'a>(self, state: &'a State, act: Act<'_>, operation: Operation, sys_id: &str) -> Result<&'a Row, Refusal> {
        let row = acl::attachment(state, act, operation, sys_id)?;
        self.demand_allowed(state, row.get("table_name"))?;
        Ok(row)
    }

    fn demand_allowed(self, state: &State, table: &str) -> Result<(), Refusal> {
        if self.allows(state, table) {
            Ok(())
        } else {
            Err(csm::not_allowed())
        }
    }

    fn allows(self, state: &State, table: &str) -> bool {
        match self {
            Interface::Platform => true,
            Interface::Csm => {
                let allowed = state.property(csm::ALLOWED_TABLES, "");
                allowed.split(',').any(|one| one.trim() == table)
            }
        }
    }

    /// The link to a file's description.
    fn link(self, state: &State, sys_id: &str) -> String {
        let path = match self {
            Interface::Platform => "/api/now/attachment",
            Interface::Csm => "/api/now/v1/attachment_csm",
        };
        format!("{}{path}/{sys_id}", state.base_url)
    }

    /// How many files a list holds unless more are asked for.
    fn default_limit(self) -> usize {
        match self {
            Interface::Platform => 1000,
            Interface::Csm => 10_000,
        }
    }
}
