//! Business rules that are rows of `sys_script`: they set fields or refuse a write, whoever writes.
//!
//! Rules of a table, of its parents and of `global` run together in their order. Those before 1000 see the row as it
//! was sent, the others what the platform's own engines (priority, data policies) made of it. Scripts of asynchronous
//! rules run later, where an application brought an engine ([`app`]). Others are not run: one that only aborts counts
//! as the flag does, any other is noted. Rules on queries are kept and noted, too.

use std::collections::BTreeMap;

use crate::servicenow::app;
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::locale::Asker;
use crate::servicenow::query::Query;

/// The base table of `sys_script`.
pub(super) const SOURCE: &str = "sys_metadata";

/// The active rules by table, in their order.
#[derive(Debug, Default)]
pub(super) struct Rules(BTreeMap<String, Vec<Rule>>);

#[derive(Debug, Clone)]
struct Rule {
    sys_id: String,
    name: String,
    time: Time,
    order: i64,
    events: Vec<Event>,
    filter: String,
    /// The sys_ids of roles, one of which is enough; none asks for no role.
    roles: Vec<String>,
    template: String,
    aborts: bool,
    /// A script, or a condition in script, that nobody can run.
    has_script: bool,
    has_script_condition: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Time {
    Before,
    /// After the write, at once: only a script can do something then.
    After,
    /// Some time after the commit.
    Later,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    Insert,
    Update,
    Delete,
    Query,
}

/// Whether the platform's own engines have run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    BeforeEngines,
    AfterEngines,
}

/// A write that rules are about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) event: Event,
    pub(crate) class: &'a str,
    /// The row before the write.
    pub(crate) old: Option<&'a Row>,
}

/// Runs the rules before a write on the fields to be stored; journal entries that a rule writes join the others.
pub(crate) fn before(
    state: &mut State,
    act: Act<'_>,
    change: Change<'_>,
    stage: Stage,
    fields: &mut Fields,
    entries: &mut Vec<(String, String)>,
) -> Result<(), Refusal> {
    for rule in rules_of(state, act, change.class, change.event, Time::Before) {
        let is_early = rule.order < FIRST_AFTER_ENGINES;
        if is_early != (stage == Stage::BeforeEngines) || !applies(state, act, &rule, change, fields, entries) {
            continue;
        }
        let values = template(state, act, &rule);
        entries.extend(state.accept_as(act.as_script(), change.class, change.class, &values, fields));
        note_script(state, &rule);
        if rule.aborts {
            return Err(aborted(&rule, change.class));
        }
    }
    Ok(())
}

/// Refuses to delete a row where a rule does; what else a rule would set has no row any more.
pub(crate) fn before_delete(state: &mut State, act: Act<'_>, row: &Row) -> Result<(), Refusal> {
    let change = Change {
        event: Event::Delete,
        class: &row.class,
        old: Some(row),
    };
    let (mut fields, mut entries) = (row.fields.clone(), Vec::new());
    before(state, act, change, Stage::BeforeEngines, &mut fields, &mut entries)?;
    before(state, act, change, Stage::AfterEngines, &mut fields, &mut entries)
}

/// Schedules the rules after a write that run later, and notes the others that would have run a script.
pub(crate) fn after(state: &mut State, act: Act<'_>, change: Change<'_>, sys_id: &str, entries: &[(String, String)]) {
    let mut rules = rules_of(state, act, change.class, change.event, Time::After);
    rules.extend(rules_of(state, act, change.class, change.event, Time::Later));
    if rules.is_empty() {
        return;
    }
    let now = state.find(change.class, sys_id).or(change.old);
    let fields = now.map(|row| row.fields.clone()).unwrap_or_default();
    for rule in rules {
        if !applies(state, act, &rule, change, &fields, entries) {
            continue;
        }
        if rule.time == Time::Later && state.app.is_some() {
            app::schedule(state, act, rule.sys_id, change, sys_id);
        } else {
            note_script(state, &rule);
        }
    }
}

/// Notes the rules that would have changed a query.
pub(crate) fn before_query(state: &mut State, act: Act<'_>, table: &str) {
    for rule in rules_of(state, act, table, Event::Query, Time::Before) {
        note_script(state, &rule);
    }
}

/// Documented: the platform's engines run between the rules below this order and the others.
const FIRST_AFTER_ENGINES: i64 = 1000;

fn rules_of(state: &State, act: Act<'_>, class: &str, event: Event, time: Time) -> Vec<Rule> {
    if !act.meets.business_rules {
        return Vec::new();
    }
    let Rules(by_table) = state.guards.business_rules(state);
    if by_table.is_empty() {
        return Vec::new();
    }
    let user = super::user(state, act.by);
    let lineage = state.dictionary.lineage(class).map(|table| table.name.as_str());
    let all = lineage
        .chain(["global"])
        .filter_map(|table| by_table.get(table))
        .flatten();
    let mut rules: Vec<Rule> = all
        .filter(|rule| rule.time == time && rule.events.contains(&event))
        .filter(|rule| {
            rule.roles.is_empty() || user.is_admin || rule.roles.iter().any(|role| user.roles.contains(role))
        })
        .cloned()
        .collect();
    rules.sort_by(|left, right| (left.order, &left.sys_id).cmp(&(right.order, &right.sys_id)));
    rules
}

/// Whether the conditions of the rule hold; notes those that cannot be judged, which hold for nothing.
fn applies(
    state: &mut State,
    act: Act<'_>,
    rule: &Rule,
    change: Change<'_>,
    fields: &Fields,
    entries: &[(String, String)],
) -> bool {
    if rule.has_script_condition {
        state
            .ignored
            .push(format!("the condition of business rule {} was not run", rule.name));
        return false;
    }
    // A journal has changed when the row carries the new entry under its name.
    let journals = entries.iter().cloned();
    let row = Row {
        class: change.class.to_owned(),
        inserted: 0,
        fields: fields.clone().into_iter().chain(journals).collect(),
    };
    let query = Query::parse_condition(state, change.class, &rule.filter, &Asker::of(state, act));
    query.matches_change(state, change.old.map(|old| &old.fields), &row)
}

/// What the rule sets, as `field=value^…^EQ`.
fn template(state: &mut State, act: Act<'_>, rule: &Rule) -> Fields {
    let parts = rule
        .template
        .split('^')
        .filter(|part| !part.is_empty() && *part != "EQ");
    let mut values = Fields::new();
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        let value = match value {
            "javascript:gs.getUserID()" => state.user_sys_id(act.by),
            script if script.starts_with("javascript:") => {
                let note = format!("business rule {} did not set {name} to {script}", rule.name);
                state.ignored.push(note);
                continue;
            }
            value => value.to_owned(),
        };
        values.insert(name.to_owned(), value);
    }
    values
}

fn note_script(state: &mut State, rule: &Rule) {
    if rule.has_script {
        state
            .ignored
            .push(format!("the script of business rule {} was not run", rule.name));
    }
}

/// The stack names the rules that are running; without scripts one runs at a time.
fn aborted(rule: &Rule, class: &str) -> Refusal {
    let Rule { name, sys_id, .. } = rule;
    let detail = format!(
        "Operation against file '{class}' was aborted by Business Rule '{name}^{sys_id}'. Business Rule Stack:{name}"
    );
    Refusal::status(403, "Operation Failed", &detail)
}

pub(super) fn compile(state: &State) -> Rules {
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for row in state.rows("sys_script") {
        if row.get("active") == "true" && row.get("when") != "before_display" {
            let of_table = rules.entry(row.get("collection").to_owned()).or_default();
            of_table.push(rule(row));
        }
    }
    Rules(rules)
}

fn rule(row: &Row) -> Rule {
    let is = |name: &str| row.get(name) == "true";
    let events = [
        (Event::Insert, "action_insert"),
        (Event::Update, "action_update"),
        (Event::Delete, "action_delete"),
        (Event::Query, "action_query"),
    ];
    let roles = row.get("role_conditions").split(',').filter(|role| !role.is_empty());
    let script = bare(row.get("script"));
    let only_aborts = script == "current.setAbortAction(true)";
    Rule {
        sys_id: row.get("sys_id").to_owned(),
        name: row.get("name").to_owned(),
        time: match row.get("when") {
            "before" => Time::Before,
            "async" | "async_always" => Time::Later,
            _ => Time::After,
        },
        order: row.get("order").parse().unwrap_or(100),
        events: events
            .into_iter()
            .filter(|(_, name)| is(name))
            .map(|(event, _)| event)
            .collect(),
        filter: row.get("filter_condition").to_owned(),
        roles: roles.map(|role| role.trim().to_owned()).collect(),
        template: row.get("template").to_owned(),
        aborts: is("abort_action") || only_aborts,
        has_script: !script.is_empty() && !only_aborts,
        has_script_condition: !row.get("condition").is_empty(),
    }
}

/// What a script does, without comments, white space and the function that the form puts around it.
fn bare(script: &str) -> String {
    let mut text = String::new();
    let mut rest = script;
    while let Some(start) = rest.find("/*") {
        text.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    text.push_str(rest);
    let lines = text
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    let code: String = lines.flat_map(str::split_whitespace).collect();
    let code = code.trim_end_matches(';');
    let inner = code
        .strip_prefix("(functionexecuteRule(current,previous){")
        .and_then(|code| code.strip_suffix("})(current,previous)"));
    inner.unwrap_or(code).trim_end_matches(';').to_owned()
}

#[cfg(test)]
mod tests {
    use super::bare;

    #[test]
    fn the_function_around_a_script_is_not_what_it_does() {
        let form = "(function executeRule(current, previous /*null when async*/) {\n\n\t// Add your code here\n\n\
                    })(current, previous);";
        assert_eq!(bare(form), "");
        assert_eq!(
            bare(&form.replace("// Add your code here", "current.setAbortAction(true); // no")),
            "current.setAbortAction(true)"
        );
        assert_eq!(
            bare("gs.info('x');\ncurrent.setAbortAction(true);"),
            "gs.info('x');current.setAbortAction(true)"
        );
        assert_eq!(bare("a /* never closed"), "a");
    }
}
