//! Articles that are published in a knowledge base for partners become guidance in the community.
//!
//! Two kinds of stream work together. The stream of a version, which is a row of its own, only finds out whose version
//! it is, and passes its change on to the stream of the article. That stream alone decides what partners see, from all
//! versions as they are in ServiceNow now: so it does not matter in which order the changes of several versions arrive,
//! and a late one never brings an older version back. The community calls an article by its number, which is the same
//! in all versions.
//!
//! What solved a record becomes a draft where a rule asks for it, one for each record, on the lane of its issue: with
//! what the partner wrote and what is public of the record.
//!
//! A kind of problem that comes again and again, and about which partners find no article, becomes a draft by rule: one
//! at a time, until it is published or retired. The lane of the kind counts its issues.
//!
//! What partners think of an article goes to ServiceNow's own feedback, a row for each.
//!
//! ServiceNow decides whether an article is published; nothing here publishes one there.
//!
//! Accepted: an article that waits for its retirement to be approved stays as it is in the community until that is
//! decided.

mod decide;
mod gather;
mod sanitize;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::domain::{ArticleId, Category, DeploymentId, DocumentId, Subject, SysId, Timestamp};
use shared::effect::{KindTally, ShownArticle, Tallied};
use shared::event::{ArticleFeedback, Issue};
use shared::mapping::{DraftRule, Mapping, Mode, Readership, RepeatedRule};
use shared::messages::{NotPlain, PartnerHtml, PartnerText};
use shared::servicenow::{Article, Attachment};
use shared::store::Link;
use shared::trading_grid::collaboration::{self, FeedbackTotals};

pub use decide::decide;
pub use gather::gather;

/// What must be known before deciding.
pub struct Facts {
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// The number of the event in its stream.
    pub number: u64,
    /// The time.
    pub now: Timestamp,
    /// A part of every chosen sys_id.
    pub deployment: DeploymentId,
    /// Whose stream it is.
    pub subject: Subject,
    /// What the event is about.
    pub place: Place,
}

/// What an event is about.
pub enum Place {
    /// A version, in its own stream.
    Version(Box<Version>),
    /// An article, with all its versions.
    Article(Box<Versions>),
    /// A record whose knowledge is asked for as a draft.
    Solved(Box<Solved>),
    /// A kind of problem of which there is one more issue.
    Kind(Box<Kind>),
    /// What a partner thinks of an article.
    Feedback(Box<Feedback>),
}

/// A record whose knowledge is asked for as a draft.
pub struct Solved {
    /// The link of the record; nothing when it is none of the issue's any more.
    pub link: Option<Link>,
    /// Its draft, where one was made or begun.
    pub draft: Option<Link>,
    /// What a draft is made of; nothing where none is to be made.
    pub content: Option<Content>,
}

/// What a draft is made of.
pub struct Content {
    /// The rule that asks for it.
    pub rule: DraftRule,
    /// The knowledge base.
    pub base: SysId,
    /// The problem, as the partner wrote it.
    pub issue: Issue,
    /// What the cause was, as far as that is public.
    pub cause: Option<PartnerText>,
    /// How it was solved, as far as that is public.
    pub resolution: Option<PartnerText>,
}

/// A kind of problem of which there is one more issue.
pub struct Kind {
    /// The kind.
    pub name: Category,
    /// How often it came before.
    pub tally: KindTally,
    /// The issue.
    pub issue: Tallied,
    /// The articles that partners find about it.
    pub articles: Vec<ArticleId>,
    /// The rules about it.
    pub rules: Vec<Repeated>,
}

/// A rule about a kind of problem, and what became of it.
pub struct Repeated {
    /// The rule.
    pub rule: RepeatedRule,
    /// The draft that was proposed and that nobody has published or retired.
    pub open: Option<SysId>,
    /// The knowledge base; found where a draft may be made.
    pub base: Option<SysId>,
}

/// What a partner thinks of an article.
pub struct Feedback {
    /// What was said.
    pub given: ArticleFeedback,
    /// The version that it goes to: the one that is published, else the newest; none of an article that is not there.
    pub version: Option<SysId>,
    /// What all feedback adds up to; nothing where the community does not say.
    pub totals: Option<FeedbackTotals>,
}

/// A version, in its own stream.
pub struct Version {
    /// Its row.
    pub row: SysId,
    /// The article whose version it was when its change was passed on before.
    pub known: Option<ArticleId>,
    /// The version as it is; none when it was deleted or is hidden.
    pub found: Option<Article>,
}

/// An article, with all its versions.
pub struct Versions {
    /// The article.
    pub article: ArticleId,
    /// The states that versions of it are in.
    pub states: BTreeSet<String>,
    /// The version that is published.
    pub current: Option<Current>,
    /// What the community has.
    pub community: Option<collaboration::Article>,
    /// What partners were last shown.
    pub shown: Option<ShownArticle>,
    /// Files that were brought into the community before, each with the document that it is there.
    pub brought: BTreeMap<SysId, DocumentId>,
}

/// A published version, and what becomes of it by the mapping.
pub struct Current {
    /// The version.
    pub row: Article,
    /// Whether articles of its knowledge base are shown; nothing of an internal one.
    pub mode: Option<Mode>,
    /// Who reads it; nobody where no audience fits.
    pub readership: Option<Readership>,
    /// Its body for partners.
    pub body: Result<PartnerHtml, NotPlain>,
    /// Its files: those that stand in its text, and those beside it.
    pub files: Vec<Attachment>,
}
