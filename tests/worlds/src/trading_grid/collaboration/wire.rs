//! Members that several resources of the contract have. Absent ones are left out, never null.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::clock;

/// A document as events name it: by reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentRef {
    pub document_id: String,
    pub name: String,
    pub media_type: String,
    pub size: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Who wrote something in the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    /// Of people of the community only.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub user_id: String,
    pub name: String,
}

/// Marks what a client of the contract wrote; a partner's has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub writer: String,
    /// The `Idempotency-Key` of the write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
}

/// A comment on an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub comment_id: String,
    pub text: String,
    pub author: Author,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub article_ids: Vec<String>,
    /// RFC 3339.
    pub posted_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Who stands behind something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    Desk,
    Partner,
}

/// What the partner should do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ExpectedAction {
    kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<String>,
}

/// The mark and the time of a write through the contract, or the time of what a partner does.
#[derive(Debug, Clone)]
pub(crate) struct Stamp {
    /// RFC 3339.
    pub(crate) at: String,
    pub(crate) now: time::OffsetDateTime,
    pub(crate) origin: Option<Origin>,
}

impl Stamp {
    /// Of something that no client of the contract wrote.
    pub(crate) fn at(now: time::OffsetDateTime) -> Stamp {
        Stamp {
            at: clock::milliseconds(now),
            now,
            origin: None,
        }
    }
}

impl Origin {
    pub(crate) fn gridlink(key: &str) -> Origin {
        Origin {
            writer: "gridlink".to_owned(),
            reference: Some(key.to_owned()),
        }
    }
}

/// As JSON. Our own types have no maps with keys that are not texts.
pub(crate) fn to_json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_else(|error| unreachable!("our own types are JSON: {error}"))
}

/// The members of the second object put into the first; a null is an absent member.
pub(crate) fn joined(mut into: Value, members: Value) -> Value {
    if let (Some(into), Value::Object(members)) = (into.as_object_mut(), members) {
        into.extend(members.into_iter().filter(|(_, value)| !value.is_null()));
    }
    into
}

/// `author` and `origin`, as far as they are known.
pub(crate) fn marks(author: Option<&Author>, origin: Option<&Origin>) -> Value {
    json!({ "author": author, "origin": origin })
}
