//! What stops a request, in the order in which it meets it.
//!
//! It waits for its session and for a semaphore ([`queues`]) and runs for as long as its quota allows ([`quotas`]);
//! then its account must be active, its user within the rate limits ([`rate_limits`]), the API open to the user and
//! the body small enough. Inside the API rows and fields have access rules ([`acl`]), and writes meet
//! [`business_rules`].
//!
//! Rows say all of it. They are compiled when they are needed for the first time after one of them changed; clones of
//! a state share what is compiled. [`Meets`](super::behalf::Meets) says who is not stopped by what.

pub(crate) mod acl;
mod acl_rules;
pub(crate) mod business_rules;
pub(crate) mod queues;
pub(crate) mod quotas;
pub(crate) mod rate_limits;
mod roles;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode};

use super::engine::{Act, State};
use super::errors::Refusal;
use super::parameters;
use super::route::Route;
use acl::{Access, Operation};
use roles::User;

/// What the rows of an instance say about who may do what.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guards {
    compiled: Arc<OnceLock<Compiled>>,
    /// Apart from the others: every write asks for them, and what changes most often, people and their roles, does
    /// not change them.
    business_rules: Arc<OnceLock<business_rules::Rules>>,
}

#[derive(Debug)]
struct Compiled {
    acl: acl_rules::Rules,
    rate_limits: Vec<rate_limits::Rule>,
    /// How an API begins, and how long its calls may run.
    quotas: Vec<(String, Duration)>,
    /// Tables that do not allow access via web services.
    closed_tables: BTreeSet<String>,
    users: Mutex<BTreeMap<String, Arc<User>>>,
}

/// The base tables whose rows are compiled.
const SOURCES: [&str; 12] = [
    "sys_metadata",
    "sys_user",
    "sys_user_group",
    "sys_user_grmember",
    "sys_user_role",
    "sys_user_has_role",
    "sys_group_has_role",
    "sys_user_role_contains",
    "sys_security_acl",
    "sys_security_acl_role",
    "sys_rate_limit_rules",
    "sysrule_quota",
];

impl Guards {
    /// Forgets what is compiled if rows of that base table say it.
    pub(crate) fn changed(&mut self, base: &str) {
        if SOURCES.contains(&base) {
            self.compiled = Arc::default();
        }
        if base == business_rules::SOURCE {
            self.business_rules = Arc::default();
        }
    }

    /// Leaves what is compiled to the states that share it.
    pub(crate) fn forget(&mut self) {
        *self = Guards::default();
    }

    fn compiled(&self, state: &State) -> &Compiled {
        self.compiled.get_or_init(|| Compiled {
            acl: acl_rules::compile(state),
            rate_limits: rate_limits::compile(state),
            quotas: quotas::compile(state),
            closed_tables: closed_tables(state),
            users: Mutex::default(),
        })
    }

    fn business_rules(&self, state: &State) -> &business_rules::Rules {
        self.business_rules.get_or_init(|| business_rules::compile(state))
    }
}

/// A user with roles; one that does not exist has none.
fn user(state: &State, user_name: &str) -> Arc<User> {
    let users = &state.guards.compiled(state).users;
    let mut users = users.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = users.get(user_name) {
        return Arc::clone(known);
    }
    let user = Arc::new(User::of(state, user_name));
    users.insert(user_name.to_owned(), Arc::clone(&user));
    user
}

/// Whether a user has a role, or the one that has all.
pub(crate) fn has_role(state: &State, user_name: &str, role: &str) -> bool {
    user(state, user_name).has(state, role)
}

/// Refuses what the API does not let in.
pub(crate) fn check_api(
    state: &State,
    act: Act<'_>,
    route: Route<'_>,
    parts: &Parts,
    body: &Bytes,
) -> Result<(), Refusal> {
    if !Access::of(state, act).api(&api_name(route)) {
        let status = StatusCode::FORBIDDEN.as_u16();
        return Err(Refusal::status(
            status,
            "User Not Authorized",
            "Failed API level ACL Validation",
        ));
    }
    check_size(state, route, parts, body)
}

/// Refuses a table that is closed to web services, for administrators too.
pub(crate) fn check_table(state: &State, table: &str) -> Result<(), Refusal> {
    if !state.guards.compiled(state).closed_tables.contains(table) {
        return Ok(());
    }
    let detail = format!("Access to table {table} via web services is not allowed");
    let status = state.guesses.closed_table_status;
    Err(Refusal::status(status, "User Not Authorized", &detail))
}

/// How the documentation calls the API behind a path.
fn api_name(route: Route<'_>) -> String {
    let name = match (route.space, route.rest) {
        ("now", ["table", ..]) => "Table API",
        ("now", ["stats", ..]) => "Aggregate API",
        ("now", ["import", ..]) => "Import Set API",
        ("now", ["attachment", ..]) => "Attachment API",
        ("now", ["attachment_csm", ..]) => "CSM Attachment API",
        ("now", ["batch", ..]) => "Batch API",
        ("now", ["email", ..]) => "Email API",
        ("sn_customerservice", ["case", ..]) => "Case API",
        ("sn_km_api", _) => "Knowledge Management API",
        ("sn_sc", _) => "Service Catalog API",
        _ => "REST API",
    };
    name.to_owned()
}

/// The documented limits of everything that is read as JSON; files have their own.
fn check_size(state: &State, route: Route<'_>, parts: &Parts, body: &Bytes) -> Result<(), Refusal> {
    let is_read = matches!(parameters::method(parts), Method::POST | Method::PUT | Method::PATCH);
    let is_file = matches!(
        (route.space, route.rest),
        ("now", ["attachment" | "attachment_csm", ..])
    );
    let megabytes = |property: &str| -> usize { state.property(property, "10").parse().unwrap_or(10) };
    // The documented ceiling of the property is 25.
    let mut most = megabytes("glide.rest.max_content_length").min(25);
    // The APIs of applications are scripted ones.
    if route.space != "now" {
        most = most.min(megabytes("glide.rest.scripted.max_inbound_content_length_mb"));
    }
    if !is_read || is_file || body.len() <= most * 1024 * 1024 {
        return Ok(());
    }
    Err(Refusal::bad_request(
        &state.guesses.oversized_body_message,
        "The request body is larger than glide.rest.max_content_length",
    ))
}

fn closed_tables(state: &State) -> BTreeSet<String> {
    let mut closed = BTreeSet::new();
    for row in state.rows("sys_db_object") {
        if row.get("ws_access") == "false" {
            closed.insert(row.get("name").to_owned());
        }
    }
    closed
}
