//! The jobs that send nothing: the daily clean-up, and the test of the connection.

use std::collections::BTreeMap;

use serde_json::json;

use super::pressed::post;
use super::{complains, with_the_app};
use crate::servicenow::ServiceNow;
use crate::servicenow::tests::outbox::{OUTBOX, answer_all, event, seconds};
use crate::servicenow::tests::seeded;

const WRITES: &str = "x_gridlink_write";
const DAY: u64 = 24 * 3600;

/// Lets days pass; the instance is driven every hour, and every event is answered.
async fn days(instance: &ServiceNow, days: u64) {
    for _ in 0..days * 24 {
        seconds(DAY / 24).await;
        answer_all(instance, 503);
    }
}

/// The events in the outbox, by their state.
fn kept(instance: &ServiceNow) -> Vec<String> {
    let mut states: Vec<String> = instance.rows(OUTBOX).iter().map(|row| row["state"].clone()).collect();
    states.sort();
    states
}

/// How many rows each table has, but those that the clean-up is about, and the log.
fn others(instance: &ServiceNow) -> BTreeMap<String, usize> {
    let tables: Vec<String> = {
        let state = instance.state();
        state.dictionary.tables().map(|table| table.name.clone()).collect()
    };
    let others = tables
        .into_iter()
        .filter(|table| ![OUTBOX, WRITES, "syslog"].contains(&table.as_str()));
    others
        .map(|table| (table.clone(), instance.rows(&table).len()))
        .collect()
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn sent_events_are_forgotten_after_a_week_and_dead_ones_after_ninety_days() {
    let instance = with_the_app();
    for state in ["sent", "dead", "new"] {
        // One that waits has long to wait.
        let fields = [
            ("event_id", state),
            ("state", state),
            ("next_attempt", "2029-01-01 00:00:00"),
        ];
        instance.insert(OUTBOX, &fields);
    }
    instance.insert(WRITES, &[("record", "of a comment")]);
    let before = others(&instance);
    // They are written at 10:00, and the clean-up is at 3:20.
    days(&instance, 7).await;
    assert_eq!(kept(&instance), ["dead", "new", "sent"], "not a day too early");
    days(&instance, 1).await;
    assert_eq!(kept(&instance), ["dead", "new"]);
    days(&instance, 90 - 8).await;
    assert_eq!(kept(&instance), ["dead", "new"]);
    days(&instance, 1).await;
    assert_eq!(kept(&instance), ["new"], "what waits is never forgotten");
    days(&instance, 400 - 91).await;
    assert_eq!(instance.rows(WRITES).len(), 1, "as long as a write may be repeated");
    days(&instance, 1).await;
    assert!(instance.rows(WRITES).is_empty());
    assert_eq!(kept(&instance), ["new"]);
    assert_eq!(others(&instance), before, "and nothing else");
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn for_how_long_is_what_the_properties_say() {
    let instance = with_the_app();
    instance.set_property("x_gridlink.keep_sent_days", "1");
    instance.set_property("x_gridlink.keep_dead_days", "3");
    for state in ["sent", "dead"] {
        instance.insert(OUTBOX, &[("event_id", state), ("state", state)]);
    }
    days(&instance, 1).await;
    assert_eq!(kept(&instance), ["dead", "sent"]);
    days(&instance, 1).await;
    assert_eq!(kept(&instance), ["dead"]);
    // By hand the next day's clean-up runs now.
    seconds(DAY + 3600).await;
    assert_eq!(kept(&instance), ["dead"]);
    instance.execute_job("Gridlink: forget old events").unwrap();
    assert_eq!(kept(&instance), [""; 0]);
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn the_test_of_the_connection_is_an_event_that_leaves_and_stays_when_it_is_not_taken() {
    let instance = with_the_app();
    let execute = json!({ "name": "Gridlink: test the connection" });
    assert_eq!(post(&instance, "jobs", &execute).await.0, 200);
    let entry = instance.rows(OUTBOX).remove(0);
    let refused = answer_all(&instance, 401);
    let told = event(&refused[0]);
    assert_eq!(told["type"], "gridlink.servicenow.record.changed.v1");
    assert_eq!(told["subject"], format!("records/{OUTBOX}/{}", entry["sys_id"]));
    assert_eq!(
        (&told["data"]["table"], &told["data"]["operation"]),
        (&json!(OUTBOX), &json!("created"))
    );
    let waiting = instance.row(OUTBOX, &entry["sys_id"]).unwrap();
    assert_eq!(
        (waiting["state"].as_str(), waiting["last_error"].as_str()),
        ("new", "401")
    );
    seconds(15).await;
    assert_eq!(answer_all(&instance, 202).len(), 1);
    assert_eq!(kept(&instance), ["sent"]);
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_job_that_is_not_there_is_not_executed() {
    let instance = with_the_app();
    let refusal = instance.execute_job("Gridlink: rest").unwrap_err();
    assert_eq!(refusal, "there is no active job Gridlink: rest");
    assert!(seeded().execute_job("Gridlink: test the connection").is_err());
    assert!(instance.take_due_events().is_empty());
}
