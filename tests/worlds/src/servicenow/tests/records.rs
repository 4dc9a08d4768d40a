use http::StatusCode;
use serde_json::json;

use super::{ask, body_json, create, error, get, incident, seeded};

const CHOSEN: &str = "0123456789abcdef0123456789abcdef";

#[tokio::test(start_paused = true)]
async fn an_insert_gives_the_row_with_number_stamps_and_location() {
    let instance = seeded();
    let fields = json!({ "short_description": "ASN quantity differs", "impact": 1, "urgency": "2" });
    let response = ask(&instance, "POST", "/api/now/table/incident", Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let row = &body_json(&response)["result"];
    let sys_id = row["sys_id"].as_str().unwrap();
    assert_eq!(sys_id.len(), 32);
    let location = format!("https://servicenow.example/api/now/table/incident/{sys_id}");
    assert_eq!(response.headers()["location"], location);
    assert_eq!(response.headers()["x-transaction-id"].len(), 12);
    let expected = [
        ("number", "INC0010003"),
        ("state", "1"),
        ("priority", "2"),
        ("active", "true"),
        ("opened_at", "2026-11-22 10:00:00"),
        ("sys_created_on", "2026-11-22 10:00:00"),
        ("sys_created_by", "gridlink.integration"),
        ("sys_mod_count", "0"),
        ("sys_class_name", "incident"),
        ("assigned_to", ""),
        ("comments", ""),
    ];
    for (field, value) in expected {
        assert_eq!(row[field], value, "{field}");
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_go_on_in_each_series() {
    let instance = super::ServiceNow::new(crate::Clock::System);
    let number = async |table| create(&instance, table, json!({ "short_description": "x" })).await["number"].clone();
    assert_eq!(number("incident").await, "INC0010001");
    assert_eq!(number("incident").await, "INC0010002");
    assert_eq!(number("sn_customerservice_case").await, "CS0001001");
    assert_eq!(number("sn_customerservice_task").await, "CSTASK0010001");
}

#[tokio::test(start_paused = true)]
async fn a_chosen_sys_id_is_taken_for_the_whole_hierarchy() {
    let instance = seeded();
    let fields = json!({ "sys_id": CHOSEN, "short_description": "first" });
    assert_eq!(create(&instance, "incident", fields.clone()).await["sys_id"], CHOSEN);
    for table in ["incident", "sn_customerservice_case", "task"] {
        let again = ask(
            &instance,
            "POST",
            &format!("/api/now/table/{table}"),
            Some(fields.clone()),
        )
        .await;
        assert_eq!(
            error(&again),
            (403, "Operation Failed".to_owned(), json!("Unique Key violation"))
        );
    }
    assert_eq!(
        instance
            .rows("task")
            .iter()
            .filter(|row| row["sys_id"] == CHOSEN)
            .count(),
        1
    );
    assert_eq!(instance.rows("incident").last().unwrap()["number"], "INC0010003");
    instance.guess(|guesses| guesses.unique_violation_status = 409);
    let again = ask(&instance, "POST", "/api/now/table/incident", Some(fields)).await;
    assert_eq!(again.status(), StatusCode::CONFLICT);
}

#[tokio::test(start_paused = true)]
async fn a_chosen_sys_id_can_be_guessed_away() {
    let instance = seeded();
    instance.guess(|guesses| guesses.chosen_sys_id_is_honored = false);
    let row = create(
        &instance,
        "incident",
        json!({ "sys_id": CHOSEN, "short_description": "x" }),
    )
    .await;
    assert_ne!(row["sys_id"], CHOSEN);
}

#[tokio::test(start_paused = true)]
async fn an_odd_sys_id_is_replaced() {
    let row = create(
        &seeded(),
        "incident",
        json!({ "sys_id": "short", "short_description": "x" }),
    )
    .await;
    assert_eq!(row["sys_id"].as_str().unwrap().len(), 32);
}

#[tokio::test(start_paused = true)]
async fn a_unique_column_takes_a_value_once() {
    let instance = seeded();
    instance.add_column("task", super::super::Column::text("u_tg_key", "Grid key", 64).unique());
    let fields = json!({ "short_description": "x", "u_tg_key": "k1" });
    create(&instance, "incident", fields.clone()).await;
    let again = ask(
        &instance,
        "POST",
        "/api/now/table/sn_customerservice_case",
        Some(fields),
    )
    .await;
    assert_eq!(again.status(), StatusCode::FORBIDDEN);
}

#[tokio::test(start_paused = true)]
async fn a_child_row_is_read_through_its_parent_with_the_parents_columns() {
    let instance = seeded();
    let id = incident(&instance).await;
    let row = get(&instance, &format!("/api/now/table/task/{id}")).await;
    assert_eq!(
        (&row["sys_class_name"], row.get("close_code")),
        (&json!("incident"), None)
    );
    let other = ask(
        &instance,
        "GET",
        &format!("/api/now/table/sn_customerservice_case/{id}"),
        None,
    )
    .await;
    let detail = json!("Record doesn't exist or ACL restricts the record retrieval");
    assert_eq!(error(&other), (404, "No Record found".to_owned(), detail));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_stored_is_ignored_silently() {
    let instance = seeded();
    let fields = json!({
        "short_description": "x".repeat(161),
        "bunk_field": "y",
        "category": "nonsense",
        "contact_type": "carrier pigeon",
        "assignment_group": "ffffffffffffffffffffffffffffffff",
        "due_date": "tomorrow",
        "sys_mod_count": "77",
        "description": { "nested": true },
    });
    let row = create(&instance, "incident", fields).await;
    assert_eq!(row["short_description"].as_str().unwrap().len(), 160);
    assert_eq!(row.get("bunk_field"), None);
    assert_eq!(
        (&row["category"], &row["contact_type"]),
        (&json!("inquiry"), &json!(""))
    );
    assert_eq!(row["assignment_group"]["value"], "ffffffffffffffffffffffffffffffff");
    assert_eq!(
        (&row["due_date"], &row["sys_mod_count"], &row["description"]),
        (&json!(""), &json!("0"), &json!(""))
    );
    assert_eq!(instance.ignored().len(), 5, "{:#?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn a_property_lets_any_choice_in() {
    let instance = seeded();
    instance.set_property("glide.rest.choice.allow_non_existing_value", "true");
    let row = create(
        &instance,
        "incident",
        json!({ "short_description": "x", "category": "nonsense" }),
    )
    .await;
    assert_eq!(row["category"], "nonsense");
}

#[tokio::test(start_paused = true)]
async fn a_child_is_changed_through_its_parent_under_its_own_rules() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/task/{id}");
    let patched = body_json(
        &ask(
            &instance,
            "PATCH",
            &path,
            Some(json!({ "impact": "1", "urgency": "1" })),
        )
        .await,
    );
    assert_eq!(patched["result"]["priority"], "1");
    // 10 is a state of cases, not of incidents.
    ask(&instance, "PATCH", &path, Some(json!({ "state": "10" }))).await;
    assert_eq!(instance.row("incident", &id).unwrap()["state"], "1");
}

#[tokio::test(start_paused = true)]
async fn a_delete_takes_the_row_away() {
    let instance = seeded();
    let id = incident(&instance).await;
    let path = format!("/api/now/table/incident/{id}");
    let response = ask(&instance, "DELETE", &path, None).await;
    assert_eq!((response.status(), response.body().len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        ask(&instance, "DELETE", &path, None).await.status(),
        StatusCode::NOT_FOUND
    );
}
