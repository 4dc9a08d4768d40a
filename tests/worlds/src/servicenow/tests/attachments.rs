use bytes::Bytes;
use http::{Request, Response, StatusCode};

use super::{ask, body_json, error, full, get, incident, seeded};
use crate::body::WorldBody;
use crate::body::broken::broken_after;
use crate::servicenow::ServiceNow;

/// SHA-256 of `hello`.
const HELLO: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";

async fn upload(instance: &ServiceNow, query: &str, length: usize, body: WorldBody) -> Response<Bytes> {
    let request = Request::post(format!("/api/now/attachment/file?{query}"))
        .header("authorization", "Basic YWRtaW46YWRtaW4=")
        .header("accept", "application/json")
        .header("content-type", "application/edi-x12")
        .header("content-length", length);
    instance.call(request.body(body).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_file_is_stored_described_and_given_back() {
    let instance = seeded();
    let id = incident(&instance).await;
    let response = upload(
        &instance,
        &format!("table_name=incident&table_sys_id={id}&file_name=asn.edi"),
        5,
        full("hello"),
    )
    .await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let meta = &body_json(&response)["result"];
    let sys_id = meta["sys_id"].as_str().unwrap();
    let url = format!("https://servicenow.example/api/now/attachment/{sys_id}");
    assert_eq!(response.headers()["location"], url);
    for (member, value) in [
        ("size_bytes", "5"),
        ("hash", HELLO),
        ("file_name", "asn.edi"),
        ("content_type", "application/edi-x12"),
        ("table_name", "incident"),
        ("table_sys_id", &id),
        ("sys_mod_count", "0"),
        ("download_link", &format!("{url}/file")),
    ] {
        assert_eq!(meta[member], value, "{member}");
    }
    let file = ask(&instance, "GET", &format!("/api/now/attachment/{sys_id}/file"), None).await;
    assert_eq!(
        (file.body().as_ref(), &file.headers()["content-type"]),
        (
            b"hello".as_slice(),
            &http::HeaderValue::from_static("application/edi-x12")
        )
    );
    assert!(
        file.headers()["x-attachment-metadata"]
            .to_str()
            .unwrap()
            .contains(HELLO)
    );
    let list = get(
        &instance,
        &format!("/api/now/attachment?sysparm_query=table_sys_id={id}"),
    )
    .await;
    assert_eq!((list.as_array().unwrap().len(), &list[0]), (1, meta));
    assert_eq!(&get(&instance, &format!("/api/now/attachment/{sys_id}")).await, meta);
    let attachment = &instance.attachments(&id)[0];
    assert_eq!(
        (attachment.size, attachment.sha256.as_str(), attachment.bytes.as_ref()),
        (5, HELLO, b"hello".as_slice())
    );
    assert_eq!(instance.row("incident", &id).unwrap()["sys_mod_count"], "0");
    let deleted = ask(&instance, "DELETE", &format!("/api/now/attachment/{sys_id}"), None).await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert!(instance.attachments(&id).is_empty());
    let gone = ask(&instance, "GET", &format!("/api/now/attachment/{sys_id}/file"), None).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn the_same_file_twice_is_two_files() {
    let instance = seeded();
    let id = incident(&instance).await;
    let query = format!("table_name=task&table_sys_id={id}&file_name=asn.edi");
    for _ in 0..2 {
        upload(&instance, &query, 5, full("hello")).await;
    }
    assert_eq!(instance.attachments(&id).len(), 2);
    instance.delete("incident", &id);
    assert!(instance.attachments(&id).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_upload_that_is_broken_off_stores_nothing() {
    let instance = seeded();
    let id = incident(&instance).await;
    let query = format!("table_name=incident&table_sys_id={id}&file_name=asn.edi");
    assert_eq!(
        upload(&instance, &query, 9, broken_after(b"hello")).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        upload(&instance, &query, 9, full("hello")).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert!(instance.attachments(&id).is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_does_not_fit_is_refused() {
    let instance = seeded();
    let id = incident(&instance).await;
    let send = async |query: String| upload(&instance, &query, 5, full("hello")).await;
    let unknown = send(format!(
        "table_name=incident&table_sys_id={}&file_name=a.edi",
        "f".repeat(32)
    ))
    .await;
    assert_eq!(error(&unknown).0, 404);
    assert_eq!(
        error(&send(format!("table_name=incident&table_sys_id={id}")).await).0,
        400
    );
    assert_eq!(
        error(&send(format!("table_name=nonsense&table_sys_id={id}&file_name=a.edi")).await).0,
        400
    );
    let whole = format!("table_name=incident&table_sys_id={id}&file_name=a.edi");
    instance.set_property("glide.attachment.extensions", "pdf,png");
    assert_eq!(error(&send(whole.clone()).await).0, 403);
    instance.set_property("glide.attachment.extensions", "pdf,EDI");
    assert_eq!(send(whole.clone()).await.status(), StatusCode::CREATED);
    instance.set_property("com.glide.attachment.max_size", "0");
    assert_eq!(error(&send(whole).await).0, 413);
}

#[tokio::test(start_paused = true)]
async fn an_agents_file_is_on_the_record() {
    let instance = seeded();
    let id = incident(&instance).await;
    instance.agent_file(&id, "label.pdf", "application/pdf", "%PDF");
    assert_eq!(instance.attachments(&id)[0].file_name, "label.pdf");
}
