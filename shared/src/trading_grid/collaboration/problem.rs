//! The problems of the contract that a caller may care about; the others are only read.

/// What stands after this in the `type` of a problem is its name.
const PREFIX: &str = "urn:gridlink:problem:";

/// A problem that the contract names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Problem {
    /// A report with this or a higher version was stored.
    VersionSuperseded,
    /// The first request with the same key is under way.
    IdempotencyKeyInUse,
    /// The partner has answered otherwise meanwhile.
    ClosureAnswered,
    /// Only the partner changes this milestone now.
    OwnedByPartner,
    /// The issue, workspace, thread or request takes no more.
    ResourceClosed,
    /// The bytes are not those of the announced digest.
    DigestMismatch,
    /// The community's own rules refuse the document.
    DocumentRefused,
    /// What followed the cursor is no longer kept.
    CursorExpired,
}

impl Problem {
    /// All of them.
    pub(super) const ALL: [Problem; 8] = [
        Problem::VersionSuperseded,
        Problem::IdempotencyKeyInUse,
        Problem::ClosureAnswered,
        Problem::OwnedByPartner,
        Problem::ResourceClosed,
        Problem::DigestMismatch,
        Problem::DocumentRefused,
        Problem::CursorExpired,
    ];

    /// Its name in the `type` of a problem.
    pub(super) fn name(self) -> &'static str {
        match self {
            Problem::VersionSuperseded => "version-superseded",
            Problem::IdempotencyKeyInUse => "idempotency-key-in-use",
            Problem::ClosureAnswered => "closure-answered",
            Problem::OwnedByPartner => "owned-by-partner",
            Problem::ResourceClosed => "resource-closed",
            Problem::DigestMismatch => "digest-mismatch",
            Problem::DocumentRefused => "document-refused",
            Problem::CursorExpired => "cursor-expired",
        }
    }

    /// The problem of a `type`, when it is one of these.
    pub fn from_type(text: &str) -> Option<Self> {
        let name = text.strip_prefix(PREFIX)?;
        Problem::ALL.into_iter().find(|problem| problem.name() == name)
    }
}
