//! Rows as the Table API answers them: every value a string, any field possibly absent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::query::{Field, Query, Refused, SYS_ID};
use super::{Flaw, Value};
use crate::domain::{SysId, TableName, Timestamp};
use crate::effect::Change;

/// Which form of the values is asked for; ServiceNow's `sysparm_display_value`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Display {
    /// As they are stored: UTC, choice values, sys_ids.
    #[default]
    Stored,
    /// As people see them: in the zone of the integration user, labels, names.
    Shown,
    /// Both, at twice the size.
    Both,
}

/// What is wanted of each row. The sys_id always is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Select {
    fields: Vec<Field>,
    display: Display,
}

impl Select {
    /// These fields, as they are stored.
    pub fn of<F: Into<Field>>(fields: impl IntoIterator<Item = F>) -> Self {
        let mut select = Self {
            fields: vec![SYS_ID],
            display: Display::Stored,
        };
        for field in fields {
            select.add(&field.into());
        }
        select
    }

    /// The fields with these names.
    ///
    /// # Errors
    /// When a name is none of a field.
    pub fn named<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Result<Self, Refused> {
        let fields = names.into_iter().map(|name| name.as_ref().parse::<Field>());
        Ok(Self::of(fields.collect::<Result<Vec<_>, _>>()?))
    }

    /// The same fields in another form.
    pub fn display(self, display: Display) -> Self {
        Self { display, ..self }
    }

    /// What must be asked for so that rows can be checked against a query: the fields that it looks
    /// at too, and stored values in any case.
    pub(super) fn checking(mut self, query: &Query) -> Self {
        for field in query.fields() {
            self.add(field);
        }
        if self.display == Display::Shown && !query.is_unconditional() {
            self.display = Display::Both;
        }
        self
    }

    pub(super) fn add(&mut self, field: &Field) {
        if !self.fields.contains(field) {
            self.fields.push(field.clone());
        }
    }

    /// The parameters that ask for it; references as plain sys_ids.
    pub(super) fn parameters(&self) -> Vec<(&'static str, String)> {
        let display = match self.display {
            Display::Stored => "false",
            Display::Shown => "true",
            Display::Both => "all",
        };
        let fields = self.fields.iter().map(Field::as_str).collect::<Vec<_>>().join(",");
        vec![
            ("sysparm_display_value", display.to_owned()),
            ("sysparm_exclude_reference_link", "true".to_owned()),
            ("sysparm_fields", fields),
        ]
    }

    /// A row in the form that was asked for.
    pub(super) fn read(&self, row: Row) -> Row {
        match self.display {
            Display::Stored | Display::Both => row,
            Display::Shown => row.shown(),
        }
    }
}

impl Default for Select {
    fn default() -> Self {
        Self::of::<Field>([])
    }
}

/// One row. A field that an access rule hides, or that does not exist, is simply not there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Row(BTreeMap<String, Value>);

impl From<BTreeMap<String, serde_json::Value>> for Row {
    fn from(fields: BTreeMap<String, serde_json::Value>) -> Self {
        let read = |value| serde_json::from_value(value).unwrap_or_default();
        Row(fields.into_iter().map(|(name, value)| (name, read(value))).collect())
    }
}

impl Row {
    /// These values over those of the row.
    pub fn changes_to(&self, values: &BTreeMap<TableName, String>) -> BTreeMap<String, Change> {
        let change = |(field, to): (&TableName, &String)| {
            let from = self.text(field.as_str()).to_owned();
            (field.to_string(), Change { from, to: to.clone() })
        };
        values.iter().map(change).collect()
    }

    /// A stored value, when the answer has it.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.value.as_deref()
    }

    /// A stored value, empty when the answer does not have it.
    pub fn text(&self, field: &str) -> &str {
        self.get(field).unwrap_or_default()
    }

    /// What people see, when the answer has it.
    pub fn display(&self, field: &str) -> Option<&str> {
        self.0.get(field)?.display.as_deref()
    }

    /// Both forms of a value, as far as the answer has them.
    pub fn value(&self, field: &str) -> Option<&Value> {
        self.0.get(field)
    }

    /// A stored value that must be there.
    ///
    /// # Errors
    /// Names the field when it is not there.
    pub fn require(&self, field: &str) -> Result<&str, Flaw> {
        self.get(field).ok_or_else(|| Flaw::Missing(field.to_owned()))
    }

    /// The primary key, when it is there and is one.
    pub fn sys_id(&self) -> Option<SysId> {
        self.get("sys_id")?.parse().ok()
    }

    /// A reference that must be there and lead somewhere.
    ///
    /// # Errors
    /// Names the field when it is not there or is no sys_id.
    pub fn id(&self, field: &str) -> Result<SysId, Flaw> {
        let id = self.require(field)?;
        id.parse().map_err(|_| Flaw::Malformed(field.to_owned()))
    }

    /// A time that must be there.
    ///
    /// # Errors
    /// Names the field when it is not there or is no time.
    pub fn time(&self, field: &str) -> Result<Timestamp, Flaw> {
        let time = self.require(field)?;
        Timestamp::parse_servicenow(time).map_err(|_| Flaw::Malformed(field.to_owned()))
    }

    /// How often the record was changed.
    ///
    /// # Errors
    /// When `sys_mod_count` is not there or is no number.
    pub fn mod_count(&self) -> Result<u64, Flaw> {
        let field = "sys_mod_count";
        let count = self.require(field)?;
        count.parse().map_err(|_| Flaw::Malformed(field.to_owned()))
    }

    /// Plain values were asked for as people see them. A sys_id is the same in both forms.
    fn shown(mut self) -> Self {
        for (name, value) in &mut self.0 {
            if value.display.is_none() {
                value.display = value.value.take();
            }
            if name == "sys_id" {
                value.value.clone_from(&value.display);
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(json: &str) -> Row {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn values_of_every_shape_become_text() {
        let row = row(
            r#"{"a": "x", "b": null, "c": {"link": "https://i/x", "value": "9d385017c611228701d22104cc95c371"}, "d": 5,
                "e": true, "f": ["g"], "h": {"display_value": "Open", "value": "1"}, "i": 1.5}"#,
        );
        let texts = ["a", "b", "c", "d", "e", "h", "i"].map(|field| row.text(field));
        assert_eq!(
            texts,
            ["x", "", "9d385017c611228701d22104cc95c371", "5", "true", "1", "1.5"]
        );
        assert_eq!((row.get("f"), row.get("z")), (None, None));
        assert_eq!((row.display("h"), row.display("a")), (Some("Open"), None));
    }

    #[test]
    fn what_people_see_is_never_taken_for_what_is_stored() {
        let plain = r#"{"sys_id": "9d385017c611228701d22104cc95c371", "state": "New", "company":
            {"display_value": "Northwind", "link": "https://i/x"}}"#;
        let shown = Select::default().display(Display::Shown).read(row(plain));
        assert_eq!((shown.get("state"), shown.display("state")), (None, Some("New")));
        assert_eq!(
            (shown.get("company"), shown.display("company")),
            (None, Some("Northwind"))
        );
        assert!(shown.sys_id().is_some());
    }

    #[test]
    fn a_field_that_must_be_there_is_named_when_it_is_not() {
        let row =
            row(r#"{"sys_mod_count": "x", "opened_at": "2026-11-22 10:00:00", "sys_updated_on": "", "caller": ""}"#);
        assert_eq!(row.require("state"), Err(Flaw::Missing("state".to_owned())));
        assert_eq!(row.mod_count(), Err(Flaw::Malformed("sys_mod_count".to_owned())));
        assert_eq!(
            row.time("sys_updated_on"),
            Err(Flaw::Malformed("sys_updated_on".to_owned()))
        );
        assert_eq!(row.id("caller"), Err(Flaw::Malformed("caller".to_owned())));
        assert!(row.time("opened_at").is_ok());
    }

    #[test]
    fn a_query_adds_the_fields_that_it_looks_at() {
        const STATE: Field = Field::known("state");
        let query = Query::new()
            .and(STATE.equals("1").unwrap())
            .and(Field::known("a").same_as(&Field::known("b")));
        let select = Select::of([STATE]).display(Display::Shown).checking(&query);
        let parameters = select.parameters();
        assert_eq!(parameters[0].1, "all", "stored values are needed to check");
        assert_eq!(parameters[2].1, "sys_id,state,a,b");
    }
}
