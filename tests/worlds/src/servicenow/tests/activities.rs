use std::time::Duration;

use serde_json::{Value, json};

use super::{ask, ask_as, body_json, get, seeded, sys_id};
use crate::servicenow::ServiceNow;

/// A case with a comment, a note and a file, and the path of its stream.
async fn case_with_a_stream(instance: &ServiceNow) -> (String, String) {
    let contact = sys_id(instance, "customer_contact", "last_name", "Laurent");
    let account = sys_id(instance, "customer_account", "name", "Contoso Retail");
    let fields = [
        ("short_description", "Label"),
        ("contact", contact.as_str()),
        ("account", &account),
    ];
    let case = instance.insert("sn_customerservice_case", &fields);
    for text in ["first", "second"] {
        tokio::time::advance(Duration::from_secs(60)).await;
        instance.agent_comment(&case, text);
    }
    instance.agent_work_note(&case, "[code]<b>note</b>[/code]");
    instance.agent_file(&case, "label.png", "image/png", vec![0; 2048]);
    let path = format!("/api/sn_customerservice/case/{case}/activities");
    (case, path)
}

fn elements(result: &Value) -> Vec<String> {
    let entries = result["entries"].as_array().unwrap().iter();
    entries
        .map(|entry| entry["element"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn an_entry_says_who_wrote_what_and_when_in_the_askers_zone() {
    let instance = seeded();
    let asker = sys_id(&instance, "sys_user", "user_name", "gridlink.integration");
    instance.update("sys_user", &asker, &[("time_zone", "US/Pacific")]);
    let (case, path) = case_with_a_stream(&instance).await;
    let result = get(&instance, &format!("{path}?activity_type=comments&limit=1")).await;
    let maria = sys_id(&instance, "sys_user", "user_name", "maria.santos");
    let entry = instance.journal(&case, "comments").pop().unwrap();
    let expected = json!({
        "sys_created_on": "2026-11-22 10:02:00", "sys_created_on_adjusted": "2026-11-22 02:02:00",
        "sys_id": entry.sys_id, "login_name": "Maria Santos", "name": "Maria Santos", "user_sys_id": maria,
        "initials": "MS", "value": "second", "element": "comments", "field_label": "Additional comments",
        "contains_code": "false", "attachment": {},
    });
    assert_eq!(result["entries"], json!([expected]));
    let head = |name: &str| result[name].as_str().unwrap().to_owned();
    assert_eq!(
        (head("display_value"), head("table"), head("label")),
        (
            "CS0001003".to_owned(),
            "sn_customerservice_case".to_owned(),
            "Case".to_owned()
        )
    );
    assert_eq!(
        (head("user_login"), head("user_full_name")),
        ("gridlink.integration".to_owned(), "Gridlink Integration".to_owned())
    );
    assert_eq!(result["journal_fields"][1]["can_read"], true);
}

#[tokio::test(start_paused = true)]
async fn the_stream_is_filtered_and_paged() {
    let instance = seeded();
    let (_, path) = case_with_a_stream(&instance).await;
    let all = get(&instance, &path).await;
    assert_eq!(elements(&all), ["attachment", "work_notes", "comments", "comments"]);
    assert_eq!(all["entries"][1]["contains_code"], "true");
    let some = get(
        &instance,
        &format!("{path}?sysparm_activity_type=work_notes,attachment"),
    )
    .await;
    assert_eq!(elements(&some), ["attachment", "work_notes"]);
    let page = ask(&instance, "GET", &format!("{path}?limit=2&offset=1"), None).await;
    assert_eq!(elements(&body_json(&page)["result"]), ["work_notes", "comments"]);
    assert_eq!(page.headers()["x-total-count"], "4");
    instance.guess(|guesses| guesses.cases.newest_activity_first = false);
    let oldest = get(&instance, &format!("{path}?limit=1")).await;
    assert_eq!(oldest["entries"][0]["value"], "first");
}

#[tokio::test(start_paused = true)]
async fn a_file_is_described() {
    let instance = seeded();
    let (_, path) = case_with_a_stream(&instance).await;
    let result = get(&instance, &format!("{path}?activity_type=attachment")).await;
    let file = &result["entries"][0]["attachment"];
    assert_eq!(
        (&file["file_name"], &file["size_bytes"]),
        (&json!("label.png"), &json!(2048))
    );
    assert_eq!(
        (&file["size"], &file["content_type"]),
        (&json!("2.0 KB"), &json!("image/png"))
    );
    assert_eq!(result["entries"][0]["value"], "label.png");
}

#[tokio::test(start_paused = true)]
async fn an_external_user_sees_no_work_notes_and_the_own_time() {
    let instance = seeded();
    let (_, path) = case_with_a_stream(&instance).await;
    let elise = "elise.laurent@contoso.example";
    let result = body_json(&ask_as(&instance, elise, "GET", &path, None).await)["result"].clone();
    assert_eq!(elements(&result), ["attachment", "comments", "comments"]);
    assert!(!result.to_string().contains("note</b>"));
    assert_eq!(result["journal_fields"][1]["can_read"], false);
    assert_eq!(
        result["entries"][1]["sys_created_on_adjusted"], "2026-11-22 11:02:00",
        "Amsterdam"
    );
    let asked = body_json(
        &ask_as(
            &instance,
            elise,
            "GET",
            &format!("{path}?activity_type=work_notes"),
            None,
        )
        .await,
    );
    assert_eq!(asked["result"]["entries"], json!([]));
}
