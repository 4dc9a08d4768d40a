use http::StatusCode;
use serde_json::json;

use super::{ACCEPT, ADMIN, ask, body_json, error, get, incident, seeded, send};
use crate::servicenow::ServiceNow;

const CSM: &str = "/api/now/v1/attachment_csm";

/// An instance whose customers may see the files of cases, with a case and its file.
fn with_case() -> (ServiceNow, String, String) {
    let instance = seeded();
    instance.set_property(
        "glide.rest.attachment_csm_api.allowed_tables",
        "kb_knowledge, sn_customerservice_case",
    );
    let case = instance.insert("sn_customerservice_case", &[("short_description", "late")]);
    let file = instance.agent_file(&case, "pod.pdf", "application/pdf", "%PDF");
    (instance, case, file)
}

#[tokio::test(start_paused = true)]
async fn files_of_allowed_tables_are_seen() {
    let (instance, case, file) = with_case();
    let meta = get(&instance, &format!("{CSM}/{file}")).await;
    let link = format!("https://servicenow.example{CSM}/{file}/file");
    assert_eq!(
        (&meta["file_name"], &meta["download_link"]),
        (&json!("pod.pdf"), &json!(link))
    );
    let bytes = ask(&instance, "GET", &format!("{CSM}/{file}/file"), None).await;
    assert_eq!(bytes.body().as_ref(), b"%PDF");
    let list = format!("{CSM}?query=table_name=sn_customerservice_case%5Etable_sys_id={case}&limit=1");
    assert_eq!(get(&instance, &list).await, json!([meta]));
    let path = format!("{CSM}/file?table_name=sn_customerservice_case&table_sys_id={case}&file_name=a.txt");
    let headers = [ADMIN, ACCEPT, ("content-type", "text/plain")];
    let stored = send(&instance, "POST", &path, &headers, "x").await;
    assert_eq!(stored.status(), StatusCode::OK);
    let sys_id = body_json(&stored)["result"]["sys_id"].as_str().unwrap().to_owned();
    let deleted = ask(&instance, "DELETE", &format!("{CSM}/{sys_id}"), None).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
}

#[tokio::test(start_paused = true)]
async fn files_of_other_tables_are_refused() {
    let (instance, _, file) = with_case();
    let id = incident(&instance).await;
    let hidden = instance.agent_file(&id, "a.txt", "text/plain", "x");
    for (method, path) in [
        ("GET", format!("{CSM}/{hidden}")),
        ("GET", format!("{CSM}/{hidden}/file")),
        ("DELETE", format!("{CSM}/{hidden}")),
        (
            "POST",
            format!("{CSM}/file?table_name=incident&table_sys_id={id}&file_name=a.txt"),
        ),
        ("GET", CSM.to_owned()),
        ("GET", format!("{CSM}?sysparm_query=table_name=incident")),
    ] {
        assert_eq!(
            error(&ask(&instance, method, &path, None).await).0,
            400,
            "{method} {path}"
        );
    }
    let wide = format!("{CSM}?sysparm_query=table_name=sn_customerservice_case%5EORtable_name=incident");
    let seen = get(&instance, &wide).await;
    assert_eq!((seen.as_array().unwrap().len(), &seen[0]["sys_id"]), (1, &json!(file)));
    instance.set_property("glide.rest.attachment_csm_api.allowed_tables", "");
    assert_eq!(
        error(&ask(&instance, "GET", &format!("{CSM}/{file}"), None).await).0,
        400
    );
}
