//! What the teams of an escalated issue promised and did not keep: polled, seen by both sides, once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;
use shared::poll::Polled;
use tokio::time::sleep;

use crate::bridge_escalation::{deliver, escalates, notes, task};
use crate::oracle::workspace;
use crate::play::{Play, clients_over};
use crate::poll_both::{records, transport};
use crate::poll_lens::{FUNCTION, INTERVAL, dying};
use crate::relay_status::with_a_case;
use crate::scenarios::case;
use crate::town::Town;

const TASKS: &str = "sn_customerservice_task";
const CONTACT: &str = "First answer of the desk";
const DELIVERY: &str = "Proof of delivery checked";
const HOUR: Duration = Duration::from_secs(3600);

/// Runs a test on an issue that was just escalated: the desk answers within two hours, the proof is there within four.
fn escalated(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    with_a_case(async |town, play| {
        deliver(town, play, escalates).await;
        assert_eq!(states(town), [(CONTACT, "planned"), (DELIVERY, "planned")].map(owned));
        a_minute(town, play).await;
        test(town, play).await;
    });
}

async fn a_minute(town: &Arc<Town>, play: &Play) -> Polled {
    sleep(INTERVAL).await;
    let polled = records(town).await;
    play.quiet().await;
    polled
}

fn owned((title, state): (&str, &str)) -> (String, String) {
    (title.to_owned(), state.to_owned())
}

/// The milestones as the partner sees them.
fn states(town: &Town) -> Vec<(String, String)> {
    let workspace = workspace(town);
    let shown = workspace["milestones"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut states: Vec<_> = shown.map(|one| (text(&one["title"]), text(&one["state"]))).collect();
    states.sort();
    states
}

/// How many notes on the case say that a task is overdue.
fn overdue(town: &Town) -> usize {
    let notes = notes(town, &case(town));
    notes.iter().filter(|note| note.contains("and is not done")).count()
}

#[test]
fn a_milestone_that_was_missed_is_seen_by_the_partner_and_by_the_desk_once() {
    escalated(async |town, play| {
        sleep(2 * HOUR - 2 * INTERVAL).await;
        records(town).await;
        play.quiet().await;
        assert_eq!((states(town)[0].1.as_str(), overdue(town)), ("planned", 0));
        a_minute(town, play).await;
        a_minute(town, play).await;
        assert_eq!(states(town), [(CONTACT, "missed"), (DELIVERY, "planned")].map(owned));
        let said = notes(town, &case(town)).pop().unwrap();
        assert!(
            said.contains("The partner sees that the milestone was missed."),
            "{said}"
        );
        for _ in 0..5 {
            assert_eq!(a_minute(town, play).await.told, 0);
        }
        sleep(2 * HOUR).await;
        a_minute(town, play).await;
        assert_eq!(states(town), [(CONTACT, "missed"), (DELIVERY, "missed")].map(owned));
        assert_eq!(overdue(town), 2);
        // Late is better than never.
        town.servicenow
            .update(TASKS, &task(town, "partner-contact"), &[("state", "3")]);
        play.quiet().await;
        assert_eq!(states(town), [(CONTACT, "done"), (DELIVERY, "missed")].map(owned));
    });
}

#[test]
fn what_is_done_in_time_or_has_got_more_time_is_not_missed() {
    escalated(async |town, play| {
        let later = town.clock.now().after(6 * HOUR).servicenow();
        let contact = task(town, "partner-contact");
        town.servicenow.update(TASKS, &contact, &[("due_date", &later)]);
        town.servicenow
            .update(TASKS, &task(town, "proof-of-delivery"), &[("state", "3")]);
        play.quiet().await;
        sleep(5 * HOUR).await;
        a_minute(town, play).await;
        assert_eq!(states(town), [(CONTACT, "planned"), (DELIVERY, "done")].map(owned));
        assert_eq!(overdue(town), 0);
        sleep(HOUR).await;
        a_minute(town, play).await;
        assert_eq!(states(town), [(CONTACT, "missed"), (DELIVERY, "done")].map(owned));
        assert_eq!(overdue(town), 1);
        // More time after all.
        let later = town.clock.now().after(HOUR).servicenow();
        town.servicenow.update(TASKS, &contact, &[("due_date", &later)]);
        play.quiet().await;
        assert_eq!(states(town)[0].1, "planned");
        sleep(HOUR + INTERVAL).await;
        a_minute(town, play).await;
        assert_eq!((states(town)[0].1.as_str(), overdue(town)), ("missed", 2));
    });
}

#[test]
fn a_task_whose_news_comes_late_is_looked_at_as_it_is_then() {
    escalated(async |town, play| {
        sleep(2 * HOUR).await;
        // The poll finds it overdue; until somebody works on that, it is done.
        sleep(INTERVAL).await;
        assert_eq!(records(town).await.told, 1);
        town.servicenow
            .update(TASKS, &task(town, "partner-contact"), &[("state", "3")]);
        play.quiet().await;
        assert_eq!((states(town)[0].1.as_str(), overdue(town)), ("done", 0));
    });
}

#[test]
fn a_due_date_that_an_agent_puts_into_the_past_is_missed_at_once() {
    escalated(async |town, play| {
        let past = town.clock.now().servicenow();
        sleep(HOUR).await;
        town.servicenow
            .update(TASKS, &task(town, "proof-of-delivery"), &[("due_date", &past)]);
        play.quiet().await;
        assert_eq!(states(town), [(CONTACT, "planned"), (DELIVERY, "missed")].map(owned));
    });
}

#[test]
fn a_poller_that_dies_anywhere_misses_no_deadline_and_tells_none_twice() {
    let mut requests = usize::MAX;
    for last in 0.. {
        if last > requests {
            break;
        }
        escalated(async |town, play| {
            sleep(2 * HOUR + INTERVAL).await;
            let sent = Arc::new(AtomicUsize::new(0));
            let clients = clients_over(
                town,
                dying(transport(town), Arc::clone(&sent), last),
                town.clock.clone(),
            );
            let polling = clients.poll_records(None, "dying", town.clock.now().after(FUNCTION));
            if tokio::time::timeout(FUNCTION, polling)
                .await
                .is_ok_and(|polled| polled.is_ok())
            {
                requests = sent.load(Ordering::Relaxed).saturating_sub(1);
            }
            for _ in 0..3 {
                a_minute(town, play).await;
            }
            assert_eq!(states(town)[0].1, "missed", "died at request {last}");
            assert_eq!(overdue(town), 1, "died at request {last}");
        });
    }
    assert!((8..60).contains(&requests), "{requests} requests");
}

#[test]
fn however_many_records_change_in_one_second_they_are_passed() {
    const MANY: usize = 450;
    with_a_case(async |town, play| {
        records(town).await;
        let ours = [
            ("short_description", "One of many"),
            ("correlation_display", "Trading Grid"),
        ];
        for _ in 0..MANY {
            town.servicenow.insert("task", &ours);
        }
        let changed = town.clock.now();
        // So late that no row of that second can still be on its way.
        sleep(Duration::from_secs(240)).await;
        let clients = clients_over(town, transport(town), town.clock.clone());
        let mut entries = 0;
        for run in 1..=6 {
            // Time for one page only.
            let worker = format!("run {run}");
            let polled = clients.poll_records(None, &worker, town.clock.now()).await;
            entries += polled.unwrap().entries;
            sleep(Duration::from_secs(1)).await;
        }
        assert!(entries >= MANY as u64, "{entries} rows were read");
        let reading = clients.store.take_cursor("records", "reader").await.unwrap().unwrap();
        assert!(
            reading.read_until > Some(changed.after(INTERVAL)),
            "{reading:?} is not past them"
        );
        clients.store.release_cursor(&reading).await.unwrap();
        town.servicenow
            .update("sn_customerservice_case", &case(town), &[("state", "10")]);
        assert!(a_minute(town, play).await.entries > 0);
    });
}
