//! The ledger: claims of writes that would happen twice if they were sent twice.
//!
//! A claim is put before the write. Whoever finds a claim that is not done knows that the write
//! may have happened or may still happen, waits until neither a worker nor a late commit can be
//! under way any more, and then looks for the write's traces before it writes again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, Update};

use super::item::{Item, claim_key, item, n, number, s, text, values};
use super::work::Write;
use super::{Error, Store, failed};
use crate::domain::{ContentHash, DocumentId, Subject, SysId, Timestamp, digest_of, hex};

/// After this, no worker that held the claim runs any more (60 s hard end of a function), and no
/// write that it sent can still commit (90 s).
pub const SETTLED_AFTER: Duration = super::LEASE;

/// Ledger items outlive every event that could ask again.
const KEPT_FOR: Duration = Duration::from_secs(400 * 24 * 3600);

/// What a claim says when only the app was asked to write.
const THROUGH_APP: &str = "app";

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
    /// What is written.
    pub kind: ClaimKind,
    /// The record that it is written to or read from.
    pub target: String,
    /// The digest of the written text, reference and all; see [`text_hash`].
    pub text: Option<String>,
    /// The entry or attachment that the write led to, once it is known.
    pub remote: Option<String>,
    /// Whether only the app of the instance was asked to write it, which makes one entry of one claim.
    pub through_app: bool,
}

/// What a claimed write is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimKind {
    /// An entry in a journal of a record.
    Journal,
    /// A document of the community on a record.
    Document,
    /// A text on a record that a field could not hold.
    Text,
    /// An entry of a record that was posted in the community.
    Relayed,
    /// A file of a record that was shared in the community.
    Shared,
}

impl ClaimKind {
    const ALL: [ClaimKind; 5] = [
        ClaimKind::Journal,
        ClaimKind::Document,
        ClaimKind::Text,
        ClaimKind::Relayed,
        ClaimKind::Shared,
    ];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            ClaimKind::Journal => "journal",
            ClaimKind::Document => "document",
            ClaimKind::Text => "text",
            ClaimKind::Relayed => "relayed",
            ClaimKind::Shared => "shared",
        }
    }
}

/// A write that is about to be claimed.
#[derive(Debug, Clone, Copy)]
pub struct Claiming<'a> {
    /// Names it within its subject.
    pub name: &'a str,
    /// The reference that the written text carries.
    pub reference: &'a str,
    /// What is written.
    pub kind: ClaimKind,
    /// To which record.
    pub target: &'a SysId,
    /// The written text, where its traces are known by it.
    pub text: Option<&'a str>,
    /// Whether the app of the instance is asked to write it.
    pub through_app: bool,
}

/// The digest by which an entry is known as our own: the same text with the same reference.
pub fn text_hash(text: &str) -> String {
    ContentHash::of(crate::messages::canonical(text).as_bytes()).to_string()
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
    pub(super) fn as_str(self) -> &'static str {
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

/// The documents of the community that files of a record were shared as, by id.
pub fn documents_of<'a>(ledger: &'a [Claim], record: &SysId) -> BTreeSet<&'a str> {
    let shared = ledger.iter().filter(|claim| claim.kind == ClaimKind::Shared);
    let of_record = shared.filter(|claim| claim.target == record.as_str());
    of_record.map(|claim| claim.reference.as_str()).collect()
}

/// How many documents of the community were brought, but for those of these claims.
pub fn documents_taken(ledger: &[Claim], except: &BTreeSet<String>) -> usize {
    let is_taken = |claim: &&Claim| claim.kind == ClaimKind::Document && claim.remote.is_some();
    let others = ledger.iter().filter(is_taken);
    others.filter(|claim| !except.contains(&claim.key)).count()
}

/// What stands in the place of the id in the community of an entry that was refused.
const REFUSED: &str = "refused";
/// The same of one that has no words for the partner.
const NO_WORDS: &str = "nothing";

impl Claim {
    /// The id in the community of an entry that was posted there; nothing of one that was not, and never will be.
    pub fn posted(&self) -> Option<&str> {
        let is_id = self.kind == ClaimKind::Relayed && ![REFUSED, NO_WORDS].contains(&self.reference.as_str());
        is_id.then_some(self.reference.as_str())
    }

    /// Whether the write is known to have led to this entry or attachment.
    pub fn led_to(&self, id: &SysId) -> bool {
        self.remote.as_deref() == Some(id.as_str())
    }

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
            kind: ClaimKind::ALL
                .into_iter()
                .find(|kind| text(item, "kind") == Some(kind.as_str()))?,
            target: text(item, "target")?.to_owned(),
            text: text(item, "text").map(str::to_owned),
            remote: text(item, "remote").map(str::to_owned),
            through_app: text(item, "through") == Some(THROUGH_APP),
        })
    }
}

impl Store {
    /// The files of a subject that were brought into the community, each with the latest document that it is there.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn shared_files(&self, subject: &Subject) -> Result<BTreeMap<SysId, DocumentId>, Error> {
        let mut ledger = self.ledger(subject).await?;
        ledger.sort_by_key(|claim| claim.at);
        let shared = ledger.iter().filter(|claim| claim.kind == ClaimKind::Shared);
        let files = shared.filter_map(|claim| {
            let file = claim.remote.as_deref()?.parse().ok()?;
            Some((file, claim.reference.parse().ok()?))
        });
        Ok(files.collect())
    }

    /// Puts a new claim.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn claim_write(&self, subject: &Subject, claiming: Claiming<'_>) -> Result<Write, Error> {
        let now = self.clock.now();
        let mut claim = item(
            claim_key(subject, claiming.name),
            [
                ("state", s(ClaimState::Claimed.as_str())),
                ("reference", s(claiming.reference)),
                ("kind", s(claiming.kind.as_str())),
                ("target", s(claiming.target.as_str())),
                ("at", n(now.millis())),
                ("first_at", n(now.millis())),
            ],
        );
        if let Some(text) = claiming.text {
            claim.insert("text".to_owned(), s(text_hash(text)));
        }
        if claiming.through_app {
            claim.insert("through".to_owned(), s(THROUGH_APP));
        }
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

    /// The entry of a record was posted in the community, under this id. It may be said twice.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn relayed(&self, subject: &Subject, record: &SysId, entry: &SysId, posted: &str) -> Result<Write, Error> {
        let name = reference_key(record, &format!("relay {entry}"));
        self.brought(subject, &name, ClaimKind::Relayed, record, entry, posted)
    }

    /// The entry of a record was refused by the community: it is not posted later either.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn refused(&self, subject: &Subject, record: &SysId, entry: &SysId) -> Result<Write, Error> {
        self.relayed(subject, record, entry, REFUSED)
    }

    /// The entry of a record has no words for the partner.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn silent(&self, subject: &Subject, record: &SysId, entry: &SysId) -> Result<Write, Error> {
        self.relayed(subject, record, entry, NO_WORDS)
    }

    /// The file of a record was shared in the community, under this id, as `what` asked. It may be said
    /// twice.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn shared(
        &self,
        subject: &Subject,
        record: &SysId,
        what: &str,
        attachment: &SysId,
        document: &str,
    ) -> Result<Write, Error> {
        let name = reference_key(record, what);
        self.brought(subject, &name, ClaimKind::Shared, record, attachment, document)
    }

    /// Something of a record was brought into the community, where it has an id of its own.
    fn brought(
        &self,
        subject: &Subject,
        name: &str,
        kind: ClaimKind,
        record: &SysId,
        what: &SysId,
        id: &str,
    ) -> Result<Write, Error> {
        let now = self.clock.now();
        let told = item(
            claim_key(subject, name),
            [
                ("state", s(ClaimState::Done.as_str())),
                ("reference", s(id)),
                ("kind", s(kind.as_str())),
                ("target", s(record.as_str())),
                ("remote", s(what.as_str())),
                ("at", n(now.millis())),
                ("first_at", n(now.millis())),
                ("ttl", n(now.after(KEPT_FOR).seconds())),
            ],
        );
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(told))
            .build()
            .map(Write::Put)
            .map_err(failed("relay"))
    }

    /// Binds a claimed write to the entry that it led to. The first binding stands: a reference is
    /// spent once.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn recognized(&self, subject: &Subject, claim_name: &str, entry: &SysId) -> Result<Write, Error> {
        Update::builder()
            .table_name(&self.table)
            .set_key(Some(claim_key(subject, claim_name)))
            .update_expression("SET remote = :entry")
            .condition_expression("attribute_exists(pk) AND (attribute_not_exists(remote) OR remote = :entry)")
            .expression_attribute_values(":entry", s(entry.as_str()))
            .build()
            .map(Write::Update)
            .map_err(failed("recognition"))
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

    /// All claims of a subject. An entry is the trace of one write only: what one claim is bound to
    /// is no trace of another.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn ledger(&self, subject: &Subject) -> Result<Vec<Claim>, Error> {
        let items = self.of_subject(subject, "WROTE#", "read of the ledger").await?;
        Ok(items.iter().filter_map(Claim::of).collect())
    }
}
