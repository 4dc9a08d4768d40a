//! The rules of `bridge-escalation`: pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use shared::domain::{LinkKey, MilestoneState, SysId, TableName};
use shared::effect::{
    CreateRecord, Effect, Kept, Milestone, MoveLanes, Record, Remember, ReportEscalation, ReportMilestone, UpdateFields,
};
use shared::event::{AskedBy, Event};
use shared::mapping::{EscalationRecord, TeamTask};
use shared::messages;
use shared::servicenow::Escalation;

use crate::{Begin, End, Facts, Known, News, OpenTask, Overdue};

/// Rules on an event of an escalated issue.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match facts {
        Facts::In(facts) => open_case::decide(event, facts),
        Facts::Out(facts) => relay_status::decide(event, facts),
        Facts::Escalation(known) => match &known.news {
            News::Nothing(why) => vec![Effect::Tell { text: why.clone() }],
            News::Declined(why) => vec![Effect::Tell { text: why.clone() }, ended(known)],
            News::Begins(begin) => begins(known, begin),
            News::Ends(end) => ends(known, end),
            News::Progress(link, milestone) => vec![progress(known, &link.record, milestone.clone())],
            News::Overdue(overdue) => is_overdue(known, overdue),
        },
    }
}

/// The issue is escalated: first whoever works on it has the share for it, then the record, the teams and
/// the partner see it.
fn begins(known: &Known, begin: &Begin) -> Vec<Effect> {
    let case = &begin.case.record;
    let mut effects = vec![Effect::MoveLanes(MoveLanes { is_escalated: true })];
    if !begin.set.is_empty() {
        effects.push(Effect::UpdateFields(UpdateFields {
            record: case.clone(),
            set: begin.set.clone(),
        }));
    }
    if let Some(record) = &begin.record {
        effects.push(escalation_record(known, begin, record));
    }
    let mut milestones = Vec::new();
    for (task, group) in &begin.teams {
        // A task of an earlier escalation that is still open is the same work.
        if let Some(open) = open_task(begin, task) {
            milestones.extend(
                open.milestone
                    .clone()
                    .map(|milestone| (open.link.record.clone(), milestone)),
            );
            continue;
        }
        let create = team_task(known, begin, task, group);
        if let Some(title) = &task.milestone {
            let milestone = Milestone {
                title: title.clone(),
                state: MilestoneState::Planned,
                due_at: Some(known.now.after(task.due_in)),
            };
            milestones.push((create.record.clone(), milestone));
        }
        effects.push(Effect::CreateRecord(create));
    }
    let left = begin.left.iter().cloned().collect::<Vec<_>>();
    let what = format!("begin of the escalation {}", begin.key);
    effects.push(Effect::note(case, what, messages::escalation_begun(begin.by, &left)));
    effects.push(workspace(known, true, begin.by == AskedBy::Partner));
    let shown = milestones.into_iter();
    effects.extend(shown.map(|(record, milestone)| progress(known, &record, milestone)));
    effects.push(keep(&begin.first, Kept::Escalated(begin.key.clone())));
    if begin.will_be_critical {
        effects.push(keep(&begin.first, Kept::Critical(true)));
    }
    effects
}

fn open_task<'a>(begin: &'a Begin, task: &TeamTask) -> Option<&'a OpenTask> {
    let mut open = begin.open.iter();
    open.find(|open| open.link.record.link.task().as_ref() == Some(&task.name))
}

fn escalation_record(known: &Known, begin: &Begin, rule: &EscalationRecord) -> Effect {
    let mut fields = by_name(&rule.fields);
    fields.insert(Escalation::CASE.to_owned(), begin.case.record.sys_id.to_string());
    let link = LinkKey::escalation(&begin.key);
    Effect::CreateRecord(CreateRecord {
        correlation: format!("{}/escalation~{}", known.issue, &begin.key.as_str()[..8]),
        record: chosen(known, link, Escalation::table()),
        fields,
        rule: None,
    })
}

fn team_task(known: &Known, begin: &Begin, task: &TeamTask, group: &SysId) -> CreateRecord {
    let mut fields = task.fields.clone();
    let due = known.now.after(task.due_in).servicenow();
    fields.insert("assignment_group".to_owned(), group.to_string());
    fields.insert("due_date".to_owned(), due);
    fields.insert(begin.tasks.parent.to_string(), begin.case.record.sys_id.to_string());
    let link = LinkKey::coordination(&begin.key, &task.name);
    CreateRecord {
        correlation: format!("{}/{}~{}", known.issue, task.name, &begin.key.as_str()[..8]),
        record: chosen(known, link, begin.tasks.table.clone()),
        fields,
        rule: None,
    }
}

fn chosen(known: &Known, link: LinkKey, table: TableName) -> Record {
    Record {
        sys_id: SysId::chosen(&known.deployment, &known.subject, &link),
        table,
        link,
    }
}

/// The escalation ends. Tasks that are not done stay with their teams, who are told; their milestones are
/// wanted no longer.
fn ends(known: &Known, end: &End) -> Vec<Effect> {
    let mut effects = Vec::new();
    let what = format!("end of the escalation {}", end.key);
    for open in &end.open {
        if let Some(milestone) = open.milestone.clone().filter(|_| end.is_open) {
            let milestone = Milestone {
                state: MilestoneState::Canceled,
                ..milestone
            };
            effects.push(progress(known, &open.link.record, milestone));
        }
        effects.push(Effect::note(
            &open.link.record,
            what.clone(),
            messages::task_outlived(end.by),
        ));
    }
    if let Some((link, close)) = &end.record {
        effects.push(Effect::UpdateFields(UpdateFields {
            record: link.record.clone(),
            set: close.clone(),
        }));
    }
    if let Some(case) = &end.case {
        effects.push(Effect::note(&case.record, what, messages::escalation_ended(end.by)));
    }
    if end.is_open {
        effects.push(ended(known));
    }
    effects.push(keep(&end.first, Kept::Calm));
    effects.push(Effect::MoveLanes(MoveLanes { is_escalated: false }));
    effects
}

/// Whoever leads the escalation reads it in the record of the issue; the partner sees a milestone that was missed.
fn is_overdue(known: &Known, overdue: &Overdue) -> Vec<Effect> {
    let task = &overdue.task;
    let mut effects = Vec::new();
    if let Some(milestone) = overdue.milestone.as_ref().filter(|_| !overdue.is_told) {
        effects.push(progress(known, &task.record, milestone.clone()));
    }
    if let Some(case) = &overdue.case {
        let what = format!("{} overdue since {}", task.number, overdue.due_at);
        let text = messages::task_overdue(&task.number, overdue.due_at, overdue.milestone.is_some());
        effects.push(Effect::note(&case.record, what, text));
    }
    effects
}

fn ended(known: &Known) -> Effect {
    workspace(known, false, false)
}

fn workspace(known: &Known, is_open: bool, joins: bool) -> Effect {
    Effect::ReportEscalation(ReportEscalation {
        version: known.number,
        is_open,
        joins,
        label: known.label.clone(),
        lead: known.lead.clone(),
    })
}

fn progress(known: &Known, record: &Record, milestone: Milestone) -> Effect {
    Effect::ReportMilestone(ReportMilestone {
        record: record.clone(),
        version: known.number,
        milestone,
    })
}

fn keep(record: &Record, kept: Kept) -> Effect {
    Effect::Remember(Remember {
        record: record.clone(),
        kept,
    })
}

fn by_name(fields: &BTreeMap<TableName, String>) -> BTreeMap<String, String> {
    fields
        .iter()
        .map(|(field, value)| (field.to_string(), value.clone()))
        .collect()
}
