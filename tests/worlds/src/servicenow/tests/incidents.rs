use serde_json::json;

use super::{ask, body_json, create, seeded};
use crate::ServiceNow;

/// A parent with children in these states.
async fn family(instance: &ServiceNow, children: &[&str]) -> (String, Vec<String>) {
    let parent = create(instance, "incident", json!({ "short_description": "All of them" })).await;
    let parent = parent["sys_id"].as_str().unwrap().to_owned();
    let mut ids = Vec::new();
    for state in children {
        let fields = json!({
            "short_description": "One of them", "parent_incident": parent, "state": state,
            "close_code": "Solution provided", "close_notes": "Its own.",
        });
        ids.push(
            create(instance, "incident", fields).await["sys_id"]
                .as_str()
                .unwrap()
                .to_owned(),
        );
    }
    (parent, ids)
}

async fn set(instance: &ServiceNow, id: &str, fields: serde_json::Value) {
    let answer = ask(
        instance,
        "PATCH",
        &format!("/api/now/table/incident/{id}"),
        Some(fields),
    )
    .await;
    assert_eq!(answer.status(), 200, "{}", body_json(&answer));
}

fn states(instance: &ServiceNow, ids: &[String]) -> Vec<String> {
    ids.iter()
        .map(|id| instance.row("incident", id).unwrap()["state"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_parent_becomes_of_its_children() {
    let instance = seeded();
    let (parent, children) = family(&instance, &["1", "6", "7"]).await;
    let others = family(&instance, &["1"]).await.1;
    set(&instance, &parent, json!({ "state": "2" })).await;
    assert_eq!(states(&instance, &children), ["2", "6", "7"]);
    set(&instance, &parent, json!({ "state": "3", "hold_reason": "1" })).await;
    assert_eq!(
        states(&instance, &children),
        ["2", "6", "7"],
        "each awaits its own caller"
    );
    set(&instance, &parent, json!({ "state": "3", "hold_reason": "4" })).await;
    assert_eq!(
        states(&instance, &children),
        ["2", "6", "7"],
        "the state of the parent did not change"
    );
    set(&instance, &parent, json!({ "state": "2" })).await;
    set(&instance, &parent, json!({ "state": "3", "hold_reason": "4" })).await;
    assert_eq!(states(&instance, &children), ["3", "6", "7"]);
    assert_eq!(instance.row("incident", &children[0]).unwrap()["hold_reason"], "4");
    let solved = json!({ "state": "6", "close_code": "Known error", "close_notes": "The map is right again." });
    set(&instance, &parent, solved).await;
    assert_eq!(states(&instance, &children), ["6", "6", "7"]);
    let notes = |id: &String| instance.row("incident", id).unwrap()["close_notes"].clone();
    assert_eq!(
        [notes(&children[0]), notes(&children[1])],
        ["The map is right again.", "Its own."]
    );
    set(&instance, &parent, json!({ "state": "2" })).await;
    assert_eq!(
        states(&instance, &children),
        ["2", "2", "7"],
        "a parent that opens again opens them again"
    );
    set(&instance, &parent, json!({ "state": "8" })).await;
    assert_eq!(states(&instance, &children), ["2", "2", "7"]);
    assert_eq!(states(&instance, &others), ["1"]);
}

#[tokio::test(start_paused = true)]
async fn finished_children_of_a_parent_that_is_worked_on_are_a_guess() {
    let instance = seeded();
    instance.guess(|guesses| guesses.parent_reaches_finished_children = true);
    let (parent, children) = family(&instance, &["6", "7"]).await;
    set(&instance, &parent, json!({ "state": "2" })).await;
    assert_eq!(states(&instance, &children), ["2", "7"]);
}
