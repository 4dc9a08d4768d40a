//! Files from ServiceNow to the community as a stream, verified on the way.
//!
//! The community carries a key out once, and the key is of the record, the file and its SHA-256: so
//! nothing is claimed, and a retry sends the same again. The last piece is held back until the file is
//! known to be the announced one; if it is not, the upload breaks off and the community never shows it.

use bytes::Bytes;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

use super::attachment::{NO_PROGRESS, TRANSFER_TIMEOUT, forward};
use super::{Applied, Apply};
use crate::domain::ContentHash;
use crate::effect::{Place, PostNotice, ShareDocument};
use crate::event::Document;
use crate::failure::{Failure, chain};
use crate::http::{full, piped};
use crate::servicenow::{Attachment, Download, Error, Flaw};
use crate::trading_grid;
use crate::trading_grid::collaboration::{Shelf, Upload};

impl Apply<'_> {
    pub(super) async fn share_document(&self, share: &ShareDocument) -> Result<Applied, Failure> {
        let record = &share.record.sys_id;
        // Whoever takes a file away, or puts it elsewhere, no longer shares it.
        let attachment = self.clients.servicenow.attachment(&share.attachment).await?;
        let is_of = |file: &Attachment| match share.place {
            // Those in its text hang apart from those beside it.
            Place::Article => file.record.as_ref() == Some(record),
            Place::Issue | Place::Workspace | Place::Thread => file.is_of(record),
        };
        let Some(attachment) = attachment.filter(is_of) else {
            return Err(refused("it is no longer attached"));
        };
        let transfer = self.transfer(share, attachment);
        let document = timeout(TRANSFER_TIMEOUT, transfer).await.map_err(timed_out)??;
        let document = &document.document_id;
        let store = &self.clients.store;
        Ok(Applied {
            writes: vec![store.shared(self.subject, record, &share.what, &share.attachment, document.as_str())?],
            story: vec![format!(
                "showed the file {} to the partner as {document}",
                share.attachment
            )],
        })
    }

    async fn transfer(&self, share: &ShareDocument, mut attachment: Attachment) -> Result<Document, Failure> {
        let (size, sha256) = match (attachment.size, &attachment.hash) {
            (Some(size), Some(hash)) => (size, hash.clone()),
            // What is announced to the community must be known before the first byte.
            _ => measured(self.open_file(share, &attachment).await?).await?,
        };
        (attachment.size, attachment.hash) = (Some(size), Some(sha256.clone()));
        let mut key = vec![share.record.sys_id.as_str(), share.attachment.as_str(), sha256.as_str()];
        if share.place == Place::Article {
            // A file that no version named for a while may be gone: it is brought again.
            key.push(&share.what);
        }
        let key = self.key("document", &key);
        let upload = Upload {
            file_name: &share.file_name,
            media_type: &share.media_type,
            size,
            sha256: &sha256,
        };
        let (of_issue, of_thread, of_article);
        let shelf = match share.place {
            Place::Issue => {
                of_issue = self.issue()?;
                Shelf::Issue(&of_issue.0, &of_issue.1)
            }
            Place::Workspace => {
                of_issue = self.issue()?;
                Shelf::Escalation(&of_issue.0, &of_issue.1)
            }
            Place::Thread => {
                of_thread = self.thread()?;
                Shelf::Thread(&of_thread.0, &of_thread.1, share.request.as_ref())
            }
            Place::Article => {
                of_article = self.article()?;
                Shelf::Article(&of_article)
            }
        };
        let mut download = self.open_file(share, &attachment).await?;
        let shared = if size == 0 {
            next(&mut download).await?;
            let community = &self.clients.community;
            community.share(shelf, &key, &upload, full(Bytes::new())).await
        } else {
            let (feed, body) = piped(size);
            let forwarded = forward(async || next(&mut download).await, feed);
            let (fed, shared) = tokio::join!(forwarded, self.clients.community.share(shelf, &key, &upload, body));
            fed?;
            shared
        };
        shared.map_err(trading_grid::Error::into_failure)
    }

    /// Begins to read a file; one that is gone or too large is refused.
    async fn open_file(&self, share: &ShareDocument, attachment: &Attachment) -> Result<Download, Failure> {
        match self.clients.servicenow.download(attachment, share.max_bytes).await {
            Ok(Some(download)) => Ok(download),
            Ok(None) => Err(refused("it is no longer attached")),
            Err(error) => Err(match error.flaw() {
                Some(Flaw::TooMuch(_)) => unfit(error),
                _ => error.into_failure(),
            }),
        }
    }

    pub(super) async fn post_notice(&self, notice: &PostNotice) -> Result<Applied, Failure> {
        let key = self.key("notice", &[self.subject.as_str(), &notice.what]);
        let story = match self
            .say(notice.place, &key, &notice.author, &notice.text, &notice.articles)
            .await
        {
            Ok(posted) => format!("gave the partner notice of {} as {posted}", notice.what),
            // There is nobody to be told, and nothing else must stand still for that.
            Err(Failure::Permanent { cause, .. }) => {
                format!(
                    "the partner cannot be given notice of {}: {}",
                    notice.what,
                    chain(cause.as_ref())
                )
            }
            Err(failure) => return Err(failure),
        };
        Ok(Applied {
            writes: Vec::new(),
            story: vec![story],
        })
    }
}

async fn measured(download: Download) -> Result<(u64, ContentHash), Failure> {
    download.measure().await.map_err(unfit)
}

/// The next piece of a file that keeps coming.
async fn next(from: &mut Download) -> Result<Option<Bytes>, Failure> {
    timeout(NO_PROGRESS, from.chunk())
        .await
        .map_err(timed_out)?
        .map_err(unfit)
}

/// A file that is not the one that ServiceNow told of is refused; anything else may end.
fn unfit(error: Error) -> Failure {
    match error.flaw() {
        Some(Flaw::TooMuch(most)) => refused(&format!("it is larger than {most} bytes")),
        Some(Flaw::AnotherFile(_)) => refused("its bytes are not those that ServiceNow tells of"),
        _ => error.into_failure(),
    }
}

fn timed_out(elapsed: Elapsed) -> Failure {
    Failure::transient(anyhow::Error::new(elapsed).context("the transfer of a file stands still or took too long"))
}

fn refused(reason: &str) -> Failure {
    Failure::Refused {
        reason: reason.to_owned(),
    }
}
