//! What is often needed together, in one round trip: a record with what was added to it, and the
//! first comments of a new one.

use std::time::Duration;

use super::attachment::{self, Attachment};
use super::batch::Batch;
use super::{Entry, Error, Operation, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};
use crate::effect::Journal;

/// The most entries and files of one record.
const MOST: u64 = 10_000;

/// A record with what was added to it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The record; `None` when there is none, or none that we may see.
    pub row: Option<Row>,
    /// The entries of its journals, oldest first.
    pub entries: Vec<Entry>,
    /// Its files, in the order of their upload.
    pub attachments: Vec<Attachment>,
}

impl ServiceNow {
    /// A record, its journals since a time (begun `overlap` earlier) and its files. One round trip,
    /// unless there are many of them, or the instance does not take batches from us.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer to one of the three.
    pub async fn snapshot(
        &self,
        table: &TableName,
        sys_id: &SysId,
        select: &Select,
        since: Timestamp,
        overlap: Duration,
    ) -> Result<Snapshot, Error> {
        let mut entries = self.entries_after(sys_id, since, overlap)?;
        let listing = attachment::listing(table, sys_id)?;
        let mut batch = Batch::new();
        let row = batch.add(Operation::read(table, sys_id, select))?;
        let first = entries.operation()?.map(|operation| batch.add(operation)).transpose()?;
        let files = batch.add(attachment::first_page(&listing))?;
        let answers = match self.send_batch(batch).await {
            Ok(answers) => answers,
            Err(error) if error.is_refusal() => {
                return Ok(Snapshot {
                    row: self.read(table, sys_id, select).await?,
                    entries: entries.all(MOST).await?,
                    attachments: self.attachments(table, sys_id).await?,
                });
            }
            Err(error) => return Err(error),
        };
        let row = answers.take(row)?;
        let mut written = match first {
            Some(first) => entries.take(answers.take(first)?),
            None => Vec::new(),
        };
        written.extend(entries.all(MOST).await?);
        let files = answers.take(files)?;
        let more = self.attachments_after(listing).after(&files)?;
        let mut attachments = files.rows;
        attachments.extend(more.all(MOST).await?);
        Ok(Snapshot {
            row,
            entries: written,
            attachments,
        })
    }

    /// Appends entries to the journals of a record, in their order and in one round trip; tells of
    /// each whether it is there. Sent twice, each is appended twice.
    ///
    /// # Errors
    /// When they are more than a batch can take, or the batch as a whole gets no clear answer: what
    /// holds of the error holds of every entry.
    pub async fn append_all(
        &self,
        table: &TableName,
        sys_id: &SysId,
        entries: &[(Journal, &str)],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        if let [(journal, text)] = entries {
            return Ok(vec![self.append(table, sys_id, *journal, text).await]);
        }
        let mut batch = Batch::new();
        let add = |(journal, text): &(Journal, &str)| batch.add(Operation::append(table, sys_id, *journal, text));
        let tickets = entries.iter().map(add).collect::<Result<Vec<_>, _>>()?;
        if tickets.is_empty() {
            return Ok(Vec::new());
        }
        let answers = self.send_batch(batch).await?;
        Ok(tickets.into_iter().map(|ticket| answers.take(ticket)).collect())
    }
}
