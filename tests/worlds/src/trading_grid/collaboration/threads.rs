//! Threads: discussions, the documents in them, and what became of them.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::document_requests::Request;
use super::documents::Upload;
use super::place::{Message, NewMessage, Place, supersedes, takes_another};
use super::wire::{Author, DocumentRef, ExpectedAction, Origin, Stamp, joined, marks};
use crate::trading_grid::problems::{Kind, Problem};
use crate::trading_grid::state::key;

#[derive(Debug, Clone)]
pub(crate) struct Thread {
    pub(crate) thread_id: String,
    pub(crate) company_id: String,
    /// Counts every change, whoever makes it.
    pub(super) version: u64,
    topic: String,
    pub(crate) issue_id: Option<String>,
    transaction_ref: Option<Value>,
    is_closed: bool,
    opened_at: String,
    pub(crate) place: Place,
    pub(super) requests: Vec<Request>,
    outcomes: Vec<Outcome>,
}

/// A thread to start; the JSON of an act.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThreadSeed {
    pub company_id: String,
    pub thread_id: String,
    pub topic: String,
    #[serde(default)]
    pub issue_id: Option<String>,
    #[serde(default)]
    pub transaction_ref: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outcome {
    #[serde(default)]
    outcome_id: String,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    state: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_action: Option<ExpectedAction>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
    since: String,
    #[serde(default)]
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(&world.thread(call.id(1), call.id(2))?.shown()))
}

pub(crate) fn list_messages(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let thread = world.thread(call.id(1), call.id(2))?;
    Ok(Reply::ok(&call.page("m", &thread.place.messages)?))
}

pub(crate) fn post_message(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let mut new: NewMessage = call.json(Body::NewMessage)?;
    let (company, thread) = (call.id(1), call.id(2));
    world.thread(company, thread)?.takes_more()?;
    new.article_ids = world.readable_articles(&call.members, company, &new.article_ids, stamp)?;
    let message = world.post_to_thread(company, thread, new, stamp)?;
    Ok(Reply::created(&message))
}

pub(crate) fn share_document(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let (company, thread) = (call.id(1), call.id(2));
    let found = world.thread(company, thread)?;
    let upload = Upload::of(world, call)?;
    found.takes_more()?;
    found.place.takes_a_document()?;
    let request = call.parameter("requestId");
    if let Some(request) = request {
        found.known_request(request)?;
    }
    let document = world.store(company, upload, stamp.origin.clone());
    world.provide(company, thread, document.clone(), request, None, stamp)?;
    Ok(Reply::created(&document))
}

pub(crate) fn report_outcome(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Outcome = call.json(Body::OutcomeReport)?;
    let thread = world.thread_mut(call.id(1), call.id(2))?;
    let place = thread.outcomes.iter().position(|known| known.outcome_id == call.id(4));
    let before = place.and_then(|place| thread.outcomes.get(place));
    supersedes(before.map(|before| before.version), report.version)?;
    if let Some(request) = &report.request_id {
        thread.known_request(request)?;
    }
    let message = report.message_id.as_ref();
    let is_known = |id: &String| thread.place.messages.iter().any(|known| known.message_id == *id);
    if message.is_some_and(|id| !is_known(id)) {
        return Err(Problem::new(
            Kind::UnknownReference,
            "messageId is no message of the thread.",
        ));
    }
    let outcome = Outcome {
        outcome_id: call.id(4).to_owned(),
        received_at: stamp.at.clone(),
        origin: stamp.origin.clone(),
        ..report
    };
    match place {
        Some(place) => thread.outcomes[place] = outcome.clone(),
        None => {
            takes_another(thread.outcomes.len())?;
            thread.outcomes.push(outcome.clone());
        }
    }
    thread.version += 1;
    Ok(Reply::ok(&outcome))
}

impl Collaboration {
    pub(crate) fn thread(&self, company: &str, thread: &str) -> Result<&Thread, Problem> {
        self.threads.get(&key(company, thread)).ok_or_else(Problem::not_found)
    }

    pub(super) fn thread_mut(&mut self, company: &str, thread: &str) -> Result<&mut Thread, Problem> {
        self.threads
            .get_mut(&key(company, thread))
            .ok_or_else(Problem::not_found)
    }

    /// Makes a thread; its first message tells of it.
    pub(crate) fn start_thread(&mut self, seed: ThreadSeed, stamp: &Stamp) -> Result<(), Problem> {
        let key = key(&seed.company_id, &seed.thread_id);
        if self.threads.contains_key(&key) {
            let detail = format!("{} has a thread {} already", seed.company_id, seed.thread_id);
            return Err(Problem::new(Kind::ResourceClosed, detail));
        }
        if let Some(issue) = &seed.issue_id {
            self.issue(&seed.company_id, issue)?;
        }
        let thread = Thread {
            thread_id: seed.thread_id,
            company_id: seed.company_id,
            version: 0,
            topic: seed.topic,
            issue_id: seed.issue_id,
            transaction_ref: seed.transaction_ref,
            is_closed: false,
            opened_at: stamp.at.clone(),
            place: Place::default(),
            requests: Vec::new(),
            outcomes: Vec::new(),
        };
        self.threads.insert(key, thread);
        Ok(())
    }

    pub(crate) fn post_to_thread(
        &mut self,
        company: &str,
        thread: &str,
        new: NewMessage,
        stamp: &Stamp,
    ) -> Result<Message, Problem> {
        let id = self.next_id("msg");
        let author = new.author.clone();
        let found = self.thread_mut(company, thread)?;
        found.takes_more()?;
        found.place.check(&new)?;
        let documents = found.place.documents(&new.document_ids)?;
        let message = found.place.post(new, id, &stamp.at, stamp.origin.clone());
        found.version += 1;
        let documents = (!documents.is_empty()).then_some(documents);
        let data = json!({ "message": message, "documents": documents });
        self.tell_of_thread(company, thread, "thread.message-posted", Some(&author), stamp, data)?;
        Ok(message)
    }

    /// Puts a stored document into the thread, perhaps as an answer to a request.
    pub(crate) fn provide(
        &mut self,
        company: &str,
        thread: &str,
        document: DocumentRef,
        request: Option<&str>,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let found = self.thread_mut(company, thread)?;
        found.takes_more()?;
        found.place.takes_a_document()?;
        if let Some(request) = request {
            found.known_request(request)?;
        }
        found.place.documents.push(document.clone());
        found.version += 1;
        let data = json!({ "document": document, "requestId": request });
        self.tell_of_thread(company, thread, "thread.document-provided", author, stamp, data)
    }

    /// Puts a document beside the message that will name it and tell of it.
    pub(crate) fn enclose(&mut self, company: &str, thread: &str, document: DocumentRef) -> Result<(), Problem> {
        let found = self.thread_mut(company, thread)?;
        found.place.takes_a_document()?;
        found.place.documents.push(document);
        Ok(())
    }

    pub(crate) fn close_thread(&mut self, company: &str, thread: &str) -> Result<(), Problem> {
        let found = self.thread_mut(company, thread)?;
        found.is_closed = true;
        found.version += 1;
        Ok(())
    }

    pub(super) fn tell_of_thread(
        &mut self,
        company: &str,
        thread: &str,
        kind: &str,
        author: Option<&Author>,
        stamp: &Stamp,
        data: Value,
    ) -> Result<(), Problem> {
        if !self.is_told(stamp) {
            return Ok(());
        }
        let found = self.thread(company, thread)?;
        let data = joined(joined(found.head(), marks(author, stamp.origin.as_ref())), data);
        let subject = format!("threads/{company}/{thread}");
        self.feed.tell(company, kind, subject, stamp, data);
        Ok(())
    }
}

impl Thread {
    fn head(&self) -> Value {
        let head = json!({
            "threadId": self.thread_id,
            "companyId": self.company_id,
            "version": self.version.max(1),
            "topic": self.topic,
        });
        joined(
            head,
            json!({ "issueId": self.issue_id, "transactionRef": self.transaction_ref }),
        )
    }

    pub(crate) fn shown(&self) -> Value {
        let more = json!({
            "state": if self.is_closed { "closed" } else { "open" },
            "openedAt": self.opened_at,
            "documents": self.place.documents,
            "documentRequests": self.requests,
            "outcomes": self.outcomes,
        });
        joined(self.head(), more)
    }

    pub(super) fn takes_more(&self) -> Result<(), Problem> {
        if self.is_closed {
            return Err(Problem::new(Kind::ResourceClosed, "The thread is closed."));
        }
        Ok(())
    }

    fn known_request(&self, id: &str) -> Result<(), Problem> {
        if self.requests.iter().any(|request| request.request_id == id) {
            return Ok(());
        }
        Err(Problem::new(
            Kind::UnknownReference,
            "requestId is no request of the thread.",
        ))
    }
}
