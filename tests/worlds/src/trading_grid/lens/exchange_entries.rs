//! What Lens holds of one exchange: up to four entries that belong together.
//!
//! A file comes in and holds a document; unless it is stopped there, a document goes out in a file. All share the
//! correlation id; the two of a file share the sender's transaction id. A sponsor's end is an IDoc, a partner's end
//! is EDI. The reason of a failure is told by a file entry, while its document only has the code -2: "most useful
//! message may be on another entry".

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};

use super::entry::Entry;
use super::exchange::{ExchangeSeed, Parties};
use super::failures::EntryError;
use super::standards::{Standard, agents, category, mailbox, uuid};
use super::vocabulary::{Acknowledgement, Status};
use crate::clock;

/// An exchange whose entries are made.
pub(super) struct Exchange<'a> {
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
    pub(super) fn new(seed: &'a ExchangeSeed, parties: &'a Parties, number: u64, at: OffsetDateTime) -> Exchange<'a> {
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

    pub(super) fn entries(&self) -> Vec<Entry> {
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
