//! The tables.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::instructions::Counted;
use crate::programs::Which;
use crate::rounds::{Measured, STARTS};
use crate::samples::Samples;
use crate::upstream::{AWS_LATENCY, SYSTEM_LATENCY};

/// Everything that was measured.
#[derive(Default)]
pub(crate) struct Results {
    pub(crate) programs: BTreeMap<Which, Measured>,
    /// Milliseconds that a create takes when the other sides take theirs.
    pub(crate) latency: BTreeMap<Which, Samples>,
    /// Empty without valgrind.
    pub(crate) instructions: BTreeMap<Which, Counted>,
    /// Bytes.
    pub(crate) zips: BTreeMap<Which, u64>,
    /// Events of each kind in a round.
    pub(crate) events: usize,
}

impl Results {
    /// The tables as text.
    pub(crate) fn told(&self) -> String {
        let mut text = String::new();
        self.starts(&mut text);
        self.works(&mut text);
        self.latencies(&mut text);
        self.counts(&mut text);
        text
    }

    fn starts(&self, text: &mut String) {
        line(
            text,
            "\nStart: from the process to its first request for an event, with TLS and secrets",
        );
        let head = ["program", "CPU ms", "x no-op", "wall ms", "peak MiB", "zip MB"];
        line(text, &row(head.map(str::to_owned)));
        // The bare client reads its transcript at the start, so its start says nothing.
        let started = self.programs.iter().filter(|(which, _)| **which != Which::BareClient);
        for (which, measured) in started {
            line(
                text,
                &row([
                    which.name().to_owned(),
                    format!("{:.2}", measured.start_cpu),
                    self.start_over_no_op(*which)
                        .map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                    format!("{:.2}", measured.start_wall),
                    format!("{:.1}", measured.peak),
                    self.zips
                        .get(which)
                        .map_or_else(String::new, |bytes| format!("{:.2}", *bytes as f64 / 1e6)),
                ]),
            );
        }
        for which in Which::FUNCTIONS {
            if let Some(measured) = self.programs.get(&which) {
                line(
                    text,
                    &format!(
                        "  calls at start, {}: {}",
                        which.name(),
                        measured.start_calls.told(STARTS)
                    ),
                );
            }
        }
    }

    fn works(&self, text: &mut String) {
        line(text, "\nEvents, one per invocation, answers at once");
        let head = [
            "event",
            "CPU us",
            "x bare client",
            "wall us",
            "log bytes",
            "write units",
        ];
        line(text, &row(head.map(str::to_owned)));
        for measured in self.programs.values() {
            for (work, worked) in &measured.works {
                line(
                    text,
                    &row([
                        work.name().to_owned(),
                        format!("{:.0}", worked.cpu),
                        if *work == crate::works::Work::Create {
                            self.create_over_bare()
                                .map_or_else(String::new, |ratio| format!("{ratio:.2}"))
                        } else {
                            String::new()
                        },
                        format!("{:.0}", worked.wall),
                        format!("{:.0}", worked.logged),
                        format!("{:.1}", worked.write_units),
                    ]),
                );
            }
        }
        line(text, "  calls per event");
        for measured in self.programs.values() {
            for (work, worked) in &measured.works {
                line(
                    text,
                    &format!("    {:<28} {}", work.name(), worked.calls.told(self.events)),
                );
            }
        }
    }

    fn latencies(&self, text: &mut String) {
        let (aws, system) = (AWS_LATENCY.as_millis(), SYSTEM_LATENCY.as_millis());
        line(
            text,
            &format!("\nA create when AWS takes {aws} ms and ServiceNow {system} ms: wall ms"),
        );
        for (which, wall) in &self.latency {
            line(text, &format!("  {:<28} {wall:.1}", which.name()));
        }
    }

    fn counts(&self, text: &mut String) {
        if self.instructions.is_empty() {
            line(text, "\nInstructions: not counted");
            return;
        }
        line(text, "\nInstructions, in millions (callgrind; SHA-256 in software)");
        line(text, &row(["program", "start", "event"].map(str::to_owned)));
        for (which, counted) in &self.instructions {
            let cells = [
                which.name().to_owned(),
                format!("{:.2}", counted.start),
                format!("{:.3}", counted.event),
            ];
            line(text, &row(cells));
        }
    }

    pub(crate) fn start_over_no_op(&self, which: Which) -> Option<Samples> {
        let no_op = self.programs.get(&Which::NoOp)?;
        Some(self.programs.get(&which)?.start_cpu.over(&no_op.start_cpu))
    }

    pub(crate) fn create_over_bare(&self) -> Option<Samples> {
        let cpu = |which: Which| Some(&self.programs.get(&which)?.works.values().next()?.cpu);
        Some(cpu(Which::OpenCase)?.over(cpu(Which::BareClient)?))
    }

    pub(crate) fn latency_over_bare(&self) -> Option<Samples> {
        Some(
            self.latency
                .get(&Which::OpenCase)?
                .over(self.latency.get(&Which::BareClient)?),
        )
    }
}

fn row<const N: usize>(cells: [String; N]) -> String {
    let mut text = String::new();
    for (index, cell) in cells.iter().enumerate() {
        let width = if index == 0 { 28 } else { 20 };
        // A String takes everything.
        let _ = write!(text, "  {cell:<width$}");
    }
    text.trim_end().to_owned()
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
