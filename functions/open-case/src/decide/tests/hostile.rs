//! Whatever a partner writes, what is decided is safe, within its lengths, and decided once.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use shared::domain::{LinkKey, SysId};
use shared::effect::Effect;
use shared::event::Event;
use shared::mapping::{Mapping, Mode};

use super::desk::{self, *};
use crate::{Facts, Place, decide};

/// Texts that have steered queries, scripts, readers or HTML somewhere.
const HOSTILE: [&str; 14] = [
    "a^ORactive=true",
    "javascript:gs.getUser()",
    "{{ partner.id }}{% for x in range(9) %}",
    "[code]<script>alert(1)</script>[/code]",
    "[\u{200B}co\u{202E}de][CODE]<b>[/cOdE]",
    "\u{202E}fdp.exe",
    "\u{2066}a\u{2069}\u{200F}\u{200B}\u{FEFF}",
    "a\0b\u{7}c\u{1b}[31md\u{85}e",
    "line\r\nline\rline\n\n\tline",
    "../../etc/passwd",
    "\"'<>|:*?\\/",
    "via Trading Grid · ref 0000000000000000",
    "…\n\n[The complete text is attached as x.txt.]",
    "💥é字",
];

/// A mapping that puts partner text into other fields than the usual two.
fn mapping() -> Arc<Mapping> {
    let more = "    fields:\n      u_order: \"{{ transaction.businessKeys['purchase order number'] }}\"\n      \
                u_address: \"{{ transaction.senderAddress }}\"\n      \
                u_words: \"{{ issue.summary }} {{ issue.description }}\"\n      short_description:";
    mapping_with("    fields:\n      short_description:", more)
}

#[track_caller]
fn is_safe(event: &Event, facts: &Facts) {
    let effects = decide(event, facts);
    assert_eq!(effects, decide(event, facts), "decided twice alike");
    for (field, text) in written(&effects) {
        let bad = text.chars().find(|character| {
            let may_break = !matches!(field, "short_description" | "file_name" | "story");
            (character.is_control() && !(may_break && matches!(character, '\n' | '\t')))
                || matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        });
        assert_eq!(bad, None, "{field}: {text:?}");
        assert!(!text.to_lowercase().contains("[code]"), "{field}: {text:?}");
        assert!(!text.to_lowercase().contains("[/code]"), "{field}: {text:?}");
        let longest = match field {
            "short_description" => 160,
            "comments" | "work_notes" => 16_000,
            "file_name" => 160,
            _ => 4_000,
        };
        assert!(
            text.chars().count() <= longest,
            "{field} has {} characters",
            text.chars().count()
        );
    }
    is_for_this_issue_only(event, facts, &effects);
    claims_differ(&effects);
}

/// Every record is one that this issue may have, by an id that the event and the issue choose.
fn is_for_this_issue_only(event: &Event, facts: &Facts, effects: &[Effect]) {
    let follow_up = LinkKey::follow_up(&event.sender, &event.id);
    let mut ids = [LinkKey::case(), follow_up]
        .map(|link| SysId::chosen(&facts.deployment, &facts.subject, &link))
        .to_vec();
    if let Place::Linked(linked) = &facts.place {
        ids.push(linked.link.record.sys_id.clone());
    }
    for effect in effects {
        if let Some(record) = effect.record() {
            assert!(ids.contains(&record.sys_id), "{effect}");
        }
    }
}

/// No two effects ask the ledger for the same claim.
fn claims_differ(effects: &[Effect]) {
    let mut claims = BTreeSet::new();
    for effect in effects {
        let claim = match effect {
            Effect::AddJournal(add) => (&add.record.sys_id, add.in_journal()),
            Effect::Attach(attach) => (&attach.record.sys_id, attach.what()),
            Effect::CreateRecord(create) => (&create.record.sys_id, "create".to_owned()),
            Effect::UpdateFields(_)
            | Effect::PostComment(_)
            | Effect::ShareDocument(_)
            | Effect::PostNotice(_)
            | Effect::ReportStatus(_)
            | Effect::ReportClosure(_)
            | Effect::Remind(_)
            | Effect::AskEscalation(_)
            | Effect::MoveLanes(_)
            | Effect::ReportEscalation(_)
            | Effect::ReportMilestone(_)
            | Effect::ReportOutcome(_)
            | Effect::CloseRequest(_)
            | Effect::Remember(_)
            | Effect::Follow(_)
            | Effect::Recognize(_)
            | Effect::PassOn(_)
            | Effect::AskForDraft(_)
            | Effect::CountIssue(_)
            | Effect::AddRow(_)
            | Effect::PassToArticle(_)
            | Effect::PublishArticle(_)
            | Effect::WithdrawArticle(_)
            | Effect::Mark(_)
            | Effect::Adopt(_)
            | Effect::TakeTurn { .. }
            | Effect::Provision(_)
            | Effect::ReportOnboarding(_)
            | Effect::GoOn { .. }
            | Effect::Tell { .. } => continue,
        };
        assert!(claims.insert((claim.0.to_string(), claim.1)), "twice: {effect}");
    }
}

/// All kinds of event, with this text wherever a partner may write.
fn events(text: &str, documents: &[Value]) -> Vec<Event> {
    let short = shared::messages::cut(text, 24);
    let name = if short.is_empty() { "-" } else { short.as_str() };
    let named = |document: &Value| {
        let mut document = document.clone();
        document["name"] = name.into();
        document
    };
    let documents = documents.iter().map(named).collect::<Vec<_>>();
    let author = json!({"userId": "U1", "name": short});
    let prose = format!("{text}.");
    let opened = event_with(OPENED, |data| {
        data["summary"] = prose.as_str().into();
        data["description"] = text.into();
        data["author"] = author.clone();
        data["documents"] = documents.clone().into();
        data["transactionRef"]["senderAddress"] = short.as_str().into();
        data["transactionRef"]["businessKeys"] = json!({short.as_str(): short, "purchase order number": short});
    });
    let updated = event_with(UPDATED, |data| {
        data["changes"] = json!({"summary": prose, "description": text, "priority": "low", "category": "other"});
    });
    let commented = event_with(COMMENTED, |data| {
        data["comment"]["text"] = prose.as_str().into();
        data["comment"]["author"] = author.clone();
    });
    let shared = documents
        .first()
        .map(|document| event_with(SHARED, |data| data["document"] = document.clone()));
    let confirmed = event_with(CONFIRMED, |data| data["author"] = author.clone());
    let disputed = event_with(DISPUTED, |data| {
        data["reason"] = prose.as_str().into();
        data["author"] = author.clone();
    });
    let act = |sample| {
        event_with(sample, |data| {
            data["reason"] = text.into();
            data["author"] = author.clone();
        })
    };
    let said = event_with(MESSAGE, |data| {
        data["message"]["text"] = prose.as_str().into();
        data["message"]["author"] = author.clone();
    });
    let milestone = event_with(MILESTONE, |data| {
        data["milestone"]["title"] = prose.as_str().into();
        data["milestone"]["note"] = text.into();
    });
    let others = [confirmed, disputed, act(ESCALATED), act(DE_ESCALATED), said, milestone];
    [opened, updated, commented]
        .into_iter()
        .chain(shared)
        .chain(others)
        .collect()
}

/// Every place that an issue of these events can be in.
fn places(mapping: &Arc<Mapping>, events: &[Event], state: &str, edited: &str) -> Vec<Facts> {
    let opened = &events[0];
    let known = || issue(opened);
    let mut places = vec![nowhere_by(mapping, known())];
    for first in events {
        places.push(made_by(first, nowhere_by(mapping, known())));
    }
    let plain = event(OPENED);
    for content_of in [&plain, opened] {
        let facts = with_field(made_by(&plain, nowhere_by(mapping, issue(&plain))), "state", state);
        places.push(knowing(facts, |issue| *issue = desk::issue(content_of)));
    }
    let facts = made_by(&plain, nowhere_by(mapping, issue(&plain)));
    places.push(knowing(with_field(facts, "description", edited), |issue| {
        *issue = known()
    }));
    let closed = with_field(made_by(&plain, nowhere_by(mapping, issue(&plain))), "state", "3");
    let follow_up = made_by(&events[2], knowing(closed, |issue| *issue = known()));
    places.push(knowing(follow_up, |issue| *issue = known()));
    places
}

#[test]
fn hostile_text_comes_out_safe_from_every_field() {
    let papers = [
        document("doc-b", "application/pdf", 1),
        document("doc-c", "application/x-sh", 1),
    ];
    let mapping = mapping();
    for text in HOSTILE {
        let long = text.repeat(1 + 20_000 / text.len());
        for text in [text, long.as_str()] {
            let events = events(text, &papers);
            for facts in places(&mapping, &events, "6", text) {
                for event in &events {
                    is_safe(event, &facts);
                }
            }
        }
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        select(HOSTILE.as_slice()).prop_map(str::to_owned),
        ".{0,60}",
        "[a-z \n]{0,400}"
    ];
    (vec(piece, 0..6), select([1usize, 1, 1, 30].as_slice())).prop_map(|(pieces, times)| pieces.concat().repeat(times))
}

fn any_documents() -> impl Strategy<Value = Vec<Value>> {
    const KINDS: [&str; 3] = ["application/pdf", "text/plain", "application/x-sh"];
    let one = (0..8u8, select(KINDS.as_slice()), select([0, 10, 26_214_401].as_slice()));
    vec(
        one.prop_map(|(id, kind, size)| document(&format!("doc-{id}"), kind, size)),
        0..25,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn whatever_partners_write_is_decided_safely(
        text in any_text(),
        edited in any_text(),
        documents in any_documents(),
        state in select(["1", "6", "3", "7", ""].as_slice()),
        mode in select([Mode::On, Mode::On, Mode::Shadow, Mode::Off].as_slice()),
        before in 0..30usize,
    ) {
        let events = events(&text, &documents);
        let mapping = mapping();
        for mut facts in places(&mapping, &events, state, &edited) {
            match &mut facts.place {
                Place::Nowhere(content) => content.routed.mode = mode,
                Place::Linked(linked) => {
                    linked.documents_before = before;
                    if let Some(content) = &mut linked.content {
                        content.routed.mode = mode;
                    }
                }
            }
            for event in &events {
                is_safe(event, &facts);
            }
        }
    }
}
