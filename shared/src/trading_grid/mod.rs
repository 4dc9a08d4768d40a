//! Trading Grid and the community that is bound to it.
//!
//! [`community`] and [`lens`] are what OpenText publishes: names, paths and quirks are theirs; the
//! bodies of their answers are not published, so they are read leniently. OpenText publishes no
//! API for issues, threads, documents and articles, so [`collaboration`] is our own neutral
//! contract (`infra/collaboration.openapi.yaml`), which a deployment binds to what it has.

mod access;
pub mod collaboration;
pub mod community;
mod error;
pub mod lens;
mod refusal;
#[cfg(test)]
mod script;
#[cfg(test)]
mod tests;

pub use access::{Access, Authentication};
pub use error::{Asked, Error, Rejection};
