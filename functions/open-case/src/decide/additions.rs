//! What a partner adds: comments and documents, and the opening itself when it comes late.

use shared::additions::{documents, said, text_of_event};
use shared::domain::{CommentId, EscalationKey, MessageId, Role};
use shared::effect::{Effect, Record};
use shared::event::{ClosureAnswer, Comment, Event, Issue, Message};
use shared::messages;

use super::fields::file_name;
use super::tell;
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
            effects.push(text_of_event(record, file_name(issue, &issue.description)));
        }
        effects.extend(documents(&facts.mapping.documents, record, &issue.documents, 0));
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
        named_comment(&comment.comment_id),
        text,
        format!("comment-{}.txt", comment.comment_id),
    )
}

/// What the entry with a comment is called in the ledger.
pub fn named_comment(comment: &CommentId) -> String {
    format!("comment {comment}")
}

/// What the entry with a message of the workspace is called in the ledger.
pub fn named_message(message: &MessageId) -> String {
    format!("message {message}")
}

/// A message in the workspace of the escalation.
pub(super) fn message(record: &Record, message: &Message, partner: &str) -> Vec<Effect> {
    let text = messages::workspace_message(&message.author, partner, &message.text);
    said(
        record,
        named_message(&message.message_id),
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
