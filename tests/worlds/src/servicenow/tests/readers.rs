use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::{ask, ask_as, body_json, full, seeded, sys_id};
use crate::servicenow::ServiceNow;

const API: &str = "/api/sn_km_api/knowledge/articles";
const DANA: &str = "dana.whitfield@northwind.example";
const ELISE: &str = "elise.laurent@contoso.example";

fn article(instance: &ServiceNow, title: &str) -> String {
    sys_id(instance, "kb_knowledge", "short_description", title)
}

fn titles(result: &Value) -> Vec<String> {
    let articles = result["articles"].as_array().unwrap().iter();
    articles.map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

async fn guest(instance: &ServiceNow, path: &str) -> Response<Bytes> {
    let request = Request::get(path).header("accept", "application/json");
    instance.call(request.body(full("")).unwrap()).await
}

#[tokio::test(start_paused = true)]
async fn a_reader_finds_what_the_criteria_allow() {
    let instance = seeded();
    let seen = async |user: &str| {
        let response = ask_as(&instance, user, "GET", API, None).await;
        titles(&body_json(&response)["result"])
    };
    let (dana, elise, tom) = (seen(DANA).await, seen(ELISE).await, seen("tom.becker").await);
    let guide = "Routing guide for Contoso Retail".to_owned();
    let internal = "A stuck interchange".to_owned();
    assert_eq!((dana.len(), elise.len(), tom.len()), (8, 9, 11));
    assert!(
        elise.contains(&guide) && !dana.contains(&guide),
        "a segment of partners"
    );
    assert!(tom.contains(&internal) && !elise.contains(&internal));
    let base = sys_id(&instance, "kb_knowledge_base", "title", "Trading Partner Help");
    let criterion = sys_id(&instance, "user_criteria", "name", "Contoso only");
    let fields = [("kb_knowledge_base", base.as_str()), ("user_criteria", &criterion)];
    instance.insert("kb_uc_cannot_read_mtom", &fields);
    assert!(seen(ELISE).await.is_empty(), "what forbids wins");
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_not_there() {
    let instance = seeded();
    let internal = article(&instance, "A stuck interchange");
    let foreign = ask_as(&instance, ELISE, "GET", &format!("{API}/{internal}"), None).await;
    assert_eq!(foreign.status(), StatusCode::NOT_FOUND);
    let draft = article(&instance, "DESADV in place of the 856");
    for path in [
        format!("{API}/{draft}"),
        format!("{API}/KB0010010"),
        format!("{API}/KB9"),
    ] {
        assert_eq!(
            ask(&instance, "GET", &path, None).await.status(),
            StatusCode::NOT_FOUND,
            "{path}"
        );
    }
    assert_eq!(
        ask(&instance, "POST", API, Some(json!({}))).await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[tokio::test(start_paused = true)]
async fn a_guest_reads_what_is_open_to_everybody() {
    let instance = seeded();
    let response = guest(&instance, API).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["x-is-logged-in"], "false");
    assert_eq!(
        body_json(&response)["result"]["meta"]["count"],
        0,
        "both bases have readers"
    );
    let open = instance.insert("kb_knowledge_base", &[("title", "Press")]);
    let fields = [
        ("short_description", "x"),
        ("kb_knowledge_base", open.as_str()),
        ("workflow_state", "published"),
    ];
    instance.insert("kb_knowledge", &fields);
    let count = async || body_json(&guest(&instance, API).await)["result"]["meta"]["count"].clone();
    assert_eq!(count().await, 1);
    instance.guess(|guesses| guesses.knowledge.base_without_criteria_is_open = false);
    assert_eq!(count().await, 0);
    assert_eq!(
        guest(&instance, "/api/now/table/kb_knowledge").await.status(),
        StatusCode::UNAUTHORIZED
    );
    let wrong = Request::get(API)
        .header("accept", "application/json")
        .header("authorization", "Bearer x");
    let wrong = instance.call(wrong.body(full("")).unwrap()).await;
    assert_eq!(
        wrong.status(),
        StatusCode::UNAUTHORIZED,
        "wrong credentials are no guest's"
    );
    instance.guess(|guesses| guesses.knowledge.is_public = false);
    assert_eq!(guest(&instance, API).await.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(start_paused = true)]
async fn criteria_can_ask_for_all_of_their_parts() {
    let instance = seeded();
    let id = article(&instance, "Labels with an SSCC");
    let account = sys_id(&instance, "customer_account", "name", "Northwind Components");
    let dana = sys_id(&instance, "sys_user", "user_name", DANA);
    let group = sys_id(&instance, "sys_user_group", "name", "Customer Service");
    let fields = [
        ("name", "Both"),
        ("company", account.as_str()),
        ("user", &dana),
        ("match_all", "true"),
    ];
    let criterion = instance.insert("user_criteria", &fields);
    instance.update("kb_knowledge", &id, &[("can_read_user_criteria", &criterion)]);
    let status = async |user: &str| {
        ask_as(&instance, user, "GET", &format!("{API}/{id}"), None)
            .await
            .status()
    };
    assert_eq!(
        (status(DANA).await, status(ELISE).await),
        (StatusCode::OK, StatusCode::NOT_FOUND)
    );
    instance.update("user_criteria", &criterion, &[("group", &group)]);
    assert_eq!(status(DANA).await, StatusCode::NOT_FOUND);
    instance.update("user_criteria", &criterion, &[("match_all", "false")]);
    assert_eq!(
        (status(DANA).await, status(ELISE).await),
        (StatusCode::OK, StatusCode::NOT_FOUND)
    );
}
