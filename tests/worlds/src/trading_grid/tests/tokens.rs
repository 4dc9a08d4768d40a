//! The token endpoint, and who may call what.

use std::time::Duration;

use super::*;

async fn get_with(community: &TradingGrid, header: (&str, &str), path: &str) -> Response<Bytes> {
    let request = Request::get(path).header(header.0, header.1);
    community.call(request.body(full("")).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_token_needs_client_grant_and_an_empty_body() {
    let community = seeded();
    let good = token(&community, CLIENT, "?grant_type=client_credentials").await;
    let body = body_json(&good);
    assert_eq!(
        (good.status(), &body["token_type"], &body["expires_in"]),
        (StatusCode::OK, &json!("Bearer"), &json!(36_000))
    );
    assert_eq!(token(&community, CLIENT, "").await.status(), StatusCode::BAD_REQUEST);
    assert_eq!(
        token(&community, CLIENT, "?grant_type=password").await.status(),
        StatusCode::BAD_REQUEST
    );
    let wrong = token(
        &community,
        "Basic Z3JpZGxpbms6d3Jvbmc=",
        "?grant_type=client_credentials",
    )
    .await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(body_json(&wrong)["fault"]["faultstring"], "Invalid client identifier");
    let request = Request::post("/v1/oauth2/tokens").header("authorization", CLIENT);
    let form = community
        .call(request.body(full("grant_type=client_credentials")).unwrap())
        .await;
    assert_eq!(form.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn a_token_lives_ten_hours() {
    let community = with_issue();
    let bearer = bearer(&community).await;
    let path = format!("/collaboration/v1/issues/{NORTHWIND}/ISS-1");
    let get = async |bearer: &str| get_with(&community, ("authorization", bearer), &path).await;
    tokio::time::advance(Duration::from_secs(35_999)).await;
    assert_eq!(get(&bearer).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1)).await;
    let dead = get(&bearer).await;
    assert_eq!(dead.status(), StatusCode::UNAUTHORIZED);
    let code = "keymanagement.service.access_token_expired";
    assert_eq!(body_json(&dead)["fault"]["detail"]["errorcode"], code);
    let unknown = get("Bearer nonsense").await;
    let code = "keymanagement.service.invalid_access_token";
    assert_eq!(body_json(&unknown)["fault"]["detail"]["errorcode"], code);
    community.guess(|guesses| guesses.unauthorized_is_a_gateway_fault = false);
    let problem = get("Bearer nonsense").await;
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
}

#[tokio::test(start_paused = true)]
async fn only_our_own_contract_takes_an_api_key_or_basic_authentication() {
    let community = with_issue();
    for header in [("x-api-key", "gridlink-api-key"), ("authorization", CLIENT)] {
        for (path, status) in [
            (format!("/collaboration/v1/issues/{NORTHWIND}/ISS-1"), 200),
            (format!("/TGCommunityServices/v1/companies/{MERIDIAN}"), 401),
            ("/visibility_transaction_search".to_owned(), 401),
        ] {
            let answer = get_with(&community, header, &path).await;
            assert_eq!(answer.status().as_u16(), status, "{path} with {}", header.0);
        }
    }
    let wrong = get_with(&community, ("x-api-key", "nonsense"), "/collaboration/v1/events").await;
    assert_eq!(wrong.status(), StatusCode::UNAUTHORIZED);
    let logged = format!("{:?}", community.calls());
    assert!(!logged.contains("gridlink-api-key") && !logged.contains("Z3JpZGxpbms6"));
}
