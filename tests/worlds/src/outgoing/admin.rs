//! The admin routes of a world that sends events.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::destination::Destination;
use super::queue::Queue;
use super::rules::EventRule;
use crate::admin::{done, refused};

/// The body of `POST /_world/receiver`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Receiver {
    url: String,
    secret: String,
    sender: String,
}

/// Serves what concerns the queue of a world; `None` when nothing does.
pub(crate) fn serve(queue: &mut Queue, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
    let response = match (&parts.method, parts.uri.path()) {
        (&Method::GET, "/_world/outbox") => {
            let events: Vec<Value> = queue.entries().map(super::Entry::shown).collect();
            done(json!({ "events": events }))
        }
        (&Method::POST, "/_world/outbox/revive") => done(json!({ "revived": queue.revive(now) })),
        (&Method::POST, "/_world/drain") => {
            queue.hurry(now);
            done(json!({ "status": "draining" }))
        }
        (&Method::GET, "/_world/event-knobs") => done(json!({ "rules": queue.rules.list() })),
        (&Method::DELETE, "/_world/event-knobs") => {
            queue.rules.clear();
            done(json!({ "status": "cleared" }))
        }
        (&Method::POST, "/_world/event-knobs") => match serde_json::from_slice::<EventRule>(body) {
            Ok(rule) => {
                queue.rules.add(rule);
                done(json!({ "status": "added" }))
            }
            Err(error) => refused(&format!("this is not a rule: {error}")),
        },
        _ => return None,
    };
    Some(response)
}

/// Whether the route needs a queue.
pub(crate) fn is_of_a_queue(path: &str) -> bool {
    matches!(path, "/_world/drain" | "/_world/event-knobs") || path.starts_with("/_world/outbox")
}

/// The answer of those routes in a world that sends nothing.
pub(crate) fn no_receiver() -> Response<Bytes> {
    refused("this world sends no events: name a receiver with --events-to or POST /_world/receiver")
}

/// Reads `POST /_world/receiver`.
pub(crate) fn receiver(body: &Bytes) -> Result<Destination, String> {
    let receiver: Receiver =
        serde_json::from_slice(body).map_err(|error| format!("this is not a receiver: {error}"))?;
    Destination::new(&receiver.url, &receiver.sender, &receiver.secret)
}
