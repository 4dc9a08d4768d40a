//! Reading by time: nothing is skipped and nothing comes twice, whatever is inserted meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk::{Desk, page};
use super::pages::{flaw, ids};
use super::{CITY, NAME, id, table};
use crate::domain::Timestamp;
use crate::servicenow::{Changes, Cursor, Field, Flaw, Query, Refused, Row, Select};

const MOD_COUNT: Field = Field::known("sys_mod_count");
const BEGIN: Cursor = Cursor {
    at: Timestamp::from_millis(0),
    after: None,
};

#[tokio::test(start_paused = true)]
async fn a_cursor_goes_past_rows_that_are_hidden_from_us() {
    let row = |number: u32, second: u32| json!({"sys_id": id(number), "sys_updated_on": format!("2026-11-23 08:00:{second:02}")});
    // Two pages of hidden rows, one row, and a hidden rest.
    let desk = Desk::scripted([
        page(&json!([]), 7),
        page(&json!([]), 7),
        page(&json!([row(5, 3)]), 7),
        page(&json!([]), 2),
    ]);
    let until = Timestamp::parse_rfc3339("2026-11-23T09:00:00Z").unwrap();
    let changes = desk
        .client
        .changes(&table("incident"), Query::new(), Select::default(), BEGIN, until);
    let mut changes = changes.unwrap().limited(2);
    assert_eq!(ids(&changes.next().await.unwrap().unwrap()), [id(5).to_string()]);
    assert_eq!(changes.next().await.unwrap(), None);
    assert_eq!(changes.cursor().after, Some(id(5)));
    let asked = desk.calls();
    let offsets = asked
        .iter()
        .map(|call| call.parameter("sysparm_offset"))
        .collect::<Vec<_>>();
    assert_eq!(offsets, [None, Some("2"), Some("4"), None]);
    let base = "sys_updated_on<=2026-11-23 09:00:00";
    let wanted = format!(
        "{base}^sys_updated_on>2026-11-23 08:00:03^NQ{base}^sys_updated_on=2026-11-23 08:00:03^sys_id>{}\
         ^ORDERBYsys_updated_on^ORDERBYsys_id",
        id(5)
    );
    assert_eq!(asked[3].parameter("sysparm_query"), Some(wanted.as_str()));
}

#[tokio::test(start_paused = true)]
async fn rows_out_of_order_would_be_skipped_and_are_refused() {
    let row = |number: u32, second: u32| json!({"sys_id": id(number), "sys_updated_on": format!("2026-11-23 08:00:{second:02}")});
    let at = Timestamp::parse_rfc3339("2026-11-23T08:00:02.9Z").unwrap();
    let ask = async |rows: Value, after| {
        let desk = Desk::scripted([page(&rows, 2)]);
        let cursor = Cursor { at, after };
        let until = at.after(Duration::from_secs(60));
        let changes = desk
            .client
            .changes(&table("incident"), Query::new(), Select::default(), cursor, until);
        changes.unwrap().next().await
    };
    assert!(ask(json!([row(1, 2), row(2, 2), row(1, 3)]), None).await.is_ok());
    for bad in [
        json!([row(1, 3), row(2, 2)]),
        json!([row(2, 2), row(1, 2)]),
        json!([row(1, 2), row(1, 2)]),
    ] {
        assert_eq!(flaw(ask(bad, None).await.unwrap_err()), Flaw::Unordered);
    }
    let before = flaw(ask(json!([row(2, 2)]), Some(id(2))).await.unwrap_err());
    assert!(matches!(before, Flaw::Widened { .. }), "{before:?}");
    let hidden = json!([{"sys_id": id(1)}]);
    assert_eq!(
        flaw(ask(hidden, None).await.unwrap_err()),
        Flaw::Missing("sys_updated_on".to_owned())
    );
    let ordered = Query::new().ordered_by(&NAME);
    let desk = Desk::scripted([]);
    let refused = desk
        .client
        .changes(&table("incident"), ordered, Select::default(), BEGIN, at);
    assert_eq!(refused.err(), Some(Refused::Ordered));
}

/// What happens between two pages.
#[derive(Debug, Clone)]
enum Step {
    /// So many rows in one second.
    Insert(usize),
    /// The n-th row changes.
    Change(usize),
    Wait(u64),
    Read,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..6usize).prop_map(Step::Insert),
        2 => (0..40usize).prop_map(Step::Change),
        2 => (1..4u64).prop_map(Step::Wait),
        5 => Just(Step::Read),
    ];
    prop::collection::vec(step, 1..40)
}

/// How long a row may be on its way before it is seen.
const SETTLED: Duration = Duration::from_secs(2);

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_row_is_skipped_or_repeated_whatever_comes_between_the_pages(steps in steps(), limit in 1..4u64) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let (desk, world) = Desk::world(worlds::ServiceNow::new);
            let companies = table("core_company");
            let mut cursor = BEGIN;
            let mut pass: Option<Changes<'_, Row>> = None;
            let mut seen = BTreeMap::<(String, String), usize>::new();
            let mut made = Vec::new();
            let end = [Step::Wait(3)].into_iter().chain(std::iter::repeat_n(Step::Read, 200));
            for step in steps.into_iter().chain(end) {
                match step {
                    Step::Insert(count) => made.extend((0..count).map(|_| world.insert("core_company", &[("name", "a")]))),
                    Step::Change(which) if !made.is_empty() => {
                        let city = format!("c{}", seen.len() + which);
                        world.update("core_company", &made[which % made.len()], &[("city", &city)]);
                    }
                    Step::Change(_) => {}
                    Step::Wait(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
                    Step::Read => {
                        let changes = pass.take().unwrap_or_else(|| {
                            let until = Timestamp::from_millis(desk.clock.now().millis() - SETTLED.as_millis() as i64);
                            let query = Query::new().and(NAME.equals("a").unwrap());
                            let select = Select::of([CITY, MOD_COUNT]);
                            let changes = desk.client.changes(&companies, query, select, cursor.clone(), until);
                            changes.unwrap().limited(limit)
                        });
                        let mut changes = changes;
                        let page = changes.next().await.unwrap();
                        cursor = changes.cursor().clone();
                        if let Some(rows) = page {
                            for row in rows {
                                let version = (row.text("sys_id").to_owned(), row.text("sys_mod_count").to_owned());
                                *seen.entry(version).or_default() += 1;
                            }
                            pass = Some(changes);
                        }
                    }
                }
            }
            assert!(seen.values().all(|times| *times == 1), "a version came twice: {seen:?}");
            for row in world.rows("core_company") {
                let latest = (row["sys_id"].clone(), row["sys_mod_count"].clone());
                assert!(seen.contains_key(&latest), "{latest:?} was skipped");
            }
            assert_eq!(world.ignored(), Vec::<String>::new());
        });
    }
}
