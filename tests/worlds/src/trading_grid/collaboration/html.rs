//! What the contract asks of the body of an article: a sanitized fragment.
//!
//! This refuses what must never arrive. It does not clean, and it does not follow every trick of a browser: that is
//! the work of whoever writes the article into the contract.

/// How a file of the article is named in `src` and `href`.
pub(crate) const FILE_SCHEME: &str = "gridlink-file:";

const FORBIDDEN_ELEMENTS: [&str; 11] = [
    "script", "style", "form", "input", "button", "iframe", "object", "embed", "link", "meta", "base",
];

/// Names what does not belong into an article.
pub(crate) fn check(html: &str) -> Result<(), String> {
    for tag in tags(html) {
        let name = tag
            .trim_start_matches('/')
            .split(is_end_of_name)
            .next()
            .unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if FORBIDDEN_ELEMENTS.contains(&name.as_str()) {
            return Err(format!("has an element {name}"));
        }
        for (attribute, value) in attributes(tag) {
            let attribute = attribute.to_ascii_lowercase();
            if attribute.starts_with("on") || attribute == "style" {
                return Err(format!("has an attribute {attribute}"));
            }
            if matches!(attribute.as_str(), "href" | "src") && !is_allowed_link(value) {
                return Err(format!(
                    "has a link in {attribute} that is neither https, mailto nor a file of the article"
                ));
            }
        }
    }
    Ok(())
}

/// The ids of the files that are named.
pub(crate) fn files(html: &str) -> Vec<String> {
    let is_id = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    html.match_indices(FILE_SCHEME)
        .filter_map(|(at, scheme)| html.get(at + scheme.len()..))
        .map(|rest| rest.chars().take_while(|c| is_id(*c)).collect())
        .collect()
}

/// What is between `<` and `>`, from a letter or slash on.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<')
        .skip(1)
        .filter(|rest| rest.starts_with(|first: char| first.is_ascii_alphabetic() || first == '/'))
        .map(|rest| rest.split('>').next().unwrap_or_default())
}

/// Names and values of a tag; a value may stand in quotes of either kind, or in none.
fn attributes(tag: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    let mut rest = tag.split_once(is_end_of_name).map_or("", |(_, rest)| rest);
    loop {
        rest = rest.trim_start_matches(is_end_of_name);
        let end = rest.find(|c: char| is_end_of_name(c) || c == '=').unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        if name.is_empty() && after.is_empty() {
            return found;
        }
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            found.push((name, ""));
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &value[1..];
                inner.split_once(quote).unwrap_or((inner, ""))
            }
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        found.push((name, value));
        rest = after;
    }
}

fn is_end_of_name(c: char) -> bool {
    c.is_whitespace() || c == '/'
}

fn is_allowed_link(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    ["https://", "mailto:", FILE_SCHEME, "#"]
        .iter()
        .any(|allowed| value.starts_with(allowed))
}
