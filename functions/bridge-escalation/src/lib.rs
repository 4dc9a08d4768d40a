//! A critical issue is worked on both sides with a share of its own.
//!
//! While an issue is escalated this function owns its `in` and `out` lanes. What it does there is what
//! `open-case` and `relay-status` do: they decide by what they find, not by who runs them, so an issue can
//! be escalated and calmed at any instant of a running stream.
//!
//! Whether it is escalated is decided in a lane of its own, one question after the other: whoever finds an
//! issue critical, or so no longer, asks there. A begin gives the lanes to this function, sets what the
//! mapping says, makes the record of the escalation and the tasks of the teams, and opens the workspace with
//! their milestones; an end takes that back, and leaves to people what they have begun.

mod decide;
mod gather;

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::{CompanyId, DeploymentId, EscalationKey, IssueId, Subject, SysId, Timestamp};
use shared::effect::{Change, Milestone, Record};
use shared::event::AskedBy;
use shared::mapping::{EscalationRecord, TaskTable, TeamTask};
use shared::store::Link;

pub use decide::decide;
pub use gather::gather;

/// What must be known before deciding.
pub enum Facts {
    /// Of what the partner did.
    In(Box<open_case::Facts>),
    /// Of what happened to the record of the issue.
    Out(Box<relay_status::Facts>),
    /// Of the escalation itself.
    Escalation(Box<Known>),
}

/// What is known of an escalation.
pub struct Known {
    /// A part of every chosen sys_id.
    pub deployment: DeploymentId,
    /// The issue as a stream's subject.
    pub subject: Subject,
    /// Whose issue it is.
    pub company: CompanyId,
    /// The issue.
    pub issue: IssueId,
    /// The number of the event in its stream: the version of a report.
    pub number: u64,
    /// Now.
    pub now: Timestamp,
    /// What the partner sees of the workspace, in one line.
    pub label: String,
    /// Whom the partner may ask for.
    pub lead: Option<String>,
    /// What the event is about.
    pub news: News,
}

/// What an event of the escalation lane is about.
pub enum News {
    /// Nothing is to be done, for this reason.
    Nothing(String),
    /// The partner has a workspace open that nobody will work in, for this reason.
    Declined(String),
    /// The escalation begins.
    Begins(Box<Begin>),
    /// The escalation ends.
    Ends(Box<End>),
    /// The task of a team changed.
    Progress(Box<Link>, Milestone),
    /// The task of a team was not done in time.
    Overdue(Box<Overdue>),
}

/// What an escalation is begun with.
pub struct Begin {
    /// Who asks.
    pub by: AskedBy,
    /// The escalation.
    pub key: EscalationKey,
    /// The first record of the issue, whose link keeps the escalation.
    pub first: Record,
    /// The record that stands for the issue.
    pub case: Link,
    /// Fields to set.
    pub set: BTreeMap<String, Change>,
    /// Fields that an agent has set otherwise.
    pub left: BTreeSet<String>,
    /// Whether the record is critical by its table's rule once the fields are set.
    pub will_be_critical: bool,
    /// The record that says that the case is escalated, where one is made.
    pub record: Option<EscalationRecord>,
    /// Where the tasks of teams are made.
    pub tasks: TaskTable,
    /// The tasks of the teams, each with its group.
    pub teams: Vec<(TeamTask, SysId)>,
    /// Tasks of an earlier escalation that are still open.
    pub open: Vec<OpenTask>,
}

/// What an escalation is ended with.
pub struct End {
    /// Who asks.
    pub by: AskedBy,
    /// The escalation.
    pub key: EscalationKey,
    /// The first record of the issue, whose link keeps the escalation.
    pub first: Record,
    /// The record that stands for the issue, while it is there.
    pub case: Option<Link>,
    /// The record that says that the case is escalated, when it is ours and not ended, with the fields
    /// that end it.
    pub record: Option<(Link, BTreeMap<String, Change>)>,
    /// Whether the partner still has the workspace open.
    pub is_open: bool,
    /// Tasks that are not done.
    pub open: Vec<OpenTask>,
}

/// The task of a team that was not done in time.
pub struct Overdue {
    /// The task.
    pub task: Link,
    /// When it was due.
    pub due_at: Timestamp,
    /// The record that stands for the issue, while it is there.
    pub case: Option<Link>,
    /// What the partner sees of the task; nothing where it is internal.
    pub milestone: Option<Milestone>,
    /// Whether the partner has been told that.
    pub is_told: bool,
}

/// The task of a team that is not done.
pub struct OpenTask {
    /// Its link.
    pub link: Link,
    /// What the partner sees of it; nothing where it is internal.
    pub milestone: Option<Milestone>,
}
