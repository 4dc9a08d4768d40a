//! The time of a world.

use time::OffsetDateTime;
use time::format_description::FormatItem;
use time::macros::format_description;

/// Where a world takes its wall time from.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The time of this machine.
    System,
    /// A wall time that follows Tokio's clock, also when that is paused.
    Virtual(VirtualClock),
}

/// A wall time that started at `origin` when Tokio's clock showed `started`.
#[derive(Debug, Clone, Copy)]
pub struct VirtualClock {
    pub origin: OffsetDateTime,
    pub started: tokio::time::Instant,
}

impl Clock {
    /// A clock that shows `origin` now and goes on with Tokio's clock.
    pub fn starting_at(origin: OffsetDateTime) -> Clock {
        Clock::Virtual(VirtualClock {
            origin,
            started: tokio::time::Instant::now(),
        })
    }

    /// The present wall time, in UTC.
    pub fn now(&self) -> OffsetDateTime {
        match self {
            Clock::System => OffsetDateTime::now_utc(),
            Clock::Virtual(clock) => clock.origin + clock.started.elapsed(),
        }
    }
}

const SECONDS: &[FormatItem<'static>] = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
const MILLISECONDS: &[FormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// ServiceNow's stored form, UTC and whole seconds: `2026-11-22 10:00:00`.
pub(crate) fn seconds(time: OffsetDateTime) -> String {
    time.format(&SECONDS).expect("a year of four digits can be formatted")
}

/// RFC 3339 with milliseconds: `2026-11-22T10:00:00.000Z`.
pub(crate) fn milliseconds(time: OffsetDateTime) -> String {
    time.format(&MILLISECONDS)
        .expect("a year of four digits can be formatted")
}

/// Reads ServiceNow's stored form.
pub(crate) fn parse_seconds(text: &str) -> Option<OffsetDateTime> {
    time::PrimitiveDateTime::parse(text, &SECONDS)
        .ok()
        .map(time::PrimitiveDateTime::assume_utc)
}

/// Reads a stored date: `2026-11-22`.
pub(crate) fn parse_date(text: &str) -> Option<time::Date> {
    time::Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use time::macros::datetime;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_virtual_clock_follows_the_paused_clock() {
        let clock = Clock::starting_at(datetime!(2026-11-22 10:00 UTC));
        tokio::time::advance(Duration::from_secs(90)).await;
        assert_eq!(seconds(clock.now()), "2026-11-22 10:01:30");
    }

    #[test]
    fn the_stored_form_is_read_back() {
        let time = datetime!(2026-11-22 10:00:05 UTC);
        assert_eq!(parse_seconds(&seconds(time)), Some(time));
        assert_eq!(parse_seconds("yesterday"), None);
    }
}
