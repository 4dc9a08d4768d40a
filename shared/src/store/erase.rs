//! What is held of a company, and its erasure: the words go; ids, digests and counters stay, so that nothing is done a
//! second time.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::{AttributeValue, Update};

use super::exchange::{json, read};
use super::item::{Item, key, number, s, text, values};
use super::stream::stream_of;
use super::{Error, Store};
use crate::domain::{CompanyId, Stream, Subject};
use crate::effect::{Cause, Child, Failures, KnownExchange, Parent, Saga};
use crate::event::{Data, Event, OneOfSeveral};
use crate::messages;

/// What stands in the place of a line of a timeline.
const ERASED: &str = "erased";
/// Subjects that are a company's as a whole where one of their items names it.
const WHOLE: [&str; 5] = ["issues/", "threads/", "exchanges/", "requests/", "causes/"];
/// Failures are a company's where one of its exchanges was passed on to them.
const FAILURES: &str = "failures/";

/// What is held of a company under one subject.
#[derive(Debug, Clone)]
pub struct Holding {
    /// The subject.
    pub subject: Subject,
    /// The keys of the items with words of the company.
    pub words: Vec<String>,
    /// Streams with unfinished entries.
    pub waiting: Vec<Stream>,
    /// The records in ServiceNow, by number.
    pub records: Vec<String>,
}

impl Store {
    /// What is held of a company. The table has no index for that: all of it is read, in parts side by side, and
    /// `looked_at` hears of how many items more were read.
    ///
    /// # Errors
    /// When the table cannot be read, or holds an item of a newer version.
    pub async fn held_of(&self, company: &CompanyId, looked_at: &dyn Fn(u64)) -> Result<Vec<Holding>, Error> {
        let scan = self
            .client
            .scan()
            .filter_expression(
                "begins_with(pk, :issues) OR begins_with(pk, :threads) OR contains(event, :company) OR contains(kept, :company)",
            )
            .set_expression_attribute_values(Some(values([
                (":issues", s(format!("issues/{company}/"))),
                (":threads", s(format!("threads/{company}/"))),
                (":company", s(company.as_str())),
            ])));
        let mut subjects: BTreeMap<Subject, BTreeSet<String>> = BTreeMap::new();
        for item in self.scan_all(scan, "search for a company", looked_at).await? {
            super::check_schema(&item)?;
            let (Some(pk), Some(sk)) = (text(&item, "pk"), text(&item, "sk")) else {
                continue;
            };
            let Ok(subject) = Subject::try_from(pk.to_owned()) else {
                continue;
            };
            if let Some((failures, _)) = failures_of(&item, company) {
                subjects.entry(failures).or_default();
            }
            if is_of(&item, pk, company) {
                subjects.entry(subject).or_default().insert(sk.to_owned());
            }
        }
        let mut holdings = Vec::new();
        for (subject, named) in subjects {
            let is_whole = WHOLE
                .iter()
                .chain(&[FAILURES])
                .any(|begin| subject.as_str().starts_with(begin));
            let items = self.of_subject(&subject, "", "read of a subject").await?;
            let is_meant = |item: &&Item| is_whole || text(item, "sk").is_some_and(|sk| named.contains(sk));
            let meant: Vec<&Item> = items.iter().filter(is_meant).collect();
            let words = meant
                .iter()
                .filter(|item| has_words(item))
                .filter_map(|item| text(item, "sk"));
            let records = meant
                .iter()
                .filter(|item| text(item, "sk").is_some_and(|sk| sk.starts_with("LINK#")));
            holdings.push(Holding {
                words: words.map(str::to_owned).collect(),
                waiting: items
                    .iter()
                    .filter(|item| is_whole && is_waiting(item))
                    .filter_map(stream_of)
                    .collect(),
                records: records
                    .filter_map(|item| text(item, "number"))
                    .map(str::to_owned)
                    .collect(),
                subject,
            });
        }
        Ok(holdings)
    }

    /// Erases the words of one item of a subject. What is not finished keeps them. Gives whether they are gone.
    ///
    /// # Errors
    /// When it is not known whether they are.
    pub async fn erase(&self, subject: &Subject, sk: &str) -> Result<bool, Error> {
        let Some(item) = self.read_all(vec![key(subject.as_str(), sk)]).await?.pop() else {
            return Ok(true);
        };
        if !has_words(&item) {
            return Ok(true);
        }
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(key(subject.as_str(), sk)));
        let update = if sk.starts_with("IN#") {
            update
                .update_expression("SET event = :event REMOVE decided, dismissed_because")
                .condition_expression("attribute_exists(outcome)")
                .expression_attribute_values(":event", s(kind_alone(&item)))
        } else if sk.starts_with("STORY#") {
            let update = update
                .update_expression("SET #text = :erased")
                .condition_expression("attribute_exists(pk)");
            update
                .expression_attribute_names("#text", "text")
                .expression_attribute_values(":erased", s(ERASED))
        } else if sk.starts_with("LINK#") {
            let update = update
                .update_expression("SET #base = :none")
                .condition_expression("attribute_exists(pk)");
            let none = AttributeValue::M(Item::new());
            update
                .expression_attribute_names("#base", "base")
                .expression_attribute_values(":none", none)
        } else if sk.starts_with("HEAD#") {
            update
                .update_expression("REMOVE last_failure")
                .condition_expression("accepted = finished")
        } else {
            let was = text(&item, "kept").unwrap_or_default();
            update
                .update_expression("SET kept = :kept REMOVE trouble")
                .condition_expression("kept = :was")
                .expression_attribute_values(":kept", without_words(sk, &item)?)
                .expression_attribute_values(":was", s(was))
        };
        self.update("erasure", update).await
    }
}

/// Whether an item is about a company, as its key or its content says.
fn is_of(item: &Item, pk: &str, company: &CompanyId) -> bool {
    if pk.starts_with(&format!("issues/{company}/")) || pk.starts_with(&format!("threads/{company}/")) {
        return true;
    }
    if let Some(sender) = text(item, "sender").and_then(|sender| sender.parse().ok())
        && let Some(Ok(event)) = text(item, "event").map(|event| Event::parse(&sender, event))
    {
        return match &event.data {
            // What nobody reads may name it anywhere.
            Data::Unknown | Data::ArticleChanged(_) | Data::Request(_) => true,
            _ => event.company() == Some(company),
        };
    }
    if let Ok(saga) = read::<Saga>(item) {
        // A request that was refused early names it among its answers alone.
        let is_answer = saga.answers.values().any(|answer| answer.contains(company.as_str()));
        return saga.company.as_ref() == Some(company) || is_answer;
    }
    let is_it = |incident: &OneOfSeveral| incident.partner == company.as_str();
    if let Ok(child) = read::<Child>(item) {
        return is_it(&child.incident);
    }
    if let Ok(cause) = read::<Cause>(item) {
        return cause.loose.iter().any(|loose| is_it(&loose.incident));
    }
    if let Ok(parent) = read::<Parent>(item) {
        return parent.partners.iter().any(|line| line.contains(company.as_str()));
    }
    read::<KnownExchange>(item).is_ok_and(|known| known.company.as_ref() == Some(company))
}

/// The failures that an exchange of the company was passed on to.
fn failures_of(item: &Item, company: &CompanyId) -> Option<(Subject, String)> {
    let known = read::<KnownExchange>(item).ok()?;
    let (subject, category) = known.failures.filter(|_| known.company.as_ref() == Some(company))?;
    Some((subject, category.to_string()))
}

fn is_waiting(item: &&Item) -> bool {
    number(item, "accepted") > number(item, "finished")
}

/// Whether an item has words that are not erased yet.
fn has_words(item: &Item) -> bool {
    let sk = text(item, "sk").unwrap_or_default();
    let has_kind_alone = || text(item, "event") == Some(&kind_alone(item));
    if sk.starts_with("IN#") {
        !has_kind_alone() || item.contains_key("decided") || item.contains_key("dismissed_because")
    } else if sk.starts_with("STORY#") {
        text(item, "text") != Some(ERASED)
    } else if sk.starts_with("LINK#") {
        item.get("base")
            .and_then(|base| base.as_m().ok())
            .is_some_and(|base| !base.is_empty())
    } else if sk.starts_with("HEAD#") {
        item.contains_key("last_failure")
    } else if let Some(kept) = text(item, "kept") {
        let erased = without_words(sk, item);
        item.contains_key("trouble") || erased.is_ok_and(|erased| erased.as_s().is_ok_and(|erased| erased != kept))
    } else {
        false
    }
}

/// An event that says of which type it was, and no more.
fn kind_alone(item: &Item) -> String {
    let event: serde_json::Value = text(item, "event")
        .and_then(|event| serde_json::from_str(event).ok())
        .unwrap_or_default();
    serde_json::json!({"type": event["type"]}).to_string()
}

/// What is kept of exchanges and requests, without words.
fn without_words(sk: &str, item: &Item) -> Result<AttributeValue, Error> {
    if sk == "SAGA" {
        return json(&read::<Saga>(item)?.erased());
    }
    if sk.starts_with("FAILURES#") {
        let failures = read::<Failures>(item)?;
        let samples = Vec::new();
        return json(&Failures { samples, ..failures });
    }
    let nameless = |incident: &mut OneOfSeveral| incident.name.clear();
    if sk.starts_with("CHILD#") {
        let mut child = read::<Child>(item)?;
        nameless(&mut child.incident);
        return json(&child);
    }
    if sk == "CAUSE" {
        let mut cause = read::<Cause>(item)?;
        cause.loose.iter_mut().for_each(|loose| nameless(&mut loose.incident));
        return json(&cause);
    }
    if sk.starts_with("PARENT#") {
        let mut parent = read::<Parent>(item)?;
        for line in &mut parent.partners {
            *line = messages::partner_of_sample(line).to_owned();
        }
        return json(&parent);
    }
    Ok(s(text(item, "kept").unwrap_or_default()))
}
