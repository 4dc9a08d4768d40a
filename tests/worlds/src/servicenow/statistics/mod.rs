//! `GET /api/now/stats/{table}`: counts, averages, extremes and sums, grouped or over all.

mod figures;
mod request;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Response, StatusCode};
use serde_json::{Map, Value, json};

use super::dictionary::Kind;
use super::engine::{Act, Row, State};
use super::errors::{Refusal, failure};
use super::guards;
use super::guards::acl::{Access, Operation};
use super::locale::Locale;
use super::parameters::{self, Parameters};
use super::render::{self, Display, View};
use super::table_api;
use crate::answer;
use figures::Figure;
use request::{Aggregate, Order, Wish};

pub(crate) fn serve(state: &mut State, act: Act<'_>, table: &str, parts: &Parts) -> Response<Bytes> {
    if parameters::method(parts) != Method::GET {
        return failure(StatusCode::METHOD_NOT_ALLOWED, "Method not supported", None);
    }
    let answered = answer_to(state, act, table, parts);
    answered.unwrap_or_else(|refusal| refusal.answer(&state.guesses))
}

fn answer_to(state: &mut State, act: Act<'_>, table: &str, parts: &Parts) -> Result<Response<Bytes>, Refusal> {
    parameters::check_headers(parts, &state.guesses)?;
    if state.dictionary.table(table).is_none() {
        return Err(Refusal::InvalidTable(table.to_owned()));
    }
    guards::check_table(state, table)?;
    let parameters = Parameters::of(parts);
    let query = table_api::query(state, act, table, &parameters)?;
    let (wish, ignored) = Wish::parse(&state.dictionary, table, &parameters);
    state.ignored.extend(ignored);
    let access = Access::of(state, act);
    let mut rows = state.select(table, &query);
    rows.retain(|row| access.row(Operation::Read, row));
    let view = parameters.view(state, act);
    let survey = Survey {
        state,
        act,
        locale: view.locale.clone(),
        access,
        table,
        wish: &wish,
    };
    let result = if wish.group_by.is_empty() {
        json!({ "stats": survey.stats(&rows) })
    } else {
        survey.groups(rows, view.display)
    };
    Ok(answer::json(StatusCode::OK, &json!({ "result": result })))
}

/// What is asked about the rows of a table.
struct Survey<'a> {
    state: &'a State,
    act: Act<'a>,
    locale: Locale,
    access: Access<'a>,
    table: &'a str,
    wish: &'a Wish,
}

/// Rows that have the same values in the fields that group.
struct Group<'a> {
    rows: Vec<&'a Row>,
    /// The fields that group: path, stored value and display value.
    fields: Vec<(&'a str, String, String)>,
}

impl<'a> Survey<'a> {
    fn groups(&self, rows: Vec<&'a Row>, display: Display) -> Value {
        let mut by_value: BTreeMap<Vec<String>, Vec<&'a Row>> = BTreeMap::new();
        for row in rows {
            let values = self.wish.group_by.iter().map(|path| self.value(row, path));
            let ignores_case = self.state.guesses.text_ignores_case;
            let folded = values.map(|value| if ignores_case { value.to_lowercase() } else { value });
            by_value.entry(folded.collect()).or_default().push(row);
        }
        let groups = by_value.into_values().map(|rows| self.group(rows));
        let mut groups: Vec<Group<'_>> = groups.filter(|group| self.has_all(group)).collect();
        groups.sort_by(|left, right| self.compare(left, right));
        groups
            .iter()
            .map(|group| {
                let fields: Vec<Value> = group.fields.iter().map(|field| described(field, display)).collect();
                json!({ "stats": self.stats(&group.rows), "groupby_fields": fields })
            })
            .collect()
    }

    fn group(&self, rows: Vec<&'a Row>) -> Group<'a> {
        let first = rows.first().copied();
        let fields = self.wish.group_by.iter().map(|path| {
            let value = first.map_or_else(String::new, |row| self.value(row, path));
            let shown = first.map_or_else(String::new, |row| self.shown(row, path));
            (path.as_str(), value, shown)
        });
        Group {
            fields: fields.collect(),
            rows,
        }
    }

    fn stats(&self, rows: &[&Row]) -> Value {
        let mut stats = Map::new();
        if self.wish.counts {
            stats.insert("count".to_owned(), json!(rows.len().to_string()));
        }
        for (aggregate, paths) in &self.wish.fields {
            let figures = paths.iter().map(|path| {
                let figure = self.figure(*aggregate, path, rows);
                (path.clone(), Value::String(figure.to_string()))
            });
            let figures: Map<String, Value> = figures.collect();
            if !figures.is_empty() {
                stats.insert(aggregate.name().to_owned(), Value::Object(figures));
            }
        }
        Value::Object(stats)
    }

    /// Whether a group has what `sysparm_having` demands.
    fn has_all(&self, group: &Group<'_>) -> bool {
        self.wish.having.iter().all(|having| {
            let figure = self.figure(having.aggregate, &having.path, &group.rows);
            having.holds(&figure)
        })
    }

    /// As asked for; among equals by what the fields display, like the list of a table.
    fn compare(&self, left: &Group<'_>, right: &Group<'_>) -> Ordering {
        let wished = self.wish.order_by.iter().map(|order| {
            let ordering = match order {
                Order::By { aggregate, path, .. } => {
                    let figure = |group: &Group<'_>| self.figure(*aggregate, path, &group.rows);
                    figure(left).compare(&figure(right))
                }
                Order::ByField { path, .. } => {
                    let field = |group: &Group<'_>| {
                        let fields = group.fields.iter().find(|(known, _, _)| known == path);
                        fields.map(|(_, value, shown)| self.sort_key(path, value, shown))
                    };
                    compare_keys(field(left), field(right))
                }
            };
            if order.is_descending() {
                ordering.reverse()
            } else {
                ordering
            }
        });
        let fields = left.fields.iter().zip(&right.fields).map(|(left, right)| {
            let key = |(path, value, shown): &(&str, String, String)| Some(self.sort_key(path, value, shown));
            compare_keys(key(left), key(right))
        });
        wished.chain(fields).fold(Ordering::Equal, Ordering::then)
    }

    fn figure(&self, aggregate: Aggregate, path: &str, rows: &[&Row]) -> Figure {
        if path.is_empty() {
            return Figure::count(rows.len());
        }
        let values: Vec<String> = rows.iter().map(|row| self.value(row, path)).collect();
        Figure::of(
            aggregate,
            values.iter().map(String::as_str).filter(|value| !value.is_empty()),
        )
    }

    /// A reference sorts by what it displays.
    fn sort_key(&self, path: &str, value: &str, shown: &str) -> Figure {
        let is_reference = self
            .state
            .dictionary
            .walk(self.table, path)
            .is_some_and(|column| matches!(column.kind, Kind::Reference(_)));
        if is_reference {
            Figure::read(shown)
        } else {
            Figure::read(value)
        }
    }

    fn value(&self, row: &Row, path: &str) -> String {
        if self.access.path(row, path) {
            self.state.value_at(self.table, row, path)
        } else {
            String::new()
        }
    }

    fn shown(&self, row: &Row, path: &str) -> String {
        let view = View {
            fields: Some(vec![path.to_owned()]),
            display: Display::Labels,
            exclude_reference_link: true,
            locale: self.locale.clone(),
        };
        let rendered = render::row(self.state, self.act, self.table, row, &view);
        rendered
            .get(path)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    }
}

fn compare_keys(left: Option<Figure>, right: Option<Figure>) -> Ordering {
    match (left, right) {
        (Some(left), Some(right)) => left.compare(&right),
        // A field that does not group orders nothing.
        (None, _) | (_, None) => Ordering::Equal,
    }
}

fn described((path, value, shown): &(&str, String, String), display: Display) -> Value {
    match display {
        Display::Values => json!({ "field": path, "value": value }),
        Display::Labels => json!({ "field": path, "value": shown }),
        Display::Both => json!({ "field": path, "value": value, "display_value": shown }),
    }
}
