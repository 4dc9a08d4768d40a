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
use crate::domain::{IssueState, OutcomeState, TableName};
use crate::effect::{Expected, Outcome, Status};
use crate::messages::{self, PartnerText};

/// The longest label that the collaboration contract takes, in characters.
const LABEL: usize = 100;

/// How far something is, for programs.
pub(super) trait State: Copy {
    /// Whether it is over, so that the record says publicly how it ended.
    fn is_over(self) -> bool;
}

impl State for IssueState {
    fn is_over(self) -> bool {
        match self {
            IssueState::Resolved | IssueState::Closed => true,
            IssueState::Open | IssueState::InProgress | IssueState::WaitingForPartner => false,
        }
    }
}

impl State for OutcomeState {
    fn is_over(self) -> bool {
        OutcomeState::is_over(self)
    }
}

/// The rules of one table.
#[derive(Debug)]
pub(super) struct StatusRules<S> {
    resolution: TableName,
    rules: Vec<StatusRule<S>>,
    fields: BTreeSet<String>,
    /// Where they stand in the mapping.
    place: String,
}

#[derive(Debug)]
struct StatusRule<S> {
    is_conditional: bool,
    words: Words<S>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusFile {
    /// The field that says publicly how the record was resolved.
    resolution: TableName,
    rules: Spanned<Vec<RuleFile<IssueState>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile<S> {
    #[serde(default)]
    when: Option<Spanned<String>>,
    state: S,
    label: Spanned<String>,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    expected: Option<Expected>,
}

/// What a rule says.
#[derive(Debug, Clone)]
pub(super) struct Words<S> {
    state: S,
    label: String,
    text: Option<String>,
    expected: Option<Expected>,
}

/// What is told of a record that was deleted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GoneFile<S> {
    state: S,
    label: Spanned<String>,
    #[serde(default)]
    text: Option<String>,
}

/// Checks the words for a deleted record.
pub(super) fn words_of<S>(file: GoneFile<S>, key: &str) -> Result<Words<S>, Invalid> {
    Ok(Words {
        state: file.state,
        label: checked(&file.label, format!("{key}.label"))?,
        text: file.text,
        expected: None,
    })
}

fn checked(label: &Spanned<String>, key: String) -> Result<String, Invalid> {
    let text = label.value.trim();
    match text.is_empty() || text.chars().count() > LABEL {
        true => Err(invalid(label, key, "must be 1 to 100 characters")),
        false => Ok(text.to_owned()),
    }
}

impl Words<OutcomeState> {
    pub(super) fn outcome(self, resolution: Option<PartnerText>) -> Outcome {
        let Words {
            state,
            label,
            text,
            expected,
        } = self;
        Outcome {
            state,
            label,
            text,
            expected,
            resolution,
        }
    }
}

impl Words<IssueState> {
    pub(super) fn status(self, resolution: Option<PartnerText>, number: &str) -> Status {
        let Words {
            state,
            label,
            text,
            expected,
        } = self;
        Status {
            state,
            label,
            text,
            expected,
            resolution,
            number: number.to_owned(),
        }
    }
}

impl<S: State> StatusRules<S> {
    /// The fields of a record that [`StatusRules::words`] looks at.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(String::as_str).chain([self.resolution.as_str()])
    }

    /// What is told of a record with these stored values, and how it ended.
    ///
    /// # Errors
    /// When a condition cannot be worked out for this record.
    pub(super) fn words(
        &self,
        templates: &Environment<'static>,
        values: &BTreeMap<String, String>,
    ) -> Result<(Words<S>, Option<PartnerText>), Unresolved> {
        let facts = facts(values);
        for (at, rule) in self.rules.iter().enumerate() {
            if rule.is_conditional {
                let unresolved = |source| Unresolved {
                    route: self.place.clone(),
                    key: "when",
                    source,
                };
                let template = templates.get_template(&name_of(&self.place, at)).map_err(unresolved)?;
                if template.render(&facts).map_err(unresolved)? != HOLDS {
                    continue;
                }
            }
            let resolution = values.get(self.resolution.as_str());
            let resolution = resolution.filter(|_| rule.words.state.is_over());
            let resolution = resolution.and_then(|text| messages::resolution(text));
            return Ok((rule.words.clone(), resolution));
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

fn name_of(place: &str, at: usize) -> String {
    format!("{place}/{at}")
}

/// Checks the rules of all tables and makes their conditions ready.
pub(super) fn compile_statuses(
    file: Spanned<BTreeMap<TableName, StatusFile>>,
    tables: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<BTreeMap<TableName, StatusRules<IssueState>>, Invalid> {
    if let Some(missing) = tables.iter().find(|table| !file.value.contains_key(**table)) {
        let problem = "is missing: every table of `tables` needs words for the partner";
        return Err(invalid(&file, format!("statuses.{missing}"), problem));
    }
    let mut all = BTreeMap::new();
    for (table, status) in file.value {
        let rules = compile(format!("statuses.{table}"), status.resolution, &status.rules, templates)?;
        all.insert(table, rules);
    }
    Ok(all)
}

/// Checks the rules of a table, which stand at `place`, and makes their conditions ready.
pub(super) fn compile<S: State>(
    place: String,
    resolution: TableName,
    file: &Spanned<Vec<RuleFile<S>>>,
    templates: &mut Environment<'static>,
) -> Result<StatusRules<S>, Invalid> {
    let mut rules = Vec::new();
    let mut fields = BTreeSet::new();
    let last = file.value.len().saturating_sub(1);
    if file.value.is_empty() {
        let problem = "must have at least one rule";
        return Err(invalid(file, format!("{place}.rules"), problem));
    }
    for (at, rule) in file.value.iter().enumerate() {
        let key = |part: &str| format!("{place}.rules[{at}].{part}");
        let label = checked(&rule.label, key("label"))?;
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
                fields.extend(record_condition(name_of(&place, at), when, &key("when"), templates)?);
            }
        }
        rules.push(StatusRule {
            is_conditional: rule.when.is_some(),
            words: Words {
                state: rule.state,
                label,
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
        return Err(invalid(file, format!("{place}.rules"), problem));
    }
    Ok(StatusRules {
        resolution,
        rules,
        fields,
        place,
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
