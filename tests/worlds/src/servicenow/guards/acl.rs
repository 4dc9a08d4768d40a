//! What a user may read and write of rows and fields.
//!
//! A row that may not be read is left out of a list after the page was cut, so a page can be short; read by itself
//! it is not there. A field that may not be read is missing from the answer, and so is a dot-walk that passes through
//! a row that may not be read. A field that may not be written is ignored; a row that may not be written refuses.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};

use super::acl_rules::TableAccess;
use super::roles::User;
use crate::servicenow::dictionary::Kind;
use crate::servicenow::engine::{Act, Fields, Row, State};
use crate::servicenow::errors::Refusal;
use crate::servicenow::query::Query;

/// What is done to rows and fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Operation {
    Read,
    Write,
    Create,
    Delete,
}

impl Operation {
    pub(super) fn named(name: &str) -> Option<Operation> {
        match name {
            "read" => Some(Operation::Read),
            "write" => Some(Operation::Write),
            "create" => Some(Operation::Create),
            "delete" => Some(Operation::Delete),
            _ => None,
        }
    }

    fn refusal(self) -> Refusal {
        match self {
            Operation::Read => Refusal::NoRecord,
            Operation::Write => Refusal::Denied("Update"),
            Operation::Create => Refusal::Denied("Insert"),
            Operation::Delete => Refusal::Denied("Delete"),
        }
    }
}

/// What whoever acts may do.
#[derive(Debug)]
pub(crate) struct Access<'a> {
    state: &'a State,
    /// None for a script of the world, which may do everything.
    user: Option<Arc<User>>,
}

impl<'a> Access<'a> {
    pub(crate) fn of(state: &'a State, act: Act<'_>) -> Access<'a> {
        Access {
            state,
            user: act.meets.access_rules.then(|| super::user(state, act.by)),
        }
    }

    /// What a user may do, by `user_name`.
    pub(crate) fn of_user(state: &'a State, user_name: &str) -> Access<'a> {
        Access {
            state,
            user: Some(super::user(state, user_name)),
        }
    }

    /// Whether the row's own class allows it.
    pub(crate) fn row(&self, operation: Operation, row: &Row) -> bool {
        self.table(operation, &row.class)
            .is_none_or(|table| table.row.passes(self.state, row))
    }

    /// Whether the rules of the field allow it; the row's are another question.
    pub(crate) fn field(&self, operation: Operation, row: &Row, name: &str) -> bool {
        self.table(operation, &row.class)
            .is_none_or(|table| table.field(name).passes(self.state, row))
    }

    /// Whether the value at the end of a path may be read by somebody who may read the row.
    pub(crate) fn path(&self, row: &Row, path: &str) -> bool {
        let (name, rest) = path
            .split_once('.')
            .map_or((path, None), |(name, rest)| (name, Some(rest)));
        if !self.field(Operation::Read, row, name) {
            return false;
        }
        let Some(rest) = rest else { return true };
        let column = self.state.dictionary.column(&row.class, name);
        let Some(Kind::Reference(target)) = column.map(|column| &column.kind) else {
            return true;
        };
        // A reference that leads nowhere hides nothing.
        self.state
            .find(target, row.get(name))
            .is_none_or(|next| self.row(Operation::Read, next) && self.path(next, rest))
    }

    pub(super) fn api(&self, api: &str) -> bool {
        let rules = &self.state.guards.compiled(self.state).acl;
        self.user
            .as_ref()
            .is_none_or(|user| rules.open_api(self.state, user, api))
    }

    /// Whether no row of the table, or the field of none of them, can ever be read.
    fn is_hopeless(&self, table: &str, field: &str) -> bool {
        self.table(Operation::Read, table)
            .is_some_and(|access| access.row.is_hopeless() || access.field(field).is_hopeless())
    }

    fn table(&self, operation: Operation, class: &str) -> Option<Arc<TableAccess>> {
        let user = self.user.as_ref()?;
        let mut tables = user.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (operation, class.to_owned());
        if let Some(known) = tables.get(&key) {
            return Some(Arc::clone(known));
        }
        let access = Arc::new(TableAccess::of(self.state, user, operation, class));
        tables.insert(key, Arc::clone(&access));
        Some(access)
    }
}

/// A row that the user may read.
pub(crate) fn visible<'a>(state: &'a State, act: Act<'_>, table: &str, sys_id: &str) -> Result<&'a Row, Refusal> {
    let row = state.find(table, sys_id).ok_or(Refusal::NoRecord)?;
    check(state, act, Operation::Read, row)?;
    Ok(row)
}

/// Refuses what the rules of the row's class do not allow.
pub(crate) fn check(state: &State, act: Act<'_>, operation: Operation, row: &Row) -> Result<(), Refusal> {
    if Access::of(state, act).row(operation, row) {
        Ok(())
    } else {
        Err(operation.refusal())
    }
}

/// A file that the user may use: the file and the record it is on must allow it.
///
/// To delete a file is to change its record; who may not read the record does not find the file.
pub(crate) fn attachment<'a>(
    state: &'a State,
    act: Act<'_>,
    operation: Operation,
    sys_id: &str,
) -> Result<&'a Row, Refusal> {
    let row = visible(state, act, "sys_attachment", sys_id)?;
    check(state, act, operation, row)?;
    if let Some(record) = state.find(row.get("table_name"), row.get("table_sys_id")) {
        check(state, act, Operation::Read, record)?;
        let changes = operation != Operation::Read && !Access::of(state, act).row(Operation::Write, record);
        if changes {
            return Err(operation.refusal());
        }
    }
    Ok(row)
}

/// Refuses a new file on a record: its user must be able to create files, and to read and change the record.
pub(crate) fn check_attach(state: &State, act: Act<'_>, table: &str, record: &str) -> Result<(), Refusal> {
    let record = visible(state, act, table, record)?;
    let file = Row {
        class: "sys_attachment".to_owned(),
        inserted: 0,
        fields: Fields::new(),
    };
    let access = Access::of(state, act);
    if access.row(Operation::Write, record) && access.row(Operation::Create, &file) {
        Ok(())
    } else {
        Err(Operation::Create.refusal())
    }
}

/// Refuses a query that names fields, of whatever table, which the user can never read: it would tell what they hold.
pub(crate) fn check_query(state: &State, act: Act<'_>, query: &Query) -> Result<(), Refusal> {
    if !state.guesses.query_on_unreadable_field_is_refused {
        return Ok(());
    }
    let access = Access::of(state, act);
    let is_hopeless = |(table, field): (&str, &str)| access.is_hopeless(table, field);
    if query.fields().into_iter().any(is_hopeless) {
        return Err(Refusal::status(
            403,
            "Insufficient rights to query records",
            "Field(s) present in the query do not have permission to be read",
        ));
    }
    Ok(())
}

/// The fields that the user may set on the row; notes which ones are ignored.
pub(crate) fn acceptable<'a>(
    state: &mut State,
    act: Act<'_>,
    operation: Operation,
    row: &Row,
    sent: &'a Fields,
) -> Cow<'a, Fields> {
    let access = Access::of(state, act);
    let is_refused =
        |name: &str| state.dictionary.column(&row.class, name).is_some() && !access.field(operation, row, name);
    let refused: Vec<&String> = sent.keys().filter(|name| is_refused(name)).collect();
    if refused.is_empty() {
        return Cow::Borrowed(sent);
    }
    let notes = refused
        .iter()
        .map(|name| format!("{} may not set {}.{name}", act.by, row.class));
    let notes: Vec<String> = notes.collect();
    let kept = sent.iter().filter(|(name, _)| !refused.contains(name));
    let kept = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
    state.ignored.extend(notes);
    Cow::Owned(kept)
}
