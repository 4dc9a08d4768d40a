use std::collections::BTreeMap;

use shared::domain::{IssueState, LinkKey, Timestamp};
use shared::effect::{Journal, Record, Status};
use shared::messages::PublicComment;
use shared::store::{ClaimState, LinkState};

use super::*;

const RECORD: &str = "a3d911b2e30132ebe35c2ddfb2cf852a";
/// A partner's comment as we write it.
const OURS: &str = "Ada wrote:\nHelp\n\nvia Trading Grid · ref 7f3a";

fn link() -> Link {
    Link {
        state: LinkState::Linked,
        record: Record {
            link: LinkKey::case(),
            table: "sn_customerservice_case".parse().unwrap(),
            sys_id: RECORD.parse().unwrap(),
        },
        correlation: "ISS-1".to_owned(),
        number: "CS0001001".to_owned(),
        base: BTreeMap::new(),
        continued_by: None,
        intent_at: Timestamp::from_millis(0),
        journal_at: None,
        told: None,
        asked: None,
        disputed: None,
    }
}

fn status_of(label: &str) -> Status {
    Status {
        state: IssueState::InProgress,
        label: label.to_owned(),
        text: None,
        expected: None,
        resolution: None,
        number: "CS0001001".to_owned(),
    }
}

fn comment(id: char, text: &str) -> (PublicComment, String) {
    let sys_id = id.to_string().repeat(32).parse().unwrap();
    let created = Timestamp::from_millis(1000);
    let comment = PublicComment::of(Journal::Comments, sys_id, created, None, text.to_owned()).unwrap();
    (comment, "Partner Support".to_owned())
}

/// The claim of a comment that we write.
fn claim(key: &str) -> Claim {
    Claim {
        key: key.to_owned(),
        reference: "7f3a".to_owned(),
        state: ClaimState::Claimed,
        at: Timestamp::from_millis(0),
        first_at: Timestamp::from_millis(0),
        kind: ClaimKind::Journal,
        target: RECORD.to_owned(),
        text: Some(text_hash(OURS)),
        remote: None,
    }
}

fn effects_at(place: Place) -> Vec<Effect> {
    let json = include_str!("../../../../events/receive-webhook/servicenow-record-changed.json");
    let event = Event::parse(&"servicenow".parse().unwrap(), json).unwrap();
    let facts = Facts { number: 7, place };
    decide(&event, &facts)
}

fn decided(change: impl FnOnce(&mut Found)) -> Vec<String> {
    let mut found = Found {
        link: link(),
        continued_by: None,
        updated: Timestamp::from_millis(5000),
        status: None,
        asking: None,
        comments: Vec::new(),
        ledger: Vec::new(),
    };
    change(&mut found);
    effects_at(Place::Found(Box::new(found)))
        .iter()
        .map(|effect| match effect {
            Effect::PostComment(post) => format!("post {}: {}", &post.entry.as_str()[..1], post.text.as_str()),
            Effect::Recognize(own) => format!("recognize {:?}", own.entries.keys().collect::<Vec<_>>()),
            Effect::ReportStatus(report) => format!("report {} {}", report.version, report.status.label),
            other => other.to_string(),
        })
        .collect()
}

#[test]
fn only_a_change_of_status_is_told() {
    let told = |label: &str, before: Option<&str>| {
        decided(|found| {
            found.status = Some(status_of(label));
            found.link.told = before.map(|label| status_of(label).digest());
        })
    };
    assert_eq!(told("under review", None), ["report 7 under review"]);
    assert_eq!(told("under review", Some("under review")), [""; 0]);
    assert_eq!(told("resolved", Some("under review")), ["report 7 resolved"]);
}

#[test]
fn a_record_that_was_continued_tells_its_comments_and_no_status() {
    let told = decided(|found| {
        found.status = Some(status_of("closed"));
        found.continued_by = Some("follow-up#0011223344556677".parse().unwrap());
        found.comments = vec![comment('a', "See the new case.")];
    });
    assert_eq!(told, ["post a: See the new case."]);
}

#[test]
fn equal_comments_of_agents_stay_two() {
    let told = decided(|found| found.comments = vec![comment('a', "Please wait."), comment('b', "Please wait.")]);
    assert_eq!(told, ["post a: Please wait.", "post b: Please wait."]);
}

#[test]
fn our_own_entry_is_recognized_once_and_a_copy_of_it_is_a_persons() {
    let told = decided(|found| {
        found.comments = vec![comment('a', &format!("{OURS}\r\n")), comment('b', OURS)];
        found.ledger = vec![claim("one")];
    });
    assert_eq!(told, ["recognize [\"one\"]".to_owned(), format!("post b: {OURS}")]);
}

#[test]
fn two_equal_entries_of_ours_are_two_claims() {
    let told = decided(|found| {
        found.comments = vec![comment('a', OURS), comment('b', OURS)];
        found.ledger = vec![claim("one"), claim("two")];
    });
    assert_eq!(told, ["recognize [\"one\", \"two\"]"]);
}

#[test]
fn a_quoted_or_forged_reference_suppresses_nothing() {
    let bound = Claim {
        remote: Some("c".repeat(32)),
        ..claim("one")
    };
    let of_another_record = Claim {
        target: "0".repeat(32),
        ..claim("one")
    };
    for (text, claim) in [
        ("I quote: via Trading Grid · ref 7f3a", claim("one")),
        ("via Trading Grid · ref 7f3a", claim("one")),
        (OURS, bound),
        (OURS, of_another_record),
    ] {
        let told = decided(|found| {
            found.comments = vec![comment('b', text)];
            found.ledger = vec![claim];
        });
        assert_eq!(told, [format!("post b: {text}")]);
    }
}

#[test]
fn a_deleted_or_foreign_record_is_said_on_the_timeline_only() {
    for place in [Place::Nowhere, Place::Gone(Box::new(link()))] {
        let effects = effects_at(place);
        assert!(matches!(effects.as_slice(), [Effect::Tell { .. }]), "{effects:?}");
    }
}
