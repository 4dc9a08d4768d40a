//! The world serves the operations of the contract, and checks their form.

use std::collections::BTreeSet;

use super::*;
use crate::trading_grid::collaboration::{Body, validator};

#[tokio::test(start_paused = true)]
async fn every_operation_of_the_contract_is_served() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let mut operations = BTreeSet::new();
    for (template, methods) in CONTRACT["paths"].as_object().unwrap() {
        let path: String = template
            .split('/')
            .map(|part| if part.starts_with('{') { "x-1" } else { part })
            .collect::<Vec<&str>>()
            .join("/");
        for (method, operation) in methods
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "parameters")
        {
            operations.insert(operation["operationId"].as_str().unwrap().to_owned());
            let answer = desk.send(&method.to_uppercase(), &path, &[], "").await;
            // Nothing is there, but the path and the method are known.
            let expected: &[&str] = match method.as_str() {
                "get" => &["not-found", "no problem"],
                _ => &["idempotency-key-missing"],
            };
            assert!(
                expected.contains(&answer.problem().1),
                "{method} {path}: {:?}",
                answer.problem()
            );
        }
        let refused = desk.send("PATCH", &path, &[], "").await;
        assert_eq!(refused.problem(), (405, "method-not-allowed"), "{path}");
        assert!(refused.headers.contains_key("allow"));
    }
    assert_eq!(operations.len(), 30);
}

#[tokio::test(start_paused = true)]
async fn ids_and_parameters_are_checked_before_anything_else() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    for (path, pointer) in [
        ("/issues/GC%20x/ISS-1", "companyId"),
        ("/issues/GC1/.hidden", "issueId"),
        ("/issues/GC1/a%2Fb", "issueId"),
        ("/threads/GC1/%F0%9F%98%80", "threadId"),
        ("/events?limit=0", "limit"),
        ("/events?limit=51", "limit"),
        ("/events?limit=x", "limit"),
        ("/events?limit=1&limit=2", "limit"),
    ] {
        let answer = desk.get(path).await;
        assert_eq!(answer.problem(), (400, "malformed"), "{path}");
        assert_eq!(answer.body["errors"][0]["pointer"], pointer, "{path}");
    }
    for path in [
        "/nonsense",
        "/issues",
        "/issues/GC1",
        "/issues/GC1/ISS-1/",
        "/issues//GC1/ISS-1",
    ] {
        assert_eq!(desk.get(path).await.problem(), (404, "not-found"), "{path}");
    }
    let problem = desk.get("/issues/GC1/ISS-1").await;
    assert_eq!(
        problem.headers["x-request-id"],
        problem.body["requestId"].as_str().unwrap()
    );
}

#[test]
fn every_body_has_a_schema_in_the_contract() {
    for body in Body::ALL {
        let empty = body.check(&json!({})).unwrap_err();
        assert!(format!("{empty:?}").contains("errors"), "{body:?}");
    }
}

#[test]
fn what_is_wrong_with_a_body_is_told_without_its_content() {
    let body = json!({ "text": "", "author": { "name": 42 }, "secret": "s3cret" });
    let told = format!("{:?}", Body::NewComment.check(&body).unwrap_err());
    assert!(told.contains("/text") && told.contains("/author/name"), "{told}");
    assert!(!told.contains("42") && !told.contains("s3cret"), "{told}");
    assert!(validator("Comment").is_valid(&json!({
        "commentId": "cmt-1", "text": "x", "author": { "name": "Ada" }, "postedAt": "2026-11-22T10:00:00Z"
    })));
}

#[tokio::test(start_paused = true)]
async fn a_version_with_a_fraction_of_zero_is_the_whole_number() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/escalation");
    let open = desk.put(&path, "k-1", json!({ "version": 7.0, "state": "open" })).await;
    assert_eq!((open.status, &open.body["version"]), (200, &json!(7)));
    let refused = desk.put(&path, "k-2", json!({ "version": 7.5, "state": "open" })).await;
    assert_eq!(refused.problem(), (400, "malformed"));
}
