//! Tasks of all classes: incidents, cases and what belongs to them.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        task(),
        incident(),
        incident_task(),
        problem(),
        change_request(),
        case(),
        case_task(),
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
        Column::choice("impact", "Impact", &LEVELS).default("3"),
        Column::choice("urgency", "Urgency", &LEVELS).default("3"),
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
                ("cancelled", "Cancelled"),
                ("not_required", "No Longer Required"),
                ("duplicate", "Duplicate"),
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
        Column::journal_list(
            "comments_and_work_notes",
            "Comments and Work notes",
            &["comments", "work_notes"],
        ),
        Column::reference("cmdb_ci", "Configuration item", "cmdb_ci"),
        Column::reference("business_service", "Service", "cmdb_ci_service"),
        Column::reference("location", "Location", "cmn_location"),
        Column::list("additional_assignee_list", "Additional assignee list", "sys_user"),
        Column::list("group_list", "Group list", "sys_user_group"),
        Column::choice(
            "upon_approval",
            "Upon approval",
            &[
                ("proceed", "Proceed to Next Task"),
                ("do_nothing", "Wait for a User to Close this task"),
            ],
        )
        .default("proceed"),
        Column::choice(
            "upon_reject",
            "Upon reject",
            &[("cancel", "Cancel all future Tasks"), ("goto", "Go to a previous Task")],
        )
        .default("cancel"),
        Column::date_time("approval_set", "Approval set"),
        Column::date_time("expected_start", "Expected start"),
        Column::date_time("work_start", "Actual start"),
        Column::date_time("work_end", "Actual end"),
        Column::date_time("activity_due", "Activity due"),
        Column::date_time("follow_up", "Follow up"),
        Column::date_time("sla_due", "SLA due"),
        Column::duration("business_duration", "Business duration"),
        Column::duration("calendar_duration", "Duration"),
        Column::duration("time_worked", "Time worked"),
        Column::integer("reassignment_count", "Reassignment count").default("0"),
        Column::integer("order", "Order"),
        Column::boolean("made_sla", "Made SLA").default("true"),
        Column::boolean("knowledge", "Knowledge"),
        Column::text("user_input", "User input", 4000),
        Column::text("sys_domain", "Domain", 32).default("global"),
        Column::text("sys_domain_path", "Domain Path", 255).default("/"),
    ])
}

/// Of impact, urgency and severity.
const LEVELS: [(&str, &str); 3] = [("1", "1 - High"), ("2", "2 - Medium"), ("3", "3 - Low")];

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
            Column::choice("severity", "Severity", &LEVELS).default("3"),
            Column::choice(
                "notify",
                "Notify",
                &[("1", "Do Not Notify"), ("2", "Send Email"), ("3", "Telephone")],
            )
            .default("1"),
            Column::reference("parent_incident", "Parent Incident", "incident"),
            Column::reference("problem_id", "Problem", "problem"),
            Column::reference("rfc", "Change Request", "change_request"),
            Column::reference("caused_by", "Caused by Change", "change_request"),
            Column::reference("reopened_by", "Last reopened by", "sys_user"),
            Column::date_time("reopened_time", "Last reopened at"),
            Column::integer("child_incidents", "Child Incidents").default("0"),
            Column::text("business_impact", "Business impact", 4000),
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

fn incident_task() -> Table {
    Table::new("incident_task", "Incident Task", "number")
        .extends("task")
        .with([Column::reference("incident", "Incident", "incident")])
}

fn problem() -> Table {
    Table::new("problem", "Problem", "number")
        .extends("task")
        .numbered("PRB", 40_001)
        .with([
            Column::choice(
                "state",
                "State",
                &[
                    ("101", "New"),
                    ("102", "Assess"),
                    ("103", "Root Cause Analysis"),
                    ("104", "Fix in Progress"),
                    ("106", "Resolved"),
                    ("107", "Closed"),
                ],
            )
            .default("101"),
            Column::choice(
                "resolution_code",
                "Resolution code",
                &[
                    ("fix_applied", "Fix Applied"),
                    ("risk_accepted", "Risk Accepted"),
                    ("duplicate", "Duplicate"),
                    ("canceled", "Canceled"),
                ],
            ),
            Column::html("cause_notes", "Cause notes"),
            Column::html("fix_notes", "Fix notes"),
            Column::html("workaround", "Workaround"),
            Column::boolean("known_error", "Known error"),
            Column::date_time("resolved_at", "Resolved"),
            Column::reference("resolved_by", "Resolved by", "sys_user"),
        ])
}

fn change_request() -> Table {
    Table::new("change_request", "Change Request", "number")
        .extends("task")
        .numbered("CHG", 30_001)
        .with([
            Column::choice(
                "state",
                "State",
                &[
                    ("-5", "New"),
                    ("-4", "Assess"),
                    ("-3", "Authorize"),
                    ("-2", "Scheduled"),
                    ("-1", "Implement"),
                    ("0", "Review"),
                    ("3", "Closed"),
                    ("4", "Canceled"),
                ],
            )
            .default("-5"),
            Column::choice(
                "type",
                "Type",
                &[
                    ("standard", "Standard"),
                    ("normal", "Normal"),
                    ("emergency", "Emergency"),
                ],
            )
            .default("normal"),
            Column::choice("risk", "Risk", &[("2", "High"), ("3", "Moderate"), ("4", "Low")]).default("3"),
            Column::date_time("start_date", "Planned start date"),
            Column::date_time("end_date", "Planned end date"),
            Column::reference("requested_by", "Requested by", "sys_user"),
            Column::text("justification", "Justification", 4000),
            Column::text("backout_plan", "Backout plan", 4000),
        ])
}

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
            Column::boolean("notes_to_comments", "Notes to comments"),
        ])
}

fn case_task() -> Table {
    Table::new("sn_customerservice_task", "Case Task", "number")
        .extends("task")
        .numbered("CSTASK", 10_001)
        .with([Column::choice("state", "State", &[("1", "Open"), ("3", "Closed")]).default("1")])
}
