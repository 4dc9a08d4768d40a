//! Finding the subject of what an operator has in hand.

use aws_sdk_dynamodb::operation::scan::builders::ScanFluentBuilder;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::item::{Item, bind_key, s, seen_key, text};
use super::{Error, Store, failed};
use crate::domain::{CompanyId, SenderName, Subject};

/// Parts of the table that are searched side by side.
const SEGMENTS: i32 = 8;

impl Store {
    /// The company that an issue belongs to.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn company_of_issue(&self, issue: &str) -> Result<Option<CompanyId>, Error> {
        self.bound(issue).await
    }

    /// The company that a thread belongs to.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn company_of_thread(&self, thread: &str) -> Result<Option<CompanyId>, Error> {
        self.bound(&format!("threads/{thread}")).await
    }

    pub(super) async fn bound(&self, what: &str) -> Result<Option<CompanyId>, Error> {
        let found = self.read_all(vec![bind_key(what)]).await?.pop();
        Ok(found.and_then(|item| text(&item, "company")?.parse().ok()))
    }

    /// The subject that an event was accepted for; its id is asked for each of some senders.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn subject_of_event(&self, senders: &[SenderName], event: &str) -> Result<Option<Subject>, Error> {
        let keys = senders.iter().map(|sender| seen_key(sender, event)).collect();
        let seen = self.read_all(keys).await?;
        Ok(seen
            .iter()
            .find_map(|item| text(item, "subject")?.to_owned().try_into().ok()))
    }

    /// The subjects that have a record of this number. The table has no index for that: all of it is read, in parts
    /// side by side, and `looked_at` hears of how many items more were read.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn search_number(&self, wanted: &str, looked_at: &dyn Fn(u64)) -> Result<Vec<Subject>, Error> {
        let scan = self
            .client
            .scan()
            .filter_expression("begins_with(sk, :link) AND #number = :number")
            .projection_expression("pk")
            .expression_attribute_names("#number", "number")
            .expression_attribute_values(":link", s("LINK#"))
            .expression_attribute_values(":number", s(wanted));
        let items = self.scan_all(scan, "search for a number", looked_at).await?;
        let subjects = items.iter();
        let subjects = subjects.filter_map(|item| Subject::try_from(text(item, "pk")?.to_owned()).ok());
        let mut found: Vec<Subject> = subjects.collect();
        found.sort();
        found.dedup();
        Ok(found)
    }

    /// All that a scan finds, read in parts side by side; `looked_at` hears of how many items more were read.
    pub(super) async fn scan_all(
        &self,
        scan: ScanFluentBuilder,
        operation: &'static str,
        looked_at: &dyn Fn(u64),
    ) -> Result<Vec<Item>, Error> {
        let part = async |segment: i32| {
            let mut found = Vec::new();
            let mut from = None;
            loop {
                let page = scan
                    .clone()
                    .table_name(&self.table)
                    .segment(segment)
                    .total_segments(SEGMENTS)
                    .set_exclusive_start_key(from);
                let page = page.send().await.map_err(failed(operation))?;
                looked_at(u64::try_from(page.scanned_count()).unwrap_or(0));
                found.extend(page.items.unwrap_or_default());
                from = page.last_evaluated_key;
                if from.is_none() {
                    return Ok::<_, Error>(found);
                }
            }
        };
        let mut parts: FuturesUnordered<_> = (0..SEGMENTS).map(part).collect();
        let mut found = Vec::new();
        while let Some(part) = parts.next().await {
            found.extend(part?);
        }
        Ok(found)
    }
}
