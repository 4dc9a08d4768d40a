//! Incidents of several partners that have one cause: children of a parent incident.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::{LinkKey, SysId};
use shared::effect::{Cause, Change, Child, CreateRecord, Effect, Loose, Mark, Parent, Record};
use shared::event::{ChildOf, Event, OneOf, OneOfSeveral, Passing};
use shared::mapping::{CommonCause, ExchangeRules, Mapping};
use shared::messages;
use shared::servicenow::Row;

use super::incident::{self, DESCRIPTION, base, finished, is_untouched, note, recounted, resolution, update};
use super::tell;
use crate::{Facts, Found, FoundParent, ParentContent, Several};

/// The most incidents that wait for others with their cause; the oldest ones give way.
const MOST_LOOSE: usize = 100;
/// How many partners a parent names.
const NAMED: usize = 20;

/// Where an incident that begins to fail belongs.
enum Belongs<'a> {
    /// To its parent, which is open.
    Own(&'a FoundParent, &'a Row),
    /// To the open parent of others.
    Joins(&'a FoundParent, &'a Row),
    /// To none yet: these wait for a parent.
    Loose(Vec<Loose>),
    /// To a new parent, with all of these.
    New(Vec<Loose>),
}

/// Whether a parent is needed that is not there yet.
pub(crate) fn needs_a_parent(mapping: &Mapping, common: &CommonCause, one: &OneOf, several: &Several) -> bool {
    one.is_failing && matches!(belongs(mapping, common, one, several), Belongs::New(_))
}

/// Whether nothing of the parent fails any more with this news, so that it could be resolved.
pub(crate) fn is_over<'a>(one: &OneOf, several: &'a Several) -> Option<&'a FoundParent> {
    let was_failing = several.child.as_ref().is_some_and(|child| child.is_failing);
    let own = several.own.as_ref().filter(|own| own.parent.failing <= 1);
    own.filter(|_| was_failing && !one.is_failing)
}

fn belongs<'a>(mapping: &Mapping, common: &CommonCause, one: &OneOf, several: &'a Several) -> Belongs<'a> {
    let open = |found: &'a FoundParent| {
        let row = found.row.as_ref()?;
        finished(mapping, &found.link, row).is_none().then_some((found, row))
    };
    if let Some((own, row)) = several.own.as_ref().and_then(open) {
        return Belongs::Own(own, row);
    }
    let at = one.exchange.at();
    if let Some((current, row)) = several.current.as_ref().and_then(open)
        && at <= current.parent.last_at.after(common.window)
    {
        return Belongs::Joins(current, row);
    }
    let mut loose = without(&several.cause, &one.incident);
    loose.retain(|other| at <= other.at.after(common.window));
    loose.push(Loose {
        incident: one.incident.clone(),
        at,
    });
    let too_many = loose.len().saturating_sub(MOST_LOOSE);
    loose.drain(..too_many);
    let partners = loose.iter().map(|loose| &loose.incident.partner);
    match partners.collect::<BTreeSet<_>>().len() >= common.partners {
        true => Belongs::New(loose),
        false => Belongs::Loose(loose),
    }
}

fn without(cause: &Cause, incident: &OneOfSeveral) -> Vec<Loose> {
    let is_other = |loose: &&Loose| !is_same(&loose.incident, incident);
    cause.loose.iter().filter(is_other).cloned().collect()
}

fn is_same(one: &OneOfSeveral, other: &OneOfSeveral) -> bool {
    (&one.failures, &one.incident) == (&other.failures, &other.incident)
}

/// An incident began to fail, or nothing of it fails any more.
pub(super) fn one_of(event: &Event, facts: &Facts, several: &Several, one: &OneOf) -> Vec<Effect> {
    let Some((rules, common)) = facts.mapping.common_cause() else {
        return vec![tell("the mapping has no rule about common causes: nothing is done")];
    };
    if !one.is_failing {
        return ends(event, facts, rules, several, one);
    }
    let mut effects = Vec::new();
    effects.extend(was_resolved_too_early(&facts.mapping, several, one));
    effects.extend(match belongs(&facts.mapping, common, one, several) {
        Belongs::Own(own, row) => fails_again(facts, several, one, own, row),
        Belongs::Joins(current, row) => joins(facts, one, several, current, row),
        Belongs::Loose(loose) => {
            let partners = loose
                .iter()
                .map(|loose| &loose.incident.partner)
                .collect::<BTreeSet<_>>();
            let (partners, needed) = (partners.len(), common.partners);
            let mut effects = vec![
                tell(format!(
                    "{partners} partners fail alike; with {needed} they get a parent incident"
                )),
                child(&one.incident, true, None),
                keep(several.cause.parent.clone(), loose),
            ];
            effects.extend(catch_up(facts, several));
            effects
        }
        Belongs::New(loose) => opens(event, facts, common, several, one, loose),
    });
    effects
}

/// ServiceNow resolves the children of a parent with it. If this one began to fail at that moment, it must be open.
fn was_resolved_too_early(mapping: &Mapping, several: &Several, one: &OneOf) -> Option<Effect> {
    let own = several.own.as_ref().filter(|own| own.parent.is_resolved_by_us)?;
    let row = own.row.as_ref()?;
    finished(mapping, &own.link, row)?;
    Some(Effect::PassOn(Passing::Parent {
        incident: one.incident.clone(),
        parent: own.link.record.sys_id.clone(),
        resolved_with: Some(row.text("close_notes").to_owned()),
    }))
}

fn opens(
    event: &Event,
    facts: &Facts,
    common: &CommonCause,
    several: &Several,
    one: &OneOf,
    loose: Vec<Loose>,
) -> Vec<Effect> {
    let Some(content) = &several.content else {
        return vec![tell("nothing is known to make a parent incident of")];
    };
    let link = LinkKey::incident(&event.id);
    let record = Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &link),
        table: content.table.clone(),
        link: link.clone(),
    };
    let at = one.exchange.at();
    let times = || loose.iter().map(|loose| loose.at);
    let mut parent = Parent {
        incident: link.clone(),
        count: loose.len() as u64,
        failing: loose.len() as u64,
        first_at: times().min().unwrap_or(at),
        last_at: times().max().unwrap_or(at),
        partners: Vec::new(),
        is_resolved_by_us: false,
    };
    for loose in &loose {
        name(&mut parent, &loose.incident);
    }
    let fields = fields(common, content, one, &parent);
    let mut effects = vec![
        tell(format!(
            "{} incidents fail alike: they get a parent incident",
            loose.len()
        )),
        Effect::CreateRecord(CreateRecord {
            record: record.clone(),
            correlation: facts.subject.to_string(),
            fields,
            rule: None,
        }),
    ];
    if let Err(why) = &content.assigned_to {
        effects.push(tell(format!(
            "the parent incident is assigned to its group only: {why}"
        )));
    }
    for Loose { incident, .. } in &loose {
        effects.push(has_parent(incident, &record.sys_id));
        effects.push(child(incident, true, Some(link.clone())));
    }
    // Whatever the last count of the parent before is, nobody else will write it.
    effects.extend(recount_others(facts, several, None));
    effects.push(Effect::Mark(Mark::Parent(parent)));
    effects.push(keep(Some(link), Vec::new()));
    effects
}

fn fields(common: &CommonCause, content: &ParentContent, one: &OneOf, parent: &Parent) -> BTreeMap<String, String> {
    let mut fields = incident::cut_fields(&content.fields);
    let description = messages::parent_incident(&one.exchange, &common.next, parent);
    fields.insert(DESCRIPTION.to_owned(), description);
    incident::assign(&mut fields, &content.group, &content.assigned_to);
    fields
}

/// One more incident has the cause of the current parent.
fn joins(facts: &Facts, one: &OneOf, several: &Several, current: &FoundParent, row: &Row) -> Vec<Effect> {
    let at = one.exchange.at();
    let before = &current.parent;
    let mut parent = Parent {
        count: before.count + 1,
        failing: before.failing + 1,
        first_at: before.first_at.min(at),
        last_at: before.last_at.max(at),
        ..before.clone()
    };
    name(&mut parent, &one.incident);
    let mut effects = vec![
        tell(format!(
            "{} becomes the parent: {} incidents failed alike, {} still do",
            current.link.number, parent.count, parent.failing
        )),
        has_parent(&one.incident, &current.link.record.sys_id),
        child(&one.incident, true, Some(parent.incident.clone())),
    ];
    effects.extend(recount(facts, several, current, row, &parent));
    effects.push(Effect::Mark(Mark::Parent(parent)));
    effects.push(keep(
        several.cause.parent.clone(),
        without(&several.cause, &one.incident),
    ));
    effects
}

/// A child that had gone through fails again.
fn fails_again(facts: &Facts, several: &Several, one: &OneOf, own: &FoundParent, row: &Row) -> Vec<Effect> {
    if several.child.as_ref().is_some_and(|child| child.is_failing) {
        let mut effects = vec![tell("the incident was known to fail: nothing to do")];
        effects.extend(catch_up(facts, several));
        return effects;
    }
    let parent = Parent {
        failing: own.parent.failing + 1,
        last_at: own.parent.last_at.max(one.exchange.at()),
        ..own.parent.clone()
    };
    let mut effects = vec![child(&one.incident, true, Some(parent.incident.clone()))];
    effects.extend(recount(facts, several, own, row, &parent));
    effects.push(Effect::Mark(Mark::Parent(parent)));
    effects
}

/// Nothing of an incident fails any more.
fn ends(event: &Event, facts: &Facts, rules: &ExchangeRules, several: &Several, one: &OneOf) -> Vec<Effect> {
    let parent = several.child.as_ref().and_then(|child| child.parent.clone());
    let mut effects = vec![child(&one.incident, false, parent)];
    let loose = without(&several.cause, &one.incident);
    if loose.len() < several.cause.loose.len() {
        effects.push(keep(several.cause.parent.clone(), loose));
    }
    let was_failing = several.child.as_ref().is_some_and(|child| child.is_failing);
    let Some(own) = several.own.as_ref().filter(|_| was_failing) else {
        effects.push(tell("the incident has no parent"));
        effects.extend(catch_up(facts, several));
        return effects;
    };
    let mut parent = Parent {
        failing: own.parent.failing.saturating_sub(1),
        ..own.parent.clone()
    };
    let number = &own.link.number;
    match &own.row {
        Some(row) if finished(&facts.mapping, &own.link, row).is_some() => {
            effects.push(tell(format!("the parent {number} is finished: nothing to do")));
        }
        Some(row) if parent.failing > 0 => effects.extend(recount(facts, several, own, row, &parent)),
        Some(row) if is_untouched(rules, &own.link, row) && !several.has_open_child => {
            let mut set = resolution(rules, row, messages::children_resolved(&parent));
            set.extend(recounted(&own.link, row, &messages::children_count(&parent)));
            effects.push(tell(format!(
                "everything of the parent {number} went through: it is resolved"
            )));
            effects.push(update(&own.link, set));
            parent.is_resolved_by_us = true;
        }
        Some(row) => {
            effects.push(note(
                &own.link,
                event,
                "recovery",
                messages::children_recovered(&parent),
            ));
            effects.extend(recount(facts, several, own, row, &parent));
        }
        None => effects.push(tell(format!(
            "the parent {number} was deleted or is hidden: nothing to do"
        ))),
    }
    effects.push(Effect::Mark(Mark::Parent(parent)));
    effects
}

/// An incident has got a parent: its record refers to it, unless an agent gave it another.
pub(super) fn has_a_parent(event: &Event, facts: &Facts, found: Option<&Found>, child: &ChildOf) -> Vec<Effect> {
    let Some((_, common)) = facts.mapping.common_cause() else {
        return vec![tell("the mapping has no rule about common causes: nothing is done")];
    };
    let Some((found, row)) = found.and_then(|found| Some((found, found.row.as_ref()?))) else {
        return vec![tell("the incident was deleted or is hidden: it gets no parent")];
    };
    let (number, parent) = (&found.link.number, &child.parent);
    if let Some(notes) = &child.resolved_with {
        return opens_again(event, facts, found, row, notes);
    }
    let field = common.field.as_str();
    let now = row.text(field);
    if now == parent.as_str() {
        return vec![tell(format!("{number} is a child of {parent}"))];
    }
    if !now.is_empty() && now != base(&found.link, field) {
        return vec![tell(format!("{number} has another parent: it is left"))];
    }
    let change = Change {
        from: now.to_owned(),
        to: parent.to_string(),
    };
    vec![
        tell(format!("{number} becomes a child of {parent}")),
        update(&found.link, [(field.to_owned(), change)].into()),
    ]
}

/// The parent of an incident that fails was resolved, and the incident with it.
fn opens_again(event: &Event, facts: &Facts, found: &Found, row: &Row, notes: &str) -> Vec<Effect> {
    let is_resolved = finished(&facts.mapping, &found.link, row).is_some() && row.text("close_notes") == notes;
    let rule = facts.mapping.table(&found.link.record.table);
    match rule.filter(|_| is_resolved && found.failures.failing > 0) {
        Some(rule) => vec![
            tell(format!(
                "{} was resolved with its parent, and fails: it is opened again",
                found.link.number
            )),
            update(&found.link, row.changes_to(&rule.reopen)),
            note(
                &found.link,
                event,
                "reopening",
                messages::exchange_reopened(&facts.exchange),
            ),
        ],
        None => vec![tell("the incident was not resolved with its parent: nothing to do")],
    }
}

/// The new count on a parent and on others, unless more is about to come.
fn recount(facts: &Facts, several: &Several, found: &FoundParent, row: &Row, parent: &Parent) -> Vec<Effect> {
    if facts.waiting > 0 {
        return Vec::new();
    }
    let mut effects = recount_others(facts, several, Some(&parent.incident));
    effects.extend(recount_one(found, row, parent));
    effects
}

/// The count on every parent that is known here, unless more is about to come.
fn catch_up(facts: &Facts, several: &Several) -> Vec<Effect> {
    match facts.waiting {
        0 => recount_others(facts, several, None),
        _ => Vec::new(),
    }
}

/// The count on every open parent that is known here but one, should earlier news have left it behind.
fn recount_others(facts: &Facts, several: &Several, but: Option<&LinkKey>) -> Vec<Effect> {
    let others = [&several.own, &several.current].into_iter().flatten();
    let others = others.filter(|found| Some(&found.parent.incident) != but);
    let rows = others.filter_map(|found| Some((found, found.row.as_ref()?)));
    rows.filter(|(found, row)| finished(&facts.mapping, &found.link, row).is_none())
        .filter_map(|(found, row)| recount_one(found, row, &found.parent))
        .collect()
}

fn recount_one(found: &FoundParent, row: &Row, parent: &Parent) -> Option<Effect> {
    let what = format!("count of {} and {}", parent.count, parent.failing);
    incident::recount(&found.link, row, &messages::children_count(parent), what)
}

/// Names the partner on the parent, once.
fn name(parent: &mut Parent, incident: &OneOfSeveral) {
    let sample = messages::partner_sample(incident);
    if parent.partners.len() < NAMED && !parent.partners.contains(&sample) {
        parent.partners.push(sample);
    }
}

fn has_parent(incident: &OneOfSeveral, parent: &SysId) -> Effect {
    Effect::PassOn(Passing::Parent {
        incident: incident.clone(),
        parent: parent.clone(),
        resolved_with: None,
    })
}

fn child(incident: &OneOfSeveral, is_failing: bool, parent: Option<LinkKey>) -> Effect {
    Effect::Mark(Mark::Child(Child {
        incident: incident.clone(),
        is_failing,
        parent,
    }))
}

fn keep(parent: Option<LinkKey>, loose: Vec<Loose>) -> Effect {
    Effect::Mark(Mark::Cause(Cause { parent, loose }))
}
