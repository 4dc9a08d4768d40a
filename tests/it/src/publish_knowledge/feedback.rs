//! What partners think of an article comes back to it, each once.

use serde_json::Value;
use worlds::TradingGrid;
use worlds::trading_grid::{FeedbackKind, PartnerAct};

use super::kinds::shows_the_guide;
use super::{INVOICES, id, is_told, newest, update, when};
use crate::cost::Cost;
use crate::create_task::told;
use crate::faults::System;
use crate::scenarios::{NORTHWIND, Scenario, Step, Struck, scenario};
use crate::town::Town;

/// The number of the article about invoices in every town.
const ARTICLE: &str = "KB0010001";

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    vec![Scenario {
        is_told: true,
        struck: Struck::By(&["publish-knowledge"]),
        guide: Some(crate::scenarios::GuideView {
            title: INVOICES,
            readers: &[NORTHWIND],
            others: &[],
            parts: &[],
            files: &[],
        }),
        also: Some(|town| {
            let found = rows(town);
            let wanted = [("no".to_owned(), true), (String::new(), true)];
            if found != wanted {
                town.violated(format!("the feedback in ServiceNow is {found:?}"));
            }
        }),
        ..scenario(
            "feedback-comes-back",
            vec![
                Step::Agent(shows_the_guide),
                Step::Then(|community| gives(community, FeedbackKind::NotHelpful, None)),
                Step::Then(|community| gives(community, FeedbackKind::Comment, Some("Step 4 is missing."))),
            ],
            Vec::new(),
        )
    }]
}

/// The partner gives feedback, and the community posts it.
fn gives(community: &TradingGrid, kind: FeedbackKind, text: Option<&str>) -> Value {
    let act = PartnerAct::GivesFeedback {
        company_id: NORTHWIND.to_owned(),
        article_id: ARTICLE.to_owned(),
        kind,
        text: text.map(str::to_owned),
        author: None,
    };
    told(community, act)
}

/// The feedback of partners in ServiceNow, in its order: what it says, and whether it is to the article.
fn rows(town: &Town) -> Vec<(String, bool)> {
    let mut rows = town.servicenow.rows("kb_feedback");
    rows.retain(|row| row["sys_created_by"] == "gridlink.integration");
    rows.sort_by_key(|row| row["sys_created_on"].clone());
    let article = id(town, INVOICES);
    rows.iter()
        .map(|row| (row["useful"].clone(), row["article"] == article))
        .collect()
}

#[test]
fn feedback_becomes_a_row_with_what_was_said_by_whom_and_what_all_of_it_adds_up_to() {
    when(async |town, play| {
        shows_the_guide(town);
        play.quiet().await;
        assert_eq!(newest(town, INVOICES)["number"], ARTICLE);
        for _ in 0..3 {
            town.community.act(PartnerAct::ReadsArticle {
                company_id: NORTHWIND.to_owned(),
                article_id: ARTICLE.to_owned(),
            });
        }
        let before = town.calls().len();
        let event = gives(&town.community, FeedbackKind::Comment, Some("Step 4 is missing."));
        play.deliver(&event).await;
        play.quiet().await;
        let cost = Cost::since(town, before);
        cost.is("publish-knowledge", System::ServiceNow, 2);
        cost.is("publish-knowledge", System::TradingGrid, 1);
        let rows = town.servicenow.rows("kb_feedback");
        let row = rows
            .iter()
            .find(|row| row["sys_created_by"] == "gridlink.integration")
            .unwrap();
        for part in [
            "Step 4 is missing.",
            NORTHWIND,
            "read 3 times, helpful 0, not helpful 0",
        ] {
            assert!(row["comments"].contains(part), "{part}: {}", row["comments"]);
        }
        // The community posts it again.
        play.deliver(&event).await;
        play.quiet().await;
        assert_eq!(self::rows(town).len(), 1);
        play.deliver(&gives(&town.community, FeedbackKind::Helpful, None)).await;
        play.quiet().await;
        assert_eq!(self::rows(town)[1], ("yes".to_owned(), true));
    });
}

#[test]
fn feedback_to_an_article_that_is_gone_goes_nowhere_and_stops_nothing() {
    when(async |town, play| {
        shows_the_guide(town);
        play.quiet().await;
        let late = gives(&town.community, FeedbackKind::Helpful, None);
        town.servicenow.delete("kb_knowledge", &id(town, INVOICES));
        play.deliver(&late).await;
        play.quiet().await;
        assert_eq!(rows_of_us(town), 0);
        is_told(town, "is not there any more");
    });
}

#[test]
fn feedback_goes_to_the_version_that_is_published() {
    when(async |town, play| {
        shows_the_guide(town);
        play.quiet().await;
        let old = id(town, INVOICES);
        let draft = town.servicenow.new_version(&old, &[("text", "<p>Better.</p>")]);
        play.deliver(&gives(&town.community, FeedbackKind::Helpful, None)).await;
        play.quiet().await;
        let articles = || {
            let mut rows = town.servicenow.rows("kb_feedback");
            rows.retain(|row| row["sys_created_by"] == "gridlink.integration");
            rows.sort_by_key(|row| row["sys_created_on"].clone());
            rows.into_iter().map(|row| row["article"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(articles(), std::slice::from_ref(&old));
        town.servicenow.publish(&draft);
        town.servicenow.approve(&draft);
        play.quiet().await;
        update(town, INVOICES, &[("meta", "x")]);
        play.quiet().await;
        play.deliver(&gives(&town.community, FeedbackKind::Helpful, None)).await;
        play.quiet().await;
        assert_eq!(articles(), [old, draft]);
    });
}

fn rows_of_us(town: &Town) -> usize {
    let rows = town.servicenow.rows("kb_feedback");
    rows.iter()
        .filter(|row| row["sys_created_by"] == "gridlink.integration")
        .count()
}
