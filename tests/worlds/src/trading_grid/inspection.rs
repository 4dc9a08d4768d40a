//! What tests change behind everybody's back, and what they look at, in process.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};

use super::actions::expect;
use super::collaboration::{Disturbance, DocumentRef, Event, to_json};
use super::community::{Company, User};
use super::lens::{Acknowledgement, ExchangeSeed, Status};
use super::state::key;
use super::{TradingGrid, push};

/// Issues, documents and the feed.
impl TradingGrid {
    /// An issue as `GET /issues/{companyId}/{issueId}` gives it.
    pub fn issue(&self, company_id: &str, issue_id: &str) -> Option<Value> {
        let state = self.state();
        let issue = state.collaboration.issue(company_id, issue_id).ok()?;
        Some(state.collaboration.shown(issue))
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
        let world = &mut self.state().collaboration;
        world.add_document(company_id, document_id, name, media_type, bytes.into(), None)
    }

    /// The reference of a document as events carry it.
    pub fn document(&self, company_id: &str, document_id: &str) -> Option<DocumentRef> {
        let state = self.state();
        let document = state.collaboration.document(company_id, document_id).ok()?;
        Some(document.reference.clone())
    }

    /// The bytes of a document.
    pub fn document_bytes(&self, company_id: &str, document_id: &str) -> Option<Bytes> {
        let state = self.state();
        let document = state.collaboration.document(company_id, document_id).ok()?;
        Some(document.bytes.clone())
    }

    /// Changes the bytes of every document of that id, so that the hash in its reference is wrong.
    pub fn corrupt_document(&self, document_id: &str) {
        self.state().collaboration.corrupt(document_id);
    }

    /// Takes a document away, as if it had never been.
    pub fn remove_document(&self, company_id: &str, document_id: &str) {
        self.state()
            .collaboration
            .documents
            .remove(&key(company_id, document_id));
    }

    /// Removes every document of that id for good: 410 from now on.
    pub fn remove_document_for_good(&self, document_id: &str) {
        self.state().collaboration.remove_for_good(document_id);
    }

    /// The most bytes that a document may have.
    pub fn limit_documents(&self, bytes: u64) {
        self.state().collaboration.document_limit_bytes = bytes;
    }

    /// Everything that the feed holds.
    pub fn events(&self) -> Vec<Event> {
        self.events_since(0).0
    }

    /// The events from a number on, and the number to go on with: what a sender asks for.
    pub fn events_since(&self, number: u64) -> (Vec<Event>, u64) {
        self.state().collaboration.feed.since(number)
    }

    /// Lets the next pages of the feed repeat or reverse events.
    pub fn disturb_feed(&self, disturbance: Disturbance) {
        self.state().collaboration.feed.disturb(disturbance);
    }

    /// Forgets every event so far: cursors from before are answered 410.
    pub fn expire_feed(&self) {
        let now = self.now();
        let mut state = self.state();
        push::queue_new(&mut state, now);
        state.collaboration.feed.expire();
    }
}

/// Companies and people.
impl TradingGrid {
    /// Adds a company that trades with the given ones.
    pub fn add_company(&self, company: Company, partners: &[&str]) {
        let partners: Vec<String> = partners.iter().map(|&id| id.to_owned()).collect();
        Arc::make_mut(&mut self.state().members).add(company, &partners);
    }

    /// A user by id.
    pub fn user(&self, company_id: &str, user_id: &str) -> Option<User> {
        self.state().members.users.get(&key(company_id, user_id)).cloned()
    }

    /// The users of a company, by id.
    pub fn users(&self, company_id: &str) -> Vec<User> {
        let state = self.state();
        let of_company = |user: &&User| user.company_id == company_id;
        state.members.users.values().filter(of_company).cloned().collect()
    }

    /// An administrator makes a user by hand, with the profile of another one.
    ///
    /// # Panics
    /// When there is no such other user.
    #[track_caller]
    pub fn add_user_like(&self, company_id: &str, other: &str, user_id: &str, login_id: &str) {
        let mut state = self.state();
        let users = &mut Arc::make_mut(&mut state.members).users;
        let other = users.get(&key(company_id, other)).cloned();
        let mut user = other.unwrap_or_else(|| panic!("{company_id} has no such user"));
        user_id.clone_into(&mut user.user_id);
        login_id.clone_into(&mut user.login_id);
        users.insert(key(company_id, user_id), user);
    }

    /// An administrator gives a user a role by hand.
    ///
    /// # Panics
    /// When there is no such user.
    #[track_caller]
    pub fn give_role(&self, company_id: &str, user_id: &str, role: &str) {
        let mut state = self.state();
        let users = &mut Arc::make_mut(&mut state.members).users;
        let user = users.get_mut(&key(company_id, user_id));
        let user = user.unwrap_or_else(|| panic!("{company_id} has no user {user_id}"));
        user.roles.insert(role.to_owned());
    }

    /// The user who has the loginId now.
    pub fn user_with_login(&self, login_id: &str) -> Option<User> {
        self.state().members.user_by_login(login_id).cloned()
    }
}

/// Exchanges.
impl TradingGrid {
    /// Adds an exchange that arrives now; gives its correlation id.
    pub fn add_exchange(&self, seed: ExchangeSeed) -> String {
        let now = self.now();
        self.state().add_exchange(&seed, now)
    }

    /// Adds an exchange that arrived so long ago and could not be found until now; gives its correlation id.
    pub fn add_exchange_of(&self, ago: std::time::Duration, seed: ExchangeSeed) -> String {
        let then = self.now() - ago;
        self.state().add_exchange(&seed, then)
    }

    /// Changes the status of what went out of an exchange, or of all when nothing did.
    ///
    /// # Panics
    /// When there is no such exchange.
    #[track_caller]
    pub fn set_status(&self, correlation_id: &str, status: Status) {
        let now = self.now();
        let changed = self.state().set_status(correlation_id, status, now);
        expect(changed);
    }

    /// Lets an acknowledgement come.
    ///
    /// # Panics
    /// When there is no such exchange.
    #[track_caller]
    pub fn acknowledge(&self, correlation_id: &str, acknowledgement: Acknowledgement) {
        let now = self.now();
        let changed = self.state().set_acknowledgement(correlation_id, acknowledgement, now);
        expect(changed);
    }

    /// Lets the community itself tell of a failed exchange.
    ///
    /// # Panics
    /// When there is no such exchange.
    #[track_caller]
    pub fn tell_failure(&self, correlation_id: &str) {
        let now = self.now();
        let told = self.state().tell_failure(correlation_id, now);
        expect(told);
    }

    /// Lens forgets an exchange, as it does with each at its purge date.
    pub fn purge_exchange(&self, correlation_id: &str) {
        self.state().lens.entries_mut().purge(correlation_id);
    }

    /// The fields of Lens that the clients may not read, from now on.
    pub fn deny_lens_fields(&self, fields: &[&str]) {
        let denied: BTreeSet<String> = fields.iter().map(|&field| field.to_owned()).collect();
        self.state().lens.denied = denied;
    }

    /// The entries of an exchange, field by field, in the order in which they came to be.
    pub fn exchange(&self, correlation_id: &str) -> Vec<Value> {
        let state = self.state();
        let entries = state.lens.entries().of(correlation_id);
        entries
            .map(|entry| {
                let mut shown = to_json(&entry.values);
                shown["status"] = json!(entry.value("status"));
                shown["fastatus"] = json!(entry.value("fastatus"));
                shown
            })
            .collect()
    }
}
