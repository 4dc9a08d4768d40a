//! Knowledge: bases, articles with their versions, who may read them, and what readers say.
//!
//! Guessed: the columns of `kb_feedback` and `m2m_kb_task`, which no documentation lists, and that whoever may read
//! articles may add rows to them by the Table API. Gridlink goes on where an instance refuses them.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        base(),
        Table::new("kb_category", "Knowledge Category", "label").with([
            Column::text("label", "Label", 100).mandatory(),
            Column::text("value", "Value", 100),
            Column::text("parent_id", "Parent ID", 32),
            Column::text("parent_table", "Parent table", 80),
            Column::boolean("active", "Active").default("true"),
        ]),
        article(),
        Table::new("kb_version", "Knowledge Version", "version").with([
            Column::text("version", "Version", 40),
            Column::reference("knowledge", "Knowledge", "kb_knowledge"),
        ]),
        criteria(),
        Table::new("kb_uc_can_read_mtom", "Who Can Read Knowledge Base", "sys_id").with(base_criteria_columns()),
        Table::new("kb_uc_cannot_read_mtom", "Who Cannot Read Knowledge Base", "sys_id").with(base_criteria_columns()),
        Table::new("kb_knowledge_keyword", "Featured Content", "keyword").with([
            Column::text("keyword", "Keyword", 100),
            Column::reference("kb_knowledge_base", "Knowledge base", "kb_knowledge_base"),
            Column::list("articles", "Articles", "kb_knowledge"),
        ]),
        feedback(),
        Table::new("kb_use", "Knowledge Use", "sys_id").with([
            Column::reference("article", "Article", "kb_knowledge"),
            Column::reference("user", "User", "sys_user"),
            Column::boolean("viewed", "Viewed"),
            Column::text("session_id", "Session ID", 80),
        ]),
        Table::new("m2m_kb_task", "Task Knowledge", "sys_id").with([
            Column::reference("kb_knowledge", "Knowledge", "kb_knowledge"),
            Column::reference("task", "Task", "task"),
        ]),
    ]
}

fn base() -> Table {
    let flows = [
        ("instant_publish", "Knowledge - Instant Publish"),
        ("approval_publish", "Knowledge - Approval Publish"),
    ];
    let retirements = [
        ("instant_retire", "Knowledge - Instant Retire"),
        ("approval_retire", "Knowledge - Approval Retire"),
    ];
    Table::new("kb_knowledge_base", "Knowledge Base", "title").with([
        Column::text("title", "Title", 100).mandatory(),
        Column::text("description", "Description", 4000),
        Column::reference("owner", "Owner", "sys_user"),
        Column::list("kb_managers", "Managers", "sys_user"),
        Column::choice("workflow", "Publish flow", &flows).default("instant_publish"),
        Column::choice("retire_workflow", "Retire flow", &retirements).default("instant_retire"),
        Column::boolean("active", "Active").default("true"),
    ])
}

fn article() -> Table {
    Table::new("kb_knowledge", "Knowledge", "display_number")
        .numbered("KB", 10_001)
        .with([
            Column::text("number", "Number", 40),
            Column::text("display_number", "Display number", 80).read_only(),
            Column::reference("version", "Version", "kb_version").read_only(),
            Column::reference("base_version", "Base version", "kb_knowledge"),
            Column::text("article_id", "Article ID", 32).read_only(),
            Column::boolean("latest", "Latest").default("true"),
            Column::reference("kb_knowledge_base", "Knowledge base", "kb_knowledge_base").mandatory(),
            Column::reference("kb_category", "Category", "kb_category"),
            Column::text("short_description", "Short description", 100).mandatory(),
            Column::html("text", "Article body"),
            Column::choice("article_type", "Article type", &[("text", "HTML"), ("wiki", "Wiki")]).default("text"),
            Column::choice(
                "workflow_state",
                "Workflow",
                &[
                    ("draft", "Draft"),
                    ("review", "Review"),
                    ("scheduled_publish", "Scheduled for publish"),
                    ("published", "Published"),
                    ("pending_retirement", "Pending retirement"),
                    ("retired", "Retired"),
                    ("outdated", "Outdated"),
                ],
            )
            .default("draft"),
            Column::date("published", "Published"),
            Column::date("scheduled_publish_date", "Scheduled publish date"),
            Column::date("retired", "Retired"),
            Column::date("valid_to", "Valid to").default("2100-01-01"),
            Column::reference("author", "Author", "sys_user"),
            Column::reference("revised_by", "Revised By", "sys_user"),
            Column::reference("source", "Source Task", "task"),
            Column::text("language", "Language", 3).default("en"),
            Column::text("meta", "Meta", 4000),
            Column::list("can_read_user_criteria", "Can Read", "user_criteria"),
            Column::list("cannot_read_user_criteria", "Cannot Read", "user_criteria"),
            Column::boolean("display_attachments", "Display attachments").default("true"),
            Column::boolean("flagged", "Flagged"),
            Column::integer("sys_view_count", "View count").default("0"),
            Column::decimal("rating", "Rating"),
        ])
}

fn criteria() -> Table {
    Table::new("user_criteria", "User Criteria", "name").with([
        Column::text("name", "Name", 100).mandatory(),
        Column::list("user", "Users", "sys_user"),
        Column::list("group", "Groups", "sys_user_group"),
        Column::text("role", "Roles", 4000),
        Column::list("company", "Companies", "core_company"),
        Column::boolean("match_all", "Match All"),
        Column::boolean("active", "Active").default("true"),
    ])
}

fn base_criteria_columns() -> [Column; 2] {
    [
        Column::reference("kb_knowledge_base", "Knowledge base", "kb_knowledge_base"),
        Column::reference("user_criteria", "User criteria", "user_criteria"),
    ]
}

fn feedback() -> Table {
    Table::new("kb_feedback", "Knowledge Feedback", "sys_id").with([
        Column::reference("article", "Article", "kb_knowledge"),
        Column::reference("user", "User", "sys_user"),
        Column::choice("useful", "Useful", &[("yes", "Yes"), ("no", "No")]),
        Column::choice(
            "rating",
            "Rating",
            &[("1", "1"), ("2", "2"), ("3", "3"), ("4", "4"), ("5", "5")],
        ),
        Column::text("comments", "Comments", 4000),
        Column::boolean("flagged", "Flagged"),
    ])
}
