//! Takes out of an answer what two correct emulators may do differently.

use serde_json::{Map, Value, json};

/// Ids and times are made up by each side, and messages of errors are for people.
const IGNORED: [&str; 12] = [
    "MessageId",
    "ReceiptHandle",
    "SequenceNumber",
    "SentTimestamp",
    "ApproximateFirstReceiveTimestamp",
    "SenderId",
    "ResponseMetadata",
    "message",
    "Message",
    "__type",
    "DeadLetterQueueSourceArn",
    "ConsumedCapacity",
];

/// Lists whose order means nothing.
const UNORDERED: [&str; 6] = ["SS", "NS", "BS", "Responses", "Successful", "Failed"];

pub(super) fn normal((status, body): (u16, Value)) -> Value {
    let error = body["__type"]
        .as_str()
        .map(|name| name.rsplit('#').next().unwrap_or(name))
        // Emulators disagree on the ending of `InvalidParameterValueException`; the SDK reads the
        // older code, which has none.
        .map(|name| name.trim_end_matches("Exception").to_owned());
    json!({"status": status, "error": error, "body": value("", body)})
}

fn value(name: &str, original: Value) -> Value {
    match original {
        Value::Object(members) => Value::Object(object(members)),
        Value::Array(values) => {
            let mut values: Vec<Value> = values.into_iter().map(|it| value(name, it)).collect();
            if name == "Messages" {
                // Which group comes first is free; the order within a group is not.
                values.sort_by_key(|message| message["Attributes"]["MessageGroupId"].to_string());
            } else if UNORDERED.contains(&name) {
                values.sort_by_cached_key(Value::to_string);
            }
            Value::Array(values)
        }
        plain => plain,
    }
}

/// An absent member, an empty one and `null` mean the same.
fn object(members: Map<String, Value>) -> Map<String, Value> {
    let is_batch_get = members.contains_key("UnprocessedKeys");
    members
        .into_iter()
        .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
        .map(|(name, member)| {
            let member = match member {
                Value::Object(tables) if is_batch_get && name == "Responses" => {
                    let sorted = tables
                        .into_iter()
                        .map(|(table, items)| (table, value("Responses", items)));
                    Value::Object(sorted.collect())
                }
                other => value(&name, other),
            };
            (name, member)
        })
        .filter(|(_, member)| match member {
            Value::Null => false,
            Value::Array(values) => !values.is_empty(),
            Value::Object(members) => !members.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        })
        .collect()
}
