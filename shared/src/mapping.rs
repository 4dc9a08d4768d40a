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
mod kinds;
mod knowledge;
mod onboarding;
mod status;
mod tasks;

use std::collections::BTreeMap;
use std::time::Duration;

use minijinja::{Environment, UndefinedBehavior, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::domain::{Category, CompanyId, IssueState, SenderName, TableName, is_query_value};
use crate::effect::{Outcome, Status};
use crate::event::{Event, Exchange, Issue, OURSELVES, Priority, Thread, Turn, Wish};
use crate::messages;
use escalation::{EscalationFile, compile_escalation};
use exchanges::{ExchangesFile, compile_exchanges};
use knowledge::{KnowledgeFile, compile_knowledge};
use onboarding::{OnboardingFile, compile_onboarding};
use status::{GoneFile, StatusFile, StatusRules, Words, compile_statuses, words_of};
use tasks::{TasksFile, compile_tasks};

pub use drafts::{DraftRule, DraftRules};
pub use escalation::{EscalatedTable, EscalationRecord, EscalationRule, TaskTable, TeamTask};
pub use exchanges::{AssignTo, Classified, CommonCause, ExchangeRules, PollRule};
pub use kinds::{MOST_COUNTED, RepeatedRule, Suggestions};
pub use knowledge::{ArticleFacts, BaseRule, KnowledgeRules, Readership};
pub use onboarding::{EnvironmentRule, ItemStates, NewUserRule, OnboardingRules, STEPS, SetupRule};
pub use tasks::{TaskRule, TaskRules, TaskUnder};

/// Names that conditions and templates about issues may use beside [`COMMON`].
const VARIABLES: [&str; 6] = [
    "issue.id",
    "issue.kind",
    "issue.category",
    "issue.priority",
    "issue.summary",
    "issue.description",
];

/// Names that all conditions and templates about what partners do may use.
const COMMON: [&str; 11] = [
    "partner.id",
    "partner.name",
    "transaction.transactionId",
    "transaction.correlationId",
    "transaction.documentType",
    "transaction.direction",
    "transaction.senderAddress",
    "transaction.receiverAddress",
    "transaction.interchangeControlNumber",
    "transaction.businessKeys",
    "details",
];

/// How much work one condition or template may do.
const FUEL: u64 = 50_000;

/// A mapping that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the mapping, line {line}: {key}: {problem}")]
pub struct Invalid {
    line: u64,
    key: String,
    problem: String,
}

/// A template or condition that failed on one event.
#[derive(Debug, thiserror::Error)]
#[error("{route} cannot work out its {key} for this event")]
pub struct Unresolved {
    route: String,
    key: &'static str,
    #[source]
    source: minijinja::Error,
}

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
    confirm_within_days: u16,
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

#[derive(Debug)]
struct Route {
    name: String,
    mode: Mode,
    table: TableName,
    assignment_group: String,
    fields: Vec<TableName>,
    is_conditional: bool,
}

/// What a route says about one issue; a pure function of the mapping and the issue.
#[derive(Debug, Clone, PartialEq)]
pub struct Routed {
    /// The name of the route.
    pub route: String,
    /// Whether it acts.
    pub mode: Mode,
    /// Where the record is made.
    pub table: TableName,
    /// The exact name of the group that works on it.
    pub assignment_group: String,
    /// The field that refers to the partner.
    pub partner_field: Option<String>,
    /// Fields by template, priority and table; without references.
    pub fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    senders: Spanned<BTreeMap<SenderName, SenderRule>>,
    #[serde(default)]
    pull: Option<Spanned<PullRule>>,
    documents: DocumentRule,
    #[serde(default)]
    documents_to_partner: Option<DocumentRule>,
    unknown_partner: UnknownPartner,
    priorities: Spanned<BTreeMap<Priority, BTreeMap<TableName, String>>>,
    tables: Spanned<BTreeMap<TableName, TableRule>>,
    ownership: BTreeMap<TableName, Owner>,
    desk: Spanned<Desk>,
    #[serde(default)]
    closure: Option<Spanned<ClosureRule>>,
    #[serde(default)]
    escalation: Option<EscalationFile>,
    statuses: Spanned<BTreeMap<TableName, StatusFile>>,
    #[serde(default)]
    when_parked: Option<Spanned<ParkedRule>>,
    #[serde(default)]
    when_gone: Option<GoneFile<IssueState>>,
    #[serde(default)]
    exchanges: Option<ExchangesFile>,
    #[serde(default)]
    tasks: Option<TasksFile>,
    #[serde(default)]
    knowledge: Option<KnowledgeFile>,
    onboarding: Option<OnboardingFile>,
    routes: Spanned<Vec<RouteFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RouteFile {
    name: Spanned<String>,
    mode: Mode,
    #[serde(default)]
    when: Option<Spanned<String>>,
    table: Spanned<TableName>,
    assignment_group: Spanned<String>,
    fields: BTreeMap<TableName, Spanned<String>>,
}

impl Mapping {
    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// The first problem, with its line, its key and what would be allowed.
    pub fn parse(yaml: &str) -> Result<Self, Invalid> {
        let file: File = serde_saphyr::from_str(yaml).map_err(|error| Invalid {
            line: error.location().map_or(1, |location| location.line()),
            key: "yaml".to_owned(),
            problem: error.without_snippet().to_string(),
        })?;
        if file.version.value != 1 {
            return Err(invalid(&file.version, "version", "must be 1"));
        }
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Lenient);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.set_fuel(Some(FUEL));
        if file.senders.value.keys().any(|name| name.as_str() == OURSELVES) {
            let problem = "is the name of Gridlink itself: choose another";
            return Err(invalid(&file.senders, format!("senders.{OURSELVES}"), problem));
        }
        if let Some(rule) = &file.when_parked
            && messages::still_waiting(&rule.value.text).is_none()
        {
            return Err(invalid(rule, "when_parked.text", "must say something"));
        }
        if let Some(pull) = &file.pull {
            let named = [
                ("pull.community", &pull.value.community),
                ("pull.servicenow", &pull.value.servicenow),
            ];
            for (key, sender) in named {
                if let Some(sender) = sender
                    .as_ref()
                    .filter(|sender| !file.senders.value.contains_key(*sender))
                {
                    return Err(invalid(pull, key, format!("{sender} is none of senders")));
                }
            }
        }
        check_priorities(&file)?;
        check_tables(&file)?;
        if let Some(rule) = &file.closure
            && !(1..=90).contains(&rule.value.confirm_within_days)
        {
            return Err(invalid(rule, "closure.confirm_within_days", "must be 1 to 90"));
        }
        let routes = compile_routes(&file, &mut templates)?;
        if !(1..=100).contains(&file.desk.value.name.trim().chars().count()) {
            return Err(invalid(&file.desk, "desk.name", "must be 1 to 100 characters"));
        }
        let when_gone = file.when_gone.map(|gone| words_of(gone, "when_gone")).transpose()?;
        let tables = file.tables.value.keys().collect::<Vec<_>>();
        let statuses = compile_statuses(file.statuses, &tables, &mut templates)?;
        let escalation = file
            .escalation
            .map(|rules| compile_escalation(rules, &tables, &mut templates))
            .transpose()?;
        let exchanges = match file.exchanges {
            Some(rules) => {
                let senders = &file.senders.value;
                Some(compile_exchanges(rules, senders, &file.tables.value, &mut templates)?)
            }
            None => None,
        };
        let tasks = file
            .tasks
            .map(|rules| compile_tasks(rules, &tables, &mut templates))
            .transpose()?;
        let knowledge = file
            .knowledge
            .map(|rules| compile_knowledge(&rules, &tables, &mut templates))
            .transpose()?;
        Ok(Self {
            senders: file.senders.value,
            pull: file.pull.map(|rule| rule.value).unwrap_or_default(),
            documents_to_partner: file.documents_to_partner.unwrap_or_else(|| file.documents.clone()),
            documents: file.documents,
            unknown_partner: file.unknown_partner,
            priorities: file.priorities.value,
            tables: file.tables.value,
            routes,
            owners: file.ownership,
            statuses,
            when_parked: file.when_parked.map(|rule| rule.value),
            when_gone,
            desk: file.desk.value,
            closure: file.closure.map(|rule| rule.value),
            escalation,
            exchanges,
            tasks,
            knowledge,
            onboarding: file.onboarding.map(compile_onboarding).transpose()?,
            templates,
        })
    }

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

    /// Routes an issue: the first route whose condition holds.
    ///
    /// # Errors
    /// When a condition or template cannot be worked out for this issue.
    pub fn route(&self, issue: &Issue, partner: &str) -> Result<Routed, Unresolved> {
        let facts = facts(issue, partner);
        for (at, route) in self.routes.iter().enumerate() {
            let render = |name: String, key: &'static str| {
                self.templates
                    .get_template(&name)
                    .and_then(|template| template.render(&facts))
                    .map_err(|source| Unresolved {
                        route: format!("the route {}", route.name),
                        key,
                        source,
                    })
            };
            if route.is_conditional && render(format!("{at}/when"), "condition")? != HOLDS {
                continue;
            }
            let mut fields = BTreeMap::new();
            for field in &route.fields {
                fields.insert(field.to_string(), render(format!("{at}/{field}"), "fields")?);
            }
            if let Some(rule) = self.tables.get(&route.table) {
                let priority = self.priorities.get(&issue.priority);
                for field in &rule.priority_fields {
                    if let Some(value) = priority.and_then(|values| values.get(field)) {
                        fields.entry(field.to_string()).or_insert_with(|| value.clone());
                    }
                }
                for (field, value) in &rule.fields {
                    fields.entry(field.to_string()).or_insert_with(|| value.clone());
                }
            }
            return Ok(Routed {
                route: route.name.clone(),
                mode: route.mode,
                table: route.table.clone(),
                assignment_group: route.assignment_group.clone(),
                partner_field: self.tables.get(&route.table).map(|rule| rule.partner.field.to_string()),
                fields,
            });
        }
        unreachable!("the last route has no condition: checked by parse")
    }
}

/// What a condition's template prints when the condition holds.
const HOLDS: &str = "yes";

fn facts(issue: &Issue, partner: &str) -> minijinja::Value {
    let company: &CompanyId = &issue.company_id;
    context! {
        issue => context! {
            id => issue.issue_id.as_str(),
            kind => issue.kind.as_str(),
            category => issue.category.as_str(),
            priority => issue.priority.as_str(),
            summary => messages::one_line(&issue.summary, usize::MAX),
            description => messages::clean(&issue.description),
        },
        partner => context! { id => company.as_str(), name => partner },
        transaction => minijinja::Value::from(minijinja::value::Serde(&issue.transaction_ref)),
        details => messages::transaction_details(&issue.transaction_ref),
    }
}

fn invalid<T>(at: &Spanned<T>, key: impl Into<String>, problem: impl Into<String>) -> Invalid {
    Invalid {
        line: at.referenced.line(),
        key: key.into(),
        problem: problem.into(),
    }
}

fn check_priorities(file: &File) -> Result<(), Invalid> {
    for priority in [Priority::Low, Priority::Medium, Priority::High, Priority::Critical] {
        if !file.priorities.value.contains_key(&priority) {
            let problem = format!(
                "{} is missing; needed are low, medium, high and critical",
                priority.as_str()
            );
            return Err(invalid(&file.priorities, "priorities", problem));
        }
    }
    Ok(())
}

fn check_tables(file: &File) -> Result<(), Invalid> {
    for (table, rule) in &file.tables.value {
        let key = |part: &str| format!("tables.{table}.{part}");
        for field in &rule.priority_fields {
            for (priority, values) in &file.priorities.value {
                if !values.contains_key(field) {
                    let problem = format!("priorities.{} has no {field}", priority.as_str());
                    return Err(invalid(&file.tables, key("priority_fields"), problem));
                }
            }
        }
        if rule.finished.is_empty() {
            return Err(invalid(
                &file.tables,
                key("finished"),
                "must name at least one state: reopen or new",
            ));
        }
        let reopens = rule.finished.values().any(|what| *what == WhenFinished::Reopen);
        if reopens && rule.reopen.is_empty() {
            return Err(invalid(
                &file.tables,
                key("reopen"),
                "must say which fields open a record again",
            ));
        }
        if file.closure.is_some() && reopens && rule.close.is_empty() {
            return Err(invalid(
                &file.tables,
                key("close"),
                "must say which fields close a resolved record, because closure asks the partner",
            ));
        }
    }
    Ok(())
}

fn compile_routes(file: &File, templates: &mut Environment<'static>) -> Result<Vec<Route>, Invalid> {
    let tables = file
        .tables
        .value
        .keys()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ");
    let mut routes = Vec::new();
    for (at, route) in file.routes.value.iter().enumerate() {
        let key = |part: &str| format!("routes[{}].{part}", route.name.value);
        if !file.tables.value.contains_key(&route.table.value) {
            return Err(invalid(&route.table, key("table"), format!("must be one of {tables}")));
        }
        if !is_query_value(&route.assignment_group.value) {
            return Err(invalid(
                &route.assignment_group,
                key("assignment_group"),
                "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)",
            ));
        }
        if let Some(when) = &route.when {
            let key = key("when");
            let variables = compile_condition(templates, format!("{at}/when"), when, &key)?;
            check_variables(&variables, when, &key)?;
        }
        for needed in ["short_description", "description"] {
            if !route.fields.keys().any(|field| field.as_str() == needed) {
                return Err(invalid(&route.name, key("fields"), format!("must have {needed}")));
            }
        }
        for (field, template) in &route.fields {
            let key = key(&format!("fields.{field}"));
            if RESERVED.contains(&field.as_str()) {
                return Err(invalid(template, key, "is set by Gridlink and cannot be mapped"));
            }
            let text = template.value.clone();
            let variables = compile(templates, format!("{at}/{field}"), text, template, &key)?;
            check_variables(&variables, template, &key)?;
        }
        routes.push(Route {
            name: route.name.value.clone(),
            mode: route.mode,
            table: route.table.value.clone(),
            assignment_group: route.assignment_group.value.clone(),
            fields: route.fields.keys().cloned().collect(),
            is_conditional: route.when.is_some(),
        });
    }
    match file.routes.value.last() {
        None => Err(invalid(&file.routes, "routes", "must have at least one route")),
        Some(RouteFile {
            when: Some(when), name, ..
        }) => {
            let key = format!("routes[{}].when", name.value);
            Err(invalid(
                when,
                key,
                "the last route must take every issue, so it cannot have a condition",
            ))
        }
        Some(_) => Ok(routes),
    }
}

/// Fields that the mapping may not set: they are how a record is found again.
const RESERVED: [&str; 8] = [
    "sys_id",
    "number",
    "correlation_id",
    "correlation_display",
    "assignment_group",
    "comments",
    "work_notes",
    "sys_class_name",
];

/// Makes a condition ready and gives the variables that it looks at, in order.
fn compile_condition(
    templates: &mut Environment<'static>,
    name: String,
    when: &Spanned<String>,
    key: &str,
) -> Result<Vec<String>, Invalid> {
    templates
        .compile_expression_owned(when.value.clone())
        .map_err(|error| invalid(when, key, error.to_string()))?;
    let template = format!("{{% if {} %}}{HOLDS}{{% endif %}}", when.value);
    compile(templates, name, template, when, key)
}

/// Makes a template ready and gives the variables that it looks at, in order.
fn compile(
    templates: &mut Environment<'static>,
    name: String,
    template: String,
    at: &Spanned<String>,
    key: &str,
) -> Result<Vec<String>, Invalid> {
    templates
        .add_template_owned(name.clone(), template)
        .map_err(|error| invalid(at, key, error.to_string()))?;
    let template = templates
        .get_template(&name)
        .map_err(|error| invalid(at, key, error.to_string()))?;
    let mut variables = template.undeclared_variables(true).into_iter().collect::<Vec<_>>();
    variables.sort();
    Ok(variables)
}

/// Refuses names that no issue has.
fn check_variables(variables: &[String], at: &Spanned<String>, key: &str) -> Result<(), Invalid> {
    check_names(&VARIABLES, variables, at, key)
}

/// Refuses names beside the known ones, the common ones and those of business numbers.
fn check_names(known: &[&str], variables: &[String], at: &Spanned<String>, key: &str) -> Result<(), Invalid> {
    check_known(&[known, &COMMON].concat(), variables, at, key)
}

/// Refuses names beside the known ones and those of business numbers.
fn check_known(known: &[&str], variables: &[String], at: &Spanned<String>, key: &str) -> Result<(), Invalid> {
    let is_known = |name: &str| known.contains(&name) || name.starts_with("transaction.businessKeys.");
    match variables.iter().find(|name| !is_known(name)) {
        Some(name) => Err(invalid(
            at,
            key,
            format!("{name} is not known; allowed are {}", known.join(", ")),
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: &str = include_str!("../../infra/mapping.yaml");

    fn mapping() -> Mapping {
        Mapping::parse(DEFAULT).unwrap()
    }

    fn issue(category: &str, document_type: &str) -> Issue {
        Issue::parse(
            &serde_json::json!({
                "issueId": "ISS-1", "companyId": "GC1", "version": 1, "kind": "transaction", "category": category,
                "priority": "high", "summary": "A\nproblem", "author": {"name": "Ada"},
                "transactionRef": {"documentType": document_type, "businessKeys": {"invoice number": "4711"}}
            })
            .to_string(),
        )
        .unwrap()
    }

    #[test]
    fn the_default_mapping_routes_the_examples_of_the_mission() {
        let group = |category: &str, document_type: &str| {
            mapping()
                .route(&issue(category, document_type), "Northwind")
                .unwrap()
                .assignment_group
        };
        assert_eq!(group("asn_mismatch", "856"), "Logistics Exceptions");
        assert_eq!(group("other", "DESADV"), "Logistics Exceptions");
        assert_eq!(group("invoice_mismatch", "810"), "B2B Finance");
        assert_eq!(group("anything_else", ""), "EDI Support");
    }

    #[test]
    fn the_default_mapping_knows_the_classes_of_exchanges() {
        let class = |turn: Turn, kind: &str, status: &str, acknowledgement: &str, message: &str| {
            let exchange = serde_json::json!({
                "correlationId": "C-1", "transactionId": "T-1", "status": status, "statusAt": "2026-11-22T10:00:00Z",
                "acknowledgement": acknowledgement, "message": message, "transactionRef": {"documentType": kind}
            });
            let exchange = serde_json::from_value(exchange).unwrap();
            let classified = mapping().classify(turn, &exchange, "Northwind").unwrap().unwrap();
            format!("{} {}", classified.class, classified.assignment_group)
        };
        let failed = Turn::Failed;
        for (turn, kind, status, acknowledgement, message, wanted) in [
            (
                failed,
                "810",
                "Validation error",
                "",
                "Missing TAX data",
                "missing_tax_data B2B Finance",
            ),
            (
                failed,
                "INVOIC",
                "Validation error",
                "",
                "Sum",
                "invoice_refused B2B Finance",
            ),
            (
                failed,
                "810",
                "Delivery failed",
                "",
                "AS2",
                "delivery_failed EDI Support",
            ),
            (
                failed,
                "DESADV",
                "Delivered",
                "Rejected",
                "",
                "shipment_notice_refused Logistics Exceptions",
            ),
            (
                failed,
                "850",
                "Delivered",
                "Timed Out",
                "",
                "acknowledgement_overdue EDI Support",
            ),
            (failed, "850", "Duplicate", "", "", "duplicate EDI Support"),
            (failed, "850", "Validation error", "", "tax", "other EDI Support"),
            (
                Turn::Delayed,
                "810",
                "Delivered",
                "Waiting for FA",
                "",
                "acknowledgement_awaited EDI Support",
            ),
            (
                Turn::Delayed,
                "810",
                "Processing",
                "",
                "tax",
                "takes_too_long EDI Support",
            ),
        ] {
            assert_eq!(class(turn, kind, status, acknowledgement, message), wanted);
        }
    }

    #[test]
    fn a_routed_issue_has_its_texts_and_its_priority() {
        let routed = mapping().route(&issue("invoice_mismatch", "810"), "Northwind").unwrap();
        assert_eq!(routed.mode, Mode::On);
        assert!(routed.fields["short_description"].contains("A problem"), "{routed:?}");
        assert!(
            routed.fields["description"].contains("Invoice number: 4711"),
            "{routed:?}"
        );
        assert_eq!(routed.fields["priority"], "2");
    }

    #[test]
    fn partner_text_is_never_run_as_a_template() {
        let mut issue = issue("other", "");
        issue.summary = "{{ partner.id }} {% for x in range(9) %}".to_owned();
        let routed = mapping().route(&issue, "Northwind").unwrap();
        assert!(routed.fields["short_description"].contains("{{ partner.id }}"));
    }

    #[test]
    fn a_wrong_mapping_is_refused_with_line_key_and_allowed_values() {
        let rules = DEFAULT
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect::<Vec<_>>()
            .join("\n");
        let check = |from: &str, to: &str, wanted: &[&str]| {
            let line = 1 + rules.find(from).map(|at| rules[..at].matches('\n').count()).unwrap();
            let broken = rules.replacen(from, to, 1);
            let error = Mapping::parse(&broken).map(|_| ()).unwrap_err();
            let text = error.to_string();
            assert!(
                error.line.abs_diff(line as u64) <= 1 || !wanted.contains(&"line "),
                "{text} is at line {line}"
            );
            for part in wanted {
                assert!(text.contains(part), "{text} should contain {part}");
            }
        };
        check("version: 1", "version: 2", &["line ", "version", "must be 1"]);
        check("mode: on", "mode: maybe", &["line ", "maybe", "shadow"]);
        check(
            "unknown_partner: park",
            "unknown_partner: ignore",
            &["ignore", "park", "accept"],
        );
        check(
            "unknown_partner: park",
            "unknown_partners: park",
            &["line ", "unknown_partners"],
        );
        check(
            "when: issue.category in [\"asn_mismatch\", \"asn_failed\", \"shipment_discrepancy\"] or transaction.documentType in [\"856\", \"DESADV\"]\n    table",
            "when: issue.kategory == \"x\"\n    table",
            &["routes[", "when", "issue.kategory", "allowed are issue.id"],
        );
        check("issue.category in", "issue.category inn", &["when"]);
        check(
            "table: sn_customerservice_case",
            "table: sn_case",
            &["table", "must be one of incident, sn_customerservice_case"],
        );
        check(
            "category: network",
            "correlation_id: network",
            &["correlation_id", "cannot be mapped"],
        );
        check("  critical:", "  kritical:", &["kritical"]);
        check("    resolution: close_notes", "    resolutions: x", &["resolutions"]);
        check(
            "label: resolved",
            "label: ' '",
            &["line ", "label", "1 to 100 characters"],
        );
        check(
            "state: waiting-for-partner",
            "state: waiting",
            &["waiting", "waiting-for-partner"],
        );
        check(
            "when: record.state == \"6\"",
            "when: issue.state == \"6\"",
            &["statuses.", "issue.state is not known", "record.<field>"],
        );
        check("agents: hidden", "agents: secret", &["secret", "hidden"]);
        check(
            "text: We have what you sent",
            "text: ' ' # We have what you sent",
            &["line ", "when_parked.text", "must say something"],
        );
        check(
            "community: trading-grid",
            "community: another",
            &["line ", "pull.community", "another is none of senders"],
        );
        check(
            "label: being checked",
            "label: ' '",
            &["line ", "when_gone.label", "1 to 100 characters"],
        );
        check(
            "when: exchange.acknowledgement ==",
            "when: exchange.acknowledgment ==",
            &[
                "line ",
                "exchanges.classes[acknowledgement_overdue].when",
                "exchange.acknowledgment is not known",
            ],
        );
        check(
            "when: exchange.status == \"Duplicate\"",
            "when: partner.name == \"Duplicate\"",
            &["line ", "exchanges.classes[duplicate].when", "use partner.id"],
        );
        check(
            "name: duplicate",
            "name: takes_too_long",
            &["line ", "there are two classes takes_too_long"],
        );
        check("assign_to: manager", "assign_to: boss", &["boss", "manager"]);
        check(
            "partners: 3",
            "partners: 1",
            &["line ", "exchanges.common_cause.partners", "2 to 50"],
        );
        check(
            "window_minutes: 60",
            "window_minutes: 0",
            &["line ", "exchanges.common_cause.window_minutes", "1 to 10080"],
        );
        check(
            "field: parent_incident",
            "field: impact",
            &["line ", "exchanges.common_cause.field", "refers to its parent"],
        );
        check("alike: [direction", "alike: [colour", &["colour", "document_type"]);
        check(
            "Several partners: {{ transaction.documentType }}",
            "{{ partner.name }}: {{ transaction.documentType }}",
            &[
                "line ",
                "exchanges.common_cause.fields.short_description",
                "there are several",
            ],
        );
        check(
            "resolve: { state: \"6\"",
            "resolve: { state: \"2\"",
            &["line ", "exchanges.resolve", "tables.incident reopens"],
        );
        check(
            "window_minutes: 240",
            "window_minutes: 0",
            &["line ", "exchanges.window_minutes"],
        );
        check(
            "    close: { state: \"3\" }",
            "",
            &["close", "because closure asks the partner"],
        );
        check(
            "confirm_within_days: 7",
            "confirm_within_days: 91",
            &["line ", "closure.confirm_within_days", "1 to 90"],
        );
        check(
            "  when: issue.priority == \"critical\"",
            "  when: record.priority == \"1\"",
            &["escalation.when", "record.priority is not known"],
        );
        check(
            "      when: record.priority == \"1\" or record.x_gridlink_escalated == \"true\"\n      set",
            "      when: issue.priority == \"critical\"\n      set",
            &[
                "escalation.tables.incident.when",
                "issue.priority is not known",
                "record.<field>",
            ],
        );
        check(
            "due_in_hours: 4",
            "due_in_hours: 0",
            &["line ", "proof-of-delivery", "due_in_hours", "1 to 2160"],
        );
        check(
            "- name: partner-contact",
            "- name: proof-of-delivery",
            &["escalation.tasks.name", "another task"],
        );
        check(
            "label: Escalated",
            "label: ' '",
            &["line ", "escalation.label", "1 to 100"],
        );
        check(
            "\"3\": done, \"4\": canceled, \"7\": canceled }\n    incident",
            "\"4\": canceled, \"7\": canceled }\n    incident",
            &["tasks.states", "in which state a task is done"],
        );
        check(
            "  trading-grid:",
            "  gridlink:",
            &["senders.gridlink", "Gridlink itself"],
        );
    }

    #[test]
    fn every_state_of_a_record_has_words_and_only_an_ended_one_has_a_resolution() {
        let table: TableName = "sn_customerservice_case".parse().unwrap();
        let status = |state: &str, group: &str, approval: &str| {
            let values = [
                ("state", state),
                ("assignment_group.name", group),
                ("approval", approval),
                ("close_notes", "Sent again. Password: hunter2"),
            ];
            let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            mapping().status(&table, "CS1", &values).unwrap().unwrap()
        };
        for (state, group, approval, label) in [
            ("1", "", "", "received"),
            ("10", "Logistics Exceptions", "", "under review"),
            ("10", "B2B Finance", "requested", "awaiting finance approval"),
            ("10", "EDI Support", "requested", "awaiting approval"),
            ("18", "", "", "waiting for you"),
            ("6", "", "", "resolved"),
            ("3", "", "", "closed"),
            ("7", "", "", "closed"),
            ("4711", "", "", "under review"),
        ] {
            assert_eq!(
                status(state, group, approval).label,
                label,
                "{state} {group} {approval}"
            );
        }
        assert_eq!(status("10", "", "").resolution, None);
        let resolution = status("6", "", "").resolution.unwrap();
        assert_eq!(resolution.as_str(), "Sent again. Password: [removed]");
        let fields = mapping().status_fields(&table).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(fields, ["approval", "assignment_group.name", "state", "close_notes"]);
        assert_eq!(
            mapping()
                .status(&"problem".parse().unwrap(), "", &BTreeMap::new())
                .unwrap(),
            None
        );
    }
}
