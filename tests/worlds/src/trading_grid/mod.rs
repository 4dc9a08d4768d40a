//! Trading Grid's token endpoint, and the collaboration contract as a deployment would bind it.
//!
//! Facts: the published token request. The contract is ours. Everything else is in [`Guesses`].

mod admin;
mod collaboration;
mod guesses;
mod oauth;
mod problems;
mod seed;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::body::WorldBody;
use crate::calls::CallRecord;
use crate::clock::Clock;
use crate::gate::{Gate, Moment, World};
use crate::knobs::Knobs;

pub use guesses::Guesses;
pub use state::{Author, Comment, DocumentRef, IssueSeed};

use state::{Conflict, State};

/// A simulated Trading Grid community; a clone is the same community.
#[derive(Debug, Clone)]
pub struct TradingGrid {
    gate: Arc<Gate>,
    community: Arc<Community>,
}

#[derive(Debug)]
struct Community {
    state: Mutex<State>,
    is_seeded: bool,
}

impl TradingGrid {
    /// A community without issues or documents.
    pub fn new(clock: Clock) -> TradingGrid {
        TradingGrid::make(clock, false)
    }

    /// A community with the documents of the demo.
    pub fn seeded(clock: Clock) -> TradingGrid {
        TradingGrid::make(clock, true)
    }

    /// Carries out a request. An answer with the extension [`Dropped`](crate::Dropped) is a lost one.
    pub async fn call(&self, request: Request<WorldBody>) -> Response<Bytes> {
        self.gate.pass(&*self.community, request).await
    }

    /// The fault rules.
    pub fn knobs(&self) -> Knobs {
        self.gate.knobs.clone()
    }

    /// Every call so far, in order of arrival, without admin calls.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.gate.settle(&*self.community);
        self.gate.calls()
    }

    /// Opens an issue and gives the data of its `opened` event, version 1.
    ///
    /// # Panics
    /// When the issue exists, or a document of it does not.
    #[track_caller]
    pub fn open_issue(&self, seed: IssueSeed) -> Value {
        let mut data = json!(expect(self.state().open(seed)));
        if let Some(members) = data.as_object_mut() {
            members.remove("status");
            members.remove("comments");
        }
        data
    }

    /// Adds a comment and gives the data of its `commented` event.
    ///
    /// # Panics
    /// When the issue does not exist.
    #[track_caller]
    pub fn add_comment(&self, company_id: &str, issue_id: &str, text: &str) -> Value {
        let now = self.gate.clock.now();
        let (version, comment) = expect(self.state().comment(company_id, issue_id, None, text, now));
        json!({ "issueId": issue_id, "companyId": company_id, "version": version, "comment": comment })
    }

    /// Changes summary, description, priority, category or status and gives the data of the `updated` event.
    ///
    /// # Panics
    /// When the issue does not exist, or has no such member.
    #[track_caller]
    pub fn change_issue(&self, company_id: &str, issue_id: &str, changes: &[(&str, &str)]) -> Value {
        let changes: BTreeMap<String, String> = changes
            .iter()
            .map(|(member, value)| ((*member).to_owned(), (*value).to_owned()))
            .collect();
        let version = expect(self.state().change(company_id, issue_id, &changes));
        json!({ "issueId": issue_id, "companyId": company_id, "version": version, "changes": changes })
    }

    /// Shares a document on an issue and gives the data of the `document-shared` event.
    ///
    /// # Panics
    /// When the issue or the document does not exist.
    #[track_caller]
    pub fn share_document(&self, company_id: &str, issue_id: &str, document_id: &str) -> Value {
        let (version, document) = expect(self.state().share(company_id, issue_id, document_id));
        json!({ "issueId": issue_id, "companyId": company_id, "version": version, "document": document })
    }

    /// An issue as `GET /issues/{companyId}/{issueId}` gives it.
    pub fn issue(&self, company_id: &str, issue_id: &str) -> Option<Value> {
        self.state()
            .issues
            .get(&state::key(company_id, issue_id))
            .map(|issue| json!(issue))
    }

    /// Adds a document, or replaces it.
    pub fn add_document(
        &self,
        company_id: &str,
        document_id: &str,
        name: &str,
        media_type: &str,
        bytes: impl Into<Bytes>,
    ) -> DocumentRef {
        self.state()
            .add_document(company_id, document_id, name, media_type, bytes.into())
    }

    /// The reference of a document as events carry it.
    pub fn document(&self, company_id: &str, document_id: &str) -> Option<DocumentRef> {
        let state = self.state();
        state
            .documents
            .get(&state::key(company_id, document_id))
            .map(|document| document.reference.clone())
    }

    /// Changes the bytes of every document of that id, so that the hash in its reference is wrong.
    pub fn corrupt_document(&self, document_id: &str) {
        self.state().corrupt(document_id);
    }

    /// Takes a document away.
    pub fn remove_document(&self, company_id: &str, document_id: &str) {
        self.state().documents.remove(&state::key(company_id, document_id));
    }

    /// Changes what the world guesses of the real system.
    pub fn guess(&self, change: impl FnOnce(&mut Guesses)) {
        change(&mut self.state().guesses);
    }

    /// Adds an OAuth client.
    pub fn add_client(&self, client_id: &str, client_secret: &str) {
        self.state().tokens.add_client(client_id, client_secret);
    }

    /// Ends the life of every token.
    pub fn expire_tokens(&self) {
        self.community.expire_tokens(self.gate.clock.now());
    }

    fn make(clock: Clock, is_seeded: bool) -> TradingGrid {
        let community = Community {
            state: Mutex::new(seed::state(is_seeded)),
            is_seeded,
        };
        TradingGrid {
            gate: Arc::new(Gate::new(clock)),
            community: Arc::new(community),
        }
    }

    /// The state, after everything that is late and due.
    fn state(&self) -> MutexGuard<'_, State> {
        self.gate.settle(&*self.community);
        self.community.lock()
    }
}

impl Community {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl World for Community {
    fn handle(&self, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
        collaboration::serve(&mut self.lock(), moment, parts, body)
    }

    fn admits(&self, moment: Moment, parts: &Parts) -> bool {
        self.lock().tokens.bearer(parts, moment) == oauth::Bearer::Good
    }

    fn failure(&self, status: StatusCode, message: &str, detail: &str) -> Response<Bytes> {
        problems::problem(status, "fault", &format!("{message}: {detail}"), "fault-rule")
    }

    fn expire_tokens(&self, now: OffsetDateTime) {
        self.lock().tokens.expire(now);
    }

    fn admin(&self, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
        admin::serve(&mut self.lock(), now, parts, body)
    }

    fn restart(&self, _now: OffsetDateTime) {
        *self.lock() = seed::state(self.is_seeded);
    }
}

#[track_caller]
fn expect<T>(result: Result<T, Conflict>) -> T {
    result.unwrap_or_else(|Conflict(reason)| panic!("{reason}"))
}
