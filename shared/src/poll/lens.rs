//! Exchanges, which have no push everywhere.
//!
//! Lens is read in windows of time. A window begins a little before the end of the last one, for rows that commit late
//! and clocks that differ, and ends a little before now. Its pages are read again until a whole pass shows nothing
//! unseen, because a row that moves while pages are read shifts the others. Only when everything of a window is in the
//! inbox does the cursor move: a poller that dies reads it again, and the duplicate check drops what was there.
//!
//! The same exchange in the same state is the same event as that of a push: see [`crate::event::Exchange`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use url::Url;

use super::process::{self, Standing};
use super::{LAG, OVERLAP, Polled, RESERVE, accept, cursor_name, earlier, give_back, millis};
use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::{Config, Published};
use crate::domain::{CompanyId, CorrelationId, EventId, Subject, Timestamp};
use crate::effect::KnownExchange;
use crate::event::{Event, Exchange, Turn};
use crate::http::Transport;
use crate::mapping::{Mapping, PollRule};
use crate::queue::Queue;
use crate::secrets::Secrets;
use crate::store::{HeldCursor, Store};
use crate::trading_grid::community::{CommunityServices, PartnerFilter};
use crate::trading_grid::lens::{Direction, Entry, Field, Lens, Search, Term, TimeField};
use crate::trading_grid::{Access, Authentication};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// How long it is kept how far the days of a night were read again.
const AGAIN_KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
/// The longest window.
const WINDOW: Duration = Duration::from_secs(6 * 3600);
/// A window with more rows than this is split.
const MOST_ROWS: u64 = 5_000;
/// How often the pages of a window are read until nothing is unseen.
const MOST_READINGS: u32 = 5;
/// Timed-out acknowledgements have no date of their own: they are looked for among what arrived in this time.
const TIMED_OUT_WITHIN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Polls Lens.
pub struct LensPoller {
    store: Store,
    queue: Queue,
    clock: Clock,
    lens: Lens,
    community: CommunityServices,
    mapping: Arc<Mapping>,
    page: u16,
}

/// What a poll reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// On from where the last poll stopped.
    Onward,
    /// Once more from a time until now: a back-fill.
    Since(Timestamp),
    /// The days before the last midnight (UTC) once more, as far as they were polled at all: whatever is new in
    /// them, polls had missed.
    Again {
        /// How many.
        days: u16,
    },
}

/// Which time a pass reads, with the cursor that says how far it is.
struct Span {
    cursor: String,
    /// Where the cursor begins; a little before now where nothing says so.
    from: Option<Timestamp>,
    /// Where it ends; now where nothing says so.
    until: Option<Timestamp>,
}

impl Reading {
    /// What of the pass is read; nothing of what was never polled. `begun` says when each pass was polled first.
    fn span(self, pass: &str, begun: &BTreeMap<String, Timestamp>, now: Timestamp) -> Option<Span> {
        let since = match self {
            Reading::Onward => None,
            Reading::Since(since) => Some(since),
            Reading::Again { days } => {
                let midnight = now.millis() - now.millis().rem_euclid(millis(DAY));
                let first = midnight - i64::from(days) * millis(DAY);
                // What is older than the deployment is nobody's miss: nobody wants an incident of it.
                let polled = earlier(*begun.get(pass)?, super::FIRST);
                let from = Timestamp::from_millis(first).max(polled);
                let until = Timestamp::from_millis(midnight);
                if from >= until {
                    return None;
                }
                return Some(Span {
                    cursor: format!("{pass}-again-{}", Timestamp::from_millis(first).seconds()),
                    from: Some(from),
                    until: Some(until),
                });
            }
        };
        Some(Span {
            cursor: cursor_name(pass, since),
            from: since,
            until: None,
        })
    }
}

/// One way to look at Lens.
struct Pass {
    name: &'static str,
    field: TimeField,
    sort: Field,
    only: Option<(Field, &'static [&'static str])>,
    looks_for: Turn,
}

/// What moved, and what does not move any more.
const PASSES: [Pass; 4] = [
    Pass {
        name: "lens-status",
        field: TimeField::Status,
        sort: Field::StatusDate,
        only: None,
        looks_for: Turn::Failed,
    },
    Pass {
        name: "lens-acknowledgement",
        field: TimeField::Acknowledgement,
        sort: Field::AcknowledgementDate,
        only: None,
        looks_for: Turn::Failed,
    },
    Pass {
        name: "lens-stuck",
        field: TimeField::Status,
        sort: Field::StatusDate,
        only: Some((Field::Status, &["P", "R", "Unknown"])),
        looks_for: Turn::Delayed,
    },
    Pass {
        name: "lens-unacknowledged",
        field: TimeField::Status,
        sort: Field::StatusDate,
        only: Some((Field::Acknowledgement, &["W"])),
        looks_for: Turn::Delayed,
    },
];

/// The one without a cursor: whatever of it is known is dropped by a read.
const TIMED_OUT: Pass = Pass {
    name: "lens-timed-out",
    field: TimeField::Arrival,
    sort: Field::ArrivalTime,
    only: Some((Field::Acknowledgement, &["T"])),
    looks_for: Turn::Failed,
};

impl LensPoller {
    /// A poller that sends over `transport` and reads `clock`.
    pub fn new(
        config: &Config,
        exchanges: Published,
        mapping: Arc<Mapping>,
        transport: Transport,
        clock: Clock,
    ) -> Self {
        let aws = Aws::new(config.aws.clone(), transport.clone(), clock.clone());
        let secrets = Arc::new(Secrets::new(aws.secrets(), clock.clone()));
        let access = Arc::new(Access::new(
            transport,
            Authentication::AccessToken,
            exchanges.token_url,
            exchanges.secret,
            secrets,
            clock.clone(),
        ));
        let url: Url = exchanges.url;
        Self {
            store: Store::new(config, &aws, clock.clone()),
            queue: Queue::new(config, &aws, clock.clone()),
            clock,
            lens: Lens::new(url.clone(), Arc::clone(&access)),
            community: CommunityServices::new(url, access),
            mapping,
            page: 1000,
        }
    }

    /// The same with smaller pages.
    pub fn with_pages_of(mut self, entries: u16) -> Self {
        self.page = entries;
        self
    }

    /// Reads on where the last poll stopped, or something else once.
    ///
    /// # Errors
    /// When the table or Trading Grid gives no clear answer: the cursor stays, and the next poll reads the window again.
    pub async fn poll(&self, reading: Reading, worker: &str, deadline: Timestamp) -> anyhow::Result<Polled> {
        let Some(rule) = self.mapping.exchanges.as_ref().and_then(|rules| rules.poll.as_ref()) else {
            tracing::info!("the mapping has no exchanges.poll: nothing is polled");
            return Ok(Polled::default());
        };
        self.store.claim_table().await?;
        let mut run = Run {
            poller: self,
            rule,
            seen: Seen::Accepted(worker),
            knowing: Knowing::What,
            partners: BTreeMap::new(),
            done: Polled::default(),
        };
        let now = self.clock.now();
        let begun = match reading {
            Reading::Onward | Reading::Since(_) => BTreeMap::new(),
            Reading::Again { .. } => self.store.begun(&PASSES.map(|pass| pass.name)).await?,
        };
        for pass in &PASSES {
            let Some(span) = reading.span(pass.name, &begun, now) else {
                tracing::info!(
                    pass = pass.name,
                    "nothing was polled before: there is nothing to be read again"
                );
                continue;
            };
            run.pass(pass, &span, (worker, deadline)).await.context(pass.name)?;
        }
        // What has timed out is looked for over days by every poll.
        let timed_out_since = match reading {
            Reading::Onward => Some(now),
            Reading::Since(since) => Some(since),
            Reading::Again { .. } => None,
        };
        if let Some(since) = timed_out_since {
            let from = earlier(now, TIMED_OUT_WITHIN).min(since);
            run.window(&TIMED_OUT, from, now, now).await.context(TIMED_OUT.name)?;
        } else if run.done.told > 0 {
            run.done.missed = run.done.told;
            tracing::error!(
                poll_missed = run.done.missed,
                "polls had missed exchanges; they are told now"
            );
        }
        tracing::info!(
            entries = run.done.entries,
            told = run.done.told,
            known = run.done.known,
            poll_behind = run.done.behind,
            "polled"
        );
        Ok(run.done)
    }
}

impl LensPoller {
    /// What polls should have told of what moved between two times and did not, in the order of when it moved; nothing of
    /// before the first poll, and nothing where the mapping polls nothing. `read` hears of how much was read so far.
    ///
    /// # Errors
    /// When the table or Trading Grid gives no clear answer.
    pub async fn untold(&self, since: Timestamp, until: Timestamp, read: &dyn Fn(u64)) -> anyhow::Result<Vec<Event>> {
        let begun = self.store.begun(&PASSES.map(|pass| pass.name)).await?;
        // The pass without a cursor is made by every poll.
        let first = begun.values().min().copied();
        let from = |pass: &Pass| {
            let begun = begun.get(pass.name).copied();
            let begun = begun.or(first.filter(|_| pass.name == TIMED_OUT.name))?;
            Some(since.max(earlier(begun, super::FIRST)))
        };
        let mut events = self.look(from, until, Knowing::What, read).await?;
        let seen = self.store.seen(&events).await?;
        events.retain(|event| !seen.contains(&event.id));
        Ok(events)
    }

    /// The exchanges that came to fail or to be late since a time and still are so, known or not, as what would be told of
    /// them; nothing where the mapping polls nothing. `read` hears of how much was read so far.
    ///
    /// # Errors
    /// When the table or Trading Grid gives no clear answer.
    pub async fn failing(&self, since: Timestamp, read: &dyn Fn(u64)) -> anyhow::Result<Vec<Event>> {
        self.look(|_| Some(since), self.clock.now(), Knowing::Nothing, read)
            .await
    }

    /// What a poll would tell of what moved from a time of each pass on.
    async fn look(
        &self,
        from: impl Fn(&Pass) -> Option<Timestamp>,
        until: Timestamp,
        knowing: Knowing,
        read: &dyn Fn(u64),
    ) -> anyhow::Result<Vec<Event>> {
        let Some(mut run) = self.looking(knowing) else {
            return Ok(Vec::new());
        };
        for pass in PASSES.iter().chain([&TIMED_OUT]) {
            let Some(mut at) = from(pass) else { continue };
            let end = run.end(pass, until);
            while at < end {
                let from = earlier(at, OVERLAP);
                at = run
                    .window(pass, from, end.min(at.after(WINDOW)), at)
                    .await
                    .context(pass.name)?;
                read(run.done.entries);
            }
        }
        let Seen::Kept(kept) = run.seen else {
            return Ok(Vec::new());
        };
        let mut events: Vec<Event> = kept.into_values().collect();
        events.sort_by_key(|event| event.time);
        Ok(events)
    }

    /// An exchange as Lens has it now, with how it is; nothing where the mapping polls nothing, or Lens has it no more.
    ///
    /// # Errors
    /// When Trading Grid gives no clear answer.
    pub async fn exchange(&self, exchange: &CorrelationId) -> anyhow::Result<Option<(Option<Turn>, Exchange)>> {
        let Some(mut run) = self.looking(Knowing::Nothing) else {
            return Ok(None);
        };
        let entries = run.entries(exchange).await?;
        let shown = run.named(exchange, &entries).await?;
        Ok(shown.map(|shown| (process::turn(&entries), shown)))
    }

    /// A run that accepts nothing.
    fn looking(&self, knowing: Knowing) -> Option<Run<'_>> {
        let rule = self.mapping.exchanges.as_ref()?.poll.as_ref()?;
        Some(Run {
            poller: self,
            rule,
            seen: Seen::Kept(BTreeMap::new()),
            knowing,
            partners: BTreeMap::new(),
            done: Polled::default(),
        })
    }
}

/// What becomes of what is seen.
enum Seen<'a> {
    /// It is accepted, by this worker.
    Accepted(&'a str),
    /// It is kept, each event once.
    Kept(BTreeMap<EventId, Event>),
}

/// Whether it counts what is known of exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Knowing {
    /// It does: only news is told.
    What,
    /// As if nothing were known.
    Nothing,
}

/// One poll under way.
struct Run<'a> {
    poller: &'a LensPoller,
    rule: &'a PollRule,
    seen: Seen<'a>,
    knowing: Knowing,
    /// Companies by trading address, as far as they were asked for.
    partners: BTreeMap<String, Option<CompanyId>>,
    done: Polled,
}

impl Run<'_> {
    async fn pass(&mut self, pass: &Pass, span: &Span, (worker, deadline): (&str, Timestamp)) -> anyhow::Result<()> {
        let store = &self.poller.store;
        let taken = match span.until {
            None => store.take_cursor(&span.cursor, worker).await?,
            Some(_) => store.take_passing_cursor(&span.cursor, worker, AGAIN_KEPT).await?,
        };
        let Some(mut held) = taken else {
            self.done.busy += 1;
            return Ok(());
        };
        let read = self.read_on(pass, span, &mut held, deadline).await;
        give_back(&self.poller.store, &held, read).await
    }

    /// Window after window, until now or until time is up.
    async fn read_on(
        &mut self,
        pass: &Pass,
        span: &Span,
        held: &mut HeldCursor,
        deadline: Timestamp,
    ) -> anyhow::Result<()> {
        let clock = &self.poller.clock;
        let end = self.end(pass, span.until.unwrap_or_else(|| earlier(clock.now(), LAG)));
        let first = span.from.unwrap_or_else(|| earlier(end, super::FIRST));
        loop {
            let read_until = held.read_until.unwrap_or(first);
            if read_until >= end {
                return Ok(());
            }
            if clock.now().after(RESERVE) > deadline {
                let behind = read_until.until(end).as_secs();
                self.done.behind = self.done.behind.max(behind);
                tracing::warn!(pass = pass.name, behind, "out of time; the next poll goes on");
                return Ok(());
            }
            let from = earlier(read_until, OVERLAP);
            let to = self
                .window(pass, from, end.min(read_until.after(WINDOW)), read_until)
                .await?;
            if !self.poller.store.move_cursor(held, to, None).await? {
                return Ok(());
            }
        }
    }

    /// Up to when a pass reads: what is late is looked at when it has been so for a while.
    fn end(&self, pass: &Pass, until: Timestamp) -> Timestamp {
        let age = match pass.looks_for {
            Turn::Delayed => self.rule.late_after(),
            Turn::Failed | Turn::Recovered => Duration::ZERO,
        };
        until.min(earlier(self.poller.clock.now(), LAG + age))
    }

    /// Reads one window, or the first part of a large one that ends after `least`; gives its end.
    async fn window(
        &mut self,
        pass: &Pass,
        from: Timestamp,
        to: Timestamp,
        least: Timestamp,
    ) -> anyhow::Result<Timestamp> {
        let mut to = to;
        let mut seen = BTreeSet::new();
        for _ in 0..MOST_READINGS {
            let mut search = self.search(pass, from, to);
            let (mut pages, mut unseen, mut received) = (0, 0, 0);
            loop {
                let found = self.poller.lens.page(&search).await?;
                let total = found.total.unwrap_or(0);
                let middle = Timestamp::from_millis(least.millis() + (to.millis() - least.millis()) / 2);
                if pages == 0 && total > MOST_ROWS && middle.seconds() > least.seconds() {
                    // Rows of one second cannot be split: their pages are read one after another.
                    to = middle;
                    search = self.search(pass, from, to);
                    continue;
                }
                pages += 1;
                received += found.received as u64;
                unseen += self.page(pass, &found.entries, &mut seen).await?;
                let is_last = found.total.is_some_and(|total| received >= total);
                match search.after(found.received).filter(|_| !is_last) {
                    Some(next) => search = next,
                    None => break,
                }
            }
            // One page is one look: nothing can have moved between two.
            if pages <= 1 || unseen == 0 {
                return Ok(to);
            }
        }
        anyhow::bail!("the rows from {from} to {to} moved while they were read {MOST_READINGS} times")
    }

    fn search(&self, pass: &Pass, from: Timestamp, to: Timestamp) -> Search {
        let search = Search::selecting(&process::FIELDS)
            .count(self.poller.page)
            .between(pass.field, from, to)
            .sorted_by(pass.sort, Direction::Ascending);
        match pass.only {
            Some((field, values)) => search.only(field, values.iter().copied()),
            None => search,
        }
    }

    /// Tells what a page shows; gives how many of its rows were not seen before in this window.
    async fn page(&mut self, pass: &Pass, entries: &[Entry], seen: &mut BTreeSet<String>) -> anyhow::Result<u64> {
        self.done.entries += entries.len() as u64;
        let mut unseen = 0;
        let mut rows: BTreeMap<CorrelationId, Vec<&Entry>> = BTreeMap::new();
        for entry in entries {
            let id = entry.text(Field::TransactionId).unwrap_or_default();
            if seen.insert(id.to_owned()) {
                unseen += 1;
                let exchange = entry.text(Field::CorrelationId).and_then(|id| id.parse().ok());
                match exchange {
                    Some(exchange) => rows.entry(exchange).or_default().push(entry),
                    None => tracing::warn!(transaction = id, "an entry without a usable correlation id is left out"),
                }
            }
        }
        let exchanges = rows.keys().map(Subject::exchange).collect::<Vec<_>>();
        let known = match self.knowing {
            Knowing::What => self.poller.store.known_exchanges(&exchanges).await?,
            Knowing::Nothing => BTreeMap::new(),
        };
        for (exchange, rows) in rows {
            if is_news(pass, &rows, known.get(&Subject::exchange(&exchange))) {
                self.exchange(pass, &exchange).await?;
            }
        }
        Ok(unseen)
    }

    /// Reads all entries of an exchange and tells how it is.
    async fn exchange(&mut self, pass: &Pass, exchange: &CorrelationId) -> anyhow::Result<()> {
        self.done.exchanges += 1;
        let entries = self.entries(exchange).await?;
        let turn = match (process::turn(&entries), pass.looks_for) {
            (Some(turn @ (Turn::Failed | Turn::Recovered)), _) => turn,
            (Some(Turn::Delayed), Turn::Delayed) => Turn::Delayed,
            (Some(Turn::Delayed) | None, _) => return Ok(()),
        };
        let Some(shown) = self.named(exchange, &entries).await? else {
            return Ok(());
        };
        let event = match shown.seen(turn, &self.rule.sender) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%exchange, %error, "an exchange cannot be told");
                return Ok(());
            }
        };
        match &mut self.seen {
            Seen::Accepted(worker) => {
                let poller = self.poller;
                accept(&poller.store, &poller.queue, &event, worker, &mut self.done).await
            }
            Seen::Kept(kept) => {
                kept.insert(event.id.clone(), event);
                Ok(())
            }
        }
    }

    /// All entries of an exchange.
    async fn entries(&self, exchange: &CorrelationId) -> anyhow::Result<Vec<Entry>> {
        let of_it = Search::selecting(&process::FIELDS)
            .with_content_keys(self.rule.content_keys.iter().cloned())
            .must(Field::CorrelationId, Term::Text(exchange.to_string()));
        let mut entries = self.poller.lens.page(&of_it).await?.entries;
        // A search may find more than what is the same.
        entries.retain(|entry| entry.text(Field::CorrelationId) == Some(exchange.as_str()));
        Ok(entries)
    }

    /// An exchange with its partner; nothing where its entries tell too little to name it.
    async fn named(&mut self, exchange: &CorrelationId, entries: &[Entry]) -> anyhow::Result<Option<Exchange>> {
        let Some(mut shown) = process::exchange(entries, self.rule) else {
            tracing::warn!(%exchange, "the entries of an exchange tell too little to name it");
            return Ok(None);
        };
        shown.company_id = self.company(process::partner_address(&shown)).await?;
        Ok(Some(shown))
    }

    /// The partner at an address; none where the directory knows none, or does not let us ask.
    async fn company(&mut self, address: Option<&str>) -> anyhow::Result<Option<CompanyId>> {
        let (Some(address), Some(own)) = (address, &self.rule.company) else {
            return Ok(None);
        };
        if let Some(known) = self.partners.get(address) {
            return Ok(known.clone());
        }
        let found = self
            .poller
            .community
            .find_partners(own, PartnerFilter::Address(address))
            .await;
        let found = match found {
            Ok(partners) => match partners.as_slice() {
                [partner] => Some(partner.id.clone()),
                _ => None,
            },
            Err(error) if error.rejection().is_some_and(|it| matches!(it.status, 400 | 403..=405)) => {
                tracing::warn!(error = %crate::failure::chain(&error), "the partner of an address cannot be asked for");
                None
            }
            // The next poll asks again: an exchange is told once, and then with its partner.
            Err(error) => return Err(error.into()),
        };
        self.partners.insert(address.to_owned(), found.clone());
        Ok(found)
    }
}

/// Whether rows of an exchange may say something that is not known of it.
fn is_news(pass: &Pass, rows: &[&Entry], known: Option<&KnownExchange>) -> bool {
    let at = rows.iter().filter_map(|row| process::at(row)).max();
    let is_known = |turn: Turn| known.is_some_and(|known| known.turn == turn && at <= Some(known.at));
    let fails = |row: &&Entry| process::standing(row) == Standing::Failed || process::has_error(row);
    if pass.looks_for == Turn::Delayed {
        return !is_known(Turn::Delayed);
    }
    if rows.iter().any(fails) {
        return !is_known(Turn::Failed);
    }
    // Nobody needs to hear that something went well which nobody missed.
    known.is_some_and(|known| known.turn != Turn::Recovered)
}
