//! What the scoped app tells of: the conditions of its business rules, in one place.

use crate::servicenow::dictionary::Dictionary;
use crate::servicenow::engine::{Fields, Row, State};

/// Files on records.
pub(crate) const FILES: &str = "sys_attachment";

/// What is told of a table and of the tables that extend it, the nearest entry of a class counts.
///
/// Of a record: that it is new, that it is gone, and changes of the fields named here.
const WATCHED: [(&str, Watch); 8] = [
    (
        "incident",
        Watch::Fields(&[
            "state",
            "hold_reason",
            "priority",
            "escalation",
            "approval",
            "assignment_group",
            "comments",
            "close_code",
            "close_notes",
            "correlation_id",
            "parent",
            "x_gridlink_for_knowledge",
            "x_gridlink_escalated",
        ]),
    ),
    (
        "sn_customerservice_case",
        Watch::Fields(&[
            "state",
            "priority",
            "escalation",
            "active_escalation",
            "approval",
            "assignment_group",
            "comments",
            "account",
            "resolution_code",
            "close_notes",
            "correlation_id",
            "x_gridlink_for_knowledge",
            "x_gridlink_escalated",
        ]),
    ),
    // Case tasks and every other class of task.
    (
        "task",
        Watch::Fields(&[
            "state",
            "priority",
            "approval",
            "assignment_group",
            "due_date",
            "comments",
            "close_notes",
            "correlation_id",
            "x_gridlink_for_knowledge",
            "x_gridlink_escalated",
        ]),
    ),
    // Nothing of the mission looks at problems, and large instances have many.
    ("problem", Watch::Nothing),
    (
        "sc_req_item",
        Watch::Fields(&[
            "state",
            "stage",
            "approval",
            "assignment_group",
            "comments",
            "close_notes",
        ]),
    ),
    ("sysapproval_approver", Watch::AnyField),
    ("kb_knowledge", Watch::AnyField),
    (FILES, Watch::OnRecords),
];

enum Watch {
    Nothing,
    Fields(&'static [&'static str]),
    AnyField,
    /// New and deleted rows that belong to a watched record.
    OnRecords,
}

/// Whether a new or a deleted row is told.
pub(crate) fn existence_is_told(state: &State, row: &Row) -> bool {
    match watch(&state.dictionary, &row.class) {
        Watch::Nothing => false,
        Watch::Fields(_) | Watch::AnyField => true,
        Watch::OnRecords => {
            let record = state.find(row.get("table_name"), row.get("table_sys_id"));
            record.is_some_and(|record| match watch(&state.dictionary, &record.class) {
                Watch::Fields(_) | Watch::AnyField => true,
                Watch::Nothing | Watch::OnRecords => false,
            })
        }
    }
}

/// The changed fields that are told; a change with none is not told at all.
pub(crate) fn told_fields(
    dictionary: &Dictionary,
    class: &str,
    old: &Fields,
    new: &Fields,
    entries: &[(String, String)],
) -> Vec<String> {
    let is_told = |name: &str| match watch(dictionary, class) {
        Watch::Nothing | Watch::OnRecords => false,
        Watch::Fields(names) => names.contains(&name),
        Watch::AnyField => !name.starts_with("sys_"),
    };
    let changed = new.iter().filter(|(name, value)| old.get(*name) != Some(*value));
    let mut told: Vec<String> = changed
        .map(|(name, _)| name)
        .chain(entries.iter().map(|(element, _)| element))
        .filter(|name| is_told(name))
        .cloned()
        .collect();
    told.sort();
    told.dedup();
    told
}

fn watch(dictionary: &Dictionary, class: &str) -> &'static Watch {
    let nearest = dictionary.lineage(class).find_map(|table| {
        WATCHED
            .iter()
            .find(|(watched, _)| *watched == table.name)
            .map(|(_, watch)| watch)
    });
    nearest.unwrap_or(&Watch::Nothing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::servicenow::dictionary::Table;
    use crate::servicenow::owned;

    fn told(class: &str, old: &[(&str, &str)], new: &[(&str, &str)], entries: &[&str]) -> Vec<String> {
        let mut dictionary = Dictionary::standard();
        for (name, parent) in [("problem", "task"), ("u_problem_task", "problem"), ("u_errand", "task")] {
            dictionary.add_table(Table::new(name, name, "number").extends(parent));
        }
        dictionary.add_table(Table::new("kb_knowledge", "Knowledge", "number"));
        let entries: Vec<(String, String)> = entries
            .iter()
            .map(|element| ((*element).to_owned(), "x".to_owned()))
            .collect();
        told_fields(&dictionary, class, &owned(old), &owned(new), &entries)
    }

    #[test]
    fn the_nearest_table_decides_which_fields_are_told() {
        let (old, new) = (
            [("state", "1"), ("hold_reason", ""), ("watch_list", "")],
            [("state", "3"), ("hold_reason", "1"), ("watch_list", "x")],
        );
        assert_eq!(told("incident", &old, &new, &[]), ["hold_reason", "state"]);
        assert_eq!(told("sn_customerservice_task", &old, &new, &[]), ["state"]);
        assert_eq!(told("u_errand", &old, &new, &[]), ["state"]);
        assert!(told("problem", &old, &new, &[]).is_empty());
        assert!(told("u_problem_task", &old, &new, &[]).is_empty());
        assert!(told("sys_user", &old, &new, &[]).is_empty());
    }

    #[test]
    fn a_comment_is_told_and_a_work_note_is_not() {
        assert_eq!(
            told("incident", &[], &[], &["comments", "comments", "work_notes"]),
            ["comments"]
        );
    }

    #[test]
    fn of_an_article_every_field_is_told_but_the_system_s_own() {
        let new = [("text", "new"), ("sys_mod_count", "4")];
        assert_eq!(told("kb_knowledge", &[("text", "old")], &new, &[]), ["text"]);
    }
}
