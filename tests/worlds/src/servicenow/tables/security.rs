//! Roles, who has them, and access rules.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        role(),
        user_role(),
        group_role(),
        contained_role(),
        access_rule(),
        access_rule_role(),
    ]
}

fn role() -> Table {
    Table::new("sys_user_role", "Role", "name").with([
        Column::text("name", "Name", 100).unique(),
        Column::text("suffix", "Suffix", 100),
        Column::text("description", "Description", 1000),
        Column::boolean("elevated_privilege", "Elevated privilege"),
        Column::boolean("grantable", "Grantable").default("true"),
        Column::boolean("can_delegate", "Can delegate").default("true"),
        Column::reference("assignable_by", "Assignable by", "sys_user_role"),
        Column::boolean("scoped_admin", "Application Administrator"),
    ])
}

fn user_role() -> Table {
    Table::new("sys_user_has_role", "User Role", "role").with([
        Column::reference("user", "User", "sys_user"),
        Column::reference("role", "Role", "sys_user_role"),
        Column::reference("granted_by", "Granted by", "sys_user_group"),
        Column::reference("included_in_role", "Included in role", "sys_user_role"),
        Column::boolean("inherited", "Inherited"),
        Column::choice("state", "State", &[("active", "Active"), ("inactive", "Inactive")]).default("active"),
    ])
}

fn group_role() -> Table {
    Table::new("sys_group_has_role", "Group Role", "role").with([
        Column::reference("group", "Group", "sys_user_group"),
        Column::reference("role", "Role", "sys_user_role"),
        Column::reference("granted_by", "Granted by", "sys_user_group"),
        Column::boolean("inherits", "Inherits").default("true"),
    ])
}

fn contained_role() -> Table {
    Table::new("sys_user_role_contains", "Contained Role", "sys_id").with([
        Column::reference("role", "Role", "sys_user_role"),
        Column::reference("contains", "Contains", "sys_user_role"),
    ])
}

fn access_rule() -> Table {
    Table::new("sys_security_acl", "Access Control", "name").with([
        Column::text("name", "Name", 255),
        Column::text("operation", "Operation", 40),
        Column::text("type", "Type", 40).default("record"),
        Column::boolean("active", "Active").default("true"),
        Column::boolean("admin_overrides", "Admin overrides").default("true"),
        Column::boolean("advanced", "Advanced"),
        Column::choice(
            "decision_type",
            "Decision Type",
            &[("allow", "Allow If"), ("deny", "Deny Unless")],
        )
        .default("allow"),
        Column::text("condition", "Condition", 4000),
        Column::text("script", "Script", 8000),
        Column::text("description", "Description", 4000),
    ])
}

fn access_rule_role() -> Table {
    Table::new("sys_security_acl_role", "Access Roles", "sys_user_role").with([
        Column::reference("sys_security_acl", "Access control", "sys_security_acl"),
        Column::reference("sys_user_role", "Role", "sys_user_role"),
    ])
}
