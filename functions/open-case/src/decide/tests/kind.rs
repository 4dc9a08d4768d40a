//! What the kind of a new issue leads to.

use std::sync::Arc;

use serde_json::json;
use shared::effect::{Effect, Listed};
use shared::mapping::Mapping;

use super::desk::*;
use crate::{Facts, Kind, Place, decide};

fn with_kind(mapping: &Arc<Mapping>, name: &str, articles: &[&str]) -> (Facts, shared::event::Event) {
    let opened = event(INVOICE);
    let mut facts = nowhere_by(mapping, issue(&opened));
    let listed = || -> Listed {
        serde_json::from_value(json!({"title": "Sending an invoice", "audience": {"kind": "everyone"}})).unwrap()
    };
    if let Place::Nowhere(content) = &mut facts.place {
        content.kind = Some(Kind {
            name: name.parse().unwrap(),
            articles: articles.iter().map(|id| (id.parse().unwrap(), listed())).collect(),
        });
    }
    (facts, opened)
}

#[test]
fn the_first_answer_names_the_articles_of_the_kind_with_their_links() {
    let mapping = mapping_with(
        "    mode: on\n    text: \"While",
        "    mode: on\n    text: \"As long as",
    );
    let (facts, opened) = with_kind(&mapping, "invoice_mismatch", &["KB0010001", "KB0010002"]);
    let notice = decide(&opened, &facts).into_iter().find_map(|effect| match effect {
        Effect::PostNotice(notice) => Some(notice),
        _ => None,
    });
    let notice = notice.unwrap();
    let articles: Vec<&str> = notice.articles.iter().map(|id| id.as_str()).collect();
    assert_eq!(articles, ["KB0010001", "KB0010002"]);
    insta::assert_snapshot!(notice.text.as_str(), @"
    As long as we look into it, these articles may help:
    - Sending an invoice (KB0010001)
    - Sending an invoice (KB0010002)
    ");
}

#[test]
fn nothing_is_named_where_there_is_nothing_or_the_mapping_does_not_want_it() {
    let shadow = mapping_with("  suggestions:\n    mode: on", "  suggestions:\n    mode: shadow");
    let lines = |mapping: &Arc<Mapping>, kind: &str, articles: &[&str]| {
        let (facts, opened) = with_kind(mapping, kind, articles);
        decided(&opened, &facts)
    };
    let shipped = mapping_with("language: en", "language: en");
    assert!(!lines(&shipped, "invoice_mismatch", &[]).contains("notice"));
    assert!(
        !lines(&shipped, "asn_failed", &["KB0010001"]).contains("notice"),
        "no article can be about it"
    );
    let told = lines(&shadow, "invoice_mismatch", &["KB0010001"]);
    assert!(
        told.contains("shadow of suggestions: would give the partner notice of"),
        "{told}"
    );
}

#[test]
fn an_issue_is_counted_where_its_kind_may_come_again_and_again() {
    let counts = |mapping: &Arc<Mapping>, kind: &str| {
        let (facts, opened) = with_kind(mapping, kind, &[]);
        decided(&opened, &facts).contains("count the issue among those of the kind")
    };
    let rules = "  drafts:\n    mode: on\n";
    let with =
        format!("{rules}    repeated: [{{ name: x, kind: invoice_mismatch, after: 2, within_days: 1, base: Help }}]\n");
    let repeated = mapping_with(rules, &with);
    assert!(counts(&repeated, "invoice_mismatch"));
    assert!(!counts(&repeated, "asn_failed"));
    assert!(!counts(
        &mapping_with("language: en", "language: en"),
        "invoice_mismatch"
    ));
}
