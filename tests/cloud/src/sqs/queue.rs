//! One FIFO queue: a list of messages in the order of sending, and the rules for handing them out.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::contents::{check_body, check_id};
use super::refusal::{Refusal, expired};

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html>
const DEDUPLICATED_FOR: Duration = Duration::from_secs(5 * 60);

/// How a queue is set up. The default is that of AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueSettings {
    /// How long a received message stays hidden.
    pub visibility: Duration,
    /// After this many receives the message goes to the dead-letter queue, if there is one.
    pub max_receive_count: u32,
    /// The name of another FIFO queue.
    pub dead_letter: Option<String>,
    /// How long a message is kept.
    pub retention: Duration,
    /// Whether the SHA-256 of the body stands in for a missing deduplication id.
    pub content_based_deduplication: bool,
    /// Whether a deduplication id counts within its group only (`DeduplicationScope: messageGroup`).
    pub deduplicated_per_group: bool,
}

impl Default for QueueSettings {
    fn default() -> Self {
        QueueSettings {
            visibility: Duration::from_secs(30),
            max_receive_count: 5,
            dead_letter: None,
            retention: Duration::from_secs(4 * 24 * 3600),
            content_based_deduplication: false,
            deduplicated_per_group: false,
        }
    }
}

/// A message as a consumer gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub message_id: String,
    pub body: String,
    pub group: String,
    /// Good until the visibility timeout passes or the message is received again.
    pub receipt: String,
    /// 1 at the first receive.
    pub receive_count: u32,
    pub deduplication_id: String,
    /// Twenty digits, rising within the queue.
    pub sequence_number: String,
    pub sent_at: SystemTime,
    pub first_received_at: Option<SystemTime>,
    /// The name of the queue it came from, in a dead-letter queue.
    pub dead_letter_source: Option<String>,
}

#[derive(Debug)]
pub(super) struct Queue {
    pub(super) name: String,
    pub(super) settings: QueueSettings,
    pub(super) created: SystemTime,
    messages: Vec<Stored>,
    /// What each deduplication id was answered with, and when. The first part is the group, or empty.
    sent: HashMap<(String, String), Sent>,
    next_number: u64,
}

#[derive(Debug)]
struct Stored {
    message: Message,
    /// Hidden until then.
    visible_at: SystemTime,
}

/// The answer to a send.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) message_id: String,
    pub(super) sequence_number: String,
    at: SystemTime,
}

/// What a sender gives.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) body: &'a str,
    pub(super) group: &'a str,
    pub(super) deduplication_id: &'a str,
}

impl Stored {
    fn is_in_flight(&self, now: SystemTime) -> bool {
        self.visible_at > now
    }
}

impl Queue {
    pub(super) fn new(name: &str, settings: QueueSettings, now: SystemTime) -> Self {
        Queue {
            name: name.to_owned(),
            settings,
            created: now,
            messages: Vec::new(),
            sent: HashMap::new(),
            next_number: 1,
        }
    }

    /// A second send of one deduplication id within five minutes is answered like the first, and
    /// stores nothing.
    pub(super) fn send(&mut self, outgoing: &Outgoing<'_>, now: SystemTime) -> Result<Sent, Refusal> {
        check_body(outgoing.body)?;
        check_id("MessageGroupId", outgoing.group)?;
        check_id("MessageDeduplicationId", outgoing.deduplication_id)?;
        let scope = if self.settings.deduplicated_per_group {
            outgoing.group.to_owned()
        } else {
            String::new()
        };
        let key = (scope, outgoing.deduplication_id.to_owned());
        self.sent.retain(|_, sent| now < sent.at + DEDUPLICATED_FOR);
        if let Some(sent) = self.sent.get(&key) {
            return Ok(sent.clone());
        }
        let number = self.next_number;
        let message = Message {
            message_id: self.message_id(number),
            body: outgoing.body.to_owned(),
            group: outgoing.group.to_owned(),
            receipt: String::new(),
            receive_count: 0,
            deduplication_id: outgoing.deduplication_id.to_owned(),
            sequence_number: String::new(),
            sent_at: now,
            first_received_at: None,
            dead_letter_source: None,
        };
        let message_id = message.message_id.clone();
        let sequence_number = self.append(message, now);
        let sent = Sent {
            message_id,
            sequence_number,
            at: now,
        };
        self.sent.insert(key, sent.clone());
        Ok(sent)
    }

    /// Puts the message at the tail and says its sequence number.
    pub(super) fn append(&mut self, mut message: Message, now: SystemTime) -> String {
        let sequence_number = format!("{:020}", self.next_number);
        self.next_number += 1;
        message.sequence_number.clone_from(&sequence_number);
        self.messages.push(Stored {
            message,
            visible_at: now,
        });
        sequence_number
    }

    /// Hides and returns up to `max` messages. The second list holds those that were received too
    /// often and now belong to the dead-letter queue.
    pub(super) fn receive(
        &mut self,
        max: usize,
        visibility: Duration,
        now: SystemTime,
    ) -> (Vec<Message>, Vec<Message>) {
        self.forget_old(now);
        let locked = self.locked_groups(now);
        let mut received = Vec::new();
        let mut dead = Vec::new();
        for stored in &mut self.messages {
            if received.len() == max {
                break;
            }
            if locked.contains(&stored.message.group) {
                continue;
            }
            let message = &mut stored.message;
            let used_up = message.receive_count >= self.settings.max_receive_count;
            if self.settings.dead_letter.is_some() && used_up {
                dead.push(message.clone());
                continue;
            }
            message.receive_count += 1;
            message.first_received_at.get_or_insert(now);
            message.receipt = receipt(&self.name, &message.message_id, message.receive_count);
            stored.visible_at = now + visibility;
            received.push(message.clone());
        }
        for message in &dead {
            self.remove(&message.message_id);
        }
        (received, dead)
    }

    /// A message that is gone already is deleted once more without complaint.
    pub(super) fn delete(&mut self, receipt: &str, now: SystemTime) -> Result<(), Refusal> {
        let (message_id, _) = self.read_receipt(receipt)?;
        self.forget_old(now);
        match self.find(&message_id) {
            None => Ok(()),
            Some(stored) if stored.message.receipt == receipt && stored.is_in_flight(now) => {
                self.remove(&message_id);
                Ok(())
            }
            Some(_) => Err(expired(receipt)),
        }
    }

    pub(super) fn change_visibility(
        &mut self,
        receipt: &str,
        visibility: Duration,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        let (message_id, _) = self.read_receipt(receipt)?;
        self.forget_old(now);
        match self.find(&message_id) {
            None => Err(Refusal::InvalidParameter(format!(
                "Value {receipt} for parameter ReceiptHandle is invalid. Reason: Message does not \
                 exist or is not available for visibility timeout change."
            ))),
            Some(stored) if stored.message.receipt != receipt => Err(expired(receipt)),
            Some(stored) if !stored.is_in_flight(now) => Err(Refusal::NotInFlight),
            Some(stored) => {
                stored.visible_at = now + visibility;
                Ok(())
            }
        }
    }

    /// Whether a receive would get a message.
    pub(super) fn has_something(&self, now: SystemTime) -> bool {
        let locked = self.locked_groups(now);
        self.messages
            .iter()
            .any(|stored| !locked.contains(&stored.message.group))
    }

    /// Every message, whether hidden or not, in order.
    pub(super) fn messages(&mut self, now: SystemTime) -> impl Iterator<Item = &Message> {
        self.forget_old(now);
        self.messages.iter().map(|stored| &stored.message)
    }

    /// How many are hidden because a consumer has them.
    pub(super) fn in_flight(&self, now: SystemTime) -> usize {
        self.messages.iter().filter(|stored| stored.is_in_flight(now)).count()
    }

    /// When the next hidden message shows itself again.
    pub(super) fn next_visible(&self, now: SystemTime) -> Option<SystemTime> {
        self.messages
            .iter()
            .map(|stored| stored.visible_at)
            .filter(|&at| at > now)
            .min()
    }

    fn locked_groups(&self, now: SystemTime) -> HashSet<String> {
        self.messages
            .iter()
            .filter(|stored| stored.is_in_flight(now))
            .map(|stored| stored.message.group.clone())
            .collect()
    }

    fn forget_old(&mut self, now: SystemTime) {
        let retention = self.settings.retention;
        self.messages.retain(|stored| now < stored.message.sent_at + retention);
    }

    fn find(&mut self, message_id: &str) -> Option<&mut Stored> {
        self.messages
            .iter_mut()
            .find(|stored| stored.message.message_id == message_id)
    }

    fn remove(&mut self, message_id: &str) {
        self.messages.retain(|stored| stored.message.message_id != message_id);
    }

    /// A UUID to look at; the queue's name keeps ids of different queues apart.
    fn message_id(&self, number: u64) -> String {
        let name = self
            .name
            .bytes()
            .fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
        format!("{name:08x}-0000-4000-8000-{number:012x}")
    }

    fn read_receipt(&self, receipt: &str) -> Result<(String, u32), Refusal> {
        let invalid = || Refusal::InvalidReceipt(receipt.to_owned());
        let bytes = URL_SAFE_NO_PAD.decode(receipt).map_err(|_| invalid())?;
        let text = String::from_utf8(bytes).map_err(|_| invalid())?;
        let mut parts = text.split(' ');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(queue), Some(id), Some(count), None) if queue == self.name => {
                Ok((id.to_owned(), count.parse().map_err(|_| invalid())?))
            }
            _ => Err(invalid()),
        }
    }
}

fn receipt(queue: &str, message_id: &str, receive_count: u32) -> String {
    URL_SAFE_NO_PAD.encode(format!("{queue} {message_id} {receive_count}"))
}
