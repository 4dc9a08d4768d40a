//! The admin routes of events, where the application sends them.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::jobs::OUTBOX;
use crate::admin::{done, refused};
use crate::clock;
use crate::outgoing;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::owned;

pub(crate) fn serve(state: &mut State, now: OffsetDateTime, parts: &Parts) -> Option<Response<Bytes>> {
    let response = match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/_world/outbox") => {
            let mut rows = state.rows(OUTBOX);
            rows.sort_by_key(|row| row.inserted);
            let events: Vec<Value> = rows.into_iter().map(shown).collect();
            done(json!({ "events": events }))
        }
        (&Method::POST, "/_world/outbox/revive") => {
            let revived = change(state, now, "dead", &[("state", "new"), ("attempts", "0")]);
            done(json!({ "revived": revived }))
        }
        (&Method::POST, "/_world/drain") => {
            change(state, now, "new", &[]);
            done(json!({ "status": "draining" }))
        }
        (_, path) if outgoing::admin::is_of_a_queue(path) => {
            refused("the application sends the events of this world: nothing can go wrong with them on purpose")
        }
        _ => return None,
    };
    Some(response)
}

/// Changes every entry in a state, which may leave now, and gives their number.
fn change(state: &mut State, now: OffsetDateTime, from: &str, fields: &[(&str, &str)]) -> usize {
    let mut fields = owned(fields);
    fields.insert("next_attempt".to_owned(), clock::seconds(now));
    let rows = state.rows(OUTBOX).into_iter().filter(|row| row.get("state") == from);
    let rows: Vec<String> = rows.map(|row| row.get("sys_id").to_owned()).collect();
    let act = Act::platform(now, "admin");
    rows.iter()
        .filter(|sys_id| state.update(act, OUTBOX, sys_id, &fields).is_ok())
        .count()
}

/// An entry as the world shows its own.
fn shown(row: &Row) -> Value {
    let event: Value = serde_json::from_str(row.get("payload")).unwrap_or_default();
    json!({
        "id": row.get("event_id"),
        "type": row.get("event_type"),
        "subject": row.get("subject"),
        "state": row.get("state"),
        "attempts": row.get("attempts").parse::<u32>().unwrap_or_default(),
        "nextAttempt": row.get("next_attempt"),
        "lastError": row.get("last_error"),
        "data": event["data"],
    })
}
