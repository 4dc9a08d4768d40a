//! What is searched for, and how it is written: one `getTransactions` with its argument inline.
//!
//! Names are ours and never come from outside. Every text that does stands in a GraphQL string, where
//! quotation marks, backslashes and control characters are escaped, so that it cannot end the string and
//! nothing it holds is read as a query. The free text of the search box is another language, whose
//! quoting is not published: it can only be a constant of the program.

use std::collections::BTreeSet;
use std::fmt::{self, Write};

use super::Field;
use crate::domain::Timestamp;

/// The largest page that was seen in a published query.
const LARGEST_PAGE: u16 = 1000;

/// A search for Lens entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    fields: BTreeSet<Field>,
    content_keys: Vec<String>,
    count: u16,
    offset: u64,
    text: Option<&'static str>,
    key_filters: Vec<(String, String)>,
    must: Vec<(Field, Term)>,
    should: Vec<(Field, Term)>,
    filters: Vec<(Field, bool, Vec<String>)>,
    range: Option<(TimeField, Timestamp, Timestamp)>,
    sort: Option<(Field, Direction)>,
    is_scrolling: bool,
}

/// What a field is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// Any value at all.
    Any,
    /// This text; Lens takes `*` and `?` in it for wildcards.
    Text(String),
}

/// A field that a range may be over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeField {
    /// When it arrived.
    Arrival,
    /// When its status last moved.
    Status,
    /// When its acknowledgement came.
    Acknowledgement,
    /// When its first byte came.
    FirstByte,
    /// When its last byte came.
    LastByte,
}

/// In which order entries come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Largest first.
    Descending,
}

impl Search {
    /// A search that answers the id and these fields of whatever it finds.
    pub fn selecting(fields: &[Field]) -> Self {
        Self {
            fields: fields.iter().copied().chain([Field::TransactionId]).collect(),
            content_keys: Vec::new(),
            count: LARGEST_PAGE,
            offset: 0,
            text: None,
            key_filters: Vec::new(),
            must: Vec::new(),
            should: Vec::new(),
            filters: Vec::new(),
            range: None,
            sort: None,
            is_scrolling: false,
        }
    }

    /// Also answers these business numbers, for example `purchase order number`.
    pub fn with_content_keys<T: Into<String>>(mut self, names: impl IntoIterator<Item = T>) -> Self {
        self.content_keys.extend(names.into_iter().map(Into::into));
        self
    }

    /// At most this many entries, and at least one.
    pub fn count(mut self, count: u16) -> Self {
        self.count = count.clamp(1, LARGEST_PAGE);
        self
    }

    /// Leaves out the first entries.
    pub fn offset(mut self, offset: u64) -> Self {
        self.offset = offset;
        self
    }

    /// The free text of the search box; see the module for why it is a constant.
    pub fn text(mut self, text: &'static str) -> Self {
        self.text = Some(text);
        self
    }

    /// Only entries with this business number; `*` is a wildcard in it.
    pub fn content_key(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.key_filters.push((name.into(), value.into()));
        self
    }

    /// Only entries that match this and every other `must`.
    pub fn must(mut self, field: Field, term: Term) -> Self {
        self.must.push((field, term));
        self
    }

    /// Only entries that match at least one `should`.
    pub fn should(mut self, field: Field, term: Term) -> Self {
        self.should.push((field, term));
        self
    }

    /// Only entries with one of these values.
    pub fn only<T: Into<String>>(mut self, field: Field, values: impl IntoIterator<Item = T>) -> Self {
        self.filters
            .push((field, false, values.into_iter().map(Into::into).collect()));
        self
    }

    /// Only entries with none of these values.
    pub fn never<T: Into<String>>(mut self, field: Field, values: impl IntoIterator<Item = T>) -> Self {
        self.filters
            .push((field, true, values.into_iter().map(Into::into).collect()));
        self
    }

    /// Only entries whose time lies between these, widened to whole seconds.
    pub fn between(mut self, field: TimeField, from: Timestamp, to: Timestamp) -> Self {
        self.range = Some((field, from, to));
        self
    }

    /// In this order.
    pub fn sorted_by(mut self, field: Field, direction: Direction) -> Self {
        self.sort = Some((field, direction));
        self
    }

    /// The same search for the page after one that brought `received` entries; `None` after the last one.
    pub fn after(&self, received: usize) -> Option<Self> {
        let is_last = received == 0;
        (!is_last).then(|| self.clone().offset(self.offset.saturating_add(received as u64)))
    }

    pub(super) fn scrolling(mut self) -> Self {
        self.is_scrolling = true;
        self
    }

    pub(super) fn is_scrolling(&self) -> bool {
        self.is_scrolling
    }

    pub(super) fn fields(&self) -> &BTreeSet<Field> {
        &self.fields
    }

    /// The same search without some of its fields.
    pub(super) fn without(&self, denied: &BTreeSet<Field>) -> Self {
        let mut narrower = self.clone();
        narrower.fields.retain(|field| !denied.contains(field));
        narrower
    }

    /// Every text of the search that did not come from the program.
    pub(super) fn texts(&self) -> String {
        let keys = self.key_filters.iter().flat_map(|(key, value)| [key.as_str(), value]);
        let terms = self.must.iter().chain(&self.should).map(|(_, term)| term.text());
        let values = self
            .filters
            .iter()
            .flat_map(|(_, _, values)| values.iter().map(String::as_str));
        keys.chain(terms).chain(values).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn selects_nothing(&self) -> bool {
        self.fields.is_empty() && self.content_keys.is_empty()
    }
}

impl TimeField {
    fn as_str(self) -> &'static str {
        match self {
            TimeField::Arrival => "arrivaltime",
            TimeField::Status => "statusdate",
            TimeField::Acknowledgement => "fastatusdate",
            TimeField::FirstByte => "firstbytetimestamp",
            TimeField::LastByte => "lastbytetimestamp",
        }
    }
}

impl Direction {
    fn as_str(self) -> &'static str {
        match self {
            Direction::Ascending => "ASC",
            Direction::Descending => "DESC",
        }
    }
}

impl fmt::Display for Search {
    /// The query as GraphQL.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, offset, .. } = self;
        write!(f, "query {{ getTransactions(query: {{ count: {count} offset: {offset}")?;
        f.write_str(" contentKeyFilters: [")?;
        for (key, value) in &self.key_filters {
            write!(f, " {{ key: {} value: {} }}", quoted(key), quoted(value))?;
        }
        f.write_str(" ]")?;
        if let Some(text) = self.text {
            write!(f, " query: {}", quoted(text))?;
        }
        if !self.must.is_empty() || !self.should.is_empty() {
            f.write_str(" fields: {")?;
            for (name, terms) in [("must", &self.must), ("should", &self.should)] {
                if !terms.is_empty() {
                    write!(f, " {name}: [")?;
                    for (field, term) in terms {
                        write!(f, " {{ field: {} query: {} }}", field.as_str(), quoted(term.text()))?;
                    }
                    f.write_str(" ]")?;
                }
            }
            f.write_str(" }")?;
        }
        if !self.filters.is_empty() {
            f.write_str(" filters: [")?;
            for (field, not, values) in &self.filters {
                write!(f, " {{ field: {} values: [", field.as_str())?;
                for value in values {
                    write!(f, " {{ not: {not} value: {} }}", quoted(value))?;
                }
                f.write_str(" ] }")?;
            }
            f.write_str(" ]")?;
        }
        if let Some((field, from, to)) = &self.range {
            let last = Timestamp::from_millis(to.millis().saturating_add(999));
            let (from, to) = (quoted(&seconds(*from)), quoted(&seconds(last)));
            write!(f, " ranges: {{ field: {} from: {from} to: {to} }}", field.as_str())?;
        }
        if let Some((field, direction)) = self.sort {
            write!(
                f,
                " sortby: {{ field: {} type: {} }}",
                field.as_str(),
                direction.as_str()
            )?;
        }
        if self.is_scrolling {
            f.write_str(" scroll: true")?;
        }
        f.write_str(" }) { count total offset scrollid transactions {")?;
        for field in &self.fields {
            write!(f, " {}", field.as_str())?;
        }
        if !self.content_keys.is_empty() {
            f.write_str(" contentkeys(names: [")?;
            for name in &self.content_keys {
                write!(f, " {}", quoted(name))?;
            }
            f.write_str(" ]) { key value }")?;
        }
        f.write_str(" } } }")
    }
}

impl Term {
    fn text(&self) -> &str {
        match self {
            Term::Any => "*",
            Term::Text(text) => text,
        }
    }
}

/// The form of the published queries: seconds, UTC.
fn seconds(time: Timestamp) -> String {
    let text = time.to_string();
    let seconds = text.split('.').next().unwrap_or_default();
    format!("{seconds}Z")
}

/// A GraphQL string that holds exactly this text.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Not source characters of the language, or easily lost on the way.
            '\0'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}' => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}
