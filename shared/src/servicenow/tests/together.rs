//! What is read and written together, in one round trip.

use std::time::Duration;

use serde_json::{Value, json};

use super::batches::{batch, found, item, sent};
use super::desk::{Desk, page, refusal, result};
use super::{STATE, id, table};
use crate::domain::Timestamp;
use crate::effect::Journal;
use crate::servicenow::{Select, Snapshot};

/// Reads incident 1 with two entries and one file; `desk` has an instance with them.
pub(super) async fn reads_all_of_it(desk: &Desk) -> Snapshot {
    let (incident, select) = (table("incident"), Select::of([STATE]));
    let since = Timestamp::from_millis(0);
    let snapshot = desk
        .client
        .snapshot(&incident, &id(1), &select, since, Duration::ZERO)
        .await
        .unwrap();
    assert_eq!(snapshot.row.as_ref().map(|row| row.text("state")), Some("1"));
    let entries = snapshot
        .entries
        .iter()
        .map(|entry| (entry.journal, entry.text.as_str()))
        .collect::<Vec<_>>();
    assert_eq!(entries, [(Journal::Comments, "hello"), (Journal::WorkNotes, "note")]);
    let files = snapshot
        .attachments
        .iter()
        .map(|file| file.file_name.as_str())
        .collect::<Vec<_>>();
    assert_eq!(files, ["a.txt"]);
    snapshot
}

fn entry(number: u32, element: &str, text: &str) -> Value {
    json!({"sys_id": id(number), "element_id": id(1), "element": element, "value": text,
        "sys_created_on": "2026-11-23 08:00:00", "sys_created_by": "maria.santos"})
}

fn file() -> Value {
    json!({"sys_id": id(20), "table_sys_id": id(1), "table_name": "incident", "file_name": "a.txt", "size_bytes": "5"})
}

#[tokio::test(start_paused = true)]
async fn a_record_and_all_that_was_added_to_it_come_in_one_round_trip() {
    let entries = json!([entry(10, "comments", "hello"), entry(11, "work_notes", "note")]);
    let parts = [found(1), page(&entries, 2), page(&json!([file()]), 1)];
    let parts = parts
        .iter()
        .enumerate()
        .map(|(number, part)| item(number, part))
        .collect();
    let desk = Desk::scripted([batch(parts, &[])]);
    reads_all_of_it(&desk).await;
    let items = sent(&desk.calls()[0]);
    assert!(
        items[1].1.starts_with("/api/now/v2/table/sys_journal_field?"),
        "{}",
        items[1].1
    );
    assert!(
        items[2]
            .1
            .starts_with("/api/now/attachment?sysparm_query=table_sys_id%3D"),
        "{}",
        items[2].1
    );
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_into_the_round_trip_is_read_after_it() {
    let parts = [
        found(1),
        page(&json!([entry(10, "comments", "hello")]), 200),
        page(&json!([]), 101),
    ];
    let parts = parts
        .iter()
        .enumerate()
        .map(|(number, part)| item(number, part))
        .collect();
    let rest = page(&json!([entry(11, "work_notes", "note")]), 1);
    let desk = Desk::scripted([batch(parts, &[]), rest, page(&json!([file()]), 101)]);
    reads_all_of_it(&desk).await;
    let calls = desk.calls();
    assert!(
        calls[1]
            .parameter("sysparm_query")
            .unwrap()
            .contains(&format!("sys_id>{}", id(10)))
    );
    assert_eq!(calls[2].parameter("sysparm_offset"), Some("100"));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_takes_no_batches_is_asked_one_by_one() {
    let entries = json!([entry(10, "comments", "hello"), entry(11, "work_notes", "note")]);
    let desk = Desk::scripted([
        refusal(403, "Batch is not for you", ""),
        found(1),
        page(&entries, 2),
        page(&json!([file()]), 1),
    ]);
    reads_all_of_it(&desk).await;
    assert_eq!(desk.calls().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn the_comments_of_a_new_case_are_written_in_one_round_trip_and_told_one_by_one() {
    let written = result(200, &json!({"sys_id": id(1)}));
    let parts = vec![item(0, &written), item(2, &refusal(403, "Failed", ""))];
    let desk = Desk::scripted([batch(parts, &[1])]);
    let texts = [
        (Journal::Comments, "one"),
        (Journal::Comments, "two"),
        (Journal::WorkNotes, "three"),
    ];
    let append = async |texts: &[(Journal, &str)]| desk.client.append_all(&table("incident"), &id(1), texts).await;
    let outcomes = append(&texts).await.unwrap();
    let told = outcomes.iter().map(|outcome| {
        outcome
            .as_ref()
            .err()
            .map(|error| (error.is_unsent(), error.is_refusal()))
    });
    assert_eq!(
        told.collect::<Vec<_>>(),
        [None, Some((true, false)), Some((false, true))]
    );
    let bodies = sent(&desk.calls()[0])
        .into_iter()
        .map(|item| item.3.unwrap())
        .collect::<Vec<_>>();
    assert_eq!(
        bodies,
        [
            json!({"comments": "one"}),
            json!({"comments": "two"}),
            json!({"work_notes": "three"})
        ]
    );
    assert!(append(&[]).await.unwrap().is_empty());
    let alone = Desk::scripted([written]);
    let outcomes = alone
        .client
        .append_all(&table("incident"), &id(1), &texts[..1])
        .await
        .unwrap();
    assert!(outcomes.len() == 1 && outcomes[0].is_ok());
    assert_eq!(alone.calls()[0].method.as_str(), "PATCH", "one alone needs no batch");
}
