//! What ServiceNow made of the fields that it was sent. It ignores unknown fields and unknown choice
//! values in silence and cuts long texts, and says so only by what it answers.

use std::collections::BTreeMap;
use std::fmt;

use super::Row;

/// A field that was not taken as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its name.
    pub field: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is not in the answer: it does not exist, or an access rule hides it.
    Missing,
    /// It holds the beginning of what was sent.
    Cut,
    /// It holds something else: an unknown choice, a protected field, a rule of the instance.
    Differs,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fate = match self.fate {
            Fate::Missing => "unknown or hidden",
            Fate::Cut => "cut",
            Fate::Differs => "not as sent",
        };
        write!(f, "{} ({fate})", self.field)
    }
}

/// Journals answer with nothing: what is sent becomes an entry.
const NOT_ECHOED: [&str; 3] = ["comments", "work_notes", "comments_and_work_notes"];

/// The fields that were not taken as they were sent.
pub(super) fn ignored(sent: &BTreeMap<String, String>, row: &Row) -> Vec<Ignored> {
    let compared = sent.iter().filter(|(field, _)| !NOT_ECHOED.contains(&field.as_str()));
    compared
        .filter_map(|(field, value)| {
            let fate = match row.get(field) {
                Some(echo) if echo == value => return None,
                Some(echo) if !echo.is_empty() && value.starts_with(echo) => Fate::Cut,
                Some(_) => Fate::Differs,
                None => Fate::Missing,
            };
            Some(Ignored {
                field: field.clone(),
                fate,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_told_with_what_became_of_it() {
        let sent = [
            ("category", "nonsense"),
            ("comments", "hello"),
            ("description", "a long text"),
            ("short_description", "taken"),
            ("u_nonsense", "x"),
        ];
        let sent = sent.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let row: Row = serde_json::from_str(
            r#"{"category": "", "comments": "", "description": "a long", "short_description": "taken"}"#,
        )
        .unwrap();
        let told = ignored(&sent, &row).iter().map(Ignored::to_string).collect::<Vec<_>>();
        assert_eq!(
            told,
            [
                "category (not as sent)",
                "description (cut)",
                "u_nonsense (unknown or hidden)"
            ]
        );
    }
}
