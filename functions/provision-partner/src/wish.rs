//! What the answers of a request ask for: pure.

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::{CompanyId, LoginId, OnboardingKind, RoleName, Timestamp};
use shared::effect::Newcomer;
use shared::mapping::{EnvironmentRule, OnboardingRules};

/// The answer of a box that is checked.
const YES: [&str; 2] = ["yes", "true"];

/// What a request asks for.
pub(crate) struct Wish<'a> {
    /// The company, where its id is given.
    pub(crate) company: Option<CompanyId>,
    /// The company's trading address, `QUALIFIER:ID`, of a new partner.
    pub(crate) address: Option<String>,
    /// The user to make.
    pub(crate) newcomer: Option<Newcomer>,
    /// The user to change, by log-in.
    pub(crate) login: Option<LoginId>,
    /// The environment.
    pub(crate) environment: Option<&'a EnvironmentRule>,
    /// The roles of the bundle.
    pub(crate) roles: Option<&'a BTreeSet<RoleName>>,
    /// Whether the last administrator of the company may be taken away.
    pub(crate) may_take_last: bool,
    /// When it may be done.
    pub(crate) not_before: Option<Timestamp>,
}

/// The company that answers name by id.
pub(crate) fn company(answers: &BTreeMap<String, String>) -> Option<CompanyId> {
    answers.get("company_id")?.trim().parse().ok()
}

/// The trading address in answers, as `QUALIFIER:ID`.
pub(crate) fn address(answers: &BTreeMap<String, String>) -> Option<String> {
    let (qualifier, id) = answers.get("trading_address")?.trim().split_once(':')?;
    let (qualifier, id) = (qualifier.trim(), id.trim());
    let is_plain = |text: &str, longest, more: &str| {
        (1..=longest).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    (is_plain(qualifier, 4, "") && is_plain(id, 35, " ._-/")).then(|| format!("{qualifier}:{id}"))
}

/// What the answers ask for.
///
/// # Errors
/// What is wrong with them, each in a sentence without the answers themselves.
pub(crate) fn wish<'a>(
    kind: OnboardingKind,
    answers: &BTreeMap<String, String>,
    rules: &'a OnboardingRules,
) -> Result<Wish<'a>, Vec<String>> {
    let mut reader = Reader {
        answers,
        wrong: Vec::new(),
    };
    let is_new = kind == OnboardingKind::OnboardPartner;
    let mut wish = Wish {
        company: reader.company(!is_new),
        address: None,
        newcomer: None,
        login: None,
        environment: None,
        roles: None,
        may_take_last: reader.is_yes("remove_last_administrator"),
        not_before: None,
    };
    if is_new {
        reader.text("company_name");
        wish.address = address(answers);
        if wish.address.is_none() {
            reader.is_wrong("the trading address is not of the form QUALIFIER:ID, for example ZZ:NORTHWIND");
        }
    }
    if kind != OnboardingKind::OffBoardPartner {
        wish.environment = reader.environment(rules);
        wish.login = reader.login();
    }
    if matches!(
        kind,
        OnboardingKind::OnboardPartner | OnboardingKind::AddUser | OnboardingKind::ChangeRoles
    ) {
        wish.roles = wish.environment.and_then(|environment| reader.bundle(environment));
    }
    match kind {
        OnboardingKind::OnboardPartner => {
            let name = reader.text("contact_name");
            let names = name.split_once(char::is_whitespace);
            if names.is_none() && !name.is_empty() {
                reader.is_wrong("the name of the first user must be a first and a last name");
            }
            let (first, last) = names.unwrap_or_default();
            wish.newcomer = reader.newcomer(&wish, (first, last.trim()), rules);
        }
        OnboardingKind::AddUser => {
            let (first, last) = (reader.text("first_name"), reader.text("last_name"));
            wish.newcomer = reader.newcomer(&wish, (&first, &last), rules);
        }
        OnboardingKind::OffBoardPartner => wish.not_before = reader.end_of_day("effective_date"),
        OnboardingKind::ChangeRoles | OnboardingKind::RemoveAccess => {}
    }
    match reader.wrong.is_empty() {
        true => Ok(wish),
        false => Err(reader.wrong),
    }
}

struct Reader<'a> {
    answers: &'a BTreeMap<String, String>,
    wrong: Vec<String>,
}

impl Reader<'_> {
    fn is_wrong(&mut self, what: &str) {
        self.wrong.push(what.to_owned());
    }

    fn get(&self, name: &str) -> &str {
        self.answers.get(name).map_or("", |answer| answer.trim())
    }

    /// An answer that must be there, on one line.
    fn text(&mut self, name: &str) -> String {
        let text = self.get(name).to_owned();
        if text.is_empty() || text.chars().any(char::is_control) || text.chars().count() > 100 {
            self.is_wrong(&format!("{name} must be one line of 1 to 100 characters"));
        }
        text
    }

    fn company(&mut self, is_needed: bool) -> Option<CompanyId> {
        let company = company(self.answers);
        if company.is_none() && (is_needed || !self.get("company_id").is_empty()) {
            self.is_wrong("company_id is no id of a company on Trading Grid, for example GC41543822654A");
        }
        company
    }

    fn login(&mut self) -> Option<LoginId> {
        let login = self.get("login_id").parse().ok();
        if login.is_none() {
            self.is_wrong("login_id is no login: 1 to 254 characters without spaces");
        }
        login
    }

    fn environment<'a>(&mut self, rules: &'a OnboardingRules) -> Option<&'a EnvironmentRule> {
        let environment = rules.environment(self.get("environment"));
        if environment.is_none() {
            let known = rules.environments().collect::<Vec<_>>().join(", ");
            self.is_wrong(&format!("the mapping does not know the environment: it knows {known}"));
        }
        environment
    }

    fn bundle<'a>(&mut self, environment: &'a EnvironmentRule) -> Option<&'a BTreeSet<RoleName>> {
        let bundle = environment.bundle(self.get("role_bundle"));
        if bundle.is_none() {
            let known = environment.bundles().collect::<Vec<_>>().join(", ");
            self.is_wrong(&format!("the mapping does not know the role bundle: it knows {known}"));
        }
        bundle
    }

    fn newcomer(&mut self, wish: &Wish<'_>, (first, last): (&str, &str), rules: &OnboardingRules) -> Option<Newcomer> {
        let email = self.get("contact_email").to_owned();
        if !is_plausible(&email) {
            self.is_wrong("contact_email is not plausible as an e-mail address");
        }
        Some(Newcomer {
            login_id: wish.login.clone()?,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email,
            language: rules.new_users.language.clone(),
            timezone: rules.new_users.timezone.clone(),
        })
    }

    fn is_yes(&self, name: &str) -> bool {
        YES.contains(&self.get(name).to_ascii_lowercase().as_str())
    }

    /// The end of a day, which a date names.
    fn end_of_day(&mut self, name: &str) -> Option<Timestamp> {
        let date = self.get(name).to_owned();
        if date.is_empty() {
            return None;
        }
        let end = Timestamp::parse_servicenow(&format!("{date} 23:59:59"));
        if end.is_err() {
            self.is_wrong(&format!("{name} is no date"));
        }
        end.ok()
    }
}

/// Whether a text may be an e-mail address; whether it is one, only a message can show.
fn is_plausible(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let labels = domain.split('.').collect::<Vec<_>>();
    let is_label = |label: &&str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    (1..=64).contains(&local.len())
        && text.len() <= 254
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && !local
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || ",;:<>()[]\\\"".contains(c))
        && labels.len() >= 2
        && labels.iter().all(is_label)
}

/// Answers that are kept when a request is over: none that people typed about a person.
const KEPT: [&str; 8] = [
    "company_id",
    "company_name",
    "trading_address",
    "login_id",
    "role_bundle",
    "environment",
    "remove_last_administrator",
    "effective_date",
];

/// The answers without what people typed about a person.
pub(crate) fn without_persons(answers: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let kept = answers.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
    kept.map(|(name, answer)| (name.clone(), answer.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_plausible_or_not() {
        for good in ["ada@northwind.example", "a.b+c@x-y.co", "ünal@müller.de"] {
            assert!(is_plausible(good), "{good}");
        }
        for bad in [
            "",
            "ada",
            "@x.de",
            "ada@",
            "ada@x",
            "a b@x.de",
            "ada@x..de",
            "ada@-x.de",
            "a@b@c.de",
            ".a@x.de",
            "a,b@x.de",
            "<a@x.de>",
        ] {
            assert!(!is_plausible(bad), "{bad}");
        }
    }

    #[test]
    fn a_last_day_is_a_date_or_none() {
        let read = |answer: &str| {
            let answers = BTreeMap::from([("effective_date".to_owned(), answer.to_owned())]);
            let mut reader = Reader {
                answers: &answers,
                wrong: Vec::new(),
            };
            let end = reader.end_of_day("effective_date").map(|end| end.to_string());
            (end, reader.wrong.len())
        };
        assert_eq!(read("2027-01-31"), (Some("2027-01-31T23:59:59.000Z".to_owned()), 0));
        assert_eq!(read(" "), (None, 0));
        for wrong in ["31.01.2027", "2027-02-30", "soon"] {
            assert_eq!(read(wrong), (None, 1), "{wrong}");
        }
    }
}
