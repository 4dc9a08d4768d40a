//! `gridlink trace`: everything about one thing.

use serde::Serialize;
use shared::domain::{Subject, Timestamp};
use shared::store::{EntryState, History, StreamState};

use super::find::find;
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone, age};

/// What programs read.
#[derive(Serialize)]
struct Traced<'a> {
    #[serde(flatten)]
    history: &'a History,
    /// What can be done now, as commands.
    commands: Vec<String>,
}

/// Shows everything about one thing.
///
/// # Errors
/// When it cannot be found or read.
pub async fn trace(place: &Place, what: &str, scan: bool) -> Result<Report, Failed> {
    let subject = find(place, what, scan).await?;
    let history = place.store.history(&subject).await?.ok_or_else(|| unknown(&subject))?;
    Ok(shown(place, &subject, &history))
}

pub(crate) fn unknown(subject: &Subject) -> Failed {
    Failed::new(
        format!("nothing was ever accepted for {subject}"),
        "Look at its spelling and at --stack. Where a push was lost, fill in by pull: `gridlink replay-from <time>`.",
    )
}

fn shown(place: &Place, subject: &Subject, history: &History) -> Report {
    let now = place.clock.now();
    let commands = history
        .streams
        .iter()
        .flat_map(|stream| commands(subject, stream))
        .collect();
    let traced = Traced { history, commands };
    let mut report = Report::new(&traced);
    report.heading(format!("{subject}"));
    if let Some((company, issue)) = subject.as_issue() {
        report.facts([
            ("company", Cell::from(company.as_str())),
            ("issue", Cell::from(issue.as_str())),
        ]);
    }
    records(place, history, &mut report);
    report.heading("Streams");
    let rows = history.streams.iter().map(|stream| stream_row(stream, now)).collect();
    report.table(
        vec!["lane", "use case", "accepted", "finished", "waiting", "state", "next"],
        rows,
    );
    for stream in &history.streams {
        report.has_findings |= troubles(&mut report, stream, now);
    }
    for command in &traced.commands {
        report.line(Cell::strong(format!("  {command}")));
    }
    entries(history, &mut report);
    report.heading("Story");
    let story = history.story.iter().map(|line| {
        let entry = format!("{}/{}", line.lane, line.entry);
        vec![Cell::dim(&line.at), Cell::dim(entry), Cell::from(&line.text)]
    });
    report.table(vec!["when", "entry", "what"], story.collect());
    report
}

fn records(place: &Place, history: &History, report: &mut Report) {
    if history.links.is_empty() {
        return;
    }
    report.heading("Records in ServiceNow");
    let url = place
        .stack
        .parameters
        .get("ServiceNowUrl")
        .map(String::as_str)
        .unwrap_or_default();
    let rows = history.links.iter().map(|link| {
        let state = match link.state.as_str() {
            "LINKED" => Cell::new("linked", Tone::Good),
            "REFUSED" => Cell::new("refused by ServiceNow", Tone::Bad),
            _ => Cell::new("intended; it may exist or not", Tone::Warn),
        };
        let number = link.number.clone().unwrap_or_default();
        let address = format!("{url}/{}.do?sys_id={}", link.table, link.sys_id);
        vec![
            Cell::from(link.link.trim_end_matches('#')),
            Cell::strong(number),
            state,
            Cell::dim(address),
        ]
    });
    report.table(vec!["what", "number", "state", "address"], rows.collect());
}

fn stream_row(stream: &StreamState, now: Timestamp) -> Vec<Cell> {
    let state = if stream.parked.is_some() {
        Cell::new("parked", Tone::Bad)
    } else if stream.paused.is_some() {
        Cell::new("paused", Tone::Warn)
    } else if stream.accepted == stream.finished {
        Cell::new("finished", Tone::Good)
    } else if stream.lease.is_some() {
        Cell::new("at work", Tone::Good)
    } else if stream.last_failure.is_some() {
        Cell::new("put off", Tone::Warn)
    } else {
        Cell::new("waiting", Tone::Warn)
    };
    let next = stream
        .next_attempt_at
        .as_deref()
        .and_then(|at| Timestamp::parse_rfc3339(at).ok());
    let next = next.map(|next| match next > now {
        true => format!("in {}", age(now, next)),
        false => "now".to_owned(),
    });
    let owner = stream.owner.clone().unwrap_or_else(|| "none yet".to_owned());
    vec![
        Cell::strong(&stream.lane),
        Cell::from(owner),
        Cell::from(stream.accepted.to_string()),
        Cell::from(stream.finished.to_string()),
        Cell::from(stream.waiting.to_string()),
        state,
        Cell::from(next.unwrap_or_default()),
    ]
}

/// Why a stream does not go on; whether it waits for a person.
fn troubles(report: &mut Report, stream: &StreamState, now: Timestamp) -> bool {
    let lane = &stream.lane;
    let since = |at: &str| Timestamp::parse_rfc3339(at).map(|at| age(at, now)).unwrap_or_default();
    if let Some(parked) = &stream.parked {
        let (entry, ago) = (parked.entry, since(&parked.at));
        report.line(Cell::new(
            format!("{lane} is parked at entry {entry} since {ago}: {}", parked.cause),
            Tone::Bad,
        ));
        report.line(format!("  what to do: {}", parked.remedy));
        return true;
    }
    if let Some(paused) = &stream.paused {
        report.line(Cell::new(format!("{lane} is paused: {paused}"), Tone::Warn));
    }
    if let (Some(failure), true) = (&stream.last_failure, stream.accepted > stream.finished) {
        let waits = stream.waiting_since.as_deref().map(since).unwrap_or_default();
        let times = stream.attempts;
        report.line(Cell::new(
            format!("{lane} has waited {waits}, failed {times} times: {failure}"),
            Tone::Warn,
        ));
    }
    false
}

/// What an operator may do about a stream.
pub(crate) fn commands(subject: &Subject, stream: &StreamState) -> Vec<String> {
    let lane = &stream.lane;
    let mut commands = Vec::new();
    if stream.parked.is_some() {
        commands.push(format!("gridlink parked replay {subject} --lane {lane}"));
        commands.push(format!("gridlink parked dismiss {subject} --lane {lane} --reason '…'"));
    }
    match stream.paused.as_deref() {
        Some("stream") => commands.push(format!("gridlink resume {subject} --lane {lane}")),
        Some(reason) => {
            let name = reason
                .strip_prefix("use-case/")
                .or_else(|| reason.strip_prefix("company/"));
            commands.extend(name.map(|name| format!("gridlink resume {name}")));
        }
        None => {}
    }
    commands
}

fn entries(history: &History, report: &mut Report) {
    report.heading("Events");
    let row = |entry: &EntryState| {
        let tone = match entry.outcome.as_str() {
            "done" => Tone::Good,
            "refused" | "dismissed" => Tone::Bad,
            _ => Tone::Warn,
        };
        let kind = entry.kind.strip_prefix("gridlink.").unwrap_or(&entry.kind);
        let outcome = match (&entry.dismissed_by, &entry.dismissed_because) {
            (Some(by), Some(because)) => format!("dismissed by {by}: {because}"),
            _ => entry.outcome.clone(),
        };
        vec![
            Cell::dim(&entry.received_at),
            Cell::dim(format!("{}/{}", entry.lane, entry.number)),
            Cell::from(kind),
            Cell::from(format!("{}: {}", entry.sender, entry.event)),
            Cell::new(outcome, tone),
        ]
    };
    let rows = history.entries.iter().map(row).collect();
    report.table(vec!["accepted", "entry", "type", "event", "outcome"], rows);
}
