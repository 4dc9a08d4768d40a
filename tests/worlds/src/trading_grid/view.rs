//! What the partner sees: everything that a user of a company could read in the community, and nothing else.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::collaboration::to_json;
use super::state::State;

impl State {
    /// All of it.
    pub(crate) fn seen_by(&self, company: &str, now: OffsetDateTime) -> Value {
        let world = &self.collaboration;
        let issues = world.issues.values().filter(|issue| issue.company_id == company);
        let threads = world.threads.values().filter(|thread| thread.company_id == company);
        let onboardings = world.onboardings.values().filter(|one| one.company_id == company);
        json!({
            "issues": issues.filter_map(|issue| self.issue_seen(company, &issue.issue_id)).collect::<Vec<Value>>(),
            "threads": threads.filter_map(|thread| self.thread_seen(company, &thread.thread_id)).collect::<Vec<Value>>(),
            "articles": self.articles_seen(company, now),
            "onboardings": onboardings.map(|one| without_origin(to_json(one))).collect::<Vec<Value>>(),
        })
    }

    /// The issue with all comments, the question whether it may be closed, and the workspace.
    pub(crate) fn issue_seen(&self, company: &str, issue: &str) -> Option<Value> {
        let found = self.collaboration.issue(company, issue).ok()?;
        let mut seen = self.collaboration.shown(found);
        seen["comments"] = to_json(&found.comments);
        if let Some(closure) = &found.closure {
            seen["closure"] = to_json(closure);
        }
        if let Some(workspace) = &found.escalation {
            seen["escalation"] = workspace.shown();
            seen["escalation"]["messages"] = to_json(&workspace.place.messages);
        }
        Some(without_origin(seen))
    }

    pub(crate) fn thread_seen(&self, company: &str, thread: &str) -> Option<Value> {
        let found = self.collaboration.thread(company, thread).ok()?;
        let mut seen = found.shown();
        seen["messages"] = to_json(&found.place.messages);
        Some(without_origin(seen))
    }

    pub(crate) fn articles_seen(&self, company: &str, now: OffsetDateTime) -> Vec<Value> {
        let articles = self.collaboration.articles_for(&self.members, company, now);
        articles.into_iter().map(without_audience).map(without_origin).collect()
    }
}

/// People see who wrote something by the name, not by the mark of a program.
fn without_origin(mut value: Value) -> Value {
    match &mut value {
        Value::Object(members) => {
            members.remove("origin");
            for member in members.values_mut() {
                *member = without_origin(member.take());
            }
        }
        Value::Array(items) => {
            for item in items {
                *item = without_origin(item.take());
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    value
}

/// Nobody learns from an article who else may read it.
fn without_audience(mut article: Value) -> Value {
    if let Some(members) = article.as_object_mut() {
        members.remove("audience");
    }
    article
}
