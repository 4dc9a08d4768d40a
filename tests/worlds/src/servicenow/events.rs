//! What drives the events of an instance: the program's sender, or a test under its own clock.

use time::OffsetDateTime;

use bytes::Bytes;

use super::app::Press;
use super::{ServiceNow, app, outbox};
use crate::outgoing::{Delivery, DeliveryId, Destination, EventRule, Outcome, Queue, Retries};

impl ServiceNow {
    /// From now on the instance tells this receiver about changed records: by the application that is there, or else
    /// by itself, as the application would.
    pub fn send_events(&self, destination: Destination) {
        let now = self.gate.clock.now();
        let mut state = self.state();
        if state.app.is_some() {
            app::connect(&mut state, now, destination);
        } else {
            outbox::install(&mut state, destination);
        }
    }

    /// Installs what `now-sdk pack` made, as `now-sdk install` does.
    ///
    /// # Errors
    /// When it is no package, in a sentence.
    pub fn install_app(&self, package: impl Into<Bytes>) -> Result<(), String> {
        let now = self.gate.clock.now();
        app::install(&mut self.state(), now, &package.into())
    }

    /// Somebody presses an action of the application on a record: what is written on the button, or the action's
    /// name. Gives what is shown to the user.
    ///
    /// # Errors
    /// When the button is not there for this user and this record, or its script refuses; in a sentence.
    pub fn press(&self, user_name: &str, action: &str, table: &str, sys_id: &str) -> Result<Vec<String>, String> {
        let now = self.gate.clock.now();
        Press::new(user_name, action, table, sys_id).on(&mut self.state(), now)
    }

    /// Runs a scheduled job of the application now, as *Execute Now* does.
    ///
    /// # Errors
    /// When there is no such job, or it runs already; in a sentence.
    pub fn execute_job(&self, name: &str) -> Result<(), String> {
        let now = self.gate.clock.now();
        let mut state = self.state();
        self.instance.jobs().execute(&mut state, now, name)
    }

    /// Takes the events that may leave now, at most four at a time; say how each went with [`ServiceNow::sent`].
    pub fn take_due_events(&self) -> Vec<Delivery> {
        let now = self.gate.clock.now();
        let mut state = self.state();
        if state.app.is_some() {
            self.instance.jobs().take(&mut state, now)
        } else {
            outbox::take_due(&mut state, now)
        }
    }

    /// Says how a delivery went.
    pub fn sent(&self, id: DeliveryId, outcome: &Outcome) {
        let now = self.gate.clock.now();
        let mut state = self.state();
        if state.app.is_some() {
            self.instance.jobs().report(&mut state, now, id, outcome.clone());
        } else {
            outbox::report(&mut state, now, id, outcome);
        }
    }

    /// The earliest time at which [`ServiceNow::take_due_events`] may give something new; none when nothing waits.
    pub fn next_event_at(&self) -> Option<OffsetDateTime> {
        let now = self.gate.clock.now();
        let state = self.state();
        if state.app.is_some() {
            let job = self.instance.jobs().next_at(&state, now);
            app::next_rule_at(&state).into_iter().chain(job).min()
        } else {
            outbox::next_at(&state, now)
        }
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
