//! What the partner sees of the work on an issue.

use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::story;
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{
    self, CASE, Expected, INTERNAL, Scenario, Step, case, closes, comments, event, opens, opens_invoice, scenario,
};
use crate::town::{TABLE, Town};

const CASES: &str = "sn_customerservice_case";

/// Scenarios in which ServiceNow posts its events.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let told = |name, steps, expected, labels, shown| Scenario {
        is_told: true,
        labels,
        shown,
        ..scenario(name, steps, vec![expected])
    };
    vec![
        told(
            "status-to-resolution",
            vec![
                Step::Partner(opens),
                Step::Agent(takes_it),
                Step::Agent(assigns),
                Step::Agent(resolves),
            ],
            CASE,
            &["received", "under review", "resolved"],
            &[],
        ),
        told(
            "awaiting-finance-approval",
            vec![Step::Partner(opens_invoice), Step::Agent(asks_for_approval)],
            Expected {
                fields: &[("assignment_group", "B2B Finance")],
                ..CASE
            },
            &["received", "awaiting finance approval"],
            &[],
        ),
        told(
            "partner-confirms",
            vec![Step::Partner(opens), Step::Agent(resolves), Step::Then(confirms)],
            Expected {
                fields: &[("state", "3")],
                notes: &["confirmed on Trading Grid"],
                ..CASE
            },
            &["received", "resolved", "closed"],
            &[],
        ),
        told(
            "partner-disputes",
            vec![Step::Partner(opens), Step::Agent(resolves), Step::Then(disputes)],
            Expected {
                fields: &[("state", "10")],
                comments: &["the issue is not solved:\nStill refused."],
                notes: &["Reopened"],
                ..CASE
            },
            &["received", "resolved", "under review"],
            &[],
        ),
        told(
            "silence-counts-as-a-yes",
            vec![Step::Partner(opens), Step::Agent(resolves), Step::Days(8)],
            Expected {
                fields: &[("state", "3")],
                notes: &["did not answer in time"],
                ..CASE
            },
            &["received", "resolved", "closed"],
            &[],
        ),
        told(
            "agent-takes-a-resolution-back",
            vec![
                Step::Partner(opens),
                Step::Agent(resolves),
                Step::Agent(takes_it),
                Step::Days(8),
            ],
            Expected {
                fields: &[("state", "10")],
                ..CASE
            },
            &["received", "resolved", "under review"],
            &[],
        ),
        told(
            "agent-answers",
            vec![
                Step::Partner(opens),
                Step::Partner(comments),
                Step::Agent(answers),
                Step::Agent(answers),
                Step::Agent(notes),
            ],
            Expected {
                comments: &["Can somebody look"],
                ..CASE
            },
            &["received"],
            &["We look into it.", "We look into it."],
        ),
        told(
            "agent-quotes-our-line",
            vec![
                Step::Partner(opens),
                Step::Partner(comments),
                Step::Agent(copies_the_comment),
            ],
            Expected {
                comments: &["Can somebody look"],
                ..CASE
            },
            &["received"],
            &["Can somebody look"],
        ),
    ]
}

fn takes_it(town: &Town) {
    let fields = [("state", "10"), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

fn asks_for_approval(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("approval", "requested")]);
}

/// Nothing that the partner is told of.
fn assigns(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("priority", "3")]);
}

fn resolves(town: &Town) {
    let fields = [("state", "6"), ("close_notes", "Sent again."), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

fn confirms(community: &TradingGrid) -> Value {
    let data = community.partner_confirms_closure(scenarios::NORTHWIND, scenarios::ISSUE);
    event("closure-confirmed", data)
}

fn disputes(community: &TradingGrid) -> Value {
    let data = community.partner_disputes(scenarios::NORTHWIND, scenarios::ISSUE, "Still refused.");
    event("closure-disputed", data)
}

fn answers(town: &Town) {
    let fields = [("comments", "We look into it."), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

fn notes(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("work_notes", INTERNAL)]);
}

fn copies_the_comment(town: &Town) {
    let sys_id = case(town);
    let entries = town.servicenow.journal(&sys_id, "comments");
    let text = entries.last().map(|entry| entry.value.clone()).unwrap_or_default();
    town.servicenow.update(CASES, &sys_id, &[("comments", &text)]);
}

/// Runs a test in a town where ServiceNow posts its events and an issue has its case.
fn with_a_case(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        test(town, play).await;
    });
}

#[test]
fn a_resolution_reaches_the_partner_with_its_text_and_the_number_of_the_case() {
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        let issue = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        let report = &issue["statusReport"];
        assert_eq!(report["label"], "resolved");
        assert_eq!(report["state"], "resolved");
        assert_eq!(report["resolution"], "Sent again.");
        let number = &town.servicenow.row(CASES, &case(town)).unwrap()["number"];
        assert_eq!(report["caseNumber"], json!(number));
        assert_eq!(issue["status"], "resolved");
    });
}

/// The closing as the community has it.
fn closure(town: &Town) -> Value {
    town.community
        .partner_sees_issue(scenarios::NORTHWIND, scenarios::ISSUE)
        .unwrap()["closure"]
        .clone()
}

#[test]
fn a_partner_is_asked_once_for_each_resolution_and_told_why_the_issue_is_closed() {
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        let asked = closure(town);
        assert_eq!(
            (&asked["state"], &asked["resolution"]),
            (&json!("requested"), &json!("Sent again."))
        );
        assert_eq!(asked["confirmBy"], "2026-11-30T09:00:04.500Z", "{asked}");
        notes(town);
        play.quiet().await;
        assert_eq!(closure(town), asked, "a work note asks nobody anything");
        play.deliver(&disputes(&town.community)).await;
        play.quiet().await;
        assert_eq!(closure(town)["state"], "disputed");
        assert_eq!(town.servicenow.row(CASES, &case(town)).unwrap()["state"], "10");
        resolves(town);
        play.quiet().await;
        let again = closure(town);
        assert_eq!(again["state"], "requested");
        assert!(again["version"].as_u64() > asked["version"].as_u64());
        play.deliver(&confirms(&town.community)).await;
        play.quiet().await;
        let closed = closure(town);
        assert_eq!(
            (&closed["state"], &closed["because"]),
            (&json!("closed"), &json!("confirmed"))
        );
    });
}

#[test]
fn a_resolution_that_follows_at_once_on_a_dispute_is_asked_about() {
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        let asked = closure(town)["version"].as_u64();
        let sys_id = case(town);
        play.deliver(&disputes(&town.community)).await;
        // The agent resolves again before anybody is told of the reopening.
        while town.servicenow.row(CASES, &sys_id).unwrap()["state"] != "10" {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        resolves(town);
        play.quiet().await;
        let again = closure(town);
        assert_eq!(again["state"], "requested", "{again}");
        assert!(again["version"].as_u64() > asked);
    });
}

#[test]
fn silence_and_a_decision_of_the_desk_are_told_apart() {
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        play.days(8).await;
        play.quiet().await;
        assert_eq!(
            (&closure(town)["state"], &closure(town)["because"]),
            (&json!("closed"), &json!("no-answer"))
        );
    });
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        closes(town);
        play.quiet().await;
        assert_eq!(
            (&closure(town)["state"], &closure(town)["because"]),
            (&json!("closed"), &json!("decided"))
        );
        play.days(8).await;
        play.quiet().await;
        let story = story(town);
        assert!(
            story.iter().any(|(_, line)| line.contains("was answered or is gone")),
            "{story:?}"
        );
    });
}

#[test]
fn a_status_and_a_comment_cost_two_reads_and_one_write() {
    with_a_case(async |town, play| {
        for (act, dynamodb) in [(takes_it as fn(&Town), 4), (assigns, 3), (answers, 5)] {
            let before = town.calls().len();
            act(town);
            play.quiet().await;
            let cost = Cost::since(town, before);
            cost.is("receive-webhook", System::DynamoDb, 3);
            cost.is("receive-webhook", System::Sqs, 1);
            cost.is("relay-status", System::ServiceNow, 2);
            cost.is("relay-status", System::DynamoDb, dynamodb);
            cost.is("relay-status", System::TradingGrid, usize::from(dynamodb > 3));
        }
    });
}

#[test]
fn news_of_a_record_that_is_not_ours_is_accepted_and_changes_nothing() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        let fields = [("short_description", "Somebody else's"), ("priority", "4")];
        town.servicenow.insert("sn_customerservice_case", &fields);
        play.quiet().await;
        let items = town.cloud.items(TABLE);
        let ours = items.iter().filter(|item| item["sk"] != "SETTINGS").count();
        assert_eq!(ours, 0, "{items:?}");
    });
}

#[test]
fn a_deleted_case_is_said_on_the_timeline_and_stops_nothing() {
    with_a_case(async |town, play| {
        town.servicenow.delete(CASES, &case(town));
        play.quiet().await;
        let story = story(town);
        assert!(
            story.iter().any(|(_, line)| line.contains("was deleted or is hidden")),
            "{story:?}"
        );
    });
}

#[test]
fn a_closed_issue_refuses_a_comment_and_colleagues_are_told() {
    with_a_case(async |town, play| {
        closes(town);
        play.quiet().await;
        answers(town);
        play.quiet().await;
        let issue = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        let shown = issue["comments"].as_array().map_or(0, Vec::len);
        let notes = town.servicenow.journal(&case(town), "work_notes");
        let is_said = notes
            .iter()
            .any(|note| note.value.contains("was not shown to the partner"));
        assert_eq!((shown, is_said), (0, true), "{issue}");
    });
}

#[test]
fn a_refused_comment_is_not_shown_when_the_issue_opens_again() {
    with_a_case(async |town, play| {
        closes(town);
        play.quiet().await;
        answers(town);
        play.quiet().await;
        for act in [takes_it, assigns, answers] {
            act(town);
            play.quiet().await;
        }
        let issue = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        let shown = issue["comments"].as_array().map_or(0, Vec::len);
        let refusals = story(town);
        let refusals = refusals.iter().filter(|(_, line)| line.starts_with("refused: "));
        assert_eq!((shown, refusals.count()), (1, 1), "{issue}");
    });
}
