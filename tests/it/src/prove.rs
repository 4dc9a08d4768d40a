//! Crash-point enumeration: the proof that carries the product.
//!
//! A scenario is run once to count its outside requests; then once for every request and every
//! fault that the system behind it can have, and for pairs of them. After each run everything is
//! delivered again, duplicated and out of order. What begins as an earlier scenario is not struck
//! again there: as far as requests and answers are the same, so is what a fault does; but what arrives is another
//! thing in each. A plan that fails prints as one line; set
//! `GRIDLINK_PLAN=<scenario>/<plan>` to replay it with every request that it makes.
//! By default long scenarios are tried by a sample of their plans, the same each time; `GRIDLINK_PROVE=named` tries every
//! single fault of every scenario and all pairs of the named ones, `GRIDLINK_PROVE=all` all pairs of every scenario,
//! `GRIDLINK_PROVE=singles` no pairs, and `GRIDLINK_SCENARIO=<scenario>` one scenario only.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use shared::mapping::Mapping;

use crate::faults::{Fault, Plan};
use crate::play::{Play, default_mapping, in_paused_time};
use crate::scenarios::{self, Scenario, Struck};
use crate::town::{Call, Town};

/// Runs one plan. Gives the requests that were made before the replay, and what is wrong.
fn run(scenario: &Scenario, plan: &Plan, and_again: bool) -> (Vec<Call>, Vec<String>) {
    run_in(scenario, and_again, |mapping| Town::new(plan.clone(), mapping))
}

pub(crate) fn run_in(
    scenario: &Scenario,
    and_again: bool,
    town: impl FnOnce(Arc<Mapping>) -> Arc<Town>,
) -> (Vec<Call>, Vec<String>) {
    fastrand::seed(7);
    in_paused_time(async {
        let town = town(scenario.mapping.unwrap_or(default_mapping)());
        let violations = Play::new(&town).run(scenario, and_again).await;
        (town.calls(), violations)
    })
}

/// What a run may still be struck by: requests from `from` on, and faults that their systems can
/// have; `is_second`: by a second one. What arrives may arrive at any of them. Requests of the sweep are left out: a
/// sweep that fails is followed by the next.
fn strikes(scenario: &Scenario, calls: &[Call], from: usize, most: usize, is_second: bool) -> Vec<(usize, Fault)> {
    let is_sweep = |call: &Call| call.by.starts_with("poll-changes");
    let mut strikes = Vec::new();
    for (index, call) in calls.iter().enumerate().filter(|(_, call)| !is_sweep(call)).take(most) {
        let fits = |fault: &Fault| match fault {
            // Of what works on events; what arrives while another is accepted is tried beside that.
            Fault::Arrival => scenario.has_arrivals() && !call.by.starts_with("receive-webhook"),
            fault => fault.fits(call.system, &call.operation) && is_struck(scenario, call, is_second),
        };
        let is_new = |fault: &Fault| index >= from || (*fault == Fault::Arrival && !is_second);
        let faults = Fault::ALL.into_iter().filter(fits).filter(is_new);
        strikes.extend(faults.map(|fault| (index, fault)));
    }
    strikes
}

/// Whether a request is struck by other faults than arrivals; after a first one, each is.
fn is_struck(scenario: &Scenario, call: &Call, is_second: bool) -> bool {
    match scenario.struck {
        Struck::All => true,
        Struck::By(functions) => functions.iter().any(|name| call.by.starts_with(name)),
        Struck::Arrivals => is_second,
    }
}

/// The number of the first request at which a scenario is no longer the same as one before it.
fn first_new(calls: &[Call], proven: &mut HashSet<u64>) -> usize {
    let mut begin = DefaultHasher::new();
    let news = calls.iter().map(|call| {
        (&call.by, &call.operation, call.status, call.answer).hash(&mut begin);
        proven.insert(begin.finish())
    });
    let news: Vec<bool> = news.collect();
    news.iter().position(|is_new| *is_new).unwrap_or(calls.len())
}

/// Runs a plan, with or without everything once more.
type Run = fn(&Scenario, &Plan, bool) -> (Vec<Call>, Vec<String>);

/// Runs plans on all processors.
pub(crate) struct Prover<'a> {
    scenario: &'a Scenario,
    run: Run,
    plans: AtomicUsize,
    failures: Mutex<Vec<String>>,
}

impl<'a> Prover<'a> {
    pub(crate) fn new(scenario: &'a Scenario, run: Run) -> Self {
        Self {
            scenario,
            run,
            plans: AtomicUsize::new(0),
            failures: Mutex::default(),
        }
    }

    pub(crate) fn prove(&self, plan: &Plan) -> Vec<Call> {
        self.plans.fetch_add(1, Ordering::Relaxed);
        let (calls, violations) = (self.run)(self.scenario, plan, true);
        if !violations.is_empty() {
            let line = format!("GRIDLINK_PLAN={}/{plan} {violations:?}", self.scenario.name);
            self.failures.lock().unwrap().push(line);
        }
        calls
    }

    /// The plans that fail.
    pub(crate) fn failures(self) -> Vec<String> {
        self.failures.into_inner().unwrap()
    }
}

pub(crate) fn setting(name: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    std::env::var(name).ok()
}

fn named<'a>(scenarios: &'a [Scenario], name: &str) -> &'a Scenario {
    let found = scenarios.iter().find(|scenario| scenario.name == name);
    found.unwrap_or_else(|| panic!("there is no scenario {name}"))
}

/// The scenarios that are wanted: one, or all.
pub(crate) fn wanted(scenarios: &[Scenario]) -> Vec<&Scenario> {
    match setting("GRIDLINK_SCENARIO") {
        Some(only) => vec![named(scenarios, &only)],
        None => scenarios.iter().collect(),
    }
}

/// Replays the plan that is wanted, with every request that it makes; `false` when none is.
pub(crate) fn is_replayed(scenarios: &[Scenario], run: Run) -> bool {
    let Some(wanted) = setting("GRIDLINK_PLAN") else {
        return false;
    };
    let (name, plan) = wanted.split_once('/').unwrap();
    let (calls, violations) = run(named(scenarios, name), &plan.parse().unwrap(), true);
    for (at, call) in calls.iter().enumerate() {
        println!(
            "{at:4} {:<18} {} {:?} {:?}",
            call.by, call.operation, call.status, call.fault
        );
    }
    assert!(violations.is_empty(), "{violations:#?}");
    true
}

/// Which pairs of faults are tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pairs {
    /// All of them.
    All,
    /// All of the named scenarios, and a seeded sample of the others.
    Named,
    /// A seeded sample, of single faults too where there are many.
    Sampled,
    /// None.
    Never,
}

/// How many pairs of a scenario that is not named are tried.
const SAMPLE: usize = 24;
/// How many pairs of a named one, where those are sampled too.
const NAMED_SAMPLE: usize = 1_000;
/// How many single faults of one scenario are tried then.
const SINGLES_SAMPLE: usize = 200;

/// Leaves so many of them, the same each time, in their order.
pub(crate) fn sample<T>(plans: &mut Vec<T>, most: usize) {
    let mut rng = fastrand::Rng::with_seed(11);
    while plans.len() > most {
        plans.remove(rng.usize(0..plans.len()));
    }
}

/// Proves the scenarios.
fn prove(scenarios: &[Scenario], choice: Pairs) {
    if is_replayed(scenarios, run) {
        return;
    }
    let started = std::time::Instant::now();
    let mut total = 0;
    let mut failures = Vec::new();
    let mut proven = HashSet::new();
    for scenario in wanted(scenarios) {
        let prover = Prover::new(scenario, run);
        let (calls, violations) = run(scenario, &Plan::default(), false);
        assert!(
            violations.is_empty(),
            "{} without faults: {violations:#?}",
            scenario.name
        );
        prover.prove(&Plan::default());
        let begins_at = match choice {
            Pairs::All => 0,
            Pairs::Named | Pairs::Sampled | Pairs::Never => first_new(&calls, &mut proven),
        };
        let mut singles: Vec<Plan> = strikes(scenario, &calls, begins_at, calls.len(), false)
            .iter()
            .map(|(at, fault)| Plan::default().and(*at, *fault))
            .collect();
        let all = singles.len();
        if choice == Pairs::Sampled {
            sample(&mut singles, SINGLES_SAMPLE);
        }
        let pairs = Mutex::new(Vec::new());
        on_all_processors(&singles, |plan| {
            let struck = prover.prove(plan);
            let first = plan.0[0].0;
            let later = strikes(scenario, &struck, first + 1, calls.len() + RECOVERY, true);
            let mut pairs = pairs.lock().unwrap();
            pairs.extend(later.into_iter().map(|(at, fault)| plan.and(at, fault)));
        });
        println!(
            "{}: {} of {all} single faults done after {:.0?}",
            scenario.name,
            singles.len(),
            started.elapsed()
        );
        let mut pairs = pairs.into_inner().unwrap();
        pairs.sort_by_key(ToString::to_string);
        let most = match choice {
            Pairs::Never => 0,
            Pairs::All => pairs.len(),
            Pairs::Named if scenario.is_named => pairs.len(),
            Pairs::Sampled if scenario.is_named => NAMED_SAMPLE,
            Pairs::Named | Pairs::Sampled => SAMPLE,
        };
        sample(&mut pairs, most);
        on_all_processors(&pairs, |plan| drop(prover.prove(plan)));
        println!(
            "{:<34} {:3} requests, {:4} single faults, {:5} pairs",
            scenario.name,
            calls.len(),
            singles.len(),
            pairs.len()
        );
        total += prover.plans.load(Ordering::Relaxed);
        failures.extend(prover.failures());
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{total} plans in {seconds:.0} s, {:.0} plans a second",
        total as f64 / seconds
    );
    none_fails(failures);
}

pub(crate) fn none_fails(mut failures: Vec<String>) {
    failures.sort();
    assert!(
        failures.is_empty(),
        "{} plans fail:\n{}",
        failures.len(),
        failures[..failures.len().min(20)].join("\n")
    );
}

/// How many requests the second fault of a pair may strike beyond those of a clean run: those that
/// recovery adds.
const RECOVERY: usize = 12;

pub(crate) fn on_all_processors<T: Sync>(plans: &[T], work: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..processors {
            scope.spawn(|| {
                while let Some(plan) = plans.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(plan);
                }
            });
        }
    });
}

#[test]
fn every_crash_point_of_every_scenario_leaves_exactly_one_of_everything() {
    let choice = match setting("GRIDLINK_PROVE").as_deref() {
        Some("all") => Pairs::All,
        Some("named") => Pairs::Named,
        Some("singles") => Pairs::Never,
        _ => Pairs::Sampled,
    };
    prove(&scenarios::all(), choice);
}

#[test]
fn the_same_plan_makes_the_same_calls() {
    for scenario in scenarios::all() {
        let plan = "5:lost,9:kill-after".parse().unwrap();
        let log = || {
            let (calls, _) = run(&scenario, &plan, true);
            calls
                .iter()
                .map(|call| format!("{} {} {:?}", call.by, call.operation, call.status))
                .collect::<Vec<_>>()
        };
        assert_eq!(log(), log(), "{}", scenario.name);
    }
}
