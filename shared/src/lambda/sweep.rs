//! The sweep: rings every stream that is due, whatever became of its doorbell.
//!
//! It needs no secret and no mapping. A system whose breaker is open gets one ring a sweep, which
//! is its probe; the other streams that wait for it are only moved on.
//!
//! Invoked with `{"replay": "<subject>"}` it lets a parked stream go on instead. `{"poll": "lens"}` (or `feed`, or
//! `records`), which a schedule of its own sends, is for [`crate::poll`], and with `"since": "2026-11-01T00:00:00Z"` it
//! reads once from a date; `{"poll": "lens", "again_days": 7}` reads the last days again and counts what was missed.

use serde::{Deserialize, Serialize};

use crate::aws::Aws;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Lane, Stream, Subject, Timestamp};
use crate::failure::System;
use crate::http::Transport;
use crate::queue::Queue;
use crate::store::{Pauses, RESUMED_FOR, Store};
use crate::telemetry::{self, Metric};

/// Shards of the index of due streams.
const SHARDS: u8 = 16;
/// Streams that are rung per shard and pass.
const PER_PASS: i32 = 25;
/// Kept back at the end of an invocation.
const RESERVE: std::time::Duration = std::time::Duration::from_secs(5);

/// Rings what is due.
pub struct Sweeper {
    store: Store,
    queue: Queue,
    clock: Clock,
}

/// What the sweeper is asked for: the schedule's event asks for nothing in particular.
#[derive(Debug, Default, Deserialize)]
pub struct SweepRequest {
    /// The subject of a parked stream that may go on.
    #[serde(default)]
    pub replay: Option<Subject>,
    /// What is to be polled.
    #[serde(default)]
    pub poll: Option<Source>,
    /// From when on it is read once more, RFC 3339.
    #[serde(default)]
    pub since: Option<String>,
    /// How many days before the last midnight (UTC) are read once more, to find what polls had missed; of Lens only.
    #[serde(default)]
    pub again_days: Option<u16>,
}

/// What can be polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// Exchanges, in Lens.
    Lens,
    /// What happened in the community, in its feed.
    Feed,
    /// Records that Gridlink made, in ServiceNow.
    Records,
}

/// What a sweep did.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Swept {
    /// Streams that were rung.
    pub rung: u32,
    /// Streams that wait for a system that is down.
    pub waiting: u32,
    /// Rings that the queue did not take; they are due again in a minute.
    pub failed: u32,
}

impl Sweeper {
    /// A sweeper that sends over `transport` and reads `clock`.
    pub fn new(config: &Config, transport: Transport, clock: Clock) -> Self {
        let aws = Aws::new(config.aws.clone(), transport, clock.clone());
        Self {
            store: Store::new(config, &aws, clock.clone()),
            queue: Queue::new(config, &aws, clock.clone()),
            clock,
        }
    }

    /// Does what it is asked for.
    ///
    /// # Errors
    /// When the table cannot be asked, belongs to another deployment, or the stream is not parked.
    pub async fn handle(&self, request: SweepRequest, request_id: &str, deadline: Timestamp) -> anyhow::Result<Swept> {
        match request.replay {
            None => self.sweep(request_id, deadline).await,
            Some(subject) => {
                let mut rung = 0;
                for lane in Lane::ALL {
                    let stream = Stream {
                        subject: subject.clone(),
                        lane,
                    };
                    if let Some(owner) = self.store.replay(&stream).await? {
                        tracing::info!(%stream, "replayed");
                        self.queue.ring(owner, &stream, request_id).await?;
                        rung += 1;
                    }
                }
                anyhow::ensure!(rung > 0, "no stream of {subject} is parked");
                Ok(Swept {
                    rung,
                    ..Swept::default()
                })
            }
        }
    }

    /// Lets go what workers have put down for pauses that had ended by then. Gives how many streams were rung.
    async fn release(&self, pauses: &Pauses, request_id: &str) -> anyhow::Result<u32> {
        let mut rung = 0;
        for (name, at) in &pauses.ended {
            for stream in self.store.held(name).await? {
                if let Some(owner) = self.store.release(&stream, name).await? {
                    tracing::info!(%stream, pause = name, "resumed");
                    self.queue.ring_or_leave(Some(owner), &stream, request_id).await;
                    rung += 1;
                }
            }
            if self.clock.now() > at.after(RESUMED_FOR) {
                self.store.forget_resumed(name, *at).await?;
            }
        }
        Ok(rung)
    }

    /// Rings what is due, shard after shard, until nothing is or time is up.
    ///
    /// # Errors
    /// When the table cannot be asked, or belongs to another deployment.
    pub async fn sweep(&self, request_id: &str, deadline: Timestamp) -> anyhow::Result<Swept> {
        let pauses = self.store.claim_table().await?;
        let released = self.release(&pauses, request_id).await?;
        let down = self.store.open_breakers().await?;
        let mut probed = Vec::new();
        let mut swept = Swept {
            rung: released,
            ..Swept::default()
        };
        // Round robin from another shard every minute, a few of each at a time: no shard waits for
        // another to be empty.
        let first = self.clock.now().seconds().div_euclid(60).rem_euclid(i64::from(SHARDS));
        let first = u8::try_from(first).unwrap_or(0);
        let mut left: Vec<u8> = (0..SHARDS).map(|shard| (shard + first) % SHARDS).collect();
        let mut oldest = self.clock.now();
        while !left.is_empty() {
            let mut more = Vec::new();
            for shard in left {
                if self.clock.now().after(RESERVE) > deadline {
                    telemetry::lasted(Metric::Overdue, oldest, self.clock.now());
                    tracing::warn!(shard, "out of time; the rest is due in the next sweep");
                    return Ok(swept);
                }
                let (found, due) = self.store.claim_due(shard, PER_PASS).await?;
                if i32::try_from(found).is_ok_and(|found| found >= PER_PASS) {
                    more.push(shard);
                }
                for due in due {
                    let waits_for = |system: &&System| due.waiting_for.as_deref() == Some(system.as_str());
                    if let Some(system) = down.iter().find(waits_for) {
                        if probed.contains(system) {
                            swept.waiting += 1;
                            continue;
                        }
                        probed.push(*system);
                    }
                    match self.queue.ring(due.owner, &due.stream, request_id).await {
                        Ok(()) => {
                            oldest = oldest.min(due.since);
                            swept.rung += 1;
                        }
                        Err(error) => {
                            let error = crate::failure::chain(error.as_ref());
                            tracing::error!(stream = %due.stream, %error, "not rung");
                            swept.failed += 1;
                        }
                    }
                }
            }
            left = more;
        }
        telemetry::lasted(Metric::Overdue, oldest, self.clock.now());
        tracing::info!(
            rung = swept.rung,
            waiting = swept.waiting,
            failed = swept.failed,
            "swept"
        );
        Ok(swept)
    }
}
