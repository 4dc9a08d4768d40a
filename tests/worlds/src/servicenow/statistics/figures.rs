//! What an aggregate makes of the values of a column.

use std::cmp::Ordering;
use std::fmt;

use super::request::Aggregate;

/// The value of an aggregate, or one that it is compared with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Figure {
    /// Of no value at all; shown empty.
    Nothing,
    Number {
        value: f64,
        shown: String,
    },
    Text(String),
}

impl Figure {
    pub(super) fn count(rows: usize) -> Figure {
        Figure::Number {
            value: rows as f64,
            shown: rows.to_string(),
        }
    }

    /// A stored value as what it compares as.
    pub(super) fn read(text: &str) -> Figure {
        match text.parse::<f64>() {
            _ if text.is_empty() => Figure::Nothing,
            Ok(value) if value.is_finite() => Figure::Number {
                value,
                shown: text.to_owned(),
            },
            _ => Figure::Text(text.to_owned()),
        }
    }

    /// The aggregate of values that are not empty.
    pub(super) fn of<'a>(aggregate: Aggregate, values: impl Iterator<Item = &'a str>) -> Figure {
        match aggregate {
            Aggregate::Count => Figure::count(values.count()),
            Aggregate::Avg => average(values),
            Aggregate::Sum => sum(values),
            Aggregate::Min => extreme(values, Ordering::Less),
            Aggregate::Max => extreme(values, Ordering::Greater),
        }
    }

    /// Nothing, then numbers by their value, then texts by their letters: a total order.
    pub(super) fn compare(&self, other: &Figure) -> Ordering {
        match (self, other) {
            (Figure::Number { value: left, .. }, Figure::Number { value: right, .. }) => left.total_cmp(right),
            (Figure::Text(left), Figure::Text(right)) => left.cmp(right),
            (left, right) => left.rank().cmp(&right.rank()),
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Figure::Nothing => 0,
            Figure::Number { .. } => 1,
            Figure::Text(_) => 2,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Figure::Nothing => Ok(()),
            Figure::Number { shown: text, .. } | Figure::Text(text) => f.write_str(text),
        }
    }
}

/// With four digits after the point, as the documentation shows it.
fn average<'a>(values: impl Iterator<Item = &'a str>) -> Figure {
    let numbers: Vec<f64> = numbers(values).collect();
    if numbers.is_empty() {
        return Figure::Nothing;
    }
    let value = numbers.iter().sum::<f64>() / numbers.len() as f64;
    let shown = format!("{value:.4}");
    Figure::Number { value, shown }
}

fn sum<'a>(values: impl Iterator<Item = &'a str>) -> Figure {
    let numbers: Vec<f64> = numbers(values).collect();
    if numbers.is_empty() {
        return Figure::Nothing;
    }
    let value = numbers.iter().sum::<f64>();
    let shown = value.to_string();
    Figure::Number { value, shown }
}

fn extreme<'a>(values: impl Iterator<Item = &'a str>, wanted: Ordering) -> Figure {
    values
        .map(Figure::read)
        .reduce(|best, value| if value.compare(&best) == wanted { value } else { best })
        .unwrap_or(Figure::Nothing)
}

fn numbers<'a>(values: impl Iterator<Item = &'a str>) -> impl Iterator<Item = f64> {
    values.filter_map(|value| match Figure::read(value) {
        Figure::Number { value, .. } => Some(value),
        Figure::Nothing | Figure::Text(_) => None,
    })
}
