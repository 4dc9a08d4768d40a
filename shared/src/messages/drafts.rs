//! What drafts of articles say, and what colleagues read of them.
//!
//! A draft holds what its partner wrote and what the mapping calls public: the type of the latter says so.

use std::fmt::Write;

use super::{PartnerText, author, clean, cut, one_line};
use crate::domain::{Category, SysId};
use crate::event::{ArticleFeedback, Issue};

/// The longest title of an article in ServiceNow, in characters.
const TITLE: usize = 100;
/// The longest problem of a draft, in characters: a draft is to be worked on by people.
const PROBLEM: usize = 8_000;
/// The longest comment of a reader in ServiceNow, in characters.
const FEEDBACK: usize = 4_000;

/// The title of a draft about an issue.
pub fn draft_title(issue: &Issue) -> String {
    one_line(&issue.summary, TITLE)
}

/// The body of a draft about what solved an issue; parts that nobody wrote are left out.
pub fn draft_body(issue: &Issue, cause: Option<&PartnerText>, resolution: Option<&PartnerText>) -> String {
    let mut html = String::new();
    let problem = format!(
        "{}\n\n{}",
        one_line(&issue.summary, usize::MAX),
        clean(&issue.description)
    );
    let problem = cut(&problem, PROBLEM);
    for (heading, text) in [
        ("Problem", Some(problem.as_str())),
        ("Cause", cause.map(PartnerText::as_str)),
        ("Resolution", resolution.map(PartnerText::as_str)),
    ] {
        if let Some(text) = text {
            let _ = write!(html, "<h2>{heading}</h2>{}", paragraphs(text));
        }
    }
    html
}

/// The note on a record whose draft was made.
pub fn draft_made(rule: &str, title: &str, base: &str, draft: &SysId) -> String {
    format!(
        "This record became a draft article, \"{title}\", in the knowledge base {}, by the rule {}.\n\
         It holds what the partner wrote and what is public of this record. See that it names no partner before it is \
         published, which only your own approval does.\n\
         /kb_knowledge.do?sys_id={draft}",
        one_line(base, 200),
        one_line(rule, 100),
    )
}

/// The title of a draft that is proposed.
pub fn proposal_title(kind: &Category) -> String {
    one_line(&format!("How to solve: {}", kind.as_str().replace('_', " ")), TITLE)
}

/// The body of a draft that is proposed, for whoever writes the article: it names no partner.
pub fn proposal_body(kind: &Category, issues: usize, days: u64) -> String {
    let problem = format!(
        "Partners raised {issues} issues of the kind {kind} within {days} days, and find no article about it. \
         This draft is among the knowledge of their records."
    );
    let sections = [("Problem", problem.as_str()), ("Cause", ""), ("Resolution", "")];
    let sections = sections.map(|(heading, text)| format!("<h2>{heading}</h2>{}", paragraphs(text)));
    sections.concat()
}

/// A partner's feedback as it stands in ServiceNow, with what all of it added up to then: views, helpful, not helpful.
pub fn feedback_comment(given: &ArticleFeedback, totals: Option<(u64, u64, u64)>) -> String {
    let mut lines = Vec::new();
    let totals = totals.map(|(views, helpful, not_helpful)| {
        format!("So far on Trading Grid: read {views} times, helpful {helpful}, not helpful {not_helpful}.")
    });
    let by = format!(
        "By {} ({}) on Trading Grid, of version {} there.",
        author(&given.author),
        given.company_id,
        given.article_version
    );
    let text = clean(given.text.as_deref().unwrap_or_default()).trim().to_owned();
    let end = std::iter::once(by).chain(totals).collect::<Vec<_>>().join("\n");
    let room = FEEDBACK.saturating_sub(end.chars().count() + 2);
    lines.extend((!text.is_empty()).then(|| cut(&text, room)));
    lines.push(end);
    lines.join("\n\n")
}

/// Plain text as HTML: a paragraph for each, with its line breaks.
fn paragraphs(text: &str) -> String {
    let text = clean(text);
    let parts = text.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
    parts
        .map(|part| format!("<p>{}</p>", escaped(part).replace('\n', "<br>")))
        .collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::resolution;

    fn issue(description: &str) -> Issue {
        let json = serde_json::json!({
            "issueId": "ISS-1", "companyId": "GC1", "version": 1, "kind": "transaction", "category": "asn_mismatch",
            "priority": "high", "summary": "856 <refused>", "description": description,
            "author": {"userId": "U1", "name": "Ada"},
        });
        Issue::parse(&json.to_string()).unwrap()
    }

    #[test]
    fn a_draft_has_problem_cause_and_resolution_in_plain_html() {
        let (cause, solved) = (resolution("A & B"), resolution("Send it again.\nThen wait."));
        let body = draft_body(
            &issue("N1*ST is\nmissing.\n\n<script>x</script>"),
            cause.as_ref(),
            solved.as_ref(),
        );
        insta::assert_snapshot!(body, @"<h2>Problem</h2><p>856 &lt;refused&gt;</p><p>N1*ST is<br>missing.</p><p>&lt;script&gt;x&lt;/script&gt;</p><h2>Cause</h2><p>A &amp; B</p><h2>Resolution</h2><p>Send it again.<br>Then wait.</p>");
    }

    #[test]
    fn what_nobody_wrote_has_no_heading() {
        let body = draft_body(&issue(""), None, None);
        assert_eq!(body, "<h2>Problem</h2><p>856 &lt;refused&gt;</p>");
        let long = draft_body(&issue(&"&".repeat(200_000)), None, None);
        assert!(long.len() < 50_000, "{} bytes", long.len());
    }
}
