//! Breakers: when a whole system fails or refuses us, its streams wait and one worker probes.

use std::time::Duration;

use super::item::{Item, breaker_key, n, number, s, settings_key, text, values};
use super::pause::Pauses;
use super::stream::is_refused;
use super::{Error, SCHEMA, Store, failed};
use crate::domain::Timestamp;
use crate::failure::System;

/// This many failures within [`WINDOW`] open a breaker.
const FAILURES: i64 = 5;
/// See [`FAILURES`].
const WINDOW: Duration = Duration::from_secs(30);
/// One worker may try an open system once in this time.
const PROBE: Duration = Duration::from_secs(15);

/// The state of one system, as last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Breaker {
    is_open: bool,
    probe_at: Timestamp,
    has_failures: bool,
}

/// Whether a system may be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// It may.
    Open,
    /// Not before this time.
    ClosedUntil(Timestamp),
}

impl Breaker {
    pub(super) fn of(item: &Item) -> Self {
        Self {
            is_open: item.contains_key("open"),
            probe_at: Timestamp::from_millis(number(item, "probe_at").unwrap_or(0)),
            has_failures: number(item, "failures").unwrap_or(0) > 0,
        }
    }

    /// Whether a success is worth writing down.
    pub fn remembers_failures(&self) -> bool {
        self.is_open || self.has_failures
    }

    /// Whether the system is known to be down.
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

impl Store {
    /// Asks a breaker whether its system may be called now. When it is open, one caller in
    /// fifteen seconds may.
    ///
    /// # Errors
    /// When the table cannot be asked.
    pub async fn pass(&self, system: System, breaker: Option<&Breaker>) -> Result<Gate, Error> {
        let Some(breaker) = breaker.filter(|breaker| breaker.is_open) else {
            return Ok(Gate::Open);
        };
        let now = self.clock.now();
        if now < breaker.probe_at {
            return Ok(Gate::ClosedUntil(breaker.probe_at));
        }
        let next = now.after(PROBE);
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(breaker_key(system)))
            .update_expression("SET probe_at = :next")
            .condition_expression("probe_at = :seen")
            .set_expression_attribute_values(Some(values([
                (":next", n(next.millis())),
                (":seen", n(breaker.probe_at.millis())),
            ])))
            .send()
            .await;
        match outcome {
            Ok(_) => Ok(Gate::Open),
            Err(error) if is_refused(error.as_service_error()) => Ok(Gate::ClosedUntil(next)),
            Err(error) => Err(failed("probe of a breaker")(error)),
        }
    }

    /// Counts a failure of a whole system; the fifth within thirty seconds opens its breaker.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn count_failure(&self, system: System) -> Result<(), Error> {
        let now = self.clock.now();
        let update = || {
            self.client
                .update_item()
                .table_name(&self.table)
                .set_key(Some(breaker_key(system)))
        };
        let counted = update()
            .update_expression("SET failures = failures + :one, #schema = :schema")
            .condition_expression("window_start > :window")
            .expression_attribute_names("#schema", "schema")
            .set_expression_attribute_values(Some(values([
                (":one", n(1)),
                (":schema", n(SCHEMA)),
                (
                    ":window",
                    n(now.millis() - i64::try_from(WINDOW.as_millis()).unwrap_or(0)),
                ),
            ])))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await;
        let failures = match counted {
            Ok(answer) => number(&answer.attributes.unwrap_or_default(), "failures").unwrap_or(0),
            Err(error) if is_refused(error.as_service_error()) => {
                update()
                    .update_expression("SET failures = :one, window_start = :now, #schema = :schema")
                    .expression_attribute_names("#schema", "schema")
                    .set_expression_attribute_values(Some(values([
                        (":one", n(1)),
                        (":now", n(now.millis())),
                        (":schema", n(SCHEMA)),
                    ])))
                    .send()
                    .await
                    .map_err(failed("count of a failure"))?;
                1
            }
            Err(error) => return Err(failed("count of a failure")(error)),
        };
        if failures >= FAILURES {
            update()
                .update_expression("SET #open = :now, probe_at = if_not_exists(probe_at, :next)")
                .expression_attribute_names("#open", "open")
                .set_expression_attribute_values(Some(values([
                    (":now", n(now.millis())),
                    (":next", n(now.after(PROBE).millis())),
                ])))
                .send()
                .await
                .map_err(failed("opening of a breaker"))?;
        }
        Ok(())
    }

    /// A system answered again.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn close_breaker(&self, system: System) -> Result<(), Error> {
        self.client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(breaker_key(system)))
            .update_expression("REMOVE #open, probe_at, window_start SET failures = :zero")
            .expression_attribute_names("#open", "open")
            .expression_attribute_values(":zero", n(0))
            .send()
            .await
            .map_err(failed("closing of a breaker"))?;
        Ok(())
    }

    /// Which systems are known to be down.
    ///
    /// # Errors
    /// When the table cannot be read.
    pub async fn open_breakers(&self) -> Result<Vec<System>, Error> {
        let mut open = Vec::new();
        for system in [System::ServiceNow, System::TradingGrid] {
            let answer = self
                .client
                .get_item()
                .table_name(&self.table)
                .set_key(Some(breaker_key(system)))
                .send()
                .await
                .map_err(failed("read of a breaker"))?;
            if answer.item.is_some_and(|item| Breaker::of(&item).is_open()) {
                open.push(system);
            }
        }
        Ok(open)
    }

    /// Writes down which deployment the table belongs to, once. Gives what operators have paused.
    ///
    /// # Errors
    /// When the table cannot be asked, or belongs to another deployment.
    pub async fn claim_table(&self) -> Result<Pauses, Error> {
        let outcome = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(settings_key()))
            .update_expression(
                "SET deployment = if_not_exists(deployment, :mine), #schema = if_not_exists(#schema, :schema)",
            )
            .expression_attribute_names("#schema", "schema")
            .set_expression_attribute_values(Some(values([
                (":mine", s(self.deployment.as_str())),
                (":schema", n(SCHEMA)),
            ])))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllNew)
            .send()
            .await
            .map_err(failed("claim of the table"))?;
        let settings = outcome.attributes.unwrap_or_default();
        let (written, mine) = (
            text(&settings, "deployment").unwrap_or_default(),
            self.deployment.as_str(),
        );
        if written == mine {
            return Ok(Pauses::of(&settings));
        }
        let source = anyhow::anyhow!(
            "it belongs to the deployment {written}, and this function to {mine}: correct DEPLOYMENT_ID"
        );
        Err(Error {
            operation: "claim of the table",
            source,
        })
    }
}
