//! What operators do about parked streams: find them, let them go on, or go on without an entry.

use aws_sdk_dynamodb::types::{Put, ReturnValue, TransactWriteItem, Update};

use super::entry::Outcome;
use super::item::{Item, entry_key, head_key, item, key, n, number, s, text, values};
use super::stream::{RING_AGAIN, is_refused, place_of, stream_of};
use super::work::CONTENT_FOR;
use super::{Error, Refusal, Store, failed};
use crate::domain::{Stream, Timestamp, UseCase};

/// Shards of the index.
const SHARDS: u8 = 16;
/// How often a head may move away under us.
const ATTEMPTS: u32 = 5;

/// A stream that waits for a person.
#[derive(Debug, Clone)]
pub struct ParkedStream {
    /// Which stream.
    pub stream: Stream,
    /// Whose it is.
    pub owner: Option<UseCase>,
    /// The entry at which it stopped.
    pub number: i64,
    /// What happened, without contents.
    pub cause: String,
    /// What a person can do about it.
    pub remedy: String,
    /// Since when it is parked.
    pub at: Timestamp,
    /// How many entries wait behind that one.
    pub behind: i64,
}

/// What came of a dismissal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dismissal {
    /// The entry is finished as dismissed. Where others wait behind it, their owner is to be rung.
    Done(Option<UseCase>),
    /// The stream is not parked at this entry; at this other one, if it is parked at all.
    NotParked(Option<i64>),
}

impl ParkedStream {
    fn of(head: &Item) -> Option<Self> {
        let parked = head.get("parked")?.as_m().ok()?;
        let at = text(parked, "at").and_then(|at| Timestamp::parse_rfc3339(at).ok());
        let (accepted, finished) = (number(head, "accepted")?, number(head, "finished")?);
        Some(Self {
            stream: stream_of(head)?,
            owner: text(head, "owner").and_then(|owner| owner.parse().ok()),
            number: number(parked, "n")?,
            cause: text(parked, "cause").unwrap_or_default().to_owned(),
            remedy: text(parked, "remedy").unwrap_or_default().to_owned(),
            at: at.unwrap_or(Timestamp::from_millis(0)),
            behind: (accepted - finished - 1).max(0),
        })
    }
}

impl Store {
    /// All parked streams, the one that has waited longest first.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn parked(&self) -> Result<Vec<ParkedStream>, Error> {
        let mut keys = Vec::new();
        for shard in 0..SHARDS {
            keys.extend(self.listed(&format!("parked#{shard}")).await?);
        }
        let heads = self.read_all(keys).await?;
        let mut parked: Vec<ParkedStream> = heads.iter().filter_map(ParkedStream::of).collect();
        parked.sort_by(|a, b| (a.at, &a.stream).cmp(&(b.at, &b.stream)));
        Ok(parked)
    }

    /// One stream, if it is parked.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn parked_at(&self, stream: &Stream) -> Result<Option<ParkedStream>, Error> {
        Ok(self.head(stream).await?.as_ref().and_then(ParkedStream::of))
    }

    /// The streams that should have been looked at this long ago: how many, as the index shows them, and the time of the
    /// first; nothing where there are none.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn overdue(&self, by: std::time::Duration) -> Result<Option<(usize, Timestamp)>, Error> {
        let latest = self.clock.now().before(by);
        let mut found: Option<(usize, Timestamp)> = None;
        for shard in 0..SHARDS {
            let page = self
                .client
                .query()
                .table_name(&self.table)
                .index_name("due")
                .key_condition_expression("due = :due AND next_attempt_at <= :latest")
                .expression_attribute_values(":due", s(format!("due#{shard}")))
                .expression_attribute_values(":latest", n(latest.millis()))
                .send()
                .await
                .map_err(failed("search for overdue streams"))?;
            let first = page.items().first().and_then(|item| number(item, "next_attempt_at"));
            if let Some(first) = first.map(Timestamp::from_millis) {
                let (count, oldest) = found.unwrap_or((0, first));
                found = Some((count + page.items().len(), oldest.min(first)));
            }
        }
        Ok(found)
    }

    /// The keys of all heads that the index lists in a place.
    pub(super) async fn listed(&self, place: &str) -> Result<Vec<Item>, Error> {
        let query = self
            .client
            .query()
            .index_name("due")
            .key_condition_expression("due = :place")
            .expression_attribute_values(":place", s(place));
        let found = self.query_all(query, "search for stopped streams").await?;
        let key = |item: &Item| Some(key(text(item, "pk")?, text(item, "sk")?));
        Ok(found.iter().filter_map(key).collect())
    }

    /// The head of a stream as it is now.
    pub(super) async fn head(&self, stream: &Stream) -> Result<Option<Item>, Error> {
        Ok(self.read_all(vec![head_key(stream)]).await?.pop())
    }

    /// Lets a parked stream go on at the entry where it stopped; `None` when it is not parked.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn replay(&self, stream: &Stream) -> Result<Option<UseCase>, Error> {
        let now = self.clock.now();
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(head_key(stream)))
            .update_expression("SET next_attempt_at = :next, due = :due, starts = :zero REMOVE parked, not_before")
            .condition_expression("attribute_exists(parked)")
            .set_expression_attribute_values(Some(values([
                (":next", n(now.after(RING_AGAIN).millis())),
                (":due", s(format!("due#{}", stream.shard()))),
                (":zero", n(0)),
            ])))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match outcome {
            Ok(answer) => {
                let head = answer.attributes.unwrap_or_default();
                Ok(text(&head, "owner").and_then(|owner| owner.parse().ok()))
            }
            Err(error) if is_refused(error.as_service_error()) => Ok(None),
            Err(error) => Err(failed("replay of a parked stream")(error)),
        }
    }

    /// Finishes the entry at which a stream is parked without carrying it out, and lets the stream go on behind it.
    /// Who did that and why is kept on the entry and told on the timeline. Asked for again, it is done already.
    ///
    /// # Errors
    /// When it is not known whether the entry is finished.
    pub async fn dismiss(&self, stream: &Stream, number: i64, by: &str, because: &str) -> Result<Dismissal, Error> {
        let mut last = None;
        for attempt in 1..=ATTEMPTS {
            if attempt > 1 {
                tokio::time::sleep(crate::retry::call_wait(attempt.min(4))).await;
            }
            let Some(head) = self.head(stream).await? else {
                return Ok(Dismissal::NotParked(None));
            };
            let parked = ParkedStream::of(&head);
            let Some(parked) = parked.filter(|parked| parked.number == number) else {
                let other = ParkedStream::of(&head).map(|parked| parked.number);
                return Ok(match self.is_dismissed(stream, number).await? {
                    true => Dismissal::Done(parked_owner(&head, other)),
                    false => Dismissal::NotParked(other),
                });
            };
            match self
                .transact("dismissal", self.dismissal(&head, &parked, by, because)?)
                .await
            {
                Ok(()) => return Ok(Dismissal::Done(parked.owner.filter(|_| parked.behind > 0))),
                // Something was accepted meanwhile, or the stream was replayed: look again.
                Err(Refusal::Condition(_)) => {}
                // Perhaps it was done: only the table knows.
                Err(Refusal::Error(error)) => last = Some(error),
            }
        }
        Err(last.unwrap_or_else(|| Error {
            operation: "dismissal",
            source: anyhow::anyhow!("the stream {stream} moved on {ATTEMPTS} times"),
        }))
    }

    async fn is_dismissed(&self, stream: &Stream, number: i64) -> Result<bool, Error> {
        let entry = self.read_all(vec![entry_key(stream, number)]).await?.pop();
        let outcome = entry.as_ref().and_then(|entry| text(entry, "outcome"));
        Ok(outcome == Some(Outcome::Dismissed.as_str()))
    }

    fn dismissal(
        &self,
        head: &Item,
        parked: &ParkedStream,
        by: &str,
        because: &str,
    ) -> Result<Vec<TransactWriteItem>, Error> {
        let now = self.clock.now();
        let (stream, at) = (&parked.stream, parked.number);
        let mut set = values([
            (":n", n(at)),
            (":before", n(at - 1)),
            (":accepted", n(at + parked.behind)),
            (":zero", n(0)),
            (":one", n(1)),
        ]);
        let mut expression = "SET finished = :n, starts = :zero, attempts = :zero".to_owned();
        let mut condition = "parked.n = :n AND finished = :before AND accepted = :accepted AND ".to_owned();
        let mut removed = "parked, last_failure, waiting_for, not_before".to_owned();
        condition.push_str(match head.contains_key("paused") {
            true => "attribute_exists(paused)",
            false => "attribute_not_exists(paused)",
        });
        let mut unparked = head.clone();
        unparked.remove("parked");
        let place = match place_of(stream, &unparked) {
            Some(place) => Some((place, now)),
            None if parked.behind > 0 => Some((format!("due#{}", stream.shard()), now.after(RING_AGAIN))),
            None => None,
        };
        match place {
            Some((place, next)) => {
                expression.push_str(", due = :due, next_attempt_at = :next");
                set.extend(values([(":due", s(place)), (":next", n(next.millis()))]));
            }
            None => removed.push_str(", due, next_attempt_at"),
        }
        let build = |update: aws_sdk_dynamodb::types::builders::UpdateBuilder| {
            let update = update.table_name(&self.table).build().map_err(failed("dismissal"))?;
            Ok::<_, Error>(TransactWriteItem::builder().update(update).build())
        };
        let head = Update::builder()
            .set_key(Some(head_key(stream)))
            .update_expression(format!("{expression} REMOVE {removed} ADD #counter :one"))
            .condition_expression(condition)
            .expression_attribute_names("#counter", format!("count_{}", Outcome::Dismissed.as_str()))
            .set_expression_attribute_values(Some(set));
        let entry = Update::builder()
            .set_key(Some(entry_key(stream, at)))
            .update_expression(
                "SET outcome = :outcome, finished_at = :now, #ttl = :ttl, dismissed_by = :by, dismissed_because = :because",
            )
            .condition_expression("attribute_exists(pk) AND attribute_not_exists(outcome)")
            .expression_attribute_names("#ttl", "ttl")
            .set_expression_attribute_values(Some(values([
                (":outcome", s(Outcome::Dismissed.as_str())),
                (":now", n(now.millis())),
                (":ttl", n(now.after(CONTENT_FOR).seconds())),
                (":by", s(by)),
                (":because", s(because)),
            ])));
        let told = format!("dismissed by {by}: {because}. It was parked: {}", parked.cause);
        Ok(vec![
            build(head)?,
            build(entry)?,
            self.told_by_operator(stream, at, &told)?,
        ])
    }

    /// A line of the timeline about what an operator did; `number` is the entry that it concerns.
    pub(super) fn told_by_operator(
        &self,
        stream: &Stream,
        number: i64,
        line: &str,
    ) -> Result<TransactWriteItem, Error> {
        let now = self.clock.now();
        let sk = format!("STORY#{:013}#{}#{number:08}#99#00", now.millis(), stream.lane.as_str());
        let told = item(
            key(stream.subject.as_str(), sk),
            [("at", s(now.to_string())), ("text", s(line)), ("n", n(number))],
        );
        let put = Put::builder().table_name(&self.table).set_item(Some(told)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(failed("story"))?).build())
    }
}

/// The owner of a stream that was to be rung after a dismissal, as far as it is still to be rung.
fn parked_owner(head: &Item, parked: Option<i64>) -> Option<UseCase> {
    let is_waiting = number(head, "accepted") > number(head, "finished") && parked.is_none();
    text(head, "owner")
        .and_then(|owner| owner.parse().ok())
        .filter(|_| is_waiting)
}
