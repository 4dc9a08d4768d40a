//! All words for people, one function each; handlers choose which, never how.
//!
//! Partner text is cleaned here, at the one place where it becomes text of a record: control
//! characters, bidirectional overrides and ServiceNow's `[code]` tag do not pass.

mod articles;
mod drafts;
mod exchanges;
mod onboarding;
mod threads;
mod to_partner;

use std::fmt::Write;

use crate::domain::Timestamp;
use crate::event::{AskedBy, Author, Data, Document, Event, Issue, PartnerMilestone, ThreadAct, TransactionRef};

pub use articles::{
    ANCHOR, ARTICLE_BODY, HIDDEN, NotPlain, PICTURE, PartnerHtml, article_title, is_public_address, keyword,
};
pub use drafts::{draft_body, draft_made, draft_title, feedback_comment, proposal_body, proposal_title};
pub use exchanges::{
    Counted, children_count, children_recovered, children_resolved, counted, exchange_count, exchange_incident,
    exchange_reopened, exchange_sample, exchange_still_fails, exchanges_recovered, exchanges_resolved,
    is_resolved_by_us, parent_incident, partner_of_sample, partner_sample, recounted,
};
pub use onboarding::*;
pub use threads::{
    earlier_message, earlier_messages, request_withdrawn, thread_message, thread_origin, thread_request,
};
pub(crate) use to_partner::resolution;
pub use to_partner::{
    PartnerText, PublicComment, articles_may_help, document_not_delivered, document_not_there_yet, public_comment,
    sharing_comment, still_waiting,
};

/// The longest `short_description` of a ServiceNow task, in characters.
pub const SHORT_DESCRIPTION: usize = 160;
/// The longest `description` of a ServiceNow task that we rely on, in characters.
pub const DESCRIPTION: usize = 4_000;
/// The longest journal entry that we write, in characters.
pub const JOURNAL: usize = 16_000;

/// Partner text, safe in a plain-text field.
///
/// No control characters but line breaks and tabs, no invisible characters that reorder or hide
/// what a reader sees, no `[code]` tag, which some instances render as HTML.
pub fn clean(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\r' => {
                if characters.peek() != Some(&'\n') {
                    clean.push('\n');
                }
            }
            '\n' | '\t' => clean.push(character),
            '\u{2028}' | '\u{2029}' => clean.push('\n'),
            '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' => {}
            '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}' | '\u{E0000}'..='\u{E007F}' => {}
            _ if character.is_control() => {}
            _ => clean.push(character),
        }
    }
    break_code_tags(clean)
}

/// Puts a space into `[code]` and `[/code]`, in any letter case.
fn break_code_tags(text: String) -> String {
    let lower = text.to_ascii_lowercase();
    if !lower.contains("[code]") && !lower.contains("[/code]") {
        return text;
    }
    let mut broken = String::with_capacity(text.len() + 8);
    for (at, character) in text.char_indices() {
        broken.push(character);
        let rest = &lower[at..];
        if rest.starts_with("[code]") || rest.starts_with("[/code]") {
            broken.push(' ');
        }
    }
    broken
}

/// The text on one line, at most `longest` characters, with an ellipsis when cut.
pub fn one_line(text: &str, longest: usize) -> String {
    let line = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&line, longest)
}

/// At most `longest` characters, with an ellipsis when cut.
pub fn cut(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut short = text.chars().take(longest.saturating_sub(1)).collect::<String>();
    short.push('…');
    short
}

/// At most `longest` characters; when cut, it ends by naming the attachment that has it all.
pub fn cut_with_pointer(text: &str, longest: usize, file_name: &str) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let pointer = format!("…\n\n[The complete text is attached as {file_name}.]");
    let room = longest.saturating_sub(pointer.chars().count());
    let mut short = text.chars().take(room).collect::<String>();
    short.push_str(&pointer);
    short
}

/// All that an event says in prose, for the attachment that completes a shortened field.
pub fn complete_text(event: &Event) -> String {
    match &event.data {
        Data::IssueOpened(issue) => format!("{}\n\n{}\n", clean(&issue.summary), clean(&issue.description)),
        Data::IssueUpdated(update) => {
            let texts = [&update.changes.summary, &update.changes.description];
            let texts = texts.into_iter().flatten().map(|text| clean(text)).collect::<Vec<_>>();
            texts.join("\n\n") + "\n"
        }
        Data::IssueCommented(event) => clean(&event.comment.text) + "\n",
        Data::ClosureDisputed(answer) => clean(&answer.reason) + "\n",
        Data::WorkspaceMessage(event) => clean(&event.message.text) + "\n",
        Data::IssueEscalated(act) | Data::IssueDeEscalated(act) => {
            clean(act.reason.as_deref().unwrap_or_default()) + "\n"
        }
        Data::Thread(news) => match &news.act {
            ThreadAct::Posted { message, .. } => clean(&message.text) + "\n",
            ThreadAct::Requested(request) => {
                format!("{}\n\n{}\n", clean(&request.document_type), clean(&request.text))
            }
            ThreadAct::Withdrawn { reason, .. } => clean(reason.as_deref().unwrap_or_default()) + "\n",
            ThreadAct::Provided(_) => String::new(),
        },
        Data::DocumentShared(_)
        | Data::ClosureConfirmed(_)
        | Data::MilestoneChanged(_)
        | Data::EscalationAsked(_)
        | Data::RecordChanged(_)
        | Data::ClosureDue(_)
        | Data::IssueParked(_)
        | Data::TaskOverdue(_)
        | Data::Exchange(_)
        | Data::ArticleChanged(_)
        | Data::DraftAsked(_)
        | Data::IssueOfKind(_)
        | Data::ArticleFeedback(_)
        | Data::Request(_)
        | Data::Unknown => String::new(),
    }
}

/// What is known of the exchange, a line each; empty when nothing is.
pub fn transaction_details(reference: &TransactionRef) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(text, "{name}: {}", one_line(value, 200));
        }
    };
    line("Document type", &reference.document_type);
    line("Direction", &reference.direction);
    line("Sender address", &reference.sender_address);
    line("Receiver address", &reference.receiver_address);
    line("Interchange control number", &reference.interchange_control_number);
    for (name, value) in &reference.business_keys {
        let name = one_line(name, 100);
        let mut letters = name.chars();
        let name = letters
            .next()
            .map(|first| first.to_uppercase().chain(letters).collect::<String>());
        line(&name.unwrap_or_default(), value);
    }
    line("Lens transaction", &reference.transaction_id);
    line("Lens process", &reference.correlation_id);
    text.truncate(text.trim_end().len());
    text
}

/// Where an issue comes from, for the end of a description.
pub fn origin(issue: &Issue, partner: &str) -> String {
    format!(
        "Raised on Trading Grid by {} of {} ({}), issue {}.",
        author(&issue.author),
        one_line(partner, 200),
        issue.company_id,
        issue.issue_id
    )
}

/// A comment of a partner, as it stands in the case.
pub fn partner_comment(by: &Author, partner: &str, text: &str) -> String {
    format!(
        "{} ({}) wrote on Trading Grid:\n{}",
        author(by),
        one_line(partner, 200),
        clean(text)
    )
}

/// How the last line of an entry that we write begins.
const REFERENCE: &str = "via Trading Grid · ref ";

/// The last line of an entry that we write, which lets us find it again.
pub fn reference_line(reference: &str) -> String {
    format!("{REFERENCE}{reference}")
}

/// Texts that differ only in line ends and outer white space are the same.
pub fn canonical(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// A comment of an agent that the community did not take.
pub fn comment_not_relayed(reason: &str) -> String {
    format!("A comment of this record was not shown to the partner: {reason}.")
}

/// The partner asks for another priority than the one that was set when the record was made.
pub fn priority_wish(priority: &str) -> String {
    format!("The partner now rates this issue as {priority}. Priority was left as it is.")
}

/// The partner changed a text that an agent has edited meanwhile.
pub fn kept_the_agents_text(field: &str, text: &str) -> String {
    format!(
        "The partner changed {field}, which was edited here meanwhile and was left as it is. The partner's text:\n{text}"
    )
}

/// The partner moved the issue to another category.
pub fn category_wish(category: &str) -> String {
    format!("The partner now files this issue under {category}.")
}

/// A document that was not attached.
pub fn document_refused(document: &Document, reason: &str) -> String {
    format!(
        "The partner's document {} ({}) was not attached: {reason}.",
        document.document_id,
        one_line(&document.name, 100)
    )
}

/// A file that an agent shared with the partner, and that was not delivered.
pub fn document_not_shared(name: &str, reason: &str) -> String {
    format!(
        "The file {} was not shared with the partner: {reason}.",
        one_line(name, 100)
    )
}

/// A file that an agent shares and that is not on the record.
pub fn document_awaited(name: &str) -> String {
    format!(
        "A comment shares the file {} with the partner, and no file of exactly this name is attached. \
         Attached within a day of the comment it is shared then; later, share it again.",
        one_line(name, 100)
    )
}

/// The first line of a record that continues a closed one.
pub fn follow_up(number: &str) -> String {
    format!("Continues {number}, which is closed.")
}

/// The record was closed and is open again because the partner came back.
pub fn reopened() -> String {
    "Reopened because the partner came back to the issue.".to_owned()
}

/// The partner does not agree that the issue is solved, as it stands in the case.
pub fn resolution_disputed(by: &Author, partner: &str, reason: &str) -> String {
    format!(
        "{} ({}) wrote on Trading Grid that the issue is not solved:\n{}",
        author(by),
        one_line(partner, 200),
        clean(reason)
    )
}

/// The partner agrees that the issue is solved.
pub fn resolution_confirmed(by: &Author, partner: &str) -> String {
    format!(
        "{} ({}) confirmed on Trading Grid that the issue is solved.",
        author(by),
        one_line(partner, 200)
    )
}

/// The partner was asked whether the issue is solved, and did not answer.
pub fn resolution_unanswered() -> String {
    "The partner was asked on Trading Grid whether the issue is solved, and did not answer in time: it counts as solved."
        .to_owned()
}

/// The partner escalates the issue, as it stands in the case.
pub fn escalated(by: &Author, partner: &str, reason: Option<&str>) -> String {
    with_reason(
        &format!(
            "{} ({}) escalated the issue on Trading Grid",
            author(by),
            one_line(partner, 200)
        ),
        reason,
    )
}

/// The partner ends the escalation, as it stands in the case.
pub fn de_escalated(by: &Author, partner: &str, reason: Option<&str>) -> String {
    with_reason(
        &format!(
            "{} ({}) ended the escalation on Trading Grid",
            author(by),
            one_line(partner, 200)
        ),
        reason,
    )
}

fn with_reason(what: &str, reason: Option<&str>) -> String {
    match reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => format!("{what}:\n{}", clean(reason)),
        None => format!("{what}."),
    }
}

/// A message of a partner in the workspace of an escalated issue, as it stands in the case.
pub fn workspace_message(by: &Author, partner: &str, text: &str) -> String {
    format!(
        "{} ({}) wrote in the workspace of the escalation:\n{}",
        author(by),
        one_line(partner, 200),
        clean(text)
    )
}

/// A milestone of the partner, for colleagues.
pub fn partner_milestone(milestone: &PartnerMilestone) -> String {
    let mut text = format!(
        "Milestone of the partner: {} is {}",
        one_line(&milestone.title, 200),
        milestone.state.as_str().replace('-', " ")
    );
    if let Some(due) = &milestone.due_at {
        let _ = write!(text, ", due {}", one_line(due, 40));
    }
    text.push('.');
    if let Some(note) = milestone.note.as_deref().map(str::trim).filter(|note| !note.is_empty()) {
        let _ = write!(text, "\n{}", cut(&clean(note), DESCRIPTION));
    }
    text
}

/// An escalation began, for colleagues.
pub fn escalation_begun(by: AskedBy, left: &[String]) -> String {
    let mut text = format!("Escalated by {by}. What is written here for the partner goes to the workspace.");
    if !left.is_empty() {
        let _ = write!(text, " Left as an agent set it: {}.", left.join(", "));
    }
    text
}

/// An escalation ended, for colleagues.
pub fn escalation_ended(by: AskedBy) -> String {
    format!("The escalation was ended by {by}.")
}

/// An escalation ended while this task was open.
pub fn task_outlived(by: AskedBy) -> String {
    format!("The escalation was ended by {by} before this task was done: decide whether it is still needed.")
}

/// The task of a team was not done in time, for colleagues.
pub fn task_overdue(number: &str, due_at: Timestamp, is_shown: bool) -> String {
    let due_at = due_at.servicenow();
    let seen = if is_shown {
        " The partner sees that the milestone was missed."
    } else {
        ""
    };
    format!("{number} was due at {due_at} UTC and is not done.{seen}")
}

fn author(author: &Author) -> String {
    let name = one_line(&author.name, 100);
    if name.is_empty() { "a user".to_owned() } else { name }
}

/// A file name without a path, control or reordering characters, and of bearable length; the
/// extension survives.
pub fn file_name(name: &str) -> String {
    let base = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe = clean(base)
        .chars()
        .map(|character| match character {
            '\n' | '\t' | '"' | '<' | '>' | '|' | ':' | '*' | '?' | '^' => '_',
            other => other,
        })
        .collect::<String>();
    let safe = safe.trim().trim_start_matches('.').trim();
    if safe.is_empty() {
        return "document".to_owned();
    }
    let (stem, extension) = match safe.rsplit_once('.') {
        Some((stem, extension)) if (1..=10).contains(&extension.chars().count()) && !stem.is_empty() => {
            (stem, format!(".{extension}"))
        }
        _ => (safe, String::new()),
    };
    let room = 100usize.saturating_sub(extension.len());
    let mut short = String::new();
    for character in stem.chars() {
        if short.len() + character.len_utf8() > room {
            break;
        }
        short.push(character);
    }
    short + &extension
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn partner_text_is_cleaned() {
        assert_eq!(clean("a\u{202E}b\u{0007}c\r\nd\re\u{200B}\u{FEFF}"), "abc\nd\ne");
        assert_eq!(clean("x [CoDe]<b>[/code]"), "x [ CoDe]<b>[ /code]");
        assert_eq!(clean("Größe 字 \u{1F600}"), "Größe 字 \u{1F600}");
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 3), "äö…");
        let long = "ä".repeat(5_000);
        let short = cut_with_pointer(&long, DESCRIPTION, "issue.txt");
        assert_eq!(short.chars().count(), DESCRIPTION);
        assert!(short.ends_with("[The complete text is attached as issue.txt.]"));
    }

    #[test]
    fn file_names_lose_paths_and_tricks_but_keep_their_extension() {
        for (name, wanted) in [
            ("pod.pdf", "pod.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\a.edi", "a.edi"),
            ("fdp\u{202E}exe.pdf", "fdpexe.pdf"),
            ("a\r\nb.txt", "a_b.txt"),
            ("...", "document"),
            ("", "document"),
            (".htaccess", "htaccess"),
        ] {
            assert_eq!(file_name(name), wanted, "{name:?}");
        }
        let long = file_name(&format!("{}.pdf", "ü".repeat(300)));
        assert!(long.len() <= 100 && long.ends_with(".pdf"), "{long}");
    }

    proptest! {
        #[test]
        fn clean_text_stays_as_it_is(text in ".*") {
            let once = clean(&text);
            prop_assert_eq!(&clean(&once), &once);
            let named = file_name(&text);
            prop_assert!(named.len() <= 100 && !named.contains(['/', '\\', '\n', '\0']));
            prop_assert_eq!(&file_name(&named), &named);
        }
    }
}
