use http::Request;
use serde_json::json;

use super::{ask, ask_as, body_json, create, error, full, give, incident, seeded, sys_id, user_id};

#[tokio::test(start_paused = true)]
async fn the_platforms_own_api_rules_are_there_but_not_active() {
    let instance = seeded();
    let id = incident(&instance).await;
    let rule = sys_id_of_api(&instance, "Table API");
    instance.update_as("admin", "sys_security_acl", &rule, &[("active", "true")]);
    let table = format!("/api/now/table/incident/{id}");
    let refused = ask(&instance, "GET", &table, None).await;
    assert_eq!(
        error(&refused),
        (
            403,
            "User Not Authorized".to_owned(),
            json!("Failed API level ACL Validation")
        )
    );
    assert_eq!(ask_as(&instance, "admin", "GET", &table, None).await.status(), 200);
    assert_eq!(ask(&instance, "GET", "/api/now/attachment", None).await.status(), 200);
    give(&instance, "gridlink.integration", "snc_platform_rest_api_access");
    assert_eq!(ask(&instance, "GET", &table, None).await.status(), 200);
}

fn sys_id_of_api(instance: &crate::servicenow::ServiceNow, name: &str) -> String {
    let rows = instance.rows("sys_security_acl");
    let rule = rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(
        (rule["type"].as_str(), rule["active"].as_str()),
        ("REST_Endpoint", "false")
    );
    rule["sys_id"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_table_can_be_closed_to_web_services() {
    let instance = seeded();
    let id = incident(&instance).await;
    let table = sys_id(&instance, "sys_db_object", "name", "incident");
    instance.update_as("admin", "sys_db_object", &table, &[("ws_access", "false")]);
    let path = format!("/api/now/table/incident/{id}");
    for user in ["gridlink.integration", "admin"] {
        let refused = ask_as(&instance, user, "GET", &path, None).await;
        assert_eq!(error(&refused).0, 403, "{user}");
    }
    let counted = ask(&instance, "GET", "/api/now/stats/incident?sysparm_count=true", None).await;
    assert_eq!(error(&counted).0, 403);
    instance.guess(|guesses| guesses.closed_table_status = 400);
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), 400);
    instance.update_as("admin", "sys_db_object", &table, &[("ws_access", "true")]);
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), 200);
}

#[tokio::test(start_paused = true)]
async fn an_account_that_is_inactive_locked_or_gone_is_not_let_in() {
    let instance = seeded();
    let user = user_id(&instance, "gridlink.integration");
    let authorization = format!("Bearer {}", super::token(&instance).await);
    let headers = [("authorization", authorization.as_str()), super::ACCEPT];
    let status = async || {
        let answer = super::send(&instance, "GET", "/api/now/table/incident", &headers, "").await;
        answer.status().as_u16()
    };
    for (field, bad, good) in [("active", "false", "true"), ("locked_out", "true", "false")] {
        assert_eq!(status().await, 200);
        instance.update_as("admin", "sys_user", &user, &[(field, bad)]);
        assert_eq!(status().await, 401, "{field}");
        instance.update_as("admin", "sys_user", &user, &[(field, good)]);
    }
    instance.delete("sys_user", &user);
    assert_eq!(status().await, 401, "gone");
}

#[tokio::test(start_paused = true)]
async fn a_json_body_has_at_most_ten_megabytes_and_a_file_more() {
    let instance = seeded();
    let token = super::token(&instance).await;
    let send = async |path: &str, size: usize| {
        let mut body = format!(r#"{{"short_description":"x","description":"{}"}}"#, "a".repeat(size));
        body.truncate(body.len() - 1);
        body.push('}');
        let request = Request::post(path)
            .header("authorization", format!("Bearer {token}"))
            .header("accept", "application/json")
            .header("content-type", "application/json");
        instance.call(request.body(full(body)).unwrap()).await
    };
    let ten = 10 * 1024 * 1024;
    let table = "/api/now/table/incident";
    let before = instance.rows("incident").len();
    assert_eq!(error(&send(table, ten).await).0, 400);
    assert_eq!(instance.rows("incident").len(), before);
    assert_eq!(send(table, ten - 100).await.status(), 201);
    let cases = instance.rows("sn_customerservice_case").len();
    for case in ["/api/sn_customerservice/case", "/api/sn_customerservice/v1/case"] {
        assert_eq!(send(case, ten).await.status(), 400, "{case}");
    }
    assert_eq!(instance.rows("sn_customerservice_case").len(), cases);
    for (path, otherwise) in [
        ("/api/sn_sc/servicecatalog/items/nothing/order_now", 400),
        ("/api/sn_sc/v1/servicecatalog/items/nothing/order_now", 400),
        ("/api/sn_km_api/knowledge/articles", 405),
        ("/api/sn_km_api/v1/knowledge/articles", 405),
    ] {
        let too_large = error(&send(path, ten).await);
        assert_eq!(
            (too_large.0, too_large.1.as_str()),
            (400, "Request body is too large"),
            "{path}"
        );
        let taken = error(&send(path, 100).await);
        assert!(taken.0 == otherwise && taken.1 != too_large.1, "{path}: {taken:?}");
    }
    instance.set_property("glide.rest.scripted.max_inbound_content_length_mb", "1");
    let two = 2 * 1024 * 1024;
    assert_eq!(send("/api/sn_customerservice/case", two).await.status(), 400);
    assert_eq!(send(table, two).await.status(), 201);
    let id = incident(&instance).await;
    let file = format!("/api/now/attachment/file?table_name=incident&table_sys_id={id}&file_name=a.json");
    assert_eq!(send(&file, ten).await.status(), 201);
    instance.set_property("glide.rest.max_content_length", "1");
    assert_eq!(send(table, 2 * 1024 * 1024).await.status(), 400);
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_a_write_shows_only_what_may_be_read() {
    let instance = seeded();
    super::rule(
        &instance,
        "incident",
        "read",
        &[],
        &[("decision_type", "deny"), ("condition", "state=1")],
    );
    let row = create(&instance, "incident", json!({ "short_description": "x" })).await;
    let path = format!("/api/now/table/incident/{}", row["sys_id"].as_str().unwrap());
    let answer = ask(&instance, "PATCH", &path, Some(json!({ "state": "2" }))).await;
    assert_eq!(
        (answer.status().as_u16(), body_json(&answer)["result"].clone()),
        (200, json!({}))
    );
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), 404);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_not_counted_either() {
    let instance = seeded();
    let counted = async |query: &str| {
        let path = format!("/api/now/stats/incident?sysparm_count=true&sysparm_query={query}");
        ask_as(&instance, "employee", "GET", &path, None).await
    };
    incident(&instance).await;
    assert_eq!(body_json(&counted("").await)["result"]["stats"]["count"], "0");
    super::rule(&instance, "incident.category", "read", &["admin"], &[]);
    assert_eq!(error(&counted("category=b2b").await).0, 403);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_of_a_file_and_what_an_email_is_about_follow_the_record() {
    let instance = seeded();
    let id = incident(&instance).await;
    let file = instance.agent_file(&id, "a.txt", "text/plain", "text");
    give(&instance, "employee", "email_api_send");
    let attributes = format!("/api/now/attachment/{file}/attributes");
    assert_eq!(
        ask_as(&instance, "employee", "GET", &attributes, None).await.status(),
        404
    );
    assert_eq!(ask(&instance, "GET", &attributes, None).await.status(), 200);
    let email = json!({ "to": ["a@example.com"], "table_name": "incident", "table_record_id": id });
    let send = async |user: &str| ask_as(&instance, user, "POST", "/api/now/v1/email", Some(email.clone())).await;
    assert_eq!(send("employee").await.status(), 403);
    let sent = send("gridlink.integration").await;
    let path = format!(
        "/api/now/v1/email/{}",
        body_json(&sent)["result"]["id"].as_str().unwrap()
    );
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), 200);
    assert_eq!(ask_as(&instance, "itil", "GET", &path, None).await.status(), 403);
}
