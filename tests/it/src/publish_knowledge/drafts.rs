//! What was solved becomes a draft of an article, once, and only where it was asked for.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use shared::mapping::Mapping;
use worlds::Rule;

use super::{PARTNER_BASE, base, is_told, newest, publish, seen, when};
use crate::play::{default_mapping, in_town};
use crate::relay_status::{confirms, resolves, takes_it};
use crate::scenarios::{
    self, CASE, Expected, INTERNAL, NORTHWIND, Scenario, Step, Struck, case, opens, opens_connectivity, opens_critical,
    scenario,
};
use crate::town::Town;

const CASES: &str = "sn_customerservice_case";
const MARK: &str = "x_gridlink_for_knowledge";
/// What the draft of the issue of the scenarios is called.
const TITLE: &str = "856 was rejected";
const BODY: &str = "<h2>Problem</h2><p>856 was rejected</p><p>Mandatory segment N1*ST is missing.</p>\
                    <h2>Resolution</h2><p>Sent again.</p>";

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        is_told: true,
        struck: Struck::By(&["publish-knowledge", "relay-status"]),
        labels: &["received", "resolved", "closed"],
        also: Some(has_one_draft),
        ..scenario(
            "solved-becomes-a-draft",
            vec![
                Step::Partner(opens),
                Step::Agent(marks),
                Step::Agent(resolves),
                Step::Then(confirms),
            ],
            vec![Expected {
                fields: &[("state", "3")],
                notes: &["became a draft article", "confirmed on Trading Grid"],
                ..CASE
            }],
        )
    }]
}

/// The agent marks the case; the internal fields of it are full.
pub(crate) fn marks(town: &Town) {
    let fields = [(MARK, "true"), ("cause", INTERNAL), ("work_notes", INTERNAL)];
    town.servicenow.update(CASES, &case(town), &fields);
}

/// The drafts that Gridlink made.
pub(crate) fn drafts(town: &Town) -> Vec<BTreeMap<String, String>> {
    let mut rows = town.servicenow.rows("kb_knowledge");
    rows.retain(|row| row["sys_created_by"] == "gridlink.integration");
    rows
}

/// The case has one draft, named on both sides, and nobody has published it.
fn has_one_draft(town: &Town) {
    let drafts = drafts(town);
    let named = town.servicenow.rows("m2m_kb_task");
    let ([draft], [named]) = (drafts.as_slice(), named.as_slice()) else {
        town.violated(format!("drafts {drafts:#?}, named {named:#?}"));
        return;
    };
    let case = case(town);
    for (field, wanted) in [
        ("workflow_state", "draft"),
        ("short_description", TITLE),
        ("text", BODY),
        ("source", &case),
        ("kb_knowledge_base", &base(town, PARTNER_BASE)),
    ] {
        if draft[field] != wanted {
            town.violated(format!("{field} of the draft is {}", draft[field]));
        }
    }
    if named["task"] != case || named["kb_knowledge"] != draft["sys_id"] {
        town.violated(format!("another article is named: {named:?}"));
    }
    let skipped = town.servicenow.published_without_approval();
    if !skipped.is_empty() {
        town.violated(format!("published past those who decide: {skipped:?}"));
    }
}

#[test]
fn a_marked_case_becomes_one_draft_however_often_it_is_solved() {
    when(async |town, play| {
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        resolves(town);
        play.quiet().await;
        assert_eq!(drafts(town), [], "nobody has marked it");
        marks(town);
        play.quiet().await;
        has_one_draft(town);
        let number = drafts(town)[0]["number"].clone();
        is_told(town, "the rule marked-for-knowledge makes a draft article");
        is_told(town, &format!("created {number} as a draft article"));
        let notes = town.servicenow.journal(&case(town), "work_notes");
        let note = notes.iter().find(|note| note.value.contains(TITLE)).unwrap();
        assert!(note.value.contains(&drafts(town)[0]["sys_id"]), "{}", note.value);
        // An agent takes it back, solves it again, and marks it once more.
        for fields in [
            [("state", "10"), (MARK, "true")],
            [("state", "6"), (MARK, "true")],
            [("state", "6"), (MARK, "false")],
            [("state", "6"), (MARK, "true")],
        ] {
            town.servicenow.update(CASES, &case(town), &fields);
            play.quiet().await;
        }
        has_one_draft(town);
        is_told(town, &format!("has the draft {number}: nothing to do"));
    });
}

#[test]
fn what_is_not_solved_any_more_makes_no_draft_until_it_is() {
    when(async |town, play| {
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        marks(town);
        play.quiet().await;
        assert_eq!(drafts(town), []);
        takes_it(town);
        play.quiet().await;
        assert_eq!(drafts(town), []);
        resolves(town);
        play.quiet().await;
        has_one_draft(town);
    });
}

#[test]
fn an_incident_and_an_escalated_case_become_drafts_too() {
    for (opens, table) in [(opens_connectivity as fn(&_) -> _, "incident"), (opens_critical, CASES)] {
        when(async |town, play| {
            play.deliver(&opens(&town.community)).await;
            play.quiet().await;
            let fields = [
                ("state", "6"),
                ("close_code", "Solution provided"),
                ("close_notes", "Sent again."),
                (MARK, "true"),
            ];
            let row = town.servicenow.row(table, &case(town)).unwrap();
            let fields: Vec<_> = fields.into_iter().filter(|(name, _)| row.contains_key(*name)).collect();
            town.servicenow.update(table, &case(town), &fields);
            play.quiet().await;
            assert_eq!(drafts(town).len(), 1, "{table}");
            assert_eq!(drafts(town)[0]["text"], BODY);
        });
    }
}

#[test]
fn what_is_published_of_a_draft_reaches_partners_and_the_rest_does_not() {
    when(async |town, play| {
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        marks(town);
        resolves(town);
        play.quiet().await;
        assert_eq!(seen(town, NORTHWIND, TITLE), None, "a draft is for colleagues");
        publish(town, TITLE);
        play.quiet().await;
        let article = seen(town, NORTHWIND, TITLE).unwrap();
        assert_eq!(article["articleId"], newest(town, TITLE)["number"].as_str());
        assert!(!article.to_string().contains(INTERNAL), "{article}");
    });
}

/// The shipped mapping, changed.
fn mapping(from: &str, to: &str) -> Arc<Mapping> {
    let default = include_str!("../../../../infra/mapping.yaml");
    assert!(default.contains(from), "{from}");
    Arc::new(Mapping::parse(&default.replace(from, to)).unwrap())
}

/// A marked case is solved in a town of its own.
fn when_solved(mapping: Arc<Mapping>, before: fn(&Town), test: fn(&Town)) {
    in_town(mapping, async |town, play| {
        play.open_the_doors();
        play.tell();
        before(town);
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        marks(town);
        resolves(town);
        play.quiet().await;
        test(town);
    });
}

#[test]
fn a_shadow_draft_is_only_told() {
    let shadow = mapping("  drafts:\n    mode: on", "  drafts:\n    mode: shadow");
    when_solved(
        shadow,
        |_| (),
        |town| {
            assert_eq!(drafts(town), []);
            is_told(town, "shadow of marked-for-knowledge: would create kb_knowledge");
        },
    );
}

#[test]
fn a_base_that_is_not_there_stops_the_draft_and_nothing_else() {
    let with = "            base: A base that is not there";
    let elsewhere = mapping("            base: Trading Partner Help", with);
    when_solved(
        elsewhere,
        |_| (),
        |town| {
            let issue = town.community.issue(NORTHWIND, scenarios::ISSUE).unwrap();
            assert_eq!(issue["statusReport"]["label"], "resolved");
            is_told(town, "A base that is not there");
        },
    );
}

#[test]
fn an_instance_that_names_no_articles_in_records_gets_the_draft_all_the_same() {
    let refuses = |town: &Town| {
        let refuse = json!({"error": {"message": "Operation Failed", "detail": "ACL"}, "status": "failure"});
        let refuse = crate::stories::status(403, Some(refuse.to_string()));
        let rule = Rule::always("POST", "/api/now/v2/table/m2m_kb_task", refuse);
        town.servicenow.knobs().add(rule);
    };
    when_solved(default_mapping(), refuses, |town| {
        assert_eq!(drafts(town).len(), 1);
        assert!(town.servicenow.rows("m2m_kb_task").is_empty());
        is_told(town, "refused the row of m2m_kb_task");
    });
}
