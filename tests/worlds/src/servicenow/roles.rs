//! Which roles a user has: the rows of `sys_user_has_role`.
//!
//! While nobody on the instance has a role, there is none to ask for and everybody may do everything.

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
    let rows = state.rows(TABLE);
    let user = state.user_sys_id(user_name);
    let mut own = rows.iter().filter(|row| row.get("user") == user);
    rows.is_empty()
        || own.any(|row| {
            let name = state.value_at(TABLE, row, "role.name");
            name == role || name == "admin"
        })
}
