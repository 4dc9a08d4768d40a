//! The two systems, and what the mapping expects of the instance.

use std::collections::BTreeSet;
use std::time::Duration;

use http::Request;
use shared::clients::Clients;
use shared::domain::{TableName, Timestamp};
use shared::failure::chain;
use shared::mapping::Mapping;
use shared::servicenow::{Found, Probe};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::{Findings, Level};
use crate::place::Place;

/// Signatures and tokens allow five minutes.
const MOST_SKEW: Duration = Duration::from_secs(120);

/// Token, clock, groups, tables and states of ServiceNow, and the feed of the community.
pub(super) async fn systems(place: &Place, clients: &Clients, mapping: &Mapping, found: &mut Findings) {
    skew(place, found).await;
    if let Err(error) = clients.servicenow.warm_up().await {
        let cause = chain(&error);
        let secret = place.stack.secret("credentials/servicenow");
        let remedy = format!(
            "compare the client and its secret with the OAuth application of the instance, and its integration user; put \
             the right ones: aws secretsmanager put-secret-value --secret-id {secret} --secret-string …"
        );
        return found.add("servicenow", Level::Problem, "ServiceNow gives no token", cause, remedy);
    }
    found.ok("servicenow", "ServiceNow gives a token");
    instance(clients, mapping, found).await;
    super::limits::limits(clients, mapping, found).await;
    let records = "records keep a chosen sys_id where the instance honors it (R1); one that does not is noticed at its first record";
    let entries = match clients.writes_through_app {
        true => "comments and work notes are made once by the app (J1)",
        false => "comments and work notes are made once while functions and transactions end in time (J2)",
    };
    found.add("guarantee", Level::Note, format!("{records}; {entries}"), "", "");
    match clients.community.events(None).await {
        Ok(_) => found.ok("community", "the community answers"),
        Err(error) => {
            let remedy = "look at CollaborationUrl, CollaborationBinding and the secret credentials/trading-grid";
            found.add(
                "community",
                Level::Problem,
                "the feed of the community gives no answer",
                chain(&error),
                remedy,
            );
        }
    }
}

/// The groups, tables, keys of partners and states of the mapping, on the instance.
async fn instance(clients: &Clients, mapping: &Mapping, found: &mut Findings) {
    let mut known = BTreeSet::new();
    for (rule, group) in mapping.groups() {
        if !known.insert(group.clone()) {
            continue;
        }
        let remedy = format!("correct assignment_group of {rule} in the mapping, or the group in ServiceNow");
        match clients.servicenow.group(&group).await {
            Ok(Found::One(..)) => found.ok("group", format!("ServiceNow has the group {group}")),
            Ok(Found::None) => found.add(
                "group",
                Level::Problem,
                format!("ServiceNow has no active group {group}"),
                format!("{rule} names it"),
                remedy,
            ),
            Ok(Found::Several) => found.add(
                "group",
                Level::Problem,
                format!("ServiceNow has several groups {group}"),
                format!("{rule} names it"),
                remedy,
            ),
            Err(error) => unclear(found, "group", &format!("the group {group}"), &error),
        }
    }
    for (table, rule) in mapping.tables() {
        match clients.servicenow.probe(table).await {
            Probe::Answers => found.ok("table", format!("ServiceNow lets the table {table} be read")),
            Probe::Refuses => {
                let cause = "the table is missing, or the integration user may not read it";
                let remedy = "give the integration user the roles that the README names, or correct the mapping";
                found.add(
                    "table",
                    Level::Problem,
                    format!("ServiceNow refuses the table {table}"),
                    cause,
                    remedy,
                );
                continue;
            }
            Probe::Unclear => {
                found.add(
                    "table",
                    Level::Warning,
                    format!("the table {table} gives no clear answer"),
                    "",
                    "try again",
                );
                continue;
            }
        }
        let partner = &rule.partner;
        let what = format!("the field {} of {}", partner.key, partner.table);
        settled(
            found,
            "partners",
            &what,
            clients.servicenow.find_one(&partner.table, &partner.key, "GC0", &[]),
        )
        .await;
        states(clients, table, rule.finished.keys(), found).await;
    }
}

async fn states(clients: &Clients, table: &TableName, states: impl Iterator<Item = &String>, found: &mut Findings) {
    let Ok(state) = "state".parse() else { return };
    let choices = match clients.servicenow.choices(table, &state).await {
        Ok(choices) => choices,
        Err(error) => return unclear(found, "states", &format!("the states of {table}"), &error),
    };
    let unknown: Vec<&str> = states
        .map(String::as_str)
        .filter(|state| choices.iter().all(|choice| choice.value != *state))
        .collect();
    if choices.is_empty() || unknown.is_empty() {
        return found.ok("states", format!("ServiceNow knows the finished states of {table}"));
    }
    let what = format!("{table} has no state {}", unknown.join(", "));
    found.add(
        "states",
        Level::Problem,
        what,
        "the mapping names it among the finished ones",
        "correct `finished` of the table in the mapping",
    );
}

async fn settled<T>(
    found: &mut Findings,
    check: &'static str,
    what: &str,
    asked: impl Future<Output = Result<T, shared::servicenow::Error>>,
) {
    match asked.await {
        Ok(_) => found.ok(check, format!("ServiceNow has {what}")),
        Err(error) => unclear(found, check, what, &error),
    }
}

pub(super) fn unclear(found: &mut Findings, check: &'static str, what: &str, error: &shared::servicenow::Error) {
    let remedy = "let the integration user read it, or correct the mapping";
    found.add(
        check,
        Level::Problem,
        format!("{what}: ServiceNow gives no clear answer"),
        chain(error),
        remedy,
    );
}

/// How far the clock of the instance is from ours, by the date of its answer.
async fn skew(place: &Place, found: &mut Findings) {
    let Ok(url) = place.stack.parameter("ServiceNowUrl") else {
        return;
    };
    let request = Request::get(url).body(shared::http::full(Default::default()));
    let Ok(request) = request else { return };
    let answer = match place.transport.carry(request).await {
        Ok(answer) => answer,
        Err(error) => {
            let remedy = "look at the network and at the parameter ServiceNowUrl of the stack";
            return found.add(
                "reach",
                Level::Problem,
                format!("{url} gives no answer"),
                chain(&error),
                remedy,
            );
        }
    };
    let date = answer.headers.get("date").and_then(|date| date.to_str().ok());
    let Some(date) = date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()) else {
        return found.add("clock", Level::Note, format!("{url} says no date"), "", "");
    };
    let theirs = Timestamp::from_millis(date.unix_timestamp() * 1000);
    let ours = place.clock.now();
    let apart = theirs.until(ours).max(ours.until(theirs));
    if apart > MOST_SKEW {
        let what = format!("the clock of {url} is {} s from this machine's", apart.as_secs());
        let cause = "one of the clocks is wrong; signatures and tokens allow five minutes";
        found.add(
            "clock",
            Level::Problem,
            what,
            cause,
            "set the clock of this machine, and ask ServiceNow's support about theirs",
        );
    } else {
        found.ok("clock", format!("the clock of {url} agrees with this machine's"));
    }
}
