//! Articles: guidance for partners, published in versions, withdrawn, and judged.

use serde::{Deserialize, Serialize};

use super::words::{Key, Person};
use super::{Collaboration, Cursor, Error, Operation, Reported};
use crate::domain::{ArticleId, Audience, Category, CompanyId, DocumentId, FeedbackId, Timestamp};
use crate::event::{Document, FeedbackKind};
use crate::rfc3339;

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ArticleReport {
    /// Grows with every version.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// One line.
    pub title: String,
    /// A few lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The body: a sanitized fragment, its files named as `gridlink-file:{documentId}`.
    pub html: String,
    /// For example `en`.
    pub language: String,
    /// Who may find and read it.
    pub audience: Audience,
    /// The kind of problem that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<String>,
    /// What the desk calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// The files that it names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub file_ids: Vec<DocumentId>,
    /// When it goes out of date.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "rfc3339::optional")]
    pub valid_until: Option<Timestamp>,
}

/// An article as the community has it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Article {
    /// The article.
    pub article_id: ArticleId,
    /// The version that stands.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// Whether partners see it.
    pub state: ArticleState,
    /// Who may find and read it.
    pub audience: Audience,
    /// The files that the version names.
    #[serde(default)]
    pub files: Vec<Document>,
}

/// Whether partners see an article.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ArticleState {
    /// They do.
    Published,
    /// They do not.
    Withdrawn,
}

/// An article is taken out of sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// Above every version that was published.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub version: u64,
    /// Why.
    pub because: WithdrawnBecause,
    /// The article to read instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<ArticleId>,
}

/// Why an article is withdrawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithdrawnBecause {
    /// Nobody needs it.
    Retired,
    /// It is no longer right.
    Outdated,
    /// There is a better one.
    Replaced,
}

/// What a partner thinks of an article.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// The feedback.
    pub feedback_id: FeedbackId,
    /// The version that was read.
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
    pub author: Person,
    /// When.
    #[serde(with = "rfc3339")]
    pub given_at: Timestamp,
}

/// A page of feedback, with what all of it adds up to.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackPage {
    /// What is on it, oldest first.
    pub items: Vec<Feedback>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether more is there already.
    pub has_more: bool,
    /// Of all pages.
    pub totals: FeedbackTotals,
}

/// What all feedback adds up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackTotals {
    /// How often it was read.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub views: u64,
    /// How often it helped.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub helpful: u64,
    /// How often it did not.
    #[serde(deserialize_with = "crate::whole_number::read")]
    pub not_helpful: u64,
}

impl Collaboration {
    /// An article as it is now; `None` when the community never had it.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn article(&self, article: &ArticleId) -> Result<Option<Article>, Error> {
        let operation = Operation::ReadArticle;
        let found: Option<Article> = self.read(operation, &ids(article)).await?;
        if found.as_ref().is_some_and(|found| found.article_id != *article) {
            return Err(Error::Unusable {
                asked: operation.asked(),
                why: "it is about another article".to_owned(),
            });
        }
        Ok(found)
    }

    /// Publishes a version of an article in the place of the one before.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn publish_article(
        &self,
        article: &ArticleId,
        key: &Key,
        report: &ArticleReport,
    ) -> Result<Reported, Error> {
        self.report(Operation::PublishArticle, &ids(article), key, report.version, report)
            .await
    }

    /// Takes an article out of every partner's sight.
    ///
    /// # Errors
    /// When it is refused, or it is unclear whether it stands.
    pub async fn withdraw_article(
        &self,
        article: &ArticleId,
        key: &Key,
        withdrawal: &Withdrawal,
    ) -> Result<Reported, Error> {
        let version = withdrawal.version;
        self.report(Operation::WithdrawArticle, &ids(article), key, version, withdrawal)
            .await
    }

    /// The feedback on an article, from the oldest or after a cursor; `None` without the article.
    ///
    /// # Errors
    /// When the community gives no clear answer.
    pub async fn feedback(&self, article: &ArticleId, after: Option<&Cursor>) -> Result<Option<FeedbackPage>, Error> {
        self.page(Operation::ListFeedback, &ids(article), after).await
    }
}

/// The ids of an article's paths.
pub(super) fn ids(article: &ArticleId) -> [(&'static str, &str); 1] {
    [("articleId", article.as_str())]
}
