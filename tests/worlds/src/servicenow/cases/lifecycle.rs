//! What a case takes from its contact and account, and what an update by the customer does to it.
//!
//! What resolving, closing and reopening set is a rule of all tasks.

use super::CASE;
use crate::servicenow::engine::{Act, Fields, State, get};
use crate::servicenow::errors::Refusal;
use crate::servicenow::workflow::{self, Change, is_changed, put};

/// A partner's own person, who sees and sets little.
pub(super) fn is_external(state: &State, user_name: &str) -> bool {
    let user = state.user_sys_id(user_name);
    state
        .find("sys_user", &user)
        .is_some_and(|user| user.class == "customer_contact")
}

/// Whether a user may see a case.
pub(super) fn sees_case(state: &State, user_name: &str, case: &Fields) -> bool {
    if !is_external(state, user_name) {
        return true;
    }
    let user = state.user_sys_id(user_name);
    if get(case, "contact") == user || get(case, "partner_contact") == user {
        return true;
    }
    let account = state
        .find("customer_contact", &user)
        .map_or("", |row| row.get("account"));
    state.guesses.cases.external_user_sees_account && !account.is_empty() && get(case, "account") == account
}

pub(crate) fn check(
    state: &State,
    act: Act<'_>,
    old: Option<&Fields>,
    fields: &Fields,
    entries: &[(String, String)],
) -> Result<(), Refusal> {
    let is_closed = old.is_some_and(|old| get(old, "state") == "3");
    let is_frozen = is_closed && act.meets.access_rules && state.guesses.cases.closed_case_is_frozen;
    if is_frozen && (old != Some(fields) || !entries.is_empty()) {
        return Err(Refusal::Denied("Update"));
    }
    Ok(())
}

/// Documented: a case takes the account of its contact if it is given none.
pub(super) fn complete_case(state: &State, old: Option<&Fields>, fields: &mut Fields) {
    let is_new = old.is_none_or(|old| is_changed(old, fields, "contact"));
    if is_new && get(fields, "account").is_empty() {
        let contact = state.find("customer_contact", get(fields, "contact"));
        let account = contact.map_or("", |contact| contact.get("account")).to_owned();
        put(fields, "account", &account);
    }
    let has_new_account = old.is_none_or(|old| is_changed(old, fields, "account"));
    if has_new_account {
        let account = state.find("customer_account", get(fields, "account"));
        let escalation = account
            .map_or("", |account| account.get("active_escalation"))
            .to_owned();
        put(fields, "active_account_escalation", &escalation);
    }
}

pub(super) fn complete_task(state: &State, old: Option<&Fields>, fields: &mut Fields) {
    if !state.guesses.cases.task_parents_follow_each_other {
        return;
    }
    for (from, to) in [("parent", "case"), ("case", "parent")] {
        let is_new = old.is_none_or(|old| is_changed(old, fields, from));
        let value = get(fields, from).to_owned();
        if is_new && !value.is_empty() && state.find(CASE, &value).is_some() {
            put(fields, to, &value);
            return;
        }
    }
}

pub(super) fn follow(state: &mut State, act: Act<'_>, change: Change<'_>) {
    let Some(row) = state.find(CASE, change.sys_id) else {
        return;
    };
    let close_notes = row.get("close_notes").to_owned();
    let has_new_notes = change.old.is_none_or(|old| get(old, "close_notes") != close_notes);
    if has_new_notes && !close_notes.is_empty() && row.get("notes_to_comments") == "true" {
        workflow::set(state, act, CASE, change.sys_id, &[("comments", &close_notes)]);
    }
    let has_comment = change.entries.iter().any(|(element, _)| element == "comments");
    let waits = state
        .find(CASE, change.sys_id)
        .is_some_and(|row| row.get("state") == "18");
    if has_comment && waits && state.guesses.cases.customer_update_reopens && is_external(state, act.by) {
        workflow::set(state, act, CASE, change.sys_id, &[("state", "10")]);
    }
}
