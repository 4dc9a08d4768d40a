use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Response, StatusCode};
use serde_json::json;
use time::macros::datetime;

use super::{ACCEPT, ADMIN, JSON, body_json, error, get, give_role, seeded, send, token, user_id};
use crate::servicenow::ServiceNow;

const TABLE: &str = "/api/now/table/incident?sysparm_limit=1";

async fn as_user(instance: &ServiceNow, user: &str, password: &str) -> Response<bytes::Bytes> {
    let credentials = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    send(instance, "GET", TABLE, &[("authorization", &credentials), ACCEPT], "").await
}

#[tokio::test(start_paused = true)]
async fn a_password_that_was_set_opens_the_instance_for_its_user() {
    let instance = seeded();
    assert_eq!(
        as_user(&instance, "tom.becker", "").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let path = format!("/api/now/table/sys_user/{}", user_id(&instance, "tom.becker"));
    let body = json!({ "user_password": "s:cret" }).to_string();
    let changed = send(&instance, "PATCH", &path, &[ADMIN, ACCEPT, JSON], body).await;
    assert_eq!(changed.status(), StatusCode::OK);
    assert_eq!(
        as_user(&instance, "tom.becker", "s:cret").await.status(),
        StatusCode::OK
    );
    assert_eq!(
        as_user(&instance, "Tom.Becker", "s:cret").await.status(),
        StatusCode::OK
    );
    assert_eq!(
        as_user(&instance, "tom.becker", "s:cre").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let log = serde_json::to_string(&instance.calls()).unwrap();
    assert!(!log.contains("s:cret"), "no call log holds a password");
}

#[tokio::test(start_paused = true)]
async fn inactive_and_locked_out_users_are_refused_whatever_they_bring() {
    for (field, value) in [("active", "false"), ("locked_out", "true")] {
        let instance = seeded();
        let bearer = format!("Bearer {}", token(&instance).await);
        instance.add_api_key("k1", "gridlink.integration", None);
        for user in ["gridlink.integration", "admin"] {
            instance.update_as("admin", "sys_user", &user_id(&instance, user), &[(field, value)]);
        }
        for credentials in [ADMIN, ("authorization", bearer.as_str()), ("x-sn-apikey", "k1")] {
            let refused = send(&instance, "GET", TABLE, &[credentials, ACCEPT], "").await;
            assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{field} {credentials:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_key_acts_as_its_user_until_it_expires() {
    let instance = seeded();
    let status = async |headers: &[(&str, &str)], path: &str| send(&instance, "GET", path, headers, "").await.status();
    let in_header = [("x-sn-apikey", "k1"), ACCEPT];
    let in_query = format!("{TABLE}&x-sn-apikey=k1");
    assert_eq!(
        status(&in_header, TABLE).await,
        StatusCode::UNAUTHORIZED,
        "nobody hears it yet"
    );
    instance.add_api_key("k1", "tom.becker", Some(datetime!(2026-11-22 10:01 UTC)));
    assert_eq!(status(&in_header, TABLE).await, StatusCode::OK);
    assert_eq!(status(&[ACCEPT], &in_query).await, StatusCode::OK);
    assert_eq!(
        status(&[("x-sn-apikey", "k2"), ACCEPT], TABLE).await,
        StatusCode::UNAUTHORIZED
    );
    instance.hear_api_keys(false);
    assert_eq!(status(&in_header, TABLE).await, StatusCode::UNAUTHORIZED);
    instance.hear_api_keys(true);
    let body = json!({ "short_description": "by key" }).to_string();
    let headers = [("x-sn-apikey", "k1"), ACCEPT, JSON];
    let made = body_json(&send(&instance, "POST", "/api/now/table/incident", &headers, body).await);
    assert_eq!(made["result"]["sys_created_by"], "tom.becker");
    tokio::time::advance(Duration::from_secs(60)).await;
    assert_eq!(status(&in_header, TABLE).await, StatusCode::UNAUTHORIZED);
    assert!(
        instance.ignored().is_empty(),
        "the key is no filter: {:?}",
        instance.ignored()
    );
    let log = serde_json::to_string(&instance.calls()).unwrap();
    assert!(!log.contains("k1"), "no call log holds a key");
}

#[tokio::test(start_paused = true)]
async fn a_second_factor_is_told_of_only_with_the_right_password() {
    let instance = seeded();
    instance.guess(|guesses| guesses.basic_needs_mfa = true);
    let right = as_user(&instance, "admin", "admin").await;
    assert_eq!(
        (error(&right).0, &right.headers()["x-mfa_token"]),
        (401, &http::HeaderValue::from_static("invalid"))
    );
    let wrong = as_user(&instance, "admin", "wrong").await;
    assert_eq!((error(&wrong).0, wrong.headers().get("x-mfa_token")), (401, None));
    assert!(get(&instance, TABLE).await.is_array(), "a token needs none");
}

#[tokio::test(start_paused = true)]
async fn basic_can_be_kept_for_those_who_have_nothing_else() {
    let instance = seeded();
    for user in ["gridlink.integration", "yuki.tanaka"] {
        let user = user_id(&instance, user);
        instance.update_as("admin", "sys_user", &user, &[("user_password", "pw")]);
    }
    instance.set_property("glide.authenticate.basic_auth.restriction.enforce", "true");
    give_role(&instance, "tom.becker", "snc_basic_auth_api_access");
    let tom = user_id(&instance, "tom.becker");
    instance.update_as("admin", "sys_user", &tom, &[("user_password", "pw")]);
    assert_eq!(
        as_user(&instance, "yuki.tanaka", "pw").await.status(),
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        as_user(&instance, "gridlink.integration", "pw").await.status(),
        StatusCode::OK
    );
    assert_eq!(as_user(&instance, "tom.becker", "pw").await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn admin_routes_add_clients_and_keys() {
    let instance = seeded();
    let admin = async |route: &str, body: serde_json::Value| {
        let path = format!("/_world/{route}");
        send(&instance, "POST", &path, &[], body.to_string()).await.status()
    };
    let client = json!({ "client_id": "c", "client_secret": "s", "user_name": "tom.becker" });
    assert_eq!(admin("clients", client).await, StatusCode::OK);
    let granted = super::ask_for_token(&instance, "c", "s").await;
    assert_eq!(granted.status(), StatusCode::OK);
    let key = json!({ "key": "k", "user_name": "tom.becker", "expires_on": "2026-11-22 10:00:01" });
    assert_eq!(admin("api-keys", key).await, StatusCode::OK);
    let read = send(&instance, "GET", TABLE, &[("x-sn-apikey", "k"), ACCEPT], "").await;
    assert_eq!(read.status(), StatusCode::OK);
    let odd = json!({ "key": "k", "user_name": "tom.becker", "expires_on": "tomorrow" });
    assert_eq!(admin("api-keys", odd).await, StatusCode::BAD_REQUEST);
    assert_eq!(admin("clients", json!({})).await, StatusCode::BAD_REQUEST);
}
