//! What a partner is told of a record: the first rule whose condition holds.
//!
//! Conditions see the record's stored values as `record.<field>`, also of the records that it
//! refers to (`record.assignment_group.name`). The last rule of a table has no condition, so every
//! state of every record has words.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, Value};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{HOLDS, Invalid, Unresolved, compile_condition, invalid};
use crate::domain::{IssueState, TableName};
use crate::effect::{Expected, Status};
use crate::messages;

/// The longest label that the collaboration contract takes, in characters.
const LABEL: usize = 100;

/// The rules of one table.
#[derive(Debug)]
pub(super) struct StatusRules {
    resolution: TableName,
    rules: Vec<StatusRule>,
    fields: BTreeSet<String>,
}

#[derive(Debug)]
struct StatusRule {
    is_conditional: bool,
    words: Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusFile {
    /// The field that says publicly how the record was resolved.
    resolution: TableName,
    rules: Spanned<Vec<RuleFile>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    #[serde(default)]
    when: Option<Spanned<String>>,
    state: IssueState,
    label: Spanned<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    expected: Option<Expected>,
}

/// What a rule says.
#[derive(Debug, Clone)]
struct Words {
    state: IssueState,
    label: String,
    text: Option<String>,
    expected: Option<Expected>,
}

impl StatusRules {
    /// The fields of a record that [`StatusRules::status`] looks at.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str).chain([self.resolution.as_str()])
    }

    /// What is told of a record with these stored values.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this record.
    pub(super) fn status(
        &self,
        templates: &Environment<'static>,
        table: &TableName,
        number: &str,
        values: &BTreeMap<String, String>,
    ) -> Result<Status, Unresolved> {
        let facts = facts(values);
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.is_conditional {
                let unresolved = |source| Unresolved {
                    route: format!("statuses.{table}"),
                    key: "when",
                    source,
                };
                let template = templates.get_template(&name_of(table, at)).map_err(unresolved)?;
                if template.render(&facts).map_err(unresolved)? != HOLDS {
                    continue;
                }
            }
            let Words {
                state,
                label,
                text,
                expected,
            } = rule.words.clone();
            let resolution = match state {
                IssueState::Resolved | IssueState::Closed => values
                    .get(self.resolution.as_str())
                    .and_then(|text| messages::resolution(text)),
                IssueState::Open | IssueState::InProgress | IssueState::WaitingForPartner => None,
            };
            return Ok(Status {
                state,
                label,
                text,
                expected,
                resolution,
                number: number.to_owned(),
            });
        }
        unreachable!("the last rule has no condition: checked by parse")
    }
}

/// The stored values by name, those of referred records under their reference.
pub(super) fn facts(values: &BTreeMap<String, String>) -> Value {
    let mut record: BTreeMap<&str, Value> = BTreeMap::new();
    let mut referred: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (field, value) in values {
        match field.split_once('.') {
            Some((reference, field)) => drop(referred.entry(reference).or_default().insert(field, value)),
            None => drop(record.insert(field, Value::from(value.as_str()))),
        }
    }
    for (reference, values) in referred {
        record.insert(reference, Value::from(minijinja::value::Serde(&values)));
    }
    minijinja::context! { record => record }
}

fn name_of(table: &TableName, at: usize) -> String {
    format!("statuses/{table}/{at}")
}

/// Checks the rules of all tables and makes their conditions ready.
pub(super) fn compile_statuses(
    file: Spanned<BTreeMap<TableName, StatusFile>>,
    tables: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<BTreeMap<TableName, StatusRules>, Invalid> {
    if let Some(missing) = tables.iter().find(|table| !file.value.contains_key(**table)) {
        let problem = "is missing: every table of `tables` needs words for the partner";
        return Err(invalid(&file, format!("statuses.{missing}"), problem));
    }
    let mut all = BTreeMap::new();
    for (table, status) in file.value {
        let rules = compile(&table, &status, templates)?;
        all.insert(table, rules);
    }
    Ok(all)
}

fn compile(table: &TableName, file: &StatusFile, templates: &mut Environment<'static>) -> Result<StatusRules, Invalid> {
    let mut rules = Vec::new();
    let mut fields = BTreeSet::new();
    let last = file.rules.value.len().saturating_sub(1);
    if file.rules.value.is_empty() {
        let problem = "must have at least one rule";
        return Err(invalid(&file.rules, format!("statuses.{table}.rules"), problem));
    }
    for (at, rule) in file.rules.value.iter().enumerate() {
        let key = |part: &str| format!("statuses.{table}.rules[{at}].{part}");
        let label = rule.label.value.trim();
        if label.is_empty() || label.chars().count() > LABEL {
            return Err(invalid(&rule.label, key("label"), "must be 1 to 100 characters"));
        }
        match &rule.when {
            Some(when) if at == last => {
                let problem = "the last rule must fit every record, so it cannot have a condition";
                return Err(invalid(when, key("when"), problem));
            }
            None if at < last => {
                let problem = "a rule without a condition must be the last: those after it would never count";
                return Err(invalid(&rule.label, key("when"), problem));
            }
            None => {}
            Some(when) => {
                fields.extend(record_condition(name_of(table, at), when, &key("when"), templates)?);
            }
        }
        rules.push(StatusRule {
            is_conditional: rule.when.is_some(),
            words: Words {
                state: rule.state,
                label: label.to_owned(),
                text: rule.text.clone(),
                expected: rule.expected.clone(),
            },
        });
    }
    let clash = fields.iter().find(|field| {
        let referred = format!("{field}.");
        fields.iter().any(|other| other.starts_with(&referred))
    });
    if let Some(field) = clash {
        let problem =
            format!("record.{field} is used as a value and as a reference: name its sys_id as record.{field}.sys_id");
        return Err(invalid(&file.rules, format!("statuses.{table}.rules"), problem));
    }
    Ok(StatusRules {
        resolution: file.resolution.clone(),
        rules,
        fields,
    })
}

/// Makes a condition over a record ready and gives the fields that it looks at.
pub(super) fn record_condition(
    name: String,
    when: &Spanned<String>,
    key: &str,
    templates: &mut Environment<'static>,
) -> Result<Vec<String>, Invalid> {
    let variables = compile_condition(templates, name, when, key)?;
    variables
        .into_iter()
        .map(|name| {
            let field = name.strip_prefix("record.").filter(|field| is_path(field));
            field.map(str::to_owned).ok_or_else(|| {
                let problem = format!("{name} is not known; allowed are record.<field> and record.<reference>.<field>");
                invalid(when, key, problem)
            })
        })
        .collect()
}

/// A field, or a field of the record that a field refers to.
fn is_path(path: &str) -> bool {
    let parts = path.split('.').collect::<Vec<_>>();
    parts.len() <= 2 && parts.iter().all(|part| part.parse::<TableName>().is_ok())
}
