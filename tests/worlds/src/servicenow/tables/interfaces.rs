//! Tables that the REST interfaces keep.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        attachment_attribute(),
        tiny_url(),
        email(),
        import_set(),
        import_set_row(),
        transform_map(),
        transform_entry(),
    ]
}

fn attachment_attribute() -> Table {
    Table::new("sys_attachment_attribute", "Attachment Attribute", "key")
        .read_only()
        .with([
            Column::reference("attachment", "Attachment", "sys_attachment"),
            Column::text("key", "Key", 255),
            Column::text("value", "Value", 4000),
        ])
}

fn tiny_url() -> Table {
    Table::new("sys_tiny_url", "Tiny URL", "tiny_url").read_only().with([
        Column::text("tiny_url", "Tiny URL", 40).unique(),
        Column::text("data", "Data", 1_000_000),
    ])
}

fn email() -> Table {
    let types = [
        ("received", "Received"),
        ("received-ignored", "Received - Ignored"),
        ("send-failed", "Send - Failed"),
        ("send-ignored", "Send - Ignored"),
        ("send-ready", "Send - Ready"),
        ("sent", "Sent"),
    ];
    let states = [
        ("error", "Error"),
        ("ignored", "Ignored"),
        ("processed", "Processed"),
        ("ready", "Ready"),
    ];
    Table::new("sys_email", "Email", "subject").read_only().with([
        Column::choice("type", "Type", &types),
        Column::choice("state", "State", &states),
        Column::text("recipients", "Recipients", 8000),
        Column::text("copied", "Copied", 8000),
        Column::text("blind_copied", "Blind copied", 8000),
        Column::text("subject", "Subject", 1000),
        Column::text("body_text", "Body text", 65_000),
        Column::html("body", "Body"),
        Column::text("headers", "Headers", 8000),
        Column::text("importance", "Importance", 40),
        Column::text("target_table", "Target table", 80),
        Column::text("instance", "Target", 32),
        Column::text("error_string", "Error string", 4000),
    ])
}

fn import_set() -> Table {
    Table::new("sys_import_set", "Import Set", "number")
        .numbered("ISET", 10_001)
        .read_only()
        .with([
            Column::text("number", "Number", 40),
            Column::text("table_name", "Table", 80),
            Column::text("state", "State", 40),
        ])
}

/// What the staging tables extend.
fn import_set_row() -> Table {
    Table::new("sys_import_set_row", "Import Set Row", "sys_id").with([
        Column::reference("sys_import_set", "Set", "sys_import_set"),
        Column::text("sys_import_state", "State", 40),
        Column::text("sys_import_state_comment", "Comment", 4000),
        Column::reference("sys_transform_map", "Import Map", "sys_transform_map"),
        Column::text("sys_target_table", "Target table", 80),
        Column::text("sys_target_sys_id", "Target record", 32),
    ])
}

fn transform_map() -> Table {
    Table::new("sys_transform_map", "Table Transform Map", "name").with([
        Column::text("name", "Name", 100),
        Column::text("source_table", "Source table", 80),
        Column::text("target_table", "Target table", 80),
        Column::boolean("active", "Active").default("true"),
        Column::integer("order", "Order").default("100"),
        Column::boolean("copy_empty_fields", "Copy empty fields"),
        Column::boolean("run_business_rules", "Run business rules").default("true"),
        Column::boolean(
            "create_new_record_on_empty_coalesce_fields",
            "Create new record on empty coalesce fields",
        ),
    ])
}

fn transform_entry() -> Table {
    let actions = [("create", "Create"), ("ignore", "Ignore"), ("reject", "Reject")];
    Table::new("sys_transform_entry", "Transform Entry", "target_field").with([
        Column::reference("map", "Map", "sys_transform_map"),
        Column::text("source_field", "Source field", 80),
        Column::text("target_field", "Target field", 80),
        Column::boolean("coalesce", "Coalesce"),
        Column::choice("choice_action", "Choice action", &actions),
    ])
}
