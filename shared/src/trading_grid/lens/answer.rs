//! The answer to a search: read leniently, field by field.
//!
//! Only what was asked for is looked at. A value of another kind than text or number is as good as absent;
//! an error that names a field denies that field and no more.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::words::{Acknowledgement, DeliveryStatus, Status};
use super::{Answered, Field, Search, unusable};
use crate::trading_grid::error::Error;
use crate::trading_grid::refusal::readable;

/// One page of what a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entries.
    pub entries: Vec<Entry>,
    /// How many there are in all, when Lens says so.
    pub total: Option<u64>,
    /// Fields that we may not see.
    pub denied: BTreeSet<Field>,
    /// What Lens says beside the data.
    pub remarks: Vec<String>,
    /// How many entries came, readable or not: what [`Search::after`] goes on by.
    pub received: usize,
}

/// One Lens entry, with the fields that were asked for and are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    values: BTreeMap<Field, String>,
    /// Business numbers by name, for example `purchase order number`.
    pub content_keys: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Body {
    #[serde(default)]
    data: Value,
    #[serde(default)]
    errors: Value,
}

impl Entry {
    /// The value of a field; `None` when it is absent, empty, denied or was not asked for.
    pub fn text(&self, field: Field) -> Option<&str> {
        self.values.get(&field).map(String::as_str)
    }

    /// How far the exchange is.
    pub fn status(&self) -> Option<Status> {
        self.text(Field::Status).map(Status::parse)
    }

    /// What became of the acknowledgement.
    pub fn acknowledgement(&self) -> Option<Acknowledgement> {
        self.text(Field::Acknowledgement).map(Acknowledgement::parse)
    }

    /// How the delivery went.
    pub fn delivery_status(&self) -> Option<DeliveryStatus> {
        self.text(Field::DeliveryStatus).map(DeliveryStatus::parse)
    }
}

/// Reads the answer to a search.
pub(super) fn parse(search: &Search, body: &[u8]) -> Result<Answered, Error> {
    let body: Body = serde_json::from_slice(body).map_err(|_| unusable("it is not JSON, or ends too early"))?;
    let errors = body.errors.as_array().map(Vec::as_slice).unwrap_or_default();
    let denied = errors
        .iter()
        .flat_map(|error| denied(search, error))
        .collect::<BTreeSet<_>>();
    let sent = search.texts();
    let remarks = errors
        .iter()
        .map(|error| remark(error, sent.as_bytes()))
        .collect::<Vec<_>>();
    let Some(page) = body.data.get("getTransactions").and_then(Value::as_object) else {
        return match remarks.into_iter().next() {
            Some(_) if !denied.is_empty() => Ok(Answered::Denied(denied)),
            Some(remark) => Err(unusable(format!("it refuses the query: {remark}"))),
            None => Err(unusable("it has no getTransactions")),
        };
    };
    let rows = match page.get("transactions") {
        Some(Value::Array(rows)) => rows.as_slice(),
        // Nothing found may be no list at all, but only when that is what the answer says.
        Some(Value::Null) if page.get("total").and_then(Value::as_u64) == Some(0) => &[],
        Some(Value::Null) if !denied.is_empty() => return Ok(Answered::Denied(denied)),
        _ => return Err(unusable("it has no transactions")),
    };
    let entries = rows.iter().filter_map(Value::as_object).map(|row| entry(search, row));
    Ok(Answered::Found(Found {
        entries: entries.collect(),
        total: page.get("total").and_then(Value::as_u64),
        denied,
        remarks,
        received: rows.len(),
    }))
}

fn entry(search: &Search, row: &Map<String, Value>) -> Entry {
    let value = |field: &Field| Some((*field, text(row.get(field.as_str())?)?));
    let keys = row.get("contentkeys").and_then(Value::as_array);
    let keys = keys.into_iter().flatten().filter_map(|pair| {
        let name = text(pair.get("key")?)?;
        Some((name, text(pair.get("value")?)?))
    });
    Entry {
        values: search.fields().iter().filter_map(value).collect(),
        content_keys: keys.collect(),
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// The fields of the search that an error is about: by its path, or named in its message.
fn denied(search: &Search, error: &Value) -> Vec<Field> {
    let path = error.get("path").and_then(Value::as_array);
    let last = path.and_then(|path| path.iter().rev().find_map(Value::as_str));
    let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
    let words = message
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let after_field = words.skip_while(|word| !word.eq_ignore_ascii_case("field")).skip(1);
    let named = after_field.take(1).chain(last).collect::<Vec<_>>();
    let fields = search.fields().iter().copied();
    fields.filter(|field| named.contains(&field.as_str())).collect()
}

/// What an error says, fit for a log.
fn remark(error: &Value, sent: &[u8]) -> String {
    let message = error.get("message").and_then(Value::as_str);
    readable(message.unwrap_or("an error without a message"), sent)
}
