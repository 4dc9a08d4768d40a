//! Answers that are not what they should be.

use serde_json::{Value, json};

use super::{Operation, Say, ask, chain, good, issue, read, script};
use crate::failure::Failure;

/// The issue with one change.
fn changed(pointer: &str, value: Value) -> Say {
    let mut issue = issue();
    *issue.pointer_mut(pointer).unwrap() = value;
    Say::json(200, &issue)
}

fn without(member: &str) -> Say {
    let mut issue = issue();
    issue.as_object_mut().unwrap().remove(member);
    Say::json(200, &issue)
}

fn renamed(from: &str, to: &str) -> Say {
    let mut issue = issue();
    let members = issue.as_object_mut().unwrap();
    let value = members.remove(from).unwrap();
    members.insert(to.to_owned(), value);
    Say::json(200, &issue)
}

#[tokio::test(start_paused = true)]
async fn a_bad_answer_is_an_error_that_says_what_is_wrong() {
    let text = issue().to_string();
    let table = [
        (
            renamed("summary", "title"),
            "the community cannot be asked to read an issue: the body: missing field `summary`",
        ),
        (
            without("version"),
            "the community cannot be asked to read an issue: the body: missing field `version`",
        ),
        (changed("/version", json!("2")), "version: invalid type"),
        (changed("/issueId", json!("ISS-2")), "it is about another issue"),
        (changed("/companyId", json!("GC2")), "it is about another issue"),
        (
            Say::text(200, "application/json", &text[..text.len() / 2]),
            "EOF while parsing",
        ),
        (Say::text(200, "application/json", ""), "EOF while parsing"),
        (Say::text(200, "text/html", "<html>Sign in</html>"), "it is not JSON"),
        (Say::text(200, "application/json", "[]"), "the body: invalid length"),
        (Say::json(202, &issue()), "202 does not say that it was done"),
        (Say::json(204, &json!(null)), "204 does not say that it was done"),
        (
            Say::text(302, "text/html", "").with_header("location", "https://elsewhere.test/login"),
            "302 points elsewhere",
        ),
        (
            Say::problem(403, "forbidden", json!({})),
            "the community answered 403: because when asked to read an issue",
        ),
        (
            Say::text(404, "text/html", "<html>"),
            "the community answered 404: a page of HTML or XML",
        ),
        (
            Say::json(
                400,
                &json!({ "fault": { "faultstring": "Quota", "detail": { "errorcode": "q.q" } } }),
            ),
            "the community answered 400: Quota (q.q)",
        ),
        (
            Say::text(400, "text/plain", "no such tenant"),
            "the community answered 400: no such tenant",
        ),
    ];
    for (say, wanted) in table {
        let (_, community) = script([say.clone()]);
        let error = chain(read(&community).await);
        assert!(error.contains(wanted), "{say:?}\n{error}\nlacks {wanted}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_used_may_be_anything() {
    for say in [
        changed("/status", json!({ "is": "an object" })),
        changed("/comments", json!("none")),
        changed("/isEscalated", json!(7)),
        without("comments"),
        Say::Answer(
            200,
            "application/problem+json; charset=utf-8",
            issue().to_string().into(),
            Vec::new(),
        ),
    ] {
        let (_, community) = script([say]);
        assert!(read(&community).await.unwrap().is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_community_itself_says_that_there_is_no_such_thing() {
    let (_, community) = script([Say::problem(404, "not-found", json!({}))]);
    assert_eq!(read(&community).await.unwrap(), None);
    let (_, community) = script([Say::text(404, "text/plain", "no route")]);
    assert!(read(&community).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_on_the_way_is_replaced_once() {
    let dead = || Say::json(401, &json!({ "fault": { "faultstring": "Access Token expired" } }));
    let (script, community) = script([dead(), good(), dead(), dead()]);
    assert!(read(&community).await.unwrap().is_some());
    let tokens = |script: &super::Script| {
        let seen = script.asked();
        let header =
            |seen: &crate::trading_grid::script::Seen| seen.headers["authorization"].to_str().unwrap().to_owned();
        seen.iter().map(header).collect::<Vec<_>>()
    };
    assert_eq!(tokens(&script), ["Bearer token-1", "Bearer token-2"]);
    let error = read(&community).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the community answered 401: Access Token expired when asked to read an issue"
    );
    assert!(matches!(error.into_failure(), Failure::Upstream { unsent: true, .. }));
    assert_eq!(tokens(&script)[2..], ["Bearer token-2", "Bearer token-3"]);
}

#[tokio::test(start_paused = true)]
async fn the_token_request_is_as_published_and_its_answer_is_read_leniently() {
    let (first, community) = script([good()]);
    read(&community).await.unwrap();
    let request = &first.seen()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/oauth2/tokens?grant_type=client_credentials")
    );
    assert_eq!(request.headers["authorization"], "Basic aWQ6czNjcmV0");
    assert!(request.body.is_empty());
    let hour = std::time::Duration::from_secs(3600);
    for (answer, renewed_after_nine_hours) in [
        (json!({ "access_token": "t" }), true),
        (json!({ "access_token": "t", "expires_in": "35999" }), false),
        (
            json!({ "access_token": "t", "expires_in": 35_999.5, "token_type": 7 }),
            false,
        ),
        (json!({ "access_token": "t", "expires_in": { "never": true } }), true),
        (json!({ "access_token": "t", "expires_in": -5 }), true),
    ] {
        let (script, community) = script([good(), good()]);
        script.answer_tokens_with(Say::json(200, &answer));
        read(&community).await.unwrap();
        tokio::time::advance(hour * 9).await;
        read(&community).await.unwrap();
        let requests = script.seen().len() - script.asked().len();
        assert_eq!(requests == 2, renewed_after_nine_hours, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_bad_token_answer_is_no_answer_of_the_community_and_says_nothing_of_the_token() {
    for (say, wanted) in [
        (Say::json(200, &json!({ "token": "abc" })), "it has no access_token"),
        (Say::json(200, &json!({ "access_token": "" })), "it has no access_token"),
        (Say::text(200, "text/html", "<html>"), "it has no access_token"),
        (
            Say::text(200, "application/json", "{\"access_token\":\"hidden"),
            "it has no access_token",
        ),
        (
            Say::json(401, &json!({ "fault": { "faultstring": "Invalid client" } })),
            "401: Invalid client",
        ),
        (Say::text(503, "text/plain", "busy"), "503: busy"),
    ] {
        let (script, community) = script([]);
        script.answer_tokens_with(say.clone());
        let error = read(&community).await.unwrap_err();
        let text = crate::failure::chain(&error);
        assert!(
            text.starts_with("no access to Trading Grid: ") && text.contains(wanted),
            "{say:?}: {text}"
        );
        assert!(!text.contains("hidden"), "{text}");
        assert!(matches!(error.into_failure(), Failure::Upstream { unsent: true, .. }));
    }
}

#[tokio::test(start_paused = true)]
async fn a_malformed_event_does_not_hide_the_others_of_its_page() {
    let page = json!({ "items": [{ "specversion": "0" }, 7, { "id": "e" }], "next": "c", "hasMore": true });
    let (_, community) = script([Say::json(200, &page)]);
    let outcome = ask(&community, Operation::ReadEvents).await;
    assert_eq!(outcome.matches("specversion").count(), 1, "{outcome}");
    for (page, wanted) in [
        (json!({ "items": [], "hasMore": false }), "next is missing"),
        (json!({ "items": [], "next": "", "hasMore": false }), "next is missing"),
        (
            json!({ "items": {}, "next": "c", "hasMore": false }),
            "items is missing",
        ),
        (json!({ "items": [], "next": "c" }), "hasMore is missing"),
        (json!([]), "the whole is missing"),
    ] {
        let (_, community) = script([Say::json(200, &page)]);
        let outcome = ask(&community, Operation::ReadEvents).await;
        assert!(outcome.contains(wanted), "{page}: {outcome}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_expired_cursor_says_where_the_feed_begins_now() {
    let (_, community) = script([
        Say::problem(410, "cursor-expired", json!({ "oldest": "c-9" })),
        Say::problem(410, "cursor-expired", json!({})),
        Say::text(410, "text/html", "<html>"),
    ]);
    insta::assert_snapshot!(ask(&community, Operation::ReadEvents).await, @r#"
    Expired {
        oldest: Some(
            Cursor(
                "c-9",
            ),
        ),
    }
    "#);
    insta::assert_snapshot!(ask(&community, Operation::ReadEvents).await, @"
    Expired {
        oldest: None,
    }
    ");
    let outcome = ask(&community, Operation::ReadEvents).await;
    assert!(outcome.contains("the community answered 410"), "{outcome}");
}

#[tokio::test(start_paused = true)]
async fn every_operation_reports_a_bad_answer_and_none_believes_it() {
    let bad = [
        Say::text(200, "text/html", "<html>Sign in</html>"),
        Say::text(200, "application/json", "{\"items\":["),
        Say::json(200, &json!({ "renamed": true })),
        Say::json(200, &json!(null)),
        Say::json(202, &json!({})),
        Say::text(302, "text/plain", "elsewhere"),
        Say::text(500, "text/plain", "boom"),
    ];
    for operation in Operation::ALL {
        for say in &bad {
            let is_download = operation == Operation::DownloadDocument;
            // Three tries where a call may be sent again.
            let (_, community) = script([say.clone(), say.clone(), say.clone()]);
            let outcome = ask(&community, operation).await;
            let is_error =
                outcome.contains("is of no use") || outcome.contains("answered") || outcome.contains("cannot be asked");
            let is_flaw = is_download
                && (outcome.contains("Smaller") || outcome.contains("Altered") || outcome.contains("Larger"));
            assert!(is_error || is_flaw, "{operation:?}, {say:?}: {outcome}");
        }
    }
}
