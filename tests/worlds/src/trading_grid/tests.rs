//! What the simulated community must do, spoken to over its own interface.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use time::macros::datetime;

use super::{IssueSeed, TradingGrid};
use crate::answer::body_json;
use crate::body::full;
use crate::clock::Clock;
use crate::digest::{repr_digest, sha256_hex};
use crate::knobs::{Fault, Rule};

const NORTHWIND: &str = "GC41543822654A";
const CONTOSO: &str = "GC00804444LX01";
/// `gridlink:gridlink` in base64.
const CLIENT: &str = "Basic Z3JpZGxpbms6Z3JpZGxpbms=";

fn seeded() -> TradingGrid {
    TradingGrid::seeded(Clock::starting_at(datetime!(2026-11-22 10:00 UTC)))
}

async fn token(community: &TradingGrid, authorization: &str, query: &str) -> Response<Bytes> {
    let request = Request::post(format!("/v1/oauth2/tokens{query}")).header("authorization", authorization);
    community.call(request.body(full("")).unwrap()).await
}

async fn bearer(community: &TradingGrid) -> String {
    let response = token(community, CLIENT, "?grant_type=client_credentials").await;
    format!("Bearer {}", body_json(&response)["access_token"].as_str().unwrap())
}

async fn get_with(community: &TradingGrid, bearer: &str, path: &str) -> Response<Bytes> {
    let request = Request::get(format!("/collaboration/v1{path}")).header("authorization", bearer);
    community.call(request.body(full("")).unwrap()).await
}

async fn get(community: &TradingGrid, path: &str) -> Response<Bytes> {
    get_with(community, &bearer(community).await, path).await
}

async fn admin(community: &TradingGrid, path: &str, body: Value) -> (StatusCode, Value) {
    let request = Request::post(format!("/_world{path}"))
        .body(full(body.to_string()))
        .unwrap();
    let response = community.call(request).await;
    (response.status(), body_json(&response))
}

#[tokio::test(start_paused = true)]
async fn the_seeded_documents_are_the_ones_that_sample_events_name() {
    let community = seeded();
    let expected = [
        (
            NORTHWIND,
            "doc-asn-856",
            573,
            "2d073830bf05516f690145dec515282161ac9823f8c07b730727705b7e11a645",
        ),
        (
            NORTHWIND,
            "doc-pod",
            776,
            "4429e8ce91cce55bd83de168615b2773b667718d23d068ff0c4994de11647e4d",
        ),
        (
            CONTOSO,
            "doc-invoice",
            473,
            "0baf5b187b669a4ba004849d1dcad6492a7a1b844c84ed168765d71ff0dd72fd",
        ),
    ];
    for (company, id, size, sha256) in expected {
        let document = community.document(company, id).unwrap();
        assert_eq!((document.size, document.sha256.as_str()), (size, sha256), "{id}");
    }
    let pdf = get(&community, &format!("/documents/{NORTHWIND}/doc-pod/content")).await;
    assert!(pdf.body().starts_with(b"%PDF-1.4") && pdf.body().ends_with(b"%%EOF\n"));
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
    let community = seeded();
    community.open_issue(IssueSeed::new(NORTHWIND, "ISS-1", "asn_mismatch", "Quantity differs"));
    let bearer = bearer(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1");
    tokio::time::advance(Duration::from_secs(35_999)).await;
    assert_eq!(get_with(&community, &bearer, &path).await.status(), StatusCode::OK);
    tokio::time::advance(Duration::from_secs(1)).await;
    let dead = get_with(&community, &bearer, &path).await;
    assert_eq!(dead.status(), StatusCode::UNAUTHORIZED);
    let code = "keymanagement.service.access_token_expired";
    assert_eq!(body_json(&dead)["fault"]["detail"]["errorcode"], code);
    let unknown = get_with(&community, "Bearer nonsense", &path).await;
    let code = "keymanagement.service.invalid_access_token";
    assert_eq!(body_json(&unknown)["fault"]["detail"]["errorcode"], code);
    community.guess(|guesses| guesses.unauthorized_is_a_gateway_fault = false);
    let problem = get_with(&community, "Bearer nonsense", &path).await;
    assert_eq!(problem.headers()["content-type"], "application/problem+json");
}

#[tokio::test(start_paused = true)]
async fn an_issue_shows_its_current_members_version_status_and_comments() {
    let community = seeded();
    let mut seed = IssueSeed::new(NORTHWIND, "ISS-1", "asn_mismatch", "Quantity differs");
    seed.documents = vec!["doc-asn-856".to_owned()];
    seed.transaction_ref = Some(json!({ "documentType": "856" }));
    let opened = community.open_issue(seed);
    assert_eq!((&opened["version"], opened.get("comments")), (&json!(1), None));
    assert_eq!(opened["documents"][0]["mediaType"], "application/edi-x12");
    let changed = community.change_issue(NORTHWIND, "ISS-1", &[("priority", "high")]);
    assert_eq!(
        changed,
        json!({ "issueId": "ISS-1", "companyId": NORTHWIND, "version": 2, "changes": { "priority": "high" } })
    );
    let commented = community.add_comment(NORTHWIND, "ISS-1", "Any news?");
    assert_eq!(commented["comment"]["postedAt"], "2026-11-22T10:00:00.000Z");
    let shared = community.share_document(NORTHWIND, "ISS-1", "doc-pod");
    assert_eq!(
        (&shared["version"], &shared["document"]["name"]),
        (&json!(4), &json!("proof-of-delivery.pdf"))
    );
    let issue = body_json(&get(&community, &format!("/issues/{NORTHWIND}/ISS-1")).await);
    for (member, value) in [
        ("version", json!(4)),
        ("priority", json!("high")),
        ("status", json!("open")),
    ] {
        assert_eq!(issue[member], value, "{member}");
    }
    assert_eq!(
        (&issue["comments"][0], issue["documents"].as_array().unwrap().len()),
        (&commented["comment"], 2)
    );
    assert_eq!(issue["transactionRef"]["documentType"], "856");
}

#[tokio::test(start_paused = true)]
async fn a_document_comes_with_type_length_and_digest() {
    let community = seeded();
    let reference = community.add_document(NORTHWIND, "doc-1", "note.txt", "text/plain", "hello");
    assert_eq!(
        serde_json::to_value(&reference).unwrap()["sha256"],
        sha256_hex(b"hello")
    );
    let response = get(&community, &format!("/documents/{NORTHWIND}/doc-1/content")).await;
    assert_eq!(response.body().as_ref(), b"hello");
    for (header, value) in [
        ("content-type", "text/plain"),
        ("content-length", "5"),
        ("repr-digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"),
    ] {
        assert_eq!(response.headers()[header], value);
    }
    community.corrupt_document("doc-1");
    let response = get(&community, &format!("/documents/{NORTHWIND}/doc-1/content")).await;
    assert_ne!(sha256_hex(response.body()), reference.sha256);
    assert_eq!(response.body().len() as u64, reference.size);
    assert_eq!(response.headers()["repr-digest"], repr_digest(response.body()));
}

#[tokio::test(start_paused = true)]
async fn a_company_has_nothing_of_another() {
    let community = seeded();
    community.open_issue(IssueSeed::new(NORTHWIND, "ISS-1", "asn_mismatch", "Quantity differs"));
    for path in [
        format!("/issues/{CONTOSO}/ISS-1"),
        format!("/documents/{CONTOSO}/doc-pod/content"),
        format!("/documents/{NORTHWIND}/doc-none/content"),
        "/nonsense".to_owned(),
    ] {
        let response = get(&community, &path).await;
        let body = body_json(&response);
        assert_eq!(
            (response.status(), &body["status"]),
            (StatusCode::NOT_FOUND, &json!(404)),
            "{path}"
        );
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["x-request-id"], body["requestId"].as_str().unwrap());
    }
}

#[tokio::test(start_paused = true)]
async fn admin_routes_add_issues_documents_and_comments() {
    let community = seeded();
    let document = json!({ "companyId": CONTOSO, "documentId": "d", "name": "n.txt", "mediaType": "text/plain", "content": "aGVsbG8=" });
    let (status, reference) = admin(&community, "/documents", document).await;
    assert_eq!((status, &reference["size"]), (StatusCode::CREATED, &json!(5)));
    let issue =
        json!({ "companyId": CONTOSO, "issueId": "I", "category": "tax", "summary": "Missing", "documents": ["d"] });
    let (status, opened) = admin(&community, "/issues", issue.clone()).await;
    assert_eq!((status, &opened["documents"][0]), (StatusCode::CREATED, &reference));
    assert_eq!(admin(&community, "/issues", issue).await.0, StatusCode::BAD_REQUEST);
    let comment = json!({ "companyId": CONTOSO, "issueId": "I", "text": "Hello" });
    assert_eq!(admin(&community, "/comments", comment).await.1["version"], 2);
    let share = json!({ "companyId": CONTOSO, "issueId": "I", "documentId": "doc-invoice" });
    assert_eq!(admin(&community, "/shares", share).await.1["version"], 3);
    let changes = json!({ "companyId": CONTOSO, "issueId": "I", "changes": { "status": "resolved" } });
    assert_eq!(admin(&community, "/changes", changes).await.1["version"], 4);
    assert_eq!(
        admin(&community, "/documents/d/corrupt", Value::Null).await.1["corrupted"],
        1
    );
    assert_eq!(
        admin(&community, "/documents/none/corrupt", Value::Null).await.0,
        StatusCode::BAD_REQUEST
    );
    admin(&community, "/reset", Value::Null).await;
    assert!(community.issue(CONTOSO, "I").is_none() && community.document(CONTOSO, "doc-invoice").is_some());
}

#[tokio::test(start_paused = true)]
async fn faults_strike_here_too() {
    let community = seeded();
    let path = format!("/documents/{NORTHWIND}/doc-pod/content");
    community.knobs().add(Rule::once(
        "GET",
        "/collaboration",
        Fault::Status {
            status: 503,
            headers: [].into(),
            body: None,
        },
    ));
    community
        .knobs()
        .add(Rule::once("GET", "/collaboration", Fault::TokenExpiry));
    let unavailable = get(&community, &path).await;
    assert_eq!(
        (unavailable.status().as_u16(), &unavailable.headers()["content-type"]),
        (503, &http::HeaderValue::from_static("application/problem+json"))
    );
    assert_eq!(get(&community, &path).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(get(&community, &path).await.status(), StatusCode::OK);
    assert_eq!(community.calls().len(), 6);
}
