//! Every scenario, and the polls, once and without any fault: what is asked of all that functions do is asked of these.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use serde_json::Value;

use crate::access::Done;
use crate::faults::Plan;
use crate::play::{Play, default_mapping, in_paused_time};
use crate::town::{TABLE, Town};
use crate::{poll_both, poll_lens, scenarios};

/// What came of one play.
pub(crate) struct Played {
    pub(crate) name: &'static str,
    /// What functions did in AWS.
    pub(crate) deeds: BTreeSet<Done>,
    /// The documents of metrics, as they were written.
    pub(crate) metrics: Vec<String>,
    /// What of secrets and contents stands where operators look.
    pub(crate) leaks: Vec<String>,
    /// See [`crate::witness::Witness::counts`].
    pub(crate) witnessed: [usize; 4],
    /// The finished entries of the table.
    pub(crate) finished: Vec<Value>,
}

/// All plays, which are played once in a process.
pub(crate) fn plays() -> &'static [Played] {
    static PLAYS: OnceLock<Vec<Played>> = OnceLock::new();
    PLAYS.get_or_init(|| {
        let mut plays = Vec::new();
        for scenario in scenarios::all() {
            let mapping = scenario.mapping.unwrap_or(default_mapping)();
            plays.push(in_paused_time(async {
                let town = Town::new(Plan::default(), mapping);
                let _listening = town.witness.listen();
                town.witness.plant_secrets(&town);
                let violations = Play::new(&town).run(&scenario, true).await;
                assert_eq!(violations, Vec::<String>::new(), "{}", scenario.name);
                played(scenario.name, &town)
            }));
        }
        plays.push(in_paused_time(polled()));
        plays
    })
}

/// A town that is polled, and to which nobody posts.
async fn polled() -> Played {
    let town = Town::new(Plan::default(), default_mapping());
    let _listening = town.witness.listen();
    town.witness.plant_secrets(&town);
    let play = Play::new(&town);
    play.open_the_doors();
    let poll = async || {
        let telemetry = town.telemetry("poll-changes");
        telemetry.watch(poll_lens::poll(&town)).await;
        telemetry.watch(poll_both::feed(&town)).await;
        telemetry.watch(poll_both::records(&town)).await;
    };
    poll().await;
    scenarios::opens(&town.community);
    tokio::time::sleep(3 * poll_lens::INTERVAL).await;
    poll().await;
    play.quiet().await;
    poll().await;
    play.quiet().await;
    played("polled", &town)
}

/// The entries of the table whose work is over.
pub(crate) fn finished(town: &Town) -> Vec<Value> {
    let items = town.cloud.items(TABLE);
    items
        .iter()
        .filter(|item| item["finished_at"].is_i64())
        .cloned()
        .collect()
}

fn played(name: &'static str, town: &Arc<Town>) -> Played {
    let leaks = town.witness.leaks(town);
    Played {
        name,
        leaks,
        deeds: town.deeds.lock().unwrap().clone(),
        metrics: town.metrics.lock().unwrap().clone(),
        witnessed: town.witness.counts(),
        finished: finished(town),
    }
}
