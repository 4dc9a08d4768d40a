//! Everything that the table has about one subject, for people and programs.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde_json::{Map, Value};

use super::item::{Item, number, text};
use super::{Error, Store};
use crate::domain::{Subject, Timestamp};

/// What the partition of a subject holds.
#[derive(Debug, Clone, Serialize)]
pub struct History {
    /// Whose it is.
    pub subject: String,
    /// How far each stream is.
    pub streams: Vec<StreamState>,
    /// The records that belong to it.
    pub links: Vec<LinkView>,
    /// The inbox, in order.
    pub entries: Vec<EntryState>,
    /// The timeline, in order.
    pub story: Vec<StoryLine>,
}

/// How far a stream is.
#[derive(Debug, Clone, Serialize)]
pub struct StreamState {
    /// The lane.
    pub lane: String,
    /// The use case that works on it; none where no use case of this version does.
    pub owner: Option<String>,
    /// How many events were accepted.
    pub accepted: i64,
    /// How many of them are finished.
    pub finished: i64,
    /// How many wait; with `parked` or without, `accepted` = `finished` + `waiting` + (1 if parked).
    pub waiting: i64,
    /// How the finished ones ended, by outcome.
    pub outcomes: BTreeMap<String, i64>,
    /// Since when the first unfinished one waits, RFC 3339.
    pub waiting_since: Option<String>,
    /// When it is looked at again at the latest, RFC 3339.
    pub next_attempt_at: Option<String>,
    /// How often the next entry has failed in a row.
    pub attempts: i64,
    /// Why it failed last, without contents.
    pub last_failure: Option<String>,
    /// The system that it waits for.
    pub waiting_for: Option<String>,
    /// Who is at it until when.
    pub lease: Option<LeaseView>,
    /// Where and why it waits for a person.
    pub parked: Option<ParkedView>,
    /// Why it is paused.
    pub paused: Option<String>,
}

/// Who is at a stream.
#[derive(Debug, Clone, Serialize)]
pub struct LeaseView {
    /// The invocation.
    pub by: String,
    /// RFC 3339.
    pub until: String,
}

/// Where and why a stream waits for a person.
#[derive(Debug, Clone, Serialize)]
pub struct ParkedView {
    /// The number of the entry.
    pub entry: i64,
    /// What happened.
    pub cause: String,
    /// What can be done.
    pub remedy: String,
    /// Since when, RFC 3339.
    pub at: String,
}

/// A record that belongs to the subject.
#[derive(Debug, Clone, Serialize)]
pub struct LinkView {
    /// What it is to the subject, for example `case#`.
    pub link: String,
    /// `INTENT`, `LINKED` or `REFUSED`.
    pub state: String,
    /// Its table.
    pub table: String,
    /// Its sys_id.
    pub sys_id: String,
    /// Its number, once it exists.
    pub number: Option<String>,
}

/// An event in the inbox.
#[derive(Debug, Clone, Serialize)]
pub struct EntryState {
    /// The lane.
    pub lane: String,
    /// Its number in the stream.
    pub number: i64,
    /// The id that its sender gave it.
    pub event: String,
    /// Who sent it.
    pub sender: String,
    /// Its type.
    pub kind: String,
    /// When it was accepted, RFC 3339.
    pub received_at: String,
    /// `waiting`, `begun`, or how it ended: `done`, `refused`, `dismissed`.
    pub outcome: String,
    /// When it ended, RFC 3339.
    pub finished_at: Option<String>,
    /// How many effects were decided, once one was prepared.
    pub effects: Option<usize>,
    /// Which of them is under way or comes next, from 0.
    pub step: Option<i64>,
    /// Who dismissed it.
    pub dismissed_by: Option<String>,
    /// Why.
    pub dismissed_because: Option<String>,
}

/// What happened, in words.
#[derive(Debug, Clone, Serialize)]
pub struct StoryLine {
    /// When, RFC 3339.
    pub at: String,
    /// The lane.
    pub lane: String,
    /// The entry that led to it.
    pub entry: i64,
    /// What.
    pub text: String,
}

impl History {
    fn of(subject: &Subject, items: &[Item]) -> Self {
        let mut history = Self {
            subject: subject.as_str().to_owned(),
            streams: Vec::new(),
            links: Vec::new(),
            entries: Vec::new(),
            story: Vec::new(),
        };
        for item in items {
            let sk = text(item, "sk").unwrap_or_default();
            let mut parts = sk.split('#').skip(1);
            let lane = || parts.next().unwrap_or_default().to_owned();
            if sk.starts_with("HEAD#") {
                history.streams.push(StreamState::of(lane, item));
            } else if sk.starts_with("IN#") {
                history.entries.extend(EntryState::of(sk, item));
            } else if let Some(link) = sk.strip_prefix("LINK#") {
                history.links.push(LinkView::of(link, item));
            } else if sk.starts_with("STORY#") {
                history.story.extend(story_lines(sk, item));
            }
        }
        for stream in &mut history.streams {
            let first = history
                .entries
                .iter()
                .find(|entry| entry.lane == stream.lane && entry.number == stream.finished + 1);
            stream.waiting_since = first.map(|entry| entry.received_at.clone());
        }
        history
            .entries
            .sort_by(|a, b| (&a.received_at, &a.lane, a.number).cmp(&(&b.received_at, &b.lane, b.number)));
        history
    }
}

impl StreamState {
    fn of(lane: impl FnOnce() -> String, head: &Item) -> Self {
        let (accepted, finished) = (
            number(head, "accepted").unwrap_or(0),
            number(head, "finished").unwrap_or(0),
        );
        let parked = head.get("parked").and_then(|parked| parked.as_m().ok());
        let outcomes = head.keys().filter_map(|name| {
            let outcome = name.strip_prefix("count_")?;
            Some((outcome.to_owned(), number(head, name)?))
        });
        let word = |name| text(head, name).map(str::to_owned);
        Self {
            lane: lane(),
            owner: word("owner"),
            accepted,
            finished,
            waiting: accepted - finished - i64::from(parked.is_some()),
            outcomes: outcomes.collect(),
            waiting_since: None,
            next_attempt_at: match parked.is_some() || head.contains_key("paused") {
                true => None,
                false => time(head, "next_attempt_at"),
            },
            attempts: number(head, "attempts").unwrap_or(0),
            last_failure: word("last_failure"),
            waiting_for: word("waiting_for"),
            lease: word("lease_by")
                .zip(time(head, "lease_until"))
                .map(|(by, until)| LeaseView { by, until }),
            parked: parked.map(|parked| ParkedView {
                entry: number(parked, "n").unwrap_or(0),
                cause: text(parked, "cause").unwrap_or_default().to_owned(),
                remedy: text(parked, "remedy").unwrap_or_default().to_owned(),
                at: text(parked, "at").unwrap_or_default().to_owned(),
            }),
            paused: word("paused"),
        }
    }
}

impl EntryState {
    fn of(sk: &str, item: &Item) -> Option<Self> {
        let mut parts = sk.split('#').skip(1);
        let (lane, at) = (parts.next()?.to_owned(), parts.next()?.parse().ok()?);
        let event: Value = text(item, "event")
            .and_then(|event| serde_json::from_str(event).ok())
            .unwrap_or_default();
        let plan: Option<Vec<Value>> = text(item, "decided").and_then(|plan| serde_json::from_str(plan).ok());
        let word = |name| text(item, name).map(str::to_owned);
        let waiting = if plan.is_some() { "begun" } else { "waiting" };
        Some(Self {
            lane,
            number: at,
            event: word("event_id").unwrap_or_default(),
            sender: word("sender").unwrap_or_default(),
            kind: event["type"].as_str().unwrap_or_default().to_owned(),
            received_at: time(item, "received_at").unwrap_or_default(),
            outcome: word("outcome").unwrap_or_else(|| waiting.to_owned()),
            finished_at: time(item, "finished_at"),
            effects: plan.map(|plan| plan.len()),
            step: number(item, "step"),
            dismissed_by: word("dismissed_by"),
            dismissed_because: word("dismissed_because"),
        })
    }
}

impl LinkView {
    fn of(link: &str, item: &Item) -> Self {
        let word = |name| text(item, name).unwrap_or_default().to_owned();
        Self {
            link: link.to_owned(),
            state: word("state"),
            table: word("record_table"),
            sys_id: word("sys_id"),
            number: text(item, "number")
                .filter(|number| !number.is_empty())
                .map(str::to_owned),
        }
    }
}

fn story_lines(sk: &str, item: &Item) -> Vec<StoryLine> {
    let lane = sk.split('#').nth(2).unwrap_or_default();
    let at = text(item, "at").unwrap_or_default();
    let lines = text(item, "text").unwrap_or_default().lines();
    lines
        .map(|line| StoryLine {
            at: at.to_owned(),
            lane: lane.to_owned(),
            entry: number(item, "n").unwrap_or(0),
            text: line.to_owned(),
        })
        .collect()
}

fn time(item: &Item, name: &str) -> Option<String> {
    Some(Timestamp::from_millis(number(item, name)?).to_string())
}

/// An item as JSON has it: sets as lists, bytes left out.
fn plain(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => text.as_str().into(),
        AttributeValue::N(number) => serde_json::from_str(number).unwrap_or_else(|_| number.as_str().into()),
        AttributeValue::Bool(is) => (*is).into(),
        AttributeValue::M(map) => Value::Object(plain_item(map)),
        AttributeValue::L(list) => list.iter().map(plain).collect(),
        AttributeValue::Ss(list) | AttributeValue::Ns(list) => {
            list.iter().map(|text| Value::from(text.as_str())).collect()
        }
        _ => Value::Null,
    }
}

fn plain_item(item: &Item) -> Map<String, Value> {
    let mut names: Vec<_> = item.iter().collect();
    names.sort_by_key(|(name, _)| name.as_str());
    names
        .into_iter()
        .map(|(name, value)| (name.clone(), plain(value)))
        .collect()
}

impl Store {
    /// Everything about a subject; nothing where the table does not know it.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn history(&self, subject: &Subject) -> Result<Option<History>, Error> {
        let items = self.of_subject(subject, "", "read of a subject").await?;
        Ok((!items.is_empty()).then(|| History::of(subject, &items)))
    }

    /// Every item of a subject as JSON, in the order of their sort keys.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn items(&self, subject: &Subject) -> Result<Vec<Map<String, Value>>, Error> {
        Ok(self
            .of_subject(subject, "", "read of a subject")
            .await?
            .iter()
            .map(plain_item)
            .collect())
    }
}
