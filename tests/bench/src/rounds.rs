//! The measurement: rounds in which every program has its turn, so that what the machine does
//! meanwhile strikes all of them alike.

use std::collections::BTreeMap;
use std::ops::Add;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use bench::{Side, Transcript};
use bytes::Bytes;
use http::Response;
use tokio_rustls::TlsAcceptor;

use crate::function::{Arguments, Function, Program};
use crate::programs::Which;
use crate::samples::Samples;
use crate::stage::{Folders, Stage, doorbells};
use crate::works::{Calls, Work, cases};

/// Events before a measurement begins: connections are made, caches are filled.
pub(crate) const WARM_UP: usize = 20;
/// Starts of each program in a round.
pub(crate) const STARTS: usize = 3;
/// Issues in the batch that the peak of memory is taken after.
const BATCH: usize = 10;

/// What measurements need.
pub(crate) struct Bench {
    pub(crate) folders: Folders,
    /// Where the programs are.
    pub(crate) binaries: PathBuf,
    pub(crate) tls: TlsAcceptor,
    /// Events of each kind in a round.
    pub(crate) events: usize,
    /// The calls of creates, and their answers, to be made again by the bare client.
    pub(crate) recorded: Recorded,
}

/// What was called and answered.
#[derive(Debug, Default)]
pub(crate) struct Recorded {
    transcript: PathBuf,
    answers: Vec<Response<Bytes>>,
}

/// What was measured of one program; a value for each round.
#[derive(Default)]
pub(crate) struct Measured {
    /// Milliseconds.
    pub(crate) start_cpu: Samples,
    /// Milliseconds.
    pub(crate) start_wall: Samples,
    /// Of all starts of a round.
    pub(crate) start_calls: Calls,
    /// MiB.
    pub(crate) peak: Samples,
    pub(crate) works: BTreeMap<Work, Worked>,
}

/// What was measured of one kind of event; a value for each round.
#[derive(Default)]
pub(crate) struct Worked {
    /// Microseconds per event.
    pub(crate) cpu: Samples,
    /// Microseconds: the median event.
    pub(crate) wall: Samples,
    /// Of all events of a round.
    pub(crate) calls: Calls,
    /// Whether every round made the same calls.
    pub(crate) is_steady: bool,
    /// DynamoDB write units per event.
    pub(crate) write_units: f64,
    /// Bytes of log per event.
    pub(crate) logged: f64,
}

impl Bench {
    pub(crate) async fn stage(&self) -> Result<Stage> {
        Stage::set(&self.folders, &self.tls).await
    }

    /// A program as it is measured against a stage.
    pub(crate) fn program(&self, which: Which, stage: &Stage) -> Program {
        let arguments = match which {
            Which::BareClient => Arguments::RuntimeApiAnd(vec![
                self.folders.authority().display().to_string(),
                stage.upstream.address(Side::Aws),
                stage.upstream.address(Side::ServiceNow),
                self.recorded.transcript.display().to_string(),
            ]),
            Which::NoOp | Which::OpenCase | Which::ReceiveWebhook | Which::PollChanges => Arguments::None,
        };
        Program {
            path: self.binaries.join(which.name()),
            under: Vec::new(),
            environment: stage.environment().to_vec(),
            arguments,
        }
    }

    pub(crate) fn log(&self, which: Which) -> PathBuf {
        self.folders.work.join(format!("{}.log", which.name()))
    }

    /// Keeps the calls and answers of creates, for the bare client.
    pub(crate) async fn record(&mut self) -> Result<()> {
        let stage = self.stage().await?;
        let issues = 0..WARM_UP + self.events;
        Work::Create.prepare(&stage, issues.clone()).await?;
        let program = self.program(Which::OpenCase, &stage);
        let mut function = Function::start(&program, &self.log(Which::OpenCase)).await?;
        // Reference data is fetched once, by whoever comes first.
        Work::Create.prepare(&stage, issues.end..issues.end + 1).await?;
        function.invoke(doorbells([issues.end])).await?;
        let mut transcript = Transcript::default();
        let mut answers = Vec::new();
        for event in Work::Create.events(&stage, issues) {
            stage.upstream.keep();
            function.invoke(event).await?;
            let (calls, answered): (Vec<_>, Vec<_>) = stage.upstream.take_kept().into_iter().unzip();
            transcript.events.push(calls);
            answers.extend(answered);
        }
        let file = self.folders.work.join("transcript.json");
        std::fs::write(&file, serde_json::to_string(&transcript)?)?;
        self.recorded = Recorded {
            transcript: file,
            answers,
        };
        Ok(())
    }

    /// One round: each program is started, measured and ended.
    pub(crate) async fn round(&self, results: &mut BTreeMap<Which, Measured>) -> Result<()> {
        for which in Which::ALL {
            let measured = results.entry(which).or_default();
            self.turn(which, measured)
                .await
                .with_context(|| which.name().to_owned())?;
        }
        Ok(())
    }

    async fn turn(&self, which: Which, measured: &mut Measured) -> Result<()> {
        let stage = self.stage().await?;
        let (mut cpu, mut wall) = (Samples::default(), Samples::default());
        let mut function = self.start(which, &stage).await?;
        for start in 0..STARTS {
            if start > 0 {
                function = self.start(which, &stage).await?;
            }
            cpu.push(millis(function.cpu().await?));
            wall.push(millis(function.start_wall));
        }
        measured.start_cpu.push(cpu.median());
        measured.start_wall.push(wall.median());
        measured.start_calls = Calls::count(stage.upstream.take_calls());
        for work in Work::of(which) {
            let worked = measured.works.entry(*work).or_default();
            self.work(*work, &stage, &mut function, worked).await?;
        }
        if which == Which::OpenCase {
            let batch = WARM_UP + self.events..WARM_UP + self.events + BATCH;
            Work::Create.prepare(&stage, batch.clone()).await?;
            Work::Create.check(&function.invoke(doorbells(batch)).await?.0)?;
            function.idle().await?;
        }
        measured.peak.push(function.peak_memory()? as f64 / 1024.0 / 1024.0);
        Ok(())
    }

    /// The stage gives the answers to the recorded creates, from the first on.
    pub(crate) fn answer_as_recorded(&self, stage: &Stage) {
        stage.upstream.answer_with(self.recorded.answers.iter().cloned());
    }

    async fn start(&self, which: Which, stage: &Stage) -> Result<Function> {
        Function::start(&self.program(which, stage), &self.log(which)).await
    }

    async fn work(&self, work: Work, stage: &Stage, function: &mut Function, worked: &mut Worked) -> Result<()> {
        let last = WARM_UP + self.events;
        work.prepare(stage, 0..last).await?;
        let events = work.events(stage, 0..last);
        if work == Work::BareCreate {
            self.answer_as_recorded(stage);
        }
        let cases_before = cases(stage);
        for event in &events[..WARM_UP] {
            work.check(&function.invoke(event.clone()).await?.0)?;
        }
        let cpu_before = function.cpu().await?;
        let logged_before = function.logged()?;
        stage.upstream.take_calls();
        stage.worlds.cloud.forget_calls();
        let mut wall = Samples::default();
        for event in &events[WARM_UP..] {
            let (answer, took) = function.invoke(event.clone()).await?;
            work.check(&answer)?;
            wall.push(took.as_secs_f64() * 1e6);
        }
        let spent = function.cpu().await? - cpu_before;
        work.must_have_made(stage, cases_before, last)?;

        let measured = self.events as f64;
        worked.cpu.push(spent.as_secs_f64() * 1e6 / measured);
        worked.wall.push(wall.median());
        worked.logged = (function.logged()? - logged_before) as f64 / measured;
        let units = stage
            .worlds
            .cloud
            .calls()
            .iter()
            .filter_map(|call| call.write_units)
            .fold(0.0, f64::add);
        worked.write_units = units / measured;
        let calls = Calls::count(stage.upstream.take_calls());
        worked.is_steady = worked.cpu.count() == 1 || (worked.is_steady && worked.calls == calls);
        worked.calls = calls;
        Ok(())
    }

    /// What a create takes when the other sides take their time: milliseconds, of the median event.
    pub(crate) async fn with_latency(&self, which: Which, events: usize) -> Result<f64> {
        let stage = self.stage().await?;
        let mut function = self.start(which, &stage).await?;
        let work = if which == Which::BareClient {
            Work::BareCreate
        } else {
            Work::Create
        };
        if work == Work::BareCreate {
            self.answer_as_recorded(&stage);
        }
        work.prepare(&stage, 0..WARM_UP + events).await?;
        let mut wall = Samples::default();
        for (number, event) in work.events(&stage, 0..WARM_UP + events).into_iter().enumerate() {
            stage.upstream.set_latency(number >= WARM_UP);
            let (answer, took) = function.invoke(event).await?;
            work.check(&answer)?;
            if number >= WARM_UP {
                wall.push(millis(took));
            }
        }
        Ok(wall.median())
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
