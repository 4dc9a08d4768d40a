//! What partners ask for in threads becomes tasks, and what becomes of the tasks is told in the threads.
//!
//! A rule of the mapping makes a task of a message or of a request for a document. What comes later in the thread
//! goes to the same task as long as that is open; another request makes another task, and chatter none. The
//! timeline says of each of them which rule decided, or that none did.
//!
//! One function owns a thread both ways: its `in` lane has what the partner did, its `out` lane what happened to
//! the tasks. Comments and files pass as they do for issues; how far a task is, and how a request ends, is reported
//! when it changed.
//!
//! Accepted: a thread that is quicker than the record of its issue gets a task that stands alone. Two requests for
//! the same document are two tasks: only people can tell that they mean the same.

mod decide;
mod gather;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::domain::{DeploymentId, LinkKey, Subject, SysId, TableName, Timestamp};
use shared::effect::Outcome;
use shared::mapping::{Mapping, TaskRule};
use shared::store::Link;

pub use decide::{decide, named_message, named_request, named_withdrawal, words};
pub use gather::gather;
use relay_status::Conversation;

/// What must be known before deciding.
pub struct Facts {
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// A part of every chosen sys_id.
    pub deployment: DeploymentId,
    /// The thread as a stream's subject.
    pub subject: Subject,
    /// The number of the event in its stream: the version of a report.
    pub number: u64,
    /// What the event is about.
    pub place: Place,
}

/// What an event is about.
pub enum Place {
    /// What the partner did in the thread.
    Thread(Box<News>),
    /// A record that belongs to no task of the thread.
    Nowhere,
    /// A task that was deleted, or is hidden from the integration user.
    Gone(Box<Gone>),
    /// A task that changed.
    Task(Box<Changed>),
}

/// What is known when a partner did something in a thread.
pub struct News {
    /// The tasks of the thread, oldest first.
    pub tasks: Vec<Task>,
    /// The rule that fits what the partner may want.
    pub rule: Option<TaskRule>,
    /// The task that the partner answers, where a message says so.
    pub answered: Option<LinkKey>,
    /// What a new task is made of, where one is needed.
    pub content: Option<Content>,
    /// The partner's name; its company id where ServiceNow does not know it or it is not needed.
    pub partner_name: String,
    /// How many documents the thread has brought before.
    pub documents_before: usize,
}

/// A task of a thread.
pub struct Task {
    /// Its link.
    pub link: Link,
    /// Whether somebody may still work on it; known where it matters.
    pub is_open: bool,
}

/// What a task is made of.
pub struct Content {
    /// Where it is made.
    pub table: TableName,
    /// The record that it goes under, with the field that refers to it.
    pub parent: Option<(TableName, SysId)>,
    /// The group that works on it.
    pub group: SysId,
    /// The partner in ServiceNow, with the field that refers to it.
    pub partner: Option<(TableName, SysId)>,
    /// Fields by template.
    pub fields: BTreeMap<String, String>,
    /// What was written in the thread before, a line each, oldest first.
    pub earlier: Vec<String>,
    /// When it is to be done.
    pub due: Timestamp,
}

/// A task that is not there.
pub struct Gone {
    /// Its link.
    pub link: Link,
    /// When it was deleted; none when it may only be hidden.
    pub deleted: Option<Timestamp>,
    /// What the mapping says to the partner of a deleted task.
    pub outcome: Option<Outcome>,
}

/// A task that changed.
pub struct Changed {
    /// Its link; of the table in which the record is now.
    pub link: Link,
    /// Whether it has come to that table since we last looked.
    pub has_moved: bool,
    /// When it last changed.
    pub updated: Timestamp,
    /// What the mapping says of it; nothing for a table without words, to which somebody moved it.
    pub outcome: Option<Outcome>,
    /// What is said on it for the partner.
    pub conversation: Conversation,
    /// The documents that were delivered of it, where a request waits for some.
    pub delivered: BTreeSet<String>,
}
