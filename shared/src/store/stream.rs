//! Streams: the lease, and what is due.

use std::time::Duration;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure, Update};

use super::item::{Item, head_key, key, n, number, s, text, values};
use super::work::Write;
use super::{Error, SCHEMA, Store, failed};
use crate::domain::{Lane, Stream, Subject, Timestamp, UseCase};

/// How long a worker has a stream to itself: a function's hard end plus the time that a write to
/// ServiceNow may still take to commit.
pub const LEASE: Duration = Duration::from_secs(150);
/// How far a claimed ring moves the next one.
pub(super) const RING_AGAIN: Duration = Duration::from_secs(60);

/// The right to work on a stream.
#[derive(Debug, Clone)]
pub struct Lease {
    /// Which stream.
    pub stream: Stream,
    /// Fences the end of entries: a later lease has a higher one.
    pub epoch: i64,
    /// The highest number accepted when the lease was taken.
    pub accepted: i64,
    /// The highest number finished.
    pub finished: i64,
    /// Leases taken since the last verdict on an entry.
    pub starts: i64,
    /// Failures in a row.
    pub attempts: u32,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Taken {
    /// The stream is ours.
    Lease(Lease),
    /// There is nothing to do, or it is not time, or somebody else is at it.
    Nothing(&'static str),
    /// The stream belongs to another use case.
    OwnedBy(UseCase),
}

/// A stream that is due.
#[derive(Debug, Clone)]
pub struct Due {
    /// Which stream.
    pub stream: Stream,
    /// Whose it is.
    pub owner: UseCase,
    /// Since when it has been due, as far as the table knows.
    pub since: Timestamp,
    /// The system that it waits for, if any.
    pub waiting_for: Option<String>,
}

impl Store {
    /// Takes the lease of a stream for a worker, who is named so that a lost answer does not make
    /// it wait for itself.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn take(&self, stream: &Stream, owner: UseCase, worker: &str) -> Result<Taken, Error> {
        let now = self.clock.now();
        let until = now.after(LEASE);
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)))
            .update_expression(
                "SET lease_until = :until, lease_by = :worker, next_attempt_at = :until, due = :due \
                 ADD lease_epoch :one, starts :one",
            )
            .condition_expression(
                "accepted > finished AND attribute_not_exists(parked) AND attribute_not_exists(paused) \
                 AND #owner = :owner AND (attribute_not_exists(lease_until) OR lease_until < :now) \
                 AND (attribute_not_exists(not_before) OR not_before <= :now)",
            )
            .expression_attribute_names("#owner", "owner")
            .set_expression_attribute_values(Some(values([
                (":until", n(until.millis())),
                (":worker", s(worker)),
                (":due", s(format!("due#{}", stream.shard()))),
                (":one", n(1)),
                (":owner", s(owner.as_str())),
                (":now", n(now.millis())),
            ])))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        let old = match outcome {
            Ok(answer) => return Ok(Taken::Lease(lease_of(stream, &answer.attributes.unwrap_or_default()))),
            Err(error) => match refused_item(error.as_service_error()) {
                Some(old) => old,
                None => return Err(failed("take of a lease")(error)),
            },
        };
        let is_mine = text(&old, "lease_by") == Some(worker)
            && number(&old, "lease_until").is_some_and(|until| until >= now.millis());
        if is_mine {
            return Ok(Taken::Lease(lease_of(stream, &old)));
        }
        if text(&old, "owner") != Some(owner.as_str()) {
            let other = text(&old, "owner").and_then(|other| other.parse().ok());
            return Ok(other.map_or(Taken::Nothing("the stream is not there"), Taken::OwnedBy));
        }
        let is_finished = number(&old, "accepted") == number(&old, "finished");
        if old.contains_key("parked") || old.contains_key("paused") || (is_finished && old.contains_key("due")) {
            self.settle_stopped(stream, &old).await?;
            return Ok(Taken::Nothing("the stream is parked, paused or finished"));
        }
        Ok(Taken::Nothing(
            "the stream is finished, held by another worker, or not yet due",
        ))
    }

    /// How far a stream is: the last finished entry, and the one at which it is parked, if it is.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn standing(&self, stream: &Stream) -> Result<(i64, Option<i64>), Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)))
            .projection_expression("finished, parked")
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read of a stream"))?;
        let head = answer.item.unwrap_or_default();
        let parked = head.get("parked").and_then(|parked| parked.as_m().ok());
        let parked_at = parked.and_then(|parked| number(parked, "n"));
        Ok((number(&head, "finished").unwrap_or(0), parked_at))
    }

    /// Gives the lanes of an issue to the use cases that work on it from now on. A lane that is not there
    /// yet is made, empty: whoever accepts into it finds its owner.
    ///
    /// A lease stays where it is. Its holder finishes what it has begun and is then refused; to begin
    /// beside it would break what claims rely on, that nobody writes while another may.
    ///
    /// # Errors
    /// When the writes cannot be built.
    pub fn lanes_moved(&self, subject: &Subject, is_escalated: bool) -> Result<Vec<Write>, Error> {
        let owner = |lane| match (is_escalated, lane) {
            (true, _) => UseCase::BridgeEscalation,
            (false, Lane::In) => UseCase::OpenCase,
            (false, _) => UseCase::RelayStatus,
        };
        let mut writes = Vec::new();
        for lane in [Lane::In, Lane::Out] {
            let subject = subject.clone();
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(head_key(&Stream { subject, lane })))
                .update_expression(
                    "SET #owner = :owner, accepted = if_not_exists(accepted, :zero), \
                     finished = if_not_exists(finished, :zero), #schema = if_not_exists(#schema, :schema), \
                     opened_at = if_not_exists(opened_at, :now)",
                )
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#schema", "schema")
                .set_expression_attribute_values(Some(values([
                    (":owner", s(owner(lane).as_str())),
                    (":zero", n(0)),
                    (":schema", n(SCHEMA)),
                    (":now", n(self.clock.now().millis())),
                ])));
            writes.push(Write::Update(update.build().map_err(failed("move of a lane"))?));
        }
        Ok(writes)
    }

    /// A stream that stands still is not due, although an event that was accepted made it so: it is listed with those
    /// that stand still for the same reason. Neither is a finished one, although a lost answer made it so.
    async fn settle_stopped(&self, stream: &Stream, head: &Item) -> Result<(), Error> {
        let place = place_of(stream, head);
        if text(head, "due") == place.as_deref() {
            return Ok(());
        }
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)));
        let is_parked = head.contains_key("parked");
        let update = match &place {
            Some(place) => update
                .update_expression("SET due = :place, next_attempt_at = :now")
                .condition_expression(if is_parked {
                    "attribute_exists(parked)"
                } else {
                    "paused = :reason AND attribute_not_exists(parked)"
                })
                .expression_attribute_values(":place", s(place.as_str()))
                .expression_attribute_values(":now", n(self.clock.now().millis())),
            None => update
                .update_expression("REMOVE next_attempt_at, due")
                .condition_expression(if head.contains_key("paused") {
                    "paused = :reason AND attribute_not_exists(parked)"
                } else {
                    "accepted = finished AND attribute_not_exists(lease_until)"
                }),
        };
        let update = match text(head, "paused") {
            Some(reason) if !is_parked => update.expression_attribute_values(":reason", s(reason)),
            _ => update,
        };
        match update.send().await {
            Ok(_) => Ok(()),
            Err(error) if is_refused(error.as_service_error()) => Ok(()),
            Err(error) => Err(failed("settle of a stopped stream")(error)),
        }
    }

    /// Claims the ringing of streams that are due in one shard: each is found by one sweeper, and
    /// moved on by a minute, so that a lost ring is rung again. Also gives how many were found.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn claim_due(&self, shard: u8, most: i32) -> Result<(usize, Vec<Due>), Error> {
        let now = self.clock.now();
        let found = self
            .client
            .query()
            .table_name(&self.table)
            .index_name("due")
            .key_condition_expression("due = :due AND next_attempt_at <= :now")
            .set_expression_attribute_values(Some(values([
                (":due", s(format!("due#{shard}"))),
                (":now", n(now.millis())),
            ])))
            .limit(most)
            .send()
            .await
            .map_err(failed("search for due streams"))?;
        let mut due = Vec::new();
        for item in found.items() {
            if let Some(claimed) = self.claim(item, now).await? {
                due.push(claimed);
            }
        }
        Ok((found.items().len(), due))
    }

    async fn claim(&self, found: &Item, now: Timestamp) -> Result<Option<Due>, Error> {
        let (Some(pk), Some(sk), Some(at)) = (text(found, "pk"), text(found, "sk"), number(found, "next_attempt_at"))
        else {
            return Ok(None);
        };
        let (Some(lane), Ok(subject)) = (lane_of(sk), pk.to_owned().try_into()) else {
            return Ok(None);
        };
        let stream = Stream { subject, lane };
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(pk, sk)))
            .update_expression("SET next_attempt_at = :again")
            .condition_expression(
                "next_attempt_at = :seen AND attribute_not_exists(parked) AND attribute_not_exists(paused)",
            )
            .set_expression_attribute_values(Some(values([
                (":again", n(now.after(RING_AGAIN).millis())),
                (":seen", n(at)),
            ])))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
            .await;
        match outcome {
            Ok(answer) => {
                let head = answer.attributes.unwrap_or_default();
                let owner = text(&head, "owner").and_then(|owner| owner.parse().ok());
                let waiting_for = text(&head, "waiting_for").map(str::to_owned);
                let since = Timestamp::from_millis(number(&head, "not_before").unwrap_or(at));
                Ok(owner.map(|owner| Due {
                    since,
                    stream,
                    owner,
                    waiting_for,
                }))
            }
            Err(error) => match refused_item(error.as_service_error()) {
                Some(head) => {
                    if head.contains_key("parked") || head.contains_key("paused") {
                        self.settle_stopped(&stream, &head).await?;
                    }
                    Ok(None)
                }
                None if is_refused(error.as_service_error()) => Ok(None),
                None => Err(failed("claim of a due stream")(error)),
            },
        }
    }
}

/// Where a stream that stands still is listed in the index of what is due, under the time since when; nothing where
/// it is not listed.
pub(super) fn place_of(stream: &Stream, head: &Item) -> Option<String> {
    if head.contains_key("parked") {
        return Some(parked_place(stream));
    }
    let reason = text(head, "paused")?;
    super::pause::is_reason(reason).then(|| super::pause::paused_place(reason))
}

/// Where a parked stream is listed.
pub(super) fn parked_place(stream: &Stream) -> String {
    format!("parked#{}", stream.shard())
}

/// The stream of a head, by its key.
pub(super) fn stream_of(item: &Item) -> Option<Stream> {
    let lane = lane_of(text(item, "sk")?)?;
    let subject = text(item, "pk")?.to_owned().try_into().ok()?;
    Some(Stream { subject, lane })
}

fn lane_of(sk: &str) -> Option<Lane> {
    Lane::ALL.into_iter().find(|lane| sk == super::item::head_sk(*lane))
}

fn lease_of(stream: &Stream, head: &Item) -> Lease {
    Lease {
        stream: stream.clone(),
        epoch: number(head, "lease_epoch").unwrap_or(0),
        accepted: number(head, "accepted").unwrap_or(0),
        finished: number(head, "finished").unwrap_or(0),
        starts: number(head, "starts").unwrap_or(0),
        attempts: number(head, "attempts")
            .and_then(|attempts| attempts.try_into().ok())
            .unwrap_or(0),
    }
}

/// The item that made a condition fail.
pub(super) fn refused_item(error: Option<&UpdateItemError>) -> Option<Item> {
    match error? {
        UpdateItemError::ConditionalCheckFailedException(refused) => refused.item.clone(),
        _ => None,
    }
}

/// Whether a condition failed.
pub(super) fn is_refused(error: Option<&UpdateItemError>) -> bool {
    matches!(error, Some(UpdateItemError::ConditionalCheckFailedException(_)))
}
