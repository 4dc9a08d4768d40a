//! Tables of the platform itself.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        metadata(),
        journal_field(),
        attachment(),
        properties(),
        choice(),
        dictionary(),
        db_object(),
        log(),
        preference(),
        scope(),
        application(),
        upgrade(),
    ]
}

fn scope() -> Table {
    Table::new("sys_scope", "Application", "name").with([
        Column::text("name", "Name", 100),
        Column::text("scope", "Scope", 18),
        Column::text("version", "Version", 40),
    ])
}

fn application() -> Table {
    Table::new("sys_app", "Custom Application", "name").extends("sys_scope")
}

fn upgrade() -> Table {
    Table::new("sys_upgrade_history", "System Upgrade", "to_version")
        .read_only()
        .with([
            Column::text("to_version", "To", 100),
            Column::text("from_version", "From", 100),
            Column::date_time("upgrade_started", "Upgrade started"),
            Column::date_time("upgrade_finished", "Upgrade finished"),
        ])
}

/// Whatever an update set carries: the definition of the instance itself.
fn metadata() -> Table {
    Table::new("sys_metadata", "Application File", "sys_name").with([
        Column::text("sys_name", "Display name", 255),
        Column::text("sys_scope", "Application", 32).default("global"),
        Column::text("sys_package", "Package", 32).default("global"),
        Column::text("sys_update_name", "Update name", 250),
        Column::choice(
            "sys_policy",
            "Protection policy",
            &[("", "-- None --"), ("read", "Read-only"), ("protected", "Protected")],
        ),
    ])
}

fn journal_field() -> Table {
    Table::new("sys_journal_field", "Journal Entry", "sys_id")
        .read_only()
        .with([
            Column::text("element_id", "Element ID", 32),
            Column::text("element", "Element", 80),
            Column::text("name", "Name", 80),
            Column::text("value", "Value", 65_536),
        ])
}

fn attachment() -> Table {
    Table::new("sys_attachment", "Attachment", "file_name")
        .read_only()
        .with([
            Column::text("table_name", "Table name", 80),
            Column::text("table_sys_id", "Table sys ID", 32),
            Column::text("file_name", "File name", 255),
            Column::text("content_type", "Content type", 255),
            Column::text("size_bytes", "Size bytes", 40),
            Column::text("size_compressed", "Size compressed", 40),
            Column::text("compressed", "Compressed", 40),
            Column::text("hash", "SHA256 Hash", 64),
            Column::text("image_height", "Image height", 40),
            Column::text("image_width", "Image width", 40),
            Column::text("average_image_color", "Average image color", 40),
        ])
}

fn properties() -> Table {
    Table::new("sys_properties", "System Property", "name")
        .extends("sys_metadata")
        .with([
            Column::text("name", "Name", 100).unique(),
            Column::text("value", "Value", 4000),
            Column::text("description", "Description", 512),
            Column::text("type", "Type", 40).default("string"),
            Column::text("read_roles", "Read roles", 4000),
            Column::text("write_roles", "Write roles", 4000),
            Column::boolean("is_private", "Private"),
        ])
}

fn choice() -> Table {
    Table::new("sys_choice", "Choice", "label")
        .extends("sys_metadata")
        .with([
            Column::text("name", "Table", 80),
            Column::text("element", "Element", 80),
            Column::text("value", "Value", 60),
            Column::text("label", "Label", 255),
            Column::text("language", "Language", 20),
            Column::text("dependent_value", "Dependent value", 60),
            Column::integer("sequence", "Sequence"),
            Column::boolean("inactive", "Inactive"),
        ])
}

fn dictionary() -> Table {
    Table::new("sys_dictionary", "Dictionary Entry", "element")
        .extends("sys_metadata")
        .with([
            Column::text("name", "Table", 80),
            Column::text("element", "Column name", 80),
            Column::text("column_label", "Column label", 80),
            Column::text("internal_type", "Type", 80),
            Column::text("reference", "Reference", 80),
            Column::integer("max_length", "Max length"),
            Column::boolean("mandatory", "Mandatory"),
            Column::boolean("unique", "Unique"),
            Column::boolean("read_only", "Read only"),
            Column::boolean("active", "Active").default("true"),
            Column::boolean("display", "Display"),
            Column::text("default_value", "Default value", 255),
        ])
}

fn db_object() -> Table {
    Table::new("sys_db_object", "Table", "label")
        .extends("sys_metadata")
        .with([
            Column::text("name", "Name", 80).unique(),
            Column::text("label", "Label", 80),
            Column::reference("super_class", "Extends table", "sys_db_object"),
            Column::boolean("is_extendable", "Extensible"),
            Column::boolean("ws_access", "Allow access to this table via web services").default("true"),
        ])
}

fn log() -> Table {
    Table::new("syslog", "Log Entry", "message").read_only().with([
        Column::choice(
            "level",
            "Level",
            &[("0", "Information"), ("1", "Warning"), ("2", "Error"), ("-1", "Debug")],
        ),
        Column::text("source", "Source", 255),
        Column::text("message", "Message", 4000),
    ])
}

fn preference() -> Table {
    Table::new("sys_user_preference", "User Preference", "name").with([
        Column::text("name", "Name", 100),
        Column::reference("user", "User", "sys_user"),
        Column::text("value", "Value", 4000),
        Column::boolean("system", "System"),
    ])
}
