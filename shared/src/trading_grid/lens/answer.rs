//! The answer to a search: read leniently, field by field.
//!
//! Only what was asked for is looked at. A value of another kind than text or number is as good as absent.
//! An error that names a field denies that field and no more; one that names an entry too, and is not about our
//! rights, says that Lens cannot tell the field of that entry.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::words::{Acknowledgement, DeliveryStatus, Status};
use super::{Answered, Field, Search, unusable};
use crate::trading_grid::error::Error;
use crate::trading_grid::refusal::readable;

/// How many different remarks are kept.
const REMARKS: usize = 10;

/// One page of what a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The entries.
    pub entries: Vec<Entry>,
    /// How many there are in all, when Lens says so.
    pub total: Option<u64>,
    /// Fields that we may not see.
    pub denied: BTreeSet<Field>,
    /// What Lens says beside the data: the first few different things.
    pub remarks: Vec<String>,
    /// How many entries came, readable or not: what [`Search::after`] goes on by.
    pub received: usize,
}

/// One Lens entry, with the fields that were asked for and are there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Entry {
    values: BTreeMap<Field, String>,
    /// Fields that Lens has and cannot tell, as it cannot tell the acknowledgement `C`.
    pub untold: BTreeSet<Field>,
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

    fn read(search: &Search, row: &Map<String, Value>) -> Self {
        let value = |field: &Field| Some((*field, text(row.get(field.as_str())?)?));
        let keys = row.get("contentkeys").and_then(Value::as_array);
        let keys = keys.into_iter().flatten().filter_map(|pair| {
            let name = text(pair.get("key")?)?;
            Some((name, text(pair.get("value")?)?))
        });
        Self {
            values: search.fields().iter().filter_map(value).collect(),
            untold: BTreeSet::new(),
            content_keys: keys.collect(),
        }
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
    let faults = errors
        .iter()
        .map(|error| Fault::read(search, error))
        .collect::<Vec<_>>();
    let named = faults.iter().flat_map(|fault| fault.fields.iter().copied());
    let named = named.collect::<BTreeSet<_>>();
    let sent = search.texts();
    let mut remarks = Vec::new();
    for fault in &faults {
        let remark = readable(fault.message, sent.as_bytes());
        if remarks.len() < REMARKS && !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    let Some(page) = body.data.get("getTransactions").and_then(Value::as_object) else {
        return match remarks.into_iter().next() {
            Some(_) if !named.is_empty() => Ok(Answered::Denied(named)),
            Some(remark) => Err(unusable(format!("it refuses the query: {remark}"))),
            None => Err(unusable("it has no getTransactions")),
        };
    };
    let rows = match page.get("transactions") {
        Some(Value::Array(rows)) => rows.as_slice(),
        // Nothing found may be no list at all, but only when that is what the answer says.
        Some(Value::Null) if page.get("total").and_then(Value::as_u64) == Some(0) => &[],
        Some(Value::Null) if !named.is_empty() => return Ok(Answered::Denied(named)),
        _ => return Err(unusable("it has no transactions")),
    };
    let mut untold = BTreeMap::<usize, BTreeSet<Field>>::new();
    for fault in &faults {
        if let Some(at) = fault.entry {
            untold.entry(at).or_default().extend(fault.fields.iter().copied());
        }
    }
    let entries = rows.iter().enumerate().filter_map(|(at, row)| {
        let mut entry = Entry::read(search, row.as_object()?);
        entry.untold = untold.remove(&at).unwrap_or_default();
        Some(entry)
    });
    let denied = faults.iter().filter(|fault| fault.entry.is_none());
    let denied = denied.flat_map(|fault| fault.fields.iter().copied());
    Ok(Answered::Found(Found {
        entries: entries.collect(),
        total: page.get("total").and_then(Value::as_u64),
        denied: denied.collect(),
        remarks,
        received: rows.len(),
    }))
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

/// One of the errors beside the data.
struct Fault<'a> {
    message: &'a str,
    /// Fields of the search that it is about: by its path, or named in its message.
    fields: Vec<Field>,
    /// The entry that alone is concerned.
    entry: Option<usize>,
}

impl<'a> Fault<'a> {
    fn read(search: &Search, error: &'a Value) -> Self {
        let path = error
            .get("path")
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let message = error.get("message").and_then(Value::as_str);
        let message = message.unwrap_or("an error without a message");
        let words = message
            .split(|character: char| !character.is_alphanumeric())
            .filter(|word| !word.is_empty());
        let after_field = words.skip_while(|word| !word.eq_ignore_ascii_case("field")).skip(1);
        let last = path.iter().rev().find_map(Value::as_str);
        let named = after_field.take(1).chain(last).collect::<Vec<_>>();
        let fields = search.fields().iter().copied();
        // What we may not see of one entry we may not see of any.
        let is_about_rights = message.to_ascii_lowercase().contains("authorized");
        let index = path.iter().find_map(Value::as_u64).filter(|_| !is_about_rights);
        Self {
            message,
            fields: fields.filter(|field| named.contains(&field.as_str())).collect(),
            entry: index.and_then(|index| usize::try_from(index).ok()),
        }
    }
}
