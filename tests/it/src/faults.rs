//! What can go wrong with one outside request, and plans of it that print as one line.

use std::fmt;
use std::str::FromStr;

/// Which system a request goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    DynamoDb,
    Sqs,
    Secrets,
    ServiceNow,
    TradingGrid,
}

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// The function is killed just before it is sent.
    KillBefore,
    /// It takes effect; the function is killed before its answer.
    KillAfter,
    /// It takes effect; its answer is lost.
    Lost,
    /// It takes effect; the answer is a 5xx.
    ErrorAfter,
    /// The answer is lost, and it takes effect a minute later.
    Late,
    /// It has no effect: 429 with `Retry-After`.
    TooMany,
    /// It has no effect: another transaction is under way.
    Conflict,
    /// It has no effect: throttled.
    Throttle,
    /// The function stands still before it is sent, for longer than its lease.
    Pause,
    /// Nothing fails: the partner's next event is accepted just before it is sent.
    Arrival,
}

impl Fault {
    pub(crate) const ALL: [Fault; 10] = [
        Fault::KillBefore,
        Fault::KillAfter,
        Fault::Lost,
        Fault::ErrorAfter,
        Fault::Late,
        Fault::TooMany,
        Fault::Conflict,
        Fault::Throttle,
        Fault::Pause,
        Fault::Arrival,
    ];

    /// Whether the real system can do this to the operation.
    ///
    /// A read has no effect that a kill after it or a late arrival could leave behind: those are the kill
    /// before it and the lost answer again.
    pub(crate) fn fits(self, system: System, operation: &str) -> bool {
        let is_outside = matches!(system, System::ServiceNow | System::TradingGrid);
        let is_read = ["GET ", "Get", "BatchGet", "Query"]
            .iter()
            .any(|begin| operation.starts_with(begin));
        match self {
            Fault::KillBefore | Fault::Lost | Fault::ErrorAfter | Fault::Pause => true,
            Fault::KillAfter => !is_read,
            Fault::Late => is_outside && !is_read,
            Fault::TooMany => is_outside,
            Fault::Conflict => operation == "TransactWriteItems",
            Fault::Throttle => !is_outside,
            Fault::Arrival => true,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Fault::KillBefore => "kill-before",
            Fault::KillAfter => "kill-after",
            Fault::Lost => "lost",
            Fault::ErrorAfter => "error-after",
            Fault::Late => "late",
            Fault::TooMany => "too-many",
            Fault::Conflict => "conflict",
            Fault::Throttle => "throttle",
            Fault::Pause => "pause",
            Fault::Arrival => "arrival",
        }
    }
}

/// Faults by the number of the request that they strike, counted over the whole run from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Plan(pub(crate) Vec<(usize, Fault)>);

impl Plan {
    pub(crate) fn at(&self, index: usize) -> Option<Fault> {
        self.0.iter().find(|(at, _)| *at == index).map(|(_, fault)| *fault)
    }

    pub(crate) fn and(&self, index: usize, fault: Fault) -> Plan {
        let mut plan = self.clone();
        plan.0.push((index, fault));
        plan
    }

    pub(crate) fn pauses(&self) -> bool {
        self.0.iter().any(|(_, fault)| *fault == Fault::Pause)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let faults = self
            .0
            .iter()
            .map(|(at, fault)| format!("{at}:{}", fault.word()))
            .collect::<Vec<_>>();
        f.write_str(&faults.join(","))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = |part: &str| {
            let (at, word) = part.split_once(':').ok_or(format!("{part} is not number:fault"))?;
            let fault = Fault::ALL.into_iter().find(|fault| fault.word() == word);
            Ok((
                at.parse().map_err(|_| format!("{at} is no number"))?,
                fault.ok_or(format!("{word} is no fault"))?,
            ))
        };
        text.split(',')
            .filter(|part| !part.is_empty())
            .map(read)
            .collect::<Result<_, String>>()
            .map(Plan)
    }
}
