//! Connections and credentials behind an alias.

use serde_json::{Value, json};

use crate::outgoing::Destination;
use crate::servicenow::dictionary::{Column, Table};
use crate::servicenow::engine::{Act, State};
use crate::servicenow::{owned, tables};

const CONNECTIONS: &str = "http_connection";
const CREDENTIALS: &str = "api_key_credentials";

/// The tables that an alias leads to, with the columns that are used here.
pub(super) fn tables() -> [Table; 2] {
    let with_system_columns = |mut table: Table| {
        table.columns.extend(tables::system_columns());
        table
    };
    [
        Table::new(CONNECTIONS, "HTTP(s) Connection", "name").with([
            Column::text("name", "Name", 100),
            Column::text("connection_alias", "Connection alias", 32),
            Column::text("connection_url", "Connection URL", 1024),
            Column::text("credential", "Credential", 32),
            Column::boolean("active", "Active").default("true"),
        ]),
        Table::new(CREDENTIALS, "API Key Credentials", "name").with([
            Column::text("name", "Name", 100),
            Column::password("api_key", "API Key"),
        ]),
    ]
    .map(with_system_columns)
}

/// What the administrator does when the app is there: a connection, a credential, and the switch.
pub(super) fn connect(state: &mut State, act: Act<'_>, destination: &Destination) {
    let alias = state
        .rows("sys_alias")
        .into_iter()
        .find(|row| row.get("name") == "Gridlink");
    let alias = alias.map_or_else(String::new, |row| row.get("sys_id").to_owned());
    let (url, secret) = destination.credentials();
    for old in state
        .rows(CONNECTIONS)
        .iter()
        .map(|row| row.get("sys_id").to_owned())
        .collect::<Vec<_>>()
    {
        state.remove(CONNECTIONS, &old);
    }
    let credential = owned(&[("name", "Gridlink"), ("api_key", &secret)]);
    let credential = state.insert(act, CREDENTIALS, &credential).expect("the table takes it");
    let connection = [
        ("name", "Gridlink"),
        ("connection_alias", alias.as_str()),
        ("connection_url", url.as_str()),
        ("credential", credential.as_str()),
        ("active", "true"),
    ];
    state
        .insert(act, CONNECTIONS, &owned(&connection))
        .expect("the table takes it");
    state.set_property(act, "x_gridlink.active", "true");
}

/// The active connection of an alias and its credential; null when there is none.
pub(super) fn of_alias(state: &State, alias: &str) -> Value {
    let connections = state.rows(CONNECTIONS).into_iter();
    let mut connections = connections.filter(|row| row.get("connection_alias") == alias && row.get("active") == "true");
    let Some(connection) = connections.next() else {
        return Value::Null;
    };
    let credential = state.find(CREDENTIALS, connection.get("credential"));
    json!({ "connection": connection.fields, "credential": credential.map(|row| &row.fields) })
}
