//! The front door: requests in, answers out, and the helpers that set a test up.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde_json::Value;
use tokio::sync::Notify;

use crate::answer::Answer;
use crate::dynamodb::Tables;
use crate::fault::{Fault, Faults, Injection};
use crate::record::{CallRecord, Service};
use crate::secrets::Secrets;
use crate::sqs::{self, QueueSettings, Queues};
use crate::{Clock, sqs::Refusal};

/// One AWS account with its tables, queues and secrets. Clones share it.
#[derive(Clone)]
pub struct Cloud {
    pub(crate) clock: Clock,
    state: Arc<Mutex<State>>,
    /// Told whenever a queue may have something new to receive.
    pub(crate) queues_changed: Arc<Notify>,
}

pub(crate) struct State {
    tables: Tables,
    pub(crate) queues: Queues,
    secrets: Secrets,
    faults: Faults,
    calls: Vec<CallRecord>,
}

impl Cloud {
    pub fn new(clock: Clock) -> Self {
        let state = State {
            tables: Tables::new(clock),
            queues: Queues::default(),
            secrets: Secrets::default(),
            faults: Faults::default(),
            calls: Vec::new(),
        };
        Cloud {
            clock,
            state: Arc::new(Mutex::new(state)),
            queues_changed: Arc::new(Notify::new()),
        }
    }

    /// Answers one request of the SDK. Only a `ReceiveMessage` with `WaitTimeSeconds` ever waits.
    pub async fn call(&self, request: Request<Bytes>) -> Response<Bytes> {
        let target = request
            .headers()
            .get("x-amz-target")
            .and_then(|target| target.to_str().ok())
            .and_then(Target::parse);
        let Some(target) = target else {
            return Answer::unknown_operation().into_http(Service::DynamoDb, 0);
        };
        let body = serde_json::from_slice::<Value>(request.body()).ok();
        let Some(body) = body.filter(Value::is_object) else {
            return self.record(&target, String::new(), Answer::malformed());
        };
        if let Some((queue, wait)) = target.long_poll(&body) {
            self.wait_for_message(&queue, wait).await;
        }
        let resource = resource(&body);
        let answer = self.answer(&target, body);
        if target.service == Service::Sqs {
            self.queues_changed.notify_waiters();
        }
        self.record(&target, resource, answer)
    }

    /// `definition` is the body of a `CreateTable` request. Panics if it is refused.
    pub fn create_table(&self, definition: Value) {
        self.state().tables.create_table(definition);
    }

    /// Replaces a queue of that name. Creates its dead-letter queue if that is not there yet.
    pub fn create_fifo_queue(&self, name: &str, settings: QueueSettings) {
        let now = self.clock.now();
        self.state().queues.create(name, settings, now);
    }

    /// `https://sqs.us-east-1.amazonaws.com/000000000000/{name}`
    pub fn queue_url(&self, name: &str) -> String {
        sqs::queue_url(name)
    }

    /// Sets `AWSCURRENT` and, if given, `AWSPREVIOUS`, in place of what was there.
    pub fn put_secret(&self, name: &str, current: &str, previous: Option<&str>) {
        let now = self.clock.now();
        self.state().secrets.put(name, current, previous, now);
    }

    /// Every item of a table as plain JSON (`{"n": 7}`, not `{"n": {"N": "7"}}`), ordered by key.
    /// Sets are sorted arrays, binary is base64.
    pub fn items(&self, table: &str) -> Arc<Vec<Value>> {
        self.state().tables.items(table)
    }

    /// From now on index queries of this table show what was there `writes` committed calls ago.
    /// 0 makes them current again.
    pub fn lag_indexes(&self, table: &str, writes: usize) {
        self.state().tables.lag_indexes(table, writes);
    }

    /// Removes what has expired by TTL (AWS does so within days), and says how many items.
    /// The table needs `UpdateTimeToLive` first.
    pub fn expire_items(&self) -> usize {
        self.state().tables.expire_items()
    }

    pub fn inject(&self, injection: Injection) {
        self.state().faults.add(injection);
    }

    /// How many injections have not struck as often as they should.
    pub fn pending_faults(&self) -> usize {
        self.state().faults.pending()
    }

    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// Every call so far. Set-up and the consumer side of a queue are not among them.
    pub fn calls(&self) -> Vec<CallRecord> {
        self.state().calls.clone()
    }

    pub fn forget_calls(&self) {
        self.state().calls.clear();
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A panic inside is a failed test already; others may still look at what was left.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answer(&self, target: &Target, body: Value) -> Answer {
        let now = self.clock.now();
        let mut state = self.state();
        let fault = state.faults.strike(target.service, &target.operation);
        let answer = match target.service {
            Service::DynamoDb => state.tables.answer(&target.operation, body, fault, now),
            Service::Sqs => state.queues.answer(&target.operation, &body, fault, now),
            Service::SecretsManager => match fault {
                Some(Fault::Throttled) => Answer::refused("ThrottlingException", "Rate exceeded"),
                Some(Fault::ServerError) => server_error(Service::SecretsManager),
                _ => state.secrets.answer(&target.operation, &body),
            },
        };
        if fault == Some(Fault::ServerErrorAfterwards) && answer.is_ok() {
            return Answer {
                write_units: answer.write_units,
                read_units: answer.read_units,
                ..server_error(target.service)
            };
        }
        answer
    }

    fn record(&self, target: &Target, resource: String, answer: Answer) -> Response<Bytes> {
        let mut state = self.state();
        state.calls.push(CallRecord {
            at: self.clock.now(),
            service: target.service,
            operation: target.operation.clone(),
            resource,
            status: answer.status.as_u16(),
            error: answer.error_name(),
            write_units: answer.write_units,
            read_units: answer.read_units,
        });
        answer.into_http(target.service, state.calls.len())
    }

    /// Returns when the queue has something to receive, or the time is over.
    pub(crate) async fn wait_for_message(&self, queue: &str, wait: Duration) {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let changed = self.queues_changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let now = self.clock.now();
            let (ready, next) = self.state().queues.readiness(queue, now);
            let left = deadline.saturating_duration_since(tokio::time::Instant::now());
            if ready || left.is_zero() {
                return;
            }
            let until_visible = next.and_then(|next| next.duration_since(now).ok());
            let nap = until_visible.map_or(left, |until| until.min(left));
            tokio::select! {
                () = changed => {}
                () = tokio::time::sleep(nap) => {}
            }
        }
    }
}

/// For example `DynamoDB_20120810.PutItem`.
struct Target {
    service: Service,
    operation: String,
}

impl Target {
    fn parse(header: &str) -> Option<Self> {
        let (prefix, operation) = header.rsplit_once('.')?;
        let service = match prefix {
            "DynamoDB_20120810" => Service::DynamoDb,
            "AmazonSQS" => Service::Sqs,
            "secretsmanager" => Service::SecretsManager,
            _ => return None,
        };
        Some(Target {
            service,
            operation: operation.to_owned(),
        })
    }

    fn long_poll(&self, body: &Value) -> Option<(String, Duration)> {
        match self.service {
            Service::Sqs => sqs::long_poll(&self.operation, body),
            Service::DynamoDb | Service::SecretsManager => None,
        }
    }
}

fn server_error(service: Service) -> Answer {
    match service {
        Service::Sqs => Refusal::ServerError.answer(),
        Service::DynamoDb => crate::dynamodb::server_error(),
        Service::SecretsManager => Answer {
            status: http::StatusCode::INTERNAL_SERVER_ERROR,
            ..Answer::refused("InternalServiceError", "An error occurred on the server side.")
        },
    }
}

/// What a request is about, for the log.
fn resource(body: &Value) -> String {
    if let Some(url) = body["QueueUrl"].as_str() {
        return sqs::queue_name(url).unwrap_or(url).to_owned();
    }
    for member in ["TableName", "QueueName", "SecretId"] {
        if let Some(name) = body[member].as_str() {
            return name.to_owned();
        }
    }
    let mut tables: Vec<&str> = match (&body["RequestItems"], &body["TransactItems"]) {
        (Value::Object(tables), _) => tables.keys().map(String::as_str).collect(),
        (_, Value::Array(actions)) => actions
            .iter()
            .filter_map(|action| action.as_object()?.values().next()?["TableName"].as_str())
            .collect(),
        _ => Vec::new(),
    };
    tables.sort_unstable();
    tables.dedup();
    tables.join(",")
}
