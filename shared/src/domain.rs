//! The words of the domain: identifiers that can only be parsed, and the keys derived from them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Text that is not what its type promises.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {wanted}")]
pub struct Malformed {
    /// The kind of thing that was expected.
    pub what: &'static str,
    /// What it should look like.
    pub wanted: &'static str,
}

/// Declares an identifier: a string checked once by a predicate and trusted ever after.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $what:literal, $wanted:literal, $valid:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) {
                    Ok(Self(text))
                } else {
                    Err(Malformed { what: $what, wanted: $wanted })
                }
            }
        }

        impl FromStr for $name {
            type Err = Malformed;

            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::try_from(text.to_owned())
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

mod people;

pub use people::{LoginId, OnboardingKind, OnboardingState, RoleName, StepState, UserId};

/// Whether `text` is 1 to `longest` characters of the alphabet that needs no escaping anywhere:
/// not in a URL path, an encoded query, a DynamoDB key or a log line.
fn is_plain(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn is_table(text: &str) -> bool {
    (1..=80).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

identifier!(
    /// A company on Trading Grid (its BUID), for example `GC41543822654A`.
    CompanyId, "a company id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// An issue that a trading partner raised in the community.
    IssueId, "an issue id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A document of the community.
    DocumentId, "a document id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A comment of the community.
    CommentId, "a comment id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A thread of the community.
    ThreadId, "a thread id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A message of a thread or of an escalation's workspace.
    MessageId, "a message id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A request: for a document in a thread, or for an onboarding.
    RequestId, "a request id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// A milestone of an escalated issue.
    MilestoneId, "a milestone id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// What became of one piece of work that a thread led to.
    OutcomeId, "an outcome id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// An article of guidance, the same in all its versions.
    ArticleId, "an article id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// What a partner said about an article.
    FeedbackId, "a feedback id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// One process of Trading Grid: it ties all Lens entries of an exchange together.
    CorrelationId, "a correlation id", "1 to 80 letters, digits, '.', '_' or '-'", |text| is_plain(text, 80)
);
identifier!(
    /// Who posts webhooks: the last part of `/hooks/{sender}`.
    SenderName, "a sender", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);
identifier!(
    /// The id of a CloudEvent, unique per sender.
    EventId, "an event id", "1 to 128 printable ASCII characters",
    |text| (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
);
identifier!(
    /// A rule's own name for a kind of problem, for example `asn_mismatch`.
    Category, "a category", "1 to 64 lower-case letters, digits or '_'",
    |text| is_table(text) && text.len() <= 64
);
identifier!(
    /// The mapping's own name for the task of a team in an escalation, for example `proof-of-delivery`.
    TaskName, "a task name", "1 to 40 lower-case letters, digits or '-'",
    |text| (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
);
identifier!(
    /// One escalation of an issue, derived from the event that asked for it.
    EscalationKey, "an escalation key", "16 lower-case hexadecimal digits", |text| is_lower_hex(text, 16)
);
identifier!(
    /// A SHA-256 digest in lower-case hexadecimal.
    ContentHash, "a SHA-256 digest", "64 lower-case hexadecimal digits", |text| is_lower_hex(text, 64)
);
identifier!(
    /// The primary key of a ServiceNow record.
    SysId, "a sys_id", "32 lower-case hexadecimal digits", |text| is_lower_hex(text, 32)
);
identifier!(
    /// The name of a ServiceNow table or column.
    TableName, "a table name", "1 to 80 lower-case letters, digits or '_'", is_table
);

impl ContentHash {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(hex(&Sha256::digest(bytes)))
    }
}

impl EscalationKey {
    /// The escalation that an event asks for.
    pub fn asked_by(sender: &SenderName, event: &EventId) -> Self {
        Self(hex(&digest_of(&["escalation", sender.as_str(), event.as_str()])[..8]))
    }
}

impl SysId {
    /// The sys_id that Gridlink chooses for a record: a function of what the record is for, so
    /// that every retry asks for the same one and the primary key refuses a second.
    pub fn chosen(deployment: &DeploymentId, subject: &Subject, link: &LinkKey) -> Self {
        let digest = digest_of(&[
            "record",
            deployment.as_str(),
            subject.as_str(),
            link.role.as_str(),
            &link.discriminator,
        ]);
        Self(hex(&digest[..16]))
    }
}

/// The id of one write through the scoped app: the same for every try, and for no other write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteId(String);

impl WriteId {
    /// Of a claim of a subject: 32 hexadecimal digits.
    pub fn of(deployment: &DeploymentId, subject: &Subject, claim: &str) -> Self {
        let digest = digest_of(&["write", deployment.as_str(), subject.as_str(), claim]);
        Self(hex(&digest[..16]))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

identifier!(
    /// The stable id of one deployment; a part of every derived id.
    DeploymentId, "a deployment id", "1 to 64 letters, digits, '.', '_' or '-'", |text| is_plain(text, 64)
);

/// The table of articles in ServiceNow; each row is one version.
pub const KNOWLEDGE: &str = "kb_knowledge";
/// The table that names articles in the tasks that they are about.
pub const ARTICLES_OF_TASKS: &str = "m2m_kb_task";
/// The table of what readers think of articles.
pub const FEEDBACK: &str = "kb_feedback";

/// Whether a value may stand in a ServiceNow query: letters, digits, and punctuation without
/// meaning in an encoded query; never a script, and never the word that stands for no value.
pub fn is_query_value(value: &str) -> bool {
    let start = value.trim_start().get(..11);
    let is_script = start.is_some_and(|start| start.eq_ignore_ascii_case("javascript:"));
    let is_null = value.trim().eq_ignore_ascii_case("null");
    (1..=200).contains(&value.len())
        && !is_script
        && !is_null
        && value
            .chars()
            .all(|character| character.is_alphanumeric() || " ._-:/&()'+#".contains(character))
}

/// SHA-256 over length-prefixed parts, so that no two lists of parts collide by concatenation.
pub fn digest_of(parts: &[&str]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or('0'));
            }
            text
        })
}

/// The key of the thing that events are about; one partition of the table.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Subject(String);

impl Subject {
    /// A partner issue: `issues/{companyId}/{issueId}`.
    pub fn issue(company: &CompanyId, issue: &IssueId) -> Self {
        Self(format!("issues/{company}/{issue}"))
    }

    /// A ServiceNow record, as its events name it: `records/{table}/{sys_id}`.
    pub fn record(table: &TableName, sys_id: &SysId) -> Self {
        Self(format!("records/{table}/{sys_id}"))
    }

    /// An exchange of documents: `exchanges/{correlationId}`.
    pub fn exchange(exchange: &CorrelationId) -> Self {
        Self(format!("exchanges/{exchange}"))
    }

    /// Exchanges that fail in the same way: `failures/{fingerprint}`.
    pub fn failures(fingerprint: &[&str]) -> Self {
        let digest = digest_of(&[&["failures"], fingerprint].concat());
        Self(format!("failures/{}", hex(&digest[..16])))
    }

    /// Incidents of several partners that have one cause: `causes/{fingerprint}`.
    pub fn cause(fingerprint: &[&str]) -> Self {
        let digest = digest_of(&[&["cause"], fingerprint].concat());
        Self(format!("causes/{}", hex(&digest[..16])))
    }

    /// A thread of a partner: `threads/{companyId}/{threadId}`.
    pub fn thread(company: &CompanyId, thread: &ThreadId) -> Self {
        Self(format!("threads/{company}/{thread}"))
    }

    /// An article in all its versions: `articles/{articleId}`.
    pub fn article(article: &ArticleId) -> Self {
        Self(format!("articles/{article}"))
    }

    /// A kind of problem: `kinds/{category}`.
    pub fn kind(kind: &Category) -> Self {
        Self(format!("kinds/{kind}"))
    }

    /// A requested item of the service catalog: `requests/{sys_id}`.
    pub fn request(item: &SysId) -> Self {
        Self(format!("requests/{item}"))
    }

    /// Where well-formed events of unknown type wait for a version that knows them.
    pub fn unrouted(sender: &SenderName) -> Self {
        Self(format!("unrouted/{sender}"))
    }

    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The company and issue, when this is an issue.
    pub fn as_issue(&self) -> Option<(CompanyId, IssueId)> {
        let (company, issue) = self.of_a_company("issues")?;
        Some((company, issue.parse().ok()?))
    }

    /// The company and thread, when this is a thread.
    pub fn as_thread(&self) -> Option<(CompanyId, ThreadId)> {
        let (company, thread) = self.of_a_company("threads")?;
        Some((company, thread.parse().ok()?))
    }

    /// The article, when this is one in all its versions.
    pub fn as_article(&self) -> Option<ArticleId> {
        self.0.strip_prefix("articles/")?.parse().ok()
    }

    /// The requested item, when this is one.
    pub fn as_request(&self) -> Option<SysId> {
        self.0.strip_prefix("requests/")?.parse().ok()
    }

    /// The company and the rest, when this is a thing of that kind.
    fn of_a_company(&self, kind: &str) -> Option<(CompanyId, &str)> {
        let mut parts = self.0.split('/');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(found), Some(company), Some(id), None) if found == kind => Some((company.parse().ok()?, id)),
            _ => None,
        }
    }
}

impl TryFrom<String> for Subject {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let parts = text.split('/').collect::<Vec<_>>();
        if (2..=3).contains(&parts.len()) && parts.iter().all(|part| is_plain(part, 80)) {
            Ok(Self(text))
        } else {
            Err(Malformed {
                what: "a subject",
                wanted: "a kind and one or two ids, separated by '/'",
            })
        }
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> String {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A direction or kind of work on one subject. With the subject it names a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lane {
    /// What the partner did, on its way to ServiceNow.
    In,
    /// What happened to the records of a subject, on its way to the partner.
    Out,
    /// What is to be done about a subject at a certain time if nobody does anything until then.
    Reminders,
    /// What the partner is to hear when an event has been parked for too long.
    Notices,
    /// Whether an issue is escalated, and what its teams have reached.
    Escalation,
    /// What becomes of an exchange, or of exchanges that fail in the same way.
    Exchange,
    /// What partners may read of an article.
    Knowledge,
    /// How far a request about a partner's access is.
    Onboarding,
    /// Well-formed events that this version does not know.
    Unrouted,
}

impl Lane {
    /// All lanes of this version.
    pub const ALL: [Lane; 9] = [
        Lane::In,
        Lane::Out,
        Lane::Reminders,
        Lane::Notices,
        Lane::Escalation,
        Lane::Exchange,
        Lane::Knowledge,
        Lane::Onboarding,
        Lane::Unrouted,
    ];

    /// The lane as it stands in sort keys and doorbells.
    pub fn as_str(self) -> &'static str {
        match self {
            Lane::In => "in",
            Lane::Out => "out",
            Lane::Reminders => "reminders",
            Lane::Notices => "notices",
            Lane::Escalation => "escalation",
            Lane::Exchange => "exchange",
            Lane::Knowledge => "knowledge",
            Lane::Onboarding => "onboarding",
            Lane::Unrouted => "unrouted",
        }
    }
}

/// The unit of order, of the lease, of parking, and (hashed) of the FIFO message group.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stream {
    /// What it is about.
    pub subject: Subject,
    /// Which kind of work.
    pub lane: Lane,
}

impl Stream {
    /// The FIFO message group: fixed length, whatever the ids are.
    pub fn group(&self) -> String {
        hex(&digest_of(&["group", self.subject.as_str(), self.lane.as_str()])[..16])
    }

    /// The shard of the `due` index, 0 to 15.
    pub fn shard(&self) -> u8 {
        digest_of(&["shard", self.subject.as_str(), self.lane.as_str()])[0] % 16
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.subject, self.lane.as_str())
    }
}

/// The use case that owns a stream; each is a function with a queue of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UseCase {
    /// A partner issue becomes a case or an incident.
    OpenCase,
    /// What happens to that record is told to the partner.
    RelayStatus,
    /// A critical issue is worked on both sides with a share of its own.
    BridgeEscalation,
    /// Failed exchanges become incidents.
    RaiseIncident,
    /// What partners ask for in threads becomes tasks.
    CreateTask,
    /// Published articles become guidance for partners.
    PublishKnowledge,
    /// Approved requests about a partner's access become users with roles.
    ProvisionPartner,
}

impl UseCase {
    /// All use cases of this version.
    pub const ALL: [UseCase; 7] = [
        UseCase::OpenCase,
        UseCase::RelayStatus,
        UseCase::BridgeEscalation,
        UseCase::RaiseIncident,
        UseCase::CreateTask,
        UseCase::PublishKnowledge,
        UseCase::ProvisionPartner,
    ];

    /// The name of the function.
    pub fn as_str(self) -> &'static str {
        match self {
            UseCase::OpenCase => "open-case",
            UseCase::RelayStatus => "relay-status",
            UseCase::BridgeEscalation => "bridge-escalation",
            UseCase::RaiseIncident => "raise-incident",
            UseCase::CreateTask => "create-task",
            UseCase::PublishKnowledge => "publish-knowledge",
            UseCase::ProvisionPartner => "provision-partner",
        }
    }
}

impl FromStr for UseCase {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        UseCase::ALL
            .into_iter()
            .find(|use_case| use_case.as_str() == text)
            .ok_or(Malformed {
                what: "a use case",
                wanted: "the name of a function",
            })
    }
}

/// What a ServiceNow record is to its subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The first case or incident of an issue.
    Case,
    /// The record that continues a closed one.
    FollowUp,
    /// The record of Customer Service Management that says that a case is escalated.
    Escalation,
    /// The task of one team while an issue is escalated.
    Coordination,
    /// The incident of exchanges that fail in the same way, or the parent of several. No partner reads it.
    Incident,
    /// The task of something that was asked for in a thread.
    Task,
    /// A version of an article.
    Article,
    /// An article that was drafted here, of something that was solved or comes again and again.
    Draft,
    /// The requested item of the service catalog that the subject is; people made it.
    Request,
    /// The task of whoever sets up the company of a request.
    Setup,
}

impl Role {
    /// All roles of this version.
    pub const ALL: [Role; 10] = [
        Role::Case,
        Role::FollowUp,
        Role::Escalation,
        Role::Coordination,
        Role::Incident,
        Role::Task,
        Role::Article,
        Role::Draft,
        Role::Request,
        Role::Setup,
    ];

    /// Whether such a record only goes with an issue while that is escalated.
    pub fn is_of_an_escalation(self) -> bool {
        matches!(self, Role::Escalation | Role::Coordination)
    }

    /// The role as it stands in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Case => "case",
            Role::FollowUp => "follow-up",
            Role::Escalation => "escalation",
            Role::Coordination => "coordination",
            Role::Incident => "incident",
            Role::Task => "task",
            Role::Article => "article",
            Role::Draft => "draft",
            Role::Request => "request",
            Role::Setup => "setup",
        }
    }
}

/// Which of a subject's records is meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkKey {
    /// What the record is to its subject.
    pub role: Role,
    /// Empty for the first case; else derived from the event that asked for it.
    pub discriminator: String,
}

impl LinkKey {
    /// The first case of an issue.
    pub fn case() -> Self {
        Self {
            role: Role::Case,
            discriminator: String::new(),
        }
    }

    /// The requested item that the subject is.
    pub fn request() -> Self {
        Self {
            role: Role::Request,
            discriminator: String::new(),
        }
    }

    /// The task of whoever sets up the company of a request.
    pub fn setup() -> Self {
        Self {
            role: Role::Setup,
            discriminator: String::new(),
        }
    }

    /// The follow-up that the event asked for.
    pub fn follow_up(sender: &SenderName, event: &EventId) -> Self {
        let digest = digest_of(&["follow-up", sender.as_str(), event.as_str()]);
        Self {
            role: Role::FollowUp,
            discriminator: hex(&digest[..8]),
        }
    }

    /// The incident that an event of failing exchanges asked for.
    pub fn incident(event: &EventId) -> Self {
        let digest = digest_of(&["incident", event.as_str()]);
        Self {
            role: Role::Incident,
            discriminator: hex(&digest[..8]),
        }
    }

    /// The record of an escalation.
    pub fn escalation(escalation: &EscalationKey) -> Self {
        Self {
            role: Role::Escalation,
            discriminator: escalation.to_string(),
        }
    }

    /// The task of a team in an escalation; `task` is the name of the mapping's rule.
    pub fn coordination(escalation: &EscalationKey, task: &TaskName) -> Self {
        Self {
            role: Role::Coordination,
            discriminator: format!("{task}.{escalation}"),
        }
    }

    /// The task of something that was asked for in a thread.
    pub fn of_thread(wish: &WishId) -> Self {
        Self {
            role: Role::Task,
            discriminator: wish.to_string(),
        }
    }

    /// A version of an article.
    pub fn version(row: &SysId) -> Self {
        Self {
            role: Role::Article,
            discriminator: row.to_string(),
        }
    }

    /// The draft of an article about what solved a record.
    pub fn draft_of(record: &SysId) -> Self {
        Self {
            role: Role::Draft,
            discriminator: record.to_string(),
        }
    }

    /// The draft that an event of a kind of problem asked for.
    pub fn proposal(event: &EventId, base: &str) -> Self {
        let digest = digest_of(&["proposal", event.as_str(), base]);
        Self {
            role: Role::Draft,
            discriminator: hex(&digest[..8]),
        }
    }

    /// What a partner thinks of an article.
    pub fn feedback(feedback: &FeedbackId) -> Self {
        Self {
            role: Role::Article,
            discriminator: format!("feedback.{feedback}"),
        }
    }

    /// That a draft is named in the record that it is about.
    pub fn attached_draft(article: &SysId, record: &SysId) -> Self {
        Self {
            role: Role::Draft,
            discriminator: format!("{article}.{record}"),
        }
    }

    /// What the task of a thread is about.
    pub fn wish(&self) -> Option<WishId> {
        match (self.role, self.discriminator.split_once('.')?) {
            (Role::Task, ("message", id)) => id.parse().ok().map(WishId::Message),
            (Role::Task, ("request", id)) => id.parse().ok().map(WishId::Request),
            _ => None,
        }
    }

    /// The name of the mapping's rule that a team's task was made by.
    pub fn task(&self) -> Option<TaskName> {
        match self.role {
            Role::Coordination => self.discriminator.split_once('.')?.0.parse().ok(),
            Role::Case
            | Role::FollowUp
            | Role::Escalation
            | Role::Incident
            | Role::Task
            | Role::Article
            | Role::Draft
            | Role::Request
            | Role::Setup => None,
        }
    }
}

/// What a partner asks for in a thread: the same for every event that tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WishId {
    /// A message.
    Message(MessageId),
    /// A request for a document.
    Request(RequestId),
}

impl fmt::Display for WishId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WishId::Message(id) => write!(f, "message.{id}"),
            WishId::Request(id) => write!(f, "request.{id}"),
        }
    }
}

impl FromStr for LinkKey {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let parts = text.split_once('#');
        parts
            .and_then(|(role, discriminator)| {
                let role = Role::ALL.into_iter().find(|known| known.as_str() == role)?;
                let discriminator = discriminator.to_owned();
                Some(Self { role, discriminator })
            })
            .ok_or(Malformed {
                what: "a link",
                wanted: "a role, '#' and a discriminator",
            })
    }
}

impl fmt::Display for LinkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.role.as_str(), self.discriminator)
    }
}

/// How far an issue is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueState {
    /// Nobody works on it yet.
    Open,
    /// Somebody does.
    InProgress,
    /// The partner's turn.
    WaitingForPartner,
    /// Solved, as the desk sees it.
    Resolved,
    /// Over.
    Closed,
}

/// Which kind of action is expected of a partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ActionKind {
    /// Nothing.
    None,
    /// An answer.
    Reply,
    /// A document.
    ProvideDocument,
    /// A yes or no to closing.
    ConfirmClosure,
}

/// How far a milestone of an escalated issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MilestoneState {
    /// Not begun.
    Planned,
    /// Begun.
    InProgress,
    /// Reached.
    Done,
    /// Not reached in time.
    Missed,
    /// No longer wanted.
    Canceled,
}

impl MilestoneState {
    /// The word of the contract.
    pub fn as_str(self) -> &'static str {
        match self {
            MilestoneState::Planned => "planned",
            MilestoneState::InProgress => "in-progress",
            MilestoneState::Done => "done",
            MilestoneState::Missed => "missed",
            MilestoneState::Canceled => "canceled",
        }
    }
}

/// How far a piece of work is that a thread led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeState {
    /// It will be done.
    Accepted,
    /// It is being done.
    InProgress,
    /// The partner's turn.
    WaitingForPartner,
    /// It is done.
    Done,
    /// It will not be done.
    Declined,
}

impl OutcomeState {
    /// Whether nobody works on it any more.
    pub fn is_over(self) -> bool {
        match self {
            OutcomeState::Accepted | OutcomeState::InProgress | OutcomeState::WaitingForPartner => false,
            OutcomeState::Done | OutcomeState::Declined => true,
        }
    }
}

/// Who may find and read an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Audience {
    /// All partners.
    Everyone,
    /// The partners of some segments.
    Segments {
        /// By name.
        segments: Vec<String>,
    },
    /// Some partners.
    Companies {
        /// By id.
        company_ids: Vec<CompanyId>,
    },
}

impl Audience {
    /// Whether a company is certainly one of them; who is in a segment only the community knows.
    pub fn has(&self, company: &CompanyId) -> bool {
        match self {
            Audience::Everyone => true,
            Audience::Companies { company_ids } => company_ids.contains(company),
            Audience::Segments { .. } => false,
        }
    }
}

/// One of the two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The people behind Gridlink.
    Desk,
    /// The partner.
    Partner,
}

/// Why an issue is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedBecause {
    /// The partner confirmed.
    Confirmed,
    /// The time for an answer has passed.
    NoAnswer,
    /// The desk decided.
    Decided,
}

impl fmt::Display for ClosedBecause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ClosedBecause::Confirmed => "the partner confirmed",
            ClosedBecause::NoAnswer => "nobody answered in time",
            ClosedBecause::Decided => "the desk decided",
        })
    }
}

/// A moment: milliseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since 1970.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970, rounded down.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This much later; stays at the last moment rather than overflow.
    pub fn after(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_add(millis))
    }

    /// This much earlier; not before 1970.
    pub fn before(self, duration: std::time::Duration) -> Self {
        let millis = i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self(self.0.saturating_sub(millis).max(0))
    }

    /// How long until `later`; zero when it is past.
    pub fn until(self, later: Timestamp) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }

    /// Parses an RFC 3339 time, for example `2026-11-22T10:00:00Z`.
    ///
    /// # Errors
    /// When the text is not such a time.
    pub fn parse_rfc3339(text: &str) -> Result<Self, Malformed> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| Malformed {
            what: "a time",
            wanted: "an RFC 3339 time such as 2026-11-22T10:00:00Z",
        })?;
        let millis = moment.unix_timestamp_nanos() / 1_000_000;
        Ok(Self(i64::try_from(millis).unwrap_or(i64::MAX)))
    }

    fn moment(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }

    /// Parses the form of ServiceNow's date-time fields, UTC: `2026-11-22 10:00:00`.
    ///
    /// # Errors
    /// When the text is not such a time.
    pub fn parse_servicenow(text: &str) -> Result<Self, Malformed> {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        let moment = time::PrimitiveDateTime::parse(text, &format).map_err(|_| Malformed {
            what: "a time of ServiceNow",
            wanted: "a time such as 2026-11-22 10:00:00",
        })?;
        Ok(Self(moment.assume_utc().unix_timestamp().saturating_mul(1000)))
    }

    /// The form of ServiceNow's date-time fields, UTC: `2026-11-22 10:00:00`.
    pub fn servicenow(self) -> String {
        let format = time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
        self.moment().format(&format).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 with milliseconds, UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format =
            time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
        f.write_str(&self.moment().format(&format).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chosen_sys_id_is_stable_and_differs_by_every_part() {
        let deployment: DeploymentId = "acme".parse().unwrap();
        let subject = Subject::issue(&"GC1".parse().unwrap(), &"ISS-1".parse().unwrap());
        let id = SysId::chosen(&deployment, &subject, &LinkKey::case());
        insta::assert_snapshot!(id, @"a3d911b2e30132ebe35c2ddfb2cf852a");
        let other = Subject::issue(&"GC1".parse().unwrap(), &"ISS-11".parse().unwrap());
        assert_ne!(id, SysId::chosen(&deployment, &other, &LinkKey::case()));
        assert_ne!(id, SysId::chosen(&"acme2".parse().unwrap(), &subject, &LinkKey::case()));
        let follow_up = LinkKey::follow_up(&"s".parse().unwrap(), &"e".parse().unwrap());
        assert_ne!(id, SysId::chosen(&deployment, &subject, &follow_up));
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest_of(&["ab", "c"]), digest_of(&["a", "bc"]));
        assert_ne!(digest_of(&["a", ""]), digest_of(&["a"]));
    }

    #[test]
    fn identifiers_refuse_what_could_steer_a_query_or_a_path() {
        for hostile in ["", "a^b", "a/b", "a b", "a\n", "javascript:x", "ä", "a,b", "a@b"] {
            assert!(hostile.parse::<IssueId>().is_err(), "{hostile:?}");
        }
        assert!("ISS-1.a_b".parse::<IssueId>().is_ok());
        assert!("x".repeat(65).parse::<IssueId>().is_err());
    }

    #[test]
    fn times_read_and_write() {
        let time = Timestamp::parse_rfc3339("2026-11-22T10:00:00.25+01:00").unwrap();
        assert_eq!(time.to_string(), "2026-11-22T09:00:00.250Z");
        assert_eq!(time.servicenow(), "2026-11-22 09:00:00");
        let second = Timestamp::from_millis(time.seconds() * 1000);
        assert_eq!(Timestamp::parse_servicenow("2026-11-22 09:00:00"), Ok(second));
        for other in [
            "",
            "2026-11-22",
            "2026-11-22T09:00:00Z",
            "2026-13-22 09:00:00",
            "2026-11-22 09:00:00 ",
        ] {
            assert!(Timestamp::parse_servicenow(other).is_err(), "{other:?}");
        }
        assert!(Timestamp::parse_rfc3339("yesterday").is_err());
    }

    #[test]
    fn the_link_of_a_task_gives_back_what_it_is_about() {
        for wish in [
            WishId::Message("MSG-1.2".parse().unwrap()),
            WishId::Request("REQ-9".parse().unwrap()),
        ] {
            let link: LinkKey = LinkKey::of_thread(&wish).to_string().parse().unwrap();
            assert_eq!(link.wish(), Some(wish));
        }
        assert_eq!(LinkKey::case().wish(), None);
    }

    #[test]
    fn an_issue_subject_gives_back_its_parts() {
        let subject: Subject = "issues/GC1/ISS-1".to_owned().try_into().unwrap();
        let (company, issue) = subject.as_issue().unwrap();
        assert_eq!((company.as_str(), issue.as_str()), ("GC1", "ISS-1"));
        assert_eq!(subject.as_thread(), None);
        assert!(Subject::try_from("issues//x".to_owned()).is_err());
        assert!(Subject::try_from("issues/a/b/c".to_owned()).is_err());
    }
}
