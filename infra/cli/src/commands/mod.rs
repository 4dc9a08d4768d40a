//! One module per command; each gives a [`crate::Report`].

pub mod adopt;
pub mod doctor;
pub mod evidence;
pub mod forget;
pub mod mapping;
pub mod parked;
pub mod pause;
pub mod rebuild;
pub mod reconcile;
pub mod replay_from;
pub mod secrets;
pub mod trace;

mod find;
mod hook;
mod progress;
mod records;
mod shown;
