//! What the scoped app tells of changed records, taken and answered in process.

mod app;
mod delivery;
mod installed;
mod told;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;

use super::seeded;
use crate::outgoing::{Delivery, Destination, Outcome};
use crate::servicenow::ServiceNow;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OUTBOX: &str = "x_gridlink_outbox";

/// A seeded instance that sends events.
fn telling() -> ServiceNow {
    let instance = seeded();
    instance.send_events(Destination::new("https://gridlink.test", "servicenow", SECRET).unwrap());
    instance
}

fn answered(status: u16) -> Outcome {
    Outcome::of(&Response::builder().status(status).body(Bytes::new()).unwrap())
}

async fn seconds(seconds: u64) {
    tokio::time::advance(Duration::from_secs(seconds)).await;
}

/// Answers everything that may leave now and gives the requests in their order.
fn answer_all(instance: &ServiceNow, status: u16) -> Vec<Request<Bytes>> {
    let mut requests = Vec::new();
    loop {
        let due = instance.take_due_events();
        if due.is_empty() {
            return requests;
        }
        for Delivery { id, request } in due {
            requests.push(request);
            instance.sent(id, &answered(status));
        }
    }
}

/// The events that are told within two seconds, all accepted.
async fn told(instance: &ServiceNow) -> Vec<Value> {
    seconds(2).await;
    answer_all(instance, 202).iter().map(event).collect()
}

fn event(request: &Request<Bytes>) -> Value {
    serde_json::from_slice(request.body()).unwrap()
}

fn ids(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["id"].as_str().unwrap()).collect()
}
