//! What a partner adds to a record, as effects: words and documents. Pure.

use std::collections::BTreeSet;

use crate::effect::{AddJournal, Attach, Effect, Journal, Record, Source};
use crate::event::Document;
use crate::mapping::DocumentRule;
use crate::messages;

/// What a partner says, for the customer's journal; with the complete text in a file where it does not fit.
pub fn said(record: &Record, what: String, text: String, file: String) -> Vec<Effect> {
    let short = messages::cut_with_pointer(&text, messages::JOURNAL, &file);
    let is_cut = short != text;
    let mut effects = vec![Effect::AddJournal(AddJournal {
        record: record.clone(),
        journal: Journal::Comments,
        what,
        text: short,
    })];
    if is_cut {
        effects.push(text_of_event(record, file));
    }
    effects
}

/// The text of the event as a file.
pub fn text_of_event(record: &Record, file_name: String) -> Effect {
    Effect::Attach(Attach {
        record: record.clone(),
        source: Source::EventText,
        file_name,
    })
}

/// Attaches documents, each once, and says which are not taken and why. Only documents that are
/// taken count; `before` were taken earlier.
pub fn documents<'a>(
    rule: &DocumentRule,
    record: &Record,
    documents: impl IntoIterator<Item = &'a Document>,
    before: usize,
) -> Vec<Effect> {
    let mut effects = Vec::new();
    let mut seen = BTreeSet::new();
    let mut taken = before;
    for document in documents {
        if !seen.insert((document.document_id.as_str(), document.sha256.as_str())) {
            continue;
        }
        let refusal = if document.size > rule.max_bytes {
            Some(format!(
                "it has {} bytes, and at most {} are taken",
                document.size, rule.max_bytes
            ))
        } else if !rule.takes(&document.media_type) {
            Some(format!("files of type {} are not taken", document.media_type))
        } else if taken >= rule.max_per_issue {
            Some(format!("at most {} documents are taken", rule.max_per_issue))
        } else {
            None
        };
        match refusal {
            None => {
                taken += 1;
                effects.push(Effect::Attach(Attach {
                    record: record.clone(),
                    source: Source::Community {
                        document: document.clone(),
                    },
                    file_name: messages::file_name(&document.name),
                }));
            }
            Some(reason) => {
                effects.push(Effect::Tell {
                    text: format!("refused: document {}: {reason}", document.document_id),
                });
                effects.push(Effect::note(
                    record,
                    format!("refusal of {}", document.attached_as()),
                    messages::document_refused(document, &reason),
                ));
            }
        }
    }
    effects
}
