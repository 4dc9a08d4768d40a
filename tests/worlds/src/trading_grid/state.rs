//! Issues and documents, each belonging to one company.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;

use super::guesses::Guesses;
use super::oauth::Tokens;
use crate::clock;
use crate::digest::sha256_hex;

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
}

/// An issue to open; the JSON of `POST /_world/issues`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IssueSeed {
    pub company_id: String,
    pub issue_id: String,
    /// `transaction`, `document` or `compliance`.
    #[serde(default = "transaction")]
    pub kind: String,
    pub category: String,
    #[serde(default = "medium")]
    pub priority: String,
    pub summary: String,
    #[serde(default)]
    pub description: Option<String>,
    #[serde(default = "a_user")]
    pub author: Author,
    #[serde(default)]
    pub transaction_ref: Option<Value>,
    /// Ids of documents of the same company.
    #[serde(default)]
    pub documents: Vec<String>,
}

/// Who wrote something in the community.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Author {
    pub user_id: String,
    pub name: String,
}

/// A comment on an issue, as events carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Comment {
    pub comment_id: String,
    pub text: String,
    pub author: Author,
    /// RFC 3339.
    pub posted_at: String,
}

/// Why something cannot be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict(pub(crate) String);

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) guesses: Guesses,
    pub(crate) tokens: Tokens,
    pub(crate) requests: u64,
    /// By company and id.
    pub(crate) issues: BTreeMap<(String, String), Issue>,
    pub(crate) documents: BTreeMap<(String, String), Document>,
}

#[derive(Debug, Clone)]
pub(crate) struct Document {
    /// What events say; stays as it was when the bytes are corrupted.
    pub(crate) reference: DocumentRef,
    pub(crate) bytes: Bytes,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Issue {
    pub(crate) issue_id: String,
    pub(crate) company_id: String,
    pub(crate) version: u64,
    pub(crate) kind: String,
    pub(crate) category: String,
    pub(crate) priority: String,
    pub(crate) summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) transaction_ref: Option<Value>,
    pub(crate) documents: Vec<DocumentRef>,
    pub(crate) status: String,
    pub(crate) comments: Vec<Comment>,
}

impl State {
    pub(crate) fn new() -> State {
        State {
            guesses: Guesses::default(),
            tokens: Tokens::default(),
            requests: 0,
            issues: BTreeMap::new(),
            documents: BTreeMap::new(),
        }
    }

    pub(crate) fn add_document(
        &mut self,
        company_id: &str,
        document_id: &str,
        name: &str,
        media_type: &str,
        bytes: Bytes,
    ) -> DocumentRef {
        let reference = DocumentRef {
            document_id: document_id.to_owned(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            size: bytes.len() as u64,
            sha256: sha256_hex(&bytes),
        };
        let document = Document {
            reference: reference.clone(),
            bytes,
        };
        self.documents.insert(key(company_id, document_id), document);
        reference
    }

    pub(crate) fn open(&mut self, seed: IssueSeed) -> Result<&Issue, Conflict> {
        let key = key(&seed.company_id, &seed.issue_id);
        if self.issues.contains_key(&key) {
            return Err(Conflict(format!(
                "{} has an issue {} already",
                seed.company_id, seed.issue_id
            )));
        }
        let references = seed.documents.iter().map(|id| self.reference(&seed.company_id, id));
        let documents = references.collect::<Result<Vec<DocumentRef>, Conflict>>()?;
        let issue = Issue {
            issue_id: seed.issue_id,
            company_id: seed.company_id,
            version: 1,
            kind: seed.kind,
            category: seed.category,
            priority: seed.priority,
            summary: seed.summary,
            description: seed.description,
            author: seed.author,
            transaction_ref: seed.transaction_ref,
            documents,
            status: "open".to_owned(),
            comments: Vec::new(),
        };
        Ok(self.issues.entry(key).or_insert(issue))
    }

    pub(crate) fn comment(
        &mut self,
        company_id: &str,
        issue_id: &str,
        author: Option<Author>,
        text: &str,
        now: OffsetDateTime,
    ) -> Result<(u64, Comment), Conflict> {
        let issue = self.issue(company_id, issue_id)?;
        let comment = Comment {
            comment_id: format!("{issue_id}-C{}", issue.comments.len() + 1),
            text: text.to_owned(),
            author: author.unwrap_or_else(|| issue.author.clone()),
            posted_at: clock::milliseconds(now),
        };
        issue.version += 1;
        issue.comments.push(comment.clone());
        Ok((issue.version, comment))
    }

    pub(crate) fn share(
        &mut self,
        company_id: &str,
        issue_id: &str,
        document_id: &str,
    ) -> Result<(u64, DocumentRef), Conflict> {
        let reference = self.reference(company_id, document_id)?;
        let issue = self.issue(company_id, issue_id)?;
        issue.version += 1;
        issue.documents.push(reference.clone());
        Ok((issue.version, reference))
    }

    /// Changes the members that an update event may carry.
    pub(crate) fn change(
        &mut self,
        company_id: &str,
        issue_id: &str,
        changes: &BTreeMap<String, String>,
    ) -> Result<u64, Conflict> {
        let issue = self.issue(company_id, issue_id)?;
        for (member, value) in changes {
            match member.as_str() {
                "summary" => issue.summary.clone_from(value),
                "description" => issue.description = Some(value.clone()),
                "priority" => issue.priority.clone_from(value),
                "category" => issue.category.clone_from(value),
                "status" => issue.status.clone_from(value),
                other => {
                    return Err(Conflict(format!("an issue has no member {other} to change")));
                }
            }
        }
        issue.version += 1;
        Ok(issue.version)
    }

    /// Changes the bytes of every document of that id; the references stay.
    pub(crate) fn corrupt(&mut self, document_id: &str) -> usize {
        let named = self
            .documents
            .values_mut()
            .filter(|document| document.reference.document_id == document_id);
        named
            .map(|document| {
                let mut bytes = document.bytes.to_vec();
                match bytes.first_mut() {
                    Some(first) => *first ^= 0x20,
                    None => bytes.push(b'!'),
                }
                document.bytes = bytes.into();
            })
            .count()
    }

    fn reference(&self, company_id: &str, document_id: &str) -> Result<DocumentRef, Conflict> {
        let document = self.documents.get(&key(company_id, document_id));
        let document = document.ok_or_else(|| Conflict(format!("{company_id} has no document {document_id}")))?;
        Ok(document.reference.clone())
    }

    fn issue(&mut self, company_id: &str, issue_id: &str) -> Result<&mut Issue, Conflict> {
        let missing = || Conflict(format!("{company_id} has no issue {issue_id}"));
        self.issues.get_mut(&key(company_id, issue_id)).ok_or_else(missing)
    }
}

pub(crate) fn key(company_id: &str, id: &str) -> (String, String) {
    (company_id.to_owned(), id.to_owned())
}

impl IssueSeed {
    /// An issue of kind `transaction` and priority `medium` without documents.
    pub fn new(company_id: &str, issue_id: &str, category: &str, summary: &str) -> IssueSeed {
        IssueSeed {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            kind: transaction(),
            category: category.to_owned(),
            priority: medium(),
            summary: summary.to_owned(),
            description: None,
            author: a_user(),
            transaction_ref: None,
            documents: Vec::new(),
        }
    }
}

fn transaction() -> String {
    "transaction".to_owned()
}

fn medium() -> String {
    "medium".to_owned()
}

fn a_user() -> Author {
    Author {
        user_id: "dana.whitfield".to_owned(),
        name: "Dana Whitfield".to_owned(),
    }
}
