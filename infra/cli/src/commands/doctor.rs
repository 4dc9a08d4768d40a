//! `gridlink doctor`: what is wrong with a deployment, why, and what to do.

use std::collections::BTreeSet;
use std::future::Future;
use std::time::Duration;

use http::Request;
use secrecy::SecretString;
use serde::Serialize;
use shared::clients::Clients;
use shared::domain::{TableName, Timestamp, UseCase};
use shared::failure::chain;
use shared::mapping::Mapping;
use shared::servicenow::{Found, Probe};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::hook::{Probed, probe};
use crate::failed::Failed;
use crate::place::{Place, Stack};
use crate::report::{Cell, Report, Tone, age};

/// Signatures and tokens allow five minutes.
const MOST_SKEW: Duration = Duration::from_secs(120);
/// The sweep rings what is due every minute.
const MOST_OVERDUE: Duration = Duration::from_secs(300);
/// Polls run every minute.
const MOST_UNREAD: Duration = Duration::from_secs(900);
/// After this, a secret should have been rotated.
const MOST_OLD: Duration = Duration::from_secs(180 * 24 * 3600);

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    Ok,
    Note,
    Warning,
    Problem,
}

/// What a check found.
#[derive(Debug, Serialize)]
struct Finding {
    /// What was looked at, for programs: stable.
    check: &'static str,
    level: Level,
    /// What was found, of what.
    what: String,
    /// Why it is so, as far as it is known.
    #[serde(skip_serializing_if = "String::is_empty")]
    cause: String,
    /// What to do.
    #[serde(skip_serializing_if = "String::is_empty")]
    remedy: String,
}

/// All that was found.
#[derive(Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, check: &'static str, what: impl Into<String>) {
        self.add(check, Level::Ok, what, "", "");
    }

    fn add(
        &mut self,
        check: &'static str,
        level: Level,
        what: impl Into<String>,
        cause: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.0.push(Finding {
            check,
            level,
            what: what.into(),
            cause: cause.into(),
            remedy: remedy.into(),
        });
    }

    fn failed(&mut self, check: &'static str, what: impl Into<String>, failed: Failed) {
        self.add(check, Level::Problem, what, failed.message, failed.advice);
    }
}

/// Looks a deployment over. It changes nothing.
///
/// # Errors
/// Never for what it finds.
pub async fn doctor(place: &Place) -> Result<Report, Failed> {
    let mut found = Findings::default();
    found.ok("stack", format!("the stack {} is there", place.stack.name));
    table(place, &mut found).await;
    for name in ["servicenow", "trading-grid", "trading-grid-users"] {
        secret(place, &format!("credentials/{name}"), &mut found).await;
    }
    queues(place, &mut found).await;
    let mapping = match place.mapping.read() {
        Ok(mapping) => {
            found.ok("mapping", "the mapping is valid");
            Some(mapping)
        }
        Err(failed) => {
            found.failed("mapping", "the mapping cannot be used", failed);
            None
        }
    };
    if let Some(mapping) = &mapping {
        for sender in mapping.senders() {
            webhook(place, sender.as_str(), &mut found).await;
        }
        match place.clients() {
            Ok(clients) => {
                systems(place, &clients, mapping, &mut found).await;
            }
            Err(failed) => found.failed("clients", "the two systems cannot be asked", failed),
        }
    }
    Ok(report(&found.0))
}

fn report(found: &[Finding]) -> Report {
    let mut report = Report::new(serde_json::json!({ "findings": found }));
    report.has_findings = found
        .iter()
        .any(|one| matches!(one.level, Level::Warning | Level::Problem));
    for one in found {
        let (mark, tone) = match one.level {
            Level::Ok => ("ok      ", Tone::Good),
            Level::Note => ("note    ", Tone::Dim),
            Level::Warning => ("warning ", Tone::Warn),
            Level::Problem => ("problem ", Tone::Bad),
        };
        report.line(Cell::new(format!("{mark} {:<11} {}", one.check, one.what), tone));
        if !one.cause.is_empty() {
            report.line(format!("           cause:  {}", one.cause));
        }
        if !one.remedy.is_empty() {
            report.line(format!("           remedy: {}", one.remedy));
        }
    }
    let count = |level| found.iter().filter(|one| one.level == level).count();
    let (problems, warnings) = (count(Level::Problem), count(Level::Warning));
    let tone = if problems + warnings == 0 {
        Tone::Good
    } else {
        Tone::Warn
    };
    report.line(Cell::new(
        format!("{problems} problems, {warnings} warnings, {} checks.", found.len()),
        tone,
    ));
    report
}

async fn table(place: &Place, found: &mut Findings) {
    let now = place.clock.now();
    let pauses = match place.store.claim_table().await {
        Ok(pauses) => pauses,
        Err(error) => return found.failed("table", "the table cannot be used", error.into()),
    };
    found.ok(
        "table",
        format!("the table belongs to the deployment {}", place.config.deployment),
    );
    for (name, pause) in &pauses.now {
        let what = format!("{name} is paused since {}", age(pause.at, now));
        let target = name.rsplit('/').next().unwrap_or_default();
        let cause = format!("{}: {}", pause.by, pause.because);
        found.add(
            "pause",
            Level::Warning,
            what,
            cause,
            format!("gridlink resume {target}"),
        );
    }
    match place.store.parked().await {
        Ok(parked) if parked.is_empty() => found.ok("parked", "nothing is parked"),
        Ok(parked) => {
            let what = format!(
                "{} streams are parked, the first since {}",
                parked.len(),
                age(parked[0].at, now)
            );
            let cause = format!("{}: {}", parked[0].stream, parked[0].cause);
            let remedy = format!("gridlink parked list, and for the first: {}", parked[0].remedy);
            found.add("parked", Level::Problem, what, cause, remedy);
        }
        Err(error) => found.failed("parked", "it is not known what is parked", error.into()),
    }
    match place.store.overdue(MOST_OVERDUE).await {
        Ok(None) => found.ok("due", "no stream is overdue"),
        Ok(Some((count, oldest))) => {
            let what = format!("{count} streams are overdue, the first since {}", age(oldest, now));
            let cause = "poll-changes does not run or fails, or the functions cannot keep up";
            let remedy = "look at the schedule and the log of poll-changes, and at the queues below";
            found.add("due", Level::Problem, what, cause, remedy);
        }
        Err(error) => found.failed("due", "it is not known what is due", error.into()),
    }
    match place.store.open_breakers().await {
        Ok(open) if open.is_empty() => found.ok("breakers", "no system is known to be down"),
        Ok(open) => {
            let names: Vec<&str> = open.iter().map(|system| system.as_str()).collect();
            let what = format!(
                "{} is known to be down; its streams wait and lose nothing",
                names.join(" and ")
            );
            let cause = "its last calls failed as a whole";
            found.add(
                "breakers",
                Level::Problem,
                what,
                cause,
                "see the checks of that system below; it is tried again by itself",
            );
        }
        Err(error) => found.failed("breakers", "it is not known which systems are down", error.into()),
    }
    match place
        .store
        .cursors(&["feed", "records", "requests", "articles", "lens-status"])
        .await
    {
        Ok(cursors) => {
            for (name, until) in cursors {
                let what = format!("{name} was read until {} ago", age(until, now));
                if until.until(now) > MOST_UNREAD {
                    let cause = "its polls fail, or its schedule is off";
                    let remedy = "look for `not polled` in the log of poll-changes; afterwards it catches up by itself";
                    found.add("cursor", Level::Warning, what, cause, remedy);
                } else {
                    found.ok("cursor", what);
                }
            }
        }
        Err(error) => found.failed("cursor", "it is not known how far was polled", error.into()),
    }
}

async fn secret(place: &Place, name: &str, found: &mut Findings) -> Option<SecretString> {
    let name = place.stack.secret(name);
    let answer = place.aws.secrets().get_secret_value().secret_id(&name).send().await;
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => {
            let is_absent = error
                .as_service_error()
                .is_some_and(|error| error.is_resource_not_found_exception());
            let mut failed = Failed::aws("it cannot be read", error);
            if is_absent {
                failed.advice = format!("aws secretsmanager put-secret-value --secret-id {name} --secret-string …");
            }
            found.failed(
                "secret",
                format!("the secret {name} is missing or hidden from you"),
                failed,
            );
            return None;
        }
    };
    let since = answer
        .created_date
        .and_then(|date| date.to_millis().ok())
        .map(Timestamp::from_millis);
    let old = since.map(|since| since.until(place.clock.now())).unwrap_or_default();
    if old > MOST_OLD {
        let what = format!("the secret {name} is {} days old", old.as_secs() / 86400);
        found.add(
            "secret",
            Level::Warning,
            what,
            "it was not rotated",
            "rotate it; a webhook's: gridlink secrets rotate <sender>",
        );
    } else {
        found.ok("secret", format!("the secret {name} can be read"));
    }
    answer.secret_string.map(SecretString::from)
}

async fn queues(place: &Place, found: &mut Findings) {
    let client = place.aws.sqs();
    let waiting = async |url: &str| {
        use aws_sdk_sqs::types::QueueAttributeName::ApproximateNumberOfMessages as Waiting;
        let answer = client
            .get_queue_attributes()
            .queue_url(url)
            .attribute_names(Waiting)
            .send()
            .await;
        let answer = answer.map_err(|error| Failed::aws("its length cannot be read", error))?;
        let count = answer.attributes.and_then(|mut all| all.remove(&Waiting));
        Ok::<u64, Failed>(count.and_then(|count| count.parse().ok()).unwrap_or(0))
    };
    for use_case in UseCase::ALL {
        let name = use_case.as_str();
        let Some(url) = place.config.queues.get(&use_case) else {
            continue;
        };
        match waiting(url).await {
            Ok(count) if count > 1000 => {
                let cause = "the function cannot keep up, is throttled, or does not start";
                found.add(
                    "queue",
                    Level::Warning,
                    format!("{count} doorbells of {name} wait"),
                    cause,
                    format!("look at the log of {name}"),
                );
            }
            Ok(count) => found.ok("queue", format!("{count} doorbells of {name} wait")),
            Err(failed) => found.failed("queue", format!("the queue of {name}"), failed),
        }
        let output = format!("{}DeadLettersUrl", Stack::output_prefix(use_case));
        let Ok(dead) = place.stack.output(&output) else {
            continue;
        };
        match waiting(dead).await {
            Ok(0) => {}
            Ok(count) => {
                let cause =
                    format!("{name} could not be started for them; nothing is lost, its streams are rung again");
                let remedy = format!("mend what the log of {name} says, then: aws sqs purge-queue --queue-url {dead}");
                found.add(
                    "dead-letters",
                    Level::Warning,
                    format!("{count} dead letters of {name}"),
                    cause,
                    remedy,
                );
            }
            Err(failed) => found.failed("dead-letters", format!("the dead letters of {name}"), failed),
        }
    }
}

async fn webhook(place: &Place, sender: &str, found: &mut Findings) {
    let Some(secret) = secret(place, &format!("webhook/{sender}"), found).await else {
        return;
    };
    let keys = match shared::signature::keys(&secret) {
        Ok(keys) => keys,
        Err(problem) => {
            let what = format!("the keys of {sender} are not usable");
            return found.add(
                "webhook",
                Level::Problem,
                what,
                problem,
                format!("gridlink secrets rotate {sender}"),
            );
        }
    };
    let Some(key) = keys.first() else { return };
    match probe(place, sender, key).await {
        Ok(Probed::Good) => found.ok(
            "webhook",
            format!("the webhook of {sender} verifies what its key signs"),
        ),
        Ok(Probed::Refused) => {
            let cause = "its function holds other keys, or its clock differs";
            let remedy = "wait half a minute and try again; then look at the log of receive-webhook";
            found.add(
                "webhook",
                Level::Problem,
                format!("the webhook of {sender} refuses its own key"),
                cause,
                remedy,
            );
        }
        Ok(Probed::Other(status)) => {
            let what = format!("the webhook of {sender} answers {status} to a probe");
            found.add(
                "webhook",
                Level::Problem,
                what,
                "",
                "look at the log of receive-webhook and at the API",
            );
        }
        Err(failed) => found.failed("webhook", format!("the webhook of {sender} gives no answer"), failed),
    }
}

async fn systems(place: &Place, clients: &Clients, mapping: &Mapping, found: &mut Findings) {
    skew(place, found).await;
    if let Err(error) = clients.servicenow.warm_up().await {
        let cause = chain(&error);
        let remedy =
            "compare the client and its secret with the OAuth application of the instance, and its integration user";
        return found.add("servicenow", Level::Problem, "ServiceNow gives no token", cause, remedy);
    }
    found.ok("servicenow", "ServiceNow gives a token");
    instance(clients, mapping, found).await;
    let level = "records keep a chosen sys_id where the instance honors it (R1); one that does not is noticed at its first record";
    found.add("guarantee", Level::Note, level, "", "");
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

fn unclear(found: &mut Findings, check: &'static str, what: &str, error: &shared::servicenow::Error) {
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
