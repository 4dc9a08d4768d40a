//! The queues of the account, and the consumer side of each.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::queue::{Message, Queue, QueueSettings};
use super::refusal::Refusal;
use super::wire::queue_name;

#[derive(Debug, Default)]
pub(crate) struct Queues(pub(super) BTreeMap<String, Queue>);

impl Queues {
    /// Creates the dead-letter queue too, if it is not there yet.
    pub(crate) fn create(&mut self, name: &str, settings: QueueSettings, now: SystemTime) {
        assert!(
            name.ends_with(".fifo"),
            "the name of a FIFO queue ends with .fifo: {name}"
        );
        if let Some(dead_letter) = &settings.dead_letter {
            assert!(
                dead_letter.ends_with(".fifo"),
                "a FIFO queue's dead letters go to a FIFO queue"
            );
            self.0.entry(dead_letter.clone()).or_insert_with(|| {
                let settings = QueueSettings {
                    retention: Duration::from_secs(14 * 24 * 3600),
                    ..QueueSettings::default()
                };
                Queue::new(dead_letter, settings, now)
            });
        }
        self.0.insert(name.to_owned(), Queue::new(name, settings, now));
    }

    pub(crate) fn receive(
        &mut self,
        name: &str,
        max: usize,
        visibility: Option<Duration>,
        now: SystemTime,
    ) -> Vec<Message> {
        let queue = self.named(name);
        let visibility = visibility.unwrap_or(queue.settings.visibility);
        let (received, dead) = queue.receive(max, visibility, now);
        if let Some(dead_letter) = queue.settings.dead_letter.clone() {
            for message in dead {
                let message = Message {
                    dead_letter_source: Some(name.to_owned()),
                    sent_at: now,
                    ..message
                };
                self.named(&dead_letter).append(message, now);
            }
        }
        received
    }

    pub(crate) fn delete(&mut self, name: &str, receipt: &str, now: SystemTime) -> Result<(), Refusal> {
        self.named(name).delete(receipt, now)
    }

    pub(crate) fn make_visible(&mut self, name: &str, receipt: &str, now: SystemTime) -> Result<(), Refusal> {
        self.named(name).change_visibility(receipt, Duration::ZERO, now)
    }

    pub(crate) fn peek(&mut self, name: &str, now: SystemTime) -> Vec<Message> {
        self.named(name).messages(now).cloned().collect()
    }

    pub(crate) fn in_flight(&mut self, name: &str, now: SystemTime) -> usize {
        self.named(name).in_flight(now)
    }

    pub(crate) fn next_visible(&mut self, name: &str, now: SystemTime) -> Option<SystemTime> {
        self.named(name).next_visible(now)
    }

    /// Whether a receive would find a message now, and if not, when a hidden one shows itself.
    /// An unknown queue is ready to be refused.
    pub(crate) fn readiness(&self, name: &str, now: SystemTime) -> (bool, Option<SystemTime>) {
        self.0.get(name).map_or((true, None), |queue| {
            (queue.has_something(now), queue.next_visible(now))
        })
    }

    pub(crate) fn dead_letter_queue(&mut self, name: &str) -> Option<String> {
        self.named(name).settings.dead_letter.clone()
    }

    pub(super) fn named(&mut self, name: &str) -> &mut Queue {
        self.0
            .get_mut(name)
            .unwrap_or_else(|| panic!("there is no queue {name}"))
    }

    /// The queue of the request's `QueueUrl`.
    pub(super) fn of(&mut self, request: &Value) -> Result<&mut Queue, Refusal> {
        let url = request["QueueUrl"]
            .as_str()
            .ok_or(Refusal::MissingParameter("QueueUrl"))?;
        queue_name(url)
            .and_then(|name| self.0.get_mut(name))
            .ok_or(Refusal::NoSuchQueue)
    }
}
