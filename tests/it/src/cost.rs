//! What the normal path costs, by counting calls: never by time.

use serde_json::Value;
use worlds::TradingGrid;

use crate::faults::System;
use crate::play::{default_mapping, in_town};
use crate::scenarios;
use crate::town::{Call, Town};

/// Calls of one function to one system; tokens and secrets do not count.
fn count(calls: &[Call], function: &str, system: System) -> usize {
    let counts =
        |call: &&Call| call.by.starts_with(function) && call.system == system && !call.operation.contains("oauth");
    calls.iter().filter(counts).count()
}

/// What a step cost.
pub(crate) struct Cost {
    calls: Vec<Call>,
    write_units: f64,
}

impl Cost {
    /// What was called since a position of the call log.
    pub(crate) fn since(town: &Town, before: usize) -> Self {
        let calls = town.calls().split_off(before);
        let of_a_sweep = |call: &Call| call.by.starts_with("poll-changes");
        Self {
            calls: calls.into_iter().filter(|call| !of_a_sweep(call)).collect(),
            write_units: 0.0,
        }
    }

    #[track_caller]
    pub(crate) fn is(&self, function: &str, system: System, wanted: usize) {
        assert_eq!(
            count(&self.calls, function, system),
            wanted,
            "{function} to {system:?}: {:#?}",
            self.calls
        );
    }
}

/// Plays steps one after another and gives the cost of each.
fn costs(steps: &[fn(&TradingGrid) -> Value]) -> Vec<Cost> {
    let mut costs = Vec::new();
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        for step in steps {
            let (before, units) = (town.calls().len(), written(town));
            let event = step(&town.community);
            play.deliver(&event).await;
            play.quiet().await;
            costs.push(Cost {
                write_units: written(town) - units,
                ..Cost::since(town, before)
            });
        }
    });
    costs
}

fn written(town: &Town) -> f64 {
    town.cloud.calls().iter().filter_map(|call| call.write_units).sum()
}

#[test]
fn the_normal_path_makes_no_call_too_many() {
    // The first issue warms the function up; the second one is measured.
    let costs = costs(&[
        scenarios::opens,
        scenarios::opens_another,
        scenarios::comments_on_another,
        scenarios::comments_again,
        scenarios::repeats_the_last_comment,
    ]);
    let [_, create, comment, second_comment, replay] = costs.as_slice() else {
        panic!("five steps")
    };

    create.is("receive-webhook", System::DynamoDb, 1);
    create.is("receive-webhook", System::Sqs, 1);
    create.is("open-case", System::DynamoDb, 4);
    create.is("open-case", System::ServiceNow, 1);
    create.is("open-case", System::TradingGrid, 0);

    for comment in [comment, second_comment] {
        comment.is("receive-webhook", System::DynamoDb, 2);
        comment.is("receive-webhook", System::Sqs, 1);
        comment.is("open-case", System::DynamoDb, 4);
        comment.is("open-case", System::ServiceNow, 2);
        let writes = comment
            .calls
            .iter()
            .filter(|call| call.operation.starts_with("PATCH"))
            .count();
        assert_eq!(writes, 1, "one write to ServiceNow");
    }

    replay.is("receive-webhook", System::Sqs, 0);
    replay.is("open-case", System::DynamoDb, 0);
    replay.is("open-case", System::ServiceNow, 0);

    println!(
        "write units: {} per create, {} per comment",
        create.write_units, comment.write_units
    );
}
