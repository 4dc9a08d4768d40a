//! The body of a user: its members as published, which are checked and which are kept.
//!
//! Published: the member names, and that booleans are "Yes" and "No". Which are required, how long they may be, and
//! the rules for a password are guesses. Members that nobody knows are ignored.

use serde_json::{Map, Value};

use crate::trading_grid::guesses::Guesses;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    YesOrNo,
    /// Two letters.
    Country,
    /// `Web` is the only one that was seen.
    UserType,
    Password,
    Hints,
    Object(&'static [(&'static str, Kind)]),
}

const ADDRESS: &[(&str, Kind)] = &[
    ("addressLine1", Kind::Text),
    ("addressLine2", Kind::Text),
    ("city", Kind::Text),
    ("countryCode", Kind::Country),
    ("postalCode", Kind::Text),
    ("state", Kind::Text),
];

/// `phoneNumberExtention` is their spelling.
const CONTACT: &[(&str, Kind)] = &[
    ("email", Kind::Text),
    ("faxNumber", Kind::Text),
    ("mobile", Kind::Text),
    ("phoneNumber", Kind::Text),
    ("phoneNumberExtention", Kind::Text),
];

const MEMBERS: &[(&str, Kind)] = &[
    ("address", Kind::Object(ADDRESS)),
    ("contactInformation", Kind::Object(CONTACT)),
    ("firstName", Kind::Text),
    ("lastName", Kind::Text),
    ("loginId", Kind::Text),
    ("loginPassword", Kind::Password),
    ("isConsentClause", Kind::YesOrNo),
    ("isDayLightSavingsTimeObserved", Kind::YesOrNo),
    ("isRequiredOpenTextMarketingMaterials", Kind::YesOrNo),
    ("preferredDateFormat", Kind::Text),
    ("preferredLanguage", Kind::Text),
    ("preferredTimezone", Kind::Text),
    ("type", Kind::UserType),
    ("userPasswordHint", Kind::Hints),
];

const MAX_CHARACTERS: usize = 256;
/// As many as the published body has.
const MAX_HINTS: usize = 6;

pub(super) fn check_new(body: &Map<String, Value>, guesses: &Guesses) -> Result<(), String> {
    for member in guesses.required_user_members {
        let pointer = format!("/{}", member.replace('.', "/"));
        let value = Value::Object(body.clone()).pointer(&pointer).cloned();
        if value.is_none_or(|value| value.is_null() || value == "") {
            return Err(format!("{member} is required"));
        }
    }
    check_change(body, guesses)?;
    let login_id = body.get("loginId").and_then(Value::as_str).unwrap_or_default();
    if login_id.contains(|c: char| c.is_whitespace() || c == '/') {
        return Err("loginId must not contain blanks or slashes".to_owned());
    }
    Ok(())
}

pub(super) fn check_change(body: &Map<String, Value>, guesses: &Guesses) -> Result<(), String> {
    check(body, MEMBERS, "", guesses)
}

/// What is kept of a body: what is known, without secrets and without what has a place of its own.
pub(super) fn kept(body: Map<String, Value>) -> Map<String, Value> {
    only_known(body, MEMBERS)
}

/// Sets what is given and leaves the rest, object by object.
pub(super) fn merge(into: &mut Map<String, Value>, given: Map<String, Value>) {
    for (member, value) in given {
        match (into.get_mut(&member), value) {
            (Some(Value::Object(old)), Value::Object(new)) => merge(old, new),
            (_, value) => {
                into.insert(member, value);
            }
        }
    }
}

fn only_known(body: Map<String, Value>, members: &[(&str, Kind)]) -> Map<String, Value> {
    let kind_of = |name: &str| members.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind);
    body.into_iter()
        .filter(|(name, _)| name != "loginId")
        .filter_map(|(name, value)| match (kind_of(&name)?, value) {
            (Kind::Password | Kind::Hints, _) => None,
            (Kind::Object(inner), Value::Object(object)) => Some((name, Value::Object(only_known(object, inner)))),
            (_, value) => Some((name, value)),
        })
        .collect()
}

fn check(body: &Map<String, Value>, members: &[(&str, Kind)], above: &str, guesses: &Guesses) -> Result<(), String> {
    for (name, kind) in members {
        let Some(value) = body.get(*name) else { continue };
        let path = format!("{above}{name}");
        match (kind, value) {
            (Kind::Object(inner), Value::Object(object)) => check(object, inner, &format!("{path}."), guesses)?,
            (Kind::Hints, Value::Object(hints)) => check_hints(hints, &path)?,
            (Kind::Object(_) | Kind::Hints, _) => return Err(format!("{path} must be an object")),
            (_, Value::String(text)) => check_text(*kind, text, &path, guesses)?,
            _ => return Err(format!("{path} must be a string")),
        }
    }
    Ok(())
}

fn check_text(kind: Kind, text: &str, path: &str, guesses: &Guesses) -> Result<(), String> {
    if text.chars().count() > MAX_CHARACTERS {
        return Err(format!("{path} must have at most {MAX_CHARACTERS} characters"));
    }
    match kind {
        Kind::YesOrNo if !matches!(text, "Yes" | "No") => Err(format!("{path} must be Yes or No")),
        Kind::Country if !(text.is_empty() || is_country(text)) => {
            Err(format!("{path} must be a country code of two letters"))
        }
        Kind::UserType if text != "Web" => Err(format!("{path} must be Web")),
        // Never says what was sent.
        Kind::Password if !is_strong(text, guesses) => Err(format!("{path} does not meet the password policy")),
        Kind::Text
        | Kind::YesOrNo
        | Kind::Country
        | Kind::UserType
        | Kind::Password
        | Kind::Hints
        | Kind::Object(_) => Ok(()),
    }
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.chars().all(|c| c.is_ascii_uppercase())
}

fn is_strong(password: &str, guesses: &Guesses) -> bool {
    let has = |wanted: fn(&char) -> bool| password.chars().any(|c| wanted(&c));
    password.chars().count() >= guesses.password_min_characters
        && has(char::is_ascii_uppercase)
        && has(char::is_ascii_lowercase)
        && has(char::is_ascii_digit)
}

fn check_hints(hints: &Map<String, Value>, path: &str) -> Result<(), String> {
    if hints.len() > MAX_HINTS {
        return Err(format!("{path} has more than {MAX_HINTS} entries"));
    }
    for number in 1..=hints.len() {
        let name = format!("pwdHintQuestionAnswer{number}");
        let hint = hints.get(&name).and_then(Value::as_object);
        let has = |member: &str| {
            let text = hint.and_then(|hint| hint.get(member)?.as_str());
            text.is_some_and(|text| !text.is_empty() && text.chars().count() <= MAX_CHARACTERS)
        };
        if !has("question") || !has("answer") {
            return Err(format!("{path}.{name} must have a question and an answer"));
        }
    }
    Ok(())
}
