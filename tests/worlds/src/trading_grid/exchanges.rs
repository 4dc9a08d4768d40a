//! What happens to exchanges after the seed: new ones, and changes of old ones.

use std::sync::Arc;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::collaboration::Stamp;
use super::lens::{Acknowledgement, Entry, ExchangeSeed, Parties, Status};
use super::problems::{Kind, Problem};
use super::state::State;
use crate::clock;

/// Numbers of seeded exchanges are below this.
const FIRST_NUMBER: u64 = 10_000;

impl State {
    /// Adds an exchange that arrives now; gives its correlation id.
    pub(crate) fn add_exchange(&mut self, seed: &ExchangeSeed, now: OffsetDateTime) -> String {
        let number = FIRST_NUMBER + self.exchanges;
        self.exchanges += 1;
        let parties = Parties::of(&self.members, &seed.sender_address, &seed.receiver_address);
        let entries = seed.entries(&parties, number, now);
        let id = entries
            .first()
            .map_or_else(String::new, |entry| entry.correlation_id().to_owned());
        for entry in entries {
            self.lens.entries_mut().add(entry);
        }
        id
    }

    /// Changes the status of what went out last, or of all when nothing went out.
    pub(crate) fn set_status(&mut self, correlation: &str, status: Status, now: OffsetDateTime) -> Result<(), Problem> {
        self.change_exchange(correlation, |entry| {
            entry.status = status;
            entry.values.insert("statusdate", clock::milliseconds(now));
        })
    }

    /// An acknowledgement comes for what went out, or its time is over.
    pub(crate) fn set_acknowledgement(
        &mut self,
        correlation: &str,
        acknowledgement: Acknowledgement,
        now: OffsetDateTime,
    ) -> Result<(), Problem> {
        self.change_exchange(correlation, |entry| {
            if entry.value("transactionlevel") != Some("Document") {
                return;
            }
            entry.acknowledgement = Some(acknowledgement);
            if acknowledgement.has_date() {
                entry.values.insert("fastatusdate", clock::milliseconds(now));
            }
        })
    }

    /// The community tells of a failed exchange by itself, in the words of Lens.
    pub(crate) fn tell_failure(&mut self, correlation: &str, now: OffsetDateTime) -> Result<(), Problem> {
        let its: Vec<&Arc<Entry>> = self.lens.entries().of(correlation).collect();
        let document = its
            .iter()
            .rev()
            .find(|entry| entry.value("transactionlevel") == Some("Document"));
        let entry = document.ok_or_else(no_exchange)?;
        let told = its
            .iter()
            .find_map(|entry| entry.value("externalerrormessage").map(|_| entry));
        let of = |field: &str| told.and_then(|entry| entry.value(field));
        let company = self.partner_of(entry).map(str::to_owned);
        let acknowledgement = entry.value("fastatus");
        let data = json!({
            "correlationId": correlation,
            "transactionId": entry.id(),
            "companyId": company,
            "status": entry.status.text(),
            "statusAt": entry.value("statusdate"),
            "acknowledgement": acknowledgement,
            "acknowledgementAt": entry.value("fastatusdate"),
            "deliveryStatus": entry.value("deliverystatus"),
            "errorType": of("errortype"),
            "errorCode": of("errorcode"),
            "message": of("externalerrormessage"),
            "arrivedAt": entry.value("arrivaltime"),
            "senderName": entry.value("sendername"),
            "receiverName": entry.value("receivername"),
            "transactionRef": {
                "transactionId": entry.id(),
                "correlationId": correlation,
                "documentType": entry.value("type"),
                "senderAddress": entry.value("senderaddress"),
                "receiverAddress": entry.value("receiveraddress"),
                "businessKeys": entry.content_keys.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
            },
        });
        let id = exchange_event_id(correlation, entry.status.text(), acknowledgement.unwrap_or_default());
        let stamp = Stamp::at(now);
        let subject = format!("exchanges/{correlation}");
        let company = company.unwrap_or_else(|| "unknown".to_owned());
        let data = without_nulls(data);
        self.collaboration
            .feed
            .tell(&company, "exchange.failed", subject, &stamp, data)
            .id = id;
        Ok(())
    }

    /// The company at the end that is no sponsor's.
    fn partner_of(&self, entry: &Entry) -> Option<&str> {
        ["senderaddress", "receiveraddress"]
            .into_iter()
            .filter_map(|end| self.members.company_at(entry.value(end)?))
            .find(|company| !company.is_sponsor)
            .map(|company| company.company_id.as_str())
    }

    fn change_exchange(&mut self, correlation: &str, change: impl Fn(&mut Entry)) -> Result<(), Problem> {
        let entries = self.lens.entries_mut();
        let anything_went_out = entries.of(correlation).any(|entry| entry.is_outgoing);
        let is_meant = |entry: &Entry| entry.is_outgoing || !anything_went_out;
        match entries.change(correlation, is_meant, change) {
            0 => Err(no_exchange()),
            _ => Ok(()),
        }
    }
}

/// As the contract says: the same whoever saw the exchange.
fn exchange_event_id(correlation: &str, status: &str, acknowledgement: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || "._-".contains(c) {
            c
        } else {
            '_'
        }
    };
    [correlation, status, acknowledgement]
        .map(|part| part.chars().map(plain).collect::<String>())
        .join("/")
}

fn without_nulls(mut data: Value) -> Value {
    if let Some(members) = data.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    data
}

fn no_exchange() -> Problem {
    Problem::new(Kind::NotFound, "there is no exchange with this correlation id")
}
