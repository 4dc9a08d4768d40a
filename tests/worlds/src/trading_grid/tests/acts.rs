//! Acts and admin routes, and that a partner sees its own and nothing else.

use super::*;

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
async fn admin_routes_add_exchanges_companies_and_disturbances() {
    let community = seeded();
    let exchange = json!({ "senderAddress": "ZZ:NEW", "receiverAddress": "01:147678796", "documentType": "856" });
    let (status, added) = admin(&community, "/exchanges", exchange).await;
    assert_eq!(status, StatusCode::CREATED);
    let correlation = added["correlationId"].as_str().unwrap();
    for (what, body) in [
        ("status", json!({ "status": "failed" })),
        ("acknowledgement", json!({ "acknowledgement": "timed-out" })),
        ("tell", Value::Null),
    ] {
        let (status, _) = admin(&community, &format!("/exchanges/{correlation}/{what}"), body).await;
        assert_eq!(status, StatusCode::CREATED, "{what}");
    }
    let entries = community.exchange(correlation);
    assert_eq!(
        (entries.len(), &entries[3]["status"], &entries[0]["status"]),
        (4, &json!("Failed"), &json!("Completed"))
    );
    assert_eq!(entries[2]["fastatus"], "Timed Out (late FA)");
    let company = json!({
        "company": {
            "companyId": "GC10", "companyName": "New", "address": {}, "tradingAddresses": ["ZZ:NEW"], "segments": ["supplier"],
        },
        "partners": [MERIDIAN],
    });
    assert_eq!(admin(&community, "/companies", company).await.0, StatusCode::CREATED);
    let denied = json!({ "fields": ["senderaddress"] });
    assert_eq!(admin(&community, "/denied-fields", denied).await.0, StatusCode::CREATED);
    let disturbance = json!({ "kind": "repeat", "pages": 2 });
    assert_eq!(admin(&community, "/feed", disturbance).await.0, StatusCode::CREATED);
    for wrong in ["/acts", "/exchanges", "/feed", "/exchanges/none/status"] {
        assert_eq!(
            admin(&community, wrong, json!({ "x": 1 })).await.0,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
    let state = community
        .call(Request::get("/_world/state").body(full("")).unwrap())
        .await;
    assert!(body_json(&state)["lensEntries"].as_u64().unwrap() > 1000);
    let seen = community.call(
        Request::get(format!("/_world/partners/{NORTHWIND}"))
            .body(full(""))
            .unwrap(),
    );
    assert_eq!(body_json(&seen.await)["issues"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_partner_sees_its_own_and_nothing_of_another() {
    let community = with_issue();
    community.open_issue(IssueSeed::new(
        CONTOSO,
        "ISS-9",
        "invoice_mismatch",
        "A secret of Contoso",
    ));
    community.add_comment(CONTOSO, "ISS-9", "Another secret");
    let seen = community.partner_sees(NORTHWIND).to_string();
    assert!(seen.contains("Quantity differs") && !seen.contains("secret"));
    assert!(community.partner_sees_issue(NORTHWIND, "ISS-9").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_partner_cannot_answer_what_nobody_asked() {
    let community = with_issue();
    for act in ["confirms-closure", "de-escalates"] {
        let body = json!({ "act": act, "companyId": NORTHWIND, "issueId": "ISS-1" });
        assert_eq!(
            admin(&community, "/acts", body).await.0,
            StatusCode::BAD_REQUEST,
            "{act}"
        );
    }
    assert_eq!(community.events().len(), 1);
}
