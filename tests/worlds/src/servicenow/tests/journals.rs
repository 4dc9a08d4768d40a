use std::time::Duration;

use serde_json::json;

use super::{ask, body_json, create, get, incident, seeded};

#[tokio::test(start_paused = true)]
async fn every_write_appends_an_entry_and_the_field_reads_empty() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    for _ in 0..2 {
        tokio::time::advance(Duration::from_secs(1)).await;
        let row = body_json(&ask(&instance, "PATCH", &path, Some(json!({ "comments": "Any news?" }))).await);
        assert_eq!(row["result"]["comments"], "");
    }
    let entries = instance.journal(&id, "comments");
    assert_eq!(entries.len(), 2);
    assert_eq!(
        (entries[1].value.as_str(), entries[1].created_on.as_str()),
        ("Any news?", "2026-11-22 10:00:02")
    );
    assert_eq!(entries[1].created_by, "gridlink.integration");
    assert_eq!(instance.row("incident", &id).unwrap()["sys_mod_count"], "2");
    assert!(instance.journal(&id, "work_notes").is_empty());
}

#[tokio::test(start_paused = true)]
async fn entries_are_rows_that_can_be_queried() {
    let instance = seeded();
    let fields = json!({ "short_description": "x", "comments": "first", "work_notes": "internal" });
    let row = create(&instance, "sn_customerservice_case", fields).await;
    let id = row["sys_id"].as_str().unwrap();
    tokio::time::advance(Duration::from_secs(60)).await;
    let written = instance.agent_comment(id, "second");
    let query =
        format!("element_id={id}^element=comments^sys_created_on%3E=2026-11-22%2010:00:30^ORDERBYsys_created_on");
    let fields = "sys_id,value,sys_created_on,sys_created_by,element_id,element,name";
    let path = format!("/api/now/table/sys_journal_field?sysparm_query={query}&sysparm_fields={fields}");
    assert_eq!(
        get(&instance, &path).await,
        json!([{ "sys_id": written.sys_id, "value": "second", "sys_created_on": "2026-11-22 10:01:00",
                 "sys_created_by": "maria.santos", "element_id": id, "element": "comments",
                 "name": "sn_customerservice_case" }])
    );
}

#[tokio::test(start_paused = true)]
async fn the_display_value_is_all_entries_newest_first() {
    let instance = seeded();
    super::things::prefer(&instance, &[("time_zone", "US/Pacific")]);
    let id = incident(&instance).await;
    instance.agent_comment(&id, "one");
    tokio::time::advance(Duration::from_secs(60)).await;
    instance.agent_comment(&id, "two");
    let row = get(
        &instance,
        &format!("/api/now/table/task/{id}?sysparm_display_value=true&sysparm_fields=comments"),
    )
    .await;
    let expected = "2026-11-22 02:01:00 - Maria Santos (Additional comments)\ntwo\n\n\
                    2026-11-22 02:00:00 - Maria Santos (Additional comments)\none\n\n";
    assert_eq!(row["comments"], expected);
}

#[tokio::test(start_paused = true)]
async fn journal_rows_cannot_be_written_directly() {
    let instance = seeded();
    let fields = json!({ "element_id": "x", "element": "comments", "value": "forged" });
    let response = ask(&instance, "POST", "/api/now/table/sys_journal_field", Some(fields)).await;
    let (status, message, detail) = super::error(&response);
    assert_eq!((status, message.as_str()), (403, "Operation Failed"));
    assert_eq!(detail, "ACL Exception Insert Failed due to security constraints");
}

#[tokio::test(start_paused = true)]
async fn an_empty_comment_is_no_entry() {
    let instance = seeded();
    let id = incident(&instance).await;
    ask(
        &instance,
        "PATCH",
        &format!("/api/now/table/incident/{id}"),
        Some(json!({ "comments": "" })),
    )
    .await;
    assert!(instance.journal(&id, "comments").is_empty());
    assert_eq!(instance.row("incident", &id).unwrap()["sys_mod_count"], "0");
}
