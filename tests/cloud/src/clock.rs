//! The time that the cloud believes in.

use std::time::{Duration, SystemTime};

/// Wall time, or a time that a test moves.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    System,
    /// `origin` plus what has passed on Tokio's clock since `started`.
    /// With `start_paused` it stands still until the test sleeps or advances it.
    Virtual {
        origin: SystemTime,
        started: tokio::time::Instant,
    },
}

impl Clock {
    /// A virtual clock that shows `origin` now. Call it inside the runtime that will run the test.
    pub fn starting_at(origin: SystemTime) -> Self {
        Clock::Virtual {
            origin,
            started: tokio::time::Instant::now(),
        }
    }

    pub fn now(&self) -> SystemTime {
        match self {
            Clock::System => system_time(),
            Clock::Virtual { origin, started } => *origin + started.elapsed(),
        }
    }

    /// Since 1970-01-01T00:00:00Z.
    pub(crate) fn since_epoch(&self) -> Duration {
        since_epoch(self.now())
    }
}

pub(crate) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the clock that others are told to take"
)]
fn system_time() -> SystemTime {
    SystemTime::now()
}

/// What expires items by their TTL attribute.
impl dynoxide::storage_backend::Clock for Clock {
    fn now_unix_secs(&self) -> u64 {
        self.since_epoch().as_secs()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.since_epoch().as_secs_f64()
    }
}
