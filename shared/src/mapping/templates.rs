//! Conditions and templates: minijinja, with names that are known and work that is bounded.

use minijinja::{Environment, UndefinedBehavior};
use serde_saphyr::Spanned;

/// Names that all conditions and templates about what partners do may use.
pub(super) const COMMON: [&str; 11] = [
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
    pub(super) line: u64,
    pub(super) key: String,
    pub(super) problem: String,
}

/// A template or condition that failed on one event.
#[derive(Debug, thiserror::Error)]
#[error("{route} cannot work out its {key} for this event")]
pub struct Unresolved {
    pub(super) route: String,
    pub(super) key: &'static str,
    #[source]
    pub(super) source: minijinja::Error,
}

/// What a condition's template prints when the condition holds.
pub(super) const HOLDS: &str = "yes";

/// A place for conditions and templates.
pub(super) fn environment() -> Environment<'static> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Lenient);
    templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    templates.set_fuel(Some(FUEL));
    templates
}

pub(super) fn invalid<T>(at: &Spanned<T>, key: impl Into<String>, problem: impl Into<String>) -> Invalid {
    Invalid {
        line: at.referenced.line(),
        key: key.into(),
        problem: problem.into(),
    }
}

/// Makes a condition ready and gives the variables that it looks at, in order.
pub(super) fn compile_condition(
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
pub(super) fn compile(
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

/// Refuses names beside the known ones, the common ones and those of business numbers.
pub(super) fn check_names(
    known: &[&str],
    variables: &[String],
    at: &Spanned<String>,
    key: &str,
) -> Result<(), Invalid> {
    check_known(&[known, &COMMON].concat(), variables, at, key)
}

/// Refuses names beside the known ones and those of business numbers.
pub(super) fn check_known(
    known: &[&str],
    variables: &[String],
    at: &Spanned<String>,
    key: &str,
) -> Result<(), Invalid> {
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
