//! What drives the events of an instance: the program's sender, or a test under its own clock.

use time::OffsetDateTime;

use super::{ServiceNow, outbox};
use crate::outgoing::{Delivery, DeliveryId, Destination, EventRule, Outcome, Queue, Retries};

impl ServiceNow {
    /// Puts the scoped app on the instance: from now on it tells this receiver about changed records.
    pub fn send_events(&self, destination: Destination) {
        outbox::install(&mut self.state(), destination);
    }

    /// Takes the events that may leave now, at most four at a time; say how each went with [`ServiceNow::sent`].
    pub fn take_due_events(&self) -> Vec<Delivery> {
        let now = self.gate.clock.now();
        outbox::take_due(&mut self.state(), now)
    }

    /// Says how a delivery went.
    pub fn sent(&self, id: DeliveryId, outcome: &Outcome) {
        let now = self.gate.clock.now();
        outbox::report(&mut self.state(), now, id, outcome);
    }

    /// The earliest time at which [`ServiceNow::take_due_events`] may give something new; none when nothing waits.
    pub fn next_event_at(&self) -> Option<OffsetDateTime> {
        let now = self.gate.clock.now();
        outbox::next_at(&self.state(), now)
    }

    /// Lets something go wrong with events.
    ///
    /// # Panics
    /// When the instance sends no events.
    #[track_caller]
    pub fn add_event_rule(&self, rule: EventRule) {
        self.with_queue(|queue| queue.rules.add(rule));
    }

    /// Changes how often events are tried again.
    ///
    /// # Panics
    /// When the instance sends no events.
    #[track_caller]
    pub fn retry_events(&self, retries: Retries) {
        self.with_queue(|queue| queue.retries = retries);
    }

    /// Makes every dead event new again and gives their number.
    ///
    /// # Panics
    /// When the instance sends no events.
    #[track_caller]
    pub fn revive_events(&self) -> usize {
        let now = self.gate.clock.now();
        self.with_queue(|queue| queue.revive(now))
    }

    /// Comes back when an admin asked for a drain.
    pub(crate) async fn drain_is_asked(&self) {
        self.instance.drain_is_asked.notified().await;
    }

    #[track_caller]
    fn with_queue<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        let now = self.gate.clock.now();
        let mut state = self.state();
        let outbox = state.outbox.as_mut();
        let done = work(&mut outbox.expect("send_events was called before").queue);
        outbox::show(&mut state, now);
        done
    }
}
