//! What is kept of knowledge beside its streams: which articles partners find about a kind of problem, and how often a
//! kind comes.
//!
//! The list of a kind is written with every report of an article, in the transaction that ends it. What was withdrawn
//! stays as an empty entry: no delete can bring an older one back.

use aws_sdk_dynamodb::types::Put;

use super::exchange::{json, read};
use super::item::{Item, item, key, text};
use super::work::Write;
use super::{Error, Store, failed};
use crate::domain::{ArticleId, Category, Subject};
use crate::effect::{KindTally, Listed};

const ARTICLE: &str = "ARTICLE#";

impl Store {
    /// An article is about a kind of problem, or no longer.
    ///
    /// # Errors
    /// When the write cannot be built.
    pub fn list_article(&self, kind: &Category, article: &ArticleId, listed: Option<&Listed>) -> Result<Write, Error> {
        let key = key(Subject::kind(kind).as_str(), format!("{ARTICLE}{article}"));
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item(key, [("kept", json(&listed)?)])));
        put.build().map(Write::Put).map_err(failed("list of articles"))
    }

    /// The articles that partners find about a kind of problem, by their ids.
    ///
    /// # Errors
    /// When the table cannot be asked, or an item is of a newer version.
    pub async fn articles_about(&self, kind: &Category) -> Result<Vec<(ArticleId, Listed)>, Error> {
        let items = self
            .of_subject(&Subject::kind(kind), ARTICLE, "read of articles")
            .await?;
        let mut articles = Vec::new();
        for item in &items {
            let id = text(item, "sk").and_then(|sk| sk.strip_prefix(ARTICLE)?.parse().ok());
            articles.extend(id.zip(read::<Option<Listed>>(item)?));
        }
        Ok(articles)
    }

    /// How often a kind of problem came, and what was proposed.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn tally(&self, kind: &Subject) -> Result<KindTally, Error> {
        let items = self.read_all(vec![tally_key(kind)]).await?;
        Ok(items.first().map(read).transpose()?.unwrap_or_default())
    }
}

pub(super) fn tally_key(kind: &Subject) -> Item {
    key(kind.as_str(), "TALLY")
}
