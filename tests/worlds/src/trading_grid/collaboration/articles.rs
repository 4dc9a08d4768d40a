//! Articles: guidance that the desk publishes to an audience, and what partners think of it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::documents::{ARTICLE_FILES, Upload};
use super::html;
use super::place::{supersedes, takes_another};
use super::wire::{Author, DocumentRef, Origin, Stamp, joined, to_json};
use crate::trading_grid::community::Members;
use crate::trading_grid::problems::{Kind, Problem};

/// An article and all that is known of it, from its first file on.
#[derive(Debug, Clone, Default)]
pub(crate) struct Article {
    published: Option<Published>,
    withdrawal: Option<Withdrawal>,
    /// Every file that was ever brought.
    files: Vec<DocumentRef>,
    feedback: Vec<Feedback>,
    views: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Published {
    version: u64,
    title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    html: String,
    language: String,
    audience: Audience,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    keywords: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    file_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    #[serde(default)]
    changed_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
enum Audience {
    Everyone,
    Segments { segments: Vec<String> },
    Companies { company_ids: Vec<String> },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Withdrawal {
    version: u64,
    because: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_by: Option<String>,
}

/// What a partner says of an article.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Feedback {
    feedback_id: String,
    article_id: String,
    article_version: u64,
    company_id: String,
    kind: FeedbackKind,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    author: Author,
    given_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeedbackKind {
    Helpful,
    NotHelpful,
    Comment,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    Ok(Reply::ok(&world.article(call.id(1))?))
}

pub(crate) fn publish(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Published = call.json(Body::ArticleReport)?;
    let id = call.id(1);
    let known = world.articles.get(id);
    supersedes(known.and_then(Article::version), report.version)?;
    html::check(&report.html).map_err(|reason| Problem::malformed("/html", &reason))?;
    let has = |file: &String| known.is_some_and(|article| article.file(file).is_some());
    let mut named = html::files(&report.html);
    named.extend(report.file_ids.iter().cloned());
    if let Some(unknown) = named.iter().find(|file| !has(file)) {
        let detail = format!("{unknown} is no file of the article.");
        return Err(Problem::new(Kind::UnknownReference, detail));
    }
    let article = world.articles.entry(id.to_owned()).or_default();
    article.withdrawal = None;
    article.published = Some(Published {
        changed_at: stamp.at.clone(),
        origin: stamp.origin.clone(),
        ..report
    });
    Ok(Reply::ok(&world.article(id)?))
}

pub(crate) fn withdraw(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let withdrawal: Withdrawal = call.json(Body::Withdrawal)?;
    let id = call.id(1);
    let replacement = withdrawal.replaced_by.as_ref();
    let replacement_exists = replacement.is_none_or(|id| world.article(id).is_ok());
    let article = world.articles.get_mut(id).ok_or_else(no_article)?;
    supersedes(article.version(), withdrawal.version)?;
    let published = article.published.as_mut().ok_or_else(no_article)?;
    if !replacement_exists {
        return Err(Problem::new(Kind::UnknownReference, "replacedBy is no article."));
    }
    published.changed_at.clone_from(&stamp.at);
    published.origin.clone_from(&stamp.origin);
    article.withdrawal = Some(withdrawal);
    Ok(Reply::ok(&world.article(id)?))
}

pub(crate) fn add_file(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let id = call.id(1);
    let upload = Upload::of(world, call)?;
    takes_another(world.articles.get(id).map_or(0, |article| article.files.len()))?;
    let file = world.store(ARTICLE_FILES, upload, stamp.origin.clone());
    let article = world.articles.entry(id.to_owned()).or_default();
    article.files.push(file.clone());
    Ok(Reply::created(&file))
}

pub(crate) fn list_feedback(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    world.article(call.id(1))?;
    let article = world.articles.get(call.id(1)).ok_or_else(no_article)?;
    let count = |kind| article.feedback.iter().filter(|feedback| feedback.kind == kind).count();
    let totals = json!({
        "views": article.views,
        "helpful": count(FeedbackKind::Helpful),
        "notHelpful": count(FeedbackKind::NotHelpful),
    });
    let page = call.page("f", &article.feedback)?;
    Ok(Reply::ok(&joined(page, json!({ "totals": totals }))))
}

impl Collaboration {
    /// The article as the contract gives it; one with files and no version is not there yet.
    fn article(&self, id: &str) -> Result<Value, Problem> {
        let article = self.articles.get(id).ok_or_else(no_article)?;
        let published = article.published.as_ref().ok_or_else(no_article)?;
        let files: Vec<&DocumentRef> = article
            .files
            .iter()
            .filter(|file| published.file_ids.contains(&file.document_id) || published.html.contains(&file.document_id))
            .collect();
        let more = json!({
            "articleId": id,
            "version": article.version(),
            "state": if article.withdrawal.is_some() { "withdrawn" } else { "published" },
            "withdrawal": article.withdrawal,
            "files": files,
        });
        Ok(joined(to_json(published), more))
    }

    /// Those of the articles that a company may read. One that never was is refused.
    pub(crate) fn readable_articles(
        &self,
        members: &Members,
        company: &str,
        ids: &[String],
        stamp: &Stamp,
    ) -> Result<Vec<String>, Problem> {
        for id in ids {
            if self.article(id).is_err() {
                return Err(Problem::new(Kind::UnknownReference, format!("{id} is no article.")));
            }
        }
        let is_readable = |id: &&String| self.can_read(members, company, id, stamp.now);
        Ok(ids.iter().filter(is_readable).cloned().collect())
    }

    pub(crate) fn can_read(&self, members: &Members, company: &str, id: &str, now: OffsetDateTime) -> bool {
        let article = self.articles.get(id);
        article.is_some_and(|article| article.is_for(members, company, now))
    }

    /// The articles that a partner finds, as it sees them.
    pub(crate) fn articles_for(&self, members: &Members, company: &str, now: OffsetDateTime) -> Vec<Value> {
        let ids = self
            .articles
            .keys()
            .filter(|id| self.can_read(members, company, id, now));
        ids.filter_map(|id| self.article(id).ok())
            .map(|mut article| {
                let text = article["html"].as_str().unwrap_or_default();
                article["html"] = json!(text.replace(html::FILE_SCHEME, "/community/files/"));
                article
            })
            .collect()
    }

    /// A partner opens the article.
    pub(crate) fn view_article(&mut self, id: &str) {
        if let Some(article) = self.articles.get_mut(id) {
            article.views += 1;
        }
    }

    pub(crate) fn give_feedback(
        &mut self,
        id: &str,
        company: &str,
        kind: FeedbackKind,
        text: Option<String>,
        author: Author,
        stamp: &Stamp,
    ) -> Result<Value, Problem> {
        let feedback_id = self.next_id("fbk");
        let article = self.articles.get_mut(id).ok_or_else(no_article)?;
        let feedback = Feedback {
            feedback_id,
            article_id: id.to_owned(),
            article_version: article.version().ok_or_else(no_article)?,
            company_id: company.to_owned(),
            kind,
            text,
            author,
            given_at: stamp.at.clone(),
        };
        let shown = to_json(&feedback);
        article.feedback.push(feedback);
        let subject = format!("articles/{id}");
        self.feed
            .tell(company, "article.feedback-given", subject, stamp, shown.clone());
        Ok(shown)
    }
}

impl Article {
    /// Of the last report, a withdrawal included.
    fn version(&self) -> Option<u64> {
        let published = self.published.as_ref().map(|published| published.version);
        published.max(self.withdrawal.as_ref().map(|withdrawal| withdrawal.version))
    }

    fn file(&self, id: &str) -> Option<&DocumentRef> {
        self.files.iter().find(|file| file.document_id == id)
    }

    fn is_for(&self, members: &Members, company: &str, now: OffsetDateTime) -> bool {
        let Some(published) = self.published.as_ref().filter(|_| self.withdrawal.is_none()) else {
            return false;
        };
        let end = published
            .valid_until
            .as_deref()
            .map(|end| OffsetDateTime::parse(end, &Rfc3339));
        if end.is_some_and(|end| end.is_ok_and(|end| end < now)) {
            return false;
        }
        match &published.audience {
            Audience::Everyone => true,
            Audience::Companies { company_ids } => company_ids.iter().any(|id| id == company),
            Audience::Segments { segments } => {
                let wanted: BTreeSet<&String> = segments.iter().collect();
                let its = members.company(company).map_or(&[][..], |company| &company.segments);
                its.iter().any(|segment| wanted.contains(segment))
            }
        }
    }
}

fn no_article() -> Problem {
    Problem::new(Kind::NotFound, "There is no such article.")
}
