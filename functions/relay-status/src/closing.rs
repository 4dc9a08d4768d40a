//! How an issue is closed hand in hand with its partner: pure.
//!
//! Accepted: between our look at a resolved record and the write that closes it, an agent may open it
//! again; ServiceNow has no conditional write. The agent sees both in the record's history.

use shared::domain::{ClosedBecause, IssueState};
use shared::effect::{Closing, Effect, Kept, Remember, Remind, ReportClosure, Status, UpdateFields};
use shared::messages;
use shared::store::Link;
use shared::trading_grid::collaboration::{Closure, ClosureState};

use crate::decide::{named, tell};
use crate::{Asking, Due, Facts, Found};

/// What the record's state means for the question about closing.
pub(crate) fn closing(facts: &Facts, found: &Found) -> Vec<Effect> {
    let (Some(status), Some(asking)) = (&found.status, &found.asking) else {
        return Vec::new();
    };
    match status.state {
        IssueState::Resolved if may_be_asked(asking) => ask(facts, &found.link, status, asking),
        IssueState::Resolved => Vec::new(),
        IssueState::Closed => match &asking.closure {
            Some(closure) if closure.state == ClosureState::Confirmed => {
                closed(facts, &found.link, ClosedBecause::Confirmed)
            }
            Some(closure) if closure.state == ClosureState::Requested => {
                let is_over = closure.confirm_by.is_some_and(|until| until <= asking.now);
                let because = if is_over {
                    ClosedBecause::NoAnswer
                } else {
                    ClosedBecause::Decided
                };
                closed(facts, &found.link, because)
            }
            Some(_) | None => over(&found.link),
        },
        IssueState::Open | IssueState::InProgress | IssueState::WaitingForPartner => {
            taken_back(facts, &found.link, asking)
        }
    }
}

/// A question that is still open is taken back.
pub(crate) fn taken_back(facts: &Facts, link: &Link, asking: &Asking) -> Vec<Effect> {
    match &asking.closure {
        Some(closure) if closure.state == ClosureState::Requested => report(facts, link, Closing::Withdrawn),
        Some(_) | None => over(link),
    }
}

/// Whether no question is open and no answer is still to be dealt with.
fn may_be_asked(asking: &Asking) -> bool {
    let Some(closure) = &asking.closure else { return true };
    match closure.state {
        ClosureState::Requested | ClosureState::Confirmed => false,
        // The dispute comes on the other lane, which opens the record again; only then a resolution is a new one.
        ClosureState::Disputed => {
            let is_dealt_with = asking.disputed.is_some_and(|version| version >= closure.version);
            is_dealt_with || asking.asked != Some(closure.version)
        }
        ClosureState::Withdrawn | ClosureState::Closed => true,
    }
}

fn ask(facts: &Facts, link: &Link, status: &Status, asking: &Asking) -> Vec<Effect> {
    let Some(until) = asking.until else {
        return Vec::new();
    };
    let asked = Closing::Asked {
        resolution: status.resolution.clone(),
        label: status.label.clone(),
        until,
    };
    let mut effects = report(facts, link, asked);
    effects.push(Effect::Remind(Remind {
        record: link.record.clone(),
        version: facts.number,
        at: until,
    }));
    effects
}

fn closed(facts: &Facts, link: &Link, because: ClosedBecause) -> Vec<Effect> {
    report(facts, link, Closing::Closed { because })
}

fn report(facts: &Facts, link: &Link, closing: Closing) -> Vec<Effect> {
    vec![Effect::ReportClosure(ReportClosure {
        record: link.record.clone(),
        version: facts.number,
        closing,
    })]
}

/// No question of ours is open any more.
fn over(link: &Link) -> Vec<Effect> {
    vec![Effect::Remember(Remember {
        record: link.record.clone(),
        kept: Kept::Over,
    })]
}

/// The time for an answer is over: silence counts as a yes.
pub(crate) fn due(due: &Due) -> Vec<Effect> {
    let is_open = |closure: &Closure| closure.version == due.version && closure.state == ClosureState::Requested;
    if !due.closure.as_ref().is_some_and(is_open) {
        return vec![tell(
            "the question about closing was answered or is gone: nothing to do".to_owned(),
        )];
    }
    let Some(set) = &due.close else {
        let number = named(&due.link);
        return vec![tell(format!("{number} is not resolved any more: nothing to do"))];
    };
    vec![
        Effect::UpdateFields(UpdateFields {
            record: due.link.record.clone(),
            set: set.clone(),
        }),
        Effect::note(
            &due.link.record,
            format!("silence on {}", due.version),
            messages::resolution_unanswered(),
        ),
    ]
}
