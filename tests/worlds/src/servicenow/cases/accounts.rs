//! `/api/now/account…` and `/api/now/contact…`, reading only: records as cases contain them.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{api, pages};
use crate::answer;
use crate::servicenow::attachments;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::{Refusal, failure};
use crate::servicenow::guards::acl;
use crate::servicenow::locale::Locale;
use crate::servicenow::parameters::{self, Parameters};
use crate::servicenow::render::{self, Display, View};

/// Serves the path after `/api/now/account`.
pub(crate) fn serve_accounts(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts) -> Response<Bytes> {
    serve(state, act, "customer_account", path, parts)
}

/// Serves the path after `/api/now/contact`.
pub(crate) fn serve_contacts(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts) -> Response<Bytes> {
    serve(state, act, "customer_contact", path, parts)
}

fn serve(state: &mut State, act: Act<'_>, table: &str, path: &[&str], parts: &Parts) -> Response<Bytes> {
    let answered = respond(state, act, table, path, parts);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn respond(
    state: &mut State,
    act: Act<'_>,
    table: &str,
    path: &[&str],
    parts: &Parts,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let parameters = Parameters::of(parts);
    let result = match (parameters::method(parts), path) {
        (Method::GET, []) => {
            // Documented: ten without a limit.
            let limit = parameters.number("sysparm_limit", 10)?;
            let offset = parameters.number("sysparm_offset", 0)?;
            let query = api::query(state, act, table, &parameters)?;
            let found = state.select(table, &query).into_iter();
            let (_, page) = pages::readable(state, act, found, offset, limit);
            page.into_iter().map(|row| rendered(state, act, table, row)).collect()
        }
        (Method::GET, [sys_id]) => rendered(state, act, table, acl::visible(state, act, table, sys_id)?),
        (_, [] | [_]) => return Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None)),
        _ => return Err(attachments::unknown_uri()),
    };
    Ok(answer::json(StatusCode::OK, &json!({ "result": result })))
}

fn rendered(state: &State, act: Act<'_>, table: &str, row: &Row) -> Value {
    let view = View {
        fields: None,
        display: Display::Values,
        exclude_reference_link: true,
        locale: Locale::internal(),
    };
    render::row(state, act, table, row, &view)
}
