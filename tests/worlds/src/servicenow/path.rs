//! Dot-walks: from a row over its references to a field.

use super::dictionary::{Column, Dictionary, Kind};
use super::engine::{Row, State};

/// A resolved dot-walk such as `caller_id.company.name`.
///
/// `ref_` and the name of a table that extends the one reached go on with that table's columns:
/// `parent.ref_incident.category`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    steps: Vec<Step>,
    field: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Reference {
        field: String,
        target: String,
    },
    Class(String),
    /// A reference whose own value is meant, by what it displays.
    Shown {
        field: String,
        target: String,
    },
}

impl Path {
    /// The path and the column at its end, if it leads to one.
    pub(crate) fn of<'d>(dictionary: &'d Dictionary, table: &str, text: &str) -> Option<(Path, &'d Column)> {
        let mut steps = Vec::new();
        let mut table = table;
        let mut names = text.split('.').peekable();
        loop {
            let name = names.next()?;
            if names.peek().is_none() {
                let field = name.to_owned();
                return Some((Path { steps, field }, dictionary.column(table, name)?));
            }
            if let Some(class) = name.strip_prefix("ref_").filter(|class| dictionary.is_a(class, table)) {
                steps.push(Step::Class(class.to_owned()));
                table = class;
                continue;
            }
            let Kind::Reference(target) = &dictionary.column(table, name)?.kind else {
                return None;
            };
            steps.push(Step::Reference {
                field: name.to_owned(),
                target: target.clone(),
            });
            table = target;
        }
    }

    /// A field of the row itself.
    pub(crate) fn own(field: &str) -> Path {
        Path {
            steps: Vec::new(),
            field: field.to_owned(),
        }
    }

    /// From a reference to `target` on to the field that it displays.
    pub(crate) fn then(mut self, target: &str, field: &str) -> Path {
        self.steps.push(Step::Shown {
            field: self.field,
            target: target.to_owned(),
        });
        Path {
            steps: self.steps,
            field: field.to_owned(),
        }
    }

    /// The field, if it is one of the row itself.
    pub(crate) fn own_field(&self) -> Option<&str> {
        self.steps.is_empty().then_some(self.field.as_str())
    }

    /// The fields that the path asks about, each with the table where it is asked; the first one is of `table`.
    ///
    /// Who may read a reference may know what it displays.
    pub(crate) fn fields<'p>(&'p self, table: &'p str) -> Vec<(&'p str, &'p str)> {
        let mut fields = Vec::new();
        let mut table = table;
        for step in &self.steps {
            match step {
                Step::Reference { field, target } => {
                    fields.push((table, field.as_str()));
                    table = target;
                }
                Step::Class(class) => table = class,
                Step::Shown { field, .. } => {
                    fields.push((table, field.as_str()));
                    return fields;
                }
            }
        }
        fields.push((table, &self.field));
        fields
    }

    /// The row that has the field; none where a reference leads nowhere.
    pub(crate) fn reach<'s>(&self, state: &'s State, row: &'s Row) -> Option<&'s Row> {
        self.steps.iter().try_fold(row, |row, step| match step {
            Step::Reference { field, target } | Step::Shown { field, target } => state.find(target, row.get(field)),
            Step::Class(class) => state.dictionary.is_a(&row.class, class).then_some(row),
        })
    }

    /// The stored value at the end; empty where a reference leads nowhere.
    pub(crate) fn value<'s>(&self, state: &'s State, row: &'s Row) -> &'s str {
        self.reach(state, row).map_or("", |row| row.get(&self.field))
    }
}
