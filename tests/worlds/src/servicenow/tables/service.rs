//! Customer service: escalations, and what its plugin adds to cases, case tasks, accounts and contacts.
//!
//! Of escalations the labels, states and reasons are documented; the names of columns and the stored values are ours.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![escalation(), escalation_template(), escalation_severity()]
}

/// Adds columns to tables that are defined elsewhere; one that is there already stays as it is.
pub(super) fn extend(tables: &mut [Table]) {
    for (name, columns) in [
        ("sn_customerservice_case", case_columns()),
        ("sn_customerservice_task", case_task_columns()),
        ("customer_account", account_columns()),
        ("customer_contact", contact_columns()),
    ] {
        let Some(table) = tables.iter_mut().find(|table| table.name == name) else {
            continue;
        };
        for column in columns {
            if table.columns.iter().all(|known| known.name != column.name) {
                table.columns.push(column);
            }
        }
    }
}

fn escalation() -> Table {
    Table::new("sn_customerservice_escalation", "Escalation", "number")
        .extends("task")
        .numbered("ESC", 1001)
        .with([
            Column::choice(
                "state",
                "State",
                &[
                    ("1", "Requested"),
                    ("2", "Escalated"),
                    ("3", "Closed"),
                    ("4", "Declined"),
                ],
            )
            .default("1"),
            Column::choice(
                "source_table",
                "Source Table",
                &[("sn_customerservice_case", "Case"), ("customer_account", "Account")],
            )
            .default("sn_customerservice_case"),
            Column::text("source_record", "Source Record", 32),
            Column::choice(
                "request_source",
                "Request Source",
                &[("customer", "Customer requested"), ("internal", "Internally requested")],
            ),
            Column::choice(
                "reason",
                "Reason",
                &[
                    ("inactivity", "Inactivity"),
                    ("lack_of_progress", "Lack of Progress"),
                    ("customer_imposed_deadline", "Customer Imposed Deadline"),
                ],
            ),
            Column::reference(
                "escalation_severity",
                "Escalation Severity",
                "sn_customerservice_escalation_severity",
            ),
            Column::reference(
                "escalation_template",
                "Escalation Template",
                "sn_customerservice_escalation_template",
            ),
            Column::choice(
                "escalation_trend",
                "Escalation Trend",
                &[("improving", "Improving"), ("same", "Same"), ("declining", "Declining")],
            )
            .default("same"),
            Column::text("escalation_justification", "Escalation Justification", 4000),
            Column::reference("requested_by", "Requested By", "sys_user"),
            Column::reference("approved_by", "Approved By", "sys_user"),
            Column::reference("declined_by", "Declined By", "sys_user"),
            Column::reference("deescalated_by", "De-escalated By", "sys_user"),
        ])
}

fn escalation_template() -> Table {
    Table::new("sn_customerservice_escalation_template", "Escalation Template", "name").with([
        Column::text("name", "Name", 100).mandatory(),
        Column::choice(
            "type",
            "Type",
            &[("case", "Case Escalation"), ("account", "Account Escalation")],
        )
        .default("case"),
        Column::boolean("skip_approval", "Skip Escalation Approval"),
        Column::boolean("use_default_approval", "Use Default Approval").default("true"),
        Column::boolean("add_group_manager", "Add Case Assignment Group Manager to Approvers"),
        Column::reference("approval_group", "Approval Group", "sys_user_group"),
        Column::list("watch_list", "Escalation Watch List", "sys_user"),
        Column::boolean("active", "Active").default("true"),
    ])
}

fn escalation_severity() -> Table {
    Table::new("sn_customerservice_escalation_severity", "Escalation Severity", "name").with([
        Column::text("name", "Name", 100).mandatory(),
        Column::text("color", "Color", 40),
        Column::integer("order", "Order"),
        Column::boolean("active", "Active").default("true"),
    ])
}

fn case_columns() -> Vec<Column> {
    vec![
        Column::reference(
            "active_escalation",
            "Active escalation",
            "sn_customerservice_escalation",
        ),
        Column::reference(
            "active_account_escalation",
            "Active account escalation",
            "sn_customerservice_escalation",
        ),
        Column::reference("partner_contact", "Partner contact", "customer_contact"),
        Column::reference("support_manager", "Support manager", "sys_user"),
        Column::text("business_impact", "Business impact", 4000),
        Column::text("probable_cause", "Probable cause", 4000),
        Column::text("contact_time_zone", "Contact time zone", 40),
        Column::boolean("auto_created_case", "Auto created case"),
        Column::boolean("knowledge", "Knowledge"),
    ]
}

/// The parent field of a case task goes by two names; nobody could tell which one the product reads.
fn case_task_columns() -> Vec<Column> {
    vec![Column::reference("case", "Parent case", "sn_customerservice_case")]
}

fn account_columns() -> Vec<Column> {
    vec![
        Column::reference(
            "active_escalation",
            "Active escalation",
            "sn_customerservice_escalation",
        ),
        Column::reference("primary_contact", "Primary contact", "customer_contact"),
        Column::text("account_path", "Account path", 255),
        Column::text("registration_code", "Registration code", 40),
        Column::boolean("partner", "Partner"),
        Column::text("notes", "Notes", 4000),
        Column::text("phone", "Phone", 40),
        Column::text("street", "Street", 255),
        Column::text("zip", "Zip / Postal code", 40),
        Column::url("website", "Website"),
    ]
}

fn contact_columns() -> Vec<Column> {
    vec![
        Column::text("title", "Title", 60),
        Column::text("phone", "Business phone", 40),
        Column::text("mobile_phone", "Mobile phone", 40),
    ]
}
