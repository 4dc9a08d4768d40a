//! Threads, and requests for documents from both sides.

use super::*;
use crate::trading_grid::{Author, FileSeed, PartnerAct, RequestSeed, ThreadSeed};

fn with_thread() -> TradingGrid {
    let community = with_issue();
    community.act(PartnerAct::StartsThread {
        thread: ThreadSeed {
            company_id: NORTHWIND.to_owned(),
            thread_id: "THR-1".to_owned(),
            topic: "Packing list of SHP-88213".to_owned(),
            issue_id: Some("ISS-1".to_owned()),
            transaction_ref: Some(json!({ "documentType": "856" })),
        },
        text: "The packing list is missing.".to_owned(),
        files: vec![FileSeed::known("doc-asn-856")],
        author: None,
    });
    community
}

fn wants(text: &str) -> RequestSeed {
    RequestSeed {
        document_type: "corrected packing list".to_owned(),
        text: text.to_owned(),
        author: Author {
            user_id: "GCP4N8W225A19".to_owned(),
            name: "Ada Okafor".to_owned(),
        },
        needed_by: Some("2026-11-23T12:00:00Z".to_owned()),
        transaction_ref: None,
    }
}

fn asks() -> PartnerAct {
    PartnerAct::RequestsDocument {
        company_id: NORTHWIND.to_owned(),
        thread_id: "THR-1".to_owned(),
        request: wants("Please send it."),
    }
}

const THREAD: &str = "/threads/GC41543822654A/THR-1";

#[tokio::test(start_paused = true)]
async fn a_thread_begins_with_its_first_message() {
    let community = with_thread();
    let events = community.events();
    let opened = events.last().unwrap();
    assert_eq!(opened.kind, "gridlink.community.thread.message-posted.v1");
    assert_eq!(opened.subject, format!("threads/{NORTHWIND}/THR-1"));
    assert_eq!(
        (&opened.data["version"], &opened.data["issueId"]),
        (&json!(1), &json!("ISS-1"))
    );
    assert_eq!(opened.data["documents"][0]["documentId"], "doc-asn-856");
    let desk = Desk::new(&community).await;
    let thread = desk.get(THREAD).await.body;
    assert_eq!(
        (&thread["state"], &thread["topic"]),
        (&json!("open"), &json!("Packing list of SHP-88213"))
    );
    let issue = desk.get(&format!("/issues/{NORTHWIND}/ISS-1")).await.body;
    assert_eq!(issue["threadIds"], json!(["THR-1"]));
    let other = desk.get(&format!("/threads/{CONTOSO}/THR-1")).await;
    assert_eq!(other.problem(), (404, "not-found"));
}

#[tokio::test(start_paused = true)]
async fn the_desk_answers_delivers_and_closes_the_request_of_a_partner() {
    let community = with_thread();
    let asked = community.act(asks());
    let request = asked[0].data["documentRequest"]["requestId"].as_str().unwrap();
    let desk = Desk::new(&community).await;
    let message = desk.get(&format!("{THREAD}/messages")).await.body["items"][0]["messageId"].clone();
    let reply = json!({ "text": "It is on its way.", "author": { "name": "Maria" }, "inReplyTo": message });
    assert_eq!(desk.post(&format!("{THREAD}/messages"), "k-1", reply).await.status, 201);
    let lost = json!({ "text": "x", "author": { "name": "Maria" }, "inReplyTo": "msg-99" });
    let refused = desk.post(&format!("{THREAD}/messages"), "k-2", lost).await;
    assert_eq!(refused.problem(), (422, "unknown-reference"));
    let path = format!("{THREAD}/documents?fileName=list.txt&requestId={request}");
    let file = desk.upload(&path, "k-3", "text/plain", "list").await.body;
    let path = format!("{THREAD}/documents?fileName=a&requestId=req-99");
    let unknown = desk.upload(&path, "k-4", "text/plain", "x").await;
    assert_eq!(unknown.problem(), (422, "unknown-reference"));
    let path = format!("{THREAD}/document-requests/{request}/fulfilment");
    let done = json!({ "version": 3, "state": "fulfilled", "documentIds": [file["documentId"]] });
    let done = desk.put(&path, "k-5", done).await;
    assert_eq!(
        (&done.body["state"], &done.body["documents"][0]),
        (&json!("fulfilled"), &file)
    );
    let late = desk
        .put(&path, "k-6", json!({ "version": 3, "state": "declined" }))
        .await;
    assert_eq!(late.problem(), (409, "version-superseded"));
    let nobody = format!("{THREAD}/document-requests/req-99/fulfilment");
    let nobody = desk
        .put(&nobody, "k-7", json!({ "version": 1, "state": "declined" }))
        .await;
    assert_eq!(nobody.problem(), (404, "not-found"));
    let seen = community.partner_sees_thread(NORTHWIND, "THR-1").unwrap();
    assert_eq!(seen["documentRequests"][0]["documents"][0]["name"], "list.txt");
    assert_eq!(seen["messages"][1]["text"], "It is on its way.");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_partner_has_withdrawn_takes_no_more() {
    let community = with_thread();
    let asked = community.act(asks());
    let request = asked[0].data["documentRequest"]["requestId"].as_str().unwrap();
    let withdrawn = community.act(PartnerAct::WithdrawsRequest {
        company_id: NORTHWIND.to_owned(),
        thread_id: "THR-1".to_owned(),
        request_id: request.to_owned(),
        reason: Some("Found it.".to_owned()),
        author: None,
    });
    assert_eq!(
        withdrawn[0].kind,
        "gridlink.community.thread.document-request-withdrawn.v1"
    );
    let desk = Desk::new(&community).await;
    let path = format!("{THREAD}/document-requests/{request}/fulfilment");
    let refused = desk.put(&path, "k", json!({ "version": 1, "state": "declined" })).await;
    assert_eq!(refused.problem(), (409, "resource-closed"));
}

#[tokio::test(start_paused = true)]
async fn the_partner_provides_what_the_desk_asked_for() {
    let community = with_thread();
    let desk = Desk::new(&community).await;
    let path = format!("{THREAD}/document-requests");
    let asked =
        json!({ "documentType": "proof of delivery", "text": "Please send it.", "author": { "name": "Maria" } });
    let asked = desk.post(&path, "k-1", asked).await.body;
    assert_eq!((&asked["from"], &asked["state"]), (&json!("desk"), &json!("open")));
    let provided = community.act(PartnerAct::ProvidesDocument {
        company_id: NORTHWIND.to_owned(),
        thread_id: "THR-1".to_owned(),
        request_id: Some(asked["requestId"].as_str().unwrap().to_owned()),
        file: FileSeed::known("doc-pod"),
        author: None,
    });
    assert_eq!(provided[0].data["requestId"], asked["requestId"]);
    let thread = desk.get(THREAD).await.body;
    assert_eq!(thread["documentRequests"][0]["state"], "open");
    let outcome = json!({
        "version": 1, "state": "done", "label": "Thank you", "since": "2026-11-22T10:00:00Z",
        "requestId": asked["requestId"],
    });
    let told = desk.put(&format!("{THREAD}/outcomes/TASK0001"), "k-2", outcome).await;
    assert_eq!((told.status, &told.body["outcomeId"]), (200, &json!("TASK0001")));
    let lost = json!({
        "version": 1, "state": "done", "label": "x", "since": "2026-11-22T10:00:00Z", "messageId": "msg-99",
    });
    let refused = desk.put(&format!("{THREAD}/outcomes/TASK0002"), "k-3", lost).await;
    assert_eq!(refused.problem(), (422, "unknown-reference"));
}

#[tokio::test(start_paused = true)]
async fn a_closed_thread_takes_no_more() {
    let community = with_thread();
    community.act(PartnerAct::ClosesThread {
        company_id: NORTHWIND.to_owned(),
        thread_id: "THR-1".to_owned(),
    });
    let desk = Desk::new(&community).await;
    let message = json!({ "text": "x", "author": { "name": "Maria" } });
    let refused = desk.post(&format!("{THREAD}/messages"), "k-1", message).await;
    assert_eq!(refused.problem(), (409, "resource-closed"));
    let file = desk
        .upload(&format!("{THREAD}/documents?fileName=a"), "k-2", "text/plain", "x")
        .await;
    assert_eq!(file.problem(), (409, "resource-closed"));
    assert_eq!(desk.get(THREAD).await.body["state"], "closed");
}
