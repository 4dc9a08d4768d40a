//! What was written to either side, as both sides show it: so that nothing is written a second time, and nothing that we
//! wrote comes back as news.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::apply::key_of;
use shared::clients::Clients;
use shared::domain::{SysId, Timestamp};
use shared::effect::{AddJournal, Effect, Journal};
use shared::event::Event;
use shared::failure::Failure;
use shared::messages;
use shared::servicenow::Entry;
use shared::store::{Adoption, ClaimKind, Restored, reference_key};
use shared::trading_grid;

use super::super::shown;

/// Puts back what is known of a record. Gives how much.
pub(super) async fn restore(clients: &Clients, adoption: &Adoption, events: &[Event]) -> Result<usize, Failure> {
    let sys_id = &adoption.record.sys_id;
    let entries = clients
        .servicenow
        .entries(sys_id, adoption.since, Duration::ZERO)
        .await?;
    let mut restored = said_by_the_desk(clients, adoption, &entries).await?;
    restored.extend(said_by_the_partner(clients, adoption, events, &entries).await?);
    restored.extend(files(clients, adoption).await?);
    for one in &restored {
        clients.store.restore_claim(&adoption.subject, one).await?;
    }
    Ok(restored.len())
}

/// Entries that were shown to the partner: the community keeps the key of each post.
async fn said_by_the_desk(clients: &Clients, adoption: &Adoption, entries: &[Entry]) -> Result<Vec<Restored>, Failure> {
    let Some((company, issue)) = adoption.subject.as_issue() else {
        return Ok(Vec::new());
    };
    let comments = shown::comments(clients, &company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)?;
    let messages = shown::messages(clients, &company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)?;
    let comments = comments.iter().map(|one| (&one.origin, one.comment_id.to_string()));
    let messages = messages.iter().map(|one| (&one.origin, one.message_id.to_string()));
    let posted: BTreeMap<&str, String> = comments
        .chain(messages)
        .filter_map(|(origin, id)| Some((origin.gridlink_reference()?, id)))
        .collect();
    let record = &adoption.record.sys_id;
    let key = |kind: &str, entry: &Entry| {
        key_of(
            clients.store.deployment(),
            kind,
            &[record.as_str(), entry.sys_id.as_str()],
        )
    };
    let relayed = entries.iter().filter_map(|entry| {
        let keys = [key("comment", entry), key("message", entry)];
        let posted = keys.iter().find_map(|key| posted.get(key.as_str()))?;
        let name = reference_key(record, &format!("relay {}", entry.sys_id));
        Some(restored(
            name,
            posted.clone(),
            ClaimKind::Relayed,
            record,
            &entry.sys_id,
            entry.created,
        ))
    });
    Ok(relayed.collect())
}

/// Entries with what the partner said: each bears a reference that only its claim leads to.
async fn said_by_the_partner(
    clients: &Clients,
    adoption: &Adoption,
    events: &[Event],
    entries: &[Entry],
) -> Result<Vec<Restored>, Failure> {
    let record = &adoption.record;
    let Some((company, issue)) = adoption.subject.as_issue() else {
        return Ok(Vec::new());
    };
    let mut names = BTreeSet::new();
    let in_journal = |what: String| {
        AddJournal {
            record: record.clone(),
            journal: Journal::Comments,
            what,
            text: String::new(),
        }
        .in_journal()
    };
    for comment in shown::comments(clients, &company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)?
    {
        names.insert(in_journal(open_case::named_comment(&comment.comment_id)));
    }
    for message in shown::messages(clients, &company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)?
    {
        names.insert(in_journal(open_case::named_message(&message.message_id)));
    }
    for effect in events.iter().flat_map(|event| open_case::words(event, record, "")) {
        if let Effect::AddJournal(add) = effect {
            names.insert(add.in_journal());
        }
    }
    let mut found = Vec::new();
    for name in names {
        let name = reference_key(&record.sys_id, &name);
        let reference = clients.reference(&name).await?;
        let line = messages::reference_line(&reference);
        let entry = entries
            .iter()
            .find(|entry| messages::canonical(&entry.text).ends_with(&line));
        if let Some(entry) = entry {
            found.push(restored(
                name,
                reference,
                ClaimKind::Journal,
                &record.sys_id,
                &entry.sys_id,
                entry.created,
            ));
        }
    }
    Ok(found)
}

/// Files of the partner that are on the record.
async fn files(clients: &Clients, adoption: &Adoption) -> Result<Vec<Restored>, Failure> {
    let record = &adoption.record;
    let Some((company, issue)) = adoption.subject.as_issue() else {
        return Ok(Vec::new());
    };
    let issue = clients
        .community
        .issue(&company, &issue)
        .await
        .map_err(trading_grid::Error::into_failure)?;
    let documents = issue.map(|issue| issue.documents).unwrap_or_default();
    if documents.is_empty() {
        return Ok(Vec::new());
    }
    let attachments = clients.servicenow.attachments(&record.table, &record.sys_id).await?;
    let mut found = Vec::new();
    for document in documents {
        let file_name = messages::file_name(&document.name);
        let file = attachments
            .iter()
            .find(|file| file.is(&file_name, document.size, &document.sha256));
        if let Some(file) = file {
            let name = reference_key(&record.sys_id, &document.attached_as());
            let reference = clients.reference(&name).await?;
            let created = file.created.unwrap_or(adoption.since);
            found.push(restored(
                name,
                reference,
                ClaimKind::Document,
                &record.sys_id,
                &file.sys_id,
                created,
            ));
        }
    }
    Ok(found)
}

fn restored(
    name: String,
    reference: String,
    kind: ClaimKind,
    target: &SysId,
    remote: &SysId,
    at: Timestamp,
) -> Restored {
    Restored {
        name,
        reference,
        kind,
        target: target.clone(),
        remote: remote.clone(),
        at,
    }
}
