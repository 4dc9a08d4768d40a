//! Encoded queries that can neither be injected into nor come out malformed.
//!
//! ServiceNow's own sources disagree on how `^` is escaped in a value, so nothing is escaped:
//! values come from an alphabet without meaning in the grammar, and everything else is refused.
//! What could widen a result is refused too: an empty list, an empty group. And since the instance
//! drops a condition that it does not understand, every row that it answers is checked again here
//! ([`Query::matches`]).
//!
//! Grammar: groups separated by `^NQ`, conditions by `^`, alternatives of one condition by `^OR`,
//! then `^ORDERBY` or `^ORDERBYDESC` with a field.

mod check;
mod field;

use std::fmt::Write;

pub use check::Verdict;
pub use field::Field;

use crate::domain::{SysId, Timestamp};

/// The longest encoded query; much longer URLs get an HTML page instead of an answer.
const LONGEST: usize = 8_000;

/// The primary key of every table.
pub const SYS_ID: Field = Field::known("sys_id");

/// What cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// A value that could mean something else in a query.
    #[error("the value for {field} has a character that cannot stand in a ServiceNow query")]
    Value {
        /// The field that it was for.
        field: String,
    },
    /// A list without values.
    #[error("the list for {field} is empty, which would find every row")]
    EmptyList {
        /// The field that it was for.
        field: String,
    },
    /// Alternatives without one, or a group without conditions.
    #[error("a part of the query has no condition, which would find every row")]
    Unconditional,
    /// An order where there can be none.
    #[error("this query cannot have an order of its own")]
    Ordered,
    /// More than fits into a URL.
    #[error("the query is too long")]
    TooLong,
    /// More than fits into a batch.
    #[error("the batch is full")]
    Full,
    /// A name that is no field.
    #[error(transparent)]
    Name(#[from] crate::domain::Malformed),
}

/// Groups of conditions with an order: a row is found when one group holds, and a group holds when
/// all its conditions hold. Without a condition, every row is found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// No group and no list of alternatives is empty.
    groups: Vec<Vec<Alternatives>>,
    order: Vec<(Field, Direction)>,
}

/// At least one condition, of which one must hold.
type Alternatives = Vec<Condition>;

/// What is asked of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    field: Field,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Is(String),
    IsNot(String),
    In(Vec<String>),
    StartsWith(String),
    Contains(String),
    ComesAfter(SysId),
    At(Timestamp),
    Since(Timestamp),
    After(Timestamp),
    Before(Timestamp),
    Until(Timestamp),
    Empty,
    NotEmpty,
    SameAs(Field),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Ascending,
    Descending,
}

impl Query {
    /// Every row; conditions are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// And this.
    pub fn and(self, condition: Condition) -> Self {
        self.and_alternatives(vec![condition])
    }

    /// And at least one of these.
    ///
    /// # Errors
    /// When there is none.
    pub fn any_of(self, conditions: impl IntoIterator<Item = Condition>) -> Result<Self, Refused> {
        let conditions = conditions.into_iter().collect::<Vec<_>>();
        if conditions.is_empty() {
            return Err(Refused::Unconditional);
        }
        Ok(self.and_alternatives(conditions))
    }

    /// And from this second to that one, both included.
    pub fn between(self, field: &Field, from: Timestamp, until: Timestamp) -> Self {
        self.and(field.since(from)).and(field.until(until))
    }

    /// Or everything that another query finds. Conditions that are added later count for both.
    ///
    /// # Errors
    /// When one of the two has no condition, or the other one has an order.
    pub fn or(mut self, other: Query) -> Result<Self, Refused> {
        if self.groups.is_empty() || other.groups.is_empty() {
            return Err(Refused::Unconditional);
        }
        if !other.order.is_empty() {
            return Err(Refused::Ordered);
        }
        self.groups.extend(other.groups);
        Ok(self)
    }

    /// Ascending, after the orders already given.
    pub fn ordered_by(mut self, field: &Field) -> Self {
        self.order.push((field.clone(), Direction::Ascending));
        self
    }

    /// Descending, after the orders already given.
    pub fn descending_by(mut self, field: &Field) -> Self {
        self.order.push((field.clone(), Direction::Descending));
        self
    }

    /// The encoded query.
    ///
    /// # Errors
    /// When it is too long for a URL.
    pub fn encoded(&self) -> Result<String, Refused> {
        let mut text = String::new();
        for (index, group) in self.groups.iter().enumerate() {
            for (position, condition) in group.iter().enumerate() {
                text.push_str(match (index, position) {
                    (0, 0) => "",
                    (_, 0) => "^NQ",
                    _ => "^",
                });
                for (place, alternative) in condition.iter().enumerate() {
                    text.push_str(if place == 0 { "" } else { "^OR" });
                    alternative.write(&mut text);
                }
            }
        }
        for (field, direction) in &self.order {
            let word = match direction {
                Direction::Ascending => "ORDERBY",
                Direction::Descending => "ORDERBYDESC",
            };
            let joint = if text.is_empty() { "" } else { "^" };
            let _ = write!(text, "{joint}{word}{field}");
        }
        if text.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        Ok(text)
    }

    /// Whether every row is found.
    pub fn is_unconditional(&self) -> bool {
        self.groups.is_empty()
    }

    /// Whether rows come in an order.
    pub fn is_ordered(&self) -> bool {
        !self.order.is_empty()
    }

    /// The fields that conditions look at, some perhaps several times.
    pub(super) fn fields(&self) -> impl Iterator<Item = &Field> {
        self.conditions().flat_map(|condition| {
            let other = if let Test::SameAs(other) = &condition.test {
                Some(other)
            } else {
                None
            };
            std::iter::once(&condition.field).chain(other)
        })
    }

    /// The values of the query that somebody gave.
    pub(super) fn values(&self) -> impl Iterator<Item = &str> {
        self.conditions()
            .flat_map(|condition| match &condition.test {
                Test::In(values) => values.as_slice(),
                Test::Is(value) | Test::IsNot(value) | Test::StartsWith(value) | Test::Contains(value) => {
                    std::slice::from_ref(value)
                }
                Test::ComesAfter(_)
                | Test::At(_)
                | Test::Since(_)
                | Test::After(_)
                | Test::Before(_)
                | Test::Until(_)
                | Test::Empty
                | Test::NotEmpty
                | Test::SameAs(_) => &[],
            })
            .map(String::as_str)
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.groups.iter().flatten().flatten()
    }

    fn and_alternatives(mut self, alternatives: Alternatives) -> Self {
        if self.groups.is_empty() {
            self.groups.push(Vec::new());
        }
        for group in &mut self.groups {
            group.push(alternatives.clone());
        }
        self
    }
}

impl Condition {
    fn write(&self, text: &mut String) {
        let field = &self.field;
        let _ = match &self.test {
            Test::Is(value) => write!(text, "{field}={value}"),
            Test::IsNot(value) => write!(text, "{field}!={value}"),
            Test::In(values) => write!(text, "{field}IN{}", values.join(",")),
            Test::StartsWith(value) => write!(text, "{field}STARTSWITH{value}"),
            Test::Contains(value) => write!(text, "{field}LIKE{value}"),
            Test::ComesAfter(id) => write!(text, "{field}>{id}"),
            Test::At(time) => write!(text, "{field}={}", time.servicenow()),
            Test::Since(time) => write!(text, "{field}>={}", time.servicenow()),
            Test::After(time) => write!(text, "{field}>{}", time.servicenow()),
            Test::Before(time) => write!(text, "{field}<{}", time.servicenow()),
            Test::Until(time) => write!(text, "{field}<={}", time.servicenow()),
            Test::Empty => write!(text, "{field}ISEMPTY"),
            Test::NotEmpty => write!(text, "{field}ISNOTEMPTY"),
            Test::SameAs(other) => write!(text, "{field}SAMEAS{other}"),
        };
    }
}

impl From<Condition> for Query {
    fn from(condition: Condition) -> Self {
        Query::new().and(condition)
    }
}
