//! The drill for a lost table: it is empty, or as it was some time ago, and everything goes on.

use std::sync::Arc;
use std::time::Duration;

use gridlink::{rebuild, reconcile};
use serde_json::{Value, json};
use shared::domain::Timestamp;
use tokio::time::sleep;

use crate::faults::{Fault, Plan};
use crate::operate::{cases, place};
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time};
use crate::reconcile::polled;
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::table::restore;
use crate::town::{TABLE, Town};

const CASES: &str = "sn_customerservice_case";
const ANOTHER: &str = "ISS-2";

/// What is there of an issue in the end, on both sides.
#[derive(Debug, PartialEq, Eq)]
struct Both {
    comments: usize,
    notes: usize,
    files: Vec<String>,
    shown: Vec<String>,
}

fn case_of(town: &Town, issue: &str) -> String {
    let rows = town.servicenow.rows(CASES);
    rows.iter().find(|row| row["correlation_id"] == issue).unwrap()["sys_id"].clone()
}

fn both(town: &Town, issue: &str) -> Both {
    let case = case_of(town, issue);
    let seen = town.community.partner_sees_issue(NORTHWIND, issue).unwrap();
    let comments = seen["comments"].as_array().unwrap().iter();
    let desk = comments.filter(|comment| comment["author"]["name"] == "Partner Support");
    Both {
        comments: town.servicenow.journal(&case, "comments").len(),
        notes: town.servicenow.journal(&case, "work_notes").len(),
        files: town
            .servicenow
            .attachments(&case)
            .iter()
            .map(|file| file.file_name.clone())
            .collect(),
        shown: desk
            .map(|comment| comment["text"].as_str().unwrap().to_owned())
            .collect(),
    }
}

fn labels(town: &Town, issue: &str) -> Value {
    town.community.partner_sees_issue(NORTHWIND, issue).unwrap()["statusReport"].clone()
}

/// Everybody hears of everything.
async fn hear(town: &Arc<Town>, play: &Play) {
    sleep(Duration::from_secs(30)).await;
    polled(town, play).await;
}

/// Two issues with comments of both sides, a document and a status. Gives the table as it was in the middle.
async fn before(town: &Arc<Town>, play: &Play) -> Vec<Value> {
    let _ = scenarios::opens_with_document(&town.community);
    let _ = scenarios::opens_another(&town.community);
    hear(town, play).await;
    let case = case_of(town, ISSUE);
    let _ = scenarios::comments(&town.community);
    town.servicenow.agent_comment(&case, "We look into it.");
    hear(town, play).await;
    let middle = town.cloud.items(TABLE).to_vec();
    town.servicenow.update(CASES, &case, &[("state", "10")]);
    let _ = scenarios::comments_on_another(&town.community);
    town.servicenow.agent_comment(&case, "It is nearly solved.");
    let other = case_of(town, ANOTHER);
    town.servicenow.agent_comment(&other, "This one too.");
    // What an agent decides stays.
    town.servicenow
        .update(CASES, &other, &[("short_description", "as the agent calls it")]);
    town.community.share_document(NORTHWIND, ISSUE, "doc-pod");
    town.community
        .change_issue(NORTHWIND, ISSUE, &[("summary", "two orders were rejected")]);
    town.community.change_issue(NORTHWIND, ISSUE, &[("priority", "high")]);
    hear(town, play).await;
    middle
}

/// The drill under a plan: a table that is empty, or as it was.
fn drilled(plan: Plan, is_empty: bool) -> (usize, usize) {
    in_paused_time(async {
        let town = Town::new(plan, default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        let middle = before(&town, &play).await;
        let was = [ISSUE, ANOTHER].map(|issue| both(&town, issue));
        let told = [ISSUE, ANOTHER].map(|issue| labels(&town, issue));
        assert_eq!(
            (was[0].comments, was[0].shown.len(), was[0].files.len()),
            (3, 2, 2),
            "{was:?}"
        );

        assert!(was[0].notes > 0, "{was:?}");
        let kept: &[Value] = if is_empty { &[] } else { &middle };
        restore(&town, kept).await;
        let place = place(&town);
        let calls = town.calls().len();
        let mut outcome = rebuild::rebuild(&place, true).await;
        let after = town.calls().len();
        for _ in 0..3 {
            if outcome.is_ok() {
                break;
            }
            sleep(Duration::from_secs(30)).await;
            outcome = rebuild::rebuild(&place, true).await;
        }
        let rebuilt = outcome.unwrap();
        let results = rebuilt.data["records"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["result"].as_str().unwrap());
        assert!(
            results.clone().all(|result| result != "left") && results.count() == 2,
            "{}",
            rebuilt.data
        );
        let known = rebuilt.data["records"].as_array().unwrap().iter();
        let known: u64 = known.map(|one| one["known"].as_u64().unwrap()).sum();
        // Three comments of agents, two of the partner and two files.
        assert_eq!(known, 7, "{}", rebuilt.data);
        // It may be repeated.
        let items = town.cloud.items(TABLE).len();
        rebuild::rebuild(&place, true).await.unwrap();
        assert_eq!(items, town.cloud.items(TABLE).len());

        // Everything since the beginning is told again, by both sides, and nothing comes of it.
        fill_in(&town, &play).await;
        assert_eq!(
            [ISSUE, ANOTHER].map(|issue| both(&town, issue)),
            was,
            "nothing is doubled, nothing is lost"
        );
        assert_eq!(
            [ISSUE, ANOTHER].map(|issue| labels(&town, issue)),
            told,
            "nobody is told anything again"
        );
        assert_eq!(cases(&town).len(), 2);
        oracle::check_table(&town);
        let agreed = reconcile::plan(&place, "24h").await.unwrap();
        assert!(!agreed.has_findings, "{}", agreed.data);

        // And both sides go on.
        let case = case_of(&town, ISSUE);
        let _ = scenarios::comments(&town.community);
        town.servicenow.agent_comment(&case, "It is solved.");
        town.servicenow.update(CASES, &case, &[("state", "18")]);
        town.community
            .change_issue(NORTHWIND, ISSUE, &[("summary", "three orders were rejected")]);
        hear(&town, &play).await;
        let row = town.servicenow.row(CASES, &case).unwrap();
        assert!(
            row["short_description"].contains("three orders"),
            "the partner's words are carried over: {row:?}"
        );
        let now = both(&town, ISSUE);
        assert_eq!(
            (now.comments, now.shown.len()),
            (was[0].comments + 2, was[0].shown.len() + 1),
            "{now:?}"
        );
        assert_ne!(labels(&town, ISSUE)["label"], told[0]["label"], "a new status is told");
        let row = town.servicenow.row(CASES, &case_of(&town, ANOTHER)).unwrap();
        assert_eq!(row["short_description"], "as the agent calls it");
        oracle::check_table(&town);
        let violations = town.violations.lock().unwrap().clone();
        assert!(violations.is_empty(), "{violations:#?}");
        (calls, after)
    })
}

/// Both sides are read again from the beginning.
async fn fill_in(town: &Arc<Town>, play: &Play) {
    let clients = place(town).clients().unwrap();
    let since = Some(town.clock.now().before(Duration::from_secs(24 * 3600)));
    let deadline = |now: Timestamp| now.after(Duration::from_secs(60));
    clients
        .poll_records(since, "again", deadline(town.clock.now()))
        .await
        .unwrap();
    play.quiet().await;
    clients
        .poll_feed(since, "again", deadline(town.clock.now()))
        .await
        .unwrap();
    play.quiet().await;
    hear(town, play).await;
}

#[test]
fn a_table_that_is_empty_is_rebuilt_and_everything_goes_on() {
    drilled(Plan::default(), true);
}

#[test]
fn a_table_of_an_earlier_time_is_rebuilt_and_everything_goes_on() {
    drilled(Plan::default(), false);
}

#[test]
fn a_rebuilding_is_done_once_whatever_happens_to_its_calls() {
    let (before, after) = drilled(Plan::default(), true);
    assert!(after >= before + 20, "{before} {after}");
    for at in before..after {
        for fault in [Fault::Lost, Fault::Conflict] {
            drilled(Plan::default().and(at, fault), true);
        }
    }
}

#[test]
fn a_dry_run_says_what_would_be_linked_and_changes_nothing() {
    in_paused_time(async {
        let town = Town::new(Plan::default(), default_mapping());
        let play = Play::new(&town);
        play.open_the_doors();
        before(&town, &play).await;
        restore(&town, &[]).await;
        let planned = rebuild::rebuild(&place(&town), false).await.unwrap();
        assert!(planned.has_findings);
        assert_eq!(
            planned.data["records"][0]["result"],
            json!("would be linked"),
            "{}",
            planned.data
        );
        assert!(town.cloud.items(TABLE).is_empty());
    });
}
