use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};

use super::{ACCEPT, ADMIN, JSON, ask, body_json, error, incident, seeded, send};
use crate::knobs::{Fault, Rule};
use crate::servicenow::ServiceNow;

const BATCH: &str = "/api/now/v1/batch";

async fn run(instance: &ServiceNow, items: Value) -> Value {
    let body = json!({ "batch_request_id": 7, "rest_requests": items });
    let response = ask(instance, "POST", BATCH, Some(body)).await;
    assert_eq!(response.status(), StatusCode::OK, "{:?}", response.body());
    body_json(&response)
}

fn item(id: &str, method: &str, url: &str) -> Value {
    json!({ "id": id, "method": method, "url": url, "headers": [] })
}

/// An item that inserts an incident.
fn insertion(id: &str, description: &str) -> Value {
    let body = json!({ "short_description": description }).to_string();
    let headers = json!([{ "name": "Content-Type", "value": "application/json" }]);
    json!({ "id": id, "method": "POST", "url": "/api/now/table/incident", "headers": headers,
            "body": STANDARD.encode(body) })
}

fn decoded(item: &Value) -> Vec<u8> {
    STANDARD.decode(item["body"].as_str().unwrap()).unwrap()
}

fn header<'a>(item: &'a Value, name: &str) -> Option<&'a str> {
    let mut headers = item["headers"].as_array().unwrap().iter();
    headers.find(|header| header["name"] == name)?["value"].as_str()
}

#[tokio::test(start_paused = true)]
async fn items_are_served_in_order_each_with_its_own_answer() {
    let instance = seeded();
    let answer = run(
        &instance,
        json!([
            insertion("a", "first"),
            item("b", "GET", "/api/now/table/no_such_table"),
            item(
                "c",
                "GET",
                "/api/now/table/incident?sysparm_query=short_description=first&sysparm_fields=number"
            ),
            insertion("d", "second"),
        ]),
    )
    .await;
    assert_eq!(
        (&answer["batch_request_id"], &answer["unserviced_requests"]),
        (&json!("7"), &json!([]))
    );
    let served = answer["serviced_requests"].as_array().unwrap();
    let seen: Vec<(&str, u64, &str)> = served
        .iter()
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap();
            (text("id"), one["status_code"].as_u64().unwrap(), text("status_text"))
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("a", 201, "Created"),
            ("b", 400, "Bad Request"),
            ("c", 200, "OK"),
            ("d", 201, "Created")
        ]
    );
    let created: Value = serde_json::from_slice(&decoded(&served[0])).unwrap();
    let read: Value = serde_json::from_slice(&decoded(&served[2])).unwrap();
    assert_eq!(read["result"], json!([{ "number": created["result"]["number"] }]));
    assert_eq!(header(&served[2], "X-Total-Count"), Some("1"));
    assert!(
        header(&served[0], "Location")
            .unwrap()
            .contains("/api/now/table/incident/")
    );
    assert_ne!(
        header(&served[0], "X-Transaction-Id"),
        header(&served[3], "X-Transaction-Id")
    );
    assert_eq!(header(&served[0], "Set-Cookie"), None);
    assert_eq!(
        instance.rows("incident").pop().unwrap()["sys_created_by"],
        "gridlink.integration"
    );
}

#[tokio::test(start_paused = true)]
async fn an_item_needs_no_accept_unless_that_is_guessed() {
    let instance = seeded();
    let items = json!([item("a", "GET", "/api/now/table/incident?sysparm_limit=1")]);
    assert_eq!(
        run(&instance, items.clone()).await["serviced_requests"][0]["status_code"],
        200
    );
    instance.guess(|guesses| guesses.batch_items_need_accept = true);
    assert_eq!(run(&instance, items).await["serviced_requests"][0]["status_code"], 400);
}

#[tokio::test(start_paused = true)]
async fn the_query_of_an_item_may_have_any_length_and_any_character() {
    let instance = seeded();
    incident(&instance).await;
    let padding = "AAAA=BBBB^".repeat(10_000);
    let url = format!("/api/now/table/incident?sysparm_query={padding}short_description=ASN quantity differs");
    let answer = run(&instance, json!([item("a", "GET", &url)])).await;
    let served = &answer["serviced_requests"][0];
    assert_eq!(
        (header(served, "X-Total-Count"), served["status_code"].as_u64()),
        (Some("1"), Some(200))
    );
}

#[tokio::test(start_paused = true)]
async fn response_headers_are_left_out_on_request() {
    let mut quiet = item("a", "GET", "/api/now/table/incident?sysparm_limit=1");
    quiet["exclude_response_headers"] = json!(true);
    let answer = run(&seeded(), json!([quiet])).await;
    assert_eq!(answer["serviced_requests"][0]["headers"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_file_goes_in_and_comes_out_of_a_batch() {
    let instance = seeded();
    let id = incident(&instance).await;
    let bytes: Vec<u8> = (0..=255).collect();
    let upload = json!({
        "id": 1, "method": "POST",
        "url": format!("/api/now/attachment/file?table_name=incident&table_sys_id={id}&file_name=a.bin"),
        "headers": [{ "name": "Content-Type", "value": "application/octet-stream" }],
        "body": STANDARD.encode(&bytes),
    });
    let answer = run(&instance, json!([upload])).await;
    assert_eq!(answer["serviced_requests"][0]["id"], "1");
    let file = instance.attachments(&id).remove(0);
    let answer = run(
        &instance,
        json!([
            item("file", "GET", &format!("/api/now/attachment/{}/file", file.sys_id)),
            item("head", "HEAD", &format!("/api/now/attachment/{}/file", file.sys_id)),
            item("gone", "DELETE", &format!("/api/now/attachment/{}", file.sys_id)),
        ]),
    )
    .await;
    let served = answer["serviced_requests"].as_array().unwrap();
    assert_eq!((decoded(&served[0]), decoded(&served[1]).len()), (bytes, 0));
    assert_eq!(
        (&served[2]["status_code"], &served[2]["body"]),
        (&json!(204), &json!(""))
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_of_the_api_is_refused_alone() {
    let instance = seeded();
    let mut broken = insertion("a", "x");
    broken["body"] = json!("not base64!");
    let mut nested = insertion("b", "x");
    nested["url"] = json!(BATCH);
    nested["body"] = json!(STANDARD.encode(json!({ "rest_requests": [] }).to_string()));
    let answer = run(
        &instance,
        json!([
            broken,
            nested,
            item("c", "GET", "https://elsewhere.example/api/now/table/incident"),
            item("d", "POST", "/oauth_token.do"),
            item("e", "G E T", "/api/now/table/incident"),
            item("f", "GET", "api/now/table/incident?sysparm_limit=1"),
        ]),
    )
    .await;
    let statuses: Vec<u64> = answer["serviced_requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["status_code"].as_u64().unwrap())
        .collect();
    assert_eq!(statuses, [400, 400, 400, 400, 400, 200]);
}

#[tokio::test(start_paused = true)]
async fn the_rest_is_unserviced_when_the_time_is_over() {
    let instance = seeded();
    let before = instance.rows("incident").len();
    instance.guess(|guesses| guesses.batch_item_milliseconds = 14_000);
    let items = json!([
        insertion("a", "1"),
        insertion("b", "2"),
        insertion("c", "3"),
        insertion("d", "4")
    ]);
    let answer = run(&instance, items).await;
    assert_eq!(answer["serviced_requests"].as_array().unwrap().len(), 2);
    assert_eq!(answer["serviced_requests"][0]["execution_time"], 14_000);
    assert_eq!(answer["unserviced_requests"], json!(["c", "d"]));
    assert_eq!(instance.rows("incident").len(), before + 2);
}

#[tokio::test(start_paused = true)]
async fn a_fault_rule_stops_a_batch_after_so_many_items() {
    let instance = seeded();
    let stop = Fault::BatchStop { after_items: 1 };
    instance.knobs().add(Rule::once("POST", BATCH, stop));
    let items = json!([insertion("a", "1"), insertion("b", "2")]);
    let answer = run(&instance, items.clone()).await;
    assert_eq!(answer["unserviced_requests"], json!(["b"]));
    assert_eq!(run(&instance, items).await["unserviced_requests"], json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_batch_stops_at_an_item_that_is_too_large() {
    let instance = seeded();
    let before = instance.rows("incident").len();
    let large = insertion("b", &"x".repeat(5 * 1024 * 1024));
    let items = json!([insertion("a", "1"), large, insertion("c", "3")]);
    assert_eq!(run(&instance, items).await["unserviced_requests"], json!(["b", "c"]));
    assert_eq!(instance.rows("incident").len(), before + 1);
    instance.set_property("glide.rest.batch.max.inputSize", "30");
    let items = json!([insertion("a", "1"), insertion("b", "longer than that")]);
    assert_eq!(run(&instance, items).await["unserviced_requests"], json!(["b"]));
}

#[tokio::test(start_paused = true)]
async fn an_item_whose_answer_is_too_large_has_its_effect_and_is_named_unserviced() {
    let instance = seeded();
    instance.set_property("glide.rest.batch.max.outputSize", "100");
    let items = json!([insertion("a", "too much to tell"), insertion("b", "2")]);
    let answer = run(&instance, items.clone()).await;
    assert_eq!(answer["unserviced_requests"], json!(["a", "b"]));
    assert_eq!(
        instance.rows("incident").pop().unwrap()["short_description"],
        "too much to tell"
    );
    instance.guess(|guesses| guesses.batch_oversized_answer_is_unserviced = false);
    assert_eq!(run(&instance, items).await["unserviced_requests"], json!([]));
    instance.guess(|guesses| guesses.batch_oversized_answer_is_unserviced = true);
    instance.set_property("glide.rest.batch.max.outputSize", "1000000");
    let body = json!({ "rest_requests": [insertion("a", "x")] }).to_string();
    let headers = [ADMIN, ACCEPT, JSON, ("x-batchrequest-max-output-size", "100")];
    let lowered = body_json(&send(&instance, "POST", BATCH, &headers, body).await);
    assert_eq!(lowered["unserviced_requests"], json!(["a"]));
}

#[tokio::test(start_paused = true)]
async fn a_batch_has_a_version_and_a_form() {
    let instance = seeded();
    let body = json!({ "batch_request_id": "1", "rest_requests": [] });
    let unversioned = ask(&instance, "POST", "/api/now/batch", Some(body.clone())).await;
    let message = "Requested URI does not represent any resource";
    assert_eq!(error(&unversioned), (400, message.to_owned(), json!(message)));
    let second = ask(&instance, "POST", "/api/now/v2/batch", Some(body.clone())).await;
    assert_eq!(second.status(), StatusCode::BAD_REQUEST);
    instance.guess(|guesses| guesses.batch_has_version_2 = true);
    let second = ask(&instance, "POST", "/api/now/v2/batch", Some(body)).await;
    assert_eq!(second.status(), StatusCode::OK);
    for body in [
        json!({}),
        json!({ "rest_requests": [{ "id": "1", "method": "GET" }] }),
        json!([1]),
    ] {
        let refused = ask(&instance, "POST", BATCH, Some(body)).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        ask(&instance, "GET", BATCH, None).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    let stranger = send(&instance, "POST", BATCH, &[ACCEPT, JSON], "{}").await;
    assert_eq!(stranger.status(), StatusCode::UNAUTHORIZED);
}
