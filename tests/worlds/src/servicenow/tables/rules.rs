//! Rules about what requests do and how many and how long they are: business rules, rate limits, quotas.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![business_rule(), rate_limit(), quota()]
}

fn business_rule() -> Table {
    Table::new("sys_script", "Business Rule", "name")
        .extends("sys_metadata")
        .with([
            Column::text("name", "Name", 100),
            Column::text("collection", "Table", 80),
            Column::text("description", "Description", 4000),
            Column::choice(
                "when",
                "When",
                &[
                    ("before", "before"),
                    ("after", "after"),
                    ("async", "async"),
                    ("async_always", "async_always"),
                    ("before_display", "display"),
                ],
            )
            .default("after"),
            Column::integer("order", "Order").default("100"),
            Column::integer("priority", "Priority").default("100"),
            Column::boolean("active", "Active").default("true"),
            Column::boolean("advanced", "Advanced"),
            Column::boolean("action_insert", "Insert"),
            Column::boolean("action_update", "Update"),
            Column::boolean("action_delete", "Delete"),
            Column::boolean("action_query", "Query"),
            Column::text("filter_condition", "Filter Conditions", 4000),
            Column::text("condition", "Condition", 4000),
            Column::list("role_conditions", "Role conditions", "sys_user_role"),
            Column::boolean("abort_action", "Abort action"),
            Column::boolean("add_message", "Add message"),
            Column::html("message", "Message"),
            Column::text("template", "Set field values", 4000),
            Column::text("script", "Script", 65_000),
        ])
}

/// The labels are documented; the names of the columns are ours where nobody has shown them.
fn rate_limit() -> Table {
    Table::new("sys_rate_limit_rules", "Rate Limit Rule", "name").with([
        Column::text("name", "Name", 100).unique(),
        Column::boolean("active", "Active").default("true"),
        Column::text("rest_api", "REST API", 100),
        Column::text("version", "Version", 40),
        Column::text("resource", "Resource", 255),
        Column::text("table", "Table", 80),
        Column::text("import_set_table", "Import set table", 80),
        Column::integer("requests_per_hour", "Request limit per hour"),
        Column::choice(
            "apply_to",
            "Apply to",
            &[
                ("single_user", "Single user"),
                ("users_with_role", "Users with role"),
                ("all_users", "All users"),
            ],
        )
        .default("all_users"),
        Column::reference("role", "Role", "sys_user_role"),
        Column::reference("user", "User", "sys_user"),
    ])
}

fn quota() -> Table {
    Table::new("sysrule_quota", "Transaction Quota Rule", "name").with([
        Column::text("name", "Name", 100),
        Column::text("description", "Description", 4000),
        Column::boolean("active", "Active").default("true"),
        Column::integer("order", "Order").default("100"),
        Column::text("condition", "Condition", 4000),
        Column::integer("max_duration", "Maximum Duration (seconds)"),
    ])
}
