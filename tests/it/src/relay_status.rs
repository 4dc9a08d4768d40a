//! What the partner sees of the work on an issue.

use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::{self, story};
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{
    self, CASE, Expected, INTERNAL, Scenario, Step, case, closes, comments, event, opens, opens_invoice, scenario,
};
use crate::town::{TABLE, Town};

const CASES: &str = "sn_customerservice_case";
const QUOTE: &str = "Ten pallets, Monday.";

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
        Scenario {
            shared: &["quote.txt"],
            ..told(
                "agent-shares-a-file",
                vec![Step::Partner(opens), Step::Agent(shares), Step::Agent(shares_nothing)],
                Expected {
                    notes: &["shares the file missing.txt"],
                    ..CASE
                },
                &["received"],
                &["Here is our quote.", "A document that was announced"],
            )
        },
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

pub(crate) fn takes_it(town: &Town) {
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

pub(crate) fn resolves(town: &Town) {
    let fields = [("state", "6"), ("close_notes", "Sent again."), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

pub(crate) fn confirms(community: &TradingGrid) -> Value {
    let data = community.partner_confirms_closure(scenarios::NORTHWIND, scenarios::ISSUE);
    event("closure-confirmed", data)
}

pub(crate) fn disputes(community: &TradingGrid) -> Value {
    let data = community.partner_disputes(scenarios::NORTHWIND, scenarios::ISSUE, "Still refused.");
    event("closure-disputed", data)
}

pub(crate) fn answers(town: &Town) {
    let fields = [("comments", "We look into it."), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

fn notes(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("work_notes", INTERNAL)]);
}

/// An agent attaches two files and shares one of them.
pub(crate) fn shares(town: &Town) {
    let (sys_id, servicenow) = (case(town), &town.servicenow);
    servicenow.agent_file(&sys_id, "quote.txt", "text/plain", QUOTE);
    servicenow.agent_file(&sys_id, "internal.txt", "text/plain", INTERNAL);
    servicenow.agent_comment(&sys_id, "Here is our quote.\nshare: quote.txt");
}

/// An agent shares what is not there, and once more what is shared.
fn shares_nothing(town: &Town) {
    let text = "share: missing.txt\nshare: quote.txt";
    town.servicenow.agent_comment(&case(town), text);
}

fn copies_the_comment(town: &Town) {
    let sys_id = case(town);
    let entries = town.servicenow.journal(&sys_id, "comments");
    let text = entries.last().map(|entry| entry.value.clone()).unwrap_or_default();
    town.servicenow.update(CASES, &sys_id, &[("comments", &text)]);
}

/// Runs a test in a town where ServiceNow posts its events and an issue has its case.
pub(crate) fn with_a_case(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
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
fn the_partner_of_a_deleted_case_is_told_neutrally_and_not_asked_any_more() {
    with_a_case(async |town, play| {
        resolves(town);
        play.quiet().await;
        assert_eq!(closure(town)["state"], "requested");
        let number = town.servicenow.row(CASES, &case(town)).unwrap()["number"].clone();
        town.servicenow.delete(CASES, &case(town));
        play.quiet().await;
        let issue = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        let report = &issue["statusReport"];
        assert_eq!(
            (&report["label"], &report["state"]),
            (&json!("being checked"), &json!("in-progress"))
        );
        assert_eq!(report["caseNumber"], json!(number));
        assert_eq!(closure(town)["state"], "withdrawn");
        let story = story(town);
        let said = story
            .iter()
            .filter(|(_, line)| line.contains("was deleted: somebody must look into it"));
        assert_eq!(said.count(), 1, "{story:?}");
        play.days(8).await;
        play.quiet().await;
        assert_eq!(
            closure(town)["state"],
            "withdrawn",
            "silence closes nothing that is gone"
        );
    });
}

#[test]
fn a_hidden_case_tells_the_partner_nothing() {
    with_a_case(async |town, play| {
        takes_it(town);
        play.quiet().await;
        let sys_id = case(town);
        resolves(town);
        // The event of the change comes, and the record is hidden when it is looked at.
        let fault = worlds::Fault::Status {
            status: 404,
            headers: Default::default(),
            body: Some(json!({"error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts the record retrieval"}, "status": "failure"}).to_string()),
        };
        let path = |table: &str| format!("/api/now/v2/table/{table}/{sys_id}");
        for table in [CASES, "task"] {
            town.servicenow
                .knobs()
                .add(worlds::Rule::always("GET", &path(table), fault.clone()));
        }
        play.quiet().await;
        let report =
            || town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap()["statusReport"]["label"].clone();
        assert_eq!(report(), "under review");
        assert!(
            story(town)
                .iter()
                .any(|(_, line)| line.contains("is hidden from the integration user or was deleted"))
        );
        town.servicenow.knobs().clear();
        resolves_again(town);
        play.quiet().await;
        assert_eq!(report(), "resolved", "it goes on where it stood");
    });
}

/// The same with other words.
fn resolves_again(town: &Town) {
    town.servicenow
        .update(CASES, &case(town), &[("close_notes", "Sent once more.")]);
}

#[test]
fn a_case_that_becomes_an_incident_is_followed_by_both_sides() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        town.servicenow.reclassify(&sys_id, "incident");
        let fields = [
            ("state", "3"),
            ("hold_reason", "1"),
            ("comments", "It is a matter of the network."),
        ];
        town.servicenow.update("incident", &sys_id, &fields);
        play.quiet().await;
        let issue = || town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        assert_eq!(
            issue()["statusReport"]["label"],
            "waiting for you",
            "by the rules of incidents"
        );
        assert_eq!(seen(town).0, ["It is a matter of the network."]);
        play.deliver(&comments(&town.community)).await;
        play.quiet().await;
        let entries = town.servicenow.journal(&sys_id, "comments");
        assert!(entries.last().unwrap().value.contains("Can somebody look"));
        let story = story(town);
        let told = story
            .iter()
            .filter(|(_, line)| line.contains("is in the table incident now"));
        assert_eq!(told.count(), 1, "{story:?}");
        town.servicenow.update("incident", &sys_id, &[("state", "2")]);
        play.quiet().await;
        assert_eq!(issue()["statusReport"]["label"], "under review");
    });
}

#[test]
fn what_a_partner_adds_follows_a_case_that_moved_unseen() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        town.servicenow.reclassify(&sys_id, "incident");
        play.deliver(&comments(&town.community)).await;
        play.quiet().await;
        assert_eq!(town.servicenow.journal(&sys_id, "comments").len(), 1);
        oracle::check_table(town);
    });
}

#[test]
fn a_case_in_a_table_without_words_tells_the_partner_nothing_and_takes_what_the_partner_adds() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        town.servicenow.reclassify(&sys_id, "sn_customerservice_task");
        let fields = [("state", "3"), ("comments", "We wait for the carrier.")];
        town.servicenow.update("sn_customerservice_task", &sys_id, &fields);
        play.quiet().await;
        play.deliver(&comments(&town.community)).await;
        play.quiet().await;
        assert_eq!(seen(town).0, ["Can somebody look at this?"]);
        let issue = town.community.issue(scenarios::NORTHWIND, scenarios::ISSUE).unwrap();
        assert_eq!(issue["statusReport"]["label"], "received");
        assert_eq!(town.servicenow.journal(&sys_id, "comments").len(), 2);
        let story = story(town);
        assert!(
            story.iter().any(|(_, line)| line.contains("the mapping has no words")),
            "{story:?}"
        );
        // Nothing is lost: back in a table with words, what was held back is told.
        town.servicenow.reclassify(&sys_id, CASES);
        takes_it(town);
        play.quiet().await;
        assert_eq!(seen(town).0, ["Can somebody look at this?", "We wait for the carrier."]);
    });
}

#[test]
fn an_incident_that_is_merged_into_another_says_so_without_its_number() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        play.deliver(&scenarios::opens_connectivity(&town.community)).await;
        play.quiet().await;
        let other = town
            .servicenow
            .insert("incident", &[("short_description", "The line is down")]);
        let number = town.servicenow.row("incident", &other).unwrap()["number"].clone();
        let fields = [
            ("state", "6"),
            ("close_code", "Duplicate"),
            ("close_notes", "Solved with another report."),
            ("parent_incident", &other),
        ];
        town.servicenow.update("incident", &case(town), &fields);
        play.quiet().await;
        let (company, issue) = (scenarios::NORTHWIND, scenarios::ISSUE);
        let view = town.community.partner_sees_issue(company, issue).unwrap();
        assert_eq!(view["statusReport"]["label"], "handled together with another report");
        assert_eq!(view["statusReport"]["resolution"], "Solved with another report.");
        assert_eq!(view["closure"]["state"], "requested");
        assert!(!view.to_string().contains(&number), "{view}");
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

/// What the partner sees of the issue: comments, and documents with their bytes.
fn seen(town: &Town) -> (Vec<String>, Vec<(String, String, bytes::Bytes)>) {
    let (company, issue) = (scenarios::NORTHWIND, scenarios::ISSUE);
    let view = town.community.partner_sees_issue(company, issue).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let comments = view["comments"].as_array().unwrap().iter();
    let documents = view["documents"].as_array().unwrap().iter().map(|document| {
        let id = document["documentId"].as_str().unwrap();
        let bytes = town.community.document_bytes(company, id).unwrap();
        (text(&document["name"]), text(&document["mediaType"]), bytes)
    });
    (
        comments.map(|comment| text(&comment["text"])).collect(),
        documents.collect(),
    )
}

/// What Gridlink noted for colleagues, without references.
fn notes_of_ours(town: &Town) -> Vec<String> {
    let notes = town.servicenow.journal(&case(town), "work_notes").into_iter();
    let ours = notes.filter(|note| note.created_by == "gridlink.integration");
    ours.map(|note| note.value.split("\n\nvia").next().unwrap().to_owned())
        .collect()
}

const NOT_THERE_YET: &str = "A document that was announced here is not available yet. We are informed.";
const NOT_DELIVERED: &str = "A document that was announced here could not be delivered. We are informed.";

#[test]
fn a_shared_file_reaches_the_partner_whole_and_no_other_does() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        let large = "Line of a large file.\n".repeat(40_000);
        let servicenow = &town.servicenow;
        servicenow.agent_file(&sys_id, "large.txt", "text/plain; charset=utf-8", large.clone());
        servicenow.agent_file(&sys_id, "empty.txt", "text/plain", "");
        servicenow.agent_file(&sys_id, "internal.txt", "text/plain", INTERNAL);
        let picture = [
            ("table_name", "ZZ_YYsn_customerservice_case"),
            ("table_sys_id", &sys_id),
            ("file_name", "photo"),
        ];
        servicenow.insert("sys_attachment", &picture);
        let another = servicenow.insert(CASES, &[("short_description", "Another")]);
        servicenow.agent_file(&another, "other.txt", "text/plain", "Of another case");
        servicenow.agent_comment(
            &sys_id,
            "Both files:\nShare: large.txt\nshare:  empty.txt \nshare: photo\nshare: other.txt\nBye",
        );
        servicenow.agent_work_note(&sys_id, "share: internal.txt");
        play.quiet().await;
        let (comments, documents) = seen(town);
        assert_eq!(comments, ["Both files:\nBye", NOT_THERE_YET, NOT_THERE_YET]);
        let plain = |name: &str, text: &str| {
            (
                name.to_owned(),
                "text/plain".to_owned(),
                bytes::Bytes::from(text.to_owned()),
            )
        };
        assert_eq!(documents, [plain("large.txt", &large), plain("empty.txt", "")]);
        assert_eq!(notes_of_ours(town).len(), 2);
        assert!(notes_of_ours(town)[0].contains("shares the file photo with the partner"));
        let items = town.cloud.items(TABLE);
        let in_plans = items.iter().filter(|item| item.to_string().contains(INTERNAL)).count();
        assert_eq!(in_plans, 0, "nothing of an unshared file is kept");
    });
}

#[test]
fn a_file_that_comes_after_its_comment_is_shared_once_and_only_within_a_day() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        let file =
            |name: &str, text: &str| drop(town.servicenow.agent_file(&sys_id, name, "text/plain", text.to_owned()));
        let names = || {
            seen(town)
                .1
                .into_iter()
                .map(|(name, _, bytes)| (name, bytes))
                .collect::<Vec<_>>()
        };
        town.servicenow.agent_comment(&sys_id, "share: a.txt\nshare: b.txt");
        play.quiet().await;
        tokio::time::sleep(std::time::Duration::from_secs(23 * 3600)).await;
        file("a.txt", "first");
        play.quiet().await;
        file("a.txt", "second");
        tokio::time::sleep(std::time::Duration::from_secs(2 * 3600)).await;
        file("b.txt", "too late");
        play.quiet().await;
        assert_eq!(names(), [("a.txt".to_owned(), "first".into())]);
        assert_eq!(seen(town).0, [NOT_THERE_YET, NOT_THERE_YET]);
        town.servicenow.agent_comment(&sys_id, "share: a.txt");
        play.quiet().await;
        let both = ["first", "second"].map(|text| ("a.txt".to_owned(), text.into()));
        assert_eq!(names(), both, "the newest is meant");
    });
}

#[test]
fn neither_a_partner_nor_a_contact_shares_a_file_of_the_case() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        town.servicenow
            .agent_file(&sys_id, "internal.txt", "text/plain", INTERNAL);
        let said = town
            .community
            .add_comment(scenarios::NORTHWIND, scenarios::ISSUE, "Please:\nshare: internal.txt");
        play.deliver(&event("commented", said)).await;
        play.quiet().await;
        let contact = [
            ("user_name", "dana.whitfield"),
            ("name", "Dana Whitfield"),
            ("active", "true"),
        ];
        town.servicenow.insert("customer_contact", &contact);
        town.servicenow
            .write_as("dana.whitfield", &sys_id, "comments", "share: internal.txt");
        town.servicenow
            .write_as("guest.of.nobody", &sys_id, "comments", "share: internal.txt");
        play.quiet().await;
        assert_eq!(seen(town).1, []);
        assert_eq!(notes_of_ours(town), [""; 0]);
    });
}

#[test]
fn a_file_that_may_not_or_cannot_go_is_said_on_both_sides() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        let servicenow = &town.servicenow;
        let tells = |file: &str, fields: &[(&str, &str)]| servicenow.update_as("admin", "sys_attachment", file, fields);
        servicenow.agent_file(&sys_id, "tool.exe", "application/x-msdownload", "MZ");
        servicenow.agent_file(&sys_id, "thick.pdf", "application/pdf", "%PDF-".repeat(10));
        let other = servicenow.agent_file(&sys_id, "other.txt", "text/plain", "12345");
        tells(&other, &[("hash", &"0".repeat(64))]);
        let long = servicenow.agent_file(&sys_id, "long.txt", "text/plain", "1234567890");
        tells(&long, &[("size_bytes", "4")]);
        town.community.limit_documents(20);
        servicenow.agent_comment(
            &sys_id,
            "share: tool.exe\nshare: thick.pdf\nshare: other.txt\nshare: long.txt",
        );
        play.quiet().await;
        assert_eq!(seen(town), (vec![NOT_DELIVERED.to_owned(); 4], Vec::new()));
        let because = |name: &str, reason: &str| format!("The file {name} was not shared with the partner: {reason}.");
        let notes = [
            because("tool.exe", "files of type application/x-msdownload are not shared"),
            because("thick.pdf", "the community takes nothing of this size"),
            because("other.txt", "its bytes are not those that ServiceNow tells of"),
            because("long.txt", "its bytes are not those that ServiceNow tells of"),
        ];
        assert_eq!(notes_of_ours(town), notes);
        takes_it(town);
        play.quiet().await;
        assert_eq!(notes_of_ours(town), notes, "nobody is told twice");
    });
}

#[test]
fn an_instance_that_tells_no_hash_shares_files_all_the_same() {
    with_a_case(async |town, play| {
        let sys_id = case(town);
        let file = town.servicenow.agent_file(&sys_id, "quote.txt", "text/plain", QUOTE);
        town.servicenow
            .update_as("admin", "sys_attachment", &file, &[("hash", ""), ("size_bytes", "")]);
        town.servicenow.agent_comment(&sys_id, "share: quote.txt");
        play.quiet().await;
        assert_eq!(
            seen(town).1,
            [("quote.txt".to_owned(), "text/plain".to_owned(), QUOTE.into())]
        );
    });
}

#[test]
fn a_document_of_the_partner_is_not_sent_back() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        play.deliver(&scenarios::opens_with_document(&town.community)).await;
        play.quiet().await;
        let before = seen(town).1;
        town.servicenow
            .agent_comment(&case(town), "As you sent:\nshare: asn-856.edi");
        play.quiet().await;
        assert_eq!(seen(town), (vec!["As you sent:".to_owned()], before));
        assert!(story(town).iter().any(|(_, line)| line.contains("already")));
    });
}
