//! An event in a queue.

use std::time::Duration;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::event::Event;
use crate::clock;

/// An event, and how far it came.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) event: Event,
    pub(crate) body: String,
    pub(crate) stage: Stage,
    pub(crate) attempts: u32,
    /// When it may leave; when it did, once it is sent or dead.
    pub(crate) next_attempt: OffsetDateTime,
    pub(crate) last_error: String,
    pub(super) claim: Option<Claim>,
    /// Whether what follows on its subject does not wait for it.
    pub(super) lets_others_pass: bool,
    /// Whether the rules were asked about it before.
    pub(super) is_judged: bool,
    /// It is sent once more, so much later, when it is accepted.
    pub(super) again_after: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    New,
    Sent,
    Dead,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Claim {
    pub(super) departure: u64,
    pub(super) until: OffsetDateTime,
}

impl Entry {
    /// An event that may leave from that time on.
    pub(super) fn new(at: OffsetDateTime, event: Event) -> Entry {
        Entry {
            body: event.body(),
            event,
            stage: Stage::New,
            attempts: 0,
            next_attempt: at,
            last_error: String::new(),
            claim: None,
            lets_others_pass: false,
            is_judged: false,
            again_after: None,
        }
    }

    pub(super) fn is_under_way(&self, now: OffsetDateTime) -> bool {
        self.claim.is_some_and(|claim| now < claim.until)
    }

    /// What the admin routes show.
    pub(crate) fn shown(&self) -> Value {
        json!({
            "id": self.event.id,
            "type": self.event.kind,
            "subject": self.event.subject,
            "state": self.stage.as_str(),
            "attempts": self.attempts,
            "nextAttempt": clock::milliseconds(self.next_attempt),
            "lastError": self.last_error,
            "data": self.event.data,
        })
    }
}

impl Stage {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Stage::New => "new",
            Stage::Sent => "sent",
            Stage::Dead => "dead",
        }
    }
}
