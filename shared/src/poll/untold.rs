//! What both sides tell and was never accepted, for operators who compare them: what the polls would find, without
//! accepting it.

use super::records::{CHANGED, TASKS, changed};
use crate::clients::Clients;
use crate::domain::{TableName, Timestamp};
use crate::event::Event;
use crate::servicenow::{Cursor, Row, Select};

/// What was never accepted.
#[derive(Debug, Default)]
pub struct Untold {
    /// Of the feed of the community, in its order.
    pub feed: Vec<Event>,
    /// Of records of ServiceNow, the oldest change first.
    pub records: Vec<Event>,
    /// The records that bear our name and changed, accepted or not.
    pub rows: Vec<Row>,
    /// How much was read: events of the feed, and rows.
    pub read: u64,
    /// Of how much no event could be made; the log of the next poll says why.
    pub unusable: u64,
}

impl Clients {
    /// What was told between two times and never accepted; `read` hears of how much was read so far.
    ///
    /// # Errors
    /// When one of the two sides, or the table, gives no clear answer.
    pub async fn untold(&self, since: Timestamp, until: Timestamp, read: &dyn Fn(u64)) -> anyhow::Result<Untold> {
        let mut found = Untold::default();
        self.untold_of_feed(since, until, &mut found).await?;
        read(found.read);
        let Some(sender) = &self.mapping.pull.servicenow else {
            return Ok(found);
        };
        let event = |table: &TableName, row: &Row| changed(sender, table, row);
        for rows in self.changing(&event)? {
            let table = TableName::try_from(rows.table.to_owned())?;
            let select = Select::named(CHANGED.iter().chain(&["correlation_id", "sys_created_on"]))?;
            let select = match rows.table {
                TASKS => select,
                _ => Select::named(rows.fields)?,
            };
            let from = Cursor { at: since, after: None };
            let mut changes = self.servicenow.changes(&table, rows.query, select, from, until)?;
            while let Some(page) = changes.next().await? {
                let mut events = Vec::new();
                for row in &page {
                    found.read += 1;
                    match event(&table, row) {
                        Ok(event) => events.push(event),
                        Err(_) => found.unusable += 1,
                    }
                }
                for event in self.unseen(events).await? {
                    // Of what nobody is told, nothing is ever accepted.
                    if self.store.destination(&event).await?.is_some() {
                        found.records.push(event);
                    }
                }
                if rows.table == TASKS {
                    found.rows.extend(page);
                }
                read(found.read);
            }
        }
        Ok(found)
    }

    pub(super) async fn unseen(&self, mut events: Vec<Event>) -> anyhow::Result<Vec<Event>> {
        let seen = self.store.seen(&events).await?;
        events.retain(|event| !seen.contains(&event.id));
        Ok(events)
    }
}
