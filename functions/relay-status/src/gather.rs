//! The facts of `relay-status`: the only part of it that awaits.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{IssueState, LinkKey, Stream, SysId, TableName, Timestamp};
use shared::effect::Status;
use shared::event::{ClosureDue, Data, Event, IssueParked, RecordChange};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::AgentNames;
use shared::messages::{self, PublicComment};
use shared::servicenow::{Attachment, Entry, Row, Select};
use shared::store::{Claim, ClaimKind, ClaimState, Link, SETTLED_AFTER};
use shared::trading_grid;
use shared::trading_grid::collaboration::Closure;

use crate::decide::{SHARED_WITHIN, is_shared_already};
use crate::{Asking, Conversation, Due, Escalation, Facts, Found, Gone, Parked, Place, Said};

/// How much earlier than the last read entry the journal is read again: what took so long to
/// commit, and clocks that differ.
pub const OVERLAP: Duration = Duration::from_secs(600);
/// When it is looked again whether something that goes on is parked once more.
const LOOK_AGAIN: Duration = Duration::from_secs(600);
/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let place = match &event.data {
        Data::RecordChanged(change) => match link(clients, situation, change.sys_id()).await? {
            Some(link) => place(clients, situation, event, change, link).await?,
            None => Place::Nowhere,
        },
        Data::ClosureDue(due) if situation.now < due.due_at => return Err(Failure::Early { until: due.due_at }),
        Data::ClosureDue(due) => match link(clients, situation, &due.sys_id).await? {
            Some(link) => at_the_end(clients, situation, due, link).await?,
            None => Place::Nowhere,
        },
        Data::IssueParked(parked) if situation.now < parked.due_at => {
            return Err(Failure::Early { until: parked.due_at });
        }
        Data::IssueParked(parked) => is_parked(clients, situation, parked).await?,
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

async fn place(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    change: &RecordChange,
    mut link: Link,
) -> Result<Place, Failure> {
    let fields = |table: &TableName| {
        let mapping = &clients.mapping;
        let fields = mapping.status_fields(table).chain(mapping.escalation_fields(table));
        fields.chain(mapping.draft_fields(table)).map(str::to_owned).collect()
    };
    let Some((row, has_moved)) = read(clients, &mut link, fields).await? else {
        let deleted = change.is_deletion().then_some(event.time);
        return gone(clients, situation, link, deleted).await;
    };
    let conversation = conversation(clients, situation, event, change, &link).await?;
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
    let draft_rule = clients
        .mapping
        .draft_rule(table, &values(clients.mapping.draft_fields(table), &row))
        .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let draft_rule = draft_rule.map(|rule| rule.name.clone());
    let updated = row.time("sys_updated_on").unwrap_or(situation.now);
    let continued_by = continued_by(situation, &link);
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
        has_moved,
        continued_by,
        draft_rule,
        updated,
        status,
        conversation,
    })))
}

/// A record as it is, and whether it has come to another table: its link follows it there. `fields` names
/// what is read of it in a table, beside its number and when it last changed.
///
/// # Errors
/// When ServiceNow gives no clear answer.
pub async fn read(
    clients: &Clients,
    link: &mut Link,
    fields: impl Fn(&TableName) -> BTreeSet<String>,
) -> Result<Option<(Row, bool)>, Failure> {
    if let Some(row) = row(clients, link, fields(&link.record.table)).await? {
        return Ok(Some((row, false)));
    }
    let Some(class) = class_of(clients, link).await? else {
        return Ok(None);
    };
    let has_moved = class != link.record.table;
    link.record.table = class;
    let row = row(clients, link, fields(&link.record.table)).await?;
    Ok(row.map(|row| (row, has_moved)))
}

/// What is said on a record for the partner.
///
/// # Errors
/// When a fact cannot be had now.
pub async fn conversation(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    change: &RecordChange,
    link: &Link,
) -> Result<Conversation, Failure> {
    let mut since = link.journal_at.unwrap_or(link.intent_at);
    if change.is_of_a_file() {
        // An earlier comment may have announced it.
        since = since.min(event.time.before(SHARED_WITHIN));
    }
    let entries = clients.servicenow.entries(&link.record.sys_id, since, OVERLAP).await?;
    let public = entries.into_iter().filter_map(Entry::public).collect::<Vec<_>>();
    let ledger = match public.is_empty() {
        true => Vec::new(),
        false => clients.store.ledger(&situation.subject).await?,
    };
    let mut comments = Vec::new();
    for comment in public {
        comments.extend(said(clients, &ledger, link, comment).await?);
    }
    let files = match comments.iter().any(|said| !said.shares.is_empty()) {
        true => files(clients, situation, link, &ledger).await?,
        false => Vec::new(),
    };
    Ok(Conversation {
        record: link.record.clone(),
        comments,
        files,
        documents: clients.mapping.documents_to_partner.clone(),
        desk: desk(clients),
        ledger,
    })
}

/// The stored values of these fields.
fn values<'a>(fields: impl Iterator<Item = &'a str>, row: &Row) -> BTreeMap<String, String> {
    fields
        .map(|field| (field.to_owned(), row.text(field).to_owned()))
        .collect()
}

/// The record that stands for the issue now, when it is another one: the first link names it.
fn continued_by(situation: &Situation, link: &Link) -> Option<LinkKey> {
    let current = situation.link.as_ref().and_then(|first| first.continued_by.clone());
    current.filter(|key| *key != link.record.link)
}

/// The class of a record that is not in the table of its link any more: somebody may have changed it.
async fn class_of(clients: &Clients, link: &Link) -> Result<Option<TableName>, Failure> {
    let fields = ["sys_id", "sys_class_name"];
    let Some(row) = clients.servicenow.task(&link.record.sys_id, &fields).await? else {
        return Ok(None);
    };
    row.text("sys_class_name").parse().map(Some).map_err(|_| {
        let cause = anyhow!("the class of {} cannot be read", link.number);
        Failure::permanent(
            cause,
            "let the integration user read sys_class_name of tasks, and replay",
        )
    })
}

/// What is to be said of a record that is not there. Only of a deleted one is it certain, and only of the one
/// that stands for the issue does the partner care.
async fn gone(
    clients: &Clients,
    situation: &Situation,
    link: Link,
    deleted: Option<Timestamp>,
) -> Result<Place, Failure> {
    let is_told = deleted.is_some() && continued_by(situation, &link).is_none();
    let asking = match is_told {
        true => asking(clients, situation, None).await?,
        false => None,
    };
    Ok(Place::Gone(Box::new(Gone {
        status: clients.mapping.gone(&link.number).filter(|_| is_told),
        asking,
        deleted,
        link,
    })))
}

/// What a public comment says that may be news: nothing where the partner has all of it, or wrote it.
async fn said(
    clients: &Clients,
    ledger: &[Claim],
    link: &Link,
    comment: PublicComment,
) -> Result<Option<Said>, Failure> {
    let led_to = |kind: ClaimKind| {
        ledger
            .iter()
            .any(|claim| claim.kind == kind && claim.led_to(&comment.sys_id))
    };
    if led_to(ClaimKind::Journal) {
        return Ok(None);
    }
    let is_new = !led_to(ClaimKind::Relayed);
    let names = comment.shared_files().into_iter().map(str::to_owned);
    let mut shares = names.collect::<Vec<_>>();
    let has_lines = !shares.is_empty();
    shares.retain(|name| !is_shared_already(ledger, &link.record, &comment.sys_id, name));
    if !is_new && shares.is_empty() {
        return Ok(None);
    }
    // Partners have users of their own, and write by e-mail too.
    let is_obeyed = has_lines && clients.is_agent(comment.login.as_deref()).await?;
    if !is_obeyed {
        shares.clear();
    }
    let author = match is_new {
        true => name_of(clients, &comment).await?,
        false => String::new(),
    };
    Ok(Some(Said {
        comment,
        is_new,
        author,
        is_obeyed,
        shares,
    }))
}

/// The files of a record, once it is known which of them the partner has brought.
async fn files(
    clients: &Clients,
    situation: &Situation,
    link: &Link,
    ledger: &[Claim],
) -> Result<Vec<Attachment>, Failure> {
    let record = &link.record;
    let under_way = ledger.iter().filter(|claim| {
        claim.kind == ClaimKind::Document
            && claim.state == ClaimState::Claimed
            && claim.target == record.sys_id.as_str()
    });
    let settled = under_way.map(|claim| claim.at.after(SETTLED_AFTER)).max();
    if let Some(until) = settled.filter(|until| situation.now < *until) {
        return Err(Failure::Early { until });
    }
    let mut files = clients.servicenow.attachments(&record.table, &record.sys_id).await?;
    files.retain(|file| file.is_of(&record.sys_id));
    Ok(files)
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
async fn at_the_end(
    clients: &Clients,
    situation: &Situation,
    due: &ClosureDue,
    mut link: Link,
) -> Result<Place, Failure> {
    // Somebody may have changed its class since, to one that has rules of its own.
    if let Some(class) = class_of(clients, &link).await?
        && clients.mapping.table(&class).is_some()
    {
        link.record.table = class;
    }
    let Some(rule) = clients.mapping.table(&link.record.table) else {
        return Ok(Place::Nowhere);
    };
    let mut fields = BTreeSet::from(["sys_id", "state"]);
    fields.extend(rule.close.keys().map(TableName::as_str));
    let fields = fields.into_iter().collect::<Vec<_>>();
    let Some(row) = clients.servicenow.task(&link.record.sys_id, &fields).await? else {
        return gone(clients, situation, link, None).await;
    };
    let close = rule.is_resolved(row.text("state")).then(|| row.changes_to(&rule.close));
    Ok(Place::Due(Box::new(Due {
        version: due.closure_version,
        closure: closure(clients, situation).await?,
        link,
        close,
    })))
}

/// Whether an entry is still parked when the time to help is over.
async fn is_parked(clients: &Clients, situation: &Situation, parked: &IssueParked) -> Result<Place, Failure> {
    let stream = Stream {
        subject: situation.subject.clone(),
        lane: parked.lane,
    };
    let (finished, parked_at) = clients.store.standing(&stream).await?;
    let is_parked = parked_at == Some(parked.number);
    if !is_parked && finished < parked.number {
        // Somebody lets it go on, and it may be parked again.
        let until = situation.now.after(LOOK_AGAIN);
        return Err(Failure::Early { until });
    }
    let rule = clients.mapping.when_parked.as_ref().filter(|_| is_parked);
    let text = rule.and_then(|rule| messages::still_waiting(&rule.text));
    Ok(Place::Parked(Box::new(Parked {
        entry: parked.entry(),
        notice: text.map(|text| (desk(clients), text)),
    })))
}

/// The record as it is.
async fn row(clients: &Clients, link: &Link, mut fields: BTreeSet<String>) -> Result<Option<Row>, Failure> {
    fields.extend(["sys_id", "number", "sys_updated_on"].map(str::to_owned));
    let select = Select::named(&fields).map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    Ok(clients
        .servicenow
        .read(&link.record.table, &link.record.sys_id, &select)
        .await?)
}

/// The public name of the desk.
fn desk(clients: &Clients) -> String {
    clients.mapping.desk.name.trim().to_owned()
}

/// The public name of a comment's author, by the mapping's rule.
async fn name_of(clients: &Clients, comment: &PublicComment) -> Result<String, Failure> {
    let agents = clients.mapping.desk.agents;
    let desk_name = || desk(clients);
    let (Some(login), AgentNames::First | AgentNames::Full) = (&comment.login, agents) else {
        return Ok(desk_name());
    };
    let Some(name) = clients.agent(login).await? else {
        return Ok(desk_name());
    };
    Ok(match agents {
        AgentNames::First => name.split_whitespace().next().map_or_else(desk_name, str::to_owned),
        AgentNames::Full | AgentNames::Hidden => name,
    })
}
