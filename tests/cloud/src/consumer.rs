//! The consumer side of a queue, for a test's event-source mapping.
//!
//! These are not calls of the code under test, so they are not recorded and no fault strikes them.

use std::time::{Duration, SystemTime};

use crate::Cloud;
use crate::sqs::Message;

impl Cloud {
    /// Takes up to `max` messages and hides them for the queue's visibility timeout.
    /// Messages received too often go to the dead-letter queue instead.
    pub fn receive(&self, queue: &str, max: usize) -> Vec<Message> {
        let now = self.clock.now();
        let received = self.state().queues.receive(queue, max, None, now);
        self.queues_changed.notify_waiters();
        received
    }

    /// As [`Cloud::receive`], but waits for a first message if there is none.
    pub async fn receive_within(&self, queue: &str, max: usize, wait: Duration) -> Vec<Message> {
        self.wait_for_message(queue, wait).await;
        self.receive(queue, max)
    }

    /// Whether the message is gone now. `false`: the receipt has expired or was never valid.
    pub fn delete(&self, queue: &str, receipt: &str) -> bool {
        let now = self.clock.now();
        let deleted = self.state().queues.delete(queue, receipt, now).is_ok();
        self.queues_changed.notify_waiters();
        deleted
    }

    /// Shows the message again at once, as a failed batch item is. `false`: it was not in flight.
    pub fn make_visible(&self, queue: &str, receipt: &str) -> bool {
        let now = self.clock.now();
        let shown = self.state().queues.make_visible(queue, receipt, now).is_ok();
        self.queues_changed.notify_waiters();
        shown
    }

    /// How many messages are in the queue, those in flight included.
    pub fn depth(&self, queue: &str) -> usize {
        self.messages(queue).len()
    }

    /// How many messages a consumer has right now.
    pub fn in_flight(&self, queue: &str) -> usize {
        let now = self.clock.now();
        self.state().queues.in_flight(queue, now)
    }

    /// Every message in the queue, those in flight included, in order. Nothing is received.
    pub fn messages(&self, queue: &str) -> Vec<Message> {
        let now = self.clock.now();
        self.state().queues.peek(queue, now)
    }

    /// What has gone to this queue's dead-letter queue.
    pub fn dead_letters(&self, queue: &str) -> Vec<Message> {
        let dead_letter = self.state().queues.dead_letter_queue(queue);
        dead_letter.map_or_else(Vec::new, |dead_letter| self.messages(&dead_letter))
    }

    /// When the next message in flight shows itself again, unless it is deleted before.
    pub fn next_visible(&self, queue: &str) -> Option<SystemTime> {
        let now = self.clock.now();
        self.state().queues.next_visible(queue, now)
    }
}
