//! What the simulated instance must do, spoken to over its own interface.

mod attachments;
mod batches;
mod csm_files;
mod emails;
mod faults;
mod files;
mod grants;
mod hostile;
mod identities;
mod import_sets;
mod inspection;
mod journals;
mod log_ins;
mod methods;
mod oauth;
mod policies;
mod queries;
mod records;
mod requests;
mod seed;
mod statistics;
mod tiny_urls;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

use crate::answer::body_json;
use crate::body::full;
use crate::clock::Clock;
use crate::servicenow::ServiceNow;

/// An instance whose time is 2026-11-22 10:00:00 UTC at the start.
pub(super) fn seeded() -> ServiceNow {
    ServiceNow::seeded(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)))
}

/// A request as the integration sends it: with token, `Accept` and, if there is a body, `Content-Type`.
pub(super) async fn ask(instance: &ServiceNow, method: &str, path: &str, body: Option<Value>) -> Response<Bytes> {
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

/// The same as the administrator sends it.
async fn ask_as_admin(instance: &ServiceNow, method: &str, path: &str, body: Option<Value>) -> Response<Bytes> {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    send(instance, method, path, &[ADMIN, ACCEPT, JSON], body).await
}

async fn get_as_admin(instance: &ServiceNow, path: &str) -> Value {
    let response = ask_as_admin(instance, "GET", path, None).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

/// A request with these headers only.
async fn send(
    instance: &ServiceNow,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Response<Bytes> {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    instance.call(request.body(full(body)).unwrap()).await
}

/// The administrator's name and password.
const ADMIN: (&str, &str) = ("authorization", "Basic YWRtaW46YWRtaW4=");
const ACCEPT: (&str, &str) = ("accept", "application/json");
const JSON: (&str, &str) = ("content-type", "application/json");
const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

pub(super) async fn get(instance: &ServiceNow, path: &str) -> Value {
    let response = ask(instance, "GET", path, None).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

pub(super) async fn create(instance: &ServiceNow, table: &str, fields: Value) -> Value {
    let response = ask(instance, "POST", &format!("/api/now/table/{table}"), Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

/// The sys_id of a new incident.
pub(super) async fn incident(instance: &ServiceNow) -> String {
    let row = create(
        instance,
        "incident",
        json!({ "short_description": "ASN quantity differs" }),
    )
    .await;
    row["sys_id"].as_str().unwrap().to_owned()
}

/// Gives a user a role, both by name; the instance gets the tables of roles if it has none.
fn give_role(instance: &ServiceNow, user: &str, role: &str) {
    let reference = |column, target| (column, "reference", target);
    let of_user = [reference("user", "sys_user"), reference("role", "sys_user_role")];
    for (table, columns) in [
        ("sys_user_role", [("name", "string", "")].as_slice()),
        ("sys_user_has_role", &of_user),
    ] {
        if instance.rows("sys_db_object").iter().any(|row| row["name"] == table) {
            continue;
        }
        instance.insert("sys_db_object", &[("name", table), ("label", table)]);
        for (column, kind, target) in columns {
            let fields = [
                ("name", table),
                ("element", column),
                ("internal_type", kind),
                ("reference", target),
            ];
            instance.insert("sys_dictionary", &fields);
        }
    }
    if !instance.rows("sys_user_role").iter().any(|row| row["name"] == role) {
        instance.insert("sys_user_role", &[("name", role)]);
    }
    let role = sys_id(instance, "sys_user_role", ("name", role));
    let user = sys_id(instance, "sys_user", ("user_name", user));
    instance.insert("sys_user_has_role", &[("user", &user), ("role", &role)]);
}

/// The sys_id of the first row with that value.
fn sys_id(instance: &ServiceNow, table: &str, (column, value): (&str, &str)) -> String {
    let mut rows = instance.rows(table).into_iter();
    rows.find(|row| row[column] == value).unwrap()["sys_id"].clone()
}

fn error(response: &Response<Bytes>) -> (u16, String, Value) {
    let body = body_json(response);
    assert_eq!(body["status"], "failure");
    let message = body["error"]["message"].as_str().unwrap().to_owned();
    (response.status().as_u16(), message, body["error"]["detail"].clone())
}
