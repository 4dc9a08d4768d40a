//! What of the table may not agree with the two systems, for operators who compare them.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};

use super::item::{Item, back_key, head_key, n, number, s, text, values};
use super::ledger::{Claim, ClaimKind};
use super::link::Link;
use super::stream::{RING_AGAIN, stream_of};
use super::{Error, Refusal, Store};
use crate::domain::{Stream, Subject, SysId, Timestamp, UseCase};
use crate::effect::Record;

/// What may not agree.
#[derive(Debug, Default)]
pub struct Survey {
    /// Streams with unfinished entries that neither a person nor a pause holds.
    pub behind: Vec<Behind>,
    /// Links of records that were intended in the time that is looked at, or are still only intended.
    pub links: Vec<(Subject, Link)>,
    /// Entries of records that were posted in the community in that time.
    pub relayed: Vec<(Subject, Claim)>,
}

/// A stream with unfinished entries.
#[derive(Debug, Clone)]
pub struct Behind {
    /// Which stream.
    pub stream: Stream,
    /// Whose it is.
    pub owner: Option<UseCase>,
    /// When it is looked at again; nothing makes it due where that is missing.
    pub next_attempt_at: Option<Timestamp>,
}

impl Store {
    /// Looks through the whole table, in parts side by side; `looked_at` hears of how many items more were read.
    ///
    /// # Errors
    /// When the table cannot be read, or holds an item of a newer version.
    pub async fn survey(&self, since: Timestamp, looked_at: &dyn Fn(u64)) -> Result<Survey, Error> {
        let scan = self
            .client
            .scan()
            .filter_expression(
                "(begins_with(sk, :head) AND accepted > finished AND attribute_not_exists(parked) \
                 AND attribute_not_exists(paused)) OR (begins_with(sk, :link) AND (intent_at >= :since OR #state = :intent)) \
                 OR (begins_with(sk, :wrote) AND kind = :relayed AND #at >= :since)",
            )
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#at", "at")
            .set_expression_attribute_values(Some(values([
                (":head", s("HEAD#")),
                (":link", s("LINK#")),
                (":wrote", s("WROTE#")),
                (":since", n(since.millis())),
                (":intent", s("INTENT")),
                (":relayed", s(ClaimKind::Relayed.as_str())),
            ])));
        let mut survey = Survey::default();
        for item in self.scan_all(scan, "survey", looked_at).await? {
            super::check_schema(&item)?;
            survey.take(&item);
        }
        survey.behind.sort_by(|a, b| a.stream.cmp(&b.stream));
        survey
            .links
            .sort_by(|a, b| (&a.0, &a.1.record.link).cmp(&(&b.0, &b.1.record.link)));
        survey
            .relayed
            .sort_by(|a, b| (&a.0, a.1.at, &a.1.key).cmp(&(&b.0, b.1.at, &b.1.key)));
        Ok(survey)
    }

    /// The subjects of these records, by their ways back; a record without one is left out.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn subjects_of(&self, records: &[SysId]) -> Result<Vec<(SysId, Subject)>, Error> {
        let items = self.read_all(records.iter().map(back_key).collect()).await?;
        let found = items.iter().filter_map(|item| {
            let sys_id = text(item, "pk")?.strip_prefix("BACK#")?.parse().ok()?;
            Some((sys_id, text(item, "subject")?.to_owned().try_into().ok()?))
        });
        Ok(found.collect())
    }

    /// Puts the way back from a record, where there is none. Gives whether the way leads to the subject now.
    ///
    /// # Errors
    /// When it is not known whether it stands.
    pub async fn put_way_back(&self, subject: &Subject, record: &Record) -> Result<bool, Error> {
        let put = TransactWriteItem::builder().put(self.new_way_back(subject, record)?);
        match self.transact("way back", vec![put.build()]).await {
            Ok(()) => Ok(true),
            Err(Refusal::Condition(_)) => Ok(false),
            Err(Refusal::Error(error)) => Err(error),
        }
    }

    /// Makes a stream due that nothing makes due. Gives whether it was so.
    ///
    /// # Errors
    /// When it is not known whether it is due.
    pub async fn make_due(&self, stream: &Stream) -> Result<bool, Error> {
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)))
            .update_expression("SET due = :due, next_attempt_at = :next")
            .condition_expression(
                "accepted > finished AND attribute_not_exists(next_attempt_at) AND attribute_not_exists(parked) \
                 AND attribute_not_exists(paused)",
            )
            .set_expression_attribute_values(Some(values([
                (":due", s(format!("due#{}", stream.shard()))),
                (":next", n(self.clock.now().after(RING_AGAIN).millis())),
            ])));
        self.update("ring", update).await
    }
}

impl Survey {
    fn take(&mut self, item: &Item) {
        let subject = || text(item, "pk").and_then(|subject| Subject::try_from(subject.to_owned()).ok());
        if let Some(stream) = stream_of(item) {
            self.behind.push(Behind {
                stream,
                owner: text(item, "owner").and_then(|owner| owner.parse().ok()),
                next_attempt_at: number(item, "next_attempt_at").map(Timestamp::from_millis),
            });
        } else if let Some(link) = Link::of(item) {
            self.links.extend(subject().map(|subject| (subject, link)));
        } else if let Some(claim) = Claim::of(item) {
            self.relayed.extend(subject().map(|subject| (subject, claim)));
        }
    }
}
