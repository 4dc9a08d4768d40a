//! `gridlink reconcile`: both sides and the table are compared, and what does not agree is put right.
//!
//! By the means of the functions: nothing is ever deleted, and nothing overtakes anything. What was missed is accepted as
//! if it came now, and streams are rung.

mod differences;
mod gather;

use std::collections::BTreeMap;

use serde::Serialize;
use shared::clients::Clients;
use shared::domain::Timestamp;
use shared::event::Event;
use shared::store::{Accepted, Adopted};

use super::parked::ring;
use super::progress::bar;
use crate::failed::Failed;
use crate::place::Place;
use crate::report::{Cell, Report, Tone};

pub use differences::{Difference, Facts, Kind, Repair, differences};

/// How much is put right, and what of it.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct Most {
    /// At most so many differences are put right; the rest is left to the next time.
    #[arg(long, default_value_t = 100, value_name = "COUNT")]
    pub most: usize,
    /// Records that are gone were deleted for good, and not hidden: tell their partners.
    #[arg(long)]
    pub deleted: bool,
}

/// A difference, as programs read it.
#[derive(Serialize)]
struct Shown<'a> {
    kind: &'static str,
    title: &'static str,
    subject: &'a str,
    what: &'a str,
    remedy: &'a str,
    /// Whether it can be put right without a person.
    can_be_repaired: bool,
    /// What was done; absent in a plan, and of what was left.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<&'static str>,
}

/// Compares, and says what would be done. Changes nothing.
///
/// # Errors
/// When one of the two sides, or the table, gives no clear answer.
pub async fn plan(place: &Place, since: &str) -> Result<Report, Failed> {
    let since = super::replay_from::since(since, place.clock.now())?;
    let (facts, found) = compared(place, &place.clients()?, since).await?;
    let found: Vec<_> = found.into_iter().map(|difference| (difference, None)).collect();
    Ok(report(since, &facts, &found, None))
}

/// Compares, and puts right what can be put right, up to a number. What was put right is no difference any more: asked
/// for again, it goes on with the rest.
///
/// # Errors
/// When one of the two sides, or the table, gives no clear answer.
pub async fn apply(place: &Place, since: &str, most: &Most) -> Result<Report, Failed> {
    let since = super::replay_from::since(since, place.clock.now())?;
    let clients = place.clients()?;
    let by = place.operator().await?;
    let (facts, found) = compared(place, &clients, since).await?;
    let takes = |difference: &Difference| match &difference.repair {
        Some(Repair::TellDeletion(_)) => most.deleted,
        Some(_) => true,
        None => false,
    };
    let count = found.iter().filter(|one| takes(one)).count().min(most.most);
    let progress = bar("putting right", count);
    let (mut done, mut left) = (Vec::new(), count);
    // Links come before what happened to their records.
    let mut order: Vec<Difference> = found;
    order.sort_by_key(|one| {
        !matches!(
            one.repair,
            Some(Repair::Link(_) | Repair::Linked(..) | Repair::WayBack(..))
        )
    });
    for difference in order {
        let result = match &difference.repair {
            Some(repair) if left > 0 && takes(&difference) => {
                left -= 1;
                progress.inc(1);
                Some(repaired(place, &by, repair).await?)
            }
            _ => None,
        };
        done.push((difference, result));
    }
    progress.finish_and_clear();
    done.sort_by_key(|(difference, _)| difference.kind);
    Ok(report(since, &facts, &done, Some(most)))
}

async fn compared(place: &Place, clients: &Clients, since: Timestamp) -> Result<(Facts, Vec<Difference>), Failed> {
    let facts = Box::pin(gather::gather(place, clients, since)).await?;
    let found = differences(&facts, place.clock.now());
    Ok((facts, found))
}

/// Puts one difference right; each may be done twice without harm.
async fn repaired(place: &Place, by: &str, repair: &Repair) -> Result<&'static str, Failed> {
    let store = &place.store;
    Ok(match repair {
        Repair::Accept(event) | Repair::TellDeletion(event) => accepted(place, event).await?,
        Repair::Ring(stream, owner) => {
            store.make_due(stream).await?;
            ring(place, *owner, stream).await;
            "rung"
        }
        Repair::Link(adoption) => {
            let told = format!("{} was linked again by {by}: it bears our key", adoption.number);
            match store.adopt(adoption, Vec::new(), &told).await? {
                Adopted::Done => "linked",
                Adopted::Already => "was linked meanwhile",
                Adopted::HasAnother(_) | Adopted::BelongsTo(_) | Adopted::Foreign => "somebody else has it; left alone",
            }
        }
        Repair::Linked(subject, create, number) => {
            store.put_all(store.linked(subject, create, number)?).await?;
            "linked"
        }
        Repair::WayBack(subject, record) => match store.put_way_back(subject, record).await? {
            true => "put",
            false => "leads elsewhere now; left alone",
        },
    })
}

async fn accepted(place: &Place, event: &Event) -> Result<&'static str, Failed> {
    Ok(match place.store.accept(event).await? {
        Accepted::New(stream, owner) => {
            if let Some(owner) = owner {
                ring(place, owner, &stream).await;
            }
            "accepted"
        }
        Accepted::Duplicate => "was accepted meanwhile",
        Accepted::Echo | Accepted::Unrelated => "concerns nobody",
        Accepted::Conflict => "refused: its id was used for something else",
        Accepted::Foreign => "refused: the issue belongs to another company",
    })
}

fn report(
    since: Timestamp,
    facts: &Facts,
    found: &[(Difference, Option<&'static str>)],
    applied: Option<&Most>,
) -> Report {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for (difference, _) in found {
        *counts.entry(difference.kind.as_str()).or_default() += 1;
    }
    let shown = found.iter().map(|(difference, result)| Shown {
        kind: difference.kind.as_str(),
        title: difference.kind.title(),
        subject: &difference.subject,
        what: &difference.what,
        remedy: &difference.remedy,
        can_be_repaired: difference.repair.is_some(),
        result: *result,
    });
    let left = found.iter().filter(|(_, result)| result.is_none()).count();
    let mut report = Report::new(serde_json::json!({
        "since": since.to_string(),
        "read": facts.untold.read,
        "unusable": facts.untold.unusable,
        "counts": counts,
        "left": left,
        "differences": shown.collect::<Vec<_>>(),
    }));
    report.has_findings = left > 0;
    for kind in counts.keys() {
        let of_kind = || found.iter().filter(|(difference, _)| difference.kind.as_str() == *kind);
        let Some((first, _)) = of_kind().next() else { continue };
        report.heading(format!("{kind}: {} ({})", first.kind.title(), of_kind().count()));
        let row = |(difference, result): &(Difference, Option<&'static str>)| {
            let (tone, said) = match (result, applied) {
                (Some(result), _) => (Tone::Good, (*result).to_owned()),
                (None, None) if difference.repair.is_some() => {
                    (Tone::Warn, format!("would be put right: {}", difference.remedy))
                }
                (None, _) if difference.repair.is_none() => (Tone::Bad, format!("for a person: {}", difference.remedy)),
                (None, _) => (Tone::Warn, format!("left: {}", difference.remedy)),
            };
            vec![
                Cell::strong(&difference.subject),
                Cell::from(&difference.what),
                Cell::new(said, tone),
            ]
        };
        report.table(vec!["subject", "what", "what is done"], of_kind().map(row).collect());
    }
    let line = match (found.len(), left, applied) {
        (0, _, _) => Cell::new(format!("Both sides and the table agree since {since}."), Tone::Good),
        (all, _, None) => Cell::new(
            format!("{all} differences. Nothing was changed; `gridlink reconcile apply` puts right what it can."),
            Tone::Warn,
        ),
        (all, 0, Some(_)) => Cell::new(format!("{all} differences, all put right."), Tone::Good),
        (all, left, Some(_)) => Cell::new(
            format!(
                "{} of {all} differences were put right. The rest is left: repeat the command, or see what it says.",
                all - left
            ),
            Tone::Warn,
        ),
    };
    report.line(line);
    if facts.untold.unusable > 0 {
        let unusable = facts.untold.unusable;
        report.line(format!(
            "{unusable} entries of the two sides are unusable; the log of poll-changes says why."
        ));
    }
    report
}
