//! What comes of requests about access, act by act.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use worlds::Rule;

use super::*;
use crate::play::{Play, default_mapping, in_town};

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
        assert_eq!(
            item(town)["stage"],
            "Completed",
            "the platform's own flow follows our state"
        );
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

/// A worker that stood still until its request was over may take the turn again; that holds nobody up.
#[test]
fn a_turn_of_a_request_that_is_over_is_taken_over() {
    when(async |town, play| {
        let answers = [("login_id", OKAFOR), ("role_bundle", "partner_finance")];
        approved(town, play, CHANGE_ROLES, &user(&answers)).await;
        ended(town, "3", "done");
        let environment = crate::town::Environment::new("zombie".to_owned());
        let clients = crate::play::clients(town, &environment, town.clock.clone());
        let subject = format!("requests/{}", request(town)).try_into().unwrap();
        let company = NORTHWIND.parse().unwrap();
        assert_eq!(clients.store.take_turn(&company, &subject).await.unwrap(), None);
        let answers = [("login_id", OKAFOR), ("role_bundle", "partner_operator")];
        approved(town, play, CHANGE_ROLES, &user(&answers)).await;
        ended(town, "3", "done");
        let items = town.cloud.items(crate::town::TABLE);
        let held = items
            .iter()
            .any(|item| item["sk"] == "TURN" && item.get("held_by").is_some());
        assert!(!held, "the second request had the turn, and gave it back");
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
        tokio::time::sleep(Duration::from_secs(60)).await;
        let environment = crate::town::Environment::new("poll".to_owned());
        let clients = crate::play::clients(town, &environment, town.clock.clone());
        let deadline = town.clock.now().after(Duration::from_secs(60));
        let polled = clients.poll_records(None, "poll", deadline).await.unwrap();
        assert_eq!(polled.told, 1, "{polled:?}");
        play.quiet().await;
        has_user(town, ADA, &["Community Viewer", "Lens Standard role"]);
        ended(town, "3", "done");
    });
}

#[test]
fn a_partner_keeps_its_access_until_the_end_of_its_last_day() {
    when(async |town, play| {
        let today = town.clock.now().after(Duration::from_secs(24 * 3600)).to_string();
        let tomorrow = today.split('T').next().unwrap();
        let answers = [
            ("company_id", CONTOSO),
            ("company_name", "Contoso Retail"),
            ("remove_last_administrator", "Yes"),
            ("effective_date", tomorrow),
            ("reason", "The contract ends"),
        ];
        approved(town, play, OFF_BOARD, &answers).await;
        let users = town.community.users(CONTOSO).len();
        assert!(users > 1, "nobody has lost anything");
        journal(town, "work_notes", &[tomorrow]);
        // Whatever else is done to the item meanwhile begins nothing.
        town.servicenow
            .update("sc_req_item", &request(town), &[("work_notes", "Not yet.")]);
        play.days(1).await;
        play.quiet().await;
        assert_eq!(town.community.users(CONTOSO).len(), users);
        play.days(1).await;
        play.quiet().await;
        has_no_users(town, CONTOSO);
        ended(town, "3", "done");
    });
}

#[test]
fn roles_that_trading_grid_refuses_leave_everything_as_it_was_and_are_tried_again() {
    when(async |town, play| {
        let before = town.community.user(NORTHWIND, OKAFOR_ID).unwrap().roles;
        let refused = crate::stories::status(400, Some(json!({"message": "unknown role"}).to_string()));
        town.community
            .knobs()
            .add(Rule::always("PUT", "/TGCommunityServices/v1/companies", refused));
        let answers = [("login_id", OKAFOR), ("role_bundle", "partner_finance")];
        approved(town, play, CHANGE_ROLES, &user(&answers)).await;
        is_pending(town, "does not know one of the roles");
        assert_eq!(town.community.user(NORTHWIND, OKAFOR_ID).unwrap().roles, before);
        let seen = town.community.partner_sees(NORTHWIND);
        assert_eq!(seen["onboardings"][0]["state"], "failed", "{seen}");
        town.community.knobs().clear();
        town.servicenow.update("sc_req_item", &request(town), &[("state", "2")]);
        play.quiet().await;
        has_user(town, OKAFOR, &["Community Viewer", "Restricted Visibility custom"]);
        ended(town, "3", "done");
    });
}

#[test]
fn a_user_that_trading_grid_refuses_is_made_when_somebody_has_mended_that() {
    when(async |town, play| {
        let refused = crate::stories::status(400, Some(json!({"message": "invalid"}).to_string()));
        town.community
            .knobs()
            .add(Rule::always("POST", "/TGCommunityServices/v1/companies", refused));
        approved(town, play, ADD_USER, &user(&[])).await;
        is_pending(town, "does not take these data of the user");
        has_nobody(town, ADA);
        town.community.knobs().clear();
        town.servicenow.update("sc_req_item", &request(town), &[("state", "2")]);
        play.quiet().await;
        has_user(town, ADA, &["Community Viewer", "Lens Standard role"]);
        ended(town, "3", "done");
    });
}

/// The users of a company who administrate it.
fn administrators(town: &Town, company: &str) -> Vec<User> {
    let mut users = town.community.users(company);
    users.retain(|user| user.roles.contains("Account Admin") || user.roles.contains("Partner Admin"));
    users
}

#[test]
fn nobody_takes_the_last_administrator_of_a_company_away_unasked() {
    when(async |town, play| {
        let all = administrators(town, NORTHWIND);
        assert!(all.len() > 1, "{all:?}");
        for user in &all[1..] {
            let answers = [
                ("company_id", NORTHWIND),
                ("login_id", &user.login_id),
                ("environment", "production"),
            ];
            approved(town, play, REMOVE_ACCESS, &answers).await;
            ended(town, "3", "done");
        }
        let last = all[0].login_id.as_str();
        let answers = [
            ("company_id", NORTHWIND),
            ("login_id", last),
            ("environment", "production"),
        ];
        let finance = [answers.as_slice(), &[("role_bundle", "partner_finance")]].concat();
        approved(town, play, CHANGE_ROLES, &finance).await;
        is_pending(town, "lose its last administrator");
        closes(town);
        approved(town, play, REMOVE_ACCESS, &answers).await;
        is_pending(town, "lose its last administrator");
        closes(town);
        play.quiet().await;
        assert_eq!(administrators(town, NORTHWIND).len(), 1);
        let flagged = [answers.as_slice(), &[("remove_last_administrator", "Yes")]].concat();
        approved(town, play, REMOVE_ACCESS, &flagged).await;
        ended(town, "3", "done");
        assert!(administrators(town, NORTHWIND).is_empty());
    });
}

#[test]
fn what_is_canceled_half_way_is_undone_and_said() {
    when(async |town, play| {
        // The user is made; its roles wait for Trading Grid.
        let down = crate::stories::status(503, None);
        let roles = "/TGCommunityServices/v1/companies";
        town.community.knobs().add(Rule::always("PUT", roles, down));
        town.servicenow.order(REQUESTER, ADD_USER, &user(&[]));
        approves(town);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(town.community.user_with_login(ADA).is_some(), "the user is made");
        closes(town);
        town.community.knobs().clear();
        play.quiet().await;
        has_nobody(town, ADA);
        ended(town, "4", "undone");
        journal(
            town,
            "work_notes",
            &["Gridlink carries this out", "was made", "is undone"],
        );
        let seen = town.community.partner_sees(NORTHWIND);
        assert_eq!(seen["onboardings"][0]["state"], "undone", "{seen}");
    });
}

#[test]
fn a_user_who_is_deleted_cannot_be_brought_back_and_that_is_said() {
    when(async |town, play| {
        town.servicenow
            .order(REQUESTER, REMOVE_ACCESS, &user(&[("login_id", OKAFOR)]));
        // Somebody cancels in the moment in which the user is deleted.
        let fault = worlds::Fault::CommitThenStatus { status: 503 };
        let rule = Rule::always("DELETE", "/TGCommunityServices/v1/companies", fault);
        town.community.knobs().add(rule);
        approves(town);
        tokio::time::sleep(Duration::from_secs(20)).await;
        has_nobody(town, OKAFOR);
        closes(town);
        town.community.knobs().clear();
        play.quiet().await;
        ended(town, "4", "undone");
        let notes = town.servicenow.journal(&request(town), "work_notes");
        assert!(notes.iter().any(|note| note.value.contains("Not undone")), "{notes:?}");
    });
}

#[test]
fn whoever_sets_a_company_up_hears_that_nobody_wants_it_any_more() {
    when(async |town, play| {
        approved(town, play, ONBOARD, &partner()).await;
        closes(town);
        play.quiet().await;
        ended(town, "4", "canceled");
        let setup = town.servicenow.rows("sc_task").into_iter();
        let mut setup = setup.filter(|task| task["correlation_id"] == item(town)["number"]);
        let notes = town.servicenow.journal(&setup.next().unwrap()["sys_id"], "work_notes");
        assert_eq!(notes.len(), 1, "{notes:?}");
        has_nobody(town, FIRST);
    });
}

#[test]
fn whoever_comes_while_a_partner_is_off_boarded_loses_the_access_too() {
    when(async |town, play| {
        let first = town.community.users(CONTOSO).remove(0);
        let down = crate::stories::status(503, None);
        let companies = "/TGCommunityServices/v1/companies";
        town.community.knobs().add(Rule::always("DELETE", companies, down));
        orders_the_end_of_a_partner(town);
        approves(town);
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_ne!(saga(town)["members"], Value::Null, "who is to leave is known");
        town.community
            .add_user_like(CONTOSO, &first.user_id, "GCLATE", "late@contoso.example");
        town.community.knobs().clear();
        play.quiet().await;
        has_no_users(town, CONTOSO);
        ended(town, "3", "done");
    });
}
