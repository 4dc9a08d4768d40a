//! What is aimed at, and what fails the run.
//!
//! Only what can be repeated fails it: calls, sizes, memory, and ratios within one run, with slack
//! for a busy machine. Absolute times are shown beside their aims and never fail it.

use crate::programs::Which;
use crate::report::Results;
use crate::works::Work;

/// One aim.
pub(crate) struct Aim {
    what: String,
    measured: f64,
    aim: f64,
    /// Beyond this the run fails; `None` where a measurement is too unsteady for that.
    limit: Option<f64>,
}

/// Milliseconds of CPU from the process to its first request for an event.
const START: f64 = 4.5;
/// The same, over that of a function that does nothing.
const START_OVER_NO_OP: f64 = 3.0;
/// Microseconds of CPU for a create.
const CREATE: f64 = 600.0;
/// A create over a bare client that makes the same calls: wall time with latency.
const CREATE_OVER_BARE: f64 = 1.15;
/// Instructions of a create over those of a bare client.
const MIB: f64 = 14.0;
/// Megabytes.
const ZIP: f64 = 3.5;
/// What the CPU time of a shared machine is allowed beyond its aim.
const CPU_SLACK: f64 = 1.4;

/// Calls per event: the work, the beginning of the target's name, how many.
const CALLS: [(Work, &str, f64); 16] = [
    (Work::Create, "ServiceNow", 1.0),
    (Work::Create, "DynamoDB", 4.0),
    (Work::Create, "S", 1.0),
    (Work::Comment, "ServiceNow GET", 1.0),
    (Work::Comment, "ServiceNow PATCH", 1.0),
    (Work::Comment, "DynamoDB", 4.0),
    (Work::RungAgain, "DynamoDB", 1.0),
    (Work::RungAgain, "S", 0.0),
    (Work::AcceptFirst, "DynamoDB", 1.0),
    (Work::AcceptFirst, "S", 1.0),
    (Work::AcceptLater, "DynamoDB", 2.0),
    (Work::AcceptLater, "S", 1.0),
    (Work::Replayed, "DynamoDB", 1.0),
    (Work::Replayed, "S", 0.0),
    (Work::Sweep, "DynamoDB", 19.0),
    (Work::Sweep, "S", 0.0),
];

impl Aim {
    /// Every aim of which the measurement is there.
    pub(crate) fn all(results: &Results) -> Vec<Self> {
        let mut aims = Vec::new();
        for which in Which::FUNCTIONS {
            let name = which.name();
            if let Some(measured) = results.programs.get(&which) {
                aims.push(Self::shown(
                    format!("{name}: start, CPU ms"),
                    measured.start_cpu.median(),
                    START,
                ));
                let peak = measured.peak.largest();
                aims.push(Self::firm(format!("{name}: peak, MiB"), peak, MIB));
            }
            if let Some(ratio) = results.start_over_no_op(which) {
                let what = format!("{name}: start, CPU over the no-op");
                aims.push(Self::slack(what, ratio.median(), START_OVER_NO_OP));
            }
            if let Some(bytes) = results.zips.get(&which) {
                aims.push(Self::firm(format!("{name}: zip, MB"), *bytes as f64 / 1e6, ZIP));
            }
        }
        let works = || results.programs.values().flat_map(|measured| &measured.works);
        for (work, worked) in works() {
            if *work == Work::Create {
                aims.push(Self::shown("create: CPU us".to_owned(), worked.cpu.median(), CREATE));
            }
            let name = work.name();
            for (_, target, most) in CALLS.iter().filter(|(wanted, _, _)| wanted == work) {
                let calls = worked.calls.per_event(target, results.events);
                aims.push(Self::firm(format!("{name}: calls to {target}…"), calls, *most));
            }
            let unsteady = if worked.is_steady { 0.0 } else { 1.0 };
            aims.push(Self::firm(format!("{name}: rounds with other calls"), unsteady, 0.0));
        }
        if let Some(ratio) = results.latency_over_bare() {
            let what = "create: wall over the bare client, with latency".to_owned();
            aims.push(Self::firm(what, ratio.median(), CREATE_OVER_BARE));
        }
        aims
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.limit
            .is_some_and(|limit| self.measured > limit || self.measured.is_nan())
    }

    /// Never fails the run.
    fn shown(what: String, measured: f64, aim: f64) -> Self {
        Self {
            what,
            measured,
            aim,
            limit: None,
        }
    }

    /// Fails the run as soon as it is missed.
    fn firm(what: String, measured: f64, aim: f64) -> Self {
        Self {
            limit: Some(aim),
            ..Self::shown(what, measured, aim)
        }
    }

    /// Fails the run when it is missed by more than a busy machine explains.
    fn slack(what: String, measured: f64, aim: f64) -> Self {
        Self {
            limit: Some(aim * CPU_SLACK),
            ..Self::shown(what, measured, aim)
        }
    }
}

impl std::fmt::Display for Aim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let verdict = match (self.measured <= self.aim, self.has_failed()) {
            (true, _) => "holds",
            (false, false) => "missed",
            (false, true) => "FAILED",
        };
        write!(
            f,
            "  {:<60} {:>9.2}  aim {:>7.2}  {verdict}",
            self.what, self.measured, self.aim
        )
    }
}
