//! Entries of journals: `comments`, which the customer sees, and `work_notes`.
//!
//! They are rows of `sys_journal_field`, which only a user with the right to read that table gets.
//! For cases, the activity stream of the Case API has the same entries without it.

use std::time::Duration;

use serde::Deserialize;

use super::changes::{Changes, Cursor};
use super::operation::Asked;
use super::query::{Condition, Field, Query, Refused, SYS_ID};
use super::table::known;
use super::{About, Error, Flaw, Operation, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};
use crate::effect::Journal;
use crate::messages::PublicComment;

const JOURNAL: &str = "sys_journal_field";
const RECORD: Field = Field::known("element_id");
const ELEMENT: Field = Field::known("element");
const TEXT: Field = Field::known("value");
const CREATED: Field = Field::known("sys_created_on");
const CREATOR: Field = Field::known("sys_created_by");
/// The most entries of one record that are read at once.
const MOST: u64 = 10_000;
/// How many activities are asked for at once.
const ACTIVITIES: u64 = 100;
const CASE: &str = "sn_customerservice_case";

/// An entry of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its sys_id, which tells two entries with the same text apart.
    pub sys_id: SysId,
    /// In which journal it stands.
    pub journal: Journal,
    /// Who wrote it.
    pub author: Author,
    /// When it was written.
    pub created: Timestamp,
    /// The text as it is stored.
    pub text: String,
}

/// Who wrote an entry. Neither source knows everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Author {
    /// The `user_name`; the activity stream gives a name in its place.
    pub login: Option<String>,
    /// The name for people, which the rows do not have.
    pub name: Option<String>,
    /// The user, which the rows do not have.
    pub sys_id: Option<SysId>,
}

impl Entry {
    /// What the customer may see of it; nothing of a work note.
    pub fn public(self) -> Option<PublicComment> {
        PublicComment::of(self.journal, self.sys_id, self.created, self.author.login, self.text)
    }

    /// Reads a row of `sys_journal_field`.
    fn read(row: &Row) -> Result<Self, Flaw> {
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            journal: journal_of(row.require(ELEMENT.as_str())?)?,
            author: Author {
                login: row.get(CREATOR.as_str()).map(str::to_owned),
                ..Author::default()
            },
            created: row.time(CREATED.as_str())?,
            text: row.require(TEXT.as_str())?.to_owned(),
        })
    }
}

fn journal_of(field: &str) -> Result<Journal, Flaw> {
    let journals = [Journal::Comments, Journal::WorkNotes];
    let found = journals.into_iter().find(|journal| journal.field() == field);
    found.ok_or_else(|| Flaw::Malformed(ELEMENT.to_string()))
}

impl ServiceNow {
    /// The entries of a record's journals since a time, oldest first. Both clocks differ, and a
    /// transaction takes its time: `overlap` is how much earlier the reading begins.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn entries(&self, sys_id: &SysId, since: Timestamp, overlap: Duration) -> Result<Vec<Entry>, Error> {
        self.entries_after(sys_id, since, overlap)?.all(MOST).await
    }

    /// The same, a page at a time.
    pub(super) fn entries_after(
        &self,
        sys_id: &SysId,
        since: Timestamp,
        overlap: Duration,
    ) -> Result<Changes<'_, Entry>, Refused> {
        let overlap = i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX);
        let since = Timestamp::from_millis(since.millis().saturating_sub(overlap).max(0));
        self.journals(RECORD.refers_to(sys_id), since, |row| Entry::read(&row))
    }

    /// All entries of several records, each with its record, oldest first.
    pub(super) fn entries_of<'i>(
        &self,
        records: impl IntoIterator<Item = &'i str>,
    ) -> Result<Changes<'_, (SysId, Entry)>, Refused> {
        let begin = Timestamp::from_millis(0);
        self.journals(RECORD.one_of(records)?, begin, |row| {
            Ok((row.id(RECORD.as_str())?, Entry::read(&row)?))
        })
    }

    fn journals<R: 'static>(
        &self,
        records: Condition,
        since: Timestamp,
        read: fn(Row) -> Result<R, Flaw>,
    ) -> Result<Changes<'_, R>, Refused> {
        let journals = [Journal::Comments, Journal::WorkNotes].map(Journal::field);
        let query = Query::new().and(records).and(ELEMENT.one_of(journals)?);
        let select = Select::of([RECORD, ELEMENT, TEXT, CREATED, CREATOR]);
        let cursor = Cursor { at: since, after: None };
        Changes::new(self, &known(JOURNAL), &CREATED, query, select, read, cursor)
    }

    /// The entries of a case's journals since a time, oldest first, from its activity stream.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or there is no such case that we may see.
    pub async fn activities(&self, case: &SysId, since: Timestamp, overlap: Duration) -> Result<Vec<Entry>, Error> {
        let since = since
            .millis()
            .saturating_sub(i64::try_from(overlap.as_millis()).unwrap_or(i64::MAX));
        let mut all: Vec<Entry> = Vec::new();
        let mut offset = 0;
        loop {
            let page = self.run(Operation::activities(case, offset)).await?;
            let is_over = page.is_over;
            all.extend(page.entries.into_iter().filter(|entry| entry.created.millis() >= since));
            if is_over {
                break;
            }
            offset += ACTIVITIES;
            if offset > MOST {
                let about = About::record("read the activities of", &known(CASE), case);
                return Err(Error::flawed(about, Flaw::TooMuch(MOST)));
            }
        }
        // Positions move when an entry is added meanwhile.
        all.sort_by(|left, right| (left.created, &left.sys_id).cmp(&(right.created, &right.sys_id)));
        all.dedup_by(|left, right| left.sys_id == right.sys_id);
        Ok(all)
    }
}

/// A page of the activity stream.
struct Activities {
    entries: Vec<Entry>,
    is_over: bool,
}

#[derive(Deserialize)]
struct Stream {
    sys_id: String,
    #[serde(default)]
    table: Option<String>,
    entries: Vec<Activity>,
}

#[derive(Deserialize)]
struct Activity {
    sys_id: String,
    element: String,
    #[serde(default)]
    value: String,
    sys_created_on: String,
    #[serde(default)]
    login_name: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    user_sys_id: Option<String>,
}

impl Operation<Activities> {
    /// The activity stream of a case from a position on. Where neither header tells, it ends with
    /// an empty page.
    fn activities(case: &SysId, offset: u64) -> Self {
        let table: TableName = known(CASE);
        let path = format!("/api/sn_customerservice/case/{case}/activities");
        let asked = Asked::get(About::record("read the activities of", &table, case), path).with([
            ("sysparm_activity_type", "comments,work_notes".to_owned()),
            ("sysparm_limit", ACTIVITIES.to_string()),
            ("sysparm_offset", offset.to_string()),
        ]);
        let case = case.clone();
        Operation::new(asked, move |answer| {
            let stream: Stream = answer.result(&[200])?;
            if stream.sys_id != case.as_str() {
                return Err(answer.unusable(Flaw::AnotherRecord));
            }
            if stream.table.is_some_and(|told| told != table.as_str()) {
                return Err(answer.unusable(Flaw::AnotherTable));
            }
            let total = answer
                .header("x-total-count")
                .and_then(|total| total.trim().parse::<u64>().ok());
            let is_over = match total {
                Some(total) => offset + ACTIVITIES >= total,
                None => stream.entries.is_empty(),
            };
            let entries = stream
                .entries
                .into_iter()
                .filter(|activity| journal_of(&activity.element).is_ok());
            let entries = entries.map(Activity::read).collect::<Result<Vec<_>, _>>();
            Ok(Activities {
                entries: entries.map_err(|flaw| answer.unusable(flaw))?,
                is_over,
            })
        })
    }
}

impl Activity {
    fn read(self) -> Result<Entry, Flaw> {
        let malformed = |field: &str| Flaw::Malformed(field.to_owned());
        Ok(Entry {
            sys_id: self.sys_id.parse().map_err(|_| malformed("entries.sys_id"))?,
            journal: journal_of(&self.element)?,
            author: Author {
                login: self.login_name,
                name: self.name,
                sys_id: self.user_sys_id.and_then(|id| id.parse().ok()),
            },
            created: Timestamp::parse_servicenow(&self.sys_created_on)
                .map_err(|_| malformed("entries.sys_created_on"))?,
            text: self.value,
        })
    }
}
