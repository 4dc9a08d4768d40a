//! Files that come in: as the body itself, or as the last part of a form.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::request::Parts;
use http::{Response, StatusCode};
use serde_json::json;

use super::describe::described;
use super::multipart::{self, Upload};
use super::{Interface, demand, store};
use crate::answer;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::guards::acl::{self, Operation};
use crate::servicenow::parameters::{self, Parameters};
use crate::servicenow::{owned, roles};

/// `POST …/file`: the body is the file, the parameters say whose.
pub(super) fn file(
    state: &mut State,
    act: Act<'_>,
    interface: Interface,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &CONTENT_TYPE)?;
    let parameters = Parameters::of(parts);
    let get = |name: &str| parameters.get(name).unwrap_or_default().to_owned();
    let upload = Upload {
        table: get("table_name"),
        record: get("table_sys_id"),
        file_name: get("file_name"),
        content_type: parameters::header(parts, &CONTENT_TYPE).to_owned(),
        bytes: body.clone(),
    };
    let status = match interface {
        Interface::Platform => StatusCode::CREATED,
        Interface::Csm => StatusCode::from_u16(state.guesses.csm_file_status).unwrap_or(StatusCode::OK),
    };
    stored(state, act, interface, upload, status)
}

/// `POST …/upload`: a form with the fields first and the file last.
pub(super) fn form(
    state: &mut State,
    act: Act<'_>,
    interface: Interface,
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    demand(parts, &CONTENT_TYPE)?;
    let content_type = parameters::header(parts, &CONTENT_TYPE);
    let upload = multipart::parse(content_type, body, &state.guesses)?;
    stored(state, act, interface, upload, StatusCode::CREATED)
}

/// `PATCH …/{sys_id}`: another name.
pub(super) fn rename(
    state: &mut State,
    act: Act<'_>,
    interface: Interface,
    sys_id: &str,
    sent: &Fields,
) -> Result<Response<Bytes>, Refusal> {
    let name = sent.get("file_name").map_or("", String::as_str);
    need("file_name", name)?;
    interface.find(state, act, Operation::Write, sys_id)?;
    check_extension(state, name)?;
    let script = act.as_script();
    state.update(script, "sys_attachment", sys_id, &owned(&[("file_name", name)]))?;
    Ok(answer::empty(StatusCode::NO_CONTENT))
}

fn stored(
    state: &mut State,
    act: Act<'_>,
    interface: Interface,
    upload: Upload,
    status: StatusCode,
) -> Result<Response<Bytes>, Refusal> {
    need("table_name", &upload.table)?;
    need("table_sys_id", &upload.record)?;
    need("file_name", &upload.file_name)?;
    if state.dictionary.table(&upload.table).is_none() {
        return Err(Refusal::InvalidTable(upload.table));
    }
    interface.demand_allowed(state, &upload.table)?;
    acl::check_attach(state, act, &upload.table, &upload.record)?;
    check_role(state, act)?;
    check_size(state, upload.bytes.len())?;
    check_extension(state, &upload.file_name)?;
    let record = (upload.table.as_str(), upload.record.as_str());
    let sys_id = store(
        state,
        act,
        record,
        &upload.file_name,
        &upload.content_type,
        &upload.bytes,
    )?;
    let row = state.find("sys_attachment", &sys_id).ok_or(Refusal::NoRecord)?;
    let mut response = answer::json(status, &json!({ "result": described(state, act, interface, row) }));
    answer::set(&mut response, LOCATION, &interface.link(state, &sys_id));
    Ok(response)
}

fn need(name: &str, value: &str) -> Result<(), Refusal> {
    if value.is_empty() {
        return Err(Refusal::bad_request(
            "Missing parameter",
            &format!("The parameter {name} is required"),
        ));
    }
    Ok(())
}

/// One of the roles of `glide.attachment.role`, if it names any.
fn check_role(state: &State, act: Act<'_>) -> Result<(), Refusal> {
    let allowed = state.property("glide.attachment.role", "");
    let mut allowed = allowed
        .split(',')
        .map(str::trim)
        .filter(|role| !role.is_empty())
        .peekable();
    if allowed.peek().is_none() || allowed.any(|role| roles::require_role(state, act, role).is_ok()) {
        return Ok(());
    }
    Err(Refusal::Denied("Insert"))
}

fn check_size(state: &State, size: usize) -> Result<(), Refusal> {
    let megabytes: usize = state
        .property("com.glide.attachment.max_size", "1024")
        .parse()
        .unwrap_or(1024);
    if size <= megabytes.saturating_mul(1024 * 1024) {
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
