//! What comes in: CloudEvents 1.0, checked once and trusted ever after.
//!
//! The envelope and the data of known types are parsed strictly into types; unknown members are
//! ignored, so that senders may add some. A well-formed event of an unknown type is an event too:
//! it is kept, visibly, until a version learns it.

mod article;
mod exchange;
mod request;
mod thread;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::{
    Category, CommentId, CompanyId, ContentHash, DocumentId, EscalationKey, EventId, IssueId, KNOWLEDGE, Lane,
    MessageId, MilestoneId, MilestoneState, SenderName, Stream, Subject, SysId, TableName, Timestamp, UseCase,
    digest_of, hex,
};

pub use article::{ArticleChanged, ArticleFeedback, DraftAsked, FeedbackKind, IssueOfKind};
pub use exchange::{ChildOf, Exchange, ExchangeNews, OneOf, OneOfSeveral, Passed, Passing, Turn, Waiting};
pub use request::{RequestDue, RequestNews, RequestStep, is_request};
pub use thread::{DocumentRequest, PostedMessage, Thread, ThreadAct, ThreadNews, Wish, WishKind};

/// The largest event that is accepted, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// Events older than this are refused: the duplicate check remembers only a little longer.
pub const MAX_AGE: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 3600);

/// How the types of events begin that only Gridlink itself may tell.
const INTERNAL: &str = "gridlink.internal.";

/// The sender of what Gridlink tells itself. No sender of webhooks has this name: see [`crate::mapping`].
pub const OURSELVES: &str = "gridlink";

/// A body that is not an event, with the member to look at.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {reason}")]
pub struct Malformed {
    /// The member, as a path such as `data.issueId`.
    pub member: String,
    /// What is wrong with it.
    pub reason: String,
}

/// One thing that happened outside.
#[derive(Debug, Clone)]
pub struct Event {
    /// Who sent it; established by the signature.
    pub sender: SenderName,
    /// Unique per sender.
    pub id: EventId,
    /// The CloudEvents type, for example `gridlink.community.issue.opened.v1`.
    pub kind: String,
    /// When it happened, as the sender says.
    pub time: Timestamp,
    /// What happened.
    pub data: Data,
    /// Whether it tells of what Gridlink itself wrote, as the community knows from the credentials of the
    /// write: the contract lets it tell of that or not.
    pub is_echo: bool,
    /// The event as it came, for the inbox.
    pub raw: String,
    /// Identifies the content (subject, type, data) whatever its formatting.
    pub content: ContentHash,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Data {
    /// A partner opened an issue.
    IssueOpened(Box<Issue>),
    /// A partner changed an issue.
    IssueUpdated(IssueUpdate),
    /// A partner commented on an issue.
    IssueCommented(IssueComment),
    /// A partner shared a document on an issue.
    DocumentShared(SharedDocument),
    /// A partner agrees that an issue is solved.
    ClosureConfirmed(ClosureAnswer),
    /// A partner says that an issue is not solved.
    ClosureDisputed(ClosureAnswer),
    /// A partner escalated an issue.
    IssueEscalated(EscalationAct),
    /// A partner ended the escalation of an issue.
    IssueDeEscalated(EscalationAct),
    /// A partner wrote in the workspace of an escalated issue. Documents that are shared there are
    /// [`Data::DocumentShared`] like all others.
    WorkspaceMessage(WorkspaceMessage),
    /// A partner made or changed a milestone of an escalated issue.
    MilestoneChanged(MilestoneChange),
    /// A ServiceNow record changed, or a file was attached to it.
    RecordChanged(RecordChange),
    /// The time for an answer to a question about closing is over. Only Gridlink itself tells this.
    ClosureDue(ClosureDue),
    /// An event of an issue was parked. Only Gridlink itself tells this.
    IssueParked(IssueParked),
    /// An issue is to be escalated, or no longer. Only Gridlink itself tells this.
    EscalationAsked(EscalationAsked),
    /// The task of a team was not done in time. Only Gridlink itself tells this.
    TaskOverdue(TaskOverdue),
    /// An exchange failed, is late, or went through after all.
    Exchange(Box<ExchangeNews>),
    /// A partner wrote in a thread, or asked for a document there.
    Thread(Box<ThreadNews>),
    /// A version of an article changed. Only Gridlink itself tells this.
    ArticleChanged(ArticleChanged),
    /// What solved a record is to become a draft of an article. Only Gridlink itself tells this.
    DraftAsked(DraftAsked),
    /// An issue of a kind of problem that may come again and again. Only Gridlink itself tells this.
    IssueOfKind(IssueOfKind),
    /// A partner thinks something of an article.
    ArticleFeedback(Box<ArticleFeedback>),
    /// A request about a partner's access is to be looked at again. Only Gridlink itself tells this.
    Request(RequestNews),
    /// A type that this version does not know.
    Unknown,
}

/// An issue as its partner sees it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// Counts the changes of the issue, from 1.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// Transaction, document or compliance.
    pub kind: IssueKind,
    /// The community's own name for the kind of problem.
    pub category: Category,
    /// How urgent the partner finds it.
    pub priority: Priority,
    /// One line.
    pub summary: String,
    /// The whole story.
    #[serde(default)]
    pub description: String,
    /// Who raised it.
    pub author: Author,
    /// The exchange that it is about.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
    /// The documents that were attached when it was raised.
    #[serde(default)]
    pub documents: Vec<Document>,
}

/// What kind of issue it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueKind {
    /// An exchange failed or is wrong.
    Transaction,
    /// A document is missing or wrong.
    Document,
    /// A rule of the trading relationship was broken.
    Compliance,
}

impl IssueKind {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            IssueKind::Transaction => "transaction",
            IssueKind::Document => "document",
            IssueKind::Compliance => "compliance",
        }
    }
}

/// How urgent the partner finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Can wait.
    Low,
    /// Normal work.
    Medium,
    /// Business is hindered.
    High,
    /// Business has stopped.
    Critical,
}

impl Priority {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            Priority::Low => "low",
            Priority::Medium => "medium",
            Priority::High => "high",
            Priority::Critical => "critical",
        }
    }
}

/// A person of the community.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// The immutable id of the user.
    #[serde(default)]
    pub user_id: String,
    /// The name to show.
    pub name: String,
}

/// The exchange that an issue is about; every member may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TransactionRef {
    /// One Lens entry.
    pub transaction_id: String,
    /// Ties all Lens entries of one process together.
    pub correlation_id: String,
    /// For example `856` or `INVOIC`.
    pub document_type: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// For example `ZZ:DEMOSUPPLIER5`.
    pub sender_address: String,
    /// For example `01:147678796`.
    pub receiver_address: String,
    /// ISA13 or UNB 0020.
    pub interchange_control_number: String,
    /// Business numbers by name, for example `purchase order number`.
    pub business_keys: BTreeMap<String, String>,
}

/// A document by reference.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The document.
    pub document_id: DocumentId,
    /// Its file name, as the partner gave it.
    pub name: String,
    /// Its media type, as the partner gave it.
    pub media_type: String,
    /// Its size in bytes.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: ContentHash,
}

impl Document {
    /// What makes it the one it is among the files of a record.
    pub fn attached_as(&self) -> String {
        format!("document {} {}", self.document_id, self.sha256)
    }
}

/// Changed members of an issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueUpdate {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The version that these changes made.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// What changed.
    pub changes: Changes,
}

/// New values; what is absent did not change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Changes {
    /// One line.
    pub summary: Option<String>,
    /// The whole story.
    pub description: Option<String>,
    /// How urgent the partner finds it.
    pub priority: Option<Priority>,
    /// The community's own name for the kind of problem.
    pub category: Option<Category>,
}

/// A comment on an issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueComment {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The comment.
    pub comment: Comment,
}

/// What a partner wrote.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// The comment.
    pub comment_id: CommentId,
    /// Plain text.
    pub text: String,
    /// Who wrote it.
    pub author: Author,
}

/// A document shared on an issue.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SharedDocument {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The document.
    pub document: Document,
}

/// What a partner says to the question whether an issue is solved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureAnswer {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The version of the report that asked.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub closure_version: u64,
    /// Who answers.
    pub author: Author,
    /// Why it is not solved; of a dispute only.
    #[serde(default)]
    pub reason: String,
}

/// A partner escalates an issue, or ends its escalation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscalationAct {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// Who does it.
    pub author: Author,
    /// Why; perhaps nothing.
    #[serde(default)]
    pub reason: Option<String>,
}

/// A message of a partner in the workspace of an escalated issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkspaceMessage {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The message.
    pub message: Message,
}

/// What a partner wrote in a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message.
    pub message_id: MessageId,
    /// Plain text.
    pub text: String,
    /// Who wrote it.
    pub author: Author,
}

/// A milestone that a partner made or changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneChange {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The milestone as it is now.
    pub milestone: PartnerMilestone,
}

/// What a partner says of a milestone.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartnerMilestone {
    /// The milestone.
    pub milestone_id: MilestoneId,
    /// Counts its changes.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// One line.
    pub title: String,
    /// How far it is.
    pub state: MilestoneState,
    /// Until when it is to be reached, as the partner wrote it.
    #[serde(default)]
    pub due_at: Option<String>,
    /// More about it.
    #[serde(default)]
    pub note: Option<String>,
}

/// An issue is to be escalated, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscalationAsked {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// Which of the two.
    pub asked: Asked,
    /// Who asks.
    pub by: AskedBy,
    /// The escalation that is begun, or names the asking event of an end.
    pub key: EscalationKey,
}

/// What is asked of an escalation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The issue is critical: it is worked in a lane of its own.
    Begin,
    /// It is no longer.
    End,
}

/// Who asks for an escalation or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AskedBy {
    /// The partner, in the community.
    Partner,
    /// The desk, by what it made of the record.
    Desk,
    /// A rule of the mapping about issues.
    Rule,
    /// The issue is closed.
    Closing,
}

impl std::fmt::Display for AskedBy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            AskedBy::Partner => "the partner",
            AskedBy::Desk => "the desk",
            AskedBy::Rule => "a rule",
            AskedBy::Closing => "the end of the issue",
        })
    }
}

impl EscalationAsked {
    const KIND: &str = "gridlink.internal.escalation-asked.v1";

    /// The event that tells it, the same for every try.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, now: Timestamp) -> Result<Event, Malformed> {
        let asked = match self.asked {
            Asked::Begin => "begin",
            Asked::End => "end",
        };
        let subject = Subject::issue(&self.company_id, &self.issue_id);
        own_event(
            Self::KIND,
            &format!("escalation/{asked}/{}", self.key),
            &subject,
            self,
            now,
        )
    }
}

/// The time for an answer to a question about closing is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureDue {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The resolved record.
    pub sys_id: SysId,
    /// The version of the report that asked.
    pub closure_version: u64,
    /// When the time is over.
    pub due_at: Timestamp,
}

impl ClosureDue {
    const KIND: &str = "gridlink.internal.closure-due.v1";

    /// The event that tells it, the same for every try.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, now: Timestamp) -> Result<Event, Malformed> {
        let id = format!("closure-due/{}/{}", self.sys_id, self.closure_version);
        own_event(
            Self::KIND,
            &id,
            &Subject::issue(&self.company_id, &self.issue_id),
            self,
            now,
        )
    }
}

/// An event of an issue was parked: if nobody has helped in time, its partner hears that it is not forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueParked {
    /// The issue.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The lane that stands still.
    pub lane: Lane,
    /// At which entry.
    pub number: i64,
    /// Until when somebody may help before the partner hears of it.
    pub due_at: Timestamp,
}

impl IssueParked {
    const KIND: &str = "gridlink.internal.issue-parked.v1";

    /// What is parked, for people and for the id of the event.
    pub fn entry(&self) -> String {
        format!("{}/{}", self.lane.as_str(), self.number)
    }

    /// The event that tells it: one for each entry, however often it is parked.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, now: Timestamp) -> Result<Event, Malformed> {
        let subject = Subject::issue(&self.company_id, &self.issue_id);
        let issue = hex(&digest_of(&[subject.as_str()])[..16]);
        own_event(
            Self::KIND,
            &format!("parked/{issue}/{}", self.entry()),
            &subject,
            self,
            now,
        )
    }
}

/// A task that Gridlink made for an escalated issue was due and is not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskOverdue {
    /// The table of the task.
    pub table: TableName,
    /// The task.
    pub sys_id: SysId,
    /// When it was due.
    pub due_at: Timestamp,
}

impl TaskOverdue {
    const KIND: &str = "gridlink.internal.task-overdue.v1";

    /// The event that tells it, the same for every look: one for each time at which the task was due.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self) -> Result<Event, Malformed> {
        let id = format!("task-overdue/{}/{}", self.sys_id, self.due_at.seconds());
        let subject = Subject::record(&self.table, &self.sys_id);
        own_event(Self::KIND, &id, &subject, self, self.due_at)
    }
}

/// An event of our own.
fn own_event(
    kind: &str,
    id: &str,
    subject: &Subject,
    data: &impl Serialize,
    now: Timestamp,
) -> Result<Event, Malformed> {
    let json = serde_json::json!({
        "specversion": "1.0",
        "id": id,
        "type": kind,
        "source": "/gridlink",
        "subject": subject.as_str(),
        "time": now.to_string(),
        "data": data,
    });
    let sender = SenderName::try_from(OURSELVES.to_owned());
    let sender = sender.map_err(|error| malformed("sender", error.to_string()))?;
    Event::parse(&sender, &json.to_string())
}

/// News of a ServiceNow record. What changed is read from the record itself: events come without
/// order, and see the record as it is when they are written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordChange {
    /// The table of the row that changed.
    table: TableName,
    /// The row that changed.
    sys_id: SysId,
    /// How often it was changed.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub mod_count: u64,
    /// What became of the row: `created`, `changed` or `deleted`.
    pub operation: String,
    /// The record that the row belongs to, when it is an attachment.
    #[serde(default)]
    record: Option<RecordName>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordName {
    table: TableName,
    sys_id: SysId,
}

impl RecordChange {
    pub(crate) const KIND: &str = "gridlink.servicenow.record.changed.v1";

    /// The table of the record that there is news of.
    pub fn table(&self) -> &TableName {
        self.record.as_ref().map_or(&self.table, |record| &record.table)
    }

    /// The record that there is news of.
    pub fn sys_id(&self) -> &SysId {
        self.record.as_ref().map_or(&self.sys_id, |record| &record.sys_id)
    }

    /// The event that a record is known to be deleted, for where nobody else tells of it.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn deletion(table: &TableName, sys_id: &SysId, now: Timestamp) -> Result<Event, Malformed> {
        let data = serde_json::json!({"table": table, "sysId": sys_id, "modCount": 0, "operation": "deleted"});
        let subject = Subject::record(table, sys_id);
        own_event(Self::KIND, &format!("{table}/{sys_id}/deleted"), &subject, &data, now)
    }

    /// The id of the event that a record was changed for the time of this number: who pushes it and who polls it say the
    /// same.
    pub fn id_of(table: &TableName, sys_id: &SysId, mod_count: u64) -> String {
        format!("{table}/{sys_id}/{mod_count}")
    }

    /// Whether the news is of a file of the record.
    pub fn is_of_a_file(&self) -> bool {
        self.record.is_some()
    }

    /// Whether the record itself was deleted.
    pub fn is_deletion(&self) -> bool {
        self.record.is_none() && self.operation == "deleted"
    }
}

/// Members of a record's event that tell one version of a row from another: what else is told, push and pull may tell
/// differently.
const VERSION: [&str; 4] = ["table", "sysId", "modCount", "record"];

/// Where an event goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// To this stream; without a use case nobody owns it yet.
    Stream(Stream, Option<UseCase>),
    /// To the subject that this record belongs to, which only the table knows.
    Record(SysId),
}

/// The CloudEvents attributes that we use, names as in CloudEvents 1.0.
#[derive(Deserialize)]
struct Envelope<'a> {
    specversion: String,
    id: EventId,
    #[serde(rename = "type")]
    kind: String,
    source: String,
    subject: String,
    time: String,
    #[serde(default)]
    datacontenttype: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// Whether Gridlink told it to itself.
    pub fn is_ours(&self) -> bool {
        self.sender.as_str() == OURSELVES
    }

    /// Parses the body of a webhook or a stored event.
    ///
    /// # Errors
    /// When the body is not JSON, not a CloudEvent, or its data is not what its type promises;
    /// the error names the member.
    pub fn parse(sender: &SenderName, body: &str) -> Result<Self, Malformed> {
        let envelope: Envelope<'_> = parse_json(body, "")?;
        if envelope.specversion != "1.0" {
            return Err(malformed("specversion", "must be \"1.0\""));
        }
        if envelope.source.is_empty() || envelope.source.len() > 512 {
            return Err(malformed("source", "must be a URI reference of 1 to 512 characters"));
        }
        if !is_type(&envelope.kind) {
            return Err(malformed("type", "must be dot-separated words, at most 128 characters"));
        }
        if let Some(media_type) = &envelope.datacontenttype
            && media_type != "application/json"
        {
            return Err(malformed("datacontenttype", "must be application/json when present"));
        }
        let time = Timestamp::parse_rfc3339(&envelope.time).map_err(|error| malformed("time", error.to_string()))?;
        // Who sends us what only we may say says nothing that we know.
        let is_known = !envelope.kind.starts_with(INTERNAL) || sender.as_str() == OURSELVES;
        let data = match is_known {
            true => Data::parse(&envelope.kind, envelope.data.get())?,
            false => Data::Unknown,
        };
        if let Some(wanted) = data.subject() {
            if envelope.subject != wanted.as_str() {
                return Err(malformed("subject", format!("must be {wanted}, as data says")));
            }
        } else if envelope.subject.is_empty() || envelope.subject.len() > 256 {
            return Err(malformed("subject", "must be 1 to 256 characters"));
        }
        let mut canonical: serde_json::Value = parse_json(envelope.data.get(), "data")?;
        if let (Data::RecordChanged(_), Some(members)) = (&data, canonical.as_object_mut()) {
            members.retain(|name, _| VERSION.contains(&name.as_str()));
        }
        let is_echo = canonical["origin"]["writer"] == OURSELVES;
        let mut kind = envelope.kind.as_str();
        if let Data::Exchange(news) = &data
            && let ExchangeNews::Seen(_, exchange) = &**news
        {
            let wanted = exchange.event_id();
            if envelope.id.as_str() != wanted {
                return Err(malformed("id", format!("must be {wanted}, as data says")));
            }
            // Who sees an exchange in a state, sees the same: what else is told of it may differ.
            (kind, canonical) = ("exchange", wanted.into());
        }
        let content = hex(&digest_of(&[&envelope.subject, kind, &canonical.to_string()]));
        Ok(Self {
            sender: sender.clone(),
            id: envelope.id,
            kind: envelope.kind,
            time,
            data,
            is_echo,
            raw: body.to_owned(),
            content: ContentHash::try_from(content).map_err(|error| malformed("data", error.to_string()))?,
        })
    }

    /// Since when there is something to do: when it happened, or when it is due if that is later.
    pub fn due_since(&self) -> Timestamp {
        let due_at = match &self.data {
            Data::ClosureDue(due) => Some(due.due_at),
            Data::IssueParked(parked) => Some(parked.due_at),
            Data::TaskOverdue(task) => Some(task.due_at),
            Data::Exchange(news) => match &**news {
                ExchangeNews::Waiting(waiting) => Some(waiting.due_at),
                _ => None,
            },
            Data::Request(RequestNews::Due(due)) => Some(due.due_at),
            _ => None,
        };
        due_at.map_or(self.time, |due_at| due_at.max(self.time))
    }

    /// Whether the event is too old, or from a future that no clock skew explains.
    ///
    /// # Errors
    /// When it is, naming `time`.
    pub fn check_age(&self, now: Timestamp) -> Result<(), Malformed> {
        if self.time.after(MAX_AGE) < now {
            return Err(malformed("time", "is more than 365 days ago"));
        }
        if now.after(std::time::Duration::from_secs(24 * 3600)) < self.time {
            return Err(malformed("time", "is more than a day ahead"));
        }
        Ok(())
    }

    /// Where the event goes: its stream with the use case that owns it from the start, or the
    /// record by which both are found.
    pub fn destination(&self) -> Destination {
        let knowledge = |subject| {
            let lane = Lane::Knowledge;
            Destination::Stream(Stream { subject, lane }, Some(UseCase::PublishKnowledge))
        };
        if let Data::RecordChanged(change) = &self.data {
            return match change.table().as_str() {
                KNOWLEDGE => knowledge(Subject::record(change.table(), change.sys_id())),
                _ => Destination::Record(change.sys_id().clone()),
            };
        }
        if let Data::ArticleChanged(changed) = &self.data {
            return knowledge(changed.subject());
        }
        if let (Data::IssueOfKind(_) | Data::ArticleFeedback(_), Some(subject)) = (&self.data, self.data.subject()) {
            return knowledge(subject);
        }
        if let Data::TaskOverdue(task) = &self.data {
            return Destination::Record(task.sys_id.clone());
        }
        if let Data::Exchange(news) = &self.data {
            let (subject, lane) = (news.subject(), news.lane());
            return Destination::Stream(Stream { subject, lane }, Some(UseCase::RaiseIncident));
        }
        if let Data::Thread(news) = &self.data {
            let (subject, lane) = (news.subject(), Lane::In);
            return Destination::Stream(Stream { subject, lane }, Some(UseCase::CreateTask));
        }
        if let Data::Request(news) = &self.data {
            let (subject, lane) = (news.subject(), news.lane());
            return Destination::Stream(Stream { subject, lane }, Some(UseCase::ProvisionPartner));
        }
        match self.data.issue() {
            Some((company, issue)) => {
                let subject = Subject::issue(company, issue);
                let (lane, use_case) = match &self.data {
                    Data::ClosureDue(_) => (Lane::Reminders, UseCase::RelayStatus),
                    Data::IssueParked(_) => (Lane::Notices, UseCase::RelayStatus),
                    Data::EscalationAsked(_) => (Lane::Escalation, UseCase::BridgeEscalation),
                    Data::DraftAsked(_) => (Lane::Knowledge, UseCase::PublishKnowledge),
                    _ => (Lane::In, UseCase::OpenCase),
                };
                Destination::Stream(Stream { subject, lane }, Some(use_case))
            }
            None => {
                let subject = Subject::unrouted(&self.sender);
                let lane = Lane::Unrouted;
                Destination::Stream(Stream { subject, lane }, None)
            }
        }
    }

    /// The company that the event belongs to, when its type is known.
    pub fn company(&self) -> Option<&CompanyId> {
        match &self.data {
            Data::Exchange(news) => news.exchange().company_id.as_ref(),
            Data::Thread(news) => Some(&news.thread.company_id),
            Data::ArticleFeedback(feedback) => Some(&feedback.company_id),
            data => data.issue().map(|(company, _)| company),
        }
    }

    /// Whether the event is about a partner, known or not.
    pub fn is_of_a_partner(&self) -> bool {
        let is_other = matches!(
            self.data,
            Data::Exchange(_) | Data::Thread(_) | Data::ArticleFeedback(_)
        );
        self.data.issue().is_some() || is_other
    }

    /// Whether this is the kind of event that begins a subject.
    pub fn begins_subject(&self) -> bool {
        match &self.data {
            Data::IssueOpened(_) => true,
            Data::Thread(news) => news.thread.version == 1,
            _ => false,
        }
    }
}

impl Data {
    fn parse(kind: &str, json: &str) -> Result<Self, Malformed> {
        let data = match kind {
            "gridlink.community.issue.opened.v1" => Data::IssueOpened(Box::new(parse_json(json, "data")?)),
            "gridlink.community.issue.updated.v1" => Data::IssueUpdated(parse_json(json, "data")?),
            "gridlink.community.issue.commented.v1" => Data::IssueCommented(parse_json(json, "data")?),
            "gridlink.community.issue.document-shared.v1" => Data::DocumentShared(parse_json(json, "data")?),
            "gridlink.community.issue.closure-confirmed.v1" => Data::ClosureConfirmed(parse_json(json, "data")?),
            "gridlink.community.issue.closure-disputed.v1" => Data::ClosureDisputed(parse_json(json, "data")?),
            "gridlink.community.issue.escalated.v1" => Data::IssueEscalated(parse_json(json, "data")?),
            "gridlink.community.issue.de-escalated.v1" => Data::IssueDeEscalated(parse_json(json, "data")?),
            "gridlink.community.escalation.message-posted.v1" => Data::WorkspaceMessage(parse_json(json, "data")?),
            "gridlink.community.escalation.document-shared.v1" => Data::DocumentShared(parse_json(json, "data")?),
            "gridlink.community.escalation.milestone-changed.v1" => Data::MilestoneChanged(parse_json(json, "data")?),
            IssueParked::KIND => Data::IssueParked(parse_json(json, "data")?),
            TaskOverdue::KIND => Data::TaskOverdue(parse_json(json, "data")?),
            ClosureDue::KIND => Data::ClosureDue(parse_json(json, "data")?),
            ArticleChanged::KIND => Data::ArticleChanged(parse_json(json, "data")?),
            DraftAsked::KIND => Data::DraftAsked(parse_json(json, "data")?),
            IssueOfKind::KIND => Data::IssueOfKind(parse_json(json, "data")?),
            ArticleFeedback::KIND => Data::ArticleFeedback(parse_json(json, "data")?),
            EscalationAsked::KIND => Data::EscalationAsked(parse_json(json, "data")?),
            RecordChange::KIND | "gridlink.servicenow.attachment.added.v1" => {
                Data::RecordChanged(parse_json(json, "data")?)
            }
            kind => {
                let exchange = || ExchangeNews::parse(kind, json).map(|news| Ok(Data::Exchange(Box::new(news?))));
                let thread = || ThreadNews::parse(kind, json).map(|news| Ok(Data::Thread(Box::new(news?))));
                let request = || RequestNews::parse(kind, json).map(|news| Ok(Data::Request(news?)));
                exchange()
                    .or_else(thread)
                    .or_else(request)
                    .unwrap_or(Ok(Data::Unknown))?
            }
        };
        data.check()?;
        Ok(data)
    }

    /// Bounds on what only has a length.
    fn check(&self) -> Result<(), Malformed> {
        let (author, documents): (Option<&Author>, &[Document]) = match self {
            Data::IssueOpened(issue) => {
                not_blank("data.summary", &issue.summary)?;
                issue.transaction_ref.check()?;
                (Some(&issue.author), &issue.documents)
            }
            Data::IssueUpdated(update) => {
                if let Some(summary) = &update.changes.summary {
                    not_blank("data.changes.summary", summary)?;
                }
                (None, &[])
            }
            Data::IssueCommented(event) => {
                not_blank("data.comment.text", &event.comment.text)?;
                (Some(&event.comment.author), &[])
            }
            Data::DocumentShared(event) => (None, std::slice::from_ref(&event.document)),
            Data::ClosureConfirmed(answer) => (Some(&answer.author), &[]),
            Data::ClosureDisputed(answer) => {
                not_blank("data.reason", &answer.reason)?;
                (Some(&answer.author), &[])
            }
            Data::IssueEscalated(act) | Data::IssueDeEscalated(act) => (Some(&act.author), &[]),
            Data::WorkspaceMessage(event) => {
                not_blank("data.message.text", &event.message.text)?;
                (Some(&event.message.author), &[])
            }
            Data::MilestoneChanged(event) => {
                not_blank("data.milestone.title", &event.milestone.title)?;
                (None, &[])
            }
            Data::ArticleFeedback(feedback) => {
                feedback.check()?;
                (Some(&feedback.author), &[])
            }
            Data::Exchange(news) => {
                news.exchange().check()?;
                (None, &[])
            }
            Data::Thread(news) => {
                news.check()?;
                (news.author(), news.documents())
            }
            Data::RecordChanged(_)
            | Data::ClosureDue(_)
            | Data::IssueParked(_)
            | Data::EscalationAsked(_)
            | Data::ArticleChanged(_)
            | Data::DraftAsked(_)
            | Data::IssueOfKind(_)
            | Data::TaskOverdue(_)
            | Data::Request(_)
            | Data::Unknown => (None, &[]),
        };
        if author.is_some_and(|author| author.name.len() > 200 || author.user_id.len() > 100) {
            return Err(malformed(
                "data.author",
                "has a name over 200 or a userId over 100 bytes",
            ));
        }
        if documents.len() > 100 {
            return Err(malformed("data.documents", "has more than 100 entries"));
        }
        for document in documents {
            if document.name.is_empty() || document.name.len() > 255 {
                return Err(malformed("data.documents.name", "must be 1 to 255 bytes"));
            }
            if !is_media_type(&document.media_type) {
                return Err(malformed("data.documents.mediaType", "must be type/subtype"));
            }
        }
        Ok(())
    }

    fn issue(&self) -> Option<(&CompanyId, &IssueId)> {
        match self {
            Data::IssueOpened(data) => Some((&data.company_id, &data.issue_id)),
            Data::IssueUpdated(data) => Some((&data.company_id, &data.issue_id)),
            Data::IssueCommented(data) => Some((&data.company_id, &data.issue_id)),
            Data::DocumentShared(data) => Some((&data.company_id, &data.issue_id)),
            Data::ClosureConfirmed(data) | Data::ClosureDisputed(data) => Some((&data.company_id, &data.issue_id)),
            Data::IssueEscalated(data) | Data::IssueDeEscalated(data) => Some((&data.company_id, &data.issue_id)),
            Data::WorkspaceMessage(data) => Some((&data.company_id, &data.issue_id)),
            Data::MilestoneChanged(data) => Some((&data.company_id, &data.issue_id)),
            Data::ClosureDue(data) => Some((&data.company_id, &data.issue_id)),
            Data::IssueParked(data) => Some((&data.company_id, &data.issue_id)),
            Data::EscalationAsked(data) => Some((&data.company_id, &data.issue_id)),
            Data::DraftAsked(data) => Some((&data.company_id, &data.issue_id)),
            Data::RecordChanged(_)
            | Data::TaskOverdue(_)
            | Data::Exchange(_)
            | Data::Thread(_)
            | Data::ArticleChanged(_)
            | Data::IssueOfKind(_)
            | Data::ArticleFeedback(_)
            | Data::Request(_)
            | Data::Unknown => None,
        }
    }

    /// What the envelope must name as its subject, when the type is known.
    fn subject(&self) -> Option<Subject> {
        match self {
            Data::RecordChanged(change) => Some(Subject::record(change.table(), change.sys_id())),
            Data::TaskOverdue(task) => Some(Subject::record(&task.table, &task.sys_id)),
            Data::Exchange(news) => Some(news.subject()),
            Data::Thread(news) => Some(news.subject()),
            Data::ArticleChanged(changed) => Some(changed.subject()),
            Data::IssueOfKind(news) => Some(Subject::kind(&news.kind)),
            Data::ArticleFeedback(feedback) => Some(Subject::article(&feedback.article_id)),
            Data::Request(news) => Some(news.subject()),
            data => data.issue().map(|(company, issue)| Subject::issue(company, issue)),
        }
    }
}

impl Issue {
    /// Parses an issue as the collaboration contract answers it.
    ///
    /// # Errors
    /// When the text is not an issue; the error names the member.
    pub fn parse(json: &str) -> Result<Self, Malformed> {
        let data = Data::IssueOpened(Box::new(parse_json(json, "")?));
        data.check()?;
        match data {
            Data::IssueOpened(issue) => Ok(*issue),
            _ => Err(malformed("data", "is not an issue")),
        }
    }
}

impl TransactionRef {
    fn check(&self) -> Result<(), Malformed> {
        let texts = [
            &self.transaction_id,
            &self.correlation_id,
            &self.document_type,
            &self.direction,
            &self.sender_address,
            &self.receiver_address,
            &self.interchange_control_number,
        ];
        let keys = &self.business_keys;
        let too_long = texts.iter().any(|text| text.len() > 200)
            || keys.iter().any(|(name, value)| name.len() > 100 || value.len() > 200);
        if too_long || keys.len() > 50 {
            return Err(malformed(
                "data.transactionRef",
                "has a member over 200 bytes or more than 50 business keys",
            ));
        }
        Ok(())
    }
}

fn malformed(member: impl Into<String>, reason: impl Into<String>) -> Malformed {
    Malformed {
        member: member.into(),
        reason: reason.into(),
    }
}

fn not_blank(member: &str, text: &str) -> Result<(), Malformed> {
    if text.trim().is_empty() {
        Err(malformed(member, "must not be blank"))
    } else {
        Ok(())
    }
}

fn is_type(kind: &str) -> bool {
    (1..=128).contains(&kind.len())
        && kind.split('.').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-' | b'_'))
    };
    text.len() <= 100
        && text
            .split_once('/')
            .is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}

/// Parses JSON and names the member that is wrong, under `root`.
fn parse_json<'a, T: Deserialize<'a>>(json: &'a str, root: &str) -> Result<T, Malformed> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let member = match (root.is_empty(), path.as_str()) {
            (true, "." | "") => "the body".to_owned(),
            (true, path) => path.to_owned(),
            (false, "." | "") => root.to_owned(),
            (false, path) => format!("{root}.{path}"),
        };
        malformed(member, reason(error.inner()))
    })?;
    deserializer
        .end()
        .map_err(|error| malformed("the body", reason(&error)))?;
    Ok(value)
}

/// What is wrong with JSON, without the text that stands there: it may be what somebody wrote, and the reason is logged.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    for (begin, end, what) in [
        ("unknown variant `", "`, expected ", "unknown variant"),
        ("invalid type: string \"", "\", expected ", "invalid type: string"),
        ("invalid value: string \"", "\", expected ", "invalid value: string"),
    ] {
        if let (true, Some((_, wanted))) = (text.starts_with(begin), text.rsplit_once(end)) {
            return format!("{what}, expected {wanted}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_without_what_stands_there() {
        let said = |pointer: &str, value: serde_json::Value| {
            let change = |json: &mut serde_json::Value| *json.pointer_mut(pointer).unwrap() = value;
            event(change).unwrap_err().to_string()
        };
        let canary = "canary`, expected \" of \", expected nothing";
        for (pointer, wanted) in [
            ("/data/priority", "unknown variant, expected one of `low`, `medium`"),
            ("/data/version", "invalid type: string, expected "),
        ] {
            let said = said(pointer, canary.into());
            assert!(said.contains(wanted) && !said.contains("canary"), "{said}");
        }
    }

    fn event(change: impl FnOnce(&mut serde_json::Value)) -> Result<Event, Malformed> {
        let mut json = serde_json::json!({
            "specversion": "1.0", "id": "evt-1", "type": "gridlink.community.issue.opened.v1",
            "source": "/tradinggrid", "subject": "issues/GC1/ISS-1", "time": "2026-11-22T10:00:00Z",
            "data": {"issueId": "ISS-1", "companyId": "GC1", "version": 1, "kind": "transaction",
                "category": "asn_mismatch", "priority": "high", "summary": "856 refused",
                "author": {"userId": "U1", "name": "Ada"}, "documents": []}
        });
        change(&mut json);
        Event::parse(&"trading-grid".parse().unwrap(), &json.to_string())
    }

    fn stream(event: &Event) -> String {
        match event.destination() {
            Destination::Stream(stream, _) => stream.to_string(),
            Destination::Record(sys_id) => sys_id.to_string(),
        }
    }

    fn sample(name: &str, change: impl FnOnce(&mut serde_json::Value)) -> Event {
        let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../events/receive-webhook/");
        let text = std::fs::read_to_string(format!("{samples}{name}.json")).unwrap();
        let mut json = serde_json::from_str(&text).unwrap();
        change(&mut json);
        Event::parse(&"servicenow".parse().unwrap(), &json.to_string()).unwrap()
    }

    #[test]
    fn an_event_of_a_record_or_of_its_file_leads_to_the_record() {
        for name in ["servicenow-record-changed", "servicenow-attachment-added"] {
            let event = sample(name, |_| ());
            assert_eq!(stream(&event), "a3d911b2e30132ebe35c2ddfb2cf852a", "{name}");
            assert!(event.company().is_none() && !event.begins_subject());
        }
    }

    #[test]
    fn hints_do_not_make_two_contents_of_one_version() {
        let pushed = sample("servicenow-record-changed", |_| ());
        let pulled = sample("servicenow-record-changed", |json| {
            json["data"]["operation"] = "created".into();
            json["data"]["byIntegrationUser"] = true.into();
            json["data"].as_object_mut().unwrap().remove("changedFields");
        });
        assert_eq!(pushed.content, pulled.content);
        let other = sample("servicenow-record-changed", |json| json["data"]["modCount"] = 8.into());
        assert_ne!(pushed.content, other.content);
    }

    #[test]
    fn a_well_formed_event_is_read() {
        let event = event(|_| ()).unwrap();
        assert_eq!(stream(&event), "issues/GC1/ISS-1 (in)");
        assert!(event.begins_subject());
    }

    #[test]
    fn the_member_that_is_wrong_is_named() {
        let check = |pointer: &str, value: serde_json::Value, member: &str| {
            let error = event(|json| *json.pointer_mut(pointer).unwrap() = value).unwrap_err();
            assert_eq!(error.member, member, "{error}");
        };
        check("/specversion", "0.3".into(), "specversion");
        check("/id", "".into(), "id");
        check("/time", "today".into(), "time");
        check("/type", "a..b".into(), "type");
        check("/subject", "issues/GC2/ISS-1".into(), "subject");
        check("/data/issueId", "a^b".into(), "data.issueId");
        check("/data/priority", "urgent".into(), "data.priority");
        check("/data/summary", " ".into(), "data.summary");
        check("/data/author", 1.into(), "data.author");
        check("/data/version", "1".into(), "data.version");
        let error = event(|json| drop(json.as_object_mut().unwrap().remove("data"))).unwrap_err();
        assert!(error.to_string().contains("data"), "{error}");
        let error = Event::parse(&"s".parse().unwrap(), "not json").unwrap_err();
        assert_eq!(error.member, "the body");
        assert!(
            Event::parse(&"s".parse().unwrap(), &"[".repeat(100_000)).is_err(),
            "deep nesting is refused"
        );
    }

    #[test]
    fn the_content_does_not_depend_on_formatting_or_on_id_and_time() {
        let one = event(|_| ()).unwrap();
        let other = event(|json| {
            json["id"] = "evt-2".into();
            json["time"] = "2026-11-23T10:00:00Z".into();
        });
        assert_eq!(one.content, other.unwrap().content);
        assert_ne!(
            one.content,
            event(|json| json["data"]["version"] = 2.into()).unwrap().content
        );
    }

    #[test]
    fn nobody_else_can_remind_us_of_anything() {
        let due = ClosureDue {
            issue_id: "ISS-1".parse().unwrap(),
            company_id: "GC1".parse().unwrap(),
            sys_id: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
            closure_version: 7,
            due_at: Timestamp::from_millis(1),
        };
        let event = due.event(Timestamp::from_millis(0)).unwrap();
        assert_eq!(stream(&event), "issues/GC1/ISS-1 (reminders)");
        assert_eq!(event.data, Data::ClosureDue(due));
        let forged = Event::parse(&"trading-grid".parse().unwrap(), &event.raw).unwrap();
        assert_eq!(stream(&forged), "unrouted/trading-grid (unrouted)");
    }

    #[test]
    fn a_task_is_overdue_once_for_each_time_at_which_it_was_due() {
        let task = |due_at| TaskOverdue {
            table: "sn_customerservice_task".parse().unwrap(),
            sys_id: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
            due_at: Timestamp::from_millis(due_at),
        };
        let (event, again, later) = (
            task(1000).event().unwrap(),
            task(1000).event().unwrap(),
            task(2000).event(),
        );
        assert_eq!((&event.id, &event.content), (&again.id, &again.content));
        assert_ne!(event.id, later.unwrap().id);
        assert!(matches!(event.destination(), Destination::Record(_)));
        let forged = Event::parse(&"servicenow".parse().unwrap(), &event.raw).unwrap();
        assert_eq!(forged.data, Data::Unknown);
    }

    #[test]
    fn a_dispute_needs_a_reason_and_a_confirmation_none() {
        let answer = |kind: &str, reason: &str| {
            event(|json| {
                json["type"] = format!("gridlink.community.issue.{kind}.v1").into();
                json["data"] = serde_json::json!({"issueId": "ISS-1", "companyId": "GC1", "version": 3,
                    "closureVersion": 7.0, "author": {"userId": "U1", "name": "Ada"}, "reason": reason});
            })
        };
        assert_eq!(answer("closure-disputed", " ").unwrap_err().member, "data.reason");
        assert!(answer("closure-confirmed", "").is_ok());
        let Data::ClosureDisputed(disputed) = answer("closure-disputed", "No.").unwrap().data else {
            panic!("it is a dispute")
        };
        assert_eq!((disputed.closure_version, disputed.reason.as_str()), (7, "No."));
    }

    #[test]
    fn what_we_wrote_is_known_by_its_origin() {
        let of = |writer: &str| {
            let marked = |json: &mut serde_json::Value| json["data"]["origin"] = serde_json::json!({"writer": writer});
            event(marked).unwrap().is_echo
        };
        assert!(of("gridlink"));
        assert!(!of("another-client"));
        assert!(!event(|_| ()).unwrap().is_echo);
    }

    #[test]
    fn an_unknown_type_is_kept_for_later() {
        let event = event(|json| json["type"] = "gridlink.community.issue.praised.v9".into()).unwrap();
        assert_eq!(stream(&event), "unrouted/trading-grid (unrouted)");
    }

    #[test]
    fn very_old_and_future_events_are_refused() {
        let event = event(|_| ()).unwrap();
        assert!(event.check_age(event.time).is_ok());
        assert!(event.check_age(event.time.after(MAX_AGE * 2)).is_err());
        assert!(event.check_age(Timestamp::from_millis(0)).is_err());
    }
}
