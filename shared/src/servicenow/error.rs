//! What can go wrong with a call, and what must happen next.

use std::fmt;
use std::time::Duration;

use super::query::Refused;
use crate::domain::{SysId, TableName};
use crate::failure::{Failure, System};
use crate::http::TransportError;
use crate::retry::{self, Answer};

/// What was asked, of which table and record: the subject of every error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    operation: &'static str,
    place: String,
}

impl About {
    /// Something that is about a table.
    pub(super) fn table(operation: &'static str, table: &TableName) -> Self {
        Self::named(operation, table.as_str())
    }

    /// Something that is about a record.
    pub(super) fn record(operation: &'static str, table: &TableName, sys_id: &SysId) -> Self {
        Self {
            operation,
            place: format!("{table} {sys_id}"),
        }
    }

    /// Something that is about neither.
    pub(super) fn named(operation: &'static str, place: &str) -> Self {
        Self {
            operation,
            place: place.to_owned(),
        }
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.place)
    }
}

/// A call that did not do what it should.
///
/// The text names the operation, the table and record, ServiceNow's own message and its transaction
/// id for a support request; never a content or a token.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No complete answer came.
    #[error("ServiceNow gave no answer when asked to {about}")]
    Unanswered {
        /// What was asked.
        about: About,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The answer is a refusal.
    #[error("ServiceNow answered {status} when asked to {about}: {message} (transaction {transaction})")]
    Rejected {
        /// What was asked.
        about: About,
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
    #[error("ServiceNow's answer is of no use when asked to {about}: {flaw} (transaction {transaction})")]
    Unusable {
        /// What was asked.
        about: About,
        /// What is wrong with the answer.
        flaw: Flaw,
        /// `X-Transaction-ID`.
        transaction: String,
        /// Whether something in front of ServiceNow answered instead of it.
        is_foreign: bool,
    },
    /// A batch was answered without having come to this request.
    #[error("ServiceNow did not come to it when asked to {about} in a batch (transaction {transaction})")]
    Unserviced {
        /// What was asked.
        about: About,
        /// `X-Transaction-ID` of the batch.
        transaction: String,
    },
    /// We have no access to offer.
    #[error("no access token for ServiceNow")]
    NoAccess(#[source] anyhow::Error),
    /// The question cannot be asked.
    #[error("ServiceNow cannot be asked this")]
    Unaskable(#[from] Refused),
}

/// Why an answer that claims success proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// Too many requests of one session: this one was thrown away.
    #[error("202 means that the request was dropped")]
    Dropped,
    /// Another success than this operation has.
    #[error("it has the status {0}")]
    Status(u16),
    /// Somebody else should be asked.
    #[error("{status} is a redirect to {to}")]
    Redirect {
        /// The status code.
        status: u16,
        /// The host; never the rest, which could hold a token.
        to: String,
    },
    /// A page for people, such as a log-in form.
    #[error("it is not JSON")]
    NotJson,
    /// Truncated or of another shape.
    #[error("it cannot be read at line {line}, column {column}")]
    Unreadable {
        /// Where reading stopped.
        line: usize,
        /// Where reading stopped.
        column: usize,
    },
    /// A transaction that was cancelled while it answered.
    #[error("it carries an error beside its result: {0}")]
    ErrorBeside(String),
    /// Nothing in it.
    #[error("it has no result")]
    NoResult,
    /// What was asked is not what was answered.
    #[error("it is about another record")]
    AnotherRecord,
    /// What was asked is not what was answered.
    #[error("it is about another table")]
    AnotherTable,
    /// A field that must be there.
    #[error("it lacks {0}, which is unknown or hidden from the integration user")]
    Missing(String),
    /// A field that must be of a form.
    #[error("its {0} cannot be read")]
    Malformed(String),
    /// Rows that nobody asked for.
    #[error("the instance ignored a condition: {failing} of {rows} rows are none that was asked for")]
    Widened {
        /// How many rows fail the query.
        failing: usize,
        /// How many there are.
        rows: usize,
    },
    /// Rows that a cursor would skip or repeat.
    #[error("its rows are not in the order that was asked for")]
    Unordered,
    /// Nobody can tell whether there are more rows.
    #[error("it has neither Link nor X-Total-Count")]
    NoPaging,
    /// Paging would never end.
    #[error("its next page does not come after this one")]
    Stuck,
    /// More than the caller can take.
    #[error("there is more of it than {0}")]
    TooMuch(u64),
    /// Not the bytes that were announced.
    #[error("the file is not the one that was announced: {0}")]
    AnotherFile(&'static str),
}

impl Error {
    /// What is wrong with several answers together.
    pub(super) fn flawed(about: About, flaw: Flaw) -> Self {
        Self::Unusable {
            about,
            flaw,
            transaction: "several".to_owned(),
            is_foreign: false,
        }
    }

    /// The status code, when a complete answer was a refusal.
    pub fn status(&self) -> Option<u16> {
        match self {
            Error::Rejected { status, .. } => Some(*status),
            Error::Unanswered { .. }
            | Error::Unusable { .. }
            | Error::Unserviced { .. }
            | Error::NoAccess(_)
            | Error::Unaskable(_) => None,
        }
    }

    /// What is wrong with an answer that claims success.
    pub fn flaw(&self) -> Option<&Flaw> {
        match self {
            Error::Unusable { flaw, .. } => Some(flaw),
            Error::Unanswered { .. }
            | Error::Rejected { .. }
            | Error::Unserviced { .. }
            | Error::NoAccess(_)
            | Error::Unaskable(_) => None,
        }
    }

    /// Whether the request is known not to have had an effect.
    pub fn is_unsent(&self) -> bool {
        match self {
            Error::Unanswered { source, .. } => retry::is_unsent(source.kind),
            Error::Rejected { status, .. } => retry::is_unsent(Answer::Status(*status)),
            Error::Unusable { .. } => false,
            Error::Unserviced { .. } | Error::NoAccess(_) | Error::Unaskable(_) => true,
        }
    }

    /// Whether the instance understood the request and refused it: nothing happened, and the
    /// same request will be refused again.
    pub fn is_refusal(&self) -> bool {
        match self {
            Error::Rejected { status, is_foreign, .. } => {
                (400..500).contains(status) && !matches!(status, 401 | 408 | 429) && !is_foreign
            }
            Error::Unanswered { .. }
            | Error::Unusable { .. }
            | Error::Unserviced { .. }
            | Error::NoAccess(_)
            | Error::Unaskable(_) => false,
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
            Error::Unanswered { .. } | Error::Unusable { .. } | Error::Unserviced { .. } => Failure::Transient {
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
