//! What is done for articles of guidance, and what is kept of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Record, digest_as_seen};
use crate::domain::{ArticleId, Audience, Category, LinkKey, Subject, SysId, TableName, Timestamp};
use crate::messages::{PartnerHtml, PartnerText};

/// Makes a row without a link: it is there or not, and nothing more is ever done with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddRow {
    /// What it is, for people, without contents.
    pub what: String,
    /// Its table.
    pub table: TableName,
    /// Its chosen primary key.
    pub sys_id: SysId,
    /// All fields but `sys_id`; references by sys_id.
    pub fields: BTreeMap<String, String>,
    /// The field that joins it to what it is about, checked on every read.
    pub key: String,
}

/// Counts an issue among those of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountIssue {
    /// The kind of problem.
    pub kind: Category,
    /// The record that the issue became.
    pub record: Record,
}

/// Shows a version of an article to its partners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishArticle {
    /// The article.
    pub article: ArticleId,
    /// Grows with every report of the article.
    pub version: u64,
    /// The row of the version that is shown.
    pub row: SysId,
    /// What the row was when it was decided: another one is not shown any more.
    pub seen: String,
    /// What is shown.
    pub guide: Guide,
    /// The kind of problem that it was about before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_about: Option<Category>,
}

/// A version of an article as partners see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guide {
    /// One line.
    pub title: PartnerText,
    /// The body.
    pub body: PartnerHtml,
    /// For example `en`.
    pub language: String,
    /// Who may find and read it.
    pub audience: Audience,
    /// The kind of problem that it is about, from the mapping.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
    /// Words to find it by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keywords: Vec<PartnerText>,
    /// The files that are shown beside the body.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SysId>,
    /// When it goes out of date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Timestamp>,
}

impl Guide {
    /// Tells two versions apart as partners see them.
    pub fn digest(&self) -> String {
        digest_as_seen("guide", self)
    }
}

/// Takes an article out of every partner's sight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithdrawArticle {
    /// The article.
    pub article: ArticleId,
    /// Grows with every report of the article.
    pub version: u64,
    /// Whether it is out of date; else nobody is to have it any more.
    pub is_outdated: bool,
    /// The kind of problem that it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was_about: Option<Category>,
}

/// What partners see of an article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownArticle {
    /// The version of the last report.
    pub version: u64,
    /// Tells what is shown; nothing of a withdrawn article.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guide: Option<String>,
    /// The kind of problem that it is listed under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<Category>,
}

/// An article that partners find about a kind of problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Its title.
    pub title: PartnerText,
    /// Who may find and read it.
    pub audience: Audience,
}

/// How often a kind of problem came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindTally {
    /// The issues that no proposal has counted yet, oldest first.
    pub issues: Vec<Tallied>,
    /// The draft that was proposed last, by the title of its knowledge base.
    pub proposals: BTreeMap<String, LinkKey>,
}

/// An issue of a kind of problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tallied {
    /// The issue.
    pub issue: Subject,
    /// The record that it became.
    pub record: SysId,
    /// When.
    pub at: Timestamp,
}
