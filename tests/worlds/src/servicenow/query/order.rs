//! `ORDERBY` and `ORDERBYDESC`.

use std::cmp::Ordering;

use super::super::dictionary::Kind;
use super::super::engine::{Row, State};
use super::super::path::Path;
use super::needles::{Class, Found};
use super::reading::Reading;

/// A field to sort by.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) path: Path,
    class: Class,
    is_descending: bool,
    ignores_case: bool,
}

impl Order {
    pub(super) fn of(reading: &Reading<'_>, table: &str, path: &str, is_descending: bool) -> Option<Order> {
        let dictionary = reading.dictionary();
        let (mut path, mut column) = Path::of(dictionary, table, path)?;
        if let Kind::Reference(target) = &column.kind
            && reading.state.guesses.references_are_ordered_by_display
        {
            let display = dictionary.display_of(target);
            column = dictionary.column(target, display)?;
            path = path.then(target, display);
        }
        let class = Class::of(column);
        let can_be_compared = !matches!(class, Class::Secret | Class::Journal);
        can_be_compared.then_some(Order {
            path,
            class,
            is_descending,
            ignores_case: reading.ignores_case(),
        })
    }

    fn key<'s>(&self, state: &'s State, row: &'s Row) -> Option<Found<'s>> {
        self.class.of_row(self.path.value(state, row), self.ignores_case)
    }

    fn compare(&self, one: &Option<Found<'_>>, other: &Option<Found<'_>>) -> Ordering {
        let ordering = match (one, other) {
            (Some(one), Some(other)) => one.order(other),
            // Empty fields come first, as NULL does in the database.
            (one, other) => one.is_some().cmp(&other.is_some()),
        };
        if self.is_descending {
            ordering.reverse()
        } else {
            ordering
        }
    }
}

/// Sorts; rows that are equal stay in the order they had.
pub(super) fn sort<'s>(orders: &[Order], state: &'s State, rows: Vec<&'s Row>) -> Vec<&'s Row> {
    if orders.is_empty() {
        return rows;
    }
    let keys = |row| orders.iter().map(|order| order.key(state, row)).collect();
    let mut keyed: Vec<(Vec<Option<Found<'s>>>, &Row)> = rows.into_iter().map(|row| (keys(row), row)).collect();
    keyed.sort_by(|(one, _), (other, _)| {
        let pairs = orders.iter().zip(one.iter().zip(other));
        pairs.fold(Ordering::Equal, |ordering, (order, (one, other))| {
            ordering.then_with(|| order.compare(one, other))
        })
    });
    keyed.into_iter().map(|(_, row)| row).collect()
}
