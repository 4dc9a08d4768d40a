//! Onboarding: how far the set-up of a partner or a user is, step by step.

use serde::{Deserialize, Serialize};

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::place::supersedes;
use super::wire::{ExpectedAction, Origin, Stamp};
use crate::trading_grid::problems::{Kind, Problem};
use crate::trading_grid::state::key;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Onboarding {
    #[serde(default)]
    pub(crate) company_id: String,
    #[serde(default)]
    request_id: String,
    version: u64,
    kind: String,
    state: String,
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_action: Option<ExpectedAction>,
    steps: Vec<Step>,
    #[serde(skip_serializing_if = "Option::is_none")]
    partner_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_name: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    article_ids: Vec<String>,
    since: String,
    #[serde(default)]
    received_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step {
    key: String,
    label: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let found = world.onboardings.get(&key(call.id(1), call.id(2)));
    Ok(Reply::ok(found.ok_or_else(Problem::not_found)?))
}

pub(crate) fn report(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Onboarding = call.json(Body::OnboardingReport)?;
    let (company, request) = (call.id(1), call.id(2));
    if call.members.company(company).is_none() {
        return Err(Problem::new(Kind::NotFound, "There is no such company."));
    }
    let key = key(company, request);
    supersedes(world.onboardings.get(&key).map(|known| known.version), report.version)?;
    let article_ids = world.readable_articles(&call.members, company, &report.article_ids, stamp)?;
    let onboarding = Onboarding {
        company_id: company.to_owned(),
        request_id: request.to_owned(),
        article_ids,
        received_at: stamp.at.clone(),
        origin: stamp.origin.clone(),
        ..report
    };
    let reply = Reply::ok(&onboarding);
    world.onboardings.insert(key, onboarding);
    Ok(reply)
}
