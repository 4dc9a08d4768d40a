use serde_json::{Value, json};

use super::{JSON, ask, ask_as, body_json, create, error, give, role_id, seeded, send};
use crate::servicenow::ServiceNow;

/// A rule on problems, as a client of an administrator makes it; its sys_id.
async fn rule(instance: &ServiceNow, fields: Value) -> String {
    let mut row = json!({
        "name": "no test virus", "collection": "problem", "active": true, "when": "before", "order": 100,
        "action_insert": true, "action_update": true,
    });
    let given = fields.as_object().unwrap().clone();
    row.as_object_mut().unwrap().extend(given);
    let response = ask_as(instance, "admin", "POST", "/api/now/table/sys_script", Some(row)).await;
    assert_eq!(response.status(), 201, "{:?}", response.body());
    body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned()
}

async fn problem(instance: &ServiceNow, text: &str) -> http::Response<bytes::Bytes> {
    let fields = json!({ "short_description": text });
    ask(instance, "POST", "/api/now/table/problem", Some(fields)).await
}

async fn change(instance: &ServiceNow, id: &str, fields: Value) -> http::Response<bytes::Bytes> {
    ask(instance, "PATCH", &format!("/api/now/table/problem/{id}"), Some(fields)).await
}

fn sys_id(response: &http::Response<bytes::Bytes>) -> String {
    body_json(response)["result"]["sys_id"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_rule_that_aborts_refuses_what_its_filter_matches_after_the_change() {
    let instance = seeded();
    let fields = json!({
        "abort_action": true, "add_message": true, "message": "rejected",
        "filter_condition": "short_descriptionLIKEEICAR^ORdescriptionLIKEEICAR^EQ",
    });
    let rule = rule(&instance, fields).await;
    let id = sys_id(&problem(&instance, "harmless").await);
    let detail = format!(
        "Operation against file 'problem' was aborted by Business Rule 'no test virus^{rule}'. \
         Business Rule Stack:no test virus"
    );
    let refused = (403, "Operation Failed".to_owned(), json!(detail));
    assert_eq!(error(&problem(&instance, "an EICAR file").await), refused);
    assert_eq!(
        error(&change(&instance, &id, json!({ "description": "EICAR" })).await),
        refused
    );
    assert_eq!(
        change(&instance, &id, json!({ "description": "fine" })).await.status(),
        200
    );
    assert_eq!(instance.row("problem", &id).unwrap()["description"], "fine");
    let problems = instance.rows("problem").len();
    instance.update_as("admin", "sys_script", &rule, &[("active", "false")]);
    assert_eq!(problem(&instance, "an EICAR file").await.status(), 201);
    assert_eq!(instance.rows("problem").len(), problems + 1);
}

#[tokio::test(start_paused = true)]
async fn rules_run_in_their_order_and_the_platform_between_them() {
    let instance = seeded();
    rule(
        &instance,
        json!({ "name": "third", "order": 300, "template": "description=third^EQ" }),
    )
    .await;
    rule(
        &instance,
        json!({ "name": "second", "order": 200, "template": "description=second^impact=1^urgency=1^EQ" }),
    )
    .await;
    let late = json!({ "name": "late", "order": 1000, "filter_condition": "short_description=x^description=third",
                       "template": "cause_notes=late" });
    rule(&instance, late).await;
    let row = body_json(&problem(&instance, "x").await)["result"].clone();
    assert_eq!(
        (&row["description"], &row["cause_notes"]),
        (&json!("third"), &json!("late"))
    );

    let fields = json!({ "collection": "incident", "order": 100, "template": "impact=1^urgency=1^EQ" });
    rule(&instance, fields).await;
    let (early, late) = (
        json!({ "name": "early", "collection": "incident", "order": 999, "abort_action": true,
                "filter_condition": "priority=1" }),
        json!({ "name": "late", "collection": "incident", "order": 1000, "abort_action": true,
                "filter_condition": "priority=1" }),
    );
    rule(&instance, early).await;
    let row = create(&instance, "incident", json!({ "short_description": "x" })).await;
    assert_eq!(
        row["priority"], "1",
        "the priority is not known before the platform looked it up"
    );
    rule(&instance, late).await;
    let refused = ask(
        &instance,
        "POST",
        "/api/now/table/incident",
        Some(json!({ "short_description": "x" })),
    )
    .await;
    assert!(
        error(&refused)
            .2
            .as_str()
            .unwrap()
            .ends_with("Business Rule Stack:late")
    );
}

#[tokio::test(start_paused = true)]
async fn a_template_may_write_a_journal_and_name_the_user() {
    let instance = seeded();
    let template = "work_notes=by rule^assigned_to=javascript:gs.getUserID()^description=javascript:gs.now()^EQ";
    rule(&instance, json!({ "template": template })).await;
    let row = body_json(&problem(&instance, "x").await)["result"].clone();
    let user = super::user_id(&instance, "gridlink.integration");
    assert_eq!(
        (&row["assigned_to"]["value"], &row["description"]),
        (&json!(user), &json!(""))
    );
    let notes = instance.journal(row["sys_id"].as_str().unwrap(), "work_notes");
    assert_eq!(notes[0].value, "by rule");
    assert_eq!(
        instance.ignored(),
        ["business rule no test virus did not set description to javascript:gs.now()"]
    );
}

#[tokio::test(start_paused = true)]
async fn rules_of_a_parent_and_global_rules_count_too() {
    for (table, is_refused) in [("task", true), ("global", true), ("incident", false)] {
        let instance = seeded();
        rule(&instance, json!({ "collection": table, "abort_action": true })).await;
        assert_eq!(problem(&instance, "x").await.status() == 403, is_refused, "{table}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_rule_stops_only_the_operations_that_it_names() {
    let instance = seeded();
    let id = sys_id(&problem(&instance, "x").await);
    let fields = json!({ "action_insert": false, "action_update": false, "action_delete": true, "abort_action": true,
                         "filter_condition": "short_description=x" });
    rule(&instance, fields).await;
    let delete = async || {
        let path = format!("/api/now/table/problem/{id}");
        ask_as(&instance, "problem.admin", "DELETE", &path, None).await
    };
    assert!(
        error(&delete().await)
            .2
            .as_str()
            .unwrap()
            .starts_with("Operation against file 'problem' was aborted")
    );
    assert_eq!(
        change(&instance, &id, json!({ "short_description": "y" }))
            .await
            .status(),
        200
    );
    assert_eq!(delete().await.status(), 204);
}

#[tokio::test(start_paused = true)]
async fn a_rule_for_roles_runs_for_those_who_have_one() {
    let instance = seeded();
    let role = role_id(&instance, "problem_admin");
    rule(&instance, json!({ "abort_action": true, "role_conditions": role })).await;
    assert_eq!(problem(&instance, "x").await.status(), 201);
    give(&instance, "gridlink.integration", "problem_admin");
    assert_eq!(problem(&instance, "x").await.status(), 403);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_changes_nothing_meets_no_rule() {
    let instance = seeded();
    let id = sys_id(&problem(&instance, "x").await);
    rule(&instance, json!({ "abort_action": true })).await;
    assert_eq!(
        change(&instance, &id, json!({ "short_description": "x" }))
            .await
            .status(),
        200
    );
    assert_eq!(
        change(&instance, &id, json!({ "short_description": "y" }))
            .await
            .status(),
        403
    );
}

#[tokio::test(start_paused = true)]
async fn rules_are_part_of_the_database_and_run_for_scripts_too() {
    let instance = seeded();
    let fields = json!({ "template": "description=by rule^EQ", "filter_condition": "short_descriptionISNOTEMPTY" });
    rule(&instance, fields).await;
    let id = instance.insert("problem", &[("short_description", "by an agent")]);
    assert_eq!(instance.row("problem", &id).unwrap()["description"], "by rule");
    rule(
        &instance,
        json!({ "abort_action": true, "filter_condition": "short_description=no" }),
    )
    .await;
    let written = send(
        &instance,
        "POST",
        "/_world/update",
        &[JSON],
        format!(r#"{{"table":"problem","sys_id":"{id}","fields":{{"short_description":"no"}}}}"#),
    )
    .await;
    assert_eq!(written.status(), 403, "{:?}", written.body());
    assert_eq!(
        instance.row("problem", &id).unwrap()["short_description"],
        "by an agent"
    );
}

#[tokio::test(start_paused = true)]
async fn a_script_that_only_aborts_aborts_and_any_other_is_noted() {
    let instance = seeded();
    let form = |code: &str| {
        let code =
            format!("(function executeRule(current, previous /*null when async*/) {{\n{code}\n}})(current, previous);");
        json!({ "advanced": true, "script": code })
    };
    rule(&instance, form("\t// Add your code here\n")).await;
    let other = rule(&instance, form("gs.info('x');")).await;
    assert_eq!(problem(&instance, "x").await.status(), 201);
    assert_eq!(
        instance.ignored(),
        ["the script of business rule no test virus was not run"]
    );
    instance.delete("sys_script", &other);
    rule(&instance, form("current.setAbortAction(true);")).await;
    assert_eq!(problem(&instance, "x").await.status(), 403);
}

#[tokio::test(start_paused = true)]
async fn what_only_a_script_could_do_is_noted_after_writes_and_before_queries() {
    let instance = seeded();
    let note = |name: &str| format!("the script of business rule {name} was not run");
    rule(
        &instance,
        json!({ "name": "later", "when": "async_always", "script": "gs.info('x')" }),
    )
    .await;
    let query = json!({ "name": "query", "action_query": true, "action_insert": false, "action_update": false,
                        "script": "current.addQuery('active', true)" });
    rule(&instance, query).await;
    problem(&instance, "x").await;
    ask(&instance, "GET", "/api/now/table/problem", None).await;
    assert_eq!(instance.ignored(), [note("later"), note("query")]);
}

#[tokio::test(start_paused = true)]
async fn a_condition_that_cannot_be_judged_holds_for_nothing_and_is_noted() {
    let instance = seeded();
    rule(
        &instance,
        json!({ "name": "one", "abort_action": true, "condition": "current.isNewRecord()" }),
    )
    .await;
    assert_eq!(problem(&instance, "x").await.status(), 201);
    assert_eq!(instance.ignored().len(), 1, "{:?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn a_filter_can_ask_what_the_write_changes() {
    let instance = seeded();
    let made = body_json(&problem(&instance, "x").await)["result"]["sys_id"].clone();
    let path = format!("/api/now/table/problem/{}", made.as_str().unwrap());
    for (name, filter) in [("state", "stateCHANGESTO107^EQ"), ("comments", "commentsVALCHANGES^EQ")] {
        rule(
            &instance,
            json!({ "name": name, "abort_action": true, "filter_condition": filter }),
        )
        .await;
    }
    let change = async |body| ask(&instance, "PATCH", &path, Some(body)).await.status().as_u16();
    assert_eq!(change(json!({ "state": "104", "work_notes": "begun" })).await, 200);
    assert_eq!(change(json!({ "state": "107" })).await, 403);
    assert_eq!(change(json!({ "comments": "hello" })).await, 403);
}
