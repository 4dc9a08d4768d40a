//! What several resources of the contract share.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use serde::{Deserialize, Serialize};

use super::feed::Cursor;
use crate::domain::{ActionKind, Malformed, Timestamp, digest_of, hex};
use crate::rfc3339;

/// The same for every try of one write, and no other: the `Idempotency-Key`, and the reference of
/// the origin mark.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Key(String);

impl Key {
    /// The key of one effect: `parts` are what makes it the one it is.
    pub fn derived(parts: &[&str]) -> Self {
        let digest = digest_of(&["idempotency key", &hex(&digest_of(parts))]);
        Self(hex(&digest[..20]))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn header(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).expect("the alphabet of a key fits a header")
    }
}

impl FromStr for Key {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        text.to_owned().try_into()
    }
}

impl TryFrom<String> for Key {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        let is_key = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-');
        if (1..=128).contains(&text.len()) && text.bytes().all(is_key) {
            Ok(Self(text))
        } else {
            Err(Malformed {
                what: "an idempotency key",
                wanted: "1 to 128 letters, digits, '.', '_', ':' or '-'",
            })
        }
    }
}

impl From<Key> for String {
    fn from(key: Key) -> String {
        key.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who wrote something, as the community knows from the credentials of the write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Origin {
    #[serde(default)]
    writer: String,
    #[serde(default)]
    reference: Option<String>,
}

impl Origin {
    /// The key of our own write, when it is one.
    pub fn gridlink_reference(&self) -> Option<&str> {
        match self.writer.as_str() {
            "gridlink" => self.reference.as_deref(),
            _ => None,
        }
    }

    /// Whether Gridlink wrote it.
    pub fn is_gridlink(&self) -> bool {
        self.writer == "gridlink"
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// What is on it, oldest first.
    pub items: Vec<T>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether more is there already.
    pub has_more: bool,
}

/// Somebody, as the other side may see them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Person {
    /// The immutable id of a user of the community; absent for the desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The name to show.
    pub name: String,
}

impl Person {
    /// Somebody of the desk, by public name.
    pub fn of_the_desk(name: impl Into<String>) -> Self {
        Self {
            user_id: None,
            name: name.into(),
        }
    }
}

/// What the partner should do next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExpectedAction {
    /// Which kind of action.
    pub kind: ActionKind,
    /// In the partner's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Until when.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub due_at: Option<Timestamp>,
}
