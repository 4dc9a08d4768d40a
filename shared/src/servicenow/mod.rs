//! A client for ServiceNow that believes nothing it is not shown.
//!
//! ```ignore
//! const NAME: Field = Field::known("name");
//! const ACTIVE: Field = Field::known("active");
//!
//! let query = Query::new().and(NAME.starts_with("EDI")?).and(ACTIVE.is_true());
//! let mut groups = servicenow.find(&"sys_user_group".parse()?, query, Select::of([NAME]))?;
//! while let Some(page) = groups.next().await? {
//!     for group in page.rows {
//!         println!("{}", group.require("name")?);
//!     }
//! }
//! ```
//!
//! It speaks the Table API ([`ServiceNow::read`], [`create`](ServiceNow::create),
//! [`update`](ServiceNow::update), [`find`](ServiceNow::find), [`changes`](ServiceNow::changes)),
//! journals, attachments, the Service Catalog with its approvals, the Case API's activity stream and
//! the Batch API. Every call is an [`Operation`]: run alone, or added to a [`Batch`].
//!
//! What it guarantees:
//! - An answer counts only when it is what it should be. 202 is a dropped request; 200 may be a
//!   log-in page, carry an `error`, break off, or be about something else. See [`Flaw`].
//! - Unknown fields, unknown choices and cut texts, which the instance ignores in silence, are told
//!   with each write ([`Ignored`]).
//! - No value can change what a query asks for ([`query`]), and a row that was not asked for is
//!   never given out, although the instance drops a condition that it does not understand.
//! - Paging ends when the instance says so, not with a short page.
//! - What is sent again at once is what does no harm twice ([`crate::retry`]); of everything else,
//!   [`Error::is_unsent`] and [`Error::is_refusal`] say what is known of it.
//! - Errors name the operation, the table and record, ServiceNow's own message and its transaction
//!   id; no error and no log line has a content, a token or a secret in it.
//! - One token serves all calls until it ends or is refused; no cookie is kept, because requests of
//!   one session wait for each other and are dropped when too many do.
//!
//! What it does not: it sends nothing twice that could be done twice, so a write whose answer was
//! lost stays in doubt until its caller looks ([`crate::apply`]). It has no lock on records:
//! ServiceNow has no conditional update. And it never approves, publishes or closes by itself.
//!
//! Facts: ServiceNow's own REST API reference, release Australia. Where that is silent, the comment
//! beside the code says what is assumed.

mod answer;
mod app;
mod approval;
mod attachment;
mod auth;
mod batch;
mod catalog;
mod changes;
mod credentials;
mod download;
mod echo;
mod error;
mod escalation;
mod journal;
mod knowledge;
mod limits;
mod link;
mod message;
mod operation;
mod page;
pub mod query;
mod reference;
mod row;
mod session;
mod table;
#[cfg(test)]
mod tests;
mod together;
mod value;

pub use app::AppHealth;
pub use approval::{Approval, Decision};
pub use attachment::Attachment;
pub use batch::{Answers, Batch, Ticket};
pub use catalog::{Order, Ordered, RequestedItem};
pub use changes::{Changes, Cursor};
pub use credentials::{Credentials, NoCredentials, OauthClient};
pub use download::Download;
pub use echo::{Fate, Ignored};
pub use error::{About, Error, Flaw};
pub use escalation::Escalation;
pub use journal::{Author, Entry};
pub use knowledge::{Article, Draft};
pub use limits::RateLimit;
pub use link::More;
pub use operation::Operation;
pub use page::{Page, Pages, Search};
pub use query::{Condition, Field, Query, Refused};
pub use reference::{Choice, Column, Found};
pub use row::{Display, Row, Select};
pub use session::{ServiceNow, Settings};
pub use table::{Created, Probe, Updated};
pub use together::Snapshot;
pub use value::Value;
