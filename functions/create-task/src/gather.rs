//! The facts of `create-task`: the only part of it that awaits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{CompanyId, LinkKey, Role, Subject, SysId, TableName, ThreadId, WishId};
use shared::event::{Data, Event, RecordChange, ThreadAct, ThreadNews, Wish};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{Mode, TaskRule, TaskRules, Unresolved};
use shared::messages;
use shared::servicenow::Row;
use shared::store::{Link, LinkState, documents_of, documents_taken, reference_key};
use shared::trading_grid;
use shared::trading_grid::collaboration::{Cursor, Room};

use crate::decide::{Placing, placing};
use crate::{Changed, Content, Facts, Gone, News, Place, Task};

/// How many earlier messages a description repeats.
const EARLIER: usize = 10;
/// How many pages of a thread are read for them: they come oldest first.
const MOST_PAGES: usize = 10;
/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let place = match &event.data {
        Data::Thread(news) => {
            let gathering = Gathering {
                clients,
                situation,
                event,
                news,
            };
            Place::Thread(Box::new(gathering.news().await?))
        }
        Data::RecordChanged(change) => changed(clients, situation, event, change).await?,
        _ => {
            let cause = anyhow!("{} is no news of a thread or a task", event.kind);
            return Err(Failure::permanent(cause, "dismiss the entry"));
        }
    };
    Ok(Facts {
        mapping: Arc::clone(&clients.mapping),
        deployment: clients.store.deployment().clone(),
        subject: situation.subject.clone(),
        number: u64::try_from(situation.number).unwrap_or(0),
        place,
    })
}

fn unresolved(error: Unresolved) -> Failure {
    Failure::permanent(error, CORRECT_THE_MAPPING)
}

/// What facts about a partner's act are read with.
struct Gathering<'a> {
    clients: &'a Clients,
    situation: &'a Situation,
    event: &'a Event,
    news: &'a ThreadNews,
}

impl Gathering<'_> {
    async fn news(&self) -> Result<News, Failure> {
        let mapping = &self.clients.mapping;
        let company = &self.news.thread.company_id;
        let wish = self.news.wish();
        let rule = match &wish {
            Some(wish) => mapping.task_rule(&self.news.thread, wish).map_err(unresolved)?,
            None => None,
        };
        let mut found = News {
            tasks: self.tasks(wish.as_ref(), rule).await?,
            rule: rule.cloned(),
            answered: None,
            content: None,
            partner_name: company.to_string(),
            documents_before: 0,
        };
        found.answered = self.answered(&found.tasks).await?;
        let target = match (placing(self.news, &found), &wish, rule, &mapping.tasks) {
            (Placing::New(_, intent), Some(wish), Some(rule), Some(rules)) if rule.mode != Mode::Off => {
                let link = LinkKey::of_thread(&wish.id);
                let sys_id = SysId::chosen(self.clients.store.deployment(), &self.situation.subject, &link);
                let frozen = intent.map(|link| link.record.table.clone());
                let (content, name) = self.content(rules, rule, wish, frozen).await?;
                found.content = Some(content);
                found.partner_name = name;
                Some(sys_id)
            }
            (Placing::Open(task), _, _, Some(rules)) => {
                let sys_id = task.record.sys_id.clone();
                if let Some(rule) = rules.partner(&task.record.table) {
                    found.partner_name = self.clients.partner_name(rule, company).await?;
                }
                Some(sys_id)
            }
            _ => None,
        };
        if let Some(target) = target {
            found.documents_before = self.documents_before(&target).await?;
        }
        Ok(found)
    }

    /// The tasks of the thread, oldest first. Whether they are open is asked only where it can matter: a request
    /// that makes a task of its own, and what has one already, needs no other.
    async fn tasks(&self, wish: Option<&Wish<'_>>, rule: Option<&TaskRule>) -> Result<Vec<Task>, Failure> {
        let mut links = self.clients.store.links(&self.situation.subject, Role::Task).await?;
        links.sort_by(|one, other| {
            (one.intent_at, &one.record.link.discriminator).cmp(&(other.intent_at, &other.record.link.discriminator))
        });
        let own = wish.map(|wish| LinkKey::of_thread(&wish.id));
        let has_own = links.iter().any(|link| Some(&link.record.link) == own.as_ref());
        let makes_own = has_own || matches!((&self.news.act, rule), (ThreadAct::Requested(_), Some(_)));
        let withdrawn = match &self.news.act {
            ThreadAct::Withdrawn { request, .. } => Some(LinkKey::of_thread(&WishId::Request(request.clone()))),
            ThreadAct::Posted { .. } | ThreadAct::Requested(_) | ThreadAct::Provided(_) => None,
        };
        let mut tasks = Vec::new();
        for link in links {
            let matters = !makes_own && withdrawn.as_ref().is_none_or(|key| *key == link.record.link);
            let is_open = matters && link.state == LinkState::Linked && self.is_open(link.clone()).await?;
            tasks.push(Task { link, is_open });
        }
        Ok(tasks)
    }

    async fn is_open(&self, mut link: Link) -> Result<bool, Failure> {
        let mapping = &self.clients.mapping;
        let Some((row, _)) = read(self.clients, &mut link).await? else {
            return Ok(false);
        };
        let outcome = mapping.outcome(&link.record.table, &values(self.clients, &link.record.table, &row));
        Ok(outcome
            .map_err(unresolved)?
            .is_some_and(|outcome| !outcome.state.is_over()))
    }

    /// The task that a message answers: the one of the message that it names, or the one whose comment that is.
    /// One open task needs no such question.
    async fn answered(&self, tasks: &[Task]) -> Result<Option<LinkKey>, Failure> {
        let ThreadAct::Posted { message, .. } = &self.news.act else {
            return Ok(None);
        };
        let (Some(answered), true) = (
            &message.in_reply_to,
            tasks.iter().filter(|task| task.is_open).count() > 1,
        ) else {
            return Ok(None);
        };
        let asked = LinkKey::of_thread(&WishId::Message(answered.clone()));
        if tasks.iter().any(|task| task.link.record.link == asked) {
            return Ok(Some(asked));
        }
        let ledger = self.clients.store.ledger(&self.situation.subject).await?;
        let said = ledger.iter().find(|claim| claim.reference == answered.as_str());
        let task = said.and_then(|claim| {
            tasks
                .iter()
                .find(|task| task.link.record.sys_id.as_str() == claim.target)
        });
        Ok(task.map(|task| task.link.record.link.clone()))
    }

    /// What a task is made of, and the partner's name. `frozen` is the table of an earlier intent, which counts
    /// more than the rule's.
    async fn content(
        &self,
        rules: &TaskRules,
        rule: &TaskRule,
        wish: &Wish<'_>,
        frozen: Option<TableName>,
    ) -> Result<(Content, String), Failure> {
        let thread = &self.news.thread;
        let under = match self.case(rule).await? {
            Some(case) => rules.under(&case.record.table).map(|under| (under, case.record.sys_id)),
            None => None,
        };
        let table = frozen.unwrap_or_else(|| match &under {
            Some((under, _)) => under.table.clone(),
            None => rule.table.clone(),
        });
        let parent = under.filter(|(under, _)| under.table == table);
        let parent = parent.map(|(under, case)| (under.parent.clone(), case));
        let (partner, name) = match rules.partner(&table) {
            Some(rule) => {
                let (partner, name) = self.clients.partner_of_record(rule, &thread.company_id).await?;
                (partner.map(|partner| (rule.field.clone(), partner)), name)
            }
            None => (None, thread.company_id.to_string()),
        };
        let fields = self.clients.mapping.task_fields(rule, thread, wish, &name);
        let content = Content {
            table,
            parent,
            group: self.clients.group(&rule.assignment_group).await?,
            partner,
            fields: fields.map_err(unresolved)?,
            earlier: self.earlier(&thread.company_id, &thread.thread_id).await?,
            due: rule.due(wish, self.situation.now),
        };
        Ok((content, name))
    }

    /// The record that stands for the issue of the thread, when tasks of the rule go under it.
    async fn case(&self, rule: &TaskRule) -> Result<Option<Link>, Failure> {
        let Some(issue) = self.news.thread.issue_id.as_ref().filter(|_| rule.is_under_case) else {
            return Ok(None);
        };
        let issue = Subject::issue(&self.news.thread.company_id, issue);
        let store = &self.clients.store;
        let mut case = store.link(&issue, &LinkKey::case()).await?;
        if let Some(key) = case.as_ref().and_then(|case| case.continued_by.clone()) {
            case = store.link(&issue, &key).await?;
        }
        Ok(case.filter(|case| case.state == LinkState::Linked))
    }

    /// The last messages before this event, a line each. A thread that the community does not have yet has none.
    async fn earlier(&self, company: &CompanyId, thread: &ThreadId) -> Result<Vec<String>, Failure> {
        let mut lines = Vec::new();
        if self.event.begins_subject() {
            return Ok(lines);
        }
        let own = match &self.news.act {
            ThreadAct::Posted { message, .. } => Some(&message.message_id),
            ThreadAct::Requested(_) | ThreadAct::Withdrawn { .. } | ThreadAct::Provided(_) => None,
        };
        let mut after: Option<Cursor> = None;
        'pages: for _ in 0..MOST_PAGES {
            let page = self
                .clients
                .community
                .messages(Room::Thread(company, thread), after.as_ref());
            let Some(page) = page.await.map_err(trading_grid::Error::into_failure)? else {
                break;
            };
            for message in page.items {
                if own == Some(&message.message_id) || message.posted_at > self.event.time {
                    break 'pages;
                }
                let content = &message.content;
                lines.push(messages::earlier_message(&content.author.name, &content.text));
            }
            if !page.has_more {
                break;
            }
            after = Some(page.next);
        }
        Ok(lines.split_off(lines.len().saturating_sub(EARLIER)))
    }

    /// How many documents the thread has brought before those of this event to this record.
    async fn documents_before(&self, record: &SysId) -> Result<usize, Failure> {
        let documents = self.news.documents();
        if documents.is_empty() {
            return Ok(0);
        }
        let these = documents
            .iter()
            .map(|document| reference_key(record, &document.attached_as()));
        let ledger = self.clients.store.ledger(&self.situation.subject).await?;
        Ok(documents_taken(&ledger, &these.collect()))
    }
}

/// A task as it is.
async fn read(clients: &Clients, link: &mut Link) -> Result<Option<(Row, bool)>, Failure> {
    let fields = |table: &TableName| clients.mapping.outcome_fields(table).map(str::to_owned).collect();
    relay_status::read(clients, link, fields).await
}

/// The stored values that say how far a task is.
fn values(clients: &Clients, table: &TableName, row: &Row) -> BTreeMap<String, String> {
    let fields = clients.mapping.outcome_fields(table);
    fields
        .map(|field| (field.to_owned(), row.text(field).to_owned()))
        .collect()
}

/// News of a task.
async fn changed(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    change: &RecordChange,
) -> Result<Place, Failure> {
    let link = match clients.store.back(change.sys_id()).await? {
        Some((subject, key)) if subject == situation.subject => clients.store.link(&subject, &key).await?,
        Some(_) | None => None,
    };
    let Some(mut link) = link else {
        return Ok(Place::Nowhere);
    };
    let Some((row, has_moved)) = read(clients, &mut link).await? else {
        return Ok(Place::Gone(Box::new(Gone {
            deleted: change.is_deletion().then_some(event.time),
            outcome: clients.mapping.tasks.as_ref().and_then(TaskRules::gone),
            link,
        })));
    };
    let table = &link.record.table;
    let outcome = clients
        .mapping
        .outcome(table, &values(clients, table, &row))
        .map_err(unresolved)?;
    let conversation = relay_status::conversation(clients, situation, event, change, &link).await?;
    let delivered = match link.record.link.wish() {
        Some(WishId::Request(_)) => {
            let ledger = match conversation.ledger.is_empty() {
                true => &clients.store.ledger(&situation.subject).await?,
                false => &conversation.ledger,
            };
            let documents = documents_of(ledger, &link.record.sys_id);
            documents.into_iter().map(str::to_owned).collect()
        }
        Some(WishId::Message(_)) | None => BTreeSet::new(),
    };
    Ok(Place::Task(Box::new(Changed {
        has_moved,
        updated: row.time("sys_updated_on").unwrap_or(situation.now),
        outcome,
        conversation,
        delivered,
        link,
    })))
}
