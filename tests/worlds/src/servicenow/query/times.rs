//! The scripts that a value may be: `javascript:gs.daysAgoStart(7)` and the like.
//!
//! Only functions of `gs` that give the user or a time are evaluated; any other script is none of ours. Days and
//! longer are those of the asker's time zone.

use jiff::Timestamp;

use super::super::guesses::Guesses;
use super::super::locale::{self, Asker};
use super::units::{Calendar, Unit};

/// What a script gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scripted {
    Moment(Timestamp),
    Text(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Border {
    Start,
    End,
    /// The very moment.
    Neither,
}

/// Evaluates a script without its `javascript:`.
pub(super) fn evaluate(script: &str, asker: &Asker, calendar: &Calendar, guesses: &Guesses) -> Option<Scripted> {
    let (name, arguments) = call(script)?;
    let text = |text: &str| Some(Scripted::Text(text.to_owned()));
    match (name, arguments.as_slice()) {
        ("getUserID", []) => return text(&asker.user_sys_id),
        ("getUserName", []) => return text(&asker.user_name),
        ("now", []) => return text(&asker.locale.date_of(asker.now)),
        // The time on the user's clock, also where UTC is wanted.
        ("nowDateTime", []) => return text(&asker.locale.show_time(&locale::stored(asker.now))),
        ("getDurationDate", [length]) => return locale::stored_length(length).map(Scripted::Text),
        _ => {}
    }
    let moment = match (name, arguments.as_slice()) {
        ("nowNoTZ", []) => Some(asker.now),
        ("yesterday", []) => Unit::Day.shifted(asker.now, -1, calendar),
        ("dateGenerate", [date, time]) => on_date(date, time, calendar),
        (_, [count]) => ago(name, count.parse().ok()?, asker.now, calendar),
        (_, []) => period(name, asker.now, calendar, guesses),
        _ => None,
    };
    moment.map(Scripted::Moment)
}

/// The name of a function of `gs` and its arguments.
pub(super) fn call(script: &str) -> Option<(&str, Vec<&str>)> {
    let script = script.trim().trim_end_matches(';').trim_end();
    let (name, arguments) = script.strip_prefix("gs.")?.strip_suffix(')')?.split_once('(')?;
    let arguments = arguments.split(',').map(|one| one.trim().trim_matches(['\'', '"']));
    Some((name, arguments.filter(|one| !one.is_empty()).collect()))
}

/// A date as it is stored, with `start`, `end` or a time of day.
pub(super) fn on_date(date: &str, time: &str, calendar: &Calendar) -> Option<Timestamp> {
    let time = match time {
        "start" => "00:00:00",
        "end" => "23:59:59",
        time => time,
    };
    let local = locale::moment(&format!("{date} {time}"))?;
    let local = jiff::tz::TimeZone::UTC.to_datetime(local);
    calendar.zone.to_timestamp(local).ok()
}

/// `daysAgo(3)`, `hoursAgoStart(1)`, `monthsAgoEnd(-2)` and the like.
fn ago(name: &str, count: i64, now: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
    let borders = [
        ("AgoStart", Border::Start),
        ("AgoEnd", Border::End),
        ("Ago", Border::Neither),
    ];
    let (units, border) = borders
        .into_iter()
        .find_map(|(end, border)| Some((name.strip_suffix(end)?, border)))?;
    let unit = Unit::named(units.strip_suffix('s')?)?;
    border.of(unit, unit.shifted(now, count.checked_neg()?, calendar)?, calendar)
}

/// `beginningOfToday()`, `endOfLastMonth()`, `beginningOfLast7Days()` and the like.
fn period(name: &str, now: Timestamp, calendar: &Calendar, guesses: &Guesses) -> Option<Timestamp> {
    let borders = [("beginningOf", Border::Start), ("endOf", Border::End)];
    let (rest, border) = borders
        .into_iter()
        .find_map(|(start, border)| Some((name.strip_prefix(start)?, border)))?;
    let (unit, first, last) = match rest {
        "Today" => (Unit::Day, 0, 0),
        "Yesterday" => (Unit::Day, -1, -1),
        "Tomorrow" => (Unit::Day, 1, 1),
        _ => units(rest, guesses)?,
    };
    let count = if border == Border::Start { first } else { last };
    let start = unit.start(now, calendar)?;
    border.of(unit, unit.shifted(start, count, calendar)?, calendar)
}

/// `ThisWeek`, `LastMonth`, `Next2Quarters` as the unit with its first and last one, counted from the present one.
fn units(text: &str, guesses: &Guesses) -> Option<(Unit, i64, i64)> {
    let directions = [("This", 0), ("Current", 0), ("Last", -1), ("Next", 1)];
    let (rest, direction) = directions
        .into_iter()
        .find_map(|(start, direction)| Some((text.strip_prefix(start)?, direction)))?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, word) = rest.split_at(digits);
    let word = word.to_ascii_lowercase();
    if digits.is_empty() {
        return Some((Unit::named(&word)?, direction, direction));
    }
    let unit = Unit::named(word.strip_suffix('s')?)?;
    let count = digits.parse::<i64>().ok().filter(|count| *count > 0)?;
    let present = i64::from(!guesses.last_periods_include_the_present_one);
    match direction {
        -1 => Some((unit, -count, -present)),
        1 => Some((unit, present, count)),
        _ => None,
    }
}

impl Border {
    fn of(self, unit: Unit, at: Timestamp, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Border::Start => unit.start(at, calendar),
            Border::End => unit.end(at, calendar),
            Border::Neither => Some(at),
        }
    }
}
