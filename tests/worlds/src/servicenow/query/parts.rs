//! Parts of a time that filters compare: the hour of the day, the day of the week and so on.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::super::locale;
use super::needles::Class;
use super::operators::Relation;
use super::times;

/// A part of a time in a zone.
#[derive(Debug, Clone)]
pub(super) struct LocalPart {
    pub(super) part: Part,
    pub(super) zone: TimeZone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Hour,
    DayOfMonth,
    /// From Sunday, which is 1.
    DayOfWeek,
    /// Of the year, from Sunday to Saturday.
    Week,
    Month,
    Quarter,
    Year,
}

const DAYS: [&str; 7] = [
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

impl LocalPart {
    /// The part of a stored time or date; none of an empty one.
    pub(super) fn of(&self, class: Class, stored: &str) -> Option<i16> {
        let local = if class == Class::Date {
            locale::date(stored)?
        } else {
            self.zone.to_datetime(locale::moment(stored)?)
        };
        Some(self.part.of(local))
    }
}

impl Part {
    /// The granularity of `SAMEAS`: a day is a day of the month.
    pub(super) fn of_comparison(word: &str) -> Option<Part> {
        Some(match word {
            "hour" => Part::Hour,
            "day" => Part::DayOfMonth,
            "week" => Part::Week,
            "month" => Part::Month,
            "quarter" => Part::Quarter,
            "year" => Part::Year,
            _ => return None,
        })
    }

    /// The part, relation and number of `gs.datePart('dayofweek','monday','GE')`.
    pub(super) fn of_script(script: &str) -> Option<(Part, Relation, i16)> {
        let (name, arguments) = times::call(script)?;
        let &[part, value, relation] = arguments.as_slice() else {
            return None;
        };
        let part = match part {
            "dayofweek" => Part::DayOfWeek,
            "hour" => Part::Hour,
            "week" => Part::Week,
            "month" => Part::Month,
            "quarter" => Part::Quarter,
            "year" => Part::Year,
            _ => return None,
        };
        let relation = Relation::named(relation)?;
        (name == "datePart").then_some((part, relation, part.number(value)?))
    }

    fn of(self, local: DateTime) -> i16 {
        match self {
            Part::Hour => local.hour().into(),
            Part::DayOfMonth => local.day().into(),
            Part::DayOfWeek => local.weekday().to_sunday_one_offset().into(),
            Part::Week => (local.day_of_year() + 6 - i16::from(local.weekday().to_sunday_zero_offset())) / 7,
            Part::Month => local.month().into(),
            Part::Quarter => i16::from((local.month() - 1) / 3 + 1),
            Part::Year => local.year(),
        }
    }

    /// The number of a value: itself, or that of a day or month by name.
    fn number(self, value: &str) -> Option<i16> {
        let names: &[&str] = match self {
            Part::DayOfWeek => &DAYS,
            Part::Month => &MONTHS,
            Part::Hour | Part::DayOfMonth | Part::Week | Part::Quarter | Part::Year => &[],
        };
        match names.iter().position(|name| name.eq_ignore_ascii_case(value)) {
            Some(position) => i16::try_from(position + 1).ok(),
            None => value.parse().ok(),
        }
    }
}
