//! Articles in the community: each report carries a version that grows, so that a late one never takes the place of a
//! newer one.

use anyhow::anyhow;

use super::{Applied, Apply};
use crate::domain::{ArticleId, Category, DocumentId, SysId};
use crate::effect::{Listed, Mark, PublishArticle, ShownArticle, WithdrawArticle};
use crate::event::ArticleChanged;
use crate::failure::Failure;
use crate::store::Write;
use crate::trading_grid;
use crate::trading_grid::collaboration::{ArticleReport, Reported, Withdrawal, WithdrawnBecause};

impl Apply<'_> {
    pub(super) async fn pass_to_article(&self, changed: &ArticleChanged) -> Result<Applied, Failure> {
        self.tell_ourselves(changed.event(&self.event.id, self.clients.clock.now()))
            .await
    }

    pub(super) async fn publish_article(&self, publish: &PublishArticle) -> Result<Applied, Failure> {
        let article = &publish.article;
        // A plan may have waited for days: what is no longer so is not shown, not for a moment.
        let row = self.clients.servicenow.article(&publish.row).await?;
        if row.is_none_or(|row| row.digest() != publish.seen) {
            return Ok(told(format!(
                "{article} was changed in ServiceNow meanwhile: this version is not shown"
            )));
        }
        let files = self.clients.store.shared_files(self.subject).await?;
        let guide = &publish.guide;
        let document = |file: &SysId| files.get(file).map(DocumentId::as_str);
        let named = guide
            .body
            .pictures()
            .chain(&guide.files)
            .filter_map(|file| files.get(file));
        let mut file_ids: Vec<DocumentId> = named.cloned().collect();
        file_ids.sort();
        file_ids.dedup();
        let report = ArticleReport {
            version: publish.version,
            title: guide.title.as_str().to_owned(),
            summary: None,
            html: guide.body.with_files(document),
            language: guide.language.clone(),
            audience: guide.audience.clone(),
            category: guide.category.clone(),
            keywords: guide.keywords.iter().map(|word| word.as_str().to_owned()).collect(),
            number: Some(article.to_string()),
            file_ids,
            valid_until: guide.valid_until,
        };
        let digest = guide.digest();
        let key = self.key("article", &[article.as_str(), &publish.version.to_string(), &digest]);
        let reported = self.clients.community.publish_article(article, &key, &report).await;
        let story = match reported.map_err(trading_grid::Error::into_failure)? {
            Reported::Taken => format!("showed {} to its partners as {article}", publish.row),
            Reported::Superseded { .. } => return Err(superseded(article)),
        };
        let listed = Listed {
            title: guide.title.clone(),
            audience: guide.audience.clone(),
        };
        let listed = guide.category.as_ref().map(|category| (category, &listed));
        let lists = self.lists(article, publish.was_about.as_ref(), listed)?;
        self.shown(publish.version, Some((digest, guide.category.clone())), story, lists)
    }

    pub(super) async fn withdraw_article(&self, withdraw: &WithdrawArticle) -> Result<Applied, Failure> {
        let article = &withdraw.article;
        let key = self.key("withdrawal", &[article.as_str(), &withdraw.version.to_string()]);
        let because = match withdraw.is_outdated {
            true => WithdrawnBecause::Outdated,
            false => WithdrawnBecause::Retired,
        };
        let withdrawal = Withdrawal {
            version: withdraw.version,
            because,
            replaced_by: None,
        };
        let reported = self
            .clients
            .community
            .withdraw_article(article, &key, &withdrawal)
            .await;
        let story = match reported.map_err(trading_grid::Error::into_failure)? {
            Reported::Taken => format!("took {article} out of partners' sight"),
            Reported::Superseded { .. } => return Err(superseded(article)),
        };
        let lists = self.lists(article, withdraw.was_about.as_ref(), None)?;
        self.shown(withdraw.version, None, story, lists)
    }

    /// The lists of what partners find about a kind of problem: the one that the article leaves, the one that it is in.
    fn lists(
        &self,
        article: &ArticleId,
        was_about: Option<&Category>,
        listed: Option<(&Category, &Listed)>,
    ) -> Result<Vec<Write>, Failure> {
        let store = &self.clients.store;
        let left = was_about.filter(|kind| listed.is_none_or(|(now, _)| now != *kind));
        let left = left.map(|kind| store.list_article(kind, article, None));
        let listed = listed.map(|(kind, listed)| store.list_article(kind, article, Some(listed)));
        let writes = left.into_iter().chain(listed).collect::<Result<Vec<_>, _>>();
        Ok(writes?)
    }

    fn shown(
        &self,
        version: u64,
        guide: Option<(String, Option<Category>)>,
        story: String,
        lists: Vec<Write>,
    ) -> Result<Applied, Failure> {
        let (guide, category) = guide.unzip();
        let shown = Mark::Shown(ShownArticle {
            version,
            guide,
            category: category.flatten(),
        });
        let mut writes = self.clients.store.mark(self.subject, &shown)?;
        writes.extend(lists);
        Ok(Applied {
            writes,
            story: vec![story],
        })
    }

    /// The article that the subject is.
    pub(super) fn article(&self) -> Result<ArticleId, Failure> {
        let not_one = || Failure::permanent(anyhow!("{} is not an article", self.subject), "dismiss the entry");
        self.subject.as_article().ok_or_else(not_one)
    }
}

fn told(story: String) -> Applied {
    Applied {
        writes: Vec::new(),
        story: vec![story],
    }
}

/// The community knows a report that we do not: its next one is above it, since each look begins with what stands.
fn superseded(article: &ArticleId) -> Failure {
    Failure::Refused {
        reason: format!("the community knows a newer version of {article}; the next change of it is above that"),
    }
}
