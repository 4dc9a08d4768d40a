//! The `query` argument of `getTransactions`: what it selects, in which order, and which page of it.

use std::cmp::Ordering;
use std::sync::Arc;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::entries::Entries;
use super::entry::{Entry, Pattern};
use super::search_box::Expression;
use crate::clock;
use crate::trading_grid::Guesses;

/// The fields that take a range, as published.
pub(super) const RANGE_FIELDS: [&str; 5] = [
    "arrivaltime",
    "statusdate",
    "fastatusdate",
    "firstbytetimestamp",
    "lastbytetimestamp",
];

/// The argument as it came, its types checked by the schema.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Argument {
    pub(crate) count: Option<i64>,
    pub(crate) offset: Option<i64>,
    query: Option<String>,
    /// Absent: no entry shows its content keys. Empty: they are shown, and none is asked for.
    content_key_filters: Option<Vec<KeyFilter>>,
    fields: Option<FieldQueries>,
    filters: Option<Vec<Filter>>,
    ranges: Option<Vec<Range>>,
    sortby: Option<Vec<Sort>>,
    pub(crate) scroll: Option<bool>,
}

#[derive(Debug, Clone, Deserialize)]
struct KeyFilter {
    key: String,
    value: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct FieldQueries {
    must: Option<Vec<FieldQuery>>,
    should: Option<Vec<FieldQuery>>,
}

#[derive(Debug, Clone, Deserialize)]
struct FieldQuery {
    field: String,
    query: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Filter {
    field: String,
    values: Vec<FilterValue>,
}

#[derive(Debug, Clone, Deserialize)]
struct FilterValue {
    not: Option<bool>,
    value: String,
}

#[derive(Debug, Clone, Deserialize)]
struct Range {
    field: String,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Sort {
    field: String,
    r#type: Option<Order>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Order {
    Asc,
    Desc,
}

/// A search that can be carried out.
pub(crate) struct Search {
    conditions: Vec<Condition>,
    order: Vec<(String, Order)>,
    /// Whether the entries may show their content keys.
    pub(crate) shows_content_keys: bool,
}

enum Condition {
    Box(Expression),
    ContentKey(String, Pattern),
    /// At least one field fits.
    Fields(Vec<(String, Pattern)>),
    /// A field fits one of the first, unless there are none, and none of the second.
    Filter(String, Vec<Pattern>, Vec<Pattern>),
    /// Both ends in the form that the field has.
    Range(String, Option<String>, Option<String>),
}

impl Argument {
    /// Checks what the schema cannot.
    pub(crate) fn search(self, guesses: &Guesses) -> Result<Search, String> {
        let mut conditions = Vec::new();
        if let Some(text) = &self.query {
            let parsed = Expression::parse(text, guesses.search_box_joins_with_and);
            conditions.push(Condition::Box(
                parsed.map_err(|reason| format!("Failed to parse query [{text}]: {reason}"))?,
            ));
        }
        let shows_content_keys = self.content_key_filters.is_some();
        for filter in self.content_key_filters.unwrap_or_default() {
            conditions.push(Condition::ContentKey(filter.key, Pattern::new(&filter.value)));
        }
        let fields = self.fields.unwrap_or_default();
        for must in fields.must.unwrap_or_default() {
            conditions.push(Condition::Fields(vec![must.pattern()]));
        }
        let should: Vec<_> = fields
            .should
            .unwrap_or_default()
            .into_iter()
            .map(FieldQuery::pattern)
            .collect();
        if !should.is_empty() {
            conditions.push(Condition::Fields(should));
        }
        conditions.extend(self.filters.unwrap_or_default().into_iter().map(Filter::condition));
        for range in self.ranges.unwrap_or_default() {
            conditions.push(range.condition()?);
        }
        let order = self.sortby.unwrap_or_default().into_iter();
        Ok(Search {
            conditions,
            order: order
                .map(|sort| (sort.field, sort.r#type.unwrap_or(Order::Asc)))
                .collect(),
            shows_content_keys,
        })
    }
}

impl Search {
    /// The entries that it selects, in its order; what is equal stays in the order of its id.
    pub(crate) fn run(&self, entries: &Entries) -> Vec<Arc<Entry>> {
        let narrowed = self.conditions.iter().filter_map(|condition| condition.narrow(entries));
        let among = narrowed.min_by_key(Vec::len);
        let among = among.unwrap_or_else(|| entries.all().collect());
        let selected = among
            .into_iter()
            .filter(|entry| self.conditions.iter().all(|condition| condition.holds(entry)));
        let mut found: Vec<Arc<Entry>> = selected.cloned().collect();
        found.sort_by(|one, other| self.compare(one, other));
        found
    }

    fn compare(&self, one: &Entry, other: &Entry) -> Ordering {
        let asked = self.order.iter().map(|(field, order)| {
            let ascending = one.value(field).cmp(&other.value(field));
            match order {
                Order::Asc => ascending,
                Order::Desc => ascending.reverse(),
            }
        });
        let newest_first = || other.value("arrivaltime").cmp(&one.value("arrivaltime"));
        asked
            .fold(Ordering::Equal, Ordering::then)
            .then_with(|| {
                if self.order.is_empty() {
                    newest_first()
                } else {
                    Ordering::Equal
                }
            })
            .then_with(|| one.id().cmp(other.id()))
    }
}

impl Condition {
    /// Fewer entries than all, among them each for which it holds; none when each must be looked at.
    fn narrow<'a>(&self, entries: &'a Entries) -> Option<Vec<&'a Arc<Entry>>> {
        match self {
            Condition::Range(field, from, to) => Some(entries.within(field, from.as_deref(), to.as_deref())),
            Condition::Fields(any) => match any.as_slice() {
                [(field, pattern)] if field == "correlationid" => Some(entries.with_id(pattern.plain()?)),
                _ => None,
            },
            Condition::Box(_) | Condition::ContentKey(..) | Condition::Filter(..) => None,
        }
    }

    fn holds(&self, entry: &Entry) -> bool {
        match self {
            Condition::Box(expression) => expression.matches(entry),
            Condition::ContentKey(key, pattern) => entry
                .content_keys
                .iter()
                .any(|(name, value)| name == key && pattern.fits(value)),
            Condition::Fields(any) => any.iter().any(|(field, pattern)| entry.fits(field, pattern)),
            Condition::Filter(field, wanted, unwanted) => {
                (wanted.is_empty() || wanted.iter().any(|pattern| entry.fits(field, pattern)))
                    && !unwanted.iter().any(|pattern| entry.fits(field, pattern))
            }
            // The form of the times sorts as the times do.
            Condition::Range(field, from, to) => entry.value(field).is_some_and(|value| {
                from.as_deref().is_none_or(|from| from <= value) && to.as_deref().is_none_or(|to| value <= to)
            }),
        }
    }
}

impl FieldQuery {
    fn pattern(self) -> (String, Pattern) {
        (self.field, Pattern::new(&self.query))
    }
}

impl Filter {
    fn condition(self) -> Condition {
        let (unwanted, wanted): (Vec<_>, Vec<_>) =
            self.values.into_iter().partition(|value| value.not.unwrap_or(false));
        let patterns = |values: Vec<FilterValue>| values.iter().map(|value| Pattern::new(&value.value)).collect();
        Condition::Filter(self.field, patterns(wanted), patterns(unwanted))
    }
}

impl Range {
    fn condition(self) -> Result<Condition, String> {
        if !RANGE_FIELDS.contains(&self.field.as_str()) {
            return Err(format!("{} takes no range", self.field));
        }
        let (from, to) = (self.from.as_deref().map(moment), self.to.as_deref().map(moment));
        Ok(Condition::Range(self.field, from.transpose()?, to.transpose()?))
    }
}

fn moment(text: &str) -> Result<String, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map(|time| clock::milliseconds(time.to_offset(time::UtcOffset::UTC)))
        .map_err(|_| format!("{text} is not a date and time with a zone, such as 2025-01-01T00:00:00Z"))
}
