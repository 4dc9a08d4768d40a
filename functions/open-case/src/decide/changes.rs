//! What a partner changes of an issue that has a record.

use std::collections::{BTreeMap, BTreeSet};

use shared::additions::text_of_event;
use shared::domain::{ContentHash, Role};
use shared::effect::{Change, Effect, Record, UpdateFields};
use shared::event::{Event, IssueUpdate};
use shared::mapping::Owner;
use shared::messages;
use shared::store::Link;

use super::fields::{Around, DESCRIPTION, Fields, brings_description, fields, file_of_description, text_file};
use super::tell;
use crate::{Content, Facts, Linked};

/// Carries the partner's changes over where the partner decides, and notes them where an agent does.
pub(super) fn changed(
    event: &Event,
    facts: &Facts,
    update: &IssueUpdate,
    linked: &Linked,
    content: &Content,
) -> Vec<Effect> {
    let record = &linked.link.record;
    let now = fields_of_linked(event, &linked.link, content);
    let mut set = BTreeMap::new();
    let mut kept = Vec::new();
    let mut cut = BTreeSet::new();
    for (field, new) in now.values {
        // A field that was not set when the record was made is the agent's.
        let Some(base) = linked.link.base.get(&field) else {
            continue;
        };
        let current = linked.row.get(&field).unwrap_or_default();
        if facts.mapping.owner(&field) != Owner::Partner || is_same(&new, base) || is_same(&new, current) {
            continue;
        }
        if now.cut.contains(&field) {
            cut.insert(field.clone());
        }
        if is_same(current, base) {
            let from = current.to_owned();
            set.insert(field, Change { from, to: new });
        } else {
            let hash = ContentHash::of(new.as_bytes());
            kept.push(tell(format!("kept {field} as an agent edited it")));
            // Named after the text, so that one text is noted once, however many updates follow.
            kept.push(Effect::note(
                record,
                format!("partner's {field} {}", &hash.as_str()[..8]),
                messages::kept_the_agents_text(&field, &new),
            ));
        }
    }
    let mut effects = Vec::new();
    if !set.is_empty() {
        let record = record.clone();
        effects.push(Effect::UpdateFields(UpdateFields { record, set }));
    }
    effects.extend(kept);
    effects.extend(text_file(event, &content.issue, &cut).map(|file| text_of_event(record, file)));
    effects.extend(wishes(facts, update, record));
    if effects.is_empty() {
        effects.push(tell(format!("version {} brings nothing new", update.version)));
    }
    effects
}

/// What the partner would like and does not decide.
fn wishes(facts: &Facts, update: &IssueUpdate, record: &Record) -> Vec<Effect> {
    let rule = facts.mapping.table(&record.table);
    let is_carried_over = rule.is_some_and(|rule| {
        let mut fields = rule.priority_fields.iter();
        fields.any(|field| facts.mapping.owner(field.as_str()) == Owner::Partner)
    });
    let mut effects = Vec::new();
    if let Some(priority) = update.changes.priority
        && !is_carried_over
    {
        let text = messages::priority_wish(priority.as_str());
        effects.push(Effect::note(
            record,
            format!("priority of version {}", update.version),
            text,
        ));
    }
    if let Some(category) = &update.changes.category {
        let text = messages::category_wish(category.as_str());
        effects.push(Effect::note(
            record,
            format!("category of version {}", update.version),
            text,
        ));
    }
    effects
}

/// The fields as they would be made today, in the manner in which this record was made.
fn fields_of_linked(event: &Event, link: &Link, content: &Content) -> Fields {
    let base = link.base.get(DESCRIPTION).map(String::as_str).unwrap_or_default();
    let opening = match link.record.link.role {
        Role::Case => None,
        Role::FollowUp => base.split_once("\n\n").map(|(line, _)| line),
        // No record of an issue: what it was made of stays.
        Role::Escalation
        | Role::Coordination
        | Role::Incident
        | Role::Task
        | Role::Article
        | Role::Draft
        | Role::Request
        | Role::Setup => None,
    };
    let file = file_of_description(&content.issue);
    let is_attached = base.contains(&file) || brings_description(event, &content.issue);
    let around = Around {
        opening,
        file: is_attached.then_some(file.as_str()),
    };
    fields(content, around)
}

/// Texts that differ only in line ends and outer white space are the same.
fn is_same(one: &str, other: &str) -> bool {
    one.replace("\r\n", "\n").trim() == other.replace("\r\n", "\n").trim()
}
