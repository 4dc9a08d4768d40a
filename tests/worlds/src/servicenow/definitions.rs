//! Rows that define the instance: properties, choices, columns and tables.
//!
//! Whoever may write `sys_properties`, `sys_choice`, `sys_dictionary` and `sys_db_object` changes the instance, as on
//! the platform. The rows that describe the tables of the world itself change nothing, since they say what is so.

use std::sync::Arc;

use super::dictionary::{Column, Table};
use super::engine::{Fields, State, get};
use super::tables;

/// Follows an insert, update or delete of a row; `now` is the sys_id of the row that is there afterwards.
pub(crate) fn changed(state: &mut State, class: &str, old: Option<&Fields>, now: Option<&str>) {
    if !matches!(
        class,
        "sys_properties" | "sys_choice" | "sys_dictionary" | "sys_db_object"
    ) {
        return;
    }
    let new = now
        .and_then(|sys_id| state.find(class, sys_id))
        .map(|row| row.fields.clone());
    match class {
        "sys_properties" => property(state, old, new.as_ref()),
        "sys_choice" => {
            old.into_iter().for_each(|old| forget_choice(state, old));
            new.iter().for_each(|new| add_choice(state, new));
        }
        "sys_dictionary" => new.iter().for_each(|new| column(state, new)),
        _ => new.iter().for_each(|new| table(state, new)),
    }
}

fn property(state: &mut State, old: Option<&Fields>, new: Option<&Fields>) {
    let properties = Arc::make_mut(&mut state.properties);
    if let Some(old) = old {
        properties.remove(get(old, "name"));
    }
    if let Some(new) = new {
        properties.insert(get(new, "name").to_owned(), get(new, "value").to_owned());
    }
}

fn forget_choice(state: &mut State, choice: &Fields) {
    let is_there = state
        .dictionary
        .column(get(choice, "name"), get(choice, "element"))
        .is_some_and(|column| column.label_of(get(choice, "value")).is_some());
    if !is_there {
        return;
    }
    let dictionary = Arc::make_mut(&mut state.dictionary);
    if let Some(column) = dictionary.own_column(get(choice, "name"), get(choice, "element")) {
        column.choices.retain(|(value, _)| value != get(choice, "value"));
    }
}

/// A table with choices of its own for an inherited column has only those.
fn add_choice(state: &mut State, choice: &Fields) {
    let (table, element) = (get(choice, "name"), get(choice, "element"));
    let (value, label) = (get(choice, "value"), get(choice, "label"));
    let is_other_language = !matches!(get(choice, "language"), "" | "en");
    let Some(known) = state.dictionary.column(table, element) else {
        return;
    };
    if known.label_of(value) == Some(label) || get(choice, "inactive") == "true" || is_other_language {
        return;
    }
    let inherited = Column {
        choices: Vec::new(),
        ..known.clone()
    };
    let dictionary = Arc::make_mut(&mut state.dictionary);
    if dictionary.own_column(table, element).is_none() {
        dictionary.add_column(table, inherited);
    }
    if let Some(column) = dictionary.own_column(table, element) {
        column.choices.retain(|(known, _)| known != value);
        column.choices.push((value.to_owned(), label.to_owned()));
    }
}

fn column(state: &mut State, row: &Fields) {
    let (table, name) = (get(row, "name"), get(row, "element"));
    // A row without a column describes the table.
    if name.is_empty() || state.dictionary.table(table).is_none() {
        return;
    }
    let known = state.dictionary.column(table, name);
    let mut column = match known {
        Some(known) => known.clone(),
        None => Column::of_type(name, get(row, "internal_type"), get(row, "reference")),
    };
    let before = column.clone();
    column.label = get(row, "column_label").to_owned();
    column.is_mandatory = get(row, "mandatory") == "true";
    column.is_unique = get(row, "unique") == "true";
    column.is_read_only = get(row, "read_only") == "true";
    column.max_length = get(row, "max_length").parse().unwrap_or(column.max_length);
    if !get(row, "default_value").is_empty() {
        column.default = get(row, "default_value").to_owned();
    }
    if known.is_none() || column != before {
        Arc::make_mut(&mut state.dictionary).add_column(table, column);
    }
}

fn table(state: &mut State, row: &Fields) {
    let name = get(row, "name");
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if !is_name || state.dictionary.table(name).is_some() {
        return;
    }
    let parent = state
        .find("sys_db_object", get(row, "super_class"))
        .map(|parent| parent.get("name").to_owned());
    let table = Table::new(name, get(row, "label"), "sys_id");
    let table = match parent {
        Some(parent) => table.extends(&parent),
        None => table.with(tables::system_columns()),
    };
    Arc::make_mut(&mut state.dictionary).add_table(table);
}

impl Column {
    /// A column of a type that `sys_dictionary` names; any other type holds text.
    fn of_type(name: &str, internal_type: &str, reference: &str) -> Column {
        match internal_type {
            "boolean" => Column::boolean(name, ""),
            "integer" => Column::integer(name, ""),
            "decimal" | "float" => Column::decimal(name, ""),
            "glide_date_time" => Column::date_time(name, ""),
            "glide_date" => Column::date(name, ""),
            "glide_duration" => Column::duration(name, ""),
            "currency" | "currency2" | "price" => Column::currency(name, ""),
            "html" | "translated_html" => Column::html(name, ""),
            "url" => Column::url(name, ""),
            "password" | "password2" => Column::password(name, ""),
            "journal_input" => Column::journal(name, ""),
            "journal_list" => Column::journal_list(name, "", &["comments", "work_notes"]),
            "reference" => Column::reference(name, "", reference),
            "glide_list" => Column::list(name, "", reference),
            _ => Column::text(name, "", 255),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::servicenow::tests::{ask, create, get, seeded};
    use serde_json::json;

    #[tokio::test(start_paused = true)]
    async fn a_new_choice_is_a_value_from_then_on_and_an_inactive_one_no_longer() {
        let instance = seeded();
        let choice = instance.insert(
            "sys_choice",
            &[
                ("name", "incident"),
                ("element", "category"),
                ("value", "customs"),
                ("label", "Customs"),
                ("language", "en"),
            ],
        );
        let incident = create(
            &instance,
            "incident",
            json!({ "short_description": "held", "category": "customs" }),
        )
        .await;
        assert_eq!(incident["category"], "customs");
        instance.update_as("admin", "sys_choice", &choice, &[("inactive", "true")]);
        let incident = create(
            &instance,
            "incident",
            json!({ "short_description": "held", "category": "customs" }),
        )
        .await;
        assert_eq!(incident["category"], "inquiry");
    }

    #[tokio::test(start_paused = true)]
    async fn a_new_table_with_a_new_column_takes_rows() {
        let instance = seeded();
        instance.insert("sys_db_object", &[("name", "u_carrier"), ("label", "Carrier")]);
        let fields = [
            ("name", "u_carrier"),
            ("element", "u_scac"),
            ("column_label", "SCAC"),
            ("internal_type", "string"),
            ("max_length", "4"),
        ];
        instance.insert("sys_dictionary", &fields);
        let id = instance.insert("u_carrier", &[("u_scac", "BLWFX")]);
        assert_eq!(instance.row("u_carrier", &id).unwrap()["u_scac"], "BLWF");
    }

    #[tokio::test(start_paused = true)]
    async fn a_column_made_mandatory_is_demanded() {
        let instance = seeded();
        let entry = get(
            &instance,
            "/api/now/table/sys_dictionary?sysparm_query=name=incident^element=caller_id&sysparm_fields=sys_id",
        )
        .await;
        let entry = entry[0]["sys_id"].as_str().unwrap();
        instance.update_as("admin", "sys_dictionary", entry, &[("mandatory", "true")]);
        let body = json!({ "short_description": "no caller" });
        let refused = ask(&instance, "POST", "/api/now/table/incident", Some(body)).await;
        assert_eq!(refused.status(), 403);
    }

    #[tokio::test(start_paused = true)]
    async fn a_column_made_read_only_keeps_its_value() {
        let instance = seeded();
        let path = "/api/now/table/sys_dictionary?sysparm_query=name=task^element=due_date&sysparm_fields=sys_id";
        let entry = get(&instance, path).await;
        let entry = entry[0]["sys_id"].as_str().unwrap();
        instance.update_as("admin", "sys_dictionary", entry, &[("read_only", "true")]);
        let body = json!({ "short_description": "due", "due_date": "2026-12-01 08:00:00" });
        let incident = create(&instance, "incident", body).await;
        assert_eq!(incident["due_date"], "");
        assert_eq!(instance.ignored(), ["incident.due_date is read-only"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_deleted_property_has_its_default_again() {
        let instance = seeded();
        instance.set_property("glide.attachment.extensions", "pdf");
        let row = instance
            .rows("sys_properties")
            .into_iter()
            .find(|row| row["name"] == "glide.attachment.extensions")
            .unwrap();
        instance.delete("sys_properties", &row["sys_id"]);
        let incident = crate::servicenow::tests::incident(&instance).await;
        instance.agent_file(&incident, "a.exe", "application/octet-stream", "x");
        assert_eq!(instance.attachments(&incident).len(), 1);
    }
}
