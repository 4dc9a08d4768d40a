//! One condition on one field, and whether a row fulfills it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::super::engine::{Fields, Row, State};
use super::super::locale;
use super::super::path::Path;
use super::needles::{Class, Found, Needle, Number, folded};
use super::operators::{Place, Relation};
use super::parts::LocalPart;
use super::units::{Calendar, Unit};

#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) path: Path,
    pub(super) class: Class,
    pub(super) ignores_case: bool,
    /// Whether an empty field is told apart from the value that it must not have.
    pub(super) keeps_empty: bool,
    pub(super) test: Test,
}

#[derive(Debug, Clone)]
pub(super) enum Test {
    AnyOf(Needles),
    NoneOf(Needles),
    Compares(Relation, Needle),
    Within(Needle, Needle),
    NotWithin(Needle, Needle),
    /// The text is folded.
    Like(Place, String),
    NotLike(String),
    Empty,
    NotEmpty,
    Anything,
    SameAs(Path, Option<LocalPart>),
    NotSameAs(Path, Option<LocalPart>),
    ComparesField(Relation, Path),
    Apart(Box<Apart>),
    Part(LocalPart, Relation, i16),
    /// The classes that are the table or extend it.
    InstanceOf(BTreeSet<String>),
    /// What the row carries under one of these names is a new entry of a journal.
    NewEntry(Vec<String>),
    Changes,
    ChangesFrom(Needle),
    ChangesTo(Needle),
}

/// How far a time is from another one.
#[derive(Debug, Clone)]
pub(super) struct Apart {
    pub(super) other: Path,
    pub(super) other_class: Class,
    pub(super) unit: Unit,
    pub(super) count: i64,
    pub(super) is_before: bool,
    pub(super) is_more: bool,
    pub(super) calendar: Calendar,
}

/// Several values of which one is enough.
#[derive(Debug, Clone, Default)]
pub(super) struct Needles {
    has_empty: bool,
    texts: BTreeSet<String>,
    numbers: Vec<Number>,
}

/// What a row was before a change.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before<'a> {
    /// Nobody can tell: a query over a table.
    Unknown,
    /// It was not there.
    Absent,
    Fields(&'a Fields),
}

impl Condition {
    /// Everything that is compared: the field, and the one it is compared with.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        let other = match &self.test {
            Test::SameAs(other, _) | Test::NotSameAs(other, _) | Test::ComparesField(_, other) => Some(other),
            Test::Apart(apart) => Some(&apart.other),
            Test::AnyOf(_)
            | Test::NoneOf(_)
            | Test::Compares(..)
            | Test::Within(..)
            | Test::NotWithin(..)
            | Test::Like(..)
            | Test::NotLike(_)
            | Test::Empty
            | Test::NotEmpty
            | Test::Anything
            | Test::Part(..)
            | Test::InstanceOf(_)
            | Test::NewEntry(_)
            | Test::Changes
            | Test::ChangesFrom(_)
            | Test::ChangesTo(_) => None,
        };
        std::iter::once(&self.path).chain(other)
    }

    pub(super) fn holds(&self, state: &State, row: &Row, before: Before<'_>) -> bool {
        let stored = self.path.value(state, row);
        let found = || self.class.of_row(stored, self.ignores_case);
        match &self.test {
            Test::AnyOf(needles) => needles.has(found().as_ref()),
            Test::NoneOf(needles) => {
                let found = found();
                !needles.has(found.as_ref()) && (found.is_some() || self.keeps_empty)
            }
            Test::Compares(relation, needle) => is_at(found().as_ref(), *relation, needle),
            Test::Within(low, high) => is_within(found().as_ref(), low, high),
            Test::NotWithin(low, high) => {
                let found = found();
                found.is_some() && !is_within(found.as_ref(), low, high)
            }
            Test::Like(place, needle) => is_like(&folded(stored, self.ignores_case), *place, needle),
            Test::NotLike(needle) if stored.is_empty() => self.keeps_empty && !needle.is_empty(),
            Test::NotLike(needle) => !is_like(&folded(stored, self.ignores_case), Place::Anywhere, needle),
            Test::Empty => stored.is_empty(),
            Test::NotEmpty => !stored.is_empty(),
            Test::Anything => true,
            Test::SameAs(other, part) => self.is_same(stored, other.value(state, row), part.as_ref()) == Some(true),
            Test::NotSameAs(other, part) => self
                .is_same(stored, other.value(state, row), part.as_ref())
                .map_or(self.keeps_empty, |is_same| !is_same),
            Test::ComparesField(relation, other) => {
                let other = self.class.of_row(other.value(state, row), self.ignores_case);
                let other = other.map_or(Needle::Empty, Found::into_needle);
                is_at(found().as_ref(), *relation, &other)
            }
            Test::Apart(apart) => apart.holds(self.class, stored, apart.other.value(state, row)) == Some(true),
            Test::Part(part, relation, number) => {
                let part = part.of(self.class, stored);
                part.is_some_and(|part| relation.holds(part.cmp(number)))
            }
            Test::InstanceOf(classes) => classes.contains(stored),
            Test::NewEntry(journals) => {
                !matches!(before, Before::Unknown) && journals.iter().any(|journal| !row.get(journal).is_empty())
            }
            Test::Changes => self.change(stored, before).is_some(),
            Test::ChangesFrom(needle) => self
                .change(stored, before)
                .is_some_and(|old| self.equals(old, needle) && !matches!(before, Before::Absent)),
            Test::ChangesTo(needle) => self.change(stored, before).is_some() && self.equals(stored, needle),
        }
    }

    /// The old value, if it is another one. A row that was not there changes every field that it fills.
    fn change<'a>(&self, stored: &str, before: Before<'a>) -> Option<&'a str> {
        let field = self.path.own_field()?;
        let old = match before {
            Before::Unknown => return None,
            Before::Absent => "",
            Before::Fields(fields) => fields.get(field).map_or("", String::as_str),
        };
        (old != stored).then_some(old)
    }

    fn equals(&self, stored: &str, needle: &Needle) -> bool {
        match self.class.of_row(stored, self.ignores_case) {
            None => *needle == Needle::Empty,
            Some(found) => found.compare(needle).is_some_and(std::cmp::Ordering::is_eq),
        }
    }

    /// None where one of the two is empty.
    fn is_same(&self, one: &str, other: &str, part: Option<&LocalPart>) -> Option<bool> {
        if one.is_empty() || other.is_empty() {
            return None;
        }
        match part {
            Some(part) => Some(part.of(self.class, one)? == part.of(self.class, other)?),
            None => Some(folded(one, self.ignores_case) == folded(other, self.ignores_case)),
        }
    }
}

impl Needles {
    pub(super) fn new(needles: impl IntoIterator<Item = Needle>) -> Needles {
        let mut all = Needles::default();
        for needle in needles {
            match needle {
                Needle::Empty => all.has_empty = true,
                Needle::Text(text) => drop(all.texts.insert(text)),
                Needle::Number(number) => all.numbers.push(number),
            }
        }
        all
    }

    fn has(&self, found: Option<&Found<'_>>) -> bool {
        match found {
            None => self.has_empty,
            Some(Found::Text(text)) => self.texts.contains(text.as_ref()),
            Some(Found::Number(number)) => self.numbers.iter().any(|one| one.compare(*number).is_eq()),
        }
    }
}

impl Apart {
    /// None where one of the two times is missing.
    fn holds(&self, class: Class, stored: &str, other: &str) -> Option<bool> {
        let time = moment(class, stored, &self.calendar)?;
        let other = moment(self.other_class, other, &self.calendar)?;
        let count = if self.is_before { -self.count } else { self.count };
        let limit = self.unit.shifted(other, count, &self.calendar)?;
        Some(match (self.is_before, self.is_more) {
            (true, true) => time < limit,
            (true, false) => limit < time && time <= other,
            (false, true) => limit < time,
            (false, false) => other <= time && time < limit,
        })
    }
}

fn is_at(found: Option<&Found<'_>>, relation: Relation, needle: &Needle) -> bool {
    let ordering = found.and_then(|found| found.compare(needle));
    ordering.is_some_and(|ordering| relation.holds(ordering))
}

fn is_within(found: Option<&Found<'_>>, low: &Needle, high: &Needle) -> bool {
    is_at(found, Relation::MoreOrEqual, low) && is_at(found, Relation::LessOrEqual, high)
}

fn is_like(text: &str, place: Place, needle: &str) -> bool {
    match place {
        Place::Anywhere => text.contains(needle),
        Place::Start => text.starts_with(needle),
        Place::End => text.ends_with(needle),
    }
}

/// A date begins at midnight.
fn moment(class: Class, stored: &str, calendar: &Calendar) -> Option<Timestamp> {
    if class != Class::Date {
        return locale::moment(stored);
    }
    calendar.zone.to_timestamp(locale::date(stored)?).ok()
}
