//! Tasks of what was asked for in threads.
//!
//! Without its link, what becomes of a task is nobody's news, and the next message of its kind makes a second one.

use std::collections::{BTreeMap, BTreeSet};

use shared::apply::outcome_report_of;
use shared::domain::{CompanyId, Lane, LinkKey, Stream, Subject, SysId, TableName, ThreadId, UseCase, WishId};
use shared::effect::{Ending, Outcome, Record};
use shared::event::{Data, Event};
use shared::failure::Failure;
use shared::servicenow::{Row, Select};
use shared::store::{Adoption, Write, documents_of};
use shared::trading_grid;
use shared::trading_grid::collaboration::{DocumentRequestState, Thread};

use super::super::records::plain;
use super::{Found, Ground, Kind, OTHERS, claims};

/// A task of a thread, as it is.
pub(super) struct Task {
    thread: Box<Thread>,
    outcome: Option<Outcome>,
    /// How many changes of it can have been accepted.
    changes: i64,
}

impl Ground<'_> {
    /// The task of a thread, where its sys_id is the one that Gridlink chooses for what is asked for there.
    pub(super) async fn task(&self, row: &Row, table: &TableName, sys_id: &SysId) -> Result<Option<Found>, Failure> {
        let key = row.text("correlation_id");
        let Some((thread, rest)) = key.split_once(OTHERS) else {
            return Ok(None);
        };
        let Ok(thread) = thread.parse::<ThreadId>() else {
            return Ok(None);
        };
        for company in self.companies(&thread, table, sys_id).await? {
            let subject = Subject::thread(&company, &thread);
            let Some(link) = self.wish(&subject, rest, sys_id) else {
                continue;
            };
            let record = Record {
                link,
                table: table.clone(),
                sys_id: sys_id.clone(),
            };
            return self.as_it_is(subject, (&company, &thread), record).await;
        }
        Ok(None)
    }

    /// Whose the thread may be.
    async fn companies(
        &self,
        thread: &ThreadId,
        table: &TableName,
        sys_id: &SysId,
    ) -> Result<BTreeSet<CompanyId>, Failure> {
        let clients = self.clients;
        if let Some(company) = clients.store.company_of_thread(thread.as_str()).await? {
            return Ok(BTreeSet::from([company]));
        }
        let mut companies = self.told_by(Subject::as_thread, thread);
        let rule = clients.mapping.tasks.as_ref().and_then(|rules| rules.partner(table));
        if let (true, Some(rule)) = (companies.is_empty(), rule) {
            let partner = format!("{}.{}", rule.field, rule.key);
            let select = Select::named([&partner]);
            let select = select.map_err(|error| Failure::permanent(error, "correct partner in the mapping"))?;
            let row = clients.servicenow.read(table, sys_id, &select).await?;
            companies.extend(row.and_then(|row| row.text(&partner).parse().ok()));
        }
        Ok(companies)
    }

    /// What the task is about: what its key names, or anything that its partner told of.
    fn wish(&self, subject: &Subject, rest: &str, sys_id: &SysId) -> Option<LinkKey> {
        let message = rest.parse().ok().map(WishId::Message);
        let request = rest.parse().ok().map(WishId::Request);
        let told = self.feed.get(subject).into_iter().flatten().filter_map(wish_of);
        let links = message.into_iter().chain(request).chain(told);
        let deployment = self.clients.store.deployment();
        links
            .map(|wish| LinkKey::of_thread(&wish))
            .find(|link| SysId::chosen(deployment, subject, link) == *sys_id)
    }

    async fn as_it_is(
        &self,
        subject: Subject,
        (company, thread): (&CompanyId, &ThreadId),
        record: Record,
    ) -> Result<Option<Found>, Failure> {
        let clients = self.clients;
        let found = clients.community.thread(company, thread).await;
        let Some(thread) = found.map_err(trading_grid::Error::into_failure)? else {
            return Ok(None);
        };
        let of_outcome: Vec<&str> = clients.mapping.outcome_fields(&record.table).collect();
        let mut fields = BTreeSet::from(["number", "correlation_id", "sys_created_on", "sys_mod_count"]);
        fields.extend(&of_outcome);
        let fault = |error: anyhow::Error| Failure::permanent(error, "correct the mapping");
        let select = Select::named(&fields).map_err(|error| fault(error.into()))?;
        let Some(row) = clients.servicenow.read(&record.table, &record.sys_id, &select).await? else {
            return Ok(None);
        };
        let values: BTreeMap<String, String> = of_outcome
            .iter()
            .map(|name| ((*name).to_owned(), row.text(name).to_owned()))
            .collect();
        let outcome = clients.mapping.outcome(&record.table, &values);
        let files = clients.servicenow.attachments(&record.table, &record.sys_id).await?;
        let changes: i64 = row.text("sys_mod_count").parse().unwrap_or(0);
        Ok(Some(Found {
            adoption: Adoption {
                rule: self.rule(&subject, &record.link)?,
                ..plain(clients, subject, record, &row)
            },
            kind: Kind::Task(Task {
                thread: Box::new(thread),
                outcome: outcome.map_err(|error| fault(error.into()))?,
                changes: changes + 1 + i64::try_from(files.len()).unwrap_or(0),
            }),
        }))
    }

    /// The rule that takes what the task is about, as the mapping is today.
    fn rule(&self, subject: &Subject, link: &LinkKey) -> Result<Option<shared::domain::TaskName>, Failure> {
        let asked = link.wish();
        for event in self.feed.get(subject).into_iter().flatten() {
            if let Data::Thread(news) = &event.data
                && let Some(wish) = news.wish().filter(|wish| Some(&wish.id) == asked.as_ref())
            {
                let rule = self.clients.mapping.task_rule(&news.thread, &wish);
                let rule = rule.map_err(|error| Failure::permanent(error, "correct the mapping"))?;
                return Ok(rule.map(|rule| rule.name.clone()));
            }
        }
        Ok(None)
    }

    /// Puts back what is known of both sides, and the link. Gives how much is known again.
    pub(super) async fn put_task_back(&self, found: &Found, task: &Task) -> Result<usize, Failure> {
        let (store, clients) = (&self.place.store, self.clients);
        let (record, thread) = (&found.adoption.record, &task.thread);
        let told = thread
            .outcomes
            .iter()
            .find(|told| told.outcome_id.as_str() == record.sys_id.as_str())
            .map(|told| &told.report);
        let is_told = |outcome: &&Outcome| {
            told.is_some_and(|told| outcome_report_of(&record.link, outcome, told.version, told.since) == *told)
        };
        let outcome = task.outcome.as_ref();
        let adoption = Adoption {
            told: outcome.filter(is_told).map(Outcome::digest),
            ..found.adoption.clone()
        };
        let events = self.feed.get(&adoption.subject).map(Vec::as_slice).unwrap_or_default();
        let sides = claims::of_thread(clients, thread, events).await?;
        let known = claims::restore(clients, &adoption, &sides).await?;
        self.heard_elsewhere(&adoption, events).await?;
        self.raise_out(&adoption.subject, task).await?;
        self.adopt(&adoption).await?;
        // One write of an item in a transaction.
        for write in self.told_of(&adoption, task).await? {
            store.put_all(vec![write]).await?;
        }
        Ok(known)
    }

    /// What came before the task stands in its description, or in another task.
    async fn heard_elsewhere(&self, adoption: &Adoption, events: &[Event]) -> Result<(), Failure> {
        let (record, asked) = (&adoption.record, adoption.record.link.wish());
        let begin = events
            .iter()
            .position(|event| asked.is_some() && wish_of(event) == asked);
        let (before, after) = events.split_at(begin.unwrap_or(0));
        let mut heard = claims::written(before, record);
        let mut later = claims::written(after, record);
        let thread = adoption.correlation.split_once(OTHERS).map(|(thread, _)| thread);
        for other in &self.rows {
            let of_thread = other
                .text("correlation_id")
                .split_once(OTHERS)
                .map(|(thread, _)| thread);
            let table = other.text("sys_class_name").parse::<TableName>();
            if let (Some(sys_id), Ok(table)) = (other.sys_id(), table)
                && of_thread == thread
                && sys_id != record.sys_id
            {
                let found;
                (later, found) = claims::on_record(self.clients, (&table, &sys_id), later).await?;
                heard.extend(found);
            }
        }
        claims::heard(self.clients, adoption, &heard).await
    }

    /// The numbers of reports go on after those that were used. How requests ended has numbers that nobody shows: no
    /// more than the tasks have changed.
    async fn raise_out(&self, subject: &Subject, task: &Task) -> Result<(), Failure> {
        let versions = task.thread.outcomes.iter().map(|told| told.report.version);
        let used = versions
            .max()
            .and_then(|version| i64::try_from(version).ok())
            .unwrap_or(0);
        let is_closed = task
            .thread
            .document_requests
            .iter()
            .any(|request| is_closed(request.state));
        let out = Stream {
            subject: subject.clone(),
            lane: Lane::Out,
        };
        let used = if is_closed { used + task.changes } else { used };
        self.place.store.raise(&out, UseCase::CreateTask, used).await?;
        Ok(())
    }

    /// What the partner was told of the task and its request, for a link of whatever time.
    async fn told_of(&self, adoption: &Adoption, task: &Task) -> Result<Vec<Write>, Failure> {
        let store = &self.place.store;
        let (subject, link) = (&adoption.subject, &adoption.record.link);
        let told = adoption.told.as_ref().map(|told| store.told(subject, link, told));
        let mut writes = Vec::from_iter(told.transpose()?);
        let Some(WishId::Request(asked)) = link.wish() else {
            return Ok(writes);
        };
        let requests = task.thread.document_requests.iter();
        let request = requests.clone().find(|request| request.request_id == asked);
        let ending = request.and_then(|request| match request.state {
            DocumentRequestState::Fulfilled => Some(Ending::Delivered),
            DocumentRequestState::Declined => Some(Ending::Declined {
                reason: task.outcome.as_ref().and_then(|outcome| outcome.resolution.clone()),
            }),
            DocumentRequestState::Open | DocumentRequestState::Withdrawn => None,
        });
        if let Some(ending) = ending {
            let ledger = store.ledger(subject).await?;
            let documents = documents_of(&ledger, &adoption.record.sys_id);
            writes.push(store.answered(subject, link, &ending.digest(&documents))?);
        }
        Ok(writes)
    }
}

fn is_closed(state: DocumentRequestState) -> bool {
    matches!(state, DocumentRequestState::Fulfilled | DocumentRequestState::Declined)
}

/// What an event of a thread asks for.
fn wish_of(event: &Event) -> Option<WishId> {
    match &event.data {
        Data::Thread(news) => news.wish().map(|wish| wish.id),
        _ => None,
    }
}
