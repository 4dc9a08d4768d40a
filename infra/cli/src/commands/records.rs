//! Records that are there already, and what their links are to say of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{CompanyId, LinkKey, Subject, SysId, TableName, Timestamp};
use shared::effect::Record;
use shared::event::Issue;
use shared::failure::{Failure, chain};
use shared::poll::Untold;
use shared::servicenow::{Row, Select};
use shared::store::Adoption;

use super::progress::counting;
use crate::failed::Failed;

/// ServiceNow's clock may be this far from ours.
const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// A failure of one of the two systems, as a command tells it.
pub(crate) fn unanswered(what: &str, failure: Failure) -> Failed {
    match failure {
        Failure::Permanent { cause, remedy } => Failed::new(format!("{what}: {}", chain(cause.as_ref())), remedy),
        failure => Failed::new(
            format!("{what}: {}", chain(&failure)),
            "See `gridlink doctor`, and repeat the command: it goes on where it stopped.",
        ),
    }
}

/// What both sides told between two times and was never accepted.
pub(crate) async fn untold(clients: &Clients, since: Timestamp, until: Timestamp) -> Result<Untold, Failed> {
    let progress = counting("reading what both sides tell");
    let untold = clients.untold(since, until, &|read| progress.set_position(read)).await;
    progress.finish_and_clear();
    untold.map_err(|error| no_answer(&error))
}

/// That a comparison is not possible now.
pub(crate) fn no_answer(error: &anyhow::Error) -> Failed {
    let cause = chain(error.as_ref());
    let advice = "See `gridlink doctor`, and repeat the command: it goes on where it stopped.";
    Failed::new(format!("one of the two sides gives no answer: {cause}"), advice)
}

/// A record of an issue as it is, and what the partner would be told of it.
pub(crate) struct Seen {
    /// Its fields.
    pub(crate) row: Row,
    /// What the mapping says to the partner of its state.
    pub(crate) status: Option<shared::effect::Status>,
    /// Whether it is critical by its table's rule.
    pub(crate) is_critical: bool,
}

/// Reads a record with all that its link says of it; nothing where it is not there.
pub(crate) async fn seen(clients: &Clients, table: &TableName, sys_id: &SysId) -> Result<Option<Seen>, Failure> {
    let mapping = &clients.mapping;
    let of_status: Vec<&str> = mapping.status_fields(table).collect();
    let of_rule: Vec<&str> = mapping.escalation_fields(table).collect();
    let mut fields = BTreeSet::from(["number", "correlation_id", "correlation_display", "sys_created_on"]);
    fields.extend(of_status.iter().chain(&of_rule));
    let malformed = |error: anyhow::Error| Failure::permanent(error, "correct the mapping");
    let select = Select::named(&fields).map_err(|error| malformed(error.into()))?;
    let Some(row) = clients.servicenow.read(table, sys_id, &select).await? else {
        return Ok(None);
    };
    let values = |names: &[&str]| -> BTreeMap<String, String> {
        let named = names.iter().map(|name| ((*name).to_owned(), row.text(name).to_owned()));
        named.collect()
    };
    let status = mapping.status(table, row.text("number"), &values(&of_status));
    let is_critical = mapping.is_escalated(table, &values(&of_rule));
    Ok(Some(Seen {
        status: status.map_err(|error| malformed(error.into()))?,
        is_critical: is_critical.map_err(|error| malformed(error.into()))? == Some(true),
        row,
    }))
}

/// What the link of a record of an issue is to say, with the fields that both sides agree on: those that the record would
/// be made with today. Where somebody has changed one, it is theirs.
pub(crate) async fn adoption(
    clients: &Clients,
    issue: Issue,
    record: Record,
    seen: &Seen,
) -> Result<Adoption, Failure> {
    let subject = Subject::issue(&issue.company_id, &issue.issue_id);
    let base = open_case::fields_of(clients, issue, &record.table).await?;
    Ok(Adoption {
        base,
        is_critical: seen.is_critical,
        ..plain(clients, subject, record, &seen.row)
    })
}

/// What the link of any record is to say, read from its `number`, `correlation_id` and `sys_created_on`: nothing is agreed
/// on and nothing told.
pub(crate) fn plain(clients: &Clients, subject: Subject, record: Record, row: &Row) -> Adoption {
    let created = row.time("sys_created_on");
    Adoption {
        subject,
        record,
        number: row.text("number").to_owned(),
        correlation: row.text("correlation_id").to_owned(),
        base: BTreeMap::new(),
        since: created.map_or(clients.clock.now(), |created| created.before(CLOCK_SKEW)),
        journal_at: None,
        told: None,
        is_critical: false,
        rule: None,
    }
}

/// The company of the partner that a record refers to; nothing where it refers to none, or to one without a company id.
pub(crate) async fn company_of(
    clients: &Clients,
    table: &TableName,
    sys_id: &SysId,
) -> Result<Option<CompanyId>, Failure> {
    let rule = clients
        .mapping
        .table(table)
        .ok_or_else(|| Failure::permanent(anyhow!("the mapping does not know {table}"), "add it to tables"))?;
    let key = format!("{}.{}", rule.partner.field, rule.partner.key);
    let select = Select::named([&key]).map_err(|error| Failure::permanent(error, "correct partner in the mapping"))?;
    let row = clients.servicenow.read(table, sys_id, &select).await?;
    Ok(row.and_then(|row| row.text(&key).parse().ok()))
}

/// The first record of an issue, where its sys_id is the one that Gridlink would choose.
pub(crate) fn chosen(clients: &Clients, subject: &Subject, table: &TableName, sys_id: &SysId) -> Option<Record> {
    let link = LinkKey::case();
    (SysId::chosen(clients.store.deployment(), subject, &link) == *sys_id).then(|| Record {
        link,
        table: table.clone(),
        sys_id: sys_id.clone(),
    })
}

/// How long ago something must have been to be compared: what is under way is no difference.
pub(crate) fn settled(now: Timestamp) -> Timestamp {
    now.before(Duration::from_secs(30))
}
