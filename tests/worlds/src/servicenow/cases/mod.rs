//! Customer service: `/api/sn_customerservice/case…`, accounts and contacts, escalations, and what a case goes through.

mod accounts;
mod activities;
mod api;
mod escalations;
mod field_values;
mod lifecycle;
mod pages;

pub(crate) use accounts::{serve_accounts, serve_contacts};
pub(crate) use api::{EXTERNAL_CREATE, EXTERNAL_UPDATE, serve};
pub(crate) use escalations::{check as check_escalation, decide};
pub(crate) use lifecycle::check;

use super::engine::{Act, Fields, State};
use super::workflow::Change;

pub(crate) const CASE: &str = "sn_customerservice_case";

pub(crate) fn before_change(state: &State, act: Act<'_>, class: &str, old: Option<&Fields>, fields: &mut Fields) {
    match class {
        CASE => lifecycle::complete_case(state, old, fields),
        "sn_customerservice_task" => lifecycle::complete_task(state, old, fields),
        _ => escalations::complete(state, act, old, fields),
    }
}

pub(crate) fn after_change(state: &mut State, act: Act<'_>, change: Change<'_>) {
    if change.class == CASE {
        lifecycle::follow(state, act, change);
    } else {
        escalations::follow(state, act, change);
    }
}
