mod kinds;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::domain::{Audience, Timestamp};
use shared::effect::{Effect, ShownArticle};
use shared::event::Event;
use shared::mapping::{Mapping, Mode, Readership};
use shared::messages::PartnerHtml;
use shared::servicenow::{Article, Attachment};
use shared::trading_grid::collaboration;

use super::decide;
use crate::{Current, Facts, Place, Version, Versions};

const DEFAULT: &str = include_str!("../../../../infra/mapping.yaml");
const ROW: &str = "a3d911b2e30132ebe35c2ddfb2cf852a";
const FILE: &str = "0123456789abcdef0123456789abcdef";

fn event() -> Event {
    let sample = include_str!("../../../../events/receive-webhook/servicenow-record-changed.json");
    Event::parse(&"servicenow".parse().unwrap(), sample).unwrap()
}

fn row() -> Article {
    Article {
        sys_id: ROW.parse().unwrap(),
        number: "KB0010042".to_owned(),
        title: "A guide".to_owned(),
        html: "<p>Send it again.</p>".to_owned(),
        state: "published".to_owned(),
        base: FILE.parse().unwrap(),
        base_title: "Trading Partner Help".to_owned(),
        category: "Document guides".to_owned(),
        language: "en".to_owned(),
        keywords: "one, ,two".to_owned(),
        readers: Vec::new(),
        is_kept_from_some: false,
        shows_files: true,
        source: None,
        valid_to: "2100-01-01".to_owned(),
        created_on: Timestamp::from_millis(0),
        updated_on: Timestamp::from_millis(0),
        mod_count: 3,
    }
}

fn versions() -> Versions {
    Versions {
        article: "KB0010042".parse().unwrap(),
        states: BTreeSet::from(["published".to_owned()]),
        current: Some(Current {
            row: row(),
            mode: Some(Mode::On),
            readership: Some(Readership {
                audience: Audience::Everyone,
                category: None,
            }),
            body: PartnerHtml::of_sanitized("<p>Send it again.</p>"),
            files: Vec::new(),
        }),
        community: None,
        shown: None,
        brought: BTreeMap::new(),
    }
}

fn community(version: u64, state: &str) -> collaboration::Article {
    serde_json::from_value(serde_json::json!({
        "articleId": "KB0010042", "version": version, "state": state, "audience": {"kind": "everyone"},
        "files": [{"documentId": "DOC-1", "name": "a.csv", "mediaType": "text/csv", "size": 1, "sha256": "0".repeat(64)}],
    }))
    .unwrap()
}

fn decided(place: Place) -> Vec<Effect> {
    let facts = Facts {
        mapping: Arc::new(Mapping::parse(DEFAULT).unwrap()),
        number: 5,
        deployment: "it".parse().unwrap(),
        subject: "articles/KB0010042".to_owned().try_into().unwrap(),
        now: Timestamp::parse_rfc3339("2026-11-23T09:00:00Z").unwrap(),
        place,
    };
    decide(&event(), &facts)
}

fn lines(versions: Versions) -> Vec<String> {
    let effects = decided(Place::Article(Box::new(versions)));
    effects.iter().map(ToString::to_string).collect()
}

fn current(change: impl FnOnce(&mut Current)) -> Vec<String> {
    let mut versions = versions();
    versions.community = Some(community(3, "published"));
    change(versions.current.as_mut().unwrap());
    lines(versions)
}

/// The version of the only report in a plan.
fn version(versions: Versions) -> u64 {
    let effects = decided(Place::Article(Box::new(versions)));
    let versions = effects.iter().filter_map(|effect| match effect {
        Effect::PublishArticle(publish) => Some(publish.version),
        Effect::WithdrawArticle(withdraw) => Some(withdraw.version),
        _ => None,
    });
    let versions: Vec<u64> = versions.collect();
    assert_eq!(versions.len(), 1, "{effects:#?}");
    versions[0]
}

#[test]
fn a_report_is_above_all_that_either_side_knows() {
    assert_eq!(version(versions()), 5);
    // The table was made anew, or lost something: the community still knows.
    let mut known = versions();
    known.community = Some(community(57, "withdrawn"));
    assert_eq!(version(known), 58);
    let mut known = versions();
    known.shown = Some(ShownArticle {
        version: 9,
        guide: None,
        category: None,
    });
    assert_eq!(version(known), 10);
    let mut gone = versions();
    gone.current = None;
    gone.community = Some(community(57, "published"));
    assert_eq!(version(gone), 58);
}

#[test]
fn what_partners_see_already_is_not_reported_again_unless_the_community_lost_it() {
    let Effect::PublishArticle(first) = decided(Place::Article(Box::new(versions()))).pop().unwrap() else {
        panic!("it is published")
    };
    let with = |stands: Option<collaboration::Article>| {
        let mut versions = versions();
        versions.shown = Some(ShownArticle {
            version: first.version,
            category: None,
            guide: Some(first.guide.digest()),
        });
        versions.community = stands;
        lines(versions)
    };
    assert_eq!(
        with(Some(community(5, "published"))),
        ["partners see KB0010042 as it is: nothing to do"]
    );
    for stands in [None, Some(community(5, "withdrawn")), Some(community(6, "published"))] {
        let lines = with(stands.clone());
        assert!(lines[0].starts_with("show "), "{stands:?}: {lines:?}");
    }
}

#[test]
fn what_partners_may_not_or_cannot_read_is_withdrawn_with_its_reason() {
    let long = format!("<p>{}</p>", "x".repeat(200_001));
    let reasons: [(&str, Vec<String>); 8] = [
        ("its knowledge base is internal", current(|current| current.mode = None)),
        (
            "no audience of the mapping fits it",
            current(|current| current.readership = None),
        ),
        (
            "it is valid no longer",
            current(|current| current.row.valid_to = "2026-11-22".to_owned()),
        ),
        ("it has no title", current(|current| current.row.title = " ".to_owned())),
        (
            "there is nothing to read in it",
            current(|current| current.body = PartnerHtml::of_sanitized("<p>&nbsp;</p>")),
        ),
        (
            "it is longer than 200000 bytes",
            current(|current| current.body = PartnerHtml::of_sanitized(&long)),
        ),
        (
            "it cannot be shown, it holds an attribute of p that guidance does not need",
            current(|current| current.body = PartnerHtml::of_sanitized("<p onclick=\"x\">y</p>")),
        ),
        ("no version of it is published", {
            let mut versions = versions();
            versions.current = None;
            versions.community = Some(community(3, "published"));
            lines(versions)
        }),
    ];
    for (reason, lines) in reasons {
        let wanted = [
            format!("{reason}: partners are to see KB0010042 no longer"),
            "take KB0010042 out of partners' sight".to_owned(),
        ];
        assert_eq!(lines, wanted);
    }
    // The last day counts in full.
    assert!(current(|current| current.row.valid_to = "2026-11-23".to_owned())[0].starts_with("show "));
}

#[test]
fn what_waits_for_a_decision_or_is_off_is_left_and_a_shadow_only_tells() {
    assert_eq!(
        current(|current| current.row.state = "pending_retirement".to_owned()),
        ["KB0010042 is left as it is: its retirement waits for an approval"]
    );
    assert_eq!(
        current(|current| current.mode = Some(Mode::Off)),
        ["KB0010042 is left as it is: its knowledge base is off"]
    );
    let shadow = current(|current| current.mode = Some(Mode::Shadow));
    assert_eq!(
        shadow,
        [format!(
            "shadow of KB0010042: would show {ROW} to its partners as KB0010042"
        )]
    );
}

#[test]
fn a_file_that_the_community_has_is_not_brought_again() {
    let with = |brought: bool, state: &str| {
        let mut versions = versions();
        versions.community = Some(community(3, state));
        if brought {
            versions.brought = BTreeMap::from([(FILE.parse().unwrap(), "DOC-1".parse().unwrap())]);
        }
        versions.current.as_mut().unwrap().files = vec![Attachment {
            sys_id: FILE.parse().unwrap(),
            file_name: "a.csv".to_owned(),
            content_type: "text/csv".to_owned(),
            size: Some(1),
            hash: None,
            table: "kb_knowledge".to_owned(),
            record: Some(ROW.parse().unwrap()),
            created: None,
            creator: "author".to_owned(),
        }];
        lines(versions).len()
    };
    assert_eq!(with(true, "published"), 1);
    assert_eq!(with(false, "published"), 2);
    assert_eq!(with(true, "withdrawn"), 2, "it may have been removed meanwhile");
}

#[test]
fn a_change_is_passed_on_where_partners_may_read_the_article_or_may_have_read_it() {
    let passed = |known: Option<&str>, found: Option<Article>| {
        let version = Version {
            row: ROW.parse().unwrap(),
            known: known.map(|known| known.parse().unwrap()),
            found,
        };
        let effects = decided(Place::Version(Box::new(version)));
        let lines: Vec<String> = effects.iter().map(ToString::to_string).collect();
        lines
    };
    let internal = || Article {
        base_title: "Internal Operations".to_owned(),
        ..row()
    };
    let (keep, pass) = (
        "keep that this is a version of KB0010042",
        "pass the change on to KB0010042",
    );
    assert_eq!(passed(None, Some(row())), [keep, pass]);
    assert_eq!(passed(Some("KB0010042"), Some(row())), [pass]);
    assert_eq!(
        passed(Some("KB0010042"), Some(internal())),
        [pass],
        "it is internal now"
    );
    assert_eq!(passed(Some("KB0010042"), None), [pass], "it is gone");
    assert_eq!(
        passed(None, Some(internal())),
        ["its knowledge base is internal: nothing is done"]
    );
    assert_eq!(passed(None, None), ["its knowledge base is internal: nothing is done"]);
    assert_eq!(
        passed(Some("KB0010001"), Some(row())),
        [keep, "pass the change on to KB0010001", pass]
    );
}
