//! The rules of `relay-status`: pure.

mod sharing;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use shared::domain::SysId;
use shared::effect::{self, Effect, PostComment, PostNotice, Recognize, Record, ReportStatus, Status};
use shared::event::Event;
use shared::messages;
use shared::store::{Claim, ClaimKind, Link, text_hash};

use crate::closing::{closing, due, taken_back};
use crate::draft::draft;
use crate::escalation::escalation;
use crate::{Conversation, Facts, Found, Gone, Place, Told};
use sharing::Sharing;
pub(crate) use sharing::is_shared_already;
pub use sharing::{SHARED_WITHIN, what};

/// Rules on news of a record.
pub fn decide(event: &Event, facts: &Facts) -> Vec<Effect> {
    match &facts.place {
        Place::Nowhere => vec![tell(
            "the record belongs to no link of this issue: nothing is told".to_owned(),
        )],
        Place::Gone(gone) => not_there(facts, gone),
        Place::Found(found) => {
            let mut effects = Vec::new();
            if found.has_moved {
                effects.push(Effect::Follow(found.link.record.clone()));
            }
            match &found.status {
                Some(told) => {
                    effects.extend(comments(&found.conversation, &places(found)));
                    effects.extend(status(facts, found, told));
                    effects.extend(closing(facts, found));
                    effects.extend(escalation(event, found));
                    effects.extend(draft(found, told));
                }
                None => effects.push(tell(format!(
                    "{} is in {}, for which the mapping has no words: the partner is told nothing",
                    named(&found.link),
                    found.link.record.table
                ))),
            }
            effects
        }
        Place::Due(asked) => due(asked),
        Place::Parked(parked) => vec![match &parked.notice {
            Some((author, text)) => Effect::PostNotice(PostNotice {
                what: format!("the wait of {}", parked.entry),
                author: author.clone(),
                text: text.clone(),
                place: effect::Place::Issue,
                articles: Vec::new(),
            }),
            None => tell(format!(
                "{} is no longer parked: the partner is told nothing",
                parked.entry
            )),
        }],
    }
}

/// A record that is not there. The partner of a deleted one is not left with its last status and an open
/// question; where it may only be hidden, whoever lets us see it again goes on as before.
fn not_there(facts: &Facts, gone: &Gone) -> Vec<Effect> {
    let Some(deleted) = gone.deleted else {
        return vec![tell(format!(
            "{} is hidden from the integration user or was deleted: the partner is told nothing new",
            named(&gone.link)
        ))];
    };
    let mut effects = vec![tell(format!(
        "{} was deleted: somebody must look into it",
        named(&gone.link)
    ))];
    if let Some(status) = &gone.status
        && gone.link.told.as_ref() != Some(&status.digest())
    {
        effects.push(Effect::ReportStatus(ReportStatus {
            record: gone.link.record.clone(),
            version: facts.number,
            since: deleted,
            status: status.clone(),
        }));
    }
    effects.extend(
        gone.asking
            .iter()
            .flat_map(|asking| taken_back(facts, &gone.link, asking)),
    );
    effects
}

/// What is new of the record's state. Only a change is told, and only of the record that stands for
/// the issue now.
fn status(facts: &Facts, found: &Found, status: &Status) -> Option<Effect> {
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

/// Where the partner of an issue finds what is said and shared: in the workspace while it is escalated.
fn places(found: &Found) -> Told {
    Told {
        place: match found.escalation.under_way {
            Some(_) => effect::Place::Workspace,
            None => effect::Place::Issue,
        },
        request: None,
    }
}

/// Public comments that the partner has not seen, and the files that they share. Our own are recognized:
/// the text with its reference, and one entry for each claim, the earliest first.
pub fn comments(conversation: &Conversation, told: &Told) -> Vec<Effect> {
    let mut own: BTreeMap<String, SysId> = BTreeMap::new();
    let mut silent = BTreeSet::new();
    let mut sharing = Sharing::of(conversation, told);
    let mut effects = Vec::new();
    for said in &conversation.comments {
        let comment = &said.comment;
        let hash = text_hash(comment.text());
        let claim = conversation
            .ledger
            .iter()
            .find(|claim| is_origin(claim, &hash, &conversation.record) && !own.contains_key(&claim.key));
        if let Some(claim) = claim {
            own.insert(claim.key.clone(), comment.sys_id.clone());
            continue;
        }
        let text = match said.is_obeyed {
            true => messages::sharing_comment(comment),
            false => messages::public_comment(comment),
        };
        match text {
            _ if !said.is_new => {}
            Some(text) => effects.push(Effect::PostComment(PostComment {
                record: conversation.record.clone(),
                entry: comment.sys_id.clone(),
                created: comment.created,
                author: said.author.clone(),
                text,
                place: told.place,
            })),
            None => {
                silent.insert(comment.sys_id.clone());
            }
        }
        effects.extend(sharing.files_of(said));
    }
    if !own.is_empty() || !silent.is_empty() {
        let recognize = Recognize {
            record: conversation.record.clone(),
            entries: own,
            silent,
        };
        effects.insert(0, Effect::Recognize(recognize));
    }
    effects
}

/// Whether an entry with this text can have come from a claim that is bound to none yet.
fn is_origin(claim: &Claim, hash: &str, record: &Record) -> bool {
    claim.kind == ClaimKind::Journal
        && claim.remote.is_none()
        && claim.target == record.sys_id.as_str()
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
