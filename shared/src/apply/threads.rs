//! What became of something that was asked for in a thread, as its partner sees it.

use super::to_partner::problem;
use super::{Applied, Apply};
use crate::domain::{LinkKey, OutcomeId, Timestamp, WishId};
use crate::effect::{CloseRequest, Ending, Outcome, ReportOutcome};
use crate::failure::Failure;
use crate::store::documents_of;
use crate::trading_grid;
use crate::trading_grid::collaboration::{
    ExpectedAction, FulfilmentReport, FulfilmentState, OutcomeReport, Problem, Reported,
};

/// How many documents the contract lets a report name.
const MOST_DOCUMENTS: usize = 20;

impl Apply<'_> {
    pub(super) async fn report_outcome(&self, report: &ReportOutcome) -> Result<Applied, Failure> {
        let (company, thread) = self.thread()?;
        let (record, shown) = (&report.record, &report.outcome);
        let outcome = OutcomeId::try_from(record.sys_id.to_string());
        let outcome = outcome.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
        let key = self.key("outcome", &[record.sys_id.as_str(), &report.version.to_string()]);
        let sent = outcome_report_of(&record.link, shown, report.version, report.since);
        let reported = self
            .clients
            .community
            .report_outcome((&company, &thread), &outcome, &key, &sent)
            .await
            .map_err(trading_grid::Error::into_failure)?;
        let story = match reported {
            Reported::Taken => format!("told the partner: {}", shown.label),
            Reported::Superseded { .. } => format!("the partner knows something newer than: {}", shown.label),
        };
        let told = self.clients.store.told(self.subject, &record.link, &shown.digest())?;
        Ok(Applied {
            writes: vec![told],
            story: vec![story],
        })
    }

    /// What was delivered is known only now: the files of the same plan are in the ledger.
    pub(super) async fn close_request(&self, close: &CloseRequest) -> Result<Applied, Failure> {
        let (company, thread) = self.thread()?;
        let (store, record, request) = (&self.clients.store, &close.record, &close.request);
        let ledger = store.ledger(self.subject).await?;
        let documents = documents_of(&ledger, &record.sys_id);
        if documents.is_empty() && close.ending == Ending::Delivered {
            return Ok(Applied {
                writes: Vec::new(),
                story: vec![format!("the request {request} stays open: nothing was delivered")],
            });
        }
        let key = self.key("fulfilment", &[record.sys_id.as_str(), &close.version.to_string()]);
        let mut sent = FulfilmentReport {
            version: close.version,
            state: FulfilmentState::Fulfilled,
            document_ids: Vec::new(),
            reason: None,
        };
        match &close.ending {
            Ending::Delivered | Ending::Done => {
                let ids = documents.iter().filter_map(|id| id.parse().ok());
                sent.document_ids = ids.take(MOST_DOCUMENTS).collect();
            }
            Ending::Declined { reason } => {
                sent.state = FulfilmentState::Declined;
                sent.reason = reason.as_ref().map(|text| text.as_str().to_owned());
            }
        }
        let community = &self.clients.community;
        let reported = community.report_fulfilment((&company, &thread), request, &key, &sent);
        let story = match (reported.await, sent.state) {
            (Ok(Reported::Taken), FulfilmentState::Fulfilled) => {
                format!(
                    "closed the request {request} with {} documents",
                    sent.document_ids.len()
                )
            }
            (Ok(Reported::Taken), FulfilmentState::Declined) => format!("declined the request {request}"),
            (Ok(Reported::Superseded { .. }), _) => {
                format!("the partner knows something newer of the request {request}")
            }
            (Err(error), _) if problem(&error) == Some(Problem::ResourceClosed) => {
                format!("the partner has withdrawn the request {request} meanwhile")
            }
            (Err(error), _) => return Err(error.into_failure()),
        };
        Ok(Applied {
            writes: vec![store.answered(self.subject, &record.link, &close.ending.digest(&documents))?],
            story: vec![story],
        })
    }
}

/// An outcome as it is reported.
pub fn outcome_report_of(task: &LinkKey, shown: &Outcome, version: u64, since: Timestamp) -> OutcomeReport {
    let (message_id, request_id) = match task.wish() {
        Some(WishId::Message(id)) => (Some(id), None),
        Some(WishId::Request(id)) => (None, Some(id)),
        None => (None, None),
    };
    let resolution = shown.resolution.as_ref().map(|text| text.as_str());
    let texts = [shown.text.as_deref(), resolution].into_iter().flatten();
    let text = texts.collect::<Vec<_>>().join("\n\n");
    OutcomeReport {
        version,
        message_id,
        request_id,
        state: shown.state,
        label: shown.label.clone(),
        text: (!text.is_empty()).then_some(text),
        expected_action: shown.expected.as_ref().map(|expected| ExpectedAction {
            kind: expected.kind,
            text: expected.text.clone(),
            due_at: None,
        }),
        due_at: None,
        since,
    }
}
