//! Exchanges to add, and who is at their ends.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::entry::Entry;
use super::exchange_entries::Exchange;
use super::failures::{EntryError, refused_by, usual_error};
use super::vocabulary::{Acknowledgement, Status};
use crate::trading_grid::community::Members;

/// An exchange to add; the JSON of `POST /_world/exchanges`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExchangeSeed {
    /// For example `ZZ:NORTHWIND`.
    pub sender_address: String,
    pub receiver_address: String,
    /// For example `856` or `DESADV`.
    pub document_type: String,
    /// Of the last entry that there is.
    #[serde(default = "delivered")]
    pub status: Status,
    #[serde(default)]
    pub acknowledgement: Option<Acknowledgement>,
    /// Told by a file entry. Without it, a status that is a failure has a usual one.
    #[serde(default)]
    pub error: Option<EntryError>,
    /// A code such as -2 on an exchange that is well.
    #[serde(default)]
    pub noise_code: Option<String>,
    /// For example `PartiallyDelivered`; without it, what the status implies.
    #[serde(default)]
    pub delivery_status: Option<String>,
    /// ISA13 or UNB 0020; without it, one is made.
    #[serde(default)]
    pub interchange_control_number: Option<String>,
    /// GS06 or UNG 0048.
    #[serde(default)]
    pub group_control_number: Option<String>,
    /// ST02 or UNH 0062.
    #[serde(default)]
    pub document_control_number: Option<String>,
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// Of the document entry at the partner's end.
    #[serde(default)]
    pub transaction_id: Option<String>,
    /// By content key name, for example `purchase order number`.
    #[serde(default)]
    pub business_keys: BTreeMap<String, String>,
}

/// One end of an exchange.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    pub(crate) address: String,
    pub(crate) name: String,
    pub(crate) is_sponsor: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Parties {
    pub(crate) sender: Party,
    pub(crate) receiver: Party,
}

impl Parties {
    /// Who is at the two addresses; an address that nobody has is its own name.
    pub(crate) fn of(members: &Members, sender: &str, receiver: &str) -> Parties {
        let party = |address: &str| match members.company_at(address) {
            Some(company) => Party {
                address: address.to_owned(),
                name: company.company_name.clone(),
                is_sponsor: company.is_sponsor,
            },
            None => Party {
                address: address.to_owned(),
                name: address.to_owned(),
                is_sponsor: false,
            },
        };
        Parties {
            sender: party(sender),
            receiver: party(receiver),
        }
    }
}

impl ExchangeSeed {
    /// An exchange that was delivered.
    pub fn new(sender_address: &str, receiver_address: &str, document_type: &str) -> ExchangeSeed {
        ExchangeSeed {
            sender_address: sender_address.to_owned(),
            receiver_address: receiver_address.to_owned(),
            document_type: document_type.to_owned(),
            status: delivered(),
            acknowledgement: None,
            error: None,
            noise_code: None,
            delivery_status: None,
            interchange_control_number: None,
            group_control_number: None,
            document_control_number: None,
            correlation_id: None,
            transaction_id: None,
            business_keys: BTreeMap::new(),
        }
    }

    /// Adds a business number.
    #[must_use]
    pub fn key(mut self, name: &str, value: &str) -> ExchangeSeed {
        self.business_keys.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Its entries, in the order in which they came to be; `number` tells exchanges apart.
    pub(crate) fn entries(&self, parties: &Parties, number: u64, at: OffsetDateTime) -> Vec<Entry> {
        Exchange::new(self, parties, number, at).entries()
    }

    pub(super) fn error(&self) -> Option<EntryError> {
        self.error
            .clone()
            .or_else(|| usual_error(self.status, &self.document_type))
            .or_else(|| self.acknowledgement.and_then(refused_by))
    }
}

fn delivered() -> Status {
    Status::Delivered
}
