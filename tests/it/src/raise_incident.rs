//! Scenarios of `raise-incident`: which incidents exchanges lead to, and which they do not.

use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;

use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{Expected, Scenario, Step, Struck, scenario};
use crate::town::{TABLE, Town};

const EXCHANGE: &str = "60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f";
const ANOTHER: &str = "60e20a6e-5a6f-4b5c-8f6a-000000000002";
const THIRD: &str = "60e20a6e-5a6f-4b5c-8f6a-000000000003";
/// Two more partners.
const NORTHWIND: &str = "GC41543822654A";
const FABRIKAM: &str = "GC17302945881B";
const FAILED: &str = include_str!("../../../events/receive-webhook/exchange-failed.json");
const DELAYED: &str = include_str!("../../../events/receive-webhook/exchange-delayed.json");
const RECOVERED: &str = include_str!("../../../events/receive-webhook/exchange-recovered.json");

/// The incident of an invoice without tax data.
const INCIDENT: Expected = Expected {
    table: "incident",
    correlation: EXCHANGE,
    fields: &[
        ("assignment_group", "B2B Finance"),
        ("short_description", "invoice 90071 lacks tax data"),
        ("impact", "2"),
        ("urgency", "1"),
        ("state", "1"),
        (
            "description",
            "Exchanges that failed in this way: 1, of which 1 still fail.",
        ),
    ],
    comments: &[],
    notes: &[],
    attachments: &[],
};

/// A parent of the incidents of several partners.
const PARENT: Expected = Expected {
    table: "incident",
    correlation: "causes/",
    fields: &[
        ("assignment_group", "EDI Support"),
        ("short_description", "Several partners: 810 failed, Validation error"),
        ("priority", "1"),
        ("state", "1"),
        (
            "description",
            "Incidents of partners that failed alike: 3, of which 3 still fail.",
        ),
    ],
    comments: &[],
    notes: &[],
    attachments: &[],
};

/// The incident of one of them.
const fn one_of_several(correlation: &'static str) -> Expected {
    Expected {
        correlation,
        fields: &[
            ("assignment_group", "B2B Finance"),
            ("state", "1"),
            ("parent_incident", "Several partners"),
        ],
        ..INCIDENT
    }
}

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![
        scenario(
            "exchange-recovers",
            vec![Step::Partner(fails), Step::Then(recovers)],
            vec![Expected {
                fields: &[
                    ("state", "6"),
                    ("close_code", "Solution provided"),
                    ("close_notes", "The exchange went through: Delivered"),
                    ("description", "in this way: 1, of which 0 still fail."),
                ],
                ..INCIDENT
            }],
        ),
        scenario(
            "exchanges-fail-alike",
            vec![Step::Partner(fails), Step::Then(another_fails)],
            vec![Expected {
                fields: &[
                    ("assignment_group", "B2B Finance"),
                    ("state", "1"),
                    ("description", "in this way: 2, of which 2 still fail."),
                ],
                ..INCIDENT
            }],
        ),
        scenario(
            "partners-fail-alike",
            vec![
                Step::Partner(fails),
                Step::Partner(another_partner_fails),
                Step::Partner(a_third_fails),
            ],
            vec![
                PARENT,
                one_of_several(EXCHANGE),
                one_of_several(ANOTHER),
                one_of_several(THIRD),
            ],
        ),
        Scenario {
            struck: Struck::By(&["raise-incident"]),
            ..scenario(
                "partners-fail-alike-and-recover",
                vec![
                    Step::Partner(fails),
                    Step::Partner(another_partner_fails),
                    Step::Then(a_third_fails),
                    Step::Then(recovers),
                    Step::Partner(another_partner_recovers),
                    Step::Partner(the_third_recovers),
                ],
                vec![
                    Expected {
                        fields: &[
                            ("state", "6"),
                            ("close_notes", "The exchanges of all of them went through."),
                            ("description", "failed alike: 3, of which 0 still fail."),
                        ],
                        ..PARENT
                    },
                    resolved_with_its_parent(EXCHANGE),
                    resolved_with_its_parent(ANOTHER),
                    resolved_with_its_parent(THIRD),
                ],
            )
        },
    ]
}

const fn resolved_with_its_parent(correlation: &'static str) -> Expected {
    Expected {
        correlation,
        fields: &[
            ("state", "6"),
            ("close_notes", "The exchange went through"),
            ("parent_incident", "Several partners"),
        ],
        ..INCIDENT
    }
}

/// An event of a sample with other words; its id follows from them.
fn event(sample: &str, exchange: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut event: Value = serde_json::from_str(sample).unwrap();
    event["data"]["correlationId"] = exchange.into();
    event["data"]["transactionRef"]["correlationId"] = exchange.into();
    event["subject"] = format!("exchanges/{exchange}").into();
    change(&mut event["data"]);
    let plain = |text: &Value| text.as_str().unwrap_or_default().replace([' ', '/'], "_");
    let (status, acknowledgement) = (
        plain(&event["data"]["status"]),
        plain(&event["data"]["acknowledgement"]),
    );
    event["id"] = format!("{exchange}/{status}/{acknowledgement}").into();
    event
}

pub(crate) fn fails(_: &TradingGrid) -> Value {
    event(FAILED, EXCHANGE, |_| ())
}

fn another_fails(_: &TradingGrid) -> Value {
    event(FAILED, ANOTHER, |data| {
        data["transactionRef"]["businessKeys"]["invoice number"] = "90072".into();
    })
}

pub(crate) fn recovers(_: &TradingGrid) -> Value {
    event(RECOVERED, EXCHANGE, |_| ())
}

fn of(company: &str, sample: &str, exchange: &str) -> Value {
    event(sample, exchange, |data| data["companyId"] = company.into())
}

fn another_partner_fails(_: &TradingGrid) -> Value {
    of(NORTHWIND, FAILED, ANOTHER)
}

fn a_third_fails(_: &TradingGrid) -> Value {
    of(FABRIKAM, FAILED, THIRD)
}

fn another_partner_recovers(_: &TradingGrid) -> Value {
    of(NORTHWIND, RECOVERED, ANOTHER)
}

fn the_third_recovers(_: &TradingGrid) -> Value {
    of(FABRIKAM, RECOVERED, THIRD)
}

fn is_rejected(_: &TradingGrid) -> Value {
    event(FAILED, EXCHANGE, |data| {
        data["status"] = "Delivered".into();
        data["acknowledgement"] = "Rejected".into();
        data["acknowledgementAt"] = "2026-11-23T11:30:00Z".into();
    })
}

/// An exchange that nobody has acknowledged since yesterday morning.
fn is_late(_: &TradingGrid) -> Value {
    event(DELAYED, EXCHANGE, |_| ())
}

fn incidents(town: &Town) -> Vec<std::collections::BTreeMap<String, String>> {
    let rows = town.servicenow.rows("incident").into_iter();
    let ours = |row: &std::collections::BTreeMap<String, String>| {
        row.get("correlation_display")
            .is_some_and(|name| name == "Trading Grid")
    };
    rows.filter(ours).collect()
}

pub(crate) fn incident(town: &Town) -> std::collections::BTreeMap<String, String> {
    let found = incidents(town);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().unwrap()
}

fn name(town: &Town, table: &str, sys_id: &str) -> String {
    let row = town.servicenow.row(table, sys_id);
    row.map(|row| row["name"].clone()).unwrap_or_default()
}

/// Runs a test in a town where ServiceNow posts its events.
fn when(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        test(town, play).await;
    });
}

async fn tell(play: &Play, events: &[Value]) {
    for event in events {
        play.deliver(event).await;
    }
    play.quiet().await;
}

#[test]
fn an_invoice_without_tax_data_becomes_a_finance_incident_of_its_analyst() {
    when(async |town, play| {
        tell(play, &[fails(&town.community)]).await;
        let incident = incident(town);
        assert_eq!(
            name(town, "sys_user_group", &incident["assignment_group"]),
            "B2B Finance"
        );
        assert_eq!(name(town, "sys_user", &incident["assigned_to"]), "Natasha Ingram");
        assert_eq!(name(town, "core_company", &incident["company"]), "Contoso Retail");
        assert_eq!(
            incident["short_description"],
            "Contoso Retail: invoice 90071 lacks tax data"
        );
        for part in [
            "TXI segment is missing: tax data is mandatory",
            "What to do next: Ask the partner for the missing tax data",
            "Interchange control number: 000000815",
            "Sender address: ZZ:CONTOSO",
            "https://tradinggrid.opentext.com/lens/app/transactions/TG16-PROD-",
        ] {
            assert!(
                incident["description"].contains(part),
                "{part}: {}",
                incident["description"]
            );
        }
        assert_eq!(incident["priority"], "2");
    });
}

#[test]
fn an_agents_incident_is_left_open_and_a_reject_opens_a_resolved_one_again() {
    when(async |town, play| {
        tell(play, &[fails(&town.community)]).await;
        let sys_id = incident(town)["sys_id"].clone();
        town.servicenow.update("incident", &sys_id, &[("state", "2")]);
        tell(play, &[recovers(&town.community)]).await;
        assert_eq!(incident(town)["state"], "2");
        let notes = town.servicenow.journal(&sys_id, "work_notes");
        assert!(notes[0].value.contains("It is left to you"), "{notes:?}");
        let solved = [
            ("state", "6"),
            ("close_code", "Solution provided"),
            ("close_notes", "Done."),
        ];
        town.servicenow.update("incident", &sys_id, &solved);
        tell(play, &[is_rejected(&town.community)]).await;
        let again = incident(town);
        assert_eq!(
            (again["sys_id"].as_str(), again["state"].as_str()),
            (sys_id.as_str(), "2")
        );
        assert!(again["description"].contains("in this way: 1, of which 1 still fail."));
    });
}

#[test]
fn what_is_late_becomes_an_incident_when_its_time_is_over_and_not_if_it_goes_through_before() {
    when(async |town, play| {
        tell(play, &[is_late(&town.community)]).await;
        assert_eq!(incidents(town).len(), 0);
        play.days(2).await;
        play.quiet().await;
        let late = incident(town);
        assert!(
            late["short_description"].contains("is not acknowledged yet"),
            "{late:?}"
        );
        tell(play, &[recovers(&town.community)]).await;
        assert_eq!(incident(town)["state"], "6");
    });
    when(async |town, play| {
        tell(play, &[is_late(&town.community), recovers(&town.community)]).await;
        play.days(2).await;
        play.quiet().await;
        assert_eq!(incidents(town).len(), 0);
    });
}

#[test]
fn news_that_comes_in_the_wrong_order_or_from_nowhere_opens_nothing() {
    when(async |town, play| {
        tell(play, &[recovers(&town.community), fails(&town.community)]).await;
        assert_eq!(incidents(town).len(), 0);
    });
}

#[test]
fn a_storm_is_one_incident_with_its_count_and_costs_little() {
    const STORM: usize = 60;
    when(async |town, play| {
        let failures = (0..STORM).map(|number| {
            let exchange = format!("60e20a6e-5a6f-4b5c-8f6a-{number:012}");
            event(FAILED, &exchange, |data| {
                data["transactionId"] = format!("TG16-PROD-{number}").into()
            })
        });
        tell(play, &failures.collect::<Vec<_>>()).await;
        let storm = incident(town);
        let count = format!("in this way: {STORM}, of which {STORM} still fail.");
        assert!(storm["description"].contains(&count), "{}", storm["description"]);
        assert_eq!(storm["description"].matches("\n- ").count(), 5, "samples");
        let written = town.servicenow.calls();
        let written = written.iter().filter(|call| call.method == "PATCH").count();
        assert!(written <= STORM / 2, "{written} updates for {STORM} failures");
    });
}

/// The parent, and the incidents that refer to it.
fn family(
    town: &Town,
) -> (
    std::collections::BTreeMap<String, String>,
    Vec<std::collections::BTreeMap<String, String>>,
) {
    let (parents, children): (Vec<_>, Vec<_>) = incidents(town)
        .into_iter()
        .partition(|row| row["correlation_id"].starts_with("causes/"));
    assert_eq!(parents.len(), 1, "{parents:#?}");
    let parent = parents.into_iter().next().unwrap();
    for child in &children {
        assert_eq!(child["parent_incident"], parent["sys_id"], "{child:#?}");
    }
    (parent, children)
}

async fn three_partners_fail(town: &Town, play: &Play) {
    let acts = [fails, another_partner_fails, a_third_fails];
    tell(play, &acts.map(|act| act(&town.community))).await;
}

async fn three_partners_recover(town: &Town, play: &Play) {
    let acts = [recovers, another_partner_recovers, the_third_recovers];
    tell(play, &acts.map(|act| act(&town.community))).await;
}

fn states(rows: &[std::collections::BTreeMap<String, String>]) -> Vec<&str> {
    rows.iter().map(|row| row["state"].as_str()).collect()
}

#[test]
fn many_partners_with_one_cause_are_children_of_a_parent_that_resolves_itself() {
    when(async |town, play| {
        let two = [fails(&town.community), another_partner_fails(&town.community)];
        tell(play, &two).await;
        assert_eq!(incidents(town).len(), 2);
        tell(play, &[a_third_fails(&town.community)]).await;
        let (parent, children) = family(town);
        assert_eq!(children.len(), 3);
        assert_eq!(name(town, "sys_user_group", &parent["assignment_group"]), "EDI Support");
        for part in [
            "Contoso Retail (GC00804444LX01)",
            "(GC41543822654A)",
            "(GC17302945881B)",
        ] {
            assert!(
                parent["description"].contains(part),
                "{part}: {}",
                parent["description"]
            );
        }
        tell(play, &[of("GC22871034410C", FAILED, "D")]).await;
        let (parent, children) = family(town);
        assert_eq!(children.len(), 4);
        assert!(parent["description"].contains("alike: 4, of which 4 still fail."));
        three_partners_recover(town, play).await;
        let (parent, _) = family(town);
        assert_eq!(parent["state"], "1");
        assert!(parent["description"].contains("alike: 4, of which 1 still fail."));
        tell(play, &[of("GC22871034410C", RECOVERED, "D")]).await;
        let (parent, children) = family(town);
        assert_eq!((parent["state"].as_str(), states(&children)), ("6", vec!["6"; 4]));
        // What fails later is no reason to open everything again.
        tell(play, &[of("GC22871034410C", FAILED, "E")]).await;
        let (parent, children) = family(town);
        assert_eq!(parent["state"], "6");
        assert_eq!(states(&children).into_iter().filter(|state| *state == "2").count(), 1);
    });
}

#[test]
fn who_takes_a_parent_works_on_all_of_it_and_is_told_when_everything_went_through() {
    when(async |town, play| {
        three_partners_fail(town, play).await;
        let (parent, _) = family(town);
        let parent = parent["sys_id"].clone();
        town.servicenow.update("incident", &parent, &[("state", "2")]);
        assert_eq!(states(&family(town).1), ["2"; 3], "ServiceNow hands it down");
        three_partners_recover(town, play).await;
        let (row, children) = family(town);
        assert_eq!((row["state"].as_str(), states(&children)), ("2", vec!["2"; 3]));
        let notes = town.servicenow.journal(&parent, "work_notes");
        assert!(notes[0].value.contains("Nothing of them fails any more."), "{notes:?}");
        let solved = [
            ("state", "6"),
            ("close_code", "Solution provided"),
            ("close_notes", "The map is right again."),
        ];
        town.servicenow.update("incident", &parent, &solved);
        assert_eq!(states(&family(town).1), ["6"; 3]);
    });
}

#[test]
fn a_parent_is_not_resolved_over_the_head_of_an_agent_with_a_child() {
    when(async |town, play| {
        three_partners_fail(town, play).await;
        let (_, children) = family(town);
        town.servicenow
            .update("incident", &children[0]["sys_id"], &[("state", "2")]);
        three_partners_recover(town, play).await;
        let (parent, children) = family(town);
        assert_eq!(parent["state"], "1");
        let mut states = states(&children);
        states.sort_unstable();
        assert_eq!(states, ["2", "6", "6"]);
    });
}

#[test]
fn a_failure_of_another_partner_kind_or_class_is_another_incident() {
    when(async |town, play| {
        let other = |exchange: &str, change: fn(&mut Value)| event(FAILED, exchange, change);
        let events = [
            fails(&town.community),
            other("B", |data| data["companyId"] = "GC41543822654A".into()),
            other("C", |data| data["transactionRef"]["documentType"] = "INVOIC".into()),
            other("D", |data| data["message"] = "Total differs".into()),
            other("E", |data| data["transactionRef"]["direction"] = "outbound".into()),
            other("F", |_| ()),
        ];
        tell(play, &events).await;
        assert_eq!(incidents(town).len(), 5);
    });
}

#[test]
fn a_partner_cannot_tell_of_another_partners_exchange() {
    when(async |town, play| {
        let forged = event(RECOVERED, EXCHANGE, |data| data["companyId"] = "GC41543822654A".into());
        tell(play, &[fails(&town.community), forged]).await;
        assert_eq!(incident(town)["state"], "1");
        let refused = town.cloud.items(TABLE).iter().any(|item| {
            let text = item["text"].as_str().unwrap_or_default();
            text.contains("refused: the exchange belongs to another partner")
        });
        assert!(refused);
    });
}

#[test]
fn changes_of_an_incident_are_nobodys_news() {
    when(async |town, play| {
        tell(play, &[fails(&town.community)]).await;
        let sys_id = incident(town)["sys_id"].clone();
        town.servicenow
            .update("incident", &sys_id, &[("comments", "We look into it."), ("state", "2")]);
        play.quiet().await;
        let lanes: Vec<Value> = town.cloud.items(TABLE).iter().map(|item| json!(item["sk"])).collect();
        assert!(!lanes.contains(&json!("HEAD#out")), "{lanes:?}");
    });
}
