//! Measures the functions as they are deployed, beside a function that does nothing and a client
//! that only makes the same calls.
//!
//! Nothing outside this machine takes part: AWS and the two systems are the simulators of the
//! tests, behind TLS, in this process; the functions are processes of their own, so what is
//! measured of them is theirs. Every round gives each program its turn.

mod aims;
mod authority;
mod function;
mod instructions;
mod programs;
#[cfg(test)]
mod real_binaries;
mod report;
mod rounds;
mod runtime_api;
mod samples;
mod stage;
mod upstream;
mod works;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Parser;

use crate::aims::Aim;
use crate::programs::Which;
use crate::report::Results;
use crate::rounds::{Bench, Recorded};
use crate::stage::Folders;

/// Events of the runs with latency.
const SLOW_EVENTS: usize = 15;

/// Measures the functions beside a no-op function and a bare client.
#[derive(Parser)]
struct Options {
    /// Rounds, each of which measures every program.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Events of each kind in a round.
    #[arg(long, default_value_t = 150)]
    events: usize,
    /// The profile that the programs are built with; `dist` is what is deployed.
    #[arg(long, default_value = "dist")]
    profile: String,
    /// Measure the programs of this folder instead of building them.
    #[arg(long)]
    binaries: Option<PathBuf>,
    /// Leave out callgrind.
    #[arg(long)]
    no_instructions: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(&Options::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing failed that must not.
async fn run(options: &Options) -> Result<bool> {
    let target = programs::target_folder()?;
    let binaries = match &options.binaries {
        Some(folder) => folder.clone(),
        None => {
            programs::build(&options.profile)?;
            target.join(&options.profile)
        }
    };
    let folders = Folders {
        infra: programs::repository().join("infra"),
        work: target.join("bench"),
    };
    std::fs::create_dir_all(&folders.work)?;
    let tls = authority::establish(&folders.authority())?;
    let mut bench = Bench {
        folders,
        binaries,
        tls,
        events: options.events,
        recorded: Recorded::default(),
    };
    say(&format!(
        "{} rounds of {} events of each kind, profile {}; load average {}",
        options.rounds,
        options.events,
        options.profile,
        load_average()
    ));
    let results = measure(&mut bench, options).await?;
    say(&results.told());
    let aims = Aim::all(&results);
    for aim in &aims {
        say(&aim.to_string());
    }
    say(&format!("\nLoad average at the end: {}", load_average()));
    Ok(!aims.iter().any(Aim::has_failed))
}

async fn measure(bench: &mut Bench, options: &Options) -> Result<Results> {
    let mut results = Results {
        events: options.events,
        ..Results::default()
    };
    bench
        .record()
        .await
        .context("the calls of a create cannot be recorded")?;
    for _ in 0..options.rounds {
        bench.round(&mut results.programs).await?;
        for which in [Which::BareClient, Which::OpenCase] {
            let wall = bench.with_latency(which, SLOW_EVENTS).await?;
            results.latency.entry(which).or_default().push(wall);
        }
    }
    for which in Which::FUNCTIONS {
        let bootstrap = bench.binaries.join(which.name());
        let mapping = bench.folders.infra.join("mapping.yaml");
        let size = programs::zip_size(&[("bootstrap", &bootstrap), ("mapping.yaml", &mapping)])?;
        results.zips.insert(which, size);
    }
    if options.no_instructions || !instructions::are_countable() {
        say("Instructions are not counted: valgrind is not there, or was not wanted.");
        return Ok(results);
    }
    for which in Which::ALL {
        results.instructions.insert(which, bench.count(which).await?);
    }
    Ok(results)
}

/// Of the last 1, 5 and 15 minutes.
fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::print_stdout, reason = "the tables are what the program is for")]
fn say(text: &str) {
    println!("{text}");
}
