//! Words about exchanges that failed, for the colleagues who work on the incident.

use std::fmt::Write;

use super::{cut, one_line, transaction_details};
use crate::domain::Timestamp;
use crate::effect::Failures;
use crate::event::Exchange;

/// The line before the count of failures; what follows it, Gridlink keeps current.
const COUNT: &str = "Exchanges that failed in this way: ";
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
    with_count(&cut(&text, WHAT_HAPPENED), failures)
}

/// The same description with another count.
pub fn recounted(description: &str, failures: &Failures) -> String {
    let head = description.rsplit_once(COUNT).map_or(description, |(head, _)| head);
    with_count(head.trim_end(), failures)
}

fn with_count(head: &str, failures: &Failures) -> String {
    format!("{head}\n\n{}", exchange_count(failures))
}

/// How many exchanges failed in the same way, and some of them.
pub fn exchange_count(failures: &Failures) -> String {
    let Failures { count, failing, .. } = failures;
    let (first, last) = (seconds(failures.first_at), seconds(failures.last_at));
    let mut text = format!("{COUNT}{count}, of which {failing} still fail. First {first}, last {last} (UTC).");
    for sample in &failures.samples {
        let _ = write!(text, "\n- {sample}");
    }
    text
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
    format!("{} Resolved by Gridlink.", went_through(failures, exchange))
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
