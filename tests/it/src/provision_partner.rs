//! Scenarios of `provision-partner`: who has which roles in Trading Grid after what requests, people and crashes.

mod stories;

use std::collections::BTreeSet;

use serde_json::Value;
use worlds::trading_grid::User;

use crate::scenarios::{Expected, NORTHWIND, Scenario, Step, Struck, scenario};
use crate::town::{TABLE, Town};

const ADA: &str = "grace.hopper@northwind.example";
pub(crate) const ADD_USER: &str = "Add a trading partner user";
const REQUESTER: &str = "tom.becker";

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let told = |name, steps, labels, request: fn(&Town)| Scenario {
        is_told: true,
        struck: Struck::By(&["provision-partner"]),
        labels,
        request: Some(request),
        ..scenario(name, steps, vec![])
    };
    vec![
        told(
            "user-added",
            vec![Step::Agent(orders_a_user), Step::Agent(approves)],
            &["being set up", "being set up", "ready"],
            |town| {
                has_user(town, ADA, &["Community Viewer", "Lens Standard role"]);
                ended(town, "3", "done");
                journal(
                    town,
                    "work_notes",
                    &["Gridlink carries this out", "was made", "read back"],
                );
                journal(town, "comments", &["The user is ready."]);
            },
        ),
        told(
            "user-request-rejected",
            vec![Step::Agent(orders_a_user), Step::Agent(rejects)],
            &[],
            |town| {
                has_nobody(town, ADA);
                ended(town, "4", "rejected");
                journal(town, "work_notes", &[]);
            },
        ),
        Scenario {
            struck: Struck::Arrivals,
            ..told(
                "user-request-canceled-meanwhile",
                vec![
                    Step::Agent(orders_a_user),
                    Step::Agent(approves),
                    Step::AgentMeanwhile(cancels),
                ],
                &[],
                |town| {
                    // Who is first: the one who cancels, or what was approved.
                    match item(town)["state"].as_str() {
                        "3" => has_user(town, ADA, &["Community Viewer", "Lens Standard role"]),
                        _ => has_nobody(town, ADA),
                    }
                    is_over(town);
                },
            )
        },
        told(
            "wrong-user-request",
            vec![
                Step::Agent(orders_a_wrong_user),
                Step::Agent(approves),
                Step::Agent(closes),
            ],
            &[],
            |town| {
                has_nobody(town, ADA);
                ended(town, "4", "canceled");
                journal(
                    town,
                    "work_notes",
                    &["does not know the role bundle: it knows partner_administrator"],
                );
                journal(town, "comments", &["cannot be carried out as it is"]);
            },
        ),
        told(
            "roles-changed",
            vec![Step::Agent(orders_other_roles), Step::Agent(approves)],
            &["being set up", "ready"],
            |town| {
                has_user(town, OKAFOR, &["Community Viewer", "Restricted Visibility custom"]);
                ended(town, "3", "done");
            },
        ),
        Scenario {
            struck: Struck::Arrivals,
            ..told(
                "roles-changed-under-another-login",
                vec![
                    Step::Agent(orders_other_roles),
                    Step::Agent(approves),
                    Step::AgentMeanwhile(okafor_takes_another_login),
                ],
                &[],
                |town| {
                    let user = town.community.user(NORTHWIND, OKAFOR_ID).unwrap();
                    let roles = user.roles.iter().map(String::as_str).collect::<Vec<_>>();
                    // Who changes the log-in before it is looked for is not found by the old one.
                    match saga(town)["problem"]["text"].as_str() {
                        Some(_) => is_pending(town, "no user with this login"),
                        None if roles == ["Community Viewer", "Restricted Visibility custom"] => is_over(town),
                        None => town.violated(format!("the roles are {roles:?}")),
                    }
                },
            )
        },
        told(
            "access-removed",
            vec![Step::Agent(orders_the_end_of_a_user), Step::Agent(approves)],
            &["being set up", "ready"],
            |town| {
                has_nobody(town, OKAFOR);
                ended(town, "3", "done");
            },
        ),
        told(
            "partner-off-boarded",
            vec![Step::Agent(orders_the_end_of_a_partner), Step::Agent(approves)],
            &["being set up", "ready"],
            |town| {
                has_no_users(town, CONTOSO);
                ended(town, "3", "done");
            },
        ),
        Scenario {
            is_told: true,
            struck: Struck::By(&["provision-partner"]),
            labels: &["being set up", "being set up", "ready"],
            request: Some(|town| {
                has_user(
                    town,
                    FIRST,
                    &[
                        "Account Admin",
                        "Community Viewer",
                        "Lens Standard role",
                        "Partner Admin",
                    ],
                );
                ended(town, "3", "done");
            }),
            ..scenario(
                "partner-onboarded",
                vec![
                    Step::Agent(orders_a_partner),
                    Step::Agent(approves),
                    Step::Agent(sets_the_company_up),
                    Step::Days(1),
                ],
                vec![Expected {
                    table: "sc_task",
                    correlation: "RITM0010003",
                    fields: &[
                        ("short_description", "Set up the trading partner Brightwater"),
                        ("assignment_group", "EDI Support"),
                    ],
                    comments: &[],
                    notes: &[],
                    attachments: &[],
                }],
            )
        },
    ]
}

const OKAFOR: &str = "ada.okafor@northwind.example";
const OKAFOR_ID: &str = "GCP4N8W225A19";
const CONTOSO: &str = "GC00804444LX01";
pub(crate) const BRIGHTWATER: &str = "GC99BRIGHT";
pub(crate) const FIRST: &str = "sam.rivers@brightwater.example";
const CHANGE_ROLES: &str = "Change a trading partner user's roles";
const REMOVE_ACCESS: &str = "Remove a trading partner user's access";
const OFF_BOARD: &str = "Off-board a trading partner";
const ONBOARD: &str = "Onboard a trading partner";

fn orders_other_roles(town: &Town) {
    let answers = [("login_id", OKAFOR), ("role_bundle", "partner_finance")];
    town.servicenow.order(REQUESTER, CHANGE_ROLES, &user(&answers));
}

fn okafor_takes_another_login(town: &Town) {
    town.community
        .rename_login(NORTHWIND, OKAFOR_ID, "ada@northwind.example");
}

fn orders_the_end_of_a_user(town: &Town) {
    town.servicenow
        .order(REQUESTER, REMOVE_ACCESS, &user(&[("login_id", OKAFOR)]));
}

fn orders_the_end_of_a_partner(town: &Town) {
    let answers = [
        ("company_id", CONTOSO),
        ("company_name", "Contoso Retail"),
        ("remove_last_administrator", "Yes"),
        ("reason", "The contract ended"),
    ];
    town.servicenow.order(REQUESTER, OFF_BOARD, &answers);
}

fn partner() -> Vec<(&'static str, &'static str)> {
    vec![
        ("company_name", "Brightwater"),
        ("trading_address", "ZZ:BRIGHTWATER"),
        ("contact_name", "Sam Rivers"),
        ("contact_email", FIRST),
        ("login_id", FIRST),
        ("role_bundle", "partner_administrator"),
        ("environment", "production"),
        ("go_live", "2027-01-04"),
        ("reason", "A new distributor"),
    ]
}

pub(crate) fn orders_a_partner(town: &Town) {
    town.servicenow.order(REQUESTER, ONBOARD, &partner());
}

pub(crate) fn sets_the_company_up(town: &Town) {
    let company = serde_json::json!({
        "companyId": BRIGHTWATER, "companyName": "Brightwater", "address": {}, "tradingAddresses": ["ZZ:BRIGHTWATER"],
    });
    town.community
        .add_company(serde_json::from_value(company).unwrap(), &["GC00804444LX"]);
}

fn has_no_users(town: &Town, company: &str) {
    let users = town.community.users(company);
    if !users.is_empty() {
        town.violated(format!("{company} still has {users:?}"));
    }
    let turns = town.community.partner_sees(company);
    if turns["onboardings"][0]["state"] != "done" {
        town.violated(format!("{company} sees {turns}"));
    }
}

pub(crate) fn user(change: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut answers = vec![
        ("company_id", NORTHWIND),
        ("first_name", "Grace"),
        ("last_name", "Hopper"),
        ("contact_email", ADA),
        ("login_id", ADA),
        ("role_bundle", "partner_operator"),
        ("environment", "production"),
        ("reason", "New in the team"),
    ];
    for (name, value) in change {
        answers.retain(|(known, _)| known != name);
        answers.push((name, value));
    }
    answers
}

fn orders_a_user(town: &Town) {
    town.servicenow.order(REQUESTER, ADD_USER, &user(&[]));
}

fn orders_a_wrong_user(town: &Town) {
    let wrong = [
        ("contact_email", "grace at northwind"),
        ("role_bundle", "partner_owner"),
    ];
    town.servicenow.order(REQUESTER, ADD_USER, &user(&wrong));
}

/// The sys_id of the newest requested item.
pub(crate) fn request(town: &Town) -> String {
    let items = town.servicenow.rows("sc_req_item");
    items.last().unwrap()["sys_id"].clone()
}

fn item(town: &Town) -> std::collections::BTreeMap<String, String> {
    town.servicenow.row("sc_req_item", &request(town)).unwrap()
}

pub(crate) fn approves(town: &Town) {
    town.servicenow.approve(&request(town));
}

fn rejects(town: &Town) {
    town.servicenow.reject(&request(town), "Not before the contract.");
}

fn cancels(town: &Town) {
    if item(town)["state"] != "3" {
        closes(town);
    }
}

fn closes(town: &Town) {
    town.servicenow.update("sc_req_item", &request(town), &[("state", "4")]);
}

/// Every user whose log-in or e-mail address this is or was.
pub(crate) fn users(town: &Town, login: &str) -> Vec<User> {
    town.community.user_with_login(login).into_iter().collect()
}

#[track_caller]
fn has_user(town: &Town, login: &str, roles: &[&str]) {
    let found = users(town, login);
    let wanted: BTreeSet<String> = roles.iter().map(|&role| role.to_owned()).collect();
    match found.as_slice() {
        [user] if user.roles == wanted && user.profile["isConsentClause"] == "No" => {}
        found => town.violated(format!("{login} is {found:?}, and should have {roles:?}")),
    }
}

#[track_caller]
fn has_nobody(town: &Town, login: &str) {
    let found = users(town, login);
    if !found.is_empty() {
        town.violated(format!("nobody should be {login}: {found:?}"));
    }
}

/// What is kept of the newest request.
pub(crate) fn saga(town: &Town) -> Value {
    let subject = format!("requests/{}", request(town));
    let items = town.cloud.items(TABLE);
    let saga = items.iter().find(|item| item["pk"] == *subject && item["sk"] == "SAGA");
    saga.map_or(Value::Null, |saga| {
        serde_json::from_str(saga["kept"].as_str().unwrap()).unwrap()
    })
}

fn ended(town: &Town, state: &str, end: &str) {
    let (is, saga) = (item(town)["state"].clone(), saga(town));
    if is != state || saga["stage"]["over"] != *end {
        town.violated(format!("the item has state {is}, and what is kept is {saga}"));
    }
    is_over(town);
}

/// The request is over, holds nobody else up, and nothing of a person but the log-in is kept.
fn is_over(town: &Town) {
    let saga = saga(town);
    let is_kept = ["first_name", "contact_email", "reason"]
        .iter()
        .any(|name| saga["answers"].get(name).is_some());
    if saga["stage"].get("over").is_none() || is_kept {
        town.violated(format!("what is kept is {saga}"));
    }
    nobody_has_a_turn(town);
}

/// No request holds a company up for others: a turn of one that is over is taken over.
pub(crate) fn nobody_has_a_turn(town: &Town) {
    let items = town.cloud.items(TABLE);
    let is_over = |request: &Value| {
        let saga = items.iter().find(|item| item["pk"] == *request && item["sk"] == "SAGA");
        saga.is_some_and(|saga| saga["kept"].as_str().unwrap().contains(r#""stage":{"over""#))
    };
    let turns = items
        .iter()
        .filter(|item| item["sk"] == "TURN" && item.get("held_by").is_some_and(|holder| !is_over(holder)));
    for turn in turns {
        town.violated(format!("somebody still has a turn: {turn}"));
    }
}

/// Our entries of a journal of the newest request, by parts and in order; there are no others.
fn journal(town: &Town, element: &str, parts: &[&str]) {
    let entries = town.servicenow.journal(&request(town), element).into_iter();
    let ours = entries.filter(|entry| entry.created_by == "gridlink.integration");
    let found = ours.map(|entry| entry.value).collect::<Vec<_>>();
    let fits = found.len() == parts.len() && found.iter().zip(parts).all(|(found, part)| found.contains(part));
    if !fits {
        town.violated(format!("{element} are {found:?}, not {parts:?}"));
    }
}

#[track_caller]
fn is_pending(town: &Town, problem: &str) {
    let (item, saga) = (item(town), saga(town));
    let told = saga["problem"]["text"].as_str().unwrap_or_default();
    assert!(
        item["state"] == "-5" && told.contains(problem),
        "{problem}: {saga} {item:?}"
    );
    assert_eq!(saga["turn"], Value::Null);
}
