//! `gridlink pause` and `resume`: nothing of what is stopped is lost.

use serde::Serialize;
use shared::domain::{CompanyId, Lane, Stream, UseCase};
use shared::store::Pausable;

use super::find::find;
use super::parked::ring;
use super::trace::unknown;
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone, age};

/// What is stopped, and what was done about it.
#[derive(Serialize)]
struct Changed {
    /// `use-case/…`, `company/…`, or a subject.
    target: String,
    /// The lanes, of a subject.
    lanes: Vec<&'static str>,
    /// `paused`, `resumed`, or what it was already.
    result: &'static str,
    /// How many streams were let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    streams: Option<usize>,
}

/// What is paused, as programs read it.
#[derive(Serialize)]
struct Paused {
    target: String,
    by: String,
    because: String,
    /// Since when, RFC 3339; absent of a single stream.
    since: Option<String>,
    /// How many streams wait for its end.
    streams: usize,
}

/// What an operator names.
enum Target {
    Whole(Pausable),
    Streams(Vec<Stream>),
}

/// Lists what is paused.
///
/// # Errors
/// When the table cannot be asked.
pub async fn list(place: &Place) -> Result<Report, Failed> {
    let now = place.clock.now();
    let mut paused = Vec::new();
    let mut rows = Vec::new();
    for (name, pause) in place.store.pauses().await?.now {
        let streams = place.store.held(&name).await?.len();
        rows.push(vec![
            Cell::strong(&name),
            Cell::from(age(pause.at, now)),
            Cell::from(streams.to_string()),
            Cell::from(&pause.by),
            Cell::from(&pause.because),
        ]);
        paused.push(Paused {
            target: name,
            by: pause.by,
            because: pause.because,
            since: Some(pause.at.to_string()),
            streams,
        });
    }
    for stream in place.store.paused_streams().await? {
        let target = format!("{} --lane {}", stream.subject, stream.lane.as_str());
        rows.push(vec![
            Cell::strong(&target),
            Cell::from(""),
            Cell::from("1"),
            Cell::dim("see its story"),
            Cell::from(""),
        ]);
        paused.push(Paused {
            target,
            by: String::new(),
            because: String::new(),
            since: None,
            streams: 1,
        });
    }
    let mut report = Report::new(serde_json::json!({ "paused": paused }));
    report.has_findings = !paused.is_empty();
    if paused.is_empty() {
        report.line(Cell::new("Nothing is paused.", Tone::Good));
    }
    report.table(vec!["target", "since", "streams", "by", "why"], rows);
    Ok(report)
}

/// Stops a use case, a company, or a subject.
///
/// # Errors
/// When there is no such thing, or the table cannot be asked.
pub async fn pause(place: &Place, target: &str, lane: Option<Lane>, reason: &str) -> Result<Report, Failed> {
    let by = place.operator().await?;
    let (name, lanes, is_new) = match meant(place, target, lane).await? {
        Target::Whole(what) => (what.name(), Vec::new(), place.store.pause(&what, &by, reason).await?),
        Target::Streams(streams) => {
            let mut is_new = false;
            for stream in &streams {
                is_new |= place.store.pause_stream(stream, &by, reason).await? == Some(true);
            }
            (target.to_owned(), lanes_of(&streams), is_new)
        }
    };
    let result = if is_new { "paused" } else { "was paused already" };
    let mut report = changed(Changed {
        target: name,
        lanes,
        result,
        streams: None,
    });
    report.line(
        "Events go on being accepted and wait. What is under way is finished first, at most a minute long. \
         Let it go on with `gridlink resume`.",
    );
    Ok(report)
}

/// Lets go on what was stopped.
///
/// # Errors
/// When there is no such thing, or the table cannot be asked.
pub async fn resume(place: &Place, target: &str, lane: Option<Lane>) -> Result<Report, Failed> {
    let by = place.operator().await?;
    let mut gone_on = 0;
    let (name, lanes, was_paused) = match meant(place, target, lane).await? {
        Target::Whole(what) => {
            let was_paused = place.store.resume(&what).await?;
            for stream in place.store.held(&what.name()).await? {
                if let Some(owner) = place.store.release(&stream, &what.name()).await? {
                    ring(place, owner, &stream).await;
                    gone_on += 1;
                }
            }
            (what.name(), Vec::new(), was_paused)
        }
        Target::Streams(streams) => {
            let mut was_paused = false;
            for stream in &streams {
                let resumed = place.store.resume_stream(stream, &by).await?;
                was_paused |= resumed.is_some();
                if let Some(owner) = resumed.flatten() {
                    ring(place, owner, stream).await;
                    gone_on += 1;
                }
            }
            (target.to_owned(), lanes_of(&streams), was_paused)
        }
    };
    let result = if was_paused { "resumed" } else { "was not paused" };
    let mut report = changed(Changed {
        target: name,
        lanes,
        result,
        streams: Some(gone_on),
    });
    report.line(format!("{gone_on} streams go on now."));
    Ok(report)
}

async fn meant(place: &Place, target: &str, lane: Option<Lane>) -> Result<Target, Failed> {
    if let Ok(use_case) = target.parse::<UseCase>() {
        return Ok(Target::Whole(Pausable::UseCase(use_case)));
    }
    let company = target.strip_prefix("company/").unwrap_or(target);
    if !company.contains('/')
        && company.starts_with("GC")
        && let Ok(company) = company.parse::<CompanyId>()
    {
        return Ok(Target::Whole(Pausable::Company(company)));
    }
    let subject = find(place, target, false).await?;
    let history = place.store.history(&subject).await?.ok_or_else(|| unknown(&subject))?;
    let there = |lane: &Lane| history.streams.iter().any(|stream| stream.lane == lane.as_str());
    let wanted = Lane::ALL.into_iter().filter(|one| lane.is_none_or(|lane| lane == *one));
    let streams: Vec<Stream> = wanted
        .filter(there)
        .map(|lane| Stream {
            subject: subject.clone(),
            lane,
        })
        .collect();
    match streams.is_empty() {
        true => Err(Failed::usage(
            format!("{subject} has no such lane"),
            format!("See `gridlink trace {subject}` for the lanes that it has."),
        )),
        false => Ok(Target::Streams(streams)),
    }
}

fn lanes_of(streams: &[Stream]) -> Vec<&'static str> {
    streams.iter().map(|stream| stream.lane.as_str()).collect()
}

fn changed(changed: Changed) -> Report {
    let line = format!("{}: {}.", changed.target, changed.result);
    let mut report = Report::new(changed);
    report.line(Cell::new(line, Tone::Good));
    report
}
