//! Polling the feed of the community and the records of ServiceNow: everything works without a push, what came both
//! ways is one, and nothing is missed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use shared::clients::Clients;
use shared::domain::Timestamp;
use shared::http::Transport;
use shared::mapping::Mapping;
use shared::poll::Polled;
use tokio::time::sleep;
use worlds::{Rule, TradingGrid};

use crate::oracle::story;
use crate::play::{Play, clients_over, default_mapping, in_town};
use crate::poll_lens::{FUNCTION, INTERVAL, dying};
use crate::publish_knowledge::{DRAFT, becomes_internal, publish};
use crate::relay_status::{answers, confirms, resolves, takes_it};
use crate::scenarios::{ISSUE, NORTHWIND, case, comments, opens, opens_another};
use crate::stories::status;
use crate::town::{Environment, TABLE, Town};

pub(crate) fn transport(town: &Arc<Town>) -> Transport {
    town.transport(&Environment::new("poll-changes-both".to_owned()))
}

fn clients(town: &Arc<Town>) -> Clients {
    clients_over(town, transport(town), town.clock.clone())
}

pub(crate) async fn feed(town: &Arc<Town>) -> Polled {
    let deadline = town.clock.now().after(FUNCTION);
    let worker = format!("feed at {}", town.clock.now());
    clients(town).poll_feed(None, &worker, deadline).await.unwrap()
}

pub(crate) async fn records(town: &Arc<Town>) -> Polled {
    let deadline = town.clock.now().after(FUNCTION);
    let worker = format!("records at {}", town.clock.now());
    clients(town).poll_records(None, &worker, deadline).await.unwrap()
}

/// A minute of a deployment without push: both schedules, and what follows.
async fn a_minute(town: &Arc<Town>, play: &Play) {
    sleep(INTERVAL).await;
    feed(town).await;
    play.quiet().await;
    sleep(INTERVAL).await;
    records(town).await;
    play.quiet().await;
}

/// Runs a test in a town that has polled before, and into which nobody pushes.
fn without_push(mapping: Arc<Mapping>, test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(mapping, async |town, play| {
        play.open_the_doors();
        feed(town).await;
        records(town).await;
        test(town, play).await;
    });
}

fn seen(town: &Town) -> Value {
    town.community.partner_sees_issue(NORTHWIND, ISSUE).unwrap()
}

fn cases(town: &Town) -> usize {
    let rows = town.servicenow.rows("sn_customerservice_case");
    let ours = |row: &&std::collections::BTreeMap<String, String>| row["correlation_id"].starts_with("ISS-");
    rows.iter().filter(ours).count()
}

/// The last event of the community as it pushes it.
fn told(community: &TradingGrid) -> Value {
    serde_json::to_value(community.events().last().unwrap()).unwrap()
}

#[test]
fn an_issue_lives_from_its_opening_to_its_closing_without_a_push() {
    without_push(default_mapping(), async |town, play| {
        opens(&town.community);
        comments(&town.community);
        a_minute(town, play).await;
        let sys_id = case(town);
        assert_eq!(town.servicenow.journal(&sys_id, "comments").len(), 1);
        assert_eq!(seen(town)["statusReport"]["label"], "received");
        takes_it(town);
        answers(town);
        a_minute(town, play).await;
        assert_eq!(seen(town)["statusReport"]["label"], "under review");
        assert!(seen(town)["comments"].to_string().contains("We look into it."));
        resolves(town);
        a_minute(town, play).await;
        assert_eq!(seen(town)["statusReport"]["label"], "resolved");
        confirms(&town.community);
        a_minute(town, play).await;
        let row = town.servicenow.row("sn_customerservice_case", &sys_id).unwrap();
        assert_eq!(row["state"], "3");
        assert_eq!(seen(town)["statusReport"]["label"], "closed");
        a_minute(town, play).await;
        let told = (feed(town).await.told, records(town).await.told);
        assert_eq!(told, (0, 0), "all is known");
    });
}

#[test]
fn what_is_pushed_and_polled_is_one() {
    for polls_first in [false, true] {
        without_push(default_mapping(), async |town, play| {
            if !polls_first {
                play.tell();
            }
            opens(&town.community);
            let event = told(&town.community);
            let polled = match polls_first {
                true => feed(town).await.told,
                false => 0,
            };
            play.deliver(&event).await;
            play.quiet().await;
            assert_eq!(polled + feed(town).await.told, u64::from(polls_first));
            answers(town);
            if polls_first {
                sleep(INTERVAL).await;
                assert!(records(town).await.told > 0);
                play.quiet().await;
                // From now on ServiceNow pushes too, also what lies behind: it is known.
                play.tell();
                answers(town);
            }
            play.quiet().await;
            let before = story(town).len();
            sleep(INTERVAL).await;
            let polled = records(town).await;
            assert_eq!((polled.told, polled.unusable), (0, 0), "polls first: {polls_first}");
            assert_eq!(polled.known, 1, "{polled:?}");
            play.quiet().await;
            assert_eq!(story(town).len(), before);
            assert_eq!(cases(town), 1);
            let shown = seen(town)["comments"].to_string().matches("We look into it.").count();
            assert_eq!(shown, 1 + usize::from(polls_first));
        });
    }
}

#[test]
fn what_happened_before_the_first_poll_is_a_back_fill() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        let begin = town.clock.now();
        opens(&town.community);
        sleep(Duration::from_secs(3600)).await;
        opens_another(&town.community);
        assert_eq!(feed(town).await.told, 1, "of the last ten minutes");
        play.quiet().await;
        assert_eq!(cases(town), 1);
        // A feed that has been read does not begin anew when a poll is late.
        sleep(Duration::from_secs(7200)).await;
        comments(&town.community);
        sleep(Duration::from_secs(3600)).await;
        let fill = async |since: Timestamp| {
            let deadline = town.clock.now().after(FUNCTION);
            clients(town).poll_feed(Some(since), "fill", deadline).await.unwrap()
        };
        assert_eq!(feed(town).await.told, 1);
        play.quiet().await;
        assert_eq!(cases(town), 2, "a comment is enough to know the issue by");
        let filled = fill(begin).await;
        assert_eq!((filled.told, filled.known), (1, 2), "{filled:?}");
        play.quiet().await;
        assert_eq!(fill(begin).await.told, 0);
        assert_eq!(cases(town), 2);
    });
}

#[test]
fn records_that_changed_before_the_first_poll_are_a_back_fill() {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        play.deliver(&opens(&town.community)).await;
        play.quiet().await;
        takes_it(town);
        let begin = town.clock.now();
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(records(town).await.told, 0);
        let deadline = town.clock.now().after(FUNCTION);
        let filled = clients(town).poll_records(Some(begin), "fill", deadline).await.unwrap();
        assert_eq!(filled.told, 1, "{filled:?}");
        play.quiet().await;
        assert_eq!(seen(town)["statusReport"]["label"], "under review");
    });
}

#[test]
fn an_article_of_which_no_push_told_is_polled_and_so_is_its_way_into_an_internal_base() {
    without_push(default_mapping(), async |town, play| {
        a_minute(town, play).await;
        publish(town, DRAFT);
        a_minute(town, play).await;
        assert!(crate::publish_knowledge::seen(town, NORTHWIND, DRAFT).is_some());
        becomes_internal(town, DRAFT);
        a_minute(town, play).await;
        assert!(crate::publish_knowledge::seen(town, NORTHWIND, DRAFT).is_none());
    });
}

#[test]
fn an_event_that_is_none_hides_no_other() {
    without_push(default_mapping(), async |town, play| {
        opens(&town.community);
        let good = told(&town.community);
        let (mut foreign, mut old) = (good.clone(), good.clone());
        foreign["type"] = "gridlink.servicenow.record.changed.v1".into();
        old["time"] = "2020-01-01T00:00:00Z".into();
        let items = json!([{ "specversion": "1.0" }, 7, foreign, old, good]);
        let page = json!({ "items": items, "next": "e.1", "hasMore": false });
        let page = status(200, Some(page.to_string()));
        town.community
            .knobs()
            .add(Rule::once("GET", "/collaboration/v1/events", page));
        let polled = feed(town).await;
        assert_eq!((polled.told, polled.unusable), (1, 4), "{polled:?}");
        play.quiet().await;
        assert_eq!(cases(town), 1);
    });
}

#[test]
fn what_a_sender_may_not_tell_is_not_taken_from_the_feed_either() {
    let text = include_str!("../../../infra/mapping.yaml");
    let narrow = text.replacen("companies: [\"*\"]", "companies: [GC00000000ZZ]", 1);
    assert_ne!(text, narrow);
    without_push(Arc::new(Mapping::parse(&narrow).unwrap()), async |town, play| {
        opens(&town.community);
        let polled = feed(town).await;
        assert_eq!((polled.told, polled.unusable), (0, 1), "{polled:?}");
        play.quiet().await;
        assert_eq!(cases(town), 0);
    });
}

#[test]
fn a_feed_that_has_forgotten_goes_on_from_its_beginning() {
    without_push(default_mapping(), async |town, play| {
        opens(&town.community);
        feed(town).await;
        sleep(Duration::from_secs(40 * 24 * 3600)).await;
        opens_another(&town.community);
        feed(town).await;
        play.quiet().await;
        assert_eq!(cases(town), 2);
        assert_eq!(feed(town).await.told, 0);
    });
}

#[test]
fn a_poller_that_dies_anywhere_loses_and_doubles_nothing() {
    for polls_feed in [true, false] {
        let mut requests = usize::MAX;
        for last in 0.. {
            if last > requests {
                break;
            }
            without_push(default_mapping(), async |town, play| {
                opens(&town.community);
                if !polls_feed {
                    feed(town).await;
                    play.quiet().await;
                    answers(town);
                    sleep(INTERVAL).await;
                }
                let sent = Arc::new(AtomicUsize::new(0));
                let over = dying(transport(town), Arc::clone(&sent), last);
                let clients = clients_over(town, over, town.clock.clone());
                let deadline = town.clock.now().after(FUNCTION);
                let polling = async {
                    match polls_feed {
                        true => clients.poll_feed(None, "dying", deadline).await,
                        false => clients.poll_records(None, "dying", deadline).await,
                    }
                };
                if tokio::time::timeout(FUNCTION, polling)
                    .await
                    .is_ok_and(|polled| polled.is_ok())
                {
                    requests = sent.load(Ordering::Relaxed).saturating_sub(1);
                }
                for _ in 0..3 {
                    a_minute(town, play).await;
                }
                assert_eq!(cases(town), 1, "died at request {last}");
                if !polls_feed {
                    let shown = seen(town)["comments"].to_string().matches("We look into it.").count();
                    assert_eq!(shown, 1, "died at request {last}");
                }
            });
        }
        assert!((4..60).contains(&requests), "{requests} requests");
    }
}

#[test]
fn a_poll_that_fails_does_not_keep_the_next_from_its_source() {
    without_push(default_mapping(), async |town, play| {
        opens(&town.community);
        let events = Rule::once("GET", "/collaboration/v1/events", status(500, None));
        town.community.knobs().add(events.times(20));
        let deadline = town.clock.now().after(FUNCTION);
        assert!(clients(town).poll_feed(None, "failing", deadline).await.is_err());
        town.community.knobs().clear();
        let polled = feed(town).await;
        assert_eq!((polled.busy, polled.told), (0, 1), "{polled:?}");
        play.quiet().await;
        assert_eq!(cases(town), 1);
    });
}

#[test]
fn two_pollers_do_not_read_one_source_at_once() {
    without_push(default_mapping(), async |town, _| {
        let store = clients(town).store;
        for name in ["feed", "records"] {
            store.take_cursor(name, "another").await.unwrap().unwrap();
        }
        assert_eq!((feed(town).await.busy, records(town).await.busy), (1, 1));
    });
}

#[test]
fn a_poll_of_what_is_known_costs_one_look_and_no_write_of_an_event() {
    without_push(default_mapping(), async |town, play| {
        opens(&town.community);
        a_minute(town, play).await;
        sleep(INTERVAL).await;
        records(town).await;
        let items = town.cloud.items(TABLE).len();
        let before = town.calls().len();
        let polled = records(town).await;
        assert!(polled.told == 0 && polled.known > 0, "{polled:?}");
        let operations: Vec<String> = town.calls()[before..]
            .iter()
            .map(|call| call.operation.clone())
            .filter(|operation| !operation.contains("oauth") && operation != "GetSecretValue")
            .collect();
        assert_eq!(
            operations,
            [
                "UpdateItem",
                "UpdateItem",
                "GET /api/now/v2/table/task",
                "BatchGetItem",
                "UpdateItem",
                "UpdateItem",
                // Requests.
                "UpdateItem",
                "GET /api/now/v2/table/sc_req_item",
                "UpdateItem",
                "UpdateItem",
                // Articles.
                "UpdateItem",
                "GET /api/now/v2/table/kb_knowledge",
                "UpdateItem",
                "UpdateItem",
                // Deadlines.
                "UpdateItem",
                "GET /api/now/v2/table/task",
                "UpdateItem",
                "UpdateItem"
            ]
        );
        assert_eq!(town.cloud.items(TABLE).len(), items);
    });
}
