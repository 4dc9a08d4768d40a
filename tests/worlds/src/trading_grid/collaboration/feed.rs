//! What happened in the community, in order: the feed, from which the same events are also sent.
//!
//! The interface to a sender is [`Feed::since`]: every event has a number, and keeps it.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::call::{Call, cursor_malformed};
use super::wire::Stamp;
use crate::trading_grid::problems::{Kind, Problem};

/// How long events are kept.
const KEPT: Duration = Duration::days(30);
/// How far a page reaches back when it repeats events.
const REPEATED: u64 = 3;

/// One thing that happened, CloudEvents 1.0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Event {
    pub specversion: &'static str,
    pub id: String,
    pub source: String,
    #[serde(rename = "type")]
    pub kind: String,
    /// The thing that it is about; events of one subject are in order.
    pub subject: String,
    /// RFC 3339.
    pub time: String,
    pub datacontenttype: &'static str,
    pub data: Value,
}

#[derive(Debug, Default)]
pub(crate) struct Feed {
    events: VecDeque<(OffsetDateTime, Event)>,
    /// The number of the first that is kept.
    first: u64,
    disturbances: VecDeque<Disturbance>,
}

/// What is wrong with pages of the feed; the JSON of `POST /_world/feed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum Disturbance {
    /// The page begins with events that were there already.
    Repeat { pages: u32 },
    /// The newest event of the page comes first.
    Reverse { pages: u32 },
}

impl Feed {
    /// Adds what happened. `company` is whose it is.
    pub(crate) fn tell(
        &mut self,
        company: &str,
        kind: &str,
        subject: String,
        stamp: &Stamp,
        data: Value,
    ) -> &mut Event {
        let number = self.first + self.events.len() as u64;
        let event = Event {
            specversion: "1.0",
            id: format!("evt-{}", number + 1),
            source: format!("/tradinggrid/companies/{company}"),
            kind: format!("gridlink.community.{kind}.v1"),
            subject,
            time: stamp.at.clone(),
            datacontenttype: "application/json",
            data,
        };
        self.forget(stamp.now);
        self.events.push_back((stamp.now, event));
        let last = self.events.len() - 1;
        &mut self.events[last].1
    }

    /// The events from a number on, and the number to go on with.
    pub(crate) fn since(&self, number: u64) -> (Vec<Event>, u64) {
        let skipped = usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let events = self.events.iter().skip(skipped).map(|(_, event)| event.clone());
        (events.collect(), self.first + self.events.len() as u64)
    }

    pub(crate) fn disturb(&mut self, disturbance: Disturbance) {
        self.disturbances.push_back(disturbance);
    }

    /// Ends the life of everything that was told so far.
    pub(crate) fn expire(&mut self) {
        self.first += self.events.len() as u64;
        self.events.clear();
    }

    pub(crate) fn read(&mut self, call: &Call<'_>) -> Result<Value, Problem> {
        self.forget(call.now);
        let end_of_all = self.first + self.events.len() as u64;
        let start = call.position("e")?.unwrap_or(self.first);
        if start > end_of_all {
            return Err(cursor_malformed());
        }
        if start < self.first {
            let detail = "What followed this cursor is no longer kept.";
            let problem = Problem::new(Kind::CursorExpired, detail);
            return Err(problem.with("oldest", json!(format!("e.{}", self.first))));
        }
        let limit = call.limit()?;
        let disturbance = self.take_disturbance();
        let start = match disturbance {
            Some(Disturbance::Repeat { .. }) => start.saturating_sub(REPEATED).max(self.first),
            Some(Disturbance::Reverse { .. }) | None => start,
        };
        let (mut items, _) = self.since(start);
        items.truncate(limit);
        let end = start + items.len() as u64;
        if let Some(Disturbance::Reverse { .. }) = disturbance {
            items.reverse();
        }
        Ok(json!({ "items": items, "next": format!("e.{end}"), "hasMore": end < end_of_all }))
    }

    fn forget(&mut self, now: OffsetDateTime) {
        while self.events.front().is_some_and(|(at, _)| *at + KEPT < now) {
            self.events.pop_front();
            self.first += 1;
        }
    }

    /// The disturbance of this page, counted.
    fn take_disturbance(&mut self) -> Option<Disturbance> {
        let front = self.disturbances.front_mut()?;
        let current = *front;
        let (Disturbance::Repeat { pages } | Disturbance::Reverse { pages }) = front;
        *pages = pages.saturating_sub(1);
        if *pages == 0 {
            self.disturbances.pop_front();
        }
        Some(current)
    }
}
