//! Scenarios of `create-task`: which tasks threads lead to, and what their partners see of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use worlds::TradingGrid;
use worlds::trading_grid::{FileSeed, PartnerAct};

use crate::cost::Cost;
use crate::faults::System;
use crate::oracle::story;
use crate::play::{Play, default_mapping, in_town};
use crate::scenarios::{
    CASE, Expected, INTERNAL, ISSUE, NORTHWIND, Scenario, Step, Struck, ThreadView, case, opens, opens_connectivity,
    scenario,
};
use crate::town::Town;

pub(crate) const THREAD: &str = "THR-1";
const TOPIC: &str = "Shipping documents of purchase order 4500012345";
pub(crate) const TASKS: &str = "sc_task";
const LIST: &str = "Ten pallets for plant 1200.";

/// The task of the document control team.
const TASK: Expected = Expected {
    table: TASKS,
    correlation: "THR-1/req-2",
    fields: &[
        ("short_description", "corrected packing list"),
        ("assignment_group", "Document Control"),
        ("due_date", "2026-11-24 12:00:00"),
        (
            "description",
            "of Northwind Components (GC41543822654A), thread THR-1: Shipping documents",
        ),
    ],
    comments: &[],
    notes: &[],
    attachments: &[],
};

/// What is proved crash by crash.
pub(crate) fn scenarios() -> Vec<Scenario> {
    let told = |name, steps, expected, labels, thread| Scenario {
        is_told: true,
        labels,
        thread: Some(thread),
        ..scenario(name, steps, vec![expected])
    };
    vec![
        told(
            "document-requested-and-delivered",
            vec![
                Step::Partner(starts),
                Step::Partner(asks),
                Step::Then(writes),
                Step::Agent(delivers),
                Step::Agent(finishes),
            ],
            Expected {
                comments: &["wrote in the thread:\nThe plant is 1200."],
                ..TASK
            },
            &["accepted", "done"],
            ThreadView {
                messages: &["Here it is."],
                documents: &["packing-list.txt"],
                requests: &["fulfilled"],
                outcomes: &["done"],
            },
        ),
        told(
            "message-with-a-file-declined",
            vec![Step::Partner(starts_with_a_file), Step::Agent(declines)],
            Expected {
                correlation: "THR-1/msg-1",
                fields: &[
                    ("assignment_group", "Document Control"),
                    ("due_date", "2026-11-24 09:"),
                    ("short_description", "Shipping documents"),
                ],
                attachments: &["asn-856.edi"],
                ..TASK
            },
            &["accepted", "declined"],
            ThreadView {
                messages: &["We cannot."],
                documents: &[],
                requests: &[],
                outcomes: &["declined"],
            },
        ),
        Scenario {
            struck: Struck::By(&["create-task"]),
            ..told(
                "request-withdrawn",
                vec![
                    Step::Partner(starts),
                    Step::Partner(asks),
                    Step::Then(withdraws),
                    Step::Agent(declines),
                ],
                Expected {
                    comments: &["no longer needs the document:\nCustoms accepted"],
                    ..TASK
                },
                &["accepted", "declined"],
                ThreadView {
                    messages: &["We cannot."],
                    documents: &[],
                    requests: &["withdrawn"],
                    outcomes: &["declined"],
                },
            )
        },
        Scenario {
            struck: Struck::Arrivals,
            ..scenario(
                "message-meanwhile",
                vec![Step::Partner(starts), Step::Partner(asks), Step::Meanwhile(writes)],
                vec![Expected {
                    comments: &["wrote in the thread:\nThe plant is 1200."],
                    ..TASK
                }],
            )
        },
        Scenario {
            struck: Struck::By(&["create-task"]),
            ..scenario(
                "task-under-a-case",
                vec![Step::Partner(opens), Step::Then(starts_of_issue), Step::Partner(asks)],
                vec![
                    CASE,
                    Expected {
                        table: "sn_customerservice_task",
                        fields: &[("parent", ISSUE), ("assignment_group", "Document Control")],
                        ..TASK
                    },
                ],
            )
        },
    ]
}

/// The event that an act of the partner leads to.
pub(crate) fn told(community: &TradingGrid, act: PartnerAct) -> Value {
    serde_json::to_value(community.act(act).last().unwrap()).unwrap()
}

fn start(community: &TradingGrid, issue: Option<&str>, text: &str, files: Vec<FileSeed>) -> Value {
    let thread = json!({"companyId": NORTHWIND, "threadId": THREAD, "topic": TOPIC, "issueId": issue});
    let act = PartnerAct::StartsThread {
        thread: serde_json::from_value(thread).unwrap(),
        text: text.to_owned(),
        files,
        author: None,
    };
    told(community, act)
}

/// It complains, and asks for nothing yet.
pub(crate) fn starts(community: &TradingGrid) -> Value {
    start(community, None, "The packing list names the wrong plant.", Vec::new())
}

fn starts_of_issue(community: &TradingGrid) -> Value {
    start(
        community,
        Some(ISSUE),
        "The packing list names the wrong plant.",
        Vec::new(),
    )
}

pub(crate) fn starts_with_a_file(community: &TradingGrid) -> Value {
    let text = "Please send us the corrected bill of lading.";
    start(community, None, text, vec![FileSeed::known("doc-asn-856")])
}

pub(crate) fn write(community: &TradingGrid, text: &str, in_reply_to: Option<&str>) -> Value {
    let act = PartnerAct::WritesInThread {
        company_id: NORTHWIND.to_owned(),
        thread_id: THREAD.to_owned(),
        text: text.to_owned(),
        in_reply_to: in_reply_to.map(str::to_owned),
        document_ids: Vec::new(),
        author: None,
    };
    told(community, act)
}

pub(crate) fn writes(community: &TradingGrid) -> Value {
    write(community, "The plant is 1200.", None)
}

fn request(community: &TradingGrid, document_type: &str, needed_by: Option<&str>) -> Value {
    let request = json!({
        "documentType": document_type, "text": "Please send it with plant 1200.", "neededBy": needed_by,
        "author": {"userId": "GCP4N8W225A19", "name": "Ada Okafor"},
    });
    let act = PartnerAct::RequestsDocument {
        company_id: NORTHWIND.to_owned(),
        thread_id: THREAD.to_owned(),
        request: serde_json::from_value(request).unwrap(),
    };
    told(community, act)
}

pub(crate) fn asks(community: &TradingGrid) -> Value {
    request(community, "corrected packing list", Some("2026-11-24T12:00:00Z"))
}

fn withdraws(community: &TradingGrid) -> Value {
    let act = PartnerAct::WithdrawsRequest {
        company_id: NORTHWIND.to_owned(),
        thread_id: THREAD.to_owned(),
        request_id: thread(community)["documentRequests"][0]["requestId"]
            .as_str()
            .unwrap()
            .to_owned(),
        reason: Some("Customs accepted the old one.".to_owned()),
        author: None,
    };
    told(community, act)
}

fn provides(community: &TradingGrid) -> Value {
    let act = PartnerAct::ProvidesDocument {
        company_id: NORTHWIND.to_owned(),
        thread_id: THREAD.to_owned(),
        request_id: None,
        file: FileSeed::known("doc-pod"),
        author: None,
    };
    told(community, act)
}

fn thread(community: &TradingGrid) -> Value {
    community.partner_sees_thread(NORTHWIND, THREAD).unwrap()
}

/// The tasks of the thread, in the order in which they were made.
fn tasks(town: &Town) -> Vec<BTreeMap<String, String>> {
    let rows = town.servicenow.rows("task").into_iter();
    let ours = rows.filter(|row| row["correlation_id"].starts_with(THREAD));
    let mut tasks: Vec<_> = ours.collect();
    tasks.sort_by_key(|row| row["number"].clone());
    tasks
}

/// The sys_id of the first task.
pub(crate) fn task(town: &Town) -> String {
    tasks(town).first().map(|row| row["sys_id"].clone()).unwrap_or_default()
}

fn update(town: &Town, fields: &[(&str, &str)]) {
    let sys_id = task(town);
    let class = town.servicenow.row("task", &sys_id).unwrap()["sys_class_name"].clone();
    town.servicenow.update(&class, &sys_id, fields);
}

pub(crate) fn delivers(town: &Town) {
    let (sys_id, servicenow) = (task(town), &town.servicenow);
    servicenow.agent_file(&sys_id, "packing-list.txt", "text/plain", LIST);
    servicenow.agent_file(&sys_id, "internal.txt", "text/plain", INTERNAL);
    servicenow.agent_work_note(&sys_id, INTERNAL);
    servicenow.agent_comment(&sys_id, "Here it is.\nshare: packing-list.txt");
}

pub(crate) fn finishes(town: &Town) {
    update(town, &[("state", "3"), ("work_notes", INTERNAL)]);
}

pub(crate) fn declines(town: &Town) {
    let fields = [
        ("state", "4"),
        ("close_notes", "The carrier has the only copy."),
        ("comments", "We cannot."),
        ("work_notes", INTERNAL),
    ];
    update(town, &fields);
}

/// Runs a test in a town where ServiceNow posts its events.
fn when(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.tell();
        test(town, play).await;
    });
}

async fn deliver(town: &Arc<Town>, play: &Play, act: impl FnOnce(&TradingGrid) -> Value) {
    play.deliver(&act(&town.community)).await;
    play.quiet().await;
}

#[track_caller]
fn is_told(town: &Town, part: &str) {
    let story = story(town);
    assert!(story.iter().any(|(_, text)| text.contains(part)), "{story:#?}");
}

fn comments(town: &Town, sys_id: &str) -> Vec<String> {
    let entries = town.servicenow.journal(sys_id, "comments").into_iter();
    entries
        .map(|entry| entry.value.split("\n\nvia").next().unwrap().to_owned())
        .collect()
}

/// The words that the desk has in the thread.
fn said(town: &Town) -> Vec<String> {
    let thread = thread(&town.community);
    let messages = thread["messages"].as_array().unwrap().iter();
    let of_the_desk = messages.filter(|message| message["author"]["name"] == "Partner Support");
    of_the_desk
        .map(|message| message["text"].as_str().unwrap().to_owned())
        .collect()
}

fn notes(town: &Town, sys_id: &str) -> Vec<String> {
    let entries = town.servicenow.journal(sys_id, "work_notes").into_iter();
    let ours = entries.filter(|entry| entry.created_by == "gridlink.integration");
    ours.map(|entry| entry.value).collect()
}

#[test]
fn a_corrected_shipping_document_becomes_a_fulfilment_task_of_document_control() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        assert_eq!(tasks(town).len(), 0, "it asked for nothing yet");
        deliver(town, play, asks).await;
        let task = tasks(town).remove(0);
        assert_eq!(task["sys_class_name"], "sc_task");
        let company = town.servicenow.row("core_company", &task["company"]).unwrap();
        assert_eq!(company["u_trading_grid_id"], NORTHWIND);
        for part in [
            "Please send it with plant 1200.",
            "Asked on Trading Grid by Ada Okafor of",
            "thread THR-1: Shipping documents of purchase order 4500012345.",
            "Earlier in the thread:\n- ",
            ": The packing list names the wrong plant.",
        ] {
            assert!(task["description"].contains(part), "{part}: {}", task["description"]);
        }
        is_told(
            town,
            "the rule corrected-shipping-document makes a task of the request req-2",
        );
        let outcome = &thread(&town.community)["outcomes"][0];
        assert_eq!(
            (&outcome["state"], &outcome["requestId"]),
            (&json!("accepted"), &json!("req-2"))
        );
    });
}

#[test]
fn chatter_makes_no_task_and_goes_to_the_one_that_is_open() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        deliver(town, play, |community| write(community, "Thanks!", None)).await;
        assert_eq!(tasks(town).len(), 0);
        is_told(
            town,
            "no rule makes a task of the message msg-2, and none is open: nothing is done",
        );
        deliver(town, play, asks).await;
        deliver(town, play, |community| write(community, "Thanks!", None)).await;
        assert_eq!(tasks(town).len(), 1);
        let comments = comments(town, &task(town));
        assert!(
            comments[0].contains("Northwind") && comments[0].ends_with(" wrote in the thread:\nThanks!"),
            "{comments:?}"
        );
        is_told(
            town,
            "no rule makes a task of the message msg-4: it goes to the open task SCTASK",
        );
        finishes(town);
        play.quiet().await;
        deliver(town, play, |community| write(community, "Thanks a lot!", None)).await;
        assert_eq!((tasks(town).len(), self::comments(town, &task(town)).len()), (1, 1));
    });
}

#[test]
fn a_message_that_its_rule_takes_goes_to_the_open_task_of_the_rule_and_a_finished_one_is_followed_by_another() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        let again = |community: &TradingGrid| write(community, "Please SEND the bill  of lading soon.", None);
        deliver(town, play, again).await;
        assert_eq!((tasks(town).len(), comments(town, &task(town)).len()), (1, 1));
        is_told(
            town,
            "the rule corrected-shipping-document has an open task: the message msg-",
        );
        finishes(town);
        play.quiet().await;
        deliver(town, play, again).await;
        assert_eq!(tasks(town).len(), 2);
    });
}

#[test]
fn a_new_request_is_a_second_task_and_an_answer_goes_to_the_task_that_asked() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        deliver(town, play, asks).await;
        town.servicenow.agent_comment(&task(town), "Which plant?");
        play.quiet().await;
        deliver(town, play, |community| request(community, "copy of the invoice", None)).await;
        let made = tasks(town);
        let groups = made.iter().map(|task| {
            let group = town.servicenow.row("sys_user_group", &task["assignment_group"]);
            group.unwrap()["name"].clone()
        });
        let mut groups = groups.collect::<Vec<_>>();
        groups.sort();
        assert_eq!(groups, ["B2B Finance", "Document Control"]);
        let of = |class: &str| {
            let found = made.iter().find(|task| task["sys_class_name"] == class);
            found.unwrap()["sys_id"].clone()
        };
        let asked = thread(&town.community)["messages"][1]["messageId"]
            .as_str()
            .unwrap()
            .to_owned();
        deliver(town, play, |community| write(community, "Plant 1200.", Some(&asked))).await;
        deliver(town, play, |community| write(community, "And thank you.", None)).await;
        assert!(comments(town, &of("sc_task"))[1].ends_with("Plant 1200."), "the answer");
        assert!(comments(town, &of("task"))[0].ends_with("And thank you."), "the newest");
    });
}

#[test]
fn a_thread_of_an_issue_has_its_task_under_the_record_of_the_issue() {
    when(async |town, play| {
        deliver(town, play, opens_connectivity).await;
        deliver(town, play, starts_of_issue).await;
        deliver(town, play, asks).await;
        let task = tasks(town).remove(0);
        assert_eq!(task["sys_class_name"], "incident_task");
        let row = town.servicenow.row("incident_task", &task["sys_id"]).unwrap();
        assert_eq!(row["incident"], case(town));
    });
}

#[test]
fn documents_of_the_partner_are_attached_once_and_what_is_not_taken_is_said() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        let provided = provides(&town.community);
        play.deliver(&provided).await;
        play.deliver(&provided).await;
        play.quiet().await;
        let refused = PartnerAct::ProvidesDocument {
            company_id: NORTHWIND.to_owned(),
            thread_id: THREAD.to_owned(),
            request_id: None,
            file: FileSeed::new("tool.exe", "application/x-msdownload", b"MZ"),
            author: None,
        };
        deliver(town, play, |community| told(community, refused)).await;
        let files = town.servicenow.attachments(&task(town));
        let names = files.iter().map(|file| file.file_name.as_str()).collect::<Vec<_>>();
        assert_eq!(names, ["asn-856.edi", "proof-of-delivery.pdf"]);
        let notes = notes(town, &task(town));
        assert!(
            notes[0].contains("files of type application/x-msdownload are not taken"),
            "{notes:?}"
        );
    });
}

#[test]
fn a_long_wish_is_attached_whole() {
    when(async |town, play| {
        let text = format!("Please send the packing list. {}END", "It is urgent. ".repeat(500));
        deliver(town, play, |community| start(community, None, &text, Vec::new())).await;
        let task = tasks(town).remove(0);
        assert!(task["description"].contains("[The complete text is attached as message-msg-1.txt.]"));
        assert!(task["description"].chars().count() <= 4000);
        let files = town.servicenow.attachments(&task["sys_id"]);
        assert!(String::from_utf8(files[0].bytes.to_vec()).unwrap().ends_with("END\n"));
    });
}

#[test]
fn a_delivered_document_closes_the_request_before_the_task_is_done_and_no_other_file_passes() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        deliver(town, play, asks).await;
        delivers(town);
        play.quiet().await;
        let seen = thread(&town.community);
        let request = &seen["documentRequests"][0];
        let document = request["documents"][0]["documentId"].as_str().unwrap();
        let bytes = town.community.document_bytes(NORTHWIND, document).unwrap();
        assert_eq!(
            (request["state"].as_str(), &bytes[..]),
            (Some("fulfilled"), LIST.as_bytes())
        );
        assert_eq!(seen["outcomes"][0]["state"], "accepted");
        assert_eq!(said(town), ["Here it is."]);
        assert!(!seen.to_string().contains(INTERNAL), "{seen}");
        // A second document of the task joins the first.
        let sys_id = task(town);
        town.servicenow
            .agent_file(&sys_id, "page-2.txt", "text/plain", "Page 2");
        town.servicenow.agent_comment(&sys_id, "share: page-2.txt");
        play.quiet().await;
        let seen = thread(&town.community);
        assert_eq!(seen["documentRequests"][0]["documents"].as_array().unwrap().len(), 2);
        finishes(town);
        play.quiet().await;
        assert_eq!(thread(&town.community)["outcomes"][0]["state"], "done");
    });
}

#[test]
fn a_declined_task_declines_the_request_with_its_public_reason() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        deliver(town, play, asks).await;
        declines(town);
        play.quiet().await;
        let seen = thread(&town.community);
        let (request, outcome) = (&seen["documentRequests"][0], &seen["outcomes"][0]);
        assert_eq!(
            (&request["state"], &request["reason"]),
            (&json!("declined"), &json!("The carrier has the only copy."))
        );
        assert_eq!(
            (&outcome["label"], &outcome["text"]),
            (&json!("declined"), &json!("The carrier has the only copy."))
        );
        assert!(!seen.to_string().contains(INTERNAL), "{seen}");
    });
}

#[test]
fn a_file_that_cannot_be_delivered_leaves_the_request_open_and_both_sides_learn_it() {
    when(async |town, play| {
        deliver(town, play, starts).await;
        deliver(town, play, asks).await;
        let sys_id = task(town);
        town.servicenow
            .agent_file(&sys_id, "tool.exe", "application/x-msdownload", "MZ");
        town.servicenow
            .agent_comment(&sys_id, "share: tool.exe\nshare: missing.txt");
        play.quiet().await;
        assert_eq!(thread(&town.community)["documentRequests"][0]["state"], "open");
        let said = said(town);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].contains("could not be delivered") && said[1].contains("is not available yet"));
        let notes = notes(town, &sys_id);
        assert!(
            notes[0].contains("was not shared with the partner") && notes[1].contains("no file of exactly this name")
        );
    });
}

#[test]
fn a_closed_thread_refuses_a_comment_and_colleagues_are_told() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        town.community.act(PartnerAct::ClosesThread {
            company_id: NORTHWIND.to_owned(),
            thread_id: THREAD.to_owned(),
        });
        town.servicenow.agent_comment(&task(town), "Here it is.");
        play.quiet().await;
        assert_eq!(said(town).len(), 0);
        assert!(notes(town, &task(town))[0].contains("was not shown to the partner"));
    });
}

#[test]
fn the_partner_of_a_deleted_task_is_told_neutrally() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        town.servicenow.delete(TASKS, &task(town));
        play.quiet().await;
        let outcome = thread(&town.community)["outcomes"][0].clone();
        assert_eq!(outcome["label"], "being checked");
        is_told(town, "was deleted: somebody must look into it");
        deliver(town, play, |community| write(community, "Thanks!", None)).await;
        is_told(town, "and none is open: nothing is done");
    });
}

#[test]
fn a_task_that_moves_to_another_table_is_followed_by_both_sides() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        town.servicenow.reclassify(&task(town), "incident_task");
        update(town, &[("state", "2"), ("comments", "It is a matter of the network.")]);
        play.quiet().await;
        assert_eq!(said(town), ["It is a matter of the network."]);
        assert_eq!(thread(&town.community)["outcomes"][0]["label"], "being worked on");
        is_told(town, "is in the table incident_task now");
        deliver(town, play, writes).await;
        assert_eq!(comments(town, &task(town)).len(), 2);
        town.servicenow.reclassify(&task(town), "incident");
        update(town, &[("state", "3"), ("comments", "A known problem.")]);
        play.quiet().await;
        assert_eq!(said(town).len(), 1);
        is_told(town, "for which the mapping has no words");
    });
}

#[test]
fn a_partner_cannot_write_into_another_partners_thread() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        let mut forged = writes(&town.community);
        forged["data"]["companyId"] = "GC51278300AS".into();
        forged["subject"] = format!("threads/GC51278300AS/{THREAD}").into();
        let answer = play
            .post(crate::play::signed(forged.to_string(), "trading-grid", &town.clock))
            .await;
        assert_eq!(answer.status_code, 403, "{}", answer.body);
        assert_eq!(comments(town, &task(town)).len(), 0);
    });
}

#[test]
fn a_task_costs_four_calls_to_servicenow_with_its_first_outcome_and_a_message_five_beside_another_task() {
    when(async |town, play| {
        deliver(town, play, starts_with_a_file).await;
        let mark = || town.calls().len();
        let before = mark();
        deliver(town, play, |community| request(community, "copy of the invoice", None)).await;
        let create = Cost::since(town, before);
        create.is("receive-webhook", System::Sqs, 2);
        create.is("create-task", System::ServiceNow, 4);
        create.is("create-task", System::TradingGrid, 2);
        create.is("create-task", System::DynamoDb, 12);
        let before = mark();
        deliver(town, play, |community| write(community, "Thanks!", None)).await;
        let message = Cost::since(town, before);
        message.is("create-task", System::TradingGrid, 0);
        message.is("create-task", System::ServiceNow, 5);
        message.is("create-task", System::DynamoDb, 11);
    });
}
