use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::{ACCEPT, FORM, body_json, seeded, send, user_id};
use crate::servicenow::ServiceNow;

const CLIENT: &str = "client_id=gridlink&client_secret=gridlink";

async fn ask(instance: &ServiceNow, form: &str) -> (u16, Value) {
    let response = send(instance, "POST", "/oauth_token.do", &[FORM], form.to_owned()).await;
    (response.status().as_u16(), body_json(&response))
}

fn denied() -> (u16, Value) {
    (
        401,
        json!({ "error": "server_error", "error_description": "access_denied" }),
    )
}

async fn reader(instance: &ServiceNow, token: &Value) -> StatusCode {
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ACCEPT];
    send(instance, "GET", "/api/now/table/incident?sysparm_limit=1", &headers, "")
        .await
        .status()
}

#[tokio::test(start_paused = true)]
async fn a_password_buys_an_access_and_a_refresh_token() {
    let instance = seeded();
    let form = format!("grant_type=password&username=admin&password=admin&{CLIENT}");
    let (status, first) = ask(&instance, &form).await;
    assert_eq!(
        (status, &first["token_type"], &first["scope"]),
        (200, &json!("Bearer"), &json!("useraccount"))
    );
    assert_eq!(
        (&first["expires_in"], reader(&instance, &first["access_token"]).await),
        (&json!(1800), StatusCode::OK)
    );
    tokio::time::advance(Duration::from_secs(10)).await;
    let (_, again) = ask(&instance, &form).await;
    assert_eq!(again["access_token"], first["access_token"]);
    assert_eq!(
        (&again["refresh_token"], &again["expires_in"]),
        (&first["refresh_token"], &json!(1790))
    );
    let wrong = format!("grant_type=password&username=admin&password=wrong&{CLIENT}");
    assert_eq!(ask(&instance, &wrong).await, denied());
}

#[tokio::test(start_paused = true)]
async fn a_refresh_token_buys_access_for_a_hundred_days() {
    let instance = seeded();
    let form = format!("grant_type=password&username=admin&password=admin&{CLIENT}");
    let (_, bought) = ask(&instance, &form).await;
    let token = bought["refresh_token"].as_str().unwrap();
    let refresh = format!("grant_type=refresh_token&refresh_token={token}&{CLIENT}");
    tokio::time::advance(Duration::from_secs(3600)).await;
    assert_eq!(
        reader(&instance, &bought["access_token"]).await,
        StatusCode::UNAUTHORIZED
    );
    let (_, refreshed) = ask(&instance, &refresh).await;
    assert_ne!(refreshed["access_token"], bought["access_token"]);
    assert_eq!(
        (&refreshed["refresh_token"], &refreshed["expires_in"]),
        (&bought["refresh_token"], &json!(1800))
    );
    assert_eq!(reader(&instance, &refreshed["access_token"]).await, StatusCode::OK);
    instance.add_client("other", "secret", "tom.becker");
    let stolen = format!("grant_type=refresh_token&refresh_token={token}&client_id=other&client_secret=secret");
    assert_eq!(ask(&instance, &stolen).await, denied());
    tokio::time::advance(Duration::from_secs(8_640_000)).await;
    assert_eq!(ask(&instance, &refresh).await, denied());
}

#[tokio::test(start_paused = true)]
async fn client_credentials_give_no_refresh_token() {
    let instance = seeded();
    let (_, granted) = ask(&instance, &format!("grant_type=client_credentials&{CLIENT}")).await;
    assert_eq!(granted.get("refresh_token"), None);
    assert!(granted["access_token"].is_string());
}

#[tokio::test(start_paused = true)]
async fn a_client_may_show_itself_in_a_basic_header() {
    let instance = seeded();
    let grant = async |credentials: &str| {
        let header = format!("Basic {}", STANDARD.encode(credentials));
        let headers = [("authorization", header.as_str()), FORM];
        send(
            &instance,
            "POST",
            "/oauth_token.do",
            &headers,
            "grant_type=client_credentials",
        )
        .await
        .status()
    };
    assert_eq!(grant("gridlink:gridlink").await, StatusCode::OK);
    assert_eq!(grant("gridlink:wrong").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn the_query_is_heard_only_where_a_property_allows_it() {
    let instance = seeded();
    let path = format!("/oauth_token.do?grant_type=client_credentials&{CLIENT}");
    let grant = async || send(&instance, "POST", &path, &[FORM], "").await.status();
    assert_eq!(grant().await, StatusCode::UNAUTHORIZED);
    instance.set_property("glide.oauth.allow.parameters.in.post.body.only", "false");
    assert_eq!(grant().await, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn whatever_is_wrong_has_the_same_answer() {
    let instance = seeded();
    for form in [
        "",
        "grant_type=client_credentials",
        "grant_type=client_credentials&client_id=nobody&client_secret=gridlink",
        "grant_type=refresh_token&refresh_token=made-up&client_id=gridlink&client_secret=gridlink",
        "grant_type=authorization_code&code=1&client_id=gridlink&client_secret=gridlink",
        "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&client_id=gridlink&client_secret=gridlink",
    ] {
        assert_eq!(ask(&instance, form).await, denied(), "{form}");
    }
    let user = user_id(&instance, "gridlink.integration");
    instance.update_as("admin", "sys_user", &user, &[("locked_out", "true")]);
    assert_eq!(
        ask(&instance, &format!("grant_type=client_credentials&{CLIENT}")).await,
        denied()
    );
    let got = send(&instance, "GET", "/oauth_token.do", &[], "").await;
    assert_eq!(got.status(), StatusCode::METHOD_NOT_ALLOWED);
}
