//! Documents go up and down with type, length and digest.

use super::*;
use crate::digest::sha256_hex;

#[tokio::test(start_paused = true)]
async fn the_seeded_documents_are_the_ones_that_sample_events_name() {
    let community = seeded();
    let expected = [
        (
            NORTHWIND,
            "doc-asn-856",
            573,
            "2d073830bf05516f690145dec515282161ac9823f8c07b730727705b7e11a645",
        ),
        (
            NORTHWIND,
            "doc-pod",
            776,
            "4429e8ce91cce55bd83de168615b2773b667718d23d068ff0c4994de11647e4d",
        ),
        (
            CONTOSO,
            "doc-invoice",
            473,
            "0baf5b187b669a4ba004849d1dcad6492a7a1b844c84ed168765d71ff0dd72fd",
        ),
    ];
    for (company, id, size, sha256) in expected {
        let document = community.document(company, id).unwrap();
        assert_eq!((document.size, document.sha256.as_str()), (size, sha256), "{id}");
    }
    let desk = Desk::new(&community).await;
    let pdf = desk.get(&format!("/documents/{NORTHWIND}/doc-pod/content")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-1.4") && pdf.bytes.ends_with(b"%%EOF\n"));
}

#[tokio::test(start_paused = true)]
async fn a_document_comes_with_type_length_and_digest() {
    let community = seeded();
    let reference = community.add_document(NORTHWIND, "doc-1", "note.txt", "text/plain", "hello");
    assert_eq!(
        serde_json::to_value(&reference).unwrap()["sha256"],
        sha256_hex(b"hello")
    );
    let desk = Desk::new(&community).await;
    let path = format!("/documents/{NORTHWIND}/doc-1/content");
    let answer = desk.get(&path).await;
    assert_eq!(answer.bytes.as_ref(), b"hello");
    for (header, value) in [
        ("content-type", "text/plain"),
        ("content-length", "5"),
        ("repr-digest", "sha-256=:LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=:"),
    ] {
        assert_eq!(answer.headers[header], value);
    }
    community.corrupt_document("doc-1");
    let answer = desk.get(&path).await;
    assert_ne!(sha256_hex(&answer.bytes), reference.sha256);
    assert_eq!(answer.bytes.len() as u64, reference.size);
    assert_eq!(answer.headers["repr-digest"], repr_digest(&answer.bytes));
    community.remove_document_for_good("doc-1");
    assert_eq!(desk.get(&path).await.problem(), (410, "gone"));
    assert_eq!(
        desk.get(&format!("/documents/{NORTHWIND}/doc-1")).await.problem(),
        (410, "gone")
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_there_completely_for_the_partner() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/documents?fileName=Gr%C3%BC%C3%9Fe%20aus%20Wien.txt");
    let uploaded = desk.upload(&path, "k-1", "text/plain; charset=utf-8", "Servus").await;
    assert_eq!(
        (uploaded.status, &uploaded.body["name"]),
        (201, &json!("Grüße aus Wien.txt"))
    );
    assert_eq!(
        (&uploaded.body["mediaType"], &uploaded.body["size"]),
        (&json!("text/plain"), &json!(6))
    );
    assert_eq!(uploaded.body["sha256"], sha256_hex(b"Servus"));
    let id = uploaded.body["documentId"].as_str().unwrap();
    assert_eq!(community.document_bytes(NORTHWIND, id).unwrap().as_ref(), b"Servus");
    let seen = community.partner_sees_issue(NORTHWIND, "ISS-1").unwrap();
    assert_eq!(seen["documents"][0]["documentId"], id);
    let again = desk.upload(&path, "k-1", "text/plain; charset=utf-8", "Servus").await;
    assert_eq!((again.status, &again.body), (201, &uploaded.body));
    let other = desk.upload(&path, "k-1", "text/plain; charset=utf-8", "Baba").await;
    assert_eq!(other.problem(), (422, "idempotency-key-reused"));
    assert_eq!(
        community.issue(NORTHWIND, "ISS-1").unwrap()["documents"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_not_as_announced_leaves_nothing() {
    let community = with_issue();
    community.limit_documents(8);
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/documents");
    let named = format!("{path}?fileName=a.txt");
    let (digest, length) = (
        ("repr-digest", repr_digest(b"hello")),
        ("content-length", "5".to_owned()),
    );
    let (kind, key) = (
        ("content-type", "text/plain".to_owned()),
        ("idempotency-key", "k".to_owned()),
    );
    let all = [&digest, &length, &kind, &key];
    let without = |name: &str| -> Vec<(&str, &str)> {
        all.iter()
            .filter(|(header, _)| *header != name)
            .map(|(header, value)| (*header, value.as_str()))
            .collect()
    };
    let cases = [
        (
            named.as_str(),
            without("content-length"),
            "hello",
            (411, "length-required"),
        ),
        (
            named.as_str(),
            without("content-type"),
            "hello",
            (415, "unsupported-media-type"),
        ),
        (named.as_str(), without("repr-digest"), "hello", (400, "malformed")),
        (
            named.as_str(),
            without("idempotency-key"),
            "hello",
            (400, "idempotency-key-missing"),
        ),
        (named.as_str(), without(""), "hallo", (422, "digest-mismatch")),
        (path.as_str(), without(""), "hello", (400, "malformed")),
        (
            &format!("{path}?fileName=..%2Fa"),
            without(""),
            "hello",
            (400, "malformed"),
        ),
        (
            &format!("{path}?fileName=a%00"),
            without(""),
            "hello",
            (400, "malformed"),
        ),
    ];
    for (path, headers, body, problem) in cases {
        assert_eq!(
            desk.send("POST", path, &headers, body).await.problem(),
            problem,
            "{path} {headers:?}"
        );
    }
    let large = desk.upload(&named, "k", "text/plain", "too large").await;
    assert_eq!(
        (large.problem(), &large.body["limit"]),
        ((413, "content-too-large"), &json!(8))
    );
    let refused = desk.upload(&named, "k", "application/x-msdownload", "MZ").await;
    assert_eq!(refused.problem(), (422, "document-refused"));
    let issue = community.issue(NORTHWIND, "ISS-1").unwrap();
    assert_eq!((&issue["documents"], &issue["version"]), (&json!([]), &json!(1)));
}
