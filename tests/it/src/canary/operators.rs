//! Secrets and contents where operators look.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;
use worlds::Rule;

use crate::play::{default_mapping, in_town, signed};
use crate::scenarios;
use crate::stories::status;
use crate::undisturbed::plays;

#[test]
fn no_secret_and_no_content_of_any_scenario_is_where_operators_look() {
    let mut counts = [0; 4];
    for play in plays() {
        assert_eq!(play.leaks, Vec::<String>::new(), "{}", play.name);
        for (all, of_play) in counts.iter_mut().zip(play.witnessed) {
            *all += of_play;
        }
        let [secrets, _, logged, _] = play.witnessed;
        assert!(secrets >= 5 && logged > 1000, "{}: {:?}", play.name, play.witnessed);
    }
    println!("secrets, contents, bytes logged, messages sent: {counts:?}");
    let [secrets, contents, logged, sent] = counts;
    assert!(
        secrets > 1000 && contents > 1000 && logged > 100_000 && sent > 200,
        "{counts:?}"
    );
}

#[test]
fn what_a_refusal_quotes_is_not_where_operators_look() {
    in_town(default_mapping(), async |town, play| {
        let _listening = town.witness.listen();
        town.witness.plant_secrets(town);
        play.open_the_doors();
        let event = scenarios::opens(&town.community);
        let summary = event["data"]["summary"].as_str().unwrap();
        let said = json!({"message": "Operation Failed", "detail": format!("Invalid text: {summary}")});
        let refusal = status(403, Some(json!({"error": said, "status": "failure"}).to_string()));
        town.servicenow.knobs().add(Rule::always("POST", "/api/now", refusal));
        play.deliver(&event).await;
        play.quiet().await;
        let places = town.witness.places(town);
        let (_, parked) = places
            .iter()
            .find(|(place, _)| *place == "why something is parked")
            .unwrap();
        assert!(parked.contains("Invalid text"), "the refusal itself is told: {parked}");
        assert_eq!(town.witness.leaks(town), Vec::<String>::new());
    });
}

#[test]
fn what_a_sender_is_answered_quotes_neither_event_nor_keys() {
    in_town(default_mapping(), async |town, play| {
        let _listening = town.witness.listen();
        let event = scenarios::opens(&town.community);
        let breakages = [
            ("/data/priority", json!("canary of a priority")),
            ("/data/kind", json!("canary of a kind")),
            ("/data/summary", json!(["canary of a summary"])),
            ("/time", json!("canary of a time")),
            ("/data/version", json!("canary of a version")),
        ];
        for (pointer, value) in breakages {
            let mut broken = event.clone();
            let Some(member) = broken.pointer_mut(pointer) else {
                panic!("the event has no {pointer}")
            };
            *member = value;
            let request = signed(broken.to_string(), "trading-grid", &town.clock);
            town.witness.hears(&request);
            let answer = play.post(request).await;
            assert_eq!(answer.status_code, 400, "{pointer}: {}", answer.body);
            assert!(!answer.body.contains("canary"), "{pointer}: {}", answer.body);
        }
        let places = town.witness.places(town);
        let (_, log) = &places[0];
        assert!(log.contains("not accepted") && !log.contains("canary"), "{log}");
        assert_eq!(town.witness.leaks(town), Vec::<String>::new());
    });
}

#[test]
fn a_secret_or_a_content_that_is_logged_is_found() {
    in_town(default_mapping(), async |town, play| {
        let _listening = town.witness.listen();
        town.witness.plant_secrets(town);
        play.open_the_doors();
        play.deliver(&scenarios::opens(&town.community)).await;
        play.deliver(&scenarios::comments(&town.community)).await;
        play.quiet().await;
        assert_eq!(town.witness.leaks(town), Vec::<String>::new());
        for leak in [
            "Can somebody look at this?",
            crate::witness::PLANTED[0],
            crate::town::WEBHOOK_KEY,
        ] {
            tracing::error!(target: "shared", leak, "an error of ours");
            let found = catch_unwind(AssertUnwindSafe(|| {
                assert_eq!(town.witness.leaks(town), Vec::<String>::new())
            }));
            assert!(found.is_err(), "{leak} is in the log, and nobody finds it");
            town.witness.forget_lines();
        }
    });
}
