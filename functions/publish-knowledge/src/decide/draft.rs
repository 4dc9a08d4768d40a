//! Drafts of what solved a record: pure.

use std::collections::BTreeMap;

use shared::domain::{ARTICLES_OF_TASKS, KNOWLEDGE, LinkKey, SysId, TableName, TaskName};
use shared::effect::{AddRow, CreateRecord, Effect, Record};
use shared::mapping::Mode;
use shared::messages::{draft_body, draft_made, draft_title};
use shared::servicenow;
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
        return vec![tell(format!(
            "{} has the draft {}: nothing to do",
            link.number, draft.number
        ))];
    }
    let Some(content) = &solved.content else {
        return vec![tell(format!(
            "{} is not solved any more, or no rule asks for it: no draft is made",
            link.number
        ))];
    };
    let rule = &content.rule;
    let told = format!("the rule {} makes a draft article of {}", rule.name, link.number);
    let draft = Draft {
        key: LinkKey::draft_of(&link.record.sys_id),
        rule: &rule.name,
        base: &content.base,
        title: draft_title(&content.issue),
        body: draft_body(&content.issue, content.cause.as_ref(), content.resolution.as_ref()),
        records: vec![link.record.sys_id.clone()],
    };
    let sys_id = draft.sys_id(facts);
    let mut effects = draft.made(facts);
    effects.push(note(link, &draft, &rule.base, &sys_id));
    in_mode(facts, &rule.name, told, effects)
}

/// A draft that is about to be made.
pub(super) struct Draft<'a> {
    /// What it is to its subject.
    pub(super) key: LinkKey,
    /// The rule that makes it.
    pub(super) rule: &'a TaskName,
    /// The knowledge base.
    pub(super) base: &'a SysId,
    /// Its title.
    pub(super) title: String,
    /// Its text, as HTML.
    pub(super) body: String,
    /// The records that it is about; the last one is its source.
    pub(super) records: Vec<SysId>,
}

impl Draft<'_> {
    fn sys_id(&self, facts: &Facts) -> SysId {
        SysId::chosen(&facts.deployment, &facts.subject, &self.key)
    }

    /// What makes the draft, and names it in its records.
    pub(super) fn made(&self, facts: &Facts) -> Vec<Effect> {
        let tables = (KNOWLEDGE.parse::<TableName>(), ARTICLES_OF_TASKS.parse::<TableName>());
        let ((Ok(articles), Ok(of_tasks)), Some(source)) = (tables, self.records.last()) else {
            return Vec::new();
        };
        let sys_id = self.sys_id(facts);
        let mut effects = vec![Effect::CreateRecord(CreateRecord {
            record: Record {
                link: self.key.clone(),
                table: articles,
                sys_id: sys_id.clone(),
            },
            correlation: source.to_string(),
            fields: servicenow::Draft {
                sys_id: sys_id.clone(),
                base: self.base.clone(),
                category: None,
                title: self.title.clone(),
                html: self.body.clone(),
                source: Some(source.clone()),
            }
            .fields(),
            rule: Some(self.rule.clone()),
        })];
        effects.extend(self.records.iter().map(|record| {
            let key = LinkKey::attached_draft(&sys_id, record);
            Effect::AddRow(AddRow {
                what: format!("the draft to the knowledge of {record}"),
                table: of_tasks.clone(),
                sys_id: SysId::chosen(&facts.deployment, &facts.subject, &key),
                fields: fields([("kb_knowledge", sys_id.as_str()), ("task", record.as_str())]),
                key: "kb_knowledge".to_owned(),
            })
        }));
        effects
    }
}

/// Fields by name.
pub(super) fn fields<const N: usize>(fields: [(&str, &str); N]) -> BTreeMap<String, String> {
    fields.map(|(field, value)| (field.to_owned(), value.to_owned())).into()
}

/// What is done by a rule, or would be.
pub(super) fn in_mode(facts: &Facts, rule: &TaskName, told: String, effects: Vec<Effect>) -> Vec<Effect> {
    match facts.mapping.draft_rules().map(|rules| rules.mode) {
        Some(Mode::Shadow) => {
            let would = effects.into_iter();
            would
                .map(|effect| tell(format!("shadow of {rule}: would {effect}")))
                .collect()
        }
        // What is off asks for nothing.
        Some(Mode::On | Mode::Off) | None => std::iter::once(tell(told)).chain(effects).collect(),
    }
}

fn note(link: &Link, draft: &Draft<'_>, base: &str, sys_id: &SysId) -> Effect {
    let text = draft_made(draft.rule.as_str(), &draft.title, base, sys_id);
    Effect::note(&link.record, format!("draft {sys_id}"), text)
}
