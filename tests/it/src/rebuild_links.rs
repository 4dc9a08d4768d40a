//! The drill for a lost table, for each kind of record: what both sides show in the end is the same as if nothing had
//! been lost.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use gridlink::rebuild;
use serde_json::{Value, json};
use shared::poll::Reading;
use tokio::time::sleep;
use worlds::trading_grid::{ExchangeSeed, Status};

use crate::operate::place;
use crate::play::{Play, default_mapping, in_town};
use crate::reconcile::polled;
use crate::scenarios::{self, ISSUE, NORTHWIND};
use crate::table::restore;
use crate::town::{TABLE, Town};
use crate::{bridge_escalation, create_task, oracle, poll_lens, provision_partner, publish_knowledge, relay_status};

/// What happens.
#[derive(Clone, Copy)]
enum Act {
    /// Somebody does something.
    Does(fn(&Town)),
    /// Nobody does anything for so many days.
    Days(u64),
}

use Act::{Days, Does};

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
    away: &'static [fn(&Town)],
    /// After everything goes on.
    after: &'static [Act],
    shows: fn(&Town) -> Value,
}

/// Everybody hears of everything.
async fn hear(town: &Arc<Town>, play: &Play) {
    // So long Lens may take.
    sleep(Duration::from_secs(120)).await;
    poll_lens::poll(town).await;
    polled(town, play).await;
}

async fn act(town: &Arc<Town>, play: &Play, acts: &[Act]) {
    for act in acts {
        match act {
            Does(act) => act(town),
            Days(days) => play.days(*days).await,
        }
        hear(town, play).await;
    }
}

impl Drill {
    /// What both sides show in the end, and how much the rebuilding left.
    fn run(&self, loss: Loss) -> Value {
        let mut shown = Value::Null;
        in_town(default_mapping(), async |town, play| {
            play.open_the_doors();
            EXCHANGES.with_borrow_mut(Vec::clear);
            hear(town, play).await;
            act(town, play, self.before).await;
            let middle = town.cloud.items(TABLE).to_vec();
            act(town, play, self.middle).await;
            hear(town, play).await;
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
                    assert_eq!(
                        (self.shows)(town),
                        before,
                        "{loss:?}: the rebuilding itself writes nothing"
                    );
                }
                fill_in(town, play).await;
            }
            hear(town, play).await;
            if self.away.is_empty() {
                assert_eq!(
                    (self.shows)(town),
                    before,
                    "{loss:?}: nothing comes of what is told again"
                );
            }
            act(town, play, self.after).await;
            hear(town, play).await;
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
    // A reference follows from the number of an event, which is another one after a loss.
    entries
        .map(|entry| timeless(entry.value.split(" · ref ").next().unwrap()))
        .collect()
}

/// A text without times: how long a rebuilding takes is not compared.
fn timeless(text: &str) -> String {
    let mut parts = text.split("2026-");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        text + part.get("11-23 09:02:37".len()..).unwrap_or_default()
    })
}

/// The tasks that bear our name, with all that was written to them.
fn tasks(town: &Town) -> Vec<Value> {
    let rows = town.servicenow.rows("task").into_iter();
    let ours = rows.filter(|row| {
        row.get("correlation_display")
            .is_some_and(|name| name == "Trading Grid")
    });
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

fn works(town: &Town) {
    town.servicenow
        .update(create_task::TASKS, &task(town), &[("state", "2")]);
}

fn pauses(town: &Town) {
    town.servicenow
        .update(create_task::TASKS, &task(town), &[("state", "1")]);
}

#[test]
fn what_is_reported_after_the_table_was_lost_is_newer_than_what_was_before() {
    Drill {
        before: &[Does(starts), Does(asks), Does(works)],
        middle: &[Does(pauses), Does(works), Does(pauses)],
        away: &[],
        after: &[Does(create_task::finishes)],
        shows: thread,
    }
    .holds();
}

#[test]
fn a_task_of_a_request_is_answered_in_its_thread_after_the_table_was_lost() {
    Drill {
        before: &[Does(starts), Does(asks), Does(agent_asks)],
        middle: &[Does(writes), Does(create_task::delivers)],
        away: &[],
        after: &[Does(writes), Does(agent_asks), Does(create_task::finishes)],
        shows: thread,
    }
    .holds();
}

#[test]
fn a_task_that_ends_while_the_table_is_away_is_told_once() {
    Drill {
        before: &[Does(starts)],
        middle: &[Does(asks), Does(writes)],
        away: &[create_task::declines],
        after: &[Does(writes)],
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
        before: &[Does(starts_with_a_file), Does(agent_asks)],
        middle: &[Does(wants_it_again)],
        away: &[],
        after: &[Does(wants_it_again), Does(create_task::declines)],
        shows: thread,
    }
    .holds();
}

fn finishes_the_second(town: &Town) {
    let rows = town.servicenow.rows(create_task::TASKS);
    let second = rows.iter().find(|row| row["correlation_id"] == "THR-1/req-4").unwrap();
    town.servicenow
        .update(create_task::TASKS, &second["sys_id"], &[("state", "3")]);
}

#[test]
fn what_was_written_to_one_task_of_a_thread_is_not_written_to_another_after_the_table_was_lost() {
    Drill {
        before: &[Does(starts), Does(asks), Does(writes)],
        middle: &[Does(asks), Does(writes), Does(create_task::finishes)],
        away: &[],
        after: &[Does(writes), Does(finishes_the_second)],
        shows: thread,
    }
    .holds();
}

/// The issue as its partner has it, and its records.
fn issue(town: &Town) -> Value {
    let seen = town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap_or_default();
    let escalation = &seen["escalation"];
    json!({
        "status": [seen["statusReport"]["state"], seen["statusReport"]["label"]],
        "closure": [seen["closure"]["state"], seen["closure"]["because"]],
        "comments": only(&seen["comments"], &["text", "author"]),
        "escalation": [
            escalation["state"],
            only(&escalation["messages"], &["text", "author"]),
            only(&escalation["milestones"], &["title", "state"]),
        ],
        "records": tasks(town),
    })
}

fn opens(town: &Town) {
    let _ = scenarios::opens(&town.community);
}

fn escalates(town: &Town) {
    let _ = bridge_escalation::escalates(&town.community);
}

fn ends_it(town: &Town) {
    let _ = bridge_escalation::ends_it(&town.community);
}

fn writes_in_the_workspace(town: &Town) {
    let _ = bridge_escalation::writes(&town.community);
}

fn agent_answers(town: &Town) {
    town.servicenow
        .agent_comment(&scenarios::case(town), "We look into it.");
}

#[test]
fn an_escalation_of_the_partner_ends_with_its_question_after_the_table_was_lost() {
    Drill {
        before: &[Does(opens), Does(agent_answers)],
        middle: &[Does(escalates), Does(writes_in_the_workspace), Does(agent_answers)],
        away: &[],
        after: &[
            Does(bridge_escalation::finds_the_proof),
            Does(writes_in_the_workspace),
            Does(agent_answers),
            Does(ends_it),
        ],
        shows: issue,
    }
    .holds();
}

#[test]
fn an_escalation_of_the_desk_is_the_same_one_after_the_table_was_lost() {
    Drill {
        before: &[Does(opens), Does(bridge_escalation::makes_it_critical)],
        middle: &[Does(agent_answers), Does(bridge_escalation::finds_the_proof)],
        away: &[],
        after: &[Does(agent_answers), Does(bridge_escalation::calms_it)],
        shows: issue,
    }
    .holds();
    Drill {
        before: &[Does(opens)],
        middle: &[Does(bridge_escalation::makes_it_critical), Does(agent_answers)],
        away: &[bridge_escalation::finds_the_proof],
        after: &[Does(ends_it), Does(agent_answers)],
        shows: issue,
    }
    .holds();
}

#[test]
fn what_becomes_critical_while_the_table_is_away_is_escalated_once() {
    let drill = |away| Drill {
        before: &[Does(opens)],
        middle: &[Does(agent_answers)],
        away,
        after: &[Does(agent_answers)],
        shows: |town| json!([issue(town)["escalation"][0], bridge_escalation::made(town)]),
    };
    drill(&[bridge_escalation::makes_it_critical]).holds();
    drill(&[escalates]).holds();
}

fn confirms(town: &Town) {
    let _ = relay_status::confirms(&town.community);
}

fn disputes(town: &Town) {
    let _ = relay_status::disputes(&town.community);
}

#[test]
fn a_question_about_closing_stays_open_after_the_table_was_lost() {
    let drill = |away: &'static [fn(&Town)], after| Drill {
        before: &[Does(opens), Does(agent_answers)],
        middle: &[Does(scenarios::resolves)],
        away,
        after,
        shows: issue,
    };
    drill(&[], &[Does(confirms)]).holds();
    drill(&[], &[Does(disputes), Does(scenarios::resolves), Does(confirms)]).holds();
    // Silence counts as a yes.
    drill(&[], &[Days(8)]).holds();
    drill(&[disputes], &[Does(agent_answers)]).holds();
    drill(&[confirms], &[]).holds();
}

thread_local! {
    /// The exchanges of the play, in the order in which they began.
    static EXCHANGES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

fn exchange(town: &Town, partner: &str, status: Status) {
    let count = EXCHANGES.with_borrow(Vec::len);
    let number = format!("{}", 90_073 + count);
    let mut seed = ExchangeSeed::new(partner, "01:147678796", "810").key("invoice number", &number);
    seed.status = status;
    let id = town.community.add_exchange(seed);
    EXCHANGES.with_borrow_mut(|all| all.push(id));
}

fn fails(town: &Town) {
    exchange(town, "ZZ:CONTOSO", Status::ValidationError);
}

fn of_the_second_fails(town: &Town) {
    exchange(town, poll_lens::OTHERS[1], Status::ValidationError);
}

fn of_the_third_fails(town: &Town) {
    exchange(town, poll_lens::OTHERS[2], Status::ValidationError);
}

fn goes_through(town: &Town, which: usize) {
    let id = EXCHANGES.with_borrow(|all| all[which].clone());
    town.community.set_status(&id, Status::Delivered);
}

fn first_recovers(town: &Town) {
    goes_through(town, 0);
}

fn second_recovers(town: &Town) {
    goes_through(town, 1);
}

fn third_recovers(town: &Town) {
    goes_through(town, 2);
}

fn takes_it_over(town: &Town) {
    let incident = poll_lens::incidents(town).remove(0);
    town.servicenow
        .update("incident", &incident["sys_id"], &[("state", "2")]);
}

/// The incidents of exchanges.
fn incidents(town: &Town) -> Value {
    let mut all: Vec<Value> = poll_lens::incidents(town)
        .iter()
        .map(|row| {
            json!({
                "sys_id": row["sys_id"],
                "state": row["state"],
                "count": row["description"].rsplit("\n\n").next().map(timeless),
                "close_notes": timeless(&row["close_notes"]),
                "parent": row.get("parent_incident"),
                "work_notes": texts(town, &row["sys_id"], "work_notes"),
            })
        })
        .collect();
    all.sort_by_key(|incident| incident["sys_id"].to_string());
    json!(all)
}

#[test]
fn an_incident_is_joined_and_resolves_itself_after_the_table_was_lost() {
    let drill = |middle: &'static [Act], after: &'static [Act]| Drill {
        before: &[Does(fails)],
        middle,
        away: &[],
        after,
        shows: incidents,
    };
    // Another one joins, and all go through.
    drill(
        &[Does(fails)],
        &[
            Does(fails),
            Does(first_recovers),
            Does(second_recovers),
            Does(third_recovers),
        ],
    )
    .holds();
    // The one that it was opened with went through before.
    drill(
        &[Does(fails), Does(first_recovers)],
        &[Does(fails), Does(second_recovers), Does(third_recovers)],
    )
    .holds();
    // It was resolved before, and opens again.
    drill(&[Does(first_recovers)], &[Does(fails), Does(second_recovers)]).holds();
    // Somebody works on it: it is left to them.
    drill(
        &[Does(takes_it_over)],
        &[Does(fails), Does(first_recovers), Does(second_recovers)],
    )
    .holds();
}

#[test]
fn an_exchange_that_recovers_while_the_table_is_away_resolves_its_incident() {
    let drill = |away, after| Drill {
        before: &[],
        middle: &[Does(fails)],
        away,
        after,
        shows: incidents,
    };
    drill(&[first_recovers], &[]).holds();
    drill(&[first_recovers, fails], &[Does(second_recovers)]).holds();
    drill(&[fails], &[Does(first_recovers), Does(second_recovers)]).holds();
}

#[test]
fn a_parent_of_incidents_resolves_itself_after_the_table_was_lost() {
    let drill = |before, middle, after| Drill {
        before,
        middle,
        away: &[],
        after,
        shows: incidents,
    };
    let all_recover = &[Does(first_recovers), Does(second_recovers), Does(third_recovers)];
    drill(
        &[Does(fails)],
        &[Does(of_the_second_fails), Does(of_the_third_fails)],
        all_recover,
    )
    .holds();
    // Those that have none yet get it.
    drill(
        &[Does(fails)],
        &[Does(of_the_second_fails)],
        &[
            Does(of_the_third_fails),
            Does(first_recovers),
            Does(second_recovers),
            Does(third_recovers),
        ],
    )
    .holds();
}

/// The requested items with what was written to them, the tasks for them, and who has access.
fn requests(town: &Town) -> Value {
    let items: Vec<Value> = town
        .servicenow
        .rows("sc_req_item")
        .iter()
        .map(|row| {
            json!([
                row["state"],
                texts(town, &row["sys_id"], "work_notes"),
                texts(town, &row["sys_id"], "comments"),
            ])
        })
        .collect();
    let users = provision_partner::users(town, provision_partner::FIRST);
    let partner = town.community.partner_sees(provision_partner::BRIGHTWATER);
    json!({
        "items": items,
        "tasks": tasks(town),
        "users": format!("{users:?}"),
        "told": only(&partner["onboardings"], &["state", "label"]),
    })
}

#[test]
fn a_request_that_waits_for_its_company_goes_on_after_the_table_was_lost() {
    Drill {
        before: &[Does(provision_partner::orders_a_partner)],
        middle: &[Does(provision_partner::approves)],
        away: &[],
        after: &[Does(provision_partner::sets_the_company_up), Days(1)],
        shows: requests,
    }
    .holds();
}

#[test]
fn a_request_that_is_complete_stays_so_after_the_table_was_lost() {
    Drill {
        before: &[
            Does(provision_partner::orders_a_partner),
            Does(provision_partner::sets_the_company_up),
        ],
        middle: &[Does(provision_partner::approves), Days(1)],
        away: &[],
        after: &[],
        shows: requests,
    }
    .holds();
}

const ARTICLE: &str = publish_knowledge::DRAFT;

fn publishes(town: &Town) {
    publish_knowledge::publish(town, ARTICLE);
}

fn becomes_internal(town: &Town) {
    publish_knowledge::becomes_internal(town, ARTICLE);
}

fn guidance(town: &Town) -> Value {
    json!(publish_knowledge::seen(town, NORTHWIND, ARTICLE).is_some())
}

#[test]
fn an_article_that_becomes_internal_is_withdrawn_after_the_table_was_lost() {
    let drill = |away: &'static [fn(&Town)], after| Drill {
        before: &[],
        middle: &[Does(publishes)],
        away,
        after,
        shows: guidance,
    };
    drill(&[], &[Does(becomes_internal)]).holds();
    drill(&[becomes_internal], &[]).holds();
    assert_eq!(drill(&[], &[]).run(Loss::Everything), true);
}

/// A draft comes back with its next event: its sys_id follows from its record.
#[test]
fn a_draft_is_not_made_again_after_the_table_was_lost() {
    Drill {
        before: &[Does(opens), Does(publish_knowledge::drafts::marks)],
        middle: &[Does(scenarios::resolves)],
        away: &[],
        after: &[
            Does(agent_answers),
            Does(disputes),
            Does(scenarios::resolves),
            Does(confirms),
        ],
        shows: |town| {
            let drafts = publish_knowledge::drafts::drafts(town);
            let named = town.servicenow.rows("m2m_kb_task");
            json!([
                drafts.len(),
                drafts.first().map(|row| row["text"].clone()),
                named.len(),
                tasks(town)
            ])
        },
    }
    .holds();
}
