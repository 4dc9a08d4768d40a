//! What is aimed at, and what fails the run.
//!
//! Only what can be repeated fails it: calls, sizes, memory, and ratios within one run, with slack
//! for a busy machine. Absolute times are shown beside their aims and never fail it.

use crate::programs::Which;
use crate::report::Results;
use crate::rounds::Worked;
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
/// A create over a bare client that makes the same calls. In wall time with latency it is firm; in CPU time it
/// is only shown, because the bare client neither signs nor serializes nor decides.
const CREATE_OVER_BARE: f64 = 1.15;
/// MiB.
const PEAK: f64 = 14.0;
/// Megabytes.
const ZIP: f64 = 3.5;
/// What CPU times of a shared machine may differ by.
const CPU_SLACK: f64 = 1.4;
/// Millions of instructions at the start and for an event, as last accepted.
const INSTRUCTIONS: [(Which, f64, f64); 3] = [
    (Which::OpenCase, 8.6, 3.7),
    (Which::ReceiveWebhook, 8.8, 1.9),
    (Which::PollChanges, 1.6, 9.7),
];
/// What another compiler or C library may add to them.
const INSTRUCTIONS_SLACK: f64 = 1.1;

/// Whom a function may call, by how the names of the targets begin.
const SERVICES: [&str; 5] = ["DynamoDB", "ServiceNow", "SQS", "Secrets", "TradingGrid"];

/// How often an event may call each of [`SERVICES`], once the function is warm: what was measured
/// when this was written, and within the design's limits where it names some.
const CALLS: [(Work, [u32; 5]); 7] = [
    (Work::Create, [4, 1, 0, 0, 0]),
    // ServiceNow: the record is read, then written.
    (Work::Comment, [4, 2, 0, 0, 0]),
    (Work::RungAgain, [1, 0, 0, 0, 0]),
    (Work::AcceptFirst, [1, 0, 1, 0, 0]),
    (Work::AcceptLater, [2, 0, 1, 0, 0]),
    (Work::Replayed, [1, 0, 0, 0, 0]),
    // DynamoDB: the deployment, two breakers, sixteen shards.
    (Work::Sweep, [19, 0, 0, 0, 0]),
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
                aims.push(Self::firm(format!("{name}: peak, MiB"), peak, PEAK));
            }
            if let Some(ratio) = results.start_over_no_op(which) {
                let what = format!("{name}: start, CPU over the no-op");
                aims.push(Self::slack(what, ratio.median(), START_OVER_NO_OP, CPU_SLACK));
            }
            if let Some(bytes) = results.zips.get(&which) {
                aims.push(Self::firm(format!("{name}: zip, MB"), *bytes as f64 / 1e6, ZIP));
            }
        }
        for (work, worked) in results.programs.values().flat_map(|measured| &measured.works) {
            aims.extend(Self::of_work(*work, worked, results.events));
        }
        if let Some(ratio) = results.create_over_bare() {
            let what = "create: CPU over the bare client".to_owned();
            aims.push(Self::shown(what, ratio.median(), CREATE_OVER_BARE));
        }
        if let Some(ratio) = results.latency_over_bare() {
            let what = "create: wall over the bare client, with latency".to_owned();
            aims.push(Self::firm(what, ratio.median(), CREATE_OVER_BARE));
        }
        for (which, start, event) in INSTRUCTIONS {
            if let Some(counted) = results.instructions.get(&which) {
                let name = which.name();
                let what = format!("{name}: start, million instructions");
                aims.push(Self::slack(what, counted.start, start, INSTRUCTIONS_SLACK));
                let what = format!("{name}: first kind of event, million instructions");
                aims.push(Self::slack(what, counted.event, event, INSTRUCTIONS_SLACK));
            }
        }
        aims
    }

    fn of_work(work: Work, worked: &Worked, events: usize) -> Vec<Self> {
        let mut aims = Vec::new();
        let name = work.name();
        if work == Work::Create {
            aims.push(Self::shown(format!("{name}: CPU us"), worked.cpu.median(), CREATE));
        }
        if let Some((_, most)) = CALLS.iter().find(|(wanted, _)| *wanted == work) {
            for (service, most) in SERVICES.iter().zip(most) {
                let calls = worked.calls.per_event(service, events);
                if calls > 0.0 || *most > 0 {
                    let what = format!("{name}: calls to {service}");
                    aims.push(Self::firm(what, calls, f64::from(*most)));
                }
            }
            let differing = if worked.is_steady { 0.0 } else { 1.0 };
            aims.push(Self::firm(format!("{name}: rounds with other calls"), differing, 0.0));
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

    /// Fails the run when it is missed by more than the slack.
    fn slack(what: String, measured: f64, aim: f64, slack: f64) -> Self {
        Self {
            limit: Some(aim * slack),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_firm_aims_fail_a_run_and_a_missing_measurement_does() {
        let what = || "it".to_owned();
        assert!(!Aim::shown(what(), 9.0, 1.0).has_failed());
        assert!(Aim::firm(what(), 1.1, 1.0).has_failed());
        assert!(!Aim::slack(what(), 1.1, 1.0, 1.4).has_failed());
        assert!(Aim::slack(what(), 1.5, 1.0, 1.4).has_failed());
        assert!(Aim::firm(what(), f64::NAN, 1.0).has_failed());
    }
}
