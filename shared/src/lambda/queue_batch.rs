//! A batch of doorbells: every stream on its own, side by side, each in order.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;

use futures_util::{FutureExt, StreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::RwLock;

use super::drain::{Drain, Drained};
use super::{Decide, Gather};
use crate::clients::Clients;
use crate::domain::{Stream, Timestamp, UseCase};
use crate::queue::Doorbell;

/// How many streams one invocation works on at a time. With the concurrency of the queues this bounds the calls that
/// ServiceNow gets at once; the check of the template multiplies the two.
const SIDE_BY_SIDE: usize = 2;

/// What Lambda hands over: the members that we use of an SQS event.
#[derive(Debug, Deserialize)]
pub struct QueueBatch {
    /// The messages, in order within each message group.
    #[serde(rename = "Records")]
    pub records: Vec<QueueRecord>,
}

/// One message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueueRecord {
    /// Names the message in the verdict.
    pub message_id: String,
    /// A doorbell.
    pub body: String,
}

/// Which messages the queue delivers again: those of streams that nobody looked at.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct QueueVerdict {
    /// The messages.
    #[serde(rename = "batchItemFailures")]
    pub failures: Vec<FailedMessage>,
}

/// A message to be delivered again.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct FailedMessage {
    /// Its id.
    #[serde(rename = "itemIdentifier")]
    pub id: String,
}

/// Works on the streams of one use case.
pub struct QueueWorker<G, D> {
    /// The outside.
    pub clients: Clients,
    /// Whose streams.
    pub use_case: UseCase,
    /// Reads the facts.
    pub gather: G,
    /// Rules.
    pub decide: D,
}

impl<G, D> QueueWorker<G, D> {
    /// Looks at every stream that is rung for. An ordinary failure is dealt with by the stream
    /// itself and is no error of the message.
    pub async fn handle<F>(&self, batch: QueueBatch, request_id: &str, deadline: Timestamp) -> QueueVerdict
    where
        G: Gather<F>,
        D: Decide<F>,
    {
        let mut rings: BTreeMap<Stream, Vec<String>> = BTreeMap::new();
        for record in batch.records {
            match Doorbell::parse(&record.body) {
                Ok(doorbell) => rings.entry(doorbell.into_stream()).or_default().push(record.message_id),
                Err(error) => {
                    tracing::error!(message_id = record.message_id, %error, "not a doorbell; it is dropped, and nothing is lost");
                }
            }
        }
        let alone = RwLock::new(());
        let looks = stream::iter(rings).map(|(stream, messages)| {
            let alone = &alone;
            async move {
                let drained = self.look(&stream, request_id, deadline, alone).await;
                (messages, drained)
            }
        });
        let mut verdict = QueueVerdict::default();
        let mut looks = looks.buffer_unordered(SIDE_BY_SIDE);
        while let Some((messages, drained)) = looks.next().await {
            if drained.is_none() {
                verdict
                    .failures
                    .extend(messages.into_iter().map(|id| FailedMessage { id }));
            }
        }
        verdict
    }

    /// `None` when nobody could look at the stream.
    async fn look<F>(
        &self,
        stream: &Stream,
        request_id: &str,
        deadline: Timestamp,
        alone: &RwLock<()>,
    ) -> Option<Drained>
    where
        G: Gather<F>,
        D: Decide<F>,
    {
        let drain = Drain {
            clients: &self.clients,
            use_case: self.use_case,
            gather: &self.gather,
            decide: &self.decide,
            worker: request_id,
            deadline,
        };
        match AssertUnwindSafe(drain.run(stream, alone)).catch_unwind().await {
            Ok(Drained::Lost(cause)) => {
                tracing::error!(%stream, %cause, "the table could not be asked");
                None
            }
            Ok(drained) => {
                tracing::info!(%stream, ?drained, "looked at");
                Some(drained)
            }
            Err(_) => {
                // The lease counts the start; the stream is due again when it ends.
                tracing::error!(%stream, "the work on the stream panicked");
                None
            }
        }
    }
}
