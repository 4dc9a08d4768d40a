//! What the partner reads of a request: pure.

use shared::domain::{OnboardingKind, OnboardingState, StepState};
use shared::effect::{Effect, End, Progress, ReportOnboarding, Saga, Stage};
use shared::mapping::STEPS;

use super::Step;

/// The longest name of a person, in characters, by the contract.
const USER_NAME: usize = 200;

impl Step<'_> {
    /// How far it is, unless the partner knows.
    pub(super) fn report(&self, saga: &mut Saga) -> Option<Effect> {
        let state = match saga.stage {
            Stage::Checked | Stage::AwaitingCompany { .. } => OnboardingState::Waiting,
            Stage::Ready | Stage::Creating | Stage::Changing { .. } | Stage::Closing | Stage::Undoing { .. } => {
                OnboardingState::InProgress
            }
            Stage::Over(End::Done | End::TakenOver) => OnboardingState::Done,
            Stage::Over(End::Canceled | End::Rejected | End::Undone) => OnboardingState::Undone,
        };
        self.report_as(saga, state)
    }

    /// That it stands so. A partner who has heard nothing of a request hears nothing of its end either.
    pub(super) fn report_as(&self, saga: &mut Saga, state: OnboardingState) -> Option<Effect> {
        let is_end = matches!(state, OnboardingState::Undone);
        if is_end && saga.told.is_none() {
            return None;
        }
        let (company, request) = (saga.company.clone()?, saga.number.parse().ok()?);
        let progress = self.progress(saga, state)?;
        let digest = progress.digest();
        if saga.told.as_ref() == Some(&digest) {
            return None;
        }
        saga.told = Some(digest);
        Some(Effect::ReportOnboarding(ReportOnboarding {
            company,
            request,
            version: self.facts.number,
            progress,
            since: self.facts.now,
        }))
    }

    fn progress(&self, saga: &Saga, state: OnboardingState) -> Option<Progress> {
        let steps = STEPS.map(|key| (key.to_owned(), self.rules.step(key).to_owned(), step(saga, state, key)));
        let is_new = matches!(saga.kind, OnboardingKind::OnboardPartner | OnboardingKind::AddUser);
        let is_done = state == OnboardingState::Done;
        Some(Progress {
            kind: saga.kind,
            state,
            label: self.rules.label(state)?.to_owned(),
            steps: steps.into(),
            partner_name: saga.partner_name.clone(),
            user_name: user_name(saga),
            articles: match is_new && is_done {
                true => self.rules.first_steps.clone(),
                false => Vec::new(),
            },
        })
    }
}

/// The log-in of the one person that a request is about: the community knows nobody's name, and the partner does.
fn user_name(saga: &Saga) -> Option<String> {
    let person = saga
        .members
        .first()
        .filter(|_| saga.kind != OnboardingKind::OffBoardPartner);
    let login = person.map(|member| member.login_id.as_str().to_owned());
    login.filter(|login| login.chars().count() <= USER_NAME)
}

fn step(saga: &Saga, state: OnboardingState, key: &str) -> StepState {
    let is_known = saga.members.iter().any(|member| member.user_id.is_some());
    let is_reached = match key {
        "approved" => true,
        "company" => saga.company.is_some(),
        "user" if saga.kind == OnboardingKind::ChangeRoles => return StepState::Skipped,
        "user" => match saga.kind {
            OnboardingKind::OnboardPartner | OnboardingKind::AddUser => is_known,
            _ => state == OnboardingState::Done,
        },
        _ => state == OnboardingState::Done,
    };
    match (is_reached, state) {
        (true, OnboardingState::Undone) if key != "approved" && key != "company" => StepState::Undone,
        (true, _) => StepState::Done,
        (false, OnboardingState::Undone) => StepState::Skipped,
        (false, OnboardingState::Failed) => StepState::Failed,
        (false, _) => StepState::Pending,
    }
}
