use http::StatusCode;
use serde_json::json;

use super::{ask, ask_as, body_json, get, seeded, sys_id};

#[tokio::test(start_paused = true)]
async fn accounts_and_contacts_are_read_ten_at_a_time() {
    let instance = seeded();
    instance.insert("customer_account", &[("name", "Kestrel Optics")]);
    let accounts = get(&instance, "/api/now/account?sysparm_query=ORDERBYnumber").await;
    assert_eq!(accounts.as_array().unwrap().len(), 10);
    assert_eq!(accounts[0]["number"], "ACCT0010001");
    let rest = get(
        &instance,
        "/api/now/v1/account?sysparm_query=ORDERBYnumber&sysparm_offset=10",
    )
    .await;
    assert_eq!(rest[0]["name"], "Kestrel Optics");
    let contacts = get(&instance, "/api/now/contact?sysparm_query=last_name=Laurent").await;
    assert_eq!(
        contacts[0]["account"],
        sys_id(&instance, "customer_account", "name", "Contoso Retail")
    );
}

#[tokio::test(start_paused = true)]
async fn one_account_is_read_by_its_sys_id_and_not_written() {
    let instance = seeded();
    let path = format!(
        "/api/now/account/{}",
        sys_id(&instance, "customer_account", "name", "Contoso Retail")
    );
    assert_eq!(get(&instance, &path).await["city"], "Luxembourg");
    let missing = ask(&instance, "GET", "/api/now/account/nothing", None).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    let written = ask(&instance, "PUT", &path, Some(json!({ "city": "Metz" }))).await;
    assert_eq!(written.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test(start_paused = true)]
async fn an_external_user_reads_the_own_account_only() {
    let instance = seeded();
    let seen = ask_as(
        &instance,
        "elise.laurent@contoso.example",
        "GET",
        "/api/now/account",
        None,
    )
    .await;
    let seen = body_json(&seen)["result"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 1);
    assert_eq!(seen[0]["name"], "Contoso Retail");
}
