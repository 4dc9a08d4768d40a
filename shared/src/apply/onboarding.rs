//! What is done for a request about a partner's access.
//!
//! A user is made once: its claim is that, when the request had its turn at the company, nobody had the login or the
//! e-mail address. Whoever has them after an unclear answer is the one who was made, also under another login. Giving
//! and taking roles are set operations, and deleting whom is deleted changes nothing.

use std::time::Duration;

use super::{Applied, Apply, Standing};
use crate::domain::{CompanyId, UserId};
use crate::effect::{Adopt, GoOn, Newcomer, Provision, ProvisioningAct, ReportOnboarding};
use crate::event::{Data, RequestNews};
use crate::failure::Failure;
use crate::store::SETTLED_AFTER;
use crate::trading_grid;
use crate::trading_grid::collaboration::{OnboardingReport, OnboardingStep, Reported};
use crate::trading_grid::community::{Address, ContactInformation, NewUser, OneTimeSecrets, User};

/// How soon it is seen whether another request has ended its turn.
const TURN: Duration = Duration::from_secs(30);

impl Apply<'_> {
    pub(super) fn adopt(&self, adopt: &Adopt) -> Result<Applied, Failure> {
        Ok(Applied {
            writes: self.clients.store.adopted(self.subject, adopt)?,
            story: Vec::new(),
        })
    }

    pub(super) async fn take_turn(&self, company: &CompanyId) -> Result<Applied, Failure> {
        match self.clients.store.take_turn(company, self.subject).await? {
            None => Ok(Applied::default()),
            Some(holder) => {
                tracing::info!(subject = %self.subject, %holder, "waits for its turn");
                let until = self.clients.clock.now().after(TURN);
                Err(Failure::Early { until })
            }
        }
    }

    pub(super) async fn go_on(&self, go_on: GoOn) -> Result<Applied, Failure> {
        let not_one = || Failure::permanent(anyhow::anyhow!("{} is no request", self.subject), "dismiss the entry");
        let request = self.subject.as_request().ok_or_else(not_one)?;
        let due_at = match go_on {
            GoOn::Now => None,
            GoOn::At(at) => Some(at),
        };
        let event = RequestNews::event(&request, due_at, &self.event.id, self.clients.clock.now());
        let rung = self.accept_own(event).await?;
        // The stream of the request is being worked on, unless it is a reminder that asks.
        if let (Some((stream, owner)), Data::Request(RequestNews::Due(_)), GoOn::Now) = (rung, &self.event.data, go_on)
        {
            let ring = self.clients.queue.ring_or_leave(owner, &stream, self.event.id.as_str());
            ring.await;
        }
        Ok(Applied::default())
    }

    pub(super) async fn provision(&self, provision: &Provision, standing: &Standing) -> Result<Applied, Failure> {
        let users = self.clients.users()?;
        let company = &provision.company;
        let (user, changed) = match &provision.act {
            ProvisioningAct::Create(newcomer) => return self.create_user(company, newcomer, standing).await,
            ProvisioningAct::AddRoles { user, roles } => (user, users.add_roles(company, user, roles).await),
            ProvisioningAct::RemoveRoles { user, roles } => (user, users.remove_roles(company, user, roles).await),
            ProvisioningAct::Delete { user } => (user, users.delete_user(company, user).await.map(|_| true)),
        };
        match changed {
            Ok(true) => Ok(Applied {
                writes: Vec::new(),
                story: vec![format!("done: {provision}")],
            }),
            // Roles are changed by log-in: perhaps the user has changed that in between.
            Ok(false) => match users.user(company, user).await {
                Ok(Some(_)) => Err(Failure::Transient {
                    cause: anyhow::anyhow!("the user has changed the log-in meanwhile"),
                    wait: None,
                    unsent: true,
                }),
                Ok(None) => Err(Failure::Refused {
                    reason: "Trading Grid has no such user any more".to_owned(),
                }),
                Err(error) => Err(error.into_failure()),
            },
            Err(error) => Err(refused(&provision.act, error)),
        }
    }

    async fn create_user(
        &self,
        company: &CompanyId,
        newcomer: &Newcomer,
        standing: &Standing,
    ) -> Result<Applied, Failure> {
        let is_fresh = matches!(standing, Standing::Fresh);
        if !is_fresh && let Some(user) = self.made(company, newcomer).await? {
            return self.user_made(&user.user_id);
        }
        let secrets = OneTimeSecrets::draw().map_err(Failure::transient)?;
        let users = self.clients.users()?;
        let error = match users.create_user(company, &new_user(newcomer), secrets).await {
            Ok(user) => return self.user_made(&user),
            Err(error) => error,
        };
        if !error.is_unsent() {
            // It may still be made: the next try looks for it.
            return Err(match error.into_failure() {
                Failure::Transient { cause, .. } => Failure::Transient {
                    cause,
                    wait: Some(SETTLED_AFTER),
                    unsent: false,
                },
                failure => failure,
            });
        }
        if !is_fresh && let Some(user) = self.made(company, newcomer).await? {
            return self.user_made(&user.user_id);
        }
        Err(refused(&ProvisioningAct::Create(newcomer.clone()), error))
    }

    fn user_made(&self, user: &UserId) -> Result<Applied, Failure> {
        Ok(Applied {
            writes: vec![self.clients.store.user_created(self.subject, user)?],
            story: vec![format!("made the user {user}")],
        })
    }

    /// The user that an earlier try made.
    async fn made(&self, company: &CompanyId, newcomer: &Newcomer) -> Result<Option<User>, Failure> {
        let users = self.clients.users()?.users(company).await;
        let users = users
            .map_err(|error| error.into_failure().in_doubt())?
            .unwrap_or_default();
        Ok(users.into_iter().find(|user| is(user, newcomer)))
    }

    pub(super) async fn report_onboarding(&self, report: &ReportOnboarding) -> Result<Applied, Failure> {
        let shown = &report.progress;
        let key = self.key("onboarding", &[self.subject.as_str(), &report.version.to_string()]);
        let step = |(key, label, state): &(String, String, _)| OnboardingStep {
            key: key.clone(),
            label: label.clone(),
            state: *state,
            at: None,
            text: None,
        };
        let sent = OnboardingReport {
            version: report.version,
            kind: shown.kind,
            state: shown.state,
            label: shown.label.clone(),
            text: None,
            expected_action: None,
            steps: shown.steps.iter().map(step).collect(),
            partner_name: shown.partner_name.clone(),
            user_name: shown.user_name.clone(),
            article_ids: shown.articles.clone(),
            since: report.since,
        };
        let community = &self.clients.community;
        let reported = community.report_onboarding(&report.company, &report.request, &key, &sent);
        let story = match reported.await {
            Ok(Reported::Taken) => format!("told the partner: {}", shown.label),
            Ok(Reported::Superseded { .. }) => format!("the partner knows something newer than: {}", shown.label),
            Err(error) if is_final(&error) => {
                return Err(Failure::Refused {
                    reason: "the community does not take it".to_owned(),
                });
            }
            Err(error) => return Err(error.into_failure()),
        };
        Ok(Applied {
            writes: Vec::new(),
            story: vec![story],
        })
    }
}

fn new_user(newcomer: &Newcomer) -> NewUser {
    NewUser {
        login_id: newcomer.login_id.clone(),
        first_name: newcomer.first_name.clone(),
        last_name: newcomer.last_name.clone(),
        address: Address::default(),
        contact_information: ContactInformation {
            email: newcomer.email.clone(),
            ..ContactInformation::default()
        },
        language: newcomer.language.clone(),
        timezone: newcomer.timezone.clone(),
    }
}

/// Whether a user is the one who was to be made: the login may have been changed since.
fn is(user: &User, newcomer: &Newcomer) -> bool {
    let has_login = user.login_id.is(&newcomer.login_id);
    let named = [
        (&user.first_name, &newcomer.first_name),
        (&user.last_name, &newcomer.last_name),
    ];
    let has_name = named.iter().all(|(told, wanted)| told.as_ref() == Some(*wanted));
    match &user.email {
        Some(email) => email.eq_ignore_ascii_case(&newcomer.email) && (has_login || has_name),
        None => has_login,
    }
}

/// Whether the same request would be refused again.
fn is_final(error: &trading_grid::Error) -> bool {
    let status = error.rejection().map(|rejection| rejection.status);
    status.is_some_and(|status| (400..500).contains(&status) && ![401, 403, 408, 425, 429].contains(&status))
}

/// What a refusal means: never a stop of the stream, since others wait for the turn.
fn refused(act: &ProvisioningAct, error: trading_grid::Error) -> Failure {
    if !is_final(&error) {
        return error.into_failure();
    }
    let status = error.rejection().map_or(0, |rejection| rejection.status);
    let reason = match (act, status) {
        (ProvisioningAct::Create(_), 409) => {
            "Trading Grid has a user with this login already, perhaps of another company: choose another login"
        }
        (ProvisioningAct::Create(_), _) => "Trading Grid does not take these data of the user: check them",
        (ProvisioningAct::AddRoles { .. } | ProvisioningAct::RemoveRoles { .. }, 400) => {
            "Trading Grid does not know one of the roles: correct the role bundles in the mapping"
        }
        (_, 404) => "Trading Grid has no such user any more",
        (_, _) => "Trading Grid refused it: ask the administrator of Trading Grid",
    };
    Failure::Refused {
        reason: format!("{reason} ({status})"),
    }
}
