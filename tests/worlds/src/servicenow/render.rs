//! How rows look in answers.

use serde_json::{Map, Value, json};

use super::dictionary::{Column, Kind};
use super::engine::{Row, State};
use super::{catalog, journal};

/// What the parameters of a request ask of the answer.
#[derive(Debug, Clone)]
pub(crate) struct View {
    /// Paths asked for; none means every column.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) display: Display,
    pub(crate) exclude_reference_link: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Display {
    Values,
    Labels,
    Both,
}

/// A row of `table` as JSON; paths that lead nowhere are left out.
pub(crate) fn row(state: &State, table: &str, row: &Row, view: &View) -> Value {
    let mut object = Map::new();
    match &view.fields {
        None => {
            for (name, column) in state.dictionary.columns(table) {
                object.insert(name.to_owned(), value(state, table, row, name, column, view));
            }
        }
        Some(paths) => {
            for path in paths {
                if let Some(column) = state.dictionary.walk(table, path) {
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
    let link = match &column.kind {
        Kind::Reference(target) if !stored.is_empty() && !view.exclude_reference_link => {
            Some(format!("{}/api/now/table/{target}/{stored}", state.base_url))
        }
        _ => None,
    };
    if view.display == Display::Values {
        return match link {
            Some(link) => json!({ "link": link, "value": stored }),
            None => Value::String(stored),
        };
    }
    let shown = shown(state, table, row, path, column, &stored);
    match (view.display, link) {
        (Display::Both, Some(link)) => {
            json!({ "display_value": shown, "value": stored, "link": link })
        }
        (Display::Both, None) => json!({ "display_value": shown, "value": stored }),
        (_, Some(link)) => json!({ "display_value": shown, "link": link }),
        (_, None) => Value::String(shown),
    }
}

fn shown(state: &State, table: &str, row: &Row, path: &str, column: &Column, stored: &str) -> String {
    match &column.kind {
        Kind::Journal => {
            let record = path
                .rsplit_once('.')
                .map(|(before, _)| state.value_at(table, row, before));
            let record = record.unwrap_or_else(|| row.get("sys_id").to_owned());
            journal::displayed(state, &record, &column.name, &column.label)
        }
        Kind::DateTime | Kind::SystemTime => journal::local(state, stored),
        Kind::Reference(target) => {
            let display = state
                .dictionary
                .lineage(target)
                .first()
                .map_or("sys_id", |table| table.display.as_str());
            state
                .find(target, stored)
                .map_or_else(String::new, |row| row.get(display).to_owned())
        }
        _ if column.name == "sys_class_name" => state
            .dictionary
            .table(stored)
            .map_or_else(|| stored.to_owned(), |table| table.label.clone()),
        _ => column.label_of(stored).unwrap_or(stored).to_owned(),
    }
}
