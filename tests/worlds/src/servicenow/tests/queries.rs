use serde_json::Value;

use super::{ask, body_json, get, seeded};
use crate::servicenow::{RowOrder, ServiceNow};

/// The short descriptions that a query finds, in the order of the answer.
async fn found(instance: &ServiceNow, query: &str) -> Vec<String> {
    let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let path = format!("/api/now/table/incident?sysparm_query={encoded}&sysparm_fields=short_description");
    let rows = get(instance, &path).await;
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| row["short_description"].as_str().unwrap().to_owned())
        .collect()
}

fn instance() -> ServiceNow {
    let instance = ServiceNow::new(crate::Clock::starting_at(time::macros::datetime!(2026-11-22 10:00 UTC)));
    let company = instance.insert("core_company", &[("name", "Northwind"), ("u_trading_grid_id", "GC1")]);
    for (name, impact, correlation, company) in [
        ("Alpha", "1", "k-1", company.as_str()),
        ("beta", "2", "k-2", ""),
        ("gamma", "3", "", ""),
    ] {
        let fields = [
            ("short_description", name),
            ("impact", impact),
            ("urgency", "3"),
            ("correlation_id", correlation),
            ("company", company),
        ];
        instance.insert("incident", &fields);
    }
    instance.guess(|guesses| guesses.row_order = RowOrder::Insertion);
    instance
}

#[tokio::test(start_paused = true)]
async fn every_operator_finds_what_it_says() {
    let instance = instance();
    let all = ["Alpha", "beta", "gamma"].as_slice();
    let cases: [(&str, &[&str]); 27] = [
        ("", all),
        ("short_description=beta", &["beta"]),
        ("short_description=ALPHA", &["Alpha"]),
        ("short_description!=beta", &["Alpha", "gamma"]),
        ("impact>1", &["beta", "gamma"]),
        ("impact>=2", &["beta", "gamma"]),
        ("impact<2", &["Alpha"]),
        ("impact<=2", &["Alpha", "beta"]),
        ("short_descriptionINAlpha,gamma,delta", &["Alpha", "gamma"]),
        ("short_descriptionNOT INAlpha,gamma", &["beta"]),
        ("short_descriptionLIKEam", &["gamma"]),
        ("short_descriptionNOT LIKEam", &["Alpha", "beta"]),
        ("short_descriptionSTARTSWITHal", &["Alpha"]),
        ("short_descriptionENDSWITHta", &["beta"]),
        ("impactBETWEEN2@3", &["beta", "gamma"]),
        ("correlation_idISEMPTY", &["gamma"]),
        ("correlation_id=", &["gamma"]),
        ("correlation_idISNOTEMPTY", &["Alpha", "beta"]),
        ("company.u_trading_grid_id=GC1", &["Alpha"]),
        ("short_description=Alpha^ORshort_description=beta^impact=2", &["beta"]),
        ("impact=1^NQshort_description=gamma", &["Alpha", "gamma"]),
        ("impact=1^correlation_id=k-2", &[]),
        ("ORDERBYDESCshort_description", &["gamma", "beta", "Alpha"]),
        ("impact>1^ORDERBYDESCimpact", &["gamma", "beta"]),
        ("ORDERBYimpact^short_descriptionLIKEa", &["Alpha", "beta", "gamma"]),
        ("sys_created_on>=2026-11-22 10:00:00", all),
        ("sys_created_on>2026-11-22 10:00:00^EQ", &[]),
    ];
    for (query, expected) in cases {
        assert_eq!(found(&instance, query).await, expected, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_are_compared_as_numbers() {
    let instance = instance();
    let id = instance.rows("incident")[0]["sys_id"].clone();
    for count in 0..10 {
        instance.update("incident", &id, &[("description", &count.to_string())]);
    }
    assert_eq!(found(&instance, "sys_mod_count>9").await, ["Alpha"]);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_part_is_ignored_or_finds_nothing() {
    let instance = instance();
    assert_eq!(found(&instance, "AAAA=BBBB^short_description=beta").await, ["beta"]);
    assert_eq!(found(&instance, "nonsense=1^short_description=beta").await, ["beta"]);
    assert_eq!(found(&instance, "short_description~beta").await.len(), 3);
    assert_eq!(
        found(&instance, "short_description=javascript:gs.sleep(9)").await.len(),
        3
    );
    assert_eq!(instance.ignored().len(), 4);
    instance.set_property("glide.invalid_query.returns_no_rows", "true");
    assert_eq!(found(&instance, "AAAA=BBBB^short_description=beta").await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_caret_in_a_value_starts_a_new_condition() {
    let instance = instance();
    assert_eq!(found(&instance, "short_description=none^NQimpact=1").await, ["Alpha"]);
}

#[tokio::test(start_paused = true)]
async fn a_script_for_the_own_user_is_evaluated() {
    let instance = instance();
    assert_eq!(found(&instance, "opened_by=javascript:gs.getUserID()").await.len(), 0);
    assert_eq!(found(&instance, "opened_by!=javascript:gs.getUserID()").await.len(), 3);
    assert!(instance.ignored().is_empty());
}

#[tokio::test(start_paused = true)]
async fn plain_filters_work_without_a_query() {
    let rows = get(
        &seeded(),
        "/api/now/table/sys_user?user_name=admin&active=true&sysparm_limit=5",
    )
    .await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn text_may_be_told_apart_by_case() {
    let instance = instance();
    instance.guess(|guesses| guesses.text_ignores_case = false);
    assert_eq!(found(&instance, "short_description=ALPHA").await.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn rows_come_by_key_unless_ordered() {
    let instance = seeded();
    let rows = get(&instance, "/api/now/table/sys_user_group?sysparm_fields=sys_id").await;
    let ids: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["sys_id"]).collect();
    assert!(ids.is_sorted_by_key(|id| id.as_str()));
}

#[tokio::test(start_paused = true)]
async fn a_page_says_the_total_and_where_the_others_are() {
    let instance = instance();
    let path = "/api/now/table/incident?sysparm_query=ORDERBYnumber&sysparm_limit=1&sysparm_offset=1";
    let response = ask(&instance, "GET", path, None).await;
    assert_eq!(response.headers()["x-total-count"], "3");
    assert_eq!(body_json(&response)["result"][0]["short_description"], "beta");
    let url = "https://servicenow.example/api/now/table/incident?sysparm_query=ORDERBYnumber&sysparm_limit=1";
    let expected = [(0, "first"), (0, "prev"), (2, "next"), (2, "last")]
        .map(|(offset, rel)| format!("<{url}&sysparm_offset={offset}>;rel=\"{rel}\""));
    assert_eq!(response.headers()["link"].to_str().unwrap(), expected.join(","));
    let last = ask(
        &instance,
        "GET",
        "/api/now/table/incident?sysparm_limit=2&sysparm_offset=2",
        None,
    )
    .await;
    assert!(!last.headers()["link"].to_str().unwrap().contains("next"));
    let path = "/api/now/table/incident?sysparm_no_count=true&sysparm_suppress_pagination_header=true";
    let bare = ask(&instance, "GET", path, None).await;
    assert!(!bare.headers().contains_key("link") && !bare.headers().contains_key("x-total-count"));
    let negative = ask(&instance, "GET", "/api/now/table/incident?sysparm_offset=-1", None).await;
    assert_eq!(negative.status().as_u16(), 400);
}
