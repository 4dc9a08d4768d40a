//! Which issues are critical, and what is done about them on both sides.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minijinja::Environment;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::status::{facts as record_facts, record_condition};
use super::{HOLDS, Invalid, RESERVED, Unresolved, check_variables, compile, compile_condition, invalid};
use crate::domain::{MilestoneState, TableName, TaskName, is_query_value};
use crate::event::Issue;
use crate::messages;

/// The most tasks of one escalation.
const MOST_TASKS: usize = 10;
/// The longest time for a task, in hours.
const LONGEST: u16 = 24 * 90;
/// The template of the condition over issues.
const WHEN: &str = "escalation/when";

/// How critical issues are worked.
#[derive(Debug)]
pub struct EscalationRule {
    /// What the partner sees of the workspace, in one line.
    pub label: String,
    /// Whom the partner may ask for.
    pub lead: Option<String>,
    has_condition: bool,
    tables: BTreeMap<TableName, EscalatedTable>,
    tasks: Vec<TaskRule>,
}

/// What an escalation makes of records of one table.
#[derive(Debug)]
pub struct EscalatedTable {
    /// The fields that an escalation sets, unless an agent has set them.
    pub set: BTreeMap<TableName, String>,
    /// The record that says that a case is escalated, where the instance has such records.
    pub record: Option<EscalationRecord>,
    /// Where the teams' tasks are made.
    pub tasks: TaskTable,
    fields: BTreeSet<String>,
}

/// The record of Customer Service Management that says that a case is escalated.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EscalationRecord {
    /// Its fields, as the instance's own form has them.
    #[serde(default)]
    pub fields: BTreeMap<TableName, String>,
    /// States in which the case is escalated no longer.
    pub ended: BTreeSet<String>,
    /// The fields that end it.
    pub close: BTreeMap<TableName, String>,
}

/// Where the tasks of teams are made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskTable {
    /// The table.
    pub table: TableName,
    /// The field that refers to the record that the task belongs to.
    pub parent: TableName,
    /// How far a milestone is, by the state of its task; a state that is not named is work in progress.
    pub states: BTreeMap<String, MilestoneState>,
}

impl TaskTable {
    /// How far a task in this state is.
    pub fn progress(&self, state: &str) -> MilestoneState {
        self.states.get(state).copied().unwrap_or(MilestoneState::InProgress)
    }
}

#[derive(Debug)]
struct TaskRule {
    name: TaskName,
    is_conditional: bool,
    assignment_group: String,
    due_in: Duration,
    fields: Vec<TableName>,
    milestone: Option<String>,
}

/// The task of one team, worked out for an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TeamTask {
    /// The rule that it was made by.
    pub name: TaskName,
    /// The exact name of the group that owns it.
    pub assignment_group: String,
    /// Until when it is to be done, from the escalation on.
    pub due_in: Duration,
    /// Its texts by field.
    pub fields: BTreeMap<String, String>,
    /// What the partner sees of it, in one line; nothing where it is internal.
    pub milestone: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EscalationFile {
    #[serde(default)]
    when: Option<Spanned<String>>,
    label: Spanned<String>,
    #[serde(default)]
    lead: Option<Spanned<String>>,
    tables: Spanned<BTreeMap<TableName, TableFile>>,
    #[serde(default)]
    tasks: Vec<TaskFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    when: Spanned<String>,
    #[serde(default)]
    set: BTreeMap<TableName, String>,
    #[serde(default)]
    record: Option<EscalationRecord>,
    tasks: TaskTable,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskFile {
    name: Spanned<TaskName>,
    #[serde(default)]
    when: Option<Spanned<String>>,
    assignment_group: Spanned<String>,
    due_in_hours: Spanned<u16>,
    fields: BTreeMap<TableName, Spanned<String>>,
    #[serde(default)]
    milestone: Option<Spanned<String>>,
}

impl EscalationRule {
    /// The groups of the tasks of teams, each with the rule that names it.
    pub(super) fn groups(&self) -> Vec<(String, String)> {
        let rules = self.tasks.iter();
        rules
            .map(|rule| {
                (
                    format!("the task {} of escalation", rule.name),
                    rule.assignment_group.clone(),
                )
            })
            .collect()
    }

    /// What is made of records of a table; nothing for a table whose records are not escalated.
    pub fn table(&self, table: &TableName) -> Option<&EscalatedTable> {
        self.tables.get(table)
    }

    /// What is made of the records whose tasks, or whose escalation, are in this table.
    pub fn of_tasks(&self, table: &TableName) -> Option<&TaskTable> {
        let mut tables = self.tables.values().map(|rule| &rule.tasks);
        tables.find(|tasks| tasks.table == *table)
    }

    /// What the partner sees of a task; nothing where it is internal or its rule is gone.
    pub fn milestone(&self, task: &TaskName) -> Option<&str> {
        let rule = self.tasks.iter().find(|rule| rule.name == *task)?;
        rule.milestone.as_deref()
    }

    /// The fields of a record that the condition of its table looks at.
    pub(super) fn fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        let rule = self.tables.get(table);
        rule.into_iter().flat_map(|rule| rule.fields.iter().map(String::as_str))
    }

    /// Whether a record with these stored values is critical; nothing for a table without a rule.
    pub(super) fn holds(
        &self,
        templates: &Environment<'static>,
        table: &TableName,
        values: &BTreeMap<String, String>,
    ) -> Result<Option<bool>, Unresolved> {
        if !self.tables.contains_key(table) {
            return Ok(None);
        }
        let printed = templates
            .get_template(&condition_of(table))
            .and_then(|template| template.render(record_facts(values)));
        let unresolved = |source| Unresolved {
            route: format!("escalation.tables.{table}"),
            key: "when",
            source,
        };
        Ok(Some(printed.map_err(unresolved)? == HOLDS))
    }

    /// Whether an issue is critical by itself.
    pub(super) fn is_critical(
        &self,
        templates: &Environment<'static>,
        issue: &Issue,
        partner: &str,
    ) -> Result<bool, Unresolved> {
        if !self.has_condition {
            return Ok(false);
        }
        let facts = super::facts(issue, partner);
        let printed = templates.get_template(WHEN).and_then(|template| template.render(facts));
        Ok(printed.map_err(unresolved("escalation", "when"))? == HOLDS)
    }

    /// The tasks of the teams for an issue.
    pub(super) fn tasks(
        &self,
        templates: &Environment<'static>,
        issue: &Issue,
        partner: &str,
    ) -> Result<Vec<TeamTask>, Unresolved> {
        let facts = super::facts(issue, partner);
        let mut tasks = Vec::new();
        for rule in &self.tasks {
            let name = format!("escalation.tasks.{}", rule.name);
            let render = |part: &str, key: &'static str| {
                let template = templates.get_template(&template_of(&rule.name, part));
                let printed = template.and_then(|template| template.render(&facts));
                printed.map_err(unresolved(&name, key))
            };
            if rule.is_conditional && render("when", "when")? != HOLDS {
                continue;
            }
            let mut fields = BTreeMap::new();
            for field in &rule.fields {
                let text = render(field.as_str(), "fields")?;
                let text = match field.as_str() {
                    "short_description" => messages::one_line(&text, messages::SHORT_DESCRIPTION),
                    _ => messages::cut(messages::clean(&text).trim(), messages::DESCRIPTION),
                };
                fields.insert(field.to_string(), text);
            }
            tasks.push(TeamTask {
                name: rule.name.clone(),
                assignment_group: rule.assignment_group.clone(),
                due_in: rule.due_in,
                fields,
                milestone: rule.milestone.clone(),
            });
        }
        Ok(tasks)
    }
}

fn unresolved(route: &str, key: &'static str) -> impl FnOnce(minijinja::Error) -> Unresolved {
    let route = route.to_owned();
    move |source| Unresolved { route, key, source }
}

fn condition_of(table: &TableName) -> String {
    format!("escalation/tables/{table}")
}

fn template_of(task: &TaskName, part: &str) -> String {
    format!("escalation/tasks/{task}/{part}")
}

/// Checks the rules and makes their conditions and templates ready.
pub(super) fn compile_escalation(
    file: EscalationFile,
    tables: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<EscalationRule, Invalid> {
    if let Some(when) = &file.when {
        let variables = compile_condition(templates, WHEN.to_owned(), when, "escalation.when")?;
        check_variables(&variables, when, "escalation.when")?;
    }
    line(&file.label, "escalation.label", 100)?;
    if let Some(lead) = &file.lead {
        line(lead, "escalation.lead", 200)?;
    }
    let mut rules = BTreeMap::new();
    for (table, rule) in &file.tables.value {
        let key = |part: &str| format!("escalation.tables.{table}.{part}");
        if !tables.contains(&table) {
            let names = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let problem = format!("is not a table of `tables`; allowed are {names}");
            return Err(invalid(&file.tables, format!("escalation.tables.{table}"), problem));
        }
        let fields = record_condition(condition_of(table), &rule.when, &key("when"), templates)?;
        if rule.tasks.states.values().all(|state| *state != MilestoneState::Done) {
            let problem = "must say in which state a task is done";
            return Err(invalid(&rule.when, key("tasks.states"), problem));
        }
        rules.insert(
            table.clone(),
            EscalatedTable {
                set: rule.set.clone(),
                record: rule.record.clone(),
                tasks: rule.tasks.clone(),
                fields: fields.into_iter().collect(),
            },
        );
    }
    if file.tasks.len() > MOST_TASKS {
        let problem = format!("has {} entries; at most {MOST_TASKS} are allowed", file.tasks.len());
        return Err(invalid(&file.label, "escalation.tasks", problem));
    }
    let mut tasks: Vec<TaskRule> = Vec::new();
    for task in &file.tasks {
        let rule = compile_task(task, templates)?;
        if tasks.iter().any(|known| known.name == rule.name) {
            let problem = "is the name of another task: choose one that is not taken";
            return Err(invalid(&task.name, "escalation.tasks.name", problem));
        }
        tasks.push(rule);
    }
    Ok(EscalationRule {
        label: file.label.value.trim().to_owned(),
        lead: file.lead.map(|lead| lead.value.trim().to_owned()),
        has_condition: file.when.is_some(),
        tables: rules,
        tasks,
    })
}

fn compile_task(task: &TaskFile, templates: &mut Environment<'static>) -> Result<TaskRule, Invalid> {
    let name = &task.name.value;
    let key = |part: &str| format!("escalation.tasks[{name}].{part}");
    if let Some(when) = &task.when {
        let variables = compile_condition(templates, template_of(name, "when"), when, &key("when"))?;
        check_variables(&variables, when, &key("when"))?;
    }
    if !is_query_value(&task.assignment_group.value) {
        let problem = "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)";
        return Err(invalid(&task.assignment_group, key("assignment_group"), problem));
    }
    if !(1..=LONGEST).contains(&task.due_in_hours.value) {
        let problem = format!("must be 1 to {LONGEST}");
        return Err(invalid(&task.due_in_hours, key("due_in_hours"), problem));
    }
    if let Some(milestone) = &task.milestone {
        line(milestone, &key("milestone"), 200)?;
    }
    if !task.fields.keys().any(|field| field.as_str() == "short_description") {
        return Err(invalid(&task.name, key("fields"), "must have short_description"));
    }
    for (field, template) in &task.fields {
        let key = key(&format!("fields.{field}"));
        if RESERVED.contains(&field.as_str()) || field.as_str() == "due_date" {
            return Err(invalid(template, key, "is set by Gridlink and cannot be mapped"));
        }
        let named = template_of(name, field.as_str());
        let variables = compile(templates, named, template.value.clone(), template, &key)?;
        check_variables(&variables, template, &key)?;
    }
    Ok(TaskRule {
        name: name.clone(),
        is_conditional: task.when.is_some(),
        assignment_group: task.assignment_group.value.clone(),
        due_in: Duration::from_secs(u64::from(task.due_in_hours.value) * 3600),
        fields: task.fields.keys().cloned().collect(),
        milestone: task.milestone.as_ref().map(|text| text.value.trim().to_owned()),
    })
}

/// A line that partners read.
fn line(text: &Spanned<String>, key: &str, longest: usize) -> Result<(), Invalid> {
    let line = text.value.trim();
    if line.is_empty() || line.chars().count() > longest || line.contains('\n') {
        return Err(invalid(
            text,
            key,
            format!("must be one line of 1 to {longest} characters"),
        ));
    }
    Ok(())
}
