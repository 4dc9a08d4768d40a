//! Documents on their way from the community.

use bytes::Bytes;
use serde_json::json;

use super::{Say, script};
use crate::domain::{CompanyId, ContentHash};
use crate::event::Document;
use crate::trading_grid::collaboration::Flaw;

const BYTES: &str = "the bytes of a document";

fn document(bytes: &str, size: usize) -> Document {
    Document {
        document_id: "DOC-1".parse().unwrap(),
        name: "pod.pdf".to_owned(),
        media_type: "application/pdf".to_owned(),
        size: size as u64,
        sha256: ContentHash::of(bytes.as_bytes()),
    }
}

/// Reads the document of `answer`, which was announced as `announced`.
async fn read(answer: Say, announced: &Document) -> Result<Vec<Bytes>, Flaw> {
    let (_, community) = script([answer]);
    let company: CompanyId = "GC1".parse().unwrap();
    let mut download = community.download(&company, announced).await.unwrap().unwrap();
    let mut pieces = Vec::new();
    while let Some(piece) = download.chunk().await? {
        pieces.push(piece);
    }
    assert!(download.chunk().await?.is_none());
    Ok(pieces)
}

fn content(body: &str) -> Say {
    Say::text(200, "application/pdf", body)
}

fn digest(bytes: &str) -> String {
    super::super::documents::digest_header(&ContentHash::of(bytes.as_bytes()))
        .to_str()
        .unwrap()
        .to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_what_was_announced_arrives_whole() {
    let answer = content(BYTES)
        .with_header("content-length", "23")
        .with_header("repr-digest", digest(BYTES));
    assert_eq!(read(answer, &document(BYTES, 23)).await.unwrap(), [BYTES]);
    assert_eq!(
        read(content(BYTES), &document(BYTES, 23)).await.unwrap(),
        [BYTES],
        "without headers too"
    );
    assert!(read(content(""), &document("", 0)).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn nothing_of_a_document_that_is_not_what_was_announced_arrives() {
    let larger = read(content("the bytes of a document, and more"), &document(BYTES, 23)).await;
    assert!(matches!(larger, Err(Flaw::Larger)));
    let smaller = read(content("the bytes"), &document(BYTES, 23)).await;
    assert!(matches!(smaller, Err(Flaw::Smaller)));
    let altered = read(content("the bytes of a Document"), &document(BYTES, 23)).await;
    assert!(matches!(altered, Err(Flaw::Altered)));
    // The source says honestly that it has other bytes now.
    let honest = content("the bytes of a Document").with_header("repr-digest", digest("the bytes of a Document"));
    assert!(matches!(read(honest, &document(BYTES, 23)).await, Err(Flaw::Altered)));
    let more = read(content("x"), &document("", 0)).await;
    assert!(matches!(more, Err(Flaw::Larger)));
}

#[tokio::test(start_paused = true)]
async fn damage_on_the_way_is_told_from_a_changed_document() {
    let shorter = content("the bytes").with_header("content-length", "23");
    let damaged = read(shorter, &document(BYTES, 23)).await.unwrap_err();
    assert!(matches!(damaged, Flaw::Damaged) && !damaged.is_final());
    let flipped = content("the bytes of a Document").with_header("repr-digest", digest(BYTES));
    assert!(matches!(read(flipped, &document(BYTES, 23)).await, Err(Flaw::Damaged)));
}

#[tokio::test(start_paused = true)]
async fn a_document_that_is_no_longer_there_is_none_and_a_redirect_is_not_followed() {
    let company: CompanyId = "GC1".parse().unwrap();
    let (script, community) = script([
        Say::problem(404, "not-found", json!({})),
        Say::problem(410, "gone", json!({})),
        Say::text(302, "text/html", "").with_header("location", "https://elsewhere.test/"),
        Say::text(202, "text/plain", "later"),
        Say::json(401, &json!({})),
        content(BYTES),
    ]);
    let document = document(BYTES, 23);
    assert!(community.download(&company, &document).await.unwrap().is_none());
    assert!(community.download(&company, &document).await.unwrap().is_none());
    for wanted in ["302 points elsewhere", "202 does not say"] {
        let error = community.download(&company, &document).await.err().unwrap().to_string();
        assert!(error.contains(wanted), "{error}");
    }
    assert!(
        community.download(&company, &document).await.unwrap().is_some(),
        "once more with a new token"
    );
    assert_eq!(
        script.asked().last().unwrap().headers["authorization"],
        "Bearer token-2"
    );
}
