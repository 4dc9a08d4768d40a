//! Kinds of problems that come again and again: pure.

use shared::domain::LinkKey;
use shared::effect::{Effect, KindTally, Mark, Tallied};
use shared::event::Event;
use shared::mapping::{MOST_COUNTED, RepeatedRule};
use shared::messages::{proposal_body, proposal_title};

use super::draft::{Draft, in_mode};
use super::tell;
use crate::{Facts, Kind};

/// The issues that count for a rule now: this one and those before it, within its time.
pub(crate) fn counted<'a>(tally: &'a KindTally, issue: &'a Tallied, rule: &RepeatedRule) -> Vec<&'a Tallied> {
    let since = issue.at.before(rule.within);
    let before = tally.issues.iter().filter(|other| other.issue != issue.issue);
    before.chain([issue]).filter(|counted| counted.at >= since).collect()
}

/// One more issue of a kind: it is counted, and where they are many and partners find nothing about them, a draft is
/// proposed.
pub(super) fn one_more(facts: &Facts, event: &Event, kind: &Kind) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut tally = kind.tally.clone();
    tally.issues.retain(|other| other.issue != kind.issue.issue);
    tally.issues.push(kind.issue.clone());
    let name = &kind.name;
    let mut proposed = false;
    for repeated in &kind.rules {
        let rule = &repeated.rule;
        let counted = counted(&kind.tally, &kind.issue, rule);
        let many = counted.len();
        if many < rule.after {
            continue;
        }
        if let Some(article) = kind.articles.first() {
            effects.push(tell(format!(
                "{many} issues are of the kind {name}, about which there is {article}"
            )));
            continue;
        }
        let (None, Some(base)) = (&repeated.open, &repeated.base) else {
            effects.push(tell(format!(
                "{many} issues are of the kind {name}, and the draft about it is neither published nor retired"
            )));
            continue;
        };
        let days = rule.within.as_secs() / (24 * 3600);
        let key = LinkKey::proposal(&event.id, &rule.base);
        let draft = Draft {
            key: key.clone(),
            rule: &rule.name,
            base,
            title: proposal_title(name),
            body: proposal_body(name, many, days),
            records: counted.iter().map(|counted| counted.record.clone()).collect(),
        };
        let told = format!(
            "the rule {} proposes an article about {name}: {many} issues in {days} days",
            rule.name
        );
        effects.extend(in_mode(facts, &rule.name, told, draft.made(facts)));
        tally.proposals.insert(rule.base.clone(), key);
        proposed = true;
        // One for each base, whatever other rules say.
        break;
    }
    if proposed {
        tally.issues.clear();
    }
    let most = usize::from(MOST_COUNTED);
    let oldest = tally.issues.len().saturating_sub(most);
    tally.issues.drain(..oldest);
    effects.push(Effect::Mark(Mark::Tally(tally)));
    effects
}
