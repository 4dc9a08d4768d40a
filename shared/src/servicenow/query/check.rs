//! Whether a row is one that the query asked for.
//!
//! Databases compare text in their own ways: whatever its case, its accents or the blanks around
//! it. So a row has two readings: ours, which is exact where a value is asked for, and the widest
//! that any database could have. A row that fails even the widest reading shows that the instance
//! dropped a condition.

use std::cmp::Ordering;

use super::{Condition, Field, Query, Test};
use crate::domain::Timestamp;
use crate::servicenow::Row;

/// What a row is to a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is one of those asked for.
    Matches,
    /// It is not, but a database that compares loosely may think so.
    Near,
    /// A field that is needed to tell is not in the answer.
    Unknown(Field),
    /// It is not, by any reading.
    Fails,
}

impl Query {
    /// Whether a row is one that the query asks for, as far as its fields were selected.
    pub fn matches(&self, row: &Row) -> Verdict {
        if self.groups.is_empty() {
            return Verdict::Matches;
        }
        let group = |conditions: &Vec<Vec<Condition>>| {
            all(conditions
                .iter()
                .map(|alternatives| any(alternatives.iter().map(|condition| condition.judge(row)))))
        };
        any(self.groups.iter().map(group))
    }
}

fn all(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Fails => 0,
        Verdict::Unknown(_) => 1,
        Verdict::Near => 2,
        Verdict::Matches => 3,
    };
    verdicts.min_by_key(rank).unwrap_or(Verdict::Matches)
}

fn any(verdicts: impl Iterator<Item = Verdict>) -> Verdict {
    let rank = |verdict: &Verdict| match verdict {
        Verdict::Fails => 0,
        Verdict::Near => 1,
        Verdict::Unknown(_) => 2,
        Verdict::Matches => 3,
    };
    verdicts.max_by_key(rank).unwrap_or(Verdict::Fails)
}

impl Condition {
    fn judge(&self, row: &Row) -> Verdict {
        let Some(actual) = row.get(self.field.as_str()) else {
            return Verdict::Unknown(self.field.clone());
        };
        match &self.test {
            Test::Is(value) => same(actual, value),
            // ServiceNow's article KB0715430: an empty field is left out.
            Test::IsNot(_) if actual.is_empty() => Verdict::Near,
            Test::IsNot(value) => decided(actual != value),
            Test::In(values) => any(values.iter().map(|value| same(actual, value))),
            Test::StartsWith(value) => text(actual, value, |whole, part| whole.starts_with(part)),
            Test::Contains(value) => text(actual, value, |whole, part| whole.contains(part)),
            Test::ComesAfter(id) => decided(actual > id.as_str()),
            Test::At(time) => timed(actual, *time, |order| order == Ordering::Equal),
            Test::Since(time) => timed(actual, *time, |order| order != Ordering::Less),
            Test::After(time) => timed(actual, *time, |order| order == Ordering::Greater),
            Test::Before(time) => timed(actual, *time, |order| order == Ordering::Less),
            Test::Until(time) => timed(actual, *time, |order| order != Ordering::Greater),
            Test::Empty if actual.is_empty() => Verdict::Matches,
            Test::Empty if actual.trim().is_empty() => Verdict::Near,
            Test::Empty => Verdict::Fails,
            Test::NotEmpty => decided(!actual.is_empty()),
            Test::SameAs(other) => match row.get(other.as_str()) {
                Some(value) => same(actual, value),
                None => Verdict::Unknown(other.clone()),
            },
        }
    }
}

fn decided(is_so: bool) -> Verdict {
    if is_so { Verdict::Matches } else { Verdict::Fails }
}

/// Exactly the same; or so to a database that knows no case, no accents and no outer blanks.
fn same(actual: &str, wanted: &str) -> Verdict {
    if actual == wanted {
        Verdict::Matches
    } else if !actual.is_ascii() || !wanted.is_ascii() || folded(actual) == folded(wanted) {
        Verdict::Near
    } else {
        Verdict::Fails
    }
}

/// A part of a text whatever its case. An underscore may be a wildcard to the database.
fn text(actual: &str, wanted: &str, holds: fn(&str, &str) -> bool) -> Verdict {
    if holds(&actual.to_lowercase(), &wanted.to_lowercase()) {
        Verdict::Matches
    } else if !actual.is_ascii() || !wanted.is_ascii() || wanted.contains('_') || wanted.trim() != wanted {
        Verdict::Near
    } else {
        Verdict::Fails
    }
}

/// By the second; no value is neither earlier nor later than any. The form sorts as the time does;
/// what a date without a time is to a time on that day is up to the database.
fn timed(actual: &str, wanted: Timestamp, holds: impl Fn(Ordering) -> bool) -> Verdict {
    let wanted = wanted.servicenow();
    if actual.is_empty() {
        Verdict::Fails
    } else if actual.len() < wanted.len() && wanted.starts_with(actual) {
        Verdict::Near
    } else {
        decided(holds(actual.cmp(wanted.as_str())))
    }
}

fn folded(text: &str) -> String {
    text.trim().to_ascii_lowercase()
}
