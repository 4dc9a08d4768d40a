use http::{Request, StatusCode};
use serde_json::{Value, json};

use super::{create, full, get, seeded};

#[tokio::test(start_paused = true)]
async fn display_values_are_labels_names_and_local_times() {
    let instance = seeded();
    super::things::prefer(&instance, &[("time_zone", "US/Pacific")]);
    let group = instance.rows("sys_user_group")[0]["sys_id"].clone();
    let row = create(
        &instance,
        "incident",
        json!({ "short_description": "x", "assignment_group": group }),
    )
    .await;
    let path = format!("/api/now/table/incident/{}", row["sys_id"].as_str().unwrap());
    let fields = "sysparm_fields=state,assignment_group,assignment_group.name,opened_at,nonsense,state.name";
    let ask = async |rest: &str| get(&instance, &format!("{path}?{fields}&{rest}")).await;
    let link = format!("https://servicenow.example/api/now/table/sys_user_group/{group}");
    assert_eq!(
        ask("").await,
        json!({ "state": "1", "assignment_group": { "link": link, "value": group },
                "assignment_group.name": "EDI Support", "opened_at": "2026-11-22 10:00:00" })
    );
    assert_eq!(
        ask("sysparm_exclude_reference_link=true").await["assignment_group"],
        Value::from(group.clone())
    );
    assert_eq!(
        ask("sysparm_display_value=true").await,
        json!({ "state": "New", "assignment_group": { "display_value": "EDI Support", "link": link },
                "assignment_group.name": "EDI Support", "opened_at": "2026-11-22 02:00:00" })
    );
    assert_eq!(
        ask("sysparm_display_value=all&sysparm_exclude_reference_link=true").await["assignment_group"],
        json!({ "display_value": "EDI Support", "value": group })
    );
    assert_eq!(
        ask("sysparm_display_value=all").await["state"],
        json!({ "display_value": "New", "value": "1" })
    );
}

#[tokio::test(start_paused = true)]
async fn headers_and_bodies_are_demanded() {
    let instance = seeded();
    let token = super::token(&instance).await;
    let status = async |method: &str, path: &str, headers: &[(&str, &str)], body: &'static str| {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        instance.call(request.body(full(body)).unwrap()).await.status().as_u16()
    };
    let json = ("accept", "application/json");
    let typed = ("content-type", "application/json");
    let table = "/api/now/table/incident";
    assert_eq!(status("GET", table, &[], "").await, 400);
    assert_eq!(status("GET", table, &[("accept", "image/png")], "").await, 406);
    assert_eq!(status("GET", table, &[("accept", "*/*")], "").await, 200);
    assert_eq!(status("POST", table, &[json], "{}").await, 400);
    assert_eq!(status("POST", table, &[typed], "{}").await, 400);
    assert_eq!(
        status("POST", table, &[json, ("content-type", "text/csv")], "{}").await,
        415
    );
    assert_eq!(status("POST", table, &[json, typed], "{ no json").await, 400);
    assert_eq!(
        status(
            "POST",
            table,
            &[json, typed],
            r#"[{"short_description":"a"},{"short_description":"b"}]"#
        )
        .await,
        201
    );
    assert_eq!(status("DELETE", table, &[json, typed], "").await, 405);
    assert_eq!(status("GET", "/api/now/table/sys_user_list", &[json], "").await, 400);
    assert_eq!(status("GET", "/api/now/nonsense", &[json], "").await, 400);
    assert_eq!(
        status("GET", "/api/now/v1/table/incident?number=none", &[json], "").await,
        404
    );
    assert_eq!(
        status("GET", "/api/now/v2/table/incident?number=none", &[json], "").await,
        200
    );
    assert_eq!(instance.rows("incident").last().unwrap()["short_description"], "a");
    let quiet = [json, typed, ("x-no-response-body", "true")];
    assert_eq!(
        status("POST", table, &quiet, r#"{"short_description":"quiet"}"#).await,
        201
    );
    let id = instance.rows("incident").pop().unwrap()["sys_id"].clone();
    let patch = [json, typed, ("x-http-method-override", "PATCH")];
    assert_eq!(
        status("POST", &format!("{table}/{id}"), &patch, r#"{"state":"2"}"#).await,
        200
    );
    assert_eq!(instance.row("incident", &id).unwrap()["state"], "2");
}

#[tokio::test(start_paused = true)]
async fn a_broken_body_stores_nothing() {
    let instance = seeded();
    let before = instance.rows("incident").len();
    let body = r#"{"short_description":"whole"}"#;
    let send = async |length: usize, body| {
        let request = Request::post("/api/now/table/incident").header("authorization", "Basic YWRtaW46YWRtaW4=");
        let request = request
            .header("accept", "application/json")
            .header("content-type", "application/json");
        instance
            .call(request.header("content-length", length).body(body).unwrap())
            .await
            .status()
    };
    let broken = crate::body::broken::broken_after(body.as_bytes());
    assert_eq!(send(body.len(), broken).await, StatusCode::BAD_REQUEST);
    assert_eq!(send(body.len() + 1, full(body)).await, StatusCode::BAD_REQUEST);
    assert_eq!(instance.rows("incident").len(), before);
    assert_eq!(send(body.len(), full(body)).await, StatusCode::CREATED);
    let complete: Vec<bool> = instance.calls().iter().map(|call| call.request_is_complete).collect();
    assert_eq!(complete, [false, false, true]);
}
