//! What becomes of exchanges that fail or are late: the first class whose condition holds.
//!
//! OpenText publishes no list of errors, so the classes are the customer's: conditions over status,
//! acknowledgement, error text, document type and partner. The last class has no condition, so every failure
//! belongs to one.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minijinja::{Environment, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{HOLDS, Invalid, Mode, RESERVED, SenderRule, TableRule, Unresolved, compile, compile_condition, invalid};
use crate::domain::{Category, CompanyId, SenderName, Subject, TableName, is_query_value};
use crate::event::{Exchange, Turn};
use crate::messages;

/// Names that conditions and templates about exchanges may use beside [`super::templates::COMMON`].
const VARIABLES: [&str; 9] = [
    "exchange.turn",
    "exchange.status",
    "exchange.acknowledgement",
    "exchange.deliveryStatus",
    "exchange.errorType",
    "exchange.errorCode",
    "exchange.message",
    "exchange.senderName",
    "exchange.receiverName",
];

/// The field that Gridlink itself writes and keeps current.
const DESCRIPTION: &str = "description";
/// The rule about parents, in errors.
const COMMON_CAUSE: &str = "the common cause of exchanges";

/// The rules about exchanges.
#[derive(Debug)]
pub struct ExchangeRules {
    /// Where incidents are made.
    pub table: TableName,
    /// Failures of one kind join an incident whose last failure is not longer ago.
    pub window: Duration,
    /// How many exchanges an incident names.
    pub samples: usize,
    /// States in which nobody works on an incident yet.
    pub untouched: Vec<String>,
    /// The fields that resolve an incident, but for the notes.
    pub resolve: BTreeMap<TableName, String>,
    /// How Lens is polled; without it, it is not.
    pub poll: Option<PollRule>,
    /// When incidents of several partners get a parent; without it, never.
    pub common_cause: Option<CommonCause>,
    classes: Vec<Class>,
}

/// When incidents of several partners have one cause, and what becomes of it.
#[derive(Debug)]
pub struct CommonCause {
    /// Incidents of so many different partners have one cause, if they fail alike.
    pub partners: usize,
    /// They began to fail within this time. Later ones join a parent whose last child is not longer ago.
    pub window: Duration,
    /// The field of an incident that refers to its parent.
    pub field: TableName,
    /// The exact name of the group that works on the parent.
    pub assignment_group: String,
    /// Who of the group.
    pub assign_to: AssignTo,
    /// What to do next, for the group.
    pub next: String,
    alike: BTreeSet<Alike>,
    fields: Vec<TableName>,
}

impl CommonCause {
    /// What the incident of an exchange may have in common with those of other partners: the class, and what
    /// the mapping names beside it.
    pub fn of(&self, class: &Category, exchange: &Exchange) -> Subject {
        let reference = &exchange.transaction_ref;
        let mut fingerprint = vec![class.as_str()];
        for alike in &self.alike {
            fingerprint.extend(match alike {
                Alike::Direction => ["direction", reference.direction.as_str()],
                Alike::DocumentType => ["document type", reference.document_type.as_str()],
                Alike::ErrorType => ["error type", exchange.error_type.as_str()],
                Alike::ErrorCode => ["error code", exchange.error_code.as_str()],
            });
        }
        Subject::cause(&fingerprint)
    }
}

/// What incidents with one cause have in common beside their class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Alike {
    Direction,
    DocumentType,
    ErrorType,
    ErrorCode,
}

/// How Lens is polled for exchanges.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollRule {
    /// Whose events these are: the sender that would push them.
    pub sender: SenderName,
    /// The company that runs Gridlink, whose directory names the partner at an address.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// Its own trading addresses: the partner is at the other end.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The business numbers that are asked for, by their names in Lens.
    pub content_keys: Vec<String>,
    /// What is not over after so long is told as late.
    late_after_minutes: u16,
}

impl PollRule {
    /// Which way a document went between two addresses: `inbound`, `outbound`, or nothing where it cannot be told.
    pub fn direction(&self, sender: &str, receiver: &str) -> &'static str {
        let is_own = |address: &str| self.addresses.iter().any(|own| own.eq_ignore_ascii_case(address));
        match (is_own(sender), is_own(receiver)) {
            (false, true) => "inbound",
            (true, false) => "outbound",
            (true, true) | (false, false) => "",
        }
    }

    /// After which time an exchange is told as late.
    pub fn late_after(&self) -> Duration {
        Duration::from_secs(u64::from(self.late_after_minutes) * 60)
    }
}

/// To whom an incident is assigned beyond its group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssignTo {
    /// To nobody.
    Nobody,
    /// To the manager of the group.
    Manager,
    /// To the user with this `user_name`.
    User(String),
}

#[derive(Debug)]
struct Class {
    name: Category,
    mode: Mode,
    wait: Duration,
    assignment_group: String,
    assign_to: AssignTo,
    next: String,
    fields: Vec<TableName>,
    is_conditional: bool,
}

/// What a class says about one exchange; a pure function of the mapping and the exchange.
#[derive(Debug, Clone, PartialEq)]
pub struct Classified {
    /// The name of the class.
    pub class: Category,
    /// Whether it acts.
    pub mode: Mode,
    /// How long an exchange may stay as it is before it counts as failed.
    pub wait: Duration,
    /// The exact name of the group that works on it.
    pub assignment_group: String,
    /// Who of the group.
    pub assign_to: AssignTo,
    /// What to do next, for the group.
    pub next: String,
    /// Fields by template and table; without references and the description.
    pub fields: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExchangesFile {
    table: Spanned<TableName>,
    window_minutes: Spanned<u32>,
    samples: Spanned<u16>,
    untouched: Vec<String>,
    resolve: Spanned<BTreeMap<TableName, String>>,
    #[serde(default)]
    poll: Option<Spanned<PollRule>>,
    #[serde(default)]
    common_cause: Option<CommonCauseFile>,
    classes: Spanned<Vec<ClassFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CommonCauseFile {
    partners: Spanned<u16>,
    window_minutes: Spanned<u32>,
    alike: BTreeSet<Alike>,
    field: Spanned<TableName>,
    assignment_group: Spanned<String>,
    #[serde(default)]
    assign_to: Option<Spanned<AssignTo>>,
    #[serde(default)]
    next: String,
    fields: Spanned<BTreeMap<TableName, Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassFile {
    name: Spanned<Category>,
    mode: Mode,
    #[serde(default)]
    when: Option<Spanned<String>>,
    #[serde(default)]
    wait_minutes: Option<Spanned<u32>>,
    assignment_group: Spanned<String>,
    #[serde(default)]
    assign_to: Option<Spanned<AssignTo>>,
    #[serde(default)]
    next: String,
    fields: BTreeMap<TableName, Spanned<String>>,
}

impl ExchangeRules {
    /// The names of the classes.
    pub fn classes(&self) -> impl Iterator<Item = &Category> {
        self.classes.iter().map(|class| &class.name)
    }

    /// The groups of the classes, each with the class that names it.
    pub(super) fn groups(&self) -> Vec<(String, String)> {
        let common = self.common_cause.iter();
        let common = common.map(|common| (COMMON_CAUSE.to_owned(), common.assignment_group.clone()));
        let classes = self.classes.iter().map(|class| {
            (
                format!("the class {} of exchanges", class.name),
                class.assignment_group.clone(),
            )
        });
        classes.chain(common).collect()
    }

    /// The fields of a parent incident by template and table, without references and the description; the exchange
    /// is the one with which the common cause was noticed.
    ///
    /// # Errors
    /// When a template cannot be worked out for this exchange.
    pub(super) fn parent_fields(
        &self,
        templates: &Environment<'static>,
        table: Option<&TableRule>,
        turn: Turn,
        exchange: &Exchange,
    ) -> Result<BTreeMap<String, String>, Unresolved> {
        let facts = facts(turn, exchange, "");
        let fields = self.common_cause.iter().flat_map(|common| &common.fields);
        render_fields(fields, table, |field| {
            templates
                .get_template(&name_of_common(field))
                .and_then(|template| template.render(&facts))
                .map_err(|source| Unresolved {
                    route: COMMON_CAUSE.to_owned(),
                    key: "fields",
                    source,
                })
        })
    }

    /// The first class whose condition holds; `partner` is the name to show.
    ///
    /// # Errors
    /// When a condition or template cannot be worked out for this exchange.
    pub(super) fn classify(
        &self,
        templates: &Environment<'static>,
        table: Option<&TableRule>,
        turn: Turn,
        exchange: &Exchange,
        partner: &str,
    ) -> Result<Classified, Unresolved> {
        let facts = facts(turn, exchange, partner);
        for class in &self.classes {
            let render = |part: &str, key: &'static str| {
                templates
                    .get_template(&name_of(&class.name, part))
                    .and_then(|template| template.render(&facts))
                    .map_err(|source| Unresolved {
                        route: format!("the class {} of exchanges", class.name),
                        key,
                        source,
                    })
            };
            if class.is_conditional && render("when", "condition")? != HOLDS {
                continue;
            }
            let fields = render_fields(&class.fields, table, |field| render(field.as_str(), "fields"))?;
            return Ok(Classified {
                class: class.name.clone(),
                mode: class.mode,
                wait: class.wait,
                assignment_group: class.assignment_group.clone(),
                assign_to: class.assign_to.clone(),
                next: class.next.clone(),
                fields,
            });
        }
        unreachable!("the last class has no condition: checked by parse")
    }
}

fn name_of(class: &Category, part: &str) -> String {
    format!("exchanges/{class}/{part}")
}

fn name_of_common(field: &TableName) -> String {
    format!("common-cause/{field}")
}

/// The fields by template; those of the table where there is none.
fn render_fields<'a>(
    fields: impl IntoIterator<Item = &'a TableName>,
    table: Option<&TableRule>,
    render: impl Fn(&TableName) -> Result<String, Unresolved>,
) -> Result<BTreeMap<String, String>, Unresolved> {
    let mut rendered = BTreeMap::new();
    for field in fields {
        rendered.insert(field.to_string(), render(field)?);
    }
    for (field, value) in table.into_iter().flat_map(|table| &table.fields) {
        rendered.entry(field.to_string()).or_insert_with(|| value.clone());
    }
    Ok(rendered)
}

fn facts(turn: Turn, exchange: &Exchange, partner: &str) -> minijinja::Value {
    let turn = match turn {
        Turn::Failed => "failed",
        Turn::Delayed => "delayed",
        Turn::Recovered => "recovered",
    };
    let line = |text: &str| messages::one_line(text, usize::MAX);
    context! {
        exchange => context! {
            turn,
            status => exchange.status.as_str(),
            acknowledgement => exchange.acknowledgement.as_str(),
            deliveryStatus => exchange.delivery_status.as_str(),
            errorType => line(&exchange.error_type),
            errorCode => line(&exchange.error_code),
            message => line(&exchange.message),
            senderName => line(&exchange.sender_name),
            receiverName => line(&exchange.receiver_name),
        },
        partner => context! {
            id => exchange.company_id.as_ref().map_or("", |company| company.as_str()),
            name => partner,
        },
        transaction => minijinja::Value::from(minijinja::value::Serde(&exchange.transaction_ref)),
        details => messages::transaction_details(&exchange.transaction_ref),
    }
}

/// Checks the rules and makes their conditions and templates ready.
pub(super) fn compile_exchanges(
    file: ExchangesFile,
    senders: &BTreeMap<SenderName, SenderRule>,
    tables: &BTreeMap<TableName, TableRule>,
    templates: &mut Environment<'static>,
) -> Result<ExchangeRules, Invalid> {
    let key = |part: &str| format!("exchanges.{part}");
    let Some(table) = tables.get(&file.table.value) else {
        let names = tables.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        return Err(invalid(&file.table, key("table"), format!("must be one of {names}")));
    };
    if table.reopen.is_empty() {
        let problem = format!(
            "{} has no reopen, which an exchange that fails again needs",
            file.table.value
        );
        return Err(invalid(&file.table, key("table"), problem));
    }
    if !(1..=7 * 24 * 60).contains(&file.window_minutes.value) {
        return Err(invalid(
            &file.window_minutes,
            key("window_minutes"),
            "must be 1 to 10080",
        ));
    }
    if !(1..=10).contains(&file.samples.value) {
        return Err(invalid(&file.samples, key("samples"), "must be 1 to 10"));
    }
    let resolves = file.resolve.value.iter().find(|(field, _)| field.as_str() == "state");
    if !resolves.is_some_and(|(_, state)| table.is_resolved(state)) {
        let problem = format!("must set state to one that tables.{} reopens", file.table.value);
        return Err(invalid(&file.resolve, key("resolve"), problem));
    }
    if let Some(poll) = &file.poll {
        let rule = &poll.value;
        if !senders.contains_key(&rule.sender) {
            let problem = format!("{} is none of senders", rule.sender);
            return Err(invalid(poll, key("poll.sender"), problem));
        }
        if !(1..=50).contains(&rule.content_keys.len()) {
            return Err(invalid(poll, key("poll.content_keys"), "must be 1 to 50 names"));
        }
    }
    let common_cause = file.common_cause.map(|rule| compile_common_cause(rule, templates));
    let mut classes = Vec::new();
    let mut names = BTreeSet::new();
    for class in &file.classes.value {
        if !names.insert(class.name.value.clone()) {
            let problem = format!("there are two classes {}", class.name.value);
            return Err(invalid(&class.name, key("classes"), problem));
        }
        classes.push(compile_class(class, templates)?);
    }
    let last = file.classes.value.last();
    match last.map(|class| (&class.when, &class.name)) {
        None => Err(invalid(&file.classes, key("classes"), "must have at least one class")),
        Some((Some(when), name)) => {
            let problem = "the last class must take every exchange, so it cannot have a condition";
            Err(invalid(when, key(&format!("classes[{}].when", name.value)), problem))
        }
        Some((None, _)) => Ok(ExchangeRules {
            table: file.table.value,
            window: Duration::from_secs(u64::from(file.window_minutes.value) * 60),
            samples: usize::from(file.samples.value),
            untouched: file.untouched,
            resolve: file.resolve.value,
            poll: file.poll.map(|poll| poll.value),
            common_cause: common_cause.transpose()?,
            classes,
        }),
    }
}

fn compile_common_cause(file: CommonCauseFile, templates: &mut Environment<'static>) -> Result<CommonCause, Invalid> {
    let key = |part: &str| format!("exchanges.common_cause.{part}");
    if !(2..=50).contains(&file.partners.value) {
        return Err(invalid(&file.partners, key("partners"), "must be 2 to 50"));
    }
    if !(1..=7 * 24 * 60).contains(&file.window_minutes.value) {
        let problem = "must be 1 to 10080";
        return Err(invalid(&file.window_minutes, key("window_minutes"), problem));
    }
    let (field, fields) = (&file.field.value, &file.fields.value);
    if RESERVED.contains(&field.as_str()) || fields.contains_key(field) {
        let problem = "must be the field of an incident that refers to its parent, which nothing else sets";
        return Err(invalid(&file.field, key("field"), problem));
    }
    check_whose(&file.assignment_group, file.assign_to.as_ref(), &key)?;
    compile_fields(
        fields,
        &file.fields,
        templates,
        &key,
        name_of_common,
        &["partner.id", "partner.name"],
    )?;
    Ok(CommonCause {
        partners: usize::from(file.partners.value),
        window: Duration::from_secs(u64::from(file.window_minutes.value) * 60),
        field: field.clone(),
        assignment_group: file.assignment_group.value.clone(),
        assign_to: file.assign_to.map_or(AssignTo::Nobody, |who| who.value),
        next: file.next.trim().to_owned(),
        alike: file.alike,
        fields: fields.keys().cloned().collect(),
    })
}

/// Checks who works on an incident.
fn check_whose(
    group: &Spanned<String>,
    assign_to: Option<&Spanned<AssignTo>>,
    key: &impl Fn(&str) -> String,
) -> Result<(), Invalid> {
    if !is_query_value(&group.value) {
        return Err(invalid(
            group,
            key("assignment_group"),
            "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)",
        ));
    }
    if let Some(assign_to) = assign_to
        && let AssignTo::User(user) = &assign_to.value
        && !is_query_value(user)
    {
        let problem = "must be a user_name of letters, digits and plain punctuation (no ^ , @ =)";
        return Err(invalid(assign_to, key("assign_to"), problem));
    }
    Ok(())
}

/// Checks the templates of an incident's fields and makes them ready; `foreign` are variables that have no meaning in
/// them.
fn compile_fields<T>(
    fields: &BTreeMap<TableName, Spanned<String>>,
    at: &Spanned<T>,
    templates: &mut Environment<'static>,
    key: &impl Fn(&str) -> String,
    name: impl Fn(&TableName) -> String,
    foreign: &[&str],
) -> Result<(), Invalid> {
    if !fields.keys().any(|field| field.as_str() == "short_description") {
        return Err(invalid(at, key("fields"), "must have short_description"));
    }
    for (field, template) in fields {
        let key = key(&format!("fields.{field}"));
        if RESERVED.contains(&field.as_str()) || [DESCRIPTION, "state", "assigned_to"].contains(&field.as_str()) {
            return Err(invalid(template, key, "is set by Gridlink and cannot be mapped"));
        }
        let text = template.value.clone();
        let variables = compile(templates, name(field), text, template, &key)?;
        check_variables(&variables, template, &key)?;
        if let Some(variable) = variables.iter().find(|variable| foreign.contains(&variable.as_str())) {
            return Err(invalid(
                template,
                key,
                format!("cannot use {variable}: there are several"),
            ));
        }
    }
    Ok(())
}

fn compile_class(class: &ClassFile, templates: &mut Environment<'static>) -> Result<Class, Invalid> {
    let name = &class.name.value;
    let key = |part: &str| format!("exchanges.classes[{name}].{part}");
    if let Some(when) = &class.when {
        let key = key("when");
        let variables = compile_condition(templates, name_of(name, "when"), when, &key)?;
        check_variables(&variables, when, &key)?;
        // Who the partner is in ServiceNow is looked up only for what becomes an incident.
        if variables.iter().any(|variable| variable == "partner.name") {
            return Err(invalid(when, key, "cannot use partner.name; use partner.id"));
        }
    }
    check_whose(&class.assignment_group, class.assign_to.as_ref(), &key)?;
    let wait = class.wait_minutes.as_ref();
    if let Some(wait) = wait
        && wait.value > 30 * 24 * 60
    {
        return Err(invalid(wait, key("wait_minutes"), "must be at most 43200"));
    }
    let template_of = |field: &TableName| name_of(name, field.as_str());
    compile_fields(&class.fields, &class.name, templates, &key, template_of, &[])?;
    Ok(Class {
        name: name.clone(),
        mode: class.mode,
        wait: Duration::from_secs(u64::from(wait.map_or(0, |wait| wait.value)) * 60),
        assignment_group: class.assignment_group.value.clone(),
        assign_to: class
            .assign_to
            .as_ref()
            .map_or(AssignTo::Nobody, |who| who.value.clone()),
        next: class.next.trim().to_owned(),
        fields: class.fields.keys().cloned().collect(),
        is_conditional: class.when.is_some(),
    })
}

/// Refuses names that no exchange has.
fn check_variables(variables: &[String], at: &Spanned<String>, key: &str) -> Result<(), Invalid> {
    super::check_names(&VARIABLES, variables, at, key)
}
