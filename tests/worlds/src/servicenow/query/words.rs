//! `123TEXTQUERY321`: the search for words in all texts of a row.

use std::collections::BTreeSet;

use super::super::dictionary::Kind;
use super::super::engine::Row;
use super::reading::Reading;

/// What introduces the words.
pub(super) const PREFIX: &str = "123TEXTQUERY321=";

/// Words that must all be somewhere in the texts of a row.
#[derive(Debug, Clone)]
pub(super) struct Words {
    columns: Vec<String>,
    /// In lower case.
    whole: BTreeSet<String>,
    /// Those written with a star: what only begins so is enough.
    beginnings: BTreeSet<String>,
}

impl Words {
    /// None without a word.
    pub(super) fn of(reading: &Reading<'_>, table: &str, text: &str) -> Option<Words> {
        let mut words = Words {
            columns: columns(reading, table),
            whole: BTreeSet::new(),
            beginnings: BTreeSet::new(),
        };
        for word in text.split_whitespace() {
            words.whole.extend(pieces(word));
            if let Some(last) = pieces(word).last().filter(|_| word.ends_with('*')) {
                words.whole.remove(&last);
                words.beginnings.insert(last);
            }
        }
        let is_empty = words.whole.is_empty() && words.beginnings.is_empty();
        (!is_empty).then_some(words)
    }

    pub(super) fn are_in(&self, row: &Row) -> bool {
        let texts = self.columns.iter().map(|column| row.get(column));
        let found: BTreeSet<String> = texts.flat_map(pieces).collect();
        let begins = |beginning: &String| {
            let next = found.range::<String, _>(beginning..).next();
            next.is_some_and(|word| word.starts_with(beginning))
        };
        self.whole.is_subset(&found) && self.beginnings.iter().all(begins)
    }
}

fn columns(reading: &Reading<'_>, table: &str) -> Vec<String> {
    let columns = reading.dictionary().columns(table).into_iter();
    let texts = columns
        .filter(|(_, column)| matches!(column.kind, Kind::Text | Kind::Html | Kind::Url) && column.choices.is_empty());
    texts.map(|(name, _)| name.to_owned()).collect()
}

fn pieces(text: &str) -> impl Iterator<Item = String> {
    let pieces = text.split(|letter: char| !letter.is_alphanumeric());
    pieces.filter(|piece| !piece.is_empty()).map(str::to_lowercase)
}
