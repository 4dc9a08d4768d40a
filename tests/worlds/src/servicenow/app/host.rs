//! What scripts ask of the instance.

use std::sync::mpsc::{Receiver, Sender};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use time::OffsetDateTime;

use super::connection;
use crate::digest::sha256_hex;
use crate::outgoing::Outcome;
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::guards::acl::{Access, Operation};
use crate::servicenow::locale::{Asker, Locale};
use crate::servicenow::query::Query;
use crate::servicenow::{display, owned};

/// The instance as a script finds it.
pub(super) struct Host {
    pub(super) state: State,
    pub(super) at: OffsetDateTime,
    /// A `user_name`.
    pub(super) by: String,
    /// The way to whoever sends requests; a script without one may send none.
    pub(super) wire: Option<Wire>,
}

/// Where a script waits for the answer to its request.
pub(super) struct Wire {
    pub(super) requests: Sender<Step>,
    pub(super) answers: Receiver<Resumed>,
}

/// What a script on a thread of its own came to. The state goes back with it.
pub(super) enum Step {
    Sends(Box<State>, Box<Request<Bytes>>),
    Ended(Box<State>, Result<(), String>),
}

/// A script goes on.
pub(super) struct Resumed {
    pub(super) state: Box<State>,
    pub(super) at: OffsetDateTime,
    pub(super) outcome: Outcome,
}

/// Why a question has no answer.
pub(super) enum Unanswered {
    /// The question makes no sense here, in a sentence.
    Refused(String),
    /// Nobody waits for the script any more.
    Killed,
}

impl From<serde_json::Error> for Unanswered {
    fn from(error: serde_json::Error) -> Unanswered {
        Unanswered::Refused(format!("this is no question: {error}"))
    }
}

#[derive(Deserialize)]
struct OfTable {
    table: String,
}

#[derive(Deserialize)]
struct Search {
    table: String,
    query: String,
    limit: usize,
    secure: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Write {
    table: String,
    #[serde(default)]
    sys_id: String,
    fields: Fields,
    secure: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Deletion {
    table: String,
    sys_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Permission {
    operation: String,
    table: String,
    sys_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    class: String,
    sys_id: String,
    field: String,
}

#[derive(Deserialize)]
struct Signed {
    key: String,
    data: String,
}

#[derive(Deserialize)]
struct Posted {
    url: String,
    method: String,
    headers: Fields,
    body: String,
}

impl Host {
    /// Answers a question of `glide.js`.
    pub(super) fn answer(&mut self, name: &str, question: &str) -> Result<Value, Unanswered> {
        Ok(match name {
            "now" => json!(self.at.unix_timestamp_nanos() / 1_000_000),
            "user" => json!(self.by),
            "newId" => json!(self.state.fresh_id()),
            "table" => self.table(&serde_json::from_str::<OfTable>(question)?.table),
            "query" => self.query(&serde_json::from_str(question)?)?,
            "insert" => self.insert(&serde_json::from_str(question)?),
            "update" => self.update(&serde_json::from_str(question)?),
            "delete" => self.delete(&serde_json::from_str(question)?),
            "may" => self.may(&serde_json::from_str(question)?),
            "display" => self.display(&serde_json::from_str(question)?),
            "property" => self.property(&text(question, "name")?),
            "connection" => connection::of_alias(&self.state, &text(question, "alias")?),
            "sha256" => json!(sha256_hex(text(question, "text")?.as_bytes())),
            "mac" => mac(&serde_json::from_str(question)?)?,
            "log" => self.log(&text(question, "level")?, &text(question, "message")?),
            "event" => self.log(
                "0",
                &format!("event {}: {}", text(question, "name")?, text(question, "first")?),
            ),
            "http" => self.send(&serde_json::from_str(question)?)?,
            other => return Err(Unanswered::Refused(format!("nobody answers {other}"))),
        })
    }

    /// Null for a property that is not there; the address of the instance is one that always is.
    fn property(&self, name: &str) -> Value {
        match self.state.properties.get(name) {
            None if name == "glide.servlet.uri" => json!(format!("{}/", self.state.base_url)),
            value => json!(value),
        }
    }

    fn table(&self, table: &str) -> Value {
        let dictionary = &self.state.dictionary;
        if dictionary.table(table).is_none() {
            return Value::Null;
        }
        let lineage: Vec<&str> = dictionary.lineage(table).map(|table| table.name.as_str()).collect();
        let columns = dictionary.columns(table).into_iter();
        let columns: serde_json::Map<String, Value> = columns
            .map(|(name, column)| (name.to_owned(), json!(column.internal_type())))
            .collect();
        json!({ "lineage": lineage, "columns": columns })
    }

    fn query(&self, search: &Search) -> Result<Value, Unanswered> {
        let act = act_of(self.at, &self.by, search.secure);
        let query = Query::parse(&self.state, &search.table, &search.query, &Asker::of(&self.state, act));
        if !query.invalid.is_empty() {
            let Search { table, query, .. } = search;
            return Err(Unanswered::Refused(format!(
                "this query means nothing on {table}: {query}"
            )));
        }
        let access = Access::of(&self.state, act);
        let rows = self.state.select(&search.table, &query).into_iter();
        let rows = rows.filter(|row| access.row(Operation::Read, row));
        let limit = if search.limit == 0 { usize::MAX } else { search.limit };
        Ok(rows.take(limit).map(shown).collect())
    }

    /// The sys_id; null when the instance refuses.
    fn insert(&mut self, write: &Write) -> Value {
        let by = self.by.clone();
        let act = act_of(self.at, &by, write.secure);
        match self.state.insert(act, &write.table, &write.fields) {
            Ok(sys_id) => json!(sys_id),
            Err(refusal) => {
                self.note(&format!("a row of {} was not inserted: {refusal:?}", write.table));
                Value::Null
            }
        }
    }

    fn update(&mut self, write: &Write) -> Value {
        let by = self.by.clone();
        let act = act_of(self.at, &by, write.secure);
        match self.state.update(act, &write.table, &write.sys_id, &write.fields) {
            Ok(()) => json!(true),
            Err(refusal) => {
                self.note(&format!(
                    "{} {} was not changed: {refusal:?}",
                    write.table, write.sys_id
                ));
                json!(false)
            }
        }
    }

    fn delete(&mut self, deletion: &Deletion) -> Value {
        let by = self.by.clone();
        let act = act_of(self.at, &by, false);
        let mut is_done = true;
        for sys_id in &deletion.sys_ids {
            is_done &= self.state.delete(act, &deletion.table, sys_id).is_ok();
        }
        json!(is_done)
    }

    fn may(&self, permission: &Permission) -> Value {
        let operation = match permission.operation.as_str() {
            "write" => Operation::Write,
            _ => Operation::Read,
        };
        let row = self.state.find(&permission.table, &permission.sys_id);
        json!(row.is_some_and(|row| Access::of_user(&self.state, &self.by).row(operation, row)))
    }

    fn display(&self, question: &Shown) -> Value {
        let row = self.state.find(&question.class, &question.sys_id);
        let column = self.state.dictionary.column(&question.class, &question.field);
        let locale = Locale::of(&self.state, &self.by);
        let shown = row
            .zip(column)
            .map(|(row, column)| display::shown(&self.state, &locale, row, column));
        json!(shown)
    }

    fn log(&mut self, level: &str, message: &str) -> Value {
        let fields = owned(&[("level", level), ("source", "x_gridlink"), ("message", message)]);
        let by = self.by.clone();
        let act = Act::platform(self.at, &by);
        // The table takes whatever comes.
        let _written = self.state.insert(act, "syslog", &fields);
        Value::Null
    }

    fn note(&mut self, what: &str) {
        self.state.ignored.push(format!("a script of the app: {what}"));
    }

    /// Hands the request to whoever drives the instance, with the state, and waits.
    fn send(&mut self, posted: &Posted) -> Result<Value, Unanswered> {
        let request = request_of(posted).map_err(Unanswered::Refused)?;
        let wire = self.wire.as_ref();
        let wire = wire.ok_or_else(|| Unanswered::Refused("this script may send nothing".to_owned()))?;
        let state = std::mem::replace(&mut self.state, State::nowhere());
        let step = Step::Sends(Box::new(state), Box::new(request));
        wire.requests.send(step).map_err(|_| Unanswered::Killed)?;
        let resumed = wire.answers.recv().map_err(|_| Unanswered::Killed)?;
        self.state = *resumed.state;
        self.at = resumed.at;
        Ok(answer_of(&resumed.outcome))
    }
}

fn act_of(at: OffsetDateTime, by: &str, is_secure: bool) -> Act<'_> {
    if is_secure {
        Act::caller(at, by)
    } else {
        Act::script(at, by)
    }
}

/// A row as `glide.js` wants it.
pub(super) fn shown(row: &Row) -> Value {
    json!({ "class": row.class, "fields": row.fields })
}

fn text(question: &str, name: &str) -> Result<String, Unanswered> {
    let question: Value = serde_json::from_str(question)?;
    let text = question[name].as_str();
    let text = text.ok_or_else(|| Unanswered::Refused(format!("{name} is not a text")))?;
    Ok(text.to_owned())
}

fn mac(signed: &Signed) -> Result<Value, Unanswered> {
    let key = STANDARD.decode(&signed.key);
    let key = key.map_err(|_| Unanswered::Refused("the key of a MAC must be base64".to_owned()))?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
    mac.update(signed.data.as_bytes());
    Ok(json!(STANDARD.encode(mac.finalize().into_bytes())))
}

fn request_of(posted: &Posted) -> Result<Request<Bytes>, String> {
    let mut request = Request::builder()
        .method(posted.method.to_uppercase().as_str())
        .uri(&posted.url)
        .header(http::header::USER_AGENT, "ServiceNow/1.0");
    for (name, value) in &posted.headers {
        request = request.header(name, value);
    }
    let request = request.body(Bytes::from(posted.body.clone()));
    request.map_err(|error| format!("this is no request: {error}"))
}

fn answer_of(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Answered {
            status,
            retry_after,
            detail,
        } => {
            let headers = match retry_after {
                Some(after) => json!({ "retry-after": after.as_secs().to_string() }),
                None => json!({}),
            };
            json!({ "status": status, "headers": headers, "body": detail, "error": "" })
        }
        Outcome::Unanswered(reason) => json!({ "status": 0, "headers": {}, "body": "", "error": reason }),
    }
}
