//! What rows of one table must be, and what other tables must hold about them.
//!
//! A row is asked with few look-ups: other tables are read once per query, into sets and counts by the value that
//! joins them.

use std::collections::{HashMap, HashSet};

use super::super::engine::{Row, State};
use super::super::guards::acl::{Access, Operation};
use super::super::path::Path;
use super::conditions::{Before, Condition};
use super::needles::folded;
use super::operators::Relation;
use super::words::Words;

/// All of what is needed, and any group: all of its conditions: any of their alternatives.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) table: String,
    /// No group asks nothing.
    pub(super) groups: Vec<Vec<Vec<Clause>>>,
    pub(super) related: Vec<Related>,
    pub(super) needs: Vec<Need>,
}

#[derive(Debug, Clone)]
pub(super) enum Clause {
    Field(Box<Condition>),
    Words(Words),
    /// Rows of another table, by their place in [`Filter::related`].
    Related(usize),
}

/// What holds for every group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// An inner join: a partner must be there, whatever its conditions, which belong to a group.
    Joined(usize),
    Related(usize),
}

/// Rows of another table that have the same value as the row.
#[derive(Debug, Clone)]
pub(super) struct Related {
    pub(super) from: Path,
    pub(super) by: Path,
    pub(super) filter: Filter,
    pub(super) relation: Relation,
    pub(super) count: usize,
    /// Whether the relation is asked also where there is none.
    pub(super) counts_none: bool,
    pub(super) ignores_case: bool,
}

/// What other tables hold, for one state.
pub(super) struct Lookups(Vec<Lookup>);

#[derive(Default)]
struct Lookup {
    joined: HashSet<String>,
    counts: HashMap<String, usize>,
}

impl Filter {
    pub(super) fn new(table: &str) -> Filter {
        Filter {
            table: table.to_owned(),
            groups: vec![Vec::new()],
            related: Vec::new(),
            needs: Vec::new(),
        }
    }

    pub(super) fn matches(&self, state: &State, lookups: &Lookups, row: &Row, before: Before<'_>) -> bool {
        let holds = |clause: &Clause| match clause {
            Clause::Field(condition) => condition.holds(state, row, before),
            Clause::Words(words) => words.are_in(row),
            Clause::Related(index) => self.is_related(*index, state, lookups, row),
        };
        let all = |group: &Vec<Vec<Clause>>| group.iter().all(|alternatives| alternatives.iter().any(holds));
        self.is_joined(state, lookups, row)
            && self.needs.iter().all(|need| match need {
                Need::Joined(_) => true,
                Need::Related(index) => self.is_related(*index, state, lookups, row),
            })
            && (self.groups.is_empty() || self.groups.iter().any(all))
    }

    /// Reads the other tables, as somebody who may not read all of their rows.
    pub(super) fn lookups(&self, state: &State, reader: Option<&Access<'_>>) -> Lookups {
        let related = self.related.iter();
        Lookups(related.map(|related| related.lookup(state, reader)).collect())
    }

    /// Adds every field that is asked about, with its table.
    pub(super) fn add_fields<'f>(&'f self, fields: &mut Vec<(&'f str, &'f str)>) {
        for clause in self.groups.iter().flatten().flatten() {
            match clause {
                Clause::Field(condition) => {
                    for path in condition.paths() {
                        fields.extend(path.fields(&self.table));
                    }
                }
                Clause::Words(_) => fields.push((&self.table, "sys_id")),
                Clause::Related(_) => {}
            }
        }
        for related in &self.related {
            fields.extend(related.from.fields(&self.table));
            fields.extend(related.by.fields(&related.filter.table));
            related.filter.add_fields(fields);
        }
    }

    /// The joins, by their place in [`Filter::related`].
    pub(super) fn joins(&self) -> impl Iterator<Item = usize> {
        self.needs.iter().filter_map(|need| match need {
            Need::Joined(index) => Some(*index),
            Need::Related(_) => None,
        })
    }

    fn is_joined(&self, state: &State, lookups: &Lookups, row: &Row) -> bool {
        self.joins().all(|index| {
            let key = self.related[index].key(&self.related[index].from, state, row);
            lookups.0[index].joined.contains(&key)
        })
    }

    fn is_related(&self, index: usize, state: &State, lookups: &Lookups, row: &Row) -> bool {
        let related = &self.related[index];
        let key = related.key(&related.from, state, row);
        let count = lookups.0[index].counts.get(&key).copied().unwrap_or_default();
        (count > 0 || related.counts_none) && related.relation.holds(count.cmp(&related.count))
    }
}

impl Related {
    fn lookup(&self, state: &State, reader: Option<&Access<'_>>) -> Lookup {
        let inner = self.filter.lookups(state, reader);
        let mut lookup = Lookup::default();
        for row in state.rows(&self.filter.table) {
            if reader.is_some_and(|access| !access.row(Operation::Read, row)) {
                continue;
            }
            let key = self.key(&self.by, state, row);
            if key.is_empty() || !self.filter.is_joined(state, &inner, row) {
                continue;
            }
            if self.filter.matches(state, &inner, row, Before::Unknown) {
                *lookup.counts.entry(key.clone()).or_default() += 1;
            }
            lookup.joined.insert(key);
        }
        lookup
    }

    fn key(&self, path: &Path, state: &State, row: &Row) -> String {
        folded(path.value(state, row), self.ignores_case).into_owned()
    }
}
