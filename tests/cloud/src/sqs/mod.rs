//! SQS FIFO queues.
//!
//! As on AWS: a group with a message in flight gives no more of its messages, messages of a group
//! come in order, a deduplication id counts for five minutes even after its message is gone, and a
//! message received too often goes to the dead-letter queue when it would be received once more.
//!
//! Differences to AWS: no standard queues, no message attributes, no `ReceiveRequestAttemptId`,
//! no limits on throughput or messages in flight; a receive scans the queue from its head,
//! so it fills a batch in the order of sending, where AWS prefers messages of one group; message
//! ids and receipts are numbered, not random; a deleted message's old receipt is always accepted.

mod account;
mod contents;
mod queue;
mod refusal;
mod requests;
mod wire;

pub(crate) use account::Queues;
pub use queue::{Message, QueueSettings};
pub(crate) use refusal::Refusal;
pub(crate) use wire::{long_poll, queue_name, queue_url};
