//! Articles reach their audience and nobody else.

use super::*;
use crate::trading_grid::{FeedbackKind, PartnerAct};

fn article(version: u64, audience: Value) -> Value {
    json!({
        "version": version,
        "title": "How to resend a rejected 856",
        "html": "<h1>Resend</h1><p>See <a href=\"https://example.org/856\">the guide</a>.</p>",
        "language": "en",
        "audience": audience,
        "keywords": ["856"],
        "number": "KB0010001",
    })
}

fn everyone(version: u64) -> Value {
    article(version, json!({ "kind": "everyone" }))
}

fn titles(community: &TradingGrid, company: &str) -> usize {
    community.partner_sees_articles(company).len()
}

#[tokio::test(start_paused = true)]
async fn only_the_audience_finds_an_article() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let only_contoso = json!({ "kind": "companies", "companyIds": [CONTOSO] });
    let suppliers = json!({ "kind": "segments", "segments": ["supplier"] });
    for (id, audience) in [
        ("kb-1", json!({ "kind": "everyone" })),
        ("kb-2", only_contoso),
        ("kb-3", suppliers),
    ] {
        let published = desk.put(&format!("/articles/{id}"), id, article(1, audience)).await;
        assert_eq!((published.status, &published.body["state"]), (200, &json!("published")));
    }
    assert_eq!((titles(&community, NORTHWIND), titles(&community, CONTOSO)), (2, 2));
    // Narrower than before, at once.
    let nobody = json!({ "kind": "companies", "companyIds": [MERIDIAN] });
    desk.put("/articles/kb-1", "k", article(2, nobody)).await;
    assert_eq!((titles(&community, NORTHWIND), titles(&community, CONTOSO)), (1, 1));
    assert!(
        !community.partner_sees_articles(NORTHWIND)[0]
            .to_string()
            .contains("audience")
    );
    let unclear = desk
        .put("/articles/kb-4", "k-4", article(1, json!({ "kind": "segments" })))
        .await;
    assert_eq!(unclear.problem(), (400, "malformed"));
}

#[tokio::test(start_paused = true)]
async fn a_withdrawn_article_does_not_come_back_by_a_late_version() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let missing = desk
        .put(
            "/articles/kb-1/withdrawal",
            "k-0",
            json!({ "version": 1, "because": "retired" }),
        )
        .await;
    assert_eq!(missing.problem(), (404, "not-found"));
    desk.put("/articles/kb-1", "k-1", everyone(1)).await;
    let withdrawn = desk
        .put(
            "/articles/kb-1/withdrawal",
            "k-2",
            json!({ "version": 5, "because": "retired" }),
        )
        .await;
    assert_eq!(
        (&withdrawn.body["state"], &withdrawn.body["version"]),
        (&json!("withdrawn"), &json!(5))
    );
    assert_eq!(titles(&community, NORTHWIND), 0);
    let late = desk.put("/articles/kb-1", "k-3", everyone(4)).await;
    assert_eq!(
        (late.problem(), &late.body["currentVersion"]),
        ((409, "version-superseded"), &json!(5))
    );
    assert_eq!(
        desk.get("/articles/kb-1").await.body["withdrawal"]["because"],
        "retired"
    );
    let back = desk.put("/articles/kb-1", "k-4", everyone(6)).await;
    assert_eq!(
        (&back.body["state"], back.body.get("withdrawal")),
        (&json!("published"), None)
    );
    let nobody = json!({ "version": 7, "because": "replaced", "replacedBy": "kb-9" });
    let refused = desk.put("/articles/kb-1/withdrawal", "k-5", nobody).await;
    assert_eq!(refused.problem(), (422, "unknown-reference"));
}

#[tokio::test(start_paused = true)]
async fn files_come_before_the_version_that_names_them() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let mut report = everyone(1);
    report["html"] = json!("<p><img src='gridlink-file:upl-1'></p>");
    let early = desk.put("/articles/kb-1", "k-1", report.clone()).await;
    assert_eq!(early.problem(), (422, "unknown-reference"));
    let file = desk
        .upload("/articles/kb-1/files?fileName=label.png", "k-2", "image/png", "png")
        .await;
    assert_eq!(file.body["documentId"], "upl-1");
    assert_eq!(desk.get("/articles/kb-1").await.problem(), (404, "not-found"));
    let published = desk.put("/articles/kb-1", "k-3", report).await;
    assert_eq!(published.body["files"][0]["name"], "label.png");
    let seen = &community.partner_sees_articles(NORTHWIND)[0];
    assert_eq!(seen["html"], "<p><img src='/community/files/upl-1'></p>");
    let mut report = everyone(2);
    report["fileIds"] = json!(["upl-9"]);
    assert_eq!(
        desk.put("/articles/kb-1", "k-4", report).await.problem(),
        (422, "unknown-reference")
    );
}

#[tokio::test(start_paused = true)]
async fn html_that_could_do_something_is_refused() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let refused = [
        "<script>alert(1)</script>",
        "<p>x</p><SCRIPT src=x>",
        "<p style='color:red'>x</p>",
        "<img src=https://e.org/a.png onerror=alert(1)>",
        "<a/onclick='x' href='https://e.org'>x</a>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=http://plain.example>x</a>",
        "<img src = \"data:image/png;base64,AAAA\">",
        "<form action='https://e.org'><input></form>",
        "<iframe src='https://e.org'></iframe>",
    ];
    for (number, html) in refused.into_iter().enumerate() {
        let mut report = everyone(1);
        report["html"] = json!(html);
        let answer = desk.put("/articles/kb-1", &format!("k-{number}"), report).await;
        assert_eq!(answer.problem(), (400, "malformed"), "{html}");
        assert_eq!(answer.body["errors"][0]["pointer"], "/html");
    }
    let mut report = everyone(1);
    report["html"] =
        json!("<p>1 < 2 and 3 > 2, online=\"yes\" <a href='mailto:a@b.example' title=\"on time\">x</a><br/></p>");
    assert_eq!(desk.put("/articles/kb-1", "k", report).await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn what_partners_think_is_counted_and_told() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    desk.put("/articles/kb-1", "k-1", everyone(3)).await;
    community.act(PartnerAct::ReadsArticle {
        company_id: NORTHWIND.to_owned(),
        article_id: "kb-1".to_owned(),
    });
    community.partner_gives_feedback(NORTHWIND, "kb-1", FeedbackKind::Helpful);
    let given = community.partner_gives_feedback(CONTOSO, "kb-1", FeedbackKind::NotHelpful);
    assert_eq!(
        (&given["articleVersion"], &given["kind"]),
        (&json!(3), &json!("not-helpful"))
    );
    assert_eq!(community.events().last().unwrap().subject, "articles/kb-1");
    let feedback = desk.get("/articles/kb-1/feedback?limit=1").await.body;
    assert_eq!(feedback["totals"], json!({ "views": 1, "helpful": 1, "notHelpful": 1 }));
    assert_eq!(
        (feedback["items"].as_array().unwrap().len(), &feedback["hasMore"]),
        (1, &json!(true))
    );
    assert_eq!(desk.get("/articles/kb-2/feedback").await.problem(), (404, "not-found"));
}

#[tokio::test(start_paused = true)]
async fn a_comment_names_only_articles_that_its_partner_may_read() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let only_contoso = json!({ "kind": "companies", "companyIds": [CONTOSO] });
    desk.put("/articles/kb-1", "k-1", everyone(1)).await;
    desk.put("/articles/kb-2", "k-2", article(1, only_contoso)).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let comment = json!({ "text": "Read this.", "author": { "name": "Maria" }, "articleIds": ["kb-1", "kb-2"] });
    assert_eq!(
        desk.post(&path, "k-3", comment).await.body["articleIds"],
        json!(["kb-1"])
    );
    let lost = json!({ "text": "x", "author": { "name": "Maria" }, "articleIds": ["kb-9"] });
    assert_eq!(
        desk.post(&path, "k-4", lost).await.problem(),
        (422, "unknown-reference")
    );
}
