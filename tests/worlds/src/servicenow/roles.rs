//! Interfaces that ask for a role.

use super::engine::{Act, State};
use super::errors::Refusal;
use super::guards;

/// Refuses who has neither the role nor `admin`.
pub(crate) fn require_role(state: &State, act: Act<'_>, role: &str) -> Result<(), Refusal> {
    if act.is_script || has_role(state, act.by, role) {
        return Ok(());
    }
    Err(Refusal::status(
        403,
        "User Not Authorized",
        &format!("The role {role} is required"),
    ))
}

/// Whether a user has a role, or the one that has all.
pub(crate) fn has_role(state: &State, user_name: &str, role: &str) -> bool {
    guards::has_role(state, user_name, role)
}
