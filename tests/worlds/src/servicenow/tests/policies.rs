use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{ask, body_json, create, error, incident, seeded};

#[tokio::test(start_paused = true)]
async fn a_change_is_counted_and_stamped_and_no_change_is_not() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    tokio::time::advance(Duration::from_secs(5)).await;
    let row = body_json(&ask(&instance, "PATCH", &path, Some(json!({ "state": "2" }))).await)["result"].clone();
    assert_eq!((&row["state"], &row["sys_mod_count"]), (&json!("2"), &json!("1")));
    assert_eq!(row["sys_updated_on"], "2026-11-22 10:00:05");
    assert_eq!(row["sys_created_on"], "2026-11-22 10:00:00");
    let row = body_json(&ask(&instance, "PUT", &path, Some(json!({ "state": "2" }))).await)["result"].clone();
    assert_eq!(row["sys_mod_count"], "1");
    instance.guess(|guesses| guesses.unchanged_update_counts = true);
    let row = body_json(&ask(&instance, "PATCH", &path, Some(json!({ "state": "2" }))).await)["result"].clone();
    assert_eq!(row["sys_mod_count"], "2");
}

#[tokio::test(start_paused = true)]
async fn priority_follows_impact_and_urgency() {
    let instance = seeded();
    for (impact, urgency, priority) in [
        ("1", "1", "1"),
        ("2", "1", "2"),
        ("2", "2", "3"),
        ("3", "2", "4"),
        ("3", "3", "5"),
    ] {
        let fields = json!({ "short_description": "x", "impact": impact, "urgency": urgency, "priority": "1" });
        assert_eq!(create(&instance, "incident", fields).await["priority"], priority);
    }
    let case = create(
        &instance,
        "sn_customerservice_case",
        json!({ "short_description": "x", "priority": "2" }),
    )
    .await;
    assert_eq!(case["priority"], "2");
}

#[tokio::test(start_paused = true)]
async fn an_incident_is_resolved_with_code_and_notes_only() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    let refused = ask(&instance, "PATCH", &path, Some(json!({ "state": "6" }))).await;
    let (status, _, detail) = error(&refused);
    assert_eq!(status, 403);
    assert!(
        detail
            .as_str()
            .unwrap()
            .ends_with("mandatory: Resolution code, Close notes"),
        "{detail}"
    );
    assert_eq!(instance.row("incident", &id).unwrap()["state"], "1");
    let fields = json!({ "state": "6", "close_code": "Solution provided", "close_notes": "Sent again." });
    let row = body_json(&ask(&instance, "PATCH", &path, Some(fields)).await)["result"].clone();
    assert_eq!((&row["state"], &row["active"]), (&json!("6"), &json!("true")));
    assert_eq!(row["resolved_at"], "2026-11-22 10:00:00");
    let row = body_json(&ask(&instance, "PATCH", &path, Some(json!({ "state": "7" }))).await)["result"].clone();
    assert_eq!(row["active"], "false");
}

#[tokio::test(start_paused = true)]
async fn a_mandatory_field_must_be_there_and_stay() {
    let instance = seeded();
    let refused = ask(
        &instance,
        "POST",
        "/api/now/table/incident",
        Some(json!({ "description": "x" })),
    )
    .await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    let refused = ask(&instance, "PATCH", &path, Some(json!({ "short_description": "" }))).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
}
