//! Interfaces that ask for a role.

use super::engine::{Act, State};
use super::errors::Refusal;
use super::guards;

/// Refuses who has neither the role nor `admin`.
pub(crate) fn require_role(state: &State, act: Act<'_>, role: &str) -> Result<(), Refusal> {
    if !act.meets.access_rules || guards::has_role(state, act.by, role) {
        return Ok(());
    }
    Err(Refusal::status(
        403,
        "User Not Authorized",
        &format!("The role {role} is required"),
    ))
}
