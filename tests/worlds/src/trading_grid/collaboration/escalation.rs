//! The workspace of an issue that became critical.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::documents::Upload;
use super::milestones::Milestone;
use super::place::{Message, NewMessage, Place, supersedes};
use super::wire::{Author, DocumentRef, Origin, Side, Stamp, joined, to_json};
use crate::trading_grid::problems::{Kind, Problem};

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Escalation {
    issue_id: String,
    company_id: String,
    /// Of the last report; none while only the partner spoke.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lead_name: Option<String>,
    opened_at: String,
    opened_by: Side,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
    pub(super) milestones: Vec<Milestone>,
    #[serde(skip)]
    pub(crate) place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    Open,
    Ended,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    version: u64,
    state: State,
    label: Option<String>,
    reason: Option<String>,
    lead_name: Option<String>,
    #[serde(default)]
    joins: bool,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(&world.workspace(call.id(1), call.id(2))?.shown()))
}

pub(crate) fn report(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Report = call.json(Body::EscalationReport)?;
    let (company, issue) = (call.id(1), call.id(2));
    let found = world.issue(company, issue)?;
    supersedes(
        found.escalation.as_ref().and_then(|workspace| workspace.version),
        report.version,
    )?;
    if report.joins && report.state == State::Open {
        world.workspace(company, issue)?.takes_more()?;
    }
    let (version, reason) = (report.version, report.reason.clone());
    let desk = Author {
        user_id: String::new(),
        name: report.lead_name.clone().unwrap_or_else(|| "The desk".to_owned()),
    };
    match report.state {
        State::Open => world.open_workspace(company, issue, Side::Desk, reason, Some(&desk), stamp)?,
        State::Ended => world.end_workspace(company, issue, reason, Some(&desk), stamp)?,
    }
    let workspace = world.workspace_mut(company, issue)?;
    workspace.version = Some(version);
    workspace.label = report.label;
    workspace.lead_name = report.lead_name;
    workspace.origin.clone_from(&stamp.origin);
    Ok(Reply::ok(&workspace.shown()))
}

pub(crate) fn list_messages(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let workspace = world.workspace(call.id(1), call.id(2))?;
    Ok(Reply::ok(&call.page("m", &workspace.place.messages)?))
}

pub(crate) fn post_message(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let mut new: NewMessage = call.json(Body::NewMessage)?;
    let (company, issue) = (call.id(1), call.id(2));
    world.workspace(company, issue)?.takes_more()?;
    new.article_ids = world.readable_articles(&call.members, company, &new.article_ids, stamp)?;
    let message = world.post_to_workspace(company, issue, new, stamp)?;
    Ok(Reply::created(&message))
}

pub(crate) fn share_document(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let (company, issue) = (call.id(1), call.id(2));
    let workspace = world.workspace(company, issue)?;
    let upload = Upload::of(world, call)?;
    workspace.takes_more()?;
    workspace.place.takes_a_document()?;
    let document = world.store(company, upload, stamp.origin.clone());
    world.share_in_workspace(company, issue, document.clone(), None, stamp)?;
    Ok(Reply::created(&document))
}

impl Collaboration {
    pub(super) fn workspace(&self, company: &str, issue: &str) -> Result<&Escalation, Problem> {
        let issue = self.issue(company, issue)?;
        issue.escalation.as_ref().ok_or_else(Problem::not_found)
    }

    pub(super) fn workspace_mut(&mut self, company: &str, issue: &str) -> Result<&mut Escalation, Problem> {
        let issue = self.issue_mut(company, issue)?;
        issue.escalation.as_mut().ok_or_else(Problem::not_found)
    }

    /// Makes the workspace, or opens it again; one that is open is joined.
    pub(crate) fn open_workspace(
        &mut self,
        company: &str,
        issue: &str,
        by: Side,
        reason: Option<String>,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let found = self.issue_mut(company, issue)?;
        found.is_open()?;
        found.version += 1;
        let workspace = found.escalation.get_or_insert_with(|| Escalation {
            issue_id: issue.to_owned(),
            company_id: company.to_owned(),
            version: None,
            state: State::Ended,
            label: None,
            reason: None,
            lead_name: None,
            opened_at: stamp.at.clone(),
            opened_by: by,
            ended_at: None,
            milestones: Vec::new(),
            place: Place::default(),
            origin: None,
        });
        let was_open = workspace.is_open();
        workspace.state = State::Open;
        workspace.ended_at = None;
        workspace.reason = reason.clone().or(workspace.reason.take());
        if was_open {
            return Ok(());
        }
        let data = json!({ "reason": reason });
        self.tell_of_issue(company, issue, "issue.escalated", author, stamp, data)
    }

    pub(crate) fn end_workspace(
        &mut self,
        company: &str,
        issue: &str,
        reason: Option<String>,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let workspace = self.workspace_mut(company, issue)?;
        let was_open = workspace.is_open();
        workspace.state = State::Ended;
        workspace.ended_at.get_or_insert_with(|| stamp.at.clone());
        workspace.reason = reason.clone().or(workspace.reason.take());
        self.issue_mut(company, issue)?.version += 1;
        if !was_open {
            return Ok(());
        }
        let data = json!({ "reason": reason });
        self.tell_of_issue(company, issue, "issue.de-escalated", author, stamp, data)
    }

    pub(crate) fn post_to_workspace(
        &mut self,
        company: &str,
        issue: &str,
        new: NewMessage,
        stamp: &Stamp,
    ) -> Result<Message, Problem> {
        let id = self.next_id("msg");
        let author = new.author.clone();
        let workspace = self.workspace_mut(company, issue)?;
        workspace.takes_more()?;
        workspace.place.check(&new)?;
        let message = workspace.place.post(new, id, &stamp.at, stamp.origin.clone());
        self.issue_mut(company, issue)?.version += 1;
        let data = json!({ "message": message });
        let kind = "escalation.message-posted";
        self.tell_of_issue(company, issue, kind, Some(&author), stamp, data)?;
        Ok(message)
    }

    pub(crate) fn share_in_workspace(
        &mut self,
        company: &str,
        issue: &str,
        document: DocumentRef,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let workspace = self.workspace_mut(company, issue)?;
        workspace.takes_more()?;
        workspace.place.takes_a_document()?;
        workspace.place.documents.push(document.clone());
        self.issue_mut(company, issue)?.version += 1;
        let data = json!({ "document": document });
        self.tell_of_issue(company, issue, "escalation.document-shared", author, stamp, data)
    }
}

impl Escalation {
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(crate) fn shown(&self) -> Value {
        joined(to_json(self), json!({ "documents": self.place.documents }))
    }

    pub(super) fn milestone(&self, id: &str) -> Option<&Milestone> {
        self.milestones.iter().find(|milestone| milestone.milestone_id == id)
    }

    pub(super) fn takes_more(&self) -> Result<(), Problem> {
        if self.is_open() {
            return Ok(());
        }
        Err(Problem::new(Kind::ResourceClosed, "The workspace was ended."))
    }
}
