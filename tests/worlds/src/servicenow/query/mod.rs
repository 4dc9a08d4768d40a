//! Encoded queries: parsed leniently, as the platform does it.
//!
//! Groups are separated by `^NQ`, conditions by `^`, alternatives of the condition before by `^OR`; `^ORDERBY` and
//! `^ORDERBYDESC` sort, wherever they stand; `^EQ` ends. `JOIN`, `RLQUERY` and `SUBQUERY` ask other tables. A part that
//! means nothing is ignored, unless the property `glide.invalid_query.returns_no_rows` is true.
//!
//! Sources: ServiceNow's lists of operators and of encoded query strings, its client PySNC, and for `JOIN` and
//! `SUBQUERY`, which it does not document, what users found out with the log of the database.
//!
//! A query is parsed for one asker and one time: scripts such as `javascript:gs.getUserID()` are evaluated then. It may
//! be kept and asked later, of another state of the same instance. A user's query ([`Query::read_by`]) sees of other
//! tables what the user may read; the conditions of rules see everything.

mod building;
mod conditions;
mod filter;
mod needles;
mod operators;
mod order;
mod parse;
mod parts;
mod reading;
mod related;
mod times;
mod units;
mod words;

use super::engine::{Act, Fields, Row, State};
use super::guards::acl::Access;
use super::locale::Asker;
use conditions::Before;
use filter::{Clause, Filter, Lookups};
use order::Order;
use parse::{Joint, Parsed};
use reading::Reading;

/// A parsed encoded query on one table.
#[derive(Debug, Clone)]
pub(crate) struct Query {
    filter: Filter,
    order: Vec<Order>,
    /// The parts that mean nothing.
    pub(crate) invalid: Vec<String>,
    /// Whether a part that means nothing leaves nothing.
    is_strict: bool,
    /// The `user_name` of who may not see all rows of the other tables.
    reader: Option<String>,
}

impl Query {
    pub(crate) fn parse(state: &State, table: &str, text: &str, asker: &Asker) -> Query {
        Query::read(state, table, text, &Reading::new(state, asker, false))
    }

    /// Parses the condition of a rule, which may ask what a change changes: `stateVALCHANGES^ORstateCHANGESTO6`.
    pub(crate) fn parse_condition(state: &State, table: &str, text: &str, asker: &Asker) -> Query {
        Query::read(state, table, text, &Reading::new(state, asker, true))
    }

    /// Adds a plain `field=value` filter, where the value of a choice or reference may be what it displays.
    pub(crate) fn and_equals(&mut self, state: &State, asker: &Asker, field: &str, value: &str) {
        let reading = Reading::new(state, asker, false);
        let conditions = building::named(&reading, &self.filter.table, field, value);
        if conditions.is_empty() {
            self.invalid.push(format!("{field}={value}"));
        }
        for (index, condition) in conditions.into_iter().enumerate() {
            let joint = if index == 0 { Joint::And } else { Joint::Or };
            self.filter.add(joint, Some(Clause::Field(Box::new(condition))));
        }
    }

    /// The same query, asked by a user, who sees of other tables what access rules allow.
    pub(crate) fn read_by(mut self, state: &State, act: Act<'_>) -> Query {
        let is_kept_out = act.meets.access_rules && state.guesses.joined_rows_must_be_readable;
        self.reader = is_kept_out.then(|| act.by.to_owned());
        self
    }

    /// Every field that the query asks about or sorts by, each with its table.
    pub(crate) fn fields(&self) -> Vec<(&str, &str)> {
        let mut fields = Vec::new();
        self.filter.add_fields(&mut fields);
        for order in &self.order {
            fields.extend(order.path.fields(&self.filter.table));
        }
        fields
    }

    /// The rows that match, in the order that the query wants.
    pub(crate) fn select<'s>(&self, state: &'s State, mut rows: Vec<&'s Row>) -> Vec<&'s Row> {
        if self.matches_nothing() {
            return Vec::new();
        }
        let lookups = self.lookups(state);
        rows.retain(|row| self.filter.matches(state, &lookups, row, Before::Unknown));
        order::sort(&self.order, state, rows)
    }

    /// Whether one row matches. To ask many rows, [`Query::select`] reads joined tables only once.
    pub(crate) fn matches(&self, state: &State, row: &Row) -> bool {
        !self.matches_nothing() && self.filter.matches(state, &self.lookups(state), row, Before::Unknown)
    }

    /// Whether a row that is being inserted, or updated from `old`, fulfills the condition of a rule.
    ///
    /// A journal changes when the row carries a text under its name, which no stored row does: who asks puts the new
    /// entries there.
    pub(crate) fn matches_change(&self, state: &State, old: Option<&Fields>, row: &Row) -> bool {
        let before = old.map_or(Before::Absent, Before::Fields);
        !self.matches_nothing() && self.filter.matches(state, &self.lookups(state), row, before)
    }

    fn read(state: &State, table: &str, text: &str, reading: &Reading<'_>) -> Query {
        let Parsed { filter, order, invalid } = parse::parse(reading, table, text);
        Query {
            filter,
            order,
            invalid,
            is_strict: state.property("glide.invalid_query.returns_no_rows", "false") == "true",
            reader: None,
        }
    }

    fn lookups(&self, state: &State) -> Lookups {
        let access = self.reader.as_deref().map(|reader| Access::of_user(state, reader));
        self.filter.lookups(state, access.as_ref())
    }

    fn matches_nothing(&self) -> bool {
        self.is_strict && !self.invalid.is_empty()
    }
}
