//! Scheduled jobs: each runs on a thread of its own, which stops whenever the job sends a request and goes on when
//! whoever drives the instance says how that went. At any time one thread at most is not waiting, and it has the state
//! to itself, so runs are as repeatable as everything else.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use serde_json::json;
use time::OffsetDateTime;

use super::host::{Host, Resumed, Step, Wire};
use super::interval;
use super::language::Engine;
use crate::clock;
use crate::outgoing::{Delivery, DeliveryId, Outcome};
use crate::servicenow::engine::State;

/// Jobs run as the system.
const USER: &str = "system";

/// A request without an answer comes to an end after so long: the longest that the platform waits.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);

/// The table in which the application keeps what it has to send.
pub(super) const OUTBOX: &str = "x_gridlink_outbox";

/// What runs on an instance, and when it runs again.
#[derive(Debug, Default)]
pub(crate) struct Jobs {
    jobs: Vec<Job>,
    departures: u64,
}

#[derive(Debug)]
struct Job {
    sys_id: String,
    next_run: OffsetDateTime,
    run: Option<Run>,
}

/// A run that waits for the answer to its request.
#[derive(Debug)]
struct Run {
    steps: Receiver<Step>,
    answers: Sender<Resumed>,
    departure: u64,
    since: OffsetDateTime,
    /// The request, until it is taken.
    request: Option<Request<Bytes>>,
}

impl Jobs {
    /// Forgets every run; one that waits ends at once.
    pub(crate) fn stop(&mut self) {
        *self = Jobs::default();
    }

    /// Starts what is due and gives the requests that may leave.
    pub(crate) fn take(&mut self, state: &mut State, now: OffsetDateTime) -> Vec<Delivery> {
        self.refresh(state, now);
        let mut deliveries = Vec::new();
        for index in 0..self.jobs.len() {
            self.end_if_unanswered(index, state, now);
            let is_due = self.jobs[index].run.is_none() && self.jobs[index].next_run <= now && has_work(state, now);
            if is_due {
                self.start(index, state, now);
            }
            if let Some(run) = &mut self.jobs[index].run
                && let Some(request) = run.request.take()
            {
                let id = DeliveryId::new(index as u64, run.departure);
                deliveries.push(Delivery { id, request });
            }
        }
        deliveries
    }

    /// Lets the run that sent this request go on. One that was given up meanwhile hears nothing.
    pub(crate) fn report(&mut self, state: &mut State, now: OffsetDateTime, id: DeliveryId, outcome: Outcome) {
        let index = self.jobs.iter().enumerate().position(|(index, job)| {
            let departure = job.run.as_ref().map(|run| run.departure);
            departure.is_some_and(|departure| DeliveryId::new(index as u64, departure) == id)
        });
        if let Some(index) = index {
            self.resume(index, state, now, outcome);
        }
    }

    /// Lets every job run as soon as somebody asks.
    pub(crate) fn hurry(&mut self, now: OffsetDateTime) {
        for job in &mut self.jobs {
            job.next_run = now;
        }
    }

    /// The earliest time at which [`Jobs::take`] may do something. A run that would find nothing is not told.
    pub(crate) fn next_at(&mut self, state: &State, now: OffsetDateTime) -> Option<OffsetDateTime> {
        self.refresh(state, now);
        let work_at = work_at(state);
        let next = self.jobs.iter().filter_map(|job| match &job.run {
            Some(Run {
                request: Some(_),
                since,
                ..
            }) => Some(*since),
            Some(run) => Some(run.since + LONGEST_REQUEST),
            None => work_at.map(|at| at.max(job.next_run)),
        });
        next.min()
    }

    /// Learns of the jobs of the application.
    fn refresh(&mut self, state: &State, now: OffsetDateTime) {
        let mut wanted: Vec<String> = state
            .rows("sysauto_script")
            .into_iter()
            .filter(|row| row.get("active") == "true" && row.get("run_type") == "periodically")
            .map(|row| row.get("sys_id").to_owned())
            .collect();
        wanted.sort();
        if wanted.len() == self.jobs.len() {
            return;
        }
        self.jobs = wanted
            .into_iter()
            .map(|sys_id| Job {
                sys_id,
                next_run: now,
                run: None,
            })
            .collect();
    }

    fn start(&mut self, index: usize, state: &mut State, now: OffsetDateTime) {
        let job = &mut self.jobs[index];
        let Some(row) = state.find("sysauto_script", &job.sys_id) else {
            return;
        };
        let Some(app) = &state.app else { return };
        let (script, modules) = (row.get("script").to_owned(), Arc::clone(&app.modules));
        job.next_run = now + interval(row.get("run_period")).unwrap_or(Duration::from_secs(60));
        let (requests, steps) = channel();
        let (answers, resumed) = channel();
        let host = Host {
            state: std::mem::replace(state, State::nowhere()),
            at: now,
            by: USER.to_owned(),
            wire: Some(Wire {
                requests: requests.clone(),
                answers: resumed,
            }),
        };
        std::thread::spawn(move || {
            let engine = Engine::new(modules);
            let (host, answer) = engine.run(host, &script, &json!({}));
            // Nobody listens to a run that was stopped.
            let _heard = requests.send(Step::Ended(Box::new(host.state), answer.map(drop)));
        });
        job.run = Some(Run {
            steps,
            answers,
            departure: 0,
            since: now,
            request: None,
        });
        self.step(index, state, now);
    }

    fn resume(&mut self, index: usize, state: &mut State, now: OffsetDateTime, outcome: Outcome) {
        let Some(run) = &self.jobs[index].run else { return };
        let resumed = Resumed {
            state: Box::new(std::mem::replace(state, State::nowhere())),
            at: now,
            outcome,
        };
        run.answers.send(resumed).expect("the run waits for it");
        self.step(index, state, now);
    }

    /// Waits until the run sends a request or ends, and takes the state back.
    fn step(&mut self, index: usize, state: &mut State, now: OffsetDateTime) {
        self.departures += 1;
        let job = &mut self.jobs[index];
        let Some(run) = &mut job.run else { return };
        match run.steps.recv().expect("a run ends with a step") {
            Step::Sends(back, request) => {
                *state = *back;
                run.departure = self.departures;
                run.since = now;
                run.request = Some(*request);
            }
            Step::Ended(back, result) => {
                *state = *back;
                job.run = None;
                if let Err(reason) = result {
                    state.ignored.push(format!("the job {} failed: {reason}", job.sys_id));
                }
            }
        }
    }

    fn end_if_unanswered(&mut self, index: usize, state: &mut State, now: OffsetDateTime) {
        let run = self.jobs[index].run.as_ref();
        if run.is_some_and(|run| run.request.is_none() && run.since + LONGEST_REQUEST <= now) {
            self.resume(index, state, now, Outcome::Unanswered("Request timed out".to_owned()));
        }
    }
}

fn has_work(state: &State, now: OffsetDateTime) -> bool {
    work_at(state).is_some_and(|at| at <= now)
}

/// When the first event of the outbox may leave.
fn work_at(state: &State) -> Option<OffsetDateTime> {
    let waiting = state.rows(OUTBOX).into_iter().filter(|row| row.get("state") == "new");
    waiting
        .filter_map(|row| clock::parse_seconds(row.get("next_attempt")))
        .min()
}
