//! Records of ServiceNow that Gridlink made, and requested items that it carries out, for deployments without the app
//! and as the repair of its push.
//!
//! The first are found by the display name of their correlation and by when they were changed. A comment changes its record;
//! a file does not, and needs no poll: it is shared by a comment that names it. What was deleted is not found: only the
//! app tells of that. Requested items are found by the names of their catalog items.

use serde_json::json;

use super::{FIRST, LAG, OVERLAP, Polled, RESERVE, cursor_name, earlier, give_back, leave_out};
use crate::apply::CORRELATION_DISPLAY;
use crate::clients::Clients;
use crate::domain::{SenderName, Subject, SysId, TableName, Timestamp};
use crate::event::{Event, MAX_AGE};
use crate::failure::chain;
use crate::mapping::Mode;
use crate::servicenow::{Cursor, Field, Query, Row, Select};
use crate::store::HeldCursor;

impl Clients {
    /// Reads changed records on from where the last poll stopped, or once from `since`.
    ///
    /// # Errors
    /// When the table or ServiceNow gives no clear answer: the cursor stays, and the next poll reads the same again.
    pub async fn poll_records(
        &self,
        since: Option<Timestamp>,
        worker: &str,
        deadline: Timestamp,
    ) -> anyhow::Result<Polled> {
        let mut done = Polled::default();
        let Some(sender) = &self.mapping.pull.servicenow else {
            tracing::info!("the mapping has no pull.servicenow: no records are read");
            return Ok(done);
        };
        self.store.claim_table().await?;
        for source in self.sources()? {
            let name = cursor_name(source.name, since);
            let Some(mut held) = self.store.take_cursor(&name, worker).await? else {
                done.busy += 1;
                continue;
            };
            let read = self
                .read_records(sender, source, since, &mut held, (worker, deadline), &mut done)
                .await;
            give_back(&self.store, &held, read).await?;
        }
        tracing::info!(
            entries = done.entries,
            told = done.told,
            known = done.known,
            unusable = done.unusable,
            poll_behind = done.behind,
            "polled records"
        );
        Ok(done)
    }

    /// What is read, each on from a cursor of its own.
    fn sources(&self) -> anyhow::Result<Vec<RecordSource>> {
        const DISPLAY: Field = Field::known("correlation_display");
        const ITEM: Field = Field::known("cat_item.name");
        let mut sources = vec![RecordSource {
            name: "records",
            table: "task".parse()?,
            query: Query::new().and(DISPLAY.equals(CORRELATION_DISPLAY)?),
        }];
        let rules = self.mapping.onboarding.as_ref();
        if let Some(rules) = rules.filter(|rules| rules.mode != Mode::Off) {
            sources.push(RecordSource {
                name: "requests",
                table: "sc_req_item".parse()?,
                query: Query::new().and(ITEM.one_of(rules.items())?),
            });
        }
        Ok(sources)
    }

    async fn read_records(
        &self,
        sender: &SenderName,
        source: RecordSource,
        since: Option<Timestamp>,
        held: &mut HeldCursor,
        (worker, deadline): (&str, Timestamp),
        done: &mut Polled,
    ) -> anyhow::Result<()> {
        let end = earlier(self.clock.now(), LAG);
        let first = since.unwrap_or_else(|| earlier(end, FIRST));
        let read_until = held.read_until.unwrap_or(first);
        // Older news would be refused at the door.
        let oldest = earlier(self.clock.now(), MAX_AGE);
        let from = Cursor {
            at: earlier(read_until, OVERLAP).max(oldest),
            after: None,
        };
        let select = Select::named(["sys_id", "number", "sys_class_name", "sys_mod_count", "sys_updated_on"])?;
        let mut changes = self
            .servicenow
            .changes(&source.table, source.query, select, from, end)?;
        while let Some(rows) = changes.next().await? {
            let mut events = Vec::new();
            for row in &rows {
                done.entries += 1;
                match changed(sender, row) {
                    Ok(event) => events.push(event),
                    Err(error) => {
                        let what = format!("the changed record {}", row.text("sys_id"));
                        leave_out(&what, &chain(error.as_ref()), done);
                    }
                }
            }
            self.accept_unseen(&events, worker, done).await?;
            if self.clock.now().after(RESERVE) > deadline {
                // Rows of this second may be left: the next poll begins before it.
                let reached = changes.cursor().at;
                done.behind = reached.until(end).as_secs();
                tracing::warn!(behind = done.behind, "out of time; the next poll goes on");
                self.store.move_cursor(held, reached, None).await?;
                return Ok(());
            }
        }
        self.store.move_cursor(held, end, None).await?;
        Ok(())
    }
}

/// Records that are read by time.
struct RecordSource {
    /// The name of its cursor.
    name: &'static str,
    table: TableName,
    query: Query,
}

/// The event that the app would have pushed.
fn changed(sender: &SenderName, row: &Row) -> anyhow::Result<Event> {
    let sys_id: SysId = row.text("sys_id").parse()?;
    let table: TableName = row.text("sys_class_name").parse()?;
    let count: u64 = row.text("sys_mod_count").parse()?;
    let at = Timestamp::parse_servicenow(row.text("sys_updated_on"))?;
    let event = json!({
        "specversion": "1.0",
        "id": format!("{table}/{sys_id}/{count}"),
        "source": "/servicenow",
        "type": "gridlink.servicenow.record.changed.v1",
        "subject": Subject::record(&table, &sys_id).as_str(),
        "time": at.to_string(),
        "data": {
            "table": table,
            "sysId": sys_id,
            "number": row.text("number"),
            "modCount": count,
            "updatedOn": at.to_string(),
            "operation": if count == 0 { "created" } else { "changed" },
        },
    });
    Ok(Event::parse(sender, &event.to_string())?)
}
