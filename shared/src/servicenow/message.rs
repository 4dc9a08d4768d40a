//! ServiceNow's own words about an error, made fit for a log.
//!
//! A business rule may repeat a field in its message, so everything that was sent is struck out:
//! whole values from three characters on, and parts of them from [`LONGEST_ECHO`] on.

use serde_json::Value;

use crate::domain::SysId;
use crate::messages;

/// A part of a value that is this long, in bytes, is no coincidence.
const LONGEST_ECHO: usize = 16;
/// The longest message, in characters.
const LONGEST: usize = 300;
/// What stands where something was struck out.
const STRUCK: &str = "[…]";

/// What the body of an answer says about an error, without any of the values that were sent.
pub(super) fn told(body: &[u8], sent: &[String]) -> String {
    let value = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let part = |pointer: &str| {
        value
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let code = value.pointer("/result/errCode").map(|code| match code {
        Value::String(code) => code.clone(),
        other => other.to_string(),
    });
    let parts = [
        // The Table API and most others.
        part("/error/message"),
        part("/error/detail"),
        // The token endpoint.
        part("/error"),
        part("/error_description"),
        // The Service Catalog.
        code.as_deref(),
        part("/result/errMsg"),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    match text.is_empty() {
        true => "no message".to_owned(),
        false => fit(&text, sent),
    }
}

/// A text on one line, cut, without any of the values that were sent.
pub(super) fn fit(text: &str, sent: &[String]) -> String {
    // Cut a little later first: a value must not survive because its end is gone.
    let line = messages::one_line(text, 4 * LONGEST);
    messages::cut(&without(&line, sent), LONGEST)
}

/// All texts in a JSON body.
pub(super) fn texts(body: &[u8]) -> Vec<String> {
    fn collect(value: Value, into: &mut Vec<String>) {
        match value {
            Value::String(text) => into.push(text),
            Value::Array(items) => items.into_iter().for_each(|item| collect(item, into)),
            Value::Object(members) => members.into_iter().for_each(|(_, member)| collect(member, into)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut texts = Vec::new();
    collect(serde_json::from_slice(body).unwrap_or_default(), &mut texts);
    texts
}

fn without(line: &str, sent: &[String]) -> String {
    let values = sent.iter().filter(|value| value.parse::<SysId>().is_err());
    let values = values
        .map(|value| messages::one_line(value, usize::MAX).to_ascii_lowercase())
        .filter(|value| value.len() > 2)
        .collect::<Vec<_>>();
    let lower = line.to_ascii_lowercase();
    let mut text = String::with_capacity(line.len());
    let mut at = 0;
    while let Some(character) = line[at..].chars().next() {
        let longest = values.iter().map(|value| echo(&lower, at, value)).max().unwrap_or(0);
        if longest == 0 {
            text.push(character);
            at += character.len_utf8();
        } else {
            text.push_str(STRUCK);
            at += longest;
        }
    }
    text
}

/// How many bytes at `at` repeat a value or a long part of it.
fn echo(line: &str, at: usize, value: &str) -> usize {
    let rest = &line[at..];
    let is_inside_word = |character: char| character.is_alphanumeric() || character == '_';
    if let Some(after) = rest.strip_prefix(value) {
        let before = line[..at].chars().next_back().is_some_and(is_inside_word);
        let after = after.chars().next().is_some_and(is_inside_word);
        if value.len() >= LONGEST_ECHO || !(before || after) {
            return value.len();
        }
    }
    let Some(mut end) = (LONGEST_ECHO..rest.len().saturating_add(1)).find(|end| rest.is_char_boundary(*end)) else {
        return 0;
    };
    if !value.contains(&rest[..end]) {
        return 0;
    }
    for character in rest[end..].chars() {
        let longer = end + character.len_utf8();
        if !value.contains(&rest[..longer]) {
            break;
        }
        end = longer;
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    #[test]
    fn every_form_of_an_error_is_read() {
        let check = |body: &str, told_of_it: &str| assert_eq!(told(body.as_bytes(), &[]), told_of_it, "{body}");
        check(
            r#"{"error":{"message":"No Record found","detail":"gone"},"status":"failure"}"#,
            "No Record found: gone",
        );
        check(
            r#"{"error":{"message":"Invalid table x","detail":null}}"#,
            "Invalid table x",
        );
        check(
            r#"{"error":"server_error","error_description":"access_denied"}"#,
            "server_error: access_denied",
        );
        check(
            r#"{"result":{"errCode":"42202","errMsg":"Quantity\nis invalid"}}"#,
            "42202: Quantity is invalid",
        );
        check(r#"{"result":{"errCode":400,"errMsg":""}}"#, "400");
        check("<html>", "no message");
        check("{}", "no message");
    }

    #[test]
    fn what_was_sent_is_struck_out() {
        let check = |text: &str, values: &[&str], wanted: &str| assert_eq!(fit(text, &sent(values)), wanted);
        check(
            "Rule said: Ship notice 856 failed",
            &["Ship notice 856 failed"],
            "Rule said: […]",
        );
        check(
            "rule said: SHIP NOTICE 856 FAILED!",
            &["Ship notice\n856  failed"],
            "rule said: […]!",
        );
        check(
            "Cut: the shipment of pallets is",
            &["All about the shipment of pallets is late"],
            "Cut:[…]",
        );
        check("Rule 'case': Bob may not", &["Bob", "1"], "Rule 'case': […] may not");
        check("sn_customerservice_case", &["case"], "sn_customerservice_case");
        let id = "9d385017c611228701d22104cc95c371";
        check(&format!("No record {id}"), &[id], &format!("No record {id}"));
    }

    proptest! {
        #[test]
        fn no_long_part_of_a_value_survives(value in "\\PC{16,80}", before in "\\PC{0,20}", after in "\\PC{0,20}", from in 0usize..30) {
            let part = value.chars().skip(from).collect::<String>();
            let text = fit(&format!("{before}{part}{after}"), &sent(&[&value]));
            let value = messages::one_line(&value, usize::MAX).to_ascii_lowercase();
            let lower = text.to_ascii_lowercase();
            let windows = lower.char_indices().filter_map(|(at, _)| lower.get(at..at + LONGEST_ECHO));
            for window in windows {
                prop_assert!(!value.contains(window), "{:?} of {:?}", window, text);
            }
        }
    }
}
