//! Which kind of problem an issue is about, which kinds come again and again, and whether articles about a kind are
//! named to whoever raises one.

use std::time::Duration;

use minijinja::Environment;
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::drafts::checked_title;
use super::{HOLDS, Invalid, Mode, Unresolved, check_variables, compile_condition, facts, invalid};
use crate::domain::{Category, TaskName};
use crate::event::Issue;
use crate::messages;

/// The longest time in which issues of a kind are counted, in days.
const LONGEST: u16 = 365;
/// The most issues that are counted, which are kept in one item.
pub const MOST_COUNTED: u16 = 100;
/// The longest words before the articles, in characters.
const WORDS: usize = 500;

/// A kind of problem, in the community's words.
#[derive(Debug)]
pub(super) struct KindRule {
    kind: Category,
}

/// How articles are named in the first answer to an issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suggestions {
    /// Whether they are.
    pub mode: Mode,
    /// What stands before them.
    pub text: String,
}

/// A kind that comes again and again becomes a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepeatedRule {
    /// Its name, for the timeline.
    pub name: TaskName,
    /// The kind; every one where it is absent.
    pub kind: Option<Category>,
    /// How many issues it takes.
    pub after: usize,
    /// Within which time.
    pub within: Duration,
    /// The exact title of the knowledge base in which the draft is made.
    pub base: String,
}

impl RepeatedRule {
    /// Whether it is about a kind.
    pub fn is_about(&self, kind: &Category) -> bool {
        self.kind.as_ref().is_none_or(|own| own == kind)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KindFile {
    kind: Category,
    when: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepeatedFile {
    name: Spanned<TaskName>,
    #[serde(default)]
    kind: Option<Category>,
    after: Spanned<u16>,
    within_days: Spanned<u16>,
    base: Spanned<String>,
}

/// The kind of problem that an issue is about: the first whose condition holds, else its category.
pub(super) fn kind_of(
    kinds: &[KindRule],
    templates: &Environment<'static>,
    issue: &Issue,
    partner: &str,
) -> Result<Category, Unresolved> {
    for (at, rule) in kinds.iter().enumerate() {
        let template = templates.get_template(&name_of(at));
        let rendered = template.and_then(|template| template.render(facts(issue, partner)));
        let unresolved = |source| Unresolved {
            route: format!("the kind {}", rule.kind),
            key: "when",
            source,
        };
        if rendered.map_err(unresolved)? == HOLDS {
            return Ok(rule.kind.clone());
        }
    }
    Ok(issue.category.clone())
}

fn name_of(at: usize) -> String {
    format!("knowledge/kinds/{at}")
}

pub(super) fn compile_kinds(file: &[KindFile], templates: &mut Environment<'static>) -> Result<Vec<KindRule>, Invalid> {
    let mut kinds = Vec::new();
    for (at, rule) in file.iter().enumerate() {
        let key = format!("knowledge.kinds[{at}].when");
        let variables = compile_condition(templates, name_of(at), &rule.when, &key)?;
        check_variables(&variables, &rule.when, &key)?;
        let kind = rule.kind.clone();
        kinds.push(KindRule { kind });
    }
    Ok(kinds)
}

pub(super) fn check_suggestions(file: &Spanned<Suggestions>) -> Result<Suggestions, Invalid> {
    let suggestions = &file.value;
    let is_short = suggestions.text.chars().count() <= WORDS;
    match messages::still_waiting(&suggestions.text).filter(|_| is_short) {
        Some(_) => Ok(suggestions.clone()),
        None => {
            let problem = format!("must be words of 1 to {WORDS} characters");
            Err(invalid(file, "knowledge.suggestions.text", problem))
        }
    }
}

pub(super) fn compile_repeated(file: &[RepeatedFile]) -> Result<Vec<RepeatedRule>, Invalid> {
    let mut rules: Vec<RepeatedRule> = Vec::new();
    for (at, rule) in file.iter().enumerate() {
        let key = |part: &str| format!("knowledge.drafts.repeated[{at}].{part}");
        if rules.iter().any(|other| other.name == rule.name.value) {
            return Err(invalid(&rule.name, key("name"), "is the name of another rule, too"));
        }
        if !(2..=MOST_COUNTED).contains(&rule.after.value) {
            let problem = format!("must be 2 to {MOST_COUNTED}");
            return Err(invalid(&rule.after, key("after"), problem));
        }
        if !(1..=LONGEST).contains(&rule.within_days.value) {
            let problem = format!("must be 1 to {LONGEST}");
            return Err(invalid(&rule.within_days, key("within_days"), problem));
        }
        rules.push(RepeatedRule {
            name: rule.name.value.clone(),
            kind: rule.kind.clone(),
            after: rule.after.value.into(),
            within: Duration::from_secs(u64::from(rule.within_days.value) * 24 * 3600),
            base: checked_title(&rule.base, &key("base"))?,
        });
    }
    Ok(rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");
    const RULES: &str = r#"
  kinds:
    - kind: invoice_mismatch
      when: issue.category == "missing_tax_data" or transaction.documentType == "810"
"#;
    const REPEATED: &str = "    repeated:
      - name: invoices
        kind: invoice_mismatch
        after: 3
        within_days: 30
        base: Trading Partner Help
      - { name: all, after: 50, within_days: 7, base: Trading Partner Help }
";

    /// The shipped mapping with rules of kinds and of what comes again and again.
    fn mapping(kinds: &str, repeated: &str) -> Result<Mapping, Invalid> {
        let drafts = "  drafts:\n    mode: on\n";
        assert!(DEFAULT.contains(drafts));
        let with = format!("{}{drafts}{repeated}", kinds.trim_start_matches('\n'));
        Mapping::parse(&DEFAULT.replace(drafts, &with))
    }

    fn issue(category: &str, document_type: &str) -> Issue {
        let json = serde_json::json!({
            "issueId": "ISS-1", "companyId": "GC1", "version": 1, "kind": "transaction", "category": category,
            "priority": "high", "summary": "x", "author": {"userId": "U1", "name": "Ada"},
            "transactionRef": {"documentType": document_type},
        });
        Issue::parse(&json.to_string()).unwrap()
    }

    #[test]
    fn the_first_kind_that_fits_counts_else_the_category() {
        let mapping = mapping(RULES, "").unwrap();
        for (category, document_type, kind) in [
            ("missing_tax_data", "856", "invoice_mismatch"),
            ("other", "810", "invoice_mismatch"),
            ("asn_failed", "856", "asn_failed"),
        ] {
            let found = mapping.kind(&issue(category, document_type), "Northwind").unwrap();
            assert_eq!(found.as_str(), kind);
        }
    }

    #[test]
    fn only_kinds_that_articles_may_be_about_are_suggested() {
        let mapping = mapping(RULES, "").unwrap();
        let is_suggested = |kind: &str| mapping.suggestions(&kind.parse().unwrap()).is_some();
        assert!(is_suggested("invoice_mismatch"));
        assert!(!is_suggested("asn_failed"), "no audience has this category");
    }

    #[test]
    fn what_comes_again_and_again_is_found_by_its_kind() {
        let found = mapping(RULES, REPEATED).unwrap();
        let rules = |kind: &str| {
            let kind = kind.parse().unwrap();
            found
                .repeated(&kind)
                .map(|rule| rule.name.to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(rules("invoice_mismatch"), ["invoices", "all"]);
        assert_eq!(rules("asn_failed"), ["all"]);
        let shipped = mapping("", "").unwrap();
        assert_eq!(
            shipped.repeated(&"asn_failed".parse().unwrap()).count(),
            0,
            "it is off as shipped"
        );
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (from, to, problem) in [
            ("transaction.documentType", "record.state", "record.state is not known"),
            (
                "kind: invoice_mismatch\n      when",
                "kind: Invoices\n      when",
                "a category",
            ),
            ("after: 3", "after: 1", "must be 2 to 100"),
            ("within_days: 30", "within_days: 0", "must be 1 to 365"),
            ("name: all", "name: invoices", "the name of another rule"),
            (
                "base: Trading Partner Help }",
                "base: ' ' }",
                "the exact title of a knowledge base",
            ),
        ] {
            let (kinds, repeated) = (RULES.replacen(from, to, 1), REPEATED.replacen(from, to, 1));
            assert!(kinds != RULES || repeated != REPEATED, "{from}");
            let error = mapping(&kinds, &repeated).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("line "), "{error}");
        }
    }
}
