//! What becomes of a task, as its partner reads it: pure.

use std::collections::BTreeSet;

use relay_status::{Told, comments};
use shared::domain::{OutcomeState, RequestId, WishId};
use shared::effect::{self, CloseRequest, Effect, Ending, Outcome, ReportOutcome};

use super::{number, tell};
use crate::{Changed, Facts, Gone};

/// A task changed: what is new of it is told, each thing once.
pub(super) fn changed(facts: &Facts, changed: &Changed) -> Vec<Effect> {
    let link = &changed.link;
    let mut effects = Vec::new();
    if changed.has_moved {
        effects.push(Effect::Follow(link.record.clone()));
    }
    let Some(outcome) = &changed.outcome else {
        effects.push(tell(format!(
            "{} is in {}, for which the mapping has no words: the partner is told nothing",
            number(link),
            link.record.table
        )));
        return effects;
    };
    let request = match link.record.link.wish() {
        Some(WishId::Request(request)) => Some(request),
        Some(WishId::Message(_)) | None => None,
    };
    let told = Told {
        place: effect::Place::Thread,
        request: request.clone(),
    };
    effects.extend(comments(&changed.conversation, &told));
    if let Some(request) = request {
        let shares = effects.iter().any(|effect| matches!(effect, Effect::ShareDocument(_)));
        effects.extend(closed(facts, changed, request, outcome, shares));
    }
    if link.told.as_ref() != Some(&outcome.digest()) {
        effects.push(Effect::ReportOutcome(ReportOutcome {
            record: link.record.clone(),
            version: facts.number,
            since: changed.updated,
            outcome: outcome.clone(),
        }));
    }
    effects
}

/// The request ends with the first document that is delivered, or with the task; what was reported of it before
/// is not reported again.
fn closed(facts: &Facts, changed: &Changed, request: RequestId, outcome: &Outcome, shares: bool) -> Option<Effect> {
    let delivered: BTreeSet<&str> = changed.delivered.iter().map(String::as_str).collect();
    let ending = match outcome.state {
        OutcomeState::Declined => Ending::Declined {
            reason: outcome.resolution.clone(),
        },
        OutcomeState::Done => Ending::Done,
        OutcomeState::Accepted | OutcomeState::InProgress | OutcomeState::WaitingForPartner => {
            if delivered.is_empty() && !shares {
                return None;
            }
            Ending::Delivered
        }
    };
    let is_known = changed.link.answered.as_ref() == Some(&ending.digest(&delivered));
    (shares || !is_known).then(|| {
        Effect::CloseRequest(CloseRequest {
            record: changed.link.record.clone(),
            version: facts.number,
            request,
            ending,
        })
    })
}

/// A task that is not there. The partner of a deleted one is not left with its last outcome; where it may only be
/// hidden, whoever lets us see it again goes on as before.
pub(super) fn gone(facts: &Facts, gone: &Gone) -> Vec<Effect> {
    let link = &gone.link;
    let Some(deleted) = gone.deleted else {
        return vec![tell(format!(
            "{} is hidden from the integration user or was deleted: the partner is told nothing new",
            number(link)
        ))];
    };
    let mut effects = vec![tell(format!(
        "{} was deleted: somebody must look into it",
        number(link)
    ))];
    if let Some(outcome) = &gone.outcome
        && link.told.as_ref() != Some(&outcome.digest())
    {
        effects.push(Effect::ReportOutcome(ReportOutcome {
            record: link.record.clone(),
            version: facts.number,
            since: deleted,
            outcome: outcome.clone(),
        }));
    }
    effects
}
