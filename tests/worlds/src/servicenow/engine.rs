//! The rows of the instance, and what insert, update and delete do to them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;

use super::api_keys::ApiKeys;
use super::app::App;
use super::attachments;
pub(crate) use super::behalf::Act;
use super::definitions;
use super::dictionary::{Column, Dictionary};
use super::errors::Refusal;
use super::guards::acl::{self, Operation};
use super::guards::business_rules::{self, Change, Event, Stage};
use super::guards::{Guards, rate_limits};
use super::guesses::{Guesses, RowOrder};
use super::journal;
use super::outbox::{self, Outbox};
use super::path::Path;
use super::query::Query;
use super::rules;
use super::sessions::Sessions;
use super::tokens::Tokens;
use super::values::{Stored, same_text, stored};
use super::workflow;
use crate::clock;
use crate::digest::derived_id;

pub(crate) type Fields = BTreeMap<String, String>;

/// The whole state of an instance. A clone shares every table until one of the two changes it.
#[derive(Debug, Clone)]
pub(crate) struct State {
    pub(crate) dictionary: Arc<Dictionary>,
    pub(crate) guesses: Guesses,
    /// Rows by the base table of their hierarchy and their lower-case sys_id.
    rows: BTreeMap<String, Arc<Rows>>,
    /// The bytes of attachments.
    pub(crate) files: BTreeMap<String, Bytes>,
    numbers: BTreeMap<String, u64>,
    inserted: u64,
    /// The values of `sys_properties` by name.
    pub(crate) properties: Arc<BTreeMap<String, String>>,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) api_keys: ApiKeys,
    pub(crate) guards: Guards,
    pub(crate) rate_counts: rate_limits::Counts,
    /// Without a slash at the end; for links.
    pub(crate) base_url: String,
    pub(crate) transactions: u64,
    /// What was silently ignored, as the real system does it.
    pub(crate) ignored: Vec<String>,
    /// What this world tells by itself, when it has a receiver.
    pub(crate) outbox: Option<Box<Outbox>>,
    /// The application that was installed.
    pub(crate) app: Option<Box<App>>,
}

/// The rows of a hierarchy by lower-case sys_id.
type Rows = BTreeMap<String, Arc<Row>>;

#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) class: String,
    pub(crate) inserted: u64,
    pub(crate) fields: Fields,
}

impl Row {
    pub(crate) fn get(&self, field: &str) -> &str {
        get(&self.fields, field)
    }
}

/// A field; empty when it is not there.
pub(crate) fn get<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}

impl State {
    pub(crate) fn new() -> State {
        State::of(Arc::new(Dictionary::standard()))
    }

    fn of(dictionary: Arc<Dictionary>) -> State {
        State {
            dictionary,
            guesses: Guesses::default(),
            rows: BTreeMap::new(),
            files: BTreeMap::new(),
            numbers: BTreeMap::new(),
            inserted: 0,
            properties: Arc::default(),
            tokens: Tokens::default(),
            sessions: Sessions::default(),
            api_keys: ApiKeys::default(),
            guards: Guards::default(),
            rate_counts: rate_limits::Counts::default(),
            base_url: "https://servicenow.example".to_owned(),
            transactions: 0,
            ignored: Vec::new(),
            outbox: None,
            app: None,
        }
    }

    /// Stands where a state was while a script has it.
    pub(crate) fn nowhere() -> State {
        State::of(Arc::default())
    }

    /// A sys_id for a row that is not stored yet.
    pub(crate) fn fresh_id(&mut self) -> String {
        self.transactions += 1;
        derived_id("fresh", self.transactions)
    }

    /// Adds a column, or replaces the one of that name; false for an unknown table.
    pub(crate) fn add_column(&mut self, table: &str, column: Column) -> bool {
        self.guards.forget();
        Arc::make_mut(&mut self.dictionary).add_column(table, column)
    }

    /// Inserts a row and gives its sys_id.
    pub(crate) fn insert(&mut self, act: Act<'_>, table: &str, sent: &Fields) -> Result<String, Refusal> {
        self.allow(act, table, "Insert")?;
        let mut row = Row {
            class: table.to_owned(),
            inserted: 0,
            fields: self.defaults(table),
        };
        let sent = acl::acceptable(self, act, Operation::Create, &row, sent);
        let mut entries = self.accept_as(act, table, table, &sent, &mut row.fields);
        acl::check(self, act, Operation::Create, &row)?;
        let mut fields = row.fields;
        let sys_id = self.key_for(&sent);
        if self.is_taken(table, &sys_id) {
            return Err(Refusal::Taken);
        }
        let change = Change {
            event: Event::Insert,
            class: table,
            old: None,
        };
        business_rules::before(self, act, change, Stage::BeforeEngines, &mut fields, &mut entries)?;
        workflow::before_change(self, act, table, None, &mut fields);
        rules::before_insert(self, act, table, &mut fields);
        rules::check(self, act, table, None, &fields)?;
        workflow::check(self, act, table, None, &fields, &entries)?;
        business_rules::before(self, act, change, Stage::AfterEngines, &mut fields, &mut entries)?;
        self.check_unique(table, &sys_id, &fields)?;
        self.give_number(table, &mut fields);
        stamp_new(
            &mut fields,
            act,
            table,
            &sys_id,
            self.dictionary.column(table, "sys_class_name").is_some(),
        );
        self.inserted += 1;
        let row = Row {
            class: table.to_owned(),
            inserted: self.inserted,
            fields,
        };
        let base = self.dictionary.base(table).to_owned();
        self.rows_of_base(&base).insert(key(&sys_id), Arc::new(row));
        definitions::changed(self, table, None, Some(&sys_id));
        journal::append(self, act, table, &sys_id, &entries);
        business_rules::after(self, act, change, &sys_id, &entries);
        outbox::note(self, act, change, &sys_id, &entries);
        let change = workflow::Change {
            class: table,
            sys_id: &sys_id,
            old: None,
            entries: &entries,
        };
        workflow::after_change(self, act, change);
        Ok(sys_id)
    }

    /// Changes a row; journal fields become entries.
    pub(crate) fn update(&mut self, act: Act<'_>, table: &str, sys_id: &str, sent: &Fields) -> Result<(), Refusal> {
        self.allow(act, table, "Update")?;
        let old = acl::visible(self, act, table, sys_id)?.clone();
        acl::check(self, act, Operation::Write, &old)?;
        let sent = acl::acceptable(self, act, Operation::Write, &old, sent);
        let mut fields = old.fields.clone();
        // The table asked for decides which columns exist; the row's own class decides the rules.
        let mut entries = self.accept_as(act, table, &old.class, &sent, &mut fields);
        let change = Change {
            event: Event::Update,
            class: &old.class,
            old: Some(&old),
        };
        let mut is_changed = fields != old.fields || !entries.is_empty();
        let counts_unchanged = self.guesses.unchanged_update_counts;
        if is_changed || counts_unchanged {
            business_rules::before(self, act, change, Stage::BeforeEngines, &mut fields, &mut entries)?;
        }
        workflow::before_change(self, act, &old.class, Some(&old.fields), &mut fields);
        rules::before_update(self, act, &old.class, &old.fields, &mut fields);
        rules::check(self, act, &old.class, Some(&old.fields), &fields)?;
        workflow::check(self, act, &old.class, Some(&old.fields), &fields, &entries)?;
        if is_changed || counts_unchanged {
            business_rules::before(self, act, change, Stage::AfterEngines, &mut fields, &mut entries)?;
        }
        self.check_unique(&old.class, sys_id, &fields)?;
        is_changed = fields != old.fields || !entries.is_empty();
        if is_changed || counts_unchanged {
            stamp_changed(&mut fields, act);
            self.replace(table, sys_id, fields);
            definitions::changed(self, &old.class, Some(&old.fields), Some(sys_id));
        }
        journal::append(self, act, &old.class, old.get("sys_id"), &entries);
        if is_changed || counts_unchanged {
            business_rules::after(self, act, change, sys_id, &entries);
            outbox::note(self, act, change, sys_id, &entries);
        }
        if is_changed {
            let change = workflow::Change {
                class: &old.class,
                sys_id: old.get("sys_id"),
                old: Some(&old.fields),
                entries: &entries,
            };
            workflow::after_change(self, act, change);
        }
        Ok(())
    }

    /// Puts a row into another class of its hierarchy: it keeps its key, its number and what both classes
    /// have. False where that cannot be.
    pub(crate) fn reclassify(&mut self, act: Act<'_>, sys_id: &str, class: &str) -> bool {
        let base = self.dictionary.base(class).to_owned();
        let Some(old) = self.anywhere(sys_id).cloned() else {
            return false;
        };
        if self.dictionary.base(&old.class) != base {
            return false;
        }
        let mut fields = self.defaults(class);
        for (name, value) in old.fields {
            if name.starts_with("sys_") || self.dictionary.column(class, &name).is_some() {
                fields.insert(name, value);
            }
        }
        fields.insert("sys_class_name".to_owned(), class.to_owned());
        stamp_changed(&mut fields, act);
        let row = Row {
            class: class.to_owned(),
            inserted: old.inserted,
            fields,
        };
        self.rows_of_base(&base).insert(key(sys_id), Arc::new(row));
        if self.guesses.files_follow_a_class {
            for file in self.attachments_of(sys_id) {
                let Some(row) = self.find("sys_attachment", &file) else {
                    continue;
                };
                let mut fields = row.fields.clone();
                fields.insert("table_name".to_owned(), class.to_owned());
                self.replace("sys_attachment", &file, fields);
            }
        }
        true
    }

    pub(crate) fn delete(&mut self, act: Act<'_>, table: &str, sys_id: &str) -> Result<(), Refusal> {
        self.allow(act, table, "Delete")?;
        let old = acl::visible(self, act, table, sys_id)?.clone();
        acl::check(self, act, Operation::Delete, &old)?;
        let change = Change {
            event: Event::Delete,
            class: &old.class,
            old: Some(&old),
        };
        business_rules::before_delete(self, act, &old)?;
        self.remove(table, sys_id);
        definitions::changed(self, &old.class, Some(&old.fields), None);
        if self.guesses.delete_removes_attachments {
            for attachment in self.attachments_of(sys_id) {
                attachments::remove(self, &attachment);
            }
        }
        business_rules::after(self, act, change, sys_id, &[]);
        outbox::note(self, act, change, sys_id, &[]);
        Ok(())
    }

    /// Takes a row away without asking.
    pub(crate) fn remove(&mut self, table: &str, sys_id: &str) {
        let base = self.dictionary.base(table).to_owned();
        self.rows_of_base(&base).remove(&key(sys_id));
        self.files.remove(&key(sys_id));
    }

    /// A row of the table or of a table that extends it.
    pub(crate) fn find(&self, table: &str, sys_id: &str) -> Option<&Row> {
        let row = self.rows.get(self.dictionary.base(table))?.get(&key(sys_id))?;
        self.dictionary.is_a(&row.class, table).then_some(&**row)
    }

    /// All rows of the table and of tables that extend it, in the order that is nobody's wish.
    pub(crate) fn rows(&self, table: &str) -> Vec<&Row> {
        let rows = self
            .rows
            .get(self.dictionary.base(table))
            .into_iter()
            .flat_map(|rows| rows.values())
            .map(|row| &**row);
        let mut rows: Vec<&Row> = rows.filter(|row| self.dictionary.is_a(&row.class, table)).collect();
        if self.guesses.row_order == RowOrder::Insertion {
            rows.sort_by_key(|row| row.inserted);
        }
        rows
    }

    pub(crate) fn select(&self, table: &str, query: &Query) -> Vec<&Row> {
        query.select(self, self.rows(table))
    }

    /// The row in whatever table it is.
    pub(crate) fn anywhere(&self, sys_id: &str) -> Option<&Row> {
        self.rows
            .values()
            .find_map(|rows| rows.get(&key(sys_id)))
            .map(|row| &**row)
    }

    pub(crate) fn attachments_of(&self, sys_id: &str) -> Vec<String> {
        let mut rows = self.rows("sys_attachment");
        rows.sort_by_key(|row| row.inserted);
        rows.iter()
            .filter(|row| row.get("table_sys_id") == sys_id)
            .map(|row| row.get("sys_id").to_owned())
            .collect()
    }

    /// The value of a system property, or the default.
    pub(crate) fn property<'a>(&'a self, name: &str, default: &'a str) -> &'a str {
        self.properties.get(name).map_or(default, String::as_str)
    }

    pub(crate) fn set_property(&mut self, act: Act<'_>, name: &str, value: &str) {
        let known = self
            .rows("sys_properties")
            .into_iter()
            .find(|row| row.get("name") == name);
        let known = known.map(|row| row.get("sys_id").to_owned());
        let fields = [
            ("name".to_owned(), name.to_owned()),
            ("value".to_owned(), value.to_owned()),
        ]
        .into();
        let done = match known {
            Some(sys_id) => self.update(act, "sys_properties", &sys_id, &fields),
            None => self.insert(act, "sys_properties", &fields).map(drop),
        };
        done.expect("a property can be stored");
    }

    /// The sys_id of a user by user name; empty for an unknown one.
    pub(crate) fn user_sys_id(&self, user_name: &str) -> String {
        let user = self
            .rows("sys_user")
            .into_iter()
            .find(|row| row.get("user_name") == user_name);
        user.map_or_else(String::new, |row| row.get("sys_id").to_owned())
    }

    /// The value at the end of a dot-walk; empty where a reference leads nowhere.
    pub(crate) fn value_at(&self, table: &str, row: &Row, path: &str) -> String {
        Path::of(&self.dictionary, table, path).map_or_else(String::new, |(path, _)| path.value(self, row).to_owned())
    }

    /// The row at the end of a dot-walk, whose own field the last name is.
    pub(crate) fn row_at<'s>(&'s self, table: &str, row: &'s Row, path: &str) -> Option<&'s Row> {
        Path::of(&self.dictionary, table, path)?.0.reach(self, row)
    }

    /// Writes fields without rules, stamps or policies.
    pub(crate) fn replace(&mut self, table: &str, sys_id: &str, fields: Fields) {
        let base = self.dictionary.base(table).to_owned();
        if let Some(row) = self.rows_of_base(&base).get_mut(&key(sys_id)) {
            Arc::make_mut(row).fields = fields;
        }
    }

    /// Counts a change that alters no field.
    pub(crate) fn touch(&mut self, act: Act<'_>, table: &str, sys_id: &str) {
        if let Some(row) = self.find(table, sys_id) {
            let mut fields = row.fields.clone();
            stamp_changed(&mut fields, act);
            self.replace(table, sys_id, fields);
        }
    }

    fn allow(&self, act: Act<'_>, table: &str, operation: &'static str) -> Result<(), Refusal> {
        let table = self
            .dictionary
            .table(table)
            .ok_or_else(|| Refusal::InvalidTable(table.to_owned()))?;
        if table.is_writable || !act.meets.access_rules || self.guesses.system_tables_are_writable {
            Ok(())
        } else {
            Err(Refusal::Denied(operation))
        }
    }

    fn defaults(&self, table: &str) -> Fields {
        let columns = self.dictionary.columns(table);
        let stored = columns.into_values().filter(|column| !column.is_journal());
        stored
            .map(|column| (column.name.clone(), column.default.clone()))
            .collect()
    }

    /// Takes over what can be stored; gives the journal entries in the order of the dictionary.
    pub(crate) fn accept_as(
        &mut self,
        act: Act<'_>,
        table: &str,
        class: &str,
        sent: &Fields,
        fields: &mut Fields,
    ) -> Vec<(String, String)> {
        let allow_any_choice = self.property("glide.rest.choice.allow_non_existing_value", "false") == "true";
        let dictionary = Arc::clone(&self.dictionary);
        let mut entries = Vec::new();
        for (name, value) in sent {
            if dictionary.column(table, name).is_none() {
                self.ignored.push(format!("{table} has no field {name}"));
                continue;
            }
            let Some(column) = dictionary.column(class, name) else {
                continue;
            };
            if column.is_read_only && act.meets.access_rules {
                self.ignored.push(format!("{class}.{name} is read-only"));
                continue;
            }
            match stored(column, value, allow_any_choice, &self.guesses) {
                Stored::Entry(text) => entries.push((name.clone(), text)),
                Stored::Value(value) => {
                    fields.insert(name.clone(), value);
                }
                Stored::Cut(value) => {
                    self.ignored.push(format!(
                        "{class}.{name} was cut to {} characters",
                        value.chars().count()
                    ));
                    fields.insert(name.clone(), value);
                }
                Stored::Not => self.ignored.push(format!("{class}.{name} did not take {value:?}")),
                Stored::System => {}
            }
        }
        entries
    }

    fn key_for(&mut self, sent: &Fields) -> String {
        let chosen = sent
            .get("sys_id")
            .filter(|id| id.len() == 32 && id.chars().all(|c| c.is_ascii_alphanumeric()));
        match chosen {
            Some(chosen) if self.guesses.chosen_sys_id_is_honored => chosen.clone(),
            _ => derived_id("row", self.inserted + 1),
        }
    }

    fn is_taken(&self, table: &str, sys_id: &str) -> bool {
        let rows = self.rows.get(self.dictionary.base(table));
        rows.is_some_and(|rows| rows.contains_key(&key(sys_id)))
    }

    /// The rows of a hierarchy, no longer shared with another instance.
    fn rows_of_base(&mut self, base: &str) -> &mut Rows {
        self.guards.changed(base);
        Arc::make_mut(self.rows.entry(base.to_owned()).or_default())
    }

    fn check_unique(&self, table: &str, sys_id: &str, fields: &Fields) -> Result<(), Refusal> {
        for (name, column) in self.dictionary.columns(table) {
            let value = fields.get(name).map_or("", String::as_str);
            if !column.is_unique || value.is_empty() {
                continue;
            }
            let owner = self
                .dictionary
                .lineage(table)
                .filter(|one| one.columns.iter().any(|c| c.name == name))
                .last();
            let owner = owner.map_or(table, |owner| owner.name.as_str());
            let taken = self.rows(owner).into_iter().any(|row| {
                key(row.get("sys_id")) != key(sys_id) && same_text(row.get(name), value, self.guesses.text_ignores_case)
            });
            if taken {
                return Err(Refusal::Taken);
            }
        }
        Ok(())
    }

    fn give_number(&mut self, table: &str, fields: &mut Fields) {
        if fields.get("number").is_none_or(|number| !number.is_empty()) {
            return;
        }
        let series = self.dictionary.lineage(table).find_map(|table| table.number.clone());
        if let Some(series) = series {
            let next = self.numbers.entry(series.prefix.clone()).or_insert(series.first);
            fields.insert("number".to_owned(), format!("{}{next:07}", series.prefix));
            *next += 1;
        }
    }
}

fn stamp_new(fields: &mut Fields, act: Act<'_>, table: &str, sys_id: &str, has_class: bool) {
    let at = clock::seconds(act.at);
    let mut set = |name: &str, value: &str| fields.insert(name.to_owned(), value.to_owned());
    set("sys_id", sys_id);
    set("sys_created_on", &at);
    set("sys_created_by", act.by);
    set("sys_updated_on", &at);
    set("sys_updated_by", act.by);
    set("sys_mod_count", "0");
    if has_class {
        set("sys_class_name", table);
    }
}

fn stamp_changed(fields: &mut Fields, act: Act<'_>) {
    let count = fields
        .get("sys_mod_count")
        .and_then(|count| count.parse::<u64>().ok())
        .unwrap_or(0);
    fields.insert("sys_mod_count".to_owned(), (count + 1).to_string());
    fields.insert("sys_updated_on".to_owned(), clock::seconds(act.at));
    fields.insert("sys_updated_by".to_owned(), act.by.to_owned());
}

fn key(sys_id: &str) -> String {
    sys_id.to_ascii_lowercase()
}
