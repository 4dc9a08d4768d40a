//! What a partner adds: comments and documents, and the opening itself when it comes late.

use std::collections::BTreeSet;

use shared::domain::{EscalationKey, Role};
use shared::effect::{AddJournal, Attach, Effect, Journal, Record, Source};
use shared::event::{ClosureAnswer, Comment, Document, Event, Issue, Message};
use shared::messages;

use super::fields::file_name;
use super::{attach_text, note, tell};
use crate::{Facts, Linked};

/// The opening comes after the record: only what the record does not have yet is added.
pub(super) fn late_opening(facts: &Facts, linked: &Linked, issue: &Issue) -> Vec<Effect> {
    let record = &linked.link.record;
    let mut effects = Vec::new();
    // A follow-up is made of what came later.
    if record.link.role == Role::Case {
        let says = |text: &str| linked.link.base.values().any(|value| value.contains(text));
        let is_complete =
            says(&messages::one_line(&issue.summary, usize::MAX)) && says(messages::clean(&issue.description).trim());
        if !is_complete && says("…") {
            effects.push(attach_text(record, file_name(issue, &issue.description)));
        }
        effects.extend(documents(facts, record, &issue.documents, 0));
    }
    if effects.is_empty() {
        effects.push(tell("the record exists: nothing to add".to_owned()));
    }
    effects
}

pub(super) fn comment(record: &Record, comment: &Comment, partner: &str) -> Vec<Effect> {
    let text = messages::partner_comment(&comment.author, partner, &comment.text);
    said(
        record,
        format!("comment {}", comment.comment_id),
        text,
        format!("comment-{}.txt", comment.comment_id),
    )
}

/// A message in the workspace of the escalation.
pub(super) fn message(record: &Record, message: &Message, partner: &str) -> Vec<Effect> {
    let text = messages::workspace_message(&message.author, partner, &message.text);
    said(
        record,
        format!("message {}", message.message_id),
        text,
        format!("message-{}.txt", message.message_id),
    )
}

/// What the partner says about escalating the issue or ending that.
pub(super) fn escalated(record: &Record, event: &Event, text: String) -> Vec<Effect> {
    let key = EscalationKey::asked_by(&event.sender, &event.id);
    said(
        record,
        format!("escalation {key}"),
        text,
        format!("escalation-{key}.txt"),
    )
}

/// The partner says that the issue is not solved.
pub(super) fn dispute(record: &Record, answer: &ClosureAnswer, partner: &str) -> Vec<Effect> {
    let text = messages::resolution_disputed(&answer.author, partner, &answer.reason);
    let version = answer.closure_version;
    said(
        record,
        format!("dispute {version}"),
        text,
        format!("dispute-{version}.txt"),
    )
}

/// What a partner says, for the customer's journal; with the complete text in a file where it does not fit.
fn said(record: &Record, what: String, text: String, file: String) -> Vec<Effect> {
    let short = messages::cut_with_pointer(&text, messages::JOURNAL, &file);
    let is_cut = short != text;
    let mut effects = vec![Effect::AddJournal(AddJournal {
        record: record.clone(),
        journal: Journal::Comments,
        what,
        text: short,
    })];
    if is_cut {
        effects.push(attach_text(record, file));
    }
    effects
}

/// Attaches documents, each once, and says which are not taken and why. Only documents that are
/// taken count; `before` were taken earlier.
pub(super) fn documents<'a>(
    facts: &Facts,
    record: &Record,
    documents: impl IntoIterator<Item = &'a Document>,
    before: usize,
) -> Vec<Effect> {
    let rule = &facts.mapping.documents;
    let mut effects = Vec::new();
    let mut seen = BTreeSet::new();
    let mut taken = before;
    for document in documents {
        if !seen.insert((document.document_id.as_str(), document.sha256.as_str())) {
            continue;
        }
        let refusal = if document.size > rule.max_bytes {
            Some(format!(
                "it has {} bytes, and at most {} are taken",
                document.size, rule.max_bytes
            ))
        } else if !rule.takes(&document.media_type) {
            Some(format!("files of type {} are not taken", document.media_type))
        } else if taken >= rule.max_per_issue {
            Some(format!("an issue takes at most {} documents", rule.max_per_issue))
        } else {
            None
        };
        match refusal {
            None => {
                taken += 1;
                effects.push(Effect::Attach(Attach {
                    record: record.clone(),
                    source: Source::Community {
                        document: document.clone(),
                    },
                    file_name: messages::file_name(&document.name),
                }));
            }
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
