//! What partners do and see, in process.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::TradingGrid;
use super::acts::{FileSeed, PartnerAct, perform};
use super::collaboration::{Event, FeedbackKind, IssueSeed, Stamp};
use super::problems::Problem;
use super::renames::Rename;

/// Partners.
impl TradingGrid {
    /// Lets a partner do something and gives the events that it led to.
    ///
    /// # Panics
    /// When the community refuses it.
    #[track_caller]
    pub fn act(&self, act: PartnerAct) -> Vec<Event> {
        let now = self.now();
        let mut state = self.state();
        let (_, next) = state.collaboration.feed.since(u64::MAX);
        expect(perform(&mut state, now, act));
        state.collaboration.feed.since(next).0
    }

    /// Opens an issue and gives the data of its `opened` event, version 1.
    ///
    /// # Panics
    /// When the issue exists, or a document of it does not.
    #[track_caller]
    pub fn open_issue(&self, seed: IssueSeed) -> Value {
        self.data_of(PartnerAct::OpensIssue { issue: seed })
    }

    /// Adds a comment and gives the data of its `commented` event.
    ///
    /// # Panics
    /// When the issue does not exist or is closed.
    #[track_caller]
    pub fn add_comment(&self, company_id: &str, issue_id: &str, text: &str) -> Value {
        self.data_of(PartnerAct::Comments {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            text: text.to_owned(),
            author: None,
        })
    }

    /// Changes summary, description, priority, category or status and gives the data of the `updated` event.
    ///
    /// # Panics
    /// When the issue does not exist, or has no such member.
    #[track_caller]
    pub fn change_issue(&self, company_id: &str, issue_id: &str, changes: &[(&str, &str)]) -> Value {
        let stamp = Stamp::at(self.now());
        let changes: BTreeMap<String, String> = changes
            .iter()
            .map(|(member, value)| ((*member).to_owned(), (*value).to_owned()))
            .collect();
        let changed = self
            .state()
            .collaboration
            .change_issue(company_id, issue_id, &changes, &stamp);
        json!({ "issueId": issue_id, "companyId": company_id, "version": expect(changed), "changes": changes })
    }

    /// Shares a stored document on an issue and gives the data of the `document-shared` event.
    ///
    /// # Panics
    /// When the issue or the document does not exist.
    #[track_caller]
    pub fn share_document(&self, company_id: &str, issue_id: &str, document_id: &str) -> Value {
        self.data_of(PartnerAct::Uploads {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            file: FileSeed::known(document_id),
            author: None,
        })
    }

    /// Uploads a new document to an issue and gives the data of the `document-shared` event.
    ///
    /// # Panics
    /// When the issue does not exist or is closed.
    #[track_caller]
    pub fn partner_uploads(
        &self,
        company_id: &str,
        issue_id: &str,
        name: &str,
        media_type: &str,
        bytes: &[u8],
    ) -> Value {
        self.data_of(PartnerAct::Uploads {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            file: FileSeed::new(name, media_type, bytes),
            author: None,
        })
    }

    /// Says yes to the open question whether the issue may be closed.
    ///
    /// # Panics
    /// When nobody asked.
    #[track_caller]
    pub fn partner_confirms_closure(&self, company_id: &str, issue_id: &str) -> Value {
        self.data_of(PartnerAct::ConfirmsClosure {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            author: None,
        })
    }

    /// Says no to it.
    ///
    /// # Panics
    /// When nobody asked.
    #[track_caller]
    pub fn partner_disputes(&self, company_id: &str, issue_id: &str, reason: &str) -> Value {
        self.data_of(PartnerAct::DisputesClosure {
            company_id: company_id.to_owned(),
            issue_id: issue_id.to_owned(),
            reason: reason.to_owned(),
            author: None,
        })
    }

    /// Says what it thinks of an article.
    ///
    /// # Panics
    /// When the company cannot read the article.
    #[track_caller]
    pub fn partner_gives_feedback(&self, company_id: &str, article_id: &str, kind: FeedbackKind) -> Value {
        self.data_of(PartnerAct::GivesFeedback {
            company_id: company_id.to_owned(),
            article_id: article_id.to_owned(),
            kind,
            text: None,
            author: None,
        })
    }

    /// Lets a user change the loginId.
    ///
    /// # Panics
    /// When there is no such user, or another one has that loginId.
    #[track_caller]
    pub fn rename_login(&self, company_id: &str, user_id: &str, login_id: &str) {
        self.act(PartnerAct::RenamesLogin {
            company_id: company_id.to_owned(),
            user_id: user_id.to_owned(),
            login_id: login_id.to_owned(),
        });
    }

    /// Lets a user change the loginId right after the next call whose path starts so.
    pub fn rename_login_after(&self, path: &str, company_id: &str, user_id: &str, login_id: &str) {
        let rename = Rename {
            after: path.to_owned(),
            company_id: company_id.to_owned(),
            user_id: user_id.to_owned(),
            login_id: login_id.to_owned(),
        };
        self.state().renames.push(rename);
    }

    /// Everything that a partner of the company can read in the community, and nothing else.
    pub fn partner_sees(&self, company_id: &str) -> Value {
        let now = self.now();
        self.state().seen_by(company_id, now)
    }

    /// An issue as its partner sees it, with closure and workspace.
    pub fn partner_sees_issue(&self, company_id: &str, issue_id: &str) -> Option<Value> {
        self.state().issue_seen(company_id, issue_id)
    }

    /// A thread as its partner sees it, with its messages.
    pub fn partner_sees_thread(&self, company_id: &str, thread_id: &str) -> Option<Value> {
        self.state().thread_seen(company_id, thread_id)
    }

    /// The articles that the partner finds.
    pub fn partner_sees_articles(&self, company_id: &str) -> Vec<Value> {
        let now = self.now();
        self.state().articles_seen(company_id, now)
    }

    #[track_caller]
    fn data_of(&self, act: PartnerAct) -> Value {
        let told = self.act(act);
        told.into_iter().next_back().map(|event| event.data).unwrap_or_default()
    }
}

#[track_caller]
pub(super) fn expect<T>(result: Result<T, Problem>) -> T {
    result.unwrap_or_else(|problem| panic!("{}", problem.detail))
}
