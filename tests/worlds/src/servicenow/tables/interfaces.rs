//! Tables that the REST interfaces keep.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![attachment_attribute(), tiny_url(), email()]
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
