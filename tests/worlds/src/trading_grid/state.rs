//! Everything that a community remembers.

use std::sync::Arc;

use super::collaboration::Collaboration;
use super::community::Members;
use super::guesses::Guesses;
use super::lens::Lens;
use super::oauth::Tokens;
use super::push::Push;
use super::renames::Rename;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) guesses: Guesses,
    pub(crate) tokens: Tokens,
    pub(crate) requests: u64,
    /// Shared with every other world until it changes.
    pub(crate) members: Arc<Members>,
    pub(crate) lens: Lens,
    pub(crate) collaboration: Collaboration,
    /// Only where a receiver is known.
    pub(crate) push: Option<Push>,
    /// Changes of a loginId that wait for a call.
    pub(crate) renames: Vec<Rename>,
    /// Exchanges added so far.
    pub(crate) exchanges: u64,
}

impl State {
    pub(crate) fn new() -> State {
        State {
            guesses: Guesses::default(),
            tokens: Tokens::default(),
            requests: 0,
            members: Arc::default(),
            lens: Lens::new(false),
            collaboration: Collaboration::default(),
            push: None,
            renames: Vec::new(),
            exchanges: 0,
        }
    }
}

pub(crate) fn key(company_id: &str, id: &str) -> (String, String) {
    (company_id.to_owned(), id.to_owned())
}
