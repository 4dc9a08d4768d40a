//! The operations of SQS over JSON.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use md5::Md5;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::account::Queues;
use super::contents::LONGEST;
use super::queue::{Outgoing, Queue, Sent};
use super::refusal::Refusal;
use super::wire::{
    LARGEST_BATCH, LONGEST_VISIBILITY, LONGEST_WAIT, arn, batch_entries, hex, number, on_the_wire, queue_url,
    receipt_of, refuse_unsupported, seconds, settings, strings,
};
use crate::Fault;
use crate::answer::Answer;
use crate::clock::since_epoch;

impl Queues {
    pub(crate) fn answer(&mut self, operation: &str, request: &Value, fault: Option<Fault>, now: SystemTime) -> Answer {
        match self.result(operation, request, fault, now) {
            Ok(body) => Answer::ok(body),
            Err(Some(refusal)) => refusal.answer(),
            Err(None) => Answer::unknown_operation(),
        }
    }

    fn result(
        &mut self,
        operation: &str,
        request: &Value,
        fault: Option<Fault>,
        now: SystemTime,
    ) -> Result<Value, Option<Refusal>> {
        match fault {
            Some(Fault::Throttled) => return Err(Some(Refusal::Throttled)),
            Some(Fault::ServerError) => return Err(Some(Refusal::ServerError)),
            Some(Fault::HalfProcessed) if request["Entries"].as_array().map_or(0, Vec::len) < 2 => {
                return Err(Some(Refusal::Throttled));
            }
            _ => {}
        }
        let half = fault == Some(Fault::HalfProcessed);
        let answer = match operation {
            "CreateQueue" => self.create_queue(request, now),
            "GetQueueUrl" => self.get_queue_url(request),
            "GetQueueAttributes" => self.get_queue_attributes(request, now),
            "SendMessage" => self.send_message(request, now),
            "SendMessageBatch" => self.send_message_batch(request, half, now),
            "ReceiveMessage" => self.receive_message(request, now),
            "DeleteMessage" => self.delete_message(request, now),
            "DeleteMessageBatch" => self.delete_message_batch(request, half, now),
            "ChangeMessageVisibility" => self.change_message_visibility(request, now),
            _ => return Err(None),
        };
        answer.map_err(Some)
    }

    /// For set-up over the wire; an existing queue stays as it is.
    fn create_queue(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let name = request["QueueName"]
            .as_str()
            .ok_or(Refusal::MissingParameter("QueueName"))?;
        let settings = settings(&request["Attributes"])?;
        if !self.0.contains_key(name) {
            self.create(name, settings, now);
        }
        Ok(json!({"QueueUrl": queue_url(name)}))
    }

    fn get_queue_url(&self, request: &Value) -> Result<Value, Refusal> {
        let name = request["QueueName"]
            .as_str()
            .ok_or(Refusal::MissingParameter("QueueName"))?;
        let queue = self.0.get(name).ok_or(Refusal::NoSuchQueue)?;
        Ok(json!({"QueueUrl": queue_url(&queue.name)}))
    }

    fn get_queue_attributes(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        let all = queue.messages(now).count();
        let in_flight = queue.in_flight(now);
        let settings = &queue.settings;
        let mut attributes = BTreeMap::from([
            ("QueueArn", arn(&queue.name)),
            ("FifoQueue", "true".to_owned()),
            ("CreatedTimestamp", seconds(since_epoch(queue.created))),
            ("VisibilityTimeout", seconds(settings.visibility)),
            ("MessageRetentionPeriod", seconds(settings.retention)),
            ("MaximumMessageSize", LONGEST.to_string()),
            ("DelaySeconds", "0".to_owned()),
            (
                "ContentBasedDeduplication",
                settings.content_based_deduplication.to_string(),
            ),
            ("ApproximateNumberOfMessages", (all - in_flight).to_string()),
            ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
            ("ApproximateNumberOfMessagesDelayed", "0".to_owned()),
        ]);
        if let Some(dead_letter) = &settings.dead_letter {
            let policy = json!({
                "deadLetterTargetArn": arn(dead_letter),
                "maxReceiveCount": settings.max_receive_count,
            });
            attributes.insert("RedrivePolicy", policy.to_string());
        }
        let wanted = strings(&request["AttributeNames"]);
        if !wanted.contains("All") {
            attributes.retain(|name, _| wanted.contains(name));
        }
        Ok(json!({"Attributes": attributes}))
    }

    fn send_message(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        let (answer, _) = send(queue, request, now)?;
        Ok(answer)
    }

    fn send_message_batch(&mut self, request: &Value, half: bool, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        let entries = batch_entries(request)?;
        for entry in entries {
            group_and_deduplication_id(queue, entry)?;
        }
        let bytes = entries
            .iter()
            .filter_map(|entry| entry["MessageBody"].as_str())
            .map(str::len)
            .sum();
        if bytes > LONGEST {
            return Err(Refusal::BatchTooLong(bytes));
        }
        Ok(each(entries, half, |entry| {
            let (mut answer, sent) = send(queue, entry, now)?;
            answer["Id"] = entry["Id"].clone();
            answer["MessageId"] = json!(sent.message_id);
            Ok(answer)
        }))
    }

    fn receive_message(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let name = self.of(request)?.name.clone();
        let max = number(request, "MaxNumberOfMessages", 1..=10)?.unwrap_or(1);
        let visibility = number(request, "VisibilityTimeout", 0..=LONGEST_VISIBILITY)?;
        number(request, "WaitTimeSeconds", 0..=LONGEST_WAIT)?;
        refuse_unsupported(request, "ReceiveRequestAttemptId")?;
        let mut wanted = strings(&request["AttributeNames"]);
        wanted.extend(strings(&request["MessageSystemAttributeNames"]));
        let max = usize::try_from(max).unwrap_or(LARGEST_BATCH);
        let received = self.receive(&name, max, visibility.map(Duration::from_secs), now);
        if received.is_empty() {
            return Ok(json!({}));
        }
        let messages: Vec<Value> = received.iter().map(|message| on_the_wire(message, &wanted)).collect();
        Ok(json!({"Messages": messages}))
    }

    fn delete_message(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        queue.delete(receipt_of(request)?, now)?;
        Ok(json!({}))
    }

    fn delete_message_batch(&mut self, request: &Value, half: bool, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        let entries = batch_entries(request)?;
        Ok(each(entries, half, |entry| {
            queue.delete(receipt_of(entry)?, now)?;
            Ok(json!({"Id": entry["Id"]}))
        }))
    }

    fn change_message_visibility(&mut self, request: &Value, now: SystemTime) -> Result<Value, Refusal> {
        let queue = self.of(request)?;
        let receipt = receipt_of(request)?;
        let seconds = number(request, "VisibilityTimeout", 0..=LONGEST_VISIBILITY)?
            .ok_or(Refusal::MissingParameter("VisibilityTimeout"))?;
        queue.change_visibility(receipt, Duration::from_secs(seconds), now)?;
        Ok(json!({}))
    }
}

fn send(queue: &mut Queue, entry: &Value, now: SystemTime) -> Result<(Value, Sent), Refusal> {
    let body = entry["MessageBody"]
        .as_str()
        .ok_or(Refusal::MissingParameter("MessageBody"))?;
    refuse_unsupported(entry, "MessageAttributes")?;
    refuse_unsupported(entry, "MessageSystemAttributes")?;
    if let Some(delay) = entry["DelaySeconds"].as_i64().filter(|&delay| delay != 0) {
        return Err(Refusal::InvalidParameter(format!(
            "Value {delay} for parameter DelaySeconds is invalid. Reason: The request include \
             parameter that is not valid for this queue type."
        )));
    }
    let (group, deduplication_id) = group_and_deduplication_id(queue, entry)?;
    let outgoing = Outgoing {
        body,
        group,
        deduplication_id: &deduplication_id,
    };
    let sent = queue.send(&outgoing, now)?;
    let answer = json!({
        "MessageId": sent.message_id,
        "SequenceNumber": sent.sequence_number,
        "MD5OfMessageBody": hex(&Md5::digest(body)),
    });
    Ok((answer, sent))
}

/// Both are required on a FIFO queue; in a batch a missing one refuses the whole request.
fn group_and_deduplication_id<'a>(queue: &Queue, entry: &'a Value) -> Result<(&'a str, String), Refusal> {
    let group = entry["MessageGroupId"]
        .as_str()
        .ok_or(Refusal::MissingParameter("MessageGroupId"))?;
    let given = entry["MessageDeduplicationId"].as_str();
    let id = match given {
        Some(id) => id.to_owned(),
        None if queue.settings.content_based_deduplication => {
            hex(&Sha256::digest(entry["MessageBody"].as_str().unwrap_or_default()))
        }
        None => {
            return Err(Refusal::InvalidParameter(
                "The queue should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly"
                    .to_owned(),
            ));
        }
    };
    Ok((group, id))
}

/// `half`: the second half fails on the side of AWS.
fn each(entries: &[Value], half: bool, mut act: impl FnMut(&Value) -> Result<Value, Refusal>) -> Value {
    let mut successful = Vec::new();
    let mut failed = Vec::new();
    let working = if half { entries.len().div_ceil(2) } else { entries.len() };
    for (index, entry) in entries.iter().enumerate() {
        let result = if index < working {
            act(entry)
        } else {
            Err(Refusal::ServerError)
        };
        match result {
            Ok(answer) => successful.push(answer),
            Err(refusal) => failed.push(refusal.entry(entry["Id"].as_str().unwrap_or_default())),
        }
    }
    json!({"Successful": successful, "Failed": failed})
}
