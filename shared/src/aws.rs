//! The AWS SDK over our own transport: one HTTP client, one TLS stack and one set of roots for
//! everything, and the same seam in tests.

use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::client::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region;
use bytes::Bytes;
use secrecy::ExposeSecret;

use crate::clock::Clock;
use crate::config::AwsConfig;
use crate::failure::System;
use crate::http::{Transport, TransportError, full};
use crate::retry::Answer;
use crate::telemetry::{self, Metric};

/// How long one call to one of the three services of the functions may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// What the clients of all services are made of.
pub struct Aws {
    config: AwsConfig,
    transport: Transport,
    clock: Clock,
}

impl Aws {
    /// Clients that send over `transport` and read `clock`.
    pub fn new(config: AwsConfig, transport: Transport, clock: Clock) -> Self {
        Self {
            config,
            transport: transport.toward(System::Aws),
            clock,
        }
    }

    /// A client of DynamoDB.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.settings(CALL_TIMEOUT))
    }

    /// A client of SQS.
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        aws_sdk_sqs::Client::new(&self.settings(CALL_TIMEOUT))
    }

    /// A client of Secrets Manager.
    pub fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        aws_sdk_secretsmanager::Client::new(&self.settings(CALL_TIMEOUT))
    }

    /// What the client of any service is made with; `timeout` is for one call.
    pub fn settings(&self, timeout: Duration) -> SdkConfig {
        let secret = &self.config;
        let session_token = secret.session_token.as_ref();
        let credentials = Credentials::new(
            secret.access_key_id.clone(),
            secret.secret_access_key.expose_secret(),
            session_token.map(|token| token.expose_secret().to_owned()),
            None,
            "environment",
        );
        let mut builder = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(secret.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .http_client(http_client(self.transport.clone(), timeout))
            .sleep_impl(TokioSleep::new())
            .time_source(self.clock.clone())
            .retry_config(RetryConfig::standard().with_initial_backoff(Duration::from_millis(50)))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        if let Some(endpoint) = &secret.endpoint {
            builder = builder.endpoint_url(endpoint);
        }
        builder.build()
    }
}

/// Our transport as the SDK wants it; `timeout` is for one call.
pub fn http_client(transport: Transport, timeout: Duration) -> impl HttpClient + 'static {
    Sdk {
        transport: Arc::new(transport),
        timeout,
    }
}

#[derive(Debug, Clone)]
struct Sdk {
    transport: Arc<Transport>,
    timeout: Duration,
}

impl HttpClient for Sdk {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Sdk {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (transport, timeout) = (Arc::clone(&self.transport), self.timeout);
        HttpConnectorFuture::new(async move {
            match tokio::time::timeout(timeout, carry(&transport, request)).await {
                Ok(outcome) => outcome,
                Err(elapsed) => Err(ConnectorError::timeout(elapsed.into())),
            }
        })
    }
}

async fn carry(transport: &Transport, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    let (parts, body) = request.into_parts();
    let bytes = body.bytes().map(Bytes::copy_from_slice).unwrap_or_default();
    let request = http::Request::from_parts(parts, full(bytes));
    let answer = async { transport.carry(request).await?.read().await }
        .await
        .map_err(connector_error)?;
    if answer.status == 400 && is_throttled(&answer.body) {
        telemetry::count_of(System::Aws, Metric::RefusedForRate);
    }
    let mut response = http::Response::new(SdkBody::from(answer.body));
    *response.status_mut() =
        http::StatusCode::from_u16(answer.status).map_err(|error| ConnectorError::other(error.into(), None))?;
    *response.headers_mut() = answer.headers;
    HttpResponse::try_from(response).map_err(|error| ConnectorError::other(error.into(), None))
}

/// Whether a refusal is one for too many calls: AWS says so in the body.
fn is_throttled(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Refusal {
        #[serde(rename = "__type")]
        kind: String,
    }
    serde_json::from_slice(body).is_ok_and(|Refusal { kind }| {
        ["Throttl", "ThroughputExceeded", "RequestLimitExceeded"]
            .iter()
            .any(|word| kind.contains(word))
    })
}

fn connector_error(error: TransportError) -> ConnectorError {
    let never_sent = error.kind == Answer::NeverSent;
    let error = ConnectorError::io(error.into());
    if never_sent { error.never_connected() } else { error }
}
