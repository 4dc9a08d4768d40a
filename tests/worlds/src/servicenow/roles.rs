//! Which roles a user has: the rows of `sys_user_has_role`, where the instance has that table.
//!
//! Until it has, there are no roles to ask for and everybody may do everything.

use super::engine::{Act, State};
use super::errors::Refusal;

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
    const TABLE: &str = "sys_user_has_role";
    if state.dictionary.table(TABLE).is_none() {
        return true;
    }
    let user = state.user_sys_id(user_name);
    state.rows(TABLE).into_iter().any(|row| {
        let name = state.value_at(TABLE, row, "role.name");
        row.get("user") == user && (name == role || name == "admin")
    })
}
