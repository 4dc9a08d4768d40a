//! Records on a simulated instance: made, read, changed, deleted.

use std::collections::BTreeMap;

use serde_json::json;

use super::desk::{Desk, result};
use super::{STATE, id, table};
use crate::servicenow::{Draft, Fate, Field, Ignored, Probe, Select};

fn owned(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_record_lives_under_the_sys_id_that_was_chosen_for_it() {
    let (desk, world) = Desk::world(worlds::ServiceNow::seeded);
    let (incident, sys_id) = (table("incident"), id(77));
    let long = "x".repeat(200);
    let sent = owned(&[
        ("sys_id", sys_id.as_str()),
        ("short_description", &long),
        ("category", "nonsense"),
        ("u_nonsense", "x"),
        ("comments", "a comment"),
    ]);
    let created = desk.client.create(&incident, &sent).await.unwrap();
    assert_eq!(created.sys_id, sys_id);
    assert!(created.number.starts_with("INC"), "{}", created.number);
    let fates = [
        ("category", Fate::Differs),
        ("short_description", Fate::Cut),
        ("u_nonsense", Fate::Missing),
    ];
    let fates = fates.map(|(field, fate)| Ignored {
        field: field.to_owned(),
        fate,
    });
    assert_eq!(created.ignored, fates);
    assert_eq!(world.journal(sys_id.as_str(), "comments").len(), 1);
    assert!(
        desk.client.create(&incident, &sent).await.unwrap_err().is_refusal(),
        "the primary key refuses a second"
    );

    let select = Select::of([STATE, const { Field::known("sys_mod_count") }]);
    let row = desk.client.read(&incident, &sys_id, &select).await.unwrap().unwrap();
    assert_eq!((row.text("state"), row.mod_count()), ("1", Ok(0)));
    assert_eq!(
        desk.client
            .task(&sys_id, &["number"])
            .await
            .unwrap()
            .unwrap()
            .text("number"),
        created.number
    );
    assert_eq!(desk.client.read(&incident, &id(78), &select).await.unwrap(), None);

    let updated = desk
        .client
        .update(&incident, &sys_id, &owned(&[("state", "2"), ("urgency", "9")]))
        .await
        .unwrap();
    assert_eq!(updated.mod_count, Some(1));
    assert_eq!(
        updated.updated_on.map(|time| time.seconds()),
        Some(desk.clock.now().seconds())
    );
    let urgency = Ignored {
        field: "urgency".to_owned(),
        fate: Fate::Differs,
    };
    assert_eq!(updated.ignored, [urgency]);

    assert!(desk.client.delete(&incident, &sys_id).await.unwrap());
    assert!(!desk.client.delete(&incident, &sys_id).await.unwrap(), "gone is gone");
    assert_eq!(desk.client.read(&incident, &sys_id, &select).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_compared_comes_back() {
    let (desk, _world) = Desk::world(worlds::ServiceNow::seeded);
    let sent = owned(&[("sys_id", id(77).as_str()), ("short_description", "x")]);
    desk.client.create(&table("incident"), &sent).await.unwrap();
    desk.client
        .update(&table("incident"), &id(77), &owned(&[("state", "1")]))
        .await
        .unwrap();
    let calls = desk.calls();
    let fields = calls
        .iter()
        .map(|call| call.parameter("sysparm_fields").unwrap())
        .collect::<Vec<_>>();
    assert_eq!(
        fields,
        [
            "sys_id,short_description,number",
            "sys_id,state,sys_mod_count,sys_updated_on"
        ]
    );
    assert_eq!(calls[0].path, "/api/now/v2/table/incident");
    assert_eq!(calls.len(), 2, "a write is one call");
}

#[tokio::test(start_paused = true)]
async fn a_probe_tells_a_refused_request_from_a_refused_client() {
    let (desk, _world) = Desk::world(worlds::ServiceNow::seeded);
    assert_eq!(desk.client.probe(&table("incident")).await, Probe::Answers);
    assert_eq!(desk.client.probe(&table("u_nonsense")).await, Probe::Refuses);
    let closed = Desk::answering(super::desk::CLIENT, |_| Ok(super::desk::answer(503, "text/html", "")));
    assert_eq!(closed.client.probe(&table("incident")).await, Probe::Unclear);
}

/// Makes a draft, reads it and its versions; `desk` has an instance with this knowledge base.
pub(super) async fn writes_an_article(desk: &Desk, draft: &Draft) {
    let created = desk.client.draft(draft).await.unwrap();
    assert_eq!((created.sys_id, created.ignored), (draft.sys_id.clone(), vec![]));
    let article = desk.client.article(&draft.sys_id).await.unwrap().unwrap();
    assert_eq!(
        (article.title.as_str(), article.html.as_str()),
        (draft.title.as_str(), draft.html.as_str())
    );
    assert_eq!(
        (article.state.as_str(), &article.base),
        ("draft", &draft.base),
        "people publish"
    );
    assert_eq!(article.source, draft.source);
    let versions = desk.client.article_versions(&article.number).await.unwrap();
    assert_eq!(versions, [article]);
}

#[tokio::test(start_paused = true)]
async fn an_article_begins_as_a_draft() {
    let draft = Draft {
        sys_id: id(5),
        base: id(6),
        category: None,
        title: "When an ASN fails".to_owned(),
        html: "<p>Check the carton count.</p>".to_owned(),
        source: Some(id(7)),
    };
    let row = json!({"sys_id": id(5), "number": "KB0010021", "short_description": draft.title, "text": draft.html,
        "workflow_state": "draft", "kb_knowledge_base": id(6), "source": id(7), "valid_to": "2100-01-01",
        "kb_knowledge_base.title": "Help", "can_read_user_criteria": "", "cannot_read_user_criteria": "",
        "article_type": "text", "sys_created_on": "2026-11-23 08:00:00", "sys_updated_on": "2026-11-23 08:00:00",
        "sys_mod_count": "0"});
    let list = super::desk::page(&json!([row]), 1);
    let desk = Desk::scripted([result(201, &row), result(200, &row), list]);
    writes_an_article(&desk, &draft).await;
    let sent = desk.calls()[0].json();
    assert_eq!(sent["workflow_state"], "draft");
    assert_eq!(sent["article_type"], "text");
}

#[tokio::test(start_paused = true)]
async fn an_escalation_is_a_record_of_its_own() {
    let (sys_id, case) = (id(5), id(6));
    let row = json!({"sys_id": sys_id, "number": "ESC0001003", "source_record": case, "state": "100",
        "sys_updated_on": "2026-11-23 08:00:00", "sys_mod_count": "0"});
    let desk = Desk::scripted([result(201, &row), super::desk::page(&json!([row]), 1)]);
    let created = desk
        .client
        .escalate(&sys_id, &case, &owned(&[("reason", "Line down")]))
        .await
        .unwrap();
    let ignored = created.ignored.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        ignored,
        ["reason (unknown or hidden)"],
        "an instance may not have such a field"
    );
    let escalations = desk.client.escalations(&case).await.unwrap();
    assert_eq!(
        (escalations.len(), &escalations[0].record, &escalations[0].approval),
        (1, &case, &None)
    );
    let query = desk.calls()[1].parameter("sysparm_query").map(str::to_owned);
    assert_eq!(query, Some(format!("source_record={case}^ORDERBYsys_id")));
}
