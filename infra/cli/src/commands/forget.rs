//! `gridlink forget`: what the table holds of a partner, and its erasure.

use serde::Serialize;
use shared::domain::{CompanyId, Stream};
use shared::store::Holding;

use super::progress::{bar, counting};
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};

/// What programs read of one subject.
#[derive(Serialize)]
struct Shown<'a> {
    subject: &'a str,
    /// How many items hold words of the partner.
    items: usize,
    /// The records in ServiceNow, which stay.
    records: &'a [String],
}

/// Shows what is held of a partner, and with `yes` erases its words: of finished events, links, timelines, exchanges and
/// requests. Ids, digests and counters stay. May be repeated.
///
/// # Errors
/// When events of it wait or are parked, or the table gives no clear answer.
pub async fn forget(place: &Place, partner: &str, yes: bool) -> Result<Report, Failed> {
    let company: CompanyId = partner.parse().map_err(|error: shared::domain::Malformed| {
        Failed::usage(
            format!("{partner}: {error}"),
            "Name the company id, such as GC41543822654A.",
        )
    })?;
    let progress = counting("searching the table");
    let held = place.store.held_of(&company, &|more| progress.inc(more)).await;
    progress.finish_and_clear();
    let held = held?;
    let waiting: Vec<String> = held
        .iter()
        .flat_map(|one| &one.waiting)
        .map(Stream::to_string)
        .collect();
    if yes && !waiting.is_empty() {
        let message = format!(
            "{} streams of {company} have unfinished events: {}",
            waiting.len(),
            waiting.join(", ")
        );
        let advice =
            "Let them finish, replay them, or dismiss them with `gridlink parked dismiss`; then repeat the command.";
        return Err(Failed::new(message, advice));
    }
    let count = held.iter().map(|one| one.words.len()).sum();
    let mut left = 0;
    if yes {
        let progress = bar("erasing", count);
        for one in &held {
            left += erased(place, one, &|| progress.inc(1)).await?;
        }
        progress.finish_and_clear();
    }
    Ok(report(&company, &held, &waiting, yes.then_some(left)))
}

/// Erases what is held under a subject. Gives of how many items it could not be.
async fn erased(place: &Place, held: &Holding, done: &dyn Fn()) -> Result<usize, Failed> {
    let mut left = 0;
    for sk in &held.words {
        left += usize::from(!place.store.erase(&held.subject, sk).await?);
        done();
    }
    Ok(left)
}

fn report(company: &CompanyId, held: &[Holding], waiting: &[String], left: Option<usize>) -> Report {
    let with_words: Vec<&Holding> = held.iter().filter(|one| !one.words.is_empty()).collect();
    let items: usize = with_words.iter().map(|one| one.words.len()).sum();
    let shown = held.iter().map(|one| Shown {
        subject: one.subject.as_str(),
        items: one.words.len(),
        records: &one.records,
    });
    let mut report = Report::new(serde_json::json!({
        "company": company,
        "subjects": shown.collect::<Vec<_>>(),
        "items": items,
        "waiting": waiting,
        "erased": left.map(|left| items - left),
        "left": left.unwrap_or(items),
    }));
    report.has_findings = left.unwrap_or(items) > 0;
    let row = |one: &&Holding| {
        vec![
            Cell::strong(one.subject.as_str()),
            Cell::from(one.words.len().to_string()),
            Cell::from(one.records.join(", ")),
        ]
    };
    report.table(
        vec!["subject", "items with words", "records in ServiceNow"],
        with_words.iter().map(row).collect(),
    );
    for stream in waiting {
        report.line(Cell::new(
            format!("{stream} has unfinished events: nothing is erased before they are finished."),
            Tone::Bad,
        ));
    }
    let records: usize = held.iter().map(|one| one.records.len()).sum();
    let (issues, threads) = (of_kind(held, "issues/"), of_kind(held, "threads/"));
    report.line(format!(
        "What is elsewhere stays: {records} records in ServiceNow with their journals and files, {issues} issues and {threads} \
         threads in the community, the logs of the functions, and backups of the table.",
    ));
    report.line(match (items, left) {
        (0, _) => Cell::new(format!("The table holds no words of {company}."), Tone::Good),
        (_, None) => Cell::new(
            format!("{items} items hold words of {company}. Nothing was erased yet; repeat the command with --yes."),
            Tone::Warn,
        ),
        (_, Some(0)) => Cell::new(
            format!("The words of {items} items were erased; ids, digests and counters stay."),
            Tone::Good,
        ),
        (_, Some(left)) => Cell::new(
            format!("{left} of {items} items changed meanwhile: repeat the command."),
            Tone::Warn,
        ),
    });
    report
}

fn of_kind(held: &[Holding], begin: &str) -> usize {
    held.iter()
        .filter(|one| one.subject.as_str().starts_with(begin))
        .count()
}
