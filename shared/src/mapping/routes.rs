//! Where the record of an issue is made, by whom it is worked, and what it says: the first route that fits.

use std::collections::BTreeMap;

use minijinja::{Environment, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::file::File;
use super::{HOLDS, Invalid, Mapping, Mode, Unresolved, check_names, compile, compile_condition, invalid};
use crate::domain::{CompanyId, TableName, is_query_value};
use crate::event::Issue;
use crate::messages;

/// Names that conditions and templates about issues may use beside [`super::templates::COMMON`].
const VARIABLES: [&str; 6] = [
    "issue.id",
    "issue.kind",
    "issue.category",
    "issue.priority",
    "issue.summary",
    "issue.description",
];

/// Fields that the mapping may not set: they are how a record is found again.
pub(super) const RESERVED: [&str; 8] = [
    "sys_id",
    "number",
    "correlation_id",
    "correlation_display",
    "assignment_group",
    "comments",
    "work_notes",
    "sys_class_name",
];

#[derive(Debug)]
pub(super) struct Route {
    pub(super) name: String,
    mode: Mode,
    table: TableName,
    pub(super) assignment_group: String,
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
pub(super) struct RouteFile {
    name: Spanned<String>,
    mode: Mode,
    #[serde(default)]
    when: Option<Spanned<String>>,
    table: Spanned<TableName>,
    assignment_group: Spanned<String>,
    fields: BTreeMap<TableName, Spanned<String>>,
}

impl Mapping {
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

pub(super) fn facts(issue: &Issue, partner: &str) -> minijinja::Value {
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

pub(super) fn compile_routes(file: &File, templates: &mut Environment<'static>) -> Result<Vec<Route>, Invalid> {
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

/// Refuses names that no issue has.
pub(super) fn check_variables(variables: &[String], at: &Spanned<String>, key: &str) -> Result<(), Invalid> {
    check_names(&VARIABLES, variables, at, key)
}
