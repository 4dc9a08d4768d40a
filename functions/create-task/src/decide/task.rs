//! What a new task is made of: pure.

use std::collections::BTreeMap;

use shared::additions::{documents, text_of_event};
use shared::domain::{LinkKey, SysId, WishId};
use shared::effect::{CreateRecord, Effect, Record};
use shared::event::{ThreadNews, Wish};
use shared::mapping::TaskRule;
use shared::messages;

use crate::{Content, Facts, News};

/// The longest `correlation_id` of a ServiceNow record, in characters.
const CORRELATION: usize = 100;
/// What stands between two paragraphs.
const BETWEEN: &str = "\n\n";

/// Makes a task, with the complete text where its fields cannot hold it, and attaches what came with the wish.
pub(super) fn create(
    facts: &Facts,
    news: &ThreadNews,
    found: &News,
    wish: &Wish<'_>,
    rule: &TaskRule,
    content: &Content,
) -> Vec<Effect> {
    let link = LinkKey::of_thread(&wish.id);
    let record = Record {
        sys_id: SysId::chosen(&facts.deployment, &facts.subject, &link),
        table: content.table.clone(),
        link,
    };
    let file = format!("{}.txt", wish.id.to_string().replace('.', "-"));
    let (mut fields, is_cut) = texts(news, found, wish, content, &file);
    fields.insert("assignment_group".to_owned(), content.group.to_string());
    fields.insert("due_date".to_owned(), content.due.servicenow());
    for (field, to) in [&content.partner, &content.parent].into_iter().flatten() {
        fields.insert(field.to_string(), to.to_string());
    }
    let mut effects = vec![Effect::CreateRecord(CreateRecord {
        correlation: correlation(news, wish, &record.sys_id),
        record: record.clone(),
        fields,
        rule: Some(rule.name.clone()),
    })];
    if is_cut {
        effects.push(text_of_event(&record, file));
    }
    let rule = &facts.mapping.documents;
    effects.extend(documents(rule, &record, news.documents(), found.documents_before));
    effects
}

/// The thread and what is asked for in it, for people and other integrations; shortened where it does not fit.
fn correlation(news: &ThreadNews, wish: &Wish<'_>, sys_id: &SysId) -> String {
    let thread = &news.thread.thread_id;
    let whole = match &wish.id {
        WishId::Message(id) => format!("{thread}/{id}"),
        WishId::Request(id) => format!("{thread}/{id}"),
    };
    match whole.len() <= CORRELATION {
        true => whole,
        false => format!("{thread}~{}", &sys_id.as_str()[..16]),
    }
}

/// The texts of the mapping within their lengths, and whether some was cut.
fn texts(
    news: &ThreadNews,
    found: &News,
    wish: &Wish<'_>,
    content: &Content,
    file: &str,
) -> (BTreeMap<String, String>, bool) {
    let mut texts = BTreeMap::new();
    let mut is_cut = false;
    for (field, text) in &content.fields {
        let whole = match field.as_str() {
            "short_description" => messages::one_line(text, usize::MAX),
            _ => messages::clean(text).trim().to_owned(),
        };
        let (short, was_cut) = match field.as_str() {
            "description" => description(news, found, wish, content, &whole, file),
            "short_description" => shortened(&whole, messages::SHORT_DESCRIPTION),
            _ => shortened(&whole, messages::DESCRIPTION),
        };
        is_cut |= was_cut;
        texts.insert(field.clone(), short);
    }
    (texts, is_cut)
}

fn shortened(text: &str, longest: usize) -> (String, bool) {
    let short = messages::cut(text, longest);
    let is_cut = short != text;
    (short, is_cut)
}

/// The words of the mapping, where they come from, and what was written before. Where all of it is too long, the
/// oldest messages are left out first, and then the words are cut.
fn description(
    news: &ThreadNews,
    found: &News,
    wish: &Wish<'_>,
    content: &Content,
    whole: &str,
    file: &str,
) -> (String, bool) {
    let origin = messages::thread_origin(wish.author, &found.partner_name, &news.thread);
    for from in 0..=content.earlier.len() {
        let earlier = messages::earlier_messages(&content.earlier[from..]);
        let all = paragraphs([whole, &origin, &earlier]);
        if all.chars().count() <= messages::DESCRIPTION {
            return (all, false);
        }
    }
    let room = messages::DESCRIPTION.saturating_sub(origin.chars().count() + BETWEEN.len());
    let words = messages::cut_with_pointer(whole, room, file);
    (paragraphs([&words, &origin]), true)
}

fn paragraphs<const N: usize>(texts: [&str; N]) -> String {
    let texts = texts.into_iter().filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(BETWEEN)
}
