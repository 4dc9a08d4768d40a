use std::time::Duration;

use http::StatusCode;
use serde_json::json;

use super::{ask, create, get, seeded, sys_id};
use crate::servicenow::ServiceNow;

const INVOICES: &str = "Sending an invoice (810) that is accepted the first time";

fn article(instance: &ServiceNow, title: &str) -> String {
    sys_id(instance, "kb_knowledge", "short_description", title)
}

/// The sys_id of a new draft.
async fn draft(instance: &ServiceNow, base: &str) -> String {
    let base = sys_id(instance, "kb_knowledge_base", "title", base);
    let fields = json!({ "short_description": "Allowances in the 810", "kb_knowledge_base": base, "text": "<p>x</p>" });
    let row = create(instance, "kb_knowledge", fields).await;
    row["sys_id"].as_str().unwrap().to_owned()
}

fn is(instance: &ServiceNow, article: &str) -> (String, String) {
    let row = instance.row("kb_knowledge", article).unwrap();
    (row["workflow_state"].clone(), row["display_number"].clone())
}

#[tokio::test(start_paused = true)]
async fn a_draft_has_an_author_a_number_and_version_0_01() {
    let instance = seeded();
    let id = draft(&instance, "Internal Operations").await;
    let fields = "number,display_number,version.version,author.user_name,article_id,latest,workflow_state";
    let row = get(
        &instance,
        &format!("/api/now/table/kb_knowledge/{id}?sysparm_fields={fields}"),
    )
    .await;
    assert_eq!(
        row,
        json!({ "number": "KB0010015", "display_number": "KB0010015 v0.01", "version.version": "0.01",
                "author.user_name": "gridlink.integration", "article_id": id, "latest": "true",
                "workflow_state": "draft" })
    );
    let shown = format!("/api/now/table/kb_knowledge/{id}?sysparm_fields=version&sysparm_display_value=true");
    assert_eq!(get(&instance, &shown).await["version"]["display_value"], "0.01");
}

#[tokio::test(start_paused = true)]
async fn an_instant_base_publishes_at_once() {
    let instance = seeded();
    let id = draft(&instance, "Internal Operations").await;
    instance.publish(&id);
    assert_eq!(
        is(&instance, &id),
        ("published".to_owned(), "KB0010015 v1.0".to_owned())
    );
    assert_eq!(instance.row("kb_knowledge", &id).unwrap()["published"], "2026-11-22");
}

#[tokio::test(start_paused = true)]
async fn an_approving_base_asks_its_people_first() {
    let instance = seeded();
    let id = draft(&instance, "Trading Partner Help").await;
    instance.publish(&id);
    assert_eq!(is(&instance, &id), ("review".to_owned(), "KB0010015 v0.02".to_owned()));
    instance.reject(&id, "An example is missing.");
    assert_eq!(is(&instance, &id), ("draft".to_owned(), "KB0010015 v0.03".to_owned()));
    instance.publish(&id);
    instance.approve(&id);
    assert_eq!(
        is(&instance, &id),
        ("published".to_owned(), "KB0010015 v1.0".to_owned())
    );
    assert!(instance.published_without_approval().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_approved_article_can_be_scheduled() {
    let instance = seeded();
    let id = draft(&instance, "Trading Partner Help").await;
    instance.update("kb_knowledge", &id, &[("scheduled_publish_date", "2026-12-01")]);
    instance.publish(&id);
    instance.approve(&id);
    assert_eq!(
        is(&instance, &id),
        ("scheduled_publish".to_owned(), "KB0010015 v0.03".to_owned())
    );
    tokio::time::advance(Duration::from_secs(10 * 86_400)).await;
    instance.update("kb_knowledge", &id, &[("workflow_state", "published")]);
    assert_eq!(is(&instance, &id).1, "KB0010015 v1.0");
    assert_eq!(instance.row("kb_knowledge", &id).unwrap()["published"], "2026-12-02");
}

#[tokio::test(start_paused = true)]
async fn publishing_by_api_goes_past_the_approvers_and_is_seen() {
    let instance = seeded();
    assert!(
        instance.published_without_approval().is_empty(),
        "the seeded articles were approved"
    );
    let id = draft(&instance, "Trading Partner Help").await;
    let path = format!("/api/now/table/kb_knowledge/{id}");
    let response = ask(
        &instance,
        "PATCH",
        &path,
        Some(json!({ "workflow_state": "published" })),
    )
    .await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(
        is(&instance, &id),
        ("published".to_owned(), "KB0010015 v1.0".to_owned())
    );
    assert_eq!(instance.published_without_approval(), [id]);
}

#[tokio::test(start_paused = true)]
async fn an_article_is_born_published_by_api_with_a_whole_version() {
    let instance = seeded();
    let base = sys_id(&instance, "kb_knowledge_base", "title", "Internal Operations");
    let fields = json!({ "short_description": "x", "kb_knowledge_base": base, "workflow_state": "published" });
    let row = create(&instance, "kb_knowledge", fields).await;
    assert_eq!(
        (&row["display_number"], &row["published"]),
        (&json!("KB0010015 v1.0"), &json!("2026-11-22"))
    );
}

#[tokio::test(start_paused = true)]
async fn a_new_version_outdates_the_one_before_when_it_is_published() {
    let instance = seeded();
    let old = article(&instance, INVOICES);
    let number = instance.row("kb_knowledge", &old).unwrap()["number"].clone();
    let new = instance.new_version(&old, &[("text", "<p>Now with allowances.</p>")]);
    assert_eq!(is(&instance, &new), ("draft".to_owned(), format!("{number} v1.01")));
    assert_eq!(
        is(&instance, &old).0,
        "published",
        "readers keep the old version until then"
    );
    assert_eq!(instance.row("kb_knowledge", &old).unwrap()["latest"], "false");
    instance.publish(&new);
    instance.approve(&new);
    assert_eq!(is(&instance, &new), ("published".to_owned(), format!("{number} v2.0")));
    assert_eq!(is(&instance, &old), ("outdated".to_owned(), format!("{number} v1.0")));
    let row = instance.row("kb_knowledge", &new).unwrap();
    assert_eq!((&row["base_version"], row["latest"].as_str()), (&old, "true"));
    assert_eq!(
        row["article_id"],
        instance.row("kb_knowledge", &old).unwrap()["article_id"]
    );
}

#[tokio::test(start_paused = true)]
async fn the_published_version_can_stay_the_latest_one() {
    let instance = seeded();
    instance.guess(|guesses| guesses.knowledge.draft_is_latest = false);
    let old = article(&instance, INVOICES);
    let new = instance.new_version(&old, &[]);
    let latest = |id: &str| instance.row("kb_knowledge", id).unwrap()["latest"].clone();
    assert_eq!((latest(&old).as_str(), latest(&new).as_str()), ("true", "false"));
    instance.publish(&new);
    instance.approve(&new);
    assert_eq!((latest(&old).as_str(), latest(&new).as_str()), ("false", "true"));
}

#[tokio::test(start_paused = true)]
#[should_panic(expected = "cannot be checked out")]
async fn an_article_is_checked_out_once_at_a_time() {
    let instance = seeded();
    let id = article(&instance, INVOICES);
    instance.new_version(&id, &[]);
    instance.new_version(&id, &[]);
}

#[tokio::test(start_paused = true)]
async fn retiring_keeps_the_version_and_may_need_approval() {
    let instance = seeded();
    let id = article(&instance, INVOICES);
    let number = is(&instance, &id).1;
    let base = sys_id(&instance, "kb_knowledge_base", "title", "Trading Partner Help");
    instance.update("kb_knowledge_base", &base, &[("retire_workflow", "approval_retire")]);
    instance.retire(&id);
    assert_eq!(is(&instance, &id), ("pending_retirement".to_owned(), number.clone()));
    instance.reject(&id, "Still read.");
    assert_eq!(is(&instance, &id), ("published".to_owned(), number.clone()));
    instance.retire(&id);
    instance.approve(&id);
    assert_eq!(is(&instance, &id), ("retired".to_owned(), number));
    assert_eq!(instance.row("kb_knowledge", &id).unwrap()["retired"], "2026-11-22");
    let other = article(&instance, "A stuck interchange");
    instance.retire(&other);
    assert_eq!(is(&instance, &other).0, "retired", "an instant base asks nobody");
}

#[tokio::test(start_paused = true)]
async fn feedback_is_kept_and_rates_the_article() {
    let instance = seeded();
    let id = article(&instance, INVOICES);
    let dana = "dana.whitfield@northwind.example";
    instance.give_feedback(dana, &id, &[("useful", "yes"), ("rating", "5")]);
    instance.give_feedback(
        "tom.becker",
        &id,
        &[("useful", "no"), ("rating", "2"), ("comments", "No DESADV")],
    );
    let query = format!("article={id}^useful=no");
    let path = format!("/api/now/table/kb_feedback?sysparm_query={query}&sysparm_fields=comments,user.user_name");
    assert_eq!(
        get(&instance, &path).await,
        json!([{ "comments": "No DESADV", "user.user_name": "tom.becker" }])
    );
    assert_eq!(instance.row("kb_knowledge", &id).unwrap()["rating"], "3.5");
}

#[tokio::test(start_paused = true)]
async fn an_article_is_linked_to_the_task_it_came_from() {
    let instance = seeded();
    let id = article(&instance, INVOICES);
    let case = sys_id(&instance, "sn_customerservice_case", "number", "CS0001001");
    create(&instance, "m2m_kb_task", json!({ "kb_knowledge": id, "task": case })).await;
    let path = format!("/api/now/table/m2m_kb_task?sysparm_query=task={case}&sysparm_fields=kb_knowledge.number");
    assert_eq!(
        get(&instance, &path).await,
        json!([{ "kb_knowledge.number": "KB0010001" }])
    );
}

#[tokio::test(start_paused = true)]
async fn a_version_that_was_tampered_with_still_counts() {
    let instance = seeded();
    let id = draft(&instance, "Internal Operations").await;
    let version = instance.row("kb_knowledge", &id).unwrap()["version"].clone();
    instance.update("kb_version", &version, &[("version", "18446744073709551615.99")]);
    instance.publish(&id);
    assert_eq!(is(&instance, &id).0, "published");
    let next = instance.new_version(&id, &[]);
    instance.update(
        "kb_version",
        &instance.row("kb_knowledge", &next).unwrap()["version"].clone(),
        &[("version", "x")],
    );
    instance.publish(&next);
    assert_eq!(is(&instance, &next).1, "KB0010015 v1.0");
}
