//! The workspace of an issue that became critical, and its milestones.

use serde::{Deserialize, Serialize};

use super::issues::ids;
use super::words::{Key, Origin};
use super::{Collaboration, Error, Operation, Reported};
use crate::domain::{CompanyId, IssueId, MilestoneId, MilestoneState, Side, Timestamp};
use crate::rfc3339;

/// The workspace is opened or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EscalationReport {
    /// Grows with every report of the issue's escalation.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// Opened or ended.
    pub state: EscalationState,
    /// One line in the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Why it is escalated, or why no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whom the partner may ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_name: Option<String>,
    /// Whether only a workspace that is open already is reported open: one that was ended is refused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub joins: bool,
}

/// Whether work goes on in the workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EscalationState {
    /// It does.
    Open,
    /// It is only read.
    Ended,
}

/// The workspace as it is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Escalation {
    /// Of our last report; absent before the first.
    #[serde(default, deserialize_with = "crate::whole_number::read_optional")]
    pub version: Option<u64>,
    /// Whether work goes on in it.
    pub state: EscalationState,
    /// Who opened it.
    pub opened_by: Side,
    /// What is to be reached.
    #[serde(default)]
    pub milestones: Vec<Milestone>,
}

/// Something to be reached, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MilestoneReport {
    /// Grows with every report of the milestone.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// One line.
    pub title: String,
    /// Who reaches it.
    pub owner: Side,
    /// How far it is.
    pub state: MilestoneState,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub due_at: Option<Timestamp>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A milestone of either side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Milestone {
    /// The milestone.
    pub milestone_id: MilestoneId,
    /// What it says.
    #[serde(flatten)]
    pub report: MilestoneReport,
    /// Whether we wrote it last.
    #[serde(default)]
    pub origin: Origin,
}

impl Collaboration {
    /// The workspace of an issue; `None` when it was never escalated.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn escalation(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<Escalation>, Error> {
        self.read(Operation::ReadEscalation, &ids(company, issue)).await
    }

    /// Opens or ends the workspace of an issue.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn report_escalation(
        &self,
        company: &CompanyId,
        issue: &IssueId,
        key: &Key,
        report: &EscalationReport,
    ) -> Result<Reported, Error> {
        self.report(
            Operation::ReportEscalation,
            &ids(company, issue),
            key,
            report.version,
            report,
        )
        .await
    }

    /// Makes or changes a milestone.
    ///
    /// # Errors
    /// When it is refused, perhaps because the partner decides about it now, or it is unclear whether it
    /// stands.
    pub async fn report_milestone(
        &self,
        (company, issue): (&CompanyId, &IssueId),
        milestone: &MilestoneId,
        key: &Key,
        report: &MilestoneReport,
    ) -> Result<Reported, Error> {
        let [of_company, of_issue] = ids(company, issue);
        let ids = [of_company, of_issue, ("milestoneId", milestone.as_str())];
        self.report(Operation::ReportMilestone, &ids, key, report.version, report)
            .await
    }
}
