//! One call and one answer per operation, with all members filled in.

use serde_json::{Value, json};

use super::super::{
    ArticleReport, ClosureReport, ClosureRequest, Collaboration, EscalationReport, EscalationState, ExpectedAction,
    FulfilmentReport, FulfilmentState, Key, MilestoneReport, NewComment, NewDocumentRequest, NewMessage,
    OnboardingKind, OnboardingReport, OnboardingState, OnboardingStep, Operation, OutcomeReport, Person, Room, Shelf,
    StatusReport, StepState, Upload, Withdrawal, WithdrawnBecause,
};
use crate::domain::{
    ActionKind, ArticleId, Audience, CompanyId, ContentHash, DocumentId, IssueId, IssueState, MilestoneId,
    MilestoneState, OutcomeId, OutcomeState, RequestId, Side, ThreadId, Timestamp,
};
use crate::event::Document;
use crate::http::full;
use crate::trading_grid::script::Say;

pub(in super::super) const BYTES: &[u8] = b"the bytes of a document";

/// Asks for an operation and says what came of it.
pub(in super::super) async fn ask(community: &Collaboration, operation: Operation) -> String {
    let company: &CompanyId = &id("GC1");
    let issue: &IssueId = &id("ISS-1");
    let thread: &ThreadId = &id("THR-1");
    let article: &ArticleId = &id("KB1");
    let request: &RequestId = &id("REQ-1");
    let key = &Key::derived(&["one effect"]);
    let digest = ContentHash::of(BYTES);
    let upload = &Upload {
        file_name: "Größe & maß.pdf",
        media_type: "application/pdf",
        size: BYTES.len() as u64,
        sha256: &digest,
    };
    let body = || full(BYTES.into());
    let cursor = "c-1".parse().unwrap();
    let after = Some(&cursor);
    match operation {
        Operation::ReadIssue => told(community.issue(company, issue).await),
        Operation::ReportStatus => told(community.report_status(company, issue, key, &status()).await),
        Operation::ListComments => told(community.comments(company, issue, after).await),
        Operation::PostComment => told(community.post_comment(company, issue, key, &comment()).await),
        Operation::ShareDocument => told(community.share(Shelf::Issue(company, issue), key, upload, body()).await),
        Operation::ReadClosure => told(community.closure(company, issue).await),
        Operation::ReportClosure => told(community.report_closure(company, issue, key, &closure()).await),
        Operation::ReadEscalation => told(community.escalation(company, issue).await),
        Operation::ReportEscalation => told(community.report_escalation(company, issue, key, &escalation()).await),
        Operation::ReportMilestone => {
            let milestone: MilestoneId = id("M-1");
            told(
                community
                    .report_milestone((company, issue), &milestone, key, &milestone_report())
                    .await,
            )
        }
        Operation::ListEscalationMessages => told(community.messages(Room::Escalation(company, issue), after).await),
        Operation::PostEscalationMessage => told(
            community
                .post_message(Room::Escalation(company, issue), key, &message())
                .await,
        ),
        Operation::ShareEscalationDocument => told(
            community
                .share(Shelf::Escalation(company, issue), key, upload, body())
                .await,
        ),
        Operation::ReadDocument => told(community.document(company, &document().document_id).await),
        Operation::DownloadDocument => match community.download(company, &document()).await {
            Ok(Some(mut download)) => format!("{:?}", download.chunk().await),
            outcome => told(outcome.map(|_| "nothing")),
        },
        Operation::ReadThread => told(community.thread(company, thread).await),
        Operation::ListThreadMessages => told(community.messages(Room::Thread(company, thread), after).await),
        Operation::PostThreadMessage => told(
            community
                .post_message(Room::Thread(company, thread), key, &message())
                .await,
        ),
        Operation::ShareThreadDocument => {
            let shelf = Shelf::Thread(company, thread, Some(request));
            told(community.share(shelf, key, upload, body()).await)
        }
        Operation::RequestDocument => told(
            community
                .request_document(company, thread, key, &document_request())
                .await,
        ),
        Operation::ReportFulfilment => told(
            community
                .report_fulfilment((company, thread), request, key, &fulfilment())
                .await,
        ),
        Operation::ReportOutcome => {
            let outcome_id: OutcomeId = id("O-1");
            told(
                community
                    .report_outcome((company, thread), &outcome_id, key, &outcome())
                    .await,
            )
        }
        Operation::ReadArticle => told(community.article(article).await),
        Operation::PublishArticle => told(community.publish_article(article, key, &article_report()).await),
        Operation::WithdrawArticle => told(community.withdraw_article(article, key, &withdrawal()).await),
        Operation::AddArticleFile => told(community.share(Shelf::Article(article), key, upload, body()).await),
        Operation::ListFeedback => told(community.feedback(article, after).await),
        Operation::ReadOnboarding => told(community.onboarding(company, request).await),
        Operation::ReportOnboarding => told(community.report_onboarding(company, request, key, &onboarding()).await),
        Operation::ReadEvents => told(community.events(after).await),
    }
}

/// An answer that the contract allows.
pub(in super::super) fn answer(operation: Operation) -> Say {
    let json = |status, body: Value| Say::json(status, &body);
    let page = |items: Value| json(200, json!({ "items": items, "next": "c-2", "hasMore": false }));
    let document = json(201, document_json());
    match operation {
        Operation::ReadIssue => json(200, issue_json()),
        Operation::ReportStatus => json(
            200,
            with(json!(status()), json!({ "receivedAt": TIME, "origin": ours() })),
        ),
        Operation::ListComments => page(json!([comment_json()])),
        Operation::PostComment => json(201, comment_json()),
        Operation::ShareDocument
        | Operation::ShareEscalationDocument
        | Operation::ShareThreadDocument
        | Operation::AddArticleFile => document,
        Operation::ReadClosure => json(
            200,
            json!({
                "version": 4, "state": "disputed", "resolution": "Resent", "requestedAt": TIME, "confirmBy": TIME,
                "answer": {
                    "verdict": "disputed", "reason": "Rejected again", "author": partner(), "answeredAt": TIME,
                },
                "origin": ours(),
            }),
        ),
        Operation::ReportClosure => json(200, with(json!(closure()), json!({ "requestedAt": TIME }))),
        Operation::ReadEscalation | Operation::ReportEscalation => json(
            200,
            with(
                json!(escalation()),
                json!({
                    "issueId": "ISS-1", "companyId": "GC1", "openedAt": TIME, "openedBy": "partner",
                    "milestones": [milestone_json()],
                }),
            ),
        ),
        Operation::ReportMilestone => json(200, milestone_json()),
        Operation::ListEscalationMessages | Operation::ListThreadMessages => page(json!([message_json()])),
        Operation::PostEscalationMessage | Operation::PostThreadMessage => json(201, message_json()),
        Operation::ReadDocument => json(200, document_json()),
        Operation::DownloadDocument => Say::text(200, "application/pdf", std::str::from_utf8(BYTES).unwrap())
            .with_header("content-length", BYTES.len().to_string()),
        Operation::ReadThread => json(
            200,
            json!({
                "threadId": "THR-1", "companyId": "GC1", "version": 3, "topic": "Packing list", "issueId": "ISS-1",
                "state": "open", "openedAt": TIME,
                "documentRequests": [document_request_json()], "outcomes": [outcome_json()],
            }),
        ),
        Operation::RequestDocument => json(201, document_request_json()),
        Operation::ReportFulfilment => json(
            200,
            with(
                document_request_json(),
                json!({ "state": "fulfilled", "version": 4, "documents": [document_json()] }),
            ),
        ),
        Operation::ReportOutcome => json(200, outcome_json()),
        Operation::ReadArticle | Operation::PublishArticle => json(200, article_json("published")),
        Operation::WithdrawArticle => json(
            200,
            with(article_json("withdrawn"), json!({ "withdrawal": withdrawal() })),
        ),
        Operation::ListFeedback => json(
            200,
            json!({
                "items": [{
                    "feedbackId": "F-1", "articleId": "KB1", "articleVersion": 4, "companyId": "GC1",
                    "kind": "comment", "text": "Thanks", "author": partner(), "givenAt": TIME,
                }],
                "next": "c-2", "hasMore": true, "totals": { "views": 9, "helpful": 3, "notHelpful": 1 },
            }),
        ),
        Operation::ReadOnboarding | Operation::ReportOnboarding => json(
            200,
            with(
                json!(onboarding()),
                json!({ "requestId": "REQ-1", "companyId": "GC1", "receivedAt": TIME }),
            ),
        ),
        Operation::ReadEvents => {
            let event = include_str!("../../../../../events/receive-webhook/commented.json");
            page(json!([serde_json::from_str::<Value>(event).unwrap()]))
        }
    }
}

const TIME: &str = "2026-11-22T10:00:00.000Z";

fn told<T: std::fmt::Debug, E: std::fmt::Display>(outcome: Result<T, E>) -> String {
    match outcome {
        Ok(value) => format!("{value:#?}"),
        Err(error) => error.to_string(),
    }
}

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

fn time() -> Timestamp {
    Timestamp::parse_rfc3339(TIME).unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn desk() -> Person {
    Person::of_the_desk("EDI Support")
}

fn action(kind: ActionKind) -> Option<ExpectedAction> {
    Some(ExpectedAction {
        kind,
        text: text("Please answer"),
        due_at: Some(time()),
    })
}

pub(in super::super) fn status() -> StatusReport {
    StatusReport {
        version: 4,
        state: IssueState::WaitingForPartner,
        label: "waiting for you".to_owned(),
        text: text("We need the packing list."),
        expected_action: action(ActionKind::ProvideDocument),
        resolution: text("Resent"),
        since: time(),
        case_number: text("CS0001001"),
    }
}

pub(in super::super) fn comment() -> NewComment {
    NewComment {
        text: "We resend the notice at noon.".to_owned(),
        author: desk(),
        article_ids: vec![id("KB1")],
    }
}

fn closure() -> ClosureReport {
    ClosureReport {
        version: 4,
        request: ClosureRequest::Requested {
            resolution: "Resent".to_owned(),
            confirm_by: time(),
        },
    }
}

fn escalation() -> EscalationReport {
    EscalationReport {
        version: 4,
        state: EscalationState::Open,
        label: text("critical"),
        reason: text("The plant stops"),
        lead_name: text("Jo Park"),
        joins: true,
    }
}

fn milestone_report() -> MilestoneReport {
    MilestoneReport {
        version: 4,
        title: "Notice resent".to_owned(),
        owner: Side::Desk,
        state: MilestoneState::InProgress,
        due_at: Some(time()),
        note: text("By noon"),
    }
}

fn message() -> NewMessage {
    NewMessage {
        text: "Here it is.".to_owned(),
        author: desk(),
        in_reply_to: Some(id("MSG-0")),
        document_ids: vec![id::<DocumentId>("DOC-1")],
        article_ids: vec![id("KB1")],
    }
}

fn document_request() -> NewDocumentRequest {
    NewDocumentRequest {
        document_type: "corrected packing list".to_owned(),
        text: "With plant 1200, please.".to_owned(),
        author: desk(),
        needed_by: Some(time()),
    }
}

fn fulfilment() -> FulfilmentReport {
    FulfilmentReport {
        version: 4,
        state: FulfilmentState::Fulfilled,
        document_ids: vec![id("DOC-1")],
        reason: text("As asked"),
    }
}

fn outcome() -> OutcomeReport {
    OutcomeReport {
        version: 4,
        message_id: Some(id("MSG-1")),
        request_id: Some(id("REQ-1")),
        state: OutcomeState::InProgress,
        label: "being prepared".to_owned(),
        text: text("By tomorrow"),
        expected_action: action(ActionKind::None),
        due_at: Some(time()),
        since: time(),
    }
}

fn article_report() -> ArticleReport {
    ArticleReport {
        version: 4,
        title: "How to send an 856".to_owned(),
        summary: text("Segments in order"),
        html: "<p>First <img src=\"gridlink-file:DOC-1\"></p>".to_owned(),
        language: "en".to_owned(),
        audience: Audience::Companies {
            company_ids: vec![id("GC1")],
        },
        category: Some(id("asn_failed")),
        keywords: vec!["856".to_owned()],
        number: text("KB0010042"),
        file_ids: vec![id("DOC-1")],
        valid_until: Some(time()),
    }
}

fn withdrawal() -> Withdrawal {
    Withdrawal {
        version: 4,
        because: WithdrawnBecause::Replaced,
        replaced_by: Some(id("KB2")),
    }
}

fn onboarding() -> OnboardingReport {
    OnboardingReport {
        version: 4,
        kind: OnboardingKind::AddUser,
        state: OnboardingState::Waiting,
        label: "waiting for the partner's company".to_owned(),
        text: text("It is being set up."),
        expected_action: action(ActionKind::Reply),
        steps: vec![OnboardingStep {
            key: "company".to_owned(),
            label: "Company present".to_owned(),
            state: StepState::Waiting,
            at: Some(time()),
            text: text("Asked"),
        }],
        partner_name: text("Northwind Traders"),
        user_name: text("Ada Okafor"),
        article_ids: vec![id("KB1")],
        since: time(),
    }
}

fn document() -> Document {
    serde_json::from_value(document_json()).unwrap()
}

fn ours() -> Value {
    json!({ "writer": "gridlink", "reference": "k-1" })
}

fn partner() -> Value {
    json!({ "userId": "U1", "name": "Ada Okafor" })
}

fn document_json() -> Value {
    json!({
        "documentId": "DOC-1", "name": "pod.pdf", "mediaType": "application/pdf", "size": BYTES.len(),
        "sha256": ContentHash::of(BYTES).as_str(), "origin": ours(),
    })
}

pub(in super::super) fn issue_json() -> Value {
    json!({
        "issueId": "ISS-1", "companyId": "GC1", "version": 2, "kind": "transaction", "category": "asn_failed",
        "priority": "high", "summary": "856 rejected", "description": "AK304", "author": partner(),
        "transactionRef": { "documentType": "856", "businessKeys": { "purchase order number": "4500012345" } },
        "documents": [document_json()], "status": "open", "isEscalated": false, "comments": [comment_json()],
    })
}

fn comment_json() -> Value {
    json!({ "commentId": "C-1", "text": "We look.", "author": { "name": "EDI Support" }, "postedAt": TIME, "origin": ours() })
}

fn message_json() -> Value {
    json!({ "messageId": "MSG-1", "text": "Any news?", "author": partner(), "postedAt": TIME, "documentIds": ["DOC-1"] })
}

fn milestone_json() -> Value {
    with(
        json!(milestone_report()),
        json!({ "milestoneId": "M-1", "changedAt": TIME, "origin": ours() }),
    )
}

fn document_request_json() -> Value {
    json!({
        "requestId": "REQ-1", "documentType": "packing list", "text": "Please", "author": partner(), "neededBy": TIME,
        "transactionRef": { "documentType": "856" }, "from": "partner", "state": "open", "requestedAt": TIME,
    })
}

fn outcome_json() -> Value {
    with(
        json!(outcome()),
        json!({ "outcomeId": "O-1", "receivedAt": TIME, "origin": ours() }),
    )
}

fn article_json(state: &str) -> Value {
    with(
        json!(article_report()),
        json!({ "articleId": "KB1", "state": state, "changedAt": TIME }),
    )
}

/// The object with more members.
fn with(mut object: Value, more: Value) -> Value {
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object
}
