//! `gridlink doctor`: what is wrong with a deployment, why, and what to do.

mod instance;
mod limits;

use std::time::Duration;

use secrecy::SecretString;
use serde::Serialize;
use shared::domain::{Lane, Stream, Subject, Timestamp, UseCase};
use shared::store::Pauses;

use super::hook::{Probed, probe};
use crate::failed::Failed;
use crate::place::{Place, Stack};
use crate::report::{Cell, Report, Tone, age};

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
                instance::systems(place, &clients, mapping, &mut found).await;
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

/// The deployment that the table was first used by, and what is paused.
async fn settings(place: &Place) -> Result<(Option<String>, Pauses), Failed> {
    let nobody = Stream {
        subject: Subject::try_from("doctor/settings".to_owned()).map_err(anyhow::Error::new)?,
        lane: Lane::Unrouted,
    };
    let loaded = place.store.load(&nobody, 0, 0).await?;
    Ok((loaded.deployment, loaded.pauses))
}

async fn table(place: &Place, found: &mut Findings) {
    let now = place.clock.now();
    let pauses = match settings(place).await {
        Ok((Some(other), _)) if other != place.config.deployment.as_str() => {
            let what = format!(
                "the table belongs to the deployment {other}, the stack is {}",
                place.config.deployment
            );
            let cause = "the parameter DeploymentId was changed; no function works on the table of another";
            found.add(
                "table",
                Level::Problem,
                what,
                cause,
                format!("deploy the stack with DeploymentId={other}"),
            );
            return;
        }
        Ok((_, pauses)) => pauses,
        Err(failed) => return found.failed("table", "the table cannot be used", failed),
    };
    found.ok("table", "the table can be read and belongs to this deployment");
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
