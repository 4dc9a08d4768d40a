//! Paging: nothing is skipped, nothing comes twice, and a short page is no end.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::desk::{Desk, page, result, with};
use super::{NAME, STATE, id, table};
use crate::servicenow::{Display, Error, Field, Flaw, Query, Row, Select};

fn rows(numbers: std::ops::Range<u32>) -> Value {
    numbers
        .map(|number| json!({"sys_id": id(number), "name": "a"}))
        .collect()
}

pub(super) fn ids(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.text("sys_id").to_owned()).collect()
}

pub(super) fn flaw(error: Error) -> Flaw {
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
    let case = world.rows("sn_customerservice_case").remove(0);
    let mut users = world.rows("sys_user").into_iter();
    let us = users.find(|user| user["user_name"] == worlds::servicenow::INTEGRATION_USER);
    let us = us.expect("the integration has a user");
    world.update("sys_user", &us["sys_id"], &[("time_zone", "Europe/Berlin")]);
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
