//! Communities that serve the contract in their own way.

use serde_json::{Value, json};

use super::{Operation, Say, Script, ask, examples, good, issue, read};
use crate::trading_grid::collaboration::Binding;

#[tokio::test(start_paused = true)]
async fn an_operation_may_be_elsewhere() {
    let binding = r#"
operations:
  readIssue: { path: "/cases/{issueId}?company={companyId}&full=yes" }
  reportStatus: { method: POST, path: "/cases/{issueId}/state" }
"#;
    let script = Script::new([good(), examples::answer(Operation::ReportStatus)]);
    let community = script.collaboration(binding);
    assert!(read(&community).await.unwrap().is_some());
    assert_eq!(ask(&community, Operation::ReportStatus).await, "Taken");
    let seen = script.asked();
    let lines = seen
        .iter()
        .map(|seen| format!("{} {}", seen.method, seen.path))
        .collect::<Vec<_>>();
    insta::assert_snapshot!(lines.join("\n"), @"
    GET /collaboration/v1/cases/ISS-1?company=GC1&full=yes
    POST /collaboration/v1/cases/ISS-1/state
    ");
}

#[tokio::test(start_paused = true)]
async fn members_parameters_and_headers_may_have_other_names() {
    let binding = r#"{
        "members": {
            "issueId": "caseId", "text": "body", "author": "by", "commentId": "id", "items": "rows", "next": "cursor",
            "hasMore": "more", "title": "name", "name": "title"
        },
        "parameters": { "after": "since" },
        "headers": { "Idempotency-Key": "X-Request-Key" }
    }"#;
    let mut theirs = issue();
    let members = theirs.as_object_mut().unwrap();
    let id = members.remove("issueId").unwrap();
    let mut author = members.remove("author").unwrap();
    let name = author.as_object_mut().unwrap().remove("name").unwrap();
    author["title"] = name;
    members.insert("caseId".to_owned(), id);
    members.insert("by".to_owned(), author);
    for document in theirs["documents"].as_array_mut().unwrap() {
        let name = document.as_object_mut().unwrap().remove("name").unwrap();
        document["title"] = name;
    }
    let posted = json!({ "id": "C-7", "body": "x" });
    let page = json!({ "rows": [{ "items": "of the event", "name": "n" }], "cursor": "c", "more": false });
    let script = Script::new([Say::json(200, &theirs), Say::json(201, &posted), Say::json(200, &page)]);
    let community = script.collaboration(binding);
    let found = read(&community).await.unwrap().unwrap();
    assert_eq!(
        (found.author.name.as_str(), found.documents[0].name.as_str()),
        ("Ada Okafor", "pod.pdf")
    );
    assert_eq!(
        found.transaction_ref.business_keys["purchase order number"],
        "4500012345"
    );
    assert!(ask(&community, Operation::PostComment).await.contains("C-7"));
    let events = ask(&community, Operation::ReadEvents).await;
    assert!(
        events.contains(r#"\"items\":\"of the event\""#),
        "events are not renamed: {events}"
    );
    let seen = script.asked();
    assert!(seen[1].headers.contains_key("x-request-key") && !seen[1].headers.contains_key("idempotency-key"));
    let sent: Value = serde_json::from_slice(&seen[1].body).unwrap();
    assert_eq!(sent["body"], "We resend the notice at noon.");
    assert_eq!(sent["by"]["title"], "EDI Support");
    assert_eq!(seen[2].path, "/collaboration/v1/events?since=c-1");
}

#[tokio::test(start_paused = true)]
async fn names_of_business_numbers_are_the_partners() {
    let mut theirs = issue();
    theirs["transactionRef"]["businessKeys"] = json!({ "text": "1", "body": "2" });
    let script = Script::new([Say::json(200, &theirs)]);
    let community = script.collaboration("members: { text: body }");
    let found = read(&community).await.unwrap().unwrap();
    let keys = found.transaction_ref.business_keys;
    assert_eq!((keys["text"].as_str(), keys["body"].as_str()), ("1", "2"));
}

#[tokio::test(start_paused = true)]
async fn a_request_may_be_let_in_in_four_ways() {
    for (binding, header, wanted) in [
        ("", "authorization", Some("Bearer token-1")),
        ("authentication: api-key", "x-api-key", Some("k3y")),
        (
            "{authentication: api-key, api_key_header: X-Tenant-Key}",
            "x-tenant-key",
            Some("k3y"),
        ),
        ("authentication: basic", "authorization", Some("Basic YWRhOnA0c3M=")),
        ("authentication: client-certificate", "authorization", None),
    ] {
        let script = Script::new([good()]);
        if binding.contains("certificate") {
            script.hold(json!({ "certificate": "PEM", "private_key": "PEM" }));
        }
        assert!(
            read(&script.collaboration(binding)).await.unwrap().is_some(),
            "{binding}"
        );
        let seen = script.asked();
        let value = seen[0].headers.get(header).map(|value| value.to_str().unwrap());
        assert_eq!(value, wanted, "{binding}");
        assert_eq!(
            script.seen().len() - seen.len(),
            usize::from(binding.is_empty()),
            "tokens for {binding:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_is_tried_once_more_only_when_the_secret_has_changed() {
    let refused = || Say::problem(401, "unauthorized", json!({}));
    let script = Script::new([refused(), refused(), good()]);
    let community = script.collaboration("authentication: api-key");
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    assert!(read(&community).await.is_err());
    assert_eq!(script.asked().len(), 1, "the same key again would be refused again");
    tokio::time::advance(std::time::Duration::from_secs(60)).await;
    script.hold(json!({ "api_key": "n3w" }));
    assert!(read(&community).await.unwrap().is_some());
    assert_eq!(script.asked()[2].headers["x-api-key"], "n3w");
}

#[tokio::test(start_paused = true)]
async fn a_secret_without_what_is_needed_is_named_and_not_shown() {
    for (binding, secret, wanted) in [
        (
            "authentication: api-key",
            json!({ "client_id": "hidden" }),
            "the secret trading-grid has no api_key",
        ),
        (
            "authentication: basic",
            json!({ "username": "hidden" }),
            "the secret trading-grid has no password",
        ),
        (
            "authentication: client-certificate",
            json!({ "certificate": "hidden" }),
            "the secret trading-grid has no private_key",
        ),
        (
            "authentication: api-key",
            json!("hidden"),
            "the secret trading-grid is not a JSON object of texts",
        ),
        (
            "authentication: api-key",
            json!({ "api_key": "hid\nden" }),
            "the secret holds what cannot stand in a header",
        ),
    ] {
        let script = Script::new([]);
        script.hold(secret);
        let error = super::chain(read(&script.collaboration(binding)).await);
        assert!(error.ends_with(wanted) && !error.contains("hid"), "{error}");
    }
}

#[test]
fn a_binding_that_cannot_be_used_names_its_key() {
    for (binding, wanted) in [
        ("authentication: oauth", "yaml: "),
        ("authentification: basic", "yaml: "),
        ("api_key_header: X-Key", "api_key_header: goes with"),
        (
            "{authentication: api-key, api_key_header: 'X Key'}",
            "api_key_header: is no name of a header",
        ),
        (
            "operations: {readIssues: {path: /x}}",
            "operations.readIssues: is no operation",
        ),
        (
            "operations: {readIssue: {path: 'cases/{issueId}'}}",
            "operations.readIssue.path: must begin with /",
        ),
        (
            "operations: {readIssue: {path: '/../{issueId}'}}",
            "operations.readIssue.path: must begin with /",
        ),
        (
            "operations: {readIssue: {path: '/{issueId}/{threadId}'}}",
            "operations.readIssue.path: {threadId} is not known",
        ),
        (
            "operations: {readIssue: {path: '/{companyId}'}}",
            "operations.readIssue.path: must hold {issueId}",
        ),
        (
            "operations: {readIssue: {path: '/{issueId'}}",
            "operations.readIssue.path: {issueId has an unpaired brace",
        ),
        (
            "operations: {readIssue: {path: '/issueId}'}}",
            "operations.readIssue.path: issueId} has an unpaired brace",
        ),
        (
            "operations: {readIssue: {method: POST}}",
            "operations.readIssue.method: must be GET",
        ),
        (
            "operations: {postComment: {method: DELETE}}",
            "operations.postComment.method: must be",
        ),
        ("members: {issueID: caseId}", "members.issueID: is no name"),
        ("members: {issueId: ''}", "members.issueId: must not be empty"),
        (
            "members: {issueId: companyId}",
            "members.issueId: companyId is a name of the contract",
        ),
        (
            "members: {issueId: id, threadId: id}",
            "members.threadId: has the name of another",
        ),
        ("parameters: {issueId: id}", "parameters.issueId: is no name"),
        (
            "parameters: {after: limit}",
            "parameters.after: limit is a name of the contract",
        ),
        ("headers: {Origin: X-Origin}", "headers.Origin: must be"),
        ("headers: {Repr-Digest: 'a b'}", "headers.Repr-Digest: is no name"),
        ("[", "yaml: "),
    ] {
        let error = Binding::parse(binding).unwrap_err().to_string();
        let wanted = format!("the collaboration binding: {wanted}");
        assert!(error.starts_with(&wanted), "{binding}: {error}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_that_would_climb_the_path_is_not_sent() {
    let script = Script::new([]);
    let community = script.collaboration("");
    let company = "GC1".parse().unwrap();
    for id in [".", ".."] {
        let error = super::chain(community.issue(&company, &id.parse().unwrap()).await);
        assert!(error.ends_with("issueId: cannot stand in a path"), "{error}");
    }
    assert!(script.seen().is_empty());
}
