//! What OpenText tells of Lens beside its queries.

use std::time::Duration;

use super::*;
use crate::trading_grid::EntryError;

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
