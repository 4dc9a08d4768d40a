//! The table that shows the outbox.

use serde_json::Value;
use time::OffsetDateTime;

use crate::clock;
use crate::outgoing::Entry;
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::tables::outbox::OUTBOX;

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
    let act = Act::platform(now, "system");
    for (number, row, fields) in changes {
        // A row that a script took away is shown anew at the next change of its entry.
        let shown = match (row, fields) {
            (None, None) => None,
            (None, Some(fields)) => state.insert(act, OUTBOX, &fields).ok(),
            (Some(row), Some(fields)) => state.update(act, OUTBOX, &row, &fields).ok().map(|()| row),
            (Some(row), None) => {
                state.remove(OUTBOX, &row);
                None
            }
        };
        if let Some(outbox) = &mut state.outbox {
            match shown {
                Some(row) => outbox.rows.insert(number, row),
                None => outbox.rows.remove(&number),
            };
        }
    }
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
