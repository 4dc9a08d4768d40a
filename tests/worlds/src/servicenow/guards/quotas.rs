//! Transaction quotas: rows of `sysrule_quota`, which say how long a call of an API may run.

use std::time::Duration;

use http::request::Parts;

use crate::servicenow::engine::State;
use crate::servicenow::route::{Route, segments};

/// The longest time that a request may run.
pub(crate) fn of(state: &State, parts: &Parts) -> Option<Duration> {
    let segments = segments(parts);
    let route = Route::of(&segments);
    let api = route.rest.first().filter(|_| route.space == "now")?;
    let quotas = &state.guards.compiled(state).quotas;
    let quota = quotas.iter().find(|(begins, _)| api.starts_with(begins.as_str()));
    quota.map(|(_, longest)| *longest)
}

/// How the APIs begin that have a quota, in the order in which they are tried.
pub(super) fn compile(state: &State) -> Vec<(String, Duration)> {
    let mut rows = state.rows("sysrule_quota");
    rows.retain(|row| row.get("active") == "true");
    rows.sort_by_key(|row| (row.get("order").parse().unwrap_or(i64::MAX), row.inserted));
    let quotas = rows.into_iter().filter_map(|row| {
        let seconds = row.get("max_duration").parse().ok()?;
        Some((api(row.get("condition"))?.to_owned(), Duration::from_secs(seconds)))
    });
    quotas.collect()
}

/// How the API begins that a condition is about. The platform's own conditions differ in nothing else; others are not read.
fn api(condition: &str) -> Option<&str> {
    let rest = condition.strip_prefix(BEFORE_API)?;
    rest.strip_suffix(AFTER_API)
}

/// What the conditions of the platform's own rows begin and end with.
pub(crate) const BEFORE_API: &str = "type=rest^urlMATCH_RGX.*/api/now(/v[0-9]+)?/";
pub(crate) const AFTER_API: &str = ".*^EQ";
