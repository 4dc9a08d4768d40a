//! How rows look in answers.

use serde_json::{Map, Value, json};

use super::catalog;
use super::dictionary::{Column, Kind};
use super::display;
use super::engine::{Act, Row, State};
use super::guards::acl::{Access, Operation};
use super::locale::Locale;

/// What the parameters of a request ask of the answer.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Paths asked for; none means every column.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) display: Display,
    pub(crate) exclude_reference_link: bool,
    /// How display values look.
    pub(crate) locale: Locale,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    Values,
    Labels,
    Both,
}

/// A row of `table` as JSON; paths that lead nowhere, or where the user may not look, are left out.
pub(crate) fn row(state: &State, act: Act<'_>, table: &str, row: &Row, view: &View) -> Value {
    let mut object = Map::new();
    let access = Access::of(state, act);
    if !access.row(Operation::Read, row) {
        return Value::Object(object);
    }
    match &view.fields {
        None => {
            for (name, column) in state.dictionary.columns(table) {
                if !access.path(row, name) {
                    continue;
                }
                object.insert(name.to_owned(), value(state, table, row, name, column, view));
            }
        }
        Some(paths) => {
            for path in paths {
                if let Some(column) = state.dictionary.walk(table, path).filter(|_| access.path(row, path)) {
                    object.insert(path.clone(), value(state, table, row, path, column, view));
                } else if let Some(answer) = catalog::shown(state, row, path, view) {
                    object.insert(path.clone(), answer);
                }
            }
        }
    }
    Value::Object(object)
}

fn value(state: &State, table: &str, row: &Row, path: &str, column: &Column, view: &View) -> Value {
    let stored = state.value_at(table, row, path);
    let stored = display::value(column, &stored);
    let link = match &column.kind {
        Kind::Reference(target) if !stored.is_empty() && !view.exclude_reference_link => {
            Some(format!("{}/api/now/table/{target}/{stored}", state.base_url))
        }
        _ => None,
    };
    if view.display == Display::Values {
        return match link {
            Some(link) => json!({ "link": link, "value": stored }),
            None => json!(stored),
        };
    }
    let reached = state.row_at(table, row, path);
    let shown = reached.map_or_else(String::new, |row| display::shown(state, &view.locale, row, column));
    match (view.display, link) {
        (Display::Both, Some(link)) => {
            json!({ "display_value": shown, "value": stored, "link": link })
        }
        (Display::Both, None) => json!({ "display_value": shown, "value": stored }),
        (_, Some(link)) => json!({ "display_value": shown, "link": link }),
        (_, None) => Value::String(shown),
    }
}
