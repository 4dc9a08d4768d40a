//! One entry of Lens: a file or a document of an exchange, seen at one end of its way.

use std::borrow::Cow;
use std::collections::BTreeMap;

use wildmatch::WildMatch;

use super::vocabulary::{Acknowledgement, Status};

#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) status: Status,
    pub(crate) acknowledgement: Option<Acknowledgement>,
    /// Whether it is at the far end of its exchange.
    pub(crate) is_outgoing: bool,
    /// Every field but `status` and `fastatus`; what is absent is null.
    pub(crate) values: BTreeMap<&'static str, String>,
    /// Business numbers by name, in order.
    pub(crate) content_keys: Vec<(String, String)>,
}

impl Entry {
    pub(crate) fn id(&self) -> &str {
        self.values.get("transactionid").map_or("", String::as_str)
    }

    pub(crate) fn correlation_id(&self) -> &str {
        self.values.get("correlationid").map_or("", String::as_str)
    }

    /// The field as an answer holds it.
    pub(crate) fn value(&self, field: &str) -> Option<&str> {
        match field {
            "status" => Some(self.status.text()),
            "fastatus" => self.acknowledgement.and_then(Acknowledgement::text),
            other => self.values.get(other).map(String::as_str),
        }
    }

    /// Whether the field has a value that fits; a status fits by its code and by its text.
    pub(crate) fn fits(&self, field: &str, pattern: &Pattern) -> bool {
        self.searched(field).iter().any(|value| pattern.fits(value))
    }

    /// Whether any field or content key fits, as a whole or in one of its words.
    pub(crate) fn mentions(&self, pattern: &Pattern) -> bool {
        let fields = self.values.values().map(String::as_str);
        let keys = self.content_keys.iter().map(|(_, value)| value.as_str());
        fields
            .chain(keys)
            .chain(self.searched("status").iter().map(AsRef::as_ref))
            .chain(self.searched("fastatus").iter().map(AsRef::as_ref))
            .any(|value| pattern.fits(value) || value.split_whitespace().any(|word| pattern.fits(word)))
    }

    /// The values that a search sees under a name, the aliases of the search box included.
    fn searched(&self, name: &str) -> Vec<Cow<'_, str>> {
        match name.strip_prefix("meta.").unwrap_or(name) {
            "status" => {
                vec![
                    self.status.code().into(),
                    self.status.text().into(),
                    self.status.words().into(),
                ]
            }
            "fastatus" | "ackcode" => {
                let codes = self.acknowledgement.into_iter().map(Acknowledgement::code);
                let texts = self.acknowledgement.and_then(Acknowledgement::text);
                codes.chain(texts).map(Cow::from).collect()
            }
            "errorcount" => vec![u32::from(self.values.contains_key("errorcode")).to_string().into()],
            "messagelevel" => self.searched("transactionlevel"),
            "hub" => self.searched("processingregion"),
            other => self
                .values
                .get(other)
                .map(|value| value.as_str().into())
                .into_iter()
                .collect(),
        }
    }
}

/// A text with `*` and `?`, compared without regard to case.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    text: String,
    matches: WildMatch,
}

impl Pattern {
    pub(crate) fn new(text: &str) -> Pattern {
        Pattern {
            text: text.to_owned(),
            matches: WildMatch::new_case_insensitive(text),
        }
    }

    pub(crate) fn fits(&self, value: &str) -> bool {
        self.matches.matches(value)
    }

    /// The text when it stands for itself alone.
    pub(crate) fn plain(&self) -> Option<&str> {
        let is_plain = self.text.is_ascii() && !self.text.contains(['*', '?']);
        is_plain.then_some(self.text.as_str())
    }
}
