//! A failure is named by what must happen next.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Why an entry was not finished.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// This call may work later: the stream waits and is rung again.
    #[error("the work should be tried again")]
    Transient {
        /// What happened.
        #[source]
        cause: anyhow::Error,
        /// How long the other side asked us to wait, or how long an unclear write takes to settle.
        wait: Option<Duration>,
        /// Whether the effect under way is known not to have happened.
        unsent: bool,
    },
    /// A whole system fails or refuses us: its breaker counts it, and the stream waits.
    #[error("{system} fails or refuses us")]
    Upstream {
        /// Which system.
        system: System,
        /// What happened.
        #[source]
        cause: anyhow::Error,
        /// Whether the effect under way is known not to have happened.
        unsent: bool,
    },
    /// The breaker of a system is open: the stream waits for it, and this is no failed attempt.
    #[error("{system} is known to be down")]
    Closed {
        /// Which system.
        system: System,
        /// When somebody may try it again.
        until: Timestamp,
    },
    /// The entry is about a later time: the stream waits for it, and this is no failed attempt.
    #[error("it is not time yet")]
    Early {
        /// When it is.
        until: Timestamp,
    },
    /// The entry can never succeed as it is: its stream is parked until a person acts.
    #[error("the entry cannot be handled")]
    Permanent {
        /// What happened.
        #[source]
        cause: anyhow::Error,
        /// What a person can do about it.
        remedy: String,
    },
    /// One effect is refused for good and said so on the story; the rest of the entry goes on.
    #[error("refused: {reason}")]
    Refused {
        /// Why, in words that both sides may read.
        reason: String,
    },
}

impl Failure {
    /// This may work later, and may have happened already.
    pub fn transient(cause: impl Into<anyhow::Error>) -> Self {
        Self::Transient {
            cause: cause.into(),
            wait: None,
            unsent: false,
        }
    }

    /// This can never work as it is.
    pub fn permanent(cause: impl Into<anyhow::Error>, remedy: impl Into<String>) -> Self {
        Self::Permanent {
            cause: cause.into(),
            remedy: remedy.into(),
        }
    }

    /// The same failure where an earlier try is in doubt: nothing about now proves that it did not
    /// happen then.
    pub fn in_doubt(self) -> Self {
        match self {
            Failure::Transient { cause, wait, .. } => Failure::Transient {
                cause,
                wait,
                unsent: false,
            },
            Failure::Upstream { system, cause, .. } => Failure::Upstream {
                system,
                cause,
                unsent: false,
            },
            other => other,
        }
    }
}

/// An error and all its causes on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// One of the systems outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum System {
    /// The ServiceNow instance.
    ServiceNow,
    /// Trading Grid and the community bound to it.
    TradingGrid,
    /// DynamoDB, SQS and Secrets Manager.
    Aws,
}

impl System {
    /// The word in keys.
    pub fn as_str(self) -> &'static str {
        match self {
            System::ServiceNow => "servicenow",
            System::TradingGrid => "trading-grid",
            System::Aws => "aws",
        }
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::ServiceNow => "ServiceNow",
            System::TradingGrid => "Trading Grid",
            System::Aws => "AWS",
        })
    }
}
