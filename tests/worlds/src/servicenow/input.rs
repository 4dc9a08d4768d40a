//! `sysparm_input_display_value=true`: what a caller sends is what a user would type.

use super::dictionary::{Column, Kind};
use super::display::{LENGTHS, SIGNS};
use super::engine::{Fields, State};
use super::locale::{self, Asker};

/// The fields as they are stored in a row of the class; notes and leaves out what nobody can read.
pub(crate) fn stored_fields(state: &mut State, asker: &Asker, class: &str, sent: Fields) -> Fields {
    let mut fields = Fields::new();
    for (name, value) in sent {
        let column = state.dictionary.column(class, &name);
        match column.map_or_else(|| Some(value.clone()), |column| stored(state, asker, column, &value)) {
            Some(stored) => drop(fields.insert(name, stored)),
            None => state.ignored.push(format!("{class}.{name} did not take {value:?}")),
        }
    }
    fields
}

/// What is stored for what is displayed; none for what cannot be read.
fn stored(state: &State, asker: &Asker, column: &Column, shown: &str) -> Option<String> {
    if shown.is_empty() {
        return Some(String::new());
    }
    let takes_stored = state.guesses.display_input_takes_stored_values;
    let is_known = column.label_of(shown).is_some() || column.choices.is_empty();
    match &column.kind {
        Kind::DateTime => asker.locale.read_time(shown, asker.now),
        Kind::Date => asker.locale.read_date(shown, asker.now),
        Kind::Duration => duration(shown)
            .or_else(|| locale::moment(shown).map(locale::stored))
            .or_else(|| locale::stored_length(shown)),
        Kind::Integer | Kind::Decimal if column.choices.is_empty() => Some(shown.replace(',', "")),
        Kind::Currency => Some(amount(shown)),
        Kind::Reference(target) => reference(state, target, shown),
        Kind::List(target) => {
            let items = shown.split(',').map(str::trim);
            let ids = items.map(|item| reference(state, target, item).unwrap_or_else(|| item.to_owned()));
            Some(ids.collect::<Vec<_>>().join(","))
        }
        Kind::Text
        | Kind::Html
        | Kind::Url
        | Kind::Integer
        | Kind::Decimal
        | Kind::Boolean
        | Kind::Password
        | Kind::Journal
        | Kind::JournalList(_)
        | Kind::System
        | Kind::SystemTime => {
            let label = column.choices.iter().find(|(_, label)| label == shown);
            let as_it_is = (takes_stored || column.choices.is_empty())
                .then_some(shown)
                .filter(|_| is_known);
            label.map(|(value, _)| value.as_str()).or(as_it_is).map(str::to_owned)
        }
    }
}

/// The one row that displays so; or the row of that `sys_id`.
fn reference(state: &State, table: &str, shown: &str) -> Option<String> {
    let display = state.dictionary.display_of(table);
    let rows = state.rows(table);
    let mut named = rows.into_iter().filter(|row| row.get(display) == shown);
    match (named.next(), named.next()) {
        (Some(row), None) => Some(row.get("sys_id").to_owned()),
        (Some(_), Some(_)) => None,
        (None, _) => {
            let takes_stored = state.guesses.display_input_takes_stored_values;
            let row = state.find(table, shown).filter(|_| takes_stored);
            row.map(|row| row.get("sys_id").to_owned())
        }
    }
}

/// `2 Minutes 17 Seconds` as `1970-01-01 00:02:17`.
fn duration(shown: &str) -> Option<String> {
    let words: Vec<&str> = shown.split_whitespace().collect();
    let (pairs, rest) = words.as_chunks::<2>();
    let seconds = pairs.iter().try_fold(0_i64, |seconds, [count, unit]| {
        let is_unit = |(name, _): &&(&str, i64)| unit.strip_suffix('s').unwrap_or(unit) == *name;
        let (_, length) = LENGTHS.iter().find(is_unit)?;
        seconds.checked_add(count.parse::<u32>().ok().map(i64::from)?.checked_mul(*length)?)
    })?;
    let moment = jiff::Timestamp::from_second(seconds).ok()?;
    (rest.is_empty() && !pairs.is_empty()).then(|| locale::stored(moment))
}

/// `$1,234.50` as `USD;1234.50`; an amount without a sign as it is.
fn amount(shown: &str) -> String {
    let sign = SIGNS.iter().find(|(_, sign)| shown.starts_with(sign));
    match sign {
        Some((code, sign)) => format!("{code};{}", shown[sign.len()..].replace(',', "")),
        None => shown.to_owned(),
    }
}
