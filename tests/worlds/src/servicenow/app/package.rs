//! A package of `now-sdk pack`: a zip of XML files, each with records of one table, put on an instance.
//!
//! Records of tables that this instance does not have make the table, with the columns that they bring: the platform
//! has them, and nobody here asks more of them. A scope is a kind of record itself. A reference to a record that the
//! instance has under another sys_id, such as a role of the platform, carries its name and is found by it.

use std::io::{Cursor, Read};
use std::sync::Arc;

use bytes::Bytes;
use zip::ZipArchive;

use crate::servicenow::dictionary::{Column, Kind, Table};
use crate::servicenow::engine::{Act, Fields, State};
use crate::servicenow::tables;

/// The records of a package, in the order in which they can be put on an instance.
#[derive(Debug)]
pub(super) struct Package {
    records: Vec<Record>,
}

#[derive(Debug)]
struct Record {
    table: String,
    fields: Fields,
    /// Names of what fields refer to.
    names: Fields,
}

/// So large is no application.
const LARGEST_FILE: u64 = 16 * 1024 * 1024;

impl Package {
    /// # Errors
    /// When it is no such package, in a sentence.
    pub(super) fn read(bytes: &Bytes) -> Result<Package, String> {
        let broken = |error: zip::result::ZipError| format!("this is no package: {error}");
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
        let mut records = Vec::new();
        for index in 0..archive.len() {
            let mut file = archive.by_index(index).map_err(broken)?.take(LARGEST_FILE);
            let name = file.get_ref().name().to_owned();
            // What `dictionary/` says of a table is said again by its own records.
            if !name.ends_with(".xml") || name.trim_start_matches('/').starts_with("dictionary/") {
                continue;
            }
            let mut text = String::new();
            file.read_to_string(&mut text)
                .map_err(|error| format!("{name} cannot be read: {error}"))?;
            let document = roxmltree::Document::parse(&text).map_err(|error| format!("{name} is no XML: {error}"))?;
            add_records(document.root_element(), &mut records);
        }
        // Tables before their columns, columns before their choices, all before what is in them.
        let rank = |record: &Record| match record.table.as_str() {
            "sys_app" => 0,
            "sys_db_object" => 1,
            "sys_dictionary" => 2,
            "sys_choice" => 3,
            _ => 4,
        };
        records.sort_by_key(rank);
        Ok(Package { records })
    }

    /// The application: its scope and its version.
    pub(super) fn application(&self) -> Option<(&str, &str)> {
        let application = self.records.iter().find(|record| record.table == "sys_app")?;
        let get = |name: &str| application.fields.get(name).map(String::as_str);
        Some((get("scope")?, get("version")?))
    }

    /// Puts every record on the instance, over the one that has its sys_id. What was set in a property stays.
    pub(super) fn install(&self, state: &mut State, act: Act<'_>) {
        for Record { table, fields, names } in &self.records {
            make_room(state, table, fields);
            let mut fields = fields.clone();
            for (field, name) in names {
                if let Some(found) = named(state, table, field, fields.get(field), name) {
                    fields.insert(field.clone(), found);
                }
            }
            let fields = &fields;
            let sys_id = fields.get("sys_id").map_or("", String::as_str);
            let is_there = state.find(table, sys_id).is_some();
            if is_there && table == "sys_properties" {
                continue;
            }
            let stored = if is_there {
                state.update(act, table, sys_id, fields)
            } else {
                state.insert(act, table, fields).map(drop)
            };
            if let Err(refusal) = stored {
                let note = format!("{table} {sys_id} of the package was not stored: {refusal:?}");
                state.ignored.push(note);
            }
        }
    }
}

/// Collects the elements that stand for records; others only group them.
fn add_records(element: roxmltree::Node<'_, '_>, records: &mut Vec<Record>) {
    let is_record = element.attribute("action") == Some("INSERT_OR_UPDATE")
        && element.children().any(|child| child.has_tag_name("sys_id"));
    if !is_record {
        element
            .children()
            .filter(roxmltree::Node::is_element)
            .for_each(|child| add_records(child, records));
        return;
    }
    let children = element.children().filter(roxmltree::Node::is_element);
    let name_of = |child: roxmltree::Node<'_, '_>| child.tag_name().name().to_owned();
    let text_of = |child: roxmltree::Node<'_, '_>| child.text().unwrap_or_default().to_owned();
    let names = children
        .clone()
        .filter_map(|child| Some((name_of(child), child.attribute("name")?.to_owned())));
    records.push(Record {
        table: name_of(element),
        names: names.collect(),
        fields: children.map(|child| (name_of(child), text_of(child))).collect(),
    });
}

/// The row of that name that a field refers to, where there is none with its sys_id.
fn named(state: &State, table: &str, field: &str, sys_id: Option<&String>, name: &str) -> Option<String> {
    let Kind::Reference(to) = &state.dictionary.column(table, field)?.kind else {
        return None;
    };
    if state.find(to, sys_id?).is_some() {
        return None;
    }
    let rows = state.rows(to).into_iter();
    let mut rows = rows.filter(|row| row.get("name") == name);
    rows.next().map(|row| row.get("sys_id").to_owned())
}

/// Lets the instance know the table and the fields of a record.
fn make_room(state: &mut State, table: &str, fields: &Fields) {
    let is_missing = |state: &State, name: &str| state.dictionary.column(table, name).is_none();
    if state.dictionary.table(table).is_some() && !fields.keys().any(|name| is_missing(state, name)) {
        return;
    }
    state.guards.forget();
    let dictionary = Arc::make_mut(&mut state.dictionary);
    if dictionary.table(table).is_none() {
        let mut made = Table::new(table, table, "sys_id");
        made.columns.extend(tables::system_columns());
        dictionary.add_table(made);
    }
    for name in fields.keys() {
        if dictionary.column(table, name).is_none() {
            dictionary.add_column(table, Column::text(name, name, 65_536));
        }
    }
}
