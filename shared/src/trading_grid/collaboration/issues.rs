//! Issues: what a partner raised, how far it is, comments, and the closing.

use serde::{Deserialize, Serialize};

use super::words::{ExpectedAction, Key, Origin, Page, Person};
use super::{Collaboration, Cursor, Error, Operation, Reported};
use crate::domain::{ArticleId, ClosedBecause, CommentId, CompanyId, IssueId, IssueState, Timestamp};
use crate::event::Issue;
use crate::rfc3339;

/// How far an issue is, for the partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// Grows with every report of the issue's status.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// For programs.
    pub state: IssueState,
    /// One line in the partner's words.
    pub label: String,
    /// More of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the partner should do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_action: Option<ExpectedAction>,
    /// How it was solved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resolution: Option<String>,
    /// Since when it is so.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
    /// What the partner can name on the telephone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub case_number: Option<String>,
}

/// A comment to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewComment {
    /// Plain text.
    pub text: String,
    /// Who wrote it, by public name.
    pub author: Person,
    /// Articles that may help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article_ids: Vec<ArticleId>,
}

/// A comment of either side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    /// The comment.
    pub comment_id: CommentId,
    /// Plain text.
    pub text: String,
    /// Who wrote it.
    pub author: Person,
    /// When.
    #[serde(with = "rfc3339")]
    pub posted_at: Timestamp,
    /// Whether we did.
    #[serde(default)]
    pub origin: Origin,
}

/// A question, a decision, or the end of a question about closing an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureReport {
    /// Grows with every report of the issue's closing.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// What is reported.
    #[serde(flatten)]
    pub request: ClosureRequest,
}

/// What is reported of a closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ClosureRequest {
    /// The partner is asked.
    Requested {
        /// What the partner confirms.
        resolution: String,
        /// When silence counts as a yes.
        #[serde(with = "rfc3339")]
        confirm_by: Timestamp,
    },
    /// The issue is closed.
    Closed {
        /// Why.
        because: ClosedBecause,
    },
    /// The question is taken back.
    Withdrawn,
}

/// How far the closing of an issue is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Closure {
    /// Of our last report.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// How far.
    pub state: ClosureState,
    /// When silence counts as a yes.
    #[serde(default, with = "rfc3339::optional")]
    pub confirm_by: Option<Timestamp>,
    /// What the partner said.
    #[serde(default)]
    pub answer: Option<ClosureAnswer>,
    /// Why it is closed.
    #[serde(default)]
    pub because: Option<ClosedBecause>,
}

/// How far the closing of an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosureState {
    /// The partner was asked.
    Requested,
    /// The partner said yes.
    Confirmed,
    /// The partner said no.
    Disputed,
    /// The issue is closed.
    Closed,
    /// The question was taken back.
    Withdrawn,
}

/// What the partner said about closing.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClosureAnswer {
    /// Yes or no.
    pub verdict: Verdict,
    /// Why not.
    #[serde(default)]
    pub reason: Option<String>,
    /// Who said so.
    pub author: Person,
    /// When.
    #[serde(with = "rfc3339")]
    pub answered_at: Timestamp,
}

/// Yes or no.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is solved.
    Confirmed,
    /// It is not.
    Disputed,
}

impl Collaboration {
    /// The issue as it is now; `None` when the community has none with this id.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn issue(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<Issue>, Error> {
        let operation = Operation::ReadIssue;
        let asked = operation.asked();
        let Some(answer) = self.get(operation, &ids(company, issue), &[]).await? else {
            return Ok(None);
        };
        let text = self.text(asked, &answer)?;
        let found = Issue::parse(&text).map_err(|source| Error::Malformed { asked, source })?;
        if found.issue_id != *issue || found.company_id != *company {
            return Err(Error::Unusable {
                asked,
                why: "it is about another issue".to_owned(),
            });
        }
        Ok(Some(found))
    }

    /// What the partner was last told of an issue; `None` when nothing, or without the issue.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn status_report(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<StatusReport>, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Told {
            #[serde(default)]
            status_report: Option<StatusReport>,
        }
        let told: Option<Told> = self.read(Operation::ReadIssue, &ids(company, issue)).await?;
        Ok(told.and_then(|told| told.status_report))
    }

    /// Says how far an issue is.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn report_status(
        &self,
        company: &CompanyId,
        issue: &IssueId,
        key: &Key,
        report: &StatusReport,
    ) -> Result<Reported, Error> {
        self.report(
            Operation::ReportStatus,
            &ids(company, issue),
            key,
            report.version,
            report,
        )
        .await
    }

    /// The comments of an issue, from the oldest or after a cursor; `None` without the issue.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn comments(
        &self,
        company: &CompanyId,
        issue: &IssueId,
        after: Option<&Cursor>,
    ) -> Result<Option<Page<Comment>>, Error> {
        self.page(Operation::ListComments, &ids(company, issue), after).await
    }

    /// Adds a comment of the desk.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it is there.
    pub async fn post_comment(
        &self,
        company: &CompanyId,
        issue: &IssueId,
        key: &Key,
        comment: &NewComment,
    ) -> Result<CommentId, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Posted {
            comment_id: CommentId,
        }
        let posted: Posted = self
            .write(Operation::PostComment, &ids(company, issue), key, comment)
            .await?;
        Ok(posted.comment_id)
    }

    /// How far the closing of an issue is; `None` when nobody ever asked.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn closure(&self, company: &CompanyId, issue: &IssueId) -> Result<Option<Closure>, Error> {
        self.read(Operation::ReadClosure, &ids(company, issue)).await
    }

    /// Asks the partner to confirm, closes the issue, or takes the question back.
    ///
    /// # Errors
    /// When it is refused, perhaps because the partner has answered meanwhile, or it is unclear whether it
    /// stands.
    pub async fn report_closure(
        &self,
        company: &CompanyId,
        issue: &IssueId,
        key: &Key,
        report: &ClosureReport,
    ) -> Result<Reported, Error> {
        self.report(
            Operation::ReportClosure,
            &ids(company, issue),
            key,
            report.version,
            report,
        )
        .await
    }
}

/// The ids of an issue's paths.
pub(super) fn ids<'a>(company: &'a CompanyId, issue: &'a IssueId) -> [(&'static str, &'a str); 2] {
    [("companyId", company.as_str()), ("issueId", issue.as_str())]
}
