//! Values of a query, made ready once so that a row is compared with little work.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::super::dictionary::{Column, Kind};
use super::super::locale;
use super::reading::Reading;
use super::times::Scripted;
use crate::clock;

/// How the values of a column are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Text,
    Number,
    Boolean,
    /// A time in UTC.
    Moment,
    Date,
    Duration,
    /// Can only be asked whether it is empty.
    Secret,
    /// Is no value of the row at all.
    Journal,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Needle {
    Empty,
    /// Folded where the case does not matter.
    Text(String),
    Number(Number),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Whole(i64),
    Fraction(f64),
}

impl Class {
    pub(super) fn of(column: &Column) -> Class {
        let has_number_choices =
            !column.choices.is_empty() && column.choices.iter().all(|(value, _)| value.parse::<i64>().is_ok());
        match &column.kind {
            Kind::Integer | Kind::Decimal | Kind::Currency => Class::Number,
            Kind::Text if has_number_choices => Class::Number,
            Kind::System if column.name == "sys_mod_count" => Class::Number,
            Kind::Boolean => Class::Boolean,
            Kind::DateTime | Kind::SystemTime => Class::Moment,
            Kind::Date => Class::Date,
            Kind::Duration => Class::Duration,
            Kind::Password => Class::Secret,
            Kind::Journal | Kind::JournalList(_) => Class::Journal,
            Kind::Text | Kind::Html | Kind::Url | Kind::Reference(_) | Kind::List(_) | Kind::System => Class::Text,
        }
    }

    /// What a row holds, ready to be compared.
    pub(super) fn of_row(self, stored: &str, ignores_case: bool) -> Option<Found<'_>> {
        if stored.is_empty() {
            return None;
        }
        Some(match self {
            Class::Number => Found::Number(Number::of(stored)?),
            Class::Text | Class::Boolean | Class::Moment | Class::Date | Class::Duration => {
                Found::Text(folded(stored, ignores_case))
            }
            Class::Secret | Class::Journal => return None,
        })
    }
}

/// A value of a row that is not empty.
pub(super) enum Found<'r> {
    Text(Cow<'r, str>),
    Number(Number),
}

impl Found<'_> {
    /// None for a needle of another kind.
    pub(super) fn compare(&self, needle: &Needle) -> Option<Ordering> {
        match (self, needle) {
            (Found::Text(found), Needle::Text(needle)) => Some(found.as_ref().cmp(needle.as_str())),
            (Found::Number(found), Needle::Number(needle)) => Some(found.compare(*needle)),
            (Found::Text(_), Needle::Number(_)) | (Found::Number(_), Needle::Text(_)) | (_, Needle::Empty) => None,
        }
    }

    pub(super) fn order(&self, other: &Found<'_>) -> Ordering {
        match (self, other) {
            (Found::Text(one), Found::Text(other)) => one.cmp(other),
            (Found::Number(one), Found::Number(other)) => one.compare(*other),
            (Found::Number(_), Found::Text(_)) => Ordering::Less,
            (Found::Text(_), Found::Number(_)) => Ordering::Greater,
        }
    }

    pub(super) fn into_needle(self) -> Needle {
        match self {
            Found::Text(text) => Needle::Text(text.into_owned()),
            Found::Number(number) => Needle::Number(number),
        }
    }
}

impl Number {
    /// The number of a stored value; of an amount the part after the currency.
    pub(super) fn of(stored: &str) -> Option<Number> {
        let number = stored.rsplit_once(';').map_or(stored, |(_, amount)| amount);
        if let Ok(whole) = number.parse() {
            return Some(Number::Whole(whole));
        }
        let fraction = number.parse::<f64>().ok().filter(|number| number.is_finite());
        fraction.map(Number::Fraction)
    }

    pub(super) fn compare(self, other: Number) -> Ordering {
        match (self, other) {
            (Number::Whole(one), Number::Whole(other)) => one.cmp(&other),
            (one, other) => one.fraction().total_cmp(&other.fraction()),
        }
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "only compared with a fraction, which is no more precise"
    )]
    fn fraction(self) -> f64 {
        match self {
            Number::Whole(number) => number as f64,
            Number::Fraction(number) => number,
        }
    }
}

impl Reading<'_> {
    /// A value as the column stores it; none for a value that the column cannot hold, and for an unknown script.
    pub(super) fn needle(&self, column: &Column, value: &str) -> Option<Needle> {
        let value = match value.strip_prefix("javascript:") {
            None => Scripted::Text(value.to_owned()),
            Some(script) => self.evaluate(script)?,
        };
        if value == Scripted::Text(String::new()) {
            return Some(Needle::Empty);
        }
        let class = Class::of(column);
        let text = match (class, value) {
            (Class::Date, Scripted::Moment(moment)) => self.asker.locale.date_of(moment),
            (_, Scripted::Moment(moment)) => locale::stored(moment),
            (_, Scripted::Text(text)) => text,
        };
        let has_time = clock::parse_seconds(&text).is_some();
        let has_date = clock::parse_date(&text).is_some();
        match class {
            Class::Number => Number::of(&text).map(Needle::Number),
            Class::Text => Some(Needle::Text(folded(&text, self.ignores_case()).into_owned())),
            Class::Boolean => match text.as_str() {
                "true" | "1" => Some(Needle::Text("true".to_owned())),
                "false" | "0" => Some(Needle::Text("false".to_owned())),
                _ => None,
            },
            Class::Moment if has_date => Some(Needle::Text(format!("{text} 00:00:00"))),
            Class::Moment | Class::Duration => has_time.then_some(Needle::Text(text)),
            Class::Date if has_time => text.split_once(' ').map(|(date, _)| Needle::Text(date.to_owned())),
            Class::Date => has_date.then_some(Needle::Text(text)),
            Class::Secret | Class::Journal => None,
        }
    }
}

/// A text as it is compared.
pub(super) fn folded(text: &str, ignores_case: bool) -> Cow<'_, str> {
    let may_change = |letter: char| !letter.is_ascii() || letter.is_ascii_uppercase();
    if ignores_case && text.chars().any(may_change) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    }
}
