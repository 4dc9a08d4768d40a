//! What one transform map makes of a staging row.

use super::values::{Made, value_for};
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::values::same_text;

pub(super) const MAPS: &str = "sys_transform_map";
const ENTRIES: &str = "sys_transform_entry";

/// What became of a row.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) status: Status,
    /// The target table.
    pub(super) table: String,
    /// Of the target record; empty where there is none.
    pub(super) sys_id: String,
    /// Why nothing happened.
    pub(super) comment: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Inserted,
    Updated,
    Ignored,
    Skipped,
    Error,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Status::Inserted => "inserted",
            Status::Updated => "updated",
            Status::Ignored => "ignored",
            Status::Skipped => "skipped",
            Status::Error => "error",
        }
    }

    pub(super) fn comment_name(self) -> &'static str {
        match self {
            Status::Error => "error_message",
            Status::Inserted | Status::Updated | Status::Ignored | Status::Skipped => "status_message",
        }
    }
}

impl Outcome {
    /// What a staging row remembers.
    pub(super) fn of_row(row: &Row) -> Outcome {
        let all = [
            Status::Inserted,
            Status::Updated,
            Status::Ignored,
            Status::Skipped,
            Status::Error,
        ];
        let status = all
            .into_iter()
            .find(|status| status.name() == row.get("sys_import_state"));
        Outcome {
            status: status.unwrap_or(Status::Error),
            table: row.get("sys_target_table").to_owned(),
            sys_id: row.get("sys_target_sys_id").to_owned(),
            comment: row.get("sys_import_state_comment").to_owned(),
        }
    }
}

/// The sys_ids of the active maps of a staging table, in their order.
pub(super) fn maps(state: &State, staging: &str) -> Vec<String> {
    let mut maps = state.rows(MAPS);
    maps.retain(|map| map.get("source_table") == staging && map.get("active") == "true");
    maps.sort_by_key(|map| (map.get("order").parse::<i64>().unwrap_or(100), map.inserted));
    maps.into_iter().map(|map| map.get("sys_id").to_owned()).collect()
}

/// Transforms a staging row with a map.
pub(super) fn run(state: &mut State, script: Act<'_>, staging: &str, row: &str, map: &str) -> Outcome {
    let (Some(row), Some(map)) = (state.find(staging, row).cloned(), state.find(MAPS, map).cloned()) else {
        return outcome(Status::Error, "", "", "The map or the row is gone");
    };
    let script = match map.get("run_business_rules") {
        "false" => script.as_platform(),
        _ => script,
    };
    let table = map.get("target_table").to_owned();
    if state.dictionary.table(&table).is_none() {
        return outcome(Status::Error, &table, "", "The map has no target table");
    }
    let mut fields = Fields::new();
    for entry in entries(state, &map) {
        let value = row.get(entry.get("source_field"));
        if value.is_empty() && map.get("copy_empty_fields") != "true" {
            continue;
        }
        match value_for(state, script, &table, &entry, value) {
            Made::Value(value) => {
                fields.insert(entry.get("target_field").to_owned(), value);
            }
            Made::Nothing => {}
            Made::Rejection(reason) => return outcome(Status::Skipped, &table, "", &reason),
        }
    }
    match coalesced(state, &map, &table, &fields) {
        Coalesced::With(target) => update(state, script, &table, &target, &fields),
        Coalesced::Empty if map.get("create_new_record_on_empty_coalesce_fields") != "true" => {
            outcome(Status::Ignored, &table, "", "All coalesce fields are empty")
        }
        Coalesced::Empty | Coalesced::WithNothing => match state.insert(script, &table, &fields) {
            Ok(sys_id) => outcome(Status::Inserted, &table, &sys_id, ""),
            Err(refusal) => failed(&table, &refusal),
        },
    }
}

fn update(state: &mut State, script: Act<'_>, table: &str, target: &str, fields: &Fields) -> Outcome {
    let count = |state: &State| state.find(table, target).map(|row| row.get("sys_mod_count").to_owned());
    let before = count(state);
    match state.update(script, table, target, fields) {
        Ok(()) if count(state) == before => outcome(Status::Ignored, table, target, "No field values changed"),
        Ok(()) => outcome(Status::Updated, table, target, ""),
        Err(refusal) => failed(table, &refusal),
    }
}

/// What the coalesce fields of a map find.
enum Coalesced {
    /// The first record of which all of them are equal.
    With(String),
    WithNothing,
    Empty,
}

fn coalesced(state: &State, map: &Row, table: &str, fields: &Fields) -> Coalesced {
    let keys = entries(state, map);
    let keys: Vec<&Row> = keys.iter().filter(|entry| entry.get("coalesce") == "true").collect();
    if keys.is_empty() {
        return Coalesced::WithNothing;
    }
    let wanted = keys.iter().filter_map(|entry| {
        let name = entry.get("target_field");
        let value = fields.get(name).filter(|value| !value.is_empty())?;
        Some((name, value))
    });
    let wanted: Vec<(&str, &String)> = wanted.collect();
    if wanted.is_empty() {
        return Coalesced::Empty;
    }
    let ignores_case = state.guesses.text_ignores_case;
    let is_same = |row: &&Row| {
        wanted
            .iter()
            .all(|(name, value)| same_text(row.get(name), value, ignores_case))
    };
    let found = state.rows(table).into_iter().find(is_same);
    found.map_or(Coalesced::WithNothing, |row| {
        Coalesced::With(row.get("sys_id").to_owned())
    })
}

fn entries(state: &State, map: &Row) -> Vec<Row> {
    let mut entries = state.rows(ENTRIES);
    entries.retain(|entry| entry.get("map") == map.get("sys_id"));
    entries.sort_by_key(|entry| entry.inserted);
    entries.into_iter().cloned().collect()
}

fn failed(table: &str, refusal: &Refusal) -> Outcome {
    outcome(Status::Error, table, "", &refusal.to_string())
}

fn outcome(status: Status, table: &str, sys_id: &str, comment: &str) -> Outcome {
    Outcome {
        status,
        table: table.to_owned(),
        sys_id: sys_id.to_owned(),
        comment: comment.to_owned(),
    }
}
