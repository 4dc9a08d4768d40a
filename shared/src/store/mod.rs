//! The table: inbox, streams, links, ledger and story.
//!
//! One partition per subject holds everything about it:
//!
//! | sort key | item |
//! |---|---|
//! | `HEAD#<lane>` | the stream: owner, accepted and finished numbers, lease, when it is next due |
//! | `IN#<lane>#<n>` | inbox entry `n`: the event, the plan once it began, the step reached, the outcome |
//! | `LINK#<role>#<discriminator>` | which record belongs to the subject: `INTENT`, then `LINKED` |
//! | `WROTE#<reference>` | the claim of a write that is not idempotent by nature |
//! | `STORY#<time>#<n>#<i>` | the timeline for people |
//! | `EXCHANGE` | how an exchange turned out last |
//! | `SAGA` | how far a request about a partner's access is, who asked, who approved, what was done |
//! | `MEMBER#<exchange>`, `FAILURES#<link>`, `CURRENT` | exchanges that fail in the same way: how each turned out, what each incident stands for, and which one new failures join |
//! | `CHILD#<failures>#<link>`, `PARENT#<link>`, `CAUSE` | incidents with one cause: how each is, what each parent stands for, and which have no parent yet |
//!
//! Other partitions: `TURN#<company>` (the request that may change the users of a company), `SEEN#<sender>#<event>` (the duplicate check, apart from the subject so that
//! the same id under another subject is noticed), `BIND#<issue>` (the company an issue belongs
//! to), `BACK#<sys_id>` (the subject of a record), `BREAKER#<system>`, `POLL#<name>` (how far a poll has read),
//! `SETTINGS`.
//!
//! Every write is conditional, and idempotent by its condition. Queue messages carry no order and
//! no data: what is not in this table was not accepted, and what is accepted stays due until it is
//! finished or parked (the liveness invariant: a stream with accepted > finished that is neither
//! parked nor paused has `next_attempt_at`). The index of what is due lists the due streams under
//! `due#<0..15>`, and beside them, for operators, the parked ones under `parked#<0..15>` and the
//! paused ones under `paused#<what was paused>`, each with the time since when.
//!
//! Accepted races: a worker that outlived its lease may still commit a step, because only the end
//! of an entry is fenced by the lease. That is harmless: the step's writes are the same whoever
//! makes them, a plan is stored once, and a claim is put once.

mod accept;
mod adoption;
mod breaker;
mod cursor;
mod entry;
mod erase;
mod exchange;
mod find;
mod history;
mod item;
mod knowledge;
mod ledger;
mod link;
mod parked;
mod pause;
mod rebuild;
mod saga;
mod stream;
mod survey;
mod work;

pub use accept::Accepted;
pub use adoption::{Adopted, Adoption};
pub use breaker::{Breaker, Gate};
pub use cursor::HeldCursor;
pub use entry::{Entry, Loaded, Outcome};
pub use erase::Holding;
pub use exchange::{Common, Group};
pub use history::{EntryState, History, LinkView, StoryLine, StreamState};
pub use ledger::{Claim, ClaimKind, ClaimState, Claiming, SETTLED_AFTER};
pub use ledger::{documents_of, documents_taken, reference_key, text_hash};
pub use link::{Link, LinkState};
pub use parked::{Dismissal, ParkedStream};
pub use pause::{Pausable, Pause, Pauses, RESUMED_FOR};
pub use rebuild::Restored;
pub use saga::{KnownSaga, Told};
pub use stream::{Due, LEASE, Lease, Taken};
pub use survey::{Behind, Survey};
pub use work::{Commit, Deferral, Parking, Write};

use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::TransactWriteItem;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{DeploymentId, Subject};
use crate::failure::{Failure, System};
use item::{Item, s};

/// The version of the items that this code writes and reads.
pub const SCHEMA: i64 = 1;

/// The duplicate check outlives every event that is young enough to be accepted.
const SEEN_FOR: std::time::Duration = std::time::Duration::from_secs(400 * 24 * 3600);

/// The table.
#[derive(Clone)]
pub struct Store {
    client: aws_sdk_dynamodb::Client,
    table: String,
    deployment: DeploymentId,
    clock: Clock,
}

/// A call to the table that did not do what it should.
#[derive(Debug, thiserror::Error)]
#[error("the table {operation} failed")]
pub struct Error {
    operation: &'static str,
    #[source]
    source: anyhow::Error,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure::Upstream {
            system: System::Aws,
            cause: error.into(),
            unsent: false,
        }
    }
}

impl Store {
    /// A handle on the table.
    pub fn new(config: &Config, aws: &Aws, clock: Clock) -> Self {
        Self {
            client: aws.dynamodb(),
            table: config.table.clone(),
            deployment: config.deployment.clone(),
            clock,
        }
    }

    /// The deployment that this function believes to belong to.
    pub fn deployment(&self) -> &DeploymentId {
        &self.deployment
    }

    /// The items of a subject whose sort keys begin so, in their order; with an empty beginning all of them.
    async fn of_subject(&self, subject: &Subject, begin: &str, operation: &'static str) -> Result<Vec<Item>, Error> {
        let query = self
            .client
            .query()
            .expression_attribute_values(":pk", s(subject.as_str()))
            .consistent_read(true);
        let query = match begin {
            "" => query.key_condition_expression("pk = :pk"),
            _ => query
                .key_condition_expression("pk = :pk AND begins_with(sk, :begin)")
                .expression_attribute_values(":begin", s(begin)),
        };
        self.query_all(query, operation).await
    }

    /// All that a query finds, page after page.
    async fn query_all(&self, query: QueryFluentBuilder, operation: &'static str) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        let mut from = None;
        loop {
            let page = query.clone().table_name(&self.table).set_exclusive_start_key(from);
            let page = page.send().await.map_err(failed(operation))?;
            items.extend(page.items.unwrap_or_default());
            from = page.last_evaluated_key;
            if from.is_none() {
                return Ok(items);
            }
        }
    }

    /// Runs a transaction; conflicts with another are waited out a few times.
    async fn transact(&self, operation: &'static str, writes: Vec<TransactWriteItem>) -> Result<(), Refusal> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let outcome = self
                .client
                .transact_write_items()
                .set_transact_items(Some(writes.clone()))
                .send()
                .await;
            let Err(error) = outcome else { return Ok(()) };
            let reasons = match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
                    canceled.cancellation_reasons().to_vec()
                }
                _ => Vec::new(),
            };
            if reasons
                .iter()
                .any(|reason| reason.code() == Some("ConditionalCheckFailed"))
            {
                return Err(Refusal::Condition(reasons));
            }
            let is_conflict = reasons.iter().any(|reason| {
                matches!(
                    reason.code(),
                    Some("TransactionConflict" | "ThrottlingError" | "ProvisionedThroughputExceeded")
                )
            });
            if !is_conflict || attempt >= 5 {
                return Err(Refusal::Error(Error {
                    operation,
                    source: error.into(),
                }));
            }
            tokio::time::sleep(crate::retry::call_wait(attempt)).await;
        }
    }
}

/// Why a transaction did not happen.
enum Refusal {
    /// A condition did not hold; one reason per write, in order.
    Condition(Vec<aws_sdk_dynamodb::types::CancellationReason>),
    /// The call failed; its outcome is unknown.
    Error(Error),
}

/// Refuses an item that a newer version wrote: it is left as it is.
fn check_schema(item: &item::Item) -> Result<(), Error> {
    if item::number(item, "schema").is_none_or(|schema| schema <= SCHEMA) {
        return Ok(());
    }
    let (pk, sk) = (item::text(item, "pk"), item::text(item, "sk"));
    let (pk, sk) = (pk.unwrap_or_default(), sk.unwrap_or_default());
    Err(Error {
        operation: "read",
        source: anyhow::anyhow!("{pk} {sk} was written by a newer version"),
    })
}

/// Wraps an SDK error with the operation that it belongs to.
fn failed<E: std::error::Error + Send + Sync + 'static>(operation: &'static str) -> impl FnOnce(E) -> Error {
    move |source| Error {
        operation,
        source: source.into(),
    }
}
