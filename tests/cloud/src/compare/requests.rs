//! Random requests over a handful of keys and groups, so that they meet each other.

use std::collections::BTreeMap;

use fastrand::Rng;
use serde_json::{Value, json};

use super::Side;

pub(super) const TABLE: &str = "compared";
pub(super) const QUEUE: &str = "compared.fifo";
pub(super) const DEAD_LETTERS: &str = "compared-dead.fifo";

/// One request for both sides.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) target: &'static str,
    /// Without what each side has of its own: the queue's URL and receipts.
    pub(super) body: Value,
    receipts: Option<[String; 2]>,
}

impl Step {
    pub(super) fn new(target: &'static str, body: Value) -> Self {
        Step {
            target,
            body,
            receipts: None,
        }
    }

    pub(super) fn body_for(&self, queue_url: &str, side: Side) -> Value {
        let mut body = self.body.clone();
        if self.target.starts_with("AmazonSQS.") && !self.target.ends_with("CreateQueue") {
            body["QueueUrl"] = json!(queue_url);
        }
        if let Some([ours, theirs]) = &self.receipts {
            body["ReceiptHandle"] = json!(match side {
                Side::Ours => ours,
                Side::Theirs => theirs,
            });
        }
        body
    }
}

pub(super) struct Requests {
    random: Rng,
    sent: usize,
    /// The newest receipts of both sides, by message body.
    receipts: BTreeMap<String, [String; 2]>,
}

impl Requests {
    pub(super) fn new(seed: u64) -> Self {
        Requests {
            random: Rng::with_seed(seed),
            sent: 0,
            receipts: BTreeMap::new(),
        }
    }

    pub(super) fn next(&mut self) -> Step {
        match self.random.u8(0..16) {
            0 | 1 => Step::new("DynamoDB_20120810.PutItem", self.put()),
            2 | 3 => Step::new("DynamoDB_20120810.UpdateItem", self.update()),
            4 => Step::new("DynamoDB_20120810.DeleteItem", self.delete()),
            5 => Step::new("DynamoDB_20120810.GetItem", self.get()),
            6 => Step::new("DynamoDB_20120810.Query", self.query()),
            7 => Step::new("DynamoDB_20120810.Query", self.query_index()),
            8 | 9 => Step::new("DynamoDB_20120810.TransactWriteItems", self.transaction()),
            10 => Step::new("DynamoDB_20120810.BatchGetItem", self.batch_get()),
            11 | 12 => Step::new("AmazonSQS.SendMessage", self.message()),
            13 => Step::new("AmazonSQS.ReceiveMessage", receive()),
            14 => self.with_receipt("AmazonSQS.DeleteMessage", json!({})),
            _ => self.with_receipt("AmazonSQS.ChangeMessageVisibility", json!({"VisibilityTimeout": 0})),
        }
    }

    /// Remembers the receipts that both sides gave for the same message.
    pub(super) fn learn(&mut self, step: &Step, ours: &Value, theirs: &Value) {
        if step.target != "AmazonSQS.ReceiveMessage" {
            return;
        }
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let messages = |answer: &Value| answer["Messages"].as_array().cloned().unwrap_or_default();
        for message in messages(ours) {
            let same = messages(theirs)
                .into_iter()
                .find(|other| other["Body"] == message["Body"]);
            if let Some(same) = same {
                let receipts = [text(&message["ReceiptHandle"]), text(&same["ReceiptHandle"])];
                self.receipts.insert(text(&message["Body"]), receipts);
            }
        }
    }

    fn key(&mut self) -> Value {
        let pk = self.random.u8(0..3);
        let sk = self.random.u8(0..4);
        json!({"pk": {"S": format!("p{pk}")}, "sk": {"S": format!("s{sk}")}})
    }

    fn put(&mut self) -> Value {
        let mut item = self.key();
        item["n"] = json!({"N": self.random.u8(0..5).to_string()});
        item["tags"] = json!({"SS": ["a", format!("t{}", self.random.u8(0..3))]});
        if self.random.bool() {
            item["due"] = json!({"S": format!("due#{}", self.random.u8(0..2))});
            item["next_attempt_at"] = json!({"N": self.random.u32(0..100_000).to_string()});
        }
        let mut put = json!({"TableName": TABLE, "Item": item});
        self.maybe_condition(&mut put);
        put
    }

    fn update(&mut self) -> Value {
        let updates = [
            "SET n = if_not_exists(n, :zero) + :one",
            "SET n = n + :one",
            "ADD n :one REMOVE due, next_attempt_at",
            "SET #m.#k = :one",
            "SET #m = :map REMOVE tags",
        ];
        let expression = updates[self.random.usize(0..updates.len())];
        let mut update = json!({"TableName": TABLE, "Key": self.key(), "UpdateExpression": expression});
        self.maybe_condition(&mut update);
        for (placeholder, value) in [
            (":zero", json!({"N": "0"})),
            (":one", json!({"N": "1"})),
            (":map", json!({"M": {"k": {"S": "v"}}})),
        ] {
            if expression.contains(placeholder) {
                update["ExpressionAttributeValues"][placeholder] = value;
            }
        }
        for (placeholder, name) in [("#m", "map"), ("#k", "k")] {
            if expression.contains(placeholder) {
                update["ExpressionAttributeNames"][placeholder] = json!(name);
            }
        }
        update
    }

    fn delete(&mut self) -> Value {
        let mut delete = json!({"TableName": TABLE, "Key": self.key()});
        self.maybe_condition(&mut delete);
        delete
    }

    fn maybe_condition(&mut self, write: &mut Value) {
        let conditions = [
            "attribute_not_exists(pk)",
            "attribute_exists(pk)",
            "n < :two AND attribute_exists(due)",
            "contains(tags, :tag) OR NOT begins_with(sk, :tag)",
        ];
        if self.random.u8(0..3) == 0 {
            return;
        }
        let condition = conditions[self.random.usize(0..conditions.len())];
        write["ConditionExpression"] = json!(condition);
        for (placeholder, value) in [(":two", json!({"N": "2"})), (":tag", json!({"S": "t1"}))] {
            if condition.contains(placeholder) {
                write["ExpressionAttributeValues"][placeholder] = value;
            }
        }
        if self.random.bool() {
            write["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        }
    }

    fn get(&mut self) -> Value {
        json!({"TableName": TABLE, "Key": self.key(), "ConsistentRead": true})
    }

    fn query(&mut self) -> Value {
        let pk = format!("p{}", self.random.u8(0..3));
        json!({"TableName": TABLE, "KeyConditionExpression": "pk = :pk AND sk >= :sk",
            "ExpressionAttributeValues": {":pk": {"S": pk}, ":sk": {"S": "s1"}},
            "ScanIndexForward": self.random.bool(), "Limit": self.random.u8(1..4)})
    }

    fn query_index(&mut self) -> Value {
        let shard = format!("due#{}", self.random.u8(0..2));
        let until = self.random.u32(0..100_000).to_string();
        json!({"TableName": TABLE, "IndexName": "due",
            "KeyConditionExpression": "due = :d AND next_attempt_at <= :t",
            "ExpressionAttributeValues": {":d": {"S": shard}, ":t": {"N": until}}})
    }

    fn transaction(&mut self) -> Value {
        let mut actions = Vec::new();
        for _ in 0..self.random.usize(1..4) {
            actions.push(match self.random.u8(0..3) {
                0 => json!({"Put": self.put()}),
                1 => json!({"Update": self.update()}),
                _ => json!({"Delete": self.delete()}),
            });
        }
        json!({"TransactItems": actions})
    }

    fn batch_get(&mut self) -> Value {
        let keys = [self.key(), self.key()];
        json!({"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": true}}})
    }

    /// Now and then a deduplication id that was there before, or no group.
    fn message(&mut self) -> Value {
        self.sent += 1;
        let id = match self.random.u8(0..4) {
            0 => self.sent.saturating_sub(1),
            _ => self.sent,
        };
        let mut message = json!({"MessageBody": format!("message {}", self.sent),
            "MessageGroupId": format!("g{}", self.random.u8(0..3)),
            "MessageDeduplicationId": format!("d{id}")});
        let spoiled = match self.random.u8(0..20) {
            0 => Some(("MessageGroupId", Value::Null)),
            1 => Some(("MessageDeduplicationId", Value::Null)),
            2 => Some(("MessageBody", json!("\u{1}"))),
            3 => Some(("MessageBody", json!(""))),
            _ => None,
        };
        if let (Some((member, value)), Some(members)) = (spoiled, message.as_object_mut()) {
            match value {
                Value::Null => members.remove(member),
                value => members.insert(member.to_owned(), value),
            };
        }
        message
    }

    fn with_receipt(&mut self, target: &'static str, body: Value) -> Step {
        // Each receipt is used once: what a stale one is answered differs between emulators, see
        // the top of this module.
        let body_of_message = self.random.choice(self.receipts.keys()).cloned();
        let receipt = body_of_message.and_then(|body| self.receipts.remove(&body));
        let nonsense = ["nonsense".to_owned(), "nonsense".to_owned()];
        Step {
            receipts: Some(receipt.unwrap_or(nonsense)),
            ..Step::new(target, body)
        }
    }
}

/// As many as there are, so that both sides take the same messages.
fn receive() -> Value {
    json!({"MaxNumberOfMessages": 10, "MessageSystemAttributeNames": ["All"]})
}
