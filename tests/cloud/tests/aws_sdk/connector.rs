//! The SDK's HTTP client that hands every request to a cloud.

use aws_credential_types::Credentials;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::RetryConfig;
use bytes::Bytes;
use cloud::Cloud;
use http_body_util::BodyExt;

#[derive(Clone)]
struct IntoCloud(Cloud);

impl std::fmt::Debug for IntoCloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IntoCloud")
    }
}

impl HttpConnector for IntoCloud {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let cloud = self.0.clone();
        HttpConnectorFuture::new(async move {
            let answer = exchange(&cloud, request).await;
            answer.map_err(|error| ConnectorError::user(error.into()))
        })
    }
}

async fn exchange(cloud: &Cloud, request: HttpRequest) -> anyhow::Result<HttpResponse> {
    let (parts, body) = request.try_into_http1x()?.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => anyhow::bail!("the body cannot be read: {error}"),
    };
    let response = cloud.call(http::Request::from_parts(parts, body)).await;
    let response = response.map(|body: Bytes| SdkBody::from(body));
    Ok(HttpResponse::try_from(response)?)
}

fn http_client(cloud: &Cloud) -> SharedHttpClient {
    let connector = SharedHttpConnector::new(IntoCloud(cloud.clone()));
    http_client_fn(move |_, _| connector.clone())
}

#[derive(Debug)]
struct AtStart;

impl TimeSource for AtStart {
    fn now(&self) -> std::time::SystemTime {
        crate::start()
    }
}

fn credentials() -> Credentials {
    Credentials::new("AKID", "secret", None, None, "test")
}

/// A client of one service that never tries again by itself, unless `attempts` says so.
macro_rules! client {
    ($service:ident, $name:ident) => {
        pub(crate) fn $name(cloud: &Cloud, attempts: u32) -> $service::Client {
            let config = $service::Config::builder()
                .behavior_version($service::config::BehaviorVersion::latest())
                .region($service::config::Region::new(cloud::REGION))
                .credentials_provider(credentials())
                .time_source(SharedTimeSource::new(AtStart))
                .sleep_impl(TokioSleep::new())
                .retry_config(RetryConfig::standard().with_max_attempts(attempts))
                .http_client(http_client(cloud))
                .build();
            $service::Client::from_conf(config)
        }
    };
}

client!(aws_sdk_dynamodb, dynamodb_client);
client!(aws_sdk_secretsmanager, secrets_client);
client!(aws_sdk_sqs, sqs_client);
