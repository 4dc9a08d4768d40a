//! The tables of the simulated instance.
//!
//! Names, choice values and lengths are those of an instance with Customer Service Management; the columns
//! `u_…` and the category choices `b2b`, `edi` are our customer's own.

use super::dictionary::{Column, Table};

pub(crate) fn standard() -> Vec<Table> {
    let mut tables = vec![
        user(),
        contact(),
        group(),
        group_member(),
        company(),
        account(),
        task(),
        incident(),
        case(),
        case_task(),
        journal_field(),
        attachment(),
        properties(),
        choice(),
        dictionary(),
    ];
    for table in tables.iter_mut().filter(|table| table.parent.is_none()) {
        table.columns.extend(system_columns());
    }
    for table in tables
        .iter_mut()
        .filter(|table| matches!(table.name.as_str(), "task" | "core_company" | "sys_user"))
    {
        table.columns.push(Column::system("sys_class_name", "Class"));
    }
    tables
}

fn system_columns() -> [Column; 7] {
    [
        Column::system("sys_id", "Sys ID"),
        Column::system_time("sys_created_on", "Created"),
        Column::system("sys_created_by", "Created by"),
        Column::system_time("sys_updated_on", "Updated"),
        Column::system("sys_updated_by", "Updated by"),
        Column::system("sys_mod_count", "Updates"),
        Column::system("sys_tags", "Tags"),
    ]
}

fn task() -> Table {
    Table::new("task", "Task", "number").numbered("TASK", 20_001).with([
        Column::text("number", "Number", 40),
        Column::text("short_description", "Short description", 160),
        Column::text("description", "Description", 4000),
        Column::choice(
            "state",
            "State",
            &[
                ("-5", "Pending"),
                ("1", "Open"),
                ("2", "Work in Progress"),
                ("3", "Closed Complete"),
                ("4", "Closed Incomplete"),
                ("7", "Closed Skipped"),
            ],
        )
        .default("1"),
        Column::boolean("active", "Active").default("true"),
        Column::choice(
            "priority",
            "Priority",
            &[
                ("1", "1 - Critical"),
                ("2", "2 - High"),
                ("3", "3 - Moderate"),
                ("4", "4 - Low"),
                ("5", "5 - Planning"),
            ],
        )
        .default("4"),
        Column::choice(
            "impact",
            "Impact",
            &[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")],
        )
        .default("3"),
        Column::choice(
            "urgency",
            "Urgency",
            &[("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")],
        )
        .default("3"),
        Column::choice(
            "escalation",
            "Escalation",
            &[("0", "Normal"), ("1", "Moderate"), ("2", "High"), ("3", "Overdue")],
        )
        .default("0"),
        Column::choice(
            "approval",
            "Approval",
            &[
                ("not requested", "Not Yet Requested"),
                ("requested", "Requested"),
                ("approved", "Approved"),
                ("rejected", "Rejected"),
            ],
        )
        .default("not requested"),
        Column::choice(
            "contact_type",
            "Contact type",
            &[
                ("phone", "Phone"),
                ("email", "Email"),
                ("chat", "Chat"),
                ("web", "Web"),
                ("social", "Social"),
                ("self-service", "Self-service"),
                ("walk-in", "Walk-in"),
            ],
        ),
        Column::reference("assignment_group", "Assignment group", "sys_user_group"),
        Column::reference("assigned_to", "Assigned to", "sys_user"),
        Column::reference("opened_by", "Opened by", "sys_user"),
        Column::date_time("opened_at", "Opened"),
        Column::reference("closed_by", "Closed by", "sys_user"),
        Column::date_time("closed_at", "Closed"),
        Column::date_time("due_date", "Due date"),
        Column::reference("company", "Company", "core_company"),
        Column::reference("parent", "Parent", "task"),
        Column::text("correlation_id", "Correlation ID", 100),
        Column::text("correlation_display", "Correlation display", 100),
        Column::text("watch_list", "Watch list", 4000),
        Column::text("work_notes_list", "Work notes list", 4000),
        Column::text("close_notes", "Close notes", 4000),
        Column::journal("comments", "Additional comments"),
        Column::journal("work_notes", "Work notes"),
    ])
}

fn incident() -> Table {
    Table::new("incident", "Incident", "number")
        .extends("task")
        .numbered("INC", 10_001)
        .with([
            Column::text("short_description", "Short description", 160).mandatory(),
            Column::choice(
                "state",
                "State",
                &[
                    ("1", "New"),
                    ("2", "In Progress"),
                    ("3", "On Hold"),
                    ("6", "Resolved"),
                    ("7", "Closed"),
                    ("8", "Canceled"),
                ],
            )
            .default("1"),
            Column::choice(
                "hold_reason",
                "On hold reason",
                &[
                    ("1", "Awaiting Caller"),
                    ("3", "Awaiting Problem"),
                    ("4", "Awaiting Vendor"),
                    ("5", "Awaiting Change"),
                ],
            ),
            Column::reference("caller_id", "Caller", "sys_user"),
            Column::choice(
                "category",
                "Category",
                &[
                    ("inquiry", "Inquiry / Help"),
                    ("software", "Software"),
                    ("hardware", "Hardware"),
                    ("network", "Network"),
                    ("database", "Database"),
                    ("b2b", "B2B Integration"),
                ],
            )
            .default("inquiry"),
            Column::choice(
                "subcategory",
                "Subcategory",
                &[
                    ("antivirus", "Antivirus"),
                    ("email", "Email"),
                    ("internal application", "Internal Application"),
                    ("edi", "EDI document"),
                    ("connection", "Partner connection"),
                ],
            ),
            Column::choice("close_code", "Resolution code", &CLOSE_CODES.map(|code| (code, code))),
            Column::date_time("resolved_at", "Resolved"),
            Column::reference("resolved_by", "Resolved by", "sys_user"),
            Column::integer("reopen_count", "Reopen count").default("0"),
        ])
}

/// The codes of newer instances; the value is the label.
const CLOSE_CODES: [&str; 10] = [
    "Duplicate",
    "Known error",
    "No resolution provided",
    "Resolved by caller",
    "Resolved by change",
    "Resolved by problem",
    "Resolved by request",
    "Solution provided",
    "Workaround provided",
    "User error",
];

fn case() -> Table {
    Table::new("sn_customerservice_case", "Case", "number")
        .extends("task")
        .numbered("CS", 1001)
        .with([
            Column::text("short_description", "Short description", 160).mandatory(),
            Column::choice(
                "state",
                "State",
                &[
                    ("1", "New"),
                    ("10", "Open"),
                    ("18", "Awaiting Info"),
                    ("6", "Resolved"),
                    ("3", "Closed"),
                    ("7", "Cancelled"),
                ],
            )
            .default("1"),
            Column::choice(
                "priority",
                "Priority",
                &[
                    ("1", "1 - Critical"),
                    ("2", "2 - High"),
                    ("3", "3 - Moderate"),
                    ("4", "4 - Low"),
                ],
            )
            .default("4"),
            Column::choice(
                "category",
                "Category",
                &[
                    ("1", "Question"),
                    ("2", "Issue"),
                    ("3", "Feature"),
                    ("b2b", "B2B Exception"),
                ],
            ),
            Column::reference("account", "Account", "customer_account"),
            Column::reference("contact", "Contact", "customer_contact"),
            Column::reference("partner", "Partner", "customer_account"),
            Column::choice(
                "resolution_code",
                "Resolution code",
                &[
                    ("1", "Solved - Fixed by Support/Guidance provided"),
                    ("2", "Solved - Fixed by Customer"),
                    ("3", "Solved - Workaround Provided"),
                    ("10", "Not Solved"),
                ],
            ),
            Column::text("cause", "Cause", 4000),
            Column::date_time("resolved_at", "Resolved"),
            Column::reference("resolved_by", "Resolved by", "sys_user"),
            Column::boolean("active_escalation", "Active escalation"),
            Column::boolean("notes_to_comments", "Notes to comments"),
        ])
}

fn case_task() -> Table {
    Table::new("sn_customerservice_task", "Case Task", "number")
        .extends("task")
        .numbered("CSTASK", 10_001)
        .with([Column::choice("state", "State", &[("1", "Open"), ("3", "Closed")]).default("1")])
}

fn user() -> Table {
    Table::new("sys_user", "User", "name").with([
        Column::text("user_name", "User ID", 40).unique(),
        Column::text("name", "Name", 151),
        Column::text("first_name", "First name", 50),
        Column::text("last_name", "Last name", 50),
        Column::text("email", "Email", 100),
        Column::text("time_zone", "Time zone", 40),
        Column::boolean("active", "Active").default("true"),
        Column::boolean("web_service_access_only", "Web service access only"),
        Column::reference("company", "Company", "core_company"),
    ])
}

fn contact() -> Table {
    Table::new("customer_contact", "Contact", "name")
        .extends("sys_user")
        .with([Column::reference("account", "Account", "customer_account")])
}

fn group() -> Table {
    Table::new("sys_user_group", "Group", "name").with([
        Column::text("name", "Name", 80).mandatory(),
        Column::text("description", "Description", 1000),
        Column::text("email", "Group email", 100),
        Column::boolean("active", "Active").default("true"),
        Column::reference("manager", "Manager", "sys_user"),
    ])
}

fn group_member() -> Table {
    Table::new("sys_user_grmember", "Group Member", "sys_id").with([
        Column::reference("group", "Group", "sys_user_group"),
        Column::reference("user", "User", "sys_user"),
    ])
}

fn company() -> Table {
    Table::new("core_company", "Company", "name").with([
        Column::text("name", "Name", 80).mandatory(),
        Column::text("city", "City", 50),
        Column::text("country", "Country", 40),
        Column::boolean("customer", "Customer"),
        Column::boolean("vendor", "Vendor"),
        Column::text("u_trading_grid_id", "Trading Grid ID", 40),
    ])
}

fn account() -> Table {
    Table::new("customer_account", "Account", "name")
        .extends("core_company")
        .numbered("ACCT", 10_001)
        .with([
            Column::text("number", "Number", 40),
            Column::text("account_code", "Account code", 40),
            Column::boolean("active", "Active").default("true"),
            Column::reference("account_parent", "Account parent", "customer_account"),
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
