//! The life of a request (REQ), its items (RITM) and their tasks.
//!
//! An item waits for its approval, is fulfilled by tasks, and ends; a request ends with its last item. `approval`,
//! `stage` and `state` of an item move together, whoever moves one of them, also a caller who skips the approvers.
//! A word for `stage` that the same change brings is kept. An item that is closed moves no more.

use crate::servicenow::approvals;
use crate::servicenow::engine::{Act, Fields, Row, State, get};
use crate::servicenow::workflow::{self, Change, is_changed, put};

pub(crate) fn before_change(state: &State, class: &str, old: Option<&Fields>, fields: &mut Fields) {
    let Some(old) = old.filter(|old| get(old, "active") == "true") else {
        return;
    };
    if class == "sc_req_item" {
        move_item(state, old, fields);
    } else {
        move_request(old, fields);
    }
}

pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(row) = state.find(change.class, change.sys_id).cloned() else {
        return;
    };
    match change.class {
        "sc_req_item" => follow_item(state, act, change, &row),
        "sc_request" => follow_request(state, act, change, &row),
        _ => follow_task(state, act, change, &row),
    }
}

fn move_item(state: &State, old: &Fields, fields: &mut Fields) {
    let stages = &state.guesses.catalog.stages;
    let mut stage = None;
    if is_changed(old, fields, "approval") {
        match get(fields, "approval") {
            "requested" => stage = Some(&stages.waiting_for_approval),
            "approved" => {
                stage = Some(&stages.fulfillment);
                if !is_changed(old, fields, "state") {
                    put(fields, "state", &state.guesses.catalog.approved_state);
                }
            }
            "rejected" => put(fields, "state", "4"),
            _ => {}
        }
    }
    match get(fields, "state") {
        "3" => stage = Some(&stages.completed),
        "4" | "7" if get(fields, "approval") == "rejected" => stage = Some(&stages.rejected),
        "4" | "7" => {
            stage = Some(&stages.cancelled);
            if get(fields, "approval") == "requested" {
                put(fields, "approval", "cancelled");
            }
        }
        _ => {}
    }
    if let Some(stage) = stage.filter(|_| !is_changed(old, fields, "stage")) {
        put(fields, "stage", stage);
    }
}

/// `state` and `request_state` of a request say the same.
fn move_request(old: &Fields, fields: &mut Fields) {
    if is_changed(old, fields, "request_state") {
        let state = match get(fields, "request_state") {
            "closed_complete" => "3",
            "closed_incomplete" | "closed_cancelled" | "closed_rejected" => "4",
            "closed_skipped" => "7",
            _ => return,
        };
        put(fields, "state", state);
    } else if is_changed(old, fields, "state") {
        let request_state = match get(fields, "state") {
            "3" => "closed_complete",
            "4" => "closed_incomplete",
            "7" => "closed_skipped",
            _ => return,
        };
        put(fields, "request_state", request_state);
    } else {
        return;
    }
    let stage = get(fields, "request_state").to_owned();
    put(fields, "stage", &stage);
}

fn follow_item(state: &mut State, act: Act<'_>, change: Change<'_>, row: &Row) {
    if change.brings(row, "approval", "approved") && row.get("active") == "true" {
        approvals::settle(state, act, change.sys_id, "not_required");
        begin_fulfillment(state, act, row);
    }
    if !change.closes(row) {
        return;
    }
    let word = if row.get("approval") == "rejected" {
        "not_required"
    } else {
        "cancelled"
    };
    approvals::settle(state, act, change.sys_id, word);
    if row.get("state") != "3" {
        for task in open_children(state, "sc_task", "request_item", change.sys_id) {
            workflow::set(state, act, "sc_task", &task, &[("state", "4")]);
        }
    }
    finish_request(state, act, row.get("request"));
}

fn follow_request(state: &mut State, act: Act<'_>, change: Change<'_>, row: &Row) {
    if !change.closes(row) || row.get("request_state") == "closed_complete" {
        return;
    }
    approvals::settle(state, act, change.sys_id, "cancelled");
    for item in open_children(state, "sc_req_item", "request", change.sys_id) {
        workflow::set(state, act, "sc_req_item", &item, &[("state", "4")]);
    }
}

fn follow_task(state: &mut State, act: Act<'_>, change: Change<'_>, row: &Row) {
    let item = row.get("request_item");
    if !change.closes(row) || !open_children(state, "sc_task", "request_item", item).is_empty() {
        return;
    }
    let is_open = state
        .find("sc_req_item", item)
        .is_some_and(|item| item.get("active") == "true");
    if !is_open {
        return;
    }
    let is_incomplete = children(state, "sc_task", "request_item", item)
        .iter()
        .any(|task| task.get("state") == "4");
    let stage = state.guesses.catalog.stages.completed.clone();
    let word = if is_incomplete { "4" } else { "3" };
    workflow::set(state, act, "sc_req_item", item, &[("state", word), ("stage", &stage)]);
}

/// The tasks that the item's definition names; an item without any is fulfilled by whoever closes it.
fn begin_fulfillment(state: &mut State, act: Act<'_>, row: &Row) {
    let sys_id = row.get("sys_id");
    if !children(state, "sc_task", "request_item", sys_id).is_empty() {
        return;
    }
    let tasks = state.value_at("sc_req_item", row, "cat_item.u_fulfillment_tasks");
    let group = state.value_at("sc_req_item", row, "cat_item.group");
    for task in tasks.lines().filter(|task| !task.trim().is_empty()) {
        let fields = [
            ("short_description", task.trim()),
            ("request_item", sys_id),
            ("request", row.get("request")),
            ("parent", sys_id),
            ("assignment_group", &group),
            ("company", row.get("company")),
        ];
        workflow::add(state, act, "sc_task", &fields);
    }
}

/// Closes a request whose items are all closed.
fn finish_request(state: &mut State, act: Act<'_>, request: &str) {
    let is_open = state
        .find("sc_request", request)
        .is_some_and(|row| row.get("active") == "true");
    if !is_open || !open_children(state, "sc_req_item", "request", request).is_empty() {
        return;
    }
    let items = children(state, "sc_req_item", "request", request);
    let word = if items.iter().any(|item| item.get("state") == "3") {
        "closed_complete"
    } else if items.iter().all(|item| item.get("approval") == "rejected") {
        "closed_rejected"
    } else {
        "closed_incomplete"
    };
    workflow::set(state, act, "sc_request", request, &[("request_state", word)]);
}

fn children<'a>(state: &'a State, table: &str, field: &str, parent: &str) -> Vec<&'a Row> {
    let mut rows = state.rows(table);
    rows.retain(|row| !parent.is_empty() && row.get(field) == parent);
    rows.sort_by_key(|row| row.inserted);
    rows
}

fn open_children(state: &State, table: &str, field: &str, parent: &str) -> Vec<String> {
    let open = children(state, table, field, parent)
        .into_iter()
        .filter(|row| row.get("active") == "true");
    open.map(|row| row.get("sys_id").to_owned()).collect()
}
