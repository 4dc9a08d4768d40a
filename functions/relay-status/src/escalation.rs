//! What a record's state means for an escalation of its issue: pure.

use shared::domain::{EscalationKey, IssueState};
use shared::effect::{AskEscalation, Effect, Kept, Remember};
use shared::event::{Asked, AskedBy, Event};

use crate::Found;

/// Asks for an escalation or its end where the record has become critical, is so no longer, or is
/// closed. Only a change counts: who ends an escalation by hand does not have it begin again at the
/// next change of a record that is still critical.
pub(crate) fn escalation(event: &Event, found: &Found) -> Vec<Effect> {
    if found.continued_by.is_some() {
        return Vec::new();
    }
    let known = &found.escalation;
    let ask = |asked, by| {
        Effect::AskEscalation(AskEscalation {
            asked,
            by,
            key: EscalationKey::asked_by(&event.sender, &event.id),
        })
    };
    let is_closed = found
        .status
        .as_ref()
        .is_some_and(|status| status.state == IssueState::Closed);
    if is_closed {
        let ends = known.under_way.is_some();
        return ends.then(|| ask(Asked::End, AskedBy::Closing)).into_iter().collect();
    }
    let Some(is_critical) = known
        .is_critical
        .filter(|is_critical| *is_critical != known.was_critical)
    else {
        return Vec::new();
    };
    let asked = match (is_critical, &known.under_way) {
        (true, None) => Some(ask(Asked::Begin, AskedBy::Desk)),
        (false, Some(_)) => Some(ask(Asked::End, AskedBy::Desk)),
        (true, Some(_)) | (false, None) => None,
    };
    let kept = Effect::Remember(Remember {
        record: found.link.record.clone(),
        kept: Kept::Critical(is_critical),
    });
    asked.into_iter().chain([kept]).collect()
}
