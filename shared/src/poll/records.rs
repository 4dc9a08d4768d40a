//! Records of ServiceNow that Gridlink made, requests that it carries out, and articles, for deployments without the app
//! and as the repair of its push.
//!
//! Records are found by the display name of their correlation and by when they were changed, requested items by the
//! names of their catalog items; articles by when they were changed, those of internal knowledge bases too, since an
//! article may have been moved there. A comment changes its record; a file does not, and needs no poll: it is shared by
//! a comment that names it, or goes with an article that changes. What was deleted is not found: only the app tells of
//! that.

use serde_json::json;

use super::{FIRST, LAG, OVERLAP, Polled, RESERVE, cursor_name, earlier, give_back, leave_out};
use crate::apply::CORRELATION_DISPLAY;
use crate::clients::Clients;
use crate::domain::{KNOWLEDGE, SenderName, Subject, SysId, TableName, Timestamp};
use crate::event::{Event, MAX_AGE, RecordChange, TaskOverdue};
use crate::failure::chain;
use crate::mapping::Mode;
use crate::servicenow::{Cursor, Field, Query, Row, Select};
use crate::store::HeldCursor;

/// The base table of cases, incidents and all other tasks.
pub(super) const TASKS: &str = "task";
/// What is read of a changed row.
pub(super) const CHANGED: [&str; 5] = ["sys_id", "number", "sys_class_name", "sys_mod_count", "sys_updated_on"];

/// Rows that are read by one of their times.
pub(super) struct Rows<'a> {
    /// The name of the cursor, which is also what they are called.
    name: &'static str,
    pub(super) table: &'static str,
    time: Field,
    pub(super) query: Query,
    pub(super) fields: &'static [&'static str],
    event: &'a (dyn Fn(&TableName, &Row) -> anyhow::Result<Event> + Sync),
}

impl Clients {
    /// Reads changed records on from where the last poll stopped, or once from `since`; and, without `since`, which
    /// tasks of teams have become overdue, and shows agents what is parked.
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
        self.store.claim_table().await?;
        let when = (since, deadline);
        match &self.mapping.pull.servicenow {
            Some(sender) => {
                let changed = |table: &TableName, row: &Row| changed(sender, table, row);
                for rows in self.changing(&changed)? {
                    self.poll_rows(rows, when, worker, &mut done).await?;
                }
            }
            None => tracing::info!("the mapping has no pull.servicenow: no changed records are read"),
        }
        // What was due long ago is seen when anything of it changes.
        if since.is_none() && self.mapping.escalation.is_some() {
            let rows = Rows {
                name: "deadlines",
                table: TASKS,
                time: const { Field::known("due_date") },
                query: ours()?.and(const { Field::known("active") }.equals("true")?),
                fields: &["sys_id", "sys_class_name", "due_date"],
                event: &overdue,
            };
            self.poll_rows(rows, when, worker, &mut done).await?;
        }
        if since.is_none() {
            self.show_what_is_parked().await;
        }
        Ok(done)
    }

    /// The rows whose changes concern some use case.
    pub(super) fn changing<'a>(
        &self,
        event: &'a (dyn Fn(&TableName, &Row) -> anyhow::Result<Event> + Sync),
    ) -> anyhow::Result<Vec<Rows<'a>>> {
        let rows = |name, table, query| Rows {
            name,
            table,
            time: const { Field::known("sys_updated_on") },
            query,
            fields: &CHANGED,
            event,
        };
        let mut all = vec![rows("records", TASKS, ours()?)];
        let requests = self.mapping.onboarding.as_ref();
        if let Some(rules) = requests.filter(|rules| rules.mode != Mode::Off) {
            let query = Query::new().and(const { Field::known("cat_item.name") }.one_of(rules.items())?);
            all.push(rows("requests", "sc_req_item", query));
        }
        if self.mapping.knowledge.is_some() {
            all.push(rows("articles", KNOWLEDGE, Query::new()));
        }
        Ok(all)
    }

    async fn poll_rows(
        &self,
        rows: Rows<'_>,
        (since, deadline): (Option<Timestamp>, Timestamp),
        worker: &str,
        done: &mut Polled,
    ) -> anyhow::Result<()> {
        let Some(mut held) = self.store.take_cursor(&cursor_name(rows.name, since), worker).await? else {
            done.busy += 1;
            return Ok(());
        };
        let source = rows.name;
        let first = since.unwrap_or_else(|| earlier(self.clock.now(), FIRST));
        let read = self.read_rows(rows, first, &mut held, (worker, deadline), done).await;
        give_back(&self.store, &held, read).await?;
        tracing::info!(
            source,
            entries = done.entries,
            told = done.told,
            known = done.known,
            unusable = done.unusable,
            poll_behind = done.behind,
            "polled records"
        );
        Ok(())
    }

    async fn read_rows(
        &self,
        rows: Rows<'_>,
        first: Timestamp,
        held: &mut HeldCursor,
        (worker, deadline): (&str, Timestamp),
        done: &mut Polled,
    ) -> anyhow::Result<()> {
        let table = TableName::try_from(rows.table.to_owned())?;
        let end = earlier(self.clock.now(), LAG);
        let read_until = held.read_until.unwrap_or(first);
        // Older news would be refused at the door.
        let oldest = earlier(self.clock.now(), MAX_AGE);
        let from = held.place.as_deref().and_then(read_place).unwrap_or(Cursor {
            at: earlier(read_until, OVERLAP).max(oldest),
            after: None,
        });
        let select = Select::named(rows.fields)?;
        let mut changes = self
            .servicenow
            .by_time(&rows.time, &table, rows.query, select, from, end)?;
        while let Some(page) = changes.next().await? {
            let mut events = Vec::new();
            for row in &page {
                done.entries += 1;
                match (rows.event)(&table, row) {
                    Ok(event) => events.push(event),
                    Err(error) => {
                        let what = format!("the record {} among the {}", row.text("sys_id"), rows.name);
                        leave_out(&what, &chain(error.as_ref()), done);
                    }
                }
            }
            self.accept_unseen(&events, worker, done).await?;
            let now = self.clock.now();
            if now.after(RESERVE) > deadline {
                let reached = changes.cursor();
                done.behind = reached.at.until(end).as_secs();
                tracing::warn!(
                    source = rows.name,
                    behind = done.behind,
                    "out of time; the next poll goes on"
                );
                // Where rows that commit late may still come, the next poll begins before it, as ever; elsewhere
                // exactly there, so that however many rows of one moment are passed.
                let place = (reached.at.after(OVERLAP) <= now).then(|| write_place(reached));
                self.store.move_cursor(held, reached.at, place).await?;
                return Ok(());
            }
        }
        self.store.move_cursor(held, end, None).await?;
        Ok(())
    }
}

/// Records that Gridlink made.
pub(super) fn ours() -> anyhow::Result<Query> {
    const DISPLAY: Field = Field::known("correlation_display");
    Ok(Query::new().and(DISPLAY.equals(CORRELATION_DISPLAY)?))
}

/// A place among rows as a cursor keeps it.
fn write_place(cursor: &Cursor) -> String {
    let after = cursor.after.as_ref().map_or("", SysId::as_str);
    format!("{}/{after}", cursor.at.millis())
}

/// `None` for what is no such place: then the time is what counts.
fn read_place(place: &str) -> Option<Cursor> {
    let (at, after) = place.split_once('/')?;
    let after = match after {
        "" => None,
        sys_id => Some(sys_id.parse().ok()?),
    };
    let at = Timestamp::from_millis(at.parse().ok()?);
    Some(Cursor { at, after })
}

/// The event of a task that is due and not done.
fn overdue(_: &TableName, row: &Row) -> anyhow::Result<Event> {
    let task = TaskOverdue {
        table: row.text("sys_class_name").parse()?,
        sys_id: row.text("sys_id").parse()?,
        due_at: Timestamp::parse_servicenow(row.text("due_date"))?,
    };
    Ok(task.event()?)
}

/// The event that the app would have pushed.
pub(super) fn changed(sender: &SenderName, table: &TableName, row: &Row) -> anyhow::Result<Event> {
    let sys_id: SysId = row.text("sys_id").parse()?;
    let table = match row.text("sys_class_name") {
        "" => table.clone(),
        class => class.parse()?,
    };
    let count: u64 = row.text("sys_mod_count").parse()?;
    let at = Timestamp::parse_servicenow(row.text("sys_updated_on"))?;
    let event = json!({
        "specversion": "1.0",
        "id": RecordChange::id_of(&table, &sys_id, count),
        "source": "/servicenow",
        "type": RecordChange::KIND,
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
