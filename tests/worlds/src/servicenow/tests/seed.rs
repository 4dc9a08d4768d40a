use serde_json::json;

use super::{get, seeded};

#[tokio::test(start_paused = true)]
async fn a_partner_is_found_by_its_trading_grid_id_as_account_and_as_company() {
    let instance = seeded();
    for table in ["customer_account", "core_company"] {
        let path = format!(
            "/api/now/table/{table}?sysparm_query=u_trading_grid_id=GC41543822654A\
             &sysparm_fields=sys_id,name,u_trading_grid_id&sysparm_limit=2"
        );
        let rows = get(&instance, &path).await;
        assert_eq!(rows.as_array().unwrap().len(), 1);
        assert_eq!(rows[0]["name"], "Northwind Components");
    }
    assert_eq!(instance.rows("customer_account").len(), 10);
    assert_eq!(instance.rows("core_company").len(), 12);
}

#[tokio::test(start_paused = true)]
async fn each_group_is_active_once() {
    let instance = seeded();
    for name in [
        "EDI Support",
        "B2B Finance",
        "Logistics Exceptions",
        "Trading Partner Compliance",
        "Customer Service",
    ] {
        let query = format!("name={}^active=true", name.replace(' ', "%20"));
        let rows = get(
            &instance,
            &format!("/api/now/table/sys_user_group?sysparm_query={query}"),
        )
        .await;
        assert_eq!(rows.as_array().unwrap().len(), 1, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn there_are_records_and_users_already() {
    let instance = seeded();
    assert_eq!(
        (
            instance.rows("sn_customerservice_case").len(),
            instance.rows("incident").len()
        ),
        (2, 2)
    );
    let users = instance.rows("sys_user");
    assert!(users.iter().any(|user| user["user_name"] == "gridlink.integration"));
    assert!(instance.ignored().is_empty(), "{:?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn choices_and_columns_are_rows() {
    let instance = seeded();
    let query = "name=incident^element=state^inactive=false^language=en^ORDERBYsequence";
    let rows = get(
        &instance,
        &format!("/api/now/table/sys_choice?sysparm_query={query}&sysparm_fields=value,label"),
    )
    .await;
    assert_eq!(rows[0], json!({ "value": "1", "label": "New" }));
    assert_eq!(rows.as_array().unwrap().len(), 6);
    let query = "name=incident^element=caller_id";
    let path = format!("/api/now/table/sys_dictionary?sysparm_query={query}&sysparm_fields=internal_type,reference");
    assert_eq!(
        get(&instance, &path).await,
        json!([{ "internal_type": "reference", "reference": "sys_user" }])
    );
}

#[tokio::test(start_paused = true)]
async fn two_instances_of_the_same_time_share_no_change() {
    let (first, second) = (seeded(), seeded());
    first.insert("incident", &[("short_description", "only here")]);
    let column = super::super::Column::text("u_only_here", "Only here", 40);
    first.add_column("incident", column);
    assert_eq!(second.rows("incident").len(), 2);
    let id = second.insert("incident", &[("u_only_here", "x")]);
    assert!(!second.row("incident", &id).unwrap().contains_key("u_only_here"));
    assert_eq!(seeded().rows("incident").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn orders_and_articles_are_there_and_nobody_waits() {
    let instance = seeded();
    let count = |table| instance.rows(table).len();
    assert_eq!(
        (count("sc_catalog"), count("sc_cat_item"), count("sc_req_item")),
        (2, 9, 2)
    );
    assert_eq!((count("kb_knowledge_base"), count("kb_knowledge")), (2, 15));
    let waiting = instance.rows("sysapproval_approver");
    assert!(waiting.iter().all(|row| row["state"] == "approved"));
    assert_eq!(instance.rows("sc_req_item")[0]["sys_created_on"], "2026-11-01 10:00:00");
}
