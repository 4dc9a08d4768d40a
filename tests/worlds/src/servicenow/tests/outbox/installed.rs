//! The application itself, installed on the instance: what it tells, how it sends, what it offers.
//!
//! These need the package that `make app` builds, and run in `make test`, which builds it first.

mod pressed;
mod scheduled;
mod whole;

use std::collections::BTreeMap;
use std::path::Path;

use http::StatusCode;
use serde_json::{Value, json};

use super::{OUTBOX, SECRET, answer_all, answered, event, ids, seconds, telling};
use crate::outgoing::{Delivery, Destination, Outcome};
use crate::servicenow::tests::{ask, ask_as, body_json, incident, seeded};
use crate::servicenow::{AGENT, INTEGRATION_USER, ServiceNow};

/// A seeded instance with the application, connected.
fn with_the_app() -> ServiceNow {
    let instance = seeded();
    instance.install_app(package()).unwrap();
    instance.set_property("x_gridlink.integration_user", INTEGRATION_USER);
    instance.send_events(Destination::new("https://gridlink.test", "servicenow", SECRET).unwrap());
    // Nobody but the conditions of its rules knows what changed, and its scripts only who changed last.
    instance.guess(|guesses| guesses.async_rule_knows_the_change = false);
    instance
}

fn package() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/servicenow-app/target");
    let files = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("the package is not built: make app"));
    let zip = files
        .filter_map(|file| Some(file.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "zip"));
    std::fs::read(zip.expect("the package is not built: make app")).unwrap()
}

fn complains(instance: &ServiceNow) -> Vec<String> {
    let mut ignored = instance.ignored();
    ignored.retain(|note| note.contains("failed") || note.contains("script of the app") || note.contains("package"));
    ignored
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn the_app_tells_what_the_world_tells_by_itself() {
    let (app, world) = (with_the_app(), telling());
    world.guess(|guesses| guesses.async_rule_knows_the_change = false);
    let both = [&app, &world];
    let [one, case, task, item, article, company] = ["1", "2", "3", "4", "5", "6"].map(|digit| digit.repeat(32));
    let mut files = [String::new(), String::new()];
    for instance in both {
        let add = |table, sys_id: &str| instance.insert(table, &[("sys_id", sys_id), ("short_description", "x")]);
        add("incident", &one);
        add("sn_customerservice_case", &case);
        add("sn_customerservice_task", &task);
        add("sc_req_item", &item);
        add("kb_knowledge", &article);
        instance.insert("core_company", &[("sys_id", &company), ("name", "Elsewhere")]);
    }
    let mut told = [Vec::new(), Vec::new()];
    tell(both, &mut told).await;
    for instance in both {
        instance.update("incident", &one, &[("state", "2"), ("watch_list", "nobody")]);
        instance.update("sn_customerservice_case", &case, &[("priority", "1")]);
        instance.update("core_company", &company, &[("name", "Here")]);
        instance.update_as(INTEGRATION_USER, "incident", &one, &[("impact", "1"), ("urgency", "1")]);
    }
    tell(both, &mut told).await;
    for (instance, file) in both.into_iter().zip(&mut files) {
        instance.agent_comment(&case, "public, and nothing of it is told");
        instance.agent_work_note(&one, "internal, and not told");
        instance.update("sn_customerservice_task", &task, &[("due_date", "2026-12-01 10:00:00")]);
        instance.update("sc_req_item", &item, &[("approval", "approved")]);
        instance.update("kb_knowledge", &article, &[("text", "<p>So</p>")]);
        *file = instance.agent_file(&case, "proof.pdf", "application/pdf", "%PDF-");
        let user = instance.rows("sys_user")[0]["sys_id"].clone();
        instance.agent_file(&user, "photo.png", "image/png", "x");
    }
    tell(both, &mut told).await;
    for instance in both {
        instance.delete("sn_customerservice_task", &task);
    }
    tell(both, &mut told).await;
    let [by_app, by_world] = [0, 1].map(|index| {
        let mut events: Vec<Value> = told[index]
            .iter()
            .map(|event| comparable(event, &files[index]))
            .collect();
        events.sort_by_key(|event| event["id"].to_string());
        events
    });
    assert_eq!(by_app, by_world);
    assert_eq!(by_app.len(), 14);
    assert_eq!(complains(&app), [""; 0]);
}

/// Lets both instances tell all that they have to tell.
async fn tell(both: [&ServiceNow; 2], told: &mut [Vec<Value>; 2]) {
    for _ in 0..12 {
        seconds(1).await;
        for (instance, told) in both.into_iter().zip(told.iter_mut()) {
            told.extend(answer_all(instance, 202).iter().map(event));
        }
    }
}

/// An event without what two instances cannot have in common: the sys_id of a file, and the time of a deletion, whose
/// rule runs some time after it.
fn comparable(event: &Value, file: &str) -> Value {
    let mut event: Value = serde_json::from_str(&event.to_string().replace(file, "FILE")).unwrap();
    if event["id"].as_str().unwrap().ends_with("/deleted") {
        event["time"] = Value::Null;
    }
    event
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn what_the_app_sends_is_signed_as_the_reference_library_verifies() {
    let instance = with_the_app();
    instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    let requests = answer_all(&instance, 202);
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.uri(), "https://gridlink.test/hooks/servicenow");
    assert_eq!(request.headers()["content-type"], "application/cloudevents+json");
    // The library reads the clock itself, so the signature is compared and not the time.
    let header = |name: &str| request.headers()[name].to_str().unwrap();
    let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
    let timestamp = header("webhook-timestamp").parse().unwrap();
    let signed = webhook.sign(header("webhook-id"), timestamp, request.body()).unwrap();
    assert_eq!(header("webhook-signature"), signed);
    assert_eq!(header("webhook-id"), event(request)["id"].as_str().unwrap());
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_receiver_that_is_away_for_a_day_gets_everything_in_order() {
    let instance = with_the_app();
    let records: Vec<String> = (0..6)
        .map(|number| instance.insert("incident", &[("short_description", &format!("number {number}"))]))
        .collect();
    seconds(2).await;
    answer_all(&instance, 503);
    for hour in 0..24 {
        for record in &records {
            let state = if hour % 2 == 0 { "2" } else { "1" };
            instance.update("incident", record, &[("state", state)]);
        }
        for _ in 0..6 {
            seconds(600).await;
            answer_all(&instance, 503);
        }
    }
    assert!(instance.rows(OUTBOX).iter().all(|row| row["state"] == "new"));
    let mut told: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for _ in 0..40 {
        seconds(60).await;
        for request in answer_all(&instance, 202) {
            let event = event(&request);
            let subject = event["subject"].as_str().unwrap().to_owned();
            told.entry(subject)
                .or_default()
                .push(event["data"]["modCount"].as_u64().unwrap());
        }
    }
    assert_eq!(told.len(), 6);
    for versions in told.values() {
        assert_eq!(*versions, (0..=24).collect::<Vec<u64>>());
    }
    assert!(instance.rows(OUTBOX).iter().all(|row| row["state"] == "sent"));
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_refused_event_is_dead_with_its_reason_and_lets_the_next_one_go() {
    let instance = with_the_app();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    instance.update("incident", &id, &[("state", "2")]);
    seconds(2).await;
    let first = instance.take_due_events();
    assert_eq!(first.len(), 1, "of one record one event is under way");
    instance.sent(first[0].id, &answered(400));
    let second = answer_all(&instance, 202);
    assert_eq!(ids(&[event(&second[0])]), [format!("incident/{id}/1")]);
    let states: Vec<(String, String)> = instance
        .rows(OUTBOX)
        .iter()
        .map(|row| (row["state"].clone(), row["last_error"].clone()))
        .collect();
    let wanted = [("dead", "refused: 400"), ("sent", "")];
    assert_eq!(
        states,
        wanted.map(|(state, reason)| (state.to_owned(), reason.to_owned()))
    );
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn a_drain_that_hears_no_answer_sends_the_event_again_before_the_next_one() {
    let instance = with_the_app();
    let id = instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    instance.update("incident", &id, &[("state", "2")]);
    seconds(2).await;
    let lost = instance.take_due_events();
    assert_eq!(lost.len(), 1);
    seconds(61).await;
    assert!(instance.take_due_events().is_empty(), "it waits before it tries again");
    seconds(11).await;
    let again = answer_all(&instance, 202);
    let again: Vec<Value> = again.iter().map(event).collect();
    assert_eq!(ids(&again), [format!("incident/{id}/0"), format!("incident/{id}/1")]);
    // The first try was late, and nobody waits for it any more.
    instance.sent(lost[0].id, &answered(503));
    assert!(instance.rows(OUTBOX).iter().all(|row| row["state"] == "sent"));
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn ten_thousand_events_leave_over_four_connections() {
    let instance = with_the_app();
    // Written as the rules would: the rules themselves are not what is asked here.
    for number in 0..10_000_u32 {
        let (record, lane) = (format!("{:032x}", number / 5), (number / 5) % 4);
        instance.insert(
            OUTBOX,
            &[
                ("event_id", &format!("incident/{record}/{}", number % 5)),
                ("subject", &format!("records/incident/{record}")),
                ("lane", &lane.to_string()),
                ("record_mod_count", &(number % 5).to_string()),
                ("next_attempt", "2026-11-22 10:00:00"),
                ("state", "new"),
                ("payload", "{}"),
            ],
        );
    }
    let mut most = 0;
    let mut last: BTreeMap<String, String> = BTreeMap::new();
    let mut sent = 0;
    while sent < 10_000 {
        seconds(1).await;
        // A receiver that answers within a millisecond: what is measured is order and connections, not time.
        loop {
            let due = instance.take_due_events();
            if due.is_empty() {
                break;
            }
            most = most.max(due.len());
            for Delivery { id, request } in due {
                let event_id = request.headers()["webhook-id"].to_str().unwrap().to_owned();
                let (record, version) = event_id.rsplit_once('/').unwrap();
                let before = last.insert(record.to_owned(), version.to_owned());
                assert!(
                    before.is_none_or(|before| before.as_str() < version),
                    "{event_id} came late"
                );
                instance.sent(id, &answered(202));
                sent += 1;
            }
        }
    }
    assert_eq!(most, 4);
    assert_eq!(last.len(), 2000);
    assert!(last.values().all(|version| version == "4"));
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn one_write_makes_one_entry_however_often_it_is_asked_for() {
    let instance = with_the_app();
    let id = incident(&instance).await;
    grant(&instance, INTEGRATION_USER, "x_gridlink.integration");
    let write = json!({
        "id": "0123456789abcdef0123456789abcdef", "table": "incident", "sysId": id,
        "element": "comments", "text": "The truck left.",
    });
    let path = "/api/x_gridlink/v1/connector/apply";
    let mut answers = Vec::new();
    for _ in 0..3 {
        let response = ask(&instance, "POST", path, Some(write.clone())).await;
        assert_eq!(response.status(), StatusCode::OK, "{}", body_json(&response));
        answers.push(body_json(&response)["result"].clone());
    }
    let entries = instance.journal(&id, "comments");
    assert_eq!(entries.len(), 1);
    let written: Vec<&Value> = answers.iter().map(|answer| &answer["written"]).collect();
    assert_eq!(written, ["now", "before", "before"]);
    assert!(
        answers
            .iter()
            .all(|answer| answer["entry"] == answers[0]["entry"] && answer["entry"] != "")
    );
    // The same text under another id is another entry, the same id with another text is refused.
    let mut other = write.clone();
    other["id"] = "f".repeat(32).into();
    assert_eq!(ask(&instance, "POST", path, Some(other)).await.status(), StatusCode::OK);
    assert_eq!(instance.journal(&id, "comments").len(), 2);
    let mut changed = write.clone();
    changed["text"] = "The truck did not leave.".into();
    assert_eq!(
        ask(&instance, "POST", path, Some(changed)).await.status(),
        StatusCode::CONFLICT
    );
    let mut broken = write;
    broken["element"] = "state".into();
    assert_eq!(
        ask(&instance, "POST", path, Some(broken)).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(instance.journal(&id, "comments").len(), 2);
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn its_health_is_shown_to_those_with_its_role() {
    let instance = with_the_app();
    let path = "/api/x_gridlink/v1/connector/health";
    assert_eq!(ask(&instance, "GET", path, None).await.status(), StatusCode::FORBIDDEN);
    grant(&instance, INTEGRATION_USER, "x_gridlink.integration");
    instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    let health = body_json(&ask(&instance, "GET", path, None).await)["result"].clone();
    let wanted = json!({
        "version": "0.1.0", "active": true, "integrationUser": INTEGRATION_USER, "connection": "configured",
        "waiting": 1, "dead": 0, "oldestWaiting": "2026-11-22 10:00:01",
    });
    assert_eq!(health, wanted);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn agents_see_which_issue_a_record_belongs_to() {
    let instance = with_the_app();
    let fields = [
        ("short_description", "x"),
        ("correlation_id", "ISS-1001~0123abcd"),
        ("correlation_display", "Trading Grid"),
    ];
    let id = instance.insert("incident", &fields);
    instance.insert("incident", &[("short_description", "of somebody else")]);
    seconds(2).await;
    answer_all(&instance, 202);
    let links = instance.rows("x_gridlink_link");
    assert_eq!(links.len(), 1);
    assert_eq!(
        (links[0]["record"].as_str(), links[0]["issue"].as_str()),
        (id.as_str(), "ISS-1001")
    );
    assert_eq!(links[0]["last_sync"], "2026-11-22 10:00:02", "when its event was taken");
    // Its access rule names a role of the platform.
    let seen = ask_as(&instance, AGENT, "GET", "/api/now/table/x_gridlink_link", None).await;
    assert_eq!(body_json(&seen)["result"][0]["issue"], "ISS-1001");
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn it_is_silent_until_it_is_turned_on() {
    let instance = seeded();
    instance.install_app(package()).unwrap();
    instance.insert("incident", &[("short_description", "x")]);
    seconds(60).await;
    assert!(instance.take_due_events().is_empty());
    assert!(instance.rows(OUTBOX).is_empty());
    assert_eq!(instance.next_event_at(), None);
    assert_eq!(complains(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
#[ignore = "needs the package: make app"]
async fn an_answer_that_never_came_is_no_acceptance() {
    let instance = with_the_app();
    instance.insert("incident", &[("short_description", "x")]);
    seconds(2).await;
    let sent = instance.take_due_events();
    instance.sent(sent[0].id, &Outcome::Unanswered("connection reset".to_owned()));
    let row = instance.rows(OUTBOX).remove(0);
    assert_eq!(
        (row["state"].as_str(), row["last_error"].as_str()),
        ("new", "connection reset")
    );
    assert_eq!(row["next_attempt"], "2026-11-22 10:00:12");
}

fn grant(instance: &ServiceNow, user: &str, role: &str) {
    let of = |table: &str, field: &str, value: &str| {
        let rows = instance.rows(table);
        let row = rows.iter().find(|row| row[field] == value);
        row.unwrap_or_else(|| panic!("there is no {value} in {table}"))["sys_id"].clone()
    };
    let (user, role) = (of("sys_user", "user_name", user), of("sys_user_role", "name", role));
    instance.insert("sys_user_has_role", &[("user", &user), ("role", &role)]);
}
