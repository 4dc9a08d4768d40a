//! Instructions, counted by callgrind: the one measure of work that a busy machine does not change.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::function::Function;
use crate::programs::Which;
use crate::rounds::{Bench, WARM_UP};
use crate::works::Work;

/// Events in the longer of two runs, beyond those of the shorter.
const EVENTS: usize = 40;

/// Whether valgrind can be run.
pub(crate) fn are_countable() -> bool {
    let version = Command::new("valgrind").arg("--version").output();
    version.is_ok_and(|output| output.status.success())
}

/// Millions of instructions.
pub(crate) struct Counted {
    /// From the start of the process until it waits for its first event, and to its end.
    pub(crate) start: f64,
    /// Of one event: the difference of two runs over the difference of their lengths.
    pub(crate) event: f64,
}

impl Bench {
    /// Counts the instructions of a program and of the first kind of event that it is given. The
    /// profiles stay in `<target>/bench/<program>-<events>.callgrind`, for `callgrind_annotate`.
    pub(crate) async fn count(&self, which: Which) -> Result<Counted> {
        let start = self.total(which, 0).await?;
        let short = self.total(which, WARM_UP).await?;
        let long = self.total(which, WARM_UP + EVENTS).await?;
        Ok(Counted {
            start: start / 1e6,
            event: (long - short) / 1e6 / EVENTS as f64,
        })
    }

    async fn total(&self, which: Which, events: usize) -> Result<f64> {
        let stage = self.stage().await?;
        let file = self.folders.work.join(format!("{}-{events}.callgrind", which.name()));
        let mut program = self.program(which, &stage);
        program.under = vec![
            "valgrind".to_owned(),
            "--tool=callgrind".to_owned(),
            format!("--callgrind-out-file={}", file.display()),
        ];
        let search_path = std::env::join_paths(["/usr/local/bin", "/usr/bin", "/bin"].map(Path::new))?;
        program
            .environment
            .push(("PATH", search_path.to_string_lossy().into_owned()));
        let mut function = Function::start(&program, &self.log(which)).await?;
        let work = *Work::of(which).first().context("it has no work")?;
        if work == Work::BareCreate {
            self.answer_as_recorded(&stage);
        }
        work.prepare(&stage, 0..events).await?;
        for event in work.events(&stage, 0..events) {
            work.check(&function.invoke(event).await?.0)?;
        }
        function.end().await?;
        let profile = std::fs::read_to_string(&file).context("callgrind wrote nothing")?;
        total_of(&profile).context("callgrind's output names no total")
    }
}

/// The line `totals: <instructions>` (or `summary:`) of callgrind's output.
fn total_of(profile: &str) -> Option<f64> {
    let line = profile
        .lines()
        .find_map(|line| line.strip_prefix("totals:").or_else(|| line.strip_prefix("summary:")))?;
    line.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_found_in_callgrinds_output() {
        assert_eq!(
            total_of("events: Ir\nfn=(1)\n+1 5\ntotals: 1234567\n"),
            Some(1_234_567.0)
        );
        assert_eq!(total_of("events: Ir\n"), None);
    }
}
