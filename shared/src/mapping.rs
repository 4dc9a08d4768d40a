//! The customer's rules as checked configuration: `infra/mapping.yaml`.
//!
//! Everything is checked when it is loaded: unknown keys, unknown variables in conditions and
//! templates, tables without a rule for their finished states, a last route with a condition. An
//! error names the line, the key and what would be allowed. Conditions and templates are
//! [minijinja](https://docs.rs/minijinja); they see facts of the event only, and their work is
//! bounded.

mod drafts;
mod escalation;
mod exchanges;
mod file;
mod kinds;
mod knowledge;
mod onboarding;
mod routes;
mod rules;
mod status;
mod tasks;
mod templates;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use minijinja::Environment;

use crate::domain::{Category, IssueState, SenderName, TableName};
use crate::effect::{Outcome, Status};
use crate::event::{Exchange, Issue, Priority, Thread, Turn, Wish};
use crate::messages;
use routes::{RESERVED, Route, check_variables, facts};
use status::{StatusRules, Words};
use templates::{HOLDS, check_known, check_names, compile, compile_condition, invalid};

pub use drafts::{DraftRule, DraftRules};
pub use escalation::{EscalatedTable, EscalationRecord, EscalationRule, TaskTable, TeamTask};
pub use exchanges::{AssignTo, Classified, CommonCause, ExchangeRules, PollRule};
pub use kinds::{MOST_COUNTED, RepeatedRule, Suggestions};
pub use knowledge::{ArticleFacts, BaseRule, KnowledgeRules, Readership};
pub use onboarding::{EnvironmentRule, ItemStates, NewUserRule, OnboardingRules, STEPS, SetupRule};
pub use routes::Routed;
pub use rules::{
    AgentNames, ClosureRule, Desk, DocumentRule, Mode, Owner, ParkedRule, PartnerRule, PullRule, SenderRule, TableRule,
    UnknownPartner, WhenFinished,
};
pub use tasks::{TaskRule, TaskRules, TaskUnder};
pub use templates::{Invalid, Unresolved};

/// The checked mapping.
#[derive(Debug)]
pub struct Mapping {
    senders: BTreeMap<SenderName, SenderRule>,
    /// What is polled beside what is pushed.
    pub pull: PullRule,
    /// What documents are taken.
    pub documents: DocumentRule,
    /// What files are shared with partners.
    pub documents_to_partner: DocumentRule,
    /// What to do with an event of a company that ServiceNow does not know.
    pub unknown_partner: UnknownPartner,
    priorities: BTreeMap<Priority, BTreeMap<TableName, String>>,
    tables: BTreeMap<TableName, TableRule>,
    routes: Vec<Route>,
    owners: BTreeMap<TableName, Owner>,
    statuses: BTreeMap<TableName, StatusRules<IssueState>>,
    /// When and what a partner hears whose event is parked; without it nothing is told.
    pub when_parked: Option<ParkedRule>,
    when_gone: Option<Words<IssueState>>,
    /// How agents appear to partners.
    pub desk: Desk,
    /// How a partner is asked whether an issue is solved; without it nobody is asked.
    pub closure: Option<ClosureRule>,
    /// How critical issues are worked; without it nothing is escalated.
    pub escalation: Option<EscalationRule>,
    /// What becomes of exchanges that fail; without it nothing does.
    pub exchanges: Option<ExchangeRules>,
    /// Which tasks threads lead to; without it they lead to none.
    pub tasks: Option<TaskRules>,
    /// Which knowledge bases partners read; without it they read none.
    pub knowledge: Option<KnowledgeRules>,
    /// How approved requests become users with roles; without it nothing becomes of them.
    pub onboarding: Option<OnboardingRules>,
    templates: Environment<'static>,
}

impl Mapping {
    /// The tables in which the records of issues are made, with their rules.
    pub fn tables(&self) -> impl Iterator<Item = (&TableName, &TableRule)> {
        self.tables.iter()
    }

    /// The groups that something is assigned to, each with the rule that names it.
    pub fn groups(&self) -> Vec<(String, String)> {
        let routes = self.routes.iter();
        let routes = routes.map(|route| (format!("the route {}", route.name), route.assignment_group.clone()));
        let mut groups: Vec<_> = routes.collect();
        groups.extend(self.escalation.iter().flat_map(EscalationRule::groups));
        groups.extend(self.exchanges.iter().flat_map(ExchangeRules::groups));
        groups.extend(self.tasks.iter().flat_map(TaskRules::groups));
        if let Some(rules) = &self.onboarding {
            groups.push(("onboarding.setup".to_owned(), rules.setup.assignment_group.clone()));
        }
        groups
    }

    /// The rule for a sender, if it is known.
    pub fn sender(&self, sender: &SenderName) -> Option<&SenderRule> {
        self.senders.get(sender)
    }

    /// The senders that have a rule.
    pub fn senders(&self) -> impl Iterator<Item = &SenderName> {
        self.senders.keys()
    }

    /// The rule for a table. Every table of a route has one.
    pub fn table(&self, table: &TableName) -> Option<&TableRule> {
        self.tables.get(table)
    }

    /// Who decides about a field after the record was made; the agent, unless the mapping says so.
    pub fn owner(&self, field: &str) -> Owner {
        self.owners
            .iter()
            .find(|(name, _)| name.as_str() == field)
            .map_or(Owner::Agent, |(_, owner)| *owner)
    }

    /// The fields of a record that [`Mapping::status`] looks at; none for a table without rules.
    pub fn status_fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        self.statuses.get(table).into_iter().flat_map(StatusRules::fields)
    }

    /// What the partner is told of a record with these stored values; `None` for a table without
    /// rules, which only a record can have that was moved there.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this record.
    pub fn status(
        &self,
        table: &TableName,
        number: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<Option<Status>, Unresolved> {
        let Some(rules) = self.statuses.get(table) else {
            return Ok(None);
        };
        let (words, resolution) = rules.words(&self.templates, values)?;
        Ok(Some(words.status(resolution, number)))
    }

    /// The rule that makes a task of what a partner may want in a thread; nothing where none does.
    ///
    /// # Errors
    /// When a condition cannot be worked out for it.
    pub fn task_rule(&self, thread: &Thread, wish: &Wish<'_>) -> Result<Option<&TaskRule>, Unresolved> {
        match &self.tasks {
            Some(rules) => rules.rule(&self.templates, thread, wish),
            None => Ok(None),
        }
    }

    /// The fields of the task that a rule makes, by template; `partner` is the name to show.
    ///
    /// # Errors
    /// When a template cannot be worked out for this wish.
    pub fn task_fields(
        &self,
        rule: &TaskRule,
        thread: &Thread,
        wish: &Wish<'_>,
        partner: &str,
    ) -> Result<BTreeMap<String, String>, Unresolved> {
        rule.rendered(&self.templates, thread, wish, partner)
    }

    /// The fields of a task that [`Mapping::outcome`] looks at; none for a table without words.
    pub fn outcome_fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        let rules = self.tasks.as_ref().and_then(|rules| rules.words(table));
        rules.into_iter().flat_map(StatusRules::fields)
    }

    /// What the partner is told of a task with these stored values; `None` for a table without words, which
    /// only a task can have that was moved there.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this task.
    pub fn outcome(&self, table: &TableName, values: &BTreeMap<String, String>) -> Result<Option<Outcome>, Unresolved> {
        let Some(rules) = self.tasks.as_ref().and_then(|rules| rules.words(table)) else {
            return Ok(None);
        };
        let (words, resolution) = rules.words(&self.templates, values)?;
        Ok(Some(words.outcome(resolution)))
    }

    /// Who reads an article of a knowledge base, by the base's exact title; nobody of an internal one.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this article.
    pub fn readership(&self, base: &str, article: &ArticleFacts<'_>) -> Result<Option<Readership>, Unresolved> {
        match &self.knowledge {
            Some(rules) => Ok(rules.readership(&self.templates, base, article)?.cloned()),
            None => Ok(None),
        }
    }

    /// The fields of a resolved record that [`Mapping::draft_rule`] and [`Mapping::cause`] look at.
    pub fn draft_fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        self.draft_rules().into_iter().flat_map(|rules| rules.fields(table))
    }

    /// The rules about drafts of articles.
    pub fn draft_rules(&self) -> Option<&DraftRules> {
        self.knowledge.as_ref().and_then(|rules| rules.drafts.as_ref())
    }

    /// The rule that makes a draft of a resolved record with these stored values; nothing where none does.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this record.
    pub fn draft_rule(
        &self,
        table: &TableName,
        values: &BTreeMap<String, String>,
    ) -> Result<Option<&DraftRule>, Unresolved> {
        match self.draft_rules() {
            Some(rules) => rules.rule(&self.templates, table, values),
            None => Ok(None),
        }
    }

    /// The kind of problem that an issue is about; `partner` is the name to show.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this issue.
    pub fn kind(&self, issue: &Issue, partner: &str) -> Result<Category, Unresolved> {
        match &self.knowledge {
            Some(rules) => kinds::kind_of(&rules.kinds, &self.templates, issue, partner),
            None => Ok(issue.category.clone()),
        }
    }

    /// How articles about a kind of problem are named to whoever raises one; nothing where they are not, or none can be
    /// about that kind.
    pub fn suggestions(&self, kind: &Category) -> Option<&Suggestions> {
        let rules = self.knowledge.as_ref().filter(|rules| rules.has_articles_about(kind))?;
        let suggestions = rules.suggestions.as_ref();
        suggestions.filter(|suggestions| suggestions.mode != Mode::Off)
    }

    /// The rules by which a kind of problem that comes again and again becomes a draft.
    pub fn repeated(&self, kind: &Category) -> impl Iterator<Item = &RepeatedRule> {
        let rules = self.draft_rules().filter(|rules| rules.mode != Mode::Off);
        let rules = rules.into_iter().flat_map(|rules| &rules.repeated);
        rules.filter(|rule| rule.is_about(kind))
    }

    /// The public cause of a resolved record with these stored values, where the mapping names its field.
    pub fn cause(&self, table: &TableName, values: &BTreeMap<String, String>) -> Option<messages::PartnerText> {
        self.draft_rules()?.cause(table, values)
    }

    /// What becomes of an exchange that fails or is late; nothing without rules. `partner` is the name to show.
    ///
    /// # Errors
    /// When a condition or template cannot be worked out for this exchange.
    pub fn classify(&self, turn: Turn, exchange: &Exchange, partner: &str) -> Result<Option<Classified>, Unresolved> {
        let rules = self.exchanges.as_ref();
        rules
            .map(|rules| {
                let table = self.tables.get(&rules.table);
                rules.classify(&self.templates, table, turn, exchange, partner)
            })
            .transpose()
    }

    /// The rules about exchanges with that about common causes, where there is one.
    pub fn common_cause(&self) -> Option<(&ExchangeRules, &CommonCause)> {
        let rules = self.exchanges.as_ref()?;
        Some((rules, rules.common_cause.as_ref()?))
    }

    /// The fields of a parent incident of several partners, without references and the description; nothing without
    /// rules.
    ///
    /// # Errors
    /// When a template cannot be worked out for this exchange.
    pub fn parent_fields(&self, turn: Turn, exchange: &Exchange) -> Result<BTreeMap<String, String>, Unresolved> {
        let Some(rules) = &self.exchanges else {
            return Ok(BTreeMap::new());
        };
        rules.parent_fields(&self.templates, self.tables.get(&rules.table), turn, exchange)
    }

    /// The fields of a record that [`Mapping::is_escalated`] looks at.
    pub fn escalation_fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        let rules = self.escalation.as_ref();
        rules.into_iter().flat_map(|rules| rules.fields(table))
    }

    /// Whether a record with these stored values is critical; nothing where the mapping has no rule
    /// for its table.
    ///
    /// # Errors
    /// When the condition cannot be worked out for this record.
    pub fn is_escalated(
        &self,
        table: &TableName,
        values: &BTreeMap<String, String>,
    ) -> Result<Option<bool>, Unresolved> {
        match &self.escalation {
            Some(rules) => rules.holds(&self.templates, table, values),
            None => Ok(None),
        }
    }

    /// Whether an issue is critical by itself.
    ///
    /// # Errors
    /// When the condition cannot be worked out for this issue.
    pub fn is_critical(&self, issue: &Issue, partner: &str) -> Result<bool, Unresolved> {
        match &self.escalation {
            Some(rules) => rules.is_critical(&self.templates, issue, partner),
            None => Ok(false),
        }
    }

    /// The tasks of the teams that an escalated issue needs.
    ///
    /// # Errors
    /// When a condition or template cannot be worked out for this issue.
    pub fn team_tasks(&self, issue: &Issue, partner: &str) -> Result<Vec<TeamTask>, Unresolved> {
        match &self.escalation {
            Some(rules) => rules.tasks(&self.templates, issue, partner),
            None => Ok(Vec::new()),
        }
    }

    /// What the partner is told of a record that was deleted; nothing where the mapping is silent.
    pub fn gone(&self, number: &str) -> Option<Status> {
        self.when_gone.clone().map(|words| words.status(None, number))
    }
}
