use std::time::Duration;

use http::{Request, StatusCode};
use serde_json::json;

use super::{ask_for_token, body_json, error, full, seeded};

#[tokio::test(start_paused = true)]
async fn the_same_token_is_given_while_it_lives() {
    let instance = seeded();
    let first = body_json(&ask_for_token(&instance, "gridlink", "gridlink").await);
    assert_eq!(
        (&first["token_type"], &first["expires_in"]),
        (&json!("Bearer"), &json!(1800))
    );
    tokio::time::advance(Duration::from_secs(100)).await;
    let second = body_json(&ask_for_token(&instance, "gridlink", "gridlink").await);
    assert_eq!(
        (&second["access_token"], &second["expires_in"]),
        (&first["access_token"], &json!(1700))
    );
    tokio::time::advance(Duration::from_secs(1700)).await;
    let third = body_json(&ask_for_token(&instance, "gridlink", "gridlink").await);
    assert_ne!(third["access_token"], first["access_token"]);
    assert_eq!(third["expires_in"], 1800);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_secret_or_grant_or_body_is_access_denied() {
    let instance = seeded();
    let denied = json!({ "error": "server_error", "error_description": "access_denied" });
    let wrong = ask_for_token(&instance, "gridlink", "wrong").await;
    assert_eq!(
        (wrong.status(), body_json(&wrong)),
        (StatusCode::UNAUTHORIZED, denied.clone())
    );
    let body = json!({ "grant_type": "client_credentials", "client_id": "gridlink", "client_secret": "gridlink" });
    let request = Request::post("/oauth_token.do").header("content-type", "application/json");
    let sent_json = instance.call(request.body(full(body.to_string())).unwrap()).await;
    assert_eq!(
        (sent_json.status(), body_json(&sent_json)),
        (StatusCode::UNAUTHORIZED, denied.clone())
    );
    let request = Request::post("/oauth_token.do").header("content-type", "application/x-www-form-urlencoded");
    let form = "grant_type=magic&client_id=gridlink&client_secret=gridlink";
    assert_eq!(
        body_json(&instance.call(request.body(full(form)).unwrap()).await),
        denied
    );
    instance.set_property(super::super::oauth::GRANT_PROPERTY, "false");
    let switched_off = ask_for_token(&instance, "gridlink", "gridlink").await;
    assert_eq!(body_json(&switched_off), denied);
}

#[tokio::test(start_paused = true)]
async fn a_request_without_a_living_token_is_not_authenticated() {
    let instance = seeded();
    let token = super::token(&instance).await;
    let with = async |authorization: &str| {
        let request = Request::get("/api/now/table/task").header("accept", "application/json");
        instance
            .call(request.header("authorization", authorization).body(full("")).unwrap())
            .await
    };
    assert_eq!(with(&format!("Bearer {token}")).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1799)).await;
    assert_eq!(with(&format!("Bearer {token}")).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1)).await;
    let dead = with(&format!("Bearer {token}")).await;
    let detail = json!("Required to provide Auth information");
    assert_eq!(error(&dead), (401, "User Not Authenticated".to_owned(), detail));
    assert_eq!(dead.headers()["www-authenticate"], "BASIC realm=\"Service-now\"");
    assert_eq!(dead.headers()["x-is-logged-in"], "false");
    assert_eq!(with("Basic YWRtaW46YWRtaW4=").await.status(), StatusCode::OK);
    assert_eq!(with("Basic YWRtaW46d3Jvbmc=").await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(with("Bearer").await.status(), StatusCode::UNAUTHORIZED);
}
