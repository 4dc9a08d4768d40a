//! The one reader of the environment. Everything is checked at cold start; an error names the
//! variable.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use secrecy::SecretString;
use url::Url;

use crate::domain::{DeploymentId, UseCase};

/// What every function needs.
#[derive(Debug)]
pub struct Config {
    /// The DynamoDB table.
    pub table: String,
    /// The stable id of this deployment.
    pub deployment: DeploymentId,
    /// The URL of each use case's queue.
    pub queues: BTreeMap<UseCase, String>,
    /// How to reach AWS.
    pub aws: AwsConfig,
    /// A PEM bundle to trust beside the public roots.
    pub extra_ca_file: Option<PathBuf>,
    /// The folder of the deployed package.
    pub task_root: PathBuf,
    /// The least important level that is logged.
    pub log_level: String,
}

/// How to reach AWS.
#[derive(Debug, Clone)]
pub struct AwsConfig {
    /// For example `eu-central-1`.
    pub region: String,
    /// Of the function's role.
    pub access_key_id: String,
    /// Of the function's role.
    pub secret_access_key: SecretString,
    /// Of the function's role.
    pub session_token: Option<SecretString>,
    /// An emulator instead of AWS.
    pub endpoint: Option<String>,
}

/// What a use-case function needs to reach the two systems.
#[derive(Debug)]
pub struct Systems {
    /// The ServiceNow instance, for example `https://acme.service-now.com`.
    pub servicenow_url: Url,
    /// The secret that opens it; see [`crate::servicenow::Credentials`].
    pub servicenow_secret: String,
    /// Whether the scoped app is installed there, so that it is asked to write.
    pub servicenow_app: bool,
    /// The base of the collaboration contract.
    pub collaboration_url: Url,
    /// How the contract is served there, in JSON or YAML; empty where it is served as it is.
    pub collaboration_binding: String,
    /// Trading Grid's token endpoint.
    pub trading_grid_token_url: Url,
    /// The secret with `client_id` and `client_secret`, or what else the binding authenticates with.
    pub trading_grid_secret: String,
    /// The secret whose bytes key the references in journal entries.
    pub reference_secret: String,
    /// What is needed to change the users of companies; one function has it.
    pub users: Option<Published>,
}

/// What is needed to reach the services that OpenText publishes.
#[derive(Debug)]
pub struct Published {
    /// The base of OpenText's published services, for example `https://apigrid.opentext.com`.
    pub url: Url,
    /// Trading Grid's token endpoint.
    pub token_url: Url,
    /// The secret with `client_id` and `client_secret`.
    pub secret: String,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names the first variable that is missing or malformed.
    pub fn from_env() -> Result<Self> {
        let mut queues = BTreeMap::new();
        for use_case in UseCase::ALL {
            queues.insert(use_case, required(&queue_variable(use_case))?);
        }
        Ok(Self {
            table: required("TABLE_NAME")?,
            deployment: required("DEPLOYMENT_ID")?.parse().context("DEPLOYMENT_ID")?,
            queues,
            aws: AwsConfig {
                region: required("AWS_REGION")?,
                access_key_id: required("AWS_ACCESS_KEY_ID")?,
                secret_access_key: required("AWS_SECRET_ACCESS_KEY")?.into(),
                session_token: optional("AWS_SESSION_TOKEN").map(SecretString::from),
                endpoint: optional("AWS_ENDPOINT_URL"),
            },
            extra_ca_file: optional("EXTRA_CA_FILE").map(PathBuf::from),
            task_root: optional("LAMBDA_TASK_ROOT").map_or_else(|| PathBuf::from("."), PathBuf::from),
            log_level: optional("LOG_LEVEL").unwrap_or_else(|| "info".to_owned()),
        })
    }

    /// The text of the mapping that travels inside the package.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn mapping(&self) -> Result<String> {
        read(&self.task_root.join("mapping.yaml"))
    }
}

impl Systems {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names the first variable that is missing or malformed.
    pub fn from_env() -> Result<Self> {
        Ok(Self {
            servicenow_url: url("SERVICENOW_URL")?,
            servicenow_secret: required("SERVICENOW_SECRET")?,
            servicenow_app: app()?,
            collaboration_url: url("COLLABORATION_URL")?,
            collaboration_binding: optional("COLLABORATION_BINDING").unwrap_or_default(),
            trading_grid_token_url: url("TRADING_GRID_TOKEN_URL")?,
            trading_grid_secret: required("TRADING_GRID_SECRET")?,
            reference_secret: required("REFERENCE_SECRET")?,
            users: match optional("USERS_SECRET") {
                Some(secret) => Some(Published::with(secret)?),
                None => None,
            },
        })
    }
}

impl Published {
    /// Reads the environment for asking for exchanges.
    ///
    /// # Errors
    /// Names the first variable that is missing or malformed.
    pub fn from_env() -> Result<Self> {
        Self::with(required("TRADING_GRID_SECRET")?)
    }

    fn with(secret: String) -> Result<Self> {
        Ok(Self {
            url: url("TRADING_GRID_URL")?,
            token_url: url("TRADING_GRID_TOKEN_URL")?,
            secret,
        })
    }
}

/// The secret of a sender is this prefix and the sender's name.
///
/// # Errors
/// When `WEBHOOK_SECRET_PREFIX` is not set.
pub fn webhook_secret_prefix() -> Result<String> {
    required("WEBHOOK_SECRET_PREFIX")
}

/// The namespace of our own metrics in CloudWatch.
///
/// # Errors
/// When `METRICS_NAMESPACE` is missing.
pub fn metrics_namespace() -> Result<String> {
    required("METRICS_NAMESPACE")
}

/// Where the daemon of X-Ray is; Lambda says so.
pub fn xray_daemon() -> Option<String> {
    optional("AWS_XRAY_DAEMON_ADDRESS")
}

/// Reads a text file; the error names it.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn queue_variable(use_case: UseCase) -> String {
    format!("QUEUE_URL_{}", use_case.as_str().to_uppercase().replace('-', "_"))
}

/// Whether the scoped app is there: `installed`, `absent`, or not said.
fn app() -> Result<bool> {
    match optional("SERVICENOW_APP").as_deref() {
        Some("installed") => Ok(true),
        Some("absent") | None => Ok(false),
        Some(_) => Err(anyhow!("SERVICENOW_APP must be installed or absent")),
    }
}

fn required(name: &str) -> Result<String> {
    optional(name).ok_or_else(|| anyhow!("the environment variable {name} is not set"))
}

fn url(name: &str) -> Result<Url> {
    let url = Url::parse(&required(name)?).with_context(|| format!("{name} is not a URL"))?;
    if matches!(url.scheme(), "https" | "http") && url.host_str().is_some() {
        Ok(url)
    } else {
        Err(anyhow!("{name} must be an http or https URL with a host"))
    }
}

fn optional(name: &str) -> Option<String> {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the environment"
    )]
    let value = std::env::var(name).ok();
    value.filter(|value| !value.is_empty())
}
