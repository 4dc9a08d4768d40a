//! The one exit to the partner: what leaves here is public by its origin, and redacted.
//!
//! Accepted: a rule that looks for credentials finds those that look like some. It is the second
//! lock; the first is that nothing internal has a way here at all.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::{clean, cut};
use crate::domain::{SysId, Timestamp};
use crate::effect::Journal;

/// The longest comment that the collaboration contract takes is 30,000 characters.
const COMMENT: usize = 30_000;
/// The longest note that the collaboration contract takes, in characters.
const NOTE: usize = 8_000;

/// Text that a partner may read. Only this module makes it, and a stored plan brings it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartnerText(String);

impl PartnerText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(text: &str, longest: usize) -> Option<Self> {
        let text = redacted(&clean(text));
        let text = text.trim();
        (!text.is_empty()).then(|| Self(cut(text, longest)))
    }
}

/// An entry of a record's journal that the customer may see; a work note cannot become one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicComment {
    /// The entry.
    pub sys_id: SysId,
    /// When it was written.
    pub created: Timestamp,
    /// The `user_name` of its author, where it is known.
    pub login: Option<String>,
    text: String,
}

impl PublicComment {
    /// The entry of a journal, when it is public.
    pub fn of(
        journal: Journal,
        sys_id: SysId,
        created: Timestamp,
        login: Option<String>,
        text: String,
    ) -> Option<Self> {
        match journal {
            Journal::Comments => Some(Self {
                sys_id,
                created,
                login,
                text,
            }),
            Journal::WorkNotes => None,
        }
    }

    /// The text as it is stored.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A public comment of a record; `None` when nothing is left to say.
pub fn public_comment(comment: &PublicComment) -> Option<PartnerText> {
    PartnerText::of(comment.text(), COMMENT)
}

/// How a case was resolved, from the field that the mapping names as public.
pub fn resolution(text: &str) -> Option<PartnerText> {
    PartnerText::of(text, NOTE)
}

/// Patterns, and what stands in their place; `$1` is the first group.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let rules = [
        (
            r"-----BEGIN [A-Z0-9 ]+-----[\s\S]*?(-----END [A-Z0-9 ]+-----|$)",
            "[key removed]",
        ),
        (r"(?i)\b(bearer|basic)\s+[a-z0-9._~+/=-]{12,}", "$1 [removed]"),
        (
            r"(?i)\b(pass(?:word|wd|phrase)?|pwd|secret|token|api[ _-]?key|client[ _-]?secret)(\s*[:=]\s*)\S+",
            "$1$2[removed]",
        ),
        (
            r"(?i)\b[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}\b",
            "[e-mail address removed]",
        ),
        (
            r"(?i)\b(https?://)?([a-z0-9-]+\.)+service-now\.com(:[0-9]+)?(/\S*)?",
            "[internal address removed]",
        ),
        (
            r"(?i)\b(https?://)?([a-z0-9-]+\.)+(local|localdomain|internal|intranet|corp|lan|intra)\b(:[0-9]+)?(/\S*)?",
            "[internal address removed]",
        ),
        (
            r"\b(10(\.[0-9]{1,3}){3}|192\.168(\.[0-9]{1,3}){2}|172\.(1[6-9]|2[0-9]|3[01])(\.[0-9]{1,3}){2})\b(:[0-9]+)?",
            "[internal address removed]",
        ),
    ];
    let compile = |(pattern, with): (&str, &'static str)| (Regex::new(pattern).expect("it is a pattern"), with);
    rules.map(compile).into_iter().collect()
});

/// The text without credentials, addresses of the inside, and e-mail addresses.
fn redacted(text: &str) -> String {
    RULES.iter().fold(text.to_owned(), |text, (rule, with)| {
        rule.replace_all(&text, *with).into_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_colleagues_need_is_taken_out() {
        for (text, wanted) in [
            (
                "Ask ada.okafor@acme-corp.example or call.",
                "Ask [e-mail address removed] or call.",
            ),
            (
                "see https://acme.service-now.com/nav_to.do?uri=x ok",
                "see [internal address removed] ok",
            ),
            (
                "on edi01.corp:8443/in and 10.1.2.3:22.",
                "on [internal address removed] and [internal address removed].",
            ),
            ("password: hunter2, go", "password: [removed] go"),
            ("API key=abc", "API key=[removed]"),
            (
                "Authorization: Bearer abcdefghijklmnop",
                "Authorization: Bearer [removed]",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nbye",
                "[key removed]\nbye",
            ),
            (
                "Your password is wrong; token 4 of 5.",
                "Your password is wrong; token 4 of 5.",
            ),
            (
                "Invoice 10.1 on 192.168, see example.com",
                "Invoice 10.1 on 192.168, see example.com",
            ),
        ] {
            assert_eq!(redacted(text), wanted);
        }
    }

    #[test]
    fn nothing_is_said_where_nothing_is_left() {
        assert_eq!(resolution(" \u{200B}\n"), None);
        let long = resolution(&"ä".repeat(9_000)).unwrap();
        assert_eq!(long.as_str().chars().count(), NOTE);
    }
}
