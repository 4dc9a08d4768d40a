use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, error, get, give, seeded, sys_id};
use crate::servicenow::ServiceNow;

fn order_path(instance: &ServiceNow, item: &str) -> String {
    let item = sys_id(instance, "sc_cat_item", "name", item);
    format!("/api/sn_sc/servicecatalog/items/{item}/order_now")
}

fn add_user() -> Value {
    json!({
        "company_id": "GC41543822654A", "first_name": "Ada", "last_name": "Byron",
        "contact_email": "ada@northwind.example", "login_id": "ada.byron", "role_bundle": "partner_operator",
        "environment": "test", "reason": "New in the team",
    })
}

async fn order_user(instance: &ServiceNow) -> Value {
    let body = json!({ "sysparm_quantity": 1, "variables": add_user() });
    let path = order_path(instance, "Add a trading partner user");
    let response = ask(instance, "POST", &path, Some(body)).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    body_json(&response)["result"].clone()
}

#[tokio::test(start_paused = true)]
async fn an_order_answers_with_the_request_and_makes_an_item_that_waits() {
    let instance = seeded();
    let result = order_user(&instance).await;
    let request = result["request_id"].as_str().unwrap();
    let number = "REQ0010003";
    assert_eq!(
        result,
        json!({ "sys_id": request, "number": number, "request_number": number, "request_id": request,
                "table": "sc_request", "parent_id": null, "parent_table": "task" })
    );
    let fields = "number,approval,stage,state,quantity,cat_item.name,requested_for.user_name,\
                  variables.role_bundle,variables.company_id,variables.nothing";
    let query = format!("sysparm_query=request={request}&sysparm_fields={fields}");
    let items = get(&instance, &format!("/api/now/table/sc_req_item?{query}")).await;
    assert_eq!(
        items,
        json!([{ "number": "RITM0010003", "approval": "requested", "stage": "waiting_for_approval", "state": "1",
                 "quantity": "1", "cat_item.name": "Add a trading partner user",
                 "requested_for.user_name": "gridlink.integration", "variables.role_bundle": "partner_operator",
                 "variables.company_id": "GC41543822654A" }])
    );
    assert!(instance.rows("sc_task").iter().all(|task| task["request"] != request));
}

#[tokio::test(start_paused = true)]
async fn answers_are_rows_and_show_the_text_of_a_choice() {
    let instance = seeded();
    let result = order_user(&instance).await;
    let item = sys_id(
        &instance,
        "sc_req_item",
        "request",
        result["request_id"].as_str().unwrap(),
    );
    assert_eq!(instance.variables(&item)["login_id"], "ada.byron");
    let fields = "sc_item_option.item_option_new.name,sc_item_option.value";
    let query = format!("request_item={item}^sc_item_option.item_option_new.name=environment");
    let path = format!("/api/now/table/sc_item_option_mtom?sysparm_query={query}&sysparm_fields={fields}");
    assert_eq!(
        get(&instance, &path).await,
        json!([{ "sc_item_option.item_option_new.name": "environment", "sc_item_option.value": "test" }])
    );
    let path =
        format!("/api/now/table/sc_req_item/{item}?sysparm_fields=variables.environment&sysparm_display_value=all");
    assert_eq!(
        get(&instance, &path).await["variables.environment"],
        json!({ "display_value": "Test", "value": "test" })
    );
    instance.approve(&item);
    let task = sys_id(&instance, "sc_task", "request_item", &item);
    let path = format!("/api/now/table/sc_task/{task}?sysparm_fields=variables.login_id");
    assert_eq!(
        get(&instance, &path).await,
        json!({ "variables.login_id": "ada.byron" })
    );
}

#[tokio::test(start_paused = true)]
async fn an_order_without_quantity_or_mandatory_answers_is_not_placed() {
    let instance = seeded();
    let path = order_path(&instance, "Add a trading partner user");
    let before = instance.rows("sc_request").len();
    for quantity in [Value::Null, json!(0), json!(-1), json!("many"), json!(1.5)] {
        let body = json!({ "sysparm_quantity": quantity, "variables": add_user() });
        let refused = ask(&instance, "POST", &path, Some(body)).await;
        assert_eq!(
            (error(&refused).0, error(&refused).1.as_str()),
            (400, "Invalid quantity value"),
            "{quantity}"
        );
    }
    let mut variables = add_user();
    variables["login_id"] = json!(" ");
    let body = json!({ "sysparm_quantity": "1", "variables": variables });
    let refused = ask(&instance, "POST", &path, Some(body)).await;
    assert_eq!(
        (error(&refused).0, error(&refused).1.as_str()),
        (400, "Mandatory Variables are required")
    );
    let nothing = "/api/sn_sc/servicecatalog/items/nothing/order_now";
    let refused = ask(&instance, "POST", nothing, Some(json!({ "sysparm_quantity": 1 }))).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(instance.rows("sc_request").len(), before);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_variable_is_ignored() {
    let instance = seeded();
    let body = json!({ "sysparm_quantity": 2, "variables": { "colour": "red" } });
    let response = ask(
        &instance,
        "POST",
        &order_path(&instance, "External Monitor"),
        Some(body),
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert!(
        instance.ignored()[0].ends_with("has no variable colour"),
        "{:?}",
        instance.ignored()
    );
    let request = body_json(&response)["result"]["request_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(instance.row("sc_request", &request).unwrap()["price"], "USD;498.00");
}

#[tokio::test(start_paused = true)]
async fn ordering_for_others_follows_the_property() {
    let instance = seeded();
    let path = order_path(&instance, "Standard Laptop");
    let tom = sys_id(&instance, "sys_user", "user_name", "tom.becker");
    let body = json!({ "sysparm_quantity": 1, "sysparm_requested_for": tom });
    let allowed = ask(&instance, "POST", &path, Some(body.clone())).await;
    let request = body_json(&allowed)["result"]["request_id"].as_str().unwrap().to_owned();
    assert_eq!(instance.row("sc_request", &request).unwrap()["requested_for"], tom);
    let item = sys_id(&instance, "sc_req_item", "request", &request);
    assert_eq!(instance.row("sc_req_item", &item).unwrap()["requested_for"], tom);
    instance.set_property("glide.sc.req_for.roles.default", "deny");
    assert_eq!(
        ask(&instance, "POST", &path, Some(body.clone())).await.status(),
        StatusCode::BAD_REQUEST
    );
    instance.set_property("glide.sc.req_for.roles", "problem_admin,catalog_admin");
    assert_eq!(
        ask(&instance, "POST", &path, Some(body.clone())).await.status(),
        StatusCode::BAD_REQUEST
    );
    let admin = ask_as(&instance, "admin", "POST", &path, Some(body)).await;
    assert_eq!(admin.status(), StatusCode::OK, "the administrator has every role");
}

#[tokio::test(start_paused = true)]
async fn several_people_get_an_item_each_where_the_item_asks_whom_it_is_for() {
    let instance = seeded();
    let tom = sys_id(&instance, "sys_user", "user_name", "tom.becker");
    let aisha = sys_id(&instance, "sys_user", "user_name", "aisha.khan");
    let body = json!({ "sysparm_quantity": 1, "sysparm_requested_for": tom, "sysparm_also_request_for": aisha });
    let response = ask(
        &instance,
        "POST",
        &order_path(&instance, "Standard Laptop"),
        Some(body.clone()),
    )
    .await;
    let request = body_json(&response)["result"]["request_id"].clone();
    let rows = instance.rows("sc_req_item");
    let made: Vec<&str> = rows
        .iter()
        .filter(|row| row["request"] == request.as_str().unwrap())
        .map(|row| row["requested_for"].as_str())
        .collect();
    assert_eq!(made, [tom.as_str(), aisha.as_str()]);
    let monitor = order_path(&instance, "External Monitor");
    let refused = ask(&instance, "POST", &monitor, Some(body.clone())).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    assert_eq!(body_json(&refused)["result"]["errCode"], "42202");
    instance.guess(|guesses| guesses.catalog.error_code_status = 200);
    assert_eq!(
        ask(&instance, "POST", &monitor, Some(body)).await.status(),
        StatusCode::OK
    );
}

#[tokio::test(start_paused = true)]
async fn a_request_is_not_made_by_inserting_a_row() {
    let instance = seeded();
    let path = "/api/now/table/sc_request";
    let refused = ask(&instance, "POST", path, Some(json!({ "short_description": "x" }))).await;
    let detail = "ACL Exception Insert Failed due to security constraints";
    assert_eq!(error(&refused), (403, "Operation Failed".to_owned(), json!(detail)));
    give(&instance, "gridlink.integration", "catalog_admin");
    let taken = ask(&instance, "POST", path, Some(json!({ "short_description": "x" }))).await;
    assert_eq!(taken.status(), StatusCode::CREATED);
}
