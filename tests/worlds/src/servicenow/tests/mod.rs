//! What the simulated instance must do, spoken to over its own interface.

mod access;
mod accounts;
mod acl;
mod activities;
mod approvals;
mod articles;
mod asked;
mod attachments;
mod batches;
mod behalf;
mod business_rules;
mod cart;
mod case_lifecycle;
mod cases;
mod catalog;
mod changes;
mod csm_files;
mod display;
mod emails;
mod escalations;
mod faults;
mod files;
mod grants;
mod hostile;
mod identities;
mod import_sets;
mod incidents;
mod input;
mod inspection;
mod journals;
mod knowledge;
mod log_ins;
mod methods;
mod oauth;
mod operators;
mod orders;
mod outbox;
mod policies;
mod queries;
mod query_texts;
mod queues;
mod quotas;
mod rate_limits;
mod readers;
mod records;
mod references;
mod related;
mod requests;
mod roles;
mod seed;
mod statistics;
mod things;
mod times;
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

/// A request as another user sends it, through an OAuth client of that user.
async fn ask_as(
    instance: &ServiceNow,
    user_name: &str,
    method: &str,
    path: &str,
    body: Option<Value>,
) -> Response<Bytes> {
    instance.add_client(user_name, "secret", user_name);
    let token = ask_for_token(instance, user_name, "secret").await;
    let token = body_json(&token)["access_token"].as_str().unwrap().to_owned();
    let request = Request::builder().method(method).uri(path);
    let request = request
        .header("authorization", format!("Bearer {token}"))
        .header("accept", "application/json")
        .header("content-type", "application/json");
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    instance.call(request.body(full(body)).unwrap()).await
}

/// An access rule for roles, by name; its sys_id.
fn rule(instance: &ServiceNow, name: &str, operation: &str, roles: &[&str], more: &[(&str, &str)]) -> String {
    let mut fields = vec![("name", name), ("operation", operation)];
    fields.extend(more);
    let rule = instance.insert("sys_security_acl", &fields);
    for role in roles {
        let role = role_id(instance, role);
        let fields = [("sys_security_acl", rule.as_str()), ("sys_user_role", role.as_str())];
        instance.insert("sys_security_acl_role", &fields);
    }
    rule
}

fn role_id(instance: &ServiceNow, name: &str) -> String {
    sys_id(instance, "sys_user_role", "name", name)
}

fn user_id(instance: &ServiceNow, user_name: &str) -> String {
    sys_id(instance, "sys_user", "user_name", user_name)
}

fn sys_id(instance: &ServiceNow, table: &str, field: &str, value: &str) -> String {
    let rows = instance.rows(table);
    let row = rows
        .iter()
        .find(|row| row[field] == value && row.get("active").is_none_or(|active| active == "true"));
    row.unwrap_or_else(|| panic!("there is no {value}"))["sys_id"].clone()
}

/// Gives a user a role; the sys_id of the row that says so.
fn give(instance: &ServiceNow, user_name: &str, role: &str) -> String {
    let (user, role) = (user_id(instance, user_name), role_id(instance, role));
    instance.insert("sys_user_has_role", &[("user", &user), ("role", &role)])
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

/// Gives a user a role, both by name; the role is made if there is none.
fn give_role(instance: &ServiceNow, user: &str, role: &str) {
    if !instance.rows("sys_user_role").iter().any(|row| row["name"] == role) {
        instance.insert("sys_user_role", &[("name", role)]);
    }
    give(instance, user, role);
}

fn error(response: &Response<Bytes>) -> (u16, String, Value) {
    let body = body_json(response);
    assert_eq!(body["status"], "failure");
    let message = body["error"]["message"].as_str().unwrap().to_owned();
    (response.status().as_u16(), message, body["error"]["detail"].clone())
}
