//! The fault rules strike this world too.

use super::*;
use crate::knobs::{Fault, Rule};

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
    let desk = Desk::new(&community).await;
    let unavailable = desk.get(&path).await;
    assert_eq!(unavailable.problem(), (503, "unavailable"));
    assert_eq!(desk.get(&path).await.status, 401);
    assert_eq!(Desk::new(&community).await.get(&path).await.status, 200);
    assert_eq!(community.calls().len(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_surface_of_opentext_fails_in_the_form_of_its_gateway() {
    let community = seeded();
    let failure = Fault::Status {
        status: 503,
        headers: [("retry-after".to_owned(), "7".to_owned())].into(),
        body: None,
    };
    community.knobs().add(Rule::always("*", "/visibility", failure));
    let request = Request::post("/visibility_transaction_search")
        .body(full("{}"))
        .unwrap();
    let answer = community.call(request).await;
    assert_eq!(
        (
            answer.status().as_u16(),
            answer.headers()["retry-after"].to_str().unwrap()
        ),
        (503, "7")
    );
    assert!(body_json(&answer)["fault"]["faultstring"].is_string());
    assert!(
        answer.headers()["content-type"]
            .to_str()
            .unwrap()
            .starts_with("application/json")
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_lost_can_be_sent_again() {
    let community = with_issue();
    let rule = Rule::once("POST", "/collaboration", Fault::CommitThenStatus { status: 500 });
    community.knobs().add(rule);
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let comment = json!({ "text": "We look into it.", "author": { "name": "Service desk" } });
    assert_eq!(
        desk.post(&path, "k-1", comment.clone()).await.problem(),
        (500, "failed")
    );
    let again = desk.post(&path, "k-1", comment).await;
    assert_eq!(
        (again.status, &again.headers["idempotency-replayed"]),
        (201, &http::HeaderValue::from_static("true"))
    );
    assert_eq!(desk.get(&path).await.body["items"].as_array().unwrap().len(), 1);
}
