//! Writes that were carried out, so that the same one is not carried out again.
//!
//! Only successes are kept. A call is one synchronous step, so that no two are ever under way at once.

use std::collections::BTreeMap;

use http::StatusCode;
use serde_json::Value;
use time::{Duration, OffsetDateTime};

use super::call::{Call, Reply};
use crate::trading_grid::problems::{Kind, Problem};

const KEPT: Duration = Duration::days(90);

#[derive(Debug, Default)]
pub(crate) struct Writes(BTreeMap<(String, String), Done>);

#[derive(Debug)]
struct Done {
    fingerprint: String,
    status: StatusCode,
    body: Value,
    at: OffsetDateTime,
}

impl Writes {
    /// The answer to the same write, if it was carried out before.
    pub(crate) fn replay(&self, call: &Call<'_>, key: &str) -> Result<Option<Reply>, Problem> {
        match self.0.get(&(call.client.to_owned(), key.to_owned())) {
            Some(done) if done.at + KEPT < call.now => Ok(None),
            Some(done) if done.fingerprint == call.fingerprint() => Ok(Some(Reply {
                status: done.status,
                body: done.body.clone(),
            })),
            Some(_) => Err(Problem::new(
                Kind::IdempotencyKeyReused,
                "This Idempotency-Key was used with another request.",
            )),
            None => Ok(None),
        }
    }

    pub(crate) fn keep(&mut self, call: &Call<'_>, key: &str, reply: &Reply) {
        let done = Done {
            fingerprint: call.fingerprint(),
            status: reply.status,
            body: reply.body.clone(),
            at: call.now,
        };
        self.0.insert((call.client.to_owned(), key.to_owned()), done);
    }
}
