//! The rate limit that a request counted against, as far as the answer tells.

use crate::domain::{SysId, Timestamp};
use crate::http::Whole;

/// What `X-RateLimit-*` said. The instance does not tell how much is left of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RateLimit {
    /// Requests in an hour.
    pub limit: u64,
    /// When the hour is over.
    pub reset: Timestamp,
    /// The row of `sys_rate_limit_rules`.
    pub rule: Option<SysId>,
}

impl RateLimit {
    /// Reads the headers of an answer; `None` when no rule matched the request.
    pub(super) fn of(answer: &Whole) -> Option<Self> {
        let limit = answer.header("x-ratelimit-limit")?.trim().parse().ok()?;
        let seconds = answer.header("x-ratelimit-reset")?.trim().parse::<i64>().ok()?;
        let rule = answer
            .header("x-ratelimit-rule")
            .and_then(|rule| rule.trim().parse().ok());
        Some(Self {
            limit,
            reset: Timestamp::from_millis(seconds.saturating_mul(1000)),
            rule,
        })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::*;

    #[test]
    fn the_headers_are_read_when_they_are_all_there() {
        let read = |headers: &[(&'static str, &'static str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            RateLimit::of(&Whole {
                status: 200,
                headers: headers.collect::<HeaderMap>(),
                body: bytes::Bytes::new(),
            })
        };
        let rule = "9d385017c611228701d22104cc95c371";
        let all = [
            ("x-ratelimit-limit", "500"),
            ("x-ratelimit-reset", "1795424400"),
            ("x-ratelimit-rule", rule),
        ];
        let wanted = RateLimit {
            limit: 500,
            reset: Timestamp::from_millis(1_795_424_400_000),
            rule: rule.parse().ok(),
        };
        assert_eq!(read(&all), Some(wanted));
        assert_eq!(read(&all[1..]), None);
        assert_eq!(read(&[("x-ratelimit-limit", "many"), all[1]]), None);
        assert_eq!(read(&[]), None);
    }
}
