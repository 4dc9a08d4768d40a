use serde_json::json;

use super::{ask, ask_as, body_json, give, incident, role_id, seeded, sys_id, user_id};
use crate::servicenow::ServiceNow;

/// Whether `employee` may read somebody else's incident.
async fn reads(instance: &ServiceNow, id: &str) -> bool {
    let response = ask_as(
        instance,
        "employee",
        "GET",
        &format!("/api/now/table/incident/{id}"),
        None,
    )
    .await;
    response.status() == 200
}

#[tokio::test(start_paused = true)]
async fn a_role_comes_from_the_user_from_a_group_or_from_another_role() {
    let instance = seeded();
    let id = incident(&instance).await;
    assert!(!reads(&instance, &id).await);

    let given = give(&instance, "employee", "itil");
    assert!(reads(&instance, &id).await);
    instance.update_as("admin", "sys_user_has_role", &given, &[("state", "inactive")]);
    assert!(!reads(&instance, &id).await);

    let given = give(&instance, "employee", "problem_admin");
    assert!(reads(&instance, &id).await, "it contains itil");
    instance.delete("sys_user_has_role", &given);
    assert!(!reads(&instance, &id).await);

    let network = sys_id(&instance, "sys_user_group", "name", "Network");
    let below = instance.insert("sys_user_group", &[("name", "Cables"), ("parent", &network)]);
    let employee = user_id(&instance, "employee");
    instance.insert("sys_user_grmember", &[("group", &below), ("user", &employee)]);
    assert!(reads(&instance, &id).await, "the group above has itil");
    for row in instance.rows("sys_group_has_role") {
        if row["group"] == network {
            instance.update_as("admin", "sys_group_has_role", &row["sys_id"], &[("inherits", "false")]);
        }
    }
    assert!(!reads(&instance, &id).await);
}

#[tokio::test(start_paused = true)]
async fn roles_that_contain_each_other_end() {
    let instance = seeded();
    let (itil, knowledge) = (role_id(&instance, "itil"), role_id(&instance, "knowledge"));
    for (role, contains) in [(&itil, &knowledge), (&knowledge, &itil)] {
        let fields = [("role", role.as_str()), ("contains", contains.as_str())];
        instance.insert("sys_user_role_contains", &fields);
    }
    give(&instance, "employee", "knowledge");
    let id = incident(&instance).await;
    assert!(reads(&instance, &id).await);
}

#[tokio::test(start_paused = true)]
async fn the_integration_may_do_its_work_and_not_more() {
    let instance = seeded();
    let refused = |method, table: &str, body| {
        let path = format!("/api/now/table/{table}");
        let instance = instance.clone();
        async move { ask(&instance, method, &path, Some(body)).await.status().as_u16() == 403 }
    };
    let user = user_id(&instance, "employee");
    assert!(refused("PATCH", &format!("sys_user/{user}"), json!({ "title": "x" })).await);
    for (table, body) in [
        ("sys_user", json!({ "user_name": "new" })),
        ("sys_user_has_role", json!({ "user": user })),
        ("sys_script", json!({ "name": "new" })),
        ("sys_properties", json!({ "name": "new" })),
        ("sys_security_acl", json!({ "name": "incident" })),
        ("customer_account", json!({ "name": "new" })),
        ("sys_user_group", json!({ "name": "new" })),
    ] {
        assert!(refused("POST", table, body).await, "{table}");
    }
    let case = json!({ "short_description": "x" });
    assert!(!refused("POST", "sn_customerservice_case", case.clone()).await);
    assert!(!refused("POST", "sn_customerservice_task", case).await);
}

#[tokio::test(start_paused = true)]
async fn agents_and_contacts_see_what_is_theirs() {
    let instance = seeded();
    let contact = instance.rows("customer_contact")[0].clone();
    let fields = [("short_description", "theirs"), ("contact", contact["sys_id"].as_str())];
    let case = instance.insert("sn_customerservice_case", &fields);
    instance.agent_work_note(&case, "internal");
    let path = format!("/api/now/table/sn_customerservice_case/{case}?sysparm_display_value=true");
    let seen = async |user: &str| body_json(&ask_as(&instance, user, "GET", &path, None).await)["result"].clone();
    for agent in ["maria.santos", "luc.moreau"] {
        assert_eq!(seen(agent).await["short_description"], "theirs", "{agent}");
    }
    let theirs = seen(&contact["user_name"]).await;
    assert_eq!(theirs["short_description"], "theirs");
    assert!(theirs.get("work_notes").is_none(), "work notes are internal");
    assert!(seen("anna.kowalska").await.is_null());
}

#[tokio::test(start_paused = true)]
async fn as_many_administer_as_on_an_instance_with_demonstration_data() {
    let instance = seeded();
    let admin = role_id(&instance, "admin");
    assert_eq!(admin, "2831a114c611228501d4ea6c309d626d");
    let users = instance.rows("sys_user_has_role");
    assert_eq!(users.iter().filter(|row| row["role"] == admin).count(), 16);
    let roles = instance.rows("sys_user_role");
    let administers = |id: &str| {
        roles
            .iter()
            .any(|role| role["sys_id"] == id && role["name"].contains("admin"))
    };
    let groups = instance.rows("sys_group_has_role");
    assert_eq!(groups.iter().filter(|row| administers(&row["role"])).count(), 5);
}
