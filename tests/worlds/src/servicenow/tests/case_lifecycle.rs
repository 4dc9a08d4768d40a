use http::StatusCode;
use serde_json::json;

use super::{ask, ask_as, body_json, seeded, sys_id};
use crate::servicenow::ServiceNow;

const CASE: &str = "/api/sn_customerservice/case";
const DANA: &str = "dana.whitfield@northwind.example";

/// The sys_id of a new case of Northwind Components.
async fn northwind_case(instance: &ServiceNow) -> String {
    let contact = sys_id(instance, "customer_contact", "user_name", DANA);
    let fields = json!({ "short_description": "ASN 856 was not acknowledged", "contact": contact });
    let response = ask(instance, "POST", CASE, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn resolving_closing_and_reopening_set_what_belongs_to_them() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let case = || instance.row("sn_customerservice_case", &id).unwrap();
    let fields = [
        ("state", "6"),
        ("notes_to_comments", "true"),
        ("close_notes", "The map was corrected."),
    ];
    instance.update("sn_customerservice_case", &id, &fields);
    assert_eq!(case()["resolved_at"], "2026-11-22 10:00:00");
    assert_eq!(
        case()["resolved_by"],
        sys_id(&instance, "sys_user", "user_name", "maria.santos")
    );
    assert_eq!(instance.journal(&id, "comments")[0].value, "The map was corrected.");
    instance.update("sn_customerservice_case", &id, &[("state", "3")]);
    assert_eq!(
        (case()["active"].as_str(), case()["closed_at"].as_str()),
        ("false", "2026-11-22 10:00:00")
    );
    instance.update("sn_customerservice_case", &id, &[("state", "10")]);
    assert_eq!((case()["active"].as_str(), case()["closed_at"].as_str()), ("true", ""));
    assert_eq!(case()["resolved_at"], "");
}

#[tokio::test(start_paused = true)]
async fn a_closed_case_can_be_frozen() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    instance.update("sn_customerservice_case", &id, &[("state", "3")]);
    let path = format!("/api/now/table/sn_customerservice_case/{id}");
    let comment = json!({ "comments": "Still wrong." });
    assert_eq!(
        ask(&instance, "PATCH", &path, Some(comment.clone())).await.status(),
        StatusCode::OK
    );
    instance.guess(|guesses| guesses.cases.closed_case_is_frozen = true);
    assert_eq!(
        ask(&instance, "PATCH", &path, Some(comment)).await.status(),
        StatusCode::FORBIDDEN
    );
    assert_eq!(instance.journal(&id, "comments").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_answer_of_the_customer_ends_the_wait_for_it() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let state = || instance.row("sn_customerservice_case", &id).unwrap()["state"].clone();
    instance.update(
        "sn_customerservice_case",
        &id,
        &[("state", "18"), ("comments", "Which order?")],
    );
    ask(
        &instance,
        "PUT",
        &format!("{CASE}/{id}"),
        Some(json!({ "comments": "relayed" })),
    )
    .await;
    assert_eq!(state(), "18", "the integration is not the customer");
    ask_as(
        &instance,
        DANA,
        "PUT",
        &format!("{CASE}/{id}"),
        Some(json!({ "comments": "4500098761" })),
    )
    .await;
    assert_eq!(state(), "10");
}

#[tokio::test(start_paused = true)]
async fn a_case_task_has_two_parents() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let task = |field| instance.insert("sn_customerservice_task", &[(field, &id), ("short_description", "x")]);
    let row = |task: &str| instance.row("sn_customerservice_task", task).unwrap();
    let alone = row(&task("parent"));
    assert_eq!((&alone["parent"], alone["case"].as_str()), (&id, ""));
    instance.guess(|guesses| guesses.cases.task_parents_follow_each_other = true);
    for field in ["parent", "case"] {
        let both = row(&task(field));
        assert_eq!((&both["parent"], &both["case"]), (&id, &id), "{field}");
    }
    let closed = task("parent");
    instance.update("sn_customerservice_task", &closed, &[("state", "3")]);
    assert_eq!(row(&closed)["active"], "false");
}

#[tokio::test(start_paused = true)]
async fn a_case_takes_the_account_of_its_contact() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let northwind = sys_id(&instance, "customer_account", "name", "Northwind Components");
    assert_eq!(
        instance.row("sn_customerservice_case", &id).unwrap()["account"],
        northwind
    );
    let contoso = sys_id(&instance, "customer_account", "name", "Contoso Retail");
    let contact = sys_id(&instance, "customer_contact", "user_name", DANA);
    let fields = json!({ "short_description": "x", "contact": contact, "account": contoso });
    let other = body_json(&ask(&instance, "POST", CASE, Some(fields)).await)["result"]["sys_id"].clone();
    let row = instance
        .row("sn_customerservice_case", other.as_str().unwrap())
        .unwrap();
    assert_eq!(row["account"], contoso, "what the caller sends counts");
}
