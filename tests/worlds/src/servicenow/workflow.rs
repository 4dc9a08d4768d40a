//! What a change of a row sets in motion: approvals, requests, cases, escalations, articles.
//!
//! The engine calls [`before_change`] ahead of its own rules, [`check`] before it stores, and [`after_change`] when the
//! row is stored. Whatever follows happens at the time and in the name of the act that caused it; nothing runs by a
//! timer. A change made here passes through the same three calls. That ends because every rule waits for a transition
//! that it does not make again.

use super::engine::{Act, Fields, Row, State, get};
use super::errors::Refusal;
use super::{approvals, cases, catalog, incidents, knowledge, owned};

/// A row that was just stored.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) class: &'a str,
    pub(crate) sys_id: &'a str,
    /// None for a new row.
    pub(crate) old: Option<&'a Fields>,
    /// The journal entries written with it, element and text.
    pub(crate) entries: &'a [(String, String)],
}

impl Change<'_> {
    /// Whether the field of an old row got this value.
    pub(crate) fn brings(&self, row: &Row, field: &str, value: &str) -> bool {
        let was = self.old.map(|old| get(old, field));
        row.get(field) == value && was.is_some_and(|was| was != value)
    }

    /// Whether the record was open and is no longer.
    pub(crate) fn closes(&self, row: &Row) -> bool {
        self.brings(row, "active", "false")
    }
}

/// Fills in what a row implies before it is stored.
pub(crate) fn before_change(state: &State, act: Act<'_>, class: &str, old: Option<&Fields>, fields: &mut Fields) {
    match class {
        "sn_customerservice_case" | "sn_customerservice_task" | "sn_customerservice_escalation" => {
            cases::before_change(state, act, class, old, fields);
        }
        "sc_request" | "sc_req_item" => catalog::before_change(state, class, old, fields),
        "kb_knowledge" => knowledge::before_change(state, act, old, fields),
        _ => {}
    }
}

/// Refuses what the platform refuses.
pub(crate) fn check(
    state: &State,
    act: Act<'_>,
    class: &str,
    old: Option<&Fields>,
    fields: &Fields,
    entries: &[(String, String)],
) -> Result<(), Refusal> {
    match class {
        "sysapproval_approver" => approvals::check(state, act, old),
        "sn_customerservice_case" => cases::check(state, act, old, fields, entries),
        "sn_customerservice_escalation" => cases::check_escalation(state, old, fields),
        _ => Ok(()),
    }
}

/// Carries on what the change began.
pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let act = act.as_script();
    match change.class {
        "sysapproval_approver" => approvals::after_change(state, act, change),
        "sn_customerservice_case" | "sn_customerservice_escalation" => cases::after_change(state, act, change),
        "sc_request" | "sc_req_item" | "sc_task" => catalog::after_change(state, act, change),
        "incident" => incidents::after_change(state, act, change),
        "kb_knowledge" | "kb_feedback" => knowledge::after_change(state, act, change),
        _ => {}
    }
}

/// A change by a rule. One that is refused ends this step and nothing else: the log says so.
pub(crate) fn set(state: &mut State, act: Act<'_>, table: &str, sys_id: &str, fields: &[(&str, &str)]) {
    if state.find(table, sys_id).is_none() {
        return;
    }
    if let Err(refusal) = state.update(act, table, sys_id, &owned(fields)) {
        log(state, act, &format!("could not change {table} {sys_id}: {refusal}"));
    }
}

/// A row made by a rule; none if it is refused, as the log says.
pub(crate) fn add(state: &mut State, act: Act<'_>, table: &str, fields: &[(&str, &str)]) -> Option<String> {
    match state.insert(act, table, &owned(fields)) {
        Ok(sys_id) => Some(sys_id),
        Err(refusal) => {
            log(state, act, &format!("could not add a row to {table}: {refusal}"));
            None
        }
    }
}

/// A step that failed: an error in `syslog`, which administrators read, and one of what nobody was told.
fn log(state: &mut State, act: Act<'_>, message: &str) {
    let fields = owned(&[("level", "2"), ("source", "Workflow"), ("message", message)]);
    let logged = state.insert(act.as_platform(), "syslog", &fields);
    state.ignored.push(format!("a step of a flow {message}"));
    if let Err(refusal) = logged {
        state.ignored.push(format!("nor was that logged: {refusal}"));
    }
}

/// Whether a field has another value than before.
pub(crate) fn is_changed(old: &Fields, fields: &Fields, name: &str) -> bool {
    get(old, name) != get(fields, name)
}

pub(crate) fn put(fields: &mut Fields, name: &str, value: &str) {
    fields.insert(name.to_owned(), value.to_owned());
}
