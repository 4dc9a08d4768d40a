//! Attachments: from the community to ServiceNow as a stream, verified on the way.
//!
//! The last piece is held back until the hash of everything is known to be right. If it is not,
//! the upload breaks off short of its announced length, and ServiceNow never has a complete file.

use std::time::Duration;

use anyhow::anyhow;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Applied, Apply, Standing, TakenUp, claim_of, is_trace_of_another};
use crate::domain::ContentHash;
use crate::effect::{Attach, Effect, Source};
use crate::event::Document;
use crate::failure::{Failure, System};
use crate::http::{Body, full, piped};
use crate::messages;
use crate::store::{ClaimState, SETTLED_AFTER};
use crate::telemetry::{self, Metric};
use crate::trading_grid;
use crate::trading_grid::collaboration::Download;

/// How long one transfer may take in all.
pub(super) const TRANSFER_TIMEOUT: Duration = Duration::from_secs(45);
/// How long a transfer may stand still.
pub(super) const NO_PROGRESS: Duration = Duration::from_secs(5);

/// What an attachment will be, known before its bytes are.
struct Expected {
    media_type: String,
    size: u64,
    hash: ContentHash,
}

impl Apply<'_> {
    pub(super) async fn attach(
        &self,
        attach: &Attach,
        effect: &Effect,
        standing: Standing,
    ) -> Result<Applied, Failure> {
        let (claim_name, _) = claim_of(effect).ok_or_else(|| Failure::transient(anyhow!("a file has a claim")))?;
        let text = match &attach.source {
            Source::EventText => Some(Bytes::from(messages::complete_text(self.event))),
            Source::Community { .. } => None,
        };
        let expected = match (&attach.source, &text) {
            (Source::Community { document }, _) => Expected {
                media_type: document.media_type.clone(),
                size: document.size,
                hash: document.sha256.clone(),
            },
            (Source::EventText, text) => {
                let text = text.clone().unwrap_or_default();
                let media_type = "text/plain; charset=utf-8".to_owned();
                Expected {
                    media_type,
                    size: text.len() as u64,
                    hash: ContentHash::of(&text),
                }
            }
        };
        let store = &self.clients.store;
        let done = |id: &crate::domain::SysId| -> Result<Applied, Failure> {
            telemetry::count_of(System::ServiceNow, Metric::OnceByTrace);
            let writes = vec![store.settle(self.subject, &claim_name, ClaimState::Done, Some(id))?];
            Ok(Applied {
                writes,
                story: vec![told(attach)],
            })
        };
        match self.taken_up(effect, standing).await? {
            TakenUp::Done => return Ok(Applied::default()),
            TakenUp::Fresh | TakenUp::Repeatable(_) => {}
            TakenUp::Uncertain(claim) => {
                let record = &attach.record;
                let attachments = self.clients.servicenow.attachments(&record.table, &record.sys_id).await;
                let attachments = attachments.map_err(|error| error.into_failure().in_doubt())?;
                let ledger = store.ledger(self.subject).await?;
                let trace = attachments.iter().find(|found| {
                    found.is(&attach.file_name, expected.size, &expected.hash)
                        && !is_trace_of_another(&ledger, &claim, &found.sys_id)
                });
                if let Some(trace) = trace {
                    return done(&trace.sys_id);
                }
                self.begin_again(&claim).await?;
            }
        }
        let upload = |body: Body| {
            let (record, servicenow) = (&attach.record, &self.clients.servicenow);
            servicenow.attach(
                &record.table,
                &record.sys_id,
                &attach.file_name,
                &expected.media_type,
                body,
            )
        };
        let transfer = async {
            match (&attach.source, text) {
                (Source::Community { document }, _) => {
                    let mut download = self.open(document).await?;
                    if document.size == 0 {
                        next(&mut download).await?;
                        return Ok(upload(full(Bytes::new())).await);
                    }
                    let (feed, body) = piped(document.size);
                    let (fed, outcome) = tokio::join!(forward(async || next(&mut download).await, feed), upload(body));
                    fed?;
                    Ok(outcome)
                }
                (Source::EventText, text) => Ok::<_, Failure>(upload(full(text.unwrap_or_default())).await),
            }
        };
        let outcome = match timeout(TRANSFER_TIMEOUT, transfer).await {
            Ok(outcome) => outcome?,
            Err(elapsed) => {
                return Err(Failure::Transient {
                    cause: anyhow::Error::new(elapsed).context("the transfer of a document took too long"),
                    wait: Some(SETTLED_AFTER),
                    unsent: false,
                });
            }
        };
        match outcome {
            Ok(attachment) => done(&attachment.sys_id),
            Err(error) if error.is_unsent() => Err(error.into_failure()),
            Err(error) if error.is_refusal() && error.status() != Some(404) => {
                match self.refused(&attach.record, error).await {
                    Failure::Permanent { .. } => Err(Failure::Refused {
                        reason: "ServiceNow does not take a file of this kind or size".to_owned(),
                    }),
                    failure => Err(failure),
                }
            }
            Err(error) => Err(self.refused_change(&attach.record, error).await),
        }
    }

    /// Begins to read a document; what the community no longer has is refused.
    async fn open(&self, document: &Document) -> Result<Download, Failure> {
        let company = self
            .event
            .company()
            .ok_or_else(|| Failure::permanent(anyhow!("the event has no company"), "dismiss the entry"))?;
        let found = self.clients.community.download(company, document).await;
        match found.map_err(trading_grid::Error::into_failure)? {
            Some(download) => Ok(download),
            None => Err(Failure::Refused {
                reason: "the community no longer has it".to_owned(),
            }),
        }
    }
}

/// The line of the timeline.
fn told(attach: &Attach) -> String {
    match &attach.source {
        Source::Community { document } => format!("attached document {}", document.document_id),
        Source::EventText => format!("attached the complete text as {}", attach.file_name),
    }
}

/// Passes a document on piece by piece; its last piece comes only when size and hash are right.
pub(super) async fn forward(
    mut next: impl AsyncFnMut() -> Result<Option<Bytes>, Failure>,
    to: mpsc::Sender<Bytes>,
) -> Result<(), Failure> {
    while let Some(piece) = next().await? {
        if !pass(&to, piece).await? {
            // The upload ended early and tells why.
            break;
        }
    }
    Ok(())
}

/// The next piece of a document that keeps coming.
async fn next(from: &mut Download) -> Result<Option<Bytes>, Failure> {
    let chunk = timeout(NO_PROGRESS, from.chunk())
        .await
        .map_err(|elapsed| broken(elapsed.into()))?;
    chunk.map_err(|flaw| match flaw.is_final() {
        true => Failure::Refused {
            reason: flaw.to_string(),
        },
        false => broken(flaw.into()),
    })
}

/// Hands a piece to the upload; `false` when the upload has ended.
async fn pass(to: &mpsc::Sender<Bytes>, piece: Bytes) -> Result<bool, Failure> {
    match timeout(NO_PROGRESS, to.send(piece)).await {
        Ok(sent) => Ok(sent.is_ok()),
        Err(elapsed) => Err(Failure::Transient {
            cause: anyhow::Error::new(elapsed).context("the upload stands still"),
            wait: None,
            unsent: true,
        }),
    }
}

/// The download broke off, so the upload did too, short of its length.
fn broken(cause: anyhow::Error) -> Failure {
    Failure::Transient {
        cause: cause.context("the document broke off on its way from the community"),
        wait: None,
        unsent: true,
    }
}
