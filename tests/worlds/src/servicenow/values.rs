//! What a column makes of a value: takes it, cuts it, or silently ignores it.

use super::dictionary::{Column, Kind};
use super::guesses::Guesses;
use crate::clock;

/// Whether two texts are equal to the database.
pub(crate) fn same_text(left: &str, right: &str, ignores_case: bool) -> bool {
    if ignores_case {
        left.to_lowercase() == right.to_lowercase()
    } else {
        left == right
    }
}

/// What becomes of a value that a caller sends.
pub(crate) enum Stored {
    Value(String),
    /// A value that was too long.
    Cut(String),
    Entry(String),
    Not,
    /// A field that only the system writes.
    System,
}

/// What a column makes of a value.
pub(crate) fn stored(column: &Column, value: &str, allow_any_choice: bool, guesses: &Guesses) -> Stored {
    let unreadable = if guesses.unreadable_value_is_ignored {
        Stored::Not
    } else {
        Stored::Value(String::new())
    };
    match &column.kind {
        Kind::System | Kind::SystemTime | Kind::JournalList(_) => Stored::System,
        Kind::Journal if value.is_empty() => Stored::System,
        Kind::Journal => Stored::Entry(value.chars().take(column.max_length).collect()),
        Kind::Boolean => match value {
            "true" | "1" => Stored::Value("true".to_owned()),
            "false" | "0" | "" => Stored::Value("false".to_owned()),
            _ => unreadable,
        },
        Kind::Integer if !value.is_empty() && value.parse::<i64>().is_err() => unreadable,
        Kind::DateTime if !value.is_empty() && clock::parse_seconds(value).is_none() => unreadable,
        Kind::Decimal if !value.is_empty() && value.parse::<f64>().is_err() => unreadable,
        Kind::Date if !value.is_empty() && clock::parse_date(value).is_none() => unreadable,
        Kind::Duration if !value.is_empty() && clock::parse_seconds(value).is_none() => unreadable,
        Kind::Text
        | Kind::Html
        | Kind::Url
        | Kind::Integer
        | Kind::Decimal
        | Kind::DateTime
        | Kind::Date
        | Kind::Duration
        | Kind::Currency
        | Kind::Password
        | Kind::Reference(_)
        | Kind::List(_) => {
            let is_choice = !column.choices.is_empty();
            let is_known = column.label_of(value).is_some();
            let is_allowed = is_known || (allow_any_choice && !value.is_empty());
            if is_choice && !is_allowed {
                return Stored::Not;
            }
            if value.chars().count() > column.max_length {
                return Stored::Cut(value.chars().take(column.max_length).collect());
            }
            Stored::Value(value.to_owned())
        }
    }
}
