//! One integration-test binary: scenarios in process, crash-point enumeration, cost, bad input.
//!
//! The seam is the HTTP transport and the clock, nowhere else: real clients, real serialization
//! and real decisions run against strict simulators in the same process, under Tokio's paused
//! clock, so that a day of outage takes a moment and every run can be replayed.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop where it is")]
#![expect(clippy::print_stdout, reason = "the proof says how many plans it ran")]

/// The proof allocates more than it does anything else.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod access;
mod chaos;
mod faults;
mod oracle;
mod play;
mod scenarios;
mod town;

mod adopt;
mod bad_input;
mod bridge_escalation;
mod canary;
mod cost;
mod create_task;
mod deadlines;
mod desk;
mod forget;
mod metrics;
mod operate;
mod operate_looks;
mod poll_both;
mod poll_lens;
mod prove;
mod provision_partner;
mod publish_knowledge;
mod raise_incident;
mod random;
mod rebuild;
mod rebuild_links;
mod reconcile;
mod relay_status;
mod stories;
mod table;
mod tidy;
mod undisturbed;
mod volume;
mod with_the_app;
mod witness;
