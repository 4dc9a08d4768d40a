//! The rules, one sentence each. The exchange is that of the sample events.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use shared::domain::{LinkKey, Role, Subject, SysId, TableName, Timestamp};
use shared::effect::{Effect, Failures, KnownExchange, Mark, Member, Record, UpdateFields};
use shared::event::{Data, Event, Exchange, ExchangeNews, Passing, Turn};
use shared::mapping::Mapping;
use shared::messages;
use shared::store::{Link, LinkState};

use super::{decide, needs_a_new_incident};
use crate::{Among, Content, Facts, Found, Own, Place};

const FAILED: &str = include_str!("../../../../events/receive-webhook/exchange-failed.json");
const DELAYED: &str = include_str!("../../../../events/receive-webhook/exchange-delayed.json");
const RECOVERED: &str = include_str!("../../../../events/receive-webhook/exchange-recovered.json");
const RECORD: &str = "a3d911b2e30132ebe35c2ddfb2cf852a";
const ANALYST: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MINUTE: i64 = 60_000;

pub(super) fn mapping() -> Arc<Mapping> {
    Arc::new(Mapping::parse(include_str!("../../../../infra/mapping.yaml")).unwrap())
}

pub(super) fn event(sample: &str) -> Event {
    Event::parse(&"trading-grid".parse().unwrap(), sample).unwrap()
}

pub(super) fn exchange(event: &Event) -> Exchange {
    match &event.data {
        Data::Exchange(news) => news.exchange().clone(),
        other => panic!("{other:?}"),
    }
}

fn turn(event: &Event) -> Turn {
    match &event.data {
        Data::Exchange(news) => match &**news {
            ExchangeNews::Seen(turn, _) => *turn,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

pub(super) fn facts(exchange: &Exchange, place: Place) -> Facts {
    Facts {
        mapping: mapping(),
        deployment: "acme".parse().unwrap(),
        subject: Subject::failures(&["x"]),
        now: exchange.at(),
        waiting: 0,
        exchange: exchange.clone(),
        place,
    }
}

fn printed(effects: &[Effect]) -> Vec<String> {
    let failures = Subject::failures(&["GC00804444LX01", "inbound", "810", "missing_tax_data"]);
    let print = |effect: &Effect| effect.to_string().replace(failures.as_str(), "its failures");
    effects.iter().map(print).collect()
}

/// What the stream of an exchange does about a sample, after `minutes`.
fn own(sample: &str, minutes: i64, known: Option<KnownExchange>) -> Vec<String> {
    let event = event(sample);
    let exchange = exchange(&event);
    let classified = match turn(&event) {
        Turn::Recovered => None,
        turn => mapping().classify(turn, &exchange, "").unwrap(),
    };
    let mut facts = facts(&exchange, Place::Exchange(Box::new(Own { known, classified })));
    facts.now = Timestamp::from_millis(exchange.at().millis() + minutes * MINUTE);
    printed(&decide(&event, &facts))
}

fn known(sample: &str, minutes: i64, has_failures: bool) -> KnownExchange {
    let event = event(sample);
    let exchange = exchange(&event);
    KnownExchange {
        turn: turn(&event),
        at: Timestamp::from_millis(exchange.at().millis() + minutes * MINUTE),
        company: exchange.company_id,
        failures: has_failures.then(|| (Subject::failures(&["y"]), "other".parse().unwrap())),
    }
}

#[test]
fn a_final_failure_counts_at_once() {
    assert_eq!(
        own(FAILED, 0, None),
        [
            "keep how the exchange is since 2026-11-22T10:00:00.000Z",
            "pass the exchange on to its failures as missing_tax_data",
        ]
    );
    assert_eq!(own(FAILED, -30, None), own(FAILED, 0, None), "whatever the clocks say");
}

#[test]
fn a_transient_state_waits_out_its_time() {
    let waits = own(DELAYED, 0, None);
    assert_eq!(
        waits[0],
        "the exchange counts as acknowledgement_awaited if it stays so until 2026-11-24T10:00:00.000Z"
    );
    assert_eq!(waits[2], "look at the exchange again at 2026-11-24T10:00:00.000Z");
    let counts = own(DELAYED, 24 * 60, None);
    assert!(counts[1].ends_with("as acknowledgement_awaited"), "{counts:?}");
}

#[test]
fn what_has_counted_as_failed_does_not_wait_again() {
    let failed_before = own(DELAYED, 0, Some(known(FAILED, -60, true)));
    assert!(
        failed_before[1].starts_with("pass the exchange on to "),
        "{failed_before:?}"
    );
    let only_delayed_before = own(DELAYED, 0, Some(known(DELAYED, -60, false)));
    assert!(
        only_delayed_before[2].starts_with("look at the exchange again at "),
        "{only_delayed_before:?}"
    );
}

#[test]
fn a_wait_that_is_over_counts_only_what_has_not_moved() {
    let seen = event(DELAYED);
    let exchange = exchange(&seen);
    let over = facts(&exchange, Place::Over);
    assert_eq!(printed(&decide(&seen, &over)), ["say that the exchange's time is over"]);
    let due = Passing::Due.event(&exchange, &seen.id, seen.time).unwrap();
    let after = |known: Option<KnownExchange>| {
        let classified = mapping().classify(Turn::Delayed, &exchange, "").unwrap();
        let facts = facts(&exchange, Place::Exchange(Box::new(Own { known, classified })));
        printed(&decide(&due, &facts))
    };
    assert!(after(Some(known(DELAYED, 0, false)))[1].ends_with("as acknowledgement_awaited"));
    let moved = ["the exchange has moved on: nothing to do"];
    assert_eq!(after(Some(known(DELAYED, 1, false))), moved);
    assert_eq!(after(Some(known(DELAYED, 0, true))), moved);
    assert_eq!(after(None), moved);
    let mut recovered = known(DELAYED, 0, false);
    recovered.turn = Turn::Recovered;
    assert_eq!(after(Some(recovered)), moved);
}

#[test]
fn a_process_has_one_incident_however_it_fails_later() {
    let again = own(FAILED, 0, Some(known(DELAYED, -24 * 60 - 1, true)));
    let first = Subject::failures(&["y"]);
    assert_eq!(again[1], format!("pass the exchange on to {first} as other"));
}

#[test]
fn what_is_older_or_of_another_partner_changes_nothing() {
    let newer = Some(known(FAILED, 1, false));
    assert_eq!(
        own(FAILED, 0, newer),
        ["something newer of the exchange is known: nothing to do"]
    );
    let mut anothers = known(FAILED, -1, true);
    anothers.company = Some("GC1".parse().unwrap());
    assert_eq!(
        own(RECOVERED, 0, Some(anothers)),
        ["refused: the exchange belongs to another partner"]
    );
}

#[test]
fn a_success_opens_nothing_and_is_remembered() {
    let told = "the exchange went through, and had no incident";
    assert_eq!(own(RECOVERED, 0, None)[1], told);
    assert_eq!(own(RECOVERED, 0, Some(known(DELAYED, 0, false)))[1], told);
    let recovers = own(RECOVERED, 0, Some(known(FAILED, 0, true)));
    assert!(recovers[1].starts_with("pass the exchange on to "), "{recovers:?}");
}

fn link_of(number: &str) -> LinkKey {
    LinkKey {
        role: Role::Incident,
        discriminator: number.to_owned(),
    }
}

/// An incident with so many failures, of which so many still fail.
pub(super) fn found(number: &str, count: u64, failing: u64) -> Found {
    let exchange = exchange(&event(FAILED));
    let failures = Failures {
        incident: link_of(number),
        count,
        failing,
        first_at: exchange.at(),
        last_at: exchange.at(),
        samples: vec!["810".to_owned()],
        is_resolved_by_us: false,
        cause: Some(Subject::cause(&["x"])),
    };
    let description = messages::exchange_incident(&exchange, "Contoso", "", None, &failures);
    let values = [("description", description.as_str()), ("assigned_to", ANALYST)];
    let base = values.map(|(field, value)| (field.to_owned(), value.to_owned())).into();
    let record = Record {
        link: link_of(number),
        table: "incident".parse().unwrap(),
        sys_id: RECORD.parse().unwrap(),
    };
    let mut found = Found {
        failures,
        link: Link {
            state: LinkState::Linked,
            record,
            correlation: "X".to_owned(),
            number: number.to_owned(),
            base,
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
        row: None,
    };
    set(
        &mut found,
        &[("state", "1"), ("assigned_to", ANALYST), ("description", &description)],
    );
    found
}

/// The record as somebody left it.
fn set(found: &mut Found, values: &[(&str, &str)]) {
    let mut row: BTreeMap<String, serde_json::Value> = BTreeMap::new();
    for field in ["state", "assigned_to", "description"] {
        let before = found.row.as_ref().map_or("", |row| row.text(field));
        row.insert(field.to_owned(), json!(before));
    }
    row.extend(values.iter().map(|(field, value)| ((*field).to_owned(), json!(value))));
    found.row = Some(row.into());
}

fn member(is_failing: bool, number: &str) -> Member {
    let exchange = exchange(&event(FAILED));
    Member {
        at: exchange.at(),
        exchange: exchange.correlation_id,
        is_failing,
        incident: Some(link_of(number)),
    }
}

/// What the stream of failures does when the exchange is passed on to it.
fn among(sample: &str, change: impl FnOnce(&mut Facts, &mut Among)) -> Vec<Effect> {
    let seen = event(sample);
    let exchange = exchange(&seen);
    let passing = Passing::Failures {
        failures: Subject::failures(&["x"]),
        class: "missing_tax_data".parse().unwrap(),
        turn: turn(&seen),
    };
    let passed = passing.event(&exchange, &seen.id, seen.time).unwrap();
    let group: SysId = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb".parse().unwrap();
    let mut facts = facts(&exchange, Place::Over);
    let mut among = Among {
        member: None,
        own: None,
        current: None,
        content: Some(Content {
            classified: mapping().classify(Turn::Failed, &exchange, "Contoso").unwrap().unwrap(),
            table: "incident".parse().unwrap(),
            group,
            assigned_to: Ok(Some(ANALYST.parse().unwrap())),
            partner: Some((
                TableName::try_from("company".to_owned()).unwrap(),
                RECORD.parse().unwrap(),
            )),
            partner_name: "Contoso".to_owned(),
        }),
    };
    change(&mut facts, &mut among);
    facts.place = Place::Failures(Box::new(among));
    decide(&passed, &facts)
}

/// What is set; of a description, so much of the count that follows `before`.
pub(super) fn set_in(update: &UpdateFields, before: &str, length: usize) -> String {
    let set = update.set.iter().filter(|(field, _)| *field != "close_notes");
    let set = set.map(|(field, change)| match field.as_str() {
        "description" => change
            .to
            .rsplit_once(before)
            .map_or("?", |(_, count)| &count[..length])
            .to_owned(),
        field => format!("{field}={}", change.to),
    });
    format!("set {}", set.collect::<Vec<_>>().join(", "))
}

fn text(effects: &[Effect]) -> String {
    let created = effects.iter().find_map(|effect| match effect {
        Effect::CreateRecord(create) => Some(create.record.link.discriminator.as_str()),
        _ => None,
    });
    effects
        .iter()
        .map(|effect| match effect {
            Effect::CreateRecord(_) => "create".to_owned(),
            Effect::UpdateFields(update) => set_in(update, "way: ", 28),
            Effect::AddJournal(add) => format!("note {}", add.what.split(' ').next().unwrap_or_default()),
            Effect::Mark(Mark::Member(member)) => {
                let incident = member.incident.as_ref().map_or("none", |link| &link.discriminator);
                format!(
                    "member of {incident}: {}",
                    if member.is_failing { "fails" } else { "went through" }
                )
            }
            Effect::Mark(Mark::Failures(failures)) => {
                let who = if failures.is_resolved_by_us { " by us" } else { "" };
                format!("{}/{}{who}", failures.failing, failures.count)
            }
            Effect::Mark(Mark::Current { .. }) => "current".to_owned(),
            Effect::PassOn(Passing::Cause {
                incident, is_failing, ..
            }) => {
                let how = if *is_failing { "fails" } else { "is over" };
                format!("{} {how}", incident.incident.discriminator)
            }
            other => other.to_string(),
        })
        .collect::<Vec<_>>()
        .join(" | ")
        .replace(created.unwrap_or("nothing new"), "new")
}

#[test]
fn a_first_failure_opens_an_incident_with_all_that_is_known() {
    let effects = among(FAILED, |_, _| ());
    let Effect::CreateRecord(create) = &effects[0] else {
        panic!("{effects:?}")
    };
    insta::assert_snapshot!(create.fields["description"], @r"
    Document 810: Validation error, since 2026-11-22 10:00:00 (UTC).
    TXI segment is missing: tax data is mandatory for this receiver

    What to do next: Ask the partner for the missing tax data (tax identification, rate or amount), or complete it in your own master data, and have the invoice sent again. The incident resolves itself when it goes through.

    Partner: Contoso (GC00804444LX01)
    Error type: VALIDATION
    Error code: 4012
    Document type: 810
    Direction: inbound
    Sender address: ZZ:CONTOSO
    Receiver address: 01:147678796
    Interchange control number: 000000815
    Invoice number: 90071
    Purchase order number: 4500012377
    Lens transaction: TG16-PROD-7b1d2c9e-52b3-4a41-8f3e-0d9c8b7a6f51
    Lens process: 60e20a6e-5a6f-4b5c-8f6a-1f2b3c4d5e6f
    Lens: https://tradinggrid.opentext.com/lens/app/transactions/TG16-PROD-7b1d2c9e-52b3-4a41-8f3e-0d9c8b7a6f51/details

    Exchanges that failed in this way: 1, of which 1 still fail. First 2026-11-22 10:00:00, last 2026-11-22 10:00:00 (UTC).
    - 810 · invoice number 90071, purchase order number 4500012377 · TG16-PROD-7b1d2c9e-52b3-4a41-8f3e-0d9c8b7a6f51
    ");
    let of = |field: &str| create.fields[field].as_str();
    assert_eq!(of("short_description"), "Contoso: invoice 90071 lacks tax data");
    assert_eq!((of("impact"), of("urgency"), of("assigned_to")), ("2", "1", ANALYST));
    assert_eq!((of("company"), of("category")), (RECORD, "software"));
}

#[test]
fn a_nobody_to_assign_to_is_said() {
    let effects = among(FAILED, |_, among| {
        among.content.as_mut().unwrap().assigned_to = Err("the group has no active manager".to_owned());
    });
    assert!(text(&effects).contains("assigned to its group only: the group has no active manager"));
}

#[test]
fn failures_of_one_kind_join_one_incident_within_the_window() {
    let joins = |change: fn(&mut Facts, &mut Found)| {
        text(&among(FAILED, |facts, among| {
            let mut current = found("INC1", 3, 1);
            change(facts, &mut current);
            among.current = Some(current);
        }))
    };
    assert_eq!(
        joins(|_, _| ()),
        "set 4, of which 2 still fail. Fi | joins INC1: 4 exchanges failed, 2 still do | member of INC1: fails | 2/4"
    );
    // A storm: who waits behind writes the count.
    assert_eq!(
        joins(|facts, _| facts.waiting = 7),
        "joins INC1: 4 exchanges failed, 2 still do | member of INC1: fails | 2/4"
    );
    let is_new = "create | new fails | member of new: fails | 1/1 | current";
    let long_after = |facts: &mut Facts, _: &mut Found| {
        let at = facts.exchange.status_at.millis();
        facts.exchange.status_at = Timestamp::from_millis(at + 241 * MINUTE);
    };
    assert_eq!(joins(long_after), is_new);
    // What an agent resolved or closed stays so, and so does what was deleted.
    assert_eq!(joins(|_, current| set(current, &[("state", "6")])), is_new);
    assert_eq!(joins(|_, current| set(current, &[("state", "7")])), is_new);
    assert_eq!(joins(|_, current| current.row = None), is_new);
    // What we resolved opens again.
    assert_eq!(
        joins(|_, current| {
            current.failures.is_resolved_by_us = true;
            set(current, &[("state", "6")]);
        }),
        "INC1 is finished: it is opened again | set 4, of which 2 still fail. Fi, state=2 | note reopening | joins INC1: \
         4 exchanges failed, 2 still do | member of INC1: fails | 2/4"
    );
}

#[test]
fn a_new_incident_leaves_the_right_count_on_the_one_before() {
    let effects = text(&among(FAILED, |facts, among| {
        let mut current = found("INC1", 3, 1);
        // The last of the failures did not write it, because more was to come.
        (current.failures.count, current.failures.failing) = (5, 3);
        facts.exchange.status_at = Timestamp::from_millis(facts.exchange.status_at.millis() + 241 * MINUTE);
        facts.waiting = 2;
        among.current = Some(current);
    }));
    assert_eq!(
        effects,
        "set 5, of which 3 still fail. Fi | create | new fails | member of new: fails | 1/1 | current"
    );
}

#[test]
fn an_edited_description_is_left_and_the_count_is_a_note() {
    let effects = text(&among(FAILED, |_, among| {
        let mut current = found("INC1", 3, 1);
        set(&mut current, &[("description", "Mine.")]);
        among.current = Some(current);
    }));
    assert_eq!(
        effects,
        "note count | joins INC1: 4 exchanges failed, 2 still do | member of INC1: fails | 2/4"
    );
}

fn recovers(count: u64, failing: u64, change: impl FnOnce(&mut Facts, &mut Found)) -> String {
    text(&among(RECOVERED, |facts, among| {
        let mut own = found("INC1", count, failing);
        change(facts, &mut own);
        among.member = Some(member(true, "INC1"));
        among.own = Some(own);
    }))
}

#[test]
fn an_incident_resolves_itself_when_everything_went_through() {
    assert_eq!(
        recovers(3, 1, |_, _| ()),
        "member of INC1: went through | everything of INC1 went through: it is resolved | set \
         close_code=Solution provided, 3, of which 0 still fail. Fi, state=6 | INC1 is over | 0/3 by us"
    );
    assert_eq!(
        recovers(3, 2, |_, _| ()),
        "member of INC1: went through | set 3, of which 1 still fail. Fi | 1/3"
    );
    assert_eq!(
        recovers(3, 2, |facts, _| facts.waiting = 1),
        "member of INC1: went through | 1/3"
    );
}

#[test]
fn an_incident_that_an_agent_took_over_only_gets_a_note() {
    let only_a_note =
        "member of INC1: went through | note recovery | set 3, of which 0 still fail. Fi | INC1 is over | 0/3";
    for taken in [
        [("state", "2"), ("assigned_to", ANALYST)],
        [("state", "1"), ("assigned_to", "cccccccccccccccccccccccccccccccc")],
    ] {
        assert_eq!(recovers(3, 1, |_, own| set(own, &taken)), only_a_note, "{taken:?}");
    }
    let finished = recovers(1, 1, |_, own| set(own, &[("state", "6")]));
    assert_eq!(
        finished,
        "member of INC1: went through | INC1 is finished: nothing to do | INC1 is over | 0/1"
    );
    // Where we opened it again ourselves, nobody has taken it over.
    let ours = recovers(1, 1, |_, own| {
        own.link.base.insert("state".to_owned(), "2".to_owned());
        set(own, &[("state", "2")]);
    });
    assert!(ours.contains("it is resolved"), "{ours}");
}

#[test]
fn a_reject_that_follows_opens_the_incident_again() {
    let rejected = |state: &str| {
        text(&among(FAILED, |_, among| {
            let mut own = found("INC1", 2, 0);
            set(&mut own, &[("state", state)]);
            among.member = Some(member(false, "INC1"));
            among.own = Some(own);
        }))
    };
    assert_eq!(
        rejected("6"),
        "INC1 is finished: it is opened again | set 2, of which 1 still fail. Fi, state=2 | note reopening | \
         INC1 fails | member of INC1: fails | 1/2"
    );
    assert_eq!(
        rejected("2"),
        "note failure | set 2, of which 1 still fail. Fi | INC1 fails | member of INC1: fails | 1/2"
    );
    assert_eq!(
        rejected("7"),
        "create | new fails | member of new: fails | 1/1 | current"
    );
}

#[test]
fn a_failure_that_turns_into_another_is_counted_once() {
    let again = |state: &str| {
        text(&among(FAILED, |_, among| {
            let mut own = found("INC1", 2, 2);
            set(&mut own, &[("state", state)]);
            among.member = Some(member(true, "INC1"));
            among.own = Some(own);
        }))
    };
    assert_eq!(again("2"), "note failure | member of INC1: fails");
    assert_eq!(
        again("6"),
        "INC1 is finished: it is opened again | set state=2 | note reopening | member of INC1: fails"
    );
    // Closed for good: the failure moves to a new incident, and is counted there only.
    assert_eq!(
        again("7"),
        "create | 1/2 | new fails | member of new: fails | 1/1 | current"
    );
}

/// An incident whose count an earlier event has left behind, because more was to come.
fn behind(number: &str) -> Found {
    let mut found = found(number, 3, 1);
    (found.failures.count, found.failures.failing) = (5, 3);
    found
}

#[test]
fn the_last_event_of_a_burst_writes_the_count_whatever_it_is() {
    let caught_up = |sample: &str, waiting, change: fn(&mut Among)| {
        let effects = text(&among(sample, |facts, among| {
            facts.waiting = waiting;
            among.current = Some(behind("INC1"));
            change(among);
        }));
        effects.contains("set 5, of which 3 still fail.")
    };
    let late: fn(&mut Among) = |among| {
        let mut member = member(false, "INC2");
        member.at = Timestamp::from_millis(member.at.millis() + 1);
        among.member = Some(member);
        among.own = Some(found("INC2", 1, 0));
    };
    let still_fails: fn(&mut Among) = |among| {
        among.member = Some(member(true, "INC2"));
        among.own = Some(found("INC2", 2, 2));
    };
    let never_failed: fn(&mut Among) = |_| ();
    for (sample, change) in [(FAILED, late), (FAILED, still_fails), (RECOVERED, never_failed)] {
        assert!(caught_up(sample, 0, change), "{sample}");
        assert!(!caught_up(sample, 1, change), "{sample}");
    }
    // The one that is written anyway is written once.
    let own = text(&among(FAILED, |_, among| among.current = Some(behind("INC1"))));
    assert_eq!(own.matches("set ").count(), 1, "{own}");
    assert!(own.starts_with("set 6, of which 4 still fail."), "{own}");
}

#[test]
fn the_last_failure_that_moves_to_another_incident_ends_the_old_one() {
    let moves = |failing| {
        text(&among(FAILED, |_, among| {
            let mut own = found("INC1", 2, failing);
            set(&mut own, &[("state", "7")]);
            among.member = Some(member(true, "INC1"));
            among.own = Some(own);
        }))
    };
    assert!(moves(1).contains("INC1 is over | 0/2"), "{}", moves(1));
    assert!(!moves(2).contains("INC1 is over"), "{}", moves(2));
}

#[test]
fn what_a_new_incident_is_made_of_is_read_only_where_one_is_made() {
    let mapping = mapping();
    let rules = mapping.exchanges.as_ref().unwrap();
    let exchange = exchange(&event(FAILED));
    let needs = |after: i64, state: &str| {
        let mut member = member(true, "INC1");
        member.at = Timestamp::from_millis(member.at.millis() + after);
        let mut own = found("INC1", 1, 1);
        set(&mut own, &[("state", state)]);
        let among = Among {
            member: Some(member),
            own: Some(own),
            current: None,
            content: None,
        };
        needs_a_new_incident(&mapping, rules, &exchange, &among)
    };
    assert!(needs(0, "7"));
    assert!(!needs(0, "2"));
    assert!(!needs(1, "7"), "late news opens nothing");
}

#[test]
fn late_news_of_an_exchange_changes_nothing() {
    let effects = text(&among(FAILED, |_, among| {
        let mut member = member(false, "INC1");
        member.at = Timestamp::from_millis(member.at.millis() + 1);
        among.member = Some(member);
        among.own = Some(found("INC1", 1, 0));
    }));
    assert_eq!(effects, "something newer of the exchange is known: nothing to do");
    let first = text(&among(RECOVERED, |_, _| ()));
    assert_eq!(
        first,
        "member of none: went through | the exchange went through, and is no failure here"
    );
}
