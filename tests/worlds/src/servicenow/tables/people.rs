//! Users, groups, companies and partners.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![user(), contact(), group(), group_member(), company(), account()]
}

fn user() -> Table {
    Table::new("sys_user", "User", "name").with([
        Column::text("user_name", "User ID", 40).unique(),
        Column::text("name", "Name", 151),
        Column::text("first_name", "First name", 50),
        Column::text("last_name", "Last name", 50),
        Column::text("email", "Email", 100),
        Column::text("time_zone", "Time zone", 40),
        Column::password("user_password", "Password"),
        Column::boolean("active", "Active").default("true"),
        Column::boolean("locked_out", "Locked out"),
        Column::boolean("web_service_access_only", "Web service access only"),
        Column::choice(
            "identity_type",
            "Identity type",
            &[("human", "Human"), ("machine", "Machine")],
        ),
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
