//! Issues: what is read, what is reported, and how they are closed.

use super::*;

fn status(version: u64, state: &str) -> Value {
    json!({
        "version": version,
        "state": state,
        "label": "awaiting finance approval",
        "text": "Finance looks at the invoice.",
        "expectedAction": { "kind": "reply", "text": "Please send the credit note." },
        "since": "2026-11-22T10:00:00Z",
        "caseNumber": "CS0001001",
        "unknown": true,
    })
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
    let desk = Desk::new(&community).await;
    let issue = desk.get(&format!("/issues/{NORTHWIND}/ISS-1")).await.body;
    for (member, value) in [
        ("version", json!(4)),
        ("priority", json!("high")),
        ("status", json!("open")),
        ("isEscalated", json!(false)),
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
async fn a_company_has_nothing_of_another() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    for path in [
        format!("/issues/{CONTOSO}/ISS-1"),
        format!("/issues/{CONTOSO}/ISS-1/comments"),
        format!("/documents/{CONTOSO}/doc-pod/content"),
        format!("/documents/{NORTHWIND}/doc-none/content"),
    ] {
        let answer = desk.get(&path).await;
        assert_eq!(answer.problem(), (404, "not-found"), "{path}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
    }
    let comment = json!({ "text": "x", "author": { "name": "Service desk" } });
    let path = format!("/issues/{CONTOSO}/ISS-1/comments");
    assert_eq!(desk.post(&path, "k", comment).await.problem(), (404, "not-found"));
}

#[tokio::test(start_paused = true)]
async fn a_status_report_is_what_the_partner_sees() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/status");
    let reported = desk.put(&path, "k-1", status(10, "in-progress")).await;
    assert_eq!((reported.status, reported.body.get("unknown")), (200, None));
    assert_eq!(reported.body["receivedAt"], "2026-11-22T10:00:00.000Z");
    let issue = desk.get(&format!("/issues/{NORTHWIND}/ISS-1")).await.body;
    assert_eq!(
        (&issue["status"], &issue["version"]),
        (&json!("in-progress"), &json!(2))
    );
    assert_eq!(issue["statusReport"], reported.body);
    let seen = community.partner_sees_issue(NORTHWIND, "ISS-1").unwrap();
    assert_eq!(seen["statusReport"]["label"], "awaiting finance approval");
    assert!(!seen.to_string().contains("origin") && !seen.to_string().contains("k-1"));
}

#[tokio::test(start_paused = true)]
async fn an_older_report_changes_nothing() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/status");
    desk.put(&path, "k-1", status(10, "resolved")).await;
    for version in [9, 10] {
        let refused = desk.put(&path, &format!("k-{version}"), status(version, "open")).await;
        assert_eq!(refused.problem(), (409, "version-superseded"));
        assert_eq!(refused.body["currentVersion"], 10);
    }
    assert_eq!(community.issue(NORTHWIND, "ISS-1").unwrap()["status"], "resolved");
    assert_eq!(desk.put(&path, "k-11", status(11, "open")).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn comments_are_paged_oldest_first_and_an_issue_shows_the_newest_fifty() {
    let community = with_issue();
    for number in 1..=120 {
        community.add_comment(NORTHWIND, "ISS-1", &format!("Comment {number}"));
    }
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let (mut after, mut texts, mut pages) = (String::new(), Vec::new(), 0);
    loop {
        let page = desk.get(&format!("{path}?limit=50{after}")).await.body;
        texts.extend(
            page["items"]
                .as_array()
                .unwrap()
                .iter()
                .map(|item| item["text"].clone()),
        );
        after = format!("&after={}", page["next"].as_str().unwrap());
        pages += 1;
        if page["hasMore"] == false {
            break;
        }
    }
    assert_eq!((pages, texts.len(), &texts[0]), (3, 120, &json!("Comment 1")));
    let empty = desk.get(&format!("{path}?{}", &after[1..])).await.body;
    assert_eq!((&empty["items"], &empty["next"]), (&json!([]), &json!("c.120")));
    for wrong in ["c.121", "m.1", "c.-1", "c.01", "x"] {
        let refused = desk.get(&format!("{path}?after={wrong}")).await;
        assert_eq!(refused.problem(), (400, "cursor-malformed"), "{wrong}");
    }
    let shown = desk.get(&format!("/issues/{NORTHWIND}/ISS-1")).await.body;
    let shown = shown["comments"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["text"]), (50, &json!("Comment 71")));
}

#[tokio::test(start_paused = true)]
async fn a_closure_is_asked_confirmed_and_done() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/closure");
    assert_eq!(desk.get(&path).await.problem(), (404, "not-found"));
    let request =
        json!({ "version": 1, "state": "requested", "resolution": "Resent.", "confirmBy": "2026-11-29T10:00:00Z" });
    assert_eq!(desk.put(&path, "k-1", request).await.body["state"], "requested");
    let data = community.partner_confirms_closure(NORTHWIND, "ISS-1");
    assert_eq!((&data["closureVersion"], data.get("reason")), (&json!(1), None));
    let closure = desk.get(&path).await.body;
    assert_eq!(
        (&closure["state"], &closure["answer"]["verdict"]),
        (&json!("confirmed"), &json!("confirmed"))
    );
    let withdrawn = json!({ "version": 2, "state": "withdrawn" });
    assert_eq!(
        desk.put(&path, "k-2", withdrawn).await.problem(),
        (409, "closure-answered")
    );
    let closed = json!({ "version": 2, "state": "closed", "because": "confirmed" });
    let closed = desk.put(&path, "k-3", closed).await;
    assert_eq!(
        (&closed.body["state"], &closed.body["resolution"]),
        (&json!("closed"), &json!("Resent."))
    );
    assert_eq!(community.issue(NORTHWIND, "ISS-1").unwrap()["status"], "closed");
}

#[tokio::test(start_paused = true)]
async fn a_dispute_wins_over_what_the_desk_reports_meanwhile() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/closure");
    desk.put(&path, "k-1", json!({ "version": 1, "state": "requested" }))
        .await;
    community.partner_disputes(NORTHWIND, "ISS-1", "Line 2 is still wrong.");
    for (key, report) in [
        (
            "k-2",
            json!({ "version": 2, "state": "closed", "because": "no-answer" }),
        ),
        ("k-3", json!({ "version": 2, "state": "closed", "because": "decided" })),
        ("k-4", json!({ "version": 2, "state": "withdrawn" })),
    ] {
        assert_eq!(
            desk.put(&path, key, report).await.problem(),
            (409, "closure-answered"),
            "{key}"
        );
    }
    assert_eq!(community.issue(NORTHWIND, "ISS-1").unwrap()["status"], "open");
    // Asked again, and this time there is no answer.
    desk.put(&path, "k-5", json!({ "version": 3, "state": "requested" }))
        .await;
    let closed = json!({ "version": 4, "state": "closed", "because": "no-answer" });
    assert_eq!(desk.put(&path, "k-6", closed).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn silence_is_no_reason_after_an_answer() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/closure");
    let nothing_asked = desk
        .put(&path, "k-0", json!({ "version": 1, "state": "withdrawn" }))
        .await;
    assert_eq!(nothing_asked.problem(), (409, "resource-closed"));
    desk.put(&path, "k-1", json!({ "version": 1, "state": "requested" }))
        .await;
    community.partner_confirms_closure(NORTHWIND, "ISS-1");
    let closed = json!({ "version": 2, "state": "closed", "because": "no-answer" });
    assert_eq!(
        desk.put(&path, "k-2", closed).await.problem(),
        (409, "closure-answered")
    );
}

#[tokio::test(start_paused = true)]
async fn a_closed_issue_takes_no_more_until_it_is_opened_again() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let base = format!("/issues/{NORTHWIND}/ISS-1");
    desk.put(&format!("{base}/status"), "k-1", status(1, "closed")).await;
    let comment = json!({ "text": "x", "author": { "name": "Service desk" } });
    let refused = desk.post(&format!("{base}/comments"), "k-2", comment.clone()).await;
    assert_eq!(refused.problem(), (409, "resource-closed"));
    let file = desk
        .upload(&format!("{base}/documents?fileName=a.txt"), "k-3", "text/plain", "x")
        .await;
    assert_eq!(file.problem(), (409, "resource-closed"));
    let asked = desk
        .put(
            &format!("{base}/closure"),
            "k-4",
            json!({ "version": 1, "state": "requested" }),
        )
        .await;
    assert_eq!(asked.problem(), (409, "resource-closed"));
    let opened = desk
        .put(
            &format!("{base}/escalation"),
            "k-5",
            json!({ "version": 1, "state": "open" }),
        )
        .await;
    assert_eq!(opened.problem(), (409, "resource-closed"));
    desk.put(&format!("{base}/status"), "k-6", status(2, "in-progress"))
        .await;
    assert_eq!(desk.post(&format!("{base}/comments"), "k-2", comment).await.status, 201);
}
