//! Which knowledge bases partners read, and who of them reads which article.
//!
//! A base that is not named is internal. Within one that is named, the first audience that fits an article counts, and
//! an article that none fits is internal too. An article that some user criteria may read is only for an audience that
//! names one of these: whoever narrows the readers of an article in ServiceNow narrows them here.

use std::collections::BTreeSet;

use minijinja::{Environment, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::drafts::{DraftRules, DraftsFile, checked_title, compile_drafts};
use super::kinds::{KindFile, KindRule, Suggestions, check_suggestions, compile_kinds};
use super::{HOLDS, Invalid, Mode, Unresolved, check_known, compile_condition, invalid};
use crate::domain::{Audience, Category, CompanyId, TableName};

/// Names that conditions about articles may use.
const VARIABLES: [&str; 5] = [
    "article.number",
    "article.title",
    "article.category",
    "article.language",
    "article.keywords",
];

/// The most entries of an audience that the collaboration contract takes.
const MOST_SEGMENTS: usize = 100;
const MOST_COMPANIES: usize = 1_000;

/// The rules about knowledge.
#[derive(Debug)]
pub struct KnowledgeRules {
    /// Which resolved records become drafts; without it none do.
    pub drafts: Option<DraftRules>,
    /// How articles are named in the first answer to an issue; without it none are.
    pub suggestions: Option<Suggestions>,
    pub(super) kinds: Vec<KindRule>,
    bases: Vec<BaseRule>,
}

/// A knowledge base that partners read.
#[derive(Debug)]
pub struct BaseRule {
    /// Its exact title.
    pub base: String,
    /// Whether its articles are shown.
    pub mode: Mode,
    audiences: Vec<AudienceRule>,
}

#[derive(Debug)]
struct AudienceRule {
    readers: Option<String>,
    is_conditional: bool,
    readership: Readership,
}

/// Who reads an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readership {
    /// The partners.
    pub audience: Audience,
    /// The kind of problem that the article is about, in the community's words.
    pub category: Option<Category>,
}

/// What rules may know of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArticleFacts<'a> {
    /// For example `KB0010042`.
    pub number: &'a str,
    /// Its title.
    pub title: &'a str,
    /// What its category is called.
    pub category: &'a str,
    /// For example `en`.
    pub language: &'a str,
    /// Words to find it by.
    pub keywords: &'a str,
    /// The names of the user criteria that may read it, where it has some of its own.
    pub readers: &'a [String],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnowledgeFile {
    bases: Spanned<Vec<BaseFile>>,
    #[serde(default)]
    drafts: Option<DraftsFile>,
    #[serde(default)]
    kinds: Vec<KindFile>,
    #[serde(default)]
    suggestions: Option<Spanned<Suggestions>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BaseFile {
    base: Spanned<String>,
    mode: Mode,
    audiences: Spanned<Vec<Spanned<AudienceFile>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AudienceFile {
    #[serde(default)]
    readers: Option<String>,
    #[serde(default)]
    when: Option<Spanned<String>>,
    #[serde(default)]
    everyone: bool,
    #[serde(default)]
    segments: Vec<String>,
    #[serde(default)]
    companies: Vec<CompanyId>,
    #[serde(default)]
    category: Option<Category>,
}

impl KnowledgeRules {
    /// The rule of a knowledge base by its exact title; nothing for an internal one.
    pub fn base(&self, title: &str) -> Option<&BaseRule> {
        self.bases.iter().find(|rule| rule.base == title)
    }

    /// Whether an article about a kind of problem may be shown to partners.
    pub(super) fn has_articles_about(&self, kind: &Category) -> bool {
        let shown = self.bases.iter().filter(|base| base.mode == Mode::On);
        let mut audiences = shown.flat_map(|base| &base.audiences);
        audiences.any(|audience| audience.readership.category.as_ref() == Some(kind))
    }

    /// Who reads an article of a base; nobody where no audience fits.
    ///
    /// # Errors
    /// When a condition cannot be worked out.
    pub(super) fn readership(
        &self,
        templates: &Environment<'static>,
        base: &str,
        article: &ArticleFacts<'_>,
    ) -> Result<Option<&Readership>, Unresolved> {
        let Some((at, rule)) = self.bases.iter().enumerate().find(|(_, rule)| rule.base == base) else {
            return Ok(None);
        };
        let facts = context! {
            article => context! {
                number => article.number,
                title => article.title,
                category => article.category,
                language => article.language,
                keywords => article.keywords,
            },
        };
        for (nth, audience) in rule.audiences.iter().enumerate() {
            let is_for_its_readers = match &audience.readers {
                Some(name) => article.readers.contains(name),
                None => article.readers.is_empty(),
            };
            if !is_for_its_readers {
                continue;
            }
            let holds = || {
                let template = templates.get_template(&name_of(at, nth));
                template
                    .and_then(|template| template.render(&facts))
                    .map_err(|source| Unresolved {
                        route: format!("the knowledge base {base}"),
                        key: "condition",
                        source,
                    })
            };
            if !audience.is_conditional || holds()? == HOLDS {
                return Ok(Some(&audience.readership));
            }
        }
        Ok(None)
    }
}

fn name_of(base: usize, audience: usize) -> String {
    format!("knowledge/{base}/{audience}")
}

/// Checks the rules and makes their conditions ready.
pub(super) fn compile_knowledge(
    file: &KnowledgeFile,
    tables: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<KnowledgeRules, Invalid> {
    let mut seen = BTreeSet::new();
    let mut bases = Vec::new();
    for (at, base) in file.bases.value.iter().enumerate() {
        let title = &checked_title(&base.base, "knowledge.bases.base")?;
        let key = |part: &str| format!("knowledge.bases[{title}].{part}");
        if !seen.insert(title.clone()) {
            let problem = format!("there are two rules for {title}");
            return Err(invalid(&base.base, "knowledge.bases", problem));
        }
        if base.audiences.value.is_empty() {
            return Err(invalid(
                &base.audiences,
                key("audiences"),
                "must name at least one audience",
            ));
        }
        let mut audiences = Vec::new();
        for (nth, audience) in base.audiences.value.iter().enumerate() {
            let key = key(&format!("audiences[{nth}]"));
            audiences.push(compile_audience(audience, &key, name_of(at, nth), templates)?);
        }
        bases.push(BaseRule {
            base: title.clone(),
            mode: base.mode,
            audiences,
        });
    }
    let drafts = file.drafts.as_ref();
    let drafts = drafts.map(|file| compile_drafts(file, tables, templates)).transpose()?;
    Ok(KnowledgeRules {
        drafts,
        suggestions: file.suggestions.as_ref().map(check_suggestions).transpose()?,
        kinds: compile_kinds(&file.kinds, templates)?,
        bases,
    })
}

fn compile_audience(
    file: &Spanned<AudienceFile>,
    key: &str,
    name: String,
    templates: &mut Environment<'static>,
) -> Result<AudienceRule, Invalid> {
    let audience = &file.value;
    let (segments, companies) = (&audience.segments, &audience.companies);
    let given = [audience.everyone, !segments.is_empty(), !companies.is_empty()];
    if given.iter().filter(|is_given| **is_given).count() != 1 {
        let problem = "must have one of everyone: true, segments and companies";
        return Err(invalid(file, key, problem));
    }
    if segments.len() > MOST_SEGMENTS || segments.iter().any(|name| !(1..=100).contains(&name.chars().count())) {
        let problem = format!("must be at most {MOST_SEGMENTS} names of 1 to 100 characters");
        return Err(invalid(file, format!("{key}.segments"), problem));
    }
    if companies.len() > MOST_COMPANIES {
        let problem = format!("must be at most {MOST_COMPANIES}");
        return Err(invalid(file, format!("{key}.companies"), problem));
    }
    if audience.readers.as_ref().is_some_and(|name| name.trim().is_empty()) {
        let problem = "must be the exact name of a user criterion";
        return Err(invalid(file, format!("{key}.readers"), problem));
    }
    if let Some(when) = &audience.when {
        let key = format!("{key}.when");
        let variables = compile_condition(templates, name, when, &key)?;
        check_known(&VARIABLES, &variables, when, &key)?;
    }
    Ok(AudienceRule {
        readers: audience.readers.clone(),
        is_conditional: audience.when.is_some(),
        readership: Readership {
            audience: match (audience.everyone, segments.is_empty()) {
                (true, _) => Audience::Everyone,
                (false, false) => Audience::Segments {
                    segments: segments.clone(),
                },
                (false, true) => Audience::Companies {
                    company_ids: companies.clone(),
                },
            },
            category: audience.category.clone(),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");

    fn mapping(knowledge: &str) -> Result<Mapping, Invalid> {
        let (before, rest) = DEFAULT.split_once("\nknowledge:\n").unwrap();
        let (_, after) = rest.split_once("\n# Routes.").unwrap();
        Mapping::parse(&format!("{before}\nknowledge:\n{knowledge}\n# Routes.{after}"))
    }

    fn readership(mapping: &Mapping, base: &str, category: &str, readers: &[&str]) -> Option<Audience> {
        let readers = readers.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let article = ArticleFacts {
            number: "KB0010001",
            title: "A guide",
            category,
            language: "en",
            keywords: "",
            readers: &readers,
        };
        let found = mapping.readership(base, &article).unwrap();
        found.map(|found| found.audience)
    }

    const RULES: &str = r#"
  bases:
    - base: Help
      mode: on
      audiences:
        - readers: Contoso only
          companies: [GC1]
        - when: article.category == "Food"
          segments: [food]
        - everyone: true
    - base: Drafts
      mode: off
      audiences: [{ when: article.number == "x", everyone: true }]
"#;

    #[test]
    fn the_first_audience_that_fits_reads_an_article() {
        let mapping = mapping(RULES).unwrap();
        let of = |base: &str, category: &str, readers: &[&str]| readership(&mapping, base, category, readers);
        assert_eq!(of("Help", "Other", &[]), Some(Audience::Everyone));
        let segments = vec!["food".to_owned()];
        assert_eq!(of("Help", "Food", &[]), Some(Audience::Segments { segments }));
        let company_ids = vec!["GC1".parse().unwrap()];
        let contoso = Some(Audience::Companies { company_ids });
        assert_eq!(of("Help", "Food", &["Contoso only"]), contoso);
        assert_eq!(of("Help", "Food", &["Somebody", "Contoso only"]), contoso);
    }

    #[test]
    fn what_no_audience_fits_is_internal() {
        let mapping = mapping(RULES).unwrap();
        assert_eq!(readership(&mapping, "Help", "Food", &["Somebody"]), None);
        assert_eq!(readership(&mapping, "help", "Food", &[]), None);
        assert_eq!(readership(&mapping, "Drafts", "Food", &[]), None);
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        for (from, to, problem) in [
            ("base: Drafts", "base: Help", "there are two rules for Help"),
            ("base: Drafts", "base: ' '", "exact title"),
            (
                "- everyone: true",
                "- {}",
                "one of everyone: true, segments and companies",
            ),
            (
                "- everyone: true",
                "- { everyone: true, segments: [x] }",
                "one of everyone",
            ),
            ("article.category", "article.author", "article.author is not known"),
            (
                "article.category ==",
                "article.category =",
                "knowledge.bases[Help].audiences[1].when",
            ),
            ("readers: Contoso only", "readers: ' '", "user criterion"),
            ("companies: [GC1]", "companies: [G/C]", "a company id"),
            ("mode: off", "mode: maybe", "unknown variant"),
            (
                "audiences: [{ when: article.number == \"x\", everyone: true }]",
                "audiences: []",
                "at least one audience",
            ),
        ] {
            let broken = RULES.replacen(from, to, 1);
            assert_ne!(broken, RULES, "{from}");
            let error = mapping(&broken).unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("line "), "{error}");
        }
    }
}
