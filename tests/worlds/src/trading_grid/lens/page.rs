//! The resolvers: a page of entries, and what an entry answers for each of its fields.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::response::JsonValue;
use apollo_compiler::response::serde_json_bytes;
use time::Duration;

use super::entry::Entry;
use super::search::{Argument, Search};
use super::vocabulary::Acknowledgement;
use super::{Lens, Scroll, Searcher};
use crate::digest::derived_id;

/// Searches kept for scrolling; the one that was used longest ago makes room.
const MAX_SCROLLS: usize = 100;
/// What a scrolled search gives at once. "...will return the next 1000 entries".
const SCROLL_PAGE: usize = 1000;

/// The query root.
pub(crate) struct Root<'a, 'lens> {
    pub(crate) lens: RefCell<&'lens mut Lens>,
    pub(crate) searcher: &'a Searcher<'a>,
}

struct Page {
    total: usize,
    offset: i64,
    scroll_id: Option<String>,
    entries: Vec<Arc<Entry>>,
    access: Arc<Access>,
}

/// What the answers of a page depend on beside the entry.
struct Access {
    shows_content_keys: bool,
    sizes_are_numbers: bool,
    statuses_are_one_word: bool,
    denied: BTreeSet<String>,
}

struct Row {
    entry: Arc<Entry>,
    access: Arc<Access>,
}

struct KeyValue(String, String);

impl ObjectValue for Root<'_, '_> {
    fn type_name(&self) -> &'static str {
        "Query"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "getTransactions" => {
                let argument = match info.arguments().get("query") {
                    None | Some(JsonValue::Null) => Argument::default(),
                    Some(given) => serde_json_bytes::from_value(given.clone()).map_err(|error| FieldError {
                        message: error.to_string(),
                    })?,
                };
                let page = self.page(argument).map_err(|message| FieldError { message })?;
                Ok(ResolvedValue::object(page))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl Root<'_, '_> {
    fn page(&self, argument: Argument) -> Result<Page, String> {
        let guesses = self.searcher.guesses;
        let count = argument.count.unwrap_or(guesses.lens_default_count);
        let offset = argument.offset.unwrap_or(0);
        if !(0..=guesses.lens_max_count).contains(&count) {
            return Err(format!("count must be from 0 to {}", guesses.lens_max_count));
        }
        if offset < 0 || offset + count > guesses.lens_max_window {
            return Err(format!("offset + count must be from 0 to {}", guesses.lens_max_window));
        }
        let scrolled = argument.scroll.unwrap_or(false).then(|| format!("{argument:?}"));
        let search = argument.search(guesses)?;
        let mut lens = self.lens.borrow_mut();
        let (total, scroll_id, entries) = match scrolled {
            Some(query) => self.scroll(&mut lens, query, &search),
            None => {
                let found = search.run(lens.entries());
                let total = found.len();
                let page = found
                    .into_iter()
                    .skip(usize::try_from(offset).unwrap_or(usize::MAX))
                    .take(usize::try_from(count).unwrap_or(0));
                (total, None, page.collect())
            }
        };
        Ok(Page {
            total,
            offset,
            scroll_id,
            entries,
            access: Arc::new(Access {
                shows_content_keys: search.shows_content_keys,
                sizes_are_numbers: guesses.lens_sizes_are_numbers,
                statuses_are_one_word: guesses.lens_statuses_are_one_word,
                denied: lens.denied.clone(),
            }),
        })
    }

    /// The next page of a search that this client has under way, or the first. After the last page comes an empty
    /// one, and then the first of a new search.
    fn scroll(&self, lens: &mut Lens, query: String, search: &Search) -> (usize, Option<String>, Vec<Arc<Entry>>) {
        let now = self.searcher.now;
        let life = Duration::seconds(self.searcher.guesses.lens_scroll_life_seconds);
        lens.scrolls.retain(|_, scroll| now - scroll.last_used <= life);
        let key = (self.searcher.client.to_owned(), query);
        let mut scroll = match lens.scrolls.remove(&key) {
            Some(under_way) => under_way,
            None => Scroll {
                id: derived_id("lens scroll", format!("{} {} {now}", key.0, key.1)),
                found: search.run(lens.entries()),
                next: 0,
                last_used: now,
            },
        };
        let page: Vec<Arc<Entry>> = scroll
            .found
            .iter()
            .skip(scroll.next)
            .take(SCROLL_PAGE)
            .cloned()
            .collect();
        let (total, id) = (scroll.found.len(), scroll.id.clone());
        if !page.is_empty() {
            scroll.next += page.len();
            scroll.last_used = now;
            if lens.scrolls.len() >= MAX_SCROLLS {
                let oldest = lens.scrolls.iter().min_by_key(|(_, scroll)| scroll.last_used);
                if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                    lens.scrolls.remove(&oldest);
                }
            }
            lens.scrolls.insert(key, scroll);
        }
        (total, Some(id), page)
    }
}

impl ObjectValue for Page {
    fn type_name(&self) -> &'static str {
        "TransactionPage"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "count" => Ok(ResolvedValue::leaf(self.entries.len())),
            "total" => Ok(ResolvedValue::leaf(self.total)),
            "offset" => Ok(ResolvedValue::leaf(self.offset)),
            "scrollid" => Ok(ResolvedValue::leaf(self.scroll_id.clone())),
            "transactions" => {
                let rows = self.entries.iter().map(|entry| {
                    ResolvedValue::object(Row {
                        entry: Arc::clone(entry),
                        access: Arc::clone(&self.access),
                    })
                });
                Ok(ResolvedValue::list(rows))
            }
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

impl ObjectValue for Row {
    fn type_name(&self) -> &'static str {
        "Transaction"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        let field = info.field_name();
        if self.access.denied.contains(field) {
            return refused(format!("User not authorized to access field {field}"));
        }
        match field {
            // As in the comments of OpenText's pre-production collection.
            "fourthcornerdate" | "receiverorgid" => refused(format!("User not authorized to access field {field}")),
            "firstcornerdate" | "senderorgid" => refused("user.hasRole is not a function".to_owned()),
            "sourceprocesstransaction" => refused("User not authorized".to_owned()),
            "payloads" | "tertiarykeys" => refused("Validation error".to_owned()),
            "clientvalues" | "processingtime" | "servicetype" => Ok(ResolvedValue::null()),
            "contentkeys" => Ok(self.content_keys(info)),
            "fastatus" if self.entry.acknowledgement == Some(Acknowledgement::Received) => {
                refused("fastatus C (Received) has no text".to_owned())
            }
            "status" if !self.access.statuses_are_one_word && !self.entry.status.was_seen() => {
                Ok(ResolvedValue::leaf(self.entry.status.words()))
            }
            "insize" | "outsize" if self.access.sizes_are_numbers => {
                let size: Option<u64> = self.entry.value(field).and_then(|size| size.parse().ok());
                Ok(ResolvedValue::leaf(size))
            }
            _ => Ok(ResolvedValue::leaf(self.entry.value(field))),
        }
    }
}

impl Row {
    /// Null unless the search named content keys; else those with the names asked for.
    fn content_keys<'a>(&self, info: &ResolveInfo<'_>) -> ResolvedValue<'a> {
        if !self.access.shows_content_keys {
            return ResolvedValue::null();
        }
        let names: Option<Vec<&str>> = info
            .arguments()
            .get("names")
            .and_then(JsonValue::as_array)
            .map(|names| names.iter().filter_map(JsonValue::as_str).collect());
        let is_wanted = |name: &str| {
            names
                .as_ref()
                .is_none_or(|names| names.iter().any(|wanted| *wanted == "*" || *wanted == name))
        };
        let keys: Vec<_> = self
            .entry
            .content_keys
            .iter()
            .filter(|(name, _)| is_wanted(name))
            .map(|(name, value)| ResolvedValue::object(KeyValue(name.clone(), value.clone())))
            .collect();
        ResolvedValue::list(keys)
    }
}

impl ObjectValue for KeyValue {
    fn type_name(&self) -> &'static str {
        "KeyValue"
    }

    fn resolve_field<'a>(&'a self, info: &'a ResolveInfo<'a>) -> Result<ResolvedValue<'a>, FieldError> {
        match info.field_name() {
            "key" => Ok(ResolvedValue::leaf(self.0.as_str())),
            "value" => Ok(ResolvedValue::leaf(self.1.as_str())),
            _ => Err(self.unknown_field_error(info)),
        }
    }
}

fn refused<'a>(message: String) -> Result<ResolvedValue<'a>, FieldError> {
    Err(FieldError { message })
}
