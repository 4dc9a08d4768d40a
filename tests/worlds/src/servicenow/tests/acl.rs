use serde_json::{Value, json};
use time::macros::datetime;

use super::{ask, ask_as, body_json, create, error, get, incident, rule, seeded, user_id};
use crate::clock::Clock;
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident";

/// `employee` may read only incidents that are their own; three of five are.
fn five_incidents(instance: &ServiceNow) -> Vec<String> {
    let employee = user_id(instance, "employee");
    let callers = ["", &employee, "", &employee, &employee];
    let insert = |(number, caller): (usize, &&str)| {
        let number = format!("INC100000{number}");
        instance.insert("incident", &[("number", &number), ("caller_id", caller)])
    };
    callers.iter().enumerate().map(insert).collect()
}

#[tokio::test(start_paused = true)]
async fn rows_that_may_not_be_read_vanish_after_the_page_was_cut() {
    let instance = seeded();
    five_incidents(&instance);
    let query = "sysparm_query=numberSTARTSWITHINC1000^ORDERBYnumber&sysparm_fields=number";
    let numbers = async |limit: usize, offset: usize| {
        let path = format!("{TABLE}?{query}&sysparm_limit={limit}&sysparm_offset={offset}");
        let response = ask_as(&instance, "employee", "GET", &path, None).await;
        assert_eq!(response.headers()["x-total-count"], "5");
        let rows = body_json(&response)["result"].clone();
        let rows = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row["number"].as_str().unwrap().to_owned());
        rows.collect::<Vec<String>>()
    };
    assert_eq!(numbers(2, 0).await, ["INC1000001"]);
    assert_eq!(numbers(1, 2).await, [""; 0]);
    assert_eq!(numbers(9, 0).await, ["INC1000001", "INC1000003", "INC1000004"]);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_may_not_be_read_is_not_there_and_one_that_may_not_be_changed_refuses() {
    let instance = seeded();
    let ids = five_incidents(&instance);
    let ask = async |method: &str, id: &str| {
        let body = Some(json!({ "short_description": "changed" }));
        ask_as(&instance, "employee", method, &format!("{TABLE}/{id}"), body).await
    };
    for method in ["GET", "PATCH", "DELETE"] {
        assert_eq!(
            error(&ask(method, &ids[0]).await),
            (
                404,
                "No Record found".to_owned(),
                json!("Record doesn't exist or ACL restricts the record retrieval")
            )
        );
    }
    assert_eq!(ask("GET", &ids[1]).await.status(), 200);
    for (method, word) in [("PATCH", "Update"), ("DELETE", "Delete")] {
        let detail = format!("ACL Exception {word} Failed due to security constraints");
        let refused = (403, "Operation Failed".to_owned(), json!(detail));
        assert_eq!(error(&ask(method, &ids[1]).await), refused);
    }
    let refused = ask_as(
        &instance,
        "employee",
        "POST",
        TABLE,
        Some(json!({ "short_description": "x" })),
    )
    .await;
    assert_eq!(
        error(&refused).2,
        "ACL Exception Insert Failed due to security constraints"
    );
    assert_eq!(instance.row("incident", &ids[1]).unwrap()["short_description"], "");
}

#[tokio::test(start_paused = true)]
async fn a_field_that_may_not_be_read_is_missing_in_every_form_and_on_every_way() {
    let instance = seeded();
    let id = incident(&instance).await;
    let parent = incident(&instance).await;
    instance.update("incident", &id, &[("parent", &parent)]);
    rule(&instance, "task.description", "read", &["admin"], &[]);
    let fields = "sysparm_fields=number,description,parent.description,parent.number";
    for display in ["true", "false", "all"] {
        let path = format!("{TABLE}/{id}?sysparm_display_value={display}");
        let row = get(&instance, &path).await;
        assert!(row.get("description").is_none() && row.get("short_description").is_some());
        let row = get(&instance, &format!("{path}&{fields}")).await;
        let names: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(names, ["number", "parent.number"]);
    }
    let admin = body_json(&ask_as(&instance, "admin", "GET", &format!("{TABLE}/{id}"), None).await);
    assert_eq!(admin["result"]["description"], "");
}

#[tokio::test(start_paused = true)]
async fn a_dot_walk_does_not_lead_through_a_row_that_may_not_be_read() {
    let instance = seeded();
    let account = instance.rows("customer_account")[0]["sys_id"].clone();
    let id = instance.insert("incident", &[("company", &account), ("short_description", "x")]);
    let path = format!("{TABLE}/{id}?sysparm_fields=company,company.name&sysparm_display_value=true");
    let open = get(&instance, &path).await;
    assert!(open["company.name"].is_string());
    let deny = [("decision_type", "deny")];
    rule(&instance, "customer_account", "read", &["admin"], &deny);
    let hidden = get(&instance, &path).await;
    assert!(hidden.get("company.name").is_none());
    assert_eq!(hidden["company"]["display_value"], open["company"]["display_value"]);
}

#[tokio::test(start_paused = true)]
async fn a_field_that_may_not_be_written_is_ignored() {
    let instance = seeded();
    rule(&instance, "incident.category", "write", &["admin"], &[]);
    rule(&instance, "incident.category", "create", &["admin"], &[]);
    let row = create(
        &instance,
        "incident",
        json!({ "short_description": "x", "category": "b2b" }),
    )
    .await;
    assert_eq!(row["category"], "inquiry");
    let path = format!("{TABLE}/{}", row["sys_id"].as_str().unwrap());
    let change = json!({ "category": "b2b", "short_description": "y" });
    let row = body_json(&ask(&instance, "PATCH", &path, Some(change.clone())).await)["result"].clone();
    assert_eq!(
        (&row["category"], &row["short_description"]),
        (&json!("inquiry"), &json!("y"))
    );
    let notes = instance.ignored();
    assert_eq!(notes, ["gridlink.integration may not set incident.category"; 2]);
    let row = body_json(&ask_as(&instance, "admin", "PATCH", &path, Some(change)).await)["result"].clone();
    assert_eq!(row["category"], "b2b");
}

/// Whether the integration reads `short_description` under rules, given as name and whether they let it.
async fn reads_under(rules: &[(&str, bool)]) -> bool {
    let instance = seeded();
    let id = incident(&instance).await;
    for (name, passes) in rules {
        let role = if *passes { "itil" } else { "admin" };
        rule(&instance, name, "read", &[role], &[]);
    }
    let row = get(&instance, &format!("{TABLE}/{id}")).await;
    row.get("short_description").is_some()
}

#[tokio::test(start_paused = true)]
async fn the_most_specific_field_rules_decide_and_one_of_them_is_enough() {
    let order = [
        "incident.short_description",
        "task.short_description",
        "*.short_description",
        "incident.*",
        "task.*",
        "*.*",
    ];
    for (specific, general) in order.iter().zip(&order[1..]) {
        assert!(reads_under(&[(specific, true), (general, false)]).await, "{specific}");
        assert!(!reads_under(&[(specific, false), (general, true)]).await, "{specific}");
    }
    assert!(reads_under(&[("incident.*", false), ("incident.*", true)]).await);
    assert!(reads_under(&[]).await && !reads_under(&[("*.*", false)]).await);
}

#[tokio::test(start_paused = true)]
async fn a_row_follows_the_rules_of_its_class_then_of_its_parents_then_of_all() {
    let instance = seeded();
    let id = incident(&instance).await;
    let status = async || {
        ask(&instance, "GET", &format!("/api/now/table/task/{id}"), None)
            .await
            .status()
            .as_u16()
    };
    rule(&instance, "task", "read", &["admin"], &[]);
    rule(&instance, "*", "read", &["admin"], &[]);
    assert_eq!(status().await, 200, "the class has rules");
    for row in instance.rows("sys_security_acl") {
        if row["name"] == "incident" && row["operation"] == "read" {
            instance.update_as("admin", "sys_security_acl", &row["sys_id"], &[("active", "false")]);
        }
    }
    assert_eq!(status().await, 200, "the parent has one rule that passes");
    for row in instance.rows("sys_security_acl") {
        if row["name"] == "task" && row["operation"] == "read" {
            instance.delete("sys_security_acl", &row["sys_id"]);
        }
    }
    assert_eq!(status().await, 404);
    rule(&instance, "*", "read", &["itil"], &[]);
    assert_eq!(status().await, 200);
}

#[tokio::test(start_paused = true)]
async fn deny_unless_must_pass_whatever_else_does() {
    let instance = seeded();
    let id = incident(&instance).await;
    let status = async || {
        ask(&instance, "GET", &format!("{TABLE}/{id}"), None)
            .await
            .status()
            .as_u16()
    };
    let deny = [("decision_type", "deny"), ("condition", "state=1")];
    rule(&instance, "incident", "read", &[], &deny);
    assert_eq!(status().await, 200);
    instance.update("incident", &id, &[("state", "2")]);
    assert_eq!(status().await, 404);
}

#[tokio::test(start_paused = true)]
async fn a_rule_with_a_script_that_nobody_runs_lets_nobody_in() {
    let instance = seeded();
    let id = incident(&instance).await;
    let row = async || get(&instance, &format!("{TABLE}/{id}")).await;
    let script = [("advanced", "true"), ("script", "answer = true;")];
    let open = rule(&instance, "incident.category", "read", &[], &script);
    assert!(row().await.get("category").is_some());
    let change = [("script", "answer = current.active;")];
    instance.update_as("admin", "sys_security_acl", &open, &change);
    assert!(row().await.get("category").is_none());
}

#[tokio::test(start_paused = true)]
async fn administrators_pass_unless_a_rule_that_decides_says_no() {
    let instance = seeded();
    let id = incident(&instance).await;
    let row = async |user| body_json(&ask_as(&instance, user, "GET", &format!("{TABLE}/{id}"), None).await);
    rule(&instance, "incident.category", "read", &["itil_admin"], &[]);
    assert!(row("admin").await["result"].get("category").is_some());
    rule(
        &instance,
        "incident.category",
        "read",
        &["itil_admin"],
        &[("admin_overrides", "false")],
    );
    assert!(row("admin").await["result"].get("category").is_none());
    let fields = json!({ "name": "incident", "operation": "read" });
    let refused = ask_as(
        &instance,
        "admin",
        "POST",
        "/api/now/table/sys_security_acl",
        Some(fields),
    )
    .await;
    assert_eq!(refused.status(), 403, "it takes an elevated role");
}

#[tokio::test(start_paused = true)]
async fn a_table_without_rules_is_for_administrators_unless_the_property_allows_it() {
    let instance = seeded();
    let ask = async || ask(&instance, "GET", "/api/now/table/sys_script", None).await;
    instance.insert("sys_script", &[("name", "one"), ("collection", "incident")]);
    let rows = |response: &http::Response<bytes::Bytes>| body_json(response)["result"].as_array().unwrap().len();
    let hidden = ask().await;
    assert_eq!(
        (rows(&hidden), &hidden.headers()["x-total-count"]),
        (0, &http::HeaderValue::from(1))
    );
    instance.set_property("glide.sm.default_mode", "allow");
    assert_eq!(rows(&ask().await), 1);
}

#[tokio::test(start_paused = true)]
async fn a_query_on_a_field_that_can_never_be_read_is_refused() {
    let instance = seeded();
    rule(&instance, "sys_user.mobile_phone", "read", &["user_admin"], &[]);
    let status = async |path: &str| ask(&instance, "GET", path, None).await.status().as_u16();
    let user = "/api/now/table/sys_user";
    let refused = ask(
        &instance,
        "GET",
        &format!("{user}?sysparm_query=active=true^ORmobile_phoneLIKE312"),
        None,
    )
    .await;
    assert_eq!(
        error(&refused),
        (
            403,
            "Insufficient rights to query records".to_owned(),
            json!("Field(s) present in the query do not have permission to be read")
        )
    );
    for path in [
        "/api/now/table/sys_user?sysparm_query=ORDERBYDESCmobile_phone",
        "/api/now/table/sys_user?mobile_phone=1",
        "/api/now/table/incident?sysparm_query=caller_id.mobile_phoneISNOTEMPTY",
        "/api/now/table/sys_script?sysparm_query=nameISNOTEMPTY",
    ] {
        assert_eq!(status(path).await, 403, "{path}");
    }
    assert_eq!(
        status("/api/now/table/sys_user?sysparm_query=nonsense=1^name=x").await,
        200
    );
    assert_eq!(status("/api/now/table/sys_script").await, 200);
    instance.guess(|guesses| guesses.query_on_unreadable_field_is_refused = false);
    assert_eq!(status("/api/now/table/sys_user?mobile_phone=1").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_as_open_as_its_record() {
    let instance = seeded();
    let ids = five_incidents(&instance);
    let files: Vec<String> = ids[..2]
        .iter()
        .map(|id| instance.agent_file(id, "a.txt", "text/plain", "text"))
        .collect();
    let ask = async |method, path: &str| {
        let path = format!("/api/now/attachment{path}");
        ask_as(&instance, "employee", method, &path, Some(json!("x")))
            .await
            .status()
            .as_u16()
    };
    let status = async |file: &str| {
        let metadata = ask("GET", &format!("/{file}")).await;
        let bytes = ask("GET", &format!("/{file}/file")).await;
        (metadata, bytes, ask("DELETE", &format!("/{file}")).await)
    };
    assert_eq!(status(&files[0]).await, (404, 404, 404));
    assert_eq!(status(&files[1]).await, (200, 200, 403));
    let upload = async |id: &str| {
        let path = format!("/file?table_name=incident&table_sys_id={id}&file_name=b.txt");
        ask("POST", &path).await
    };
    assert_eq!((upload(&ids[0]).await, upload(&ids[1]).await), (404, 403));
    let path = "/api/now/attachment?sysparm_query=table_name=incident";
    let list = ask_as(&instance, "employee", "GET", path, None).await;
    let list: Value = body_json(&list)["result"].clone();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(list[0]["sys_id"], json!(files[1]));
}

#[tokio::test(start_paused = true)]
async fn an_instance_does_not_see_the_rules_of_another() {
    // Of a time of their own, so that no other test has made anything of their common rows yet.
    let clock = Clock::starting_at(datetime!(2026-11-23 07:00 UTC));
    let (first, second) = (ServiceNow::seeded(clock), ServiceNow::seeded(clock));
    rule(&first, "incident.category", "read", &["admin"], &[]);
    let category = async |instance| {
        let id = incident(instance).await;
        get(instance, &format!("{TABLE}/{id}")).await.get("category").is_some()
    };
    assert!(!category(&first).await);
    assert!(category(&second).await);
}
