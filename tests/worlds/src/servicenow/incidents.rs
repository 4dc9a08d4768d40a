//! The state of a parent incident reaches its children.
//!
//! Source: ServiceNow's product documentation, "Synchronization between a parent and a child incident". Whoever works on
//! the parent works on the children; Awaiting Caller is each child's own affair; what resolves the parent resolves them;
//! closing and cancelling do not reach them; and a parent that is opened again opens them again.

use super::engine::{Act, State, get};
use super::workflow::{Change, set};

const IN_PROGRESS: &str = "2";
const ON_HOLD: &str = "3";
const RESOLVED: &str = "6";
const FINISHED: [&str; 3] = [RESOLVED, "7", "8"];
/// The reason to wait that is not handed down.
const AWAITING_CALLER: &str = "1";

/// Hands a new state of a parent down.
pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(old) = change.old else { return };
    let Some(parent) = state.find("incident", change.sys_id) else {
        return;
    };
    let now = parent.get("state").to_owned();
    if get(old, "state") == now {
        return;
    }
    let is_reopened = get(old, "state") == RESOLVED;
    let from_parent = |fields: &[&str]| {
        let fields = fields
            .iter()
            .map(|field| ((*field).to_owned(), parent.get(field).to_owned()));
        fields.collect::<Vec<_>>()
    };
    let handed_down = match now.as_str() {
        IN_PROGRESS => from_parent(&["state"]),
        ON_HOLD if parent.get("hold_reason") != AWAITING_CALLER => from_parent(&["state", "hold_reason"]),
        RESOLVED => from_parent(&["state", "close_code", "close_notes"]),
        _ => return,
    };
    let handed_down = handed_down
        .iter()
        .map(|(field, value)| (field.as_str(), value.as_str()));
    let handed_down = handed_down.collect::<Vec<_>>();
    let reaches_finished = is_reopened || state.guesses.parent_reaches_finished_children;
    let is_reached = |child: &str| match child {
        RESOLVED => now == IN_PROGRESS && reaches_finished,
        child => !FINISHED.contains(&child),
    };
    let children = state.rows("incident").into_iter();
    let children = children.filter(|row| row.get("parent_incident") == change.sys_id && is_reached(row.get("state")));
    let children = children.map(|row| row.get("sys_id").to_owned()).collect::<Vec<_>>();
    for child in children {
        set(state, act, "incident", &child, &handed_down);
    }
}
