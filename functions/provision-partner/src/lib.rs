//! Approved requests of the service catalog become users with roles in Trading Grid.
//!
//! Each requested item (RITM) is a subject, and its `onboarding` lane the saga: an entry reads how far it is on both
//! sides, takes one step, and lets another entry follow, so that a cancellation is seen before the next step. What
//! was approved is frozen when that is first seen. Before roles and users are changed, the request takes its turn at
//! the company; each change is looked at before and after. What is wrong with a request is said in its item, which
//! then waits for a person as pending, and nothing is done in Trading Grid, or what was done is undone.
//!
//! Accepted: between the look at an item and the write that closes it, somebody may cancel it; ServiceNow has no
//! conditional write. The item then says that it is complete, and so it is.

mod account;
mod decide;
mod gather;
mod wish;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use shared::domain::{RoleName, Subject, SysId, Timestamp, UserId};
use shared::effect::{Record, Saga};
use shared::mapping::Mapping;
use shared::store::{KnownSaga, Link};
use shared::trading_grid::community::{Partner, User};

pub use account::{account, export};
pub use decide::decide;
pub use gather::{gather, over};

/// The roles of some users.
pub type Roles = BTreeMap<UserId, BTreeSet<RoleName>>;

/// What must be known before deciding.
pub struct Facts {
    /// The customer's rules.
    pub mapping: Arc<Mapping>,
    /// The request as a stream's subject.
    pub subject: Subject,
    /// The number of the event in its stream: the version of a report.
    pub number: u64,
    /// The time.
    pub now: Timestamp,
    /// What the event is about.
    pub place: Place,
}

/// What an event is about.
pub enum Place {
    /// An item that is none of ours, or over.
    Elsewhere,
    /// The time to look at the request again has come.
    Due,
    /// A request.
    Request(Box<Sight>),
}

/// A request as it is now.
pub struct Sight {
    /// The requested item.
    pub item: Item,
    /// What is kept of it; what begins now, where nothing is.
    pub saga: Saga,
    /// Whether something was kept.
    pub is_known: bool,
    /// Why something was refused since it was kept.
    pub trouble: Option<String>,
    /// Whether Gridlink itself lets it be looked at, because its time has come.
    pub is_step: bool,
    /// Trading Grid.
    pub found: Found,
    /// What a task for whoever sets up the company is made with; where one may be needed.
    pub setup: Option<Setup>,
}

/// A requested item.
pub struct Item {
    /// The record.
    pub record: Record,
    /// Its state as it is stored.
    pub state: String,
    /// What the people say.
    pub verdict: Verdict,
}

/// What the people say of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has decided.
    Open,
    /// It may be carried out.
    Approved,
    /// It may not.
    Rejected,
    /// It is not wanted any more.
    Canceled,
    /// Somebody says that it is done.
    Completed,
    /// The item is deleted.
    Gone,
}

/// What Trading Grid shows, as far as it matters.
#[derive(Default)]
pub struct Found {
    /// The company, if the partner directory has it.
    pub partner: Option<Partner>,
    /// The users of the company.
    pub users: Vec<User>,
    /// Roles of users, as far as they matter.
    pub roles: Roles,
    /// The user that is dealt with now, if there is such a user.
    pub member: Option<User>,
    /// What that user is entitled to, once the roles are as they should be.
    pub entitlements: BTreeSet<String>,
}

/// What a task for whoever sets up the company is made with.
pub struct Setup {
    /// Its sys_id.
    pub sys_id: SysId,
    /// Its group.
    pub group: SysId,
    /// Its link, once it is intended.
    pub link: Option<Link>,
}

/// A saga with what happened since it was kept.
pub(crate) fn resumed(known: KnownSaga) -> Saga {
    let mut saga = known.saga;
    if let (Some(created), Some(member)) = (known.created, saga.members.first_mut()) {
        member.user_id.get_or_insert(created);
    }
    saga
}
