//! What a request wants to be so, and what is between it and Trading Grid as it is: pure.

use std::collections::BTreeSet;

use shared::domain::{OnboardingKind, RoleName, Timestamp, UserId};
use shared::effect::{Newcomer, Provisioned, ProvisioningAct, Saga, Stage};
use shared::trading_grid::community::User;

use super::{Reach, Step};
use crate::Roles;
use crate::wish::{Wish, wish};

/// What a request comes to.
pub(super) enum Goal {
    /// Something is wrong with it.
    Wrong(Vec<String>),
    /// Its day has not come.
    Later(Timestamp),
    /// Its company is not in the partner directory yet.
    AwaitsCompany,
    /// These users, as they shall be.
    Reachable(Vec<Provisioned>),
}

impl Step<'_> {
    pub(super) fn goal(&self, saga: &Saga) -> Goal {
        let wish = match wish(saga.kind, &saga.answers, self.rules) {
            Ok(wish) => wish,
            Err(problems) => return Goal::Wrong(problems),
        };
        let is_early = |until: &Timestamp| self.facts.now <= *until;
        if let Some(until) = wish.not_before.filter(is_early) {
            return Goal::Later(until);
        }
        let found = &self.sight.found;
        let Some(partner) = &found.partner else {
            return match saga.kind {
                OnboardingKind::OnboardPartner => Goal::AwaitsCompany,
                _ => Goal::Wrong(vec![
                    "the partner directory of Trading Grid has no such company".to_owned(),
                ]),
            };
        };
        let has_address = |address: &String| partner.addresses.iter().any(|told| told.eq_ignore_ascii_case(address));
        if let Some(address) = &wish.address
            && !partner.addresses.is_empty()
            && !has_address(address)
        {
            let problem = "the company has other trading addresses in the partner directory";
            return Goal::Wrong(vec![problem.to_owned()]);
        }
        match saga.kind {
            OnboardingKind::OnboardPartner | OnboardingKind::AddUser => self.of_newcomer(&wish),
            OnboardingKind::ChangeRoles | OnboardingKind::RemoveAccess => self.of_user(saga.kind, &wish),
            OnboardingKind::OffBoardPartner => self.of_company(&wish),
        }
    }

    fn of_newcomer(&self, wish: &Wish<'_>) -> Goal {
        let (Some(newcomer), Some(roles)) = (&wish.newcomer, wish.roles) else {
            return Goal::Wrong(Vec::new());
        };
        let users = &self.sight.found.users;
        let mut problems = Vec::new();
        let has_email = |user: &User| {
            user.email
                .as_ref()
                .is_some_and(|email| email.eq_ignore_ascii_case(&newcomer.email))
        };
        if users.iter().any(|user| user.login_id.is(&newcomer.login_id)) {
            problems
                .push("the company has a user with this login: order a change of roles, or another login".to_owned());
        } else if let Some(user) = users.iter().find(|user| has_email(user)) {
            problems.push(format!(
                "the company has a user with this e-mail address: {}; order a change of roles",
                user.user_id
            ));
        }
        if !problems.is_empty() {
            return Goal::Wrong(problems);
        }
        Goal::Reachable(vec![Provisioned {
            user_id: None,
            login_id: newcomer.login_id.clone(),
            is_new: true,
            before: BTreeSet::new(),
            goal: Some(roles.clone()),
            is_settled: false,
        }])
    }

    fn of_user(&self, kind: OnboardingKind, wish: &Wish<'_>) -> Goal {
        let found = &self.sight.found;
        let of_login = |user: &&User| wish.login.as_ref().is_some_and(|login| user.login_id.is(login));
        let Some(user) = found.users.iter().find(of_login) else {
            let problem = "the company has no user with this login, which its user may have changed";
            return Goal::Wrong(vec![problem.to_owned()]);
        };
        let before = found.roles.get(&user.user_id).cloned().unwrap_or_default();
        let goal = match (kind, wish.environment, wish.roles) {
            (OnboardingKind::ChangeRoles, Some(environment), Some(bundle)) => {
                let managed = environment.managed();
                let others = before.iter().filter(|role| !managed.contains(role)).cloned();
                Some(others.chain(bundle.iter().cloned()).collect::<BTreeSet<_>>())
            }
            _ => None,
        };
        let administrates = |roles: &BTreeSet<RoleName>| {
            let administrators = self.rules.administrators();
            roles.iter().any(|role| administrators.contains(role))
        };
        let loses = administrates(&before) && !goal.as_ref().is_some_and(administrates);
        let others = found.roles.iter().filter(|(id, _)| **id != user.user_id);
        let is_last = loses && !others.into_iter().any(|(_, roles)| administrates(roles));
        if is_last && !wish.may_take_last {
            return Goal::Wrong(vec![last_administrator()]);
        }
        Goal::Reachable(vec![Provisioned {
            user_id: Some(user.user_id.clone()),
            login_id: user.login_id.clone(),
            is_new: false,
            before,
            goal,
            is_settled: false,
        }])
    }

    fn of_company(&self, wish: &Wish<'_>) -> Goal {
        let found = &self.sight.found;
        let administrators = self.rules.administrators();
        let is_administrator = |roles: &BTreeSet<RoleName>| roles.iter().any(|role| administrators.contains(role));
        if found.roles.values().any(is_administrator) && !wish.may_take_last {
            return Goal::Wrong(vec![last_administrator()]);
        }
        // Whoever administrates goes last.
        let mut users = found.users.iter().collect::<Vec<_>>();
        users.sort_by_key(|user| {
            (
                found.roles.get(&user.user_id).is_some_and(is_administrator),
                &user.user_id,
            )
        });
        Goal::Reachable(users.into_iter().map(|user| leaver(user, &found.roles)).collect())
    }

    /// The user to make, if the request makes one.
    pub(super) fn newcomer(&self, saga: &Saga) -> Option<Newcomer> {
        wish(saga.kind, &saga.answers, self.rules).ok()?.newcomer
    }

    /// What is between a user and where the request wants it.
    pub(super) fn to_goal(&self, member: &Provisioned, user: &UserId) -> Reach {
        let found = &self.sight.found;
        let have = found.roles.get(user).cloned().unwrap_or_default();
        let user = || user.clone();
        match (&found.member, &member.goal) {
            (None, None) => Reach::Reached,
            (None, Some(_)) => Reach::Missing,
            (Some(_), None) => Reach::Acts(leaving(have, user())),
            (Some(_), Some(goal)) => {
                // Roles that nobody here gives, and that came meanwhile, are somebody else's business.
                let ours = &member.before | &self.managed();
                between(&(&have & &ours), goal, &have, user())
            }
        }
    }

    /// What is between a user and where it was before the request.
    pub(super) fn back(&self, member: &Provisioned, user: &UserId) -> Reach {
        let found = &self.sight.found;
        let have = found.roles.get(user).cloned().unwrap_or_default();
        match (&found.member, member.is_new) {
            (None, true) => Reach::Reached,
            (None, false) => Reach::Missing,
            (Some(_), true) => Reach::Acts(leaving(have, user.clone())),
            (Some(_), false) => {
                let goal = member.goal.clone().unwrap_or_default();
                let ours = &member.before | &goal;
                between(&(&have & &ours), &member.before, &have, user.clone())
            }
        }
    }

    fn managed(&self) -> BTreeSet<RoleName> {
        let Stage::Over(_) = self.sight.saga.stage else {
            let name = self
                .sight
                .saga
                .answers
                .get("environment")
                .map_or("", |name| name.trim());
            let environment = self.rules.environment(name);
            return environment.map_or_else(BTreeSet::new, |rule| rule.managed().into_iter().cloned().collect());
        };
        BTreeSet::new()
    }
}

/// A user of a company that ends.
pub(super) fn leaver(user: &User, roles: &Roles) -> Provisioned {
    Provisioned {
        user_id: Some(user.user_id.clone()),
        login_id: user.login_id.clone(),
        is_new: false,
        before: roles.get(&user.user_id).cloned().unwrap_or_default(),
        goal: None,
        is_settled: false,
    }
}

/// Roles first, then the user.
fn leaving(have: BTreeSet<RoleName>, user: UserId) -> Vec<ProvisioningAct> {
    let roles = (!have.is_empty()).then(|| ProvisioningAct::RemoveRoles {
        user: user.clone(),
        roles: have,
    });
    roles.into_iter().chain([ProvisioningAct::Delete { user }]).collect()
}

fn between(ours: &BTreeSet<RoleName>, goal: &BTreeSet<RoleName>, have: &BTreeSet<RoleName>, user: UserId) -> Reach {
    let (missing, excess) = (goal - have, ours - goal);
    let mut acts = Vec::new();
    if !missing.is_empty() {
        acts.push(ProvisioningAct::AddRoles {
            user: user.clone(),
            roles: missing,
        });
    }
    if !excess.is_empty() {
        acts.push(ProvisioningAct::RemoveRoles { user, roles: excess });
    }
    match acts.is_empty() {
        true => Reach::Reached,
        false => Reach::Acts(acts),
    }
}

fn last_administrator() -> String {
    "the company would lose its last administrator: order it again with that box checked, if it is meant".to_owned()
}
