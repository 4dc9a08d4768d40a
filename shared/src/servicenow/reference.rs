//! Reference data: rows by an exact value, choices, columns; remembered for a while.
//!
//! What was found is good for ten minutes. What was not found is looked up again every time: it
//! parks its stream, and whoever adds it and replays must not meet an old answer.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::query::{Field, Query};
use super::table::known;
use super::{Error, Row, Select, ServiceNow};
use crate::clock::Clock;
use crate::domain::{SysId, TableName, Timestamp};

/// How long what was found is good for.
const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// How many answers are remembered.
const KEPT: usize = 10_000;
/// The most choices of one column.
const MOST: u64 = 2_000;
/// What all tables of tasks extend.
const TASK: &str = "task";
const USER: &str = "sys_user";
const CLASS: Field = Field::known("sys_class_name");
const NAME: Field = Field::known("name");
const ACTIVE: Field = Field::known("active");
const ELEMENT: Field = Field::known("element");

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

/// A value that a column can have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// As it is stored.
    pub value: String,
    /// As people see it.
    pub label: String,
}

/// What the dictionary says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The table that defines it.
    pub table: String,
    /// Its type, for example `string` or `reference`.
    pub kind: String,
    /// The longest text that it takes, where it has such a limit.
    pub max_length: Option<u32>,
    /// The table that a reference leads to.
    pub reference: Option<String>,
    /// Whether it must have a value.
    pub is_mandatory: bool,
}

/// What was found before.
pub(super) struct Directory {
    clock: Clock,
    known: Mutex<BTreeMap<Vec<String>, (Timestamp, Known)>>,
}

#[derive(Clone)]
enum Known {
    Row(SysId, String),
    Choices(Arc<[Choice]>),
    Column(Arc<Column>),
}

impl Directory {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            clock,
            known: Mutex::default(),
        }
    }

    fn get(&self, key: &[String]) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (found_at, found) = known.get(key)?;
        (self.clock.now() < found_at.after(KNOWN_FOR)).then(|| found.clone())
    }

    fn keep(&self, key: Vec<String>, found: Known) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT {
            known.clear();
        }
        known.insert(key, (self.clock.now(), found));
    }
}

impl ServiceNow {
    /// The one row of a table whose column has exactly the value, and whose other columns have
    /// theirs; remembered.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or a value cannot stand in a query.
    pub async fn look_up(
        &self,
        table: &TableName,
        column: &TableName,
        value: &str,
        others: &[(Field, &str)],
    ) -> Result<Found, Error> {
        let mut key = vec!["row", table.as_str(), column.as_str(), value];
        key.extend(others.iter().flat_map(|(field, value)| [field.as_str(), value]));
        let key = key.into_iter().map(str::to_owned).collect::<Vec<_>>();
        if let Some(Known::Row(id, name)) = self.directory.get(&key) {
            return Ok(Found::One(id, name));
        }
        let found = self.find_one(table, column, value, others).await?;
        if let Found::One(id, name) = &found {
            self.directory.keep(key, Known::Row(id.clone(), name.clone()));
        }
        Ok(found)
    }

    /// The same, always asked for.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or a value cannot stand in a query.
    pub async fn find_one(
        &self,
        table: &TableName,
        column: &TableName,
        value: &str,
        others: &[(Field, &str)],
    ) -> Result<Found, Error> {
        let mut query = Query::new().and(Field::from(column).equals(value)?);
        for (field, wanted) in others {
            query = query.and(field.equals(wanted)?);
        }
        let mut pages = self.find(table, query, Select::of([NAME]))?.limited(10);
        let mut found = Vec::new();
        while found.len() < 2 {
            match pages.next().await? {
                Some(page) => found.extend(page.rows),
                None => break,
            }
        }
        match found.as_slice() {
            [] => Ok(Found::None),
            [row] => {
                let id = row.id("sys_id").map_err(|flaw| Error::flawed(pages.about(), flaw))?;
                Ok(Found::One(id, row.text("name").to_owned()))
            }
            _ => Ok(Found::Several),
        }
    }

    /// The active group of exactly this name; remembered.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the name cannot stand in a query.
    pub async fn group(&self, name: &str) -> Result<Found, Error> {
        let table = known("sys_user_group");
        self.look_up(&table, &known("name"), name, &[(ACTIVE, "true")]).await
    }

    /// The active knowledge base of exactly this title; remembered.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the title cannot stand in a query.
    pub async fn knowledge_base(&self, title: &str) -> Result<Found, Error> {
        let table = known("kb_knowledge_base");
        self.look_up(&table, &known("title"), title, &[(ACTIVE, "true")]).await
    }

    /// The active user of exactly this `user_name`; remembered.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the name cannot stand in a query.
    pub async fn user(&self, user_name: &str) -> Result<Found, Error> {
        self.look_up(&known(USER), &known("user_name"), user_name, &[(ACTIVE, "true")])
            .await
    }

    /// The same, unless it is a user of a class of its own, as the contacts of customers are.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the name cannot stand in a query.
    pub async fn own_user(&self, user_name: &str) -> Result<Found, Error> {
        let table = known(USER);
        let others = [(ACTIVE, "true"), (CLASS, USER)];
        self.look_up(&table, &known("user_name"), user_name, &others).await
    }

    /// The tasks, of whatever table, that have this number.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the number cannot stand in a query.
    pub async fn number(&self, number: &str) -> Result<Vec<SysId>, Error> {
        let query = Query::new().and(Field::known("number").equals(number)?);
        let select = Select::of(["sys_id", "number"].map(Field::known));
        let rows = self.find(&known(TASK), query, select)?.limited(10).all(MOST).await?;
        Ok(rows.iter().filter_map(super::Row::sys_id).collect())
    }

    /// The choices of a column of a table of tasks, in their order; remembered. Where the table has
    /// none of its own, those of `task` count; empty where there are none at all.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn choices(&self, table: &TableName, column: &TableName) -> Result<Arc<[Choice]>, Error> {
        let key = ["choices", table.as_str(), column.as_str()].map(str::to_owned).to_vec();
        if let Some(Known::Choices(choices)) = self.directory.get(&key) {
            return Ok(choices);
        }
        let query = of_column(table, column)?
            .and(Field::known("inactive").is_false())
            .and(Field::known("language").equals("en")?)
            .ordered_by(&Field::known("sequence"));
        let select = Select::of(["value", "label"].map(Field::known));
        let rows = self.find(&known("sys_choice"), query, select)?.all(MOST).await?;
        let choices = own_or_inherited(&rows, table).map(|row| Choice {
            value: row.text("value").to_owned(),
            label: row.text("label").to_owned(),
        });
        let choices = choices.collect::<Arc<[Choice]>>();
        if !choices.is_empty() {
            self.directory.keep(key, Known::Choices(Arc::clone(&choices)));
        }
        Ok(choices)
    }

    /// What the dictionary says of a column of a table of tasks; remembered. `None` when neither the
    /// table nor `task` has such a column.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn column(&self, table: &TableName, column: &TableName) -> Result<Option<Arc<Column>>, Error> {
        let key = ["column", table.as_str(), column.as_str()].map(str::to_owned).to_vec();
        if let Some(Known::Column(column)) = self.directory.get(&key) {
            return Ok(Some(column));
        }
        let select = Select::of(["internal_type", "max_length", "reference", "mandatory"].map(Field::known));
        let query = of_column(table, column)?;
        let rows = self.find(&known("sys_dictionary"), query, select)?.all(MOST).await?;
        let found = own_or_inherited(&rows, table).next().map(|row| {
            Arc::new(Column {
                table: row.text("name").to_owned(),
                kind: row.text("internal_type").to_owned(),
                max_length: row.text("max_length").parse().ok(),
                reference: Some(row.text("reference").to_owned()).filter(|table| !table.is_empty()),
                is_mandatory: row.text("mandatory") == "true",
            })
        });
        if let Some(column) = &found {
            self.directory.keep(key, Known::Column(Arc::clone(column)));
        }
        Ok(found)
    }
}

/// Rows about a column of a table or of what it extends.
fn of_column(table: &TableName, column: &TableName) -> Result<Query, Error> {
    let mut tables = vec![table.as_str()];
    if table.as_str() != TASK {
        tables.push(TASK);
    }
    Ok(Query::new()
        .and(NAME.one_of(tables)?)
        .and(ELEMENT.equals(column.as_str())?))
}

/// The rows of the table itself; those of what it extends only when it has none.
fn own_or_inherited<'a>(rows: &'a [Row], table: &TableName) -> impl Iterator<Item = &'a Row> + use<'a> {
    let has_own = rows.iter().any(|row| row.text("name") == table.as_str());
    let owner = if has_own { table.to_string() } else { TASK.to_owned() };
    rows.iter().filter(move |row| row.text("name") == owner)
}
