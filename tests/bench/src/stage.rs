//! What a function is measured against: a table, a queue, secrets and the two systems, all fresh,
//! and the events that it gets.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bench::Side;
use bytes::Bytes;
use cloud::{Cloud, QueueSettings};
use http::Request;
use http_body_util::BodyExt;
use secrecy::SecretString;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::{AwsConfig, Config};
use shared::domain::UseCase;
use shared::http::{Body, Transport, TransportError};
use shared::lambda::Ingress;
use shared::mapping::Mapping;
use shared::signature;
use tokio_rustls::TlsAcceptor;
use worlds::{ServiceNow, TradingGrid};

use crate::upstream::{Upstream, Worlds};

const TABLE: &str = "gridlink";
const DEPLOYMENT: &str = "bench";
const COMPANY: &str = "GC41543822654A";
const KEY: [u8; 32] = [7; 32];

/// The folders of the repository and of this run.
#[derive(Debug, Clone)]
pub(crate) struct Folders {
    /// Where `mapping.yaml` is.
    pub(crate) infra: PathBuf,
    /// Where this run writes.
    pub(crate) work: PathBuf,
}

impl Folders {
    pub(crate) fn authority(&self) -> PathBuf {
        self.work.join("ca.pem")
    }
}

/// One fresh outside.
pub(crate) struct Stage {
    pub(crate) upstream: Upstream,
    pub(crate) worlds: Worlds,
    ingress: Ingress,
    key: signature::Key,
    environment: Vec<(&'static str, String)>,
}

impl Stage {
    pub(crate) async fn set(folders: &Folders, tls: &TlsAcceptor) -> Result<Self> {
        let cloud = Cloud::new(cloud::Clock::System);
        cloud.create_table(cloud::table_of_the_template(TABLE));
        for use_case in UseCase::ALL {
            cloud.create_fifo_queue(&queue(use_case), QueueSettings::default());
        }
        let key = format!("whsec_{}", STANDARD.encode(KEY));
        let client = json!({"client_id": "gridlink", "client_secret": "gridlink"}).to_string();
        cloud.put_secret("webhook/trading-grid", &key, None);
        cloud.put_secret("webhook/servicenow", &key, None);
        cloud.put_secret("credentials/servicenow", &client, None);
        cloud.put_secret("credentials/trading-grid", &client, None);
        cloud.put_secret("reference", "a text that nobody can foresee", None);
        let worlds = Worlds {
            cloud,
            servicenow: ServiceNow::seeded(worlds::Clock::System),
            trading_grid: TradingGrid::seeded(worlds::Clock::System),
        };
        let upstream = Upstream::start(worlds.clone(), tls).await?;
        let mapping = std::fs::read_to_string(folders.infra.join("mapping.yaml")).context("mapping.yaml")?;
        let config = config(&worlds.cloud)?;
        let ingress = Ingress::new(
            &config,
            "webhook/".to_owned(),
            Arc::new(Mapping::parse(&mapping)?),
            into_cloud(&worlds.cloud),
            Clock::System,
        );
        let keys = signature::keys(&SecretString::from(key)).map_err(anyhow::Error::msg)?;
        Ok(Self {
            environment: environment(&config, &upstream, folders),
            key: keys.into_iter().next().context("no key")?,
            upstream,
            worlds,
            ingress,
        })
    }

    /// What Lambda and the template set.
    pub(crate) fn environment(&self) -> &[(&'static str, String)] {
        &self.environment
    }

    /// Accepts an event, as `receive-webhook` does.
    pub(crate) async fn accept(&self, event: &Value) -> Result<()> {
        let request = serde_json::from_slice(&self.webhook(event))?;
        let answer = self.ingress.handle(request, "bench").await;
        ensure!(answer.status_code == 202, "not accepted: {}", answer.body);
        Ok(())
    }

    /// A signed event as API Gateway hands it over.
    pub(crate) fn webhook(&self, event: &Value) -> Bytes {
        let body = event.to_string();
        let id = event["id"].as_str().unwrap_or_default();
        let seconds = Clock::System.now().seconds();
        let headers = [
            ("Accept", "*/*".to_owned()),
            ("Content-Type", "application/cloudevents+json".to_owned()),
            ("Host", "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com".to_owned()),
            ("User-Agent", "trading-grid/1.0".to_owned()),
            ("X-Amzn-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700".to_owned()),
            ("X-Forwarded-For", "198.51.100.7".to_owned()),
            ("X-Forwarded-Port", "443".to_owned()),
            ("X-Forwarded-Proto", "https".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", seconds.to_string()),
            (
                "webhook-signature",
                signature::signature(&self.key, id, seconds, body.as_bytes()),
            ),
        ];
        let single: serde_json::Map<String, Value> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .collect();
        let multiple: serde_json::Map<String, Value> = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!([value])))
            .collect();
        let request = json!({
            "resource": "/hooks/{sender}",
            "path": "/hooks/trading-grid",
            "httpMethod": "POST",
            "headers": single,
            "multiValueHeaders": multiple,
            "queryStringParameters": null,
            "multiValueQueryStringParameters": null,
            "pathParameters": {"sender": "trading-grid"},
            "stageVariables": null,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "a1b2c3d4e5",
                "httpMethod": "POST",
                "identity": {"sourceIp": "198.51.100.7", "userAgent": "trading-grid/1.0"},
                "path": "/live/hooks/trading-grid",
                "protocol": "HTTP/1.1",
                "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
                "requestTimeEpoch": seconds * 1000,
                "resourcePath": "/hooks/{sender}",
                "stage": "live",
            },
            "body": body,
            "isBase64Encoded": false,
        });
        request.to_string().into()
    }
}

/// An issue without documents is opened.
pub(crate) fn opened(number: usize) -> Value {
    let mut event = event(
        include_str!("../../../events/receive-webhook/opened-asn-failed.json"),
        "opened",
        number,
    );
    event["data"]["documents"] = json!([]);
    event
}

/// Its partner comments on it.
pub(crate) fn commented(number: usize) -> Value {
    event(
        include_str!("../../../events/receive-webhook/commented.json"),
        "commented",
        number,
    )
}

/// A batch of the queue with one doorbell for each issue.
pub(crate) fn doorbells(numbers: impl IntoIterator<Item = usize>) -> Bytes {
    let sample: Value =
        serde_json::from_str(include_str!("../../../events/open-case/doorbell.json")).expect("the sample is JSON");
    let records: Vec<Value> = numbers
        .into_iter()
        .map(|number| {
            let mut record = sample["Records"][0].clone();
            record["messageId"] = json!(format!("059f36b4-87a3-44ab-83d2-{number:012x}"));
            record["body"] = json!(json!({"subject": subject(number), "lane": "in"}).to_string());
            record
        })
        .collect();
    json!({"Records": records}).to_string().into()
}

/// The schedule's event.
pub(crate) fn schedule() -> Bytes {
    Bytes::from_static(include_bytes!("../../../events/poll-changes/schedule.json"))
}

fn subject(number: usize) -> String {
    format!("issues/{COMPANY}/{}", issue_id(number))
}

fn issue_id(number: usize) -> String {
    format!("ISS-{number:06}")
}

/// A sample event, made one of issue `number`.
fn event(sample: &str, kind: &str, number: usize) -> Value {
    let mut event: Value = serde_json::from_str(sample).expect("the sample is JSON");
    event["id"] = json!(format!("evt-{kind}-{number:06}"));
    event["subject"] = json!(subject(number));
    event["time"] = json!(Clock::System.now().to_string());
    event["data"]["issueId"] = json!(issue_id(number));
    event
}

/// The doorbell queue of a use case.
fn queue(use_case: UseCase) -> String {
    format!("gridlink-{}.fifo", use_case.as_str())
}

fn config(cloud: &Cloud) -> Result<Config> {
    Ok(Config {
        table: TABLE.to_owned(),
        deployment: DEPLOYMENT.parse()?,
        queues: UseCase::ALL
            .map(|use_case| (use_case, cloud.queue_url(&queue(use_case))))
            .into(),
        aws: AwsConfig {
            region: cloud::REGION.to_owned(),
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "a secret of the benchmark".to_owned().into(),
            session_token: None,
            endpoint: None,
        },
        extra_ca_file: None,
        task_root: PathBuf::new(),
        log_level: "info".to_owned(),
    })
}

fn environment(config: &Config, upstream: &Upstream, folders: &Folders) -> Vec<(&'static str, String)> {
    let path = |path: &Path| path.display().to_string();
    let trading_grid = upstream.url(Side::TradingGrid);
    vec![
        ("TABLE_NAME", config.table.clone()),
        ("METRICS_NAMESPACE", "Gridlink/bench".to_owned()),
        ("DEPLOYMENT_ID", DEPLOYMENT.to_owned()),
        ("QUEUE_URL_OPEN_CASE", config.queues[&UseCase::OpenCase].clone()),
        (
            "QUEUE_URL_BRIDGE_ESCALATION",
            config.queues[&UseCase::BridgeEscalation].clone(),
        ),
        ("QUEUE_URL_CREATE_TASK", config.queues[&UseCase::CreateTask].clone()),
        (
            "QUEUE_URL_PUBLISH_KNOWLEDGE",
            config.queues[&UseCase::PublishKnowledge].clone(),
        ),
        (
            "QUEUE_URL_PROVISION_PARTNER",
            config.queues[&UseCase::ProvisionPartner].clone(),
        ),
        ("QUEUE_URL_RELAY_STATUS", config.queues[&UseCase::RelayStatus].clone()),
        (
            "QUEUE_URL_RAISE_INCIDENT",
            config.queues[&UseCase::RaiseIncident].clone(),
        ),
        ("WEBHOOK_SECRET_PREFIX", "webhook/".to_owned()),
        ("SERVICENOW_URL", upstream.url(Side::ServiceNow)),
        ("SERVICENOW_SECRET", "credentials/servicenow".to_owned()),
        ("COLLABORATION_URL", format!("{trading_grid}/collaboration/v1")),
        ("TRADING_GRID_URL", trading_grid.clone()),
        ("TRADING_GRID_TOKEN_URL", format!("{trading_grid}/v1/oauth2/tokens")),
        ("TRADING_GRID_SECRET", "credentials/trading-grid".to_owned()),
        ("REFERENCE_SECRET", "reference".to_owned()),
        ("EXTRA_CA_FILE", path(&folders.authority())),
        ("LAMBDA_TASK_ROOT", path(&folders.infra)),
        ("AWS_ENDPOINT_URL", upstream.url(Side::Aws)),
        ("AWS_REGION", config.aws.region.clone()),
        ("AWS_ACCESS_KEY_ID", config.aws.access_key_id.clone()),
        ("AWS_SECRET_ACCESS_KEY", "a secret of the benchmark".to_owned()),
        // As long as those that Lambda gives.
        ("AWS_SESSION_TOKEN", "t".repeat(900)),
        ("AWS_LAMBDA_FUNCTION_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST".to_owned()),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256".to_owned()),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "bench".to_owned()),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "bench".to_owned()),
        ("LOG_LEVEL", config.log_level.clone()),
    ]
}

/// Sends in this process.
fn into_cloud(cloud: &Cloud) -> Transport {
    let cloud = cloud.clone();
    Transport::InProcess(Arc::new(move |request: Request<Body>| {
        let cloud = cloud.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let body = body.collect().await.map_err(TransportError::lost)?.to_bytes();
            Ok(cloud.call(Request::from_parts(parts, body)).await)
        })
    }))
}
