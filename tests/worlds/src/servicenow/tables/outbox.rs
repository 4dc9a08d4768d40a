//! The outbox of the scoped app. The table is there when the app is: when a receiver is named.

use crate::servicenow::dictionary::{Column, Table};

/// The name of the table.
pub(crate) const OUTBOX: &str = "x_gridlink_outbox";

/// The fields that the app adds to every task, but for its key.
pub(crate) fn marks() -> [Column; 2] {
    [
        Column::boolean("x_gridlink_for_knowledge", "For knowledge").default("false"),
        Column::boolean("x_gridlink_escalated", "Escalated to the partner").default("false"),
    ]
}

/// Nobody writes it over the Table API.
pub(crate) fn table() -> Table {
    let mut table = Table::new(OUTBOX, "Gridlink Outbox", "event_id").read_only().with([
        Column::text("event_id", "Event ID", 128),
        Column::text("event_type", "Event type", 128),
        Column::text("record_table", "Record table", 80),
        Column::text("record", "Record", 32),
        Column::integer("record_mod_count", "Record updates"),
        Column::text("changed_fields", "Changed fields", 4000),
        Column::boolean("by_integration_user", "By integration user"),
        Column::choice("state", "State", &[("new", "New"), ("sent", "Sent"), ("dead", "Dead")]).default("new"),
        Column::integer("attempts", "Attempts").default("0"),
        Column::date_time("next_attempt", "Next attempt"),
        Column::text("last_error", "Last error", 1000),
        Column::text("payload", "Payload", 65_536),
    ]);
    table.columns.extend(super::system_columns());
    table
}
