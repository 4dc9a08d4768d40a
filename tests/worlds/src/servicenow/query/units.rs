//! Hours, days, weeks and longer: where they begin and end for somebody.
//!
//! Minutes and hours have a fixed length; a day and longer begin at midnight of the zone, whatever its clocks do.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Where days and weeks begin.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    pub(super) zone: TimeZone,
    pub(super) first_day: Weekday,
}

impl Unit {
    /// The unit of a lower-case word in the singular.
    pub(super) fn named(word: &str) -> Option<Unit> {
        Some(match word {
            "minute" => Unit::Minute,
            "hour" => Unit::Hour,
            // The filter of the platform says `dayofweek` where it means days.
            "day" | "dayofweek" => Unit::Day,
            "week" => Unit::Week,
            "month" => Unit::Month,
            "quarter" => Unit::Quarter,
            "year" => Unit::Year,
            _ => return None,
        })
    }

    /// The first second of the unit that a moment is in.
    pub(super) fn start(self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let local = calendar.zone.to_datetime(at);
        let date = local.date();
        let seconds = i64::from(local.second());
        let first = match self {
            Unit::Minute => return at.checked_sub(SignedDuration::from_secs(seconds)).ok(),
            Unit::Hour => {
                let seconds = seconds + 60 * i64::from(local.minute());
                return at.checked_sub(SignedDuration::from_secs(seconds)).ok();
            }
            Unit::Day => date,
            Unit::Week => {
                let days = calendar.first_day.until(date.weekday());
                date.checked_sub(Span::new().days(days)).ok()?
            }
            Unit::Month => date.first_of_month(),
            Unit::Quarter => Date::new(date.year(), (date.month() - 1) / 3 * 3 + 1, 1).ok()?,
            Unit::Year => date.first_of_year(),
        };
        calendar.moment(first.to_datetime(Time::midnight()))
    }

    /// The last second of the unit that a moment is in.
    pub(super) fn end(self, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        let next = self.shifted(self.start(at, calendar)?, 1, calendar)?;
        next.checked_sub(SignedDuration::from_secs(1)).ok()
    }

    /// So many units later.
    pub(super) fn shifted(self, at: Timestamp, count: i64, calendar: &Calendar) -> Option<Timestamp> {
        let span = match self {
            Unit::Minute | Unit::Hour => {
                let length = if self == Unit::Minute { 60 } else { 3600 };
                let length = SignedDuration::from_secs(count.checked_mul(length)?);
                return at.checked_add(length).ok();
            }
            Unit::Day => Span::new().try_days(count),
            Unit::Week => Span::new().try_weeks(count),
            Unit::Month => Span::new().try_months(count),
            Unit::Quarter => Span::new().try_months(count.checked_mul(3)?),
            Unit::Year => Span::new().try_years(count),
        };
        let local = calendar.zone.to_datetime(at);
        calendar.moment(local.checked_add(span.ok()?).ok()?)
    }
}

impl Calendar {
    fn moment(&self, local: DateTime) -> Option<Timestamp> {
        self.zone.to_timestamp(local).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calendar(zone: &str) -> Calendar {
        Calendar {
            zone: TimeZone::get(zone).unwrap(),
            first_day: Weekday::Monday,
        }
    }

    #[test]
    fn a_unit_is_from_its_first_to_its_last_second() {
        let at = "2026-11-22T10:20:30Z".parse().unwrap();
        let berlin = calendar("Europe/Berlin");
        for (unit, start, end) in [
            (Unit::Minute, "2026-11-22T10:20:00Z", "2026-11-22T10:20:59Z"),
            (Unit::Hour, "2026-11-22T10:00:00Z", "2026-11-22T10:59:59Z"),
            (Unit::Day, "2026-11-21T23:00:00Z", "2026-11-22T22:59:59Z"),
            (Unit::Week, "2026-11-15T23:00:00Z", "2026-11-22T22:59:59Z"),
            (Unit::Month, "2026-10-31T23:00:00Z", "2026-11-30T22:59:59Z"),
            (Unit::Quarter, "2026-09-30T22:00:00Z", "2026-12-31T22:59:59Z"),
            (Unit::Year, "2025-12-31T23:00:00Z", "2026-12-31T22:59:59Z"),
        ] {
            assert_eq!(unit.start(at, &berlin), start.parse().ok(), "{unit:?}");
            assert_eq!(unit.end(at, &berlin), end.parse().ok(), "{unit:?}");
        }
    }

    #[test]
    fn a_day_has_twenty_three_hours_when_summer_begins_and_twenty_five_when_it_ends() {
        let pacific = calendar("US/Pacific");
        for (at, hours) in [("2026-03-08T20:00:00Z", 23), ("2026-11-01T20:00:00Z", 25)] {
            let at = at.parse().unwrap();
            let length = Unit::Day.end(at, &pacific).unwrap() - Unit::Day.start(at, &pacific).unwrap();
            assert_eq!(length.as_secs() + 1, hours * 3600);
        }
    }

    #[test]
    fn too_far_is_nowhere() {
        let at = "2026-11-22T10:20:30Z".parse().unwrap();
        for unit in [Unit::Minute, Unit::Day, Unit::Quarter, Unit::Year] {
            assert_eq!(unit.shifted(at, i64::MAX, &calendar("UTC")), None);
            assert_eq!(unit.shifted(at, -9_999_999_999, &calendar("UTC")), None);
        }
    }
}
