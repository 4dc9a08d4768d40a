//! What partners and agents do, and what must be there in the end.

use std::sync::Arc;

use serde_json::{Value, json};
use shared::mapping::Mapping;
use worlds::{IssueSeed, TradingGrid};

use crate::town::Town;

pub(crate) const NORTHWIND: &str = "GC41543822654A";
pub(crate) const ISSUE: &str = "ISS-1";
/// A word that stands in internal places only.
pub(crate) const INTERNAL: &str = "CANARY-0815";

/// One step of a scenario.
pub(crate) enum Step {
    /// A partner acts, and the community posts the event.
    Partner(fn(&TradingGrid) -> Value),
    /// A partner acts, and the event is never posted.
    Unsent(fn(&TradingGrid) -> Value),
    /// A partner acts when the plan says so, in the middle of the work; at the latest when all is quiet.
    Meanwhile(fn(&TradingGrid) -> Value),
    /// Once everything is quiet, an agent acts in ServiceNow.
    Agent(fn(&Town)),
    /// An agent acts in ServiceNow when the plan says so, in the middle of the work; at the latest when all is quiet.
    AgentMeanwhile(fn(&Town)),
    /// Once everything is quiet, a partner acts, and the community posts the event.
    Then(fn(&TradingGrid) -> Value),
    /// Once everything is quiet, nothing happens for so many days.
    Days(u64),
}

/// A record that must be there in the end, once.
pub(crate) struct Expected {
    pub(crate) table: &'static str,
    pub(crate) correlation: &'static str,
    /// Fields and parts of their values.
    pub(crate) fields: &'static [(&'static str, &'static str)],
    /// Parts of the comments, in order; there are no others.
    pub(crate) comments: &'static [&'static str],
    /// Parts of the work notes, in order; there are no others.
    pub(crate) notes: &'static [&'static str],
    /// Names of the attachments that are not an agent's, in order; there are no others.
    pub(crate) attachments: &'static [&'static str],
}

/// Which requests of a scenario are struck by faults. What begins as other scenarios do need not be proven
/// again: a long story costs its length twice, in plans and in their time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Struck {
    /// All of them.
    All,
    /// Those of the functions whose names begin so.
    By(&'static [&'static str]),
    /// None: only the arrival of the next event is tried at each of them, and faults after it.
    Arrivals,
}

/// A story with its outcome.
pub(crate) struct Scenario {
    pub(crate) name: &'static str,
    /// Whether all pairs of faults are tried in every run of the tests.
    pub(crate) is_named: bool,
    /// Which requests are struck by faults.
    pub(crate) struck: Struck,
    /// Whether ServiceNow posts its events, and the partner is told.
    pub(crate) is_told: bool,
    /// Which statuses the partner is told, in order; each once.
    pub(crate) labels: &'static [&'static str],
    /// Parts of the comments of the desk that the partner sees, in order; there are no others.
    pub(crate) shown: &'static [&'static str],
    /// Parts of the messages of the desk in the workspace, in order; there are no others.
    pub(crate) workspace: &'static [&'static str],
    /// The milestones of the desk that the partner sees, each with its state; there are no others. Nothing
    /// where they depend on when the workspace was ended.
    pub(crate) milestones: Option<&'static [(&'static str, &'static str)]>,
    /// Names of the documents of the desk that the partner sees, in order; there are no others.
    pub(crate) shared: &'static [&'static str],
    /// The thread as the partner sees it, where the scenario is about one and no issue.
    pub(crate) thread: Option<ThreadView>,
    /// An article as partners find it, where the scenario is about one and no issue.
    pub(crate) guide: Option<GuideView>,
    /// What must be so in the end of a request about a partner's access, where the scenario is about one.
    pub(crate) request: Option<fn(&Town)>,
    /// The mapping of the customer; the shipped one without it.
    pub(crate) mapping: Option<fn() -> Arc<Mapping>>,
    /// What else must be so in the end.
    pub(crate) also: Option<fn(&Town)>,
    pub(crate) steps: Vec<Step>,
    pub(crate) expected: Vec<Expected>,
    /// What is there instead where an act meanwhile came so early that the rest had no reason to be made.
    pub(crate) or_only: Option<Expected>,
}

/// What the partner sees of a thread in the end.
pub(crate) struct ThreadView {
    /// Parts of the messages of the desk, in order; there are no others.
    pub(crate) messages: &'static [&'static str],
    /// Names of the documents of the desk, in order; there are no others.
    pub(crate) documents: &'static [&'static str],
    /// The states of the partner's requests, in order.
    pub(crate) requests: &'static [&'static str],
    /// The states of the outcomes, in order.
    pub(crate) outcomes: &'static [&'static str],
}

/// What partners find of an article in the end.
pub(crate) struct GuideView {
    /// Its title.
    pub(crate) title: &'static str,
    /// The companies that find it.
    pub(crate) readers: &'static [&'static str],
    /// Companies that do not.
    pub(crate) others: &'static [&'static str],
    /// Parts of its body.
    pub(crate) parts: &'static [&'static str],
    /// Names of its files, in order; there are no others.
    pub(crate) files: &'static [&'static str],
}

pub(crate) const CASE: Expected = Expected {
    table: "sn_customerservice_case",
    correlation: ISSUE,
    fields: &[
        ("short_description", "856 was rejected"),
        ("assignment_group", "Logistics Exceptions"),
    ],
    comments: &[],
    notes: &[],
    attachments: &[],
};

impl Scenario {
    /// Whether an event can arrive in the middle of the work.
    pub(crate) fn has_arrivals(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Step::Meanwhile(_) | Step::AgentMeanwhile(_)))
    }
}

/// A scenario in which ServiceNow posts no events.
pub(crate) fn scenario(name: &'static str, steps: Vec<Step>, expected: Vec<Expected>) -> Scenario {
    Scenario {
        name,
        is_named: false,
        struck: Struck::All,
        is_told: false,
        labels: &[],
        shown: &[],
        workspace: &[],
        milestones: Some(&[]),
        shared: &[],
        thread: None,
        guide: None,
        request: None,
        mapping: None,
        also: None,
        steps,
        expected,
        or_only: None,
    }
}

/// All scenarios of all use cases.
pub(crate) fn all() -> Vec<Scenario> {
    open_case()
        .into_iter()
        .chain(crate::relay_status::scenarios())
        .chain(crate::bridge_escalation::scenarios())
        .chain(crate::raise_incident::scenarios())
        .chain(crate::create_task::scenarios())
        .chain(crate::publish_knowledge::scenarios())
        .chain(crate::provision_partner::scenarios())
        .collect()
}

fn open_case() -> Vec<Scenario> {
    vec![
        Scenario {
            is_named: true,
            ..scenario("opened", vec![Step::Partner(opens)], vec![CASE])
        },
        scenario(
            "opened-with-document",
            vec![Step::Partner(opens_with_document)],
            vec![Expected {
                attachments: &["asn-856.edi"],
                ..CASE
            }],
        ),
        scenario(
            "commented",
            vec![Step::Partner(opens), Step::Partner(comments)],
            vec![Expected {
                comments: &["Can somebody look"],
                ..CASE
            }],
        ),
        scenario(
            "comment-arrives-meanwhile",
            vec![Step::Partner(opens), Step::Meanwhile(comments)],
            vec![Expected {
                comments: &["Can somebody look"],
                ..CASE
            }],
        ),
        scenario(
            "same-comment-twice-then-document",
            vec![
                Step::Partner(opens),
                Step::Partner(comments),
                Step::Partner(comments),
                Step::Partner(shares),
            ],
            vec![Expected {
                comments: &["Can somebody look", "Can somebody look"],
                attachments: &["proof-of-delivery.pdf"],
                ..CASE
            }],
        ),
        scenario(
            "comment-when-opened-was-lost",
            vec![Step::Unsent(opens_with_document), Step::Partner(comments)],
            vec![Expected {
                comments: &["Can somebody look"],
                attachments: &["asn-856.edi"],
                ..CASE
            }],
        ),
        scenario(
            "updated",
            vec![Step::Partner(opens), Step::Partner(changes_summary)],
            vec![Expected {
                fields: &[
                    ("short_description", "two orders"),
                    ("assignment_group", "Logistics Exceptions"),
                ],
                ..CASE
            }],
        ),
        scenario(
            "updated-after-triage",
            vec![
                Step::Partner(opens),
                Step::Agent(triages),
                Step::Partner(changes_summary),
                Step::Partner(rates_it_low),
            ],
            vec![Expected {
                fields: &[("short_description", "Edited by an agent"), ("priority", "4")],
                notes: &["edited here meanwhile", "rates this issue as low"],
                ..CASE
            }],
        ),
        scenario(
            "comment-reopens",
            vec![Step::Partner(opens), Step::Agent(resolves), Step::Partner(comments)],
            vec![Expected {
                fields: &[("state", "10")],
                comments: &["Can somebody look"],
                notes: &["Reopened"],
                ..CASE
            }],
        ),
        scenario(
            "comment-on-closed",
            vec![Step::Partner(opens), Step::Agent(closes), Step::Partner(comments)],
            vec![
                Expected {
                    fields: &[("state", "3")],
                    ..CASE
                },
                Expected {
                    correlation: "ISS-1~",
                    fields: &[("description", "Continues CS"), ("parent", "ISS-1")],
                    comments: &["Can somebody look"],
                    ..CASE
                },
            ],
        ),
        scenario(
            "document-with-a-wrong-hash",
            vec![Step::Partner(opens_with_corrupt_document), Step::Partner(comments)],
            vec![Expected {
                comments: &["Can somebody look"],
                notes: &["was not attached: its SHA-256 is not the announced one"],
                ..CASE
            }],
        ),
        Scenario {
            ..scenario(
                "incident",
                vec![Step::Partner(opens_connectivity)],
                vec![Expected {
                    table: "incident",
                    fields: &[("impact", "2"), ("urgency", "1"), ("assignment_group", "EDI Support")],
                    ..CASE
                }],
            )
        },
    ]
}

/// Wraps data into the event that a community posts for it; a kind without a dot is one of issues.
pub(crate) fn event(kind: &str, data: Value) -> Value {
    let (company, issue) = (data["companyId"].as_str().unwrap(), data["issueId"].as_str().unwrap());
    let version = data["version"].as_u64().unwrap();
    json!({
        "specversion": "1.0",
        "id": format!("evt-{issue}-{version}"),
        "source": format!("/tradinggrid/companies/{company}"),
        "type": match kind.contains('.') {
            true => format!("gridlink.community.{kind}.v1"),
            false => format!("gridlink.community.issue.{kind}.v1"),
        },
        "subject": format!("issues/{company}/{issue}"),
        "time": "2026-11-23T08:59:00Z",
        "datacontenttype": "application/json",
        "data": data,
    })
}

fn seed(category: &str, summary: &str, documents: &[&str]) -> IssueSeed {
    serde_json::from_value(json!({
        "companyId": NORTHWIND, "issueId": ISSUE, "category": category, "priority": "high", "summary": summary,
        "description": "Mandatory segment N1*ST is missing.", "documents": documents,
        "transactionRef": {"documentType": "856", "interchangeControlNumber": "000004711"},
    }))
    .unwrap()
}

pub(crate) fn opens(community: &TradingGrid) -> Value {
    event(
        "opened",
        community.open_issue(seed("asn_failed", "856 was rejected", &[])),
    )
}

pub(crate) fn opens_with_document(community: &TradingGrid) -> Value {
    event(
        "opened",
        community.open_issue(seed("asn_failed", "856 was rejected", &["doc-asn-856"])),
    )
}

fn opens_with_corrupt_document(community: &TradingGrid) -> Value {
    let event = opens_with_document(community);
    community.corrupt_document("doc-asn-856");
    event
}

pub(crate) fn opens_invoice(community: &TradingGrid) -> Value {
    let mut seed = seed("invoice_mismatch", "810 differs from the order", &[]);
    seed.transaction_ref = None;
    event("opened", community.open_issue(seed))
}

pub(crate) fn opens_connectivity(community: &TradingGrid) -> Value {
    let mut seed = seed("connectivity", "856 was rejected", &[]);
    seed.transaction_ref = None;
    event("opened", community.open_issue(seed))
}

pub(crate) fn comments(community: &TradingGrid) -> Value {
    event(
        "commented",
        community.add_comment(NORTHWIND, ISSUE, "Can somebody look at this?"),
    )
}

fn shares(community: &TradingGrid) -> Value {
    event("document-shared", community.share_document(NORTHWIND, ISSUE, "doc-pod"))
}

fn changes_summary(community: &TradingGrid) -> Value {
    event(
        "updated",
        community.change_issue(NORTHWIND, ISSUE, &[("summary", "two orders were rejected")]),
    )
}

fn rates_it_low(community: &TradingGrid) -> Value {
    event(
        "updated",
        community.change_issue(NORTHWIND, ISSUE, &[("priority", "low")]),
    )
}

pub(crate) fn opens_critical(community: &TradingGrid) -> Value {
    let mut seed = seed("asn_failed", "856 was rejected", &[]);
    seed.priority = "critical".to_owned();
    event("opened", community.open_issue(seed))
}

/// A second issue of the same partner and route.
pub(crate) fn opens_another(community: &TradingGrid) -> Value {
    let mut seed = seed("asn_failed", "856 was rejected", &[]);
    seed.issue_id = ANOTHER.to_owned();
    event("opened", community.open_issue(seed))
}

pub(crate) fn comments_on_another(community: &TradingGrid) -> Value {
    event(
        "commented",
        community.add_comment(NORTHWIND, ANOTHER, "Can somebody look at this?"),
    )
}

pub(crate) fn comments_again(community: &TradingGrid) -> Value {
    event("commented", community.add_comment(NORTHWIND, ANOTHER, "Thank you!"))
}

/// The event of the last comment, as it was posted before.
pub(crate) fn repeats_the_last_comment(community: &TradingGrid) -> Value {
    let issue = community.issue(NORTHWIND, ANOTHER).unwrap();
    let comment = issue["comments"].as_array().unwrap().last().unwrap().clone();
    event(
        "commented",
        json!({"issueId": ANOTHER, "companyId": NORTHWIND, "version": issue["version"], "comment": comment}),
    )
}

const ANOTHER: &str = "ISS-2";

fn triages(town: &Town) {
    let fields = [("short_description", "Edited by an agent"), ("priority", "4")];
    town.servicenow.update("sn_customerservice_case", &case(town), &fields);
}

pub(crate) fn resolves(town: &Town) {
    town.servicenow
        .update("sn_customerservice_case", &case(town), &[("state", "6")]);
}

pub(crate) fn closes(town: &Town) {
    town.servicenow
        .update("sn_customerservice_case", &case(town), &[("state", "3")]);
}

/// The sys_id of the issue's case.
pub(crate) fn case(town: &Town) -> String {
    let rows = town.servicenow.rows("task");
    let found = rows.iter().find(|row| row["correlation_id"] == ISSUE);
    found.map(|row| row["sys_id"].clone()).unwrap_or_default()
}
