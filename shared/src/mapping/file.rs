//! The file as it is written, and the checks that concern more than one of its parts.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::escalation::{EscalationFile, compile_escalation};
use super::exchanges::{ExchangesFile, compile_exchanges};
use super::knowledge::{KnowledgeFile, compile_knowledge};
use super::onboarding::{OnboardingFile, compile_onboarding};
use super::routes::{RouteFile, compile_routes};
use super::status::{GoneFile, StatusFile, compile_statuses, words_of};
use super::tasks::{TasksFile, compile_tasks};
use super::templates::environment;
use super::{
    ClosureRule, Desk, DocumentRule, Invalid, Mapping, Owner, ParkedRule, PullRule, SenderRule, TableRule,
    UnknownPartner, WhenFinished, invalid,
};
use crate::domain::{IssueState, SenderName, TableName};
use crate::event::{OURSELVES, Priority};
use crate::messages;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) version: Spanned<u32>,
    pub(super) senders: Spanned<BTreeMap<SenderName, SenderRule>>,
    #[serde(default)]
    pub(super) pull: Option<Spanned<PullRule>>,
    pub(super) documents: DocumentRule,
    #[serde(default)]
    pub(super) documents_to_partner: Option<DocumentRule>,
    pub(super) unknown_partner: UnknownPartner,
    pub(super) priorities: Spanned<BTreeMap<Priority, BTreeMap<TableName, String>>>,
    pub(super) tables: Spanned<BTreeMap<TableName, TableRule>>,
    pub(super) ownership: BTreeMap<TableName, Owner>,
    pub(super) desk: Spanned<Desk>,
    #[serde(default)]
    pub(super) closure: Option<Spanned<ClosureRule>>,
    #[serde(default)]
    pub(super) escalation: Option<EscalationFile>,
    pub(super) statuses: Spanned<BTreeMap<TableName, StatusFile>>,
    #[serde(default)]
    pub(super) when_parked: Option<Spanned<ParkedRule>>,
    #[serde(default)]
    pub(super) when_gone: Option<GoneFile<IssueState>>,
    #[serde(default)]
    pub(super) exchanges: Option<ExchangesFile>,
    #[serde(default)]
    pub(super) tasks: Option<TasksFile>,
    #[serde(default)]
    pub(super) knowledge: Option<KnowledgeFile>,
    pub(super) onboarding: Option<OnboardingFile>,
    pub(super) routes: Spanned<Vec<RouteFile>>,
}

impl Mapping {
    /// Reads and checks a mapping.
    ///
    /// # Errors
    /// The first problem, with its line, its key and what would be allowed.
    pub fn parse(yaml: &str) -> Result<Self, Invalid> {
        let file: File = serde_saphyr::from_str(yaml).map_err(|error| Invalid {
            line: error.location().map_or(1, |location| location.line()),
            key: "yaml".to_owned(),
            problem: error.without_snippet().to_string(),
        })?;
        if file.version.value != 1 {
            return Err(invalid(&file.version, "version", "must be 1"));
        }
        let mut templates = environment();
        if file.senders.value.keys().any(|name| name.as_str() == OURSELVES) {
            let problem = "is the name of Gridlink itself: choose another";
            return Err(invalid(&file.senders, format!("senders.{OURSELVES}"), problem));
        }
        if let Some(rule) = &file.when_parked
            && messages::still_waiting(&rule.value.text).is_none()
        {
            return Err(invalid(rule, "when_parked.text", "must say something"));
        }
        if let Some(pull) = &file.pull {
            let named = [
                ("pull.community", &pull.value.community),
                ("pull.servicenow", &pull.value.servicenow),
            ];
            for (key, sender) in named {
                if let Some(sender) = sender
                    .as_ref()
                    .filter(|sender| !file.senders.value.contains_key(*sender))
                {
                    return Err(invalid(pull, key, format!("{sender} is none of senders")));
                }
            }
        }
        check_priorities(&file)?;
        check_tables(&file)?;
        if let Some(rule) = &file.closure
            && !(1..=90).contains(&rule.value.confirm_within_days)
        {
            return Err(invalid(rule, "closure.confirm_within_days", "must be 1 to 90"));
        }
        let routes = compile_routes(&file, &mut templates)?;
        if !(1..=100).contains(&file.desk.value.name.trim().chars().count()) {
            return Err(invalid(&file.desk, "desk.name", "must be 1 to 100 characters"));
        }
        let when_gone = file.when_gone.map(|gone| words_of(gone, "when_gone")).transpose()?;
        let tables = file.tables.value.keys().collect::<Vec<_>>();
        let statuses = compile_statuses(file.statuses, &tables, &mut templates)?;
        let escalation = file
            .escalation
            .map(|rules| compile_escalation(rules, &tables, &mut templates))
            .transpose()?;
        let exchanges = match file.exchanges {
            Some(rules) => {
                let senders = &file.senders.value;
                Some(compile_exchanges(rules, senders, &file.tables.value, &mut templates)?)
            }
            None => None,
        };
        let tasks = file
            .tasks
            .map(|rules| compile_tasks(rules, &tables, &mut templates))
            .transpose()?;
        let knowledge = file
            .knowledge
            .map(|rules| compile_knowledge(&rules, &tables, &mut templates))
            .transpose()?;
        Ok(Self {
            senders: file.senders.value,
            pull: file.pull.map(|rule| rule.value).unwrap_or_default(),
            documents_to_partner: file.documents_to_partner.unwrap_or_else(|| file.documents.clone()),
            documents: file.documents,
            unknown_partner: file.unknown_partner,
            priorities: file.priorities.value,
            tables: file.tables.value,
            routes,
            owners: file.ownership,
            statuses,
            when_parked: file.when_parked.map(|rule| rule.value),
            when_gone,
            desk: file.desk.value,
            closure: file.closure.map(|rule| rule.value),
            escalation,
            exchanges,
            tasks,
            knowledge,
            onboarding: file.onboarding.map(compile_onboarding).transpose()?,
            templates,
        })
    }
}

fn check_priorities(file: &File) -> Result<(), Invalid> {
    for priority in [Priority::Low, Priority::Medium, Priority::High, Priority::Critical] {
        if !file.priorities.value.contains_key(&priority) {
            let problem = format!(
                "{} is missing; needed are low, medium, high and critical",
                priority.as_str()
            );
            return Err(invalid(&file.priorities, "priorities", problem));
        }
    }
    Ok(())
}

fn check_tables(file: &File) -> Result<(), Invalid> {
    for (table, rule) in &file.tables.value {
        let key = |part: &str| format!("tables.{table}.{part}");
        for field in &rule.priority_fields {
            for (priority, values) in &file.priorities.value {
                if !values.contains_key(field) {
                    let problem = format!("priorities.{} has no {field}", priority.as_str());
                    return Err(invalid(&file.tables, key("priority_fields"), problem));
                }
            }
        }
        if rule.finished.is_empty() {
            return Err(invalid(
                &file.tables,
                key("finished"),
                "must name at least one state: reopen or new",
            ));
        }
        let reopens = rule.finished.values().any(|what| *what == WhenFinished::Reopen);
        if reopens && rule.reopen.is_empty() {
            return Err(invalid(
                &file.tables,
                key("reopen"),
                "must say which fields open a record again",
            ));
        }
        if file.closure.is_some() && reopens && rule.close.is_empty() {
            return Err(invalid(
                &file.tables,
                key("close"),
                "must say which fields close a resolved record, because closure asks the partner",
            ));
        }
    }
    Ok(())
}
