//! Escalations of cases and accounts: requested, approved or declined, closed.
//!
//! Documented: the template says who approves; without an approver a request is escalated at once; entries on the
//! escalation of a case are repeated in the case as work notes. While an escalation is active its case or account
//! carries it in `active_escalation`, and the open cases of an account in `active_account_escalation`.

use super::CASE;
use crate::servicenow::approvals::{self, Decision};
use crate::servicenow::engine::{Act, Fields, Row, State, get};
use crate::servicenow::errors::Refusal;
use crate::servicenow::workflow::{self, Change, is_changed, put};

const TABLE: &str = "sn_customerservice_escalation";
const ACCOUNT: &str = "customer_account";

const REQUESTED: &str = "1";
const ESCALATED: &str = "2";
const CLOSED: &str = "3";
const DECLINED: &str = "4";

pub(crate) fn check(state: &State, old: Option<&Fields>, fields: &Fields) -> Result<(), Refusal> {
    if old.is_some() || !state.guesses.cases.second_escalation_is_refused {
        return Ok(());
    }
    let source = get(fields, "source_record");
    let is_taken = state.rows(TABLE).into_iter().any(|row| {
        let is_active = matches!(row.get("state"), REQUESTED | ESCALATED);
        is_active && !source.is_empty() && row.get("source_record") == source
    });
    if is_taken {
        let detail = format!("Operation against file '{TABLE}' was aborted by Business Rule 'One active escalation'");
        return Err(Refusal::status(403, "Operation Failed", &detail));
    }
    Ok(())
}

/// A new escalation is a request, whatever its sender says.
pub(super) fn complete(state: &State, act: Act<'_>, old: Option<&Fields>, fields: &mut Fields) {
    let user = state.user_sys_id(act.by);
    match old {
        None => {
            if get(fields, "requested_by").is_empty() {
                put(fields, "requested_by", &user);
            }
            if act.meets.access_rules {
                put(fields, "state", REQUESTED);
            }
        }
        Some(old) => {
            if is_changed(old, fields, "state") && get(fields, "state") == CLOSED {
                put(fields, "deescalated_by", &user);
            }
        }
    }
}

pub(super) fn follow(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(row) = state.find(TABLE, change.sys_id).cloned() else {
        return;
    };
    repeat_entries(state, act, &row, change.entries);
    let was = change.old.map_or("", |old| get(old, "state"));
    let is = row.get("state");
    if was == is {
        return;
    }
    match is {
        REQUESTED if change.old.is_none() => request(state, act, &row),
        ESCALATED => {
            approvals::settle(state, act, change.sys_id, "not_required");
            mark(state, act, &row, true);
        }
        _ => {
            approvals::settle(state, act, change.sys_id, "cancelled");
            mark(state, act, &row, false);
        }
    }
}

pub(crate) fn decide(state: &mut State, act: Act<'_>, escalation: &str, decision: Decision, approver: &str) {
    let waits = state
        .find(TABLE, escalation)
        .is_some_and(|row| row.get("state") == REQUESTED);
    if !waits {
        return;
    }
    let (word, by) = match decision {
        Decision::Approved => (ESCALATED, "approved_by"),
        Decision::Rejected => (DECLINED, "declined_by"),
    };
    let fields = [("state", word), ("approval", decision.word()), (by, approver)];
    workflow::set(state, act, TABLE, escalation, &fields);
}

fn request(state: &mut State, act: Act<'_>, row: &Row) {
    let sys_id = row.get("sys_id");
    let approvers = approvers(state, row);
    if approvers.is_empty() {
        workflow::set(
            state,
            act,
            TABLE,
            sys_id,
            &[("state", ESCALATED), ("approval", "approved")],
        );
        return;
    }
    workflow::set(state, act, TABLE, sys_id, &[("approval", "requested")]);
    approvals::ask(state, act, TABLE, sys_id, &approvers);
}

fn approvers(state: &State, row: &Row) -> Vec<String> {
    let template = state.find("sn_customerservice_escalation_template", row.get("escalation_template"));
    let Some(template) = template.filter(|template| template.get("skip_approval") != "true") else {
        return Vec::new();
    };
    let mut approvers = approvals::members(state, template.get("approval_group"));
    let case = state.find(CASE, row.get("source_record"));
    if let Some(case) = case.filter(|_| template.get("add_group_manager") == "true") {
        let manager = state.value_at(CASE, case, "assignment_group.manager");
        if !manager.is_empty() && !approvers.contains(&manager) {
            approvers.push(manager);
        }
    }
    approvers
}

/// Lets the source carry the escalation, or carry it no more.
fn mark(state: &mut State, act: Act<'_>, row: &Row, is_active: bool) {
    let (escalation, source) = (row.get("sys_id"), row.get("source_record"));
    let change = |state: &mut State, table: &str, sys_id: &str, field: &str| {
        let carries = state
            .find(table, sys_id)
            .is_some_and(|row| row.get(field) == escalation);
        if carries != is_active {
            let value = if is_active { escalation } else { "" };
            workflow::set(state, act, table, sys_id, &[(field, value)]);
        }
    };
    if row.get("source_table") == CASE {
        change(state, CASE, source, "active_escalation");
        return;
    }
    change(state, ACCOUNT, source, "active_escalation");
    let mut cases = state.rows(CASE);
    cases.retain(|case| case.get("account") == source && case.get("active") == "true");
    cases.sort_by_key(|case| case.inserted);
    let cases: Vec<String> = cases.into_iter().map(|case| case.get("sys_id").to_owned()).collect();
    for case in cases {
        change(state, CASE, &case, "active_account_escalation");
    }
}

fn repeat_entries(state: &mut State, act: Act<'_>, row: &Row, entries: &[(String, String)]) {
    if row.get("source_table") != CASE {
        return;
    }
    for (_, text) in entries {
        workflow::set(state, act, CASE, row.get("source_record"), &[("work_notes", text)]);
    }
}
