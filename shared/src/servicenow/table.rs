//! Records, journals and reference data through the Table API.

use std::collections::BTreeMap;

use http::Method;

use super::session::result;
use super::{Error, Query, Row, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};
use crate::effect::Journal;
use crate::http::{Call, Whole};

/// The base table of cases, incidents and all other tasks.
const TASK: &str = "task";

/// A created record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its sys_id, which is not the chosen one on an instance that ignores those.
    pub sys_id: SysId,
    /// For example `CS0001001`.
    pub number: String,
    /// The fields that ServiceNow did not take as they were sent.
    pub ignored: Vec<String>,
}

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its sys_id.
    pub sys_id: SysId,
    /// The text as it is stored.
    pub value: String,
}

/// Fields whose answer may differ from what was sent without being wrong.
const NOT_ECHOED: [&str; 2] = ["comments", "work_notes"];

impl ServiceNow {
    /// Creates a record. The chosen sys_id must be among `fields`.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the record exists.
    pub async fn create(&self, table: &TableName, fields: &BTreeMap<String, String>) -> Result<Created, Error> {
        let operation = "create a record in";
        // Only what is compared comes back.
        let compared = fields
            .keys()
            .map(String::as_str)
            .chain(["number"])
            .collect::<Vec<_>>()
            .join(",");
        let mut parameters = PLAIN.to_vec();
        parameters.push(("sysparm_fields", &compared));
        let url = self.url(&["api", "now", "table", table.as_str()], &parameters);
        let body = serde_json::to_vec(fields).unwrap_or_default();
        let call = || Call::new(Method::POST, url.clone()).body("application/json", body.clone());
        let answer = self.send(operation, table.as_str(), call).await?;
        let row: Row = result(operation, table.as_str(), &answer, 201)?;
        let unusable = |why: &str| Error::unusable(operation, table.to_string(), &answer, why);
        let sys_id = row.sys_id().ok_or_else(|| unusable("it has no sys_id"))?;
        Ok(Created {
            sys_id,
            number: row.text("number").to_owned(),
            ignored: ignored(fields, &row),
        })
    }

    /// Reads a task of any class by its sys_id; `None` when there is none, or none that we may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn task(&self, sys_id: &SysId, fields: &[&str]) -> Result<Option<Row>, Error> {
        let operation = "read a record of";
        let fields = fields.join(",");
        let mut parameters = PLAIN.to_vec();
        parameters.push(("sysparm_fields", &fields));
        let url = self.url(&["api", "now", "table", TASK, sys_id.as_str()], &parameters);
        let answer = self
            .send(operation, TASK, || Call::new(Method::GET, url.clone()))
            .await?;
        if answer.status == 404 && answer.is_json() {
            return Ok(None);
        }
        let row: Row = result(operation, TASK, &answer, 200)?;
        if row.sys_id().as_ref() != Some(sys_id) {
            return Err(Error::unusable(
                operation,
                TASK.to_owned(),
                &answer,
                "it is about another record",
            ));
        }
        Ok(Some(row))
    }

    /// Sets fields of a record and answers the record afterwards.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the fields were set.
    pub async fn update(
        &self,
        table: &TableName,
        sys_id: &SysId,
        fields: &BTreeMap<String, String>,
    ) -> Result<Vec<String>, Error> {
        let operation = "set fields of a record of";
        let url = self.url(&["api", "now", "table", table.as_str(), sys_id.as_str()], &PLAIN);
        let answer = self.patch(operation, table, url, fields, true).await?;
        let row: Row = result(operation, table.as_str(), &answer, 200)?;
        if row.sys_id().as_ref() != Some(sys_id) {
            return Err(Error::unusable(
                operation,
                table.to_string(),
                &answer,
                "it is about another record",
            ));
        }
        Ok(ignored(fields, &row))
    }

    /// Appends one entry to a journal of a record. Sent twice, it appends twice.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the entry exists.
    pub async fn append(&self, table: &TableName, sys_id: &SysId, journal: Journal, text: &str) -> Result<(), Error> {
        let operation = "append to a journal of";
        let mut parameters = PLAIN.to_vec();
        parameters.push(("sysparm_fields", "sys_id"));
        let url = self.url(&["api", "now", "table", table.as_str(), sys_id.as_str()], &parameters);
        let fields = BTreeMap::from([(journal.field().to_owned(), text.to_owned())]);
        let answer = self.patch(operation, table, url, &fields, false).await?;
        let row: Row = result(operation, table.as_str(), &answer, 200)?;
        if row.sys_id().as_ref() != Some(sys_id) {
            return Err(Error::unusable(
                operation,
                table.to_string(),
                &answer,
                "it is about another record",
            ));
        }
        Ok(())
    }

    async fn patch(
        &self,
        operation: &'static str,
        table: &TableName,
        url: url::Url,
        fields: &BTreeMap<String, String>,
        is_idempotent: bool,
    ) -> Result<Whole, Error> {
        let body = serde_json::to_vec(fields).unwrap_or_default();
        let call = || {
            let call = Call::new(Method::PATCH, url.clone()).body("application/json", body.clone());
            if is_idempotent { call.idempotent() } else { call }
        };
        self.send(operation, table.as_str(), call).await
    }

    /// The entries of a journal since a time, oldest first.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn journal(
        &self,
        sys_id: &SysId,
        journal: Journal,
        since: Timestamp,
    ) -> Result<Vec<JournalEntry>, Error> {
        let query = Query::new()
            .is("element_id", sys_id)
            .equals("element", journal.field())
            .expect("the name of a journal is safe")
            .since("sys_created_on", since)
            .ordered_by("sys_created_on")
            .ordered_by("sys_id");
        let table: TableName = "sys_journal_field".parse().expect("it is a table name");
        let rows = self
            .find(&table, &query, &["sys_id", "element_id", "element", "value"], 1000)
            .await?;
        let ours = |row: &Row| row.text("element_id") == sys_id.as_str() && row.text("element") == journal.field();
        Ok(rows
            .iter()
            .filter(|row| ours(row))
            .filter_map(|row| {
                Some(JournalEntry {
                    sys_id: row.sys_id()?,
                    value: row.text("value").to_owned(),
                })
            })
            .collect())
    }

    /// The one row of a table whose column has the value; the rows are compared again, because
    /// ServiceNow drops conditions that it does not understand.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the value cannot stand in a query.
    pub async fn find_one(
        &self,
        table: &TableName,
        column: &TableName,
        value: &str,
        others: &[(&'static str, &str)],
    ) -> Result<Found, Error> {
        let mut query = Query::new().column_equals(column, value)?;
        for (field, wanted) in others {
            query = query.equals(field, wanted)?;
        }
        let mut fields = vec!["sys_id", "name", column.as_str()];
        fields.extend(others.iter().map(|(field, _)| *field));
        let mut rows = self.find(table, &query, &fields, 10).await?;
        rows.retain(|row| {
            row.text(column.as_str()) == value && others.iter().all(|(field, wanted)| row.text(field) == *wanted)
        });
        match rows.as_slice() {
            [] => Ok(Found::None),
            [row] => Ok(row
                .sys_id()
                .map_or(Found::None, |id| Found::One(id, row.text("name").to_owned()))),
            _ => Ok(Found::Several),
        }
    }

    /// Whether the table answers us at all: tells a refused request from a refused client.
    pub async fn probe(&self, table: &TableName) -> Probe {
        match self.find(table, &Query::new(), &["sys_id"], 1).await {
            Ok(_) => Probe::Answers,
            Err(error) if error.is_refusal() => Probe::Refuses,
            Err(_) => Probe::Unclear,
        }
    }

    async fn find(&self, table: &TableName, query: &Query, fields: &[&str], limit: u32) -> Result<Vec<Row>, Error> {
        let operation = "search";
        let fields = fields.join(",");
        let limit = limit.to_string();
        let mut parameters = PLAIN.to_vec();
        parameters.extend([
            ("sysparm_query", query.encoded()),
            ("sysparm_fields", &fields),
            ("sysparm_limit", &limit),
            ("sysparm_no_count", "true"),
        ]);
        let url = self.url(&["api", "now", "v2", "table", table.as_str()], &parameters);
        let answer = self
            .send(operation, table.as_str(), || Call::new(Method::GET, url.clone()))
            .await?;
        result(operation, table.as_str(), &answer, 200)
    }
}

/// What a harmless request to a table showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    /// It was answered: what was refused before was refused for itself.
    Answers,
    /// It was refused, too: we are.
    Refuses,
    /// It got no clear answer.
    Unclear,
}

/// What an exact search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No row, or none that we may see.
    None,
    /// One row: its sys_id and its `name`.
    One(SysId, String),
    /// More than one row, so none can be meant.
    Several,
}

/// Stored values, references as plain sys_ids.
const PLAIN: [(&str, &str); 2] = [
    ("sysparm_display_value", "false"),
    ("sysparm_exclude_reference_link", "true"),
];

/// The fields whose answer is not what was sent.
fn ignored(sent: &BTreeMap<String, String>, row: &Row) -> Vec<String> {
    sent.iter()
        .filter(|(field, value)| !NOT_ECHOED.contains(&field.as_str()) && row.text(field) != value.as_str())
        .map(|(field, _)| field.clone())
        .collect()
}
