use bytes::Bytes;
use cloud::Cloud;
use serde_json::json;

use crate::{cloud, send};

#[tokio::test(start_paused = true)]
async fn an_unknown_target_is_refused_as_by_aws() {
    let cloud = cloud();
    let unknown = json!({"__type": "com.amazon.coral.service#UnknownOperationException"});
    for target in [
        "DynamoDB_20120810.DropTable",
        "AmazonSQS.DropQueue",
        "secretsmanager.DropSecret",
        "Kinesis_20131202.PutRecord",
        "nonsense",
    ] {
        let (status, body) = send(&cloud, target, json!({})).await;
        assert_eq!((status, &body), (400, &unknown), "{target}");
    }
    let without_target = http::Request::new(Bytes::new());
    assert_eq!(cloud.call(without_target).await.status().as_u16(), 400);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_is_no_json_object_is_refused() {
    let cloud = cloud();
    for body in ["", "{", "[]", "7"] {
        let request = http::Request::post("https://aws.example/")
            .header("x-amz-target", "DynamoDB_20120810.GetItem")
            .body(Bytes::from(body))
            .expect("the request is well-formed");
        let answer = cloud.call(request).await;
        assert_eq!(answer.status().as_u16(), 400);
        assert_eq!(
            answer.body(),
            r#"{"__type":"com.amazon.coral.service#SerializationException"}"#
        );
    }
}

/// The simulator may run on several threads.
#[test]
fn a_cloud_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<Cloud>();
}
