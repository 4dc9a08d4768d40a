//! The tables of the simulated instance.
//!
//! Names, choice values and lengths are those of an instance with Customer Service Management; the columns
//! `u_…` and the category choices `b2b`, `edi` are our customer's own.

mod assets;
mod catalog;
mod interfaces;
mod knowledge;
pub(crate) mod outbox;
mod people;
mod platform;
mod rules;
mod security;
mod service;
mod work;

use super::dictionary::{Column, Table};

pub(crate) fn standard() -> Vec<Table> {
    let mut tables: Vec<Table> = [
        people::tables(),
        work::tables(),
        platform::tables(),
        assets::tables(),
        interfaces::tables(),
        security::tables(),
        rules::tables(),
        service::tables(),
        catalog::tables(),
        knowledge::tables(),
    ]
    .into_iter()
    .flatten()
    .collect();
    service::extend(&mut tables);
    for table in tables.iter_mut().filter(|table| table.parent.is_none()) {
        table.columns.extend(system_columns());
    }
    for table in tables.iter_mut().filter(|table| {
        let with_classes = [
            "task",
            "core_company",
            "sys_user",
            "sys_metadata",
            "cmdb_ci",
            "alm_asset",
            "sc_cat_item",
            "kb_knowledge",
        ];
        with_classes.contains(&table.name.as_str())
    }) {
        table.columns.push(Column::system("sys_class_name", "Class"));
    }
    tables
}

pub(crate) fn system_columns() -> [Column; 7] {
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
