//! Encoded queries that cannot be injected into.
//!
//! ServiceNow's own sources disagree on how `^` is escaped in a value, so nothing is escaped:
//! values come from an alphabet without meaning in the grammar, and everything else is refused.

use std::fmt::Write;

use crate::domain::{SysId, Timestamp, is_query_value};

/// A value that cannot stand in a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value for {field} has a character that cannot stand in a ServiceNow query")]
pub struct Refused {
    /// The field that it was for.
    pub field: &'static str,
}

/// A conjunction of conditions with an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    text: String,
}

impl Query {
    /// Every row; conditions are added.
    pub fn new() -> Self {
        Self::default()
    }

    /// `field=value`.
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn equals(self, field: &'static str, value: &str) -> Result<Self, Refused> {
        if is_query_value(value) {
            Ok(self.condition(field, "=", value))
        } else {
            Err(Refused { field })
        }
    }

    /// `field=value` where the field's name comes from the mapping.
    ///
    /// # Errors
    /// When the value has a character outside the allowed alphabet.
    pub fn column_equals(self, column: &crate::domain::TableName, value: &str) -> Result<Self, Refused> {
        if is_query_value(value) {
            Ok(self.condition(column.as_str(), "=", value))
        } else {
            Err(Refused {
                field: "a mapped column",
            })
        }
    }

    /// `field=sys_id`.
    pub fn is(self, field: &'static str, id: &SysId) -> Self {
        self.condition(field, "=", id.as_str())
    }

    /// `field>=time`, in whole seconds, rounded down.
    pub fn since(self, field: &'static str, time: Timestamp) -> Self {
        self.condition(field, ">=", &time.servicenow())
    }

    /// Ascending order, after the orders already given.
    pub fn ordered_by(self, field: &'static str) -> Self {
        self.condition("ORDERBY", "", field)
    }

    /// The encoded query.
    pub fn encoded(&self) -> &str {
        &self.text
    }

    fn condition(mut self, field: &str, operator: &str, value: &str) -> Self {
        if !self.text.is_empty() {
            self.text.push('^');
        }
        let _ = write!(self.text, "{field}{operator}{value}");
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn conditions_are_joined() {
        let query = Query::new()
            .equals("name", "EDI Support")
            .unwrap()
            .equals("active", "true")
            .unwrap();
        let query = query
            .since("sys_created_on", Timestamp::from_millis(999))
            .ordered_by("sys_id");
        assert_eq!(
            query.encoded(),
            "name=EDI Support^active=true^sys_created_on>=1970-01-01 00:00:00^ORDERBYsys_id"
        );
    }

    #[test]
    fn what_could_steer_a_query_is_refused() {
        for hostile in [
            "",
            "a^b",
            "a,b",
            "a@b",
            "x^NQactive=true",
            "javascript:gs.getUserID()",
            " JavaScript:1",
            "a\nb",
            "a=b",
            "a%5Eb",
        ] {
            assert_eq!(
                Query::new().equals("name", hostile),
                Err(Refused { field: "name" }),
                "{hostile:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_value_adds_a_condition(value in ".*") {
            if let Ok(query) = Query::new().equals("name", &value) {
                prop_assert_eq!(query.encoded().matches('^').count(), 0);
                prop_assert_eq!(query.encoded(), format!("name={value}"));
            }
        }
    }
}
