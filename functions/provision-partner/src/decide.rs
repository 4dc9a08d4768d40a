//! The rules of `provision-partner`: pure.

mod ending;
mod goal;
mod told;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use shared::domain::{OnboardingKind, RoleName, UserId};
use shared::effect::{
    Adopt, Deed, DeedKind, Effect, End, GoOn, Mark, Problem, Provision, Provisioned, ProvisioningAct, Saga, Stage,
    Undoing,
};
use shared::event::Event;
use shared::mapping::{Mode, OnboardingRules};
use shared::messages;

use crate::{Facts, Place, Sight, Verdict};
use goal::Goal;

/// After so many tries that changed nothing it is given up.
const MOST_TRIES: u32 = 3;

/// Decides what an event leads to.
pub fn decide(_event: &Event, facts: &Facts) -> Vec<Effect> {
    let (sight, rules) = match (&facts.place, &facts.mapping.onboarding) {
        (Place::Request(sight), Some(rules)) => (sight, rules),
        (Place::Due, _) => return vec![go_on()],
        (Place::Elsewhere, _) | (Place::Request(_), None) => return Vec::new(),
    };
    let step = Step { facts, sight, rules };
    let saga = sight.saga.clone();
    if rules.mode == Mode::Shadow && !sight.is_known {
        let what = messages::requested(saga.kind);
        return vec![tell(format!("shadow: would see to {what}, as {} asks", saga.number))];
    }
    let mut effects = Vec::new();
    if !sight.is_known {
        effects.push(Effect::Adopt(Adopt {
            record: sight.item.record.clone(),
            number: saga.number.clone(),
        }));
    }
    effects.extend(step.next(saga));
    effects
}

/// One step of a request.
struct Step<'a> {
    facts: &'a Facts,
    sight: &'a Sight,
    rules: &'a OnboardingRules,
}

impl Step<'_> {
    fn next(&self, saga: Saga) -> Vec<Effect> {
        match self.sight.item.verdict {
            Verdict::Approved => self.approved(saga),
            // Approval was taken back: somebody has to decide anew.
            Verdict::Open => Vec::new(),
            Verdict::Rejected | Verdict::Canceled | Verdict::Gone => self.unwanted(saga),
            Verdict::Completed if saga.stage == Stage::Closing => self.closed(saga),
            Verdict::Completed => self.ended(saga, End::TakenOver, &[]),
        }
    }

    fn approved(&self, mut saga: Saga) -> Vec<Effect> {
        if let Some(problem) = &mut saga.problem
            && !matches!(saga.stage, Stage::Undoing { .. })
        {
            let is_pending = self.sight.item.state == self.rules.states.pending;
            return match (is_pending, problem.is_pending) {
                (true, false) => {
                    problem.is_pending = true;
                    vec![self.keep(&saga)]
                }
                // Nobody has taken it up again.
                (true, true) | (false, false) => Vec::new(),
                (false, true) => {
                    saga.problem = None;
                    self.checked(saga)
                }
            };
        }
        match saga.stage {
            Stage::Checked | Stage::AwaitingCompany { .. } | Stage::Ready => self.checked(saga),
            Stage::Creating => match (&self.sight.trouble, made(&saga)) {
                (_, Some(_)) => self.created(saga),
                (trouble, None) => {
                    let problem = trouble.clone();
                    let problem = problem.unwrap_or_else(|| "Trading Grid did not make the user".to_owned());
                    saga.members.clear();
                    self.stopped(saga, &[problem])
                }
            },
            Stage::Changing { .. } => self.changed(saga),
            Stage::Closing => self.closed(saga),
            Stage::Undoing { .. } => self.undone(saga),
            Stage::Over(_) => Vec::new(),
        }
    }

    /// The request as it would begin, or go on now that it has its turn.
    fn checked(&self, mut saga: Saga) -> Vec<Effect> {
        let goal = match self.goal(&saga) {
            Goal::Wrong(problems) => return self.stopped(saga, &problems),
            Goal::Later(until) => return self.later(saga, until),
            Goal::AwaitsCompany => return self.awaited(saga),
            Goal::Reachable(members) => members,
        };
        let Some(partner) = &self.sight.found.partner else {
            return Vec::new();
        };
        saga.company = Some(partner.id.clone());
        saga.partner_name.clone_from(&partner.name);
        if saga.stage != Stage::Ready {
            saga.stage = Stage::Ready;
            saga.turn = Some(partner.id.clone());
            let begun = messages::request_begun(saga.kind, &partner.id, partner.name.as_deref());
            let mut effects = vec![
                Effect::TakeTurn {
                    company: partner.id.clone(),
                },
                self.keep(&saga),
                self.note("begin", begun),
            ];
            effects.extend(self.report(&mut saga));
            effects.extend([self.keep(&saga), go_on()]);
            return effects;
        }
        saga.members = goal;
        match self.newcomer(&saga) {
            Some(newcomer) => {
                saga.stage = Stage::Creating;
                let create = self.provision(&saga, ProvisioningAct::Create(newcomer));
                let mut effects = vec![self.keep(&saga)];
                effects.extend(create);
                effects.push(go_on());
                effects
            }
            None => {
                saga.stage = Stage::Changing { tries: 0 };
                vec![self.keep(&saga), go_on()]
            }
        }
    }

    fn created(&self, mut saga: Saga) -> Vec<Effect> {
        let Some(user) = made(&saga).cloned() else {
            return Vec::new();
        };
        saga.stage = Stage::Changing { tries: 0 };
        self.deed(&mut saga, DeedKind::Created, Some(user.clone()), Default::default());
        let mut effects = vec![self.note("user", messages::user_made(&user))];
        effects.extend(self.report(&mut saga));
        effects.extend(self.changed(saga));
        effects
    }

    /// Users and roles, one user after the other, until what Trading Grid shows is what was approved.
    fn changed(&self, mut saga: Saga) -> Vec<Effect> {
        let Stage::Changing { tries } = saga.stage else {
            return Vec::new();
        };
        let Some(at) = saga.next_member() else {
            return self.all_settled(saga);
        };
        let member = saga.members[at].clone();
        let Some(user) = member.user_id.clone() else {
            return Vec::new();
        };
        let acts = self.to_goal(&member, &user);
        match acts {
            Reach::Reached => {
                self.settled(&mut saga, at);
                match saga.next_member() {
                    None if saga.kind != OnboardingKind::OffBoardPartner => self.done(saga),
                    _ => vec![self.keep(&saga), go_on()],
                }
            }
            Reach::Missing => self.given_up(saga, "the user was deleted in Trading Grid meanwhile"),
            Reach::Acts(_) if tries >= MOST_TRIES => {
                self.given_up(saga, "Trading Grid accepts the change, and does not show it")
            }
            Reach::Acts(_) if self.sight.trouble.is_some() => {
                let trouble = self.sight.trouble.clone().unwrap_or_default();
                self.given_up(saga, &trouble)
            }
            Reach::Acts(acts) => {
                saga.stage = Stage::Changing { tries: tries + 1 };
                self.act(saga, acts)
            }
        }
    }

    /// Everybody whom the request is about is as approved. Of a whole company somebody may have come meanwhile.
    fn all_settled(&self, mut saga: Saga) -> Vec<Effect> {
        let found = &self.sight.found;
        let is_new = |user: &&shared::trading_grid::community::User| {
            let known = |member: &Provisioned| member.user_id.as_ref() == Some(&user.user_id);
            !saga.members.iter().any(known)
        };
        let more = found
            .users
            .iter()
            .filter(is_new)
            .map(|user| goal::leaver(user, &found.roles));
        let more = more.collect::<Vec<_>>();
        if saga.kind != OnboardingKind::OffBoardPartner || more.is_empty() {
            return self.done(saga);
        }
        saga.members.extend(more);
        vec![self.keep(&saga), go_on()]
    }

    fn settled(&self, saga: &mut Saga, at: usize) {
        saga.stage = match saga.stage {
            Stage::Undoing { because, .. } => Stage::Undoing { because, tries: 0 },
            _ => Stage::Changing { tries: 0 },
        };
        let member = &mut saga.members[at];
        member.is_settled = true;
        let (user, before, goal) = (member.user_id.clone(), member.before.clone(), member.goal.clone());
        if matches!(saga.stage, Stage::Undoing { .. }) {
            return;
        }
        let wanted = goal.clone().unwrap_or_default();
        let (given, taken) = (&wanted - &before, &before - &wanted);
        if !given.is_empty() {
            self.deed(saga, DeedKind::Granted, user.clone(), given);
        }
        if !taken.is_empty() {
            self.deed(saga, DeedKind::Revoked, user.clone(), taken);
        }
        match goal {
            Some(goal) => {
                self.deed(saga, DeedKind::Verified, user, goal);
                if let Some(deed) = saga.deeds.last_mut() {
                    deed.entitlements.clone_from(&self.sight.found.entitlements);
                }
            }
            None => self.deed(saga, DeedKind::Deleted, user, Default::default()),
        }
    }

    fn act(&self, saga: Saga, acts: Vec<ProvisioningAct>) -> Vec<Effect> {
        let mut effects = vec![self.keep(&saga)];
        effects.extend(acts.into_iter().filter_map(|act| self.provision(&saga, act)));
        effects.push(go_on());
        effects
    }

    fn provision(&self, saga: &Saga, act: ProvisioningAct) -> Option<Effect> {
        let company = saga.company.clone()?;
        Some(Effect::Provision(Provision { company, act }))
    }

    /// It cannot be done: what was done is undone, and then somebody is told why.
    fn given_up(&self, mut saga: Saga, why: &str) -> Vec<Effect> {
        saga.problem = Some(Problem {
            text: why.to_owned(),
            is_pending: false,
        });
        self.turned_back(saga, Undoing::Failed)
    }

    fn turned_back(&self, mut saga: Saga, because: Undoing) -> Vec<Effect> {
        saga.stage = Stage::Undoing { because, tries: 0 };
        for member in &mut saga.members {
            member.is_settled = false;
        }
        vec![self.keep(&saga), go_on()]
    }

    fn deed(&self, saga: &mut Saga, what: DeedKind, user_id: Option<UserId>, roles: BTreeSet<RoleName>) {
        saga.deeds.push(Deed {
            at: self.facts.now,
            what,
            user_id,
            roles,
            entitlements: BTreeSet::new(),
        });
    }

    /// Keeps how far the request is; a turn that it no longer has is over.
    fn keep(&self, saga: &Saga) -> Effect {
        let releases = match (&self.sight.saga.turn, &saga.turn) {
            (Some(company), None) => Some(company.clone()),
            _ => None,
        };
        Effect::Mark(Mark::Saga {
            saga: Box::new(saga.clone()),
            releases,
        })
    }

    /// A work note; `what` makes it the one it is.
    fn note(&self, what: &str, text: String) -> Effect {
        Effect::note(&self.sight.item.record, what.to_owned(), text)
    }
}

/// The user that was made.
fn made(saga: &Saga) -> Option<&UserId> {
    saga.members.first()?.user_id.as_ref()
}

/// How a user gets to where it shall be.
enum Reach {
    /// It is there.
    Reached,
    /// It is not there at all.
    Missing,
    /// By these.
    Acts(Vec<ProvisioningAct>),
}

/// The next step, once whatever came meanwhile is seen.
fn go_on() -> Effect {
    Effect::GoOn { when: GoOn::Now }
}

fn tell(text: String) -> Effect {
    Effect::Tell { text }
}
