//! Who has which roles: given to the user, to a group of the user, or contained in another role.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use super::Operation;
use super::acl_rules::TableAccess;
use crate::servicenow::engine::State;

/// A user as access rules see it.
#[derive(Debug)]
pub(super) struct User {
    /// Empty for a user that does not exist.
    pub(super) sys_id: String,
    /// The sys_ids of all roles.
    pub(super) roles: BTreeSet<String>,
    pub(super) is_admin: bool,
    /// What is already known about tables.
    pub(super) tables: Mutex<BTreeMap<(Operation, String), Arc<TableAccess>>>,
}

impl User {
    pub(super) fn of(state: &State, user_name: &str) -> User {
        let users = state.rows("sys_user");
        let row = users.into_iter().find(|row| row.get("user_name") == user_name);
        let sys_id = row.map_or_else(String::new, |row| row.get("sys_id").to_owned());
        let roles = roles(state, &sys_id);
        User {
            is_admin: role_named(state, "admin").is_some_and(|admin| roles.contains(admin)),
            sys_id,
            roles,
            tables: Mutex::default(),
        }
    }

    /// Whether the user has the role of that name, or the one that has all.
    pub(super) fn has(&self, state: &State, role: &str) -> bool {
        self.is_admin || role_named(state, role).is_some_and(|role| self.roles.contains(role))
    }
}

/// The sys_id of a role.
fn role_named<'a>(state: &'a State, name: &str) -> Option<&'a str> {
    let roles = state.rows("sys_user_role");
    let role = roles.into_iter().find(|role| role.get("name") == name);
    role.map(|role| role.get("sys_id"))
}

fn roles(state: &State, user: &str) -> BTreeSet<String> {
    if user.is_empty() {
        return BTreeSet::new();
    }
    let own = state.rows("sys_user_has_role").into_iter();
    let own = own.filter(|row| row.get("user") == user && row.get("state") != "inactive");
    let groups = groups(state, user);
    let of_groups = state.rows("sys_group_has_role").into_iter();
    let of_groups = of_groups.filter(|row| groups.contains(row.get("group")) && row.get("inherits") != "false");
    let given = own.chain(of_groups).map(|row| row.get("role").to_owned());
    closure(given, |role| {
        let contained = state.rows("sys_user_role_contains").into_iter();
        let contained = contained.filter(|row| row.get("role") == role);
        contained.map(|row| row.get("contains").to_owned()).collect()
    })
}

/// The user's groups and their parents, whose roles a group inherits.
fn groups(state: &State, user: &str) -> BTreeSet<String> {
    let member = state.rows("sys_user_grmember").into_iter();
    let member = member.filter(|row| row.get("user") == user);
    closure(member.map(|row| row.get("group").to_owned()), |group| {
        let parent = state
            .find("sys_user_group", group)
            .map(|group| group.get("parent").to_owned());
        parent.into_iter().collect()
    })
}

/// Everything that follows from the first ones; circles end.
fn closure(first: impl Iterator<Item = String>, next: impl Fn(&str) -> Vec<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open: Vec<String> = first.collect();
    while let Some(one) = open.pop() {
        if !one.is_empty() && !found.contains(&one) {
            open.extend(next(&one));
            found.insert(one);
        }
    }
    found
}
