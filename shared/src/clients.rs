//! Everything a function reaches the outside through, made once per cold start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::sync::Mutex;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{Config, Systems};
use crate::domain::{CompanyId, SysId, TableName, Timestamp, hex};
use crate::failure::Failure;
use crate::http::Transport;
use crate::mapping::{Mapping, PartnerRule};
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::servicenow::{self, Found, ServiceNow};
use crate::signature;
use crate::store::Store;
use crate::trading_grid::collaboration::{self, Binding, Collaboration};

/// How long found reference data is good for. What was not found is looked up again every time:
/// it parks its stream, and whoever adds it and replays must not meet an old answer.
const KNOWN_FOR: Duration = Duration::from_secs(10 * 60);
/// How long a cold start waits for the outside; Lambda allows ten seconds in all.
const WARM_UP: Duration = Duration::from_secs(3);
/// How many answers are kept.
const KEPT: usize = 10_000;

/// What a use-case function works with.
pub struct Clients {
    /// The table.
    pub store: Store,
    /// The queues.
    pub queue: Queue,
    /// ServiceNow.
    pub servicenow: ServiceNow,
    /// The community.
    pub community: Collaboration,
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// The time.
    pub clock: Clock,
    secrets: Arc<Secrets>,
    reference_secret: String,
    directory: Mutex<BTreeMap<(TableName, String), Known>>,
}

struct Known {
    id: SysId,
    name: String,
    at: Timestamp,
}

impl Clients {
    /// Clients that send over `transport` and read `clock`.
    ///
    /// # Errors
    /// When the collaboration binding cannot be used.
    pub fn new(
        config: &Config,
        systems: Systems,
        mapping: Arc<Mapping>,
        transport: Transport,
        clock: Clock,
    ) -> Result<Self, collaboration::Invalid> {
        let aws = Aws::new(config.aws.clone(), transport.clone(), clock.clone());
        let secrets = Arc::new(Secrets::new(aws.secrets(), clock.clone()));
        let servicenow = servicenow::Settings {
            url: systems.servicenow_url,
            secret: systems.servicenow_secret,
        };
        let community = collaboration::Settings {
            url: systems.collaboration_url,
            binding: Binding::parse(&systems.collaboration_binding)?,
            token_url: systems.trading_grid_token_url,
            secret: systems.trading_grid_secret,
        };
        Ok(Self {
            store: Store::new(
                aws.dynamodb(),
                config.table.clone(),
                config.deployment.clone(),
                clock.clone(),
            ),
            queue: Queue::new(aws.sqs(), config.queues.clone(), clock.clone()),
            servicenow: ServiceNow::new(transport.clone(), servicenow, Arc::clone(&secrets), clock.clone()),
            community: Collaboration::new(transport, community, Arc::clone(&secrets), clock.clone()),
            mapping,
            clock,
            secrets,
            reference_secret: systems.reference_secret,
            directory: Mutex::default(),
        })
    }

    /// Fetches at cold start what the first event will need; what fails is fetched again then.
    pub async fn warm_up(&self) {
        match tokio::time::timeout(WARM_UP, self.servicenow.warm_up()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = %crate::failure::chain(&error), "no ServiceNow token at cold start");
            }
            Err(_) => tracing::warn!("no ServiceNow token in time at cold start"),
        }
    }

    /// The partner behind a company id, as ServiceNow knows it.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the id names several partners.
    pub async fn partner(&self, rule: &PartnerRule, company: &CompanyId) -> Result<Option<(SysId, String)>, Failure> {
        match self.look_up(&rule.table, &rule.key, company.as_str(), &[]).await? {
            Found::One(id, name) => Ok(Some((id, name))),
            Found::None => Ok(None),
            Found::Several => Err(Failure::permanent(
                anyhow::anyhow!("several rows of {} have {} = {company}", rule.table, rule.key),
                format!("leave {company} on one row of {} and replay", rule.table),
            )),
        }
    }

    /// The group with exactly this name.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or has no or several active groups of the name.
    pub async fn group(&self, name: &str) -> Result<SysId, Failure> {
        let table: TableName = "sys_user_group".parse().expect("it is a table name");
        let column: TableName = "name".parse().expect("it is a column name");
        match self.look_up(&table, &column, name, &[("active", "true")]).await? {
            Found::One(id, _) => Ok(id),
            found => Err(Failure::permanent(
                anyhow::anyhow!(
                    "ServiceNow has {} active group named {name}",
                    if found == Found::None { "no" } else { "more than one" }
                ),
                "correct assignment_group in the mapping or the group in ServiceNow, and replay",
            )),
        }
    }

    async fn look_up(
        &self,
        table: &TableName,
        column: &TableName,
        value: &str,
        others: &[(&'static str, &str)],
    ) -> Result<Found, Failure> {
        let key = (table.clone(), value.to_owned());
        let now = self.clock.now();
        if let Some(known) = self.directory.lock().await.get(&key)
            && now < known.at.after(KNOWN_FOR)
        {
            return Ok(Found::One(known.id.clone(), known.name.clone()));
        }
        let found = self.servicenow.find_one(table, column, value, others).await?;
        if let Found::One(id, name) = &found {
            let mut directory = self.directory.lock().await;
            if directory.len() >= KEPT {
                directory.clear();
            }
            directory.insert(
                key,
                Known {
                    id: id.clone(),
                    name: name.clone(),
                    at: now,
                },
            );
        }
        Ok(found)
    }

    /// The reference that a written text carries: keyed, so that nobody else can foresee it.
    ///
    /// # Errors
    /// When the key cannot be read.
    pub async fn reference(&self, claim: &str) -> Result<String, Failure> {
        let secret = self
            .secrets
            .text(&self.reference_secret)
            .await
            .map_err(|cause| Failure::Upstream {
                system: crate::failure::System::Aws,
                cause,
                unsent: true,
            })?;
        let mac = signature::mac(secret.expose_secret().as_bytes(), &[b"reference", claim.as_bytes()]);
        Ok(hex(&mac[..8]))
    }
}
