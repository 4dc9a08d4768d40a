//! AWS inside the test process: no sockets, and time that a test may pause.
//!
//! [`Cloud`] answers the HTTP requests that the AWS SDK makes for DynamoDB, SQS FIFO queues and
//! Secrets Manager. A test gives the SDK an HTTP client that hands each request to
//! [`Cloud::call`], so real clients and real serialization run against it.
//!
//! What it does not do is refused loudly (`UnknownOperationException`, or an SQS parameter
//! error that names this crate), never ignored. Known differences to AWS stand at the top of
//! each module.

mod answer;
mod clock;
mod cloud;
pub mod compare;
mod consumer;
mod dynamodb;
mod fault;
mod record;
mod secrets;
mod sqs;
mod template;

pub use clock::Clock;
pub use cloud::Cloud;
pub use fault::{Fault, Injection};
pub use record::{CallRecord, Service};
pub use sqs::{Message, QueueSettings};
pub use template::table_of_the_template;

/// The region in queue URLs and in the names of resources.
pub const REGION: &str = "us-east-1";

/// The account in queue URLs and in the names of resources.
pub const ACCOUNT: &str = "000000000000";
