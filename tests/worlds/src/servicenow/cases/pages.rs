//! Pages of rows of which the user may read some.

use crate::servicenow::engine::{Act, Row, State};
use crate::servicenow::guards::acl::{Access, Operation};

/// How many rows there are, and those of one page that may be read.
pub(super) fn readable<'a>(
    state: &State,
    act: Act<'_>,
    rows: impl Iterator<Item = &'a Row>,
    offset: usize,
    limit: usize,
) -> (usize, Vec<&'a Row>) {
    let access = Access::of(state, act);
    let may_read = |row: &&Row| access.row(Operation::Read, row);
    let counts_hidden = state.guesses.cases.hidden_rows_are_counted;
    let counted: Vec<&Row> = rows.filter(|row| counts_hidden || may_read(row)).collect();
    let total = counted.len();
    let page = counted.into_iter().skip(offset).take(limit).filter(may_read);
    (total, page.collect())
}
