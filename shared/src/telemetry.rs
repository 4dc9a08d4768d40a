//! Metrics, and what X-Ray is told.
//!
//! Metrics are documents of CloudWatch's embedded metric format (EMF) beside the logs.
//!
//! What happens in an invocation is gathered in memory and written when it ends: a document for the function and one for
//! each system that it called, so that an event costs no call and few lines. What must not wait for that end is
//! [written at once](flush). The only dimensions are the function and the called system: no id and no partner's name,
//! of which there would be too many, and which are nobody's business here.
//!
//! The writer is our own, because those at hand do not fit. `metrics_cloudwatch_embedded` gathers for a whole process
//! and reads the machine's clock, so that neither two invocations side by side nor a simulated time can be told apart;
//! `metrique`, which AWS keeps well, would bring more than thirty crates into every cold start for the hundred lines
//! below. Source of the format: "Specification: Embedded metric format" in the user guide of Amazon CloudWatch.

#[cfg(test)]
mod tests;
mod trace;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::failure::System;

pub use trace::Daemon;
use trace::Trace;

/// A metric has at most so many values in one document; more go into another.
const MOST_VALUES: usize = 100;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// From the fact to the end of its work, in seconds: one value for each entry that was finished, so that the number
    /// of its values is the number of those.
    Lag,
    /// Events from outside that were new.
    Accepted,
    /// Events that had been accepted before.
    Duplicate,
    /// Events about what Gridlink itself had written.
    Echo,
    /// Events about records that are none of Gridlink's.
    Unrelated,
    /// Requests that were not accepted.
    Refused,
    /// Entries that were put off, because something failed or is known to be down.
    Deferred,
    /// Streams that wait for a person from now on.
    Parked,
    /// For how long the most overdue stream that a sweep rang had been due, in seconds.
    Overdue,
    /// From the call to the head of its answer, in milliseconds: one value for each call, answered or not.
    Latency,
    /// Calls without a complete answer, or with an answer of 500 and above.
    Errors,
    /// Calls that were refused because there were too many.
    RefusedForRate,
    /// Access tokens that were fetched.
    TokensFetched,
    /// Requests an hour that the rule of ServiceNow allows.
    RateLimit,
    /// Records that are made once because their primary key is chosen: the level R1 of the guarantees.
    OnceByKey,
    /// Entries that are made once because the app knows their id: the level J1.
    OnceByApp,
    /// Entries and files that are made once as long as time limits hold and their trace is found: the level J2.
    OnceByTrace,
}

impl Metric {
    /// The name.
    fn name(self) -> String {
        format!("{self:?}")
    }

    /// The unit, in the words of CloudWatch.
    fn unit(self) -> &'static str {
        match self {
            Metric::Lag | Metric::Overdue => "Seconds",
            Metric::Latency => "Milliseconds",
            Metric::Accepted
            | Metric::Duplicate
            | Metric::Echo
            | Metric::Unrelated
            | Metric::Refused
            | Metric::Deferred
            | Metric::Parked
            | Metric::Errors
            | Metric::RefusedForRate
            | Metric::TokensFetched
            | Metric::RateLimit
            | Metric::OnceByKey
            | Metric::OnceByApp
            | Metric::OnceByTrace => "Count",
        }
    }

    /// Whether each value counts for itself; the others are added up.
    fn is_distributed(self) -> bool {
        matches!(
            self,
            Metric::Lag | Metric::Overdue | Metric::Latency | Metric::RateLimit
        )
    }
}

/// Whom a metric is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Function,
    Upstream(System),
}

/// Where documents go: each is one line.
type Sink = Arc<dyn Fn(String) + Send + Sync>;

/// What the metrics of a function are written with.
#[derive(Clone)]
pub struct Telemetry {
    namespace: String,
    function: &'static str,
    clock: Clock,
    sink: Sink,
    daemon: Option<Daemon>,
    trace: Option<Trace>,
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Telemetry({}, {})", self.namespace, self.function)
    }
}

impl Telemetry {
    /// Metrics of `function` in `namespace`, which are handed to `sink`, a line each.
    pub fn new(
        namespace: String,
        function: &'static str,
        clock: Clock,
        sink: impl Fn(String) + Send + Sync + 'static,
    ) -> Self {
        Self {
            namespace,
            function,
            clock,
            sink: Arc::new(sink),
            daemon: None,
            trace: None,
        }
    }

    /// Metrics on standard output, where Lambda takes them to the log.
    pub fn to_stdout(namespace: String, function: &'static str) -> Self {
        Self::new(namespace, function, Clock::System, |document| {
            // Who cannot write a metric goes on without.
            let _ = writeln!(std::io::stdout().lock(), "{document}");
        })
    }

    /// The same, with a daemon of X-Ray to tell the calls of sampled invocations to.
    pub fn with_daemon(self, daemon: Option<Daemon>) -> Self {
        Self { daemon, ..self }
    }

    /// The same, for the invocation with this header of X-Ray.
    pub fn of_trace(&self, header: Option<&str>) -> Self {
        let trace = self.daemon.as_ref().zip(header);
        Self {
            trace: trace.and_then(|(daemon, header)| Trace::of(daemon, header)),
            ..self.clone()
        }
    }

    /// Does some work, and writes what it was measured by when it ends.
    pub async fn watch<T>(&self, work: impl Future<Output = T>) -> T {
        let gathered = Arc::new(Gathered {
            telemetry: self.clone(),
            values: Mutex::default(),
        });
        let outcome = GATHERED.scope(Arc::clone(&gathered), work).await;
        gathered.flush();
        outcome
    }
}

tokio::task_local! {
    /// What the invocation under way has gathered; several may be under way in one process.
    static GATHERED: Arc<Gathered>;
}

struct Gathered {
    telemetry: Telemetry,
    values: Mutex<BTreeMap<Of, BTreeMap<Metric, Vec<f64>>>>,
}

impl Gathered {
    fn add(&self, of: Of, metric: Metric, value: f64) {
        let mut all = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let values = all.entry(of).or_default().entry(metric).or_default();
        match values.first_mut() {
            Some(sum) if !metric.is_distributed() => *sum += value,
            _ => values.push(value),
        }
    }

    fn flush(&self) {
        let all = std::mem::take(&mut *self.values.lock().unwrap_or_else(PoisonError::into_inner));
        for (of, mut values) in all {
            while !values.is_empty() {
                let mut rest = BTreeMap::new();
                for (metric, values) in &mut values {
                    if values.len() > MOST_VALUES {
                        rest.insert(*metric, values.split_off(MOST_VALUES));
                    }
                }
                (self.telemetry.sink)(self.document(of, &values).to_string());
                values = rest;
            }
        }
    }

    fn document(&self, of: Of, values: &BTreeMap<Metric, Vec<f64>>) -> Value {
        let (dimension, name) = match of {
            Of::Function => ("Function", self.telemetry.function),
            Of::Upstream(system) => ("Upstream", system.as_str()),
        };
        let metrics = values
            .keys()
            .map(|metric| json!({"Name": metric.name(), "Unit": metric.unit()}));
        let mut document = Map::new();
        document.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": self.telemetry.clock.now().millis(),
                "CloudWatchMetrics": [{
                    "Namespace": self.telemetry.namespace,
                    "Dimensions": [[dimension]],
                    "Metrics": metrics.collect::<Vec<_>>(),
                }],
            }),
        );
        document.insert(dimension.to_owned(), json!(name));
        for (metric, values) in values {
            let value = match values.as_slice() {
                [value] => number(*value),
                values => values.iter().copied().map(number).collect(),
            };
            document.insert(metric.name(), value);
        }
        document.into()
    }
}

/// The shortest spelling: whole where it is whole, and no more than thousandths.
#[expect(
    clippy::cast_possible_truncation,
    reason = "whole numbers of milliseconds, seconds and counts are far below 2^53"
)]
fn number(value: f64) -> Value {
    let thousandths = (value * 1000.0).round();
    if thousandths % 1000.0 == 0.0 {
        json!((thousandths / 1000.0) as i64)
    } else {
        json!(thousandths / 1000.0)
    }
}

/// Adds to what the invocation under way has gathered; outside of any, nothing is measured.
fn add(of: Of, metric: Metric, value: f64) {
    let _ = GATHERED.try_with(|gathered| gathered.add(of, metric, value));
}

/// One more of something that the function under way does.
pub fn count(metric: Metric) {
    add(Of::Function, metric, 1.0);
}

/// A value of the function under way, for a metric in seconds.
pub fn lasted(metric: Metric, since: Timestamp, until: Timestamp) {
    // Clocks differ: what seems to come from the future has not taken any time.
    add(Of::Function, metric, since.until(until).as_secs_f64());
}

/// One more of something that happens with a system.
pub fn count_of(system: System, metric: Metric) {
    add(Of::Upstream(system), metric, 1.0);
}

/// Requests an hour that a system allows.
pub fn allows(system: System, requests: u64) {
    #[expect(clippy::cast_precision_loss, reason = "a limit is far below 2^53")]
    add(Of::Upstream(system), Metric::RateLimit, requests as f64);
}

/// Writes what was gathered until now: for what somebody must hear of though the function be killed.
pub fn flush() {
    let _ = GATHERED.try_with(|gathered| gathered.flush());
}

/// A call under way. When it is dropped without an answer, it had none: whoever gives a call up drops it.
#[derive(Debug)]
pub struct CallUnderWay {
    system: System,
    method: Method,
    started: Instant,
    status: Option<u16>,
}

impl CallUnderWay {
    /// A call that begins now.
    pub fn to(system: System, method: &Method) -> Self {
        Self {
            system,
            method: method.clone(),
            started: Instant::now(),
            status: None,
        }
    }

    /// The head of an answer is there.
    pub fn answered(mut self, status: u16) {
        self.status = Some(status);
    }
}

impl Drop for CallUnderWay {
    fn drop(&mut self) {
        let of = Of::Upstream(self.system);
        let lasted = self.started.elapsed();
        let milliseconds = lasted.as_secs_f64() * 1000.0;
        add(of, Metric::Latency, milliseconds.round());
        match self.status {
            Some(429) => add(of, Metric::RefusedForRate, 1.0),
            None | Some(500..) => add(of, Metric::Errors, 1.0),
            Some(_) => {}
        }
        let _ = GATHERED.try_with(|gathered| {
            let Telemetry { trace, clock, .. } = &gathered.telemetry;
            if let Some(trace) = trace {
                trace.send(self.system, &self.method, self.status, lasted, clock.now());
            }
        });
    }
}
