//! Which tasks the threads of partners lead to: the first rule that fits makes one.
//!
//! A rule fits by the kind of what was written, by phrases, and by a condition over partner, document type, thread
//! and transaction. Phrases are compared word by word, whatever their case and what stands between the words, so
//! that `ship` is not found in `worship`. They are looked for in what was written, not in the topic of the thread:
//! every later message would have them too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minijinja::{Environment, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::status::{GoneFile, RuleFile, StatusRules, Words, compile as compile_words, words_of};
use super::{
    HOLDS, Invalid, Mode, PartnerRule, RESERVED, Unresolved, check_names, compile, compile_condition, invalid,
};
use crate::domain::{OutcomeState, TableName, TaskName, is_query_value};
use crate::effect::Outcome;
use crate::event::{Thread, Wish, WishKind};
use crate::messages;

/// Names that conditions and templates may use.
const VARIABLES: [&str; 17] = [
    "request.kind",
    "request.text",
    "request.documentType",
    "thread.id",
    "thread.topic",
    "thread.issueId",
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

/// The longest time that a rule may give, in days.
const MOST_DAYS: u32 = 365;

/// The rules about threads.
#[derive(Debug)]
pub struct TaskRules {
    tables: BTreeMap<TableName, TaskTable>,
    under: BTreeMap<TableName, TaskUnder>,
    when_gone: Option<Words<OutcomeState>>,
    rules: Vec<TaskRule>,
}

#[derive(Debug)]
struct TaskTable {
    partner: Option<PartnerRule>,
    words: StatusRules<OutcomeState>,
}

/// Where a task is made under the record of its thread's issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskUnder {
    /// The table of the task.
    pub table: TableName,
    /// The field that refers to the record.
    pub parent: TableName,
}

/// A rule about what partners want in threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRule {
    /// Its name, on timelines.
    pub name: TaskName,
    /// Whether it acts.
    pub mode: Mode,
    /// Where its task is made, unless that goes under the record of the thread's issue.
    pub table: TableName,
    /// Whether its task goes under the record of the thread's issue, where there is one.
    pub is_under_case: bool,
    /// The exact name of the group that works on it.
    pub assignment_group: String,
    /// The time that it has, where the partner wishes none.
    pub due_in: Duration,
    kinds: Vec<WishKind>,
    phrases: Vec<Vec<String>>,
    fields: Vec<TableName>,
    is_conditional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TasksFile {
    tables: Spanned<BTreeMap<TableName, TaskTableFile>>,
    #[serde(default)]
    under: Option<Spanned<BTreeMap<TableName, TaskUnder>>>,
    #[serde(default)]
    when_gone: Option<GoneFile<OutcomeState>>,
    rules: Spanned<Vec<TaskRuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskTableFile {
    #[serde(default)]
    partner: Option<PartnerRule>,
    /// The field that says publicly how a task ended.
    resolution: TableName,
    rules: Spanned<Vec<RuleFile<OutcomeState>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskRuleFile {
    name: Spanned<TaskName>,
    mode: Mode,
    kinds: Spanned<Vec<WishKind>>,
    #[serde(default)]
    phrases: Vec<Spanned<String>>,
    #[serde(default)]
    when: Option<Spanned<String>>,
    table: Spanned<TableName>,
    #[serde(default = "yes")]
    under_case: bool,
    assignment_group: Spanned<String>,
    due: Spanned<DueFile>,
    fields: BTreeMap<TableName, Spanned<String>>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DueFile {
    Minutes(u32),
    Days(u32),
}

impl DueFile {
    fn minutes(&self) -> u32 {
        match self {
            DueFile::Minutes(minutes) => *minutes,
            DueFile::Days(days) => days.saturating_mul(24 * 60),
        }
    }
}

impl TaskRules {
    /// Where tasks are made under records of a table; nothing where they stand alone.
    pub fn under(&self, table: &TableName) -> Option<&TaskUnder> {
        self.under.get(table)
    }

    /// How tasks of a table refer to the partner.
    pub fn partner(&self, table: &TableName) -> Option<&PartnerRule> {
        self.tables.get(table)?.partner.as_ref()
    }

    /// What the partner is told of a task that was deleted; nothing where the mapping is silent.
    pub fn gone(&self) -> Option<Outcome> {
        self.when_gone.clone().map(|words| words.outcome(None))
    }

    pub(super) fn words(&self, table: &TableName) -> Option<&StatusRules<OutcomeState>> {
        self.tables.get(table).map(|table| &table.words)
    }

    /// The first rule that fits.
    ///
    /// # Errors
    /// When a condition cannot be worked out.
    pub(super) fn rule(
        &self,
        templates: &Environment<'static>,
        thread: &Thread,
        wish: &Wish<'_>,
    ) -> Result<Option<&TaskRule>, Unresolved> {
        let facts = facts(thread, wish, "");
        let said = words(&format!("{} {}", wish.document_type, wish.text));
        for rule in &self.rules {
            let has_phrase = || rule.phrases.iter().any(|phrase| has(&said, phrase));
            if !rule.kinds.contains(&wish.kind) || !(rule.phrases.is_empty() || has_phrase()) {
                continue;
            }
            if !rule.is_conditional || rule.render(templates, "when", "condition", &facts)? == HOLDS {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

impl TaskRule {
    /// The fields by template.
    ///
    /// # Errors
    /// When a template cannot be worked out.
    pub(super) fn rendered(
        &self,
        templates: &Environment<'static>,
        thread: &Thread,
        wish: &Wish<'_>,
        partner: &str,
    ) -> Result<BTreeMap<String, String>, Unresolved> {
        let facts = facts(thread, wish, partner);
        let fields = self.fields.iter().map(|field| {
            let value = self.render(templates, field.as_str(), "fields", &facts)?;
            Ok((field.to_string(), value))
        });
        fields.collect()
    }

    fn render(
        &self,
        templates: &Environment<'static>,
        part: &str,
        key: &'static str,
        facts: &minijinja::Value,
    ) -> Result<String, Unresolved> {
        templates
            .get_template(&name_of(&self.name, part))
            .and_then(|template| template.render(facts))
            .map_err(|source| Unresolved {
                route: format!("the rule {} of tasks", self.name),
                key,
                source,
            })
    }
}

fn name_of(rule: &TaskName, part: &str) -> String {
    format!("tasks/{rule}/{part}")
}

fn facts(thread: &Thread, wish: &Wish<'_>, partner: &str) -> minijinja::Value {
    let line = |text: &str| messages::one_line(text, usize::MAX);
    context! {
        request => context! {
            kind => wish.kind.as_str(),
            text => messages::clean(wish.text),
            documentType => line(wish.document_type),
        },
        thread => context! {
            id => thread.thread_id.as_str(),
            topic => line(&thread.topic),
            issueId => thread.issue_id.as_ref().map_or("", |issue| issue.as_str()),
        },
        partner => context! { id => thread.company_id.as_str(), name => partner },
        transaction => minijinja::Value::from(minijinja::value::Serde(wish.transaction_ref)),
        details => messages::transaction_details(wish.transaction_ref),
    }
}

/// The words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether a phrase stands in a text.
fn has(text: &[String], phrase: &[String]) -> bool {
    text.windows(phrase.len()).any(|part| part == phrase)
}

/// Checks the rules and makes their conditions and templates ready. `records` are the tables of records of issues.
pub(super) fn compile_tasks(
    file: TasksFile,
    records: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<TaskRules, Invalid> {
    let key = |part: &str| format!("tasks.{part}");
    if file.tables.value.is_empty() {
        return Err(invalid(&file.tables, key("tables"), "must name at least one table"));
    }
    let known = file.tables.value.keys().cloned().collect::<BTreeSet<_>>();
    let names = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(under) = &file.under {
        for (record, task) in &under.value {
            if !records.contains(&record) {
                let problem = format!("{record} is none of tables");
                return Err(invalid(under, key("under"), problem));
            }
            if !known.contains(&task.table) {
                let problem = format!("must be one of {names}");
                return Err(invalid(under, key(&format!("under.{record}.table")), problem));
            }
        }
    }
    let mut rules = Vec::new();
    let mut seen = BTreeSet::new();
    for rule in &file.rules.value {
        if !seen.insert(&rule.name.value) {
            let problem = format!("there are two rules {}", rule.name.value);
            return Err(invalid(&rule.name, key("rules"), problem));
        }
        if !known.contains(&rule.table.value) {
            let key = key(&format!("rules[{}].table", rule.name.value));
            return Err(invalid(&rule.table, key, format!("must be one of {names}")));
        }
        rules.push(compile_rule(rule, templates)?);
    }
    let mut tables = BTreeMap::new();
    for (table, file) in file.tables.value {
        let place = format!("tasks.tables.{table}");
        let task = TaskTable {
            partner: file.partner,
            words: compile_words(place, file.resolution, &file.rules, templates)?,
        };
        tables.insert(table, task);
    }
    Ok(TaskRules {
        tables,
        under: file.under.map(|under| under.value).unwrap_or_default(),
        when_gone: file.when_gone.map(|gone| words_of(gone, "tasks.when_gone")).transpose()?,
        rules,
    })
}

fn compile_rule(rule: &TaskRuleFile, templates: &mut Environment<'static>) -> Result<TaskRule, Invalid> {
    let name = &rule.name.value;
    let key = |part: &str| format!("tasks.rules[{name}].{part}");
    if rule.kinds.value.is_empty() {
        let problem = "must be message, document-request, or both";
        return Err(invalid(&rule.kinds, key("kinds"), problem));
    }
    let mut phrases = Vec::new();
    for phrase in &rule.phrases {
        let words = words(&phrase.value);
        if words.is_empty() {
            return Err(invalid(phrase, key("phrases"), "must have at least one word"));
        }
        phrases.push(words);
    }
    if let Some(when) = &rule.when {
        let key = key("when");
        let variables = compile_condition(templates, name_of(name, "when"), when, &key)?;
        check_names(&VARIABLES, &variables, when, &key)?;
        // Who the partner is in ServiceNow is looked up only for what becomes a task.
        if variables.iter().any(|variable| variable == "partner.name") {
            return Err(invalid(when, key, "cannot use partner.name; use partner.id"));
        }
    }
    let takes_all = rule.phrases.is_empty() && rule.when.is_none();
    if takes_all && rule.kinds.value.contains(&WishKind::Message) {
        let problem = "would make a task of every message: give the rule phrases or a condition";
        return Err(invalid(&rule.kinds, key("kinds"), problem));
    }
    if !is_query_value(&rule.assignment_group.value) {
        return Err(invalid(
            &rule.assignment_group,
            key("assignment_group"),
            "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)",
        ));
    }
    let minutes = rule.due.value.minutes();
    if !(1..=MOST_DAYS * 24 * 60).contains(&minutes) {
        return Err(invalid(&rule.due, key("due"), "must be 1 minute to 365 days"));
    }
    for needed in ["short_description", "description"] {
        if !rule.fields.keys().any(|field| field.as_str() == needed) {
            return Err(invalid(&rule.name, key("fields"), format!("must have {needed}")));
        }
    }
    for (field, template) in &rule.fields {
        let key = key(&format!("fields.{field}"));
        if RESERVED.contains(&field.as_str()) || ["state", "due_date"].contains(&field.as_str()) {
            return Err(invalid(template, key, "is set by Gridlink and cannot be mapped"));
        }
        let text = template.value.clone();
        let variables = compile(templates, name_of(name, field.as_str()), text, template, &key)?;
        check_names(&VARIABLES, &variables, template, &key)?;
    }
    Ok(TaskRule {
        name: name.clone(),
        mode: rule.mode,
        table: rule.table.value.clone(),
        is_under_case: rule.under_case,
        assignment_group: rule.assignment_group.value.clone(),
        due_in: Duration::from_secs(u64::from(minutes) * 60),
        kinds: rule.kinds.value.clone(),
        phrases,
        fields: rule.fields.keys().cloned().collect(),
        is_conditional: rule.when.is_some(),
    })
}
