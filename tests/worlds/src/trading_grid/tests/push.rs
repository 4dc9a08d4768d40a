//! What partners do is sent, signed, as the feed has it.

use std::time::Duration;

use super::*;
use crate::outgoing::{Delivery, Destination, EventFault, EventRule, Outcome, Retries};
use crate::trading_grid::collaboration::validator;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn receiver() -> Destination {
    Destination::new("https://gridlink.test", "trading-grid", SECRET).unwrap()
}

fn telling() -> TradingGrid {
    let community = with_issue();
    community.send_events(receiver());
    community
}

fn answered(status: u16) -> Outcome {
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    Outcome::of(&response)
}

fn event(delivery: &Delivery) -> Value {
    serde_json::from_slice(delivery.request.body()).unwrap()
}

fn is_signed(delivery: &Delivery) -> bool {
    let request = &delivery.request;
    let webhook = standardwebhooks::Webhook::new(SECRET).unwrap();
    let header = |name: &str| request.headers()[name].to_str().unwrap().to_owned();
    let timestamp = header("webhook-timestamp").parse().unwrap();
    let expected = webhook.sign(&header("webhook-id"), timestamp, request.body()).unwrap();
    header("webhook-signature") == expected
}

/// Answers what may leave now until nothing may, and gives the events.
fn answer_all(community: &TradingGrid, status: u16) -> Vec<Value> {
    let mut events = Vec::new();
    loop {
        let due = community.take_due_events();
        if due.is_empty() {
            return events;
        }
        for delivery in due {
            events.push(event(&delivery));
            community.sent(delivery.id, &answered(status));
        }
    }
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn what_happens_from_then_on_is_sent_as_the_feed_has_it() {
    let community = telling();
    assert!(community.take_due_events().is_empty(), "the issue was there before");
    community.add_comment(NORTHWIND, "ISS-1", "Any news?");
    let mut due = community.take_due_events();
    let delivery = due.pop().unwrap();
    assert!(due.is_empty() && is_signed(&delivery));
    assert_eq!(delivery.request.uri(), "https://gridlink.test/hooks/trading-grid");
    let headers = delivery.request.headers();
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    assert_eq!(
        (&headers["user-agent"], &headers["webhook-id"]),
        (&"TradingGrid/1.0".parse().unwrap(), &"evt-2".parse().unwrap())
    );
    let sent = event(&delivery);
    let faults: Vec<String> = validator("CommunityEvent")
        .iter_errors(&sent)
        .map(|it| it.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:?}");
    let told = Desk::new(&community).await.get("/events?after=e.1").await.body;
    assert_eq!(told["items"], json!([sent]));
    community.sent(delivery.id, &answered(202));
    assert_eq!(
        (answer_all(&community, 202), community.next_event_at()),
        (Vec::new(), None)
    );
}

#[tokio::test(start_paused = true)]
async fn an_issue_keeps_its_order_and_holds_up_no_other() {
    let community = telling();
    community.open_issue(IssueSeed::new(CONTOSO, "ISS-2", "asn_mismatch", "Another"));
    for text in ["one", "two"] {
        community.add_comment(NORTHWIND, "ISS-1", text);
    }
    let first = community.take_due_events();
    let taken: Vec<Value> = first.iter().map(event).collect();
    assert_eq!(ids(&taken), ["evt-2", "evt-3"]);
    for delivery in &first {
        let is_other = event(delivery)["id"] == "evt-2";
        community.sent(delivery.id, &answered(if is_other { 202 } else { 503 }));
    }
    assert!(community.take_due_events().is_empty());
    let at = community.next_event_at().unwrap();
    tokio::time::advance((at - community.now()).try_into().unwrap()).await;
    assert_eq!(ids(&answer_all(&community, 202)), ["evt-3", "evt-4"]);
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_on_the_way_goes_wrong_once() {
    let community = telling();
    community.retry_events(Retries {
        first_wait: Duration::from_secs(1),
        longest_wait: Duration::from_secs(1),
        attempts: 2,
    });
    community.add_event_rule(EventRule::once(EventFault::WrongSignature).on("issues/"));
    community.add_comment(NORTHWIND, "ISS-1", "Any news?");
    let mut signed = Vec::new();
    for status in [401, 202] {
        let delivery = community.take_due_events().pop().unwrap();
        signed.push(is_signed(&delivery));
        community.sent(delivery.id, &answered(status));
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    assert_eq!(signed, [false, true]);
    assert!(community.take_due_events().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_forgets_takes_nothing_from_who_is_told() {
    let community = telling();
    community.add_comment(NORTHWIND, "ISS-1", "Any news?");
    community.expire_feed();
    community.add_comment(NORTHWIND, "ISS-1", "Hello?");
    assert_eq!(ids(&answer_all(&community, 202)), ["evt-2", "evt-3"]);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_is_named_at_the_admin_routes_and_outlives_a_reset() {
    let community = with_issue();
    let (status, body) = admin(&community, "/drain", json!(null)).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(body.to_string().contains("this world sends no events"), "{body}");
    let named = json!({ "url": "https://gridlink.test", "secret": SECRET, "sender": "trading-grid" });
    assert_eq!(admin(&community, "/receiver", named).await.0, StatusCode::OK);
    let wrong = json!({ "url": "nowhere", "secret": SECRET, "sender": "trading-grid" });
    assert_eq!(admin(&community, "/receiver", wrong).await.0, StatusCode::BAD_REQUEST);
    let comment = json!({ "companyId": NORTHWIND, "issueId": "ISS-1", "text": "Any news?" });
    admin(&community, "/comments", comment).await;
    let outbox = async || {
        let request = Request::get("/_world/outbox").body(full("")).unwrap();
        body_json(&community.call(request).await)["events"].clone()
    };
    assert_eq!(
        (&outbox().await[0]["id"], &outbox().await[0]["state"]),
        (&json!("evt-2"), &json!("new"))
    );
    answer_all(&community, 400);
    assert_eq!(outbox().await[0]["state"], "dead");
    assert_eq!(admin(&community, "/outbox/revive", json!(null)).await.1["revived"], 1);
    assert_eq!(ids(&answer_all(&community, 202)), ["evt-2"]);

    admin(&community, "/reset", json!(null)).await;
    assert_eq!(outbox().await, json!([]));
    community.open_issue(IssueSeed::new(NORTHWIND, "ISS-1", "asn_mismatch", "Quantity differs"));
    assert_eq!(ids(&answer_all(&community, 202)), ["evt-1"]);
}
