//! Values and display values: what a caller sees of what is stored.

use std::borrow::Cow;

use super::dictionary::{Column, Kind};
use super::engine::{Row, State};
use super::journal;
use super::locale::{self, Locale};

const STARS: &str = "********";

/// What a duration is told in.
pub(crate) const LENGTHS: [(&str, i64); 4] = [("Day", 86_400), ("Hour", 3600), ("Minute", 60), ("Second", 1)];

/// The currencies that are displayed by a sign before the amount; others by their code.
pub(crate) const SIGNS: [(&str, &str); 4] = [("USD", "$"), ("EUR", "€"), ("GBP", "£"), ("JPY", "¥")];

/// The value that a caller sees: never a secret, and of an amount the number only.
pub(crate) fn value<'s>(column: &Column, stored: &'s str) -> Cow<'s, str> {
    match &column.kind {
        Kind::Password if !stored.is_empty() => Cow::Borrowed(STARS),
        Kind::Currency => {
            let (_, amount) = split_amount(stored);
            Cow::Owned(trimmed(amount).to_owned())
        }
        Kind::Text
        | Kind::Html
        | Kind::Url
        | Kind::Integer
        | Kind::Decimal
        | Kind::Boolean
        | Kind::DateTime
        | Kind::Date
        | Kind::Duration
        | Kind::Password
        | Kind::Journal
        | Kind::JournalList(_)
        | Kind::Reference(_)
        | Kind::List(_)
        | Kind::System
        | Kind::SystemTime => Cow::Borrowed(stored),
    }
}

/// The display value of a column of a row. The row's own class decides about labels.
pub(crate) fn shown(state: &State, locale: &Locale, row: &Row, column: &Column) -> String {
    let stored = row.get(&column.name);
    match &column.kind {
        Kind::Journal => journal::displayed(state, locale, row.get("sys_id"), &[column]),
        Kind::JournalList(journals) => {
            let columns = journals.iter().map(|name| state.dictionary.column(&row.class, name));
            let columns: Vec<&Column> = columns.flatten().collect();
            journal::displayed(state, locale, row.get("sys_id"), &columns)
        }
        Kind::DateTime | Kind::SystemTime => locale.show_time(stored),
        Kind::Date => locale.show_date(stored),
        Kind::Duration => duration(stored, state.guesses.durations_tell_seconds),
        Kind::Currency => amount(stored),
        Kind::Password if !stored.is_empty() => STARS.to_owned(),
        Kind::Reference(target) => name(state, target, stored).unwrap_or_default().to_owned(),
        Kind::List(target) => {
            // What is no row of the table, a mail address for example, is shown as it is.
            let items = stored.split(',').map(str::trim);
            let names = items.map(|item| name(state, target, item).unwrap_or(item));
            names.collect::<Vec<_>>().join(", ")
        }
        Kind::System if column.name == "sys_class_name" => {
            let table = state.dictionary.table(stored);
            table.map_or_else(|| stored.to_owned(), |table| table.label.clone())
        }
        Kind::Integer | Kind::Decimal if column.choices.is_empty() && state.guesses.numbers_are_grouped => {
            grouped(stored)
        }
        Kind::Text
        | Kind::Html
        | Kind::Url
        | Kind::Integer
        | Kind::Decimal
        | Kind::Boolean
        | Kind::Password
        | Kind::System => {
            let own = state.dictionary.column(&row.class, &column.name);
            let label = own
                .and_then(|own| own.label_of(stored))
                .or_else(|| column.label_of(stored));
            label.unwrap_or(stored).to_owned()
        }
    }
}

/// What a reference to the row displays.
fn name<'s>(state: &'s State, table: &str, sys_id: &str) -> Option<&'s str> {
    let row = state.find(table, sys_id)?;
    Some(row.get(state.dictionary.display_of(table)))
}

/// `1970-01-01 00:02:17` as `2 Minutes 17 Seconds`.
fn duration(stored: &str, tells_seconds: bool) -> String {
    let Some(moment) = locale::moment(stored) else {
        return stored.to_owned();
    };
    let seconds = moment.as_second();
    let mut rest = seconds.abs();
    let mut words = Vec::new();
    for (unit, length) in LENGTHS {
        let count = rest / length;
        rest %= length;
        if count > 0 && (unit != "Second" || tells_seconds || words.is_empty()) {
            let plural = if count == 1 { "" } else { "s" };
            words.push(format!("{count} {unit}{plural}"));
        }
    }
    match words.is_empty() {
        true => "0 Seconds".to_owned(),
        false if seconds < 0 => format!("-{}", words.join(" ")),
        false => words.join(" "),
    }
}

/// `USD;1234.5` as `$1,234.50`.
fn amount(stored: &str) -> String {
    let (currency, amount) = split_amount(stored);
    if amount.parse::<f64>().is_err() {
        return stored.to_owned();
    }
    let (negative, amount) = amount.strip_prefix('-').map_or(("", amount), |amount| ("-", amount));
    let (whole, fraction) = trimmed(amount).split_once('.').unwrap_or((trimmed(amount), ""));
    let digits = if currency == "JPY" { 0 } else { 2 };
    let point = if digits == 0 && fraction.is_empty() { "" } else { "." };
    let sign = SIGNS.iter().find(|(code, _)| *code == currency);
    let sign = sign.map_or_else(|| format!("{currency} "), |(_, sign)| (*sign).to_owned());
    format!("{negative}{sign}{}{point}{fraction:0<digits$}", grouped(whole))
}

/// The currency, US dollars unless it is said, and the amount.
fn split_amount(stored: &str) -> (&str, &str) {
    stored.split_once(';').unwrap_or(("USD", stored))
}

/// A number without the zeros that end its fraction.
fn trimmed(number: &str) -> &str {
    if number.contains('.') {
        number.trim_end_matches('0').trim_end_matches('.')
    } else {
        number
    }
}

/// A number with commas between thousands.
fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let digits = whole.trim_start_matches('-');
    if !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return number.to_owned();
    }
    let mut grouped = whole[..whole.len() - digits.len()].to_owned();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}
