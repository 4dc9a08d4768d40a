//! The rules of `open-case`: pure.

mod additions;
mod changes;
mod fields;
mod kind;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use shared::additions::{documents, text_of_event};
use shared::domain::{EscalationKey, LinkKey, SysId};
use shared::effect::{AskEscalation, CreateRecord, Effect, Kept, Record, Remember, UpdateFields};
use shared::event::{Asked, AskedBy, ClosureAnswer, Data, Event};
use shared::mapping::{Mode, Routed, WhenFinished};
use shared::messages;
use shared::store::Link;

use crate::{Content, Facts, Linked, Place};
use additions::{comment, dispute, escalated, late_opening, message};
pub use additions::{named_comment, named_message};
use changes::changed;
use fields::{Around, brings_description, fields, file_of_description, text_file};
use kind::of_kind;

/// Rules on an event of an issue.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match &facts.place {
        Place::Nowhere(content) => in_mode(&content.routed, first_record(event, facts, content)),
        Place::Linked(linked) => {
            let news = news_for_record(event, facts, linked);
            let mut effects = Vec::new();
            if linked.has_moved {
                effects.push(Effect::Follow(linked.link.record.clone()));
            }
            effects.extend(match &linked.content {
                Some(content) => in_mode(&content.routed, news),
                None => news,
            });
            effects
        }
    }
}

/// A route that is not on says what it would do, or that it does nothing.
fn in_mode(routed: &Routed, effects: Vec<Effect>) -> Vec<Effect> {
    let route = &routed.route;
    match routed.mode {
        Mode::On => effects,
        Mode::Off => vec![tell(format!("the route {route} is off: nothing is done"))],
        Mode::Shadow => effects
            .into_iter()
            .map(|effect| match effect {
                Effect::Tell { text } => tell(format!("shadow of {route}: {text}")),
                effect => tell(format!("shadow of {route}: would {effect}")),
            })
            .collect(),
    }
}

/// The issue has no record: make it, and add what the event brings beyond the issue itself.
fn first_record(event: &Event, facts: &Facts, content: &Content) -> Vec<Effect> {
    let issue = &content.issue;
    let record = chosen(facts, content, LinkKey::case());
    let mut effects = create(event, content, &record, issue.issue_id.to_string(), None);
    let shared = match &event.data {
        Data::DocumentShared(shared) => Some(&shared.document),
        _ => None,
    };
    effects.extend(documents(
        &facts.mapping.documents,
        &record,
        issue.documents.iter().chain(shared),
        0,
    ));
    effects.extend(words(event, &record, &content.partner_name));
    effects.extend(of_kind(facts, content, &record));
    effects.extend(escalation_of_first(event, content));
    effects
}

/// The issue has a record: it is only touched for something new, and not in silence when finished.
fn news_for_record(event: &Event, facts: &Facts, linked: &Linked) -> Vec<Effect> {
    let number = &linked.link.number;
    let rule = facts.mapping.table(&linked.link.record.table);
    let finished = rule.and_then(|rule| rule.finished.get(linked.row.text("state")));
    if finished.is_some() && matches!(event.data, Data::IssueOpened(_)) {
        return vec![tell(format!("{number} exists and is finished: nothing to do"))];
    }
    if let Data::ClosureConfirmed(answer) = &event.data {
        return confirmed(facts, linked, answer);
    }
    let news = added(event, facts, linked);
    // Neither takes a finished record up again.
    let is_aside = matches!(event.data, Data::IssueDeEscalated(_) | Data::MilestoneChanged(_));
    if is_aside || news.iter().all(|effect| effect.record().is_none()) {
        return news;
    }
    match (finished, &linked.content) {
        (None, _) => news,
        (Some(WhenFinished::Reopen), _) => reopen(event, facts, linked).into_iter().chain(news).collect(),
        (Some(WhenFinished::New), Some(content)) => follow_up(event, facts, linked, content),
        (Some(WhenFinished::New), None) => vec![tell(format!("{number} is finished: nothing to do"))],
    }
}

/// What an event brings to a record that is there.
fn added(event: &Event, facts: &Facts, linked: &Linked) -> Vec<Effect> {
    let record = &linked.link.record;
    let mut effects = match &event.data {
        Data::IssueOpened(issue) => late_opening(facts, linked, issue),
        Data::IssueUpdated(update) => match &linked.content {
            Some(content) => changed(event, facts, update, linked, content),
            None => Vec::new(),
        },
        Data::IssueCommented(_)
        | Data::ClosureDisputed(_)
        | Data::IssueEscalated(_)
        | Data::IssueDeEscalated(_)
        | Data::WorkspaceMessage(_)
        | Data::MilestoneChanged(_) => words(event, record, &linked.partner_name),
        Data::DocumentShared(shared) => documents(
            &facts.mapping.documents,
            record,
            [&shared.document],
            linked.documents_before,
        ),
        Data::ClosureConfirmed(_)
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
        | Data::Unknown => Vec::new(),
    };
    effects.extend(escalation_of_news(event, linked.content.as_ref()));
    effects
}

/// What a new record asks of the escalation lane: the partner's own act counts, else the issue may be
/// critical by itself.
fn escalation_of_first(event: &Event, content: &Content) -> Option<Effect> {
    let by_rule = content.is_critical.then(|| ask(event, Asked::Begin, AskedBy::Rule));
    escalation_by_partner(event).or(by_rule)
}

/// What news of an issue asks of the escalation lane: the partner's own act, or a change that may have
/// made it critical. Other changes do not: they would undo what somebody ended.
fn escalation_of_news(event: &Event, content: Option<&Content>) -> Option<Effect> {
    let is_critical = content.is_some_and(|content| content.is_critical);
    match &event.data {
        Data::IssueUpdated(update) => {
            let may_have = update.changes.priority.is_some() || update.changes.category.is_some();
            (is_critical && may_have).then(|| ask(event, Asked::Begin, AskedBy::Rule))
        }
        _ => escalation_by_partner(event),
    }
}

fn escalation_by_partner(event: &Event) -> Option<Effect> {
    let asked = match &event.data {
        Data::IssueEscalated(_) => Asked::Begin,
        Data::IssueDeEscalated(_) => Asked::End,
        Data::IssueOpened(_)
        | Data::IssueUpdated(_)
        | Data::IssueCommented(_)
        | Data::DocumentShared(_)
        | Data::ClosureConfirmed(_)
        | Data::ClosureDisputed(_)
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
        | Data::Unknown => return None,
    };
    Some(ask(event, asked, AskedBy::Partner))
}

fn ask(event: &Event, asked: Asked, by: AskedBy) -> Effect {
    Effect::AskEscalation(AskEscalation {
        asked,
        by,
        key: EscalationKey::asked_by(&event.sender, &event.id),
    })
}

/// What the partner says in an event, for the record.
pub fn words(event: &Event, record: &Record, partner: &str) -> Vec<Effect> {
    match &event.data {
        Data::IssueCommented(said) => comment(record, &said.comment, partner),
        Data::ClosureDisputed(answer) => disputed(record, answer, partner),
        Data::IssueEscalated(act) => escalated(
            record,
            event,
            messages::escalated(&act.author, partner, act.reason.as_deref()),
        ),
        Data::IssueDeEscalated(act) => escalated(
            record,
            event,
            messages::de_escalated(&act.author, partner, act.reason.as_deref()),
        ),
        Data::WorkspaceMessage(said) => message(record, &said.message, partner),
        Data::MilestoneChanged(changed) => {
            let milestone = &changed.milestone;
            let what = format!("milestone {} {}", milestone.milestone_id, milestone.version);
            vec![Effect::note(record, what, messages::partner_milestone(milestone))]
        }
        Data::IssueOpened(_)
        | Data::IssueUpdated(_)
        | Data::DocumentShared(_)
        | Data::ClosureConfirmed(_)
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
        | Data::Unknown => Vec::new(),
    }
}

/// The partner says that the issue is not solved: from then on the next resolution is a new one.
fn disputed(record: &Record, answer: &ClosureAnswer, partner: &str) -> Vec<Effect> {
    let mut effects = dispute(record, answer, partner);
    effects.push(Effect::Remember(Remember {
        record: record.clone(),
        kept: Kept::Disputed(answer.closure_version),
    }));
    effects
}

/// The partner agrees that the issue is solved: a record that is still resolved is closed.
fn confirmed(facts: &Facts, linked: &Linked, answer: &ClosureAnswer) -> Vec<Effect> {
    let link = &linked.link;
    let said = Effect::note(
        &link.record,
        format!("confirmation of {}", answer.closure_version),
        messages::resolution_confirmed(&answer.author, &linked.partner_name),
    );
    match facts.mapping.table(&link.record.table) {
        Some(rule) if rule.is_resolved(linked.row.text("state")) => {
            let set = UpdateFields {
                record: link.record.clone(),
                set: linked.row.changes_to(&rule.close),
            };
            vec![Effect::UpdateFields(set), said]
        }
        Some(rule) if rule.finished.contains_key(linked.row.text("state")) => {
            vec![tell(format!(
                "{} is closed, as the partner agrees: nothing to do",
                link.number
            ))]
        }
        Some(_) | None => vec![
            tell(format!("{} is not resolved any more: it stays as it is", link.number)),
            said,
        ],
    }
}

fn reopen(event: &Event, facts: &Facts, linked: &Linked) -> Vec<Effect> {
    let link = &linked.link;
    let Some(rule) = facts.mapping.table(&link.record.table) else {
        return Vec::new();
    };
    let set = linked.row.changes_to(&rule.reopen);
    vec![
        tell(format!("{} is finished: it is opened again", link.number)),
        Effect::UpdateFields(UpdateFields {
            record: link.record.clone(),
            set,
        }),
        Effect::note(
            &link.record,
            format!("reopening by {} {}", event.sender, event.id),
            messages::reopened(),
        ),
    ]
}

/// A new record that continues a finished one. It is made of the issue as it is now, so an update
/// is in it; the documents of the issue stay where they are.
fn follow_up(event: &Event, facts: &Facts, linked: &Linked, content: &Content) -> Vec<Effect> {
    let old = &linked.link;
    let record = chosen(facts, content, LinkKey::follow_up(&event.sender, &event.id));
    let suffix = &record.link.discriminator[..8.min(record.link.discriminator.len())];
    let correlation = format!("{}~{suffix}", content.issue.issue_id);
    let mut effects = vec![tell(format!("{} is closed: a follow-up is made", old.number))];
    effects.extend(create(event, content, &record, correlation, Some(old)));
    effects.extend(words(event, &record, &content.partner_name));
    effects.extend(escalation_of_first(event, content));
    if let Data::DocumentShared(shared) = &event.data {
        effects.extend(documents(
            &facts.mapping.documents,
            &record,
            [&shared.document],
            linked.documents_before,
        ));
    }
    effects
}

/// The record that a link of this issue will stand for.
fn chosen(facts: &Facts, content: &Content, link: LinkKey) -> Record {
    Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &link),
        table: content.routed.table.clone(),
        link,
    }
}

/// Makes a record, with the complete text where its fields cannot hold it and the event has it.
fn create(
    event: &Event,
    content: &Content,
    record: &Record,
    correlation: String,
    continued: Option<&Link>,
) -> Vec<Effect> {
    let opening = continued.map(|old| messages::follow_up(&old.number));
    let file = brings_description(event, &content.issue).then(|| file_of_description(&content.issue));
    let around = Around {
        opening: opening.as_deref(),
        file: file.as_deref(),
    };
    let mut fields = fields(content, around);
    if let Some(old) = continued {
        fields.values.insert("parent".to_owned(), old.record.sys_id.to_string());
    }
    let mut effects = vec![Effect::CreateRecord(CreateRecord {
        record: record.clone(),
        correlation,
        fields: fields.values,
        rule: None,
    })];
    if let Some(file) = text_file(event, &content.issue, &fields.cut) {
        effects.push(text_of_event(record, file));
    } else if !fields.cut.is_empty() {
        let names = fields.cut.into_iter().collect::<Vec<_>>().join(", ");
        effects.push(tell(format!(
            "{names} did not fit: the community has the complete text"
        )));
    }
    effects
}

/// The fields of a record of this content.
pub(crate) fn fields_of(content: &Content) -> BTreeMap<String, String> {
    fields(content, Around::default()).values
}

fn tell(text: String) -> Effect {
    Effect::Tell { text }
}
