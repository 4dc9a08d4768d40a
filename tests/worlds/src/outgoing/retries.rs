//! How a delivery went, and what follows from it.

use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{Response, StatusCode};

/// How often and how soon an event is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retries {
    /// The wait after the first try; it doubles with every try.
    pub first_wait: Duration,
    /// No wait is longer, whatever the receiver asks for.
    pub longest_wait: Duration,
    /// After so many tries the event is dead.
    pub attempts: u32,
}

/// How a delivery went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The receiver answered.
    Answered {
        status: u16,
        /// What its `Retry-After` says, in seconds.
        retry_after: Option<Duration>,
        /// The beginning of its body.
        detail: String,
    },
    /// No answer came, for this reason.
    Unanswered(String),
}

/// What becomes of an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Again { after: Duration, reason: String },
    Dead { reason: String },
}

/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 300;

impl Default for Retries {
    /// About two days: a receiver may be away for one.
    fn default() -> Retries {
        Retries {
            first_wait: Duration::from_secs(10),
            longest_wait: Duration::from_secs(30 * 60),
            attempts: 100,
        }
    }
}

impl Outcome {
    /// What an answer says.
    pub fn of(response: &Response<Bytes>) -> Outcome {
        let retry_after = response.headers().get(RETRY_AFTER);
        let retry_after = retry_after.and_then(|value| value.to_str().ok()?.trim().parse().ok());
        Outcome::Answered {
            status: response.status().as_u16(),
            retry_after: retry_after.map(Duration::from_secs),
            detail: String::from_utf8_lossy(response.body()).into_owned(),
        }
    }

    fn reason(&self) -> String {
        let reason = match self {
            Outcome::Answered { status, detail, .. } => format!("{status} {}", detail.trim()),
            Outcome::Unanswered(reason) => reason.clone(),
        };
        reason.trim().chars().take(LONGEST_REASON).collect()
    }
}

impl Retries {
    /// What follows from an outcome; `attempts` counts the tries so far, this one included.
    pub(crate) fn judge(&self, outcome: &Outcome, attempts: u32) -> Verdict {
        let wished = match outcome {
            Outcome::Answered { status: 200..=299, .. } => return Verdict::Accepted,
            Outcome::Answered { status, .. } if refuses_the_event(*status) => {
                return Verdict::Dead {
                    reason: format!("refused: {}", outcome.reason()),
                };
            }
            Outcome::Answered { retry_after, .. } => retry_after.unwrap_or_default(),
            Outcome::Unanswered(_) => Duration::ZERO,
        };
        if attempts >= self.attempts {
            return Verdict::Dead {
                reason: format!("given up after {attempts} tries: {}", outcome.reason()),
            };
        }
        let doubled = 2u32.saturating_pow(attempts.saturating_sub(1));
        let wait = self.first_wait.saturating_mul(doubled).max(wished);
        Verdict::Again {
            after: wait.min(self.longest_wait),
            reason: outcome.reason(),
        }
    }
}

/// Whether the answer is about this event; any other is about the receiver, our key or our clock, which get better.
fn refuses_the_event(status: u16) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::CONFLICT,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ]
    .iter()
    .any(|refusal| refusal.as_u16() == status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(status: u16, retry_after: Option<&str>) -> Outcome {
        let mut response = Response::builder().status(status);
        if let Some(value) = retry_after {
            response = response.header("retry-after", value);
        }
        Outcome::of(&response.body(Bytes::from_static(b"no")).unwrap())
    }

    fn wait(outcome: &Outcome, attempts: u32) -> Option<u64> {
        match Retries::default().judge(outcome, attempts) {
            Verdict::Again { after, .. } => Some(after.as_secs()),
            Verdict::Accepted | Verdict::Dead { .. } => None,
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let lost = Outcome::Unanswered("reset".to_owned());
        let waits = [1, 2, 3, 8, 9, 99].map(|attempts| wait(&lost, attempts).unwrap());
        assert_eq!(waits, [10, 20, 40, 1280, 1800, 1800]);
        let total: u64 = (1..100).map(|attempts| wait(&lost, attempts).unwrap()).sum();
        assert!(total > 24 * 3600, "a receiver may be away for a day: {total} s");
    }

    #[test]
    fn the_receiver_may_ask_for_a_longer_wait_but_not_for_any() {
        assert_eq!(wait(&answered(429, Some("25")), 1), Some(25));
        assert_eq!(wait(&answered(503, Some("5")), 1), Some(10));
        assert_eq!(wait(&answered(503, Some("99999999999")), 1), Some(1800));
        assert_eq!(wait(&answered(503, Some("tomorrow")), 1), Some(10));
    }

    #[test]
    fn only_a_refusal_of_the_event_itself_is_final() {
        for status in [400, 409, 413, 415, 422] {
            let verdict = Retries::default().judge(&answered(status, None), 1);
            let reason = format!("refused: {status} no");
            assert_eq!(verdict, Verdict::Dead { reason });
        }
        for status in [302, 401, 403, 404, 408, 410, 429, 500, 503] {
            assert_eq!(wait(&answered(status, None), 1), Some(10), "{status}");
        }
        assert_eq!(Retries::default().judge(&answered(202, None), 1), Verdict::Accepted);
    }

    #[test]
    fn the_last_try_is_the_end_and_says_why() {
        let verdict = Retries::default().judge(&answered(503, None), 100);
        let reason = "given up after 100 tries: 503 no".to_owned();
        assert_eq!(verdict, Verdict::Dead { reason });
    }
}
