//! Articles about the kind of an issue are named in its first answer, and a kind without one is proposed as a draft.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use shared::mapping::Mapping;
use worlds::{IssueSeed, TradingGrid};

use super::{CONTOSO, INVOICES, PARTNER_BASE, base, becomes_internal, id, is_told, newest, update, when};
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{CASE, Expected, ISSUE, NORTHWIND, Scenario, Step, Struck, event, opens_invoice, scenario};
use crate::town::Town;

const REPEATED: &str = "    repeated:
      - name: again-and-again
        kind: invoice_mismatch
        after: 2
        within_days: 30
        base: Trading Partner Help
";

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let invoice = |fields| Expected { fields, ..CASE };
    vec![
        Scenario {
            is_told: true,
            struck: Struck::By(&["open-case"]),
            labels: &["received"],
            shown: &["these articles may help:\n- Sending an invoice (810) that is accepted the first time (KB"],
            also: Some(|town| {
                let named = links(town, ISSUE);
                if named != [Some(number(town))] {
                    town.violated(format!("the partner may follow {named:?}"));
                }
            }),
            ..scenario(
                "article-in-the-first-answer",
                vec![Step::Agent(shows_the_guide), Step::Then(opens_invoice)],
                vec![invoice(&[("assignment_group", "B2B Finance")])],
            )
        },
        Scenario {
            is_told: true,
            struck: Struck::By(&["open-case", "publish-knowledge"]),
            labels: &["received", "received"],
            mapping: Some(with_proposals),
            also: Some(|town| has_proposals(town, 1)),
            ..scenario(
                "again-and-again",
                vec![Step::Partner(opens_invoice), Step::Partner(opens_another_invoice)],
                vec![
                    invoice(&[("assignment_group", "B2B Finance")]),
                    Expected {
                        correlation: "ISS-3",
                        ..invoice(&[("assignment_group", "B2B Finance")])
                    },
                ],
            )
        },
    ]
}

fn with_proposals() -> Arc<Mapping> {
    let default = include_str!("../../../../infra/mapping.yaml");
    let drafts = "  drafts:\n    mode: on\n";
    assert!(default.contains(drafts));
    Arc::new(Mapping::parse(&default.replace(drafts, &format!("{drafts}{REPEATED}"))).unwrap())
}

fn opens_another_invoice(community: &TradingGrid) -> Value {
    opened(community, NORTHWIND, "ISS-3", "invoice_mismatch")
}

fn opened(community: &TradingGrid, company: &str, issue: &str, category: &str) -> Value {
    let issue = IssueSeed::new(company, issue, category, "810 differs from the order");
    event("opened", community.open_issue(issue))
}

/// The published article about invoices is told of.
pub(super) fn shows_the_guide(town: &Town) {
    update(town, INVOICES, &[("meta", "invoice")]);
}

fn number(town: &Town) -> String {
    newest(town, INVOICES)["number"].clone()
}

/// The articles that the desk named in its comments of an issue, one for each comment.
fn links(town: &Town, issue: &str) -> Vec<Option<String>> {
    let seen = town.community.partner_sees_issue(NORTHWIND, issue).unwrap();
    let comments = seen["comments"].as_array().cloned().unwrap_or_default();
    let ours = comments
        .iter()
        .filter(|comment| comment["author"]["name"] == "Partner Support");
    ours.map(|comment| comment["articleIds"][0].as_str().map(str::to_owned))
        .collect()
}

/// Drafts that Gridlink proposed.
fn proposals(town: &Town) -> Vec<BTreeMap<String, String>> {
    let mut rows = town.servicenow.rows("kb_knowledge");
    rows.retain(|row| row["sys_created_by"] == "gridlink.integration");
    rows
}

fn has_proposals(town: &Town, wanted: usize) {
    let drafts = proposals(town);
    if drafts.len() != wanted {
        town.violated(format!("{} proposals instead of {wanted}: {drafts:#?}", drafts.len()));
    }
    for draft in &drafts {
        let is_as_wanted = draft["short_description"] == "How to solve: invoice mismatch"
            && draft["kb_knowledge_base"] == base(town, PARTNER_BASE)
            && draft["workflow_state"] != "published"
            && draft["text"].contains("issues of the kind invoice_mismatch")
            && !draft["text"].contains("Northwind");
        let named = town.servicenow.rows("m2m_kb_task");
        let named = named.iter().filter(|row| row["kb_knowledge"] == draft["sys_id"]);
        let counted = format!("<p>Partners raised {} issues", named.count());
        if !is_as_wanted || !draft["text"].contains(&counted) {
            town.violated(format!("the proposal is {draft:#?}"));
        }
    }
}

async fn open(town: &Town, play: &Play, company: &str, issue: &str, category: &str) {
    play.deliver(&opened(&town.community, company, issue, category)).await;
    play.quiet().await;
}

#[test]
fn only_whoever_may_read_an_article_hears_of_it_and_only_about_its_kind() {
    when(async |town, play| {
        shows_the_guide(town);
        play.quiet().await;
        open(town, play, NORTHWIND, "ISS-2", "asn_failed").await;
        assert_eq!(links(town, "ISS-2"), [], "it is about another kind");
        open(town, play, NORTHWIND, "ISS-4", "invoice_mismatch").await;
        assert_eq!(links(town, "ISS-4"), [Some(number(town))]);
        is_told(town, &format!("articles about invoice_mismatch: {}", number(town)));
        // Nobody is told of what is no longer there.
        becomes_internal(town, INVOICES);
        play.quiet().await;
        open(town, play, NORTHWIND, "ISS-5", "invoice_mismatch").await;
        assert_eq!(links(town, "ISS-5"), []);
    });
}

/// The shipped mapping, where articles about invoices are for one partner.
fn for_contoso() -> Arc<Mapping> {
    let default = include_str!("../../../../infra/mapping.yaml");
    let from = "          everyone: true\n          category: invoice_mismatch";
    assert!(default.contains(from));
    let to = format!("          companies: [{CONTOSO}]\n          category: invoice_mismatch");
    Arc::new(Mapping::parse(&default.replace(from, &to)).unwrap())
}

#[test]
fn an_article_for_one_partner_is_named_to_no_other() {
    in_town(for_contoso(), async |town, play| {
        play.open_the_doors();
        play.tell();
        shows_the_guide(town);
        play.quiet().await;
        open(town, play, NORTHWIND, "ISS-2", "invoice_mismatch").await;
        let seen = town
            .community
            .partner_sees_issue(NORTHWIND, "ISS-2")
            .unwrap()
            .to_string();
        assert!(!seen.contains(&number(town)) && !seen.contains(INVOICES), "{seen}");
        open(town, play, CONTOSO, "ISS-3", "invoice_mismatch").await;
        let seen = town.community.partner_sees_issue(CONTOSO, "ISS-3").unwrap();
        assert_eq!(seen["comments"][0]["articleIds"][0], number(town).as_str());
    });
}

#[test]
fn there_is_one_proposal_until_it_is_published_or_retired() {
    in_town(with_proposals(), async |town, play| {
        play.open_the_doors();
        play.tell();
        for issue in ["ISS-1", "ISS-2", "ISS-3", "ISS-4"] {
            open(town, play, NORTHWIND, issue, "invoice_mismatch").await;
        }
        has_proposals(town, 1);
        is_told(
            town,
            "the rule again-and-again proposes an article about invoice_mismatch",
        );
        is_told(town, "is neither published nor retired");
        // People do not want it; it comes again all the same.
        let draft = proposals(town)[0]["sys_id"].clone();
        town.servicenow
            .update("kb_knowledge", &draft, &[("workflow_state", "retired")]);
        open(town, play, NORTHWIND, "ISS-5", "invoice_mismatch").await;
        has_proposals(town, 2);
        // There is an article: nothing is proposed any more.
        let second = proposals(town).into_iter().find(|row| row["workflow_state"] == "draft");
        let fields = [("workflow_state", "retired")];
        town.servicenow
            .update("kb_knowledge", &second.unwrap()["sys_id"], &fields);
        shows_the_guide(town);
        for issue in ["ISS-6", "ISS-7", "ISS-8"] {
            open(town, play, NORTHWIND, issue, "invoice_mismatch").await;
        }
        has_proposals(town, 2);
        is_told(town, &format!("about which there is {}", number(town)));
    });
}

#[test]
fn issues_that_are_long_ago_or_of_another_kind_do_not_count() {
    in_town(with_proposals(), async |town, play| {
        play.open_the_doors();
        play.tell();
        open(town, play, NORTHWIND, "ISS-1", "invoice_mismatch").await;
        open(town, play, NORTHWIND, "ISS-2", "asn_failed").await;
        play.days(31).await;
        play.quiet().await;
        open(town, play, NORTHWIND, "ISS-3", "invoice_mismatch").await;
        has_proposals(town, 0);
        open(town, play, NORTHWIND, "ISS-4", "invoice_mismatch").await;
        has_proposals(town, 1);
    });
}

#[test]
fn nothing_is_proposed_as_shipped() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        for issue in ["ISS-1", "ISS-2", "ISS-3"] {
            open(town, play, NORTHWIND, issue, "invoice_mismatch").await;
        }
        has_proposals(town, 0);
        assert!(!id(town, INVOICES).is_empty());
    });
}
