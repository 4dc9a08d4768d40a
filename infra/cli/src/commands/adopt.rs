//! `gridlink adopt`: records that exist before Gridlink become the records of their issues, so that none is made beside
//! them.

mod list;

use std::collections::BTreeMap;

use serde::Serialize;
use shared::apply::CORRELATION_DISPLAY;
use shared::clients::Clients;
use shared::domain::{CompanyId, IssueId, LinkKey, Subject, SysId, TableName};
use shared::effect::Record;
use shared::event::Issue;
use shared::failure::{Failure, chain};
use shared::servicenow::{Entry, Error, Field, Query, Row, Select};
use shared::store::{Adopted, Adoption, Write};

use super::progress::bar;
use super::records::{Seen, adoption, company_of, seen, unanswered};
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};
use list::Wish;

/// At most so many records are looked at in one run.
const MOST: u64 = 10_000;

/// What is adopted.
#[derive(Debug, Clone, clap::Args)]
pub struct Which {
    /// A CSV file with a title line and the columns issue, table, record (a number or a sys_id) and, where the record
    /// does not name its partner, company; else all active records of the mapped tables that have a correlation_id.
    #[arg(long, value_name = "FILE")]
    pub list: Option<std::path::PathBuf>,
    /// Without a list, only records with this correlation_display.
    #[arg(long, value_name = "TEXT", conflicts_with = "list")]
    pub display: Option<String>,
}

/// What becomes of a record.
#[derive(Debug)]
enum Verdict {
    /// It can be linked.
    Fits(Box<Fitting>),
    /// It is linked to this issue.
    Linked(Box<Fitting>),
    /// It cannot be linked.
    Refused(String),
}

/// A record that fits its issue.
#[derive(Debug)]
struct Fitting {
    adoption: Adoption,
    /// Public entries of its journal that the partner must not be told as new.
    entries: Vec<Entry>,
    /// Whether its correlation is written as Gridlink writes it.
    is_marked: bool,
}

/// A wish with what becomes of it.
#[derive(Serialize)]
struct Shown {
    issue: String,
    company: String,
    table: String,
    record: String,
    /// `would be linked`, `linked`, `is linked already`, `refused`.
    result: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
}

/// Says what would be linked. Changes nothing.
///
/// # Errors
/// When the list cannot be used, or a system gives no clear answer.
pub async fn plan(place: &Place, which: &Which) -> Result<Report, Failed> {
    Box::pin(run(place, which, None)).await
}

/// Links what fits, and leaves the rest. What is linked stays as it is: asked for again, it goes on with the rest.
///
/// # Errors
/// When the list cannot be used, or a system gives no clear answer.
pub async fn apply(place: &Place, which: &Which) -> Result<Report, Failed> {
    let by = place.operator().await?;
    Box::pin(run(place, which, Some(&by))).await
}

async fn run(place: &Place, which: &Which, by: Option<&str>) -> Result<Report, Failed> {
    let clients = place.clients()?;
    let wishes = match &which.list {
        Some(file) => list::read(file)?,
        None => {
            let found = Box::pin(with_keys(&clients, which.display.as_deref())).await;
            found.map_err(|failure| unanswered("ServiceNow cannot be asked for records with keys", failure))?
        }
    };
    let twice = list::twice(&wishes);
    let progress = bar(if by.is_some() { "linking" } else { "looking" }, wishes.len());
    let mut shown = Vec::new();
    for (at, wish) in wishes.iter().enumerate() {
        progress.inc(1);
        let verdict = match twice.get(&at) {
            Some(why) => Verdict::Refused(why.clone()),
            None => Box::pin(judged(&clients, wish)).await.map_err(|failure| {
                let done = at;
                unanswered(
                    &format!("{} of {} records are done; {}", done, wishes.len(), wish.issue),
                    failure,
                )
            })?,
        };
        shown.push(Box::pin(carried_out(place, &clients, wish, verdict, by)).await?);
    }
    progress.finish_and_clear();
    Ok(report(shown, by.is_some()))
}

/// The records that have a key of some integration, and not of Gridlink.
async fn with_keys(clients: &Clients, display: Option<&str>) -> Result<Vec<Wish>, Failure> {
    const ID: Field = Field::known("correlation_id");
    const DISPLAY: Field = Field::known("correlation_display");
    let mut wishes = Vec::new();
    for (table, _) in clients.mapping.tables() {
        let query = Query::new()
            .and(ID.is_not_empty())
            .and(const { Field::known("active") }.is_true());
        let query = match display {
            Some(display) => query.and(DISPLAY.equals(display).map_err(Error::from)?),
            None => query,
        };
        let select = Select::named(["sys_id", "correlation_id", "correlation_display"]);
        let select = select.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
        let rows = clients
            .servicenow
            .find(table, query, select)
            .map_err(Error::from)?
            .all(MOST)
            .await?;
        let foreign = rows
            .iter()
            .filter(|row| row.text("correlation_display") != CORRELATION_DISPLAY);
        wishes.extend(foreign.map(|row| Wish {
            issue: row.text("correlation_id").to_owned(),
            table: table.to_string(),
            record: row.text("sys_id").to_owned(),
            company: String::new(),
        }));
    }
    Ok(wishes)
}

/// What becomes of a wish. Nothing is changed.
async fn judged(clients: &Clients, wish: &Wish) -> Result<Verdict, Failure> {
    let refused = |why: String| Ok(Verdict::Refused(why));
    let Ok(issue) = wish.issue.parse::<IssueId>() else {
        return refused("it is no id of an issue".to_owned());
    };
    let table = wish.table.parse::<TableName>().ok();
    let Some(table) = table.filter(|table| clients.mapping.table(table).is_some()) else {
        return refused(format!("the mapping does not know the table {}", wish.table));
    };
    let sys_id = match record_of(clients, &table, &wish.record).await? {
        Ok(sys_id) => sys_id,
        Err(why) => return refused(why),
    };
    let Some(seen) = seen(clients, &table, &sys_id).await? else {
        return refused(format!(
            "{table} has no such record, or it is hidden from the integration user"
        ));
    };
    let key = seen.row.text("correlation_id");
    if !key.is_empty() && key != issue.as_str() {
        return refused(format!(
            "its correlation_id is {key}: where that is of an integration that has ended, clear it in ServiceNow"
        ));
    }
    let named = match wish.company.parse::<CompanyId>() {
        Ok(company) => Some(company),
        Err(_) if wish.company.is_empty() => company_of(clients, &table, &sys_id).await?,
        Err(_) => return refused(format!("{} is no company id", wish.company)),
    };
    let Some(company) = named else {
        return refused("the record names no partner with a company id: give the company in the list".to_owned());
    };
    let found = clients.community.issue(&company, &issue).await;
    let Some(found) = found.map_err(shared::trading_grid::Error::into_failure)? else {
        return refused(format!("the community has no issue {issue} of {company}"));
    };
    Box::pin(fitting(clients, found, &table, &sys_id, &seen)).await
}

async fn fitting(
    clients: &Clients,
    issue: Issue,
    table: &TableName,
    sys_id: &SysId,
    seen: &Seen,
) -> Result<Verdict, Failure> {
    let refused = |why: String| Ok(Verdict::Refused(why));
    let subject = Subject::issue(&issue.company_id, &issue.issue_id);
    let record = Record {
        link: LinkKey::case(),
        table: table.clone(),
        sys_id: sys_id.clone(),
    };
    let before = clients.store.adopted_before(&subject, &record).await?;
    match &before {
        Some(Adopted::HasAnother(other)) => {
            return refused(format!(
                "the issue has the {} record {} already",
                other.table, other.sys_id
            ));
        }
        Some(Adopted::BelongsTo(other)) => return refused(format!("the record belongs to {other} already")),
        Some(Adopted::Foreign) => return refused("the issue belongs to another company".to_owned()),
        Some(Adopted::Already | Adopted::Done) | None => {}
    }
    let key = issue.issue_id.to_string();
    let now = clients.clock.now();
    let is_marked =
        seen.row.text("correlation_id") == key && seen.row.text("correlation_display") == CORRELATION_DISPLAY;
    // What was said before is nothing that the partner is to be told now.
    let entries = clients
        .servicenow
        .entries(sys_id, now.before(relay_status::SHARED_WITHIN), relay_status::OVERLAP)
        .await?;
    let fitting = Box::new(Fitting {
        adoption: Adoption {
            correlation: key,
            since: now,
            journal_at: Some(now),
            told: seen.status.as_ref().map(shared::effect::Status::digest),
            ..Box::pin(adoption(clients, issue, record, seen)).await?
        },
        entries,
        is_marked,
    });
    Ok(match before {
        Some(_) => Verdict::Linked(fitting),
        None => Verdict::Fits(fitting),
    })
}

/// The record that is meant; why it is none.
async fn record_of(clients: &Clients, table: &TableName, record: &str) -> Result<Result<SysId, String>, Failure> {
    if let Ok(sys_id) = record.parse() {
        return Ok(Ok(sys_id));
    }
    let query = const { Field::known("number") }.equals(record);
    let Ok(query) = query.map(|number| Query::new().and(number)) else {
        return Ok(Err(format!("{record} is neither a number nor a sys_id")));
    };
    let select = Select::named(["sys_id", "number"]);
    let select = select.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
    let rows = clients
        .servicenow
        .find(table, query, select)
        .map_err(Error::from)?
        .all(10)
        .await?;
    Ok(
        match rows.iter().filter_map(Row::sys_id).collect::<Vec<_>>().as_slice() {
            [sys_id] => Ok(sys_id.clone()),
            [] => Err(format!(
                "{table} has no record {record}, or it is hidden from the integration user"
            )),
            several => Err(format!(
                "{} records of {table} have the number {record}: give the sys_id",
                several.len()
            )),
        },
    )
}

/// Links what fits: first in the table, then its key on the record, so that polls find it. Each may be done again.
async fn carried_out(
    place: &Place,
    clients: &Clients,
    wish: &Wish,
    verdict: Verdict,
    by: Option<&str>,
) -> Result<Shown, Failed> {
    let shown = |company: &str, record: &str, result, why: String| Shown {
        issue: wish.issue.clone(),
        company: company.to_owned(),
        table: wish.table.clone(),
        record: record.to_owned(),
        result,
        why,
    };
    let (fitting, is_linked) = match verdict {
        Verdict::Refused(why) => return Ok(shown(&wish.company, &wish.record, "refused", why)),
        Verdict::Fits(fitting) => (fitting, false),
        Verdict::Linked(fitting) => (fitting, true),
    };
    let adoption = &fitting.adoption;
    let company = adoption
        .subject
        .as_issue()
        .map(|(company, _)| company.to_string())
        .unwrap_or_default();
    let number = adoption.number.clone();
    let Some(by) = by else {
        let result = if is_linked && fitting.is_marked {
            "is linked already"
        } else {
            "would be linked"
        };
        return Ok(shown(&company, &number, result, String::new()));
    };
    let told = format!("{number} was adopted by {by}: what happened on it before is not told again");
    match place.store.adopt(adoption, known(place, &fitting)?, &told).await? {
        Adopted::Done | Adopted::Already => {}
        Adopted::HasAnother(_) | Adopted::BelongsTo(_) | Adopted::Foreign => {
            let why = "it was linked otherwise meanwhile".to_owned();
            return Ok(shown(&company, &number, "refused", why));
        }
    }
    if !fitting.is_marked {
        let key = BTreeMap::from([
            ("correlation_id".to_owned(), adoption.correlation.clone()),
            ("correlation_display".to_owned(), CORRELATION_DISPLAY.to_owned()),
        ]);
        let record = &adoption.record;
        let updated = clients.servicenow.update(&record.table, &record.sys_id, &key).await;
        let updated = updated.map_err(|error| {
            let advice =
                "Let the integration user write correlation_id and correlation_display, and repeat the command.";
            Failed::new(
                format!("{number} is linked, but does not take its key: {}", chain(&error)),
                advice,
            )
        })?;
        if !updated.ignored.is_empty() {
            let why = "it does not take its key: without the app, changes of it are not found".to_owned();
            return Ok(shown(&company, &number, "linked", why));
        }
    }
    let result = if is_linked && fitting.is_marked {
        "is linked already"
    } else {
        "linked"
    };
    Ok(shown(&company, &number, result, String::new()))
}

/// What says of the public entries that the partner is not to be told of them.
fn known(place: &Place, fitting: &Fitting) -> Result<Vec<Write>, Failed> {
    let (subject, sys_id) = (&fitting.adoption.subject, &fitting.adoption.record.sys_id);
    let mut writes = Vec::new();
    for comment in fitting.entries.iter().cloned().filter_map(Entry::public) {
        writes.push(place.store.relayed(subject, sys_id, &comment.sys_id, "adopted")?);
        for name in comment.shared_files() {
            let what = relay_status::what(&comment.sys_id, name);
            writes.push(place.store.shared(subject, sys_id, &what, &comment.sys_id, "adopted")?);
        }
    }
    Ok(writes)
}

fn report(shown: Vec<Shown>, is_applied: bool) -> Report {
    let count = |result: &str| shown.iter().filter(|one| one.result == result).count();
    let (refused, would) = (count("refused"), count("would be linked"));
    let mut report = Report::new(serde_json::json!({ "records": &shown }));
    report.has_findings = refused + would > 0;
    let row = |one: &Shown| {
        let tone = match one.result {
            "refused" => Tone::Bad,
            "would be linked" => Tone::Warn,
            _ => Tone::Good,
        };
        vec![
            Cell::strong(&one.issue),
            Cell::from(&one.company),
            Cell::from(&one.record),
            Cell::new(one.result, tone),
            Cell::from(&one.why),
        ]
    };
    let rows = shown.iter().map(row).collect();
    report.table(vec!["issue", "company", "record", "result", "why"], rows);
    let line = match (shown.len(), is_applied) {
        (0, _) => Cell::new("No record is there to adopt.", Tone::Good),
        (_, false) => Cell::new(
            format!(
                "{would} would be linked, {refused} are refused. Nothing was changed; `gridlink adopt apply` links them."
            ),
            Tone::Warn,
        ),
        (all, true) => {
            let tone = if refused > 0 { Tone::Warn } else { Tone::Good };
            Cell::new(format!("{} are linked, {refused} are refused.", all - refused), tone)
        }
    };
    report.line(line);
    report
}
