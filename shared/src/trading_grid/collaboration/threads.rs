//! Threads: messages, requests for documents, and what became of them. The workspace of an
//! escalation has messages too.

use serde::{Deserialize, Serialize};

use super::words::{ExpectedAction, Key, Origin, Page, Person};
use super::{Collaboration, Cursor, Error, Ids, Operation, Reported};
use crate::domain::{ArticleId, CompanyId, DocumentId, IssueId, MessageId, OutcomeId, OutcomeState};
use crate::domain::{RequestId, Side, ThreadId, Timestamp};
use crate::event::{Document, TransactionRef};
use crate::rfc3339;

/// Where messages are exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room<'a> {
    /// A thread.
    Thread(&'a CompanyId, &'a ThreadId),
    /// The workspace of an escalated issue.
    Escalation(&'a CompanyId, &'a IssueId),
}

/// A thread with its requests and outcomes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Thread {
    /// The thread.
    pub thread_id: ThreadId,
    /// Whose it is.
    pub company_id: CompanyId,
    /// Counts the changes of the thread, from 1.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// What it is about.
    pub topic: String,
    /// The issue that it belongs to.
    #[serde(default)]
    pub issue_id: Option<IssueId>,
    /// The exchange that it is about.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
    /// Requests for documents, of either side.
    #[serde(default)]
    pub document_requests: Vec<DocumentRequest>,
    /// What we reported.
    #[serde(default)]
    pub outcomes: Vec<Outcome>,
}

/// A message to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewMessage {
    /// Plain text.
    pub text: String,
    /// Who wrote it, by public name.
    pub author: Person,
    /// The message that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_reply_to: Option<MessageId>,
    /// Documents that were shared in the same place before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_ids: Vec<DocumentId>,
    /// Articles that may help.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article_ids: Vec<ArticleId>,
}

/// A message of either side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The message.
    pub message_id: MessageId,
    /// What it says.
    #[serde(flatten)]
    pub content: NewMessage,
    /// When it was written.
    #[serde(with = "rfc3339")]
    pub posted_at: Timestamp,
    /// Whether we wrote it.
    #[serde(default)]
    pub origin: Origin,
}

/// A document that somebody needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewDocumentRequest {
    /// For example `corrected packing list`.
    pub document_type: String,
    /// What is needed, and why.
    pub text: String,
    /// Who asks, by public name.
    pub author: Person,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub needed_by: Option<Timestamp>,
}

/// A request for a document, of either side.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRequest {
    /// The request.
    pub request_id: RequestId,
    /// What is needed.
    #[serde(flatten)]
    pub content: NewDocumentRequest,
    /// The exchange that it is about.
    #[serde(default)]
    pub transaction_ref: TransactionRef,
    /// Who wants it.
    pub from: Side,
    /// How far it is.
    pub state: DocumentRequestState,
    /// What was delivered.
    #[serde(default)]
    pub documents: Vec<Document>,
}

/// How far a request for a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentRequestState {
    /// Nobody has answered it.
    Open,
    /// The document is there.
    Fulfilled,
    /// It will not come.
    Declined,
    /// It is no longer wanted.
    Withdrawn,
}

/// A request for a document is closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FulfilmentReport {
    /// Grows with every report of the request.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// How it ends.
    pub state: FulfilmentState,
    /// What was delivered into the thread.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub document_ids: Vec<DocumentId>,
    /// Why it is declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How a request for a document ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FulfilmentState {
    /// The document is there.
    Fulfilled,
    /// It will not come.
    Declined,
}

/// What became of a message or request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeReport {
    /// Grows with every report of the outcome.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// The message that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_id: Option<MessageId>,
    /// The request for a document that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// For programs.
    pub state: OutcomeState,
    /// One line in the partner's words.
    pub label: String,
    /// More of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What the partner should do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_action: Option<ExpectedAction>,
    /// When it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub due_at: Option<Timestamp>,
    /// Since when it is so.
    #[serde(with = "rfc3339")]
    pub since: Timestamp,
}

/// An outcome as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Outcome {
    /// The outcome.
    pub outcome_id: OutcomeId,
    /// What it says.
    #[serde(flatten)]
    pub report: OutcomeReport,
}

impl Collaboration {
    /// A thread as it is now; `None` when the community has none with this id.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn thread(&self, company: &CompanyId, thread: &ThreadId) -> Result<Option<Thread>, Error> {
        let operation = Operation::ReadThread;
        let found: Option<Thread> = self.read(operation, &ids(company, thread)).await?;
        let is_another = |found: &Thread| found.thread_id != *thread || found.company_id != *company;
        if found.as_ref().is_some_and(is_another) {
            return Err(Error::Unusable {
                asked: operation.asked(),
                why: "it is about another thread".to_owned(),
            });
        }
        Ok(found)
    }

    /// The messages of a room, from the oldest or after a cursor; `None` without the room.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn messages(&self, room: Room<'_>, after: Option<&Cursor>) -> Result<Option<Page<Message>>, Error> {
        let operation = match room {
            Room::Thread(..) => Operation::ListThreadMessages,
            Room::Escalation(..) => Operation::ListEscalationMessages,
        };
        self.page(operation, &room.ids(), after).await
    }

    /// Adds a message of the desk.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it is there.
    pub async fn post_message(&self, room: Room<'_>, key: &Key, message: &NewMessage) -> Result<MessageId, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Posted {
            message_id: MessageId,
        }
        let operation = match room {
            Room::Thread(..) => Operation::PostThreadMessage,
            Room::Escalation(..) => Operation::PostEscalationMessage,
        };
        let posted: Posted = self.write(operation, &room.ids(), key, message).await?;
        Ok(posted.message_id)
    }

    /// Asks the partner for a document.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether the partner was asked.
    pub async fn request_document(
        &self,
        company: &CompanyId,
        thread: &ThreadId,
        key: &Key,
        request: &NewDocumentRequest,
    ) -> Result<RequestId, Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Requested {
            request_id: RequestId,
        }
        let requested: Requested = self
            .write(Operation::RequestDocument, &ids(company, thread), key, request)
            .await?;
        Ok(requested.request_id)
    }

    /// Closes a request for a document.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it is closed.
    pub async fn report_fulfilment(
        &self,
        (company, thread): (&CompanyId, &ThreadId),
        request: &RequestId,
        key: &Key,
        report: &FulfilmentReport,
    ) -> Result<Reported, Error> {
        let [of_company, of_thread] = ids(company, thread);
        let ids: &Ids<'_> = &[of_company, of_thread, ("requestId", request.as_str())];
        self.report(Operation::ReportFulfilment, ids, key, report.version, report)
            .await
    }

    /// Says what became of a message or request.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn report_outcome(
        &self,
        (company, thread): (&CompanyId, &ThreadId),
        outcome: &OutcomeId,
        key: &Key,
        report: &OutcomeReport,
    ) -> Result<Reported, Error> {
        let [of_company, of_thread] = ids(company, thread);
        let ids: &Ids<'_> = &[of_company, of_thread, ("outcomeId", outcome.as_str())];
        self.report(Operation::ReportOutcome, ids, key, report.version, report)
            .await
    }
}

impl<'a> Room<'a> {
    fn ids(self) -> [(&'static str, &'a str); 2] {
        match self {
            Room::Thread(company, thread) => ids(company, thread),
            Room::Escalation(company, issue) => super::issues::ids(company, issue),
        }
    }
}

fn ids<'a>(company: &'a CompanyId, thread: &'a ThreadId) -> [(&'static str, &'a str); 2] {
    [("companyId", company.as_str()), ("threadId", thread.as_str())]
}
