use std::time::Duration;

use serde_json::json;

use super::{ask, ask_as, error, role_id, seeded, user_id};
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident";

fn limit(instance: &ServiceNow, per_hour: &str, more: &[(&str, &str)]) -> String {
    let name = format!("limit {}", instance.rows("sys_rate_limit_rules").len());
    let mut fields = vec![("name", name.as_str()), ("requests_per_hour", per_hour)];
    fields.extend(more);
    instance.insert("sys_rate_limit_rules", &fields)
}

/// The rule that an answer names.
fn named(response: &http::Response<bytes::Bytes>) -> Option<&str> {
    response
        .headers()
        .get("x-ratelimit-rule")
        .map(|rule| rule.to_str().unwrap())
}

async fn rule_for(instance: &ServiceNow, user: &str, method: &str, path: &str) -> Option<String> {
    named(&ask_as(instance, user, method, path, None).await).map(str::to_owned)
}

#[tokio::test(start_paused = true)]
async fn requests_over_the_limit_of_an_hour_are_refused_and_told_when_to_come_back() {
    let instance = seeded();
    let rule = limit(&instance, "2", &[("rest_api", "Table API")]);
    tokio::time::advance(Duration::from_secs(600)).await;
    let rows = instance.rows("incident").len();
    let post = async || ask(&instance, "POST", TABLE, Some(json!({ "short_description": "x" }))).await;
    for _ in 0..2 {
        let passed = post().await;
        assert_eq!((passed.status().as_u16(), named(&passed)), (201, Some(rule.as_str())));
        assert!(!passed.headers().contains_key("retry-after"));
    }
    let refused = post().await;
    assert_eq!(
        error(&refused),
        (
            429,
            "Rate limit exceeded".to_owned(),
            json!("Rate limit of 2 requests per hour for Table API exceeded")
        )
    );
    let header = |name| refused.headers()[name].to_str().unwrap();
    assert_eq!((header("x-ratelimit-limit"), header("retry-after")), ("2", "3000"));
    let eleven = time::macros::datetime!(2026-11-22 11:00 UTC).unix_timestamp();
    assert_eq!(header("x-ratelimit-reset"), eleven.to_string());
    assert_eq!(instance.rows("incident").len(), rows + 2);
    tokio::time::advance(Duration::from_secs(2999)).await;
    assert_eq!(post().await.status(), 429);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(post().await.status(), 201);
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_the_user_comes_before_those_for_roles_and_these_before_one_for_all() {
    let instance = seeded();
    let (itil, user) = (role_id(&instance, "itil"), user_id(&instance, "gridlink.integration"));
    let agent = role_id(&instance, "sn_customerservice_agent");
    let all = limit(&instance, "1", &[]);
    let role = |role: &str, per_hour| limit(&instance, per_hour, &[("apply_to", "users_with_role"), ("role", role)]);
    let (_high, low) = (role(&itil, "30"), role(&agent, "20"));
    let of = async |user| rule_for(&instance, user, "GET", TABLE).await.unwrap();
    assert_eq!(of("gridlink.integration").await, low);
    let own = limit(&instance, "40", &[("apply_to", "single_user"), ("user", &user)]);
    assert_eq!(of("gridlink.integration").await, own);
    assert_eq!(of("maria.santos").await, low);
    assert_eq!(of("employee").await, all);
    instance.update_as("admin", "sys_rate_limit_rules", &own, &[("active", "false")]);
    assert_eq!(of("gridlink.integration").await, low);
}

#[tokio::test(start_paused = true)]
async fn every_user_has_their_own_count_and_a_new_limit_counts_again() {
    let instance = seeded();
    let rule = limit(&instance, "1", &[]);
    let status = async |user| ask_as(&instance, user, "GET", TABLE, None).await.status().as_u16();
    assert_eq!((status("itil").await, status("itil").await), (200, 429));
    assert_eq!(status("employee").await, 200);
    instance.update_as("admin", "sys_rate_limit_rules", &rule, &[("requests_per_hour", "2")]);
    assert_eq!(
        [status("itil").await, status("itil").await, status("itil").await],
        [200, 200, 429]
    );
}

#[tokio::test(start_paused = true)]
async fn a_rule_is_about_an_api_a_table_or_a_resource() {
    let instance = seeded();
    let matches = async |fields: &[(&str, &str)], method: &str, path: &str| {
        let rule = limit(&instance, "100", fields);
        let named = rule_for(&instance, "itil", method, path).await;
        instance.delete("sys_rate_limit_rules", &rule);
        named == Some(rule)
    };
    let problem = "/api/now/v2/table/problem";
    assert!(matches(&[], "GET", "/api/now/nonsense").await);
    assert!(matches(&[("rest_api", "Attachment API")], "GET", "/api/now/v1/attachment").await);
    assert!(!matches(&[("rest_api", "Attachment API")], "GET", problem).await);
    assert!(matches(&[("table", "problem")], "GET", problem).await);
    assert!(!matches(&[("table", "incident")], "GET", problem).await);
    for (resource, is_it) in [
        ("GET /now/table/{tableName}", true),
        ("/now/v1/table/{tableName}", true),
        ("GET /api/now/table/problem", true),
        ("POST /now/table/{tableName}", false),
        ("GET /now/table/incident", false),
        ("GET /now/table/{tableName}/{sys_id}", false),
    ] {
        assert_eq!(
            matches(&[("resource", resource)], "GET", problem).await,
            is_it,
            "{resource}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn other_companies_have_a_limit_where_the_platform_ships_one() {
    let instance = seeded();
    let contact = instance.rows("customer_contact")[0]["user_name"].clone();
    let csm = "/api/now/attachment_csm";
    let answer = ask_as(&instance, &contact, "GET", csm, None).await;
    assert_eq!(answer.headers()["x-ratelimit-limit"], "500");
    assert_eq!(rule_for(&instance, &contact, "GET", TABLE).await, None);
    assert_eq!(rule_for(&instance, "itil", "GET", csm).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_rule_without_a_number_or_without_its_user_limits_nobody() {
    let instance = seeded();
    limit(&instance, "0", &[]);
    limit(&instance, "-1", &[]);
    limit(&instance, "1", &[("apply_to", "single_user")]);
    limit(&instance, "1", &[("apply_to", "users_with_role")]);
    for _ in 0..3 {
        assert_eq!(rule_for(&instance, "itil", "GET", TABLE).await, None);
    }
}
