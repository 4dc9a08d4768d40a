//! What happens to the record of an issue is told to the partner: how far it is, in the partner's
//! words, and every public comment once and in order.
//!
//! An event says only that a record changed. The record, its journal and what was told before are
//! read anew, so a late, doubled or overtaken event finds nothing left to tell. Entries that we
//! wrote are known by the claim of their write, text and reference together, each claim standing for
//! one entry: whoever quotes or copies one of our lines says something of their own.

mod decide;
mod gather;

use shared::domain::{LinkKey, Timestamp};
use shared::effect::Status;
use shared::messages::PublicComment;
use shared::store::{Claim, Link};

pub use decide::decide;
pub use gather::gather;

/// What must be known before deciding.
pub struct Facts {
    /// The number of the event in its stream: the version of a report.
    pub number: u64,
    /// The record that the event is about.
    pub place: Place,
}

/// Where the record of an event stands.
pub enum Place {
    /// It belongs to no link of the issue.
    Nowhere,
    /// It was deleted, or is hidden from the integration user.
    Gone(Box<Link>),
    /// It is there.
    Found(Box<Found>),
}

/// A record that is there.
pub struct Found {
    /// Its link.
    pub link: Link,
    /// The record that stands for the issue now, when it is another one.
    pub continued_by: Option<LinkKey>,
    /// When it last changed.
    pub updated: Timestamp,
    /// What the mapping says of it; nothing for a table without rules.
    pub status: Option<Status>,
    /// Its public comments that may be new, oldest first, each with its author's public name.
    pub comments: Vec<(PublicComment, String)>,
    /// Everything that was written before, on either side.
    pub ledger: Vec<Claim>,
}
