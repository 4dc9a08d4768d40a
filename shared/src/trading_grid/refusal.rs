//! Error bodies of every known shape become one readable line.
//!
//! Known: our contract's problem+json, the gateway's `fault`, Cartographer's `message` with
//! `error-code`, the older `errorMessage`, the identity platform's `apiMessage`, and plain text. What the
//! line never holds: anything that was sent, and any word long enough to be a token. So a body
//! that repeats the request, or a page of HTML, is named and not shown.

use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::collaboration::Problem;
use super::error::{Asked, Error, Rejection};
use crate::http::Whole;
use crate::messages;
use crate::retry;

/// The longest message that is kept, in characters.
const LONGEST: usize = 200;
/// A word of this many characters may be a token or a digest.
const TOKEN_LIKE: usize = 20;
/// A message that has this many characters in a row from what was sent repeats it.
const REPEATED: usize = 12;

/// The refusal in an answer to a request with the body `sent`.
pub(super) fn rejected(asked: Asked, answer: &Whole, sent: &[u8]) -> Error {
    let value = match answer.is_json() {
        true => serde_json::from_slice::<Value>(&answer.body).unwrap_or_default(),
        false => Value::Null,
    };
    Error::Rejected {
        asked,
        rejection: Rejection {
            status: answer.status,
            problem: value.get("type").and_then(Value::as_str).and_then(Problem::from_type),
            message: readable(&told(&value, answer), sent),
            wait: retry::retry_after(answer.header("retry-after")),
            current_version: value.get("currentVersion").and_then(Value::as_u64),
        },
    }
}

/// A line of the other side's as it may stand in a log.
pub(super) fn readable(text: &str, sent: &[u8]) -> String {
    let line = messages::one_line(text, LONGEST);
    if repeats(&line, sent) {
        return "a message that repeats what was sent".to_owned();
    }
    let words = line.split(' ').map(|word| if is_harmless(word) { word } else { "…" });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word cannot be a token, a key or an address: it is short, or made of words itself.
fn is_harmless(word: &str) -> bool {
    let is_word = |part: &str| part.len() <= 3 || part.chars().all(char::is_alphabetic);
    let is_short = |text: &str| text.chars().count() < TOKEN_LIKE;
    let mut parts = word.split(['.', '_', '/', '(', ')', ',', ':', '"', '\'']);
    !word.contains('@') && (is_short(word) || parts.all(|part| is_short(part) && is_word(part)))
}

/// What the body says, in whichever shape.
fn told(value: &Value, answer: &Whole) -> String {
    let message = [
        "/detail",
        "/title",
        "/fault/faultstring",
        "/message",
        "/errorMessage",
        "/apiMessage",
        "/error_description",
        "/error/message",
        "/error",
    ];
    let code = ["/fault/detail/errorcode", "/error-code", "/errorCode", "/apiStatusCode"];
    let message = message.iter().find_map(|pointer| value.pointer(pointer)?.as_str());
    let code = code.iter().find_map(|pointer| text(value.pointer(pointer)?));
    match (message, code) {
        (Some(message), Some(code)) => format!("{message} ({code})"),
        (Some(message), None) => message.to_owned(),
        (None, Some(code)) => format!("error {code}"),
        (None, None) => of_plain_text(answer),
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// What a body without a known shape says.
fn of_plain_text(answer: &Whole) -> String {
    let media_type = answer.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let media_type = media_type.unwrap_or_default().to_ascii_lowercase();
    let body = std::str::from_utf8(&answer.body).unwrap_or_default().trim();
    if media_type.starts_with("text/html") || body.starts_with('<') {
        return "a page of HTML or XML".to_owned();
    }
    if body.is_empty() || answer.is_json() || !(media_type.is_empty() || media_type.starts_with("text/")) {
        return "no message".to_owned();
    }
    body.lines().next().unwrap_or_default().to_owned()
}

/// Whether a part of the message was in the request.
fn repeats(message: &str, sent: &[u8]) -> bool {
    let Ok(sent) = std::str::from_utf8(sent) else {
        return false;
    };
    let starts = message.char_indices().map(|(at, _)| at).collect::<Vec<_>>();
    let ends = starts.iter().copied().skip(REPEATED).chain([message.len()]);
    let longest_enough = starts.len() >= REPEATED;
    longest_enough
        && starts
            .iter()
            .zip(ends)
            .any(|(start, end)| sent.contains(&message[*start..end]))
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    const ASKED: Asked = Asked {
        whom: "the community",
        to: "add a comment",
        is_write: true,
    };

    fn message(media_type: &str, body: &str, sent: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        let answer = Whole {
            status: 400,
            headers,
            body: body.to_owned().into(),
        };
        let error = rejected(ASKED, &answer, sent.as_bytes());
        error.rejection().unwrap().message.clone()
    }

    #[test]
    fn every_known_shape_becomes_a_line() {
        let table = [
            (
                r#"{"type":"urn:gridlink:problem:malformed","title":"Bad Request","status":400,"detail":"text is missing"}"#,
                "text is missing",
            ),
            (
                r#"{"fault":{"faultstring":"Invalid ApiKey","detail":{"errorcode":"oauth.v2.InvalidApiKey"}}}"#,
                "Invalid ApiKey (oauth.v2.InvalidApiKey)",
            ),
            (
                r#"{"fault":{"faultstring":"Quota","detail":{"errorcode":"policies.quota"}}}"#,
                "Quota (policies.quota)",
            ),
            (
                r#"{"status":"400","message":"no such map","error-code":"1021"}"#,
                "no such map (1021)",
            ),
            (
                r#"{"errorCode":7,"errorMessage":"bad login","httpStatus":"BAD_REQUEST"}"#,
                "bad login (7)",
            ),
            (
                r#"{"status":404,"apiMessage":"not found","apiStatusCode":"framework.x"}"#,
                "not found (framework.x)",
            ),
            (
                r#"{"error":"invalid_request","error_description":"grant is missing"}"#,
                "grant is missing",
            ),
            (r#"{"errorCode":"E1"}"#, "error E1"),
            (r#"{"unknown":"shape"}"#, "no message"),
            (r#"{"message":{"not":"text"}}"#, "no message"),
            ("[", "no message"),
        ];
        for (body, wanted) in table {
            assert_eq!(message("application/json; charset=utf-8", body, ""), wanted, "{body}");
        }
        assert_eq!(
            message("text/plain", "upstream connect error\nstack", ""),
            "upstream connect error"
        );
        assert_eq!(
            message("text/html", "<html><title>Sign in</title>", ""),
            "a page of HTML or XML"
        );
        assert_eq!(message("application/octet-stream", "\u{1}secret", ""), "no message");
    }

    #[test]
    fn a_message_holds_nothing_that_was_sent_and_no_token() {
        let sent = r#"{"text":"The price of line 3 is confidential"}"#;
        let echo = r#"{"message":"cannot use: line 3 is confidential"}"#;
        assert_eq!(
            message("application/json", echo, sent),
            "a message that repeats what was sent"
        );
        let plain = "rejected body {\"text\":\"The price of line 3";
        assert_eq!(
            message("text/plain", plain, sent),
            "a message that repeats what was sent"
        );
        let token = r#"{"message":"token eyJhbGciOiJIUzI1NiIsInR5cCI6 of ada@northwind.example is unknown"}"#;
        assert_eq!(message("application/json", token, ""), "token … of … is unknown");
        for token in [
            "3f9c2b1a-7d6e-4c5b-8a9f-0c2b1a7d6e4c",
            "dG9rZW4_dG9r/ZW50b2tlbnRva2Vu",
            "AAAAAAAAAAAAAAAAAAAAAAAA",
        ] {
            let body = format!(r#"{{"message":"bad {token}"}}"#);
            assert_eq!(message("application/json", &body, ""), "bad …", "{token}");
        }
        assert_eq!(
            message("application/json", r#"{"message":"text is missing"}"#, sent),
            "text is missing"
        );
    }

    #[test]
    fn the_problem_the_version_and_the_wait_are_read() {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, "application/problem+json".parse().unwrap());
        headers.insert("retry-after", "7".parse().unwrap());
        let body =
            r#"{"type":"urn:gridlink:problem:version-superseded","title":"Conflict","status":409,"currentVersion":12}"#;
        let answer = Whole {
            status: 409,
            headers,
            body: body.into(),
        };
        let error = rejected(ASKED, &answer, b"");
        let rejection = error.rejection().unwrap();
        assert_eq!(rejection.problem, Some(Problem::VersionSuperseded));
        assert_eq!(
            (rejection.current_version, rejection.wait),
            (Some(12), Some(std::time::Duration::from_secs(7)))
        );
        assert_eq!(
            error.to_string(),
            "the community answered 409: Conflict when asked to add a comment"
        );
    }
}
