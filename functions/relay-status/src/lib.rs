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
//! A file reaches the partner only if an agent shared it: a public comment has a line `share: <file name>`,
//! and the record a file of exactly that name. Of several, the newest that was there when the comment was
//! written is meant; where there was none, the first that comes within a day.
//!
//! Accepted: an agent who copies a partner's line `share: …` without its reference shares what it names, as
//! whoever writes it by hand does.
//!
//! What solved a record is asked for as a draft of an article where a rule says so. Only a change of the answer counts.
//!
//! A resolved issue is closed hand in hand: the partner is asked, the answer comes on the `in` lane, and
//! silence counts as a yes when a reminder finds the question unanswered.

mod closing;
mod decide;
mod draft;
mod escalation;
mod gather;

use std::collections::BTreeMap;

use shared::domain::{EscalationKey, LinkKey, RequestId, TaskName, Timestamp};
use shared::effect::{self, Change, Record, Status};
use shared::mapping::DocumentRule;
use shared::messages::{PartnerText, PublicComment};
use shared::servicenow::Attachment;
use shared::store::{Claim, Link};
use shared::trading_grid::collaboration::Closure;

pub use decide::{SHARED_WITHIN, comments, decide, what};
pub use gather::{OVERLAP, conversation, gather, read};

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
    Gone(Box<Gone>),
    /// It is there.
    Found(Box<Found>),
    /// It was resolved, and the time for the partner's answer is over.
    Due(Box<Due>),
    /// Something else of the issue was parked, and the time to help is over.
    Parked(Box<Parked>),
}

/// An entry that was parked.
pub struct Parked {
    /// Which one.
    pub entry: String,
    /// The public name of the desk, and its words for it; none when the entry is no longer parked, or the mapping
    /// has no words any more.
    pub notice: Option<(String, PartnerText)>,
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

/// A record that is not there.
pub struct Gone {
    /// Its link.
    pub link: Link,
    /// When it was deleted; none when it may only be hidden.
    pub deleted: Option<Timestamp>,
    /// What the mapping says to the partner of a deleted record that stands for the issue.
    pub status: Option<Status>,
    /// What is known of a question about closing, where one may be open.
    pub asking: Option<Asking>,
}

/// A record that is there.
pub struct Found {
    /// Its link; of the table in which the record is now.
    pub link: Link,
    /// Whether it has come to that table since we last looked.
    pub has_moved: bool,
    /// The record that stands for the issue now, when it is another one.
    pub continued_by: Option<LinkKey>,
    /// The rule that makes a draft of an article of such a record, once it is resolved.
    pub draft_rule: Option<TaskName>,
    /// When it last changed.
    pub updated: Timestamp,
    /// What the mapping says of it; nothing for a table without rules, to which somebody moved it. What is
    /// public there nobody has said, so that nothing of it is told.
    pub status: Option<Status>,
    /// What is known of a question about closing, where it matters.
    pub asking: Option<Asking>,
    /// What is known of an escalation.
    pub escalation: Escalation,
    /// What is said on it for the partner.
    pub conversation: Conversation,
}

/// What is said on a record for the partner, and what the partner knows of it.
pub struct Conversation {
    /// The record.
    pub record: Record,
    /// Its public comments that may be new, or share a file, oldest first.
    pub comments: Vec<Said>,
    /// Its files, where a comment shares one.
    pub files: Vec<Attachment>,
    /// What files may be shared.
    pub documents: DocumentRule,
    /// The public name of the desk.
    pub desk: String,
    /// Everything that was written before, on either side.
    pub ledger: Vec<Claim>,
}

/// Where the partner finds what is said on a record.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Where that is: the comments, the files, and what Gridlink says about those.
    pub place: effect::Place,
    /// The partner's request that files answer.
    pub request: Option<RequestId>,
}

/// A public comment.
pub struct Said {
    /// The comment.
    pub comment: PublicComment,
    /// Whether the partner has not seen it.
    pub is_new: bool,
    /// The public name of its author, where it is new.
    pub author: String,
    /// Whether its lines share files: an agent wrote it, and it has some.
    pub is_obeyed: bool,
    /// The names of the files that it shares, but for those that are dealt with.
    pub shares: Vec<String>,
}
