//! Every write is carried out once, whatever is sent how often.

use super::*;

fn comment(text: &str) -> Value {
    json!({ "text": text, "author": { "name": "Service desk" } })
}

#[tokio::test(start_paused = true)]
async fn the_same_key_and_content_get_the_same_answer_and_have_one_effect() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let first = desk.post(&path, "k-1", comment("We look into it.")).await;
    assert_eq!(
        (first.status, first.headers.contains_key("idempotency-replayed")),
        (201, false)
    );
    let body = r#"{ "author" : {"name":"Service desk"} ,"text":"We look into it."}"#;
    let headers = [
        ("content-type", "application/json; charset=utf-8"),
        ("idempotency-key", "k-1"),
    ];
    let again = desk.send("POST", &path, &headers, body).await;
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(community.issue(NORTHWIND, "ISS-1").unwrap()["version"], 2);
    let origin = json!({ "writer": "gridlink", "reference": "k-1" });
    assert_eq!(first.body["origin"], origin);
}

#[tokio::test(start_paused = true)]
async fn the_same_key_with_other_content_is_refused() {
    let community = with_issue();
    community.open_issue(IssueSeed::new(NORTHWIND, "ISS-2", "asn_mismatch", "Another"));
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    desk.post(&path, "k-1", comment("We look into it.")).await;
    for (path, text) in [
        (path.clone(), "Something else."),
        (format!("/issues/{NORTHWIND}/ISS-2/comments"), "We look into it."),
        (format!("{path}?x=1"), "We look into it."),
    ] {
        let refused = desk.post(&path, "k-1", comment(text)).await;
        assert_eq!(refused.problem(), (422, "idempotency-key-reused"), "{path}");
    }
    let all = desk.get(&path).await;
    assert_eq!(all.body["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_refused_write_may_be_corrected_under_its_key() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    assert_eq!(
        desk.post(&path, "k-1", comment(" ")).await.problem(),
        (400, "malformed")
    );
    assert_eq!(desk.post(&path, "k-1", comment("Now with text.")).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn keys_of_two_clients_never_meet() {
    let community = with_issue();
    community.add_client("other", "secret");
    let desk = Desk::new(&community).await;
    let response = token(&community, "Basic b3RoZXI6c2VjcmV0", "?grant_type=client_credentials").await;
    let other = Desk {
        community: &community,
        bearer: format!("Bearer {}", body_json(&response)["access_token"].as_str().unwrap()),
    };
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    assert_eq!(desk.post(&path, "k-1", comment("One")).await.status, 201);
    assert_eq!(other.post(&path, "k-1", comment("Two")).await.status, 201);
}

#[tokio::test(start_paused = true)]
async fn a_key_is_forgotten_after_ninety_days() {
    let community = with_issue();
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    Desk::new(&community).await.post(&path, "k-1", comment("One")).await;
    let day = std::time::Duration::from_secs(24 * 3600);
    for (days, is_replayed) in [(89, true), (2, false)] {
        tokio::time::advance(day * days).await;
        let answer = Desk::new(&community).await.post(&path, "k-1", comment("One")).await;
        assert_eq!(
            answer.headers.contains_key("idempotency-replayed"),
            is_replayed,
            "{days}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_must_be_json_of_the_right_size_under_a_good_key() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/comments");
    let long = "x".repeat(2 * 1024 * 1024);
    let good = comment("Fine.").to_string();
    let json = ("content-type", "application/json");
    for (headers, body, problem) in [
        (
            vec![json, ("idempotency-key", "bad key")],
            good.as_str(),
            (400, "malformed"),
        ),
        (
            vec![("idempotency-key", "k")],
            good.as_str(),
            (415, "unsupported-media-type"),
        ),
        (
            vec![("content-type", "text/plain"), ("idempotency-key", "k")],
            good.as_str(),
            (415, "unsupported-media-type"),
        ),
        (vec![json, ("idempotency-key", "k")], "{", (400, "malformed")),
        (vec![json, ("idempotency-key", "k")], "[]", (400, "malformed")),
        (
            vec![json, ("idempotency-key", "k")],
            &format!("\"{long}\""),
            (413, "content-too-large"),
        ),
    ] {
        assert_eq!(desk.send("POST", &path, &headers, body).await.problem(), problem);
    }
    assert_eq!(desk.get(&path).await.body["items"], json!([]));
}
