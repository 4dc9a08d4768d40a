//! The ServiceNow client: Table API, journals and attachments.
//!
//! Answers are distrusted, because the instance has many ways to say yes without doing it: 202 is
//! a dropped request, 200 may be a log-in page or carry an `error`, unknown fields and choices are
//! ignored in silence, and an invalid query condition is dropped, which widens the result. So every
//! answer must be JSON of the right shape, every row found is compared with what was asked for, and
//! every created record is compared with what was sent. Source: the REST API reference of
//! ServiceNow's documentation, "Table API" and "Attachment API".

mod attachment;
mod error;
mod query;
mod row;
mod session;
mod table;

pub use attachment::Attachment;
pub use error::Error;
pub use query::{Query, Refused};
pub use row::Row;
pub use session::{ServiceNow, Settings};
pub use table::{Created, Found, JournalEntry, Probe};
