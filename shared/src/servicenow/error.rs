//! What can go wrong with a call, and what must happen next.

use std::time::Duration;

use crate::failure::{Failure, System};
use crate::http::{TransportError, Whole};
use crate::retry::{self, Answer};

/// A call that did not do what it should.
///
/// The text names the operation, the table or record, ServiceNow's own message and its transaction
/// id for a support request; never a content or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No complete answer came.
    #[error("ServiceNow gave no answer when asked to {operation} {target}")]
    Unanswered {
        /// What was asked.
        operation: &'static str,
        /// Of what.
        target: String,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The answer is a refusal.
    #[error("ServiceNow answered {status} when asked to {operation} {target}: {message} (transaction {transaction})")]
    Rejected {
        /// What was asked.
        operation: &'static str,
        /// Of what.
        target: String,
        /// The status code.
        status: u16,
        /// ServiceNow's own message and detail.
        message: String,
        /// `X-Transaction-ID`.
        transaction: String,
        /// `Retry-After`.
        wait: Option<Duration>,
        /// Whether something in front of ServiceNow answered instead of it.
        is_foreign: bool,
    },
    /// The answer claims success but proves nothing.
    #[error("ServiceNow's answer is of no use when asked to {operation} {target}: {why} (transaction {transaction})")]
    Unusable {
        /// What was asked.
        operation: &'static str,
        /// Of what.
        target: String,
        /// What is wrong with the answer.
        why: String,
        /// `X-Transaction-ID`.
        transaction: String,
        /// Whether something in front of ServiceNow answered instead of it.
        is_foreign: bool,
    },
    /// We have no access to offer.
    #[error("no access token for ServiceNow")]
    NoAccess(#[source] anyhow::Error),
    /// The question cannot be asked.
    #[error("ServiceNow cannot be searched for this value")]
    Unaskable(#[from] super::Refused),
}

impl Error {
    /// The error for a complete answer with a status that is not the wanted one.
    pub(super) fn rejected(operation: &'static str, target: String, answer: &Whole) -> Self {
        let message = if answer.is_json() {
            message_of(&answer.body)
        } else {
            "not JSON".to_owned()
        };
        Self::Rejected {
            operation,
            target,
            status: answer.status,
            message,
            transaction: transaction_of(answer),
            wait: retry::retry_after(answer.header("retry-after")),
            is_foreign: !answer.is_json(),
        }
    }

    /// The error for an answer that claims success and proves nothing.
    pub(super) fn unusable(operation: &'static str, target: String, answer: &Whole, why: impl Into<String>) -> Self {
        Self::Unusable {
            operation,
            target,
            why: why.into(),
            transaction: transaction_of(answer),
            is_foreign: !answer.is_json(),
        }
    }

    /// The status code, when a complete answer was a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Rejected { status, .. } => Some(*status),
            Error::Unanswered { .. } | Error::Unusable { .. } | Error::NoAccess(_) | Error::Unaskable(_) => None,
        }
    }

    /// Whether the request is known not to have had an effect.
    pub fn is_unsent(&self) -> bool {
        match self {
            Error::Unanswered { source, .. } => retry::is_unsent(source.kind),
            Error::Rejected { status, .. } => retry::is_unsent(Answer::Status(*status)),
            Error::Unusable { .. } => false,
            Error::NoAccess(_) | Error::Unaskable(_) => true,
        }
    }

    /// Whether the instance understood the request and refused it: nothing happened, and the
    /// same request will be refused again.
    pub fn is_refusal(&self) -> bool {
        match self {
            Error::Rejected { status, is_foreign, .. } => {
                (400..500).contains(status) && !matches!(status, 401 | 408 | 429) && !is_foreign
            }
            Error::Unanswered { .. } | Error::Unusable { .. } | Error::NoAccess(_) | Error::Unaskable(_) => false,
        }
    }

    /// What must happen next, for an error that is not a refusal of this very request.
    pub fn into_failure(self) -> Failure {
        let unsent = self.is_unsent();
        match self {
            Error::Unaskable(refused) => Failure::permanent(
                refused,
                "use only letters, digits and plain punctuation in the value, deploy the mapping, and replay",
            ),
            Error::Unanswered { ref source, .. } if source.kind == Answer::NeverSent => upstream(self, unsent),
            Error::NoAccess(_) | Error::Unusable { is_foreign: true, .. } => upstream(self, unsent),
            Error::Rejected { status: 401 | 403, .. } => upstream(self, unsent),
            Error::Rejected {
                status: 400..=499,
                is_foreign: true,
                ..
            } => upstream(self, unsent),
            Error::Rejected { wait, .. } => Failure::Transient {
                cause: self.into(),
                wait,
                unsent,
            },
            Error::Unanswered { .. } | Error::Unusable { .. } => Failure::Transient {
                cause: self.into(),
                wait: None,
                unsent,
            },
        }
    }
}

fn upstream(error: Error, unsent: bool) -> Failure {
    Failure::Upstream {
        system: System::ServiceNow,
        cause: error.into(),
        unsent,
    }
}

fn transaction_of(answer: &Whole) -> String {
    let id = answer.header("x-transaction-id").unwrap_or("unknown");
    id.chars().filter(char::is_ascii_graphic).take(64).collect()
}

/// `error.message` and `error.detail`, shortened and on one line.
fn message_of(body: &[u8]) -> String {
    let value = serde_json::from_slice::<serde_json::Value>(body).unwrap_or_default();
    let part = |name: &str| {
        value
            .pointer(&format!("/error/{name}"))
            .and_then(|value| value.as_str())
    };
    let parts = [part("message"), part("detail")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>();
    let text = if parts.is_empty() {
        "no message".to_owned()
    } else {
        parts.join(": ")
    };
    crate::messages::one_line(&text, 300)
}
