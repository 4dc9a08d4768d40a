//! How events leave: signed, again, in order.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use shared::domain::Timestamp;
use shared::event::Event;
use shared::signature::{Headers, keys, verify};

use super::{OUTBOX, SECRET, answer_all, answered, event, ids, seconds, telling, told};
use crate::outgoing::{Delivery, EventFault, EventRule, Retries};

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
    let now = Timestamp::parse_rfc3339("2026-11-22T10:00:02Z").unwrap();
    for request in &requests {
        assert_eq!(request.uri(), "https://gridlink.test/hooks/servicenow");
        assert_eq!(request.headers()["content-type"], "application/cloudevents+json");
        let verified = verify(&keys, &headers(request), request.body(), now).unwrap();
        let body = std::str::from_utf8(verified.body()).unwrap();
        let event = Event::parse(&"servicenow".parse().unwrap(), body).unwrap();
        assert_eq!(Some(event.id.as_str()), headers(request).id);
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
    let start = Timestamp::parse_rfc3339("2026-11-22T10:00:00Z").unwrap();
    let mut verdicts = Vec::new();
    let mut at = 0;
    for wait in [2, 10] {
        seconds(wait).await;
        at += wait;
        for Delivery { id, request } in instance.take_due_events() {
            let now = start.after(Duration::from_secs(at));
            let verdict = verify(&keys, &headers(&request), request.body(), now);
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

fn headers(request: &Request<Bytes>) -> Headers<'_> {
    let header = |name| request.headers()[name].to_str().ok();
    Headers {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    }
}
