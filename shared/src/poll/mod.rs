//! Pull: what push did not bring, or what has no push at all.
//!
//! Each source has cursors of its own, and whoever reads from one has a lease on it. A cursor moves only when everything
//! before it is in the inbox: a poller that dies is followed by one that reads the same again, and the duplicate check
//! drops what was there. What is polled bears the same id as what is pushed, so that both may run side by side, and
//! either repairs the other.

mod feed;
mod lens;
mod process;
mod records;
mod shown;
mod untold;

use std::time::Duration;

use serde::Serialize;

use crate::clients::Clients;
use crate::domain::Timestamp;
use crate::event::Event;
use crate::queue::Queue;
use crate::store::{Accepted, HeldCursor, Store};
use crate::telemetry::{self, Metric};

pub use lens::{LensPoller, Reading};
pub use shown::Told;
pub use untold::Untold;

/// How much earlier than the end of the last window the next one begins: for rows that commit late, and clocks that
/// differ.
const OVERLAP: Duration = Duration::from_secs(180);
/// How long a row may take until it can be found.
const LAG: Duration = Duration::from_secs(5);
/// Where the first poll of all begins, before now; what is older is a back-fill.
const FIRST: Duration = Duration::from_secs(600);
/// Kept back at the end of an invocation.
const RESERVE: Duration = Duration::from_secs(15);

/// What a poll did.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Polled {
    /// Entries that were looked at: of Lens, of the feed, or rows.
    pub entries: u64,
    /// Exchanges whose entries were read together.
    pub exchanges: u64,
    /// Events that were new.
    pub told: u64,
    /// Events that were known, or that nobody is concerned by.
    pub known: u64,
    /// Entries of which no event could be made, or that their sender may not tell of.
    pub unusable: u64,
    /// Cursors that another poller had.
    pub busy: u64,
    /// Events that were new although polls had read them: of what is read again only.
    pub missed: u64,
    /// How far the last cursor is behind, in seconds.
    pub behind: u64,
    /// Whether something was not answered, so that the rest is left to the next poll.
    pub has_failed: bool,
}

impl Clients {
    /// Accepts those of some events that are not known yet.
    async fn accept_unseen(&self, events: &[Event], worker: &str, done: &mut Polled) -> anyhow::Result<()> {
        let seen = self.store.seen(events).await?;
        for event in events {
            if seen.contains(&event.id) {
                done.known += 1;
                continue;
            }
            accept(&self.store, &self.queue, event, worker, done).await?;
        }
        Ok(())
    }
}

/// Accepts an event and rings whom it concerns.
async fn accept(store: &Store, queue: &Queue, event: &Event, worker: &str, done: &mut Polled) -> anyhow::Result<()> {
    match store.accept(event).await? {
        Accepted::New(stream, owner) => {
            tracing::info!(event = %event.id, %stream, kind = event.kind, "accepted");
            done.told += 1;
            telemetry::count(Metric::Accepted);
            queue.ring_or_leave(owner, &stream, worker).await;
        }
        Accepted::Duplicate | Accepted::Unrelated | Accepted::Echo => done.known += 1,
        Accepted::Conflict => {
            done.unusable += 1;
            tracing::error!(event = %event.id, alarm = true, "an event id was used for two contents");
        }
        Accepted::Foreign => {
            done.unusable += 1;
            tracing::error!(event = %event.id, alarm = true, "an issue was claimed by a second company");
        }
    }
    Ok(())
}

/// Gives a cursor back, however the reading ended: who failed keeps nobody from it, since each holds it under an epoch
/// of its own.
async fn give_back(store: &Store, held: &HeldCursor, read: anyhow::Result<()>) -> anyhow::Result<()> {
    let released = store.release_cursor(held).await;
    read?;
    Ok(released?)
}

/// Leaves out what no event can be made of: the others must not wait for it, and it would be no other the next time.
fn leave_out(what: &str, why: &str, done: &mut Polled) {
    done.unusable += 1;
    tracing::error!(alarm = true, why, "{what} is left out");
}

/// The name of a cursor. A back-fill has one of its own: asked for again, it goes on where it stopped.
fn cursor_name(source: &str, since: Option<Timestamp>) -> String {
    match since {
        Some(since) => format!("{source}-since-{}", since.seconds()),
        None => source.to_owned(),
    }
}

fn earlier(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_millis(time.millis().saturating_sub(millis(by)))
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
