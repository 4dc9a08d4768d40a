//! What the scoped app tells of changed records, taken and answered in process.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use shared::event::Event;
use shared::signature::{Headers, keys, verify};

use super::{ask, body_json, create, full, incident, seeded};
use crate::outgoing::{Delivery, Destination, EventFault, EventRule, Outcome, Retries};
use crate::servicenow::ServiceNow;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OUTBOX: &str = "x_gridlink_outbox";

/// A seeded instance that sends events.
fn telling() -> ServiceNow {
    let instance = seeded();
    instance.send_events(Destination::new("https://gridlink.test", "servicenow", SECRET).unwrap());
    instance
}

fn answered(status: u16) -> Outcome {
    Outcome::of(&Response::builder().status(status).body(Bytes::new()).unwrap())
}

async fn seconds(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// Answers everything that may leave now and gives the requests in their order.
fn answer_all(instance: &ServiceNow, status: u16) -> Vec<Request<Bytes>> {
    let mut requests = Vec::new();
    loop {
        let due = instance.take_due_events();
        if due.is_empty() {
            return requests;
        }
        for Delivery { id, request } in due {
            requests.push(request);
            instance.sent(id, &answered(status));
        }
    }
}

/// The events that are told within two seconds, all accepted.
async fn told(instance: &ServiceNow) -> Vec<Value> {
    seconds(2).await;
    answer_all(instance, 202).iter().map(event).collect()
}

fn event(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

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
}

#[tokio::test(start_paused = true)]
async fn a_rule_runs_later_and_sees_the_record_as_it_is_then() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    told(&instance).await;
    instance.update("incident", &id, &[("state", "2")]);
    assert!(instance.take_due_events().is_empty(), "the rule has not run yet");
    instance.update("incident", &id, &[("priority", "1"), ("impact", "1"), ("urgency", "1")]);
    let events = told(&instance).await;
    let version = format!("incident/{id}/2");
    assert_eq!(ids(&events), [&version, &version]);
    let fields: Vec<&Value> = events.iter().map(|event| &event["data"]["changedFields"]).collect();
    assert_eq!(fields, [&json!(["state"]), &json!(["priority"])]);
}

#[tokio::test(start_paused = true)]
async fn a_rule_runs_before_whatever_comes_after_its_time() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(1).await;
    instance.update("incident", &id, &[("state", "2")]);
    assert_eq!(
        ids(&told(&instance).await),
        [format!("incident/{id}/0"), format!("incident/{id}/1")]
    );
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
async fn our_own_receiver_takes_what_is_sent() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    instance.agent_file(&id, "a.txt", "text/plain", "hello");
    instance.delete("incident", &id);
    let other = instance.insert("sn_customerservice_case", &[("short_description", "y")]);
    instance.agent_file(&other, "b.txt", "text/plain", "hello");
    seconds(2).await;
    let requests = answer_all(&instance, 202);
    assert_eq!(requests.len(), 3);
    let keys = keys(&SECRET.to_owned().into()).unwrap();
    let now = shared::domain::Timestamp::parse_rfc3339("2026-11-22T10:00:02Z").unwrap();
    for request in &requests {
        assert_eq!(request.uri(), "https://gridlink.test/hooks/servicenow");
        assert_eq!(request.headers()["content-type"], "application/cloudevents+json");
        let header = |name| Some(request.headers()[name].to_str().unwrap());
        let headers = Headers {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
        };
        let verified = verify(&keys, &headers, request.body(), now).unwrap();
        let body = std::str::from_utf8(verified.body()).unwrap();
        let event = Event::parse(&"servicenow".parse().unwrap(), body).unwrap();
        assert_eq!(Some(event.id.as_str()), headers.id);
        assert!(event.check_age(now).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_wrong_signature_or_a_stale_time_is_refused_and_the_next_try_is_good() {
    let instance = telling();
    instance.add_event_rule(EventRule::once(EventFault::WrongSignature));
    instance.add_event_rule(EventRule::once(EventFault::StaleTimestamp { seconds: 301 }).skip(1));
    instance.insert("incident", &[("short_description", "x")]);
    instance.insert("incident", &[("short_description", "y")]);
    let keys = keys(&SECRET.to_owned().into()).unwrap();
    let mut verdicts = Vec::new();
    let mut at = 0;
    for wait in [2, 10] {
        seconds(wait).await;
        at += wait;
        for Delivery { id, request } in instance.take_due_events() {
            let header = |name| Some(request.headers()[name].to_str().unwrap());
            let headers = Headers {
                id: header("webhook-id"),
                timestamp: header("webhook-timestamp"),
                signature: header("webhook-signature"),
            };
            let now = shared::domain::Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
            let verdict = verify(&keys, &headers, request.body(), now.after(Duration::from_secs(at)));
            let verdict = verdict.map(|_| ()).map_err(|error| error.to_string());
            instance.sent(id, &answered(if verdict.is_ok() { 202 } else { 401 }));
            verdicts.push(verdict);
        }
    }
    let refused = |reason: &str| Err(reason.to_owned());
    assert_eq!(
        verdicts,
        [
            refused("no signature fits"),
            Ok(()),
            refused("the timestamp is not within five minutes of now"),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_waits_longer_after_every_try_then_dies_and_is_revived() {
    let instance = telling();
    instance.retry_events(Retries {
        attempts: 3,
        ..Retries::default()
    });
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(1).await;
    let mut tries = Vec::new();
    while let Some(next) = instance.next_event_at() {
        let now = instance.gate.clock.now();
        tokio::time::advance((next - now).try_into().unwrap()).await;
        tries.push((next - now).whole_seconds());
        assert_eq!(answer_all(&instance, 503).len(), 1);
    }
    assert_eq!(tries, [0, 10, 20]);
    let row = instance.rows(OUTBOX).remove(0);
    assert_eq!((row["state"].as_str(), row["attempts"].as_str()), ("dead", "3"));
    assert_eq!(row["last_error"], "given up after 3 tries: 503");

    assert_eq!(instance.revive_events(), 1);
    assert_eq!(instance.rows(OUTBOX)[0]["state"], "new");
    assert_eq!(ids(&told(&instance).await), [format!("incident/{id}/0")]);
    assert_eq!(instance.rows(OUTBOX)[0]["state"], "sent");
}

#[tokio::test(start_paused = true)]
async fn a_failing_record_keeps_its_order_and_holds_up_no_other() {
    let instance = telling();
    let bad = instance.insert("incident", &[("short_description", "bad")]);
    let good = instance.insert("incident", &[("short_description", "good")]);
    seconds(1).await;
    for (state, pause) in [("2", 1), ("3", 1)] {
        for id in [&bad, &good] {
            instance.update("incident", id, &[("state", state)]);
        }
        seconds(pause).await;
    }
    let mut order = Vec::new();
    for _ in 0..100 {
        for Delivery { id, request } in instance.take_due_events() {
            let event = event(&request);
            let is_bad = event["data"]["sysId"] == bad.as_str();
            let is_refused = is_bad && order.len() < 3;
            instance.sent(id, &answered(if is_refused { 500 } else { 202 }));
            if !is_refused {
                order.push((is_bad, event["data"]["modCount"].as_u64().unwrap()));
            }
        }
        seconds(1).await;
    }
    assert_eq!(
        order,
        [(false, 0), (false, 1), (false, 2), (true, 0), (true, 1), (true, 2)]
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
async fn the_outbox_is_a_table_that_is_read_and_not_written() {
    let instance = telling();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    let path = format!("/api/now/table/{OUTBOX}?sysparm_query=record={id}^state=new");
    let response = ask(&instance, "GET", &path.replace('^', "%5E"), None).await;
    let row = body_json(&response)["result"][0].clone();
    for (field, value) in [
        ("event_id", format!("incident/{id}/0").as_str()),
        ("event_type", "gridlink.servicenow.record.changed.v1"),
        ("record_table", "incident"),
        ("record_mod_count", "0"),
        ("by_integration_user", "false"),
        ("attempts", "0"),
        ("next_attempt", "2026-11-22 10:00:01"),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    let payload: Value = serde_json::from_str(row["payload"].as_str().unwrap()).unwrap();
    assert_eq!(payload["data"]["sysId"], id);
    let path = format!("/api/now/table/{OUTBOX}/{}", row["sys_id"].as_str().unwrap());
    let response = ask(&instance, "PATCH", &path, Some(json!({ "state": "sent" }))).await;
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert!(instance.ignored().is_empty(), "{:?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn without_a_receiver_there_is_no_app() {
    let instance = seeded();
    let id = instance.insert("incident", &[("short_description", "x")]);
    instance.delete("incident", &id);
    seconds(60).await;
    assert!(instance.take_due_events().is_empty() && instance.next_event_at().is_none());
    let response = ask(&instance, "GET", &format!("/api/now/table/{OUTBOX}"), None).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    let (status, body) = admin(&instance, "GET", "/_world/outbox", Value::Null).await;
    assert_eq!(status, 400);
    assert!(
        body["error"]
            .as_str()
            .unwrap()
            .starts_with("this world sends no events")
    );
}

#[tokio::test(start_paused = true)]
async fn the_admin_routes_name_a_receiver_show_the_outbox_and_let_it_leave() {
    let instance = seeded();
    let receiver = json!({ "url": "https://gridlink.test", "secret": SECRET, "sender": "servicenow" });
    assert_eq!(admin(&instance, "POST", "/_world/receiver", receiver).await.0, 200);
    let wrong = json!({ "url": "https://gridlink.test", "secret": "hunter2", "sender": "servicenow" });
    let (status, refusal) = admin(&instance, "POST", "/_world/receiver", wrong).await;
    assert!(status == 400 && !refusal.to_string().contains("hunter2"), "{refusal}");
    let rule = json!({ "fault": { "kind": "delay", "seconds": 3600 } });
    assert_eq!(admin(&instance, "POST", "/_world/event-knobs", rule).await.0, 200);
    let explode = json!({ "fault": { "kind": "explode" } });
    assert_eq!(admin(&instance, "POST", "/_world/event-knobs", explode).await.0, 400);

    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    assert!(answer_all(&instance, 202).is_empty());
    let second = instance.insert("incident", &[("short_description", "y")]);
    assert_eq!(
        admin(&instance, "DELETE", "/_world/event-knobs", Value::Null).await.0,
        200
    );
    let (_, rules) = admin(&instance, "GET", "/_world/event-knobs", Value::Null).await;
    assert_eq!(rules, json!({ "rules": [] }));
    assert_eq!(admin(&instance, "POST", "/_world/drain", Value::Null).await.0, 200);
    instance.drain_is_asked().await;
    assert_eq!(answer_all(&instance, 400).len(), 2);

    let (_, outbox) = admin(&instance, "GET", "/_world/outbox", Value::Null).await;
    let events = outbox["events"].as_array().unwrap();
    assert_eq!(
        ids(events),
        [format!("incident/{id}/0"), format!("incident/{second}/0")]
    );
    assert_eq!(
        (&events[0]["state"], &events[0]["lastError"]),
        (&json!("dead"), &json!("refused: 400"))
    );
    let (_, revived) = admin(&instance, "POST", "/_world/outbox/revive", Value::Null).await;
    assert_eq!(revived, json!({ "revived": 2 }));
}

#[tokio::test(start_paused = true)]
async fn a_reset_keeps_the_receiver_and_nothing_else() {
    let instance = telling();
    instance.add_event_rule(EventRule::always(EventFault::Drop));
    instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    instance.insert("incident", &[("short_description", "y")]);
    admin(&instance, "POST", "/_world/reset", Value::Null).await;
    assert!(instance.rows(OUTBOX).is_empty());
    assert!(told(&instance).await.is_empty());
    instance.insert("incident", &[("short_description", "z")]);
    assert_eq!(told(&instance).await.len(), 1);
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

/// The status and body of an admin route.
async fn admin(instance: &ServiceNow, method: &str, path: &str, body: Value) -> (u16, Value) {
    let request = Request::builder().method(method).uri(path);
    let response = instance.call(request.body(full(body.to_string())).unwrap()).await;
    (response.status().as_u16(), body_json(&response))
}
