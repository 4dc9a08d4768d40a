//! What a partner adds to a record that is there.

use serde_json::json;

use super::desk::*;

#[test]
fn a_comment_goes_to_the_case_under_the_name_of_its_author() {
    insta::assert_snapshot!(decided(&event(COMMENTED), &case()), @"add comment CMT-1 to comments of sn_customerservice_case THE-CASE");
    insta::assert_snapshot!(text(&event(COMMENTED), &case(), "comments"), @"
    Ada Okafor (Northwind Traders) wrote on Trading Grid:
    The driver is waiting at gate 4. Can somebody look at this before noon?
    ");
}

#[test]
fn a_comment_of_64_kib_is_cut_and_attached() {
    let commented = event_with(COMMENTED, |data| {
        data["comment"]["text"] = "x".repeat(64 * 1024).into();
    });
    insta::assert_snapshot!(decided(&commented, &case()), @"
    add comment CMT-1 to comments of sn_customerservice_case THE-CASE
    attach text comment-CMT-1.txt to sn_customerservice_case THE-CASE
    ");
    let comment = text(&commented, &case(), "comments");
    assert_eq!(comment.chars().count(), 16_000);
    assert!(comment.ends_with("[The complete text is attached as comment-CMT-1.txt.]"));
}

#[test]
fn a_document_that_is_shared_later_is_attached() {
    insta::assert_snapshot!(decided(&event(SHARED), &case()), @"attach document doc-pod 4429… to sn_customerservice_case THE-CASE");
}

#[test]
fn a_document_that_is_too_large_is_refused_with_a_note() {
    let shared = event_with(SHARED, |data| data["document"]["size"] = 26_214_401.into());
    insta::assert_snapshot!(decided(&shared, &case()), @"
    refused: document doc-pod: it has 26214401 bytes, and at most 26214400 are taken
    add refusal of document doc-pod 4429… to work_notes of sn_customerservice_case THE-CASE
    ");
    insta::assert_snapshot!(text(&shared, &case(), "work_notes"), @"The partner's document doc-pod (proof-of-delivery.pdf) was not attached: it has 26214401 bytes, and at most 26214400 are taken.");
}

#[test]
fn a_document_of_a_type_that_is_not_allowed_is_refused_with_a_note() {
    let table = event_with(SHARED, |data| data["document"]["mediaType"] = "Text/CSV".into());
    let program = event_with(SHARED, |data| {
        data["document"]["mediaType"] = "application/x-msdownload".into();
    });
    assert!(decided(&table, &case()).starts_with("attach"), "text/* is allowed");
    insta::assert_snapshot!(decided(&program, &case()), @"
    refused: document doc-pod: files of type application/x-msdownload are not taken
    add refusal of document doc-pod 4429… to work_notes of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn one_document_more_than_an_issue_may_have_is_refused_with_a_note() {
    let mut facts = case();
    linked(&mut facts).documents_before = 19;
    assert!(decided(&event(SHARED), &facts).starts_with("attach"));
    linked(&mut facts).documents_before = 20;
    insta::assert_snapshot!(decided(&event(SHARED), &facts), @"
    refused: document doc-pod: at most 20 documents are taken
    add refusal of document doc-pod 4429… to work_notes of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn refused_documents_do_not_use_up_the_places_of_others() {
    let opened = event_with(OPENED, |data| {
        let programs = (0..30).map(|at| document(&format!("bad-{at}"), "application/x-msdownload", 1));
        let papers = (0..21).map(|at| document(&format!("good-{at}"), "application/pdf", 1));
        data["documents"] = programs.chain(papers).collect();
    });
    let decided = decided(&opened, &nowhere(issue(&opened)));
    assert_eq!(decided.matches("attach document good-").count(), 20);
    assert_eq!(decided.matches("add refusal of document bad-").count(), 30);
    assert_eq!(
        decided
            .matches("refused: document good-20: at most 20 documents are taken")
            .count(),
        1
    );
}

#[test]
fn a_document_that_is_named_twice_is_attached_once() {
    let opened = event_with(OPENED, |data| {
        let paper = document("doc-b", "application/pdf", 1);
        data["documents"] = json!([paper, paper]);
    });
    let decided = decided(&opened, &nowhere(issue(&opened)));
    assert_eq!(decided.matches("attach document").count(), 1);
}

#[test]
fn a_late_opening_brings_only_its_documents() {
    insta::assert_snapshot!(decided(&event(OPENED), &case()), @"attach document doc-asn-856 2d07… to sn_customerservice_case THE-CASE");
}

#[test]
fn a_late_opening_without_documents_brings_nothing() {
    let opened = event_with(OPENED, |data| data["documents"] = json!([]));
    insta::assert_snapshot!(decided(&opened, &case()), @"the record exists: nothing to add");
}

#[test]
fn a_late_opening_brings_the_text_that_a_comment_could_not() {
    let opened = event_with(OPENED, |data| {
        data["description"] = "x".repeat(9_000).into();
        data["documents"] = json!([]);
    });
    let facts = made_by(&event(COMMENTED), nowhere(issue(&opened)));
    insta::assert_snapshot!(decided(&opened, &facts), @"attach text issue-ISS-1001-e797e2af.txt to sn_customerservice_case THE-CASE");
}
