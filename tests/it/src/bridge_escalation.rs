//! What both sides see of a critical issue.

use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;
use worlds::trading_grid::{FileSeed, PartnerAct};

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::{story, workspace};
use crate::play::{Play, default_mapping, in_town};
use crate::relay_status::{answers, shares, with_a_case};
use crate::scenarios::{
    self, CASE, Expected, INTERNAL, ISSUE, NORTHWIND, Scenario, Step, Struck, case, closes, comments, event, opens,
    opens_critical, scenario,
};
use crate::town::{TABLE, Town};

const CASES: &str = "sn_customerservice_case";
const TASKS: &str = "sn_customerservice_task";

const DELIVERY: Expected = Expected {
    table: TASKS,
    correlation: "ISS-1/proof-of-delivery~",
    fields: &[
        ("short_description", "Proof of delivery for Northwind"),
        ("assignment_group", "Logistics Exceptions"),
        ("parent", "ISS-1"),
    ],
    comments: &[],
    notes: &[],
    attachments: &[],
};

const CONTACT: Expected = Expected {
    correlation: "ISS-1/partner-contact~",
    fields: &[("assignment_group", "Customer Service"), ("parent", "ISS-1")],
    ..DELIVERY
};

const RECORD: Expected = Expected {
    table: "sn_customerservice_escalation",
    correlation: "ISS-1/escalation~",
    fields: &[("state", "2")],
    ..DELIVERY
};

const PLANNED: &[(&str, &str)] = &[
    ("First answer of the desk", "planned"),
    ("Proof of delivery checked", "planned"),
];

/// Scenarios in which an issue is escalated.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let told = |name, steps, case, others: [Expected; 3]| Scenario {
        is_told: true,
        labels: &["received"],
        milestones: Some(PLANNED),
        ..scenario(name, steps, std::iter::once(case).chain(others).collect())
    };
    let ended = |task: Expected| Expected {
        notes: &["before this task was done"],
        ..task
    };
    vec![
        Scenario {
            struck: Struck::By(&["bridge-escalation", "open-case"]),
            workspace: &["We look into it."],
            milestones: Some(&[
                ("First answer of the desk", "planned"),
                ("Proof of delivery checked", "done"),
            ]),
            ..told(
                "escalation-of-a-partner",
                vec![
                    Step::Partner(opens),
                    Step::Then(escalates),
                    Step::Agent(answers),
                    Step::Then(writes),
                    Step::Agent(finds_the_proof),
                ],
                Expected {
                    fields: &[("priority", "1")],
                    comments: &[
                        "escalated the issue on Trading Grid:\nThe truck",
                        "in the workspace of the escalation:\nWhen",
                    ],
                    notes: &["Escalated by the partner"],
                    ..CASE
                },
                [DELIVERY, CONTACT, RECORD],
            )
        },
        Scenario {
            struck: Struck::By(&["bridge-escalation", "relay-status"]),
            milestones: Some(&[
                ("First answer of the desk", "canceled"),
                ("Proof of delivery checked", "canceled"),
            ]),
            ..told(
                "escalation-of-an-agent",
                vec![
                    Step::Partner(opens),
                    Step::Agent(makes_it_critical),
                    Step::Agent(calms_it),
                ],
                Expected {
                    fields: &[("priority", "3")],
                    notes: &["Escalated by the desk", "ended by the desk"],
                    ..CASE
                },
                [
                    ended(DELIVERY),
                    ended(CONTACT),
                    Expected {
                        fields: &[("state", "3")],
                        ..RECORD
                    },
                ],
            )
        },
        Scenario {
            struck: Struck::Arrivals,
            ..told(
                "escalated-meanwhile",
                vec![
                    Step::Partner(opens),
                    Step::Partner(comments),
                    Step::Meanwhile(escalates),
                ],
                Expected {
                    fields: &[("priority", "1")],
                    comments: &["Can somebody look", "escalated the issue"],
                    notes: &["Escalated by the partner"],
                    ..CASE
                },
                [DELIVERY, CONTACT, RECORD],
            )
        },
        Scenario {
            struck: Struck::Arrivals,
            milestones: None,
            // It was ended before it was begun.
            or_only: Some(Expected {
                fields: &[("priority", "2")],
                comments: &["escalated the issue", "Can somebody look", "ended the escalation"],
                ..CASE
            }),
            ..told(
                "calmed-meanwhile",
                vec![
                    Step::Partner(opens),
                    Step::Partner(escalates),
                    Step::Partner(comments),
                    Step::Meanwhile(ends_it),
                ],
                Expected {
                    fields: &[("priority", "1")],
                    comments: &["escalated the issue", "Can somebody look", "ended the escalation"],
                    notes: &["Escalated by the partner", "ended by the partner"],
                    ..CASE
                },
                [
                    ended(DELIVERY),
                    ended(CONTACT),
                    Expected {
                        fields: &[("state", "3")],
                        ..RECORD
                    },
                ],
            )
        },
    ]
}

pub(crate) fn escalates(community: &TradingGrid) -> Value {
    let act = PartnerAct::Escalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: ISSUE.to_owned(),
        reason: Some("The truck leaves at 16:00.".to_owned()),
        author: None,
    };
    told(community, "escalated", act)
}

pub(crate) fn ends_it(community: &TradingGrid) -> Value {
    let act = PartnerAct::DeEscalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: ISSUE.to_owned(),
        reason: None,
        author: None,
    };
    told(community, "de-escalated", act)
}

pub(crate) fn writes(community: &TradingGrid) -> Value {
    let act = PartnerAct::WritesInWorkspace {
        company_id: NORTHWIND.to_owned(),
        issue_id: ISSUE.to_owned(),
        text: "When will it be there?".to_owned(),
        document_ids: Vec::new(),
        author: None,
    };
    told(community, "escalation.message-posted", act)
}

fn told(community: &TradingGrid, kind: &str, act: PartnerAct) -> Value {
    event(kind, community.act(act).pop().unwrap().data)
}

pub(crate) fn makes_it_critical(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("priority", "1")]);
}

/// The desk ends its escalation record and lowers the priority.
pub(crate) fn calms_it(town: &Town) {
    let ours = task(town, "escalation");
    if !ours.is_empty() {
        town.servicenow.update(RECORD.table, &ours, &[("state", "3")]);
    }
    town.servicenow.update(CASES, &case(town), &[("priority", "3")]);
}

pub(crate) fn finds_the_proof(town: &Town) {
    let fields = [("state", "3"), ("close_notes", INTERNAL), ("comments", INTERNAL)];
    town.servicenow.update(TASKS, &task(town, "proof-of-delivery"), &fields);
}

/// The sys_id of the record that an escalation made.
pub(crate) fn task(town: &Town, name: &str) -> String {
    let begin = format!("{ISSUE}/{name}~");
    let rows = town.servicenow.rows("task");
    let found = rows.iter().find(|row| row["correlation_id"].starts_with(&begin));
    found.map(|row| row["sys_id"].clone()).unwrap_or_default()
}

pub(crate) async fn deliver(town: &Arc<Town>, play: &Play, act: fn(&TradingGrid) -> Value) {
    play.deliver(&act(&town.community)).await;
    play.quiet().await;
}

/// The records that an escalation made, by table.
pub(crate) fn made(town: &Town) -> Vec<String> {
    let rows = town.servicenow.rows("task");
    let its = rows.iter().filter(|row| row["correlation_id"].starts_with("ISS-1/"));
    let mut tables: Vec<String> = its.map(|row| row["sys_class_name"].clone()).collect();
    tables.sort();
    tables
}

pub(crate) fn notes(town: &Town, sys_id: &str) -> Vec<String> {
    let entries = town.servicenow.journal(sys_id, "work_notes");
    entries.into_iter().map(|entry| entry.value).collect()
}

#[track_caller]
fn is_told(town: &Town, part: &str) {
    let story = story(town);
    assert!(story.iter().any(|(_, text)| text.contains(part)), "{story:#?}");
}

#[test]
fn an_issue_that_is_critical_as_it_is_opened_is_escalated_by_the_rule() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        deliver(town, play, opens_critical).await;
        assert_eq!(made(town), [RECORD.table, TASKS, TASKS]);
        let record = town.servicenow.row(RECORD.table, &task(town, "escalation")).unwrap();
        assert_eq!(
            record["source_record"],
            case(town),
            "the record of the escalation is the case's"
        );
        assert!(notes(town, &case(town))[0].contains("Escalated by a rule"));
        let workspace = workspace(town);
        assert_eq!(
            (&workspace["state"], &workspace["label"], &workspace["leadName"]),
            (&json!("open"), &json!("Escalated"), &json!("Escalation Desk"))
        );
        // The record was made critical by us: that is no act of the desk.
        town.servicenow.update(CASES, &case(town), &[("work_notes", INTERNAL)]);
        play.quiet().await;
        assert_eq!(made(town).len(), 3);
    });
}

#[test]
fn an_incident_has_tasks_of_its_own_and_no_record_of_an_escalation() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        deliver(town, play, scenarios::opens_connectivity).await;
        deliver(town, play, escalates).await;
        assert_eq!(made(town), ["incident_task"]);
        let incident = town.servicenow.row("incident", &case(town)).unwrap();
        assert_eq!((incident["impact"].as_str(), incident["priority"].as_str()), ("1", "1"));
        let task = town
            .servicenow
            .row("incident_task", &task(town, "partner-contact"))
            .unwrap();
        assert_eq!(task["incident"], incident["sys_id"]);
        let due = workspace(town)["milestones"][0]["dueAt"].clone();
        let due = due.as_str().unwrap().replace('T', " ");
        assert_eq!(task["due_date"], due[..19], "two hours from the escalation on");
    });
}

#[test]
fn a_priority_that_an_agent_has_set_is_left_as_it_is() {
    with_a_case(async |town, play| {
        town.servicenow.update(CASES, &case(town), &[("priority", "4")]);
        play.quiet().await;
        deliver(town, play, escalates).await;
        assert_eq!(town.servicenow.row(CASES, &case(town)).unwrap()["priority"], "4");
        let said = &notes(town, &case(town))[0];
        assert!(said.contains("Left as an agent set it: priority."), "{said}");
        assert_eq!(workspace(town)["state"], "open");
    });
}

#[test]
fn a_record_that_is_closed_before_the_escalation_begins_ends_its_workspace() {
    with_a_case(async |town, play| {
        // The groups of the teams cannot be had for a while, and meanwhile an agent closes the case.
        let groups = "/api/now/v2/table/sys_user_group";
        let down = crate::stories::status(503, None);
        town.servicenow.knobs().add(worlds::Rule::always("GET", groups, down));
        play.deliver(&escalates(&town.community)).await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        closes(town);
        town.servicenow.knobs().clear();
        play.quiet().await;
        assert_eq!(made(town), Vec::<String>::new());
        is_told(town, "is closed: it is not escalated");
        assert_eq!(workspace(town)["state"], "ended");
    });
}

#[test]
fn an_escalation_that_comes_after_the_record_was_closed_is_worked_in_its_follow_up() {
    with_a_case(async |town, play| {
        let late = escalates(&town.community);
        closes(town);
        play.quiet().await;
        let issue = |town: &Town| town.community.issue(NORTHWIND, ISSUE).unwrap();
        assert_eq!(issue(town)["status"], "closed");
        // The report of the escalation may come before that of the status, which opens the issue again.
        play.deliver(&late).await;
        play.quiet().await;
        assert_ne!(issue(town)["status"], "closed");
        assert_eq!(workspace(town)["state"], "open");
        let ours = made(town);
        let teams = ours.iter().filter(|table| *table == TASKS);
        assert_eq!(teams.count(), 2, "{ours:?}");
        is_told(town, "opened the workspace");
        is_told(town, "the issue is worked as an escalated one");
    });
}

#[test]
fn what_the_desk_makes_of_its_records_ends_the_escalation() {
    type Act = fn(&Town);
    let ends: [(&str, Act); 3] = [
        ("it declines the record of the escalation", |town| {
            town.servicenow
                .update(RECORD.table, &task(town, "escalation"), &[("state", "4")]);
        }),
        ("it closes the case", closes),
        ("it lowers the priority", |town| {
            let ours = task(town, "escalation");
            town.servicenow.update(RECORD.table, &ours, &[("state", "3")]);
            town.servicenow.update(CASES, &case(town), &[("priority", "2")]);
        }),
    ];
    for (what, act) in ends {
        with_a_case(async |town, play| {
            deliver(town, play, escalates).await;
            act(town);
            play.quiet().await;
            let seen = workspace(town);
            assert_eq!(seen["state"], "ended", "{what}: {seen}");
            assert_eq!(seen["milestones"][0]["state"], "canceled", "{what}: {seen}");
            let contact = notes(town, &task(town, "partner-contact"));
            assert!(contact[0].contains("before this task was done"), "{what}: {contact:?}");
            assert_ne!(
                town.servicenow.row(RECORD.table, &task(town, "escalation")).unwrap()["state"],
                "2",
                "{what}"
            );
        });
    }
}

#[test]
fn who_ends_an_escalation_by_hand_does_not_have_it_begin_again() {
    with_a_case(async |town, play| {
        deliver(town, play, escalates).await;
        deliver(town, play, ends_it).await;
        // The record is still critical, and something else changes.
        town.servicenow.update(CASES, &case(town), &[("state", "10")]);
        play.quiet().await;
        assert_eq!(workspace(town)["state"], "ended");
        // It becomes critical once more: the tasks that are still open are the same work.
        for priority in ["2", "1"] {
            town.servicenow.update(CASES, &case(town), &[("priority", priority)]);
            play.quiet().await;
        }
        assert_eq!(workspace(town)["state"], "open");
        assert_eq!(made(town), [RECORD.table, RECORD.table, TASKS, TASKS]);
        let milestones = workspace(town)["milestones"].clone();
        let states: Vec<_> = milestones.as_array().unwrap().iter().map(|one| &one["state"]).collect();
        assert_eq!(states, ["planned", "planned"], "{milestones}");
    });
}

#[test]
fn a_comment_for_a_workspace_that_was_ended_meanwhile_is_shown_on_the_issue() {
    with_a_case(async |town, play| {
        deliver(town, play, escalates).await;
        let late = ends_it(&town.community);
        answers(town);
        play.quiet().await;
        let issue = town.community.issue(NORTHWIND, ISSUE).unwrap();
        assert_eq!(issue["comments"][0]["text"], "We look into it.", "{issue}");
        play.deliver(&late).await;
        play.quiet().await;
        let workspace = workspace(town);
        assert_eq!(workspace["messages"], json!([]), "{workspace}");
    });
}

/// Names of what the desk has shared in a place.
fn files(place: &Value) -> Vec<&str> {
    let documents = place["documents"].as_array().into_iter().flatten();
    documents.filter_map(|document| document["name"].as_str()).collect()
}

#[test]
fn a_file_of_the_desk_is_shared_in_the_workspace_and_on_the_issue_when_that_was_ended() {
    for is_ended in [false, true] {
        with_a_case(async |town, play| {
            deliver(town, play, escalates).await;
            let late = is_ended.then(|| ends_it(&town.community));
            shares(town);
            play.quiet().await;
            if let Some(late) = late {
                play.deliver(&late).await;
                play.quiet().await;
            }
            let issue = town.community.issue(NORTHWIND, ISSUE).unwrap();
            let seen = workspace(town);
            let wanted: [&[&str]; 2] = match is_ended {
                false => [&["quote.txt"], &[]],
                true => [&[], &["quote.txt"]],
            };
            assert_eq!([files(&seen), files(&issue)], wanted, "{seen} {issue}");
        });
    }
}

#[test]
fn a_file_that_nobody_can_share_is_said_in_the_workspace() {
    with_a_case(async |town, play| {
        deliver(town, play, escalates).await;
        let too_large = vec![b'x'; 26_214_401];
        town.servicenow
            .agent_file(&case(town), "plan.pdf", "application/pdf", too_large);
        town.servicenow.agent_comment(&case(town), "share: plan.pdf");
        play.quiet().await;
        let seen = workspace(town);
        assert_eq!(files(&seen), Vec::<&str>::new());
        assert!(
            seen["messages"].to_string().contains("A document that was announced"),
            "{seen}"
        );
        assert!(notes(town, &case(town)).iter().any(|note| note.contains("plan.pdf")));
    });
}

#[test]
fn documents_and_milestones_of_the_partner_reach_the_case() {
    with_a_case(async |town, play| {
        deliver(town, play, escalates).await;
        let (company_id, issue_id) = (NORTHWIND.to_owned(), ISSUE.to_owned());
        let upload = PartnerAct::UploadsToWorkspace {
            company_id: company_id.clone(),
            issue_id: issue_id.clone(),
            file: FileSeed::known("doc-pod"),
            author: None,
        };
        play.deliver(&told(&town.community, "escalation.document-shared", upload))
            .await;
        let milestone = json!({"title": "New schedule sent", "owner": "partner", "state": "in-progress",
            "dueAt": "2026-11-24T12:00:00Z", "note": "By e-mail."});
        let change = PartnerAct::ChangesMilestone {
            company_id,
            issue_id,
            milestone_id: "schedule".to_owned(),
            milestone: serde_json::from_value(milestone).unwrap(),
            author: None,
        };
        play.deliver(&told(&town.community, "escalation.milestone-changed", change))
            .await;
        play.quiet().await;
        let files = town.servicenow.attachments(&case(town));
        assert_eq!(files[0].file_name, "proof-of-delivery.pdf");
        let said = notes(town, &case(town)).pop().unwrap();
        let wanted = "New schedule sent is in progress, due 2026-11-24T12:00:00Z.\nBy e-mail.";
        assert!(said.contains(wanted), "{said}");
    });
}

#[test]
fn an_issue_whose_stream_is_parked_is_escalated_when_it_goes_on() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        let refuse = json!({"error": {"message": "Operation Failed", "detail": "aborted"}, "status": "failure"});
        town.servicenow.knobs().add(worlds::Rule::always(
            "POST",
            "/api/now/v2/table",
            crate::stories::status(403, Some(refuse.to_string())),
        ));
        for act in [opens, comments, escalates, writes] {
            deliver(town, play, act).await;
        }
        assert_eq!((case(town), made(town).len()), (String::new(), 0));
        town.servicenow.knobs().clear();
        play.replay(&format!("issues/{NORTHWIND}/{ISSUE}")).await;
        play.quiet().await;
        assert_eq!(made(town), [RECORD.table, TASKS, TASKS]);
        let comments = town.servicenow.journal(&case(town), "comments");
        let parts = ["Can somebody look", "The truck leaves", "When will it be there?"];
        assert_eq!(comments.len(), parts.len());
        assert!(
            comments
                .iter()
                .zip(parts)
                .all(|(entry, part)| entry.value.contains(part))
        );
    });
}

#[test]
fn an_instance_that_takes_no_record_of_an_escalation_has_the_rest() {
    with_a_case(async |town, play| {
        let refuse = json!({"error": {"message": "Invalid table", "detail": null}, "status": "failure"});
        for method in ["POST", "GET"] {
            town.servicenow.knobs().add(worlds::Rule::always(
                method,
                "/api/now/v2/table/sn_customerservice_escalation",
                crate::stories::status(400, Some(refuse.to_string())),
            ));
        }
        deliver(town, play, escalates).await;
        assert_eq!(made(town), [TASKS, TASKS]);
        is_told(town, "refused: create sn_customerservice_escalation");
        deliver(town, play, ends_it).await;
        assert_eq!(workspace(town)["state"], "ended");
    });
}

#[test]
fn an_escalation_costs_a_call_or_two_for_each_thing_that_it_makes() {
    with_a_case(async |town, play| {
        let before = town.calls().len();
        deliver(town, play, escalates).await;
        let cost = Cost::since(town, before);
        // The partner's words by open-case; then the case, its escalations, two groups, the partner, the
        // priority, three records and a note.
        cost.is("open-case", System::ServiceNow, 2);
        cost.is("bridge-escalation", System::ServiceNow, 15);
        // The workspace and the issue are read; the workspace and two milestones are told.
        cost.is("bridge-escalation", System::TradingGrid, 5);
    });
}

#[test]
fn what_we_wrote_in_the_community_is_not_news() {
    with_a_case(async |town, play| {
        let items = town.cloud.items(TABLE).len();
        let mut event = comments(&town.community);
        event["data"]["origin"] = json!({"writer": "gridlink", "reference": "0123"});
        play.deliver(&event).await;
        play.quiet().await;
        assert_eq!(town.cloud.items(TABLE).len(), items);
    });
}
