//! When to send again: pure rules, tabled in the tests; the loops only obey.

use std::time::Duration;

use crate::domain::digest_of;

/// What came back from one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The request never left: no connection.
    NeverSent,
    /// The request may have arrived; no answer, or half of one, came back.
    Lost,
    /// A complete answer.
    Status(u16),
}

/// Whether the same request may be sent again at once, inside the same call.
///
/// A connection that was never made is always safe; everything else only for idempotent
/// requests. 429 is never retried at once: it names a time to wait, and a sleeping function costs.
pub fn may_send_again(answer: Answer, idempotent: bool) -> bool {
    match answer {
        Answer::NeverSent => true,
        Answer::Lost => idempotent,
        Answer::Status(408 | 500 | 502 | 503 | 504) => idempotent,
        Answer::Status(_) => false,
    }
}

/// Whether the request is known not to have had an effect.
pub fn is_unsent(answer: Answer) -> bool {
    match answer {
        Answer::NeverSent | Answer::Status(401 | 429) => true,
        Answer::Lost | Answer::Status(_) => false,
    }
}

/// The shortest wait before a stream is tried again.
pub const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait before a stream is tried again.
pub const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);

/// How long a stream waits after its `attempt`-th failure in a row (from 1).
///
/// Exponential with jitter over the upper half, so that streams spread. The jitter comes from
/// `seed`, so that a run can be replayed.
pub fn stream_wait(attempt: u32, seed: &str) -> Duration {
    let ceiling = FIRST_WAIT
        .saturating_mul(1 << attempt.saturating_sub(1).min(12))
        .min(LONGEST_WAIT);
    let half = ceiling / 2;
    let digest = digest_of(&["wait", seed, &attempt.to_string()]);
    let part = u32::from(u16::from_be_bytes([digest[0], digest[1]]));
    half + (ceiling - half) * part / u32::from(u16::MAX)
}

/// How long to wait between two tries inside one call, after the `attempt`-th (from 1).
pub fn call_wait(attempt: u32) -> Duration {
    Duration::from_millis(50 * u64::from(attempt) * u64::from(attempt))
}

/// Reads `Retry-After` given in seconds; a date or nonsense is no answer. Never over
/// [`LONGEST_WAIT`], so that a mistaken header cannot stop a stream for a day.
pub fn retry_after(header: Option<&str>) -> Option<Duration> {
    let seconds = header?.trim().parse::<u64>().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_sent_again_at_once() {
        let table = [
            (Answer::NeverSent, true, true),
            (Answer::Lost, false, true),
            (Answer::Status(200), false, false),
            (Answer::Status(202), false, false),
            (Answer::Status(400), false, false),
            (Answer::Status(401), false, false),
            (Answer::Status(403), false, false),
            (Answer::Status(404), false, false),
            (Answer::Status(408), false, true),
            (Answer::Status(409), false, false),
            (Answer::Status(429), false, false),
            (Answer::Status(500), false, true),
            (Answer::Status(502), false, true),
            (Answer::Status(503), false, true),
            (Answer::Status(504), false, true),
        ];
        for (answer, write, read) in table {
            assert_eq!(may_send_again(answer, false), write, "{answer:?} of a write");
            assert_eq!(may_send_again(answer, true), read, "{answer:?} of a read");
        }
    }

    #[test]
    fn only_a_clear_refusal_at_the_door_means_that_nothing_happened() {
        assert!(is_unsent(Answer::NeverSent));
        assert!(is_unsent(Answer::Status(429)));
        for unclear in [
            Answer::Lost,
            Answer::Status(503),
            Answer::Status(500),
            Answer::Status(202),
        ] {
            assert!(!is_unsent(unclear), "{unclear:?}");
        }
    }

    #[test]
    fn streams_wait_longer_and_longer_but_never_too_long() {
        for attempt in 1..40 {
            let wait = stream_wait(attempt, "issues/GC1/ISS-1");
            assert!(wait >= FIRST_WAIT / 2 && wait <= LONGEST_WAIT, "{attempt}: {wait:?}");
            assert_eq!(wait, stream_wait(attempt, "issues/GC1/ISS-1"));
        }
        assert!(stream_wait(12, "a") > stream_wait(3, "a"));
        assert_ne!(stream_wait(9, "a"), stream_wait(9, "b"));
    }

    #[test]
    fn retry_after_is_obeyed_within_reason() {
        assert_eq!(retry_after(Some("7")), Some(Duration::from_secs(7)));
        assert_eq!(retry_after(Some("999999999")), Some(LONGEST_WAIT));
        assert_eq!(retry_after(Some("Wed, 21 Oct 2015 07:28:00 GMT")), None);
        assert_eq!(retry_after(Some("-1")), None);
        assert_eq!(retry_after(None), None);
    }
}
