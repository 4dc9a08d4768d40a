use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, error, get, give_role, incident, seeded};

const EMAIL: &str = "/api/now/v1/email";

#[tokio::test(start_paused = true)]
async fn an_email_becomes_a_row_that_is_ready_to_be_sent() {
    let instance = seeded();
    let id = incident(&instance).await;
    let body = json!({
        "to": ["Ada <ada@example.com>", "bob@example.com"], "bcc": ["eve@example.com"], "subject": "Late ASN",
        "text": "plain", "html": "<b>rich</b>", "table_name": "incident", "table_record_id": id,
        "headers": { "X-Custom": "header" },
    });
    let sent = ask(&instance, "POST", EMAIL, Some(body)).await;
    assert_eq!(sent.status(), StatusCode::OK);
    let result = &body_json(&sent)["result"];
    let email = result["id"].as_str().unwrap();
    assert_eq!(
        result["links"],
        json!([
            { "rel": "self", "href": format!("/now/v1/email/{email}") },
            { "rel": "status", "href": format!("/now/v1/email/{email}?sysparm_fields=id,type,state,error") },
        ])
    );
    let row = instance.row("sys_email", email).unwrap();
    assert_eq!(
        (
            row["recipients"].as_str(),
            row["target_table"].as_str(),
            row["instance"].as_str()
        ),
        ("Ada <ada@example.com>,bob@example.com", "incident", id.as_str())
    );
    assert_eq!(
        get(&instance, &format!("/api/now/email/{email}")).await,
        json!({
            "id": email, "to": ["Ada <ada@example.com>", "bob@example.com"], "cc": [""], "bcc": ["eve@example.com"],
            "subject": "Late ASN", "text": "plain", "html": "<b>rich</b>", "importance": "",
            "type": "send-ready", "state": "ready", "headers": { "X-Custom": "header" },
        })
    );
    let status = get(
        &instance,
        &format!("{EMAIL}/{email}?sysparm_fields=id,type,state,error"),
    )
    .await;
    assert_eq!(
        status,
        json!({ "id": email, "type": "send-ready", "state": "ready", "error": "" })
    );
}

#[tokio::test(start_paused = true)]
async fn an_email_that_cannot_be_sent_is_refused() {
    let instance = seeded();
    let status = async |body: Value| ask(&instance, "POST", EMAIL, Some(body)).await.status().as_u16();
    let many = vec!["a@example.com"; 101];
    assert_eq!(status(json!({ "subject": "nobody" })).await, 400);
    assert_eq!(status(json!({ "to": [] })).await, 400);
    assert_eq!(status(json!({ "to": "a@example.com" })).await, 400);
    assert_eq!(status(json!({ "to": [1] })).await, 400);
    assert_eq!(status(json!({ "to": many })).await, 400);
    assert_eq!(status(json!({ "to": ["a@example.com"], "cc": many })).await, 400);
    assert_eq!(status(json!({ "to": &many[..100] })).await, 200);
    assert_eq!(
        status(json!({ "to": ["a@example.com"], "table_name": "incident" })).await,
        400
    );
    let nowhere = json!({ "to": ["a@example.com"], "table_name": "nonsense", "table_record_id": "1" });
    assert_eq!(status(nowhere).await, 400);
    let unseen = json!({ "to": ["a@example.com"], "table_name": "incident", "table_record_id": "f".repeat(32) });
    assert_eq!(status(unseen).await, 403);
    assert_eq!(instance.rows("sys_email").len(), 1);
    let missing = ask(&instance, "GET", &format!("{EMAIL}/{}", "f".repeat(32)), None).await;
    assert_eq!(error(&missing).0, 403);
}

#[tokio::test(start_paused = true)]
async fn sending_needs_its_role() {
    let instance = seeded();
    let body = json!({ "to": ["a@example.com"] });
    let send = async || ask_as(&instance, "yuki.tanaka", "POST", EMAIL, Some(body.clone())).await;
    assert_eq!(error(&send().await).0, 403);
    give_role(&instance, "yuki.tanaka", "email_api_send");
    assert_eq!(send().await.status(), StatusCode::OK);
}
