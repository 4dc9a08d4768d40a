//! Onboarding is reported step by step to a company that exists.

use super::*;

fn report(version: u64, state: &str) -> Value {
    json!({
        "version": version,
        "kind": "onboard-partner",
        "state": state,
        "label": "Setting up your mailbox",
        "steps": [
            { "key": "approved", "label": "Approved", "state": "done", "at": "2026-11-22T09:00:00Z" },
            { "key": "mailbox", "label": "Mailbox", "state": "in-progress" },
        ],
        "since": "2026-11-22T10:00:00Z",
    })
}

#[tokio::test(start_paused = true)]
async fn an_onboarding_is_read_as_it_was_last_reported() {
    let community = seeded();
    let desk = Desk::new(&community).await;
    let path = format!("/onboarding/{MERIDIAN}/RITM0010001");
    assert_eq!(desk.get(&path).await.problem(), (404, "not-found"));
    assert_eq!(desk.put(&path, "k-1", report(1, "in-progress")).await.status, 200);
    assert_eq!(
        desk.put(&path, "k-2", report(1, "done")).await.problem(),
        (409, "version-superseded")
    );
    assert_eq!(desk.put(&path, "k-3", report(2, "done")).await.status, 200);
    assert_eq!(desk.get(&path).await.body["state"], "done");
    let seen = community.partner_sees(MERIDIAN);
    assert_eq!(seen["onboardings"][0]["steps"][1]["key"], "mailbox");
    assert_eq!(community.partner_sees(NORTHWIND)["onboardings"], json!([]));
    let nobody = desk.put("/onboarding/GC99/RITM0010001", "k-4", report(1, "done")).await;
    assert_eq!(nobody.problem(), (404, "not-found"));
}
