//! Index reads that show the past.
//!
//! A global secondary index of AWS follows its table with a delay. Here a second database follows
//! the first by a number of committed writes, and index queries of that table go there.

use std::collections::{BTreeMap, VecDeque};

use dynoxide::Database;
use serde_json::{Value, json};

use super::execute::execute;

pub(super) struct LaggingIndexes {
    behind: Database,
    lag: usize,
    /// Committed calls that the index has not seen yet, oldest first.
    waiting: VecDeque<Vec<Change>>,
}

/// One item as a write left it.
struct Change {
    key: Value,
    item: Option<Value>,
}

impl LaggingIndexes {
    pub(super) fn copy_of(database: &Database, definition: &Value) -> Self {
        let behind = Database::memory().expect("SQLite opens a database in memory");
        must(&behind, "CreateTable", definition.clone());
        let table = &definition["TableName"];
        for item in scan(database, table.as_str().unwrap_or_default()) {
            must(&behind, "PutItem", json!({"TableName": table, "Item": item}));
        }
        LaggingIndexes {
            behind,
            lag: 0,
            waiting: VecDeque::new(),
        }
    }

    /// Forgets the past, for a change that did not come as a call.
    pub(super) fn start_over(&mut self, database: &Database, definition: &Value) {
        let lag = self.lag;
        *self = Self::copy_of(database, definition);
        self.lag = lag;
    }

    pub(super) fn set_lag(&mut self, table: &str, writes: usize) {
        self.lag = writes;
        self.catch_up(table);
    }

    pub(super) fn database(&self) -> &Database {
        &self.behind
    }

    /// A call has committed that may have changed these items.
    pub(super) fn wrote(&mut self, database: &Database, table: &str, keys: Vec<Value>) {
        let changes = keys
            .into_iter()
            .map(|key| {
                let item = read(database, table, &key);
                Change { key, item }
            })
            .collect();
        self.waiting.push_back(changes);
        self.catch_up(table);
    }

    fn catch_up(&mut self, table: &str) {
        while self.waiting.len() > self.lag {
            for change in self.waiting.pop_front().into_iter().flatten() {
                self.apply(table, change);
            }
        }
    }

    fn apply(&self, table: &str, change: Change) {
        match change.item {
            Some(item) => must(&self.behind, "PutItem", json!({"TableName": table, "Item": item})),
            None => must(
                &self.behind,
                "DeleteItem",
                json!({"TableName": table, "Key": change.key}),
            ),
        };
    }
}

/// The keys that a write of items names, per table that there is.
pub(super) fn touched_keys(
    definitions: &BTreeMap<String, Value>,
    operation: &str,
    request: &Value,
) -> BTreeMap<String, Vec<Value>> {
    let mut touched: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut touch = |table: &Value, key: &Value| {
        let table = table.as_str().unwrap_or_default();
        let Some(definition) = definitions.get(table) else {
            return;
        };
        let names = key_names(definition).into_iter();
        let key = names.map(|name| (name.clone(), key[name].clone())).collect();
        touched.entry(table.to_owned()).or_default().push(Value::Object(key));
    };
    match operation {
        "PutItem" => touch(&request["TableName"], &request["Item"]),
        "UpdateItem" | "DeleteItem" => touch(&request["TableName"], &request["Key"]),
        "TransactWriteItems" => {
            for action in request["TransactItems"].as_array().into_iter().flatten() {
                for kind in ["Put", "Update", "Delete"] {
                    let action = &action[kind];
                    let key = action.get("Key").or(action.get("Item"));
                    if let Some(key) = key {
                        touch(&action["TableName"], key);
                    }
                }
            }
        }
        "BatchWriteItem" => {
            for (table, entries) in request["RequestItems"].as_object().into_iter().flatten() {
                for entry in entries.as_array().into_iter().flatten() {
                    let put = entry["PutRequest"].get("Item");
                    let key = put.or(entry["DeleteRequest"].get("Key"));
                    if let Some(key) = key {
                        touch(&json!(table), key);
                    }
                }
            }
        }
        _ => {}
    }
    touched
}

/// An item in DynamoDB's typed JSON.
pub(super) fn read(database: &Database, table: &str, key: &Value) -> Option<Value> {
    let request = json!({"TableName": table, "Key": key, "ConsistentRead": true});
    must(database, "GetItem", request).get_mut("Item").map(Value::take)
}

/// The table's key attributes, hash first.
pub(super) fn key_names(definition: &Value) -> Vec<String> {
    let schema = definition["KeySchema"].as_array().into_iter().flatten();
    schema
        .filter_map(|key| key["AttributeName"].as_str())
        .map(str::to_owned)
        .collect()
}

/// Every item in DynamoDB's typed JSON.
pub(super) fn scan(database: &Database, table: &str) -> Vec<Value> {
    let mut items = Vec::new();
    let mut request = json!({"TableName": table, "ConsistentRead": true});
    loop {
        let mut page = must(database, "Scan", request.clone());
        if let Some(Value::Array(found)) = page.get_mut("Items") {
            items.append(found);
        }
        match page.get_mut("LastEvaluatedKey") {
            Some(key) => request["ExclusiveStartKey"] = key.take(),
            None => return items,
        }
    }
}

/// Our own requests are well-formed.
fn must(database: &Database, operation: &str, request: Value) -> Value {
    match execute(database, operation, request) {
        Some(Ok(answer)) => answer,
        Some(Err(error)) => panic!("{operation} of the cloud itself was refused: {error}"),
        None => panic!("{operation} is unknown"),
    }
}
