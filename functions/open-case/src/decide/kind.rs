//! What the kind of problem of a new issue leads to: pure.

use shared::effect::{CountIssue, Effect, Place, PostNotice, Record};
use shared::mapping::Mode;
use shared::messages;

use super::tell;
use crate::{Content, Facts};

/// Articles that may help its partner, named in the first answer; and the issue is counted where its kind may come again
/// and again.
pub(super) fn of_kind(facts: &Facts, content: &Content, record: &Record) -> Vec<Effect> {
    let Some(kind) = &content.kind else {
        return Vec::new();
    };
    let mut effects = Vec::new();
    let suggestions = facts.mapping.suggestions(&kind.name);
    if let Some(suggestions) = suggestions.filter(|_| !kind.articles.is_empty()) {
        let ids = kind.articles.iter().map(|(id, _)| id);
        let listed = ids.clone().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let named = kind.articles.iter().map(|(id, listed)| (id, &listed.title));
        let text = messages::articles_may_help(&suggestions.text, named);
        let notice = text.map(|text| {
            Effect::PostNotice(PostNotice {
                what: format!("articles about {}: {listed}", kind.name),
                author: facts.mapping.desk.name.trim().to_owned(),
                text,
                place: Place::Issue,
                articles: ids.cloned().collect(),
            })
        });
        effects.extend(notice.map(|notice| match suggestions.mode {
            Mode::Shadow => tell(format!("shadow of suggestions: would {notice}")),
            Mode::On | Mode::Off => notice,
        }));
    }
    if facts.mapping.repeated(&kind.name).next().is_some() {
        effects.push(Effect::CountIssue(CountIssue {
            kind: kind.name.clone(),
            record: record.clone(),
        }));
    }
    effects
}
