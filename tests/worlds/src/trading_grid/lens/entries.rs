//! All entries, and where to find those of an exchange or of a span of time without looking at each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::entry::Entry;
use super::search::RANGE_FIELDS;

/// The entries in the order in which they came to be; none in the place of one that was purged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Entries {
    all: Vec<Option<Arc<Entry>>>,
    /// Places by correlation id, in lower case as a search compares it.
    by_exchange: BTreeMap<String, Vec<usize>>,
    /// Times with places, by field.
    by_time: BTreeMap<&'static str, BTreeSet<(String, usize)>>,
}

impl Entries {
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.all.iter().flatten()
    }

    pub(crate) fn add(&mut self, entry: Entry) {
        let place = self.all.len();
        let exchange = self.by_exchange.entry(entry.correlation_id().to_lowercase());
        exchange.or_default().push(place);
        for (field, time) in times(&entry) {
            self.by_time.entry(field).or_default().insert((time, place));
        }
        self.all.push(Some(Arc::new(entry)));
    }

    /// The entries of an exchange.
    pub(crate) fn of(&self, correlation: &str) -> impl Iterator<Item = &Arc<Entry>> {
        self.at(self.among(correlation))
    }

    /// Changes those entries of an exchange that are meant; gives how many.
    pub(crate) fn change(
        &mut self,
        correlation: &str,
        is_meant: impl Fn(&Entry) -> bool,
        change: impl Fn(&mut Entry),
    ) -> usize {
        let mut changed = 0;
        for place in self.among(correlation) {
            let Some(entry) = self.all[place].as_mut().filter(|entry| is_meant(entry)) else {
                continue;
            };
            for (field, time) in times(entry) {
                self.by_time.entry(field).or_default().remove(&(time, place));
            }
            change(Arc::make_mut(entry));
            for (field, time) in times(entry) {
                self.by_time.entry(field).or_default().insert((time, place));
            }
            changed += 1;
        }
        changed
    }

    /// Forgets an exchange.
    pub(crate) fn purge(&mut self, correlation: &str) {
        let gone = self.among(correlation);
        for &place in &gone {
            for (field, time) in self.all[place].take().iter().flat_map(|entry| times(entry)) {
                self.by_time.entry(field).or_default().remove(&(time, place));
            }
        }
        let places = self.by_exchange.entry(correlation.to_lowercase()).or_default();
        places.retain(|place| !gone.contains(place));
        if places.is_empty() {
            self.by_exchange.remove(&correlation.to_lowercase());
        }
    }

    /// Those whose correlation id is this one but for its case; more than `of` gives only where two differ in case.
    pub(super) fn with_id(&self, correlation: &str) -> Vec<&Arc<Entry>> {
        let places = self.by_exchange.get(&correlation.to_lowercase());
        self.at(places.into_iter().flatten().copied()).collect()
    }

    /// Those whose time is in the span, both ends included.
    pub(super) fn within(&self, field: &str, from: Option<&str>, to: Option<&str>) -> Vec<&Arc<Entry>> {
        let Some(times) = self.by_time.get(field) else {
            return Vec::new();
        };
        let first = (from.unwrap_or_default().to_owned(), 0);
        let mut places: Vec<usize> = times
            .range(first..)
            .take_while(|(time, _)| to.is_none_or(|to| time.as_str() <= to))
            .map(|(_, place)| *place)
            .collect();
        places.sort_unstable();
        self.at(places).collect()
    }

    fn at(&self, places: impl IntoIterator<Item = usize>) -> impl Iterator<Item = &Arc<Entry>> {
        places.into_iter().filter_map(|place| self.all[place].as_ref())
    }

    fn among(&self, correlation: &str) -> Vec<usize> {
        let places = self.by_exchange.get(&correlation.to_lowercase()).into_iter().flatten();
        places
            .copied()
            .filter(|&place| {
                let entry = self.all[place].as_ref();
                entry.is_some_and(|entry| entry.correlation_id() == correlation)
            })
            .collect()
    }
}

/// The times that a range can ask for.
fn times(entry: &Entry) -> Vec<(&'static str, String)> {
    let time = |field: &'static str| Some((field, entry.value(field)?.to_owned()));
    RANGE_FIELDS.into_iter().filter_map(time).collect()
}
