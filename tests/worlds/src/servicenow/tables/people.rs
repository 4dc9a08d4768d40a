//! Users, groups, companies and partners.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![
        user(),
        contact(),
        department(),
        location(),
        group(),
        group_member(),
        company(),
        account(),
    ]
}

fn user() -> Table {
    Table::new("sys_user", "User", "name").with([
        Column::text("user_name", "User ID", 40).unique(),
        Column::text("name", "Name", 151),
        Column::text("first_name", "First name", 50),
        Column::text("middle_name", "Middle name", 50),
        Column::text("last_name", "Last name", 50),
        Column::text("title", "Title", 60),
        Column::text("email", "Email", 100),
        Column::text("phone", "Business phone", 40),
        Column::text("mobile_phone", "Mobile phone", 40),
        Column::text("employee_number", "Employee number", 40),
        Column::text("time_zone", "Time zone", 40),
        Column::text("date_format", "Date format", 40),
        Column::text("time_format", "Time format", 40),
        Column::choice(
            "preferred_language",
            "Language",
            &[("en", "English"), ("de", "German"), ("fr", "French"), ("es", "Spanish")],
        ),
        Column::boolean("active", "Active").default("true"),
        Column::boolean("locked_out", "Locked out"),
        Column::boolean("vip", "VIP"),
        Column::boolean("web_service_access_only", "Web service access only"),
        Column::boolean("internal_integration_user", "Internal Integration User"),
        Column::choice(
            "identity_type",
            "Identity type",
            &[("human", "Human"), ("machine", "Machine")],
        ),
        Column::password("user_password", "Password"),
        Column::reference("department", "Department", "cmn_department"),
        Column::reference("location", "Location", "cmn_location"),
        Column::reference("manager", "Manager", "sys_user"),
        Column::reference("company", "Company", "core_company"),
        Column::date_time("last_login_time", "Last login time").read_only(),
        Column::integer("failed_attempts", "Failed login attempts"),
        Column::text("source", "Source", 255),
        Column::text("sys_domain", "Domain", 32).default("global"),
    ])
}

fn contact() -> Table {
    Table::new("customer_contact", "Contact", "name")
        .extends("sys_user")
        .with([Column::reference("account", "Account", "customer_account")])
}

fn department() -> Table {
    Table::new("cmn_department", "Department", "name").with([
        Column::text("name", "Name", 100),
        Column::text("id", "ID", 40),
        Column::text("description", "Description", 1000),
        Column::reference("dept_head", "Department head", "sys_user"),
        Column::reference("primary_contact", "Primary contact", "sys_user"),
        Column::reference("parent", "Parent", "cmn_department"),
        Column::reference("company", "Company", "core_company"),
        Column::text("cost_center", "Cost center", 40),
    ])
}

fn location() -> Table {
    Table::new("cmn_location", "Location", "name").with([
        Column::text("name", "Name", 100),
        Column::text("full_name", "Full name", 255),
        Column::text("street", "Street", 255),
        Column::text("city", "City", 40),
        Column::text("state", "State / Province", 40),
        Column::text("zip", "Zip / Postal Code", 40),
        Column::text("country", "Country", 40),
        Column::text("time_zone", "Time zone", 40),
        Column::reference("parent", "Parent", "cmn_location"),
        Column::decimal("latitude", "Latitude"),
        Column::decimal("longitude", "Longitude"),
    ])
}

fn group() -> Table {
    Table::new("sys_user_group", "Group", "name").with([
        Column::text("name", "Name", 80).mandatory(),
        Column::text("description", "Description", 1000),
        Column::text("email", "Group email", 100),
        Column::boolean("active", "Active").default("true"),
        Column::reference("manager", "Manager", "sys_user"),
        Column::reference("parent", "Parent", "sys_user_group"),
        Column::reference("default_assignee", "Default assignee", "sys_user"),
        Column::text("type", "Type", 1024),
        Column::boolean("exclude_manager", "Exclude manager"),
        Column::boolean("include_members", "Include members"),
        Column::text("source", "Source", 255),
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
        Column::text("street", "Street", 255),
        Column::text("zip", "Zip / Postal code", 40),
        Column::text("phone", "Phone", 40),
        Column::url("website", "Website"),
        Column::text("notes", "Notes", 4000),
        Column::reference("parent", "Parent", "core_company"),
        Column::reference("contact", "Contact", "sys_user"),
        Column::currency("revenue_per_year", "Revenue per year"),
        Column::boolean("manufacturer", "Manufacturer"),
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
