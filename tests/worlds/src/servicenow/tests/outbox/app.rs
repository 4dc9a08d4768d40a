//! The app on the instance: its table, its admin routes, and an instance without it.

use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{OUTBOX, SECRET, answer_all, ids, seconds, telling, told};
use crate::outgoing::{EventFault, EventRule};
use crate::servicenow::ServiceNow;
use crate::servicenow::tests::{ask, body_json, full, seeded};

#[tokio::test(start_paused = true)]
async fn the_outbox_is_a_table_that_is_read_and_not_written() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    let path = format!("/api/now/table/{OUTBOX}?sysparm_query=record={id}^state=new");
    let response = ask(&instance, "GET", &path.replace('^', "%5E"), None).await;
    let row = body_json(&response)["result"][0].clone();
    for (field, value) in [
        ("event_id", format!("incident/{id}/0").as_str()),
        ("event_type", "gridlink.servicenow.record.changed.v1"),
        ("record_table", "incident"),
        ("record_mod_count", "0"),
        ("by_integration_user", "false"),
        ("attempts", "0"),
        ("next_attempt", "2026-11-22 10:00:01"),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    let payload: Value = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["data"]["sysId"], id);
    let path = format!("/api/now/table/{OUTBOX}/{}", row["sys_id"].as_str().unwrap());
    let response = ask(&instance, "PATCH", &path, Some(json!({ "state": "sent" }))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    instance.delete(OUTBOX, row["sys_id"].as_str().unwrap());
    assert_eq!(answer_all(&instance, 202).len(), 1);
    assert_eq!(
        instance.rows(OUTBOX)[0]["state"],
        "sent",
        "what a script deletes is no instruction"
    );
    assert!(instance.ignored().is_empty(), "{:?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn without_a_receiver_there_is_no_app() {
    let instance = seeded();
    let id = instance.insert("incident", &[("short_description", "x")]);
    instance.delete("incident", &id);
    seconds(60).await;
    assert!(instance.take_due_events().is_empty() && instance.next_event_at().is_none());
    let response = ask(&instance, "GET", &format!("/api/now/table/{OUTBOX}"), None).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let (status, body) = admin(&instance, "GET", "/_world/outbox", Value::Null).await;
    assert_eq!(status, 400);
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .starts_with("this world sends no events")
    );
}

#[tokio::test(start_paused = true)]
async fn the_admin_routes_name_a_receiver_show_the_outbox_and_let_it_leave() {
    let instance = seeded();
    let receiver = json!({ "url": "https://gridlink.test", "secret": SECRET, "sender": "servicenow" });
    assert_eq!(admin(&instance, "POST", "/_world/receiver", receiver).await.0, 200);
    let wrong = json!({ "url": "https://gridlink.test", "secret": "hunter2", "sender": "servicenow" });
    let (status, refusal) = admin(&instance, "POST", "/_world/receiver", wrong).await;
    assert!(status == 400 && !refusal.to_string().contains("hunter2"), "{refusal}");
    let rule = json!({ "fault": { "kind": "delay", "seconds": 3600 } });
    assert_eq!(admin(&instance, "POST", "/_world/event-knobs", rule).await.0, 200);
    let explode = json!({ "fault": { "kind": "explode" } });
    assert_eq!(admin(&instance, "POST", "/_world/event-knobs", explode).await.0, 400);

    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    assert!(answer_all(&instance, 202).is_empty());
    let second = instance.insert("incident", &[("short_description", "y")]);
    assert_eq!(
        admin(&instance, "DELETE", "/_world/event-knobs", Value::Null).await.0,
        200
    );
    let (_, rules) = admin(&instance, "GET", "/_world/event-knobs", Value::Null).await;
    assert_eq!(rules, json!({ "rules": [] }));
    assert_eq!(admin(&instance, "POST", "/_world/drain", Value::Null).await.0, 200);
    instance.drain_is_asked().await;
    assert_eq!(answer_all(&instance, 400).len(), 2);

    let (_, outbox) = admin(&instance, "GET", "/_world/outbox", Value::Null).await;
    let events = outbox["events"].as_array().unwrap();
    assert_eq!(
        ids(events),
        [format!("incident/{id}/0"), format!("incident/{second}/0")]
    );
    assert_eq!(
        (&events[0]["state"], &events[0]["lastError"]),
        (&json!("dead"), &json!("refused: 400"))
    );
    let (_, revived) = admin(&instance, "POST", "/_world/outbox/revive", Value::Null).await;
    assert_eq!(revived, json!({ "revived": 2 }));
}

#[tokio::test(start_paused = true)]
async fn a_reset_keeps_the_receiver_and_nothing_else() {
    let instance = telling();
    instance.add_event_rule(EventRule::always(EventFault::Drop));
    instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    instance.insert("incident", &[("short_description", "y")]);
    admin(&instance, "POST", "/_world/reset", Value::Null).await;
    assert!(instance.rows(OUTBOX).is_empty());
    assert!(told(&instance).await.is_empty());
    instance.insert("incident", &[("short_description", "z")]);
    assert_eq!(told(&instance).await.len(), 1);
}

/// The status and body of an admin route.
async fn admin(instance: &ServiceNow, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let response = instance.call(request.body(full(body.to_string())).unwrap()).await;
    (response.status().as_u16(), body_json(&response))
}
