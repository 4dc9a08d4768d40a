//! The durable steps of an entry: a plan is stored with its first write, every step moves with
//! the writes that belong to it, and the end of an entry is fenced by the lease.

use std::time::Duration;

use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};

use super::entry::{Entry, Outcome};
use super::item::{Item, entry_key, head_key, item, key, n, s, values};
use super::ledger::Claim;
use super::stream::{Lease, parked_place};
use super::{Error, Refusal, Store, failed};
use crate::domain::Timestamp;
use crate::effect::Effect;
use crate::failure::System;

/// The content of a finished entry is kept this long.
pub(super) const CONTENT_FOR: Duration = Duration::from_secs(30 * 24 * 3600);

/// One write of a transaction.
#[derive(Debug, Clone)]
pub enum Write {
    /// A whole new item.
    Put(Put),
    /// Some attributes.
    Update(Update),
}

/// What came of a commit.
#[derive(Debug)]
pub enum Commit {
    /// It is durable.
    Done,
    /// A claim among the writes stands already.
    Claimed(Claim),
    /// An intent among the writes stands already.
    Intended,
    /// Somebody else moved the entry or the stream; this worker must look again.
    Overtaken,
}

/// Why a stream is put off.
pub struct Deferral {
    /// When it is due again.
    pub until: Timestamp,
    /// What happened, without contents.
    pub cause: String,
    /// The system that it waits for.
    pub waiting_for: Option<System>,
    /// Whether this counts as a failed attempt.
    pub is_failure: bool,
}

/// Why a stream is parked.
#[derive(Clone, Copy)]
pub struct Parking<'a> {
    /// The entry at which it stops.
    pub number: i64,
    /// What happened, without contents.
    pub cause: &'a str,
    /// What a person can do about it.
    pub remedy: &'a str,
    /// Whether the plan is dropped, so that a replay decides by the rules of then: right where
    /// nothing of it has happened.
    pub decides_anew: bool,
}

/// At most this many lines of the timeline are items of their own in one commit.
const LINES: usize = 20;

impl Store {
    /// Moves an entry to a step, with the writes that end the step before and prepare this one.
    /// `plan` is given when it is stored for the first time or was changed.
    ///
    /// # Errors
    /// When it is not known whether the step is durable.
    pub async fn advance(
        &self,
        lease: &Lease,
        entry: &Entry,
        plan: Option<&[Effect]>,
        step: usize,
        writes: &[Write],
        story: &[String],
    ) -> Result<Commit, Error> {
        let mut set = values([
            (":epoch", n(lease.epoch)),
            (":step", n(i64::try_from(step).unwrap_or(i64::MAX))),
            (":before", n(i64::try_from(entry.step).unwrap_or(i64::MAX))),
        ]);
        let mut expression = "SET epoch = :epoch, step = :step".to_owned();
        let mut condition =
            "attribute_not_exists(outcome) AND (attribute_not_exists(epoch) OR epoch <= :epoch)".to_owned();
        if entry.plan.is_some() {
            condition.push_str(" AND step = :before");
        } else {
            condition.push_str(" AND attribute_not_exists(decided)");
            set.remove(":before");
        }
        if let Some(plan) = plan {
            let json = serde_json::to_string(plan).map_err(failed("advance"))?;
            expression.push_str(", decided = :plan");
            set.insert(":plan".to_owned(), s(json));
        }
        if entry.has_refusals {
            expression.push_str(", refusals = :yes");
            set.insert(":yes".to_owned(), AttributeValue::Bool(true));
        }
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(entry_key(&lease.stream, entry.number)))
            .update_expression(expression)
            .condition_expression(condition)
            .set_expression_attribute_values(Some(set));
        let mut all = vec![Write::Update(update.build().map_err(failed("advance"))?)];
        all.extend(writes.iter().cloned());
        all.extend(self.story(lease, entry.number, step, story)?);
        self.commit("advance", all).await
    }

    /// Ends an entry, with the writes that end its last step. When nothing else was accepted, the
    /// lease ends with it.
    ///
    /// # Errors
    /// When it is not known whether the end is durable.
    pub async fn finish(
        &self,
        lease: &mut Lease,
        entry: &Entry,
        outcome: Outcome,
        writes: &[Write],
        story: &[String],
    ) -> Result<Commit, Error> {
        for _ in 0..3 {
            let is_last = lease.accepted == entry.number;
            let mut all = vec![
                self.finished_head(lease, entry, outcome, is_last)?,
                self.finished_entry(lease, entry, outcome)?,
            ];
            all.extend(writes.iter().cloned());
            let steps = entry.plan.as_ref().map_or(0, Vec::len);
            all.extend(self.story(lease, entry.number, steps, story)?);
            let requests = all.into_iter().map(request).collect();
            match self.transact("finish", requests).await {
                Ok(()) => {
                    lease.finished = entry.number;
                    return Ok(Commit::Done);
                }
                Err(Refusal::Error(error)) => return Err(error),
                Err(Refusal::Condition(reasons)) => {
                    let head = reasons.first().and_then(CancellationReason::item);
                    let accepted = head.and_then(|head| super::item::number(head, "accepted"));
                    let epoch = head.and_then(|head| super::item::number(head, "lease_epoch"));
                    match accepted {
                        // Something was accepted meanwhile: the lease goes on.
                        Some(accepted) if is_last && accepted > lease.accepted && epoch == Some(lease.epoch) => {
                            lease.accepted = accepted;
                        }
                        _ => return Ok(Commit::Overtaken),
                    }
                }
            }
        }
        Ok(Commit::Overtaken)
    }

    fn finished_head(&self, lease: &Lease, entry: &Entry, outcome: Outcome, is_last: bool) -> Result<Write, Error> {
        let counter = format!("count_{}", outcome.as_str());
        let mut expression = "SET finished = :number, starts = :zero, attempts = :zero".to_owned();
        let mut condition = "lease_epoch = :epoch AND finished = :before".to_owned();
        if is_last {
            condition.push_str(" AND accepted = :number");
            expression
                .push_str(" REMOVE lease_until, lease_by, next_attempt_at, due, not_before, last_failure, waiting_for");
        } else {
            expression.push_str(" REMOVE not_before, last_failure, waiting_for");
        }
        expression.push_str(" ADD #counter :one");
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(head_key(&lease.stream)))
            .update_expression(expression)
            .condition_expression(condition)
            .expression_attribute_names("#counter", counter)
            .set_expression_attribute_values(Some(values([
                (":number", n(entry.number)),
                (":zero", n(0)),
                (":one", n(1)),
                (":epoch", n(lease.epoch)),
                (":before", n(entry.number - 1)),
            ])))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map(Write::Update)
            .map_err(failed("finish"))
    }

    fn finished_entry(&self, lease: &Lease, entry: &Entry, outcome: Outcome) -> Result<Write, Error> {
        let now = self.clock.now();
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(entry_key(&lease.stream, entry.number)))
            .update_expression("SET outcome = :outcome, finished_at = :now, #ttl = :ttl")
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome)")
            .expression_attribute_names("#ttl", "ttl")
            .set_expression_attribute_values(Some(values([
                (":outcome", s(outcome.as_str())),
                (":now", n(now.millis())),
                (":ttl", n(now.after(CONTENT_FOR).seconds())),
            ])))
            .build()
            .map(Write::Update)
            .map_err(failed("finish"))
    }

    /// Gives the lease back and makes the stream due later, with the writes that belong to it.
    ///
    /// # Errors
    /// When it is not known whether the deferral is durable; the stream is then due when the
    /// lease ends.
    pub async fn defer(&self, lease: &Lease, deferral: &Deferral, writes: &[Write]) -> Result<(), Error> {
        let mut expression = "SET next_attempt_at = :until, not_before = :until, due = :due, starts = :zero, \
                              attempts = :attempts, last_failure = :cause"
            .to_owned();
        let attempts = i64::from(lease.attempts) + i64::from(deferral.is_failure);
        let mut set = values([
            (":until", n(deferral.until.millis())),
            (":due", s(format!("due#{}", lease.stream.shard()))),
            (":zero", n(0)),
            (":attempts", n(attempts)),
            (":cause", s(deferral.cause.as_str())),
            (":epoch", n(lease.epoch)),
            (":finished", n(lease.finished)),
        ]);
        match deferral.waiting_for {
            Some(system) => {
                expression.push_str(", waiting_for = :system REMOVE lease_until, lease_by");
                set.insert(":system".to_owned(), s(system.as_str()));
            }
            None => expression.push_str(" REMOVE lease_until, lease_by, waiting_for"),
        }
        let head = Update::builder()
            .table_name(&self.table)
            .set_key(Some(head_key(&lease.stream)))
            .update_expression(expression)
            .condition_expression("lease_epoch = :epoch AND finished = :finished")
            .set_expression_attribute_values(Some(set))
            .build()
            .map_err(failed("defer"))?;
        let mut all = vec![Write::Update(head)];
        all.extend(writes.iter().cloned());
        // Overtaken: the next holder of the lease sees to it.
        self.commit("defer", all).await.map(|_| ())
    }

    /// Parks a stream at an entry until a person acts, and lists it with the others that are parked.
    ///
    /// # Errors
    /// When it is not known whether the stream is parked.
    pub async fn park(&self, lease: &Lease, parking: &Parking<'_>) -> Result<(), Error> {
        let Parking {
            number,
            cause,
            remedy,
            decides_anew,
        } = *parking;
        let now = self.clock.now();
        let parked = values([
            ("n", n(number)),
            ("cause", s(cause)),
            ("remedy", s(remedy)),
            ("at", s(now.to_string())),
        ]);
        let head = Update::builder()
            .table_name(&self.table)
            .set_key(Some(head_key(&lease.stream)))
            .update_expression(
                "SET parked = :parked, starts = :zero, attempts = :zero, due = :place, next_attempt_at = :now \
                 REMOVE lease_until, lease_by, not_before, waiting_for",
            )
            .condition_expression("lease_epoch = :epoch AND finished = :finished")
            .set_expression_attribute_values(Some(values([
                (":finished", n(lease.finished)),
                (":parked", AttributeValue::M(parked)),
                (":place", s(parked_place(&lease.stream))),
                (":now", n(now.millis())),
                (":zero", n(0)),
                (":epoch", n(lease.epoch)),
            ])))
            .build()
            .map_err(failed("park"))?;
        let told = format!("parked: {cause}. What to do: {remedy}");
        let mut all = vec![Write::Update(head)];
        if decides_anew {
            let entry = Update::builder()
                .table_name(&self.table)
                .set_key(Some(entry_key(&lease.stream, number)))
                .update_expression("REMOVE decided, step, epoch")
                .condition_expression("attribute_not_exists(outcome)")
                .build()
                .map_err(failed("park"))?;
            all.push(Write::Update(entry));
        }
        all.extend(self.story(lease, number, 0, &[told])?);
        self.commit("park", all).await.map(|_| ())
    }

    /// Makes writes durable that belong to no step.
    ///
    /// # Errors
    /// When they are not, or it is not known whether they are.
    pub async fn put_all(&self, writes: Vec<Write>) -> Result<(), Error> {
        if writes.is_empty() {
            return Ok(());
        }
        match self.commit("preparation", writes).await? {
            Commit::Done => Ok(()),
            Commit::Claimed(_) | Commit::Intended | Commit::Overtaken => Err(Error {
                operation: "preparation",
                source: anyhow::anyhow!("somebody else prepared the same effect"),
            }),
        }
    }

    async fn commit(&self, operation: &'static str, writes: Vec<Write>) -> Result<Commit, Error> {
        let requests = writes.into_iter().map(request).collect();
        let reasons = match self.transact(operation, requests).await {
            Ok(()) => return Ok(Commit::Done),
            Err(Refusal::Error(error)) => return Err(error),
            Err(Refusal::Condition(reasons)) => reasons,
        };
        let is_refused = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        // The first write is the entry or the stream itself.
        if reasons.first().is_some_and(is_refused) {
            return Ok(Commit::Overtaken);
        }
        let stands = |reason: &&CancellationReason| is_refused(reason);
        let items: Vec<&Item> = reasons
            .iter()
            .filter(stands)
            .filter_map(CancellationReason::item)
            .collect();
        if let Some(claim) = items.iter().find_map(|item| Claim::of(item)) {
            return Ok(Commit::Claimed(claim));
        }
        if items.iter().any(|item| super::link::Link::of(item).is_some()) {
            return Ok(Commit::Intended);
        }
        Ok(Commit::Overtaken)
    }

    /// The lines of the timeline that a commit tells.
    fn story(&self, lease: &Lease, number: i64, step: usize, lines: &[String]) -> Result<Vec<Write>, Error> {
        let now = self.clock.now();
        let mut writes = Vec::new();
        // A transaction holds a hundred items at most.
        for (at, some) in lines.chunks(lines.len().div_ceil(LINES).max(1)).enumerate() {
            let sk = format!(
                "STORY#{:013}#{}#{number:08}#{step:02}#{at:02}",
                now.millis(),
                lease.stream.lane.as_str()
            );
            let told = item(
                key(lease.stream.subject.as_str(), sk),
                [
                    ("at", s(now.to_string())),
                    ("text", s(some.join("\n"))),
                    ("n", n(number)),
                ],
            );
            let put = Put::builder().table_name(&self.table).set_item(Some(told));
            writes.push(Write::Put(put.build().map_err(failed("story"))?));
        }
        Ok(writes)
    }
}

pub(super) fn request(write: Write) -> TransactWriteItem {
    match write {
        Write::Put(put) => TransactWriteItem::builder().put(put).build(),
        Write::Update(update) => TransactWriteItem::builder().update(update).build(),
    }
}
