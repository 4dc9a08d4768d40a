//! `gridlink rebuild`: after a loss of the table the links come back, before anything runs.
//!
//! They come from the keys in ServiceNow, and what was written to either side is known again. From then on whatever an
//! event of before asks to be written is looked for first.

mod claims;
mod escalations;
mod incidents;
mod requests;
mod threads;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use shared::apply::{CORRELATION_DISPLAY, report_of};
use shared::clients::Clients;
use shared::domain::{
    CompanyId, IssueId, IssueState, Lane, LinkKey, Role, Stream, Subject, SysId, TableName, Timestamp, UseCase,
};
use shared::effect::{CreateRecord, Record, Status};
use shared::event::{ClosureDue, Event};
use shared::failure::Failure;
use shared::mapping::WhenFinished;
use shared::poll::LensPoller;
use shared::servicenow::{Error, Field, Query, Row, Select};
use shared::store::{Adopted, Adoption, LinkState};
use shared::trading_grid;
use shared::trading_grid::collaboration::{Closure, ClosureState};

use super::progress::bar;
use super::records::{adoption, chosen, company_of, seen, unanswered, untold};
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};
use incidents::Incident;
use threads::Task;

/// The base table of cases, incidents and all other tasks.
const TASKS: &str = "task";
/// At most so many records are looked at.
const MOST: u64 = 1_000_000;
/// What separates the id of an issue or thread from what tells its other records apart.
const OTHERS: [char; 2] = ['~', '/'];

/// A record that bears our name, with what becomes of it.
#[derive(Serialize)]
struct Shown {
    record: String,
    key: String,
    subject: String,
    /// `would be linked`, `linked`, `is linked`, `left`.
    result: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    why: String,
    /// How many writes to either side are known again.
    known: usize,
}

/// What the records are looked at with.
struct Ground<'a> {
    place: &'a Place,
    clients: &'a Clients,
    lens: LensPoller,
    /// Exchanges that fail or are late, as Lens has them.
    failing: Vec<Event>,
    /// The parents of incidents: of what, and their links.
    parents: BTreeMap<SysId, (Subject, LinkKey)>,
    /// The tasks of whoever sets up the company of a request.
    setups: BTreeMap<SysId, Subject>,
    /// What the feed still tells of each issue.
    feed: BTreeMap<Subject, Vec<Event>>,
    /// All records that bear our name, first records before those that continue them.
    rows: Vec<Row>,
    /// How many records bear a key.
    keys: BTreeMap<String, usize>,
}

/// A record that bears our name, and whose it is.
struct Found {
    adoption: Adoption,
    kind: Kind,
}

/// What a record is.
enum Kind {
    /// The record of an issue, with what its partner would be told of it.
    Issue(Option<Status>),
    /// The task of something that was asked for in a thread.
    Task(Task),
    /// The task of a team, the record of an escalation, or the task of whoever sets a company up.
    Part,
    /// The incident of exchanges that fail in the same way.
    Incident(Box<Incident>),
    /// The parent of several incidents, as it is.
    Parent(Box<Row>),
}

/// Brings the links back, or with `is_done` false only says which. May be repeated.
///
/// # Errors
/// When one of the two sides, or the table, gives no clear answer; it goes on where it stopped.
pub async fn rebuild(place: &Place, is_done: bool) -> Result<Report, Failed> {
    let clients = place.clients()?;
    if is_done {
        place.store.claim_table().await?;
        place.store.mark_rebuilt().await?;
    }
    let told = untold(&clients, Timestamp::from_millis(0), place.clock.now()).await?;
    let rows = Box::pin(records(&clients)).await;
    let rows = rows.map_err(|failure| unanswered("ServiceNow cannot be asked for our records", failure))?;
    let mut ground = Ground {
        place,
        clients: &clients,
        lens: place.lens()?,
        failing: Vec::new(),
        parents: BTreeMap::new(),
        setups: BTreeMap::new(),
        feed: BTreeMap::new(),
        keys: BTreeMap::new(),
        rows,
    };
    for event in told.feed {
        if let shared::event::Destination::Stream(stream, _) = event.destination() {
            ground.feed.entry(stream.subject).or_default().push(event);
        }
    }
    for row in &ground.rows {
        *ground.keys.entry(row.text("correlation_id").to_owned()).or_default() += 1;
    }
    let of_exchanges = |failure| unanswered("Lens cannot be asked for our exchanges", failure);
    ground.read_lens().await.map_err(of_exchanges)?;
    Box::pin(ground.find_parents()).await.map_err(of_exchanges)?;
    let of_others = |failure| unanswered("requests and articles are not known again", failure);
    let mut shown = Box::pin(ground.requests(is_done)).await.map_err(of_others)?;
    shown.extend(ground.articles(is_done).await.map_err(of_others)?);
    let progress = bar(if is_done { "linking" } else { "looking" }, ground.rows.len());
    for row in &ground.rows {
        progress.inc(1);
        let one = Box::pin(ground.one(row, is_done)).await;
        shown.push(one.map_err(|failure| unanswered(&format!("{} is not linked again", row.text("number")), failure))?);
    }
    progress.finish_and_clear();
    Ok(report(&shown, is_done))
}

/// All records that bear our name, first records before those that continue them.
async fn records(clients: &Clients) -> Result<Vec<Row>, Failure> {
    let fault = |error| Failure::permanent(error, "report this as a fault of Gridlink");
    let query = const { Field::known("correlation_display") }
        .equals(CORRELATION_DISPLAY)
        .map_err(Error::from)?;
    let table = TableName::try_from(TASKS.to_owned()).map_err(fault)?;
    let fields = [
        "sys_id",
        "number",
        "sys_class_name",
        "correlation_id",
        "sys_mod_count",
        "sys_created_on",
        "state",
    ];
    let select = Select::named(fields).map_err(Error::from)?;
    let rows = clients
        .servicenow
        .find(&table, Query::new().and(query), select)
        .map_err(Error::from)?;
    let mut rows = rows.all(MOST).await?;
    rows.sort_by_key(|row| {
        let continues = row.text("correlation_id").contains(OTHERS);
        (continues, row.time("sys_created_on").ok())
    });
    Ok(rows)
}

impl Ground<'_> {
    async fn one(&self, row: &Row, is_done: bool) -> Result<Shown, Failure> {
        let shown = |subject: String, result, why: &str, known| Shown {
            record: row.text("number").to_owned(),
            key: row.text("correlation_id").to_owned(),
            subject,
            result,
            why: why.to_owned(),
            known,
        };
        let found = match Box::pin(self.found(row)).await? {
            Ok(found) => found,
            Err(why) => return Ok(shown(String::new(), "left", why, 0)),
        };
        let subject = found.adoption.subject.to_string();
        let record = &found.adoption.record;
        let before = self.place.store.adopted_before(&found.adoption.subject, record).await?;
        match (&before, is_done) {
            (Some(Adopted::HasAnother(_) | Adopted::BelongsTo(_) | Adopted::Foreign), _) => {
                return Ok(shown(
                    subject,
                    "left",
                    "the table knows another record or subject for it",
                    0,
                ));
            }
            (_, true) => {}
            (Some(_), false) => return Ok(shown(subject, "is linked", "", 0)),
            (None, false) => return Ok(shown(subject, "would be linked", "", 0)),
        }
        let known = match &found.kind {
            Kind::Issue(status) => Box::pin(self.put_back(&found.adoption, status.as_ref())).await?,
            Kind::Task(task) => Box::pin(self.put_task_back(&found, task)).await?,
            Kind::Part => Box::pin(self.put_part_back(&found)).await?,
            Kind::Incident(incident) => Box::pin(self.put_incident_back(&found, incident)).await?,
            Kind::Parent(row) => Box::pin(self.put_parent_back(&found, row)).await?,
        };
        let result = if before.is_some() { "is linked" } else { "linked" };
        Ok(shown(subject, result, "", known))
    }

    /// The link of a record; why it has none.
    async fn found(&self, row: &Row) -> Result<Result<Found, &'static str>, Failure> {
        let why = match Box::pin(self.of_issue(row)).await? {
            Ok(found) => return Ok(Ok(found)),
            Err(why) => why,
        };
        let rules = self.clients.mapping.exchanges.as_ref();
        let table = rules.map(|rules| &rules.table);
        let table = table.filter(|table| row.text("sys_class_name") == table.as_str());
        let (Some(table), Some(sys_id)) = (table, row.sys_id()) else {
            return Ok(Err(why));
        };
        if self.finished(table, row) == Some(WhenFinished::New) {
            return Ok(Err("it is closed: another failure makes another incident"));
        }
        let incident = Box::pin(self.incident(row, table, &sys_id)).await?;
        Ok(incident.ok_or(why))
    }

    /// The link of a record of an issue or thread, or of a parent of incidents; why it has none.
    async fn of_issue(&self, row: &Row) -> Result<Result<Found, &'static str>, Failure> {
        let (key, clients) = (row.text("correlation_id"), self.clients);
        let (issue, rest) = key.split_once(OTHERS).unwrap_or((key, ""));
        let table = row.text("sys_class_name").parse::<TableName>().ok();
        // A sys_id that Gridlink chooses says whose the record is.
        if let (Some(table), Some(sys_id)) = (&table, row.sys_id()) {
            if let Some(found) = Box::pin(self.task(row, table, &sys_id)).await? {
                return Ok(Ok(found));
            }
            if let Some(found) = Box::pin(self.of_an_escalation(row, table, &sys_id)).await? {
                return Ok(Ok(found));
            }
            if let Some(found) = self.setup(row, table, &sys_id) {
                return Ok(Ok(found));
            }
            if let Some(found) = Box::pin(self.parent(table, &sys_id)).await? {
                return Ok(Ok(found));
            }
        }
        let table = table.filter(|table| clients.mapping.table(table).is_some());
        let (Ok(issue), Some(table), Some(sys_id)) = (issue.parse::<IssueId>(), table, row.sys_id()) else {
            return Ok(Err(
                "nothing says what it is about: its link comes back with its next event, if it is ours",
            ));
        };
        let company = match clients.store.company_of_issue(issue.as_str()).await? {
            Some(company) => Some(company),
            None => company_of(clients, &table, &sys_id).await?,
        };
        let Some(company) = company else {
            return Ok(Err("it names no partner with a company id"));
        };
        let subject = Subject::issue(&company, &issue);
        let Some(record) = self.record(&subject, rest, &table, &sys_id, key) else {
            return Ok(Err(
                "its key does not verify: its link comes back with its next event, if it is ours",
            ));
        };
        let found = clients.community.issue(&company, &issue).await;
        let Some(issue) = found.map_err(trading_grid::Error::into_failure)? else {
            return Ok(Err("the community has no such issue"));
        };
        let Some(seen) = seen(clients, &table, &sys_id).await? else {
            return Ok(Err("it is hidden from the integration user"));
        };
        let adoption = Box::pin(adoption(clients, issue, record, &seen)).await?;
        Ok(Ok(Found {
            adoption,
            kind: Kind::Issue(seen.status),
        }))
    }

    /// Which of the subject's records it is: by its sys_id, or as the only one of its key, which was adopted.
    fn record(&self, subject: &Subject, rest: &str, table: &TableName, sys_id: &SysId, key: &str) -> Option<Record> {
        let of = |link: LinkKey| Record {
            link,
            table: table.clone(),
            sys_id: sys_id.clone(),
        };
        if rest.is_empty() {
            let is_alone = self.keys.get(key) == Some(&1);
            return chosen(self.clients, subject, table, sys_id).or_else(|| is_alone.then(|| of(LinkKey::case())));
        }
        let events = self.feed.get(subject).into_iter().flatten();
        let mut links = events.map(|event| LinkKey::follow_up(&event.sender, &event.id));
        let deployment = self.clients.store.deployment();
        links
            .find(|link| SysId::chosen(deployment, subject, link) == *sys_id)
            .map(of)
    }

    /// Puts back the link, what is known of both sides, and the numbers of reports. Gives how much is known again.
    async fn put_back(&self, found: &Adoption, status: Option<&Status>) -> Result<usize, Failure> {
        let (store, clients) = (&self.place.store, self.clients);
        let Some((company, issue)) = found.subject.as_issue() else {
            return Ok(0);
        };
        let ids = (&company, &issue);
        let told = clients.community.status_report(ids.0, ids.1).await;
        let told = told.map_err(trading_grid::Error::into_failure)?;
        let closure = clients.community.closure(ids.0, ids.1).await;
        let closure = closure.map_err(trading_grid::Error::into_failure)?;
        let is_told = status
            .zip(told.as_ref())
            .is_some_and(|(status, told)| report_of(status, told.version, told.since) == *told);
        let workspace = self.workspace(ids.0, ids.1).await?;
        let adoption = Adoption {
            told: status.filter(|_| is_told).map(Status::digest),
            // A critical record of an issue that never was escalated is news.
            is_critical: found.is_critical && workspace.is_some(),
            ..found.clone()
        };
        // What was written is known before the link is: nothing is taken for new in between.
        let events = self.feed.get(&adoption.subject).map(Vec::as_slice).unwrap_or_default();
        let sides = claims::of_issue(clients, &adoption, events).await?;
        let known = Box::pin(claims::restore(clients, &adoption, &sides)).await?;
        // What came before a follow-up was written to the record that it continues.
        let asks = |event: &Event| LinkKey::follow_up(&event.sender, &event.id) == adoption.record.link;
        if let Some(begin) = events.iter().position(asks) {
            let before = claims::written(&events[..begin], &adoption.record);
            claims::heard(clients, &adoption, &before).await?;
        }
        let versions = told
            .iter()
            .map(|told| told.version)
            .chain(closure.iter().map(|closure| closure.version));
        let used = versions
            .max()
            .and_then(|version| i64::try_from(version).ok())
            .unwrap_or(0);
        let out = Stream {
            subject: adoption.subject.clone(),
            lane: Lane::Out,
        };
        store.raise(&out, UseCase::RelayStatus, used).await?;
        if self.adopt(&adoption).await? == Adopted::Already {
            self.catch_up(&adoption).await?;
        }
        if let (Role::Case, Some(workspace)) = (adoption.record.link.role, &workspace) {
            self.go_on_escalated(&adoption.subject, &issue, workspace).await?;
        }
        if adoption.record.link.role == Role::FollowUp {
            let create = CreateRecord {
                record: adoption.record.clone(),
                correlation: adoption.correlation.clone(),
                fields: adoption.base.clone(),
                rule: None,
            };
            // The first link names it.
            if store
                .link(&adoption.subject, &LinkKey::case())
                .await?
                .is_some_and(|first| first.state == LinkState::Linked)
            {
                store
                    .put_all(store.linked(&adoption.subject, &create, &adoption.number)?)
                    .await?;
            }
        }
        if store.link(&adoption.subject, &LinkKey::case()).await?.is_some() {
            self.ask_on(&adoption, closure.as_ref(), status).await?;
        }
        Ok(known)
    }
}

impl Ground<'_> {
    /// A question about closing that is open stays open, and ends at its time; an answer that may not have been dealt with
    /// is not asked over.
    async fn ask_on(
        &self,
        adoption: &Adoption,
        closure: Option<&Closure>,
        status: Option<&Status>,
    ) -> Result<(), Failure> {
        let (store, subject) = (&self.place.store, &adoption.subject);
        let (Some(closure), Some((company_id, issue_id))) = (closure, subject.as_issue()) else {
            return Ok(());
        };
        let is_resolved = status.is_some_and(|status| status.state == IssueState::Resolved);
        let write = match closure.state {
            ClosureState::Requested | ClosureState::Confirmed => store.asked(subject, Some(closure.version))?,
            ClosureState::Disputed if is_resolved => store.asked(subject, Some(closure.version))?,
            ClosureState::Disputed => store.disputed(subject, closure.version)?,
            ClosureState::Closed | ClosureState::Withdrawn => return Ok(()),
        };
        store.put_all(vec![write]).await?;
        let Some(due_at) = closure.confirm_by.filter(|_| closure.state == ClosureState::Requested) else {
            return Ok(());
        };
        let due = ClosureDue {
            issue_id,
            company_id,
            sys_id: adoption.record.sys_id.clone(),
            closure_version: closure.version,
            due_at,
        };
        let fault = |error| Failure::permanent(error, "report this as a fault of Gridlink");
        store
            .accept(&due.event(self.clients.clock.now()).map_err(fault)?)
            .await?;
        Ok(())
    }

    /// Links a record again, with a line on its timeline.
    async fn adopt(&self, adoption: &Adoption) -> Result<Adopted, Failure> {
        let line = format!("{} was linked again after a loss of the table", adoption.number);
        Ok(self.place.store.adopt(adoption, Vec::new(), &line).await?)
    }

    /// The companies of which the feed tells something with this id.
    fn told_by<T: PartialEq>(&self, of: fn(&Subject) -> Option<(CompanyId, T)>, id: &T) -> BTreeSet<CompanyId> {
        let told = self.feed.keys().filter_map(of);
        told.filter(|(_, told)| told == id)
            .map(|(company, _)| company)
            .collect()
    }

    /// A link of an earlier time learns what was told and agreed on since: a field that is as the issue is now was
    /// carried over.
    async fn catch_up(&self, adoption: &Adoption) -> Result<(), Failure> {
        let (store, record) = (&self.place.store, &adoption.record);
        let Some(link) = store.link(&adoption.subject, &record.link).await? else {
            return Ok(());
        };
        let fields: Vec<&str> = link.base.keys().map(String::as_str).collect();
        let row = self.clients.servicenow.task(&record.sys_id, &fields).await?;
        let is_agreed = |field: &str, value: &str| {
            let is_now = row.as_ref().and_then(|row| row.get(field)) == Some(value);
            is_now && link.base.get(field).is_some_and(|base| base != value)
        };
        let agreed = adoption.base.iter().filter(|(field, value)| is_agreed(field, value));
        let agreed = agreed.map(|(field, value)| (field.clone(), value.clone())).collect();
        let mut writes = Vec::from_iter(store.rebased(&adoption.subject, &record.link, &agreed)?);
        match &adoption.told {
            Some(told) if link.told.as_ref() != Some(told) => {
                // One write of an item in a transaction.
                store.put_all(std::mem::take(&mut writes)).await?;
                writes.push(store.told(&adoption.subject, &record.link, told)?);
            }
            Some(_) | None => {}
        }
        Ok(store.put_all(writes).await?)
    }
}

fn report(shown: &[Shown], is_done: bool) -> Report {
    let count = |result: &str| shown.iter().filter(|one| one.result == result).count();
    let (would, left) = (count("would be linked"), count("left"));
    let mut report = Report::new(serde_json::json!({ "records": shown }));
    report.has_findings = would > 0;
    let row = |one: &Shown| {
        let tone = match one.result {
            "would be linked" | "left" => Tone::Warn,
            _ => Tone::Good,
        };
        vec![
            Cell::strong(&one.record),
            Cell::from(&one.key),
            Cell::from(&one.subject),
            Cell::new(one.result, tone),
            Cell::from(if is_done { one.known.to_string() } else { String::new() }),
            Cell::from(&one.why),
        ]
    };
    let rows = shown.iter().map(row).collect();
    report.table(vec!["record", "key", "subject", "result", "writes known", "why"], rows);
    report.line(match is_done {
        false => Cell::new(
            format!("{would} records would be linked. Stop everything first; then `gridlink rebuild --yes`."),
            Tone::Warn,
        ),
        true => Cell::new(
            format!(
                "{} records are linked, {left} are left. Start everything, and fill in: `gridlink replay-from <time>`.",
                shown.len() - left
            ),
            Tone::Good,
        ),
    });
    report
}
