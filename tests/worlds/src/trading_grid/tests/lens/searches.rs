//! Searches in the manner of the queries that OpenText publishes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::trading_grid::lens::Entry;

#[tokio::test(start_paused = true)]
async fn a_search_without_an_argument_gives_the_newest() {
    let community = seeded();
    let query = "{ getTransactions { count total offset transactions { arrivaltime contentkeys { key } } } }";
    let (status, body) = post(&community, json!({ "query": query, "variables": "" })).await;
    let page = &body["data"]["getTransactions"];
    assert_eq!((status, &page["count"], &page["offset"]), (200, &json!(10), &json!(0)));
    let times: Vec<&str> = page["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["arrivaltime"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted_by(|one, other| one >= other), "{times:?}");
    assert_eq!(page["transactions"][0]["contentkeys"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn the_search_box_knows_its_operators() {
    let community = seeded();
    let all = total(&community, "").await;
    let of = async |query: &str| total(&community, &format!("query: {}", json!(query))).await;
    let failed = of("status:F").await;
    assert!(failed > 0 && failed == of("status:Failed").await && failed == of("meta.status:failed").await);
    assert_eq!(of("-status:F").await, all - failed);
    assert_eq!(of("NOT status:F").await, all - failed);
    assert_eq!(of("status:F OR status:S").await, failed + of("status:S").await);
    assert_eq!(of("status:(F OR S)").await, failed + of("status:S").await);
    assert_eq!(of("status:F AND status:S").await, 0);
    assert_eq!(of("status:F status:S").await, failed + of("status:S").await);
    assert_eq!(
        of("editype:810 AND -status:S").await,
        of("editype:810").await - of("editype:810 AND status:S").await
    );
    assert_eq!(of("editype:810 -status:S").await, of("editype:810 AND -status:S").await);
    assert_eq!(of("messagelevel:File").await * 2, all);
    assert_eq!(of("hub:NA").await, all);
    assert_eq!(of("nosuchfield:x").await, 0);
    assert_eq!(of("*").await, all);
    assert_eq!(of("").await, all);
    assert!(of("SYS* AND 850 AND DOCUMENT").await > 0);
    assert_eq!(
        of("SYS* AND 850 AND DOCUMENT").await,
        of("sys* and 850").await.min(of("SYS* AND 850 AND document").await)
    );
    // A colon ends a field name, so an address needs a wildcard or quotes.
    assert_eq!(of("ZZ:DEMORETAILER").await, 0);
    assert!(of("ZZ?DEMORETAILER").await > 0);
    assert_eq!(of("ZZ?DEMORETAILER").await, of("\"ZZ:DEMORETAILER\"").await);
    assert_eq!(of("ZZ?DEMORETAILER").await, of(r"ZZ\:DEMORETAILER").await);
    community.guess(|guesses| guesses.search_box_joins_with_and = true);
    assert_eq!(of("status:F status:S").await, 0);
}

#[tokio::test(start_paused = true)]
async fn opentexts_predicate_for_all_errors_finds_them() {
    let community = seeded();
    let predicate = "(status:F OR (deliverystatus:DeliveryFailed OR deliverystatus:PartiallyFailed OR \
        deliverystatus:PartiallyDelivered) OR meta.externalerrormessage:* OR meta.errorcode:* OR \
        (meta.errorcount:* AND -meta.errorcount:0))";
    let found = total(&community, &format!("query: {}", json!(predicate))).await;
    let expected = community_entries(|entry| {
        entry.status == Status::Failed
            || matches!(
                entry.value("deliverystatus"),
                Some("DeliveryFailed" | "PartiallyFailed" | "PartiallyDelivered")
            )
            || entry.value("errorcode").is_some()
            || entry.value("externalerrormessage").is_some()
    });
    assert_eq!(found, expected);
}

#[tokio::test(start_paused = true)]
async fn fields_filters_and_ranges_select() {
    let community = seeded();
    let partner = r#"fields: { should: [ { field: senderaddress query: "ZZ:DEMORETAILER" }
        { field: receiveraddress, query: "ZZ:DEMORETAILER" } ] }"#;
    let both = total(&community, partner).await;
    let sent = total(
        &community,
        r#"filters: { field: senderaddress, values: [{ value: "ZZ:DEMORETAILER" }] }"#,
    )
    .await;
    let received = total(
        &community,
        r#"fields: { must: { field: receiveraddress query: "ZZ:DEMORETAILER" } }"#,
    )
    .await;
    assert!(sent > 0 && received > 0 && both == sent + received);
    let without =
        r#"filters: [{ field: editype values: [{ not: true value: "997" } { not: true, value: "CONTRL" }] }]"#;
    let kinds = values(&community, without, "editype").await;
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| kind != "997" && kind != "CONTRL"));
    let present = r#"fields: { must: [{ field: errorcode query: "*" }] }"#;
    let codes = values(&community, present, "errorcode").await;
    assert!(codes.iter().all(Value::is_string) && codes.contains(&json!("-2")));
    let useful = format!(
        r#"{present} filters: [{{ field: errorcode values: [{{ not: true value: "-1" }} {{ not: true value: "-2" }} {{ not: true value: "-3" }}] }}]"#
    );
    let codes = values(&community, &useful, "errorcode").await;
    assert!(!codes.is_empty() && codes.iter().all(|code| !code.as_str().unwrap().starts_with('-')));
    let january = r#"ranges: { field: arrivaltime, from: "2025-01-01T00:00:00Z", to: "2025-02-01T00:00:00Z" }"#;
    let times = values(&community, january, "arrivaltime").await;
    assert!(times.len() > 100 && times.iter().all(|time| time.as_str().unwrap().starts_with("2025-01-")));
    let shifted =
        r#"ranges: [{ field: arrivaltime from: "2025-01-01T02:00:00+02:00" to: "2025-02-01T01:00:00+01:00" }]"#;
    assert_eq!(values(&community, shifted, "arrivaltime").await.len(), times.len());
    let acknowledged = total(
        &community,
        r#"ranges: { field: fastatusdate from: "2026-10-01T00:00:00Z" }"#,
    )
    .await;
    assert!(acknowledged > 0);
    let statuses = values(
        &community,
        r#"fields: { must: [{ field: status query: "Failed" }] }"#,
        "status",
    )
    .await;
    assert!(!statuses.is_empty() && statuses.iter().all(|status| status == "Failed"));
}

#[tokio::test(start_paused = true)]
async fn pages_follow_each_other_by_offset() {
    let community = seeded();
    let range = r#"ranges: { field: arrivaltime from: "2026-10-01T00:00:00Z" to: "2026-10-10T00:00:00Z" } sortby: { field: statusdate type: DESC }"#;
    let whole = values(&community, range, "transactionid").await;
    let mut pieced = Vec::new();
    while pieced.len() < whole.len() {
        let argument = format!("count: 37 offset: {} {range}", pieced.len());
        let page = page(&community, &argument, "transactionid").await;
        assert_eq!(
            (&page["total"], &page["offset"]),
            (&json!(whole.len()), &json!(pieced.len()))
        );
        pieced.extend(
            page["transactions"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["transactionid"].clone()),
        );
    }
    assert_eq!(pieced, whole);
    for wrong in ["count: 1001", "count: -1", "offset: -1", "count: 1000 offset: 9001"] {
        let body = search(&community, wrong, "transactionid").await;
        assert!(
            body["data"]["getTransactions"].is_null() && refused(&body).contains("must be"),
            "{wrong}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_scrolled_search_gives_the_next_thousand_each_time() {
    let community = seeded();
    let all = total(&community, "").await;
    assert!((1001..2000).contains(&all), "{all}");
    let scroll = async || {
        let page = page(
            &community,
            "scroll: true sortby: { field: arrivaltime type: ASC }",
            "transactionid",
        )
        .await;
        (
            page["count"].as_i64().unwrap(),
            page["scrollid"].as_str().unwrap().to_owned(),
        )
    };
    let first = scroll().await;
    let second = scroll().await;
    let end = scroll().await;
    assert_eq!((first.0, second.0, end.0), (1000, all - 1000, 0));
    assert_eq!(first.1, second.1);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_ne!(scroll().await.1, first.1, "after the end it begins again");
    // Another query has its own place, and a place is forgotten.
    assert_eq!(page(&community, "scroll: true", "transactionid").await["count"], 1000);
    tokio::time::advance(Duration::from_secs(301)).await;
    assert_eq!(page(&community, "scroll: true", "transactionid").await["count"], 1000);
    // Two clients do not take each other's pages.
    assert_eq!(
        page(&community, "scroll: true", "transactionid").await["count"],
        all - 1000
    );
}

#[tokio::test(start_paused = true)]
async fn arguments_may_be_variables() {
    let (community, correlation) = with_failed_order();
    let query = "query q($id: String!, $count: Int, $filters: [ContentKeyFilter!]) {
        getTransactions(query: { count: $count, contentKeyFilters: $filters,
            fields: { must: [{ field: correlationid, query: $id }] } }) { count total } }";
    let variables = json!({ "id": correlation, "count": 2, "filters": [] });
    let (_, body) = post(
        &community,
        json!({ "query": query, "variables": variables, "operationName": "q" }),
    )
    .await;
    assert_eq!(body["data"]["getTransactions"], json!({ "count": 2, "total": 4 }));
    let two = json!({ "query": "query a { getTransactions { total } } query b { getTransactions { count } }" });
    assert_eq!(post(&community, two).await.0, 400);
}

/// Times and correlation ids are looked up and not searched for: what is found is the same, also after changes.
#[tokio::test(start_paused = true)]
async fn what_is_looked_up_is_what_a_look_at_each_entry_finds() {
    let community = seeded();
    let entries = || community.state().lens.entries().all().cloned().collect::<Vec<_>>();
    let failed: BTreeSet<String> = entries()
        .iter()
        .filter(|entry| entry.status == Status::Failed)
        .map(|entry| entry.correlation_id().to_owned())
        .take(20)
        .collect();
    for correlation in &failed {
        community.set_status(correlation, Status::Delivered);
        community.acknowledge(correlation, Acknowledgement::Accepted);
    }
    let times = [
        "2023-03-01T00:00:00.000Z",
        "2025-01-10T12:00:00.000Z",
        "2026-10-10T00:00:00.000Z",
        "2026-11-22T10:00:00.000Z",
    ];
    for field in [
        "arrivaltime",
        "statusdate",
        "fastatusdate",
        "firstbytetimestamp",
        "lastbytetimestamp",
    ] {
        for (from, to) in times.iter().flat_map(|from| times.iter().map(move |to| (*from, *to))) {
            let is_within = |entry: &&Arc<Entry>| entry.value(field).is_some_and(|time| from <= time && time <= to);
            let expected = entries().iter().filter(is_within).count();
            let range = format!("ranges: {{ field: {field} from: \"{from}\" to: \"{to}\" }}");
            assert_eq!(
                total(&community, &range).await,
                i64::try_from(expected).unwrap(),
                "{range}"
            );
        }
    }
    for correlation in failed.iter().take(5) {
        community.purge_exchange(correlation);
    }
    assert!(
        entries()
            .iter()
            .all(|entry| !failed.iter().take(5).any(|purged| entry.correlation_id() == purged))
    );
    let everything = total(&community, "").await;
    assert_eq!(everything, i64::try_from(entries().len()).unwrap());
    for correlation in failed {
        let its = entries()
            .iter()
            .filter(|entry| entry.correlation_id() == correlation)
            .count();
        for asked in [
            correlation.clone(),
            correlation.to_uppercase(),
            format!("{}*", &correlation[..30]),
        ] {
            let must = format!("fields: {{ must: [{{ field: correlationid query: \"{asked}\" }}] }}");
            assert_eq!(total(&community, &must).await, i64::try_from(its).unwrap(), "{must}");
        }
    }
}

fn community_entries(wanted: fn(&Entry) -> bool) -> i64 {
    let entries = crate::trading_grid::seed::exchanges::all().all();
    i64::try_from(entries.filter(|entry| wanted(entry)).count()).unwrap()
}
