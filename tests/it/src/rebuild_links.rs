//! The drill for a lost table, for each kind of record: what both sides show in the end is the same as if nothing had
//! been lost.

use std::sync::Arc;
use std::time::Duration;

use gridlink::rebuild;
use serde_json::{Value, json};
use shared::poll::Reading;
use tokio::time::sleep;

use crate::create_task;
use crate::operate::place;
use crate::oracle;
use crate::play::{Play, default_mapping, in_town};
use crate::poll_lens;
use crate::reconcile::polled;
use crate::scenarios::NORTHWIND;
use crate::table::restore;
use crate::town::{TABLE, Town};

/// What somebody does.
type Act = fn(&Town);

/// How much of the table is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    Nothing,
    /// It is as it was in the middle.
    Some,
    Everything,
}

/// What happens, and what of it both sides show.
struct Drill {
    /// Before the table is copied.
    before: &'static [Act],
    /// Between the copy and the loss.
    middle: &'static [Act],
    /// While the table is away.
    away: &'static [Act],
    /// After everything goes on.
    after: &'static [Act],
    shows: fn(&Town) -> Value,
}

/// Everybody hears of everything.
async fn hear(town: &Arc<Town>, play: &Play) {
    sleep(Duration::from_secs(60)).await;
    poll_lens::poll(town).await;
    polled(town, play).await;
}

async fn act(town: &Arc<Town>, play: &Play, acts: &[Act]) {
    for act in acts {
        act(town);
        hear(town, play).await;
    }
}

impl Drill {
    /// What both sides show in the end, and how much the rebuilding left.
    fn run(&self, loss: Loss) -> Value {
        let mut shown = Value::Null;
        in_town(default_mapping(), async |town, play| {
            play.open_the_doors();
            hear(town, play).await;
            act(town, play, self.before).await;
            let middle = town.cloud.items(TABLE).to_vec();
            act(town, play, self.middle).await;
            let before = (self.shows)(town);
            for act in self.away {
                act(town);
            }
            match loss {
                Loss::Nothing => {}
                Loss::Some => restore(town, &middle).await,
                Loss::Everything => restore(town, &[]).await,
            }
            if loss != Loss::Nothing {
                let place = place(town);
                let rebuilt = rebuild::rebuild(&place, true).await.unwrap();
                let records = rebuilt.data["records"].as_array().unwrap();
                assert!(
                    records.iter().all(|record| record["result"] != "left"),
                    "{loss:?}: {}",
                    rebuilt.data
                );
                // It may be repeated.
                let items = town.cloud.items(TABLE).len();
                rebuild::rebuild(&place, true).await.unwrap();
                assert_eq!(items, town.cloud.items(TABLE).len());
                if self.away.is_empty() {
                    assert_eq!((self.shows)(town), before, "{loss:?}: the rebuilding itself writes nothing");
                }
                fill_in(town, play).await;
            }
            hear(town, play).await;
            if self.away.is_empty() {
                assert_eq!((self.shows)(town), before, "{loss:?}: nothing comes of what is told again");
            }
            act(town, play, self.after).await;
            oracle::check_table(town);
            shown = (self.shows)(town);
        });
        shown
    }

    /// Whatever was lost, both sides show the same.
    fn holds(&self) {
        let undisturbed = self.run(Loss::Nothing);
        for loss in [Loss::Everything, Loss::Some] {
            assert_eq!(self.run(loss), undisturbed, "{loss:?}");
        }
    }
}

/// `gridlink replay-from`, from before everything.
async fn fill_in(town: &Arc<Town>, play: &Play) {
    let clients = place(town).clients().unwrap();
    let now = town.clock.now();
    let since = now.before(Duration::from_secs(24 * 3600));
    let deadline = now.after(Duration::from_secs(60));
    poll_lens::poll_again(town, Reading::Since(since)).await;
    clients.poll_feed(Some(since), "again", deadline).await.unwrap();
    clients.poll_records(Some(since), "again", deadline).await.unwrap();
    play.quiet().await;
}

fn texts(town: &Town, sys_id: &str, journal: &str) -> Vec<String> {
    let entries = town.servicenow.journal(sys_id, journal).into_iter();
    entries.map(|entry| entry.value).collect()
}

/// The tasks that bear our name, with all that was written to them.
fn tasks(town: &Town) -> Vec<Value> {
    let rows = town.servicenow.rows("task").into_iter();
    let ours = rows.filter(|row| row.get("correlation_display").is_some_and(|name| name == "Trading Grid"));
    let mut all: Vec<Value> = ours
        .map(|row| {
            let files = town.servicenow.attachments(&row["sys_id"]);
            json!({
                "key": row["correlation_id"],
                "sys_id": row["sys_id"],
                "state": row["state"],
                "comments": texts(town, &row["sys_id"], "comments"),
                "work_notes": texts(town, &row["sys_id"], "work_notes"),
                "files": files.iter().map(|file| file.file_name.clone()).collect::<Vec<_>>(),
            })
        })
        .collect();
    all.sort_by_key(|task| task["key"].to_string());
    all
}

fn only(from: &Value, members: &[&str]) -> Vec<Value> {
    let all = from.as_array().into_iter().flatten();
    all.map(|one| members.iter().map(|member| one[*member].clone()).collect())
        .collect()
}

/// The thread as its partner has it, and its tasks.
fn thread(town: &Town) -> Value {
    let seen = town
        .community
        .partner_sees_thread(NORTHWIND, create_task::THREAD)
        .unwrap_or_default();
    let documents = |request: &Value| only(&request["documents"], &["name"]);
    let requests = seen["documentRequests"].as_array().cloned().unwrap_or_default();
    json!({
        "messages": only(&seen["messages"], &["text", "author"]),
        "requests": requests.iter().map(|one| json!([one["state"], documents(one)])).collect::<Vec<_>>(),
        "outcomes": only(&seen["outcomes"], &["state", "label", "text"]),
        "documents": only(&seen["documents"], &["name"]),
        "tasks": tasks(town),
    })
}

fn task(town: &Town) -> String {
    create_task::task(town)
}

fn agent_asks(town: &Town) {
    town.servicenow.agent_comment(&task(town), "Which plant is it?");
}

fn starts(town: &Town) {
    let _ = create_task::starts(&town.community);
}

fn asks(town: &Town) {
    let _ = create_task::asks(&town.community);
}

fn writes(town: &Town) {
    let _ = create_task::writes(&town.community);
}

#[test]
fn a_task_of_a_request_is_answered_in_its_thread_after_the_table_was_lost() {
    Drill {
        before: &[starts, asks, agent_asks],
        middle: &[writes, create_task::delivers],
        away: &[],
        after: &[writes, agent_asks, create_task::finishes],
        shows: thread,
    }
    .holds();
}

#[test]
fn a_task_that_ends_while_the_table_is_away_is_told_once() {
    Drill {
        before: &[starts],
        middle: &[asks, writes],
        away: &[create_task::declines],
        after: &[writes],
        shows: thread,
    }
    .holds();
}

fn starts_with_a_file(town: &Town) {
    let _ = create_task::starts_with_a_file(&town.community);
}

fn wants_it_again(town: &Town) {
    let text = "Please send us the corrected bill of lading at once.";
    let _ = create_task::write(&town.community, text, None);
}

#[test]
fn a_message_that_its_rule_takes_goes_to_the_open_task_after_the_table_was_lost() {
    Drill {
        before: &[starts_with_a_file, agent_asks],
        middle: &[wants_it_again],
        away: &[],
        after: &[wants_it_again, create_task::declines],
        shows: thread,
    }
    .holds();
}
