//! The deployment that a command is about: found by its CloudFormation stack.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::ProvideCredentials;
use shared::aws::{Aws, http_client};
use shared::clients::Clients;
use shared::clock::Clock;
use shared::config::{AwsConfig, Config, Published, Systems};
use shared::domain::UseCase;
use shared::http::Transport;
use shared::mapping::Mapping;
use shared::poll::LensPoller;
use shared::queue::Queue;
use shared::store::Store;
use url::Url;

use crate::args::Global;
use crate::failed::Failed;

/// How long one call to a service that answers at once may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);

/// A deployment, and the ways to its parts.
pub struct Place {
    /// What the stack says of itself.
    pub stack: Stack,
    /// The configuration that its functions have.
    pub config: Config,
    /// Over which everything is sent.
    pub transport: Transport,
    /// The time.
    pub clock: Clock,
    /// The clients of AWS.
    pub aws: Aws,
    /// The table.
    pub store: Store,
    /// The queues.
    pub queue: Queue,
    /// Who asks, where that was said.
    pub by: Option<String>,
    /// The mapping, in YAML, with where it is from.
    pub mapping: MappingFile,
}

/// Where the mapping is.
#[derive(Debug, Clone)]
pub enum MappingFile {
    /// In a file.
    At(std::path::PathBuf),
    /// Here.
    Parsed(Arc<Mapping>),
}

impl MappingFile {
    /// Reads and checks it.
    ///
    /// # Errors
    /// When the file cannot be read, or is no mapping.
    pub fn read(&self) -> Result<Arc<Mapping>, Failed> {
        let path = match self {
            MappingFile::Parsed(mapping) => return Ok(Arc::clone(mapping)),
            MappingFile::At(path) => path,
        };
        let text = shared::config::read(path).map_err(|error| {
            let advice = "Name the mapping that is deployed with --mapping or GRIDLINK_MAPPING.";
            Failed::usage(shared::failure::chain(error.as_ref()), advice)
        })?;
        let mapping = Mapping::parse(&text).map_err(|error| {
            let advice = "Correct the line; infra/mapping.schema.json helps editors with what is allowed.";
            Failed::usage(format!("{}: {error}", path.display()), advice)
        })?;
        Ok(Arc::new(mapping))
    }
}

/// What a stack says of itself.
#[derive(Debug, Clone)]
pub struct Stack {
    /// Its name.
    pub name: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The secret that keys the references in journal entries; its name is made by AWS.
    pub reference_secret: String,
}

impl Stack {
    /// An output.
    ///
    /// # Errors
    /// When the stack has none of this name.
    pub fn output(&self, name: &str) -> Result<&str, Failed> {
        self.member(&self.outputs, "output", name)
    }

    /// A parameter.
    ///
    /// # Errors
    /// When the stack has none of this name.
    pub fn parameter(&self, name: &str) -> Result<&str, Failed> {
        self.member(&self.parameters, "parameter", name)
    }

    fn member<'a>(&self, all: &'a BTreeMap<String, String>, kind: &str, name: &str) -> Result<&'a str, Failed> {
        all.get(name).map(String::as_str).ok_or_else(|| {
            Failed::new(
                format!("the stack {} has no {kind} {name}", self.name),
                "Look at --stack; where it is the right one, deploy the template of this version.",
            )
        })
    }

    /// The name of a function.
    pub fn function(&self, name: &str) -> String {
        format!("{}-{name}", self.name)
    }

    /// The name of a secret that the template names.
    pub fn secret(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }

    /// How the names of outputs about a use case begin.
    pub fn output_prefix(use_case: UseCase) -> String {
        let words = use_case.as_str().split('-').map(|word| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_uppercase())
        });
        words.collect()
    }

    fn url(&self, parameter: &str) -> Result<Url, Failed> {
        let text = self.parameter(parameter)?;
        Url::parse(text).map_err(|error| {
            let message = format!(
                "the parameter {parameter} of the stack {} is no URL: {error}",
                self.name
            );
            Failed::new(message, "Deploy the stack with a URL.")
        })
    }

    /// How its functions reach the two systems.
    ///
    /// # Errors
    /// When the stack does not say.
    pub fn systems(&self) -> Result<Systems, Failed> {
        Ok(Systems {
            servicenow_url: self.url("ServiceNowUrl")?,
            servicenow_secret: self.secret("credentials/servicenow"),
            servicenow_app: self
                .parameters
                .get("ServiceNowApp")
                .is_some_and(|app| app == "installed"),
            collaboration_url: self.url("CollaborationUrl")?,
            collaboration_binding: self.parameters.get("CollaborationBinding").cloned().unwrap_or_default(),
            trading_grid_token_url: self.url("TradingGridTokenUrl")?,
            trading_grid_secret: self.secret("credentials/trading-grid"),
            reference_secret: self.reference_secret.clone(),
            users: Some(Published {
                url: self.url("TradingGridUrl")?,
                token_url: self.url("TradingGridTokenUrl")?,
                secret: self.secret("credentials/trading-grid-users"),
            }),
        })
    }
}

impl Place {
    /// Finds the stack, with the usual credentials of AWS: environment, profiles, single sign-on, processes, roles.
    ///
    /// # Errors
    /// When there are no credentials, AWS cannot be reached, or there is no such stack.
    pub async fn find(global: &Global) -> Result<Self, Failed> {
        let extra_ca = global.extra_ca.as_deref().map(shared::config::read).transpose()?;
        let transport = Transport::network(extra_ca.as_deref())?;
        let aws_config = credentials(global, &transport).await?;
        let clock = Clock::System;
        let aws = Aws::new(aws_config.clone(), transport.clone(), clock.clone());
        let stack = describe(&aws, &global.stack, &aws_config).await?;
        let mut queues = BTreeMap::new();
        for use_case in UseCase::ALL {
            let url = stack.output(&format!("{}QueueUrl", Stack::output_prefix(use_case)))?;
            queues.insert(use_case, url.to_owned());
        }
        let deployment = stack.parameter("DeploymentId")?.parse();
        let deployment =
            deployment.map_err(|error| Failed::new(format!("DeploymentId: {error}"), "Look at --stack."))?;
        let config = Config {
            table: stack.output("TableName")?.to_owned(),
            deployment,
            queues,
            aws: aws_config,
            extra_ca_file: global.extra_ca.clone(),
            task_root: std::path::PathBuf::from("."),
            log_level: "warn".to_owned(),
        };
        let mapping = MappingFile::At(global.mapping.clone());
        Ok(Self::of(stack, config, mapping, transport, clock, global.by.clone()))
    }

    /// A place whose parts are known.
    pub fn of(
        stack: Stack,
        config: Config,
        mapping: MappingFile,
        transport: Transport,
        clock: Clock,
        by: Option<String>,
    ) -> Self {
        let aws = Aws::new(config.aws.clone(), transport.clone(), clock.clone());
        Self {
            store: Store::new(&config, &aws, clock.clone()),
            queue: Queue::new(&config, &aws, clock.clone()),
            stack,
            config,
            transport,
            clock,
            aws,
            by,
            mapping,
        }
    }

    /// What a function works with, with the operator's rights.
    ///
    /// # Errors
    /// When the stack or the mapping does not allow it.
    pub fn clients(&self) -> Result<Clients, Failed> {
        let systems = self.stack.systems()?;
        let mapping = self.mapping.read()?;
        Clients::new(
            &self.config,
            systems,
            mapping,
            self.transport.clone(),
            self.clock.clone(),
        )
        .map_err(|error| {
            let message = format!("the parameter CollaborationBinding cannot be used: {error}");
            Failed::new(message, "Deploy the stack with a binding that the README describes.")
        })
    }

    /// What reads Lens, with the operator's rights.
    ///
    /// # Errors
    /// When the stack or the mapping does not allow it.
    pub fn lens(&self) -> Result<LensPoller, Failed> {
        let exchanges = Published {
            url: self.stack.url("TradingGridUrl")?,
            token_url: self.stack.url("TradingGridTokenUrl")?,
            secret: self.stack.secret("credentials/trading-grid"),
        };
        let (transport, clock) = (self.transport.clone(), self.clock.clone());
        Ok(LensPoller::new(
            &self.config,
            exchanges,
            self.mapping.read()?,
            transport,
            clock,
        ))
    }

    /// Who asks: as was said, or as AWS knows them.
    ///
    /// # Errors
    /// When AWS does not say.
    pub async fn operator(&self) -> Result<String, Failed> {
        if let Some(by) = &self.by {
            return Ok(by.clone());
        }
        let sts = aws_sdk_sts::Client::new(&self.aws.settings(CALL_TIMEOUT));
        let identity = sts.get_caller_identity().send().await;
        let identity = identity.map_err(|error| Failed::aws("AWS does not say who you are", error))?;
        identity
            .arn
            .ok_or_else(|| Failed::new("AWS does not say who you are", "Say it with --by."))
    }
}

/// The credentials and the region that AWS's own tools would use.
async fn credentials(global: &Global, transport: &Transport) -> Result<AwsConfig, Failed> {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).http_client(http_client(transport.clone(), CALL_TIMEOUT));
    if let Some(region) = &global.region {
        loader = loader.region(Region::new(region.clone()));
    }
    if let Some(profile) = &global.profile {
        loader = loader.profile_name(profile);
    }
    let loaded = loader.load().await;
    let region = loaded.region().ok_or_else(|| {
        let advice = "Name it with --region, AWS_REGION, or in the profile.";
        Failed::usage("it is not known which AWS region the stack is in", advice)
    })?;
    let provider = loaded.credentials_provider().ok_or_else(no_credentials)?;
    let found = provider.provide_credentials().await;
    let found = found.map_err(|error| Failed::aws("there are no AWS credentials", error))?;
    Ok(AwsConfig {
        region: region.to_string(),
        access_key_id: found.access_key_id().to_owned(),
        secret_access_key: found.secret_access_key().to_owned().into(),
        session_token: found.session_token().map(|token| token.to_owned().into()),
        endpoint: loaded.endpoint_url().map(str::to_owned),
    })
}

fn no_credentials() -> Failed {
    Failed::new(
        "there are no AWS credentials",
        "Log in to AWS, or name a profile with --profile.",
    )
}

async fn describe(aws: &Aws, name: &str, config: &AwsConfig) -> Result<Stack, Failed> {
    let client = aws_sdk_cloudformation::Client::new(&aws.settings(CALL_TIMEOUT));
    let answer = client.describe_stacks().stack_name(name).send().await;
    let answer = answer.map_err(|error| {
        let what = format!("the stack {name} cannot be read in {}", config.region);
        Failed::aws(&what, error)
    })?;
    let found = answer.stacks.unwrap_or_default().pop().ok_or_else(|| {
        Failed::new(
            format!("there is no stack {name} in {}", config.region),
            "Look at --stack and --region.",
        )
    })?;
    let reference = client.describe_stack_resource().stack_name(name);
    let reference = reference.logical_resource_id("ReferenceSecret").send().await;
    let reference =
        reference.map_err(|error| Failed::aws(&format!("the resources of {name} cannot be read"), error))?;
    let reference = reference
        .stack_resource_detail
        .and_then(|detail| detail.physical_resource_id);
    let outputs = found.outputs.unwrap_or_default().into_iter();
    let parameters = found.parameters.unwrap_or_default().into_iter();
    Ok(Stack {
        name: name.to_owned(),
        outputs: outputs
            .filter_map(|output| output.output_key.zip(output.output_value))
            .collect(),
        parameters: parameters
            .filter_map(|parameter| parameter.parameter_key.zip(parameter.parameter_value))
            .collect(),
        reference_secret: reference.unwrap_or_default(),
    })
}
