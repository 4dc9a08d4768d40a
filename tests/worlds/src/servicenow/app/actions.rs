//! Actions of forms and lists, which are rows of `sys_ui_action`: somebody opens a record and presses a button.
//!
//! A button is there for records of the action's table and of the tables that extend it, when one of the action's
//! roles is the user's (without any, everybody's) and its condition holds. Condition and script run in the name of
//! the user: what the user may do is told where it is asked, and records are not guarded from a script.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{host, run};
use crate::admin::refused;
use crate::answer;
use crate::servicenow::engine::{Row, State};
use crate::servicenow::guards;
use crate::servicenow::guards::acl::{Access, Operation};

/// An action as somebody presses it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Press {
    /// A `user_name`.
    by: String,
    /// What is written on the button, or its `action_name`.
    action: String,
    table: String,
    sys_id: String,
}

/// What a script shows to whoever pressed the button.
#[derive(Debug, Deserialize)]
struct Shown {
    messages: Vec<Message>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Message {
    Info(String),
    Error(String),
}

impl Press {
    pub(crate) fn new(by: &str, action: &str, table: &str, sys_id: &str) -> Press {
        let [by, action, table, sys_id] = [by, action, table, sys_id].map(str::to_owned);
        Press {
            by,
            action,
            table,
            sys_id,
        }
    }

    /// Presses the button; gives what the user is told.
    ///
    /// # Errors
    /// When there is no such button for this user on this record, or its script refuses; in a sentence.
    pub(crate) fn on(&self, state: &mut State, at: OffsetDateTime) -> Result<Vec<String>, String> {
        let (name, by) = (&self.action, &self.by);
        let row = self.record(state)?.clone();
        let action = self.action(state, &row)?.clone();
        let what = format!("{name} on {} {}", row.class, self.sys_id);
        if !has_a_role(state, by, action.get("sys_id")) {
            return Err(format!("{what}: {by} has none of the roles of this action"));
        }
        let given = json!({ "row": host::shown(&row) });
        if !action.get("condition").is_empty() {
            let condition = format!("response.setBody(Boolean({}))", action.get("condition"));
            if self.answered(state, at, &condition, &given)?["body"] != true {
                return Err(format!("{what}: its condition does not hold for {by}"));
            }
        }
        let answer = self.answered(state, at, action.get("script"), &given)?;
        let shown: Shown = serde_json::from_value(answer).map_err(|error| error.to_string())?;
        let messages = shown.messages.into_iter().map(|message| match message {
            Message::Info(text) => Ok(text),
            Message::Error(text) => Err(format!("{what}: {text}")),
        });
        messages.collect()
    }

    /// The record, which the user sees.
    fn record<'a>(&self, state: &'a State) -> Result<&'a Row, String> {
        let Press { by, table, sys_id, .. } = self;
        let users = state.rows("sys_user");
        if !users
            .iter()
            .any(|user| user.get("user_name") == by && user.get("active") != "false")
        {
            return Err(format!("there is no active user {by}"));
        }
        let row = state.find(table, sys_id);
        let row = row.filter(|row| Access::of_user(state, by).row(Operation::Read, row));
        row.ok_or_else(|| format!("{by} sees no record {sys_id} of {table}"))
    }

    fn action<'a>(&self, state: &'a State, row: &Row) -> Result<&'a Row, String> {
        let named = state.rows("sys_ui_action").into_iter();
        let mut named = named.filter(|action| [action.get("name"), action.get("action_name")].contains(&&*self.action));
        let found = named
            .find(|action| action.get("active") == "true" && state.dictionary.is_a(&row.class, action.get("table")));
        found.ok_or_else(|| format!("there is no action {} on {}", self.action, row.class))
    }

    /// Runs the condition or the script of the action; one that fails is noted.
    fn answered(&self, state: &mut State, at: OffsetDateTime, script: &str, given: &Value) -> Result<Value, String> {
        let answer = run(state, at, &self.by, script, given);
        let answer = answer.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
        answer.map_err(|reason| {
            let note = format!("the action {} failed: {reason}", self.action);
            state.ignored.push(note.clone());
            note
        })
    }
}

/// `POST /_world/actions`.
pub(crate) fn serve(state: &mut State, now: OffsetDateTime, body: &Bytes) -> Response<Bytes> {
    let press: Press = match serde_json::from_slice(body) {
        Ok(press) => press,
        Err(error) => return refused(&format!("this is no action on a record: {error}")),
    };
    match press.on(state, now) {
        Ok(messages) => answer::json(StatusCode::OK, &json!({ "messages": messages })),
        Err(reason) => refused(&reason),
    }
}

fn has_a_role(state: &State, user: &str, action: &str) -> bool {
    let wanted = state.rows("sys_ui_action_role").into_iter();
    let mut wanted = wanted
        .filter(|row| row.get("sys_ui_action") == action)
        .filter_map(|row| state.find("sys_user_role", row.get("sys_user_role")))
        .peekable();
    wanted.peek().is_none() || wanted.any(|role| guards::has_role(state, user, role.get("name")))
}
