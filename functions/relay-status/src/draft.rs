//! What a resolved record means for knowledge: pure.

use shared::domain::IssueState;
use shared::effect::{Effect, Kept, Remember, Status};

use crate::Found;
use crate::decide::{named, tell};

/// Asks for a draft of an article where a rule begins to fit the record while it is resolved. Whether the record has
/// one already is known where drafts are made.
pub(crate) fn draft(found: &Found, status: &Status) -> Vec<Effect> {
    let link = &found.link;
    let is_solved = match status.state {
        IssueState::Resolved | IssueState::Closed => true,
        IssueState::Open | IssueState::InProgress | IssueState::WaitingForPartner => false,
    };
    let rule = found.draft_rule.as_ref().filter(|_| is_solved);
    if rule.is_some() == link.asks_for_draft {
        return Vec::new();
    }
    let asked = rule.map(|rule| {
        let number = named(link);
        let told = tell(format!("the rule {rule} asks for a draft of an article about {number}"));
        [told, Effect::AskForDraft(link.record.clone())]
    });
    let kept = Effect::Remember(Remember {
        record: link.record.clone(),
        kept: Kept::AsksForDraft(rule.is_some()),
    });
    asked.into_iter().flatten().chain([kept]).collect()
}
