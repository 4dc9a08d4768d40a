//! Bytes from outside never make the instance panic, and always get an answer.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Response;
use proptest::prelude::*;
use serde_json::json;

use super::{ACCEPT, ADMIN, FORM, JSON, seeded, send};
use crate::servicenow::ServiceNow;

/// Sends one request within a runtime of its own.
fn answer(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let instance: ServiceNow = seeded();
        send(&instance, method, path, headers, body).await
    })
}

fn json_body(path: &str, body: impl Into<Bytes>) -> u16 {
    answer("POST", path, &[ADMIN, ACCEPT, JSON], body).status().as_u16()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn any_bytes_as_json_are_answered(body in any::<Vec<u8>>()) {
        for path in [
            "/api/now/table/incident", "/api/now/v1/batch", "/api/now/tinyurl", "/api/now/v1/email",
            "/api/now/import/sys_import_set_row",
        ] {
            prop_assert!(json_body(path, body.clone()) < 500);
        }
    }

    #[test]
    fn any_form_is_answered(
        before in any::<Vec<u8>>(), name in "[ -~]{0,20}", file in "\\PC{0,20}", bytes in any::<Vec<u8>>(),
    ) {
        let mut body = before;
        body.extend(b"--b\r\nContent-Disposition: form-data; name=\"");
        body.extend(name.as_bytes());
        body.extend(b"\"; filename=\"");
        body.extend(file.as_bytes());
        body.extend(b"\"\r\nContent-Type: text/plain\r\n\r\n");
        body.extend(bytes);
        body.extend(b"\r\n--b--");
        let headers = [ADMIN, ACCEPT, ("content-type", "multipart/form-data; boundary=b")];
        prop_assert!(answer("POST", "/api/now/attachment/upload", &headers, body).status().as_u16() < 500);
    }

    #[test]
    fn any_boundary_is_answered(boundary in "[ -~]{0,80}", body in any::<Vec<u8>>()) {
        let kind = format!("multipart/form-data; boundary={boundary}");
        let headers = [ADMIN, ACCEPT, ("content-type", kind.as_str())];
        prop_assert!(answer("POST", "/api/now/attachment/upload", &headers, body).status().as_u16() < 500);
    }

    #[test]
    fn any_item_of_a_batch_is_answered(
        method in "\\PC{0,8}", url in "(/api/now/)?\\PC{0,60}", body in "[A-Za-z0-9+/= \n]{0,40}",
        name in "\\PC{0,10}", value in any::<String>(),
    ) {
        let item = json!({ "id": "1", "method": method, "url": url, "body": body,
                           "headers": [{ "name": name, "value": value }] });
        let batch = json!({ "rest_requests": [item] }).to_string();
        prop_assert_eq!(json_body("/api/now/v1/batch", batch), 200);
    }

    #[test]
    fn any_bytes_in_an_item_of_a_batch_are_answered(body in any::<Vec<u8>>()) {
        let headers = json!([{ "name": "Content-Type", "value": "application/json" }]);
        let item = json!({ "id": "1", "method": "POST", "url": "/api/now/table/incident", "headers": headers,
                           "body": STANDARD.encode(body) });
        prop_assert_eq!(json_body("/api/now/v1/batch", json!({ "rest_requests": [item] }).to_string()), 200);
    }

    #[test]
    fn any_statistics_are_answered(
        having in "[a-z^<>=!0-9,.]{0,30}", order in "[a-zA-Z^,._]{0,30}", group in "[a-z_,.]{0,30}",
    ) {
        let encode = |text: String| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
        let (having, order) = (encode(having), encode(order));
        let path = format!(
            "/api/now/stats/incident?sysparm_count=true&sysparm_avg_fields=impact,{group}&sysparm_group_by={group},state\
             &sysparm_having={having}&sysparm_order_by={order}"
        );
        prop_assert_eq!(answer("GET", &path, &[ADMIN, ACCEPT], "").status().as_u16(), 200);
    }

    #[test]
    fn any_credentials_are_answered(header in "[ -~]{0,60}", cookie in "[ -~]{0,60}", body in any::<Vec<u8>>()) {
        let headers = [("authorization", header.as_str()), ("cookie", cookie.as_str()), ACCEPT];
        prop_assert!(answer("GET", "/api/now/table/incident?sysparm_limit=1", &headers, "").status().as_u16() < 500);
        let headers = [("authorization", header.as_str()), FORM];
        prop_assert!(answer("POST", "/oauth_token.do", &headers, body.clone()).status().as_u16() < 500);
        prop_assert!(answer("POST", "/angular.do?sysparm_type=view_form.login", &headers, body).status().as_u16() < 500);
    }
}
