use cloud::Cloud;
use serde_json::{Value, json};

use crate::{TABLE, cloud, dynamo};

async fn make_due(cloud: &Cloud, sk: &str, at: u64) {
    let item = json!({"pk": {"S": "p"}, "sk": {"S": sk}, "due": {"S": "due#0"},
        "next_attempt_at": {"N": at.to_string()}, "text": {"S": "not projected"}});
    dynamo(cloud, "PutItem", json!({"TableName": TABLE, "Item": item})).await;
}

/// The sort keys that the index shows as due until `at`, with the time they show.
async fn due(cloud: &Cloud, at: u64) -> Vec<(String, String)> {
    let answer = dynamo(
        cloud,
        "Query",
        json!({"TableName": TABLE, "IndexName": "due",
            "KeyConditionExpression": "due = :d AND next_attempt_at <= :at",
            "ExpressionAttributeValues": {":d": {"S": "due#0"}, ":at": {"N": at.to_string()}}}),
    )
    .await;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = answer["Items"].as_array().cloned().unwrap_or_default();
    for item in &items {
        assert!(item["text"].is_null(), "only keys are projected: {item}");
    }
    items
        .iter()
        .map(|item| (text(&item["sk"]["S"]), text(&item["next_attempt_at"]["N"])))
        .collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(sk, at)| ((*sk).to_owned(), (*at).to_owned()))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn the_index_shows_what_is_due_in_order_of_time() {
    let cloud = cloud();
    make_due(&cloud, "late", 30).await;
    make_due(&cloud, "early", 9).await;
    make_due(&cloud, "tomorrow", 100).await;
    assert_eq!(due(&cloud, 50).await, pairs(&[("early", "9"), ("late", "30")]));
}

#[tokio::test(start_paused = true)]
async fn a_lagging_index_shows_the_state_of_some_writes_ago() {
    let cloud = cloud();
    make_due(&cloud, "a", 1).await;
    cloud.lag_indexes(TABLE, 2);
    assert_eq!(due(&cloud, 9).await, pairs(&[("a", "1")]), "it knows what came before");

    make_due(&cloud, "a", 5).await;
    make_due(&cloud, "b", 6).await;
    assert_eq!(due(&cloud, 9).await, pairs(&[("a", "1")]), "two writes behind");

    let key = json!({"pk": {"S": "p"}, "sk": {"S": "a"}});
    let delete = json!({"TransactItems": [{"Delete": {"TableName": TABLE, "Key": key}}]});
    dynamo(&cloud, "TransactWriteItems", delete).await;
    assert_eq!(due(&cloud, 9).await, pairs(&[("a", "5")]));

    let write = json!({"RequestItems": {TABLE: [{"PutRequest": {"Item": {"pk": {"S": "p"}, "sk": {"S": "c"}}}}]}});
    dynamo(&cloud, "BatchWriteItem", write).await;
    assert_eq!(due(&cloud, 9).await, pairs(&[("a", "5"), ("b", "6")]));

    cloud.lag_indexes(TABLE, 1);
    assert_eq!(due(&cloud, 9).await, pairs(&[("b", "6")]), "one write behind");
    cloud.lag_indexes(TABLE, 0);
    assert_eq!(due(&cloud, 9).await, pairs(&[("b", "6")]));
}

#[tokio::test(start_paused = true)]
async fn a_read_of_the_table_never_lags_and_a_refused_write_is_no_write() {
    let cloud = cloud();
    cloud.lag_indexes(TABLE, 1);
    make_due(&cloud, "a", 1).await;
    let refused = json!({"TableName": TABLE, "Item": {"pk": {"S": "p"}, "sk": {"S": "a"}},
        "ConditionExpression": "attribute_not_exists(pk)"});
    crate::send(&cloud, "DynamoDB_20120810.PutItem", refused).await;
    assert_eq!(due(&cloud, 9).await, []);
    let scan = dynamo(&cloud, "Scan", json!({"TableName": TABLE})).await;
    assert_eq!(scan["Count"], 1);
}
