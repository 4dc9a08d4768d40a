//! Scenarios of `provision-partner`: who has which roles in Trading Grid after what requests, people and crashes.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;
use worlds::trading_grid::User;

use crate::play::{Play, default_mapping, in_town};
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
const BRIGHTWATER: &str = "GC99BRIGHT";
const FIRST: &str = "sam.rivers@brightwater.example";
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

fn orders_a_partner(town: &Town) {
    town.servicenow.order(REQUESTER, ONBOARD, &partner());
}

fn sets_the_company_up(town: &Town) {
    let company = serde_json::json!({
        "companyId": BRIGHTWATER, "companyName": "Brightwater", "address": {}, "tradingAddresses": ["ZZ:BRIGHTWATER"],
    });
    town.community
        .add_company(serde_json::from_value(company).unwrap(), &["GC00804444LX"]);
}

fn has_no_users(town: &Town, company: &str) {
    let all = ["liu.wen@contoso.example", "amara.abbott@contoso.example"];
    for login in all {
        has_nobody(town, login);
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

fn approves(town: &Town) {
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
fn users(town: &Town, login: &str) -> Vec<User> {
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
    let items = town.cloud.items(TABLE);
    let turns = items
        .iter()
        .filter(|item| item["sk"] == "TURN" && item.get("held_by").is_some());
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

/// Runs a test in a town where ServiceNow posts its events.
fn when(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        test(town, play).await;
    });
}

/// An order that is approved, and what comes of it.
async fn approved(town: &Arc<Town>, play: &Play, item: &str, answers: &[(&str, &str)]) {
    town.servicenow.order(REQUESTER, item, answers);
    approves(town);
    play.quiet().await;
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

#[test]
fn a_user_is_made_with_the_roles_of_the_bundle_and_nobody_ever_knows_its_password() {
    when(async |town, play| {
        orders_a_user(town);
        play.quiet().await;
        assert_eq!(saga(town), Value::Null, "nobody has approved it");
        approves(town);
        play.quiet().await;
        has_user(town, ADA, &["Community Viewer", "Lens Standard role"]);
        ended(town, "3", "done");
        let saga = saga(town);
        assert_eq!(saga["requested"]["by"], "Tom Becker");
        assert_eq!(saga["approvals"][0]["decision"], "approved");
        let user = town.community.user_with_login(ADA).unwrap();
        assert_eq!(saga["members"][0]["user_id"], user.user_id);
        let seen = town.community.partner_sees(NORTHWIND);
        assert_eq!(seen["onboardings"][0]["state"], "done", "{seen}");
        let all = format!("{:?}", town.cloud.items(TABLE));
        assert!(!all.contains("Tg7_"), "a password is in the table");
    });
}

#[test]
fn a_login_of_another_company_is_said_in_the_item_and_tried_again_when_somebody_takes_it_up() {
    when(async |town, play| {
        let taken = "liu.wen@contoso.example";
        approved(town, play, ADD_USER, &user(&[("login_id", taken)])).await;
        is_pending(town, "a user with this login already");
        let liu = town.community.user_with_login(taken).unwrap();
        town.community
            .rename_login(CONTOSO, &liu.user_id, "liu@contoso.example");
        play.quiet().await;
        assert_eq!(item(town)["state"], "-5", "nobody has taken it up");
        town.servicenow.update("sc_req_item", &request(town), &[("state", "2")]);
        play.quiet().await;
        has_user(town, taken, &["Community Viewer", "Lens Standard role"]);
        ended(town, "3", "done");
    });
}

#[test]
fn requests_about_one_company_take_turns() {
    when(async |town, play| {
        let orders = [
            ("partner_finance", ["Community Viewer", "Restricted Visibility custom"]),
            ("partner_operator", ["Community Viewer", "Lens Standard role"]),
        ];
        let mut requests = Vec::new();
        for (bundle, _) in orders {
            let answers = [("login_id", OKAFOR), ("role_bundle", bundle)];
            requests.push(town.servicenow.order(REQUESTER, CHANGE_ROLES, &user(&answers)));
        }
        for request in &requests {
            town.servicenow.approve(request);
        }
        play.quiet().await;
        for request in &requests {
            assert_eq!(town.servicenow.row("sc_req_item", request).unwrap()["state"], "3");
        }
        let roles = town.community.user(NORTHWIND, OKAFOR_ID).unwrap().roles;
        let roles = roles.iter().map(String::as_str).collect::<Vec<_>>();
        assert!(orders.iter().any(|(_, wanted)| roles == wanted), "{roles:?}");
        is_over(town);
    });
}

#[test]
fn nobody_sets_the_company_up_for_two_weeks() {
    when(async |town, play| {
        approved(town, play, ONBOARD, &partner()).await;
        let setup = town.servicenow.rows("sc_task").into_iter();
        let setup = setup
            .filter(|task| task["correlation_id"] == item(town)["number"])
            .collect::<Vec<_>>();
        assert_eq!(setup.len(), 1, "one task for a person");
        play.days(5).await;
        let reminders = town.servicenow.journal(&setup[0]["sys_id"], "work_notes").len();
        assert_eq!(reminders, 2, "one every two days");
        assert_eq!(item(town)["state"], "2");
        play.days(10).await;
        play.quiet().await;
        is_pending(town, "was not set up within 14 days");
        has_nobody(town, FIRST);
        sets_the_company_up(town);
        town.servicenow.update("sc_req_item", &request(town), &[("state", "2")]);
        play.quiet().await;
        ended(town, "3", "done");
        let tasks = town.servicenow.rows("sc_task").into_iter();
        let ours = tasks.filter(|task| task["correlation_display"] == "Trading Grid");
        assert_eq!(ours.count(), 1, "still one");
    });
}

#[test]
fn the_account_of_a_request_names_who_asked_who_approved_and_what_was_granted() {
    when(async |town, play| {
        approved(town, play, ADD_USER, &user(&[])).await;
        let environment = crate::town::Environment::new("export".to_owned());
        let clients = crate::play::clients(town, &environment, town.clock.clone());
        let subject = format!("requests/{}", request(town)).try_into().unwrap();
        let account = provision_partner::export(&clients, &subject).await.unwrap();
        let user = town.community.user_with_login(ADA).unwrap();
        assert_eq!(account["request"]["sysId"], *request(town));
        assert_eq!(account["requestedBy"]["name"], "Tom Becker");
        assert_eq!(account["approvals"][0]["decision"], "approved");
        assert_eq!(account["users"][0]["userId"], user.user_id);
        assert_eq!(account["users"][0]["rolesApproved"][0], "Community Viewer");
        let done = account["done"].as_array().unwrap().iter();
        let done = done.map(|deed| deed["what"].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(done, ["created", "granted", "verified"]);
        assert_eq!(account["state"]["over"], "done");
        assert!(account["timeline"].as_array().unwrap().len() > 3);
        assert!(
            !account.to_string().contains("Hopper"),
            "a name that somebody typed: {account}"
        );
    });
}

#[test]
fn without_a_push_a_request_is_found_by_the_poll() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        orders_a_user(town);
        approves(town);
        play.quiet().await;
        has_nobody(town, ADA);
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;
        let environment = crate::town::Environment::new("poll".to_owned());
        let clients = crate::play::clients(town, &environment, town.clock.clone());
        let deadline = town.clock.now().after(std::time::Duration::from_secs(60));
        let polled = clients.poll_records(None, "poll", deadline).await.unwrap();
        assert_eq!(polled.told, 1, "{polled:?}");
        play.quiet().await;
        has_user(town, ADA, &["Community Viewer", "Lens Standard role"]);
        ended(town, "3", "done");
    });
}
