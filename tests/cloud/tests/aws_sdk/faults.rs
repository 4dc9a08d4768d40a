use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Delete, TransactWriteItem};
use cloud::{Fault, QueueSettings};
use serde_json::json;

use crate::connector::{dynamodb_client, secrets_client, sqs_client};
use crate::{TABLE, cloud, dynamo, send};

fn put(sk: &str) -> serde_json::Value {
    json!({"TableName": TABLE, "Item": {"pk": {"S": "p"}, "sk": {"S": sk}}})
}

#[tokio::test(start_paused = true)]
async fn a_conflict_cancels_a_transaction_and_does_nothing() {
    let cloud = cloud();
    dynamo(&cloud, "PutItem", put("s")).await;
    cloud.inject(Fault::TransactionConflict.on_any());
    let delete = Delete::builder()
        .table_name(TABLE)
        .key("pk", AttributeValue::S("p".to_owned()))
        .key("sk", AttributeValue::S("s".to_owned()))
        .build()
        .expect("table and key are set");
    let canceled = dynamodb_client(&cloud, 1)
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().delete(delete).build())
        .send()
        .await
        .expect_err("the transaction conflicts")
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = canceled else {
        panic!("another error: {canceled:?}");
    };
    assert_eq!(canceled.cancellation_reasons()[0].code(), Some("TransactionConflict"));
    assert_eq!(cloud.items(TABLE).len(), 1);
    assert_eq!(cloud.pending_faults(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_conflict_has_another_name_for_a_single_write_and_never_strikes_a_read() {
    let cloud = cloud();
    cloud.inject(Fault::TransactionConflict.on_any());
    dynamo(&cloud, "Scan", json!({"TableName": TABLE})).await;
    let (status, body) = send(&cloud, "DynamoDB_20120810.PutItem", put("s")).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["__type"],
        "com.amazonaws.dynamodb.v20120810#TransactionConflictException"
    );

    cloud.inject(Fault::TransactionThrottled.on_any());
    dynamo(&cloud, "PutItem", put("s")).await;
    let get = json!({"Get": {"TableName": TABLE, "Key": put("s")["Item"]}});
    let get = json!({"TransactItems": [get, get]});
    let (status, body) = send(&cloud, "DynamoDB_20120810.TransactGetItems", get).await;
    assert_eq!(status, 400);
    assert_eq!(body["CancellationReasons"][0]["Code"], "ThrottlingError");
    assert_eq!(body["CancellationReasons"][1], json!({"Code": "None"}));
}

#[tokio::test(start_paused = true)]
async fn the_sdk_tries_again_when_throttled_and_waits_on_the_paused_clock() {
    let cloud = cloud();
    cloud.create_fifo_queue("q.fifo", QueueSettings::default());
    cloud.put_secret("s", "value", None);
    cloud.inject(Fault::Throttled.on("PutItem"));
    cloud.inject(Fault::Throttled.on("GetQueueUrl"));
    cloud.inject(Fault::Throttled.on("GetSecretValue"));
    dynamodb_client(&cloud, 2)
        .put_item()
        .table_name(TABLE)
        .item("pk", AttributeValue::S("p".to_owned()))
        .item("sk", AttributeValue::S("s".to_owned()))
        .send()
        .await
        .expect("the second attempt succeeds");
    sqs_client(&cloud, 2)
        .get_queue_url()
        .queue_name("q.fifo")
        .send()
        .await
        .expect("the second attempt succeeds");
    secrets_client(&cloud, 2)
        .get_secret_value()
        .secret_id("s")
        .send()
        .await
        .expect("the second attempt succeeds");
    let calls: Vec<String> = cloud.calls().iter().map(ToString::to_string).collect();
    assert_eq!(
        calls,
        [
            "PutItem gridlink 400 ProvisionedThroughputExceededException",
            "PutItem gridlink 200",
            "GetQueueUrl q.fifo 400 RequestThrottled",
            "GetQueueUrl q.fifo 200",
            "GetSecretValue s 400 ThrottlingException",
            "GetSecretValue s 200",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_fault_strikes_the_calls_it_is_meant_for() {
    let cloud = cloud();
    cloud.inject(Fault::ServerError.on("PutItem").after(1).times(2));
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(send(&cloud, "DynamoDB_20120810.PutItem", put("s")).await.0);
        dynamo(&cloud, "Scan", json!({"TableName": TABLE})).await;
    }
    assert_eq!(statuses, [200, 500, 500, 200]);

    cloud.inject(Fault::ServerError.on_any().always());
    assert_eq!(send(&cloud, "AmazonSQS.GetQueueUrl", json!({})).await.0, 500);
    assert_eq!(send(&cloud, "secretsmanager.GetSecretValue", json!({})).await.0, 500);
    cloud.clear_faults();
    dynamo(&cloud, "Scan", json!({"TableName": TABLE})).await;
}

#[tokio::test(start_paused = true)]
async fn a_late_server_error_hides_what_was_done() {
    let cloud = cloud();
    cloud.create_fifo_queue("q.fifo", QueueSettings::default());
    cloud.inject(Fault::ServerErrorAfterwards.on_any().times(2));
    assert_eq!(send(&cloud, "DynamoDB_20120810.PutItem", put("s")).await.0, 500);
    let message = json!({"QueueUrl": cloud.queue_url("q.fifo"), "MessageBody": "x",
        "MessageGroupId": "g", "MessageDeduplicationId": "d"});
    assert_eq!(send(&cloud, "AmazonSQS.SendMessage", message).await.0, 500);
    assert_eq!(cloud.items(TABLE).len(), 1);
    assert_eq!(cloud.calls()[0].write_units, Some(1.0));
    assert_eq!(cloud.depth("q.fifo"), 1);
}

#[tokio::test(start_paused = true)]
async fn half_a_batch_is_handed_back() {
    let cloud = cloud();
    let puts: Vec<_> = ["a", "b", "c"]
        .iter()
        .map(|sk| json!({"PutRequest": {"Item": put(sk)["Item"]}}))
        .collect();
    cloud.inject(Fault::HalfProcessed.on_any());
    let answer = dynamo(&cloud, "BatchWriteItem", json!({"RequestItems": {TABLE: puts}})).await;
    assert_eq!(answer["UnprocessedItems"], json!({TABLE: [puts[2]]}));
    assert_eq!(cloud.items(TABLE).len(), 2);

    let keys: Vec<_> = ["a", "b"].iter().map(|sk| put(sk)["Item"].clone()).collect();
    let get = json!({"RequestItems": {TABLE: {"Keys": keys, "ConsistentRead": true}}});
    cloud.inject(Fault::HalfProcessed.on("BatchGetItem"));
    let answer = dynamo(&cloud, "BatchGetItem", get).await;
    assert_eq!(answer["Responses"][TABLE], json!([keys[0]]));
    assert_eq!(
        answer["UnprocessedKeys"],
        json!({TABLE: {"Keys": [keys[1]], "ConsistentRead": true}})
    );

    let one = json!({"RequestItems": {TABLE: {"Keys": [keys[0]]}}});
    cloud.inject(Fault::HalfProcessed.on("BatchGetItem"));
    let (_, body) = send(&cloud, "DynamoDB_20120810.BatchGetItem", one).await;
    assert_eq!(
        body["__type"],
        "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"
    );
}
