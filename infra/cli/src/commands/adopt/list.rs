//! The list of records to adopt: CSV after RFC 4180, with a title line.

use std::collections::BTreeMap;
use std::path::Path;

use crate::failed::Failed;

/// A record that an operator wants to be that of an issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wish {
    /// The issue.
    pub(super) issue: String,
    /// The table of the record.
    pub(super) table: String,
    /// The number of the record, or its sys_id.
    pub(super) record: String,
    /// The company of the issue; empty where the record names it.
    pub(super) company: String,
}

/// Reads a list.
pub(super) fn read(file: &Path) -> Result<Vec<Wish>, Failed> {
    let advice = "A list has the title line issue,table,record or issue,table,record,company.";
    let text = shared::config::read(file)
        .map_err(|error| Failed::usage(shared::failure::chain(error.as_ref()), "Look at --list."))?;
    parsed(&text).map_err(|problem| Failed::usage(format!("{}: {problem}", file.display()), advice))
}

fn parsed(text: &str) -> Result<Vec<Wish>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let titles = reader.headers().map_err(|error| problem(&error))?.clone();
    if titles.is_empty() {
        return Err("it is empty".to_owned());
    }
    let place = |name: &str| titles.iter().position(|title| title.eq_ignore_ascii_case(name));
    let needed = |name: &str| place(name).ok_or_else(|| format!("it has no column {name}"));
    let (issue, table, record) = (needed("issue")?, needed("table")?, needed("record")?);
    let company = place("company");
    let mut wishes = Vec::new();
    let mut last_line = 1;
    for row in reader.records() {
        let row = row.map_err(|error| match is_open(text) {
            true => endless(last_line + 1),
            false => problem(&error),
        })?;
        last_line = row.position().map_or(last_line, csv::Position::line);
        let field = |at: usize| row[at].to_owned();
        wishes.push(Wish {
            issue: field(issue),
            table: field(table),
            record: field(record),
            company: company.map(field).unwrap_or_default(),
        });
    }
    // The library takes the end of the text for the end of a quotation.
    match is_open(text) {
        true => Err(endless(last_line)),
        false => Ok(wishes),
    }
}

/// Whether a quotation has no end: within one a quotation mark stands twice.
fn is_open(text: &str) -> bool {
    !text.matches('"').count().is_multiple_of(2)
}

fn endless(line: u64) -> String {
    format!("a quotation that begins in the row of line {line} has no end")
}

fn problem(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let line = pos.as_ref().map_or(0, csv::Position::line);
            format!("line {line} has {len} columns, not {expected_len}")
        }
        _ => error.to_string(),
    }
}

/// Why wishes cannot be fulfilled that name an issue or a record a second time, by their place.
pub(super) fn twice(wishes: &[Wish]) -> BTreeMap<usize, String> {
    let mut by_issue: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    let mut by_record: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (at, wish) in wishes.iter().enumerate() {
        by_issue.entry((&wish.issue, &wish.company)).or_default().push(at);
        by_record.entry((&wish.table, &wish.record)).or_default().push(at);
    }
    let mut why = BTreeMap::new();
    for (groups, reason) in [
        (by_issue, "several records are named for this issue"),
        (by_record, "several issues are named for this record"),
    ] {
        for places in groups.into_values().filter(|places| places.len() > 1) {
            why.extend(places.into_iter().map(|at| (at, reason.to_owned())));
        }
    }
    why
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(issue: &str, record: &str, company: &str) -> Wish {
        Wish {
            issue: issue.to_owned(),
            table: "incident".to_owned(),
            record: record.to_owned(),
            company: company.to_owned(),
        }
    }

    #[test]
    fn lists_are_read_as_spreadsheets_write_them() {
        let list =
            "\u{feff}Issue,Table,Record,Company\r\n\"ISS-1\",incident,INC1,\"GC1\"\r\n\r\nISS-2, incident ,INC2,\n";
        assert_eq!(
            parsed(list),
            Ok(vec![wish("ISS-1", "INC1", "GC1"), wish("ISS-2", "INC2", "")])
        );
        let other = "record,issue,table\nINC1,\"I\"\"1\",incident";
        assert_eq!(parsed(other), Ok(vec![wish("I\"1", "INC1", "")]));
    }

    #[test]
    fn what_is_no_list_names_its_line() {
        for (list, wanted) in [
            ("", "it is empty"),
            ("issue,record\n", "no column table"),
            ("issue,table,record\nISS-1,incident\n", "line 2 has 2 columns, not 3"),
            ("issue,table,record\nISS-1,incident,\"INC1\n", "line 2 has no end"),
            ("issue,table,record\n\"ISS-1,incident,INC1\n", "line 2 has no end"),
        ] {
            let problem = parsed(list).unwrap_err();
            assert!(problem.contains(wanted), "{problem}");
        }
    }

    #[test]
    fn what_is_named_twice_is_nobodys() {
        let wishes = [
            wish("ISS-1", "INC1", ""),
            wish("ISS-1", "INC2", ""),
            wish("ISS-2", "INC3", ""),
            wish("ISS-3", "INC3", ""),
        ];
        assert_eq!(twice(&wishes).len(), 4);
        assert!(twice(&wishes[1..3]).is_empty());
    }
}
