//! What is decided of threads and tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use relay_status::{Conversation, Said};
use shared::domain::{OutcomeState, Timestamp};
use shared::effect::{Ending, Journal, Outcome, Record};
use shared::mapping::Mapping;
use shared::messages::PublicComment;

use super::*;
use crate::{Changed, Content, Gone};

const MAPPING: &str = include_str!("../../../../infra/mapping.yaml");
const POSTED: &str = include_str!("../../../../events/receive-webhook/thread-message-posted.json");
const REQUESTED: &str = include_str!("../../../../events/receive-webhook/thread-document-requested.json");
const WITHDRAWN: &str = include_str!("../../../../events/receive-webhook/thread-document-request-withdrawn.json");
const PROVIDED: &str = include_str!("../../../../events/receive-webhook/thread-document-provided.json");
const CHANGED: &str = include_str!("../../../../events/receive-webhook/servicenow-record-changed.json");

fn event(sample: &str) -> Event {
    Event::parse(&"trading-grid".parse().unwrap(), sample).unwrap()
}

/// A message with these words.
fn message(text: &str) -> Event {
    let mut json: serde_json::Value = serde_json::from_str(POSTED).unwrap();
    json["data"]["message"]["text"] = text.into();
    event(&json.to_string())
}

fn news(event: &Event) -> &ThreadNews {
    match &event.data {
        Data::Thread(news) => news,
        other => panic!("{other:?}"),
    }
}

fn link(wish: &str, rule: &str) -> Link {
    let (kind, id) = wish.split_once(' ').unwrap();
    let wish = match kind {
        "message" => WishId::Message(id.parse().unwrap()),
        _ => WishId::Request(id.parse().unwrap()),
    };
    Link {
        state: LinkState::Linked,
        record: Record {
            link: LinkKey::of_thread(&wish),
            table: "sc_task".parse().unwrap(),
            sys_id: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
        },
        correlation: format!("THR-77/{id}"),
        number: format!("SCTASK-{id}"),
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
        rule: Some(rule.parse().unwrap()),
        answered: None,
    }
}

fn task(wish: &str, rule: &str, is_open: bool) -> Task {
    Task {
        link: link(wish, rule),
        is_open,
    }
}

fn content() -> Content {
    let fields = [
        ("short_description", "Northwind: packing list"),
        ("description", "Please."),
    ];
    Content {
        table: "sc_task".parse().unwrap(),
        parent: Some(("parent".parse().unwrap(), "c".repeat(32).parse().unwrap())),
        group: "b".repeat(32).parse().unwrap(),
        partner: Some(("company".parse().unwrap(), "d".repeat(32).parse().unwrap())),
        fields: fields.map(|(field, text)| (field.to_owned(), text.to_owned())).into(),
        earlier: vec!["- Ada: The plant is wrong.".to_owned()],
        due: Timestamp::from_millis(1_800_000_000_000),
    }
}

/// What is decided of an act in a thread with these tasks, by the shipped rules.
fn effects(event: &Event, mapping: &str, tasks: Vec<Task>, change: impl FnOnce(&mut News)) -> Vec<Effect> {
    let mapping = Arc::new(Mapping::parse(mapping).unwrap());
    let news = news(event);
    let wish = news.wish();
    let rule = wish.and_then(|wish| mapping.task_rule(&news.thread, &wish).unwrap().cloned());
    let mut found = News {
        tasks,
        rule,
        answered: None,
        content: Some(content()),
        partner_name: "Northwind".to_owned(),
        documents_before: 0,
    };
    change(&mut found);
    decide(event, &facts(mapping, Place::Thread(Box::new(found))))
}

fn facts(mapping: Arc<Mapping>, place: Place) -> Facts {
    Facts {
        mapping,
        deployment: "test".parse().unwrap(),
        subject: "threads/GC41543822654A/THR-77".to_owned().try_into().unwrap(),
        number: 7,
        place,
    }
}

fn decided(event: &Event, tasks: Vec<Task>) -> Vec<String> {
    lines(&effects(event, MAPPING, tasks, |_| ()))
}

/// What is said of effects, ids shortened.
fn lines(effects: &[Effect]) -> Vec<String> {
    let short = |word: &str| match word.len() {
        32 | 64 => word[..1].to_owned(),
        _ => word.to_owned(),
    };
    let line = |effect: &Effect| effect.to_string().split(' ').map(short).collect::<Vec<_>>().join(" ");
    effects.iter().map(line).collect()
}

#[test]
fn a_request_makes_a_task_with_all_that_a_person_needs() {
    let made = effects(&event(REQUESTED), MAPPING, Vec::new(), |_| ());
    let [Effect::Tell { text }, Effect::CreateRecord(create)] = made.as_slice() else {
        panic!("{made:?}")
    };
    assert_eq!(
        text,
        "the rule corrected-shipping-document makes a task of the request REQ-9"
    );
    assert_eq!(create.correlation, "THR-77/REQ-9");
    assert_eq!(create.rule.as_ref().unwrap().as_str(), "corrected-shipping-document");
    let fields = create.fields.iter().map(|(field, value)| format!("{field}: {value}"));
    insta::assert_snapshot!(fields.collect::<Vec<_>>().join("\n"), @r"
    assignment_group: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
    company: dddddddddddddddddddddddddddddddd
    description: Please.

    Asked on Trading Grid by Ada Okafor of Northwind (GC41543822654A), thread THR-77: Shipping documents of purchase order 4500012345.

    Earlier in the thread:
    - Ada: The plant is wrong.
    due_date: 2027-01-15 08:00:00
    parent: cccccccccccccccccccccccccccccccc
    short_description: Northwind: packing list
    ");
}

#[test]
fn whoever_tells_of_the_same_wish_again_makes_no_second_task() {
    let known = task("request REQ-9", "corrected-shipping-document", false);
    assert_eq!(
        decided(&event(REQUESTED), vec![known]),
        ["the request REQ-9 has the task SCTASK-REQ-9: nothing to do"]
    );
    // An earlier try may have made it: the same record is made again, which the primary key refuses.
    let mut intent = task("request REQ-9", "corrected-shipping-document", false);
    intent.link.state = LinkState::Intent;
    assert_eq!(decided(&event(REQUESTED), vec![intent]).len(), 2);
}

#[test]
fn a_request_is_a_task_of_its_own_and_a_message_goes_where_its_rule_has_one() {
    let rule = "corrected-shipping-document";
    let open = || {
        vec![
            task("message MSG-1", rule, true),
            task("request REQ-1", "connection", true),
        ]
    };
    assert!(decided(&event(REQUESTED), open())[0].starts_with("the rule corrected-shipping-document makes a task"));
    let asking = message("Please send the corrected packing list.");
    assert_eq!(
        decided(&asking, open()),
        [
            "the rule corrected-shipping-document has an open task: the message MSG-20 goes to SCTASK-MSG-1",
            "add message MSG-20 to comments of sc_task a"
        ]
    );
    let done = vec![task("message MSG-1", rule, false)];
    assert!(decided(&asking, done)[0].contains("makes a task of the message MSG-20"));
}

#[test]
fn chatter_goes_to_the_newest_open_task_or_the_one_that_it_answers_and_makes_none() {
    let thanks = message("Thanks!");
    assert_eq!(
        decided(&thanks, vec![task("message MSG-1", "connection", false)]),
        ["no rule makes a task of the message MSG-20, and none is open: nothing is done"]
    );
    let open = || {
        vec![
            task("message MSG-1", "connection", true),
            task("request REQ-1", "connection", true),
        ]
    };
    assert_eq!(
        decided(&thanks, open())[0],
        "no rule makes a task of the message MSG-20: it goes to the open task SCTASK-REQ-1"
    );
    let answer = effects(&thanks, MAPPING, open(), |found| {
        found.answered = Some(link("message MSG-1", "connection").record.link);
    });
    assert!(lines(&answer)[0].ends_with("it goes to the open task SCTASK-MSG-1"));
}

#[test]
fn a_withdrawal_goes_to_its_own_task_only_and_a_document_to_the_newest() {
    let open = || {
        vec![
            task("request REQ-9", "connection", true),
            task("request REQ-1", "connection", true),
        ]
    };
    assert_eq!(
        decided(&event(WITHDRAWN), open()),
        [
            "the withdrawal of the request REQ-9 goes to the open task SCTASK-REQ-9",
            "add withdrawal of request REQ-9 to comments of sc_task a"
        ]
    );
    assert_eq!(
        decided(&event(WITHDRAWN), vec![task("request REQ-1", "connection", true)]),
        ["the withdrawal of the request REQ-9 is about no open task: nothing is done"]
    );
    assert_eq!(
        decided(&event(PROVIDED), open()),
        [
            "the document doc-asn-856 goes to the open task SCTASK-REQ-1",
            "attach document doc-asn-856 2 to sc_task a"
        ]
    );
}

#[test]
fn a_rule_that_is_not_on_says_what_it_would_do_or_that_it_does_nothing() {
    let with = |mode: &str| {
        let rule = "    - name: corrected-shipping-document\n      mode: on";
        let mapping = MAPPING.replace(rule, &rule.replace("mode: on", mode));
        assert_ne!(mapping, MAPPING);
        lines(&effects(&event(REQUESTED), &mapping, Vec::new(), |_| ()))
    };
    assert_eq!(
        with("mode: off"),
        ["the rule corrected-shipping-document for the request REQ-9 is off: nothing is done"]
    );
    let shadow = with("mode: shadow");
    assert!(
        shadow[0].starts_with("shadow of corrected-shipping-document: would create sc_task"),
        "{shadow:?}"
    );
}

#[test]
fn a_rule_that_is_not_on_withholds_no_message_from_the_task_that_is_open() {
    let rule = "    - name: corrected-shipping-document\n      mode: on";
    for mode in ["mode: off", "mode: shadow"] {
        let mapping = MAPPING.replace(rule, &rule.replace("mode: on", mode));
        let open = vec![task("request REQ-1", "connection", true)];
        let asked = message("Please send us the corrected bill of lading.");
        let done = lines(&effects(&asked, &mapping, open, |_| ()));
        assert!(done[0].starts_with("no rule makes a task of the message"), "{done:?}");
        assert!(done[0].ends_with("it goes to the open task SCTASK-REQ-1"), "{done:?}");
        assert!(done[1].starts_with("add message"), "{done:?}");
    }
}

#[test]
fn what_does_not_fit_is_attached_whole_and_old_messages_are_left_out_first() {
    let many = (0..20).map(|number| format!("- Ada: {number} {}", "x".repeat(400)));
    let made = effects(&event(REQUESTED), MAPPING, Vec::new(), |found| {
        found.content.as_mut().unwrap().earlier = many.collect();
    });
    let Some(Effect::CreateRecord(create)) = made.get(1) else {
        panic!("{made:?}")
    };
    let description = &create.fields["description"];
    assert!(description.contains("- Ada: 19 ") && !description.contains("- Ada: 0 "));
    assert!(description.starts_with("Please.") && description.chars().count() <= messages::DESCRIPTION);
    let long = effects(&event(REQUESTED), MAPPING, Vec::new(), |found| {
        let fields = &mut found.content.as_mut().unwrap().fields;
        fields.insert("description".to_owned(), "y".repeat(5_000));
    });
    assert!(
        lines(&long)[2].starts_with("attach text request-REQ-9.txt to"),
        "{:?}",
        lines(&long)
    );
}

fn outcome(state: OutcomeState, label: &str) -> Outcome {
    Outcome {
        state,
        label: label.to_owned(),
        text: None,
        expected: None,
        resolution: None,
    }
}

/// What is decided of news of the task of a request; the partner knows all but what a test adds.
fn of_task(change: impl FnOnce(&mut Changed)) -> Vec<String> {
    let mapping = Mapping::parse(MAPPING).unwrap();
    let known = outcome(OutcomeState::InProgress, "as before");
    let mut link = link("request REQ-9", "corrected-shipping-document");
    link.told = Some(known.digest());
    let mut changed = Changed {
        has_moved: false,
        updated: Timestamp::from_millis(5000),
        outcome: Some(known),
        conversation: Conversation {
            record: link.record.clone(),
            comments: Vec::new(),
            files: Vec::new(),
            documents: mapping.documents_to_partner.clone(),
            desk: "Partner Support".to_owned(),
            ledger: Vec::new(),
        },
        delivered: BTreeSet::new(),
        link,
    };
    change(&mut changed);
    let event = Event::parse(&"servicenow".parse().unwrap(), CHANGED).unwrap();
    lines(&decide(
        &event,
        &facts(Arc::new(mapping), Place::Task(Box::new(changed))),
    ))
}

#[test]
fn only_a_change_of_the_outcome_is_told() {
    assert_eq!(of_task(|_| ()), [""; 0]);
    let moved = of_task(|changed| changed.outcome = Some(outcome(OutcomeState::WaitingForPartner, "waiting for you")));
    assert_eq!(moved, ["tell the partner: waiting for you"]);
}

#[test]
fn a_request_ends_with_its_first_document_or_with_its_task_and_once() {
    let delivered = || BTreeSet::from(["doc-1".to_owned()]);
    assert_eq!(
        of_task(|changed| changed.delivered = delivered()),
        ["close the request REQ-9 with what was delivered"]
    );
    let known = |changed: &mut Changed| {
        changed.delivered = delivered();
        changed.link.answered = Some(Ending::Delivered.digest(&BTreeSet::from(["doc-1"])));
    };
    assert_eq!(of_task(known), [""; 0]);
    let done = of_task(|changed| {
        known(changed);
        changed.outcome = Some(outcome(OutcomeState::Done, "done"));
    });
    assert_eq!(done, ["tell the partner: done"], "nothing new of the request");
    let declined = of_task(|changed| {
        known(changed);
        changed.outcome = Some(outcome(OutcomeState::Declined, "declined"));
    });
    assert_eq!(
        declined,
        ["close the request REQ-9 as declined", "tell the partner: declined"]
    );
}

#[test]
fn comments_go_into_the_thread_and_a_task_without_words_tells_nothing() {
    let said = || {
        let sys_id = "e".repeat(32).parse().unwrap();
        let created = Timestamp::from_millis(1000);
        Said {
            comment: PublicComment::of(Journal::Comments, sys_id, created, None, "Here.".to_owned()).unwrap(),
            is_new: true,
            author: "Partner Support".to_owned(),
            is_obeyed: false,
            shares: Vec::new(),
        }
    };
    let shown = of_task(|changed| changed.conversation.comments = vec![said()]);
    assert_eq!(shown, ["show the comment e of sc_task a to the partner in the thread"]);
    let silent = of_task(|changed| {
        changed.conversation.comments = vec![said()];
        changed.outcome = None;
    });
    assert_eq!(silent.len(), 1, "{silent:?}");
    assert!(silent[0].ends_with("for which the mapping has no words: the partner is told nothing"));
}

#[test]
fn only_of_a_deleted_task_is_anything_told() {
    let told = |deleted: Option<Timestamp>| {
        let gone = Gone {
            link: link("request REQ-9", "connection"),
            deleted,
            outcome: Some(outcome(OutcomeState::InProgress, "being checked")),
        };
        let mapping = Arc::new(Mapping::parse(MAPPING).unwrap());
        let event = Event::parse(&"servicenow".parse().unwrap(), CHANGED).unwrap();
        lines(&decide(&event, &facts(mapping, Place::Gone(Box::new(gone)))))
    };
    assert_eq!(
        told(Some(Timestamp::from_millis(1)))[1],
        "tell the partner: being checked"
    );
    assert_eq!(told(None).len(), 1);
}
