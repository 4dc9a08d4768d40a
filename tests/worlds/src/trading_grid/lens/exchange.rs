//! What Lens holds of one exchange: up to four entries that belong together.
//!
//! A file comes in and holds a document; unless it is stopped there, a document goes out in a file. All share the
//! correlation id; the two of a file share the sender's transaction id. A sponsor's end is an IDoc, a partner's end
//! is EDI. The reason of a failure is told by a file entry, while its document only has the code -2: "most useful
//! message may be on another entry".

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::entry::Entry;
use super::vocabulary::{Acknowledgement, Status};
use crate::clock;
use crate::digest::derived_id;
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

/// What an entry says of its failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EntryError {
    pub code: String,
    /// The `errortype`.
    pub kind: String,
    /// The `externalerrormessage`.
    pub message: String,
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

    fn error(&self) -> Option<EntryError> {
        self.error
            .clone()
            .or_else(|| usual_error(self.status, &self.document_type))
            .or_else(|| self.acknowledgement.and_then(refused_by))
    }
}

fn delivered() -> Status {
    Status::Delivered
}

struct Exchange<'a> {
    seed: &'a ExchangeSeed,
    parties: &'a Parties,
    number: u64,
    at: OffsetDateTime,
    correlation_id: String,
    control_number: String,
    error: Option<EntryError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Incoming,
    Outgoing,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    File,
    Document,
}

impl<'a> Exchange<'a> {
    fn new(seed: &'a ExchangeSeed, parties: &'a Parties, number: u64, at: OffsetDateTime) -> Exchange<'a> {
        let correlation_id = seed.correlation_id.clone();
        let control_number = seed.interchange_control_number.clone();
        Exchange {
            seed,
            parties,
            number,
            at,
            correlation_id: correlation_id.unwrap_or_else(|| uuid("exchange", number)),
            control_number: control_number.unwrap_or_else(|| format!("{:09}", 2000 + number)),
            error: seed.error(),
        }
    }

    fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![
            self.entry(End::Incoming, Level::File),
            self.entry(End::Incoming, Level::Document),
        ];
        if !self.is_stopped() {
            entries.push(self.entry(End::Outgoing, Level::Document));
            entries.push(self.entry(End::Outgoing, Level::File));
        }
        entries
    }

    /// Whether it never left: it was refused on arrival, or nobody knows what it is.
    fn is_stopped(&self) -> bool {
        match self.seed.status {
            Status::ValidationError | Status::Duplicate | Status::Unknown => true,
            Status::Batched
            | Status::Completed
            | Status::Delivered
            | Status::DeliveryDisabled
            | Status::DeliveryInProgress
            | Status::Processing
            | Status::OnHold
            | Status::ReadyForPickup
            | Status::Failed => false,
        }
    }

    fn entry(&self, end: End, level: Level) -> Entry {
        let is_last_end = end == End::Outgoing || self.is_stopped();
        let status = if is_last_end {
            self.seed.status
        } else {
            Status::Completed
        };
        let is_outbound_edi = end == End::Outgoing && level == Level::Document && self.is_edi(End::Outgoing);
        let acknowledgement = self.seed.acknowledgement.filter(|_| is_outbound_edi);
        let mut values = BTreeMap::new();
        self.identify(end, level, &mut values);
        self.describe(end, level, &mut values);
        self.time(is_last_end, acknowledgement, &mut values);
        if end == End::Outgoing {
            self.deliver(level, &mut values);
        }
        self.fail(is_last_end, level, &mut values);
        Entry {
            status,
            acknowledgement,
            is_outgoing: end == End::Outgoing,
            values,
            content_keys: self.content_keys(end, level),
        }
    }

    fn id(&self, end: End, level: Level) -> String {
        let is_partners_end = end == self.partners_end();
        match &self.seed.transaction_id {
            Some(id) if is_partners_end && level == Level::Document => id.clone(),
            _ => format!("TG16-PROD-{}", uuid(&format!("entry {end:?} {level:?}"), self.number)),
        }
    }

    /// Where the EDI that the partner sees is.
    fn partners_end(&self) -> End {
        if self.parties.sender.is_sponsor && !self.is_stopped() {
            End::Outgoing
        } else {
            End::Incoming
        }
    }

    /// A sponsor's end is an IDoc, unless an acknowledgement says that it took the EDI itself.
    fn is_edi(&self, end: End) -> bool {
        match end {
            End::Incoming => !self.parties.sender.is_sponsor,
            End::Outgoing => !self.parties.receiver.is_sponsor || self.seed.acknowledgement.is_some(),
        }
    }

    fn identify(&self, end: End, level: Level, values: &mut BTreeMap<&'static str, String>) {
        let Parties { sender, receiver } = self.parties;
        let sender_transaction = |end| format!("TG16-PROD-{}", uuid(&format!("file {end:?}"), self.number));
        values.insert("transactionid", self.id(end, level));
        values.insert("correlationid", self.correlation_id.clone());
        values.insert("sendertransactionid", sender_transaction(end));
        let parent = match (end, level) {
            (_, Level::Document) => Some(self.id(end, Level::File)),
            (End::Outgoing, Level::File) => Some(self.id(End::Incoming, Level::File)),
            (End::Incoming, Level::File) => None,
        };
        values.extend(parent.map(|parent| ("parenttransactionid", parent)));
        values.insert("senderaddress", sender.address.clone());
        values.insert("sendername", sender.name.clone());
        values.insert("sendermailbox", mailbox(&sender.name));
        values.insert("receiveraddress", receiver.address.clone());
        values.insert("receivername", receiver.name.clone());
        values.insert("receivermailbox", mailbox(&receiver.name));
        if end == End::Incoming && level == Level::File {
            values.insert("senderreference", self.control_number.clone());
        }
    }

    fn describe(&self, end: End, level: Level, values: &mut BTreeMap<&'static str, String>) {
        let standard = Standard::of(&self.seed.document_type);
        let kind = if self.is_edi(end) {
            self.seed.document_type.as_str()
        } else {
            "IDOC"
        };
        values.insert("editype", kind.to_owned());
        values.insert("type", self.seed.document_type.clone());
        values.insert("category", category(&self.seed.document_type).to_owned());
        let level_name = match level {
            Level::File => "File",
            Level::Document => "Document",
        };
        values.insert("transactionlevel", level_name.to_owned());
        if level == Level::File {
            let envelope = if self.is_edi(end) { standard.envelope() } else { "BIN" };
            values.insert("envelopetype", envelope.to_owned());
            let file_name = format!(
                "{}_{}.{}",
                kind.to_lowercase(),
                self.control_number,
                standard.extension()
            );
            match end {
                End::Incoming => values.insert("senderfilename", file_name),
                End::Outgoing => values.insert("receivefilename", file_name),
            };
        } else if self.is_edi(end) {
            values.insert("standardversion", standard.version().to_owned());
        }
        let format = |is_edi| if is_edi { standard.name() } else { "IDOC" };
        values.insert("informat", format(self.is_edi(End::Incoming)).to_owned());
        values.insert("outformat", format(self.is_edi(End::Outgoing)).to_owned());
        let size = 480 + (self.number * 37) % 4096;
        values.insert("insize", size.to_string());
        values.insert("outsize", (size * 11 / 10).to_string());
        let (inbound, outbound) = agents(self.number);
        values.insert("inagent", inbound.to_owned());
        values.insert("outagent", outbound.to_owned());
        values.insert("inboundpipelineid", format!("IN-{}", 1 + self.number % 7));
        values.insert("outboundpipelineid", format!("OUT-{}", 1 + self.number % 5));
        for (field, value) in [
            ("platform", "TG16"),
            ("processingcell", "C1"),
            ("processingcomputezone", "Z2"),
            ("processingregion", "NA"),
            ("processorid", "translator-1"),
            ("solutionid", "SOL-1001"),
            ("clientsource", "TGMS"),
        ] {
            values.insert(field, value.to_owned());
        }
        let amount = |key: &str| self.seed.business_keys.get(key).cloned();
        values.extend(amount("purchase order amount").map(|amount| ("pototalamount", amount)));
        values.extend(amount("invoice amount").map(|amount| ("invoicetotalamount", amount)));
    }

    fn time(
        &self,
        is_last_end: bool,
        acknowledgement: Option<Acknowledgement>,
        values: &mut BTreeMap<&'static str, String>,
    ) {
        let after = |seconds| clock::milliseconds(self.at + Duration::seconds(seconds));
        values.insert("arrivaltime", after(0));
        values.insert("arrivaltimefacetdaily", after(0)[..10].to_owned());
        values.insert("firstbytetimestamp", after(0));
        values.insert("lastbytetimestamp", after(1));
        values.insert("purgedate", clock::milliseconds(self.at + Duration::days(90)));
        values.insert("statusdate", after(if is_last_end { 95 } else { 20 }));
        if acknowledgement.is_some_and(Acknowledgement::has_date) {
            values.insert("fastatusdate", after(1800));
        }
    }

    fn deliver(&self, level: Level, values: &mut BTreeMap<&'static str, String>) {
        let after = |seconds| clock::milliseconds(self.at + Duration::seconds(seconds));
        let implied = match self.seed.status {
            Status::Delivered => Some("Delivered"),
            Status::Failed | Status::OnHold => Some("DeliveryFailed"),
            Status::Batched
            | Status::Completed
            | Status::DeliveryDisabled
            | Status::DeliveryInProgress
            | Status::Duplicate
            | Status::Processing
            | Status::ReadyForPickup
            | Status::Unknown
            | Status::ValidationError => None,
        };
        let status = self.seed.delivery_status.as_deref().or(implied);
        values.extend(status.map(|status| ("deliverystatus", status.to_owned())));
        if matches!(self.seed.status, Status::Delivered | Status::ReadyForPickup) {
            values.insert("readyforpickuptimestamp", after(60));
        }
        if self.seed.status == Status::Delivered {
            values.insert("deliverycompletedtimestamp", after(95));
            values.insert("itinerarycompletedtimestamp", after(95));
            if level == Level::File {
                values.insert("deliveryreceipt", format!("MDN-{}", 880_000 + self.number));
                values.insert("deliveryackstatus", "Positive".to_owned());
                values.insert("deliveryacktimestamp", after(97));
            }
        }
    }

    /// The file at the last end tells the reason; its document has a code that says nothing.
    fn fail(&self, is_last_end: bool, level: Level, values: &mut BTreeMap<&'static str, String>) {
        match (&self.error, level) {
            (Some(error), Level::File) if is_last_end => {
                values.insert("errorcode", error.code.clone());
                values.insert("errortype", error.kind.clone());
                values.insert("externalerrormessage", error.message.clone());
            }
            (Some(_), Level::Document) if is_last_end => {
                values.insert("errorcode", "-2".to_owned());
            }
            (None, Level::Document) => {
                values.extend(self.seed.noise_code.clone().map(|code| ("errorcode", code)));
            }
            (Some(_) | None, Level::File) | (Some(_), Level::Document) => {}
        }
    }

    /// Documents have business numbers; the control numbers, which are no fields, are among them.
    fn content_keys(&self, end: End, level: Level) -> Vec<(String, String)> {
        if level == Level::File {
            return Vec::new();
        }
        let mut keys: Vec<(String, String)> = self
            .seed
            .business_keys
            .iter()
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        let mut add = |key: &str, value: String| {
            if !keys.iter().any(|(name, _)| name == key) {
                keys.push((key.to_owned(), value));
            }
        };
        if self.is_edi(end) {
            let group = self.seed.group_control_number.clone();
            let document = self.seed.document_control_number.clone();
            let short = self.control_number.trim_start_matches('0').to_owned();
            add("group control number", group.unwrap_or(short));
            add("document control number", document.unwrap_or_else(|| "0001".to_owned()));
        } else {
            add("idoc number", format!("{:016}", 4_700_000 + self.number));
            add("idoc status", if self.error.is_some() { "51" } else { "53" }.to_owned());
            add("internal number", (900_000 + self.number).to_string());
        }
        keys
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standard {
    X12,
    Edifact,
}

impl Standard {
    /// X12 counts its documents, EDIFACT names them.
    fn of(document_type: &str) -> Standard {
        if document_type.starts_with(|first: char| first.is_ascii_digit()) {
            Standard::X12
        } else {
            Standard::Edifact
        }
    }

    fn name(self) -> &'static str {
        match self {
            Standard::X12 => "X12",
            Standard::Edifact => "EDIFACT",
        }
    }

    fn envelope(self) -> &'static str {
        match self {
            Standard::X12 => "ISA",
            Standard::Edifact => "UNA",
        }
    }

    fn version(self) -> &'static str {
        match self {
            Standard::X12 => "004010",
            Standard::Edifact => "D96A",
        }
    }

    fn extension(self) -> &'static str {
        match self {
            Standard::X12 => "x12",
            Standard::Edifact => "edi",
        }
    }
}

fn category(document_type: &str) -> &'static str {
    match document_type {
        "850" | "855" | "860" | "ORDERS" | "ORDRSP" | "ORDCHG" => "Order",
        "856" | "214" | "DESADV" | "IFTSTA" => "Shipment",
        "810" | "820" | "INVOIC" | "REMADV" => "Finance",
        "997" | "824" | "CONTRL" | "APERAK" => "Acknowledgment",
        _ => "Other",
    }
}

/// How the ends are connected: varied, and the same for an exchange every time.
fn agents(number: u64) -> (&'static str, &'static str) {
    const AGENTS: [&str; 4] = ["AS2", "SFTP", "TGMS", "OFTP2"];
    let pick = |number: u64| AGENTS[usize::try_from(number % 4).unwrap_or(0)];
    (pick(number), pick(number / 4))
}

fn mailbox(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    letters.to_uppercase()
}

fn uuid(kind: &str, number: u64) -> String {
    let hex = derived_id(kind, number);
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]);
    format!("{a}-{b}-4{c}-8{d}-{e}")
}

fn usual_error(status: Status, document_type: &str) -> Option<EntryError> {
    let (code, kind, message) = match status {
        Status::ValidationError => match category(document_type) {
            "Shipment" => (
                "1015",
                "Validation",
                "Mandatory segment N1 (ship to) is missing in document 0001",
            ),
            "Finance" => (
                "1042",
                "Validation",
                "Missing tax data: no tax identification of the seller (REF 01 = GT)",
            ),
            _ => (
                "1007",
                "Validation",
                "Data element 1001 has a value that is not in the code list",
            ),
        },
        Status::Failed => (
            "3072",
            "Delivery",
            "AS2: no MDN came from the receiver within 300 seconds",
        ),
        Status::OnHold => ("3090", "Delivery", "Delivery was tried five times and is on hold"),
        Status::Duplicate => (
            "1201",
            "Duplicate",
            "An interchange with this control number was received before",
        ),
        Status::Batched
        | Status::Completed
        | Status::Delivered
        | Status::DeliveryDisabled
        | Status::DeliveryInProgress
        | Status::Processing
        | Status::ReadyForPickup
        | Status::Unknown => return None,
    };
    Some(EntryError::new(code, kind, message))
}

fn refused_by(acknowledgement: Acknowledgement) -> Option<EntryError> {
    let message = match acknowledgement {
        Acknowledgement::Rejected => "The acknowledgment says AK501 R: AK304 code 3, a mandatory segment is missing",
        Acknowledgement::AcceptedWithErrors => "The acknowledgment says AK501 E: AK403 code 7, an invalid code value",
        Acknowledgement::PartiallyAccepted => "The acknowledgment says AK901 P: one of two documents was rejected",
        Acknowledgement::Accepted
        | Acknowledgement::Received
        | Acknowledgement::ManuallyAccepted
        | Acknowledgement::NotExpected
        | Acknowledgement::Suppressed
        | Acknowledgement::TimedOut
        | Acknowledgement::Waiting => return None,
    };
    Some(EntryError::new("5010", "Acknowledgment", message))
}

impl EntryError {
    fn new(code: &str, kind: &str, message: &str) -> EntryError {
        EntryError {
            code: code.to_owned(),
            kind: kind.to_owned(),
            message: message.to_owned(),
        }
    }
}
