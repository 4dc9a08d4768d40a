//! How approved requests of the service catalog become users with roles.
//!
//! The environments, role bundles and kinds are the choices and items of the catalog. Whatever stands in any bundle
//! of an environment is a role that Gridlink gives and takes there; other roles of a user are nobody's business here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::{Invalid, Mode, invalid};
use crate::domain::{ArticleId, CompanyId, OnboardingKind, OnboardingState, RoleName, TableName, is_query_value};

/// The steps of which a partner reads, in their order.
pub const STEPS: [&str; 4] = ["approved", "company", "user", "roles"];

/// The states that a partner reads of.
const TOLD: [OnboardingState; 5] = [
    OnboardingState::InProgress,
    OnboardingState::Waiting,
    OnboardingState::Done,
    OnboardingState::Failed,
    OnboardingState::Undone,
];

/// The rules about requests.
#[derive(Debug)]
pub struct OnboardingRules {
    /// Whether they act.
    pub mode: Mode,
    /// Our own company: its partner directory says which partners there are.
    pub company: CompanyId,
    items: BTreeMap<OnboardingKind, String>,
    /// The states of requested items.
    pub states: ItemStates,
    /// How new users begin.
    pub new_users: NewUserRule,
    environments: BTreeMap<String, EnvironmentRule>,
    /// Who sets companies up.
    pub setup: SetupRule,
    words: BTreeMap<OnboardingState, String>,
    steps: BTreeMap<String, String>,
    /// What a new user reads first.
    pub first_steps: Vec<ArticleId>,
}

/// The states of requested items.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemStates {
    /// It waits for somebody.
    pub pending: String,
    /// It is complete.
    pub done: String,
    /// It is closed, and not complete.
    pub canceled: BTreeSet<String>,
}

/// How new users begin.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewUserRule {
    /// For example `en`.
    pub language: String,
    /// For example `America/New_York`.
    pub timezone: String,
}

/// The roles of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnvironmentRule {
    /// Who has one of these is an administrator of the company.
    pub administrators: BTreeSet<RoleName>,
    bundles: BTreeMap<String, BTreeSet<RoleName>>,
}

/// Who sets companies up that are not in the partner directory, and how long that may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetupRule {
    /// Where the task is made.
    pub table: TableName,
    /// The exact name of the group.
    pub assignment_group: String,
    /// How often the directory is looked at.
    pub check_every: Duration,
    /// How long until the group is reminded, again and again.
    pub remind_after: Duration,
    /// How long until the request is given back.
    pub give_up_after: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OnboardingFile {
    mode: Mode,
    company: CompanyId,
    items: Spanned<BTreeMap<OnboardingKind, String>>,
    states: Spanned<ItemStates>,
    new_users: Spanned<NewUserRule>,
    environments: Spanned<BTreeMap<String, Spanned<EnvironmentFile>>>,
    setup: Spanned<SetupFile>,
    words: Spanned<BTreeMap<OnboardingState, String>>,
    steps: Spanned<BTreeMap<String, String>>,
    #[serde(default)]
    first_steps: Vec<ArticleId>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvironmentFile {
    administrators: BTreeSet<RoleName>,
    bundles: BTreeMap<String, BTreeSet<RoleName>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SetupFile {
    table: TableName,
    assignment_group: String,
    check_every_minutes: u32,
    remind_after_days: u32,
    give_up_after_days: u32,
}

impl OnboardingRules {
    /// What an item of the catalog, by its exact name, asks for; nothing where it is none of ours.
    pub fn kind(&self, item: &str) -> Option<OnboardingKind> {
        let mut items = self.items.iter();
        items.find(|(_, name)| *name == item).map(|(kind, _)| *kind)
    }

    /// The names of the items.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.items.values().map(String::as_str)
    }

    /// The roles of an environment.
    pub fn environment(&self, name: &str) -> Option<&EnvironmentRule> {
        self.environments.get(name)
    }

    /// The names of the environments.
    pub fn environments(&self) -> impl Iterator<Item = &str> {
        self.environments.keys().map(String::as_str)
    }

    /// Who has one of these in any environment is an administrator.
    pub fn administrators(&self) -> BTreeSet<&RoleName> {
        let rules = self.environments.values();
        rules.flat_map(|rule| &rule.administrators).collect()
    }

    /// What a partner reads of a state; nothing of a state that partners are not told of.
    pub fn label(&self, state: OnboardingState) -> Option<&str> {
        self.words.get(&state).map(String::as_str)
    }

    /// What a partner reads of a step.
    pub fn step(&self, key: &str) -> &str {
        self.steps.get(key).map_or("", String::as_str)
    }
}

impl EnvironmentRule {
    /// The roles of a bundle.
    pub fn bundle(&self, name: &str) -> Option<&BTreeSet<RoleName>> {
        self.bundles.get(name)
    }

    /// The names of the bundles.
    pub fn bundles(&self) -> impl Iterator<Item = &str> {
        self.bundles.keys().map(String::as_str)
    }

    /// The roles of all bundles.
    pub fn managed(&self) -> BTreeSet<&RoleName> {
        self.bundles.values().flatten().collect()
    }
}

/// Checks the rules.
pub(super) fn compile_onboarding(file: OnboardingFile) -> Result<OnboardingRules, Invalid> {
    let key = |part: &str| format!("onboarding.{part}");
    for kind in OnboardingKind::ALL {
        match file.items.value.get(&kind) {
            Some(name) if is_query_value(name) => {}
            Some(_) => {
                let problem = "must be the exact name of a catalog item, of letters, digits and plain punctuation";
                return Err(invalid(&file.items, key(&format!("items.{}", kind.as_str())), problem));
            }
            None => {
                let problem = format!("{} is missing", kind.as_str());
                return Err(invalid(&file.items, key("items"), problem));
            }
        }
    }
    let names = file.items.value.values().collect::<BTreeSet<_>>();
    if names.len() < file.items.value.len() {
        return Err(invalid(&file.items, key("items"), "two kinds have the same item"));
    }
    let states = &file.states.value;
    if states.canceled.is_empty() || states.canceled.contains(&states.done) || states.canceled.contains(&states.pending)
    {
        let problem = "must name at least one state that is neither pending nor done";
        return Err(invalid(&file.states, key("states.canceled"), problem));
    }
    if states.pending == states.done {
        return Err(invalid(
            &file.states,
            key("states.pending"),
            "must not be the state of done",
        ));
    }
    let new = &file.new_users.value;
    if new.language.trim().is_empty() || new.timezone.trim().is_empty() {
        let problem = "must say language and timezone";
        return Err(invalid(&file.new_users, key("new_users"), problem));
    }
    if file.environments.value.is_empty() {
        return Err(invalid(
            &file.environments,
            key("environments"),
            "must name at least one",
        ));
    }
    for (name, rule) in &file.environments.value {
        let key = |part: &str| key(&format!("environments.{name}.{part}"));
        if rule.value.bundles.is_empty() {
            return Err(invalid(rule, key("bundles"), "must name at least one"));
        }
        if let Some((bundle, _)) = rule.value.bundles.iter().find(|(_, roles)| roles.is_empty()) {
            let problem = "must have at least one role; to take all away there is a request of its own";
            return Err(invalid(rule, key(&format!("bundles.{bundle}")), problem));
        }
        if rule.value.administrators.is_empty() {
            let problem = "must name the roles that make an administrator, so that no company loses its last one";
            return Err(invalid(rule, key("administrators"), problem));
        }
    }
    let setup = compile_setup(&file.setup)?;
    for state in TOLD {
        if file.words.value.get(&state).is_none_or(|words| words.trim().is_empty()) {
            let problem = "must say something of in-progress, waiting, done, failed and undone";
            return Err(invalid(&file.words, key("words"), problem));
        }
    }
    if let Some(state) = file.words.value.keys().find(|state| !TOLD.contains(state)) {
        let problem = format!("{state:?} is never told: allowed are in-progress, waiting, done, failed and undone");
        return Err(invalid(&file.words, key("words"), problem));
    }
    let is_complete = STEPS.iter().all(|step| file.steps.value.contains_key(*step));
    if !is_complete || file.steps.value.len() != STEPS.len() {
        let problem = format!("must name exactly {}", STEPS.join(", "));
        return Err(invalid(&file.steps, key("steps"), problem));
    }
    let environments = file.environments.value.into_iter().map(|(name, rule)| {
        let EnvironmentFile {
            administrators,
            bundles,
        } = rule.value;
        (
            name,
            EnvironmentRule {
                administrators,
                bundles,
            },
        )
    });
    Ok(OnboardingRules {
        mode: file.mode,
        company: file.company,
        items: file.items.value,
        states: file.states.value,
        new_users: file.new_users.value,
        environments: environments.collect(),
        setup,
        words: file.words.value,
        steps: file.steps.value,
        first_steps: file.first_steps,
    })
}

fn compile_setup(file: &Spanned<SetupFile>) -> Result<SetupRule, Invalid> {
    let key = |part: &str| format!("onboarding.setup.{part}");
    let rule = &file.value;
    if !is_query_value(&rule.assignment_group) {
        let problem = "must be the exact name of a group, of letters, digits and plain punctuation (no ^ , @ =)";
        return Err(invalid(file, key("assignment_group"), problem));
    }
    if !(1..=24 * 60).contains(&rule.check_every_minutes) {
        return Err(invalid(file, key("check_every_minutes"), "must be 1 to 1440"));
    }
    if !(1..=90).contains(&rule.remind_after_days) {
        return Err(invalid(file, key("remind_after_days"), "must be 1 to 90"));
    }
    if !(rule.remind_after_days..=365).contains(&rule.give_up_after_days) {
        let problem = "must be at least remind_after_days, and at most 365";
        return Err(invalid(file, key("give_up_after_days"), problem));
    }
    let days = |days: u32| Duration::from_secs(u64::from(days) * 24 * 3600);
    Ok(SetupRule {
        table: rule.table.clone(),
        assignment_group: rule.assignment_group.clone(),
        check_every: Duration::from_secs(u64::from(rule.check_every_minutes) * 60),
        remind_after: days(rule.remind_after_days),
        give_up_after: days(rule.give_up_after_days),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Mapping;

    const DEFAULT: &str = include_str!("../../../infra/mapping.yaml");
    const CATALOG: &str = include_str!("../../../infra/servicenow-app/src/fluent/catalog.now.ts");

    fn rules(yaml: &str) -> OnboardingRules {
        Mapping::parse(yaml).unwrap().onboarding.unwrap()
    }

    #[test]
    fn the_shipped_rules_know_every_item_and_every_choice_of_the_shipped_catalog() {
        let rules = rules(DEFAULT);
        let quoted = |line: &str| {
            let line = line.trim().trim_end_matches(',');
            let text = line.split_once(": ").map(|(_, text)| text)?;
            Some(text.trim_matches(['\'', '"']).to_owned())
        };
        let items = CATALOG
            .lines()
            .filter(|line| line.starts_with("    name: "))
            .filter_map(quoted);
        let items: Vec<String> = items.collect();
        assert_eq!(items.len(), OnboardingKind::ALL.len());
        for item in &items {
            assert!(rules.kind(item).is_some(), "{item}");
        }
        let choices = |variable: &str| {
            let begin = format!("{variable}: SelectBoxVariable");
            let mut names = BTreeSet::new();
            for list in CATALOG.split(&begin).skip(1) {
                let list = list.split("choices: {").nth(1).unwrap();
                let list = list.split("            },").next().unwrap();
                let choices = list.lines().filter_map(|line| line.trim().split_once(": {"));
                names.extend(choices.map(|(name, _)| name.to_owned()));
            }
            names
        };
        let (bundles, environments) = (choices("role_bundle"), choices("environment"));
        assert_eq!((bundles.len(), environments.len()), (4, 2));
        for environment in &environments {
            let rule = rules.environment(environment).unwrap();
            let known = rule.bundles().map(str::to_owned).collect::<BTreeSet<_>>();
            assert_eq!(known, bundles, "{environment}");
        }
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
        check(
            "    remove-access: Remove a trading partner user's access\n",
            "",
            "    onboard-partner: Onboard",
            "onboarding.items",
            "remove-access is missing",
        );
        check(
            "    add-user: Add a trading partner user\n",
            "    add-user: Onboard a trading partner\n",
            "    onboard-partner: Onboard",
            "onboarding.items",
            "two kinds have the same item",
        );
        check(
            "    canceled: [\"4\", \"7\"]",
            "    canceled: [\"4\", \"3\"]",
            "    pending: \"-5\"",
            "onboarding.states.canceled",
            "neither pending nor done",
        );
        check(
            "        partner_viewer: [Community Viewer]",
            "        partner_viewer: []",
            "      administrators: [Account Admin, Partner Admin]",
            "onboarding.environments.production.bundles.partner_viewer",
            "at least one role",
        );
        check(
            "      administrators: [Account Admin, Partner Admin]",
            "      administrators: []",
            "      administrators: []",
            "onboarding.environments.production.administrators",
            "last one",
        );
        check(
            "    give_up_after_days: 14",
            "    give_up_after_days: 1",
            "    table: sc_task # of whoever",
            "onboarding.setup.give_up_after_days",
            "at least remind_after_days",
        );
        check(
            "    undone: taken back\n",
            "",
            "    in-progress: being set up",
            "onboarding.words",
            "must say something of in-progress",
        );
        check(
            "    company: Company known to the community\n",
            "",
            "    approved: Approved",
            "onboarding.steps",
            "must name exactly approved, company, user, roles",
        );
    }
}
