//! What a field of a transform map makes of a source value: choices and references may be given by what they show.

use crate::servicenow::dictionary::Kind;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::owned;

/// What goes into the target field.
pub(super) enum Made {
    Value(String),
    /// The field stays as it is.
    Nothing,
    /// The whole row is skipped, for this reason.
    Rejection(String),
}

/// What `choice_action` does with a value that is not there yet.
#[derive(Clone, Copy)]
enum ChoiceAction {
    Create,
    Ignore,
    Reject,
}

pub(super) fn value_for(state: &mut State, script: Act<'_>, table: &str, entry: &Row, value: &str) -> Made {
    let name = entry.get("target_field");
    let action = match entry.get("choice_action") {
        "create" => ChoiceAction::Create,
        "reject" => ChoiceAction::Reject,
        _ => ChoiceAction::Ignore,
    };
    let Some(column) = state.dictionary.column(table, name).cloned() else {
        state.ignored.push(format!("{table} has no field {name}"));
        return Made::Nothing;
    };
    if value.is_empty() {
        return Made::Value(String::new());
    }
    if let Kind::Reference(target) = &column.kind {
        return match referenced(state, target, value) {
            Some(sys_id) => Made::Value(sys_id),
            None => missing(action, name, value, || {
                let display = state.dictionary.table(target)?.display.clone();
                state.insert(script, target, &owned(&[(&display, value)])).ok()
            }),
        };
    }
    if column.choices.is_empty() {
        return Made::Value(value.to_owned());
    }
    let known = column
        .choices
        .iter()
        .find(|(known, label)| known == value || label == value);
    match known {
        Some((known, _)) => Made::Value(known.clone()),
        None => missing(action, name, value, || {
            let choice = [
                ("name", table),
                ("element", name),
                ("value", value),
                ("label", value),
                ("language", "en"),
            ];
            state.insert(script, "sys_choice", &owned(&choice)).ok()?;
            Some(value.to_owned())
        }),
    }
}

fn missing(action: ChoiceAction, name: &str, value: &str, create: impl FnOnce() -> Option<String>) -> Made {
    match action {
        ChoiceAction::Create => create().map_or(Made::Nothing, Made::Value),
        ChoiceAction::Ignore => Made::Nothing,
        ChoiceAction::Reject => Made::Rejection(format!("{name} has no value {value}")),
    }
}

/// A row by its sys_id or by what it displays.
fn referenced(state: &State, target: &str, value: &str) -> Option<String> {
    if let Some(row) = state.find(target, value) {
        return Some(row.get("sys_id").to_owned());
    }
    let display = state.dictionary.table(target)?.display.as_str();
    let mut rows = state.rows(target).into_iter();
    rows.find(|row| row.get(display) == value)
        .map(|row| row.get("sys_id").to_owned())
}
