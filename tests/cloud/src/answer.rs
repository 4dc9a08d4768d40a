//! What goes back over the imaginary wire.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::{Value, json};

use crate::Service;

/// One answer before it becomes HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Value,
    /// The code that SQS had before it spoke JSON, which the SDKs prefer over `__type`.
    pub(crate) query_error: Option<&'static str>,
    pub(crate) write_units: Option<f64>,
    pub(crate) read_units: Option<f64>,
}

impl Answer {
    pub(crate) fn ok(body: Value) -> Self {
        Self::new(StatusCode::OK, body)
    }

    pub(crate) fn new(status: StatusCode, body: Value) -> Self {
        Answer {
            status,
            body,
            query_error: None,
            write_units: None,
            read_units: None,
        }
    }

    pub(crate) fn refused(error_type: &str, message: &str) -> Self {
        let body = json!({"__type": error_type, "message": message});
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    /// A target that no service of ours has. DynamoDB sends no message with it.
    pub(crate) fn unknown_operation() -> Self {
        let body = json!({"__type": "com.amazon.coral.service#UnknownOperationException"});
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    pub(crate) fn malformed() -> Self {
        let body = json!({"__type": "com.amazon.coral.service#SerializationException"});
        Self::new(StatusCode::BAD_REQUEST, body)
    }

    pub(crate) fn is_ok(&self) -> bool {
        self.status.is_success()
    }

    /// The error's name without its namespace.
    pub(crate) fn error_name(&self) -> Option<String> {
        let name = self.body["__type"].as_str().filter(|_| !self.is_ok())?;
        Some(name.rsplit('#').next().unwrap_or(name).to_owned())
    }

    /// `number` makes the request id, so that two runs of one seed answer alike.
    pub(crate) fn into_http(self, service: Service, number: usize) -> Response<Bytes> {
        let content_type = match service {
            Service::DynamoDb | Service::Sqs => "application/x-amz-json-1.0",
            Service::SecretsManager => "application/x-amz-json-1.1",
        };
        let mut builder = Response::builder()
            .status(self.status)
            .header("content-type", content_type)
            .header("x-amzn-requestid", format!("cloud-{number:08}"));
        if let Some(code) = self.query_error {
            let side = if self.status.is_server_error() {
                "Receiver"
            } else {
                "Sender"
            };
            builder = builder.header("x-amzn-query-error", format!("{code};{side}"));
        }
        builder
            .body(Bytes::from(self.body.to_string()))
            .expect("status and headers are well-formed")
    }
}
