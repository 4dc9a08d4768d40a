//! Reading the members of a request, and writing those of an answer.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use md5::Md5;
use serde_json::{Value, json};
use sha2::Digest;

use super::contents::is_batch_id;
use super::queue::{Message, QueueSettings};
use super::refusal::Refusal;
use crate::clock::since_epoch;
use crate::{ACCOUNT, REGION};

pub(super) const LONGEST_VISIBILITY: u64 = 12 * 3600;
pub(super) const LONGEST_WAIT: u64 = 20;
pub(super) const LARGEST_BATCH: usize = 10;

/// How long a `ReceiveMessage` may wait for a first message, and in which queue.
pub(crate) fn long_poll(operation: &str, request: &Value) -> Option<(String, Duration)> {
    let wait = request["WaitTimeSeconds"]
        .as_u64()
        .filter(|wait| operation == "ReceiveMessage" && (1..=LONGEST_WAIT).contains(wait))?;
    let name = queue_name(request["QueueUrl"].as_str()?)?;
    Some((name.to_owned(), Duration::from_secs(wait)))
}

pub(crate) fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
}

/// The last part of a queue URL of our account, on whatever host.
pub(crate) fn queue_name(url: &str) -> Option<&str> {
    let (rest, name) = url.rsplit_once('/')?;
    rest.ends_with(ACCOUNT).then_some(name)
}

/// The settings in the attributes of a `CreateQueue` request, which are all strings.
pub(super) fn settings(attributes: &Value) -> Result<QueueSettings, Refusal> {
    let text = |name: &str| attributes[name].as_str();
    let is = |name: &str, value: &str| text(name) == Some(value);
    if !is("FifoQueue", "true") {
        let reason = "The test crate `cloud` has FIFO queues only.";
        return Err(Refusal::InvalidParameter(reason.to_owned()));
    }
    let seconds = |name: &str| text(name)?.parse().ok().map(Duration::from_secs);
    let standard = QueueSettings::default();
    let mut settings = QueueSettings {
        visibility: seconds("VisibilityTimeout").unwrap_or(standard.visibility),
        retention: seconds("MessageRetentionPeriod").unwrap_or(standard.retention),
        content_based_deduplication: is("ContentBasedDeduplication", "true"),
        deduplicated_per_group: is("DeduplicationScope", "messageGroup"),
        ..standard
    };
    if let Some(policy) = text("RedrivePolicy") {
        let policy: Value =
            serde_json::from_str(policy).map_err(|error| Refusal::InvalidParameter(error.to_string()))?;
        let arn = policy["deadLetterTargetArn"].as_str().unwrap_or_default();
        settings.dead_letter = arn.rsplit(':').next().map(str::to_owned);
        // AWS takes a number and a string.
        let count = &policy["maxReceiveCount"];
        settings.max_receive_count = count
            .as_u64()
            .or_else(|| count.as_str()?.parse().ok())
            .and_then(|count| count.try_into().ok())
            .ok_or(Refusal::MissingParameter("maxReceiveCount"))?;
    }
    Ok(settings)
}

pub(super) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

pub(super) fn batch_entries(request: &Value) -> Result<&Vec<Value>, Refusal> {
    let entries = request["Entries"]
        .as_array()
        .filter(|entries| !entries.is_empty())
        .ok_or(Refusal::BatchEmpty)?;
    if entries.len() > LARGEST_BATCH {
        return Err(Refusal::BatchTooLarge(entries.len()));
    }
    let mut seen = HashSet::new();
    for entry in entries {
        let id = entry["Id"].as_str().ok_or(Refusal::MissingParameter("Id"))?;
        if !is_batch_id(id) {
            return Err(Refusal::BatchIdInvalid);
        }
        if !seen.insert(id) {
            return Err(Refusal::BatchIdTwice(id.to_owned()));
        }
    }
    Ok(entries)
}

pub(super) fn on_the_wire(message: &Message, wanted: &HashSet<&str>) -> Value {
    let milliseconds = |time| since_epoch(time).as_millis().to_string();
    let mut attributes = BTreeMap::from([
        ("ApproximateReceiveCount", message.receive_count.to_string()),
        ("SentTimestamp", milliseconds(message.sent_at)),
        ("SenderId", ACCOUNT.to_owned()),
        ("MessageGroupId", message.group.clone()),
        ("MessageDeduplicationId", message.deduplication_id.clone()),
        ("SequenceNumber", message.sequence_number.clone()),
    ]);
    if let Some(first) = message.first_received_at {
        attributes.insert("ApproximateFirstReceiveTimestamp", milliseconds(first));
    }
    if let Some(source) = &message.dead_letter_source {
        attributes.insert("DeadLetterQueueSourceArn", arn(source));
    }
    if !wanted.contains("All") {
        attributes.retain(|name, _| wanted.contains(name));
    }
    let mut wire = json!({
        "MessageId": message.message_id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": hex(&Md5::digest(&message.body)),
        "Body": message.body,
    });
    if !attributes.is_empty() {
        wire["Attributes"] = json!(attributes);
    }
    wire
}

pub(super) fn receipt_of(request: &Value) -> Result<&str, Refusal> {
    request["ReceiptHandle"]
        .as_str()
        .ok_or(Refusal::MissingParameter("ReceiptHandle"))
}

pub(super) fn number(
    request: &Value,
    name: &'static str,
    allowed: std::ops::RangeInclusive<u64>,
) -> Result<Option<u64>, Refusal> {
    let value = &request[name];
    match value.as_u64() {
        Some(number) if allowed.contains(&number) => Ok(Some(number)),
        None if value.is_null() => Ok(None),
        _ => Err(Refusal::InvalidParameter(format!(
            "Value {value} for parameter {name} is invalid. Reason: Must be >= {} and <= {}, if provided.",
            allowed.start(),
            allowed.end()
        ))),
    }
}

/// A parameter of AWS that this crate does not have must not be ignored silently.
pub(super) fn refuse_unsupported(request: &Value, name: &'static str) -> Result<(), Refusal> {
    let value = &request[name];
    let is_empty = value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    if is_empty {
        return Ok(());
    }
    Err(Refusal::InvalidParameter(format!(
        "The test crate `cloud` does not support {name} yet."
    )))
}

pub(super) fn strings(list: &Value) -> HashSet<&str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

pub(super) fn seconds(duration: Duration) -> String {
    duration.as_secs().to_string()
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
