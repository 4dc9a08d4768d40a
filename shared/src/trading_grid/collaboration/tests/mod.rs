//! The client against answers by script: bad ones, lost ones, other bindings, documents on their way.

mod bad_answers;
mod bindings;
mod documents;
mod writes;

use serde_json::Value;

use super::contract::examples;
use super::{Collaboration, Operation};
use crate::domain::{CompanyId, IssueId};
use crate::event::Issue;
use crate::trading_grid::error::Error;
use crate::trading_grid::script::{Say, Script};

/// Reads the issue of the examples.
async fn read(community: &Collaboration) -> Result<Option<Issue>, Error> {
    let company: CompanyId = "GC1".parse().unwrap();
    let issue: IssueId = "ISS-1".parse().unwrap();
    community.issue(&company, &issue).await
}

fn issue() -> Value {
    examples::issue_json()
}

fn good() -> Say {
    Say::json(200, &issue())
}

fn script(answers: impl IntoIterator<Item = Say>) -> (Script, Collaboration) {
    let script = Script::new(answers);
    let community = script.collaboration("");
    (script, community)
}

/// An error and its causes on one line.
fn chain<T: std::fmt::Debug>(outcome: Result<T, Error>) -> String {
    crate::failure::chain(&outcome.unwrap_err())
}

/// What one operation of the examples comes to.
async fn ask(community: &Collaboration, operation: Operation) -> String {
    examples::ask(community, operation).await
}
