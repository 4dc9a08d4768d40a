//! Rows that a query finds, a page at a time, each checked against the query.
//!
//! The instance cuts a page before it applies access rules, so a page can be short, or empty, while
//! more rows exist: only `Link` and `X-Total-Count` tell. [`Pages`] goes by position, which is fine
//! for rows that stand still; [`Changes`](super::Changes) is for those that do not.

use super::answer::Answer;
use super::link::{self, More};
use super::operation::Asked;
use super::query::{Query, Refused, SYS_ID, Verdict};
use super::table::path;
use super::{About, Error, Flaw, Operation, Row, Select, ServiceNow};
use crate::domain::TableName;

/// How many rows a page has where nobody says.
const PAGE: u64 = 100;
/// Where the Attachment API lists.
const ATTACHMENTS: &str = "/api/now/attachment";

/// A query of a table with what is wanted of each row.
#[derive(Debug, Clone)]
pub struct Search {
    about: About,
    path: String,
    query: Query,
    encoded: String,
    select: Select,
    limit: u64,
    is_counted: bool,
}

/// One page.
#[derive(Debug, Clone)]
pub struct Page<R> {
    /// What matches the query.
    pub rows: Vec<R>,
    /// How many rows were left out, because only a loose comparison finds them.
    pub near: usize,
    /// Whether there is more.
    pub more: More,
    /// How many rows the query finds, those that access rules hide included; some answers do not tell.
    pub total: Option<u64>,
}

impl Search {
    /// All rows of a table that a query finds.
    ///
    /// # Errors
    /// When the query is too long to be asked.
    pub fn new(table: &TableName, query: Query, select: Select) -> Result<Self, Refused> {
        Self::at(About::table("search", table), path(table, None), query, select)
    }

    /// The attachments that a query finds; the answers have all fields.
    pub(super) fn attachments(about: About, query: Query) -> Result<Self, Refused> {
        Self::at(about, ATTACHMENTS.to_owned(), query, Select::default())
    }

    fn at(about: About, path: String, query: Query, select: Select) -> Result<Self, Refused> {
        Ok(Self {
            about,
            path,
            encoded: query.encoded()?,
            select: select.checking(&query),
            query,
            limit: PAGE,
            is_counted: true,
        })
    }

    /// Pages of so many rows.
    pub fn limited(self, limit: u64) -> Self {
        Self {
            limit: limit.max(1),
            ..self
        }
    }

    /// Without counting the rows, where nobody asks whether there are more.
    pub(super) fn uncounted(self) -> Self {
        Self {
            is_counted: false,
            ..self
        }
    }

    /// The page from a position on; `read` makes of each matching row what is wanted.
    pub(super) fn operation<R: 'static>(&self, offset: u64, read: fn(Row) -> Result<R, Flaw>) -> Operation<Page<R>> {
        self.page(offset).then(move |answer, page| {
            let rows = page.rows.into_iter().map(read).collect::<Result<Vec<_>, _>>();
            Ok(Page {
                rows: rows.map_err(|flaw| answer.unusable(flaw))?,
                near: page.near,
                more: page.more,
                total: page.total,
            })
        })
    }

    /// The page from a position on as it was answered, apart from rows that nobody asked for.
    pub(super) fn page(&self, offset: u64) -> Operation<Page<Row>> {
        let mut asked = Asked::get(self.about.clone(), self.path.clone());
        asked.values = self.query.values().map(str::to_owned).collect();
        if self.path != ATTACHMENTS {
            asked = asked.with(self.select.parameters());
        }
        if !self.encoded.is_empty() {
            asked = asked.with([("sysparm_query", self.encoded.clone())]);
        }
        asked = asked.with([("sysparm_limit", self.limit.to_string())]);
        if offset > 0 {
            asked = asked.with([("sysparm_offset", offset.to_string())]);
        }
        if !self.is_counted {
            asked = asked.with([("sysparm_no_count", "true".to_owned())]);
        }
        let (query, select, limit) = (self.query.clone(), self.select.clone(), self.limit);
        Operation::new(asked, move |answer| {
            let rows: Vec<Row> = answer.result(&[200])?;
            let rows = rows.into_iter().map(|row| select.read(row)).collect();
            let (rows, near) = checked(answer, &query, rows)?;
            let total = answer
                .header("x-total-count")
                .and_then(|total| total.trim().parse().ok());
            Ok(Page {
                rows,
                near,
                more: link::more(answer, offset, limit, total)?,
                total,
            })
        })
    }
}

impl Operation<Page<Row>> {
    /// The first page of a search.
    pub fn search(search: &Search) -> Self {
        search.page(0)
    }
}

/// Keeps the rows that match, and fails when there is one that no reading of the query finds: then
/// the instance has dropped a condition, and what else it found is worth nothing.
fn checked(answer: &Answer<'_>, query: &Query, rows: Vec<Row>) -> Result<(Vec<Row>, usize), Error> {
    let all = rows.len();
    let mut failing = 0;
    let mut kept = Vec::with_capacity(all);
    for row in rows {
        match query.matches(&row) {
            Verdict::Matches => kept.push(row),
            Verdict::Near => {}
            Verdict::Unknown(field) => return Err(answer.unusable(Flaw::Missing(field.to_string()))),
            Verdict::Fails => failing += 1,
        }
    }
    if failing > 0 {
        return Err(answer.unusable(Flaw::Widened { failing, rows: all }));
    }
    let near = all - kept.len();
    Ok((kept, near))
}

/// The rows of a search, a page at a time, by position: a row that comes or goes meanwhile can make
/// another one be skipped or repeated.
pub struct Pages<'a, R> {
    client: &'a ServiceNow,
    search: Search,
    read: fn(Row) -> Result<R, Flaw>,
    next: Option<u64>,
}

impl<'a> Pages<'a, Row> {
    fn new(client: &'a ServiceNow, search: Search) -> Self {
        Self::reading(client, search, Ok)
    }
}

impl<'a, R: 'static> Pages<'a, R> {
    pub(super) fn reading(client: &'a ServiceNow, search: Search, read: fn(Row) -> Result<R, Flaw>) -> Self {
        Self {
            client,
            search,
            read,
            next: Some(0),
        }
    }

    /// The same from the page after one that was read by other means.
    ///
    /// # Errors
    /// When that one does not tell whether there is more.
    pub(super) fn after(mut self, page: &Page<R>) -> Result<Self, Error> {
        self.follow(page)?;
        Ok(self)
    }

    /// Pages of so many rows.
    pub fn limited(self, limit: u64) -> Self {
        Self {
            search: self.search.limited(limit),
            ..self
        }
    }

    /// The next page; it may be empty. `None` when there is no more.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or not even whether there is more.
    pub async fn next(&mut self) -> Result<Option<Page<R>>, Error> {
        let Some(offset) = self.next else {
            return Ok(None);
        };
        let page = self.client.run(self.search.operation(offset, self.read)).await?;
        self.follow(&page)?;
        Ok(Some(page))
    }

    /// All that is left, when it is not more than the caller can take.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or there is more than `most`.
    pub async fn all(mut self, most: u64) -> Result<Vec<R>, Error> {
        let mut all = Vec::new();
        while let Some(page) = self.next().await? {
            all.extend(page.rows);
            if all.len() as u64 > most {
                return Err(Error::flawed(self.about(), Flaw::TooMuch(most)));
            }
        }
        Ok(all)
    }

    /// What the search is about, for errors.
    pub(super) fn about(&self) -> About {
        self.search.about.clone()
    }

    fn follow(&mut self, page: &Page<R>) -> Result<(), Error> {
        self.next = match page.more {
            More::From(offset) => Some(offset),
            More::No => None,
            More::Untold => return Err(Error::flawed(self.about(), Flaw::NoPaging)),
        };
        Ok(())
    }
}

impl ServiceNow {
    /// Finds rows that stand still, ordered by the query's orders and then by sys_id.
    ///
    /// # Errors
    /// When the query is too long to be asked.
    pub fn find(&self, table: &TableName, query: Query, select: Select) -> Result<Pages<'_, Row>, Refused> {
        Ok(Pages::new(self, Search::new(table, query.ordered_by(&SYS_ID), select)?))
    }
}
