//! The one helper that decides, and the facts that tests start from.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use shared::domain::{LinkKey, Subject, SysId, Timestamp};
use shared::effect::Effect;
use shared::event::{Data, Event, Issue};
use shared::mapping::Mapping;
use shared::servicenow::Row;
use shared::store::{Link, LinkState};

use crate::{Content, Facts, Linked, Place, decide};

const MAPPING: &str = include_str!("../../../../../infra/mapping.yaml");
pub(super) const OPENED: &str = include_str!("../../../../../events/receive-webhook/opened-asn-failed.json");
pub(super) const INVOICE: &str = include_str!("../../../../../events/receive-webhook/opened-invoice-mismatch.json");
pub(super) const UPDATED: &str = include_str!("../../../../../events/receive-webhook/updated.json");
pub(super) const CONFIRMED: &str = include_str!("../../../../../events/receive-webhook/closure-confirmed.json");
pub(super) const DISPUTED: &str = include_str!("../../../../../events/receive-webhook/closure-disputed.json");
pub(super) const ESCALATED: &str = include_str!("../../../../../events/receive-webhook/escalated.json");
pub(super) const DE_ESCALATED: &str = include_str!("../../../../../events/receive-webhook/de-escalated.json");
pub(super) const MESSAGE: &str = include_str!("../../../../../events/receive-webhook/escalation-message-posted.json");
pub(super) const MILESTONE: &str =
    include_str!("../../../../../events/receive-webhook/escalation-milestone-changed.json");
pub(super) const COMMENTED: &str = include_str!("../../../../../events/receive-webhook/commented.json");
pub(super) const SHARED: &str = include_str!("../../../../../events/receive-webhook/document-shared.json");

/// What is decided, an effect a line; sys_ids by what they stand for, digests by their beginning.
pub(super) fn decided(event: &Event, facts: &Facts) -> String {
    let lines = decide(event, facts);
    let case = SysId::chosen(&facts.deployment, &facts.subject, &LinkKey::case());
    let follow_up = LinkKey::follow_up(&event.sender, &event.id);
    let follow_up = SysId::chosen(&facts.deployment, &facts.subject, &follow_up);
    let readable = |word: &str| match word {
        word if word == case.as_str() => "THE-CASE".to_owned(),
        word if word == follow_up.as_str() => "THE-FOLLOW-UP".to_owned(),
        word if word.len() == 64 => format!("{}…", &word[..4]),
        word => word.to_owned(),
    };
    let line = |effect: &Effect| {
        effect
            .to_string()
            .split(' ')
            .map(readable)
            .collect::<Vec<_>>()
            .join(" ")
    };
    lines.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// A sample as it is.
pub(super) fn event(sample: &str) -> Event {
    event_with(sample, |_| ())
}

/// A sample with another `data`.
pub(super) fn event_with(sample: &str, change: impl FnOnce(&mut Value)) -> Event {
    let mut json: Value = serde_json::from_str(sample).unwrap();
    change(&mut json["data"]);
    Event::parse(&"trading-grid".parse().unwrap(), &json.to_string()).unwrap()
}

/// The issue of an `opened` event, as the community has it.
pub(super) fn issue(opened: &Event) -> Issue {
    match &opened.data {
        Data::IssueOpened(issue) => (**issue).clone(),
        data => panic!("{data:?} is not an opening"),
    }
}

/// The members of a document that a partner shares.
pub(super) fn document(id: &str, media_type: &str, size: u64) -> Value {
    json!({"documentId": id, "name": format!("{id}.bin"), "mediaType": media_type, "size": size, "sha256": "a".repeat(64)})
}

pub(super) fn content(mapping: &Mapping, issue: Issue) -> Content {
    Content {
        routed: mapping.route(&issue, "Northwind Traders").unwrap(),
        is_critical: false,
        issue,
        partner: Some("11111111111111111111111111111111".parse().unwrap()),
        partner_name: "Northwind Traders".to_owned(),
        group: Some("22222222222222222222222222222222".parse().unwrap()),
        kind: None,
    }
}

/// The default mapping with some text replaced.
pub(super) fn mapping_with(from: &str, to: &str) -> Arc<Mapping> {
    assert!(MAPPING.contains(from), "the mapping has no {from}");
    Arc::new(Mapping::parse(&MAPPING.replace(from, to)).unwrap())
}

/// The issue has no record yet.
pub(super) fn nowhere(issue: Issue) -> Facts {
    nowhere_by(&Arc::new(Mapping::parse(MAPPING).unwrap()), issue)
}

/// The same, by another mapping.
pub(super) fn nowhere_by(mapping: &Arc<Mapping>, issue: Issue) -> Facts {
    Facts {
        mapping: Arc::clone(mapping),
        deployment: "acme".parse().unwrap(),
        subject: Subject::issue(&issue.company_id, &issue.issue_id),
        place: Place::Nowhere(Box::new(content(mapping, issue))),
    }
}

/// The record that the event made is there, untouched.
pub(super) fn made_by(event: &Event, facts: Facts) -> Facts {
    let create = decide(event, &facts)
        .into_iter()
        .find_map(|effect| match effect {
            Effect::CreateRecord(create) => Some(create),
            _ => None,
        })
        .unwrap();
    let mut row = create.fields.clone();
    row.insert("state".to_owned(), "1".to_owned());
    let place = Place::Linked(Box::new(Linked {
        link: Link {
            state: LinkState::Linked,
            record: create.record,
            correlation: create.correlation,
            number: "CS0001001".to_owned(),
            base: create.fields,
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
        },
        has_moved: false,
        row: row_of(row),
        content: None,
        partner_name: "Northwind Traders".to_owned(),
        documents_before: 1,
    }));
    Facts { place, ..facts }
}

/// The case of the first sample is there, untouched.
pub(super) fn case() -> Facts {
    let opened = event(OPENED);
    made_by(&opened, nowhere(issue(&opened)))
}

/// The community's issue after an `updated` event, as `gather` reads it for the event.
pub(super) fn knowing(mut facts: Facts, change: impl FnOnce(&mut Issue)) -> Facts {
    let mut issue = issue(&event(OPENED));
    change(&mut issue);
    linked(&mut facts).content = Some(content(&Arc::clone(&facts.mapping), issue));
    facts
}

/// The record has another value in a field than Gridlink left there.
pub(super) fn with_field(mut facts: Facts, field: &str, value: &str) -> Facts {
    let linked = linked(&mut facts);
    let mut row = BTreeMap::new();
    for field in linked.link.base.keys().map(String::as_str).chain(["state"]) {
        row.insert(field.to_owned(), linked.row.text(field).to_owned());
    }
    row.insert(field.to_owned(), value.to_owned());
    linked.row = row_of(row);
    facts
}

pub(super) fn linked(facts: &mut Facts) -> &mut Linked {
    match &mut facts.place {
        Place::Linked(linked) => linked,
        Place::Nowhere(_) => panic!("the issue has no record"),
    }
}

/// What effects write: all values of fields and all texts and names, by the field they are for.
pub(super) fn written(effects: &[Effect]) -> Vec<(&str, &str)> {
    let mut written = Vec::new();
    for effect in effects {
        match effect {
            Effect::CreateRecord(create) => {
                written.push(("correlation_id", create.correlation.as_str()));
                written.extend(
                    create
                        .fields
                        .iter()
                        .map(|(field, text)| (field.as_str(), text.as_str())),
                );
            }
            Effect::UpdateFields(update) => {
                written.extend(
                    update
                        .set
                        .iter()
                        .map(|(field, change)| (field.as_str(), change.to.as_str())),
                );
            }
            Effect::AddJournal(add) => written.push((add.journal.field(), add.text.as_str())),
            Effect::Attach(attach) => written.push(("file_name", attach.file_name.as_str())),
            Effect::Tell { text } => written.push(("story", text.as_str())),
            Effect::Remember(_) | Effect::Follow(_) | Effect::AskEscalation(_) => {}
            Effect::PassOn(_)
            | Effect::AskForDraft(_)
            | Effect::CountIssue(_)
            | Effect::AddRow(_)
            | Effect::PassToArticle(_)
            | Effect::PublishArticle(_)
            | Effect::WithdrawArticle(_)
            | Effect::Mark(_)
            | Effect::Adopt(_)
            | Effect::TakeTurn { .. }
            | Effect::Provision(_)
            | Effect::ReportOnboarding(_)
            | Effect::GoOn { .. } => {}
            Effect::MoveLanes(_)
            | Effect::ReportEscalation(_)
            | Effect::ReportMilestone(_)
            | Effect::ReportOutcome(_)
            | Effect::CloseRequest(_)
            | Effect::PostComment(_)
            | Effect::ShareDocument(_)
            | Effect::PostNotice(_)
            | Effect::ReportStatus(_)
            | Effect::ReportClosure(_)
            | Effect::Remind(_)
            | Effect::Recognize(_) => {
                panic!("what the partner is told is not decided here: {effect}")
            }
        }
    }
    written
}

/// The one text that is written to a field.
#[track_caller]
pub(super) fn text(event: &Event, facts: &Facts, field: &str) -> String {
    let effects = decide(event, facts);
    let mut found = written(&effects).into_iter().filter(|(name, _)| *name == field);
    let (_, text) = found.next().expect("the field is written");
    assert_eq!(found.next(), None, "the field is written once");
    text.to_owned()
}

fn row_of(fields: BTreeMap<String, String>) -> Row {
    let fields = fields.into_iter().map(|(field, value)| (field, Value::from(value)));
    serde_json::from_value(Value::Object(fields.collect())).expect("texts make a row")
}
