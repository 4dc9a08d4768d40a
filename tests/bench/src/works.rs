//! What the programs are given to do.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Result, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::programs::Which;
use crate::stage::{Stage, commented, doorbells, opened, schedule};

/// One kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Work {
    /// Nothing at all.
    Nothing,
    /// The calls of a create, made again.
    BareCreate,
    /// An issue without documents becomes a case.
    Create,
    /// A comment is added to its case.
    Comment,
    /// The stream is rung once more: nothing to do.
    RungAgain,
    /// The first event of an issue is accepted.
    AcceptFirst,
    /// A later event of an issue is accepted.
    AcceptLater,
    /// An accepted event is sent again.
    Replayed,
    /// Nothing is due.
    Sweep,
}

impl Work {
    /// What a program is given, in this order: later work builds on what earlier work made.
    pub(crate) fn of(which: Which) -> &'static [Work] {
        match which {
            Which::NoOp => &[Self::Nothing],
            Which::BareClient => &[Self::BareCreate],
            Which::OpenCase => &[Self::Create, Self::Comment, Self::RungAgain],
            Which::ReceiveWebhook => &[Self::AcceptFirst, Self::AcceptLater, Self::Replayed],
            Which::PollChanges => &[Self::Sweep],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "no-op event",
            Self::BareCreate => "the calls of a create, bare",
            Self::Create => "create a case",
            Self::Comment => "add a comment",
            Self::RungAgain => "rung again, nothing to do",
            Self::AcceptFirst => "accept the first event",
            Self::AcceptLater => "accept a later event",
            Self::Replayed => "the same event again",
            Self::Sweep => "sweep, nothing due",
        }
    }

    /// Makes ready what the events are about.
    pub(crate) async fn prepare(self, stage: &Stage, issues: Range<usize>) -> Result<()> {
        for number in issues {
            match self {
                Self::Create => stage.accept(&opened(number)).await?,
                Self::Comment => stage.accept(&commented(number)).await?,
                Self::Nothing
                | Self::BareCreate
                | Self::RungAgain
                | Self::AcceptFirst
                | Self::AcceptLater
                | Self::Replayed
                | Self::Sweep => {}
            }
        }
        Ok(())
    }

    /// One event for each issue.
    pub(crate) fn events(self, stage: &Stage, issues: Range<usize>) -> Vec<Bytes> {
        issues
            .map(|number| match self {
                Self::Nothing | Self::BareCreate | Self::Create | Self::Comment | Self::RungAgain => {
                    doorbells([number])
                }
                Self::AcceptFirst | Self::Replayed => stage.webhook(&opened(number)),
                Self::AcceptLater => stage.webhook(&commented(number)),
                Self::Sweep => schedule(),
            })
            .collect()
    }

    /// Whether a function answered as it should.
    pub(crate) fn check(self, answer: &Bytes) -> Result<()> {
        let answer: Value = serde_json::from_slice(answer)?;
        let is_good = match self {
            Self::Nothing | Self::BareCreate | Self::Create | Self::Comment | Self::RungAgain => {
                answer == json!({"batchItemFailures": []})
            }
            Self::AcceptFirst | Self::AcceptLater | Self::Replayed => answer["statusCode"] == 202,
            Self::Sweep => answer == json!({"rung": 0, "waiting": 0, "failed": 0}),
        };
        ensure!(is_good, "{}: the answer was {answer}", self.name());
        Ok(())
    }

    /// What must be in ServiceNow after so many events: records and public comments.
    pub(crate) fn must_have_made(self, stage: &Stage, cases_before: usize, events: usize) -> Result<()> {
        let cases = cases(stage);
        let comments = stage.worlds.servicenow.rows("sys_journal_field").len();
        let is_there = match self {
            Self::Create => cases == cases_before + events,
            Self::Comment => comments >= events,
            Self::Nothing
            | Self::BareCreate
            | Self::RungAgain
            | Self::AcceptFirst
            | Self::AcceptLater
            | Self::Replayed
            | Self::Sweep => cases == cases_before,
        };
        ensure!(
            is_there,
            "{}: {cases} cases, {comments} journal entries after {events} events",
            self.name()
        );
        Ok(())
    }
}

/// How many cases there are.
pub(crate) fn cases(stage: &Stage) -> usize {
    stage.worlds.servicenow.rows("sn_customerservice_case").len()
}

/// Calls by target.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Calls(BTreeMap<String, usize>);

impl Calls {
    pub(crate) fn count(targets: Vec<String>) -> Self {
        let mut calls = Self::default();
        for target in targets {
            *calls.0.entry(target).or_default() += 1;
        }
        calls
    }

    /// The calls per event to targets of which the name begins so.
    pub(crate) fn per_event(&self, service: &str, events: usize) -> f64 {
        let matching = self.0.iter().filter(|(target, _)| target.starts_with(service));
        let calls: usize = matching.map(|(_, count)| count).sum();
        calls as f64 / events as f64
    }

    /// For example `2 DynamoDB UpdateItem, 1 SQS SendMessage`.
    pub(crate) fn told(&self, events: usize) -> String {
        if self.0.is_empty() {
            return "none".to_owned();
        }
        let each = self
            .0
            .iter()
            .map(|(target, count)| format!("{} {target}", *count as f64 / events as f64));
        each.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_target_and_told_per_event() {
        let calls = [
            "DynamoDB Query",
            "SQS SendMessage",
            "DynamoDB Query",
            "DynamoDB Query",
            "DynamoDB Query",
        ];
        let calls = Calls::count(calls.map(str::to_owned).to_vec());
        assert_eq!(calls.told(2), "2 DynamoDB Query, 0.5 SQS SendMessage");
        assert_eq!(calls.per_event("DynamoDB", 2), 2.0);
        assert_eq!(Calls::default().told(1), "none");
    }
}
