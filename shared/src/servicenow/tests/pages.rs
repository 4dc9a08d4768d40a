//! Paging: nothing is skipped, nothing comes twice, and a short page is no end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk::{Desk, page, result, with};
use super::{CITY, NAME, STATE, id, table};
use crate::domain::Timestamp;
use crate::servicenow::{Changes, Cursor, Error, Field, Flaw, Query, Refused, Row, Select};

const MOD_COUNT: Field = Field::known("sys_mod_count");
const BEGIN: Cursor = Cursor {
    at: Timestamp::from_millis(0),
    after: None,
};

fn rows(numbers: std::ops::Range<u32>) -> Value {
    numbers
        .map(|number| json!({"sys_id": id(number), "name": "a"}))
        .collect()
}

fn ids(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.text("sys_id").to_owned()).collect()
}

fn flaw(error: Error) -> Flaw {
    match error {
        Error::Unusable { flaw, .. } => flaw,
        other => panic!("{other}"),
    }
}

#[tokio::test(start_paused = true)]
async fn paging_goes_on_over_short_and_empty_pages_until_the_instance_says_that_it_is_over() {
    let next = |offset: u32| format!("<https://other.example/x?sysparm_offset={offset}&sysparm_limit=2>;rel=\"next\"");
    let linked = |rows: Value, offset| with(result(200, &rows), "link", &next(offset));
    let last = "<https://other.example/x?sysparm_offset=0>;rel=\"first\"";
    let desk = Desk::scripted([
        linked(rows(0..1), 2),
        linked(json!([]), 4),
        page(&rows(4..6), 7),
        with(result(200, &rows(6..7)), "link", last),
    ]);
    let pages = desk
        .client
        .find(&table("sys_user_group"), Query::new(), Select::of([NAME]))
        .unwrap()
        .limited(2);
    let all = pages.all(100).await.unwrap();
    assert_eq!(ids(&all), [0, 4, 5, 6].map(|number| id(number).to_string()));
    let calls = desk.calls();
    let offsets = calls
        .iter()
        .map(|call| call.parameter("sysparm_offset"))
        .collect::<Vec<_>>();
    assert_eq!(offsets, [None, Some("2"), Some("4"), Some("6")]);
    for call in calls {
        assert_eq!(
            call.path, "/api/now/v2/table/sys_user_group",
            "links name another host and are not followed"
        );
        assert_eq!(call.parameter("sysparm_limit"), Some("2"));
        assert_eq!(
            call.parameter("sysparm_query"),
            Some("ORDERBYsys_id"),
            "pages need an order"
        );
        assert_eq!(call.parameter("sysparm_fields"), Some("sys_id,name"));
    }
}

#[tokio::test(start_paused = true)]
async fn paging_that_cannot_be_trusted_stops() {
    let find = async |answers: Vec<http::Response<bytes::Bytes>>| {
        let desk = Desk::scripted(answers);
        let pages = desk
            .client
            .find(&table("sys_user_group"), Query::new(), Select::of([NAME]))
            .unwrap();
        flaw(pages.limited(2).all(3).await.unwrap_err())
    };
    assert_eq!(find(vec![result(200, &rows(0..2))]).await, Flaw::NoPaging);
    let back = "<https://i/x?sysparm_offset=0>;rel=\"next\"";
    assert_eq!(
        find(vec![with(result(200, &rows(0..2)), "link", back)]).await,
        Flaw::Stuck
    );
    let many = vec![page(&rows(0..2), 9), page(&rows(2..4), 9)];
    assert_eq!(find(many).await, Flaw::TooMuch(3));
}

#[tokio::test(start_paused = true)]
async fn all_rows_of_a_large_table_are_found_once() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let pages = desk
        .client
        .find(&table("sys_dictionary"), Query::new(), Select::of([NAME]))
        .unwrap()
        .limited(37);
    let found = ids(&pages.all(100_000).await.unwrap());
    let wanted = world
        .rows("sys_dictionary")
        .iter()
        .map(|row| row["sys_id"].clone())
        .collect::<BTreeSet<_>>();
    assert_eq!((found.len(), wanted.len() > 4 * 37), (wanted.len(), true));
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), wanted);
}

#[tokio::test(start_paused = true)]
async fn dot_walks_and_display_values_come_as_asked_for() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let select = |display| {
        let fields = [
            "number",
            "state",
            "company",
            "company.name",
            "opened_at",
            "company.nonsense",
        ];
        Select::of(fields.map(Field::known)).display(display)
    };
    use crate::servicenow::Display;
    let case = world.rows("sn_customerservice_case").remove(0);
    let sys_id = case["sys_id"].parse().unwrap();
    let read = async |display| {
        let row = desk
            .client
            .read(&table("sn_customerservice_case"), &sys_id, &select(display))
            .await;
        row.unwrap().unwrap()
    };
    let stored = read(Display::Stored).await;
    assert_eq!((stored.text("state"), stored.display("state")), ("10", None));
    assert_eq!(
        (stored.text("company.name"), stored.get("company.nonsense")),
        ("Northwind Components", None)
    );
    let shown = read(Display::Shown).await;
    assert_eq!(
        (shown.get("company"), shown.display("company")),
        (None, Some("Northwind Components"))
    );
    let both = read(Display::Both).await;
    assert_eq!(both.get("company"), Some(case["company"].as_str()));
    assert_eq!(both.display("company"), Some("Northwind Components"));
    assert_ne!(
        both.display("opened_at"),
        both.get("opened_at"),
        "people see their own time"
    );
    // A search checks its rows by stored values, whatever is shown.
    let query = Query::new().and(STATE.equals("10").unwrap());
    let found = desk
        .client
        .find(&table("sn_customerservice_case"), query, select(Display::Shown))
        .unwrap();
    assert_eq!(found.all(10).await.unwrap().len(), 1);
}

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
