use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use super::{ACCEPT, ADMIN, JSON, ask, body_json, error, get, give_role, incident, seeded, send};
use crate::servicenow::ServiceNow;

const UPLOAD: &str = "/api/now/attachment/upload";

/// A part of a form: its name, the name of its file, its type and its bytes.
type Part<'a> = (&'a str, Option<&'a str>, Option<&'a str>, &'a [u8]);

fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, kind, bytes) in parts {
        body.extend(format!("--line\r\nContent-Disposition: form-data; name=\"{name}\"").into_bytes());
        if let Some(file) = file {
            body.extend(format!("; filename=\"{file}\"").into_bytes());
        }
        if let Some(kind) = kind {
            body.extend(format!("\r\nContent-Type: {kind}").into_bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend(*bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--line--\r\n");
    body
}

async fn upload(instance: &ServiceNow, parts: &[Part<'_>]) -> Response<Bytes> {
    let headers = [ADMIN, ACCEPT, ("content-type", "multipart/form-data; boundary=line")];
    send(instance, "POST", UPLOAD, &headers, form(parts)).await
}

async fn put(instance: &ServiceNow, record: &str, encoded_name: &str, bytes: impl Into<Bytes>) -> Response<Bytes> {
    let path =
        format!("/api/now/v1/attachment/file?table_name=incident&table_sys_id={record}&file_name={encoded_name}");
    let headers = [ADMIN, ACCEPT, ("content-type", "application/octet-stream")];
    send(instance, "POST", &path, &headers, bytes).await
}

#[tokio::test(start_paused = true)]
async fn a_form_stores_its_file_under_its_name_and_type() {
    let instance = seeded();
    let id = incident(&instance).await;
    let bytes: Vec<u8> = (0..=255).collect();
    let stored = upload(
        &instance,
        &[
            ("table_name", None, None, b"incident"),
            ("table_sys_id", None, None, id.as_bytes()),
            (
                "uploadFile",
                Some("Lieferschein \u{fc}.pdf"),
                Some("application/pdf"),
                &bytes,
            ),
        ],
    )
    .await;
    assert_eq!(stored.status(), StatusCode::CREATED);
    let meta = &body_json(&stored)["result"];
    assert_eq!(
        (&meta["file_name"], &meta["content_type"]),
        (&json!("Lieferschein ü.pdf"), &json!("application/pdf"))
    );
    assert_eq!(
        (&meta["created_by_name"], &meta["size_bytes"]),
        (&json!("System Administrator"), &json!("256"))
    );
    assert!(
        stored.headers()["location"]
            .to_str()
            .unwrap()
            .ends_with(meta["sys_id"].as_str().unwrap())
    );
    assert_eq!(instance.attachments(&id)[0].bytes, bytes);
}

#[tokio::test(start_paused = true)]
async fn a_form_must_be_whole_and_end_with_its_file() {
    let instance = seeded();
    let id = incident(&instance).await;
    let table: Part<'_> = ("table_name", None, None, b"incident");
    let record: Part<'_> = ("table_sys_id", None, None, id.as_bytes());
    let file: Part<'_> = ("uploadFile", Some("a.txt"), Some("text/plain"), b"hello");
    let untyped: Part<'_> = ("uploadFile", Some("a.txt"), None, b"hello");
    for parts in [[table, file, record], [file, table, record], [table, record, untyped]] {
        assert_eq!(upload(&instance, &parts).await.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        upload(&instance, &[table, record]).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        upload(&instance, &[table, file]).await.status(),
        StatusCode::BAD_REQUEST
    );
    let typed = [ADMIN, ACCEPT, ("content-type", "multipart/form-data; boundary=line")];
    let mut cut = form(&[table, record, file]);
    cut.truncate(cut.len() - 20);
    assert_eq!(
        send(&instance, "POST", UPLOAD, &typed, cut).await.status(),
        StatusCode::BAD_REQUEST
    );
    let untyped = [ADMIN, ACCEPT, ("content-type", "multipart/form-data")];
    let whole = form(&[table, record, file]);
    assert_eq!(
        send(&instance, "POST", UPLOAD, &untyped, whole).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert!(instance.attachments(&id).is_empty());
    instance.guess(|guesses| guesses.multipart_ends_with_file = false);
    assert_eq!(
        upload(&instance, &[file, table, record]).await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test(start_paused = true)]
async fn names_and_sizes_are_kept_whatever_they_are() {
    let instance = seeded();
    let id = incident(&instance).await;
    let large = Bytes::from(vec![7_u8; 25 * 1024 * 1024]);
    for (encoded, name, bytes) in [
        ("a%22b%27c.txt", "a\"b'c.txt", Bytes::from_static(b"quotes")),
        ("..%2Fpath%5Cto.txt", "../path\\to.txt", Bytes::from_static(b"slashes")),
        (
            "%E5%8F%91%E7%A5%A8%20%F0%9F%93%A6.pdf",
            "发票 📦.pdf",
            Bytes::from_static(b"unicode"),
        ),
        ("empty.txt", "empty.txt", Bytes::new()),
        ("large.bin", "large.bin", large),
    ] {
        let meta = body_json(&put(&instance, &id, encoded, bytes.clone()).await)["result"].clone();
        assert_eq!(
            (&meta["file_name"], &meta["size_bytes"]),
            (&json!(name), &json!(bytes.len().to_string()))
        );
        let path = format!("/api/now/v1/attachment/{}/file", meta["sys_id"].as_str().unwrap());
        let file = send(&instance, "GET", &path, &[ADMIN, ACCEPT], "").await;
        assert_eq!(file.body(), &bytes);
        let header = file.headers()["x-attachment-metadata"].to_str().unwrap();
        assert_eq!(serde_json::from_str::<Value>(header).unwrap(), meta, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_file_can_be_renamed_within_the_rules() {
    let instance = seeded();
    let id = incident(&instance).await;
    let file = instance.agent_file(&id, "a.txt", "text/plain", "hello");
    let path = format!("/api/now/attachment/{file}");
    let rename = async |body: Value| ask(&instance, "PATCH", &path, Some(body)).await;
    let renamed = rename(json!({ "file_name": "b.txt" })).await;
    assert_eq!((renamed.status(), renamed.body().len()), (StatusCode::NO_CONTENT, 0));
    assert_eq!(instance.attachments(&id)[0].file_name, "b.txt");
    assert_eq!(rename(json!({})).await.status(), StatusCode::BAD_REQUEST);
    instance.set_property("glide.attachment.extensions", "txt");
    assert_eq!(
        rename(json!({ "file_name": "b.exe" })).await.status(),
        StatusCode::FORBIDDEN
    );
    let missing = ask(
        &instance,
        "PATCH",
        "/api/now/attachment/none",
        Some(json!({ "file_name": "b.txt" })),
    )
    .await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn files_are_listed_in_pages() {
    let instance = seeded();
    let id = incident(&instance).await;
    for number in 0..5 {
        instance.agent_file(&id, &format!("{number}.txt"), "text/plain", "x");
    }
    let path = format!(
        "/api/now/v1/attachment?sysparm_query=table_sys_id={id}%5Etable_name=incident%5EORDERBYfile_name&sysparm_limit=2"
    );
    let page = ask(&instance, "GET", &format!("{path}&sysparm_offset=2"), None).await;
    assert_eq!(page.headers()["x-total-count"], "5");
    let link = page.headers()["link"].to_str().unwrap();
    assert!(
        link.contains("sysparm_offset=4>;rel=\"next\"") && link.contains("sysparm_offset=0>;rel=\"prev\""),
        "{link}"
    );
    let names: Vec<Value> = body_json(&page)["result"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["file_name"].clone())
        .collect();
    assert_eq!(names, ["2.txt", "3.txt"]);
    let quiet = format!("{path}&sysparm_suppress_pagination_header=true&sysparm_no_count=true");
    let quiet = ask(&instance, "GET", &quiet, None).await;
    assert_eq!(
        (quiet.headers().get("link"), quiet.headers().get("x-total-count")),
        (None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn only_a_role_of_the_property_may_add_files() {
    let instance = seeded();
    let id = incident(&instance).await;
    instance.set_property("glide.attachment.role", "catalog_admin, files");
    let path = format!("/api/now/attachment/file?table_name=incident&table_sys_id={id}&file_name=a.txt");
    let authorization = format!("Bearer {}", super::token(&instance).await);
    let headers = [
        ("authorization", authorization.as_str()),
        ACCEPT,
        ("content-type", "text/plain"),
    ];
    let attach = async || send(&instance, "POST", &path, &headers, "x").await;
    assert_eq!(error(&attach().await).0, 403);
    give_role(&instance, "tom.becker", "files");
    assert_eq!(error(&attach().await).0, 403, "somebody else has it");
    give_role(&instance, "gridlink.integration", "files");
    assert_eq!(attach().await.status(), StatusCode::CREATED);
}

#[tokio::test(start_paused = true)]
async fn a_file_has_attributes_that_go_with_it() {
    let instance = seeded();
    let id = incident(&instance).await;
    let file = instance.agent_file(&id, "a.png", "image/png", "x");
    let path = format!("/api/now/attachment/{file}/attributes");
    let added = ask(
        &instance,
        "POST",
        &path,
        Some(json!({ "key": "alt text", "value": "A label" })),
    )
    .await;
    let attribute = json!({ "key": "alt text", "value": "A label" });
    assert_eq!(
        (added.status(), &body_json(&added)["result"]),
        (StatusCode::CREATED, &attribute)
    );
    let again = ask(&instance, "POST", &path, Some(attribute.clone())).await;
    assert_eq!(again.status(), StatusCode::BAD_REQUEST);
    assert_eq!(get(&instance, &path).await, json!([attribute]));
    let one = format!("{path}/alt%20text");
    let changed = ask(&instance, "PUT", &one, Some(json!({ "value": "A torn label" }))).await;
    assert_eq!(body_json(&changed)["result"]["value"], "A torn label");
    assert_eq!(get(&instance, &one).await["value"], "A torn label");
    assert_eq!(
        ask(&instance, "PUT", &one, Some(json!({}))).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        ask(&instance, "GET", &format!("{path}/other"), None).await.status(),
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        ask(&instance, "DELETE", &one, None).await.status(),
        StatusCode::NO_CONTENT
    );
    ask(&instance, "POST", &path, Some(attribute.clone())).await;
    assert_eq!(
        ask(&instance, "DELETE", &path, None).await.status(),
        StatusCode::NO_CONTENT
    );
    assert_eq!(get(&instance, &path).await, json!([]));
    ask(&instance, "POST", &path, Some(attribute)).await;
    instance.delete("incident", &id);
    assert!(instance.rows("sys_attachment_attribute").is_empty());
    assert_eq!(ask(&instance, "GET", &path, None).await.status(), StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_deleted_without_a_content_type() {
    let instance = seeded();
    let id = incident(&instance).await;
    let file = instance.agent_file(&id, "a.txt", "text/plain", "x");
    let path = format!("/api/now/v1/attachment/{file}");
    let deleted = send(&instance, "DELETE", &path, &[ADMIN, ACCEPT], "").await;
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let wrong = send(&instance, "DELETE", &path, &[ADMIN, ACCEPT, JSON], "").await;
    assert_eq!(wrong.status(), StatusCode::NOT_FOUND);
}
