//! Which resolved records become drafts of articles, and from which fields.
//!
//! A rule looks at the record: a mark that an agent set, or anything else that the record says. There is none for all
//! records. What a draft says comes from fields that are public by the mapping, and from what the partner wrote.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::Environment;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::kinds::{RepeatedFile, RepeatedRule, compile_repeated};
use super::status::{facts, record_condition};
use super::{HOLDS, Invalid, Mode, Unresolved, invalid};
use crate::domain::{TableName, TaskName};
use crate::messages::{self, PartnerText};

/// The rules about drafts.
#[derive(Debug)]
pub struct DraftRules {
    /// Whether drafts are made.
    pub mode: Mode,
    /// Kinds of problems that become a draft when they come again and again.
    pub repeated: Vec<RepeatedRule>,
    tables: BTreeMap<TableName, TableRules>,
}

#[derive(Debug)]
struct TableRules {
    cause: Option<TableName>,
    rules: Vec<DraftRule>,
    fields: BTreeSet<String>,
}

/// A rule that makes drafts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftRule {
    /// Its name, for the timeline.
    pub name: TaskName,
    /// The exact title of the knowledge base in which it makes them.
    pub base: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DraftsFile {
    mode: Mode,
    tables: Spanned<BTreeMap<TableName, TableFile>>,
    #[serde(default)]
    repeated: Vec<RepeatedFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TableFile {
    /// The field that says publicly what the cause was.
    #[serde(default)]
    cause: Option<TableName>,
    rules: Spanned<Vec<RuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: Spanned<TaskName>,
    when: Spanned<String>,
    base: Spanned<String>,
}

impl DraftRules {
    /// The fields of a record that decide and are told of.
    pub(super) fn fields(&self, table: &TableName) -> impl Iterator<Item = &str> {
        let rules = self.tables.get(table).into_iter();
        rules.flat_map(|rules| {
            let cause = rules.cause.as_ref().map(TableName::as_str);
            rules.fields.iter().map(String::as_str).chain(cause)
        })
    }

    /// The first rule that fits a record with these stored values; nothing where drafts are off.
    pub(super) fn rule(
        &self,
        templates: &Environment<'static>,
        table: &TableName,
        values: &BTreeMap<String, String>,
    ) -> Result<Option<&DraftRule>, Unresolved> {
        let is_on = self.mode != Mode::Off;
        let Some(rules) = self.tables.get(table).filter(|_| is_on) else {
            return Ok(None);
        };
        let facts = facts(values);
        for rule in &rules.rules {
            let template = templates.get_template(&name_of(table, &rule.name));
            let rendered = template.and_then(|template| template.render(&facts));
            let unresolved = |source| Unresolved {
                route: format!("the rule {} for drafts", rule.name),
                key: "when",
                source,
            };
            if rendered.map_err(unresolved)? == HOLDS {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }

    /// The public cause of a record with these stored values.
    pub(super) fn cause(&self, table: &TableName, values: &BTreeMap<String, String>) -> Option<PartnerText> {
        let field = self.tables.get(table)?.cause.as_ref()?;
        messages::resolution(values.get(field.as_str())?)
    }
}

fn name_of(table: &TableName, rule: &TaskName) -> String {
    format!("knowledge/drafts/{table}/{rule}")
}

/// Checks the title of a knowledge base.
pub(super) fn checked_title(title: &Spanned<String>, key: &str) -> Result<String, Invalid> {
    match title.value.trim().is_empty() || title.value.trim() != title.value {
        true => Err(invalid(title, key, "must be the exact title of a knowledge base")),
        false => Ok(title.value.clone()),
    }
}

/// Checks the rules and makes their conditions ready; `tables` are those of records that issues become.
pub(super) fn compile_drafts(
    file: &DraftsFile,
    tables: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<DraftRules, Invalid> {
    let mut all = BTreeMap::new();
    for (table, of_table) in &file.tables.value {
        let place = format!("knowledge.drafts.tables.{table}");
        if !tables.contains(&table) {
            let problem = "is none of the tables of `tables`: nothing else is resolved for a partner";
            return Err(invalid(&file.tables, place, problem));
        }
        let mut rules: Vec<DraftRule> = Vec::new();
        let mut fields = BTreeSet::new();
        for (at, rule) in of_table.rules.value.iter().enumerate() {
            let key = |part: &str| format!("{place}.rules[{at}].{part}");
            let name = &rule.name.value;
            if rules.iter().any(|other| other.name == *name) {
                return Err(invalid(&rule.name, key("name"), "is the name of another rule, too"));
            }
            let looked_at = record_condition(name_of(table, name), &rule.when, &key("when"), templates)?;
            if looked_at.is_empty() {
                let problem = "must look at the record: never is all that was resolved knowledge";
                return Err(invalid(&rule.when, key("when"), problem));
            }
            fields.extend(looked_at);
            rules.push(DraftRule {
                name: name.clone(),
                base: checked_title(&rule.base, &key("base"))?,
            });
        }
        let cause = of_table.cause.clone();
        all.insert(table.clone(), TableRules { cause, rules, fields });
    }
    Ok(DraftRules {
        mode: file.mode,
        repeated: compile_repeated(&file.repeated)?,
        tables: all,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");
    const CASES: &str = "sn_customerservice_case";

    fn mapping(change: impl FnOnce(String) -> String) -> Result<Mapping, Invalid> {
        Mapping::parse(&change(DEFAULT.to_owned()))
    }

    fn rule(mapping: &Mapping, table: &str, values: &[(&str, &str)]) -> Option<String> {
        let values = values.iter();
        let values = values.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let rule = mapping.draft_rule(&table.parse().unwrap(), &values.collect()).unwrap();
        rule.map(|rule| format!("{} in {}", rule.name, rule.base))
    }

    #[test]
    fn only_what_is_marked_becomes_a_draft() {
        let mapping = mapping(|text| text).unwrap();
        let marked = [("x_gridlink_for_knowledge", "true")];
        for table in [CASES, "incident"] {
            let found = rule(&mapping, table, &marked);
            assert_eq!(found.as_deref(), Some("marked-for-knowledge in Trading Partner Help"));
            for value in ["false", ""] {
                assert_eq!(rule(&mapping, table, &[("x_gridlink_for_knowledge", value)]), None);
            }
        }
        assert_eq!(rule(&mapping, "sc_task", &marked), None);
    }

    #[test]
    fn the_cause_is_told_where_the_mapping_names_its_field() {
        let values = BTreeMap::from([("cause".to_owned(), "A changed map.".to_owned())]);
        let cause = |mapping: &Mapping| mapping.cause(&CASES.parse().unwrap(), &values);
        assert_eq!(cause(&mapping(|text| text).unwrap()), None);
        let named = mapping(|text| {
            let rules = "      sn_customerservice_case:\n        rules:\n          - name: marked";
            let with = rules.replace("        rules", "        cause: cause\n        rules");
            assert!(text.contains(rules));
            text.replace(rules, &with)
        });
        assert_eq!(cause(&named.unwrap()).unwrap().as_str(), "A changed map.");
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (from, to, problem) in [
            (
                "when: record.x_gridlink_for_knowledge == \"true\"",
                "when: \"true\"",
                "must look at the record",
            ),
            (
                "when: record.x_gridlink_for_knowledge",
                "when: issue.category",
                "issue.category is not known",
            ),
            (
                "            base: Trading Partner Help",
                "            base: ' '",
                "the exact title of a knowledge base",
            ),
            (
                "      sn_customerservice_case:\n        rules:\n          - name: marked",
                "      sc_task:\n        rules:\n          - name: marked",
                "none of the tables",
            ),
            ("name: marked-for-knowledge", "name: Marked", "a task name"),
        ] {
            let error = mapping(|text| {
                assert!(text.contains(from), "{from}");
                text.replacen(from, to, 1)
            });
            let error = error.unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("line "), "{error}");
        }
    }
}
