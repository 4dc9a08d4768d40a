//! The operations of the contract, as `infra/collaboration.openapi.yaml` names them.

use http::Method;

use super::super::error::Asked;

/// One operation of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// The issue as it is now.
    ReadIssue,
    /// Says how far an issue is.
    ReportStatus,
    /// The comments of an issue.
    ListComments,
    /// Adds a comment of the desk.
    PostComment,
    /// Shares a document on an issue.
    ShareDocument,
    /// How far the closing of an issue is.
    ReadClosure,
    /// Asks for, makes or withdraws the closing of an issue.
    ReportClosure,
    /// The workspace of an escalated issue.
    ReadEscalation,
    /// Opens or ends the workspace.
    ReportEscalation,
    /// Makes or changes a milestone.
    ReportMilestone,
    /// The messages of the workspace.
    ListEscalationMessages,
    /// Adds a message to the workspace.
    PostEscalationMessage,
    /// Shares a document in the workspace.
    ShareEscalationDocument,
    /// What is known of a document.
    ReadDocument,
    /// The document itself.
    DownloadDocument,
    /// A thread with its requests and outcomes.
    ReadThread,
    /// The messages of a thread.
    ListThreadMessages,
    /// Adds a message to a thread.
    PostThreadMessage,
    /// Delivers a document into a thread.
    ShareThreadDocument,
    /// Asks the partner for a document.
    RequestDocument,
    /// Closes a request for a document.
    ReportFulfilment,
    /// Says what became of a message or request.
    ReportOutcome,
    /// An article as it is now.
    ReadArticle,
    /// Publishes a version of an article.
    PublishArticle,
    /// Takes an article out of sight.
    WithdrawArticle,
    /// Brings a file of an article.
    AddArticleFile,
    /// What partners think of an article.
    ListFeedback,
    /// How far an onboarding is.
    ReadOnboarding,
    /// Says how far an onboarding is.
    ReportOnboarding,
    /// What happened in the community.
    ReadEvents,
}

/// What is fixed about an operation: its id, and the path it has unless the deployment binds it
/// elsewhere.
pub(super) struct Facts {
    pub(super) id: &'static str,
    pub(super) method: Method,
    pub(super) path: &'static str,
    /// As in `asked to {to}`.
    to: &'static str,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 30] = [
        Operation::ReadIssue,
        Operation::ReportStatus,
        Operation::ListComments,
        Operation::PostComment,
        Operation::ShareDocument,
        Operation::ReadClosure,
        Operation::ReportClosure,
        Operation::ReadEscalation,
        Operation::ReportEscalation,
        Operation::ReportMilestone,
        Operation::ListEscalationMessages,
        Operation::PostEscalationMessage,
        Operation::ShareEscalationDocument,
        Operation::ReadDocument,
        Operation::DownloadDocument,
        Operation::ReadThread,
        Operation::ListThreadMessages,
        Operation::PostThreadMessage,
        Operation::ShareThreadDocument,
        Operation::RequestDocument,
        Operation::ReportFulfilment,
        Operation::ReportOutcome,
        Operation::ReadArticle,
        Operation::PublishArticle,
        Operation::WithdrawArticle,
        Operation::AddArticleFile,
        Operation::ListFeedback,
        Operation::ReadOnboarding,
        Operation::ReportOnboarding,
        Operation::ReadEvents,
    ];

    /// What is fixed about it.
    pub(super) fn facts(self) -> Facts {
        const GET: Method = Method::GET;
        const PUT: Method = Method::PUT;
        const POST: Method = Method::POST;
        let (id, method, path, to) = match self {
            Self::ReadIssue => ("readIssue", GET, "/issues/{companyId}/{issueId}", "read an issue"),
            Self::ReportStatus => (
                "reportStatus",
                PUT,
                "/issues/{companyId}/{issueId}/status",
                "take a status",
            ),
            Self::ListComments => (
                "listComments",
                GET,
                "/issues/{companyId}/{issueId}/comments",
                "list comments",
            ),
            Self::PostComment => (
                "postComment",
                POST,
                "/issues/{companyId}/{issueId}/comments",
                "add a comment",
            ),
            Self::ShareDocument => (
                "shareDocument",
                POST,
                "/issues/{companyId}/{issueId}/documents",
                "take a document",
            ),
            Self::ReadClosure => (
                "readClosure",
                GET,
                "/issues/{companyId}/{issueId}/closure",
                "read a closure",
            ),
            Self::ReportClosure => (
                "reportClosure",
                PUT,
                "/issues/{companyId}/{issueId}/closure",
                "take a closure",
            ),
            Self::ReadEscalation => (
                "readEscalation",
                GET,
                "/issues/{companyId}/{issueId}/escalation",
                "read an escalation",
            ),
            Self::ReportEscalation => (
                "reportEscalation",
                PUT,
                "/issues/{companyId}/{issueId}/escalation",
                "take an escalation",
            ),
            Self::ReportMilestone => (
                "reportMilestone",
                PUT,
                "/issues/{companyId}/{issueId}/escalation/milestones/{milestoneId}",
                "take a milestone",
            ),
            Self::ListEscalationMessages => (
                "listEscalationMessages",
                GET,
                "/issues/{companyId}/{issueId}/escalation/messages",
                "list messages",
            ),
            Self::PostEscalationMessage => (
                "postEscalationMessage",
                POST,
                "/issues/{companyId}/{issueId}/escalation/messages",
                "add a message",
            ),
            Self::ShareEscalationDocument => (
                "shareEscalationDocument",
                POST,
                "/issues/{companyId}/{issueId}/escalation/documents",
                "take a document",
            ),
            Self::ReadDocument => (
                "readDocument",
                GET,
                "/documents/{companyId}/{documentId}",
                "describe a document",
            ),
            Self::DownloadDocument => (
                "downloadDocument",
                GET,
                "/documents/{companyId}/{documentId}/content",
                "read a document",
            ),
            Self::ReadThread => ("readThread", GET, "/threads/{companyId}/{threadId}", "read a thread"),
            Self::ListThreadMessages => (
                "listThreadMessages",
                GET,
                "/threads/{companyId}/{threadId}/messages",
                "list messages",
            ),
            Self::PostThreadMessage => (
                "postThreadMessage",
                POST,
                "/threads/{companyId}/{threadId}/messages",
                "add a message",
            ),
            Self::ShareThreadDocument => (
                "shareThreadDocument",
                POST,
                "/threads/{companyId}/{threadId}/documents",
                "take a document",
            ),
            Self::RequestDocument => (
                "requestDocument",
                POST,
                "/threads/{companyId}/{threadId}/document-requests",
                "ask for a document",
            ),
            Self::ReportFulfilment => (
                "reportFulfilment",
                PUT,
                "/threads/{companyId}/{threadId}/document-requests/{requestId}/fulfilment",
                "close a request for a document",
            ),
            Self::ReportOutcome => (
                "reportOutcome",
                PUT,
                "/threads/{companyId}/{threadId}/outcomes/{outcomeId}",
                "take an outcome",
            ),
            Self::ReadArticle => ("readArticle", GET, "/articles/{articleId}", "read an article"),
            Self::PublishArticle => ("publishArticle", PUT, "/articles/{articleId}", "publish an article"),
            Self::WithdrawArticle => (
                "withdrawArticle",
                PUT,
                "/articles/{articleId}/withdrawal",
                "withdraw an article",
            ),
            Self::AddArticleFile => ("addArticleFile", POST, "/articles/{articleId}/files", "take a file"),
            Self::ListFeedback => ("listFeedback", GET, "/articles/{articleId}/feedback", "list feedback"),
            Self::ReadOnboarding => (
                "readOnboarding",
                GET,
                "/onboarding/{companyId}/{requestId}",
                "read an onboarding",
            ),
            Self::ReportOnboarding => (
                "reportOnboarding",
                PUT,
                "/onboarding/{companyId}/{requestId}",
                "take an onboarding",
            ),
            Self::ReadEvents => ("readEvents", GET, "/events", "read its events"),
        };
        Facts { id, method, path, to }
    }

    /// Who is asked for what, for errors.
    pub(super) fn asked(self) -> Asked {
        let facts = self.facts();
        Asked {
            whom: "the community",
            to: facts.to,
            is_write: facts.method != Method::GET,
        }
    }
}
