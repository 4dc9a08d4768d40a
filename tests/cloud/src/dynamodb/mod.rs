//! DynamoDB: an embedded `dynoxide` database, and what it lacks.
//!
//! Added here: write units of every call, transaction tokens on the test's clock, faults, and
//! index reads that lag behind.
//!
//! Differences to AWS: items whose index keys are equal come in table key order; a paging key
//! of a lagging index query is answered by the lagging state, as is the whole query; TTL removes
//! items only when a test asks for it; no streams; no limits on throughput.

mod capacity;
mod execute;
mod lag;
mod plain;
mod strike;
mod token;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use dynoxide::{Database, DynoxideError};
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::{Clock, Fault};
use execute::execute;
use lag::LaggingIndexes;
pub(crate) use strike::server_error;
use token::Tokens;

pub(crate) struct Tables {
    database: Database,
    /// The `CreateTable` request of each table.
    definitions: BTreeMap<String, Value>,
    tokens: Tokens,
    lagging: BTreeMap<String, LaggingIndexes>,
    /// What [`Tables::items`] gave, kept true by every write: tests look after each of them.
    plain: BTreeMap<String, Arc<Vec<Value>>>,
}

impl Tables {
    pub(crate) fn new(clock: Clock) -> Self {
        let database = Database::memory_with_clock(Arc::new(clock)).expect("SQLite opens a database in memory");
        Tables {
            database,
            definitions: BTreeMap::new(),
            tokens: Tokens::default(),
            lagging: BTreeMap::new(),
            plain: BTreeMap::new(),
        }
    }

    pub(crate) fn answer(&mut self, operation: &str, request: Value, fault: Option<Fault>, now: SystemTime) -> Answer {
        match fault {
            None | Some(Fault::ServerErrorAfterwards) => self.carry_out(operation, request, now),
            Some(Fault::ServerError) => server_error(),
            Some(Fault::Throttled) => strike::throttled(),
            Some(Fault::TransactionConflict) => strike::transaction_conflict(operation, &request),
            Some(Fault::TransactionThrottled) => strike::transaction_throttled(&request),
            Some(Fault::HalfProcessed) => match strike::halve(operation, request) {
                None => strike::throttled(),
                Some((first_half, rest)) => {
                    let mut answer = self.carry_out(operation, first_half, now);
                    if answer.is_ok() {
                        strike::hand_back(&mut answer.body, operation, rest);
                    }
                    answer
                }
            },
        }
    }

    fn carry_out(&mut self, operation: &str, mut request: Value, now: SystemTime) -> Answer {
        let replay = match self.tokens.take(operation, &mut request, now) {
            Ok(replay) => replay,
            Err(mismatch) => return refusal(operation, mismatch),
        };
        if replay.is_known() {
            return Answer::ok(json!({}));
        }
        let wanted = capacity::ask_for_all(operation, &mut request);
        let touched = lag::touched_keys(&self.definitions, operation, &request);
        let definition = (operation == "CreateTable").then(|| request.clone());
        let actions = capacity::actions(operation, &request);

        let result = match self.lagging_database(operation, &request) {
            Some(lagging) => execute(lagging, operation, request),
            None => execute(&self.database, operation, request),
        };
        match result {
            None => Answer::unknown_operation(),
            Some(Err(error)) => {
                let mut answer = refusal(operation, error);
                answer.write_units = capacity::of_refused_write(operation, actions, &answer.body);
                answer
            }
            Some(Ok(body)) => {
                if let Some(definition) = definition {
                    self.remember(definition);
                }
                self.tokens.keep(replay, now);
                for (table, keys) in touched {
                    self.look_again(&table, &keys);
                    if let Some(lagging) = self.lagging.get_mut(&table) {
                        lagging.wrote(&self.database, &table, keys);
                    }
                }
                let mut answer = Answer::ok(body);
                capacity::account(&mut answer, operation, wanted);
                answer
            }
        }
    }

    /// Where an index query is answered from, if its table's indexes lag.
    fn lagging_database(&self, operation: &str, request: &Value) -> Option<&Database> {
        if !matches!(operation, "Query" | "Scan") || request["IndexName"].is_null() {
            return None;
        }
        let lagging = self.lagging.get(request["TableName"].as_str()?)?;
        Some(lagging.database())
    }

    fn remember(&mut self, definition: Value) {
        if let Some(table) = definition["TableName"].as_str() {
            self.definitions.insert(table.to_owned(), definition);
        }
    }

    /// `definition` is the body of a `CreateTable` request.
    pub(crate) fn create_table(&mut self, definition: Value) {
        let created = execute(&self.database, "CreateTable", definition.clone()).expect("CreateTable is known");
        if let Err(error) = created {
            panic!("the table cannot be created: {error}");
        }
        self.remember(definition);
    }

    /// From now on index reads of this table show what was there `writes` committed calls ago.
    pub(crate) fn lag_indexes(&mut self, table: &str, writes: usize) {
        let definition = self
            .definitions
            .get(table)
            .unwrap_or_else(|| panic!("there is no table {table}"));
        if writes == 0 {
            self.lagging.remove(table);
        } else {
            self.lagging
                .entry(table.to_owned())
                .or_insert_with(|| LaggingIndexes::copy_of(&self.database, definition))
                .set_lag(table, writes);
        }
    }

    /// Every item as plain JSON, ordered by its key.
    pub(crate) fn items(&mut self, table: &str) -> Arc<Vec<Value>> {
        if let Some(items) = self.plain.get(table) {
            return Arc::clone(items);
        }
        let definition = self
            .definitions
            .get(table)
            .unwrap_or_else(|| panic!("there is no table {table}"));
        let keys = lag::key_names(definition);
        let mut items: Vec<Value> = lag::scan(&self.database, table).iter().map(plain::item).collect();
        items.sort_by_cached_key(|item| keys.iter().map(|key| item[key].to_string()).collect::<Vec<_>>());
        let items = Arc::new(items);
        self.plain.insert(table.to_owned(), Arc::clone(&items));
        items
    }

    /// Reads these items anew where all of them were asked for before.
    fn look_again(&mut self, table: &str, touched: &[Value]) {
        let Some(items) = self.plain.get_mut(table) else {
            return;
        };
        let names = lag::key_names(&self.definitions[table]);
        let place_of = |item: &Value| names.iter().map(|name| item[name].to_string()).collect::<Vec<_>>();
        let items = Arc::make_mut(items);
        for key in touched {
            let wanted = place_of(&plain::item(key));
            let place = items.binary_search_by(|item| place_of(item).cmp(&wanted));
            match (lag::read(&self.database, table, key), place) {
                (Some(item), Ok(at)) => items[at] = plain::item(&item),
                (Some(item), Err(at)) => items.insert(at, plain::item(&item)),
                (None, Ok(at)) => drop(items.remove(at)),
                (None, Err(_)) => {}
            }
        }
    }

    /// Removes what has expired by its TTL attribute, and says how many items that were.
    pub(crate) fn expire_items(&mut self) -> usize {
        self.plain.clear();
        let removed = self.database.sweep_ttl().expect("a database in memory can be swept");
        for (table, lagging) in &mut self.lagging {
            lagging.start_over(&self.database, &self.definitions[table]);
        }
        removed
    }
}

/// The error's JSON as `dynoxide` words it, which follows AWS.
fn refusal(operation: &str, error: DynoxideError) -> Answer {
    let error = match error {
        DynoxideError::EnvelopedValidation(message) => {
            let enveloped = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem");
            let envelope = if enveloped { "1 validation error detected: " } else { "" };
            DynoxideError::ValidationException(format!("{envelope}{message}"))
        }
        other => other,
    };
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::BAD_REQUEST);
    let body = serde_json::from_str(&error.to_json()).expect("dynoxide writes JSON");
    Answer::new(status, body)
}
