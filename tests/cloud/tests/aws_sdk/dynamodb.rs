use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem};
use serde_json::json;
use std::time::Duration;

use crate::connector::dynamodb_client;
use crate::{TABLE, cloud, dynamo, send};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn put(pk: &str, text_value: &str) -> Put {
    Put::builder()
        .table_name(TABLE)
        .item("pk", text(pk))
        .item("sk", text("HEAD#in"))
        .item("text", text(text_value))
        .condition_expression("attribute_not_exists(pk)")
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .expect("table and item are set")
}

fn action(put: Put) -> TransactWriteItem {
    TransactWriteItem::builder().put(put).build()
}

#[tokio::test(start_paused = true)]
async fn a_second_conditional_put_is_told_what_is_there() {
    let cloud = cloud();
    let client = dynamodb_client(&cloud, 1);
    let put = |value: &str| {
        client
            .put_item()
            .table_name(TABLE)
            .item("pk", text("a"))
            .item("sk", text("x"))
            .item("text", text(value))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    put("first").await.expect("the first put succeeds");
    let refused = put("second").await.expect_err("the second is refused");
    let SdkError::ServiceError(refused) = refused else {
        panic!("not an answer of the service: {refused:?}");
    };
    assert_eq!(refused.raw().status().as_u16(), 400);
    let PutItemError::ConditionalCheckFailedException(failed) = refused.err() else {
        panic!("another error: {:?}", refused.err());
    };
    let there = failed.item().expect("the item comes with the refusal");
    assert_eq!(there["text"], text("first"));
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_refused_as_a_whole_with_a_reason_for_each_action() {
    let cloud = cloud();
    let client = dynamodb_client(&cloud, 1);
    let transact =
        |actions: Vec<TransactWriteItem>| client.transact_write_items().set_transact_items(Some(actions)).send();
    transact(vec![action(put("b", "first"))])
        .await
        .expect("the first transaction commits");
    let refused = transact(vec![action(put("a", "new")), action(put("b", "second"))])
        .await
        .expect_err("b is taken")
        .into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = refused else {
        panic!("another error: {refused:?}");
    };
    let reasons = canceled.cancellation_reasons();
    assert_eq!(reasons[0].code(), Some("None"));
    assert_eq!(reasons[1].code(), Some("ConditionalCheckFailed"));
    let there = reasons[1].item().expect("the item comes with the reason");
    assert_eq!(there["text"], text("first"));
    assert_eq!(
        *cloud.items(TABLE),
        [json!({"pk": "b", "sk": "HEAD#in", "text": "first"})]
    );
}

#[tokio::test(start_paused = true)]
async fn a_transaction_token_counts_for_ten_minutes() {
    let cloud = cloud();
    let client = dynamodb_client(&cloud, 1);
    let transact = |pk: &str| {
        client
            .transact_write_items()
            .transact_items(action(put(pk, "once")))
            .client_request_token("token-1")
            .send()
    };
    transact("a").await.expect("commits");
    transact("a")
        .await
        .expect("is known, so its condition is not looked at");
    let other = transact("b").await.expect_err("the token belongs to a");
    assert!(
        matches!(
            other.as_service_error(),
            Some(TransactWriteItemsError::IdempotentParameterMismatchException(_))
        ),
        "{other:?}"
    );

    tokio::time::advance(Duration::from_secs(601)).await;
    let late = transact("a").await.expect_err("the token is forgotten");
    assert!(
        matches!(
            late.as_service_error(),
            Some(TransactWriteItemsError::TransactionCanceledException(_))
        ),
        "{late:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn items_are_plain_json_in_key_order() {
    let cloud = cloud();
    for sk in ["b", "a"] {
        let item = json!({
            "pk": {"S": "p"}, "sk": {"S": sk}, "n": {"N": "7"}, "half": {"N": "0.5"},
            "yes": {"BOOL": true}, "nothing": {"NULL": true}, "set": {"SS": ["y", "x"]},
            "numbers": {"NS": ["10", "9"]}, "list": {"L": [{"S": "x"}]}, "map": {"M": {"k": {"N": "1"}}},
        });
        dynamo(&cloud, "PutItem", json!({"TableName": TABLE, "Item": item})).await;
    }
    let items = cloud.items(TABLE);
    assert_eq!(
        items[0],
        json!({
            "pk": "p", "sk": "a", "n": 7, "half": 0.5, "yes": true, "nothing": null,
            "set": ["x", "y"], "numbers": [9, 10], "list": ["x"], "map": {"k": 1},
        })
    );
    assert_eq!(items[1]["sk"], "b");
}

#[tokio::test(start_paused = true)]
async fn every_operation_of_ours_answers() {
    let cloud = cloud();
    let key = json!({"pk": {"S": "p"}, "sk": {"S": "s"}});
    let of_key = json!({"TableName": TABLE, "Key": key});
    let requests = [
        ("PutItem", json!({"TableName": TABLE, "Item": key})),
        (
            "UpdateItem",
            json!({"TableName": TABLE, "Key": key,
            "UpdateExpression": "SET #c = if_not_exists(#c, :zero) + :one", "ExpressionAttributeNames": {"#c": "count"},
            "ExpressionAttributeValues": {":zero": {"N": "0"}, ":one": {"N": "1"}}, "ReturnValues": "ALL_NEW"}),
        ),
        ("GetItem", of_key.clone()),
        (
            "BatchGetItem",
            json!({"RequestItems": {TABLE: {"Keys": [key], "ConsistentRead": true}}}),
        ),
        ("TransactGetItems", json!({"TransactItems": [{"Get": of_key}]})),
        (
            "TransactWriteItems",
            json!({"TransactItems": [{"ConditionCheck": {"TableName": TABLE, "Key": key,
            "ConditionExpression": "attribute_exists(pk)"}}]}),
        ),
        (
            "Query",
            json!({"TableName": TABLE, "KeyConditionExpression": "pk = :p",
            "ExpressionAttributeValues": {":p": {"S": "p"}}, "ConsistentRead": true}),
        ),
        ("Scan", json!({"TableName": TABLE})),
        ("DescribeTable", json!({"TableName": TABLE})),
        ("DeleteItem", of_key.clone()),
        (
            "BatchWriteItem",
            json!({"RequestItems": {TABLE: [{"PutRequest": {"Item": key}}]}}),
        ),
    ];
    for (operation, request) in requests {
        let answer = dynamo(&cloud, operation, request).await;
        assert!(
            answer["ConsumedCapacity"].is_null(),
            "{operation}: nobody asked: {answer}"
        );
    }
    let calls = cloud.calls();
    assert!(calls.iter().all(|call| call.resource == TABLE), "{calls:?}");
    assert_eq!(calls[5].to_string(), "TransactWriteItems gridlink 200");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_dynamodb_keeps_its_words() {
    let cloud = cloud();
    let put = |item| {
        send(
            &cloud,
            "DynamoDB_20120810.PutItem",
            json!({"TableName": TABLE, "Item": item}),
        )
    };
    let (status, body) = put(json!({"pk": {"S": ""}, "sk": {"S": "s"}})).await;
    assert_eq!(status, 400);
    assert_eq!(body["__type"], "com.amazon.coral.validate#ValidationException");
    assert_eq!(
        body["message"],
        "One or more parameter values are not valid. The AttributeValue for a key attribute \
         cannot contain an empty string value. Key: pk"
    );

    let (status, body) = put(json!({"pk": {"S": "p"}, "sk": {"S": "s"}, "x": {}})).await;
    assert_eq!(status, 400, "{body}");
    let huge = "x".repeat(400 * 1024);
    let (_, body) = put(json!({"pk": {"S": "p"}, "sk": {"S": "s"}, "x": {"S": huge}})).await;
    assert_eq!(body["message"], "Item size has exceeded the maximum allowed size");

    let elsewhere = json!({"TableName": "nowhere", "Key": {"pk": {"S": "p"}, "sk": {"S": "s"}}});
    let (status, body) = send(&cloud, "DynamoDB_20120810.GetItem", elsewhere).await;
    assert_eq!(status, 400);
    assert_eq!(
        body["__type"],
        "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"
    );
}

#[tokio::test(start_paused = true)]
async fn items_expire_on_the_virtual_clock_when_asked() {
    let cloud = cloud();
    let ttl = json!({"TableName": TABLE, "TimeToLiveSpecification": {"AttributeName": "ttl", "Enabled": true}});
    dynamo(&cloud, "UpdateTimeToLive", ttl).await;
    let item = json!({"pk": {"S": "p"}, "sk": {"S": "s"}, "ttl": {"N": "1772323260"}});
    dynamo(&cloud, "PutItem", json!({"TableName": TABLE, "Item": item})).await;
    assert_eq!(cloud.expire_items(), 0);
    tokio::time::advance(Duration::from_secs(61)).await;
    assert_eq!(cloud.expire_items(), 1);
    assert!(cloud.items(TABLE).is_empty());
}

mod units {
    use super::*;

    async fn written(cloud: &cloud::Cloud) -> f64 {
        let units = cloud.calls().iter().filter_map(|call| call.write_units).sum();
        cloud.forget_calls();
        units
    }

    fn head(next_attempt_at: Option<u64>, filler: usize) -> serde_json::Value {
        let mut item = json!({"pk": {"S": "p"}, "sk": {"S": "s"}, "x": {"S": "x".repeat(filler)}});
        if let Some(at) = next_attempt_at {
            item["due"] = json!({"S": "due#3"});
            item["next_attempt_at"] = json!({"N": at.to_string()});
        }
        item
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_costs_by_size_and_by_what_it_does_to_the_index() {
        let cloud = cloud();
        let put = |item| dynamo(&cloud, "PutItem", json!({"TableName": TABLE, "Item": item}));
        let table = [
            ("small and not due", head(None, 1), 1.0),
            ("more than 1 KB", head(None, 1500), 2.0),
            ("small again: the larger counts", head(None, 1), 2.0),
            ("enters the index", head(Some(1), 1), 2.0),
            ("same index entry", head(Some(1), 2), 1.0),
            ("moves in the index", head(Some(2), 1), 3.0),
            ("leaves the index", head(None, 1), 2.0),
        ];
        for (what, item, units) in table {
            put(item).await;
            assert_eq!(written(&cloud).await, units, "{what}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_transaction_costs_double_but_for_the_index() {
        let cloud = cloud();
        let key = json!({"pk": {"S": "other"}, "sk": {"S": "s"}});
        let transact = |item| {
            let check = json!({"TableName": TABLE, "Key": key, "ConditionExpression": "attribute_not_exists(pk)"});
            let actions = json!([{"Put": {"TableName": TABLE, "Item": item}}, {"ConditionCheck": check}]);
            dynamo(&cloud, "TransactWriteItems", json!({"TransactItems": actions}))
        };
        transact(head(None, 1)).await;
        assert_eq!(written(&cloud).await, 4.0);
        transact(head(Some(1), 1)).await;
        assert_eq!(written(&cloud).await, 5.0);
        transact(head(Some(2), 1)).await;
        assert_eq!(written(&cloud).await, 6.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_condition_costs_too() {
        let cloud = cloud();
        let put = json!({"TableName": TABLE, "Item": head(None, 1), "ConditionExpression": "attribute_exists(pk)"});
        send(&cloud, "DynamoDB_20120810.PutItem", put.clone()).await;
        assert_eq!(written(&cloud).await, 1.0);
        let transaction = json!({"TransactItems": [{"Put": put}]});
        send(&cloud, "DynamoDB_20120810.TransactWriteItems", transaction).await;
        assert_eq!(written(&cloud).await, 2.0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_gets_the_capacity_it_asks_for() {
        let cloud = cloud();
        let put = |mode: &str| {
            let put = json!({"TableName": TABLE, "Item": head(Some(1), 1), "ReturnConsumedCapacity": mode});
            dynamo(&cloud, "PutItem", put)
        };
        assert!(put("NONE").await["ConsumedCapacity"].is_null());
        let total = put("TOTAL").await;
        assert_eq!(
            total["ConsumedCapacity"],
            json!({"TableName": TABLE, "CapacityUnits": 1.0})
        );
        assert!(put("INDEXES").await["ConsumedCapacity"]["Table"].is_object());
    }
}
