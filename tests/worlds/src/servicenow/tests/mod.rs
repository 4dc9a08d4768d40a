//! What the simulated instance must do, spoken to over its own interface.

mod attachments;
mod faults;
mod inspection;
mod journals;
mod oauth;
mod outbox;
mod policies;
mod queries;
mod records;
mod requests;
mod seed;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::answer::body_json;
use crate::body::full;
use crate::clock::Clock;
use crate::servicenow::ServiceNow;

/// An instance whose time is 2026-11-22 10:00:00 UTC at the start.
fn seeded() -> ServiceNow {
    ServiceNow::seeded(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)))
}

/// A request as the integration sends it: with token, `Accept` and, if there is a body, `Content-Type`.
async fn ask(instance: &ServiceNow, method: &str, path: &str, body: Option<Value>) -> Response<Bytes> {
    let token = token(instance).await;
    let mut request = Request::builder().method(method).uri(path);
    request = request
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json");
    request = request.header("content-type", "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    instance.call(request.body(full(body)).unwrap()).await
}

async fn token(instance: &ServiceNow) -> String {
    let response = ask_for_token(instance, "gridlink", "gridlink").await;
    body_json(&response)["access_token"].as_str().unwrap().to_owned()
}

async fn ask_for_token(instance: &ServiceNow, client: &str, secret: &str) -> Response<Bytes> {
    let form = format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
    let request = Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    instance.call(request.body(full(form)).unwrap()).await
}

async fn get(instance: &ServiceNow, path: &str) -> Value {
    let response = ask(instance, "GET", path, None).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

async fn create(instance: &ServiceNow, table: &str, fields: Value) -> Value {
    let response = ask(instance, "POST", &format!("/api/now/table/{table}"), Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

/// The sys_id of a new incident.
async fn incident(instance: &ServiceNow) -> String {
    let row = create(
        instance,
        "incident",
        json!({ "short_description": "ASN quantity differs" }),
    )
    .await;
    row["sys_id"].as_str().unwrap().to_owned()
}

fn error(response: &Response<Bytes>) -> (u16, String, Value) {
    let body = body_json(response);
    assert_eq!(body["status"], "failure");
    let message = body["error"]["message"].as_str().unwrap().to_owned();
    (response.status().as_u16(), message, body["error"]["detail"].clone())
}
