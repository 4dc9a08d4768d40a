use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, error, give, incident, rule, seeded, sys_id};
use crate::servicenow::ServiceNow;

const CASE: &str = "/api/sn_customerservice/case";
const CATALOG: &str = "/api/sn_sc/servicecatalog";
const DANA: &str = "dana.whitfield@northwind.example";
const NOBODY: [(&str, &str); 1] = [("decision_type", "deny")];

/// A business rule that refuses to insert and to update.
fn abort(instance: &ServiceNow, table: &str, more: &[(&str, &str)]) -> String {
    let mut fields = vec![
        ("name", "stop"),
        ("collection", table),
        ("when", "before"),
        ("action_insert", "true"),
        ("action_update", "true"),
        ("abort_action", "true"),
    ];
    fields.extend(more);
    instance.insert("sys_script", &fields)
}

fn is_aborted(response: &http::Response<bytes::Bytes>) -> bool {
    let (status, _, detail) = error(response);
    status == 403 && detail.as_str().unwrap().contains("was aborted by Business Rule 'stop^")
}

async fn new_case(instance: &ServiceNow, fields: Value) -> http::Response<bytes::Bytes> {
    ask(instance, "POST", CASE, Some(fields)).await
}

async fn order(instance: &ServiceNow, action: &str) -> http::Response<bytes::Bytes> {
    let monitor = sys_id(instance, "sc_cat_item", "name", "External Monitor");
    let path = format!("{CATALOG}/items/{monitor}/{action}");
    ask(instance, "POST", &path, Some(json!({ "sysparm_quantity": 1 }))).await
}

fn errors_of_flows(instance: &ServiceNow) -> Vec<String> {
    let rows = instance.rows("syslog").into_iter();
    rows.filter(|row| row["source"] == "Workflow" && row["level"] == "2")
        .map(|row| row["message"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_case_api_writes_with_the_rights_of_its_user() {
    let instance = seeded();
    let made = new_case(&instance, json!({ "short_description": "x" })).await;
    let id = body_json(&made)["result"]["sys_id"].as_str().unwrap().to_owned();
    let put = async |fields| ask(&instance, "PUT", &format!("{CASE}/{id}"), Some(fields)).await;
    rule(
        &instance,
        "sn_customerservice_case.priority",
        "write",
        &["admin"],
        &NOBODY,
    );
    let changed = put(json!({ "priority": "1", "short_description": "y" })).await;
    assert_eq!(changed.status(), StatusCode::CREATED);
    let row = instance.row("sn_customerservice_case", &id).unwrap();
    assert_eq!(
        (row["priority"].as_str(), row["short_description"].as_str()),
        ("4", "y")
    );
    let note = "gridlink.integration may not set sn_customerservice_case.priority";
    assert_eq!(instance.ignored(), [note]);
    for (operation, word) in [("write", "Update"), ("create", "Insert")] {
        rule(&instance, "sn_customerservice_case", operation, &["admin"], &NOBODY);
        let refused = match operation {
            "write" => put(json!({ "short_description": "z" })).await,
            _ => new_case(&instance, json!({ "short_description": "z" })).await,
        };
        let detail = format!("ACL Exception {word} Failed due to security constraints");
        assert_eq!(error(&refused), (403, "Operation Failed".to_owned(), json!(detail)));
    }
    let cases = instance.rows("sn_customerservice_case");
    assert!(cases.iter().all(|case| case["short_description"] != "z"));
}

#[tokio::test(start_paused = true)]
async fn the_case_api_meets_business_rules() {
    let instance = seeded();
    let fields = [
        ("abort_action", "false"),
        ("template", "impact=1^EQ"),
        ("name", "template"),
    ];
    abort(&instance, "sn_customerservice_case", &fields);
    let made = new_case(&instance, json!({ "short_description": "x" })).await;
    let id = body_json(&made)["result"]["sys_id"].as_str().unwrap().to_owned();
    assert_eq!(instance.row("sn_customerservice_case", &id).unwrap()["impact"], "1");
    abort(&instance, "task", &[("filter_condition", "short_descriptionLIKEvirus")]);
    let bad = json!({ "short_description": "a virus" });
    assert!(is_aborted(&new_case(&instance, bad.clone()).await));
    assert!(is_aborted(
        &ask(&instance, "PUT", &format!("{CASE}/{id}"), Some(bad)).await
    ));
}

#[tokio::test(start_paused = true)]
async fn the_case_api_meets_data_policies_and_closed_cases() {
    let instance = seeded();
    assert_eq!(error(&new_case(&instance, json!({ "priority": "1" })).await).0, 403);
    instance.guess(|guesses| guesses.cases.api_meets_data_policies = false);
    let made = new_case(&instance, json!({ "priority": "1" })).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let id = body_json(&made)["result"]["sys_id"].as_str().unwrap().to_owned();
    instance.update("sn_customerservice_case", &id, &[("state", "3")]);
    let put = async || {
        let comment = json!({ "comments": "Still wrong." });
        ask(&instance, "PUT", &format!("{CASE}/{id}"), Some(comment)).await
    };
    assert_eq!(put().await.status(), StatusCode::CREATED);
    instance.guess(|guesses| guesses.cases.closed_case_is_frozen = true);
    assert_eq!(put().await.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn a_customer_changes_by_any_api_what_the_case_api_lets_customers_change() {
    let instance = seeded();
    let case = json!({ "short_description": "Label", "comments": "Torn." });
    let made = ask_as(&instance, DANA, "POST", CASE, Some(case.clone())).await;
    let id = body_json(&made)["result"]["sys_id"].as_str().unwrap().to_owned();
    assert_eq!(instance.journal(&id, "comments").len(), 1);
    let path = format!("/api/now/table/sn_customerservice_case/{id}");
    let change = json!({ "priority": "1", "comments": "Again.", "state": "10" });
    let changed = ask_as(&instance, DANA, "PATCH", &path, Some(change)).await;
    assert_eq!(changed.status(), StatusCode::OK);
    let row = instance.row("sn_customerservice_case", &id).unwrap();
    assert_eq!((row["priority"].as_str(), row["state"].as_str()), ("4", "10"));
    assert_eq!(instance.journal(&id, "comments").len(), 2);
    let contoso = sys_id(&instance, "customer_account", "name", "Contoso Retail");
    let foreign = json!({ "short_description": "x", "account": contoso });
    let table = "/api/now/table/sn_customerservice_case";
    assert_eq!(
        error(&ask_as(&instance, DANA, "POST", table, Some(foreign)).await).0,
        403
    );
}

#[tokio::test(start_paused = true)]
async fn a_producer_asks_no_access_rule_but_meets_the_others() {
    let instance = seeded();
    let producer = sys_id(&instance, "sc_cat_item_producer", "name", "Report a failed document");
    let submit = async |text: &str| {
        let body = json!({ "variables": { "short_description": text, "urgency": "1" } });
        let path = format!("{CATALOG}/items/{producer}/submit_producer");
        ask_as(&instance, "employee", "POST", &path, Some(body)).await
    };
    assert_eq!(submit("x").await.status(), StatusCode::OK);
    abort(
        &instance,
        "incident",
        &[("filter_condition", "short_descriptionLIKEvirus")],
    );
    assert!(is_aborted(&submit("a virus").await));
    instance.guess(|guesses| guesses.catalog.producers_skip_access_rules = false);
    let refused = error(&submit("x").await).2;
    assert_eq!(refused, "ACL Exception Insert Failed due to security constraints");
    instance.guess(|guesses| guesses.catalog.producers_skip_access_rules = true);
    instance.add_column(
        "incident",
        crate::servicenow::Column::text("u_key", "Key", 10).mandatory(),
    );
    let refused = error(&submit("x").await).2;
    assert!(refused.as_str().unwrap().ends_with("mandatory: Key"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn an_order_or_a_cart_that_a_rule_refuses_is_not_made() {
    let instance = seeded();
    let requests = instance.rows("sc_request").len();
    let stop = abort(&instance, "sc_request", &[]);
    assert!(is_aborted(&order(&instance, "order_now").await));
    assert_eq!(order(&instance, "add_to_cart").await.status(), StatusCode::OK);
    let checkout = format!("{CATALOG}/cart/checkout");
    assert!(is_aborted(&ask(&instance, "POST", &checkout, None).await));
    assert_eq!(instance.rows("sc_request").len(), requests);
    assert_eq!(instance.rows("sc_cart_item").len(), 1, "nothing was ordered");
    instance.delete("sys_script", &stop);
    for table in ["sc_cart_item", "sc_cart"] {
        let stop = abort(&instance, table, &[]);
        for cart in instance.rows("sc_cart") {
            let path = format!("{CATALOG}/cart/{}/empty", cart["sys_id"]);
            ask(&instance, "DELETE", &path, None).await;
        }
        assert!(is_aborted(&order(&instance, "add_to_cart").await), "{table}");
        assert!(instance.rows("sc_cart_item").is_empty());
        instance.delete("sys_script", &stop);
    }
    assert_eq!(errors_of_flows(&instance), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_step_of_a_flow_that_a_rule_refuses_is_missing_and_the_log_says_so() {
    for table in ["sc_req_item", "sc_task"] {
        let instance = seeded();
        let before = instance.rows(table).len();
        abort(&instance, table, &[("action_update", "false")]);
        let made = order(&instance, "order_now").await;
        assert_eq!(made.status(), StatusCode::OK, "the request itself was made");
        assert_eq!(instance.rows(table).len(), before);
        let errors = errors_of_flows(&instance);
        let begins = format!("could not add a row to {table}: Operation against file '{table}' was aborted by");
        assert!(errors.len() == 1 && errors[0].starts_with(&begins), "{errors:?}");
        assert_eq!(instance.ignored(), [format!("a step of a flow {}", errors[0])]);
    }
    let instance = seeded();
    let item = instance.order("tom.becker", "External Monitor", &[]);
    let task = sys_id(&instance, "sc_task", "request_item", &item);
    abort(&instance, "sc_req_item", &[]);
    instance.update("sc_task", &task, &[("state", "3")]);
    assert_eq!(instance.row("sc_req_item", &item).unwrap()["state"], "2");
    assert!(errors_of_flows(&instance)[0].starts_with(&format!("could not change sc_req_item {item}: ")));
}

#[tokio::test(start_paused = true)]
async fn what_the_platform_notes_down_meets_no_rule() {
    let instance = seeded();
    let id = incident(&instance).await;
    abort(&instance, "sys_journal_field", &[]);
    abort(&instance, "sys_properties", &[]);
    instance.set_property("glide.invalid_query.returns_no_rows", "true");
    let property = sys_id(
        &instance,
        "sys_properties",
        "name",
        "glide.invalid_query.returns_no_rows",
    );
    assert_eq!(instance.row("sys_properties", &property).unwrap()["value"], "true");
    instance.agent_comment(&id, "stored");
    instance.guess(|guesses| guesses.journal_entries_meet_business_rules = true);
    instance.update("incident", &id, &[("comments", "lost")]);
    let texts: Vec<String> = instance
        .journal(&id, "comments")
        .into_iter()
        .map(|entry| entry.value)
        .collect();
    assert_eq!(texts, ["stored"]);
    let notes = instance.ignored();
    let begins = format!("an entry of comments on incident {id} was not stored: Operation against file");
    assert!(notes.len() == 1 && notes[0].starts_with(&begins), "{notes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_rule_can_refuse_a_file() {
    let instance = seeded();
    let id = incident(&instance).await;
    abort(
        &instance,
        "sys_attachment",
        &[("filter_condition", "file_nameENDSWITH.exe")],
    );
    let store = async |name: &str| {
        let path = format!("/api/now/attachment/file?table_name=incident&table_sys_id={id}&file_name={name}");
        ask(&instance, "POST", &path, Some(json!("x"))).await
    };
    assert!(is_aborted(&store("a.exe").await));
    assert_eq!(store("a.txt").await.status(), StatusCode::CREATED);
    assert_eq!(instance.attachments(&id).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn who_has_the_role_administers_and_not_who_has_the_name() {
    let instance = seeded();
    let help = sys_id(&instance, "kb_knowledge", "short_description", "A stuck interchange");
    let reads = async |user: &str| {
        let path = format!("/api/sn_km_api/knowledge/articles/{help}");
        ask_as(&instance, user, "GET", &path, None).await.status() == StatusCode::OK
    };
    let variables = [
        ("company_id", "GC1"),
        ("company_name", "x"),
        ("trading_address", "x"),
        ("reason", "x"),
    ];
    let decides = async |user: &str| {
        let item = instance.order("nina.olsen", "Off-board a trading partner", &variables);
        let approval = instance.approvals(&item)[0].sys_id.clone();
        rule(&instance, "sysapproval_approver", "write", &[], &[]);
        rule(&instance, "sysapproval_approver", "read", &[], &[]);
        let path = format!("/api/now/table/sysapproval_approver/{approval}");
        let answer = json!({ "state": "approved" });
        ask_as(&instance, user, "PATCH", &path, Some(answer)).await.status() == StatusCode::OK
    };
    let empties = async |user: &str| {
        assert_eq!(order(&instance, "add_to_cart").await.status(), StatusCode::OK);
        let path = format!("{CATALOG}/cart/{}/empty", instance.rows("sc_cart")[0]["sys_id"]);
        ask_as(&instance, user, "DELETE", &path, None).await.status() == StatusCode::NO_CONTENT
    };
    let admin = super::role_id(&instance, "admin");
    let named = super::user_id(&instance, "admin");
    for row in instance.rows("sys_user_has_role") {
        if row["role"] == admin && row["user"] == named {
            instance.delete("sys_user_has_role", &row["sys_id"]);
        }
    }
    let base = instance.row("kb_knowledge", &help).unwrap()["kb_knowledge_base"].clone();
    instance.update("kb_knowledge_base", &base, &[("active", "false")]);
    for (user, is_administrator) in [("admin", false), (DANA, false), (DANA, true)] {
        if is_administrator {
            give(&instance, user, "admin");
        }
        let may = (reads(user).await, decides(user).await, empties(user).await);
        assert_eq!(may, (is_administrator, is_administrator, is_administrator), "{user}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_role_of_a_group_lets_its_members_order_for_others() {
    let instance = seeded();
    instance.set_property("glide.sc.req_for.roles", "catalog");
    let monitor = sys_id(&instance, "sc_cat_item", "name", "External Monitor");
    let tom = super::user_id(&instance, "tom.becker");
    let order = async || {
        let body = json!({ "sysparm_quantity": 1, "sysparm_requested_for": tom });
        let path = format!("{CATALOG}/items/{monitor}/order_now");
        ask_as(&instance, "employee", "POST", &path, Some(body)).await.status()
    };
    assert_eq!(order().await, StatusCode::BAD_REQUEST);
    let group = sys_id(&instance, "sys_user_group", "name", "Partner Onboarding");
    let employee = super::user_id(&instance, "employee");
    let member = [("group", group.as_str()), ("user", &employee)];
    let membership = instance.insert("sys_user_grmember", &member);
    assert_eq!(order().await, StatusCode::OK);
    instance.delete("sys_user_grmember", &membership);
    assert_eq!(order().await, StatusCode::BAD_REQUEST);
}
