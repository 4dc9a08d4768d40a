//! Access rules: rows of `sys_security_acl`, and what they decide for a user and a table.
//!
//! The documented search order is, for a row: the table, its parents, `*`; for a field: `table.field`,
//! `parent.field`, `*.field`, `table.*`, `parent.*`, `*.*`. The first of them that has rules decides: one rule that
//! passes is enough. Where a row has no rule, the property `glide.sm.default_mode` decides; where a field has none,
//! the row's rule was enough. Rules of the kind "deny unless" are searched for on their own, and all of them must
//! pass. An administrator passes where every rule that decides has `admin_overrides`.

use std::collections::BTreeMap;

use super::Operation;
use super::roles::User;
use crate::servicenow::engine::{Row, State};
use crate::servicenow::locale::Asker;
use crate::servicenow::query::Query;

/// The active rules of all kinds, by name.
#[derive(Debug, Default)]
pub(super) struct Rules(BTreeMap<String, Vec<Rule>>);

#[derive(Debug)]
struct Rule {
    /// `None` for operations that no request asks for.
    operation: Option<Operation>,
    is_for_rest: bool,
    denies: bool,
    admin_overrides: bool,
    /// The sys_ids of roles, one of which is enough; none asks for no role.
    roles: Vec<String>,
    condition: String,
    script: Script,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Passes,
    /// It says no, or it is one that nobody runs yet: such a rule must not let anybody in.
    Fails,
}

/// What the rules of a table mean for a user and an operation.
#[derive(Debug)]
pub(super) struct TableAccess {
    pub(super) row: Check,
    /// The fields that have rules of their own.
    fields: BTreeMap<String, Check>,
}

/// A decision, perhaps one that depends on the row.
#[derive(Debug)]
pub(super) enum Check {
    Passes,
    Fails,
    /// All of the first must match, and one of the second if there is any.
    Depends(Vec<Query>, Vec<Query>),
}

static NO_RULE: Check = Check::Passes;

impl TableAccess {
    pub(super) fn of(state: &State, user: &User, operation: Operation, class: &str) -> TableAccess {
        let rules = &state.guards.compiled(state).acl;
        let decision = Decision { state, user, class };
        let lineage: Vec<&str> = state
            .dictionary
            .lineage(class)
            .map(|table| table.name.as_str())
            .collect();
        let of = |name: String| rules.of(&name, operation);
        let levels: Vec<Vec<&Rule>> = lineage
            .iter()
            .chain(&["*"])
            .map(|table| of((*table).to_owned()))
            .collect();
        let is_open = user.is_admin || state.property("glide.sm.default_mode", "deny") == "allow";
        let default = if is_open { Check::Passes } else { Check::Fails };
        let row = decision.of(&levels).unwrap_or(default);
        let mut fields = BTreeMap::new();
        for field in state.dictionary.columns(class).into_keys() {
            let own = lineage.iter().chain(&["*"]).map(|table| of(format!("{table}.{field}")));
            let any = lineage.iter().chain(&["*"]).map(|table| of(format!("{table}.*")));
            let levels: Vec<Vec<&Rule>> = own.chain(any).collect();
            if let Some(check) = decision.of(&levels) {
                fields.insert(field.to_owned(), check);
            }
        }
        TableAccess { row, fields }
    }

    pub(super) fn field(&self, name: &str) -> &Check {
        self.fields.get(name).unwrap_or(&NO_RULE)
    }
}

impl Check {
    pub(super) fn passes(&self, state: &State, row: &Row) -> bool {
        match self {
            Check::Passes => true,
            Check::Fails => false,
            Check::Depends(all, any) => {
                all.iter().all(|query| query.matches(state, row))
                    && (any.is_empty() || any.iter().any(|query| query.matches(state, row)))
            }
        }
    }

    /// Whether it fails for every row.
    pub(super) fn is_hopeless(&self) -> bool {
        matches!(self, Check::Fails)
    }
}

impl Rules {
    fn of(&self, name: &str, operation: Operation) -> Vec<&Rule> {
        let rules = self.0.get(name).into_iter().flatten();
        rules
            .filter(|rule| !rule.is_for_rest && rule.operation == Some(operation))
            .collect()
    }

    /// Whether the user may use an API as such. Those rules have no condition on a row.
    pub(super) fn open_api(&self, state: &State, user: &User, api: &str) -> bool {
        let rules = self.0.get(api).into_iter().flatten();
        let levels = [rules.filter(|rule| rule.is_for_rest).collect()];
        let decision = Decision { state, user, class: "" };
        decision.of(&levels).is_none_or(|check| matches!(check, Check::Passes))
    }
}

/// What is the same for every rule of a table.
struct Decision<'a> {
    state: &'a State,
    user: &'a User,
    class: &'a str,
}

impl Decision<'_> {
    /// What the levels decide, the most specific first; none where no level has a rule.
    fn of(&self, levels: &[Vec<&Rule>]) -> Option<Check> {
        let first = |denies: bool| {
            let mut levels = levels.iter().map(|level| {
                let rules = level.iter().copied().filter(|rule| rule.denies == denies);
                rules.collect::<Vec<&Rule>>()
            });
            levels.find(|level| !level.is_empty())
        };
        let (deny, allow) = (first(true), first(false));
        if deny.is_none() && allow.is_none() {
            return None;
        }
        let mut all = Vec::new();
        for check in self.judged(&deny.unwrap_or_default()) {
            match check {
                Check::Passes => {}
                Check::Fails => return Some(Check::Fails),
                Check::Depends(queries, _) => all.extend(queries),
            }
        }
        let mut any = Vec::new();
        let mut is_allowed = false;
        for check in self.judged(&allow.unwrap_or_default()) {
            match check {
                Check::Passes => is_allowed = true,
                Check::Fails => {}
                Check::Depends(queries, _) => any.extend(queries),
            }
        }
        Some(match (is_allowed, any.is_empty()) {
            (false, true) => Check::Fails,
            (true, _) if all.is_empty() => Check::Passes,
            (true, _) => Check::Depends(all, Vec::new()),
            (false, false) => Check::Depends(all, any),
        })
    }

    fn judged(&self, rules: &[&Rule]) -> Vec<Check> {
        if self.user.is_admin && rules.iter().all(|rule| rule.admin_overrides) {
            return rules.iter().map(|_| Check::Passes).collect();
        }
        rules.iter().map(|rule| self.judge(rule)).collect()
    }

    fn judge(&self, rule: &Rule) -> Check {
        let has_role = rule.roles.is_empty() || rule.roles.iter().any(|role| self.user.roles.contains(role));
        if !has_role || rule.script == Script::Fails {
            return Check::Fails;
        }
        if rule.condition.is_empty() {
            return Check::Passes;
        }
        let query = Query::parse(
            self.state,
            self.class,
            &rule.condition,
            &Asker::timeless(&self.user.sys_id),
        );
        Check::Depends(vec![query], Vec::new())
    }
}

pub(super) fn compile(state: &State) -> Rules {
    let mut roles: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for row in state.rows("sys_security_acl_role") {
        let rule = roles.entry(row.get("sys_security_acl")).or_default();
        rule.push(row.get("sys_user_role").to_owned());
    }
    let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
    for row in state.rows("sys_security_acl") {
        let is_for_rest = row.get("type") == "REST_Endpoint";
        if row.get("active") != "true" || !(is_for_rest || row.get("type") == "record") {
            continue;
        }
        let rule = Rule {
            operation: Operation::named(row.get("operation")),
            is_for_rest,
            denies: row.get("decision_type") == "deny",
            admin_overrides: row.get("admin_overrides") == "true",
            roles: roles.remove(row.get("sys_id")).unwrap_or_default(),
            condition: row.get("condition").to_owned(),
            script: script(row),
        };
        rules.entry(row.get("name").to_owned()).or_default().push(rule);
    }
    Rules(rules)
}

fn script(row: &Row) -> Script {
    let text: String = row.get("script").split_whitespace().collect();
    let is_open = text.is_empty() || text.trim_end_matches(';') == "answer=true";
    if row.get("advanced") != "true" || is_open {
        Script::Passes
    } else {
        Script::Fails
    }
}
