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

/// Stands at the end of a list that is read: in a quotation without an end it is not a row of its own.
const END: &str = "\u{0}";

fn parsed(text: &str) -> Result<Vec<Wish>, String> {
    let mut rows = rows(text)?.into_iter();
    let (_, titles) = rows.next().ok_or("it is empty")?;
    let place = |name: &str| titles.iter().position(|title| title.eq_ignore_ascii_case(name));
    let needed = |name: &str| place(name).ok_or_else(|| format!("it has no column {name}"));
    let (issue, table, record) = (needed("issue")?, needed("table")?, needed("record")?);
    let company = place("company");
    rows.map(|(line, row)| {
        if row.len() != titles.len() {
            return Err(format!("line {line} has {} columns, not {}", row.len(), titles.len()));
        }
        let field = |at: usize| row[at].to_owned();
        Ok(Wish {
            issue: field(issue),
            table: field(table),
            record: field(record),
            company: company.map(field).unwrap_or_default(),
        })
    })
    .collect()
}

/// The rows with the lines on which they begin; empty ones are none.
fn rows(text: &str) -> Result<Vec<(usize, csv::StringRecord)>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = format!("{text}\n{END}");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(1, |position| line_at(&text, position));
        if row == vec![END] {
            break;
        }
        if row.iter().any(|field| field.ends_with(END)) {
            return Err(format!("a quotation that begins in the row of line {line} has no end"));
        }
        if row.iter().any(|field| !field.is_empty()) {
            rows.push((line, row));
        }
    }
    Ok(rows)
}

/// The line on which a row begins: the library's place may be before the ends of lines above it.
fn line_at(text: &str, position: &csv::Position) -> usize {
    let begin = usize::try_from(position.byte()).unwrap_or(0).min(text.len());
    let (before, rest) = text.split_at(begin);
    let ends = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
    1 + [before, &rest[..ends]]
        .map(|part| part.matches('\n').count())
        .iter()
        .sum::<usize>()
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
        let with_others = "issue,table,record,note\n,,,\nISS-1,incident,INC1,a pipe of 5\"\n  \n,,,\n";
        assert_eq!(parsed(with_others), Ok(vec![wish("ISS-1", "INC1", "")]));
    }

    #[test]
    fn what_is_no_list_names_its_line() {
        for (list, wanted) in [
            ("", "it is empty"),
            ("issue,record\n", "no column table"),
            ("issue,table,record\nISS-1,incident\n", "line 2 has 2 columns, not 3"),
            (
                "issue,table,record\r\n\r\nISS-1,incident\r\n",
                "line 3 has 2 columns, not 3",
            ),
            (" \n,,\n", "it is empty"),
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
