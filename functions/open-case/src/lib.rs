//! A partner issue becomes a ServiceNow case or incident, and what the partner adds later goes to
//! the same record.
//!
//! Whatever event of an issue comes first makes the record: an `opened` that was lost or overtaken
//! is made up for by reading the issue from the community. A record that was finished meanwhile is
//! opened again or continued by a new one, as the mapping says; it is never changed in silence.

mod decide;

use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{CompanyId, DeploymentId, IssueId, Subject, SysId};
use shared::event::{Data, Event, Issue};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{Mapping, Mode, Routed, UnknownPartner, WhenFinished};
use shared::servicenow::Row;
use shared::store::{Link, LinkState};
use shared::trading_grid::collaboration;

pub use decide::decide;

/// An issue that the community does not have yet is waited for this long.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

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
    Nowhere(Content),
    /// It has a record.
    Linked {
        /// The record that the issue stands in now.
        link: Link,
        /// The record as it is.
        row: Row,
        /// What a new value or a follow-up is made of; read only where it is needed.
        content: Option<Content>,
        /// Attachments and entries that the issue brought to its records so far.
        written: usize,
    },
}

/// What a record is made of.
pub struct Content {
    /// The issue as its partner sees it.
    pub issue: Issue,
    /// What the mapping says.
    pub routed: Routed,
    /// The partner in ServiceNow; absent where the mapping accepts unknown ones.
    pub partner: Option<SysId>,
    /// The partner's name.
    pub partner_name: String,
    /// The group that works on it; absent where nothing will be made.
    pub group: Option<SysId>,
}

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let (company, issue_id) = situation
        .subject
        .as_issue()
        .ok_or_else(|| Failure::permanent(anyhow!("{} is not an issue", situation.subject), "dismiss the entry"))?;
    let link = match &situation.link {
        Some(Link {
            continued_by: Some(key),
            ..
        }) => clients.store.link(&situation.subject, key).await?,
        link => link.clone(),
    };
    let place = match link {
        Some(link) if link.state == LinkState::Linked => {
            linked(clients, situation, event, link, &company, &issue_id).await?
        }
        unfinished => {
            let issue = match &event.data {
                Data::IssueOpened(issue) => issue.clone(),
                _ => fetch(clients, situation, &company, &issue_id).await?,
            };
            let mut content = content(clients, issue).await?;
            if let Some(link) = unfinished {
                // An earlier intent has frozen the table: the record may exist there.
                content.routed.table = link.record.table;
            }
            Place::Nowhere(content)
        }
    };
    Ok(Facts {
        mapping: Arc::clone(&clients.mapping),
        deployment: clients.store.deployment().clone(),
        subject: situation.subject.clone(),
        place,
    })
}

async fn linked(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    link: Link,
    company: &CompanyId,
    issue_id: &IssueId,
) -> Result<Place, Failure> {
    let mut fields = vec!["sys_id", "number", "state", "correlation_id"];
    fields.extend(link.base.keys().map(String::as_str).filter(|field| *field != "state"));
    let row = clients.servicenow.task(&link.record.sys_id, &fields).await?;
    let row = row.ok_or_else(|| {
        Failure::permanent(
            anyhow!("{} is gone or hidden from the integration user", link.number),
            "restore the record or its read access and replay, or dismiss the entry",
        )
    })?;
    let is_continued = clients
        .mapping
        .table(&link.record.table)
        .and_then(|rule| rule.finished.get(row.text("state")))
        .is_some_and(|what| *what == WhenFinished::New);
    let content = match &event.data {
        Data::IssueOpened(_) | Data::Unknown => None,
        Data::IssueUpdated(_) => Some(content(clients, fetch(clients, situation, company, issue_id).await?).await?),
        Data::IssueCommented(_) | Data::DocumentShared(_) if is_continued => {
            Some(content(clients, fetch(clients, situation, company, issue_id).await?).await?)
        }
        Data::IssueCommented(_) | Data::DocumentShared(_) => None,
    };
    let written = match &event.data {
        Data::DocumentShared(_) => clients.store.bound(&situation.subject).await?.len(),
        Data::IssueOpened(_) | Data::IssueUpdated(_) | Data::IssueCommented(_) | Data::Unknown => 0,
    };
    Ok(Place::Linked {
        link,
        row,
        content,
        written,
    })
}

/// The issue as the community has it now.
async fn fetch(
    clients: &Clients,
    situation: &Situation,
    company: &CompanyId,
    issue_id: &IssueId,
) -> Result<Issue, Failure> {
    let found = clients
        .community
        .issue(company, issue_id)
        .await
        .map_err(collaboration::Error::into_failure)?;
    match found {
        Some(issue) => Ok(issue),
        None if situation.now < situation.received_at.after(PATIENCE) => Err(Failure::Transient {
            cause: anyhow!("the community does not have the issue yet"),
            wait: None,
            unsent: true,
        }),
        None => Err(Failure::permanent(
            anyhow!("the community does not have the issue"),
            "find out whether the issue was removed, and replay or dismiss",
        )),
    }
}

/// Routes the issue and finds the partner and the group that the route needs.
async fn content(clients: &Clients, issue: Issue) -> Result<Content, Failure> {
    let unresolved = |error| Failure::permanent(error, "correct the mapping, deploy it, and replay");
    let company = issue.company_id.clone();
    let routed = clients.mapping.route(&issue, company.as_str()).map_err(unresolved)?;
    if routed.mode == Mode::Off {
        return Ok(Content {
            issue,
            routed,
            partner: None,
            partner_name: company.to_string(),
            group: None,
        });
    }
    let rule = clients.mapping.table(&routed.table).ok_or_else(|| {
        Failure::permanent(
            anyhow!("{} has no rule", routed.table),
            "correct the mapping and replay",
        )
    })?;
    let (partner, partner_name) = match clients.partner(&rule.partner, &company).await? {
        Some((id, name)) => (Some(id), name),
        None if clients.mapping.unknown_partner == UnknownPartner::Accept => (None, company.to_string()),
        None => {
            return Err(Failure::permanent(
                anyhow!(
                    "ServiceNow has no {} with {} = {company}",
                    rule.partner.table,
                    rule.partner.key
                ),
                format!("add {company} to {} and replay", rule.partner.table),
            ));
        }
    };
    let routed = clients.mapping.route(&issue, &partner_name).map_err(unresolved)?;
    let group = clients.group(&routed.assignment_group).await?;
    Ok(Content {
        issue,
        routed,
        partner,
        partner_name,
        group: Some(group),
    })
}
