//! Queries that are not carried out, and hostile ones.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_query_that_cannot_be_carried_out_is_refused() {
    let community = seeded();
    let deep = format!("{{ getTransactions {} }}", "{ transactions ".repeat(200));
    let aliases: String = (0..301).map(|number| format!("a{number}: type ")).collect();
    let wide = format!("{{ getTransactions {{ transactions {{ {aliases} }} }} }}");
    let laughs = "fragment a on Transaction { ...b } fragment b on Transaction { ...a }";
    let laughs = format!("{{ getTransactions {{ transactions {{ ...a }} }} }} {laughs}");
    let long = format!(
        "{{ getTransactions(query: {{ query: {} }}) {{ total }} }}",
        json!("x".repeat(300_000))
    );
    for query in [
        "{ getTransactions { total",
        "{ getTransaction { total } }",
        "{ getTransactions { transactions { nosuchfield } } }",
        "{ getTransactions { transactions } }",
        "{ getTransactions(query: { fields: { must: [{ field: nosuchfield query: \"x\" }] } }) { total } }",
        "{ getTransactions(query: { fields: { must: [{ field: \"status\" query: \"x\" }] } }) { total } }",
        "{ getTransactions(query: { count: \"10\" }) { total } }",
        "{ getTransactions(query: { nosuchargument: 1 }) { total } }",
        "{ getTransactions { transactions { receiverorgid(role: [\"BOB\"]) } } }",
        "mutation { resubmit { total } }",
        "",
        &deep,
        &wide,
        &laughs,
        &long,
    ] {
        let (status, body) = post(&community, json!({ "query": query })).await;
        assert_eq!((status, body.get("data")), (400, None), "{query:.60}");
        assert!(!refused(&body).is_empty());
    }
    assert_eq!(post(&community, json!({ "variables": {} })).await.0, 400);
    assert_eq!(
        post(
            &community,
            json!({ "query": "{ getTransactions { total } }", "variables": [] })
        )
        .await
        .0,
        400
    );
    community.guess(|guesses| guesses.lens_invalid_query_status = 200);
    assert_eq!(post(&community, json!({ "query": "{ x }" })).await.0, 200);
    for wrong in [
        "(",
        "a AND",
        "OR a",
        "a OR",
        "status:",
        "\"open",
        "a) b",
        "status:a:b",
        "AND",
    ] {
        let body = search(&community, &format!("query: {}", json!(wrong)), "transactionid").await;
        assert!(refused(&body).starts_with("Failed to parse query"), "{wrong}");
    }
    let nested = format!("{}x{}", "(".repeat(100), ")".repeat(100));
    assert!(refused(&search(&community, &format!("query: {}", json!(nested)), "type").await).contains("nested"));
    for range in ["status", "insize"] {
        let argument = format!("ranges: {{ field: {range} from: \"2025-01-01T00:00:00Z\" }}");
        assert!(refused(&search(&community, &argument, "type").await).contains("takes no range"));
    }
    let undated = search(
        &community,
        "ranges: { field: arrivaltime from: \"2025-01-01\" }",
        "type",
    )
    .await;
    assert!(refused(&undated).contains("not a date and time"));
}

#[tokio::test(start_paused = true)]
async fn only_post_with_a_token_is_served_and_the_schema_stays_unknown() {
    let community = seeded();
    let request = Request::post("/visibility_transaction_search")
        .body(full("{}"))
        .unwrap();
    let nobody = community.call(request).await;
    assert_eq!(nobody.status().as_u16(), 401);
    assert!(body_json(&nobody)["fault"].is_object());
    let request = Request::get("/visibility_transaction_search").header("authorization", bearer(&community).await);
    let get = community.call(request.body(full("")).unwrap()).await;
    assert_eq!(
        (get.status().as_u16(), &get.headers()["allow"]),
        (405, &http::HeaderValue::from_static("POST"))
    );
    let introspection = json!({ "query": "{ __schema { types { name } } }" });
    let (_, body) = post(&community, introspection.clone()).await;
    assert!(!refused(&body).is_empty());
    community.guess(|guesses| guesses.lens_allows_introspection = true);
    assert!(post(&community, introspection).await.1["data"]["__schema"]["types"].is_array());
}
