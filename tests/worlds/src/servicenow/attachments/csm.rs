//! `/api/now/attachment_csm/…`: the same files for customers, of the tables only that a property allows.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};

use super::{Interface, serve_as};
use crate::servicenow::engine::{Act, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::parameters::{self, Parameters, QueryBesideUri};

/// Serves the path after `/api/now/attachment_csm`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let mut parts = parts.clone();
    let query = with_prefixes(&Parameters::of(&parts));
    parts.extensions.insert(QueryBesideUri(query));
    let is_list = parameters::method(&parts) == Method::GET && path.is_empty();
    let allowed = if is_list { check_query(state, &parts) } else { Ok(()) };
    match allowed {
        Ok(()) => serve_as(Interface::Csm, state, act, path, &parts, body),
        Err(refusal) => refusal.answer(&state.guesses),
    }
}

pub(super) const ALLOWED_TABLES: &str = "glide.rest.attachment_csm_api.allowed_tables";

pub(super) fn not_allowed() -> Refusal {
    Refusal::bad_request(
        "Operation Failed",
        &format!("The table is not in the system property {ALLOWED_TABLES}"),
    )
}

/// Every list must name a table that is allowed.
fn check_query(state: &State, parts: &Parts) -> Result<(), Refusal> {
    let parameters = Parameters::of(parts);
    let query = parameters.get("sysparm_query").unwrap_or_default();
    let mut tables = query.split('^').filter_map(|part| part.strip_prefix("table_name="));
    match tables.next() {
        Some(table) if Interface::Csm.allows(state, table) => Ok(()),
        Some(_) | None => Err(not_allowed()),
    }
}

/// The query with the prefix that its parameters may leave out.
fn with_prefixes(parameters: &Parameters) -> String {
    let pairs = parameters.pairs().map(|(name, value)| match name {
        "limit" | "offset" | "query" => (format!("sysparm_{name}"), value),
        _ => (name.to_owned(), value),
    });
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
