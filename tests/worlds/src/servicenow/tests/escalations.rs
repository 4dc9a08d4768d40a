use http::StatusCode;
use serde_json::json;

use super::{ask, error, seeded, sys_id};
use crate::servicenow::ServiceNow;

const CASE: &str = "sn_customerservice_case";
const ESCALATION: &str = "sn_customerservice_escalation";

fn template(instance: &ServiceNow, name: &str) -> String {
    sys_id(instance, "sn_customerservice_escalation_template", "name", name)
}

fn value(instance: &ServiceNow, table: &str, row: &str, field: &str) -> String {
    instance.row(table, row).unwrap()[field].clone()
}

#[tokio::test(start_paused = true)]
async fn without_an_approver_a_case_is_escalated_at_once() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    let template = template(&instance, "Immediate case escalation");
    let escalation = instance.escalate(&case, &[("escalation_template", &template)]);
    assert_eq!(value(&instance, ESCALATION, &escalation, "state"), "2");
    assert_eq!(value(&instance, CASE, &case, "active_escalation"), escalation);
    let maria = sys_id(&instance, "sys_user", "user_name", "maria.santos");
    assert_eq!(value(&instance, ESCALATION, &escalation, "requested_by"), maria);
    instance.deescalate(&escalation);
    assert_eq!(value(&instance, CASE, &case, "active_escalation"), "");
    assert_eq!(value(&instance, ESCALATION, &escalation, "deescalated_by"), maria);
    assert_eq!(value(&instance, ESCALATION, &escalation, "active"), "false");
}

#[tokio::test(start_paused = true)]
async fn a_request_by_api_waits_for_the_approval_group() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    let fields = json!({
        "source_record": case, "escalation_template": template(&instance, "Case escalation"),
        "reason": "lack_of_progress", "state": "2",
    });
    let row = super::create(&instance, ESCALATION, fields).await;
    let escalation = row["sys_id"].as_str().unwrap();
    assert_eq!((&row["state"], &row["approval"]), (&json!("1"), &json!("requested")));
    assert_eq!(value(&instance, CASE, &case, "active_escalation"), "");
    assert_eq!(instance.approvals(escalation)[0].approver, "maria.santos");
    instance.approve(escalation);
    assert_eq!(value(&instance, ESCALATION, escalation, "state"), "2");
    let maria = sys_id(&instance, "sys_user", "user_name", "maria.santos");
    assert_eq!(value(&instance, ESCALATION, escalation, "approved_by"), maria);
    assert_eq!(value(&instance, CASE, &case, "active_escalation"), escalation);
}

#[tokio::test(start_paused = true)]
async fn a_declined_request_leaves_the_case_alone_and_another_may_follow() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    let template = template(&instance, "Case escalation");
    let escalation = instance.escalate(&case, &[("escalation_template", &template)]);
    instance.reject(&escalation, "Not yet.");
    assert_eq!(value(&instance, ESCALATION, &escalation, "state"), "4");
    assert_eq!(value(&instance, CASE, &case, "active_escalation"), "");
    instance.escalate(&case, &[("escalation_template", &template)]);
}

#[tokio::test(start_paused = true)]
async fn a_case_has_one_active_escalation() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    instance.escalate(&case, &[]);
    let path = format!("/api/now/table/{ESCALATION}");
    let again = ask(&instance, "POST", &path, Some(json!({ "source_record": case }))).await;
    let (status, _, detail) = error(&again);
    assert_eq!(status, 403);
    assert!(
        detail.as_str().unwrap().contains("aborted by Business Rule"),
        "{detail}"
    );
    instance.guess(|guesses| guesses.cases.second_escalation_is_refused = false);
    let again = ask(&instance, "POST", &path, Some(json!({ "source_record": case }))).await;
    assert_eq!(again.status(), StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn entries_on_an_escalation_are_work_notes_of_the_case() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    let escalation = instance.escalate(&case, &[]);
    instance.write_as("maria.santos", &escalation, "comments", "The carrier was called.");
    assert_eq!(
        instance.journal(&case, "work_notes")[0].value,
        "The carrier was called."
    );
    assert!(instance.journal(&case, "comments").is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_escalation_of_an_account_marks_its_open_cases() {
    let instance = seeded();
    let account = sys_id(&instance, "customer_account", "name", "Contoso Retail");
    let case = sys_id(&instance, CASE, "number", "CS0001002");
    let fields = [
        ("source_table", "customer_account"),
        ("source_record", account.as_str()),
    ];
    let escalation = instance.insert(ESCALATION, &fields);
    assert_eq!(
        value(&instance, "customer_account", &account, "active_escalation"),
        escalation
    );
    assert_eq!(value(&instance, CASE, &case, "active_account_escalation"), escalation);
    let later = instance.insert(CASE, &[("short_description", "x"), ("account", &account)]);
    assert_eq!(value(&instance, CASE, &later, "active_account_escalation"), escalation);
    assert_eq!(value(&instance, CASE, &later, "active_escalation"), "");
    instance.deescalate(&escalation);
    for case in [case, later] {
        assert_eq!(value(&instance, CASE, &case, "active_account_escalation"), "");
    }
    assert_eq!(value(&instance, "customer_account", &account, "active_escalation"), "");
}

#[tokio::test(start_paused = true)]
async fn the_manager_of_the_cases_group_can_be_asked_too() {
    let instance = seeded();
    let case = sys_id(&instance, CASE, "number", "CS0001001");
    let luc = sys_id(&instance, "sys_user", "user_name", "luc.moreau");
    let group = value(&instance, CASE, &case, "assignment_group");
    instance.update("sys_user_group", &group, &[("manager", &luc)]);
    let template = template(&instance, "Case escalation");
    let add = [("add_group_manager", "true")];
    instance.update("sn_customerservice_escalation_template", &template, &add);
    let escalation = instance.escalate(&case, &[("escalation_template", &template)]);
    let asked: Vec<String> = instance
        .approvals(&escalation)
        .into_iter()
        .map(|one| one.approver)
        .collect();
    assert_eq!(asked, ["maria.santos", "ines.ferreira", "kofi.mensah", "luc.moreau"]);
}
