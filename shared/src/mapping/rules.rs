//! Rules that need no condition: who sends, what passes, how records of a table are made and found finished.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::domain::{SenderName, TableName};
use crate::event::Event;

/// What is polled beside what is pushed: whose events these are, so that what is polled and what is pushed is the same
/// event. Nothing is polled of a source that is not named.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PullRule {
    /// The sender of what stands in the feed of the community.
    #[serde(default)]
    pub community: Option<SenderName>,
    /// The sender of what changes in ServiceNow.
    #[serde(default)]
    pub servicenow: Option<SenderName>,
}

/// What a partner hears whose event has been parked for some time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParkedRule {
    tell_after_minutes: u16,
    /// What the partner reads; it says nothing of why.
    pub text: String,
}

impl ParkedRule {
    /// How long somebody may help before the partner hears of it.
    pub fn tell_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.tell_after_minutes) * 60)
    }
}

/// How agents appear to partners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    /// The public name of the desk, which also stands for agents without a name.
    pub name: String,
    /// How the author of a comment is named.
    pub agents: AgentNames,
}

/// How a partner is asked whether an issue is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosureRule {
    /// Days after which silence counts as a yes.
    pub(super) confirm_within_days: u16,
}

impl ClosureRule {
    /// The time for an answer.
    pub fn patience(self) -> std::time::Duration {
        std::time::Duration::from_secs(u64::from(self.confirm_within_days) * 24 * 3600)
    }
}

/// How the author of a comment is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AgentNames {
    /// As the desk.
    Hidden,
    /// By first name.
    First,
    /// By full name.
    Full,
}

/// Who may send what.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SenderRule {
    /// Event types, exact or with a final `*`.
    types: Vec<String>,
    /// Company ids, or `*` for a platform that is trusted to say whose event it is.
    companies: Vec<String>,
}

impl SenderRule {
    /// Whether the sender may send the event.
    pub fn allows(&self, event: &Event) -> bool {
        let type_is_allowed = self.types.iter().any(|rule| match rule.strip_suffix('*') {
            Some(prefix) => event.kind.starts_with(prefix),
            None => *rule == event.kind,
        });
        type_is_allowed
            && match event.company() {
                Some(company) => self
                    .companies
                    .iter()
                    .any(|rule| rule == "*" || rule == company.as_str()),
                // Whose it is must be known where not every company is allowed.
                None => !event.is_of_a_partner() || self.companies.iter().any(|rule| rule == "*"),
            }
    }
}

/// What documents may pass in one direction.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentRule {
    /// The largest document, in bytes.
    pub max_bytes: u64,
    /// The most documents of one issue.
    pub max_per_issue: usize,
    /// Media types, exact or with a final `*`.
    pub media_types: Vec<String>,
}

impl DocumentRule {
    /// Whether documents of the media type may pass.
    pub fn takes(&self, media_type: &str) -> bool {
        let media_type = media_type.to_ascii_lowercase();
        self.media_types.iter().any(|rule| match rule.strip_suffix('*') {
            Some(prefix) => media_type.starts_with(prefix),
            None => *rule == media_type,
        })
    }
}

/// What to do with an event of a company that ServiceNow does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownPartner {
    /// Park the issue until somebody adds the company.
    Park,
    /// Make the record without a reference to the partner.
    Accept,
}

/// How records of one table are made and found finished.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableRule {
    /// How the partner is referred to.
    pub partner: PartnerRule,
    /// Which fields of a priority the table takes.
    pub priority_fields: Vec<TableName>,
    /// Fields with one value for all records.
    #[serde(default)]
    pub fields: BTreeMap<TableName, String>,
    /// Finished states, and what happens when the partner comes back.
    pub finished: BTreeMap<String, WhenFinished>,
    /// The fields that open a finished record again.
    #[serde(default)]
    pub reopen: BTreeMap<TableName, String>,
    /// The fields that close a resolved record.
    #[serde(default)]
    pub close: BTreeMap<TableName, String>,
}

impl TableRule {
    /// Whether a record in this state is resolved and not closed: the partner's word can still open it.
    pub fn is_resolved(&self, state: &str) -> bool {
        self.finished.get(state) == Some(&WhenFinished::Reopen)
    }
}

/// How a partner is found in ServiceNow.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartnerRule {
    /// The reference field of the record.
    pub field: TableName,
    /// The table of partners.
    pub table: TableName,
    /// The field of that table that holds the company id of Trading Grid.
    pub key: TableName,
}

/// What happens when the partner comes back to a finished record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WhenFinished {
    /// Open it again.
    Reopen,
    /// Make a new record that continues it.
    New,
}

/// Whether a route acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Events are accepted and finished without any effect.
    Off,
    /// What would be done is written to the story only.
    Shadow,
    /// Effects are carried out.
    On,
}

/// Who decides about a field after the record was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Owner {
    /// The partner's changes are carried over, unless an agent edited the field.
    Partner,
    /// The agent's triage stands; the partner's wish is noted.
    Agent,
}
