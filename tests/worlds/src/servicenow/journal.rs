//! Journal fields: every write appends a row to `sys_journal_field`; the record itself shows nothing.

use super::dictionary::Column;
use super::engine::{Act, Fields, Row, State};
use super::locale::Locale;

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
        let writer = if state.guesses.journal_entries_meet_business_rules {
            act.as_script()
        } else {
            act.as_platform()
        };
        if let Err(refusal) = state.insert(writer, "sys_journal_field", &fields) {
            let note = format!("an entry of {element} on {table} {sys_id} was not stored: {refusal}");
            state.ignored.push(note);
        }
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

/// What journals of a record display: all entries of all of them, newest first, in the user's zone.
pub(crate) fn displayed(state: &State, locale: &Locale, sys_id: &str, journals: &[&Column]) -> String {
    let mut rows = state.rows("sys_journal_field");
    rows.retain(|row| row.get("element_id") == sys_id);
    rows.sort_by_key(|row| std::cmp::Reverse(row.inserted));
    let shown = rows.into_iter().filter_map(|row| {
        let journal = journals.iter().find(|journal| journal.name == row.get("element"))?;
        let time = locale.show_time(row.get("sys_created_on"));
        let name = author(state, row.get("sys_created_by"));
        Some(format!("{time} - {name} ({})\n{}\n\n", journal.label, row.get("value")))
    });
    shown.collect()
}

/// The name of a user, or else the user name.
fn author<'s>(state: &'s State, user_name: &'s str) -> &'s str {
    let users = state.rows("sys_user");
    let user = users.into_iter().find(|user| user.get("user_name") == user_name);
    user.map_or(user_name, |user| user.get("name"))
}
