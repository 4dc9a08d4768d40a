//! What nobody may read where operators look: it is noted on its way, and looked for in all that they see.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use shared::http::Body;
use tracing::subscriber::DefaultGuard;
use worlds::servicenow::INTEGRATION_USER;

use crate::faults::System;
use crate::town::{TABLE, Town};

/// The shortest text that counts as a content: shorter ones stand anywhere by chance.
const SHORTEST: usize = 10;
/// Columns of ServiceNow's tables that hold what people write.
const WRITTEN: [&str; 6] = [
    "short_description",
    "description",
    "close_notes",
    "text",
    "comments",
    "work_notes",
];
/// Tables with such columns.
const TABLES: [&str; 3] = ["task", "kb_knowledge", "kb_feedback"];
/// Members of events that hold what people write.
const TOLD: [&str; 6] = ["summary", "title", "description", "text", "reason", "note"];

/// The secrets of the clients at ServiceNow and at the community.
pub(crate) const PLANTED: [&str; 2] = [
    "canary-of-the-client-of-servicenow",
    "canary-of-the-client-of-the-community",
];

/// Keeps what passes.
#[derive(Default)]
pub(crate) struct Witness {
    secrets: Mutex<BTreeSet<String>>,
    contents: Mutex<BTreeSet<String>>,
    /// The bodies of messages that were sent.
    sent: Mutex<Vec<String>>,
    lines: Lines,
}

/// Log lines.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Witness {
    /// Keeps what is logged on this thread from now on, down to the least important line.
    pub(crate) fn listen(&self) -> DefaultGuard {
        let lines = self.lines.clone();
        tracing::subscriber::set_default(shared::lambda::subscriber("trace", move || lines.clone()))
    }

    /// Something that is secret.
    pub(crate) fn secret(&self, text: &str) {
        // Of a header, what follows its scheme; of a list of signatures, each.
        for word in text.split([' ', '=']) {
            if word.len() >= 16 {
                self.secrets.lock().unwrap().insert(word.to_owned());
            }
        }
    }

    /// Lets the functions open both systems by secrets that stand nowhere else.
    pub(crate) fn plant_secrets(&self, town: &Town) {
        let [of_servicenow, of_the_community] = PLANTED;
        town.servicenow.add_client("gridlink", of_servicenow, INTEGRATION_USER);
        town.community.add_client("gridlink", of_the_community);
        for (name, secret) in [
            ("servicenow", of_servicenow),
            ("trading-grid", of_the_community),
            ("users", of_the_community),
        ] {
            let held = json!({"client_id": "gridlink", "client_secret": secret});
            town.cloud.put_secret(name, &held.to_string(), None);
        }
        PLANTED.iter().for_each(|secret| self.secret(secret));
    }

    /// Forgets all that passed.
    pub(crate) fn forget(&self) {
        self.secrets.lock().unwrap().clear();
        self.contents.lock().unwrap().clear();
        self.sent.lock().unwrap().clear();
        self.forget_lines();
    }

    /// Forgets what was logged.
    pub(crate) fn forget_lines(&self) {
        self.lines.0.lock().unwrap().clear();
    }

    /// Something that somebody writes.
    pub(crate) fn content(&self, text: &str) {
        // Each line for itself: logs are lines.
        for line in text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST) {
            self.contents.lock().unwrap().insert(line.to_owned());
        }
    }

    /// A request to the outside.
    pub(crate) fn asks(&self, request: &Request<Body>) {
        for name in ["authorization", "x-amz-security-token", "bpid"] {
            if let Some(value) = request.headers().get(name) {
                let value = value.to_str().unwrap();
                match value.split_once("Signature=") {
                    Some((_, signature)) => self.secret(signature),
                    None => self.secret(value),
                }
            }
        }
    }

    /// A message that is sent to a queue.
    pub(crate) fn sends(&self, system: System, body: &[u8]) {
        if system == System::Sqs {
            self.sent
                .lock()
                .unwrap()
                .push(String::from_utf8_lossy(body).into_owned());
        }
    }

    /// An answer from the outside.
    pub(crate) fn answers(&self, system: System, answer: &Response<Bytes>) {
        let Ok(Value::Object(body)) = serde_json::from_slice(answer.body()) else {
            return;
        };
        match system {
            System::Secrets => {
                let text = body.get("SecretString").and_then(Value::as_str).unwrap_or_default();
                match serde_json::from_str::<Value>(text) {
                    Ok(held) => leaves(&held, &mut |_, text| self.secret(text)),
                    Err(_) => self.secret(text),
                }
            }
            System::ServiceNow | System::TradingGrid => {
                for name in ["access_token", "refresh_token"] {
                    if let Some(token) = body.get(name).and_then(Value::as_str) {
                        self.secret(token);
                    }
                }
            }
            System::DynamoDb | System::Sqs => {}
        }
    }

    /// A webhook as a proxy request.
    pub(crate) fn hears(&self, request: &Value) {
        let headers = &request["multiValueHeaders"];
        leaves(headers, &mut |_, text| {
            if let Some((_, signature)) = text.split_once("v1,") {
                self.secret(signature);
            }
        });
        let body = request["body"].as_str().unwrap_or_default();
        let event = serde_json::from_str(body).unwrap_or_default();
        leaves(&event, &mut |name, text| {
            if TOLD.contains(&name) {
                self.content(text);
            }
        });
    }

    /// What stands in the two systems now.
    fn read(&self, town: &Town) {
        for table in TABLES {
            for row in town.servicenow.rows(table) {
                for column in WRITTEN {
                    self.content(row.get(column).map(String::as_str).unwrap_or_default());
                    for entry in town.servicenow.journal(&row["sys_id"], column) {
                        self.content(&entry.value);
                    }
                }
                for file in town.servicenow.attachments(&row["sys_id"]) {
                    self.content(&String::from_utf8_lossy(&file.bytes));
                }
            }
        }
    }

    /// The places where operators look, each with what stands there.
    pub(crate) fn places(&self, town: &Town) -> Vec<(&'static str, String)> {
        let items = town.cloud.items(TABLE);
        let of_heads = |name: &str| {
            let found = items
                .iter()
                .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with("HEAD#")));
            let found = found.filter_map(|item| item.get(name)).map(Value::to_string);
            found.collect::<Vec<_>>().join("\n")
        };
        vec![
            (
                "the log",
                String::from_utf8_lossy(&self.lines.0.lock().unwrap()).into_owned(),
            ),
            ("the metrics", town.metrics.lock().unwrap().join("\n")),
            ("the queues", self.sent.lock().unwrap().join("\n")),
            ("why something is parked", of_heads("parked")),
            ("why something waits", of_heads("last_failure")),
        ]
    }

    /// What of all that stands where operators look.
    pub(crate) fn leaks(&self, town: &Town) -> Vec<String> {
        self.read(town);
        let secrets = self.secrets.lock().unwrap();
        let contents = self.contents.lock().unwrap();
        let mut leaks = Vec::new();
        for (place, text) in self.places(town) {
            let found = secrets.iter().chain(contents.iter()).filter(|word| {
                // As it is, and as JSON spells it.
                let spelled = Value::from(word.as_str()).to_string();
                text.contains(*word) || text.contains(spelled.trim_matches('"'))
            });
            leaks.extend(found.map(|word| format!("{place} has {word:?}")));
        }
        leaks
    }

    /// How many secrets and contents were noted, and how many bytes were logged and messages sent.
    pub(crate) fn counts(&self) -> [usize; 4] {
        [
            self.secrets.lock().unwrap().len(),
            self.contents.lock().unwrap().len(),
            self.lines.0.lock().unwrap().len(),
            self.sent.lock().unwrap().len(),
        ]
    }
}

/// Each text of a value, with the name of the member that it stands in.
fn leaves(value: &Value, each: &mut impl FnMut(&str, &str)) {
    fn walk(name: &str, value: &Value, each: &mut impl FnMut(&str, &str)) {
        match value {
            Value::String(text) => each(name, text),
            Value::Array(all) => all.iter().for_each(|one| walk(name, one, each)),
            Value::Object(all) => all.iter().for_each(|(name, one)| walk(name, one, each)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    walk("", value, each);
}
