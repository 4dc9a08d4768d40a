//! Scheduled jobs: each runs on a thread of its own, which stops whenever the job sends a request and goes on when
//! whoever drives the instance says how that went. At any time one thread at most is not waiting, and it has the state
//! to itself, so runs are as repeatable as everything else.
//!
//! Jobs that run periodically send; they run when something waits. A daily one runs when the instance is driven at
//! its time of the day (UTC) or later; any job runs when somebody executes it.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;
use serde_json::json;
use time::{OffsetDateTime, Time};

use super::host::{Host, Resumed, Step, Wire};
use super::interval;
use super::language::Engine;
use crate::admin::{done, refused};
use crate::clock;
use crate::outgoing::{Delivery, DeliveryId, Outcome};
use crate::servicenow::engine::{Row, State};

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
    /// None for a job that runs when it is executed.
    next_run: Option<OffsetDateTime>,
    pace: Pace,
    run: Option<Run>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pace {
    Periodically,
    Daily,
    OnDemand,
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Execute {
    name: String,
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
            let job = &self.jobs[index];
            let is_its_time = job.run.is_none() && job.next_run.is_some_and(|at| at <= now);
            // To look for work takes long where much has been sent.
            if is_its_time && (job.pace != Pace::Periodically || has_work(state, now)) {
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

    /// Lets every job that sends run as soon as somebody asks.
    pub(crate) fn hurry(&mut self, now: OffsetDateTime) {
        for job in &mut self.jobs {
            if job.pace == Pace::Periodically {
                job.next_run = Some(now);
            }
        }
    }

    /// Runs a job now, by its name.
    pub(crate) fn execute(&mut self, state: &mut State, now: OffsetDateTime, name: &str) -> Result<(), String> {
        self.refresh(state, now);
        let named = |job: &Job| {
            let row = state.find("sysauto_script", &job.sys_id);
            row.is_some_and(|row| row.get("name") == name)
        };
        let index = self.jobs.iter().position(named);
        let index = index.ok_or_else(|| format!("there is no active job {name}"))?;
        if self.jobs[index].run.is_some() {
            return Err(format!("the job {name} runs already"));
        }
        self.start(index, state, now);
        Ok(())
    }

    /// The earliest time at which [`Jobs::take`] may send something. A run that would find nothing is not told, nor
    /// one that sends nothing.
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
            None if job.pace == Pace::Periodically => work_at.zip(job.next_run).map(|(work, run)| work.max(run)),
            None => None,
        });
        next.min()
    }

    /// Learns of the jobs of the application.
    fn refresh(&mut self, state: &State, now: OffsetDateTime) {
        let rows = state.rows("sysauto_script").into_iter();
        let mut wanted: Vec<Job> = rows.filter_map(|row| Job::of(row, now)).collect();
        if wanted.len() != self.jobs.len() {
            wanted.sort_by(|one, other| one.sys_id.cmp(&other.sys_id));
            self.jobs = wanted;
        }
    }

    fn start(&mut self, index: usize, state: &mut State, now: OffsetDateTime) {
        let job = &mut self.jobs[index];
        let Some(row) = state.find("sysauto_script", &job.sys_id) else {
            return;
        };
        let Some(app) = &state.app else { return };
        let (script, modules) = (row.get("script").to_owned(), Arc::clone(&app.modules));
        job.next_run = match job.pace {
            Pace::Periodically => Some(now + interval(row.get("run_period")).unwrap_or(Duration::from_secs(60))),
            Pace::Daily => Some(next_of_day(row, now)),
            Pace::OnDemand => None,
        };
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

impl Job {
    /// None for a job that is not active, or runs in a way that is not known here.
    fn of(row: &Row, now: OffsetDateTime) -> Option<Job> {
        let (pace, next_run) = match row.get("run_type") {
            "periodically" => (Pace::Periodically, Some(now)),
            "daily" => (Pace::Daily, Some(next_of_day(row, now))),
            "on_demand" => (Pace::OnDemand, None),
            _ => return None,
        };
        (row.get("active") == "true").then(|| Job {
            sys_id: row.get("sys_id").to_owned(),
            next_run,
            pace,
            run: None,
        })
    }
}

/// The next time of the day at which a daily job runs.
fn next_of_day(row: &Row, now: OffsetDateTime) -> OffsetDateTime {
    let midnight = now.replace_time(Time::MIDNIGHT);
    let today = midnight + interval(row.get("run_time")).unwrap_or_default();
    if today > now {
        today
    } else {
        today + Duration::from_secs(24 * 3600)
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

/// `POST /_world/jobs`: runs a job now, by its name.
pub(crate) fn serve(state: &mut State, jobs: &mut Jobs, now: OffsetDateTime, body: &Bytes) -> Response<Bytes> {
    let execute: Execute = match serde_json::from_slice(body) {
        Ok(execute) => execute,
        Err(error) => return refused(&format!("this is no job: {error}")),
    };
    match jobs.execute(state, now, &execute.name) {
        Ok(()) => done(json!({ "status": "executed" })),
        Err(reason) => refused(&reason),
    }
}
