//! Requests for documents in a thread, from either side.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::place::{supersedes, takes_another};
use super::wire::{Author, DocumentRef, Origin, Side, Stamp, to_json};
use crate::trading_grid::problems::{Kind, Problem};

/// A request for a document as it is made; the JSON of an act too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestSeed {
    pub document_type: String,
    pub text: String,
    pub author: Author,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transaction_ref: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    pub(super) request_id: String,
    from: Side,
    #[serde(flatten)]
    asked: RequestSeed,
    state: RequestState,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    documents: Vec<DocumentRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RequestState {
    Open,
    Fulfilled,
    Declined,
    Withdrawn,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FulfilmentReport {
    version: u64,
    state: RequestState,
    #[serde(default)]
    document_ids: Vec<String>,
    reason: Option<String>,
}

pub(crate) fn request(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let asked: RequestSeed = call.json(Body::NewDocumentRequest)?;
    let request = world.ask_for_document(call.id(1), call.id(2), Side::Desk, asked, stamp)?;
    Ok(Reply::created(&request))
}

pub(crate) fn report_fulfilment(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: FulfilmentReport = call.json(Body::FulfilmentReport)?;
    let thread = world.thread_mut(call.id(1), call.id(2))?;
    let documents = thread.place.documents(&report.document_ids);
    let request = thread
        .requests
        .iter_mut()
        .find(|request| request.request_id == call.id(4));
    let request = request.ok_or_else(Problem::not_found)?;
    supersedes(request.version, report.version)?;
    if request.state == RequestState::Withdrawn {
        return Err(Problem::new(
            Kind::ResourceClosed,
            "The partner has withdrawn the request.",
        ));
    }
    request.documents = documents?;
    request.version = Some(report.version);
    request.state = report.state;
    request.reason = report.reason;
    if request.from == Side::Desk {
        request.origin.clone_from(&stamp.origin);
    }
    let reply = Reply::ok(&request);
    thread.version += 1;
    Ok(reply)
}

impl Collaboration {
    pub(crate) fn ask_for_document(
        &mut self,
        company: &str,
        thread: &str,
        from: Side,
        asked: RequestSeed,
        stamp: &Stamp,
    ) -> Result<Value, Problem> {
        let request_id = self.next_id("req");
        let author = asked.author.clone();
        let found = self.thread_mut(company, thread)?;
        found.takes_more()?;
        takes_another(found.requests.len())?;
        let request = Request {
            request_id,
            from,
            asked,
            state: RequestState::Open,
            requested_at: stamp.at.clone(),
            version: None,
            documents: Vec::new(),
            reason: None,
            origin: stamp.origin.clone(),
        };
        let shown = to_json(&request);
        found.requests.push(request);
        found.version += 1;
        let data = json!({ "documentRequest": shown });
        self.tell_of_thread(company, thread, "thread.document-requested", Some(&author), stamp, data)?;
        Ok(shown)
    }

    /// The partner no longer needs a document that it asked for.
    pub(crate) fn withdraw_request(
        &mut self,
        company: &str,
        thread: &str,
        request: &str,
        reason: Option<String>,
        author: &Author,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let found = self.thread_mut(company, thread)?;
        let known = found.requests.iter_mut().find(|known| known.request_id == request);
        let known = known.ok_or_else(Problem::not_found)?;
        if known.from != Side::Partner || known.state != RequestState::Open {
            return Err(Problem::new(
                Kind::ResourceClosed,
                "It is no open request of the partner.",
            ));
        }
        known.state = RequestState::Withdrawn;
        known.reason.clone_from(&reason);
        found.version += 1;
        let data = json!({ "requestId": request, "reason": reason });
        let kind = "thread.document-request-withdrawn";
        self.tell_of_thread(company, thread, kind, Some(author), stamp, data)
    }
}
