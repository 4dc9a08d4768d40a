use http::StatusCode;
use serde_json::{Value, json};

use super::{ask, ask_as, get, seeded, sys_id};
use crate::servicenow::ServiceNow;

const API: &str = "/api/sn_km_api/knowledge/articles";
const DANA: &str = "dana.whitfield@northwind.example";

fn article(instance: &ServiceNow, title: &str) -> String {
    sys_id(instance, "kb_knowledge", "short_description", title)
}

fn titles(result: &Value) -> Vec<String> {
    let articles = result["articles"].as_array().unwrap().iter();
    articles.map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn a_search_has_its_documented_shape() {
    let instance = seeded();
    let path = format!("{API}?query=certificate&limit=1&fields=short_description&fields=sys_class_name");
    let result = get(&instance, &path).await;
    let meta = &result["meta"];
    let search = meta["ts_query_id"].as_str().unwrap();
    assert_eq!(
        *meta,
        json!({ "start": 0, "end": 1, "count": 2, "fields": "short_description,sys_class_name",
                "query": "certificate", "filter": "", "kb": "", "language": "en", "ts_query_id": search,
                "status": { "code": 200 } })
    );
    let title = "Exchanging AS2 certificates without losing messages";
    let id = article(&instance, title);
    let one = &result["articles"][0];
    assert_eq!(
        (&one["title"], &one["rank"], &one["number"]),
        (&json!(title), &json!(1), &json!("KB0010004"))
    );
    assert_eq!(one["id"], format!("kb_knowledge:{id}"));
    assert_eq!(
        one["link"],
        format!("?sys_kb_id={id}&id=kb_article_view&sysparm_rank=1&sysparm_tsqueryId={search}")
    );
    assert!(
        one["snippet"]
            .as_str()
            .unwrap()
            .starts_with("<B>Certificates</B> of AS2"),
        "{}",
        one["snippet"]
    );
    assert!(one["score"].as_u64().unwrap() > 10);
    assert_eq!(
        one["fields"]["short_description"],
        json!({ "display_value": title, "name": "short_description", "label": "Short description",
                "type": "string", "value": title })
    );
    assert_eq!(one["fields"]["sys_class_name"]["display_value"], "Knowledge");
}

#[tokio::test(start_paused = true)]
async fn only_published_valid_articles_are_found() {
    let instance = seeded();
    let all = get(&instance, API).await;
    assert_eq!(all["meta"]["count"], 11, "{:?}", titles(&all));
    for hidden in ["DESADV in place of the 856", "Leaving files on our FTP server"] {
        assert!(!titles(&all).contains(&hidden.to_owned()), "{hidden}");
    }
    let labels = article(&instance, "Labels with an SSCC");
    instance.update("kb_knowledge", &labels, &[("valid_to", "2026-11-21")]);
    assert_eq!(get(&instance, API).await["meta"]["count"], 10);
}

#[tokio::test(start_paused = true)]
async fn lists_are_narrowed_by_base_filter_and_page() {
    let instance = seeded();
    let base = sys_id(&instance, "kb_knowledge_base", "title", "Internal Operations");
    let result = get(&instance, &format!("{API}?kb={base}")).await;
    assert_eq!(result["meta"]["count"], 3);
    let result = get(&instance, &format!("{API}?filter=short_descriptionSTARTSWITHLabels")).await;
    assert_eq!(titles(&result), ["Labels with an SSCC"]);
    let page = get(&instance, &format!("{API}?limit=4&offset=9")).await;
    assert_eq!(page["articles"].as_array().unwrap().len(), 2);
    assert_eq!(get(&instance, &format!("{API}?language=de")).await["meta"]["count"], 0);
    let refused = ask(&instance, "GET", &format!("{API}?limit=many"), None).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn an_article_is_read_by_sys_id_or_by_the_number_of_its_published_version() {
    let instance = seeded();
    let current = get(&instance, &format!("{API}/KB0010003")).await;
    assert_eq!(
        current["short_description"],
        "Reading a functional acknowledgement (997)"
    );
    assert!(current["content"].as_str().unwrap().contains("<table>"));
    assert_eq!(
        (&current["template"], &current["display_attachments"]),
        (&json!(false), &json!(true))
    );
    let outdated = instance.rows("kb_knowledge");
    let outdated = outdated.iter().find(|row| row["workflow_state"] == "outdated").unwrap();
    let old = get(&instance, &format!("{API}/{}", outdated["sys_id"])).await;
    assert_ne!(old["content"], current["content"]);
    assert_eq!(old["number"], "KB0010003");
}

#[tokio::test(start_paused = true)]
async fn a_picture_in_the_text_is_embedded_content_and_a_file_beside_it_an_attachment() {
    let instance = seeded();
    let id = article(&instance, "Exchanging AS2 certificates without losing messages");
    let file = instance.agent_file(&id, "checklist.txt", "text/plain", "1. Load it");
    let result = get(&instance, &format!("{API}/{id}")).await;
    assert_eq!(
        result["attachments"],
        json!([{ "sys_id": file, "file_name": "checklist.txt", "size_bytes": "10",
                 "state": "available_conditionally" }])
    );
    let picture = &result["embedded_content"][0];
    assert_eq!(picture["file_name"], "as2-exchange.png");
    let picture = picture["sys_id"].as_str().unwrap();
    assert!(
        result["content"]
            .as_str()
            .unwrap()
            .contains(&format!("/sys_attachment.do?sys_id={picture}"))
    );
    let bytes = ask_as(
        &instance,
        DANA,
        "GET",
        &format!("{API}/{id}/attachments/{picture}"),
        None,
    )
    .await;
    assert_eq!(bytes.headers()["content-type"], "image/png");
    assert!(bytes.body().starts_with(b"\x89PNG"));
    let labels = article(&instance, "Labels with an SSCC");
    let wrong = ask(&instance, "GET", &format!("{API}/{labels}/attachments/{picture}"), None).await;
    assert_eq!(wrong.status(), StatusCode::NOT_FOUND);
    instance.update("kb_knowledge", &id, &[("display_attachments", "false")]);
    let result = get(&instance, &format!("{API}/{id}")).await;
    assert_eq!(
        (result.get("attachments"), result.get("embedded_content")),
        (None, None)
    );
}

#[tokio::test(start_paused = true)]
async fn reading_counts_as_a_view_when_the_caller_says_so() {
    let instance = seeded();
    let id = article(&instance, "Labels with an SSCC");
    let views = || instance.row("kb_knowledge", &id).unwrap()["sys_view_count"].clone();
    get(&instance, &format!("{API}/{id}")).await;
    assert_eq!(views(), "143");
    get(&instance, &format!("{API}/{id}?update_view=false")).await;
    assert_eq!(views(), "144", "any value counts");
    get(&instance, &format!("{API}/{id}?search_id=x")).await;
    assert_eq!(views(), "144");
    get(
        &instance,
        &format!("{API}/{id}?search_id=x&search_rank=1&update_view=true"),
    )
    .await;
    assert_eq!(views(), "145");
    instance.view_article(DANA, &id);
    let uses = instance.rows("kb_use");
    assert_eq!((uses.len(), uses[2]["viewed"].as_str()), (3, "true"));
}

#[tokio::test(start_paused = true)]
async fn featured_and_most_viewed_articles_are_lists_of_their_own() {
    let instance = seeded();
    let featured = get(&instance, &format!("{API}/featured")).await;
    assert_eq!(
        (&featured["meta"]["query"], &featured["meta"]["count"]),
        (&json!("homepage"), &json!(2))
    );
    assert_eq!(featured["meta"].get("ts_query_id"), None);
    assert_eq!(
        (&featured["articles"][0]["score"], featured["articles"][0].get("rank")),
        (&json!(-1), None)
    );
    let most = get(&instance, &format!("{API}/most_viewed?limit=2&fields=sys_view_count")).await;
    assert_eq!(
        titles(&most),
        [
            "Sending an invoice (810) that is accepted the first time",
            "Ship notices (856): levels and quantities"
        ]
    );
    assert_eq!(most["articles"][0]["fields"]["sys_view_count"]["value"], "412");
}
