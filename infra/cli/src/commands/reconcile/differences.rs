//! What does not agree, by kind, and what can be done about it: pure.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use shared::domain::{Lane, Stream, Subject, SysId, Timestamp, UseCase};
use shared::effect::{CreateRecord, Record};
use shared::event::{Destination, Event};
use shared::poll::Untold;
use shared::store::{Adoption, Behind, Link, LinkState, Survey};

/// An intent that is older was forgotten.
const INTENT: Duration = Duration::from_secs(600);
/// A stream that should have been looked at this long ago is not looked at.
const OVERDUE: Duration = Duration::from_secs(300);

/// The kinds of differences, named as in the literature of reconciliation; those that this design has no room for are
/// missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Several records bear one key.
    K1,
    /// A record that belongs to a subject is not there.
    K2,
    /// A record was intended and never made, or never known to be made.
    K3,
    /// A record bears our key, and belongs to no subject.
    K4,
    /// Something happened in the community, or to an exchange, that was never accepted.
    K5,
    /// A link and the way back from its record disagree.
    K6,
    /// Something was accepted from outside, and is overdue.
    K7,
    /// Something is overdue that the partner is to be told.
    K8,
    /// A record changed, and that was never accepted.
    K9,
    /// A comment that was shown to the partner is not there.
    K10,
}

impl Kind {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::K1 => "K1",
            Kind::K2 => "K2",
            Kind::K3 => "K3",
            Kind::K4 => "K4",
            Kind::K5 => "K5",
            Kind::K6 => "K6",
            Kind::K7 => "K7",
            Kind::K8 => "K8",
            Kind::K9 => "K9",
            Kind::K10 => "K10",
        }
    }

    /// What it means, in a few words.
    pub fn title(self) -> &'static str {
        match self {
            Kind::K1 => "several records of one key",
            Kind::K2 => "a record is gone",
            Kind::K3 => "a record was only intended",
            Kind::K4 => "a record without a link",
            Kind::K5 => "news of Trading Grid never came",
            Kind::K6 => "a link without its way back",
            Kind::K7 => "accepted and overdue",
            Kind::K8 => "the partner is overdue to be told",
            Kind::K9 => "a push of ServiceNow never came",
            Kind::K10 => "a comment is gone from the community",
        }
    }
}

/// What can be done about a difference.
#[derive(Debug, Clone)]
pub enum Repair {
    /// The event is accepted, as if it had been pushed.
    Accept(Box<Event>),
    /// As [`Repair::Accept`], once an operator says that the record was deleted, and not hidden.
    TellDeletion(Box<Event>),
    /// The stream is made due where it is not, and its owner rung.
    Ring(Stream, UseCase),
    /// The record is linked.
    Link(Box<Adoption>),
    /// The intended record is there: its link says so.
    Linked(Subject, Box<CreateRecord>, String),
    /// The way back from the record is put.
    WayBack(Subject, Record),
}

/// Something that does not agree.
#[derive(Debug, Clone)]
pub struct Difference {
    /// Of which kind.
    pub kind: Kind,
    /// Whose it is; empty where nobody's.
    pub subject: String,
    /// What was found, without contents.
    pub what: String,
    /// What would be done, or what a person can do.
    pub remedy: String,
    /// What can be done without a person.
    pub repair: Option<Repair>,
}

/// What both sides and the table have.
#[derive(Debug, Default)]
pub struct Facts {
    /// What both sides tell and was never accepted.
    pub untold: Untold,
    /// News of exchanges that polls of Lens should have told, the oldest first.
    pub exchanges: Vec<Event>,
    /// What of the table may not agree.
    pub survey: Survey,
    /// Whose each known record is.
    pub ways: BTreeMap<SysId, Subject>,
    /// Linked records that are not there, each with the event that tells it, unless it was told.
    pub gone: Vec<(Subject, Link, Option<Event>)>,
    /// Intended records that are there, with their numbers.
    pub made: BTreeMap<SysId, String>,
    /// Numbers of several records that bear one key, by key.
    pub doubles: BTreeMap<String, Vec<String>>,
    /// Records that bear our name and belong to nobody, by number; with a link where their key verifies.
    pub unlinked: Vec<(String, Option<Adoption>)>,
    /// Comments that were posted and are not there, with whose they are.
    pub unposted: Vec<(Subject, String)>,
}

/// Compares.
pub fn differences(facts: &Facts, now: Timestamp) -> Vec<Difference> {
    let mut found = doubles(facts);
    found.extend(gone(facts));
    let (intended, rung) = intended(facts, now);
    found.extend(intended);
    found.extend(unlinked(facts));
    let community = facts.untold.feed.iter().chain(&facts.exchanges);
    found.extend(community.map(|event| untold(facts, Kind::K5, event)));
    found.extend(ways_back(facts));
    found.extend(overdue(facts, now, &rung));
    found.extend(facts.untold.records.iter().map(|event| untold(facts, Kind::K9, event)));
    found.extend(facts.unposted.iter().map(|(subject, comment)| Difference {
        kind: Kind::K10,
        subject: subject.to_string(),
        what: format!("the comment {comment} was posted, and the community has it no more"),
        remedy: "ask the community whether somebody removed it; it is not posted again".to_owned(),
        repair: None,
    }));
    found
}

fn doubles(facts: &Facts) -> Vec<Difference> {
    let double = |(key, numbers): (&String, &Vec<String>)| Difference {
        kind: Kind::K1,
        subject: String::new(),
        what: format!("{} have the correlation_id {key}", numbers.join(" and ")),
        remedy: "`gridlink trace` knows the one that is ours; close the others by hand".to_owned(),
        repair: None,
    };
    facts.doubles.iter().map(double).collect()
}

fn gone(facts: &Facts) -> Vec<Difference> {
    let gone = |(subject, link, event): &(Subject, Link, Option<Event>)| {
        let event = event.as_ref()?;
        Some(Difference {
            kind: Kind::K2,
            subject: subject.to_string(),
            what: format!("{} is gone, or hidden from the integration user", link.number),
            remedy: "restore it or the read access; if it was deleted for good, tell so with `gridlink reconcile apply --deleted`"
                .to_owned(),
            repair: Some(Repair::TellDeletion(Box::new(event.clone()))),
        })
    };
    facts.gone.iter().filter_map(gone).collect()
}

/// Intents that were forgotten, and the streams that are rung for them.
fn intended(facts: &Facts, now: Timestamp) -> (Vec<Difference>, BTreeSet<Stream>) {
    let mut rung = BTreeSet::new();
    let mut found = Vec::new();
    let old = |link: &Link| link.state == LinkState::Intent && link.intent_at.until(now) > INTENT;
    for (subject, link) in facts.survey.links.iter().filter(|(_, link)| old(link)) {
        let sys_id = &link.record.sys_id;
        let what = format!(
            "the {} record {sys_id} is only intended since {}",
            link.record.table, link.intent_at
        );
        let (remedy, repair) = match facts.made.get(sys_id) {
            Some(number) => {
                let create = CreateRecord {
                    record: link.record.clone(),
                    correlation: link.correlation.clone(),
                    fields: link.base.clone(),
                    rule: link.rule.clone(),
                };
                let repair = Repair::Linked(subject.clone(), Box::new(create), number.clone());
                (format!("it is there as {number}: its link says so"), repair)
            }
            None => {
                let waiting = facts
                    .survey
                    .behind
                    .iter()
                    .find(|behind| behind.stream.subject == *subject);
                // What was dismissed left its intent behind: it waits for nothing.
                let Some((stream, owner)) = waiting.and_then(|behind| Some((behind.stream.clone(), behind.owner?)))
                else {
                    continue;
                };
                rung.insert(stream.clone());
                (format!("{} is rung", owner.as_str()), Repair::Ring(stream, owner))
            }
        };
        found.push(Difference {
            kind: Kind::K3,
            subject: subject.to_string(),
            what,
            remedy,
            repair: Some(repair),
        });
    }
    (found, rung)
}

fn unlinked(facts: &Facts) -> Vec<Difference> {
    let unlinked = |(number, adoption): &(String, Option<Adoption>)| Difference {
        kind: Kind::K4,
        subject: adoption
            .as_ref()
            .map(|adoption| adoption.subject.to_string())
            .unwrap_or_default(),
        what: format!("{number} bears our name, and no subject has it"),
        remedy: match adoption {
            Some(_) => "its key verifies: it is linked".to_owned(),
            None => "its key does not verify: after a loss of the table `gridlink rebuild`, else `gridlink adopt plan`"
                .to_owned(),
        },
        repair: adoption.clone().map(|adoption| Repair::Link(Box::new(adoption))),
    };
    facts.unlinked.iter().map(unlinked).collect()
}

/// Whose a record is; its sys_id where that is nobody.
fn whose(facts: &Facts, sys_id: &SysId) -> String {
    let subject = facts.ways.get(sys_id);
    subject.map_or_else(|| sys_id.to_string(), Subject::to_string)
}

fn untold(facts: &Facts, kind: Kind, event: &Event) -> Difference {
    let name = event.kind.strip_prefix("gridlink.").unwrap_or(&event.kind);
    Difference {
        kind,
        subject: match event.destination() {
            Destination::Stream(stream, _) => stream.subject.to_string(),
            Destination::Record(sys_id) => whose(facts, &sys_id),
        },
        what: format!("{name} {} of {} was never accepted", event.id, event.time),
        remedy: "it is accepted".to_owned(),
        repair: Some(Repair::Accept(Box::new(event.clone()))),
    }
}

fn ways_back(facts: &Facts) -> Vec<Difference> {
    let mut found = Vec::new();
    for (subject, link) in &facts.survey.links {
        let record = &link.record;
        let (what, remedy, repair) = match facts.ways.get(&record.sys_id) {
            Some(other) if other == subject => continue,
            Some(other) => (
                format!("the {} record {} belongs to {other} too", record.table, record.sys_id),
                "find out which of the two is right; nothing is changed".to_owned(),
                None,
            ),
            None => (
                format!("nothing leads back from the {} record {}", record.table, record.sys_id),
                "the way back is put".to_owned(),
                Some(Repair::WayBack(subject.clone(), record.clone())),
            ),
        };
        found.push(Difference {
            kind: Kind::K6,
            subject: subject.to_string(),
            what,
            remedy,
            repair,
        });
    }
    found
}

fn overdue(facts: &Facts, now: Timestamp, rung: &BTreeSet<Stream>) -> Vec<Difference> {
    let is_overdue = |behind: &&Behind| {
        let next = behind.next_attempt_at;
        next.is_none_or(|next| next.until(now) > OVERDUE) && !rung.contains(&behind.stream)
    };
    let overdue = |behind: &Behind| {
        let stream = &behind.stream;
        Some(Difference {
            kind: if stream.lane == Lane::Out { Kind::K8 } else { Kind::K7 },
            subject: stream.subject.to_string(),
            what: match behind.next_attempt_at {
                Some(next) => format!("the lane {} is due since {next}", stream.lane.as_str()),
                None => format!("the lane {} waits, and nothing makes it due", stream.lane.as_str()),
            },
            remedy: format!("{} is rung", behind.owner?.as_str()),
            repair: Some(Repair::Ring(stream.clone(), behind.owner?)),
        })
    };
    facts
        .survey
        .behind
        .iter()
        .filter(is_overdue)
        .filter_map(overdue)
        .collect()
}
