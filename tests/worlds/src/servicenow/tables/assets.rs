//! Configuration items and assets: what incidents are about where they are about machines.

use crate::servicenow::dictionary::{Column, Table};

pub(super) fn tables() -> Vec<Table> {
    vec![configuration_item(), server(), service(), asset(), service_map()]
}

fn configuration_item() -> Table {
    Table::new("cmdb_ci", "Configuration Item", "name").with([
        Column::text("name", "Name", 255),
        Column::text("short_description", "Description", 1000),
        Column::text("serial_number", "Serial number", 255),
        Column::text("asset_tag", "Asset tag", 40),
        Column::choice(
            "install_status",
            "Status",
            &[
                ("1", "Installed"),
                ("2", "On Order"),
                ("3", "In Maintenance"),
                ("7", "Retired"),
            ],
        )
        .default("1"),
        Column::choice(
            "operational_status",
            "Operational status",
            &[("1", "Operational"), ("2", "Non-Operational"), ("6", "Retired")],
        )
        .default("1"),
        Column::reference("company", "Company", "core_company"),
        Column::reference("department", "Department", "cmn_department"),
        Column::reference("location", "Location", "cmn_location"),
        Column::reference("assigned_to", "Assigned to", "sys_user"),
        Column::reference("support_group", "Support group", "sys_user_group"),
        Column::currency("cost", "Cost"),
        Column::date("purchase_date", "Purchased"),
    ])
}

fn server() -> Table {
    Table::new("cmdb_ci_server", "Server", "name").extends("cmdb_ci").with([
        Column::text("ip_address", "IP Address", 255),
        Column::text("os", "Operating System", 255),
        Column::integer("cpu_count", "CPU count"),
        Column::integer("ram", "RAM (MB)"),
    ])
}

fn service() -> Table {
    Table::new("cmdb_ci_service", "Business Service", "name")
        .extends("cmdb_ci")
        .with([Column::choice(
            "busines_criticality",
            "Business criticality",
            &[
                ("1 - most critical", "1 - most critical"),
                ("2 - somewhat critical", "2 - somewhat critical"),
                ("3 - less critical", "3 - less critical"),
                ("4 - not critical", "4 - not critical"),
            ],
        )])
}

fn asset() -> Table {
    Table::new("alm_asset", "Asset", "display_name").with([
        Column::text("display_name", "Display name", 255),
        Column::text("asset_tag", "Asset tag", 40),
        Column::text("serial_number", "Serial number", 100),
        Column::reference("ci", "Configuration Item", "cmdb_ci"),
        Column::reference("assigned_to", "Assigned to", "sys_user"),
        Column::currency("cost", "Cost"),
    ])
}

fn service_map() -> Table {
    Table::new("bsm_chart", "BSM Map", "name").with([
        Column::text("name", "Name", 100),
        Column::reference("root", "Root", "cmdb_ci"),
    ])
}
