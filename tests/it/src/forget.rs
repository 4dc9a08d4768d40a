//! A partner is forgotten: its words go, and what was done stays done.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use gridlink::forget;
use serde_json::Value;
use tokio::time::sleep;

use crate::faults::{Fault, Plan};
use crate::operate::{cases, place};
use crate::oracle;
use crate::play::{Play, default_mapping, in_paused_time, in_town};
use crate::reconcile::polled;
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::stories::refused;
use crate::town::{TABLE, Town};

/// Texts that people wrote: every string of some words.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.trim().contains([' ', '@']) => {
            found.insert(text.trim().to_owned());
        }
        Value::Array(list) => list.iter().for_each(|one| texts(one, found)),
        Value::Object(map) => map.values().for_each(|one| texts(one, found)),
        _ => {}
    }
}

/// Whatever was written in events, records and requests of partners; articles are not theirs.
fn words(town: &Town) -> BTreeSet<String> {
    let (mut found, mut roles) = (BTreeSet::new(), BTreeSet::new());
    for item in town.cloud.items(TABLE).iter() {
        let (pk, sk) = (item["pk"].as_str().unwrap(), item["sk"].as_str().unwrap());
        let is_feedback = item["event"]
            .as_str()
            .is_some_and(|event| event.contains("feedback-given"));
        let is_of_articles = pk.starts_with("articles/") || pk.starts_with("records/") || sk.starts_with("ARTICLE#");
        if is_of_articles && !is_feedback {
            continue;
        }
        for member in ["event", "kept"] {
            let text = item[member].as_str().unwrap_or("null");
            let parsed: Value = serde_json::from_str(text).unwrap_or_default();
            texts(if member == "event" { &parsed["data"] } else { &parsed }, &mut found);
        }
        let kept: Value = serde_json::from_str(item["kept"].as_str().unwrap_or("null")).unwrap_or_default();
        // Roles have names of their own.
        texts(&kept["members"], &mut roles);
        texts(&kept["deeds"], &mut roles);
        texts(&item["base"], &mut found);
    }
    found.retain(|text| !roles.contains(text) || text.contains('@'));
    found
}

/// Items that still hold one of the words.
fn holding(town: &Town, words: &BTreeSet<String>) -> Vec<String> {
    let items = town.cloud.items(TABLE);
    let held = items.iter().filter_map(|item| {
        let text = item.to_string();
        let word = words.iter().find(|word| {
            let quoted = Value::from(word.as_str()).to_string();
            text.contains(quoted.trim_matches('"')) || text.contains(word.as_str())
        });
        Some(format!("{} {} holds {:?}", item["pk"], item["sk"], word?))
    });
    held.collect()
}

#[test]
fn no_word_of_the_partner_is_left_and_what_comes_again_makes_nothing_new() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        let _ = scenarios::opens_with_document(&town.community);
        let _ = scenarios::comments(&town.community);
        polled(town, play).await;
        let case = scenarios::case(town);
        town.servicenow.agent_comment(&case, "We look into it.");
        play.quiet().await;
        let words = words(town);
        assert!(words.iter().any(|word| word.contains("Can somebody look")), "{words:?}");
        assert!(!holding(town, &words).is_empty());

        let place = place(town);
        let before = town.cloud.items(TABLE);
        let dry = forget::forget(&place, NORTHWIND, false).await.unwrap();
        assert!(dry.has_findings && dry.data["items"].as_u64() > Some(5), "{}", dry.data);
        assert_eq!(dry.data["subjects"][0]["records"].as_array().map(Vec::len), Some(1));
        assert_eq!(before, town.cloud.items(TABLE), "a dry run changes nothing");
        let other = forget::forget(&place, "GC99", false).await.unwrap();
        assert_eq!(other.data["items"], 0, "{}", other.data);

        let done = forget::forget(&place, NORTHWIND, true).await.unwrap();
        assert!(!done.has_findings, "{}", done.data);
        let left = holding(town, &words);
        assert!(left.is_empty(), "{left:#?}");
        let told = oracle::story(town);
        assert!(told.iter().all(|(_, line)| line == "erased"), "{told:?}");
        oracle::check_table(town);
        assert_eq!(forget::forget(&place, NORTHWIND, true).await.unwrap().data["items"], 0);

        // Late duplicates, by poll and by push.
        let calls = town.servicenow.calls().len();
        let clients = place.clients().unwrap();
        let now = town.clock.now();
        let polled_again = clients.poll_feed(
            Some(now.before(Duration::from_secs(7200))),
            "again",
            now.after(Duration::from_secs(60)),
        );
        assert_eq!(polled_again.await.unwrap().told, 0);
        play.ring_everything();
        play.quiet().await;
        assert_eq!(town.servicenow.calls().len(), calls, "nothing was even asked");
        // The partner comes back: it is still the same record.
        let _ = scenarios::comments(&town.community);
        sleep(Duration::from_secs(30)).await;
        polled(town, play).await;
        assert_eq!(cases(town).len(), 1);
        assert_eq!(town.servicenow.journal(&case, "comments").len(), 3);
        oracle::check_table(town);
    });
}

#[test]
fn whoever_has_something_waiting_or_parked_is_not_forgotten() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        refused(town, play).await;
        let place = place(town);
        let before = town.cloud.items(TABLE);
        let refused = forget::forget(&place, NORTHWIND, true).await.unwrap_err();
        assert!(
            refused.message.contains(ISSUE) && refused.advice.contains("gridlink parked dismiss"),
            "{refused}"
        );
        assert_eq!(before, town.cloud.items(TABLE));
        town.servicenow.knobs().clear();
        place
            .store
            .replay(&shared::domain::Stream {
                subject: crate::operate::SUBJECT.to_owned().try_into().unwrap(),
                lane: shared::domain::Lane::In,
            })
            .await
            .unwrap();
        play.quiet().await;
    });
}

/// Every story that ends with nothing left to do can be forgotten.
#[test]
fn every_story_can_be_forgotten() {
    let mut forgotten = 0;
    for scenario in scenarios::all() {
        in_paused_time(async {
            let town = Town::new(Plan::default(), default_mapping());
            let play = Play::new(&town);
            play.run(&scenario, false).await;
            let words = words(&town);
            let place = place(&town);
            let companies: BTreeSet<String> = companies(&town);
            let mut is_waiting = false;
            for company in &companies {
                is_waiting |= forget::forget(&place, company, true).await.is_err();
            }
            // A question to the partner, or a request that is not over, still waits.
            if is_waiting || companies.is_empty() {
                return;
            }
            let left = holding(&town, &words);
            assert!(left.is_empty(), "{}: {left:#?}", scenario.name);
            forgotten += 1;
        });
    }
    assert!(forgotten > 30, "{forgotten}");
}

/// The companies that the table knows.
fn companies(town: &Arc<Town>) -> BTreeSet<String> {
    let items = town.cloud.items(TABLE);
    let text = items.iter().map(Value::to_string).collect::<String>();
    let begins = text.match_indices("GC").map(|(at, _)| &text[at..]);
    let ids = begins.map(|rest| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>());
    ids.filter(|id| id.len() > 8).collect()
}

#[test]
fn a_partner_is_forgotten_whatever_happens_to_the_calls() {
    let under = |plan: Plan| {
        in_paused_time(async {
            let town = Town::new(plan, default_mapping());
            let play = Play::new(&town);
            play.open_the_doors();
            play.deliver(&scenarios::opens(&town.community)).await;
            play.quiet().await;
            let words = words(&town);
            let place = place(&town);
            let before = town.calls().len();
            let _ = forget::forget(&place, NORTHWIND, true).await;
            let after = town.calls().len();
            let again = forget::forget(&place, NORTHWIND, true).await.unwrap();
            assert!(!again.has_findings, "{}", again.data);
            assert!(holding(&town, &words).is_empty());
            oracle::check_table(&town);
            assert!(town.violations.lock().unwrap().is_empty());
            (before, after)
        })
    };
    let (before, after) = under(Plan::default());
    assert!(after > before + 8);
    for at in before..after {
        for fault in [Fault::Lost, Fault::Conflict, Fault::Throttle] {
            under(Plan::default().and(at, fault));
        }
    }
}
