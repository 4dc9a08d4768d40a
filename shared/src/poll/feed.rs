//! The feed of the community, for deployments without push and as the repair of push.

use super::{FIRST, Polled, RESERVE, Untold, cursor_name, earlier, give_back, leave_out};
use crate::clients::Clients;
use crate::domain::{SenderName, Timestamp};
use crate::event::Event;
use crate::failure::chain;
use crate::mapping::SenderRule;
use crate::store::HeldCursor;
use crate::trading_grid::collaboration::{Cursor, Feed};

impl Clients {
    /// Whose feed is read, and what it may tell.
    fn feed_sender(&self) -> Option<(&SenderName, &SenderRule)> {
        let name = self.mapping.pull.community.as_ref()?;
        Some((name, self.mapping.sender(name)?))
    }

    /// What the feed tells since a time and was never accepted, in its order. Nothing is accepted, and no cursor moves.
    pub(super) async fn untold_of_feed(
        &self,
        since: Timestamp,
        until: Timestamp,
        found: &mut Untold,
    ) -> anyhow::Result<()> {
        let Some((sender, rule)) = self.feed_sender() else {
            return Ok(());
        };
        let reading = Reading {
            clients: self,
            sender,
            rule,
            worker: "",
        };
        let mut place: Option<Cursor> = None;
        loop {
            let (items, next, has_more) = match self.community.events(place.as_ref()).await? {
                Feed::Page(page) => (page.items, Some(page.next), page.has_more),
                Feed::Expired { oldest } if oldest != place => (Vec::new(), oldest, true),
                Feed::Expired { .. } => anyhow::bail!("the feed has expired at its own beginning"),
            };
            let mut events = Vec::new();
            for item in &items {
                found.read += 1;
                match reading.event(item) {
                    Ok(event) if event.is_echo || event.time < since || event.time > until => {}
                    Ok(event) => events.push(event),
                    Err(_) => found.unusable += 1,
                }
            }
            found.feed.extend(self.unseen(events).await?);
            if !has_more || next == place {
                return Ok(());
            }
            place = next;
        }
    }

    /// Reads the feed on from where the last poll stopped, or once from `since`.
    ///
    /// The feed begins long before Gridlink is there: what happened before the first poll is a back-fill.
    ///
    /// # Errors
    /// When the table or the community gives no clear answer: the cursor stays, and the next poll reads the same again.
    pub async fn poll_feed(
        &self,
        since: Option<Timestamp>,
        worker: &str,
        deadline: Timestamp,
    ) -> anyhow::Result<Polled> {
        let mut done = Polled::default();
        let Some((sender, rule)) = self.feed_sender() else {
            tracing::info!("the mapping has no pull.community: no feed is read");
            return Ok(done);
        };
        self.store.claim_table().await?;
        let Some(mut held) = self.store.take_cursor(&cursor_name("feed", since), worker).await? else {
            done.busy += 1;
            return Ok(done);
        };
        if held.read_until.is_none() {
            // From when on events count: kept, so that a later poll does not think otherwise.
            let first = since.unwrap_or_else(|| earlier(self.clock.now(), FIRST));
            if !self.store.move_cursor(&mut held, first, None).await? {
                return Ok(done);
            }
        }
        let reading = Reading {
            clients: self,
            sender,
            rule,
            worker,
        };
        let read = reading.pages(&mut held, deadline, &mut done).await;
        give_back(&self.store, &held, read).await?;
        tracing::info!(
            entries = done.entries,
            told = done.told,
            known = done.known,
            unusable = done.unusable,
            "polled the feed"
        );
        Ok(done)
    }
}

/// What the pages of the feed are read with.
struct Reading<'a> {
    clients: &'a Clients,
    sender: &'a SenderName,
    rule: &'a SenderRule,
    worker: &'a str,
}

impl Reading<'_> {
    /// Page after page, until there are no more or time is up.
    async fn pages(&self, held: &mut HeldCursor, deadline: Timestamp, done: &mut Polled) -> anyhow::Result<()> {
        let (clock, store) = (&self.clients.clock, &self.clients.store);
        let from = held.read_until.unwrap_or_else(|| clock.now());
        let mut place: Option<Cursor> = held.place.clone().map(Cursor::try_from).transpose()?;
        loop {
            if clock.now().after(RESERVE) > deadline {
                tracing::warn!("out of time; the next poll goes on");
                return Ok(());
            }
            let (next, has_more) = match self.clients.community.events(place.as_ref()).await? {
                Feed::Page(page) => {
                    self.page(&page.items, from, done).await?;
                    (Some(page.next), page.has_more)
                }
                Feed::Expired { oldest } => {
                    tracing::error!(
                        alarm = true,
                        "the feed no longer keeps what followed the last poll: compare both sides"
                    );
                    // Without a beginning, the feed is read from its own.
                    let is_stuck = oldest == place;
                    anyhow::ensure!(!is_stuck, "the feed has expired at its own beginning");
                    (oldest, true)
                }
            };
            let moved = next.clone().map(String::from);
            if !store.move_cursor(held, from, moved).await? {
                return Ok(());
            }
            if !has_more || next == place {
                return Ok(());
            }
            place = next;
        }
    }

    /// Accepts what a page tells and is not known.
    async fn page(&self, items: &[String], from: Timestamp, done: &mut Polled) -> anyhow::Result<()> {
        let mut events = Vec::new();
        for item in items {
            done.entries += 1;
            match self.event(item) {
                Ok(event) if event.time < from => done.known += 1,
                Ok(event) => events.push(event),
                Err(why) => leave_out("an event of the feed", &why, done),
            }
        }
        self.clients.accept_unseen(&events, self.worker, done).await
    }

    fn event(&self, item: &str) -> Result<Event, String> {
        let event = Event::parse(self.sender, item).map_err(|error| chain(&error))?;
        event
            .check_age(self.clients.clock.now())
            .map_err(|error| chain(&error))?;
        match self.rule.allows(&event) {
            true => Ok(event),
            false => Err(format!("{} may not send {} for this company", self.sender, event.kind)),
        }
    }
}
