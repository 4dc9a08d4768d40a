//! Strict, stateful simulators of the two systems that Gridlink connects.
//!
//! A world refuses what the real system refuses and silently ignores what the real system ignores.
//! What is not known about the real system is a named field of [`servicenow::Guesses`] or
//! [`trading_grid::Guesses`], with the value we chose and why.
//!
//! A world is called in process, with an [`http::Request`] and under Tokio's (perhaps paused) clock, or over a
//! socket through [`server`], which is what the program `worlds` does. Both ways run the same code.
//!
//! Invariants: the state changes only after a request body was received completely; no lock is held over an
//! `await`; the same calls at the same times give the same answers, ids and tokens; no call log holds a secret.

mod admin;
mod answer;
mod body;
mod calls;
mod clock;
mod digest;
mod gate;
mod knobs;
mod lines;
pub mod outgoing;
mod secrets;
pub mod server;
pub mod servicenow;
pub mod trading_grid;

pub use answer::{Dropped, SlowDrip, Truncated};
pub use body::{WorldBody, WorldError, full};
pub use calls::CallRecord;
pub use clock::{Clock, VirtualClock};
pub use knobs::{Fault, Knobs, Rule};
pub use servicenow::{Attachment, JournalEntry, ServiceNow};
pub use trading_grid::{DocumentRef, IssueSeed, TradingGrid};
