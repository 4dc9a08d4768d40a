//! Every verb of the system, as data.
//!
//! A decision is a list of effects, specific enough that [`crate::apply`] makes no choice of its
//! own. Effects are stored before they are carried out, so that a retry does what was decided,
//! whatever the mapping has become. Their `Display` is the log line and the dry run: ids, never
//! contents.

mod knowledge;
mod onboarding;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::{
    ActionKind, ArticleId, Category, ClosedBecause, CompanyId, CorrelationId, EscalationKey, IssueState, LinkKey,
    MilestoneState, OutcomeState, RequestId, Subject, SysId, TableName, TaskName, Timestamp, digest_of, hex,
};
use crate::event::{ArticleChanged, Asked, AskedBy, Document, OneOfSeveral, Passing, Turn};
use crate::messages::{self, PartnerText};

pub use knowledge::{
    AddRow, CountIssue, Guide, KindTally, Listed, PublishArticle, ShownArticle, Tallied, WithdrawArticle,
};
pub use onboarding::{
    Adopt, Deed, DeedKind, End, GoOn, Member as Provisioned, Newcomer, Problem, Progress, Provision, ProvisioningAct,
    ReportOnboarding, Requested, Saga, Said, Stage, Undoing, listed,
};

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Effect {
    /// Make a ServiceNow record and link it to the subject.
    CreateRecord(CreateRecord),
    /// Set fields of a linked record.
    UpdateFields(UpdateFields),
    /// Append to a journal of a linked record.
    AddJournal(AddJournal),
    /// Attach a document to a linked record.
    Attach(Attach),
    /// Show a public comment of a linked record to the partner.
    PostComment(PostComment),
    /// Show a file of a linked record to the partner.
    ShareDocument(ShareDocument),
    /// Say something to the partner that no agent wrote.
    PostNotice(PostNotice),
    /// Tell the partner how far the issue is.
    ReportStatus(ReportStatus),
    /// Ask the partner whether the issue is solved, say that it is closed, or take the question back.
    ReportClosure(ReportClosure),
    /// See to it that something is looked at again at a certain time.
    Remind(Remind),
    /// Ask for the issue to be escalated, or no longer: the escalation lane deals with it.
    AskEscalation(AskEscalation),
    /// Give the lanes of the issue to the use cases that work on it from now on, in the table only.
    MoveLanes(MoveLanes),
    /// Open or end the workspace of the escalated issue.
    ReportEscalation(ReportEscalation),
    /// Show the partner how far the task of a team is.
    ReportMilestone(ReportMilestone),
    /// Tell the partner what became of something that was asked for in a thread.
    ReportOutcome(ReportOutcome),
    /// Close the partner's request for a document.
    CloseRequest(CloseRequest),
    /// Ask for a draft of an article about what solved a record.
    AskForDraft(Record),
    /// Count an issue among those of its kind.
    CountIssue(CountIssue),
    /// Make a row that nobody asks for again, such as one that relates two records.
    AddRow(AddRow),
    /// Pass the change of a version on to the stream of its article.
    PassToArticle(ArticleChanged),
    /// Show a version of an article to its partners, in the place of the one before.
    PublishArticle(Box<PublishArticle>),
    /// Take an article out of every partner's sight.
    WithdrawArticle(WithdrawArticle),
    /// Keep something about the issue, in the table only. It is a step of its own: one transaction
    /// writes a link once.
    Remember(Remember),
    /// Keep in which table a linked record lives now, in the table of Gridlink only. A step of its own, as the
    /// one before.
    Follow(Record),
    /// Bind entries of a record that we wrote to their claims, in the table only.
    Recognize(Recognize),
    /// Pass the exchange of the event on to another stream, or to a later time.
    PassOn(Passing),
    /// Keep what is known of exchanges and articles, in the table only.
    Mark(Mark),
    /// Link the requested item that the subject is, in the table only.
    Adopt(Adopt),
    /// Wait until no other request changes the users of a company.
    TakeTurn {
        /// The company.
        company: CompanyId,
    },
    /// Change the users of a company.
    Provision(Provision),
    /// Tell the partner how far a request is.
    ReportOnboarding(ReportOnboarding),
    /// Look at the request again.
    GoOn {
        /// When.
        when: GoOn,
    },
    /// Say something on the story, and do nothing else.
    Tell {
        /// What to say; without contents.
        text: String,
    },
}

/// A ServiceNow record of a subject; its sys_id is chosen before it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// What it is to its subject.
    pub link: LinkKey,
    /// Where it lives.
    pub table: TableName,
    /// Its primary key.
    pub sys_id: SysId,
}

/// Makes a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRecord {
    /// What is made.
    pub record: Record,
    /// `correlation_id`: the join key for people and other integrations, checked on every read.
    pub correlation: String,
    /// All fields but `sys_id`; references by sys_id.
    pub fields: BTreeMap<String, String>,
    /// The rule of the mapping that makes a task of a thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<TaskName>,
}

/// Sets fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateFields {
    /// Of which record.
    pub record: Record,
    /// The fields, with the value that the decision saw: a field that has moved since is left alone.
    pub set: BTreeMap<String, Change>,
}

/// A new value over the one that was there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The value when it was decided.
    pub from: String,
    /// The value to set.
    pub to: String,
}

/// Appends to a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddJournal {
    /// Of which record.
    pub record: Record,
    /// Which journal.
    pub journal: Journal,
    /// What makes this entry the one it is, for example `comment C-1`; unique per record.
    pub what: String,
    /// The text, without the reference line.
    pub text: String,
}

/// A journal field of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Journal {
    /// Visible to the partner.
    Comments,
    /// For colleagues only.
    WorkNotes,
}

impl Journal {
    /// The name of the field.
    pub fn field(self) -> &'static str {
        match self {
            Journal::Comments => "comments",
            Journal::WorkNotes => "work_notes",
        }
    }
}

/// Attaches a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    /// To which record.
    pub record: Record,
    /// Where the bytes come from.
    pub source: Source,
    /// The name to give it: normalized, without a path.
    pub file_name: String,
}

/// Where the bytes of an attachment come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "kebab-case")]
pub enum Source {
    /// A document of the community, by reference.
    Community {
        /// What the partner said about it; size and hash are verified.
        document: Document,
    },
    /// The text of the event itself, where it does not fit into a field.
    EventText,
}

/// Shows a public comment to the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostComment {
    /// Of which record.
    pub record: Record,
    /// The entry of its journal.
    pub entry: SysId,
    /// When it was written.
    pub created: Timestamp,
    /// The public name of its author.
    pub author: String,
    /// What it says.
    pub text: PartnerText,
    /// Where the partner finds it.
    #[serde(default)]
    pub place: Place,
}

/// Where the partner finds what the desk says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Among the comments of the issue.
    #[default]
    Issue,
    /// In the workspace of the escalated issue.
    Workspace,
    /// In the thread.
    Thread,
    /// Among the files of the article.
    Article,
}

impl fmt::Display for Place {
    /// Where it is, behind what is said to be there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Place::Issue => "",
            Place::Workspace => " in the workspace",
            Place::Thread => " in the thread",
            Place::Article => " in the article",
        })
    }
}

/// Shows a file of a record to the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShareDocument {
    /// Of which record.
    pub record: Record,
    /// The file.
    pub attachment: SysId,
    /// What makes this sharing the one it is, for example `share <entry> <digest>`; unique per record.
    pub what: String,
    /// The name to show: normalized, without a path.
    pub file_name: String,
    /// Its media type.
    pub media_type: String,
    /// The most bytes that it may have.
    pub max_bytes: u64,
    /// Who says so if it cannot be delivered, by public name.
    pub desk: String,
    /// Where the partner finds it.
    #[serde(default)]
    pub place: Place,
    /// The partner's request that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
}

/// Says something to the partner that no agent wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostNotice {
    /// What makes this notice the one it is; unique per subject.
    pub what: String,
    /// Who says it, by public name.
    pub author: String,
    /// What it says.
    pub text: PartnerText,
    /// Where the partner finds it.
    #[serde(default)]
    pub place: Place,
    /// Articles that may help; of an issue only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<ArticleId>,
}

/// Tells the partner how far the issue is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportStatus {
    /// The record that stands for the issue.
    pub record: Record,
    /// Grows with every report of the issue: the number of the event in its stream.
    pub version: u64,
    /// Since when it is so.
    pub since: Timestamp,
    /// What is told.
    pub status: Status,
}

/// How far an issue is, in the partner's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// For programs.
    pub state: IssueState,
    /// One line, from the mapping.
    pub label: String,
    /// More, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the partner should do next, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// How it was resolved, from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<PartnerText>,
    /// What the partner can name on the telephone.
    pub number: String,
}

/// What a partner should do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Which kind of action.
    pub kind: ActionKind,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl Status {
    /// Tells two statuses apart as the partner sees them.
    pub fn digest(&self) -> String {
        digest_as_seen("status", self)
    }
}

/// Tells two values of a kind apart as the partner sees them.
fn digest_as_seen(kind: &str, value: &impl Serialize) -> String {
    let json = serde_json::to_string(value).unwrap_or_default();
    hex(&digest_of(&[kind, &json])[..12])
}

/// Reports on the closing of an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportClosure {
    /// The record that stands for the issue.
    pub record: Record,
    /// Grows with every report of the issue: the number of the event in its stream.
    pub version: u64,
    /// What is reported.
    pub closing: Closing,
}

/// What is reported of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "closing", rename_all = "kebab-case")]
pub enum Closing {
    /// The partner is asked whether the issue is solved.
    Asked {
        /// How it was resolved, from the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resolution: Option<PartnerText>,
        /// The status in words, where the record has no resolution.
        label: String,
        /// When silence counts as a yes.
        until: Timestamp,
    },
    /// The issue is closed.
    Closed {
        /// Why.
        because: ClosedBecause,
    },
    /// The question is taken back.
    Withdrawn,
}

/// Sees to it that an unanswered question about closing is looked at when its time is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remind {
    /// The resolved record.
    pub record: Record,
    /// The version of the report that asked.
    pub version: u64,
    /// When.
    pub at: Timestamp,
}

/// Asks for an issue to be escalated, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskEscalation {
    /// Which of the two.
    pub asked: Asked,
    /// Who asks.
    pub by: AskedBy,
    /// The escalation that is begun, or names the asking event of an end.
    pub key: EscalationKey,
}

/// Gives the `in` and `out` lanes of an issue to other use cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveLanes {
    /// Whether the issue is worked as an escalated one from now on.
    pub is_escalated: bool,
}

/// Opens or ends the workspace of an escalated issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportEscalation {
    /// Grows with every report of the escalation: the number of the event in its stream.
    pub version: u64,
    /// Opened or ended.
    pub is_open: bool,
    /// Whether the partner opened it, who may have ended it meanwhile: it is not opened again then.
    #[serde(default)]
    pub joins: bool,
    /// One line, from the mapping.
    pub label: String,
    /// Whom the partner may ask for, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
}

/// Shows the partner how far the task of a team is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportMilestone {
    /// The task.
    pub record: Record,
    /// Grows with every report of the milestone: the number of the event in its stream.
    pub version: u64,
    /// What is told.
    pub milestone: Milestone,
}

/// How far the task of a team is, as the partner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    /// One line, from the mapping.
    pub title: String,
    /// How far it is.
    pub state: MilestoneState,
    /// Until when it is to be reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
}

impl Milestone {
    /// Tells two states of a milestone apart as the partner sees them.
    pub fn digest(&self) -> String {
        digest_as_seen("milestone", self)
    }
}

/// Tells the partner what became of something that was asked for in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOutcome {
    /// The task.
    pub record: Record,
    /// Grows with every report of the outcome: the number of the event in its stream.
    pub version: u64,
    /// Since when it is so.
    pub since: Timestamp,
    /// What is told.
    pub outcome: Outcome,
}

/// How far the task of a thread is, in the partner's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// For programs.
    pub state: OutcomeState,
    /// One line, from the mapping.
    pub label: String,
    /// More, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the partner should do next, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
    /// How it ended, or why it will not be done: from the record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<PartnerText>,
}

impl Outcome {
    /// Tells two outcomes apart as the partner sees them.
    pub fn digest(&self) -> String {
        digest_as_seen("outcome", self)
    }
}

/// Closes the partner's request for a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseRequest {
    /// The task.
    pub record: Record,
    /// Grows with every report of the request: the number of the event in its stream.
    pub version: u64,
    /// The request.
    pub request: RequestId,
    /// How it ends.
    pub ending: Ending,
}

/// How a request for a document ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "kebab-case")]
pub enum Ending {
    /// With what was delivered of the task; not while that is nothing.
    Delivered,
    /// The task is done, with whatever was delivered of it.
    Done,
    /// It will not come.
    Declined {
        /// Why, from the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<PartnerText>,
    },
}

impl Ending {
    /// Tells two endings apart as the partner sees them; `documents` are the ids of those that were delivered.
    pub fn digest(&self, documents: &BTreeSet<&str>) -> String {
        let mut parts = match self {
            Ending::Delivered | Ending::Done => vec!["fulfilled"],
            Ending::Declined { reason } => vec!["declined", reason.as_ref().map_or("", PartnerText::as_str)],
        };
        parts.extend(documents);
        hex(&digest_of(&parts)[..12])
    }
}

/// Keeps something about an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remember {
    /// The record that it is about.
    pub record: Record,
    /// What is kept.
    pub kept: Kept,
}

/// What is kept about an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// The partner disputed this version, and the record was dealt with.
    Disputed(u64),
    /// No question is open any more.
    Over,
    /// Whether the record was critical by its table's rule when it was last looked at.
    Critical(bool),
    /// Whether a rule asked for a draft of an article about the record when it was last looked at.
    AsksForDraft(bool),
    /// The escalation that is under way; its workspace is open.
    Escalated(EscalationKey),
    /// No escalation is under way.
    Calm,
}

/// Binds entries to the claims of the writes that they came from, and keeps which others are done with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recognize {
    /// Of which record.
    pub record: Record,
    /// Claims by name, each with its entry.
    pub entries: BTreeMap<String, SysId>,
    /// Entries of agents that have nothing to show to the partner: they are done with.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub silent: BTreeSet<SysId>,
}

impl ShareDocument {
    /// What is done instead where it cannot be: colleagues learn which file and why, and the partner that
    /// something announced will not come.
    pub fn refused(&self, reason: &str) -> [Effect; 2] {
        let what = self.refusal();
        [
            Effect::note(
                &self.record,
                what.clone(),
                messages::document_not_shared(&self.file_name, reason),
            ),
            Effect::PostNotice(PostNotice {
                what,
                author: self.desk.clone(),
                text: messages::document_not_delivered(),
                place: self.place,
                articles: Vec::new(),
            }),
        ]
    }

    /// Names the refusal.
    pub fn refusal(&self) -> String {
        format!("refusal of {}", self.what)
    }
}

impl AddJournal {
    /// What makes this entry the one it is, whichever journal it stands in.
    pub fn in_journal(&self) -> String {
        in_journal(self.journal, &self.what)
    }
}

/// Names a text among all that is written to a record.
pub fn in_journal(journal: Journal, what: &str) -> String {
    format!("{} {what}", journal.field())
}

/// What is kept of exchanges, articles and requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "keep", rename_all = "kebab-case")]
pub enum Mark {
    /// How the exchange of the subject turned out last.
    Exchange(KnownExchange),
    /// How an exchange among those that fail in the same way turned out last.
    Member(Member),
    /// What an incident of the subject stands for.
    Failures(Failures),
    /// Which incident new failures of the subject join.
    Current {
        /// Its link.
        incident: LinkKey,
    },
    /// How an incident with the cause of the subject is.
    Child(Child),
    /// What is known of the cause of the subject.
    Cause(Cause),
    /// What a parent incident of the subject stands for.
    Parent(Parent),
    /// The article that the version of the subject belongs to.
    VersionOf {
        /// The article.
        article: ArticleId,
    },
    /// What partners see of the article of the subject.
    Shown(ShownArticle),
    /// How often the kind of problem of the subject came.
    Tally(KindTally),
    /// How far the request of the subject is carried out.
    Saga {
        /// What is kept.
        saga: Box<Saga>,
        /// The company whose users others may change again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        releases: Option<CompanyId>,
    },
    /// What is asked for the request is refused, which the next look at it deals with.
    Trouble {
        /// Why, for colleagues.
        reason: String,
    },
}

/// An exchange, as it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownExchange {
    /// How it turned out.
    pub turn: Turn,
    /// Since when: older news changes nothing.
    pub at: Timestamp,
    /// The partner; nobody else's news counts.
    pub company: Option<CompanyId>,
    /// The failures that it was passed on to, and as which class.
    pub failures: Option<(Subject, Category)>,
}

/// An exchange among those that fail in the same way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The exchange.
    pub exchange: CorrelationId,
    /// Since when it is as it is.
    pub at: Timestamp,
    /// Whether it still fails.
    pub is_failing: bool,
    /// Its incident; none for an exchange that recovered before it failed here.
    pub incident: Option<LinkKey>,
}

/// What one incident stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failures {
    /// Its link.
    pub incident: LinkKey,
    /// How many exchanges have failed.
    pub count: u64,
    /// How many of them still fail.
    pub failing: u64,
    /// When the first one failed.
    pub first_at: Timestamp,
    /// When the last one did.
    pub last_at: Timestamp,
    /// Some of them, a line each.
    pub samples: Vec<String>,
    /// Whether Gridlink resolved the incident, because everything went through.
    pub is_resolved_by_us: bool,
    /// What it may have in common with incidents of other partners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Subject>,
}

/// An incident, as one of several with one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Which.
    pub incident: OneOfSeveral,
    /// Whether an exchange of it still fails.
    pub is_failing: bool,
    /// Its parent incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<LinkKey>,
}

/// What is known of a cause.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The parent incident that new incidents become children of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<LinkKey>,
    /// Incidents that fail and have no parent yet, the oldest first.
    pub loose: Vec<Loose>,
}

/// An incident that fails and has no parent yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loose {
    /// Which.
    pub incident: OneOfSeveral,
    /// Since when it fails.
    pub at: Timestamp,
}

/// What a parent incident stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its link.
    pub incident: LinkKey,
    /// How many incidents are its children.
    pub count: u64,
    /// How many of them have exchanges that still fail.
    pub failing: u64,
    /// When the first of them began to fail.
    pub first_at: Timestamp,
    /// When the last one did.
    pub last_at: Timestamp,
    /// Some of their partners, a line each.
    pub partners: Vec<String>,
    /// Whether Gridlink resolved it, because everything went through.
    pub is_resolved_by_us: bool,
}

impl Attach {
    /// What makes this attachment the one it is; unique per record.
    pub fn what(&self) -> String {
        match &self.source {
            Source::Community { document } => document.attached_as(),
            Source::EventText => format!("text {}", self.file_name),
        }
    }
}

impl Effect {
    /// Says on the story that it was refused.
    pub fn refused(&self, reason: &str) -> Effect {
        Effect::Tell {
            text: format!("refused: {self}: {reason}"),
        }
    }

    /// A note for colleagues on a record; `what` makes it the one it is.
    pub fn note(record: &Record, what: String, text: String) -> Self {
        Effect::AddJournal(AddJournal {
            record: record.clone(),
            journal: Journal::WorkNotes,
            what,
            text,
        })
    }

    /// The record that the effect is about.
    pub fn record(&self) -> Option<&Record> {
        match self {
            Effect::CreateRecord(effect) => Some(&effect.record),
            Effect::UpdateFields(effect) => Some(&effect.record),
            Effect::AddJournal(effect) => Some(&effect.record),
            Effect::Attach(effect) => Some(&effect.record),
            Effect::PostComment(effect) => Some(&effect.record),
            Effect::ShareDocument(effect) => Some(&effect.record),
            Effect::ReportStatus(effect) => Some(&effect.record),
            Effect::ReportClosure(effect) => Some(&effect.record),
            Effect::Remind(effect) => Some(&effect.record),
            Effect::ReportMilestone(effect) => Some(&effect.record),
            Effect::ReportOutcome(effect) => Some(&effect.record),
            Effect::CloseRequest(effect) => Some(&effect.record),
            Effect::Remember(effect) => Some(&effect.record),
            Effect::Follow(record) => Some(record),
            Effect::Recognize(effect) => Some(&effect.record),
            Effect::AskForDraft(record) => Some(record),
            Effect::CountIssue(effect) => Some(&effect.record),
            Effect::Adopt(effect) => Some(&effect.record),
            Effect::AskEscalation(_)
            | Effect::MoveLanes(_)
            | Effect::ReportEscalation(_)
            | Effect::PostNotice(_)
            | Effect::AddRow(_)
            | Effect::PassToArticle(_)
            | Effect::PublishArticle(_)
            | Effect::WithdrawArticle(_)
            | Effect::PassOn(_)
            | Effect::Mark(_)
            | Effect::TakeTurn { .. }
            | Effect::Provision(_)
            | Effect::ReportOnboarding(_)
            | Effect::GoOn { .. }
            | Effect::Tell { .. } => None,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Effect::CreateRecord(effect) => {
                write!(
                    f,
                    "create {} {} for {}",
                    effect.record.table, effect.record.sys_id, effect.correlation
                )
            }
            Effect::UpdateFields(effect) => {
                let fields = effect.set.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
                write!(f, "set {fields} of {} {}", effect.record.table, effect.record.sys_id)
            }
            Effect::AddJournal(effect) => {
                let field = effect.journal.field();
                write!(
                    f,
                    "add {} to {field} of {} {}",
                    effect.what, effect.record.table, effect.record.sys_id
                )
            }
            Effect::Attach(effect) => {
                write!(
                    f,
                    "attach {} to {} {}",
                    effect.what(),
                    effect.record.table,
                    effect.record.sys_id
                )
            }
            Effect::PostComment(effect) => {
                write!(
                    f,
                    "show the comment {} of {} {} to the partner{}",
                    effect.entry, effect.record.table, effect.record.sys_id, effect.place
                )
            }
            Effect::ShareDocument(effect) => {
                write!(
                    f,
                    "show the file {} of {} {} to the partner{}",
                    effect.attachment, effect.record.table, effect.record.sys_id, effect.place
                )
            }
            Effect::PostNotice(effect) => write!(f, "give the partner notice of {}", effect.what),
            Effect::ReportStatus(effect) => write!(f, "tell the partner: {}", effect.status.label),
            Effect::ReportClosure(effect) => match &effect.closing {
                Closing::Asked { until, .. } => write!(f, "ask the partner to confirm the resolution until {until}"),
                Closing::Closed { because } => write!(f, "tell the partner that the issue is closed: {because}"),
                Closing::Withdrawn => f.write_str("take the question about closing back"),
            },
            Effect::Remind(effect) => write!(f, "look at the unanswered question again at {}", effect.at),
            Effect::AskEscalation(effect) => {
                let what = match effect.asked {
                    Asked::Begin => "to be escalated",
                    Asked::End => "to be escalated no longer",
                };
                write!(f, "ask for the issue {what}, by {}", effect.by)
            }
            Effect::MoveLanes(effect) => f.write_str(match effect.is_escalated {
                true => "give the lanes of the issue to bridge-escalation",
                false => "give the lanes of the issue back",
            }),
            Effect::ReportEscalation(effect) => f.write_str(match effect.is_open {
                true => "open the workspace",
                false => "end the workspace",
            }),
            Effect::ReportMilestone(effect) => {
                let Milestone { title, state, .. } = &effect.milestone;
                write!(f, "show the milestone {title} as {}", state.as_str())
            }
            Effect::ReportOutcome(effect) => write!(f, "tell the partner: {}", effect.outcome.label),
            Effect::CloseRequest(effect) => {
                let what = match effect.ending {
                    Ending::Delivered => "with what was delivered",
                    Ending::Done => "as done",
                    Ending::Declined { .. } => "as declined",
                };
                write!(f, "close the request {} {what}", effect.request)
            }
            Effect::Remember(effect) => match &effect.kept {
                Kept::Disputed(version) => write!(f, "keep that the partner disputed the question {version}"),
                Kept::Over => f.write_str("keep that no question about closing is open"),
                Kept::Critical(true) => f.write_str("keep that the record is critical"),
                Kept::Critical(false) => f.write_str("keep that the record is not critical"),
                Kept::AsksForDraft(true) => f.write_str("keep that a draft was asked for"),
                Kept::AsksForDraft(false) => f.write_str("keep that no draft is asked for"),
                Kept::Escalated(key) => write!(f, "keep that the escalation {key} is under way"),
                Kept::Calm => f.write_str("keep that no escalation is under way"),
            },
            Effect::Follow(record) => write!(f, "keep that {} is in {} now", record.sys_id, record.table),
            Effect::Recognize(effect) => {
                write!(
                    f,
                    "recognize {} of our own entries in {} {}",
                    effect.entries.len(),
                    effect.record.table,
                    effect.record.sys_id
                )
            }
            Effect::PassOn(Passing::Later { at }) => write!(f, "look at the exchange again at {at}"),
            Effect::PassOn(Passing::Due) => f.write_str("say that the exchange's time is over"),
            Effect::PassOn(Passing::Cause {
                incident, is_failing, ..
            }) => {
                let how = if *is_failing { "fails" } else { "does not fail any more" };
                write!(f, "tell the incidents with its cause that {} {how}", incident.incident)
            }
            Effect::PassOn(Passing::Parent {
                incident,
                parent,
                resolved_with: Some(_),
            }) => write!(f, "tell {} that {parent} was resolved too early", incident.incident),
            Effect::PassOn(Passing::Parent { incident, parent, .. }) => {
                write!(f, "tell {} that {parent} is its parent", incident.incident)
            }
            Effect::PassOn(Passing::Failures { failures, class, .. }) => {
                write!(f, "pass the exchange on to {failures} as {class}")
            }
            Effect::Mark(Mark::Exchange(known)) => write!(f, "keep how the exchange is since {}", known.at),
            Effect::Mark(Mark::Member(member)) => write!(f, "keep how the exchange {} is", member.exchange),
            Effect::Mark(Mark::Failures(failures)) => {
                write!(
                    f,
                    "count {} failures, {} of them open",
                    failures.count, failures.failing
                )
            }
            Effect::Mark(Mark::Current { incident }) => write!(f, "let failures join {incident} from now on"),
            Effect::Mark(Mark::Child(child)) => write!(f, "keep how {} is", child.incident.incident),
            Effect::Mark(Mark::Cause(cause)) => write!(f, "keep that {} incidents have no parent", cause.loose.len()),
            Effect::Mark(Mark::Parent(parent)) => write!(
                f,
                "keep that {} of {} children of {} fail",
                parent.failing, parent.count, parent.incident
            ),
            Effect::Mark(Mark::VersionOf { article }) => write!(f, "keep that this is a version of {article}"),
            Effect::Mark(Mark::Shown(shown)) => write!(f, "keep what partners see since report {}", shown.version),
            Effect::AskForDraft(record) => write!(f, "ask for a draft of an article about {}", record.sys_id),
            Effect::CountIssue(effect) => write!(f, "count the issue among those of the kind {}", effect.kind),
            Effect::AddRow(effect) => write!(f, "add {} to {}", effect.what, effect.table),
            Effect::Mark(Mark::Tally(tally)) => write!(f, "keep {} issues of the kind", tally.issues.len()),
            Effect::PassToArticle(changed) => write!(f, "pass the change on to {}", changed.article_id),
            Effect::PublishArticle(publish) => write!(f, "show {} to its partners as {}", publish.row, publish.article),
            Effect::WithdrawArticle(withdraw) => write!(f, "take {} out of partners' sight", withdraw.article),
            Effect::Mark(Mark::Saga { saga, .. }) => write!(f, "keep how far {} is", saga.number),
            Effect::Mark(Mark::Trouble { .. }) => f.write_str("keep that it was refused"),
            Effect::Adopt(effect) => write!(f, "link {}", effect.number),
            Effect::TakeTurn { company } => write!(f, "wait for a turn at the users of {company}"),
            Effect::Provision(effect) => effect.fmt(f),
            Effect::ReportOnboarding(effect) => write!(f, "tell the partner: {}", effect.progress.label),
            Effect::GoOn { when: GoOn::Now } => f.write_str("go on with the request"),
            Effect::GoOn { when: GoOn::At(at) } => write!(f, "look at the request again at {at}"),
            Effect::Tell { text } => f.write_str(text),
        }
    }
}
