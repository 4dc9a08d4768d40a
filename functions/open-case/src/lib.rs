//! A partner issue becomes a ServiceNow case or incident, and what the partner adds later goes to
//! the same record.
//!
//! Whatever event of an issue comes first makes the record: an `opened` that was lost or overtaken
//! is made up for by reading the issue from the community. A record that was finished meanwhile is
//! opened again or continued by a new one, as the mapping says; it is never changed in silence.

mod decide;
mod gather;

use std::sync::Arc;

use shared::domain::{ArticleId, Category, DeploymentId, Subject, SysId};
use shared::effect::Listed;
use shared::event::Issue;
use shared::mapping::{Mapping, Routed};
use shared::servicenow::Row;
use shared::store::Link;

pub use decide::{decide, named_comment, named_message, words};
pub use gather::{fields_of, gather};

/// What must be known before deciding.
pub struct Facts {
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// A part of every chosen sys_id.
    pub deployment: DeploymentId,
    /// The issue.
    pub subject: Subject,
    /// Where the issue stands in ServiceNow.
    pub place: Place,
}

/// Where an issue stands in ServiceNow.
pub enum Place {
    /// It has no record yet; this one could be made.
    Nowhere(Box<Content>),
    /// It has a record.
    Linked(Box<Linked>),
}

/// The record of an issue, and what a decision about it needs.
pub struct Linked {
    /// The record that the issue stands in now; of the table in which it is now.
    pub link: Link,
    /// Whether it has come to that table since we last looked.
    pub has_moved: bool,
    /// The record as it is.
    pub row: Row,
    /// What a new value or a follow-up is made of; read only where it is needed.
    pub content: Option<Content>,
    /// The partner's name; its company id where ServiceNow does not know it or it is not needed.
    pub partner_name: String,
    /// How many documents the issue has brought before the one that is shared now.
    pub documents_before: usize,
}

/// The kind of problem that an issue is about.
pub struct Kind {
    /// Its name.
    pub name: Category,
    /// Articles about it that this partner may read.
    pub articles: Vec<(ArticleId, Listed)>,
}

/// What a record is made of.
pub struct Content {
    /// The issue as its partner sees it.
    pub issue: Issue,
    /// What the mapping says.
    pub routed: Routed,
    /// Whether the issue is critical by itself.
    pub is_critical: bool,
    /// The partner in ServiceNow; absent where the mapping accepts unknown ones.
    pub partner: Option<SysId>,
    /// The partner's name.
    pub partner_name: String,
    /// The group that works on it; absent where nothing will be made.
    pub group: Option<SysId>,
    /// The kind of problem, where its first record is made.
    pub kind: Option<Kind>,
}
