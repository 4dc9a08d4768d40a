//! Records that are there already become the records of their subjects: as an operator says, or as their keys say
//! after the table was lost.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};

use super::item::{bind_key, item, link_key, n, s};
use super::link::{LinkState, base_of};
use super::work::{Write, request};
use super::{Error, Refusal, Store, failed};
use crate::domain::{CompanyId, Lane, Stream, Subject, TaskName, Timestamp};
use crate::effect::Record;

/// A record with all that its link is to say.
#[derive(Debug, Clone)]
pub struct Adoption {
    /// Whose record it is.
    pub subject: Subject,
    /// The record.
    pub record: Record,
    /// Its number.
    pub number: String,
    /// Its `correlation_id`.
    pub correlation: String,
    /// For each field that both sides may change: the value that they agree on.
    pub base: BTreeMap<String, String>,
    /// Nothing of the record is older.
    pub since: Timestamp,
    /// Up to when its journals count as read for the partner.
    pub journal_at: Option<Timestamp>,
    /// Identifies what the partner knows of the record's state.
    pub told: Option<String>,
    /// Whether the record is critical by its table's rule.
    pub is_critical: bool,
    /// The rule of the mapping that made it, where it is the task of a thread.
    pub rule: Option<TaskName>,
}

/// What came of an adoption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Adopted {
    /// The record belongs to the subject from now on.
    Done,
    /// It did before.
    Already,
    /// The subject has another record, which this is.
    HasAnother(Record),
    /// The record belongs to another subject.
    BelongsTo(Subject),
    /// The issue or thread belongs to another company.
    Foreign,
}

impl Store {
    /// How a record and a subject stand to each other; nothing where neither has a link.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn adopted_before(&self, subject: &Subject, record: &Record) -> Result<Option<Adopted>, Error> {
        if let Some((other, _)) = self.back(&record.sys_id).await?
            && other != *subject
        {
            return Ok(Some(Adopted::BelongsTo(other)));
        }
        if let Some((bound, company)) = bound(subject)
            && let Some(other) = self.bound(&bound).await?
            && other != company
        {
            return Ok(Some(Adopted::Foreign));
        }
        Ok(match self.link(subject, &record.link).await? {
            Some(link) if link.record.sys_id != record.sys_id => Some(Adopted::HasAnother(link.record)),
            Some(link) if link.state == LinkState::Linked => Some(Adopted::Already),
            Some(_) | None => None,
        })
    }

    /// Makes a record that is there the record of its subject: its link, the way back, and the company of the issue or thread,
    /// as if Gridlink had made it; with `known`, which go in the same transaction, and a line on the timeline. What stands
    /// already is never changed.
    ///
    /// # Errors
    /// When it is not known whether it was done; it may be tried again.
    pub async fn adopt(&self, adoption: &Adoption, known: Vec<Write>, told: &str) -> Result<Adopted, Error> {
        let (subject, record) = (&adoption.subject, &adoption.record);
        if let Some(before) = self.adopted_before(subject, record).await? {
            return Ok(before);
        }
        let mut writes = vec![
            Write::Put(self.new_link(adoption)?),
            Write::Put(self.new_way_back(subject, record)?),
        ];
        if let Some((bound, company)) = bound(subject) {
            writes.push(Write::Put(self.bound_to(bind_key(&bound), &company)?));
        }
        writes.extend(known);
        let mut requests: Vec<TransactWriteItem> = writes.into_iter().map(request).collect();
        let stream = Stream {
            subject: subject.clone(),
            lane: Lane::In,
        };
        requests.push(self.told_by_operator(&stream, 0, told)?);
        match self.transact("adoption", requests).await {
            Ok(()) => Ok(Adopted::Done),
            // Something of it stands now, or perhaps it was done: only the table knows.
            Err(refusal) => match (self.adopted_before(subject, record).await?, refusal) {
                (Some(before), _) => Ok(before),
                (None, Refusal::Error(error)) => Err(error),
                (None, Refusal::Condition(_)) => Err(Error {
                    operation: "adoption",
                    source: anyhow::anyhow!("{subject} moved on meanwhile"),
                }),
            },
        }
    }

    /// A link that stands as an intent may be of this very record: it is there, so that it is linked.
    fn new_link(&self, adoption: &Adoption) -> Result<Put, Error> {
        let record = &adoption.record;
        let mut link = item(
            link_key(&adoption.subject, &record.link),
            [
                ("state", s("LINKED")),
                ("record_table", s(record.table.as_str())),
                ("sys_id", s(record.sys_id.as_str())),
                ("correlation", s(adoption.correlation.as_str())),
                ("number", s(adoption.number.as_str())),
                ("base", base_of(&adoption.base)),
                ("intent_at", n(adoption.since.millis())),
                ("linked_at", n(self.clock.now().millis())),
            ],
        );
        let mut set = |name: &str, value: Option<AttributeValue>| {
            if let Some(value) = value {
                link.insert(name.to_owned(), value);
            }
        };
        set("journal_at", adoption.journal_at.map(|at| n(at.millis())));
        set("told", adoption.told.as_deref().map(s));
        set("rule", adoption.rule.as_ref().map(|rule| s(rule.as_str())));
        set("critical", adoption.is_critical.then_some(AttributeValue::Bool(true)));
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(link))
            .condition_expression("attribute_not_exists(pk) OR (sys_id = :sys_id AND #state <> :linked)")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sys_id", s(record.sys_id.as_str()))
            .expression_attribute_values(":linked", s("LINKED"))
            .build()
            .map_err(failed("adoption"))
    }
}

/// What of a subject is bound to a company for good, and to which.
pub(super) fn bound(subject: &Subject) -> Option<(String, CompanyId)> {
    match subject.as_issue() {
        Some((company, issue)) => Some((issue.to_string(), company)),
        None => {
            let (company, thread) = subject.as_thread()?;
            Some((format!("threads/{thread}"), company))
        }
    }
}
