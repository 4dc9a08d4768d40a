//! The operations of the contract, by path and method; their names are its operation ids.

use bytes::Bytes;
use http::Response;

use super::call::{Call, Reply};
use super::wire::Stamp;
use super::{
    Collaboration, articles, check_ids, closure, comments, document_requests, documents, escalation, issues,
    milestones, no_such_path, onboarding, threads,
};
use crate::trading_grid::problems::Problem;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Reads(Lookup),
    Writes(Write),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    ReadIssue,
    ListComments,
    ReadClosure,
    ReadEscalation,
    ListEscalationMessages,
    ReadDocument,
    DownloadDocument,
    ReadThread,
    ListThreadMessages,
    ReadArticle,
    ListFeedback,
    ReadOnboarding,
    ReadEvents,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Write {
    ReportStatus,
    PostComment,
    ShareDocument,
    ReportClosure,
    ReportEscalation,
    ReportMilestone,
    PostEscalationMessage,
    ShareEscalationDocument,
    PostThreadMessage,
    ShareThreadDocument,
    RequestDocument,
    ReportFulfilment,
    ReportOutcome,
    PublishArticle,
    WithdrawArticle,
    AddArticleFile,
    ReportOnboarding,
}

/// The operations of a path by method, and its ids with their names.
type Resource = (&'static [(&'static str, Operation)], &'static [(usize, &'static str)]);

impl Operation {
    /// What a call asks for, once its path is as the contract says.
    pub(crate) fn of(call: &Call<'_>) -> Result<Operation, Problem> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        let (methods, ids) = resource(&path).ok_or_else(no_such_path)?;
        let found = methods.iter().find(|(method, _)| *method == call.method);
        let Some((_, operation)) = found else {
            let allowed: Vec<&str> = methods.iter().map(|(method, _)| *method).collect();
            return Err(Problem::method_not_allowed(&allowed.join(", ")));
        };
        check_ids(call, ids)?;
        Ok(*operation)
    }
}

impl Lookup {
    pub(crate) fn answer(self, world: &mut Collaboration, call: &Call<'_>) -> Result<Response<Bytes>, Problem> {
        let reply = match self {
            Lookup::ReadIssue => issues::read(world, call),
            Lookup::ListComments => comments::list(world, call),
            Lookup::ReadClosure => closure::read(world, call),
            Lookup::ReadEscalation => escalation::read(world, call),
            Lookup::ListEscalationMessages => escalation::list_messages(world, call),
            Lookup::ReadDocument => documents::read(world, call.id(1), call.id(2)),
            Lookup::DownloadDocument => return documents::download(world, call.id(1), call.id(2)),
            Lookup::ReadThread => threads::read(world, call),
            Lookup::ListThreadMessages => threads::list_messages(world, call),
            Lookup::ReadArticle => articles::read(world, call),
            Lookup::ListFeedback => articles::list_feedback(world, call),
            Lookup::ReadOnboarding => onboarding::read(world, call),
            Lookup::ReadEvents => world.feed.read(call).map(|page| Reply::ok(&page)),
        };
        Ok(reply?.answer())
    }
}

impl Write {
    pub(crate) fn carry_out(self, world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
        match self {
            Write::ReportStatus => issues::report_status(world, call, stamp),
            Write::PostComment => comments::post(world, call, stamp),
            Write::ShareDocument => issues::share_document(world, call, stamp),
            Write::ReportClosure => closure::report(world, call, stamp),
            Write::ReportEscalation => escalation::report(world, call, stamp),
            Write::ReportMilestone => milestones::report(world, call, stamp),
            Write::PostEscalationMessage => escalation::post_message(world, call, stamp),
            Write::ShareEscalationDocument => escalation::share_document(world, call, stamp),
            Write::PostThreadMessage => threads::post_message(world, call, stamp),
            Write::ShareThreadDocument => threads::share_document(world, call, stamp),
            Write::RequestDocument => document_requests::request(world, call, stamp),
            Write::ReportFulfilment => document_requests::report_fulfilment(world, call, stamp),
            Write::ReportOutcome => threads::report_outcome(world, call, stamp),
            Write::PublishArticle => articles::publish(world, call, stamp),
            Write::WithdrawArticle => articles::withdraw(world, call, stamp),
            Write::AddArticleFile => articles::add_file(world, call, stamp),
            Write::ReportOnboarding => onboarding::report(world, call, stamp),
        }
    }
}

/// What is at a path.
fn resource(path: &[&str]) -> Option<Resource> {
    use Lookup::*;
    use Operation::{Reads, Writes};
    use Write::*;
    const COMPANY_AND_ISSUE: &[(usize, &str)] = &[(1, "companyId"), (2, "issueId")];
    const COMPANY_AND_THREAD: &[(usize, &str)] = &[(1, "companyId"), (2, "threadId")];
    const COMPANY_AND_DOCUMENT: &[(usize, &str)] = &[(1, "companyId"), (2, "documentId")];
    const COMPANY_AND_REQUEST: &[(usize, &str)] = &[(1, "companyId"), (2, "requestId")];
    const MILESTONE: &[(usize, &str)] = &[(1, "companyId"), (2, "issueId"), (5, "milestoneId")];
    const REQUEST: &[(usize, &str)] = &[(1, "companyId"), (2, "threadId"), (4, "requestId")];
    const OUTCOME: &[(usize, &str)] = &[(1, "companyId"), (2, "threadId"), (4, "outcomeId")];
    const ARTICLE: &[(usize, &str)] = &[(1, "articleId")];
    let found: Resource = match path {
        ["issues", _, _] => (&[("GET", Reads(ReadIssue))], COMPANY_AND_ISSUE),
        ["issues", _, _, "status"] => (&[("PUT", Writes(ReportStatus))], COMPANY_AND_ISSUE),
        ["issues", _, _, "comments"] => (
            &[("GET", Reads(ListComments)), ("POST", Writes(PostComment))],
            COMPANY_AND_ISSUE,
        ),
        ["issues", _, _, "documents"] => (&[("POST", Writes(ShareDocument))], COMPANY_AND_ISSUE),
        ["issues", _, _, "closure"] => (
            &[("GET", Reads(ReadClosure)), ("PUT", Writes(ReportClosure))],
            COMPANY_AND_ISSUE,
        ),
        ["issues", _, _, "escalation"] => (
            &[("GET", Reads(ReadEscalation)), ("PUT", Writes(ReportEscalation))],
            COMPANY_AND_ISSUE,
        ),
        ["issues", _, _, "escalation", "milestones", _] => (&[("PUT", Writes(ReportMilestone))], MILESTONE),
        ["issues", _, _, "escalation", "messages"] => (
            &[
                ("GET", Reads(ListEscalationMessages)),
                ("POST", Writes(PostEscalationMessage)),
            ],
            COMPANY_AND_ISSUE,
        ),
        ["issues", _, _, "escalation", "documents"] => {
            (&[("POST", Writes(ShareEscalationDocument))], COMPANY_AND_ISSUE)
        }
        ["documents", _, _] => (&[("GET", Reads(ReadDocument))], COMPANY_AND_DOCUMENT),
        ["documents", _, _, "content"] => (&[("GET", Reads(DownloadDocument))], COMPANY_AND_DOCUMENT),
        ["threads", _, _] => (&[("GET", Reads(ReadThread))], COMPANY_AND_THREAD),
        ["threads", _, _, "messages"] => (
            &[("GET", Reads(ListThreadMessages)), ("POST", Writes(PostThreadMessage))],
            COMPANY_AND_THREAD,
        ),
        ["threads", _, _, "documents"] => (&[("POST", Writes(ShareThreadDocument))], COMPANY_AND_THREAD),
        ["threads", _, _, "document-requests"] => (&[("POST", Writes(RequestDocument))], COMPANY_AND_THREAD),
        ["threads", _, _, "document-requests", _, "fulfilment"] => (&[("PUT", Writes(ReportFulfilment))], REQUEST),
        ["threads", _, _, "outcomes", _] => (&[("PUT", Writes(ReportOutcome))], OUTCOME),
        ["articles", _] => (&[("GET", Reads(ReadArticle)), ("PUT", Writes(PublishArticle))], ARTICLE),
        ["articles", _, "withdrawal"] => (&[("PUT", Writes(WithdrawArticle))], ARTICLE),
        ["articles", _, "files"] => (&[("POST", Writes(AddArticleFile))], ARTICLE),
        ["articles", _, "feedback"] => (&[("GET", Reads(ListFeedback))], ARTICLE),
        ["onboarding", _, _] => (
            &[("GET", Reads(ReadOnboarding)), ("PUT", Writes(ReportOnboarding))],
            COMPANY_AND_REQUEST,
        ),
        ["events"] => (&[("GET", Reads(ReadEvents))], &[]),
        _ => return None,
    };
    Some(found)
}
