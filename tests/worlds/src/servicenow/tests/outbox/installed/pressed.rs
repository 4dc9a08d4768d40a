//! The actions of agents and administrators, pressed.

use serde_json::{Value, json};

use super::{complains, grant, with_the_app};
use crate::servicenow::tests::full;
use crate::servicenow::tests::outbox::{OUTBOX, answer_all, answered, event, ids, seconds, told};
use crate::servicenow::tests::{body_json, seeded};
use crate::servicenow::{AGENT, ServiceNow};

/// Sees what it called for, and may write nothing.
const CALLER: &str = "carla.reyes";
const KNOWLEDGE: &str = "Mark for knowledge";
const ESCALATE: &str = "Escalate to partner";
const SHARE: &str = "Share with partner";
const AGAIN: &str = "Send again";

/// A record of the community, whose creation was told.
async fn record(instance: &ServiceNow, table: &str) -> String {
    let caller = instance.insert("sys_user", &[("user_name", CALLER), ("active", "true")]);
    grant(instance, CALLER, "snc_internal");
    let mut fields = vec![
        ("short_description", "ASN 856 failed"),
        ("correlation_id", "ISS-1001"),
        ("correlation_display", "Trading Grid"),
    ];
    if table == "incident" {
        fields.push(("caller_id", caller.as_str()));
    }
    let sys_id = instance.insert(table, &fields);
    assert_eq!(told(instance).await.len(), 1);
    sys_id
}

/// The events that follow, all accepted.
async fn told_later(instance: &ServiceNow) -> Vec<Value> {
    let mut events = Vec::new();
    for _ in 0..12 {
        seconds(1).await;
        events.extend(answer_all(instance, 202).iter().map(event));
    }
    events
}

/// The reason for which nobody may press, and nothing changes.
#[track_caller]
fn refused(instance: &ServiceNow, user: &str, action: &str, table: &str, sys_id: &str) -> String {
    let before = instance.row(table, sys_id);
    let reason = instance.press(user, action, table, sys_id).expect_err("it is refused");
    assert_eq!(instance.row(table, sys_id), before, "{reason}");
    reason
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_marked_record_is_told_as_the_agent_s_change() {
    for (action, mark, words) in [
        (KNOWLEDGE, "x_gridlink_for_knowledge", "This is marked for knowledge."),
        (
            ESCALATE,
            "x_gridlink_escalated",
            "This is marked as escalated to the partner.",
        ),
    ] {
        // The action is one of `task`, which both extend.
        for table in ["incident", "sn_customerservice_case"] {
            let instance = with_the_app();
            let id = record(&instance, table).await;
            assert_eq!(instance.row(table, &id).unwrap()[mark], "false");
            assert_eq!(instance.press(AGENT, action, "task", &id).unwrap(), [words]);
            let row = instance.row(table, &id).unwrap();
            assert_eq!((row[mark].as_str(), row["sys_updated_by"].as_str()), ("true", AGENT));
            let events = told_later(&instance).await;
            assert_eq!(ids(&events), [format!("{table}/{id}/1")]);
            assert_eq!(events[0]["data"]["operation"], "changed");
            assert_eq!(events[0]["data"]["byIntegrationUser"], false);
            let again = refused(&instance, AGENT, action, table, &id);
            assert_eq!(
                again,
                format!("{action} on {table} {id}: its condition does not hold for {AGENT}")
            );
            assert!(told_later(&instance).await.is_empty());
            assert_eq!(complains(&instance), [""; 0]);
        }
    }
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn no_record_is_marked_that_is_not_the_community_s_or_not_the_user_s() {
    let instance = with_the_app();
    let ours = record(&instance, "incident").await;
    let other = instance.insert("incident", &[("short_description", "The printer is out of toner")]);
    let article = instance.rows("kb_knowledge")[0]["sys_id"].clone();
    told_later(&instance).await;
    for action in [KNOWLEDGE, ESCALATE] {
        let reason = refused(&instance, AGENT, action, "incident", &other);
        assert!(
            reason.ends_with(&format!("its condition does not hold for {AGENT}")),
            "{reason}"
        );
        let reason = refused(&instance, CALLER, action, "incident", &ours);
        assert!(
            reason.ends_with(&format!("its condition does not hold for {CALLER}")),
            "{reason}"
        );
        let reason = refused(&instance, CALLER, action, "incident", &other);
        assert_eq!(reason, format!("{CALLER} sees no record {other} of incident"));
        let reason = refused(&instance, "admin", action, "kb_knowledge", &article);
        assert_eq!(reason, format!("there is no action {action} on kb_knowledge"));
        let reason = refused(&instance, "nobody", action, "incident", &ours);
        assert_eq!(reason, "there is no active user nobody");
    }
    let closed = [("state", "7"), ("close_code", "Duplicate"), ("close_notes", "x")];
    instance.update("incident", &ours, &closed);
    refused(&instance, AGENT, ESCALATE, "incident", &ours);
    instance.press(AGENT, KNOWLEDGE, "incident", &ours).unwrap();
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_file_is_shared_by_a_comment_of_whoever_may_write_it() {
    let instance = with_the_app();
    let id = record(&instance, "incident").await;
    let file = instance.agent_file(&id, "proof of delivery.pdf", "application/pdf", "%PDF-");
    assert_eq!(told_later(&instance).await.len(), 1);
    let table = "sys_attachment";
    let reason = refused(&instance, CALLER, SHARE, table, &file);
    let wanted = format!("{SHARE} on {table} {file}: You may not write to the record of this file.");
    assert_eq!(reason, wanted);
    assert!(instance.journal(&id, "comments").is_empty());
    let said = instance.press(AGENT, SHARE, table, &file).unwrap();
    assert_eq!(said, ["This file is shared with the partner."]);
    let comments = instance.journal(&id, "comments");
    let written: Vec<_> = comments
        .iter()
        .map(|entry| (entry.value.as_str(), entry.created_by.as_str()))
        .collect();
    assert_eq!(written, [("share: proof of delivery.pdf", AGENT)]);
    assert_eq!(ids(&told_later(&instance).await), [format!("incident/{id}/1")]);
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_dead_event_is_sent_again_by_an_administrator_of_the_application() {
    let instance = with_the_app();
    let id = record(&instance, "incident").await;
    instance.update("incident", &id, &[("state", "2")]);
    seconds(2).await;
    seconds(10).await;
    let refused_event = answer_all(&instance, 400);
    assert_eq!(ids(&[event(&refused_event[0])]), [format!("incident/{id}/1")]);
    let entry = |state: &str| {
        let rows = instance.rows(OUTBOX);
        rows.into_iter().find(|row| row["state"] == state).unwrap()["sys_id"].clone()
    };
    let (dead, sent) = (entry("dead"), entry("sent"));
    let reason = refused(&instance, AGENT, AGAIN, OUTBOX, &dead);
    assert_eq!(reason, format!("{AGENT} sees no record {dead} of {OUTBOX}"));
    grant(&instance, AGENT, "x_gridlink.integration");
    let reason = refused(&instance, AGENT, AGAIN, OUTBOX, &dead);
    let wanted = format!("{AGAIN} on {OUTBOX} {dead}: {AGENT} has none of the roles of this action");
    assert_eq!(reason, wanted);
    grant(&instance, AGENT, "x_gridlink.admin");
    let reason = refused(&instance, AGENT, AGAIN, OUTBOX, &sent);
    assert!(
        reason.ends_with(&format!("its condition does not hold for {AGENT}")),
        "{reason}"
    );
    assert!(told_later(&instance).await.is_empty());
    instance.press(AGENT, AGAIN, OUTBOX, &dead).unwrap();
    assert_eq!(instance.row(OUTBOX, &dead).unwrap()["attempts"], "0");
    // Away for now: it is tried for another two days, not once.
    let again = instance.take_due_events();
    assert_eq!(again.len(), 1);
    instance.sent(again[0].id, &answered(503));
    assert_eq!(instance.row(OUTBOX, &dead).unwrap()["state"], "new");
    let events = told_later(&instance).await;
    assert_eq!(ids(&events), [format!("incident/{id}/1")]);
    assert_eq!(instance.row(OUTBOX, &dead).unwrap()["state"], "sent");
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn the_admin_route_presses_and_says_why_not() {
    let instance = with_the_app();
    let id = record(&instance, "incident").await;
    let press = json!({ "by": AGENT, "action": "x_gridlink_escalate", "table": "incident", "sys_id": id });
    let (status, answer) = post(&instance, "actions", &press).await;
    assert_eq!(
        (status, &answer["messages"][0]),
        (200, &json!("This is marked as escalated to the partner."))
    );
    let (status, answer) = post(&instance, "actions", &press).await;
    assert_eq!(status, 400);
    assert!(
        answer["error"]
            .as_str()
            .unwrap()
            .contains("its condition does not hold"),
        "{answer}"
    );
    let (status, _) = post(&seeded(), "actions", &press).await;
    assert_eq!(status, 400, "there is no application");
    assert_eq!(post(&instance, "actions", &json!({})).await.0, 400);
}

/// The status and the body of an admin route.
pub(super) async fn post(instance: &ServiceNow, route: &str, body: &Value) -> (u16, Value) {
    let request = http::Request::post(format!("/_world/{route}"));
    let response = instance.call(request.body(full(body.to_string())).unwrap()).await;
    (response.status().as_u16(), body_json(&response))
}
