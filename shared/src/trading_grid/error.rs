//! What can go wrong with a call to Trading Grid or the community; never shows a content or a token.

use std::fmt;
use std::time::Duration;

use super::collaboration::Problem;
use crate::failure::{Failure, System};
use crate::http::TransportError;
use crate::retry::{self, Answer};

/// The remedy for what the other side finds wrong with the entry itself.
const CORRECT_IT: &str = "see the message, correct what it names, and replay; or dismiss the entry";

/// Who was asked for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// `the community` or `Trading Grid`.
    pub whom: &'static str,
    /// What was asked, as in `asked to {to}`.
    pub to: &'static str,
    /// Whether the call may have changed something.
    pub is_write: bool,
}

/// A call that did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No complete answer came.
    #[error("{} gave no answer when asked to {}", .asked.whom, .asked.to)]
    Unanswered {
        /// Who was asked for what.
        asked: Asked,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The answer is a refusal.
    #[error("{} answered {rejection} when asked to {}", .asked.whom, .asked.to)]
    Rejected {
        /// Who was asked for what.
        asked: Asked,
        /// What it says.
        rejection: Rejection,
    },
    /// The answer claims success but is not what it should be.
    #[error("the answer of {} is of no use when asked to {}: {why}", .asked.whom, .asked.to)]
    Unusable {
        /// Who was asked for what.
        asked: Asked,
        /// What is wrong with it.
        why: String,
    },
    /// What we were to ask for, or what the other side has, is not what the contract says.
    #[error("{} cannot be asked to {}", .asked.whom, .asked.to)]
    Malformed {
        /// Who was asked for what.
        asked: Asked,
        /// Which member, and why.
        #[source]
        source: crate::event::Malformed,
    },
    /// We have no access to offer.
    #[error("no access to Trading Grid")]
    NoAccess(#[source] anyhow::Error),
}

/// What a refusal says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// The status code.
    pub status: u16,
    /// The problem, when it is one of the contract's that a caller may care about.
    pub problem: Option<Problem>,
    /// What the body says, fit for a log.
    pub message: String,
    /// `Retry-After`.
    pub wait: Option<Duration>,
    /// The version that the other side has, when it says so.
    pub current_version: Option<u64>,
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.status, self.message)
    }
}

impl Error {
    /// The refusal, when it is one.
    pub fn rejection(&self) -> Option<&Rejection> {
        match self {
            Error::Rejected { rejection, .. } => Some(rejection),
            Error::Unanswered { .. } | Error::Unusable { .. } | Error::Malformed { .. } | Error::NoAccess(_) => None,
        }
    }

    /// Whether nothing can have been changed by the call.
    pub fn is_unsent(&self) -> bool {
        match self {
            Error::Unanswered { asked, source } => !asked.is_write || retry::is_unsent(source.kind),
            // A refused request has had no effect; a failure on the way may come after one.
            Error::Rejected { asked, rejection } => !asked.is_write || rejection.status < 500,
            Error::Unusable { asked, .. } => !asked.is_write,
            Error::Malformed { .. } | Error::NoAccess(_) => true,
        }
    }

    /// What must happen next.
    pub fn into_failure(self) -> Failure {
        let unsent = self.is_unsent();
        let upstream = |cause: Error| Failure::Upstream {
            system: System::TradingGrid,
            cause: cause.into(),
            unsent,
        };
        let transient = |wait, cause: Error| Failure::Transient {
            cause: cause.into(),
            wait,
            unsent,
        };
        match &self {
            Error::Malformed { .. } => Failure::permanent(
                self,
                "have the issue corrected in the community and replay, or dismiss the entry",
            ),
            Error::Unusable { .. } | Error::NoAccess(_) => upstream(self),
            Error::Unanswered { source, .. } if source.kind == Answer::NeverSent => upstream(self),
            Error::Unanswered { .. } => transient(None, self),
            Error::Rejected { asked, rejection } => match (rejection.status, asked.is_write) {
                (401 | 403, _) => upstream(self),
                (400..=499, true) => refused(self),
                _ => transient(rejection.wait, self),
            },
        }
    }
}

/// A write that was refused because of what it asks for.
fn refused(error: Error) -> Failure {
    let Some(rejection) = error.rejection() else {
        return Failure::transient(error);
    };
    let wait = rejection.wait;
    let again = |cause: Error| Failure::Transient {
        cause: cause.into(),
        wait,
        unsent: true,
    };
    let said = |reason: &str| Failure::Refused {
        reason: reason.to_owned(),
    };
    match (rejection.problem, rejection.status) {
        (Some(Problem::IdempotencyKeyInUse | Problem::DigestMismatch), _) => again(error),
        (Some(Problem::DocumentRefused), _) => said("the community does not take this document"),
        (Some(Problem::ResourceClosed), _) => said("it is closed in the community"),
        (Some(Problem::ClosureAnswered), _) => said("the partner has answered meanwhile"),
        (Some(Problem::OwnedByPartner), _) => said("the partner decides about it now"),
        (Some(Problem::VersionSuperseded), _) => said("the community knows something newer"),
        (Some(Problem::CursorExpired) | None, 408 | 425 | 429) => again(error),
        (Some(Problem::CursorExpired) | None, 413) => said("the community takes nothing of this size"),
        (Some(Problem::CursorExpired) | None, 415) => said("the community takes nothing of this kind"),
        (Some(Problem::CursorExpired) | None, _) => Failure::permanent(error, CORRECT_IT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: Asked = Asked {
        whom: "the community",
        to: "read an issue",
        is_write: false,
    };
    const WRITE: Asked = Asked {
        whom: "the community",
        to: "add a comment",
        is_write: true,
    };

    fn rejected(asked: Asked, status: u16, problem: Option<Problem>) -> Failure {
        let rejection = Rejection {
            status,
            problem,
            message: "no".to_owned(),
            wait: None,
            current_version: None,
        };
        Error::Rejected { asked, rejection }.into_failure()
    }

    /// One word and whether the effect is known not to have happened.
    fn named(failure: &Failure) -> (&'static str, bool) {
        match failure {
            Failure::Transient { unsent, .. } => ("transient", *unsent),
            Failure::Upstream { unsent, .. } => ("upstream", *unsent),
            Failure::Permanent { .. } => ("permanent", true),
            Failure::Refused { .. } => ("refused", true),
            Failure::Closed { .. } => ("closed", true),
            Failure::Early { .. } => ("early", true),
        }
    }

    #[test]
    fn a_refusal_is_named_by_what_must_happen_next() {
        let table = [
            (READ, 400, None, ("transient", true)),
            (READ, 401, None, ("upstream", true)),
            (READ, 403, None, ("upstream", true)),
            (READ, 429, None, ("transient", true)),
            (READ, 500, None, ("transient", true)),
            (WRITE, 400, None, ("permanent", true)),
            (WRITE, 401, None, ("upstream", true)),
            (WRITE, 403, None, ("upstream", true)),
            (WRITE, 404, None, ("permanent", true)),
            (WRITE, 408, None, ("transient", true)),
            (WRITE, 409, Some(Problem::IdempotencyKeyInUse), ("transient", true)),
            (WRITE, 409, Some(Problem::ResourceClosed), ("refused", true)),
            (WRITE, 409, Some(Problem::ClosureAnswered), ("refused", true)),
            (WRITE, 409, Some(Problem::OwnedByPartner), ("refused", true)),
            (WRITE, 409, None, ("permanent", true)),
            (WRITE, 413, None, ("refused", true)),
            (WRITE, 415, None, ("refused", true)),
            (WRITE, 422, Some(Problem::DocumentRefused), ("refused", true)),
            (WRITE, 422, Some(Problem::DigestMismatch), ("transient", true)),
            (WRITE, 422, None, ("permanent", true)),
            (WRITE, 429, None, ("transient", true)),
            (WRITE, 500, None, ("transient", false)),
            (WRITE, 503, None, ("transient", false)),
        ];
        for (asked, status, problem, wanted) in table {
            let failure = rejected(asked, status, problem);
            assert_eq!(
                named(&failure),
                wanted,
                "{status} {problem:?} when asked to {}",
                asked.to
            );
        }
    }

    #[test]
    fn a_write_without_a_clear_answer_is_in_doubt_and_a_read_never_is() {
        let lost = |asked| Error::Unanswered {
            asked,
            source: TransportError::lost(anyhow::anyhow!("reset")),
        };
        let unusable = |asked| Error::Unusable {
            asked,
            why: "it is not JSON".to_owned(),
        };
        assert_eq!(named(&lost(READ).into_failure()), ("transient", true));
        assert_eq!(named(&lost(WRITE).into_failure()), ("transient", false));
        assert_eq!(named(&unusable(READ).into_failure()), ("upstream", true));
        assert_eq!(named(&unusable(WRITE).into_failure()), ("upstream", false));
        let never = Error::Unanswered {
            asked: WRITE,
            source: TransportError::never_sent(anyhow::anyhow!("refused")),
        };
        assert_eq!(named(&never.into_failure()), ("upstream", true));
    }
}
