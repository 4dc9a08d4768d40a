//! The steps that ServiceNow's own command line takes.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::json;

use super::{ACCEPT, FORM, body_json, error, seeded, send, token};
use crate::servicenow::ServiceNow;

const LOG_IN: &str = "/angular.do?sysparm_type=view_form.login";
const GET_USER: &str = "/angular.do?sysparm_type=get_user";
const TABLE: &str = "/api/now/table/incident?sysparm_limit=1";

async fn log_in(instance: &ServiceNow, user: &str, password: &str) -> Response<Bytes> {
    let form = format!("sysparm_type=login&ni.nolog.user_password=true&user_name={user}&user_password={password}");
    send(instance, "POST", LOG_IN, &[FORM], form).await
}

/// `JSESSIONID=…` of an answer.
fn cookie(response: &Response<Bytes>) -> String {
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// Cookie and user token of somebody who logged in.
async fn session(instance: &ServiceNow) -> (String, String) {
    let logged_in = log_in(instance, "admin", "admin").await;
    assert_eq!(body_json(&logged_in), json!({ "status": "success" }));
    let cookie = cookie(&logged_in);
    let refused = send(instance, "POST", GET_USER, &[("cookie", &cookie)], "").await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    let token = refused.headers()["x-usertoken-response"].to_str().unwrap().to_owned();
    (cookie, token)
}

#[tokio::test(start_paused = true)]
async fn a_session_and_its_user_token_open_the_api() {
    let instance = seeded();
    let (cookie, token) = session(&instance).await;
    let read = async |headers: &[(&str, &str)]| send(&instance, "GET", TABLE, headers, "").await;
    let good = read(&[("cookie", &cookie), ("x-usertoken", &token), ACCEPT]).await;
    assert_eq!(
        (good.status(), good.headers().get("set-cookie")),
        (StatusCode::OK, None)
    );
    for headers in [
        [("cookie", cookie.as_str()), ACCEPT].as_slice(),
        &[("cookie", &cookie), ("x-usertoken", "guess"), ACCEPT],
    ] {
        let refused = read(headers).await;
        assert_eq!(
            (
                error(&refused).0,
                refused.headers()["x-usertoken-response"].to_str().unwrap()
            ),
            (401, token.as_str())
        );
        assert_eq!(refused.headers()["x-is-logged-in"], "true");
    }
    let without_session = read(&[("x-usertoken", &token), ACCEPT]).await;
    assert_eq!(without_session.headers().get("x-usertoken-response"), None);
    let invented = read(&[("cookie", "JSESSIONID=invented"), ("x-usertoken", &token), ACCEPT]).await;
    assert_eq!(invented.status(), StatusCode::UNAUTHORIZED);
    let known = send(
        &instance,
        "POST",
        GET_USER,
        &[("cookie", &cookie), ("x-usertoken", &token)],
        "",
    )
    .await;
    assert_eq!(known.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_session_ends_after_half_an_hour_without_use() {
    let instance = seeded();
    let (cookie, token) = session(&instance).await;
    let headers = [("cookie", cookie.as_str()), ("x-usertoken", token.as_str()), ACCEPT];
    for (minutes, status) in [(29, 200), (29, 200), (30, 401)] {
        tokio::time::advance(Duration::from_secs(minutes * 60)).await;
        assert_eq!(
            send(&instance, "GET", TABLE, &headers, "").await.status().as_u16(),
            status
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_session_of_nobody_becomes_the_session_of_a_tokens_user() {
    let instance = seeded();
    let visit = send(&instance, "POST", GET_USER, &[FORM], "").await;
    assert_eq!(visit.status(), StatusCode::OK);
    let cookie = cookie(&visit);
    let bearer = format!("Bearer {}", token(&instance).await);
    let headers = [("cookie", cookie.as_str()), ("authorization", bearer.as_str()), ACCEPT];
    assert_eq!(
        send(&instance, "GET", TABLE, &headers, "").await.status(),
        StatusCode::OK
    );
    let refused = send(&instance, "POST", GET_USER, &[("cookie", &cookie)], "").await;
    let user_token = refused.headers()["x-usertoken-response"].to_str().unwrap();
    let headers = [("cookie", cookie.as_str()), ("x-usertoken", user_token), ACCEPT];
    assert_eq!(
        send(&instance, "GET", TABLE, &headers, "").await.status(),
        StatusCode::OK
    );
}

#[tokio::test(start_paused = true)]
async fn who_is_no_person_does_not_get_in() {
    let instance = seeded();
    let refused = log_in(&instance, "admin", "wrong").await;
    assert_eq!(
        (refused.status(), &body_json(&refused)["status"]),
        (StatusCode::OK, &json!("error"))
    );
    assert_eq!(refused.headers().get("set-cookie"), None);
    let (cookie, _) = session(&instance).await;
    let admin = "6816f79cc0a8016401c5a33be04be441";
    instance.update_as("admin", "sys_user", admin, &[("identity_type", "machine")]);
    let refused = send(&instance, "POST", GET_USER, &[("cookie", &cookie)], "").await;
    let message = "User admin is not allowed to access com.glide.ui.ng.AngularProcessor";
    assert_eq!((error(&refused).0, error(&refused).1.as_str()), (403, message));
    assert_eq!(body_json(&log_in(&instance, "admin", "admin").await)["status"], "error");
    let human = [("identity_type", "human"), ("web_service_access_only", "true")];
    instance.update_as("admin", "sys_user", admin, &human);
    assert_eq!(body_json(&log_in(&instance, "admin", "admin").await)["status"], "error");
    instance.update_as("admin", "sys_user", admin, &[("web_service_access_only", "false")]);
    instance.guess(|guesses| guesses.basic_needs_mfa = true);
    assert_eq!(
        body_json(&log_in(&instance, "admin", "admin").await)["status"],
        "mfa_code_required"
    );
}

#[tokio::test(start_paused = true)]
async fn other_pages_are_not_there() {
    let instance = seeded();
    for (method, path) in [
        ("GET", LOG_IN),
        ("POST", "/angular.do"),
        ("POST", "/angular.do?sysparm_type=other"),
    ] {
        let page = send(&instance, method, path, &[FORM], "").await;
        assert_eq!(page.status(), StatusCode::NOT_FOUND, "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn sessions_do_not_heap_up_and_the_used_ones_stay() {
    let instance = seeded();
    let (cookie, token) = session(&instance).await;
    let headers = [("cookie", cookie.as_str()), ("x-usertoken", token.as_str()), ACCEPT];
    for number in 0..2500 {
        send(&instance, "POST", GET_USER, &[FORM], "").await;
        if number % 300 == 0 {
            assert_eq!(
                send(&instance, "GET", TABLE, &headers, "").await.status(),
                StatusCode::OK
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_plain_instance_gives_cookies_that_a_browser_sends_back() {
    let instance = seeded();
    let flags = async || {
        let response = log_in(&instance, "admin", "admin").await;
        response.headers()["set-cookie"].to_str().unwrap().contains("Secure")
    };
    assert!(flags().await);
    instance.set_base_url("http://127.0.0.1:9101");
    assert!(!flags().await);
}
