//! Words about exchanges that failed, for the colleagues who work on the incident.

use std::fmt::Write;

use super::{cut, one_line, transaction_details};
use crate::domain::Timestamp;
use crate::effect::{Failures, Parent};
use crate::event::{Exchange, OneOfSeveral};

/// The line before the count of failures; what follows it, Gridlink keeps current.
const COUNT: &str = "Exchanges that failed in this way: ";
/// The same on a parent incident.
const CHILDREN: &str = "Incidents of partners that failed alike: ";
/// How the close notes end of what Gridlink resolved.
const RESOLVED: &str = "Resolved by Gridlink.";
/// The longest text before that line, in characters.
const WHAT_HAPPENED: usize = 2_400;
/// The longest line that names an exchange, in characters.
const SAMPLE: usize = 140;

/// The description of an incident: what happened, what to do, and what is known of the exchange.
pub fn exchange_incident(
    exchange: &Exchange,
    partner: &str,
    next: &str,
    link: Option<&str>,
    failures: &Failures,
) -> String {
    let mut text = exchange_state(exchange);
    if !next.is_empty() {
        let _ = write!(text, "\n\nWhat to do next: {}", one_line(next, 600));
    }
    let partner = match &exchange.company_id {
        Some(company) => format!("{} ({company})", one_line(partner, 200)),
        None => one_line(partner, 200),
    };
    let _ = write!(text, "\n\nPartner: {partner}");
    for (name, value) in [
        ("Error type", &exchange.error_type),
        ("Error code", &exchange.error_code),
    ] {
        if !value.is_empty() {
            let _ = write!(text, "\n{name}: {}", one_line(value, 200));
        }
    }
    let details = transaction_details(&exchange.transaction_ref);
    if !details.is_empty() {
        let _ = write!(text, "\n{}", cut(&details, 1_000));
    }
    if let Some(link) = link {
        let _ = write!(text, "\nLens: {link}");
    }
    recounted(&cut(&text, WHAT_HAPPENED), &exchange_count(failures))
}

/// The description of a parent incident: what the exchanges of several partners have in common, and what to do.
pub fn parent_incident(exchange: &Exchange, next: &str, parent: &Parent) -> String {
    let mut text = format!(
        "Exchanges of several partners fail alike, which may have one cause. The incident of each partner is a child of \
         this one. It was noticed with this exchange:\n{}",
        exchange_state(exchange)
    );
    if !next.is_empty() {
        let _ = write!(text, "\n\nWhat to do next: {}", one_line(next, 600));
    }
    recounted(&cut(&text, WHAT_HAPPENED), &children_count(parent))
}

/// The same description with another count: that of [`exchange_count`] or [`children_count`].
pub fn recounted(description: &str, count: &str) -> String {
    let begins = if count.starts_with(CHILDREN) { CHILDREN } else { COUNT };
    let head = description.rsplit_once(begins).map_or(description, |(head, _)| head);
    format!("{}\n\n{count}", head.trim_end())
}

/// What the count at the end of a description says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// How many failed.
    pub count: u64,
    /// How many of them still do.
    pub failing: u64,
    /// When the first one did.
    pub first_at: Timestamp,
    /// When the last one did.
    pub last_at: Timestamp,
    /// Some of them, a line each.
    pub samples: Vec<String>,
}

/// Reads the count at the end of a description: that of [`exchange_count`] or [`children_count`]. Nothing where somebody
/// has edited it.
pub fn counted(description: &str) -> Option<Counted> {
    let canonical = super::canonical(description);
    let count = [COUNT, CHILDREN]
        .iter()
        .find_map(|begin| Some(canonical.rsplit_once(begin)?.1))?;
    let mut lines = count.lines();
    let (count, rest) = lines.next()?.split_once(", of which ")?;
    let (failing, rest) = rest.split_once(" still fail. First ")?;
    let (first, rest) = rest.split_once(", last ")?;
    let last = rest.strip_suffix(" (UTC).")?;
    let samples = lines.map(|line| line.strip_prefix("- ").map(str::to_owned));
    Some(Counted {
        count: count.parse().ok()?,
        failing: failing.parse().ok()?,
        first_at: Timestamp::parse_servicenow(first).ok()?,
        last_at: Timestamp::parse_servicenow(last).ok()?,
        samples: samples.collect::<Option<_>>()?,
    })
}

/// Whether close notes are those with which Gridlink resolves an incident.
pub fn is_resolved_by_us(notes: &str) -> bool {
    notes.trim_end().ends_with(RESOLVED)
}

/// How many incidents are children of a parent, and some of their partners.
pub fn children_count(parent: &Parent) -> String {
    let Parent { count, failing, .. } = parent;
    let (first, last) = (seconds(parent.first_at), seconds(parent.last_at));
    let text = format!("{CHILDREN}{count}, of which {failing} still fail. First {first}, last {last} (UTC).");
    with_samples(text, &parent.partners)
}

fn with_samples(mut text: String, samples: &[String]) -> String {
    for sample in samples {
        let _ = write!(text, "\n- {sample}");
    }
    text
}

/// A line that names the partner of an incident.
pub fn partner_sample(incident: &OneOfSeveral) -> String {
    match incident.name.as_str() {
        "" => one_line(&incident.partner, SAMPLE),
        name => one_line(&format!("{name} ({})", incident.partner), SAMPLE),
    }
}

/// The partner of such a line, without its name.
pub fn partner_of_sample(line: &str) -> &str {
    let partner = line.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    partner.unwrap_or(line)
}

/// Every incident of a parent went through, and somebody works on it, or on a child.
pub fn children_recovered(parent: &Parent) -> String {
    format!(
        "{} Nothing of them fails any more. This incident is left to you, because somebody works on it or on a child of it.",
        all_children(parent)
    )
}

/// The close notes of a parent incident that Gridlink resolved.
pub fn children_resolved(parent: &Parent) -> String {
    format!(
        "{} The exchanges of all of them went through. {RESOLVED}",
        all_children(parent)
    )
}

fn all_children(parent: &Parent) -> String {
    format!(
        "{} incidents of partners failed alike, the last of them at {} (UTC).",
        parent.count,
        seconds(parent.last_at)
    )
}

/// How many exchanges failed in the same way, and some of them.
pub fn exchange_count(failures: &Failures) -> String {
    let Failures { count, failing, .. } = failures;
    let (first, last) = (seconds(failures.first_at), seconds(failures.last_at));
    let text = format!("{COUNT}{count}, of which {failing} still fail. First {first}, last {last} (UTC).");
    with_samples(text, &failures.samples)
}

fn seconds(time: Timestamp) -> String {
    time.servicenow()
}

/// How an exchange is, in a sentence or two.
fn exchange_state(exchange: &Exchange) -> String {
    let document = match exchange.transaction_ref.document_type.as_str() {
        "" => "An exchange".to_owned(),
        kind => format!("Document {}", one_line(kind, 40)),
    };
    let mut text = format!("{document}: {}", one_line(&exchange.status, 100));
    if !exchange.acknowledgement.is_empty() {
        let _ = write!(text, ", acknowledgement {}", one_line(&exchange.acknowledgement, 100));
    }
    let _ = write!(text, ", since {} (UTC).", seconds(exchange.at()));
    if !exchange.message.is_empty() {
        let _ = write!(text, "\n{}", cut(super::clean(&exchange.message).trim(), 800));
    }
    text
}

/// A line that names an exchange.
pub fn exchange_sample(exchange: &Exchange) -> String {
    let reference = &exchange.transaction_ref;
    let keys = reference.business_keys.iter();
    let keys = keys.map(|(name, value)| format!("{name} {value}")).collect::<Vec<_>>();
    let parts = [
        reference.document_type.clone(),
        keys.join(", "),
        exchange.transaction_id.clone(),
    ];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    one_line(&parts.collect::<Vec<_>>().join(" · "), SAMPLE)
}

/// An exchange of the incident is in another state, and still fails.
pub fn exchange_still_fails(exchange: &Exchange) -> String {
    format!("{}\n{}", exchange_sample(exchange), exchange_state(exchange))
}

/// An exchange that had gone through failed again, so that the incident is open again.
pub fn exchange_reopened(exchange: &Exchange) -> String {
    format!(
        "Reopened because an exchange failed after everything had gone through.\n{}",
        exchange_still_fails(exchange)
    )
}

/// Everything of the incident went through, and somebody works on it.
pub fn exchanges_recovered(failures: &Failures, exchange: &Exchange) -> String {
    format!(
        "{} Nothing of this incident fails any more. It is left to you, because somebody works on it.",
        went_through(failures, exchange)
    )
}

/// The close notes of an incident that Gridlink resolved.
pub fn exchanges_resolved(failures: &Failures, exchange: &Exchange) -> String {
    format!("{} {RESOLVED}", went_through(failures, exchange))
}

fn went_through(failures: &Failures, exchange: &Exchange) -> String {
    let which = match failures.count {
        1 => "The exchange".to_owned(),
        count => format!("All {count} exchanges"),
    };
    let acknowledged = match exchange.acknowledgement.as_str() {
        "" => String::new(),
        word => format!(", acknowledgement {}", one_line(word, 100)),
    };
    let (status, at) = (one_line(&exchange.status, 100), seconds(exchange.at()));
    format!("{which} went through: {status}{acknowledged}, {at} (UTC).")
}
