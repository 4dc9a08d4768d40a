//! Approvals: who is asked, who may answer, and what an answer does to the record it is for.
//!
//! A record waits for its rows in `sysapproval_approver`. One answer decides, or all must approve; then the rows still
//! open are no longer required. An answer that comes after the decision changes its row and nothing else.

use super::engine::{Act, Fields, Row, State, get};
use super::errors::Refusal;
use super::workflow::{self, Change};
use super::{cases, guards, knowledge};

const TABLE: &str = "sysapproval_approver";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Approved,
    Rejected,
}

impl Decision {
    /// The word in `approval` of a task and in `state` of an approver's row.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Decision::Approved => "approved",
            Decision::Rejected => "rejected",
        }
    }
}

/// Asks users, given by sys_id, to approve a record.
pub(crate) fn ask(state: &mut State, act: Act<'_>, class: &str, sys_id: &str, approvers: &[String]) {
    let task = if state.dictionary.is_a(class, "task") {
        sys_id
    } else {
        ""
    };
    for approver in approvers {
        let fields = [
            ("sysapproval", task),
            ("document_id", sys_id),
            ("source_table", class),
            ("approver", approver),
            ("state", "requested"),
        ];
        workflow::add(state, act, TABLE, &fields);
    }
}

/// The rows for a record, oldest first.
pub(crate) fn of_record<'a>(state: &'a State, sys_id: &str) -> Vec<&'a Row> {
    let mut rows = state.rows(TABLE);
    rows.retain(|row| row.get("document_id") == sys_id || row.get("sysapproval") == sys_id);
    rows.sort_by_key(|row| row.inserted);
    rows
}

/// Takes back every question about a record that has no answer yet.
pub(crate) fn settle(state: &mut State, act: Act<'_>, sys_id: &str, word: &str) {
    let open = of_record(state, sys_id)
        .into_iter()
        .filter(|row| row.get("state") == "requested");
    let open: Vec<String> = open.map(|row| row.get("sys_id").to_owned()).collect();
    for row in open {
        workflow::set(state, act, TABLE, &row, &[("state", word)]);
    }
}

/// The active users of a group.
pub(crate) fn members(state: &State, group: &str) -> Vec<String> {
    let mut rows = state.rows("sys_user_grmember");
    rows.sort_by_key(|row| row.inserted);
    rows.into_iter()
        .filter(|row| !group.is_empty() && row.get("group") == group)
        .filter_map(|row| state.find("sys_user", row.get("user")))
        .filter(|user| user.get("active") == "true")
        .map(|user| user.get("sys_id").to_owned())
        .collect()
}

/// Only the approver answers.
pub(crate) fn check(state: &State, act: Act<'_>, old: Option<&Fields>) -> Result<(), Refusal> {
    let Some(old) = old else { return Ok(()) };
    let is_free = !act.meets.access_rules || !state.guesses.catalog.only_the_approver_decides;
    if is_free || guards::has_role(state, act.by, "admin") || get(old, "approver") == state.user_sys_id(act.by) {
        return Ok(());
    }
    Err(Refusal::Denied("Update"))
}

pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(row) = state.find(TABLE, change.sys_id).cloned() else {
        return;
    };
    let decision = if change.brings(&row, "state", "approved") {
        Decision::Approved
    } else if change.brings(&row, "state", "rejected") {
        Decision::Rejected
    } else {
        return;
    };
    let record = match row.get("document_id") {
        "" => row.get("sysapproval"),
        record => record,
    };
    if record.is_empty() {
        return;
    }
    let waits_for_more = of_record(state, record)
        .iter()
        .any(|row| row.get("state") == "requested");
    if decision == Decision::Approved && waits_for_more && state.guesses.catalog.everybody_must_approve {
        return;
    }
    settle(state, act, record, "not_required");
    decide(state, act, record, decision, row.get("approver"));
}

fn decide(state: &mut State, act: Act<'_>, record: &str, decision: Decision, approver: &str) {
    let Some(class) = state.anywhere(record).map(|row| row.class.clone()) else {
        return;
    };
    match class.as_str() {
        "kb_knowledge" => knowledge::decide(state, act, record, decision),
        "sn_customerservice_escalation" => cases::decide(state, act, record, decision, approver),
        _ => {
            let waits = state
                .find("task", record)
                .is_some_and(|row| row.get("approval") == "requested");
            if waits {
                workflow::set(state, act, &class, record, &[("approval", decision.word())]);
            }
        }
    }
}
