//! Business rules and data policies of the platform's own tables.

use super::engine::{Act, Fields, State, get};
use super::errors::Refusal;
use crate::clock;

/// What the platform fills in before a row is stored for the first time.
pub(crate) fn before_insert(state: &State, act: Act<'_>, table: &str, fields: &mut Fields) {
    if !state.dictionary.is_a(table, "task") {
        return;
    }
    set_if_empty(fields, "opened_at", &clock::seconds(act.at));
    set_if_empty(fields, "opened_by", &state.user_sys_id(act.by));
    derive(state, act, table, None, fields);
}

/// What the platform derives before a change is stored.
pub(crate) fn before_update(state: &State, act: Act<'_>, class: &str, old: &Fields, fields: &mut Fields) {
    if state.dictionary.is_a(class, "task") {
        derive(state, act, class, Some(old), fields);
    }
}

/// Refuses what data policies refuse.
pub(crate) fn check(
    state: &State,
    act: Act<'_>,
    class: &str,
    old: Option<&Fields>,
    fields: &Fields,
) -> Result<(), Refusal> {
    let is_stopped_anyway = act.meets.business_rules && state.guesses.data_policies_stop_scripts;
    if !act.meets.data_policies && !is_stopped_anyway {
        return Ok(());
    }
    let mut missing = Vec::new();
    let mut need = |name: &str| {
        if get(fields, name).is_empty() {
            let label = state
                .dictionary
                .column(class, name)
                .map_or(name, |column| column.label.as_str());
            missing.push(label.to_owned());
        }
    };
    if state.guesses.mandatory_is_enforced {
        for (name, column) in state.dictionary.columns(class) {
            let is_emptied = old.is_none_or(|old| !get(old, name).is_empty());
            if column.is_mandatory && is_emptied {
                need(name);
            }
        }
    }
    let is_entered = |states: &[&str]| {
        let now = get(fields, "state");
        states.contains(&now) && old.is_none_or(|old| get(old, "state") != now)
    };
    if class == "incident" && state.guesses.incident_resolution_is_enforced && is_entered(&["6", "7"]) {
        need("close_code");
        need("close_notes");
    }
    if class == "sn_customerservice_case" && state.guesses.case_resolution_is_enforced && is_entered(&["6", "3"]) {
        need("resolution_code");
        need("cause");
        need("close_notes");
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Refusal::Mandatory(missing))
    }
}

fn derive(state: &State, act: Act<'_>, class: &str, old: Option<&Fields>, fields: &mut Fields) {
    if class == "incident" {
        let priority = priority(get(fields, "impact"), get(fields, "urgency"));
        fields.insert("priority".to_owned(), priority.to_owned());
    }
    let now = get(fields, "state").to_owned();
    if old.is_some_and(|old| get(old, "state") == now) {
        return;
    }
    let (resolved, closed): (&[&str], &[&str]) = match class {
        "incident" => (&["6"], &["7", "8"]),
        "sn_customerservice_case" => (&["6"], &["3", "7"]),
        _ => (&[], &["3", "4", "7"]),
    };
    let user = state.user_sys_id(act.by);
    let at = clock::seconds(act.at);
    let is_resolved = resolved.contains(&now.as_str());
    let is_closed = closed.contains(&now.as_str());
    if is_resolved {
        fields.insert("resolved_at".to_owned(), at.clone());
        fields.insert("resolved_by".to_owned(), user.clone());
    }
    if is_closed {
        fields.insert("closed_at".to_owned(), at);
        fields.insert("closed_by".to_owned(), user);
    }
    fields.insert("active".to_owned(), (!is_closed).to_string());
    if old.is_some() && !is_resolved && !is_closed {
        for name in ["resolved_at", "resolved_by", "closed_at", "closed_by"] {
            if fields.contains_key(name) {
                fields.insert(name.to_owned(), String::new());
            }
        }
    }
    if class == "incident" && now != "3" {
        fields.insert("hold_reason".to_owned(), String::new());
    }
}

/// The platform's lookup of three by three.
fn priority(impact: &str, urgency: &str) -> &'static str {
    let (Ok(impact), Ok(urgency)) = (impact.parse::<u8>(), urgency.parse::<u8>()) else {
        return "5";
    };
    match impact + urgency {
        2 => "1",
        3 => "2",
        4 => "3",
        5 => "4",
        _ => "5",
    }
}

fn set_if_empty(fields: &mut Fields, name: &str, value: &str) {
    if fields.get(name).is_none_or(String::is_empty) {
        fields.insert(name.to_owned(), value.to_owned());
    }
}
