//! Which changes are told, and what is said of them.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use super::{answer_all, event, ids, seconds, telling, told};
use crate::servicenow::tests::{ask, create, incident};
use crate::servicenow::{AGENT, INTEGRATION_USER};

#[tokio::test(start_paused = true)]
async fn one_change_is_one_event_about_that_version() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "ASN quantity differs")]);
    told(&instance).await;
    instance.update("incident", &id, &[("state", "2"), ("watch_list", "nobody")]);
    let number = instance.row("incident", &id).unwrap()["number"].clone();
    let events = told(&instance).await;
    let wanted = json!([{
        "specversion": "1.0",
        "id": format!("incident/{id}/1"),
        "type": "gridlink.servicenow.record.changed.v1",
        "source": "//servicenow/servicenow.example",
        "subject": format!("records/incident/{id}"),
        "time": "2026-11-22T10:00:02Z",
        "datacontenttype": "application/json",
        "data": {
            "table": "incident", "sysId": id, "number": number, "modCount": 1,
            "updatedOn": "2026-11-22T10:00:02Z", "operation": "changed",
            "changedFields": ["state"], "byIntegrationUser": false,
        },
    }]);
    assert_eq!(Value::Array(events), wanted);
    assert!(told(&instance).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_the_integration_user_did_is_told_and_marked() {
    let instance = telling();
    let id = incident(&instance).await;
    instance.agent_comment(&id, "We are looking at it");
    let marks: Vec<Value> = told(&instance)
        .await
        .iter()
        .map(|event| json!([event["data"]["operation"], event["data"]["byIntegrationUser"]]))
        .collect();
    assert_eq!(marks, [json!(["created", true]), json!(["changed", false])]);
    instance.set_property("x_gridlink.integration_user", AGENT);
    instance.agent_comment(&id, "Still looking");
    assert_eq!(told(&instance).await[0]["data"]["byIntegrationUser"], true);
}

#[tokio::test(start_paused = true)]
async fn a_rule_runs_later_and_sees_the_record_as_it_is_then() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    told(&instance).await;
    instance.update("incident", &id, &[("state", "2")]);
    assert!(instance.take_due_events().is_empty(), "the rule has not run yet");
    let urgent = [("impact", "1"), ("urgency", "1")];
    instance.update_as(INTEGRATION_USER, "incident", &id, &urgent);
    let mut events = told(&instance).await;
    let version = format!("incident/{id}/2");
    assert_eq!(ids(&events), [&version, &version]);
    let hints = events.iter_mut().map(|event| {
        let data = event["data"].as_object_mut().unwrap();
        ["operation", "changedFields", "byIntegrationUser"].map(|hint| data.remove(hint).unwrap())
    });
    let hints: Vec<_> = hints.collect();
    assert_eq!(hints[0], [json!("changed"), json!(["state"]), json!(false)]);
    assert_eq!(hints[1], [json!("changed"), json!(["priority"]), json!(true)]);
    assert_eq!(events[0], events[1], "one id differs in its hints only");
}

#[tokio::test(start_paused = true)]
async fn a_rule_runs_before_whatever_comes_after_its_time() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(1).await;
    let path = format!("/api/now/table/incident/{id}");
    ask(&instance, "PATCH", &path, Some(json!({ "state": "2" }))).await;
    seconds(1).await;
    instance.update("incident", &id, &[("state", "3")]);
    let versions = [0, 1, 2].map(|version| format!("incident/{id}/{version}"));
    assert_eq!(ids(&told(&instance).await), versions);
}

#[tokio::test(start_paused = true)]
async fn rules_may_run_out_of_order_and_always_in_the_same_disorder() {
    async fn run(seed: u64) -> Vec<String> {
        let instance = telling();
        instance.guess(|guesses| {
            guesses.async_rule_spread_milliseconds = 20_000;
            guesses.async_rule_seed = seed;
        });
        for number in 0..6 {
            instance.insert("incident", &[("short_description", &format!("number {number}"))]);
        }
        seconds(30).await;
        let requests = answer_all(&instance, 202);
        let subject = |request| event(request)["subject"].as_str().unwrap().to_owned();
        requests.iter().map(subject).collect()
    }
    let (one, same, other) = (run(1).await, run(1).await, run(2).await);
    assert_eq!(one, same);
    assert_ne!(one, other);
    assert_eq!(one.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn only_watched_tables_and_changes_are_told() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    instance.insert("core_company", &[("name", "Elsewhere")]);
    assert_eq!(ids(&told(&instance).await), [format!("incident/{id}/0")]);
    instance.agent_work_note(&id, "internal");
    instance.update("incident", &id, &[("watch_list", "nobody")]);
    instance.update("incident", &id, &[("state", "1")]);
    instance.set_property("any.property", "x");
    assert!(told(&instance).await.is_empty());
    instance.agent_comment(&id, "public");
    let events = told(&instance).await;
    assert_eq!(events[0]["data"]["changedFields"], json!(["comments"]));
    assert!(!events[0].to_string().contains("public"), "events hold no contents");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_told_on_its_record_and_a_person_s_photo_is_not() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    told(&instance).await;
    let user = instance.rows("sys_user")[0]["sys_id"].clone();
    instance.agent_file(&user, "photo.png", "image/png", "x");
    let file = instance.agent_file(&id, "secret plan.txt", "text/plain", "hello");
    let events = told(&instance).await;
    assert_eq!(ids(&events), [format!("sys_attachment/{file}/0")]);
    assert_eq!(events[0]["type"], "gridlink.servicenow.attachment.added.v1");
    assert_eq!(events[0]["subject"], format!("records/incident/{id}"));
    assert_eq!(events[0]["data"]["record"], json!({ "table": "incident", "sysId": id }));
    assert!(!events[0].to_string().contains("secret plan"));

    let deleted = ask(&instance, "DELETE", &format!("/api/now/attachment/{file}"), None).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let events = told(&instance).await;
    assert_eq!(ids(&events), [format!("sys_attachment/{file}/0/deleted")]);
    assert_eq!(events[0]["type"], "gridlink.servicenow.record.changed.v1");
}

#[tokio::test(start_paused = true)]
async fn a_deletion_has_an_id_of_its_own() {
    let instance = telling();
    let row = create(&instance, "incident", json!({ "short_description": "x" })).await;
    let id = row["sys_id"].as_str().unwrap();
    instance.agent_file(id, "a.txt", "text/plain", "hello");
    told(&instance).await;
    instance.delete("task", id);
    let events = told(&instance).await;
    assert_eq!(ids(&events), [format!("incident/{id}/0/deleted")]);
    let data = &events[0]["data"];
    assert_eq!(
        (&data["operation"], &data["table"]),
        (&json!("deleted"), &json!("incident"))
    );
    assert_eq!((&data["number"], &data["modCount"]), (&row["number"], &json!(0)));
    assert_eq!(events[0]["time"], "2026-11-22T10:00:02Z");
}

#[tokio::test(start_paused = true)]
async fn a_record_that_is_gone_when_its_rule_runs_is_only_told_as_deleted() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    instance.delete("incident", &id);
    assert_eq!(ids(&told(&instance).await), [format!("incident/{id}/0/deleted")]);
    instance.guess(|guesses| guesses.async_delete_rule_runs = false);
    let id = instance.insert("incident", &[("short_description", "y")]);
    instance.delete("incident", &id);
    assert!(told(&instance).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_rule_may_know_neither_the_fields_nor_who_changed_them() {
    let instance = telling();
    instance.guess(|guesses| guesses.async_rule_knows_the_change = false);
    let id = incident(&instance).await;
    instance.update("incident", &id, &[("state", "2")]);
    let events = told(&instance).await;
    let hints: Vec<Value> = events
        .iter()
        .map(|event| json!([event["data"]["changedFields"], event["data"]["byIntegrationUser"]]))
        .collect();
    assert_eq!(
        hints,
        [json!([[], false]), json!([[], false])],
        "the agent was the last"
    );
}

#[tokio::test(start_paused = true)]
async fn a_late_write_is_told_when_it_commits() {
    let instance = telling();
    let rule = crate::Rule::once("POST", "/api/now/table/", crate::Fault::CommitLate { seconds: 90 });
    instance.knobs().add(rule);
    let fields = json!({ "short_description": "late" });
    ask(&instance, "POST", "/api/now/table/incident", Some(fields)).await;
    seconds(60).await;
    assert!(answer_all(&instance, 202).is_empty());
    seconds(60).await;
    let events = answer_all(&instance, 202);
    assert_eq!(event(&events[0])["time"], "2026-11-22T10:01:30Z");
}

#[tokio::test(start_paused = true)]
async fn two_instances_tell_the_same_of_the_same_acts() {
    async fn run() -> Vec<(String, Bytes)> {
        let instance = telling();
        let id = instance.insert("incident", &[("short_description", "x")]);
        instance.update("incident", &id, &[("state", "2")]);
        seconds(2).await;
        answer_all(&instance, 202)
            .into_iter()
            .map(|request| (format!("{:?}", request.headers()), request.into_body()))
            .collect()
    }
    assert_eq!(run().await, run().await);
}
