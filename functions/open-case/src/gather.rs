//! The facts of `open-case`: the only part of it that awaits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{CompanyId, IssueId, SysId, TableName};
use shared::event::{Data, Document, Event, Issue};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{Mode, WhenFinished};
use shared::servicenow::{Row, Select};
use shared::store::{Link, LinkState, documents_taken, reference_key};
use shared::trading_grid;

use crate::{Content, Facts, Kind, Linked, Place};

/// An issue that the community does not have yet is waited for this long.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// The most articles that are named to a partner at once.
const MOST_SUGGESTED: usize = 5;
/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

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
            let linked = linked(clients, situation, event, link, &company, &issue_id).await?;
            Place::Linked(Box::new(linked))
        }
        unfinished => {
            let issue = match &event.data {
                Data::IssueOpened(issue) => (**issue).clone(),
                _ => fetch(clients, situation, &company, &issue_id).await?,
            };
            // An earlier intent has frozen the table: the record may exist there.
            let frozen = unfinished.map(|link| link.record.table);
            let content = content(clients, issue, frozen).await?;
            let content = with_group(clients, content).await?;
            let kind = kind(clients, &content).await?;
            Place::Nowhere(Box::new(Content { kind, ..content }))
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
    mut link: Link,
    company: &CompanyId,
    issue_id: &IssueId,
) -> Result<Linked, Failure> {
    let row = row(clients, &link).await?;
    let moved = moved_to(clients, &link, &row).await?;
    let has_moved = moved.is_some();
    if let Some(table) = moved {
        link.record.table = table;
    }
    let is_continued = clients
        .mapping
        .table(&link.record.table)
        .and_then(|rule| rule.finished.get(row.text("state")))
        .is_some_and(|what| *what == WhenFinished::New);
    let content = match &event.data {
        Data::IssueUpdated(_)
        | Data::IssueCommented(_)
        | Data::DocumentShared(_)
        | Data::ClosureDisputed(_)
        | Data::IssueEscalated(_)
        | Data::WorkspaceMessage(_)
            if is_continued =>
        {
            let content = content(clients, fetch(clients, situation, company, issue_id).await?, None).await?;
            Some(with_group(clients, content).await?)
        }
        Data::IssueUpdated(_) => {
            Some(content(clients, fetch(clients, situation, company, issue_id).await?, None).await?)
        }
        Data::IssueOpened(_)
        | Data::IssueCommented(_)
        | Data::DocumentShared(_)
        | Data::ClosureConfirmed(_)
        | Data::ClosureDisputed(_)
        | Data::IssueEscalated(_)
        | Data::IssueDeEscalated(_)
        | Data::WorkspaceMessage(_)
        | Data::MilestoneChanged(_)
        | Data::RecordChanged(_)
        | Data::ClosureDue(_)
        | Data::IssueParked(_)
        | Data::TaskOverdue(_)
        | Data::EscalationAsked(_)
        | Data::Exchange(_)
        | Data::Thread(_)
        | Data::ArticleChanged(_)
        | Data::DraftAsked(_)
        | Data::IssueOfKind(_)
        | Data::ArticleFeedback(_)
        | Data::Request(_)
        | Data::Unknown => None,
    };
    let partner_name = match (&content, &event.data) {
        (Some(content), _) => content.partner_name.clone(),
        (
            None,
            Data::IssueCommented(_)
            | Data::ClosureConfirmed(_)
            | Data::ClosureDisputed(_)
            | Data::IssueEscalated(_)
            | Data::IssueDeEscalated(_)
            | Data::WorkspaceMessage(_),
        ) => name_of(clients, &link, company).await?,
        (None, _) => company.to_string(),
    };
    let documents_before = match &event.data {
        Data::DocumentShared(shared) => documents_before(clients, situation, &link, &shared.document).await?,
        Data::IssueOpened(_)
        | Data::IssueUpdated(_)
        | Data::IssueCommented(_)
        | Data::ClosureConfirmed(_)
        | Data::ClosureDisputed(_)
        | Data::IssueEscalated(_)
        | Data::IssueDeEscalated(_)
        | Data::WorkspaceMessage(_)
        | Data::MilestoneChanged(_)
        | Data::RecordChanged(_)
        | Data::ClosureDue(_)
        | Data::IssueParked(_)
        | Data::TaskOverdue(_)
        | Data::EscalationAsked(_)
        | Data::Exchange(_)
        | Data::Thread(_)
        | Data::ArticleChanged(_)
        | Data::DraftAsked(_)
        | Data::IssueOfKind(_)
        | Data::ArticleFeedback(_)
        | Data::Request(_)
        | Data::Unknown => 0,
    };
    Ok(Linked {
        link,
        has_moved,
        row,
        content,
        partner_name,
        documents_before,
    })
}

/// The table in which the record is now, when it is no longer in that of its link: somebody changed its class.
async fn moved_to(clients: &Clients, link: &Link, row: &Row) -> Result<Option<TableName>, Failure> {
    let class = row.text("sys_class_name").parse::<TableName>().ok();
    let Some(class) = class.filter(|class| *class != link.record.table) else {
        return Ok(None);
    };
    // A class that extends the table of the link leaves it where it was.
    let (table, sys_id) = (&link.record.table, &link.record.sys_id);
    let is_there = clients
        .servicenow
        .read(table, sys_id, &Select::default())
        .await?
        .is_some();
    Ok((!is_there).then_some(class))
}

/// The record as it is: its state, and the fields that a decision may set.
async fn row(clients: &Clients, link: &Link) -> Result<Row, Failure> {
    let mut fields = BTreeSet::from(["sys_id", "sys_class_name", "number", "state", "correlation_id"]);
    fields.extend(link.base.keys().map(String::as_str));
    let rule = clients.mapping.table(&link.record.table);
    fields.extend(
        rule.into_iter()
            .flat_map(|rule| rule.reopen.keys().chain(rule.close.keys()).map(TableName::as_str)),
    );
    let fields = fields.into_iter().collect::<Vec<_>>();
    let row = clients.servicenow.task(&link.record.sys_id, &fields).await?;
    row.ok_or_else(|| {
        Failure::permanent(
            anyhow!("{} is gone or hidden from the integration user", link.number),
            "restore the record or its read access and replay, or dismiss the entry",
        )
    })
}

/// The partner's name for people; its company id where ServiceNow has no clear answer.
async fn name_of(clients: &Clients, link: &Link, company: &CompanyId) -> Result<String, Failure> {
    let Some(rule) = clients.mapping.table(&link.record.table) else {
        return Ok(company.to_string());
    };
    clients.partner_name(&rule.partner, company).await
}

/// How many documents the issue has brought before this one; a document that was taken before is
/// not counted against itself.
async fn documents_before(
    clients: &Clients,
    situation: &Situation,
    link: &Link,
    document: &Document,
) -> Result<usize, Failure> {
    let ledger = clients.store.ledger(&situation.subject).await?;
    let this = reference_key(&link.record.sys_id, &document.attached_as());
    Ok(documents_taken(&ledger, &BTreeSet::from([this])))
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
        .map_err(trading_grid::Error::into_failure)?;
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

/// What a record of a table would be made with of an issue as it is now; nothing of a partner or group that the
/// mapping would not set.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn fields_of(
    clients: &Clients,
    issue: Issue,
    table: &TableName,
) -> Result<BTreeMap<String, String>, Failure> {
    let content = content(clients, issue, Some(table.clone())).await?;
    Ok(crate::decide::fields_of(&with_group(clients, content).await?))
}

/// Routes the issue and finds the partner that its table refers to. `frozen` is the table of an
/// earlier intent, which counts more than the route's.
async fn content(clients: &Clients, issue: Issue, frozen: Option<TableName>) -> Result<Content, Failure> {
    let route = |partner: &str| {
        let mut routed = clients
            .mapping
            .route(&issue, partner)
            .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
        if let Some(table) = &frozen {
            routed.table = table.clone();
            let rule = clients.mapping.table(table);
            routed.partner_field = rule.map(|rule| rule.partner.field.to_string());
        }
        Ok::<_, Failure>(routed)
    };
    let company = issue.company_id.clone();
    let first = route(company.as_str())?;
    if first.mode == Mode::Off {
        return Ok(Content {
            issue,
            routed: first,
            is_critical: false,
            partner: None,
            partner_name: company.to_string(),
            group: None,
            kind: None,
        });
    }
    let (mut partner, partner_name) = partner(clients, &first.table, &company).await?;
    let routed = route(&partner_name)?;
    // A condition may ask for the partner's name.
    if routed.table != first.table {
        (partner, _) = self::partner(clients, &routed.table, &company).await?;
    }
    let is_critical = clients.mapping.is_critical(&issue, &partner_name);
    Ok(Content {
        is_critical: is_critical.map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?,
        issue,
        routed,
        partner,
        partner_name,
        group: None,
        kind: None,
    })
}

/// The partner and its name, as the records of a table refer to it.
async fn partner(
    clients: &Clients,
    table: &TableName,
    company: &CompanyId,
) -> Result<(Option<SysId>, String), Failure> {
    let rule = clients
        .mapping
        .table(table)
        .ok_or_else(|| Failure::permanent(anyhow!("{table} has no rule"), CORRECT_THE_MAPPING))?;
    clients.partner_of_record(&rule.partner, company).await
}

/// The kind of problem of a new issue, and what its partner may read about it.
async fn kind(clients: &Clients, content: &Content) -> Result<Option<Kind>, Failure> {
    if content.routed.mode == Mode::Off {
        return Ok(None);
    }
    let mapping = &clients.mapping;
    let kind = mapping.kind(&content.issue, &content.partner_name);
    let name = kind.map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let mut articles = match mapping.suggestions(&name) {
        Some(_) => clients.store.articles_about(&name).await?,
        None => Vec::new(),
    };
    articles.retain(|(_, listed)| listed.audience.has(&content.issue.company_id));
    articles.truncate(MOST_SUGGESTED);
    Ok(Some(Kind { name, articles }))
}

/// Finds the group that a new record goes to.
async fn with_group(clients: &Clients, content: Content) -> Result<Content, Failure> {
    let group = match content.routed.mode {
        Mode::Off => None,
        Mode::On | Mode::Shadow => Some(clients.group(&content.routed.assignment_group).await?),
    };
    Ok(Content { group, ..content })
}
