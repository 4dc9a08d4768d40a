//! The facts of `bridge-escalation`: the only part of it that awaits.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{EscalationKey, Lane, LinkKey, MilestoneState, Role, SysId, TableName, Timestamp};
use shared::effect::{Change, Milestone};
use shared::event::{Asked, AskedBy, Data, EscalationAsked, Event, TaskOverdue};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{EscalatedTable, EscalationRule, WhenFinished};
use shared::servicenow::{Row, Select};
use shared::store::{Link, LinkState};
use shared::trading_grid;
use shared::trading_grid::collaboration::EscalationState;

use crate::{Begin, End, Facts, Known, News, OpenTask, Overdue};

/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    match situation.lane {
        Lane::In => {
            let facts = open_case::gather(clients, situation, event).await?;
            Ok(Facts::In(Box::new(facts)))
        }
        Lane::Out | Lane::Reminders | Lane::Notices => {
            let facts = relay_status::gather(clients, situation, event).await?;
            Ok(Facts::Out(Box::new(facts)))
        }
        Lane::Escalation | Lane::Exchange | Lane::Knowledge | Lane::Onboarding | Lane::Unrouted => {
            let known = known(clients, situation, event).await?;
            Ok(Facts::Escalation(Box::new(known)))
        }
    }
}

async fn known(clients: &Clients, situation: &Situation, event: &Event) -> Result<Known, Failure> {
    let subject = situation.subject.clone();
    let (company, issue) = subject
        .as_issue()
        .ok_or_else(|| Failure::permanent(anyhow!("{subject} is not an issue"), "dismiss the entry"))?;
    let mut known = Known {
        deployment: clients.store.deployment().clone(),
        subject,
        company,
        issue,
        number: u64::try_from(situation.number).unwrap_or(0),
        // Whoever found a task overdue has a clock of its own, a little ahead perhaps.
        now: match &event.data {
            Data::TaskOverdue(task) => situation.now.max(task.due_at),
            _ => situation.now,
        },
        label: String::new(),
        lead: None,
        news: News::Nothing("the mapping has no rules for escalations".to_owned()),
    };
    let Some(rule) = &clients.mapping.escalation else {
        return Ok(known);
    };
    known.label.clone_from(&rule.label);
    known.lead.clone_from(&rule.lead);
    let Some(first) = &situation.link else {
        known.news = News::Nothing("the issue has no record".to_owned());
        return Ok(known);
    };
    let gathering = Gathering {
        clients,
        rule,
        first,
        known: &known,
    };
    known.news = match &event.data {
        Data::EscalationAsked(asked) => gathering.asked(asked).await?,
        Data::RecordChanged(change) => gathering.changed(change.sys_id()).await?,
        Data::TaskOverdue(task) => gathering.overdue(task).await?,
        _ => {
            let cause = anyhow!("{} is no news of an escalation", event.kind);
            return Err(Failure::permanent(cause, "dismiss the entry"));
        }
    };
    Ok(known)
}

/// What all facts of an escalation are read with.
struct Gathering<'a> {
    clients: &'a Clients,
    rule: &'a EscalationRule,
    /// The first link of the issue, which keeps the escalation.
    first: &'a Link,
    known: &'a Known,
}

impl Gathering<'_> {
    async fn asked(&self, asked: &EscalationAsked) -> Result<News, Failure> {
        match (asked.asked, &self.first.escalated) {
            (Asked::Begin, Some(key)) => Ok(nothing(format!("the escalation {key} is under way already"))),
            (Asked::End, None) => Ok(nothing("no escalation is under way".to_owned())),
            // Events may be late and in any order: what the partner did last is what the workspace is now.
            (Asked::Begin, None) if asked.by == AskedBy::Partner && !self.is_open().await? => {
                Ok(nothing("the partner has ended the escalation meanwhile".to_owned()))
            }
            (Asked::End, Some(_)) if asked.by == AskedBy::Partner && self.is_open().await? => Ok(nothing(
                "the partner has escalated the issue again meanwhile".to_owned(),
            )),
            (Asked::Begin, None) => self.begin(asked).await,
            (Asked::End, Some(key)) => self.end(asked.by, key).await,
        }
    }

    /// Whether the workspace is open, as the community has it.
    async fn is_open(&self) -> Result<bool, Failure> {
        let (company, issue) = (&self.known.company, &self.known.issue);
        let workspace = self.clients.community.escalation(company, issue).await;
        let workspace = workspace.map_err(trading_grid::Error::into_failure)?;
        Ok(workspace.is_some_and(|workspace| workspace.state == EscalationState::Open))
    }

    /// The record that stands for the issue now.
    async fn case(&self) -> Result<Option<Link>, Failure> {
        match &self.first.continued_by {
            Some(key) => Ok(self.clients.store.link(&self.known.subject, key).await?),
            None => Ok(Some(self.first.clone())),
        }
    }

    async fn begin(&self, asked: &EscalationAsked) -> Result<News, Failure> {
        let Some(case) = self.case().await? else {
            return Ok(nothing("the issue has no record".to_owned()));
        };
        let table = &case.record.table;
        let Some(escalated) = self.rule.table(table) else {
            return Ok(nothing(format!("the mapping has no escalation of {table}")));
        };
        let Some(row) = self.row(&case, escalated).await? else {
            return Ok(nothing(format!(
                "{} is gone or hidden from the integration user",
                case.number
            )));
        };
        let finished = self.clients.mapping.table(table);
        let finished = finished.and_then(|rule| rule.finished.get(row.text("state")));
        if finished == Some(&WhenFinished::New) {
            let why = format!("{} is closed: it is not escalated", case.number);
            return Ok(match self.is_open().await? {
                true => News::Declined(why),
                false => nothing(why),
            });
        }
        let (set, left) = wanted(&case, escalated, &row);
        let (company, issue) = (&self.known.company, &self.known.issue);
        let found = self.clients.community.issue(company, issue).await;
        let Some(issue) = found.map_err(trading_grid::Error::into_failure)? else {
            return Ok(nothing("the community does not have the issue".to_owned()));
        };
        let partner = self.partner(table).await?;
        let mapping = &self.clients.mapping;
        let rules = mapping.team_tasks(&issue, &partner);
        let mut teams = Vec::new();
        for task in rules.map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))? {
            let group = self.clients.group(&task.assignment_group).await?;
            teams.push((task, group));
        }
        let mut values: BTreeMap<String, String> = mapping
            .escalation_fields(table)
            .map(|field| (field.to_owned(), row.text(field).to_owned()))
            .collect();
        for (field, change) in &set {
            if let Some(value) = values.get_mut(field) {
                value.clone_from(&change.to);
            }
        }
        let will_be_critical = mapping
            .is_escalated(table, &values)
            .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?
            .unwrap_or(false);
        let record = match &escalated.record {
            Some(record) => {
                let others = self.clients.servicenow.escalations(&case.record.sys_id).await;
                // An instance without such records has none to be in the way either.
                let is_free = match others {
                    Ok(others) => others.iter().all(|other| record.ended.contains(&other.state)),
                    Err(error) if matches!(error.status(), Some(400 | 403 | 404)) => true,
                    Err(error) => return Err(error.into_failure()),
                };
                is_free.then(|| record.clone())
            }
            None => None,
        };
        Ok(News::Begins(Box::new(Begin {
            by: asked.by,
            key: asked.key.clone(),
            first: self.first.record.clone(),
            set,
            left,
            will_be_critical,
            record,
            tasks: escalated.tasks.clone(),
            teams,
            open: self.open_tasks().await?,
            case,
        })))
    }

    async fn end(&self, by: AskedBy, key: &EscalationKey) -> Result<News, Failure> {
        let case = match self.case().await? {
            Some(case) if self.task(&case, &["sys_id"]).await?.is_some() => Some(case),
            Some(_) | None => None,
        };
        Ok(News::Ends(Box::new(End {
            by,
            key: key.clone(),
            first: self.first.record.clone(),
            record: self.escalation_record(case.as_ref(), key).await?,
            case,
            is_open: self.is_open().await?,
            open: self.open_tasks().await?,
        })))
    }

    /// The record of the escalation, when it is ours and not ended, with the fields that end it.
    async fn escalation_record(
        &self,
        case: Option<&Link>,
        key: &EscalationKey,
    ) -> Result<Option<(Link, BTreeMap<String, Change>)>, Failure> {
        let rule = case.and_then(|case| self.rule.table(&case.record.table)?.record.as_ref());
        let link = self
            .clients
            .store
            .link(&self.known.subject, &LinkKey::escalation(key))
            .await?;
        let (Some(rule), Some(link)) = (rule, link) else {
            return Ok(None);
        };
        if link.state != LinkState::Linked {
            return Ok(None);
        }
        let mut fields = BTreeSet::from(["sys_id", "state"]);
        fields.extend(rule.close.keys().map(TableName::as_str));
        let row = self.task(&link, &fields.into_iter().collect::<Vec<_>>()).await?;
        Ok(row.and_then(|row| {
            let is_open = !rule.ended.contains(row.text("state"));
            is_open.then(|| (link, row.changes_to(&rule.close)))
        }))
    }

    /// News of a task of a team, or of the record of the escalation.
    async fn changed(&self, sys_id: &SysId) -> Result<News, Failure> {
        let (Some(link), Some(key)) = (self.link(sys_id).await?, &self.first.escalated) else {
            return Ok(nothing("no escalation is under way: nothing is told".to_owned()));
        };
        match link.record.link.role {
            Role::Escalation => self.record_changed(&link, key).await,
            Role::Coordination => self.task_changed(link).await,
            Role::Case
            | Role::FollowUp
            | Role::Incident
            | Role::Task
            | Role::Article
            | Role::Draft
            | Role::Request
            | Role::Setup => Ok(nothing("the record is none of an escalation".to_owned())),
        }
    }

    /// The link of one of the issue's records.
    async fn link(&self, sys_id: &SysId) -> Result<Option<Link>, Failure> {
        match self.clients.store.back(sys_id).await? {
            Some((subject, key)) if subject == self.known.subject => {
                Ok(self.clients.store.link(&subject, &key).await?)
            }
            Some(_) | None => Ok(None),
        }
    }

    /// A task was due. Whether it still is, only the task knows: it may be done, or have got more time.
    async fn overdue(&self, due: &TaskOverdue) -> Result<News, Failure> {
        let link = self.link(&due.sys_id).await?;
        let link = link.filter(|link| link.record.link.role == Role::Coordination);
        let (Some(task), Some(_)) = (link, &self.first.escalated) else {
            return Ok(nothing("no escalation is under way: nothing is told".to_owned()));
        };
        let Some(tasks) = self.rule.of_tasks(&task.record.table) else {
            return Ok(nothing(format!("the mapping has no tasks in {}", task.record.table)));
        };
        let row = self.team_row(&task).await?;
        let open = row.filter(|row| is_unfinished(tasks.progress(row.text("state"))));
        let Some(row) = open.filter(|row| due_at(row) == Some(due.due_at)) else {
            return Ok(nothing(format!("{} is done, or has another due date", task.number)));
        };
        let milestone = self.shown(&task, tasks.progress(row.text("state")), Some(&row));
        Ok(News::Overdue(Box::new(Overdue {
            is_told: milestone
                .as_ref()
                .is_some_and(|milestone| task.told.as_ref() == Some(&milestone.digest())),
            milestone,
            task,
            due_at: due.due_at,
            case: self.case().await?,
        })))
    }

    async fn record_changed(&self, link: &Link, key: &EscalationKey) -> Result<News, Failure> {
        let case = self.case().await?;
        let rule = case.and_then(|case| self.rule.table(&case.record.table)?.record.as_ref());
        let Some(rule) = rule.filter(|_| link.record.link == LinkKey::escalation(key)) else {
            return Ok(nothing("the record is of another escalation".to_owned()));
        };
        let row = self.task(link, &["sys_id", "state"]).await?;
        let has_ended = row.is_none_or(|row| rule.ended.contains(row.text("state")));
        match has_ended {
            true => self.end(AskedBy::Desk, key).await,
            false => Ok(nothing(format!("{} is not ended: nothing is told", link.number))),
        }
    }

    async fn task_changed(&self, link: Link) -> Result<News, Failure> {
        match self.milestone(&link).await? {
            None => Ok(nothing(format!("{} is internal: nothing is told", link.number))),
            Some(milestone) if link.told.as_ref() == Some(&milestone.digest()) => {
                Ok(nothing(format!("the partner knows how far {} is", link.number)))
            }
            Some(milestone) => Ok(News::Progress(Box::new(link), milestone)),
        }
    }

    /// What the partner sees of a task as it is; nothing where it is internal.
    async fn milestone(&self, link: &Link) -> Result<Option<Milestone>, Failure> {
        let Some(tasks) = self.rule.of_tasks(&link.record.table) else {
            return Ok(None);
        };
        if self.shown(link, MilestoneState::Canceled, None).is_none() {
            return Ok(None);
        }
        let row = self.team_row(link).await?;
        let state = match &row {
            Some(row) => tasks.progress(row.text("state")),
            None => MilestoneState::Canceled,
        };
        Ok(self.shown(link, state, row.as_ref()))
    }

    /// The tasks of teams that are not done.
    async fn open_tasks(&self) -> Result<Vec<OpenTask>, Failure> {
        let mut open = Vec::new();
        let links = self.clients.store.links(&self.known.subject, Role::Coordination);
        for link in links.await? {
            let Some(tasks) = self.rule.of_tasks(&link.record.table) else {
                continue;
            };
            let Some(row) = self.team_row(&link).await? else {
                continue;
            };
            let state = tasks.progress(row.text("state"));
            if is_unfinished(state) {
                let milestone = self.shown(&link, state, Some(&row));
                open.push(OpenTask { milestone, link });
            }
        }
        Ok(open)
    }

    /// What the partner sees of a task in this state; nothing where it is internal. What is open and was due is missed.
    fn shown(&self, link: &Link, state: MilestoneState, row: Option<&Row>) -> Option<Milestone> {
        let title = self.rule.milestone(&link.record.link.task()?)?;
        let due_at = row.and_then(due_at);
        let is_late = is_unfinished(state) && due_at.is_some_and(|due_at| due_at <= self.known.now);
        Some(Milestone {
            title: title.to_owned(),
            state: if is_late { MilestoneState::Missed } else { state },
            due_at,
        })
    }

    /// The task of a team as it is.
    async fn team_row(&self, link: &Link) -> Result<Option<Row>, Failure> {
        self.task(link, &["sys_id", "state", "due_date"]).await
    }

    /// The record as it is: its state, and the fields that a begin looks at.
    async fn row(&self, case: &Link, escalated: &EscalatedTable) -> Result<Option<Row>, Failure> {
        let mut fields = BTreeSet::from(["sys_id", "number", "state"]);
        fields.extend(escalated.set.keys().map(TableName::as_str));
        fields.extend(self.clients.mapping.escalation_fields(&case.record.table));
        let fields = fields.into_iter().collect::<Vec<_>>();
        let select = Select::named(&fields).map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
        let read = self
            .clients
            .servicenow
            .read(&case.record.table, &case.record.sys_id, &select);
        Ok(read.await?)
    }

    async fn task(&self, link: &Link, fields: &[&str]) -> Result<Option<Row>, Failure> {
        Ok(self.clients.servicenow.task(&link.record.sys_id, fields).await?)
    }

    /// The partner's name for colleagues; its company id where ServiceNow has no clear answer.
    async fn partner(&self, table: &TableName) -> Result<String, Failure> {
        let company = &self.known.company;
        let Some(rule) = self.clients.mapping.table(table) else {
            return Ok(company.to_string());
        };
        self.clients.partner_name(&rule.partner, company).await
    }
}

/// The fields that a begin sets, and those that an agent has set otherwise since the record was made.
fn wanted(case: &Link, escalated: &EscalatedTable, row: &Row) -> (BTreeMap<String, Change>, BTreeSet<String>) {
    let mut set = row.changes_to(&escalated.set);
    let mut left = BTreeSet::new();
    set.retain(|field, change| {
        let agreed = case.base.get(field).map_or("", String::as_str);
        if change.from == change.to {
            return false;
        }
        let is_ours = change.from == agreed;
        if !is_ours {
            left.insert(field.clone());
        }
        is_ours
    });
    (set, left)
}

/// When a task is due.
fn due_at(row: &Row) -> Option<Timestamp> {
    Timestamp::parse_servicenow(row.text("due_date")).ok()
}

/// Whether there is still something to do.
fn is_unfinished(state: MilestoneState) -> bool {
    matches!(state, MilestoneState::Planned | MilestoneState::InProgress)
}

fn nothing(why: String) -> News {
    News::Nothing(why)
}
