//! Random delays and faults of requests, drawn from a seed: the same seed strikes the same requests.
//!
//! Every seed chooses its own few faults and how often they come, so that rare combinations are
//! not drowned by frequent ones. Delays are what makes the work of several functions interleave.
//! Functions are killed and stopped at some distance only: a stream whose workers die one after
//! another is parked for a person, rightly so.

use std::sync::Mutex;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::Instant;

use crate::faults::{Fault, System};

/// The least time between two functions that die or stand still.
const BETWEEN_DEATHS: Duration = Duration::from_secs(60);

/// The source of what goes wrong.
pub(crate) struct Chaos(Mutex<State>);

struct State {
    rng: Rng,
    faults: Vec<Fault>,
    /// One request in so many is struck; none, if it is nothing.
    one_in: Option<u32>,
    slowest: u64,
    is_over: bool,
    last_death: Option<Instant>,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(crate) struct Strike {
    pub(crate) before: Duration,
    pub(crate) fault: Option<Fault>,
    pub(crate) after: Duration,
}

impl Chaos {
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed ^ 0xC4A05);
        let faults = Fault::ALL
            .into_iter()
            .filter(|fault| *fault != Fault::Arrival && rng.bool())
            .collect();
        let one_in = rng.choice([None, Some(15), Some(30), Some(60), Some(150)]).flatten();
        let slowest = rng.choice([20, 150, 400]).unwrap_or(20);
        Self(Mutex::new(State {
            rng,
            faults,
            one_in,
            slowest,
            is_over: false,
            last_death: None,
        }))
    }

    /// What happens to the next request.
    pub(crate) fn strike(&self, system: System, operation: &str) -> Strike {
        let mut state = self.0.lock().unwrap();
        if state.is_over {
            return Strike::default();
        }
        let slowest = state.slowest;
        let mut delay = || Duration::from_millis(state.rng.u64(0..slowest));
        let (before, after) = (delay(), delay());
        let fault = state.fault(system, operation);
        Strike { before, fault, after }
    }

    /// Whether a function may be killed now, outside of its requests.
    pub(crate) fn may_kill(&self) -> bool {
        let mut state = self.0.lock().unwrap();
        !state.is_over && state.dies()
    }

    /// Whether the whole table is looked through after this write: in a long run, after few.
    pub(crate) fn looks_now(&self) -> bool {
        self.0.lock().unwrap().rng.u8(0..32) == 0
    }

    /// From now on nothing fails and nothing takes time.
    pub(crate) fn end(&self) {
        self.0.lock().unwrap().is_over = true;
    }
}

impl State {
    fn fault(&mut self, system: System, operation: &str) -> Option<Fault> {
        let one_in = self.one_in?;
        if self.rng.u32(0..one_in) != 0 {
            return None;
        }
        let fault = *self.rng.choice(&self.faults)?;
        let is_death = matches!(fault, Fault::KillBefore | Fault::KillAfter | Fault::Pause);
        (fault.fits(system, operation) && (!is_death || self.dies())).then_some(fault)
    }

    /// Whether somebody may die now; then it is noted.
    fn dies(&mut self) -> bool {
        let now = Instant::now();
        let is_time = self.last_death.is_none_or(|last| now >= last + BETWEEN_DEATHS);
        if is_time {
            self.last_death = Some(now);
        }
        is_time
    }
}
