//! `gridlink parked`: what waits for a person.

use serde::Serialize;
use shared::domain::{Lane, Stream, Timestamp};
use shared::store::{Dismissal, ParkedStream};

use super::find::find;
use super::trace::unknown;
use crate::args::{Choice, Filter};
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone, age};

/// A parked stream, as programs read it.
#[derive(Debug, Serialize)]
struct Shown {
    subject: String,
    lane: &'static str,
    use_case: Option<&'static str>,
    /// The entry at which it stopped.
    entry: i64,
    cause: String,
    remedy: String,
    /// Since when, RFC 3339.
    parked_at: String,
    /// How many entries wait behind that one.
    behind: i64,
    /// What was done, or would be: `replayed`, `dismissed`, `would be replayed`, …; absent in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<String>,
}

impl Shown {
    fn of(parked: &ParkedStream) -> Self {
        Self {
            subject: parked.stream.subject.to_string(),
            lane: parked.stream.lane.as_str(),
            use_case: parked.owner.map(|owner| owner.as_str()),
            entry: parked.number,
            cause: parked.cause.clone(),
            remedy: parked.remedy.clone(),
            parked_at: parked.at.to_string(),
            behind: parked.behind,
            result: None,
        }
    }
}

/// What programs read of a list.
#[derive(Serialize)]
struct List {
    parked: Vec<Shown>,
}

impl Filter {
    fn takes(&self, parked: &ParkedStream, now: Timestamp) -> bool {
        let cause = self
            .cause
            .as_ref()
            .is_none_or(|part| parked.cause.contains(part.as_str()));
        let use_case = self.use_case.is_none_or(|use_case| parked.owner == Some(use_case));
        let age = self.older_than.is_none_or(|older| parked.at.until(now) > older);
        cause && use_case && age
    }
}

/// Lists what is parked.
///
/// # Errors
/// When the table cannot be asked.
pub async fn list(place: &Place, filter: &Filter) -> Result<Report, Failed> {
    let now = place.clock.now();
    let mut parked = place.store.parked().await?;
    parked.retain(|parked| filter.takes(parked, now));
    let mut report = Report::new(List {
        parked: parked.iter().map(Shown::of).collect(),
    });
    report.has_findings = !parked.is_empty();
    if parked.is_empty() {
        report.line(Cell::new("Nothing is parked.", Tone::Good));
        return Ok(report);
    }
    let row = |parked: &ParkedStream| {
        vec![
            Cell::new(age(parked.at, now), Tone::Warn),
            Cell::strong(parked.stream.subject.as_str()),
            Cell::from(format!("{}/{}", parked.stream.lane.as_str(), parked.number)),
            Cell::from(parked.owner.map(|owner| owner.as_str()).unwrap_or_default()),
            Cell::from(parked.behind.to_string()),
            Cell::new(&parked.cause, Tone::Bad),
        ]
    };
    report.table(
        vec!["parked", "subject", "entry", "use case", "behind", "cause"],
        parked.iter().map(row).collect(),
    );
    report.line(
        "What to do: `gridlink parked show <subject>`. When the cause is mended: `gridlink parked replay <subject>`.",
    );
    Ok(report)
}

/// Shows why one subject is parked.
///
/// # Errors
/// When it cannot be found or read.
pub async fn show(place: &Place, what: &str) -> Result<Report, Failed> {
    let subject = find(place, what, false).await?;
    let now = place.clock.now();
    let history = place.store.history(&subject).await?.ok_or_else(|| unknown(&subject))?;
    let parked = of_subject(place, what, None).await?;
    let mut report = Report::new(List {
        parked: parked.iter().map(Shown::of).collect(),
    });
    report.has_findings = !parked.is_empty();
    if parked.is_empty() {
        report.line(Cell::new(format!("Nothing of {subject} is parked."), Tone::Good));
    }
    for one in &parked {
        let lane = one.stream.lane.as_str();
        let entry = history
            .entries
            .iter()
            .find(|entry| entry.lane == lane && entry.number == one.number);
        let event = entry.map(|entry| format!("{} {} of {}", entry.kind, entry.event, entry.sender));
        report.heading(format!("{subject}, {lane}"));
        report.facts([
            ("parked", age(one.at, now).into()),
            (
                "use case",
                one.owner.map(|owner| owner.as_str()).unwrap_or_default().into(),
            ),
            ("entry", one.number.to_string().into()),
            ("event", event.unwrap_or_default().into()),
            ("behind it", format!("{} waiting", one.behind).into()),
            ("cause", Cell::new(&one.cause, Tone::Bad)),
            ("what to do", Cell::strong(&one.remedy)),
        ]);
        let stream = history.streams.iter().find(|stream| stream.lane == lane);
        for command in stream
            .into_iter()
            .flat_map(|stream| super::trace::commands(&subject, stream))
        {
            report.line(Cell::strong(format!("  {command}")));
        }
    }
    Ok(report)
}

/// What of a subject is parked.
async fn of_subject(place: &Place, what: &str, lane: Option<Lane>) -> Result<Vec<ParkedStream>, Failed> {
    let subject = find(place, what, false).await?;
    let mut parked = Vec::new();
    for lane in Lane::ALL.into_iter().filter(|one| lane.is_none_or(|lane| lane == *one)) {
        let subject = subject.clone();
        parked.extend(place.store.parked_at(&Stream { subject, lane }).await?);
    }
    Ok(parked)
}

/// What a choice means now, and whether it is to be carried out.
async fn chosen(place: &Place, choice: &Choice) -> Result<(Vec<ParkedStream>, bool), Failed> {
    if let Some(what) = &choice.what {
        let parked = of_subject(place, what, choice.lane).await?;
        if parked.is_empty() {
            let advice = "See `gridlink trace` for how far it is, and `gridlink parked list` for what is parked.";
            return Err(Failed::new(format!("nothing of {what} is parked"), advice));
        }
        return Ok((parked, true));
    }
    let now = place.clock.now();
    let mut parked = place.store.parked().await?;
    parked.retain(|parked| choice.filter.takes(parked, now));
    Ok((parked, choice.yes))
}

/// Lets parked streams go on at the entries where they stopped.
///
/// # Errors
/// When the table or a queue cannot be asked.
pub async fn replay(place: &Place, choice: &Choice) -> Result<Report, Failed> {
    let (parked, carry_out) = chosen(place, choice).await?;
    let mut done = Vec::new();
    for one in &parked {
        let result = if !carry_out {
            "would be replayed"
        } else if let Some(owner) = place.store.replay(&one.stream).await? {
            ring(place, owner, &one.stream).await;
            "replayed"
        } else {
            "was no longer parked"
        };
        done.push((one, result.to_owned()));
    }
    Ok(told(&done, carry_out))
}

/// Goes on without the entries at which streams are parked.
///
/// # Errors
/// When the table or a queue cannot be asked.
pub async fn dismiss(place: &Place, choice: &Choice, reason: &str) -> Result<Report, Failed> {
    if reason.trim().is_empty() {
        return Err(Failed::usage("a dismissal needs a reason", "Say why with --reason."));
    }
    let (parked, carry_out) = chosen(place, choice).await?;
    let by = if carry_out {
        place.operator().await?
    } else {
        String::new()
    };
    let mut done = Vec::new();
    for one in &parked {
        if !carry_out {
            done.push((one, "would be dismissed".to_owned()));
            continue;
        }
        let result = match place.store.dismiss(&one.stream, one.number, &by, reason).await? {
            Dismissal::Done(owner) => {
                if let Some(owner) = owner {
                    ring(place, owner, &one.stream).await;
                }
                "dismissed".to_owned()
            }
            Dismissal::NotParked(None) => "was no longer parked".to_owned(),
            Dismissal::NotParked(Some(other)) => format!("is parked at entry {other} now, which was left alone"),
        };
        done.push((one, result));
    }
    Ok(told(&done, carry_out))
}

/// Rings a stream; it is due in a minute all the same.
pub(crate) async fn ring(place: &Place, owner: shared::domain::UseCase, stream: &Stream) {
    place.queue.ring_or_leave(Some(owner), stream, "operator").await;
}

fn told(done: &[(&ParkedStream, String)], carried_out: bool) -> Report {
    let shown = done.iter().map(|(parked, result)| Shown {
        result: Some(result.clone()),
        ..Shown::of(parked)
    });
    let mut report = Report::new(List {
        parked: shown.collect(),
    });
    if done.is_empty() {
        report.line(Cell::new("Nothing like that is parked.", Tone::Good));
        return report;
    }
    let row = |(parked, result): &(&ParkedStream, String)| {
        vec![
            Cell::strong(parked.stream.subject.as_str()),
            Cell::from(format!("{}/{}", parked.stream.lane.as_str(), parked.number)),
            Cell::new(result, if carried_out { Tone::Good } else { Tone::Warn }),
            Cell::dim(&parked.cause),
        ]
    };
    report.table(
        vec!["subject", "entry", "result", "cause"],
        done.iter().map(row).collect(),
    );
    if !carried_out {
        report.has_findings = true;
        report.line(Cell::new(
            "Nothing was done yet. Repeat the command with --yes to carry it out.",
            Tone::Warn,
        ));
    }
    report
}
