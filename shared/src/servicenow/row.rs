//! Rows as the Table API answers them: every value a string, any field possibly absent.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::domain::SysId;

/// One row. A field that an access rule hides is simply not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "BTreeMap<String, Value>")]
pub struct Row(BTreeMap<String, String>);

impl From<BTreeMap<String, Value>> for Row {
    fn from(fields: BTreeMap<String, Value>) -> Self {
        Row(fields.into_iter().map(|(name, value)| (name, text(value))).collect())
    }
}

impl Row {
    /// A field, when the answer has it.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// A field, empty when the answer does not have it.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// The primary key, when it is there and is one.
    pub fn sys_id(&self) -> Option<SysId> {
        self.get("sys_id")?.parse().ok()
    }
}

/// Plain values as text; a reference as its sys_id.
fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        Value::Object(mut object) => object.remove("value").map(text).unwrap_or_default(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_every_shape_become_text() {
        let row: Row = serde_json::from_str(
            r#"{"a": "x", "b": null, "c": {"link": "https://i/x", "value": "9d385017c611228701d22104cc95c371"}, "d": 5, "e": true}"#,
        )
        .unwrap();
        assert_eq!(
            (row.text("a"), row.text("b"), row.text("d"), row.text("e")),
            ("x", "", "5", "true")
        );
        assert_eq!(row.text("c"), "9d385017c611228701d22104cc95c371");
        assert_eq!(row.get("f"), None);
    }
}
