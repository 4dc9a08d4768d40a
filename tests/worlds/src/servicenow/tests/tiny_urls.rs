use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, body_json, get, incident, seeded};
use crate::servicenow::ServiceNow;

async fn shorten(instance: &ServiceNow, url: &str) -> String {
    let response = ask(instance, "POST", "/api/now/tinyurl", Some(json!({ "url": url }))).await;
    assert_eq!(response.status(), StatusCode::OK);
    body_json(&response)["result"].as_str().unwrap().to_owned()
}

fn long_query() -> String {
    let padding = "AAAA%3DBBBB%5E".repeat(100);
    format!("sysparm_query={padding}short_description%3DASN+quantity+differs&sysparm_fields=short_description")
}

#[tokio::test(start_paused = true)]
async fn a_long_query_gets_a_name_that_the_table_api_takes() {
    let instance = seeded();
    incident(&instance).await;
    let short = shorten(&instance, &format!("incident_list.do?{}", long_query())).await;
    let tiny = short.strip_prefix("incident_list.do?sysparm_tiny=").unwrap();
    let found = get(&instance, &format!("/api/now/table/incident?sysparm_tiny={tiny}")).await;
    assert_eq!(found, json!([{ "short_description": "ASN quantity differs" }]));
    let page = ask(
        &instance,
        "GET",
        &format!("/api/now/table/incident?sysparm_tiny={tiny}&sysparm_limit=1"),
        None,
    )
    .await;
    let link = page.headers()["link"].to_str().unwrap();
    assert!(
        link.contains(&format!(
            "?sysparm_tiny={tiny}&sysparm_limit=1&sysparm_offset=0>;rel=\"first\""
        )),
        "{link}"
    );
    let stored = get(&instance, &format!("/api/now/tinyurl/{tiny}")).await;
    assert_eq!(stored["sysparm_fields"], "short_description");
}

#[tokio::test(start_paused = true)]
async fn the_same_query_has_one_name() {
    let instance = seeded();
    let url = format!("incident_list.do?{}", long_query());
    assert_eq!(shorten(&instance, &url).await, shorten(&instance, &url).await);
    assert_eq!(instance.rows("sys_tiny_url").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_short_url_stays_as_it_is() {
    let instance = seeded();
    assert_eq!(shorten(&instance, "incident.do?sys_id=1").await, "incident.do?sys_id=1");
    instance.guess(|guesses| guesses.short_url_stays_long = false);
    assert!(
        shorten(&instance, "incident.do?sys_id=1")
            .await
            .starts_with("incident.do?sysparm_tiny=")
    );
    instance.guess(|guesses| guesses.short_url_stays_long = true);
    instance.set_property("glide.tiny_url_min_length", "10");
    assert!(
        shorten(&instance, "incident.do?sys_id=2")
            .await
            .starts_with("incident.do?sysparm_tiny=")
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_name_stands_for_nothing() {
    let instance = seeded();
    let path = "/api/now/table/incident?sysparm_tiny=none&sysparm_limit=1";
    assert_eq!(get(&instance, path).await.as_array().unwrap().len(), 1);
    assert!(instance.ignored().pop().unwrap().contains("none"));
    let missing = ask(&instance, "GET", "/api/now/tinyurl/none", None).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let empty = ask(
        &instance,
        "POST",
        "/api/now/tinyurl",
        Some(json!({ "url": Value::Null })),
    )
    .await;
    assert_eq!(empty.status(), StatusCode::BAD_REQUEST);
}
