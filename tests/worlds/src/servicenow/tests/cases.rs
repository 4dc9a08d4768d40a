use http::StatusCode;
use serde_json::json;

use super::{ask, ask_as, body_json, get, seeded, sys_id};
use crate::servicenow::ServiceNow;

const CASE: &str = "/api/sn_customerservice/case";
const DANA: &str = "dana.whitfield@northwind.example";

/// The sys_id of a new case of Northwind Components.
async fn northwind_case(instance: &ServiceNow) -> String {
    let contact = sys_id(instance, "customer_contact", "user_name", DANA);
    let fields = json!({ "short_description": "ASN 856 was not acknowledged", "contact": contact });
    let response = ask(instance, "POST", CASE, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned()
}

#[tokio::test(start_paused = true)]
async fn a_new_case_is_answered_with_its_id_and_number_only() {
    let instance = seeded();
    let fields =
        json!({ "short_description": "Duplicate ASN", "comments": "Twice.", "work_notes": "Look at the map." });
    let response = ask(&instance, "POST", CASE, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let result = body_json(&response)["result"].clone();
    let id = result["sys_id"].as_str().unwrap();
    assert_eq!(result, json!({ "sys_id": id, "number": "CS0001003" }));
    assert_eq!(instance.journal(id, "comments")[0].value, "Twice.");
    assert_eq!(instance.journal(id, "work_notes")[0].value, "Look at the map.");
}

#[tokio::test(start_paused = true)]
async fn nothing_is_validated_and_what_is_wrong_is_ignored() {
    let instance = seeded();
    let fields =
        json!({ "short_description": "x", "shortdescription": "misspelt", "priority": "17", "due_date": "soon" });
    let response = ask(&instance, "POST", CASE, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let id = body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned();
    let row = instance.row("sn_customerservice_case", &id).unwrap();
    assert_eq!(
        (
            row["short_description"].as_str(),
            row["priority"].as_str(),
            row["due_date"].as_str()
        ),
        ("x", "4", "")
    );
    assert_eq!(instance.ignored().len(), 3, "{:?}", instance.ignored());
}

#[tokio::test(start_paused = true)]
async fn a_change_is_answered_201_and_with_the_record_on_demand() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let path = format!("{CASE}/{id}");
    let response = ask(&instance, "PUT", &path, Some(json!({ "priority": "1" }))).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(
        body_json(&response)["result"],
        json!({ "sys_id": id, "number": "CS0001003" })
    );
    let detailed = format!("{path}?get_case_details=true&fields=number,priority&display_value=true");
    let response = ask(&instance, "PUT", &detailed, Some(json!({ "state": "10" }))).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(
        body_json(&response)["result"],
        json!({ "number": "CS0001003", "priority": "1 - Critical" })
    );
    assert_eq!(instance.row("sn_customerservice_case", &id).unwrap()["state"], "10");
}

#[tokio::test(start_paused = true)]
async fn there_is_no_patch_and_no_delete() {
    let instance = seeded();
    let path = format!("{CASE}/{}", northwind_case(&instance).await);
    for method in ["PATCH", "DELETE"] {
        let response = ask(&instance, method, &path, Some(json!({ "priority": "1" }))).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_case_is_read_by_number_but_changed_by_sys_id() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    assert_eq!(
        get(&instance, &format!("{CASE}/CS0001003")).await["sys_id"],
        id.as_str()
    );
    assert_eq!(
        get(&instance, &format!("/api/sn_customerservice/v1/case/{id}")).await["number"],
        "CS0001003"
    );
    let change = json!({ "priority": "2" });
    let refused = ask(&instance, "PUT", &format!("{CASE}/CS0001003"), Some(change.clone())).await;
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    instance.guess(|guesses| guesses.cases.put_accepts_number = true);
    let taken = ask(&instance, "PUT", &format!("{CASE}/CS0001003"), Some(change)).await;
    assert_eq!(taken.status(), StatusCode::CREATED);
    assert_eq!(
        ask(&instance, "GET", &format!("{CASE}/CS9"), None).await.status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test(start_paused = true)]
async fn a_case_holds_its_account_and_contact_and_no_links() {
    let instance = seeded();
    let id = northwind_case(&instance).await;
    let case = get(&instance, &format!("{CASE}/{id}")).await;
    assert_eq!(case["account"]["u_trading_grid_id"], "GC41543822654A");
    assert_eq!(case["contact"]["user_name"], DANA);
    assert_eq!(
        case["opened_by"],
        sys_id(&instance, "sys_user", "user_name", "gridlink.integration")
    );
    assert_eq!(case["partner"], "");
    let plain = get(&instance, &format!("{CASE}?query=sys_id={id}&reference_fields=false")).await;
    assert_eq!(
        plain[0]["contact"],
        sys_id(&instance, "customer_contact", "user_name", DANA)
    );
}

#[tokio::test(start_paused = true)]
async fn a_list_is_counted_and_linked_when_a_page_is_asked_for() {
    let instance = seeded();
    for number in 0..12 {
        instance.insert(
            "sn_customerservice_case",
            &[("short_description", &format!("case {number}"))],
        );
    }
    let all = ask(&instance, "GET", CASE, None).await;
    assert_eq!(
        body_json(&all)["result"].as_array().unwrap().len(),
        10,
        "a page of ten without a limit"
    );
    assert!(!all.headers().contains_key("x-total-count"));
    for limit in ["sysparm_limit=5", "limit=5"] {
        let page = ask(
            &instance,
            "GET",
            &format!("{CASE}?{limit}&query=active=true^ORDERBYnumber"),
            None,
        )
        .await;
        assert_eq!(page.headers()["x-total-count"], "14", "{limit}");
        let rows = body_json(&page)["result"].clone();
        assert_eq!(rows.as_array().unwrap().len(), 5);
        assert_eq!(rows[0]["number"], "CS0001001");
        let link = page.headers()["link"].to_str().unwrap();
        assert!(
            link.contains("sysparm_offset=5>;rel=\"next\"") && !link.contains("&limit=5"),
            "{link}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_far_behind_the_end_is_empty() {
    let instance = seeded();
    let page = ask(&instance, "GET", &format!("{CASE}?limit=2&offset={}", usize::MAX), None).await;
    assert_eq!(body_json(&page)["result"], json!([]));
    let negative = ask(&instance, "GET", &format!("{CASE}?offset=-1"), None).await;
    assert_eq!(negative.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn plain_pairs_are_no_filter_of_a_list() {
    let instance = seeded();
    let rows = get(&instance, &format!("{CASE}?state=18")).await;
    assert_eq!(rows.as_array().unwrap().len(), 2);
    let rows = get(&instance, &format!("{CASE}?query=state=18")).await;
    assert_eq!(rows.as_array().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_values_of_choices_and_references_can_be_listed() {
    let instance = seeded();
    let states = get(&instance, &format!("{CASE}/field_values/state")).await;
    assert_eq!(states[0], json!({ "label": "New", "value": "1" }));
    let path = format!("{CASE}/field_values/contact?reference_field_columns=email&limit=1&query=nameSTARTSWITHDana");
    let response = ask(&instance, "GET", &path, None).await;
    assert_eq!(body_json(&response)["result"][0]["email"], DANA);
    assert!(response.headers().contains_key("link"));
    let id = northwind_case(&instance).await;
    let contacts = get(&instance, &format!("{CASE}/{id}/field_values/contact")).await;
    assert_eq!(
        contacts.as_array().unwrap().len(),
        2,
        "contacts of the case's account only"
    );
    assert_eq!(contacts[0]["label"], "Dana Whitfield");
    let refused = ask(&instance, "GET", &format!("{CASE}/field_values/description"), None).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn an_external_user_sets_a_few_fields_and_sees_the_own_account() {
    let instance = seeded();
    let contoso = sys_id(&instance, "customer_account", "name", "Contoso Retail");
    let fields = json!({ "short_description": "Label", "work_notes": "x", "correlation_id": "x", "account": contoso });
    let response = ask_as(&instance, DANA, "POST", CASE, Some(fields)).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let id = body_json(&response)["result"]["sys_id"].as_str().unwrap().to_owned();
    let row = instance.row("sn_customerservice_case", &id).unwrap();
    let northwind = sys_id(&instance, "customer_account", "name", "Northwind Components");
    assert_eq!((row["correlation_id"].as_str(), &row["account"]), ("", &northwind));
    assert!(instance.journal(&id, "work_notes").is_empty());
    let change = json!({ "comments": "More.", "priority": "1" });
    ask_as(&instance, DANA, "PUT", &format!("{CASE}/{id}"), Some(change)).await;
    assert_eq!(instance.journal(&id, "comments").len(), 1);
    assert_eq!(instance.row("sn_customerservice_case", &id).unwrap()["priority"], "4");
    let seen = body_json(&ask_as(&instance, DANA, "GET", CASE, None).await)["result"].clone();
    assert_eq!(
        seen.as_array().unwrap().len(),
        2,
        "the seeded case of the account and the own"
    );
    let foreign = ask_as(&instance, DANA, "GET", &format!("{CASE}/CS0001002"), None).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    instance.guess(|guesses| guesses.cases.external_user_sees_account = false);
    let seen = body_json(&ask_as(&instance, DANA, "GET", CASE, None).await)["result"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1);
}
