//! Draining a stream: its lease, its entries in order, and what becomes of failures.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Decide, Gather, Situation};
use crate::apply::{Apply, Standing, instead_of};
use crate::clients::Clients;
use crate::domain::{Lane, Stream, Timestamp, UseCase};
use crate::effect::{Effect, Source};
use crate::event::{Event, IssueParked};
use crate::failure::{Failure, System, chain};
use crate::retry;
use crate::store::{Breaker, Commit, Deferral, Entry, Gate, Lease, Loaded, Outcome, Parking, Taken, Write};
use crate::telemetry::{self, Metric};

/// How many leases may be taken without a verdict before the entry is taken to kill its workers.
const MOST_STARTS: i64 = 5;
/// Kept back at the end of an invocation for the last commit.
const RESERVE: Duration = Duration::from_secs(3);
/// What an effect with one or two small calls may need.
const CALL: Duration = Duration::from_secs(12);
/// What the transfer of a document may need.
const TRANSFER: Duration = Duration::from_secs(47);
/// A cause is kept this long on the stream, in characters.
const CAUSE: usize = 500;

/// The systems that have failed lately.
type Breakers = BTreeMap<System, Breaker>;

/// What came of a doorbell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drained {
    /// So many entries were finished, and none is left.
    Finished(i64),
    /// There was nothing to do, or it is not ours or not time.
    Nothing(&'static str),
    /// The stream is due later.
    Deferred(String),
    /// The stream waits for a person.
    Parked(String),
    /// The stream waits for the end of a pause.
    Paused(String),
    /// Time is up: it was rung again.
    OutOfTime,
    /// The table could not be asked; the stream is due again by itself.
    Lost(String),
}

/// Why work on an entry stopped.
enum Stop {
    /// Something failed; the effect under way, if any, can be released.
    Failed {
        failure: Failure,
        under_way: Option<Box<Effect>>,
    },
    /// There is no time for the next effect; whether this invocation got anything done.
    OutOfTime { has_progressed: bool },
    /// Another worker moved the entry.
    Overtaken,
    /// An operator has paused what the stream belongs to.
    Paused(String),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Failed {
            failure,
            under_way: None,
        }
    }
}

impl From<crate::store::Error> for Stop {
    fn from(error: crate::store::Error) -> Self {
        Failure::from(error).into()
    }
}

/// Works on one stream.
pub(super) struct Drain<'a, G, D> {
    pub(super) clients: &'a Clients,
    pub(super) use_case: UseCase,
    pub(super) gather: &'a G,
    pub(super) decide: &'a D,
    /// Names this worker on the lease and tells its rings apart.
    pub(super) worker: &'a str,
    /// When the function is killed.
    pub(super) deadline: Timestamp,
}

impl<G, D> Drain<'_, G, D> {
    /// Takes the lease and works until the stream is finished or something stops it.
    pub(super) async fn run<F>(&self, stream: &Stream, alone: &tokio::sync::RwLock<()>) -> Drained
    where
        G: Gather<F>,
        D: Decide<F>,
    {
        if !self.has_time(CALL) {
            return Drained::Lost("the function's time is nearly up".to_owned());
        }
        let mut lease = match self.clients.store.take(stream, self.use_case, self.worker).await {
            Ok(Taken::Lease(lease)) => lease,
            Ok(Taken::Nothing(why)) => return Drained::Nothing(why),
            Ok(Taken::OwnedBy(owner)) => {
                let _ = self.clients.queue.ring(owner, stream, self.worker).await;
                return Drained::Nothing("the stream belongs to another use case, which was rung");
            }
            Err(error) => return Drained::Lost(chain(&error)),
        };
        let before = lease.finished;
        // A stream that killed its workers twice runs without neighbors.
        let stop = if lease.starts > 2 {
            let _alone = alone.write().await;
            self.entries(&mut lease).await
        } else {
            let _together = alone.read().await;
            self.entries(&mut lease).await
        };
        match stop {
            Ok(()) => Drained::Finished(lease.finished - before),
            Err(stop) => self.stop(&lease, stop).await,
        }
    }

    async fn entries<F>(&self, lease: &mut Lease) -> Result<(), Stop>
    where
        G: Gather<F>,
        D: Decide<F>,
    {
        if lease.starts >= MOST_STARTS {
            let cause = anyhow::anyhow!("the entry crashed the worker {} times", lease.starts - 1);
            return Err(Failure::permanent(cause, "look for the crash in the logs, mend it, and replay").into());
        }
        while lease.finished < lease.accepted {
            let loaded = self
                .clients
                .store
                .load(&lease.stream, lease.finished, lease.accepted)
                .await?;
            self.check_deployment(&loaded)?;
            if let Some(name) = loaded.pauses.covering(self.use_case, &lease.stream.subject) {
                return Err(Stop::Paused(name));
            }
            self.pass(System::ServiceNow, &loaded.breakers).await?;
            let Loaded {
                entries,
                mut link,
                breakers,
                rebuilt_at,
                ..
            } = loaded;
            if entries.first().map(|entry| entry.number) != Some(lease.finished + 1) {
                return Err(Stop::Overtaken);
            }
            for entry in entries {
                let situation = Situation {
                    subject: lease.stream.subject.clone(),
                    lane: lease.stream.lane,
                    number: entry.number,
                    waiting: lease.accepted - entry.number,
                    now: self.clients.clock.now(),
                    received_at: entry.received_at,
                    link: link.take(),
                };
                self.entry(lease, entry, situation, (&breakers, rebuilt_at)).await?;
                if lease.finished == lease.accepted {
                    return Ok(());
                }
                // The entry may have made or moved the link.
                link = self
                    .clients
                    .store
                    .link(&lease.stream.subject, &crate::domain::LinkKey::case())
                    .await?;
            }
        }
        Ok(())
    }

    /// A table of another deployment would give every record a second sys_id.
    fn check_deployment(&self, loaded: &Loaded) -> Result<(), Failure> {
        let mine = self.clients.store.deployment();
        match &loaded.deployment {
            Some(written) if written != mine.as_str() => {
                let cause =
                    anyhow::anyhow!("the table belongs to the deployment {written}, and this function to {mine}");
                Err(Failure::Upstream {
                    system: System::Aws,
                    cause,
                    unsent: true,
                })
            }
            _ => Ok(()),
        }
    }

    async fn pass(&self, system: System, breakers: &Breakers) -> Result<(), Failure> {
        match self.clients.store.pass(system, breakers.get(&system)).await? {
            Gate::Open => Ok(()),
            Gate::ClosedUntil(until) => Err(Failure::Closed { system, until }),
        }
    }

    /// Ends what a hanging system would draw out beyond the function's time, while there is still
    /// time to put the stream down in order.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        let left = self.clients.clock.now().after(RESERVE).until(self.deadline);
        match tokio::time::timeout(left, work).await {
            Ok(outcome) => outcome,
            Err(elapsed) => Err(Failure::transient(
                anyhow::Error::new(elapsed).context("the function's time was up"),
            )),
        }
    }

    async fn entry<F>(
        &self,
        lease: &mut Lease,
        mut entry: Entry,
        situation: Situation,
        (breakers, rebuilt_at): (&Breakers, Option<Timestamp>),
    ) -> Result<(), Stop>
    where
        G: Gather<F>,
        D: Decide<F>,
    {
        let event = Event::parse(&entry.sender, &entry.event).map_err(|error| {
            Failure::permanent(error, "dismiss the entry, or replay it with a version that reads it")
        })?;
        let is_resumed = entry.plan.is_some();
        let plan = match &entry.plan {
            Some(plan) => plan.clone(),
            None => {
                if !self.has_time(CALL) {
                    return Err(Stop::OutOfTime { has_progressed: false });
                }
                let gathering = (self.gather)(self.clients, &situation, &event);
                let facts = self.in_time(gathering).await?;
                (self.decide)(&event, &facts)
            }
        };
        let apply = Apply {
            clients: self.clients,
            subject: &situation.subject,
            event: &event,
            rebuilt_at,
        };
        let mut run = Run {
            plan,
            is_stored: is_resumed,
            writes: Vec::new(),
            story: Vec::new(),
            reached: BTreeSet::new(),
        };
        let mut at = if is_resumed { entry.step } else { 0 };
        let mut is_under_way = is_resumed;
        while let Some(effect) = run.plan.get(at).cloned() {
            // What only the table is told needs no preparation: it is written with the next step.
            if matches!(
                effect,
                Effect::Tell { .. } | Effect::Recognize(_) | Effect::MoveLanes(_) | Effect::Mark(_) | Effect::Adopt(_)
            ) {
                let applied = apply.perform(&effect, Standing::Fresh).await?;
                run.writes.extend(applied.writes);
                run.story.extend(applied.story);
                at += 1;
                is_under_way = false;
                continue;
            }
            if !self.has_time(time_for(&effect)) {
                let has_progressed = !run.writes.is_empty();
                self.keep(lease, &mut entry, &mut run, at).await?;
                return Err(Stop::OutOfTime { has_progressed });
            }
            if systems(&effect).contains(&System::TradingGrid) {
                self.pass(System::TradingGrid, breakers).await?;
            }
            let standing = if is_under_way {
                Standing::Resumed
            } else {
                self.begin(lease, &mut entry, &mut run, at, &apply, &effect).await?
            };
            is_under_way = false;
            tracing::info!(subject = %situation.subject, entry = entry.number, step = at, resumed = matches!(standing, Standing::Resumed), "{effect}");
            match self.in_time(apply.perform(&effect, standing)).await {
                Ok(applied) => {
                    run.reached.extend(systems(&effect));
                    run.writes.extend(applied.writes);
                    run.story.extend(applied.story);
                    at += 1;
                }
                Err(Failure::Refused { reason }) => {
                    run.writes.extend(apply.refuse(&effect)?);
                    run.plan.splice(at..=at, instead_of(&effect, &reason));
                    run.is_stored = false;
                    entry.has_refusals = true;
                }
                Err(failure) => {
                    return Err(Stop::Failed {
                        failure,
                        under_way: Some(Box::new(effect)),
                    });
                }
            }
        }
        self.answered(&run.reached, breakers).await;
        let outcome = if entry.has_refusals {
            Outcome::Refused
        } else {
            Outcome::Done
        };
        match self
            .clients
            .store
            .finish(lease, &entry, outcome, &run.writes, &run.story)
            .await?
        {
            Commit::Done => {
                telemetry::lasted(Metric::Lag, event.due_since(), self.clients.clock.now());
                Ok(())
            }
            Commit::Claimed(_) | Commit::Intended | Commit::Overtaken => Err(Stop::Overtaken),
        }
    }

    /// Makes the preparation of an effect durable, together with what the effect before left.
    async fn begin(
        &self,
        lease: &Lease,
        entry: &mut Entry,
        run: &mut Run,
        at: usize,
        apply: &Apply<'_>,
        effect: &Effect,
    ) -> Result<Standing, Stop> {
        let prepared = match apply.prepare(effect).await {
            Ok(prepared) => prepared,
            Err(failure) => {
                self.keep(lease, entry, run, at).await?;
                return Err(failure.into());
            }
        };
        let all = run.writes.iter().cloned().chain(prepared).collect::<Vec<_>>();
        let plan = if run.is_stored { None } else { Some(run.plan.as_slice()) };
        let store = &self.clients.store;
        let standing = match store.advance(lease, entry, plan, at, &all, &run.story).await? {
            Commit::Done => Standing::Fresh,
            Commit::Overtaken => return Err(Stop::Overtaken),
            // It was prepared once before: then only what the effect before left is written.
            commit @ (Commit::Claimed(_) | Commit::Intended) => {
                match store.advance(lease, entry, plan, at, &run.writes, &run.story).await? {
                    Commit::Done => {}
                    Commit::Claimed(_) | Commit::Intended | Commit::Overtaken => return Err(Stop::Overtaken),
                }
                match commit {
                    Commit::Claimed(claim) => Standing::Claimed(claim),
                    Commit::Done | Commit::Intended | Commit::Overtaken => Standing::Resumed,
                }
            }
        };
        entry.step = at;
        entry.plan = Some(run.plan.clone());
        run.is_stored = true;
        run.writes.clear();
        run.story.clear();
        Ok(standing)
    }

    /// Makes durable what finished effects left, without preparing the next one.
    async fn keep(&self, lease: &Lease, entry: &mut Entry, run: &mut Run, at: usize) -> Result<(), Stop> {
        if run.writes.is_empty() {
            return Ok(());
        }
        let plan = if run.is_stored { None } else { Some(run.plan.as_slice()) };
        let store = &self.clients.store;
        match store.advance(lease, entry, plan, at, &run.writes, &run.story).await? {
            Commit::Done => Ok(()),
            Commit::Claimed(_) | Commit::Intended | Commit::Overtaken => Err(Stop::Overtaken),
        }
    }

    /// Systems that answered: a breaker that remembers failures of one forgets them.
    async fn answered(&self, reached: &BTreeSet<System>, breakers: &Breakers) {
        for (system, breaker) in breakers {
            if reached.contains(system)
                && breaker.remembers_failures()
                && let Err(error) = self.clients.store.close_breaker(*system).await
            {
                tracing::warn!(error = %chain(&error), %system, "the breaker was not closed");
            }
        }
    }

    fn has_time(&self, need: Duration) -> bool {
        self.clients.clock.now().after(need + RESERVE) <= self.deadline
    }

    async fn stop(&self, lease: &Lease, stop: Stop) -> Drained {
        match self.put_down(lease, stop).await {
            Ok(drained) => drained,
            Err(failure) => Drained::Lost(chain(&failure)),
        }
    }

    async fn put_down(&self, lease: &Lease, stop: Stop) -> Result<Drained, Failure> {
        let store = &self.clients.store;
        let now = self.clients.clock.now();
        let (failure, under_way) = match stop {
            Stop::Overtaken => return Ok(Drained::Nothing("another worker moved the stream")),
            Stop::Paused(name) => {
                store.hold(lease, &name).await?;
                return Ok(Drained::Paused(name));
            }
            Stop::OutOfTime { has_progressed } => {
                // Without progress it is no better at once: a slow system needs time.
                let wait = retry::stream_wait(lease.attempts + 1, lease.stream.subject.as_str());
                let deferral = Deferral {
                    until: if has_progressed { now } else { now.after(wait) },
                    cause: "out of time".to_owned(),
                    waiting_for: None,
                    is_failure: !has_progressed,
                };
                store.defer(lease, &deferral, &[]).await?;
                if has_progressed {
                    let _ = self.clients.queue.ring(self.use_case, &lease.stream, self.worker).await;
                }
                return Ok(Drained::OutOfTime);
            }
            Stop::Failed { failure, under_way } => (failure, under_way),
        };
        let text = crate::messages::cut(&chain(&failure), CAUSE);
        let number = lease.finished + 1;
        let subject = &lease.stream.subject;
        match failure {
            Failure::Permanent { cause, remedy } => {
                let cause = crate::messages::cut(&chain(cause.as_ref()), CAUSE);
                let parking = Parking {
                    number,
                    cause: &cause,
                    remedy: &remedy,
                    // A refused creation leaves nothing behind: other rules may make it possible.
                    decides_anew: matches!(under_way.as_deref(), Some(Effect::CreateRecord(_))),
                };
                self.park(lease, &parking).await?;
                Ok(Drained::Parked(text))
            }
            Failure::Closed { until, .. } | Failure::Early { until } => {
                let waiting_for = match failure {
                    Failure::Closed { system, .. } => Some(system),
                    _ => None,
                };
                if waiting_for.is_some() {
                    telemetry::count(Metric::Deferred);
                }
                let deferral = Deferral {
                    until,
                    cause: text.clone(),
                    waiting_for,
                    is_failure: false,
                };
                store.defer(lease, &deferral, &[]).await?;
                Ok(Drained::Deferred(text))
            }
            Failure::Transient { wait, unsent, .. } => {
                let waiting = retry::stream_wait(lease.attempts + 1, subject.as_str());
                self.put_off(lease, wait.unwrap_or(waiting), None, unsent, under_way, text)
                    .await
            }
            Failure::Upstream { system, unsent, .. } => {
                if system != System::Aws {
                    store.count_failure(system).await?;
                }
                let wait = retry::stream_wait(lease.attempts + 1, subject.as_str());
                self.put_off(lease, wait, Some(system), unsent, under_way, text).await
            }
            // Refusals of effects are dealt with where they happen; a refused fact is a failure.
            Failure::Refused { reason } => {
                let parking = Parking {
                    number,
                    cause: &reason,
                    remedy: "see the reason, correct it, and replay or dismiss",
                    decides_anew: true,
                };
                self.park(lease, &parking).await?;
                Ok(Drained::Parked(reason))
            }
        }
    }

    /// Parks a stream. That its partner will hear of it comes first, so that a crash between the two forgets nobody:
    /// who looks in time sees whether it is parked.
    async fn park(&self, lease: &Lease, parking: &Parking<'_>) -> Result<(), Failure> {
        let (
            subject,
            Parking {
                number, cause, remedy, ..
            },
        ) = (&lease.stream.subject, parking);
        tracing::error!(%subject, entry = number, %cause, %remedy, "parked");
        self.will_tell(lease).await?;
        self.clients.store.park(lease, parking).await?;
        telemetry::count(Metric::Parked);
        // Somebody must hear of this though the function be killed next.
        telemetry::flush();
        Ok(())
    }

    /// Sees to it that the partner of an issue that is about to be parked hears of that if nobody helps in time.
    async fn will_tell(&self, lease: &Lease) -> Result<(), Failure> {
        let Stream { subject, lane } = &lease.stream;
        let (Some(rule), Some((company_id, issue_id)), Lane::In | Lane::Out | Lane::Escalation) =
            (&self.clients.mapping.when_parked, subject.as_issue(), lane)
        else {
            return Ok(());
        };
        let now = self.clients.clock.now();
        let parked = IssueParked {
            issue_id,
            company_id,
            lane: *lane,
            number: lease.finished + 1,
            due_at: now.after(rule.tell_after()),
        };
        let event = parked
            .event(now)
            .map_err(|error| Failure::transient(anyhow::Error::new(error)))?;
        self.clients.store.accept(&event).await?;
        Ok(())
    }

    async fn put_off(
        &self,
        lease: &Lease,
        wait: Duration,
        waiting_for: Option<System>,
        unsent: bool,
        under_way: Option<Box<Effect>>,
        cause: String,
    ) -> Result<Drained, Failure> {
        let number = lease.finished + 1;
        let subject = &lease.stream.subject;
        let until = self.clients.clock.now().after(wait);
        tracing::warn!(%subject, entry = number, %cause, until = %until, "put off");
        let writes: Vec<Write> = match (&under_way, unsent) {
            (Some(effect), true) => self.release(&lease.stream, effect)?,
            _ => Vec::new(),
        };
        let deferral = Deferral {
            until,
            cause: cause.clone(),
            waiting_for,
            is_failure: true,
        };
        self.clients.store.defer(lease, &deferral, &writes).await?;
        telemetry::count(Metric::Deferred);
        Ok(Drained::Deferred(cause))
    }

    fn release(&self, stream: &Stream, effect: &Effect) -> Result<Vec<Write>, Failure> {
        crate::apply::release(&self.clients.store, &stream.subject, effect)
    }
}

/// A plan under way, with what the last effect left to be written.
struct Run {
    /// Systems that carried out an effect.
    reached: BTreeSet<System>,
    plan: Vec<Effect>,
    is_stored: bool,
    writes: Vec<Write>,
    story: Vec<String>,
}

/// The systems that carry an effect out.
fn systems(effect: &Effect) -> &'static [System] {
    match effect {
        Effect::Attach(attach) if attach.source != Source::EventText => &[System::ServiceNow, System::TradingGrid],
        Effect::ShareDocument(_) | Effect::PublishArticle(_) => &[System::ServiceNow, System::TradingGrid],
        Effect::CreateRecord(_)
        | Effect::UpdateFields(_)
        | Effect::AddJournal(_)
        | Effect::Attach(_)
        | Effect::AddRow(_) => &[System::ServiceNow],
        Effect::PostComment(_)
        | Effect::PostNotice(_)
        | Effect::ReportStatus(_)
        | Effect::ReportClosure(_)
        | Effect::ReportEscalation(_)
        | Effect::ReportMilestone(_)
        | Effect::ReportOutcome(_)
        | Effect::CloseRequest(_)
        | Effect::WithdrawArticle(_)
        | Effect::Provision(_)
        | Effect::ReportOnboarding(_) => &[System::TradingGrid],
        Effect::AskEscalation(_)
        | Effect::MoveLanes(_)
        | Effect::Remind(_)
        | Effect::Follow(_)
        | Effect::Recognize(_)
        | Effect::Remember(_)
        | Effect::PassOn(_)
        | Effect::AskForDraft(_)
        | Effect::CountIssue(_)
        | Effect::PassToArticle(_)
        | Effect::Mark(_)
        | Effect::Adopt(_)
        | Effect::TakeTurn { .. }
        | Effect::GoOn { .. }
        | Effect::Tell { .. } => &[],
    }
}

fn time_for(effect: &Effect) -> Duration {
    match effect {
        Effect::Attach(attach) => match attach.source {
            Source::Community { .. } => TRANSFER,
            Source::EventText => CALL,
        },
        Effect::ShareDocument(_) => TRANSFER,
        Effect::CreateRecord(_)
        | Effect::UpdateFields(_)
        | Effect::AddJournal(_)
        | Effect::PostComment(_)
        | Effect::PostNotice(_)
        | Effect::ReportStatus(_)
        | Effect::ReportClosure(_)
        | Effect::Remind(_)
        | Effect::AskEscalation(_)
        | Effect::MoveLanes(_)
        | Effect::ReportEscalation(_)
        | Effect::ReportMilestone(_)
        | Effect::ReportOutcome(_)
        | Effect::CloseRequest(_)
        | Effect::Follow(_)
        | Effect::Recognize(_)
        | Effect::Remember(_)
        | Effect::PassOn(_)
        | Effect::AskForDraft(_)
        | Effect::CountIssue(_)
        | Effect::AddRow(_)
        | Effect::PassToArticle(_)
        | Effect::PublishArticle(_)
        | Effect::WithdrawArticle(_)
        | Effect::Mark(_)
        | Effect::Adopt(_)
        | Effect::TakeTurn { .. }
        | Effect::Provision(_)
        | Effect::ReportOnboarding(_)
        | Effect::GoOn { .. }
        | Effect::Tell { .. } => CALL,
    }
}
