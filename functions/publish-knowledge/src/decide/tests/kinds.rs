//! Kinds of problems, solved records and feedback.

use shared::domain::{SysId, Timestamp};
use shared::effect::{Effect, KindTally, Mark, Tallied};
use shared::event::ArticleFeedback;
use shared::mapping::RepeatedRule;

use super::*;
use crate::decide::counted;
use crate::{Feedback, Kind, Repeated, Solved};

fn tallied(nth: i64) -> Tallied {
    Tallied {
        issue: format!("issues/GC1/ISS-{nth}").try_into().unwrap(),
        record: format!("{nth:032x}").parse().unwrap(),
        at: Timestamp::from_millis(nth * 24 * 3600 * 1000),
    }
}

fn rule() -> RepeatedRule {
    RepeatedRule {
        name: "again".parse().unwrap(),
        kind: None,
        after: 3,
        within: std::time::Duration::from_secs(10 * 24 * 3600),
        base: "Trading Partner Help".to_owned(),
    }
}

fn kind(before: &[i64], now: i64, change: impl FnOnce(&mut Kind)) -> Vec<Effect> {
    let mut kind = Kind {
        name: "invoice_mismatch".parse().unwrap(),
        tally: KindTally {
            issues: before.iter().map(|nth| tallied(*nth)).collect(),
            ..KindTally::default()
        },
        issue: tallied(now),
        articles: Vec::new(),
        rules: vec![Repeated {
            rule: rule(),
            open: None,
            base: Some(FILE.parse().unwrap()),
        }],
    };
    change(&mut kind);
    decided(Place::Kind(Box::new(kind)))
}

fn is_proposed(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::CreateRecord(_)))
}

fn tally(effects: &[Effect]) -> KindTally {
    match effects.last() {
        Some(Effect::Mark(Mark::Tally(tally))) => tally.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_kind_is_proposed_when_enough_issues_are_within_the_time() {
    assert!(!is_proposed(&kind(&[18], 20, |_| ())));
    assert!(
        !is_proposed(&kind(&[1, 18], 20, |_| ())),
        "the first one is too long ago"
    );
    let effects = kind(&[17, 18], 20, |_| ());
    assert!(is_proposed(&effects));
    let rows = effects.iter().filter(|effect| matches!(effect, Effect::AddRow(_)));
    assert_eq!(rows.count(), 3, "each record names the draft");
    let tally = tally(&effects);
    let begins_anew = tally.issues.is_empty() && tally.proposals.len() == 1;
    assert!(begins_anew, "{tally:?}");
}

#[test]
fn the_same_issue_counts_once() {
    assert!(!is_proposed(&kind(&[18, 20], 20, |_| ())));
    let issue = tallied(20);
    let before = KindTally {
        issues: vec![issue.clone()],
        ..KindTally::default()
    };
    assert_eq!(counted(&before, &issue, &rule()).len(), 1);
}

#[test]
fn nothing_is_proposed_beside_an_article_or_an_open_proposal() {
    let with_article = kind(&[17, 18], 20, |kind| kind.articles = vec!["KB0010001".parse().unwrap()]);
    assert!(!is_proposed(&with_article));
    assert_eq!(tally(&with_article).issues.len(), 3);
    let open: SysId = ROW.parse().unwrap();
    let beside_open = kind(&[17, 18], 20, |kind| kind.rules[0].open = Some(open));
    assert!(!is_proposed(&beside_open));
}

#[test]
fn a_record_that_is_gone_makes_no_draft() {
    let solved = Solved {
        link: None,
        draft: None,
        content: None,
    };
    let effects = decided(Place::Solved(Box::new(solved)));
    assert!(matches!(effects.as_slice(), [Effect::Tell { .. }]), "{effects:?}");
}

#[test]
fn feedback_is_a_row_that_follows_from_it_alone() {
    let sample = include_str!("../../../../../events/receive-webhook/article-feedback-given.json");
    let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
    let given: ArticleFeedback = serde_json::from_value(sample["data"].clone()).unwrap();
    let row = |totals| {
        let feedback = Feedback {
            given: given.clone(),
            version: Some(ROW.parse().unwrap()),
            totals,
        };
        match decided(Place::Feedback(Box::new(feedback))).pop() {
            Some(Effect::AddRow(row)) => row,
            other => panic!("{other:?}"),
        }
    };
    let totals = serde_json::json!({"views": 9, "helpful": 3, "notHelpful": 1});
    let (one, other) = (row(None), row(serde_json::from_value(totals).unwrap()));
    assert_eq!(one.sys_id, other.sys_id, "whatever all of it adds up to");
    assert_eq!(one.fields["useful"], "no");
    insta::assert_snapshot!(other.fields["comments"], @"
    Step 4 does not say which segment comes first.

    By Ada Okafor (GC41543822654A) on Trading Grid, of version 3 there.
    So far on Trading Grid: read 9 times, helpful 3, not helpful 1.
    ");
}
