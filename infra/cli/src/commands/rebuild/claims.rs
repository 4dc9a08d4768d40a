//! What was written to either side, as both sides show it: so that nothing is written a second time, and nothing that we
//! wrote comes back as news.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::apply::key_of;
use shared::clients::Clients;
use shared::domain::{Side, SysId, TableName, Timestamp};
use shared::effect::{Effect, Journal, Record, in_journal};
use shared::event::{Data, Document, Event};
use shared::failure::Failure;
use shared::messages;
use shared::servicenow::{Attachment, Entry};
use shared::store::{Adoption, ClaimKind, Restored, reference_key};
use shared::trading_grid;
use shared::trading_grid::collaboration::{Origin, Room, Thread};

use super::super::shown;

/// What both sides have of a subject's records.
#[derive(Default)]
pub(super) struct Sides {
    /// What was posted for the partner: the key of its write, with the id that it has there.
    posted: BTreeMap<String, String>,
    /// Names of what the partner said, as journals know them.
    said: BTreeSet<String>,
    /// Documents of the partner.
    brought: Vec<Document>,
    /// Documents of the desk.
    delivered: Vec<Document>,
}

/// What both sides have of an issue.
pub(super) async fn of_issue(clients: &Clients, adoption: &Adoption, events: &[Event]) -> Result<Sides, Failure> {
    let mut sides = Sides::default();
    let Some((company, issue)) = adoption.subject.as_issue() else {
        return Ok(sides);
    };
    let ids = (&company, &issue);
    let comments = shown::comments(clients, ids.0, ids.1).await;
    let comments = comments.map_err(trading_grid::Error::into_failure)?;
    let messages = shown::messages(clients, Room::Escalation(ids.0, ids.1)).await;
    let messages = messages.map_err(trading_grid::Error::into_failure)?;
    for comment in comments {
        sides.post(&comment.origin, comment.comment_id.as_str());
        sides.said.insert(in_journal(
            Journal::Comments,
            &open_case::named_comment(&comment.comment_id),
        ));
    }
    for message in messages {
        sides.post(&message.origin, message.message_id.as_str());
        sides.said.insert(in_journal(
            Journal::Comments,
            &open_case::named_message(&message.message_id),
        ));
    }
    for effect in events
        .iter()
        .flat_map(|event| open_case::words(event, &adoption.record, ""))
    {
        if let Effect::AddJournal(add) = effect {
            sides.said.insert(add.in_journal());
        }
    }
    let issue = clients.community.issue(ids.0, ids.1).await;
    let issue = issue.map_err(trading_grid::Error::into_failure)?;
    sides.brought = issue.map(|issue| issue.documents).unwrap_or_default();
    Ok(sides)
}

/// What both sides have of a thread.
pub(super) async fn of_thread(clients: &Clients, thread: &Thread, events: &[Event]) -> Result<Sides, Failure> {
    let mut sides = Sides::default();
    let messages = shown::messages(clients, Room::Thread(&thread.company_id, &thread.thread_id)).await;
    for message in messages.map_err(trading_grid::Error::into_failure)? {
        sides.post(&message.origin, message.message_id.as_str());
        sides.said.insert(in_journal(
            Journal::Comments,
            &create_task::named_message(&message.message_id),
        ));
    }
    for request in &thread.document_requests {
        sides.said.insert(in_journal(
            Journal::Comments,
            &create_task::named_request(&request.request_id),
        ));
        sides.said.insert(in_journal(
            Journal::Comments,
            &create_task::named_withdrawal(&request.request_id),
        ));
        match request.from {
            Side::Partner => sides.delivered.extend(request.documents.iter().cloned()),
            Side::Desk => sides.brought.extend(request.documents.iter().cloned()),
        }
    }
    for event in events {
        if let Data::Thread(news) = &event.data {
            sides.brought.extend(news.documents().iter().cloned());
        }
    }
    Ok(sides)
}

impl Sides {
    fn post(&mut self, origin: &Origin, id: &str) {
        if let Some(reference) = origin.gridlink_reference() {
            self.posted.insert(reference.to_owned(), id.to_owned());
        }
    }
}

/// What the partner did before there was this record, or to another one, is known here too: nothing of it is written to
/// this one when it is told again.
pub(super) async fn heard(clients: &Clients, adoption: &Adoption, what: &[Heard]) -> Result<(), Failure> {
    let record = &adoption.record;
    for one in what {
        let name = reference_key(&record.sys_id, &one.name);
        let reference = clients.reference(&name).await?;
        let heard = Restored {
            remote: None,
            ..restored(
                name,
                reference,
                one.kind,
                &record.sys_id,
                &record.sys_id,
                adoption.since,
            )
        };
        clients.store.restore_claim(&adoption.subject, &heard).await?;
    }
    Ok(())
}

/// Something that a partner said or shared, as it is named among all that is written to a record.
pub(super) struct Heard {
    name: String,
    kind: ClaimKind,
    document: Option<Document>,
}

/// What events would write to a record.
pub(super) fn written<'e>(events: impl IntoIterator<Item = &'e Event>, record: &Record) -> Vec<Heard> {
    let mut written = Vec::new();
    for event in events {
        let (effects, documents) = match &event.data {
            Data::Thread(news) => (create_task::words(news, record, ""), news.documents()),
            Data::DocumentShared(shared) => (Vec::new(), std::slice::from_ref(&shared.document)),
            Data::IssueOpened(issue) => (Vec::new(), issue.documents.as_slice()),
            _ => (open_case::words(event, record, ""), [].as_slice()),
        };
        let words = effects.into_iter().filter_map(|effect| match effect {
            Effect::AddJournal(add) => Some((add.in_journal(), ClaimKind::Journal)),
            Effect::Attach(attach) => Some((attach.what(), ClaimKind::Text)),
            _ => None,
        });
        written.extend(words.map(|(name, kind)| Heard {
            name,
            kind,
            document: None,
        }));
        written.extend(documents.iter().map(|document| Heard {
            name: document.attached_as(),
            kind: ClaimKind::Document,
            document: Some(document.clone()),
        }));
    }
    written
}

/// Those that are not on a record yet, and those that are.
pub(super) async fn on_record(
    clients: &Clients,
    (table, record): (&TableName, &SysId),
    what: Vec<Heard>,
) -> Result<(Vec<Heard>, Vec<Heard>), Failure> {
    let begin = Timestamp::from_millis(0);
    let entries = clients.servicenow.entries(record, begin, Duration::ZERO).await?;
    let files = clients.servicenow.attachments(table, record).await?;
    let (mut others, mut found) = (Vec::new(), Vec::new());
    for one in what {
        let reference = clients.reference(&reference_key(record, &one.name)).await?;
        let line = messages::reference_line(&reference);
        let is_file = |document: &Document| {
            let name = messages::file_name(&document.name);
            files.iter().any(|file| file.is(&name, document.size, &document.sha256))
        };
        let is_there = one.document.as_ref().is_some_and(is_file)
            || entries
                .iter()
                .any(|entry| messages::canonical(&entry.text).ends_with(&line));
        let place = if is_there { &mut found } else { &mut others };
        place.push(one);
    }
    Ok((others, found))
}

/// Puts back what is known of a record. Gives how much.
pub(super) async fn restore(clients: &Clients, adoption: &Adoption, sides: &Sides) -> Result<usize, Failure> {
    let record = &adoption.record;
    let entries = clients
        .servicenow
        .entries(&record.sys_id, adoption.since, Duration::ZERO)
        .await?;
    let has_files = !(sides.brought.is_empty() && sides.delivered.is_empty());
    let files = match has_files {
        true => clients.servicenow.attachments(&record.table, &record.sys_id).await?,
        false => Vec::new(),
    };
    let mut restored = said_by_the_desk(clients, record, &entries, sides);
    restored.extend(said_by_the_partner(clients, record, &entries, sides).await?);
    restored.extend(brought(clients, adoption, &files, sides).await?);
    restored.extend(delivered(record, &entries, &files, sides));
    for one in &restored {
        clients.store.restore_claim(&adoption.subject, one).await?;
    }
    Ok(restored.len())
}

/// Entries that were shown to the partner: the community keeps the key of each post.
fn said_by_the_desk(clients: &Clients, record: &Record, entries: &[Entry], sides: &Sides) -> Vec<Restored> {
    let record = &record.sys_id;
    let key = |kind: &str, entry: &Entry| {
        key_of(
            clients.store.deployment(),
            kind,
            &[record.as_str(), entry.sys_id.as_str()],
        )
    };
    let relayed = entries.iter().filter_map(|entry| {
        let keys = [key("comment", entry), key("message", entry)];
        let posted = keys.iter().find_map(|key| sides.posted.get(key.as_str()))?;
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
    relayed.collect()
}

/// Entries with what the partner said: each bears a reference that only its claim leads to.
async fn said_by_the_partner(
    clients: &Clients,
    record: &Record,
    entries: &[Entry],
    sides: &Sides,
) -> Result<Vec<Restored>, Failure> {
    let mut found = Vec::new();
    for name in &sides.said {
        let name = reference_key(&record.sys_id, name);
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
async fn brought(
    clients: &Clients,
    adoption: &Adoption,
    files: &[Attachment],
    sides: &Sides,
) -> Result<Vec<Restored>, Failure> {
    let record = &adoption.record;
    let mut found = Vec::new();
    for document in &sides.brought {
        let file_name = messages::file_name(&document.name);
        let file = files
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

/// Files of the record that its comments shared, and that the partner has.
fn delivered(record: &Record, entries: &[Entry], files: &[Attachment], sides: &Sides) -> Vec<Restored> {
    let mut found = Vec::new();
    for comment in entries.iter().cloned().filter_map(Entry::public) {
        for line in comment.shared_files() {
            let named = || files.iter().filter(|file| file.file_name.trim() == line);
            let is = |file: &Attachment, document: &Document| {
                messages::file_name(&file.file_name) == document.name && file.has(document.size, &document.sha256)
            };
            let shared = sides
                .delivered
                .iter()
                .find_map(|document| Some((document, named().find(|file| is(file, document))?)));
            if let Some((document, file)) = shared {
                found.push(restored(
                    reference_key(&record.sys_id, &relay_status::what(&comment.sys_id, line)),
                    document.document_id.to_string(),
                    ClaimKind::Shared,
                    &record.sys_id,
                    &file.sys_id,
                    comment.created,
                ));
            }
        }
    }
    found
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
        remote: Some(remote.clone()),
        at,
    }
}
