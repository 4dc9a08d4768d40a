use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, error, get, seeded, sys_id};
use crate::servicenow::ServiceNow;

const API: &str = "/api/sn_sc/servicecatalog";

/// Puts monitors into the cart of the integration.
async fn add(instance: &ServiceNow, quantity: u32) -> Value {
    let monitor = sys_id(instance, "sc_cat_item", "name", "External Monitor");
    let path = format!("{API}/items/{monitor}/add_to_cart");
    let response = ask(instance, "POST", &path, Some(json!({ "sysparm_quantity": quantity }))).await;
    assert_eq!(response.status(), StatusCode::OK);
    body_json(&response)["result"].clone()
}

#[tokio::test(start_paused = true)]
async fn what_is_added_is_counted_and_priced() {
    let instance = seeded();
    add(&instance, 1).await;
    let added = add(&instance, 2).await;
    assert_eq!(added["subtotal"], "$747.00");
    assert_eq!(
        (&added["items"][1]["quantity"], &added["items"][1]["price"]),
        (&json!("2"), &json!("$249.00"))
    );
    let cart = get(&instance, &format!("{API}/cart")).await;
    assert_eq!(
        (&cart["cart_id"], &cart["subtotal_price"]),
        (&added["cart_id"], &json!("$747.00"))
    );
    let line = &cart["none"]["items"][1];
    assert_eq!(
        (&line["subtotal"], &line["subtotal_price"]),
        (&json!(498), &json!("$498.00"))
    );
    assert_eq!(
        (&line["recurring_frequency"], &line["created_by"]),
        (&Value::Null, &json!("gridlink.integration"))
    );
}

#[tokio::test(start_paused = true)]
async fn an_empty_cart_is_shown_but_not_ordered() {
    let instance = seeded();
    let cart = get(&instance, &format!("{API}/cart")).await;
    assert_eq!((&cart["subtotal_price"], cart.get("none")), (&json!("$0.00"), None));
    for action in ["checkout", "submit_order"] {
        let refused = ask(&instance, "POST", &format!("{API}/cart/{action}"), None).await;
        assert_eq!(error(&refused).0, 400, "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn ordering_makes_one_request_and_empties_the_cart() {
    let instance = seeded();
    add(&instance, 3).await;
    let mailbox = sys_id(&instance, "sc_cat_item", "name", "Shared Mailbox");
    let variables = json!({ "mailbox_name": "edi@customer.example", "members": "all" });
    let path = format!("{API}/items/{mailbox}/add_to_cart");
    ask(
        &instance,
        "POST",
        &path,
        Some(json!({ "sysparm_quantity": 1, "variables": variables })),
    )
    .await;
    let response = ask(&instance, "POST", &format!("{API}/cart/submit_order"), None).await;
    let result = body_json(&response)["result"].clone();
    assert_eq!(result["request_number"], "REQ0010003");
    let request = result["request_id"].as_str().unwrap();
    let rows = instance.rows("sc_req_item");
    let made: Vec<_> = rows.iter().filter(|row| row["request"] == request).collect();
    assert_eq!(made.len(), 2);
    assert_eq!(made[0]["quantity"], "3");
    assert_eq!(
        instance.variables(&made[1]["sys_id"])["mailbox_name"],
        "edi@customer.example"
    );
    assert!(instance.rows("sc_cart_item").is_empty());
    assert!(
        instance
            .rows("sc_item_option")
            .iter()
            .all(|row| row["cart_item"].is_empty())
    );
}

#[tokio::test(start_paused = true)]
async fn checking_out_orders_at_once_unless_there_is_a_second_step() {
    let instance = seeded();
    add(&instance, 1).await;
    instance.set_property("glide.sc.checkout.twostep", "true");
    let path = format!("{API}/cart/checkout");
    let shown = body_json(&ask(&instance, "POST", &path, None).await)["result"].clone();
    assert_eq!(shown["requested_for_user"], "Gridlink Integration");
    assert_eq!(shown.get("request_id"), None);
    instance.set_property("glide.sc.checkout.twostep", "false");
    let ordered = body_json(&ask(&instance, "POST", &path, None).await)["result"].clone();
    assert_eq!(ordered["request_number"], "REQ0010003");
}

#[tokio::test(start_paused = true)]
async fn a_line_is_changed_and_removed_by_its_owner_only() {
    let instance = seeded();
    let line = add(&instance, 1).await["items"][0]["cart_item_id"].clone();
    let path = format!("{API}/cart/{}", line.as_str().unwrap());
    let change = json!({ "sysparm_quantity": "4" });
    let foreign = ask_as(&instance, "tom.becker", "PUT", &path, Some(change.clone())).await;
    assert_eq!(foreign.status(), StatusCode::BAD_REQUEST);
    let changed = ask(&instance, "PUT", &path, Some(change)).await;
    assert_eq!(changed.status(), StatusCode::CREATED);
    assert_eq!(body_json(&changed)["result"]["subtotal_price"], "$996.00");
    assert_eq!(
        ask_as(&instance, "tom.becker", "DELETE", &path, None).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        ask(&instance, "DELETE", &path, None).await.status(),
        StatusCode::NO_CONTENT
    );
    assert!(instance.rows("sc_cart_item").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_cart_is_emptied_by_its_owner_or_the_administrator() {
    let instance = seeded();
    let cart = add(&instance, 1).await["cart_id"].as_str().unwrap().to_owned();
    let path = format!("{API}/cart/{cart}/empty");
    assert_eq!(
        ask_as(&instance, "tom.becker", "DELETE", &path, None).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        ask_as(&instance, "admin", "DELETE", &path, None).await.status(),
        StatusCode::NO_CONTENT
    );
    assert!(instance.rows("sc_cart").is_empty() && instance.rows("sc_cart_item").is_empty());
}
