//! Lens: the queries that OpenText shows, the quirks that it tells of, and hostile ones.

use std::time::Duration;

use super::*;
use crate::trading_grid::lens::{Entry, Status};
use crate::trading_grid::{Acknowledgement, EntryError, ExchangeSeed};

async fn post(community: &TradingGrid, body: Value) -> (u16, Value) {
    let request = Request::post("/visibility_transaction_search")
        .header("authorization", bearer(community).await)
        .header("content-type", "application/json");
    let response = community.call(request.body(full(body.to_string())).unwrap()).await;
    (response.status().as_u16(), body_json(&response))
}

/// Runs a search with this argument and these fields; it must be carried out.
async fn search(community: &TradingGrid, argument: &str, fields: &str) -> Value {
    let query = format!(
        "query mine {{ getTransactions(query: {{ {argument} }}) {{ count total offset scrollid transactions {{ {fields} }} }} }}"
    );
    let (status, body) = post(community, json!({ "query": query, "variables": {} })).await;
    assert_eq!(status, 200, "{argument}: {body}");
    body
}

/// The page of a search without errors.
async fn page(community: &TradingGrid, argument: &str, fields: &str) -> Value {
    let body = search(community, argument, fields).await;
    assert_eq!(body.get("errors"), None, "{argument}");
    body["data"]["getTransactions"].clone()
}

async fn total(community: &TradingGrid, argument: &str) -> i64 {
    page(community, argument, "transactionid").await["total"]
        .as_i64()
        .unwrap()
}

/// Every value of a field over a whole search.
async fn values(community: &TradingGrid, argument: &str, field: &str) -> Vec<Value> {
    let page = page(community, &format!("count: 1000 {argument}"), field).await;
    page["transactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[field].clone())
        .collect()
}

fn refused(body: &Value) -> &str {
    body["errors"][0]["message"].as_str().unwrap()
}

/// A community that knows only one failed order of Northwind.
fn with_failed_order() -> (TradingGrid, String) {
    let community = TradingGrid::new(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)));
    let mut seed = ExchangeSeed::new("01:147678796", "ZZ:NORTHWIND", "850").key("purchase order number", "CV100");
    seed.status = Status::Failed;
    seed.acknowledgement = Some(Acknowledgement::Rejected);
    let correlation = community.add_exchange(seed);
    (community, correlation)
}

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

fn community_entries(wanted: fn(&Entry) -> bool) -> i64 {
    let entries = crate::trading_grid::seed::exchanges::all();
    i64::try_from(entries.iter().filter(|entry| wanted(entry)).count()).unwrap()
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
async fn content_keys_are_shown_only_to_who_asks_for_them() {
    let (community, _) = with_failed_order();
    let fields = r#"transactionlevel contentkeys(names: ["purchase order number" "invoice number"]) { key value }"#;
    let hidden = page(&community, "", fields).await;
    assert!(
        hidden["transactions"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["contentkeys"].is_null())
    );
    let sorted = "sortby: { field: transactionlevel type: ASC }";
    let shown = page(&community, &format!("contentKeyFilters: [] {sorted}"), fields).await;
    let key = json!([{ "key": "purchase order number", "value": "CV100" }]);
    assert_eq!(shown["transactions"][0]["contentkeys"], key);
    assert_eq!(
        shown["transactions"][3],
        json!({ "transactionlevel": "File", "contentkeys": [] })
    );
    for (value, count) in [("CV*", 2), ("cv100", 2), ("CV", 0), ("*", 2)] {
        let filter = format!(r#"contentKeyFilters: [{{ key: "purchase order number" value: "{value}" }}]"#);
        assert_eq!(total(&community, &filter).await, count, "{value}");
    }
    assert_eq!(
        total(
            &community,
            r#"contentKeyFilters: { key: "invoice number" value: "CV*" }"#
        )
        .await,
        0
    );
    let all = page(
        &community,
        "contentKeyFilters: []",
        r#"contentkeys(names: ["*"]) { key }"#,
    )
    .await;
    assert!(all.to_string().contains("document control number"));
}

#[tokio::test(start_paused = true)]
async fn the_telling_message_is_on_another_entry_of_the_exchange() {
    let (community, correlation) = with_failed_order();
    let document = page(
        &community,
        r#"query: "status:F AND messagelevel:Document""#,
        "correlationid errorcode externalerrormessage fastatus fastatusdate",
    )
    .await;
    let row = &document["transactions"][0];
    assert_eq!(
        (&row["errorcode"], &row["externalerrormessage"]),
        (&json!("-2"), &Value::Null)
    );
    assert_eq!(
        (&row["fastatus"], &row["fastatusdate"]),
        (&json!("Rejected"), &json!("2026-11-22T10:30:00.000Z"))
    );
    let argument = format!(
        r#"fields: {{ must: [{{ field: correlationid query: "{correlation}" }}, {{ field: externalerrormessage query: "*" }}] }}"#
    );
    let told = page(&community, &argument, "transactionlevel externalerrormessage errortype").await;
    assert_eq!(
        (&told["total"], &told["transactions"][0]["transactionlevel"]),
        (&json!(1), &json!("File"))
    );
    assert!(told.to_string().contains("no MDN came"));
}

#[tokio::test(start_paused = true)]
async fn statuses_are_asked_by_code_and_answered_as_text() {
    let (community, correlation) = with_failed_order();
    for status in Status::ALL {
        community.set_status(&correlation, status);
        for text in [status.code(), status.text(), status.words()] {
            let argument = format!(r#"fields: {{ must: [{{ field: status query: "{text}" }}] }}"#);
            let rows = values(&community, &argument, "status").await;
            assert!(rows.contains(&json!(status.text())), "{text}: {rows:?}");
        }
    }
    community.set_status(&correlation, Status::OnHold);
    community.guess(|guesses| guesses.lens_statuses_are_one_word = false);
    let rows = values(&community, r#"query: "status:H""#, "status").await;
    assert_eq!(rows, [json!("On Hold"), json!("On Hold")]);
    for acknowledgement in Acknowledgement::ALL {
        community.acknowledge(&correlation, acknowledgement);
        let argument = format!(r#"query: "fastatus:{}""#, acknowledgement.code());
        assert_eq!(total(&community, &argument).await, 1, "{acknowledgement:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_acknowledgement_received_is_null_with_a_warning() {
    let (community, correlation) = with_failed_order();
    community.acknowledge(&correlation, Acknowledgement::Received);
    let body = search(&community, r#"query: "fastatus:C""#, "transactionid fastatus").await;
    let row = &body["data"]["getTransactions"]["transactions"][0];
    assert!(row["transactionid"].is_string() && row["fastatus"].is_null());
    assert_eq!(
        body["errors"][0]["path"],
        json!(["getTransactions", "transactions", 0, "fastatus"])
    );
}

#[tokio::test(start_paused = true)]
async fn a_denied_field_is_an_error_beside_partial_data() {
    let (community, _) = with_failed_order();
    for (field, message) in [
        (
            "fourthcornerdate",
            "User not authorized to access field fourthcornerdate",
        ),
        ("receiverorgid", "User not authorized to access field receiverorgid"),
        ("senderorgid(role: \"BUYER\")", "user.hasRole is not a function"),
        ("firstcornerdate", "user.hasRole is not a function"),
        ("sourceprocesstransaction", "User not authorized"),
        ("payloads { name }", "Validation error"),
        ("tertiarykeys(keys: [\"x\"]) { key }", "Validation error"),
    ] {
        let body = search(&community, "count: 1", &format!("transactionid {field}")).await;
        assert_eq!((refused(&body), body["errors"].as_array().unwrap().len()), (message, 1));
        assert!(body["data"]["getTransactions"]["transactions"][0]["transactionid"].is_string());
    }
    let nothing = page(
        &community,
        "",
        "clientvalues(names: [\"*\"]) { key value } processingtime servicetype",
    )
    .await;
    assert!(
        nothing["transactions"][0]
            .as_object()
            .unwrap()
            .values()
            .all(Value::is_null)
    );
    community.deny_lens_fields(&["externalerrormessage"]);
    let body = search(&community, "", "transactionid externalerrormessage").await;
    assert_eq!(body["errors"].as_array().unwrap().len(), 4);
    assert_eq!(
        refused(&body),
        "User not authorized to access field externalerrormessage"
    );
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

#[tokio::test(start_paused = true)]
async fn a_query_that_cannot_be_carried_out_is_refused() {
    let community = seeded();
    let deep = format!("{{ getTransactions {} }}", "{ transactions ".repeat(200));
    let long = format!(
        "{{ getTransactions(query: {{ query: {} }}) {{ total }} }}",
        json!("x".repeat(300_000))
    );
    for query in [
        "{ getTransactions { total",
        "{ getTransaction { total } }",
        "{ getTransactions { transactions { nosuchfield } } }",
        "{ getTransactions { transactions } }",
        "{ getTransactions(query: { fields: { must: [{ field: nosuchfield query: \"x\" }] } }) { total } }",
        "{ getTransactions(query: { fields: { must: [{ field: \"status\" query: \"x\" }] } }) { total } }",
        "{ getTransactions(query: { count: \"10\" }) { total } }",
        "{ getTransactions(query: { nosuchargument: 1 }) { total } }",
        "{ getTransactions { transactions { receiverorgid(role: [\"BOB\"]) } } }",
        "mutation { resubmit { total } }",
        "",
        &deep,
        &long,
    ] {
        let (status, body) = post(&community, json!({ "query": query })).await;
        assert_eq!((status, body.get("data")), (400, None), "{query:.60}");
        assert!(!refused(&body).is_empty());
    }
    assert_eq!(post(&community, json!({ "variables": {} })).await.0, 400);
    assert_eq!(
        post(
            &community,
            json!({ "query": "{ getTransactions { total } }", "variables": [] })
        )
        .await
        .0,
        400
    );
    community.guess(|guesses| guesses.lens_invalid_query_status = 200);
    assert_eq!(post(&community, json!({ "query": "{ x }" })).await.0, 200);
    for wrong in [
        "(",
        "a AND",
        "OR a",
        "a OR",
        "status:",
        "\"open",
        "a) b",
        "status:a:b",
        "AND",
    ] {
        let body = search(&community, &format!("query: {}", json!(wrong)), "transactionid").await;
        assert!(refused(&body).starts_with("Failed to parse query"), "{wrong}");
    }
    let nested = format!("{}x{}", "(".repeat(100), ")".repeat(100));
    assert!(refused(&search(&community, &format!("query: {}", json!(nested)), "type").await).contains("nested"));
    for range in ["status", "insize"] {
        let argument = format!("ranges: {{ field: {range} from: \"2025-01-01T00:00:00Z\" }}");
        assert!(refused(&search(&community, &argument, "type").await).contains("takes no range"));
    }
    let undated = search(
        &community,
        "ranges: { field: arrivaltime from: \"2025-01-01\" }",
        "type",
    )
    .await;
    assert!(refused(&undated).contains("not a date and time"));
}

#[tokio::test(start_paused = true)]
async fn only_post_with_a_token_is_served_and_the_schema_stays_unknown() {
    let community = seeded();
    let request = Request::post("/visibility_transaction_search")
        .body(full("{}"))
        .unwrap();
    let nobody = community.call(request).await;
    assert_eq!(nobody.status().as_u16(), 401);
    assert!(body_json(&nobody)["fault"].is_object());
    let request = Request::get("/visibility_transaction_search").header("authorization", bearer(&community).await);
    let get = community.call(request.body(full("")).unwrap()).await;
    assert_eq!(
        (get.status().as_u16(), &get.headers()["allow"]),
        (405, &http::HeaderValue::from_static("POST"))
    );
    let introspection = json!({ "query": "{ __schema { types { name } } }" });
    let (_, body) = post(&community, introspection.clone()).await;
    assert!(!refused(&body).is_empty());
    community.guess(|guesses| guesses.lens_allows_introspection = true);
    assert!(post(&community, introspection).await.1["data"]["__schema"]["types"].is_array());
}

#[tokio::test(start_paused = true)]
async fn sizes_are_texts_unless_a_guess_says_numbers() {
    let (community, _) = with_failed_order();
    let size = page(&community, "", "insize").await["transactions"][0]["insize"].clone();
    assert!(size.is_string());
    community.guess(|guesses| guesses.lens_sizes_are_numbers = true);
    assert_eq!(
        page(&community, "", "insize").await["transactions"][0]["insize"].to_string(),
        size.as_str().unwrap()
    );
}

#[tokio::test(start_paused = true)]
async fn an_exchange_that_fails_later_is_found_by_its_new_status_date() {
    let community = seeded();
    let correlation = community.add_exchange(ExchangeSeed::new("ZZ:NORTHWIND", "01:147678796", "856"));
    tokio::time::advance(Duration::from_secs(3600)).await;
    let window = r#"ranges: { field: statusdate from: "2026-11-22T10:55:00Z" to: "2026-11-22T11:05:00Z" }"#;
    assert_eq!(total(&community, window).await, 0);
    community.set_status(&correlation, Status::Failed);
    assert_eq!(
        values(&community, window, "correlationid").await,
        [json!(correlation), json!(correlation)]
    );
}

#[tokio::test(start_paused = true)]
async fn an_error_of_ones_own_is_told_as_given() {
    let community = seeded();
    let mut seed = ExchangeSeed::new("ZZ:NORTHWIND", "01:147678796", "856");
    seed.status = Status::ValidationError;
    seed.error = Some(EntryError {
        code: "7777".to_owned(),
        kind: "Validation".to_owned(),
        message: "Quantity 3 differs".to_owned(),
    });
    let correlation = community.add_exchange(seed);
    let entries = community.exchange(&correlation);
    assert_eq!(entries.len(), 2, "it never left");
    assert_eq!(
        (&entries[0]["errorcode"], &entries[0]["externalerrormessage"]),
        (&json!("7777"), &json!("Quantity 3 differs"))
    );
    assert_eq!(
        (&entries[0]["sendername"], &entries[0]["receivername"]),
        (&json!("Northwind Components"), &json!("Meridian Manufacturing"))
    );
}
