//! What the cloud does, seen through the real AWS SDK and, where that hides details, on the wire.

mod connector;
mod dynamodb;
mod faults;
mod indexes;
mod ministack;
mod protocol;
mod secrets;
mod sqs;

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cloud::{Clock, Cloud};
use serde_json::Value;

pub(crate) const TABLE: &str = "gridlink";

/// 2026-03-01T00:00:00Z.
pub(crate) fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_323_200)
}

/// A cloud with Gridlink's table, on a clock that the test moves.
pub(crate) fn cloud() -> Cloud {
    let cloud = Cloud::new(Clock::starting_at(start()));
    cloud.create_table(cloud::table_of_the_template(TABLE));
    cloud
}

/// One request without the SDK: status and body.
pub(crate) async fn send(cloud: &Cloud, target: &str, body: Value) -> (u16, Value) {
    let request = http::Request::post("https://aws.example/")
        .header("x-amz-target", target)
        .body(Bytes::from(body.to_string()))
        .expect("the request is well-formed");
    let response = cloud.call(request).await;
    let body = serde_json::from_slice(response.body()).expect("every answer is JSON");
    (response.status().as_u16(), body)
}

/// A DynamoDB request that must succeed.
pub(crate) async fn dynamo(cloud: &Cloud, operation: &str, body: Value) -> Value {
    let (status, body) = send(cloud, &format!("DynamoDB_20120810.{operation}"), body).await;
    assert_eq!(status, 200, "{operation}: {body}");
    body
}
