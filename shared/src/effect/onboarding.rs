//! What is done for a request about a partner's access, and what is kept of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Record, digest_as_seen};
use crate::domain::{
    ArticleId, CompanyId, LoginId, OnboardingKind, OnboardingState, RequestId, RoleName, StepState, SysId, Timestamp,
    UserId,
};

/// Links the requested item that the subject is, in the table only: people made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adopt {
    /// The item.
    pub record: Record,
    /// For example `RITM0010021`.
    pub number: String,
}

/// When a request is looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoOn {
    /// At once, as the next entry of its stream: whatever came meanwhile is seen first.
    Now,
    /// At this time.
    At(Timestamp),
}

/// Changes the users of a company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provision {
    /// Whose users.
    pub company: CompanyId,
    /// What is done.
    pub act: ProvisioningAct,
}

/// What is done to a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case")]
pub enum ProvisioningAct {
    /// Makes a user. The secrets that this needs are drawn when it is sent, and kept nowhere.
    Create(Newcomer),
    /// Gives roles.
    AddRoles {
        /// To whom.
        user: UserId,
        /// Which.
        roles: BTreeSet<RoleName>,
    },
    /// Takes roles.
    RemoveRoles {
        /// From whom.
        user: UserId,
        /// Which.
        roles: BTreeSet<RoleName>,
    },
    /// Deletes a user.
    Delete {
        /// Whom.
        user: UserId,
    },
}

/// A user to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Newcomer {
    /// What the user will log in with at first.
    pub login_id: LoginId,
    /// The first name.
    pub first_name: String,
    /// The last name.
    pub last_name: String,
    /// The e-mail address.
    pub email: String,
    /// For example `en`, from the mapping.
    pub language: String,
    /// For example `America/New_York`, from the mapping.
    pub timezone: String,
}

/// Tells the partner how far a request is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportOnboarding {
    /// Whom.
    pub company: CompanyId,
    /// The number of the requested item.
    pub request: RequestId,
    /// Grows with every report of the request: the number of the event in its stream.
    pub version: u64,
    /// What is told.
    pub progress: Progress,
    /// Since when it is so.
    pub since: Timestamp,
}

/// How far a request is, as the partner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What was requested.
    pub kind: OnboardingKind,
    /// For programs.
    pub state: OnboardingState,
    /// One line, from the mapping.
    pub label: String,
    /// Step by step: key, line from the mapping, and how far it is.
    pub steps: Vec<(String, String, StepState)>,
    /// The partner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner_name: Option<String>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// First steps to read, from the mapping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub articles: Vec<ArticleId>,
}

impl Saga {
    /// The user that is dealt with now: the first that is not as it should be, or the last when all is undone.
    pub fn next_member(&self) -> Option<usize> {
        let mut open = self.members.iter().enumerate().filter(|(_, member)| !member.is_settled);
        let next = match self.stage {
            Stage::Undoing { .. } => open.next_back(),
            Stage::Checked
            | Stage::AwaitingCompany { .. }
            | Stage::Ready
            | Stage::Creating
            | Stage::Changing { .. }
            | Stage::Closing
            | Stage::Over(_) => open.next(),
        };
        next.map(|(at, _)| at)
    }

    /// The same without words: who asked and approved, what they wrote, and how people log in.
    #[must_use]
    pub fn erased(self) -> Self {
        let erased = "erased".parse::<LoginId>();
        let without = |member: Member| match &erased {
            Ok(erased) => Member {
                login_id: erased.clone(),
                ..member
            },
            Err(_) => member,
        };
        Self {
            answers: BTreeMap::new(),
            requested: Requested::default(),
            approvals: Vec::new(),
            partner_name: None,
            members: self.members.into_iter().map(without).collect(),
            problem: None,
            ..self
        }
    }

    /// Whether there is nothing left to do.
    pub fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Over(_))
    }
}

impl Progress {
    /// Tells two of them apart as the partner sees them.
    pub fn digest(&self) -> String {
        digest_as_seen("onboarding", self)
    }
}

/// A request about a partner's access, as far as it is carried out.
///
/// It holds what was approved, not what the request says later; what people typed of a person is dropped when the
/// request is over. No secret is ever in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saga {
    /// For example `RITM0010021`.
    pub number: String,
    /// What was requested.
    pub kind: OnboardingKind,
    /// The answers of the form when it was approved, by the names of its variables.
    pub answers: BTreeMap<String, String>,
    /// Who asked.
    pub requested: Requested,
    /// What the approvers said.
    pub approvals: Vec<Said>,
    /// How far it is.
    pub stage: Stage,
    /// The company whose users nobody else changes now.
    pub turn: Option<CompanyId>,
    /// The company, once the partner directory has it.
    pub company: Option<CompanyId>,
    /// Its name there.
    pub partner_name: Option<String>,
    /// The users that it is about, each once it is known.
    pub members: Vec<Member>,
    /// What a person must see to before it goes on.
    pub problem: Option<Problem>,
    /// Identifies what the partner was last told.
    pub told: Option<String>,
    /// What was done, oldest first.
    pub deeds: Vec<Deed>,
}

/// Who asked for something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The name of who opened the request.
    pub by: String,
    /// Their sys_id.
    pub by_id: Option<SysId>,
    /// The name of whom it is for.
    pub beneficiary: String,
    /// Their sys_id.
    pub beneficiary_id: Option<SysId>,
    /// When.
    pub at: Option<Timestamp>,
}

/// What an approver said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The name of the approver.
    pub name: String,
    /// The approver's sys_id.
    pub approver: SysId,
    /// `approved` or `rejected`.
    pub decision: String,
    /// Who decided, by user name: the approver, or somebody who may for them.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// How far a request is carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// It is checked; nothing is done yet.
    Checked,
    /// Somebody sets its company up.
    AwaitingCompany {
        /// Since when.
        since: Timestamp,
        /// How often somebody was reminded.
        reminded: u32,
    },
    /// It has its turn at the company.
    Ready,
    /// The user may have been made.
    Creating,
    /// Roles and users are changed; so many tries since the last that helped.
    Changing {
        /// Tries.
        tries: u32,
    },
    /// What was approved is so, and its item is closed.
    Closing,
    /// What was done is undone.
    Undoing {
        /// Why.
        because: Undoing,
        /// Tries.
        tries: u32,
    },
    /// It is over.
    Over(End),
}

/// Why what was done is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Undoing {
    /// The request was canceled, rejected or deleted.
    Canceled,
    /// It cannot be done; the problem says why.
    Failed,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// What was approved is so.
    Done,
    /// It was not approved: nothing was done.
    Rejected,
    /// It was canceled before anything was done.
    Canceled,
    /// It was canceled, and what was done was undone.
    Undone,
    /// Somebody closed it as complete before Gridlink had done it all: what was done stays.
    TakenOver,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            End::Done => "done",
            End::Rejected => "rejected",
            End::Canceled => "canceled before anything was done",
            End::Undone => "canceled, and undone",
            End::TakenOver => "closed by somebody else",
        })
    }
}

/// A user that a request is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The immutable id; none before the user is made.
    pub user_id: Option<UserId>,
    /// What the user logged in with when it was first seen.
    pub login_id: LoginId,
    /// Whether the request made the user.
    pub is_new: bool,
    /// The roles before the request.
    pub before: BTreeSet<RoleName>,
    /// The roles that it shall have; none for a user that shall not be there.
    pub goal: Option<BTreeSet<RoleName>>,
    /// Whether it was seen to be so.
    pub is_settled: bool,
}

/// What a person must see to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What is wrong and what to do, for colleagues.
    pub text: String,
    /// Whether the request was seen pending since: who takes it up again lets it be tried again.
    pub is_pending: bool,
}

/// Something that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// When it was seen to be so.
    pub at: Timestamp,
    /// What.
    pub what: DeedKind,
    /// To whom.
    pub user_id: Option<UserId>,
    /// The roles in question.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub roles: BTreeSet<RoleName>,
    /// What Trading Grid said that the user is entitled to, once the roles were as they should be.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub entitlements: BTreeSet<String>,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeedKind {
    /// The user was made.
    Created,
    /// Roles were given.
    Granted,
    /// Roles were taken.
    Revoked,
    /// The user was deleted.
    Deleted,
    /// Roles were as they should be.
    Verified,
}

impl fmt::Display for Provision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let company = &self.company;
        match &self.act {
            ProvisioningAct::Create(_) => write!(f, "make a user of {company}"),
            ProvisioningAct::AddRoles { user, roles } => write!(f, "give {} to {user} of {company}", listed(roles)),
            ProvisioningAct::RemoveRoles { user, roles } => {
                write!(f, "take {} from {user} of {company}", listed(roles))
            }
            ProvisioningAct::Delete { user } => write!(f, "delete {user} of {company}"),
        }
    }
}

/// Roles for people.
pub fn listed(roles: &BTreeSet<RoleName>) -> String {
    let names = roles.iter().map(RoleName::as_str).collect::<Vec<_>>();
    match names.as_slice() {
        [] => "no role".to_owned(),
        names => names.join(", "),
    }
}
