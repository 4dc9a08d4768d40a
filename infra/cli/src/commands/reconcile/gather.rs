//! What both sides and the table have, read for a comparison. Nothing is changed.

use std::collections::{BTreeMap, BTreeSet};

use shared::apply::CORRELATION_DISPLAY;
use shared::clients::Clients;
use shared::domain::{CompanyId, IssueId, Role, Subject, SysId, TableName, Timestamp, is_query_value};
use shared::event::{Event, RecordChange};
use shared::failure::Failure;
use shared::servicenow::{Error, Field, Query, Row, Select};
use shared::store::{Adoption, Link, LinkState};
use shared::trading_grid::collaboration::Room;

use super::super::progress::{bar, counting};
use super::super::records::{adoption, chosen, company_of, no_answer, seen, settled, unanswered, untold};
use super::super::shown;
use super::Facts;
use crate::failed::Failed;
use crate::place::Place;

/// The base table of cases, incidents and all other tasks.
const TASKS: &str = "task";
/// How many records are asked for at once.
const AT_ONCE: usize = 50;

/// Reads what happened since a time.
///
/// # Errors
/// When one of the two sides, or the table, gives no clear answer.
pub(super) async fn gather(place: &Place, clients: &Clients, since: Timestamp) -> Result<Facts, Failed> {
    let now = place.clock.now();
    let untold = Box::pin(untold(clients, since, settled(now))).await?;
    let progress = counting("reading Lens");
    let lens = place.lens()?;
    let exchanges = Box::pin(lens.untold(since, settled(now), &|read| progress.set_position(read))).await;
    progress.finish_and_clear();
    let exchanges = exchanges.map_err(|error| no_answer(&error))?;
    let progress = counting("reading the table");
    let survey = place.store.survey(since, &|more| progress.inc(more)).await;
    progress.finish_and_clear();
    let mut facts = Facts {
        untold,
        exchanges,
        survey: survey?,
        ..Facts::default()
    };
    let linked = facts.survey.links.iter().map(|(_, link)| link.record.sys_id.clone());
    let told = facts.untold.rows.iter().filter_map(Row::sys_id);
    let known: BTreeSet<SysId> = linked.chain(told).collect();
    let known: Vec<SysId> = known.into_iter().collect();
    facts.ways = place.store.subjects_of(&known).await?.into_iter().collect();
    let compared = Box::pin(compare(clients, &mut facts, now)).await;
    compared.map_err(|failure| unanswered("the comparison could not be finished", failure))?;
    Ok(facts)
}

async fn compare(clients: &Clients, facts: &mut Facts, now: Timestamp) -> Result<(), Failure> {
    Box::pin(records(clients, facts, now)).await?;
    doubles(clients, facts).await?;
    let progress = bar("looking at records without a link", facts.untold.rows.len());
    for row in &facts.untold.rows {
        progress.inc(1);
        let Some(sys_id) = row.sys_id().filter(|sys_id| !facts.ways.contains_key(sys_id)) else {
            continue;
        };
        let adoption = Box::pin(verified(clients, row, &sys_id)).await?;
        facts.unlinked.push((row.text("number").to_owned(), adoption));
    }
    progress.finish_and_clear();
    comments(clients, facts).await
}

/// Which of the linked records are gone, and which of the intended ones are there.
async fn records(clients: &Clients, facts: &mut Facts, now: Timestamp) -> Result<(), Failure> {
    // Articles and escalations are no tasks, and a requested item is nobody's but the people's.
    let is_task = |link: &Link| {
        !matches!(
            link.record.link.role,
            Role::Article | Role::Draft | Role::Escalation | Role::Request
        )
    };
    let of_tasks: Vec<&(Subject, Link)> = facts.survey.links.iter().filter(|(_, link)| is_task(link)).collect();
    let progress = bar("looking for the records", of_tasks.len());
    let table = TableName::try_from(TASKS.to_owned()).map_err(|error| Failure::permanent(error, "report this"))?;
    for some in of_tasks.chunks(AT_ONCE) {
        let ids = some.iter().map(|(_, link)| link.record.sys_id.as_str());
        let query = Query::new().and(const { Field::known("sys_id") }.one_of(ids).map_err(Error::from)?);
        let select = select(&["sys_id", "number", "correlation_id"])?;
        let rows = clients
            .servicenow
            .find(&table, query, select)
            .map_err(Error::from)?
            .all(AT_ONCE as u64)
            .await?;
        let there: BTreeMap<SysId, &Row> = rows.iter().filter_map(|row| Some((row.sys_id()?, row))).collect();
        for (subject, link) in some {
            progress.inc(1);
            let sys_id = &link.record.sys_id;
            match (link.state, there.get(sys_id)) {
                (LinkState::Intent, Some(row)) if row.text("correlation_id") == link.correlation => {
                    facts.made.insert(sys_id.clone(), row.text("number").to_owned());
                }
                // A page may leave out what a read shows.
                (LinkState::Linked, None) if clients.servicenow.task(sys_id, &["sys_id"]).await?.is_none() => {
                    let event = untold_deletion(clients, link, now).await?;
                    facts.gone.push((subject.clone(), link.clone(), event));
                }
                _ => {}
            }
        }
    }
    progress.finish_and_clear();
    Ok(())
}

/// The event of a deletion that nobody was told yet.
async fn untold_deletion(clients: &Clients, link: &Link, now: Timestamp) -> Result<Option<Event>, Failure> {
    let words = clients.mapping.gone(&link.number);
    if words.is_some_and(|words| link.told.as_ref() == Some(&words.digest())) {
        return Ok(None);
    }
    let event = RecordChange::deletion(&link.record.table, &link.record.sys_id, now);
    let event = event.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
    let events = [event];
    let is_seen = !clients.store.seen(&events).await?.is_empty();
    let [event] = events;
    Ok((!is_seen).then_some(event))
}

/// The keys among the changed records that several records bear.
async fn doubles(clients: &Clients, facts: &mut Facts) -> Result<(), Failure> {
    let table = TableName::try_from(TASKS.to_owned()).map_err(|error| Failure::permanent(error, "report this"))?;
    let keys = facts.untold.rows.iter().map(|row| row.text("correlation_id"));
    let keys: BTreeSet<&str> = keys.filter(|key| !key.is_empty()).collect();
    // What no query can ask for is compared among the changed records alone.
    let (keys, others): (Vec<&str>, Vec<&str>) = keys.into_iter().partition(|key| is_query_value(key));
    let mut numbers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in facts
        .untold
        .rows
        .iter()
        .filter(|row| others.contains(&row.text("correlation_id")))
    {
        let of_key = numbers.entry(row.text("correlation_id").to_owned()).or_default();
        of_key.push(row.text("number").to_owned());
    }
    for some in keys.chunks(AT_ONCE) {
        let query = Query::new()
            .and(
                const { Field::known("correlation_display") }
                    .equals(CORRELATION_DISPLAY)
                    .map_err(Error::from)?,
            )
            .and(
                const { Field::known("correlation_id") }
                    .one_of(some)
                    .map_err(Error::from)?,
            );
        let select = select(&["sys_id", "number", "correlation_id"])?;
        let rows = clients
            .servicenow
            .find(&table, query, select)
            .map_err(Error::from)?
            .all(10_000)
            .await?;
        for row in rows {
            let key = row.text("correlation_id").to_owned();
            numbers.entry(key).or_default().push(row.text("number").to_owned());
        }
    }
    numbers.retain(|_, numbers| numbers.len() > 1);
    facts.doubles = numbers;
    Ok(())
}

/// The link of a record, where the record is the first one of an issue and its key says so.
async fn verified(clients: &Clients, row: &Row, sys_id: &SysId) -> Result<Option<Adoption>, Failure> {
    let issue = row.text("correlation_id").parse::<IssueId>().ok();
    let table = row.text("sys_class_name").parse::<TableName>().ok();
    let (Some(issue), Some(table)) = (issue, table.filter(|table| clients.mapping.table(table).is_some())) else {
        return Ok(None);
    };
    let bound: Option<CompanyId> = clients.store.company_of_issue(issue.as_str()).await?;
    let company = match bound {
        Some(company) => Some(company),
        None => company_of(clients, &table, sys_id).await?,
    };
    let Some(company) = company else { return Ok(None) };
    let Some(record) = chosen(clients, &Subject::issue(&company, &issue), &table, sys_id) else {
        return Ok(None);
    };
    let community = clients.community.issue(&company, &issue).await;
    let Some(issue) = community.map_err(shared::trading_grid::Error::into_failure)? else {
        return Ok(None);
    };
    let Some(seen) = seen(clients, &table, sys_id).await? else {
        return Ok(None);
    };
    Box::pin(adoption(clients, issue, record, &seen)).await.map(Some)
}

/// Which of the posted comments the community has no more.
async fn comments(clients: &Clients, facts: &mut Facts) -> Result<(), Failure> {
    let mut posted: BTreeMap<&Subject, Vec<&str>> = BTreeMap::new();
    for (subject, claim) in &facts.survey.relayed {
        if let (Some(_), Some(id)) = (subject.as_issue(), claim.posted()) {
            posted.entry(subject).or_default().push(id);
        }
    }
    let progress = bar("looking for what was shown to partners", posted.len());
    for (subject, ids) in posted {
        progress.inc(1);
        let shown = all_shown(clients, subject)
            .await
            .map_err(shared::trading_grid::Error::into_failure)?;
        let lost = ids.into_iter().filter(|id| !shown.contains(*id));
        facts.unposted.extend(lost.map(|id| (subject.clone(), id.to_owned())));
    }
    progress.finish_and_clear();
    Ok(())
}

/// The comments of an issue and the messages of its workspace, by id.
async fn all_shown(clients: &Clients, subject: &Subject) -> Result<BTreeSet<String>, shared::trading_grid::Error> {
    let Some((company, issue)) = subject.as_issue() else {
        return Ok(BTreeSet::new());
    };
    let comments = shown::comments(clients, &company, &issue).await?;
    let messages = shown::messages(clients, Room::Escalation(&company, &issue)).await?;
    let comments = comments.into_iter().map(|comment| String::from(comment.comment_id));
    let messages = messages.into_iter().map(|message| String::from(message.message_id));
    Ok(comments.chain(messages).collect())
}

fn select(fields: &[&str]) -> Result<Select, Failure> {
    Select::named(fields).map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))
}
