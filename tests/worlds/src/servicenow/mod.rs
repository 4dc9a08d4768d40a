//! A ServiceNow instance with Customer Service Management.
//!
//! Facts: ServiceNow's documentation of its REST APIs and of authentication (release Australia), and what its own
//! clients expect. Everything else is in [`Guesses`].

mod access;
mod acts;
mod admin;
mod api_keys;
mod app;
mod approvals;
mod attachments;
mod batch;
mod behalf;
mod cases;
mod catalog;
mod decisions;
mod definitions;
mod dictionary;
mod display;
mod email;
mod engine;
mod errors;
mod events;
mod guards;
mod guesses;
mod identity;
mod import_sets;
mod incidents;
mod input;
mod journal;
mod knowledge;
mod locale;
mod log_in;
mod oauth;
mod outbox;
mod parameters;
mod path;
mod pattern;
mod query;
mod render;
mod roles;
mod route;
mod router;
mod rules;
mod seed;
mod sessions;
mod statistics;
mod surfaces;
mod table_api;
mod tables;
#[cfg(test)]
mod tests;
mod tiny_urls;
mod tokens;
mod values;
mod workflow;

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::body::WorldBody;
use crate::calls::CallRecord;
use crate::clock::Clock;
use crate::gate::{Gate, Moment, World};
use crate::knobs::Knobs;
use crate::lines::{Lines, Turn};

pub use attachments::Attachment;
pub use decisions::Approval;
pub use dictionary::Column;
pub use guesses::{CaseGuesses, CatalogGuesses, Guesses, JoinConditions, KnowledgeGuesses, RowOrder, StageGuesses};
pub use journal::JournalEntry;
pub use oauth::INTEGRATION_USER;
pub use seed::AGENT;

use app::Jobs;
use engine::{Act, Fields, State};
use guards::{queues, quotas};

/// A simulated ServiceNow instance; a clone is the same instance.
#[derive(Debug, Clone)]
pub struct ServiceNow {
    gate: Arc<Gate>,
    instance: Arc<Instance>,
}

#[derive(Debug)]
struct Instance {
    state: Mutex<State>,
    lines: Lines,
    is_seeded: bool,
    /// The jobs of the application; its lock is taken after that of the state.
    jobs: Mutex<Jobs>,
    /// Wakes whoever sends events.
    drain_is_asked: Notify,
}

impl ServiceNow {
    /// An instance with its users `admin`, `gridlink.integration` and one agent, but without groups or records.
    pub fn new(clock: Clock) -> ServiceNow {
        ServiceNow::make(clock, false)
    }

    /// An instance with groups, partners and a few records.
    pub fn seeded(clock: Clock) -> ServiceNow {
        ServiceNow::make(clock, true)
    }

    /// Carries out a request. An answer with the extension [`Dropped`](crate::Dropped) is a lost one.
    pub async fn call(&self, request: Request<WorldBody>) -> Response<Bytes> {
        self.gate.pass(&*self.instance, request).await
    }

    /// The fault rules.
    pub fn knobs(&self) -> Knobs {
        self.gate.knobs.clone()
    }

    /// Every call so far, in order of arrival, without admin calls.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.gate.settle(&*self.instance);
        self.gate.calls()
    }

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.gate.forget_calls();
    }

    /// Sets a system property, for example `glide.invalid_query.returns_no_rows`.
    pub fn set_property(&self, name: &str, value: &str) {
        let act = Act::platform(self.gate.clock.now(), "admin");
        self.state().set_property(act, name, value);
    }

    /// Changes what the world guesses of the real system.
    pub fn guess(&self, change: impl FnOnce(&mut Guesses)) {
        change(&mut self.state().guesses);
    }

    /// Adds a column to a table, or replaces it.
    ///
    /// # Panics
    /// When the table is unknown.
    #[track_caller]
    pub fn add_column(&self, table: &str, column: Column) {
        assert!(self.state().add_column(table, column), "there is no table {table}");
    }

    /// Adds an OAuth client that acts as a user.
    pub fn add_client(&self, client_id: &str, client_secret: &str, user_name: &str) {
        self.state().tokens.add_client(client_id, client_secret, user_name);
    }

    /// Adds an API key that acts as a user, for ever or until a time; from now on the instance hears API keys.
    pub fn add_api_key(&self, key: &str, user_name: &str, expires: Option<OffsetDateTime>) {
        let api_keys = &mut self.state().api_keys;
        api_keys.are_heard = true;
        api_keys.add(key, user_name, expires);
    }

    /// Whether the instance hears API keys at all.
    pub fn hear_api_keys(&self, are_heard: bool) {
        self.state().api_keys.are_heard = are_heard;
    }

    /// Ends the life of every token.
    pub fn expire_tokens(&self) {
        self.instance.expire_tokens(self.gate.clock.now());
    }

    /// What links in answers begin with; no slash at the end.
    pub fn set_base_url(&self, url: &str) {
        self.state().base_url = url.trim_end_matches('/').to_owned();
    }

    fn make(clock: Clock, is_seeded: bool) -> ServiceNow {
        let state = seed::state(clock.now(), is_seeded);
        let instance = Instance {
            state: Mutex::new(state),
            lines: Lines::default(),
            is_seeded,
            jobs: Mutex::default(),
            drain_is_asked: Notify::new(),
        };
        ServiceNow {
            gate: Arc::new(Gate::new(clock)),
            instance: Arc::new(instance),
        }
    }

    /// The state, after everything that is late and due.
    fn state(&self) -> MutexGuard<'_, State> {
        self.gate.settle(&*self.instance);
        self.instance.lock_at(self.gate.clock.now())
    }

    fn script<'a>(&self, user_name: &'a str) -> Act<'a> {
        Act::script(self.gate.clock.now(), user_name)
    }
}

impl Instance {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The state, after the business rules that are due.
    fn lock_at(&self, now: OffsetDateTime) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        outbox::run_rules(&mut state, now);
        app::run_rules(&mut state, now);
        state
    }

    fn jobs(&self) -> MutexGuard<'_, Jobs> {
        self.jobs.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl World for Instance {
    fn handle(&self, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
        router::serve(&mut self.lock_at(moment.at), moment, parts, body)
    }

    fn admits(&self, moment: Moment, parts: &Parts) -> bool {
        identity::of(&self.lock(), parts, moment).is_ok()
    }

    async fn enter(&self, parts: &Parts) -> Result<Vec<Turn>, Response<Bytes>> {
        let limits = queues::Limits::of(&self.lock().guesses);
        queues::enter(&self.lines, limits, parts).await
    }

    fn quota(&self, parts: &Parts) -> Option<Duration> {
        quotas::of(&self.lock(), parts)
    }

    fn failure(&self, status: StatusCode, message: &str, detail: &str) -> Response<Bytes> {
        errors::failure(status, message, Some(detail))
    }

    fn expire_tokens(&self, now: OffsetDateTime) {
        self.lock().tokens.expire(now);
    }

    fn admin(&self, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
        if (&parts.method, parts.uri.path()) == (&Method::POST, "/_world/jobs") {
            return Some(app::serve_job(&mut self.lock_at(now), &mut self.jobs(), now, body));
        }
        let response = admin::serve(&mut self.lock_at(now), now, parts, body);
        if parts.uri.path() == "/_world/drain" {
            self.jobs().hurry(now);
            self.drain_is_asked.notify_one();
        }
        response
    }

    fn restart(&self, now: OffsetDateTime) {
        let mut state = self.lock();
        let (base_url, outbox, app) = (state.base_url.clone(), state.outbox.take(), state.app.take());
        self.jobs().stop();
        *state = seed::state(now, self.is_seeded);
        state.base_url = base_url;
        if let Some(outbox) = outbox {
            outbox::reinstall(&mut state, *outbox);
        }
        if let Some(app) = app {
            app::reinstall(&mut state, now, *app);
        }
    }
}

fn owned(fields: &[(&str, &str)]) -> Fields {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}
