//! What a partner changes of an issue that has a record.

use serde_json::json;
use shared::event::{Event, Issue};

use super::desk::*;
use crate::{Facts, decide};

const NEW_SUMMARY: &str = "856 for purchase orders 4500012345 and 4500012346 was rejected";

fn summary_changed() -> Facts {
    knowing(case(), |issue| issue.summary = NEW_SUMMARY.to_owned())
}

fn update(changes: serde_json::Value) -> Event {
    event_with(UPDATED, |data| data["changes"] = changes)
}

#[test]
fn a_field_of_the_partner_follows_the_partner() {
    insta::assert_snapshot!(decided(&event(UPDATED), &summary_changed()), @"set short_description of sn_customerservice_case THE-CASE");
    insta::assert_snapshot!(text(&event(UPDATED), &summary_changed(), "short_description"), @"Northwind Traders: 856 for purchase orders 4500012345 and 4500012346 was rejected");
}

#[test]
fn a_field_that_an_agent_edited_stays_and_the_partners_text_is_noted() {
    let facts = with_field(summary_changed(), "short_description", "Dock 4: ASN refused");
    insta::assert_snapshot!(decided(&event(UPDATED), &facts), @"
    kept short_description as an agent edited it
    add partner's short_description 98cad9df to work_notes of sn_customerservice_case THE-CASE
    ");
    insta::assert_snapshot!(text(&event(UPDATED), &facts, "work_notes"), @"
    The partner changed short_description, which was edited here meanwhile and was left as it is. The partner's text:
    Northwind Traders: 856 for purchase orders 4500012345 and 4500012346 was rejected
    ");
}

#[test]
fn the_same_kept_text_is_noted_under_the_same_name_by_every_update() {
    let facts = with_field(summary_changed(), "short_description", "Dock 4: ASN refused");
    let note = |event: &Event| {
        let decided = decided(event, &facts);
        let note = decided
            .lines()
            .find(|line| line.contains("short_description") && line.contains("work_notes"));
        note.unwrap().to_owned()
    };
    assert_eq!(note(&event(UPDATED)), note(&update(json!({"priority": "low"}))));
}

#[test]
fn line_ends_and_outer_space_are_not_an_edit() {
    let mut facts = knowing(case(), |issue| issue.description = "New".to_owned());
    let stored = linked(&mut facts).row.text("description").replace('\n', "\r\n") + "\r\n";
    let facts = with_field(facts, "description", &stored);
    insta::assert_snapshot!(decided(&update(json!({"description": "New"})), &facts), @"set description of sn_customerservice_case THE-CASE");
}

#[test]
fn a_value_that_an_agent_set_already_is_nothing_new() {
    let new = format!("Northwind Traders: {NEW_SUMMARY}");
    let facts = with_field(summary_changed(), "short_description", &new);
    insta::assert_snapshot!(decided(&event(UPDATED), &facts), @"version 4 brings nothing new");
}

#[test]
fn what_the_partner_wishes_of_priority_and_category_is_noted() {
    let facts = knowing(case(), |_| ());
    let update = update(json!({"priority": "critical", "category": "asn_mismatch"}));
    insta::assert_snapshot!(decided(&update, &facts), @"
    add priority of version 4 to work_notes of sn_customerservice_case THE-CASE
    add category of version 4 to work_notes of sn_customerservice_case THE-CASE
    ");
}

#[test]
fn a_priority_that_the_partner_decides_is_carried_over_and_not_noted() {
    let mapping = mapping_with(
        "  description: partner\n",
        "  description: partner\n  priority: partner\n",
    );
    let opened = event(OPENED);
    let facts = made_by(&opened, nowhere_by(&mapping, issue(&opened)));
    let facts = knowing(facts, |issue| issue.priority = shared::event::Priority::Critical);
    insta::assert_snapshot!(decided(&update(json!({"priority": "critical"})), &facts), @"set priority of sn_customerservice_case THE-CASE");
}

#[test]
fn an_update_without_news_changes_nothing() {
    insta::assert_snapshot!(decided(&event(UPDATED), &knowing(case(), |_| ())), @"version 4 brings nothing new");
}

#[test]
fn a_route_that_was_switched_off_leaves_its_records_alone() {
    let mut facts = summary_changed();
    linked(&mut facts).content.as_mut().unwrap().routed.mode = shared::mapping::Mode::Off;
    insta::assert_snapshot!(decided(&event(UPDATED), &facts), @"the route shipment-notices is off: nothing is done");
}

#[test]
fn a_field_that_the_record_was_not_made_with_is_left_alone() {
    let mut facts = summary_changed();
    linked(&mut facts).link.base.remove("short_description");
    insta::assert_snapshot!(decided(&event(UPDATED), &facts), @"version 4 brings nothing new");
}

/// The case of a description that does not fit, and what the community has now.
fn long_case(change: impl FnOnce(&mut Issue)) -> Facts {
    let opened = event_with(OPENED, |data| data["description"] = "x".repeat(9_000).into());
    let mut facts = made_by(&opened, nowhere(issue(&opened)));
    let mut issue = issue(&opened);
    change(&mut issue);
    let mapping = std::sync::Arc::clone(&facts.mapping);
    linked(&mut facts).content = Some(content(&mapping, issue));
    facts
}

#[test]
fn a_description_that_was_cut_is_not_taken_for_a_change() {
    let facts = long_case(|_| ());
    insta::assert_snapshot!(decided(&update(json!({"priority": "low"})), &facts), @"add priority of version 4 to work_notes of sn_customerservice_case THE-CASE");
}

#[test]
fn another_description_that_does_not_fit_is_cut_and_attached_once_more() {
    let new = "y".repeat(9_000);
    let facts = long_case(|issue| issue.description = new.clone());
    let update = update(json!({"description": new}));
    insta::assert_snapshot!(decided(&update, &facts), @"
    set description of sn_customerservice_case THE-CASE
    attach text issue-ISS-1001-2f2f10e9.txt to sn_customerservice_case THE-CASE
    ");
    let effects = decide(&update, &facts);
    let file = written(&effects)
        .into_iter()
        .find(|(field, _)| *field == "file_name")
        .unwrap()
        .1;
    assert!(text(&update, &facts, "description").contains(file));
}

#[test]
fn a_summary_that_does_not_fit_is_cut_and_attached() {
    let new = "y ".repeat(200);
    let facts = long_case(|issue| issue.summary = new.clone());
    insta::assert_snapshot!(decided(&update(json!({"summary": new})), &facts), @"
    set short_description of sn_customerservice_case THE-CASE
    attach text issue-ISS-1001-4d8a4425.txt to sn_customerservice_case THE-CASE
    ");
}

#[test]
fn an_update_that_a_newer_one_overtook_promises_no_file() {
    let facts = long_case(|issue| issue.description = "z".repeat(9_000));
    let overtaken = update(json!({"description": "y".repeat(9_000)}));
    insta::assert_snapshot!(decided(&overtaken, &facts), @"set description of sn_customerservice_case THE-CASE");
    assert!(!text(&overtaken, &facts, "description").contains("is attached"));
}
