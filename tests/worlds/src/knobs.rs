//! Fault rules: which calls go wrong, how, and how often.
//!
//! A rule is JSON on `POST /_world/knobs`, for example
//! `{"method":"POST","path":"/api/now/table/incident","times":1,"fault":{"kind":"commit-then-drop"}}`,
//! and a [`Rule`] in process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::digest::derived_id;

/// When a fault happens. Rules are tried in the order in which they were added.
///
/// Latency, token expiry and a rate limit that is not yet reached leave the call to the rules after them;
/// any other fault decides the call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// For example `POST`; none means every method.
    #[serde(default)]
    pub method: Option<String>,
    /// What the path starts with; `/` is every path, the token endpoint included.
    #[serde(default = "every_path")]
    pub path: String,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many calls it strikes; none means all.
    #[serde(default)]
    pub times: Option<u32>,
    pub fault: Fault,
}

/// What goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Fault {
    /// The call takes this long; its effect comes before the wait or after it.
    Latency {
        milliseconds: u64,
        #[serde(default)]
        after_effect: bool,
    },
    /// No effect; this answer. Without a body it is the system's own error form.
    Status {
        status: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        #[serde(default)]
        body: Option<String>,
    },
    /// No effect, and no answer.
    Drop,
    /// The effect happens; the answer is lost.
    CommitThenDrop,
    /// The answer is lost now; the effect happens this many seconds later on the world's clock.
    CommitLate { seconds: u64 },
    /// The effect happens; the answer is this status with an error body.
    CommitThenStatus { status: u16 },
    /// 202 without body and without effect, as ServiceNow does when a session's queue is full.
    AcceptedAndDropped,
    /// 200 whose body holds an `error` beside what there is of the result.
    #[serde(rename = "error-inside-200")]
    ErrorInside200 {
        #[serde(default)]
        effect: bool,
    },
    /// The effect happens; half of the answer arrives. With `announced` the transport notices (the length does
    /// not match), else the answer looks complete.
    TruncatedBody {
        #[serde(default)]
        announced: bool,
    },
    /// 200 with a login page, no effect.
    HtmlPage,
    /// 302 to the location, no effect.
    Redirect { location: String },
    /// The effect happens; the program's server sends the answer in small pieces.
    SlowDrip {
        chunk_bytes: usize,
        pause_milliseconds: u64,
    },
    /// A batch stops after this many items, as if its time were over; the rest is unserviced.
    BatchStop { after_items: usize },
    /// Every token issued so far is dead, from this call on.
    TokenExpiry,
    /// After this many matching calls in a clock hour: 429 with `Retry-After`; always the `X-RateLimit` headers.
    RateLimit { per_hour: u32 },
}

/// An extension of a request whose batch must stop early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BatchStop {
    pub(crate) after_items: usize,
}

impl Rule {
    /// A rule that strikes once. The method may be `*`.
    pub fn once(method: &str, path: &str, fault: Fault) -> Rule {
        let method = (method != "*").then(|| method.to_owned());
        Rule {
            method,
            path: path.to_owned(),
            skip: 0,
            times: Some(1),
            fault,
        }
    }

    /// A rule that strikes every time.
    pub fn always(method: &str, path: &str, fault: Fault) -> Rule {
        Rule {
            times: None,
            ..Rule::once(method, path, fault)
        }
    }

    /// The same rule, striking this many times.
    pub fn times(self, times: u32) -> Rule {
        Rule {
            times: Some(times),
            ..self
        }
    }

    /// The same rule, letting this many calls pass first.
    pub fn skip(self, skip: u32) -> Rule {
        Rule { skip, ..self }
    }
}

/// The rules of a world.
#[derive(Debug, Clone, Default)]
pub struct Knobs(Arc<Mutex<Vec<Active>>>);

#[derive(Debug, Clone, Serialize)]
struct Active {
    rule: Rule,
    struck: u32,
    /// Of a rate limit: the hour it counts, and the calls in it.
    window: (i64, u32),
}

impl Knobs {
    pub fn add(&self, rule: Rule) {
        self.rules().push(Active {
            rule,
            struck: 0,
            window: (0, 0),
        });
    }

    pub fn clear(&self) {
        self.rules().clear();
    }

    /// Every rule with the number of calls it has struck.
    pub fn list(&self) -> Vec<(Rule, u32)> {
        self.rules()
            .iter()
            .map(|active| (active.rule.clone(), active.struck))
            .collect()
    }

    /// What the rules do with a call; counts it.
    pub(crate) fn plan(&self, method: &str, path: &str, now: OffsetDateTime) -> Plan {
        let mut plan = Plan::default();
        for (number, active) in self.rules().iter_mut().enumerate() {
            if active.strikes(method, path) {
                active.apply(number, now, &mut plan);
            }
            if plan.decided.is_some() {
                break;
            }
        }
        plan
    }

    fn rules(&self) -> std::sync::MutexGuard<'_, Vec<Active>> {
        self.0.lock().expect("no rule panics")
    }
}

/// What the rules do with one call.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) before: Duration,
    pub(crate) after: Duration,
    pub(crate) expire_tokens: bool,
    pub(crate) headers: BTreeMap<String, String>,
    /// The fault that decides the call.
    pub(crate) decided: Option<Fault>,
    /// A name for the call log.
    pub(crate) name: Option<String>,
}

impl Active {
    fn strikes(&mut self, method: &str, path: &str) -> bool {
        let rule = &mut self.rule;
        let matches = rule
            .method
            .as_deref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && path.starts_with(&rule.path)
            && rule.times.is_none_or(|times| self.struck < times);
        if matches && rule.skip > 0 {
            rule.skip -= 1;
            return false;
        }
        matches
    }

    fn apply(&mut self, number: usize, now: OffsetDateTime, plan: &mut Plan) {
        self.struck += 1;
        let mut name = self.rule.fault.name();
        match &self.rule.fault {
            Fault::Latency {
                milliseconds,
                after_effect: false,
            } => plan.before += Duration::from_millis(*milliseconds),
            Fault::Latency {
                milliseconds,
                after_effect: true,
            } => plan.after += Duration::from_millis(*milliseconds),
            Fault::TokenExpiry => plan.expire_tokens = true,
            Fault::RateLimit { per_hour } => {
                let per_hour = *per_hour;
                if !self.rate(number, per_hour, now, plan) {
                    name = "";
                }
            }
            other => plan.decided = Some(other.clone()),
        }
        if !name.is_empty() {
            plan.name = Some(name.to_owned());
        }
    }

    /// Counts the call; true when it is over the limit.
    fn rate(&mut self, number: usize, per_hour: u32, now: OffsetDateTime, plan: &mut Plan) -> bool {
        let hour = now.unix_timestamp().div_euclid(3600);
        let used = if self.window.0 == hour { self.window.1 } else { 0 };
        self.window = (hour, used + 1);
        let reset = (hour + 1) * 3600;
        plan.headers
            .insert("x-ratelimit-limit".to_owned(), per_hour.to_string());
        plan.headers.insert("x-ratelimit-reset".to_owned(), reset.to_string());
        plan.headers
            .insert("x-ratelimit-rule".to_owned(), derived_id("rate limit rule", number));
        if used < per_hour {
            return false;
        }
        let wait = (reset - now.unix_timestamp()).to_string();
        let headers = [("retry-after".to_owned(), wait)].into();
        plan.decided = Some(Fault::Status {
            status: 429,
            headers,
            body: None,
        });
        true
    }
}

impl Fault {
    fn name(&self) -> &'static str {
        match self {
            Fault::Latency { .. } => "latency",
            Fault::Status { .. } => "status",
            Fault::Drop => "drop",
            Fault::CommitThenDrop => "commit-then-drop",
            Fault::CommitLate { .. } => "commit-late",
            Fault::CommitThenStatus { .. } => "commit-then-status",
            Fault::AcceptedAndDropped => "accepted-and-dropped",
            Fault::ErrorInside200 { .. } => "error-inside-200",
            Fault::TruncatedBody { .. } => "truncated-body",
            Fault::HtmlPage => "html-page",
            Fault::Redirect { .. } => "redirect",
            Fault::SlowDrip { .. } => "slow-drip",
            Fault::BatchStop { .. } => "batch-stop",
            Fault::TokenExpiry => "token-expiry",
            Fault::RateLimit { .. } => "rate-limit",
        }
    }
}

fn every_path() -> String {
    "/".to_owned()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    const NOW: OffsetDateTime = datetime!(2026-11-22 10:59:00 UTC);

    #[test]
    fn a_rule_is_read_from_json() {
        let text = r#"{"method":"POST","path":"/api/now/table/incident","times":2,
            "fault":{"kind":"status","status":503,"headers":{"Retry-After":"7"}}}"#;
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!(rule.times, Some(2));
        assert!(matches!(rule.fault, Fault::Status { status: 503, .. }));
        assert!(serde_json::from_str::<Rule>(r#"{"fault":{"kind":"explode"}}"#).is_err());
        assert!(serde_json::from_str::<Rule>(r#"{"tmes":1,"fault":{"kind":"drop"}}"#).is_err());
    }

    #[test]
    fn every_kind_that_the_readme_names_is_one() {
        let table = include_str!("../README.md").split("| kind |").nth(1).unwrap();
        let kinds: Vec<&str> = table
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
            .collect();
        assert!(kinds.len() > 12, "{kinds:?}");
        for kind in kinds {
            let read = serde_json::from_str::<Fault>(&format!(r#"{{"kind":"{kind}"}}"#));
            let is_unknown = read.is_err_and(|error| error.to_string().contains("unknown variant"));
            assert!(!is_unknown, "{kind}");
        }
    }

    #[test]
    fn a_rule_strikes_its_method_and_path_so_many_times_after_so_many() {
        let knobs = Knobs::default();
        knobs.add(Rule::once("POST", "/a", Fault::Drop).times(2).skip(1));
        let struck = |method, path| knobs.plan(method, path, NOW).decided.is_some();
        assert!(!struck("GET", "/a"));
        assert!(!struck("POST", "/b"));
        assert_eq!(
            [struck("POST", "/a/1"), struck("POST", "/a"), struck("POST", "/a")],
            [false, true, true]
        );
        assert!(!struck("POST", "/a"));
        assert_eq!(knobs.list()[0].1, 2);
    }

    #[test]
    fn latencies_add_up_and_leave_the_call_to_the_next_rule() {
        let knobs = Knobs::default();
        knobs.add(Rule::always(
            "*",
            "/",
            Fault::Latency {
                milliseconds: 20,
                after_effect: false,
            },
        ));
        knobs.add(Rule::always(
            "*",
            "/",
            Fault::Latency {
                milliseconds: 30,
                after_effect: false,
            },
        ));
        knobs.add(Rule::always("*", "/", Fault::HtmlPage));
        let plan = knobs.plan("GET", "/x", NOW);
        assert_eq!(plan.before, Duration::from_millis(50));
        assert_eq!(plan.decided, Some(Fault::HtmlPage));
    }

    #[test]
    fn a_rate_limit_counts_a_clock_hour() {
        let knobs = Knobs::default();
        knobs.add(Rule::always("*", "/", Fault::RateLimit { per_hour: 1 }));
        let first = knobs.plan("GET", "/", NOW);
        assert!(first.decided.is_none() && first.name.is_none());
        assert_eq!(first.headers["x-ratelimit-limit"], "1");
        let second = knobs.plan("GET", "/", NOW);
        let Some(Fault::Status {
            status: 429, headers, ..
        }) = second.decided
        else {
            panic!("not limited")
        };
        assert_eq!(headers["retry-after"], "60");
        assert!(knobs.plan("GET", "/", NOW + time::Duration::MINUTE).decided.is_none());
    }
}
