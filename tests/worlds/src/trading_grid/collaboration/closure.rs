//! The closing of an issue: the desk asks, the partner confirms or disputes, the desk closes.
//!
//! An answer that the desk cannot know yet wins over what the desk reports meanwhile.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Collaboration;
use super::call::{Call, Reply};
use super::contract::Body;
use super::place::supersedes;
use super::wire::{Author, Origin, Stamp};
use crate::trading_grid::problems::{Kind, Problem};

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Closure {
    version: u64,
    pub(crate) state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolution: Option<String>,
    requested_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    confirm_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<Answer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<Because>,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<Origin>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    Requested,
    Confirmed,
    Disputed,
    Closed,
    Withdrawn,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    author: Author,
    answered_at: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Confirmed,
    Disputed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Because {
    Confirmed,
    NoAnswer,
    Decided,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    version: u64,
    state: Reported,
    resolution: Option<String>,
    confirm_by: Option<String>,
    because: Option<Because>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Reported {
    Requested,
    Closed,
    Withdrawn,
}

pub(crate) fn read(world: &Collaboration, call: &Call<'_>) -> Result<Reply, Problem> {
    let closure = world.issue(call.id(1), call.id(2))?.closure.as_ref();
    Ok(Reply::ok(closure.ok_or_else(Problem::not_found)?))
}

pub(crate) fn report(world: &mut Collaboration, call: &Call<'_>, stamp: &Stamp) -> Result<Reply, Problem> {
    let report: Report = call.json(Body::ClosureReport)?;
    let issue = world.issue_mut(call.id(1), call.id(2))?;
    let before = issue.closure.as_ref();
    supersedes(before.map(|closure| closure.version), report.version)?;
    let next = match report.state {
        Reported::Requested => {
            issue.is_open()?;
            Closure::requested(report, stamp)
        }
        Reported::Closed => {
            let answered = before.and_then(|closure| closure.answer.as_ref());
            let is_disputed = before.is_some_and(|closure| closure.state == State::Disputed);
            if is_disputed || (report.because == Some(Because::NoAnswer) && answered.is_some()) {
                return Err(answered_otherwise());
            }
            Closure::closed(before, report, stamp)
        }
        Reported::Withdrawn => {
            let asked = before.ok_or_else(nothing_asked)?;
            asked.withdrawn(report, stamp)?
        }
    };
    if next.state == State::Closed {
        "closed".clone_into(&mut issue.status);
    }
    issue.version += 1;
    issue.closure = Some(next.clone());
    Ok(Reply::ok(&next))
}

impl Collaboration {
    /// The partner answers the open request; a dispute opens the issue again.
    pub(crate) fn answer_closure(
        &mut self,
        company: &str,
        issue: &str,
        author: Author,
        dispute: Option<String>,
        stamp: &Stamp,
    ) -> Result<(), Problem> {
        let found = self.issue_mut(company, issue)?;
        let closure = found.closure.as_mut().ok_or_else(nothing_asked)?;
        if closure.state != State::Requested {
            return Err(nothing_asked());
        }
        let (verdict, kind) = match dispute {
            None => (Verdict::Confirmed, "issue.closure-confirmed"),
            Some(_) => (Verdict::Disputed, "issue.closure-disputed"),
        };
        closure.state = match verdict {
            Verdict::Confirmed => State::Confirmed,
            Verdict::Disputed => State::Disputed,
        };
        closure.answer = Some(Answer {
            verdict,
            reason: dispute.clone(),
            author: author.clone(),
            answered_at: stamp.at.clone(),
        });
        let version = closure.version;
        if verdict == Verdict::Disputed {
            "open".clone_into(&mut found.status);
        }
        found.version += 1;
        let data = json!({ "closureVersion": version, "reason": dispute });
        self.tell_of_issue(company, issue, kind, Some(&author), stamp, data)
    }
}

impl Closure {
    fn requested(report: Report, stamp: &Stamp) -> Closure {
        Closure {
            version: report.version,
            state: State::Requested,
            resolution: report.resolution,
            requested_at: stamp.at.clone(),
            confirm_by: report.confirm_by,
            answer: None,
            because: None,
            closed_at: None,
            origin: stamp.origin.clone(),
        }
    }

    /// Also without a request: the desk may decide by itself.
    fn closed(before: Option<&Closure>, report: Report, stamp: &Stamp) -> Closure {
        let resolution = report.resolution.clone();
        let because = report.because;
        let asked = match before {
            Some(before) => before.clone(),
            None => Closure::requested(
                Report {
                    confirm_by: None,
                    ..report
                },
                stamp,
            ),
        };
        Closure {
            version: report.version,
            state: State::Closed,
            resolution: resolution.or(asked.resolution),
            because,
            closed_at: Some(stamp.at.clone()),
            origin: stamp.origin.clone(),
            ..asked
        }
    }

    fn withdrawn(&self, report: Report, stamp: &Stamp) -> Result<Closure, Problem> {
        match self.state {
            State::Requested => Ok(Closure {
                version: report.version,
                state: State::Withdrawn,
                origin: stamp.origin.clone(),
                ..self.clone()
            }),
            State::Confirmed | State::Disputed => Err(answered_otherwise()),
            State::Closed | State::Withdrawn => Err(nothing_asked()),
        }
    }
}

fn answered_otherwise() -> Problem {
    Problem::new(Kind::ClosureAnswered, "The partner has answered otherwise.")
}

fn nothing_asked() -> Problem {
    Problem::new(Kind::ResourceClosed, "There is no open request to close the issue.")
}
