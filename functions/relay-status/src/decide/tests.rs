mod sharing;

use std::collections::BTreeMap;

use shared::domain::{IssueState, LinkKey, Timestamp};
use shared::effect::{Journal, Record, Status};
use shared::mapping::DocumentRule;
use shared::messages::PublicComment;
use shared::store::{ClaimState, LinkState};
use shared::trading_grid::collaboration::Closure;

use super::*;
use crate::{Conversation, Escalation, Gone, Said};

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
        escalated: None,
        is_critical: false,
        asks_for_draft: false,
        rule: None,
        answered: None,
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

fn comment(id: char, text: &str) -> Said {
    let sys_id = id.to_string().repeat(32).parse().unwrap();
    let created = Timestamp::from_millis(1000);
    let comment = PublicComment::of(Journal::Comments, sys_id, created, None, text.to_owned()).unwrap();
    Said {
        comment,
        is_new: true,
        author: "Partner Support".to_owned(),
        is_obeyed: false,
        shares: Vec::new(),
    }
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
        through_app: false,
    }
}

fn effects_at(place: Place) -> Vec<Effect> {
    let json = include_str!("../../../../events/receive-webhook/servicenow-record-changed.json");
    let event = Event::parse(&"servicenow".parse().unwrap(), json).unwrap();
    let facts = Facts { number: 7, place };
    decide(&event, &facts)
}

fn decided(change: impl FnOnce(&mut Found)) -> Vec<String> {
    let mut found = found();
    change(&mut found);
    effects_at(Place::Found(Box::new(found)))
        .iter()
        .map(|effect| match effect {
            Effect::PostComment(post) => format!("post {}: {}", &post.entry.as_str()[..1], post.text.as_str()),
            Effect::Recognize(own) if own.entries.is_empty() => {
                let ids = own.silent.iter().map(|entry| &entry.as_str()[..1]);
                format!("nothing in {}", ids.collect::<String>())
            }
            Effect::Recognize(own) => format!("recognize {:?}", own.entries.keys().collect::<Vec<_>>()),
            Effect::ReportStatus(report) => format!("report {} {}", report.version, report.status.label),
            other => other.to_string(),
        })
        .collect()
}

/// A record of which the partner knows all but what a test adds.
fn found() -> Found {
    let status = status_of("as before");
    Found {
        link: Link {
            told: Some(status.digest()),
            ..link()
        },
        has_moved: false,
        continued_by: None,
        draft_rule: None,
        updated: Timestamp::from_millis(5000),
        status: Some(status),
        asking: None,
        escalation: Escalation {
            under_way: None,
            was_critical: false,
            is_critical: Some(false),
        },
        conversation: Conversation {
            record: link().record,
            comments: Vec::new(),
            files: Vec::new(),
            documents: DocumentRule {
                max_bytes: 1000,
                max_per_issue: 2,
                media_types: vec!["text/*".to_owned()],
            },
            desk: "Partner Support".to_owned(),
            ledger: Vec::new(),
        },
    }
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
        found.conversation.comments = vec![comment('a', "See the new case.")];
    });
    assert_eq!(told, ["post a: See the new case."]);
}

#[test]
fn equal_comments_of_agents_stay_two() {
    let told =
        decided(|found| found.conversation.comments = vec![comment('a', "Please wait."), comment('b', "Please wait.")]);
    assert_eq!(told, ["post a: Please wait.", "post b: Please wait."]);
}

#[test]
fn our_own_entry_is_recognized_once_and_a_copy_of_it_is_a_persons() {
    let told = decided(|found| {
        found.conversation.comments = vec![comment('a', &format!("{OURS}\r\n")), comment('b', OURS)];
        found.conversation.ledger = vec![claim("one")];
    });
    assert_eq!(told, ["recognize [\"one\"]".to_owned(), format!("post b: {OURS}")]);
}

#[test]
fn two_equal_entries_of_ours_are_two_claims() {
    let told = decided(|found| {
        found.conversation.comments = vec![comment('a', OURS), comment('b', OURS)];
        found.conversation.ledger = vec![claim("one"), claim("two")];
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
            found.conversation.comments = vec![comment('b', text)];
            found.conversation.ledger = vec![claim];
        });
        assert_eq!(told, [format!("post b: {text}")]);
    }
}

#[test]
fn a_hidden_or_foreign_record_is_said_on_the_timeline_only() {
    let hidden = Gone {
        link: link(),
        deleted: None,
        status: None,
        asking: None,
    };
    for place in [Place::Nowhere, Place::Gone(Box::new(hidden))] {
        let effects = effects_at(place);
        assert!(matches!(effects.as_slice(), [Effect::Tell { .. }]), "{effects:?}");
    }
}

#[test]
fn the_partner_of_a_deleted_record_is_told_once_and_not_asked_any_more() {
    let told = |before: Option<&str>, closing: Option<&str>| {
        let asking = closing.map(|state| crate::Asking {
            now: Timestamp::from_millis(10_000),
            until: None,
            closure: closure_of(state),
            asked: Some(5),
            disputed: None,
        });
        let effects = effects_at(Place::Gone(Box::new(Gone {
            link: Link {
                told: before.map(|label| status_of(label).digest()),
                ..link()
            },
            deleted: Some(Timestamp::from_millis(5000)),
            status: Some(status_of("being checked")),
            asking,
        })));
        effects.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    let said = "CS0001001 was deleted: somebody must look into it";
    let checked = "tell the partner: being checked";
    assert_eq!(told(Some("under review"), None), [said, checked]);
    assert_eq!(told(Some("being checked"), None), [said]);
    assert_eq!(
        told(None, Some("requested")),
        [said, checked, "take the question about closing back"]
    );
    assert_eq!(told(None, Some("closed")), [said, checked, OVER[0]]);
}

#[test]
fn a_record_that_moved_is_followed_and_a_table_without_words_keeps_silent() {
    let moved = |has_moved: bool, has_words: bool| {
        decided(|found| {
            found.has_moved = has_moved;
            found.link.record.table = "problem".parse().unwrap();
            found.conversation.comments = vec![comment('a', "Public once.")];
            if !has_words {
                found.status = None;
            }
        })
    };
    let follows = format!("keep that {RECORD} is in problem now");
    let silent = "CS0001001 is in problem, for which the mapping has no words: the partner is told nothing";
    assert_eq!(moved(true, true), [follows.as_str(), "post a: Public once."]);
    assert_eq!(moved(true, false), [follows.as_str(), silent]);
    assert_eq!(moved(false, false), [silent]);
}

/// What is decided of a record with this state and a closing.
fn asked(state: IssueState, change: impl FnOnce(&mut crate::Asking)) -> Vec<String> {
    decided(|found| {
        let status = Status {
            state,
            ..status_of("as before")
        };
        found.link.told = Some(status.digest());
        found.status = Some(status);
        let mut asking = crate::Asking {
            now: Timestamp::from_millis(10_000),
            until: Some(Timestamp::from_millis(20_000)),
            closure: None,
            asked: None,
            disputed: None,
        };
        change(&mut asking);
        found.asking = Some(asking);
    })
}

fn closure_of(state: &str) -> Option<Closure> {
    let closure = serde_json::json!({"version": 5, "state": state, "confirmBy": "1970-01-01T00:00:15Z"});
    Some(serde_json::from_value(closure).unwrap())
}

const ASKS: [&str; 2] = [
    "ask the partner to confirm the resolution until 1970-01-01T00:00:20.000Z",
    "look at the unanswered question again at 1970-01-01T00:00:20.000Z",
];
const OVER: [&str; 1] = ["keep that no question about closing is open"];

#[test]
fn a_partner_is_asked_once_for_each_resolution() {
    let resolved = |state: Option<&str>| {
        asked(IssueState::Resolved, |asking| {
            asking.closure = state.and_then(closure_of)
        })
    };
    assert_eq!(resolved(None), ASKS);
    assert_eq!(resolved(Some("withdrawn")), ASKS);
    assert_eq!(resolved(Some("closed")), ASKS);
    assert_eq!(resolved(Some("requested")), [""; 0]);
    assert_eq!(resolved(Some("confirmed")), [""; 0]);
    let nobody = asked(IssueState::Resolved, |asking| asking.until = None);
    assert_eq!(nobody, [""; 0], "the mapping asks nobody");
}

#[test]
fn a_resolution_after_a_dispute_is_a_new_one_once_the_dispute_is_dealt_with() {
    let resolved = |version: Option<u64>, disputed: Option<u64>| {
        asked(IssueState::Resolved, |asking| {
            asking.closure = closure_of("disputed");
            (asking.asked, asking.disputed) = (version, disputed);
        })
    };
    assert_eq!(resolved(Some(5), None), [""; 0]);
    assert_eq!(resolved(Some(5), Some(4)), [""; 0]);
    assert_eq!(resolved(Some(5), Some(5)), ASKS);
    assert_eq!(resolved(None, None), ASKS);
}

#[test]
fn a_closed_issue_says_why() {
    let closed = |state: &str, now: i64| {
        asked(IssueState::Closed, |asking| {
            asking.closure = closure_of(state);
            asking.now = Timestamp::from_millis(now);
        })
    };
    let because = |why: &str| [format!("tell the partner that the issue is closed: {why}")];
    assert_eq!(closed("confirmed", 10_000), because("the partner confirmed"));
    assert_eq!(closed("requested", 14_999), because("the desk decided"));
    assert_eq!(closed("requested", 15_000), because("nobody answered in time"));
    assert_eq!(closed("disputed", 10_000), OVER);
    assert_eq!(closed("withdrawn", 10_000), OVER);
}

#[test]
fn who_opens_a_record_again_takes_the_question_back() {
    for state in [IssueState::Open, IssueState::InProgress, IssueState::WaitingForPartner] {
        let open = |closing: &str| asked(state, |asking| asking.closure = closure_of(closing));
        assert_eq!(open("requested"), ["take the question about closing back"]);
        assert_eq!(open("disputed"), OVER);
        assert_eq!(open("confirmed"), OVER);
    }
}

#[test]
fn silence_closes_a_record_that_is_still_resolved_and_asked_about() {
    let due = |version: u64, state: &str, is_resolved: bool| {
        let change = shared::effect::Change {
            from: "6".to_owned(),
            to: "3".to_owned(),
        };
        effects_at(Place::Due(Box::new(crate::Due {
            link: link(),
            version,
            closure: closure_of(state),
            close: is_resolved.then(|| BTreeMap::from([("state".to_owned(), change)])),
        })))
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
    };
    assert_eq!(
        due(5, "requested", true),
        [
            format!("set state of sn_customerservice_case {RECORD}"),
            format!("add silence on 5 to work_notes of sn_customerservice_case {RECORD}"),
        ]
    );
    assert_eq!(
        due(5, "requested", false),
        ["CS0001001 is not resolved any more: nothing to do"]
    );
    for (version, state) in [
        (4, "requested"),
        (5, "confirmed"),
        (5, "disputed"),
        (5, "withdrawn"),
        (5, "closed"),
    ] {
        assert_eq!(
            due(version, state, true),
            ["the question about closing was answered or is gone: nothing to do"]
        );
    }
}

#[test]
fn a_draft_is_asked_for_when_a_rule_begins_to_fit_a_solved_record() {
    let told = |state, rule: Option<&str>, asks_before| {
        decided(|found| {
            let mut status = status_of("as before");
            status.state = state;
            found.link.told = Some(status.digest());
            found.status = Some(status);
            found.draft_rule = rule.map(|rule| rule.parse().unwrap());
            found.link.asks_for_draft = asks_before;
        })
    };
    let asked = told(IssueState::Resolved, Some("marked"), false);
    assert_eq!(
        asked,
        [
            "the rule marked asks for a draft of an article about CS0001001".to_owned(),
            format!("ask for a draft of an article about {RECORD}"),
            "keep that a draft was asked for".to_owned(),
        ]
    );
    assert_eq!(told(IssueState::Closed, Some("marked"), false), asked);
    assert_eq!(told(IssueState::Resolved, Some("marked"), true), [""; 0], "once");
    assert_eq!(
        told(IssueState::InProgress, Some("marked"), false),
        [""; 0],
        "not solved yet"
    );
    assert_eq!(told(IssueState::Resolved, None, false), [""; 0], "never by itself");
    let no_longer = ["keep that no draft is asked for"];
    assert_eq!(told(IssueState::InProgress, Some("marked"), true), no_longer);
    assert_eq!(told(IssueState::Resolved, None, true), no_longer);
}
