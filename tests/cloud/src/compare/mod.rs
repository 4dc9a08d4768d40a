//! The same random requests to a cloud and to another emulator, and where the answers differ.
//!
//! The other side is whatever the caller's `send` reaches, for example MiniStack over HTTP.
//! The comparison makes its own table and queues there, in place of those of an earlier run.
//!
//! With MiniStack 1.5.33 no request of ours was answered differently. What differs is left out:
//! MiniStack calls every stale receipt `ReceiptHandleIsInvalid`, also that of a deleted message,
//! and lets the last receipt delete a message that is visible again, which a FIFO queue of AWS
//! refuses (<https://github.com/localstack/localstack/issues/12278>).

mod normal;
mod requests;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};

use crate::{Clock, Cloud, QueueSettings};
use normal::normal;
use requests::{DEAD_LETTERS, QUEUE, Requests, Step, TABLE};

/// One request that the two sides answered differently, after what must differ is taken out.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The position of the request in the run.
    pub step: usize,
    /// For example `DynamoDB_20120810.PutItem`.
    pub target: String,
    pub request: Value,
    pub ours: Value,
    pub theirs: Value,
}

/// Sends `steps` random requests to both sides. The same seed makes the same requests.
pub async fn differences<Sending>(seed: u64, steps: usize, send: impl Fn(Request<Bytes>) -> Sending) -> Vec<Difference>
where
    Sending: Future<Output = Response<Bytes>>,
{
    let cloud = Cloud::new(Clock::System);
    cloud.create_table(crate::table_of_the_template(TABLE));
    cloud.create_fifo_queue(QUEUE, queue_settings());
    let their_queue = set_up(&send).await;

    let mut requests = Requests::new(seed);
    let mut differences = Vec::new();
    for step in 0..steps {
        let next = requests.next();
        let ours = cloud.call(request(&next, &cloud.queue_url(QUEUE), Side::Ours)).await;
        let theirs = send(request(&next, &their_queue, Side::Theirs)).await;
        let (ours, theirs) = (answer(&ours), answer(&theirs));
        requests.learn(&next, &ours.1, &theirs.1);
        let (ours, theirs) = (normal(ours), normal(theirs));
        if ours != theirs {
            differences.push(Difference {
                step,
                target: next.target.to_owned(),
                request: next.body,
                ours,
                theirs,
            });
        }
    }
    differences
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Theirs,
}

/// Long enough that nothing becomes visible by itself during a run.
fn queue_settings() -> QueueSettings {
    QueueSettings {
        visibility: std::time::Duration::from_secs(600),
        max_receive_count: 3,
        dead_letter: Some(DEAD_LETTERS.to_owned()),
        ..QueueSettings::default()
    }
}

/// Creates table and queue on the other side, and returns the queue's URL.
async fn set_up<Sending>(send: &impl Fn(Request<Bytes>) -> Sending) -> String
where
    Sending: Future<Output = Response<Bytes>>,
{
    let policy = json!({
        "deadLetterTargetArn": format!("arn:aws:sqs:{}:{}:{DEAD_LETTERS}", crate::REGION, crate::ACCOUNT),
        "maxReceiveCount": 3,
    });
    let steps = [
        ("DynamoDB_20120810.CreateTable", crate::table_of_the_template(TABLE)),
        (
            "AmazonSQS.CreateQueue",
            json!({"QueueName": DEAD_LETTERS, "Attributes": {"FifoQueue": "true"}}),
        ),
        (
            "AmazonSQS.CreateQueue",
            json!({"QueueName": QUEUE, "Attributes": {"FifoQueue": "true",
                "VisibilityTimeout": "600", "RedrivePolicy": policy.to_string()}}),
        ),
    ];
    let exchange = async |target: &'static str, body: Value, queue_url: &str| {
        let step = Step::new(target, body);
        answer(&send(request(&step, queue_url, Side::Theirs)).await)
    };
    exchange("DynamoDB_20120810.DeleteTable", json!({"TableName": TABLE}), "").await;
    for name in [QUEUE, DEAD_LETTERS] {
        let (_, found) = exchange("AmazonSQS.GetQueueUrl", json!({"QueueName": name}), "").await;
        let url = found["QueueUrl"].as_str().unwrap_or_default();
        exchange("AmazonSQS.DeleteQueue", json!({}), url).await;
    }
    let mut url = String::new();
    for (target, body) in steps {
        let answer = exchange(target, body, "").await;
        assert_eq!(answer.0, 200, "{target}: {}", answer.1);
        url = answer.1["QueueUrl"].as_str().unwrap_or_default().to_owned();
    }
    url
}

fn request(step: &Step, queue_url: &str, side: Side) -> Request<Bytes> {
    let body = step.body_for(queue_url, side);
    let service = match step.target.split_once('.') {
        Some(("AmazonSQS", _)) => "sqs",
        _ => "dynamodb",
    };
    // Emulators look at the credential's scope to find the service; nobody checks the signature.
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKID/20260301/{}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0",
        crate::REGION
    );
    Request::post("/")
        .header("x-amz-target", step.target)
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", authorization)
        .body(Bytes::from(body.to_string()))
        .expect("the request is well-formed")
}

fn answer(response: &Response<Bytes>) -> (u16, Value) {
    let body = serde_json::from_slice(response.body())
        .unwrap_or_else(|_| json!({"not JSON": String::from_utf8_lossy(response.body()).into_owned()}));
    (response.status().as_u16(), body)
}
