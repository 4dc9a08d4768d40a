//! What is kept of exchanges and articles: how each turned out last, and what an incident stands for.
//!
//! Only the holder of a stream's lease writes about its subject, and the end of an entry is fenced: a value that is
//! worked out from the one before is right, and counts count once.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::Put;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::item::{Item, item, key, n, s, text};
use super::work::Write;
use super::{Error, SEEN_FOR, Store, failed};
use crate::domain::{ArticleId, CorrelationId, LinkKey, Subject};
use crate::effect::{Cause, Child, Failures, KnownExchange, Mark, Member, Parent, ShownArticle};
use crate::event::OneOfSeveral;

/// What is kept of exchanges that fail in the same way.
#[derive(Debug, Default)]
pub struct Group {
    /// The exchange that was asked about.
    pub member: Option<Member>,
    /// Its incident.
    pub own: Option<Failures>,
    /// The incident that new failures join, when it is another one.
    pub current: Option<Failures>,
}

/// What is kept of incidents with one cause.
#[derive(Debug, Default)]
pub struct Common {
    /// The incident that was asked about.
    pub child: Option<Child>,
    /// Its parent.
    pub own: Option<Parent>,
    /// The parent that new incidents become children of, when it is another one.
    pub current: Option<Parent>,
    /// What is known of the cause.
    pub cause: Cause,
}

impl Store {
    /// The writes that keep a mark.
    ///
    /// # Errors
    /// When they cannot be built.
    pub fn mark(&self, subject: &Subject, mark: &Mark) -> Result<Vec<Write>, Error> {
        let ttl = n(self.clock.now().after(SEEN_FOR).seconds());
        let kept = match mark {
            Mark::Exchange(known) => item(exchange_key(subject), [("kept", json(known)?), ("ttl", ttl)]),
            Mark::Member(member) => {
                let key = member_key(subject, &member.exchange);
                item(key, [("kept", json(member)?), ("ttl", ttl)])
            }
            Mark::Failures(failures) => item(failures_key(subject, &failures.incident), [("kept", json(failures)?)]),
            Mark::Child(child) => item(
                child_key(subject, &child.incident),
                [("kept", json(child)?), ("ttl", ttl)],
            ),
            Mark::Cause(cause) => item(cause_key(subject), [("kept", json(cause)?)]),
            Mark::Parent(parent) => item(parent_key(subject, &parent.incident), [("kept", json(parent)?)]),
            Mark::VersionOf { article } => item(article_key(subject), [("kept", json(article)?)]),
            Mark::Shown(shown) => item(article_key(subject), [("kept", json(shown)?)]),
            Mark::Tally(tally) => item(super::knowledge::tally_key(subject), [("kept", json(tally)?)]),
            Mark::Current { incident } => item(current_key(subject), [("kept", s(incident.to_string()))]),
            Mark::Saga { saga, releases } => return self.mark_saga(subject, saga, releases.as_ref()),
            Mark::Trouble { reason } => return Ok(vec![self.trouble(subject, reason)?]),
        };
        let put = Put::builder().table_name(&self.table).set_item(Some(kept));
        put.build().map(|put| vec![Write::Put(put)]).map_err(failed("mark"))
    }

    /// The article that a version belongs to, once its change was passed on.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn article_of(&self, version: &Subject) -> Result<Option<ArticleId>, Error> {
        let items = self.read_all(vec![article_key(version)]).await?;
        items.first().map(read).transpose()
    }

    /// What partners were last shown of an article.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn shown_article(&self, article: &Subject) -> Result<Option<ShownArticle>, Error> {
        let items = self.read_all(vec![article_key(article)]).await?;
        items.first().map(read).transpose()
    }

    /// How an exchange turned out last.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn known_exchange(&self, subject: &Subject) -> Result<Option<KnownExchange>, Error> {
        let items = self.read_all(vec![exchange_key(subject)]).await?;
        items.first().map(read).transpose()
    }

    /// The same of several; of those that are known.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is of a newer version.
    pub async fn known_exchanges(&self, subjects: &[Subject]) -> Result<BTreeMap<Subject, KnownExchange>, Error> {
        let mut known = BTreeMap::new();
        for item in self.read_all(subjects.iter().map(exchange_key).collect()).await? {
            let subject = text(&item, "pk").and_then(|subject| subject.to_owned().try_into().ok());
            if let Some(subject) = subject {
                known.insert(subject, read(&item)?);
            }
        }
        Ok(known)
    }

    /// What is kept of exchanges that fail in the same way, as it concerns one of them.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is of a newer version.
    pub async fn group(&self, subject: &Subject, exchange: &CorrelationId) -> Result<Group, Error> {
        let first = self
            .read_all(vec![member_key(subject, exchange), current_key(subject)])
            .await?;
        let mut group = Group::default();
        let mut current = None;
        for item in &first {
            if text(item, "sk") == Some(CURRENT) {
                current = text(item, "kept").and_then(|link| link.parse::<LinkKey>().ok());
            } else {
                group.member = Some(read(item)?);
            }
        }
        let own = group.member.as_ref().and_then(|member| member.incident.as_ref());
        let incidents = self.own_and_current(own, current.as_ref(), |link| failures_key(subject, link));
        (group.own, group.current) = incidents.await?;
        Ok(group)
    }

    /// What an incident of exchanges that fail in the same way stands for.
    ///
    /// # Errors
    /// When the table cannot be read, or the item is of a newer version.
    pub async fn failures(&self, subject: &Subject, incident: &LinkKey) -> Result<Option<Failures>, Error> {
        let items = self.read_all(vec![failures_key(subject, incident)]).await?;
        items.first().map(read).transpose()
    }

    /// What is kept of incidents with one cause, as it concerns one of them.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is of a newer version.
    pub async fn common(&self, subject: &Subject, incident: &OneOfSeveral) -> Result<Common, Error> {
        let first = self
            .read_all(vec![child_key(subject, incident), cause_key(subject)])
            .await?;
        let mut common = Common::default();
        for item in &first {
            if text(item, "sk") == Some(CAUSE) {
                common.cause = read(item)?;
            } else {
                common.child = Some(read(item)?);
            }
        }
        let own = common.child.as_ref().and_then(|child| child.parent.as_ref());
        let current = common.cause.parent.as_ref();
        let parents = self.own_and_current(own, current, |link| parent_key(subject, link));
        (common.own, common.current) = parents.await?;
        Ok(common)
    }

    /// All incidents with one cause.
    ///
    /// # Errors
    /// When the table cannot be read, or an item is of a newer version.
    pub async fn children(&self, cause: &Subject) -> Result<Vec<Child>, Error> {
        let items = self.of_subject(cause, "CHILD#", "read of incidents").await?;
        items.iter().map(read).collect()
    }

    /// What is kept of the incident that something belongs to, and of the one that others join, when it is another.
    async fn own_and_current<T: DeserializeOwned>(
        &self,
        own: Option<&LinkKey>,
        current: Option<&LinkKey>,
        key: impl Fn(&LinkKey) -> Item,
    ) -> Result<(Option<T>, Option<T>), Error> {
        let current = current.filter(|current| Some(*current) != own);
        let keys = [own, current].map(|link| link.map(&key));
        let items = self.read_all(keys.iter().flatten().cloned().collect()).await?;
        let find = |wanted: &Option<Item>| -> Result<Option<T>, Error> {
            let Some(wanted) = wanted else { return Ok(None) };
            let is_it = |item: &&Item| wanted.iter().all(|(name, value)| item.get(name) == Some(value));
            items.iter().find(is_it).map(read).transpose()
        };
        Ok((find(&keys[0])?, find(&keys[1])?))
    }
}

const CAUSE: &str = "CAUSE";
const CURRENT: &str = "CURRENT";

fn exchange_key(subject: &Subject) -> Item {
    key(subject.as_str(), "EXCHANGE")
}

fn article_key(subject: &Subject) -> Item {
    key(subject.as_str(), "ARTICLE")
}

fn member_key(subject: &Subject, exchange: &CorrelationId) -> Item {
    key(subject.as_str(), format!("MEMBER#{exchange}"))
}

fn failures_key(subject: &Subject, incident: &LinkKey) -> Item {
    key(subject.as_str(), format!("FAILURES#{incident}"))
}

fn child_key(subject: &Subject, child: &OneOfSeveral) -> Item {
    key(subject.as_str(), format!("CHILD#{}#{}", child.failures, child.incident))
}

fn cause_key(subject: &Subject) -> Item {
    key(subject.as_str(), CAUSE)
}

fn parent_key(subject: &Subject, incident: &LinkKey) -> Item {
    key(subject.as_str(), format!("PARENT#{incident}"))
}

fn current_key(subject: &Subject) -> Item {
    key(subject.as_str(), CURRENT)
}

pub(super) fn json<T: Serialize>(kept: &T) -> Result<aws_sdk_dynamodb::types::AttributeValue, Error> {
    serde_json::to_string(kept).map(s).map_err(failed("mark"))
}

pub(super) fn read<T: DeserializeOwned>(item: &Item) -> Result<T, Error> {
    super::check_schema(item)?;
    serde_json::from_str(text(item, "kept").unwrap_or_default()).map_err(failed("read of what is kept"))
}
