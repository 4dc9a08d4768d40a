//! What a query may ask, of its own table and of others.

use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, get, rule, seeded, sys_id, user_id};
use crate::servicenow::ServiceNow;

const CASE: &str = "/api/sn_customerservice/case";
const NOBODY: [(&str, &str); 1] = [("decision_type", "deny")];

fn encoded(query: &str) -> String {
    url::form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

async fn status(instance: &ServiceNow, path: &str, query: &str) -> u16 {
    let path = format!("{path}{}", encoded(query));
    ask(instance, "GET", &path, None).await.status().as_u16()
}

fn values(list: &Value, member: &str) -> Vec<String> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one[member].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn no_api_answers_a_query_on_a_field_that_can_never_be_read() {
    let instance = seeded();
    for name in [
        "sn_customerservice_case.cause",
        "customer_contact.mobile_phone",
        "customer_account.city",
        "kb_knowledge.meta",
    ] {
        rule(&instance, name, "read", &["user_admin"], &NOBODY);
    }
    for (path, query) in [
        (format!("{CASE}?sysparm_query="), "causeLIKEx"),
        (format!("{CASE}?query="), "active=true^ORDERBYcause"),
        (format!("{CASE}?query="), "account.cityISNOTEMPTY"),
        (format!("{CASE}/field_values/contact?query="), "mobile_phone=1"),
        (
            format!("{CASE}/CS0001001/field_values/account?query="),
            "city=Luxembourg",
        ),
        ("/api/now/account?sysparm_query=".to_owned(), "city=Luxembourg"),
        ("/api/now/contact?sysparm_query=".to_owned(), "mobile_phone=1"),
        ("/api/sn_km_api/knowledge/articles?filter=".to_owned(), "metaLIKEx"),
    ] {
        assert_eq!(status(&instance, &path, query).await, 403, "{path}{query}");
        assert_eq!(status(&instance, &path, "sys_idISNOTEMPTY").await, 200, "{path}");
    }
    instance.guess(|guesses| guesses.query_on_unreadable_field_is_refused = false);
    assert_eq!(status(&instance, &format!("{CASE}?query="), "causeLIKEx").await, 200);
}

#[tokio::test(start_paused = true)]
async fn a_case_that_may_not_be_read_is_neither_listed_nor_counted_nor_there() {
    let instance = seeded();
    let deny = [("decision_type", "deny"), ("condition", "number!=CS0001001")];
    rule(&instance, "sn_customerservice_case", "read", &[], &deny);
    let page = async |limit: usize| {
        let path = format!("{CASE}?limit={limit}&query=ORDERBYnumber");
        let page = ask(&instance, "GET", &path, None).await;
        let count = page.headers()["x-total-count"].to_str().unwrap().to_owned();
        (values(&body_json(&page)["result"], "number"), count)
    };
    assert_eq!(page(1).await, (vec!["CS0001002".to_owned()], "1".to_owned()));
    instance.guess(|guesses| guesses.cases.hidden_rows_are_counted = true);
    assert_eq!(page(1).await, (vec![], "2".to_owned()));
    let hidden = sys_id(&instance, "sn_customerservice_case", "number", "CS0001001");
    for path in ["", "/activities", "/field_values/contact"] {
        let path = format!("{CASE}/{hidden}{path}");
        assert_eq!(ask(&instance, "GET", &path, None).await.status(), 404, "{path}");
    }
    let path = format!("{CASE}/{hidden}");
    let change = json!({ "short_description": "x" });
    assert_eq!(ask(&instance, "PUT", &path, Some(change)).await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn lists_of_accounts_contacts_and_values_hold_what_may_be_read() {
    let instance = seeded();
    let contoso = sys_id(&instance, "customer_account", "name", "Contoso Retail");
    let of_others = format!("account!={contoso}");
    let deny = [("decision_type", "deny"), ("condition", of_others.as_str())];
    rule(&instance, "customer_contact", "read", &[], &deny);
    let deny = [("decision_type", "deny"), ("condition", "name!=Contoso Retail")];
    rule(&instance, "customer_account", "read", &[], &deny);
    rule(&instance, "customer_contact.email", "read", &["admin"], &NOBODY);
    let laurent = "Elise Laurent".to_owned();
    let contacts = get(&instance, "/api/now/contact?sysparm_limit=1000").await;
    assert!(!values(&contacts, "name").contains(&laurent) && contacts[0].get("email").is_none());
    assert!(!contacts.as_array().unwrap().is_empty());
    let elise = sys_id(&instance, "customer_contact", "name", &laurent);
    for path in [
        format!("/api/now/contact/{elise}"),
        format!("/api/now/account/{contoso}"),
    ] {
        assert_eq!(ask(&instance, "GET", &path, None).await.status(), 404, "{path}");
    }
    let accounts = get(&instance, "/api/now/account?sysparm_limit=1000").await;
    assert!(!values(&accounts, "name").contains(&"Contoso Retail".to_owned()));
    let path = format!("{CASE}/field_values/contact?reference_field_columns=email,last_name");
    let offered = get(&instance, &path).await;
    assert!(!values(&offered, "label").contains(&laurent));
    assert_eq!(
        (offered[0].get("email"), offered[0]["last_name"].is_string()),
        (None, true)
    );
    let case = get(&instance, &format!("{CASE}/CS0001002")).await;
    assert_eq!(case["account"], contoso.as_str(), "only its sys_id is told");
}

#[tokio::test(start_paused = true)]
async fn the_activity_stream_shows_what_may_be_read() {
    let instance = seeded();
    let case = sys_id(&instance, "sn_customerservice_case", "number", "CS0001001");
    instance.agent_comment(&case, "open");
    instance.agent_work_note(&case, "internal");
    instance.agent_file(&case, "a.txt", "text/plain", "x");
    let stream = async || get(&instance, &format!("{CASE}/{case}/activities")).await;
    let elements = async || values(&stream().await["entries"], "element");
    assert_eq!(elements().await, ["attachment", "work_notes", "comments"]);
    rule(&instance, "sys_attachment", "read", &["admin"], &NOBODY);
    assert_eq!(elements().await, ["work_notes", "comments"]);
    rule(
        &instance,
        "sn_customerservice_case.work_notes",
        "write",
        &["admin"],
        &NOBODY,
    );
    let notes = stream().await["journal_fields"][1].clone();
    assert_eq!((&notes["can_read"], &notes["can_write"]), (&json!(true), &json!(false)));
    rule(
        &instance,
        "sn_customerservice_case.work_notes",
        "read",
        &["admin"],
        &NOBODY,
    );
    rule(
        &instance,
        "sn_customerservice_case.short_description",
        "read",
        &["admin"],
        &NOBODY,
    );
    assert_eq!(elements().await, ["comments"]);
    let stream = stream().await;
    assert_eq!(stream["journal_fields"][1]["can_read"], false);
    assert_eq!(
        (&stream["short_description"], &stream["number"]),
        (&json!(""), &json!("CS0001001"))
    );
}

#[tokio::test(start_paused = true)]
async fn other_tables_are_asked_only_for_what_can_be_read_there() {
    let instance = seeded();
    rule(&instance, "sys_user.mobile_phone", "read", &["user_admin"], &[]);
    rule(&instance, "sys_user.active", "read", &["user_admin"], &[]);
    let users = "/api/now/table/sys_user?sysparm_query=";
    let incidents = "/api/now/table/incident?sysparm_query=";
    for (path, query) in [
        (users, "RLQUERYsys_user_has_role.user,>0^ENDRLQUERY"),
        (users, "JOINsys_user.sys_id=sys_user_has_role.user!"),
        (users, "SUBQUERYsys_id,user,sys_user_has_role^ENDSUBQUERY"),
        (
            users,
            "SUBQUERYsys_id,caller_id,incident^caller_id.mobile_phone=1^ENDSUBQUERY",
        ),
        (users, "SUBQUERYmobile_phone,number,incident^ENDSUBQUERY"),
        (incidents, "JOINincident.caller_id=sys_user.sys_id!mobile_phone=1"),
        (
            incidents,
            "SUBQUERYcaller_id,sys_id,sys_user^mobile_phone=1^ENDSUBQUERY",
        ),
        (incidents, "SUBQUERYnumber,mobile_phone,sys_user^ENDSUBQUERY"),
        (users, "nameSAMEASmobile_phone"),
        (users, "ORDERBYmanager.mobile_phone"),
        (incidents, "ORDERBYDESCcaller_id.mobile_phone"),
    ] {
        assert_eq!(status(&instance, path, query).await, 403, "{query}");
    }
    for (path, query) in [
        // `active` of an incident is another field than that of a user.
        (users, "RLQUERYincident.caller_id,>0^active=true^ENDRLQUERY"),
        (incidents, "JOINincident.caller_id=sys_user.sys_id!name=x"),
        (incidents, "SUBQUERYcaller_id,sys_id,sys_user^name=x^ENDSUBQUERY"),
    ] {
        assert_eq!(status(&instance, path, query).await, 200, "{query}");
    }
    let stats = "/api/now/stats/sys_user?sysparm_count=true&sysparm_query=";
    assert_eq!(
        status(&instance, stats, "RLQUERYsys_user_has_role.user,>0^ENDRLQUERY").await,
        403
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_reference_displays_may_be_asked_by_who_may_read_the_reference() {
    let instance = seeded();
    rule(&instance, "sys_user", "read", &["user_admin"], &NOBODY);
    let incidents = "/api/now/table/incident?sysparm_query=";
    for query in ["caller_idLIKEx", "ORDERBYcaller_id", "caller_id=x"] {
        assert_eq!(status(&instance, incidents, query).await, 200, "{query}");
    }
    assert_eq!(status(&instance, "/api/now/table/incident?caller_id=", "x").await, 200);
    assert_eq!(status(&instance, incidents, "caller_id.nameLIKEx").await, 403);
    rule(&instance, "incident.caller_id", "read", &["user_admin"], &NOBODY);
    for query in ["caller_idLIKEx", "ORDERBYcaller_id", "caller_id=x"] {
        assert_eq!(status(&instance, incidents, query).await, 403, "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn rows_of_other_tables_that_may_not_be_read_are_not_there_for_the_query() {
    let instance = seeded();
    let (employee, itil) = (user_id(&instance, "employee"), user_id(&instance, "itil"));
    for caller in [&employee, &itil, &itil] {
        instance.insert("incident", &[("short_description", "x"), ("caller_id", caller)]);
    }
    let found = async |user: &str, query: &str| {
        let path = format!(
            "/api/now/table/sys_user?sysparm_query={}",
            encoded(&format!("{query}^ORDERBYuser_name"))
        );
        values(
            &body_json(&ask_as(&instance, user, "GET", &path, None).await)["result"],
            "user_name",
        )
    };
    let queries = [
        "RLQUERYincident.caller_id,>0^short_description=x^ENDRLQUERY",
        "JOINsys_user.sys_id=incident.caller_id!short_description=x",
        "JOINsys_user.sys_id=incident.caller_id!",
        "SUBQUERYsys_id,caller_id,incident^short_description=x^ENDSUBQUERY",
    ];
    for query in queries {
        assert_eq!(found("employee", query).await, ["employee"], "{query}");
        assert_eq!(found("itil", query).await, ["employee", "itil"], "{query}");
    }
    let none = "user_nameINemployee,itil^RLQUERYincident.caller_id,=0^ENDRLQUERY";
    assert_eq!(found("employee", none).await, ["itil"]);
    instance.guess(|guesses| guesses.joined_rows_must_be_readable = false);
    for query in queries {
        assert_eq!(found("employee", query).await, ["employee", "itil"], "{query}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_conditions_of_rules_see_every_row() {
    let instance = seeded();
    let has_role = "SUBQUERYcaller_id,user,sys_user_has_role^ENDSUBQUERY";
    let fields = [
        ("name", "template"),
        ("collection", "incident"),
        ("when", "before"),
        ("action_insert", "true"),
        ("filter_condition", has_role),
        ("template", "category=network^EQ"),
    ];
    instance.insert("sys_script", &fields);
    let employee = user_id(&instance, "employee");
    let fields = json!({ "short_description": "x", "caller_id": employee });
    let row = super::create(&instance, "incident", fields).await;
    assert_eq!(row["category"], "network");
    let deny = [("decision_type", "deny"), ("condition", has_role)];
    rule(&instance, "incident", "read", &[], &deny);
    let path = format!("/api/now/table/incident/{}", row["sys_id"].as_str().unwrap());
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), StatusCode::OK);
}
