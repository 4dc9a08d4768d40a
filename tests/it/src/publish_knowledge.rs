//! Scenarios of `publish-knowledge`: which articles partners read, and which they do not.

pub(crate) mod drafts;
mod feedback;
mod kinds;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::story;
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{GuideView, INTERNAL, NORTHWIND, Scenario, Step, Struck, scenario};
use crate::town::Town;

pub(crate) const CONTOSO: &str = "GC00804444LX01";
pub(crate) const DRAFT: &str = "DESADV in place of the 856";
const WITH_PICTURE: &str = "Exchanging AS2 certificates without losing messages";
const OF_CONTOSO: &str = "Routing guide for Contoso Retail";
const INVOICES: &str = "Sending an invoice (810) that is accepted the first time";
const INTERNAL_BASE: &str = "Internal Operations";
const PARTNER_BASE: &str = "Trading Partner Help";

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let told = |name, steps, guide| Scenario {
        is_told: true,
        guide: Some(guide),
        ..scenario(name, steps, Vec::new())
    };
    let later = |name, steps, guide| Scenario {
        struck: Struck::By(&["publish-knowledge"]),
        ..told(name, steps, guide)
    };
    let mut all = vec![
        told(
            "guide-published",
            vec![Step::Agent(submits_the_draft), Step::Agent(approves_the_draft)],
            GuideView {
                title: DRAFT,
                readers: &[NORTHWIND, CONTOSO],
                others: &[],
                parts: &["<td>GIN+BJ</td>", "<h2>Checked</h2>"],
                files: &[],
            },
        ),
        later(
            "guide-in-a-new-version",
            vec![Step::Agent(revises_the_picture), Step::Agent(approves_the_draft)],
            GuideView {
                title: WITH_PICTURE,
                readers: &[NORTHWIND],
                others: &[],
                parts: &["<h2>New</h2>", "src=\"/community/files/"],
                files: &["as2-exchange.png"],
            },
        ),
        later(
            "guide-retired",
            vec![
                Step::Agent(submits_the_draft),
                Step::Agent(approves_the_draft),
                Step::Agent(retires_it),
            ],
            GuideView {
                title: DRAFT,
                readers: &[],
                others: &[NORTHWIND, CONTOSO],
                parts: &[],
                files: &[],
            },
        ),
    ];
    all.extend(drafts::scenarios());
    all.extend(kinds::scenarios());
    all.extend(feedback::scenarios());
    all
}

/// The newest version of the article with that title.
pub(crate) fn newest(town: &Town, title: &str) -> BTreeMap<String, String> {
    let mut rows = town.servicenow.rows("kb_knowledge");
    rows.retain(|row| row["short_description"] == title);
    rows.sort_by_key(|row| (row["sys_created_on"].clone(), row["workflow_state"] == "draft"));
    rows.pop().unwrap_or_else(|| panic!("there is no article {title}"))
}

fn id(town: &Town, title: &str) -> String {
    newest(town, title)["sys_id"].clone()
}

fn update(town: &Town, title: &str, fields: &[(&str, &str)]) {
    town.servicenow.update("kb_knowledge", &id(town, title), fields);
}

/// The draft gets its last part, and is to be approved.
fn submits_the_draft(town: &Town) {
    let row = newest(town, DRAFT);
    let text = format!(
        "{}<h2>Checked</h2><p style=\"display:none\">{INTERNAL}</p><!-- {INTERNAL} --><script>x('{INTERNAL}')</script>",
        row["text"]
    );
    update(town, DRAFT, &[("text", &text)]);
    town.servicenow.publish(&row["sys_id"]);
}

/// Whoever decides approves the article that waits for it.
fn approves_the_draft(town: &Town) {
    let mut rows = town.servicenow.rows("kb_knowledge");
    rows.retain(|row| row["workflow_state"] == "review");
    assert_eq!(rows.len(), 1, "{rows:#?}");
    town.servicenow.approve(&rows[0]["sys_id"]);
}

fn revises_the_picture(town: &Town) {
    let row = newest(town, WITH_PICTURE);
    let text = format!("{}<h2>New</h2>", row["text"]);
    let draft = town.servicenow.new_version(&row["sys_id"], &[("text", &text)]);
    town.servicenow.publish(&draft);
}

fn retires_it(town: &Town) {
    town.servicenow.retire(&id(town, DRAFT));
}

/// Publishes an article past all approvals, as those who may do.
pub(crate) fn publish(town: &Town, title: &str) {
    update(town, title, &[("workflow_state", "published")]);
}

/// A criterion by its name.
fn criterion(town: &Town, name: &str) -> String {
    let rows = town.servicenow.rows("user_criteria");
    rows.iter().find(|row| row["name"] == name).unwrap()["sys_id"].clone()
}

fn base(town: &Town, title: &str) -> String {
    let rows = town.servicenow.rows("kb_knowledge_base");
    rows.iter().find(|row| row["title"] == title).unwrap()["sys_id"].clone()
}

/// Somebody moves an article into the base of colleagues.
pub(crate) fn becomes_internal(town: &Town, title: &str) {
    update(town, title, &[("kb_knowledge_base", &base(town, INTERNAL_BASE))]);
}

/// The article of that title as a partner finds it.
pub(crate) fn seen(town: &Town, company: &str, title: &str) -> Option<Value> {
    let mut found = town.community.partner_sees_articles(company);
    found.retain(|article| article["title"] == title);
    assert!(found.len() < 2, "{found:#?}");
    found.pop()
}

/// Runs a test in a town where ServiceNow posts its events.
fn when(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        test(town, play).await;
    });
}

#[track_caller]
fn is_told(town: &Town, part: &str) {
    let story = story(town);
    assert!(story.iter().any(|(_, text)| text.contains(part)), "{part}: {story:#?}");
}

#[test]
fn an_article_is_shown_to_its_audience_and_to_nobody_else() {
    when(async |town, play| {
        let touched = [("meta", "routing, pallets")];
        update(town, OF_CONTOSO, &touched);
        update(town, INVOICES, &touched);
        play.quiet().await;
        assert_eq!(seen(town, NORTHWIND, OF_CONTOSO), None);
        let of_contoso = seen(town, CONTOSO, OF_CONTOSO).unwrap();
        assert_eq!(of_contoso["keywords"], serde_json::json!(["routing", "pallets"]));
        assert_eq!(of_contoso["articleId"], newest(town, OF_CONTOSO)["number"].as_str());
        for company in [NORTHWIND, CONTOSO] {
            let invoices = seen(town, company, INVOICES).unwrap();
            assert_eq!(invoices["category"], "invoice_mismatch");
        }
    });
}

#[test]
fn whoever_narrows_the_readers_of_an_article_narrows_them_for_partners_at_once() {
    when(async |town, play| {
        publish(town, DRAFT);
        play.quiet().await;
        assert!(seen(town, NORTHWIND, DRAFT).is_some());
        update(
            town,
            DRAFT,
            &[("can_read_user_criteria", &criterion(town, "Contoso only"))],
        );
        play.quiet().await;
        assert!(seen(town, NORTHWIND, DRAFT).is_none() && seen(town, CONTOSO, DRAFT).is_some());
        update(
            town,
            DRAFT,
            &[("can_read_user_criteria", &criterion(town, "Our own staff"))],
        );
        play.quiet().await;
        assert!(seen(town, CONTOSO, DRAFT).is_none());
        is_told(town, "no audience of the mapping fits it");
        update(town, DRAFT, &[("can_read_user_criteria", "")]);
        play.quiet().await;
        assert!(seen(town, NORTHWIND, DRAFT).is_some());
        update(
            town,
            DRAFT,
            &[("cannot_read_user_criteria", &criterion(town, "Contoso only"))],
        );
        play.quiet().await;
        assert!(
            seen(town, NORTHWIND, DRAFT).is_none(),
            "it cannot be kept from one partner only"
        );
    });
}

#[test]
fn what_is_no_longer_published_is_withdrawn_however_that_came() {
    for (what, fields) in [
        ("a draft again", [("workflow_state", "draft")]),
        ("outdated", [("workflow_state", "outdated")]),
        ("retired", [("workflow_state", "retired")]),
        ("in review again", [("workflow_state", "review")]),
        ("expired", [("valid_to", "2026-11-22")]),
        ("empty", [("text", "<p> </p><script>x</script>")]),
    ] {
        when(async |town, play| {
            publish(town, DRAFT);
            play.quiet().await;
            assert!(seen(town, NORTHWIND, DRAFT).is_some(), "{what}");
            update(town, DRAFT, &fields);
            play.quiet().await;
            assert!(seen(town, NORTHWIND, DRAFT).is_none(), "{what}");
        });
    }
}

#[test]
fn an_article_that_becomes_internal_or_is_deleted_is_withdrawn() {
    when(async |town, play| {
        for title in [DRAFT, INVOICES] {
            update(town, title, &[("workflow_state", "published"), ("meta", "x")]);
        }
        play.quiet().await;
        becomes_internal(town, DRAFT);
        town.servicenow.delete("kb_knowledge", &id(town, INVOICES));
        play.quiet().await;
        assert!(seen(town, NORTHWIND, DRAFT).is_none());
        assert!(seen(town, NORTHWIND, INVOICES).is_none());
        update(town, DRAFT, &[("kb_knowledge_base", &base(town, PARTNER_BASE))]);
        play.quiet().await;
        assert!(
            seen(town, NORTHWIND, DRAFT).is_some(),
            "it comes back with a higher version"
        );
    });
}

#[test]
fn an_internal_article_and_a_draft_are_shown_to_nobody() {
    when(async |town, play| {
        let runbook = "A stuck interchange";
        update(town, runbook, &[("meta", "x")]);
        update(town, DRAFT, &[("meta", "x")]);
        play.quiet().await;
        for company in [NORTHWIND, CONTOSO] {
            assert_eq!(town.community.partner_sees_articles(company), Vec::<Value>::new());
        }
        is_told(town, "its knowledge base is internal");
        is_told(town, "have nothing to lose");
        let calls = town.community.calls().len();
        assert_eq!(calls, 2, "a token, and one look at what the community has of the draft");
    });
}

#[test]
fn a_version_that_is_told_late_does_not_come_back() {
    when(async |town, play| {
        // ServiceNow posts nothing of the first version until the second one is there.
        let first = newest(town, INVOICES);
        let draft = town
            .servicenow
            .new_version(&first["sys_id"], &[("text", "<p>The second text.</p>")]);
        town.servicenow.publish(&draft);
        town.servicenow.approve(&draft);
        update_row(town, &first["sys_id"], &[("meta", "late")]);
        play.quiet().await;
        let text = |town: &Town| seen(town, NORTHWIND, INVOICES).unwrap()["html"].clone();
        assert_eq!(text(town), "<p>The second text.</p>");
        update_row(town, &first["sys_id"], &[("text", "<p>The first text, corrected.</p>")]);
        play.quiet().await;
        assert_eq!(text(town), "<p>The second text.</p>");
    });
}

fn update_row(town: &Town, sys_id: &str, fields: &[(&str, &str)]) {
    town.servicenow.update("kb_knowledge", sys_id, fields);
}

#[test]
fn files_beside_the_text_are_carried_along_and_what_may_not_be_is_left_out() {
    when(async |town, play| {
        let sys_id = id(town, DRAFT);
        town.servicenow.agent_file(&sys_id, "map.csv", "text/csv", "856;DESADV");
        town.servicenow
            .agent_file(&sys_id, "setup.exe", "application/x-msdownload", "MZ");
        publish(town, DRAFT);
        play.quiet().await;
        let files = |town: &Town| {
            let article = seen(town, NORTHWIND, DRAFT).unwrap();
            let files = article["files"].as_array().cloned().unwrap_or_default();
            files.iter().map(|file| file["name"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(files(town), ["map.csv"]);
        is_told(town, "is not carried along: its kind or size is not allowed");
        town.servicenow.agent_file(&sys_id, "more.csv", "text/csv", "BSN02;BGM");
        play.quiet().await;
        assert_eq!(files(town), ["map.csv", "more.csv"]);
        update(town, DRAFT, &[("display_attachments", "false")]);
        play.quiet().await;
        assert_eq!(files(town), Vec::<Value>::new());
    });
}

#[test]
fn what_does_not_change_for_partners_costs_no_report() {
    when(async |town, play| {
        publish(town, DRAFT);
        play.quiet().await;
        let version = seen(town, NORTHWIND, DRAFT).unwrap()["version"].clone();
        update(town, DRAFT, &[("flagged", "true")]);
        play.quiet().await;
        assert_eq!(seen(town, NORTHWIND, DRAFT).unwrap()["version"], version);
        is_told(town, "as it is: nothing to do");
    });
}

#[test]
fn what_an_article_costs_is_counted() {
    when(async |town, play| {
        let before = town.calls().len();
        publish(town, DRAFT);
        play.quiet().await;
        let cost = Cost::since(town, before);
        // Whose version it is; all versions, its files, and once more what is about to be shown.
        cost.is("publish-knowledge", System::ServiceNow, 4);
        // What the community has, and the report.
        cost.is("publish-knowledge", System::TradingGrid, 2);
    });
}
