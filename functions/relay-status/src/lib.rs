//! What happens to the record of an issue is told to the partner: how far it is, in the partner's
//! words, and every public comment once and in order.
//!
//! An event says only that a record changed. The record, its journal and what was told before are
//! read anew, so a late, doubled or overtaken event finds nothing left to tell. Entries that we
//! wrote are known by the claim of their write, text and reference together, each claim standing for
//! one entry: whoever quotes or copies one of our lines says something of their own.
//!
//! While an issue is escalated, comments go to its workspace. Whether it is escalated follows from the
//! record too, by the mapping's rule: a change of the answer is passed to the escalation lane.
//!
//! A resolved issue is closed hand in hand: the partner is asked, the answer comes on the `in` lane, and
//! silence counts as a yes when a reminder finds the question unanswered.

mod closing;
mod decide;
mod escalation;
mod gather;

use std::collections::BTreeMap;

use shared::domain::{EscalationKey, LinkKey, Timestamp};
use shared::effect::{Change, Status};
use shared::messages::PublicComment;
use shared::store::{Claim, Link};
use shared::trading_grid::collaboration::Closure;

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
    /// It was resolved, and the time for the partner's answer is over.
    Due(Box<Due>),
}

/// What is known of a question about closing.
pub struct Asking {
    /// Now.
    pub now: Timestamp,
    /// Until when an answer to a question of now would be waited for; none where nobody is asked any more.
    pub until: Option<Timestamp>,
    /// How far the closing is, as the community has it.
    pub closure: Option<Closure>,
    /// The version that asked, while that question may be open.
    pub asked: Option<u64>,
    /// The last version that the partner disputed, once that was dealt with.
    pub disputed: Option<u64>,
}

/// A record whose partner had time to answer.
pub struct Due {
    /// Its link.
    pub link: Link,
    /// The version of the report that asked.
    pub version: u64,
    /// How far the closing is, as the community has it.
    pub closure: Option<Closure>,
    /// The fields that close the record; none when it is not resolved any more.
    pub close: Option<BTreeMap<String, Change>>,
}

/// What is known of an escalation of the issue.
pub struct Escalation {
    /// The one that is under way.
    pub under_way: Option<EscalationKey>,
    /// Whether the record was critical when it was last looked at.
    pub was_critical: bool,
    /// Whether it is; nothing where the mapping has no rule for its table.
    pub is_critical: Option<bool>,
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
    /// What is known of a question about closing, where it matters.
    pub asking: Option<Asking>,
    /// What is known of an escalation.
    pub escalation: Escalation,
    /// Its public comments that may be new, oldest first, each with its author's public name.
    pub comments: Vec<(PublicComment, String)>,
    /// Everything that was written before, on either side.
    pub ledger: Vec<Claim>,
}
