//! What becomes of the record of an incident, of one partner or of several.

use std::collections::BTreeMap;

use shared::domain::SysId;
use shared::effect::{AddJournal, Change, Effect, Journal, UpdateFields};
use shared::event::Event;
use shared::mapping::{ExchangeRules, Mapping, WhenFinished};
use shared::messages;
use shared::servicenow::Row;
use shared::store::Link;

pub(super) const DESCRIPTION: &str = "description";

/// What the mapping says of an incident that is finished; nothing of one that is not.
pub(super) fn finished(mapping: &Mapping, link: &Link, row: &Row) -> Option<WhenFinished> {
    let rule = mapping.table(&link.record.table)?;
    rule.finished.get(row.text("state")).copied()
}

/// Whether no agent has taken the incident over.
pub(super) fn is_untouched(rules: &ExchangeRules, link: &Link, row: &Row) -> bool {
    let state = row.text("state");
    let is_ours = link.base.get("state").map(String::as_str) == Some(state);
    let is_new = rules.untouched.iter().any(|untouched| untouched == state);
    (is_ours || is_new) && row.text("assigned_to") == base(link, "assigned_to")
}

/// The fields by the mapping, as long as ServiceNow takes them.
pub(super) fn cut_fields(by_mapping: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let cut = |(field, text): (&String, &String)| {
        let text = match field.as_str() {
            "short_description" => messages::one_line(text, messages::SHORT_DESCRIPTION),
            _ => messages::cut(messages::clean(text).trim(), messages::DESCRIPTION),
        };
        (field.clone(), text)
    };
    by_mapping.iter().map(cut).collect()
}

/// Who works on a new incident.
pub(super) fn assign(
    fields: &mut BTreeMap<String, String>,
    group: &SysId,
    assigned_to: &Result<Option<SysId>, String>,
) {
    fields.insert("assignment_group".to_owned(), group.to_string());
    if let Ok(Some(analyst)) = assigned_to {
        fields.insert("assigned_to".to_owned(), analyst.to_string());
    }
}

/// What resolves an incident, with its notes.
pub(super) fn resolution(rules: &ExchangeRules, row: &Row, notes: String) -> BTreeMap<String, Change> {
    let mut set = row.changes_to(&rules.resolve);
    let from = row.text("close_notes").to_owned();
    set.insert("close_notes".to_owned(), Change { from, to: notes });
    set
}

/// The description with another count, unless an agent edited it.
pub(super) fn recounted(link: &Link, row: &Row, count: &str) -> BTreeMap<String, Change> {
    let mut set = BTreeMap::new();
    let base = base(link, DESCRIPTION);
    let to = messages::recounted(base, count);
    if !is_edited(link, row) && messages::canonical(&to) != messages::canonical(base) {
        let from = row.text(DESCRIPTION).to_owned();
        set.insert(DESCRIPTION.to_owned(), Change { from, to });
    }
    set
}

/// The count on an incident: in the description, or as a note where an agent edited that.
pub(super) fn recount(link: &Link, row: &Row, count: &str, what: String) -> Option<Effect> {
    let set = recounted(link, row, count);
    if !set.is_empty() {
        return Some(update(link, set));
    }
    is_edited(link, row).then(|| Effect::note(&link.record, what, count.to_owned()))
}

fn is_edited(link: &Link, row: &Row) -> bool {
    messages::canonical(row.text(DESCRIPTION)) != messages::canonical(base(link, DESCRIPTION))
}

/// What we wrote last.
pub(super) fn base<'a>(link: &'a Link, field: &str) -> &'a str {
    link.base.get(field).map(String::as_str).unwrap_or_default()
}

pub(super) fn update(link: &Link, set: BTreeMap<String, Change>) -> Effect {
    Effect::UpdateFields(UpdateFields {
        record: link.record.clone(),
        set,
    })
}

pub(super) fn note(link: &Link, event: &Event, what: &str, text: String) -> Effect {
    Effect::AddJournal(AddJournal {
        record: link.record.clone(),
        journal: Journal::WorkNotes,
        what: format!("{what} by {}", event.id),
        text,
    })
}
