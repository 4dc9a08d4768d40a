//! The rules about parents, one sentence each.

use serde_json::json;
use shared::domain::{LinkKey, SysId, Timestamp};
use shared::effect::{Cause, Child, Effect, Loose, Mark, Parent};
use shared::event::{ChildOf, OneOf, OneOfSeveral, Passing};
use shared::messages;

use super::super::tests::{event, exchange, facts, found, mapping, set_in};
use super::{has_a_parent, is_over, needs_a_parent, one_of};
use crate::{FoundParent, ParentContent, Place, Several};
use shared::domain::Subject;

const FAILED: &str = include_str!("../../../../../events/receive-webhook/exchange-failed.json");
const PARENT: &str = "pppppppp";
const MINUTE: i64 = 60_000;

fn incident(partner: &str) -> OneOfSeveral {
    OneOfSeveral {
        failures: Subject::failures(&[partner]),
        incident: "incident#1".parse().unwrap(),
        partner: partner.to_owned(),
        name: format!("{partner} Ltd"),
    }
}

fn link() -> LinkKey {
    let mut link: LinkKey = "incident#1".parse().unwrap();
    link.discriminator = PARENT.to_owned();
    link
}

/// News of the partner's incident, so many minutes after the sample.
fn news(partner: &str, is_failing: bool, minutes: i64) -> OneOf {
    let mut exchange = exchange(&event(FAILED));
    exchange.status_at = Timestamp::from_millis(exchange.status_at.millis() + minutes * MINUTE);
    OneOf {
        cause: Subject::cause(&["x"]),
        incident: incident(partner),
        is_failing,
        exchange,
    }
}

fn loose(partner: &str, minutes: i64) -> Loose {
    let news = news(partner, true, minutes);
    Loose {
        incident: news.incident,
        at: news.exchange.at(),
    }
}

fn child(partner: &str, is_failing: bool, has_parent: bool) -> Child {
    Child {
        incident: incident(partner),
        is_failing,
        parent: has_parent.then(link),
    }
}

/// A parent with so many children, of which so many fail, in this state.
fn parent(count: u64, failing: u64, state: &str) -> FoundParent {
    let seen = exchange(&event(FAILED));
    let parent = Parent {
        incident: link(),
        count,
        failing,
        first_at: seen.at(),
        last_at: seen.at(),
        partners: vec!["A Ltd (A)".to_owned()],
        is_resolved_by_us: false,
    };
    let description = messages::parent_incident(&seen, "", &parent);
    let mut found = found("INC9", 1, 1);
    found.link.record.link = link();
    found.link.base = [("description".to_owned(), description.clone())].into();
    let row = json!({"state": state, "assigned_to": "", "description": description});
    let row: std::collections::BTreeMap<String, serde_json::Value> = serde_json::from_value(row).unwrap();
    FoundParent {
        parent,
        link: found.link,
        row: Some(row.into()),
    }
}

fn several() -> Several {
    Several {
        child: None,
        cause: Cause::default(),
        own: None,
        current: None,
        has_open_child: false,
        content: Some(ParentContent {
            table: "incident".parse().unwrap(),
            fields: [("short_description".to_owned(), "Several partners".to_owned())].into(),
            group: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap(),
            assigned_to: Ok(None),
        }),
    }
}

fn decided(news: &OneOf, change: impl FnOnce(&mut Several)) -> Vec<Effect> {
    decided_while(0, news, change)
}

/// The same while so many events wait behind it.
fn decided_while(waiting: i64, news: &OneOf, change: impl FnOnce(&mut Several)) -> Vec<Effect> {
    let mut several = several();
    change(&mut several);
    let mut facts = facts(&news.exchange, Place::Over);
    facts.waiting = waiting;
    one_of(&event(FAILED), &facts, &several, news)
}

fn text(effects: &[Effect]) -> String {
    let print = |effect: &Effect| match effect {
        Effect::CreateRecord(_) => "create".to_owned(),
        Effect::UpdateFields(update) => set_in(update, "alike: ", 25),
        Effect::AddJournal(add) => format!("note {}", add.what.split(' ').next().unwrap_or_default()),
        Effect::PassOn(Passing::Parent {
            incident,
            resolved_with: Some(_),
            ..
        }) => format!("{} was resolved too early", incident.partner),
        Effect::PassOn(Passing::Parent { incident, .. }) => format!("{} gets it", incident.partner),
        Effect::Mark(Mark::Child(child)) => {
            let parent = if child.parent.is_some() { "with" } else { "without" };
            let how = if child.is_failing { "fails" } else { "is over" };
            format!("{} {how} {parent} parent", child.incident.partner)
        }
        Effect::Mark(Mark::Cause(cause)) => {
            let loose = cause.loose.iter().map(|loose| loose.incident.partner.as_str());
            let parent = if cause.parent.is_some() { "current" } else { "none" };
            format!("[{}] {parent}", loose.collect::<Vec<_>>().join(""))
        }
        Effect::Mark(Mark::Parent(parent)) => format!("{}/{}", parent.failing, parent.count),
        other => other.to_string(),
    };
    effects.iter().map(print).collect::<Vec<_>>().join(" | ")
}

#[test]
fn incidents_of_enough_partners_get_a_parent() {
    let first = text(&decided(&news("A", true, 0), |_| ()));
    assert_eq!(
        first,
        "1 partners fail alike; with 3 they get a parent incident | A fails without parent | [A] none"
    );
    let third = decided(&news("C", true, 2), |several| {
        several.cause.loose = vec![loose("A", 0), loose("B", 1)];
    });
    assert_eq!(
        text(&third),
        "3 incidents fail alike: they get a parent incident | create | A gets it | A fails with parent | B gets it | \
         B fails with parent | C gets it | C fails with parent | 3/3 | [] current"
    );
    let Effect::CreateRecord(create) = &third[1] else {
        panic!("{third:?}")
    };
    assert_eq!(create.fields["short_description"], "Several partners");
    assert!(create.correlation.starts_with("causes/") || create.correlation.starts_with("failures/"));
    let description = &create.fields["description"];
    for part in [
        "Incidents of partners that failed alike: 3, of which 3 still fail. First 2026-11-22 10:00:00, last 2026-11-22 10:02:00",
        "- A Ltd (A)\n- B Ltd (B)\n- C Ltd (C)",
        "What to do next: Look for what these partners have in common",
        "Document 810: Validation error",
    ] {
        assert!(description.contains(part), "{part}: {description}");
    }
}

#[test]
fn a_nobody_to_assign_a_parent_to_is_said() {
    let effects = text(&decided(&news("C", true, 2), |several| {
        several.cause.loose = vec![loose("A", 0), loose("B", 1)];
        several.content.as_mut().unwrap().assigned_to = Err("the group has no active manager".to_owned());
    }));
    let said = "the parent incident is assigned to its group only: the group has no active manager";
    assert!(effects.contains(said), "{effects}");
}

#[test]
fn the_last_news_of_a_burst_writes_the_counts_whatever_it_is() {
    // Another parent is current, which an earlier one has left behind, and is too old to be joined.
    let old = |several: &mut Several| {
        several.cause.parent = Some(link());
        let mut current = parent(3, 2, "1");
        current.parent.count = 7;
        several.current = Some(current);
    };
    let waits = |waiting| text(&decided_while(waiting, &news("A", true, 61), old));
    assert!(waits(0).contains("set 7, of which 2 still fail."), "{}", waits(0));
    assert!(!waits(1).contains("set 7"), "{}", waits(1));
    // Nobody comes back to it once there is a new one.
    let new = text(&decided_while(5, &news("C", true, 70), |several| {
        old(several);
        several.cause.loose = vec![loose("A", 61), loose("B", 62)];
    }));
    assert!(
        new.contains("set 7, of which 2 still fail.") && new.contains("create"),
        "{new}"
    );
    let known = text(&decided(&news("A", true, 5), |several| {
        several.child = Some(child("A", true, true));
        let mut own = parent(3, 2, "1");
        own.parent.count = 7;
        several.own = Some(own);
    }));
    assert_eq!(
        known,
        "the incident was known to fail: nothing to do | set 7, of which 2 still fail."
    );
}

#[test]
fn several_incidents_of_one_partner_are_no_common_cause() {
    let mut another = loose("A", 1);
    another.incident.failures = Subject::failures(&["other"]);
    let text = text(&decided(&news("B", true, 2), |several| {
        several.cause.loose = vec![loose("A", 0), another];
    }));
    assert!(text.starts_with("2 partners fail alike;"), "{text}");
    assert!(text.ends_with("[AAB] none"), "{text}");
}

#[test]
fn what_began_to_fail_too_long_ago_has_another_cause() {
    let at = |minutes| {
        text(&decided(&news("C", true, minutes), |several| {
            several.cause.loose = vec![loose("A", 0), loose("B", 1)];
        }))
    };
    assert!(at(60).contains("create"));
    assert!(at(61).ends_with("[BC] none"), "{}", at(61));
}

#[test]
fn a_later_incident_joins_the_parent_while_it_is_open_and_not_too_old() {
    let joins = |minutes, state: &str| {
        text(&decided(&news("D", true, minutes), |several| {
            several.cause.parent = Some(link());
            several.current = Some(parent(3, 2, state));
        }))
    };
    assert_eq!(
        joins(60, "1"),
        "INC9 becomes the parent: 4 incidents failed alike, 3 still do | D gets it | D fails with parent | \
         set 4, of which 3 still fail. | 3/4 | [] current"
    );
    assert_eq!(joins(5, "2"), joins(60, "1"), "also while somebody works on it");
    for is_loose in [joins(61, "1"), joins(5, "6"), joins(5, "7")] {
        assert!(is_loose.starts_with("1 partners"), "{is_loose}");
    }
}

#[test]
fn a_storm_writes_the_count_once() {
    let join = |several: &mut Several| {
        several.cause.parent = Some(link());
        several.current = Some(parent(3, 2, "1"));
    };
    let busy = text(&decided_while(5, &news("D", true, 1), join));
    assert!(!busy.contains("set "), "{busy}");
    // The last one writes it, whatever its own news is.
    let last = text(&decided(&news("E", false, 2), |several| {
        join(several);
        several.current.as_mut().unwrap().parent.count = 7;
    }));
    assert!(last.contains("set 7, of which 2 still fail."), "{last}");
}

fn recovers(failing: u64, state: &str, change: impl FnOnce(&mut Several)) -> String {
    text(&decided(&news("A", false, 9), |several| {
        several.child = Some(child("A", true, true));
        several.cause.parent = Some(link());
        several.own = Some(parent(3, failing, state));
        change(several);
    }))
}

#[test]
fn a_parent_resolves_itself_when_everything_went_through() {
    assert_eq!(
        recovers(3, "1", |_| ()),
        "A is over with parent | set 3, of which 2 still fail. | 2/3"
    );
    assert_eq!(
        recovers(1, "1", |_| ()),
        "A is over with parent | everything of the parent INC9 went through: it is resolved | \
         set close_code=Solution provided, 3, of which 0 still fail., state=6 | 0/3"
    );
}

#[test]
fn a_parent_with_work_on_it_or_on_a_child_is_left_to_people() {
    let left = "A is over with parent | note recovery | set 3, of which 0 still fail. | 0/3";
    assert_eq!(recovers(1, "2", |_| ()), left);
    assert_eq!(recovers(1, "1", |several| several.has_open_child = true), left);
    assert_eq!(
        recovers(1, "6", |_| ()),
        "A is over with parent | the parent INC9 is finished: nothing to do | 0/3"
    );
    assert_eq!(
        recovers(1, "1", |several| several.own.as_mut().unwrap().row = None),
        "A is over with parent | the parent INC9 was deleted or is hidden: nothing to do | 0/3"
    );
}

#[test]
fn only_what_failed_ends_and_open_children_are_asked_for_only_then() {
    let twice = recovers(1, "1", |several| several.child = Some(child("A", false, true)));
    assert_eq!(twice, "A is over with parent | the incident has no parent");
    let mut several = several();
    several.own = Some(parent(3, 1, "1"));
    several.child = Some(child("A", true, true));
    assert!(is_over(&news("A", false, 1), &several).is_some());
    assert!(is_over(&news("A", true, 1), &several).is_none());
    several.own = Some(parent(3, 2, "1"));
    assert!(is_over(&news("A", false, 1), &several).is_none());
}

#[test]
fn an_incident_that_went_through_waits_for_no_parent() {
    let over = text(&decided(&news("A", false, 1), |several| {
        several.child = Some(child("A", true, false));
        several.cause.loose = vec![loose("A", 0), loose("B", 0)];
    }));
    assert_eq!(over, "A is over without parent | [B] none | the incident has no parent");
}

#[test]
fn a_child_that_fails_again_counts_again_but_opens_no_finished_parent() {
    let again = |state: &str| {
        text(&decided(&news("A", true, 5), |several| {
            several.child = Some(child("A", false, true));
            several.cause.parent = Some(link());
            several.own = Some(parent(3, 1, state));
        }))
    };
    assert_eq!(again("2"), "A fails with parent | set 3, of which 2 still fail. | 2/3");
    // ServiceNow would open all children again with it.
    assert_eq!(
        again("6"),
        "1 partners fail alike; with 3 they get a parent incident | A fails without parent | [A] current"
    );
}

#[test]
fn a_child_refers_to_its_parent_unless_an_agent_gave_it_another() {
    let new: SysId = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap();
    let old = "cccccccccccccccccccccccccccccccc";
    let decided = |now: &str, base: &str| {
        let mut found = found("INC1", 1, 1);
        found.link.base.insert("parent_incident".to_owned(), base.to_owned());
        let row: std::collections::BTreeMap<String, serde_json::Value> =
            [("parent_incident".to_owned(), json!(now))].into();
        found.row = Some(row.into());
        let child = ChildOf {
            incident: incident("A"),
            parent: new.clone(),
            resolved_with: None,
            exchange: exchange(&event(FAILED)),
        };
        let facts = facts(&child.exchange, Place::Over);
        text(&has_a_parent(&event(FAILED), &facts, Some(&found), &child))
    };
    let becomes = format!("INC1 becomes a child of {new} | set parent_incident={new}");
    assert_eq!(decided("", ""), becomes);
    assert_eq!(decided(old, old), becomes, "the parent before was ours");
    assert_eq!(decided(old, ""), "INC1 has another parent: it is left");
    assert_eq!(decided(new.as_str(), ""), format!("INC1 is a child of {new}"));
}

#[test]
fn a_child_that_failed_when_its_parent_was_resolved_is_opened_again() {
    let told = text(&decided(&news("A", true, 5), |several| {
        several.child = Some(child("A", false, true));
        let mut own = parent(3, 0, "6");
        own.parent.is_resolved_by_us = true;
        several.own = Some(own);
    }));
    assert!(
        told.starts_with("A was resolved too early | 1 partners fail alike"),
        "{told}"
    );
    let decided = |state: &str, notes: &str, failing| {
        let mut found = found("INC1", 1, failing);
        let row = json!({"state": state, "close_notes": notes});
        let row: std::collections::BTreeMap<String, serde_json::Value> = serde_json::from_value(row).unwrap();
        found.row = Some(row.into());
        let child = ChildOf {
            incident: incident("A"),
            parent: "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap(),
            resolved_with: Some("All went through.".to_owned()),
            exchange: exchange(&event(FAILED)),
        };
        let facts = facts(&child.exchange, Place::Over);
        text(&has_a_parent(&event(FAILED), &facts, Some(&found), &child))
    };
    assert_eq!(
        decided("6", "All went through.", 1),
        "INC1 was resolved with its parent, and fails: it is opened again | set state=2 | note reopening"
    );
    let nothing = "the incident was not resolved with its parent: nothing to do";
    assert_eq!(decided("6", "An agent's.", 1), nothing);
    assert_eq!(decided("6", "All went through.", 0), nothing);
    assert_eq!(decided("2", "All went through.", 1), nothing);
}

#[test]
fn a_parent_is_needed_only_where_there_is_none() {
    let mapping = mapping();
    let common = mapping.exchanges.as_ref().unwrap().common_cause.as_ref().unwrap();
    let mut several = several();
    several.cause.loose = vec![loose("A", 0), loose("B", 0)];
    assert!(needs_a_parent(&mapping, common, &news("C", true, 0), &several));
    assert!(!needs_a_parent(&mapping, common, &news("C", false, 0), &several));
    several.current = Some(parent(3, 3, "1"));
    assert!(!needs_a_parent(&mapping, common, &news("C", true, 0), &several));
}
