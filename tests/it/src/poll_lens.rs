//! Polling Lens: it brings what a push would have brought, and nothing of it is missed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fastrand::Rng;
use serde_json::Value;
use shared::config::Published;
use shared::http::Transport;
use shared::poll::{LensPoller, Polled, Reading};
use tokio::time::sleep;
use worlds::trading_grid::{Acknowledgement, ExchangeSeed, Status};

use crate::play::{Play, clients, default_mapping, in_town};
use crate::prove::setting;
use crate::town::{Environment, TABLE, Town};

/// How often the schedule polls.
pub(crate) const INTERVAL: Duration = Duration::from_secs(60);
/// How long a function may run.
pub(crate) const FUNCTION: Duration = Duration::from_secs(60);

fn transport(town: &Arc<Town>) -> Transport {
    town.transport(&Environment::new("poll-changes-lens".to_owned()))
}

fn poller(town: &Arc<Town>, transport: Transport) -> LensPoller {
    let url = |text: &str| url::Url::parse(text).unwrap();
    let exchanges = Published {
        url: url("https://community.test"),
        token_url: url("https://community.test/v1/oauth2/tokens"),
        secret: "trading-grid".to_owned(),
    };
    LensPoller::new(
        &town.config(),
        exchanges,
        Arc::clone(&town.mapping),
        transport,
        town.clock.clone(),
    )
}

async fn poll_with(town: &Town, poller: &LensPoller) -> Polled {
    let deadline = town.clock.now().after(FUNCTION);
    let worker = format!("poll at {}", town.clock.now());
    poller.poll(Reading::Onward, &worker, deadline).await.unwrap()
}

/// Reads Lens once more.
pub(crate) async fn poll_again(town: &Arc<Town>, reading: Reading) -> Polled {
    let deadline = town.clock.now().after(FUNCTION);
    poller(town, transport(town))
        .poll(reading, "again", deadline)
        .await
        .unwrap()
}

pub(crate) async fn poll(town: &Arc<Town>) -> Polled {
    poll_with(town, &poller(town, transport(town))).await
}

/// An invoice of Contoso, with tax data missing.
fn invoice() -> ExchangeSeed {
    let mut seed = ExchangeSeed::new("ZZ:CONTOSO", "01:147678796", "810").key("invoice number", "90073");
    seed.status = Status::ValidationError;
    seed
}

/// Runs a test in a town that has polled before, so that what happens from now on is new.
fn when(test: impl AsyncFnOnce(&Arc<Town>, &Play)) {
    in_town(default_mapping(), async |town, play| {
        play.open_the_doors();
        poll(town).await;
        test(town, play).await;
    });
}

pub(crate) fn incidents(town: &Town) -> Vec<BTreeMap<String, String>> {
    let rows = town.servicenow.rows("incident").into_iter();
    let is_ours = |row: &BTreeMap<String, String>| {
        row.get("correlation_display")
            .is_some_and(|name| name == "Trading Grid")
    };
    rows.filter(is_ours).collect()
}

/// The last event that the community told by itself.
fn told(town: &Town) -> Value {
    serde_json::to_value(town.community.events().last().unwrap()).unwrap()
}

#[test]
fn a_poll_and_a_push_of_a_failure_lead_to_the_same_incident() {
    let fields = |push_first: Option<bool>| {
        let mut found = Vec::new();
        when(async |town, play| {
            let exchange = town.community.add_exchange(invoice());
            sleep(Duration::from_secs(110)).await;
            if push_first == Some(true) {
                town.community.tell_failure(&exchange);
                play.deliver(&told(town)).await;
            }
            if push_first != Some(true) {
                assert_eq!(poll(town).await.told, 1);
            }
            play.quiet().await;
            if push_first == Some(false) {
                town.community.tell_failure(&exchange);
                play.deliver(&told(town)).await;
            }
            assert_eq!(poll(town).await.told, 0);
            play.quiet().await;
            found = incidents(town);
            assert_eq!(found.len(), 1, "{found:#?}");
        });
        let incident = found.remove(0);
        let of = |field: &str| incident.get(field).cloned().unwrap_or_default();
        // The push of this community does not know the control number.
        let description = of("description");
        let told = description.lines().filter(|line| !line.starts_with("Interchange"));
        let told = told.map(str::to_owned).collect::<Vec<_>>();
        (
            of("short_description"),
            of("assignment_group"),
            of("assigned_to"),
            of("company"),
            told,
        )
    };
    let polled = fields(None);
    assert_eq!(polled.0, "Contoso Retail: invoice 90073 lacks tax data");
    assert!(!polled.2.is_empty() && !polled.3.is_empty());
    assert!(
        polled
            .4
            .iter()
            .any(|line| line.contains("no tax identification of the seller")),
        "{:?}",
        polled.4
    );
    assert_eq!(fields(Some(false)), polled);
    assert_eq!(fields(Some(true)), polled);
}

#[test]
fn a_pushed_and_a_polled_failure_that_are_alike_share_an_incident() {
    when(async |town, play| {
        let exchange = town.community.add_exchange(invoice());
        town.community.tell_failure(&exchange);
        play.deliver(&told(town)).await;
        play.quiet().await;
        town.community.add_exchange(invoice());
        sleep(Duration::from_secs(110)).await;
        assert_eq!(poll(town).await.told, 1);
        play.quiet().await;
        let found = incidents(town);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0]["description"].contains("in this way: 2, of which 2 still fail."));
    });
}

#[test]
fn what_push_never_told_is_there_within_an_interval_and_the_overlap() {
    when(async |town, play| {
        let exchange = town.community.add_exchange(invoice());
        // Lens says when the status moved: a minute and a half after the exchange came.
        sleep(Duration::from_secs(95)).await;
        for _ in 0..2 {
            sleep(INTERVAL).await;
            poll(town).await;
        }
        play.quiet().await;
        assert_eq!(incidents(town).len(), 1);
        town.community.set_status(&exchange, Status::Delivered);
        sleep(INTERVAL).await;
        poll(town).await;
        play.quiet().await;
        assert_eq!(incidents(town)[0]["state"], "6");
    });
}

#[test]
fn acknowledgements_that_are_late_rejected_or_timed_out_are_found() {
    when(async |town, play| {
        let order = |acknowledgement| {
            let mut seed = ExchangeSeed::new("01:147678796", "ZZ:CONTOSO", "850");
            seed.acknowledgement = Some(acknowledgement);
            town.community.add_exchange(seed)
        };
        let (rejected, timed_out) = (order(Acknowledgement::Waiting), order(Acknowledgement::Waiting));
        order(Acknowledgement::Waiting);
        sleep(Duration::from_secs(600)).await;
        assert_eq!(poll(town).await.told, 0, "all are in time");
        town.community.acknowledge(&rejected, Acknowledgement::Rejected);
        town.community.acknowledge(&timed_out, Acknowledgement::TimedOut);
        sleep(INTERVAL).await;
        assert_eq!(poll(town).await.told, 2);
        play.quiet().await;
        assert_eq!(incidents(town).len(), 2);
        sleep(Duration::from_secs(3600)).await;
        assert_eq!(poll(town).await.told, 1, "the third is late");
        play.quiet().await;
        assert_eq!(incidents(town).len(), 2, "and waits out its time");
    });
}

#[test]
fn rows_of_one_second_may_be_more_than_a_page_holds() {
    when(async |town, _| {
        for number in 0..60 {
            let mut seed = invoice();
            if number % 3 > 0 {
                seed.status = Status::Delivered;
            }
            town.community.add_exchange(seed);
        }
        sleep(Duration::from_secs(110)).await;
        let polled = poll_with(town, &poller(town, transport(town)).with_pages_of(7)).await;
        assert_eq!(polled.told, 20);
        assert_eq!(poll(town).await.told, 0);
    });
}

#[test]
fn a_poller_that_dies_anywhere_loses_and_doubles_nothing() {
    let mut requests = usize::MAX;
    for last in 0.. {
        if last > requests {
            break;
        }
        when(async |town, play| {
            for _ in 0..2 {
                town.community.add_exchange(invoice());
            }
            sleep(Duration::from_secs(110)).await;
            let sent = Arc::new(AtomicUsize::new(0));
            let dying = dying(transport(town), Arc::clone(&sent), last);
            let poller = poller(town, dying);
            let deadline = town.clock.now().after(FUNCTION);
            let polled = tokio::time::timeout(FUNCTION, poller.poll(Reading::Onward, "dying", deadline)).await;
            if polled.is_ok_and(|polled| polled.is_ok()) {
                requests = sent.load(Ordering::Relaxed).saturating_sub(1);
            }
            sleep(2 * INTERVAL).await;
            poll(town).await;
            play.quiet().await;
            let found = incidents(town);
            assert_eq!(found.len(), 1, "died at request {last}");
            assert!(
                found[0]["description"].contains("in this way: 2, of which 2"),
                "died at request {last}"
            );
        });
    }
    assert!((20..200).contains(&requests), "{requests} requests");
}

/// The way to the outside of a function that is killed at a request, which still takes effect.
pub(crate) fn dying(transport: Transport, sent: Arc<AtomicUsize>, last: usize) -> Transport {
    let Transport::InProcess(router) = transport else {
        panic!("a town is in this process")
    };
    Transport::InProcess(Arc::new(move |request| {
        let is_last = sent.fetch_add(1, Ordering::Relaxed) >= last;
        let answer = router(request);
        Box::pin(async move {
            let answer = answer.await;
            if is_last {
                std::future::pending::<()>().await;
            }
            answer
        })
    }))
}

#[test]
fn a_back_fill_reads_from_its_date_once() {
    when(async |town, play| {
        let since = shared::domain::Timestamp::parse_rfc3339("2026-10-25T00:00:00Z").unwrap();
        let fill = async |worker: &str| {
            let deadline = town.clock.now().after(FUNCTION);
            poller(town, transport(town))
                .poll(Reading::Since(since), worker, deadline)
                .await
                .unwrap()
        };
        let first = fill("one").await;
        assert!(first.told > 10, "{first:?}");
        play.quiet().await;
        let again = fill("two").await;
        assert_eq!(again.told, 0, "{again:?}");
        assert_consistent(town);
    });
}

#[test]
fn what_polls_had_missed_is_found_in_the_night_and_counted() {
    when(async |town, play| {
        let night = async |worker: &str| {
            let deadline = town.clock.now().after(FUNCTION);
            let reading = Reading::Again { days: 7 };
            let poller = poller(town, transport(town));
            poller.poll(reading, worker, deadline).await.unwrap()
        };
        let never = night("before the first poll").await;
        assert_eq!((never.entries, never.told), (0, 0), "{never:?}");
        poll(town).await;
        let seen = town.community.add_exchange(invoice());
        sleep(2 * INTERVAL).await;
        assert_eq!(poll(town).await.told, 1);
        for _ in 0..3 {
            play.days(1).await;
            poll(town).await;
        }
        play.quiet().await;
        assert_eq!(incident_of(town, &seen), 1);
        // It is found long after the windows that it belongs to were read.
        let missed = town
            .community
            .add_exchange_of(Duration::from_secs(30 * 3600), other_invoice());
        let today = town
            .community
            .add_exchange_of(Duration::from_secs(600), other_invoice());
        assert_eq!(poll(town).await.told, 0);
        let first = night("one").await;
        assert_eq!((first.told, first.missed), (1, 1), "{first:?}");
        play.quiet().await;
        assert_eq!((incident_of(town, &missed), incident_of(town, &today)), (1, 0));
        // Neither what was known, nor what is older than the first poll, nor what was found in this night.
        let again = night("two").await;
        assert_eq!((again.told, again.missed), (0, 0), "{again:?}");
        play.days(1).await;
        let next = night("three").await;
        assert_eq!((next.told, next.missed), (1, 1), "{next:?}");
        play.quiet().await;
        assert_consistent(town);
    });
}

/// In how many failures the exchange is a member.
fn incident_of(town: &Town, exchange: &str) -> usize {
    let member = format!("MEMBER#{exchange}");
    town.cloud
        .items(TABLE)
        .iter()
        .filter(|item| item["sk"] == member.as_str())
        .count()
}

fn other_invoice() -> ExchangeSeed {
    let mut seed = invoice();
    "ZZ:NORTHWIND".clone_into(&mut seed.sender_address);
    seed
}

#[test]
fn two_pollers_do_not_read_at_once() {
    when(async |town, _| {
        let environment = Environment::new("another".to_owned());
        let store = clients(town, &environment, town.clock.clone()).store;
        let held = store.take_cursor("lens-status", "another").await.unwrap().unwrap();
        town.community.add_exchange(invoice());
        sleep(Duration::from_secs(110)).await;
        // The lease of the other is over: it was killed.
        assert_eq!(poll(town).await.busy, 0);
        let mut held = held;
        assert!(
            !store.move_cursor(&mut held, town.clock.now(), None).await.unwrap(),
            "it is no longer its own"
        );
        store.take_cursor("lens-status", "another").await.unwrap().unwrap();
        assert_eq!(poll(town).await.busy, 1);
    });
}

/// How many random histories every run of the tests tries.
const SEEDS: u64 = 6;

#[test]
fn every_final_failure_of_a_random_history_is_in_exactly_one_incident() {
    let seeds = setting("GRIDLINK_SEEDS")
        .and_then(|text| text.parse().ok())
        .unwrap_or(SEEDS);
    for seed in 0..seeds {
        history(seed);
    }
}

fn history(seed: u64) {
    when(async |town, play| {
        let mut random = Rng::with_seed(seed);
        // Every state that an exchange was in: the contract has one event for each.
        let mut exchanges: Vec<(String, BTreeSet<String>)> = Vec::new();
        for _ in 0..40 {
            match random.u32(0..10) {
                0..5 => {
                    let seed = any_exchange(&mut random);
                    let state = format!("{:?}", seed.status);
                    // The clock of Lens is behind ours, or a row is found late: within what every poll reads again.
                    let late = Duration::from_secs(random.u64(0..150) * random.u64(0..2));
                    let exchange = town.community.add_exchange_of(late, seed);
                    exchanges.push((exchange, BTreeSet::from([state])));
                }
                5..8 if !exchanges.is_empty() => {
                    let at = random.usize(0..exchanges.len());
                    let (exchange, states) = &mut exchanges[at];
                    let status = any_status(&mut random);
                    if states.insert(format!("{status:?}")) {
                        town.community.set_status(exchange, status);
                    }
                }
                _ => {}
            }
            sleep(Duration::from_secs(random.u64(0..150))).await;
            if random.bool() {
                let poller = poller(town, transport(town)).with_pages_of(random.u16(1..40));
                let worker = format!("poll {}", town.clock.now());
                // It may die, and another comes.
                let time = Duration::from_millis(random.u64(1..60_000));
                let deadline = town.clock.now().after(FUNCTION);
                let _ = tokio::time::timeout(time, poller.poll(Reading::Onward, &worker, deadline)).await;
            }
        }
        for _ in 0..4 {
            sleep(2 * INTERVAL).await;
            poll(town).await;
            play.quiet().await;
        }
        let members = assert_consistent(town);
        for (exchange, _) in &exchanges {
            let entries = town.community.exchange(exchange);
            let any = |field: &str, values: &[&str]| {
                let mut told = entries.iter().filter_map(|entry| entry[field].as_str());
                told.any(|value| values.contains(&value))
            };
            let has_error = entries.iter().any(|entry| entry["externalerrormessage"].is_string());
            let is_failing = any("status", &["Failed", "ValidationError", "OnHold", "Duplicate"])
                || any("fastatus", &["Rejected", "Partially accepted"])
                || (has_error && !any("status", &["Delivered"]));
            let is_under_way =
                any("status", &["Processing", "DeliveryInProgress"]) || any("fastatus", &["Waiting for FA"]);
            if is_under_way && !is_failing {
                // What has failed and is under way again is not over yet.
                continue;
            }
            let incidents = members.get(exchange).copied().unwrap_or(0);
            assert_eq!(
                incidents,
                usize::from(is_failing),
                "seed {seed}: {exchange} is in {incidents} incidents"
            );
        }
    });
}

/// Addresses of partners: two that the directory knows, and others that it does not.
pub(crate) const OTHERS: [&str; 5] = ["ZZ:CONTOSO", "ZZ:NORTHWIND", "ZZ:NOBODY1", "ZZ:NOBODY2", "ZZ:NOBODY3"];

fn any_status(random: &mut Rng) -> Status {
    let all = [
        Status::Delivered,
        Status::Delivered,
        Status::Completed,
        Status::Failed,
        Status::OnHold,
        Status::Processing,
        Status::DeliveryInProgress,
    ];
    all[random.usize(0..all.len())]
}

fn any_exchange(random: &mut Rng) -> ExchangeSeed {
    let is_sent = random.bool();
    let (own, other) = ("01:147678796", OTHERS[random.usize(0..OTHERS.len())]);
    let (from, to) = if is_sent { (own, other) } else { (other, own) };
    let kinds = if is_sent { ["850", "860"] } else { ["810", "856"] };
    let mut seed = ExchangeSeed::new(from, to, kinds[random.usize(0..2)]);
    seed.status = match random.u32(0..4) {
        0 => Status::ValidationError,
        1 => Status::Delivered,
        _ => any_status(random),
    };
    if is_sent && seed.status == Status::Delivered {
        let all = [
            Acknowledgement::Accepted,
            Acknowledgement::Rejected,
            Acknowledgement::Waiting,
            Acknowledgement::PartiallyAccepted,
        ];
        seed.acknowledgement = Some(all[random.usize(0..all.len())]);
    }
    seed
}

/// What is kept and what ServiceNow shows agree. Gives in how many incidents each failing exchange is.
pub(crate) fn assert_consistent(town: &Town) -> BTreeMap<String, usize> {
    let items = town.cloud.items(TABLE);
    let kept = |item: &Value| serde_json::from_str::<Value>(item["kept"].as_str().unwrap_or_default()).unwrap();
    let of = |prefix: &str| {
        let found = items
            .iter()
            .filter(|item| item["sk"].as_str().is_some_and(|sk| sk.starts_with(prefix)));
        found.map(|item| (item["pk"].clone(), kept(item))).collect::<Vec<_>>()
    };
    let members = of("MEMBER#");
    let mut failing: BTreeMap<String, usize> = BTreeMap::new();
    for (_, member) in &members {
        if member["is_failing"] == true {
            *failing
                .entry(member["exchange"].as_str().unwrap().to_owned())
                .or_default() += 1;
        }
    }
    for (subject, failures) in of("FAILURES#") {
        let its = members
            .iter()
            .filter(|(of, member)| *of == subject && member["incident"] == failures["incident"]);
        let its = its.map(|(_, member)| member["is_failing"] == true).collect::<Vec<_>>();
        let still = its.iter().filter(|fails| **fails).count();
        assert_eq!(
            (&failures["count"], &failures["failing"]),
            (&its.len().into(), &still.into()),
            "{failures}"
        );
        let link = format!(
            "LINK#incident#{}",
            failures["incident"]["discriminator"].as_str().unwrap()
        );
        let link = items
            .iter()
            .find(|item| item["pk"] == subject && item["sk"] == link.as_str())
            .unwrap();
        let row = town
            .servicenow
            .row("incident", link["sys_id"].as_str().unwrap())
            .unwrap();
        let count = format!("in this way: {}, of which {still} still fail.", its.len());
        assert!(row["description"].contains(&count), "{count}: {}", row["description"]);
        assert_eq!(row["state"] == "6", still == 0, "{failures} {}", row["state"]);
    }
    assert_parents(town, &items, of("PARENT#"), of("CHILD#"), of("CAUSE"));
    failing
}

/// Every child refers to its parent, and a parent is resolved when nothing of it fails any more.
fn assert_parents(
    town: &Town,
    items: &[Value],
    parents: Vec<(Value, Value)>,
    children: Vec<(Value, Value)>,
    causes: Vec<(Value, Value)>,
) {
    let row = |subject: &Value, link: &Value| {
        let link = format!("LINK#incident#{}", link["discriminator"].as_str().unwrap());
        let link = items
            .iter()
            .find(|item| item["pk"] == *subject && item["sk"] == link.as_str());
        town.servicenow
            .row("incident", link.unwrap()["sys_id"].as_str().unwrap())
            .unwrap()
    };
    for (cause, parent) in &parents {
        let its = children
            .iter()
            .filter(|(of, child)| of == cause && child["parent"] == parent["incident"]);
        let failing = its.clone().filter(|(_, child)| child["is_failing"] == true).count();
        assert_eq!(parent["failing"], failing, "{parent}");
        assert!(
            parent["count"].as_u64().unwrap() >= its.clone().count() as u64,
            "{parent}"
        );
        let shown = row(cause, &parent["incident"]);
        let count = format!("alike: {}, of which {failing} still fail.", parent["count"]);
        assert!(
            shown["description"].contains(&count),
            "{count}: {}",
            shown["description"]
        );
        assert_eq!(shown["state"] == "6", failing == 0, "{parent} {}", shown["state"]);
        for (_, child) in its {
            let incident = &child["incident"];
            let child = row(&incident["failures"], &incident["incident"]);
            assert_eq!(child["parent_incident"], shown["sys_id"], "{incident}");
        }
    }
    for (cause, kept) in &causes {
        let loose = kept["loose"].as_array().unwrap();
        let fails = |incident: &Value| {
            let is_it = |(of, child): &&(Value, Value)| of == cause && child["incident"] == *incident;
            children
                .iter()
                .find(is_it)
                .is_some_and(|(_, child)| child["is_failing"] == true)
        };
        assert!(loose.iter().all(|loose| fails(&loose["incident"])), "{kept}");
        let partners = loose.iter().map(|loose| loose["incident"]["partner"].as_str().unwrap());
        assert!(partners.collect::<BTreeSet<_>>().len() < 3, "{kept}");
    }
}
