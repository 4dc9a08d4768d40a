//! How far a poll has read, with a lease: one poller at a time, and nothing is skipped when it dies.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};

use super::item::{Item, key, n, number, s, text, values};
use super::stream::is_refused;
use super::{Error, SCHEMA, Store, failed};
use crate::domain::Timestamp;

/// How long a poller has a cursor to itself: longer than its function may run.
const LEASE: Duration = Duration::from_secs(90);

/// What taking a cursor writes.
const TAKE: &str =
    "SET lease_until = :until, lease_by = :worker, #schema = :schema, begun = if_not_exists(begun, :now)";

/// The right to read on from a place.
#[derive(Debug, Clone)]
pub struct HeldCursor {
    name: String,
    /// Up to when everything was read; none before the first time.
    pub read_until: Option<Timestamp>,
    /// The place from which to read on exactly; none where the time is enough.
    pub place: Option<String>,
    epoch: i64,
}

impl Store {
    /// Takes a cursor for a worker; `None` while another has it.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn take_cursor(&self, name: &str, worker: &str) -> Result<Option<HeldCursor>, Error> {
        self.hold_cursor(name, worker, None).await
    }

    /// The same of a cursor that nobody needs any more after some time.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn take_passing_cursor(
        &self,
        name: &str,
        worker: &str,
        kept: Duration,
    ) -> Result<Option<HeldCursor>, Error> {
        self.hold_cursor(name, worker, Some(kept)).await
    }

    async fn hold_cursor(&self, name: &str, worker: &str, kept: Option<Duration>) -> Result<Option<HeldCursor>, Error> {
        let now = self.clock.now();
        let taking = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(cursor_key(name)))
            .update_expression(match kept {
                None => format!("{TAKE} ADD lease_epoch :one"),
                Some(_) => format!("{TAKE}, #ttl = :ttl ADD lease_epoch :one"),
            })
            .condition_expression("attribute_not_exists(lease_until) OR lease_until < :now OR lease_by = :worker")
            .expression_attribute_names("#schema", "schema")
            .set_expression_attribute_values(Some(values([
                (":until", n(now.after(LEASE).millis())),
                (":worker", s(worker)),
                (":schema", n(SCHEMA)),
                (":one", n(1)),
                (":now", n(now.millis())),
            ])));
        let taking = match kept {
            None => taking,
            Some(kept) => taking
                .expression_attribute_names("#ttl", "ttl")
                .expression_attribute_values(":ttl", n(now.after(kept).seconds())),
        };
        let outcome = taking
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::None)
            .send()
            .await;
        match outcome {
            Ok(answer) => {
                let item = answer.attributes.unwrap_or_default();
                Ok(Some(HeldCursor {
                    name: name.to_owned(),
                    read_until: number(&item, "read_until").map(Timestamp::from_millis),
                    place: text(&item, "place").map(str::to_owned),
                    epoch: number(&item, "lease_epoch").unwrap_or(0),
                }))
            }
            Err(error) if is_refused(error.as_service_error()) => Ok(None),
            Err(error) => Err(failed("take of a cursor")(error)),
        }
    }

    /// Moves a cursor on: everything up to `until` is in the inbox, and everything before `place`, which takes the place
    /// of the one before. It never moves back in time. Gives whether it is still ours.
    ///
    /// # Errors
    /// When it is not known whether it moved.
    pub async fn move_cursor(
        &self,
        held: &mut HeldCursor,
        until: Timestamp,
        place: Option<String>,
    ) -> Result<bool, Error> {
        let until = held.read_until.map_or(until, |before| before.max(until));
        let mut set = values([(":until", n(until.millis()))]);
        let expression = match &place {
            Some(place) => {
                set.extend(values([(":place", s(place.as_str()))]));
                "SET read_until = :until, place = :place"
            }
            None => "SET read_until = :until REMOVE place",
        };
        let moved = self.change_cursor(held, expression, set).await?;
        held.read_until = Some(until);
        held.place = place;
        Ok(moved)
    }

    /// Gives a cursor back.
    ///
    /// # Errors
    /// When the table cannot be asked; the lease ends by itself then.
    pub async fn release_cursor(&self, held: &HeldCursor) -> Result<(), Error> {
        self.change_cursor(held, "REMOVE lease_until, lease_by", Item::new())
            .await
            .map(drop)
    }

    /// Up to when each of some cursors has read, as far as they have begun.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn cursors(&self, names: &[&str]) -> Result<Vec<(String, Timestamp)>, Error> {
        let items = self
            .read_all(names.iter().map(|name| cursor_key(name)).collect())
            .await?;
        let until = items.iter().filter_map(|item| {
            let name = text(item, "pk")?.strip_prefix("POLL#")?.to_owned();
            Some((name, Timestamp::from_millis(number(item, "read_until")?)))
        });
        let mut until: Vec<_> = until.collect();
        until.sort();
        Ok(until)
    }

    /// When each of some cursors was taken for the first time, as far as they were.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn begun(&self, names: &[&str]) -> Result<BTreeMap<String, Timestamp>, Error> {
        let keys = names.iter().map(|name| cursor_key(name)).collect();
        let items = self.read_all(keys).await?;
        let begun = items.iter().filter_map(|item| {
            let name = text(item, "pk")?.strip_prefix("POLL#")?.to_owned();
            Some((name, Timestamp::from_millis(number(item, "begun")?)))
        });
        Ok(begun.collect())
    }

    async fn change_cursor(&self, held: &HeldCursor, expression: &str, mut set: Item) -> Result<bool, Error> {
        set.extend(values([(":epoch", n(held.epoch))]));
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(cursor_key(&held.name)))
            .update_expression(expression)
            .condition_expression("lease_epoch = :epoch")
            .set_expression_attribute_values(Some(set))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(true),
            Err(error) if is_refused(error.as_service_error()) => Ok(false),
            Err(error) => Err(failed("move of a cursor")(error)),
        }
    }
}

fn cursor_key(name: &str) -> Item {
    key(format!("POLL#{name}"), "CURSOR")
}
