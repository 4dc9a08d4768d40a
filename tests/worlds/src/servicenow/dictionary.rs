//! Tables and columns: what `sys_db_object`, `sys_dictionary` and `sys_choice` say on an instance.

use std::collections::BTreeMap;

use super::path::Path;
use super::tables;

/// Every table of the instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dictionary(BTreeMap<String, Table>);

#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) parent: Option<String>,
    /// The column whose value stands for a row where a reference is displayed.
    pub(crate) display: String,
    pub(crate) number: Option<NumberSeries>,
    pub(crate) columns: Vec<Column>,
    /// Whether the Table API may write it.
    pub(crate) is_writable: bool,
}

/// For example `INC` and 10001: the first number is `INC0010001`.
#[derive(Debug, Clone)]
pub(crate) struct NumberSeries {
    pub(crate) prefix: String,
    pub(crate) first: u64,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) max_length: usize,
    pub(crate) is_mandatory: bool,
    pub(crate) is_unique: bool,
    /// What a caller sends is ignored; scripts of the platform may write it.
    pub(crate) is_read_only: bool,
    pub(crate) default: String,
    /// Stored value and label; empty for a column without a choice list.
    pub(crate) choices: Vec<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    /// Rich text; stored as it is sent.
    Html,
    Url,
    Integer,
    /// A number with a fraction.
    Decimal,
    Boolean,
    /// UTC, `2026-11-22 10:00:00`.
    DateTime,
    /// Without a time and a zone, `2026-11-22`.
    Date,
    /// A length of time as a moment after 1970-01-01 00:00:00.
    Duration,
    /// An amount as `USD;12.50`.
    Currency,
    /// Write-only; shown as stars.
    Password,
    Journal,
    /// Shows the entries of several journals of the same row; their names.
    JournalList(Vec<String>),
    Reference(String),
    /// Several sys_ids of a table, separated by commas.
    List(String),
    /// Set by the system; what a caller sends is ignored.
    System,
    /// Set by the system, a time.
    SystemTime,
}

impl Dictionary {
    /// The tables that every world has.
    pub(crate) fn standard() -> Dictionary {
        Dictionary(
            tables::standard()
                .into_iter()
                .map(|table| (table.name.clone(), table))
                .collect(),
        )
    }

    pub(crate) fn table(&self, name: &str) -> Option<&Table> {
        self.0.get(name)
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = &Table> {
        self.0.values()
    }

    /// Adds a column, or replaces the one of that name.
    pub(crate) fn add_column(&mut self, table: &str, column: Column) -> bool {
        let Some(table) = self.0.get_mut(table) else {
            return false;
        };
        table.columns.retain(|known| known.name != column.name);
        table.columns.push(column);
        true
    }

    /// Adds a table, or replaces the one of that name.
    pub(crate) fn add_table(&mut self, table: Table) {
        self.0.insert(table.name.clone(), table);
    }

    /// A column that the table itself has, to be changed.
    pub(crate) fn own_column(&mut self, table: &str, name: &str) -> Option<&mut Column> {
        let columns = &mut self.0.get_mut(table)?.columns;
        columns.iter_mut().find(|column| column.name == name)
    }

    /// The table and its parents, the table itself first; nothing for an unknown table.
    pub(crate) fn lineage<'a>(&'a self, table: &str) -> impl Iterator<Item = &'a Table> {
        std::iter::successors(self.table(table), |table| {
            table.parent.as_deref().and_then(|parent| self.table(parent))
        })
    }

    /// The root of the table's hierarchy, where the primary key lives.
    pub(crate) fn base<'a>(&'a self, table: &'a str) -> &'a str {
        self.lineage(table).last().map_or(table, |base| base.name.as_str())
    }

    /// Whether rows of `class` are rows of `table`.
    pub(crate) fn is_a(&self, class: &str, table: &str) -> bool {
        self.lineage(class).any(|ancestor| ancestor.name == table)
    }

    /// A column of the table itself or of a parent; the nearest one counts.
    pub(crate) fn column(&self, table: &str, name: &str) -> Option<&Column> {
        self.lineage(table)
            .find_map(|table| table.columns.iter().find(|column| column.name == name))
    }

    /// The column that stands for a row of the table where a reference is displayed.
    pub(crate) fn display_of(&self, table: &str) -> &str {
        self.table(table).map_or("sys_id", |table| table.display.as_str())
    }

    /// All columns of the table, by name.
    pub(crate) fn columns(&self, table: &str) -> BTreeMap<&str, &Column> {
        let mut columns = BTreeMap::new();
        for table in self.lineage(table) {
            for column in &table.columns {
                columns.entry(column.name.as_str()).or_insert(column);
            }
        }
        columns
    }

    /// The column at the end of a dot-walk such as `caller_id.company.name`.
    pub(crate) fn walk(&self, table: &str, path: &str) -> Option<&Column> {
        Path::of(self, table, path).map(|(_, column)| column)
    }
}

impl Table {
    pub(crate) fn new(name: &str, label: &str, display: &str) -> Table {
        Table {
            name: name.to_owned(),
            label: label.to_owned(),
            parent: None,
            display: display.to_owned(),
            number: None,
            columns: Vec::new(),
            is_writable: true,
        }
    }

    pub(crate) fn extends(self, parent: &str) -> Table {
        Table {
            parent: Some(parent.to_owned()),
            ..self
        }
    }

    pub(crate) fn numbered(self, prefix: &str, first: u64) -> Table {
        Table {
            number: Some(NumberSeries {
                prefix: prefix.to_owned(),
                first,
            }),
            ..self
        }
    }

    pub(crate) fn read_only(self) -> Table {
        Table {
            is_writable: false,
            ..self
        }
    }

    pub(crate) fn with(self, columns: impl IntoIterator<Item = Column>) -> Table {
        Table {
            columns: columns.into_iter().collect(),
            ..self
        }
    }
}

impl Column {
    pub fn text(name: &str, label: &str, max_length: usize) -> Column {
        Column::new(name, label, Kind::Text, max_length)
    }

    pub fn integer(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Integer, 40)
    }

    pub fn boolean(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Boolean, 40).default("false")
    }

    pub fn date_time(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::DateTime, 40)
    }

    pub fn journal(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Journal, 65_536)
    }

    pub fn reference(name: &str, label: &str, target: &str) -> Column {
        Column::new(name, label, Kind::Reference(target.to_owned()), 32)
    }

    pub fn choice(name: &str, label: &str, choices: &[(&str, &str)]) -> Column {
        let choices = choices
            .iter()
            .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
            .collect();
        Column {
            choices,
            ..Column::new(name, label, Kind::Text, 40)
        }
    }

    pub(crate) fn html(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Html, 65_000)
    }

    pub(crate) fn url(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Url, 1024)
    }

    pub(crate) fn decimal(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Decimal, 15)
    }

    pub(crate) fn date(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Date, 40)
    }

    pub(crate) fn duration(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Duration, 40)
    }

    pub(crate) fn currency(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Currency, 20)
    }

    pub(crate) fn password(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::Password, 255)
    }

    /// Shows the entries of other journals of the same row.
    pub(crate) fn journal_list(name: &str, label: &str, journals: &[&str]) -> Column {
        let journals = journals.iter().map(|journal| (*journal).to_owned()).collect();
        Column::new(name, label, Kind::JournalList(journals), 4000)
    }

    /// Several rows of a table.
    pub(crate) fn list(name: &str, label: &str, target: &str) -> Column {
        Column::new(name, label, Kind::List(target.to_owned()), 4000)
    }

    pub(crate) fn system(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::System, 80)
    }

    pub(crate) fn system_time(name: &str, label: &str) -> Column {
        Column::new(name, label, Kind::SystemTime, 40)
    }

    pub fn mandatory(self) -> Column {
        Column {
            is_mandatory: true,
            ..self
        }
    }

    /// What a caller sends is ignored; scripts of the platform may write it.
    pub(crate) fn read_only(self) -> Column {
        Column {
            is_read_only: true,
            ..self
        }
    }

    /// Two rows of the table cannot hold the same value.
    pub fn unique(self) -> Column {
        Column {
            is_unique: true,
            ..self
        }
    }

    pub fn default(self, value: &str) -> Column {
        Column {
            default: value.to_owned(),
            ..self
        }
    }

    fn new(name: &str, label: &str, kind: Kind, max_length: usize) -> Column {
        Column {
            name: name.to_owned(),
            label: label.to_owned(),
            kind,
            max_length,
            is_mandatory: false,
            is_unique: false,
            is_read_only: false,
            default: String::new(),
            choices: Vec::new(),
        }
    }

    /// Whether its entries are rows of `sys_journal_field`.
    pub(crate) fn is_journal(&self) -> bool {
        matches!(self.kind, Kind::Journal | Kind::JournalList(_))
    }

    pub(crate) fn label_of(&self, value: &str) -> Option<&str> {
        self.choices
            .iter()
            .find(|(known, _)| known == value)
            .map(|(_, label)| label.as_str())
    }

    /// The name in `sys_dictionary.internal_type`.
    pub(crate) fn internal_type(&self) -> &'static str {
        match &self.kind {
            Kind::Text | Kind::System => "string",
            Kind::Html => "html",
            Kind::Url => "url",
            Kind::Integer => "integer",
            Kind::Decimal => "decimal",
            Kind::Boolean => "boolean",
            Kind::DateTime | Kind::SystemTime => "glide_date_time",
            Kind::Date => "glide_date",
            Kind::Duration => "glide_duration",
            Kind::Currency => "currency",
            Kind::Password => "password2",
            Kind::Journal => "journal_input",
            Kind::JournalList(_) => "journal_list",
            Kind::Reference(_) => "reference",
            Kind::List(_) => "glide_list",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_has_the_columns_of_its_parents_and_may_override_them() {
        let dictionary = Dictionary::standard();
        assert_eq!(dictionary.base("incident"), "task");
        assert!(dictionary.is_a("incident", "task") && !dictionary.is_a("task", "incident"));
        assert!(dictionary.columns("incident").contains_key("correlation_id"));
        assert!(dictionary.column("task", "close_code").is_none());
        let state = |table| dictionary.column(table, "state").unwrap().label_of("10").is_some();
        assert_eq!((state("incident"), state("sn_customerservice_case")), (false, true));
    }

    #[test]
    fn a_dot_walk_follows_references_only() {
        let dictionary = Dictionary::standard();
        assert_eq!(
            dictionary
                .walk("incident", "caller_id.company.u_trading_grid_id")
                .unwrap()
                .name,
            "u_trading_grid_id"
        );
        assert!(dictionary.walk("incident", "state.name").is_none());
        assert!(dictionary.walk("incident", "caller_id.nonsense").is_none());
    }
}
