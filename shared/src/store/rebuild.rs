//! What is put back after the table was lost, or restored to an earlier time.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};

use super::item::{Item, claim_key, head_key, item, n, number, s, settings_key, values};
use super::ledger::{Claim, ClaimKind, ClaimState};
use super::{Error, Refusal, SCHEMA, Store, failed};
use crate::domain::{Stream, Subject, SysId, Timestamp, UseCase};

/// A write that is known to have led to something on the other side.
#[derive(Debug, Clone)]
pub struct Restored {
    /// Names the claim within its subject.
    pub name: String,
    /// The reference that the written text carries, or the id that it has in the community.
    pub reference: String,
    /// What was written.
    pub kind: ClaimKind,
    /// The record that it was written to or read from.
    pub target: SysId,
    /// The entry or attachment; none of what was written to another record, or before there was this one.
    pub remote: Option<SysId>,
    /// When it was written.
    pub at: Timestamp,
}

/// When the table was rebuilt: what happened before may have been written already.
pub(super) fn rebuilt_at(settings: &Item) -> Option<Timestamp> {
    number(settings, "rebuilt_at").map(Timestamp::from_millis)
}

impl Store {
    /// From now on, whatever is written for an event of before is looked for first.
    ///
    /// # Errors
    /// When it is not known whether that is so.
    pub async fn mark_rebuilt(&self) -> Result<(), Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(settings_key()))
            .update_expression("SET rebuilt_at = :now, #schema = if_not_exists(#schema, :schema)")
            .expression_attribute_names("#schema", "schema")
            .set_expression_attribute_values(Some(values([
                (":now", n(self.clock.now().millis())),
                (":schema", n(SCHEMA)),
            ])));
        self.update("mark", update).await.map(|_| ())
    }

    /// Puts a claim back that is lost; one that stands is left, but for one of whose write nothing is known.
    ///
    /// # Errors
    /// When it is not known whether it stands.
    pub async fn restore_claim(&self, subject: &Subject, restored: &Restored) -> Result<bool, Error> {
        let at = || n(restored.at.millis());
        let mut claim = item(
            claim_key(subject, &restored.name),
            [
                ("state", s(ClaimState::Done.as_str())),
                ("reference", s(restored.reference.as_str())),
                ("kind", s(restored.kind.as_str())),
                ("target", s(restored.target.as_str())),
                ("at", at()),
                ("first_at", at()),
                ("ttl", n(self.clock.now().after(super::SEEN_FOR).seconds())),
            ],
        );
        let condition = match &restored.remote {
            Some(remote) => {
                claim.insert("remote".to_owned(), s(remote.as_str()));
                "attribute_not_exists(pk) OR attribute_not_exists(remote)"
            }
            None => "attribute_not_exists(pk)",
        };
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(claim))
            .condition_expression(condition)
            .build()
            .map_err(failed("claim"))?;
        match self
            .transact("claim", vec![TransactWriteItem::builder().put(put).build()])
            .await
        {
            Ok(()) => Ok(true),
            Err(Refusal::Condition(_)) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    /// Lets the numbers of a stream go on after one that was used before: what was reported under it is not reported
    /// under it again. A stream with unfinished entries keeps its numbers.
    ///
    /// # Errors
    /// When it is not known whether they do.
    pub async fn raise(&self, stream: &Stream, owner: UseCase, used: i64) -> Result<bool, Error> {
        for _ in 0..5 {
            let head = self.head(stream).await?;
            let read = |name| head.as_ref().and_then(|head| number(head, name)).unwrap_or(0);
            let (accepted, finished) = (read("accepted"), read("finished"));
            if accepted >= used || accepted != finished {
                return Ok(accepted >= used);
            }
            let update = Update::builder()
                .table_name(&self.table)
                .set_key(Some(head_key(stream)))
                .update_expression(
                    "SET accepted = :used, finished = :used, #owner = if_not_exists(#owner, :owner), \
                     #schema = if_not_exists(#schema, :schema), opened_at = if_not_exists(opened_at, :now) \
                     ADD count_rebuilt :more",
                )
                .condition_expression(
                    "attribute_not_exists(pk) OR (accepted = :accepted AND finished = :accepted AND attribute_not_exists(lease_until))",
                )
                .expression_attribute_names("#owner", "owner")
                .expression_attribute_names("#schema", "schema")
                .set_expression_attribute_values(Some(values([
                    (":used", n(used)),
                    (":owner", s(owner.as_str())),
                    (":schema", n(SCHEMA)),
                    (":now", n(self.clock.now().millis())),
                    (":more", n(used - accepted)),
                    (":accepted", n(accepted)),
                ])));
            if self.update("raise", update).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Claim {
    /// The same, as one of a write that may have happened at any time since.
    #[must_use]
    pub fn since(self, time: Timestamp) -> Self {
        Self { first_at: time, ..self }
    }
}
