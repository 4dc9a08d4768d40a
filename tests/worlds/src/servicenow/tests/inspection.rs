use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{ask, body_json, full, incident, seeded};
use crate::servicenow::ServiceNow;

/// A request to an admin route, without credentials.
async fn admin(instance: &ServiceNow, method: &str, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(full(body.to_string()))
        .unwrap();
    let response = instance.call(request).await;
    (response.status(), body_json(&response))
}

#[tokio::test(start_paused = true)]
async fn the_call_log_holds_what_was_asked_but_no_secret() {
    let instance = seeded();
    let id = incident(&instance).await;
    ask(
        &instance,
        "GET",
        &format!("/api/now/table/task/{id}?sysparm_fields=number"),
        None,
    )
    .await;
    let calls = instance.calls();
    let seen: Vec<(&str, &str, Option<u16>)> = calls
        .iter()
        .map(|call| (call.method.as_str(), call.path.as_str(), call.status))
        .collect();
    let task = format!("/api/now/table/task/{id}");
    let token = ("POST", "/oauth_token.do", Some(200));
    assert_eq!(
        seen,
        [
            token,
            ("POST", "/api/now/table/incident", Some(201)),
            token,
            ("GET", task.as_str(), Some(200))
        ]
    );
    assert_eq!(
        calls[1].request_json,
        Some(json!({ "short_description": "ASN quantity differs" }))
    );
    let log = serde_json::to_string(&calls).unwrap();
    assert!(!log.contains("Bearer") && !log.contains("client_secret"));
}

#[tokio::test(start_paused = true)]
async fn two_worlds_with_the_same_calls_are_the_same() {
    let run = async || {
        let instance = seeded();
        let id = incident(&instance).await;
        instance.agent_comment(&id, "hello");
        ask(&instance, "GET", &format!("/api/now/table/task/{id}"), None).await;
        (
            instance.calls(),
            instance.rows("task"),
            instance.rows("sys_journal_field"),
        )
    };
    assert_eq!(run().await, run().await);
}

#[tokio::test(start_paused = true)]
async fn admin_routes_show_change_and_reset_the_world() {
    let instance = seeded();
    let row = json!({ "table": "incident", "by": "tom.becker", "fields": { "short_description": "by hand" } });
    let (status, inserted) = admin(&instance, "POST", "/_world/insert", row).await;
    assert_eq!(status, StatusCode::CREATED);
    let id = inserted["sys_id"].as_str().unwrap();
    let change = json!({ "table": "incident", "sys_id": id, "by": "tom.becker", "fields": { "comments": "On it" } });
    admin(&instance, "POST", "/_world/update", change).await;
    assert_eq!(instance.journal(id, "comments")[0].created_by, "tom.becker");
    let (_, state) = admin(&instance, "GET", "/_world/state", Value::Null).await;
    let incidents = state["tables"]["incident"].as_array().unwrap();
    assert_eq!(incidents.last().unwrap()["short_description"], "by hand");
    assert_eq!(state["tables"]["task"], json!([]));
    let rule = json!({ "path": "/api", "fault": { "kind": "html-page" } });
    assert_eq!(admin(&instance, "POST", "/_world/knobs", rule).await.0, StatusCode::OK);
    assert_eq!(
        admin(&instance, "POST", "/_world/knobs", json!({ "fault": 1 })).await.0,
        StatusCode::BAD_REQUEST
    );
    let (_, rules) = admin(&instance, "GET", "/_world/knobs", Value::Null).await;
    assert_eq!(rules["rules"].as_array().unwrap().len(), 1);
    admin(&instance, "DELETE", "/_world/knobs", Value::Null).await;
    assert!(instance.knobs().list().is_empty());
    ask(&instance, "GET", "/api/now/table/task", None).await;
    let (_, calls) = admin(&instance, "GET", "/_world/calls", Value::Null).await;
    assert_eq!(
        calls["calls"].as_array().unwrap().len(),
        2,
        "a token and a read, no admin call"
    );
    admin(&instance, "POST", "/_world/reset", Value::Null).await;
    assert!(instance.calls().is_empty() && instance.row("incident", id).is_none());
    assert_eq!(instance.rows("incident").len(), 2);
    assert_eq!(
        admin(&instance, "POST", "/_world/nonsense", Value::Null).await.0,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(start_paused = true)]
async fn a_cookie_is_noticed() {
    let instance = seeded();
    let request = Request::get("/api/now/table/task")
        .header("cookie", "JSESSIONID=1")
        .body(full(""))
        .unwrap();
    instance.call(request).await;
    assert_eq!(instance.ignored().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn links_begin_with_the_base_url() {
    let instance = seeded();
    instance.set_base_url("http://127.0.0.1:9101/");
    let response = ask(&instance, "GET", "/api/now/table/task?sysparm_limit=1", None).await;
    assert!(
        response.headers()["link"]
            .to_str()
            .unwrap()
            .starts_with("<http://127.0.0.1:9101/api/now/table/task?")
    );
}

#[tokio::test(start_paused = true)]
async fn a_call_takes_no_time() {
    // Tokio's timer would round a wait of nothing up to the next millisecond.
    tokio::time::advance(std::time::Duration::from_micros(100)).await;
    let before = tokio::time::Instant::now();
    incident(&seeded()).await;
    assert_eq!(before.elapsed(), std::time::Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_guess_is_changed_by_its_name_and_a_wrong_name_is_refused() {
    let instance = seeded();
    let (_, before) = admin(&instance, "GET", "/_world/guesses", json!({})).await;
    assert_eq!(before["chosen_sys_id_is_honored"], true);
    let change = json!({ "chosen_sys_id_is_honored": false, "row_order": "insertion" });
    let (status, after) = admin(&instance, "POST", "/_world/guesses", change).await;
    assert_eq!(
        (status, &after["chosen_sys_id_is_honored"]),
        (StatusCode::OK, &json!(false))
    );
    let chosen = "0123456789abcdef0123456789abcdef";
    let body = json!({ "sys_id": chosen, "short_description": "x" });
    let row = super::create(&instance, "incident", body).await;
    assert_ne!(row["sys_id"], chosen);
    let (status, answer) = admin(&instance, "POST", "/_world/guesses", json!({ "chosen": false })).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["error"].as_str().unwrap().contains("chosen"), "{answer}");
}
