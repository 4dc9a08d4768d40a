use http::StatusCode;
use serde_json::json;
use tokio::time::Instant;

use super::{ask, body_json, get, incident, seeded};
use crate::knobs::{Fault, Rule};
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident";
const MESSAGE: &str = "Transaction cancelled: maximum execution time exceeded";

/// The next request takes so many seconds, before its effect or after it.
fn slow(instance: &ServiceNow, seconds: u64, after_effect: bool) {
    let fault = Fault::Latency {
        milliseconds: seconds * 1000,
        after_effect,
    };
    instance.knobs().add(Rule::once("*", "/api", fault));
}

fn stored(instance: &ServiceNow) -> usize {
    instance
        .rows("incident")
        .iter()
        .filter(|row| row["short_description"] == "slow")
        .count()
}

#[tokio::test(start_paused = true)]
async fn a_write_over_its_quota_is_cancelled_with_an_error_in_a_200_and_may_have_had_its_effect() {
    for (after_effect, expected) in [(false, 0), (true, 1)] {
        let instance = seeded();
        slow(&instance, 300, after_effect);
        let start = Instant::now();
        let response = ask(&instance, "POST", TABLE, Some(json!({ "short_description": "slow" }))).await;
        assert_eq!((response.status(), start.elapsed().as_secs()), (StatusCode::OK, 60));
        let body = body_json(&response);
        assert_eq!(
            (&body["error"]["message"], &body["status"]),
            (&json!(MESSAGE), &json!("failure"))
        );
        assert!(body["error"]["detail"].as_str().unwrap().starts_with(MESSAGE));
        assert!(body.get("result").is_none());
        assert_eq!(stored(&instance), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_list_holds_the_rows_that_were_ready() {
    let instance = seeded();
    let path = "/api/now/table/problem?sysparm_fields=number";
    let all = get(&instance, path).await.as_array().unwrap().len();
    slow(&instance, 120, true);
    let body = body_json(&ask(&instance, "GET", path, None).await);
    assert_eq!(body["result"].as_array().unwrap().len(), all / 2);
    assert_eq!(body["error"]["message"], MESSAGE);
    slow(&instance, 120, false);
    let body = body_json(&ask(&instance, "GET", path, None).await);
    assert!(body.get("result").is_none() && body["error"]["message"] == MESSAGE);
}

#[tokio::test(start_paused = true)]
async fn a_request_within_its_quota_or_without_one_takes_its_time() {
    let instance = seeded();
    slow(&instance, 60, false);
    incident(&instance).await;
    slow(&instance, 100, false);
    let start = Instant::now();
    let unknown = ask(&instance, "GET", "/api/now/nonsense", None).await;
    assert_eq!((unknown.status().as_u16(), start.elapsed().as_secs()), (400, 100));
}

#[tokio::test(start_paused = true)]
async fn a_row_says_how_long_an_api_may_run() {
    let instance = seeded();
    let quota = instance.rows("sysrule_quota");
    let quota = quota
        .iter()
        .find(|row| row["name"] == "REST Table API request timeout")
        .unwrap();
    instance.update_as("admin", "sysrule_quota", &quota["sys_id"], &[("max_duration", "600")]);
    slow(&instance, 300, false);
    incident(&instance).await;
    let attachment = async || ask(&instance, "GET", "/api/now/v1/attachment", None).await;
    slow(&instance, 61, false);
    assert_eq!(body_json(&attachment().await)["error"]["message"], MESSAGE);
    slow(&instance, 61, false);
    let csm = ask(&instance, "GET", "/api/now/attachment_csm", None).await;
    assert_eq!(body_json(&csm)["error"]["message"], MESSAGE);
    for row in instance.rows("sysrule_quota") {
        instance.update_as("admin", "sysrule_quota", &row["sys_id"], &[("active", "false")]);
    }
    slow(&instance, 61, false);
    assert!(body_json(&attachment().await)["result"].is_array());
}

#[tokio::test(start_paused = true)]
async fn a_stranger_is_not_told_of_a_quota() {
    for after_effect in [false, true] {
        let instance = seeded();
        slow(&instance, 300, after_effect);
        let request = http::Request::get(TABLE).body(super::full("")).unwrap();
        assert_eq!(instance.call(request).await.status(), StatusCode::UNAUTHORIZED);
    }
}
