//! The feed, pushed: every event of it is also sent to a receiver, once there is one.
//!
//! What drives it is the program's sender, or a test under its own clock.
//! Invariant: an event is queued when the call or act that led to it is over, as the feed then has it; forgetting the
//! feed takes nothing from the queue. A reset begins the numbers of events anew, as it does those of everything else:
//! a receiver that remembers events is to forget them then.

use time::OffsetDateTime;

use super::TradingGrid;
use super::collaboration::Event;
use super::state::State;
use crate::outgoing::{self, Delivery, DeliveryId, Destination, EventRule, Outcome, Queue, Retries};

/// Events on their way to a receiver.
#[derive(Debug)]
pub(crate) struct Push {
    pub(crate) queue: Queue,
    /// The number of the first event of the feed that is not queued yet.
    next: u64,
}

impl TradingGrid {
    /// Tells this receiver what happens from now on; what is under way already goes to it too.
    pub fn send_events(&self, destination: Destination) {
        let now = self.now();
        let mut state = self.state();
        queue_new(&mut state, now);
        install(&mut state, destination);
    }

    /// Takes the events that may leave now, at most four at a time; say how each went with [`TradingGrid::sent`].
    pub fn take_due_events(&self) -> Vec<Delivery> {
        let now = self.now();
        self.with_push(|push| push.queue.take(now)).unwrap_or_default()
    }

    /// Says how a delivery went.
    pub fn sent(&self, id: DeliveryId, outcome: &Outcome) {
        let now = self.now();
        self.with_push(|push| push.queue.report(id, outcome, now));
    }

    /// The earliest time at which [`TradingGrid::take_due_events`] may give something new; none when nothing waits.
    pub fn next_event_at(&self) -> Option<OffsetDateTime> {
        let now = self.now();
        self.with_push(|push| push.queue.next_at(now)).flatten()
    }

    /// Lets something go wrong with events.
    ///
    /// # Panics
    /// When the community sends no events.
    #[track_caller]
    pub fn add_event_rule(&self, rule: EventRule) {
        let added = self.with_push(|push| push.queue.rules.add(rule));
        added.expect("send_events was called before");
    }

    /// Changes how often events are tried again.
    ///
    /// # Panics
    /// When the community sends no events.
    #[track_caller]
    pub fn retry_events(&self, retries: Retries) {
        let changed = self.with_push(|push| push.queue.retries = retries);
        changed.expect("send_events was called before");
    }

    /// Comes back when an admin asked for a drain.
    pub(crate) async fn drain_is_asked(&self) {
        self.community.drain_is_asked.notified().await;
    }

    /// Works on the push, if there is one, with everything queued that happened.
    fn with_push<T>(&self, work: impl FnOnce(&mut Push) -> T) -> Option<T> {
        let now = self.now();
        let mut state = self.state();
        queue_new(&mut state, now);
        state.push.as_mut().map(work)
    }
}

/// Makes a receiver known, or another one.
pub(crate) fn install(state: &mut State, destination: Destination) {
    let destination = destination.from("TradingGrid/1.0");
    match &mut state.push {
        Some(push) => push.queue.destination = destination,
        None => {
            let (_, next) = state.collaboration.feed.since(u64::MAX);
            let queue = Queue::new(destination);
            state.push = Some(Push { queue, next });
        }
    }
}

/// Queues what the feed has got since the last time.
pub(crate) fn queue_new(state: &mut State, now: OffsetDateTime) {
    let Some(push) = &mut state.push else { return };
    let (events, next) = state.collaboration.feed.since(push.next);
    push.next = next;
    for event in events {
        push.queue.push(now, outgoing_event(event));
    }
}

/// What a community that starts again keeps of it: the receiver.
pub(crate) fn emptied(push: Push) -> Push {
    Push {
        queue: push.queue.emptied(),
        next: 0,
    }
}

fn outgoing_event(event: Event) -> outgoing::Event {
    outgoing::Event {
        id: event.id,
        kind: event.kind,
        source: event.source,
        subject: event.subject,
        time: event.time,
        data: event.data,
    }
}
