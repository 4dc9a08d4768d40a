//! What a call costs.
//!
//! `dynoxide` computes the capacity that AWS would report, and we ask it for every call. The rule:
//! - a write costs 1 unit per started KB of the larger of the item before and after;
//! - an index entry that appears, disappears or changes a projected attribute costs 1 unit per
//!   started KB of the entry; an entry whose key changes (`due`, `next_attempt_at`) costs 2,
//!   one to remove and one to insert; an item that is not in the index, before or after, costs nothing there;
//! - in a transaction the table's part is doubled and the index's is not, and a `ConditionCheck`
//!   costs 2 per KB of its item;
//! - a write refused by its condition costs 1 per item, 2 in a transaction (AWS: by the size of
//!   the item that is there; we count the least); any other refusal costs nothing.

use serde_json::{Value, json};

use crate::answer::Answer;

const CAPACITY: &str = "ConsumedCapacity";

/// What the caller wanted to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Nothing,
    Total,
    All,
}

/// Makes the database report everything, and says what the caller had asked for.
pub(super) fn ask_for_all(operation: &str, request: &mut Value) -> Wanted {
    if !is_read(operation) && !is_write(operation) {
        return Wanted::All;
    }
    let wanted = match request["ReturnConsumedCapacity"].as_str() {
        Some("TOTAL") => Wanted::Total,
        Some("INDEXES") => Wanted::All,
        Some("NONE") | None => Wanted::Nothing,
        // An unknown word is left in the request, to be refused.
        Some(_) => return Wanted::All,
    };
    request["ReturnConsumedCapacity"] = json!("INDEXES");
    wanted
}

/// How many items a write names.
pub(super) fn actions(operation: &str, request: &Value) -> usize {
    match operation {
        "TransactWriteItems" => request["TransactItems"].as_array().map_or(0, Vec::len),
        _ => 1,
    }
}

/// Moves the units into the answer's record and leaves in the body what the caller wanted.
pub(super) fn account(answer: &mut Answer, operation: &str, wanted: Wanted) {
    let units: f64 = match &answer.body[CAPACITY] {
        Value::Array(tables) => tables.iter().map(units_of).sum(),
        table => units_of(table),
    };
    if is_write(operation) {
        answer.write_units = Some(units);
    } else if is_read(operation) {
        answer.read_units = Some(units);
    }
    let Some(body) = answer.body.as_object_mut() else {
        return;
    };
    match wanted {
        Wanted::All => {}
        Wanted::Nothing => {
            body.remove(CAPACITY);
        }
        Wanted::Total => match body.get_mut(CAPACITY) {
            Some(Value::Array(tables)) => tables.iter_mut().for_each(keep_total),
            Some(table) => keep_total(table),
            None => {}
        },
    }
}

pub(super) fn of_refused_write(operation: &str, actions: usize, error: &Value) -> Option<f64> {
    if !is_write(operation) {
        return None;
    }
    let by_condition = error.to_string().contains("ConditionalCheckFailed");
    let each = if operation == "TransactWriteItems" { 2.0 } else { 1.0 };
    Some(if by_condition { each * actions as f64 } else { 0.0 })
}

fn is_write(operation: &str) -> bool {
    matches!(
        operation,
        "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem" | "TransactWriteItems"
    )
}

pub(super) fn is_read(operation: &str) -> bool {
    matches!(
        operation,
        "GetItem" | "Query" | "Scan" | "BatchGetItem" | "TransactGetItems"
    )
}

fn units_of(table: &Value) -> f64 {
    table["CapacityUnits"].as_f64().unwrap_or(0.0)
}

fn keep_total(table: &mut Value) {
    if let Some(fields) = table.as_object_mut() {
        fields.retain(|name, _| name == "TableName" || name.ends_with("CapacityUnits"));
    }
}
