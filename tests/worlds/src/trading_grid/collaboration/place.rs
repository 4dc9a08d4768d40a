//! Where people talk and share documents: a thread, or the workspace of an escalated issue.

use serde::{Deserialize, Serialize};

use super::wire::{Author, DocumentRef, Origin};
use crate::trading_grid::problems::{Kind, Problem};

/// More than anybody writes; what is over it is refused.
const MAX_MESSAGES: usize = 10_000;
pub(crate) const MAX_ENTRIES: usize = 100;

#[derive(Debug, Clone, Default)]
pub(crate) struct Place {
    pub(crate) messages: Vec<Message>,
    pub(crate) documents: Vec<DocumentRef>,
}

/// A message as it is written.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NewMessage {
    pub(crate) text: String,
    pub(crate) author: Author,
    #[serde(default)]
    pub(crate) in_reply_to: Option<String>,
    #[serde(default)]
    pub(crate) document_ids: Vec<String>,
    #[serde(default)]
    pub(crate) article_ids: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Message {
    pub(crate) message_id: String,
    text: String,
    author: Author,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) document_ids: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    article_ids: Vec<String>,
    posted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

impl Place {
    /// Refuses a message whose references lead nowhere.
    pub(crate) fn check(&self, new: &NewMessage) -> Result<(), Problem> {
        if self.messages.len() >= MAX_MESSAGES {
            return Err(Problem::new(Kind::ResourceClosed, "It takes no more messages."));
        }
        let answers = new.in_reply_to.as_ref();
        if answers.is_some_and(|id| !self.messages.iter().any(|message| message.message_id == *id)) {
            return Err(Problem::new(
                Kind::UnknownReference,
                "inReplyTo is no message of this place.",
            ));
        }
        self.documents(&new.document_ids).map(drop)
    }

    /// The documents of these ids; all must be here.
    pub(crate) fn documents(&self, ids: &[String]) -> Result<Vec<DocumentRef>, Problem> {
        ids.iter()
            .map(|id| {
                let found = self.documents.iter().find(|document| document.document_id == *id);
                let missing = || Problem::new(Kind::UnknownReference, format!("{id} is no document of this place."));
                found.cloned().ok_or_else(missing)
            })
            .collect()
    }

    pub(crate) fn takes_a_document(&self) -> Result<(), Problem> {
        takes_another(self.documents.len())
    }

    pub(crate) fn post(&mut self, new: NewMessage, id: String, posted_at: &str, origin: Option<Origin>) -> Message {
        let message = Message {
            message_id: id,
            text: new.text,
            author: new.author,
            in_reply_to: new.in_reply_to,
            document_ids: new.document_ids,
            article_ids: new.article_ids,
            posted_at: posted_at.to_owned(),
            origin,
        };
        self.messages.push(message.clone());
        message
    }
}

pub(crate) fn takes_another(count: usize) -> Result<(), Problem> {
    if count < MAX_ENTRIES {
        return Ok(());
    }
    Err(Problem::new(
        Kind::ResourceClosed,
        format!("It has {MAX_ENTRIES} of them and takes no more."),
    ))
}

/// Refuses a report whose version is not above the stored one.
pub(crate) fn supersedes(stored: Option<u64>, reported: u64) -> Result<(), Problem> {
    match stored {
        Some(current) if current >= reported => {
            let detail = format!("Version {current} was stored before.");
            Err(Problem::new(Kind::VersionSuperseded, detail).with("currentVersion", current.into()))
        }
        Some(_) | None => Ok(()),
    }
}
