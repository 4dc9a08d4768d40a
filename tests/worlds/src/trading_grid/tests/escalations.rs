//! The workspace of an escalated issue.

use super::*;
use crate::trading_grid::{FileSeed, MilestoneSeed, PartnerAct, Side};

fn milestone(version: u64, owner: &str) -> Value {
    json!({ "version": version, "title": "New label approved", "owner": owner, "state": "planned" })
}

fn partners(state: &str) -> MilestoneSeed {
    MilestoneSeed {
        version: 0,
        title: "Trucks loaded".to_owned(),
        owner: Side::Partner,
        state: state.to_owned(),
        due_at: None,
        note: None,
    }
}

fn escalates(reason: &str) -> PartnerAct {
    PartnerAct::Escalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: "ISS-1".to_owned(),
        reason: Some(reason.to_owned()),
        author: None,
    }
}

#[tokio::test(start_paused = true)]
async fn the_desk_opens_a_workspace_and_both_sides_work_in_it() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let base = format!("/issues/{NORTHWIND}/ISS-1/escalation");
    assert_eq!(desk.get(&base).await.problem(), (404, "not-found"));
    let ended = desk.put(&base, "k-0", json!({ "version": 1, "state": "ended" })).await;
    assert_eq!(ended.problem(), (404, "not-found"));
    let open = json!({ "version": 1, "state": "open", "label": "Line down", "leadName": "Maria Santos" });
    let opened = desk.put(&base, "k-1", open).await;
    assert_eq!(
        (&opened.body["openedBy"], &opened.body["version"]),
        (&json!("desk"), &json!(1))
    );
    let made = desk
        .put(&format!("{base}/milestones/m-1"), "k-2", milestone(1, "desk"))
        .await;
    assert_eq!((made.status, &made.body["milestoneId"]), (200, &json!("m-1")));
    let file = desk
        .upload(
            &format!("{base}/documents?fileName=plan.txt"),
            "k-3",
            "text/plain",
            "plan",
        )
        .await;
    let message =
        json!({ "text": "See the plan.", "author": { "name": "Maria" }, "documentIds": [file.body["documentId"]] });
    assert_eq!(desk.post(&format!("{base}/messages"), "k-4", message).await.status, 201);
    let lost = json!({ "text": "x", "author": { "name": "Maria" }, "documentIds": ["doc-pod"] });
    let refused = desk.post(&format!("{base}/messages"), "k-5", lost).await;
    assert_eq!(refused.problem(), (422, "unknown-reference"));
    let events = community.act(PartnerAct::WritesInWorkspace {
        company_id: NORTHWIND.to_owned(),
        issue_id: "ISS-1".to_owned(),
        text: "Thank you.".to_owned(),
        document_ids: Vec::new(),
        author: None,
    });
    assert_eq!(events[0].kind, "gridlink.community.escalation.message-posted.v1");
    let messages = desk.get(&format!("{base}/messages")).await.body;
    assert_eq!(messages["items"].as_array().unwrap().len(), 2);
    let issue = community.issue(NORTHWIND, "ISS-1").unwrap();
    assert_eq!((&issue["isEscalated"], &issue["version"]), (&json!(true), &json!(6)));
    let seen = community.partner_sees_issue(NORTHWIND, "ISS-1").unwrap();
    assert_eq!(seen["escalation"]["messages"][0]["text"], "See the plan.");
}

#[tokio::test(start_paused = true)]
async fn an_ended_workspace_is_readable_and_takes_no_more() {
    let community = with_issue();
    let desk = Desk::new(&community).await;
    let base = format!("/issues/{NORTHWIND}/ISS-1/escalation");
    desk.put(&base, "k-1", json!({ "version": 1, "state": "open" })).await;
    let ended = desk
        .put(
            &base,
            "k-2",
            json!({ "version": 2, "state": "ended", "reason": "Solved." }),
        )
        .await;
    assert_eq!(ended.body["endedAt"], "2026-11-22T10:00:00.000Z");
    let message = json!({ "text": "x", "author": { "name": "Maria" } });
    let refused = desk.post(&format!("{base}/messages"), "k-3", message).await;
    assert_eq!(refused.problem(), (409, "resource-closed"));
    let refused = desk
        .put(&format!("{base}/milestones/m-1"), "k-4", milestone(1, "desk"))
        .await;
    assert_eq!(refused.problem(), (409, "resource-closed"));
    assert_eq!(desk.get(&base).await.body["state"], "ended");
    let superseded = desk.put(&base, "k-5", json!({ "version": 2, "state": "open" })).await;
    assert_eq!(superseded.problem(), (409, "version-superseded"));
    let again = desk.put(&base, "k-6", json!({ "version": 3, "state": "open" })).await;
    assert_eq!(
        (&again.body["state"], again.body.get("endedAt")),
        (&json!("open"), None)
    );
}

#[tokio::test(start_paused = true)]
async fn a_workspace_that_the_partner_opened_is_joined() {
    let community = with_issue();
    let events = community.act(escalates("The line stops at noon."));
    assert_eq!(events[0].data["reason"], "The line stops at noon.");
    let desk = Desk::new(&community).await;
    let base = format!("/issues/{NORTHWIND}/ISS-1/escalation");
    assert_eq!(desk.get(&base).await.body.get("version"), None);
    let joins = |version| json!({ "version": version, "state": "open", "joins": true });
    let joined = desk.put(&base, "k-1", joins(7)).await;
    assert_eq!(
        (&joined.body["openedBy"], &joined.body["version"]),
        (&json!("partner"), &json!(7))
    );
    assert_eq!(joined.body["reason"], "The line stops at noon.");
    community.act(PartnerAct::DeEscalates {
        company_id: NORTHWIND.to_owned(),
        issue_id: "ISS-1".to_owned(),
        reason: None,
        author: None,
    });
    let refused = desk.put(&base, "k-2", joins(8)).await;
    assert_eq!(
        refused.problem(),
        (409, "resource-closed"),
        "what the partner ended is not opened"
    );
    assert_eq!(desk.get(&base).await.body["state"], "ended");
}

#[tokio::test(start_paused = true)]
async fn a_milestone_belongs_to_the_partner_once_the_partner_has_changed_it() {
    let community = with_issue();
    community.act(escalates("Urgent"));
    let desk = Desk::new(&community).await;
    let path = format!("/issues/{NORTHWIND}/ISS-1/escalation/milestones/m-1");
    assert_eq!(desk.put(&path, "k-1", milestone(1, "partner")).await.status, 200);
    let events = community.act(PartnerAct::ChangesMilestone {
        company_id: NORTHWIND.to_owned(),
        issue_id: "ISS-1".to_owned(),
        milestone_id: "m-1".to_owned(),
        milestone: partners("done"),
        author: None,
    });
    assert_eq!(events[0].data["milestone"]["state"], "done");
    let refused = desk.put(&path, "k-2", milestone(9, "partner")).await;
    assert_eq!(refused.problem(), (409, "owned-by-partner"));
    let path = path.replace("m-1", "m-2");
    desk.put(&path, "k-3", milestone(1, "desk")).await;
    let change = json!({
        "act": "changes-milestone", "companyId": NORTHWIND, "issueId": "ISS-1", "milestoneId": "m-2",
        "milestone": { "title": "x", "owner": "partner", "state": "done" },
    });
    assert_eq!(admin(&community, "/acts", change).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test(start_paused = true)]
async fn documents_of_the_workspace_are_not_those_of_the_issue() {
    let community = with_issue();
    community.act(escalates("Urgent"));
    community.act(PartnerAct::UploadsToWorkspace {
        company_id: NORTHWIND.to_owned(),
        issue_id: "ISS-1".to_owned(),
        file: FileSeed::new("photo.png", "image/png", b"png"),
        author: None,
    });
    let desk = Desk::new(&community).await;
    let workspace = desk.get(&format!("/issues/{NORTHWIND}/ISS-1/escalation")).await.body;
    assert_eq!(workspace["documents"][0]["name"], "photo.png");
    assert_eq!(community.issue(NORTHWIND, "ISS-1").unwrap()["documents"], json!([]));
}
