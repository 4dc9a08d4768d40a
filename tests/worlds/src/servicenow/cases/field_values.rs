//! The possible values of a choice or reference field of a case.

use serde_json::{Value, json};

use super::{CASE, api, pages};
use crate::servicenow::dictionary::Kind;
use crate::servicenow::engine::{Act, Fields, Row, State, get};
use crate::servicenow::errors::Refusal;
use crate::servicenow::guards::acl::{Access, Operation};
use crate::servicenow::parameters::Parameters;

/// One page of the values.
pub(super) struct Page {
    pub(super) values: Vec<Value>,
    pub(super) total: usize,
    pub(super) limit: usize,
    pub(super) offset: usize,
}

/// The values for a new case, or for one that is there: then a contact is one of its account.
pub(super) fn of_case(
    state: &mut State,
    act: Act<'_>,
    case: Option<&Fields>,
    field: &str,
    parameters: &Parameters,
) -> Result<Page, Refusal> {
    let limit = parameters.number("sysparm_limit", 10_000)?;
    let offset = parameters.number("sysparm_offset", 0)?;
    let column = state.dictionary.column(CASE, field).cloned();
    let (total, values) = match column {
        Some(column) if !column.choices.is_empty() => {
            let choices = column.choices.iter();
            let values = choices.map(|(value, label)| json!({ "label": label, "value": value }));
            (values.len(), values.skip(offset).take(limit).collect())
        }
        Some(column) => match &column.kind {
            Kind::Reference(table) => references(state, act, case, table, parameters, (offset, limit))?,
            _ => return Err(not_listed(field)),
        },
        None => return Err(not_listed(field)),
    };
    Ok(Page {
        total,
        values,
        limit,
        offset,
    })
}

fn references(
    state: &mut State,
    act: Act<'_>,
    case: Option<&Fields>,
    table: &str,
    parameters: &Parameters,
    (offset, limit): (usize, usize),
) -> Result<(usize, Vec<Value>), Refusal> {
    let query = api::query(state, act, table, parameters)?;
    let display = state
        .dictionary
        .table(table)
        .map_or("sys_id", |table| table.display.as_str());
    let columns = parameters.get("sysparm_reference_field_columns").unwrap_or_default();
    let account = case.map_or("", |case| get(case, "account"));
    let is_qualified = |row: &Row| table != "customer_contact" || account.is_empty() || row.get("account") == account;
    let found = state.select(table, &query).into_iter().filter(|row| is_qualified(row));
    let (total, page) = pages::readable(state, act, found, offset, limit);
    let access = Access::of(state, act);
    let values = page.into_iter().map(|row| {
        let mut value = json!({ "label": row.get(display), "value": row.get("sys_id") });
        for column in columns.split(',').map(str::trim) {
            if row.fields.contains_key(column) && access.field(Operation::Read, row, column) {
                value[column] = json!(row.get(column));
            }
        }
        value
    });
    Ok((total, values.collect()))
}

fn not_listed(field: &str) -> Refusal {
    Refusal::bad_request(
        "Invalid field",
        &format!("{field} is no choice or reference field of {CASE}"),
    )
}
