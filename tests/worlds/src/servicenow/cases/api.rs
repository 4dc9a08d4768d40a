//! `/api/sn_customerservice/case…`: create, change and read cases.
//!
//! Nothing that is sent is validated, as documented: what is misspelt or wrong is ignored, and no field is mandatory.
//! External users set a few fields only and see the cases of their account.

use bytes::Bytes;
use http::header::{HeaderName, LINK};
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Value, json};

use super::{CASE, activities, field_values, lifecycle, pages};
use crate::answer;
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::{Refusal, failure};
use crate::servicenow::guards::acl::{self, Access, Operation};
use crate::servicenow::parameters::{self, Parameters};
use crate::servicenow::query::Query;
use crate::servicenow::render::{self, View};
use crate::servicenow::{attachments, table_api};

/// Every parameter of the API, which may come without its `sysparm_`.
const PARAMETERS: [&str; 11] = [
    "activity_type",
    "dependent_value",
    "display_value",
    "fields",
    "get_case_details",
    "limit",
    "offset",
    "query",
    "ref_qual_input",
    "reference_field_columns",
    "reference_fields",
];

/// What an external user may set when creating a case.
pub(crate) const EXTERNAL_CREATE: [&str; 12] = [
    "account",
    "asset",
    "comments",
    "consumer",
    "contact",
    "contact_type",
    "partner",
    "partner_contact",
    "priority",
    "product",
    "short_description",
    "state",
];

/// What an external user may change.
pub(crate) const EXTERNAL_UPDATE: [&str; 2] = ["comments", "state"];

/// Serves the path after `/api/sn_customerservice/case`.
pub(crate) fn serve(state: &mut State, act: Act<'_>, path: &[&str], parts: &Parts, body: &Bytes) -> Response<Bytes> {
    let answered = respond(state, act, path, parts, body);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn respond(
    state: &mut State,
    act: Act<'_>,
    path: &[&str],
    parts: &Parts,
    body: &Bytes,
) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    let parameters = Parameters::of(parts).with_prefix(&PARAMETERS);
    let ok = |result: Value| answer::json(StatusCode::OK, &json!({ "result": result }));
    match (parameters::method(parts), path) {
        (Method::GET, []) => list(state, act, parts, &parameters),
        (Method::POST, []) => create(state, act, body),
        (Method::GET, ["field_values", field]) => {
            let page = field_values::of_case(state, act, None, field, &parameters)?;
            Ok(page_of(state, parts, &parameters, page))
        }
        (Method::GET, [id]) => {
            let case = visible(state, act, id).ok_or(Refusal::NoRecord)?;
            Ok(ok(rendered(state, act, case, &parameters, true)))
        }
        (Method::PUT, [id]) => change(state, act, id, body, &parameters),
        (Method::GET, [id, "activities"]) => {
            let case = visible(state, act, id).ok_or(Refusal::NoRecord)?;
            let (stream, total) = activities::stream(state, act, case, &parameters)?;
            let mut response = ok(stream);
            number_pages(
                &mut response,
                state,
                parts,
                &parameters,
                total,
                state.guesses.cases.activity_limit,
            )?;
            Ok(response)
        }
        (Method::GET, [id, "field_values", field]) => {
            let case = visible(state, act, id).ok_or(Refusal::NoRecord)?.fields.clone();
            let page = field_values::of_case(state, act, Some(&case), field, &parameters)?;
            Ok(page_of(state, parts, &parameters, page))
        }
        (_, [] | [_] | ["field_values", _] | [_, "activities"] | [_, "field_values", _]) => {
            Ok(failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None))
        }
        _ => Err(attachments::unknown_uri()),
    }
}

fn list(state: &mut State, act: Act<'_>, parts: &Parts, parameters: &Parameters) -> Result<Response<Bytes>, Refusal> {
    let default = state.guesses.cases.list_limit;
    let limit = parameters.number("sysparm_limit", default)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let query = query(state, act, CASE, parameters)?;
    let found = state.select(CASE, &query).into_iter();
    let found = found.filter(|case| lifecycle::sees_case(state, act.by, &case.fields));
    let (total, page) = pages::readable(state, act, found, offset, limit);
    let expands = parameters.get("sysparm_reference_fields") != Some("false");
    let cases: Vec<Value> = page
        .into_iter()
        .map(|case| rendered(state, act, case, parameters, expands))
        .collect();
    let mut response = answer::json(StatusCode::OK, &json!({ "result": cases }));
    number_pages(&mut response, state, parts, parameters, total, default)?;
    Ok(response)
}

fn create(state: &mut State, act: Act<'_>, body: &Bytes) -> Result<Response<Bytes>, Refusal> {
    let mut fields = table_api::fields(state, body)?;
    if lifecycle::is_external(state, act.by) {
        keep(state, &mut fields, &EXTERNAL_CREATE);
        belong_to(state, act, &mut fields);
    }
    let sys_id = state.insert(writer(state, act), CASE, &fields)?;
    let case = state.find(CASE, &sys_id).ok_or(Refusal::NoRecord)?;
    Ok(named(case))
}

fn change(
    state: &mut State,
    act: Act<'_>,
    id: &str,
    body: &Bytes,
    parameters: &Parameters,
) -> Result<Response<Bytes>, Refusal> {
    let case = visible(state, act, id).ok_or(Refusal::NoRecord)?;
    if !case.get("sys_id").eq_ignore_ascii_case(id) && !state.guesses.cases.put_accepts_number {
        return Err(Refusal::NoRecord);
    }
    let sys_id = case.get("sys_id").to_owned();
    let mut fields = table_api::fields(state, body)?;
    if lifecycle::is_external(state, act.by) {
        keep(state, &mut fields, &EXTERNAL_UPDATE);
    }
    state.update(writer(state, act), CASE, &sys_id, &fields)?;
    let case = state.find(CASE, &sys_id).ok_or(Refusal::NoRecord)?;
    if !parameters.is_true("sysparm_get_case_details") {
        return Ok(named(case));
    }
    let result = rendered(state, act, case, parameters, true);
    Ok(answer::json(StatusCode::CREATED, &json!({ "result": result })))
}

/// The caller writes with the own rights.
fn writer<'a>(state: &State, act: Act<'a>) -> Act<'a> {
    if state.guesses.cases.api_meets_data_policies {
        act
    } else {
        act.without_data_policies()
    }
}

/// The query of the parameters; plain `field=value` pairs are none here.
pub(super) fn query(state: &mut State, act: Act<'_>, table: &str, parameters: &Parameters) -> Result<Query, Refusal> {
    let text = parameters.get("sysparm_query").unwrap_or_default();
    table_api::encoded_query(state, act, table, text)
}

/// Says how many there are and where the other pages are, if the caller asked for a page.
pub(super) fn number_pages(
    response: &mut Response<Bytes>,
    state: &State,
    parts: &Parts,
    parameters: &Parameters,
    total: usize,
    default: usize,
) -> Result<(), Refusal> {
    let asks = |name| parameters.get(name).is_some();
    if !asks("sysparm_limit") && !asks("sysparm_offset") {
        return Ok(());
    }
    let limit = parameters.number("sysparm_limit", default)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    answer::set(response, HeaderName::from_static("x-total-count"), &total.to_string());
    if limit > 0 {
        let url = format!("{}{}", state.base_url, parts.uri.path());
        let links = table_api::links(&url, parameters, limit, offset, total);
        answer::set(response, LINK, &links);
    }
    Ok(())
}

/// References are plain sys_ids; account and contact may come as their whole record, if that may be read.
pub(super) fn rendered(state: &State, act: Act<'_>, case: &Row, parameters: &Parameters, expands: bool) -> Value {
    let view = View {
        exclude_reference_link: true,
        ..parameters.view(state, act)
    };
    let mut object = render::row(state, act, CASE, case, &view);
    if !expands {
        return object;
    }
    let whole = View { fields: None, ..view };
    for (field, table) in [("account", "customer_account"), ("contact", "customer_contact")] {
        if let (Some(member), Ok(row)) = (object.get_mut(field), acl::visible(state, act, table, case.get(field))) {
            *member = render::row(state, act, table, row, &whole);
        }
    }
    object
}

/// The case with that sys_id or number, if the user may see it.
fn visible<'a>(state: &'a State, act: Act<'_>, id: &str) -> Option<&'a Row> {
    let numbered = || state.rows(CASE).into_iter().find(|case| case.get("number") == id);
    let case = state.find(CASE, id).or_else(numbered)?;
    let sees = lifecycle::sees_case(state, act.by, &case.fields);
    (sees && Access::of(state, act).row(Operation::Read, case)).then_some(case)
}

fn named(case: &Row) -> Response<Bytes> {
    let result = json!({ "sys_id": case.get("sys_id"), "number": case.get("number") });
    answer::json(StatusCode::CREATED, &json!({ "result": result }))
}

fn page_of(state: &State, parts: &Parts, parameters: &Parameters, page: field_values::Page) -> Response<Bytes> {
    let mut response = answer::json(StatusCode::OK, &json!({ "result": page.values }));
    let asked = parameters.get("sysparm_limit").or(parameters.get("sysparm_offset"));
    if asked.is_some() && page.limit > 0 {
        let url = format!("{}{}", state.base_url, parts.uri.path());
        let links = table_api::links(&url, parameters, page.limit, page.offset, page.total);
        answer::set(&mut response, LINK, &links);
    }
    response
}

/// Drops what an external user may not set, without a word.
fn keep(state: &mut State, fields: &mut Fields, allowed: &[&str]) {
    let dropped = fields.keys().filter(|name| !allowed.contains(&name.as_str()));
    let dropped: Vec<String> = dropped
        .map(|name| format!("an external user may not set {CASE}.{name}"))
        .collect();
    state.ignored.extend(dropped);
    fields.retain(|name, _| allowed.contains(&name.as_str()));
}

/// An external user's case is the user's own and the account's.
fn belong_to(state: &State, act: Act<'_>, fields: &mut Fields) {
    let contact = state.user_sys_id(act.by);
    let account = state
        .find("customer_contact", &contact)
        .map_or("", |row| row.get("account"));
    fields.insert("account".to_owned(), account.to_owned());
    fields.insert("contact".to_owned(), contact);
}
