//! HTML of an author becomes plain guidance: what is active, styled or addressed to the inside goes, the words stay.
//!
//! The work is [ammonia](https://docs.rs/ammonia)'s; this module says what may stay. What it writes is read once more,
//! with a grammar of its own, by [`shared::messages::PartnerHtml`].

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use ammonia::{Builder, UrlRelative};
use shared::domain::SysId;
use shared::messages::{ANCHOR, HIDDEN, PICTURE, is_public_address};
use url::{Host, Url};

/// Elements that stay, with the attributes that stay at them.
const ELEMENTS: [(&str, &[&str]); 45] = [
    ("a", &["href"]),
    ("abbr", &[]),
    ("b", &[]),
    ("blockquote", &[]),
    ("br", &[]),
    ("caption", &[]),
    ("code", &[]),
    ("dd", &[]),
    ("del", &[]),
    ("div", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("h1", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["src", "alt"]),
    ("ins", &[]),
    ("kbd", &[]),
    ("li", &[]),
    ("mark", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("s", &[]),
    ("samp", &[]),
    ("strong", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan", "scope"]),
    ("thead", &[]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &[]),
];

/// Elements that go with all that is in them; of others that do not stay, the words do.
const WITH_CONTENT: [&str; 20] = [
    "applet", "audio", "canvas", "datalist", "embed", "frameset", "iframe", "math", "noembed", "noframes", "noscript",
    "object", "script", "select", "style", "svg", "template", "textarea", "title", "video",
];

/// Elements that cannot be marked as hidden: those without an end, and those whose text is not read as HTML.
const UNMARKED: [&str; 24] = [
    "area",
    "base",
    "basefont",
    "bgsound",
    "body",
    "col",
    "command",
    "frame",
    "head",
    "html",
    "image",
    "input",
    "keygen",
    "link",
    "meta",
    "param",
    "plaintext",
    "rb",
    "rtc",
    "source",
    "track",
    "wbr",
    "xml",
    "xmp",
];

/// Ends of names that only the inside knows.
const INSIDE: [&str; 10] = [
    "local",
    "localdomain",
    "localhost",
    "internal",
    "intranet",
    "corp",
    "lan",
    "intra",
    "home",
    "private",
];

/// The fragment that may stay of an author's HTML. `instance` is the host of ServiceNow itself.
pub(crate) fn sanitize(html: &str, instance: &str) -> String {
    let attributes: HashMap<&str, HashSet<&str>> = ELEMENTS
        .iter()
        .map(|(element, attributes)| (*element, attributes.iter().copied().collect()))
        .collect();
    let instance = instance.to_owned();
    let mut tags: HashSet<&str> = ELEMENTS.iter().map(|(element, _)| *element).collect();
    // Their own tags go in the end; until then they may say that they are hidden.
    let named = names(html);
    tags.extend(named.iter().map(String::as_str));
    tags.retain(|name| !WITH_CONTENT.contains(name) && !UNMARKED.contains(name));
    let mut builder = Builder::empty();
    builder
        .tags(tags)
        .tag_attributes(attributes)
        // What hides an element is only a mark from here on: see `kept`.
        .generic_attributes(HashSet::from(["id", "style", "hidden"]))
        .clean_content_tags(HashSet::from(WITH_CONTENT))
        // Which of these pass is decided in `kept`, with the whole address at hand.
        .url_schemes(HashSet::from(["http", "https"]))
        .url_relative(UrlRelative::PassThrough)
        .link_rel(None)
        .strip_comments(true)
        .attribute_filter(move |element, attribute, value| kept(element, attribute, value, &instance).map(Cow::Owned));
    builder.clean(html).to_string()
}

/// The names of all elements that may be in an author's HTML.
fn names(html: &str) -> HashSet<String> {
    let is_of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":_.-".contains(&byte);
    let after = html.split('<').skip(1).filter_map(|rest| {
        let end = rest.find(|end: char| end.is_ascii_whitespace() || end == '/' || end == '>');
        let name = rest[..end.unwrap_or(rest.len())].to_ascii_lowercase();
        let begins = name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase());
        (begins && name.len() <= 60 && name.bytes().all(is_of_a_name)).then_some(name)
    });
    after.collect()
}

/// What becomes of an attribute's value.
fn kept(element: &str, attribute: &str, value: &str, instance: &str) -> Option<String> {
    match (element, attribute) {
        (_, "style") => hides(value).then(|| HIDDEN.to_owned()),
        (_, "hidden") => Some(HIDDEN.to_owned()),
        (_, "id") if ELEMENTS.iter().any(|(kept, _)| *kept == element) => anchor(value),
        ("a", "href") => match value.strip_prefix('#') {
            Some(place) => Some(format!("#{}", anchor(place)?)),
            None => link(value, instance),
        },
        ("img", "src") => Some(format!("{PICTURE}{}", file(value, instance)?)),
        ("img", "alt") => Some(value.replace(['<', '>'], "")),
        ("td" | "th", "colspan" | "rowspan") | ("ol", "start") => {
            let number: u16 = value.trim().parse().ok()?;
            (number <= 1_000).then(|| number.to_string())
        }
        ("th", "scope") => {
            let scope = value.trim().to_ascii_lowercase();
            ["row", "col", "rowgroup", "colgroup"]
                .contains(&scope.as_str())
                .then_some(scope)
        }
        _ => None,
    }
}

/// Whether a style hides its element: without the style it would be there for all to read.
fn hides(style: &str) -> bool {
    // Comments and escapes can spell anything: what cannot be read plainly counts as hidden.
    if style.contains("/*") || style.contains('\\') {
        return true;
    }
    let declarations = style.split(';').filter_map(|declaration| declaration.split_once(':'));
    let mut declarations = declarations.map(|(name, value)| {
        let value = value.to_ascii_lowercase().replace("!important", "");
        (name.trim().to_ascii_lowercase(), value.trim().to_owned())
    });
    declarations.any(|(name, value)| match name.as_str() {
        "display" => value == "none",
        "visibility" => value == "hidden" || value == "collapse",
        "opacity" | "font-size" | "width" | "height" | "max-height" | "max-width" => {
            let number = value.trim_end_matches(|last: char| last.is_ascii_alphabetic() || last == '%');
            number.trim().parse::<f64>() == Ok(0.0)
        }
        "mso-hide" => value == "all",
        _ => false,
    })
}

/// The name of a place in the article, as one that is none of the page around it.
fn anchor(name: &str) -> Option<String> {
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let is_name = (1..=100).contains(&name.len()) && name.bytes().all(is_of_a_name);
    is_name.then(|| format!("{ANCHOR}{name}"))
}

/// An address that everybody may know: `https`, of a host with a public name.
fn link(value: &str, instance: &str) -> Option<String> {
    let url = Url::parse(value.trim()).ok()?;
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    let is_within = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    let is_inside = !host.contains('.')
        || is_within(instance)
        || is_within("service-now.com")
        || INSIDE.iter().any(|end| is_within(end));
    let is_plain = url.scheme() == "https" && url.username().is_empty() && url.password().is_none();
    let text = url.to_string();
    (is_plain && !is_inside && is_public_address(&text) && !text.contains(['<', '>', '"'])).then_some(text)
}

/// The file of the instance that an address of a picture names.
fn file(value: &str, instance: &str) -> Option<SysId> {
    let base = Url::parse(&format!("https://{instance}/")).ok()?;
    let url = base.join(value.trim()).ok()?;
    if url.host_str() != Some(instance) {
        return None;
    }
    let is_attachment = url.path_segments()?.next_back()? == "sys_attachment.do";
    let mut named = url.query_pairs().filter(|(name, _)| name == "sys_id");
    named.next().filter(|_| is_attachment)?.1.parse().ok()
}

#[cfg(test)]
mod tests;
