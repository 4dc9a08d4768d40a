//! The rules of `open-case`: pure.

use std::collections::BTreeMap;

use shared::domain::{LinkKey, SysId};
use shared::effect::{AddJournal, Attach, Change, CreateRecord, Effect, Journal, Record, Source, UpdateFields};
use shared::event::{Comment, Data, Document, Event, IssueUpdate};
use shared::mapping::{Mode, Owner, WhenFinished};
use shared::messages;
use shared::servicenow::Row;
use shared::store::Link;

use crate::{Content, Facts, Place};

/// Rules on an event of an issue.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match &facts.place {
        Place::Nowhere(content) => unlinked(event, facts, content),
        Place::Linked {
            link,
            row,
            content,
            written,
        } => {
            let finished = facts
                .mapping
                .table(&link.record.table)
                .and_then(|rule| rule.finished.get(row.text("state")));
            match (finished, &event.data) {
                // News of its opening is no reason to touch a finished record.
                (Some(_), Data::IssueOpened(_)) => {
                    vec![tell(format!("{} exists and is finished: nothing to do", link.number))]
                }
                (Some(WhenFinished::Reopen), _) => {
                    let mut effects = reopen(event, facts, link, row);
                    effects.extend(added(
                        event,
                        facts,
                        &link.record,
                        Some((link, row, content.as_ref())),
                        *written,
                    ));
                    effects
                }
                (Some(WhenFinished::New), _) => match content {
                    Some(content) => follow_up(event, facts, content, link, *written),
                    None => vec![tell(format!("{} is finished: nothing to do", link.number))],
                },
                (None, _) => added(
                    event,
                    facts,
                    &link.record,
                    Some((link, row, content.as_ref())),
                    *written,
                ),
            }
        }
    }
}

/// The issue has no record: make it, and add what the event brings beyond the issue itself.
fn unlinked(event: &Event, facts: &Facts, content: &Content) -> Vec<Effect> {
    let route = &content.routed.route;
    let record = Record {
        link: LinkKey::case(),
        table: content.routed.table.clone(),
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &LinkKey::case()),
    };
    let file = text_file(event);
    let mut effects = vec![Effect::CreateRecord(CreateRecord {
        correlation: content.issue.issue_id.to_string(),
        fields: fields(content, file.as_deref(), None),
        record: record.clone(),
    })];
    effects.extend(documents(facts, &record, &content.issue.documents, 0));
    if matches!(event.data, Data::IssueOpened(_)) {
        effects.extend(complete_text(event, &record));
    } else if !matches!(event.data, Data::IssueUpdated(_)) {
        effects.extend(added(event, facts, &record, None, content.issue.documents.len()));
    }
    match content.routed.mode {
        Mode::On => effects,
        Mode::Off => vec![tell(format!("the route {route} is off: nothing is done"))],
        Mode::Shadow => effects
            .iter()
            .map(|effect| tell(format!("shadow of {route}: would {effect}")))
            .collect(),
    }
}

/// What an event brings to a record that is there.
fn added(
    event: &Event,
    facts: &Facts,
    record: &Record,
    now: Option<(&Link, &Row, Option<&Content>)>,
    written: usize,
) -> Vec<Effect> {
    match &event.data {
        Data::IssueOpened(issue) => {
            let mut effects = documents(facts, record, &issue.documents, 0);
            effects.extend(complete_text(event, record));
            if effects.is_empty() {
                effects.push(tell("the record exists: nothing to add".to_owned()));
            }
            effects
        }
        Data::IssueUpdated(update) => match now {
            Some((link, row, Some(content))) => changed(facts, record, update, link, row, content),
            _ => Vec::new(),
        },
        Data::IssueCommented(said) => comment(event, record, &said.comment, &said.company_id.to_string()),
        Data::DocumentShared(shared) => documents(facts, record, std::slice::from_ref(&shared.document), written),
        Data::Unknown => Vec::new(),
    }
}

fn comment(event: &Event, record: &Record, comment: &Comment, partner: &str) -> Vec<Effect> {
    let text = messages::partner_comment(&comment.author, partner, &comment.text);
    let file = format!("comment-{}.txt", comment.comment_id);
    let short = messages::cut_with_pointer(&text, messages::JOURNAL, &file);
    let is_cut = short != text;
    let mut effects = vec![Effect::AddJournal(AddJournal {
        record: record.clone(),
        journal: Journal::Comments,
        what: format!("comment {}", comment.comment_id),
        text: short,
    })];
    if is_cut {
        effects.push(attach_text(event, record, file));
    }
    effects
}

/// Attaches documents, and says which are not taken and why.
fn documents(facts: &Facts, record: &Record, documents: &[Document], before: usize) -> Vec<Effect> {
    let rule = &facts.mapping.documents;
    let mut effects = Vec::new();
    for (at, document) in documents.iter().enumerate() {
        let refusal = if before + at >= rule.max_per_issue {
            Some(format!("an issue takes at most {} documents", rule.max_per_issue))
        } else if document.size > rule.max_bytes {
            Some(format!(
                "it has {} bytes, and at most {} are taken",
                document.size, rule.max_bytes
            ))
        } else if !rule.takes(&document.media_type) {
            Some(format!("files of type {} are not taken", document.media_type))
        } else {
            None
        };
        match refusal {
            None => effects.push(Effect::Attach(Attach {
                record: record.clone(),
                source: Source::Community {
                    document: document.clone(),
                },
                file_name: messages::file_name(&document.name),
            })),
            Some(reason) => {
                effects.push(tell(format!("refused: document {}: {reason}", document.document_id)));
                effects.push(note(
                    record,
                    format!("refusal of document {} {}", document.document_id, document.sha256),
                    messages::document_refused(document, &reason),
                ));
            }
        }
    }
    effects
}

/// Carries the partner's changes over where the partner decides, and notes them where an agent does.
fn changed(
    facts: &Facts,
    record: &Record,
    update: &IssueUpdate,
    link: &Link,
    row: &Row,
    content: &Content,
) -> Vec<Effect> {
    let mut set = BTreeMap::new();
    let mut effects = Vec::new();
    for (field, new) in fields(content, None, None) {
        let base = link.base.get(&field).map(String::as_str).unwrap_or_default();
        if facts.mapping.owner(&field) != Owner::Partner || new == base {
            continue;
        }
        let current = row.text(&field);
        if current == base {
            set.insert(
                field,
                Change {
                    from: current.to_owned(),
                    to: new,
                },
            );
        } else if current != new {
            effects.push(tell(format!("kept {field} as an agent edited it")));
            let text = messages::kept_the_agents_text(&field, &messages::cut(&new, messages::DESCRIPTION));
            effects.push(note(record, format!("{field} of version {}", update.version), text));
        }
    }
    if !set.is_empty() {
        effects.insert(
            0,
            Effect::UpdateFields(UpdateFields {
                record: record.clone(),
                set,
            }),
        );
    }
    if let Some(priority) = update.changes.priority {
        let text = messages::priority_wish(priority.as_str());
        effects.push(note(record, format!("priority of version {}", update.version), text));
    }
    if let Some(category) = &update.changes.category {
        let text = messages::category_wish(category.as_str());
        effects.push(note(record, format!("category of version {}", update.version), text));
    }
    if effects.is_empty() {
        effects.push(tell(format!("version {} brings nothing new", update.version)));
    }
    effects
}

fn reopen(event: &Event, facts: &Facts, link: &Link, row: &Row) -> Vec<Effect> {
    let Some(rule) = facts.mapping.table(&link.record.table) else {
        return Vec::new();
    };
    let set = rule
        .reopen
        .iter()
        .map(|(field, to)| {
            let from = row.text(field.as_str()).to_owned();
            (field.to_string(), Change { from, to: to.clone() })
        })
        .collect();
    vec![
        tell(format!("{} is finished: it is opened again", link.number)),
        Effect::UpdateFields(UpdateFields {
            record: link.record.clone(),
            set,
        }),
        note(
            &link.record,
            format!("reopening by {} {}", event.sender, event.id),
            messages::reopened(),
        ),
    ]
}

/// A new record that continues a finished one.
fn follow_up(event: &Event, facts: &Facts, content: &Content, old: &Link, written: usize) -> Vec<Effect> {
    let key = LinkKey::follow_up(&event.sender, &event.id);
    let record = Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &key),
        table: content.routed.table.clone(),
        link: key,
    };
    let mut fields = fields(content, None, Some(&old.number));
    fields.insert("parent".to_owned(), old.record.sys_id.to_string());
    let suffix = &record.link.discriminator[..8.min(record.link.discriminator.len())];
    let mut effects = vec![
        tell(format!("{} is closed: a follow-up is made", old.number)),
        Effect::CreateRecord(CreateRecord {
            correlation: format!("{}~{suffix}", content.issue.issue_id),
            fields,
            record: record.clone(),
        }),
    ];
    effects.extend(added(event, facts, &record, None, written));
    effects
}

/// The fields of a new record: the mapping's, cleaned and within their lengths, and the references.
fn fields(content: &Content, file: Option<&str>, continues: Option<&str>) -> BTreeMap<String, String> {
    let mut fields = content.routed.fields.clone();
    if let Some(text) = fields.get_mut("short_description") {
        *text = messages::one_line(text, messages::SHORT_DESCRIPTION);
    }
    if let Some(text) = fields.get_mut("description") {
        let origin = messages::origin(&content.issue, &content.partner_name);
        let start = continues
            .map(messages::follow_up)
            .map(|line| line + "\n\n")
            .unwrap_or_default();
        let room = messages::DESCRIPTION.saturating_sub(origin.chars().count() + start.chars().count() + 2);
        let whole = messages::clean(text.trim());
        let cut = match file {
            Some(file) => messages::cut_with_pointer(&whole, room, file),
            None => messages::cut(&whole, room),
        };
        *text = format!("{start}{cut}\n\n{origin}").trim().to_owned();
    }
    for (field, reference) in [("assignment_group", &content.group)] {
        if let Some(id) = reference {
            fields.insert(field.to_owned(), id.to_string());
        }
    }
    if let (Some(partner), Some(field)) = (&content.partner, &content.routed.partner_field) {
        fields.insert(field.clone(), partner.to_string());
    }
    fields
}

/// The name of the attachment that completes a shortened description, for events that carry it.
fn text_file(event: &Event) -> Option<String> {
    match &event.data {
        Data::IssueOpened(issue) => Some(format!("issue-{}.txt", issue.issue_id)),
        Data::IssueUpdated(_) | Data::IssueCommented(_) | Data::DocumentShared(_) | Data::Unknown => None,
    }
}

/// The complete text of an issue, where the fields cannot hold it.
fn complete_text(event: &Event, record: &Record) -> Option<Effect> {
    let Data::IssueOpened(issue) = &event.data else {
        return None;
    };
    let is_long = issue.summary.chars().count() > messages::SHORT_DESCRIPTION / 2
        && messages::one_line(&issue.summary, usize::MAX).chars().count() > SUMMARY
        || issue.description.chars().count() > DESCRIPTION;
    if is_long {
        text_file(event).map(|file| attach_text(event, record, file))
    } else {
        None
    }
}

/// A summary that surely fits beside the partner's name.
const SUMMARY: usize = 100;
/// A description that surely fits beside the details of an exchange.
const DESCRIPTION: usize = 2_000;

fn attach_text(_event: &Event, record: &Record, file_name: String) -> Effect {
    Effect::Attach(Attach {
        record: record.clone(),
        source: Source::EventText,
        file_name,
    })
}

fn note(record: &Record, what: String, text: String) -> Effect {
    Effect::AddJournal(AddJournal {
        record: record.clone(),
        journal: Journal::WorkNotes,
        what,
        text,
    })
}

fn tell(text: String) -> Effect {
    Effect::Tell { text }
}
