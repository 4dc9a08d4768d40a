//! Incidents of exchanges that fail in the same way.
//!
//! Accepted: between our look at an incident and the write that resolves it, an agent may take it over; ServiceNow has
//! no conditional write. The agent sees both in the record's history, and opens it again.

use std::collections::BTreeMap;

use shared::domain::{LinkKey, SysId};
use shared::effect::{CreateRecord, Effect, Failures, Mark, Member, Record};
use shared::event::{Event, Exchange, OneOfSeveral, Passing, Turn};
use shared::mapping::{ExchangeRules, Mapping, WhenFinished};
use shared::messages;
use shared::servicenow::Row;
use shared::trading_grid::lens::Lens;

use super::incident::{self, DESCRIPTION, finished, is_untouched, note, recounted, resolution, update};
use super::{partner_of, tell};
use crate::{Among, Content, Facts, Found};

/// Where a failure goes.
enum Goes<'a> {
    /// To its own incident, which it is part of and still fails.
    Known(&'a Found, &'a Row),
    /// To its own incident, which it is part of, after it had gone through.
    Again(&'a Found, &'a Row),
    /// To the incident that new failures join.
    Joins(&'a Found, &'a Row),
    /// To an incident of its own.
    New,
}

/// Whether a failure needs an incident that is not there yet.
pub(crate) fn needs_a_new_incident(
    mapping: &Mapping,
    rules: &ExchangeRules,
    exchange: &Exchange,
    among: &Among,
) -> bool {
    let is_old = among.member.as_ref().is_some_and(|member| member.at > exchange.at());
    !is_old && matches!(goes(mapping, rules, exchange, among), Goes::New)
}

fn goes<'a>(mapping: &Mapping, rules: &ExchangeRules, exchange: &Exchange, among: &'a Among) -> Goes<'a> {
    if let (Some(member), Some(own)) = (&among.member, &among.own) {
        return match &own.row {
            Some(row) if finished(mapping, &own.link, row) != Some(WhenFinished::New) => match member.is_failing {
                true => Goes::Known(own, row),
                false => Goes::Again(own, row),
            },
            Some(_) | None => Goes::New,
        };
    }
    let Some((current, row)) = among.current.as_ref().and_then(|it| Some((it, it.row.as_ref()?))) else {
        return Goes::New;
    };
    let is_in_time = exchange.at() <= current.failures.last_at.after(rules.window);
    // What an agent resolved stays so: another failure is another incident.
    let is_open = match finished(mapping, &current.link, row) {
        None => true,
        Some(WhenFinished::Reopen) => current.failures.is_resolved_by_us,
        Some(WhenFinished::New) => false,
    };
    match is_in_time && is_open {
        true => Goes::Joins(current, row),
        false => Goes::New,
    }
}

/// An exchange was passed on to those that fail in the same way.
pub(super) fn passed(event: &Event, facts: &Facts, among: &Among, turn: Turn) -> Vec<Effect> {
    let Some(rules) = &facts.mapping.exchanges else {
        return vec![tell("the mapping has no rules about exchanges: nothing is done")];
    };
    let exchange = &facts.exchange;
    if among.member.as_ref().is_some_and(|member| member.at > exchange.at()) {
        let mut effects = vec![tell("something newer of the exchange is known: nothing to do")];
        effects.extend(catch_up(facts, among));
        return effects;
    }
    match turn {
        Turn::Failed | Turn::Delayed => match goes(&facts.mapping, rules, exchange, among) {
            Goes::Known(own, row) => still_fails(event, facts, among, own, row),
            Goes::Again(own, row) => fails_in(event, facts, among, own, row, true),
            Goes::Joins(current, row) => fails_in(event, facts, among, current, row, false),
            Goes::New => opens(event, facts, rules, among),
        },
        Turn::Recovered => recovers(event, facts, rules, among),
    }
}

fn opens(event: &Event, facts: &Facts, rules: &ExchangeRules, among: &Among) -> Vec<Effect> {
    let (exchange, Some(content)) = (&facts.exchange, &among.content) else {
        return vec![tell("nothing is known to make an incident of")];
    };
    let link = LinkKey::incident(&event.id);
    let record = Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &link),
        table: content.table.clone(),
        link: link.clone(),
    };
    let failures = Failures {
        incident: link.clone(),
        count: 1,
        failing: 1,
        first_at: exchange.at(),
        last_at: exchange.at(),
        samples: vec![messages::exchange_sample(exchange)]
            .into_iter()
            .take(rules.samples)
            .collect(),
        is_resolved_by_us: false,
        cause: rules
            .common_cause
            .as_ref()
            .map(|common| common.of(&content.classified.class, exchange)),
    };
    let mut effects = Vec::new();
    // Whatever the last count of the incident before is, nobody else will write it.
    effects.extend(recount_all(facts, among, None));
    effects.push(Effect::CreateRecord(CreateRecord {
        record,
        correlation: exchange.correlation_id.to_string(),
        fields: fields(content, exchange, &failures),
        rule: None,
    }));
    if let Err(why) = &content.assigned_to {
        effects.push(tell(format!("the incident is assigned to its group only: {why}")));
    }
    if let (Some(Member { is_failing: true, .. }), Some(own)) = (&among.member, &among.own) {
        let failing = own.failures.failing.saturating_sub(1);
        let left = Failures {
            failing,
            ..own.failures.clone()
        };
        effects.extend(tells_of(facts, own.failures.failing, &left, ""));
        effects.push(Effect::Mark(Mark::Failures(left)));
    }
    effects.extend(tells_of(facts, 0, &failures, &content.partner_name));
    effects.push(member(exchange, true, Some(link.clone())));
    effects.push(Effect::Mark(Mark::Failures(failures)));
    effects.push(Effect::Mark(Mark::Current { incident: link }));
    effects
}

fn fields(content: &Content, exchange: &Exchange, failures: &Failures) -> BTreeMap<String, String> {
    let mut fields = incident::cut_fields(&content.classified.fields);
    let lens = Lens::link(&exchange.transaction_id);
    let description = messages::exchange_incident(
        exchange,
        &content.partner_name,
        &content.classified.next,
        lens.as_ref().map(|url| url.as_str()),
        failures,
    );
    fields.insert(DESCRIPTION.to_owned(), description);
    incident::assign(&mut fields, &content.group, &content.assigned_to);
    if let Some((field, partner)) = &content.partner {
        fields.insert(field.to_string(), partner.to_string());
    }
    fields
}

/// A failure joins an incident, or an exchange of it that had gone through fails again.
fn fails_in(event: &Event, facts: &Facts, among: &Among, found: &Found, row: &Row, is_member: bool) -> Vec<Effect> {
    let exchange = &facts.exchange;
    let before = &found.failures;
    let mut failures = Failures {
        failing: before.failing + 1,
        first_at: before.first_at.min(exchange.at()),
        last_at: before.last_at.max(exchange.at()),
        is_resolved_by_us: false,
        ..before.clone()
    };
    let sample = messages::exchange_sample(exchange);
    let most = facts.mapping.exchanges.as_ref().map_or(0, |rules| rules.samples);
    if !is_member {
        failures.count += 1;
        if failures.samples.len() < most && !failures.samples.contains(&sample) {
            failures.samples.push(sample);
        }
    }
    let mut effects = Vec::new();
    let rule = facts.mapping.table(&found.link.record.table);
    match (finished(&facts.mapping, &found.link, row), rule) {
        (Some(_), Some(rule)) => {
            let mut set = row.changes_to(&rule.reopen);
            set.extend(recounted(&found.link, row, &messages::exchange_count(&failures)));
            effects.push(tell(format!("{} is finished: it is opened again", found.link.number)));
            effects.push(update(&found.link, set));
            effects.push(note(
                &found.link,
                event,
                "reopening",
                messages::exchange_reopened(exchange),
            ));
        }
        (Some(_) | None, _) => {
            if is_member {
                effects.push(note(
                    &found.link,
                    event,
                    "failure",
                    messages::exchange_still_fails(exchange),
                ));
            }
            effects.extend(recount(facts, among, found, &failures));
        }
    }
    if !is_member {
        effects.push(tell(format!(
            "joins {}: {} exchanges failed, {} still do",
            found.link.number, failures.count, failures.failing
        )));
    }
    effects.extend(tells_of(facts, before.failing, &failures, ""));
    effects.push(member(exchange, true, Some(before.incident.clone())));
    effects.push(Effect::Mark(Mark::Failures(failures)));
    effects
}

/// An exchange that fails is in another state, which is no better.
fn still_fails(event: &Event, facts: &Facts, among: &Among, own: &Found, row: &Row) -> Vec<Effect> {
    let exchange = &facts.exchange;
    let mut effects = Vec::new();
    let rule = facts.mapping.table(&own.link.record.table);
    match (finished(&facts.mapping, &own.link, row), rule) {
        // Somebody resolved it too early.
        (Some(_), Some(rule)) => {
            effects.push(tell(format!("{} is finished: it is opened again", own.link.number)));
            effects.push(update(&own.link, row.changes_to(&rule.reopen)));
            effects.push(note(
                &own.link,
                event,
                "reopening",
                messages::exchange_reopened(exchange),
            ));
        }
        (Some(_) | None, _) => {
            effects.push(note(
                &own.link,
                event,
                "failure",
                messages::exchange_still_fails(exchange),
            ));
            effects.extend(catch_up(facts, among));
        }
    }
    effects.push(member(exchange, true, Some(own.failures.incident.clone())));
    effects
}

fn recovers(event: &Event, facts: &Facts, rules: &ExchangeRules, among: &Among) -> Vec<Effect> {
    let exchange = &facts.exchange;
    let incident = among.member.as_ref().and_then(|member| member.incident.clone());
    let mut effects = vec![member(exchange, false, incident)];
    let is_failing = among.member.as_ref().is_some_and(|member| member.is_failing);
    let Some(own) = among.own.as_ref().filter(|_| is_failing) else {
        effects.push(tell("the exchange went through, and is no failure here"));
        effects.extend(catch_up(facts, among));
        return effects;
    };
    let mut failures = Failures {
        failing: own.failures.failing.saturating_sub(1),
        ..own.failures.clone()
    };
    let number = &own.link.number;
    match &own.row {
        None => effects.push(tell(format!("{number} was deleted or is hidden: nothing to do"))),
        Some(row) if finished(&facts.mapping, &own.link, row).is_some() => {
            effects.push(tell(format!("{number} is finished: nothing to do")));
        }
        Some(_) if failures.failing > 0 => effects.extend(recount(facts, among, own, &failures)),
        Some(row) if is_untouched(rules, &own.link, row) => {
            let mut set = resolution(rules, row, messages::exchanges_resolved(&failures, exchange));
            set.extend(recounted(&own.link, row, &messages::exchange_count(&failures)));
            effects.push(tell(format!("everything of {number} went through: it is resolved")));
            effects.push(update(&own.link, set));
            failures.is_resolved_by_us = true;
        }
        Some(_) => {
            let text = messages::exchanges_recovered(&failures, exchange);
            effects.push(note(&own.link, event, "recovery", text));
            effects.extend(recount(facts, among, own, &failures));
        }
    }
    effects.extend(tells_of(facts, own.failures.failing, &failures, ""));
    effects.push(Effect::Mark(Mark::Failures(failures)));
    effects
}

/// The count on every incident that is known here but one, should an earlier event have left it behind.
fn recount_all(facts: &Facts, among: &Among, but: Option<&Found>) -> Vec<Effect> {
    let others = [&among.own, &among.current].into_iter().flatten();
    let others = others.filter(|found| but.is_none_or(|but| but.failures.incident != found.failures.incident));
    let rows = others.filter_map(|found| Some((found, found.row.as_ref()?)));
    let open = rows.filter(|(found, row)| finished(&facts.mapping, &found.link, row).is_none());
    let sets = open.map(|(found, row)| {
        (
            found,
            recounted(&found.link, row, &messages::exchange_count(&found.failures)),
        )
    });
    sets.filter(|(_, set)| !set.is_empty())
        .map(|(found, set)| update(&found.link, set))
        .collect()
}

/// The count on every incident that is known here, unless more is about to come.
fn catch_up(facts: &Facts, among: &Among) -> Vec<Effect> {
    match facts.waiting {
        0 => recount_all(facts, among, None),
        _ => Vec::new(),
    }
}

/// The new count on an incident, unless more is about to come.
fn recount(facts: &Facts, among: &Among, found: &Found, failures: &Failures) -> Vec<Effect> {
    if facts.waiting > 0 {
        return Vec::new();
    }
    let mut effects = recount_all(facts, among, Some(found));
    if let Some(row) = &found.row {
        let what = format!("count of {} and {}", failures.count, failures.failing);
        let count = messages::exchange_count(failures);
        effects.extend(incident::recount(&found.link, row, &count, what));
    }
    effects
}

/// Whoever looks after common causes is told, where an incident begins to fail or ceases to.
fn tells_of(facts: &Facts, before: u64, failures: &Failures, name: &str) -> Option<Effect> {
    let cause = failures.cause.clone()?;
    let is_failing = failures.failing > 0;
    (is_failing != (before > 0)).then(|| {
        Effect::PassOn(Passing::Cause {
            cause,
            incident: OneOfSeveral {
                failures: facts.subject.clone(),
                incident: failures.incident.clone(),
                partner: partner_of(&facts.exchange),
                name: name.to_owned(),
            },
            is_failing,
        })
    })
}

fn member(exchange: &Exchange, is_failing: bool, incident: Option<LinkKey>) -> Effect {
    Effect::Mark(Mark::Member(Member {
        exchange: exchange.correlation_id.clone(),
        at: exchange.at(),
        is_failing,
        incident,
    }))
}
