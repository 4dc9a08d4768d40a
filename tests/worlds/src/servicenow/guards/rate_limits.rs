//! Inbound rate limits: rows of `sys_rate_limit_rules`, counted per user and clock hour.
//!
//! Of all rules that match a request one applies: a rule for the user before rules for roles before rules for
//! everybody; among equals the one that allows the least. The platform counts per node and commits every 30 seconds;
//! this instance has one node and counts at once.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::header::{HeaderName, RETRY_AFTER};
use http::request::Parts;
use http::{Response, StatusCode};

use super::api_name;
use super::roles::User;
use crate::answer;
use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::errors::failure;
use crate::servicenow::parameters;
use crate::servicenow::route::Route;

/// A rule of the instance.
#[derive(Debug)]
pub(super) struct Rule {
    sys_id: String,
    per_hour: u64,
    subject: Subject,
    /// Empty: every API.
    rest_api: String,
    /// For example `GET /now/table/{tableName}`; empty: all of the API.
    resource: String,
    /// Empty: every table.
    table: String,
}

/// Whom a rule is about; the first ones override the others.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    User(String),
    Role(String),
    Everybody,
}

/// The requests of the present hour.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts {
    hour: i64,
    /// By rule and user: what the rule allowed then, and the requests.
    used: BTreeMap<(String, String), (u64, u64)>,
}

/// The rule that holds for a request.
struct Applied {
    rule: String,
    per_hour: u64,
    reset: i64,
    is_exceeded: bool,
}

/// Serves a request of the route unless it is one too many; any answer tells of the rule.
pub(crate) fn limited(
    state: &mut State,
    act: Act<'_>,
    route: Route<'_>,
    parts: &Parts,
    serve: impl FnOnce(&mut State) -> Response<Bytes>,
) -> Response<Bytes> {
    let api = api_name(route);
    let Some(applied) = count(state, act, &api, route, parts) else {
        return serve(state);
    };
    let mut response = if applied.is_exceeded {
        let detail = format!(
            "Rate limit of {} requests per hour for {api} exceeded",
            applied.per_hour
        );
        failure(StatusCode::TOO_MANY_REQUESTS, "Rate limit exceeded", Some(&detail))
    } else {
        serve(state)
    };
    let mut show = |name: &'static str, value: &str| {
        answer::set(&mut response, HeaderName::from_static(name), value);
    };
    show("x-ratelimit-limit", &applied.per_hour.to_string());
    show("x-ratelimit-reset", &applied.reset.to_string());
    show("x-ratelimit-rule", &applied.rule);
    if applied.is_exceeded {
        let wait = applied.reset - act.at.unix_timestamp();
        answer::set(&mut response, RETRY_AFTER, &wait.to_string());
    }
    response
}

pub(super) fn compile(state: &State) -> Vec<Rule> {
    let rows = state.rows("sys_rate_limit_rules").into_iter();
    rows.filter(|row| row.get("active") == "true")
        .filter_map(rule)
        .collect()
}

/// A rule without a positive number, or without its user or role, limits nobody.
fn rule(row: &Row) -> Option<Rule> {
    let named = |name: &str| Some(row.get(name).to_owned()).filter(|sys_id| !sys_id.is_empty());
    let subject = match row.get("apply_to") {
        "single_user" => Subject::User(named("user")?),
        "users_with_role" => Subject::Role(named("role")?),
        _ => Subject::Everybody,
    };
    let table = match row.get("import_set_table") {
        "" => row.get("table"),
        import => import,
    };
    Some(Rule {
        sys_id: row.get("sys_id").to_owned(),
        per_hour: row
            .get("requests_per_hour")
            .parse()
            .ok()
            .filter(|per_hour| *per_hour > 0)?,
        subject,
        rest_api: row.get("rest_api").to_owned(),
        resource: row.get("resource").to_owned(),
        table: table.to_owned(),
    })
}

fn count(state: &mut State, act: Act<'_>, api: &str, route: Route<'_>, parts: &Parts) -> Option<Applied> {
    let rules = &state.guards.compiled(state).rate_limits;
    if rules.is_empty() {
        return None;
    }
    let user = super::user(state, act.by);
    let matching = rules
        .iter()
        .filter(|rule| rule.is_about(&user) && rule.matches(api, route, parts));
    let rule = matching.min_by_key(|rule| (rule.subject.rank(), rule.per_hour, &rule.sys_id))?;
    let (key, per_hour) = ((rule.sys_id.clone(), act.by.to_owned()), rule.per_hour);
    let hour = act.at.unix_timestamp().div_euclid(3600);
    let counts = &mut state.rate_counts;
    if counts.hour != hour {
        *counts = Counts {
            hour,
            used: BTreeMap::new(),
        };
    }
    let rule = key.0.clone();
    let used = counts.used.entry(key).or_insert((per_hour, 0));
    // Documented: another limit begins to count again.
    if used.0 != per_hour {
        *used = (per_hour, 0);
    }
    used.1 += 1;
    Some(Applied {
        rule,
        per_hour,
        reset: (hour + 1) * 3600,
        is_exceeded: used.1 > per_hour,
    })
}

impl Rule {
    fn is_about(&self, user: &User) -> bool {
        match &self.subject {
            Subject::User(sys_id) => *sys_id == user.sys_id,
            Subject::Role(role) => user.roles.contains(role),
            Subject::Everybody => true,
        }
    }

    fn matches(&self, api: &str, route: Route<'_>, parts: &Parts) -> bool {
        let is_table = || match (route.space, route.rest) {
            ("now", ["table" | "stats" | "import", table, ..]) => *table == self.table,
            _ => false,
        };
        (self.rest_api.is_empty() || self.rest_api == api)
            && (self.table.is_empty() || is_table())
            && (self.resource.is_empty() || is_resource(&self.resource, route, parts))
    }
}

impl Subject {
    fn rank(&self) -> u8 {
        match self {
            Subject::User(_) => 0,
            Subject::Role(_) => 1,
            Subject::Everybody => 2,
        }
    }
}

/// Whether a request is for `[METHOD ]/path`, where `{…}` stands for one segment and versions do not count.
fn is_resource(resource: &str, asked: Route<'_>, parts: &Parts) -> bool {
    let (method, template) = resource.split_once(' ').unwrap_or(("", resource));
    let method_fits = method.is_empty() || method.eq_ignore_ascii_case(parameters::method(parts).as_str());
    let meant: Vec<&str> = template.split('/').filter(|segment| !segment.is_empty()).collect();
    let meant = Route::of(&meant);
    let is_same = |(meant, asked): (&&str, &&str)| meant.starts_with('{') || meant == asked;
    method_fits
        && meant.space == asked.space
        && meant.rest.len() == asked.rest.len()
        && meant.rest.iter().zip(asked.rest).all(is_same)
}
