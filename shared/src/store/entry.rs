//! Reading what a worker needs in one call: the next entries, the link, the breakers.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::KeysAndAttributes;

use super::breaker::Breaker;
use super::item::{Item, breaker_key, entry_key, link_key, number, settings_key, text};
use super::link::Link;
use super::pause::Pauses;
use super::rebuild::rebuilt_at;
use super::{Error, Store, failed};
use crate::domain::{LinkKey, SenderName, Stream, Subject, Timestamp};
use crate::effect::Effect;
use crate::failure::System;

/// How many keys one read may name.
const AT_ONCE: usize = 100;
/// How many entries are read ahead.
const AHEAD: i64 = 4;

/// An event in the inbox.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its number in the stream, from 1.
    pub number: i64,
    /// Who sent it.
    pub sender: SenderName,
    /// The event as it came.
    pub event: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// What was decided, once the first effect was prepared.
    pub plan: Option<Vec<Effect>>,
    /// Which effect of the plan is under way.
    pub step: usize,
    /// Whether an effect was refused.
    pub has_refusals: bool,
}

/// How an entry ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its effects took place.
    Done,
    /// At least one of its effects was refused, which both sides can see.
    Refused,
    /// It was parked, and an operator let the stream go on without it.
    Dismissed,
}

impl Outcome {
    /// The word in the entry, and the end of the counter's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Done => "done",
            Outcome::Refused => "refused",
            Outcome::Dismissed => "dismissed",
        }
    }
}

/// What one read brought.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The entries after the finished ones, in order; a first few.
    pub entries: Vec<Entry>,
    /// The first record of the subject, when there is a link.
    pub link: Option<Link>,
    /// Which systems are known to be down.
    pub breakers: BTreeMap<System, Breaker>,
    /// The deployment that the table belongs to, once it was written.
    pub deployment: Option<String>,
    /// What operators have paused.
    pub pauses: Pauses,
    /// When the table was rebuilt, if it ever was.
    pub rebuilt_at: Option<Timestamp>,
}

impl Store {
    /// Reads the next entries of a stream, its subject's first link, and the state of the systems.
    ///
    /// # Errors
    /// When the table cannot be read, or holds an item of a newer version.
    pub async fn load(&self, stream: &Stream, finished: i64, accepted: i64) -> Result<Loaded, Error> {
        let case = link_key(&stream.subject, &LinkKey::case());
        let mut keys = vec![
            case,
            settings_key(),
            breaker_key(System::ServiceNow),
            breaker_key(System::TradingGrid),
        ];
        keys.extend((finished + 1..=accepted.min(finished + AHEAD)).map(|number| entry_key(stream, number)));
        let mut loaded = Loaded::default();
        for item in self.read_all(keys).await? {
            self.sort_in(&mut loaded, &item)?;
        }
        loaded.entries.sort_by_key(|entry| entry.number);
        Ok(loaded)
    }

    /// One entry and its state now.
    ///
    /// # Errors
    /// When the table cannot be read, or the entry is of a newer version.
    pub async fn entry(&self, stream: &Stream, number: i64) -> Result<Option<Entry>, Error> {
        let mut loaded = Loaded::default();
        for item in self.read_all(vec![entry_key(stream, number)]).await? {
            self.sort_in(&mut loaded, &item)?;
        }
        Ok(loaded.entries.pop())
    }

    /// The items of these keys that there are, in no order.
    pub(super) async fn read_all(&self, keys: Vec<Item>) -> Result<Vec<Item>, Error> {
        let mut items = Vec::new();
        for some in keys.chunks(AT_ONCE) {
            self.read_some(some.to_vec(), &mut items).await?;
        }
        Ok(items)
    }

    async fn read_some(&self, keys: Vec<Item>, items: &mut Vec<Item>) -> Result<(), Error> {
        let mut wanted = keys;
        let mut attempt = 0;
        while !wanted.is_empty() {
            if attempt > 0 {
                tokio::time::sleep(crate::retry::call_wait(attempt)).await;
            }
            attempt += 1;
            let request = KeysAndAttributes::builder()
                .set_keys(Some(wanted))
                .consistent_read(true);
            let request = request.build().map_err(failed("read"))?;
            let answer = self
                .client
                .batch_get_item()
                .request_items(&self.table, request)
                .send()
                .await
                .map_err(failed("read"))?;
            items.extend(
                answer
                    .responses
                    .unwrap_or_default()
                    .remove(&self.table)
                    .unwrap_or_default(),
            );
            let rest = answer.unprocessed_keys.unwrap_or_default().remove(&self.table);
            wanted = rest.map(|rest| rest.keys).unwrap_or_default();
            if attempt > 5 && !wanted.is_empty() {
                let source = anyhow::anyhow!("{} keys were not read in {attempt} tries", wanted.len());
                return Err(Error {
                    operation: "read",
                    source,
                });
            }
        }
        Ok(())
    }

    fn sort_in(&self, loaded: &mut Loaded, item: &Item) -> Result<(), Error> {
        let (pk, sk) = (
            text(item, "pk").unwrap_or_default(),
            text(item, "sk").unwrap_or_default(),
        );
        super::check_schema(item)?;
        let damaged = |what: &str| Error {
            operation: "read",
            source: anyhow::anyhow!("{pk} {sk} has no valid {what}"),
        };
        if sk.starts_with("IN#") {
            // A finished entry that a stale read still shows is left out.
            if item.contains_key("outcome") {
                return Ok(());
            }
            let plan = match text(item, "decided") {
                Some(plan) => Some(serde_json::from_str(plan).map_err(|_| damaged("plan"))?),
                None => None,
            };
            loaded.entries.push(Entry {
                number: sk
                    .rsplit('#')
                    .next()
                    .and_then(|n| n.parse().ok())
                    .ok_or_else(|| damaged("number"))?,
                sender: text(item, "sender")
                    .and_then(|name| name.parse().ok())
                    .ok_or_else(|| damaged("sender"))?,
                event: text(item, "event").ok_or_else(|| damaged("event"))?.to_owned(),
                received_at: Timestamp::from_millis(number(item, "received_at").unwrap_or(0)),
                plan,
                step: number(item, "step").and_then(|step| step.try_into().ok()).unwrap_or(0),
                has_refusals: item.contains_key("refusals"),
            });
        } else if sk.starts_with("LINK#") {
            loaded.link = Some(Link::of(item).ok_or_else(|| damaged("link"))?);
        } else if sk == "SETTINGS" {
            loaded.deployment = text(item, "deployment").map(str::to_owned);
            loaded.pauses = Pauses::of(item);
            loaded.rebuilt_at = rebuilt_at(item);
        } else if sk == "BREAKER" {
            for system in [System::ServiceNow, System::TradingGrid] {
                if pk.ends_with(system.as_str()) {
                    loaded.breakers.insert(system, Breaker::of(item));
                }
            }
        }
        Ok(())
    }

    /// Reads the link under a key.
    ///
    /// # Errors
    /// When the table cannot be read, or the link is of a newer version.
    pub async fn link(&self, subject: &Subject, link: &LinkKey) -> Result<Option<Link>, Error> {
        let mut loaded = Loaded::default();
        for item in self.read_all(vec![link_key(subject, link)]).await? {
            self.sort_in(&mut loaded, &item)?;
        }
        Ok(loaded.link)
    }
}
