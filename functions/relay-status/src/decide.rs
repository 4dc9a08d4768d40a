//! The rules of `relay-status`: pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use shared::domain::SysId;
use shared::effect::{self, Effect, PostComment, Recognize, ReportStatus};
use shared::event::Event;
use shared::messages;
use shared::store::{Claim, ClaimKind, Link, text_hash};

use crate::closing::{closing, due};
use crate::escalation::escalation;
use crate::{Facts, Found, Place};

/// Rules on news of a record.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match &facts.place {
        Place::Nowhere => vec![tell(
            "the record belongs to no link of this issue: nothing is told".to_owned(),
        )],
        Place::Gone(link) => vec![tell(format!(
            "{} was deleted or is hidden from the integration user: the partner is told nothing new",
            named(link)
        ))],
        Place::Found(found) => {
            let mut effects = comments(found);
            effects.extend(status(facts, found));
            effects.extend(closing(facts, found));
            effects.extend(escalation(event, found));
            effects
        }
        Place::Due(asked) => due(asked),
    }
}

/// What is new of the record's state. Only a change is told, and only of the record that stands for
/// the issue now.
fn status(facts: &Facts, found: &Found) -> Option<Effect> {
    let status = found.status.as_ref()?;
    if found.continued_by.is_some() || found.link.told.as_ref() == Some(&status.digest()) {
        return None;
    }
    Some(Effect::ReportStatus(ReportStatus {
        record: found.link.record.clone(),
        version: facts.number,
        since: found.updated,
        status: status.clone(),
    }))
}

/// Public comments that the partner has not seen. Our own are recognized: the text with its
/// reference, and one entry for each claim, the earliest first.
fn comments(found: &Found) -> Vec<Effect> {
    let place = match found.escalation.under_way {
        Some(_) => effect::Place::Workspace,
        None => effect::Place::Issue,
    };
    let mut own: BTreeMap<String, SysId> = BTreeMap::new();
    let mut effects = Vec::new();
    for (comment, author) in &found.comments {
        let hash = text_hash(comment.text());
        let claim = found
            .ledger
            .iter()
            .find(|claim| is_origin(claim, &hash, &found.link) && !own.contains_key(&claim.key));
        if let Some(claim) = claim {
            own.insert(claim.key.clone(), comment.sys_id.clone());
            continue;
        }
        match messages::public_comment(comment) {
            Some(text) => effects.push(Effect::PostComment(PostComment {
                record: found.link.record.clone(),
                entry: comment.sys_id.clone(),
                created: comment.created,
                author: author.clone(),
                text,
                place,
            })),
            None => effects.push(tell(format!("the comment {} says nothing to show", comment.sys_id))),
        }
    }
    if !own.is_empty() {
        let recognize = Recognize {
            record: found.link.record.clone(),
            entries: own,
        };
        effects.insert(0, Effect::Recognize(recognize));
    }
    effects
}

/// Whether an entry with this text can have come from a claim that is bound to none yet.
fn is_origin(claim: &Claim, hash: &str, link: &Link) -> bool {
    claim.kind == ClaimKind::Journal
        && claim.remote.is_none()
        && claim.target == link.record.sys_id.as_str()
        && claim.text.as_deref() == Some(hash)
}

pub(crate) fn named(link: &Link) -> &str {
    match link.number.as_str() {
        "" => link.record.sys_id.as_str(),
        number => number,
    }
}

pub(crate) fn tell(text: String) -> Effect {
    Effect::Tell { text }
}
