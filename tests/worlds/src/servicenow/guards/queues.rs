//! What a request waits for: its session, which serves one at a time, then one of the instance's semaphores.
//!
//! A request that carries the cookie `JSESSIONID` belongs to that session. When too many wait for the session, it is
//! answered 202 and dropped; when too many wait for a semaphore, 429 without the headers of a rate limit.

use bytes::Bytes;
use http::header::COOKIE;
use http::request::Parts;
use http::{Response, StatusCode};

use crate::answer;
use crate::lines::{Lines, Turn};
use crate::servicenow::errors::failure;
use crate::servicenow::guesses::Guesses;

/// How many are served and may wait.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    session_queue: usize,
    semaphores: usize,
    semaphore_queue: usize,
    full_queue_message: String,
}

impl Limits {
    pub(crate) fn of(guesses: &Guesses) -> Limits {
        Limits {
            session_queue: guesses.session_queue,
            semaphores: guesses.semaphores,
            semaphore_queue: guesses.semaphore_queue,
            full_queue_message: guesses.full_queue_message.clone(),
        }
    }
}

/// Waits until the request may run; the answer of one that may not even wait.
pub(crate) async fn enter(lines: &Lines, limits: Limits, parts: &Parts) -> Result<Vec<Turn>, Response<Bytes>> {
    let mut turns = Vec::new();
    if let Some(session) = session(parts) {
        let turn = lines.turn(&format!("session {session}"), 1, limits.session_queue).await;
        turns.push(turn.ok_or_else(|| answer::empty(StatusCode::ACCEPTED))?);
    }
    if parts.uri.path().starts_with("/api/") {
        let turn = lines.turn("API_INT", limits.semaphores, limits.semaphore_queue).await;
        turns.push(turn.ok_or_else(|| {
            let message = &limits.full_queue_message;
            failure(StatusCode::TOO_MANY_REQUESTS, message, Some(message))
        })?);
    }
    Ok(turns)
}

/// The session that a request names.
pub(crate) fn session(parts: &Parts) -> Option<&str> {
    let cookies = parts.headers.get_all(COOKIE).into_iter();
    let mut pairs = cookies
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'));
    pairs
        .find_map(|pair| pair.trim().strip_prefix("JSESSIONID="))
        .filter(|id| !id.is_empty())
}
