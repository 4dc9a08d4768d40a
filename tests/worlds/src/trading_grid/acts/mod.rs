//! What partners do. Each act is the JSON of `POST /_world/acts`, and a method of [`TradingGrid`](crate::TradingGrid) in process.

mod perform;

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::collaboration::{Author, FeedbackKind, IssueSeed, MilestoneSeed, RequestSeed, ThreadSeed};

pub(crate) use perform::perform;

/// One thing that a partner does. Without an author, the one who raised the issue or a user of the company does it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(
    tag = "act",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
pub enum PartnerAct {
    OpensIssue {
        issue: IssueSeed,
    },
    /// Summary, description, priority or category; a status too, of which no event tells.
    UpdatesIssue {
        company_id: String,
        issue_id: String,
        changes: BTreeMap<String, String>,
    },
    Comments {
        company_id: String,
        issue_id: String,
        text: String,
        #[serde(default)]
        author: Option<Author>,
    },
    Uploads {
        company_id: String,
        issue_id: String,
        file: FileSeed,
        #[serde(default)]
        author: Option<Author>,
    },
    Escalates {
        company_id: String,
        issue_id: String,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    DeEscalates {
        company_id: String,
        issue_id: String,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    ConfirmsClosure {
        company_id: String,
        issue_id: String,
        #[serde(default)]
        author: Option<Author>,
    },
    DisputesClosure {
        company_id: String,
        issue_id: String,
        reason: String,
        #[serde(default)]
        author: Option<Author>,
    },
    WritesInWorkspace {
        company_id: String,
        issue_id: String,
        text: String,
        #[serde(default)]
        document_ids: Vec<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    UploadsToWorkspace {
        company_id: String,
        issue_id: String,
        file: FileSeed,
        #[serde(default)]
        author: Option<Author>,
    },
    ChangesMilestone {
        company_id: String,
        issue_id: String,
        milestone_id: String,
        milestone: MilestoneSeed,
        #[serde(default)]
        author: Option<Author>,
    },
    StartsThread {
        thread: ThreadSeed,
        text: String,
        #[serde(default)]
        files: Vec<FileSeed>,
        #[serde(default)]
        author: Option<Author>,
    },
    WritesInThread {
        company_id: String,
        thread_id: String,
        text: String,
        /// Of messages or documents of the same thread.
        #[serde(default)]
        in_reply_to: Option<String>,
        #[serde(default)]
        document_ids: Vec<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    RequestsDocument {
        company_id: String,
        thread_id: String,
        request: RequestSeed,
    },
    WithdrawsRequest {
        company_id: String,
        thread_id: String,
        request_id: String,
        #[serde(default)]
        reason: Option<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    ProvidesDocument {
        company_id: String,
        thread_id: String,
        #[serde(default)]
        request_id: Option<String>,
        file: FileSeed,
        #[serde(default)]
        author: Option<Author>,
    },
    ClosesThread {
        company_id: String,
        thread_id: String,
    },
    ReadsArticle {
        company_id: String,
        article_id: String,
    },
    GivesFeedback {
        company_id: String,
        article_id: String,
        kind: FeedbackKind,
        #[serde(default)]
        text: Option<String>,
        #[serde(default)]
        author: Option<Author>,
    },
    RenamesLogin {
        company_id: String,
        user_id: String,
        login_id: String,
    },
}

/// A document of the company that is there already, or a new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FileSeed {
    #[serde(rename_all = "camelCase")]
    Known { document_id: String },
    #[serde(rename_all = "camelCase")]
    New {
        name: String,
        media_type: String,
        /// Base64.
        content: String,
    },
}

impl FileSeed {
    pub fn known(document_id: &str) -> FileSeed {
        FileSeed::Known {
            document_id: document_id.to_owned(),
        }
    }

    pub fn new(name: &str, media_type: &str, bytes: &[u8]) -> FileSeed {
        FileSeed::New {
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            content: STANDARD.encode(bytes),
        }
    }
}
