//! Onboarding: how far the set-up of a partner or a user is.

use serde::{Deserialize, Serialize};

use super::words::{ExpectedAction, Key};
use super::{Collaboration, Error, Operation, Reported};
use crate::domain::{ArticleId, CompanyId, OnboardingKind, OnboardingState, RequestId, StepState, Timestamp};
use crate::rfc3339;

/// How far a request is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnboardingReport {
    /// Grows with every report of the request.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// What was requested.
    pub kind: OnboardingKind,
    /// For programs.
    pub state: OnboardingState,
    /// One line in the reader's words.
    pub label: String,
    /// More of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the reader should do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_action: Option<ExpectedAction>,
    /// Step by step.
    pub steps: Vec<OnboardingStep>,
    /// The partner that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_name: Option<String>,
    /// The person that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// First steps to read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article_ids: Vec<ArticleId>,
    /// Since when it is so.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnboardingStep {
    /// The same in every report.
    pub key: String,
    /// One line in the reader's words.
    pub label: String,
    /// How far it is.
    pub state: StepState,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub at: Option<Timestamp>,
    /// More about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A request as the community has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Onboarding {
    /// The request.
    pub request_id: RequestId,
    /// How far it is.
    #[serde(flatten)]
    pub report: OnboardingReport,
}

impl Collaboration {
    /// How far a request is; `None` when nothing was reported of it.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn onboarding(&self, company: &CompanyId, request: &RequestId) -> Result<Option<Onboarding>, Error> {
        self.read(Operation::ReadOnboarding, &ids(company, request)).await
    }

    /// Says how far a request is.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn report_onboarding(
        &self,
        company: &CompanyId,
        request: &RequestId,
        key: &Key,
        report: &OnboardingReport,
    ) -> Result<Reported, Error> {
        let version = report.version;
        self.report(
            Operation::ReportOnboarding,
            &ids(company, request),
            key,
            version,
            report,
        )
        .await
    }
}

fn ids<'a>(company: &'a CompanyId, request: &'a RequestId) -> [(&'static str, &'a str); 2] {
    [("companyId", company.as_str()), ("requestId", request.as_str())]
}
