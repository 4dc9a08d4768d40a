//! The log of calls, for oracles and for counting what a path costs.

use std::fmt;
use std::time::SystemTime;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    DynamoDb,
    Sqs,
    SecretsManager,
}

/// One request that was answered, in the order of the answers.
#[derive(Debug, Clone, PartialEq)]
pub struct CallRecord {
    pub at: SystemTime,
    pub service: Service,
    /// As in the SDK, for example `TransactWriteItems`.
    pub operation: String,
    /// The table, queue or secret; empty where the request named none.
    /// A batch or transaction over several tables lists them with a comma.
    pub resource: String,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error's name without its namespace, for example `ConditionalCheckFailedException`.
    pub error: Option<String>,
    /// DynamoDB write units, see the rule in `dynamodb/capacity.rs`; `None` if the call cannot write.
    pub write_units: Option<f64>,
    /// DynamoDB read units; `None` if the call cannot read, or was refused.
    pub read_units: Option<f64>,
}

impl CallRecord {
    pub fn succeeded(&self) -> bool {
        self.status < 300
    }
}

/// For example `TransactWriteItems gridlink 200`: enough to compare two runs of one seed.
impl fmt::Display for CallRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.operation, self.resource, self.status)?;
        if let Some(error) = &self.error {
            write!(f, " {error}")?;
        }
        Ok(())
    }
}
