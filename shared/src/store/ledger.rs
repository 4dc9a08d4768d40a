//! The ledger: claims of writes that would happen twice if they were sent twice.
//!
//! A claim is put before the write. Whoever finds a claim that is not done knows that the write
//! may have happened or may still happen, waits until neither a worker nor a late commit can be
//! under way any more, and then looks for the write's traces before it writes again.

use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, Update};

use super::item::{Item, claim_key, item, n, number, s, text, values};
use super::work::Write;
use super::{Error, Store, failed};
use crate::domain::{Subject, SysId, Timestamp, digest_of, hex};

/// After this, no worker that held the claim runs any more (60 s hard end of a function), and no
/// write that it sent can still commit (90 s).
pub const SETTLED_AFTER: Duration = super::LEASE;

/// Ledger items outlive every event that could ask again.
const KEPT_FOR: Duration = Duration::from_secs(400 * 24 * 3600);

/// A claim in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Names the claim within its subject.
    pub key: String,
    /// The reference that the written text carries.
    pub reference: String,
    /// How far the write is.
    pub state: ClaimState,
    /// When the write was last begun.
    pub at: Timestamp,
    /// The first time that it was begun.
    pub first_at: Timestamp,
}

/// How far a claimed write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// It may have happened.
    Claimed,
    /// It is known not to have happened.
    Released,
    /// It happened, or was refused for good.
    Done,
}

impl ClaimState {
    fn as_str(self) -> &'static str {
        match self {
            ClaimState::Claimed => "claimed",
            ClaimState::Released => "released",
            ClaimState::Done => "done",
        }
    }
}

/// The ledger key of a write to a record: what it is, and to which record.
pub fn reference_key(record: &SysId, what: &str) -> String {
    hex(&digest_of(&["wrote", record.as_str(), what])[..12])
}

impl Claim {
    /// Reads a claim out of its item.
    pub(super) fn of(item: &Item) -> Option<Self> {
        let states = [ClaimState::Claimed, ClaimState::Released, ClaimState::Done];
        Some(Self {
            key: text(item, "sk")?.strip_prefix("WROTE#")?.to_owned(),
            reference: text(item, "reference")?.to_owned(),
            state: states
                .into_iter()
                .find(|state| text(item, "state") == Some(state.as_str()))?,
            at: Timestamp::from_millis(number(item, "at")?),
            first_at: Timestamp::from_millis(number(item, "first_at")?),
        })
    }
}

impl Store {
    /// Puts a new claim.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn claim_write(
        &self,
        subject: &Subject,
        claim_name: &str,
        reference: &str,
        target: &SysId,
    ) -> Result<Write, Error> {
        let now = self.clock.now();
        let claim = item(
            claim_key(subject, claim_name),
            [
                ("state", s(ClaimState::Claimed.as_str())),
                ("reference", s(reference)),
                ("target", s(target.as_str())),
                ("at", n(now.millis())),
                ("first_at", n(now.millis())),
            ],
        );
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(claim))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map(Write::Put)
            .map_err(failed("claim"))
    }

    /// Moves a claim on; `None` of a remote id keeps the one that is there.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn settle(
        &self,
        subject: &Subject,
        claim_name: &str,
        state: ClaimState,
        remote: Option<&SysId>,
    ) -> Result<Write, Error> {
        let now = self.clock.now();
        let mut set = values([(":state", s(state.as_str())), (":done", s(ClaimState::Done.as_str()))]);
        let mut expression = "SET #state = :state".to_owned();
        if let Some(remote) = remote {
            expression.push_str(", remote = :remote");
            set.insert(":remote".to_owned(), s(remote.as_str()));
        }
        let mut update = Update::builder().expression_attribute_names("#state", "state");
        if state == ClaimState::Done {
            expression.push_str(", #ttl = :ttl");
            update = update.expression_attribute_names("#ttl", "ttl");
            set.insert(":ttl".to_owned(), n(now.after(KEPT_FOR).seconds()));
        }
        update
            .table_name(&self.table)
            .set_key(Some(claim_key(subject, claim_name)))
            .update_expression(expression)
            .condition_expression("attribute_exists(pk) AND #state <> :done")
            .set_expression_attribute_values(Some(set))
            .build()
            .map(Write::Update)
            .map_err(failed("claim"))
    }

    /// Begins a claimed write again: the one who moves its time may write.
    ///
    /// # Errors
    /// When the table cannot be asked; `false` when somebody else moved it first.
    pub async fn reclaim(&self, subject: &Subject, claim: &Claim) -> Result<bool, Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(claim_key(subject, &claim.key)))
            .update_expression("SET #at = :now, #state = :claimed")
            .condition_expression("#at = :seen AND #state <> :done")
            .expression_attribute_names("#at", "at")
            .expression_attribute_names("#state", "state")
            .set_expression_attribute_values(Some(values([
                (":now", n(self.clock.now().millis())),
                (":claimed", s(ClaimState::Claimed.as_str())),
                (":seen", n(claim.at.millis())),
                (":done", s(ClaimState::Done.as_str())),
            ])))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if super::stream::is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failed("claim")(error)),
        }
    }

    /// Reads a claim.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn claim_of(&self, subject: &Subject, claim_name: &str) -> Result<Option<Claim>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(claim_key(subject, claim_name)))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read of a claim"))?;
        Ok(answer.item.as_ref().and_then(Claim::of))
    }

    /// The remote ids that claims of a subject are bound to already: an entry is the trace of one
    /// write only.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn bound(&self, subject: &Subject) -> Result<Vec<String>, Error> {
        let mut bound = Vec::new();
        let mut start = None;
        loop {
            let answer = self
                .client
                .query()
                .table_name(&self.table)
                .key_condition_expression("pk = :pk AND begins_with(sk, :wrote)")
                .set_expression_attribute_values(Some(values([(":pk", s(subject.as_str())), (":wrote", s("WROTE#"))])))
                .consistent_read(true)
                .set_exclusive_start_key(start)
                .send()
                .await
                .map_err(failed("read of the ledger"))?;
            bound.extend(
                answer
                    .items()
                    .iter()
                    .filter_map(|item| text(item, "remote").map(str::to_owned)),
            );
            start = answer.last_evaluated_key;
            if start.is_none() {
                return Ok(bound);
            }
        }
    }
}
