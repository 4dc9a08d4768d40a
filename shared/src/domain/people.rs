//! The people of a partner, and how far a request about them is.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Malformed;

identifier!(
    /// The immutable id of a user (`userId`, or `uniqueId` where one is created): what is stored.
    UserId, "a user id", "1 to 64 letters, digits, '_' or '-'",
    |text| (1..=64).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
);
identifier!(
    /// What a user logs in with today; the user may change it, so it is never stored as a reference.
    LoginId, "a login", "1 to 254 characters without spaces or control characters, not only dots",
    |text| (1..=254).contains(&text.len())
        && !text.chars().any(|character| character.is_whitespace() || character.is_control())
        && !matches!(text, "." | "..")
);
identifier!(
    /// The name of a role; differs between environments.
    RoleName, "the name of a role", "1 to 200 characters on one line",
    |text| (1..=200).contains(&text.len()) && text.trim() == text && !text.chars().any(char::is_control)
);

impl LoginId {
    /// Whether both name the same log-in; letter case does not count, as in addresses.
    pub fn is(&self, other: &LoginId) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

/// What was requested of a partner's access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnboardingKind {
    /// A new partner.
    OnboardPartner,
    /// A new user.
    AddUser,
    /// Other roles of a user.
    ChangeRoles,
    /// No more access for a user.
    RemoveAccess,
    /// The end of a partner.
    OffBoardPartner,
}

impl OnboardingKind {
    /// All kinds.
    pub const ALL: [OnboardingKind; 5] = [
        OnboardingKind::OnboardPartner,
        OnboardingKind::AddUser,
        OnboardingKind::ChangeRoles,
        OnboardingKind::RemoveAccess,
        OnboardingKind::OffBoardPartner,
    ];

    /// The word of the contract and of the mapping.
    pub fn as_str(self) -> &'static str {
        match self {
            OnboardingKind::OnboardPartner => "onboard-partner",
            OnboardingKind::AddUser => "add-user",
            OnboardingKind::ChangeRoles => "change-roles",
            OnboardingKind::RemoveAccess => "remove-access",
            OnboardingKind::OffBoardPartner => "off-board-partner",
        }
    }
}

/// How far a request is, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnboardingState {
    /// Nobody has decided.
    Requested,
    /// It may be done.
    Approved,
    /// It is being done.
    InProgress,
    /// For somebody.
    Waiting,
    /// It is done.
    Done,
    /// It may not be done.
    Rejected,
    /// It cannot be done.
    Failed,
    /// It is no longer wanted.
    Canceled,
    /// What was begun is undone.
    Undone,
}

/// How far a step of a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepState {
    /// Not begun.
    Pending,
    /// Begun.
    InProgress,
    /// For somebody.
    Waiting,
    /// Done.
    Done,
    /// Not possible.
    Failed,
    /// Not needed.
    Skipped,
    /// Done, and taken back.
    Undone,
}
