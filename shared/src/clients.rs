//! Everything a function reaches the outside through, made once per cold start.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{Config, Systems};
use crate::domain::{CompanyId, SysId, hex, is_query_value};
use crate::failure::Failure;
use crate::http::Transport;
use crate::mapping::{Mapping, PartnerRule, UnknownPartner};
use crate::poll::Told;
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::servicenow::{self, Error, Flaw, Found, ServiceNow};
use crate::signature;
use crate::store::Store;
use crate::trading_grid::collaboration::{self, Binding, Collaboration};
use crate::trading_grid::community::CommunityServices;
use crate::trading_grid::{Access, Authentication};

/// How long a cold start waits for the outside; Lambda allows ten seconds in all.
const WARM_UP: Duration = Duration::from_secs(3);

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
    /// Whether the scoped app of the instance is asked to write entries.
    pub writes_through_app: bool,
    told_parked: Mutex<Option<Told>>,
    users: Option<CommunityServices>,
    secrets: Arc<Secrets>,
    reference_secret: String,
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
        let users = systems.users.map(|users| {
            let access = Access::new(
                transport.clone(),
                Authentication::AccessToken,
                users.token_url,
                users.secret,
                Arc::clone(&secrets),
                clock.clone(),
            );
            CommunityServices::new(users.url, Arc::new(access))
        });
        Ok(Self {
            users,
            store: Store::new(config, &aws, clock.clone()),
            queue: Queue::new(config, &aws, clock.clone()),
            servicenow: ServiceNow::new(transport.clone(), servicenow, Arc::clone(&secrets), clock.clone()),
            community: Collaboration::new(transport, community, Arc::clone(&secrets), clock.clone()),
            mapping,
            clock,
            writes_through_app: systems.servicenow_app,
            told_parked: Mutex::default(),
            secrets,
            reference_secret: systems.reference_secret,
        })
    }

    /// What the app was told last of what is parked.
    pub(crate) fn told_parked(&self) -> MutexGuard<'_, Option<Told>> {
        self.told_parked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The users of companies.
    ///
    /// # Errors
    /// When this function may not change them.
    pub fn users(&self) -> Result<&CommunityServices, Failure> {
        self.users.as_ref().ok_or_else(|| {
            let cause = anyhow::anyhow!("this function has no access to the users of Trading Grid");
            Failure::permanent(cause, "set USERS_SECRET as the template does, and replay")
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
        let found = self.servicenow.look_up(&rule.table, &rule.key, company.as_str(), &[]);
        match found.await.map_err(unreadable)? {
            Found::One(id, name) => Ok(Some((id, name))),
            Found::None => Ok(None),
            Found::Several => Err(Failure::permanent(
                anyhow::anyhow!("several rows of {} have {} = {company}", rule.table, rule.key),
                format!("leave {company} on one row of {} and replay", rule.table),
            )),
        }
    }

    /// The partner's name for people; its company id where ServiceNow has no clear answer.
    ///
    /// # Errors
    /// When ServiceNow cannot be asked now.
    pub async fn partner_name(&self, rule: &PartnerRule, company: &CompanyId) -> Result<String, Failure> {
        match self.partner(rule, company).await {
            Ok(Some((_, name))) if !name.trim().is_empty() => Ok(name),
            // A name is a courtesy: its absence is no reason to stop.
            Ok(_) | Err(Failure::Permanent { .. }) => Ok(company.to_string()),
            Err(failure) => Err(failure),
        }
    }

    /// The partner and its name for a new record; no partner where the mapping accepts unknown ones.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or does not know a partner that it must know.
    pub async fn partner_of_record(
        &self,
        rule: &PartnerRule,
        company: &CompanyId,
    ) -> Result<(Option<SysId>, String), Failure> {
        match self.partner(rule, company).await? {
            Some((id, name)) if name.trim().is_empty() => Ok((Some(id), company.to_string())),
            Some((id, name)) => Ok((Some(id), name)),
            None if self.mapping.unknown_partner == UnknownPartner::Accept => Ok((None, company.to_string())),
            None => Err(Failure::permanent(
                anyhow::anyhow!("ServiceNow has no {} with {} = {company}", rule.table, rule.key),
                format!("add {company} to {} and replay", rule.table),
            )),
        }
    }

    /// The group with exactly this name.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or has no or several active groups of the name.
    pub async fn group(&self, name: &str) -> Result<SysId, Failure> {
        match self.servicenow.group(name).await.map_err(unreadable)? {
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

    /// The knowledge base with exactly this title.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or has no or several active bases of the title.
    pub async fn knowledge_base(&self, title: &str) -> Result<SysId, Failure> {
        match self.servicenow.knowledge_base(title).await.map_err(unreadable)? {
            Found::One(id, _) => Ok(id),
            found => Err(Failure::permanent(
                anyhow::anyhow!(
                    "ServiceNow has {} active knowledge base {title}",
                    if found == Found::None { "no" } else { "more than one" }
                ),
                "correct base in knowledge of the mapping or the base in ServiceNow, and replay",
            )),
        }
    }

    /// The name of the active user who logs in under this name; `None` where ServiceNow knows none,
    /// or no single one.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn agent(&self, login: &str) -> Result<Option<String>, Failure> {
        if !is_query_value(login) {
            return Ok(None);
        }
        match self.servicenow.user(login).await.map_err(unreadable)? {
            Found::One(_, name) if !name.trim().is_empty() => Ok(Some(name)),
            Found::One(..) | Found::None | Found::Several => Ok(None),
        }
    }

    /// Whether the active user who logs in under this name works here: contacts of partners are users of a
    /// class of their own. Who is not known is no agent.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn is_agent(&self, login: Option<&str>) -> Result<bool, Failure> {
        match login {
            Some(login) if is_query_value(login) => {
                let found = self.servicenow.own_user(login).await.map_err(unreadable)?;
                Ok(matches!(found, Found::One(..)))
            }
            Some(_) | None => Ok(false),
        }
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

/// A column that does not exist or is hidden will not be there on the next try either.
fn unreadable(error: Error) -> Failure {
    let remedy = if let Error::Unusable {
        flaw: Flaw::Missing(column),
        ..
    } = &error
    {
        format!("correct {column} in the mapping or let the integration user read it, and replay")
    } else {
        return error.into_failure();
    };
    Failure::permanent(error, remedy)
}
