//! A partner comes back to a record that is finished.

use serde_json::json;
use shared::effect::Effect;

use super::desk::*;
use crate::{Facts, decide};

fn resolved() -> Facts {
    with_field(case(), "state", "6")
}

fn closed() -> Facts {
    knowing(with_field(case(), "state", "3"), |_| ())
}

#[test]
fn a_comment_opens_a_resolved_case_again() {
    insta::assert_snapshot!(decided(&event(COMMENTED), &resolved()), @"
    CS0001001 is finished: it is opened again
    set state of sn_customerservice_case THE-CASE
    add reopening by trading-grid evt-asn-0002 to work_notes of sn_customerservice_case THE-CASE
    add comment CMT-1 to comments of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_refused_document_opens_a_resolved_case_again_because_the_partner_waits() {
    let shared = event_with(SHARED, |data| data["document"]["size"] = 26_214_401.into());
    insta::assert_snapshot!(decided(&shared, &resolved()), @"
    CS0001001 is finished: it is opened again
    set state of sn_customerservice_case THE-CASE
    add reopening by trading-grid evt-asn-0003 to work_notes of sn_customerservice_case THE-CASE
    refused: document doc-pod: it has 26214401 bytes, and at most 26214400 are taken
    add refusal of document doc-pod 4429… to work_notes of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn an_update_without_news_leaves_a_finished_case_alone() {
    insta::assert_snapshot!(decided(&event(UPDATED), &knowing(resolved(), |_| ())), @"version 4 brings nothing new");
    insta::assert_snapshot!(decided(&event(UPDATED), &closed()), @"version 4 brings nothing new");
}

#[test]
fn a_comment_on_a_closed_case_makes_a_follow_up_and_goes_there() {
    insta::assert_snapshot!(decided(&event(COMMENTED), &closed()), @"
    CS0001001 is closed: a follow-up is made
    create sn_customerservice_case THE-FOLLOW-UP for ISS-1001~adfc6845
    add comment CMT-1 to comments of sn_customerservice_case THE-FOLLOW-UP
    ");
}

#[test]
fn a_follow_up_names_the_case_that_it_continues() {
    let effects = decide(&event(COMMENTED), &closed());
    let Some(Effect::CreateRecord(create)) = effects.iter().find(|effect| matches!(effect, Effect::CreateRecord(_)))
    else {
        panic!("no follow-up: {effects:?}");
    };
    let Effect::CreateRecord(first) = &decide(&event(OPENED), &nowhere(issue(&event(OPENED))))[0] else {
        panic!("no case");
    };
    assert_eq!(create.fields["parent"], first.record.sys_id.as_str());
    assert_ne!(create.record.sys_id, first.record.sys_id);
    insta::assert_snapshot!(create.correlation, @"ISS-1001~adfc6845");
    insta::assert_snapshot!(create.fields["description"].lines().next().unwrap(), @"Continues CS0001001, which is closed.");
}

#[test]
fn a_document_for_a_closed_case_goes_to_the_follow_up() {
    insta::assert_snapshot!(decided(&event(SHARED), &closed()), @"
    CS0001001 is closed: a follow-up is made
    create sn_customerservice_case THE-FOLLOW-UP for ISS-1001~670f6a77
    attach document doc-pod 4429… to sn_customerservice_case THE-FOLLOW-UP
    ");
}

#[test]
fn an_update_of_a_closed_case_makes_a_follow_up_of_the_issue_as_it_is_now() {
    let facts = knowing(closed(), |issue| issue.summary = "Another summary".to_owned());
    let updated = event_with(UPDATED, |data| data["changes"] = json!({"summary": "Another summary"}));
    insta::assert_snapshot!(decided(&updated, &facts), @"
    CS0001001 is closed: a follow-up is made
    create sn_customerservice_case THE-FOLLOW-UP for ISS-1001~99caf5db
    ");
    assert_eq!(
        text(&updated, &facts, "short_description"),
        "Northwind Traders: Another summary"
    );
}

#[test]
fn a_route_that_was_switched_off_makes_no_follow_up() {
    let mut facts = closed();
    linked(&mut facts).content.as_mut().unwrap().routed.mode = shared::mapping::Mode::Off;
    insta::assert_snapshot!(decided(&event(COMMENTED), &facts), @"the route shipment-notices is off: nothing is done");
}

#[test]
fn an_update_of_a_follow_up_keeps_its_first_line() {
    let follow_up = made_by(&event(COMMENTED), closed());
    let facts = knowing(follow_up, |_| ());
    let updated = event_with(UPDATED, |data| data["changes"] = json!({"priority": "low"}));
    let wish = decided(&updated, &facts);
    assert!(!wish.contains("set "), "{wish}");
    let facts = knowing(facts, |issue| issue.description = "New".to_owned());
    let updated = event_with(UPDATED, |data| data["changes"] = json!({"description": "New"}));
    assert!(text(&updated, &facts, "description").starts_with("Continues CS0001001, which is closed.\n\nNew\n\n"));
}

#[test]
fn a_late_opening_does_nothing_to_a_finished_case_or_a_follow_up() {
    insta::assert_snapshot!(decided(&event(OPENED), &resolved()), @"CS0001001 exists and is finished: nothing to do");
    insta::assert_snapshot!(decided(&event(OPENED), &closed()), @"CS0001001 exists and is finished: nothing to do");
    let follow_up = made_by(&event(COMMENTED), closed());
    insta::assert_snapshot!(decided(&event(OPENED), &follow_up), @"the record exists: nothing to add");
}

#[test]
fn a_confirmation_closes_a_resolved_case_and_leaves_any_other_alone() {
    insta::assert_snapshot!(decided(&event(CONFIRMED), &resolved()), @"
    set state of sn_customerservice_case THE-CASE
    add confirmation of 19 to work_notes of sn_customerservice_case THE-CASE
    ");
    insta::assert_snapshot!(decided(&event(CONFIRMED), &case()), @"
    CS0001001 is not resolved any more: it stays as it is
    add confirmation of 19 to work_notes of sn_customerservice_case THE-CASE
    ");
    insta::assert_snapshot!(decided(&event(CONFIRMED), &closed()), @"CS0001001 is closed, as the partner agrees: nothing to do");
}

#[test]
fn a_dispute_opens_a_resolved_case_again_and_continues_a_closed_one() {
    insta::assert_snapshot!(decided(&event(DISPUTED), &resolved()), @"
    CS0001001 is finished: it is opened again
    set state of sn_customerservice_case THE-CASE
    add reopening by trading-grid evt-asn-0010 to work_notes of sn_customerservice_case THE-CASE
    add dispute 14 to comments of sn_customerservice_case THE-CASE
    keep that the partner disputed the question 14
    ");
    insta::assert_snapshot!(decided(&event(DISPUTED), &case()), @"
    add dispute 14 to comments of sn_customerservice_case THE-CASE
    keep that the partner disputed the question 14
    ");
    insta::assert_snapshot!(decided(&event(DISPUTED), &closed()), @"
    CS0001001 is closed: a follow-up is made
    create sn_customerservice_case THE-FOLLOW-UP for ISS-1001~556e0a64
    add dispute 14 to comments of sn_customerservice_case THE-FOLLOW-UP
    keep that the partner disputed the question 14
    ");
}

#[test]
fn a_reason_longer_than_a_journal_takes_is_attached_whole() {
    let reason = "Still wrong. ".repeat(2_000);
    let disputed = event_with(DISPUTED, |data| data["reason"] = reason.as_str().into());
    let effects = decided(&disputed, &resolved());
    assert!(effects.contains("attach text dispute-14.txt"), "{effects}");
    assert!(shared::messages::complete_text(&disputed).contains(reason.trim()));
}
