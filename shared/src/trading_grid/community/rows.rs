//! Reading answers whose bodies are not published.
//!
//! Rows may be a list, the only thing of an answer, or stand in a list under any name; members are found
//! by any of their likely names in any letter case, and all other members are ignored. What is not lenient:
//! an answer without recognizable rows is no empty list, and a list that says it is only a part is refused,
//! because "there is no such user" must never be concluded from what was not understood.

use serde_json::{Map, Value};

/// A row of an answer.
pub(super) type Row = Map<String, Value>;

/// How deep rows may stand.
const DEPTH: usize = 3;
/// Members that tell how many rows there are in all (Cartographer's, and common ones).
const TOTALS: [&str; 4] = ["totalCount", "total", "totalResults", "totalRecords"];

/// Why an answer cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// Nothing in it has the member.
    NoRows(&'static str),
    /// It holds fewer rows than it says there are.
    Partial,
}

impl Unreadable {
    pub(super) fn why(&self) -> String {
        match self {
            Unreadable::NoRows(member) => format!("nothing in it has {member}"),
            Unreadable::Partial => "it is only a part of the list".to_owned(),
        }
    }
}

/// The rows that have one of the names of `key`; none when the answer is an empty list.
pub(super) fn rows(answer: &Value, key: &[&'static str]) -> Result<Vec<Row>, Unreadable> {
    let no_rows = Unreadable::NoRows(key.first().copied().unwrap_or_default());
    let rows = find(answer, key, DEPTH).ok_or(no_rows)?;
    let total = TOTALS
        .iter()
        .find_map(|name| member(answer.as_object()?, &[name])?.as_u64());
    match total {
        Some(total) if total > rows.len() as u64 => Err(Unreadable::Partial),
        _ => Ok(rows),
    }
}

/// The texts of a list of texts or of objects with one of the names of `key`.
pub(super) fn names(answer: &Value, key: &[&'static str]) -> Result<Vec<String>, Unreadable> {
    let rows = rows(answer, key);
    if let Ok(rows) = &rows
        && !rows.is_empty()
    {
        return Ok(rows.iter().filter_map(|row| text(row, key)).collect());
    }
    let texts = |items: &[Value]| -> Option<Vec<String>> {
        items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let list = lists(answer, DEPTH)
        .into_iter()
        .filter_map(texts)
        .find(|list| !list.is_empty());
    list.map_or(rows.map(|_| Vec::new()), Ok)
}

/// A member as text, by any of its names; empty is absent.
pub(super) fn text(row: &Row, names: &[&str]) -> Option<String> {
    let text = match member(row, names)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    (!text.is_empty()).then_some(text)
}

/// A member by any of its names, in any letter case.
pub(super) fn member<'a>(row: &'a Row, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| {
        let found = row.iter().find(|(member, _)| member.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value)
    })
}

fn find(value: &Value, key: &[&str], depth: usize) -> Option<Vec<Row>> {
    match value {
        Value::Array(items) => {
            let rows = items.iter().filter_map(Value::as_object);
            let rows = rows.filter(|row| text(row, key).is_some()).cloned().collect::<Vec<_>>();
            (items.is_empty() || !rows.is_empty()).then_some(rows)
        }
        Value::Object(row) if text(row, key).is_some() => Some(vec![row.clone()]),
        Value::Object(members) if depth > 0 => {
            let found = members.values().filter_map(|value| find(value, key, depth - 1));
            // Something beats nothing: an empty list may be another member than the one meant.
            found.max_by_key(Vec::len)
        }
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// All lists in the answer, outermost first.
fn lists(value: &Value, depth: usize) -> Vec<&[Value]> {
    match value {
        Value::Array(items) => vec![items],
        Value::Object(members) if depth > 0 => members.values().flat_map(|value| lists(value, depth - 1)).collect(),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const USER: &[&str] = &["loginId"];

    #[test]
    fn rows_are_found_wherever_they_stand() {
        let row = json!({"loginId": "a@x", "more": {"loginId": 1}});
        for answer in [
            json!([row]),
            row.clone(),
            json!({"users": [row]}),
            json!({"Users": {"user": [row]}, "roles": []}),
            json!({"response": [row], "page": {"totalCount": 1}}),
            json!({"totalCount": 1, "entries": [row, null, 7]}),
            json!([{"LOGINID": "a@x"}]),
        ] {
            let found = rows(&answer, USER).unwrap();
            assert_eq!(
                (found.len(), text(&found[0], USER).unwrap().as_str()),
                (1, "a@x"),
                "{answer}"
            );
        }
    }

    #[test]
    fn an_empty_list_has_no_rows_and_what_is_not_understood_is_no_empty_list() {
        assert_eq!(rows(&json!([]), USER), Ok(Vec::new()));
        assert_eq!(rows(&json!({"users": []}), USER), Ok(Vec::new()));
        for answer in [
            json!({}),
            json!(null),
            json!("none"),
            json!([{"login": "a@x"}]),
            json!({"status": "ok"}),
            json!({"users": [{"loginId": {"is": "an object"}}]}),
            json!({"a": {"b": {"c": {"d": []}}}}),
        ] {
            assert_eq!(rows(&answer, USER), Err(Unreadable::NoRows("loginId")), "{answer}");
        }
    }

    #[test]
    fn a_part_of_a_list_is_not_the_list() {
        let answer = json!({"totalCount": 3, "fetchedCount": 1, "entries": [{"loginId": "a@x"}]});
        assert_eq!(rows(&answer, USER), Err(Unreadable::Partial));
    }

    #[test]
    fn names_come_as_texts_or_in_objects() {
        let key = &["roleName"];
        for answer in [
            json!(["A", "B"]),
            json!({"roles": ["A", "B"]}),
            json!([{"roleName": "A"}, {"roleName": "B", "id": 2}]),
            json!({"roles": {"role": [{"rolename": "A"}, {"rolename": "B"}]}}),
        ] {
            assert_eq!(names(&answer, key).unwrap(), ["A", "B"], "{answer}");
        }
        assert_eq!(names(&json!([]), key), Ok(Vec::new()));
        assert!(names(&json!({"roles": [{"name": "A"}]}), key).is_err());
    }
}
