//! What partners are to see of an article: pure.

use std::collections::BTreeSet;

use shared::domain::{SysId, Timestamp};
use shared::effect::Guide;
use shared::mapping::Mode;
use shared::messages::{ARTICLE_BODY, article_title, keyword};
use shared::servicenow::{Article, Attachment};

use crate::{Current, Facts, Versions};

/// The day from which on a validity means that there is no end: ServiceNow's own default.
const FOREVER: &str = "2100-01-01";
/// The most words to find an article by that the contract takes.
const MOST_KEYWORDS: usize = 50;
/// The language of an article whose own cannot be told.
const LANGUAGE: &str = "en";

/// How an article stands.
pub(super) enum Standing {
    /// Partners are to see this, without some files.
    Shown(Guide, Vec<String>),
    /// Partners are not to see it.
    Hidden {
        /// Why.
        why: String,
        /// Whether it is out of date.
        is_outdated: bool,
    },
    /// Nothing is done.
    Left(&'static str),
}

fn hidden(why: impl Into<String>) -> Standing {
    Standing::Hidden {
        why: why.into(),
        is_outdated: false,
    }
}

fn outdated(why: &str) -> Standing {
    Standing::Hidden {
        why: why.to_owned(),
        is_outdated: true,
    }
}

/// How an article stands by its versions and the mapping.
pub(super) fn standing(facts: &Facts, versions: &Versions) -> Standing {
    if facts.mapping.knowledge.is_none() {
        return Standing::Left("the mapping has no rules about knowledge");
    }
    let Some(current) = &versions.current else {
        return match versions.states.contains("outdated") && !versions.states.contains("retired") {
            true => outdated("its last version is outdated"),
            false => hidden("no version of it is published"),
        };
    };
    match current.mode {
        None => return hidden("its knowledge base is internal"),
        Some(Mode::Off) => return Standing::Left("its knowledge base is off"),
        Some(Mode::On | Mode::Shadow) => {}
    }
    if current.row.state != "published" {
        return Standing::Left("its retirement waits for an approval");
    }
    let valid_until = valid_until(&current.row);
    if valid_until.is_some_and(|until| until < facts.now) {
        return outdated("it is valid no longer");
    }
    let Some(readership) = &current.readership else {
        return hidden("no audience of the mapping fits it");
    };
    let body = match &current.body {
        Ok(body) if body.is_empty() => return hidden("there is nothing to read in it"),
        Ok(body) if body.size() > ARTICLE_BODY => {
            return hidden(format!("it is longer than {ARTICLE_BODY} bytes"));
        }
        Ok(body) => body.clone(),
        Err(error) => return hidden(format!("it cannot be shown, {error}")),
    };
    let Some(title) = article_title(&current.row.title) else {
        return hidden("it has no title");
    };
    let (files, left_out) = files(facts, current);
    let keywords = current.row.keywords.split([',', ';', '\n']).filter_map(keyword);
    Standing::Shown(
        Guide {
            title,
            body,
            language: language(&current.row.language),
            audience: readership.audience.clone(),
            category: readership.category.clone(),
            keywords: keywords.take(MOST_KEYWORDS).collect(),
            files,
            valid_until,
        },
        left_out,
    )
}

/// The files that are shown beside the text, and a line about each that is not carried along.
fn files(facts: &Facts, current: &Current) -> (Vec<SysId>, Vec<String>) {
    let pictures: BTreeSet<&SysId> = current.body.iter().flat_map(|body| body.pictures()).collect();
    let rule = &facts.mapping.documents_to_partner;
    let (mut beside, mut left_out) = (Vec::new(), Vec::new());
    for file in &current.files {
        let is_beside = !pictures.contains(&file.sys_id);
        if !is_carried(facts, file) {
            left_out.push(format!(
                "the file {} is not carried along: its kind or size is not allowed",
                file.sys_id
            ));
        } else if is_beside && beside.len() >= rule.max_per_issue {
            left_out.push(format!(
                "the file {} is not carried along: there are too many",
                file.sys_id
            ));
        } else if is_beside {
            beside.push(file.sys_id.clone());
        }
    }
    (beside, left_out)
}

/// Whether a file may go to partners. One of an unknown size is measured on its way.
pub(super) fn is_carried(facts: &Facts, file: &Attachment) -> bool {
    let rule = &facts.mapping.documents_to_partner;
    rule.takes(&file.content_type) && file.size.is_none_or(|size| size <= rule.max_bytes)
}

/// The end of the last day that it is valid; nothing when it has no end.
fn valid_until(row: &Article) -> Option<Timestamp> {
    let day = row.valid_to.as_str();
    if day >= FOREVER {
        return None;
    }
    Timestamp::parse_rfc3339(&format!("{day}T23:59:59Z")).ok()
}

/// The language as a tag, for example `pt-BR`.
fn language(stored: &str) -> String {
    let tag = stored.trim().replace('_', "-");
    let mut parts = tag.split('-');
    let is_word = |part: &str, from: usize, of: fn(&u8) -> bool| {
        (from..=8).contains(&part.len()) && part.as_bytes().iter().all(of)
    };
    let first = parts
        .next()
        .is_some_and(|part| is_word(part, 2, u8::is_ascii_alphabetic));
    let others = parts.all(|part| is_word(part, 1, u8::is_ascii_alphanumeric));
    if first && others { tag } else { LANGUAGE.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_a_tag_or_the_usual_one() {
        for (stored, wanted) in [
            ("de", "de"),
            (" pt_BR ", "pt-BR"),
            ("zh-Hant-TW", "zh-Hant-TW"),
            ("es-419", "es-419"),
            ("", LANGUAGE),
            ("e", LANGUAGE),
            ("e1", LANGUAGE),
            ("de-", LANGUAGE),
            ("de-a b", LANGUAGE),
            ("de-abcdefghi", LANGUAGE),
            ("de\"onload", LANGUAGE),
        ] {
            assert_eq!(language(stored), wanted, "{stored}");
        }
    }
}
