//! Exchanges that fail become incidents: one for each process, and one for many that fail in the same way.
//!
//! Two kinds of stream work together. The stream of an exchange keeps how it turned out last, waits until a
//! transient state has lasted too long, and passes what counts as failed on to the stream of its failures: those of
//! one partner, direction, document type and class. That stream alone decides about incidents, so there is nothing to
//! agree on: it opens one, lets later failures join it, resolves it when everything went through, and opens it again.
//!
//! Incidents of several partners may have one cause. A third kind of stream hears when an incident begins to fail and
//! when nothing of it fails any more. It alone decides about parents; each child's own stream lets it refer to its parent.
//! ServiceNow hands the state of a parent down to its children, so a parent that was resolved is never opened again, and
//! none is resolved while ServiceNow shows a child that is not finished.
//!
//! News may come late, doubled or out of order: what is older than what is known of an exchange changes nothing.
//! While more events wait behind one, the count on an incident is left to the last of them, so that a storm costs
//! ServiceNow little.
//!
//! Accepted: an exchange that fails, goes through and fails again in exactly the same words is one event for the
//! contract, and so are its two failures.

mod decide;
mod gather;

use std::collections::BTreeMap;
use std::sync::Arc;

use shared::domain::{DeploymentId, Subject, SysId, TableName, Timestamp};
use shared::effect::{Cause, Child, Failures, KnownExchange, Member, Parent};
use shared::event::Exchange;
use shared::mapping::{Classified, Mapping};
use shared::servicenow::Row;
use shared::store::Link;

pub use decide::{decide, fingerprint, partner_of};
pub use gather::{analyst_of, gather, in_the_words_of_lens, partner_name_of};

/// What must be known before deciding.
pub struct Facts {
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// A part of every chosen sys_id.
    pub deployment: DeploymentId,
    /// Whose stream it is.
    pub subject: Subject,
    /// The time.
    pub now: Timestamp,
    /// How many events are known to wait behind this one.
    pub waiting: i64,
    /// The exchange in the words of Lens, however they were spelled.
    pub exchange: Exchange,
    /// What the event is about.
    pub place: Place,
}

/// What an event is about.
pub enum Place {
    /// An exchange, in its own stream.
    Exchange(Box<Own>),
    /// An exchange whose time is over.
    Over,
    /// An exchange among those that fail in the same way.
    Failures(Box<Among>),
    /// An incident, as one of several with one cause.
    Cause(Box<Several>),
    /// An incident that has got a parent; none when nothing is known of it.
    Child(Option<Box<Found>>),
}

/// What is known of an exchange in its own stream.
pub struct Own {
    /// How it turned out last.
    pub known: Option<KnownExchange>,
    /// What the mapping says of it; nothing of one that went through, or without rules.
    pub classified: Option<Classified>,
}

/// What is known of an exchange among those that fail in the same way.
pub struct Among {
    /// How it turned out last.
    pub member: Option<Member>,
    /// Its incident.
    pub own: Option<Found>,
    /// The incident that new failures join, when it is another one.
    pub current: Option<Found>,
    /// What a new incident is made of, where one is needed.
    pub content: Option<Content>,
}

/// An incident.
pub struct Found {
    /// What it stands for.
    pub failures: Failures,
    /// Its link.
    pub link: Link,
    /// The record as it is; none when it was deleted or is hidden.
    pub row: Option<Row>,
}

/// What is known of incidents with one cause, as it concerns one of them.
pub struct Several {
    /// How the incident was last.
    pub child: Option<Child>,
    /// What is known of the cause.
    pub cause: Cause,
    /// Its parent.
    pub own: Option<FoundParent>,
    /// The parent that new incidents become children of, when it is another one.
    pub current: Option<FoundParent>,
    /// Whether ServiceNow shows a child of its parent that is not finished; asked only when the parent could be resolved.
    pub has_open_child: bool,
    /// What a new parent is made of, where one is needed.
    pub content: Option<ParentContent>,
}

/// A parent incident.
pub struct FoundParent {
    /// What it stands for.
    pub parent: Parent,
    /// Its link.
    pub link: Link,
    /// The record as it is; none when it was deleted or is hidden.
    pub row: Option<Row>,
}

/// What a new parent is made of.
pub struct ParentContent {
    /// Where it is made.
    pub table: TableName,
    /// Its fields by the mapping.
    pub fields: BTreeMap<String, String>,
    /// The group that works on it.
    pub group: SysId,
    /// Who of the group; or why nobody.
    pub assigned_to: Result<Option<SysId>, String>,
}

/// What a new incident is made of.
pub struct Content {
    /// What the mapping says.
    pub classified: Classified,
    /// Where it is made.
    pub table: TableName,
    /// The group that works on it.
    pub group: SysId,
    /// Who of the group; or why nobody.
    pub assigned_to: Result<Option<SysId>, String>,
    /// The partner in ServiceNow, with the field that refers to it.
    pub partner: Option<(TableName, SysId)>,
    /// The name of the partner.
    pub partner_name: String,
}
