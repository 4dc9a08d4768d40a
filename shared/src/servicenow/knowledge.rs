//! Knowledge articles. Drafts are made here; publishing is the knowledge base's own affair, because
//! a state that is set from outside would pass over whoever has to approve it.

use std::collections::BTreeMap;

use super::query::{Field, Query, SYS_ID};
use super::table::known;
use super::{Created, Error, Flaw, Row, Select, ServiceNow};
use crate::domain::{KNOWLEDGE, SysId, Timestamp, digest_of, hex};

const NUMBER: Field = Field::known("number");
const TITLE: Field = Field::known("short_description");
const TEXT: Field = Field::known("text");
const STATE: Field = Field::known("workflow_state");
const BASE: Field = Field::known("kb_knowledge_base");
const BASE_TITLE: Field = Field::known("kb_knowledge_base.title");
const CATEGORY: Field = Field::known("kb_category.label");
const LANGUAGE: Field = Field::known("language");
const KEYWORDS: Field = Field::known("meta");
const READERS: Field = Field::known("can_read_user_criteria");
const KEPT_FROM: Field = Field::known("cannot_read_user_criteria");
const SHOWS_FILES: Field = Field::known("display_attachments");
const CREATED: Field = Field::known("sys_created_on");
const UPDATED: Field = Field::known("sys_updated_on");
const VALID_TO: Field = Field::known("valid_to");
const SOURCE: Field = Field::known("source");
const MOD_COUNT: Field = Field::known("sys_mod_count");
/// The most versions of one article.
const MOST: u64 = 1_000;

/// An article to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The sys_id that it is to have.
    pub sys_id: SysId,
    /// The knowledge base.
    pub base: SysId,
    /// Its category there.
    pub category: Option<SysId>,
    /// Its title.
    pub title: String,
    /// Its text as sanitized HTML.
    pub html: String,
    /// The record that it comes from.
    pub source: Option<SysId>,
}

impl Draft {
    /// All its fields but `sys_id`.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let fields = [
            (BASE, Some(self.base.to_string())),
            (TITLE, Some(self.title.clone())),
            (TEXT, Some(self.html.clone())),
            (STATE, Some("draft".to_owned())),
            (const { Field::known("article_type") }, Some("text".to_owned())),
            (
                const { Field::known("kb_category") },
                self.category.as_ref().map(SysId::to_string),
            ),
            (SOURCE, self.source.as_ref().map(SysId::to_string)),
        ];
        let given = fields.into_iter().filter_map(|(field, value)| Some((field, value?)));
        given.map(|(field, value)| (field.to_string(), value)).collect()
    }
}

/// A version of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Article {
    /// The sys_id of this version.
    pub sys_id: SysId,
    /// For example `KB0010021`, the same for all versions.
    pub number: String,
    /// Its title.
    pub title: String,
    /// Its text as HTML, which nobody has sanitized.
    pub html: String,
    /// Its state, as the instance has it, for example `draft` or `published`.
    pub state: String,
    /// The knowledge base.
    pub base: SysId,
    /// Its exact title.
    pub base_title: String,
    /// What its category there is called; perhaps nothing.
    pub category: String,
    /// For example `en`.
    pub language: String,
    /// Words to find it by, as the author wrote them.
    pub keywords: String,
    /// The user criteria that may read it, where it has some of its own.
    pub readers: Vec<SysId>,
    /// Whether some user criteria may not read it.
    pub is_kept_from_some: bool,
    /// Whether its files are shown beside the text.
    pub shows_files: bool,
    /// The record that it comes from.
    pub source: Option<SysId>,
    /// The last day that it is valid, as a date.
    pub valid_to: String,
    /// When this version was made.
    pub created_on: Timestamp,
    /// When it was changed last.
    pub updated_on: Timestamp,
    /// How often it was changed.
    pub mod_count: u64,
}

impl ServiceNow {
    /// Makes a draft.
    ///
    /// # Errors
    /// Any error but a connection that was never made leaves open whether the draft exists.
    pub async fn draft(&self, draft: &Draft) -> Result<Created, Error> {
        let mut fields = draft.fields();
        fields.insert(SYS_ID.to_string(), draft.sys_id.to_string());
        self.create(&known(KNOWLEDGE), &fields).await
    }

    /// Reads a version of an article; `None` when there is none, or none that we may see.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer.
    pub async fn article(&self, sys_id: &SysId) -> Result<Option<Article>, Error> {
        let table = known(KNOWLEDGE);
        let operation = super::Operation::read(&table, sys_id, &wanted()).then(|answer, row| {
            let article = row.map(Article::read).transpose();
            article.map_err(|flaw| answer.unusable(flaw))
        });
        self.run(operation).await
    }

    /// All versions of an article by its number, oldest first.
    ///
    /// # Errors
    /// When ServiceNow gives no clear answer, or the number cannot stand in a query.
    pub async fn article_versions(&self, number: &str) -> Result<Vec<Article>, Error> {
        let query = Query::new().and(NUMBER.equals(number)?).ordered_by(&CREATED);
        let pages = self.find(&known(KNOWLEDGE), query, wanted())?;
        let about = pages.about();
        let rows = pages.all(MOST).await?;
        let articles = rows.into_iter().map(Article::read).collect::<Result<Vec<_>, _>>();
        articles.map_err(|flaw| Error::flawed(about, flaw))
    }
}

fn wanted() -> Select {
    Select::of([
        NUMBER,
        TITLE,
        TEXT,
        STATE,
        BASE,
        BASE_TITLE,
        CATEGORY,
        LANGUAGE,
        KEYWORDS,
        READERS,
        KEPT_FROM,
        SHOWS_FILES,
        SOURCE,
        VALID_TO,
        CREATED,
        UPDATED,
        MOD_COUNT,
    ])
}

impl Article {
    /// Tells two contents of a version apart, and who may read them.
    pub fn digest(&self) -> String {
        let readers = self.readers.iter().map(SysId::as_str).collect::<Vec<_>>().join(",");
        let parts = [
            self.sys_id.as_str(),
            &self.title,
            &self.html,
            &self.state,
            self.base.as_str(),
            &readers,
            if self.is_kept_from_some { "kept" } else { "" },
            &self.valid_to,
        ];
        hex(&digest_of(&parts)[..12])
    }

    fn read(row: Row) -> Result<Self, Flaw> {
        let text = |field: &Field| row.require(field.as_str()).map(str::to_owned);
        Ok(Self {
            sys_id: row.id(SYS_ID.as_str())?,
            number: text(&NUMBER)?,
            title: text(&TITLE)?,
            html: text(&TEXT)?,
            state: text(&STATE)?,
            base: row.id(BASE.as_str())?,
            base_title: text(&BASE_TITLE)?,
            category: row.text(CATEGORY.as_str()).to_owned(),
            language: row.text(LANGUAGE.as_str()).to_owned(),
            keywords: row.text(KEYWORDS.as_str()).to_owned(),
            readers: readers(&text(&READERS)?)?,
            is_kept_from_some: !text(&KEPT_FROM)?.is_empty(),
            shows_files: row.text(SHOWS_FILES.as_str()) == "true",
            source: row.text(SOURCE.as_str()).parse().ok(),
            valid_to: row.text(VALID_TO.as_str()).to_owned(),
            created_on: row.time(CREATED.as_str())?,
            updated_on: row.time(UPDATED.as_str())?,
            mod_count: row.mod_count()?,
        })
    }
}

/// The sys_ids of a list. What is none of a row may be the name of somebody, whom nobody here can tell: it may not be
/// overlooked, since an article without readers of its own is for all.
fn readers(list: &str) -> Result<Vec<SysId>, Flaw> {
    let ids = list.split(',').map(str::trim).filter(|id| !id.is_empty());
    let ids = ids.map(|id| id.parse().map_err(|_| Flaw::Missing(READERS.as_str().to_owned())));
    ids.collect()
}
