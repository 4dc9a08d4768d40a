//! Injected faults as DynamoDB words them.

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;

const CONFLICT: &str = "Transaction is ongoing for the item";

pub(crate) fn server_error() -> Answer {
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
        "message": "Internal server error",
    });
    Answer::new(StatusCode::INTERNAL_SERVER_ERROR, body)
}

pub(super) fn throttled() -> Answer {
    Answer::refused(
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded. \
         Consider increasing your provisioning level with the UpdateTable API.",
    )
}

pub(super) fn transaction_conflict(operation: &str, request: &Value) -> Answer {
    if !operation.starts_with("Transact") {
        return Answer::refused(
            "com.amazonaws.dynamodb.v20120810#TransactionConflictException",
            CONFLICT,
        );
    }
    canceled(request, "TransactionConflict", CONFLICT)
}

pub(super) fn transaction_throttled(request: &Value) -> Answer {
    let message = "Throughput exceeds the current capacity of your table or index.";
    canceled(request, "ThrottlingError", message)
}

/// `code` is the reason of the first item; the others have none.
fn canceled(request: &Value, code: &str, message: &str) -> Answer {
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let reasons: Vec<Value> = (0..items)
        .map(|index| match index {
            0 => json!({"Code": code, "Message": message}),
            _ => json!({"Code": "None"}),
        })
        .collect();
    let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
    let message = format!(
        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
        codes.join(", ")
    );
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": message,
        "CancellationReasons": reasons,
    });
    Answer::new(StatusCode::BAD_REQUEST, body)
}

/// Splits a batch into what is done (half, rounded up) and what is handed back.
/// `None` for a batch of one.
pub(super) fn halve(operation: &str, mut request: Value) -> Option<(Value, Value)> {
    let tables = request["RequestItems"].as_object_mut()?;
    let list = |table: &Value| -> usize { entries(operation, table).map_or(0, Vec::len) };
    let total: usize = tables.values().map(list).sum();
    if total < 2 {
        return None;
    }
    let mut keep = total.div_ceil(2);
    let mut rest = json!({});
    for (name, table) in tables.iter_mut() {
        let mut handed_back = table.clone();
        let all = entries_mut(operation, table)?;
        let kept = all.len().min(keep);
        keep -= kept;
        let back = all.split_off(kept);
        if !back.is_empty() {
            *entries_mut(operation, &mut handed_back)? = back;
            rest[name] = handed_back;
        }
    }
    tables.retain(|_, table| list(table) > 0);
    Some((request, rest))
}

pub(super) fn hand_back(body: &mut Value, operation: &str, rest: Value) {
    let member = match operation {
        "BatchGetItem" => "UnprocessedKeys",
        _ => "UnprocessedItems",
    };
    body[member] = rest;
}

fn entries<'a>(operation: &str, table: &'a Value) -> Option<&'a Vec<Value>> {
    match operation {
        "BatchGetItem" => table["Keys"].as_array(),
        _ => table.as_array(),
    }
}

fn entries_mut<'a>(operation: &str, table: &'a mut Value) -> Option<&'a mut Vec<Value>> {
    match operation {
        "BatchGetItem" => table["Keys"].as_array_mut(),
        _ => table.as_array_mut(),
    }
}
