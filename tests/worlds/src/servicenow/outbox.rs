//! The outbox of the scoped app: which changes it tells, and what it says of them.
//!
//! A change is noted when it commits. The asynchronous business rule runs later and sees the record as it is
//! then: two quick changes may both tell the second version, under one id, and never the first. Rules need not
//! run in the order of the commits ([`Guesses`](super::Guesses) has the spread). Nothing is left out because the
//! integration user did it; it is only marked.
//! Invariants: every rule that is due runs before anything else sees the state; the table shows the queue, which
//! alone decides; without a receiver nothing is noted and nothing is there.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::engine::{Act, Fields, Row, State};
use super::oauth::INTEGRATION_USER;
use super::tables::outbox::{OUTBOX, table};
use super::watched::{self, FILES};
use crate::clock;
use crate::digest::derived_id;
use crate::outgoing::{Delivery, DeliveryId, Destination, Entry, Event, Outcome, Queue};

const RECORD_CHANGED: &str = "gridlink.servicenow.record.changed.v1";
const ATTACHMENT_ADDED: &str = "gridlink.servicenow.attachment.added.v1";

/// Whose changes are marked; the app's property, with the user that the OAuth client acts as by default.
const INTEGRATION_USER_PROPERTY: &str = "x_gridlink.integration_user";

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

/// A change that has just been committed.
pub(crate) enum Change<'a> {
    Inserted,
    Updated {
        old: &'a Fields,
        /// Journal entries by element and text.
        entries: &'a [(String, String)],
    },
    /// The row as it was.
    Deleted(Row),
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

/// Schedules the rule of a change, if one watches it.
pub(crate) fn note(state: &mut State, act: Act<'_>, class: &str, sys_id: &str, change: Change<'_>) {
    if state.outbox.is_none() {
        return;
    }
    let (operation, changed_fields) = match change {
        Change::Inserted => match state.find(class, sys_id) {
            Some(row) if watched::existence_is_told(state, row) => (Operation::Created, Vec::new()),
            Some(_) | None => return,
        },
        Change::Updated { old, entries } => {
            let Some(row) = state.find(class, sys_id) else { return };
            let told = watched::told_fields(&state.dictionary, class, old, &row.fields, entries);
            if told.is_empty() {
                return;
            }
            (Operation::Changed, told)
        }
        Change::Deleted(row) => {
            if !state.guesses.async_delete_rule_runs || !watched::existence_is_told(state, &row) {
                return;
            }
            (Operation::Deleted { row, at: act.at }, Vec::new())
        }
    };
    let scheduled = Scheduled {
        class: class.to_owned(),
        sys_id: sys_id.to_owned(),
        operation,
        changed_fields,
        by: act.by.to_owned(),
    };
    let number = state.outbox.as_ref().map_or(0, |outbox| outbox.noted) + 1;
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

/// Lets the table show what changed in the queue.
pub(crate) fn show(state: &mut State, now: OffsetDateTime) {
    let Some(outbox) = &mut state.outbox else { return };
    let rows = &outbox.rows;
    let changes: Vec<(u64, Option<String>, Option<Fields>)> = outbox
        .queue
        .take_touched()
        .into_iter()
        .map(|(number, entry)| (number, rows.get(&number).cloned(), entry.map(fields)))
        .collect();
    let act = Act {
        at: now,
        by: "system",
        is_script: true,
    };
    for (number, row, fields) in changes {
        let shown = match (row, fields) {
            (None, None) => continue,
            (None, Some(fields)) => state.insert(act, OUTBOX, &fields).map(Some),
            (Some(row), Some(fields)) => state.update(act, OUTBOX, &row, &fields).map(|()| Some(row)),
            (Some(row), None) => {
                state.remove(OUTBOX, &row);
                Ok(None)
            }
        };
        let row = shown.expect("the app may write its own table");
        if let Some(outbox) = &mut state.outbox {
            match row {
                Some(row) => outbox.rows.insert(number, row),
                None => outbox.rows.remove(&number),
            };
        }
    }
}

fn put(state: &mut State, queue: Queue) {
    std::sync::Arc::make_mut(&mut state.dictionary).add_table(table());
    state.outbox = Some(Box::new(Outbox {
        queue,
        scheduled: BTreeMap::new(),
        noted: 0,
        rows: BTreeMap::new(),
    }));
}

/// How long after its commit a rule runs; a die that always falls the same way decides the spread.
fn rule_delay(state: &State, number: u64) -> Duration {
    let guesses = &state.guesses;
    let seed = guesses.async_rule_seed;
    let id = derived_id("async rule", format_args!("{seed}/{number}"));
    let die = u64::from_str_radix(&id[..15], 16).expect("an id is hexadecimal");
    let spread = die % (u64::from(guesses.async_rule_spread_milliseconds) + 1);
    Duration::from_millis(u64::from(guesses.async_rule_delay_milliseconds) + spread)
}

fn run_rule(state: &mut State, at: OffsetDateTime, scheduled: &Scheduled) {
    let Some(event) = event(state, scheduled) else { return };
    if let Some(outbox) = &mut state.outbox {
        outbox.queue.push(at, event);
        show(state, at);
    }
}

/// What the rule says of the record as it is now; nothing when the record is gone meanwhile.
fn event(state: &State, scheduled: &Scheduled) -> Option<Event> {
    let (row, operation) = match &scheduled.operation {
        Operation::Created => (state.find(&scheduled.class, &scheduled.sys_id)?, "created"),
        Operation::Changed => (state.find(&scheduled.class, &scheduled.sys_id)?, "changed"),
        Operation::Deleted { row, .. } => (row, "deleted"),
    };
    let (table, sys_id) = (row.class.as_str(), row.get("sys_id"));
    let mod_count: u64 = row.get("sys_mod_count").parse().unwrap_or_default();
    let updated_on = rfc3339(row.get("sys_updated_on"));
    let integration_user = state.property(INTEGRATION_USER_PROPERTY, INTEGRATION_USER);
    let (by, changed_fields): (&str, &[String]) = if state.guesses.async_rule_knows_the_change {
        (&scheduled.by, &scheduled.changed_fields)
    } else {
        (row.get("sys_updated_by"), &[])
    };
    let mut data = json!({
        "table": table,
        "sysId": sys_id,
        "number": row.get("number"),
        "modCount": mod_count,
        "updatedOn": updated_on,
        "operation": operation,
        "changedFields": changed_fields,
        "byIntegrationUser": by == integration_user,
    });
    let mut subject = format!("records/{table}/{sys_id}");
    if table == FILES {
        let (record_table, record) = (row.get("table_name"), row.get("table_sys_id"));
        data["record"] = json!({ "table": record_table, "sysId": record });
        subject = format!("records/{record_table}/{record}");
    }
    let version = format!("{table}/{sys_id}/{mod_count}");
    let (id, kind, time) = match &scheduled.operation {
        Operation::Created if table == FILES => (version, ATTACHMENT_ADDED, updated_on),
        Operation::Created | Operation::Changed => (version, RECORD_CHANGED, updated_on),
        // A deletion makes no version of its own: without its own id it would pass for a duplicate of the last one.
        Operation::Deleted { at, .. } => (
            format!("{version}/deleted"),
            RECORD_CHANGED,
            rfc3339(&clock::seconds(*at)),
        ),
    };
    let host = state.base_url.split_once("://").map_or("", |(_, host)| host);
    Some(Event {
        id,
        kind: kind.to_owned(),
        source: format!("//servicenow/{host}"),
        subject,
        time,
        data,
    })
}

fn fields(entry: &Entry) -> Fields {
    let data = &entry.event.data;
    let text = |name: &str| match &data[name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let changed_fields: Vec<&str> = data["changedFields"]
        .as_array()
        .map_or_else(Vec::new, |names| names.iter().filter_map(Value::as_str).collect());
    [
        ("event_id", entry.event.id.clone()),
        ("event_type", entry.event.kind.clone()),
        ("record_table", text("table")),
        ("record", text("sysId")),
        ("record_mod_count", text("modCount")),
        ("changed_fields", changed_fields.join(",")),
        ("by_integration_user", text("byIntegrationUser")),
        ("state", entry.stage.as_str().to_owned()),
        ("attempts", entry.attempts.to_string()),
        ("next_attempt", clock::seconds(entry.next_attempt)),
        ("last_error", entry.last_error.clone()),
        ("payload", entry.body.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A stored time, `2026-11-22 10:00:00`, as the rest of the world writes it.
fn rfc3339(stored: &str) -> String {
    format!("{}Z", stored.replace(' ', "T"))
}
