//! Pauses: an operator stops a use case, everything of a company, or one stream, and loses nothing.
//!
//! Events go on being accepted. A pause of a use case or a company is a mark on the settings, which a worker reads
//! with its entries anyway. Whoever finds it puts the stream down where it is and lists it under the pause, so that
//! nobody rings it; what is under way on an entry is finished first. When the pause ends, the mark goes first, and then
//! all that is listed is let go. A worker may still put a stream down for a pause that it saw a moment before that:
//! therefore the sweep goes on looking for such streams for [`RESUMED_FOR`].

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};

use super::item::{Item, head_key, n, number, s, settings_key, text, values};
use super::stream::{Lease, RING_AGAIN, is_refused, parked_place, stream_of};
use super::{Error, Refusal, Store, failed};
use crate::domain::{CompanyId, Stream, Subject, Timestamp, UseCase};

/// How long after the end of a pause the sweep looks for streams that it still holds: much longer than a function
/// lives that saw the pause, and than the index lags behind the table.
pub const RESUMED_FOR: Duration = Duration::from_secs(3600);
/// How often a head may move away under us.
const ATTEMPTS: u32 = 5;
/// How the marks of pauses begin among the settings.
const MARK: &str = "pause:";
/// How the marks of pauses that have ended begin there.
const ENDED: &str = "resumed:";
/// The reason of a stream that was paused by itself.
const STREAM: &str = "stream";

/// What can be paused as a whole, beside single streams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pausable {
    /// All streams of a use case.
    UseCase(UseCase),
    /// All issues and threads of a company.
    Company(CompanyId),
}

/// A pause that is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Who asked for it.
    pub by: String,
    /// Why.
    pub because: String,
    /// Since when.
    pub at: Timestamp,
}

/// What operators have paused, by name: `use-case/open-case`, `company/GC41543822654A`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pauses {
    /// What is paused.
    pub now: BTreeMap<String, Pause>,
    /// What was resumed lately, and when.
    pub ended: BTreeMap<String, Timestamp>,
}

impl Pausable {
    /// The name of what is paused.
    pub fn name(&self) -> String {
        match self {
            Pausable::UseCase(use_case) => format!("use-case/{}", use_case.as_str()),
            Pausable::Company(company) => format!("company/{company}"),
        }
    }
}

/// Whether a stream is paused because an operator wants it.
pub(super) fn is_reason(reason: &str) -> bool {
    reason == STREAM || reason.starts_with("use-case/") || reason.starts_with("company/")
}

/// Where streams are listed that are paused for a reason.
pub(super) fn paused_place(reason: &str) -> String {
    format!("paused#{reason}")
}

impl Pauses {
    pub(super) fn of(settings: &Item) -> Self {
        let mut pauses = Self::default();
        for (name, value) in settings {
            if let (Some(name), Ok(mark)) = (name.strip_prefix(MARK), value.as_m()) {
                let pause = Pause {
                    by: text(mark, "by").unwrap_or_default().to_owned(),
                    because: text(mark, "because").unwrap_or_default().to_owned(),
                    at: Timestamp::from_millis(number(mark, "at").unwrap_or(0)),
                };
                pauses.now.insert(name.to_owned(), pause);
            } else if let Some(name) = name.strip_prefix(ENDED) {
                let at = Timestamp::from_millis(number(settings, &format!("{ENDED}{name}")).unwrap_or(0));
                pauses.ended.insert(name.to_owned(), at);
            }
        }
        pauses
    }

    /// The pause that a stream of this use case and subject is under, by name.
    pub fn covering(&self, use_case: UseCase, subject: &Subject) -> Option<String> {
        let companies = subject.as_issue().map(|(company, _)| company);
        let company = companies.or_else(|| subject.as_thread().map(|(company, _)| company));
        let names = [
            Some(Pausable::UseCase(use_case).name()),
            company.map(|company| Pausable::Company(company).name()),
        ];
        names.into_iter().flatten().find(|name| self.now.contains_key(name))
    }
}

impl Store {
    /// What is paused.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn pauses(&self) -> Result<Pauses, Error> {
        let settings = self.read_all(vec![settings_key()]).await?.pop();
        Ok(settings.as_ref().map(Pauses::of).unwrap_or_default())
    }

    /// Pauses a use case or a company; one that is paused stays as it is. Gives whether it was not paused before.
    ///
    /// # Errors
    /// When it is not known whether it is paused.
    pub async fn pause(&self, what: &Pausable, by: &str, because: &str) -> Result<bool, Error> {
        let now = self.clock.now();
        let mark = values([("by", s(by)), ("because", s(because)), ("at", n(now.millis()))]);
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(settings_key()))
            .update_expression("SET #mark = :mark, #schema = :schema REMOVE #ended")
            .condition_expression("attribute_not_exists(#mark)")
            .expression_attribute_names("#mark", format!("{MARK}{}", what.name()))
            .expression_attribute_names("#ended", format!("{ENDED}{}", what.name()))
            .expression_attribute_names("#schema", "schema")
            .expression_attribute_values(":mark", AttributeValue::M(mark))
            .expression_attribute_values(":schema", n(super::SCHEMA))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failed("pause")(error)),
        }
    }

    /// Ends a pause. What it holds is let go by [`Store::release`], now, and by the sweep. Gives whether it was paused.
    ///
    /// # Errors
    /// When it is not known whether the pause has ended.
    pub async fn resume(&self, what: &Pausable) -> Result<bool, Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(settings_key()))
            .update_expression("SET #ended = :now REMOVE #mark")
            .condition_expression("attribute_exists(#mark)")
            .expression_attribute_names("#mark", format!("{MARK}{}", what.name()))
            .expression_attribute_names("#ended", format!("{ENDED}{}", what.name()))
            .expression_attribute_values(":now", n(self.clock.now().millis()))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failed("end of a pause")(error)),
        }
    }

    /// Forgets that a pause has ended: what it held was let go long ago.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn forget_resumed(&self, name: &str, at: Timestamp) -> Result<(), Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(settings_key()))
            .update_expression("REMOVE #ended")
            .condition_expression("#ended = :at")
            .expression_attribute_names("#ended", format!("{ENDED}{name}"))
            .expression_attribute_values(":at", n(at.millis()))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(()),
            Err(error) if is_refused(error.as_service_error()) => Ok(()),
            Err(error) => Err(failed("end of a pause")(error)),
        }
    }

    /// The streams that a pause holds, as the index shows them.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn held(&self, name: &str) -> Result<Vec<Stream>, Error> {
        let keys = self.listed(&paused_place(name)).await?;
        Ok(keys.iter().filter_map(stream_of).collect())
    }

    /// The streams that were paused by themselves.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn paused_streams(&self) -> Result<Vec<Stream>, Error> {
        self.held(STREAM).await
    }

    /// Puts a stream down for a pause, where it is.
    ///
    /// # Errors
    /// When it is not known whether it was put down; it is due again when the lease ends.
    pub async fn hold(&self, lease: &Lease, name: &str) -> Result<(), Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(head_key(&lease.stream)))
            .update_expression(
                "SET paused = :reason, due = :place, next_attempt_at = :now, starts = :zero REMOVE lease_until, lease_by",
            )
            .condition_expression("lease_epoch = :epoch AND finished = :finished AND attribute_not_exists(paused)")
            .set_expression_attribute_values(Some(values([
                (":reason", s(name)),
                (":place", s(paused_place(name))),
                (":now", n(self.clock.now().millis())),
                (":zero", n(0)),
                (":epoch", n(lease.epoch)),
                (":finished", n(lease.finished)),
            ])))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(()),
            // Overtaken: the next holder of the lease sees to it.
            Err(error) if is_refused(error.as_service_error()) => Ok(()),
            Err(error) => Err(failed("pause of a stream")(error)),
        }
    }

    /// Lets a stream go that a pause holds. Gives its owner where it is to be rung.
    ///
    /// # Errors
    /// When it is not known whether it was let go.
    pub async fn release(&self, stream: &Stream, name: &str) -> Result<Option<UseCase>, Error> {
        self.unpause(stream, name, None).await.map(Option::flatten)
    }

    /// Pauses one stream. Whoever is at it finishes what was accepted before. Gives whether it was not paused before;
    /// nothing where there is no such stream.
    ///
    /// # Errors
    /// When it is not known whether it is paused.
    pub async fn pause_stream(&self, stream: &Stream, by: &str, because: &str) -> Result<Option<bool>, Error> {
        for _ in 0..ATTEMPTS {
            let Some(head) = self.head(stream).await? else {
                return Ok(None);
            };
            if head.contains_key("paused") {
                return Ok(Some(false));
            }
            let is_parked = head.contains_key("parked");
            let place = if is_parked {
                parked_place(stream)
            } else {
                paused_place(STREAM)
            };
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(head_key(stream)))
                .update_expression(if is_parked {
                    "SET paused = :reason, due = :place"
                } else {
                    "SET paused = :reason, due = :place, next_attempt_at = :now"
                })
                .condition_expression(if is_parked {
                    "attribute_exists(parked) AND attribute_not_exists(paused)"
                } else {
                    "attribute_exists(pk) AND attribute_not_exists(parked) AND attribute_not_exists(paused)"
                })
                .expression_attribute_values(":reason", s(STREAM))
                .expression_attribute_values(":place", s(place));
            let update = match is_parked {
                true => update,
                false => update.expression_attribute_values(":now", n(self.clock.now().millis())),
            };
            let told = format!("paused by {by}: {because}");
            if self.told_update(stream, &head, update, &told).await? {
                return Ok(Some(true));
            }
        }
        Err(moved_on(stream))
    }

    /// Lets a stream go that was paused by itself. Gives its owner where it is to be rung; nothing where it was not
    /// paused so.
    ///
    /// # Errors
    /// When it is not known whether it goes on.
    pub async fn resume_stream(&self, stream: &Stream, by: &str) -> Result<Option<Option<UseCase>>, Error> {
        self.unpause(stream, STREAM, Some(&format!("resumed by {by}"))).await
    }

    async fn unpause(
        &self,
        stream: &Stream,
        reason: &str,
        told: Option<&str>,
    ) -> Result<Option<Option<UseCase>>, Error> {
        for _ in 0..ATTEMPTS {
            let head = self.head(stream).await?;
            let Some(head) = head.filter(|head| text(head, "paused") == Some(reason)) else {
                return Ok(None);
            };
            let (accepted, finished) = (number(&head, "accepted"), number(&head, "finished"));
            let is_waiting = accepted > finished;
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(head_key(stream)))
                .expression_attribute_values(":reason", s(reason));
            let is_parked = head.contains_key("parked");
            let update = if is_parked {
                update
                    .update_expression("REMOVE paused SET due = :place")
                    .condition_expression("paused = :reason AND attribute_exists(parked)")
                    .expression_attribute_values(":place", s(parked_place(stream)))
            } else if is_waiting {
                update
                    .update_expression("REMOVE paused SET due = :place, next_attempt_at = :next")
                    .condition_expression("paused = :reason AND attribute_not_exists(parked) AND accepted > finished")
                    .expression_attribute_values(":place", s(format!("due#{}", stream.shard())))
                    .expression_attribute_values(":next", n(self.clock.now().after(RING_AGAIN).millis()))
            } else {
                update
                    .update_expression("REMOVE paused, due, next_attempt_at")
                    .condition_expression("paused = :reason AND attribute_not_exists(parked) AND accepted = finished")
            };
            let is_done = match told {
                Some(told) => self.told_update(stream, &head, update, told).await?,
                None => self.update("end of a pause", update).await?,
            };
            if is_done {
                let owner = text(&head, "owner").and_then(|owner| owner.parse().ok());
                return Ok(Some(owner.filter(|_| is_waiting && !is_parked)));
            }
        }
        Err(moved_on(stream))
    }

    /// An update with a line on the timeline; whether its condition held.
    async fn told_update(
        &self,
        stream: &Stream,
        head: &Item,
        update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
        told: &str,
    ) -> Result<bool, Error> {
        let update = update.build().map_err(failed("pause"))?;
        let story = self.told_by_operator(stream, number(head, "finished").unwrap_or(0), told)?;
        let writes = vec![TransactWriteItem::builder().update(update).build(), story];
        match self.transact("pause", writes).await {
            Ok(()) => Ok(true),
            Err(Refusal::Condition(_)) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    pub(super) async fn update(
        &self,
        operation: &'static str,
        update: aws_sdk_dynamodb::types::builders::UpdateBuilder,
    ) -> Result<bool, Error> {
        let update = update.build().map_err(failed(operation))?;
        let writes = vec![TransactWriteItem::builder().update(update).build()];
        match self.transact(operation, writes).await {
            Ok(()) => Ok(true),
            Err(Refusal::Condition(_)) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }
}

fn moved_on(stream: &Stream) -> Error {
    Error {
        operation: "pause",
        source: anyhow::anyhow!("the stream {stream} moved on {ATTEMPTS} times"),
    }
}
