//! Faults that a test asks for, because they never happen by themselves in one process.

use crate::Service;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// Another transaction holds an item: `TransactionConflictException` for a single write,
    /// `TransactionCanceledException` with reason `TransactionConflict` on the first item for a
    /// transaction. Nothing is done.
    TransactionConflict,
    /// A transaction is cancelled with reason `ThrottlingError` on the first item. Nothing is done.
    TransactionThrottled,
    /// DynamoDB answers `ProvisionedThroughputExceededException`, SQS `RequestThrottled`, Secrets
    /// Manager `ThrottlingException`. Nothing is done.
    Throttled,
    /// A batch does its first half (rounded up) only and hands the rest back: `UnprocessedItems`,
    /// `UnprocessedKeys`, or `Failed` entries of an SQS batch. A batch of one is throttled, as on AWS.
    HalfProcessed,
    /// 500, and nothing is done.
    ServerError,
    /// 500, but the request was carried out.
    ServerErrorAfterwards,
}

impl Fault {
    /// On calls of this operation, for example `TransactWriteItems`: on the next one, once.
    pub fn on(self, operation: &str) -> Injection {
        Injection {
            operation: Some(operation.to_owned()),
            fault: self,
            skip: 0,
            times: 1,
        }
    }

    /// On any call for which this fault can happen: on the next one, once.
    pub fn on_any(self) -> Injection {
        Injection {
            operation: None,
            fault: self,
            skip: 0,
            times: 1,
        }
    }

    /// Whether AWS could answer this call so.
    pub fn can_happen_to(self, service: Service, operation: &str) -> bool {
        match self {
            Fault::TransactionConflict => matches!(
                (service, operation),
                (
                    Service::DynamoDb,
                    "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems" | "TransactGetItems"
                )
            ),
            Fault::TransactionThrottled => matches!(
                (service, operation),
                (Service::DynamoDb, "TransactWriteItems" | "TransactGetItems")
            ),
            Fault::HalfProcessed => matches!(
                operation,
                "BatchGetItem" | "BatchWriteItem" | "SendMessageBatch" | "DeleteMessageBatch"
            ),
            Fault::Throttled | Fault::ServerError | Fault::ServerErrorAfterwards => true,
        }
    }
}

/// A fault, and the calls that it strikes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Injection {
    operation: Option<String>,
    fault: Fault,
    skip: u32,
    times: u32,
}

impl Injection {
    /// Lets this many matching calls pass first.
    pub fn after(self, skip: u32) -> Self {
        Injection { skip, ..self }
    }

    /// Strikes this many matching calls in a row.
    pub fn times(self, times: u32) -> Self {
        Injection { times, ..self }
    }

    /// Strikes until the faults are cleared.
    pub fn always(self) -> Self {
        self.times(u32::MAX)
    }

    fn matches(&self, service: Service, operation: &str) -> bool {
        self.operation.as_deref().is_none_or(|wanted| wanted == operation)
            && self.fault.can_happen_to(service, operation)
    }
}

/// The faults still to come, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Injection>);

impl Faults {
    pub(crate) fn add(&mut self, injection: Injection) {
        self.0.push(injection);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn pending(&self) -> usize {
        self.0.len()
    }

    /// The fault for this call. Every matching injection counts the call; the first that is due strikes.
    pub(crate) fn strike(&mut self, service: Service, operation: &str) -> Option<Fault> {
        let mut struck = None;
        for injection in &mut self.0 {
            if !injection.matches(service, operation) {
                continue;
            }
            if injection.skip > 0 {
                injection.skip -= 1;
            } else if struck.is_none() {
                struck = Some(injection.fault);
                if injection.times != u32::MAX {
                    injection.times -= 1;
                }
            }
        }
        self.0.retain(|injection| injection.times > 0);
        struck
    }
}
