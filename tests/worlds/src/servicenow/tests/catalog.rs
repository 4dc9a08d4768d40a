use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, body_json, get, seeded, sys_id};

const API: &str = "/api/sn_sc/servicecatalog";

fn names(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn catalogs_hold_categories_and_categories_hold_items() {
    let instance = seeded();
    let catalogs = get(&instance, &format!("{API}/catalogs")).await;
    assert_eq!(
        names(&catalogs, "title"),
        ["Trading Partner Services", "Service Catalog"]
    );
    assert_eq!(
        (&catalogs[0]["has_items"], &catalogs[0]["has_categories"]),
        (&json!(true), &json!(true))
    );
    let id = catalogs[0]["sys_id"].as_str().unwrap();
    let catalog = get(&instance, &format!("{API}/catalogs/{id}")).await;
    assert_eq!(
        names(&catalog["categories"], "title"),
        ["Partner onboarding", "Partner access"]
    );
    let categories = get(&instance, &format!("{API}/catalogs/{id}/categories?sysparm_limit=1")).await;
    assert_eq!(
        (&categories[0]["title"], &categories[0]["count"]),
        (&json!("Partner onboarding"), &json!(2))
    );
    let access = sys_id(&instance, "sc_category", "title", "Partner access");
    let category = get(&instance, &format!("{API}/categories/{access}")).await;
    assert_eq!(
        (&category["title"], &category["child_categories"]),
        (&json!("Partner access"), &json!([]))
    );
    let items = get(&instance, &format!("{API}/items?sysparm_category={access}")).await;
    assert_eq!(
        names(&items, "name"),
        [
            "Add a trading partner user",
            "Change a trading partner user's roles",
            "Remove a trading partner user's access"
        ]
    );
    let invalid = ask(&instance, "GET", &format!("{API}/catalogs/nothing"), None).await;
    assert_eq!(invalid.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn items_are_found_by_catalog_text_and_type() {
    let instance = seeded();
    let all = get(&instance, &format!("{API}/items")).await;
    assert_eq!(all.as_array().unwrap().len(), 9);
    let office = sys_id(&instance, "sc_catalog", "title", "Service Catalog");
    let path = format!("/api/sn_sc/v1/servicecatalog/items?sysparm_catalog={office}&sysparm_text=LAPTOP");
    assert_eq!(names(&get(&instance, &path).await, "name"), ["Standard Laptop"]);
    let producers = get(&instance, &format!("{API}/items?sysparm_type=Record%20Producer")).await;
    assert_eq!(names(&producers, "type"), ["record_producer"]);
    let page = get(&instance, &format!("{API}/items?sysparm_limit=2&sysparm_offset=8")).await;
    assert_eq!(page.as_array().unwrap().len(), 1);
    let laptop = sys_id(&instance, "sc_cat_item", "name", "Standard Laptop");
    instance.update("sc_cat_item", &laptop, &[("active", "false")]);
    assert_eq!(
        get(&instance, &format!("{API}/items")).await.as_array().unwrap().len(),
        8
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_has_prices_if_it_costs_something_and_variables() {
    let instance = seeded();
    let laptop = sys_id(&instance, "sc_cat_item", "name", "Standard Laptop");
    let item = get(&instance, &format!("{API}/items/{laptop}")).await;
    assert_eq!(
        (&item["price"], &item["show_price"]),
        (&json!("$1,100.00"), &json!(true))
    );
    let access = sys_id(&instance, "sc_cat_item", "name", "Add a trading partner user");
    let item = get(&instance, &format!("{API}/items/{access}")).await;
    assert_eq!((item.get("price"), &item["show_price"]), (None, &json!(false)));
    assert_eq!(
        names(&item["variables"], "name"),
        [
            "company_id",
            "first_name",
            "last_name",
            "contact_email",
            "login_id",
            "role_bundle",
            "environment",
            "reason"
        ]
    );
    let bundle = &item["variables"][5];
    assert_eq!(
        (&bundle["mandatory"], &bundle["type"], &bundle["friendly_type"]),
        (&json!(true), &json!(5), &json!("select_box"))
    );
    assert_eq!(
        bundle["choices"][1],
        json!({ "label": "Operator", "value": "partner_operator", "index": 1 })
    );
    let variables = get(&instance, &format!("{API}/items/{access}/variables")).await;
    assert_eq!(variables, item["variables"]);
}

#[tokio::test(start_paused = true)]
async fn a_producer_makes_a_record_of_its_table() {
    let instance = seeded();
    let producer = sys_id(&instance, "sc_cat_item_producer", "name", "Report a failed document");
    let path = format!("{API}/items/{producer}/submit_producer");
    let body = json!({ "variables": { "short_description": "810 rejected", "urgency": "1" } });
    let response = ask(&instance, "POST", &path, Some(body)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let result = body_json(&response)["result"].clone();
    let id = result["sys_id"].as_str().unwrap();
    assert_eq!(result["record"], format!("api/now/table/incident/{id}"));
    assert_eq!(
        (&result["table"], &result["parent_table"], &result["parent_id"]),
        (&json!("incident"), &json!("task"), &Value::Null)
    );
    let row = instance.row("incident", id).unwrap();
    assert_eq!(
        (row["number"].as_str(), row["priority"].as_str()),
        (result["number"].as_str().unwrap(), "3")
    );
    let open = ask(&instance, "POST", &path, Some(json!({ "variables": {} }))).await;
    assert_eq!(super::error(&open).1, "Mandatory Variables are required");
    let order = ask(
        &instance,
        "POST",
        &format!("{API}/items/{producer}/order_now"),
        Some(json!({ "sysparm_quantity": 1 })),
    )
    .await;
    assert_eq!(order.status(), StatusCode::BAD_REQUEST, "a producer is not ordered");
}
