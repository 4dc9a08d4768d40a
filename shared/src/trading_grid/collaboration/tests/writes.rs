//! Writes: sent again without harm, never believed without proof, refused in words.

use serde_json::{Value, json};

use super::{Operation, Say, ask, examples, script};
use crate::trading_grid::collaboration::Key;

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_is_lost_is_sent_again_with_the_same_key() {
    let unavailable = Say::problem(503, "unavailable", json!({}));
    let (script, community) = script([Say::Lost, unavailable, examples::answer(Operation::PostComment)]);
    let outcome = ask(&community, Operation::PostComment).await;
    assert!(outcome.contains("C-1"), "{outcome}");
    let asked = script.asked();
    assert_eq!(asked.len(), 3);
    let key = Key::derived(&["one effect"]);
    for seen in &asked {
        assert_eq!(seen.headers["idempotency-key"], key.as_str());
        assert_eq!(seen.body, asked[0].body);
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_sent_once_because_its_body_is_spent() {
    let (script, community) = script([Say::Lost]);
    let outcome = ask(&community, Operation::ShareDocument).await;
    assert_eq!(outcome, "the community gave no answer when asked to take a document");
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_upload_finds_fresh_credentials_the_next_time() {
    let dead = Say::json(401, &json!({}));
    let (script, community) = script([dead, examples::answer(Operation::ShareDocument)]);
    assert!(ask(&community, Operation::ShareDocument).await.contains("401"));
    assert!(ask(&community, Operation::ShareDocument).await.contains("DOC-1"));
    assert_eq!(script.asked()[1].headers["authorization"], "Bearer token-2");
}

#[tokio::test(start_paused = true)]
async fn a_report_that_is_older_than_what_stands_is_superseded() {
    let superseded = |more: Value| Say::problem(409, "version-superseded", more);
    for operation in [
        Operation::ReportStatus,
        Operation::ReportClosure,
        Operation::ReportEscalation,
        Operation::ReportMilestone,
        Operation::ReportFulfilment,
        Operation::ReportOutcome,
        Operation::PublishArticle,
        Operation::WithdrawArticle,
        Operation::ReportOnboarding,
    ] {
        let (_, community) = script([superseded(json!({ "currentVersion": 9 })), superseded(json!({}))]);
        let outcome = ask(&community, operation).await;
        assert_eq!(
            outcome.split_whitespace().collect::<String>(),
            "Superseded{current:Some(9,),}"
        );
        let outcome = ask(&community, operation).await;
        assert_eq!(
            outcome.split_whitespace().collect::<String>(),
            "Superseded{current:None,}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_report_stands_only_when_the_answer_has_its_version() {
    for version in [json!(3), json!(5), json!("4"), json!(null)] {
        let mut status = serde_json::to_value(examples::status()).unwrap();
        status["version"] = version;
        let (_, community) = script([Say::json(200, &status)]);
        let outcome = ask(&community, Operation::ReportStatus).await;
        assert!(outcome.contains("is of no use"), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_there_only_when_the_answer_has_its_size_and_digest() {
    let document = match examples::answer(Operation::ShareDocument) {
        Say::Answer(_, _, body, _) => serde_json::from_slice::<Value>(&body).unwrap(),
        Say::Lost => Value::Null,
    };
    for (member, value) in [("size", json!(1)), ("sha256", json!("0".repeat(64)))] {
        let mut document = document.clone();
        document[member] = value;
        let (_, community) = script([Say::json(201, &document)]);
        let outcome = ask(&community, Operation::ShareDocument).await;
        assert!(outcome.contains("it is about other bytes"), "{outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_never_repeats_what_was_sent() {
    let echo = json!({ "message": "rejected: We resend the notice at noon." });
    let (_, community) = script([Say::json(400, &echo)]);
    let outcome = ask(&community, Operation::PostComment).await;
    assert_eq!(
        outcome,
        "the community answered 400: a message that repeats what was sent when asked to add a comment"
    );
}

#[test]
fn a_key_is_the_same_for_the_same_parts_and_no_others() {
    let key = Key::derived(&["a", "bc"]);
    assert_eq!(key, Key::derived(&["a", "bc"]));
    assert_ne!(key, Key::derived(&["ab", "c"]));
    assert_eq!(key.as_str().len(), 40);
    for bad in ["", "a b", "a\"b", "ä", &"x".repeat(129)] {
        assert!(bad.parse::<Key>().is_err(), "{bad:?}");
    }
}
