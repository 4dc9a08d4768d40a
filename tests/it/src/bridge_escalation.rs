//! What both sides see of a critical issue.

use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;
use worlds::trading_grid::{FileSeed, PartnerAct};

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::{story, workspace};
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{
    self, CASE, Expected, INTERNAL, ISSUE, NORTHWIND, Scenario, Step, case, closes, comments, event, opens,
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
        milestones: PLANNED,
        ..scenario(name, steps, std::iter::once(case).chain(others).collect())
    };
    let ended = |task: Expected| Expected {
        notes: &["before this task was done"],
        ..task
    };
    vec![
        Scenario {
            workspace: &["We look into it."],
            milestones: &[
                ("First answer of the desk", "planned"),
                ("Proof of delivery checked", "done"),
            ],
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
            milestones: &[
                ("First answer of the desk", "canceled"),
                ("Proof of delivery checked", "canceled"),
            ],
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
        told(
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
        ),
        told(
            "calmed-meanwhile",
            vec![
                Step::Partner(opens_critical),
                Step::Partner(escalates),
                Step::Partner(comments),
                Step::Meanwhile(ends_it),
            ],
            Expected {
                fields: &[("priority", "1")],
                comments: &["escalated the issue", "Can somebody look", "ended the escalation"],
                notes: &["Escalated by a rule", "ended by the partner"],
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
        ),
    ]
}

fn escalates(community: &TradingGrid) -> Value {
    let act = PartnerAct::Escalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: ISSUE.to_owned(),
        reason: Some("The truck leaves at 16:00.".to_owned()),
        author: None,
    };
    told(community, "escalated", act)
}

fn ends_it(community: &TradingGrid) -> Value {
    let act = PartnerAct::DeEscalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: ISSUE.to_owned(),
        reason: None,
        author: None,
    };
    told(community, "de-escalated", act)
}

fn writes(community: &TradingGrid) -> Value {
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

fn answers(town: &Town) {
    let fields = [("comments", "We look into it."), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

fn makes_it_critical(town: &Town) {
    town.servicenow.update(CASES, &case(town), &[("priority", "1")]);
}

/// The desk ends its escalation record and lowers the priority.
fn calms_it(town: &Town) {
    let ours = task(town, "escalation");
    if !ours.is_empty() {
        town.servicenow.update(RECORD.table, &ours, &[("state", "3")]);
    }
    town.servicenow.update(CASES, &case(town), &[("priority", "3")]);
}

fn finds_the_proof(town: &Town) {
    let fields = [("state", "3"), ("close_notes", INTERNAL), ("comments", INTERNAL)];
    town.servicenow.update(TASKS, &task(town, "proof-of-delivery"), &fields);
}

/// The sys_id of the record that an escalation made.
fn task(town: &Town, name: &str) -> String {
    let begin = format!("{ISSUE}/{name}~");
    let rows = town.servicenow.rows("task");
    let found = rows.iter().find(|row| row["correlation_id"].starts_with(&begin));
    found.map(|row| row["sys_id"].clone()).unwrap_or_default()
}
