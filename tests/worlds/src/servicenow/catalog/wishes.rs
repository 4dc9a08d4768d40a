//! Reading an order: what is wanted, how many, for whom, and why it is not taken.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::orders::Line;
use super::{items, variables};
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::surfaces;

/// Why an order is not taken.
pub(super) enum Trouble {
    Refused(Refusal),
    /// The API's other form of an error, with a code of its own.
    Coded(&'static str),
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Trouble {
        Trouble::Refused(refusal)
    }
}

/// Reads and checks an order: one line for each person.
pub(super) fn wanted(state: &State, act: Act<'_>, sys_id: &str, body: &Bytes) -> Result<Vec<Line>, Trouble> {
    let item = state
        .find("sc_cat_item", sys_id)
        .filter(|item| items::is_orderable(item));
    let item = item.ok_or_else(unavailable)?;
    let sent = object(state, body)?;
    let text = |name: &str| scalar(sent.get(name).unwrap_or(&Value::Null));
    let quantity = text("sysparm_quantity").trim().parse::<u32>();
    let quantity = quantity.ok().filter(|quantity| *quantity > 0);
    let quantity = quantity.ok_or_else(|| Refusal::bad_request("Invalid quantity value", ""))?;
    let variables = answers(sent.get("variables"));
    if !variables::missing(state, sys_id, &variables).is_empty() {
        return Err(Refusal::bad_request("Mandatory Variables are required", "").into());
    }
    let mut people = vec![match text("sysparm_requested_for") {
        nobody if nobody.is_empty() => state.user_sys_id(act.by),
        somebody => somebody,
    }];
    let also = text("sysparm_also_request_for");
    let also: Vec<String> = also
        .split(',')
        .map(|user| user.trim().to_owned())
        .filter(|user| !user.is_empty())
        .collect();
    check_also(state, item, &also)?;
    people.extend(also);
    for person in &people {
        check_requested_for(state, act, person)?;
    }
    let line = |requested_for| Line {
        item: item.get("sys_id").to_owned(),
        quantity,
        requested_for,
        variables: variables.clone(),
    };
    Ok(people.into_iter().map(line).collect())
}

fn check_also(state: &State, item: &Row, also: &[String]) -> Result<(), Trouble> {
    if also.is_empty() {
        return Ok(());
    }
    let questions = variables::of_item(state, item.get("sys_id"));
    let Some(question) = questions.into_iter().find(|question| question.get("type") == "31") else {
        return Err(Trouble::Coded(
            "This item cannot be submitted for multiple people as it is not configured with Requested For",
        ));
    };
    if question.get("enable_also_request_for") != "true" {
        return Err(Trouble::Coded(
            "This item cannot be submitted for multiple people as it does not allow it",
        ));
    }
    if also.len() > 50 {
        return Err(Trouble::Coded("This item can be submitted for 50 more people at most"));
    }
    Ok(())
}

fn check_requested_for(state: &State, act: Act<'_>, user: &str) -> Result<(), Refusal> {
    if user == state.user_sys_id(act.by) {
        return Ok(());
    }
    let refused = |message: &str| Refusal::status(state.guesses.catalog.request_for_denied_status, message, "");
    if state.find("sys_user", user).is_none() {
        return Err(refused("The user to request for does not exist"));
    }
    let roles = state.property("glide.sc.req_for.roles", "");
    let default = state.guesses.catalog.request_for_default.as_str();
    let is_allowed = match roles.trim() {
        "" => state.property("glide.sc.req_for.roles.default", default) == "allow",
        roles => surfaces::has_role(state, act.by, roles),
    };
    if is_allowed {
        return Ok(());
    }
    Err(refused("Security constraints prevent requesting for other users"))
}

pub(super) fn unavailable() -> Refusal {
    Refusal::bad_request("Security constraints prevent ordering of Item", "")
}

pub(super) fn object(state: &State, body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Refusal::bad_request(
            &state.guesses.invalid_json_message,
            "The payload is not valid JSON.",
        )),
    }
}

/// Answers by name; a list answers a question that takes several.
pub(super) fn answers(sent: Option<&Value>) -> Fields {
    let Some(Value::Object(sent)) = sent else {
        return Fields::new();
    };
    let pairs = sent.iter().map(|(name, value)| match value {
        Value::Array(several) => {
            let several: Vec<String> = several.iter().map(scalar).collect();
            (name.clone(), several.join(","))
        }
        value => (name.clone(), scalar(value)),
    });
    pairs.collect()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        Value::Bool(value) => value.to_string(),
        Value::Number(value) => value.to_string(),
        Value::String(value) => value.clone(),
    }
}
