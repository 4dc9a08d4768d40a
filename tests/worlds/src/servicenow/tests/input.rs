use http::StatusCode;
use serde_json::{Value, json};

use super::things::{instance, prefer, user};
use super::{ask, body_json};
use crate::servicenow::{AGENT, INTEGRATION_USER, ServiceNow};

/// What is stored of fields that a user would type.
async fn stored(instance: &ServiceNow, fields: Value) -> std::collections::BTreeMap<String, String> {
    let path = "/api/now/table/u_thing?sysparm_input_display_value=true";
    let response = ask(instance, "POST", path, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let id = body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned();
    instance.row("u_thing", &id).unwrap()
}

fn in_berlin() -> ServiceNow {
    let instance = instance();
    let settings = [
        ("time_zone", "Europe/Berlin"),
        ("date_format", "dd.MM.yyyy"),
        ("time_format", "hh:mm a"),
    ];
    prefer(&instance, &settings);
    instance
}

#[tokio::test(start_paused = true)]
async fn what_a_user_would_type_is_stored_as_a_value() {
    let instance = in_berlin();
    let (me, agent) = (user(&instance, INTEGRATION_USER), user(&instance, AGENT));
    let fields = json!({
        "name": "A thing", "color": "Green", "level": "10 - None", "count": "1,234", "flag": "true",
        "at": "02.07.2026 12:30 AM", "day": "01.07.2026", "length": "1 Day 2 Minutes", "price": "€1,234.50",
        "owner": "Maria Santos", "deputy": agent, "watchers": "Gridlink Integration, x@example.com,Maria Santos",
        "until": "", "nonsense": "x",
    });
    let row = stored(&instance, fields).await;
    for (field, value) in [
        ("name", "A thing"),
        ("color", "g"),
        ("level", "10"),
        ("count", "1234"),
        ("flag", "true"),
        ("at", "2026-07-01 22:30:00"),
        ("day", "2026-07-01"),
        ("length", "1970-01-02 00:02:00"),
        ("price", "EUR;1234.50"),
        ("owner", &agent),
        ("deputy", &agent),
        ("watchers", &format!("{me},x@example.com,{agent}")),
        ("until", ""),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    assert_eq!(instance.ignored(), ["u_thing has no field nonsense"]);
}

#[tokio::test(start_paused = true)]
async fn what_nobody_can_read_is_left_out() {
    let instance = in_berlin();
    instance.insert("sys_user", &[("user_name", "maria.2"), ("name", "Maria Santos")]);
    let fields = json!({
        "name": "A thing", "at": "2026-07-01 22:30:00", "day": "2026-07-01", "owner": "Maria Santos",
        "deputy": "Nobody", "color": "Blue", "length": "long", "level": "g",
    });
    let row = stored(&instance, fields).await;
    for field in ["at", "day", "owner", "deputy", "color", "length", "level"] {
        assert_eq!(row[field], "", "{field}");
    }
    assert_eq!(instance.ignored().len(), 7, "{:#?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn stored_values_are_taken_too_unless_guessed_otherwise() {
    let instance = in_berlin();
    let agent = user(&instance, AGENT);
    let fields = json!({ "color": "g", "owner": agent });
    let row = stored(&instance, fields.clone()).await;
    assert_eq!((row["color"].as_str(), &row["owner"]), ("g", &agent));
    instance.guess(|guesses| guesses.display_input_takes_stored_values = false);
    let row = stored(&instance, fields).await;
    assert_eq!((row["color"].as_str(), row["owner"].as_str()), ("", ""));
}

#[tokio::test(start_paused = true)]
async fn an_update_reads_like_an_insert_and_by_default_values_are_stored() {
    let instance = in_berlin();
    let id = instance.insert("u_thing", &[("name", "a")]);
    let path = format!("/api/now/table/u_thing/{id}");
    let fields = json!({ "at": "02.07.2026 12:30 AM", "color": "Green" });
    ask(&instance, "PATCH", &path, Some(fields.clone())).await;
    assert_eq!(instance.row("u_thing", &id).unwrap()["at"], "");
    ask(
        &instance,
        "PATCH",
        &format!("{path}?sysparm_input_display_value=true"),
        Some(fields),
    )
    .await;
    let row = instance.row("u_thing", &id).unwrap();
    assert_eq!(
        (row["at"].as_str(), row["color"].as_str()),
        ("2026-07-01 22:30:00", "g")
    );
}

#[tokio::test(start_paused = true)]
async fn a_label_of_the_rows_own_class_counts() {
    let instance = instance();
    let id = instance.insert("sn_customerservice_case", &[("short_description", "x")]);
    let path = format!("/api/now/table/task/{id}?sysparm_input_display_value=true");
    ask(&instance, "PATCH", &path, Some(json!({ "state": "Awaiting Info" }))).await;
    assert_eq!(instance.row("task", &id).unwrap()["state"], "18");
}
