//! Articles on their way to partners: the second lock behind whoever sanitized them.
//!
//! What comes in is the fragment that a sanitizer wrote: it is read with a grammar that knows a few elements and
//! attributes and nothing else, so that what is not plain guidance has no way out. What is told apart by it are the
//! words, which are redacted however they are cut into elements, and the pictures, whose addresses in the community
//! are known only when they are there.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::to_partner::{RULES, redacted};
use super::{PartnerText, clean, one_line};
use crate::domain::SysId;

/// The longest title that the collaboration contract takes, in characters.
const TITLE: usize = 300;
/// The longest body that can be kept until it is published, in bytes; the contract takes 500,000 characters.
pub const ARTICLE_BODY: usize = 200_000;
/// How a picture of the article is named in a sanitized fragment, before the sys_id of its file.
pub const PICTURE: &str = "gridlink-file:";

/// Elements that stand in a line of text.
const INLINE: [&str; 17] = [
    "a", "abbr", "b", "code", "del", "em", "i", "img", "ins", "kbd", "mark", "s", "samp", "strong", "sub", "sup", "u",
];
/// Elements that begin a line of their own.
const BLOCKS: [&str; 27] = [
    "blockquote",
    "br",
    "caption",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
];
/// One more block, for lists without an order.
const LIST: &str = "ul";
/// Elements without an end.
const VOID: [&str; 3] = ["br", "hr", "img"];

/// What stands in place of a picture that cannot be shown.
const NO_PICTURE: &str = "<em>[A picture is not available here.]</em>";

/// The body of an article that a partner may read. Only this module makes it, and a stored plan brings it back.
///
/// A sanitized fragment becomes one:
///
/// ```
/// use shared::messages::PartnerHtml;
///
/// let body = PartnerHtml::of_sanitized("<h2>Steps</h2><p>Send it <b>again</b>.</p>").unwrap();
/// assert_eq!(body.with_files(|_| None), "<h2>Steps</h2><p>Send it <b>again</b>.</p>");
/// ```
///
/// What is active does not, whoever says that it is sanitized:
///
/// ```
/// use shared::messages::PartnerHtml;
///
/// assert!(PartnerHtml::of_sanitized("<p onclick=\"steal()\">Send it again.</p>").is_err());
/// ```
///
/// Nor does a string in any other way:
///
/// ```compile_fail,E0451
/// use shared::messages::PartnerHtml;
/// let body = PartnerHtml { parts: Vec::new() };
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartnerHtml {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Part {
    Html(String),
    Picture { file: SysId, alt: String },
}

/// Something in a fragment that guidance does not need.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it holds {what}")]
pub struct NotPlain {
    what: String,
}

fn not_plain<T>(what: impl Into<String>) -> Result<T, NotPlain> {
    Err(NotPlain { what: what.into() })
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Text(String),
    Open(String, Vec<(String, String)>),
    Close(String),
}

impl PartnerHtml {
    /// The body that a sanitized fragment stands for, redacted; elements that were marked as hidden are left out.
    ///
    /// # Errors
    /// When something else than plain guidance is in it.
    pub fn of_sanitized(fragment: &str) -> Result<Self, NotPlain> {
        let mut tokens = visible(read(fragment)?);
        redact(&mut tokens);
        let mut body = Self { parts: Vec::new() };
        let mut is_bare_link = false;
        for token in tokens {
            match token {
                Token::Text(text) => body.push(&text),
                // Only what was in it matters.
                Token::Open(name, _) | Token::Close(name) if !is_kept(&name) => {}
                Token::Open(name, attributes) if name == "img" => body.picture(&attributes),
                // Whose address did not pass: its words stay.
                Token::Open(name, attributes) if name == "a" && !has(&attributes, "href") => is_bare_link = true,
                Token::Close(name) if name == "a" && is_bare_link => is_bare_link = false,
                Token::Open(name, attributes) => {
                    let attributes = attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\""));
                    body.push(&format!("<{name}{}>", attributes.collect::<String>()));
                }
                Token::Close(name) => body.push(&format!("</{name}>")),
            }
        }
        Ok(body)
    }

    fn push(&mut self, html: &str) {
        match self.parts.last_mut() {
            Some(Part::Html(before)) => before.push_str(html),
            Some(Part::Picture { .. }) | None => self.parts.push(Part::Html(html.to_owned())),
        }
    }

    fn picture(&mut self, attributes: &[(String, String)]) {
        let of = |wanted: &str| {
            attributes
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        let file = of("src")
            .and_then(|src| src.strip_prefix(PICTURE))
            .and_then(|id| id.parse().ok());
        match file {
            Some(file) => self.parts.push(Part::Picture {
                file,
                alt: of("alt").map(|alt| redacted(alt)).unwrap_or_default(),
            }),
            None => self.push(NO_PICTURE),
        }
    }

    /// The files that stand in it as pictures.
    pub fn pictures(&self) -> impl Iterator<Item = &SysId> {
        self.parts.iter().filter_map(|part| match part {
            Part::Picture { file, .. } => Some(file),
            Part::Html(_) => None,
        })
    }

    /// How long it is, in bytes.
    pub fn size(&self) -> usize {
        let sizes = self.parts.iter().map(|part| match part {
            Part::Html(html) => html.len(),
            Part::Picture { alt, .. } => alt.len() + 100,
        });
        sizes.sum()
    }

    /// Whether there is nothing to read or see in it.
    pub fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Html(html) => !read(html).is_ok_and(|tokens| tokens.iter().any(is_word)),
            Part::Picture { .. } => false,
        })
    }

    /// The fragment with its pictures under the ids that they have in the community; one without an id is said to be
    /// missing.
    pub fn with_files<'a>(&'a self, document: impl Fn(&SysId) -> Option<&'a str>) -> String {
        let mut html = String::with_capacity(self.size());
        for part in &self.parts {
            match part {
                Part::Html(text) => html.push_str(text),
                Part::Picture { file, alt } => match document(file) {
                    Some(document) => html.push_str(&format!("<img src=\"{PICTURE}{document}\" alt=\"{alt}\">")),
                    None => html.push_str(NO_PICTURE),
                },
            }
        }
        html
    }
}

/// The title of an article; nothing when it has no words.
pub fn article_title(title: &str) -> Option<PartnerText> {
    PartnerText::of(&one_line(title, usize::MAX), TITLE)
}

/// A word to find an article by.
pub fn keyword(word: &str) -> Option<PartnerText> {
    PartnerText::of(&one_line(word, usize::MAX), 100)
}

/// Whether an element is one that guidance needs; of all others only what is in them stays.
fn is_kept(element: &str) -> bool {
    INLINE.contains(&element) || BLOCKS.contains(&element) || element == LIST
}

/// Whether everybody may know an address: `https`, and nothing in it that would be redacted.
pub fn is_public_address(address: &str) -> bool {
    address.starts_with("https://") && redacted(address) == address
}

fn has(attributes: &[(String, String)], name: &str) -> bool {
    attributes.iter().any(|(found, _)| found == name)
}

fn is_word(token: &Token) -> bool {
    matches!(token, Token::Text(text) if !text.replace("&nbsp;", " ").trim().is_empty())
}

/// Reads a fragment as a sanitizer writes it: `<name a="b">` without a `<` or `>` in a value, and `</name>`.
fn read(fragment: &str) -> Result<Vec<Token>, NotPlain> {
    let mut tokens = Vec::new();
    let mut open: Vec<String> = Vec::new();
    let mut rest = fragment;
    while let Some(at) = rest.find('<') {
        text(&mut tokens, &rest[..at])?;
        let Some((tag, after)) = rest[at + 1..].split_once('>') else {
            return not_plain("a tag without an end");
        };
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop().as_deref() != Some(name) {
                return not_plain("an end without a beginning");
            }
            tokens.push(Token::Close(name.to_owned()));
            continue;
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        let is_of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":_.-".contains(&byte);
        if name.is_empty() || !name.bytes().all(is_of_a_name) {
            return not_plain("something that is no element");
        }
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
        tokens.push(Token::Open(name.to_owned(), read_attributes(name, attributes)?));
    }
    text(&mut tokens, rest)?;
    match open.is_empty() {
        true => Ok(tokens),
        false => not_plain("an element without an end"),
    }
}

fn text(tokens: &mut Vec<Token>, text: &str) -> Result<(), NotPlain> {
    if text.contains('>') {
        return not_plain("an end of a tag in a text");
    }
    if !text.is_empty() {
        tokens.push(Token::Text(clean(text)));
    }
    Ok(())
}

fn read_attributes(element: &str, mut rest: &str) -> Result<Vec<(String, String)>, NotPlain> {
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let Some((name, (value, after))) = rest
            .split_once("=\"")
            .and_then(|(name, value)| Some((name, value.split_once('"')?)))
        else {
            return not_plain("an attribute without a value");
        };
        if !is_plain(element, name, value) {
            return not_plain(format!("an attribute of {element} that guidance does not need"));
        }
        attributes.push((name.to_owned(), value.to_owned()));
        rest = after.strip_prefix(' ').unwrap_or(after);
    }
    Ok(attributes)
}

/// Whether an attribute may stand at an element.
fn is_plain(element: &str, name: &str, value: &str) -> bool {
    if !is_kept(element) {
        return matches!(name, "style" | "hidden") && value == HIDDEN;
    }
    let is_name = |text: &str| {
        let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        !text.is_empty() && text.bytes().all(is_of_a_name)
    };
    let is_number = || (1..=4).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    match (element, name) {
        (_, "style" | "hidden") => value == HIDDEN,
        (_, "id") => value.strip_prefix(ANCHOR).is_some_and(is_name),
        ("a", "href") => match value.strip_prefix('#') {
            Some(anchor) => anchor.strip_prefix(ANCHOR).is_some_and(is_name),
            None => is_public_address(value),
        },
        ("img", "src") => value
            .strip_prefix(PICTURE)
            .is_some_and(|id| id.parse::<SysId>().is_ok()),
        ("img", "alt") => true,
        ("td" | "th", "colspan" | "rowspan") | ("ol", "start") => is_number(),
        ("th", "scope") => matches!(value, "row" | "col" | "rowgroup" | "colgroup"),
        _ => false,
    }
}

/// How a sanitizer marks elements that their author hid: without their style they would be there for all to read.
pub const HIDDEN: &str = "hidden";
/// How the names of places in an article begin, so that none is one of the page around it.
pub const ANCHOR: &str = "a-";

/// Without the elements that are marked as hidden.
fn visible(tokens: Vec<Token>) -> Vec<Token> {
    let mut depth = 0_usize;
    let mut shown = Vec::with_capacity(tokens.len());
    for token in tokens {
        let is_hidden =
            matches!(&token, Token::Open(_, attributes) if has(attributes, "style") || has(attributes, "hidden"));
        let is_void = matches!(&token, Token::Open(name, _) if VOID.contains(&name.as_str()));
        match &token {
            Token::Open(..) if is_void && (is_hidden || depth > 0) => continue,
            Token::Open(..) if is_hidden || depth > 0 => depth += 1,
            Token::Close(_) if depth > 0 => {
                depth -= 1;
                continue;
            }
            Token::Open(..) | Token::Close(_) | Token::Text(_) => {}
        }
        if depth == 0 {
            shown.push(token);
        }
    }
    shown
}

/// Redacts the words as a reader sees them: what is cut into several elements is found too.
fn redact(tokens: &mut [Token]) {
    for (pattern, with) in RULES.iter() {
        let mut words = String::new();
        let mut places: Vec<(usize, Range<usize>)> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            match token {
                Token::Text(text) => {
                    let from = words.len();
                    words.push_str(text);
                    places.push((at, from..words.len()));
                }
                Token::Open(name, _) | Token::Close(name) if !INLINE.contains(&name.as_str()) => words.push('\n'),
                Token::Open(..) | Token::Close(_) => {}
            }
        }
        let mut found: Vec<(Range<usize>, String)> = Vec::new();
        for captures in pattern.captures_iter(&words) {
            let Some(whole) = captures.get(0) else { continue };
            let mut instead = String::new();
            captures.expand(with, &mut instead);
            // What only stands between two elements is no part of their words.
            let instead = instead.split('\n').filter(|part| !part.is_empty()).collect::<Vec<_>>();
            found.push((whole.range(), instead.join(" ")));
        }
        // From the last to the first: what is before keeps its place.
        for (range, instead) in found.into_iter().rev() {
            let touched = places
                .iter()
                .filter(|(_, place)| place.start < range.end && range.start < place.end);
            let touched = touched.map(|(at, place)| (*at, place.clone())).collect::<Vec<_>>();
            for (index, (at, place)) in touched.into_iter().enumerate().rev() {
                let Token::Text(text) = &mut tokens[at] else { continue };
                let from = range.start.max(place.start) - place.start;
                let to = range.end.min(place.end) - place.start;
                text.replace_range(from..to, if index == 0 { &instead } else { "" });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(fragment: &str) -> String {
        PartnerHtml::of_sanitized(fragment).unwrap().with_files(|_| None)
    }

    #[test]
    fn words_are_redacted_however_they_are_cut_into_elements() {
        assert_eq!(
            shown("<p>Write to <b>ada</b>@<i>acme</i>.example<em>.com</em> now.</p>"),
            "<p>Write to <b>[e-mail address removed]</b><i></i><em></em> now.</p>"
        );
        assert_eq!(
            shown("<table><tbody><tr><th>Password:</th><td><code>hunter2</code></td></tr></tbody></table>"),
            "<table><tbody><tr><th>Password: [removed]</th><td><code></code></td></tr></tbody></table>"
        );
        assert_eq!(
            shown("<p>See <code>https://acme.service-now.com/kb</code> and 10.0.0.7.</p>"),
            "<p>See <code>[internal address removed]</code> and [internal address removed].</p>"
        );
        assert_eq!(
            shown("<p>Token</p><p>of thanks</p>"),
            "<p>Token</p><p>of thanks</p>",
            "words of two paragraphs are not one word"
        );
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        for fragment in [
            "<script src=\"x\">y</script>",
            "<p",
            "<p>a > b</p>",
            "<p></b>",
            "</p>",
            "<p>",
            "<p onclick=\"x\">y</p>",
            "<p style=\"color:red\">y</p>",
            "<a href=\"javascript:x\">y</a>",
            "<a href=\"http://example.com\">y</a>",
            "<a href=\"mailto:ada@example.com\">y</a>",
            "<a href=\"https://acme.service-now.com/x\">y</a>",
            "<a href=\"#top\">y</a>",
            "<img src=\"https://example.com/x.png\">",
            "<img src=\"gridlink-file:x\">",
            "<p id=\"x\">y</p>",
            "<p title=\"x\">y</p>",
            "<svg onload=\"x\"></svg>",
            "<!-- x -->",
            "<P>y</P>",
            "<td colspan=\"99999\">y</td>",
            "<a href=x>y</a>",
        ] {
            assert!(PartnerHtml::of_sanitized(fragment).is_err(), "{fragment}");
        }
    }

    #[test]
    fn hidden_elements_are_left_out_with_all_that_is_in_them() {
        assert_eq!(
            shown("<div><p style=\"hidden\">a <b>b</b><br></p>c<div hidden=\"hidden\"><div>d</div></div>e</div>"),
            "<div>ce</div>"
        );
    }

    #[test]
    fn an_element_that_guidance_does_not_need_leaves_only_what_is_in_it() {
        assert_eq!(
            shown("<p>a<span>b</span><o:p>c</o:p></p><script>d</script>"),
            "<p>abc</p>d"
        );
        assert_eq!(shown("<p>a<span style=\"hidden\">b<b>c</b></span>d</p>"), "<p>ad</p>");
    }

    #[test]
    fn pictures_stand_under_the_ids_of_the_community_or_are_said_to_be_missing() {
        let file = "a3d911b2e30132ebe35c2ddfb2cf852a";
        let fragment = format!("<p><img src=\"gridlink-file:{file}\" alt=\"of ada@acme.com\"><img alt=\"y\"></p>");
        let body = PartnerHtml::of_sanitized(&fragment).unwrap();
        assert_eq!(body.pictures().map(SysId::as_str).collect::<Vec<_>>(), [file]);
        assert_eq!(
            body.with_files(|id| (id.as_str() == file).then_some("D-1")),
            format!("<p><img src=\"gridlink-file:D-1\" alt=\"of [e-mail address removed]\">{NO_PICTURE}</p>")
        );
        assert_eq!(body.with_files(|_| None), format!("<p>{NO_PICTURE}{NO_PICTURE}</p>"));
    }

    #[test]
    fn a_link_without_an_address_leaves_its_words() {
        assert_eq!(
            shown("<p><a>here</a> <a href=\"https://a.example/\">there</a></p>"),
            "<p>here <a href=\"https://a.example/\">there</a></p>"
        );
        assert!(PartnerHtml::of_sanitized("<p> </p><br>").unwrap().is_empty());
        assert!(!PartnerHtml::of_sanitized("<p>x</p>").unwrap().is_empty());
    }
}
