//! A table with a column of every kind, and what queries find in it.

use std::sync::Arc;

use serde_json::Value;
use time::OffsetDateTime;

use super::get;
use crate::clock::Clock;
use crate::servicenow::dictionary::Table;
use crate::servicenow::tables::system_columns;
use crate::servicenow::{Column, INTEGRATION_USER, RowOrder, ServiceNow};

/// An instance that has the table, without rows, and answers in the order of insertion.
pub(super) fn instance_at(now: OffsetDateTime) -> ServiceNow {
    let instance = ServiceNow::new(Clock::starting_at(now));
    let columns = [
        Column::text("name", "Name", 40),
        Column::text("other", "Other", 40),
        Column::html("body", "Body"),
        Column::url("page", "Page"),
        Column::choice("color", "Color", &[("r", "Red"), ("g", "Green")]),
        Column::choice(
            "level",
            "Level",
            &[("1", "1 - High"), ("2", "2 - Low"), ("10", "10 - None")],
        ),
        Column::integer("count", "Count"),
        Column::integer("other_count", "Other count"),
        Column::decimal("ratio", "Ratio"),
        Column::boolean("flag", "Flag"),
        Column::date_time("at", "At"),
        Column::date_time("until", "Until"),
        Column::date("day", "Day"),
        Column::duration("length", "Length"),
        Column::currency("price", "Price"),
        Column::password("secret", "Secret"),
        Column::journal("comments", "Additional comments"),
        Column::journal("work_notes", "Work notes"),
        Column::journal_list("all_notes", "All notes", &["comments", "work_notes"]),
        Column::reference("owner", "Owner", "sys_user"),
        Column::reference("deputy", "Deputy", "sys_user"),
        Column::reference("crew", "Group", "sys_user_group"),
        Column::reference("task", "Task", "task"),
        Column::list("watchers", "Watchers", "sys_user"),
    ];
    let table = Table::new("u_thing", "Thing", "name").with(columns.into_iter().chain(system_columns()));
    Arc::make_mut(&mut instance.state().dictionary).add_table(table);
    instance.guess(|guesses| guesses.row_order = RowOrder::Insertion);
    super::give_role(&instance, INTEGRATION_USER, "admin");
    instance
}

pub(super) fn instance() -> ServiceNow {
    instance_at(time::macros::datetime!(2026-11-22 10:00 UTC))
}

/// Puts rows into the table; the first field of each is its name.
pub(super) fn add(instance: &ServiceNow, rows: &[&[(&str, &str)]]) {
    for row in rows {
        instance.insert("u_thing", row);
    }
}

/// The names of what a query finds, separated by spaces.
pub(super) async fn found(instance: &ServiceNow, query: &str) -> String {
    found_in(instance, "u_thing", query).await
}

pub(super) async fn found_in(instance: &ServiceNow, table: &str, query: &str) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let rows = get(
        instance,
        &format!("/api/now/table/{table}?sysparm_query={encoded}&sysparm_fields=name"),
    )
    .await;
    let names = rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap());
    names.collect::<Vec<_>>().join(" ")
}

/// Asserts what each query finds.
pub(super) async fn check(instance: &ServiceNow, cases: &[(&str, &str)]) {
    for (query, expected) in cases {
        assert_eq!(found(instance, query).await, *expected, "{query}");
    }
    assert_eq!(instance.ignored(), Vec::<String>::new());
}

/// Asserts that parts are ignored.
pub(super) async fn check_ignored(instance: &ServiceNow, parts: &[&str]) {
    let all = found(instance, "").await;
    for part in parts {
        let before = instance.ignored().len();
        assert_eq!(found(instance, part).await, all, "{part}");
        assert_eq!(instance.ignored().len(), before + 1, "{part}");
    }
}

/// The settings of the integration's user.
pub(super) fn prefer(instance: &ServiceNow, settings: &[(&str, &str)]) {
    instance.update_as("admin", "sys_user", &user(instance, INTEGRATION_USER), settings);
}

/// The sys_id of a user.
pub(super) fn user(instance: &ServiceNow, user_name: &str) -> String {
    instance.state().user_sys_id(user_name)
}

/// The one row of the table as a request with these parameters sees it.
pub(super) async fn seen(instance: &ServiceNow, parameters: &str) -> Value {
    get(instance, &format!("/api/now/table/u_thing?{parameters}")).await[0].clone()
}
