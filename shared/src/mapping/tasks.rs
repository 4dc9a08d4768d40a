//! Which tasks the threads of partners lead to: the first rule that fits makes one.
//!
//! A rule fits by the kind of what was written, by phrases, and by a condition over partner, document type, thread
//! and transaction. Phrases are compared word by word, whatever their case and what stands between the words, so
//! that `ship` is not found in `worship`. They are looked for in what was written, not in the topic of the thread:
//! every later message would have them too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use minijinja::{Environment, context};
use serde::Deserialize;
use serde_saphyr::Spanned;

use super::status::{GoneFile, RuleFile, StatusRules, Words, compile as compile_words, words_of};
use super::{
    HOLDS, Invalid, Mode, PartnerRule, RESERVED, Unresolved, check_names, compile, compile_condition, invalid,
};
use crate::domain::{OutcomeState, TableName, TaskName, Timestamp, is_query_value};
use crate::effect::Outcome;
use crate::event::{Thread, Wish, WishKind};
use crate::messages;

/// Names that conditions and templates about threads may use beside [`super::templates::COMMON`].
const VARIABLES: [&str; 6] = [
    "request.kind",
    "request.text",
    "request.documentType",
    "thread.id",
    "thread.topic",
    "thread.issueId",
];

/// The longest time that a rule may give, in days.
const MOST_DAYS: u32 = 365;

/// The rules about threads.
#[derive(Debug)]
pub struct TaskRules {
    tables: BTreeMap<TableName, TaskTable>,
    under: BTreeMap<TableName, TaskUnder>,
    when_gone: Option<Words<OutcomeState>>,
    rules: Vec<TaskRule>,
}

#[derive(Debug)]
struct TaskTable {
    partner: Option<PartnerRule>,
    words: StatusRules<OutcomeState>,
}

/// Where a task is made under the record of its thread's issue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaskUnder {
    /// The table of the task.
    pub table: TableName,
    /// The field that refers to the record.
    pub parent: TableName,
}

/// A rule about what partners want in threads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRule {
    /// Its name, on timelines.
    pub name: TaskName,
    /// Whether it acts.
    pub mode: Mode,
    /// Where its task is made, unless that goes under the record of the thread's issue.
    pub table: TableName,
    /// Whether its task goes under the record of the thread's issue, where there is one.
    pub is_under_case: bool,
    /// The exact name of the group that works on it.
    pub assignment_group: String,
    /// The time that it has, where the partner wishes none.
    due_in: Duration,
    kinds: Vec<WishKind>,
    phrases: Vec<Vec<String>>,
    fields: Vec<TableName>,
    is_conditional: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TasksFile {
    tables: Spanned<BTreeMap<TableName, TaskTableFile>>,
    #[serde(default)]
    under: Option<Spanned<BTreeMap<TableName, TaskUnder>>>,
    #[serde(default)]
    when_gone: Option<GoneFile<OutcomeState>>,
    rules: Spanned<Vec<TaskRuleFile>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskTableFile {
    #[serde(default)]
    partner: Option<PartnerRule>,
    /// The field that says publicly how a task ended.
    resolution: TableName,
    rules: Spanned<Vec<RuleFile<OutcomeState>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskRuleFile {
    name: Spanned<TaskName>,
    mode: Mode,
    kinds: Spanned<Vec<WishKind>>,
    #[serde(default)]
    phrases: Vec<Spanned<String>>,
    #[serde(default)]
    when: Option<Spanned<String>>,
    table: Spanned<TableName>,
    #[serde(default = "yes")]
    under_case: bool,
    assignment_group: Spanned<String>,
    due: Spanned<DueFile>,
    fields: BTreeMap<TableName, Spanned<String>>,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DueFile {
    Minutes(u32),
    Days(u32),
}

impl DueFile {
    fn minutes(&self) -> u32 {
        match self {
            DueFile::Minutes(minutes) => *minutes,
            DueFile::Days(days) => days.saturating_mul(24 * 60),
        }
    }
}

impl TaskRules {
    /// The groups of the tasks of threads, each with the rule that names it.
    pub(super) fn groups(&self) -> Vec<(String, String)> {
        let rules = self.rules.iter();
        rules
            .map(|rule| {
                (
                    format!("the task {} of threads", rule.name),
                    rule.assignment_group.clone(),
                )
            })
            .collect()
    }

    /// Where tasks are made under records of a table; nothing where they stand alone.
    pub fn under(&self, table: &TableName) -> Option<&TaskUnder> {
        self.under.get(table)
    }

    /// How tasks of a table refer to the partner.
    pub fn partner(&self, table: &TableName) -> Option<&PartnerRule> {
        self.tables.get(table)?.partner.as_ref()
    }

    /// What the partner is told of a task that was deleted; nothing where the mapping is silent.
    pub fn gone(&self) -> Option<Outcome> {
        self.when_gone.clone().map(|words| words.outcome(None))
    }

    pub(super) fn words(&self, table: &TableName) -> Option<&StatusRules<OutcomeState>> {
        self.tables.get(table).map(|table| &table.words)
    }

    /// The first rule that fits.
    ///
    /// # Errors
    /// When a condition cannot be worked out.
    pub(super) fn rule(
        &self,
        templates: &Environment<'static>,
        thread: &Thread,
        wish: &Wish<'_>,
    ) -> Result<Option<&TaskRule>, Unresolved> {
        let facts = facts(thread, wish, "");
        let said = words(&format!("{} {}", wish.document_type, wish.text));
        for rule in &self.rules {
            let has_phrase = || rule.phrases.iter().any(|phrase| has(&said, phrase));
            if !rule.kinds.contains(&wish.kind) || !(rule.phrases.is_empty() || has_phrase()) {
                continue;
            }
            if !rule.is_conditional || rule.render(templates, "when", "condition", &facts)? == HOLDS {
                return Ok(Some(rule));
            }
        }
        Ok(None)
    }
}

impl TaskRule {
    /// When its task is to be done: as the partner wishes, unless that is past; else in the rule's time.
    pub fn due(&self, wish: &Wish<'_>, now: Timestamp) -> Timestamp {
        let wished = wish.needed_by.filter(|by| *by > now);
        wished.unwrap_or_else(|| now.after(self.due_in))
    }

    /// The fields by template.
    ///
    /// # Errors
    /// When a template cannot be worked out.
    pub(super) fn rendered(
        &self,
        templates: &Environment<'static>,
        thread: &Thread,
        wish: &Wish<'_>,
        partner: &str,
    ) -> Result<BTreeMap<String, String>, Unresolved> {
        let facts = facts(thread, wish, partner);
        let fields = self.fields.iter().map(|field| {
            let value = self.render(templates, field.as_str(), "fields", &facts)?;
            Ok((field.to_string(), value))
        });
        fields.collect()
    }

    fn render(
        &self,
        templates: &Environment<'static>,
        part: &str,
        key: &'static str,
        facts: &minijinja::Value,
    ) -> Result<String, Unresolved> {
        templates
            .get_template(&name_of(&self.name, part))
            .and_then(|template| template.render(facts))
            .map_err(|source| Unresolved {
                route: format!("the rule {} of tasks", self.name),
                key,
                source,
            })
    }
}

fn name_of(rule: &TaskName, part: &str) -> String {
    format!("tasks/{rule}/{part}")
}

fn facts(thread: &Thread, wish: &Wish<'_>, partner: &str) -> minijinja::Value {
    let line = |text: &str| messages::one_line(text, usize::MAX);
    context! {
        request => context! {
            kind => wish.kind.as_str(),
            text => messages::clean(wish.text),
            documentType => line(wish.document_type),
        },
        thread => context! {
            id => thread.thread_id.as_str(),
            topic => line(&thread.topic),
            issueId => thread.issue_id.as_ref().map_or("", |issue| issue.as_str()),
        },
        partner => context! { id => thread.company_id.as_str(), name => partner },
        transaction => minijinja::Value::from(minijinja::value::Serde(wish.transaction_ref)),
        details => messages::transaction_details(wish.transaction_ref),
    }
}

/// The words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|character: char| !character.is_alphanumeric());
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Whether a phrase stands in a text.
fn has(text: &[String], phrase: &[String]) -> bool {
    text.windows(phrase.len()).any(|part| part == phrase)
}

/// Checks the rules and makes their conditions and templates ready. `records` are the tables of records of issues.
pub(super) fn compile_tasks(
    file: TasksFile,
    records: &[&TableName],
    templates: &mut Environment<'static>,
) -> Result<TaskRules, Invalid> {
    let key = |part: &str| format!("tasks.{part}");
    if file.tables.value.is_empty() {
        return Err(invalid(&file.tables, key("tables"), "must name at least one table"));
    }
    let known = file.tables.value.keys().cloned().collect::<BTreeSet<_>>();
    let names = known.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    if let Some(under) = &file.under {
        for (record, task) in &under.value {
            if !records.contains(&record) {
                let problem = format!("{record} is none of tables");
                return Err(invalid(under, key("under"), problem));
            }
            if !known.contains(&task.table) {
                let problem = format!("must be one of {names}");
                return Err(invalid(under, key(&format!("under.{record}.table")), problem));
            }
        }
    }
    let mut rules = Vec::new();
    let mut seen = BTreeSet::new();
    for rule in &file.rules.value {
        if !seen.insert(&rule.name.value) {
            let problem = format!("there are two rules {}", rule.name.value);
            return Err(invalid(&rule.name, key("rules"), problem));
        }
        if !known.contains(&rule.table.value) {
            let key = key(&format!("rules[{}].table", rule.name.value));
            return Err(invalid(&rule.table, key, format!("must be one of {names}")));
        }
        rules.push(compile_rule(rule, templates)?);
    }
    let mut tables = BTreeMap::new();
    for (table, file) in file.tables.value {
        let place = format!("tasks.tables.{table}");
        let task = TaskTable {
            partner: file.partner,
            words: compile_words(place, file.resolution, &file.rules, templates)?,
        };
        tables.insert(table, task);
    }
    Ok(TaskRules {
        tables,
        under: file.under.map(|under| under.value).unwrap_or_default(),
        when_gone: file
            .when_gone
            .map(|gone| words_of(gone, "tasks.when_gone"))
            .transpose()?,
        rules,
    })
}

fn compile_rule(rule: &TaskRuleFile, templates: &mut Environment<'static>) -> Result<TaskRule, Invalid> {
    let name = &rule.name.value;
    let key = |part: &str| format!("tasks.rules[{name}].{part}");
    if rule.kinds.value.is_empty() {
        let problem = "must be message, document-request, or both";
        return Err(invalid(&rule.kinds, key("kinds"), problem));
    }
    let mut phrases = Vec::new();
    for phrase in &rule.phrases {
        let words = words(&phrase.value);
        if words.is_empty() {
            return Err(invalid(phrase, key("phrases"), "must have at least one word"));
        }
        phrases.push(words);
    }
    if let Some(when) = &rule.when {
        let key = key("when");
        let variables = compile_condition(templates, name_of(name, "when"), when, &key)?;
        check_names(&VARIABLES, &variables, when, &key)?;
        // Who the partner is in ServiceNow is looked up only for what becomes a task.
        if variables.iter().any(|variable| variable == "partner.name") {
            return Err(invalid(when, key, "cannot use partner.name; use partner.id"));
        }
    }
    let takes_all = rule.phrases.is_empty() && rule.when.is_none();
    if takes_all && rule.kinds.value.contains(&WishKind::Message) {
        let problem = "would make a task of every message: give the rule phrases or a condition";
        return Err(invalid(&rule.kinds, key("kinds"), problem));
    }
    if !is_query_value(&rule.assignment_group.value) {
        return Err(invalid(
            &rule.assignment_group,
            key("assignment_group"),
            "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)",
        ));
    }
    let minutes = rule.due.value.minutes();
    if !(1..=MOST_DAYS * 24 * 60).contains(&minutes) {
        return Err(invalid(&rule.due, key("due"), "must be 1 minute to 365 days"));
    }
    for needed in ["short_description", "description"] {
        if !rule.fields.keys().any(|field| field.as_str() == needed) {
            return Err(invalid(&rule.name, key("fields"), format!("must have {needed}")));
        }
    }
    for (field, template) in &rule.fields {
        let key = key(&format!("fields.{field}"));
        if RESERVED.contains(&field.as_str()) || ["state", "due_date"].contains(&field.as_str()) {
            return Err(invalid(template, key, "is set by Gridlink and cannot be mapped"));
        }
        let text = template.value.clone();
        let variables = compile(templates, name_of(name, field.as_str()), text, template, &key)?;
        check_names(&VARIABLES, &variables, template, &key)?;
    }
    Ok(TaskRule {
        name: name.clone(),
        mode: rule.mode,
        table: rule.table.value.clone(),
        is_under_case: rule.under_case,
        assignment_group: rule.assignment_group.value.clone(),
        due_in: Duration::from_secs(u64::from(minutes) * 60),
        kinds: rule.kinds.value.clone(),
        phrases,
        fields: rule.fields.keys().cloned().collect(),
        is_conditional: rule.when.is_some(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Event, ThreadNews};
    use crate::mapping::Mapping;

    const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");
    const POSTED: &str = include_str!("../../../events/receive-webhook/thread-message-posted.json");
    const REQUESTED: &str = include_str!("../../../events/receive-webhook/thread-document-requested.json");

    fn news(sample: &str, change: impl FnOnce(&mut serde_json::Value)) -> ThreadNews {
        let mut json = serde_json::from_str(sample).unwrap();
        change(&mut json);
        let event = Event::parse(&"trading-grid".parse().unwrap(), &json.to_string()).unwrap();
        match event.data {
            Data::Thread(news) => *news,
            other => panic!("{other:?}"),
        }
    }

    /// The rule and the group that a wish comes to.
    fn ruled(mapping: &Mapping, news: &ThreadNews) -> String {
        let rule = mapping.task_rule(&news.thread, &news.wish().unwrap()).unwrap();
        rule.map_or_else(String::new, |rule| format!("{} {}", rule.name, rule.assignment_group))
    }

    fn of_message(text: &str) -> String {
        let mapping = Mapping::parse(DEFAULT).unwrap();
        ruled(
            &mapping,
            &news(POSTED, |json| json["data"]["message"]["text"] = text.into()),
        )
    }

    fn of_request(document_type: &str) -> String {
        let mapping = Mapping::parse(DEFAULT).unwrap();
        let change = |json: &mut serde_json::Value| {
            json["data"]["documentRequest"]["documentType"] = document_type.into();
            json["data"]["documentRequest"]["text"] = "Thank you.".into();
        };
        ruled(&mapping, &news(REQUESTED, change))
    }

    #[test]
    fn the_default_mapping_knows_what_partners_ask_for() {
        for (text, wanted) in [
            ("Thanks!", ""),
            ("The packing list names the wrong plant.", ""),
            (
                "Please send a corrected\nPacking-List.",
                "corrected-shipping-document Document Control",
            ),
            ("Packing lists are sent by mail.", ""),
            ("Where is our shipment?", "where-is-the-shipment Logistics Exceptions"),
            ("Our AS2 certificate expires on Monday.", "connection B2B Integration"),
            ("Can you cancel the order?", "order-change Procurement"),
        ] {
            assert_eq!(of_message(text), wanted, "{text}");
        }
        for (document, wanted) in [
            (
                "Corrected Bill of Lading",
                "corrected-shipping-document Document Control",
            ),
            ("copy of the invoice", "invoice-or-statement B2B Finance"),
            ("a map of the plant", "any-other-document Document Control"),
        ] {
            assert_eq!(of_request(document), wanted, "{document}");
        }
    }

    /// The shipped mapping with another first rule about threads.
    fn with_rule(part: &str) -> Mapping {
        let rule = "  rules:\n    - name: corrected-shipping-document\n";
        let new = format!(
            "  rules:\n    - name: first\n      mode: on\n{part}      table: task\n      assignment_group: Procurement\n      \
             due: {{ minutes: 30 }}\n      fields: {{ short_description: \"{{{{ partner.name }}}} {{{{ thread.topic }}}}\", \
             description: \"{{{{ details }}}}\" }}\n    - name: corrected-shipping-document\n"
        );
        Mapping::parse(&DEFAULT.replace(rule, &new)).unwrap()
    }

    #[test]
    fn a_rule_may_ask_for_the_partner_the_document_type_and_the_topic() {
        let asked = news(REQUESTED, |_| ());
        for (when, fits) in [
            ("partner.id == \\\"GC41543822654A\\\"", true),
            ("partner.id == \\\"GC1\\\"", false),
            ("transaction.documentType == \\\"856\\\"", true),
            ("\\\"4500012345\\\" in thread.topic", true),
            ("thread.issueId == \\\"\\\"", false),
        ] {
            let mapping = with_rule(&format!("      kinds: [document-request]\n      when: \"{when}\"\n"));
            assert_eq!(ruled(&mapping, &asked) == "first Procurement", fits, "{when}");
        }
        let mapping = with_rule("      kinds: [document-request]\n");
        let rule = mapping
            .task_rule(&asked.thread, &asked.wish().unwrap())
            .unwrap()
            .unwrap();
        assert_eq!((rule.due_in.as_secs(), rule.is_under_case), (1800, true));
        let fields = mapping.task_fields(rule, &asked.thread, &asked.wish().unwrap(), "Northwind");
        let fields = fields.unwrap();
        assert_eq!(
            fields["short_description"],
            "Northwind Shipping documents of purchase order 4500012345"
        );
        assert!(fields["description"].contains("Purchase order number: 4500012345"));
    }

    #[test]
    fn how_far_a_task_is_has_words_and_its_end_a_public_reason() {
        let mapping = Mapping::parse(DEFAULT).unwrap();
        let outcome = |table: &str, state: &str| {
            let values = [("state", state), ("close_notes", "Lost at sea.")];
            let values = values.map(|(field, value)| (field.to_owned(), value.to_owned()));
            mapping.outcome(&table.parse().unwrap(), &values.into()).unwrap()
        };
        for table in ["sc_task", "sn_customerservice_task", "incident_task", "task"] {
            let told = |state: &str| outcome(table, state).unwrap();
            assert_eq!((told("1").state, told("1").resolution), (OutcomeState::Accepted, None));
            assert_eq!(
                (told("2").state, told("2").resolution),
                (OutcomeState::InProgress, None)
            );
            assert_eq!(told("3").state, OutcomeState::Done);
            let declined = told("4");
            assert_eq!(declined.state, OutcomeState::Declined);
            assert_eq!(declined.resolution.unwrap().as_str(), "Lost at sea.");
        }
        assert_eq!(outcome("problem", "1"), None);
        assert_eq!(mapping.tasks.as_ref().unwrap().gone().unwrap().label, "being checked");
    }

    #[test]
    fn a_mistake_is_reported_with_its_line_and_what_is_allowed() {
        let check = |from: &str, to: &str, line_of: &str, key: &str, problem: &str| {
            let broken = DEFAULT.replacen(from, to, 1);
            assert_ne!(broken, DEFAULT, "{from}");
            let error = Mapping::parse(&broken).unwrap_err().to_string();
            let line = broken.lines().position(|line| line.contains(line_of)).unwrap() + 1;
            let wanted = format!("the mapping, line {line}: {key}: ");
            assert!(
                error.starts_with(&wanted) && error.contains(problem),
                "{wanted}… {problem}\n{error}"
            );
        };
        let rule = "tasks.rules[corrected-shipping-document]";
        check(
            "      table: sc_task\n",
            "      table: sc_item\n",
            "table: sc_item",
            &format!("{rule}.table"),
            "must be one of incident_task, sc_task, sn_customerservice_task, task",
        );
        check(
            "      when: request.kind ==",
            "      when: request.sort ==",
            "request.sort",
            &format!("{rule}.when"),
            "request.sort is not known; allowed are request.kind",
        );
        check(
            "      when: request.kind ==",
            "      when: partner.name ==",
            "when: partner.name",
            &format!("{rule}.when"),
            "use partner.id",
        );
        check(
            "        - shipping document\n",
            "        - \"?!\"\n",
            "- \"?!\"",
            &format!("{rule}.phrases"),
            "at least one word",
        );
        check(
            "      due: { days: 1 }",
            "      due: { days: 400 }",
            "days: 400",
            &format!("{rule}.due"),
            "365 days",
        );
        check(
            "      phrases: [change the order, change of the order, order change, cancel the order, new delivery date]\n",
            "",
            "      kinds: [message]",
            "tasks.rules[order-change].kinds",
            "would make a task of every message",
        );
        check(
            "    - name: invoice-or-statement",
            "    - name: corrected-shipping-document # again",
            "# again",
            "tasks.rules",
            "there are two rules corrected-shipping-document",
        );
        check(
            "        short_description: \"{{ partner.name }}: {{ request.documentType or thread.topic }}\"",
            "        due_date: \"{{ thread.topic }}\"",
            "- name: corrected-shipping-document",
            &format!("{rule}.fields"),
            "must have short_description",
        );
        check(
            "    incident: { table: incident_task, parent: incident }",
            "    problem: { table: incident_task, parent: incident }",
            "sn_customerservice_case: { table: sn_customerservice_task",
            "tasks.under",
            "problem is none of tables",
        );
    }
}
