//! What a business rule says of a record: that it is at a version, and hints; never contents or people.
//!
//! One version has one id, whichever rule tells it; two events of one id differ in their hints at most
//! (`operation`, `changedFields`, `byIntegrationUser`).

use serde_json::json;

use super::watched::FILES;
use super::{Operation, Scheduled};
use crate::clock;
use crate::outgoing::Event;
use crate::servicenow::engine::State;
use crate::servicenow::oauth::INTEGRATION_USER;

const RECORD_CHANGED: &str = "gridlink.servicenow.record.changed.v1";
const ATTACHMENT_ADDED: &str = "gridlink.servicenow.attachment.added.v1";

/// Whose changes are marked; the app's property, with the user that the OAuth client acts as by default.
const INTEGRATION_USER_PROPERTY: &str = "x_gridlink.integration_user";

/// What the rule says of the record as it is now; nothing when the record is gone meanwhile.
pub(super) fn of(state: &State, scheduled: &Scheduled) -> Option<Event> {
    let (row, operation) = match &scheduled.operation {
        Operation::Created => (state.find(&scheduled.class, &scheduled.sys_id)?, "created"),
        Operation::Changed => (state.find(&scheduled.class, &scheduled.sys_id)?, "changed"),
        Operation::Deleted { row, .. } => (row, "deleted"),
    };
    let (table, sys_id) = (row.class.as_str(), row.get("sys_id"));
    let mod_count: u64 = row.get("sys_mod_count").parse().unwrap_or_default();
    let updated_on = rfc3339(row.get("sys_updated_on"));
    let integration_user = state.property(INTEGRATION_USER_PROPERTY, INTEGRATION_USER);
    let (by, changed_fields): (&str, &[String]) = if state.guesses.async_rule_knows_the_change {
        (&scheduled.by, &scheduled.changed_fields)
    } else {
        (row.get("sys_updated_by"), &[])
    };
    let mut data = json!({
        "table": table,
        "sysId": sys_id,
        "number": row.get("number"),
        "modCount": mod_count,
        "updatedOn": updated_on,
        "operation": operation,
        "changedFields": changed_fields,
        "byIntegrationUser": by == integration_user,
    });
    let mut subject = format!("records/{table}/{sys_id}");
    if table == FILES {
        let (record_table, record) = (row.get("table_name"), row.get("table_sys_id"));
        data["record"] = json!({ "table": record_table, "sysId": record });
        subject = format!("records/{record_table}/{record}");
    }
    let version = format!("{table}/{sys_id}/{mod_count}");
    let (id, kind, time) = match &scheduled.operation {
        Operation::Created if table == FILES => (version, ATTACHMENT_ADDED, updated_on),
        Operation::Created | Operation::Changed => (version, RECORD_CHANGED, updated_on),
        // A deletion makes no version of its own: without its own id it would pass for a duplicate of the last one.
        Operation::Deleted { at, .. } => (
            format!("{version}/deleted"),
            RECORD_CHANGED,
            rfc3339(&clock::seconds(*at)),
        ),
    };
    let host = state.base_url.split_once("://").map_or("", |(_, host)| host);
    Some(Event {
        id,
        kind: kind.to_owned(),
        source: format!("//servicenow/{host}"),
        subject,
        time,
        data,
    })
}

/// A stored time, `2026-11-22 10:00:00`, as the rest of the world writes it.
fn rfc3339(stored: &str) -> String {
    format!("{}Z", stored.replace(' ', "T"))
}
