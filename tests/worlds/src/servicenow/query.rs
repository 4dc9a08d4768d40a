//! Encoded queries: parsed leniently, as the platform does it.
//!
//! Grammar: groups are separated by `^NQ`, conditions by `^`, alternatives of one condition by `^OR`; `^ORDERBY` and
//! `^ORDERBYDESC` sort; `^EQ` ends. A part that names no column or no operator is ignored, unless the property
//! `glide.invalid_query.returns_no_rows` is true.

use std::cmp::Ordering;

use super::dictionary::{Dictionary, Kind};
use super::engine::{Row, State};
use super::values::same_text;

/// A parsed encoded query on one table.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    table: String,
    /// Any group: all of its conditions: any of their alternatives.
    groups: Vec<Vec<Vec<Condition>>>,
    order: Vec<Order>,
    /// The parts that mean nothing.
    pub(crate) invalid: Vec<String>,
    matches_nothing: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    path: String,
    operator: Operator,
    value: String,
    is_integer: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Order {
    path: String,
    is_integer: bool,
    is_descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    More,
    MoreOrIs,
    Less,
    LessOrIs,
    In,
    NotIn,
    Like,
    NotLike,
    StartsWith,
    EndsWith,
    Between,
    IsEmpty,
    IsNotEmpty,
    Anything,
}

/// Longest first where one begins with another.
const OPERATORS: [(&str, Operator); 20] = [
    ("!=", Operator::IsNot),
    (">=", Operator::MoreOrIs),
    ("<=", Operator::LessOrIs),
    ("=", Operator::Is),
    (">", Operator::More),
    ("<", Operator::Less),
    ("ISNOTEMPTY", Operator::IsNotEmpty),
    ("ISEMPTY", Operator::IsEmpty),
    ("EMPTYSTRING", Operator::IsEmpty),
    ("NOT IN", Operator::NotIn),
    ("NOT LIKE", Operator::NotLike),
    ("NOTLIKE", Operator::NotLike),
    ("NOTIN", Operator::NotIn),
    ("IN", Operator::In),
    ("LIKE", Operator::Like),
    ("STARTSWITH", Operator::StartsWith),
    ("ENDSWITH", Operator::EndsWith),
    ("BETWEEN", Operator::Between),
    ("ANYTHING", Operator::Anything),
    ("%", Operator::EndsWith),
];

impl Query {
    /// Parses a query; `user_sys_id` is what `javascript:gs.getUserID()` stands for.
    pub(crate) fn parse(state: &State, table: &str, text: &str, user_sys_id: &str) -> Query {
        let mut query = Query {
            table: table.to_owned(),
            groups: vec![Vec::new()],
            order: Vec::new(),
            invalid: Vec::new(),
            matches_nothing: false,
        };
        for part in text.split('^').filter(|part| !part.is_empty()) {
            if part == "EQ" {
                break;
            }
            query.add(&state.dictionary, part, user_sys_id);
        }
        let strict = state.property("glide.invalid_query.returns_no_rows", "false") == "true";
        query.matches_nothing = strict && !query.invalid.is_empty();
        query
    }

    /// Adds a plain `field=value` filter.
    pub(crate) fn and_equals(&mut self, dictionary: &Dictionary, field: &str, value: &str) {
        match condition(dictionary, &self.table, &format!("{field}={value}"), "") {
            Some(one) => self.last_group().push(vec![one]),
            None => self.invalid.push(format!("{field}={value}")),
        }
    }

    pub(crate) fn matches(&self, state: &State, row: &Row) -> bool {
        !self.matches_nothing
            && self.groups.iter().any(|group| {
                group
                    .iter()
                    .all(|alternatives| alternatives.iter().any(|one| one.holds(state, &self.table, row)))
            })
    }

    /// Sorts; rows that are equal stay in the order they had.
    pub(crate) fn sort(&self, state: &State, rows: &mut [&Row]) {
        rows.sort_by(|left, right| {
            let orders = self.order.iter().map(|order| {
                let value = |row: &Row| state.value_at(&self.table, row, &order.path);
                let ordering = compare(&value(left), &value(right), order.is_integer);
                if order.is_descending {
                    ordering.reverse()
                } else {
                    ordering
                }
            });
            orders.fold(Ordering::Equal, Ordering::then)
        });
    }

    fn add(&mut self, dictionary: &Dictionary, part: &str, user_sys_id: &str) {
        let order = part.strip_prefix("ORDERBYDESC").map(|path| (path, true));
        if let Some((path, is_descending)) = order.or_else(|| part.strip_prefix("ORDERBY").map(|path| (path, false))) {
            match dictionary.walk(&self.table, path) {
                Some(column) => {
                    let is_integer = column.is_compared_as_integer();
                    self.order.push(Order {
                        path: path.to_owned(),
                        is_integer,
                        is_descending,
                    });
                }
                None => self.invalid.push(part.to_owned()),
            }
            return;
        }
        let (joint, rest) = match part {
            _ if part.starts_with("NQ") => (Joint::NewGroup, &part[2..]),
            _ if part.starts_with("OR") => (Joint::Or, &part[2..]),
            _ => (Joint::And, part),
        };
        if joint == Joint::NewGroup {
            self.groups.push(Vec::new());
        }
        match condition(dictionary, &self.table, rest, user_sys_id) {
            None => self.invalid.push(part.to_owned()),
            Some(one) => match (joint, self.last_group().last_mut()) {
                (Joint::Or, Some(alternatives)) => alternatives.push(one),
                _ => self.last_group().push(vec![one]),
            },
        }
    }

    fn last_group(&mut self) -> &mut Vec<Vec<Condition>> {
        self.groups.last_mut().expect("a query has a group")
    }
}

#[derive(PartialEq, Eq)]
enum Joint {
    And,
    Or,
    NewGroup,
}

fn condition(dictionary: &Dictionary, table: &str, part: &str, user_sys_id: &str) -> Option<Condition> {
    let end = part.find(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.'))?;
    let (path, rest) = part.split_at(end);
    let column = dictionary.walk(table, path)?;
    if column.is_journal() {
        return None;
    }
    let (word, operator) = OPERATORS.iter().find(|(word, _)| rest.starts_with(word))?;
    let value = match &rest[word.len()..] {
        "javascript:gs.getUserID()" => user_sys_id,
        // Any other script is a script that we cannot run.
        value if value.starts_with("javascript:") => return None,
        value => value,
    };
    let is_integer = column.is_compared_as_integer();
    Some(Condition {
        path: path.to_owned(),
        operator: *operator,
        value: value.to_owned(),
        is_integer,
    })
}

impl super::dictionary::Column {
    fn is_compared_as_integer(&self) -> bool {
        let has_number_choices =
            !self.choices.is_empty() && self.choices.iter().all(|(value, _)| value.parse::<i64>().is_ok());
        self.kind == Kind::Integer || self.name == "sys_mod_count" || has_number_choices
    }
}

impl Condition {
    fn holds(&self, state: &State, table: &str, row: &Row) -> bool {
        let actual = state.value_at(table, row, &self.path);
        let ignores_case = state.guesses.text_ignores_case;
        let folded = |text: &str| {
            if ignores_case {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        let is = |wanted: &str| same_text(&actual, wanted, ignores_case);
        let compared = |wanted: &str| {
            (!actual.is_empty() && !wanted.is_empty()).then(|| compare(&actual, wanted, self.is_integer))
        };
        let wanted = self.value.as_str();
        match self.operator {
            Operator::Is => is(wanted),
            Operator::IsNot => !is(wanted),
            Operator::More => compared(wanted) == Some(Ordering::Greater),
            Operator::MoreOrIs => {
                matches!(compared(wanted), Some(Ordering::Greater | Ordering::Equal))
            }
            Operator::Less => compared(wanted) == Some(Ordering::Less),
            Operator::LessOrIs => {
                matches!(compared(wanted), Some(Ordering::Less | Ordering::Equal))
            }
            Operator::In => wanted.split(',').any(is),
            Operator::NotIn => !wanted.split(',').any(is),
            Operator::Like => folded(&actual).contains(&folded(wanted)),
            Operator::NotLike => !folded(&actual).contains(&folded(wanted)),
            Operator::StartsWith => folded(&actual).starts_with(&folded(wanted)),
            Operator::EndsWith => folded(&actual).ends_with(&folded(wanted)),
            Operator::Between => wanted.split_once('@').is_some_and(|(low, high)| {
                matches!(compared(low), Some(Ordering::Greater | Ordering::Equal))
                    && matches!(compared(high), Some(Ordering::Less | Ordering::Equal))
            }),
            Operator::IsEmpty => actual.is_empty(),
            Operator::IsNotEmpty => !actual.is_empty(),
            Operator::Anything => true,
        }
    }
}

fn compare(left: &str, right: &str, is_integer: bool) -> Ordering {
    match (left.parse::<i64>(), right.parse::<i64>()) {
        (Ok(left), Ok(right)) if is_integer => left.cmp(&right),
        _ => left.cmp(right),
    }
}
