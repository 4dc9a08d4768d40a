//! Trading Grid: the token endpoint, TGCommunityServices and Lens as OpenText publishes them, and the collaboration
//! contract as a deployment would bind it.
//!
//! Facts: OpenText's request collections. The contract is ours. Everything else is in [`Guesses`].

mod actions;
mod acts;
mod admin;
mod collaboration;
mod community;
mod exchanges;
mod guesses;
mod inspection;
mod lens;
mod oauth;
mod problems;
mod push;
mod renames;
mod router;
mod seed;
mod state;
#[cfg(test)]
mod tests;
mod view;

use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::request::Parts;
use http::{Request, Response, StatusCode};
use time::OffsetDateTime;
use tokio::sync::Notify;

use crate::body::WorldBody;
use crate::calls::CallRecord;
use crate::clock::Clock;
use crate::gate::{Gate, Moment, World};
use crate::knobs::Knobs;

pub use acts::{FileSeed, PartnerAct};
pub use collaboration::{
    Author, Comment, Disturbance, DocumentRef, Event, FeedbackKind, IssueSeed, MilestoneSeed, Origin, RequestSeed,
    Side, ThreadSeed,
};
pub use community::{Address, Company, User};
pub use guesses::{ErrorForm, Guesses};
pub use lens::{Acknowledgement, EntryError, ExchangeSeed, Status};
pub use renames::Rename;

use oauth::Access;
use problems::Problem;
use state::State;

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
    drain_is_asked: Notify,
}

impl TradingGrid {
    /// A community without companies, exchanges, issues or documents.
    pub fn new(clock: Clock) -> TradingGrid {
        TradingGrid::make(clock, false)
    }

    /// A community with two sponsors, their partners and users, hundreds of exchanges, and the documents of the demo.
    pub fn seeded(clock: Clock) -> TradingGrid {
        TradingGrid::make(clock, true)
    }

    /// Carries out a request. An answer with the extension [`Dropped`](crate::Dropped) is a lost one.
    pub async fn call(&self, request: Request<WorldBody>) -> Response<Bytes> {
        let is_ours = request.uri().path().starts_with("/collaboration/");
        let response = self.gate.pass(&*self.community, request).await;
        if is_ours {
            response
        } else {
            problems::as_gateway_fault(response)
        }
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

    /// Forgets the calls so far.
    pub fn forget_calls(&self) {
        self.gate.forget_calls();
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
            drain_is_asked: Notify::new(),
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

    fn now(&self) -> OffsetDateTime {
        self.gate.clock.now()
    }
}

impl Community {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl World for Community {
    fn handle(&self, moment: Moment, parts: &Parts, body: &Bytes) -> Response<Bytes> {
        let mut state = self.lock();
        let response = router::serve(&mut state, moment, parts, body);
        push::queue_new(&mut state, moment.at);
        response
    }

    fn admits(&self, moment: Moment, parts: &Parts) -> bool {
        let state = self.lock();
        matches!(state.tokens.access(&state.guesses, parts, moment), Access::Client(_))
    }

    fn failure(&self, status: StatusCode, message: &str, detail: &str) -> Response<Bytes> {
        Problem::with_status(status, format!("{message}: {detail}")).answer("fault-rule")
    }

    fn expire_tokens(&self, now: OffsetDateTime) {
        self.lock().tokens.expire(now);
    }

    fn admin(&self, now: OffsetDateTime, parts: &Parts, body: &Bytes) -> Option<Response<Bytes>> {
        let mut state = self.lock();
        push::queue_new(&mut state, now);
        let response = admin::serve(&mut state, now, parts, body);
        push::queue_new(&mut state, now);
        if parts.uri.path() == "/_world/drain" {
            self.drain_is_asked.notify_one();
        }
        response
    }

    fn restart(&self, _now: OffsetDateTime) {
        let mut state = self.lock();
        let push = state.push.take().map(push::emptied);
        *state = seed::state(self.is_seeded);
        state.push = push;
    }
}
