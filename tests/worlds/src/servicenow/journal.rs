//! Journal fields: every write appends a row to `sys_journal_field`; the record itself shows nothing.

use time::Duration;

use super::engine::{Act, Fields, Row, State};
use crate::clock;

/// A comment or work note of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub sys_id: String,
    pub value: String,
    /// UTC, whole seconds: `2026-11-22 10:00:00`.
    pub created_on: String,
    /// A `user_name`.
    pub created_by: String,
}

/// Appends entries, given as element and text, to a record.
pub(crate) fn append(state: &mut State, act: Act<'_>, table: &str, sys_id: &str, entries: &[(String, String)]) {
    for (element, text) in entries {
        let fields: Fields = [
            ("element_id", sys_id),
            ("element", element),
            ("name", table),
            ("value", text),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        let script = Act { is_script: true, ..act };
        state
            .insert(script, "sys_journal_field", &fields)
            .expect("a journal entry can be stored");
    }
}

/// The entries of a record, oldest first, in the order of writing.
pub(crate) fn entries(state: &State, sys_id: &str, element: &str) -> Vec<JournalEntry> {
    let mut rows: Vec<&Row> = state.rows("sys_journal_field");
    rows.retain(|row| row.get("element_id") == sys_id && row.get("element") == element);
    rows.sort_by_key(|row| row.inserted);
    rows.into_iter()
        .map(|row| JournalEntry {
            sys_id: row.get("sys_id").to_owned(),
            value: row.get("value").to_owned(),
            created_on: row.get("sys_created_on").to_owned(),
            created_by: row.get("sys_created_by").to_owned(),
        })
        .collect()
}

/// What a journal field displays: all entries, newest first, in the user's zone.
pub(crate) fn displayed(state: &State, sys_id: &str, element: &str, label: &str) -> String {
    let entries = entries(state, sys_id, element);
    let lines = entries.iter().rev().map(|entry| {
        let users = state.rows("sys_user");
        let user = users.into_iter().find(|user| user.get("user_name") == entry.created_by);
        let name = user.map_or(entry.created_by.as_str(), |user| user.get("name"));
        format!(
            "{} - {name} ({label})\n{}\n\n",
            local(state, &entry.created_on),
            entry.value
        )
    });
    lines.collect()
}

/// A stored time in the zone of the display.
pub(crate) fn local(state: &State, stored: &str) -> String {
    let offset = Duration::hours(i64::from(state.guesses.display_offset_hours));
    clock::parse_seconds(stored).map_or_else(|| stored.to_owned(), |time| clock::seconds(time + offset))
}
