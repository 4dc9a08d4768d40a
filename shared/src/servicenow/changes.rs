//! Rows by time, a page at a time, with a cursor that no insert can move.
//!
//! A page begins after the last row of the one before, by time and sys_id: many rows of one second
//! are no trouble, and no row is skipped or repeated because others come or change meanwhile. A row
//! that changes during the pass may come again, as what it has become.
//!
//! Accepted: a row whose time lies before the cursor when it becomes visible, because its
//! transaction took so long, is not seen by this pass. So a pass ends a few seconds before now, the
//! next one begins a few minutes before the end of this one, and what it finds again is known by
//! its sys_id and `sys_mod_count`.

use super::link::More;
use super::page::{Page, Search};
use super::query::{Field, Query, Refused, SYS_ID};
use super::{About, Error, Flaw, Operation, Row, Select, ServiceNow};
use crate::domain::{SysId, TableName, Timestamp};

/// How many rows a page has.
const PAGE: u64 = 100;

/// No sys_id comes before it.
const FIRST: &str = "00000000000000000000000000000000";

/// A place among rows that are ordered by time and sys_id.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// A second.
    pub at: Timestamp,
    /// The last row of that second that was seen; with none, the second is still to come.
    pub after: Option<SysId>,
}

/// Reads rows by time.
pub struct Changes<'a, R> {
    client: &'a ServiceNow,
    table: TableName,
    time: Field,
    base: Query,
    select: Select,
    read: fn(Row) -> Result<R, Flaw>,
    limit: u64,
    cursor: Cursor,
    /// How many rows after the cursor were hidden from us so far.
    offset: u64,
    is_over: bool,
}

impl<'a, R: 'static> Changes<'a, R> {
    /// The rows of `table` that `base` finds, by the field `time`, after `cursor`.
    ///
    /// # Errors
    /// When `base` has an order or is too long to be asked.
    pub(super) fn new(
        client: &'a ServiceNow,
        table: &TableName,
        time: &Field,
        base: Query,
        select: Select,
        read: fn(Row) -> Result<R, Flaw>,
        cursor: Cursor,
    ) -> Result<Self, Refused> {
        if base.is_ordered() {
            return Err(Refused::Ordered);
        }
        let mut select = select;
        select.add(time);
        let at = Timestamp::from_millis(cursor.at.seconds().saturating_mul(1000));
        let cursor = Cursor { at, ..cursor };
        let changes = Self {
            client,
            table: table.clone(),
            time: time.clone(),
            base,
            select,
            read,
            limit: PAGE,
            cursor,
            offset: 0,
            is_over: false,
        };
        // With a row to come after, the query is longest.
        let longest = Cursor {
            at,
            after: Some(FIRST.parse().expect("it is a sys_id")),
        };
        changes.search_after(&longest)?;
        Ok(changes)
    }

    /// Pages of so many rows.
    pub fn limited(self, limit: u64) -> Self {
        Self {
            limit: limit.max(1),
            ..self
        }
    }

    /// After which row the next page begins.
    pub fn cursor(&self) -> &Cursor {
        &self.cursor
    }

    /// The next rows; `None` when there are no more.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer; the same page can be asked for again.
    pub async fn next(&mut self) -> Result<Option<Vec<R>>, Error> {
        while let Some(operation) = self.operation()? {
            let page = self.client.run(operation).await?;
            let rows = self.take(page);
            if !rows.is_empty() {
                return Ok(Some(rows));
            }
        }
        Ok(None)
    }

    /// All that is left, when it is not more than the caller can take.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or there is more than `most`.
    pub async fn all(mut self, most: u64) -> Result<Vec<R>, Error> {
        let mut all = Vec::new();
        while let Some(rows) = self.next().await? {
            all.extend(rows);
            if all.len() as u64 > most {
                let about = About::table("search", &self.table);
                return Err(Error::flawed(about, Flaw::TooMuch(most)));
            }
        }
        Ok(all)
    }

    /// What is to be asked next; `None` when there is no more.
    pub(super) fn operation(&self) -> Result<Option<Operation<Stretch<R>>>, Error> {
        if self.is_over {
            return Ok(None);
        }
        let (cursor, time, read) = (self.cursor.clone(), self.time.clone(), self.read);
        let operation = self.search_after(&cursor)?.page(self.offset).then(move |answer, page| {
            let last = ordered(&page.rows, &cursor, &time).map_err(|flaw| answer.unusable(flaw))?;
            let rows = page.rows.into_iter().map(read).collect::<Result<Vec<_>, _>>();
            let rows = rows.map_err(|flaw| answer.unusable(flaw))?;
            if page.more == More::Untold {
                return Err(answer.unusable(Flaw::NoPaging));
            }
            Ok(Stretch {
                page: Page {
                    rows,
                    near: page.near,
                    more: page.more,
                    total: page.total,
                },
                last,
            })
        });
        Ok(Some(operation))
    }

    /// Takes what was answered and moves on.
    pub(super) fn take(&mut self, stretch: Stretch<R>) -> Vec<R> {
        match (stretch.page.more, stretch.last) {
            (More::From(_), Some(last)) => {
                self.cursor = last;
                self.offset = 0;
            }
            // All of them are hidden from us, but not those after them.
            (More::From(offset), None) => self.offset = offset,
            (More::No | More::Untold, last) => {
                self.cursor = last.unwrap_or_else(|| self.cursor.clone());
                self.is_over = true;
            }
        }
        stretch.page.rows
    }

    fn search_after(&self, cursor: &Cursor) -> Result<Search, Refused> {
        let (time, at) = (&self.time, cursor.at);
        let base = self.base.clone();
        let query = match &cursor.after {
            None => base.and(time.since(at)),
            Some(after) => {
                let same_second = base.clone().and(time.at(at)).and(SYS_ID.comes_after(after));
                base.and(time.after(at)).or(same_second)?
            }
        };
        let query = query.ordered_by(time).ordered_by(&SYS_ID);
        Ok(Search::new(&self.table, query, self.select.clone())?.limited(self.limit))
    }
}

/// A page and its last row.
pub(super) struct Stretch<R> {
    page: Page<R>,
    last: Option<Cursor>,
}

/// The place of the last row, when all come after the cursor and each after the one before.
fn ordered(rows: &[Row], cursor: &Cursor, time: &Field) -> Result<Option<Cursor>, Flaw> {
    let mut last: Option<Cursor> = None;
    for row in rows {
        let place = Cursor {
            at: row.time(time.as_str())?,
            after: Some(row.id("sys_id")?),
        };
        if place <= *last.as_ref().unwrap_or(cursor) {
            return Err(Flaw::Unordered);
        }
        last = Some(place);
    }
    Ok(last)
}

impl ServiceNow {
    /// Rows that `query` finds and that were changed between the cursor and a moment, oldest change
    /// first. The moment should lie a few seconds back, so that no row of that time is still to come.
    ///
    /// # Errors
    /// When the query has an order or is too long to be asked.
    pub fn changes(
        &self,
        table: &TableName,
        query: Query,
        select: Select,
        cursor: Cursor,
        until: Timestamp,
    ) -> Result<Changes<'_, Row>, Refused> {
        const TIME: Field = Field::known("sys_updated_on");
        self.by_time(&TIME, table, query, select, cursor, until)
    }

    /// As [`ServiceNow::changes`], by another field that holds a time. A row whose time is moved to before the cursor
    /// is not seen.
    ///
    /// # Errors
    /// When the query has an order or is too long to be asked.
    pub fn by_time(
        &self,
        time: &Field,
        table: &TableName,
        query: Query,
        select: Select,
        cursor: Cursor,
        until: Timestamp,
    ) -> Result<Changes<'_, Row>, Refused> {
        Changes::new(self, table, time, query.and(time.until(until)), select, Ok, cursor)
    }
}
