//! Events on their way to one receiver: in order per subject, tried again until they are accepted or dead.
//!
//! Invariants: of one subject at most one event is under way, and a later one leaves only when the earlier is sent
//! or dead, unless a rule lets it pass; at most [`CONNECTIONS`] are under way; an event that was taken and never
//! reported is free again after [`CLAIM`], so whoever sends may die at any point.
//! Accepted race: an event whose sender died before it noted the answer is sent twice, with the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use time::OffsetDateTime;

use super::destination::Destination;
use super::entry::{Claim, Entry, Stage};
use super::event::Event;
use super::retries::{Outcome, Retries, Verdict};
use super::rules::{EventFault, EventRules};

/// How many events are under way at once: what ServiceNow allows per host.
pub(crate) const CONNECTIONS: usize = 4;

/// How long an event belongs to whoever took it; longer than any try takes.
pub(crate) const CLAIM: Duration = Duration::from_secs(60);

/// How long a sent event is kept to be looked at. A dead one is kept until it is revived.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);

const CLEANED_EVERY: Duration = Duration::from_secs(3600);

/// One try to be made.
#[derive(Debug)]
pub struct Delivery {
    pub id: DeliveryId,
    /// Complete, with an absolute URI and a fresh signature.
    pub request: Request<Bytes>,
}

/// Names a try when its outcome is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeliveryId {
    entry: u64,
    departure: u64,
}

impl DeliveryId {
    /// The try of something that is no entry of a queue.
    pub(crate) fn new(entry: u64, departure: u64) -> DeliveryId {
        DeliveryId { entry, departure }
    }
}

/// Events on their way to one receiver.
#[derive(Debug, Clone)]
pub(crate) struct Queue {
    pub(crate) destination: Destination,
    pub(crate) retries: Retries,
    pub(crate) rules: EventRules,
    entries: BTreeMap<u64, Entry>,
    /// The entries that are new, in the order of writing.
    open: BTreeSet<u64>,
    /// The entries that changed since somebody asked for them.
    touched: BTreeSet<u64>,
    written: u64,
    departures: u64,
    cleaned_at: Option<OffsetDateTime>,
}

impl Queue {
    pub(crate) fn new(destination: Destination) -> Queue {
        Queue {
            destination,
            retries: Retries::default(),
            rules: EventRules::default(),
            entries: BTreeMap::new(),
            open: BTreeSet::new(),
            touched: BTreeSet::new(),
            written: 0,
            departures: 0,
            cleaned_at: None,
        }
    }

    /// The queue as it began; a try that is still under way means nothing to it.
    pub(crate) fn emptied(self) -> Queue {
        Queue {
            retries: self.retries,
            written: self.written,
            departures: self.departures,
            ..Queue::new(self.destination)
        }
    }

    /// Writes an event that may leave from that time on.
    pub(crate) fn push(&mut self, at: OffsetDateTime, event: Event) {
        self.written += 1;
        self.entries.insert(self.written, Entry::new(at, event));
        self.open.insert(self.written);
        self.touched.insert(self.written);
    }

    /// Takes what may leave now, as far as connections are free. Every try must be reported.
    pub(crate) fn take(&mut self, now: OffsetDateTime) -> Vec<Delivery> {
        self.clean(now);
        let under_way = self.under_way(now).count();
        let mut deliveries = Vec::new();
        while under_way + deliveries.len() < CONNECTIONS {
            let due = self.free_heads(now).find(|(_, entry)| entry.next_attempt <= now);
            let Some(number) = due.map(|(number, _)| number) else {
                break;
            };
            // Nothing leaves when a rule drops or holds the entry; the next one takes its turn.
            deliveries.extend(self.leave(number, now));
        }
        deliveries
    }

    /// Notes how a try went. One that was overtaken by a later try counts only when it was accepted.
    pub(crate) fn report(&mut self, id: DeliveryId, outcome: &Outcome, now: OffsetDateTime) {
        let Some(entry) = self.entries.get_mut(&id.entry) else {
            return;
        };
        if entry.stage != Stage::New {
            return;
        }
        let is_latest = entry.claim.is_some_and(|claim| claim.departure == id.departure);
        let verdict = self.retries.judge(outcome, entry.attempts);
        if !is_latest && verdict != Verdict::Accepted {
            return;
        }
        entry.claim = None;
        self.touched.insert(id.entry);
        match verdict {
            Verdict::Accepted => match entry.again_after.take() {
                None => self.close(id.entry, Stage::Sent, now),
                Some(after) => {
                    entry.next_attempt = now + after;
                    entry.lets_others_pass = true;
                }
            },
            Verdict::Again { after, reason } => {
                entry.next_attempt = now + after;
                entry.last_error = reason;
            }
            Verdict::Dead { reason } => {
                entry.last_error = reason;
                self.close(id.entry, Stage::Dead, now);
            }
        }
    }

    /// The earliest time at which [`Queue::take`] may give something; none when nothing waits.
    pub(crate) fn next_at(&self, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let claims = self.under_way(now).filter_map(|entry| entry.claim);
        let lapses = claims.map(|claim| claim.until);
        let departures = self.free_heads(now).map(|(_, entry)| entry.next_attempt);
        lapses.chain(departures).min()
    }

    /// Lets everything that waits for its time leave now.
    pub(crate) fn hurry(&mut self, now: OffsetDateTime) {
        for number in &self.open {
            if let Some(entry) = self.entries.get_mut(number)
                && entry.next_attempt > now
            {
                entry.next_attempt = now;
                self.touched.insert(*number);
            }
        }
    }

    /// Makes every dead event new again and gives their number.
    pub(crate) fn revive(&mut self, now: OffsetDateTime) -> usize {
        let mut revived = 0;
        for (number, entry) in &mut self.entries {
            if entry.stage == Stage::Dead {
                entry.stage = Stage::New;
                entry.attempts = 0;
                entry.next_attempt = now;
                self.open.insert(*number);
                self.touched.insert(*number);
                revived += 1;
            }
        }
        revived
    }

    /// Every event that is kept, in the order of writing.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    /// The entries that changed since the last time, and `None` for those that are gone.
    pub(crate) fn take_touched(&mut self) -> Vec<(u64, Option<&Entry>)> {
        let touched = std::mem::take(&mut self.touched);
        touched
            .into_iter()
            .map(|number| (number, self.entries.get(&number)))
            .collect()
    }

    fn leave(&mut self, number: u64, now: OffsetDateTime) -> Option<Delivery> {
        let entry = self.entries.get_mut(&number)?;
        self.touched.insert(number);
        let fault = self.rules.strike(&entry.event, !entry.is_judged);
        entry.is_judged = true;
        let (mut signed_at, mut is_signed_well) = (now, true);
        match fault {
            None => {}
            Some(EventFault::Drop) => {
                self.close(number, Stage::Sent, now);
                return None;
            }
            Some(EventFault::Delay { seconds }) => {
                entry.next_attempt = now + seconds_of(seconds);
                return None;
            }
            Some(EventFault::Reorder { seconds }) => {
                entry.next_attempt = now + seconds_of(seconds);
                entry.lets_others_pass = true;
                return None;
            }
            Some(EventFault::Duplicate { seconds }) => entry.again_after = Some(seconds_of(seconds)),
            Some(EventFault::WrongSignature) => is_signed_well = false,
            Some(EventFault::StaleTimestamp { seconds }) => signed_at = now - seconds_of(seconds),
        }
        self.departures += 1;
        entry.attempts += 1;
        entry.claim = Some(Claim {
            departure: self.departures,
            until: now + CLAIM,
        });
        let request = if is_signed_well {
            self.destination.request(&entry.event.id, &entry.body, signed_at)
        } else {
            self.destination
                .badly_signed_request(&entry.event.id, &entry.body, signed_at)
        };
        Some(Delivery {
            id: DeliveryId {
                entry: number,
                departure: self.departures,
            },
            request,
        })
    }

    fn under_way(&self, now: OffsetDateTime) -> impl Iterator<Item = &Entry> {
        let open = self.open.iter().filter_map(|number| self.entries.get(number));
        open.filter(move |entry| entry.is_under_way(now))
    }

    /// The entries that neither are under way nor wait for another one of their subject, in the order of writing.
    fn free_heads(&self, now: OffsetDateTime) -> impl Iterator<Item = (u64, &Entry)> {
        let mut held: BTreeSet<&str> = self.under_way(now).map(|entry| entry.event.subject.as_str()).collect();
        let open = self
            .open
            .iter()
            .filter_map(|number| Some((*number, self.entries.get(number)?)));
        open.filter(move |(_, entry)| {
            let is_free = !held.contains(entry.event.subject.as_str());
            if !entry.lets_others_pass {
                held.insert(&entry.event.subject);
            }
            is_free
        })
    }

    fn close(&mut self, number: u64, stage: Stage, now: OffsetDateTime) {
        if let Some(entry) = self.entries.get_mut(&number) {
            entry.stage = stage;
            entry.next_attempt = now;
            self.open.remove(&number);
        }
    }

    /// Forgets what was sent long ago.
    fn clean(&mut self, now: OffsetDateTime) {
        if self.cleaned_at.is_some_and(|at| now < at + CLEANED_EVERY) {
            return;
        }
        self.cleaned_at = Some(now);
        let touched = &mut self.touched;
        self.entries.retain(|number, entry| {
            let is_kept = entry.stage != Stage::Sent || now < entry.next_attempt + KEPT;
            if !is_kept {
                touched.insert(*number);
            }
            is_kept
        });
    }
}

fn seconds_of(seconds: u32) -> Duration {
    Duration::from_secs(seconds.into())
}

#[cfg(test)]
mod tests;
