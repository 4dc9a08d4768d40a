//! Who asks, and how that user sees times: in the user's time zone and formats, or else in those of the instance.
//!
//! Times are stored in UTC as `2026-11-22 10:00:00`, dates as `2026-11-22`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use time::OffsetDateTime;

use super::engine::{Act, Row, State};
use super::pattern::Pattern;
use crate::clock;

/// What display values and the scripts in queries depend on.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// Empty for a user without a row.
    pub(crate) user_sys_id: String,
    pub(crate) user_name: String,
    pub(crate) locale: Locale,
    /// In whole seconds.
    pub(crate) now: Timestamp,
}

impl Asker {
    pub(crate) fn of(state: &State, act: Act<'_>) -> Asker {
        Asker {
            user_sys_id: state.user_sys_id(act.by),
            user_name: act.by.to_owned(),
            locale: Locale::of(state, act.by),
            now: timestamp(act.at).unwrap_or(Timestamp::UNIX_EPOCH),
        }
    }

    /// A user outside time: for the conditions of access rules, which are kept once they are read.
    pub(crate) fn timeless(user_sys_id: &str) -> Asker {
        Asker {
            user_sys_id: user_sys_id.to_owned(),
            user_name: String::new(),
            locale: Locale::internal(),
            now: Timestamp::UNIX_EPOCH,
        }
    }
}

/// A time zone and the formats of dates and times.
#[derive(Debug, Clone)]
pub(crate) struct Locale {
    pub(crate) zone: TimeZone,
    date: Pattern,
    date_time: Pattern,
}

const DATE: &str = "yyyy-MM-dd";
const TIME: &str = "HH:mm:ss";

impl Locale {
    /// What the user chose, or else the instance. Names and formats that mean nothing are passed over.
    pub(crate) fn of(state: &State, user_name: &str) -> Locale {
        let users = state.rows("sys_user");
        let user = users.into_iter().find(|user| user.get("user_name") == user_name);
        let zones = wishes(state, user, "time_zone", "glide.sys.default.tz", "US/Pacific");
        let zone = zones.into_iter().find_map(|name| TimeZone::get(name).ok());
        let format = |wishes: [&'_ str; 3], default| {
            let mut wishes = wishes.into_iter();
            wishes
                .find(|format| Pattern::of(format).is_some())
                .unwrap_or(default)
                .to_owned()
        };
        let date = format(wishes(state, user, "date_format", "glide.sys.date_format", DATE), DATE);
        let time = format(wishes(state, user, "time_format", "glide.sys.time_format", TIME), TIME);
        Locale::with(zone.unwrap_or(TimeZone::UTC), &date, &time)
    }

    /// Shows times as they are stored.
    pub(crate) fn internal() -> Locale {
        Locale::with(TimeZone::UTC, DATE, TIME)
    }

    /// A stored time as the user sees it.
    pub(crate) fn show_time(&self, stored: &str) -> String {
        let local = moment(stored).map(|moment| self.zone.to_datetime(moment));
        local.map_or_else(|| stored.to_owned(), |local| self.date_time.show(local))
    }

    /// A stored time in the user's zone, but in the form in which it is stored.
    pub(crate) fn adjust(&self, stored: &str) -> String {
        Locale::with(self.zone.clone(), DATE, TIME).show_time(stored)
    }

    /// A stored date as the user sees it.
    pub(crate) fn show_date(&self, stored: &str) -> String {
        date(stored).map_or_else(|| stored.to_owned(), |date| self.date.show(date))
    }

    /// What to store for a time in the user's zone and format.
    pub(crate) fn read_time(&self, shown: &str, now: Timestamp) -> Option<String> {
        let local = self.date_time.read(shown, self.zone.to_datetime(now).year())?;
        self.zone.to_timestamp(local).ok().map(stored)
    }

    /// What to store for a date in the user's format.
    pub(crate) fn read_date(&self, shown: &str, now: Timestamp) -> Option<String> {
        let date = self.date.read(shown, self.zone.to_datetime(now).year())?;
        Some(stored_date(date))
    }

    /// The date of a moment where the user is, as it is stored.
    pub(crate) fn date_of(&self, moment: Timestamp) -> String {
        stored_date(self.zone.to_datetime(moment))
    }

    /// The formats must be valid.
    fn with(zone: TimeZone, date: &str, time: &str) -> Locale {
        let pattern = |text: &str| Pattern::of(text).expect("a format was checked");
        Locale {
            zone,
            date: pattern(date),
            date_time: pattern(&format!("{date} {time}")),
        }
    }
}

/// What the user, the instance and the platform want, in this order.
fn wishes<'s>(
    state: &'s State,
    user: Option<&'s Row>,
    field: &str,
    property: &str,
    default: &'static str,
) -> [&'s str; 3] {
    let chosen = user.map_or("", |user| user.get(field));
    [chosen, state.property(property, default), default]
}

/// A stored time as a moment.
pub(crate) fn moment(stored: &str) -> Option<Timestamp> {
    clock::parse_seconds(stored).and_then(timestamp)
}

/// A moment as it is stored.
pub(crate) fn stored(moment: Timestamp) -> String {
    let utc = TimeZone::UTC.to_datetime(moment);
    format!(
        "{} {:02}:{:02}:{:02}",
        stored_date(utc),
        utc.hour(),
        utc.minute(),
        utc.second()
    )
}

/// A length of time such as `3 12:00:00` as it is stored: as so long after 1970.
pub(crate) fn stored_length(text: &str) -> Option<String> {
    let (days, time) = text.split_once(' ')?;
    let time = moment(&format!("1970-01-01 {time}"))?;
    let days = days.parse::<i64>().ok()?.checked_mul(86_400)?;
    let after = time.as_second().checked_add(days)?;
    Timestamp::from_second(after).ok().map(stored)
}

fn stored_date(date: DateTime) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// A stored date, at midnight.
pub(crate) fn date(stored: &str) -> Option<DateTime> {
    let date = clock::parse_date(stored)?;
    timestamp(date.midnight().assume_utc()).map(|moment| TimeZone::UTC.to_datetime(moment))
}

fn timestamp(time: OffsetDateTime) -> Option<Timestamp> {
    Timestamp::from_second(time.unix_timestamp()).ok()
}
