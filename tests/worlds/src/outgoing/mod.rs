//! Events that a world tells by itself: CloudEvents 1.0, signed after Standard Webhooks.
//!
//! A world writes events into its queue; whoever drives the world takes what is due, posts it and says how
//! it went. The program does that with [`run`]; a test does it in process, under its own clock.
//! What goes wrong on the way is told by [`EventRule`]s.

pub(crate) mod admin;
mod client;
mod destination;
mod entry;
mod event;
mod queue;
mod retries;
mod rules;
mod sender;
mod signing;

pub use client::Client;
pub use destination::Destination;
pub use event::Event;
pub use queue::{Delivery, DeliveryId};
pub use retries::{Outcome, Retries};
pub use rules::{EventFault, EventRule};
pub use sender::run;
pub use signing::SigningKey;

pub(crate) use entry::Entry;
pub(crate) use queue::Queue;
