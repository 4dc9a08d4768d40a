//! The facts about incidents with one cause.

use shared::clients::Clients;
use shared::effect::Parent;
use shared::event::{Event, Exchange, OneOf, OneOfSeveral, Turn};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{CommonCause, ExchangeRules};
use shared::servicenow::{Field, Query, Select};

use super::{CORRECT_THE_MAPPING, analyst, found, record, table};
use crate::decide::{is_over, needs_a_parent};
use crate::{FoundParent, ParentContent, Place, Several};

const STATE: Field = Field::known("state");

/// What is known of incidents with one cause.
pub(super) async fn several(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    one: &OneOf,
    exchange: &Exchange,
) -> Result<Place, Failure> {
    let kept = clients.store.common(&situation.subject, &one.incident).await?;
    let mut several = Several {
        child: kept.child,
        cause: kept.cause,
        own: None,
        current: None,
        has_open_child: false,
        content: None,
    };
    // Without the rule nothing is done.
    if let Some((rules, common)) = clients.mapping.common_cause() {
        several.own = parent(clients, situation, rules, kept.own).await?;
        several.current = parent(clients, situation, rules, kept.current).await?;
        if needs_a_parent(&clients.mapping, common, one, &several) {
            several.content = Some(content(clients, situation, event, rules, common, exchange).await?);
        }
        if let Some(own) = is_over(one, &several) {
            several.has_open_child = has_open_child(clients, rules, common, own).await?;
        }
    }
    Ok(Place::Cause(Box::new(several)))
}

async fn parent(
    clients: &Clients,
    situation: &Situation,
    rules: &ExchangeRules,
    parent: Option<Parent>,
) -> Result<Option<FoundParent>, Failure> {
    let Some(parent) = parent else { return Ok(None) };
    let found = record(clients, situation, rules, &parent.incident, None).await?;
    Ok(found.map(|(link, row)| FoundParent { parent, link, row }))
}

async fn content(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    rules: &ExchangeRules,
    common: &CommonCause,
    exchange: &Exchange,
) -> Result<ParentContent, Failure> {
    let fields = clients
        .mapping
        .parent_fields(Turn::Failed, exchange)
        .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let group = clients.group(&common.assignment_group).await?;
    Ok(ParentContent {
        table: table(clients, situation, event, rules).await?,
        fields,
        assigned_to: analyst(clients, &common.assign_to, &group).await?,
        group,
    })
}

/// Whether a child of a parent is not finished, whoever made it one.
async fn has_open_child(
    clients: &Clients,
    rules: &ExchangeRules,
    common: &CommonCause,
    own: &FoundParent,
) -> Result<bool, Failure> {
    let unclear = |error| Failure::permanent(error, "report this as a fault of Gridlink");
    let is_child = Field::from(&common.field).refers_to(&own.link.record.sys_id);
    let mut query = Query::new().and(is_child);
    let finished = clients.mapping.table(&rules.table);
    for done in finished.iter().flat_map(|table| table.finished.keys()) {
        query = query.and(STATE.not_equals(done).map_err(unclear)?);
    }
    let select = Select::of([STATE]);
    let pages = clients.servicenow.find(&rules.table, query, select).map_err(unclear)?;
    let mut pages = pages.limited(10);
    // Access rules may leave a page empty while there is more.
    while let Some(page) = pages.next().await? {
        if !page.rows.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An incident that has got a parent.
pub(super) async fn child(clients: &Clients, situation: &Situation, incident: &OneOfSeveral) -> Result<Place, Failure> {
    let Some((rules, common)) = clients.mapping.common_cause() else {
        return Ok(Place::Child(None));
    };
    let kept = clients.store.failures(&situation.subject, &incident.incident).await?;
    let found = found(clients, situation, rules, kept, Some(&common.field)).await?;
    Ok(Place::Child(found.map(Box::new)))
}
