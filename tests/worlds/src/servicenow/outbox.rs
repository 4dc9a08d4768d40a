//! The outbox of the scoped app: which changes it tells, and what it says of them.
//!
//! A change is noted when it commits. The asynchronous business rule runs later and sees the record as it is
//! then: two quick changes may both tell the second version, under one id, and never the first. Rules need not
//! run in the order of the commits ([`Guesses`](super::Guesses) has the spread). Nothing is left out because the
//! integration user did it; it is only marked.
//! Invariants: every rule that is due runs before anything else sees the state; the table shows the queue, which
//! alone decides; without a receiver nothing is noted and nothing is there.

mod event;
mod shown;
mod watched;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

use super::engine::{Act, Row, State};
use super::guards::business_rules::{self, Change};
use super::tables::outbox::{marks, table};
use crate::digest::derived_id;
use crate::outgoing::{Delivery, DeliveryId, Destination, Outcome, Queue};

pub(crate) use shown::show;

/// What the app keeps on an instance.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    pub(crate) queue: Queue,
    /// Rules that are still to run, by their time and then in the order of commits.
    scheduled: BTreeMap<(OffsetDateTime, u64), Scheduled>,
    /// How many rules were scheduled so far.
    noted: u64,
    /// The rows that show the entries of the queue, by the entry's number.
    rows: BTreeMap<u64, String>,
}

/// A business rule that will run.
#[derive(Debug, Clone)]
struct Scheduled {
    class: String,
    sys_id: String,
    operation: Operation,
    changed_fields: Vec<String>,
    /// A `user_name`.
    by: String,
}

#[derive(Debug, Clone)]
enum Operation {
    Created,
    Changed,
    Deleted { row: Row, at: OffsetDateTime },
}

/// Puts the app on the instance, or gives it another receiver.
pub(crate) fn install(state: &mut State, destination: Destination) {
    match &mut state.outbox {
        Some(outbox) => outbox.queue.destination = destination,
        None => put(state, Queue::new(destination)),
    }
}

/// Puts the app of another state, without what it kept there, on a fresh one.
pub(crate) fn reinstall(state: &mut State, outbox: Outbox) {
    put(state, outbox.queue.emptied());
}

/// Schedules the rule of a change that has just been committed, if one watches it; `entries` are journal entries by
/// element and text.
pub(crate) fn note(state: &mut State, act: Act<'_>, change: Change<'_>, sys_id: &str, entries: &[(String, String)]) {
    let Some(outbox) = &state.outbox else { return };
    let number = outbox.noted + 1;
    let Some((operation, changed_fields)) = told(state, act, change, sys_id, entries) else {
        return;
    };
    let scheduled = Scheduled {
        class: change.class.to_owned(),
        sys_id: sys_id.to_owned(),
        operation,
        changed_fields,
        by: act.by.to_owned(),
    };
    let due = act.at + rule_delay(state, number);
    if let Some(outbox) = &mut state.outbox {
        outbox.noted = number;
        outbox.scheduled.insert((due, number), scheduled);
    }
}

/// Runs every rule that is due, each at its own time.
pub(crate) fn run_rules(state: &mut State, now: OffsetDateTime) {
    loop {
        let Some(outbox) = &mut state.outbox else { return };
        let Some(first) = outbox.scheduled.first_entry().filter(|first| first.key().0 <= now) else {
            return;
        };
        let ((at, _), scheduled) = first.remove_entry();
        run_rule(state, at, &scheduled);
    }
}

/// Runs every rule now, whatever its time.
pub(crate) fn hurry_rules(state: &mut State, now: OffsetDateTime) {
    let Some(outbox) = &mut state.outbox else { return };
    for scheduled in std::mem::take(&mut outbox.scheduled).into_values() {
        run_rule(state, now, &scheduled);
    }
}

/// Takes the events that may leave now.
pub(crate) fn take_due(state: &mut State, now: OffsetDateTime) -> Vec<Delivery> {
    let Some(outbox) = &mut state.outbox else {
        return Vec::new();
    };
    let deliveries = outbox.queue.take(now);
    show(state, now);
    deliveries
}

/// Notes how a try went.
pub(crate) fn report(state: &mut State, now: OffsetDateTime, id: DeliveryId, outcome: &Outcome) {
    if let Some(outbox) = &mut state.outbox {
        outbox.queue.report(id, outcome, now);
        show(state, now);
    }
}

/// The earliest time at which a rule runs or an event may leave.
pub(crate) fn next_at(state: &State, now: OffsetDateTime) -> Option<OffsetDateTime> {
    let outbox = state.outbox.as_ref()?;
    let rule = outbox.scheduled.keys().next().map(|(due, _)| *due);
    rule.into_iter().chain(outbox.queue.next_at(now)).min()
}

/// What is told of a change, with the changed fields; nothing if no rule watches it.
fn told(
    state: &State,
    act: Act<'_>,
    change: Change<'_>,
    sys_id: &str,
    entries: &[(String, String)],
) -> Option<(Operation, Vec<String>)> {
    match change.event {
        business_rules::Event::Insert => {
            let row = state.find(change.class, sys_id)?;
            watched::existence_is_told(state, row).then_some((Operation::Created, Vec::new()))
        }
        business_rules::Event::Update => {
            let new = &state.find(change.class, sys_id)?.fields;
            let told = watched::told_fields(&state.dictionary, change.class, &change.old?.fields, new, entries);
            (!told.is_empty()).then_some((Operation::Changed, told))
        }
        business_rules::Event::Delete => {
            let row = change.old?.clone();
            let is_told = state.guesses.async_delete_rule_runs && watched::existence_is_told(state, &row);
            is_told.then_some((Operation::Deleted { row, at: act.at }, Vec::new()))
        }
        business_rules::Event::Query => None,
    }
}

fn put(state: &mut State, queue: Queue) {
    let dictionary = Arc::make_mut(&mut state.dictionary);
    dictionary.add_table(table());
    for mark in marks() {
        dictionary.add_column("task", mark);
    }
    state.guards.forget();
    state.outbox = Some(Box::new(Outbox {
        queue,
        scheduled: BTreeMap::new(),
        noted: 0,
        rows: BTreeMap::new(),
    }));
}

/// How long after its commit a rule runs; a die that always falls the same way decides the spread.
pub(crate) fn rule_delay(state: &State, number: u64) -> Duration {
    let guesses = &state.guesses;
    let seed = guesses.async_rule_seed;
    let id = derived_id("async rule", format_args!("{seed}/{number}"));
    let die = u64::from_str_radix(&id[..15], 16).expect("an id is hexadecimal");
    let spread = die % (u64::from(guesses.async_rule_spread_milliseconds) + 1);
    Duration::from_millis(u64::from(guesses.async_rule_delay_milliseconds) + spread)
}

fn run_rule(state: &mut State, at: OffsetDateTime, scheduled: &Scheduled) {
    let Some(event) = event::of(state, scheduled) else {
        return;
    };
    if let Some(outbox) = &mut state.outbox {
        outbox.queue.push(at, event);
        show(state, at);
    }
}
