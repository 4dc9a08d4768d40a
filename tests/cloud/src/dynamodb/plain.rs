//! DynamoDB's typed JSON as plain JSON, for oracles.

use serde_json::{Map, Number, Value};

/// `{"n": {"N": "7"}}` becomes `{"n": 7}`. Sets become sorted arrays, binary stays base64.
pub(super) fn item(typed: &Value) -> Value {
    let plain: Map<String, Value> = typed
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), attribute(value)))
        .collect();
    Value::Object(plain)
}

fn attribute(typed: &Value) -> Value {
    let Some((kind, value)) = typed.as_object().and_then(|typed| typed.iter().next()) else {
        panic!("not an attribute value: {typed}");
    };
    match (kind.as_str(), value) {
        ("S" | "B" | "BOOL", value) => value.clone(),
        ("NULL", _) => Value::Null,
        ("N", Value::String(digits)) => number(digits),
        ("M", value) => item(value),
        ("L", Value::Array(values)) => values.iter().map(attribute).collect(),
        ("SS" | "BS", Value::Array(values)) => sorted(values.clone()),
        ("NS", Value::Array(values)) => sorted(values.iter().filter_map(Value::as_str).map(number).collect()),
        _ => panic!("not an attribute value: {typed}"),
    }
}

fn number(digits: &str) -> Value {
    let whole = digits.parse::<i64>().map(Number::from).ok();
    let number = whole.or_else(|| digits.parse().ok().and_then(Number::from_f64));
    number.map_or_else(|| Value::String(digits.to_owned()), Value::Number)
}

fn sorted(mut values: Vec<Value>) -> Value {
    values.sort_by(|a, b| match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => a.as_str().cmp(&b.as_str()),
    });
    Value::Array(values)
}
