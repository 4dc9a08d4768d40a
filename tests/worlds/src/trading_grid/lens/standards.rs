//! What follows from a document type, and other words that entries hold. Of the words, only those that OpenText's
//! cheat sheet names are known (`ISA`, `UNA`, `BIN`); the others are ours.

use crate::digest::derived_id;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standard {
    X12,
    Edifact,
}

impl Standard {
    /// X12 counts its documents, EDIFACT names them.
    pub(super) fn of(document_type: &str) -> Standard {
        if document_type.starts_with(|first: char| first.is_ascii_digit()) {
            Standard::X12
        } else {
            Standard::Edifact
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Standard::X12 => "X12",
            Standard::Edifact => "EDIFACT",
        }
    }

    pub(super) fn envelope(self) -> &'static str {
        match self {
            Standard::X12 => "ISA",
            Standard::Edifact => "UNA",
        }
    }

    pub(super) fn version(self) -> &'static str {
        match self {
            Standard::X12 => "004010",
            Standard::Edifact => "D96A",
        }
    }

    pub(super) fn extension(self) -> &'static str {
        match self {
            Standard::X12 => "x12",
            Standard::Edifact => "edi",
        }
    }
}

pub(super) fn category(document_type: &str) -> &'static str {
    match document_type {
        "850" | "855" | "860" | "ORDERS" | "ORDRSP" | "ORDCHG" => "Order",
        "856" | "214" | "DESADV" | "IFTSTA" => "Shipment",
        "810" | "820" | "INVOIC" | "REMADV" => "Finance",
        "997" | "824" | "CONTRL" | "APERAK" => "Acknowledgment",
        _ => "Other",
    }
}

/// How the ends are connected: varied, and the same for an exchange every time.
pub(super) fn agents(number: u64) -> (&'static str, &'static str) {
    const AGENTS: [&str; 4] = ["AS2", "SFTP", "TGMS", "OFTP2"];
    let pick = |number: u64| AGENTS[usize::try_from(number % 4).unwrap_or(0)];
    (pick(number), pick(number / 4))
}

pub(super) fn mailbox(name: &str) -> String {
    let letters: String = name.chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    letters.to_uppercase()
}

pub(super) fn uuid(kind: &str, number: u64) -> String {
    let hex = derived_id(kind, number);
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..]);
    format!("{a}-{b}-4{c}-8{d}-{e}")
}
