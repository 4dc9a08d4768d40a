//! The names of columns, and the conditions that can be put on them.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::{Condition, Refused, Test};
use crate::domain::{Malformed, SysId, TableName, Timestamp, is_query_value};

/// The longest list of a condition; a URL of more than some 10,000 characters is not served.
const LONGEST_LIST: usize = 200;

/// A column, or one behind references: `caller_id.company.name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(Cow<'static, str>);

impl Field {
    /// A field whose name is written in the code.
    ///
    /// # Panics
    /// When the name is no field; use it in a constant, and the compiler tells.
    pub const fn known(name: &'static str) -> Self {
        assert!(
            is_field(name.as_bytes()),
            "lower-case letters, digits, '_' and single dots"
        );
        Self(Cow::Borrowed(name))
    }

    /// The name as it stands in queries and answers.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Exactly this value.
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn equals(&self, value: &str) -> Result<Condition, Refused> {
        Ok(self.with(Test::Is(self.literal(value)?)))
    }

    /// Any other value; rows where the field is empty are left out (ServiceNow KB0715430).
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn not_equals(&self, value: &str) -> Result<Condition, Refused> {
        Ok(self.with(Test::IsNot(self.literal(value)?)))
    }

    /// One of these values.
    ///
    /// # Errors
    /// When a value has a character outside the allowed alphabet, when there are too many, or when
    /// there is none: an empty list would be ignored, and every row be found.
    pub fn one_of<V: AsRef<str>>(&self, values: impl IntoIterator<Item = V>) -> Result<Condition, Refused> {
        let values = values.into_iter().map(|value| self.literal(value.as_ref()));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        // `IN` and such a value would read as the operator `INSTANCEOF`.
        let is_operator = values.first().is_some_and(|value| value.starts_with("STANCEOF"));
        match values.len() {
            0 => Err(Refused::EmptyList {
                field: self.to_string(),
            }),
            _ if is_operator => Err(Refused::Value {
                field: self.to_string(),
            }),
            1..=LONGEST_LIST => Ok(self.with(Test::In(values))),
            _ => Err(Refused::TooLong),
        }
    }

    /// A text that begins so, whatever its case.
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn starts_with(&self, value: &str) -> Result<Condition, Refused> {
        Ok(self.with(Test::StartsWith(self.literal(value)?)))
    }

    /// A text with this in it, whatever its case.
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn contains(&self, value: &str) -> Result<Condition, Refused> {
        Ok(self.with(Test::Contains(self.literal(value)?)))
    }

    /// A reference to this row, or this very row.
    pub fn refers_to(&self, id: &SysId) -> Condition {
        self.with(Test::Is(id.to_string()))
    }

    /// A sys_id that comes after this one.
    pub fn comes_after(&self, id: &SysId) -> Condition {
        self.with(Test::ComesAfter(id.clone()))
    }

    /// A checked box.
    pub fn is_true(&self) -> Condition {
        self.with(Test::Is("true".to_owned()))
    }

    /// An unchecked box.
    pub fn is_false(&self) -> Condition {
        self.with(Test::Is("false".to_owned()))
    }

    /// At this second.
    pub fn at(&self, time: Timestamp) -> Condition {
        self.with(Test::At(time))
    }

    /// At this second or later.
    pub fn since(&self, time: Timestamp) -> Condition {
        self.with(Test::Since(time))
    }

    /// Later than this second.
    pub fn after(&self, time: Timestamp) -> Condition {
        self.with(Test::After(time))
    }

    /// Earlier than this second.
    pub fn before(&self, time: Timestamp) -> Condition {
        self.with(Test::Before(time))
    }

    /// At this second or earlier.
    pub fn until(&self, time: Timestamp) -> Condition {
        self.with(Test::Until(time))
    }

    /// No value.
    pub fn is_empty(&self) -> Condition {
        self.with(Test::Empty)
    }

    /// Any value.
    pub fn is_not_empty(&self) -> Condition {
        self.with(Test::NotEmpty)
    }

    /// The same value as another field of the row.
    pub fn same_as(&self, other: &Field) -> Condition {
        self.with(Test::SameAs(other.clone()))
    }

    fn with(&self, test: Test) -> Condition {
        Condition {
            field: self.clone(),
            test,
        }
    }

    fn literal(&self, value: &str) -> Result<String, Refused> {
        if is_query_value(value) {
            Ok(value.to_owned())
        } else {
            Err(Refused::Value {
                field: self.to_string(),
            })
        }
    }
}

impl FromStr for Field {
    type Err = Malformed;

    fn from_str(name: &str) -> Result<Self, Malformed> {
        if is_field(name.as_bytes()) {
            Ok(Self(Cow::Owned(name.to_owned())))
        } else {
            Err(Malformed {
                what: "a field",
                wanted: "lower-case letters, digits and '_', several of them separated by '.'",
            })
        }
    }
}

impl From<&TableName> for Field {
    fn from(column: &TableName) -> Self {
        Self(Cow::Owned(column.to_string()))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Names of 1 to 80 characters, separated by single dots; no operator begins in lower case.
const fn is_field(name: &[u8]) -> bool {
    let (mut at, mut length) = (0, 0);
    while at < name.len() {
        match name[at] {
            b'.' if length == 0 => return false,
            b'.' => length = 0,
            b'a'..=b'z' | b'0'..=b'9' | b'_' if length < 80 => length += 1,
            _ => return false,
        }
        at += 1;
    }
    length > 0 && name.len() <= 240
}
