//! What an escalation changes beside its records: who works on the issue, and what the partner sees of it.

use std::time::Duration;

use super::to_partner::problem;
use super::{Applied, Apply};
use crate::domain::{MilestoneId, Side};
use crate::effect::{AskEscalation, MoveLanes, ReportEscalation, ReportMilestone};
use crate::event::EscalationAsked;
use crate::failure::Failure;
use crate::trading_grid::Error;
use crate::trading_grid::collaboration::{EscalationReport, EscalationState, MilestoneReport, Problem, Reported};

/// An issue that is closed in the community is waited for this long.
const PATIENCE: Duration = Duration::from_secs(10 * 60);
/// It is asked for again after this.
const SOON: Duration = Duration::from_secs(10);

impl Apply<'_> {
    /// An event of our own for the escalation lane, which deals with one after the other.
    pub(super) async fn ask_escalation(&self, ask: &AskEscalation) -> Result<Applied, Failure> {
        let (company_id, issue_id) = self.issue()?;
        let asked = EscalationAsked {
            issue_id,
            company_id,
            asked: ask.asked,
            by: ask.by,
            key: ask.key.clone(),
        };
        let accepted = self.accept_own(asked.event(self.clients.clock.now())).await?;
        if let Some((stream, owner)) = accepted {
            self.clients.queue.ring_or_leave(owner, &stream, ask.key.as_str()).await;
        }
        Ok(Applied::default())
    }

    pub(super) fn move_lanes(&self, moved: &MoveLanes) -> Result<Applied, Failure> {
        let story = match moved.is_escalated {
            true => "the issue is worked as an escalated one",
            false => "the issue is worked as an ordinary one",
        };
        Ok(Applied {
            writes: self.clients.store.lanes_moved(self.subject, moved.is_escalated)?,
            story: vec![story.to_owned()],
        })
    }

    pub(super) async fn report_escalation(&self, report: &ReportEscalation) -> Result<Applied, Failure> {
        let (company, issue) = self.issue()?;
        let key = self.key("escalation", &[self.subject.as_str(), &report.version.to_string()]);
        let sent = EscalationReport {
            version: report.version,
            state: match report.is_open {
                true => EscalationState::Open,
                false => EscalationState::Ended,
            },
            label: Some(report.label.clone()),
            reason: None,
            lead_name: report.lead.clone(),
            joins: report.joins,
        };
        let community = &self.clients.community;
        let story = match community.report_escalation(&company, &issue, &key, &sent).await {
            Ok(Reported::Taken) if report.is_open => "opened the workspace",
            Ok(Reported::Taken) => "ended the workspace",
            Ok(Reported::Superseded { .. }) => "the partner knows something newer of the escalation",
            Err(error)
                if problem(&error) == Some(Problem::ResourceClosed) && report.joins && self.has_ended().await? =>
            {
                "the partner has ended the escalation meanwhile"
            }
            // A closed issue is opened by the report of its status, which comes on another lane.
            Err(error) if problem(&error) == Some(Problem::ResourceClosed) && self.is_young() => {
                return Err(Failure::Transient {
                    cause: anyhow::Error::new(error),
                    wait: Some(SOON),
                    unsent: true,
                });
            }
            Err(error) => return Err(error.into_failure()),
        };
        Ok(Applied {
            writes: Vec::new(),
            story: vec![story.to_owned()],
        })
    }

    /// Whether the partner has ended the workspace. A closed issue refuses a report too, and may have it open.
    async fn has_ended(&self) -> Result<bool, Failure> {
        let (company, issue) = self.issue()?;
        let workspace = self.clients.community.escalation(&company, &issue).await;
        let workspace = workspace.map_err(Error::into_failure)?;
        Ok(workspace.is_some_and(|workspace| workspace.state == EscalationState::Ended))
    }

    /// Whether what follows from other events may still be on its way.
    fn is_young(&self) -> bool {
        self.clients.clock.now() < self.event.time.after(PATIENCE)
    }

    pub(super) async fn report_milestone(&self, report: &ReportMilestone) -> Result<Applied, Failure> {
        let (company, issue) = self.issue()?;
        let record = &report.record;
        let milestone = MilestoneId::try_from(record.sys_id.to_string());
        let milestone = milestone.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
        let key = self.key("milestone", &[record.sys_id.as_str(), &report.version.to_string()]);
        let shown = &report.milestone;
        let sent = MilestoneReport {
            version: report.version,
            title: shown.title.clone(),
            owner: Side::Desk,
            state: shown.state,
            due_at: shown.due_at,
            note: None,
        };
        let community = &self.clients.community;
        let reported = community
            .report_milestone((&company, &issue), &milestone, &key, &sent)
            .await;
        let story = match reported {
            Ok(Reported::Taken) => format!("showed the milestone {}: {}", shown.title, shown.state.as_str()),
            Ok(Reported::Superseded { .. }) => format!("the partner knows something newer of {}", shown.title),
            Err(error) => match error.into_failure() {
                // The workspace was ended meanwhile, or could not be opened: nobody looks at its milestones.
                Failure::Refused { .. } | Failure::Permanent { .. } => {
                    format!("no open workspace could show {}", shown.title)
                }
                failure => return Err(failure),
            },
        };
        let told = self.clients.store.told(self.subject, &record.link, &shown.digest())?;
        Ok(Applied {
            writes: vec![told],
            story: vec![story],
        })
    }
}
