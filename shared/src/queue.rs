//! Doorbells: queue messages that say "look at this stream" and nothing else.
//!
//! They carry no data and no order, and every ring has a deduplication id of its own, so that the
//! queue's duplicates, its five-minute memory and its redeliveries can change speed, never outcome.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Lane, Stream, Subject, UseCase, digest_of, hex};
use crate::failure::chain;

/// The body of a queue message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doorbell {
    /// Whose stream.
    pub subject: Subject,
    /// Which stream of it.
    pub lane: Lane,
}

impl Doorbell {
    /// Reads a queue message.
    ///
    /// # Errors
    /// When it is not a doorbell; it carried nothing, so nothing is lost.
    pub fn parse(body: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(body)
    }

    /// The stream to look at.
    pub fn into_stream(self) -> Stream {
        Stream {
            subject: self.subject,
            lane: self.lane,
        }
    }
}

/// The queues of the use cases.
#[derive(Clone)]
pub struct Queue {
    client: aws_sdk_sqs::Client,
    urls: BTreeMap<UseCase, String>,
    clock: Clock,
}

impl Queue {
    /// A handle on the queues.
    pub fn new(config: &Config, aws: &Aws, clock: Clock) -> Self {
        Self {
            client: aws.sqs(),
            urls: config.queues.clone(),
            clock,
        }
    }

    /// Rings a stream's owner. `cause` tells this ring from others in the same millisecond.
    ///
    /// # Errors
    /// When the queue did not take the ring; the stream is due soon all the same.
    pub async fn ring(&self, owner: UseCase, stream: &Stream, cause: &str) -> anyhow::Result<()> {
        let url = self
            .urls
            .get(&owner)
            .ok_or_else(|| anyhow::anyhow!("{} has no queue", owner.as_str()))?;
        let body = Doorbell {
            subject: stream.subject.clone(),
            lane: stream.lane,
        };
        let now = self.clock.now().millis().to_string();
        let ring = digest_of(&["ring", stream.subject.as_str(), stream.lane.as_str(), cause, &now]);
        self.client
            .send_message()
            .queue_url(url)
            .message_body(serde_json::to_string(&body)?)
            .message_group_id(stream.group())
            .message_deduplication_id(hex(&ring))
            .send()
            .await?;
        Ok(())
    }

    /// Rings the owner of what was accepted, if it has one. When the queue does not take the ring, nothing is lost:
    /// the sweep rings what is due.
    pub async fn ring_or_leave(&self, owner: Option<UseCase>, stream: &Stream, cause: &str) {
        if let Some(owner) = owner
            && let Err(error) = self.ring(owner, stream, cause).await
        {
            tracing::warn!(%stream, error = %chain(error.as_ref()), "not rung");
        }
    }
}
