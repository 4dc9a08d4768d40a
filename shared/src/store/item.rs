//! Items as DynamoDB has them: reading attributes, naming keys.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use crate::domain::{Lane, LinkKey, SenderName, Stream, Subject, SysId, digest_of, hex};

/// An item, or the values of an expression.
pub(super) type Item = HashMap<String, AttributeValue>;

/// A string attribute.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// A number attribute.
pub(super) fn number(item: &Item, name: &str) -> Option<i64> {
    item.get(name)?.as_n().ok()?.parse().ok()
}

/// A string value.
pub(super) fn s(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

/// A number value.
pub(super) fn n(value: i64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The primary key of an item.
pub(super) fn key(pk: impl Into<String>, sk: impl Into<String>) -> Item {
    HashMap::from([("pk".to_owned(), s(pk)), ("sk".to_owned(), s(sk))])
}

/// An item: its key and its attributes.
pub(super) fn item<const N: usize>(key: Item, attributes: [(&str, AttributeValue); N]) -> Item {
    let mut item = key;
    item.extend(attributes.map(|(name, value)| (name.to_owned(), value)));
    item.insert("schema".to_owned(), n(super::SCHEMA));
    item
}

/// Values of an expression.
pub(super) fn values<const N: usize>(values: [(&str, AttributeValue); N]) -> Item {
    values
        .map(|(name, value)| (name.to_owned(), value))
        .into_iter()
        .collect()
}

pub(super) fn head_key(stream: &Stream) -> Item {
    key(stream.subject.as_str(), head_sk(stream.lane))
}

pub(super) fn head_sk(lane: Lane) -> String {
    format!("HEAD#{}", lane.as_str())
}

pub(super) fn entry_key(stream: &Stream, number: i64) -> Item {
    key(
        stream.subject.as_str(),
        format!("IN#{}#{number:08}", stream.lane.as_str()),
    )
}

pub(super) fn link_key(subject: &Subject, link: &LinkKey) -> Item {
    key(subject.as_str(), format!("LINK#{link}"))
}

pub(super) fn back_key(sys_id: &SysId) -> Item {
    key(format!("BACK#{sys_id}"), "BACK")
}

pub(super) fn seen_key(sender: &SenderName, event: &str) -> Item {
    key(seen_name(sender, event), "SEEN")
}

/// The partition of the duplicate check of an event.
pub(super) fn seen_name(sender: &SenderName, event: &str) -> String {
    format!("SEEN#{sender}#{}", hex(&digest_of(&[event])[..16]))
}

pub(super) fn bind_key(issue: &str) -> Item {
    key(format!("BIND#{issue}"), "BIND")
}

pub(super) fn claim_key(subject: &Subject, reference: &str) -> Item {
    key(subject.as_str(), format!("WROTE#{reference}"))
}

pub(super) fn breaker_key(system: crate::failure::System) -> Item {
    key(format!("BREAKER#{}", system.as_str()), "BREAKER")
}

pub(super) fn settings_key() -> Item {
    key("SETTINGS", "SETTINGS")
}
