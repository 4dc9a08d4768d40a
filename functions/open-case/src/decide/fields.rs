//! The fields of a record: what the mapping says, cleaned, within their lengths, and the same
//! whenever it is the same issue.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::ContentHash;
use shared::event::{Data, Event, Issue};
use shared::messages;

use crate::Content;

/// The one-line text of a record.
pub(super) const SHORT_DESCRIPTION: &str = "short_description";
/// The long text of a record.
pub(super) const DESCRIPTION: &str = "description";

/// What surrounds the issue's own words in a description.
#[derive(Clone, Copy, Default)]
pub(super) struct Around<'a> {
    /// The first line of a record that continues another.
    pub(super) opening: Option<&'a str>,
    /// The attachment that has the words that the field cannot hold.
    pub(super) file: Option<&'a str>,
}

/// The fields of a record.
pub(super) struct Fields {
    /// Texts, choices and references by field.
    pub(super) values: BTreeMap<String, String>,
    /// The fields that do not hold all that they should.
    pub(super) cut: BTreeSet<String>,
}

/// Works out all fields but those that identify the record.
pub(super) fn fields(content: &Content, around: Around<'_>) -> Fields {
    let mut values = BTreeMap::new();
    let mut cut = BTreeSet::new();
    for (field, text) in &content.routed.fields {
        let whole = match field.as_str() {
            SHORT_DESCRIPTION => messages::one_line(text, usize::MAX),
            _ => messages::clean(text).trim().to_owned(),
        };
        let (short, is_cut) = match field.as_str() {
            SHORT_DESCRIPTION => shortened(&whole, messages::SHORT_DESCRIPTION),
            DESCRIPTION => description(content, &whole, around),
            _ => shortened(&whole, messages::DESCRIPTION),
        };
        values.insert(field.clone(), short);
        if is_cut {
            cut.insert(field.clone());
        }
    }
    if let Some(group) = &content.group {
        values.insert("assignment_group".to_owned(), group.to_string());
    }
    if let (Some(partner), Some(field)) = (&content.partner, &content.routed.partner_field) {
        values.insert(field.clone(), partner.to_string());
    }
    Fields { values, cut }
}

/// The name of the attachment with a text that a field cannot hold: another text, another name, so
/// that each is attached once.
pub(super) fn file_name(issue: &Issue, text: &str) -> String {
    let hash = ContentHash::of(text.as_bytes());
    format!("issue-{}-{}.txt", issue.issue_id, &hash.as_str()[..8])
}

/// The attachment that holds what was cut, where the event brings that text.
pub(super) fn text_file(event: &Event, issue: &Issue, cut: &BTreeSet<String>) -> Option<String> {
    if !cut.is_empty() && brings_description(event, issue) {
        Some(file_of_description(issue))
    } else if cut.contains(SHORT_DESCRIPTION) && brings_summary(event, issue) {
        Some(file_name(issue, &issue.summary))
    } else {
        None
    }
}

pub(super) fn file_of_description(issue: &Issue) -> String {
    file_name(issue, &issue.description)
}

/// Whether the event has the description that the issue has now.
pub(super) fn brings_description(event: &Event, issue: &Issue) -> bool {
    match &event.data {
        Data::IssueOpened(opened) => opened.description == issue.description,
        Data::IssueUpdated(update) => update.changes.description.as_ref() == Some(&issue.description),
        Data::IssueCommented(_)
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
        | Data::Unknown => false,
    }
}

/// Whether the event has the summary that the issue has now.
fn brings_summary(event: &Event, issue: &Issue) -> bool {
    match &event.data {
        Data::IssueOpened(opened) => opened.summary == issue.summary,
        Data::IssueUpdated(update) => update.changes.summary.as_ref() == Some(&issue.summary),
        Data::IssueCommented(_)
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
        | Data::Unknown => false,
    }
}

fn shortened(text: &str, longest: usize) -> (String, bool) {
    let short = messages::cut(text, longest);
    let is_cut = short != text;
    (short, is_cut)
}

/// The words of the issue between the opening and where it comes from. When all of it is too long,
/// the words are cut and not the numbers of the exchange at their end, which agents search for.
fn description(content: &Content, whole: &str, around: Around<'_>) -> (String, bool) {
    let opening = around.opening.unwrap_or_default();
    let origin = messages::origin(&content.issue, &content.partner_name);
    let all = paragraphs([opening, whole, &origin]);
    if length(&all) <= messages::DESCRIPTION {
        return (all, false);
    }
    let details = messages::transaction_details(&content.issue.transaction_ref);
    let (words, details) = match whole.strip_suffix(&details) {
        Some(words) if length(&details) <= messages::DESCRIPTION / 2 => (words.trim_end(), details.as_str()),
        _ => (whole, ""),
    };
    let rest = length(&paragraphs([opening, details, &origin])) + length(BETWEEN);
    let room = messages::DESCRIPTION.saturating_sub(rest);
    let words = match around.file {
        Some(file) => messages::cut_with_pointer(words, room, file),
        None => messages::cut(words, room),
    };
    (paragraphs([opening, &words, details, &origin]), true)
}

/// What stands between two paragraphs.
const BETWEEN: &str = "\n\n";

fn paragraphs<const N: usize>(texts: [&str; N]) -> String {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(BETWEEN)
}

fn length(text: &str) -> usize {
    text.chars().count()
}
