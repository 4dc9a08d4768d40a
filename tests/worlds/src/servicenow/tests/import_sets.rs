use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, body_json, error, get, seeded};
use crate::servicenow::ServiceNow;

const STAGING: &str = "u_imp_incident";
const PATH: &str = "/api/now/import/u_imp_incident";

/// An instance with a staging table whose rows become incidents, and the map that makes them.
fn with_map() -> (ServiceNow, String) {
    let instance = seeded();
    let rows = instance.rows("sys_db_object");
    let parent = rows.iter().find(|row| row["name"] == "sys_import_set_row").unwrap();
    let table = [
        ("name", STAGING),
        ("label", "Imported incident"),
        ("super_class", &parent["sys_id"]),
    ];
    instance.insert("sys_db_object", &table);
    for column in ["u_key", "u_text", "u_category", "u_group"] {
        instance.insert(
            "sys_dictionary",
            &[("name", STAGING), ("element", column), ("internal_type", "string")],
        );
    }
    let map = [
        ("name", "Incident"),
        ("source_table", STAGING),
        ("target_table", "incident"),
    ];
    let map = instance.insert("sys_transform_map", &map);
    for (source, target, coalesce) in [
        ("u_key", "correlation_id", "true"),
        ("u_text", "short_description", "false"),
        ("u_category", "category", "false"),
        ("u_group", "assignment_group", "false"),
    ] {
        let entry = [
            ("map", map.as_str()),
            ("source_field", source),
            ("target_field", target),
            ("coalesce", coalesce),
        ];
        instance.insert("sys_transform_entry", &entry);
    }
    (instance, map)
}

/// The answer to an import, which has one result.
async fn import(instance: &ServiceNow, row: Value) -> Value {
    let response = ask(instance, "POST", PATH, Some(row)).await;
    assert_eq!(response.status(), StatusCode::CREATED, "{:?}", response.body());
    body_json(&response)
}

fn change_entries(instance: &ServiceNow, fields: &[(&str, &str)]) {
    for entry in instance.rows("sys_transform_entry") {
        instance.update_as("admin", "sys_transform_entry", &entry["sys_id"], fields);
    }
}

#[tokio::test(start_paused = true)]
async fn a_row_becomes_a_record_and_the_same_key_changes_it() {
    let (instance, _) = with_map();
    let first = import(
        &instance,
        json!({ "u_key": "k1", "u_text": "late", "u_group": "Database" }),
    )
    .await;
    let result = &first["result"][0];
    let sys_id = result["sys_id"].as_str().unwrap();
    let record = instance.row("incident", sys_id).unwrap();
    assert_eq!(
        first,
        json!({ "import_set": "ISET0010001", "staging_table": STAGING, "result": [{
            "transform_map": "Incident", "table": "incident", "status": "inserted",
            "display_name": "number", "display_value": record["number"], "sys_id": sys_id,
            "record_link": format!("https://servicenow.example/api/now/table/incident/{sys_id}"),
        }] })
    );
    assert_eq!(record["assignment_group"], "287ee6fea9fe198100ada7950d0b1b73");
    let second = import(&instance, json!({ "u_key": "K1", "u_text": "later", "u_group": "" })).await;
    assert_eq!(
        (&second["result"][0]["status"], &second["result"][0]["sys_id"]),
        (&json!("updated"), &json!(sys_id))
    );
    assert_eq!(second["import_set"], "ISET0010002");
    let record = instance.row("incident", sys_id).unwrap();
    assert_eq!(
        (record["short_description"].as_str(), record["assignment_group"].len()),
        ("later", 32)
    );
    let third = import(&instance, json!({ "u_key": "K1", "u_text": "later" })).await;
    assert_eq!(third["result"][0]["status_message"], "No field values changed");
    assert_eq!(third["result"][0]["status"], "ignored");
    let row = instance.rows(STAGING).remove(0);
    let again = ask(&instance, "GET", &format!("{PATH}/{}", row["sys_id"]), None).await;
    assert_eq!(body_json(&again)["result"][0]["status"], "inserted");
    let missing = ask(&instance, "GET", &format!("{PATH}/none"), None).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_row_without_a_key_is_ignored_unless_the_map_makes_new_records() {
    let (instance, map) = with_map();
    let ignored = import(&instance, json!({ "u_text": "no key" })).await;
    assert_eq!(ignored["result"][0]["status"], "ignored");
    let wish = [("create_new_record_on_empty_coalesce_fields", "true")];
    instance.update_as("admin", "sys_transform_map", &map, &wish);
    for _ in 0..2 {
        let made = import(&instance, json!({ "u_text": "no key" })).await;
        assert_eq!(made["result"][0]["status"], "inserted");
    }
    change_entries(&instance, &[("coalesce", "false")]);
    let made = import(&instance, json!({ "u_key": "k1", "u_text": "no coalesce" })).await;
    assert_eq!(made["result"][0]["status"], "inserted");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_choice_or_reference_is_left_out_made_or_rejected() {
    let (instance, _) = with_map();
    let row = |key: &str| json!({ "u_key": key, "u_text": "x", "u_category": "customs", "u_group": "Customs" });
    let category = |answer: &Value| {
        let sys_id = answer["result"][0]["sys_id"].as_str().unwrap();
        let record = instance.row("incident", sys_id).unwrap();
        (record["category"].clone(), record["assignment_group"].clone())
    };
    let ignored = import(&instance, row("k1")).await;
    assert_eq!(category(&ignored), ("inquiry".to_owned(), String::new()));
    change_entries(&instance, &[("choice_action", "reject")]);
    let rejected = import(&instance, row("k2")).await;
    assert_eq!(rejected["result"][0]["status"], "skipped");
    assert!(
        rejected["result"][0]["status_message"]
            .as_str()
            .unwrap()
            .contains("customs")
    );
    change_entries(&instance, &[("choice_action", "create")]);
    let made = category(&import(&instance, row("k3")).await);
    let groups = instance.rows("sys_user_group");
    let group = groups.iter().find(|group| group["name"] == "Customs").unwrap();
    assert_eq!(made, ("customs".to_owned(), group["sys_id"].clone()));
    let by_label = json!({ "u_key": "k4", "u_text": "x", "u_category": "Network" });
    assert_eq!(category(&import(&instance, by_label).await).0, "network");
}

#[tokio::test(start_paused = true)]
async fn several_maps_run_in_their_order_and_inactive_ones_not_at_all() {
    let (instance, first) = with_map();
    let second = [
        ("name", "Earlier"),
        ("source_table", STAGING),
        ("target_table", "nonsense"),
        ("order", "50"),
    ];
    let second = instance.insert("sys_transform_map", &second);
    let names = async || {
        let answer = import(&instance, json!({ "u_key": "k1", "u_text": "x" })).await;
        let results = answer["result"].as_array().unwrap().iter();
        results
            .map(|result| result["transform_map"].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(names().await, ["Earlier", "Incident"]);
    instance.update_as("admin", "sys_transform_map", &first, &[("active", "false")]);
    let failed = import(&instance, json!({ "u_key": "k1" })).await;
    assert_eq!(failed["result"][0]["status"], "error");
    assert!(failed["result"][0]["error_message"].is_string());
    instance.update_as("admin", "sys_transform_map", &second, &[("active", "false")]);
    assert_eq!(names().await, [Value::Null; 0]);
}

#[tokio::test(start_paused = true)]
async fn only_staging_tables_take_rows_and_only_objects_are_rows() {
    let (instance, _) = with_map();
    for table in ["incident", "nonsense", "sys_import_set_row"] {
        let refused = ask(&instance, "POST", &format!("/api/now/import/{table}"), Some(json!({}))).await;
        assert_eq!(error(&refused).0, 400, "{table}");
    }
    let list = ask(&instance, "POST", PATH, Some(json!([{ "u_key": "k1" }]))).await;
    assert_eq!(list.status(), StatusCode::BAD_REQUEST);
    import(
        &instance,
        json!({ "u_key": { "a": [1, true] }, "sys_import_state": "inserted", "u_other": "x" }),
    )
    .await;
    let row = instance.rows(STAGING).pop().unwrap();
    assert_eq!(row["u_key"], "{a=[1, true]}");
}

#[tokio::test(start_paused = true)]
async fn import_sets_may_be_guessed_to_be_reused() {
    let (instance, _) = with_map();
    instance.guess(|guesses| guesses.import_set_is_reused = true);
    for _ in 0..2 {
        assert_eq!(
            import(&instance, json!({ "u_key": "k1" })).await["import_set"],
            "ISET0010001"
        );
    }
    assert_eq!(
        get(&instance, "/api/now/table/sys_import_set")
            .await
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn a_map_runs_business_rules_unless_it_says_otherwise_and_policies_where_they_stop_scripts() {
    let (instance, map) = with_map();
    let fields = [
        ("name", "stop"),
        ("collection", "incident"),
        ("when", "before"),
        ("action_insert", "true"),
        ("abort_action", "true"),
    ];
    instance.insert("sys_script", &fields);
    let status = async |row: Value| import(&instance, row).await["result"][0]["status"].clone();
    assert_eq!(status(json!({ "u_key": "k1", "u_text": "late" })).await, "error");
    instance.update_as("admin", "sys_transform_map", &map, &[("run_business_rules", "false")]);
    assert_eq!(status(json!({ "u_key": "k1", "u_text": "late" })).await, "inserted");
    let stop = super::sys_id(&instance, "sys_script", "name", "stop");
    instance.delete("sys_script", &stop);
    instance.update_as("admin", "sys_transform_map", &map, &[("run_business_rules", "true")]);
    assert_eq!(
        status(json!({ "u_key": "k2" })).await,
        "inserted",
        "without a short description"
    );
    instance.guess(|guesses| guesses.data_policies_stop_scripts = true);
    assert_eq!(status(json!({ "u_key": "k3" })).await, "error");
}
