//! Makes conditions of the parts of a query. A part that names no column, no operator that suits it or no value that
//! the column can hold makes none.

use jiff::Timestamp;

use super::super::dictionary::{Column, Kind};
use super::super::locale;
use super::super::path::Path;
use super::conditions::{Apart, Condition, Needles, Test};
use super::needles::{Class, Needle};
use super::operators::{Operator, Relation};
use super::parts::{LocalPart, Part};
use super::reading::Reading;
use super::times;
use super::units::Unit;

/// The dynamic filter "Me".
const ME: &str = "90d1921e5f510100a9ad2572f2b477fe";
/// The same, as the platform's list of operators has it.
const ME_AS_DOCUMENTED: &str = "54635e965f510100a9ad2572f2b4774c";
/// The dynamic filter "One of My Groups".
const ONE_OF_MY_GROUPS: &str = "d6435e965f510100a9ad2572f2b47744";

/// The condition of a part such as `priority<=2`.
pub(super) fn condition(reading: &Reading<'_>, table: &str, part: &str) -> Option<Condition> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    let (path, rest) = part.split_at(part.find(|c| !is_name(c))?);
    let (path, column) = Path::of(reading.dictionary(), table, path)?;
    let (operator, value) = Operator::split(rest)?;
    let field = Field {
        reading,
        table,
        path,
        column,
        class: Class::of(column),
    };
    field.condition(operator, value)
}

/// The conditions of which one is enough for a plain filter `field=value`: also a choice by its label and a reference
/// by its display value.
pub(super) fn named(reading: &Reading<'_>, table: &str, field: &str, value: &str) -> Vec<Condition> {
    let Some((path, column)) = Path::of(reading.dictionary(), table, field) else {
        return Vec::new();
    };
    let equals = |value: &str| condition(reading, table, &format!("{field}={value}"));
    let mut conditions: Vec<Condition> = equals(value).into_iter().collect();
    let is_label = |label: &str| label.to_lowercase() == value.to_lowercase();
    let labeled = column.choices.iter().filter(|(_, label)| is_label(label));
    conditions.extend(labeled.filter_map(|(value, _)| equals(value)));
    if let Kind::Reference(target) = &column.kind {
        let display = reading.dictionary().display_of(target);
        let path = path.then(target, display);
        let column = reading.dictionary().column(target, display);
        conditions.extend(column.and_then(|column| {
            let class = Class::of(column);
            let field = Field {
                reading,
                table,
                path,
                column,
                class,
            };
            field.condition(Operator::Is, value)
        }));
    }
    conditions
}

struct Field<'r, 'a> {
    reading: &'r Reading<'a>,
    table: &'r str,
    path: Path,
    column: &'a Column,
    class: Class,
}

impl Field<'_, '_> {
    fn condition(mut self, operator: Operator, value: &str) -> Option<Condition> {
        if !operator.suits(self.class) {
            return None;
        }
        let test = match operator {
            Operator::Is => Test::AnyOf(Needles::new([self.needle(value)?])),
            Operator::IsNot => Test::NoneOf(Needles::new([self.needle(value)?])),
            Operator::In => Test::AnyOf(self.list(value)?),
            Operator::NotIn => Test::NoneOf(self.list(value)?),
            Operator::Compares(relation) => Test::Compares(relation, self.needle(value)?),
            Operator::Like(place) => Test::Like(place, self.shown_text(value)?),
            Operator::NotLike => Test::NotLike(self.shown_text(value)?),
            Operator::Between => {
                let (low, high) = value.split_once('@')?;
                Test::Within(self.needle(low)?, self.needle(high)?)
            }
            Operator::On => {
                let (low, high) = self.span(value)?;
                Test::Within(low, high)
            }
            Operator::NotOn => {
                let (low, high) = self.span(value)?;
                Test::NotWithin(low, high)
            }
            Operator::IsEmpty => Test::Empty,
            Operator::IsNotEmpty => Test::NotEmpty,
            Operator::Anything => Test::Anything,
            Operator::SameAs => {
                let (other, part) = self.same(value)?;
                Test::SameAs(other, part)
            }
            Operator::NotSameAs => {
                let (other, part) = self.same(value)?;
                Test::NotSameAs(other, part)
            }
            Operator::ComparesField(relation) => Test::ComparesField(relation, self.other(value)?.0),
            Operator::Relative(relation) => self.relative(relation, value)?,
            Operator::MoreThan => self.apart(value, true)?,
            Operator::LessThan => self.apart(value, false)?,
            Operator::DatePart => {
                let (_, script) = value.split_once("@javascript:")?;
                let (part, relation, number) = Part::of_script(script)?;
                Test::Part(self.local(part), relation, number)
            }
            Operator::Dynamic => Test::AnyOf(self.dynamic(value)?),
            Operator::InstanceOf => self.instances(value)?,
            Operator::Changes | Operator::ChangesFrom | Operator::ChangesTo => self.change(operator, value)?,
            Operator::Unknown => return None,
        };
        Some(Condition {
            keeps_empty: self.keeps_empty(operator),
            path: self.path,
            class: self.class,
            ignores_case: self.reading.ignores_case(),
            test,
        })
    }

    fn needle(&self, value: &str) -> Option<Needle> {
        self.reading.needle(self.column, value)
    }

    fn list(&self, values: &str) -> Option<Needles> {
        let needles: Option<Vec<Needle>> = values.split(',').map(|value| self.needle(value)).collect();
        Some(Needles::new(needles?))
    }

    /// The text to look for. Of a reference, what it displays is searched.
    fn shown_text(&mut self, value: &str) -> Option<String> {
        let needle = self.needle(value)?;
        if let Kind::Reference(target) = &self.column.kind {
            let display = self.reading.dictionary().display_of(target);
            self.path = self.path.clone().then(target, display);
        }
        match needle {
            Needle::Empty => Some(String::new()),
            Needle::Text(text) => Some(text),
            Needle::Number(_) => None,
        }
    }

    /// The first and last second of `ON`: after a label, or those of a plain day.
    fn span(&self, value: &str) -> Option<(Needle, Needle)> {
        let mut values = value.splitn(3, '@');
        let label = values.next()?;
        match (values.next(), values.next()) {
            (Some(first), Some(last)) => Some((self.needle(first)?, self.needle(last)?)),
            (Some(_), None) => None,
            (None, _) => {
                // A time stands for its day.
                self.needle(label)?;
                let date = label.split_once(' ').map_or(label, |(date, _)| date);
                let border = |time| times::on_date(date, time, &self.reading.calendar);
                Some((self.time(border("start")?), self.time(border("end")?)))
            }
        }
    }

    /// Another field of the same table, and how it is compared.
    fn other(&self, path: &str) -> Option<(Path, Class)> {
        let (path, column) = Path::of(self.reading.dictionary(), self.table, path)?;
        let class = Class::of(column);
        let is_time = |class| matches!(class, Class::Moment | Class::Date);
        (class == self.class || is_time(class) && is_time(self.class)).then_some((path, class))
    }

    /// `field`, or for times `field@week`.
    fn same(&self, value: &str) -> Option<(Path, Option<LocalPart>)> {
        let is_time = matches!(self.class, Class::Moment | Class::Date);
        let (field, part) = match value.split_once('@') {
            None => (value, None),
            Some((field, unit)) if is_time => (field, Some(self.local(Part::of_comparison(unit)?))),
            Some(_) => return None,
        };
        let (other, class) = self.other(field)?;
        (class == self.class).then_some((other, part))
    }

    /// `@hour@ago@3`, `@dayofweek@ahead@7`.
    fn relative(&self, relation: Relation, value: &str) -> Option<Test> {
        let parts: Vec<&str> = value.strip_prefix('@')?.split('@').collect();
        let &[unit, direction, count] = parts.as_slice() else {
            return None;
        };
        let unit = Unit::named(unit)?;
        let count: i64 = count.parse().ok()?;
        let count = match direction {
            "ago" => count.checked_neg()?,
            "ahead" => count,
            _ => return None,
        };
        let reading = self.reading;
        let moment = unit.shifted(reading.asker.now, count, &reading.calendar)?;
        if relation != Relation::Equal {
            return Some(Test::Compares(relation, self.time(moment)));
        }
        let first = unit.start(moment, &reading.calendar)?;
        let last = unit.end(moment, &reading.calendar)?;
        Some(Test::Within(self.time(first), self.time(last)))
    }

    /// A moment as the column stores it.
    fn time(&self, moment: Timestamp) -> Needle {
        Needle::Text(if self.class == Class::Date {
            self.reading.asker.locale.date_of(moment)
        } else {
            locale::stored(moment)
        })
    }

    /// `activity_due@day@before@1`.
    fn apart(&self, value: &str, is_more: bool) -> Option<Test> {
        let parts: Vec<&str> = value.split('@').collect();
        let &[other, unit, direction, count] = parts.as_slice() else {
            return None;
        };
        let (other, other_class) = self.other(other)?;
        Some(Test::Apart(Box::new(Apart {
            other,
            other_class,
            unit: Unit::named(unit)?,
            count: count.parse::<u32>().ok()?.into(),
            is_before: match direction {
                "before" => true,
                "after" => false,
                _ => return None,
            },
            is_more,
            calendar: self.reading.calendar.clone(),
        })))
    }

    fn dynamic(&self, value: &str) -> Option<Needles> {
        let user = &self.reading.asker.user_sys_id;
        let Kind::Reference(_) = self.column.kind else {
            return None;
        };
        let ids: Vec<&str> = match value {
            ME | ME_AS_DOCUMENTED => vec![user],
            ONE_OF_MY_GROUPS => {
                let members = self.reading.state.rows("sys_user_grmember");
                let mine = members.into_iter().filter(|member| member.get("user") == user);
                mine.map(|member| member.get("group")).collect()
            }
            _ => return None,
        };
        let ids = ids.into_iter().filter(|id| !id.is_empty());
        Some(Needles::new(ids.map(|id| Needle::Text(id.to_lowercase()))))
    }

    fn instances(&self, table: &str) -> Option<Test> {
        let dictionary = self.reading.dictionary();
        dictionary
            .table(table)
            .filter(|_| self.column.name == "sys_class_name")?;
        let classes = dictionary.tables().filter(|class| dictionary.is_a(&class.name, table));
        Some(Test::InstanceOf(classes.map(|class| class.name.clone()).collect()))
    }

    fn change(&self, operator: Operator, value: &str) -> Option<Test> {
        if !self.reading.sees_changes {
            let is_invalid = self.reading.state.guesses.change_operators_are_invalid_in_queries;
            return (!is_invalid).then_some(Test::Changes);
        }
        let field = self.path.own_field()?;
        if operator == Operator::ChangesFrom {
            return self.needle(value).map(Test::ChangesFrom);
        }
        if operator == Operator::ChangesTo {
            return self.needle(value).map(Test::ChangesTo);
        }
        if let Kind::JournalList(journals) = &self.column.kind {
            return Some(Test::NewEntry(journals.clone()));
        }
        let is_journal = self.class == Class::Journal;
        Some(if is_journal {
            Test::NewEntry(vec![field.to_owned()])
        } else {
            Test::Changes
        })
    }

    fn local(&self, part: Part) -> LocalPart {
        let zone = self.reading.calendar.zone.clone();
        LocalPart { part, zone }
    }

    /// Whether a negated condition holds for an empty field.
    fn keeps_empty(&self, operator: Operator) -> bool {
        let guesses = &self.reading.state.guesses;
        if operator == Operator::NotLike {
            return guesses.not_like_includes_empty;
        }
        // Documented: a flag that is not true is false, empty or NULL.
        guesses.unequal_includes_empty || self.class == Class::Boolean
    }
}
