//! What happens to the table outside of Gridlink: items are lost, and a backup is restored.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use serde_json::{Map, Value, json};

use crate::town::{TABLE, Town};

/// An item is lost.
pub(crate) async fn lose(town: &Town, pk: &str, sk: &str) {
    call(town, "DeleteItem", json!({"Key": {"pk": {"S": pk}, "sk": {"S": sk}}})).await;
}

/// The table is as it was then: with nothing, it is empty.
pub(crate) async fn restore(town: &Town, backup: &[Value]) {
    let now = Arc::clone(&town.cloud.items(TABLE));
    for item in now.iter() {
        lose(town, item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap()).await;
    }
    for item in backup {
        put(town, item).await;
    }
}

/// An item is something else.
pub(crate) async fn put(town: &Town, item: &Value) {
    call(town, "PutItem", json!({"Item": typed(item)["M"]})).await;
}

async fn call(town: &Town, operation: &str, mut body: Value) {
    body["TableName"] = TABLE.into();
    let request = Request::post("https://dynamodb.us-east-1.amazonaws.com/")
        .header("x-amz-target", format!("DynamoDB_20120810.{operation}"))
        .header("content-type", "application/x-amz-json-1.0")
        .body(Bytes::from(body.to_string()));
    let answer = town.cloud.call(request.unwrap()).await;
    assert_eq!(answer.status(), 200, "{operation}: {:?}", answer.body());
}

/// A value with its type, as DynamoDB has it. The table has no sets and no bytes.
fn typed(value: &Value) -> Value {
    match value {
        Value::String(text) => json!({"S": text}),
        Value::Number(number) => json!({"N": number.to_string()}),
        Value::Bool(is) => json!({"BOOL": is}),
        Value::Array(list) => json!({"L": list.iter().map(typed).collect::<Vec<_>>()}),
        Value::Object(map) => {
            let typed: Map<String, Value> = map.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
            json!({"M": typed})
        }
        Value::Null => json!({"NULL": true}),
    }
}
