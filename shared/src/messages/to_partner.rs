//! The one exit to the partner: what leaves here is public by its origin, and redacted.
//!
//! Accepted: a rule that looks for credentials finds those that look like some. It is the second
//! lock; the first is that nothing internal has a way here at all.

use std::sync::LazyLock;

use regex_lite::Regex;
use serde::{Deserialize, Serialize};

use super::{REFERENCE, clean, cut};
use crate::domain::{ArticleId, SysId, Timestamp};
use crate::effect::Journal;

/// The longest comment that the collaboration contract takes is 30,000 characters.
const COMMENT: usize = 30_000;
/// The longest note that the collaboration contract takes, in characters.
const NOTE: usize = 8_000;

/// Text that a partner may read. Only this module makes it, and a stored plan brings it back.
///
/// A public comment becomes such a text:
///
/// ```
/// use shared::effect::Journal;
/// use shared::messages::{PartnerText, PublicComment, public_comment};
///
/// let entry = "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap();
/// let written = shared::domain::Timestamp::from_millis(0);
/// let comment = PublicComment::of(Journal::Comments, entry, written, None, "We look into it.".to_owned());
/// let text: PartnerText = public_comment(&comment.unwrap()).unwrap();
/// assert_eq!(text.as_str(), "We look into it.");
/// ```
///
/// A string does not, in whichever way it is offered:
///
/// ```compile_fail,E0423
/// use shared::messages::PartnerText;
/// let text: PartnerText = PartnerText("We look into it.".to_owned());
/// ```
///
/// ```compile_fail,E0277
/// use shared::messages::PartnerText;
/// let text: PartnerText = "We look into it.".to_owned().into();
/// ```
///
/// ```compile_fail,E0624
/// use shared::messages::PartnerText;
/// let text: Option<PartnerText> = PartnerText::of("We look into it.", 100);
/// ```
///
/// ```compile_fail,E0603
/// use shared::messages::PartnerText;
/// let text: Option<PartnerText> = shared::messages::resolution("We look into it.");
/// ```
///
/// An entry of a journal does, by what the customer may see of it:
///
/// ```
/// use shared::effect::PostComment;
/// use shared::messages::public_comment;
/// use shared::servicenow::Entry;
///
/// fn shown(entry: Entry, post: PostComment) -> Option<PostComment> {
///     let text = public_comment(&entry.public()?)?;
///     Some(PostComment { text, ..post })
/// }
/// ```
///
/// Itself it is no public comment, and its text is none of the partner's:
///
/// ```compile_fail,E0308
/// use shared::effect::PostComment;
/// use shared::messages::public_comment;
/// use shared::servicenow::Entry;
///
/// fn shown(entry: Entry, post: PostComment) -> Option<PostComment> {
///     let text = public_comment(&entry)?;
///     Some(PostComment { text, ..post })
/// }
/// ```
///
/// ```compile_fail,E0308
/// use shared::effect::PostComment;
/// use shared::messages::public_comment;
/// use shared::servicenow::Entry;
///
/// fn shown(entry: Entry, post: PostComment) -> Option<PostComment> {
///     let text = entry.text;
///     Some(PostComment { text, ..post })
/// }
/// ```
///
/// Nor is a field of a record, be it said with a status or in a notice:
///
/// ```
/// use shared::effect::{PostNotice, Status};
/// use shared::messages::document_not_delivered;
/// use shared::servicenow::Row;
///
/// fn told(row: &Row, status: Status, notice: PostNotice) -> (Status, PostNotice) {
///     let text = document_not_delivered();
///     (Status { resolution: Some(text.clone()), ..status }, PostNotice { text, ..notice })
/// }
/// ```
///
/// ```compile_fail,E0308
/// use shared::effect::{PostNotice, Status};
/// use shared::messages::document_not_delivered;
/// use shared::servicenow::Row;
///
/// fn told(row: &Row, status: Status, notice: PostNotice) -> (Status, PostNotice) {
///     let text = row.text("description").to_owned();
///     (Status { resolution: Some(text.clone()), ..status }, PostNotice { text, ..notice })
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartnerText(String);

impl PartnerText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(text: &str, longest: usize) -> Option<Self> {
        let text = redacted(&clean(text));
        let text = text.trim();
        (!text.is_empty()).then(|| Self(cut(text, longest)))
    }
}

/// An entry of a record's journal that the customer may see; a work note cannot become one.
///
/// ```
/// use shared::domain::{SysId, Timestamp};
/// use shared::effect::Journal;
/// use shared::messages::PublicComment;
///
/// fn public(sys_id: SysId, created: Timestamp, text: String) -> Option<PublicComment> {
///     PublicComment::of(Journal::WorkNotes, sys_id, created, None, text)
/// }
///
/// let entry = "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap();
/// assert_eq!(public(entry, Timestamp::from_millis(0), "Ask finance.".to_owned()), None);
/// ```
///
/// Nobody makes one without saying where it stands:
///
/// ```compile_fail,E0451
/// use shared::domain::{SysId, Timestamp};
/// use shared::effect::Journal;
/// use shared::messages::PublicComment;
///
/// fn public(sys_id: SysId, created: Timestamp, text: String) -> Option<PublicComment> {
///     Some(PublicComment { sys_id, created, login: None, text })
/// }
/// ```
///
/// Nor does anybody put other words into one:
///
/// ```
/// use shared::messages::PublicComment;
///
/// fn signed(mut comment: PublicComment, login: String) -> PublicComment {
///     comment.login = Some(login);
///     comment
/// }
/// ```
///
/// ```compile_fail,E0616
/// use shared::messages::PublicComment;
///
/// fn signed(mut comment: PublicComment, login: String) -> PublicComment {
///     comment.text = login;
///     comment
/// }
/// ```
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

    /// The names of the files that lines `share: <file name>` share, each once. Only of a comment that an
    /// agent wrote they mean anything. A comment that holds one of our own reference lines shares nothing:
    /// it repeats what a partner wrote.
    pub fn shared_files(&self) -> Vec<&str> {
        let mut names = Vec::new();
        if self.text.contains(REFERENCE) {
            return names;
        }
        for name in self.text.lines().filter_map(shared_file) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// The file that a line shares.
fn shared_file(line: &str) -> Option<&str> {
    let (word, name) = line.split_once(':')?;
    let name = name.trim();
    (word.trim().eq_ignore_ascii_case("share") && !name.is_empty()).then_some(name)
}

/// A public comment of a record; `None` when nothing is left to say.
pub fn public_comment(comment: &PublicComment) -> Option<PartnerText> {
    PartnerText::of(comment.text(), COMMENT)
}

/// The same without the lines that share files, for a comment of which they were obeyed.
pub fn sharing_comment(comment: &PublicComment) -> Option<PartnerText> {
    let said = comment.text().lines().filter(|line| shared_file(line).is_none());
    PartnerText::of(&said.collect::<Vec<_>>().join("\n"), COMMENT)
}

/// What a partner hears whose issue has been waiting for help for too long, in the words of the mapping.
pub fn still_waiting(words: &str) -> Option<PartnerText> {
    PartnerText::of(words, NOTE)
}

/// Articles that may help, by title and number, after the words of the mapping.
pub fn articles_may_help<'a>(
    words: &str,
    articles: impl Iterator<Item = (&'a ArticleId, &'a PartnerText)>,
) -> Option<PartnerText> {
    let lines = articles.map(|(number, title)| format!("\n- {} ({number})", title.as_str()));
    PartnerText::of(&format!("{}{}", words.trim(), lines.collect::<String>()), NOTE)
}

/// A file that was announced and will not come.
pub fn document_not_delivered() -> PartnerText {
    PartnerText("A document that was announced here could not be delivered. We are informed.".to_owned())
}

/// A file that was announced and is not there, but may still come.
pub fn document_not_there_yet() -> PartnerText {
    PartnerText("A document that was announced here is not available yet. We are informed.".to_owned())
}

/// How a case was resolved, from the field that the mapping names as public: only the mapping may say so.
pub(crate) fn resolution(text: &str) -> Option<PartnerText> {
    PartnerText::of(text, NOTE)
}

/// Patterns, and what stands in their place; `$1` is the first group.
pub(super) static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
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
pub(super) fn redacted(text: &str) -> String {
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
