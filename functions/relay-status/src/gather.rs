//! The facts of `relay-status`: the only part of it that awaits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{IssueState, SysId, TableName};
use shared::effect::Status;
use shared::event::{ClosureDue, Data, Event, RecordChange};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::AgentNames;
use shared::messages::PublicComment;
use shared::servicenow::{Entry, Row, Select};
use shared::store::{Claim, ClaimKind, Link};
use shared::trading_grid;
use shared::trading_grid::collaboration::Closure;

use crate::{Asking, Due, Escalation, Facts, Found, Place};

/// How much earlier than the last read entry the journal is read again: what took so long to
/// commit, and clocks that differ.
const OVERLAP: Duration = Duration::from_secs(600);
/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let place = match &event.data {
        Data::RecordChanged(change) => match link(clients, situation, change.sys_id()).await? {
            Some(link) => place(clients, situation, change, link).await?,
            None => Place::Nowhere,
        },
        Data::ClosureDue(due) if situation.now < due.due_at => return Err(Failure::Early { until: due.due_at }),
        Data::ClosureDue(due) => match link(clients, situation, &due.sys_id).await? {
            Some(link) => at_the_end(clients, situation, due, link).await?,
            None => Place::Nowhere,
        },
        _ => {
            let cause = anyhow!("{} is no news of a record", event.kind);
            return Err(Failure::permanent(cause, "dismiss the entry"));
        }
    };
    Ok(Facts {
        number: u64::try_from(situation.number).unwrap_or(0),
        place,
    })
}

/// The link of the record that the event is about.
async fn link(clients: &Clients, situation: &Situation, sys_id: &SysId) -> Result<Option<Link>, Failure> {
    if let Some(link) = &situation.link
        && link.record.sys_id == *sys_id
    {
        return Ok(Some(link.clone()));
    }
    match clients.store.back(sys_id).await? {
        Some((subject, key)) if subject == situation.subject => Ok(clients.store.link(&subject, &key).await?),
        Some(_) | None => Ok(None),
    }
}

async fn place(clients: &Clients, situation: &Situation, change: &RecordChange, link: Link) -> Result<Place, Failure> {
    if change.is_deletion() {
        return Ok(Place::Gone(Box::new(link)));
    }
    let Some(row) = row(clients, &link).await? else {
        return Ok(Place::Gone(Box::new(link)));
    };
    let since = link.journal_at.unwrap_or(link.intent_at);
    let entries = clients.servicenow.entries(&link.record.sys_id, since, OVERLAP).await?;
    let mut public = entries.into_iter().filter_map(Entry::public).collect::<Vec<_>>();
    let ledger = match public.is_empty() {
        true => Vec::new(),
        false => clients.store.ledger(&situation.subject).await?,
    };
    public.retain(|comment| !is_known(&ledger, &comment.sys_id));
    let mut comments = Vec::new();
    for comment in public {
        let name = name_of(clients, &comment).await?;
        comments.push((comment, name));
    }
    let table = &link.record.table;
    let status = clients
        .mapping
        .status(
            table,
            row.text("number"),
            &values(clients.mapping.status_fields(table), &row),
        )
        .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let is_critical = clients
        .mapping
        .is_escalated(table, &values(clients.mapping.escalation_fields(table), &row))
        .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let updated = row.time("sys_updated_on").unwrap_or(situation.now);
    // The first link names the record that stands for the issue now.
    let current = situation.link.as_ref().and_then(|first| first.continued_by.clone());
    let continued_by = current.filter(|key| *key != link.record.link);
    let asking = match continued_by {
        None => asking(clients, situation, status.as_ref()).await?,
        Some(_) => None,
    };
    let first = situation.link.as_ref();
    Ok(Place::Found(Box::new(Found {
        asking,
        escalation: Escalation {
            under_way: first.and_then(|first| first.escalated.clone()),
            was_critical: first.is_some_and(|first| first.is_critical),
            is_critical,
        },
        link,
        continued_by,
        updated,
        status,
        comments,
        ledger,
    })))
}

/// The stored values of these fields.
fn values<'a>(fields: impl Iterator<Item = &'a str>, row: &Row) -> BTreeMap<String, String> {
    fields
        .map(|field| (field.to_owned(), row.text(field).to_owned()))
        .collect()
}

/// What is known of a question about closing: asked of the community only for a record that is resolved,
/// or whose partner was asked. An issue has one question, whichever record stands for it: its first link
/// keeps it.
async fn asking(clients: &Clients, situation: &Situation, status: Option<&Status>) -> Result<Option<Asking>, Failure> {
    let rule = clients.mapping.closure;
    let Some(link) = &situation.link else { return Ok(None) };
    let is_resolved = status.is_some_and(|status| status.state == IssueState::Resolved);
    if link.asked.is_none() && !(is_resolved && rule.is_some()) {
        return Ok(None);
    }
    Ok(Some(Asking {
        now: situation.now,
        until: rule.map(|rule| situation.now.after(rule.patience())),
        closure: closure(clients, situation).await?,
        asked: link.asked,
        disputed: link.disputed,
    }))
}

async fn closure(clients: &Clients, situation: &Situation) -> Result<Option<Closure>, Failure> {
    let Some((company, issue)) = situation.subject.as_issue() else {
        return Ok(None);
    };
    clients
        .community
        .closure(&company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)
}

/// How the record and its question stand when the time for an answer is over.
async fn at_the_end(clients: &Clients, situation: &Situation, due: &ClosureDue, link: Link) -> Result<Place, Failure> {
    let Some(rule) = clients.mapping.table(&link.record.table) else {
        return Ok(Place::Nowhere);
    };
    let mut fields = BTreeSet::from(["sys_id", "state"]);
    fields.extend(rule.close.keys().map(TableName::as_str));
    let fields = fields.into_iter().collect::<Vec<_>>();
    let Some(row) = clients.servicenow.task(&link.record.sys_id, &fields).await? else {
        return Ok(Place::Gone(Box::new(link)));
    };
    let close = rule.is_resolved(row.text("state")).then(|| row.changes_to(&rule.close));
    Ok(Place::Due(Box::new(Due {
        version: due.closure_version,
        closure: closure(clients, situation).await?,
        link,
        close,
    })))
}

/// Whether an entry was told before, or is known as our own.
fn is_known(ledger: &[Claim], entry: &SysId) -> bool {
    let is_of_a_record = |claim: &&Claim| matches!(claim.kind, ClaimKind::Journal | ClaimKind::Relayed);
    ledger.iter().filter(is_of_a_record).any(|claim| claim.led_to(entry))
}

/// The record as it is.
async fn row(clients: &Clients, link: &Link) -> Result<Option<Row>, Failure> {
    let mut fields = BTreeSet::from(["sys_id", "number", "sys_updated_on"]);
    fields.extend(clients.mapping.status_fields(&link.record.table));
    fields.extend(clients.mapping.escalation_fields(&link.record.table));
    let select = Select::named(&fields).map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    Ok(clients
        .servicenow
        .read(&link.record.table, &link.record.sys_id, &select)
        .await?)
}

/// The public name of a comment's author, by the mapping's rule.
async fn name_of(clients: &Clients, comment: &PublicComment) -> Result<String, Failure> {
    let desk = &clients.mapping.desk;
    let desk_name = || desk.name.trim().to_owned();
    let (Some(login), AgentNames::First | AgentNames::Full) = (&comment.login, desk.agents) else {
        return Ok(desk_name());
    };
    let Some(name) = clients.agent(login).await? else {
        return Ok(desk_name());
    };
    Ok(match desk.agents {
        AgentNames::First => name.split_whitespace().next().map_or_else(desk_name, str::to_owned),
        AgentNames::Full | AgentNames::Hidden => name,
    })
}
