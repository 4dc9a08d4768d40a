//! The rules of `create-task`: pure.

mod outcome;
mod task;
#[cfg(test)]
mod tests;

use shared::additions::{documents, said};
use shared::domain::{LinkKey, MessageId, RequestId, WishId};
use shared::effect::{Effect, Record};
use shared::event::{Data, Event, ThreadAct, ThreadNews};
use shared::mapping::{Mode, TaskRule};
use shared::messages;
use shared::store::{Link, LinkState};

use crate::{Facts, News, Place, Task};

/// Rules on what happened in a thread or to one of its tasks.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match (&facts.place, &event.data) {
        (Place::Thread(found), Data::Thread(news)) => acted(facts, news, found),
        (Place::Gone(gone), _) => outcome::gone(facts, gone),
        (Place::Task(changed), _) => outcome::changed(facts, changed),
        (Place::Nowhere | Place::Thread(_), _) => {
            vec![tell(
                "the record belongs to no task of this thread: nothing is told".to_owned(),
            )]
        }
    }
}

/// Where something in a thread goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Placing<'a> {
    /// This rule makes a task of it; an earlier try may have intended that.
    New(&'a TaskRule, Option<&'a Link>),
    /// It has its task already.
    Has(&'a Link),
    /// To a task that is open.
    Open(&'a Link),
    /// Nowhere.
    Nothing,
}

/// Where what the partner did goes.
pub(crate) fn placing<'a>(news: &ThreadNews, found: &'a News) -> Placing<'a> {
    let open = || found.tasks.iter().rev().filter(|task| task.is_open);
    let newest = || open().next().map_or(Placing::Nothing, |task| Placing::Open(&task.link));
    let of = |key: &LinkKey| found.tasks.iter().find(|task| task.link.record.link == *key);
    if let ThreadAct::Withdrawn { request, .. } = &news.act {
        let task = of(&LinkKey::of_thread(&WishId::Request(request.clone())));
        let task = task.filter(|task| task.is_open);
        return task.map_or(Placing::Nothing, |task| Placing::Open(&task.link));
    }
    if matches!(news.act, ThreadAct::Provided(_)) {
        return newest();
    }
    let Some(wish) = news.wish() else {
        return Placing::Nothing;
    };
    let own = of(&LinkKey::of_thread(&wish.id));
    match (own, &found.rule) {
        (Some(Task { link, .. }), _) if link.state == LinkState::Linked => return Placing::Has(link),
        (Some(Task { link, .. }), Some(rule)) => return Placing::New(rule, Some(link)),
        (Some(_), None) | (None, _) => {}
    }
    let answered = found.answered.as_ref().and_then(of).filter(|task| task.is_open);
    match (&news.act, &found.rule) {
        (ThreadAct::Requested(_), Some(rule)) => Placing::New(rule, None),
        (_, Some(rule)) => match open().find(|task| task.link.rule.as_ref() == Some(&rule.name)) {
            Some(task) => Placing::Open(&answered.unwrap_or(task).link),
            // A rule that makes no tasks withholds nothing from the one that is open.
            None if rule.mode != Mode::On && open().next().is_some() => {
                answered.map_or_else(newest, |task| Placing::Open(&task.link))
            }
            None => Placing::New(rule, None),
        },
        (_, None) => answered.map_or_else(newest, |task| Placing::Open(&task.link)),
    }
}

/// The partner did something in the thread.
fn acted(facts: &Facts, news: &ThreadNews, found: &News) -> Vec<Effect> {
    let what = named(news);
    match placing(news, found) {
        Placing::Has(link) => vec![tell(format!("{what} has the task {}: nothing to do", number(link)))],
        Placing::Nothing => vec![tell(match news.wish() {
            Some(_) => format!("no rule makes a task of {what}, and none is open: nothing is done"),
            None => format!("{what} is about no open task: nothing is done"),
        })],
        Placing::New(rule, _) => made(facts, news, found, rule, &what),
        Placing::Open(link) => {
            let number = number(link);
            let mut effects = vec![tell(match (&found.rule, news.wish()) {
                (Some(rule), _) if rule.mode == Mode::On => {
                    format!("the rule {} has an open task: {what} goes to {number}", rule.name)
                }
                (_, Some(_)) => format!("no rule makes a task of {what}: it goes to the open task {number}"),
                (_, None) => format!("{what} goes to the open task {number}"),
            })];
            effects.extend(words(news, &link.record, &found.partner_name));
            let rule = &facts.mapping.documents;
            effects.extend(documents(rule, &link.record, news.documents(), found.documents_before));
            effects
        }
    }
}

/// A rule makes a task, if it is on.
fn made(facts: &Facts, news: &ThreadNews, found: &News, rule: &TaskRule, what: &str) -> Vec<Effect> {
    let name = &rule.name;
    let effects = match (news.wish(), &found.content) {
        (Some(wish), Some(content)) => task::create(facts, news, found, &wish, rule, content),
        (None, _) | (_, None) => Vec::new(),
    };
    match rule.mode {
        Mode::Off => vec![tell(format!("the rule {name} for {what} is off: nothing is done"))],
        Mode::Shadow => {
            let would = effects.into_iter();
            would
                .map(|effect| tell(format!("shadow of {name}: would {effect}")))
                .collect()
        }
        Mode::On => {
            let told = tell(format!("the rule {name} makes a task of {what}"));
            std::iter::once(told).chain(effects).collect()
        }
    }
}

/// Names a message of a thread among what is in the journal of its task.
pub fn named_message(message: &MessageId) -> String {
    format!("message {message}")
}

/// Names a request.
pub fn named_request(request: &RequestId) -> String {
    format!("request {request}")
}

/// Names the withdrawal of a request.
pub fn named_withdrawal(request: &RequestId) -> String {
    format!("withdrawal of request {request}")
}

/// What the partner says, for the task; nothing of an event without words.
pub fn words(news: &ThreadNews, record: &Record, partner: &str) -> Vec<Effect> {
    let (what, text, file) = match &news.act {
        ThreadAct::Posted { message, .. } => {
            let id = &message.message_id;
            let text = messages::thread_message(&message.author, partner, &message.text);
            (named_message(id), text, format!("message-{id}.txt"))
        }
        ThreadAct::Requested(request) => {
            let id = &request.request_id;
            let text = messages::thread_request(request, partner);
            (named_request(id), text, format!("request-{id}.txt"))
        }
        ThreadAct::Withdrawn { request, reason } => {
            let text = messages::request_withdrawn(news.author(), partner, reason.as_deref());
            (named_withdrawal(request), text, format!("withdrawal-{request}.txt"))
        }
        ThreadAct::Provided(_) => return Vec::new(),
    };
    said(record, what, text, file)
}

/// What the partner did, for the timeline.
fn named(news: &ThreadNews) -> String {
    match &news.act {
        ThreadAct::Posted { message, .. } => format!("the message {}", message.message_id),
        ThreadAct::Requested(request) => format!("the request {}", request.request_id),
        ThreadAct::Withdrawn { request, .. } => format!("the withdrawal of the request {request}"),
        ThreadAct::Provided(document) => format!("the document {}", document.document_id),
    }
}

/// What people call a task.
fn number(link: &Link) -> &str {
    match link.number.as_str() {
        "" => link.record.sys_id.as_str(),
        number => number,
    }
}

fn tell(text: String) -> Effect {
    Effect::Tell { text }
}
