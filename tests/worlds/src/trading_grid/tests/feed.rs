//! The feed holds what partners do, in order, and every event is as the contract says.

use std::time::Duration;

use super::*;
use crate::trading_grid::collaboration::validator;
use crate::trading_grid::{Disturbance, ExchangeSeed, FileSeed, PartnerAct, Status};

async fn all(desk: &Desk<'_>, limit: usize) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), String::new());
    loop {
        let page = desk.get(&format!("/events?limit={limit}{after}")).await.body;
        ids.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|event| event["id"].as_str().unwrap().to_owned()),
        );
        after = format!("&after={}", page["next"].as_str().unwrap());
        if page["hasMore"] == false {
            return ids;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_goes_on_misses_nothing() {
    let community = with_issue();
    for number in 0..7 {
        community.add_comment(NORTHWIND, "ISS-1", &format!("Comment {number}"));
    }
    let desk = Desk::new(&community).await;
    let ids = all(&desk, 3).await;
    let expected: Vec<String> = (1..=8).map(|number| format!("evt-{number}")).collect();
    assert_eq!(ids, expected);
    let next = desk.get("/events").await.body["next"].as_str().unwrap().to_owned();
    let empty = desk.get(&format!("/events?after={next}")).await.body;
    assert_eq!(
        (&empty["items"], &empty["next"], &empty["hasMore"]),
        (&json!([]), &json!(next), &json!(false))
    );
    community.add_comment(NORTHWIND, "ISS-1", "One more");
    let more = desk.get(&format!("/events?after={next}")).await.body;
    assert_eq!(more["items"][0]["data"]["comment"]["text"], "One more");
    for wrong in ["e.999", "c.1", "nonsense"] {
        assert_eq!(
            desk.get(&format!("/events?after={wrong}")).await.problem(),
            (400, "cursor-malformed")
        );
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_longer_kept_is_said_to_be_gone() {
    let community = with_issue();
    let next = Desk::new(&community).await.get("/events?limit=1").await.body["next"].clone();
    tokio::time::advance(Duration::from_secs(20 * 24 * 3600)).await;
    community.add_comment(NORTHWIND, "ISS-1", "After twenty days");
    tokio::time::advance(Duration::from_secs(11 * 24 * 3600)).await;
    let desk = Desk::new(&community).await;
    let kept = desk
        .get(&format!("/events?after={}", next.as_str().unwrap()))
        .await
        .body;
    assert_eq!(kept["items"].as_array().unwrap().len(), 1);
    let gone = desk.get("/events?after=e.0").await;
    assert_eq!(
        (gone.problem(), &gone.body["oldest"]),
        ((410, "cursor-expired"), &json!("e.1"))
    );
    assert_eq!(desk.get("/events").await.body["items"].as_array().unwrap().len(), 1);
    community.expire_feed();
    assert_eq!(desk.get("/events?after=e.1").await.problem(), (410, "cursor-expired"));
    community.add_comment(NORTHWIND, "ISS-1", "Numbers go on");
    assert_eq!(community.events()[0].id, "evt-3");
}

#[tokio::test(start_paused = true)]
async fn pages_can_repeat_and_reverse_events() {
    let community = with_issue();
    for number in 0..5 {
        community.add_comment(NORTHWIND, "ISS-1", &format!("Comment {number}"));
    }
    let desk = Desk::new(&community).await;
    let ids = async |after: &str| -> Vec<String> {
        let page = desk.get(&format!("/events?limit=4&after={after}")).await.body;
        page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| event["id"].as_str().unwrap().to_owned())
            .collect()
    };
    community.disturb_feed(Disturbance::Repeat { pages: 1 });
    assert_eq!(ids("e.4").await, ["evt-2", "evt-3", "evt-4", "evt-5"]);
    assert_eq!(ids("e.4").await, ["evt-5", "evt-6"]);
    community.disturb_feed(Disturbance::Reverse { pages: 1 });
    assert_eq!(ids("e.0").await, ["evt-4", "evt-3", "evt-2", "evt-1"]);
    assert_eq!(ids("e.0").await[0], "evt-1");
}

#[tokio::test(start_paused = true)]
async fn what_the_desk_writes_is_told_only_where_a_guess_says_so() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let comment = json!({ "text": "We look into it.", "author": { "name": "Service desk" } });
    desk.post(&path, "k-1", comment.clone()).await;
    assert_eq!(community.events().len(), 1);
    community.guess(|guesses| guesses.feed_tells_own_writes = true);
    desk.post(&path, "k-2", comment).await;
    let events = community.events();
    assert_eq!(events.len(), 2);
    assert_eq!(
        events[1].data["origin"],
        json!({ "writer": "gridlink", "reference": "k-2" })
    );
    assert_eq!(all(&desk, 50).await.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn events_about_what_the_desk_writes_are_as_the_contract_says_too() {
    let community = every_act().await;
    let desk = Desk::new(&community).await;
    let before = community.events().len();
    community.guess(|guesses| guesses.feed_tells_own_writes = true);
    let issue = format!("/issues/{NORTHWIND}/ISS-1");
    let thread = format!("/threads/{NORTHWIND}/THR-1");
    let message = json!({ "text": "Hello", "author": { "name": "Maria" } });
    let milestone = json!({ "version": 1, "title": "Plan", "owner": "desk", "state": "planned" });
    let request = json!({ "documentType": "list", "text": "Please", "author": { "name": "Maria" } });
    for (method, path, body) in [
        ("POST", format!("{issue}/comments"), &message),
        (
            "PUT",
            format!("{issue}/escalation"),
            &json!({ "version": 1, "state": "open" }),
        ),
        ("PUT", format!("{issue}/escalation/milestones/m-9"), &milestone),
        ("POST", format!("{issue}/escalation/messages"), &message),
        (
            "PUT",
            format!("{issue}/escalation"),
            &json!({ "version": 2, "state": "ended" }),
        ),
        ("POST", format!("{thread}/messages"), &message),
        ("POST", format!("{thread}/document-requests"), &request),
    ] {
        let key = format!("{method}:{}", path.replace('/', "."));
        let key = format!("{}:{}", &key[key.len() - 40..], body["version"]);
        let answer = desk.write(method, &path, &key, body.clone()).await;
        assert!(answer.status < 300, "{path} {:?}", answer.problem());
    }
    let file = desk
        .upload(&format!("{issue}/documents?fileName=a"), "up-1", "text/plain", "a")
        .await;
    let other = desk
        .upload(&format!("{thread}/documents?fileName=a"), "up-2", "text/plain", "a")
        .await;
    assert_eq!((file.status, other.status), (201, 201));
    let told = community.events().split_off(before);
    assert_eq!(told.len(), 9);
    let community_event = validator("CommunityEvent");
    for event in told {
        let sent = serde_json::to_value(&event).unwrap();
        let errors: Vec<String> = community_event
            .iter_errors(&sent)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?} in {sent}", event.kind);
        assert_eq!(sent["data"]["origin"]["writer"], "gridlink", "{sent}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_the_community_tells_has_the_id_that_anybody_would_give_it() {
    let community = seeded();
    let mut seed = ExchangeSeed::new("01:147678796", "ZZ:NORTHWIND", "850");
    seed.status = Status::Failed;
    seed.correlation_id = Some("c0ffee00-0000-4000-8000-000000000001".to_owned());
    let correlation = community.add_exchange(seed);
    community.tell_failure(&correlation);
    let event = community.events().pop().unwrap();
    assert_eq!(event.id, "c0ffee00-0000-4000-8000-000000000001/Failed/");
    assert_eq!(event.data["companyId"], NORTHWIND);
    assert_eq!(
        event.data["message"],
        "AS2: no MDN came from the receiver within 300 seconds"
    );
    assert!(validator("ExchangeFailed").is_valid(&serde_json::to_value(&event).unwrap()));
}

#[tokio::test(start_paused = true)]
async fn every_event_is_as_the_contract_says() {
    let community = every_act().await;
    let community_event = validator("CommunityEvent");
    let mut kinds = std::collections::BTreeSet::new();
    for event in community.events() {
        let sent = serde_json::to_value(&event).unwrap();
        let errors: Vec<String> = community_event
            .iter_errors(&sent)
            .map(|error| error.to_string())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:?} in {sent}", event.kind);
        assert!(
            sent["data"].as_object().unwrap().values().all(|value| !value.is_null()),
            "{sent}"
        );
        kinds.insert(event.kind);
    }
    let published = CONTRACT["components"]["schemas"]["CommunityEvent"]["discriminator"]["mapping"].clone();
    let by_others = ["exchange.delayed", "exchange.recovered", "partner.listed"];
    let is_ours = |kind: &&String| !by_others.iter().any(|other| kind.contains(other));
    let expected: Vec<String> = published.as_object().unwrap().keys().filter(is_ours).cloned().collect();
    assert_eq!(kinds.into_iter().collect::<Vec<String>>(), expected);
}

/// A community in which everything happened that a partner can do.
async fn every_act() -> TradingGrid {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let closure = format!("/issues/{NORTHWIND}/ISS-1/closure");
    let article = json!({
        "version": 1, "title": "T", "html": "<p>x</p>", "language": "en", "audience": { "kind": "everyone" },
    });
    desk.put("/articles/kb-1", "k-1", article).await;
    desk.put(&closure, "k-2", json!({ "version": 1, "state": "requested" }))
        .await;
    community.partner_disputes(NORTHWIND, "ISS-1", "No.");
    desk.put(&closure, "k-3", json!({ "version": 2, "state": "requested" }))
        .await;
    community.partner_confirms_closure(NORTHWIND, "ISS-1");
    community.change_issue(NORTHWIND, "ISS-1", &[("priority", "critical"), ("status", "open")]);
    community.add_comment(NORTHWIND, "ISS-1", "Hello");
    community.partner_uploads(NORTHWIND, "ISS-1", "a.txt", "text/plain", b"a");
    let on_issue = json!({ "companyId": NORTHWIND, "issueId": "ISS-1" });
    let on_thread = json!({ "companyId": NORTHWIND, "threadId": "THR-1" });
    let milestone = json!({ "title": "Loaded", "owner": "partner", "state": "planned" });
    let thread = json!({ "companyId": NORTHWIND, "threadId": "THR-1", "topic": "Packing list" });
    let request = json!({ "documentType": "list", "text": "Please", "author": { "name": "Ada" } });
    for (act, on, more) in [
        ("escalates", &on_issue, json!({ "reason": "Urgent" })),
        ("writes-in-workspace", &on_issue, json!({ "text": "Hello" })),
        (
            "uploads-to-workspace",
            &on_issue,
            json!({ "file": { "documentId": "doc-pod" } }),
        ),
        (
            "changes-milestone",
            &on_issue,
            json!({ "milestoneId": "m-1", "milestone": milestone }),
        ),
        ("de-escalates", &on_issue, json!({})),
        (
            "starts-thread",
            &json!({}),
            json!({ "thread": thread, "text": "Hello" }),
        ),
        ("writes-in-thread", &on_thread, json!({ "text": "Anybody?" })),
        ("requests-document", &on_thread, json!({ "request": request })),
        (
            "provides-document",
            &on_thread,
            json!({ "file": { "documentId": "doc-pod" } }),
        ),
        (
            "gives-feedback",
            &json!({ "companyId": NORTHWIND }),
            json!({ "articleId": "kb-1", "kind": "helpful" }),
        ),
    ] {
        let mut body = json!({ "act": act });
        for members in [on, &more] {
            body.as_object_mut()
                .unwrap()
                .extend(members.as_object().unwrap().clone());
        }
        let (status, told) = admin(&community, "/acts", body).await;
        assert_eq!(
            (status, told["events"].as_array().map(Vec::len)),
            (StatusCode::CREATED, Some(1)),
            "{act} {told}"
        );
    }
    let asked = community.partner_sees_thread(NORTHWIND, "THR-1").unwrap();
    community.act(PartnerAct::WithdrawsRequest {
        company_id: NORTHWIND.to_owned(),
        thread_id: "THR-1".to_owned(),
        request_id: asked["documentRequests"][0]["requestId"].as_str().unwrap().to_owned(),
        reason: None,
        author: None,
    });
    let mut failed = ExchangeSeed::new("01:147678796", "ZZ:NORTHWIND", "850");
    failed.status = Status::OnHold;
    let correlation = community.add_exchange(failed);
    community.tell_failure(&correlation);
    // A file that is no file of the company tells nothing.
    let lost = serde_json::to_value(FileSeed::known("doc-invoice")).unwrap();
    let lost = json!({ "act": "uploads", "companyId": NORTHWIND, "issueId": "ISS-1", "file": lost });
    assert_eq!(admin(&community, "/acts", lost).await.0, StatusCode::BAD_REQUEST);
    community
}
