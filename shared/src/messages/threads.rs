//! Words about threads, for colleagues.

use super::{author, clean, cut, one_line, with_reason};
use crate::event::{Author, DocumentRequest, Thread};

/// The longest part of an earlier message that a description repeats, in characters.
const EARLIER: usize = 500;

/// Where a task comes from, for the end of its description.
pub fn thread_origin(by: &Author, partner: &str, thread: &Thread) -> String {
    format!(
        "Asked on Trading Grid by {} of {} ({}), thread {}: {}.",
        author(by),
        one_line(partner, 200),
        thread.company_id,
        thread.thread_id,
        one_line(&thread.topic, 200).trim_end_matches('.')
    )
}

/// What was written in a thread before, oldest first; the lines come from [`earlier_message`].
pub fn earlier_messages(lines: &[String]) -> String {
    match lines {
        [] => String::new(),
        lines => format!("Earlier in the thread:\n{}", lines.join("\n")),
    }
}

/// One message that was written before.
pub fn earlier_message(by: &str, text: &str) -> String {
    let by = one_line(by, 100);
    format!("- {by}: {}", cut(&one_line(text, usize::MAX), EARLIER))
}

/// A message of a partner in a thread, as it stands in a task.
pub fn thread_message(by: &Author, partner: &str, text: &str) -> String {
    format!(
        "{} ({}) wrote in the thread:\n{}",
        author(by),
        one_line(partner, 200),
        clean(text)
    )
}

/// A request for a document that no rule makes a task of, as it stands in an open one.
pub fn thread_request(request: &DocumentRequest, partner: &str) -> String {
    format!(
        "{} ({}) asked in the thread for a document, {}:\n{}",
        author(&request.author),
        one_line(partner, 200),
        one_line(&request.document_type, 100),
        clean(&request.text)
    )
}

/// The partner no longer needs a document, as it stands in the task.
pub fn request_withdrawn(by: Option<&Author>, partner: &str, reason: Option<&str>) -> String {
    let by = by.map_or_else(|| "A user".to_owned(), author);
    with_reason(
        &format!("{by} ({}) no longer needs the document", one_line(partner, 200)),
        reason,
    )
}
