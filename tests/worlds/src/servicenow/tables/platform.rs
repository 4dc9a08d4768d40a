//! Tables of the platform itself.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![journal_field(), attachment(), properties(), choice(), dictionary()]
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
    Table::new("sys_properties", "System Property", "name").with([
        Column::text("name", "Name", 100).unique(),
        Column::text("value", "Value", 4000),
        Column::text("description", "Description", 512),
    ])
}

fn choice() -> Table {
    Table::new("sys_choice", "Choice", "label").read_only().with([
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
        .read_only()
        .with([
            Column::text("name", "Table", 80),
            Column::text("element", "Column name", 80),
            Column::text("column_label", "Column label", 80),
            Column::text("internal_type", "Type", 80),
            Column::text("reference", "Reference", 80),
            Column::integer("max_length", "Max length"),
            Column::boolean("mandatory", "Mandatory"),
            Column::boolean("unique", "Unique"),
        ])
}
