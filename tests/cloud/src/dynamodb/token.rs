//! `ClientRequestToken`: a transaction that is sent again within ten minutes is done once.
//!
//! `dynoxide` has tokens of its own, but on the machine's clock; so they never get there.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use dynoxide::DynoxideError;
use serde_json::Value;

/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
const REMEMBERED: Duration = Duration::from_secs(600);
const LONGEST: usize = 36;

#[derive(Debug, Default)]
pub(super) struct Tokens(HashMap<String, Done>);

#[derive(Debug)]
struct Done {
    items: Value,
    at: SystemTime,
}

/// What a request's token means.
#[derive(Debug)]
pub(super) enum Replay {
    NoToken,
    First { token: String, items: Value },
    Known,
}

impl Replay {
    pub(super) fn is_known(&self) -> bool {
        matches!(self, Replay::Known)
    }
}

impl Tokens {
    /// Takes the token out of the request.
    pub(super) fn take(&self, operation: &str, request: &mut Value, now: SystemTime) -> Result<Replay, DynoxideError> {
        if operation != "TransactWriteItems" {
            return Ok(Replay::NoToken);
        }
        let Some(Value::String(token)) = request
            .as_object_mut()
            .and_then(|request| request.remove("ClientRequestToken"))
        else {
            return Ok(Replay::NoToken);
        };
        if token.is_empty() || token.len() > LONGEST {
            return Err(DynoxideError::ValidationException(format!(
                "1 validation error detected: Value '{token}' at 'clientRequestToken' failed to \
                 satisfy constraint: Member must have length less than or equal to {LONGEST}"
            )));
        }
        let items = request["TransactItems"].clone();
        match self.0.get(&token) {
            Some(done) if now < done.at + REMEMBERED && done.items == items => Ok(Replay::Known),
            Some(done) if now < done.at + REMEMBERED => Err(DynoxideError::IdempotentParameterMismatchException(
                "An error occurred (IdempotentParameterMismatchException)".to_owned(),
            )),
            Some(_) | None => Ok(Replay::First { token, items }),
        }
    }

    /// The transaction has committed.
    pub(super) fn keep(&mut self, replay: Replay, now: SystemTime) {
        if let Replay::First { token, items } = replay {
            self.0.insert(token, Done { items, at: now });
        }
    }
}
