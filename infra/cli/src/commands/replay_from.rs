//! `gridlink replay-from`: what no push has told is filled in by pull, from a time on.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_lambda::primitives::Blob;
use indicatif::{ProgressBar, ProgressStyle};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::domain::Timestamp;

use crate::args::Source;
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};

/// A function may run for a minute.
const INVOCATION: Duration = Duration::from_secs(70);
/// How long a cursor that another poll has is waited for, at a time.
const BUSY: Duration = Duration::from_secs(10);
/// How often in a row a poll may fail or find its cursor taken.
const PATIENCE: u32 = 12;

/// What a poll answers.
#[derive(Debug, Default, Clone, Copy, Deserialize, Serialize)]
pub struct Polled {
    /// Entries that were looked at.
    pub entries: u64,
    /// Events that were new.
    pub told: u64,
    /// Events that were known.
    pub known: u64,
    /// Entries of which no event could be made.
    pub unusable: u64,
    /// Cursors that another poller had.
    pub busy: u64,
    /// Seconds still to be read.
    pub behind: u64,
    /// Whether something was not answered.
    pub has_failed: bool,
}

impl Source {
    fn as_str(self) -> &'static str {
        match self {
            Source::Lens => "lens",
            Source::Feed => "feed",
            Source::Records => "records",
        }
    }
}

/// A time: RFC 3339, a date, or how long ago, such as `2h`.
///
/// # Errors
/// When it is none of these, or not over yet.
pub fn since(text: &str, now: Timestamp) -> Result<Timestamp, Failed> {
    let ago = || crate::args::duration(text).ok().map(|ago| now.before(ago));
    let date = || Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).ok();
    let time = Timestamp::parse_rfc3339(text).ok().or_else(date).or_else(ago);
    match time {
        Some(time) if time < now => Ok(time),
        Some(_) => Err(Failed::usage(
            format!("{text} is not over yet"),
            "Name a time in the past.",
        )),
        None => Err(Failed::usage(
            format!("{text} is no time"),
            "Write 2026-11-01T00:00:00Z, 2026-11-01, or how long ago: 2h.",
        )),
    }
}

/// Reads sources from a time on, each as often as it takes.
///
/// # Errors
/// When a poll fails again and again; asked for again with the same time, it goes on where it stopped.
pub async fn replay_from(place: &Place, time: &str, sources: &[Source]) -> Result<Report, Failed> {
    let since = since(time, place.clock.now())?;
    let function = place.stack.output("PollChangesFunctionName")?.to_owned();
    let client = aws_sdk_lambda::Client::new(&place.aws.settings(INVOCATION));
    let all = [Source::Lens, Source::Feed, Source::Records];
    let sources = if sources.is_empty() { &all[..] } else { sources };
    let mut read = BTreeMap::new();
    for source in sources {
        let poll = async || {
            let payload = json!({"poll": source.as_str(), "since": since.to_string()}).to_string();
            let call = client.invoke().function_name(&function).payload(Blob::new(payload));
            let answer = call.send().await;
            let answer = answer.map_err(|error| Failed::aws(&format!("{function} cannot be started"), error))?;
            let body = answer.payload.map(Blob::into_inner).unwrap_or_default();
            if let Some(kind) = answer.function_error {
                let body = String::from_utf8_lossy(&body);
                let message = format!("{function} ended with an error ({kind}): {body}");
                return Err(Failed::new(
                    message,
                    format!("Look at the log of {function}, and repeat the command."),
                ));
            }
            serde_json::from_slice::<Polled>(&body).map_err(|error| {
                Failed::new(
                    format!("{function} gave no clear answer: {error}"),
                    "Deploy this version of Gridlink.",
                )
            })
        };
        read.insert(source.as_str(), until_read(source.as_str(), poll).await?);
    }
    let mut report = Report::new(json!({"since": since.to_string(), "sources": read}));
    let row = |(source, polled): (&&str, &Polled)| {
        let unusable = if polled.unusable > 0 { Tone::Warn } else { Tone::Plain };
        vec![
            Cell::strong(source),
            Cell::from(polled.entries.to_string()),
            Cell::new(polled.told.to_string(), Tone::Good),
            Cell::from(polled.known.to_string()),
            Cell::new(polled.unusable.to_string(), unusable),
        ]
    };
    report.table(
        vec!["source", "entries", "new", "known", "unusable"],
        read.iter().map(row).collect(),
    );
    report.has_findings = read.values().any(|polled| polled.unusable > 0);
    if report.has_findings {
        report.line(format!(
            "The log of {function} says which entries are unusable, and why."
        ));
    }
    Ok(report)
}

/// Polls until nothing is left to be read.
///
/// # Errors
/// When it fails again and again.
pub async fn until_read(source: &str, poll: impl AsyncFn() -> Result<Polled, Failed>) -> Result<Polled, Failed> {
    let progress = ProgressBar::new(0);
    let template = "{msg} [{bar:40}] {percent}% read, {elapsed}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        progress.set_style(style.progress_chars("=> "));
    }
    progress.set_message(source.to_owned());
    let mut sum = Polled::default();
    let mut in_vain = 0;
    loop {
        let polled = poll().await?;
        sum = Polled {
            entries: sum.entries + polled.entries,
            told: sum.told + polled.told,
            known: sum.known + polled.known,
            unusable: sum.unusable + polled.unusable,
            busy: polled.busy,
            behind: polled.behind,
            has_failed: polled.has_failed,
        };
        progress.set_length(progress.length().unwrap_or(0).max(polled.behind));
        progress.set_position(progress.length().unwrap_or(0).saturating_sub(polled.behind));
        if polled.has_failed || polled.busy > 0 {
            in_vain += 1;
            if in_vain >= PATIENCE {
                progress.finish_and_clear();
                let why = if polled.has_failed {
                    "was not answered"
                } else {
                    "is being read by another poll"
                };
                return Err(Failed::new(
                    format!(
                        "{source} {why}, {in_vain} times in a row; {} seconds are still to be read",
                        polled.behind
                    ),
                    "See `gridlink doctor`, and repeat the command with the same time: it goes on where it stopped.",
                ));
            }
            tokio::time::sleep(BUSY).await;
        } else if polled.behind == 0 {
            progress.finish_and_clear();
            return Ok(sum);
        } else {
            in_vain = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    async fn polls(answers: Vec<Polled>) -> (Result<Polled, Failed>, usize) {
        let left = RefCell::new(answers.into_iter());
        let count = RefCell::new(0);
        let outcome = until_read("lens", async || {
            *count.borrow_mut() += 1;
            Ok(left.borrow_mut().next().unwrap_or(Polled {
                has_failed: true,
                ..Polled::default()
            }))
        });
        let outcome = outcome.await;
        (outcome, count.into_inner())
    }

    #[tokio::test(start_paused = true)]
    async fn it_polls_until_nothing_is_behind() {
        let behind = |behind| Polled {
            behind,
            told: 2,
            ..Polled::default()
        };
        let busy = Polled {
            busy: 1,
            ..Polled::default()
        };
        let (read, count) = polls(vec![behind(500), busy, behind(20), behind(0)]).await;
        assert_eq!((read.unwrap().told, count), (6, 4));
    }

    #[tokio::test(start_paused = true)]
    async fn it_gives_up_where_nothing_answers() {
        let (read, count) = polls(Vec::new()).await;
        assert!(read.unwrap_err().message.contains("was not answered"));
        assert_eq!(count, 12);
    }

    #[test]
    fn times() {
        let now = Timestamp::parse_rfc3339("2026-11-23T09:00:00Z").unwrap();
        let is = |text: &str| since(text, now).map(|time| time.to_string()).ok();
        let wanted = |text: &str| Some(Timestamp::parse_rfc3339(text).unwrap().to_string());
        assert_eq!(is("2h"), wanted("2026-11-23T07:00:00Z"));
        assert_eq!(is("2026-11-01"), wanted("2026-11-01T00:00:00Z"));
        assert_eq!(is("2026-11-01T12:00:00Z"), wanted("2026-11-01T12:00:00Z"));
        assert_eq!((is("tomorrow"), is("2027-01-01")), (None, None));
    }
}
