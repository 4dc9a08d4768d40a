//! A day of exchanges: what it costs grows with what fails, and not with what is fine.
//!
//! One in a hundred fails, spread over the day. Two storms come on top: a partner whose invoices all fail, and several
//! partners whose shipment notices fail alike. Half of what failed goes through later. Lens is polled every minute.
//!
//! `make test` plays three short days and compares their growth. `make volume` plays a whole one with
//! `GRIDLINK_EXCHANGES` exchanges (100,000 without it) and prints what it was.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use fastrand::Rng;
use tokio::time::sleep;
use worlds::trading_grid::{ExchangeSeed, Status};

use crate::chaos::Chaos;
use crate::faults::System;
use crate::play::{Play, default_mapping, in_town};
use crate::poll_lens::{INTERVAL, assert_consistent, incidents, poll};
use crate::prove::setting;
use crate::town::Town;

const OWN: &str = "01:147678796";
/// Partners, known to the directory and not.
const PARTNERS: [&str; 7] = [
    "ZZ:CONTOSO",
    "ZZ:NORTHWIND",
    "ZZ:PARTNER3",
    "ZZ:PARTNER4",
    "ZZ:PARTNER5",
    "ZZ:PARTNER6",
    "ZZ:PARTNER7",
];
const KINDS: [&str; 4] = ["810", "856", "204", "855"];
/// For how many minutes Lens keeps what was delivered at once: so long a memory that grows is that of the functions.
const KEPT: u64 = 180;
/// How often the whole day tells how far it is.
const PROGRESS: u64 = 240;

/// What a day was.
#[derive(Debug, Default)]
struct Day {
    exchanges: u64,
    failed: u64,
    entries: u64,
    told: u64,
    incidents: usize,
    parents: usize,
    resolved: usize,
    calls: BTreeMap<&'static str, u64>,
    /// Memory of the process after each quarter, in MiB: of the functions and of the simulated systems.
    memory: Vec<u64>,
    took: Duration,
}

impl Day {
    /// Counts the calls since it was last asked.
    fn count(&mut self, town: &Town) {
        for call in town.forget_what_passed() {
            *self.calls.entry(name(call.system)).or_default() += 1;
        }
    }

    fn calls(&self, system: &str) -> u64 {
        self.calls.get(system).copied().unwrap_or(0)
    }
}

/// Plays `minutes` with so many exchanges, spread evenly.
fn day(exchanges: u64, minutes: u64) -> Day {
    let mut day = Day::default();
    let started = Instant::now();
    in_town(default_mapping(), async |town, play| {
        // Nothing fails here, and the whole table is looked through after few writes only: it grows large.
        town.chaos.get_or_init(|| Chaos::of(0)).end();
        play.open_the_doors();
        poll(town).await;
        town.forget_what_passed();
        let mut random = Rng::with_seed(exchanges);
        let mut failed: Vec<String> = Vec::new();
        let mut delivered = VecDeque::new();
        for minute in 0..minutes {
            let usual = exchanges * (minute + 1) / minutes - exchanges * minute / minutes;
            for seed in seeds(&mut random, usual)
                .into_iter()
                .chain(storm(exchanges, minutes, minute))
            {
                let fails = seed.status != Status::Delivered;
                let exchange = town.community.add_exchange(seed);
                day.exchanges += 1;
                if fails {
                    day.failed += 1;
                    failed.push(exchange);
                } else {
                    delivered.push_back((minute, exchange));
                }
            }
            while delivered.front().is_some_and(|(since, _)| since + KEPT < minute) {
                let purged = delivered.pop_front().map(|(_, exchange)| exchange);
                town.community.purge_exchange(&purged.unwrap_or_default());
            }
            // Half of what has failed goes through in the second half of the day.
            if minute >= minutes / 2 && failed.len() as u64 * 2 > day.failed {
                let many = failed.len() / 8 + 1;
                for exchange in failed.drain(..many) {
                    town.community.set_status(&exchange, Status::Delivered);
                }
            }
            sleep(INTERVAL).await;
            let polled = poll(town).await;
            day.entries += polled.entries;
            day.told += polled.told;
            day.count(town);
            if (minute + 1) % (minutes / 4) == 0 {
                day.memory.push(memory());
            }
            if minutes > PROGRESS && (minute + 1) % PROGRESS == 0 {
                println!(
                    "{} of {minutes} minutes after {:.0} s",
                    minute + 1,
                    started.elapsed().as_secs_f64()
                );
            }
        }
        end(town, play, &mut day).await;
        day.count(town);
    });
    day.took = started.elapsed();
    day
}

async fn end(town: &std::sync::Arc<Town>, play: &Play, day: &mut Day) {
    for _ in 0..4 {
        sleep(2 * INTERVAL).await;
        let polled = poll(town).await;
        day.told += polled.told;
        play.quiet().await;
    }
    let members = assert_consistent(town);
    assert!(
        members.values().all(|incidents| *incidents == 1),
        "a failure is in two incidents"
    );
    let (parents, children): (Vec<_>, Vec<_>) = incidents(town)
        .into_iter()
        .partition(|row| row["correlation_id"].starts_with("causes/"));
    day.parents = parents.len();
    day.incidents = children.len();
    day.resolved = children.iter().filter(|row| row["state"] == "6").count();
}

/// The usual traffic: one in a hundred fails.
fn seeds(random: &mut Rng, many: u64) -> Vec<ExchangeSeed> {
    let seed = |_| {
        let partner = PARTNERS[random.usize(0..PARTNERS.len())];
        let mut seed = ExchangeSeed::new(partner, OWN, KINDS[random.usize(0..KINDS.len())]);
        if random.u32(0..100) == 0 {
            seed.status = Status::Failed;
        }
        seed
    };
    (0..many).map(seed).collect()
}

/// What fails at once: a hundredth of the day in the first storm, and again in the second.
fn storm(exchanges: u64, minutes: u64, minute: u64) -> Vec<ExchangeSeed> {
    let failing = |partner: &str, kind: &str| {
        let mut seed = ExchangeSeed::new(partner, OWN, kind);
        seed.status = Status::ValidationError;
        seed
    };
    let many = usize::try_from(exchanges / 100).unwrap();
    if minute == minutes / 3 {
        return (0..many).map(|_| failing(PARTNERS[0], "810")).collect();
    }
    if minute == minutes * 2 / 3 {
        let partners = PARTNERS.iter().cycle().take(many.max(PARTNERS.len()));
        return partners.map(|partner| failing(partner, "856")).collect();
    }
    Vec::new()
}

fn name(system: System) -> &'static str {
    match system {
        System::ServiceNow => "ServiceNow",
        System::TradingGrid => "Trading Grid",
        System::DynamoDb => "DynamoDB",
        System::Sqs => "SQS",
        System::Secrets => "Secrets Manager",
    }
}

/// What the process has in memory, in MiB.
fn memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

#[test]
fn what_a_day_costs_grows_with_what_fails() {
    let days = [200, 400, 800].map(|exchanges| day(exchanges, 24));
    for day in &days {
        println!("{day:?}");
        assert!(day.parents >= 1, "{day:?}");
        // A storm is a few incidents, however large it is.
        assert!(day.incidents <= PARTNERS.len() * KINDS.len() * 2, "{day:?}");
    }
    for system in ["ServiceNow", "Trading Grid", "DynamoDB", "SQS"] {
        let [one, two, four] = [0, 1, 2].map(|at: usize| days[at].calls(system));
        let (first, second) = (two.saturating_sub(one), four.saturating_sub(two));
        println!("{system}: {one}, {two}, {four}");
        // Twice as many more exchanges cost at most twice as many more calls, and a little for the chance.
        assert!(second <= first * 2 + first / 2 + 40, "{system}: {one}, {two}, {four}");
    }
    let [_, two, four] = [0, 1, 2].map(|at: usize| &days[at]);
    let (failed, calls) = (
        four.failed - two.failed,
        four.calls("ServiceNow") - two.calls("ServiceNow"),
    );
    // What joins an incident costs a look at it and, with the last of a burst, the count.
    assert!(calls <= failed * 4, "{calls} calls to ServiceNow for {failed} failures");
}

#[test]
#[ignore = "a whole day, which takes minutes: make volume"]
fn a_whole_day() {
    let exchanges = setting("GRIDLINK_EXCHANGES").map_or(100_000, |text| text.parse().unwrap());
    let day = day(exchanges, 24 * 60);
    println!(
        "exchanges          {:>10}, of which {} failed",
        day.exchanges, day.failed
    );
    println!("entries read       {:>10}", day.entries);
    println!("events             {:>10}", day.told);
    println!(
        "incidents          {:>10}, of which {} are resolved; {} parents",
        day.incidents, day.resolved, day.parents
    );
    for (system, calls) in &day.calls {
        let calls_for_each = *calls as f64 / day.failed as f64;
        println!("calls to {system:<15} {calls:>7}, {calls_for_each:.1} for each failure");
    }
    println!("time               {:>8.0} s", day.took.as_secs_f64());
    println!(
        "memory after each quarter, with the simulated systems: {:?} MiB",
        day.memory
    );
}
