//! Issues: what a partner raised, and what the desk says about it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Collaboration;
use super::call::{Call, Reply};
use super::closure::Closure;
use super::contract::Body;
use super::documents::Upload;
use super::escalation::Escalation;
use super::place::{MAX_ENTRIES, supersedes, takes_another};
use super::wire::{Author, Comment, DocumentRef, ExpectedAction, Origin, Stamp, joined, marks, to_json};
use crate::trading_grid::problems::{Kind, Problem};
use crate::trading_grid::state::key;

/// As many as an issue shows; all of them are a list of their own.
const SHOWN_COMMENTS: usize = 50;

/// An issue to open; the JSON of `POST /_world/issues`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueSeed {
    pub company_id: String,
    pub issue_id: String,
    /// `transaction`, `document` or `compliance`.
    #[serde(default = "transaction")]
    pub kind: String,
    pub category: String,
    #[serde(default = "medium")]
    pub priority: String,
    pub summary: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default = "a_user")]
    pub author: Author,
    #[serde(default)]
    pub transaction_ref: Option<Value>,
    /// Ids of documents of the same company.
    #[serde(default)]
    pub documents: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issue {
    pub(crate) issue_id: String,
    pub(crate) company_id: String,
    /// Counts every change, whoever makes it.
    pub(crate) version: u64,
    pub(crate) kind: String,
    pub(crate) category: String,
    pub(crate) priority: String,
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_ref: Option<Value>,
    pub(crate) documents: Vec<DocumentRef>,
    pub(crate) status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_report: Option<Status>,
    #[serde(skip)]
    pub(crate) comments: Vec<Comment>,
    #[serde(skip)]
    pub(crate) closure: Option<Closure>,
    #[serde(skip)]
    pub(crate) escalation: Option<Escalation>,
}

/// What a report said, and when it came.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Status {
    version: u64,
    state: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_action: Option<ExpectedAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    case_number: Option<String>,
    #[serde(default)]
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let issue = world.issue(call.id(1), call.id(2))?;
    Ok(Reply::ok(&world.shown(issue)))
}

pub(crate) fn report_status(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Status = call.json(Body::StatusReport)?;
    let issue = world.issue_mut(call.id(1), call.id(2))?;
    supersedes(
        issue.status_report.as_ref().map(|status| status.version),
        report.version,
    )?;
    let status = Status {
        received_at: stamp.at.clone(),
        origin: stamp.origin.clone(),
        ..report
    };
    issue.version += 1;
    issue.status.clone_from(&status.state);
    issue.status_report = Some(status.clone());
    Ok(Reply::ok(&status))
}

pub(crate) fn share_document(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let (company, issue) = (call.id(1), call.id(2));
    let found = world.issue(company, issue)?;
    let upload = Upload::of(world, call)?;
    found.is_open()?;
    takes_another(found.documents.len())?;
    let document = world.store(company, upload, stamp.origin.clone());
    world.attach(company, issue, document.clone(), None, stamp)?;
    Ok(Reply::created(&document))
}

impl Collaboration {
    pub(crate) fn issue(&self, company: &str, issue: &str) -> Result<&Issue, Problem> {
        self.issues.get(&key(company, issue)).ok_or_else(Problem::not_found)
    }

    pub(crate) fn issue_mut(&mut self, company: &str, issue: &str) -> Result<&mut Issue, Problem> {
        self.issues.get_mut(&key(company, issue)).ok_or_else(Problem::not_found)
    }

    /// The issue as the contract gives it.
    pub(crate) fn shown(&self, issue: &Issue) -> Value {
        let is_its = |thread: &&super::threads::Thread| {
            thread.company_id == issue.company_id && thread.issue_id.as_ref() == Some(&issue.issue_id)
        };
        let threads: Vec<&str> = self
            .threads
            .values()
            .filter(is_its)
            .map(|thread| thread.thread_id.as_str())
            .take(MAX_ENTRIES)
            .collect();
        let first = issue.comments.len().saturating_sub(SHOWN_COMMENTS);
        let more = json!({
            "isEscalated": issue.escalation.as_ref().is_some_and(Escalation::is_open),
            "threadIds": threads,
            "comments": issue.comments.get(first..),
        });
        joined(to_json(issue), more)
    }

    pub(crate) fn open_issue(&mut self, seed: IssueSeed, stamp: &Stamp) -> Result<Value, Problem> {
        let key = key(&seed.company_id, &seed.issue_id);
        if self.issues.contains_key(&key) {
            let detail = format!("{} has an issue {} already", seed.company_id, seed.issue_id);
            return Err(Problem::new(Kind::ResourceClosed, detail));
        }
        let references = seed.documents.iter().map(|id| {
            let found = self.document(&seed.company_id, id);
            found.map(|document| document.reference.clone())
        });
        let documents = references.collect::<Result<Vec<DocumentRef>, Problem>>()?;
        let issue = Issue {
            issue_id: seed.issue_id,
            company_id: seed.company_id,
            version: 1,
            kind: seed.kind,
            category: seed.category,
            priority: seed.priority,
            summary: seed.summary,
            description: seed.description,
            author: seed.author,
            transaction_ref: seed.transaction_ref,
            documents,
            status: "open".to_owned(),
            status_report: None,
            comments: Vec::new(),
            closure: None,
            escalation: None,
        };
        let mut data = to_json(&issue);
        if let Some(members) = data.as_object_mut() {
            members.remove("status");
        }
        self.feed
            .tell(&issue.company_id, "issue.opened", issue.subject(), stamp, data.clone());
        self.issues.insert(key, issue);
        Ok(data)
    }

    /// Shares a stored document on the issue and tells of it; gives the version.
    pub(crate) fn attach(
        &mut self,
        company: &str,
        issue: &str,
        document: DocumentRef,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<u64, Problem> {
        let found = self.issue_mut(company, issue)?;
        found.is_open()?;
        takes_another(found.documents.len())?;
        found.version += 1;
        found.documents.push(document.clone());
        let version = found.version;
        let data = json!({ "document": document });
        self.tell_of_issue(company, issue, "issue.document-shared", author, stamp, data)?;
        Ok(version)
    }

    /// Tells what happened on an issue: its ids and version, who did it, and `data`.
    ///
    /// What a client of the contract wrote is told only where a guess says so.
    pub(crate) fn tell_of_issue(
        &mut self,
        company: &str,
        issue: &str,
        kind: &str,
        author: Option<&Author>,
        stamp: &Stamp,
        data: Value,
    ) -> Result<(), Problem> {
        if !self.is_told(stamp) {
            return Ok(());
        }
        let found = self.issue(company, issue)?;
        let head = json!({ "issueId": found.issue_id, "companyId": found.company_id, "version": found.version });
        let data = joined(joined(head, marks(author, stamp.origin.as_ref())), data);
        let subject = found.subject();
        self.feed.tell(company, kind, subject, stamp, data);
        Ok(())
    }
}

impl Issue {
    /// A closed issue takes no more, until a status report opens it again.
    pub(crate) fn is_open(&self) -> Result<(), Problem> {
        if self.status == "closed" {
            return Err(Problem::new(Kind::ResourceClosed, "The issue is closed."));
        }
        Ok(())
    }

    pub(crate) fn subject(&self) -> String {
        format!("issues/{}/{}", self.company_id, self.issue_id)
    }
}

impl IssueSeed {
    /// An issue of kind `transaction` and priority `medium` without documents.
    pub fn new(company_id: &str, issue_id: &str, category: &str, summary: &str) -> IssueSeed {
        IssueSeed {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            kind: transaction(),
            category: category.to_owned(),
            priority: medium(),
            summary: summary.to_owned(),
            description: None,
            author: a_user(),
            transaction_ref: None,
            documents: Vec::new(),
        }
    }
}

fn transaction() -> String {
    "transaction".to_owned()
}

fn medium() -> String {
    "medium".to_owned()
}

fn a_user() -> Author {
    Author {
        user_id: "GCP4N8W225D07".to_owned(),
        name: "Dana Whitfield".to_owned(),
    }
}
