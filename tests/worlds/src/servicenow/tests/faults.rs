use std::time::Duration;

use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, body_json, error, get, incident, seeded};
use crate::answer::{Dropped, SlowDrip, Truncated};
use crate::knobs::{Fault, Rule};
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident";

async fn post(instance: &ServiceNow) -> http::Response<bytes::Bytes> {
    ask(
        instance,
        "POST",
        TABLE,
        Some(json!({ "short_description": "under a fault" })),
    )
    .await
}

fn stored(instance: &ServiceNow) -> usize {
    instance
        .rows("incident")
        .iter()
        .filter(|row| row["short_description"] == "under a fault")
        .count()
}

/// One POST under a fault; the answer, and how many rows it left at once.
async fn under(fault: Fault) -> (http::Response<bytes::Bytes>, usize) {
    let instance = seeded();
    instance.knobs().add(Rule::once("POST", TABLE, fault));
    let response = post(&instance).await;
    let rows = stored(&instance);
    assert_eq!(
        post(&instance).await.status(),
        StatusCode::CREATED,
        "the fault strikes once"
    );
    (response, rows)
}

#[tokio::test(start_paused = true)]
async fn a_status_has_no_effect() {
    let headers = [("Retry-After".to_owned(), "7".to_owned())].into();
    let (response, rows) = under(Fault::Status {
        status: 429,
        headers,
        body: None,
    })
    .await;
    assert_eq!((error(&response).0, rows), (429, 0));
    assert_eq!(response.headers()["retry-after"], "7");
    let body = Some("<html>gateway</html>".to_owned());
    let (response, _) = under(Fault::Status {
        status: 503,
        headers: [].into(),
        body,
    })
    .await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["content-type"]),
        (503, &http::HeaderValue::from_static("text/html"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_may_have_an_effect_or_none() {
    let (response, rows) = under(Fault::CommitThenDrop).await;
    assert_eq!((response.extensions().get::<Dropped>(), rows), (Some(&Dropped), 1));
    let (response, rows) = under(Fault::Drop).await;
    assert_eq!((response.extensions().get::<Dropped>(), rows), (Some(&Dropped), 0));
}

#[tokio::test(start_paused = true)]
async fn a_late_commit_happens_at_its_own_time_even_after_the_token_died() {
    let instance = seeded();
    instance
        .knobs()
        .add(Rule::once("POST", TABLE, Fault::CommitLate { seconds: 60 }));
    let response = post(&instance).await;
    assert!(response.extensions().get::<Dropped>().is_some());
    instance.expire_tokens();
    tokio::time::advance(Duration::from_secs(59)).await;
    assert_eq!(stored(&instance), 0);
    tokio::time::advance(Duration::from_secs(31)).await;
    assert_eq!(stored(&instance), 1);
    let row = instance.rows("incident").pop().unwrap();
    assert_eq!(row["sys_created_on"], "2026-11-22 10:01:00");
    assert_eq!(row["sys_created_by"], "gridlink.integration");
}

#[tokio::test(start_paused = true)]
async fn a_late_commit_shows_in_the_next_answer() {
    let instance = seeded();
    instance
        .knobs()
        .add(Rule::once("POST", TABLE, Fault::CommitLate { seconds: 60 }));
    post(&instance).await;
    let query = format!("{TABLE}?short_description=under%20a%20fault");
    assert_eq!(get(&instance, &query).await, json!([]));
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(get(&instance, &query).await.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_may_be_answered_with_an_error() {
    let (response, rows) = under(Fault::CommitThenStatus { status: 502 }).await;
    assert_eq!((response.status().as_u16(), rows), (502, 1));
}

#[tokio::test(start_paused = true)]
async fn accepted_is_not_done() {
    let (response, rows) = under(Fault::AcceptedAndDropped).await;
    assert_eq!(
        (response.status(), response.body().len(), rows),
        (StatusCode::ACCEPTED, 0, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_200_may_hold_an_error() {
    let (response, rows) = under(Fault::ErrorInside200 { effect: false }).await;
    let body = body_json(&response);
    assert_eq!((response.status(), rows, body.get("result")), (StatusCode::OK, 0, None));
    let message = "Transaction cancelled: maximum execution time exceeded";
    assert_eq!(
        (&body["error"]["message"], &body["status"]),
        (&json!(message), &json!("failure"))
    );
    let (response, rows) = under(Fault::ErrorInside200 { effect: true }).await;
    assert!(body_json(&response)["result"].is_object() && rows == 1);
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_cut_with_or_without_notice() {
    let (response, rows) = under(Fault::TruncatedBody { announced: false }).await;
    assert!(serde_json::from_slice::<Value>(response.body()).is_err());
    assert_eq!(
        (response.headers()["content-length"].to_str().unwrap(), rows),
        (response.body().len().to_string().as_str(), 1)
    );
    let (response, _) = under(Fault::TruncatedBody { announced: true }).await;
    let truncated = response.extensions().get::<Truncated>().unwrap();
    assert_eq!(
        response.headers()["content-length"].to_str().unwrap(),
        truncated.announced.to_string()
    );
    assert!(truncated.announced > response.body().len());
}

#[tokio::test(start_paused = true)]
async fn a_page_or_a_redirect_has_no_effect() {
    let (response, rows) = under(Fault::HtmlPage).await;
    assert_eq!((response.status(), rows), (StatusCode::OK, 0));
    assert!(response.body().starts_with(b"<!DOCTYPE html>"));
    let (response, rows) = under(Fault::Redirect {
        location: "https://elsewhere.example/".to_owned(),
    })
    .await;
    assert_eq!((response.status(), rows), (StatusCode::FOUND, 0));
    assert_eq!(response.headers()["location"], "https://elsewhere.example/");
}

#[tokio::test(start_paused = true)]
async fn a_slow_answer_carries_its_pace() {
    let (response, rows) = under(Fault::SlowDrip {
        chunk_bytes: 10,
        pause_milliseconds: 500,
    })
    .await;
    let expected = SlowDrip {
        chunk_bytes: 10,
        pause: Duration::from_millis(500),
    };
    assert_eq!((response.extensions().get(), rows), (Some(&expected), 1));
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_may_have_had_an_effect() {
    let instance = seeded();
    for (after_effect, expected) in [(false, 0), (true, 1)] {
        instance.knobs().add(Rule::once(
            "POST",
            TABLE,
            Fault::Latency {
                milliseconds: 20_000,
                after_effect,
            },
        ));
        let waited = tokio::time::timeout(Duration::from_secs(10), post(&instance)).await;
        assert!(waited.is_err());
        assert_eq!(stored(&instance), expected);
    }
    assert_eq!(instance.calls().iter().filter(|call| call.status.is_none()).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn all_tokens_can_die_at_once() {
    let instance = seeded();
    let id = incident(&instance).await;
    instance.knobs().add(Rule::once("*", "/api", Fault::TokenExpiry));
    let path = format!("{TABLE}/{id}");
    assert_eq!(
        ask(&instance, "GET", &path, None).await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_refuses_after_so_many_calls() {
    let instance = seeded();
    instance
        .knobs()
        .add(Rule::always("POST", TABLE, Fault::RateLimit { per_hour: 1 }));
    let first = post(&instance).await;
    assert_eq!(
        (first.status(), &first.headers()["x-ratelimit-limit"]),
        (StatusCode::CREATED, &http::HeaderValue::from_static("1"))
    );
    let second = post(&instance).await;
    assert_eq!(
        error(&second),
        (
            429,
            "Rate limit exceeded".to_owned(),
            json!("Rate limit of 1 requests per hour exceeded")
        )
    );
    assert_eq!(
        (second.headers()["retry-after"].to_str().unwrap(), stored(&instance)),
        ("3600", 1)
    );
    assert!(second.headers().contains_key("x-ratelimit-reset") && second.headers().contains_key("x-ratelimit-rule"));
}
