//! News of articles.

use serde::{Deserialize, Serialize};

use super::{Author, Event, Malformed, not_blank, own_event};
use crate::domain::{
    ArticleId, Category, CompanyId, EventId, FeedbackId, IssueId, Subject, SysId, Timestamp, digest_of, hex,
};

/// A version of an article changed. Only Gridlink itself tells this.
///
/// Versions are rows of their own, and what partners may read follows from all of them: so each change is passed on to
/// the stream of the article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArticleChanged {
    /// The article.
    pub article_id: ArticleId,
    /// The version that changed.
    pub version: SysId,
}

impl ArticleChanged {
    pub(super) const KIND: &str = "gridlink.internal.article-changed.v1";

    /// The article as a stream's subject.
    pub fn subject(&self) -> Subject {
        Subject::article(&self.article_id)
    }

    /// The event that tells it, the same for every try.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, cause: &EventId, now: Timestamp) -> Result<Event, Malformed> {
        let parts = [
            "article",
            self.article_id.as_str(),
            self.version.as_str(),
            cause.as_str(),
        ];
        let id = format!("article/{}", hex(&digest_of(&parts)[..16]));
        own_event(Self::KIND, &id, &self.subject(), self, now)
    }
}

/// What solved a record is to become a draft of an article. Only Gridlink itself tells this.
///
/// It is told whenever a rule begins to ask for it; that a record has one draft is seen to by whoever makes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DraftAsked {
    /// The issue that the record stands for.
    pub issue_id: IssueId,
    /// The trading partner that raised it.
    pub company_id: CompanyId,
    /// The resolved record.
    pub sys_id: SysId,
}

impl DraftAsked {
    pub(super) const KIND: &str = "gridlink.internal.draft-asked.v1";

    /// The event that tells it, the same for every try.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, cause: &EventId, now: Timestamp) -> Result<Event, Malformed> {
        let parts = ["draft", self.sys_id.as_str(), cause.as_str()];
        let id = format!("draft/{}", hex(&digest_of(&parts)[..16]));
        let subject = Subject::issue(&self.company_id, &self.issue_id);
        own_event(Self::KIND, &id, &subject, self, now)
    }
}

/// An issue of a kind of problem that may come again and again. Only Gridlink itself tells this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueOfKind {
    /// The kind.
    pub kind: Category,
    /// The issue.
    pub issue: Subject,
    /// The record that it became.
    pub sys_id: SysId,
}

impl IssueOfKind {
    pub(super) const KIND: &str = "gridlink.internal.issue-of-kind.v1";

    /// The event that tells it, one for each record.
    ///
    /// # Errors
    /// When it is too long for an event.
    pub fn event(&self, now: Timestamp) -> Result<Event, Malformed> {
        let id = format!("kind/{}", self.sys_id);
        own_event(Self::KIND, &id, &Subject::kind(&self.kind), self, now)
    }
}

/// What a partner thinks of an article.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArticleFeedback {
    /// The feedback.
    pub feedback_id: FeedbackId,
    /// The article.
    pub article_id: ArticleId,
    /// The version that was read, as the community counts them.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub article_version: u64,
    /// Whose user gave it.
    pub company_id: CompanyId,
    /// Which kind it is.
    pub kind: FeedbackKind,
    /// In words.
    #[serde(default)]
    pub text: Option<String>,
    /// Who gave it.
    pub author: Author,
}

/// Which kind of feedback it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackKind {
    /// It helped.
    Helpful,
    /// It did not.
    NotHelpful,
    /// Something about it.
    Comment,
}

impl ArticleFeedback {
    pub(super) const KIND: &str = "gridlink.community.article.feedback-given.v1";

    /// Bounds on what only has a length.
    pub(super) fn check(&self) -> Result<(), Malformed> {
        let text = self.text.as_deref().unwrap_or_default();
        match self.kind {
            FeedbackKind::Comment => not_blank("data.text", text),
            FeedbackKind::Helpful | FeedbackKind::NotHelpful => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Destination};

    #[test]
    fn a_change_is_passed_on_once_and_nobody_else_can_say_it() {
        let changed = ArticleChanged {
            article_id: "KB0010042".parse().unwrap(),
            version: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
        };
        let event = |cause: &str, now| changed.event(&cause.parse().unwrap(), Timestamp::from_millis(now));
        let (one, again) = (event("e-1", 1).unwrap(), event("e-1", 2).unwrap());
        assert_eq!((&one.id, &one.content), (&again.id, &again.content));
        assert_ne!(one.id, event("e-2", 1).unwrap().id);
        assert_eq!(one.data, Data::ArticleChanged(changed));
        let stream = |event: &Event| match event.destination() {
            Destination::Stream(stream, _) => stream.to_string(),
            Destination::Record(sys_id) => sys_id.to_string(),
        };
        assert_eq!(stream(&one), "articles/KB0010042 (knowledge)");
        let asked = DraftAsked {
            issue_id: "ISS-1".parse().unwrap(),
            company_id: "GC1".parse().unwrap(),
            sys_id: "a3d911b2e30132ebe35c2ddfb2cf852a".parse().unwrap(),
        };
        let asked = asked.event(&"e-1".parse().unwrap(), Timestamp::from_millis(1)).unwrap();
        assert_eq!(stream(&asked), "issues/GC1/ISS-1 (knowledge)");
        let forged = Event::parse(&"servicenow".parse().unwrap(), &one.raw).unwrap();
        assert_eq!(stream(&forged), "unrouted/servicenow (unrouted)");
    }
}
