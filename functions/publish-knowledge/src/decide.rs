//! The rules of `publish-knowledge`: pure.

mod draft;
mod feedback;
mod guide;
mod repeated;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use shared::domain::{Category, KNOWLEDGE, LinkKey, SysId, TableName};
use shared::effect::{Effect, Guide, Mark, Place as Where, PublishArticle, Record, ShareDocument, WithdrawArticle};
use shared::event::{ArticleChanged, Event};
use shared::mapping::Mode;
use shared::messages;
use shared::servicenow::Attachment;
use shared::trading_grid::collaboration::ArticleState;

use crate::{Current, Facts, Place, Version, Versions};
use guide::Standing;
pub(crate) use repeated::counted;

/// Rules on news of an article.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match &facts.place {
        Place::Version(version) => changed(facts, version),
        Place::Article(versions) => shown(facts, versions),
        Place::Solved(solved) => draft::solved(facts, solved),
        Place::Kind(kind) => repeated::one_more(facts, event, kind),
        Place::Feedback(feedback) => feedback::given(facts, feedback),
    }
}

/// A version changed: its article is looked at, if partners may read it or may have read it.
fn changed(facts: &Facts, version: &Version) -> Vec<Effect> {
    let Some(rules) = &facts.mapping.knowledge else {
        return vec![tell("the mapping has no rules about knowledge: nothing is done")];
    };
    let is_for_partners = match &version.found {
        Some(row) => rules.base(&row.base_title).is_some_and(|rule| rule.mode != Mode::Off),
        None => false,
    };
    if !is_for_partners && version.known.is_none() {
        return vec![tell("its knowledge base is internal: nothing is done")];
    }
    let Some(article) = version.article() else {
        return vec![tell(
            "the number of the article is none that the community takes: nothing is done",
        )];
    };
    let mut effects = Vec::new();
    if version.known.as_ref() != Some(&article) {
        let article = article.clone();
        effects.push(Effect::Mark(Mark::VersionOf { article }));
    }
    // Where it was a version of another article before, that one is looked at, too.
    let before = version.known.iter().filter(|known| **known != article).cloned();
    effects.extend(before.chain([article.clone()]).map(|article_id| {
        Effect::PassToArticle(ArticleChanged {
            article_id,
            version: version.row.clone(),
        })
    }));
    effects
}

/// What partners see of an article follows from all of its versions.
fn shown(facts: &Facts, versions: &Versions) -> Vec<Effect> {
    let article = &versions.article;
    let mode = versions.current.as_ref().and_then(|current| current.mode);
    let effects = match guide::standing(facts, versions) {
        Standing::Left(why) => return vec![tell(format!("{article} is left as it is: {why}"))],
        Standing::Hidden { why, is_outdated } => hide(facts, versions, &why, is_outdated),
        Standing::Shown(guide, left_out) => show(facts, versions, guide, &left_out),
    };
    match mode {
        Some(Mode::Shadow) => {
            let would = effects.into_iter();
            would
                .map(|effect| tell(format!("shadow of {article}: would {effect}")))
                .collect()
        }
        // Of a base that is off, nothing comes here.
        Some(Mode::On | Mode::Off) | None => effects,
    }
}

/// The next version of a report: above all that the community knows, whatever became of our own count.
fn version(facts: &Facts, versions: &Versions) -> u64 {
    let theirs = versions.community.as_ref().map_or(0, |article| article.version);
    let ours = versions.shown.as_ref().map_or(0, |shown| shown.version);
    facts.number.max(theirs + 1).max(ours + 1)
}

/// The kind of problem that partners found the article about.
fn was_about(versions: &Versions) -> Option<Category> {
    versions.shown.as_ref().and_then(|shown| shown.category.clone())
}

fn hide(facts: &Facts, versions: &Versions, why: &str, is_outdated: bool) -> Vec<Effect> {
    let article = &versions.article;
    let state = versions.community.as_ref().map(|article| article.state);
    if state != Some(ArticleState::Published) {
        return vec![tell(format!(
            "{why}: partners do not see {article}, and have nothing to lose"
        ))];
    }
    vec![
        tell(format!("{why}: partners are to see {article} no longer")),
        Effect::WithdrawArticle(WithdrawArticle {
            article: article.clone(),
            version: version(facts, versions),
            is_outdated,
            was_about: was_about(versions),
        }),
    ]
}

fn show(facts: &Facts, versions: &Versions, guide: Guide, left_out: &[String]) -> Vec<Effect> {
    let (article, Some(current)) = (&versions.article, &versions.current) else {
        return Vec::new();
    };
    let community = versions.community.as_ref();
    let stands = community.filter(|article| article.state == ArticleState::Published);
    let is_known = versions.shown.as_ref().is_some_and(|shown| {
        shown.guide.as_ref() == Some(&guide.digest()) && stands.is_some_and(|stands| stands.version == shown.version)
    });
    if is_known {
        return vec![tell(format!("partners see {article} as it is: nothing to do"))];
    }
    let version = version(facts, versions);
    let mut effects: Vec<Effect> = left_out.iter().map(tell).collect();
    let needed: BTreeSet<&SysId> = guide.body.pictures().chain(&guide.files).collect();
    let there: BTreeSet<&str> = stands
        .into_iter()
        .flat_map(|stands| stands.files.iter().map(|file| file.document_id.as_str()))
        .collect();
    for file in &current.files {
        let brought = versions.brought.get(&file.sys_id);
        let is_there = brought.is_some_and(|document| there.contains(document.as_str()));
        if needed.contains(&file.sys_id) && guide::is_carried(facts, file) && !is_there {
            effects.extend(bring(facts, current, file, version));
        }
    }
    effects.push(Effect::PublishArticle(Box::new(PublishArticle {
        article: article.clone(),
        version,
        row: current.row.sys_id.clone(),
        seen: current.row.digest(),
        guide,
        was_about: was_about(versions),
    })));
    effects
}

/// Brings a file into the community, for the report of a version: what no version names for a while is removed there.
fn bring(facts: &Facts, current: &Current, file: &Attachment, version: u64) -> Option<Effect> {
    let row = file.record.as_ref().unwrap_or(&current.row.sys_id);
    let rule = &facts.mapping.documents_to_partner;
    Some(Effect::ShareDocument(ShareDocument {
        record: Record {
            link: LinkKey::version(row),
            table: TableName::try_from(KNOWLEDGE.to_owned()).ok()?,
            sys_id: row.clone(),
        },
        attachment: file.sys_id.clone(),
        what: format!("file {} of report {version}", file.sys_id),
        file_name: messages::file_name(&file.file_name),
        media_type: file.content_type.clone(),
        max_bytes: rule.max_bytes,
        desk: facts.mapping.desk.name.clone(),
        place: Where::Article,
        request: None,
    }))
}

fn tell(text: impl ToString) -> Effect {
    Effect::Tell { text: text.to_string() }
}
