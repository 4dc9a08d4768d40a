//! The same against the simulated instance's batches, activity streams, catalog, knowledge, escalations
//! and grants.

use std::collections::BTreeMap;
use std::time::Duration;

use super::batches::{CONTENT, sends_three};
use super::desk::{Desk, START};
use super::orders::orders_and_reads;
use super::records::writes_an_article;
use super::together::reads_all_of_it;
use super::{id, table};
use crate::domain::{SysId, Timestamp};
use crate::effect::Journal;
use crate::servicenow::{Decision, Draft, Order, Select};

fn seeded() -> (Desk, worlds::ServiceNow) {
    Desk::world(worlds::ServiceNow::seeded)
}

/// An incident with this number as its sys_id.
fn incident(world: &worlds::ServiceNow, number: u32, state: &str) {
    let fields = [
        ("sys_id", id(number).to_string()),
        ("short_description", "x".to_owned()),
        ("state", state.to_owned()),
    ];
    world.insert(
        "incident",
        &fields.each_ref().map(|(name, value)| (*name, value.as_str())),
    );
}

fn row(world: &worlds::ServiceNow, table: &str, field: &str, value: &str) -> SysId {
    let rows = world.rows(table);
    let found = rows.iter().find(|row| row[field] == value);
    found.unwrap_or_else(|| panic!("no {value}"))["sys_id"].parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_served_and_what_it_wrote_is_there() {
    let (desk, world) = seeded();
    incident(&world, 1, "1");
    incident(&world, 2, "2");
    let outcomes = sends_three(&desk).await.unwrap().map(Result::unwrap);
    assert_eq!(outcomes, ["1", "2", "written"]);
    let written = world.journal(id(1).as_str(), "comments");
    assert_eq!(
        written.iter().map(|entry| entry.value.as_str()).collect::<Vec<_>>(),
        [CONTENT]
    );
    assert_eq!(world.ignored(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_did_not_come_to_did_not_happen() {
    let (desk, world) = seeded();
    incident(&world, 1, "1");
    incident(&world, 2, "2");
    let stop = worlds::Fault::BatchStop { after_items: 1 };
    world
        .knobs()
        .add(worlds::Rule::always("POST", "/api/now/v1/batch", stop));
    let [first, second, third] = sends_three(&desk).await.unwrap();
    assert!(first.is_ok() && second.unwrap_err().is_unsent() && third.unwrap_err().is_unsent());
    assert!(world.journal(id(1).as_str(), "comments").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_record_with_what_was_added_to_it_comes_in_one_round_trip() {
    let (desk, world) = seeded();
    incident(&world, 1, "1");
    world.write_as("admin", id(1).as_str(), "comments", "hello");
    tokio::time::sleep(Duration::from_secs(1)).await;
    world.write_as("admin", id(1).as_str(), "work_notes", "note");
    world.agent_file(id(1).as_str(), "a.txt", "text/plain", "hello");
    reads_all_of_it(&desk).await;
    assert_eq!(desk.calls().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_comments_of_a_new_case_are_there_in_their_order() {
    let (desk, world) = seeded();
    incident(&world, 1, "1");
    let texts = ["one", "two", "three"].map(|text| (Journal::Comments, text));
    let outcomes = desk
        .client
        .append_all(&table("incident"), &id(1), &texts)
        .await
        .unwrap();
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    let written = world.journal(id(1).as_str(), "comments");
    assert_eq!(
        written.iter().map(|entry| entry.value.as_str()).collect::<Vec<_>>(),
        ["one", "two", "three"]
    );
}

#[tokio::test(start_paused = true)]
async fn both_readers_of_a_case_tell_the_same_entries() {
    let (desk, world) = seeded();
    let case = row(&world, "sn_customerservice_case", "number", "CS0001001");
    for number in 0..130 {
        let element = if number % 3 == 0 { "work_notes" } else { "comments" };
        world.write_as("maria.santos", case.as_str(), element, &format!("entry {}", number % 7));
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    world.agent_file(case.as_str(), "label.png", "image/png", "x");
    let since = Timestamp::from_millis(START + 10_000);
    let rows = desk.client.entries(&case, since, Duration::ZERO).await.unwrap();
    let stream = desk.client.activities(&case, since, Duration::ZERO).await.unwrap();
    let told = |entries: &[crate::servicenow::Entry]| {
        let told = entries
            .iter()
            .map(|entry| (entry.sys_id.clone(), entry.journal, entry.created, entry.text.clone()));
        told.collect::<Vec<_>>()
    };
    assert!(rows.len() > 100, "{}", rows.len());
    assert_eq!(told(&rows), told(&stream));
    assert_eq!(rows[0].author.login.as_deref(), Some("maria.santos"));
    assert_eq!(stream[0].author.name.as_deref(), Some("Maria Santos"));
}

#[tokio::test(start_paused = true)]
async fn an_order_is_approved_by_a_person_whose_words_are_read() {
    let (desk, world) = seeded();
    let item = row(&world, "sc_cat_item", "name", "Change a trading partner user's roles");
    let answers = [
        ("company_id", "GC41543822654A"),
        ("login_id", "dana.whitfield"),
        ("role_bundle", "partner_viewer"),
        ("environment", "test"),
        ("reason", "New in the team"),
    ];
    let order = Order {
        quantity: 1,
        requested_for: None,
        variables: answers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
    };
    let (request, requested) = orders_and_reads(&desk, &item, &order).await;
    let waiting = desk.client.approvals(&requested).await.unwrap();
    assert!(!waiting.is_empty() && waiting.iter().all(|approval| approval.decision == Decision::Requested));
    world.reject(requested.as_str(), "Not without her manager");
    let decided = desk.client.approvals(&requested).await.unwrap();
    let rejected = decided
        .iter()
        .filter(|approval| approval.decision == Decision::Rejected);
    let words = rejected
        .flat_map(|approval| &approval.comments)
        .map(|entry| entry.text.as_str());
    assert_eq!(words.collect::<Vec<_>>(), ["Not without her manager"]);
    let items = desk.client.requested_items(&request, &[]).await.unwrap();
    assert_eq!(items[0].approval, "rejected");
    assert_eq!(world.ignored(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_wrong_order_is_refused() {
    let (desk, world) = seeded();
    let item = row(&world, "sc_cat_item", "name", "Change a trading partner user's roles");
    let incomplete = Order {
        quantity: 1,
        requested_for: None,
        variables: BTreeMap::new(),
    };
    let error = desk.client.order(&item, &incomplete).await.unwrap_err();
    assert!(error.is_refusal(), "{error}");
    let nothing = desk.client.order(&id(9), &incomplete).await.unwrap_err();
    assert!(nothing.is_refusal(), "{nothing}");
}

#[tokio::test(start_paused = true)]
async fn an_article_begins_as_a_draft_there_too() {
    let (desk, world) = seeded();
    let base = world.rows("kb_knowledge_base").remove(0)["sys_id"].parse().unwrap();
    let case = row(&world, "sn_customerservice_case", "number", "CS0001001");
    let draft = Draft {
        sys_id: id(5),
        base,
        category: None,
        title: "When an ASN fails".to_owned(),
        html: "<p>Check the carton count.</p>".to_owned(),
        source: Some(case),
    };
    writes_an_article(&desk, &draft).await;
    assert_eq!(world.ignored(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_case_is_escalated_and_its_escalation_read() {
    let (desk, world) = seeded();
    let case = row(&world, "sn_customerservice_case", "number", "CS0001001");
    let fields = [("reason".to_owned(), "lack_of_progress".to_owned())].into();
    let created = desk.client.escalate(&id(5), &case, &fields).await.unwrap();
    assert_eq!((created.sys_id, created.ignored), (id(5), vec![]));
    let escalations = desk.client.escalations(&case).await.unwrap();
    assert_eq!(
        escalations.iter().map(|one| one.sys_id.clone()).collect::<Vec<_>>(),
        [id(5)]
    );
    assert!(
        desk.client
            .escalate(&id(6), &case, &fields)
            .await
            .unwrap_err()
            .is_refusal()
    );
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_access_opens_the_instance() {
    let client = r#""client_id":"gridlink","client_secret":"gridlink""#;
    let password = format!(r#"{{{client},"username":"admin","password":"admin"}}"#);
    for secret in [
        password.as_str(),
        r#"{"api_key":"k3y"}"#,
        r#"{"username":"admin","password":"admin"}"#,
    ] {
        let (desk, world) = Desk::world_with(secret, worlds::ServiceNow::seeded);
        world.add_api_key("k3y", "admin", None);
        incident(&world, 1, "1");
        let read = async || desk.client.read(&table("incident"), &id(1), &Select::default()).await;
        assert!(read().await.unwrap().is_some(), "{secret}");
        tokio::time::sleep(Duration::from_secs(2000)).await;
        assert!(read().await.unwrap().is_some(), "{secret} again");
    }
    for secret in [r#"{"api_key":"other"}"#, r#"{"username":"admin","password":"other"}"#] {
        let (desk, world) = Desk::world_with(secret, worlds::ServiceNow::seeded);
        world.hear_api_keys(true);
        let read = desk.client.read(&table("incident"), &id(1), &Select::default()).await;
        assert_eq!(read.unwrap_err().status(), Some(401), "{secret}");
    }
    let wrong = r#"{"client_id":"gridlink","client_secret":"wr0ng"}"#;
    let (desk, _world) = Desk::world_with(wrong, worlds::ServiceNow::seeded);
    let error = desk.client.warm_up().await.unwrap_err();
    let text = crate::failure::chain(&error);
    assert!(
        text.contains("server_error: access_denied") && !text.contains("wr0ng"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_opens_the_instance() {
    let form = "grant_type=password&client_id=gridlink&client_secret=gridlink&username=admin&password=admin";
    let (desk, world) = seeded();
    let request = http::Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    let bought = world.call(request.body(worlds::full(form)).unwrap()).await;
    let bought: serde_json::Value = serde_json::from_slice(bought.body()).unwrap();
    let token = bought["refresh_token"].as_str().unwrap();
    let secret = format!(r#"{{"client_id":"gridlink","client_secret":"gridlink","refresh_token":"{token}"}}"#);
    *desk.secret.lock().unwrap() = secret;
    incident(&world, 1, "1");
    let read = desk.client.read(&table("incident"), &id(1), &Select::default()).await;
    assert!(read.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn the_budget_of_a_rule_is_known_from_its_answers() {
    let (desk, world) = seeded();
    let fields = [("name", "all"), ("requests_per_hour", "500"), ("rest_api", "Table API")];
    let rule = world.insert("sys_rate_limit_rules", &fields);
    desk.client
        .read(&table("incident"), &id(1), &Select::default())
        .await
        .unwrap();
    let limit = desk.client.rate_limit().unwrap();
    assert_eq!((limit.limit, limit.rule), (500, rule.parse().ok()));
    assert!(limit.reset > desk.clock.now());
}
