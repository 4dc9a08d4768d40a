//! The rules, one sentence each.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::domain::{EscalationKey, TaskName, Timestamp};
use shared::effect::Change;
use shared::event::AskedBy;
use shared::mapping::{Mapping, TaskTable};
use shared::store::{Link, LinkState};

use super::*;

const KEY: &str = "0123456789abcdef";
const CASE: &str = "11111111111111111111111111111111";

fn key() -> EscalationKey {
    KEY.parse().unwrap()
}

fn link(link: LinkKey, table: &str, sys_id: &str) -> Link {
    Link {
        state: LinkState::Linked,
        record: Record {
            link,
            table: table.parse().unwrap(),
            sys_id: sys_id.parse().unwrap(),
        },
        correlation: String::new(),
        number: "CS1".to_owned(),
        base: BTreeMap::new(),
        continued_by: None,
        intent_at: Timestamp::from_millis(0),
        journal_at: None,
        told: None,
        asked: None,
        disputed: None,
        escalated: None,
        is_critical: false,
        asks_for_draft: false,
        rule: None,
        answered: None,
    }
}

fn case() -> Link {
    link(LinkKey::case(), "sn_customerservice_case", CASE)
}

fn open_task(name: &str) -> OpenTask {
    let task = LinkKey::coordination(&key(), &name.parse().unwrap());
    OpenTask {
        link: link(task, "sn_customerservice_task", "22222222222222222222222222222222"),
        milestone: Some(Milestone {
            title: "Proof checked".to_owned(),
            state: MilestoneState::InProgress,
            due_at: None,
        }),
    }
}

fn team(name: &str, milestone: Option<&str>) -> (TeamTask, SysId) {
    let task = TeamTask {
        name: name.parse::<TaskName>().unwrap(),
        assignment_group: "Logistics".to_owned(),
        due_in: Duration::from_secs(7200),
        fields: BTreeMap::from([("short_description".to_owned(), "Find it".to_owned())]),
        milestone: milestone.map(str::to_owned),
    };
    (task, "33333333333333333333333333333333".parse().unwrap())
}

fn tasks() -> TaskTable {
    let mapping = Mapping::parse(include_str!("../../../../infra/mapping.yaml")).unwrap();
    let rules = mapping.escalation.unwrap();
    let table = rules.table(&"sn_customerservice_case".parse().unwrap()).unwrap();
    table.tasks.clone()
}

fn begin() -> Begin {
    Begin {
        by: AskedBy::Partner,
        key: key(),
        first: case().record,
        case: case(),
        set: BTreeMap::new(),
        left: BTreeSet::new(),
        will_be_critical: false,
        record: None,
        tasks: tasks(),
        teams: Vec::new(),
        open: Vec::new(),
    }
}

fn end() -> End {
    End {
        by: AskedBy::Desk,
        key: key(),
        first: case().record,
        case: Some(case()),
        record: None,
        is_open: true,
        open: Vec::new(),
    }
}

fn effects(news: News) -> Vec<Effect> {
    let json = include_str!("../../../../events/receive-webhook/escalated.json");
    let event = Event::parse(&"trading-grid".parse().unwrap(), json).unwrap();
    let known = Known {
        deployment: "unit".parse().unwrap(),
        subject: "issues/GC1/ISS-1".to_owned().try_into().unwrap(),
        company: "GC1".parse().unwrap(),
        issue: "ISS-1".parse().unwrap(),
        number: 4,
        now: Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap(),
        label: "Escalated".to_owned(),
        lead: None,
        news,
    };
    decide(&event, &Facts::Escalation(Box::new(known)))
}

/// What is decided, an effect a line, without the sys_ids that are chosen.
fn decided(news: News) -> Vec<String> {
    let plain = |effect: &Effect| {
        let text = effect.to_string();
        let words = text.split(' ').filter(|word| word.len() != 32);
        words.collect::<Vec<_>>().join(" ")
    };
    effects(news).iter().map(plain).collect()
}

#[test]
fn an_escalation_begins_with_the_share_for_it_and_is_kept_when_the_partner_sees_it() {
    let mut begin = begin();
    let change = Change {
        from: "2".to_owned(),
        to: "1".to_owned(),
    };
    begin.set.insert("priority".to_owned(), change);
    begin.will_be_critical = true;
    begin.teams = vec![team("proof", Some("Proof checked")), team("internal", None)];
    assert_eq!(
        decided(News::Begins(Box::new(begin))),
        [
            "give the lanes of the issue to bridge-escalation",
            "set priority of sn_customerservice_case",
            "create sn_customerservice_task for ISS-1/proof~01234567",
            "create sn_customerservice_task for ISS-1/internal~01234567",
            "add begin of the escalation 0123456789abcdef to work_notes of sn_customerservice_case",
            "open the workspace",
            "show the milestone Proof checked as planned",
            "keep that the escalation 0123456789abcdef is under way",
            "keep that the record is critical",
        ]
    );
}

#[test]
fn a_task_has_its_group_its_case_and_its_due_time() {
    let mut begin = begin();
    begin.teams = vec![team("proof", Some("Proof checked"))];
    let effects = effects(News::Begins(Box::new(begin)));
    let Some(Effect::CreateRecord(create)) = effects.iter().find(|effect| matches!(effect, Effect::CreateRecord(_)))
    else {
        panic!("no task is made: {effects:?}")
    };
    let fields: Vec<_> = create
        .fields
        .iter()
        .map(|(field, value)| (field.as_str(), value.as_str()))
        .collect();
    assert_eq!(
        fields,
        [
            ("assignment_group", "33333333333333333333333333333333"),
            ("due_date", "2026-11-22 14:00:00"),
            ("parent", CASE),
            ("short_description", "Find it"),
        ]
    );
}

#[test]
fn a_task_that_is_still_open_is_not_made_again() {
    let mut begin = begin();
    begin.teams = vec![team("proof", Some("Proof checked"))];
    begin.open = vec![open_task("proof")];
    let decided = decided(News::Begins(Box::new(begin)));
    assert!(!decided.iter().any(|line| line.starts_with("create")), "{decided:#?}");
    assert!(
        decided.contains(&"show the milestone Proof checked as in-progress".to_owned()),
        "{decided:#?}"
    );
}

fn overdue(milestone: Option<Milestone>, is_told: bool) -> News {
    News::Overdue(Box::new(Overdue {
        task: open_task("proof").link,
        due_at: Timestamp::parse_rfc3339("2026-11-22T12:00:00Z").unwrap(),
        case: Some(case()),
        milestone,
        is_told,
    }))
}

#[test]
fn what_was_missed_is_shown_once_and_said_to_colleagues() {
    let missed = Milestone {
        title: "Proof checked".to_owned(),
        state: MilestoneState::Missed,
        due_at: None,
    };
    let note = "add CS1 overdue since 2026-11-22T12:00:00.000Z to work_notes of sn_customerservice_case";
    let shown = "show the milestone Proof checked as missed";
    assert_eq!(decided(overdue(Some(missed.clone()), false)), [shown, note]);
    assert_eq!(decided(overdue(Some(missed), true)), [note]);
    assert_eq!(decided(overdue(None, false)), [note], "an internal task");
}

#[test]
fn an_end_tells_the_teams_and_gives_the_lanes_back_last() {
    let mut end = end();
    end.open = vec![open_task("proof")];
    assert_eq!(
        decided(News::Ends(Box::new(end))),
        [
            "show the milestone Proof checked as canceled",
            "add end of the escalation 0123456789abcdef to work_notes of sn_customerservice_task",
            "add end of the escalation 0123456789abcdef to work_notes of sn_customerservice_case",
            "end the workspace",
            "keep that no escalation is under way",
            "give the lanes of the issue back",
        ]
    );
}

#[test]
fn a_workspace_that_the_partner_ended_is_told_nothing_more() {
    let mut end = end();
    end.is_open = false;
    end.open = vec![open_task("proof")];
    let decided = decided(News::Ends(Box::new(end)));
    let told = decided
        .iter()
        .filter(|line| line.contains("workspace") || line.contains("milestone"));
    assert_eq!(told.count(), 0, "{decided:#?}");
}

#[test]
fn an_end_needs_no_case() {
    let mut end = end();
    end.case = None;
    assert_eq!(
        decided(News::Ends(Box::new(end))),
        [
            "end the workspace",
            "keep that no escalation is under way",
            "give the lanes of the issue back",
        ]
    );
}

#[test]
fn a_workspace_that_nobody_will_work_in_is_ended() {
    assert_eq!(
        decided(News::Declined("CS1 is closed".to_owned())),
        ["CS1 is closed", "end the workspace"]
    );
    assert_eq!(decided(News::Nothing("why".to_owned())), ["why"]);
}
