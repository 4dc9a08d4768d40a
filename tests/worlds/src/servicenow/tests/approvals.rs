use http::StatusCode;
use serde_json::json;

use super::{ask, ask_as, rule, seeded, sys_id};
use crate::servicenow::ServiceNow;

/// A requested item that waits for approval, and its request.
fn waiting(instance: &ServiceNow) -> (String, String) {
    let variables = [
        ("company_id", "GC41543822654A"),
        ("company_name", "Northwind Components"),
        ("trading_address", "ZZ:NORTHWIND"),
        ("reason", "The contract ended"),
    ];
    let item = instance.order("nina.olsen", "Off-board a trading partner", &variables);
    let request = instance.row("sc_req_item", &item).unwrap()["request"].clone();
    (item, request)
}

fn item_is(instance: &ServiceNow, item: &str) -> (String, String, String) {
    let row = instance.row("sc_req_item", item).unwrap();
    (row["approval"].clone(), row["stage"].clone(), row["state"].clone())
}

fn is(approval: &str, stage: &str, state: &str) -> (String, String, String) {
    (approval.to_owned(), stage.to_owned(), state.to_owned())
}

fn states(instance: &ServiceNow, record: &str) -> Vec<String> {
    instance.approvals(record).into_iter().map(|one| one.state).collect()
}

fn tasks(instance: &ServiceNow, item: &str) -> Vec<String> {
    let rows = instance.rows("sc_task").into_iter();
    rows.filter(|row| row["request_item"] == item)
        .map(|row| row["sys_id"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn one_approver_of_the_group_lets_the_fulfillment_begin() {
    let instance = seeded();
    let (item, _) = waiting(&instance);
    assert_eq!(item_is(&instance, &item), is("requested", "waiting_for_approval", "1"));
    assert_eq!(states(&instance, &item), ["requested", "requested"]);
    instance.approve(&item);
    assert_eq!(item_is(&instance, &item), is("approved", "fulfillment", "2"));
    assert_eq!(states(&instance, &item), ["approved", "not_required"]);
    assert_eq!(tasks(&instance, &item).len(), 1);
    assert_eq!(
        instance.row("sc_req_item", &item).unwrap()["sys_updated_by"],
        "nina.olsen"
    );
}

#[tokio::test(start_paused = true)]
async fn all_approvers_can_be_needed() {
    let instance = seeded();
    instance.guess(|guesses| guesses.catalog.everybody_must_approve = true);
    let (item, _) = waiting(&instance);
    instance.approve(&item);
    assert_eq!(item_is(&instance, &item), is("requested", "waiting_for_approval", "1"));
    instance.approve(&item);
    assert_eq!(item_is(&instance, &item), is("approved", "fulfillment", "2"));
}

#[tokio::test(start_paused = true)]
async fn a_rejection_closes_the_item_incomplete_and_the_request_with_it() {
    let instance = seeded();
    let (item, request) = waiting(&instance);
    instance.reject(&item, "Not without the contract.");
    assert_eq!(item_is(&instance, &item), is("rejected", "Request Rejected", "4"));
    assert_eq!(instance.row("sc_req_item", &item).unwrap()["active"], "false");
    let row = instance.row("sc_request", &request).unwrap();
    assert_eq!(
        (row["request_state"].as_str(), row["active"].as_str()),
        ("closed_rejected", "false")
    );
    assert!(tasks(&instance, &item).is_empty());
    let rejection = &instance.approvals(&item)[0];
    assert_eq!(rejection.state, "rejected");
    assert_eq!(
        instance.journal(&rejection.sys_id, "comments")[0].value,
        "Not without the contract."
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_approver_decides_by_api() {
    let instance = seeded();
    let (item, _) = waiting(&instance);
    let approval = instance.approvals(&item)[0].clone();
    let path = format!("/api/now/table/sysapproval_approver/{}", approval.sys_id);
    let yes = json!({ "state": "approved" });
    let refused = ask(&instance, "PATCH", &path, Some(yes.clone())).await;
    assert_eq!(refused.status(), StatusCode::FORBIDDEN);
    assert_eq!(states(&instance, &item), ["requested", "requested"]);
    let taken = ask_as(&instance, &approval.approver, "PATCH", &path, Some(yes.clone())).await;
    assert_eq!(taken.status(), StatusCode::OK);
    assert_eq!(item_is(&instance, &item).0, "approved");
    let (other, _) = waiting(&instance);
    rule(&instance, "sysapproval_approver", "write", &[], &[]);
    let path_of = |item: &str| {
        let approval = &instance.approvals(item)[0].sys_id;
        format!("/api/now/table/sysapproval_approver/{approval}")
    };
    let refused = ask(&instance, "PATCH", &path_of(&other), Some(yes.clone())).await;
    assert_eq!(
        refused.status(),
        StatusCode::FORBIDDEN,
        "a right to write is not enough"
    );
    instance.guess(|guesses| guesses.catalog.only_the_approver_decides = false);
    let taken = ask(&instance, "PATCH", &path_of(&other), Some(yes)).await;
    assert_eq!(taken.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_changes_nothing() {
    let instance = seeded();
    let (item, _) = waiting(&instance);
    let second = instance.approvals(&item)[1].clone();
    instance.approve(&item);
    let no = [("state", "rejected")];
    instance.update_as(&second.approver, "sysapproval_approver", &second.sys_id, &no);
    assert_eq!(item_is(&instance, &item), is("approved", "fulfillment", "2"));
}

#[tokio::test(start_paused = true)]
async fn an_approval_by_api_skips_the_approvers_and_is_seen() {
    let instance = seeded();
    let (item, _) = waiting(&instance);
    let path = format!("/api/now/table/sc_req_item/{item}");
    ask(&instance, "PATCH", &path, Some(json!({ "approval": "approved" }))).await;
    assert_eq!(item_is(&instance, &item), is("approved", "fulfillment", "2"));
    assert_eq!(states(&instance, &item), ["not_required", "not_required"]);
    assert_eq!(tasks(&instance, &item).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_last_task_completes_the_item_and_the_last_item_the_request() {
    let instance = seeded();
    let variables = [("additional_software", "none")];
    let item = instance.order("tom.becker", "Standard Laptop", &variables);
    let request = instance.row("sc_req_item", &item).unwrap()["request"].clone();
    assert_eq!(
        item_is(&instance, &item),
        is("approved", "fulfillment", "2"),
        "nobody is asked"
    );
    let tasks = tasks(&instance, &item);
    assert_eq!(tasks.len(), 2);
    instance.update("sc_task", &tasks[0], &[("state", "3")]);
    assert_eq!(item_is(&instance, &item).2, "2");
    instance.update("sc_task", &tasks[1], &[("state", "3")]);
    assert_eq!(item_is(&instance, &item), is("approved", "Completed", "3"));
    let row = instance.row("sc_request", &request).unwrap();
    assert_eq!(
        (row["request_state"].as_str(), row["state"].as_str()),
        ("closed_complete", "3")
    );
    assert_eq!(row["closed_at"], "2026-11-22 10:00:00");
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_task_makes_the_item_incomplete() {
    let instance = seeded();
    let item = instance.order("tom.becker", "External Monitor", &[]);
    let task = tasks(&instance, &item).remove(0);
    instance.update("sc_task", &task, &[("state", "4")]);
    assert_eq!(item_is(&instance, &item), is("approved", "Completed", "4"));
    let request = instance.row("sc_req_item", &item).unwrap()["request"].clone();
    assert_eq!(
        instance.row("sc_request", &request).unwrap()["request_state"],
        "closed_incomplete"
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_closed_by_hand_ends_its_request_and_keeps_its_tasks() {
    let instance = seeded();
    let item = instance.order("tom.becker", "External Monitor", &[]);
    let path = format!("/api/now/table/sc_req_item/{item}");
    ask(
        &instance,
        "PATCH",
        &path,
        Some(json!({ "state": "3", "work_notes": "Done." })),
    )
    .await;
    assert_eq!(item_is(&instance, &item), is("approved", "Completed", "3"));
    let request = instance.row("sc_req_item", &item).unwrap()["request"].clone();
    assert_eq!(
        instance.row("sc_request", &request).unwrap()["request_state"],
        "closed_complete"
    );
    let task = tasks(&instance, &item).remove(0);
    assert_eq!(instance.row("sc_task", &task).unwrap()["active"], "true");
    instance.update("sc_task", &task, &[("state", "4")]);
    assert_eq!(item_is(&instance, &item).2, "3", "a closed item moves no more");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_takes_everything_with_it() {
    let instance = seeded();
    let (item, request) = waiting(&instance);
    instance.cancel_request(&request);
    assert_eq!(item_is(&instance, &item), is("cancelled", "Request Cancelled", "4"));
    assert_eq!(states(&instance, &item), ["cancelled", "cancelled"]);
    assert_eq!(
        instance.row("sc_request", &request).unwrap()["request_state"],
        "closed_cancelled"
    );
    let begun = instance.order("tom.becker", "Standard Laptop", &[]);
    let request = instance.row("sc_req_item", &begun).unwrap()["request"].clone();
    instance.cancel_request(&request);
    assert_eq!(item_is(&instance, &begun), is("approved", "Request Cancelled", "4"));
    for task in tasks(&instance, &begun) {
        assert_eq!(instance.row("sc_task", &task).unwrap()["state"], "4");
    }
}

#[tokio::test(start_paused = true)]
async fn the_words_of_stages_are_the_instances_own() {
    let instance = seeded();
    instance.guess(|guesses| guesses.catalog.stages.fulfillment = "in_arbeit".to_owned());
    let (item, _) = waiting(&instance);
    instance.approve(&item);
    assert_eq!(item_is(&instance, &item).1, "in_arbeit");
    instance.update("sc_req_item", &item, &[("state", "3"), ("stage", "done")]);
    assert_eq!(item_is(&instance, &item).1, "done", "a caller's own word is kept");
}

#[tokio::test(start_paused = true)]
async fn inactive_members_are_not_asked() {
    let instance = seeded();
    let luc = sys_id(&instance, "sys_user", "user_name", "luc.moreau");
    instance.update("sys_user", &luc, &[("active", "false")]);
    let (item, _) = waiting(&instance);
    let asked: Vec<String> = instance.approvals(&item).into_iter().map(|one| one.approver).collect();
    assert_eq!(asked, ["nina.olsen"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_about_nothing_decides_nothing() {
    let instance = seeded();
    let base = sys_id(&instance, "kb_knowledge_base", "title", "Trading Partner Help");
    let article = instance.insert(
        "kb_knowledge",
        &[("short_description", "x"), ("kb_knowledge_base", &base)],
    );
    instance.publish(&article);
    let stray = instance.insert("sysapproval_approver", &[("state", "requested")]);
    instance.update_as("admin", "sysapproval_approver", &stray, &[("state", "rejected")]);
    assert_eq!(states(&instance, &article), ["requested"]);
    let gone = instance.insert(
        "sysapproval_approver",
        &[("state", "requested"), ("document_id", "nothing")],
    );
    instance.update_as("admin", "sysapproval_approver", &gone, &[("state", "approved")]);
}
