//! The scoped app on the instance: it posts the events and writes the entries, once each, whatever stands still how long.
//!
//! Without it a claim that is in doubt waits. These need the package that `make app` builds, and run in `make test`, which
//! builds it first.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::time::sleep;
use worlds::{Fault as WorldFault, Rule};

use crate::faults::{Fault, Plan};
use crate::metrics::counted;
use crate::play::{Play, clients, default_mapping, in_paused_time};
use crate::prove::{Prover, is_replayed, none_fails, on_all_processors, run_in, sample, setting, wanted};
use crate::scenarios::{self, Scenario};
use crate::stories::status;
use crate::town::{Call, Environment, Town};

/// Runs one plan where the instance has the app.
fn run_with_the_app(scenario: &Scenario, plan: &Plan, and_again: bool) -> (Vec<Call>, Vec<String>) {
    run_in(scenario, and_again, |mapping| Town::with_the_app(plan.clone(), mapping))
}

/// How many faults of one scenario are tried on an instance with the app, without `GRIDLINK_PROVE=all`.
const SAMPLE: usize = 6;

/// What a run is struck by on an instance with the app: its own requests by every fault, and every request of a worker
/// by standing still for longer than its lease and its deadline.
fn strikes(calls: &[Call]) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (index, call) in calls.iter().enumerate() {
        let is_of_a_worker = !["poll-changes", "receive-webhook"]
            .iter()
            .any(|by| call.by.starts_with(by));
        let is_of_the_app = call.operation.ends_with("/connector/apply");
        let fits = |fault: &Fault| match fault {
            Fault::Arrival => false,
            Fault::Pause => is_of_a_worker,
            fault => is_of_the_app && fault.fits(call.system, &call.operation),
        };
        let faults = Fault::ALL.into_iter().filter(fits);
        plans.extend(faults.map(|fault| Plan::default().and(index, fault)));
    }
    plans
}

#[test]
#[ignore = "needs the package: make app"]
fn every_scenario_ends_as_well_with_the_app_and_outlives_any_pause() {
    let all = setting("GRIDLINK_PROVE").as_deref() == Some("all");
    let scenarios = scenarios::all();
    if is_replayed(&scenarios, run_with_the_app) {
        return;
    }
    let started = std::time::Instant::now();
    let mut failures = Vec::new();
    let mut total = 0;
    for scenario in wanted(&scenarios) {
        let prover = Prover::new(scenario, run_with_the_app);
        let calls = prover.prove(&Plan::default());
        let mut plans = strikes(&calls);
        if !all {
            sample(&mut plans, SAMPLE);
        }
        on_all_processors(&plans, |plan| drop(prover.prove(plan)));
        println!(
            "{:<34} {:3} requests, {:4} faults with the app",
            scenario.name,
            calls.len(),
            plans.len()
        );
        total += plans.len();
        failures.extend(prover.failures());
    }
    println!("{total} plans with the app in {:.0?}", started.elapsed());
    none_fails(failures);
}

/// Plays in a town, and asks at its end whether anything was wrong, the scripts of the app included.
fn in_town(town: impl FnOnce() -> Arc<Town>, test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_paused_time(async {
        let town = town();
        let play = Play::new(&town);
        play.open_the_doors();
        test(&town, &play).await;
        let mut violations = town.violations.lock().unwrap().clone();
        let ignored = town.servicenow.ignored().into_iter();
        violations.extend(ignored.filter(|note| note.contains("failed") || note.contains("script of the app")));
        assert!(violations.is_empty(), "{violations:#?}");
    });
}

fn with_the_app() -> Arc<Town> {
    Town::with_the_app(Plan::default(), default_mapping())
}

fn comments(town: &Town) -> usize {
    town.servicenow.journal(&scenarios::case(town), "comments").len()
}

const APPLY: &str = "/api/x_gridlink/v1/connector/apply";

#[test]
#[ignore = "needs the package: make app"]
fn an_entry_in_doubt_is_asked_for_again_at_once() {
    in_town(with_the_app, async |town, play| {
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        // Each of the tries of one call takes effect, and none is answered.
        let lost = Rule {
            times: Some(3),
            ..Rule::always("POST", APPLY, WorldFault::CommitThenDrop)
        };
        town.servicenow.knobs().add(lost);
        play.deliver(&scenarios::comments(&town.community)).await;
        sleep(Duration::from_secs(140)).await;
        assert_eq!(
            comments(town),
            1,
            "nobody waits until the try before has ended in any case"
        );
        play.quiet().await;
        assert_eq!(comments(town), 1);
        let levels = ["OnceByKey", "OnceByApp", "OnceByTrace"].map(|level| counted(town, "servicenow", level));
        assert_eq!(levels, [1.0, 1.0, 0.0]);
    });
}

#[test]
#[ignore = "needs the package: make app"]
fn a_deployment_that_turns_to_the_app_or_away_from_it_writes_no_entry_twice() {
    for from_app in [false, true] {
        in_town(with_the_app, async |town, play| {
            town.has_app.store(from_app, Ordering::Relaxed);
            play.deliver(&scenarios::opens(&town.community)).await;
            play.quiet().await;
            let lost = WorldFault::CommitThenDrop;
            let path = if from_app {
                APPLY
            } else {
                "/api/now/v2/table/sn_customerservice_case"
            };
            town.servicenow.knobs().add(Rule::always("*", path, lost));
            play.deliver(&scenarios::comments(&town.community)).await;
            sleep(Duration::from_secs(5)).await;
            assert_eq!(comments(town), 1, "it was written, and its answer lost");
            // The functions of the next deployment are new ones.
            play.end();
            town.has_app.store(!from_app, Ordering::Relaxed);
            town.servicenow.knobs().clear();
            let play = Play::new(town);
            play.open_the_doors();
            play.quiet().await;
            assert_eq!(comments(town), 1, "from the app: {from_app}");
        });
    }
}

#[test]
#[ignore = "needs the package: make app"]
fn an_app_that_is_not_there_delays_entries_and_loses_none() {
    let without = || {
        let town = Town::new(Plan::default(), default_mapping());
        town.has_app.store(true, Ordering::Relaxed);
        town
    };
    in_town(without, async |town, play| {
        play.deliver(&scenarios::opens(&town.community)).await;
        play.deliver(&scenarios::comments(&town.community)).await;
        sleep(Duration::from_secs(3600)).await;
        let head = town.cloud.items(crate::town::TABLE);
        let head = head.iter().find(|item| item["sk"] == "HEAD#in").unwrap();
        assert!(head.get("parked").is_none(), "{head}");
        let said = head["last_failure"].as_str().unwrap();
        assert!(said.contains("ServiceNowApp=absent"), "{said}");
        assert_eq!(comments(town), 0);
        town.install_the_app();
        play.quiet().await;
        assert_eq!(comments(town), 1);
    });
}

#[test]
#[ignore = "needs the package: make app"]
fn agents_see_on_the_record_that_it_waits_and_why_until_it_goes_on() {
    in_town(with_the_app, async |town, play| {
        let environment = Environment::new("poll-changes-agents".to_owned());
        let clients = clients(town, &environment, town.clock.clone());
        let shown = || {
            let links = town.servicenow.rows("x_gridlink_link");
            links
                .iter()
                .map(|link| link.get("parked").cloned().unwrap_or_default())
                .collect::<Vec<_>>()
        };
        let puts = || {
            let calls = town.servicenow.calls();
            calls.iter().filter(|call| call.method == "PUT").count()
        };
        let poll = async || {
            let deadline = town.clock.now().after(Duration::from_secs(60));
            clients.poll_records(None, "agents", deadline).await.unwrap();
        };
        play.tell();
        play.deliver(&scenarios::opens(&town.community)).await;
        play.quiet().await;
        poll().await;
        assert_eq!(shown(), [""]);
        let body = json!({"error": {"message": "Operation Failed", "detail": "aborted by Business Rule 'Check'"}, "status": "failure"});
        let fault = status(403, Some(body.to_string()));
        town.servicenow.knobs().add(Rule::always("POST", APPLY, fault));
        play.deliver(&scenarios::comments(&town.community)).await;
        play.quiet().await;
        poll().await;
        assert!(
            shown()[0].contains("aborted by Business Rule") && shown()[0].contains("What to do"),
            "{:?}",
            shown()
        );
        let before = puts();
        poll().await;
        assert_eq!(puts(), before, "what was told is not told again at once");
        sleep(Duration::from_secs(901)).await;
        poll().await;
        assert_eq!(puts(), before + 1, "another environment may have told something else");
        town.servicenow.knobs().clear();
        play.replay(&format!("issues/{}/{}", scenarios::NORTHWIND, scenarios::ISSUE))
            .await;
        play.quiet().await;
        poll().await;
        assert_eq!(shown(), [""]);
        assert_eq!(comments(town), 1);
    });
}
