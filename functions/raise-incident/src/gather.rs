//! The facts of `raise-incident`: the only part of it that awaits.

mod causes;

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::anyhow;
use shared::clients::Clients;
use shared::domain::{LinkKey, SysId, TableName};
use shared::effect::Failures;
use shared::event::{Data, Event, Exchange, ExchangeNews, Passed, TransactionRef, Turn};
use shared::failure::Failure;
use shared::lambda::Situation;
use shared::mapping::{AssignTo, ExchangeRules};
use shared::servicenow::{Found as Looked, Row, Select};
use shared::store::Link;
use shared::trading_grid::lens::{Acknowledgement, DeliveryStatus, Status};

use crate::decide::needs_a_new_incident;
use crate::{Among, Content, Facts, Found, Own, Place};

/// The remedy for what the mapping cannot work out.
const CORRECT_THE_MAPPING: &str = "correct the mapping, deploy it, and replay";

/// Reads what must be known.
///
/// # Errors
/// When a fact cannot be had now, or can never be had.
pub async fn gather(clients: &Clients, situation: &Situation, event: &Event) -> Result<Facts, Failure> {
    let Data::Exchange(news) = &event.data else {
        let cause = anyhow!("{} is no news of an exchange", event.kind);
        return Err(Failure::permanent(cause, "dismiss the entry"));
    };
    let exchange = in_the_words_of_lens(news.exchange(), clients.mapping.exchanges.as_ref());
    let place = match &**news {
        ExchangeNews::Seen(turn, _) => own(clients, situation, Some(*turn), &exchange).await?,
        ExchangeNews::Waiting(waiting) if situation.now < waiting.due_at => {
            return Err(Failure::Early { until: waiting.due_at });
        }
        ExchangeNews::Waiting(_) => Place::Over,
        ExchangeNews::Due(_) => own(clients, situation, None, &exchange).await?,
        ExchangeNews::Passed(passed) => among(clients, situation, event, passed, &exchange).await?,
        ExchangeNews::OneOf(one) => causes::several(clients, situation, event, one, &exchange).await?,
        ExchangeNews::Child(child) => causes::child(clients, situation, &child.incident).await?,
    };
    Ok(Facts {
        mapping: Arc::clone(&clients.mapping),
        deployment: clients.store.deployment().clone(),
        subject: situation.subject.clone(),
        now: situation.now,
        waiting: situation.waiting,
        exchange,
        place,
    })
}

/// The same exchange in the words that the rules know, whether it was pushed or polled.
///
/// OpenText itself spells statuses in several ways, and a push may leave the direction out.
pub fn in_the_words_of_lens(exchange: &Exchange, rules: Option<&ExchangeRules>) -> Exchange {
    let word = |text: &str, read: fn(&str) -> String| match text {
        "" => String::new(),
        text => read(text),
    };
    let reference = &exchange.transaction_ref;
    Exchange {
        status: word(&exchange.status, |text| Status::parse(text).to_string()),
        acknowledgement: word(&exchange.acknowledgement, |text| {
            Acknowledgement::parse(text).to_string()
        }),
        delivery_status: word(&exchange.delivery_status, |text| {
            DeliveryStatus::parse(text).to_string()
        }),
        transaction_ref: TransactionRef {
            direction: match (
                reference.direction.as_str(),
                rules.and_then(|rules| rules.poll.as_ref()),
            ) {
                ("", Some(rule)) => rule
                    .direction(&reference.sender_address, &reference.receiver_address)
                    .to_owned(),
                (told, _) => told.to_owned(),
            },
            ..reference.clone()
        },
        ..exchange.clone()
    }
}

/// `turn` is how the exchange was seen; none for what was known before.
async fn own(
    clients: &Clients,
    situation: &Situation,
    turn: Option<Turn>,
    exchange: &Exchange,
) -> Result<Place, Failure> {
    let known = clients.store.known_exchange(&situation.subject).await?;
    let classified = match turn.or(known.as_ref().map(|known| known.turn)) {
        Some(turn @ (Turn::Failed | Turn::Delayed)) => clients
            .mapping
            .classify(turn, exchange, "")
            .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?,
        Some(Turn::Recovered) | None => None,
    };
    Ok(Place::Exchange(Box::new(Own { known, classified })))
}

async fn among(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    passed: &Passed,
    exchange: &Exchange,
) -> Result<Place, Failure> {
    let subject = &situation.subject;
    let Some(rules) = &clients.mapping.exchanges else {
        let cause = anyhow!("the mapping has no rules about exchanges any more");
        return Err(Failure::permanent(cause, CORRECT_THE_MAPPING));
    };
    let group = clients.store.group(subject, &exchange.correlation_id).await?;
    let mut among = Among {
        member: group.member,
        own: found(clients, situation, rules, group.own, None).await?,
        current: found(clients, situation, rules, group.current, None).await?,
        content: None,
    };
    if passed.turn != Turn::Recovered && needs_a_new_incident(&clients.mapping, rules, exchange, &among) {
        among.content = Some(content(clients, situation, event, rules, passed.turn, exchange).await?);
    }
    Ok(Place::Failures(Box::new(among)))
}

async fn found(
    clients: &Clients,
    situation: &Situation,
    rules: &ExchangeRules,
    failures: Option<Failures>,
    of_its_class: Option<&TableName>,
) -> Result<Option<Found>, Failure> {
    let Some(failures) = failures else { return Ok(None) };
    let found = record(clients, situation, rules, &failures.incident, of_its_class).await?;
    Ok(found.map(|(link, row)| Found { failures, link, row }))
}

/// The record of an incident with all that decisions look at, and a field that not every task has; its link alone when it
/// was deleted or is hidden.
async fn record(
    clients: &Clients,
    situation: &Situation,
    rules: &ExchangeRules,
    incident: &LinkKey,
    of_its_class: Option<&TableName>,
) -> Result<Option<(Link, Option<Row>)>, Failure> {
    let Some(link) = clients.store.link(&situation.subject, incident).await? else {
        return Ok(None);
    };
    let mut fields = BTreeSet::from(["sys_id", "number", "state", "assigned_to", "description", "close_notes"]);
    let rule = clients.mapping.table(&link.record.table);
    let reopen = rule.into_iter().flat_map(|rule| rule.reopen.keys());
    fields.extend(rules.resolve.keys().chain(reopen).map(TableName::as_str));
    fields.extend(of_its_class.map(TableName::as_str));
    let fields = fields.into_iter().collect::<Vec<_>>();
    let record = &link.record;
    let row = match of_its_class {
        None => clients.servicenow.task(&record.sys_id, &fields).await?,
        Some(_) => {
            let select = Select::named(&fields);
            let select = select.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
            clients.servicenow.read(&record.table, &record.sys_id, &select).await?
        }
    };
    Ok(Some((link, row)))
}

async fn content(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    rules: &ExchangeRules,
    turn: Turn,
    exchange: &Exchange,
) -> Result<Content, Failure> {
    let table = table(clients, situation, event, rules).await?;
    let (partner, partner_name) = partner(clients, &table, exchange).await?;
    let classified = clients
        .mapping
        .classify(turn, exchange, &partner_name)
        .map_err(|error| Failure::permanent(error, CORRECT_THE_MAPPING))?;
    let Some(classified) = classified else {
        let cause = anyhow!("the mapping has no rules about exchanges any more");
        return Err(Failure::permanent(cause, CORRECT_THE_MAPPING));
    };
    let group = clients.group(&classified.assignment_group).await?;
    let assigned_to = analyst(clients, &classified.assign_to, &group).await?;
    Ok(Content {
        classified,
        table,
        group,
        assigned_to,
        partner,
        partner_name,
    })
}

/// Where the incident that an event asks for is made: an earlier intent has frozen it, as the record may exist there.
async fn table(
    clients: &Clients,
    situation: &Situation,
    event: &Event,
    rules: &ExchangeRules,
) -> Result<TableName, Failure> {
    let link = LinkKey::incident(&event.id);
    let intent = clients.store.link(&situation.subject, &link).await?;
    Ok(intent.map_or_else(|| rules.table.clone(), |link| link.record.table))
}

/// The name of the partner of an exchange.
///
/// # Errors
/// When ServiceNow gives no clear answer.
pub async fn partner_name_of(clients: &Clients, table: &TableName, exchange: &Exchange) -> Result<String, Failure> {
    Ok(partner(clients, table, exchange).await?.1)
}

/// The partner as ServiceNow knows it; else as the exchange names it.
async fn partner(
    clients: &Clients,
    table: &TableName,
    exchange: &Exchange,
) -> Result<(Option<(TableName, SysId)>, String), Failure> {
    if let (Some(rule), Some(company)) = (clients.mapping.table(table), &exchange.company_id)
        && let Some((sys_id, name)) = clients.partner(&rule.partner, company).await?
    {
        return Ok((Some((rule.partner.field.clone(), sys_id)), name));
    }
    let reference = &exchange.transaction_ref;
    let names = match reference.direction.as_str() {
        "outbound" => [&exchange.receiver_name, &reference.receiver_address],
        _ => [&exchange.sender_name, &reference.sender_address],
    };
    let name = names.into_iter().find(|name| !name.trim().is_empty());
    Ok((None, name.map_or("an unknown partner", String::as_str).to_owned()))
}

/// Whom an incident that is made today would be assigned to.
///
/// # Errors
/// When ServiceNow gives no clear answer.
pub async fn analyst_of(clients: &Clients, assign_to: &AssignTo, group: &str) -> Result<Option<SysId>, Failure> {
    let group = clients.group(group).await?;
    Ok(analyst(clients, assign_to, &group).await?.ok().flatten())
}

/// Who of the group gets the incident; an error says why nobody does.
async fn analyst(
    clients: &Clients,
    assign_to: &AssignTo,
    group: &SysId,
) -> Result<Result<Option<SysId>, String>, Failure> {
    match assign_to {
        AssignTo::Nobody => Ok(Ok(None)),
        AssignTo::User(user) => Ok(match clients.servicenow.user(user).await? {
            Looked::One(sys_id, _) => Ok(Some(sys_id)),
            Looked::None => Err(format!("ServiceNow has no active user {user}")),
            Looked::Several => Err(format!("ServiceNow has several users {user}")),
        }),
        AssignTo::Manager => {
            let groups = TableName::try_from("sys_user_group".to_owned());
            let groups = groups.map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
            let select = Select::named(["manager", "manager.active"])
                .map_err(|error| Failure::permanent(error, "report this as a fault of Gridlink"))?;
            let row = clients.servicenow.read(&groups, group, &select).await?;
            let manager = row.as_ref().filter(|row| row.text("manager.active") != "false");
            let manager = manager.and_then(|row| row.text("manager").parse().ok());
            Ok(manager
                .map(Some)
                .ok_or_else(|| "the group has no active manager".to_owned()))
        }
    }
}
