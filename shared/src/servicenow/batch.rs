//! Several operations in one round trip.
//!
//! A batch is no transaction: each item succeeds or fails by itself, and its answer is distrusted as
//! it would be alone. An item that the instance did not come to, because a limit of size or time was
//! reached, is known to have had no effect and can be sent again. Items are worked off one after the
//! other; that this is in their order is what instances do, not what the documentation promises.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde::{Deserialize, Serialize};

use super::answer::{Answer, host_of};
use super::operation::{Asked, Reader};
use super::query::Refused;
use super::{About, Error, Flaw, Operation, ServiceNow};
use crate::http::Whole;
use crate::token::Token;

/// The most items of one batch.
const MOST_ITEMS: usize = 100;
/// The most bytes that all bodies have together; an instance takes 5 MB of each by default.
const MOST_BYTES: usize = 4 * 1024 * 1024;
/// Comes back with the answer.
const BATCH_ID: &str = "1";

/// Operations that are sent together.
#[derive(Default)]
pub struct Batch {
    items: Vec<Asked>,
    bytes: usize,
}

/// Stands for the answer to one operation of a batch.
pub struct Ticket<T> {
    number: usize,
    read: Reader<T>,
}

/// The answers to the operations of one batch.
pub struct Answers {
    items: Vec<Asked>,
    outcomes: Vec<Outcome>,
    transaction: String,
    token: Token,
}

/// What became of an item.
enum Outcome {
    Answered(Whole, Option<Flaw>),
    /// The instance did not come to it.
    Unserviced,
    /// The instance says nothing of it.
    Unmentioned,
}

impl Batch {
    /// Without operations yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an operation.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn add<T>(&mut self, operation: Operation<T>) -> Result<Ticket<T>, Refused> {
        let Operation { mut asked, read } = operation;
        let bytes = self.bytes + asked.body.as_ref().map_or(0, Bytes::len);
        if self.items.len() >= MOST_ITEMS || bytes > MOST_BYTES {
            return Err(Refused::Full);
        }
        // The item's status comes in an answer that is known to be the instance's own.
        asked.needs_no_body = asked.is_proved_by_status;
        self.bytes = bytes;
        self.items.push(asked);
        Ok(Ticket {
            number: self.items.len() - 1,
            read,
        })
    }

    /// Whether it has no operations.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl Answers {
    /// The answer to one operation of this batch.
    ///
    /// # Errors
    /// As if it had been sent alone; or it was not sent at all, which [`Error::is_unsent`] tells.
    ///
    /// # Panics
    /// When the ticket is one of another, longer batch.
    pub fn take<T>(&self, ticket: Ticket<T>) -> Result<T, Error> {
        let asked = &self.items[ticket.number];
        match &self.outcomes[ticket.number] {
            Outcome::Answered(whole, flaw) => {
                let answer = Answer {
                    asked,
                    whole,
                    token: Some(&self.token),
                    items: &[],
                };
                match flaw {
                    Some(Flaw::ErrorBeside(text)) => Err(answer.unusable(Flaw::ErrorBeside(answer.fit(text)))),
                    Some(flaw) => Err(answer.unusable(flaw.clone())),
                    None => (ticket.read)(&answer),
                }
            }
            Outcome::Unserviced => Err(Error::Unserviced {
                about: asked.about.clone(),
                transaction: self.transaction.clone(),
            }),
            Outcome::Unmentioned => Err(Error::Unusable {
                about: asked.about.clone(),
                flaw: Flaw::NoResult,
                transaction: self.transaction.clone(),
                is_foreign: false,
            }),
        }
    }
}

#[derive(Serialize)]
struct Sent<'a> {
    batch_request_id: &'a str,
    rest_requests: Vec<SentItem<'a>>,
}

#[derive(Serialize)]
struct SentItem<'a> {
    id: String,
    method: &'a str,
    url: String,
    headers: Vec<Header>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Header {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Answered {
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
    batch_request_id: serde_json::Value,
    serviced_requests: Vec<AnsweredItem>,
    #[serde(default)]
    unserviced_requests: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct AnsweredItem {
    id: serde_json::Value,
    #[serde(default)]
    body: Option<String>,
    status_code: u16,
    #[serde(default)]
    headers: Vec<Header>,
    #[serde(default)]
    error_message: Option<String>,
    #[serde(default)]
    redirect_url: Option<String>,
}

impl ServiceNow {
    /// Sends the operations of a batch; a batch that only reads is sent again like a single read.
    ///
    /// # Errors
    /// When the batch as a whole gets no clear answer: what holds of the error holds of every item.
    pub async fn send_batch(&self, batch: Batch) -> Result<Answers, Error> {
        let about = About::named("carry out", &format!("a batch of {} requests", batch.items.len()));
        let sent = Sent {
            batch_request_id: BATCH_ID,
            rest_requests: batch.items.iter().enumerate().map(SentItem::of).collect(),
        };
        let mut asked = Asked::send(Method::POST, about, "/api/now/v1/batch".to_owned(), &sent);
        asked.is_idempotent = batch.items.iter().all(|item| item.is_idempotent);
        let (whole, token) = self.send(&asked).await?;
        let answer = Answer {
            asked: &asked,
            whole: &whole,
            token: Some(&token),
            items: &batch.items,
        };
        let answered = read(&answer)?;
        let transaction = answer.transaction();
        let outcomes = outcomes(&answer, answered, batch.items.len(), &transaction)?;
        Ok(Answers {
            items: batch.items,
            outcomes,
            transaction,
            token,
        })
    }
}

impl<'a> SentItem<'a> {
    fn of((index, asked): (usize, &'a Asked)) -> Self {
        let headers = asked.headers().into_iter().map(|(name, value)| Header {
            name: name.to_string(),
            value: value.to_str().unwrap_or_default().to_owned(),
        });
        Self {
            id: index.to_string(),
            method: asked.method.as_str(),
            url: asked.relative_url(),
            headers: headers.collect(),
            body: asked.body.as_ref().map(|body| STANDARD.encode(body)),
        }
    }
}

/// The answer of a batch has no `result` around it.
fn read(answer: &Answer<'_>) -> Result<Answered, Error> {
    answer.check(&[200])?;
    let answered: Answered = answer.parse()?;
    if answered.error.is_some() {
        return Err(answer.error_beside());
    }
    match text(&answered.batch_request_id) == BATCH_ID {
        true => Ok(answered),
        false => Err(answer.unusable(Flaw::AnotherRecord)),
    }
}

/// What became of each item. An id that nobody sent, or that comes twice, makes all of it worthless.
fn outcomes(answer: &Answer<'_>, answered: Answered, count: usize, transaction: &str) -> Result<Vec<Outcome>, Error> {
    let mut found = BTreeMap::new();
    let mut keep = |id: &serde_json::Value, outcome: Outcome| {
        let number = text(id).parse::<usize>().ok().filter(|number| *number < count);
        let is_new = number.is_some_and(|number| found.insert(number, outcome).is_none());
        if is_new {
            Ok(())
        } else {
            Err(answer.unusable(Flaw::AnotherRecord))
        }
    };
    for item in answered.serviced_requests {
        let id = item.id.clone();
        let (whole, flaw) = item.answer(answer, transaction)?;
        keep(&id, Outcome::Answered(whole, flaw))?;
    }
    for id in &answered.unserviced_requests {
        keep(id, Outcome::Unserviced)?;
    }
    Ok((0..count)
        .map(|number| found.remove(&number).unwrap_or(Outcome::Unmentioned))
        .collect())
}

impl AnsweredItem {
    /// The item as an answer of its own.
    fn answer(self, answer: &Answer<'_>, transaction: &str) -> Result<(Whole, Option<Flaw>), Error> {
        let encoded = self.body.unwrap_or_default();
        // The documentation's own example breaks the lines.
        let encoded = encoded.split_ascii_whitespace().collect::<String>();
        let body = STANDARD
            .decode(encoded)
            .map_err(|_| answer.unusable(Flaw::Malformed("serviced_requests.body".to_owned())))?;
        let mut headers = HeaderMap::new();
        for header in self.headers {
            if let (Ok(name), Ok(value)) = (header.name.parse::<HeaderName>(), HeaderValue::try_from(header.value)) {
                headers.append(name, value);
            }
        }
        if !headers.contains_key(CONTENT_TYPE) && body.first() == Some(&b'{') {
            headers.insert(CONTENT_TYPE, super::operation::JSON);
        }
        if let (false, Ok(id)) = (headers.contains_key(TRANSACTION), HeaderValue::try_from(transaction)) {
            headers.insert(TRANSACTION, id);
        }
        let is_success = (200..300).contains(&self.status_code);
        let flaw = match (self.redirect_url, self.error_message) {
            (Some(url), _) if !url.is_empty() => Some(Flaw::Redirect {
                status: self.status_code,
                to: host_of(&url),
            }),
            (_, Some(message)) if is_success && !message.is_empty() => Some(Flaw::ErrorBeside(message)),
            _ => None,
        };
        let whole = Whole {
            status: self.status_code,
            headers,
            body: body.into(),
        };
        Ok((whole, flaw))
    }
}

const TRANSACTION: HeaderName = HeaderName::from_static("x-transaction-id");

/// Ids are texts, but numbers are answered too.
fn text(id: &serde_json::Value) -> String {
    match id {
        serde_json::Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
