//! What operators do when both sides and the table may disagree: they compare, and put right what can be put right.

use std::sync::Arc;
use std::time::Duration;

use gridlink::reconcile::Most;
use gridlink::{Report, reconcile};
use serde_json::{Value, json};
use tokio::time::sleep;
use worlds::trading_grid::{ExchangeSeed, Status};

use crate::faults::{Fault, Plan};
use crate::operate::{SUBJECT, cases, place, text};
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time, in_town};
use crate::poll_lens;
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::table::{lose, put};
use crate::town::{TABLE, Town};

const ALL: Most = Most {
    most: 100,
    deleted: false,
};

fn kinds(report: &Report) -> Vec<String> {
    let all = report.data["differences"].as_array().unwrap().iter();
    all.map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

async fn plan(town: &Arc<Town>) -> Report {
    reconcile::plan(&place(town), "24h").await.unwrap()
}

async fn apply(town: &Arc<Town>, most: Most) -> Report {
    reconcile::apply(&place(town), "24h", &most).await.unwrap()
}

fn label(town: &Town) -> Value {
    let seen = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap();
    seen["statusReport"]["label"].clone()
}

/// An issue with a record, and nothing left to do; every change of its record was heard.
async fn opened(town: &Arc<Town>, play: &Play) -> String {
    play.open_the_doors();
    play.tell();
    let _ = scenarios::opens(&town.community);
    polled(town, play).await;
    sleep(Duration::from_secs(60)).await;
    polled(town, play).await;
    scenarios::case(town)
}

/// What happened until now is heard by a poll of both sides.
pub(crate) async fn polled(town: &Arc<Town>, play: &Play) {
    let clients = place(town).clients().unwrap();
    let deadline = town.clock.now().after(Duration::from_secs(60));
    clients.poll_feed(None, "poll", deadline).await.unwrap();
    clients.poll_records(None, "poll", deadline).await.unwrap();
    play.quiet().await;
}

/// An article is no task: that no task has its key does not mean that it is gone.
#[test]
fn articles_and_drafts_are_not_looked_for_among_tasks() {
    for scenario in crate::publish_knowledge::scenarios() {
        in_paused_time(async {
            let town = Town::new(Plan::default(), default_mapping());
            Play::new(&town).run(&scenario, false).await;
            let found = plan(&town).await;
            assert!(
                !kinds(&found).contains(&"K2".to_owned()),
                "{}: {}",
                scenario.name,
                found.data
            );
        });
    }
}

#[test]
fn two_sides_that_agree_are_left_alone() {
    in_town(default_mapping(), async |town, play| {
        let case = opened(town, play).await;
        // A comment that shares a file and says nothing more has no counterpart among the partner's comments.
        town.servicenow.agent_file(&case, "proof.txt", "text/plain", "proof");
        town.servicenow.agent_comment(&case, "share: proof.txt");
        sleep(Duration::from_secs(60)).await;
        polled(town, play).await;
        let seen = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap();
        assert_eq!(
            seen["documents"].as_array().unwrap().last().unwrap()["name"],
            "proof.txt"
        );
        let before = town.cloud.items(TABLE);
        let agreed = plan(town).await;
        assert!(!agreed.has_findings, "{}", agreed.data);
        assert!(text(&agreed).contains("Both sides and the table agree"));
        let applied = apply(town, ALL).await;
        assert!(!applied.has_findings, "{}", applied.data);
        assert_eq!(before, town.cloud.items(TABLE));
    });
}

#[test]
fn a_push_that_never_came_is_found_and_accepted_once_and_in_order() {
    in_town(default_mapping(), async |town, play| {
        let case = opened(town, play).await;
        for _ in 0..3 {
            let _ = scenarios::comments(&town.community);
        }
        let _ = scenarios::opens_another(&town.community);
        sleep(Duration::from_secs(60)).await;
        let before = town.cloud.items(TABLE);
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K5", "K5", "K5", "K5"], "{}", planned.data);
        assert!(planned.has_findings);
        assert_eq!(before, town.cloud.items(TABLE), "a plan changes nothing");
        assert_eq!(planned.data["differences"][0]["subject"], SUBJECT);

        let capped = apply(town, Most { most: 2, ..ALL }).await;
        assert_eq!(capped.data["left"], 2, "{}", capped.data);
        assert!(capped.has_findings);
        play.quiet().await;
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 2, "the oldest first");
        let rest = apply(town, ALL).await;
        assert_eq!(
            (rest.data["left"].clone(), rest.has_findings),
            (json!(0), false),
            "{}",
            rest.data
        );
        play.quiet().await;
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 3);
        assert_eq!(cases(town).len(), 2);
        oracle::check_table(town);
        // The poll comes in the end: it knows all of it.
        let clients = place(town).clients().unwrap();
        let now = town.clock.now();
        let since = now.before(Duration::from_secs(3600));
        let deadline = now.after(Duration::from_secs(60));
        let polled = clients.poll_feed(Some(since), "poll", deadline).await.unwrap();
        assert_eq!((polled.told, polled.known), (0, 5), "{polled:?}");
        assert_eq!(cases(town).len(), 2);
    });
}

/// Lens is asked by polls that do not come.
#[test]
fn an_exchange_that_no_poll_told_is_found_and_its_incident_opened_and_resolved() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let fails = || {
            let mut seed = ExchangeSeed::new("ZZ:CONTOSO", "01:147678796", "810");
            seed.status = Status::ValidationError;
            town.community.add_exchange(seed)
        };
        // What is older than the deployment is nobody's miss.
        fails();
        sleep(Duration::from_secs(3600)).await;
        poll_lens::poll(town).await;
        let exchange = fails();
        sleep(Duration::from_secs(600)).await;
        let before = town.cloud.items(TABLE);
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K5"], "{}", planned.data);
        let subject = format!("exchanges/{exchange}");
        assert_eq!(planned.data["differences"][0]["subject"], *subject, "{}", planned.data);
        assert_eq!(before, town.cloud.items(TABLE), "a plan changes nothing");
        let none = apply(town, Most { most: 0, ..ALL }).await;
        assert_eq!(none.data["left"], 1, "{}", none.data);
        for _ in 0..2 {
            apply(town, ALL).await;
            play.quiet().await;
            assert_eq!(poll_lens::incidents(town).len(), 1);
        }
        let agreed = plan(town).await;
        assert!(!agreed.has_findings, "{}", agreed.data);
        // It goes through, and nobody hears of it: the incident is open although nothing fails.
        town.community.set_status(&exchange, Status::Delivered);
        sleep(Duration::from_secs(600)).await;
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K5"], "{}", planned.data);
        apply(town, ALL).await;
        play.quiet().await;
        assert_eq!(poll_lens::incidents(town)[0]["state"], "6");
        let agreed = plan(town).await;
        assert!(!agreed.has_findings, "{}", agreed.data);
        // The poll comes in the end: it knows all of it.
        assert_eq!(poll_lens::poll(town).await.told, 0);
        oracle::check_table(town);
    });
}

#[test]
fn lens_is_not_asked_where_the_mapping_does_not_poll_it() {
    let yaml = include_str!("../../../infra/mapping.yaml");
    let (head, rest) = yaml.split_once("  # How Lens is polled;").unwrap();
    let (_, tail) = rest.split_once("  # Incidents of so many different partners").unwrap();
    let without = format!("{head}  # Incidents of so many different partners{tail}");
    let mapping = Arc::new(shared::mapping::Mapping::parse(&without).unwrap());
    in_town(mapping, async |town, play| {
        opened(town, play).await;
        town.community.add_exchange(ExchangeSeed {
            status: Status::ValidationError,
            ..ExchangeSeed::new("ZZ:CONTOSO", "01:147678796", "810")
        });
        sleep(Duration::from_secs(600)).await;
        let before = town.calls().len();
        let agreed = plan(town).await;
        assert!(!agreed.has_findings, "{}", agreed.data);
        let asked = town.calls().split_off(before);
        let lens = |operation: &str| operation.contains("lens") || operation.contains("graphql");
        assert!(asked.iter().all(|call| !lens(&call.operation)), "{asked:?}");
    });
}

#[test]
fn a_change_of_a_record_that_nobody_told_is_found_and_told() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let _ = scenarios::opens(&town.community);
        polled(town, play).await;
        let case = scenarios::case(town);
        sleep(Duration::from_secs(60)).await;
        polled(town, play).await;
        town.servicenow
            .update("sn_customerservice_case", &case, &[("state", "10")]);
        sleep(Duration::from_secs(60)).await;
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K9"], "{}", planned.data);
        assert_eq!(planned.data["differences"][0]["subject"], SUBJECT);
        apply(town, ALL).await;
        play.quiet().await;
        assert_eq!(label(town), "under review");
        assert!(!plan(town).await.has_findings);
    });
}

#[test]
fn a_case_that_was_deleted_by_hand_is_found_and_told_when_somebody_says_so() {
    in_town(default_mapping(), async |town, play| {
        let case = opened(town, play).await;
        town.servicenow.guess(|guesses| guesses.async_delete_rule_runs = false);
        town.servicenow.delete("sn_customerservice_case", &case);
        sleep(Duration::from_secs(60)).await;
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K2"], "{}", planned.data);
        assert!(text(&planned).contains("gridlink reconcile apply --deleted"));
        let left = apply(town, ALL).await;
        assert_eq!(
            left.data["left"], 1,
            "a record that may only be hidden is nobody's news: {}",
            left.data
        );
        play.quiet().await;
        let before = label(town);
        apply(town, Most { deleted: true, ..ALL }).await;
        play.quiet().await;
        assert_ne!(label(town), before);
        assert!(cases(town).is_empty(), "it is not made again");
        let after = plan(town).await;
        assert!(!after.has_findings, "{}", after.data);
    });
}

#[test]
fn a_record_whose_link_was_lost_is_linked_and_one_with_another_key_is_not() {
    in_town(default_mapping(), async |town, play| {
        let case = opened(town, play).await;
        let link = |town: &Town| {
            let items = town.cloud.items(TABLE);
            items.iter().find(|item| item["sk"] == "LINK#case#").cloned()
        };
        let before = link(town).unwrap();
        lose(town, SUBJECT, "LINK#case#").await;
        lose(town, &format!("BACK#{case}"), "BACK").await;
        let by_hand = [
            ("correlation_id", ISSUE),
            ("correlation_display", "Trading Grid"),
            ("short_description", "a copy"),
        ];
        town.servicenow.insert("sn_customerservice_case", &by_hand);
        sleep(Duration::from_secs(60)).await;
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K1", "K4", "K4"], "{}", planned.data);
        apply(town, ALL).await;
        let after = link(town).unwrap();
        for same in ["sys_id", "record_table", "number", "correlation", "base", "state"] {
            assert_eq!(before[same], after[same], "{same}");
        }
        let _ = scenarios::comments(&town.community);
        polled(town, play).await;
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
        let left = plan(town).await;
        assert_eq!(kinds(&left), ["K1", "K4"], "a person closes the copy: {}", left.data);
        town.servicenow
            .update("sn_customerservice_case", &copy(town), &[("correlation_display", "")]);
    });
}

fn copy(town: &Town) -> String {
    let rows = town.servicenow.rows("sn_customerservice_case");
    let copy = rows.iter().find(|row| row["short_description"] == "a copy");
    copy.unwrap()["sys_id"].clone()
}

#[test]
fn a_way_back_that_was_lost_is_put_and_a_stream_that_nothing_makes_due_goes_on() {
    in_town(default_mapping(), async |town, play| {
        let case = opened(town, play).await;
        lose(town, &format!("BACK#{case}"), "BACK").await;
        sleep(Duration::from_secs(60)).await;
        let planned = plan(town).await;
        assert!(kinds(&planned).contains(&"K6".to_owned()), "{}", planned.data);
        apply(town, ALL).await;
        play.quiet().await;
        oracle::check_table(town);
        assert!(!plan(town).await.has_findings);
    });
}

#[test]
fn what_is_overdue_or_made_due_by_nothing_is_rung() {
    in_town(default_mapping(), async |town, play| {
        opened(town, play).await;
        let items = town.cloud.items(TABLE);
        let head = items
            .iter()
            .find(|item| item["pk"] == SUBJECT && item["sk"] == "HEAD#in");
        let mut head = head.unwrap().clone();
        let accepted = head["accepted"].as_i64().unwrap();
        // As if a write had been lost outside of Gridlink: an entry waits, and nobody knows.
        head["finished"] = (accepted - 1).into();
        head["count_done"] = (accepted - 1).into();
        put(town, &head).await;
        let entry = items
            .iter()
            .find(|item| item["pk"] == SUBJECT && item["sk"] == format!("IN#in#{accepted:08}"));
        let mut entry = entry.unwrap().clone();
        for member in ["outcome", "finished_at", "ttl", "decided", "step", "epoch"] {
            entry.as_object_mut().unwrap().remove(member);
        }
        put(town, &entry).await;
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(
            place(town)
                .store
                .survey(town.clock.now(), &|_| ())
                .await
                .unwrap()
                .behind
                .len(),
            1
        );
        let planned = plan(town).await;
        assert_eq!(kinds(&planned), ["K7"], "{}", planned.data);
        apply(town, ALL).await;
        play.quiet().await;
        oracle::check_table(town);
        assert_eq!(cases(town).len(), 1);
        assert!(!plan(town).await.has_findings);
    });
}

/// The calls of an apply, as far as they were sent, under a plan; in the end everything was done once.
fn applied_under(plan: Plan) -> (usize, usize) {
    in_paused_time(async {
        let town = Town::new(plan, default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        let _ = scenarios::opens(&town.community);
        polled(&town, &play).await;
        let case = scenarios::case(&town);
        lose(&town, SUBJECT, "LINK#case#").await;
        lose(&town, &format!("BACK#{case}"), "BACK").await;
        let _ = scenarios::comments(&town.community);
        sleep(Duration::from_secs(60)).await;
        let place = place(&town);
        let before = town.calls().len();
        let outcome = reconcile::apply(&place, "24h", &ALL).await;
        let after = town.calls().len();
        for _ in 0..3 {
            let _ = reconcile::apply(&place, "24h", &ALL).await;
            play.quiet().await;
            sleep(Duration::from_secs(60)).await;
        }
        let left = reconcile::plan(&place, "24h").await.unwrap();
        assert!(!left.has_findings, "{outcome:?} {}", left.data);
        oracle::check_table(&town);
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 1);
        assert_eq!(cases(&town).len(), 1);
        let violations = town.violations.lock().unwrap().clone();
        assert!(violations.is_empty(), "{violations:#?}");
        (before, after)
    })
}

#[test]
fn a_repair_is_done_once_whatever_happens_to_its_calls() {
    let (before, after) = applied_under(Plan::default());
    assert!(after >= before + 10, "{before} {after}");
    for at in before..after {
        for fault in [Fault::Lost, Fault::ErrorAfter, Fault::Conflict, Fault::Throttle] {
            applied_under(Plan::default().and(at, fault));
        }
    }
}
