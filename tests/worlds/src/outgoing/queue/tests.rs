//! What a queue must keep, under a clock that is turned by hand.

use serde_json::Value;
use time::macros::datetime;

use super::*;
use crate::outgoing::EventRule;

const START: OffsetDateTime = datetime!(2026-11-22 10:00 UTC);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

fn queue() -> Queue {
    Queue::new(Destination::new("https://gridlink.test", "servicenow", SECRET).unwrap())
}

fn at(seconds: u64) -> OffsetDateTime {
    START + Duration::from_secs(seconds)
}

/// Writes an event `id` about the thing that its first letter names.
fn push(queue: &mut Queue, id: &str) {
    let event = Event {
        id: id.to_owned(),
        kind: "test.v1".to_owned(),
        source: "/test".to_owned(),
        subject: id[..1].to_owned(),
        time: "2026-11-22T10:00:00Z".to_owned(),
        data: Value::Null,
    };
    queue.push(START, event);
}

fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    let ids = deliveries
        .iter()
        .map(|delivery| &delivery.request.headers()["webhook-id"]);
    ids.map(|id| id.to_str().unwrap()).collect()
}

fn answered(status: u16) -> Outcome {
    Outcome::of(&http::Response::builder().status(status).body(Bytes::new()).unwrap())
}

/// Sends all that may leave at a time, everything accepted, and gives the ids in their order.
fn drain(queue: &mut Queue, seconds: u64) -> Vec<String> {
    let mut sent = Vec::new();
    loop {
        let deliveries = queue.take(at(seconds));
        if deliveries.is_empty() {
            return sent;
        }
        for (delivery, id) in deliveries.iter().zip(ids(&deliveries)) {
            sent.push(id.to_owned());
            queue.report(delivery.id, &answered(202), at(seconds));
        }
    }
}

fn stages(queue: &Queue) -> Vec<&'static str> {
    queue.entries().map(|entry| entry.stage.as_str()).collect()
}

#[test]
fn at_most_four_are_under_way_and_one_of_each_subject() {
    let mut queue = queue();
    for id in ["a1", "a2", "b1", "c1", "d1", "e1", "f1"] {
        push(&mut queue, id);
    }
    let first = queue.take(at(0));
    assert_eq!(ids(&first), ["a1", "b1", "c1", "d1"]);
    assert!(queue.take(at(0)).is_empty());
    queue.report(first[0].id, &answered(202), at(1));
    assert_eq!(ids(&queue.take(at(1))), ["a2"]);
    queue.report(first[1].id, &answered(202), at(1));
    assert_eq!(ids(&queue.take(at(1))), ["e1"]);
}

#[test]
fn what_waits_for_its_next_try_holds_its_own_subject_only() {
    let mut queue = queue();
    for id in ["a1", "a2", "b1", "b2"] {
        push(&mut queue, id);
    }
    let first = queue.take(at(0));
    queue.report(first[0].id, &answered(503), at(0));
    queue.report(first[1].id, &answered(202), at(0));
    assert_eq!(drain(&mut queue, 9), ["b2"]);
    assert_eq!(queue.next_at(at(9)), Some(at(10)));
    assert_eq!(drain(&mut queue, 10), ["a1", "a2"]);
    assert_eq!(queue.next_at(at(10)), None);
}

#[test]
fn a_dead_event_lets_the_next_one_go_and_can_be_revived() {
    let mut queue = queue();
    queue.retries.attempts = 3;
    push(&mut queue, "a1");
    push(&mut queue, "a2");
    for (seconds, taken) in [(0, 1), (9, 0), (10, 1), (29, 0), (30, 1)] {
        let deliveries = queue.take(at(seconds));
        assert_eq!(deliveries.len(), taken, "{seconds}");
        for delivery in deliveries {
            queue.report(delivery.id, &answered(500), at(seconds));
        }
    }
    assert_eq!(stages(&queue), ["dead", "new"]);
    assert_eq!(
        queue.entries().next().unwrap().last_error,
        "given up after 3 tries: 500"
    );
    assert_eq!(drain(&mut queue, 31), ["a2"]);
    assert_eq!(queue.revive(at(40)), 1);
    assert_eq!(drain(&mut queue, 40), ["a1"]);
    assert_eq!((queue.revive(at(41)), stages(&queue)), (0, vec!["sent", "sent"]));
}

#[test]
fn a_sender_that_dies_is_taken_over_and_its_late_report_does_no_harm() {
    let mut queue = queue();
    push(&mut queue, "a1");
    push(&mut queue, "a2");
    let lost = queue.take(at(0));
    assert_eq!(queue.next_at(at(1)), Some(at(60)));
    assert!(queue.take(at(59)).is_empty());
    let again = queue.take(at(60));
    assert_eq!(ids(&again), ["a1"]);
    queue.report(lost[0].id, &Outcome::Unanswered("lost".to_owned()), at(61));
    assert!(
        queue.take(at(119)).is_empty(),
        "the later try is still under way, and a2 waits for it"
    );
    queue.report(lost[0].id, &answered(202), at(119));
    assert_eq!(ids(&queue.take(at(119))), ["a2"]);
    queue.report(again[0].id, &answered(500), at(119));
    assert_eq!(stages(&queue), ["sent", "new"]);
}

#[test]
fn a_dropped_event_counts_as_sent() {
    let mut queue = queue();
    queue.rules.add(EventRule::once(EventFault::Drop));
    for id in ["a1", "a2", "b1"] {
        push(&mut queue, id);
    }
    assert_eq!(drain(&mut queue, 0), ["a2", "b1"]);
    assert_eq!(stages(&queue), ["sent"; 3]);
}

#[test]
fn a_duplicate_comes_later_and_holds_nothing() {
    let mut queue = queue();
    queue.rules.add(EventRule::once(EventFault::Duplicate { seconds: 30 }));
    push(&mut queue, "a1");
    push(&mut queue, "a2");
    assert_eq!(drain(&mut queue, 0), ["a1", "a2"]);
    assert_eq!(drain(&mut queue, 29), [""; 0]);
    assert_eq!(drain(&mut queue, 30), ["a1"]);
    assert_eq!(drain(&mut queue, 90), [""; 0]);
}

#[test]
fn a_reordered_event_is_overtaken_and_a_delayed_one_is_not() {
    let mut queue = queue();
    let rule = |fault, subject| EventRule::once(fault).on(subject);
    queue.rules.add(rule(EventFault::Reorder { seconds: 30 }, "a"));
    queue.rules.add(rule(EventFault::Delay { seconds: 30 }, "b"));
    for id in ["a1", "a2", "b1", "b2"] {
        push(&mut queue, id);
    }
    assert_eq!(drain(&mut queue, 0), ["a2"]);
    assert_eq!(queue.next_at(at(0)), Some(at(30)));
    assert_eq!(drain(&mut queue, 30), ["a1", "b1", "b2"]);
}

#[test]
fn hurry_lets_everything_leave_now() {
    let mut queue = queue();
    queue.rules.add(EventRule::once(EventFault::Delay { seconds: 3600 }));
    push(&mut queue, "a1");
    assert_eq!(drain(&mut queue, 0), [""; 0]);
    queue.hurry(at(1));
    assert_eq!(drain(&mut queue, 1), ["a1"]);
}

#[test]
fn what_was_sent_is_forgotten_after_a_week_and_what_is_dead_is_not() {
    let mut queue = queue();
    push(&mut queue, "a1");
    push(&mut queue, "b1");
    for (delivery, status) in queue.take(at(0)).iter().zip([202, 400]) {
        queue.report(delivery.id, &answered(status), at(0));
    }
    queue.take_touched();
    let week = 7 * 24 * 3600;
    queue.take(at(week - 1));
    assert_eq!(stages(&queue), ["sent", "dead"]);
    queue.take(at(week + 3600));
    assert_eq!(stages(&queue), ["dead"]);
    let gone: Vec<bool> = queue.take_touched().iter().map(|(_, entry)| entry.is_none()).collect();
    assert_eq!(gone, [true]);
}

#[test]
fn ten_thousand_events_leave_each_once_and_in_the_order_of_their_subject() {
    let mut queue = queue();
    for number in 0..10_000 {
        let subject = char::from(b'a' + u8::try_from(number % 26).unwrap());
        push(&mut queue, &format!("{subject}{number:04}"));
    }
    let mut sent = drain(&mut queue, 0);
    assert_eq!(sent.len(), 10_000);
    // A stable sort by subject keeps the order in which they left.
    sent.sort_by_key(|id| id.as_bytes()[0]);
    assert!(sent.is_sorted());
}

#[test]
fn a_queue_that_is_emptied_ignores_what_was_under_way() {
    let mut queue = queue();
    push(&mut queue, "a1");
    let old = queue.take(at(0));
    let mut queue = queue.emptied();
    push(&mut queue, "b1");
    let new = queue.take(at(1));
    queue.report(old[0].id, &answered(202), at(1));
    assert_eq!(stages(&queue), ["new"]);
    queue.report(new[0].id, &answered(202), at(1));
    assert_eq!(stages(&queue), ["sent"]);
}
