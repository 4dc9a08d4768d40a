//! What the benchmark and its bare client share: the calls that a function made, to be made again.

use serde::{Deserialize, Serialize};

/// The calls of a run of events, in order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Transcript {
    /// The calls of each event.
    pub events: Vec<Vec<Call>>,
}

/// One request as it goes over the wire.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Call {
    /// Who is asked.
    pub side: Side,
    /// HTTP/1.1: request line, headers and body.
    pub request: String,
}

/// Who a function calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Side {
    Aws,
    ServiceNow,
    TradingGrid,
}
