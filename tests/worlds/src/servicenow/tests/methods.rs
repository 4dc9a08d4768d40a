use http::StatusCode;
use serde_json::json;

use super::{ACCEPT, ADMIN, JSON, ask, body_json, incident, seeded, send};

#[tokio::test(start_paused = true)]
async fn head_is_get_without_the_body_everywhere() {
    let instance = seeded();
    let id = incident(&instance).await;
    let file = instance.agent_file(&id, "a.txt", "text/plain", "hello");
    for path in [
        "/api/now/table/incident?sysparm_limit=1".to_owned(),
        format!("/api/now/table/incident/{id}"),
        "/api/now/attachment".to_owned(),
        format!("/api/now/attachment/{file}"),
        format!("/api/now/attachment/{file}/file"),
        "/api/now/stats/incident?sysparm_count=true".to_owned(),
    ] {
        let got = ask(&instance, "GET", &path, None).await;
        let head = ask(&instance, "HEAD", &path, None).await;
        assert_eq!((head.status(), head.body().len()), (StatusCode::OK, 0), "{path}");
        assert!(!got.body().is_empty(), "{path}");
        for name in ["content-type", "x-total-count", "link", "x-attachment-metadata"] {
            assert_eq!(head.headers().get(name), got.headers().get(name), "{name} of {path}");
        }
    }
    let missing = ask(&instance, "HEAD", "/api/now/table/incident/none", None).await;
    assert_eq!((missing.status(), missing.body().len()), (StatusCode::NOT_FOUND, 0));
}

#[tokio::test(start_paused = true)]
async fn a_header_overrides_the_method() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    let over = async |method: &str, wanted: &str, body: &'static str| {
        let headers = [ADMIN, ACCEPT, JSON, ("x-http-method-override", wanted)];
        send(&instance, method, &path, &headers, body).await
    };
    assert_eq!(
        over("POST", "patch", r#"{"impact":"1"}"#).await.status(),
        StatusCode::OK
    );
    assert_eq!(over("POST", "PUT", r#"{"urgency":"1"}"#).await.status(), StatusCode::OK);
    assert_eq!(instance.row("incident", &id).unwrap()["priority"], "1");
    assert_eq!(over("POST", "HEAD", "").await.body().len(), 0);
    assert_eq!(over("GET", "DELETE", "").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(
        over("GET", "NONSENSE", "").await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test(start_paused = true)]
async fn a_delete_needs_no_content_type_unless_that_is_guessed() {
    let instance = seeded();
    let (first, second) = (incident(&instance).await, incident(&instance).await);
    let delete = async |id: &str| {
        let path = format!("/api/now/table/incident/{id}");
        send(&instance, "DELETE", &path, &[ADMIN, ACCEPT], "").await.status()
    };
    assert_eq!(delete(&first).await, StatusCode::NO_CONTENT);
    instance.guess(|guesses| guesses.delete_needs_content_type = true);
    assert_eq!(delete(&second).await, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn methods_that_an_api_does_not_have_are_refused() {
    let instance = seeded();
    for (method, path) in [
        ("OPTIONS", "/api/now/table/incident"),
        ("TRACE", "/api/now/attachment"),
        ("DELETE", "/api/now/stats/incident"),
        ("PUT", "/api/now/tinyurl"),
        ("DELETE", "/api/now/v1/email"),
    ] {
        let refused = ask(&instance, method, path, None).await;
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_has_the_headers_of_the_platform() {
    let instance = seeded();
    let answers = [
        ask(&instance, "GET", "/api/now/table/incident?sysparm_limit=1", None).await,
        ask(&instance, "GET", "/api/now/nonsense", None).await,
        send(&instance, "GET", "/api/now/table/incident", &[ACCEPT], "").await,
    ];
    for (answer, is_logged_in) in answers.iter().zip(["true", "true", "false"]) {
        let header = |name: &str| answer.headers()[name].to_str().unwrap();
        assert_eq!(header("x-is-logged-in"), is_logged_in);
        assert_eq!(header("x-transaction-id").len(), 12);
        assert!(header("server-timing").starts_with("wall;dur="));
        assert!(header("strict-transport-security").starts_with("max-age="));
        assert!(header("set-cookie").starts_with("JSESSIONID="));
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_url_gets_a_page_and_not_json() {
    let instance = seeded();
    let path = format!("/api/now/table/{}/doesntmatter", "A".repeat(23_000));
    let page = ask(&instance, "GET", &path, None).await;
    assert_eq!(page.status(), StatusCode::URI_TOO_LONG);
    assert!(page.body().starts_with(b"<html>"));
    assert!(
        page.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let long = format!("/api/now/table/incident?sysparm_query={}", "AAAA=BBBB^".repeat(1100));
    assert_eq!(ask(&instance, "GET", &long, None).await.status(), StatusCode::OK);
    instance.guess(|guesses| guesses.longest_url = 10_000);
    assert_eq!(
        ask(&instance, "GET", &long, None).await.status(),
        StatusCode::URI_TOO_LONG
    );
}

#[tokio::test(start_paused = true)]
async fn passwords_are_shown_as_stars() {
    let instance = seeded();
    let admin = "/api/now/table/sys_user/6816f79cc0a8016401c5a33be04be441?sysparm_fields=user_password";
    for rest in ["", "&sysparm_display_value=true"] {
        let shown = body_json(&send(&instance, "GET", &format!("{admin}{rest}"), &[ADMIN, ACCEPT], "").await);
        assert_eq!(shown["result"], json!({ "user_password": "********" }));
    }
}
