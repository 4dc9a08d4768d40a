//! A user who changes the loginId between two calls of a client: "loginId may be changed by the user within TGO".

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::problems::{Kind, Problem};
use super::state::State;

/// A change that waits for a call; the JSON of `POST /_world/renames`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rename {
    /// What the path of the call starts with, after which it happens.
    pub after: String,
    pub company_id: String,
    pub user_id: String,
    pub login_id: String,
}

impl State {
    /// Carries out the first change that waited for this call. One that is no longer possible just does not happen.
    pub(crate) fn rename_after(&mut self, path: &str) {
        let due = self.renames.iter().position(|rename| path.starts_with(&rename.after));
        if let Some(due) = due {
            let rename = self.renames.remove(due);
            drop(self.rename_login(&rename.company_id, &rename.user_id, &rename.login_id));
        }
    }

    pub(crate) fn rename_login(&mut self, company: &str, user: &str, login_id: &str) -> Result<(), Problem> {
        let other = self.members.user_by_login(login_id);
        if other.is_some_and(|other| other.user_id != user) {
            let detail = format!("the loginId {login_id} is taken");
            return Err(Problem::new(Kind::ResourceClosed, detail));
        }
        let users = &mut Arc::make_mut(&mut self.members).users;
        let user = users.get_mut(&(company.to_owned(), user.to_owned()));
        user.ok_or_else(Problem::not_found)?.login_id = login_id.to_owned();
        Ok(())
    }
}
