//! Accepting an event: the duplicate check, the next number of its stream, and the inbox entry,
//! in one transaction. Only then may anybody be told that it was accepted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_dynamodb::types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};

use super::adoption::bound;
use super::item::{Item, bind_key, entry_key, head_key, item, n, number, s, seen_key, seen_name, text, values};
use super::{Error, Refusal, SCHEMA, SEEN_FOR, Store, failed};
use crate::domain::{CompanyId, EventId, Lane, Role, Stream, Subject, Timestamp, UseCase};
use crate::event::{Data, Destination, Event, is_request};

/// A fresh event is rung by its doorbell; if that is lost, it is due after this.
const FIRST_DUE: Duration = Duration::from_secs(60);
/// How often the number of a stream may move away under us.
const ATTEMPTS: u32 = 8;

/// What became of an event at the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// It is in the inbox; its stream belongs to the use case, if any knows it.
    New(Stream, Option<UseCase>),
    /// It was accepted before.
    Duplicate,
    /// It tells of what we wrote ourselves: there is nothing to do.
    Echo,
    /// It is about a record that belongs to no subject, or of which nobody is told: there is nothing to do.
    Unrelated,
    /// The same sender used the same id for something else.
    Conflict,
    /// The issue or thread belongs to another company.
    Foreign,
}

/// What is known of a stream when an event is accepted.
struct Known {
    accepted: i64,
    owner: Option<UseCase>,
}

impl Store {
    /// Accepts an event.
    ///
    /// # Errors
    /// When nothing was stored, or it could not be found out whether it was.
    pub async fn accept(&self, event: &Event) -> Result<Accepted, Error> {
        if event.is_echo {
            return Ok(Accepted::Echo);
        }
        let Some((stream, use_case)) = self.destination(event).await? else {
            return Ok(Accepted::Unrelated);
        };
        // An event that begins a subject most likely finds nothing: it spares the read.
        let mut known = if event.begins_subject() {
            None
        } else {
            self.known(&stream).await?
        };
        for attempt in 1..=ATTEMPTS {
            let owner = known.as_ref().map_or(use_case, |known| known.owner);
            let writes = self.acceptance(event, &stream, owner, known.as_ref())?;
            let reasons = match self.transact("accept", writes).await {
                Ok(()) => return Ok(Accepted::New(stream, owner)),
                Err(Refusal::Condition(reasons)) => reasons,
                Err(Refusal::Error(error)) => {
                    // Perhaps it was stored: only the table knows.
                    return match self.is_seen(event).await? {
                        true => Ok(Accepted::New(stream, owner)),
                        false => Err(error),
                    };
                }
            };
            let failed_at = |at: usize| {
                reasons
                    .get(at)
                    .filter(|reason| reason.code() == Some("ConditionalCheckFailed"))
            };
            if let Some(reason) = failed_at(SEEN) {
                let same = reason.item().and_then(|item| text(item, "content")) == Some(event.content.as_str());
                return Ok(if same { Accepted::Duplicate } else { Accepted::Conflict });
            }
            if failed_at(BIND).is_some() {
                return Ok(Accepted::Foreign);
            }
            if attempt > 1 {
                tokio::time::sleep(crate::retry::call_wait(attempt.min(4))).await;
            }
            known = self.known(&stream).await?;
        }
        let source = anyhow::anyhow!("the stream {stream} moved on {ATTEMPTS} times");
        Err(Error {
            operation: "accept",
            source,
        })
    }

    /// The stream that an event belongs to, and the use case that works on such streams at first; nothing where nobody
    /// is concerned.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn destination(&self, event: &Event) -> Result<Option<(Stream, Option<UseCase>)>, Error> {
        let sys_id = match event.destination() {
            Destination::Stream(stream, use_case) => return Ok(Some((stream, use_case))),
            Destination::Record(sys_id) => sys_id,
        };
        // The way back is written before the record can exist, so nothing is missed here.
        let (subject, lane, use_case) = match self.back(&sys_id).await? {
            Some((subject, link)) => {
                let (lane, use_case) = match link.role {
                    Role::Escalation | Role::Coordination => (Lane::Escalation, UseCase::BridgeEscalation),
                    // Only the teams of escalated issues are watched for what they promised.
                    _ if matches!(event.data, Data::TaskOverdue(_)) => return Ok(None),
                    Role::Case | Role::FollowUp => (Lane::Out, UseCase::RelayStatus),
                    // No partner reads the incident of a failed exchange.
                    Role::Incident => return Ok(None),
                    Role::Task => (Lane::Out, UseCase::CreateTask),
                    Role::Article | Role::Draft => (Lane::Knowledge, UseCase::PublishKnowledge),
                    Role::Request | Role::Setup => (Lane::Onboarding, UseCase::ProvisionPartner),
                };
                (subject, lane, use_case)
            }
            None => match request_of(event) {
                Some(subject) => (subject, Lane::Onboarding, UseCase::ProvisionPartner),
                None => return Ok(None),
            },
        };
        Ok(Some((Stream { subject, lane }, Some(use_case))))
    }

    /// Which of some events of one sender were accepted before; those of another content under the same id are not.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn seen(&self, events: &[Event]) -> Result<BTreeSet<EventId>, Error> {
        let names = events.iter().map(|event| seen_name(&event.sender, event.id.as_str()));
        let by_name: BTreeMap<String, &Event> = names.zip(events).collect();
        let keys = by_name.values().map(|event| seen_key(&event.sender, event.id.as_str()));
        let mut seen = BTreeSet::new();
        for item in self.read_all(keys.collect()).await? {
            let event = text(&item, "pk").and_then(|name| by_name.get(name));
            if let Some(event) = event.filter(|event| text(&item, "content") == Some(event.content.as_str())) {
                seen.insert(event.id.clone());
            }
        }
        Ok(seen)
    }

    async fn known(&self, stream: &Stream) -> Result<Option<Known>, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)))
            .projection_expression("accepted, #owner")
            .expression_attribute_names("#owner", "owner")
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read of a stream"))?;
        Ok(answer.item.map(|item| Known {
            accepted: number(&item, "accepted").unwrap_or(0),
            owner: text(&item, "owner").and_then(|owner| owner.parse().ok()),
        }))
    }

    async fn is_seen(&self, event: &Event) -> Result<bool, Error> {
        let answer = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(seen_key(&event.sender, event.id.as_str())))
            .consistent_read(true)
            .send()
            .await
            .map_err(failed("read of a seen mark"))?;
        Ok(answer
            .item
            .is_some_and(|item| text(&item, "content") == Some(event.content.as_str())))
    }

    /// The writes, in the order of [`SEEN`], the stream, the entry, [`BIND`].
    fn acceptance(
        &self,
        event: &Event,
        stream: &Stream,
        owner: Option<UseCase>,
        known: Option<&Known>,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let now = self.clock.now();
        let number = known.map_or(0, |known| known.accepted) + 1;
        let seen = item(
            seen_key(&event.sender, event.id.as_str()),
            [
                ("content", s(event.content.as_str())),
                ("subject", s(stream.subject.as_str())),
                ("lane", s(stream.lane.as_str())),
                ("n", n(number)),
                ("ttl", n(now.after(SEEN_FOR).seconds())),
            ],
        );
        let entry = item(
            entry_key(stream, number),
            [
                ("sender", s(event.sender.as_str())),
                ("event_id", s(event.id.as_str())),
                ("event", s(event.raw.as_str())),
                ("received_at", n(now.millis())),
            ],
        );
        let head = match known {
            None => first_head(stream, owner, now),
            Some(known) => later_head(stream, owner, now, known),
        };
        let build = failed("accept");
        let head = head.table_name(&self.table).build().map_err(build)?;
        let mut writes = vec![
            TransactWriteItem::builder().put(self.put_new(seen)?).build(),
            TransactWriteItem::builder().update(head).build(),
            TransactWriteItem::builder().put(self.put_new(entry)?).build(),
        ];
        if let (None, Some((bound, company))) = (known, bound(&stream.subject)) {
            let bind = self.bound_to(bind_key(&bound), &company)?;
            writes.push(TransactWriteItem::builder().put(bind).build());
        }
        Ok(writes)
    }

    /// What is bound to a company for good.
    pub(super) fn bound_to(&self, key: Item, company: &CompanyId) -> Result<Put, Error> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item(key, [("company", s(company.as_str()))])))
            .condition_expression("attribute_not_exists(pk) OR company = :company")
            .expression_attribute_values(":company", s(company.as_str()))
            .build()
            .map_err(failed("accept"))
    }

    fn put_new(&self, item: Item) -> Result<Put, Error> {
        Put::builder()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(failed("accept"))
    }
}

/// The requested item that an event is about: people make these, and each is a subject of its own.
fn request_of(event: &Event) -> Option<Subject> {
    match &event.data {
        Data::RecordChanged(change) if is_request(change.table()) => Some(Subject::request(change.sys_id())),
        _ => None,
    }
}

/// Where the duplicate check stands among the writes.
const SEEN: usize = 0;
/// Where the binding of an issue or thread to its company stands among the writes.
const BIND: usize = 3;

fn first_head(
    stream: &Stream,
    owner: Option<UseCase>,
    now: Timestamp,
) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    let update = Update::builder()
        .set_key(Some(head_key(stream)))
        .condition_expression("attribute_not_exists(pk)");
    let mut set = values([
        (":one", n(1)),
        (":zero", n(0)),
        (":schema", n(SCHEMA)),
        (":at", n(now.millis())),
    ]);
    match owner {
        Some(owner) => {
            set.extend(values([
                (":owner", s(owner.as_str())),
                (":due", s(format!("due#{}", stream.shard()))),
                (":next", n(now.after(FIRST_DUE).millis())),
            ]));
            update
                .update_expression(
                    "SET accepted = :one, finished = :zero, #schema = :schema, opened_at = :at, \
                     #owner = :owner, due = :due, next_attempt_at = :next",
                )
                .expression_attribute_names("#owner", "owner")
        }
        // Nobody knows what to do with it yet: it waits, visibly, and is never due.
        None => {
            set.extend(values([(
                ":paused",
                s("no use case of this version takes such events"),
            )]));
            update.update_expression(
                "SET accepted = :one, finished = :zero, #schema = :schema, opened_at = :at, paused = :paused",
            )
        }
    }
    .expression_attribute_names("#schema", "schema")
    .set_expression_attribute_values(Some(set))
}

fn later_head(
    stream: &Stream,
    owner: Option<UseCase>,
    now: Timestamp,
    known: &Known,
) -> aws_sdk_dynamodb::types::builders::UpdateBuilder {
    let update = Update::builder().set_key(Some(head_key(stream)));
    let mut set = values([(":read", n(known.accepted)), (":next_number", n(known.accepted + 1))]);
    match owner {
        Some(owner) => {
            set.extend(values([
                (":owner", s(owner.as_str())),
                (":due", s(format!("due#{}", stream.shard()))),
                (":next", n(now.after(FIRST_DUE).millis())),
            ]));
            update
                .update_expression(
                    "SET accepted = :next_number, due = if_not_exists(due, :due), \
                     next_attempt_at = if_not_exists(next_attempt_at, :next)",
                )
                .condition_expression("accepted = :read AND #owner = :owner")
                .expression_attribute_names("#owner", "owner")
        }
        None => update
            .update_expression("SET accepted = :next_number")
            .condition_expression("accepted = :read AND attribute_not_exists(#owner)")
            .expression_attribute_names("#owner", "owner"),
    }
    .set_expression_attribute_values(Some(set))
}
