//! A running function: its process, its Runtime API, and what it has used.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use tokio::process::{Child, Command};

use crate::runtime_api::RuntimeApi;

/// How long an idle process is left alone before its CPU time is read: the scheduler books it when
/// the threads have gone to sleep.
const SETTLE: Duration = Duration::from_millis(4);

/// A program to start.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) path: PathBuf,
    /// What runs it, with its arguments; empty for the machine itself.
    pub(crate) under: Vec<String>,
    pub(crate) environment: Vec<(&'static str, String)>,
    pub(crate) arguments: Arguments,
}

/// What stands on a program's command line.
#[derive(Debug, Clone)]
pub(crate) enum Arguments {
    /// Nothing: a function learns everything from its environment.
    None,
    /// The Runtime API, then these.
    RuntimeApiAnd(Vec<String>),
}

/// A started function that waits for its first event.
pub(crate) struct Function {
    child: Child,
    api: RuntimeApi,
    /// From the start of the process until it asked for its first event.
    pub(crate) start_wall: Duration,
    /// CPU time by thread, also of threads that have ended since.
    threads: BTreeMap<u32, u64>,
    log: PathBuf,
}

impl Function {
    /// Starts the program; its output goes to `log`.
    ///
    /// # Errors
    /// When it ends, fails or says nothing before it asks for an event; with the end of its output.
    pub(crate) async fn start(program: &Program, log: &Path) -> Result<Self> {
        let api = RuntimeApi::start().await?;
        let output = File::create(log)?;
        let mut words = program.under.iter().map(Path::new).chain([program.path.as_path()]);
        let mut command = Command::new(words.next().context("no program")?);
        command.args(words);
        if let Arguments::RuntimeApiAnd(more) = &program.arguments {
            command.arg(api.address()).args(more);
        }
        command
            .env_clear()
            .envs(program.environment.iter().map(|(name, value)| (*name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api.address())
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true);
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("{} cannot be started", program.path.display()))?;
        let mut function = Self {
            child,
            api,
            start_wall: Duration::ZERO,
            threads: BTreeMap::new(),
            log: log.to_owned(),
        };
        function.idle().await?;
        function.start_wall = started.elapsed();
        Ok(function)
    }

    /// Returns when the function waits for an event.
    pub(crate) async fn idle(&mut self) -> Result<()> {
        let outcome = tokio::select! {
            outcome = self.api.idle() => outcome,
            status = self.child.wait() => Err(anyhow::anyhow!("it ended: {}", status?)),
        };
        outcome.with_context(|| self.last_words())
    }

    /// Hands over an event; gives the answer and how long it took.
    pub(crate) async fn invoke(&mut self, event: Bytes) -> Result<(Bytes, Duration)> {
        self.idle().await?;
        let started = Instant::now();
        let outcome = tokio::select! {
            outcome = self.api.invoke(event) => outcome,
            status = self.child.wait() => Err(anyhow::anyhow!("it ended: {}", status?)),
        };
        let took = started.elapsed();
        Ok((outcome.with_context(|| self.last_words())?, took))
    }

    /// The CPU time of the process since its start, read while it is idle.
    pub(crate) async fn cpu(&mut self) -> Result<Duration> {
        self.idle().await?;
        tokio::time::sleep(SETTLE).await;
        for thread in fs::read_dir(self.proc("task")?)? {
            let thread = thread?;
            // "<ns on a CPU> <ns waiting for one> <time slices>", Documentation/scheduler/sched-stats.
            let Ok(text) = fs::read_to_string(thread.path().join("schedstat")) else {
                continue;
            };
            let spent = text.split(' ').next().and_then(|number| number.parse().ok());
            let id = thread.file_name().to_string_lossy().parse().unwrap_or(0);
            self.threads.insert(id, spent.context("schedstat has no number")?);
        }
        Ok(Duration::from_nanos(self.threads.values().sum()))
    }

    /// The most memory that the process has had at a time, in bytes.
    pub(crate) fn peak_memory(&self) -> Result<u64> {
        let status = fs::read_to_string(self.proc("status")?)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes: Option<u64> = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        Ok(kibibytes.context("VmHWM is not known")? * 1024)
    }

    /// What it has logged so far, in bytes.
    pub(crate) fn logged(&self) -> Result<u64> {
        Ok(fs::metadata(&self.log)?.len())
    }

    /// Asks the process to end, as Lambda and valgrind understand it, and waits for that.
    pub(crate) async fn end(mut self) -> Result<()> {
        self.idle().await?;
        let id = self.child.id().context("it ended by itself")?;
        let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        if !asked.success() {
            bail!("the process {id} could not be ended");
        }
        tokio::time::timeout(Duration::from_secs(60), self.child.wait()).await??;
        Ok(())
    }

    fn proc(&self, file: &str) -> Result<PathBuf> {
        let id = self.child.id().context("the function ended")?;
        Ok(Path::new("/proc").join(id.to_string()).join(file))
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        format!(
            "the function's last words:\n{}",
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        )
    }
}
