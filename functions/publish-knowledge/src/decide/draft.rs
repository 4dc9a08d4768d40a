//! Drafts of articles: pure.

use std::collections::BTreeMap;

use shared::domain::{KNOWLEDGE, LinkKey, SysId, TableName};
use shared::effect::{AttachArticle, CreateRecord, Effect, Record};
use shared::mapping::Mode;
use shared::messages::{draft_body, draft_made, draft_title};
use shared::store::{Link, LinkState};

use super::tell;
use crate::{Facts, Solved};

/// A record that was solved: its draft, once.
pub(super) fn solved(facts: &Facts, solved: &Solved) -> Vec<Effect> {
    let Some(link) = &solved.link else {
        return vec![tell("the record is none of this issue's any more: no draft is made")];
    };
    if let Some(draft) = &solved.draft
        && draft.state == LinkState::Linked
    {
        return vec![tell(format!("{} has the draft {}: nothing to do", link.number, draft.number))];
    }
    let Some(content) = &solved.content else {
        let number = &link.number;
        return vec![tell(format!("{number} is not solved any more, or no rule asks for it: no draft is made"))];
    };
    let Ok(table) = TableName::try_from(KNOWLEDGE.to_owned()) else {
        return Vec::new();
    };
    let title = draft_title(&content.issue);
    let body = draft_body(&content.issue, content.cause.as_ref(), content.resolution.as_ref());
    let rule = &content.rule;
    let key = LinkKey::draft_of(&link.record.sys_id);
    let draft = Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &key),
        link: key,
        table,
    };
    let fields = [
        ("kb_knowledge_base", content.base.as_str()),
        ("short_description", &title),
        ("text", &body),
        ("article_type", "text"),
        ("workflow_state", "draft"),
    ];
    let fields: BTreeMap<String, String> = fields
        .map(|(field, value)| (field.to_owned(), value.to_owned()))
        .into();
    let told = tell(format!("the rule {} makes a draft article of {}", rule.name, link.number));
    let effects = vec![
        Effect::CreateRecord(CreateRecord {
            record: draft.clone(),
            correlation: link.record.sys_id.to_string(),
            fields,
            rule: Some(rule.name.clone()),
        }),
        Effect::AttachArticle(AttachArticle {
            article: draft.sys_id.clone(),
            record: link.record.clone(),
        }),
        note(link, rule.name.as_str(), &title, &rule.base, &draft.sys_id),
    ];
    match facts.mapping.draft_rules().map(|rules| rules.mode) {
        Some(Mode::Shadow) => {
            let would = effects.into_iter();
            would
                .map(|effect| tell(format!("shadow of {}: would {effect}", rule.name)))
                .collect()
        }
        // What is off asks for nothing.
        Some(Mode::On | Mode::Off) | None => std::iter::once(told).chain(effects).collect(),
    }
}

fn note(link: &Link, rule: &str, title: &str, base: &str, draft: &SysId) -> Effect {
    let text = draft_made(rule, title, base, draft);
    Effect::note(&link.record, format!("draft {draft}"), text)
}
