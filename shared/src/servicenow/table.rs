//! Records through the Table API.

use std::collections::BTreeMap;

use http::Method;

use super::answer::Answer;
use super::echo::{self, Ignored};
use super::operation::Asked;
use super::query::{Field, Query, SYS_ID};
use super::{About, Error, Flaw, Operation, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};
use crate::effect::Journal;

/// The base table of cases, incidents and all other tasks.
const TASK: &str = "task";
const NUMBER: Field = Field::known("number");
const MOD_COUNT: Field = Field::known("sys_mod_count");
const UPDATED_ON: Field = Field::known("sys_updated_on");

/// A created record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its sys_id, which is not the chosen one on an instance that ignores those.
    pub sys_id: SysId,
    /// For example `CS0001001`; empty in a table without numbers.
    pub number: String,
    /// The fields that ServiceNow did not take as they were sent.
    pub ignored: Vec<Ignored>,
}

/// A changed record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Updated {
    /// The fields that ServiceNow did not take as they were sent.
    pub ignored: Vec<Ignored>,
    /// How often the record was changed, this change included; absent where access rules hide it.
    pub mod_count: Option<u64>,
    /// When it was changed last, by its own clock.
    pub updated_on: Option<Timestamp>,
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

impl Operation<Created> {
    /// Makes a record. A chosen sys_id stands among the fields.
    pub fn create(table: &TableName, fields: &BTreeMap<String, String>) -> Self {
        let operation = "create a record in";
        let about = match fields.get("sys_id").and_then(|id| id.parse().ok()) {
            Some(id) => About::record(operation, table, &id),
            None => About::table(operation, table),
        };
        // Only what is compared comes back.
        let select = echoing(fields, [NUMBER]);
        let asked = Asked::send(Method::POST, about, path(table, None), fields).with(select.parameters());
        let (table, sent) = (table.clone(), fields.clone());
        Operation::new(asked, move |answer| {
            let row: Row = answer.result(&[201])?;
            let sys_id = row.id("sys_id").map_err(|flaw| answer.unusable(flaw))?;
            check_location(answer, &table, &sys_id)?;
            Ok(Created {
                sys_id,
                number: row.text("number").to_owned(),
                ignored: echo::ignored(&sent, &row),
            })
        })
    }
}

impl Operation<Option<Row>> {
    /// Reads a record; `None` when there is none, or none that we may see.
    pub fn read(table: &TableName, sys_id: &SysId, select: &Select) -> Self {
        let about = About::record("read", table, sys_id);
        let asked = Asked::get(about, path(table, Some(sys_id))).with(select.parameters());
        let (select, sys_id) = (select.clone(), sys_id.clone());
        Operation::new(asked, move |answer| {
            if answer.is_absent() {
                return Ok(None);
            }
            let row = select.read(answer.result(&[200])?);
            check_record(answer, &row, &sys_id)?;
            Ok(Some(row))
        })
    }
}

impl Operation<Updated> {
    /// Sets fields of a record; set twice, they are as after once.
    pub fn update(table: &TableName, sys_id: &SysId, fields: &BTreeMap<String, String>) -> Self {
        let about = About::record("set fields of", table, sys_id);
        let select = echoing(fields, [MOD_COUNT, UPDATED_ON]);
        let asked = Asked::send(Method::PATCH, about, path(table, Some(sys_id)), fields).with(select.parameters());
        let (sys_id, sent) = (sys_id.clone(), fields.clone());
        Operation::new(asked.idempotent(), move |answer| {
            let row: Row = answer.result(&[200])?;
            check_record(answer, &row, &sys_id)?;
            Ok(Updated {
                ignored: echo::ignored(&sent, &row),
                mod_count: row.mod_count().ok(),
                updated_on: row.time("sys_updated_on").ok(),
            })
        })
    }
}

impl Operation<()> {
    /// Appends one entry to a journal of a record; sent twice, it appends twice.
    pub fn append(table: &TableName, sys_id: &SysId, journal: Journal, text: &str) -> Self {
        let about = About::record("append to a journal of", table, sys_id);
        let fields = BTreeMap::from([(journal.field(), text)]);
        let asked = Asked {
            is_proved_by_status: true,
            ..Asked::send(Method::PATCH, about, path(table, Some(sys_id)), &fields)
        };
        let sys_id = sys_id.clone();
        Operation::new(asked.with(Select::default().parameters()), move |answer| {
            if answer.asked.needs_no_body && answer.whole.body.is_empty() {
                return answer.check(&[200, 201, 204]);
            }
            let row: Row = answer.result(&[200])?;
            check_record(answer, &row, &sys_id)
        })
    }
}

impl Operation<bool> {
    /// Deletes a record; `false` when there was none, or none that we may see.
    pub fn delete(table: &TableName, sys_id: &SysId) -> Self {
        Self::delete_at(About::record("delete", table, sys_id), path(table, Some(sys_id)))
    }

    /// Deletes what is at a path; gone is gone, however often it is asked.
    pub(super) fn delete_at(about: About, path: String) -> Self {
        let asked = Asked {
            method: Method::DELETE,
            ..Asked::get(about, path)
        };
        Operation::new(asked, |answer| match answer.is_absent() {
            true => Ok(false),
            false => answer.check(&[204]).map(|()| true),
        })
    }
}

impl ServiceNow {
    /// Makes a record. A chosen sys_id stands among the fields.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the record exists.
    pub async fn create(&self, table: &TableName, fields: &BTreeMap<String, String>) -> Result<Created, Error> {
        self.run(Operation::create(table, fields)).await
    }

    /// Reads a record; `None` when there is none, or none that we may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn read(&self, table: &TableName, sys_id: &SysId, select: &Select) -> Result<Option<Row>, Error> {
        self.run(Operation::read(table, sys_id, select)).await
    }

    /// Reads a task of any class; `None` when there is none, or none that we may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or a name is none of a field.
    pub async fn task(&self, sys_id: &SysId, fields: &[&str]) -> Result<Option<Row>, Error> {
        self.read(&known(TASK), sys_id, &Select::named(fields)?).await
    }

    /// Sets fields of a record.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the fields were set.
    pub async fn update(
        &self,
        table: &TableName,
        sys_id: &SysId,
        fields: &BTreeMap<String, String>,
    ) -> Result<Updated, Error> {
        self.run(Operation::update(table, sys_id, fields)).await
    }

    /// Appends one entry to a journal of a record. Sent twice, it appends twice.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the entry exists.
    pub async fn append(&self, table: &TableName, sys_id: &SysId, journal: Journal, text: &str) -> Result<(), Error> {
        self.run(Operation::append(table, sys_id, journal, text)).await
    }

    /// Deletes a record; `false` when there was none, or none that we may see.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the record exists.
    pub async fn delete(&self, table: &TableName, sys_id: &SysId) -> Result<bool, Error> {
        self.run(Operation::delete(table, sys_id)).await
    }

    /// Whether the table answers us at all: tells a refused request from a refused client.
    pub async fn probe(&self, table: &TableName) -> Probe {
        match self.peek(table).await {
            Ok(_) => Probe::Answers,
            Err(error) if error.is_refusal() => Probe::Refuses,
            Err(_) => Probe::Unclear,
        }
    }

    async fn peek(&self, table: &TableName) -> Result<(), Error> {
        let search = super::page::Search::new(table, Query::new(), Select::of([SYS_ID]))?
            .limited(1)
            .uncounted();
        self.run(search.operation(0, Ok)).await.map(|_| ())
    }
}

/// A table whose name is written in the code.
pub(super) fn known(table: &'static str) -> TableName {
    table.parse().expect("it is a table name")
}

/// The path of a table or of one of its records.
pub(super) fn path(table: &TableName, sys_id: Option<&SysId>) -> String {
    match sys_id {
        Some(sys_id) => format!("/api/now/v2/table/{table}/{sys_id}"),
        None => format!("/api/now/v2/table/{table}"),
    }
}

/// The sent fields and some more. What is no field's name comes back from nobody.
fn echoing(fields: &BTreeMap<String, String>, more: impl IntoIterator<Item = Field>) -> Select {
    Select::of(fields.keys().filter_map(|name| name.parse().ok()).chain(more))
}

fn check_record(answer: &Answer<'_>, row: &Row, sys_id: &SysId) -> Result<(), Error> {
    match row.sys_id() {
        Some(id) if id == *sys_id => Ok(()),
        Some(_) | None => Err(answer.unusable(Flaw::AnotherRecord)),
    }
}

/// Where the answer says that the new record is.
fn check_location(answer: &Answer<'_>, table: &TableName, sys_id: &SysId) -> Result<(), Error> {
    let Some(location) = answer.header("location") else {
        return Ok(());
    };
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let mut parts = path.trim_end_matches('/').rsplit('/');
    if parts.next() != Some(sys_id.as_str()) {
        return Err(answer.unusable(Flaw::AnotherRecord));
    }
    match parts.next() == Some(table.as_str()) {
        true => Ok(()),
        false => Err(answer.unusable(Flaw::AnotherTable)),
    }
}
