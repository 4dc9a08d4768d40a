//! Milestones in the workspace of an escalated issue, owned by either side.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::place::{supersedes, takes_another};
use super::wire::{Author, Origin, Side, Stamp, to_json};
use crate::trading_grid::problems::{Kind, Problem};

/// A step that both sides can see; the JSON of an act too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneSeed {
    #[serde(default)]
    pub version: u64,
    pub title: String,
    pub owner: Side,
    /// `planned`, `in-progress`, `done`, `missed` or `canceled`.
    pub state: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Milestone {
    pub(super) milestone_id: String,
    #[serde(flatten)]
    told: MilestoneSeed,
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
    /// Whether a partner has changed it.
    #[serde(skip)]
    is_partners: bool,
}

pub(crate) fn report(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: MilestoneSeed = call.json(Body::MilestoneReport)?;
    let (company, issue, id) = (call.id(1), call.id(2), call.id(5));
    let workspace = world.workspace(company, issue)?;
    let known = workspace.milestone(id);
    supersedes(known.map(|milestone| milestone.told.version), report.version)?;
    workspace.takes_more()?;
    if known.is_some_and(|milestone| milestone.is_partners) {
        let detail = "The partner has changed this milestone, and only the partner changes it now.";
        return Err(Problem::new(Kind::OwnedByPartner, detail));
    }
    let milestone = world.set_milestone(company, issue, id, report, None, stamp)?;
    Ok(Reply::ok(&milestone))
}

impl Collaboration {
    /// Makes or changes a milestone; with an author, a partner does.
    pub(crate) fn set_milestone(
        &mut self,
        company: &str,
        issue: &str,
        id: &str,
        told: MilestoneSeed,
        author: Option<&Author>,
        stamp: &Stamp,
    ) -> Result<Value, Problem> {
        let workspace = self.workspace_mut(company, issue)?;
        workspace.takes_more()?;
        let place = workspace.milestones.iter().position(|known| known.milestone_id == id);
        let before = place.and_then(|place| workspace.milestones.get(place));
        let is_desks = told.owner == Side::Desk || before.is_some_and(|before| before.told.owner == Side::Desk);
        if author.is_some() && is_desks {
            return Err(Problem::new(Kind::ResourceClosed, "The milestone belongs to the desk."));
        }
        let is_partners = author.is_some() || before.is_some_and(|before| before.is_partners);
        let last = before.map_or(0, |before| before.told.version);
        let version = if author.is_some() { last + 1 } else { told.version };
        let milestone = Milestone {
            milestone_id: id.to_owned(),
            told: MilestoneSeed { version, ..told },
            changed_at: stamp.at.clone(),
            origin: stamp.origin.clone(),
            is_partners,
        };
        let shown = to_json(&milestone);
        match place {
            Some(place) => workspace.milestones[place] = milestone,
            None => {
                takes_another(workspace.milestones.len())?;
                workspace.milestones.push(milestone);
            }
        }
        self.issue_mut(company, issue)?.version += 1;
        let data = json!({ "milestone": shown });
        self.tell_of_issue(company, issue, "escalation.milestone-changed", author, stamp, data)?;
        Ok(shown)
    }
}
