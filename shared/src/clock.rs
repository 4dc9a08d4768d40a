//! One clock for everything: the code, the stores' leases, and the AWS SDK's time source.

use aws_smithy_async::time::TimeSource;
use tokio::time::Instant;

use crate::domain::Timestamp;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A wall-clock origin plus Tokio's own time, which a test may pause and advance.
    Tokio {
        /// The wall time at `started`.
        origin: Timestamp,
        /// Tokio's time at the origin.
        started: Instant,
    },
}

impl Clock {
    /// A clock that starts at `origin` now and follows Tokio's time.
    pub fn following_tokio(origin: Timestamp) -> Self {
        Self::Tokio {
            origin,
            started: Instant::now(),
        }
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match self {
            Clock::System => {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "this is the one place that reads the wall clock"
                )]
                let now = std::time::SystemTime::now();
                let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Clock::Tokio { origin, started } => origin.after(started.elapsed()),
        }
    }
}

impl TimeSource for Clock {
    fn now(&self) -> std::time::SystemTime {
        let millis = u64::try_from(Clock::now(self).millis()).unwrap_or(0);
        std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis)
    }
}
