//! Journals: written, read by both ways, and entries with equal texts.

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk::{Desk, json_answer, refusal, result, with};
use super::{id, table};
use crate::domain::{SysId, Timestamp};
use crate::effect::Journal;
use crate::servicenow::{Author, Entry, Error, Flaw};

const NO_OVERLAP: Duration = Duration::ZERO;
const BEGIN: Timestamp = Timestamp::from_millis(0);

async fn incident(desk: &Desk) -> SysId {
    let fields = [("short_description".to_owned(), "x".to_owned())].into();
    desk.client.create(&table("incident"), &fields).await.unwrap().sys_id
}

#[tokio::test(start_paused = true)]
async fn entries_of_both_journals_come_in_one_query_since_a_time() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let sys_id = incident(&desk).await;
    for (journal, text) in [(Journal::Comments, "one"), (Journal::WorkNotes, "two")] {
        desk.client
            .append(&table("incident"), &sys_id, journal, text)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    let since = desk.clock.now();
    world.agent_comment(sys_id.as_str(), "three\nlines\n");
    let before = desk.calls().len();
    let entries = async |since, overlap| desk.client.entries(&sys_id, since, overlap).await.unwrap();
    let all = entries(BEGIN, NO_OVERLAP).await;
    assert_eq!(desk.calls().len() - before, 1);
    let told = all
        .iter()
        .map(|entry| (entry.journal, entry.text.as_str()))
        .collect::<Vec<_>>();
    let wanted = [
        (Journal::Comments, "one"),
        (Journal::WorkNotes, "two"),
        (Journal::Comments, "three\nlines\n"),
    ];
    assert_eq!(told, wanted);
    assert_eq!(
        all[0].author.login.as_deref(),
        Some(worlds::servicenow::INTEGRATION_USER)
    );
    assert_eq!(all[2].author.login.as_deref(), Some(worlds::servicenow::AGENT));
    assert_eq!(entries(since, NO_OVERLAP).await, all[2..]);
    assert_eq!(
        entries(since, Duration::from_secs(10)).await,
        all[1..],
        "both clocks may differ"
    );
    assert!(world.ignored().is_empty());
}

#[tokio::test(start_paused = true)]
async fn many_entries_of_one_second_are_read_over_several_pages() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let sys_id = incident(&desk).await;
    for number in 0..250 {
        world.write_as("admin", sys_id.as_str(), "comments", &number.to_string());
    }
    let entries = desk.client.entries(&sys_id, BEGIN, NO_OVERLAP).await.unwrap();
    let mut numbers = entries
        .iter()
        .map(|entry| entry.text.parse::<u32>().unwrap())
        .collect::<Vec<_>>();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..250).collect::<Vec<_>>());
    assert!(desk.calls().len() >= 4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn entries_with_equal_texts_stay_two(writes in prop::collection::vec((any::<bool>(), "[ab]", 0..2u64), 0..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (desk, _world) = Desk::world(worlds::ServiceNow::seeded);
            let sys_id = incident(&desk).await;
            let mut wanted = Vec::new();
            for (is_public, text, pause) in writes {
                let journal = if is_public { Journal::Comments } else { Journal::WorkNotes };
                desk.client.append(&table("incident"), &sys_id, journal, &text).await.unwrap();
                wanted.push((journal.field(), text));
                tokio::time::sleep(Duration::from_secs(pause)).await;
            }
            let entries = desk.client.entries(&sys_id, BEGIN, NO_OVERLAP).await.unwrap();
            let mut told = entries.iter().map(|entry| (entry.journal.field(), entry.text.clone())).collect::<Vec<_>>();
            told.sort();
            wanted.sort();
            assert_eq!(told, wanted);
            let mut ids = entries.iter().map(|entry| entry.sys_id.clone()).collect::<Vec<_>>();
            ids.sort();
            ids.dedup();
            assert_eq!(ids.len(), entries.len(), "each has a sys_id of its own");
        });
    }
}

/// The answer of the Case API to a request for activities.
fn stream(case: &SysId, entries: &[(u32, &str, &str, &str)]) -> Value {
    let entries = entries.iter().map(|(number, element, text, created)| {
        json!({"sys_created_on": created, "sys_created_on_adjusted": "2020-05-04 14:15:44", "sys_id": id(*number),
            "login_name": "John Jason", "user_sys_id": id(900), "initials": "JJ", "name": "John Jason", "value": text,
            "element": element, "field_label": "Additional comments", "contains_code": "false", "attachment": {}})
    });
    json!({"display_value": "CS0001401", "sys_id": case, "number": "CS0001401", "table": "sn_customerservice_case",
        "label": "Case", "entries": entries.collect::<Vec<_>>(), "journal_fields": [], "user_login": "admin"})
}

#[tokio::test(start_paused = true)]
async fn the_activity_stream_has_the_same_entries() {
    let case = id(1);
    let newest = stream(
        &case,
        &[
            (12, "work_notes", "note", "2026-11-23 08:00:02"),
            (13, "attachment", "", "2026-11-23 08:00:01"),
            (11, "comments", "hello", "2026-11-23 08:00:00"),
        ],
    );
    // An entry that is added meanwhile moves all positions: one comes twice.
    let older = stream(
        &case,
        &[
            (11, "comments", "hello", "2026-11-23 08:00:00"),
            (10, "comments", "hello", "2026-11-22 08:00:00"),
        ],
    );
    let over = stream(&case, &[]);
    let desk = Desk::scripted([newest, older, over].map(|stream| result(200, &stream)));
    let since = Timestamp::parse_rfc3339("2026-11-23T08:00:00Z").unwrap();
    let entries = desk.client.activities(&case, since, NO_OVERLAP).await.unwrap();
    let author = Author {
        login: Some("John Jason".to_owned()),
        name: Some("John Jason".to_owned()),
        sys_id: Some(id(900)),
    };
    let entry = |number: u32, journal, text: &str, seconds| Entry {
        sys_id: id(number),
        journal,
        author: author.clone(),
        created: since.after(Duration::from_secs(seconds)),
        text: text.to_owned(),
    };
    assert_eq!(
        entries,
        [
            entry(11, Journal::Comments, "hello", 0),
            entry(12, Journal::WorkNotes, "note", 2)
        ]
    );
    let calls = desk.calls();
    assert_eq!(calls[1].path, format!("/api/sn_customerservice/case/{case}/activities"));
    assert_eq!(calls[1].parameter("sysparm_activity_type"), Some("comments,work_notes"));
    assert_eq!(calls[1].parameter("sysparm_offset"), Some("100"));
}

#[tokio::test(start_paused = true)]
async fn the_activity_stream_is_distrusted_too() {
    let case = id(1);
    let other_table = json!({"sys_id": case, "table": "incident", "entries": []});
    let broken = stream(&case, &[(1, "comments", "x", "yesterday")]);
    let table = [
        (stream(&id(2), &[]), Flaw::AnotherRecord),
        (other_table, Flaw::AnotherTable),
        (broken, Flaw::Malformed("entries.sys_created_on".to_owned())),
    ];
    for (stream, wanted) in table {
        let desk = Desk::scripted([with(result(200, &stream), "x-total-count", "1")]);
        let error = desk.client.activities(&case, BEGIN, NO_OVERLAP).await.unwrap_err();
        let Error::Unusable { flaw, .. } = error else {
            panic!("{error}")
        };
        assert_eq!(flaw, wanted);
    }
    let desk = Desk::scripted([refusal(404, "No Record found", ""), json_answer(200, &json!({}))]);
    assert_eq!(
        desk.client
            .activities(&case, BEGIN, NO_OVERLAP)
            .await
            .unwrap_err()
            .status(),
        Some(404)
    );
    assert!(desk.client.activities(&case, BEGIN, NO_OVERLAP).await.is_err());
}
